"""Economies with trading posts whose equilibria are known, and a short way to play them."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from helpers.economies import INF, economy, with_utility
from market.economy.correspondences import Correspondence
from market.economy.families.costs import QuadraticCost
from market.economy.families.utilities import UTILITIES
from market.economy.primitives import Block
from market.mechanisms import TradingPost, Unmediated, play


def played(primitives, max_rounds=1000, **options):
    """Play the game of trading posts to its end."""
    return play(Unmediated("posts", TradingPost(**options), max_rounds=max_rounds), primitives)


def quadratic_buyers(weights, slopes, producers):
    """Buyers with `u = a x - k x^2 / 2` of each good, and producers `(unit_cost, slope, capacity)`."""
    weights, slopes = np.array(weights, dtype=float), np.array(slopes, dtype=float)
    alike = economy("quasilinear", log=np.ones_like(weights), quadratic=producers)
    block = Block(UTILITIES["quadratic"], slice(0, len(weights)), {"weights": weights, "slope": slopes})
    return replace(alike, utilities=(block,))


def firms(n, a=12.0, b=1.0, c=2.0, d=0.0, buyers=1, capacity=INF):
    """Firms with cost `c y + d y^2 / 2` that face the inverse demand `a - b Q`."""
    costs = np.broadcast_to(np.reshape(c, (-1, 1)), (n, 1)).tolist()
    producers = (costs, [[d]] * n, [[capacity]] * n)
    return quadratic_buyers([[a]] * buyers, [[b * buyers]] * buyers, producers)


def bread_and_wine(n):
    """The farmers and vintners of edgeworth.toml, n of each."""
    weights = [[0.4, 0.6]] * n + [[0.5, 0.5]] * n
    owned = [[9.0, 1.0]] * n + [[1.0, 4.0]] * n
    return with_utility(
        "exchange", UTILITIES["cobb_douglas"], {"weights": weights}, endowment=owned, numeraire=1
    )


def mirror_images(n, alpha=0.5, owned=1.0):
    """Agents that own one good each, half of them the other, with weight alpha on their own good."""
    weights = [[alpha, 1.0 - alpha]] * n + [[1.0 - alpha, alpha]] * n
    goods = [[owned, 0.0]] * n + [[0.0, owned]] * n
    return with_utility(
        "exchange", UTILITIES["cobb_douglas"], {"weights": weights}, endowment=goods, numeraire=1
    )


class JointCost(QuadraticCost):
    """C(y) = h.y + y'Jy / 2 with J = ((1, 1/2), (1/2, 1)): making one good makes the other dearer."""

    name = "joint"
    matrix = np.array([[1.0, 0.5], [0.5, 1.0]])

    @staticmethod
    def value(y, *, unit_cost, slope, capacity):
        return (unit_cost * y).sum(axis=1) + 0.5 * np.einsum("ig,gh,ih->i", y, JointCost.matrix, y)

    @staticmethod
    def marginal(y, *, unit_cost, slope, capacity):
        return unit_cost + y @ JointCost.matrix

    @staticmethod
    def supply(p, *, unit_cost, slope, capacity):
        return Correspondence.exactly(np.maximum((p - unit_cost) @ np.linalg.inv(JointCost.matrix), 0.0))
