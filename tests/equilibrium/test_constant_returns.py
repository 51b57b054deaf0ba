"""All equilibria of economies with constant returns: index and stability along prices that follow costs."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from helpers.technologies import CHAIN, activity, economy, wants
from scipy import optimize

import market
from market.equilibrium import search
from market.equilibrium.activities import linearise
from market.equilibrium.clearing import evaluate_prices
from market.equilibrium.constant_returns import ConstantReturns
from market.equilibrium.regularity import COULD_ENTER, INDIFFERENT


def built(text):
    return market.build(market.loads(text))


def crra(**weights):
    inner = ", ".join(f"{good} = {weight}" for good, weight in weights.items())
    return f'utility = {{ family = "crra", weights = {{ {inner} }}, risk_aversion = 5.0 }}'


def pressed(share):
    """Kehoe's two consumers of 1991 want juices; each juice is pressed of both fruits, mostly of its own.

    The more of the other fruit goes into each juice the better one fruit can replace the other, and the fewer
    equilibria there are.
    """
    juice = (
        'technology = {{ family = "cobb_douglas", output = "{}", scale = 1.0, '
        "shares = {{ apples = {}, pears = {} }} }}"
    )
    return economy(
        ["apples", "pears", "cider", "perry"],
        ("apple farmer", "endowment = { apples = 12.0, pears = 1.0 }\n" + crra(cider=1024.0, perry=1.0)),
        ("pear farmer", "endowment = { apples = 1.0, pears = 12.0 }\n" + crra(cider=1.0, perry=1024.0)),
        ("cider press", juice.format("cider", share, 1.0 - share)),
        ("perry press", juice.format("perry", 1.0 - share, share)),
    )


def lacking_apples(q, share):
    """Excess demand for apples at prices (q, 1), presses being paid their costs, from formulas alone."""
    cost = [
        (q / s) ** s * (1.0 / (1.0 - s)) ** (1.0 - s) for s in (share, 1.0 - share)
    ]  # of a unit of cider, perry
    apples = -13.0
    for a, income in (((1024.0, 1.0), 12.0 * q + 1.0), ((1.0, 1024.0), q + 12.0)):
        parts = [a[k] ** 0.2 * cost[k] ** 0.8 for k in (0, 1)]
        for k, s in enumerate((share, 1.0 - share)):
            apples += s * income * parts[k] / sum(parts) / q
    return apples


@pytest.mark.parametrize("share", [0.999, 0.995, 0.98])
def test_factor_prices_are_the_roots_of_the_formula_and_the_index_is_the_sign_of_its_slope(share):
    grid = np.exp(np.linspace(-4.0, 4.0, 2001))
    values = np.array([lacking_apples(q, share) for q in grid])
    roots = [
        optimize.brentq(lacking_apples, grid[k], grid[k + 1], args=(share,), xtol=1e-14)
        for k in np.flatnonzero(values[:-1] * values[1:] < 0)
    ]
    roots = sorted({round(root, 10) for root in [*roots, 1.0]})
    signs = [
        -int(np.sign(lacking_apples(q * 1.0001, share) - lacking_apples(q / 1.0001, share))) for q in roots
    ]
    found = search(built(pressed(share)), 24)
    np.testing.assert_allclose([e.prices[0] / e.prices[1] for e in found.found], roots, rtol=1e-8)
    assert [e.index for e in found.found] == signs
    assert [e.stable for e in found.found] == [sign == 1 for sign in signs]
    assert found.index_sum == 1
    assert len(roots) == (3 if share > 0.99 else 1)


def bordered(text, at):
    """The sign of Kehoe's bordered determinant, slopes by plain differences of demand, good 0 left out."""
    economy = built(text)
    goods = len(economy.goods)
    constant = ConstantReturns(economy)
    used = at.production[constant.rows]

    def consumed_less_made(p):
        """Demand less netputs at fixed levels; profits of constant returns are no income."""
        supply = constant.set_idle(economy.supply(p))
        scales = np.abs(used).max(axis=1) / np.abs(constant.units(at.prices)).max(axis=1)
        made = (scales[:, None] * constant.units(p)).sum(axis=0)
        return economy.demand(p, supply).lowest.sum(axis=0) - made

    h = 1e-6
    slopes = np.empty((goods, goods))
    for g in range(goods):
        ahead, behind = at.prices.copy(), at.prices.copy()
        ahead[g], behind[g] = ahead[g] + h, behind[g] - h
        slopes[:, g] = (consumed_less_made(ahead) - consumed_less_made(behind)) / (2 * h)
    b = constant.units(at.prices).T[1:]
    matrix = np.block([[-slopes[1:, 1:], b], [-b.T, np.zeros((b.shape[1], b.shape[1]))]])
    return int(np.sign(np.linalg.det(matrix)))


@pytest.mark.parametrize("share", [0.995, 0.98])
def test_the_index_is_the_sign_of_kehoes_bordered_determinant(share):
    text = pressed(share)
    for each in search(built(text), 10).found:
        assert each.index == bordered(text, each)


