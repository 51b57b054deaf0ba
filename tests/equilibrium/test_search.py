"""The search for all equilibria: each is one, is found once, and has an index if it is regular."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from helpers.economies import economy, references
from helpers.published_economies import exchange, kehoe, mas_colell_whinston_green, power_sums
from helpers.strategies import SOAK, economies
from hypothesis import given, settings
from scipy import optimize

from market.economy.primitives import Money
from market.equilibrium import search
from market.equilibrium.clearing import evaluate_prices
from market.equilibrium.regularity import compute_index, is_stable
from market.equilibrium.scan import scan

REFERENCES = references()


@pytest.mark.parametrize("name", REFERENCES)
def test_a_unique_equilibrium_is_found_with_index_one(name):
    known = REFERENCES[name]
    found = search(known.economy, 12)
    [only] = found.found
    np.testing.assert_allclose(only.prices, known.prices, rtol=1e-9, atol=1e-14)
    np.testing.assert_allclose(only.consumption, known.consumption, rtol=1e-9, atol=1e-12)
    assert (only.index, only.stable, found.index_sum) == (1, True, 1)


def test_two_with_strong_complements_and_mirrored_endowments_have_a_reciprocal_pair():
    """u_1 = -(x^-3 / 3) 500 - y^-3 / 3 and its mirror image, endowments (20, 1) and (1, 20).

    Excess demand satisfies z_1(p, 1) = z_2(1, p): 1 is a root, and with p also 1 / p. At 1, demand for good
    1 falls with p only if substitution beats income effects; here it does not, so the slope there has the
    wrong sign and there must be a root on either side.
    """
    found = search(power_sums([[500.0, 1.0], [1.0, 500.0]], -3.0, [[20.0, 1.0], [1.0, 20.0]]), 30)
    ratios = [each.prices[0] / each.prices[1] for each in found.found]
    assert len(ratios) == 3
    assert ratios[1] == pytest.approx(1.0, rel=1e-12)
    assert ratios[0] * ratios[2] == pytest.approx(1.0, rel=1e-10)
    assert [(each.index, each.stable) for each in found.found] == [(1, True), (-1, False), (1, True)]


@pytest.mark.parametrize("units", [(1e9, 1e-9), (1e-9, 1e-9), (1.0, 1e6)])
def test_units_do_not_change_what_is_found(units):
    """x -> c x turns a x^b into a c^-b x^b; with two goods even stability does not depend on units."""
    c, plain = np.array(units), kehoe()
    [block] = plain.utilities
    given = {**block.parameters, "weights": block.parameters["weights"] * c**4.0}
    scaled = dataclasses.replace(
        plain, endowment=plain.endowment * c, utilities=(dataclasses.replace(block, parameters=given),)
    )
    found, usual = search(scaled, 20), search(plain, 20)
    assert [(e.index, e.stable) for e in found.found] == [(e.index, e.stable) for e in usual.found]
    for one, other in zip(found.found, usual.found, strict=True):
        values = one.prices * c
        np.testing.assert_allclose(values / values.sum(), other.prices, rtol=1e-9)


def test_the_seed_decides_the_starts_and_nothing_else_does():
    one, again = search(kehoe(), 20), search(kehoe(), 20)
    assert [each.starts for each in one.found] == [each.starts for each in again.found]
    np.testing.assert_array_equal([e.prices for e in one.found], [e.prices for e in again.found])
    other = search(dataclasses.replace(kehoe(), seed=5), 20)
    assert [each.starts for each in one.found] != [each.starts for each in other.found]


def test_a_third_good_keeps_the_sum_of_indices():
    """Kehoe's two goods and one that all like a little: an odd number, and the sum is one."""
    weights = np.full((3, 3), 1e-3)
    weights[:2, :2] = [[1024.0, 1.0], [1.0, 1024.0]]
    weights[2, 2] = 1.0
    found = search(power_sums(weights, -4.0, [[12.0, 1.0, 0.0], [1.0, 12.0, 0.0], [0.0, 0.0, 5.0]]), 150)
    assert len(found.found) == 7
    assert found.index_sum == 1
    assert all(each.stable is False for each in found.found if each.index == -1)


def test_with_three_goods_index_one_need_not_be_stable():
    """The owner of good i wants i and i + 1 as near complements: one symmetric equilibrium with index +1.

    Tatonnement spirals away from it if the own good matters more (as in Scarf's example, where it circles),
    and towards it if it matters less.
    """
    ends = {}
    for own in (0.4, 0.6):
        weights = np.full((3, 3), 1e-40)
        for i in range(3):
            weights[i, i], weights[i, (i + 1) % 3] = own**20, (1.0 - own) ** 20
        [only] = search(power_sums(weights, -19.0, np.eye(3)), 30).found
        np.testing.assert_allclose(only.prices, 1 / 3, rtol=1e-10)
        assert only.index == 1
        ends[own] = only.stable
    assert ends == {0.4: True, 0.6: False}


