"""Where shards are: in this process, or on the workers of a Dask cluster.

A pool serves one play: it makes the shards and calls a method of all of them at once; answers come in the
order of the shards, whoever was first. On a cluster every shard is pinned to the worker that made it. A
worker that goes away takes its shards with it, and the play ends with a message: nothing is made up for it. A
client that goes away leaves its shards behind; the next one to play has them forgotten.
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Any, Protocol

from market.errors import InputError, MarketError, NumericalError, UnboundedDemandError
from market.scenario.loading import Scenario
from market.shards.shard import Opening
from market.shards.worker_state import Lost, Refusal, forget, forget_all_but, hold, tell
from market.workers import connect

LOOK = 1.0  # seconds between two looks whether all workers are still there


class Pool(Protocol):
    """What a play asks of the place where shards are."""

    @property
    def workers(self) -> int:
        """How many processes there are."""

    def make(self, scenario: Scenario, seed: int, rows: Sequence[range]) -> list[Opening]:
        """Make a shard for each range of rows; what each says (`Shard.opening`)."""

    def tell(self, method: str, each: Sequence[Mapping[str, Any]] | None = None, **same: Any) -> list[Any]:
        """Call a method of every shard.

        Args:
            method: of `Shard`.
            each: arguments for each shard, by name; none by default.
            same: arguments that are the same for all.

        Returns:
            The answers, in the order of the shards.

        Raises:
            MarketError: what goes wrong in a shard, or a shard is gone.
        """

    def names(self) -> list[str]:
        """Who has each shard."""

    def close(self) -> None:
        """Let go of the shards; a pool that is closed stays so."""


class Here:
    """In this process, one after another."""

    workers = 1

    def __init__(self) -> None:
        self._key, self._count = secrets.token_hex(8), 0

    def make(self, scenario: Scenario, seed: int, rows: Sequence[range]) -> list[Opening]:
        """Make them."""
        self._count = len(rows)
        return _checked([hold(self._key, k, scenario, seed, own) for k, own in enumerate(rows)])

    def tell(self, method: str, each: Sequence[Mapping[str, Any]] | None = None, **same: Any) -> list[Any]:
        """Call them."""
        own = each or [{}] * self._count
        return _checked([tell(self._key, k, method, {**own[k], **same}) for k in range(self._count)])

    def names(self) -> list[str]:
        """This process."""
        return ["here"] * self._count

    def close(self) -> None:
        """Forget them."""
        forget(self._key)


class Cluster:
    """On the workers of a Dask cluster, as many shards on each as come to its turn.

    Args:
        address: of the scheduler, for instance "tcp://10.0.0.1:8786".

    Raises:
        InputError: there is no such cluster, or its workers are not fit (`processes.connect`).
    """

    def __init__(self, address: str) -> None:
        self._address, self._client = address, connect(address)
        self._key: str = self._client.id
        self._workers = sorted(self._client.nthreads())
        self._places: list[str] = []

    @property
    def workers(self) -> int:
        """How many there were when the play began."""
        return len(self._workers)

    def make(self, scenario: Scenario, seed: int, rows: Sequence[range]) -> list[Opening]:
        """Have each made by the worker that will keep it."""
        self._places = [self._workers[k % len(self._workers)] for k in range(len(rows))]
        with self._watched():
            alive = self._client.run_on_scheduler(lambda dask_scheduler: list(dask_scheduler.clients))
            self._client.run(forget_all_but, alive)
            sent = self._client.scatter(scenario, broadcast=True, hash=False)
        calls = [(self._key, k, sent, seed, own) for k, own in enumerate(rows)]
        return self._everywhere(hold, calls)

    def tell(self, method: str, each: Sequence[Mapping[str, Any]] | None = None, **same: Any) -> list[Any]:
        """Call them where they are."""
        own = each or [{}] * len(self._places)
        calls = [(self._key, k, method, {**own[k], **same}) for k in range(len(self._places))]
        return self._everywhere(tell, calls)

    def _everywhere(self, function: Any, calls: Sequence[tuple[Any, ...]]) -> list[Any]:
        """Call a function for every shard on its worker; the answers in the order of the shards."""
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
            with suppress(Exception):  # what went wrong before is what is told
                self._client.cancel(list(futures.values()))
            raise

    def _sent(self, function: Any, worker: str, calls: Sequence[tuple[Any, ...]]) -> list[Any]:
        """A future for each call, in one message to the scheduler."""
        if not calls:
            return []
        arguments = zip(*calls, strict=True)
        futures: list[Any] = self._client.map(
            function, *arguments, workers=[worker], allow_other_workers=False, pure=False, retries=0
        )
        return futures

    @contextmanager
    def _watched(self) -> Iterator[None]:
        """Tell of workers that are gone, or of the scheduler, instead of what Dask says of it."""
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
        """Wait until it has ended, but not for a worker that is gone."""
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
        """Workers with shards that the cluster has no more.

        Raises:
            InputError: there is no cluster any more.
        """
        try:
            there = set(self._client.nthreads())
        except Exception as error:  # whatever Dask says of a connection that is no more
            raise InputError(
                f"the Dask scheduler at '{self._address}' went away, and all agents with it; start it again "
                f"and repeat the command"
            ) from error
        return sorted(set(self._places) - there)

    def names(self) -> list[str]:
        """The address of each shard's worker."""
        return list(self._places)

    def close(self) -> None:
        """Have them forgotten, and leave the cluster as it was."""
        with suppress(Exception):  # a cluster that is gone has nothing left to forget
            self._client.run(forget, self._key, on_error="ignore")
        self._client.close()


def _went_away(workers: Sequence[str]) -> InputError:
    plural = "s" if len(workers) > 1 else ""
    return InputError(
        f"worker{plural} {', '.join(workers)} of the cluster went away, and the agents there with it; see "
        f"that workers have enough memory, or start more of them, and repeat the command"
    )


def _checked(answers: list[Any], places: Sequence[str] | None = None) -> list[Any]:
    """The answers, or what is wrong with them."""
    refusals = [each for each in answers if isinstance(each, Refusal)]
    lost = [k for k, each in enumerate(answers) if isinstance(each, Lost)]
    if lost:
        raise _went_away(sorted({places[k] if places else "here" for k in lost}))
    wrong = next((each for each in refusals if each.goods is None), None)
    if wrong is not None:
        raise InputError(wrong.message) if wrong.at_fault else NumericalError(wrong.message)
    if refusals:
        raise UnboundedDemandError(sorted({g for each in refusals for g in each.goods or ()}))
    return answers
