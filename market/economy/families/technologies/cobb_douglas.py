"""Production functions that are products of powers: Cobb-Douglas, and one input with decreasing returns."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import scipy
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.families.technologies.base import OUTPUT, SCALE, Expression, OneOutput, by_agent, parts
from market.registry import Parameter


class CobbDouglasTechnology(OneOutput):
    """y_o = A prod_h z_h^s_h; shares that sum to 1 are constant returns, to less decreasing."""

    name = "cobb_douglas"
    parameters: ClassVar[dict[str, Parameter]] = {
        "output": OUTPUT,
        "scale": SCALE,
        "shares": Parameter(
            "good",
            meaning="exponent of each input; their sum is at most 1",
            unit="none",
            high=1.0,
            absent=0.0,
            required=True,
        ),
    }

    @staticmethod
    def _sum(shares: Array) -> Array:
        """The sum of the shares, 1 if it is so up to rounding."""
        total: Array = shares.sum(axis=1)
        return np.where(np.abs(total - 1.0) <= 1e-9, 1.0, total)

    @classmethod
    def constant(cls, *, scale: Array, shares: Array) -> NDArray[np.bool_]:  # noqa: ARG003
        """Shares that sum to one."""
        return cls._sum(shares) == 1.0

    @classmethod
    def faults(cls, *, output: Array, scale: Array, shares: Array) -> list[tuple[int, str]]:
        """Who has increasing returns, too."""
        rising = np.flatnonzero(cls._sum(shares) > 1.0)
        message = "the shares sum to more than 1, increasing returns, at which there is no largest profit"
        return [
            *super().faults(output=output, scale=scale, shares=shares),
            *((int(i), message) for i in rising),
        ]

    @classmethod
    def substitution(cls, *, output: Array, scale: Array, shares: Array) -> Array:  # noqa: ARG003
        """One."""
        return np.ones(len(scale))

    @classmethod
    def uses(cls, *, output: Array, scale: Array, shares: Array) -> NDArray[np.bool_]:  # noqa: ARG003
        """Goods with a share."""
        return shares > 0

    @classmethod
    def production(cls, z: Array, *, scale: Array, shares: Array) -> Array:
        """A prod z^s."""
        return scale * np.exp(scipy.special.xlogy(shares, z).sum(axis=1))

    @classmethod
    def product(cls, z: Array, *, scale: Array, shares: Array) -> Array:
        """s_h F / z_h."""
        made = cls.production(z, scale=scale, shares=shares)
        return np.divide(shares * made[:, None], z, out=np.full_like(z, np.inf), where=z > 0)

    @classmethod
    def unit_cost(cls, p: Array, *, scale: Array, shares: Array) -> tuple[Array, Array]:
        """C(p) = (1/A) prod (p_h / s_h)^s_h; inputs s_h c / p_h by Shephard's lemma."""
        used = shares > 0
        ratio = np.where(used, p, 1.0) / np.where(used, shares, 1.0)
        cost = np.exp(scipy.special.xlogy(shares, ratio).sum(axis=1)) / scale
        return cost, np.divide(shares * cost[:, None], p, out=np.zeros_like(shares), where=used & (p > 0))

    @classmethod
    def best(cls, price: Array, p: Array, *, scale: Array, shares: Array) -> tuple[Array, Array]:
        """z_h = s_h p_o y / p_h, so y = [A prod (s_h p_o / p_h)^s_h]^(1/(1 - S))."""
        used, total = shares > 0, cls._sum(shares)
        falling = (total < 1.0) & (price > 0)
        worth = np.where(falling, price, 1.0)[:, None] * np.where(used, shares, 1.0) / np.where(used, p, 1.0)
        log_made = np.log(scale) + scipy.special.xlogy(shares, worth).sum(axis=1)
        power = np.where(falling, log_made / np.where(falling, 1.0 - total, 1.0), 0.0)
        with np.errstate(over="ignore"):
            made = np.where(falling, np.exp(power), 0.0)
            return made, np.where(used, worth * made[:, None], 0.0)

    @classmethod
    def in_units(cls, unit: Array, *, output: Array, scale: Array, shares: Array) -> dict[str, Array]:
        """The scale A prod_h unit_h^s_h / unit_o."""
        log_scale = np.log(scale) + (shares - output) @ np.log(unit)
        return {"output": output, "scale": np.exp(log_scale), "shares": shares}

    @classmethod
    def convex(cls, y: Expression, *, output: Array, scale: Array, shares: Array) -> list[Expression]:
        """T <= A prod z^s as sum s_h t log(t / z_h) + (1 - S) t log t <= t log A, convex for S <= 1."""
        made, z, constraints = parts(y, output, shares > 0)
        return [*constraints, *cls.cone(made, z, scale, shares)]

    @classmethod
    def cone(cls, made: Expression, z: Expression, scale: Array, shares: Array) -> list[Expression]:
        """The same for those with shares, given output and inputs apart."""
        import cvxpy

        agent, good = np.nonzero(shares)
        terms = cvxpy.multiply(shares[agent, good], cvxpy.rel_entr(made[agent], z[agent, good]))
        who = np.unique(agent)
        spare = np.maximum(1.0 - cls._sum(shares), 0.0)[who]
        rest = cvxpy.multiply(spare, cvxpy.rel_entr(made[who], np.ones(len(who))))
        total = by_agent(agent, len(shares))[who] @ terms
        return [total + rest <= cvxpy.multiply(np.log(scale[who]), made[who])]


