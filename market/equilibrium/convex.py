"""Equilibria that maximise total surplus, or the budget-weighted logarithms of utilities.

Symbols: `x`, `y` (agents, goods) consumption and production; `r` (goods,) resources; `b` (agents,) budgets;
`u_i`, `C_i` utilities and costs; `p` (goods,) the multipliers of `sum x <= r + sum y`.

*Quasilinear money without spending caps.* An agent's problem is `max u_i(x_i) - C_i(y_i) - p.(x_i - e_i -
y_i)`. Its first-order conditions, and complementary slackness for free goods, are those of

    max sum_i u_i(x_i) - C_i(y_i)   subject to   sum x <= r + sum y,

so for concave `u_i` and convex `C_i` the equilibria are the maxima of total surplus and its multipliers.

*Budgets that can only be spent, homothetic utilities.* Let `v_i` be an increasing transform of `u_i` that is
homogeneous of degree one. Sellers do not spend their receipts, so supply is `max p.y - C(y)` as above. The
conditions of

    max sum_i b_i log v_i(x_i) - sum_i C_i(y_i)   subject to   sum x <= r + sum y

are `b_i dv_i/dx_ig / v_i <= p_g`, with equality where `x_ig > 0`. Multiplied by `x_ig` and added up they
give, by Euler's theorem, `p.x_i = b_i`: each agent spends its budget, on a bundle at which marginal utilities
are proportional to prices. So the maxima are the equilibria, and prices are in money.

In both cases excess demand is minus the slope of a convex function of prices (the dual), so the equilibrium
prices are a convex set: if they cannot move a little, there are no others.

Source: Mas-Colell, Whinston and Green (1995), section 10.D, for surplus; Eisenberg and Gale (1959),
"Consensus of subjective probabilities: the pari-mutuel method", and Jain and Vazirani (2010) for costs in
the objective.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.equilibrium.clearing import Allocation
from market.errors import NumericalError
from market.tolerances import ROUNDING_OF_RESULTS
from market.welfare.convex_program import SETTINGS, ConvexProgram

SURPLUS = "maximum of total surplus"
EISENBERG_GALE = "Eisenberg-Gale programme"


def applies(economy: Economy) -> str | None:
    """Return the name of the programme whose maxima are the equilibria; None if neither is."""
    if not _select_buyers(economy).any():
        return None
    if economy.money is Money.QUASILINEAR and np.isinf(economy.budget).all():
        bent = [block.family.not_concave(**block.parameters).any() for block in economy.utilities]
        return None if any(bent) else SURPLUS
    if economy.money is Money.FISHER and not np.isnan(_find_degrees(economy)[_select_buyers(economy)]).any():
        return EISENBERG_GALE
    return None


def solve(economy: Economy) -> Iterator[tuple[Array, Allocation]]:
    """Yield prices and allocations that solve the programme, one setting of the solver after another."""
    for attempt in range(len(SETTINGS)):
        try:
            yield _solve_once(economy, attempt)
        except (NumericalError, ValueError):  # cvxpy raises ValueError beyond the range of floats
            continue


def _solve_once(economy: Economy, attempt: int) -> tuple[Array, Allocation]:
    import cvxpy  # deferred: takes a second to import, and only programmes need it

    programme = ConvexProgram.for_allocation(economy)
    if economy.money is Money.QUASILINEAR:
        scale = _estimate_surplus(economy, programme.units)
        values, constraints = programme.utilities(stated=True)
        worth = cvxpy.sum(values)
    else:
        scale = float(economy.budget.sum())
        values, constraints = programme.utilities(stated=False, counted=_select_buyers(economy))
        worth = _build_weighted_logs(economy, values)
    objective = (worth - cvxpy.sum(programme.costs())) / scale
    balance = programme.balance()
    found = programme.solve(objective, [*constraints, *programme.limits()], balance, [attempt])
    return np.maximum(found.prices, 0.0) * scale, (found.consumption, found.production)


def _estimate_surplus(economy: Economy, units: Array) -> float:
    """Return the largest value of a typical bundle to an agent, in money, > 0: the scale of the objective."""
    slopes = economy.marginal_utility(np.tile(units, (len(economy.agents), 1)))
    worth = np.where(np.isfinite(slopes), slopes, 0.0) @ units
    largest = float(worth.max(initial=0.0))
    return largest if 0 < largest < np.inf else 1.0


def _build_weighted_logs(economy: Economy, values: Any) -> Any:
    """Build `sum_i b_i log v_i` over agents with a budget, from their concave utilities, for cvxpy."""
    import cvxpy

    degrees, total = _find_degrees(economy), 0.0
    weights = np.divide(
        economy.budget, np.abs(degrees), out=np.zeros_like(degrees), where=_select_buyers(economy)
    )
    logarithmic, powers = (
        np.flatnonzero((degrees < 0) & (weights > 0)),
        np.flatnonzero((degrees > 0) & (weights > 0)),
    )
    if len(logarithmic):
        total = total + weights[logarithmic] @ values[logarithmic]
    if len(powers):
        total = total + weights[powers] @ cvxpy.log(values[powers])
    return total


def _select_buyers(economy: Economy) -> NDArray[np.bool_]:
    """Return a mask of agents with a positive budget who want some good, (agents,)."""
    return np.asarray((economy.budget > 0) & (economy.bliss > 0).any(axis=1))


def _find_degrees(economy: Economy) -> Array:
    """Return the degree of homogeneity of each agent's concave utility `w`, (agents,).

    It is `k > 0` where `w(t x) = t^k w(x) > 0`, so that `log v = log(w) / k`; `-k` where `w(t x) = w(x) + k
    log t`, so that `log v = w / k`; NaN where `w` is neither. Two directions are sampled: an error would only
    cost time, since excess demand is recomputed.
    """
    agents, goods = economy.shape
    usual = np.where(economy.resources > 0, economy.resources, 1.0) / agents
    one = _find_degrees_along(economy, usual)
    other = _find_degrees_along(economy, usual * (1.0 + np.arange(goods)) / goods)
    return np.where(np.isclose(one, other, rtol=ROUNDING_OF_RESULTS, atol=0.0), one, np.nan)


def _find_degrees_along(economy: Economy, bundle: Array) -> Array:
    """Return degrees of homogeneity along the ray through `bundle`, (agents,); NaN without one."""
    once, twice, eight = (
        economy.concave_utility(np.tile(times * bundle, (len(economy.agents), 1)))
        for times in (1.0, 2.0, 8.0)
    )
    doubled, tripled = np.log(2.0), np.log(8.0)
    by_sum = (twice - once) / doubled
    adds = np.isclose(eight - once, by_sum * tripled, rtol=ROUNDING_OF_RESULTS, atol=0.0) & (by_sum > 0)
    positive = (once > 0) & (twice > once)
    by_factor = np.log(np.where(positive, twice / np.where(positive, once, 1.0), 1.0)) / doubled
    grown = np.exp(by_factor * tripled) * once
    multiplies = positive & np.isclose(grown, eight, rtol=ROUNDING_OF_RESULTS, atol=0.0)
    return np.where(adds, -by_sum, np.where(multiplies, by_factor, np.nan))
