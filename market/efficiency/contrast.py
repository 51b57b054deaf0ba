"""Gains and losses between two outcomes of one economy, and whether the change is a Pareto improvement.

Rounding of a gain is relative to the gross worth of what an agent consumes, makes and sells, and rounding of
revenue to the worth of all there is: a payoff or a net payment may be nearly 0 where large amounts cancel.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Money
from market.outcome import Outcome, Status
from market.tolerances import ROUNDING_OF_RESULTS, ROUNDING_OF_SUMS


@dataclass(frozen=True)
class Contrast:
    """Gains and losses of agents when one outcome replaces another.

    Args:
        gains: (agents,), payoff after minus before, in its unit; inf from -inf, 0 from -inf to -inf and where
            the difference is rounding.
        pareto_improvement: True if neither an agent nor the auctioneer, in revenue, loses and one of them
            gains.
    """

    gains: Array
    pareto_improvement: bool

    @property
    def winners(self) -> NDArray[np.bool_]:
        """Mask of agents that gain, (agents,)."""
        return self.gains > 0

    @property
    def losers(self) -> NDArray[np.bool_]:
        """Mask of agents that lose, (agents,)."""
        return self.gains < 0


def contrast(outcome: Outcome, other: Outcome) -> Contrast:
    """Compare an outcome with another one of the same economy.

    Args:
        outcome: the outcome after the change.
        other: the outcome before it.
    """
    with np.errstate(invalid="ignore"):
        difference = outcome.payoffs - other.payoffs
    rounding = ROUNDING_OF_RESULTS * np.maximum(_gross_worth(outcome), _gross_worth(other))
    rounding = np.maximum(rounding, ROUNDING_OF_SUMS * _finite(outcome.economy.utility_scale))
    same = (outcome.payoffs == other.payoffs) | (np.abs(difference) <= rounding)
    gains = np.where(same, 0.0, difference)
    return Contrast(gains, _pareto(outcome, other, gains))


def _pareto(outcome: Outcome, other: Outcome, gains: Array) -> bool:
    """Return True if no agent loses, revenue falls by no more than rounding, and agents or revenue gain.

    That rounding must not be the gain of an agent: where payoffs are in money, the sum of gains must exceed
    the fall in revenue.
    """
    more = outcome.public_revenue - other.public_revenue
    if (gains < 0).any() or more < -max(revenue_rounding(outcome), revenue_rounding(other)):
        return False
    if more > max(revenue_rounding(outcome), revenue_rounding(other)):
        return True
    in_money = outcome.economy.money is Money.QUASILINEAR
    return bool((gains > 0).any() and not (in_money and gains.sum() + more <= 0))


def _gross_worth(outcome: Outcome) -> Array:
    """Return the worth of a bundle to its agent, its cost, and the value of purchases and sales, (agents,).

    Purchases and sales count only where money is part of payoffs: elsewhere their unit is another one. At
    least the absolute payoff; infinite sizes count as 0.
    """
    economy, x, y = outcome.economy, outcome.consumption, outcome.production
    size = economy.worth(x) + economy.cost(y) + np.abs(economy.harm_done(y))
    paid = outcome.kind == "auctioneer" and (outcome.payoffs != outcome.utilities).any()
    if paid and outcome.prices is not None:
        size = size + (x + economy.endowment + np.abs(y)) @ outcome.prices
    return np.maximum(_finite(np.abs(outcome.payoffs)), _finite(size))


def _finite(sizes: Array) -> Array:
    """Return sizes with 0 in place of infinite ones, which would make any difference rounding."""
    return np.where(np.isfinite(sizes), sizes, 0.0)


def revenue_rounding(outcome: Outcome) -> float:
    """Return the size up to which an outcome's revenue is rounding, money."""
    p = outcome.prices
    if outcome.kind != "auctioneer" or p is None or outcome.disequilibrium is None:
        return ROUNDING_OF_RESULTS * float(np.abs(outcome.payments).sum())
    worth = float(outcome.economy.offered(outcome.production) @ p)
    return unbalanced(outcome.status, outcome.disequilibrium, worth)


def unbalanced(status: Status, disequilibrium: float, worth: float) -> float:
    """Return the largest revenue that is rounding in a market with prices, money.

    A share of the cost of all there is. Where markets cleared up to a relative excess demand d, a share of
    about d is bought or sold without a counterpart; `2 d` is allowed, since d is itself rounded.

    Args:
        status: how the market ended.
        disequilibrium: d.
        worth: the value of all there is at the prices, money.
    """
    cleared = status is Status.CLEARED
    return worth * (max(ROUNDING_OF_RESULTS, 2.0 * disequilibrium) if cleared else ROUNDING_OF_RESULTS)
