"""Check that `comparison.csv` has the row of each mechanism, rebuilt from the recorded outcomes.

Cells are read as the text that they are, so that a mechanism may be called "007" or "Infinity".
"""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.errors import RunError
from market.outcome import Status
from market.results.run_folder import RunFolder
from market.results.schema import MechanismResult, number
from market.results.summary_table import AgentNumbers, Gains, counted, row
from market.results.verify.accounts import worth
from market.results.verify.claim import Claim, difference
from market.tolerances import ROUNDING_OF_RESULTS, ROUNDING_OF_SUMS

if TYPE_CHECKING:
    from market.results.verify.record import Record

NONE = 1e-12  # share of the utility of an equal share of all resources: a smaller gain counts as none


def check_table(run: RunFolder, economy: Economy, records: Sequence[Record]) -> Claim:
    """Check the table of the comparison against the recorded outcomes.

    Raises:
        RunError: it cannot be read.
    """
    expected = [_expected(economy, record, records) for record in records]
    return check_rows(run.folder / "comparison.csv", expected, [record.name for record in records])


def check_rows(path: Path, expected: Sequence[Mapping[str, object]], names: Sequence[str]) -> Claim:
    """Check the cells of a table of mechanisms.

    Args:
        path: of the table, a CSV file.
        expected: the row of each mechanism, by column.
        names: of the mechanisms.

    Raises:
        RunError: it cannot be read.
    """
    name = "comparison.csv agrees with result.json"
    try:
        with path.open(encoding="utf-8", newline="") as file:
            header, *rows = csv.reader(file)
    except (OSError, ValueError, csv.Error) as error:
        raise RunError(f"'{path}' cannot be read: {error}") from error
    columns = list(dict.fromkeys(column for values in expected for column in values))
    if sorted(header) != sorted(columns):
        apart = sorted(set(header) ^ set(columns))
        return Claim(name, False, f"columns are missing or too many: {', '.join(apart[:5])}")
    if len(rows) != len(names) or any(len(cells) != len(header) for cells in rows):
        return Claim(name, False, f"{len(rows)} rows for {len(names)} mechanisms, or cells are missing")
    wrong = [
        f"{column} of '{of}'"
        for of, cells, values in zip(names, rows, expected, strict=True)
        for column, cell in zip(header, cells, strict=True)
        if not _same(cell, values.get(column))
    ]
    return Claim(name, not wrong, f"different: {', '.join(wrong[:5])}" if wrong else "in every cell")


def _expected(economy: Economy, record: Record, records: Sequence[Record]) -> Mapping[str, object]:
    """Return the row that the table should have, by column."""
    differ = any((each.payoffs != each.utilities).any() for each in records)
    payoffs = record.payoffs if differ else None
    in_money = economy.money is Money.QUASILINEAR
    keeps = in_money and differ and bool(economy.commons.any()) and not economy.shares_revenue
    handed_back = record.payoffs + economy.commons_share * record.revenue if keeps else None
    numbers = AgentNumbers(
        economy.agents,
        record.utilities,
        payoffs,
        counted(economy, record.weights),
        handed_back,
        economy.wants_something,
    )
    surplus = float(record.utilities.sum()) if in_money else None
    mechanism = MechanismResult.model_validate(record.stated)
    return row(mechanism, economy.goods, numbers, surplus, _gains(economy, record, records))


def _gains(economy: Economy, record: Record, records: Sequence[Record]) -> Gains | None:
    """Compare payoffs and revenue with the first mechanism without prices or planner; None for itself.

    A gain of the size of rounding counts as none, and a loss of revenue of that size as none, unless it pays
    for everything that agents gain, in money.
    """
    baseline = next((each for each in records if each.kind == "unmediated"), None)
    if baseline is None or baseline is record:
        return None
    least = NONE * np.where(np.isfinite(economy.utility_scale), economy.utility_scale, 0.0)
    rounding = np.maximum(ROUNDING_OF_RESULTS * np.maximum(*_gross_values(economy, record, baseline)), least)
    gains = _gained(record.payoffs, baseline.payoffs, rounding)
    revenue = record.public_revenue - baseline.public_revenue
    negligible = max(_negligible_revenue(economy, record), _negligible_revenue(economy, baseline))
    financed = economy.money is Money.QUASILINEAR and gains.sum() <= -revenue
    better = revenue > negligible or (revenue >= -negligible and bool((gains > 0).any()) and not financed)
    better = bool(better and not (gains < 0).any())
    return Gains(baseline.name, int((gains > 0).sum()), int((gains < 0).sum()), better)


def _gross_values(economy: Economy, *records: Record) -> list[Array]:
    """Return the gross value of each agent's consumption, production and trade, (agents,), per record."""
    sizes = []
    for each in records:
        x, y = each.consumption, each.production
        size = worth(economy, each) + economy.cost(y)
        if each.kind == "auctioneer" and each.prices is not None and (each.payoffs != each.utilities).any():
            size = size + (x + economy.endowment + np.abs(y)) @ each.prices
        known = np.where(np.isfinite(each.payoffs), np.abs(each.payoffs), 0.0)
        sizes.append(np.maximum(known, np.where(np.isfinite(size), size, 0.0)))
    return sizes


def _negligible_revenue(economy: Economy, record: Record) -> float:
    """Return the largest revenue that counts as rounding, money: a share of the value of all resources.

    Of a market that cleared, twice its relative excess demand, to which no trade corresponds.
    """
    if record.kind != "auctioneer" or record.prices is None:
        return ROUNDING_OF_RESULTS * float(np.abs(record.payments).sum())
    share = ROUNDING_OF_RESULTS
    if record.status is Status.CLEARED:
        share = max(share, 2.0 * number(record.stated["disequilibrium"]))
    return share * float(record.prices @ economy.offered(record.production))


def _gained(after: Array, before: Array, rounding: Array) -> Array:
    """Return after - before, (agents,), 0 where that is rounding or both are one infinity."""
    with np.errstate(invalid="ignore"):
        gains = after - before
    return np.where((after == before) | (np.abs(gains) <= rounding), 0.0, gains)


def _same(cell: str, value: object) -> bool:
    """Return True if a cell has a value; an empty one is None or NaN."""
    if not isinstance(value, float):
        return cell == ("" if value is None else str(value))
    try:
        return difference(float(cell or "nan"), value) <= ROUNDING_OF_SUMS or (cell == "" and np.isnan(value))
    except ValueError:
        return False
