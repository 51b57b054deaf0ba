"""Chunks of runs are given out and taken back in any order, and runs that kill workers isolated."""

from __future__ import annotations

import pytest
from helpers.troublemakers import who

from market.errors import InputError
from market.sweep.backends import WorkerDied
from market.sweep.design import design
from market.sweep.execution import carry_out
from market.sweep.runs import ChunkResult


class Fake:
    """A backend that answers by a script, in the order in which chunks come."""

    def __init__(self, answer):
        self.answer, self.waiting, self.seen = answer, [], []

    def workers(self):
        return 2

    def room(self):
        return 2 - len(self.waiting)

    def submit(self, chunks):
        self.waiting += chunks
        self.seen += chunks

    def next(self):
        chunk = self.waiting.pop()  # the last one given ends first
        return chunk, self.answer(chunk)


def test_every_run_is_kept_once_in_any_order_of_chunks():
    runs = list(design(["a.x=0:1:50"]).runs())
    kept, given_up = [], []
    backend = Fake(who)
    carry_out(
        backend,
        iter(runs),
        50,
        lambda done: kept.extend(done.columns["run"]),
        lambda *lost: given_up.append(lost),
    )
    assert sorted(kept) == list(range(50))
    assert given_up == []


@pytest.mark.parametrize(
    ("seconds", "most", "least"),
    [(0.002, 500, 50), (0.05, 20, 2), (0.5, 4, 1), (30.0, 4, 1)],
    ids=["cheap", "a twentieth of a second", "half a second", "half a minute"],
)
def test_chunks_take_a_second_and_towards_the_end_no_less_than_a_tenth(seconds, most, least):
    """Of runs of 2 ms 500 in a chunk, and 50 in the smallest; the first have four, when nothing is known."""

    def answer(chunk):
        return ChunkResult({"run": [run.number for run in chunk]}, seconds * len(chunk))

    backend, kept = Fake(answer), []
    runs = design(["a.x=0:1:3000"]).runs()
    carry_out(backend, runs, 3000, lambda done: kept.extend(done.columns["run"]), pytest.fail)
    assert sorted(kept) == list(range(3000))
    sizes = [len(chunk) for chunk in backend.seen]
    assert sizes[:2] == [4, 4]
    assert max(sizes) == most
    assert min(sizes[2:-1]) == least
    assert sizes[-1] <= least  # all end together


def test_runs_of_a_lost_chunk_are_tried_alone_and_only_the_cause_given_up():
    runs = list(design(["a.x=0:1:20"]).runs())
    kept, given_up = [], []
    backend = Fake(
        lambda chunk: WorkerDied("killed") if any(run.number == 7 for run in chunk) else who(chunk)
    )
    carry_out(
        backend,
        iter(runs),
        20,
        lambda done: kept.extend(done.columns["run"]),
        lambda run, why: given_up.append((run.number, why)),
    )
    assert sorted(kept) == [n for n in range(20) if n != 7]
    assert given_up == [(7, "the worker that made it died, twice: killed")]


def test_workers_that_always_die_are_not_replaced_without_limit():
    backend = Fake(lambda _: WorkerDied("killed"))
    with pytest.raises(InputError, match="every worker died on its first runs"):
        carry_out(backend, iter(design(["a.x=0:1:500"]).runs()), 500, pytest.fail, lambda *_: None)
    assert len(backend.seen) < 10
