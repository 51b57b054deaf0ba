"""The Edgeworth box: curves and lines are where the economics puts them."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import stories
from helpers.figure_tests import compared, exchange, line, utility, words
from matplotlib.figure import Figure

from market import plots
from market.errors import InputError
from market.plots.contract import contract_curve, core

COBB_DOUGLAS = exchange(
    utility("cobb_douglas", 0.4, 0.6), utility("cobb_douglas", 0.5, 0.5), (9.0, 1.0), (1.0, 4.0)
)
SMOOTH = {
    "cobb_douglas": COBB_DOUGLAS,
    "log": exchange(utility("log", 1, 3), utility("log", 2, 1), (6, 2), (4, 8)),
    "ces": exchange(
        utility("ces", 1, 1, ", elasticity = 0.5"), utility("ces", 1, 2, ", elasticity = 2.0"), (8, 1), (2, 7)
    ),
    "crra": exchange(
        utility("crra", 9, 1, ", risk_aversion = 3.0"),
        utility("crra", 1, 9, ", risk_aversion = 3.0"),
        (5, 1),
        (1, 5),
    ),
}


@pytest.fixture
def ax():
    return Figure(layout="constrained").add_subplot()


def divided(economy, x):
    """Both bundles when agent 1 has x."""
    return np.stack([x, economy.resources - x])


@pytest.mark.parametrize("family", SMOOTH)
def test_on_the_contract_curve_both_have_the_same_marginal_rate_of_substitution(family):
    economy = compared(SMOOTH[family], "prices").economy
    for x in contract_curve(economy):
        slopes = economy.marginal_utility(divided(economy, x))
        first, second = slopes[:, 0] / slopes[:, 1]
        assert first == pytest.approx(second, rel=1e-4)


def test_the_contract_curve_of_cobb_douglas_is_the_textbook_s():
    """Equal rates: (0.4/0.6) w/b = (0.5/0.5) (5 - w)/(10 - b), so w = 5 b / (b + (2/3) (10 - b))."""
    economy = compared(COBB_DOUGLAS, "prices").economy
    bread, wine = contract_curve(economy).T
    np.testing.assert_allclose(wine, 5.0 * bread / (bread + 2.0 / 3.0 * (10.0 - bread)), rtol=1e-5)
    assert bread[0] < 0.1
    assert bread[-1] > 9.9


def test_linear_tastes_are_efficient_only_where_somebody_has_none_of_a_good():
    """Ann values wine more than Bob does: all along the edge where she has no bread, or he no wine."""
    economy = compared(
        exchange(utility("linear", 1, 2), utility("linear", 3, 1), (6, 2), (4, 8)), "prices"
    ).economy
    for bread, wine in contract_curve(economy):
        assert bread == 0.0 or wine == pytest.approx(10.0, rel=1e-9)


def test_the_core_is_what_neither_would_leave_and_its_ends_are_as_good_as_the_endowment():
    economy = compared(COBB_DOUGLAS, "prices").economy
    whole = contract_curve(economy)
    inside = core(economy, economy.endowment, whole)
    at_home = economy.utility(economy.endowment)
    reached = np.array([economy.utility(divided(economy, x)) for x in inside])
    assert (reached >= at_home - 1e-9).all()
    assert reached[0, 0] == pytest.approx(at_home[0], rel=1e-9)
    assert reached[-1, 1] == pytest.approx(at_home[1], rel=1e-9)
    left_out = [x for x in whole if not (inside[0, 0] <= x[0] <= inside[-1, 0])]
    assert len(left_out) > 5
    assert all((economy.utility(divided(economy, x)) < at_home).any() for x in left_out)


def test_owners_of_nothing_to_live_on_would_leave_no_part_of_the_contract_curve():
    economy = compared(
        exchange(utility("log", 1, 1), utility("log", 1, 2), (10, 0), (0, 10)), "prices"
    ).economy
    whole = contract_curve(economy)
    np.testing.assert_array_equal(core(economy, economy.endowment, whole), whole)


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


def test_indifference_curves_go_through_the_endowment(ax):
    comparison = compared(COBB_DOUGLAS)
    plots.edgeworth_box(comparison, ax)
    economy = comparison.economy
    curves = [c for c in ax.collections if hasattr(c, "levels")]
    assert len(curves) == 2
    for agent, curve in enumerate(curves):
        points = np.concatenate([path.vertices for path in curve.get_paths()])
        levels = [economy.utility(divided(economy, x))[agent] for x in points]
        np.testing.assert_allclose(levels, economy.utility(economy.endowment)[agent], rtol=2e-3)


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
    assert "endowment" not in words(ax)  # nobody owns the commons


def test_money_that_counts_one_for_one_has_no_budget_line_and_what_is_left_over_is_shown(ax):
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
    assert "war (some left over)" in words(ax)
    ends = [each for each in ax.get_lines() if each.get_linestyle() == ":" and len(each.get_xdata()) == 2]
    np.testing.assert_array_equal(np.stack(ends[0].get_data(), axis=1), [[0.0, 0.0], [4.0, 6.0]])


def test_what_can_change_hands_and_nobody_minds_is_said(ax):
    """Leontief tastes: what one cannot use the other may have no use for either."""
    plots.edgeworth_box(
        compared(exchange(utility("leontief", 1, 1), utility("leontief", 1, 2), (6, 2), (4, 8))), ax
    )
    assert "contract curve (one of several)" in words(ax)


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
