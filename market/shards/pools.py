"""Pools of shards: in this process, or on the workers of a Dask cluster.

A pool serves one play: it makes the shards and calls a method of all of them at once; answers come in the
order of the shards. On a cluster every shard is pinned to the worker that made it. A worker that goes away
takes its shards with it, and the play ends with a message: lost shards are not rebuilt. A client that goes
away leaves its shards behind; the next one to play has them removed.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any, Protocol

from market.errors import InputError, MarketError, NumericalError, UnboundedDemandError
from market.shards.worker_state import LostShard, Refusal, call, forget, forget_all_but, hold
from market.workers import connect

if TYPE_CHECKING:
    from market.scenario.loading import Scenario
    from market.shards.shard import Opening

LOOK = 1.0  # seconds between checks that all workers are still there


class Pool(Protocol):
    """Interface between a play and the processes that hold shards."""

    @property
    def workers(self) -> int:
        """Number of processes."""

    def make(self, scenario: Scenario, seed: int, rows: Sequence[range]) -> list[Opening]:
        """Make a shard for each range of rows; return the opening of each."""

    def tell(self, method: str, each: Sequence[Mapping[str, Any]] | None = None, **same: Any) -> list[Any]:
        """Call a method of every shard.

        Args:
            method: of `Shard`.
            each: arguments for each shard, by name; none by default.
            same: arguments for all.

        Returns:
            The answers, in the order of the shards.

        Raises:
            MarketError: raised in a shard, or a shard is gone.
        """

    def names(self) -> list[str]:
        """Return the name of the process that holds each shard."""

    def close(self) -> None:
        """Release the shards; the pool cannot be used again."""


class Here:
    """Shards in this process, called one after another."""

    workers = 1

    def __init__(self) -> None:
        self._key, self._count = secrets.token_hex(8), 0

    def make(self, scenario: Scenario, seed: int, rows: Sequence[range]) -> list[Opening]:
        """Make the shards here."""
        self._count = len(rows)
        return _checked([hold(self._key, k, scenario, seed, own) for k, own in enumerate(rows)])

    def tell(self, method: str, each: Sequence[Mapping[str, Any]] | None = None, **same: Any) -> list[Any]:
        """Call a method of every shard."""
        own = each or [{}] * self._count
        return _checked([call(self._key, k, method, {**own[k], **same}) for k in range(self._count)])

    def names(self) -> list[str]:
        """Return "here" for every shard."""
        return ["here"] * self._count

    def close(self) -> None:
        """Release the shards."""
        forget(self._key)


class Cluster:
    """Shards on the workers of a Dask cluster, dealt out in turn.

    Args:
        address: of the scheduler, for instance "tcp://10.0.0.1:8786".

    Raises:
        InputError: there is no such cluster, or its workers have other versions (`workers.connect`).
    """

    def __init__(self, address: str) -> None:
        self._address, self._client = address, connect(address)
        self._key: str = self._client.id
        self._workers = sorted(self._client.nthreads())
        self._places: list[str] = []

    @property
    def workers(self) -> int:
        """Number of workers when the play began."""
        return len(self._workers)

    def make(self, scenario: Scenario, seed: int, rows: Sequence[range]) -> list[Opening]:
        """Have each shard made by the worker that will keep it."""
        self._places = [self._workers[k % len(self._workers)] for k in range(len(rows))]
        with self._watched():
            alive = self._client.run_on_scheduler(lambda dask_scheduler: list(dask_scheduler.clients))
            self._client.run(forget_all_but, alive)
            sent = self._client.scatter(scenario, broadcast=True, hash=False)
        calls = [(self._key, k, sent, seed, own) for k, own in enumerate(rows)]
        return self._everywhere(hold, calls)

    def tell(self, method: str, each: Sequence[Mapping[str, Any]] | None = None, **same: Any) -> list[Any]:
        """Call a method of every shard on its worker."""
        own = each or [{}] * len(self._places)
        calls = [(self._key, k, method, {**own[k], **same}) for k in range(len(self._places))]
        return self._everywhere(call, calls)

    def _everywhere(self, function: Any, calls: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Call a function for every shard on its worker; return the answers in the order of the shards."""
        futures: dict[int, Any] = {}
        try:
            with self._watched():
                for worker in self._workers:
                    own = [k for k, place in enumerate(self._places) if place == worker]
                    futures.update(
                        zip(own, self._sent(function, worker, [calls[k] for k in own]), strict=True)
                    )
                ordered = [futures[k] for k in range(len(calls))]
                for future in ordered:
                    self._wait(future)
                return _checked(self._client.gather(ordered), self._places)
        except BaseException:
            with suppress(Exception):  # the first error is the one that is reported
                self._client.cancel(list(futures.values()))
            raise

    def _sent(self, function: Any, worker: str, calls: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Submit calls in one message to the scheduler; return a future for each."""
        if not calls:
            return []
        arguments = zip(*calls, strict=True)
        futures: list[Any] = self._client.map(
            function, *arguments, workers=[worker], allow_other_workers=False, pure=False, retries=0
        )
        return futures

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Report workers or a scheduler that are gone in plain words instead of Dask's error."""
        try:
            yield
        except MarketError:
            raise
        except Exception as error:
            gone = self._gone()
            if gone:
                raise _went_away(gone) from error
            raise

    def _wait(self, future: Any) -> None:
        """Wait until a call has ended; raise if a worker is gone."""
        while True:
            try:
                future.exception(timeout=LOOK)
            except TimeoutError:
                gone = self._gone()
                if gone:
                    raise _went_away(gone) from None
            else:
                return

    def _gone(self) -> list[str]:
        """Return workers with shards that have left the cluster.

        Raises:
            InputError: the scheduler is gone.
        """
        try:
            there = set(self._client.nthreads())
        except Exception as error:  # Dask raises many kinds for a lost connection
            raise InputError(
                f"the Dask scheduler at '{self._address}' went away, and all agents with it; start it again "
                f"and repeat the command"
            ) from error
        return sorted(set(self._places) - there)

    def names(self) -> list[str]:
        """Return the address of each shard's worker."""
        return list(self._places)

    def close(self) -> None:
        """Release the shards, and leave the cluster as it was."""
        with suppress(Exception):  # a cluster that is gone holds no shards
            self._client.run(forget, self._key, on_error="ignore")
        self._client.close()


def _went_away(workers: Sequence[str]) -> InputError:
    plural = "s" if len(workers) > 1 else ""
    return InputError(
        f"worker{plural} {', '.join(workers)} of the cluster went away, and the agents there with it; give "
        f"workers more memory, or start more of them, and repeat the command"
    )


def _checked(answers: list[Any], places: Sequence[str] | None = None) -> list[Any]:
    """Return the answers, or raise the error that a shard returned."""
    refusals = [each for each in answers if isinstance(each, Refusal)]
    lost = [k for k, each in enumerate(answers) if isinstance(each, LostShard)]
    if lost:
        raise _went_away(sorted({places[k] if places else "here" for k in lost}))
    wrong = next((each for each in refusals if each.goods is None), None)
    if wrong is not None:
        raise InputError(wrong.message) if wrong.at_fault else NumericalError(wrong.message)
    if refusals:
        raise UnboundedDemandError(sorted({g for each in refusals for g in each.goods or ()}))
    return answers
