"""What every price rule answers, and what it is shown."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

import numpy as np

from market.economy.correspondences import Array
from market.registry import Family

TINY = 1e-300


class Knows(StrEnum):
    """What a rule may know."""

    EXCESS = "excess demand at the announced prices; one demand query a round"
    ANY_PRICES = "excess demand at any prices it asks for; several demand queries a round"
    SPENDING = "how much everyone bids for each good, and how it would bid next"


@dataclass(frozen=True)
class Seen:
    """What a rule is shown of a round.

    Args:
        p: (goods,), the prices that were announced.
        z: (goods,), excess demand, units; 0 where the market clears; infinite where amounts are.
        r: (goods,), relative excess demand, -2 to 2.
        ask: prices (goods,) -> relative excess demand there, (goods,); None for rules that may not ask.
        respond: bids (bidders, goods) -> (prices, next bids); None for rules that may not know.
    """

    p: Array
    z: Array
    r: Array
    ask: Callable[[Array], Array] | None = None
    respond: Callable[[Array | None], tuple[Array, Array]] | None = None


@dataclass(frozen=True)
class Memory:
    """What a rule remembers from round to round; rules add what they need."""


@dataclass(frozen=True)
class Rule(Family):
    """Base of the price rules; every subclass is final and frozen."""

    name: ClassVar[str]
    knows: ClassVar[Knows] = Knows.EXCESS
    economies: ClassVar[tuple[str, ...]] = ("quasilinear", "fisher", "exchange")

    def start(self, p: Array) -> Memory:  # noqa: ARG002
        """The memory before the first adjustment of prices p."""
        return Memory()

    def adjust(self, seen: Seen, memory: Memory) -> tuple[Array, Memory]:
        """The next prices, (goods,), and what to remember.

        Args:
            seen: of the round.
            memory: from the last call.
        """
        raise NotImplementedError


def logs(p: Array) -> Array:
    """Logarithms of prices; of a price of zero a very low one."""
    return np.log(np.maximum(p, TINY))


def from_logs(log_p: Array) -> Array:
    """Prices from logarithms, kept within what a float can hold."""
    return np.exp(np.minimum(np.maximum(log_p, -690.0), 690.0))  # `np.clip` takes four times as long


def log_ratio(r: Array) -> Array:
    """log(demand / supply), at most 28 in size: r = 2 (d - s) / (d + s) = 2 tanh(log(d / s) / 2)."""
    return np.asarray(2.0 * np.arctanh(np.clip(r / 2.0, 1e-12 - 1.0, 1.0 - 1e-12)))
