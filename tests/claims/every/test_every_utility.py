"""Claims about every registered utility family, on random parameters and bundles."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.demand_properties import homothetic, substitutes_with_money
from helpers.strategies import concave_with_money, ones, parameters, step_ends, tamed, wanting_nothing
from hypothesis import assume, given, reject, settings
from hypothesis import strategies as st
from scipy.optimize import minimize

from market.economy.families.utilities import UTILITIES
from market.errors import UnboundedDemandError
from market.tolerances import TIED

AGENTS, GOODS = 3, 3
SIZE = AGENTS * GOODS
every_utility = pytest.mark.parametrize("family", list(UTILITIES), ids=lambda family: family.name)
amounts = st.lists(st.floats(0.1, 8.0), min_size=SIZE, max_size=SIZE).map(
    lambda values: np.array(values).reshape(AGENTS, GOODS)
)
price_vectors = st.lists(st.floats(0.1, 8.0), min_size=GOODS, max_size=GOODS).map(np.array)
incomes = st.lists(st.floats(0.5, 20.0), min_size=AGENTS, max_size=AGENTS).map(np.array)
shares = st.lists(st.floats(0.0, 1.0), min_size=SIZE, max_size=SIZE).map(
    lambda values: np.array(values).reshape(AGENTS, GOODS)
)


def drawn(data, family, agents=AGENTS):
    """Draw parameters of agents, with u(x) - p.x bounded at some prices."""
    return concave_with_money(family, data.draw(parameters(family, agents, GOODS)))


def no_better(reached, value, spent=0.0) -> bool:
    """Return True if the first utilities exceed the second by no more than rounding.

    Net of money `spent` they may differ by `TIED` of it: u = x + log x at p = 1 has no best x, and demand is
    the x from which a unit more adds less than that.
    """
    finite = np.isfinite(reached) & np.isfinite(value)
    slack = 1e-9 * (1 + np.abs(np.where(finite, value, 0.0))) + TIED * spent
    with np.errstate(invalid="ignore"):
        return bool((np.isneginf(reached) | (reached <= value + slack)).all())


def members(answer, p, shares):
    """Return a bundle of each agent's set, by shares of the way up, or of 7 steps along its ray."""
    room = np.where(answer.highest > answer.lowest, np.minimum(answer.highest, answer.lowest + 7.0), 0.0)
    room = np.maximum(room - np.where(np.isfinite(answer.lowest), answer.lowest, 0.0), 0.0)
    bundle = answer.lowest + shares * room
    if answer.joint is None:
        return bundle
    least, most, direction = answer.joint
    along = (direction > 0).any(axis=1)
    bundle = np.where(along[:, None], answer.lowest + 7.0 * shares[:, :1] * direction, bundle)
    spent = np.isfinite(most)
    np.testing.assert_array_equal(least[spent], most[spent])
    weights = shares * (answer.highest > answer.lowest) + 1e-9 * (answer.highest > answer.lowest)
    rest = np.where(spent, np.where(spent, most, 0.0) - np.where(spent[:, None], answer.lowest, 0.0) @ p, 0.0)
    total = np.where(spent, weights.sum(axis=1), 1.0)
    bought = answer.lowest + weights / total[:, None] * rest[:, None] / p
    return np.where(spent[:, None], bought, bundle)


def slopes_by_differences(value, x):
    """Return central differences of a function of bundles, and the size of the numbers subtracted."""
    slopes, size = np.zeros_like(x), np.zeros_like(x)
    for g in range(x.shape[1]):
        above, below = x.copy(), x.copy()
        above[:, g] *= 1 + 1e-5
        below[:, g] *= 1 - 1e-5
        high, low = value(above), value(below)
        finite = np.isfinite(high) & np.isfinite(low)
        slopes[:, g] = np.where(finite, np.where(finite, high, 0) - np.where(finite, low, 0), np.nan)
        slopes[:, g] /= 2e-5 * x[:, g]
        size[:, g] = np.abs(np.where(finite, high, 0.0)) / x[:, g] + np.abs(np.where(finite, slopes[:, g], 0))
    return slopes, size


