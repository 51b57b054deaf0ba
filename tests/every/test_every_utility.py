"""What every registered utility family promises, on random parameters and bundles."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.optimize import minimize
from strategies import concave_with_money, parameters

from market.errors import UnboundedDemandError
from market.utilities import UTILITIES

AGENTS, GOODS = 3, 3
every_utility = pytest.mark.parametrize("family", list(UTILITIES), ids=lambda family: family.name)
amounts = st.lists(st.floats(0.1, 8.0), min_size=AGENTS * GOODS, max_size=AGENTS * GOODS).map(
    lambda values: np.array(values).reshape(AGENTS, GOODS)
)
price_vectors = st.lists(st.floats(0.1, 8.0), min_size=GOODS, max_size=GOODS).map(np.array)
incomes = st.lists(st.floats(0.5, 20.0), min_size=AGENTS, max_size=AGENTS).map(np.array)


@every_utility
@given(data=st.data(), x=amounts)
def test_marginals_are_the_slopes_of_the_value(family, data, x):
    taken = data.draw(parameters(family, AGENTS, GOODS))
    step = 1e-5
    for g in range(GOODS):
        above, below = x.copy(), x.copy()
        above[:, g] *= 1 + step
        below[:, g] *= 1 - step
        slope = (family.value(above, **taken) - family.value(below, **taken)) / (2 * step * x[:, g])
        size = np.abs(family.value(x, **taken)) / x[:, g] + np.abs(slope)
        assert (np.abs(family.marginal(x, **taken)[:, g] - slope) <= 1e-6 * size + 1e-9).all()


@every_utility
@given(data=st.data(), x=amounts)
def test_the_slopes_of_the_concave_transform_are_proportional_to_marginal_utility(family, data, x):
    taken = data.draw(parameters(family, AGENTS, GOODS))
    step = 1e-5
    slopes = family.concave_marginal(x, **taken)
    for g in range(GOODS):
        above, below = x.copy(), x.copy()
        above[:, g] *= 1 + step
        below[:, g] *= 1 - step
        slope = (family.concave_value(above, **taken) - family.concave_value(below, **taken)) / (
            2 * step * x[:, g]
        )
        size = np.abs(family.concave_value(x, **taken)) / x[:, g] + np.abs(slope)
        assert (np.abs(slopes[:, g] - slope) <= 1e-6 * size + 1e-9).all()


@every_utility
@given(data=st.data(), p=price_vectors, other=amounts)
def test_no_bundle_beats_the_demand_when_money_is_quasilinear(family, data, p, other):
    taken = concave_with_money(family, data.draw(parameters(family, AGENTS, GOODS)))
    best = family.quasilinear_demand(p, **taken).lowest
    value = family.value(best, **taken) - best @ p
    for bundle in (other, best * (1 + 1e-3), best * 0.999, np.zeros_like(best), 0.5 * (best + other)):
        assert (family.value(bundle, **taken) - bundle @ p <= value + 1e-9 * (1 + np.abs(value))).all()


@every_utility
@given(data=st.data(), p=price_vectors, b=incomes, other=amounts)
def test_no_affordable_bundle_beats_the_demand_of_a_budget(family, data, p, b, other):
    taken = data.draw(parameters(family, AGENTS, GOODS))
    best = family.budget_demand(p, b, **taken).lowest
    assert (best @ p <= b * (1 + 1e-12)).all()
    value = family.value(best, **taken)
    for bundle in (other, 0.9 * best + 0.1 * other, best + 0.01):
        affordable = bundle * (b / (bundle @ p))[:, None]
        reached = family.value(affordable, **taken)
        assert (reached <= value + 1e-9 * (1 + np.abs(value))).all()


@every_utility
@given(data=st.data(), p=price_vectors, b=incomes)
def test_demand_meets_an_independent_maximiser(family, data, p, b):
    """Against scipy's SLSQP, which knows nothing of the closed forms."""
    taken = concave_with_money(family, data.draw(parameters(family, 1, GOODS)))
    b = b[:1]
    best = family.budget_demand(p, b, **taken).lowest
    found = minimize(
        lambda x: -family.concave_value(np.maximum(x, 1e-12)[None, :], **taken)[0],
        np.full(GOODS, b[0] / p.sum() / 2),
        bounds=[(1e-9, None)] * GOODS,
        constraints={"type": "ineq", "fun": lambda x: b[0] - x @ p},
        method="SLSQP",
        options={"ftol": 1e-12, "maxiter": 300},
    )
    reached = family.concave_value(np.maximum(found.x, 1e-12)[None, :], **taken)[0]
    ours = family.concave_value(best, **taken)[0]
    assert ours >= reached - 1e-6 * (1 + abs(reached))
    if found.success:
        assert reached >= ours - 1e-4 * (1 + abs(ours))


