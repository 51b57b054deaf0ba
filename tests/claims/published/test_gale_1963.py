"""Gale (1963), "A note on global instability of competitive equilibrium", the case of two goods.

*From print*, reported by Crockett, Oprea and Plott (2011), "Extreme Walrasian dynamics: the Gale example in
the lab", American Economic Review 101, 3196-3220 (abstract, and the sentence of Gale's that they put in
front: with two goods there is always global stability, and yet queer things can happen): an equitable
interior equilibrium from which tatonnement leads away, prices going to zero or to infinity depending only on
where they start; at the equilibria so reached all gains from exchange go to one side. Fukuda, Sato, Shen and
Shimomura (2020), "Walrasian dynamics with endowment changes: the Gale example in a laboratory market
experiment" (abstract): with other endowments and the same tastes and totals the interior equilibrium is
stable. Gale's own paper was not at hand, nor was its example with three goods.

*Own derivation, and own numbers.* The apple farmer owns w apples and wants min(x / a, y / b), the pear farmer
owns w pears and wants min(x / b, y / a). At the price ratio q = p_x / p_y the first eats a q w / (a q + b)
apples and the second b w / (b q + a), so that the excess demand for apples is

    z(q) = w [b / (b q + a) - b / (a q + b)] = w b (a - b) (q - 1) / ((b q + a) (a q + b)).

With a > b (each wants more of its own good) z rises through 0 at q = 1: index -1, unstable; z(0) < 0, so
that apples are left over when they are free, and likewise pears: two more equilibria, with index +1. There
the owner of the free good has no income and gets nothing; the other eats all of its own good and b / a of it
of the free one. The indices sum to +1, as they must. With a < b the slope is reversed: q = 1 is stable, and
the only equilibrium.
"""

from __future__ import annotations

import numpy as np
import pytest
from helpers.economies import LEONTIEF, with_utility

from market.efficiency.report import alignment
from market.equilibrium import search
from market.mechanisms import Auction, play
from market.mechanisms.auction.price_rules import (
    Additive,
    Anderson,
    Leader,
    Multiplicative,
    Newton,
    Tatonnement,
)
from market.outcome import Status

STOCK = 9.0
MORE, LESS = 2.0, 1.0
FAIR = [[6.0, 3.0], [3.0, 6.0]]  # w a / (a + b) and w b / (a + b)
ALL_TO_APPLES = [[9.0, 4.5], [0.0, 0.0]]  # w and w b / a
ALL_TO_PEARS = [[0.0, 0.0], [4.5, 9.0]]


def gale(own=MORE, other=LESS):
    """Each owns all of one good and wants it and the other in the proportion own : other."""
    weights = [[own, other], [other, own]]
    return with_utility("exchange", LEONTIEF, {"weights": weights}, endowment=STOCK * np.eye(2))


def outcome_of(rule, ratio, economy=None, **options):
    player = Auction("prices", rule, initial_prices={"good0": ratio, "good1": 1.0}, **options)
    return play(player, gale() if economy is None else economy)


def test_excess_demand_follows_the_formula():
    for q in (0.1, 0.5, 0.99, 1.0, 1.01, 3.0, 20.0):
        demanded = gale().answers(np.array([q, 1.0])).demand.lowest.sum(axis=0)
        formula = STOCK * LESS * (MORE - LESS) * (q - 1.0) / ((LESS * q + MORE) * (MORE * q + LESS))
        assert demanded[0] - STOCK == pytest.approx(formula, abs=1e-14)


def test_equilibria_are_a_fair_unstable_one_and_two_unfair_stable_ones():
    found = search(gale(), 40)
    np.testing.assert_allclose([e.prices for e in found.found], [[0, 1], [0.5, 0.5], [1, 0]], atol=1e-12)
    np.testing.assert_allclose(
        [e.consumption for e in found.found], [ALL_TO_PEARS, FAIR, ALL_TO_APPLES], atol=1e-9
    )
    assert [e.index for e in found.found] == [1, -1, 1]
    assert [e.stable for e in found.found] == [True, False, True]
    assert found.index_sum == 1


@pytest.mark.parametrize("rule", [Additive(step=0.01), Multiplicative(), Tatonnement()])
@pytest.mark.parametrize(("ratio", "ends"), [(1.0001, ALL_TO_APPLES), (0.9999, ALL_TO_PEARS)])
def test_tatonnement_ends_on_the_side_on_which_it_starts(rule, ratio, ends):
    """And they never turn back on the way: the price ratio only moves away from 1."""
    seen = []
    player = Auction("prices", rule, initial_prices={"good0": ratio, "good1": 1.0})
    outcome = play(player, gale(), observe=lambda state: seen.append(state.prices))
    assert outcome.status is Status.CLEARED
    np.testing.assert_allclose(outcome.consumption, ends, atol=1e-12)
    assert outcome.prices.min() == 0.0
    away = [abs(p[0] - p[1]) for p in seen]
    assert (np.diff(away) >= 0).all()
    assert away[0] < 1e-3


@pytest.mark.parametrize(
    ("ratio", "weights"), [(2.0, [2 / 3, 1 / 3]), (1.0, [1 / 2, 1 / 2]), (0.5, [1 / 3, 2 / 3])]
)
def test_all_three_are_efficient_with_the_cost_of_a_unit_of_utility_as_weights(ratio, weights):
    """By a q + b and b q + a at q = inf, 1 and 0; a first unit costs that also who gets nothing."""
    outcome = outcome_of(Additive(step=0.01), ratio)
    report = alignment(outcome)
    assert (outcome.status, report.efficient, report.degenerate) == (Status.CLEARED, True, False)
    np.testing.assert_allclose(report.negishi_weights, weights, rtol=1e-8)


@pytest.mark.parametrize("rule", [Newton(), Anderson(), Leader()])
@pytest.mark.parametrize("ratio", [1.01, 0.9])
def test_learning_and_newton_rules_find_the_fair_equilibrium_from_nearby(rule, ratio):
    outcome = outcome_of(rule, ratio, max_rounds=20)
    assert outcome.status is Status.CLEARED
    np.testing.assert_allclose(outcome.prices, 0.5, rtol=1e-7)
    np.testing.assert_allclose(outcome.consumption, FAIR, rtol=1e-7)


def test_tatonnement_stays_at_the_fair_price():
    outcome = outcome_of(Additive(step=0.01), 1.0)
    assert (outcome.status, outcome.rounds) == (Status.CLEARED, 1)


def test_reversed_preferences_make_the_fair_price_stable_and_unique():
    other_way = gale(own=LESS, other=MORE)
    [only] = search(other_way, 40).found
    assert (only.index, only.stable) == (1, True)
    outcome = outcome_of(Additive(step=0.01), 20.0, other_way)
    assert outcome.status is Status.CLEARED
    np.testing.assert_allclose(outcome.prices, 0.5, rtol=1e-7)
    np.testing.assert_allclose(outcome.consumption, [[3.0, 6.0], [6.0, 3.0]], rtol=1e-7)
