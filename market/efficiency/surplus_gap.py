"""Total surplus: how much of it is still on the table when money can change hands too.

*Money without limit.* The most there can be, S = max sum_i u_i(x_i) - C_i(y_i) over feasible (x, y), is
bounded from both sides. Any feasible allocation bounds it from below. Any prices p >= 0 bound it from above:

    S <= sum_i max_x (u_i(x) - p.x) + sum_i max_y (p.y - C_i(y)) + p.r,

r the resources, since sum x - sum y <= r; the maxima are what agents answer to p, in closed form. Newton's
method on marginal utilities proposes both, or else a convex programme, and an answer counts only if the
bounds meet.

*Spending caps.* Where money may not go negative the question is what could be gained in total with nobody,
the auctioneer included, worse off. Nothing can, if there are prices p > 0 and weights 0 < w_i <= 1 with

    w_i du_i/dx_ig <= p_g, equality where consumed;  dC_i/dy_ig >= p_g, equality where made (below capacity);
    w_i = 1 for those with money left;

for then any feasible change has sum_i w_i d(payoff_i) + d(revenue) <= sum_i (1 - w_i) d(spent_i) <= 0: those
with w_i < 1 have spent all they have. Whoever is at -inf counts with w_i = 0 if it has no money left, and
gains nothing if it lacks something that has a price. Else a programme looks for gains; somebody at -inf can
be helped only by what it can pay for or others do not miss.

Source: the first is Lagrangian duality, as in Boyd and Vandenberghe (2004), *Convex Optimization*,
section 5.1; the second our own derivation.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.efficiency.dual_bounds import CertifiedValue, spares_everyone, usual_prices
from market.errors import InfeasibleError, NumericalError, UnboundedDemandError
from market.welfare.convex_program import SETTINGS, ConvexProgram, Solution, fit, typical_amounts
from market.welfare.equimarginal import optimum
from market.welfare.first_order_conditions import Margins, largest_weights, residual

Expression = Any

APART = 3e-8  # share of turnover by which the bounds on total surplus may be apart
NEAR = 1e-6  # relative difference up to which a price is taken for one at which somebody is indifferent
ROUNDING = 1e-7  # share of turnover by which a programme may fall short of what there is
SPENT = 1e-9  # share of a budget that is nothing
MOST_RESCUES = 20  # agents who lack subsistence that are tried one at a time
RESCUED = 1e-6  # in units of what is plausible: what somebody at -inf must get for it not to be rounding
RAISED = (0.0, 1e-9, 1e-8)  # by these shares prices are raised until answers are bounded


def surplus_gap(economy: Economy, x: Array, y: Array, payments: Array) -> CertifiedValue | None:
    """The total surplus that is still on the table when money can change hands too, in money.

    Args:
        economy: with quasilinear money.
        x: (agents, goods), consumption.
        y: (agents, goods), production.
        payments: (agents,), net money paid.

    Returns:
        >= 0, with its proof; inf if somebody is at -inf that could be spared it; None if somebody is at -inf
        in any case.

    Raises:
        NumericalError: the programme was not solved, or its answer is not proved right.
    """
    if np.isneginf(economy.utility(np.tile(economy.most, (len(economy.agents), 1)))).any():
        return None
    if np.isfinite(economy.budget).any():
        return _gap_with_caps(economy, x, y, payments)
    nobody = np.zeros(len(economy.agents))
    if spares_everyone(economy, x, y):  # no programme is needed to see that
        shares, none = np.tile(economy.resources / len(nobody), (len(nobody), 1)), np.zeros(economy.shape)
        return CertifiedValue(np.inf, fit(economy, shares, none), none, usual_prices(economy), nobody, nobody)
    typical, said = typical_amounts(economy, x, y), ""
    for attempt in (None, *range(len(SETTINGS))):
        try:
            found = (
                optimum(economy, np.ones_like(nobody))
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
        prices, bound = least_bound(economy, best, found)
        ruined = bool(np.isneginf(economy.utility(x)).any() and np.isfinite(most))
        if ruined or bound - most <= APART * Margins.at(economy, best, made).turnover:
            gap = np.inf if ruined else surplus_gained(economy, x, y, best, made)
            return CertifiedValue(gap, best, made, prices, nobody, nobody)
        said = f"the most found is {most:.6g}, and no more than {bound:.6g} is sure to be the most"
        typical = typical_amounts(economy, best, found.production)
    raise NumericalError(said)


def _largest_surplus(program: ConvexProgram, attempt: int) -> Solution:
    """An allocation of largest total surplus, and multipliers in money."""
    import cvxpy  # deferred: takes a second to import

    size = float(program.at_stake().max())
    utilities, constraints = program.utilities(stated=True)
    worth = cvxpy.sum(utilities - program.costs()) / size
    found = program.solve(worth, [*constraints, *program.limits()], program.balance(), [attempt])
    return Solution(found.consumption, found.production, size * found.prices, size * found.value)


def surplus_gained(economy: Economy, x: Array, y: Array, best_x: Array, best_y: Array) -> float:
    """How much total surplus the best allocation found has more, money.

    Raises:
        NumericalError: it has less, by more than rounding, so it is not the best.
    """
    gained = float(economy.welfare(best_x, best_y).sum() - economy.welfare(x, y).sum())
    if not gained >= -ROUNDING * Margins.at(economy, x, y).turnover:
        raise NumericalError("the convex programme ended at less surplus than there is now")
    return max(gained, 0.0)


def least_bound(economy: Economy, x: Array, found: Solution) -> tuple[Array, float]:
    """Prices near an optimum, and the upper bound on total surplus that they give; inf if none gives any."""
    slopes = economy.marginal_utility(x)
    valued = np.where(np.isfinite(slopes) & (x > 0), slopes, 0.0).max(axis=0)
    told = np.nan_to_num(found.prices)  # there is no multiplier where nobody wants anything
    near = [_at_indifference(economy, np.maximum(prices, 0.0)) for prices in (told, valued)]
    tried = [(1.0 + more) * prices for prices in near for more in RAISED]
    bounds = [upper_bound(economy, prices) for prices in tried]
    least = int(np.argmin(bounds))
    return tried[least], bounds[least]


def _at_indifference(economy: Economy, p: Array) -> Array:
    """Prices put on those nearby at which somebody is indifferent: just beside them answers are unbounded."""
    moved = p.copy()
    for good, known in enumerate(economy.indifference_prices):
        if len(known):
            nearest = known[np.abs(known - p[good]).argmin()]
            moved[good] = nearest if abs(nearest - p[good]) <= NEAR * nearest else p[good]
    return moved


def upper_bound(economy: Economy, p: Array) -> float:
    """What everybody would gain at prices p if there were enough of everything, and what all there is costs.

    No feasible allocation has a larger total surplus; inf if somebody's gain is unbounded.
    """
    p = np.minimum(p, _endless_above(economy))
    try:
        answers = economy.answers(p)
    except UnboundedDemandError:
        return np.inf
    x, y = answers.demand.lowest, answers.supply.lowest
    if not (np.isfinite(x).all() and np.isfinite(y).all()):
        return np.inf
    return float((economy.welfare(x, y) - (x - y) @ p).sum() + economy.resources @ p)


def _endless_above(economy: Economy) -> Array:
    """The prices above which somebody would make more of a good than any number, (goods,); inf if nobody."""
    least = np.full(len(economy.goods), np.inf)
    for block in economy.costs:
        known = block.family.indifference_prices(**block.parameters)
        endless = np.isinf(block.family.limit(**block.parameters)) & np.isfinite(known)
        least = np.minimum(least, np.where(endless, known, np.inf).min(axis=0))
    return least


# --- spending caps --------------------------------------------------------------------------------------


def nothing_to_gain(
    economy: Economy, x: Array, y: Array, payments: Array, p: Array, proved: float
) -> Array | None:
    """Weights that prove with prices that with money that may not go negative nobody can gain; as above.

    Args:
        economy: with quasilinear money.
        x: (agents, goods), consumption.
        y: (agents, goods), production.
        payments: (agents,), net money paid.
        p: (goods,), prices.
        proved: relative violation of the conditions up to which they are a proof.

    Returns:
        (agents,), w; None if these prices prove nothing.
    """
    spent = payments + economy.cost(y)
    capped = np.isfinite(economy.budget)
    budget = np.where(capped, economy.budget, 1.0)
    all_spent = capped & (spent >= budget - SPENT * np.maximum(np.abs(budget), np.abs(spent)))
    slopes = economy.marginal_utility_along(x, p)
    priced = np.where((p > 0) | np.isinf(slopes), slopes, 0.0)  # of free goods `gains` below takes care
    weights = np.where(all_spent, np.minimum(largest_weights(priced, p), 1.0), 1.0)
    if (all_spent & (y > 0).any(axis=1) & (weights < 1.0)).any():
        return None  # the weight of costs is 1, which `residual` does not know
    if not residual(economy, x, y, weights, p) <= proved:
        return None
    free = np.where(p == 0, np.maximum(x, economy.most), x)
    gains = (weights == 0) & (economy.utility(free) > economy.utility(x))
    return None if gains.any() else weights


def proof_of_no_gap(x: Array, y: Array, p: Array, weights: Array) -> CertifiedValue:
    """What such prices and weights, all positive, say as multipliers of the programme for total gains.

    Divided by the least weight s they are 1 + l_i = w_i / s and n_i = (1 - w_i) / s, so that l_i + n_i is the
    same for everybody, as it must be where money can be paid to anybody.
    """
    least = float(weights.min())
    return CertifiedValue(0.0, x, y, p / least, weights / least - 1.0, (1.0 - weights) / least)


def _gap_with_caps(economy: Economy, x: Array, y: Array, payments: Array) -> CertifiedValue:
    """The most that could be gained in total with nobody worse off and no money below zero."""
    needy = np.isneginf(economy.welfare(x, y))
    vital = np.asarray((economy.subsistence > 0).any(axis=1))
    together = [np.flatnonzero(needy & ~vital)] if (needy & ~vital).any() else []
    alone = [np.array([agent]) for agent in np.flatnonzero(needy & vital)]
    for saved in [*together, *alone[:MOST_RESCUES]]:
        try:
            bargain = _Bargain(economy, x, y, payments)
            found = bargain.rescue(saved)
            if found.value > RESCUED:
                return bargain.bound(np.inf, found)
        except InfeasibleError:
            continue
    if len(alone) > MOST_RESCUES:
        raise NumericalError(f"{len(alone)} agents lack subsistence; not each was tried")
    return _Bargain(economy, x, y, payments).gain()


class _Bargain:
    """Reallocations of goods and money that leave nobody worse off, of whom those at -inf do not count."""

    def __init__(self, economy: Economy, x: Array, y: Array, payments: Array) -> None:
        import cvxpy

        self.economy = economy
        self.now, self.traded = economy.welfare(x, y), Margins.at(economy, x, y).turnover
        self.counted: NDArray[np.bool_] = np.isfinite(self.now)
        self.program = program = ConvexProgram.for_allocation(economy, x, y)
        self.size = size = float(program.at_stake().max())
        utilities, self.constraints = program.utilities(stated=True, counted=self.counted)
        self.worth = (utilities - program.costs()) / size
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
        """What was found, with the multipliers of being no worse off and of caps."""
        agents = len(self.economy.agents)
        kept, capped = np.zeros(agents), np.zeros(agents)
        capped[self.capped] = np.maximum(self.within.dual_value, 0.0)
        for constraint in self.kept:
            kept[self.held] = np.maximum(constraint.dual_value, 0.0)
        prices = self.size * np.maximum(found.prices, 0.0)
        best = fit(self.economy, found.consumption, found.production)
        return CertifiedValue(value, best, found.production, prices, kept, capped)

    def rescue(self, saved: NDArray[np.intp]) -> Solution:
        """How much of everything that they want some at -inf could get beyond subsistence, at most 1 each.

        In units of what is plausible, in total.

        Raises:
            InfeasibleError: not even subsistence.
        """
        import cvxpy

        units, shares = self.program.units, cvxpy.Variable(len(saved), nonneg=True)
        self.constraints.append(shares <= 1.0)
        for k, agent in enumerate(saved):
            wanted = np.flatnonzero(self.economy.bliss[agent] > 0)
            vital = (self.economy.subsistence[agent] / units)[wanted]
            self.constraints.append(shares[k] <= self.program.x[agent, wanted] / units[wanted] - vital)
        return self._solve(cvxpy.sum(shares))

    def gain(self) -> CertifiedValue:
        """The largest total gain of those who count, money.

        Raises:
            NumericalError: what was found is worth less than what there is, by more than rounding.
        """
        import cvxpy

        found = self._solve(cvxpy.sum(self.worth[self.held]))
        bound = self.bound(0.0, found)
        then = self.economy.welfare(bound.consumption, bound.production)
        gained = float((then - self.now)[self.counted].sum())
        if not gained >= -ROUNDING * self.traded:
            raise NumericalError("the convex programme ended at less surplus than there is now")
        return replace(bound, value=max(gained, 0.0))
