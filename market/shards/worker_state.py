"""Shards held by a process: made once, called often, released at the end.

These functions run in workers. A play is identified by its key, on a cluster the name of the client that
plays it, so that shards of a client that is gone can be found.

A worker with several threads takes one call at a time, since the number of threads of linear algebra is set
for the whole process. Errors of this package are returned as values, `Refusal`.
"""

from __future__ import annotations

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from market.errors import InputError, MarketError, UnboundedDemandError
from market.shards.shard import Shard
from market.workers import alike_everywhere, keep_freed_memory

if TYPE_CHECKING:
    from market.scenario.loading import Scenario

_HELD: dict[tuple[str, int], Shard] = {}
_ONE_AT_A_TIME = threading.Lock()


@dataclass(frozen=True)
class Refusal:
    """Error raised in a shard.

    Args:
        message: in words.
        at_fault: True if the input is at fault.
        goods: with unbounded demand; None for other errors.
    """

    message: str
    at_fault: bool
    goods: tuple[int, ...] | None = None


@dataclass(frozen=True)
class LostShard:
    """Reply of a process that does not hold the shard."""


def hold(key: str, index: int, scenario: Scenario, seed: int, rows: range) -> Any:
    """Make a shard and keep it; return its opening, or a `Refusal`.

    Args:
        key: of the play.
        index: of the shard in it.
        scenario: of the agents.
        seed: for all draws.
        rows: of the agents.
    """
    keep_freed_memory()
    with _ONE_AT_A_TIME, alike_everywhere():
        try:
            _HELD[key, index] = Shard(scenario, seed, rows)
            return _HELD[key, index].opening()
        except MarketError as error:
            return _refusal(error)


def call(key: str, index: int, method: str, arguments: Mapping[str, Any]) -> Any:
    """Call a method of a shard that is held.

    Args:
        key: of the play.
        index: of the shard in it.
        method: of `Shard`.
        arguments: of the method.

    Returns:
        The result of the method, a `Refusal`, or `LostShard`.
    """
    shard = _HELD.get((key, index))
    if shard is None:
        return LostShard()
    with _ONE_AT_A_TIME, alike_everywhere():
        try:
            return getattr(shard, method)(**arguments)
        except MarketError as error:
            return _refusal(error)


def forget(key: str) -> None:
    """Release all shards of a play."""
    for held in [each for each in _HELD if each[0] == key]:
        del _HELD[held]


def forget_all_but(keys: Collection[str]) -> None:
    """Release the shards of plays whose clients are gone."""
    for key in {key for key, _ in _HELD} - set(keys):
        forget(key)


def _refusal(error: MarketError) -> Refusal:
    goods = error.goods if isinstance(error, UnboundedDemandError) else None
    return Refusal(str(error), isinstance(error, InputError), goods)
