"""A run folder is checked from its scenario and quantities alone: true ones hold, tampered ones do not."""

import hashlib
import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import stories
from helpers.strategies import SOAK, economies, fixed_proportions, one_of_each_mechanism
from hypothesis import given, settings

import market
from market.efficiency.report import alignment
from market.errors import InputError, RunError
from market.interfaces.text.sections import sections
from market.mechanisms import play
from market.mechanisms.auction.price_rules import Multiplicative, Tatonnement
from market.results.run_folder import RunFolder, write_run
from market.results.tables import agents_table, bounds_table, result
from market.results.verify import verify
from market.results.verify.accounts import check_accounts
from market.results.verify.alignment_claims import check_alignment, zero_in_all_supports
from market.results.verify.record import read_outcomes
from market.results.verify.run import KINDS, UNSTATED


def refused(checked):
    """The claims that do not hold, by name."""
    return {claim.name for claim in checked.claims if claim.holds is False}


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


IDLE = """
schema = 1
economy = "exchange"
seed = 44
goods = ["wood", "chairs"]
[[agents]]
name = "owners"
count = 2
utility.family = "log"
utility.weights = { wood = { dist = "uniform", low = 2.2177, high = 2.8973 }, chairs = 1.3 }
[agents.endowment]
wood = { dist = "uniform", low = 7.8363, high = 18.9127 }
chairs = { dist = "uniform", low = 6.3375, high = 19.5856 }
[[agents]]
name = "carpenter"
technology = { family = "cobb_douglas", output = "chairs", scale = 2.1, shares = { wood = 1.0 } }
owners = { owners = 1.0 }
[[agents]]
name = "idler"
technology = { family = "activity", netput = { chairs = 1.0, wood = -0.7736 } }
owners = { owners = 1.0 }
[[mechanisms]]
name = "prices"
kind = "auctioneer"
"""


def test_rounding_in_what_all_pay_is_not_held_against_who_trades_nothing(tmp_path):
    """Found in random economies: the share of an idle producer in what others' payments leave, some 1e-16."""
    checked = verify(write_run(market.compare(market.loads(IDLE, name="idle")), tmp_path))
    assert checked.holds, refused(checked)


ENDLESS = """
schema = 1
economy = "quasilinear"
goods = ["tea"]
commons.tea = 1.0
[[agents]]
name = "drinker"
utility = { family = "leontief", weights = { tea = 2.0 } }
[[agents]]
name = "maker"
cost = { family = "linear", unit_cost = { tea = 0.1 } }
[[mechanisms]]
name = "prices"
kind = "auctioneer"
initial_prices = { tea = 0.2 }
max_rounds = 1
"""


def test_a_demand_without_end_does_not_meet_a_supply_without_end(tmp_path):
    """Tea worth 0.5 to one and made for 0.1 by another, at 0.2: both would trade more than any amount."""
    checked = verify(write_run(market.compare(market.loads(ENDLESS, name="tea")), tmp_path))
    assert checked.holds, refused(checked)


@pytest.mark.parametrize("story", STORIES)
def test_what_a_run_wrote_holds(written, story):
    checked = verify(written[story])
    assert checked.holds, refused(checked)
    assert len(checked.claims) > 20


class Tamper:
    """A copy of a run folder whose files can be changed, with checksums put right so that they hide it."""

    def __init__(self, folder: Path, copy: Path) -> None:
        self.folder = Path(shutil.copytree(folder, copy))
        self.stated = json.loads((self.folder / "result.json").read_text())
        self.agents = pd.read_parquet(self.folder / "agents.parquet")

    def mechanism(self, name):
        return next(each for each in self.stated["mechanisms"] if each["name"] == name)

    def rows(self, name):
        return self.agents["mechanism"] == name

    def everywhere(self, name, agent, key, column, value, good=None):
        """Change a number in both files."""
        place = self.mechanism(name)[key][agent] if good else self.mechanism(name)[key]
        place[good or agent] = value
        row = self.rows(name) & (self.agents["agent"] == agent)
        self.agents.loc[row, f"{column}[{good}]" if good else column] = float(value)

    def verified(self):
        (self.folder / "result.json").write_text(json.dumps(self.stated))
        self.agents.to_parquet(self.folder / "agents.parquet", index=False)
        return self.with_checksums()

    def with_checksums(self, change=lambda manifest: None):
        """Verify what is there, with checksums put right and then something changed in the manifest."""
        manifest = json.loads((self.folder / "manifest.json").read_text())
        for name, file in manifest["files"].items():
            content = (self.folder / name).read_bytes()
            file |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        change(manifest)
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
    assert "first mover: result.json and agents.parquet agree" not in found
    assert "first mover: nash" in found


