"""One big market: `python -m benchmarks.market` measures it against plain Mesa, side by side in one run.

Prints a table of headlines (what, against what, the ratio and the target), how far each is from what the
machine can do (bytes that must move, over the bandwidth measured in the same run), and how time and memory
grow with traders, goods and rounds. `--out FILE.csv` keeps the table, `--quick` uses a tenth of the traders.

Times are processor seconds on one core, the least of several repeats. The plain peers are in
`plain_mesa.py`.
"""

from __future__ import annotations

import argparse
import os
import platform
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

from benchmarks import growth, scenes
from benchmarks.measuring import bandwidth, in_a_process, least, side_by_side, until_output

ITEM = 8  # bytes of a number


@dataclass(frozen=True)
class Row:
    """One headline: seconds, the peer's, the ratio aimed at, and the seconds that moving the bytes takes."""

    work: str
    seconds: float
    peer: str
    peer_seconds: float
    aim: float
    limit: float = 0.0
    note: str = ""

    @property
    def ratio(self) -> float:
        return self.peer_seconds / self.seconds

    @property
    def met(self) -> bool:
        return self.ratio >= self.aim


def rounds(agents: int, goods: int) -> list[Row]:
    """One round of a market of log traders, and of buyers with a constant elasticity of substitution."""
    import numpy as np

    import market
    from benchmarks import plain_mesa
    from market.economy.aggregate_demand import AggregateDemand
    from market.mechanisms.auction.excess_demand import imbalance

    scenario = market.loads(scenes.log_market(agents, goods))
    economy, model = market.build(scenario), market.MarketModel(scenario)
    plain = plain_mesa.log_market(agents, goods)
    together, p = AggregateDemand(economy), np.linspace(0.5, 2.0, goods)
    size = f"{agents:,} x {goods}"
    amounts = agents * goods * ITEM
    model.step(), model.step()
    by_total, other = side_by_side(lambda: imbalance(economy, together(p), p), plain.step, 5, 200)
    mechanism, state = model.mechanism, model.state
    whole, _ = side_by_side(lambda: mechanism.step(economy, state, together), plain.step, 1, 200)
    stepped = least(lambda: market.MarketModel.step(model), 6)  # few rounds: it clears in a dozen
    by_agent, other_2 = side_by_side(lambda: economy.answers(p).demand.lowest, plain.step, 5, 20)
    ces = market.build(market.loads(scenes.ces_market(agents, goods)))
    plain_ces = plain_mesa.ces_market(agents, goods)
    by_ces, other_3 = side_by_side(lambda: ces.answers(p).demand.lowest, plain_ces.step, 3, 10)
    one_pass = 2 * amounts / bandwidth(goods, agents)  # of arrays of this size, which a shared cache may hold
    mesa, log, by_trader = "plain Mesa", f"one round, log, {size}", "every trader's quantities"
    return [
        Row(f"{log}, aggregate only: all answers and excess demand", by_total, mesa, other, 5000),
        Row("  the same with the price rule and what is looked after", whole, mesa, other, 0),
        Row("  the same as model.step(), data collected", stepped, mesa, other, 0),
        Row(f"{log}, {by_trader}", by_agent, mesa, other_2, 150, one_pass),
        Row("  the same against five passes over the bytes", by_agent, "5 passes", 5 * one_pass, 1),
        Row(f"one round, CES, {size}, {by_trader}", by_ces, mesa, other_3, 50, one_pass),
    ]


WHOLE = """
import json, resource, market
from benchmarks import scenes
scenario = market.loads(scenes.log_market({agents}, {goods}))
outcome = market.play(scenario.mechanism("prices"), market.build(scenario))
peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
print(json.dumps(dict(status=outcome.status.value, rounds=outcome.rounds, peak=peak)))
"""
PLAIN = """
import json, time
start = time.process_time()
from benchmarks import plain_mesa
imported = time.process_time() - start
start = time.process_time()
rounds = plain_mesa.log_market({agents}, {goods}).run(1e-9)
print(json.dumps(dict(imported=imported, played=time.process_time() - start, rounds=rounds)))
"""


