"""Memory of what figures calculate from an economy or a game alone, so that it is done once for all rounds.

Economies and games are immutable, so that they are recognised by identity; entries hold them, and the oldest
ones are dropped.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Hashable
from typing import Generic, TypeVar

from market.economy.primitives import Economy
from market.games.base import StrategicGame

Value = TypeVar("Value")

KEPT = 12  # entries: some panels of some pages of a dashboard


class Memory(Generic[Value]):
    """The last few results of a calculation, by economy or game and key."""

    def __init__(self) -> None:
        self._entries: deque[tuple[Economy | StrategicGame, Hashable, Value]] = deque(maxlen=KEPT)

    def of(self, economy: Economy | StrategicGame, key: Hashable, calculate: Callable[[], Value]) -> Value:
        """Return the result for an economy or a game and a key, calculated if it is not remembered.

        Args:
            economy: recognised by identity.
            key: everything else on which the result depends.
            calculate: the calculation; what it raises is not remembered.
        """
        for known, its_key, value in tuple(self._entries):
            if known is economy and its_key == key:
                return value
        found = calculate()
        self._entries.append((economy, key, found))
        return found
