"""The Nash equilibria of a game that a search found, as text: a column each, and an interpretation."""

from __future__ import annotations

from collections.abc import Iterator

from rich.console import Group, RenderableType
from rich.text import Text

from market.games.table import Table
from market.interfaces.text.games import EACH, acts, game_in_a_line
from market.interfaces.text.layout import Row, Section, heading, points, tables
from market.interfaces.text.sentences import count, number, visible
from market.outcome import shown
from market.results.games.equilibria import GameEquilibria

MOST_LISTED = 12
"""Equilibria with a column each; `--json` has all of them."""


def game_multiplicity(title: str, family: str, found: GameEquilibria, width: int) -> RenderableType:
    """Return the text that `market equilibria` prints of a game.

    Args:
        title: of the scenario.
        family: of the game.
        found: by the search.
        width: columns of the terminal.
    """
    names = [str(k + 1) for k in range(min(len(found.found), MOST_LISTED))]
    shown_in = tables(names, _sections(found, len(names)), width, "Equilibrium") if names else []
    blank = Text()
    return Group(
        heading(visible(title)),
        Text(game_in_a_line(family, found.game)),
        *(part for table in shown_in for part in (blank, table)),
        blank,
        heading("Interpretation"),
        points(list(_reading(found))),
        blank,
    )


def _sections(found: GameEquilibria, many: int) -> list[Section]:
    game, some = found.game, range(many)
    players = range(game.size) if game.size <= EACH else range(0)
    names = [visible(name) for name in game.players]
    plays = [Row(names[i], [acts(game, found.found[k], i) for k in some]) for i in players]
    payoffs = [Row(names[i], [number(float(found.payoffs[k, i])) for k in some]) for i in players]
    if not plays:
        payoffs = [
            Row(word, [number(float(of(found.payoffs[k]))) for k in some])
            for word, of in (("lowest", min), ("highest", max))
        ]
    last = []
    if game.comparable:
        last.append(Row("Sum of payoffs", [number(float(found.sums[k])) for k in some]))
    last.append(Row("Largest gain from deviating, of range", [shown(float(found.regret[k])) for k in some]))
    if found.reached is not None:
        last.append(Row("Starts that ended here", [f"{found.reached[k]:,}" for k in some]))
    parts = [Section("What players do", plays), Section("Payoff", payoffs), Section("", last)]
    return [part for part in parts if part.rows]


def _reading(found: GameEquilibria) -> Iterator[str]:
    """Interpret the numbers in plain sentences."""
    many, game = len(found.found), found.game
    of = "Nash equilibrium" if many == 1 else "Nash equilibria"
    if isinstance(game, Table):
        yield from _of_table(found, f"{many:,} {of}")
    else:
        search = f"by {found.scope} from {count(found.starts, 'start')}"
        if many:
            yield (
                f"Found {many:,} {of} {search}; at {'it' if many == 1 else 'each'} no player gains by "
                f"deviating. Others may exist: no number of starts proves that there is none."
            )
        else:
            yield (
                f"Found no Nash equilibrium {search}: best replies did not settle, or those found are not "
                f"proved best. That proves nothing: there may be some."
            )
    if many > MOST_LISTED:
        yield f"The first {MOST_LISTED} are shown; --json has all of them."
    if found.stopped:
        yield f"The search ended early: {found.stopped}; raise --seconds."
    yield from _of_sums(found)


def _of_table(found: GameEquilibria, said: str) -> Iterator[str]:
    """Say what was searched, and if these are all."""
    one = len(found.found) == 1
    if found.complete:
        yield f"{said}, by {found.scope}; {'there is no other' if one else 'there are no others'}."
        return
    if found.game.size > 2:
        yield (
            f"{said} in pure profiles, all of them by enumeration; mixed ones of three or more players are "
            f"not searched."
        )
    elif "too many" in found.scope:
        yield f"At least {said}: {found.scope}."
    else:
        yield (
            f"At least {said}, by {found.scope}: the game is degenerate, some mixture has more best replies "
            f"than actions, and equilibria may form a continuum."
        )


def _of_sums(found: GameEquilibria) -> Iterator[str]:
    """Compare sums of payoffs with the best, and with correlated equilibria."""
    if found.best is None:
        yield "Payoffs have no common unit (comparable = false), so that they are not added up."
        return
    proof = "the best total is" if found.best_proved else "the largest total that was found is"
    if len(found.found):
        low, high = float(found.sums.min()), float(found.sums.max())
        ends = number(low) if number(low) == number(high) else f"{number(low)} to {number(high)}"
        where = "this equilibrium" if len(found.found) == 1 else "these equilibria"
        yield f"Payoffs add up to {ends} in {where}; {proof} {number(found.best)}."
    else:
        yield f"{proof[:1].upper()}{proof[1:]} {number(found.best)}."
    if found.anarchy is not None and found.stability is not None:
        yield (
            f"Price of anarchy {number(found.anarchy)}, price of stability {number(found.stability)}: the "
            f"best total over that of the worst and of the best equilibrium."
        )
    elif len(found.found):
        known = "some equilibrium has a total that is not above 0" if found.complete else ""
        yield f"No price of anarchy is stated, since {known or 'not all equilibria are known'}."
    for kind, ends_of in (("correlated", found.correlated), ("coarse correlated", found.coarse)):
        if ends_of is not None:
            low, high = ends_of
            beyond = "; every Nash equilibrium is within" if kind.startswith("coarse") else ""
            yield f"Totals of {kind} equilibria go from {number(low)} to {number(high)}{beyond}."
