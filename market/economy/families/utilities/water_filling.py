"""Water-filling: bundles under a budget that rise linearly with a level common to all goods bought.

Goods enter one after the other as the level T rises: of good g the agent buys in proportion to its height
`(T - theta_g)^+`, and spends r_g on every unit of height. In the order of theta, when good k enters

    S_k = sum_(h<k) r_h (theta_k - theta_h) = S_(k-1) + (r_1 + ... + r_(k-1)) (theta_k - theta_(k-1))

has been spent. The last good k to enter with `S_k < b` gives `T = theta_k + (b - S_k) / (r_1 + ... + r_k)`.

All sums are of terms >= 0 and heights are measured from theta_k, the entry nearest to T, so that nothing
cancels: goods whose entries differ by factors of 1e12 and very small incomes are right as well.

Source: own derivation from the first-order conditions; exact, no iteration.
"""

from __future__ import annotations

import numpy as np

from market.economy.correspondences import Array


def heights(entry: Array, rate: Array, b: Array) -> Array:
    """Return `(T - theta_g)^+`, (agents, goods), at the level T at which the budget is spent.

    Args:
        entry: (agents, goods), theta; finite where a good takes part.
        rate: (agents, goods), r, money per unit of height; 0 for a good that does not take part.
        b: (agents,), income; without income all heights are 0.

    Example:
        Two goods, the second entering one above the first; of 3 units of money, 2 are spent on the first:

        >>> heights(np.array([[4.0, 5.0]]), np.array([[1.0, 1.0]]), np.array([3.0]))
        array([[2., 1.]])
    """
    takes_part = (rate > 0) & np.isfinite(entry)
    order = np.argsort(np.where(takes_part, entry, np.inf), axis=1, kind="stable")
    here = np.take_along_axis(takes_part, order, axis=1)
    entered = np.where(here, np.take_along_axis(entry, order, axis=1), 0.0)
    rates = np.cumsum(np.where(here, np.take_along_axis(rate, order, axis=1), 0.0), axis=1)
    rises = np.where(here[:, 1:], entered[:, 1:] - entered[:, :-1], np.inf)
    with np.errstate(over="ignore"):
        steps = np.multiply(rates[:, :-1], rises, out=np.full_like(rises, np.inf), where=here[:, 1:])
        spent = np.cumsum(np.concatenate([np.zeros((len(b), 1)), steps], axis=1), axis=1)
    bought = (here & (spent < b[:, None])).sum(axis=1)
    last = np.arange(len(b)), np.maximum(bought - 1, 0)
    above_last = np.divide(b - spent[last], rates[last], out=np.zeros_like(b), where=bought > 0)
    reached = takes_part & (bought > 0)[:, None] & (entry <= entered[last][:, None])
    behind = np.where(reached, entered[last][:, None] - entry, 0.0)
    return np.where(reached, behind + above_last[:, None], 0.0)
