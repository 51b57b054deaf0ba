"""The alignment report: how far is an outcome from the best that the agents could do together?

Computed from the outcome and the primitives alone, never from the word of whoever made the outcome.

*Efficient?* Two ways, in this order. If weights w and prices p support the outcome (`negishi_weights.py`),
that is a proof: for any feasible (x', y'),

    sum_i w_i (u_i(x'_i) - C_i(y'_i)) - sum_i w_i (u_i(x_i) - C_i(y_i)) <= 0,

for utilities that are concave or made so (`Economy.concave_form`: efficiency depends on the order alone),
so nobody with w_i > 0 can gain unless another loses; and an agent with w_i = 0 can gain only through goods
whose price is 0, since every unit of a good with p_g > 0 is missed by somebody who counts. If all there is of
those would not make it better off (it lacks something else), it cannot gain. Otherwise a convex programme
looks for a reallocation that nobody dislikes and someone prefers (`pareto_improvement.py`), which is
confirmed from the primitives before it is reported. If that search fails, efficiency is unknown (None), and
so it is where the programme is too large to be solved; then `unknown` has the bounds that can be proved all
the same (`dual_bounds.py`).

*With transfers*, where money is quasilinear: efficient means that total surplus is maximal (with budgets:
that no reallocation of goods and money, which may not go negative, gains anybody anything). The
`surplus_gap` is the money left on the table. The first proof serves again, with equal weights.

Tolerances: support within `PROVED` relative to prices is a proof; since the loss is of second order in the
violation, less than PROVED**2 of the resources can be wasted.

Source: Mas-Colell, Whinston and Green (1995), sections 10.D, 16.C to 16.E; Debreu (1951).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.efficiency.dual_bounds import proved as proved_bounds
from market.efficiency.dual_bounds import refuse_large, too_large
from market.efficiency.negishi_weights import Support, support
from market.efficiency.pareto_improvement import (
    Reallocation,
    improvement,
    resource_utilisation,
    with_what_is_left,
    without_sacrifice,
)
from market.efficiency.proofs import CertifiedValue
from market.efficiency.rescue import cannot_reach_subsistence
from market.efficiency.surplus_gap import nothing_to_gain, proof_of_no_gap, surplus_gap, turnover
from market.errors import NumericalError
from market.outcome import Outcome, Status
from market.welfare.first_order_conditions import residual

SURE = 3e-4  # up to here the loss, of second order in the violation, is below what the search can see
REMAINDER = 1e-12  # share of what there is of a good that is left over by rounding
PROVED = 1e-6  # relative violation of the supporting conditions up to which they are a proof


@dataclass(frozen=True)
class Alignment:
    """What the report says of one outcome.

    Args:
        efficient: in goods alone; None if unknown.
        degenerate: efficient, and supported only by weights of which some are zero.
        negishi_weights: (agents,), the most equal super-agent weights; None if none support the outcome.
            Where a utility is not concave as stated, of its concave form.
        supporting_prices: (goods,), the prices that go with them.
        residual: the largest relative violation of the supporting conditions.
        resource_utilisation: Debreu's coefficient; None without resources to scale, or if unknown.
        efficient_with_transfers: when money may move too; None without quasilinear money, or if unknown.
        surplus_gap: total surplus left on the table, money; None as above.
        improvement: a reallocation that nobody dislikes and someone prefers; None if there is none.
        unknown: what could not be computed, and why; empty if everything could.
        bounds: figure -> what proves it from both sides, where a programme was solved for it.
    """

    efficient: bool | None
    degenerate: bool
    negishi_weights: Array | None
    supporting_prices: Array
    residual: float
    resource_utilisation: float | None
    efficient_with_transfers: bool | None
    surplus_gap: float | None
    improvement: Reallocation | None = None
    unknown: tuple[str, ...] = ()
    bounds: Mapping[str, CertifiedValue] = field(default_factory=dict)


def alignment(outcome: Outcome) -> Alignment:
    """The alignment report of an outcome.

    Example:
        >>> # report = alignment(outcome); report.efficient, report.negishi_weights
    """
    economy, x, y = outcome.economy, outcome.consumption, outcome.production
    found = support(economy, x, y, outcome.prices)
    unknown: list[str] = []
    proved = proves_efficiency(economy, x, y, found)
    within = economy if too_large(economy) else without_sacrifice(economy, y)
    if not proved and within is not economy:
        proved = proves_efficiency(within, x, y, support(within, x, y, outcome.prices))
    better = None
    efficient: bool | None = True
    if not proved:
        try:
            refuse_large(economy)
            better = improvement(within, x, y, cannot_reach_subsistence(within, x, y))
            if better is None and _gains_from_remainders(within, x, y).any():
                better = with_what_is_left(within, x, y, Reallocation(x, y))
            efficient = better is None
            nearly = found.residual <= (PROVED if found.zero.any() else SURE)
            if efficient and not nearly and np.isfinite(found.residual):
                efficient = None
                unknown.append("efficient: no better allocation was found, yet no weights support this one")
        except NumericalError as error:
            efficient = None
            unknown.append(f"efficient: {error}")
    bounds: dict[str, CertifiedValue] = {}
    transfers, gap = _with_transfers(outcome, found, unknown, bounds)
    supported = np.isfinite(found.residual)
    utilisation = _utilisation(within, x, y, found, proved, unknown, bounds)
    if efficient is None and "resource_utilisation" in bounds:
        better = with_what_is_left(economy, x, y, bounds["resource_utilisation"])
        if better is not None:
            efficient = False
            unknown = [why for why in unknown if not why.startswith("efficient")]
    if unknown and too_large(economy):
        missing = {"surplus_gap": gap, "resource_utilisation": utilisation}
        names = tuple(name for name, value in missing.items() if value is None)
        unknown += proved_bounds(economy, x, y, (outcome.prices, found.prices), names)
    return Alignment(
        efficient=efficient,
        degenerate=bool(efficient and supported and found.residual <= PROVED and found.zero.any()),
        negishi_weights=found.weights if supported else None,
        supporting_prices=found.prices,
        residual=found.residual,
        resource_utilisation=utilisation,
        efficient_with_transfers=transfers,
        surplus_gap=gap,
        improvement=better,
        unknown=tuple(unknown),
        bounds=bounds,
    )


def proves_efficiency(economy: Economy, x: Array, y: Array, found: Support) -> bool:
    """Whether weights and prices prove that no reallocation of goods helps someone and hurts nobody."""
    if not found.residual <= PROVED:
        return False
    if not found.zero.any():
        return True
    with_all_that_is_free = np.where(found.prices == 0, np.maximum(x, economy.most), x)
    gains = economy.utility(with_all_that_is_free) > economy.utility(x)
    saves_cost = economy.cost(y) > 0
    return not (found.zero & (gains | _gains_from_remainders(economy, x, y) | saves_cost)).any()


def _gains_from_remainders(economy: Economy, x: Array, y: Array) -> NDArray[np.bool_]:
    """Agents whom what is left of all goods would help by more than rounding, (agents,).

    Next to the prices of goods a remainder is small, but it can be much to an agent with a weight of zero: at
    nothing its slope may be infinite, so that a share of 5e-8 of a good adds 2e-4 to a utility of sqrt(x).
    """
    there = economy.offered(y)
    left = there - economy.taken(x, y)
    left = np.where(left > REMAINDER * there, left, 0.0)
    if not left.any():
        return np.zeros(len(x), dtype=bool)
    now, then = economy.utility(x), economy.utility(x + left)
    return then > np.where(np.isfinite(now), now + PROVED * economy.utility_scale, now)


def _utilisation(
    economy: Economy,
    x: Array,
    y: Array,
    found: Support,
    proved: bool,
    unknown: list[str],
    bounds: dict[str, CertifiedValue],
) -> float | None:
    """1 if support proves that every share of the resources is needed; else the programme's answer."""
    if proved and float(found.prices @ economy.resources) > 0:
        return 1.0
    try:
        refuse_large(economy)
        bound = resource_utilisation(economy, x, y)
    except NumericalError as error:
        unknown.append(f"resource_utilisation: {error}")
        return None
    if bound is None:
        return None
    bounds["resource_utilisation"] = bound
    return bound.value


