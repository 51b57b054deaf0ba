"""The evidence of a double auction, and its verdict in words.

- `efficiency`: gains from trade on the last day over the largest in lots, `efficiency_divisible` over the
  largest in any amounts (both left out where gains have no upper limit, as with log utility from an empty
  hand);
- `loss_in_lots`: the largest total surplus in lots less that of the last day, money;
- `alpha`: Smith's coefficient of convergence, `100 rms(p_t / p* - 1)` over the trades t of the last day, per
  cent, p* the competitive price; `mean_price` of these trades where one good is traded;
- `mean_efficiency`, `mean_alpha`: over all days, if there are several;
- `quotes`: how many were made in all, and `days`, how many were played;
- `lot_gain`: the most that two that may still trade today could gain from one more lot, per unit;
- `strategic_regret`: of a call with truthful reports, what the best liar would have gained.

A zero surplus of traders without constraint is an efficiency of 0, and a loss is a negative one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from market.economy.primitives import Economy, Money
from market.mechanisms.trading.double_auction.limits import Limits
from market.mechanisms.trading.double_auction.sealed import Called
from market.mechanisms.trading.double_auction.yardsticks import Competitive, best_in_lots, competitive
from market.outcome import Status, shown


class Traded(Protocol):
    """A trade as it is recorded."""

    @property
    def day(self) -> int:
        """Number of its day."""

    @property
    def good(self) -> int:
        """Place of its good."""

    @property
    def price(self) -> float:
        """Price per unit."""

    @property
    def gain(self) -> float:
        """Value less cost of the lot."""


@dataclass(frozen=True)
class Yardsticks:
    """Yardsticks of an economy.

    Args:
        nothing: total surplus without trade; may be -inf.
        in_lots: the largest total surplus in lots; None if not known.
        best: competitive prices and the surplus at them; None if not found.
    """

    nothing: float
    in_lots: float | None
    best: Competitive | None

    @classmethod
    def of(cls, limits: Limits) -> Yardsticks:
        """Return the yardsticks of an economy with its lots."""
        economy = limits.economy
        nothing = economy.welfare(economy.endowment, np.zeros(economy.shape)).sum()
        return cls(float(nothing), best_in_lots(limits), competitive(economy, limits.lots, limits.high))

    def share(self, gains: float, divisible: bool = False) -> float | None:
        """Return gains from trade over the largest; None if that is unknown, unbounded or none."""
        best = self.in_lots
        if divisible:
            best = None if self.best is None else self.best.surplus
        if best is None or not math.isfinite(best) or not math.isfinite(self.nothing):
            return None
        most = best - self.nothing
        return gains / most if most > 0 else None

    def alpha(self, trades: Sequence[Traded]) -> float | None:
        """Return Smith's coefficient of convergence, per cent; None without trades or a competitive price."""
        if self.best is None or not trades:
            return None
        p = self.best.prices[[each.good for each in trades]]
        apart = np.array([each.price for each in trades]) / p - 1.0
        return float(100.0 * np.sqrt((apart * apart).mean()))


@dataclass(frozen=True)
class Ended:
    """A double auction at its end, or stopped.

    Args:
        economy: the primitives.
        yardsticks: of the economy.
        lines: all trades.
        days: number of the last day.
        quotes: how many were made in all.
        surplus: total surplus at the end of the last day.
        left: the largest gain of two that may still trade today from one more lot, per unit.
        called: the last call; None of a continuous market.
        truthful: True if all reports are.
        goods: number of goods that are traded.
    """

    economy: Economy
    yardsticks: Yardsticks
    lines: Sequence[Traded]
    days: int
    quotes: int
    surplus: float
    left: float
    called: Called | None
    truthful: bool
    goods: int

    @property
    def last_day(self) -> list[Traded]:
        """Trades of the last day."""
        return [line for line in self.lines if line.day == self.days]