@pytest.mark.parametrize("column", ["consumption[water]", "payment", "utility", "regret", "weight"])
def test_a_nan_is_refused(tamper, column):
    changed = tamper("commons")
    changed.agents.loc[changed.agents.index[changed.rows("prices")][0], column] = np.nan
    assert "prices: numbers are finite where required" in refused(changed.verified())


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
        ("commons", "planner", {"rounds": 2}, "planner: optimal, within 1e-06"),
        ("commons", "first mover", {"status": "failed"}, "first mover: failed"),
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
        ("barter", "prices", {"surplus_gap": 0.0}, "transfers are left out"),
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


AT_HOME = """
schema = 1
title = "Two islands"
economy = "quasilinear"
goods = ["fish", "salt"]
[[agents]]
name = "north"
endowment = { fish = 9.0, salt = 1.0 }
utility = { family = "log1p", weights = { fish = 1.0, salt = 2.0 } }
[[agents]]
name = "south"
endowment = { fish = 1.0, salt = 4.0 }
utility = { family = "log1p", weights = { fish = 3.0, salt = 1.0 } }
[[mechanisms]]
name = "at home"
kind = "unmediated"
game = "autarky"
"""


@pytest.fixture(scope="module")
def islands(tmp_path_factory):
    """A run without any mechanism that has prices."""
    return write_run(market.compare(market.loads(AT_HOME)), tmp_path_factory.mktemp("islands"))


def test_figures_are_proved_from_both_sides_where_no_mechanism_has_prices(islands):
    checked = verify(islands)
    assert checked.holds
    assert checked.unchecked == ()


@pytest.mark.parametrize("figure", ["surplus_gap", "resource_utilisation"])
@pytest.mark.parametrize("factor", [0.99, 1.001, None])
def test_a_figure_forged_between_what_other_outcomes_prove_is_refused(islands, tmp_path, figure, factor):
    """Without prices in the folder only what was recorded as its proof tells that it is another."""
    changed = Tamper(islands, tmp_path / "run")
    report = changed.mechanism("at home")["alignment"]
    report[figure] = None if factor is None else report[figure] * factor
    if factor is None:
        report["unknown"] = [f"{figure}: the convex programme was not solved"]
        if figure == "surplus_gap":
            report["efficient_with_transfers"] = None
    assert f"at home: {figure.replace('_', ' ')}" in refused(changed.verified())


def test_a_proof_that_is_no_proof_does_not_confirm_a_figure(islands, tmp_path):
    """Other multipliers prove less, and then a figure is not checked; another allocation is refused."""
    changed = Tamper(islands, tmp_path / "run")
    path = changed.folder / "bounds.parquet"
    table = pd.read_parquet(path)
    table.assign(price=table["price"] * 3.0).to_parquet(path, index=False)
    checked = changed.verified()
    assert "at home: surplus gap" in {claim.name for claim in checked.unchecked}
    table.assign(consumption=table["consumption"] * 0.9).to_parquet(path, index=False)
    assert {"at home: surplus gap", "at home: resource utilisation"} <= refused(changed.verified())


