"""Units: measuring goods, utility or money otherwise changes no decision, from 1e-9 to 1e9."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.strategies import SOAK, concave_with_money, parameters
from helpers.transformations import IN_OTHER_UNITS, TIMES
from hypothesis import given, settings
from hypothesis import strategies as st

from market.economy.families.utilities import UTILITIES

AGENTS, GOODS = 3, 3
factors = st.integers(-9, 9).map(lambda power: 10.0**power)
good_factors = st.lists(factors, min_size=GOODS, max_size=GOODS).map(np.array)
price_vectors = st.lists(st.floats(0.1, 8.0), min_size=GOODS, max_size=GOODS).map(np.array)
incomes = st.lists(st.floats(0.5, 20.0), min_size=AGENTS, max_size=AGENTS).map(np.array)
some = settings(max_examples=40 * SOAK)


def drawn(data, family):
    taken = concave_with_money(family, data.draw(parameters(family, AGENTS, GOODS)))
    if "elasticity" in taken:  # with weights that sum to one u is a mean; else near 1 it is 1e300 or 0
        total = taken["weights"].sum(axis=1, keepdims=True)
        taken["weights"] = taken["weights"] / np.where(total > 0, total, 1.0)
        taken["elasticity"] = np.where(np.abs(taken["elasticity"] - 1) < 0.1, 2.0, taken["elasticity"])
    return taken


@pytest.mark.parametrize("name", list(IN_OTHER_UNITS))
@some
@given(data=st.data(), p=price_vectors, b=incomes, c=good_factors, money=factors)
def test_units_of_goods_do_not_change_purchases(name, data, p, b, c, money):
    family = UTILITIES[name]
    taken = drawn(data, family)
    if name == "separable":
        taken["log1p_weight"] = np.zeros((AGENTS, GOODS))
    other = taken | IN_OTHER_UNITS[name](taken, c)
    before, after = (
        family.budget_demand(p, b, **taken),
        family.budget_demand(money * p / c, money * b, **other),
    )
    for one, two in zip(before.bounds, after.bounds, strict=True):
        np.testing.assert_allclose(two / c, one, rtol=1e-9, atol=1e-9)
    assert (before.joint is None) == (after.joint is None)
    if name in ("cobb_douglas", "linear", "leontief", "ces"):
        return  # u is another function now, or a tie is decided by rounding
    np.testing.assert_allclose(
        family.quasilinear_demand(p / c, **other).lowest / c,
        family.quasilinear_demand(p, **taken).lowest,
        rtol=1e-9,
        atol=1e-9,
    )


@pytest.mark.parametrize("name", [name for name in UTILITIES.names if name != "cobb_douglas"])
@some
@given(data=st.data(), p=price_vectors, b=incomes, c=factors)
def test_units_of_utility_and_money_do_not_change_purchases(name, data, p, b, c):
    """Under quasilinear money both change together; under a budget the unit of utility does not matter."""
    family = UTILITIES[name]
    taken = drawn(data, family)
    other = taken | TIMES[name](taken, c)
    np.testing.assert_allclose(
        family.quasilinear_demand(c * p, **other).lowest,
        family.quasilinear_demand(p, **taken).lowest,
        rtol=1e-9,
        atol=1e-9,
    )
    before, after = family.budget_demand(p, b, **taken), family.budget_demand(p, b, **other)
    for one, two in zip(before.bounds, after.bounds, strict=True):
        np.testing.assert_allclose(two, one, rtol=1e-9, atol=1e-9)


@pytest.mark.parametrize("name", ["log1p", "quadratic", "separable"])
@pytest.mark.parametrize("seed", range(5))
def test_budgets_are_spent_exactly_at_extreme_prices_and_weights(name, seed):
    """Spending is exact, and money worth the same in all that is bought, but where slopes are rounding."""
    rng = np.random.default_rng(seed)
    shape = (200, 4)
    p, b = 10.0 ** rng.uniform(-9, 9, 4), 10.0 ** rng.uniform(-9, 9, 200)
    weights = 10.0 ** rng.uniform(-6, 6, shape)
    family = UTILITIES[name]
    taken = {key: np.full(shape, parameter.absent) for key, parameter in family.parameters.items()}
    taken |= {
        "log1p": {"weights": weights},
        "quadratic": {"weights": weights, "slope": 10.0 ** rng.uniform(-6, 6, shape)},
        "separable": {"quadratic_weight": weights, "log_weight": weights * (rng.random(shape) < 0.3)},
    }[name]
    ends = weights if name == "separable" else family.bliss(**taken)  # of the quadratic part
    x, bliss = family.budget_demand(p, b, **taken).lowest, family.bliss(**taken)
    satiated = (x >= bliss * (1 - 1e-12)).all(axis=1)
    np.testing.assert_allclose((x @ p)[~satiated], b[~satiated], rtol=1e-12)
    assert ((x @ p) <= b * (1 + 1e-12)).all()
    full = np.isfinite(ends) & (x > 0.99 * ends)
    worth = np.where(full, 0.0, family.marginal(x, **taken) / p)
    best = worth.max(axis=1, keepdims=True)
    tiny = 1e-6 * np.where(np.isfinite(ends), ends, 1.0)
    bought = (x > tiny) & ~full
    np.testing.assert_allclose(worth[bought], np.broadcast_to(best, shape)[bought], rtol=1e-9)
