"""Draws the pictures that README and documentation show: `make figures`."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure
from PIL import Image  # matplotlib brings it along

import market
from market import plots
from market.results.comparison import Comparison
from market.sweep import Options, sweep

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
COLOURS = 128  # enough for lines and their soft edges, and a third of the size
SHOWN = {"scarf": ["small steps", "learns"]}
PICTURES: dict[str, tuple[str, Callable[..., object]]] = {
    "frontier": ("commons", plots.frontier),
    "price_paths": ("edgeworth", plots.price_paths),
    "excess_demand_paths": ("edgeworth", plots.excess_demand_paths),
    "supply_and_demand": ("merit_order", plots.supply_and_demand),
    "phase_portrait": ("scarf", plots.phase_portrait),
    "edgeworth_box": ("edgeworth", plots.edgeworth_box),
    "two_equilibria": ("three_equilibria", plots.edgeworth_box),
    "utilities_by_mechanism": ("war", plots.utilities_by_mechanism),
    "many_agents": ("engel", plots.utilities_by_mechanism),
    "comparison_bars": ("war", plots.comparison_bars),
    "negishi_weights": ("war", plots.negishi_weights),
    "lorenz": ("engel", plots.lorenz),
}


def played(name: str) -> Comparison:
    """A shipped scenario, played under its mechanisms, of which a figure must not show too many."""
    return market.compare(market.load(ROOT / "scenarios" / f"{name}.toml"), SHOWN.get(name))


def write(figure: Figure, picture: str) -> None:
    """Save a picture, small."""
    path = IMAGES / f"{picture}.png"
    plots.save(figure, path)
    small = Image.open(path).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


def sweep_curve() -> Figure:
    """The price of power against demand for it, over ten draws of the plants."""
    with tempfile.TemporaryDirectory() as folder, matplotlib.rc_context(plots.STYLE):
        swept = sweep(
            ROOT / "scenarios" / "merit_order.toml",
            ["agents.city.utility.weights.power=20000:100000:9"],
            seeds=10,
            out=folder,
            mechanisms=["prices"],
            options=Options(backend="serial"),
        )
        figure = Figure(figsize=(5.6, 4.2), layout="constrained")
        plots.sweep_curve(swept, "agents.city.utility.weights.power", "price[power]", figure.add_subplot())
    return figure


def main() -> None:
    """Write them all beside this file."""
    comparisons = {name: played(name) for name in dict.fromkeys(name for name, _ in PICTURES.values())}
    for picture, (name, draw) in PICTURES.items():
        with matplotlib.rc_context(plots.STYLE):
            figure = Figure(figsize=(5.6, 5.2 if draw is plots.edgeworth_box else 4.2), layout="constrained")
            draw(comparisons[name], figure.add_subplot())
        write(figure, picture)
    write(sweep_curve(), "sweep_curve")


if __name__ == "__main__":
    main()
