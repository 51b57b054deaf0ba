"""Activity analysis: goods in fixed proportions at any level."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import scipy
from numpy.typing import NDArray

from market.economy.correspondences import Array, Correspondence
from market.economy.families.technologies.base import Conditions, Expression, Technology, ray
from market.registry import Parameter


class Activity(Technology):
    """y = t v at any level t >= 0: fixed proportions, constant returns."""

    name = "activity"
    parameters: ClassVar[dict[str, Parameter]] = {
        "netput": Parameter(
            "good",
            meaning="what one unit of the activity makes (positive) and uses (negative)",
            unit="units",
            low=-np.inf,
            absent=0.0,
            required=True,
        )
    }

    @classmethod
    def netput(cls, p: Array, *, netput: Array) -> Correspondence:
        """Any level where v.p = 0, none where it is negative.

        Example:
            Two hours of labour make a loaf. At a wage of 1 a loaf costs 2:

            >>> v = np.array([[1.0, -2.0]])
            >>> [Activity.netput(np.array([p, 1.0]), netput=v).joint.direction.tolist() for p in (1.9, 2.0)]
            [[[0.0, 0.0]], [[1.0, -2.0]]]
        """
        return ray(netput, p)

    @classmethod
    def unit_netput(cls, p: Array, *, netput: Array) -> Array:  # noqa: ARG003
        """The activity at level 1."""
        return netput

    @classmethod
    def substitution(cls, *, netput: Array) -> Array:
        """None."""
        return np.zeros(len(netput))

    @classmethod
    def cost_ratio(cls, p: Array, *, netput: Array) -> Array:
        """Inputs at p over outputs at p."""
        worth = np.maximum(netput, 0.0) @ p
        return np.divide(
            np.maximum(-netput, 0.0) @ p, worth, out=np.full_like(worth, np.inf), where=worth > 0
        )

    @classmethod
    def makes(cls, *, netput: Array) -> NDArray[np.bool_]:
        """Where v is positive."""
        return netput > 0

    @classmethod
    def uses(cls, *, netput: Array) -> NDArray[np.bool_]:
        """Where v is negative."""
        return netput < 0

    @classmethod
    def faults(cls, *, netput: Array) -> list[tuple[int, str]]:
        """Who makes something of nothing, or nothing of something."""
        wrong = ((netput > 0).any(axis=1) & ~(netput < 0).any(axis=1)) | ~(netput > 0).any(axis=1)
        message = "an activity needs an output, a positive number, and an input, a negative one"
        return [(int(i), message) for i in np.flatnonzero(wrong)]

    @classmethod
    def slack(cls, y: Array, *, netput: Array) -> Array:
        """The level is what the outputs ask for at least; inputs may be more than it needs."""
        needed = cls._level(y, netput)[:, None] * netput
        spare = np.where(netput < 0, needed - y, np.inf).min(axis=1)
        size = np.abs(y).max(axis=1, initial=0.0)
        share = np.divide(spare, size, out=np.zeros_like(size), where=np.isfinite(spare) & (size > 0))
        return np.where(((y > 0) & (netput <= 0)).any(axis=1), -np.inf, share)

    @staticmethod
    def _level(y: Array, netput: Array) -> Array:
        """The level with the least inputs that gives the outputs."""
        needed = np.divide(y, netput, out=np.zeros_like(y), where=netput > 0)
        return np.maximum(needed.max(axis=1, initial=0.0), 0.0)

    @classmethod
    def plenty(cls, there: Array, *, netput: Array) -> Array:
        """The level at which the first input is used up, times the outputs."""
        uses = netput < 0
        level = np.divide(there, -netput, out=np.full(netput.shape, np.inf), where=uses).min(axis=1)
        return np.multiply(level[:, None], netput, out=np.zeros_like(netput), where=netput > 0)

    @classmethod
    def conditions(cls, y: Array, *, netput: Array) -> Conditions:
        """v.p <= 0, and = 0 where it is used."""
        used = np.asarray((np.abs(y) > 0).any(axis=1))
        return Conditions(netput, used, np.arange(len(y)))

    @classmethod
    def in_units(cls, units: Array, *, netput: Array) -> dict[str, Array]:
        """V_g / k_g, and of the level at which the largest of them is 1: any level is as good."""
        counted = netput / units
        return {"netput": counted / np.abs(counted).max(axis=1, keepdims=True)}

    @classmethod
    def convex(cls, y: Expression, *, netput: Array) -> list[Expression]:
        """One level for each."""
        import cvxpy  # deferred here and below: takes a second to import, and only programmes need it

        level = cvxpy.Variable(len(netput), nonneg=True)
        return [y == scipy.sparse.diags(np.ones(len(netput))) @ cvxpy.multiply(level[:, None], netput)]
