"""Price rules: the base class, what a rule is shown, and arithmetic of log prices."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import ClassVar

import numpy as np

from market.economy.correspondences import Array
from market.registry import Family
from market.tolerances import LEAST_POSITIVE

LARGEST_MOVE = 3.0  # a factor of twenty: no log price moves farther in a round
LONGEST_LOG = 690.0  # exp of it, 1e299, is a float, and so is its inverse
LARGEST_RATIO = 1e12  # of demand over supply that a logarithm is taken of: beyond it counts as it


class Knows(StrEnum):
    """Information that a rule has."""

    EXCESS = "excess demand at the announced prices; one demand query a round"
    ANY_PRICES = "excess demand at any prices it asks for; several demand queries a round"
    SPENDING = "what each buyer bids for each good, and what it would bid next"


@dataclass(frozen=True)
class Seen:
    """Observation of a round, as a rule sees it.

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
    """Memory of a rule from round to round; rules add what they need."""


@dataclass(frozen=True)
class Rule(Family):
    """Base of the price rules; every subclass is final and frozen."""

    name: ClassVar[str]
    knows: ClassVar[Knows] = Knows.EXCESS
    economies: ClassVar[tuple[str, ...]] = ("quasilinear", "fisher", "exchange")

    def start(self, p: Array) -> Memory:  # noqa: ARG002
        """Return the memory before the first adjustment of prices p."""
        return Memory()

    def adjust(self, seen: Seen, memory: Memory) -> tuple[Array, Memory]:
        """Return the next prices, (goods,), and the memory.

        Args:
            seen: the observation of the round.
            memory: that of the last call.
        """
        raise NotImplementedError


def logs(p: Array) -> Array:
    """Return logarithms of prices; of a price of zero a very low one."""
    return np.log(np.maximum(p, LEAST_POSITIVE))


def from_logs(log_p: Array) -> Array:
    """Return prices from logarithms, within the range of floats."""
    return np.exp(np.minimum(np.maximum(log_p, -LONGEST_LOG), LONGEST_LOG))  # four times as fast as np.clip


def moved(p: Array, move: Array) -> Array:
    """Return prices, (goods,), after a move of the logarithms of those above 0, (goods with a price,)."""
    priced, prices = p > 0, p.copy()
    prices[priced] = from_logs(np.log(p[priced]) + move)
    return prices


def log_ratio(r: Array) -> Array:
    """Return log(demand / supply), at most 28 in size: `r = 2 (d - s) / (d + s) = 2 tanh(log(d / s) / 2)`."""
    most = 1.0 - 1.0 / LARGEST_RATIO
    return np.asarray(2.0 * np.arctanh(np.clip(r / 2.0, -most, most)))
