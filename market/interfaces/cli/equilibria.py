"""`market equilibria`: a search for all equilibria, with a progress bar and a budget."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from market.errors import ExitCode, InputError
from market.interfaces.cli.options import DataDir, Json, Overrides, Quiet, Seed
from market.interfaces.cli.terminal import answers, counted, show, terminal

if TYPE_CHECKING:
    from market.scenario.game_loading import GameScenario


@answers
def equilibria(
    scenario: Annotated[Path, typer.Argument(metavar="SCENARIO.toml", help="The scenario to look at.")],
    starts: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=100_000,
            metavar="N",
            help="Number of starting points of the search (200 in an economy, 20 in a game of amounts).",
        ),
    ] = None,
    budget: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=1_000_000_000,
            metavar="N",
            help="Most evaluations of excess demand (100,000 if not given; fewer in a large economy).",
        ),
    ] = None,
    seconds: Annotated[
        float, typer.Option(min=1.0, metavar="S", help="Longest processor time, if the budget takes longer.")
    ] = 60.0,
    seed: Seed = None,
    overrides: Overrides = None,
    data_dir: DataDir = None,
    as_json: Json = False,
    quiet: Quiet = False,
) -> ExitCode:
    """Search for all competitive equilibria, with index and stability; in a game for Nash equilibria."""
    from market.interfaces.text.equilibria import multiplicity as printed
    from market.results import equilibria as multiplicity
    from market.results.tables import as_json as text
    from market.scenario.game_loading import GameScenario
    from market.scenario.loading import load

    read = load(scenario, overrides or (), data_dir)
    if isinstance(read, GameScenario):
        if budget is not None:
            raise InputError("--budget counts evaluations of demand; a game has --starts and --seconds")
        return _of_game(read, starts, seconds, seed, as_json, quiet)
    with counted("Starting points", quiet) as progress:
        found = multiplicity.equilibria(
            read,
            starts=starts or multiplicity.STARTS,
            seed=seed,
            budget=budget,
            seconds=seconds,
            progress=progress,
        )
    if as_json:
        sys.stdout.write(text(multiplicity.as_data(read, found)))
    elif not quiet:
        on = terminal()
        show(printed(read.title, found, on.width), on)
    return ExitCode.DONE if found.found else ExitCode.NOT_IN_EQUILIBRIUM


def _of_game(
    read: GameScenario, starts: int | None, seconds: float, seed: int | None, as_json: bool, quiet: bool
) -> ExitCode:
    """Search for the Nash equilibria of a game, and print them."""
    from market.interfaces.text.game_equilibria import game_multiplicity
    from market.results.games.equilibria import as_data, game_equilibria
    from market.results.tables import as_json as text

    with counted("Starting points", quiet) as progress:
        found = game_equilibria(read, starts=starts, seed=seed, seconds=seconds, progress=progress)
    if as_json:
        sys.stdout.write(text(as_data(read, found)))
    elif not quiet:
        on = terminal()
        show(game_multiplicity(read.title, read.document.game, found, on.width), on)
    return ExitCode.DONE if found.found else ExitCode.NOT_IN_EQUILIBRIUM
