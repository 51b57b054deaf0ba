"""The equilibria that a search found, as text: a column each, and an interpretation."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from rich.console import Group, RenderableType
from rich.text import Text

from market.economy.nonexistence import satiable_owner
from market.equilibrium import Equilibria, Equilibrium
from market.equilibrium.starts import ROOTS
from market.interfaces.text.layout import Row, Section, heading, points, tables
from market.interfaces.text.report import economy_in_a_line
from market.interfaces.text.sections import parties
from market.interfaces.text.sentences import count, number, visible
from market.outcome import shown
from market.results.equilibria import unit_of_prices


def multiplicity(title: str, found: Equilibria, width: int) -> RenderableType:
    """Return the text that `market equilibria` prints.

    Args:
        title: of the scenario.
        found: by the search.
        width: columns of the terminal.
    """
    names = [str(k + 1) for k in range(len(found.found))]
    shown_in = tables(names, _sections(found, found.found), width, "Equilibrium") if names else []
    blank = Text()
    return Group(
        heading(visible(title)),
        Text(economy_in_a_line(found.economy)),
        *(part for table in shown_in for part in (blank, table)),
        blank,
        heading("Interpretation"),
        points(list(_reading(found))),
        blank,
    )


def _sections(found: Equilibria, some: Sequence[Equilibrium]) -> list[Section]:
    economy = found.economy
    utilities = [economy.welfare(each.consumption, each.production) for each in some]
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
                Row("Starting points that converged here", [f"{each.starts:,}" for each in some]),
            ],
        ),
    ]


def _index(each: Equilibrium) -> str:
    return "none" if each.index == 0 else f"{each.index:+d}"


def _stable(each: Equilibrium) -> str:
    return {True: "yes", False: "no", None: "unclear"}[each.stable]


def _reading(found: Equilibria) -> Iterator[str]:
    """Interpret the numbers in plain sentences."""
    if found.no_equilibrium is not None:
        yield f"There is no equilibrium: {visible(found.no_equilibrium)}."
        return
    many = len(found.found)
    if many:
        worst = max(each.residual for each in found.found)
        yield (
            f"{'One equilibrium was' if many == 1 else f'{many} equilibria were'} found from "
            f"{count(found.searched, 'starting point')}; verified: relative excess demand is "
            f"{'zero to rounding' if worst == 0 else f'at most {shown(worst)}'}."
        )
        yield _of_the_indices(found)
    else:
        yield f"None was found from {count(found.searched, 'starting point')}{_of_the_method(found)}."
        yield from _of_causes(found)
    yield from _of_single_ones(found)
    for prices, excess in found.near_misses:
        at = ", ".join(
            f"{visible(good)} {number(float(p))}" for good, p in zip(found.economy.goods, prices, strict=True)
        )
        yield (
            f"Possibly another one at {at}, where two equilibria may be about to merge: relative excess "
            f"demand is {shown(excess)} there."
        )
    if found.stopped is not None:
        yield (
            f"The search ended early: {found.stopped}. {found.searched:,} of "
            f"{count(found.starts, 'starting point')} were searched; raise --budget or --seconds to search "
            f"all of them."
        )
    yield "No search from finitely many starting points can prove that it found all equilibria."


def _of_the_method(found: Equilibria) -> str:
    """Return how it was searched for, after the number of starting points."""
    return " as a root of excess demand" if found.method == ROOTS else f" by a {found.method}"


def _of_causes(found: Equilibria) -> Iterator[str]:
    """Say why there may be no equilibrium, or why none was found."""
    why = found.beyond_reach
    if why is not None:
        yield f"There may be equilibria all the same: {why}."
    satiable = satiable_owner(found.economy)
    if satiable is not None:
        yield (
            f"There may be none, though that is not proved: {visible(satiable)} wants no good without limit, "
            f"and no prices clear all markets at which an agent cannot spend its income."
        )
    elif why is None and found.stopped is None:
        yield "There may be none, though that is not proved; try more --starts."


def _of_the_indices(found: Equilibria) -> str:
    total = found.index_sum
    if total is None:
        without = [(str(k + 1), each.no_index) for k, each in enumerate(found.found) if each.index == 0]
        names = _named([name for name, _ in without])
        why = "; ".join(sorted({str(reason) for _, reason in without}))
        do = "has" if len(without) == 1 else "have"
        return f"{names.capitalize()} {do} no index, and so there is no sum to check: {why}."
    if total == 1:
        return "The indices sum to +1, as they do in a regular economy when none is missing."
    written = f"{total:+d}" if total else "0"
    return (
        f"The indices sum to {written} and not to +1: some equilibria are probably missing, or the economy "
        f"is not regular; try more --starts."
    )


def _of_single_ones(found: Equilibria) -> Iterator[str]:
    """Name the equilibria that are unstable or belong to a continuum."""
    unstable = [str(k + 1) for k, each in enumerate(found.found) if each.stable is False]
    if unstable:
        yield (
            f"Tatonnement moves away from {_named(unstable)}: an auctioneer hardly ever finds "
            f"{'it' if len(unstable) == 1 else 'them'}."
        )
    wide = [str(k + 1) for k, each in enumerate(found.found) if not each.isolated]
    if wide:
        verb = "belongs" if len(wide) == 1 else "belong"
        yield f"{_named(wide).capitalize()} {verb} to a continuum of equilibria; one of them is shown."


def _named(numbers: Sequence[str]) -> str:
    if len(numbers) == 1:
        return f"equilibrium {numbers[0]}"
    return f"equilibria {', '.join(numbers[:-1])} and {numbers[-1]}"