@pytest.mark.parametrize("figure", ["surplus_gap", "resource_utilisation"])
def test_unknown_in_place_of_what_prices_prove_is_refused(tamper, figure):
    changed = tamper("commons")
    report = changed.mechanism("prices")["alignment"]
    report |= {figure: None, "unknown": [f"{figure}: the convex programme was not solved"]}
    if figure == "surplus_gap":
        report["efficient_with_transfers"] = None
    assert f"prices: {figure.replace('_', ' ')}" in refused(changed.verified())


def test_unknown_in_place_of_not_efficient_is_refused(islands, tmp_path):
    changed = Tamper(islands, tmp_path / "run")
    report = changed.mechanism("at home")["alignment"]
    report |= {"efficient": None, "improvement": None, "improvement_production": None}
    report["unknown"] = ["efficient: the search failed"]
    for column in changed.agents:
        if column.startswith("improvement"):
            changed.agents[column] = np.nan
    assert "at home: efficient" in refused(changed.verified())


def test_a_table_of_bounds_of_another_shape_is_refused(islands, tmp_path):
    for spoil in (lambda t: t[:-1], lambda t: t.assign(price=np.inf), lambda t: t.drop(columns="kept")):
        changed = Tamper(islands, tmp_path / str(spoil.__code__.co_firstlineno) / str(id(spoil)))
        path = changed.folder / "bounds.parquet"
        spoil(pd.read_parquet(path)).to_parquet(path, index=False)
        with pytest.raises(RunError, match=r"bounds\.parquet"):
            changed.verified()


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
    assert "prices: result.json and agents.parquet agree" in refused(changed.verified())


def test_a_table_that_says_something_else_is_refused(tamper):
    changed = tamper("commons")
    table = (changed.folder / "comparison.csv").read_text()
    (changed.folder / "comparison.csv").write_text(table.replace("-inf", "-20.0"))
    assert refused(changed.verified()) == {"comparison.csv agrees with result.json"}


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
    spoil(changed.stated)
    with pytest.raises(InputError):
        changed.verified()


# --- other forgeries, and files of another shape ---------------------------------------------------


@pytest.mark.parametrize(
    ("name", "change"),
    [
        ("prices", lambda said: said["alignment"]["supporting_prices"].update(water="Infinity")),
        ("prices", lambda said: said["alignment"].update(unknown=[3])),
        ("prices", lambda said: said["alignment"].update(unknown="nothing")),
        ("prices", lambda said: said.update(reason=3)),
        ("prices", lambda said: said.update(revenue=True)),
        ("prices", lambda said: said.update(revenue=10**400)),
        ("prices", lambda said: said["evidence"].update(relative_regret=-1.0)),
        ("prices", lambda said: said.update(remark="sound")),
        ("first mover", lambda said: said.update(auctioneer_payoff=-1.0)),
        ("planner", lambda said: said.update(auctioneer_payoff=-1.0)),
        ("planner", lambda said: said.update(max_regret=0.0)),
        ("prices", lambda said: said.update(prices=None)),
        ("prices", lambda said: said.update(kind="dictator")),
        ("prices", lambda said: said.update(kind=["auctioneer"])),
    ],
)
def test_a_value_that_cannot_be_is_refused(tamper, name, change):
    changed = tamper("commons")
    change(changed.mechanism(name))
    with pytest.raises(RunError, match="is not what a run writes"):
        changed.verified()


@pytest.mark.parametrize(
    ("story", "name", "change"),
    [
        ("commons", "prices", {"relative_excess_demand": 1e-10}),
        ("commons", "prices", {"relative_regret": 1e-3}),
        ("commons", "prices", {"demand_queries": "Infinity"}),
        ("commons", "prices", {"anything": 0.0}),
        ("commons", "first mover", {"relative_regret": 1e-3}),
        ("commons", "planner", {"residual": 1e-7}),
        ("commons", "planner", {"other": 1e-7}),
        ("two at war", "all at once", {"period": 2.5}),
        ("two at war", "all at once", {"period": 1e300}),
        ("two at war", "all at once", {"period": "Infinity"}),
        ("two at war", "all at once", {"period": 0.0}),
    ],
)
def test_false_evidence_is_refused(tamper, story, name, change):
    changed = tamper(story)
    changed.mechanism(name)["evidence"].update(change)
    assert any(claim.startswith(f"{name}: ") for claim in refused(changed.verified()))


