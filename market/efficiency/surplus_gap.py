"""Total surplus lost: the gain that reallocations of goods and money could still add up to.

*Money without limit.* The largest total surplus, `S = max sum_i (u_i(x_i) - C_i(y_i))` over feasible (x, y),
less the harm by others' output (`harm.py`), for which producers pay in the bound of `dual_bounds.py`,
is bounded from both sides. Any feasible allocation bounds it from below. Any prices p >= 0 bound it from
above (`dual_bounds.most_surplus_gap`): with r the resources, since sum x - sum y <= r,

    S <= sum_i max_x (u_i(x) - p.x) + sum_i max_y (p.y - C_i(y)) + p.r,

where the maxima are agents' best replies to p, in closed form. Newton's method on marginal utilities proposes
both, or else a convex program, and an answer is reported only if the bounds meet.

*Spending caps.* Where money may not go negative, the surplus lost is the largest total gain at which neither
an agent nor the auctioneer is worse off. It is 0 if there are prices p > 0 and weights 0 < w_i <= 1 with

    w_i du_i/dx_ig <= p_g, equality where consumed;  dC_i/dy_ig >= p_g, equality where made (below capacity);
    w_i = 1 for those with money left;

for then any feasible change has `sum_i w_i d(payoff_i) + d(revenue) <= sum_i (1 - w_i) d(spent_i) <= 0`:
agents with w_i < 1 have spent their whole budget. An agent at -inf without money left has w_i = 0, and cannot
gain if it lacks a good with a price. Otherwise a program looks for gains; an agent at -inf can gain only by
goods that it can pay for or that other agents do not miss.

Source: for the first, Lagrangian duality, as in Boyd and Vandenberghe (2004), *Convex Optimization*, section
5.1; the second is our own derivation.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.efficiency.dual_bounds import (
    CertifiedValue,
    equal_shares_prevent_ruin,
    most_surplus_gap,
    usual_prices,
)
from market.efficiency.pareto_improvement import MOST_TRIED_SINGLY
from market.errors import InfeasibleError, NumericalError
from market.tolerances import NO_SURPLUS_GAP, ROUNDING_OF_RESULTS
from market.welfare.convex_program import SETTINGS, ConvexProgram, Solution, fit, typical_amounts
from market.welfare.first_order_conditions import Margins, largest_weights, residual
from market.welfare.newton import optimum

Expression = Any

SURPLUS_BOUNDS_APART = 3e-8
"""Share of turnover: the largest difference of the bounds on total surplus at which they prove its maximum.
Less than `NO_SURPLUS_GAP`, so that a gap that counts as none cannot hide in it."""

CAPPED_GAINS_APART = 1e-5
"""Share of turnover: the largest difference between the gain that a program with spending caps reports and
that of its allocation, by the primitives. Beyond, the solver ended at another point than it says."""

NEAR_INDIFFERENCE = 1e-6
"""Relative difference up to which a price is moved to one at which an agent is indifferent: a solver's
inaccuracy in prices. Any prices prove, so a wrong move makes a bound weaker, never false."""

LEAST_RESCUE = 1e-6
"""In typical amounts (`ConvexProgram.units`), sum over agents: the least consumption beyond subsistence that
proves an agent at -inf can leave it; less is a solver's rounding, ten times `SOLVER_AMOUNT`."""

PRICE_RAISES = (0.0, 1e-9, 1e-8)
"""Relative raises of prices that are tried in turn: a price slightly too low can make demand unbounded, and
one too high by 1e-8 costs a bound less than `SURPLUS_BOUNDS_APART`."""


