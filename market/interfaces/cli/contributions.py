"""`market contributions`: payoffs at prices next to Shapley values, marginal contributions and the core."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from market.errors import ExitCode
from market.interfaces.cli.options import DataDir, Json, Overrides, Quiet, Seed
from market.interfaces.cli.terminal import answers, counted, show, terminal

if TYPE_CHECKING:
    from market.scenario.game_loading import GameScenario


@answers
def contributions(
    scenario: Annotated[Path, typer.Argument(metavar="SCENARIO.toml", help="The scenario to look at.")],
    coalitions: Annotated[
        int,
        typer.Option(
            min=2,
            max=1_000_000,
            metavar="N",
            help="Most coalitions whose surplus is computed; with more, orders of the agents are sampled.",
        ),
    ] = 2000,
    seed: Seed = None,
    overrides: Overrides = None,
    data_dir: DataDir = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> ExitCode:
    """Compare payoffs at prices or in a table with contributions: Shapley values, marginal ones, the core."""
    from market.interfaces.text.contributions import contributions_table
    from market.results import contributions as results
    from market.results.tables import as_json as text
    from market.scenario.game_loading import GameScenario
    from market.scenario.loading import load

    read = load(scenario, overrides or (), data_dir)
    if isinstance(read, GameScenario):
        return _of_game(read, coalitions, seed, as_json, quiet)
    with counted("Coalitions", quiet) as progress:
        found = results.contributions(read, most=coalitions, seed=seed, progress=progress)
    if as_json:
        sys.stdout.write(text(results.as_data(read, found)))
    elif not quiet:
        on = terminal()
        show(contributions_table(read.title, found, on.width), on)
    return ExitCode.DONE


def _of_game(read: GameScenario, most: int, seed: int | None, as_json: bool, quiet: bool) -> ExitCode:
    """Compute contributions in a table, and print them."""
    from market.interfaces.text.game_contributions import game_contributions_table
    from market.results.games.contributions import as_data, game_contributions
    from market.results.tables import as_json as text

    with counted("Coalitions", quiet) as progress:
        found = game_contributions(read, most=most, seed=seed, progress=progress)
    if as_json:
        sys.stdout.write(text(as_data(read, found)))
    elif not quiet:
        on = terminal()
        show(game_contributions_table(read.title, read.document.game, found, on.width), on)
    return ExitCode.DONE
