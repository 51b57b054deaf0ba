"""The reference solver: known equilibria by every method that applies, and failures with a reason."""

from __future__ import annotations

import dataclasses
import sys

import numpy as np
import pytest
from helpers.economies import INF, economy, references
from helpers.published_economies import exchange, kehoe

from market.economy.primitives import Money
from market.equilibrium import convex, eigenvector, find_reference
from market.equilibrium.clearing import evaluate_prices
from market.equilibrium.roots import guess_prices, solve_from
from market.equilibrium.starts import ROOTS

REFERENCES = references()
METHODS = {
    Money.QUASILINEAR: convex.SURPLUS,
    Money.FISHER: convex.EISENBERG_GALE,
    Money.EXCHANGE: eigenvector.EIGENVECTOR,
}


@pytest.mark.parametrize("name", REFERENCES)
def test_the_method_that_suits_the_economy_finds_the_reference_answer(name):
    known = REFERENCES[name]
    found = find_reference(known.economy)
    assert found.method == METHODS[known.economy.money]
    assert found.unique is True
    assert found.residual <= 1e-12
    np.testing.assert_allclose(found.prices, known.prices, rtol=1e-10, atol=1e-14, err_msg=known.why)
    np.testing.assert_allclose(found.consumption, known.consumption, rtol=1e-10, atol=1e-12)
    if known.production is not None:
        np.testing.assert_allclose(found.production, known.production, rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("name", REFERENCES)
def test_roots_of_excess_demand_find_the_reference_answer(name):
    known = REFERENCES[name]
    found = solve_from(known.economy, guess_prices(known.economy))
    assert found is not None
    assert found.residual <= 1e-12
    np.testing.assert_allclose(known.economy.normalise(found.prices), known.prices, rtol=1e-10, atol=1e-14)


@pytest.mark.parametrize(
    "name", [name for name, known in REFERENCES.items() if known.economy.money != "exchange"]
)
def test_the_programmes_alone_have_the_answer_to_five_digits(name):
    """Without the sharpening by roots, so that the second way is really one of its own."""
    known = REFERENCES[name]
    prices, (consumption, _) = next(iter(convex.solve(known.economy)))
    np.testing.assert_allclose(prices, known.prices, rtol=1e-5, atol=1e-7)
    np.testing.assert_allclose(consumption, known.consumption, rtol=1e-4, atol=1e-5)


@pytest.mark.parametrize("size", [1e-9, 1e9])
@pytest.mark.parametrize("worth", [1e-9, 1e9])
def test_units_of_goods_and_money_do_not_matter(size, worth):
    """Commons: p = Lambda / q, x_i = lambda_i q / Lambda, whatever the units."""
    scaled = economy("quasilinear", log=[[1.0 * worth], [3.0 * worth]], commons=[8.0 * size])
    found = find_reference(scaled)
    np.testing.assert_allclose(found.prices, [0.5 * worth / size], rtol=1e-10)
    np.testing.assert_allclose(found.consumption[:, 0], [2.0 * size, 6.0 * size], rtol=1e-10)


def test_goods_of_very_different_units_and_an_indifferent_producer():
    scaled = economy(
        "quasilinear",
        log=[[1.0, 2.0], [3.0, 2.0]],
        linear=([[0.25e-9, INF]], [[INF, INF]]),
        commons=[8e9, 4e-9],
    )
    found = find_reference(scaled)  # p_1 = c < 4 / 8e9; p_2 = 4 / 4e-9
    np.testing.assert_allclose(found.prices, [0.25e-9, 1e9], rtol=1e-12)
    np.testing.assert_allclose(found.production[2], [8e9, 0.0], rtol=1e-9)
    assert found.unique is True


def test_with_costs_eisenberg_gale_gives_prices_in_money():
    """Budgets 4 and 2, all spent on one good that costs 2 to make, capacity 2: 2 made, p = 6 / 2 = 3 > 2."""
    made = economy("fisher", log=[[1.0], [1.0]], linear=([[2.0]], [[2.0]]), budget=[4.0, 2.0, 0.0])
    found = find_reference(made)
    assert found.method == convex.EISENBERG_GALE
    np.testing.assert_allclose(found.prices, [3.0], rtol=1e-12)
    np.testing.assert_allclose(found.consumption[:2, 0], [4 / 3, 2 / 3], rtol=1e-12)
    plenty = economy("fisher", log=[[1.0], [1.0]], linear=([[2.0]], [[INF]]), budget=[4.0, 2.0, 0.0])
    np.testing.assert_allclose(find_reference(plenty).prices, [2.0], rtol=1e-12)


def test_budgets_and_tastes_that_are_not_homothetic_go_to_the_root_finder():
    """log(1 + x_1) + log(1 + x_2), budget 3, one unit of each: symmetric, so both prices are 3 / 2.

    Goods are gross substitutes, so there is no other equilibrium.
    """
    buyers = economy("fisher", log1p=[[1.0, 1.0]], commons=[1.0, 1.0], budget=[3.0])
    assert convex.applies(buyers) is None
    found = find_reference(buyers)
    assert (found.method, found.unique) == (ROOTS, True)
    np.testing.assert_allclose(found.prices, [1.5, 1.5], rtol=1e-12)


def test_spending_caps_go_to_the_root_finder():
    """log x, alpha can pay 0.5 at most: p = (0.5 + 1) / 10."""
    capped = economy("quasilinear", log=[[1.0], [1.0]], commons=[10.0], budget=[0.5, 5.0])
    found = find_reference(capped)
    assert found.method == ROOTS
    np.testing.assert_allclose(found.prices, [0.15], rtol=1e-12)


# --- the eigenvector -------------------------------------------------------------------------------


def tastes(*shares):
    return [list(map(float, row)) for row in shares]


def test_a_chain_of_owners_has_the_price_of_its_spending():
    """1 owns a and wants b, 2 owns b and wants both alike: v_b = v_a + v_b / 2, so b is worth twice a."""
    chain = economy("exchange", cobb_douglas=tastes((0, 1), (1, 1)), endowment=[[3.0, 0.0], [0.0, 5.0]])
    found = find_reference(chain)
    np.testing.assert_allclose(found.prices[1] * 5.0 / (found.prices[0] * 3.0), 2.0, rtol=1e-14)


def test_the_commons_are_owned_by_their_shares():
    """Two agents, the commons to the first: as if it owned them."""
    shared = economy(
        "exchange", cobb_douglas=tastes((0.4, 0.6), (0.5, 0.5)), commons=[9.0, 1.0],
        endowment=[[0.0, 0.0], [1.0, 4.0]], commons_share=[1.0, 0.0], numeraire=1,
    )  # fmt: skip
    np.testing.assert_allclose(find_reference(shared).prices, [24.0 / 59.0, 1.0], rtol=1e-14)


def test_groups_that_do_not_trade_have_no_unique_relative_prices():
    apart = economy(
        "exchange",
        cobb_douglas=tastes((1, 3, 0), (1, 1, 0), (0, 0, 1)),
        endowment=[[1.0, 0.0, 0.0], [0.0, 1.0, 0.0], [0.0, 0.0, 2.0]],
    )
    found = find_reference(apart)
    assert found.unique is False
    assert found.residual <= 1e-14
    # v_1 = v_1 / 4 + v_2 / 2: good 2 is worth 1.5 times good 1; good 3 anything
    assert found.prices[1] / found.prices[0] == pytest.approx(1.5, rel=1e-14)


@pytest.mark.parametrize(
    ("shares", "endowment", "why"),
    [
        ([(0, 1), (0, 1)], [[1.0, 0.0], [0.0, 1.0]], None),  # good 0 is free and not wanted
        ([(1, 1), (0, 1)], [[1.0, 1.0], [0.0, 1.0]], None),
        ([(0, 1), (1, 0)], [[1.0, 1.0], [1.0, 1.0]], None),
        ([(1, 1), (0, 1)], [[1.0, 0.0], [0.0, 1.0]], "never spent on it again"),
        ([(1, 1), (1, 1)], [[1.0, 0.0], [1.0, 0.0]], "but there is none"),
        ([(1, 1), (0, 0)], [[1.0, 1.0], [1.0, 1.0]], "wants nothing"),
    ],
)
def test_exchange_without_equilibrium_is_explained(shares, endowment, why):
    barter = economy("exchange", cobb_douglas=tastes(*shares), endowment=endowment)
    found = find_reference(barter)
    if why is None:
        assert found.found
        assert found.residual <= 1e-14
    else:
        assert not found.found
        assert found.prices is None
        assert why in found.reason
        assert why in eigenvector.solve(barter).reason


def test_state_reduction_keeps_tiny_values_exact():
    """1 owns a and spends 1e-12 of it on b: b is worth 1e-12 of a, to full precision."""
    tiny = economy(
        "exchange", cobb_douglas=[[1.0, 1e-12], [1.0, 0.0]], endowment=[[1.0, 0.0], [0.0, 1.0]], numeraire=0
    )
    share = 1e-12 / (1.0 + 1e-12)
    np.testing.assert_allclose(find_reference(tiny).prices, [1.0, share], rtol=1e-14)


# --- failures with a reason -------------------------------------------------------------------------------


def test_prices_that_only_nearly_clear_in_value_are_no_equilibrium():
    """1 owns (1, 1) and wants x alone; 2 owns (0, 1) and wants both.

    As p_y -> 0 the *value* of what is left over vanishes, but one unit of y is left over at every positive
    price, and at price 0 demand for it has no bound.
    """
    barter = economy("exchange", cobb_douglas=[[1.0, 0.0], [0.5, 0.5]], endowment=[[1.0, 1.0], [0.0, 1.0]])
    found = find_reference(barter)
    assert not found.found
    low = evaluate_prices(barter, np.array([1.0, 1e-9]))
    assert low is not None
    assert low.residual > 0.5


def test_prices_that_do_not_clear_are_not_reported(monkeypatch):
    """A root finder that stops anywhere and says that it succeeded is not believed."""
    monkeypatch.setattr(
        "market.equilibrium.roots._find_root", lambda stairs, p, made=None: (p, np.zeros((2, 2)))
    )
    monkeypatch.setattr(sys.modules["market.equilibrium.reference"], "scan", lambda *_: ([], []))
    found = find_reference(kehoe())
    # the first guess of a symmetric economy is an equilibrium by luck; unequal endowments spoil it
    assert found.found
    lopsided = dataclasses.replace(kehoe(), endowment=np.array([[12.0, 2.0], [1.0, 12.0]]))
    found = find_reference(lopsided)
    assert not found.found
    assert found.residual > 1e-3
    assert "led to no equilibrium from 16 starting points" in found.reason


def test_goods_that_no_agent_wants_are_free():
    idle = economy("quasilinear", log=[[0.0, 0.0]], commons=[1.0, 2.0])
    found = find_reference(idle)
    np.testing.assert_array_equal(found.prices, [0.0, 0.0])
    assert found.residual == 0.0


def test_one_good_to_exchange_has_a_price():
    alone = exchange(kehoe().utilities[:0], [[1.0]])
    assert find_reference(alone).residual == 0.0
