"""Many runs: `python -m benchmarks.sweep` measures `market sweep` against Mesa's `batch_run`, side by side.

Both play the same design, stocks of water times seeds, from the first run to the last result: `market sweep`
with its processes started, every run judged and on the disk; `batch_run` of the plain model in
`plain_mesa_commons.py`, which collects its data in every step, as `batch_run` asks, in one process and in as
many as ours. Prints a table and, with `--out FILE.csv`, keeps it. Times are the least of several repeats,
taken in turns; where the machine does other things as well, ratios are steadier than times.

A second table tells start and end apart from the runs between. The same design with three times as many
seeds takes so much longer for so many runs more, at a *steady* rate; what the first took beyond its runs at
that rate is what begins and ends a design: starting processes, their imports, the summary.

Also what a run costs beyond its arithmetic (handing it over, its row, its share of a file on the disk), and
how long 1,000 runs of the shipped commons take under all its mechanisms.
"""

from __future__ import annotations

import argparse
import csv
import math
import os
import platform
import tempfile
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path

AIM = 10.0  # times the runs per second of `batch_run`
STOCKS = (5.0, 10.0, 15.0, 20.0)
LARGER = 3  # times as many seeds, to see what a run more costs
LEAST_DIFFERENCE = 0.3  # seconds that the larger design must take longer for a reliable rate
SIZES = ((2, 500), (100, 250), (1_000, 100), (10_000, 15))  # drinkers, seeds
SHIPPED = Path(__file__).parents[1] / "scenarios" / "commons.toml"


@dataclass(frozen=True)
class Row:
    """Runs per second of each, and how many times as many ours are; steady, between start and end, too."""

    drinkers: int
    runs: int
    workers: int
    ours: float
    batch_run: float
    batch_run_with_processes: float
    ratio: float
    ratio_with_processes: float
    aim: float
    steady: float
    steady_batch_run: float
    steady_batch_run_with_processes: float
    steady_ratio: float
    steady_ratio_with_processes: float
    start_and_end: float
    start_and_end_of_batch_run: float
    start_and_end_with_processes: float


def scene(drinkers: int) -> str:
    return f"""
schema = 1
title = "The commons"
economy = "quasilinear"
goods = ["water"]
commons = {{ water = 10.0 }}

[[agents]]
name = "drinker"
count = {drinkers}
utility = {{ family = "log", weights = {{ water = {{ dist = "uniform", low = 0.5, high = 2.0 }} }} }}

[[mechanisms]]
name = "prices"
kind = "auctioneer"
"""


