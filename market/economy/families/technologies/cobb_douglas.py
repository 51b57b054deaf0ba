"""Production functions that are products of powers: Cobb-Douglas, and one input with decreasing returns.

Symbols are those of the package, with S the sum of an agent's shares. At decreasing returns, `S < 1`, the
first-order conditions `p_o s_h y / z_h = p_h` put back into `y = A prod_h z_h^s_h` give output and inputs; at
`S = 1` they give the proportions and the unit cost.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import scipy
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.families.arithmetic import Expression
from market.economy.families.technologies.base import (
    OUTPUT,
    SCALE,
    OneOutput,
    parts,
    product_cone,
    sum_of_shares,
)
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

    @classmethod
    def constant(cls, *, scale: Array, shares: Array) -> NDArray[np.bool_]:
        """Return a mask of agents with `S = 1`."""
        return sum_of_shares(shares) == 1.0

    @classmethod
    def faults(cls, *, output: Array, scale: Array, shares: Array) -> list[tuple[int, str]]:
        """List agents that `OneOutput` refuses, and those with increasing returns."""
        rising = np.flatnonzero(sum_of_shares(shares) > 1.0)
        message = "the shares sum to more than 1, increasing returns, at which there is no largest profit"
        return [
            *super().faults(output=output, scale=scale, shares=shares),
            *((int(i), message) for i in rising),
        ]

    @classmethod
    def substitution(cls, *, output: Array, scale: Array, shares: Array) -> Array:
        """Return 1."""
        return np.ones(len(scale))

    @classmethod
    def uses(cls, *, output: Array, scale: Array, shares: Array) -> NDArray[np.bool_]:
        """Return a mask of goods with a share."""
        return shares > 0

    @classmethod
    def production(cls, z: Array, *, scale: Array, shares: Array) -> Array:
        """Return `A prod_h z_h^s_h`."""
        return scale * np.exp(scipy.special.xlogy(shares, z).sum(axis=1))

    @classmethod
    def product(cls, z: Array, *, scale: Array, shares: Array) -> Array:
        """Return `s_h F / z_h`."""
        made = cls.production(z, scale=scale, shares=shares)
        return np.divide(shares * made[:, None], z, out=np.full_like(z, np.inf), where=z > 0)

    @classmethod
    def unit_cost(cls, p: Array, *, scale: Array, shares: Array) -> tuple[Array, Array]:
        """Return `c(p) = (1/A) prod_h (p_h / s_h)^s_h`, and inputs `s_h c / p_h` by Shephard's lemma."""
        used = shares > 0
        ratio = np.where(used, p, 1.0) / np.where(used, shares, 1.0)
        cost = np.exp(scipy.special.xlogy(shares, ratio).sum(axis=1)) / scale
        return cost, np.divide(shares * cost[:, None], p, out=np.zeros_like(shares), where=used & (p > 0))

    @classmethod
    def best(cls, price: Array, p: Array, *, scale: Array, shares: Array) -> tuple[Array, Array]:
        """Return `y = [A prod_h (s_h p_o / p_h)^s_h]^(1/(1 - S))` and `z_h = s_h p_o y / p_h`."""
        used, total = shares > 0, sum_of_shares(shares)
        falling = (total < 1.0) & (price > 0)
        worth = np.where(falling, price, 1.0)[:, None] * np.where(used, shares, 1.0) / np.where(used, p, 1.0)
        log_made = np.log(scale) + scipy.special.xlogy(shares, worth).sum(axis=1)
        power = np.where(falling, log_made / np.where(falling, 1.0 - total, 1.0), 0.0)
        with np.errstate(over="ignore"):
            made = np.where(falling, np.exp(power), 0.0)
            return made, np.where(used, worth * made[:, None], 0.0)

    @classmethod
    def in_units(cls, unit: Array, *, output: Array, scale: Array, shares: Array) -> dict[str, Array]:
        """Return the scale `A prod_h unit_h^s_h / unit_o`; shares do not change."""
        log_scale = np.log(scale) + (shares - output) @ np.log(unit)
        return {"output": output, "scale": np.exp(log_scale), "shares": shares}

    @classmethod
    def convex(cls, y: Expression, *, output: Array, scale: Array, shares: Array) -> list[Expression]:
        """Return `t <= A prod_h z_h^s_h` as a convex constraint; see `product_cone`."""
        made, z, constraints = parts(y, output, shares > 0)
        return [*constraints, *product_cone(made, z, scale, shares)]


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

    @classmethod
    def _as_shares(cls, *, input: Array, exponent: Array, **other: Array) -> dict[str, Array]:
        """Return the parameters of the Cobb-Douglas technology whose only share is the exponent."""
        return {**other, "shares": input * exponent[:, None]}

    @classmethod
    def constant(cls, *, input: Array, scale: Array, exponent: Array) -> NDArray[np.bool_]:
        """Return False for all agents."""
        return np.zeros(len(exponent), dtype=bool)

    @classmethod
    def substitution(cls, *, output: Array, input: Array, scale: Array, exponent: Array) -> Array:
        """Return 1: there is one input, and nothing to replace it by."""
        return np.ones(len(scale))

    @classmethod
    def uses(cls, *, output: Array, input: Array, scale: Array, exponent: Array) -> NDArray[np.bool_]:
        """Return a mask of the one input."""
        return input > 0

    @classmethod
    def production(cls, z: Array, **parameters: Array) -> Array:
        """Return `A z^s`."""
        return CobbDouglasTechnology.production(z, **cls._as_shares(**parameters))

    @classmethod
    def product(cls, z: Array, **parameters: Array) -> Array:
        """Return `s F / z`."""
        return CobbDouglasTechnology.product(z, **cls._as_shares(**parameters))

    @classmethod
    def unit_cost(cls, p: Array, **parameters: Array) -> tuple[Array, Array]:
        """Return numbers without meaning, as returns decrease; asked so that families answer alike."""
        return CobbDouglasTechnology.unit_cost(p, **cls._as_shares(**parameters))

    @classmethod
    def best(cls, price: Array, p: Array, **parameters: Array) -> tuple[Array, Array]:
        """Return output and input at which `A s p_o z^(s - 1) = p_h`."""
        return CobbDouglasTechnology.best(price, p, **cls._as_shares(**parameters))

    @classmethod
    def in_units(cls, unit: Array, **parameters: Array) -> dict[str, Array]:
        """Return the scale `A unit_h^s / unit_o`; input and exponent do not change."""
        scale = CobbDouglasTechnology.in_units(unit, **cls._as_shares(**parameters))["scale"]
        return {**parameters, "scale": scale}

    @classmethod
    def convex(cls, y: Expression, **parameters: Array) -> list[Expression]:
        """Return the constraints of Cobb-Douglas with one share."""
        return CobbDouglasTechnology.convex(y, **cls._as_shares(**parameters))
