"""What may be said of an auction: the status that its evidence supports, and a sentence with the numbers.

In this order: *cleared* only if excess demand is within the tolerance and nobody regrets its trades; *no
equilibrium* only with a proof from the primitives (`nonexistence.py`); *diverged* if prices left every bound;
*cycling* if prices came back, or went up and down without markets coming any nearer to clearing; else the
rounds ran out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market.economy.primitives import Economy
from market.mechanisms.auction.announcement import ROUNDING, Announcement
from market.outcome import Status, shown

REGRETTED = (
    1e-8  # share of the worth of trades that somebody may regret at least, and ten times the tolerance
)


@dataclass(frozen=True)
class Found:
    """The evidence of an auction.

    Args:
        economy: the primitives.
        chosen: the announcement that is reported.
        tolerance: for relative excess demand.
        rounds: how many were played.
        cleared: whether excess demand is within the tolerance.
        relative_regret: the largest, as a share of what trades are worth.
        unfaithful: how many traders do not answer as their preferences say.
        diverged: which price left the bounds.
        impossible: why there is no equilibrium.
        period: after how many rounds prices came back.
        amplitude: how far log prices go up and down.
    """

    economy: Economy
    chosen: Announcement
    tolerance: float
    rounds: int
    cleared: bool
    relative_regret: float
    unfaithful: int
    diverged: str | None
    impossible: str | None
    period: int | None
    amplitude: float | None


def verdict(found: Found) -> tuple[Status, str, dict[str, float]]:
    """Status, reason and evidence."""
    evidence = {
        "relative_excess_demand": found.chosen.imbalance.disequilibrium,
        "relative_regret": found.relative_regret,
    }
    status, reason, more = _cleared(found) if found.cleared else _not_cleared(found)
    if found.unfaithful:
        do = "does not answer as its" if found.unfaithful == 1 else "do not answer as their"
        reason += f" {found.unfaithful} of the traders {do} preferences say."
    return status, reason, evidence | more


def _cleared(found: Found) -> tuple[Status, str, dict[str, float]]:
    added_up = found.chosen.imbalance.disequilibrium
    if added_up > found.tolerance * (1.0 + 1e-6) + ROUNDING:
        reason = (
            f"Total demand equals supply, but what the traders ask for one by one does not add up to it: the "
            f"relative difference is {shown(added_up)}. The total of some family is wrong."
        )
        return Status.FAILED, reason, {}
    if found.relative_regret > max(10 * found.tolerance, REGRETTED):
        reason = (
            f"Demand equals supply, but some trader could gain {shown(found.relative_regret)} of what its "
            f"trades are worth by another bundle: its demand function is wrong at these prices."
        )
        return Status.FAILED, reason, {}
    reason = (
        f"Largest relative excess demand {shown(found.chosen.imbalance.disequilibrium)} (tolerance "
        f"{found.tolerance:.0e}); nobody could gain more than {shown(found.relative_regret)} of what its "
        f"trades are worth."
    )
    return Status.CLEARED, reason, {}


def _not_cleared(found: Found) -> tuple[Status, str, dict[str, float]]:
    relative = np.abs(found.chosen.imbalance.relative)
    worst = found.economy.goods[int(relative.argmax())]
    nearest = f"at the nearest prices relative excess demand was {shown(float(relative.max()))}, for {worst}"
    if found.impossible is not None:
        return Status.NO_EQUILIBRIUM, f"No prices can clear all markets: {found.impossible}.", {}
    if found.diverged is not None:
        return Status.DIVERGED, f"{found.diverged}; {nearest}.", {}
    if found.period is not None:
        reason = f"The same prices come back every {found.period} rounds; {nearest}."
        return Status.CYCLING, reason, {"period": float(found.period)}
    if found.amplitude is not None:
        reason = (
            f"Prices go up and down by a factor of {np.exp(found.amplitude):.3g} and come no nearer to "
            f"clearing; {nearest}."
        )
        return Status.CYCLING, reason, {"amplitude": found.amplitude}
    return Status.MAX_ROUNDS, f"The rounds ran out; {nearest}; these are shown.", {}
