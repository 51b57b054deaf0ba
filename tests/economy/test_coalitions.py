"""Parts of an economy by agents: what they own, and which agents are alike."""

from __future__ import annotations

import numpy as np
from helpers.economies import economy
from helpers.strategies import SOAK, economies
from hypothesis import given, settings

from market.economy.coalitions import coalition, types, without


@settings(max_examples=20 * SOAK)
@given(economies(max_agents=5, max_goods=3))
def test_members_keep_utilities_costs_and_endowments(world):
    agents = len(world.agents)
    rows = np.arange(agents)[:: 2 if agents > 1 else 1]
    part = coalition(world, rows, 0.5)
    x = np.random.default_rng(0).uniform(0.5, 1.0, world.shape)
    y = np.minimum(world.capacity, 0.3)
    np.testing.assert_array_equal(part.utility(x[rows]), world.utility(x)[rows])
    np.testing.assert_array_equal(part.cost(y[rows]), world.cost(y)[rows])
    np.testing.assert_array_equal(part.owned, world.endowment[rows].sum(axis=0))
    np.testing.assert_array_equal(part.commons, 0.5 * world.commons)


def test_an_absent_agent_takes_its_endowment_and_leaves_the_commons():
    world = economy("quasilinear", log=[[1.0], [2.0]], commons=[3.0], endowment=[[4.0], [5.0]])
    np.testing.assert_array_equal(without(world, 0).resources, [8.0])
    assert without(world, 0).agents == ("agent1",)


def test_agents_are_alike_where_all_primitives_are():
    """Equal in everything; another weight; another endowment; a producer, and one with another capacity."""
    world = economy(
        "quasilinear",
        log=[[1.0], [2.0], [1.0], [1.0]],
        linear=([[1.0], [1.0], [1.0]], [[5.0], [6.0], [5.0]]),
        endowment=[[0.0], [0.0], [0.0], [1.0], [0.0], [-0.0], [0.0]],
    )
    assert types(world).tolist() == [0, 1, 0, 2, 3, 4, 3]