def smooth_at(family, x, taken):
    """Return a mask of goods whose slopes exist: not within a step of a kink, where they jump."""
    if family.name == "leontief":
        units = np.sort(
            np.where(taken["weights"] > 0, x / np.maximum(taken["weights"], 1e-9), np.inf), axis=1
        )
        with np.errstate(invalid="ignore"):
            return np.repeat((units[:, 1] > units[:, 0] * 1.001)[:, None], GOODS, axis=1)
    if family.name == "stone_geary":
        near = np.abs(x - taken["subsistence"]) < 1e-2 * x
        return np.repeat(~near.any(axis=1)[:, None], GOODS, axis=1)
    ends = step_ends(taken)
    if ends is not None:
        return (np.abs(x[:, :, None] - ends) > 1e-3 * x[:, :, None]).all(axis=2)
    return np.abs(x - family.bliss(**taken)) > 1e-3 * x


@every_utility
@given(
    data=st.data(), p=price_vectors, free=st.lists(st.booleans(), min_size=GOODS, max_size=GOODS), x=amounts
)
def test_no_first_bundle_is_worth_more_than_a_first_unit_of_money(family, data, p, free, x):
    """In any direction, free goods included; 0 if nothing is wanted, inf if u(0) is -inf."""
    taken = drawn(data, family)
    p = np.where(free, 0.0, p)
    worth = family.first_worth(p, 1e-9, **taken)
    assert not np.isnan(worth).any()
    wants = (family.bliss(**taken) > 0).any(axis=1)
    assert (worth[~wants] == 0).all()
    nothing = family.value(np.zeros_like(x), **taken)
    assert np.isposinf(worth[wants & np.isneginf(nothing)]).all()
    little = 1e-9 * x
    paid = little @ p
    finite = np.isfinite(nothing) & np.isfinite(worth) & (paid > 0)
    gained = family.value(little, **taken)[finite] - nothing[finite]
    assert (gained <= worth[finite] * paid[finite] * (1 + 1e-2) + 1e-15 * np.abs(nothing[finite])).all()


@every_utility
@given(data=st.data(), x=amounts, missing=st.lists(st.booleans(), min_size=SIZE, max_size=SIZE))
def test_a_bundle_is_worth_its_amounts_at_its_slopes(family, data, x, missing):
    """Towards less, and at corners, where infinite slopes of what is missing do not count."""
    taken = drawn(data, family)
    x = np.where(np.reshape(missing, x.shape), 0.0, x)
    slopes = family.marginal_of_last(x, **taken)
    expected = (x * np.where(np.isfinite(slopes), slopes, 0.0)).sum(axis=1)
    np.testing.assert_allclose(family.worth(x, **taken), expected, rtol=1e-9, atol=1e-250)


@every_utility
@given(data=st.data(), x=amounts)
def test_marginals_are_the_slopes_of_the_value(family, data, x):
    taken = data.draw(parameters(family, AGENTS, GOODS))
    slopes, size = slopes_by_differences(lambda bundle: family.value(bundle, **taken), x)
    check = smooth_at(family, x, taken) & np.isfinite(slopes)
    error = np.abs(np.where(check, family.marginal(x, **taken), 0.0) - np.where(check, slopes, 0.0))
    assert (error <= 1e-6 * size + 1e-9)[check].all()


@every_utility
@given(data=st.data(), x=amounts)
def test_the_slopes_of_the_concave_transform_are_those_of_its_value(family, data, x):
    taken = data.draw(parameters(family, AGENTS, GOODS))
    slopes, size = slopes_by_differences(lambda bundle: family.concave_value(bundle, **taken), x)
    check = smooth_at(family, x, taken) & np.isfinite(slopes)
    error = np.abs(np.where(check, family.concave_marginal(x, **taken), 0.0) - np.where(check, slopes, 0.0))
    assert (error <= 1e-6 * size + 1e-9)[check].all()


@every_utility
@given(data=st.data(), x=amounts, y=amounts, share=shares)
def test_finite_marginals_are_supergradients(family, data, x, y, share):
    """u(y) <= u(x) + m.(y - x) wherever slopes m are finite, also where goods are missing or a kink is."""
    taken = drawn(data, family)
    x = np.where(share > 0.7, x, 0.0)
    slopes, here = family.marginal(x, **taken), family.value(x, **taken)
    finite = np.isfinite(slopes).all(axis=1) & np.isfinite(here)
    promised = np.where(finite, here, 0.0) + (np.where(finite[:, None], slopes, 0.0) * (y - x)).sum(axis=1)
    assert no_better(family.value(y, **taken)[finite], promised[finite])


