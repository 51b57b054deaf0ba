"""The phase portrait: arrows are excess demand, lines are where a market clears."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import stories
from helpers.figure_tests import compared, line
from hypothesis import assume, given, settings
from hypothesis import strategies as st
from matplotlib.figure import Figure
from matplotlib.quiver import Quiver

from market import plots
from market.errors import InputError

TWO_GOODS = """
    schema = 1
    economy = "quasilinear"
    goods = ["bread", "wine"]
    commons = { bread = 10, wine = 4 }
    agents = [{ name = "ann", count = 3, utility = { family = "log", weights = { bread = 1, wine = 2 } } }]
    mechanisms = [{ name = "prices", kind = "auctioneer" }, { name = "planner", kind = "planner" }]
"""
TAXED = """
    mechanisms = [
        { name = "prices", kind = "auctioneer" },
        { name = "taxed", kind = "auctioneer", tax = { bread = 0.1 } },
    ]
"""
SCARF = """
    schema = 1
    economy = "exchange"
    goods = ["apples", "pears", "plums"]

    [[agents]]
    name = "ann"
    endowment = { apples = 1 }
    utility = { family = "leontief", weights = { apples = 1, pears = 1 } }

    [[agents]]
    name = "bob"
    endowment = { pears = 1 }
    utility = { family = "leontief", weights = { pears = 1, plums = 1 } }

    [[agents]]
    name = "cat"
    endowment = { plums = 1 }
    utility = { family = "leontief", weights = { plums = 1, apples = 1 } }

    [[mechanisms]]
    name = "additive"
    kind = "auctioneer"
    rule = "additive"
    step = 0.01
    max_rounds = 400
    initial_prices = { apples = 1.5, pears = 1.0, plums = 0.7 }
