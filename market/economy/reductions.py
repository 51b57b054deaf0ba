"""Work on some of an economy's agents that needs sums over all of them.

Such work is a generator: it yields its own agents' sums, arrays (goods,) or numbers, and is sent the sums
over everybody. Whoever has all agents together drives it by sending back what it yields (`run_locally`);
where agents are spread over shards, each takes a step at a time (`advance`), and whoever drives all of them
adds up (`add_up`) and sends the totals to each, until they end (`run_all`).

Beside sums there are the `Largest` and the `First` over all agents: they are added like sums.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

T = TypeVar("T")

PartialSums = tuple[Any, ...]
"""Arrays (goods,), or numbers, in an order that only the work knows."""

Reduction = Generator[PartialSums, PartialSums, T]
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


class First:
    """Things of which the first over all agents, in their order, is asked for.

    Args:
        values: what is found among some of the agents, each None if there is nothing.

    Example:
        >>> (First([None, "beta"]) + First(["gamma", "delta"])).values
        ['gamma', 'beta']
    """

    def __init__(self, values: Sequence[Any]) -> None:
        self.values = values

    def __add__(self, other: First) -> First:
        pairs = zip(self.values, other.values, strict=True)
        return First([theirs if own is None else own for own, theirs in pairs])


@dataclass(frozen=True)
class Finished(Generic[T]):
    """Work that has ended, with what came of it."""

    value: T


def advance(steps: Reduction[T], totals: PartialSums | None = None) -> PartialSums | Finished[T]:
    """What work asks for next, or what came of it.

    Args:
        steps: the work.
        totals: what it asked for last, over everybody; None at the beginning.
    """
    try:
        return next(steps) if totals is None else steps.send(totals)
    except StopIteration as ended:
        return Finished(ended.value)


def run_locally(steps: Reduction[T]) -> T:
    """What comes of work on agents of whom there are no others.

    Example:
        >>> def share(amount):
        ...     (total,) = yield (amount,)
        ...     return amount / total
        >>> run_locally(share(2.0))
        1.0
    """
    (value,) = run_all([advance(steps)], lambda totals: [advance(steps, totals)])
    return value


def run_all(
    replies: Sequence[PartialSums | Finished[T]],
    go_on: Callable[[PartialSums], Sequence[PartialSums | Finished[T]]],
) -> list[T]:
    """What comes of the same work on all parts.

    Args:
        replies: what each part asks for first.
        go_on: sends totals to every part; what each asks for next, or what came of it.

    Example:
        >>> def share(amount):
        ...     (total,) = yield (amount,)
        ...     return amount / total
        >>> parts = [share(2.0), share(6.0)]
        >>> run_all(
        ...     [advance(part) for part in parts], lambda totals: [advance(part, totals) for part in parts]
        ... )
        [0.25, 0.75]
    """
    while True:
        ended = [reply for reply in replies if isinstance(reply, Finished)]
        if ended:
            assert len(ended) == len(replies)  # they all decide by the same totals
            return [reply.value for reply in ended]
        replies = go_on(add_up([reply for reply in replies if not isinstance(reply, Finished)]))


def add_up(parts: Sequence[PartialSums]) -> PartialSums:
    """The sums over all parts, added in their order: the same parts give the same bits.

    Example:
        >>> add_up([(1.0, 2.0), (3.0, 4.0)])
        (4.0, 6.0)
    """
    totals = parts[0]
    for part in parts[1:]:
        totals = tuple(total + own for total, own in zip(totals, part, strict=True))
    return totals
