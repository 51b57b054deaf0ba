"""Shards held by a process: errors come back as values, and other plays are released."""

import numpy as np
from helpers.towns import town

from market.shards import worker_state
from market.shards.worker_state import LostShard, Refusal, call, forget, forget_all_but, hold

ROWS = range(3)


def test_a_shard_is_called_until_its_play_is_released():
    hold("mine", 0, town(buyers=3, tasters=2), 0, ROWS)
    hold("other", 0, town(buyers=3, tasters=2), 0, ROWS)
    assert call("mine", 0, "ask", {"p": np.ones(2)}).demand.shape == (2,)
    forget_all_but(["mine"])
    assert call("other", 0, "ask", {"p": np.ones(2)}) == LostShard()
    forget("mine")
    assert call("mine", 0, "ask", {"p": np.ones(2)}) == LostShard()
    assert not worker_state._HELD


def test_an_unbounded_demand_comes_back_with_its_goods():
    hold("mine", 0, town(buyers=3, tasters=2), 0, ROWS)
    answer = call("mine", 0, "ask", {"p": np.array([0.0, 1.0])})
    forget("mine")
    assert isinstance(answer, Refusal)
    assert (answer.goods, answer.at_fault) == ((0,), False)