"""


FAMILIES = (
    lambda a, b: f"family = 'log', weights = {{ bread = {a}, wine = {b} }}",
    lambda a, b: f"family = 'log1p', weights = {{ bread = {a}, wine = {b} }}",
    lambda a, b: f"family = 'cobb_douglas', weights = {{ bread = {0.08 * a}, wine = {0.08 * b} }}",
    lambda a, b: f"family = 'crra', weights = {{ bread = {a}, wine = {b} }}, risk_aversion = 2.0",
)


@pytest.fixture
def ax():
    return Figure().add_subplot()


def arrows(ax):
    """Return places and directions of the arrows, (arrows, 2) each, as drawn."""
    [quiver] = [each for each in ax.collections if isinstance(each, Quiver)]
    return quiver.get_offsets(), np.stack([np.asarray(quiver.U), np.asarray(quiver.V)], axis=1)


def directions(z, ax):
    """Unit vectors as z looks on the axes."""
    on_paper = z / np.array([ax.get_xlim()[1], ax.get_ylim()[1]])
    return on_paper / np.linalg.norm(on_paper, axis=1, keepdims=True)


def test_arrows_are_excess_demand(ax):
    """The commons, good by good: z_g = Lambda_g / p_g - q_g."""
    plots.phase_portrait(compared(TWO_GOODS), ax)
    p, drawn = arrows(ax)
    z = np.array([3.0, 6.0]) / p - np.array([10.0, 4.0])
    np.testing.assert_allclose(drawn, directions(z, ax), atol=1e-9)


def test_arrows_of_scarf_s_economy_go_round(ax):
    """Agent i spends p_i on equal amounts of goods i and i + 1: x_i = p_i / (p_i + p_{i+1}) of both."""
    plots.phase_portrait(compared(SCARF), ax)
    at, drawn = arrows(ax)
    p = np.column_stack([at, np.ones(len(at))])
    amount = p / (p + np.roll(p, -1, axis=1))
    z = amount + np.roll(amount, 1, axis=1) - 1.0
    np.testing.assert_allclose(drawn, directions(z[:, :2], ax), atol=1e-9)


def test_along_a_line_the_market_for_its_good_clears(ax):
    plots.phase_portrait(compared(TWO_GOODS), ax)
    for axis, (good, price) in enumerate({"bread": 0.3, "wine": 1.5}.items()):
        points = line(ax, f"market for {good} clears")
        assert len(points) > 2
        np.testing.assert_allclose(points[:, axis], price, rtol=1e-6)


def test_where_supply_jumps_a_line_is_at_the_jump(ax):
    """Bread is made at 2 and cake at 5, whatever the other costs."""
    plots.phase_portrait(compared(stories.GIFT), ax)
    np.testing.assert_allclose(line(ax, "market for bread clears")[:, 0], 2.0, rtol=1e-6)
    np.testing.assert_allclose(line(ax, "market for cake clears")[:, 1], 5.0, rtol=1e-6)


def distance(point, polyline, size):
    """Return the distance of a point from a line through points, in shares of the axes."""
    start, end = polyline[:-1] / size, polyline[1:] / size
    along = end - start
    square = np.maximum((along**2).sum(axis=1), 1e-300)
    share = np.clip((((point / size) - start) * along).sum(axis=1) / square, 0.0, 1.0)
    return np.linalg.norm(start + share[:, None] * along - point / size, axis=1).min()


@settings(max_examples=15, deadline=None)
@given(
    st.tuples(*[st.floats(0.1, 5.0)] * 4), st.tuples(*[st.floats(0.5, 20.0)] * 2), st.sampled_from(FAMILIES)
)
def test_both_lines_go_through_the_equilibrium(weights, stock, family):
    """Curved lines too: Cobb-Douglas demand for one good depends on the price of the other."""
    a, b, c, d = weights
    text = f"""
        schema = 1
        economy = "quasilinear"
        goods = ["bread", "wine"]
        commons = {{ bread = {stock[0]}, wine = {stock[1]} }}
        agents = [
          {{ name = "ann", utility = {{ {family(a, b)} }} }},
          {{ name = "bob", utility = {{ {family(c, d)} }} }},
        ]
        mechanisms = [{{ name = "prices", kind = "auctioneer" }}]
    """
    comparison = compared(text, "prices")
    outcome = comparison.outcomes["prices"]
    assume(outcome.status.settled and (outcome.prices > 0).all())
    ax = plots.phase_portrait(comparison, Figure().add_subplot())
    size = np.array([ax.get_xlim()[1], ax.get_ylim()[1]])
    for good in ("bread", "wine"):
        parts = [
            np.stack(each.get_data(), axis=1)
            for each in ax.get_lines()
            if each.get_color() == "0.1" and each.get_linestyle() == ("--" if good == "bread" else ":")
        ]
        assert min(distance(outcome.prices, part, size) for part in parts) < 1e-6


def test_paths_are_the_recorded_prices_in_units_of_the_last_good(ax):
    comparison = compared(SCARF)
    plots.phase_portrait(comparison, ax)
    [path] = [each for each in ax.get_lines() if each.get_label() == "additive"]
    recorded = comparison.rounds.pivot(index="round", columns="good", values="price")
    np.testing.assert_allclose(path.get_xdata(), recorded["apples"] / recorded["plums"])
    np.testing.assert_allclose(path.get_ydata(), recorded["pears"] / recorded["plums"])
    assert "units of plums" in ax.get_xlabel()


def test_offers_without_limit_point_the_way(ax):
    """Above its constant unit cost a producer offers without limit: arrows point down there, and left."""
    plots.phase_portrait(compared(stories.GIFT), ax)
    p, drawn = arrows(ax)
    dear = (p[:, 0] > 2.0) & (p[:, 1] > 5.0)
    assert dear.any()
    assert (drawn[dear] < 0).all()
    bread_only = (p[:, 0] > 2.0) & (p[:, 1] < 5.0)
    np.testing.assert_allclose(drawn[bread_only], [[-1.0, 0.0]] * bread_only.sum())


@pytest.mark.parametrize(
    ("text", "mechanism", "message"),
    [
        (stories.COMMONS, "prices", "there are 1"),
        (TWO_GOODS, "planner", "paths of auctioneers"),
        (stories.barter(2), "prices", "there are 1"),
    ],
)
def test_no_portrait_without_two_free_prices_and_an_auctioneer(text, mechanism, message, ax):
    comparison = compared(text, mechanism)
    assert plots.phase_portrait not in plots.applicable(comparison)
    with pytest.raises(InputError, match=message):
        plots.phase_portrait(comparison, ax)


def test_auctioneers_with_taxes_have_no_path_in_the_portrait():
    """Arrows and lines are those of one price for buyers and sellers."""
    text = TWO_GOODS[: TWO_GOODS.index("mechanisms")].rstrip() + TAXED
    comparison = compared(text)
    assert plots.has_two_free_prices(comparison)
    ax = plots.phase_portrait(comparison, Figure().add_subplot())
    labels = [str(each.get_label()) for each in ax.get_lines()]
    assert "prices" in labels
    assert "taxed" not in labels
    alone = compared(text, "taxed")
    assert not plots.has_two_free_prices(alone)
    with pytest.raises(InputError, match="every auctioneer has a"):
        plots.phase_portrait(alone, Figure().add_subplot())
