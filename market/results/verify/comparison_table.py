"""Whether `comparison.csv` says what the result says: every column is there, and none that is not expected.

Cells are read as the text they are, so that a mechanism may be called "007" or "Infinity".
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.errors import RunError
from market.results.run_folder import Run
from market.results.tables import number
from market.results.verify.claim import ROUNDING, Claim, difference
from market.results.verify.record import Record

NAMED = 20  # agents; up to here the table has a column for each of them
EXACT = 1e-12  # relative difference that another order of a sum may leave


def table(run: Run, economy: Economy, records: Sequence[Record]) -> Claim:
    """The claim that the table says what the result says.

    Raises:
        RunError: it cannot be read.
    """
    name = "the table says what the result says"
    path = run.folder / "comparison.csv"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
    except (OSError, ValueError, csv.Error) as error:
        raise RunError(f"'{path}' cannot be read: {error}") from error
    expected = [_expected(economy, record, records) for record in records]
    if sorted(header) != sorted(expected[0]):
        apart = sorted(set(header) ^ set(expected[0]))
        return Claim(name, False, f"columns are missing or too many: {', '.join(apart[:5])}")
    if len(rows) != len(records) or any(len(row) != len(header) for row in rows):
        return Claim(name, False, f"{len(rows)} rows for {len(records)} mechanisms, or cells are missing")
    wrong = [
        f"{column} of '{record.name}'"
        for record, row, values in zip(records, rows, expected, strict=True)
        for column, cell in zip(header, row, strict=True)
        if not _same(cell, values[column])
    ]
    return Claim(name, not wrong, f"not so: {', '.join(wrong[:5])}" if wrong else "exactly")


def _expected(economy: Economy, record: Record, records: Sequence[Record]) -> Mapping[str, object]:
    """What the table's row should have, by column."""
    said, report = record.said, record.alignment
    prices = [None] * len(economy.goods) if record.prices is None else record.prices.tolist()
    quasilinear = economy.money is Money.QUASILINEAR
    differ = any((each.payoffs != each.utilities).any() for each in records)
    return {
        "mechanism": record.name,
        "kind": record.kind,
        "status": record.status.value,
        "rounds": said["rounds"],
        **{f"price of {good}": p for good, p in zip(economy.goods, prices, strict=True)},
        "disequilibrium": said["disequilibrium"],
        **_by_agent(economy, "utility", record.utilities),
        **(_by_agent(economy, "payoff", record.payoffs) if differ else {}),
        "total surplus": float(record.utilities.sum()) if quasilinear else None,
        "revenue": said["revenue"],
        "efficient": report["efficient"],
        "efficient with transfers": report["efficient_with_transfers"],
        "left on the table": report["surplus_gap"],
        "resource utilisation": report["resource_utilisation"],
        "degenerate": report["degenerate"],
        **_weights(economy, record.weights),
        "largest regret": said["max_regret"],
        **_against(record, records),
    }


def _by_agent(economy: Economy, what: str, values: Array) -> dict[str, object]:
    if len(values) <= NAMED:
        return {f"{what} of {agent}": v for agent, v in zip(economy.agents, values.tolist(), strict=True)}
    finite = values[np.isfinite(values)]
    return {
        f"lowest {what}": float(values.min()),
        f"mean {what} above -inf": float(finite.mean()) if len(finite) else None,
        f"agents with {what} -inf": int(np.isneginf(values).sum()),
    }


def _weights(economy: Economy, w: Array | None) -> dict[str, object]:
    if len(economy.agents) <= NAMED:
        known = [None] * len(economy.agents) if w is None else w.tolist()
        return {f"weight of {agent}": v for agent, v in zip(economy.agents, known, strict=True)}
    return {
        "smallest weight": None if w is None else float(w.min()),
        "largest weight": None if w is None else float(w.max()),
    }


def _against(record: Record, records: Sequence[Record]) -> dict[str, object]:
    """Who gains and who loses against the first mechanism without prices or planner."""
    columns = ("against", "agents who gain", "agents who lose", "Pareto improvement")
    baseline = next((each for each in records if each.kind == "unmediated"), None)
    if baseline is None or baseline is record:
        return dict.fromkeys(columns)
    gains = _gained(record.payoffs, baseline.payoffs)
    turnover = float(np.abs(record.payments).sum() + np.abs(baseline.payments).sum())
    revenue = number(record.said["revenue"]) - number(baseline.said["revenue"])
    revenue = 0.0 if abs(revenue) <= ROUNDING * turnover else revenue
    nobody_loses = not (gains < 0).any() and revenue >= 0
    better = bool(nobody_loses and ((gains > 0).any() or revenue > 0))
    counts = int((gains > 0).sum()), int((gains < 0).sum())
    return dict(zip(columns, (baseline.name, *counts, better), strict=True))


def _gained(after: Array, before: Array) -> Array:
    """After - before, (agents,), 0 where that is rounding or both are the same infinity."""
    with np.errstate(invalid="ignore"):
        gains = after - before
    size = np.maximum(np.abs(after), np.abs(before))
    rounding = ROUNDING * np.where(np.isfinite(size), size, 0.0)
    return np.where((after == before) | (np.abs(gains) <= rounding), 0.0, gains)


def _same(cell: str, value: object) -> bool:
    """Whether a cell says a value; nothing stands for None."""
    if value is None or isinstance(value, bool):
        return cell == ("" if value is None else str(value))
    if isinstance(value, str) and value not in ("Infinity", "-Infinity"):
        return cell == value
    try:
        return cell == str(value) or difference(float(cell), number(value)) <= EXACT  # type: ignore[arg-type]
    except ValueError:
        return False
