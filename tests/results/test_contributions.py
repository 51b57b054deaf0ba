"""Payoffs at prices beside Shapley values: reference answers through the planner, corners, and refusals."""

from __future__ import annotations

import json

import numpy as np
import pytest

import market
from market.errors import InputError
from market.results.contributions import as_data, contributions
from market.results.tables import as_json

TERM = '{ good = "bread", form = "power", weight = 0.5, exponent = 0.5 }'
ROOT = f'utility = {{ family = "separable", terms = [{TERM}] }}'


def scenario(goods, *agents, first=""):
    """Return a scenario with quasilinear money."""
    tables = "\n".join(f"[[agents]]\n{agent}" for agent in agents)
    return market.loads(
        f'schema = 1\neconomy = "quasilinear"\ngoods = {json.dumps(goods)}\n{first}\n{tables}\n'
        f'[[mechanisms]]\nname = "planner"\nkind = "planner"\n'
    )


def roots(r):
    """u = sqrt x: r owners of 2 and r of nothing."""
    return scenario(
        ["bread"],
        f'name = "owner"\ncount = {r}\nendowment = {{ bread = 2.0 }}\n{ROOT}',
        f'name = "other"\ncount = {r}\n{ROOT}',
    )


def gloves(left, right):
    pair = 'utility = { family = "leontief", weights = { left = 1.0, right = 1.0 } }'
    return scenario(
        ["left", "right"],
        f'name = "lefty"\ncount = {left}\nendowment = {{ left = 1.0 }}\n{pair}',
        f'name = "righty"\ncount = {right}\nendowment = {{ right = 1.0 }}\n{pair}',
    )


LOG = 'utility = { family = "log", weights = { water = 1.0 } }'


@pytest.mark.parametrize(("r", "value"), [(1, 1.707107), (2, 1.640506), (4, 1.588967)])
def test_owners_of_bread_with_roots_as_utility(r, value):
    """p = 1/2 and competitive payoffs 1.5 and 0.5 at every r; the Shapley value comes nearer as r grows."""
    found = contributions(roots(r))
    np.testing.assert_allclose(found.prices, [0.5], rtol=1e-9)
    np.testing.assert_allclose(found.competitive[[0, -1]], [1.5, 0.5], rtol=1e-9)
    assert found.shapley[0] == pytest.approx(value, abs=1e-6)
    assert found.surplus == pytest.approx(2 * r)
    assert found.competitive.sum() == pytest.approx(found.surplus)
    assert found.blocks_competitive.excess <= 1e-9
    assert (found.blocks_shapley.excess > 1e-3) == (r > 1)


def test_the_core_of_two_owners_and_two_others_has_its_known_range():
    found = contributions(roots(2))
    assert found.core[0][0] == pytest.approx(1.4641, abs=6e-5)
    assert found.core[1][0] == pytest.approx(1.5505, abs=6e-5)


def test_one_left_glove_among_two_right_ones_gets_two_thirds_and_at_prices_all():
    found = contributions(gloves(1, 2))
    np.testing.assert_allclose(found.shapley, [2 / 3, 1 / 6, 1 / 6], rtol=1e-6)
    np.testing.assert_allclose(found.competitive, [1.0, 0.0, 0.0], atol=1e-6)
    np.testing.assert_allclose(found.core[0], [1.0, 0.0, 0.0], atol=1e-5)


def test_as_many_left_as_right_gloves_share_equally_and_prices_are_not_unique():
    found = contributions(gloves(2, 2))
    np.testing.assert_allclose(found.shapley, 0.5, rtol=1e-6)
    assert any(ends is not None for ends in found.price_interval.values())
    assert "Prices are not unique" in str(found)


def test_random_orders_are_drawn_where_types_leave_too_many_coalitions():
    """Ten owners of two types, 36 coalitions: of at most 30, three orders; exact 1.545 and 0.455."""
    exact = contributions(roots(5))
    found = contributions(roots(5), most=30, seed=3)
    assert found.orders == 3
    assert found.core is None
    assert abs(found.shapley[0] - exact.shapley[0]) < 6 * found.errors[0]
    assert found.shapley.sum() == pytest.approx(found.surplus)
    assert "3 random orders" in str(found)


def test_a_coalition_without_an_essential_good_leaves_no_shapley_value():
    """A well and a log consumer: alone the consumer is at -inf, and the well's contribution has no bound."""
    found = contributions(
        scenario(["water"], 'name = "well"\nendowment = { water = 3.0 }', f'name = "dry"\n{LOG}')
    )
    assert found.shapley is None
    assert found.marginal[0] == np.inf
    np.testing.assert_allclose(found.competitive, [1.0, np.log(3.0) - 1.0], rtol=1e-9)
    assert "There is no Shapley value: dry alone" in str(found)


def test_commons_are_the_agents_by_their_shares():
    """Ten units of water in halves: each agent alone has log 5, and so it has at prices, revenue included."""
    found = contributions(
        scenario(["water"], f'name = "a"\n{LOG}', f'name = "b"\n{LOG}', first="commons = { water = 10.0 }")
    )
    for values in (found.competitive, found.shapley, found.marginal):
        np.testing.assert_allclose(values, np.log(5.0), rtol=1e-9)
    assert "The commons count as the agents' by their shares" in str(found)


def test_types_follow_primitives_and_not_groups():
    """Two groups of equal agents are one type."""
    found = contributions(
        scenario(
            ["bread"],
            f'name = "a"\n{ROOT}',
            f'name = "b"\ncount = 2\n{ROOT}',
            first="commons = { bread = 3.0 }",
        )
    )
    assert found.counts == (3,)


@pytest.mark.parametrize(
    ("text", "most", "message"),
    [
        ('economy = "fisher"', 100, 'economy = "quasilinear", not "fisher"'),
        ('economy = "quasilinear"', 100, "a has a budget"),
        (None, 1, "coalitions must be 2 to"),
    ],
)
def test_what_cannot_be_divided_is_refused(text, most, message):
    if text is None:
        given = roots(1)
    else:
        given = market.loads(
            f'schema = 1\n{text}\ngoods = ["water"]\ncommons = {{ water = 1.0 }}\n[[agents]]\nname = "a"\n'
            f'budget = 1.0\n{LOG}\n[[mechanisms]]\nname = "prices"\nkind = "auctioneer"\n'
        )
    with pytest.raises(InputError, match=message):
        contributions(given, most=most)


def test_too_many_different_agents_are_refused():
    drawn = '{ dist = "uniform", low = 1.0, high = 2.0 }'
    many = f'name = "a"\ncount = 20\nutility = {{ family = "log1p", weights = {{ water = {drawn} }} }}'
    with pytest.raises(InputError, match="20 agents of 20 types need at least 40 coalitions"):
        contributions(scenario(["water"], many, first="commons = { water = 3.0 }"), most=30)


def test_the_result_is_strict_json_with_a_list_of_types():
    given = scenario(["water"], 'name = "well"\nendowment = { water = 3.0 }', f'name = "dry"\n{LOG}')
    data = json.loads(as_json(as_data(given, contributions(given))))
    assert [kind["first"] for kind in data["types"]] == ["well", "dry"]
    assert data["types"][0]["marginal"] == "Infinity"
    assert data["coalition_at_minus_infinity"] == [0, 1]


def test_the_table_of_agents_has_a_row_each():
    table = contributions(roots(2)).table()
    assert len(table) == 4
    assert table["shapley"].sum() == pytest.approx(4.0)