@every_utility
@given(data=st.data(), p=price_vectors, q=price_vectors, y=amounts)
def test_slopes_along_prices_are_supergradients_and_support_demand(family, data, p, q, y):
    """At what is bought at p, u(y) <= u(x) + m.(y - x) for m along any q; at a kink m is p over its cost."""
    taken = drawn(data, family)
    x = family.budget_demand(p, np.ones(AGENTS), **taken).lowest
    here = family.value(x, **taken)
    concave = ~family.not_concave(**taken)
    for prices in (p, q):
        slopes = family.marginal_along(x, prices, **taken)
        finite = np.isfinite(slopes).all(axis=1) & np.isfinite(here) & concave
        promised = np.where(finite, here, 0.0) + (np.where(finite[:, None], slopes, 0.0) * (y - x)).sum(
            axis=1
        )
        assert no_better(family.value(y, **taken)[finite], promised[finite])
    kinks = family.kink(x, **taken)
    bent = (kinks > 0).any(axis=1)
    along = family.marginal_along(x, p, **taken)[bent]
    np.testing.assert_allclose((kinks[bent] * along).sum(axis=1), 1.0, rtol=1e-12)
    np.testing.assert_allclose(
        along * (kinks[bent] @ p)[:, None], np.where(kinks[bent] > 0, p, 0.0), rtol=1e-12
    )


@every_utility
@given(data=st.data(), p=price_vectors, other=amounts, share=shares)
def test_no_bundle_beats_the_demand_when_money_is_quasilinear(family, data, p, other, share):
    taken = drawn(data, family)
    answer = family.quasilinear_demand(p, **taken)
    bounded = np.isfinite(answer.lowest).all(axis=1)
    best = np.where(bounded[:, None], answer.lowest, 0.0)
    value = np.where(bounded, family.value(best, **taken) - best @ p, np.inf)
    for bundle in (other, best * (1 + 1e-3), best * 0.999, np.zeros_like(best), 0.5 * (best + other)):
        assert no_better(family.value(bundle, **taken) - bundle @ p, value, best @ p)
    if bounded.all():
        some = members(answer, p, share)
        np.testing.assert_allclose(family.value(some, **taken) - some @ p, value, rtol=1e-9, atol=1e-9)


@every_utility
@given(data=st.data(), p=price_vectors)
def test_unbounded_demand_gains_from_every_larger_bundle(family, data, p):
    taken = drawn(data, family)
    lowest = family.quasilinear_demand(p, **taken).lowest
    unbounded = np.isinf(lowest).any(axis=1)
    worth = []
    for much in (1e3, 1e6):
        bundle = np.where(np.isinf(lowest), much, lowest)
        if family.name in ("ces", "leontief"):  # in the best proportions
            bundle = much * family.budget_demand(p, np.ones(AGENTS), **taken).lowest
        worth.append(family.value(bundle, **taken) - bundle @ p)
    more = (worth[1] > worth[0]) | np.isposinf(worth[0])  # near elasticity 1 both are infinite
    assert more[unbounded].all()


@every_utility
@given(data=st.data(), g=st.integers(0, GOODS - 1), share=shares)
def test_amounts_at_an_indifference_price_are_equally_good(family, data, g, share):
    taken = drawn(data, family)
    prices = family.indifference_prices(**taken)
    prices = prices[:, g].reshape(AGENTS, -1)  # one of each agent, or one of each step
    for i, k in np.argwhere(np.isfinite(prices)):
        p = np.full(GOODS, 1e3)
        p[g] = prices[i, k]
        answer = family.quasilinear_demand(p, **taken)
        assert answer.lowest[i, g] < answer.highest[i, g]
        lowest, some = answer.lowest[[i]], members(answer, p, share)[[i]]
        mine = {name: array[[i]] for name, array in taken.items()}
        ours, theirs = (family.value(bundle, **mine) - bundle @ p for bundle in (lowest, some))
        np.testing.assert_allclose(theirs, ours, rtol=1e-9, atol=1e-9)


@every_utility
@given(data=st.data(), p=price_vectors, b=incomes, other=amounts, share=shares)
def test_no_affordable_bundle_beats_the_demand_of_a_budget(family, data, p, b, other, share):
    taken = data.draw(parameters(family, AGENTS, GOODS))
    best = members(family.budget_demand(p, b, **taken), p, np.ones((AGENTS, GOODS)))
    assert (best >= 0).all()
    assert (best @ p <= b * (1 + 1e-12)).all()
    value = family.value(best, **taken)
    for bundle in (other, 0.9 * best + 0.1 * other, best + 0.01):
        affordable = bundle * (b / (bundle @ p))[:, None]
        assert no_better(family.value(affordable, **taken), value)
    some = members(family.budget_demand(p, b, **taken), p, share)
    np.testing.assert_allclose(family.value(some, **taken), value, rtol=1e-9, atol=1e-12)


