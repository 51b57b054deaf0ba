"""`market sweep`: one scenario many times, with a progress bar."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from market.errors import ExitCode
from market.interfaces.cli.options import DataDir, NoFigures, Quiet
from market.interfaces.cli.plot import show_notes
from market.interfaces.cli.terminal import answers, show, terminal

if TYPE_CHECKING:
    from market.sweep import Progress, Sweep


@answers
def sweep(
    scenario: Annotated[Path, typer.Argument(metavar="SCENARIO.toml", help="The scenario to play.")],
    out: Annotated[
        Path, typer.Option(metavar="DIR", help="The sweep's folder; the same command continues there.")
    ],
    vary: Annotated[
        list[str] | None,
        typer.Option(metavar="PATH=V1,V2,...", help="Values of a parameter, or LOW:HIGH:N; repeatable."),
    ] = None,
    seeds: Annotated[int, typer.Option(min=1, metavar="N", help="Number of seeds for each point.")] = 1,
    design: Annotated[
        Literal["grid", "latin", "sobol"],
        typer.Option(help="Every combination, a Latin hypercube, or a Sobol sequence."),
    ] = "grid",
    points: Annotated[
        int | None, typer.Option(min=1, metavar="N", help="Number of points of the designs latin and sobol.")
    ] = None,
    mechanism: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Play only this mechanism; repeatable.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="The root of all seeds, instead of the scenario's.")
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Change a value for all runs; repeatable."),
    ] = None,
    workers: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Processes of this machine; default: one a processor."),
    ] = None,
    backend: Annotated[
        Literal["loky", "dask", "serial"],
        typer.Option(help="Processes of this machine, a Dask cluster, or this process."),
    ] = "loky",
    address: Annotated[
        str | None, typer.Option(metavar="tcp://HOST:PORT", help="Address of the Dask cluster's scheduler.")
    ] = None,
    data_dir: DataDir = None,
    no_figures: NoFigures = False,
    quiet: Quiet = False,
) -> ExitCode:
    """Play a scenario for many parameters and seeds, in parallel; an interrupted sweep continues."""
    from market.interfaces.text.sentences import visible
    from market.sweep import Options
    from market.sweep import sweep as carry_out

    options = Options(backend, workers, address)
    with _bar(quiet) as progress:
        found = carry_out(
            scenario,
            vary or (),
            out=out,
            seeds=seeds,
            kind=design,
            points=points,
            seed=seed,
            overrides=overrides or (),
            mechanisms=mechanism,
            options=options,
            progress=progress,
            data_dir=data_dir,
            once=partial(_say_once, seeds, quiet),
        )
    drawn = not no_figures and _draw(found)
    if not quiet:
        from market.interfaces.text import sweeps

        on = terminal()
        show(sweeps.swept(found, on.width), on)
        if drawn:
            show_notes(found)
        print(
            f"Folder: {quote(visible(str(out)))} (runs.parquet, summary.csv{', sweep.svg' if drawn else ''})"
        )
    if found.unfinished:
        return ExitCode.UNFINISHED
    return ExitCode.NOT_IN_EQUILIBRIUM if found.failed or found.unsettled else ExitCode.DONE


def _say_once(seeds: int, quiet: bool) -> None:
    """Say before the first run that all seeds would give the same."""
    if not quiet:
        once = f"each point is played once, not {seeds:,} times"
        print(f"Nothing in this scenario is random: {once}.", flush=True)


@contextmanager
def _bar(quiet: bool) -> Iterator[Callable[[Progress], None] | None]:
    """Yield a function that moves a progress bar; None without a terminal. Reused runs count as done."""
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from tqdm.auto import tqdm

    with tqdm(unit="run", file=sys.stderr, dynamic_ncols=True) as bar:

        def progress(so_far: Progress) -> None:
            if bar.total is None:
                bar.reset(so_far.total)
                bar.initial = bar.n = so_far.reused
                bar.set_postfix_str(f"{so_far.reused} reused" if so_far.reused else "")
            bar.update(so_far.reused + so_far.made - bar.n)

        yield progress


def _draw(found: Sweep) -> bool:
    """Write the figure, and return False if there is none."""
    from market import plots
    from market.sweep.store import stopping, write_whole

    figure = plots.sweep_overview(found)
    if figure is None:
        return False
    path = found.folder / "sweep.svg"
    with stopping(path, "write", "All runs are kept"):
        write_whole(path, lambda unfinished: plots.save(figure, unfinished))
    return True
