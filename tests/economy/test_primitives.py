"""Primitives: values at allocations, answers to prices, payments, parts of an economy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers.economies import INF, LINEAR, economy, with_utility

from market.economy.families.utilities import UTILITIES
from market.economy.primitives import Block


def trade():
    """Two consumers and a producer of the second good, with endowments and a common stock of the first."""
    return economy(
        "quasilinear",
        log=[[1.0, 2.0], [3.0, 1.0]],
        linear=([[INF, 2.0]], [[INF, 5.0]]),
        commons=[4.0, 0.0],
        endowment=[[1.0, 0.0], [0.0, 1.0], [0.0, 0.0]],
        budget=[INF, 1.0, INF],
    )


def test_payments_sum_to_the_value_of_the_commons_sold():
    primitives, p = trade(), np.array([0.5, 2.0])
    x, y = np.array([[2.0, 1.0], [3.0, 2.0], [0.0, 0.0]]), np.array([[0.0, 0.0], [0.0, 0.0], [0.0, 2.0]])
    assert primitives.payments(p, x, y).sum() == pytest.approx(0.5 * 4.0)
    np.testing.assert_allclose(primitives.payments(p, x, y), [2.5, 3.5, -4.0])
    welfare = primitives.welfare(x, y)
    np.testing.assert_allclose(primitives.payoff(welfare, p, x, y), welfare - [2.5, 3.5, -4.0])


def test_agents_on_their_budget_lines_pay_nothing_in_exchange():
    primitives = economy(
        "exchange",
        cobb_douglas=[[1.0, 1.0], [1.0, 3.0]],
        endowment=[[2.0, 0.0], [0.0, 2.0]],
        commons=[1.0, 1.0],
    )
    p = np.array([0.4, 0.6])
    x = primitives.answers(p).demand.lowest
    np.testing.assert_allclose(primitives.payments(p, x, np.zeros((2, 2))), 0.0, atol=1e-12)


def test_demand_keeps_to_spending_power():
    """The second agent has b = 1, and an endowment worth 2 at p = (0.5, 2): it spends 3 instead of 4."""
    primitives, p = trade(), np.array([0.5, 2.0])
    answers = primitives.answers(p)
    assert primitives.spending_power(p, answers.supply).tolist() == [INF, 3.0, INF]
    np.testing.assert_allclose(answers.demand.lowest @ p, [3.0, 3.0, 0.0])
    assert answers.supply.highest[2].tolist() == [0.0, 5.0]  # indifferent at its unit cost


@pytest.mark.parametrize("piece", [1 << 16, 2])
def test_parts_answer_as_in_the_whole_economy(piece, monkeypatch):
    monkeypatch.setattr("market.economy.primitives.PIECE", piece)
    primitives, p = trade(), np.array([0.5, 2.0])
    whole = primitives.answers(p)
    for start, stop in ((0, 1), (1, 3), (2, 3), (0, 3)):
        part = primitives.part(start, stop).answers(p)
        np.testing.assert_array_equal(part.demand.lowest, whole.demand.lowest[start:stop])
        np.testing.assert_array_equal(part.supply.highest, whole.supply.highest[start:stop])


@pytest.mark.parametrize("rows", [slice(2, 6), np.array([1, 4, 5, 8])])
def test_block_between_rows_counts_rows_from_the_first(rows):
    numbers = np.arange(10)[rows]
    block = Block(UTILITIES["log"], rows, {"weights": numbers[:, None].astype(float)})
    part = block.between(4, 9)
    kept = numbers[(numbers >= 4) & (numbers < 9)]
    assert np.arange(5)[part.rows].tolist() == (kept - 4).tolist()
    assert part.parameters["weights"].ravel().tolist() == kept.tolist()
    assert block.between(9, 10) is None


def test_cost_beyond_capacity_is_infinite():
    primitives = trade()
    y = np.zeros((3, 2))
    y[2] = [0.0, 5.0]
    assert primitives.cost(y).tolist() == [0.0, 0.0, 10.0]
    y[2] = [0.0, 5.1]
    assert primitives.cost(y).tolist() == [0.0, 0.0, INF]
    y[:] = [[0.0, 0.1], [0.0, 0.0], [0.1, 0.0]]  # no agent can make these
    assert primitives.cost(y).tolist() == [INF, 0.0, INF]


def test_supply_is_unbounded_only_without_capacity_above_cost():
    unlimited = economy("quasilinear", linear=([[2.0]], [[INF]]))
    assert [unlimited.supply(np.array([p])).lowest[0, 0] for p in (1.9, 2.0, 2.1)] == [0.0, 0.0, INF]
    assert unlimited.profit(np.array([2.1]), np.array([[INF]])).tolist() == [INF]


@pytest.mark.parametrize(("numeraire", "prices"), [(1, [0.5, 1.0]), (None, [1 / 3, 2 / 3])])
def test_relative_prices_are_normalised_under_exchange(numeraire, prices):
    primitives = economy("exchange", log=[[1.0, 1.0]], numeraire=numeraire)
    np.testing.assert_allclose(primitives.normalise(np.array([2.0, 4.0])), prices)
    assert primitives.normalise(np.zeros(2)).tolist() == [0.0, 0.0]
    quasilinear = economy("quasilinear", log=[[1.0, 1.0]])
    assert quasilinear.normalise(np.array([2.0, 4.0])).tolist() == [2.0, 4.0]


def test_numeraire_at_a_price_of_zero_gives_way_to_the_sum():
    primitives = economy("exchange", log=[[1.0, 1.0]], numeraire=0)
    assert primitives.normalise(np.array([0.0, 4.0])).tolist() == [0.0, 1.0]


def test_utility_scale_changes_with_the_unit_of_utility():
    one = with_utility("quasilinear", LINEAR, {"weights": [[2.0], [0.0]]}, commons=[10.0])
    np.testing.assert_allclose(one.utility_scale, [10.0, 10.0])  # half of ten units at 2; the mean of others
    weights = {"weights": np.array([[200.0], [0.0]])}
    larger = replace(one, utilities=(replace(one.utilities[0], parameters=weights),))
    np.testing.assert_allclose(larger.utility_scale, [1000.0, 1000.0])


def test_indifference_prices_are_ascending_and_distinct():
    primitives = economy("quasilinear", linear=([[3.0, 1.0], [2.0, 1.0], [3.0, INF]], [[1.0, 1.0]] * 3))
    assert [prices.tolist() for prices in primitives.indifference_prices] == [[2.0, 3.0], [1.0]]