@every_utility
@settings(max_examples=50)
@given(data=st.data(), p=price_vectors, b=incomes, mix=st.floats(0.1, 1.0))
def test_no_independent_maximiser_finds_more(family, data, p, b, mix):
    """scipy's SLSQP, which knows nothing of the closed forms, from the middle of the budget and from near."""
    taken = tamed(family, drawn(data, family, agents=1))
    if "subsistence" in taken:
        taken["subsistence"] = np.minimum(taken["subsistence"], 0.2 * b[:1] / p)
    b, least = b[:1], family.subsistence(**taken)[0]
    best = members(family.budget_demand(p, b, **taken), p, np.ones((1, GOODS)))
    middle = least + (b[0] - least @ p) / p / GOODS
    ours = family.concave_value(best, **taken)[0]
    for start in (middle, mix * middle + (1 - mix) * best[0]):
        found = minimize(
            lambda x: -family.concave_value(np.maximum(x, 1e-12)[None, :], **taken)[0],
            start,
            bounds=[(low + 1e-9, None) for low in least],
            constraints={"type": "ineq", "fun": lambda x: b[0] - x @ p},
            method="SLSQP",
            options={"ftol": 1e-12, "maxiter": 300},
        ).x
        if found @ p <= b[0] * (1 + 1e-9):
            reached = family.concave_value(np.maximum(found, 1e-12)[None, :], **taken)[0]
            assert ours >= reached - 1e-6 * (1 + abs(reached))


@every_utility
@given(data=st.data(), p=price_vectors, b=incomes, scale=st.integers(-9, 9).map(lambda power: 10.0**power))
def test_only_relative_prices_matter_to_a_budget(family, data, p, b, scale):
    taken = data.draw(parameters(family, AGENTS, GOODS))
    one, other = family.budget_demand(p, b, **taken), family.budget_demand(scale * p, scale * b, **taken)
    np.testing.assert_allclose(other.lowest, one.lowest, rtol=1e-9, atol=1e-9)
    np.testing.assert_allclose(other.highest, one.highest, rtol=1e-9, atol=1e-9)


@every_utility
@given(data=st.data(), p=price_vectors, b=incomes)
def test_agents_without_bliss_spend_their_budget(family, data, p, b):
    taken = data.draw(parameters(family, AGENTS, GOODS))
    bliss = family.bliss(**taken)
    wants = np.isinf(bliss).any(axis=1)
    bought = members(family.budget_demand(p, b, **taken), p, np.ones((AGENTS, GOODS)))
    np.testing.assert_allclose((bought @ p)[wants], b[wants], rtol=1e-12)
    assert (bought[bliss == 0] == 0).all()
    assert (bought <= bliss * (1 + 1e-12)).all()
    plenty = family.budget_demand(p, np.full(AGENTS, 1e6), **taken).lowest[~wants]
    np.testing.assert_allclose(plenty, bliss[~wants], rtol=1e-9)


@every_utility
@given(data=st.data(), x=amounts)
def test_amounts_beyond_bliss_add_nothing(family, data, x):
    taken = data.draw(parameters(family, AGENTS, GOODS))
    bliss = family.bliss(**taken)
    ended = np.isfinite(bliss)
    assert (family.marginal(np.where(ended, bliss * (1 + 1e-9) + 1e-9, x), **taken)[ended] == 0).all()
    everything = np.where(ended, np.maximum(x, bliss), x)
    np.testing.assert_allclose(
        family.value(everything + np.where(ended, 5.0, 0.0), **taken),
        family.value(everything, **taken),
        rtol=1e-12,
    )


@every_utility
def test_without_income_nothing_is_bought(family):
    taken = ones(family, np.ones((1, 2)))
    assert (family.budget_demand(np.array([1.0, 2.0]), np.zeros(1), **taken).lowest == 0).all()


@every_utility
def test_a_free_good_without_bliss_has_no_largest_bundle_and_an_unwanted_one_is_not_taken(family):
    taken = ones(family, np.array([[0.5, 0.0]]))
    satiable = np.isfinite(family.bliss(**taken)[0, 0])
    for demand in (family.quasilinear_demand, lambda p, **own: family.budget_demand(p, np.ones(1), **own)):
        if satiable:
            taken_free = demand(np.array([0.0, 1.0]), **taken).lowest
            np.testing.assert_allclose(taken_free, family.bliss(**taken))
        else:
            with pytest.raises(UnboundedDemandError) as caught:
                demand(np.array([0.0, 1.0]), **taken)
            assert caught.value.goods == (0,)
        assert demand(np.array([1.0, 0.0]), **taken).lowest[0, 1] == 0


