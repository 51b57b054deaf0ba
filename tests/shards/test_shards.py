"""Markets in shards: the same agents, the same market, whoever holds which of them."""

from __future__ import annotations

import errno
import json
import os
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
from helpers.towns import BAKERS, EVERY_DRAW, town
from rich.console import Console

from market import build, compare, loads, plots
from market.economy.reductions import Largest, add_up, run_locally
from market.errors import InputError
from market.interfaces.text.shards import shared as printed
from market.results.verify import verify
from market.scenario.building import population
from market.scenario.distributions import STREAM
from market.shards import Here, play_in_shards, run_in_shards
from market.shards.folder import comparison_table


def in_shards(scenario, shards):
    """The outcome of its auctioneer in so many shards of this process."""
    return play_in_shards(scenario, Here(), shards).outcomes["prices"]


# --- the same agents ---------------------------------------------------------------------------------


@pytest.mark.parametrize("cuts", [(0, 1), (0, 5, STREAM, STREAM + 3), (2 * STREAM - 1, 2 * STREAM + 2)])
def test_agents_are_the_same_whoever_is_built_with_them(cuts):
    scenario = town(buyers=2 * STREAM + 10, tasters=20)
    whole = build(scenario)
    for start, stop in zip(cuts, (*cuts[1:], len(whole.agents)), strict=True):
        part = build(scenario, rows=range(start, stop))
        assert part.agents[0] == whole.agents[start]
        assert part.commons_share[0] == whole.commons_share[start]
        for block in part.utilities:
            (same,) = (each for each in whole.utilities if each.family is block.family)
            first = start + block.rows.start - same.rows.start
            for name, values in block.parameters.items():
                assert np.array_equal(values, same.parameters[name][first : first + block.size]), name


def test_streams_of_a_group_differ():
    weights = build(town(buyers=2 * STREAM, tasters=1)).utilities[0].parameters["weights"][1:, 0]
    assert not np.isin(weights[:STREAM], weights[STREAM:]).any()


def test_shares_in_the_commons_are_those_of_everybody():
    text = EVERY_DRAW.format(
        money="exchange", stock=9.0, owns="", buyers=4, tasters=3, more="", rule=""
    ).replace("seed = 3", 'seed = 3\ncommons_shares = { buyer = 2.0, "taster[2]" = 1.0 }')
    scenario = loads(text)
    parts = [build(scenario, rows=range(a, b)).commons_share for a, b in ((0, 3), (3, 6), (6, 8))]
    expected = [0, 1 / 6, 1 / 6, 1 / 6, 1 / 6, 0, 0, 1 / 3]
    assert np.concatenate(parts) == pytest.approx(expected, abs=1e-15)
    assert build(scenario).commons_share == pytest.approx(expected, abs=1e-15)


def test_what_is_wrong_with_an_agent_names_it_whatever_shard_it_is_in(tmp_path):
    (tmp_path / "d.csv").write_text("w\n" + "1\n" * 7 + "-1\n")
    text = """
schema = 1
economy = "quasilinear"
goods = ["water"]
commons.water = 1
mechanisms = [{ name = "prices", kind = "auctioneer" }]
[[agents]]
name = "a"
data = "d.csv"
utility = { family = "log", weights = { water = { column = "w" } } }
"""
    scenario = loads(text, folder=tmp_path)
    with pytest.raises(InputError, match=r"d\.csv, line 9: -1 is too small"):
        build(scenario, rows=range(6, 8))


# --- the same market ---------------------------------------------------------------------------------


