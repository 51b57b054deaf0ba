"""The pivot mechanism: a closed form, optima from a nearby one, and from the start, side by side.

    python -m benchmarks.trading_pivot

Processor time, least of several. Without a closed form the mechanism needs the optimum of all and one without
each agent: `from the start` finds them from equal shares, `from the optimum of all` from that one; one for
each type of agents. The program that a general solver would take is timed once and multiplied.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from benchmarks.measuring import least
from market.economy.coalitions import without
from market.economy.families.utilities import UTILITIES
from market.economy.primitives import Block, Economy, Money
from market.mechanisms.planner import Planner
from market.mechanisms.trading.largest_surplus import largest_surplus
from market.mechanisms.trading.pivot import Pivot, best_of_others

SIZES = (10, 100, 1000)
LARGE = 100_000  # agents of the closed form


def consumers(family: str, agents: int, kinds: int | None = None) -> Economy:
    """Return agents that share ten units a head; all different, or of a few types."""
    drawn = np.random.default_rng(0).uniform(1.0, 3.0, (agents, 1))
    weights = drawn if kinds is None else drawn[np.arange(agents) % kinds]
    names = tuple(f"agent{i}" for i in range(agents))
    return Economy(
        money=Money.QUASILINEAR,
        goods=("water",),
        agents=names,
        groups={},
        commons=np.array([10.0 * agents]),
        endowment=np.zeros((agents, 1)),
        budget=np.full(agents, np.inf),
        commons_share=np.full(agents, 1.0 / agents),
        utilities=(Block(UTILITIES[family], slice(0, agents), {"weights": weights}),),
    )


def from_the_start(economy: Economy) -> None:
    """Find the optimum of all and one without each agent, each from equal shares."""
    largest_surplus(economy)
    for agent in range(len(economy.agents)):
        largest_surplus(without(economy, agent))


def from_the_optimum(economy: Economy) -> None:
    """Find the optimum of all, and those without each type of agents from there."""
    best_of_others(economy, largest_surplus(economy))


def rows() -> Iterator[tuple[str, str]]:
    """Yield what is measured and its figure."""
    for agents in (*SIZES, LARGE):
        closed = consumers("log", agents)
        yield f"log, closed form, {agents:,} agents", _time(least(lambda e=closed: _allocate(e), 3))
    for agents in SIZES:
        different, few = consumers("log1p", agents), consumers("log1p", agents, 2)
        repeats = 3 if agents < 1000 else 1
        cold = least(lambda e=different: from_the_start(e), repeats)
        warm = least(lambda e=different: from_the_optimum(e), repeats)
        yield f"log1p, {agents + 1:,} optima from the start, {agents:,} agents", _time(cold)
        yield (
            f"log1p, from the optimum of all, {agents:,} agents",
            f"{_time(warm)}, {cold / warm:.1f} times faster",
        )
        yield (
            f"log1p, of two types, {agents:,} agents",
            _time(least(lambda e=few: from_the_optimum(e), repeats)),
        )
    once = _program(consumers("log1p", 100))
    yield "log1p, 101 convex programs, 100 agents (one timed)", _time(101 * once)


def _allocate(economy: Economy) -> None:
    """Find the allocation and all payments."""
    mechanism = Pivot("pivot")
    mechanism.step(economy, mechanism.start(economy), economy.answers)


def _program(economy: Economy) -> float:
    """Return the time of one convex program, seconds."""
    planner, ones = Planner("planner"), np.ones(len(economy.agents))
    return least(lambda: planner._by_programme(economy, ones, 0), 3)


def _time(seconds: float) -> str:
    return f"{seconds:.3g} s" if seconds >= 1 else f"{1e3 * seconds:.3g} ms"


if __name__ == "__main__":
    for what, figure in rows():
        print(f"{what:<60}{figure}")
