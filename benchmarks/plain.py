"""Utilities, costs and technologies written down once more, one agent at a time, for `audit.py`.

Nothing of the package is called but the arrays of an economy. Slopes of utilities are those of `evidence.py`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator

import numpy as np

from benchmarks.evidence import SLOPES
from market.economy.correspondences import Array
from market.economy.primitives import Economy

STEEP = 1e9  # a slope that is infinite counts as this multiple of the largest finite one, or of 1


def agents_of(economy: Economy, blocks: str) -> Iterator[tuple[int, str, dict[str, Array]]]:
    """Yield row, family and parameters of each agent of `utilities`, `costs` or `technologies`."""
    for block in getattr(economy, blocks):
        for k, i in enumerate(np.arange(len(economy.agents))[block.rows]):
            yield int(i), block.family.name, {name: array[k] for name, array in block.parameters.items()}


def utilities(economy: Economy, x: Array) -> Array:
    """Return u, (agents,); 0 for agents that want nothing."""
    found = np.zeros(len(economy.agents))
    for i, family, given in agents_of(economy, "utilities"):
        found[i] = utility(family, given, x[i])
    return found


def utility(family: str, given: dict[str, Array], x: Array) -> float:
    """Return the utility of a bundle."""
    if family == "separable":
        return sum(_separable({key: array[g] for key, array in given.items()}, x[g]) for g in range(len(x)))
    a = given["weights"]
    wanted = np.flatnonzero(a > 0)
    if family == "leontief":
        return min((float(x[g] / a[g]) for g in wanted), default=0.0)
    if family == "cobb_douglas":
        return math.prod(float(x[g] ** a[g]) for g in wanted)
    if family == "ces":
        return _ces(a[wanted], x[wanted], float(given["elasticity"]))
    return sum(_term(family, given, float(a[g]), float(x[g]), g) for g in wanted)


def _term(family: str, given: dict[str, Array], a: float, x: float, g: int) -> float:
    if family == "log1p":
        return a * math.log1p(x)
    if family == "linear":
        return a * x
    if family == "quadratic":
        return _up_to_bliss(a, float(given["slope"][g]), x)
    if family == "crra":
        eta = float(given["risk_aversion"])
        return _logarithm(a, x) if eta == 1.0 else _power(a, 1.0 - eta, x)
    return _logarithm(a, x - (float(given["subsistence"][g]) if family == "stone_geary" else 0.0))


def _logarithm(a: float, x: float) -> float:
    return a * math.log(x) if x > 0 else -math.inf


def _power(a: float, exponent: float, x: float) -> float:
    if x <= 0:
        return -math.inf if exponent < 0 else 0.0
    return a * x**exponent / exponent


def _up_to_bliss(a: float, slope: float, x: float) -> float:
    amount = min(x, a / slope) if slope > 0 else x
    return a * amount - slope * amount**2 / 2.0


def _separable(given: dict[str, Array], x: float) -> float:
    total = float(given["linear_weight"]) * x + float(given["log1p_weight"]) * math.log1p(x)
    if given["log_weight"] > 0:
        total += _logarithm(float(given["log_weight"]), x)
    if given["power_weight"] > 0:
        total += _power(float(given["power_weight"]), float(given["power_exponent"]), x)
    if given["exponential_weight"] > 0:
        total -= float(given["exponential_weight"]) * math.expm1(-x / float(given["exponential_scale"]))
    if given["quadratic_weight"] > 0:
        total += _up_to_bliss(float(given["quadratic_weight"]), float(given["quadratic_slope"]), x)
    return total


def _ces(a: Array, x: Array, elasticity: float) -> float:
    if not len(a):
        return 0.0
    if abs(elasticity - 1.0) < 1e-9:
        return math.prod(float(x[g] ** (a[g] / a.sum())) for g in range(len(a)))
    rho = (elasticity - 1.0) / elasticity
    if rho < 0 and (x <= 0).any():
        return 0.0
    used = x > 0
    if not used.any():
        return 0.0
    logs = np.log(a[used]) + rho * np.log(x[used])
    return float(np.exp((logs.max() + np.log(np.exp(logs - logs.max()).sum())) / rho))


def slopes(economy: Economy, x: Array) -> Array:
    """Return du/dx, (agents, goods); infinite slopes are large, and Leontief utilities have none."""
    found = np.zeros_like(x)
    for i, family, given in agents_of(economy, "utilities"):
        if family == "leontief":
            continue
        wanted = (
            given["weights"] > 0
            if "weights" in given
            else np.any([array > 0 for key, array in given.items() if key.endswith("_weight")], axis=0)
        )
        with np.errstate(all="ignore"):
            v = SLOPES[family](
                x[i][wanted],
                **{key: array[wanted] if np.ndim(array) else array for key, array in given.items()},
            )
        finite = v[np.isfinite(v)]
        found[i, wanted] = np.where(np.isfinite(v), v, STEEP * max(finite.max(initial=0.0), 1.0))
    return found


def costs(economy: Economy, y: Array) -> Array:
    """Return C, (agents,), money."""
    found = np.zeros(len(economy.agents))
    for i, _, given in agents_of(economy, "costs"):
        c = np.where(y[i] > 0, given["unit_cost"], 0.0)
        if "exponent" in given:
            found[i] = float((c * np.maximum(y[i], 0.0) ** given["exponent"]).sum())
        else:
            slope = given.get("slope", np.zeros(len(c)))
            slope = np.where(y[i] > 0, slope, 0.0)
            found[i] = float((c * y[i] + slope * y[i] ** 2 / 2.0).sum())
    return found


def marginal_costs(economy: Economy, y: Array) -> tuple[Array, Array]:
    """Return marginal costs and capacities, both (agents, goods); capacity 0 where none can be made."""
    marginal, most = np.zeros_like(y), np.zeros_like(y)
    for i, _, given in agents_of(economy, "costs"):
        c = given["unit_cost"]
        able = np.isfinite(c)
        most[i] = np.where(able, given["capacity"], 0.0)
        if "exponent" in given:
            a = given["exponent"]
            v = a * np.where(able, c, 0.0) * np.maximum(y[i], 0.0) ** (a - 1.0)
        else:
            v = np.where(able, c, 0.0) + given.get("slope", np.zeros(len(c))) * y[i]
        marginal[i] = np.where(able, v, 0.0)
    return marginal, most


def output(family: str, given: dict[str, Array], used: Array) -> float:
    """Return the most that a technology makes of its good from inputs; of an activity, its level.

    Args:
        family: of the technology.
        given: its parameters.
        used: (goods,), inputs, units.
    """
    if family == "activity":
        v = given["netput"]
        return float(min((used[g] / -v[g] for g in np.flatnonzero(v < 0)), default=0.0))
    scale = float(given["scale"])
    if family == "ces":
        return scale * _ces(
            given["weights"][given["weights"] > 0], used[given["weights"] > 0], float(given["elasticity"])
        )
    if family == "power":
        return scale * float(used[given["input"] > 0].sum() ** float(given["exponent"]))
    shares = given["shares"]
    return scale * math.prod(float(used[g] ** shares[g]) for g in np.flatnonzero(shares > 0))


def netput(family: str, given: dict[str, Array], used: Array) -> Array:
    """Return what a technology makes from inputs at best, (goods,), with inputs below zero."""
    made = output(family, given, used)
    if family == "activity":
        return made * given["netput"]
    return given["output"] * made - used
