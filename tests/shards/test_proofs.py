"""That no prices can clear all markets is proved of agents in shards by the same sentence as in one piece."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import numpy as np
import pytest
from helpers.economies import LINEAR, economy, with_utility
from hypothesis import given
from hypothesis import strategies as st

from market import compare, load, loads
from market.economy.nonexistence import no_equilibrium, prove_nonexistence
from market.economy.reductions import First, advance, run_all
from market.results.verify import verify
from market.shards import Here, play_in_shards, run_in_shards

EXCEPTIONAL = Path(__file__).parents[2] / "scenarios" / "exceptional.toml"


def scenario(money, *groups):
    """A scenario of groups, each (name, count, weights, more), and an auctioneer."""
    agents = "\n".join(
        f'[[agents]]\nname = "{name}"\ncount = {count}\n{more}\n'
        f'utility = {{ family = "{family}", weights = {{ {weights} }} }}'
        for name, count, family, weights, more in groups
    )
    return loads(
        f'schema = 1\neconomy = "{money}"\ngoods = ["water", "bread"]\n{agents}\n'
        f'[[mechanisms]]\nname = "prices"\nkind = "auctioneer"'
    )


ALL = "water = 1.0, bread = 1.0"
OWNS = "endowment = { water = 1.0 }"
WITHOUT = {
    "nobody has bread": scenario(
        "quasilinear", ("frugal", 3, "log1p", ALL, OWNS), ("eater", 3, "log", ALL, OWNS)
    ),
    "nobody has bread, and budgets are fixed": scenario(
        "fisher", ("poor", 2, "log", ALL, f"{OWNS}\nbudget = 0.0"), ("rich", 2, "log", ALL, "budget = 2.0")
    ),
    "nobody has bread, in exchange": scenario(
        "exchange", ("frugal", 2, "log1p", "water = 1.0", OWNS), ("eater", 3, "log", ALL, OWNS)
    ),
    "only those without income want bread": scenario(
        "exchange",
        ("owner", 3, "log", "water = 1.0", "endowment = { water = 1.0, bread = 1.0 }"),
        ("pauper", 2, "log1p", ALL, ""),
    ),
    "Arrow's case": scenario(
        "exchange",
        ("keeper", 3, "log", "water = 1.0", "endowment = { water = 1.0, bread = 1.0 }"),
        ("maker", 4, "log1p", ALL, "endowment = { bread = 1.0 }"),
    ),
    "the one of the scenarios": load(EXCEPTIONAL),
}


@pytest.mark.parametrize("shards", [1, 2])
@pytest.mark.parametrize("case", WITHOUT)
def test_a_market_without_equilibrium_says_in_shards_what_it_says_in_one_piece(case, shards):
    one = compare(WITHOUT[case], ["prices"]).outcomes["prices"]
    many = play_in_shards(WITHOUT[case], Here(), shards, ["prices"]).outcomes["prices"]
    assert one.status == "no_equilibrium"
    assert (many.status, many.reason, many.rounds) == (one.status, one.reason, one.rounds)


@pytest.mark.parametrize("shards", [3, 5])
def test_the_agent_that_a_proof_names_is_the_first_of_all_whichever_shard_it_is_in(shards):
    said = {
        "nobody has bread": "eater[0] would buy some at every price",
        "nobody has bread, in exchange": "eater[0] would buy some at every price",
        "only those without income want bread": "such as pauper[0]",
    }
    for case, sentence in said.items():
        played = play_in_shards(WITHOUT[case], Here(), shards).outcomes["prices"]
        assert sentence in played.reason, case


def test_a_run_without_equilibrium_is_verified(tmp_path):
    _, folder = run_in_shards(WITHOUT["Arrow's case"], Here(), 3, tmp_path)
    checked = verify(folder)
    assert checked.holds, [claim for claim in checked.claims if not claim.holds]


# --- the proofs on parts of an economy -------------------------------------------------------------------


def in_parts(primitives, cuts):
    """What the proofs say of agents that are in so many parts, which is the same in each."""
    ends = [0, *cuts, len(primitives.agents)]
    work = [prove_nonexistence(primitives.part(a, b)) for a, b in pairwise(ends)]
    said = run_all([advance(steps) for steps in work], lambda sums: [advance(each, sums) for each in work])
    assert len(set(said)) == 1
    return said[0]


def crowd_and_bakery(budget):
    """One who values bread at 3 among those who value it at 1, and a baker who makes any amount for 2."""
    return replace(
        economy("quasilinear", linear=([[2.0]] * 5, [[1.0], [1.0], [np.inf], [1.0], [1.0]])),
        utilities=with_utility("quasilinear", LINEAR, {"weights": [[1.0]] * 3 + [[3.0], [1.0]]}).utilities,
        budget=np.array([np.inf, np.inf, np.inf, budget, np.inf]),
    )


@pytest.mark.parametrize("cuts", [(), (1,), (3,), (1, 2, 3, 4)])
def test_gains_without_end_are_found_across_parts(cuts):
    said = in_parts(crowd_and_bakery(np.inf), cuts)
    assert said is not None
    assert "any amount of good0 can be made at a cost of 2 for what is always worth 3 to agent3" in said
    assert in_parts(crowd_and_bakery(7.0), cuts) is None


def test_arrow_s_case_is_proved_also_if_nobody_wants_all_of_what_they_own_together():
    """Agent 0 wants good 0 and owns goods 0 and 1, agent 1 wants good 1 and owns goods 0 and 2.

    Together they own all of goods 0 and 1 and want nothing else; what agent 1 sells of good 2 makes them want
    more of these than there is. Agent 2 wants good 2, however much it has of it.
    """
    primitives = economy(
        "exchange",
        log1p=[[2.0, 0.0, 0.0], [0.0, 2.0, 0.0], [1.0, 0.0, 2.0]],
        endowment=[[1.0, 1.0, 0.0], [1.0, 0.0, 1.0], [0.0, 0.0, 1.0]],
    )
    said = no_equilibrium(primitives)
    assert said is not None
    assert said.startswith("the agents who want only good0, good1 own all of it and some good2 besides")
    owns = primitives.endowment.copy()
    owns[2, 1] = 0.1  # somebody else has a little of good 1
    assert no_equilibrium(replace(primitives, endowment=owns)) is None


@st.composite
def drawn(draw):
    """A small economy of which something may be missing, and where to cut it."""
    money = draw(st.sampled_from(["quasilinear", "fisher", "exchange", "exchange"]))
    goods, frugal, eaters = (draw(st.integers(1, 3)) for _ in range(3))
    agents = frugal + eaters
    amounts = st.sampled_from([0.0, 0.0, 1.0, 2.0])

    def table(rows):
        return np.array(draw(st.lists(amounts, min_size=rows * goods, max_size=rows * goods))).reshape(
            rows, goods
        )

    whole = economy(
        money,
        log=table(eaters),
        log1p=table(frugal),
        commons=table(1)[0],
        endowment=table(agents),
        budget=None if money == "quasilinear" else np.ones(agents),
    )
    return whole, sorted(draw(st.sets(st.integers(1, agents - 1), max_size=3)))


@given(drawn())
def test_whoever_is_in_which_part_the_sentence_is_the_same(case):
    primitives, cuts = case
    assert in_parts(primitives, cuts) == no_equilibrium(primitives)


def test_many_agents_are_looked_at_piece_by_piece_with_the_same_sentence(monkeypatch):
    from market.economy import primitives as economy_module

    endowment = np.tile([1.0, 1.0], (50, 1))
    endowment[20:, 0] = 0.0
    weights = np.tile([1.0, 1.0], (50, 1))
    weights[:20, 1] = 0.0

    def primitives():
        return economy("exchange", log1p=weights, endowment=endowment)

    said = no_equilibrium(primitives())
    assert said is not None
    monkeypatch.setattr(economy_module, "PIECE", 8)
    assert len(primitives().pieces) == 13
    assert no_equilibrium(primitives()) == said


def test_the_first_of_several_parts_is_the_one_that_is_told():
    parts = [First([None, None]), First([None, "b"]), First(["c", "d"])]
    assert (parts[0] + parts[1] + parts[2]).values == ["c", "b"]
