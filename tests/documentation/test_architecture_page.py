"""The rounds that the page on the architecture walks through are those of the program."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import market

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/explanation/architecture.md").read_text(encoding="utf-8")


def stepped(rounds):
    """Return (price announced, demand, excess demand) of each round; two agents with log x demand 2 / p."""
    model = market.MarketModel(market.load(ROOT / "scenarios/commons.toml"), "prices")
    rows = []
    for _ in range(rounds):
        model.step()
        price = float(model.prices["water"])
        rows.append((price, 2.0 / price, 2.0 / price - 10.0))
    return rows


def test_the_walk_of_a_round_has_the_numbers_of_the_commons():
    cells = re.findall(r"^\| (\d+) \| ([^|]+) \| ([^|]+) \| ([^|]+) \| ([^|]*)\|$", PAGE, flags=re.M)
    written = {int(number): [float(cell) for cell in rest[:3]] for number, *rest in cells}
    assert set(written) == {1, 2, 3, 15}
    rows = stepped(15)
    for number, numbers in written.items():
        price, demand, _ = rows[number - 1]
        assert numbers[:2] == pytest.approx([price, demand], rel=1e-3)
    for number in (1, 2, 3):
        assert written[number][2] == pytest.approx(rows[number - 1][2], rel=1e-3)
        following = float(next(cell for cell in cells if int(cell[0]) == number)[4])
        assert following == pytest.approx(rows[number][0], rel=1e-3)
    assert abs(rows[14][2]) == pytest.approx(written[15][2], rel=0.2)
