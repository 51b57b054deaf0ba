"""The equilibria that a search found, as text: a column each, and what to make of them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich import box
from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from market.equilibrium import Equilibria, Equilibrium
from market.interfaces.text.report import economy_in_a_line, points
from market.interfaces.text.sections import Row, Section, parties
from market.interfaces.text.sentences import count, number, visible
from market.outcome import shown
from market.results.equilibria import unit_of_prices

CELL = 11  # columns that an equilibrium needs
LABEL = 28  # columns for what is told of them


def multiplicity(title: str, found: Equilibria, width: int) -> RenderableType:
    """All that `market equilibria` prints.

    Args:
        title: of the scenario.
        found: by the search.
        width: columns that there are.
    """
    per_table = max(1, (width - min(LABEL, width // 2) - 1) // CELL)
    blank = Text()
    return Group(
        Text(visible(title), style="bold"),
        Text(economy_in_a_line(found.economy)),
        *(
            part
            for start in range(0, len(found.found), per_table)
            for part in (blank, _table(found, range(start, min(start + per_table, len(found.found))), width))
        ),
        blank,
        Text("What to make of it", style="bold"),
        points(list(_reading(found))),
        blank,
    )


def _table(found: Equilibria, chosen: range, width: int) -> Table:
    """Some equilibria side by side, by their numbers."""
    table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False, padding=(0, 0, 0, 2))
    table.add_column("Equilibrium", width=min(LABEL, width // 2), overflow="fold")
    for k in chosen:
        table.add_column(str(k + 1), justify="right", min_width=CELL - 3, overflow="fold")
    for part in _sections(found, [found.found[k] for k in chosen]):
        if part.title:
            table.add_row(Text(part.title, style="bold"))
        for row in part.rows:
            table.add_row(Text(("  " if part.title else "") + row.label), *(Text(cell) for cell in row.cells))
    return table


def _sections(found: Equilibria, some: Sequence[Equilibrium]) -> list[Section]:
    economy = found.economy
    utilities = [economy.utility(each.consumption) - economy.cost(each.production) for each in some]
    return [
        Section(
            f"Prices, {visible(unit_of_prices(economy))}",
            [
                Row(visible(good), [number(float(each.prices[g])) for each in some])
                for g, good in enumerate(economy.goods)
            ],
        ),
        Section(
            "Utility",
            [
                Row(party.called("mean"), [number(float(u[party.rows].mean())) for u in utilities])
                for party in parties(economy)
            ],
        ),
        Section(
            "",
            [
                Row("Index", [_index(each) for each in some]),
                Row("Stable under tatonnement?", [_stable(each) for each in some]),
                Row("Starts that led there", [f"{each.starts:,}" for each in some]),
            ],
        ),
    ]


def _index(each: Equilibrium) -> str:
    return "none" if each.index == 0 else f"{each.index:+d}"


def _stable(each: Equilibrium) -> str:
    return {True: "yes", False: "no", None: "unclear"}[each.stable]


def _reading(found: Equilibria) -> Iterator[str]:
    """What the numbers say, in plain sentences."""
    many = len(found.found)
    if not many:
        why = found.beyond_reach or "there may be none, or try more --starts"
        yield f"None was found as roots of excess demand from {count(found.starts, 'start')}: {why}."
    else:
        worst = max(each.residual for each in found.found)
        yield (
            f"{'One equilibrium was' if many == 1 else f'{many} equilibria were'} found from "
            f"{count(found.starts, 'start')}; asked anew, everyone's answers clear the markets "
            f"{'exactly' if worst == 0 else f'up to {shown(worst)}'}."
        )
        yield _of_the_indices(found)
    yield from _of_single_ones(found)
    for prices, excess in found.near_misses:
        told = ", ".join(
            f"{visible(good)} {number(float(p))}" for good, p in zip(found.economy.goods, prices, strict=True)
        )
        yield (
            f"Possibly another one at {told}: markets clear there up to {shown(excess)}, where two are about "
            f"to meet."
        )
    yield "No search from finitely many starts can prove that it found all of them."


def _of_the_indices(found: Equilibria) -> str:
    total = found.index_sum
    if total is None:
        without = [(str(k + 1), each.no_index) for k, each in enumerate(found.found) if each.index == 0]
        which = _named([name for name, _ in without])
        why = "; ".join(sorted({str(reason) for _, reason in without}))
        do = "has" if len(without) == 1 else "have"
        return f"{which[0].upper()}{which[1:]} {do} no index, and so there is no sum to check: {why}."
    if total == 1:
        return "The indices sum to +1, as they do in a regular economy when none is missing."
    said = f"{total:+d}" if total else "0"
    return (
        f"The indices sum to {said} and not to +1: some equilibria are probably missing, or the economy is "
        f"not regular; try more --starts."
    )


def _of_single_ones(found: Equilibria) -> Iterator[str]:
    """What must be said of some of them."""
    unstable = [str(k + 1) for k, each in enumerate(found.found) if each.stable is False]
    if unstable:
        yield (
            f"Prices that follow excess demand move away from {_named(unstable)}: an auctioneer will hardly "
            f"ever show {'it' if len(unstable) == 1 else 'them'}."
        )
    wide = [str(k + 1) for k, each in enumerate(found.found) if not each.isolated]
    if wide:
        yield f"Around {_named(wide)} there is a continuum of equilibria; one of them is shown."


def _named(numbers: Sequence[str]) -> str:
    if len(numbers) == 1:
        return f"equilibrium {numbers[0]}"
    return f"equilibria {', '.join(numbers[:-1])} and {numbers[-1]}"
