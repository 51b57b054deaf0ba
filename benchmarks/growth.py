"""Growth of time and memory with traders, goods and rounds: the fitted power of each."""

from __future__ import annotations

import csv
import tracemalloc
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import scenes
from benchmarks.measuring import least, slope

if TYPE_CHECKING:
    from benchmarks.market import Row


@dataclass(frozen=True)
class Growth:
    """Measurements at each size, in seconds or bytes."""

    what: str
    against: str
    sizes: Sequence[int]
    values: Sequence[float]
    unit: str

    @property
    def power(self) -> float:
        return slope(self.sizes, self.values)


def _peak(work: Callable[[], object]) -> float:
    """The most memory that is held at a time, bytes, beyond what was there before."""
    tracemalloc.start()
    try:
        work()
        return float(tracemalloc.get_traced_memory()[1])
    finally:
        tracemalloc.stop()


def _measure(text: str, repeats: int) -> dict[str, float]:
    """Seconds of a round by totals, of a round by trader, of the whole play; bytes of parameters and peak."""
    import numpy as np

    import market
    from market.economy.aggregate_demand import AggregateDemand

    scenario = market.loads(text)
    economy, mechanism = market.build(scenario), scenario.mechanism("prices")
    together, p = AggregateDemand(economy), np.linspace(0.5, 2.0, len(economy.goods))
    together(p)
    arrays = [array for block in economy.utilities for array in block.parameters.values()]
    arrays += [economy.endowment, economy.budget, economy.commons_share]
    return {
        "a round, totals only": least(lambda: together(p), 20 * repeats),
        "a round, every trader's quantities": least(lambda: economy.answers(p).demand.lowest, 3 * repeats),
        "build": least(lambda: market.build(scenario), repeats),
        "clear and settle": least(lambda: market.play(mechanism, economy), repeats),
        "alignment report": least(lambda: market.alignment(market.play(mechanism, economy)), repeats),
        "parameter arrays": float(sum(array.nbytes for array in arrays)),
        "peak of clear, settle and report": _peak(lambda: market.alignment(market.play(mechanism, economy))),
    }


BYTES = ("parameter arrays", "peak of clear, settle and report")


def measured(part: int) -> list[Growth]:
    """Everything; sizes divided by `part`."""
    traders = [size // part for size in (10_000, 100_000, 1_000_000)]
    goods = [3, 10, 30, 100]
    found = []
    for against, sizes, texts in (
        ("traders (10 goods)", traders, [scenes.log_market(size, 10) for size in traders]),
        (f"goods ({20_000 // part:,} traders)", goods, [scenes.log_market(20_000 // part, m) for m in goods]),
    ):
        each = [_measure(text, 3) for text in texts]
        for what in each[0]:
            unit = "bytes" if what in BYTES else "s"
            found.append(Growth(what, against, sizes, [values[what] for values in each], unit))
    return [*found, _rounds(part)]


def _rounds(part: int) -> Growth:
    """Memory of a model that is stepped on and on: prices that never settle."""
    import market

    text = scenes.log_market(100_000 // part, 10).replace('kind = "auctioneer"', _RESTLESS)
    sizes = [200, 400, 800]
    values = []
    for rounds in sizes:
        scenario = market.loads(text.replace("max_rounds = 1000", f"max_rounds = {rounds}"))
        model = market.MarketModel(scenario)
        values.append(_peak(lambda model=model, rounds=rounds: [model.step() for _ in range(rounds)]))
    return Growth("memory of the rounds of a model", "rounds", sizes, values, "bytes")


_RESTLESS = 'kind = "auctioneer"\nrule = "additive"\nstep = 1e-9'


def show(found: list[Growth]) -> None:
    """One line each."""
    print("\nGrowth: what is measured at each size, and the fitted power b of value = c size^b")
    for each in found:
        points = "  ".join(
            f"{size:,}: {value:.3g}" for size, value in zip(each.sizes, each.values, strict=True)
        )
        print(f"{each.what:34} {each.unit:6} against {each.against:24} {points}   b = {each.power:.2f}")


def keep(path: Path, rows: list[Row], found: list[Growth]) -> None:
    """Headlines and growth as one CSV file."""
    with path.open("w", newline="", encoding="utf-8") as file:
        out = csv.writer(file)
        out.writerow(
            ["kind", "what", "against", "size", "value", "unit", "peer_value", "ratio", "aim", "note"]
        )
        for row in rows:
            aim = row.aim or ""
            out.writerow(
                [
                    "headline",
                    row.work.strip(),
                    row.peer,
                    "",
                    row.seconds,
                    "s",
                    row.peer_seconds,
                    row.ratio,
                    aim,
                    row.note,
                ]
            )
        for each in found:
            for size, value in zip(each.sizes, each.values, strict=True):
                out.writerow(
                    [
                        "growth",
                        each.what,
                        each.against,
                        size,
                        value,
                        each.unit,
                        "",
                        "",
                        "",
                        f"b={each.power:.3f}",
                    ]
                )
