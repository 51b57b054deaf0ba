"""Distributions."""

from __future__ import annotations

import numpy as np
import pytest

from market.random_streams import generator
from market.scenario.distributions import DISTRIBUTIONS, STREAM, draw, split_by_stream

MEANS = {
    "uniform": ({"low": 1.0, "high": 3.0}, 2.0),
    "normal": ({"mean": -1.0, "sd": 2.0}, -1.0),
    "lognormal": ({"mean": 0.5, "sigma": 0.5}, np.exp(0.5 + 0.125)),
    "exponential": ({"mean": 3.0}, 3.0),
    "pareto": ({"shape": 4.0, "scale": 3.0}, 4.0),  # shape scale / (shape - 1)
}


@pytest.mark.parametrize("family", DISTRIBUTIONS, ids=lambda family: family.name)
def test_mean_of_many_draws_equals_the_textbook_mean(family):
    parameters, mean = MEANS[family.name]
    drawn = family.draw(generator(0, family.name), 200_000, **parameters)
    assert drawn.shape == (200_000,)
    assert abs(drawn.mean() - mean) < 5 * drawn.std() / np.sqrt(200_000)
    assert family.fault(**parameters) is None


def test_pareto_draws_are_at_least_the_scale():
    assert DISTRIBUTIONS["pareto"].draw(generator(0), 1000, shape=0.5, scale=3.0).min() >= 3.0


def test_uniform_refuses_low_above_high():
    uniform = DISTRIBUTIONS["uniform"]
    assert uniform.fault(low=2.0, high=1.0) == "low = 2 is above high = 1"
    assert uniform.fault(low=1.0, high=1.0) is None


def test_draws_of_a_member_do_not_depend_on_the_range_drawn():
    """Members on both sides of the border between two streams."""
    members = range(STREAM - 3, STREAM + 3)

    def drawn(some):
        parts = (
            draw(
                DISTRIBUTIONS["normal"],
                lambda stream: generator(0, "x", stream=stream),
                part,
                mean=0.0,
                sd=1.0,
            )
            for part in split_by_stream(some)
        )
        return np.concatenate(list(parts))

    np.testing.assert_array_equal(drawn(range(members.stop))[-6:], drawn(members))
    np.testing.assert_array_equal(drawn(members)[2:4], drawn(members[2:4]))
