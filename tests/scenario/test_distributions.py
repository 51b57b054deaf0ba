"""Distributions."""

from __future__ import annotations

import itertools
from contextlib import suppress

import numpy as np
import pytest

from market.errors import InputError
from market.random_streams import generator
from market.scenario.building import build
from market.scenario.distributions import DISTRIBUTIONS, STREAM, draw, split_by_stream
from market.scenario.loading import loads

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
    assert uniform.fault(low=2.0, high=1.0) == "low = 2 is above high = 1; exchange them"
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


SCENARIO = """
schema = 1
economy = "quasilinear"
goods = ["water"]
commons.water = 10
agents = [{{ name = "alpha", count = 3, utility = {{ family = "linear", weights = {{ water = {} }} }} }}]
mechanisms = [{{ name = "prices", kind = "auctioneer" }}]
"""
EXTREMES = ("-0.0", "0.0", "-1", "1", "700", "1e100", "-1e100", "1e-100", "1e-320", "nan", "inf", "[]", '"x"')


@pytest.mark.parametrize("family", DISTRIBUTIONS, ids=lambda family: family.name)
def test_parameters_of_any_kind_give_draws_or_a_message(family):
    """Faults B5: numpy refuses -0.0 as a negative scale."""
    for values in itertools.product(EXTREMES, repeat=len(family.parameters)):
        written = ", ".join(f"{key} = {value}" for key, value in zip(family.parameters, values, strict=True))
        with suppress(InputError):
            build(loads(SCENARIO.format(f'{{ dist = "{family.name}", {written} }}')))


@pytest.mark.parametrize(
    "written",
    [
        '{ dist = "uniform", low = 0.0, high = -0.0 }',
        '{ dist = "normal", mean = 0, sd = -0.0 }',
        '{ dist = "lognormal", mean = 1, sigma = -0.0 }',
    ],
)
def test_negative_zero_is_zero(written):
    drawn = build(loads(SCENARIO.format(written))).utilities[0].parameters["weights"]
    expected = np.e if "lognormal" in written else 0.0
    np.testing.assert_allclose(drawn, np.full((3, 1), expected))
    assert not np.signbit(drawn).any()