@pytest.mark.parametrize("shards", [1, 7])
@pytest.mark.parametrize(
    ("money", "more"), [("quasilinear", ""), ("quasilinear", BAKERS), ("fisher", BAKERS), ("exchange", "")]
)
@pytest.mark.parametrize("rule", ['rule = "newton"', "max_rounds = 2"])
def test_a_market_in_shards_is_the_market_in_one_piece(money, more, shards, rule):
    scenario = town(money, more=more, buyers=60, tasters=30, rule=rule)
    whole = compare(scenario)
    one, report = whole.outcomes["prices"], whole.alignments["prices"]
    many = in_shards(scenario, shards)
    assert (many.status, many.rounds) == (one.status, one.rounds)
    assert many.prices == pytest.approx(one.prices, rel=1e-12)
    assert many.disequilibrium == pytest.approx(one.disequilibrium, rel=1e-9, abs=1e-13)
    for name in ("consumption", "production", "payments", "utilities", "payoffs"):
        size = np.abs(getattr(one, name)).max() or 1.0
        if name == "payments":
            size = float((one.consumption @ one.prices).max())
        assert getattr(many, name) == pytest.approx(getattr(one, name), rel=1e-12, abs=1e-12 * size), name
    assert many.revenue == pytest.approx(one.revenue, rel=1e-12, abs=1e-10)
    assert many.max_regret == pytest.approx(one.max_regret, rel=1e-9, abs=1e-12)
    assert many.ended.consumed == pytest.approx(one.consumption.sum(axis=0), rel=1e-12)
    assert many.ended.utilities.lowest == pytest.approx(one.utilities.min(), rel=1e-12)
    assert many.alignment.efficient in (report.efficient, None)
    if many.status.settled and many.alignment.efficient:
        assert many.alignment.negishi_weights == pytest.approx(report.negishi_weights, rel=1e-6)


def test_a_market_that_clears_is_proved_efficient_in_shards_too():
    for money in ("quasilinear", "fisher", "exchange"):
        found = in_shards(town(money, buyers=60, tasters=30), 4).alignment
        assert found.efficient, money
        assert found.residual < 1e-6
        assert found.unknown == {}
        assert (found.surplus_gap == 0.0) is (money == "quasilinear")


def test_what_is_not_proved_is_unknown_and_says_why():
    found = in_shards(town(rule="max_rounds = 2"), 4).alignment
    assert found.efficient is None
    assert found.surplus_gap is None
    assert all("played in shards" in sentence for sentence in found.reasons)


def test_a_free_good_clears_in_shards():
    text = """
schema = 1
economy = "quasilinear"
goods = ["water", "bread"]
commons = { water = 1000.0, bread = 5.0 }
mechanisms = [{ name = "prices", kind = "auctioneer" }]
[[agents]]
name = "a"
count = 9
[agents.utility]
family = "quadratic"
weights = { water = 1.0, bread = 2.0 }
slope = { water = 1.0, bread = 1.0 }
"""
    one, many = compare(loads(text)).outcomes["prices"], in_shards(loads(text), 4)
    assert many.prices[0] == one.prices[0] == 0.0
    assert many.status == one.status == "cleared"
    assert many.consumption == pytest.approx(one.consumption, rel=1e-12)


def test_rationing_goes_on_in_a_shard_whose_agents_trade_nothing():
    text = """
schema = 1
economy = "exchange"
goods = ["water", "bread"]
agents = [
    { name = "hermit", count = 3, endowment = { water = 1.0 } },
    { name = "a", count = 2, endowment = { water = 4.0, bread = 1.0 } },
    { name = "b", count = 1, endowment = { bread = 3.0 } },
]
mechanisms = [{ name = "prices", kind = "auctioneer", max_rounds = 1 }]
"""
    for name, weights in (
        ("hermit", "water = 1.0"),
        ("a", "water = 1.0, bread = 3.0"),
        ("b", "water = 2.0, bread = 1.0"),
    ):
        wants = f"utility = {{ family = 'log', weights = {{ {weights} }} }}"
        text = text.replace(f'name = "{name}"', f'name = "{name}", {wants}')
    one, many = compare(loads(text)).outcomes["prices"], in_shards(loads(text), 2)
    assert one.consumption[:3].tolist() == [[1.0, 0.0]] * 3
    assert many.consumption == pytest.approx(one.consumption, rel=1e-12)
    assert (many.consumption[3:] != [[4.0, 1.0], [4.0, 1.0], [0.0, 3.0]]).any()  # the others do trade


