"""Equilibria that form a continuum, touch, or lie where an agent is indifferent."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from helpers.economies import LEONTIEF, economy, with_utility
from helpers.published_economies import kehoe

from market.economy.families.utilities import UTILITIES
from market.economy.primitives import Block
from market.equilibrium import check, find_reference, search
from market.equilibrium.clearing import Clearing, evaluate_prices
from market.equilibrium.continua import HALVINGS_BETWEEN_ENDS, group_ends, is_on_continuum, measure_between
from market.mechanisms import Auction, play
from market.mechanisms.auction.price_rules import Tatonnement
from market.random_streams import generator

APART = economy("exchange", cobb_douglas=np.eye(2), endowment=np.eye(2))
SQUARE_BOX = with_utility(
    "exchange", LEONTIEF, {"weights": np.ones((2, 2))}, endowment=[[3.0, 6.0], [7.0, 4.0]]
)


def at_prices(primitives, *ratios):
    ends = [evaluate_prices(primitives, np.array([ratio, 1.0])) for ratio in ratios]
    assert all(end is not None and end.residual <= 1e-9 for end in ends)
    return ends


@pytest.mark.parametrize("seed", range(4))
def test_groups_do_not_depend_on_the_order_of_ends(seed):
    rng = generator(seed, "ends")
    ends = at_prices(APART, *np.exp(rng.uniform(-6.0, 6.0, 90)))
    [only] = group_ends(APART, [(end, 1) for end in ends])
    assert (only.starts, only.isolated) == (90, False)


def test_isolated_equilibria_stay_apart_with_free_goods_too():
    """A third good without use has price 0, which is no price to hold between two equilibria."""
    plain = kehoe()
    [block] = plain.utilities
    weights = np.column_stack([block.parameters["weights"], np.zeros(2)])
    wider = dataclasses.replace(
        plain,
        goods=("good0", "good1", "waste"),
        commons=np.zeros(3),
        endowment=np.column_stack([plain.endowment, [1.0, 2.0]]),
        utilities=(dataclasses.replace(block, parameters={**block.parameters, "weights": weights}),),
    )
    one, two, three = search(wider, 30).found
    for left, right in ((one, two), (two, three), (one, three)):
        ends = [evaluate_prices(wider, each.prices) for each in (left, right)]
        assert measure_between(wider, *ends, HALVINGS_BETWEEN_ENDS) > 1e-3


def test_prices_around_a_flat_root_are_no_continuum():
    """Ends that clear up to 1e-9 within 2e-2 of each other, but not exactly between them."""
    flat = dataclasses.replace(APART, endowment=np.array([[1.0, 3e-11], [0.0, 1.0]]))
    ends = [evaluate_prices(flat, np.array([ratio, 1.0])) for ratio in (1.0, 3.0)]
    assert all(1e-12 < end.residual <= 1e-9 for end in ends)
    [only] = group_ends(flat, [(end, 1) for end in ends])
    assert only.isolated


def test_check_mentions_a_continuum():
    outcome = play(Auction("prices", Tatonnement()), SQUARE_BOX)
    checked = check(outcome)
    assert checked.agrees is True
    assert "continuum" in checked.sentences[-1]


def test_an_equilibrium_where_an_agent_is_indifferent_is_found():
    """u_1 = x_1 x_2, u_2 = x_1 + x_2, endowments (4, 2) and (2, 3): p = (1, 1), x_1 = (3, 3) by hand."""
    mixed = economy("exchange", cobb_douglas=[[1.0, 1.0], [0.0, 0.0]], endowment=[[4.0, 2.0], [2.0, 3.0]])
    [block] = mixed.utilities
    first = Block(block.family, slice(0, 1), {name: a[:1] for name, a in block.parameters.items()})
    second = Block(UTILITIES["linear"], slice(1, 2), {"weights": np.ones((1, 2))})
    mixed = dataclasses.replace(mixed, utilities=(first, second))
    [only] = search(mixed, 5).found
    found = find_reference(mixed)
    for each in (only, found):
        np.testing.assert_allclose(each.prices, [0.5, 0.5], rtol=1e-12)
        np.testing.assert_allclose(each.consumption, [[3.0, 3.0], [3.0, 2.0]], rtol=1e-9)
        assert each.residual <= 1e-9


@pytest.mark.parametrize("starts", [1, 20])
def test_where_every_price_clears_one_starting_point_is_enough_to_say_so(starts):
    """Two who want goods in equal amounts, of which there are equal amounts."""
    found = search(SQUARE_BOX, starts)
    assert [each.isolated for each in found.found] == [False]


def test_a_check_says_the_continuum_of_an_economy_too_large_to_be_searched():
    many = with_utility(
        "exchange", LEONTIEF, {"weights": np.ones((60, 2))}, endowment=[[3.0, 6.0], [7.0, 4.0]] * 30
    )
    found = find_reference(many)
    assert found.unique is False
    checked = check(play(Auction("prices", Tatonnement()), many))
    assert checked.equilibria is None
    assert "there is a continuum" in checked.sentences[-1]


@pytest.mark.parametrize("power", [2, 3])
def test_a_touching_root_is_no_continuum(power, monkeypatch):
    """Excess demand `c (p_0 - 1)^power` with p_1 = 1: prices off by 2 % do not clear."""

    def touching(economy, p, near=None, made=None):
        z = 0.1 * (p[0] / p[1] - 1.0) ** power
        return Clearing(p, np.zeros((2, 2)), np.zeros((2, 2)), np.array([z, -z]), False)

    monkeypatch.setattr("market.equilibrium.roots.evaluate_prices", touching)
    at = touching(SQUARE_BOX, np.ones(2))
    assert not is_on_continuum(SQUARE_BOX, at)
