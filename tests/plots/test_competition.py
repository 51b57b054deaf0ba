"""Surplus by the number of firms: its points are shares, and the formula is drawn only where it applies."""

from __future__ import annotations

from pathlib import Path

import pytest
from matplotlib.figure import Figure

from market.plots.competition import has_number_of_traders, surplus_by_number
from market.sweep import Options, sweep

SCENARIOS = Path(__file__).parents[2] / "scenarios"
COUNT = "agents.firm.count"


def swept(folder, *overrides, axis=f"{COUNT}=1,3", mechanisms=("firms",)):
    return sweep(
        SCENARIOS / "cournot.toml",
        [axis],
        out=folder,
        mechanisms=list(mechanisms),
        overrides=list(overrides),
        options=Options("serial"),
    )


def drawn(result):
    ax = surplus_by_number(result, COUNT, Figure().add_subplot())
    return {str(line.get_label()): line for line in ax.get_lines()}


def test_shares_are_those_of_cournot_and_lie_on_the_formula(tmp_path):
    result = swept(tmp_path, axis=f"{COUNT}=1,2,3", mechanisms=("firms", "prices"))
    assert has_number_of_traders(result, COUNT)
    lines = drawn(result)
    assert list(lines["firms"].get_ydata()) == pytest.approx([3 / 4, 8 / 9, 15 / 16], abs=1e-6)
    assert list(lines["prices"].get_ydata()) == pytest.approx([1.0, 1.0, 1.0])
    assert any("Cournot" in label for label in lines)


def test_formula_is_left_out_with_harm(tmp_path):
    """Harm is no part of the surplus of buyers and sellers, of which n firms keep `1 - 1 / (n + 1)^2`."""
    lines = drawn(swept(tmp_path, "agents.town.harm={ steel = 0.5 }"))
    assert not any("Cournot" in label for label in lines)


def test_formula_is_left_out_with_a_capacity(tmp_path):
    lines = drawn(swept(tmp_path, "agents.firm.cost.capacity={ steel = 4.0 }"))
    assert not any("Cournot" in label for label in lines)


def test_a_parameter_that_counts_no_agents_has_no_such_figure(tmp_path):
    axis = "agents.town.utility.weights.steel=10,12"
    assert not has_number_of_traders(swept(tmp_path, axis=axis), axis.split("=")[0])
