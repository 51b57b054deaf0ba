"""Cobb-Douglas exchange: what each good's stock is worth is an eigenvector of who spends how much on what.

Symbols: a_ig the share of its income that agent i spends on good g (sum over g is 1); w_ih = e_ih + s_i q_h
what i owns of good h, its share in the commons included; r_h = sum_i w_ih; p prices; v_g = p_g r_g what the
stock of g is worth. Income is sum_h p_h w_ih, and markets clear if

    p_g r_g = sum_i a_ig sum_h p_h w_ih,   that is   v = M v,   M_gh = sum_i a_ig w_ih / r_h >= 0.

M says where the income from good h goes. Its columns sum to one, so v is the stationary distribution of a
Markov chain on goods: income from h is spent on g.

- One class of goods from each of which income flows to each other one: v > 0 is unique up to scale.
- Several such classes with no flow between them: each by itself has its v, and prices of one relative to
  another may be anything; each class is given its number of goods as its share.
- A good whose income flows out and does not come back would have price 0 though it is wanted: demand for it
  has no bound, and there is no equilibrium. So it is when somebody with an income wants a good that nobody
  has.

Goods that nobody wants are free. The stationary distribution is found by state reduction, which subtracts
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
    """Prices (goods,), or None and why there are none; and how many classes of goods there are."""

    prices: Array | None
    classes: int
    why: str


def applies(economy: Economy) -> bool:
    """Whether it is an exchange of endowments, and nothing else, among agents with Cobb-Douglas tastes."""
    if economy.technologies:
        return False
    families = {block.family for block in economy.utilities}
    return economy.money is Money.EXCHANGE and families <= {CobbDouglas, Log}


def solve(economy: Economy) -> Spending:
    """Equilibrium prices, up to scale."""
    shares = np.zeros(economy.shape)
    for block in economy.utilities:
        weights = block.parameters["weights"]
        total = weights.sum(axis=1, keepdims=True)
        shares[block.rows] = np.divide(weights, total, out=np.zeros_like(weights), where=total > 0)
    owned = economy.endowment + economy.commons_share[:, None] * economy.commons
    wanted = np.flatnonzero((shares > 0).any(axis=0))
    idle = (shares.sum(axis=1) == 0) & (owned[:, wanted] > 0).any(axis=1)
    if idle.any():
        who = economy.agents[int(idle.argmax())]
        return Spending(None, 0, f"{who} wants nothing, so what it owns of wanted goods buys nothing")
    if not (economy.resources[wanted] > 0).all():
        good = economy.goods[int(wanted[(economy.resources[wanted] == 0).argmax()])]
        return Spending(None, 0, f"{good} is wanted, and nobody has any")
    there = economy.resources[wanted]
    flow = shares[:, wanted].T @ (owned[:, wanted] / there)
    many, member = csgraph.connected_components(csr_matrix(flow > 0), connection="strong")
    worth = np.zeros(len(wanted))
    for k in range(many):
        inside = member == k
        if (flow[np.ix_(~inside, inside)] > 0).any():
            good = economy.goods[int(wanted[inside.argmax()])]
            return Spending(None, many, f"the income from {good} never comes back to it, so it would be free")
        worth[inside] = inside.sum() * _stationary(flow[np.ix_(inside, inside)])
    prices = np.zeros(len(economy.goods))
    prices[wanted] = worth / there
    return Spending(prices, many, "")


def _stationary(flow: Array) -> Array:
    """The distribution v = M v of an irreducible M with columns that sum to one, by state reduction."""
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
