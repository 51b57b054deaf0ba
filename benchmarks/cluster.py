"""One market on many machines: `python -m benchmarks.cluster` measures what a round costs and what it moves.

A Dask cluster of two processes on this machine, reached over TCP. Measured are

- a round in shards on the cluster, in shards here, and in one piece, for families with and without a total
in closed form; what the cluster's round takes beyond the arithmetic of its slower half is its overhead; -
that overhead against the number of shards, with tiny shards: a constant and so much a shard; - the bytes
that every process writes to its connections in a round, against the numbers that a round is about; -
building and, once, settling, judging and writing the rows, for each trader of a shard.

From these it works out a market of 1e9 traders on 64 workers. Times are the clock's, the least of several: a
round is about waiting. With `--out FILE.csv` the tables are kept.
"""

from __future__ import annotations

import argparse
import csv
import pickle
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks import scenes
from market.economy.aggregate_demand import AggregateDemand
from market.scenario.building import build, population
from market.scenario.loading import Scenario, loads
from market.shards import Cluster, Here, Pool, run_in_shards
from market.workers import alike_everywhere

WRITTEN = [0]  # bytes that this process wrote to connections of Dask
GOODS = 10
WORKERS, MANY = 2, 64
TRADERS = 10**9


def watch() -> None:
    """Count what this process writes to connections, from now on."""
    from distributed.comm.tcp import TCP

    original = TCP.write

    async def counted(self: Any, *args: Any, **kwargs: Any) -> Any:
        size = await original(self, *args, **kwargs)
        WRITTEN[0] += size
        return size

    TCP.write = counted


def written() -> int:
    return WRITTEN[0]


def by_clock(work: Callable[[], object], repeats: int) -> float:
    """The least time of several calls, seconds."""
    best = float("inf")
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        best = min(best, time.perf_counter() - start)
    return best


