"""A double auction beside a plain loop over one book, and many days through a sweep.

    python -m benchmarks.trading_book

Processor time, least of several. The plain loop is what one writes without a package: two lists of limits,
the standing bid and offer, `random.random()`. Both loops run where no two can trade, so that they do nothing
but quotes; then whole plays, with limits, trades, days, verdict and evidence.
"""

from __future__ import annotations

import random
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import market
from benchmarks.measuring import least
from market.mechanisms.trading.double_auction.book import Day, until_trade
from market.sweep import Options, sweep

QUOTES = 1_000_000
VALUES, COSTS = range(100, 200, 10), range(210, 310, 10)
SMITH = (range(325, 74, -25), range(75, 326, 25))
HIGH = 400.0


def scenario(values: range, costs: range, keys: str) -> str:
    """Return a market of single units as a text."""
    buyers = "".join(
        f'[[agents]]\nname = "b{v}"\nutility = {{ family = "steps", bids = {{ g = [[{v}, 1.0]] }} }}\n'
        for v in values
    )
    sellers = "".join(
        f'[[agents]]\nname = "s{c}"\ncost = {{ family = "linear", unit_cost = {{ g = {c} }}, '
        f"capacity = {{ g = 1.0 }} }}\n"
        for c in costs
    )
    return (
        f'schema = 1\neconomy = "quasilinear"\ngoods = ["g"]\n{buyers}{sellers}'
        f'[[mechanisms]]\nname = "pit"\nkind = "double_auction"\nprice_range = [0.0, {HIGH}]\n{keys}\n'
    )


def opened(text: str) -> Day:
    """Return a day before its first quote."""
    read = market.loads(text)
    state = read.mechanism("pit").start(market.build(read))
    return state.day  # type: ignore[attr-defined, no-any-return]


def plain_loop(values: list[float], costs: list[float], quotes: int) -> float:
    """Take quotes of traders with zero intelligence and constraint; return the standing bid."""
    draw, buyers, agents = random.random, len(values), len(values) + len(costs)
    bid, ask = 0.0, float("inf")
    for _ in range(quotes):
        who = int(draw() * agents)
        if who < buyers:
            price = draw() * values[who]
            if price >= ask:
                break
            bid = max(bid, price)
        else:
            cost = costs[who - buyers]
            price = cost + draw() * (HIGH - cost)
            if price <= bid:
                break
            ask = min(ask, price)
    return bid


def rows() -> Iterator[tuple[str, str]]:
    """Yield what is measured and its figure."""
    day = opened(scenario(VALUES, COSTS, ""))
    values, costs = [float(v) for v in VALUES], [float(c) for c in COSTS]
    ours = least(lambda: until_trade(day.copy(), 0, QUOTES), 5)
    plain = least(lambda: plain_loop(values, costs, QUOTES), 5)
    yield "quotes a second, the book of a double auction", f"{QUOTES / ours:,.0f}"
    yield "quotes a second, a plain loop over one book", f"{QUOTES / plain:,.0f}"
    for what, keys in (
        ("zi_c", "days = 1000"),
        ("zi_c, whole prices", "days = 1000\ntick = 1.0"),
        ("zip", 'days = 20\ntraders = "zip"'),
    ):
        read = market.loads(scenario(*SMITH, keys))
        economy, mechanism = market.build(read), read.mechanism("pit")
        outcome = market.play(mechanism, economy)
        days, quotes = outcome.evidence["days"], outcome.evidence["quotes"]
        seconds = least(lambda m=mechanism, e=economy: market.play(m, e), 3)
        a_day = f"{quotes / days:,.0f} quotes a day"
        yield f"days a second in Smith's market, {what}", f"{days / seconds:,.0f} ({a_day})"
        yield f"quotes a second with trades and days, {what}", f"{quotes / seconds:,.0f}"
    yield "days a second through a sweep of 8 seeds in 2 processes, by the clock", f"{_swept():,.0f}"


def _swept() -> float:
    """Return days a second of a sweep."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "smith.toml"
        file.write_text(scenario(*SMITH, "days = 500"))
        start = time.perf_counter()
        sweep(file, seeds=8, out=Path(folder) / "out", options=Options(workers=2))
        return 8 * 500 / (time.perf_counter() - start)


def main() -> None:
    """Print all rows."""
    for what, figure in rows():
        print(f"{what:<72}{figure}")


if __name__ == "__main__":
    main()