def test_prices_of_a_game_without_any_are_refused(tamper):
    changed = tamper("commons")
    changed.mechanism("first mover")["prices"] = {"water": 1.0}
    assert "first mover: the outcome follows from the actions" in refused(changed.verified())


def test_another_kind_than_that_of_the_scenario_is_refused(tamper):
    changed = tamper("commons")
    changed.mechanism("first mover").update(kind="planner", max_regret=None)
    assert "first mover: kind" in refused(changed.verified())


def test_a_period_that_prices_do_not_have_is_refused(written, tmp_path):
    folder = write_run(market.compare(market.loads(stories.barter(2), name="barter"), ["prices"]), tmp_path)
    changed = Tamper(folder, tmp_path / "copy")
    said = changed.mechanism("prices")
    said["status"] = "cycling"
    said["evidence"]["period"] = 1.0
    assert "prices: evidence" in refused(changed.verified())


@pytest.mark.parametrize("column", ["efficient", "weight of alpha", "Pareto improvement", "total surplus"])
def test_a_table_without_a_column_is_refused(tamper, column):
    changed = tamper("commons")
    path = changed.folder / "comparison.csv"
    pd.read_csv(path, dtype=str).drop(columns=column).to_csv(path, index=False)
    assert refused(changed.verified()) == {"comparison.csv agrees with result.json"}


@pytest.mark.parametrize(
    ("column", "value"),
    [("agents who gain", "2"), ("against", "prices"), ("total surplus", "3"), ("efficient", "maybe")],
)
def test_a_false_cell_is_refused(tamper, column, value):
    changed = tamper("commons")
    path = changed.folder / "comparison.csv"
    table = pd.read_csv(path, dtype=str)
    table.loc[1, column] = value
    table.to_csv(path, index=False)
    assert refused(changed.verified()) == {"comparison.csv agrees with result.json"}


def test_a_mechanism_left_out_everywhere_but_in_the_manifest_is_refused(tamper):
    changed = tamper("commons")
    changed.stated["mechanisms"] = changed.stated["mechanisms"][1:]
    changed.agents = changed.agents[~changed.rows("first mover")]
    with pytest.raises(RunError, match=r"mechanisms of result\.json"):
        changed.verified()


def test_a_run_of_nothing_is_refused(tamper):
    changed = tamper("commons")
    changed.stated["mechanisms"] = []
    (changed.folder / "result.json").write_text(json.dumps(changed.stated))
    with pytest.raises(RunError, match="mechanisms"):
        changed.with_checksums(lambda manifest: manifest.update(mechanisms=[]))


@pytest.mark.parametrize(
    "change",
    [
        lambda manifest: manifest.update(seed=1),
        lambda manifest: manifest.update(seed=False),
        lambda manifest: manifest.update(schema=True),
        lambda manifest: manifest.update(versions=[]),
        lambda manifest: manifest.update(mechanisms="prices"),
        lambda manifest: manifest["scenario"].update(title=3),
        lambda manifest: manifest["scenario"].update(file=None),
        lambda manifest: manifest["scenario"].update(title="another"),
        lambda manifest: manifest["files"]["result.json"].update(bytes="many"),
        lambda manifest: manifest["files"]["result.json"].update(bytes=1),
        lambda manifest: manifest["files"].pop("comparison.csv"),
    ],
)
def test_a_false_manifest_is_refused(tamper, change):
    with pytest.raises(RunError):
        tamper("commons").with_checksums(change)


STRANGE = (None, "strange", "Infinity", -1, [1], {"a": 1}, 10**400, True)


def _places(value, path=()):
    """The path of every value in a JSON object."""
    if path:
        yield path
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, part in inner:
        yield from _places(part, (*path, key))


