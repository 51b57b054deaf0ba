"""Results as text and as HTML: `print(result)`, and its view in a notebook.

`display.Displayed` asks for them. Both are written from the tables and sentences that commands print, so that
all agree. To show another class of results: an entry in `_VIEWS`, by the name of the class.
"""

from __future__ import annotations

import io
import shutil
from collections.abc import Callable
from typing import TYPE_CHECKING

from rich.console import Console, Group, RenderableType
from rich.text import Text

from market.interfaces.text.html import as_html
from market.interfaces.text.layout import folded, heading, story, tables
from market.interfaces.text.sentences import visible

if TYPE_CHECKING:
    from market.efficiency.report import Alignment
    from market.efficiency.welfare_measures import Variation
    from market.equilibrium import Equilibria
    from market.games.outcome import GameOutcome
    from market.games.report import GameReport
    from market.outcome import Outcome
    from market.results.comparison import Comparison
    from market.results.contributions import Contributions
    from market.results.games.comparison import GameComparison
    from market.results.games.contributions import GameContributions
    from market.results.games.equilibria import GameEquilibria
    from market.scenario.game_loading import GameScenario
    from market.scenario.loading import Scenario
    from market.shards import Shared
    from market.sweep import Sweep

NARROWEST, USUAL = 20, 80  # columns; a smaller width is taken for a wrong setting
ONE_TABLE = 1_000_000  # columns, so that no table is cut in two: a notebook scrolls


def text(shown: object, width: int | None = None) -> str:
    """Return a result as text without colours.

    Args:
        shown: a result, see `_VIEWS`.
        width: columns; those of the terminal by default, 80 where there is none.
    """
    asked = shutil.get_terminal_size((USUAL, 24)).columns if width is None else width
    columns = asked if asked >= NARROWEST else USUAL
    on = Console(
        file=io.StringIO(), width=columns, color_system=None, markup=False, emoji=False, highlight=False
    )
    with on.capture() as captured:
        on.print(_view(shown, columns))
    return "\n".join(line.rstrip() for line in captured.get().splitlines()).rstrip("\n")


def html(shown: object) -> str:
    """Return a result as HTML, see `as_html`."""
    return as_html(_view(shown, ONE_TABLE))


def _view(shown: object, width: int) -> RenderableType:
    return _VIEWS[type(shown).__name__](shown, width)


def _comparison(shown: Comparison, width: int) -> RenderableType:
    from market.interfaces.text import report

    if width < ONE_TABLE:
        return report.comparison(shown, width)
    description = story(shown.scenario.description)
    below = [folded("The story, and what to look for"), *description] if description else []
    return Group(report.comparison(shown, width, story_first=False), *below)


def _scenario(shown: Scenario, _width: int) -> RenderableType:
    played = f"Goods: {', '.join(shown.goods)}. Mechanisms: {', '.join(shown.mechanism_names)}."
    return Group(heading(visible(shown.title)), *story(shown.description), Text(visible(played)))


def _equilibria(shown: Equilibria, width: int) -> RenderableType:
    from market.interfaces.text.equilibria import multiplicity

    return multiplicity("Competitive equilibria", shown, width)


def _shared(shown: Shared, width: int) -> RenderableType:
    from market.interfaces.text.shards import shared

    return shared(shown, width)


def _sweep(shown: Sweep, width: int) -> RenderableType:
    from market.interfaces.text.sweeps import swept

    return swept(shown, width)


def _outcome(shown: Outcome, width: int) -> RenderableType:
    from market.interfaces.text.sections import of_outcome, signs

    parts = of_outcome(shown)
    table = tables([visible(shown.name)], parts, width)
    below = ["", *signs(parts), visible(shown.reason)]
    return Group(heading(f"Outcome of '{visible(shown.name)}'"), *table, *map(Text, below))


def _alignment(shown: Alignment, width: int) -> RenderableType:
    from market.interfaces.text.sections import of_report

    name = "" if shown.outcome is None else visible(shown.outcome.name)
    table = tables([name], of_report(shown), width)
    unknown = [Text(visible(f"unknown: {reason}")) for reason in shown.reasons]
    return Group(heading(f"Alignment report on '{name}'" if name else "Alignment report"), *table, *unknown)


def _game_comparison(shown: GameComparison, width: int) -> RenderableType:
    from market.interfaces.text.games import game_comparison

    return game_comparison(shown, width)


def _game_scenario(shown: GameScenario, _width: int) -> RenderableType:
    played = f"Game: {shown.document.game}. Mechanisms: {', '.join(shown.mechanism_names)}."
    return Group(heading(visible(shown.title)), *story(shown.description), Text(visible(played)))


def _game_outcome(shown: GameOutcome, width: int) -> RenderableType:
    from market.interfaces.text.games import of_game_outcome

    table = tables([visible(shown.name)], of_game_outcome(shown), width)
    return Group(heading(f"Outcome of '{visible(shown.name)}'"), *table, Text(), Text(visible(shown.reason)))


def _game_report(shown: GameReport, width: int) -> RenderableType:
    from market.interfaces.text.games import of_game_report

    unknown = [Text(visible(f"unknown: {figure}: {why}")) for figure, why in shown.unknown.items()]
    return Group(heading("Report on a game"), *tables([""], of_game_report(shown), width), *unknown)


def _contributions(shown: Contributions, width: int) -> RenderableType:
    from market.interfaces.text.contributions import contributions_table

    return contributions_table("Contributions to total surplus", shown, width)


def _game_equilibria(shown: GameEquilibria, width: int) -> RenderableType:
    from market.interfaces.text.game_equilibria import game_multiplicity

    return game_multiplicity("Nash equilibria", "game", shown, width)


def _game_contributions(shown: GameContributions, width: int) -> RenderableType:
    from market.interfaces.text.game_contributions import game_contributions_table

    return game_contributions_table("Contributions of players", "game", shown, width)


def _variation(shown: Variation, width: int) -> RenderableType:
    from market.interfaces.text.variations import variation_table

    return variation_table(shown, width)


_VIEWS: dict[str, Callable[..., RenderableType]] = {
    "Alignment": _alignment,
    "Comparison": _comparison,
    "Contributions": _contributions,
    "Equilibria": _equilibria,
    "GameComparison": _game_comparison,
    "GameContributions": _game_contributions,
    "GameEquilibria": _game_equilibria,
    "GameOutcome": _game_outcome,
    "GameReport": _game_report,
    "GameScenario": _game_scenario,
    "Outcome": _outcome,
    "Scenario": _scenario,
    "Shared": _shared,
    "Sweep": _sweep,
    "Variation": _variation,
}
