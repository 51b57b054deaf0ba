"""`market contributions`: payoffs at prices next to Shapley values, marginal contributions and the core."""

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
    from market.results.contributions import Progress


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
    """Compare payoffs at prices with contributions: Shapley values, marginal ones, and the core."""
    from market.interfaces.text.contributions import contributions_table
    from market.results import contributions as results
    from market.results.tables import as_json as text
    from market.scenario.loading import load_economy

    read = load_economy(scenario, overrides or (), data_dir)
    with _progress(quiet) as progress:
        found = results.contributions(read, most=coalitions, seed=seed, progress=progress)
    if as_json:
        sys.stdout.write(text(results.as_data(read, found)))
    elif not quiet:
        on = terminal()
        show(contributions_table(read.title, found, on.width), on)
    return ExitCode.DONE


@contextmanager
def _progress(quiet: bool) -> Iterator[Progress | None]:
    """Yield a function that moves a bar on a terminal; None without a terminal."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = TextColumn("Coalitions"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=terminal(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, many: bar.update(task, completed=done, total=many)