def _with(value, path, new):
    """A copy with another value at a path."""
    changed = json.loads(json.dumps(value))
    inner = changed
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = new
    return changed


def _is(value, path, new):
    """Whether there is that already."""
    for key in path:
        value = value[key]
    return value is new or (value == new and type(value) is type(new))


@pytest.mark.parametrize("story", ["commons", "two at war"])
@pytest.mark.parametrize("file", ["result.json", "manifest.json"])
def test_whatever_a_value_is_replaced_by_there_is_an_answer(tamper, story, file):
    changed = tamper(story)
    told = json.loads((changed.folder / file).read_text())
    everything = [
        (path, strange) for path in _places(told) for strange in STRANGE if not _is(told, path, strange)
    ]
    for i in np.random.default_rng(0).permutation(len(everything))[: 100 * SOAK]:
        path, strange = everything[i]
        if json.dumps(_with(told, path, strange)) == json.dumps(told):
            continue  # it was there already
        (changed.folder / file).write_text(json.dumps(_with(told, path, strange)))
        try:
            if file == "manifest.json":
                assert isinstance(verify(changed.folder).holds, bool)
            else:
                assert not changed.with_checksums().holds or path[-1] in UNPROVED, (path, strange)
        except InputError:
            pass


UNPROVED = {"reason", "file", "demand_queries", "amplitude", "title", "unknown"}
"""What nothing in the folder tells to be true or false."""


@pytest.mark.parametrize(
    "spoil",
    [
        lambda table: table.assign(payment="a lot"),
        lambda table: table.assign(payment=[[1.0]] * len(table)),
        lambda table: table.assign(payment=1),
        lambda table: table.assign(agent=range(len(table))),
        lambda table: table.assign(agent=None),
        lambda table: table.drop(columns="payoff"),
        lambda table: table.assign(more=1.0),
        lambda table: table[::-1],
        lambda table: table[:0],
        lambda table: table[:-1],
        lambda table: pd.concat([table, table]),
    ],
)
def test_a_table_of_agents_of_another_shape_is_refused(tamper, spoil):
    changed = tamper("commons")
    changed.agents = spoil(changed.agents)
    with pytest.raises(RunError, match=r"agents\.parquet"):
        changed.verified()


@pytest.mark.parametrize(
    "spoil",
    [
        lambda table: table.assign(price="high"),
        lambda table: table.assign(round=0.5),
        lambda table: table.assign(good=[["water"]] * len(table)),
        lambda table: table.drop(columns="disequilibrium"),
        lambda table: pd.concat([table, table]),
        lambda table: table.assign(good="bread"),
    ],
)
def test_a_table_of_rounds_of_another_shape_is_refused(tamper, spoil):
    changed = tamper("commons")
    path = changed.folder / "rounds.parquet"
    spoil(pd.read_parquet(path)).to_parquet(path, index=False)
    with pytest.raises(RunError, match=r"rounds\.parquet"):
        changed.verified()


@pytest.mark.parametrize("text", [b"", b"PAR1", b"\xff" * 100, b"PAR1" + b"\0" * 50 + b"PAR1"])
@pytest.mark.parametrize("file", ["agents.parquet", "rounds.parquet"])
def test_what_is_no_table_is_refused(tamper, file, text):
    changed = tamper("commons")
    (changed.folder / file).write_bytes(text)
    with pytest.raises(RunError, match="cannot be read"):
        changed.with_checksums()


@pytest.mark.parametrize("text", [b"", b"\xff", b"\0", b"mechanism\n", b'"' + b"x" * 200_000])
def test_what_is_no_comparison_is_refused(tamper, text):
    changed = tamper("commons")
    (changed.folder / "comparison.csv").write_bytes(text)
    try:
        holds = changed.with_checksums().holds
    except RunError:
        return
    assert not holds


