"""Supply and demand with harm: social cost meets demand at the optimum; the triangle is the loss."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.smoky import BUYER, MILL, RISING, SMOKE, smoky, victim
from matplotlib.figure import Figure

import market
from market import plots
from market.plots.markets import SOCIAL
from market.plots.social_cost import external_cost
from market.scenario.building import build
from market.scenario.loading import loads


def drawn(text):
    compared = market.compare(loads(text[: text.index('[[mechanisms]]\nname = "planner"')]))
    return plots.supply_and_demand(compared, Figure().add_subplot())


def area(polygons):
    """The area of all polygons of a collection."""
    total = 0.0
    for path in polygons.get_paths():
        x, y = path.vertices.T
        total += abs(float(x[:-1] @ y[1:] - y[:-1] @ x[1:])) / 2.0
    return total


@pytest.mark.parametrize(("text", "best", "loss"), [(SMOKE, (7.0, 5.0), 4.5), (RISING, (5.0, 7.0), 25.0)])
def test_the_loss_is_the_triangle_between_social_cost_and_demand(text, best, loss):
    ax = drawn(text)
    social = next(line for line in ax.lines if line.get_label() == SOCIAL)
    q, p = best
    assert np.interp(q, *social.get_data()) == pytest.approx(p, rel=1e-6)
    triangle = next(each for each in ax.collections if "deadweight loss, market" in str(each.get_label()))
    assert area(triangle) == pytest.approx(loss, rel=0.01)
    assert f"{loss:g}" in triangle.get_label()
    assert ax.get_ylim()[1] >= 12.0 - 1e-9  # all of demand is in view


def test_external_cost_is_that_of_the_producers_of_the_next_unit():
    """The mill at cost 2 is harmed itself, the one at cost 3 is not: the first harms the town alone."""
    dear = MILL.replace('"mill"', '"dear"').replace("2.0", "3.0")
    cheap = MILL.replace("2.0 } }", "2.0 }, capacity = { steel = 4.0 } }") + "harm = { steel = 0.5 }\n"
    economy = build(loads(smoky(BUYER, cheap, dear, victim("{ steel = 1.0 }"))))
    at = np.array([2.0])
    assert external_cost(economy, 0, at, 2.0, 3.0) == pytest.approx(1.0)
    assert external_cost(economy, 0, at, 3.0, 6.0) == pytest.approx(1.5)


def test_a_market_without_harm_has_no_such_curve():
    assert all(line.get_label() != SOCIAL for line in drawn(smoky(BUYER, MILL)).lines)
