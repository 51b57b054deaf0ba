"""A comparison as text: a table, how each mechanism ended, and an interpretation.

Mechanisms are the columns of the table (`layout.tables`); its rows are made in `sections`.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from market.economy.primitives import Economy, Money
from market.interfaces.text.layout import STYLES, Section, heading, pairs, points, story, tables
from market.interfaces.text.sections import notes, sections
from market.interfaces.text.sentences import count, ending, number, reading, status_word, visible
from market.interfaces.text.variations import variation_sections

if TYPE_CHECKING:
    from market.outcome import Outcome
    from market.results.comparison import Comparison


def comparison(
    compared: Comparison, width: int, story_first: bool = True, variation_from: str | None = None
) -> RenderableType:
    """Return the text that `market run` prints of a comparison.

    Args:
        compared: the outcomes of all mechanisms.
        width: columns of the terminal.
        story_first: False if the scenario's description is left out.
        variation_from: the mechanism from which equivalent and compensating variations are measured; None
            leaves them out.
    """
    parts = sections(compared)
    added, said = ([], []) if variation_from is None else variation_sections(compared, variation_from)
    blank = Text()
    names = [visible(name) for name in compared.outcomes]
    return Group(
        heading(visible(compared.scenario.title)),
        *story(compared.scenario.description if story_first else ""),
        Text(economy_in_a_line(compared.economy)),
        *(part for table in tables(names, [*parts, *added], width) for part in (blank, table)),
        *_notes(compared, parts, said),
        blank,
        heading("How each mechanism ended"),
        _endings(compared),
        *_independent_check(compared),
        blank,
        heading("Interpretation"),
        points(reading(compared)),
        blank,
    )


def economy_in_a_line(economy: Economy) -> str:
    """Return the numbers of agents and goods, the common stock and the kind of economy in one line.

    Example: `2 agents, 1 good (water); common stock: 10 water; quasilinear utility.`
    """
    agents, goods = economy.shape
    shown = ", ".join(visible(good) for good in economy.goods[:10]) + (", ..." if goods > 10 else "")
    common = [
        f"{number(q)} {visible(good)}"
        for q, good in zip(economy.commons, economy.goods, strict=True)
        if q > 0
    ]
    stock = f"; common stock: {', '.join(common[:10])}{', ...' if len(common) > 10 else ''}" if common else ""
    made = " with production" if economy.technologies else ""
    size = f"{count(agents, 'agent')}, {count(goods, 'good')} ({shown})"
    return f"{size}{stock}; {_KINDS[economy.money]}{made}."


_KINDS = {
    Money.QUASILINEAR: "quasilinear utility",
    Money.FISHER: "Fisher market",
    Money.EXCHANGE: "exchange economy",
}


def _notes(compared: Comparison, parts: Sequence[Section], more: Sequence[str]) -> list[Text]:
    """Return the explanations of signs in the table, and more, below a blank line."""
    lines = [*notes(compared, parts), *more]
    return [Text(line, style="dim") for line in ("", *lines)] if lines else []


def _endings(compared: Comparison) -> Table:
    """Return one sentence a mechanism, with the reason."""

    def ended(outcome: Outcome) -> Text:
        style = STYLES.get(status_word(outcome.status), "")
        return Text(f"{ending(outcome)} ", style=style) + Text(visible(outcome.reason), style="")

    return pairs((visible(name), ended(outcome)) for name, outcome in compared.outcomes.items())


def _independent_check(compared: Comparison) -> list[RenderableType]:
    """Compare each auctioneer's outcome with a reference solution; empty unless that was asked for."""
    if not compared.checks:
        return []
    styles = {True: "green", False: "red", None: "yellow"}
    rows = (
        (visible(name), Text(visible(" ".join(check.sentences)), style=styles[check.agrees]))
        for name, check in compared.checks.items()
    )
    return [Text(), heading("Independent check"), pairs(rows)]
