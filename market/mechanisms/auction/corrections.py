"""Corrections: all that happens to prices after the rule has answered, under every rule.

A rule sees prices and excess demand, and no trader. What it proposes is corrected for what it cannot know,
by functions of one signature, `(Adjustment, prices) -> prices`, in the order of `CORRECTIONS`:

1. `anticipate_jumps`: where some agent's answer jumps (constant costs and returns, linear utilities,
   utilities that are worth their price or not), the step is taken against the demand and supply that will
   be left after it, and ends where the indifferent can be assigned amounts that balance
   (`jumps/implicit_step.py`). First, because it takes the rule's step for its own.
2. `announce_free_goods`: a good in excess supply at a tiny price is tried at price 0, and a good that is
   lacking at price 0 gets a price again (`free_goods.py`).
3. `remove_profit`: an activity with constant returns that makes a profit would be run without bound, so a
   product is never announced above its least unit cost at the other prices. After free goods, since a free
   input lowers that cost.
4. `normalise`: under `exchange` only relative prices matter, and announced prices sum to one, or that of the
   numeraire is 1. After these, since it multiplies all prices by one number.
5. `keep_bounds`: under a cap or a floor no price beyond it is announced. Last, so that it holds.

Prices outside `PRICE_RANGE` end the auction (`left_the_bounds`) and are not normalised.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.economy.production import zero_profit_prices
from market.mechanisms.auction.free_goods import FreeGoods
from market.mechanisms.auction.interventions.answers import follows_policy
from market.mechanisms.auction.jumps.alternatives import Choices, choosers
from market.mechanisms.auction.jumps.implicit_step import implicit_step
from market.mechanisms.regret import answers_faithfully

if TYPE_CHECKING:
    from market.mechanisms.auction.announcement import Announcement
    from market.mechanisms.auction.interventions.policy import Policy

PRICE_RANGE = (1e-250, 1e250)  # money per unit: prices outside have left every economy that float64 can hold


@dataclass(frozen=True)
class Adjustment:
    """One adjustment of prices: what corrections may look at.

    Args:
        economy: the primitives.
        announced: the announcement of this round.
        free_goods: the memory of prices near zero.
        choices: where some agent's answer can jump; None if nowhere.
        joint: True if the rule may move the price of a good because of other goods, without having asked for
            demand at other prices (slopes taken across a jump would be wrong).
        policy: taxes, caps, floors and quotas; None without any.
    """

    economy: Economy
    announced: Announcement
    free_goods: FreeGoods
    choices: Choices | None
    joint: bool
    policy: Policy | None = None


def anticipate_jumps(adjustment: Adjustment, proposed: Array) -> Array:
    """Return the rule's step, taken implicitly in the alternatives that agents choose."""
    if adjustment.choices is None:
        return proposed
    economy, announced, policy = adjustment.economy, adjustment.announced, adjustment.policy
    if policy is None:
        faithful = answers_faithfully(economy, announced.answers, announced.prices)
    else:
        faithful = follows_policy(policy, announced.answers)
    who = choosers(economy, adjustment.choices, announced.prices, announced.answers, faithful, policy)
    return implicit_step(economy, who, announced, proposed, adjustment.joint)


def announce_free_goods(adjustment: Adjustment, proposed: Array) -> Array:
    """Return prices with tiny ones in excess supply at 0 and lacking free goods above 0."""
    seen = adjustment.announced
    return adjustment.free_goods.corrected(seen.prices, seen.imbalance.z, proposed)


def remove_profit(adjustment: Adjustment, proposed: Array) -> Array:
    """Return prices at which no technology with constant returns makes a profit."""
    return zero_profit_prices(adjustment.economy, proposed)


def normalise(adjustment: Adjustment, proposed: Array) -> Array:
    """Return relative prices under `exchange`, as they are announced."""
    economy = adjustment.economy
    return proposed if left_the_bounds(economy, proposed) else economy.normalise(proposed)


def keep_bounds(adjustment: Adjustment, proposed: Array) -> Array:
    """Return prices within caps and floors; they need money, so that nothing is normalised after it."""
    return proposed if adjustment.policy is None else adjustment.policy.within(proposed)


Correction = Callable[[Adjustment, Array], Array]
"""Prices for the next round, (goods,), to corrected ones."""

CORRECTIONS: tuple[Correction, ...] = (
    anticipate_jumps,
    announce_free_goods,
    remove_profit,
    normalise,
    keep_bounds,
)


def corrected(adjustment: Adjustment, proposed: Array) -> Array:
    """Return the prices to announce next, (goods,), from those that the rule proposes."""
    for correction in CORRECTIONS:
        proposed = correction(adjustment, proposed)
    return proposed


def left_the_bounds(economy: Economy, p: Array) -> str | None:
    """Return which prices cannot be followed any further, as a sentence without full stop; None if none."""
    if p.min() >= PRICE_RANGE[0] and p.max() <= PRICE_RANGE[1]:  # false where a price is NaN
        return None
    outside = ~np.isfinite(p) | (p > PRICE_RANGE[1]) | ((p < PRICE_RANGE[0]) & (p != 0))
    if not outside.any():
        return None
    names = ", ".join(economy.goods[g] for g in np.flatnonzero(outside))
    return f"The price of {names} left the range from {PRICE_RANGE[0]:.0e} to {PRICE_RANGE[1]:.0e}"
