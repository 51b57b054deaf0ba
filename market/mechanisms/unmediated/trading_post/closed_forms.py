"""Best replies that need no search.

*Bids for a stock* Q (Kelly): bid w against others' bids W buys `x = w Q / (w + W)`, and the marginal outlay
is `dw/dx = (w + W)^2 / (Q W)`. With `u'(x) = (w + W)^2 / (Q W)` and an interior bid

    log     a log x        a W = w (w + W)               w = (-W + sqrt(W^2 + 4 a W)) / 2
    log1p   a log(1 + x)   a Q W = (w + W)(w + W + w Q)  a quadratic in w
    linear  a x            a Q W = (w + W)^2             w = sqrt(a Q W) - W

*Outputs against a falling line* (Cournot): with `p = A - B (Y + y)` and `C = c y + d y^2 / 2`, conduct theta,

    A - B (Y + y) - theta B y = c + d y   so   y = (A - c - B Y) / (B (1 + theta) + d),

between 0 and capacity. The line is the inverse demand of price takers with quadratic utility
`a x - k x^2 / 2` and one a: `B = 1 / sum 1/k_i`.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.families.costs import Cost, LinearCost, QuadraticCost
from market.economy.families.utilities import Linear, Log, Log1p, Quadratic
from market.economy.primitives import Block, Economy, Money
from market.mechanisms.unmediated.trading_post.posts import Posts


def bids_for_stock(posts: Posts, profile: Array, rows: NDArray[np.intp]) -> Array | None:
    """Return best bids of `rows` for stocks that no agent adds to, (rows, goods); None if not in closed form.

    Posts to which no other agent bids are left to the caller: they have NaN.
    """
    economy = posts.economy
    if (
        economy.money is not Money.QUASILINEAR
        or economy.has_endowments
        or economy.has_producers
        or np.isfinite(economy.budget).any()
        or not all(block.family in _BIDS for block in economy.utilities)
    ):
        return None
    stock = economy.commons
    others = np.maximum(profile, 0.0).sum(axis=0) - profile[rows]
    place = np.full(len(economy.agents), -1)
    place[rows] = np.arange(len(rows))
    best = np.zeros((len(rows), len(stock)))
    for block in economy.utilities:
        there = place[np.arange(len(economy.agents))[block.rows]]
        mask = there >= 0
        if mask.any():
            a, rest = block.parameters["weights"][mask], np.maximum(others[there[mask]], 0.0)
            best[there[mask]] = np.where(stock > 0, _BIDS[block.family](a, rest, stock), 0.0)
    return np.where((others <= 0) & (stock > 0), np.nan, best)


def _log(a: Array, rest: Array, stock: Array) -> Array:  # noqa: ARG001
    """Return `(-W + sqrt(W^2 + 4 a W)) / 2`, written without cancellation."""
    return np.where(a > 0, 2.0 * a * rest / np.maximum(rest + np.sqrt(rest * (rest + 4.0 * a)), 1e-300), 0.0)


def _log1p(a: Array, rest: Array, stock: Array) -> Array:
    """Return the root >= 0 of `(1 + Q) w^2 + (2 + Q) W w + W (W - a Q) = 0`."""
    half, last = (2.0 + stock) * rest / 2.0, rest * (rest - a * stock)
    root = np.sqrt(np.maximum(half * half - (1.0 + stock) * last, 0.0))
    return np.maximum(np.where(last < 0, -last / np.maximum(half + root, 1e-300), 0.0), 0.0)


def _linear(a: Array, rest: Array, stock: Array) -> Array:
    """Return `sqrt(a Q W) - W`, at least 0."""
    return np.maximum(np.sqrt(a * stock * rest) - rest, 0.0)


_BIDS = {Log: _log, Log1p: _log1p, Linear: _linear}


def output(posts: Posts, profile: Array, row: int, conduct: float) -> Array | None:
    """Return the best offers of a producer against a falling line, (goods,) <= 0; None if unknown."""
    me, takers = posts.alone(row), posts.takers
    if (
        takers is None
        or not takers.utilities
        or not _are_lines(takers)
        or len(me.costs) != 1
        or me.endowment.any()
    ):
        return None
    cost: Block[Cost] = me.costs[0]
    if cost.family not in (LinearCost, QuadraticCost) or me.utilities:
        return None
    tops, inverse = _line(takers)
    c = cost.parameters["unit_cost"][0]
    d = cost.parameters["slope"][0] if cost.family is QuadraticCost else np.zeros_like(c)
    makes = np.isfinite(c) & (inverse > 0)
    c, b = np.where(makes, c, 0.0), np.divide(1.0, inverse, out=np.zeros_like(c), where=inverse > 0)
    offered = np.maximum(-profile, 0.0).sum(axis=0) - np.maximum(-profile[row], 0.0) + posts.economy.commons
    denominator = np.where(makes, b * (1.0 + conduct) + d, 1.0)
    y = np.where(makes, np.maximum(tops - c - b * offered, 0.0) / denominator, 0.0)
    return -np.minimum(y, me.capacity[0])


def _are_lines(takers: Economy) -> bool:
    """Return True if price takers are buyers whose demand for each good is one falling line."""
    if (
        takers.money is not Money.QUASILINEAR
        or takers.has_producers
        or takers.has_endowments
        or np.isfinite(takers.budget).any()
        or not all(block.family is Quadratic for block in takers.utilities)
    ):
        return False
    a, k = _parameters(takers)
    wanted = a > 0
    one_top = np.where(wanted, a, np.inf).min(axis=0) == np.where(wanted, a, -np.inf).max(axis=0)
    return bool(((~wanted) | (k > 0)).all() and (one_top | ~wanted.any(axis=0)).all())


def _parameters(takers: Economy) -> tuple[Array, Array]:
    a = np.concatenate([block.parameters["weights"] for block in takers.utilities])
    return a, np.concatenate([block.parameters["slope"] for block in takers.utilities])


def _line(takers: Economy) -> tuple[Array, Array]:
    """Return the price at which demand begins and the fall of demand with the price, (goods,) each."""
    a, k = _parameters(takers)
    return a.max(axis=0, initial=0.0), np.divide(1.0, k, out=np.zeros_like(k), where=(a > 0) & (k > 0)).sum(
        axis=0
    )