def surplus_gap(economy: Economy, x: Array, y: Array, payments: Array) -> CertifiedValue | None:
    """Return the total surplus lost when money can change hands too, money.

    Args:
        economy: with quasilinear money.
        x: (agents, goods), consumption.
        y: (agents, goods), production.
        payments: (agents,), net money paid.

    Returns:
        >= 0, with its proof; inf if some agent is at -inf and need not be; None if some agent is at -inf in
        any feasible allocation.

    Raises:
        NumericalError: the program was not solved, or its answer is not proved right.
    """
    if np.isneginf(economy.utility(np.tile(economy.most, (len(economy.agents), 1)))).any():
        return None
    if np.isfinite(economy.budget).any():
        return _gap_with_caps(economy, x, y, payments)
    zeros = np.zeros(len(economy.agents))
    if equal_shares_prevent_ruin(economy, x, y):  # which needs no program
        shares, none = np.tile(economy.resources / len(zeros), (len(zeros), 1)), np.zeros(economy.shape)
        return CertifiedValue(np.inf, fit(economy, shares, none), none, usual_prices(economy), zeros, zeros)
    typical, said = typical_amounts(economy, x, y), ""
    for attempt in (None, *range(len(SETTINGS))):
        try:
            found = (
                optimum(economy, np.ones_like(zeros))
                if attempt is None
                else _largest_surplus(ConvexProgram(economy, typical), attempt)
            )
        except NumericalError as error:
            said = str(error)
            continue
        if found is None:
            continue
        best = fit(economy, found.consumption, found.production)
        made, most = found.production, float(economy.welfare(best, found.production).sum())
        prices, missed = _least_bound(economy, best, found)
        ruined = bool(np.isneginf(economy.utility(x)).any() and np.isfinite(most))
        if ruined or missed <= SURPLUS_BOUNDS_APART * Margins.at(economy, best, made).turnover:
            gap = np.inf if ruined else surplus_gained(economy, x, y, best, made)
            return CertifiedValue(gap, best, made, prices, zeros, zeros)
        said = f"the largest total surplus found is {most:.6g}, the least upper bound {most + missed:.6g}"
        typical = typical_amounts(economy, best, found.production)
    raise NumericalError(said)


def _largest_surplus(program: ConvexProgram, attempt: int) -> Solution:
    """Return an allocation of largest total surplus, and multipliers in money."""
    import cvxpy  # deferred: takes a second to import

    size = float(program.at_stake().max())
    utilities, constraints = program.utilities(stated=True)
    worth = cvxpy.sum(utilities - program.burdens()) / size
    found = program.solve(worth, [*constraints, *program.limits()], program.balance(), [attempt])
    return Solution(found.consumption, found.production, size * found.prices, size * found.value)


def surplus_gained(economy: Economy, x: Array, y: Array, best_x: Array, best_y: Array) -> float:
    """Return the total surplus of the best allocation found less that of the present one, money, >= 0.

    Raises:
        NumericalError: the difference is below 0 by more than rounding, so the allocation is not the best.
    """
    gained = float(economy.welfare(best_x, best_y).sum() - economy.welfare(x, y).sum())
    if not gained >= -NO_SURPLUS_GAP * Margins.at(economy, x, y).turnover:
        raise NumericalError("the convex program ended at less surplus than there is now")
    return max(gained, 0.0)


def _least_bound(economy: Economy, x: Array, found: Solution) -> tuple[Array, float]:
    """Return prices near an optimum, (goods,), and the least bound on lost surplus that they prove, money.

    Args:
        economy: with quasilinear money and no spending caps.
        x: (agents, goods), consumption of the solution made feasible; its production is that found.
        found: the solution, with its multipliers.

    Returns:
        The bound is on the surplus that x and the production found lose; inf if no prices tried prove any.
    """
    slopes = economy.marginal_utility(x)
    valued = np.where(np.isfinite(slopes) & (x > 0), slopes, 0.0).max(axis=0)
    multipliers = np.nan_to_num(found.prices)  # none where no agent wants anything
    near = [_at_indifference(economy, np.maximum(prices, 0.0)) for prices in (multipliers, valued)]
    tried = [(1.0 + more) * prices for prices in near for more in PRICE_RAISES]
    bounds = [most_surplus_gap(economy, x, found.production, prices) for prices in tried]
    least = int(np.argmin(bounds))
    return tried[least], bounds[least]


