"""Contributions of players in a table as text: a row a player, and an interpretation."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from market.economy.correspondences import Array
from market.efficiency.shapley import Blocking
from market.interfaces.text.games import game_in_a_line
from market.interfaces.text.layout import Row, Section, heading, points, tables
from market.interfaces.text.sentences import NOT_HERE, count, number, visible
from market.results.games.contributions import GameContributions

NOT_SUMMED = ("least in core", "greatest in core")

IN_THE_CORE = 1e-7
"""Part of the largest value of a coalition: a smaller excess is rounding."""


def game_contributions_table(title: str, family: str, found: GameContributions, width: int) -> RenderableType:
    """Return the text that `market contributions` prints of a game.

    Args:
        title: of the scenario.
        family: of the game.
        found: the contributions.
        width: columns of the terminal.
    """
    columns = _columns(found)
    rows = [
        Row(visible(name), [number(float(values[i])) for values in columns.values()])
        for i, name in enumerate(found.game.players)
    ]
    sums = [NOT_HERE if name in NOT_SUMMED else number(float(v.sum())) for name, v in columns.items()]
    part = Section("", [*rows, Row("sum over all players", sums)])
    blank = Text()
    return Group(
        heading(visible(title)),
        Text(game_in_a_line(family, found.game)),
        *(each for table in tables(list(columns), [part], width, "Payoff") for each in (blank, table)),
        blank,
        heading("Interpretation"),
        points(list(_reading(found))),
        blank,
    )


def _columns(found: GameContributions) -> dict[str, Array]:
    """Return the columns of the table: name -> a number for each player."""
    columns = {f"'{visible(name)}'": values for name, values in found.payoffs.items()}
    columns |= {"secured alone": found.alone, "Shapley value": found.shapley, "marginal": found.marginal}
    if found.core is not None:
        columns |= {"least in core": found.core[0], "greatest in core": found.core[1]}
    return columns


def _reading(found: GameContributions) -> Iterator[str]:
    """Interpret the numbers in sentences."""
    yield (
        f"All players together reach {number(found.best)}. Of {count(found.values.size - 1, 'coalition')} "
        f"the value is what it secures whatever the others do, by linear programs."
    )
    if found.core is None:
        yield "The core is empty: however the best total is divided, some coalition secures more for itself."
    for name, best in found.blocks.items():
        beyond = float(found.payoffs[name].sum()) - found.best
        if beyond > IN_THE_CORE * found.size:
            yield (
                f"Payoffs under '{visible(name)}' add up to {number(beyond)} more than there is to divide: "
                f"the mechanism pays it, and the core says nothing of them."
            )
        else:
            yield f"Payoffs under '{visible(name)}' {_in_core(found, best)}."
    yield f"Shapley values {_in_core(found, found.blocks_shapley)}."
    more = float(found.marginal.sum()) - found.best
    equal = abs(more) <= IN_THE_CORE * found.size
    off = "exactly" if equal else f"{number(abs(more))} {'more' if more > 0 else 'less'} than"
    yield (
        f"Marginal contributions add up to {number(float(found.marginal.sum()))}, {off} what there is "
        f"to divide."
    )
    for name, why in found.failed.items():
        yield f"'{visible(name)}' has no payoffs here: {visible(why)}"


def _in_core(found: GameContributions, best: Blocking) -> str:
    """Say if payoffs are in the core, or which coalition could gain most."""
    if best.excess <= IN_THE_CORE * found.size:
        return "are in the core: no coalition secures more for itself"
    inside = [visible(name) for name, here in zip(found.game.players, best.members, strict=True) if here]
    every_player = len(inside) == found.game.size
    who = "all together" if every_player else ", ".join(inside[:4])
    who += f" and {len(inside) - 4} more" if len(inside) > 4 and not every_player else ""
    return f"are not in the core: {who} could have {number(best.excess)} more"