@every_utility
@given(data=st.data(), p=price_vectors, b=incomes, scale=st.floats(1e-6, 1e6))
def test_only_relative_prices_matter_to_a_budget(family, data, p, b, scale):
    taken = data.draw(parameters(family, AGENTS, GOODS))
    one, other = family.budget_demand(p, b, **taken), family.budget_demand(scale * p, scale * b, **taken)
    np.testing.assert_allclose(other.lowest, one.lowest, rtol=1e-9, atol=1e-12)


@every_utility
@given(data=st.data(), p=price_vectors, b=incomes)
def test_a_budget_is_spent_by_whoever_is_never_satiated(family, data, p, b):
    taken = data.draw(parameters(family, AGENTS, GOODS))
    wants = np.isinf(family.bliss(**taken)).any(axis=1)
    spent = family.budget_demand(p, b, **taken).lowest @ p
    np.testing.assert_allclose(spent[wants], b[wants], rtol=1e-9)
    assert (spent[~(family.bliss(**taken) > 0).any(axis=1)] == 0).all()


@every_utility
def test_without_income_nothing_is_bought(family):
    taken = {
        name: np.ones((1, 2)) if p.axis == "good" else np.ones(1) for name, p in family.parameters.items()
    }
    assert (family.budget_demand(np.array([1.0, 2.0]), np.zeros(1), **taken).lowest == 0).all()


@every_utility
def test_a_free_good_that_is_wanted_has_no_largest_bundle_and_an_unwanted_one_is_not_taken(family):
    taken = {
        name: np.array([[0.5, 0.0]]) if p.axis == "good" else np.ones(1)
        for name, p in family.parameters.items()
    }
    with pytest.raises(UnboundedDemandError) as caught:
        family.budget_demand(np.array([0.0, 1.0]), np.ones(1), **taken)
    assert caught.value.goods == (0,)
    with pytest.raises(UnboundedDemandError):
        family.quasilinear_demand(np.array([0.0, 1.0]), **taken)
    assert family.quasilinear_demand(np.array([1.0, 0.0]), **taken).lowest[0, 1] == 0


@every_utility
@given(data=st.data(), x=amounts, y=amounts, share=st.floats(0.0, 1.0))
def test_the_concave_transform_is_concave_and_orders_bundles_as_utility_does(family, data, x, y, share):
    taken = data.draw(parameters(family, AGENTS, GOODS))
    middle = family.concave_value(share * x + (1 - share) * y, **taken)
    ends = share * family.concave_value(x, **taken) + (1 - share) * family.concave_value(y, **taken)
    assert (middle >= ends - 1e-9 * (1 + np.abs(ends))).all()
    stated = family.value(x, **taken) - family.value(y, **taken)
    ordinal = family.concave_value(x, **taken) - family.concave_value(y, **taken)
    clear = np.abs(stated) > 1e-9 * (1 + np.abs(family.value(x, **taken)))
    assert (np.sign(stated[clear]) == np.sign(ordinal[clear])).all()


@every_utility
@given(data=st.data(), x=amounts)
def test_the_solver_sees_the_same_utility(family, data, x):
    """The cvxpy expressions, evaluated at a point, are the numpy functions."""
    import cvxpy

    taken = concave_with_money(family, data.draw(parameters(family, AGENTS, GOODS)))
    variable = cvxpy.Variable(x.shape, nonneg=True)
    variable.value = x
    ordinal = family.concave(variable, **taken)
    np.testing.assert_allclose(ordinal.value, family.concave_value(x, **taken), rtol=1e-9, atol=1e-12)
    assert ordinal.is_concave()


@every_utility
def test_the_solver_finds_the_stated_utility_of_a_fixed_bundle(family):
    import cvxpy

    shape = (2, 2)
    taken = {
        name: np.array([[0.3, 0.5], [0.0, 0.4]]) if p.axis == "good" else np.ones(2)
        for name, p in family.parameters.items()
    }
    x = np.array([[1.5, 0.7], [2.0, 3.0]])
    variable = cvxpy.Variable(shape, nonneg=True)
    stated, constraints = family.stated(variable, **taken)
    problem = cvxpy.Problem(cvxpy.Maximize(cvxpy.sum(stated)), [*constraints, variable <= x])
    problem.solve(solver=cvxpy.CLARABEL)
    assert problem.value == pytest.approx(family.value(x, **taken).sum(), rel=1e-5)
