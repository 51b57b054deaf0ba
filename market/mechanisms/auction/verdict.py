"""The verdict on an auction: the status that its evidence supports, and a sentence with the numbers.

In this order: *cleared* only if excess demand is within the tolerance and no trader would gain by another
bundle; *no equilibrium* only with a proof from the primitives (`nonexistence.py`); *diverged* if prices left
every bound; *cycling* if prices came back, or oscillate without markets coming any nearer to clearing; else
the rounds were used up.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.outcome import Status, shown
from market.tolerances import REGRET_THAT_IS_NONE, ROUNDING_OF_SUMS

MOST_NAMED = 5  # traders of their own that a reason names; more are counted

Verdict = tuple[Status, str, dict[str, float]]


@dataclass(frozen=True)
class Evidence:
    """The evidence of an auction.

    Args:
        goods: their names.
        relative_excess: (goods,), relative excess demand at the prices that are reported, from the answers
            of all agents.
        round: the round in which these prices were announced.
        tolerance: for relative excess demand.
        cleared: True if announced excess demand is within the tolerance.
        relative_regret: the largest, as a share of the worth of trades, of traders that answer as their
            preferences imply.
        forgone: name of each other trader -> the payoff that another bundle would add; inf if unbounded.
        diverged: which price left the bounds, if any did.
        scales: the widest range of sizes among the numbers of the economy, in words.
        impossible: why there is no equilibrium, if that is proved.
        period: after how many rounds prices came back, if they did.
        amplitude: range of log prices that oscillate, if they do.
    """

    goods: tuple[str, ...]
    relative_excess: Array
    round: int
    tolerance: float
    cleared: bool
    relative_regret: float
    forgone: Mapping[str, float]
    scales: str
    diverged: str | None
    impossible: str | None
    period: int | None
    amplitude: float | None

    @property
    def disequilibrium(self) -> float:
        """The largest relative excess demand in absolute value."""
        return float(np.abs(self.relative_excess).max())


def widest_range(economy: Economy, p: Array) -> str:
    """Return the numbers of an economy that are farthest apart, in words; sums of such numbers lose digits.

    Args:
        economy: the primitives.
        p: (goods,), prices.
    """
    goods = zip(economy.goods, economy.endowment.T, strict=True)
    sizes = [(f"endowments of {good} are", owned) for good, owned in goods]
    sizes += [("budgets are", economy.budget), ("values of the resources are", p * economy.resources)]
    ranges = [(name, values[(values > 0) & np.isfinite(values)]) for name, values in sizes]
    known = [(float(v.max() / v.min()), name, v) for name, v in ranges if len(v)]
    if not known:
        return "it has no resources"
    _, name, values = max(known, key=lambda each: each[0])
    return f"{name} from {values.min():.3g} to {values.max():.3g}"


def verdict(evidence: Evidence) -> Verdict:
    """Return status, reason, and the numbers behind them by name."""
    numbers = {
        "relative_excess_demand": evidence.disequilibrium,
        "relative_regret": evidence.relative_regret,
    }
    status, reason, more = _cleared(evidence) if evidence.cleared else _not_cleared(evidence)
    return status, reason + ("" if evidence.cleared else _named(evidence.forgone)), numbers | more


def _cleared(evidence: Evidence) -> Verdict:
    added_up, regret = evidence.disequilibrium, evidence.relative_regret
    built_in = "built-in trader" if evidence.forgone else "trader"
    if added_up > evidence.tolerance * (1.0 + 1e-6) + ROUNDING_OF_SUMS:
        reason = (
            f"Total demand equals supply, but the demands of the traders do not add up to it: the relative "
            f"difference is {shown(added_up)}. The total of some family is wrong."
        )
        return Status.FAILED, reason, {}
    if regret > max(10 * evidence.tolerance, REGRET_THAT_IS_NONE):
        reason = (
            f"Demand equals supply, but some {built_in} could gain {shown(regret)} of the worth of its "
            f"trades by another bundle: either its demand is wrong at these prices, or the scales of the "
            f"economy defeat the precision of numbers ({evidence.scales})."
        )
        return Status.FAILED, reason, {}
    reason = (
        f"Demand equals supply (largest relative excess demand {shown(added_up)}, tolerance "
        f"{evidence.tolerance:.0e}), and no {built_in} would choose another bundle at these prices "
        f"(largest gain {shown(regret)} of the worth of its trades){_of_others(evidence.forgone)}."
    )
    return Status.CLEARED, reason, {}


def _not_cleared(evidence: Evidence) -> Verdict:
    worst = evidence.goods[int(np.abs(evidence.relative_excess).argmax())]
    nearest = (
        f"at the prices of round {evidence.round}, shown because they are the closest to clearing, relative "
        f"excess demand was {shown(evidence.disequilibrium)}, for {worst}"
    )
    if evidence.impossible is not None:
        return Status.NO_EQUILIBRIUM, f"No prices can clear all markets: {evidence.impossible}.", {}
    if evidence.diverged is not None:
        return Status.DIVERGED, f"{evidence.diverged}; {nearest}.", {}
    if evidence.period is not None:
        reason = (
            f"Prices oscillate and do not converge: they come back every {evidence.period} rounds; {nearest}."
        )
        return Status.CYCLING, reason, {"period": float(evidence.period)}
    if evidence.amplitude is not None:
        reason = (
            f"Prices oscillate by a factor of {np.exp(evidence.amplitude):.3g} and do not converge; "
            f"{nearest}."
        )
        return Status.CYCLING, reason, {"amplitude": evidence.amplitude}
    return Status.MAX_ROUNDS, f"The rounds were used up before markets cleared; {nearest}.", {}


def _named(forgone: Mapping[str, float]) -> str:
    """Return a sentence that names the traders with rules of their own; empty without any."""
    if not forgone:
        return ""
    some = ", ".join(forgone) if len(forgone) <= MOST_NAMED else f"{len(forgone)} traders"
    return f" {some} {'follows its own rule' if len(forgone) == 1 else 'follow rules of their own'}."


def _of_others(forgone: Mapping[str, float]) -> str:
    """Return the end of a sentence on traders that do not answer as their preferences imply.

    Example:
        >>> _of_others({"alpha": 0.00536})
        '; alpha, which follows its own rule, forgoes 0.0054 in payoff'
    """
    if len(forgone) <= MOST_NAMED:
        return "".join(
            f"; {name}, which follows its own rule, {_loss(gain)}" for name, gain in forgone.items()
        )
    most = max(forgone, key=lambda name: forgone[name])
    return f"; of {len(forgone)} traders that follow their own rules {most} {_loss(forgone[most])}, the most"


def _loss(gain: float) -> str:
    if gain == np.inf:
        return "could gain without limit"
    return f"forgoes {gain:.2g} in payoff" if gain > 0 else "forgoes nothing"
