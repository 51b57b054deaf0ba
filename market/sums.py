"""Work on some of an economy's agents that needs sums over all of them.

Such work is a generator: it yields its own agents' sums, arrays (goods,) or numbers, and is sent the sums
over everybody. Whoever has all agents together drives it by sending back what it yields (`alone`); where
agents are spread over shards, whoever drives all of them adds up (`added`) and sends the totals to each.
"""

from __future__ import annotations

from collections.abc import Generator, Sequence
from typing import Any, TypeVar

import numpy as np

T = TypeVar("T")

Sums = tuple[Any, ...]
"""Arrays (goods,), or numbers, in an order that only the work knows."""

Steps = Generator[Sums, Sums, T]
"""Work that yields its own sums, is sent those over everybody, and returns what came of it."""


class Largest:
    """Numbers of which not the sum but the largest over all is asked for.

    Args:
        value: an array (goods,), or a number.
    """

    def __init__(self, value: Any) -> None:
        self.value = value

    def __add__(self, other: Largest) -> Largest:
        return Largest(np.maximum(self.value, other.value))


def alone(steps: Steps[T]) -> T:
    """What comes of work on agents of whom there are no others.

    Example:
        >>> def share(amount):
        ...     (total,) = yield (amount,)
        ...     return amount / total
        >>> alone(share(2.0))
        1.0
    """
    try:
        sums = next(steps)
        while True:
            sums = steps.send(sums)
    except StopIteration as ended:
        result: T = ended.value
        return result


def added(parts: Sequence[Sums]) -> Sums:
    """The sums over all parts, added in their order: the same parts give the same bits.

    Example:
        >>> added([(1.0, 2.0), (3.0, 4.0)])
        (4.0, 6.0)
    """
    totals = parts[0]
    for part in parts[1:]:
        totals = tuple(total + own for total, own in zip(totals, part, strict=True))
    return totals