@every_utility
@given(data=st.data(), p=price_vectors, b=incomes)
def test_an_agent_that_wants_nothing_buys_nothing_and_has_finite_utility(family, data, p, b):
    taken = wanting_nothing(data.draw(parameters(family, AGENTS, GOODS)))
    nothing = np.zeros((AGENTS, GOODS))
    for answer in (family.budget_demand(p, b, **taken), family.quasilinear_demand(np.zeros(GOODS), **taken)):
        assert (answer.highest == 0).all()
    assert np.isfinite(family.value(nothing, **taken)).all()
    assert np.isfinite(family.concave_value(nothing, **taken)).all()
    assert (family.marginal(nothing, **taken) == 0).all()
    assert (family.bliss(**taken) == 0).all()


@every_utility
@given(data=st.data(), p=price_vectors, b=incomes, factor=st.floats(0.1, 10.0))
def test_homothetic_demand_is_proportional_to_income(family, data, p, b, factor):
    taken = data.draw(parameters(family, AGENTS, GOODS))
    rows = homothetic(family, taken)
    one, other = family.budget_demand(p, b, **taken), family.budget_demand(p, factor * b, **taken)
    for less, more in zip(one.bounds, other.bounds, strict=True):
        np.testing.assert_allclose(more[rows], factor * less[rows], rtol=1e-9)


@every_utility
@given(data=st.data(), p=price_vectors, b=incomes, g=st.integers(0, GOODS - 1), rise=st.floats(1.01, 3.0))
def test_gross_substitutes_lose_nothing_when_another_good_is_dearer(family, data, p, b, g, rise):
    taken = drawn(data, family)
    dearer = p.copy()
    dearer[g] *= rise
    others = np.arange(GOODS) != g
    for rows, before, after in (
        (
            family.gross_substitutes(**taken),
            family.budget_demand(p, b, **taken),
            family.budget_demand(dearer, b, **taken),
        ),
        (
            substitutes_with_money(family, taken),
            family.quasilinear_demand(p, **taken),
            family.quasilinear_demand(dearer, **taken),
        ),
    ):
        lower, higher = before.lowest[rows][:, others], after.highest[rows][:, others]
        assert (higher >= lower * (1 - 1e-9) - 1e-9).all()


@every_utility
@given(data=st.data(), x=amounts, y=amounts, share=st.floats(0.0, 1.0))
def test_the_concave_transform_is_concave_and_orders_bundles_as_utility_does(family, data, x, y, share):
    taken = data.draw(parameters(family, AGENTS, GOODS))
    middle = family.concave_value(share * x + (1 - share) * y, **taken)
    one, other = family.concave_value(x, **taken), family.concave_value(y, **taken)
    finite = np.isfinite(one) & np.isfinite(other)
    ends = share * one[finite] + (1 - share) * other[finite]
    assert (middle[finite] >= ends - 1e-9 * (1 + np.abs(ends))).all()
    u, v = family.value(x, **taken), family.value(y, **taken)
    slack = 1e-9 * (1 + np.abs(np.where(np.isfinite(u), u, 0.0)) + np.abs(np.where(np.isfinite(v), v, 0.0)))
    assert (one > other)[u > v + slack].all()
    assert (one < other)[v > u + slack].all()


@pytest.mark.filterwarnings("ignore:Solution may be inaccurate")
@every_utility
@settings(max_examples=8)
@given(data=st.data(), x=amounts)
def test_solver_and_arrays_agree_on_utility(family, data, x):
    """The cvxpy expressions, maximised at a given bundle, equal the numpy functions."""
    import cvxpy

    taken = drawn(data, family)
    x = x + family.subsistence(**taken)
    assume(np.abs(family.value(x, **taken)).max() < 1e3)  # else one of them drowns the others
    for expression, value in ((family.concave, family.concave_value), (family.stated, family.value)):
        variable = cvxpy.Variable(x.shape, nonneg=True)
        seen, constraints = expression(variable, **taken)
        assert seen.is_concave()
        problem = cvxpy.Problem(cvxpy.Maximize(cvxpy.sum(seen)), [*constraints, variable <= x])
        try:
            problem.solve(solver=cvxpy.CLARABEL)
        except cvxpy.SolverError:
            reject()  # the solver's failure says nothing of the expressions
        np.testing.assert_allclose(seen.value, value(x, **taken), rtol=1e-4, atol=1e-4)
