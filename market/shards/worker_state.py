"""Shards as a process holds them: made once, asked often, forgotten at the end.

These functions run in workers. A play is known by its key, which on a cluster is the name of the client that
plays it, so that shards of a client that is gone can be told from others.

A worker with several threads takes one call at a time, since the number of threads of linear algebra is the
process's own. What goes wrong on purpose comes back as a value, a `Refusal`.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from market.errors import InputError, MarketError, UnboundedDemandError
from market.scenario.loading import Scenario
from market.shards.shard import Shard
from market.workers import alike_everywhere, keep_freed_memory

_HELD: dict[tuple[str, int], Shard] = {}
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class Refusal:
    """What went wrong in a shard.

    Args:
        message: in words.
        at_fault: whether the input is.
        goods: of which somebody wants more than any amount; None if that is not what is wrong.
    """

    message: str
    at_fault: bool
    goods: tuple[int, ...] | None = None


@dataclass(frozen=True)
class Lost:
    """A process was asked for a shard that it does not hold."""


def hold(key: str, index: int, scenario: Scenario, seed: int, rows: range) -> Any:
    """Make a shard and keep it; what `Shard.opening` says, or a `Refusal`.

    Args:
        key: of the play.
        index: of the shard in it.
        scenario: whose agents.
        seed: for all draws.
        rows: which agents.
    """
    keep_freed_memory()
    with _ONE_AT_A_TIME, alike_everywhere():
        try:
            _HELD[key, index] = Shard(scenario, seed, rows)
            return _HELD[key, index].opening()
        except MarketError as error:
            return _refusal(error)


def tell(key: str, index: int, method: str, arguments: Mapping[str, Any]) -> Any:
    """Call a method of a shard that is held.

    Args:
        key: of the play.
        index: of the shard in it.
        method: of `Shard`.
        arguments: of the method.

    Returns:
        What the method returns, a `Refusal`, or `Lost`.
    """
    shard = _HELD.get((key, index))
    if shard is None:
        return Lost()
    with _ONE_AT_A_TIME, alike_everywhere():
        try:
            return getattr(shard, method)(**arguments)
        except MarketError as error:
            return _refusal(error)


def forget(key: str) -> None:
    """Let go of all shards of a play."""
    for held in [each for each in _HELD if each[0] == key]:
        del _HELD[held]


def forget_all_but(keys: Collection[str]) -> None:
    """Let go of the shards of other plays: who played them is gone, and has not said good-bye."""
    for key in {key for key, _ in _HELD} - set(keys):
        forget(key)


def _refusal(error: MarketError) -> Refusal:
    goods = error.goods if isinstance(error, UnboundedDemandError) else None
    return Refusal(str(error), isinstance(error, InputError), goods)
