"""A pool in this process: answers in the order of shards, errors of all of them, and an end."""

from __future__ import annotations

from contextlib import closing

import numpy as np
import pytest
from helpers.towns import town

from market.errors import InputError, UnboundedDemandError
from market.shards.pools import Here

P = np.array([0.5, 1.0])


def opened(*rows):
    pool = Here()
    pool.make(town(buyers=3, tasters=2), 0, rows)
    return pool


def test_demand_of_shards_adds_up_to_that_of_one():
    with closing(opened(range(2), range(2, 6))) as parts, closing(opened(range(6))) as whole:
        [all_of_it] = whole.tell("ask", p=P)
        first, second = parts.tell("ask", p=P)
        np.testing.assert_allclose(first.demand + second.demand, all_of_it.demand, rtol=1e-14)
        assert parts.names() == ["here", "here"]


def test_each_shard_has_its_own_arguments():
    with closing(opened(range(3), range(3))) as pool:
        one, other = pool.tell("ask", [{"p": P}, {"p": 2.0 * P}])
        assert (one.demand > other.demand).all()


def test_unbounded_demands_of_shards_are_one_error():
    with closing(opened(range(3), range(3))) as pool:
        given = [{"p": np.array([0.0, 1.0])}, {"p": np.array([1.0, 0.0])}]
        with pytest.raises(UnboundedDemandError) as caught:
            pool.tell("ask", given)
        assert caught.value.goods == (0, 1)


def test_a_closed_pool_holds_no_shards():
    pool = opened(range(3))
    pool.close()
    with pytest.raises(InputError, match="worker here of the cluster went away"):
        pool.tell("ask", p=P)