# --- one price to look for -------------------------------------------------------------------------


def test_a_root_on_a_grid_point_is_seen():
    """The middle of the grid is the first guess: in a symmetric economy the symmetric equilibrium."""
    found, _ = scan(kehoe(), np.array([1.0, 1.0]))
    ratios = sorted(each.prices[0] / each.prices[1] for each in found)
    assert len(ratios) == 3
    assert 1.0 in ratios


def shifted(amount):
    """Mas-Colell, Whinston and Green's economy with more of good 1 for its second agent."""
    plain = mas_colell_whinston_green()
    return dataclasses.replace(plain, endowment=plain.endowment + np.array([[0, 0], [amount, 0]]))


def lowest_between(amount):
    """Excess demand for good 1 per unit, at its lowest between the two equilibria that are about to meet."""

    def excess(t):
        at = evaluate_prices(shifted(amount), np.array([t, 1.0]))
        return at.excess[0]

    least = optimize.minimize_scalar(excess, bounds=(0.4, 1.0), method="bounded", options={"xatol": 1e-12})
    return least.fun


FOLD = optimize.brentq(lowest_between, -0.01, 0.0, xtol=1e-16)


def test_merging_equilibria_touch_and_then_vanish():
    before, at, after = (search(shifted(amount), 30) for amount in (0.5 * FOLD, FOLD, 2.0 * FOLD))
    assert (len(before.found), before.index_sum) == (3, 1)
    assert len(at.found) + len(at.near_misses) == 2
    assert all(each.isolated for each in at.found)  # the touching root is no continuum
    assert (len(after.found), after.index_sum, after.near_misses) == (1, 1, ())
    if len(at.found) == 2:
        assert 0 in {each.index for each in at.found}
        assert at.index_sum is None


def test_a_flat_crossing_is_one_equilibrium_without_an_index():
    """Excess demand is flat to the second order where three mirrored equilibria merge."""

    def slope(weight):
        mirrored = power_sums([[weight, 1.0], [1.0, weight]], -4.0, [[12.0, 1.0], [1.0, 12.0]])
        up, down = (evaluate_prices(mirrored, np.array([1.0 + d, 1.0])).excess[0] for d in (1e-4, -1e-4))
        return up - down

    weight = optimize.brentq(slope, 1.0, 1024.0, xtol=1e-13)
    merged = power_sums([[weight, 1.0], [1.0, weight]], -4.0, [[12.0, 1.0], [1.0, 12.0]])
    found = search(merged, 40)
    [only] = found.found
    assert only.index == 0
    assert only.isolated
    assert found.index_sum is None


def test_a_continuum_is_found_once():
    """Two groups that own and want different goods: their relative prices are anything."""
    apart = economy("exchange", cobb_douglas=np.eye(2), endowment=np.eye(2))
    found = search(apart, 20)
    [only] = found.found
    assert not only.isolated
    assert only.index == 0


def test_an_economy_without_equilibrium_has_none_found():
    """Income from one good is never spent on it again; see the reference solver."""
    barter = economy("exchange", cobb_douglas=[[1.0, 1.0], [0.0, 1.0]], endowment=np.eye(2))
    found = search(barter, 10)
    assert found.found == ()
    assert found.index_sum is None


def test_at_the_price_of_an_indifferent_producer_the_index_is_that_of_the_staircase():
    plants = REFERENCES["merit order"].economy
    at = evaluate_prices(plants, np.array([3.0]))
    assert at is not None
    assert at.indifferent
    assert (compute_index(plants, at), is_stable(plants, at)) == ((1, None), True)


def test_free_goods_are_left_out_of_the_slopes():
    """A third good that no agent wants changes neither index nor stability."""
    plain = kehoe()
    [block] = plain.utilities
    weights = np.column_stack([block.parameters["weights"], np.zeros(2)])
    with_waste = exchange(
        [dataclasses.replace(block, parameters={**block.parameters, "weights": weights})],
        np.column_stack([plain.endowment, [1.0, 2.0]]),
    )
    found = search(with_waste, 30)
    assert [(each.index, each.stable, each.prices[2]) for each in found.found] == [
        (1, True, 0.0), (-1, False, 0.0), (1, True, 0.0),
    ]  # fmt: skip


@settings(max_examples=12 * SOAK)
@given(economies(families=lambda family, money: family.name in ("log", "log1p", "cobb_douglas")))
def test_random_equilibria_clear_and_their_indices_sum_to_one(primitives):
    """log, log1p and Cobb-Douglas: gross substitutes or nearly so, one equilibrium in all of these."""
    found = search(primitives, 6)
    for each in found.found:
        at = evaluate_prices(primitives, each.prices, (each.consumption, each.production))
        assert at is not None
        assert at.residual <= 1e-9
    isolated = all(each.isolated for each in found.found)
    trivial = primitives.money is not Money.EXCHANGE and not (primitives.bliss > 0).any()
    assert found.index_sum == 1 or not isolated or trivial