@pytest.mark.parametrize("name", ["007", "1e3", "Infinity", "nan", "NA", "true", '"a", b'])
def test_a_mechanism_may_have_any_name(name, tmp_path):
    text = stories.COMMONS.replace('name = "prices"', f"name = '{name}'")
    folder = write_run(market.compare(market.loads(text)), tmp_path)
    checked = verify(folder)
    assert checked.holds, refused(checked)


def test_an_empty_commons_holds(tmp_path):
    text = stories.COMMONS.replace("water = 10.0", "water = 0.0", 1)
    checked = verify(write_run(market.compare(market.loads(text)), tmp_path))
    assert checked.holds, [claim for claim in checked.claims if not claim.holds]


SWAP = """
schema = 1
economy = "quasilinear"
goods = ["apples", "pears"]
agents = [
    { name = "first", endowment = { apples = 0.7, pears = 0.1 }, utility = TASTE },
    { name = "second", endowment = { apples = 0.1, pears = 0.7 }, utility = TASTE },
]
mechanisms = [
    { name = "autarky", kind = "unmediated", game = "autarky" },
    { name = "prices", kind = "auctioneer" },
]
""".replace("TASTE", '{ family = "log", weights = { apples = 1.0, pears = 1.0 } }')


def test_what_a_market_leaves_unbalanced_is_told_alike_everywhere(tmp_path):
    compared = market.compare(market.loads(SWAP))
    assert compared.outcomes["prices"].revenue != 0.0
    assert compared.contrasts()["prices"].pareto_improvement
    rows = [row.label for part in sections(compared) for row in part.rows]
    assert "auctioneer's revenue" not in rows
    folder = write_run(compared, tmp_path)
    checked = verify(folder)
    assert checked.holds, [claim for claim in checked.claims if not claim.holds]
    tampered = Tamper(folder, tmp_path / "tampered")
    table = tampered.folder / "comparison.csv"
    text = table.read_text()
    table.write_text(text[: text.rindex("True")] + "False" + text[text.rindex("True") + 4 :])
    assert "comparison.csv agrees with result.json" in refused(tampered.with_checksums())


class Party:
    """What was played on one economy, as the record wants it."""

    def __init__(self, economy) -> None:
        self.economy = economy
        self.players = list(one_of_each_mechanism(economy, [Tatonnement, Multiplicative]))
        self.outcomes = {player.label: play(player, economy) for player in self.players}
        self.checks = {}
        self.alignments = {name: alignment(outcome) for name, outcome in self.outcomes.items()}
        self.checks = {}


small = economies(max_agents=4, max_goods=2)
with_kinks = economies(max_agents=4, max_goods=2, families=fixed_proportions)


@settings(max_examples=15 * SOAK)
@given(small | with_kinks)
def test_what_is_said_of_random_economies_holds(economy):
    party = Party(economy)
    run = RunFolder(Path(), {}, told(economy, party), agents_table(party), bounds_table(party))
    records = read_outcomes(run, economy)
    prices = [p for record in records for p in (record.prices, record.supporting_prices) if p is not None]
    for record, player in zip(records, party.players, strict=True):
        kind = KINDS.get(record.kind, UNSTATED)
        for claim in (
            *check_accounts(economy, record, kind.due(economy, record, player)),
            *kind.claims(economy, record, player),
            *check_alignment(economy, record, prices, records),
        ):
            assert claim.holds is not False, claim


def told(economy, party):
    """The result object without a scenario."""

    class Scenario:
        title, file, sha256 = "", "", ""

    party.scenario = Scenario
    return result(party)


@settings(max_examples=15 * SOAK)
@given(small | with_kinks)
def test_nobody_is_said_to_weigh_nothing_who_has_a_weight(economy):
    """Whoever must weigh nothing is found to weigh nothing by the programme that looks for weights."""
    party = Party(economy)
    run = RunFolder(Path(), {}, told(economy, party), agents_table(party), bounds_table(party))
    for record in read_outcomes(run, economy):
        if record.weights is not None and record.alignment["residual"] <= 1e-9:
            assert (record.weights[zero_in_all_supports(economy, record)] <= 1e-9).all()
