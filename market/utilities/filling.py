"""Water-filling: where bundles under a budget rise linearly with a level that every bought good shares.

Goods enter one after the other as the level T rises: of good g the agent buys in proportion to
(T - theta_g)^+, and it spends r_g on every unit of T. With the first k goods bought, in the order of theta,
sum r_g (T - theta_g) = b gives T_k = (b + sum r_g theta_g) / sum r_g. The right k is the largest whose last
good has theta_k < T_k: T_k is a mean of T_(k-1) and theta_k, so once theta_k >= T_k it stays so.

Measured from the good that enters first (theta = 0) nothing cancels: tiny incomes buy right amounts.

Source: own derivation from the first-order conditions; exact, no iteration.
"""

from __future__ import annotations

import numpy as np

from market.interval import Array


def level(entry: Array, rate: Array, b: Array) -> Array:
    """The level T at which the budget is spent, (agents,); 0 where there is nothing to buy, or no income.

    Args:
        entry: (agents, goods), theta >= 0, of which some is 0 where anything is wanted.
        rate: (agents, goods), r, money per unit of T; 0 for a good that does not take part.
        b: (agents,), income.

    Example:
        Two goods, the second entering at T = 1; of 3 units of money, 2 are spent on the first:

        >>> level(np.array([[0.0, 1.0]]), np.array([[1.0, 1.0]]), np.array([3.0]))
        array([2.])
    """
    takes_part = rate > 0
    entry = np.where(takes_part, entry, np.inf)
    order = np.argsort(entry, axis=1, kind="stable")
    entered = np.take_along_axis(entry, order, axis=1)
    spent = np.cumsum(np.take_along_axis(rate, order, axis=1), axis=1)
    fixed = np.multiply(rate, entry, out=np.zeros_like(rate), where=takes_part)
    saved = np.cumsum(np.take_along_axis(fixed, order, axis=1), axis=1)
    levels = np.divide(b[:, None] + saved, spent, out=np.zeros_like(spent), where=spent > 0)
    bought = (entered < levels).sum(axis=1)
    last = levels[np.arange(len(b)), np.maximum(bought - 1, 0)]
    return np.where(bought > 0, last, 0.0)


def worth_of_first(weights: Array, p: Array) -> Array:
    """a_g / p_g, utility per unit of money of the first amount of a good, (agents, goods); p > 0."""
    worth: Array = weights / np.where(p > 0, p, 1.0)
    return worth


def behind(worth: Array) -> tuple[Array, Array]:
    """The largest worth of each agent, (agents, 1), and by how much each good falls short of it."""
    largest = worth.max(axis=1, keepdims=True, initial=0.0)
    return largest, largest - worth
