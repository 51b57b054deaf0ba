"""Cobb-Douglas exchange: the values of the stocks of goods are an eigenvector of the matrix of spending.

Symbols: `a_ig` the share of its income that agent `i` spends on good `g` (the sum over `g` is 1); `w_ih =
e_ih + s_i q_h` the endowment of `i` with good `h`, its share in the commons included; `r_h = sum_i w_ih`; `p`
prices; `v_g = p_g r_g` the value of the stock of `g`. Income is `sum_h p_h w_ih`, and markets clear if

    p_g r_g = sum_i a_ig sum_h p_h w_ih,   that is   v = M v,   M_gh = sum_i a_ig w_ih / r_h >= 0.

`M` distributes the income from good `h` over goods. Its columns sum to one, so `v` is the stationary
distribution of a Markov chain on goods: income from `h` is spent on `g`.

- One class of goods between all of which income flows: `v > 0` is unique up to scale.
- Several such classes with no flow between them: each has a `v` of its own, and relative prices of classes
  are arbitrary; each class is given its number of goods as its share.
- A good whose income flows out and does not return would have price 0 though it is wanted: demand for it is
  unbounded, and there is no equilibrium. Nor is there one if an agent with an income wants a good that does
  not exist, or an agent without wants owns wanted goods.

Goods that no agent wants are free. The stationary distribution is found by state reduction, which subtracts
nothing and is as exact for tiny values as for large ones.

Source: Gale (1960), *The Theory of Linear Economic Models*, chapter 8, for the linear model of exchange;
Grassmann, Taksar and Heyman (1985), "Regenerative analysis and steady state distributions for Markov
chains", for state reduction.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from scipy.sparse import csgraph, csr_matrix

from market.economy.correspondences import Array
from market.economy.families.utilities import CobbDouglas, Log
from market.economy.primitives import Economy, Money

EIGENVECTOR = "eigenvector of Cobb-Douglas spending"


class Spending(NamedTuple):
    """Prices (goods,), or None and the reason; and the number of classes of goods."""

    prices: Array | None
    classes: int
    reason: str


def applies(economy: Economy) -> bool:
    """Return True for a pure exchange among agents with Cobb-Douglas preferences."""
    if economy.technologies:
        return False
    families = {block.family for block in economy.utilities}
    return economy.money is Money.EXCHANGE and families <= {CobbDouglas, Log}


def solve(economy: Economy) -> Spending:
    """Solve for equilibrium prices, up to scale, or find the reason why there are none."""
    shares = np.zeros(economy.shape)
    for block in economy.utilities:
        weights = block.parameters["weights"]
        total = weights.sum(axis=1, keepdims=True)
        shares[block.rows] = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
    owned = economy.endowment + economy.commons_share[:, None] * economy.commons
    wanted = np.flatnonzero((shares > 0).any(axis=0))
    idle = (shares.sum(axis=1) == 0) & (owned[:, wanted] > 0).any(axis=1)
    if idle.any():
        idler = economy.agents[int(idle.argmax())]
        why = f"{idler} wants nothing but owns goods that others want, so its income is not spent"
        return Spending(None, 0, why)
    if not (economy.resources[wanted] > 0).all():
        good = economy.goods[int(wanted[(economy.resources[wanted] == 0).argmax()])]
        return Spending(None, 0, f"{good} is wanted but there is none")
    there = economy.resources[wanted]
    flow = shares[:, wanted].T @ (owned[:, wanted] / there)
    many, member = csgraph.connected_components(csr_matrix(flow > 0), connection="strong")
    worth = np.zeros(len(wanted))
    for k in range(many):
        inside = member == k
        if (flow[np.ix_(~inside, inside)] > 0).any():
            good = economy.goods[int(wanted[inside.argmax()])]
            why = f"income from {good} is never spent on it again, so it would be free though wanted"
            return Spending(None, many, why)
        worth[inside] = inside.sum() * _find_stationary(flow[np.ix_(inside, inside)])
    prices = np.zeros(len(economy.goods))
    prices[wanted] = worth / there
    return Spending(prices, many, "")


def _find_stationary(flow: Array) -> Array:
    """Find `v = M v` of an irreducible `M` with columns that sum to one, by state reduction."""
    chain = flow.T.copy()  # rows sum to one
    size = len(chain)
    for n in range(size - 1, 0, -1):
        leaves = chain[n, :n].sum()
        chain[:n, n] /= leaves
        chain[:n, :n] += np.outer(chain[:n, n], chain[n, :n])
    worth = np.ones(size)
    for n in range(1, size):
        worth[n] = worth[:n] @ chain[:n, n]
    return np.asarray(worth / worth.sum())
