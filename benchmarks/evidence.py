"""Conditions of an equilibrium, recomputed from the primitives one agent at a time, in plain formulas.

Nothing of the package is called but the arrays of an economy and of an outcome: every utility's slopes are
written down again here, and no demand function is used at all. Bundles are judged by first-order conditions,
which for concave utilities are enough: with slopes v_g of utility (of its logarithm where only order
matters), prices p and money worth mu at the margin,

    v_g <= mu p_g, and v_g = mu p_g where some of the good is consumed,

mu = 1 with quasilinear money unless the budget is spent, and whatever fits where money can only be spent.
Reported is by how much that fails, in shares of what is spent; Leontief utilities, which have no slopes, are
compared with the most that the same money buys. Producers are judged likewise, by marginal cost.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.outcome import Outcome

NOTHING = 1e-9  # of all there is of a good: consumption up to that counts as none


@dataclass(frozen=True)
class Evidence:
    """Deviations of an outcome from an equilibrium at its prices.

    Args:
        imbalance: largest excess of use over supply, or of supply over use at a positive price, relative.
        consumers: largest failure of a consumer's conditions, as a share of its spending.
        producers: of a producer's, as a share of its turnover.
    """

    imbalance: float
    consumers: float
    producers: float

    def holds(self, tolerance: float) -> bool:
        """Return True if no deviation exceeds the tolerance."""
        return max(self.imbalance, self.consumers, self.producers) <= tolerance


def evidence(outcome: Outcome) -> Evidence:
    """The evidence of an outcome with prices."""
    economy, p = outcome.economy, outcome.prices
    assert p is not None
    x, y = outcome.consumption, outcome.production
    return Evidence(_imbalance(economy, p, x, y), _consumers(economy, p, x, y), _producers(economy, p, y))


def _imbalance(economy: Economy, p: Array, x: Array, y: Array) -> float:
    worst = 0.0
    for g in range(len(p)):
        used = sum(x[:, g]) - sum(min(amount, 0.0) for amount in y[:, g])
        there = (
            economy.commons[g] + sum(economy.endowment[:, g]) + sum(max(amount, 0.0) for amount in y[:, g])
        )
        apart = used - there
        if p[g] == 0 and apart < 0:
            continue
        worst = max(worst, abs(apart) / ((used + there) / 2.0) if apart else 0.0)
    return worst


# --- consumers -------------------------------------------------------------------------------------


def _log(x: Array, weights: Array) -> Array:
    return weights / x


def _log1p(x: Array, weights: Array) -> Array:
    return weights / (1.0 + x)


def _stone_geary(x: Array, weights: Array, subsistence: Array) -> Array:
    return weights / (x - subsistence)


def _cobb_douglas(x: Array, weights: Array) -> Array:
    return np.prod(x**weights) * weights / x


def _ces(x: Array, weights: Array, elasticity: float) -> Array:
    if abs(elasticity - 1.0) < 1e-9:
        return _cobb_douglas(x, weights / weights.sum())
    rho = (elasticity - 1.0) / elasticity
    logs = np.log(weights) + rho * np.log(x)
    value = (logs.max() + np.log(np.exp(logs - logs.max()).sum())) / rho
    return np.exp(np.log(weights) + (1.0 - rho) * (value - np.log(x)))


def _crra(x: Array, weights: Array, risk_aversion: float) -> Array:
    return weights * x**-risk_aversion


def _linear(x: Array, weights: Array) -> Array:
    return weights + 0.0 * x


def _quadratic(x: Array, weights: Array, slope: Array) -> Array:
    return np.maximum(weights - slope * x, 0.0)


def _separable(x: Array, **given: Array) -> Array:
    a, b = given["log_weight"], given["log1p_weight"]
    exponent = given["power_exponent"]
    return (
        given["linear_weight"]
        + np.divide(a, x, out=np.zeros_like(x), where=a > 0)
        + b / (1.0 + x)
        + np.where(given["power_weight"] > 0, given["power_weight"] * x ** (exponent - 1.0), 0.0)
        + given["exponential_weight"] / given["exponential_scale"] * np.exp(-x / given["exponential_scale"])
        + np.maximum(given["quadratic_weight"] - given["quadratic_slope"] * x, 0.0)
    )


SLOPES: dict[str, Callable[..., Array]] = {
    "log": _log,
    "log1p": _log1p,
    "stone_geary": _stone_geary,
    "cobb_douglas": _cobb_douglas,
    "ces": _ces,
    "crra": _crra,
    "linear": _linear,
    "quadratic": _quadratic,
    "separable": _separable,
}


def _consumers(economy: Economy, p: Array, x: Array, y: Array) -> float:
    money = _means(economy, p, y)
    there = economy.resources + np.maximum(y, 0.0).sum(axis=0)
    worst = 0.0
    for block in economy.utilities:
        rows = np.arange(len(economy.agents))[block.rows]
        for k, i in enumerate(rows):
            given = {name: array[k] for name, array in block.parameters.items()}
            spent = float(p @ x[i])
            over = max(spent - money[i], 0.0) / money[i] if money[i] > 0 else spent
            worst = max(worst, over, _consumer(economy, block.family.name, given, p, x[i], money[i], there))
    return worst


def _means(economy: Economy, p: Array, y: Array) -> Array:
    if economy.money is Money.FISHER:
        return economy.budget
    profit = y @ p
    for block in economy.costs:
        rows = np.arange(len(economy.agents))[block.rows]
        for k, i in enumerate(rows):
            profit[i] -= _cost({name: array[k] for name, array in block.parameters.items()}, y[i])
    if economy.ownership is not None:
        profit = economy.ownership @ profit
    own = economy.endowment @ p + profit
    if economy.money is Money.EXCHANGE:
        return own + economy.commons_share * float(economy.commons @ p)
    return economy.budget + own


def _consumer(
    economy: Economy, name: str, given: dict[str, Array], p: Array, x: Array, money: float, there: Array
) -> float:
    """By how much a bundle fails the conditions, as a share of what is spent on it."""
    quasilinear = economy.money is Money.QUASILINEAR
    if name == "leontief":
        return _fixed_proportions(given["weights"], p, x, money, quasilinear)
    wanted = _wanted(given)
    if not wanted.any() or money == 0:
        return float(p @ x)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        # beside a bundle, of amounts that count as none the first unit beyond them is judged
        judged = np.maximum(x, NOTHING * there) if (x > NOTHING * there).any() else x
        slopes = SLOPES[name](
            judged[wanted],
            **{key: array[wanted] if np.ndim(array) else array for key, array in given.items()},
        )
        at_nothing = SLOPES[name](
            np.zeros(int(wanted.sum())),
            **{key: array[wanted] if np.ndim(array) else array for key, array in given.items()},
        )
    v, first = np.zeros_like(x), np.zeros_like(x)
    v[wanted] = slopes
    first[wanted] = np.where(np.isfinite(at_nothing), at_nothing, 0.0)
    eaten = x > NOTHING * there
    spent = float(p @ x)
    if (v[wanted & (p == 0)] > NOTHING * max(float(v.max()), float(p.max(initial=0.0)))).any():
        return np.inf  # more of a free good would help
    priced = wanted & (p > 0)
    ratio = np.divide(v, p, out=np.zeros_like(p), where=priced)
    most = float(ratio[priced].max(initial=0.0))
    left = money - spent
    if quasilinear and left > 1e-9 * max(money if np.isfinite(money) else 0.0, spent):
        mu = 1.0  # money is left, or may go negative
    else:
        mu = max(most, 1.0 if quasilinear else 0.0)
    satiated = bool((v <= NOTHING * first).all())  # at a bliss point slopes are rounding, and money is left
    unspent = 0.0 if quasilinear or satiated else max(left, 0.0) / money
    lost = 0.0
    if spent > 0 and mu > 0:
        used = eaten & (p > 0)
        lost = float(((mu - ratio[used]) * p[used] * x[used]).sum() / (mu * spent))
    return 0.0 if satiated else max(lost, most / mu - 1.0 if mu > 0 else 0.0, unspent)


def _wanted(given: dict[str, Array]) -> Array:
    if "weights" in given:
        return given["weights"] > 0
    return np.any([array > 0 for key, array in given.items() if key.endswith("_weight")], axis=0)


def _fixed_proportions(a: Array, p: Array, x: Array, money: float, quasilinear: bool) -> float:
    units = float(np.min(x[a > 0] / a[a > 0])) if (a > 0).any() else 0.0
    cost = float(a @ p)
    if cost == 0 or not (a > 0).any():
        return 0.0
    spent = float(p @ x)
    wasted = (spent - units * cost) / spent if spent > 0 else 0.0
    if not quasilinear:
        return max(wasted, (money - units * cost) / money if money > 0 else 0.0)
    if cost > 1.0:
        return max(wasted, (cost - 1.0) if units > 0 else 0.0)
    left = (money - spent) / money if np.isfinite(money) and money > 0 else (1.0 if money > 0 else 0.0)
    return max(wasted, min(1.0 - cost, max(left, 0.0)))


# --- producers -------------------------------------------------------------------------------------


def _cost(given: dict[str, Array], y: Array) -> float:
    c = np.where(y > 0, given["unit_cost"], 0.0)
    if "exponent" in given:
        return float((c * y ** given["exponent"]).sum())
    slope = given.get("slope", np.zeros_like(y))
    return float((c * y + slope * y * y / 2.0).sum())


def _producers(economy: Economy, p: Array, y: Array) -> float:
    worst = 0.0
    for block in economy.costs:
        rows = np.arange(len(economy.agents))[block.rows]
        for k, i in enumerate(rows):
            worst = max(worst, _producer({key: array[k] for key, array in block.parameters.items()}, p, y[i]))
    for block in economy.technologies:
        rows = np.arange(len(economy.agents))[block.rows]
        for k, i in enumerate(rows):
            given = {key: array[k] for key, array in block.parameters.items()}
            worst = max(worst, _technology(block.family.name, given, p, y[i]))
    return worst


def _producer(given: dict[str, Array], p: Array, y: Array) -> float:
    """Return the loss of `p.y - C(y)` from suboptimal output, good by good, as a share of turnover."""
    worst = 0.0
    for g in np.flatnonzero(np.isfinite(given["unit_cost"])):
        c, most = given["unit_cost"][g], given["capacity"][g]
        if "exponent" in given:
            a = given["exponent"][g]
            marginal = c if a == 1.0 else a * c * y[g] ** (a - 1.0)
        else:
            marginal = c + given.get("slope", np.zeros_like(y))[g] * y[g]
        gap = (p[g] - marginal) / max(p[g], marginal) if p[g] != marginal else 0.0
        at_most = y[g] >= most * (1.0 - 1e-9)
        if gap > 0 and not at_most:
            worst = max(worst, gap)
        if gap < 0 and y[g] > 0:
            worst = max(worst, -gap)
    return worst


def _technology(name: str, given: dict[str, Array], p: Array, y: Array) -> float:
    """Profit that could be had beyond what is, as a share of turnover: by duality, from unit costs."""
    turnover = float(np.abs(y) @ p)
    profit = float(y @ p)
    if name == "activity":
        v = given["netput"]
        size = float(np.abs(v) @ p)
        unit_profit = float(v @ p) / size if size > 0 else 0.0
        return max(unit_profit, abs(profit) / turnover if turnover > 0 else 0.0)
    price, scale = float(given["output"] @ p), float(given["scale"])
    if name == "ces":
        a, sigma = given["weights"], float(given["elasticity"])
        used = a > 0
        cost = float((a[used] ** sigma * p[used] ** (1.0 - sigma)).sum() ** (1.0 / (1.0 - sigma))) / scale
        return max(price / cost - 1.0, abs(profit) / turnover if turnover > 0 else 0.0)
    shares = given["shares"] if name == "cobb_douglas" else given["input"] * given["exponent"]
    used, total = shares > 0, float(shares.sum())
    if abs(total - 1.0) <= 1e-9:
        cost = float(np.prod((p[used] / shares[used]) ** shares[used])) / scale
        return max(price / cost - 1.0, abs(profit) / turnover if turnover > 0 else 0.0)
    best = (scale * np.prod((shares[used] * price / p[used]) ** shares[used])) ** (1.0 / (1.0 - total))
    most = (1.0 - total) * price * float(best)
    return (most - profit) / turnover if turnover > 0 else (most > 0) * 1.0
