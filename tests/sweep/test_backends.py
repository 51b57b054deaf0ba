"""Runs in other processes: the same results everywhere, and what happens when processes die."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pandas as pd
import pytest
from helpers import stories
from helpers.troublemakers import KilledOn, threads, who

from market.errors import InputError
from market.sweep import Options, sweep
from market.sweep.backends import Dask, Loky, WorkerDied
from market.sweep.design import design
from market.sweep.execution import carry_out
from market.sweep.runs import ChunkResult

ROOT = Path(__file__).parents[2]
VARY = ["commons.water=5,10"]

SIX = {"seeds": 6, "mechanisms": ["prices"]}  # no programme, so that workers start quickly


@pytest.fixture(scope="module")
def village(tmp_path_factory):
    """Agents whose tastes are drawn, so that seeds matter."""
    path = tmp_path_factory.mktemp("village") / "village.toml"
    drawn = '{ dist = "uniform", low = 0.5, high = 2.0 }'
    path.write_text(stories.COMMONS.replace("water = 1.0", f"water = {drawn}"))
    return path


@pytest.fixture(scope="module")
def alone(village, tmp_path_factory):
    """The sweep in this process."""
    return sweep(
        village, VARY, out=tmp_path_factory.mktemp("sweep") / "alone", options=Options("serial"), **SIX
    )


def alive(pid):
    """Whether a process is there and no zombie."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def wait_for(condition, seconds=60.0):
    """Wait until something holds; what it is."""
    end = time.monotonic() + seconds
    while not (found := condition()) and time.monotonic() < end:
        time.sleep(0.05)
    return found


def test_several_workers_give_the_same_bytes(village, tmp_path, alone):
    many = sweep(village, VARY, out=tmp_path / "many", options=Options("loky", 2), **SIX)
    assert (many.folder / "runs.parquet").read_bytes() == (alone.folder / "runs.parquet").read_bytes()
    assert many.runs["price[water]"].nunique() == 12


def test_convex_programmes_too_give_the_same_bytes_in_another_process(village, tmp_path):
    """Fixed proportions, which the planner cannot do without a programme for."""
    families = [f'agents.{name}.utility.family="leontief"' for name in ("alpha", "beta")]
    alone, apart = (
        sweep(village, VARY, out=tmp_path / options.backend, seeds=2, options=options, overrides=families)
        for options in (Options("serial"), Options("loky", 1))
    )
    assert set(apart.runs["mechanism"]) == {"first mover", "prices", "planner"}
    assert (apart.folder / "runs.parquet").read_bytes() == (alone.folder / "runs.parquet").read_bytes()


