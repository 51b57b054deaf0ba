"""A run folder is checked from its scenario and quantities alone: true ones hold, tampered ones do not."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import stories
from hypothesis import given, settings
from strategies import SOAK, economies, one_of_each_mechanism

import market
from market.certificate import alignment
from market.errors import InputError, RunError
from market.mechanisms import play
from market.pricing import Multiplicative, Tatonnement
from market.record import Played, agents_table, result
from market.results import Run, write_run
from market.verify import verify
from market.verify.accounts import accounts
from market.verify.checking import KINDS
from market.verify.judging import judging, must_weigh_nothing
from market.verify.playing import war
from market.verify.recorded import read


def refused(checked):
    """The claims that do not hold, by name."""
    return {claim.name for claim in checked.claims if not claim.holds}


@pytest.fixture(scope="module")
def written(tmp_path_factory):
    """Story -> run folder."""
    parent = tmp_path_factory.mktemp("runs")
    texts = {
        "commons": stories.COMMONS,
        "war": stories.WAR,
        "two at war": stories.WAR.replace("count = 3", "count = 2"),
        "gift": stories.GIFT,
        "barter": stories.barter(3),
        "hurried": stories.barter(2).replace('kind = "auctioneer"', 'kind = "auctioneer"\nmax_rounds = 3'),
        "crowd": stories.crowd(1100, "first mover", "prices"),
    }
    return {
        name: write_run(market.compare(market.loads(text, name=name)), parent) for name, text in texts.items()
    }


STORIES = ("commons", "war", "two at war", "gift", "barter", "hurried", "crowd")


@pytest.mark.parametrize("story", STORIES)
def test_what_a_run_wrote_holds(written, story):
    checked = verify(written[story])
    assert checked.holds, refused(checked)
    assert len(checked.claims) > 20


class Tamper:
    """A copy of a run folder whose files can be changed, with checksums put right so that they hide it."""

    def __init__(self, folder: Path, copy: Path) -> None:
        self.folder = Path(shutil.copytree(folder, copy))
        self.said = json.loads((self.folder / "result.json").read_text())
        self.agents = pd.read_parquet(self.folder / "agents.parquet")

    def mechanism(self, name):
        return next(each for each in self.said["mechanisms"] if each["name"] == name)

    def rows(self, name):
        return self.agents["mechanism"] == name

    def everywhere(self, name, agent, key, column, value, good=None):
        """Change a number in both files."""
        place = self.mechanism(name)[key][agent] if good else self.mechanism(name)[key]
        place[good or agent] = value
        row = self.rows(name) & (self.agents["agent"] == agent)
        self.agents.loc[row, f"{column}[{good}]" if good else column] = float(value)

    def verified(self):
        (self.folder / "result.json").write_text(json.dumps(self.said))
        self.agents.to_parquet(self.folder / "agents.parquet", index=False)
        manifest = json.loads((self.folder / "manifest.json").read_text())
        for name, file in manifest["files"].items():
            content = (self.folder / name).read_bytes()
            file |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        (self.folder / "manifest.json").write_text(json.dumps(manifest))
        return verify(self.folder)


@pytest.fixture
def tamper(written, tmp_path):
    return lambda story: Tamper(written[story], tmp_path / story)


def test_the_copy_that_is_changed_in_nothing_holds(tamper):
    assert tamper("commons").verified().holds


def test_a_price_moved_by_a_millionth_is_refused(tamper):
    changed = tamper("commons")
    changed.mechanism("prices")["prices"]["water"] *= 1 + 1e-6
    found = refused(changed.verified())
    assert {"prices: disequilibrium", "prices: payments", "prices: cleared, within 1e-09"} <= found


def test_a_shadow_price_moved_by_a_millionth_is_refused(tamper):
    changed = tamper("commons")
    changed.mechanism("planner")["prices"]["water"] *= 1 + 1e-6
    assert "planner: optimal, within 1e-06" in refused(changed.verified())


def test_a_price_moved_with_everything_that_follows_from_it_is_refused(tamper):
    changed = tamper("commons")
    said, factor = changed.mechanism("prices"), 1 + 1e-6
    said["prices"]["water"] *= factor
    said["revenue"] *= factor
    for agent in ("alpha", "beta"):
        paid = said["payments"][agent] * factor
        changed.everywhere("prices", agent, "payments", "payment", paid)
        changed.everywhere("prices", agent, "payoffs", "payoff", said["utilities"][agent] - paid)
    found = refused(changed.verified())
    assert "prices: payments" not in found
    assert {"prices: disequilibrium", "prices: cleared, within 1e-09"} <= found


def test_two_agents_swapped_are_refused(tamper):
    """Alpha moves first; a record in which beta took all is no outcome of that game."""
    changed = tamper("commons")
    rows = changed.rows("first mover")
    numbers = [column for column in changed.agents if column not in ("mechanism", "agent")]
    changed.agents.loc[rows, numbers] = changed.agents.loc[rows, numbers].to_numpy()[::-1]
    said = changed.mechanism("first mover")
    for table in (
        *(said[key] for key in ("consumption", "production", "payments", "utilities", "payoffs")),
        said["alignment"]["weights"],
    ):
        table["alpha"], table["beta"] = table["beta"], table["alpha"]
    found = refused(changed.verified())
    assert "first mover: its files agree" not in found
    assert "first mover: nash" in found


@pytest.mark.parametrize("column", ["consumption[water]", "payment", "utility", "regret", "weight"])
def test_a_nan_is_refused(tamper, column):
    changed = tamper("commons")
    changed.agents.loc[changed.agents.index[changed.rows("prices")][0], column] = np.nan
    assert "prices: numbers are numbers" in refused(changed.verified())


def test_a_nan_in_the_result_is_refused_as_no_json(tamper):
    changed = tamper("commons")
    changed.mechanism("prices")["prices"]["water"] = float("nan")
    with pytest.raises(RunError, match="NaN is not JSON"):
        changed.verified()


def test_a_changed_file_is_refused_by_its_checksum(written, tmp_path):
    folder = Path(shutil.copytree(written["commons"], tmp_path / "run"))
    (folder / "comparison.csv").write_text("mechanism\n")
    with pytest.raises(RunError, match="is not what the run wrote"):
        verify(folder)


@pytest.mark.parametrize(
    ("story", "name", "change", "claim"),
    [
        ("commons", "first mover", {"status": "cycling"}, "first mover: cycling"),
        ("commons", "prices", {"status": "max_rounds"}, "prices: max_rounds, within 1e-09"),
        ("commons", "prices", {"rounds": 13}, "prices: prices are those of the round nearest to clearing"),
        ("commons", "prices", {"revenue": 2.1}, "prices: revenue"),
        ("commons", "prices", {"auctioneer_payoff": -1.0}, "prices: the auctioneer's payoff"),
        ("commons", "prices", {"max_regret": 0.5}, "prices: largest regret"),
        ("commons", "planner", {"status": "failed"}, "planner: failed, within 1e-06"),
        ("hurried", "prices", {"status": "cleared"}, "prices: cleared, within 1e-09"),
        ("war", "all at once", {"status": "cycling"}, "all at once: cycling"),
        ("two at war", "all at once", {"status": "nash"}, "all at once: nash"),
        (
            "two at war",
            "all at once",
            {"evidence": {"relative_regret": 0.0, "period": 3.0}},
            "all at once: cycling",
        ),
    ],
)
def test_a_false_word_is_refused(tamper, story, name, change, claim):
    changed = tamper(story)
    said = changed.mechanism(name)
    if change.get("status") == "cycling":
        change = change | {"evidence": said["evidence"] | {"period": 1.0}}
    said.update(change)
    assert claim in refused(changed.verified())


@pytest.mark.parametrize(
    ("story", "name", "change", "claim"),
    [
        ("commons", "prices", {"efficient": False}, "efficient"),
        ("barter", "at home", {"efficient": True}, "efficient"),
        ("commons", "prices", {"degenerate": True}, "degenerate"),
        ("commons", "first mover", {"degenerate": False}, "degenerate"),
        ("commons", "prices", {"resource_utilisation": 0.9}, "resource utilisation"),
        ("barter", "at home", {"resource_utilisation": 1.01}, "resource utilisation"),
        ("commons", "prices", {"surplus_gap": 0.1}, "surplus gap"),
        ("war", "all at once", {"surplus_gap": 0.0}, "surplus gap"),
        ("war", "all at once", {"efficient_with_transfers": True}, "efficient with transfers"),
        ("commons", "first mover", {"surplus_gap": 5.0}, "surplus gap"),
        ("commons", "prices", {"residual": 1e-7}, "residual of the weights"),
        ("barter", "prices", {"surplus_gap": 0.0}, "nothing is said of transfers"),
    ],
)
def test_a_false_judgement_is_refused(tamper, story, name, change, claim):
    changed = tamper(story)
    report = changed.mechanism(name)["alignment"]
    report.update(change)
    if report["efficient"]:  # a careful forger leaves no improvement behind
        report |= {"improvement": None, "improvement_production": None}
        for column in changed.agents:
            if column.startswith("improvement"):
                changed.agents.loc[changed.rows(name), column] = np.nan
    assert f"{name}: {claim}" in refused(changed.verified())


def test_an_improvement_that_takes_from_somebody_is_refused(tamper):
    changed = tamper("barter")
    better = changed.mechanism("at home")["alignment"]["improvement"]
    place, column = better["ann"], "improvement[good 0]"
    place["good 0"] *= 0.5
    row = changed.rows("at home") & (changed.agents["agent"] == "ann")
    changed.agents.loc[row, column] = place["good 0"]
    assert "at home: efficient" in refused(changed.verified())


def test_more_than_there_is_is_refused(tamper):
    changed = tamper("commons")
    changed.everywhere("prices", "alpha", "consumption", "consumption", 5.1, good="water")
    assert "prices: feasible" in refused(changed.verified())


def test_files_that_differ_are_refused(tamper):
    changed = tamper("commons")
    changed.mechanism("prices")["utilities"]["alpha"] += 1e-9
    assert "prices: its files agree" in refused(changed.verified())


def test_a_table_that_says_something_else_is_refused(tamper):
    changed = tamper("commons")
    table = (changed.folder / "comparison.csv").read_text()
    (changed.folder / "comparison.csv").write_text(table.replace("-inf", "-20.0"))
    assert refused(changed.verified()) == {"the table says what the result says"}


@pytest.mark.parametrize(
    "spoil",
    [
        lambda said: said.pop("goods"),
        lambda said: said.update(seed="zero"),
        lambda said: said["mechanisms"][0].pop("alignment"),
        lambda said: said["mechanisms"][0].update(status="fine"),
        lambda said: said["mechanisms"][0].update(consumption={"alpha": 1}),
        lambda said: said["mechanisms"][0].update(name="another"),
        lambda said: said["mechanisms"].append(3),
        lambda said: said["agents"].reverse(),
    ],
)
def test_a_result_of_another_shape_is_one_message(tamper, spoil):
    changed = tamper("commons")
    spoil(changed.said)
    with pytest.raises(InputError):
        changed.verified()


class Party:
    """What was played on one economy, as the record wants it."""

    def __init__(self, economy) -> None:
        self.players = list(one_of_each_mechanism(economy, [Tatonnement, Multiplicative]))
        self.outcomes = {player.label: play(player, economy) for player in self.players}
        self.alignments = {name: alignment(outcome) for name, outcome in self.outcomes.items()}
        self.checks = {}


@settings(max_examples=15 * SOAK)
@given(economies(max_agents=4, max_goods=2))
def test_what_is_said_of_random_economies_holds(economy):
    party = Party(economy)
    run = Run(Path(), {}, told(economy, party), agents_table(party))
    records = read(run, economy)
    prices = [p for record in records for p in (record.prices, record.supporting_prices) if p is not None]
    for record, player in zip(records, party.players, strict=True):
        fought = war(economy, record, player) if record.kind == "unmediated" else None
        for claim in (
            *accounts(economy, record, fought),
            *KINDS[record.kind](economy, record, player),
            *judging(economy, record, prices, records),
        ):
            assert claim.holds, claim


def told(economy, party: Played):
    """The result object without a scenario."""

    class Scenario:
        title, file, sha256 = "", "", ""

    party.scenario = Scenario
    return result(party)


@settings(max_examples=15 * SOAK)
@given(economies(max_agents=4, max_goods=2))
def test_nobody_is_said_to_weigh_nothing_who_has_a_weight(economy):
    """Whoever must weigh nothing is found to weigh nothing by the programme that looks for weights."""
    party = Party(economy)
    run = Run(Path(), {}, told(economy, party), agents_table(party))
    for record in read(run, economy):
        if record.weights is not None and record.alignment["residual"] <= 1e-9:
            assert (record.weights[must_weigh_nothing(economy, record)] <= 1e-9).all()
