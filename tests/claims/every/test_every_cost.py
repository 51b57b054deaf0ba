"""Claims about every registered cost family, on random parameters, outputs and prices."""

from __future__ import annotations

import warnings

import numpy as np
import pytest
from helpers.strategies import parameters, step_ends
from hypothesis import given, settings
from hypothesis import strategies as st

from market.economy.families.costs import COSTS

AGENTS, GOODS = 3, 2
every_cost = pytest.mark.parametrize("family", list(COSTS), ids=lambda family: family.name)
price_vectors = st.lists(st.floats(0.1, 8.0), min_size=GOODS, max_size=GOODS).map(np.array)
shares = st.lists(st.floats(0.0, 1.0), min_size=AGENTS * GOODS, max_size=AGENTS * GOODS).map(
    lambda values: np.array(values).reshape(AGENTS, GOODS)
)


def profit(family, p, y, taken):
    return y @ p - family.value(y, **taken)


@every_cost
@given(data=st.data(), p=price_vectors, share=shares)
def test_no_output_beats_the_supply(family, data, p, share):
    taken = data.draw(parameters(family, AGENTS, GOODS))
    best = family.supply(p, **taken)
    bounded = np.isfinite(best.lowest).all(axis=1)
    other = share * np.minimum(family.limit(**taken), 10.0)
    with np.errstate(invalid="ignore"):
        ours = profit(family, p, np.where(bounded[:, None], best.lowest, 0.0), taken)
    theirs = profit(family, p, other, taken)
    assert (theirs[bounded] <= ours[bounded] + 1e-9 * (1 + np.abs(ours[bounded]))).all()


@every_cost
@given(data=st.data(), share=shares, t=st.floats(0.0, 1.0))
def test_outputs_at_an_indifference_price_pay_equally(family, data, share, t):
    taken = data.draw(parameters(family, AGENTS, GOODS))
    kinks = family.indifference_prices(**taken).reshape(AGENTS, GOODS, -1)  # one of a good, or of each step
    for i, g, k in np.argwhere(np.isfinite(kinks)):
        p = np.full(GOODS, 0.01)
        p[g] = kinks[i, g, k]
        answer = family.supply(p, **taken)
        assert answer.lowest[i, g] < answer.highest[i, g]
        low, some = answer.lowest.copy(), answer.lowest.copy()
        some[i, g] += t * min(answer.highest[i, g] - low[i, g], 3.0)
        ours, theirs = profit(family, p, low, taken)[i], profit(family, p, some, taken)[i]
        assert theirs == pytest.approx(ours, abs=1e-12)


@every_cost
@given(data=st.data(), share=shares)
def test_marginal_cost_is_the_slope_of_cost(family, data, share):
    taken = data.draw(parameters(family, AGENTS, GOODS))
    y = 0.1 + 0.8 * share * np.minimum(family.limit(**taken), 5.0)
    y = np.minimum(y, 0.9 * family.limit(**taken))
    for g in range(GOODS):
        step = 1e-5 * np.maximum(y[:, g], 1e-3) * (family.limit(**taken)[:, g] > 0)
        above, below = y.copy(), y.copy()
        above[:, g] += step
        below[:, g] = np.maximum(below[:, g] - step, 0.0)
        inside = (step > 0) & (above <= family.limit(**taken)).all(axis=1)
        if (ends := step_ends(taken)) is not None:  # there the slope jumps
            inside &= (np.abs(y[:, g, None] - ends[:, g]) > 2 * step[:, None]).all(axis=1)
        width = above[:, g] - below[:, g]
        slope = (family.value(above, **taken) - family.value(below, **taken))[inside] / width[inside]
        np.testing.assert_allclose(family.marginal(y, **taken)[inside, g], slope, rtol=1e-4, atol=1e-4)


@every_cost
@given(data=st.data(), p=price_vectors, q=price_vectors)
def test_supply_never_falls_as_the_price_rises(family, data, p, q):
    taken = data.draw(parameters(family, AGENTS, GOODS))
    low, high = np.minimum(p, q), np.maximum(p, q)
    assert (family.supply(low, **taken).highest <= family.supply(high, **taken).highest).all()


@every_cost
def test_goods_without_unit_cost_cannot_be_made(family):
    taken = {
        name: np.zeros((1, 2, 1, 2))
        if parameter.axis == "steps"
        else np.full((1, 2), 1.0 if parameter.absent is None else parameter.absent)
        for name, parameter in family.parameters.items()
    }
    assert (family.limit(**taken) == 0).all()
    assert (family.supply(np.array([1e9, 1e9]), **taken).highest == 0).all()
    assert np.isinf(family.value(np.array([[1.0, 0.0]]), **taken)).all()


@every_cost
@settings(max_examples=10)
@given(data=st.data(), share=shares)
def test_solver_and_arrays_agree_on_cost(family, data, share):
    import cvxpy

    taken = data.draw(parameters(family, AGENTS, GOODS))
    y = share * np.minimum(family.limit(**taken), 5.0)
    variable = cvxpy.Variable(y.shape, nonneg=True)
    seen, constraints = family.convex(variable, **taken)
    assert seen.is_convex()
    problem = cvxpy.Problem(cvxpy.Minimize(cvxpy.sum(seen)), [*constraints, variable >= y])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "may be inaccurate": the next line says whether it is
        problem.solve(solver=cvxpy.CLARABEL)
    np.testing.assert_allclose(seen.value, family.value(y, **taken), rtol=1e-5, atol=1e-5)
