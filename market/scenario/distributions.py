"""Distributions, from which a scenario's numbers can be drawn.

A distribution declares its parameters as a utility family does, so the scenario's keys, range checks and
schema follow from the class. To add one: a class here and its name in `DISTRIBUTIONS`.

The members of a group are drawn from several streams, `STREAM` neighbours from each, so that a member's
number can be drawn without drawing for all members before it, and does not depend on the range drawn.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import ClassVar

import numpy as np

from market.economy.correspondences import Array
from market.registry import Family, Parameter, Registry

STREAM = 1 << 16  # members of a group that are drawn from one stream


def _real(meaning: str) -> Parameter:
    return Parameter("agent", meaning, unit="", low=-math.inf)


def _positive(meaning: str) -> Parameter:
    return Parameter("agent", meaning, unit="", open_low=True)


class Distribution(Family):
    """Base of the distributions; all functions are pure except for the generator."""

    parameters: ClassVar[dict[str, Parameter]]

    @staticmethod
    def draw(rng: np.random.Generator, size: int, **parameters: float) -> Array:
        """Return independent draws, (size,)."""
        raise NotImplementedError

    @staticmethod
    def fault(**parameters: float) -> str | None:  # noqa: ARG004
        """Return the fault of the parameters taken together, or None."""
        return None


class Uniform(Distribution):
    """Uniform from low to high."""

    name = "uniform"
    parameters: ClassVar[dict[str, Parameter]] = {
        "low": _real("the least value"),
        "high": _real("the greatest"),
    }

    @staticmethod
    def draw(rng: np.random.Generator, size: int, *, low: float, high: float) -> Array:  # type: ignore[override]
        """Return draws in [low, high)."""
        return rng.uniform(low, high, size)

    @staticmethod
    def fault(*, low: float, high: float) -> str | None:  # type: ignore[override]
        """Refuse `low > high`."""
        return f"low = {low:g} is above high = {high:g}; exchange them" if low > high else None


class Normal(Distribution):
    """Normal with a mean and a standard deviation."""

    name = "normal"
    parameters: ClassVar[dict[str, Parameter]] = {
        "mean": _real("the mean"),
        "sd": Parameter("agent", "the standard deviation", unit=""),
    }

    @staticmethod
    def draw(rng: np.random.Generator, size: int, *, mean: float, sd: float) -> Array:  # type: ignore[override]
        """Return draws, which may be negative."""
        return rng.normal(mean, sd, size)


class Lognormal(Distribution):
    """Lognormal: the logarithm is normal with the mean and standard deviation given."""

    name = "lognormal"
    parameters: ClassVar[dict[str, Parameter]] = {
        "mean": _real("the mean of the logarithm; exp(mean) is the median"),
        "sigma": Parameter("agent", "the standard deviation of the logarithm", unit=""),
    }

    @staticmethod
    def draw(rng: np.random.Generator, size: int, *, mean: float, sigma: float) -> Array:  # type: ignore[override]
        """Return draws > 0."""
        return rng.lognormal(mean, sigma, size)


class Exponential(Distribution):
    """Exponential with a mean."""

    name = "exponential"
    parameters: ClassVar[dict[str, Parameter]] = {"mean": _positive("the mean")}

    @staticmethod
    def draw(rng: np.random.Generator, size: int, *, mean: float) -> Array:  # type: ignore[override]
        """Return draws >= 0."""
        return rng.exponential(mean, size)


class Pareto(Distribution):
    """Pareto: P(X > x) = (scale / x)^shape for x >= scale."""

    name = "pareto"
    parameters: ClassVar[dict[str, Parameter]] = {
        "shape": _positive("how thin the tail is; the mean is finite above 1"),
        "scale": _positive("the least value"),
    }

    @staticmethod
    def draw(rng: np.random.Generator, size: int, *, shape: float, scale: float) -> Array:  # type: ignore[override]
        """Return draws >= scale; numpy draws the excess over it, in units of it."""
        with np.errstate(over="ignore"):
            return (rng.pareto(shape, size) + 1.0) * scale


DISTRIBUTIONS: Registry[Distribution] = Registry(
    "distribution", Uniform, Normal, Lognormal, Exponential, Pareto
)


def split_by_stream(members: range) -> Iterator[range]:
    """Split members of a group into ranges that share a random stream.

    Example:
        >>> [len(some) for some in split_by_stream(range(65_530, 65_540))]
        [6, 4]
    """
    start = members.start
    while start < members.stop:
        stop = min(members.stop, (start // STREAM + 1) * STREAM)
        yield range(start, stop)
        start = stop


def draw(
    distribution: type[Distribution],
    rng: Callable[[int], np.random.Generator],
    members: range,
    **parameters: float,
) -> Array:
    """Return the draws of a range of members of a group, (members,).

    Args:
        distribution: to draw from.
        rng: returns a new generator of a stream of the group, by the stream's number.
        members: their numbers in the group; all of one stream.
        parameters: of the distribution.
    """
    stream, before = divmod(members.start, STREAM)
    return distribution.draw(rng(stream), before + len(members), **parameters)[before:]