def test_copying_goods_changes_no_equilibrium():
    """Demand for copies of apples, each made of one apple, has the equilibria of demand for apples."""
    plain = market.load("scenarios/three_equilibria.toml")
    copies = economy(
        ["apples", "pears", "copies"],
        ("apple farmer", "endowment = { apples = 12.0, pears = 1.0 }\n" + crra(copies=1024.0, pears=1.0)),
        ("pear farmer", "endowment = { apples = 1.0, pears = 12.0 }\n" + crra(copies=1.0, pears=1024.0)),
        ("copier", activity(copies=1.0, apples=-1.0)),
    )
    usual, copied = search(market.build(plain), 15), search(built(copies), 15)
    assert [e.index for e in copied.found] == [e.index for e in usual.found] == [1, -1, 1]
    assert [e.stable for e in copied.found] == [True, False, True]
    ratios = [[e.prices[0] / e.prices[1] for e in found.found] for found in (usual, copied)]
    np.testing.assert_allclose(*ratios, rtol=1e-9)
    np.testing.assert_allclose([e.prices[2] for e in copied.found], [e.prices[0] for e in copied.found])


def test_where_costs_alone_fix_all_prices_the_index_is_one():
    [only] = search(built(CHAIN), 8).found
    assert (only.index, only.stable, only.no_index) == (1, True, None)


TWINS = (
    ("household", "endowment = { labour = 10.0 }\n" + wants(bread=0.5, labour=0.5)),
    ("bakery", activity(bread=1.0, labour=-2.0)),
    ("twin", activity(bread=3.0, labour=-6.0)),
)


def test_twin_bakers_have_one_price_and_indeterminate_output():
    [only] = search(built(economy(["bread", "labour"], *TWINS)), 8).found
    assert (only.index, only.stable, only.isolated) == (1, True, True)
    assert only.prices[0] / only.prices[1] == pytest.approx(2.0, rel=1e-12)


def test_an_idle_producer_that_breaks_even_leaves_no_index():
    """10 loaves and 10 hours, wanted alike: both cost the same, and a loaf can be baked in one hour."""
    even = economy(
        ["bread", "labour"],
        ("household", "endowment = { bread = 10.0, labour = 10.0 }\n" + wants(bread=0.5, labour=0.5)),
        ("bakery", activity(bread=1.0, labour=-1.0)),
    )
    [only] = search(built(even), 8).found
    assert (only.index, only.stable, only.no_index) == (0, None, COULD_ENTER)


def test_indifferent_consumers_leave_no_index():
    """A loaf can be baked in two hours, and two hours are worth as much as a loaf to those who own them."""
    text = economy(
        ["bread", "labour"],
        (
            "household",
            "endowment = { labour = 10.0 }\n"
            'utility = { family = "linear", weights = { bread = 2.0, labour = 1.0 } }',
        ),
        ("bakery", activity(bread=1.0, labour=-2.0)),
    )
    for each in search(built(text), 4).found:
        assert (each.index, each.stable, each.no_index) == (0, None, INDIFFERENT)


def test_a_continuum_of_relative_prices_is_found_once():
    """Two who do not trade with each other, each with its own baker: prices between them are free."""
    text = economy(
        ["bread", "labour", "cake", "honey"],
        ("one", "endowment = { labour = 10.0 }\n" + wants(bread=0.5, labour=0.5)),
        ("other", "endowment = { honey = 10.0 }\n" + wants(cake=0.5, honey=0.5)),
        ("bakery", activity(bread=1.0, labour=-2.0)),
        ("confectioner", activity(cake=1.0, honey=-3.0)),
    )
    [only] = search(built(text), 5).found
    assert (only.isolated, only.index, only.no_index is None) == (False, 0, False)


def test_the_unit_of_a_good_changes_neither_index_nor_what_is_found():
    """Fruits counted in other units: endowments times c, scales times c^-1 for each unit of input."""
    text = pressed(0.995)
    plain = built(text)
    c = np.array([1e6, 1.0, 1.0, 1.0])
    [block] = plain.technologies
    given = {
        **block.parameters,
        "scale": block.parameters["scale"] * c[0] ** -block.parameters["shares"][:, 0],
    }
    other = dataclasses.replace(
        plain, endowment=plain.endowment * c, technologies=(dataclasses.replace(block, parameters=given),)
    )
    usual, changed = search(plain, 24), search(other, 25)
    assert [e.index for e in changed.found] == [e.index for e in usual.found] == [1, -1, 1]
    for one, two in zip(changed.found, usual.found, strict=True):
        values = one.prices * c
        np.testing.assert_allclose(values / values.sum(), two.prices, rtol=1e-8)


def test_slopes_hold_levels_still():
    """At fixed levels the value of excess demand changes with prices by -sum z, Walras' law of consumers."""
    plain = built(pressed(0.995))
    [first, *_] = search(plain, 2).found
    at = evaluate_prices(plain, first.prices, (first.consumption, first.production))
    there = linearise(plain, at)
    np.testing.assert_allclose(there.slopes.sum(axis=1), 0.0, atol=1e-7 * there.worth.max())  # homogeneity
    assert there.active.shape == (4, 2)
    np.testing.assert_allclose(there.active.sum(axis=0), 0.0, atol=1e-12)  # no profits