def whole_process(agents: int, goods: int) -> list[Row]:
    """Build, clear to 1e-9 and settle, in a process of its own; plain Mesa with a tenth of the traders."""
    runs = [in_a_process(WHOLE.format(agents=agents, goods=goods)) for _ in range(3)]
    seconds, played = min(runs, key=lambda run: run[0])
    assert played["status"] == "cleared"
    wall, plain = in_a_process(PLAIN.format(agents=agents // 10, goods=goods))
    peer = wall + 9 * plain["played"]
    note = f"{played['rounds']} rounds (plain {plain['rounds']}), peak {played['peak'] / 1e9:.2f} GB"
    amounts = agents * goods * ITEM
    work = f"build, clear to 1e-9 and settle, log, {agents:,} x {goods}, whole process"
    limit = 8 * amounts / bandwidth(goods, agents)  # drawn, checked, summed, answered, settled, judged
    return [Row(work, seconds, "plain Mesa x 10", peer, 50, limit, note)]


def fisher(agents: int, goods: int) -> list[Row]:
    """A CES Fisher market cleared to 1e-8, against the Eisenberg-Gale programme in cvxpy with Clarabel."""
    import numpy as np

    import market
    from benchmarks.eisenberg_gale import prices
    from market.mechanisms import Auction
    from market.mechanisms.auction.price_rules import Anderson

    economy = market.build(market.loads(scenes.ces_market(agents, goods)))
    auctioneer = Auction("prices", Anderson(), tolerance=1e-8)
    outcomes = []
    seconds = least(lambda: outcomes.append(market.play(auctioneer, economy)), 7)
    block = economy.utilities[0]
    found = []
    peer = least(
        lambda: found.append(prices(block.parameters["weights"], economy.budget, economy.commons)), 1
    )
    apart = float(np.abs(outcomes[-1].prices / found[0] - 1.0).max())
    residual = outcomes[-1].evidence["relative_excess_demand"]
    note = f"{outcomes[-1].rounds} rounds, excess {residual:.0e}; prices differ by {apart:.0e}"
    moved = 2 * outcomes[-1].rounds * agents * goods * ITEM  # two products with a matrix a round
    work = f"clear and settle a CES Fisher market (elasticity 2), {agents:,} x {goods}, to 1e-8"
    return [Row(work, seconds, "cvxpy and Clarabel", peer, 1000, moved / bandwidth(goods, agents), note)]


def shell() -> list[Row]:
    """From the shell to the table of the two-agent commons."""
    imports = [sys.executable, "-c", "import mesa, pandas; print()"]
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "run_sim.py", "scenarios/commons.toml", "--out", folder]
        turns = [(until_output(imports), until_output(command)) for _ in range(5)]
    peer = min(imported[1] for imported, _ in turns)
    table, end = (min(run[part] for _, run in turns) for part in (0, 1))
    note = f"the run folder with figures is there after {end:.2f} s"
    return [Row("shell to table, the two-agent commons", table, "import mesa, pandas", peer, 0.25, 0, note)]


def show(rows: list[Row], speed: float) -> None:
    """The table of headlines, then what the machine allows."""
    print(f"\n{'work':88} {'ours':>10} {'peer':>10} {'ratio':>9} {'aim':>7}  met")
    for row in rows:
        aim = f"{row.aim:g} x" if row.aim else ""
        met = ("yes" if row.met else "NO") if row.aim else ""
        print(
            f"{row.work:88} {row.seconds:10.3g} {row.peer_seconds:10.3g} {row.ratio:7.4g} x {aim:>7}  {met}"
            f"  (against {row.peer}{'; ' + row.note if row.note else ''})"
        )
    print(f"\nBandwidth of one core, read and write: {speed / 1e9:.1f} GB/s; against moving the bytes:")
    for row in rows:
        if row.limit:
            print(f"{row.work:88} {row.seconds / row.limit:8.1f} times {row.limit:.2g} s")


def main() -> None:
    parser = argparse.ArgumentParser(prog="benchmarks.market", description=__doc__.split("\n")[0])
    parser.add_argument("--out", type=Path, help="a CSV file to keep the table in")
    parser.add_argument("--quick", action="store_true", help="a tenth of the traders")
    given = parser.parse_args()
    part = 10 if given.quick else 1
    speed = bandwidth()
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}; seconds")
    rows = [
        *shell(),
        *rounds(100_000 // part, 10),
        *whole_process(1_000_000 // part, 10),
        *fisher(2000 // part, 100),
    ]
    show(rows, speed)
    grown = growth.measured(part)
    growth.show(grown)
    if given.out:
        growth.keep(given.out, rows, grown)


if __name__ == "__main__":
    main()