def _with_transfers(
    outcome: Outcome, found: Support, unknown: list[str], bounds: dict[str, CertifiedValue]
) -> tuple[bool | None, float | None]:
    """Whether total surplus is maximal, and what is missing; (None, None) without quasilinear money."""
    economy, x, y = outcome.economy, outcome.consumption, outcome.production
    if economy.money is not Money.QUASILINEAR:
        return None, None
    capped = bool(np.isfinite(economy.budget).any())
    if not capped and (_of_equal_weights(found) or _equal_weights_support(economy, x, y, outcome.prices)):
        return True, 0.0
    p = outcome.prices
    weights = None
    if capped and p is not None:
        weights = nothing_to_gain(economy, x, y, outcome.payments, p, PROVED)
    if weights is not None and p is not None:
        if (weights > 0).all():
            bounds["surplus_gap"] = proof_of_no_gap(x, y, p, weights)
        return True, 0.0
    try:
        refuse_large(economy)
        bound = surplus_gap(economy, x, y, outcome.payments)
    except NumericalError as error:
        unknown.append(f"surplus_gap: {error}")
        return None, None
    if bound is None:
        unknown.append("surplus_gap: somebody is at -inf whatever is done, so no total surplus is finite")
        return None, None
    bounds["surplus_gap"] = bound
    return bound.value <= FOUND_GAP * turnover(economy, x, y), bound.value


FOUND_GAP = 1e-7  # a gap below this share of what is consumed is the solver's rounding