@pytest.mark.parametrize("rule", ["", "max_rounds = 2"])
def test_the_rounds_of_a_market_in_shards_are_those_of_the_market_in_one_piece(rule):
    scenario = town(buyers=60, tasters=30, more=BAKERS, rule=rule)
    one, many = compare(scenario).rounds, play_in_shards(scenario, Here(), 4).rounds
    pd.testing.assert_frame_equal(many, one, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("buyers", [3, 60])
@pytest.mark.parametrize(
    ("money", "more"), [("quasilinear", ""), ("quasilinear", BAKERS), ("fisher", ""), ("exchange", "")]
)
def test_the_table_of_a_market_in_shards_is_that_of_the_market_in_one_piece(money, more, buyers):
    scenario = town(money, buyers=buyers, tasters=4, more=more)
    one, many = compare(scenario).table(), comparison_table(play_in_shards(scenario, Here(), 4))
    assert list(many.columns) == list(one.columns)
    for column in one.columns:
        ours, theirs = many[column][0], one[column][0]
        if isinstance(theirs, float):
            scale = abs(float(one["total surplus"][0])) if money == "quasilinear" else 1.0
            assert ours == pytest.approx(theirs, rel=1e-6, abs=1e-9 * scale, nan_ok=True), column
        else:
            assert (pd.isna(ours) and pd.isna(theirs)) or ours == theirs, column


def test_what_is_drawn_of_a_market_in_shards_is_what_was_seen_in_its_rounds():
    second = '[[mechanisms]]\nname = "slowly"\nkind = "auctioneer"\nmax_rounds = 4'
    shared = play_in_shards(town(buyers=20, tasters=4, more=second), Here(), 3)
    prices, excess = plots.shards_overview(shared).axes
    assert (prices.get_title(loc="left"), excess.get_title(loc="left")) == ("Prices", "Excess demand")
    for axes, column in ((prices, "price"), (excess, "excess_demand")):
        lines = {line.get_label(): line.get_ydata() for line in axes.get_lines()}
        for mechanism in ("prices", "slowly"):
            for good in ("water", "bread"):
                seen = shared.rounds.query("mechanism == @mechanism and good == @good")[column]
                assert np.array_equal(lines[f"{good}, {mechanism}"], seen)


def test_prices_of_more_goods_than_are_printed_are_counted():
    goods = [f"g{k}" for k in range(22)]
    each = ", ".join(f"{good} = 1.0" for good in goods)
    text = f"""
schema = 1
economy = "quasilinear"
goods = {json.dumps(goods)}
commons = {{ {each} }}
mechanisms = [{{ name = "prices", kind = "auctioneer" }}]
agents = [{{ name = "a", count = 3, utility = {{ family = "log", weights = {{ {each} }} }} }}]
"""
    console = Console(width=80)
    with console.capture() as captured:
        console.print(printed(play_in_shards(loads(text), Here(), 2), 80))
    assert "price of g19 " in captured.get()
    assert "price of g20 " not in captured.get()
    assert "prices of 2 other goods" in captured.get()


# --- sums --------------------------------------------------------------------------------------------


def test_sums_are_added_in_their_order():
    parts = [(0.1,), (0.2,), (0.3,)]
    assert add_up(parts) == ((0.1 + 0.2) + 0.3,)
    assert add_up(parts[::-1]) != add_up(parts)
    assert add_up([(Largest(2.0),), (Largest(5.0),), (Largest(1.0),)])[0].value == 5.0


def test_work_alone_is_sent_what_it_yields():
    def work():
        first = yield (1.0,)
        second = yield (first[0] + 1.0, 7.0)
        return first, second

    assert run_locally(work()) == ((1.0,), (2.0, 7.0))


# --- what cannot be played in shards -----------------------------------------------------------------


@pytest.mark.parametrize(
    ("mechanism", "said"),
    [
        ('kind = "planner"', "'m' cannot be played in shards: a planner solves one"),
        ('kind = "unmediated"\ngame = "autarky"', "in a game without prices"),
    ],
)
def test_a_mechanism_that_needs_everybody_is_refused(mechanism, said):
    text = EVERY_DRAW.format(money="quasilinear", stock=9.0, owns="", buyers=4, tasters=3, more="", rule="")
    with pytest.raises(InputError, match=said) as refused:
        in_shards(loads(f'{text}[[mechanisms]]\nname = "m"\n{mechanism}'), 2)
    assert "--mechanism 'prices'" in str(refused.value)


def test_a_rule_that_sees_bids_is_refused():
    with pytest.raises(InputError, match="the rule proportional_response uses the bids of every agent"):
        in_shards(town("fisher", rule='rule = "proportional_response"'), 2)


def test_a_technology_is_refused():
    made = '{ family = "activity", netput = { bread = 1.0, water = -1.0 } }'
    mill = f'[[agents]]\nname = "mill"\ntechnology = {made}'
    with pytest.raises(InputError, match="'mill' has a technology"):
        in_shards(town("exchange", more=mill), 2)


@pytest.mark.parametrize(
    "has",
    [
        'utility = { family = "linear", weights = { water = 1.0, bread = 2.0 } }',
        'utility = { family = "ces", elasticity = 0.5, weights = { water = 1.0, bread = 2.0 } }',
        'cost = { family = "linear", unit_cost = { bread = 2.0 } }',
    ],
)
def test_agents_who_choose_between_what_is_as_good_are_refused(has):
    family = has.split('"')[1]
    with pytest.raises(InputError, match=f"{family}\\) makes alternatives equally good"):
        in_shards(town(more=f'[[agents]]\nname = "picky"\ncount = 4\n{has}\nbudget = 1.0'), 2)


def test_more_shards_than_agents_and_shards_that_are_too_large_are_refused():
    with pytest.raises(InputError, match="there are only 8 agents"):
        in_shards(town(buyers=4, tasters=3), 9)
    with pytest.raises(InputError, match="--shards 0: at least one shard"):
        in_shards(town(buyers=4, tasters=3), 0)
    with pytest.raises(InputError, match="there is no mechanism to play"):
        play_in_shards(town(buyers=4, tasters=3), Here(), 2, [])
    huge = town(buyers=10**9, tasters=1)
    assert len(population(huge)) == 10**9 + 2
    with pytest.raises(InputError, match="use --shards 101 at least"):
        in_shards(huge, 50)
    with pytest.raises(InputError, match="play them in shards: --shards"):
        build(huge)


# --- the run folder ----------------------------------------------------------------------------------


@pytest.mark.parametrize(("buyers", "rule"), [(5, ""), (60, "max_rounds = 2"), (1500, "")])
def test_a_run_in_shards_is_verified_like_any_other(tmp_path, buyers, rule):
    scenario = town(buyers=buyers, tasters=4, more=BAKERS, rule=rule)
    shared, folder = run_in_shards(scenario, Here(), 3, tmp_path)
    assert [path.name for path in sorted((folder / "agents").iterdir())] == [
        f"000-0000{k}.parquet" for k in range(3)
    ]
    checked = verify(folder)
    assert checked.holds, [claim for claim in checked.claims if not claim.holds]
    written = pd.concat(map(pd.read_parquet, sorted((folder / "agents").iterdir())))
    assert written["agent"].tolist() == list(shared.agents)
    one = compare(scenario).outcomes["prices"]
    assert written["consumption[water]"].to_numpy() == pytest.approx(one.consumption[:, 0], rel=1e-12)


def test_a_changed_row_is_found(tmp_path):
    _, folder = run_in_shards(town(buyers=20, tasters=4), Here(), 3, tmp_path)
    part = folder / "agents" / "000-00001.parquet"
    part.write_bytes(part.read_bytes()[:-1] + b"x")
    with pytest.raises(InputError, match="000-00001"):
        verify(folder)


class Meddled(Here):
    """Shards here, with whose files something is done once they are written."""

    def __init__(self, meddle):
        super().__init__()
        self.meddle = meddle

    def tell(self, method, each=None, **same):
        answers = super().tell(method, each, **same)
        if method == "write":
            self.meddle(Path(each[1]["path"]))
        return answers


def shorten(path):
    path.write_bytes(path.read_bytes()[:-1])


def lengthen(path):
    path.write_bytes(path.read_bytes() + b"x")


@pytest.mark.parametrize(
    ("meddle", "said"),
    [
        (Path.unlink, "where this machine does not see it; --out must name a folder that all machines share"),
        (shorten, r"with [\d,]+ bytes, and here it has [\d,]+; check that the disk has room"),
        (lengthen, r"with [\d,]+ bytes, and here it has [\d,]+; check that the disk has room"),
    ],
)
def test_a_part_that_is_not_what_its_shard_wrote_is_one_message_and_no_folder(tmp_path, meddle, said):
    out = tmp_path / "out"
    with pytest.raises(InputError, match=rf"^worker here wrote '.*000-00001\.parquet' {said}") as refused:
        run_in_shards(town(buyers=20, tasters=4), Meddled(meddle), 3, out)
    assert "\n" not in str(refused.value)
    assert not out.exists()


def test_a_shard_that_cannot_write_is_one_message_and_no_folder(tmp_path):
    class WithoutFolder(Here):
        def tell(self, method, each=None, **same):
            if method == "write":
                each = [{**own, "path": str(tmp_path / "elsewhere" / "part")} for own in each]
            return super().tell(method, each, **same)

    with pytest.raises(
        InputError, match=r"^worker here cannot write '.*part' \(No such file or directory\); "
    ):
        run_in_shards(town(buyers=20, tasters=4), WithoutFolder(), 3, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_a_disk_that_is_full_at_the_end_of_a_file_is_one_message_and_no_folder(tmp_path, monkeypatch):
    def full(writer):
        writer.is_open = False
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(pq.ParquetWriter, "close", full)
    with pytest.raises(InputError, match=r"worker here cannot write '.*000-00000\.parquet' \(No space left"):
        run_in_shards(town(buyers=20, tasters=4), Here(), 3, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_other_runs_in_the_folder_stay_when_a_part_is_missing(tmp_path):
    _, before = run_in_shards(town(buyers=20, tasters=4), Here(), 3, tmp_path)
    with pytest.raises(InputError, match="does not see it"):
        run_in_shards(town(buyers=20, tasters=4), Meddled(Path.unlink), 3, tmp_path)
    assert list(tmp_path.iterdir()) == [before]


@pytest.mark.parametrize(
    ("meddle", "said"),
    [
        (Path.unlink, r"is incomplete: agents/000-00001\.parquet is missing"),
        (shorten, r"000-00001\.parquet' is not what the run wrote"),
    ],
)
def test_a_part_that_is_lost_or_cut_later_is_found_when_the_folder_is_read(tmp_path, meddle, said):
    _, folder = run_in_shards(town(buyers=20, tasters=4), Here(), 3, tmp_path)
    meddle(folder / "agents" / "000-00001.parquet")
    with pytest.raises(InputError, match=said):
        verify(folder)


def test_a_part_that_the_manifest_does_not_list_either_is_missed(tmp_path):
    _, folder = run_in_shards(town(buyers=20, tasters=4), Here(), 3, tmp_path)
    told = json.loads((folder / "manifest.json").read_text())
    del told["files"]["agents/000-00001.parquet"]
    (folder / "manifest.json").write_text(json.dumps(told))
    (folder / "agents" / "000-00001.parquet").unlink()
    with pytest.raises(InputError, match="its rows are not the mechanisms and agents of the scenario"):
        verify(folder)


def test_nothing_is_left_of_a_run_that_is_refused(tmp_path):
    with pytest.raises(InputError):
        run_in_shards(town("fisher", rule='rule = "proportional_response"'), Here(), 2, tmp_path / "out")
    assert not (tmp_path / "out").exists()
