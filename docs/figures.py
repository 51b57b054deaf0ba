"""Draws the pictures that README and documentation show: `make figures`."""

from pathlib import Path

import matplotlib
from matplotlib.figure import Figure

import market
from market import plots

ROOT = Path(__file__).parents[1]


def frontier() -> Figure:
    """The utility-possibility frontier of the commons, with each mechanism's outcome."""
    comparison = market.compare(market.load(ROOT / "scenarios" / "commons.toml"))
    with matplotlib.rc_context(plots.STYLE):
        figure = Figure(figsize=(5.6, 4.2), layout="constrained")
        plots.frontier(comparison, figure.add_subplot())
    return figure


def main() -> None:
    """Write them all beside this file."""
    plots.save(frontier(), ROOT / "docs" / "images" / "frontier.png")


if __name__ == "__main__":
    main()
