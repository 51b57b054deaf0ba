"""`market equilibria`: a search for all equilibria, with a progress bar and a budget."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from market.errors import ExitCode
from market.interfaces.cli.options import DataDir
from market.interfaces.cli.terminal import answers, show, terminal

if TYPE_CHECKING:
    from market.equilibrium.starts import Progress


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
    seed: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="Of all random draws, instead of the scenario's.")
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Change a value of the scenario; repeatable."),
    ] = None,
    data_dir: DataDir = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the result as JSON and nothing else.")
    ] = False,
    quiet: Annotated[bool, typer.Option("--quiet", help="Print nothing unless something is wrong.")] = False,
) -> ExitCode:
    """Search for all competitive equilibria, each with its index and its stability."""
    from market.interfaces.text.equilibria import multiplicity as printed
    from market.results import equilibria as multiplicity
    from market.results.tables import as_json as text
    from market.scenario.loading import load_economy

    read = load_economy(scenario, overrides or (), data_dir)
    with _progress(quiet) as progress:
        found = multiplicity.equilibria(
            read, starts=starts, seed=seed, budget=budget, seconds=seconds, progress=progress
        )
    if as_json:
        sys.stdout.write(text(multiplicity.as_data(read, found)))
    elif not quiet:
        on = terminal()
        show(printed(read.title, found, on.width), on)
    return ExitCode.DONE if found.found else ExitCode.NOT_IN_EQUILIBRIUM


@contextmanager
def _progress(quiet: bool) -> Iterator[Progress | None]:
    """Yield a function that moves a bar on a terminal; None without a terminal."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = TextColumn("Starting points"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=terminal(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, many: bar.update(task, completed=done, total=many)
