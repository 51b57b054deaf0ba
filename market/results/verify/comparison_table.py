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
from market.outcome import Status
from market.results.run_folder import Run
from market.results.tables import number
from market.results.verify.accounts import worth
from market.results.verify.claim import ROUNDING, Claim, difference
from market.results.verify.record import Record

NAMED = 20  # agents; up to here the table has a column for each of them
NONE = 1e-12  # share of what an equal share of everything is worth to somebody that is nothing
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
        **_against(economy, record, records),
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


def _against(economy: Economy, record: Record, records: Sequence[Record]) -> dict[str, object]:
    """Who gains and who loses against the first mechanism without prices or planner.

    A gain of the size of rounding is none, and what an auctioneer lacks of that size is no loss, unless it is
    all that agents gain, in money.
    """
    columns = ("against", "agents who gain", "agents who lose", "Pareto improvement")
    baseline = next((each for each in records if each.kind == "unmediated"), None)
    if baseline is None or baseline is record:
        return dict.fromkeys(columns)
    least = NONE * np.where(np.isfinite(economy.utility_scale), economy.utility_scale, 0.0)
    rounding = np.maximum(ROUNDING * np.maximum(*_handled(economy, record, baseline)), least)
    gains = _gained(record.payoffs, baseline.payoffs, rounding)
    revenue = number(record.said["revenue"]) - number(baseline.said["revenue"])
    seen = max(_unbalanced(economy, record), _unbalanced(economy, baseline))
    financed = economy.money is Money.QUASILINEAR and gains.sum() <= -revenue
    better = revenue > seen or (revenue >= -seen and bool((gains > 0).any()) and not financed)
    better = bool(better and not (gains < 0).any())
    counts = int((gains > 0).sum()), int((gains < 0).sum())
    return dict(zip(columns, (baseline.name, *counts, better), strict=True))


def _handled(economy: Economy, *records: Record) -> list[Array]:
    """The gross worth of what each agent consumes, makes and trades, for each record, (agents,)."""
    sizes = []
    for each in records:
        x, y = each.consumption, each.production
        size = worth(economy, each) + economy.cost(y)
        if each.kind == "auctioneer" and each.prices is not None and (each.payoffs != each.utilities).any():
            size = size + (x + economy.endowment + np.abs(y)) @ each.prices
        known = np.where(np.isfinite(each.payoffs), np.abs(each.payoffs), 0.0)
        sizes.append(np.maximum(known, np.where(np.isfinite(size), size, 0.0)))
    return sizes


def _unbalanced(economy: Economy, record: Record) -> float:
    """The largest revenue that is rounding, money: a share of the worth of all there is.

    Twice the relative excess demand of markets that cleared, since so much has no counterpart.
    """
    if record.kind != "auctioneer" or record.prices is None:
        return ROUNDING * float(np.abs(record.payments).sum())
    share = ROUNDING
    if record.status is Status.CLEARED:
        share = max(share, 2.0 * number(record.said["disequilibrium"]))
    return share * float(record.prices @ economy.offered(record.production))


def _gained(after: Array, before: Array, rounding: Array) -> Array:
    """After - before, (agents,), 0 where that is rounding or both are the same infinity."""
    with np.errstate(invalid="ignore"):
        gains = after - before
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
