"""Claims about every registered technology, on random parameters, prices and inputs."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.strategies import technology_parameters
from hypothesis import assume, given
from hypothesis import strategies as st

from market.economy.families.technologies import TECHNOLOGIES
from market.errors import UnboundedDemandError

AGENTS, GOODS = 3, 4
every_technology = pytest.mark.parametrize("family", list(TECHNOLOGIES), ids=lambda family: family.name)
price_vectors = st.lists(st.floats(0.1, 8.0), min_size=GOODS, max_size=GOODS).map(np.array)
amounts = st.lists(st.floats(0.05, 5.0), min_size=AGENTS * GOODS, max_size=AGENTS * GOODS).map(
    lambda values: np.array(values).reshape(AGENTS, GOODS)
)


def allowed(family, z, taken):
    """Return netputs with inputs z and all the output that these give, (agents, goods)."""
    if family.name == "activity":
        return z[:, :1] * taken["netput"]
    inputs = np.where(family.uses(**taken), z, 0.0)
    rest = {name: values for name, values in taken.items() if name != "output"}
    return family.production(inputs, **rest)[:, None] * taken["output"] - inputs


def at_zero_profit(family, p, taken):
    """Return prices at which the output of each agent is sold at cost, (agents, goods)."""
    ratio = family.cost_ratio(p, **taken)
    return np.where(family.makes(**taken) & np.isfinite(ratio)[:, None], p * np.nan_to_num(ratio)[:, None], p)


@every_technology
@given(data=st.data(), p=price_vectors, z=amounts)
def test_no_feasible_netput_pays_more_than_supply(family, data, p, z):
    taken = data.draw(technology_parameters(family, AGENTS, GOODS))
    own = at_zero_profit(family, p, taken)
    for i in range(AGENTS):
        one = {name: values[i : i + 1] for name, values in taken.items()}
        answer = family.netput(own[i], **one)
        assert np.isfinite(answer.highest).all()  # no profit without bound at cost
        profit = float(answer.lowest[0] @ own[i])
        tried = allowed(family, z[i : i + 1], one)[0]
        assert tried @ own[i] <= profit + 1e-9 * (np.abs(tried) @ own[i] + abs(profit))
        if answer.joint is not None:
            level = answer.joint.direction[0]
            assert abs(level @ own[i]) <= 1e-11 * (np.abs(level) @ own[i])


@every_technology
@given(data=st.data(), p=price_vectors)
def test_supply_and_its_rays_are_on_the_frontier(family, data, p):
    taken = data.draw(technology_parameters(family, AGENTS, GOODS))
    own = at_zero_profit(family, p, taken)
    for i in range(AGENTS):
        one = {name: values[i : i + 1] for name, values in taken.items()}
        answer = family.netput(own[i], **one)
        ray = np.zeros_like(answer.lowest) if answer.joint is None else answer.joint.direction
        for y in (answer.lowest, answer.lowest + 2.5 * ray):
            assert abs(family.slack(y, **one)[0]) <= 1e-9
        more = answer.lowest + 2.5 * ray
        if (more > 0).any():
            assert family.slack(np.where(more > 0, 1.01 * more, more), **one)[0] < -1e-4
            assert family.slack(np.where(more > 0, 0.99 * more, more), **one)[0] > 1e-4


@every_technology
@given(data=st.data(), p=price_vectors)
def test_supply_satisfies_its_conditions_on_prices(family, data, p):
    taken = data.draw(technology_parameters(family, AGENTS, GOODS))
    own = at_zero_profit(family, p, taken)
    for i in range(AGENTS):
        one = {name: values[i : i + 1] for name, values in taken.items()}
        answer = family.netput(own[i], **one)
        y = answer.lowest + (0.0 if answer.joint is None else answer.joint.direction)
        held = family.conditions(y, **one)
        left = held.rows @ own[i]
        size = np.abs(held.rows) @ own[i]
        assert (left <= 1e-9 * size).all()
        assert (np.abs(left[held.binding]) <= 1e-9 * size[held.binding]).all()


@every_technology
@given(data=st.data(), p=price_vectors, factor=st.floats(0.2, 5.0))
def test_supply_does_not_depend_on_the_unit_of_account(family, data, p, factor):
    taken = data.draw(technology_parameters(family, AGENTS, GOODS))
    one, other = family.netput(p, **taken), family.netput(factor * p, **taken)
    np.testing.assert_allclose(other.lowest, one.lowest, rtol=1e-9, atol=1e-12)


@every_technology
@given(data=st.data())
def test_a_free_input_is_wanted_without_bound(family, data):
    taken = data.draw(technology_parameters(family, 1, GOODS))
    used = np.flatnonzero(family.uses(**taken)[0])
    assume(len(used))
    p = np.ones(GOODS)
    p[used[0]] = 0.0
    if family.name == "activity":  # proportions are fixed, so more of a free input alone does not help
        family.netput(p, **taken)
        return
    with pytest.raises(UnboundedDemandError):
        family.netput(p, **taken)


@every_technology
@given(data=st.data(), p=price_vectors, z=amounts)
def test_solver_and_arrays_agree_on_production(family, data, p, z):
    """The most output from given inputs, by the solver and by hand."""
    import cvxpy

    taken = data.draw(technology_parameters(family, AGENTS, GOODS))
    y = cvxpy.Variable((AGENTS, GOODS))
    made = family.makes(**taken)
    best = allowed(family, z, taken)
    held = [y[~made] >= best[~made]] if (~made).any() else []
    outputs = cvxpy.sum(cvxpy.multiply(made, y))
    problem = cvxpy.Problem(cvxpy.Maximize(outputs), [*family.convex(y, **taken), *held])
    problem.solve(solver=cvxpy.CLARABEL)
    assert outputs.value == pytest.approx((best * made).sum(), rel=1e-5, abs=1e-6)
