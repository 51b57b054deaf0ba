"""Time of alignment reports: autarky, planner and prices of an exchange of two groups of 1,000 traders.

    python -m benchmarks.reports                 # seconds of CPU, by pair of families and mechanism
    python -m benchmarks.reports --count 200

Each trader lacks most of one of three goods, or all of it (`none`), so that autarky is inefficient and its
report searches for a Pareto improvement and for Debreu's coefficient; the planner's needs neither. Imports
are made before.
"""

from __future__ import annotations

import argparse
import time

import cvxpy  # noqa: F401  (imported here, so that no report pays for it)
from rich.console import Console
from rich.table import Table

from market.efficiency.report import alignment
from market.mechanisms import play
from market.scenario.building import build
from market.scenario.loading import loads

DRAWN = '{ dist = "uniform", low = 1.0, high = 2.0 }'
FAMILIES = {
    "log": f"weights = {{ a = 1.0, b = {DRAWN}, c = 1.0 }}",
    "log1p": f"weights = {{ a = 1.0, b = {DRAWN}, c = 1.0 }}",
    "cobb_douglas": "weights = { a = 0.2, b = 0.3, c = 0.5 }",
    "ces": f"weights = {{ a = 1.0, b = {DRAWN}, c = 1.0 }}, elasticity = 2.0",
    "leontief": f"weights = {{ a = 1.0, b = {DRAWN}, c = 1.0 }}",
    "linear": f"weights = {{ a = 1.0, b = {DRAWN}, c = 1.0 }}",
    "quadratic": f"weights = {{ a = 3.0, b = 3.0, c = {DRAWN} }}, slope = {{ a = 1.0, b = 1.0, c = 0.5 }}",
}
PAIRS = (
    ("log", "cobb_douglas", "none"),
    ("log", "cobb_douglas", "some"),
    ("log", "leontief", "some"),
    ("linear", "quadratic", "some"),
    ("ces", "log1p", "none"),
)
MECHANISMS = ("autarky", "planner", "prices")


def text(first: str, second: str, lacking: str, count: int) -> str:
    """The scenario of a pair of families, as TOML."""
    rest = 0.0 if lacking == "none" else 0.05
    return f"""
schema = 1
economy = "exchange"
goods = ["a", "b", "c"]
[[agents]]
name = "first"
count = {count}
endowment = {{ a = {DRAWN}, b = 1.0, c = {rest} }}
utility = {{ family = "{first}", {FAMILIES[first]} }}
[[agents]]
name = "second"
count = {count}
endowment = {{ a = {rest}, b = {DRAWN}, c = 2.0 }}
utility = {{ family = "{second}", {FAMILIES[second]} }}
[[mechanisms]]
name = "autarky"
kind = "unmediated"
game = "autarky"
[[mechanisms]]
name = "planner"
kind = "planner"
[[mechanisms]]
name = "prices"
kind = "auctioneer"
"""


def seconds(first: str, second: str, lacking: str, count: int) -> dict[str, float]:
    """CPU time of playing each mechanism and making its report, seconds."""
    scenario = loads(text(first, second, lacking, count))
    economy = build(scenario, 0)
    found = {}
    for name in MECHANISMS:
        start = time.process_time()
        alignment(play(scenario.mechanism(name), economy))
        found[name] = time.process_time() - start
    return found


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--count", type=int, default=1000, help="traders in each of the two groups")
    given = parser.parse_args()
    table = Table(title=f"Seconds of CPU, {2 * given.count:,} traders, 3 goods", title_justify="left")
    for column in ("utilities", "of the lacking good", *MECHANISMS):
        table.add_column(column)
    for first, second, lacking in PAIRS:
        found = seconds(first, second, lacking, given.count)
        table.add_row(f"{first}, {second}", lacking, *(f"{found[name]:.2f}" for name in MECHANISMS))
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
