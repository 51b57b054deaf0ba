"""`market plot`: figures of a finished sweep."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated

import typer

from market.errors import ExitCode, InputError
from market.interfaces.cli.options import FORMATS, Quiet, formats
from market.interfaces.cli.terminal import answers, show
from market.scenario.toml_text import escape

if TYPE_CHECKING:
    from market.sweep import Sweep

SMALLEST, LARGEST = 1.0, 60.0  # inches of a side


@answers
def plot(
    folder: Annotated[Path, typer.Argument(metavar="SWEEP", help="Folder of a sweep that has ended.")],
    measure: Annotated[
        list[str] | None,
        typer.Option(
            metavar="M", help="A column of runs.parquet, such as `price[water]`; repeatable. See `--list`."
        ),
    ] = None,
    x: Annotated[
        list[str] | None,
        typer.Option("--x", metavar="AXIS", help="A varied parameter: one for curves, two for heat maps."),
    ] = None,
    kinds: Annotated[
        str | None,
        typer.Option("--format", metavar="FORMATS", help="svg (the default), pdf or png; or svg,pdf,png."),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option(metavar="PATH", help="The figure's file; by default plot.svg and so on in the folder."),
    ] = None,
    size: Annotated[
        str | None, typer.Option(metavar="W,H", help="Width and height in inches, such as 6.5,4.")
    ] = None,
    list_: Annotated[bool, typer.Option("--list", help="List measures and axes, and draw nothing.")] = False,
    quiet: Quiet = False,
) -> ExitCode:
    """Draw measures of a finished sweep: curves over a parameter, or heat maps over two."""
    from market.interfaces.text.sentences import visible
    from market.sweep import read

    files = _files(folder, out, kinds)
    inches = None if size is None else _inches(size)
    found = read(folder)
    if list_:
        _list(found)
        return ExitCode.DONE
    _draw(found, measure, x or (), inches, files)
    if not quiet:
        show_notes(found, measure)
        print(f"Figure: {', '.join(quote(visible(str(path))) for path in files)}")
    return ExitCode.DONE


def _files(folder: Path, out: Path | None, kinds: str | None) -> list[Path]:
    """Return the files to write: one a format; the ending of `--out` is a format too."""
    stem = folder / "plot" if out is None else out / "plot" if out.is_dir() else out
    ending = stem.suffix.lower().lstrip(".")
    if out is not None and ending in FORMATS:
        stem = stem.with_suffix("")
        kinds = ending if kinds is None else kinds
    return [stem.with_name(f"{stem.name}.{kind}") for kind in formats(kinds, False, "--format")]


def _inches(size: str) -> tuple[float, float]:
    """Return width and height.

    Example:
        >>> _inches("6.5, 4")
        (6.5, 4.0)
    """
    try:
        width, height = (float(part) for part in size.split(","))
    except ValueError:
        width = height = 0.0
    if not all(SMALLEST <= side <= LARGEST for side in (width, height)):
        raise InputError(
            f"--size {escape(size)}: not a width and a height from {SMALLEST:g} to {LARGEST:g} inches, "
            f"such as 6.5,4"
        )
    return width, height


def _list(found: Sweep) -> None:
    """Print measures and axes, each with its label."""
    from market.interfaces.text.sentences import visible
    from market.plots.sweep_measures import drawable
    from market.plots.sweep_words import axis_words

    axes = {axis.path: axis_words(axis.path, found.scenario) for axis in found.design.axes}
    for title, named in (("Measures (--measure)", drawable(found)), ("Axes (--x)", axes)):
        width = max(map(len, named), default=0)
        print(f"{title}:")
        for name, words in named.items():
            print(f"  {visible(name):<{width}}  {visible(words)}")


def _draw(
    found: Sweep,
    measures: Sequence[str] | None,
    x: Sequence[str],
    inches: tuple[float, float] | None,
    files: Sequence[Path],
) -> None:
    """Draw once, and write each file whole or not at all."""
    from market import plots
    from market.sweep.store import write_whole

    figure = plots.sweep_figure(found, measures or None, x, inches)
    files[0].parent.mkdir(parents=True, exist_ok=True)
    for path in files:
        write_whole(path, lambda unfinished: plots.save(figure, unfinished))


def show_notes(found: Sweep, measures: Sequence[str] | None = None) -> None:
    """Print a line for each measure that has no panel, with the reason.

    Args:
        found: the sweep.
        measures: those that were asked for; the main ones by default.
    """
    from market.interfaces.text.layout import points
    from market.interfaces.text.sentences import visible
    from market.plots.sweep_measures import drawable, main_measures, not_drawn

    words, left_out = drawable(found), not_drawn(found, measures or main_measures(found))
    if left_out:
        lines = [f"Not drawn: {words[name]}, since {why}." for name, why in left_out.items()]
        show(points([visible(line) for line in lines]))