def _of_equal_weights(found: Support) -> bool:
    """Whether the support that was found is by equal weights, so that none is to be looked for."""
    return found.residual <= PROVED and bool((found.weights == found.weights[0]).all())


def _equal_weights_support(economy: Economy, x: Array, y: Array, p: Array | None) -> bool:
    """Whether everybody counts the same: the outcome maximises total surplus, whatever u + money is moved."""
    ones = np.ones(len(economy.agents))
    if p is not None and np.isfinite(p).all() and residual(economy, x, y, ones, p) <= PROVED:
        return True
    prices = economy.marginal_utility(x).max(axis=0)
    return bool(np.isfinite(prices).all()) and residual(economy, x, y, ones, prices) <= PROVED


ROUNDING = 1e-9  # share of what an agent consumes, makes and sells up to which a gain or loss is none
AT_STAKE = 1e-12  # the same of what an equal share of all resources is worth to it


@dataclass(frozen=True)
class Contrast:
    """Who gains and who loses when one outcome takes the place of another.

    Args:
        gains: (agents,), payoff after minus before; inf from -inf, 0 from -inf to -inf and where it is
            rounding.
        pareto_improvement: nobody loses, the auctioneer's revenue included, and someone gains.
    """

    gains: Array
    pareto_improvement: bool

    @property
    def winners(self) -> NDArray[np.bool_]:
        """Who gains, (agents,)."""
        return self.gains > 0

    @property
    def losers(self) -> NDArray[np.bool_]:
        """Who loses, (agents,)."""
        return self.gains < 0


def contrast(outcome: Outcome, other: Outcome) -> Contrast:
    """Compare an outcome with another one of the same economy.

    A gain is held against the gross worth of what the agent consumes, makes and sells, and revenue against
    that of all there is: a payoff or a net payment may be nearly 0 where large amounts cancel.

    Args:
        outcome: the new one.
        other: the one it is held against.
    """
    with np.errstate(invalid="ignore"):
        difference = outcome.payoffs - other.payoffs
    rounding = ROUNDING * np.maximum(_gross_worth(outcome), _gross_worth(other))
    rounding = np.maximum(rounding, AT_STAKE * _finite(outcome.economy.utility_scale))
    same = (outcome.payoffs == other.payoffs) | (np.abs(difference) <= rounding)
    gains = np.where(same, 0.0, difference)
    return Contrast(gains, _pareto(outcome, other, gains))


def _pareto(outcome: Outcome, other: Outcome, gains: Array) -> bool:
    """Whether nobody loses and someone gains, and what the auctioneer lacks, if anything, is rounding.

    That rounding must not be what somebody gains: with money agents gain more than the auctioneer lacks.
    """
    more = outcome.revenue - other.revenue
    if (gains < 0).any() or more < -max(revenue_rounding(outcome), revenue_rounding(other)):
        return False
    if more > max(revenue_rounding(outcome), revenue_rounding(other)):
        return True
    in_money = outcome.economy.money is Money.QUASILINEAR
    return bool((gains > 0).any() and not (in_money and gains.sum() + more <= 0))


def _gross_worth(outcome: Outcome) -> Array:
    """What an agent's bundle is worth to it, its cost, and what passes through its hands, (agents,).

    The last only where money is part of payoffs: elsewhere it has another unit.
    """
    economy, x, y = outcome.economy, outcome.consumption, outcome.production
    size = economy.worth(x) + economy.cost(y)
    paid = outcome.kind == "auctioneer" and (outcome.payoffs != outcome.utilities).any()
    if paid and outcome.prices is not None:
        size = size + (x + economy.endowment + np.abs(y)) @ outcome.prices
    return np.maximum(_finite(np.abs(outcome.payoffs)), _finite(size))


def _finite(sizes: Array) -> Array:
    """Sizes, and 0 where there is none, so that nothing is rounding beside it."""
    return np.where(np.isfinite(sizes), sizes, 0.0)


def revenue_rounding(outcome: Outcome) -> float:
    """The size up to which an outcome's revenue is rounding, money."""
    p = outcome.prices
    if outcome.kind != "auctioneer" or p is None or outcome.disequilibrium is None:
        return ROUNDING * float(np.abs(outcome.payments).sum())
    worth = float(outcome.economy.offered(outcome.production) @ p)
    return unbalanced(outcome.status, outcome.disequilibrium, worth)


def unbalanced(status: Status, disequilibrium: float, worth: float) -> float:
    """The largest revenue that is rounding in a market with prices, money.

    A share of what all there is would cost; where markets cleared up to a relative excess demand d, some such
    share is bought or sold without a counterpart. (Twice d, since d is itself rounded.)

    Args:
        status: how the market ended.
        disequilibrium: d.
        worth: of all there is, at the prices.
    """
    cleared = status is Status.CLEARED
    return worth * (max(ROUNDING, 2.0 * disequilibrium) if cleared else ROUNDING)
