"""Preferences of agents at arbitrary rows: utilities, and marginal utilities in logarithms.

Symbols: x (rows, goods) holdings, with a last column m of money if money is quasilinear, the money received
less the money paid; L = ln du/dx_g. A good with slope 0 has `L = -CAP`, one with an infinite slope
`L = CAP`, so that differences of L are numbers. The marginal rate of substitution of g for h is
`exp(L_g - L_h)`, units of h for a unit of g.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.families.utilities.base import Utility
from market.economy.primitives import Block, Economy, Money

CAP = 300.0  # of |ln du/dx|: exp(2 CAP) is a float still
LOG_KINDS = ("log", "cobb_douglas")  # families whose marginal rates of substitution are a_g x_h / (a_h x_g)

Rows = NDArray[np.intp]


@dataclass(frozen=True)
class Tastes:
    """Utilities of some agents, in blocks whose rows count from 0.

    Args:
        size: number of agents.
        goods: number of columns of holdings, money included.
        blocks: of the agents that want something; the others have utility 0.
        in_money: True if the last column is money, with a marginal utility of 1.
    """

    size: int
    goods: int
    blocks: tuple[Block[Utility], ...]
    in_money: bool

    @classmethod
    def of(cls, economy: Economy) -> Tastes:
        """Return the tastes of all agents."""
        in_money = economy.money is Money.QUASILINEAR
        blocks = tuple(
            Block(block.family, np.arange(len(economy.agents))[block.rows], block.parameters)
            for block in economy.utilities
        )
        return cls(len(economy.agents), len(economy.goods) + in_money, blocks, in_money)

    def at(self, rows: Rows) -> Tastes:
        """Return the tastes of these rows, in their order."""
        blocks = []
        for block in self.blocks:
            place = np.full(self.size, -1)
            place[block.rows] = np.arange(block.size)
            there = place[rows]
            own = np.flatnonzero(there >= 0)
            if len(own):
                parameters = {key: array[there[own]] for key, array in block.parameters.items()}
                blocks.append(Block(block.family, own, parameters))
        return Tastes(len(rows), self.goods, tuple(blocks), self.in_money)

    @cached_property
    def log_weights(self) -> Array | None:
        """Weights a, (rows, goods), if all utilities are of a log kind and there is no money; else None."""
        covered = sum(block.size for block in self.blocks) == self.size
        if self.in_money or not covered or any(b.family.name not in LOG_KINDS for b in self.blocks):
            return None
        weights = np.zeros((self.size, self.goods))
        for block in self.blocks:
            weights[block.rows] = block.parameters["weights"]
        return weights

    def value(self, x: Array) -> Array:
        """Return `u(x)`, with quasilinear money `u(x) + m`, (rows,)."""
        total = x[:, -1].copy() if self.in_money else np.zeros(self.size)
        for block in self.blocks:
            own = x[block.rows, : self.goods - self.in_money]
            total[block.rows] += block.family.value(own, **block.parameters)
        return total

    def slopes(self, x: Array) -> Array:
        """Return marginal utilities, (rows, goods); 1 of money."""
        return self._filled(x, lambda block, own: block.family.marginal(own, **block.parameters), 1.0)

    def logs(self, x: Array) -> Array:
        """Return L, (rows, goods), within `CAP`."""
        return capped(self.slopes(x))

    def terms(self, x: Array) -> Array:
        """Return `f_g(x_g)`, (rows, goods), where `du/dx_g` is f_g times a number of the agent.

        All families of the house have such terms, each of the amount of its own good alone, except Leontief.
        """
        return self._filled(x, _term_slopes, 1.0)

    def _filled(self, x: Array, evaluate: Callable[[Block[Utility], Array], Array], of_money: float) -> Array:
        found = np.zeros((self.size, self.goods))
        if self.in_money:
            found[:, -1] = of_money
        with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
            for block in self.blocks:
                own = x[block.rows, : self.goods - self.in_money]
                found[block.rows, : self.goods - self.in_money] = evaluate(block, own)
        return found


def _term_slopes(block: Block[Utility], x: Array) -> Array:
    """Return f_g of a block."""
    name, parameters = block.family.name, block.parameters
    if name in LOG_KINDS:
        return np.where(parameters["weights"] > 0, parameters["weights"] / x, 0.0)
    if name == "ces":
        a = parameters["weights"]
        return np.where(a > 0, a * x ** (-1.0 / parameters["elasticity"][:, None]), 0.0)
    return block.family.marginal(x, **parameters)


def capped(slopes: Array) -> Array:
    """Return `ln slope` within `CAP`."""
    with np.errstate(divide="ignore"):
        return np.clip(np.log(slopes), -CAP, CAP)
