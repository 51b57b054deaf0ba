"""Reductions: calculations over part of the agents that need sums over all agents.

A reduction is a generator, written once for one process and for many: it yields sums over its own agents,
arrays (goods,) or numbers, and is sent the sums over all agents. With all agents in one process it is driven
by sending back its own sums (`run_locally`). With agents in shards, each shard takes one step at a time
(`advance`); the driver adds up the sums of all shards (`add_up`) and sends the totals to each until all end
(`run_all`).

Besides sums there are the `Largest` and the `First` over all agents, which are added like sums.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import numpy as np

T = TypeVar("T")

PartialSums = tuple[Any, ...]
"""Arrays (goods,), or numbers, in an order set by the reduction."""

Reduction = Generator[PartialSums, PartialSums, T]
"""A generator that yields sums over its agents, is sent those over all agents, and returns its result."""


class Largest:
    """Numbers reduced to the largest over all agents instead of the sum.

    Args:
        value: an array (goods,), or a number.
    """

    def __init__(self, value: Any) -> None:
        self.value = value

    def __add__(self, other: Largest) -> Largest:
        return Largest(np.maximum(self.value, other.value))


class First:
    """Findings reduced to the first over all agents, in their order.

    Args:
        values: findings among some of the agents, each None without one.

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
    """A reduction that has ended, with its result."""

    value: T


def advance(steps: Reduction[T], totals: PartialSums | None = None) -> PartialSums | Finished[T]:
    """Take one step of a reduction, and return its next sums or its result.

    Args:
        steps: the reduction.
        totals: the sums that it yielded last, over all agents; None at the beginning.
    """
    try:
        return next(steps) if totals is None else steps.send(totals)
    except StopIteration as ended:
        return Finished(ended.value)


def run_locally(steps: Reduction[T]) -> T:
    """Run a reduction on all agents of an economy, and return its result.

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
    """Run a reduction on all parts, and return their results.

    Args:
        replies: the first sums of each part.
        go_on: sends totals to every part, and returns the next sums or the result of each.

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
            assert len(ended) == len(replies)  # all parts decide by equal totals
            return [reply.value for reply in ended]
        replies = go_on(add_up([reply for reply in replies if not isinstance(reply, Finished)]))


def add_up(parts: Sequence[PartialSums]) -> PartialSums:
    """Return the sums over all parts, added in their order, so that equal parts give equal bits.

    Example:
        >>> add_up([(1.0, 2.0), (3.0, 4.0)])
        (4.0, 6.0)
    """
    totals = parts[0]
    for part in parts[1:]:
        totals = tuple(total + own for total, own in zip(totals, part, strict=True))
    return totals