def evidence(ended: Ended) -> dict[str, float]:
    """Return the numbers behind a verdict, by name; those that are not known are left out."""
    stick, today = ended.yardsticks, ended.last_day
    found: dict[str, float | None] = {}
    if ended.economy.money is Money.QUASILINEAR:
        gains = ended.surplus - stick.nothing if math.isfinite(stick.nothing) else math.nan
        found["efficiency"] = stick.share(gains)
        found["efficiency_divisible"] = stick.share(gains, divisible=True)
        if stick.in_lots is not None and math.isfinite(stick.in_lots) and ended.surplus > -math.inf:
            found["loss_in_lots"] = max(stick.in_lots - ended.surplus, 0.0)
    found["alpha"] = stick.alpha(today)
    if today and ended.goods == 1:
        found["mean_price"] = float(np.mean([line.price for line in today]))
    if ended.days > 1:
        found |= _over_days(ended)
    found |= {"quotes": float(ended.quotes), "days": float(ended.days), "lot_gain": ended.left}
    if ended.called is not None and ended.truthful:
        found["strategic_regret"] = ended.called.regret
    return {name: value for name, value in found.items() if value is not None}


def _over_days(ended: Ended) -> dict[str, float | None]:
    """Return the means over all days; a day without trades has gains of 0 and no alpha."""
    stick = ended.yardsticks
    by_day: dict[int, list[Traded]] = {}
    for line in ended.lines:
        by_day.setdefault(line.day, []).append(line)
    alphas = [alpha for lines in by_day.values() if (alpha := stick.alpha(lines)) is not None]
    found: dict[str, float | None] = {"mean_alpha": float(np.mean(alphas)) if alphas else None}
    if ended.economy.money is Money.QUASILINEAR and math.isfinite(stick.nothing):
        found["mean_efficiency"] = stick.share(math.fsum(line.gain for line in ended.lines) / ended.days)
    return found


def in_words(ended: Ended, numbers: Mapping[str, float], status: Status, patience: int | None) -> str:
    """Return the reason of a verdict.

    Args:
        ended: the play.
        numbers: its evidence.
        status: the verdict.
        patience: quotes after which a day ends; None if the last day is not over.
    """
    said = [_how(ended, status, patience), _figures(ended, numbers)]
    if "mean_efficiency" in numbers and "mean_alpha" in numbers:
        share, alpha = numbers["mean_efficiency"], numbers["mean_alpha"]
        said.append(f"Mean of {ended.days} days: efficiency {_percent(share)}, alpha {alpha:.3g} %.")
    if "strategic_regret" in numbers:
        said.append(f"The best liar would have gained {shown(numbers['strategic_regret'])}.")
    return " ".join(filter(None, said))


def _how(ended: Ended, status: Status, patience: int | None) -> str:
    count = len(ended.last_day)
    trades = f"{count:,} trade{'' if count == 1 else 's'}"
    on = f" on day {ended.days}" if ended.days > 1 else ""
    no_two = f"no two that may still trade today could gain from one more lot, after {trades}{on}."
    if status is Status.CLEARED:
        return f"With truthful reports {no_two}"
    if status is Status.SETTLED:
        return f"{no_two[0].upper()}{no_two[1:]}"
    left = f"two could gain {shown(ended.left)} a unit from one more lot"
    if ended.called is not None:
        return f"The call{on} left gains: {left}, after {trades}."
    if patience is not None:
        quotes = f"{patience:,} quote{'' if patience == 1 else 's'}"
        return f"The day ended after {quotes} without a trade: {left}, after {trades}{on}."
    return f"The rounds were used up: {left}, after {trades}{on}."


def _figures(ended: Ended, numbers: Mapping[str, float]) -> str:
    parts = []
    if "efficiency" in numbers:
        parts.append(f"efficiency {_percent(numbers['efficiency'])} of the best in lots")
    elif "loss_in_lots" in numbers:
        parts.append(f"surplus {shown(numbers['loss_in_lots'])} below the best in lots")
    if "efficiency_divisible" in numbers and "efficiency" in numbers:
        parts[-1] += f" ({_percent(numbers['efficiency_divisible'])} of that in any amounts)"
    if "mean_price" in numbers and "alpha" in numbers:
        best = ended.yardsticks.best
        assert best is not None
        good = ended.lines[0].good
        parts.append(f"mean price {numbers['mean_price']:.5g}, competitive {best.prices[good]:.5g}")
    if "alpha" in numbers:
        parts.append(f"alpha {numbers['alpha']:.3g} %")
    text = ", ".join(parts)
    return f"{text[0].upper()}{text[1:]}." if text else ""


def _percent(share: float) -> str:
    return f"{100.0 * share:.4g} %"
