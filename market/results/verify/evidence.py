"""The numbers behind a status: which there must be, and what they must be as far as the record shows.

Relative excess demand is the disequilibrium, relative regret the largest regret as a share of what trades are
worth (in games: of |u|, or of 1), and a period is confirmed where prices were recorded. How often
demand was asked for, and how far log prices went up and down, only have to be finite and not negative.

Of a kind of mechanism that is not known here the names are those that it declares, and the numbers are not
checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.outcome import Status, shown
from market.results.run_folder import Run
from market.results.tables import number
from market.results.verify.accounts import worth
from market.results.verify.claim import ROUNDING, Claim, difference
from market.results.verify.record import Record, rounds

BACK = 1e-9  # relative difference of prices that came back


def evidence(run: Run, economy: Economy, record: Record, declared: Sequence[str]) -> Iterator[Claim]:
    """The claims about the numbers behind the status, except a planner's residual (see `checking.py`).

    Args:
        run: with the table of rounds.
        economy: rebuilt from the scenario.
        record: what was recorded.
        declared: the names that the mechanism gives to its evidence.
    """
    stated = {key: number(value) for key, value in record.said["evidence"].items()}
    names = _names(record)
    right = set(stated) <= set(declared) if names is None else set(stated) in names
    told = ", ".join(sorted(stated)) or "none"
    yield Claim(f"{record.name}: which numbers are its evidence", right, told)
    if not right:
        return
    if names is None:
        if stated:
            yield Claim(f"{record.name}: evidence", None, f"not checked: numbers of the kind {record.kind}")
        return
    counted = [stated[key] for key in ("demand_queries", "amplitude") if key in stated]
    wrong = []
    if not all(np.isfinite(each) and each >= 0 for each in counted):
        wrong.append("demand_queries or amplitude")
    if "relative_excess_demand" in stated:
        apart = difference(stated["relative_excess_demand"], number(record.said["disequilibrium"]))
        wrong += ["relative_excess_demand"] if apart > 0 else []
    if "relative_regret" in stated and record.regret is not None:
        apart = difference(stated["relative_regret"], _relative_regret(economy, record, record.regret), 1.0)
        wrong += ["relative_regret"] if apart > ROUNDING else []
    if "period" in stated and not _comes_back(run, economy, record, stated["period"]):
        wrong.append("period")
    detail = f"not so: {', '.join(wrong)}" if wrong else ", ".join(shown(each) for each in stated.values())
    yield Claim(f"{record.name}: evidence", not wrong, detail)


def _names(record: Record) -> list[set[str]] | None:
    """The sets of numbers that there may be; None for a kind that is not known here."""
    if record.kind == "planner":
        return [set() if record.prices is None else {"residual"}]
    if record.kind == "unmediated":
        return [{"relative_regret"} | ({"period"} if record.status is Status.CYCLING else set())]
    if record.kind != "auctioneer":
        return None
    always = {"relative_excess_demand", "relative_regret", "demand_queries"}
    if record.status is Status.CYCLING:
        return [always | {"period"}, always | {"amplitude"}]
    return [always]


def _relative_regret(economy: Economy, record: Record, regret: Array) -> float:
    """The largest regret as a share of what trades are worth; in games of |utility|, or of 1."""
    if record.kind == "unmediated":
        size = np.where(np.isfinite(record.utilities), np.abs(record.utilities), 0.0)
        return float((regret / np.maximum(size, economy.utility_scale)).max(initial=0.0))
    assert record.prices is not None
    size = worth(economy, record) + record.production @ record.prices
    nothing = np.where(regret > 0, np.inf, 0.0)
    return float(np.divide(regret, size, out=nothing, where=(regret > 0) & (size > 0)).max(initial=0.0))


def possible_period(record: Record, period: float) -> bool:
    """Whether it is a number of rounds among those that were played."""
    return 1 <= period <= number(record.said["rounds"]) and period == round(period)


def _comes_back(run: Run, economy: Economy, record: Record, period: float) -> bool:
    """Whether prices, where they were recorded, came back after so many rounds."""
    if not possible_period(record, period):
        return False
    if record.kind != "auctioneer":
        return True  # the game is replayed, in `play.py`
    prices, _ = rounds(run, record, economy)
    if len(prices) <= period:
        return False
    apart = np.abs(prices[-1] - prices[-1 - int(period)]).max()
    return bool(apart <= BACK * np.abs(prices[-1]).max())
