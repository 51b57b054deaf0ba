"""The verdict on an auction with interventions: `cleared` at two prices, or `rationed` at a bound.

A market is *rationed* if a cap, a floor or a quota binds in it. At a cap or a floor one side trades all that
it wants and the other does not: its excess demand is stated, and its regret is the cost of the bound to it,
no error. A regret of an agent that the bound denies nothing is one, as where markets clear. At a quota both
sides trade what they want at their own prices, and the right to sell has a rent.
Nothing is claimed of efficiency: the alignment report says what is lost.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from market.intervention import Intervention
from market.mechanisms.auction.announcement import Announcement
from market.mechanisms.auction.interventions.policy import Policy
from market.outcome import Status, shown
from market.tolerances import REGRET_THAT_IS_NONE, ROUNDING_OF_SUMS

if TYPE_CHECKING:
    from market.mechanisms.auction.auctioneer import Auction

MOST_NAMED = 3  # goods whose prices the reason states


class Regret(NamedTuple):
    """The largest regret.

    Args:
        relative: as a share of the worth of an agent's trades.
        undenied: the same, of agents that no cap or floor keeps from trading all that they want.
        payoff: in payoff.
    """

    relative: float
    undenied: float
    payoff: float


def verdict_under(
    policy: Policy,
    chosen: Announcement,
    account: Intervention,
    regret: Regret,
    status: Status,
    reason: str,
    auction: Auction,
) -> tuple[Status, str]:
    """Return status and reason where every market clears or is at a bound.

    Args:
        policy: the interventions.
        chosen: the announcement that is reported.
        account: what they do to prices.
        regret: the largest of any agent.
        status: of the same evidence without bounds.
        reason: for that status.
        auction: the mechanism.
    """
    if not any(account.binding):
        return status, f"{reason}{_both_prices(policy, account)}"
    rationed = [_one(policy, chosen, account, g) for g, bound in enumerate(account.binding) if bound]
    only_quotas = not any(bound in ("cap", "floor") for bound in account.binding)
    if regret.undenied > max(10 * auction.tolerance, REGRET_THAT_IS_NONE):
        return Status.FAILED, (
            f"{' '.join(rationed)} But some agent that no cap or floor keeps from trading could gain "
            f"{shown(regret.undenied)} of the worth of its trades by another bundle at its own prices: its "
            f"demand or supply is wrong there."
        )
    others = " All other markets clear." if len(rationed) < len(account.binding) else ""
    return Status.RATIONED, f"{' '.join(rationed)}{others} {_in_words(regret, only_quotas)}"


def _one(policy: Policy, chosen: Announcement, account: Intervention, g: int) -> str:
    """Return a sentence on a market in which a bound binds."""
    good, bound, price = policy.economy.goods[g], account.binding[g], chosen.prices[g]
    if bound == "quota" and policy.quota[g] == 0:
        return (
            f"The quota of 0 {good} binds: none may be sold. Prices of {account.buyer_prices[g]:.6g} for "
            f"buyers and {price:.6g} for sellers are among many at which none is."
        )
    if bound == "quota":
        return (
            f"The quota of {policy.quota[g]:g} {good} binds: buyers pay {account.buyer_prices[g]:.6g}, "
            f"sellers get {price:.6g}, and the right to sell a unit is worth {account.rents[g]:.6g}."
        )
    z = abs(float(account.unserved[g]))
    amount = f"{z:.6g}" if np.isfinite(z) else "an unbounded amount"
    side, verb = ("buyers", "want") if bound == "cap" else ("sellers", "offer")
    return (
        f"The {bound} of {price:.6g} on {good} binds: {side} {verb} {amount} more than is traded, and the "
        f"other side trades all that it wants."
    )


def _in_words(regret: Regret, only_quotas: bool) -> str:
    if only_quotas:
        return (
            f"No agent would choose another bundle at its own prices (largest gain "
            f"{shown(regret.relative)} of the worth of its trades)."
        )
    if regret.payoff == np.inf:
        return "An agent could gain without limit by a bundle that the bound denies."
    return f"The largest gain in payoff from a bundle that the bound denies is {regret.payoff:.6g}."


def _both_prices(policy: Policy, account: Intervention) -> str:
    """Return sentences on the goods that cost buyers more, or less, than sellers get."""
    goods, apart = policy.economy.goods, account.wedge
    levied = np.flatnonzero(np.abs(apart) > ROUNDING_OF_SUMS * account.buyer_prices)
    sellers = "taxed sellers" if policy.taxed else "sellers"
    idle = [goods[g] for g in levied if account.taxed_sales[g] == 0]
    nothing = f" Nothing taxed is traded of {', '.join(idle[:MOST_NAMED])}." if idle else ""
    return nothing + "".join(
        f" Buyers of {goods[g]} pay {account.buyer_prices[g]:.6g}, {sellers} get "
        f"{account.taxed_prices[g]:.6g}."
        for g in levied[:MOST_NAMED]
    )
