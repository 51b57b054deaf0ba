"""The Edgeworth box: curves and lines are where the economics puts them."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import stories
from helpers.figure_tests import COBB_DOUGLAS, compared, divided, exchange, line, utility, words
from helpers.taxed_markets import edgeworth
from matplotlib.figure import Figure

from market import plots
from market.errors import InputError
from market.plots.box import LEGEND_LETTERS
from market.plots.style import wrapped


@pytest.fixture
def ax():
    return Figure(layout="constrained").add_subplot()


def test_the_budget_line_passes_through_endowment_and_outcome_at_the_price_s_slope(ax):
    comparison = compared(COBB_DOUGLAS)
    plots.edgeworth_box(comparison, ax)
    (x0, y0), (x1, y1) = line(ax, "budget line, prices")
    outcome = comparison.outcomes["prices"]
    bread, wine = outcome.prices
    assert (y1 - y0) / (x1 - x0) == pytest.approx(-bread / wine)
    for x, y in (comparison.economy.endowment[0], outcome.consumption[0]):
        assert y0 + (x - x0) * (y1 - y0) / (x1 - x0) == pytest.approx(y, rel=1e-7)
    np.testing.assert_allclose(line(ax, "endowment"), [[9.0, 1.0]])
    np.testing.assert_allclose(line(ax, "prices")[0], outcome.consumption[0])


def test_no_budget_line_is_drawn_where_prices_are_not_the_same_for_all(ax):
    """What the farmer can have depends on the price that it pays, the one that it gets, and lump sums."""
    plots.edgeworth_box(compared(edgeworth("tax_rate.bread = 0.5")), ax)
    assert not any("budget line" in str(each.get_label()) for each in ax.get_lines())


def test_indifference_curves_go_through_the_endowment(ax):
    comparison = compared(COBB_DOUGLAS)
    plots.edgeworth_box(comparison, ax)
    economy = comparison.economy
    for agent, name in enumerate(economy.agents):
        points = line(ax, wrapped(f"{name}'s indifference curve through the endowment", LEGEND_LETTERS))
        levels = [economy.utility(divided(economy, x))[agent] for x in points]
        np.testing.assert_allclose(levels, economy.utility(economy.endowment)[agent], rtol=1e-6)
        nearest = np.abs(points - economy.endowment[0]).max(axis=1).min()
        assert nearest < 1e-6 * economy.resources.max()


def test_the_box_is_square_and_its_legend_is_beside_it():
    figure = Figure(figsize=(4.2, 3.2), dpi=100, layout="constrained")
    ax = plots.edgeworth_box(compared(COBB_DOUGLAS), figure.add_subplot())
    figure.draw_without_rendering()
    box, legend = ax.get_window_extent(), ax.get_legend().get_window_extent()
    assert box.width == pytest.approx(box.height, abs=1.0)
    right = max(each.get_tightbbox().x1 for each in ax.child_axes)
    assert right < legend.x0
    assert legend.x1 < 420.0
    assert legend.y0 > 0.0


def test_fixed_budgets_give_the_budget_line(ax):
    text = f"""
        schema = 1
        economy = "fisher"
        goods = ["bread", "wine"]
        commons = {{ bread = 4, wine = 6 }}
        agents = [
          {{ name = "ann", budget = 2.0, utility = {utility("log", 1, 1)} }},
          {{ name = "bob", budget = 5.0, utility = {utility("log", 1, 4)} }},
        ]
        mechanisms = [{{ name = "prices", kind = "auctioneer" }}]
    """
    comparison = compared(text)
    plots.edgeworth_box(comparison, ax)
    p = comparison.outcomes["prices"].prices
    np.testing.assert_allclose(line(ax, "budget line, prices") @ p, 2.0)
    assert "endowment" not in words(ax)  # the commons have no owner


def test_quasilinear_money_has_no_budget_line_and_unused_resources_are_shown(ax):
    text = f"""
        schema = 1
        economy = "quasilinear"
        goods = ["bread", "wine"]
        commons = {{ bread = 4, wine = 6 }}
        agents = [
          {{ name = "ann", utility = {utility("log1p", 1, 1)} }},
          {{ name = "bob", utility = {utility("log1p", 1, 1)} }},
        ]

        [[mechanisms]]
        name = "war"
        kind = "unmediated"
        game = "claims"
        schedule = "simultaneous"
        max_claim = {{ bread = 8, wine = 12 }}
        first_claims = {{ bread = 8, wine = 12 }}

        [[mechanisms]]
        name = "prices"
        kind = "auctioneer"
    """
    comparison = compared(text)
    assert (comparison.outcomes["war"].consumption == 0).all()
    plots.edgeworth_box(comparison, ax)
    assert not any("budget" in text for text in words(ax))
    assert "war (some left unused)" in words(ax)
    ends = [each for each in ax.get_lines() if each.get_linestyle() == ":" and len(each.get_xdata()) == 2]
    np.testing.assert_array_equal(np.stack(ends[0].get_data(), axis=1), [[0.0, 0.0], [4.0, 6.0]])


def test_a_contract_curve_with_indifference_is_labelled(ax):
    """Leontief tastes: what one cannot use the other may have no use for either."""
    plots.edgeworth_box(
        compared(exchange(utility("leontief", 1, 1), utility("leontief", 1, 2), (6, 2), (4, 8))), ax
    )
    assert wrapped("contract curve (one of several)", LEGEND_LETTERS) in words(ax)


@pytest.mark.parametrize("text", [stories.COMMONS, stories.GIFT, stories.barter(3)])
def test_no_box_without_two_agents_and_two_goods_in_fixed_supply(text, ax):
    comparison = compared(text)
    assert plots.edgeworth_box not in plots.applicable(comparison)
    with pytest.raises(InputError, match="two agents and two goods"):
        plots.edgeworth_box(comparison, ax)


def test_the_other_agent_s_scales_run_the_other_way(ax):
    plots.edgeworth_box(compared(COBB_DOUGLAS), ax)
    ax.figure.draw_without_rendering()
    top, right = ax.child_axes
    for of_ann, of_bob in ((2.0, 8.0), (9.0, 1.0)):
        at = ax.transData.transform((of_ann, 0.0))[0], top.transData.transform((of_bob, 0.0))[0]
        assert at[0] == pytest.approx(at[1])
    at = ax.transData.transform((0.0, 4.0))[1], right.transData.transform((0.0, 1.0))[1]
    assert at[0] == pytest.approx(at[1])
    assert "bob" in top.get_xlabel()
    assert "units" in ax.get_xlabel()
