"""Claims about the numbers behind a status: their names, and their values as far as the record shows them.

The relative excess demand is the disequilibrium, the relative regret the largest regret as a share of the
value of trades (in games of |u|, or of the scale of utility), and a period is confirmed where prices were
recorded. The number of demand queries and the amplitude of log prices must be finite and not negative.

A kind of mechanism that is not stated here declares the names itself, and its numbers are not checked.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.outcome import Status, shown
from market.results.run_folder import RunFolder
from market.results.verify.accounts import worth
from market.results.verify.claim import Claim, difference
from market.results.verify.record import Record
from market.results.verify.rounds import path_of
from market.tolerances import ROUNDING_OF_RESULTS

_WORDS = {
    "relative_excess_demand": "relative excess demand",
    "relative_regret": "relative gain from deviating",
    "demand_queries": "number of demand queries",
    "demand_queries or amplitude": "number of demand queries or amplitude",
    "residual": "residual of the first-order conditions",
    "truth_regret": "gain from a false report",
    "reports": "number of reports",
}
"""Names of evidence in result.json, in words."""


def check_evidence(
    run: RunFolder, economy: Economy, record: Record, declared: Sequence[str]
) -> Iterator[Claim]:
    """Check the numbers behind the status, except a planner's residual (see `run.py`).

    Args:
        run: with the table of rounds.
        economy: rebuilt from the scenario.
        record: of the mechanism.
        declared: names that the mechanism gives to its evidence.
    """
    stated = record.evidence
    names = _names(record)
    right = set(stated) <= set(declared) if names is None else set(stated) in names
    listed = ", ".join(_WORDS.get(key, key) for key in sorted(stated)) or "none"
    yield Claim(f"{record.name}: evidence has the numbers of its status", right, listed)
    if not right:
        return
    if names is None:
        if stated:
            yield Claim(f"{record.name}: evidence", None, f"not checked: numbers of the kind {record.kind}")
        return
    counted = [stated[key] for key in ("demand_queries", "amplitude") if key in stated]
    wrong = []
    if not all(np.isfinite(each) and each >= 0 for each in counted):
        wrong += ["demand_queries or amplitude"]
    if "relative_excess_demand" in stated:
        apart = difference(stated["relative_excess_demand"], record.disequilibrium or 0.0)
        wrong += ["relative_excess_demand"] if apart > 0 else []
    if "relative_regret" in stated and record.regret is not None:
        apart = difference(stated["relative_regret"], _relative_regret(economy, record, record.regret), 1.0)
        wrong += ["relative_regret"] if apart > ROUNDING_OF_RESULTS else []
    if "period" in stated and not _comes_back(run, economy, record, stated["period"]):
        wrong.append("period")
    values = ", ".join(f"{_WORDS.get(key, key)} {_number(key, value)}" for key, value in stated.items())
    detail = f"wrong: {', '.join(_WORDS.get(key, key) for key in wrong)}; {values}" if wrong else values
    yield Claim(f"{record.name}: evidence", not wrong, detail)


def _number(key: str, value: float) -> str:
    """Return a number in print; a number of queries or rounds without decimals."""
    return (
        f"{value:,.0f}"
        if key in ("demand_queries", "period", "reports") and np.isfinite(value)
        else shown(value)
    )


def _names(record: Record) -> list[set[str]] | None:
    """Return the possible sets of names; None for a kind that is not stated here."""
    if record.kind == "planner":
        return [set() if record.prices is None else {"residual"}]
    if record.kind == "pivot":
        known = {"residual", "truth_regret", "reports", "deficit"}
        return [known] if record.status is Status.OPTIMAL else [known, set()]
    if record.kind == "unmediated":
        return [{"relative_regret"} | ({"period"} if record.status is Status.CYCLING else set())]
    if record.kind != "auctioneer":
        return None
    always = {"relative_excess_demand", "relative_regret", "demand_queries"}
    if record.status is Status.CYCLING:
        return [always | {"period"}, always | {"amplitude"}]
    return [always]


def _relative_regret(economy: Economy, record: Record, regret: Array) -> float:
    """Return the largest regret as a share of the value of trades; in games of |u|, or of its scale."""
    if record.kind == "unmediated":
        size = np.where(np.isfinite(record.utilities), np.abs(record.utilities), 0.0)
        return float((regret / np.maximum(size, economy.utility_scale)).max(initial=0.0))
    assert record.prices is not None
    size = worth(economy, record) + record.production @ record.prices
    nothing = np.where(regret > 0, np.inf, 0.0)
    return float(np.divide(regret, size, out=nothing, where=(regret > 0) & (size > 0)).max(initial=0.0))


def possible_period(record: Record, period: float) -> bool:
    """Return True if a period is a whole number of the rounds played."""
    return 1 <= period <= record.rounds and period == round(period)


def _comes_back(run: RunFolder, economy: Economy, record: Record, period: float) -> bool:
    """Return True if prices, where they are recorded, came back after `period` rounds."""
    if not possible_period(record, period):
        return False
    if record.kind != "auctioneer":
        return True  # games are replayed in `game_claims.py`
    prices = path_of(run, record, economy)["price"]
    if len(prices) <= period:
        return False
    apart = np.abs(prices[-1] - prices[-1 - int(period)]).max()
    return bool(apart <= ROUNDING_OF_RESULTS * np.abs(prices[-1]).max())
