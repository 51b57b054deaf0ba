"""Linear tastes and fixed proportions: demand that is a set, and goods that are free."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from helpers.economies import LEONTIEF, LINEAR, with_utility

from market.economy.families.utilities import UTILITIES
from market.economy.primitives import Block, Money
from market.equilibrium import complementarity, convex, find_reference, search
from market.equilibrium.clearing import evaluate_prices
from market.equilibrium.starts import PAIRS
from market.equilibrium.ties import tie_prices


def test_one_buyer_makes_prices_proportional_to_its_tastes():
    """p = a b / (a.q): the only prices at which it wants some of everything."""
    a, q = np.array([3.2142155945372113, 4.583378629911516]), np.array([2.15987, 0.25])
    found = find_reference(with_utility("fisher", LINEAR, {"weights": [a]}, commons=q, budget=[0.25]))
    assert found.method == convex.EISENBERG_GALE
    np.testing.assert_allclose(found.prices, a * 0.25 / (a @ q), rtol=1e-8)
    np.testing.assert_allclose(found.consumption[0], q, rtol=1e-8)
    assert found.unique is None  # slopes say nothing where consumers are indifferent


def test_buyers_who_share_a_good_tie_the_prices_of_all_that_they_buy():
    """Tastes (2, 1) and (1, 2) and a rich first buyer, budgets 5 and 1, one unit of each good.

    The first buys good 0 and part of good 1, so p_0 = 2 p_1 and p_0 + p_1 = 6: p = (4, 2). The second buys
    half of good 1 for its 1.
    """
    found = find_reference(
        with_utility(
            "fisher", LINEAR, {"weights": [[2.0, 1.0], [1.0, 2.0]]}, commons=[1.0, 1.0], budget=[5.0, 1.0]
        )
    )
    np.testing.assert_allclose(found.prices, [4.0, 2.0], rtol=1e-9)
    np.testing.assert_allclose(found.consumption, [[1.0, 0.5], [0.0, 0.5]], atol=1e-7)


def test_a_unit_cost_fixes_the_prices_of_all_goods_that_are_tied_to_it():
    """Tastes (2, 1), budget 5; good 1 can be made at 1 each: p = (2, 1), and 5 - 2 are spent on it."""
    made = with_utility(
        "fisher",
        LINEAR,
        {"weights": [[2.0, 1.0]]},
        commons=[1.0, 0.0],
        budget=[5.0, 0.0],
        linear=([[np.inf, 1.0]], [[np.inf, np.inf]]),
    )
    found = find_reference(made)
    np.testing.assert_allclose(found.prices, [2.0, 1.0], rtol=1e-12)
    np.testing.assert_allclose(found.production[1], [0.0, 3.0], atol=1e-7)


def test_nearly_tied_prices_become_exactly_tied_and_others_stay():
    buyers = with_utility(
        "fisher",
        LINEAR,
        {"weights": [[2.0, 1.0, 0.0], [0.0, 0.0, 1.0]]},
        commons=[1.0, 1.0, 1.0],
        budget=[3.0, 1.0],
    )
    x = np.array([[1.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    prices, bound = tie_prices(buyers, np.array([2.0, 1.0 + 1e-8, 1.0]), x)
    assert prices[0] == 2.0 * prices[1]
    assert prices[2] == 1.0
    assert bound.tolist() == [True, True, False]
    far, _ = tie_prices(buyers, np.array([2.0, 1.1, 1.0]), x)
    np.testing.assert_array_equal(far, [2.0, 1.1, 1.0])


@pytest.mark.parametrize("plenty", [3.0, 40.0])
def test_in_fixed_proportions_what_is_more_than_enough_is_free(plenty):
    """Both want one of each, and there is more of good 0: it is free, and good 1 stays with its owners."""
    fixed = with_utility(
        "exchange", LEONTIEF, {"weights": [[1.0, 1.0], [1.0, 1.0]]}, endowment=[[plenty, 1.0], [1.0, 2.0]]
    )
    assert fixed.money is Money.EXCHANGE
    found = find_reference(fixed)
    np.testing.assert_array_equal(found.prices, [0.0, 1.0])
    np.testing.assert_allclose(found.consumption, [[1.0, 1.0], [2.0, 2.0]], rtol=1e-12)


def test_two_free_goods_at_once():
    fixed = with_utility(
        "exchange",
        LEONTIEF,
        {"weights": [[1.0, 0.0, 0.9, 2.0], [0.5, 0.5, 0.5, 0.5]]},
        endowment=[[14.0, 6.0, 19.0, 0.5], [17.0, 5.0, 18.0, 1.9]],
    )
    found = find_reference(fixed)
    assert found.found
    at = evaluate_prices(fixed, found.prices)
    assert at is not None
    assert at.residual <= 1e-9
    assert (found.prices == 0).sum() == 3  # good 3 alone is short


def test_linear_tastes_in_exchange_of_two_goods_are_found_where_they_are_indifferent():
    """The second is indifferent at p = (1, 1); there the first sells its 1.4 of good 0 for good 1."""
    barter = with_utility(
        "exchange", LINEAR, {"weights": [[0.0, 1.0], [1.0, 1.0]]}, endowment=[[1.4, 1.3], [15.0, 9.0]]
    )
    found = find_reference(barter)
    np.testing.assert_allclose(found.prices, [0.5, 0.5], rtol=1e-12)
    np.testing.assert_allclose(found.consumption, [[0.0, 2.7], [16.4, 7.6]], rtol=1e-12)


THREE = with_utility(
    "exchange",
    LINEAR,
    {"weights": [[0.0, 1.0, 1.0], [1.0, 1.0, 2.0], [2.0, 1.0, 1.0]]},
    endowment=[[1.4, 1.3, 1.0], [15.0, 9.0, 2.0], [1.0, 1.0, 5.0]],
)


def test_linear_tastes_in_exchange_of_three_goods_are_found_where_they_are_indifferent():
    """The second owns most of everything and is left indifferent: p is proportional to its weights.

    The first then buys good 1, which is as good to it as good 2 and costs half; the third buys good 0. Both
    need less than there is, and the second takes the rest.
    """
    found = find_reference(THREE)
    assert found.method == PAIRS
    np.testing.assert_allclose(found.prices, [0.25, 0.25, 0.5], rtol=1e-12)
    np.testing.assert_allclose(found.consumption, [[0, 4.7, 0], [5.4, 6.6, 8], [12, 0, 0]], rtol=1e-9)
    [only] = search(THREE, 8).found
    np.testing.assert_allclose(only.prices, found.prices, rtol=1e-12)
    assert only.starts == 8


@pytest.mark.parametrize("seed", range(12))
def test_linear_tastes_among_others_are_found_from_every_start(seed):
    """Both an all-linear exchange and one with tastes of other kinds, whose demand is single-valued."""
    random = np.random.default_rng(seed)
    agents, goods = int(random.integers(3, 6)), int(random.integers(3, 5))
    weights, owned = random.integers(1, 5, (agents, goods)), random.integers(0, 5, (agents, goods)) + 0.5
    primitives = with_utility("exchange", LINEAR, {"weights": weights}, endowment=owned)
    if seed % 2:
        [block], bought = primitives.utilities, UTILITIES["log1p" if seed % 4 == 1 else "cobb_douglas"]
        others = Block(bought, slice(agents - 1, agents), {"weights": weights[-1:].astype(float)})
        primitives = dataclasses.replace(primitives, utilities=(block.part(0, agents - 1), others))
    found = search(primitives, 6)
    assert sum(each.starts for each in found.found) == 6
    for each in found.found:
        at = evaluate_prices(primitives, each.prices, (each.consumption, each.production))
        assert at is not None
        assert at.residual <= 1e-9


def test_goods_valued_linearly_among_goods_that_are_not():
    """Quadratic tastes with two goods of constant marginal utility, as in the demand for the third."""
    mixed = with_utility(
        "exchange",
        UTILITIES["quadratic"],
        {"weights": [[1.0, 2.0, 3.0], [2.0, 1.0, 3.0], [1.0, 1.0, 1.0]], "slope": [[0.0, 0.0, 1.0]] * 3},
        endowment=[[4.0, 1.0, 1.0], [1.0, 5.0, 2.0], [2.0, 2.0, 0.5]],
    )
    found = find_reference(mixed)
    assert found.method == PAIRS
    assert found.residual <= 1e-9


def test_beyond_the_reach_of_complementary_pairs_that_is_the_reason(monkeypatch):
    monkeypatch.setattr(complementarity, "MOST_UNKNOWNS", 2)
    found = find_reference(THREE)
    assert not found.found
    assert "led to no equilibrium from 16 starting points" in found.reason
    assert "linearly" in found.reason
