"""Draws the pictures that README and documentation show: `make figures`."""

from __future__ import annotations

import ast
import tempfile
import textwrap
import tomllib
from collections.abc import Callable
from pathlib import Path

import matplotlib
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from PIL import Image  # matplotlib brings it along

import market
from market import plots
from market.results.comparison import Comparison
from market.sweep import Options, sweep

ROOT = Path(__file__).parents[1]
IMAGES = ROOT / "docs" / "images"
COLOURS = 128  # enough for lines and their soft edges, and a third of the size
SIZES = {
    plots.edgeworth_box: (6.8, 4.6),
    plots.supply_and_demand: (5.6, 4.8),
    plots.tax_wedge: (5.6, 4.8),
}  # inches
PICTURES: dict[str, tuple[str, Callable[..., object]]] = {
    "frontier": ("commons", plots.frontier),
    "price_paths": ("edgeworth", plots.price_paths),
    "panels": ("scarf", plots.price_paths),
    "excess_demand_paths": ("edgeworth", plots.excess_demand_paths),
    "supply_and_demand": ("merit_order", plots.supply_and_demand),
    "trade_prices": ("smith", plots.trade_prices),
    "steps_and_trades": ("smith", plots.steps_and_trades),
    "order_book": ("smith", plots.order_book),
    "tax_wedge": ("tax", plots.tax_wedge),
    "social_cost": ("smoke", plots.supply_and_demand),
    "public_provision": ("park", plots.public_provision),
    "phase_portrait": ("scarf", plots.phase_portrait),
    "edgeworth_box": ("edgeworth", plots.edgeworth_box),
    "barter_prices": ("bazaar", plots.barter_prices),
    "dispersion": ("bazaar", plots.dispersion),
    "two_equilibria": ("three_equilibria", plots.edgeworth_box),
    "utilities_by_mechanism": ("war", plots.utilities_by_mechanism),
    "producers_by_mechanism": ("chain", plots.producers_by_mechanism),
    "many_agents": ("engel", plots.utilities_by_mechanism),
    "comparison_bars": ("war", plots.comparison_bars),
    "negishi_weights": ("war", plots.negishi_weights),
    "lorenz": ("engel", plots.lorenz),
    "payoff_space": ("chicken", plots.payoff_space),
    "learning_ways": ("aga_toy", plots.learning_ways),
    "payoff_by_round": ("fishing", plots.payoff_by_round),
    "payoffs_by_mechanism": ("two_drugs", plots.payoffs_by_mechanism),
    "user_by_protocol": ("two_drugs", plots.user_by_protocol),
}


def played(name: str) -> Comparison:
    """Play a shipped scenario under its mechanisms."""
    return market.compare(market.load(ROOT / "scenarios" / f"{name}.toml"))


def write(figure: Figure, picture: str) -> None:
    """Save a picture, small."""
    path = IMAGES / f"{picture}.png"
    plots.save(figure, path)
    small = Image.open(path).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE)
    small.save(path, optimize=True)


def sweep_curve() -> Figure:
    """Draw the price of power against demand for it, over ten draws of the plants."""
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


def surplus_by_number() -> Figure:
    """Draw the share of the largest surplus by the number of Cournot's firms."""
    with tempfile.TemporaryDirectory() as folder, matplotlib.rc_context(plots.STYLE):
        swept = sweep(
            ROOT / "scenarios" / "cournot.toml",
            ["agents.firm.count=1,2,3,5,10"],
            out=folder,
            mechanisms=["firms", "half as aware", "prices"],
            options=Options(backend="serial"),
        )
        figure = Figure(figsize=(5.6, 4.2), layout="constrained")
        plots.surplus_by_number(swept, "agents.firm.count", figure.add_subplot())
    return figure


def sweep_heat_map() -> Figure:
    """Draw the price of water by the stock of it and by the taste of alpha."""
    with tempfile.TemporaryDirectory() as folder, matplotlib.rc_context(plots.STYLE):
        swept = sweep(
            ROOT / "scenarios" / "commons.toml",
            ["commons.water=5:20:4", "agents.alpha.utility.weights.water=0.5:2:4"],
            out=folder,
            mechanisms=["prices"],
            options=Options(backend="serial"),
        )
        return plots.sweep_figure(swept, ["price[water]"], size=(5.6, 4.2))


def floors() -> list[list[str]]:
    """Return the rooms of each floor, the lowest first, as the contract of imports has them."""
    contracts = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["importlinter"]["contracts"]
    layers = next(each["layers"] for each in contracts if each["name"] == "imports go one way")
    return [layer.split(" | ") for layer in reversed(layers) if layer != "__main__"]


def purpose(room: str) -> str:
    """Return the first line of a room's docstring, without what follows a colon."""
    path = ROOT / "market" / room
    source = (path / "__init__.py" if path.is_dir() else path.with_suffix(".py")).read_text()
    words = (ast.get_docstring(ast.parse(source)) or "").split("\n")[0].rstrip(".").split(": ")[-1]
    return words[:1].upper() + words[1:]


def rooms() -> Figure:
    """Draw the rooms as boxes on their floors; each imports only from floors below its own."""
    rows = floors()
    figure = Figure(figsize=(8.6, 0.62 * len(rows)), layout="constrained")
    ax = figure.add_subplot()
    for floor, row in enumerate(rows):
        for k, room in enumerate(sorted(row)):
            is_room = (ROOT / "market" / room).is_dir()
            left, width = k / len(row), 1.0 / len(row) - 0.01
            ax.add_patch(Rectangle((left, floor), width, 0.8, facecolor="#dbe9f6" if is_room else "#eeeeee"))
            ax.text(left + 0.012, floor + 0.6, room, weight="bold", size=10, va="center")
            lines = "\n".join(textwrap.wrap(purpose(room), int(115 * width))[:2])
            ax.text(left + 0.012, floor + 0.24, lines, size=7.5, va="center")
    ax.set(xlim=(0, 1), ylim=(0, len(rows)))
    ax.axis("off")
    return figure


def main() -> None:
    """Write them all beside this file."""
    comparisons = {name: played(name) for name in dict.fromkeys(name for name, _ in PICTURES.values())}
    for picture, (name, draw) in PICTURES.items():
        with matplotlib.rc_context(plots.STYLE):
            figure = Figure(figsize=SIZES.get(draw, (5.6, 4.2)), layout="constrained")
            draw(comparisons[name], figure.add_subplot())
        write(figure, picture)
    write(sweep_curve(), "sweep_curve")
    write(sweep_heat_map(), "sweep_heat_map")
    write(surplus_by_number(), "surplus_by_number")
    write(rooms(), "rooms")


if __name__ == "__main__":
    main()
