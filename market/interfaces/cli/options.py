"""Options that several commands have, and the formats of figures."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from market.errors import InputError, did_you_mean
from market.scenario.toml_text import escape

FORMATS = ("svg", "pdf", "png")

DataDir = Annotated[
    Path | None,
    typer.Option(
        "--data-dir", metavar="FOLDER", help="The folder of the data files, instead of the scenario's own."
    ),
]
Figures = Annotated[
    str | None,
    typer.Option("--figures", metavar="FORMATS", help="Draw svg (the default), pdf or png; or svg,pdf,png."),
]
NoFigures = Annotated[bool, typer.Option("--no-figures", help="Draw nothing.")]
Quiet = Annotated[bool, typer.Option("--quiet", help="Print nothing unless something is wrong.")]
Seed = Annotated[
    int | None, typer.Option(min=0, metavar="N", help="Seed of all random draws, instead of the scenario's.")
]
Overrides = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="PATH=VALUE", help="Change a value of the scenario; repeatable."),
]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON and nothing else.")]


def formats(figures: str | None, no_figures: bool, option: str = "--figures") -> tuple[str, ...]:
    """Return the formats in which figures are drawn; none with `--no-figures`.

    Args:
        figures: formats, separated by commas; svg by default.
        no_figures: True if nothing is drawn.
        option: by which they are given.

    Raises:
        InputError: a format is not known, or figures are both asked for and refused.

    Example:
        >>> formats(None, False), formats("pdf, PNG", False), formats(None, True)
        (('svg',), ('pdf', 'png'), ())
    """
    if no_figures and figures is not None:
        raise InputError("--figures and --no-figures exclude each other; leave out one of them")
    if no_figures:
        return ()
    words = [word.strip().lower().lstrip(".") for word in ("svg" if figures is None else figures).split(",")]
    for word in words:
        if word not in FORMATS:
            raise InputError(f"{option}: no format '{escape(word)}'; {did_you_mean(word[:100], FORMATS)}")
    return tuple(dict.fromkeys(words))
