"""Barter against plain Mesa, against the bytes that a round moves, and by the number of agents."""

from __future__ import annotations

from collections.abc import Iterator

import market
from benchmarks.measuring import bandwidth, least
from benchmarks.plain_mesa_barter import PlainBazaar
from market.mechanisms import Barter

SCENARIO = """
schema = 1
economy = "exchange"
goods = ["bread", "oil"]
[[agents]]
name = "trader"
count = {agents}
endowment = {{ bread = {{ dist = "uniform", low = 50, high = 150 }}, oil = {{ dist = "uniform", low = 50, high = 150 }} }}
utility = {{ family = "cobb_douglas", weights = {{ bread = {{ dist = "uniform", low = 0.01, high = 0.99 }}, oil = 0.5 }} }}
[[mechanisms]]
name = "barter"
kind = "barter"
tolerance = {tolerance}
"""  # noqa: E501
ARRAYS = 3  # holdings of two goods and weights, of which each agent has one number
AGENTS = 1_000_000
PEERS = 100_000  # agents of plain Mesa
ITEM = 8  # bytes of a number


def economy(agents: int, tolerance: float = 1e-6) -> tuple[market.Economy, Barter]:
    """The economy, and the mechanism that plays it."""
    scenario = market.loads(SCENARIO.format(agents=agents, tolerance=tolerance))
    return market.build(scenario), scenario.mechanism("barter")


def round_of(agents: int, repeats: int = 7) -> float:
    """Seconds of one round."""
    played, mechanism = economy(agents)
    state = mechanism.start(played)
    return least(lambda: mechanism.step(played, state, None), repeats)


def plain_round(agents: int, repeats: int = 3) -> float:
    """Seconds of one round of plain Mesa."""
    return least(PlainBazaar(agents).step, repeats)


def rows() -> Iterator[tuple[str, str]]:
    """Yield what was measured, and the figure with its aim."""
    seconds = {agents: round_of(agents) for agents in (AGENTS // 100, AGENTS // 10, AGENTS)}
    peer = plain_round(PEERS) / (PEERS / 2)
    for agents, taken in seconds.items():
        each = taken / (agents / 2)
        yield (
            f"barter, a meeting among {agents:,} agents",
            f"{each * 1e9:.0f} ns, plain Mesa {peer / each:.0f} times as long (aim 20)",
        )
    growth = seconds[AGENTS] / seconds[AGENTS // 10] / 10
    yield "barter, a meeting among ten times as many agents", f"{growth:.2f} times as long (aim: flat)"
    one_pass = 2 * ARRAYS * AGENTS * ITEM / bandwidth(ARRAYS, AGENTS)
    yield (
        f"barter, a round of {AGENTS:,} agents",
        f"{seconds[AGENTS] * 1e3:.1f} ms, {seconds[AGENTS] / one_pass:.1f} copies of its arrays (aim 3)",
    )
    played, mechanism = economy(AGENTS)
    outcomes = []
    taken = least(lambda: outcomes.append(market.play(mechanism, played)), 2)
    outcome = outcomes[-1]
    gain = outcome.evidence["pair_gain"]
    yield (
        f"barter, {AGENTS:,} agents to gains of 1e-6",
        f"{taken:.2f} s, {outcome.status.value} after {outcome.rounds} rounds at {gain:.1e} (aim 5 s)",
    )
