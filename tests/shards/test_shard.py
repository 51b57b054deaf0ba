"""Agents built in a shard are those of the whole economy."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.towns import EVERY_DRAW, town

from market import build, compare, loads
from market.errors import InputError
from market.scenario.distributions import STREAM
from market.shards import Here, play_in_shards


def in_shards(scenario, shards):
    """The outcome of its auctioneer in so many shards of this process."""
    return play_in_shards(scenario, Here(), shards).outcomes["prices"]


@pytest.mark.parametrize("cuts", [(0, 1), (0, 5, STREAM, STREAM + 3), (2 * STREAM - 1, 2 * STREAM + 2)])
def test_agents_do_not_depend_on_the_rows_built_with_them(cuts):
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


def test_shares_in_the_commons_are_those_of_the_whole_economy():
    text = EVERY_DRAW.format(
        money="exchange", stock=9.0, owns="", buyers=4, tasters=3, more="", rule=""
    ).replace("seed = 3", 'seed = 3\ncommons_shares = { buyer = 2.0, "taster[2]" = 1.0 }')
    scenario = loads(text)
    parts = [build(scenario, rows=range(a, b)).commons_share for a, b in ((0, 3), (3, 6), (6, 8))]
    expected = [0, 1 / 6, 1 / 6, 1 / 6, 1 / 6, 0, 0, 1 / 3]
    assert np.concatenate(parts) == pytest.approx(expected, abs=1e-15)
    assert build(scenario).commons_share == pytest.approx(expected, abs=1e-15)


def test_a_faulty_agent_is_named_in_any_shard(tmp_path):
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