def test_workers_have_one_thread_and_import_neither_mesa_nor_pictures():
    code = (
        "import sys, market.sweep.runs\n"
        "print(*{'mesa', 'matplotlib', 'pandas', 'cvxpy', 'joblib', 'typer'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == ""
    backend = Loky(threads, 1)
    backend.submit([tuple(design(["a.x=1,2"]).runs())])
    _, done = backend.next()
    backend.close()
    assert set(done.columns["threads"]) == {1}
    assert set(done.columns["over"]) == {"warn"}


def swept_with(village, out, monkeypatch, make, **options):
    """A sweep on two workers that do something else than `execute`."""
    monkeypatch.setattr(Options, "start", lambda self, work, runs: Loky(make(work.args[0]), 2))
    try:
        return sweep(village, VARY, out=out, options=Options("loky", 2), **SIX | options)
    finally:
        monkeypatch.undo()


def test_a_run_that_kills_its_workers_is_recorded_alone_and_tried_again_next_time(
    village, tmp_path, monkeypatch, alone
):
    """Run 3 kills every worker that makes it, run 8 only the first."""
    out, once = tmp_path / "out", tmp_path / "marks"
    once.mkdir()
    swept = swept_with(village, out, monkeypatch, lambda task: KilledOn(task, (8,), once, always=(3,)))
    assert [mark.name for mark in once.iterdir()] == ["killed-8"]
    lost = swept.runs[swept.runs["error"].notna()]
    assert lost[["run", "mechanism"]].to_numpy().tolist() == [[3, "prices"]]
    assert lost["error"].str.startswith("the worker that made it died, twice").all()
    assert lost["seed"].tolist() == alone.runs.loc[alone.runs["run"] == 3, "seed"].tolist()
    others = swept.runs["run"] != 3
    pd.testing.assert_frame_equal(swept.runs[others], alone.runs[others], check_exact=True)
    again = sweep(village, VARY, out=out, options=Options("serial"), **SIX)
    assert (again.reused, again.failed) == (11, 0)
    pd.testing.assert_frame_equal(again.runs, alone.runs, check_exact=True)


def test_no_worker_is_left_when_a_backend_is_closed():
    backend = Loky(who, 2)
    runs = tuple(design(["a.x=1,2"]).runs())
    backend.submit([runs, runs])
    workers = {backend.next()[1].columns["process"][0] for _ in range(2)}
    assert len(workers) == 2
    assert os.getpid() not in workers
    backend.close()
    assert not any(alive(worker) for worker in workers)


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


def test_every_run_is_kept_once_in_whatever_order_chunks_end():
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


def test_suspects_are_tried_alone_and_only_the_guilty_given_up():
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
    assert given_up == [(7, "killed")]


def test_workers_that_always_die_are_not_replaced_for_ever():
    backend = Fake(lambda _: WorkerDied("killed"))
    with pytest.raises(InputError, match="every worker died on its first runs"):
        carry_out(backend, iter(design(["a.x=0:1:500"]).runs()), 500, pytest.fail, lambda *_: None)
    assert len(backend.seen) < 10


@pytest.mark.skipif(not Path("/proc").exists(), reason="there is no /proc to find processes in")
@pytest.mark.parametrize("which", ["SIGKILL", "SIGINT"])
def test_nothing_is_left_when_the_parent_ends_and_the_same_command_continues(village, tmp_path, which):
    out, command = tmp_path / "out", []
    command += [sys.executable, "-m", "market", "sweep", str(village), "--out", str(out), "--workers", "2"]
    command += [
        "--mechanism",
        "prices",
        "--vary",
        "commons.water=5:20:1000",
        "--seeds",
        "1000",
        "--no-figures",
    ]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    parent = subprocess.Popen(command, cwd=ROOT, text=True, start_new_session=True, **pipes)
    try:
        assert wait_for(lambda: out.exists() and list((out / "parts").glob("part-*")))
        workers = [
            int(stat.parent.name)
            for stat in Path("/proc").glob("[0-9]*/stat")
            if _parent_of(stat) == parent.pid
        ]
        assert len(workers) >= 2
        if which == "SIGINT":  # a terminal sends Ctrl-C to all of its processes
            os.killpg(parent.pid, signal.SIGINT)
        else:
            parent.send_signal(getattr(signal, which))
        said = parent.communicate(timeout=60)[1]
    finally:
        parent.kill()
    assert wait_for(lambda: not any(alive(worker) for worker in workers), 20.0)
    if which != "SIGKILL":
        assert parent.returncode == 130
        assert "Interrupted." in said
        assert "runs are kept in" in said
        assert "Traceback" not in said
    parts = list((out / "parts").glob("part-*"))
    assert parts
    assert sum(len(pd.read_parquet(part)) for part in parts) == len(
        set.union(*(_runs(part) for part in parts))
    )


def _runs(part):
    return set(pd.read_parquet(part, columns=["run"])["run"])


def _parent_of(stat):
    try:
        return int(stat.read_text().rpartition(")")[2].split()[1])
    except OSError:
        return None


# --- a cluster -------------------------------------------------------------------------------------


def test_a_cluster_gives_the_same_bytes(cluster, village, tmp_path, alone):
    options = Options("dask", address=cluster.scheduler_address)
    far = sweep(village, VARY, out=tmp_path / "far", options=options, **SIX)
    assert (far.folder / "runs.parquet").read_bytes() == (alone.folder / "runs.parquet").read_bytes()
    assert sweep(village, VARY, out=tmp_path / "far", options=options, **SIX).reused == 12


def test_a_cluster_s_worker_killed_in_the_middle_loses_nothing(cluster, village, tmp_path, alone):
    from market.sweep.planning import plan

    once = tmp_path / "marks"
    once.mkdir()
    planned = plan(village, design(VARY, seeds=6), mechanisms=SIX["mechanisms"])
    backend = Dask(KilledOn(planned.task(village.parent), (5,), once), cluster.scheduler_address)
    kept = []
    try:
        carry_out(backend, planned.design.runs(), 12, kept.append, lambda run, why: pytest.fail(why))
    finally:
        backend.close()
    assert [mark.name for mark in once.iterdir()] == ["killed-5"]
    assert sorted(run for done in kept for run in done.columns["run"]) == sorted(alone.runs["run"])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("dask",), "--address"),
        (("loky", None, "tcp://127.0.0.1:1"), "--address"),
        (("serial", 2), "--workers is for"),
        (("loky", 0), "it must be 1 to"),
    ],
)
def test_options_that_do_not_go_together_are_refused(arguments, said):
    with pytest.raises(InputError, match=said):
        Options(*arguments)
