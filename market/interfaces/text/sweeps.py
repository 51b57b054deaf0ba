"""A sweep as text: for each parameter a table of means and confidence intervals over seeds, with notes."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from numbers import Real
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import numpy as np
import pandas as pd
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from market.interfaces.text.layout import frameless, heading, points
from market.interfaces.text.sentences import count, number, percent, visible
from market.scenario.game_loading import GameScenario
from market.sweep.summary import curve, title

if TYPE_CHECKING:
    from market.sweep import Sweep

MOST_VALUES = 12  # of a parameter in its table
MOST_PARAMETERS = 4  # with a table each
MOST_ERRORS = 5  # that are printed
LONGEST = 200  # characters of an error
STAR = " *"
GAP = 3  # between two columns
WIDEST = 24  # characters of a word or number that does not break


def swept(found: Sweep, width: int = 80) -> RenderableType:
    """Return the text that `market sweep` prints.

    Args:
        found: the result of `market.sweep.sweep`.
        width: columns of the terminal.
    """
    design = found.design
    size = f"{count(len(design.points), 'point')}, {count(design.seeds, 'seed')} each"
    reused = f"; {found.reused:,} of them reused" if found.reused else ""
    parts: list[RenderableType] = [
        heading(visible(found.scenario.title)),
        Text(f"{count(len(design), 'run')} ({size}){reused}."),
    ]
    for axis in design.axes[:MOST_PARAMETERS]:
        parts += [Text(), heading(visible(axis.path)), *_tables(found, axis.path, width)]
    parts += [Text(), points(list(_notes(found)))]
    return Group(*parts)


class _Column(NamedTuple):
    """A column of text: its heading, its cells, and whether numbers stand at its right."""

    heading: str
    cells: list[str]
    right: bool

    @property
    def least(self) -> int:
        """Width at which no word and no number breaks."""
        words = [word for text in (self.heading, *self.cells) for word in text.split()]
        return min(max(map(len, (*words, *(self.cells if self.right else ()))), default=0), WIDEST)

    @property
    def most(self) -> int:
        """Width at which every text stands on one line."""
        return max(map(len, (self.heading, *self.cells)))


def _tables(found: Sweep, parameter: str, width: int) -> list[Table]:
    """Return means and intervals by the values of one parameter; tables stand below each other if need be."""
    measures = _measures(found)
    curves = {
        measure: curve(found.runs, parameter, measure).set_index(["value", "mechanism"])
        for measure in measures
    }
    keys = list(next(iter(curves.values())).index)
    values = list(dict.fromkeys(value for value, _ in keys))
    shown = set(values if len(values) <= MOST_VALUES else _spread_out(values))
    keys = [key for key in keys if key[0] in shown]
    firsts = [place == 0 or keys[place - 1][0] != value for place, (value, _) in enumerate(keys)]
    labels = [
        _Column(
            "value",
            [_written(key[0]) if first else "" for key, first in zip(keys, firsts, strict=True)],
            False,
        ),
        _Column("mechanism", [visible(mechanism) for _, mechanism in keys], False),
    ]
    cells = [_Column(visible(title(m)), [_marked(m, curves, key) for key in keys], True) for m in measures]
    groups: list[list[_Column]] = [[]]
    for column in cells:
        if groups[-1] and _needed([*labels, *groups[-1], column]) > width:
            groups.append([])
        groups[-1].append(column)
    return [_table([*labels, *group], width) for group in groups]


def _needed(columns: Sequence[_Column]) -> int:
    """Return the least width of a table of some columns."""
    return sum(column.least + GAP for column in columns) - GAP


def _table(columns: Sequence[_Column], width: int) -> Table:
    table = frameless()
    spare = max(width - _needed(columns), 0)
    for column in columns:
        more = min(column.most - column.least, spare) if column.most > column.least else 0
        spare -= more
        justify: Literal["left", "right"] = "right" if column.right else "left"
        table.add_column(column.heading, justify=justify, overflow="fold", width=column.least + more)
    for cells in zip(*(column.cells for column in columns), strict=True):
        table.add_row(*map(Text, cells))
    return table


def _written(value: object) -> str:
    """Return the value of a parameter as text."""
    return number(float(value)) if isinstance(value, Real) else visible(str(value))


def _spread_out(values: Sequence[object]) -> Iterator[object]:
    """Return some of many values, evenly."""
    return (values[round(place)] for place in np.linspace(0, len(values) - 1, MOST_VALUES))


def _measures(found: Sweep) -> list[str]:
    """Return the measures for which 80 columns have room."""
    runs = found.runs
    if isinstance(found.scenario, GameScenario):
        total = ["total_payoff"] if runs["total_payoff"].notna().any() else []
        best = ["share_of_best"] if runs["share_of_best"].notna().any() else []
        return ["settled", *total, "lowest_payoff", *best, "max_regret"]
    prices = (f"price[{good}]" for good in found.scenario.goods)
    price = [name for name in prices if runs[name].notna().any()][:1]
    surplus = ["surplus_gap"] if runs["surplus_gap"].notna().any() else ["resource_utilisation"]
    if "tax_revenue" in runs and runs["tax_revenue"].fillna(0.0).any():
        return ["settled", *price, "tax_revenue", *surplus]
    return ["settled", *price, "lowest_utility", *surplus]


def _marked(measure: str, curves: Mapping[str, pd.DataFrame], key: Any) -> str:
    """Return a cell, with a star if runs are in it that did not converge."""
    cell, share = _cell(measure, curves[measure].loc[key]), curves["settled"].loc[key, "mean"]
    star = measure != "settled" and share < 1 and cell != number(None)
    return f"{cell}{STAR}" if star else cell


def _cell(measure: str, row: pd.Series) -> str:
    """Return a mean with its interval and the number of infinite values; of truth values, the share."""
    if row["runs"] == row["missing"]:
        return number(None)
    if measure == "settled":
        return percent(row["mean"])
    parts = []
    if row["finite"]:
        half = row["ci_high"] - row["mean"]
        parts.append(number(row["mean"]) + ("" if np.isnan(half) or half == 0 else f" ± {number(half)}"))
    if row["infinite"]:
        ends = [number(end) for end in (-np.inf, np.inf) if end in (row["min"], row["max"])]
        parts.append(
            " or ".join(ends) + ("" if not row["finite"] else f" in {row['infinite']} of {row['runs']}")
        )
    return "; ".join(parts)


def _notes(found: Sweep) -> Iterator[str]:
    """Yield notes on intervals, seeds and failures."""
    if found.design.seeds > 1:
        yield "± is half the 95 % confidence interval of the mean over seeds; all points share their seeds."
        if not _varies(found):
            yield "All seeds gave identical results."
    if len(found.design.axes) > MOST_PARAMETERS:
        many = len(found.design.axes)
        yield f"Only {MOST_PARAMETERS} of {many} parameters have a table here; summary.csv has all."
    if found.unsettled:
        starred = f"; numbers with{STAR} include such runs" if found.design.axes else ""
        yield f"In {count(found.unsettled, 'run')} some mechanism did not converge{starred}."
    if found.unfinished:
        lost = found.runs.loc[found.runs["run"].isin(found.unfinished), "error"]
        verb, them = ("is", "it") if len(found.unfinished) == 1 else ("are", "them")
        yield (
            f"{count(len(found.unfinished), 'run')} {verb} unfinished, which is no result: "
            f"{visible(str(lost.iloc[0])[: 2 * LONGEST])}; the same command tries {them} again."
        )
    errors = found.runs.loc[found.errors, ["run", "error"]].drop_duplicates("run")
    for error, many in errors["error"].value_counts().head(MOST_ERRORS).items():
        yield f"{count(int(many), 'run')} failed: {visible(str(error)[:LONGEST])}"


def _varies(found: Sweep) -> bool:
    """Return True if seeds make a difference anywhere."""
    apart = found.summary["min"] < found.summary["max"]
    return bool((apart & (found.summary["runs"] > 1)).any())
