"""Producers with constant returns: their levels are unknowns beside the prices.

Symbols: p (goods,) prices; j producers with constant returns; v_j(p) (goods,) the cheapest way to make one
unit, its output positive and its inputs negative; c_j(p) what the inputs of it cost over what it is worth;
t_j >= 0 the level. In equilibrium nobody could make a profit, and who makes something makes none and loses
nothing:

    c_j(p) >= 1,   t_j >= 0,   c_j(p) = 1 where t_j > 0.

A pair of complementary numbers is one number: with a_j > 0 read as a level and a_j < 0 as a loss, the
conditions are

    log c_j(p) = max(-a_j, 0),   t_j = max(a_j, 0) times a unit,

one equation for one unknown each, without inequalities. The unit is what all that people own is worth, over
what a unit costs, so that a_j is a share of it and has no unit.

Source: Scarf (1973), *The Computation of Economic Equilibria*, chapter 5, for activities; Mathiesen (1985),
"Computation of economic equilibria by a sequence of linear complementarity problems", for the conditions; the
single number for a pair is Minty's, as in `staircase.py`.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from market.economy.correspondences import Array, Correspondence
from market.economy.primitives import Economy


class _One(NamedTuple):
    """A producer: its row, and its family with the parameters of it alone."""

    row: int
    family: Any
    parameters: dict[str, Array]


@dataclass(frozen=True)
class ConstantReturns:
    """All producers with constant returns of an economy."""

    economy: Economy

    @cached_property
    def producers(self) -> list[_One]:
        """One entry each."""
        agents, goods = self.economy.shape
        found = []
        for block in self.economy.technologies:
            ratios = block.family.cost_ratio(np.ones(goods), **block.parameters)
            rows = np.arange(agents)[block.rows]
            for k in np.flatnonzero(~np.isnan(ratios)):
                alone = {name: array[k : k + 1] for name, array in block.parameters.items()}
                found.append(_One(int(rows[k]), block.family, alone))
        return found

    def log_costs(self, p: Array) -> Array:
        """Log c_j(p), (producers,), within the bounds of what is looked at."""
        ratios = [float(one.family.cost_ratio(p, **one.parameters)[0]) for one in self.producers]
        with np.errstate(divide="ignore"):
            return np.clip(np.log(np.array(ratios)), -100.0, 100.0)

    def netputs(self, p: Array, a: Array) -> Array:
        """t_j v_j(p) in the rows of the producers, (agents, goods)."""
        y = np.zeros(self.economy.shape)
        owned = float(self.economy.resources @ p)
        for one, level in zip(self.producers, a, strict=True):
            unit = self._unit(one, p) if level > 0 else np.zeros_like(p)
            cost = float(np.maximum(-unit, 0.0) @ p)
            if 0 < cost < np.inf:
                y[one.row] = level * (owned / cost) * unit
        return y

    def levels(self, p: Array, y: Array) -> Array:
        """The levels a_j at which they make y, inputs as shares of what all own is worth, (producers,)."""
        owned = float(self.economy.resources @ p)
        used = [float(np.maximum(-y[one.row], 0.0) @ p) for one in self.producers]
        return np.array(used) / owned if owned > 0 else np.zeros(len(used))

    def units(self, p: Array) -> Array:
        """V_j(p), the netputs of one unit each, (producers, goods)."""
        return np.array([self._unit(one, p) for one in self.producers]).reshape(-1, len(p))

    def _unit(self, one: _One, p: Array) -> Array:
        """v_j(p), (goods,): the netput of one unit at prices of its outputs that just cover its costs."""
        outputs = one.family.makes(**one.parameters)[0]
        ratio = float(one.family.cost_ratio(p, **one.parameters)[0])
        even = np.where(outputs, p * (ratio if np.isfinite(ratio) else 1.0), p)
        answer = one.family.netput(even, **one.parameters)
        return np.asarray(answer.joint.direction[0])

    def idle(self, supply: Correspondence) -> Correspondence:
        """The answers of all other producers: nothing in the rows of those with constant returns."""
        if not self.producers:
            return supply
        rows = [one.row for one in self.producers]
        lowest = supply.lowest.copy()
        lowest[rows] = 0.0
        return Correspondence.exactly(lowest)

    def follow_costs(self, p: Array) -> Array:
        """Prices of products put to what they cost, along chains of products, (goods,)."""
        for _ in self.producers:
            for one in self.producers:
                ratio = float(one.family.cost_ratio(p, **one.parameters)[0])
                outputs = one.family.makes(**one.parameters)[0] & (self.economy.resources == 0)
                p = np.where(outputs, p * (ratio if 0 < ratio < np.inf else 1.0), p)
        return p
