"""Production with a constant elasticity of substitution between inputs, by the dual mean of input prices.

Source: Arrow, Chenery, Minhas and Solow (1961), "Capital-labor substitution and economic efficiency".
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import scipy
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.families.arithmetic import Expression, sum_by_agent
from market.economy.families.technologies.base import OUTPUT, SCALE, OneOutput, parts, product_cone
from market.registry import Parameter
from market.tolerances import LEAST_POSITIVE


class CesTechnology(OneOutput):
    """y_o = A (sum_h a_h z_h^rho)^(1/rho), rho = (sigma - 1) / sigma; constant returns."""

    name = "ces"
    parameters: ClassVar[dict[str, Parameter]] = {
        "output": OUTPUT,
        "scale": SCALE,
        "weights": Parameter(
            "good", meaning="weight a of each input", unit="none", absent=0.0, required=True
        ),
        "elasticity": Parameter(
            "agent",
            meaning="of substitution between inputs, sigma; at 1 it is Cobb-Douglas with shares a / sum a",
            unit="none",
            low=0.05,
            high=50.0,
        ),
    }

    @staticmethod
    def _rho(elasticity: Array) -> Array:
        """Return rho, (agents,); 0 where it is so near 0 that only a division by it would notice."""
        rho = (elasticity - 1.0) / elasticity
        return np.where(np.abs(rho) < 1e-7, 0.0, rho)

    @classmethod
    def _mean(cls, log_values: Array, weights: Array, power: Array) -> Array:
        """Return `(sum_h a_h v_h^r)^(1/r)` from log v, (agents,), r `power`; at r = 0 the geometric mean."""
        used = weights > 0
        share = np.where(used, weights, 1.0)
        flat = power == 0.0
        with np.errstate(invalid="ignore"):
            terms = np.log(share) + np.where(flat, 1.0, power)[:, None] * log_values
            summed = scipy.special.logsumexp(np.where(used, terms, -np.inf), axis=1) / np.where(
                flat, 1.0, power
            )
        logs = np.where(used, weights * np.where(used, log_values, 0.0), 0.0).sum(axis=1)
        geometric = logs / np.maximum(weights.sum(axis=1), LEAST_POSITIVE)
        with np.errstate(over="ignore"):
            return np.exp(np.where(flat, geometric, summed))

    @classmethod
    def constant(cls, *, scale: Array, weights: Array, elasticity: Array) -> NDArray[np.bool_]:
        """Return True for all agents."""
        return np.ones(len(scale), dtype=bool)

    @classmethod
    def substitution(cls, *, output: Array, scale: Array, weights: Array, elasticity: Array) -> Array:
        """Return sigma."""
        return elasticity

    @classmethod
    def uses(cls, *, output: Array, scale: Array, weights: Array, elasticity: Array) -> NDArray[np.bool_]:
        """Return a mask of goods with a weight."""
        return weights > 0

    @classmethod
    def production(cls, z: Array, *, scale: Array, weights: Array, elasticity: Array) -> Array:
        """Return `A (sum_h a_h z_h^rho)^(1/rho)`."""
        with np.errstate(divide="ignore"):
            return scale * cls._mean(np.log(z), weights, cls._rho(elasticity))

    @classmethod
    def product(cls, z: Array, *, scale: Array, weights: Array, elasticity: Array) -> Array:
        """Return `A^rho a_h (F / z_h)^(1 - rho)`."""
        rho = cls._rho(elasticity)[:, None]
        made = cls.production(z, scale=scale, weights=weights, elasticity=elasticity)[:, None]
        used = (weights > 0) & (z > 0)
        share = np.where(rho == 0.0, weights / weights.sum(axis=1, keepdims=True), weights)
        ratio = np.divide(made, z, out=np.ones_like(z), where=used)
        slopes = (
            np.exp(rho * np.log(scale)[:, None])
            * share
            * np.exp((1.0 - rho) * np.log(np.where(ratio > 0, ratio, 1.0)))
        )
        return np.where(used, slopes, np.where((weights > 0) & (z <= 0), np.inf, 0.0))

    @classmethod
    def unit_cost(cls, p: Array, *, scale: Array, weights: Array, elasticity: Array) -> tuple[Array, Array]:
        """Return `c(p) = (1/A) (sum_h a_h^sigma p_h^(1 - sigma))^(1/(1 - sigma))`, and the inputs.

        Inputs of one unit are `z_h = (1/A) (a_h A c / p_h)^sigma`.
        """
        rho = cls._rho(elasticity)
        sigma = np.where(rho == 0.0, 1.0, elasticity)[:, None]
        flat = rho == 0.0
        share = np.where(
            flat[:, None], weights / np.maximum(weights.sum(axis=1, keepdims=True), LEAST_POSITIVE), weights
        )
        used = weights > 0
        log_share = np.log(np.where(used, share, 1.0))
        power = np.where(flat, 1.0, 1.0 - sigma[:, 0])
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):  # log p of a free input is -inf
            log_p = np.log(np.where(used, p, 1.0))
            terms = np.where(used, sigma * log_share + (1.0 - sigma) * log_p, -np.inf)
            ces = scipy.special.logsumexp(terms, axis=1) / power
            flat_cost = np.where(used, share * (log_p - log_share), 0.0).sum(axis=1)
            log_cost = np.where(flat, flat_cost, ces)
            inputs = np.exp(sigma * (log_share + log_cost[:, None] - log_p)) / scale[:, None]
            return np.exp(log_cost) / scale, np.where(used, inputs, 0.0)

    @classmethod
    def in_units(
        cls, unit: Array, *, output: Array, scale: Array, weights: Array, elasticity: Array
    ) -> dict[str, Array]:
        """Return weights `a_h unit_h^rho / k`, k the largest of them, and scale `A k^(1/rho) / unit_o`."""
        rho, used = cls._rho(elasticity), weights > 0
        flat = rho == 0.0
        power = np.where(flat, 1.0, rho)
        log_weights = np.log(np.where(used, weights, 1.0)) + rho[:, None] * np.log(unit)
        log_weights = np.where(used, log_weights, -np.inf)
        largest = log_weights.max(axis=1)
        even = (weights @ np.log(unit)) / weights.sum(axis=1)
        log_scale = np.log(scale) + np.where(flat, even, largest / power) - output @ np.log(unit)
        counts = np.where(flat[:, None], weights, np.exp(log_weights - largest[:, None]))
        return {"output": output, "scale": np.exp(log_scale), "weights": counts, "elasticity": elasticity}

    @classmethod
    def convex(
        cls, y: Expression, *, output: Array, scale: Array, weights: Array, elasticity: Array
    ) -> list[Expression]:
        """Return power cones that describe the technology exactly.

        With `t = y_o / A` and `sum_h r_h = t`: `r_h <= a_h z_h^rho t^(1 - rho)` for `rho > 0`, and for
        `rho < 0` `r_h^(1/(1 + |rho|)) z_h^(|rho|/(1 + |rho|)) >= a_h^(1/(1 + |rho|)) t`.
        """
        import cvxpy

        made, z, constraints = parts(y, output, weights > 0)
        rho = cls._rho(elasticity)
        flat = rho == 0.0
        if flat.any():
            even = np.where(flat[:, None], weights / weights.sum(axis=1, keepdims=True), 0.0)
            constraints += product_cone(made, z, scale, even)
        agent, good = np.nonzero((weights > 0) & ~flat[:, None])
        if not len(agent):
            return constraints
        level = cvxpy.multiply(1.0 / scale, made)
        shares = cvxpy.Variable(len(agent), nonneg=True)
        curved = scipy.sparse.diags((~flat).astype(float))
        constraints.append(sum_by_agent(shares, agent, len(scale)) == curved @ level)
        power, weight = rho[agent], weights[agent, good]
        up, down = np.flatnonzero(power > 0), np.flatnonzero(power < 0)
        if len(up):
            stretched = cvxpy.multiply(weight[up] ** (1.0 / power[up]), z[agent[up], good[up]])
            constraints.append(cvxpy.PowCone3D(stretched, level[agent[up]], shares[up], power[up]))
        if len(down):
            bend = -power[down]
            shared = cvxpy.multiply(1.0 / weight[down], shares[down])
            constraints.append(
                cvxpy.PowCone3D(shared, z[agent[down], good[down]], level[agent[down]], 1.0 / (1.0 + bend))
            )
        return constraints