def made(pool: Pool, scenario: Scenario, shards: int) -> float:
    """Make the shards of a scenario; seconds."""
    count = len(population(scenario))
    start = time.perf_counter()
    pool.make(scenario, 0, [range(count * k // shards, count * (k + 1) // shards) for k in range(shards)])
    return time.perf_counter() - start


def a_round(pool: Pool, repeats: int) -> float:
    prices = np.linspace(0.5, 2.0, GOODS)
    pool.tell("ask", p=prices)  # sums that are prepared once
    return by_clock(lambda: pool.tell("ask", p=prices), repeats)


def rounds(address: str, agents: int) -> list[dict[str, object]]:
    """A round of each family: in one piece, in two shards here, and on the cluster."""
    rows = []
    for family, scene in (("log", scenes.log_market), ("crra", scenes.crra_market)):
        scenario = loads(scene(agents, GOODS))
        with alike_everywhere():
            whole = AggregateDemand(build(scenario))
            prices = np.linspace(0.5, 2.0, GOODS)
            whole(prices)
            seconds = {"in one piece": by_clock(lambda whole=whole, prices=prices: whole(prices), 20)}
        for name, pool in (("shards here", Here()), ("shards on a cluster", Cluster(address))):
            made(pool, scenario, WORKERS)
            seconds[name] = a_round(pool, 30)
            pool.close()
        rows += [
            {"what": f"a round, {family}, {agents} x {GOODS}, {name}", "value": value, "unit": "s"}
            for name, value in seconds.items()
        ]
    return rows


def overhead(address: str) -> tuple[float, float, list[dict[str, object]]]:
    """Seconds of a round with hardly any arithmetic: a constant, and what each shard adds."""
    counts, seconds = [2, 4, 8, 16, 32, 64], []
    scenario = loads(scenes.log_market(640, GOODS))
    for shards in counts:
        pool = Cluster(address)
        made(pool, scenario, shards)
        seconds.append(a_round(pool, 30))
        pool.close()
    slope, constant = np.polyfit(counts, seconds, 1)
    rows = [
        {"what": f"a round of {shards} tiny shards", "value": value, "unit": "s"}
        for shards, value in zip(counts, seconds, strict=True)
    ]
    return max(float(constant), 0.0), float(slope), rows


def traffic(address: str) -> list[dict[str, object]]:
    """Bytes that are written in a round, by whom, for each shard; and the least that would do."""
    scenario, shards, times = loads(scenes.log_market(640, GOODS)), 2, 100
    pool = Cluster(address)
    made(pool, scenario, shards)
    prices = np.linspace(0.5, 2.0, GOODS)
    client = pool._client
    client.run(watch)
    answers = pool.tell("ask", p=prices)
    here, there = written(), sum(client.run(written).values())
    asked = written() - here, sum(client.run(written).values()) - there  # what asking for the counts costs
    here, there = written(), sum(client.run(written).values())
    for _ in range(times):
        pool.tell("ask", p=prices)
    wrote_here = (written() - here - asked[0]) / times / shards
    wrote_there = (sum(client.run(written).values()) - there - asked[1]) / times / shards
    pool.close()
    return [
        {"what": "prices, as numbers", "value": prices.nbytes, "unit": "bytes a shard and round"},
        {
            "what": "totals, pickled",
            "value": len(pickle.dumps(answers[0])),
            "unit": "bytes a shard and round",
        },
        {"what": "written by client and scheduler", "value": wrote_here, "unit": "bytes a shard and round"},
        {"what": "written by workers", "value": wrote_there, "unit": "bytes a shard and round"},
    ]


def whole_runs(address: str, agents: int) -> tuple[float, float, list[dict[str, object]]]:
    """Seconds a trader and worker to build, and then to settle, judge and write."""
    scenario = loads(scenes.crra_market(agents, GOODS))
    pool = Cluster(address)
    building = made(pool, scenario, WORKERS)
    seconds = a_round(pool, 3)
    pool.close()
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        shared, out = run_in_shards(scenario, Cluster(address), WORKERS, Path(folder))
        whole = time.perf_counter() - start
        size = sum(path.stat().st_size for path in (out / "agents").iterdir())
    outcome = shared.outcomes["prices"]
    closing = max(whole - building - outcome.rounds * seconds, 0.0)
    each = agents / WORKERS
    rows = [
        {"what": f"build, crra, {agents} x {GOODS}, two workers", "value": building, "unit": "s"},
        {"what": "rounds until it clears", "value": outcome.rounds, "unit": ""},
        {"what": "settle, judge and write", "value": closing, "unit": "s"},
        {"what": "table of agents", "value": size / agents, "unit": "bytes a trader"},
        {"what": "whole run", "value": whole, "unit": "s"},
    ]
    return building / each, closing / each, rows


def worked_out(
    constant: float, slope: float, build_each: float, close_each: float, ask_each: float, wire: float
) -> list[dict[str, object]]:
    """1e9 traders on 64 workers, from what was measured on two."""
    each = TRADERS / MANY
    message = constant + slope * MANY
    return [
        {"what": "traders a worker", "value": each, "unit": ""},
        {"what": "messages of a round", "value": message, "unit": "s"},
        {"what": "a round, totals in closed form", "value": message, "unit": "s"},
        {"what": "a round, crra by trader", "value": message + each * ask_each, "unit": "s"},
        {"what": "traffic of a round", "value": wire * MANY / 1e3, "unit": "kB"},
        {"what": "build", "value": each * build_each, "unit": "s"},
        {"what": "settle, judge and write", "value": each * close_each, "unit": "s"},
    ]


def show(title: str, rows: list[dict[str, object]]) -> None:
    print(f"\n{title}")
    for row in rows:
        print(f"  {row['what']!s:56} {row['value']:>12.4g} {row['unit']}")


def main() -> None:
    from distributed import LocalCluster

    parser = argparse.ArgumentParser(prog="benchmarks.cluster", description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, help="a CSV file to keep the tables in")
    parser.add_argument("--quick", action="store_true", help="a tenth of the traders")
    given = parser.parse_args()
    agents = 100_000 if given.quick else 1_000_000
    watch()
    print(f"{platform.machine()}, two workers on this machine, Python {platform.python_version()}")
    with LocalCluster(
        n_workers=WORKERS, threads_per_worker=1, processes=True, dashboard_address=":0", memory_limit=0
    ) as cluster:
        address = cluster.scheduler_address
        times = rounds(address, agents)
        constant, slope, by_shards = overhead(address)
        moved = traffic(address)
        build_each, close_each, runs = whole_runs(address, agents)
    fitted = [
        {"what": "a round of messages, whatever it carries", "value": constant, "unit": "s"},
        {"what": "and for each shard", "value": slope, "unit": "s"},
    ]
    (here,) = (row["value"] for row in times if "crra" in str(row["what"]) and "here" in str(row["what"]))
    ask_each = float(str(here)) / agents
    wire = sum(float(str(row["value"])) for row in moved if "written" in str(row["what"]))
    worked = worked_out(constant, slope, build_each, close_each, ask_each, wire)
    tables = {
        "Rounds": times,
        "Messages": by_shards + fitted,
        "Traffic": moved,
        "A whole run": runs,
        f"Worked out: {TRADERS:.0e} traders x {GOODS} on {MANY} workers, a shard each": worked,
    }
    for title, rows in tables.items():
        show(title, rows)
    if given.out:
        with given.out.open("w", newline="", encoding="utf-8") as file:
            writer = csv.DictWriter(file, ("table", "what", "value", "unit"))
            writer.writeheader()
            writer.writerows({"table": title, **row} for title, rows in tables.items() for row in rows)


if __name__ == "__main__":
    main()