def seconds(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


def ours(drinkers: int, seeds: int, workers: int) -> None:
    from market.sweep import Options, sweep

    with tempfile.TemporaryDirectory() as folder:
        scenario = Path(folder) / "commons.toml"
        scenario.write_text(scene(drinkers))
        vary = ["commons.water=" + ",".join(map(str, STOCKS))]
        found = sweep(scenario, vary, seeds=seeds, out=Path(folder) / "out", options=Options("loky", workers))
        assert not found.failed
        assert not found.unsettled


def plain(drinkers: int, seeds: int, processes: int) -> None:
    from mesa.batchrunner import batch_run

    from benchmarks.plain_mesa_commons import Commons

    found = batch_run(
        Commons,
        {"stock": STOCKS, "drinkers": drinkers, "rng": range(seeds)},
        number_processes=processes,
        max_steps=10_000,
        display_progress=False,
    )
    assert len(found) == seeds * len(STOCKS)


def times(drinkers: int, seeds: int, workers: int) -> tuple[float, ...]:
    """Seconds that a design takes: ours, `batch_run` in one process, and in as many as ours."""
    return (
        seconds(lambda: ours(drinkers, seeds, workers)),
        seconds(lambda: plain(drinkers, seeds, 1)),
        seconds(lambda: plain(drinkers, seeds, workers)),
    )


def measured(drinkers: int, seeds: int, workers: int, repeats: int) -> Row:
    least, larger = [math.inf] * 3, [math.inf] * 3
    for _ in range(repeats):
        least = list(map(min, least, times(drinkers, seeds, workers)))
        larger = list(map(min, larger, times(drinkers, LARGER * seeds, workers)))
    runs = seeds * len(STOCKS)
    speed, alone, many = (runs / each for each in least)
    longer = [more - few for few, more in zip(least, larger, strict=True)]
    a_run = [each / ((LARGER - 1) * runs) if each > LEAST_DIFFERENCE else math.nan for each in longer]
    steady, steady_alone, steady_many = (1.0 / each for each in a_run)
    begun = [few - runs * each for few, each in zip(least, a_run, strict=True)]
    return Row(
        *(drinkers, runs, workers, speed, alone, many, speed / alone, speed / many, AIM),
        *(steady, steady_alone, steady_many, steady / steady_alone, steady / steady_many),
        *begun,
    )


def shipped(runs: int, workers: int) -> float:
    """Seconds for so many runs of the shipped commons: first mover, prices and planner, each judged."""
    from market.sweep import Options, sweep

    with tempfile.TemporaryDirectory() as folder:
        stocks = "commons.water=" + ",".join(map(str, STOCKS))
        vary = [stocks, "agents.alpha.utility.weights.water=0.5:2:10"]
        out, options = Path(folder) / "out", Options("loky", workers)
        return seconds(lambda: sweep(SHIPPED, vary, seeds=runs // 40, out=out, options=options))


def overhead(runs: int = 400, chunk: int = 100) -> float:
    """Return the cost of a run beyond its arithmetic, in seconds of one processor."""
    from market.efficiency.report import alignment
    from market.mechanisms import play
    from market.scenario.building import build
    from market.scenario.loading import load
    from market.sweep.design import design
    from market.sweep.planning import plan
    from market.sweep.runs import execute
    from market.sweep.store import opened

    with tempfile.TemporaryDirectory() as folder:
        scenario = Path(folder) / "commons.toml"
        scenario.write_text(scene(2))
        planned = plan(scenario, design(["commons.water=10"], seeds=runs))
        task, numbered = planned.task(Path(folder)), list(planned.design.runs())
        read = load(scenario)
        alignment(play(read.mechanism("prices"), build(read)))
        start = time.process_time()
        for run in numbered:
            alignment(play(read.mechanism("prices"), build(read, run.seed)))
        bare = time.process_time() - start
        with opened(Path(folder) / "out", planned.description(), planned.columns, planned.scenarios) as store:
            start = time.process_time()
            for first in range(0, runs, chunk):
                store.add(execute(task, numbered[first : first + chunk]))
            whole = time.process_time() - start
    return (whole - bare) / runs


def table(rows: list[Row]) -> str:
    """Whole designs, from the first run to the last result."""
    head = ("drinkers", "runs", "ours a second", "batch_run", "x", "with processes", "x", "aim")
    return _aligned(
        head,
        [
            (
                f"{row.drinkers:,}",
                f"{row.runs:,}",
                f"{row.ours:,.1f}",
                f"{row.batch_run:,.1f}",
                f"{row.ratio:.2f}",
                f"{row.batch_run_with_processes:,.1f}",
                f"{row.ratio_with_processes:.2f}",
                f"{row.aim:.0f}" + (" met" if row.ratio >= row.aim else " missed"),
            )
            for row in rows
        ],
    )


def steady_table(rows: list[Row]) -> str:
    """Runs a second between start and end, and the seconds that start and end take together."""
    head = ("drinkers", "ours a second", "batch_run", "x", "with processes", "x", "start and end", "", "")
    return _aligned(
        head,
        [
            (
                f"{row.drinkers:,}",
                _format(row.steady, ",.1f"),
                _format(row.steady_batch_run, ",.1f"),
                _format(row.steady_ratio, ".2f"),
                _format(row.steady_batch_run_with_processes, ",.1f"),
                _format(row.steady_ratio_with_processes, ".2f"),
                _format(row.start_and_end, ".1f", " s"),
                _format(row.start_and_end_of_batch_run, ".1f", " s"),
                _format(row.start_and_end_with_processes, ".1f", " s"),
            )
            for row in rows
        ],
    )


def _format(number: float, digits: str, unit: str = "") -> str:
    """Format a number that exceeds the noise, or return a dash."""
    return "-" if math.isnan(number) else f"{number:{digits}}{unit}"


def _aligned(head: tuple[str, ...], cells: list[tuple[str, ...]]) -> str:
    lines = [head, *cells]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    return "\n".join(
        "  ".join(cell.rjust(width) for cell, width in zip(line, widths, strict=True)) for line in lines
    )


def main() -> None:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--workers", type=int, default=os.cpu_count())
    parser.add_argument("--repeats", type=int, default=2)
    parser.add_argument("--quick", action="store_true", help="a tenth of the runs")
    parser.add_argument("--out", type=Path, metavar="FILE.csv")
    given = parser.parse_args()
    sizes = [(drinkers, max(1, seeds // 10) if given.quick else seeds) for drinkers, seeds in SIZES]
    times(1, 1, given.workers)  # what only the first design would have to import
    rows = [measured(drinkers, seeds, given.workers, given.repeats) for drinkers, seeds in sizes]
    print(f"{platform.platform()}, {os.cpu_count()} processors, {given.workers} workers")
    print("Whole designs:")
    print(table(rows))
    print("Between start and end, and what these take (ours, batch_run, batch_run with processes):")
    print(steady_table(rows))
    print(f"A run costs {1e3 * overhead():.3f} ms of a processor beyond its arithmetic (aim: below 1 ms).")
    runs = 40 if given.quick else 1000
    took = shipped(runs, given.workers)
    print(f"{runs:,} runs of scenarios/commons.toml took {took:.1f} s (aim: 1,000 within 20 s on two).")
    if given.out:
        with given.out.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, list(asdict(rows[0])))
            writer.writeheader()
            writer.writerows(asdict(row) for row in rows)


if __name__ == "__main__":
    main()
