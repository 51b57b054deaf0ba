"""`market equilibria`: a search for all equilibria, with a progress bar and a budget."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from market.errors import ExitCode
from market.interfaces.cli.options import DataDir, Json, Overrides, Quiet, Seed
from market.interfaces.cli.terminal import answers, counted, show, terminal


@answers
def equilibria(
    scenario: Annotated[Path, typer.Argument(metavar="SCENARIO.toml", help="The scenario to look at.")],
    starts: Annotated[
        int, typer.Option(min=1, max=100_000, metavar="N", help="Number of starting points of the search.")
    ] = 200,
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
    """Search for all competitive equilibria, each with its index and its stability."""
    from market.interfaces.text.equilibria import multiplicity as printed
    from market.results import equilibria as multiplicity
    from market.results.tables import as_json as text
    from market.scenario.loading import load_economy

    read = load_economy(scenario, overrides or (), data_dir)
    with counted("Starting points", quiet) as progress:
        found = multiplicity.equilibria(
            read, starts=starts, seed=seed, budget=budget, seconds=seconds, progress=progress
        )
    if as_json:
        sys.stdout.write(text(multiplicity.as_data(read, found)))
    elif not quiet:
        on = terminal()
        show(printed(read.title, found, on.width), on)
    return ExitCode.DONE if found.found else ExitCode.NOT_IN_EQUILIBRIUM