def _at_indifference(economy: Economy, p: Array) -> Array:
    """Move prices to nearby ones at which an agent is indifferent: next to them replies can be unbounded."""
    moved = p.copy()
    for good, known in enumerate(economy.indifference_prices):
        if len(known):
            nearest = known[np.abs(known - p[good]).argmin()]
            moved[good] = nearest if abs(nearest - p[good]) <= NEAR_INDIFFERENCE * nearest else p[good]
    return moved


# --- spending caps --------------------------------------------------------------------------------------


def nothing_to_gain(
    economy: Economy, x: Array, y: Array, payments: Array, p: Array, proved: float
) -> Array | None:
    """Return weights that prove, with prices, that no total gain is possible under spending caps.

    The conditions are those of the module's docstring.

    Args:
        economy: with quasilinear money.
        x: (agents, goods), consumption.
        y: (agents, goods), production.
        payments: (agents,), net money paid.
        p: (goods,), prices.
        proved: the largest relative violation of the conditions that is a proof.

    Returns:
        w, (agents,), 0 to 1; None if these prices prove nothing.
    """
    spent = payments + economy.cost(y)
    capped = np.isfinite(economy.budget)
    budget = np.where(capped, economy.budget, 1.0)
    all_spent = capped & (spent >= budget - ROUNDING_OF_RESULTS * np.maximum(np.abs(budget), np.abs(spent)))
    slopes = economy.marginal_utility_along(x, p)
    priced = np.where((p > 0) | np.isinf(slopes), slopes, 0.0)  # free goods: see `gains` below
    weights = np.where(all_spent, np.minimum(largest_weights(priced, p), 1.0), 1.0)
    if (all_spent & (y > 0).any(axis=1) & (weights < 1.0)).any():
        return None  # costs have weight 1, which `residual` does not assume
    if not residual(economy, x, y, weights, p) <= proved:
        return None
    free = np.where(p == 0, np.maximum(x, economy.most), x)
    gains = (weights == 0) & (economy.utility(free) > economy.utility(x))
    return None if gains.any() else weights


def proof_of_no_gap(x: Array, y: Array, p: Array, weights: Array) -> CertifiedValue:
    """Return a gap of 0 with such prices and weights, all positive, as multipliers of `_CappedProgram`.

    Divided by the least weight s they are `1 + l_i = w_i / s` and `n_i = (1 - w_i) / s`, with l_i for being
    no worse off and n_i for the cap, so that `l_i + n_i` is one number for all agents, as it must be where
    money can be paid to any of them.
    """
    least = float(weights.min())
    return CertifiedValue(0.0, x, y, p / least, weights / least - 1.0, (1.0 - weights) / least)


def _gap_with_caps(economy: Economy, x: Array, y: Array, payments: Array) -> CertifiedValue:
    """Return the largest total gain at no agent's cost within spending caps; inf if one can leave -inf."""
    ruined = np.isneginf(economy.welfare(x, y))
    subsist = np.asarray((economy.subsistence > 0).any(axis=1))
    jointly = [np.flatnonzero(ruined & ~subsist)] if (ruined & ~subsist).any() else []
    singly = [np.array([agent]) for agent in np.flatnonzero(ruined & subsist)]
    for agents in [*jointly, *singly[:MOST_TRIED_SINGLY]]:
        try:
            program = _CappedProgram(economy, x, y, payments)
            found = program.raise_from_ruin(agents)
            if found.value > LEAST_RESCUE:
                return program.bound(np.inf, found)
        except InfeasibleError:
            continue
    if len(singly) > MOST_TRIED_SINGLY:
        raise NumericalError(
            f"{len(singly)} agents lack subsistence, of which only {MOST_TRIED_SINGLY} were tried"
        )
    return _CappedProgram(economy, x, y, payments).gain()


