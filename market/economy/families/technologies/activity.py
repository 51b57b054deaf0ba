"""Activity analysis: goods in fixed proportions v at any level t.

Source: Koopmans (1951), *Activity Analysis of Production and Allocation*, chapter 3.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import scipy
from numpy.typing import NDArray

from market.economy.correspondences import Array, Correspondence
from market.economy.families.arithmetic import Expression
from market.economy.families.technologies.base import Conditions, Technology, ray
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
        """Return every level where `v.p = 0`, level 0 where it is negative, inf where positive.

        Example:
            Two hours of labour make a loaf. At a wage of 1 a loaf costs 2:

            >>> v = np.array([[1.0, -2.0]])
            >>> [Activity.netput(np.array([p, 1.0]), netput=v).joint.direction.tolist() for p in (1.9, 2.0)]
            [[[0.0, 0.0]], [[1.0, -2.0]]]
        """
        return ray(netput, p)

    @classmethod
    def unit_netput(cls, p: Array, *, netput: Array) -> Array:
        """Return the activity at level 1, v."""
        return netput

    @classmethod
    def substitution(cls, *, netput: Array) -> Array:
        """Return 0: proportions are fixed."""
        return np.zeros(len(netput))

    @classmethod
    def cost_ratio(cls, p: Array, *, netput: Array) -> Array:
        """Return inputs at p over outputs at p, (agents,); inf where outputs are free."""
        worth = np.maximum(netput, 0.0) @ p
        return np.divide(
            np.maximum(-netput, 0.0) @ p, worth, out=np.full_like(worth, np.inf), where=worth > 0
        )

    @classmethod
    def makes(cls, *, netput: Array) -> NDArray[np.bool_]:
        """Return a mask of goods with `v_g > 0`."""
        return netput > 0

    @classmethod
    def uses(cls, *, netput: Array) -> NDArray[np.bool_]:
        """Return a mask of goods with `v_g < 0`."""
        return netput < 0

    @classmethod
    def faults(cls, *, netput: Array) -> list[tuple[int, str]]:
        """List activities without an output or without an input."""
        wrong = ((netput > 0).any(axis=1) & ~(netput < 0).any(axis=1)) | ~(netput > 0).any(axis=1)
        message = "an activity needs an output, a positive number, and an input, a negative one"
        return [(int(i), message) for i in np.flatnonzero(wrong)]

    @classmethod
    def slack(cls, y: Array, *, netput: Array) -> Array:
        """Return the smallest excess of inputs over the needs of the outputs, relative to the netput."""
        needed = cls._level(y, netput)[:, None] * netput
        spare = np.where(netput < 0, needed - y, np.inf).min(axis=1)
        size = np.abs(y).max(axis=1, initial=0.0)
        share = np.divide(spare, size, out=np.zeros_like(size), where=np.isfinite(spare) & (size > 0))
        return np.where(((y > 0) & (netput <= 0)).any(axis=1), -np.inf, share)

    @staticmethod
    def _level(y: Array, netput: Array) -> Array:
        """Return the lowest level that gives the outputs, (agents,)."""
        needed = np.divide(y, netput, out=np.zeros_like(y), where=netput > 0)
        return np.maximum(needed.max(axis=1, initial=0.0), 0.0)

    @classmethod
    def plenty(cls, there: Array, *, netput: Array) -> Array:
        """Return outputs at the level at which the first input is used up."""
        uses = netput < 0
        level = np.divide(there, -netput, out=np.full(netput.shape, np.inf), where=uses).min(axis=1)
        return np.multiply(level[:, None], netput, out=np.zeros_like(netput), where=netput > 0)

    @classmethod
    def conditions(cls, y: Array, *, netput: Array) -> Conditions:
        """Return `v.p <= 0`, and `= 0` for activities in use."""
        used = np.asarray((np.abs(y) > 0).any(axis=1))
        return Conditions(netput, used, np.arange(len(y)))

    @classmethod
    def in_units(cls, unit: Array, *, netput: Array) -> dict[str, Array]:
        """Return `v_g / unit_g`, scaled so that the largest is 1: scale does not matter to a ray."""
        counted = netput / unit
        return {"netput": counted / np.abs(counted).max(axis=1, keepdims=True)}

    @classmethod
    def convex(cls, y: Expression, *, netput: Array) -> list[Expression]:
        """Return `y = t v` with a level `t >= 0` for each agent."""
        import cvxpy  # deferred here and below: takes a second to import, and only programmes need it

        level = cvxpy.Variable(len(netput), nonneg=True)
        return [y == scipy.sparse.diags(np.ones(len(netput))) @ cvxpy.multiply(level[:, None], netput)]
