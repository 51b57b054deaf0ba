"""Distributions."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.random_streams import generator
from market.scenario.distributions import DISTRIBUTIONS

MEANS = {
    "uniform": ({"low": 1.0, "high": 3.0}, 2.0),
    "normal": ({"mean": -1.0, "sd": 2.0}, -1.0),
    "lognormal": ({"mean": 0.5, "sigma": 0.5}, np.exp(0.5 + 0.125)),
    "exponential": ({"mean": 3.0}, 3.0),
    "pareto": ({"shape": 4.0, "scale": 3.0}, 4.0),  # shape scale / (shape - 1)
}


@pytest.mark.parametrize("family", DISTRIBUTIONS, ids=lambda family: family.name)
def test_the_mean_of_many_draws_is_the_one_in_the_textbook(family):
    parameters, mean = MEANS[family.name]
    drawn = family.draw(generator(0, family.name), 200_000, **parameters)
    assert drawn.shape == (200_000,)
    assert abs(drawn.mean() - mean) < 5 * drawn.std() / np.sqrt(200_000)
    assert family.fault(**parameters) is None


def test_pareto_draws_are_at_least_the_scale():
    assert DISTRIBUTIONS["pareto"].draw(generator(0), 1000, shape=0.5, scale=3.0).min() >= 3.0


def test_a_uniform_distribution_needs_low_up_to_high():
    uniform = DISTRIBUTIONS["uniform"]
    assert uniform.fault(low=2.0, high=1.0) == "low = 2 is above high = 1"
    assert uniform.fault(low=1.0, high=1.0) is None


@given(st.integers(0, 2**63 - 1), st.lists(st.text(max_size=5), max_size=3))
def test_a_generator_depends_on_the_seed_and_the_purpose_alone(seed, purpose):
    first = generator(seed, *purpose).random()
    assert generator(seed, *purpose).random() == first
    assert generator(seed, *purpose, "other").random() != first