class _CappedProgram:
    """Reallocations within spending caps that make no agent with a finite utility worse off.

    Revenue does not fall either. Utilities and money are in units of `size`.
    """

    def __init__(self, economy: Economy, x: Array, y: Array, payments: Array) -> None:
        import cvxpy

        self.economy = economy
        self.now, self.traded = economy.welfare(x, y), Margins.at(economy, x, y).turnover
        self.counted: NDArray[np.bool_] = np.isfinite(self.now)
        self.program = program = ConvexProgram.for_allocation(economy, x, y)
        self.size = size = float(program.at_stake().max())
        utilities, self.constraints = program.utilities(stated=True, counted=self.counted)
        self.worth = (utilities - program.burdens()) / size
        paid, self.held = cvxpy.Variable(len(economy.agents)), np.flatnonzero(self.counted)
        self.capped, held = np.flatnonzero(np.isfinite(economy.budget)), self.held
        spent = paid + program.costs() / size
        self.within = spent[self.capped] <= economy.budget[self.capped] / size
        self.kept = [(self.worth - paid)[held] >= (self.now - payments)[held] / size] if len(held) else []
        self.constraints += [cvxpy.sum(paid) >= payments.sum() / size, self.within, *self.kept]

    def _solve(self, objective: Expression) -> Solution:
        program = self.program
        return program.solve(objective, [*self.constraints, *program.limits()], program.balance())

    def bound(self, value: float, found: Solution) -> CertifiedValue:
        """Return the solution with the multipliers of being no worse off and of spending caps."""
        agents = len(self.economy.agents)
        kept, capped = np.zeros(agents), np.zeros(agents)
        capped[self.capped] = np.maximum(self.within.dual_value, 0.0)
        for constraint in self.kept:
            kept[self.held] = np.maximum(constraint.dual_value, 0.0)
        prices = self.size * np.maximum(found.prices, 0.0)
        best = fit(self.economy, found.consumption, found.production)
        return CertifiedValue(value, best, found.production, prices, kept, capped)

    def raise_from_ruin(self, agents: NDArray[np.intp]) -> Solution:
        """Maximise the consumption beyond subsistence of agents at -inf, in typical amounts, at most 1 each.

        An agent's is that of the good of which it has least beyond subsistence, among those it wants; the
        value is the sum over agents. The program takes no other objective afterwards.

        Args:
            agents: rows of agents at -inf.

        Raises:
            InfeasibleError: they cannot get even subsistence.
        """
        import cvxpy

        units, shares = self.program.units, cvxpy.Variable(len(agents), nonneg=True)
        self.constraints.append(shares <= 1.0)
        k, g = np.nonzero(self.economy.bliss[agents] > 0)
        least = (self.economy.subsistence[agents] / units)[k, g]
        self.constraints.append(shares[k] <= self.program.x[agents[k], g] / units[g] - least)
        return self._solve(cvxpy.sum(shares))

    def gain(self) -> CertifiedValue:
        """Return the largest total gain of agents with a finite utility, money.

        Raises:
            NumericalError: the allocation found has less surplus than the present one by more than rounding,
                or another gain, from the primitives, than the program says (which its multipliers bound).
        """
        import cvxpy

        found = self._solve(cvxpy.sum(self.worth[self.held]))
        bound = self.bound(0.0, found)
        then = self.economy.welfare(bound.consumption, bound.production)
        gained = float((then - self.now)[self.counted].sum())
        if not gained >= -NO_SURPLUS_GAP * self.traded:
            raise NumericalError("the convex program ended at less surplus than there is now")
        said = self.size * found.value - float(self.now[self.counted].sum())
        if not abs(said - gained) <= CAPPED_GAINS_APART * max(self.traded, abs(said)):
            raise NumericalError(f"the program finds a gain of {said:.6g}, its allocation has {gained:.6g}")
        return replace(bound, value=max(gained, 0.0))
