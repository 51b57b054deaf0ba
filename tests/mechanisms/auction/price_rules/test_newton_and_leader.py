"""The rules that ask: Newton's method and the leader, at corners and jumps too."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.economies import CES, LEONTIEF, economy, references, with_utility

from market.mechanisms import Auction, play
from market.mechanisms.auction.price_rules import Leader, Newton
from market.outcome import Status

ASKING = [Newton, Leader]


@pytest.mark.parametrize("rule", ASKING)
@pytest.mark.parametrize("name", references())
def test_the_reference_economies_clear_at_their_prices(rule, name):
    """Constant costs, capacities, unwanted goods, water-filling: jumps and corners."""
    reference = references()[name]
    outcome = play(Auction("prices", rule(), max_rounds=100), reference.economy)
    assert outcome.status is Status.CLEARED, outcome.reason
    np.testing.assert_allclose(outcome.prices, reference.prices, rtol=1e-7, atol=1e-12)


def test_newton_doubles_the_right_digits():
    draw, agents, goods = np.random.default_rng(2), 8, 5
    primitives = with_utility(
        "exchange",
        CES,
        {"weights": draw.dirichlet(np.ones(goods), agents), "elasticity": np.full(agents, 3.0)},
        endowment=draw.uniform(0.5, 2.0, (agents, goods)),
    )
    sizes = []
    player = Auction("prices", Newton(), tolerance=1e-14, max_rounds=8)
    play(player, primitives, observe=lambda state: sizes.append(state.last.imbalance.disequilibrium))
    late = [n for n, size in enumerate(sizes[:-1]) if 1e-6 < size < 1e-2]
    assert late
    assert all(sizes[n + 1] < 10 * sizes[n] ** 1.7 for n in late)


@pytest.mark.parametrize("rule", ASKING)
def test_a_good_that_turns_out_free_is_left_out_of_the_system(rule):
    """Left and right shoes in pairs, three left for two right: the left ones are free, u = 2 in all."""
    shoes = {"weights": [[1.0, 1.0], [1.0, 1.0]]}
    primitives = with_utility("fisher", LEONTIEF, shoes, commons=[3.0, 2.0], budget=[1.0, 3.0])
    outcome = play(Auction("prices", rule(), max_rounds=200), primitives)
    assert outcome.status is Status.CLEARED, outcome.reason
    np.testing.assert_allclose(outcome.prices, [0.0, 2.0], atol=1e-12)
    np.testing.assert_allclose(outcome.consumption[:, 1], [0.5, 1.5])


def test_newton_asks_once_a_good_and_for_the_line_search():
    primitives = economy("quasilinear", log=[[1.0, 2.0, 3.0]], commons=[1.0, 1.0, 1.0])
    outcome = play(Auction("prices", Newton()), primitives)
    adjustments = outcome.rounds - 1
    asked = outcome.evidence["demand_queries"] - outcome.rounds
    assert 3 * adjustments < asked <= (3 + 8) * adjustments
