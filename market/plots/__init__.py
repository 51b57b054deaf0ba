"""Figures of a comparison (prices, excess demand, utilities, welfare weights) and curves of a sweep.

Entry points: `overview` draws every figure of `FIGURES` that applies on one sheet, `shards_overview` those of
a market in shards, `sweep_overview` the main measures of a sweep, `sweep_figure` those that are asked for;
`save` writes a sheet. Each figure is also a
function of its own that draws on an axes and returns it.

For a page that draws them anew in every round, in panels of 420 x 320 pixels (`Figure(figsize=(4.2, 3.2),
dpi=100, layout="constrained")` under `matplotlib.rc_context(STYLE)`): each function takes a comparison and an
axes. It reads `economy`, `outcomes` and `rounds`; bars, weights and deadweight losses read `alignments`,
which may lack mechanisms in play.

- `price_paths`, `excess_demand_paths` if `has_rounds`: a small panel a mechanism, a colour a good;
- `supply_and_demand` if `has_one_price` (of one good among several: `good=`);
- `tax_wedge` if `has_wedge`: of a mechanism with taxes, caps, floors or quotas, once it has settled;
- `phase_portrait` if `has_two_free_prices`;
- `edgeworth_box` if `fits_into_a_box`: square, its legend to the right;
- `frontier` if `has_two_agents`: through or beyond each finite outcome;
- `utilities_by_mechanism` if `has_consumers`, `producers_by_mechanism` if `has_producers`.

The frontier, clearing lines, arrows, curves and the contract curve are remembered by the identity of
`economy`: the first drawing takes up to a second, later ones a few hundredths.

Read `style` (looks, limits, labels), then `welfare` as the simplest figure, `producers`, `paths`, `markets`,
`phase` with `level_lines`, `box` with `contract`, `bartering`, `possibilities`, `verdicts`, `lorenz`; of
sweeps `sweep_words`, `sweep_measures`, `sweeps` (curves), `sweep_maps` and `sweep_sheets`. `memory` remembers
what depends on the economy alone.

Imports: results and the rooms below it; matplotlib is imported only in this room, and its global state is not
touched. Everything is shown by shape and line style as well as by colour, so that it can be printed in grey.
Unbounded values, as a utility of -inf, are drawn at the edge and labelled; so are values far from all others.

Figures of games take a comparison of a game and an axes: `payoff_space`, `learners` (`learning_ways`),
`disclosed` (`user_by_protocol`) and `games` (`payoff_by_round`, `payoffs_by_mechanism`); `GAME_FIGURES` has
them all, and `game_overview` draws those that apply.

To add one: a module here with two functions, one that draws and one that returns True for the comparisons to
which it applies, and the pair of them in `FIGURES`.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import matplotlib
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from market.plots.bartering import barter_prices, dispersion, has_barter_prices, has_dispersion
from market.plots.books import has_books, has_limits, order_book, steps_and_trades, trade_prices
from market.plots.box import edgeworth_box, fits_into_a_box
from market.plots.competition import surplus_by_number
from market.plots.disclosed import has_user, user_by_protocol
from market.plots.games import has_game_rounds, has_rows_of_payoffs, payoff_by_round, payoffs_by_mechanism
from market.plots.interventions import has_wedge, tax_wedge
from market.plots.learners import has_ways, learning_ways
from market.plots.lorenz import has_shares, lorenz
from market.plots.markets import has_one_price, supply_and_demand
from market.plots.paths import excess_demand_paths, has_rounds, price_paths
from market.plots.payoff_space import has_payoff_space, payoff_space
from market.plots.phase import has_two_free_prices, phase_portrait
from market.plots.possibilities import frontier, has_two_agents
from market.plots.producers import has_producers, producers_by_mechanism
from market.plots.provision import has_public_good, public_provision
from market.plots.style import STYLE, plain, styled
from market.plots.sweep_maps import sweep_heat_map
from market.plots.sweep_sheets import sweep_figure, sweep_overview
from market.plots.sweeps import sweep_curve
from market.plots.verdicts import comparison_bars, has_losses, has_weights, negishi_weights
from market.plots.welfare import has_consumers, utilities_by_mechanism

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from market.results.comparison import Comparison
    from market.results.games.comparison import GameComparison
    from market.shards import Shared

RESOLUTION = 150  # dots an inch, where a format has dots
MOST_IN_TWO = 4  # figures in two columns on a sheet; more are in three

__all__ = [
    "FIGURES",
    "GAME_FIGURES",
    "STYLE",
    "Shown",
    "applicable",
    "barter_prices",
    "comparison_bars",
    "dispersion",
    "edgeworth_box",
    "excess_demand_paths",
    "frontier",
    "game_overview",
    "learning_ways",
    "lorenz",
    "negishi_weights",
    "order_book",
    "overview",
    "payoff_by_round",
    "payoff_space",
    "payoffs_by_mechanism",
    "phase_portrait",
    "price_paths",
    "producers_by_mechanism",
    "public_provision",
    "save",
    "shards_overview",
    "steps_and_trades",
    "supply_and_demand",
    "surplus_by_number",
    "sweep_curve",
    "sweep_figure",
    "sweep_heat_map",
    "sweep_overview",
    "tax_wedge",
    "trade_prices",
    "user_by_protocol",
    "utilities_by_mechanism",
]

Panel = Callable[["Comparison", "Axes"], "Axes"]

PATHS = (price_paths, excess_demand_paths)
"""Figures of rounds alone, which need no quantities of agents and no answers at other prices."""


class Shown(NamedTuple):
    """A figure of the sheet of a run, and the comparisons to which it applies."""

    draw: Panel
    applies: Callable[[Comparison], bool]


FIGURES = (
    Shown(price_paths, has_rounds),
    Shown(excess_demand_paths, has_rounds),
    Shown(supply_and_demand, has_one_price),
    Shown(tax_wedge, has_wedge),
    Shown(public_provision, has_public_good),
    Shown(phase_portrait, has_two_free_prices),
    Shown(edgeworth_box, fits_into_a_box),
    Shown(barter_prices, has_barter_prices),
    Shown(dispersion, has_dispersion),
    Shown(trade_prices, has_books),
    Shown(steps_and_trades, has_limits),
    Shown(order_book, has_books),
    Shown(utilities_by_mechanism, has_consumers),
    Shown(producers_by_mechanism, has_producers),
    Shown(frontier, has_two_agents),
    Shown(comparison_bars, has_losses),
    Shown(negishi_weights, has_weights),
    Shown(lorenz, has_shares),
)
"""All figures of a comparison, in the order in which they are shown."""


class GameShown(NamedTuple):
    """A figure of the sheet of a run of a game, and the comparisons to which it applies."""

    draw: Callable[[GameComparison, Axes], Axes]
    applies: Callable[[GameComparison], bool]


GAME_FIGURES = (
    GameShown(payoff_space, has_payoff_space),
    GameShown(user_by_protocol, has_user),
    GameShown(learning_ways, has_ways),
    GameShown(payoffs_by_mechanism, has_rows_of_payoffs),
    GameShown(payoff_by_round, has_game_rounds),
)
"""All figures of a comparison of a game, in the order in which they are shown."""


def applicable(comparison: Comparison) -> list[Panel]:
    """Return the figures that apply to a comparison, in the order in which they are shown."""
    return [figure.draw for figure in FIGURES if figure.applies(comparison)]


@styled
def overview(comparison: Comparison) -> Figure:
    """Draw every figure that applies on one sheet.

    Args:
        comparison: the result of `market.compare`.

    Returns:
        A figure of its own, not known to pyplot.
    """
    panels = applicable(comparison)
    return _sheet(comparison.scenario.title, [partial(panel, comparison) for panel in panels])


@styled
def game_overview(comparison: GameComparison) -> Figure:
    """Draw every figure of a game that applies on one sheet.

    Args:
        comparison: the result of `market.compare`, of a game.

    Returns:
        A figure of its own, not known to pyplot.
    """
    panels = [figure.draw for figure in GAME_FIGURES if figure.applies(comparison)]
    return _sheet(comparison.scenario.title, [partial(panel, comparison) for panel in panels])


@styled
def shards_overview(shared: Shared) -> Figure:
    """Draw the figures of a market in shards on one sheet: prices and excess demand, round by round.

    Args:
        shared: the result of `market.shards.play_in_shards`.

    Returns:
        A figure of its own, not known to pyplot.
    """
    return _sheet(shared.scenario.title, [partial(panel, shared) for panel in PATHS])


def _sheet(title: str, panels: Sequence[Callable[[Axes], Axes]]) -> Figure:
    """Draw figures in rows under a title; rows with fewer figures have wider ones: no place is empty."""
    rows = _rows(len(panels))
    figure = Figure(
        figsize=(5.2 * max(rows), 4.2 * len(rows) + 0.4),
        layout=ConstrainedLayoutEngine(w_pad=0.12, h_pad=0.1),
    )
    figure.suptitle(plain(title, 80), x=0.012, ha="left", fontsize=13, fontweight="bold")
    lines = figure.add_gridspec(len(rows), 1, hspace=0.06)
    waiting = iter(panels)
    for row, count in enumerate(rows):
        places = lines[row].subgridspec(1, count, wspace=0.04)
        for column in range(count):
            next(waiting)(figure.add_subplot(places[0, column]))
    return figure


def _rows(panels: int) -> list[int]:
    """Return the number of figures in each row of a sheet: as even as can be, larger rows first.

    Example:
        >>> _rows(7), _rows(4), _rows(5)
        ([3, 2, 2], [2, 2], [3, 2])
    """
    rows = -(-panels // (2 if panels <= MOST_IN_TWO else 3))
    return [panels // rows + (row < panels % rows) for row in range(rows)]


def save(figure: Figure, path: Path) -> None:
    """Write a figure; equal figures give equal bytes.

    Args:
        figure: the figure.
        path: with the format as its ending, for instance ".svg".
    """
    metadata = {".svg": {"Date": None}, ".pdf": {"CreationDate": None}}.get(path.suffix)
    with matplotlib.rc_context(STYLE), warnings.catch_warnings():  # type: ignore[arg-type]
        warnings.filterwarnings("ignore", message="Glyph .* missing")  # of a name in another script
        figure.savefig(path, metadata=metadata, dpi=RESOLUTION)