class PowerTechnology(OneOutput):
    """y_o = A z^s of one input, with s < 1: decreasing returns."""

    name = "power"
    parameters: ClassVar[dict[str, Parameter]] = {
        "output": OUTPUT,
        "input": Parameter("one good", meaning="what is used", unit="good", absent=None),
        "scale": SCALE,
        "exponent": Parameter(
            "agent",
            meaning="s, less than 1",
            unit="none",
            absent=None,
            open_low=True,
            high=1.0,
            open_high=True,
        ),
    }

    @staticmethod
    def _shares(input: Array, exponent: Array) -> Array:
        return input * exponent[:, None]

    @classmethod
    def constant(cls, *, input: Array, scale: Array, exponent: Array) -> NDArray[np.bool_]:  # noqa: ARG003
        """Nobody."""
        return np.zeros(len(exponent), dtype=bool)

    @classmethod
    def substitution(cls, *, output: Array, input: Array, scale: Array, exponent: Array) -> Array:  # noqa: ARG003
        """One: there is one input, and nothing to replace it by."""
        return np.ones(len(scale))

    @classmethod
    def uses(cls, *, output: Array, input: Array, scale: Array, exponent: Array) -> NDArray[np.bool_]:  # noqa: ARG003
        """The one input."""
        return input > 0

    @classmethod
    def production(cls, z: Array, *, input: Array, scale: Array, exponent: Array) -> Array:
        """A z^s."""
        return CobbDouglasTechnology.production(z, scale=scale, shares=cls._shares(input, exponent))

    @classmethod
    def product(cls, z: Array, *, input: Array, scale: Array, exponent: Array) -> Array:
        """S F / z."""
        return CobbDouglasTechnology.product(z, scale=scale, shares=cls._shares(input, exponent))

    @classmethod
    def unit_cost(cls, p: Array, *, input: Array, scale: Array, exponent: Array) -> tuple[Array, Array]:
        """Without a meaning where returns decrease; asked only so that families answer alike."""
        return CobbDouglasTechnology.unit_cost(p, scale=scale, shares=cls._shares(input, exponent))

    @classmethod
    def best(
        cls, price: Array, p: Array, *, input: Array, scale: Array, exponent: Array
    ) -> tuple[Array, Array]:
        """A s p_o z^(s - 1) = p_h."""
        return CobbDouglasTechnology.best(price, p, scale=scale, shares=cls._shares(input, exponent))

    @classmethod
    def in_units(
        cls, unit: Array, *, output: Array, input: Array, scale: Array, exponent: Array
    ) -> dict[str, Array]:
        """As for Cobb-Douglas."""
        shares = cls._shares(input, exponent)
        counts = CobbDouglasTechnology.in_units(unit, output=output, scale=scale, shares=shares)
        return {"output": output, "input": input, "scale": counts["scale"], "exponent": exponent}

    @classmethod
    def convex(
        cls,
        y: Expression,
        *,
        output: Array,
        input: Array,
        scale: Array,
        exponent: Array,
    ) -> list[Expression]:
        """As for Cobb-Douglas."""
        return CobbDouglasTechnology.convex(
            y, output=output, scale=scale, shares=cls._shares(input, exponent)
        )
