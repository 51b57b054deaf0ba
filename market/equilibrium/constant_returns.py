"""Producers with constant returns: their activity levels are unknowns in addition to the prices.

Symbols: `p` (goods,) prices; `j` producers with constant returns; `v_j(p)` (goods,) the cheapest netput of
one unit, its output positive and its inputs negative; `c_j(p)` the cost of its inputs over the value of its
output; `t_j >= 0` the level. In equilibrium no producer could make a profit, and an active one breaks even:

    c_j(p) >= 1,   t_j >= 0,   c_j(p) = 1 where t_j > 0.

A pair of complementary numbers is one number: with `a_j > 0` read as a level and `a_j < 0` as a loss, the
conditions are

    log c_j(p) = max(-a_j, 0),   t_j = max(a_j, 0) times a unit,

one equation for one unknown each, without inequalities. The unit is the value of all endowments over the cost
of one unit, so that `a_j` is a share of that value and has no unit.

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

LOG_COST_RANGE = 100.0
"""Log of cost over revenue is cut off here: enough for 1e43, and root finders need finite numbers."""


class _Producer(NamedTuple):
    """A producer: its row, and its family with its own parameters."""

    row: int
    family: Any
    parameters: dict[str, Array]


@dataclass(frozen=True)
class ConstantReturns:
    """The producers with constant returns of an economy."""

    economy: Economy

    @cached_property
    def producers(self) -> list[_Producer]:
        """One entry per producer."""
        agents, goods = self.economy.shape
        found = []
        for block in self.economy.technologies:
            ratios = block.family.cost_ratio(np.ones(goods), **block.parameters)
            rows = np.arange(agents)[block.rows]
            for k in np.flatnonzero(~np.isnan(ratios)):
                alone = {name: array[k : k + 1] for name, array in block.parameters.items()}
                found.append(_Producer(int(rows[k]), block.family, alone))
        return found

    def log_costs(self, p: Array) -> Array:
        """Return `log c_j(p)`, (producers,), cut off at `LOG_COST_RANGE`."""
        ratios = [float(one.family.cost_ratio(p, **one.parameters)[0]) for one in self.producers]
        with np.errstate(divide="ignore"):
            return np.clip(np.log(np.array(ratios)), -LOG_COST_RANGE, LOG_COST_RANGE)

    def netputs(self, p: Array, a: Array) -> Array:
        """Return `t_j v_j(p)` in the rows of the producers, (agents, goods)."""
        y = np.zeros(self.economy.shape)
        owned = float(self.economy.resources @ p)
        for one, level in zip(self.producers, a, strict=True):
            unit = self._compute_unit(one, p) if level > 0 else np.zeros_like(p)
            cost = float(np.maximum(-unit, 0.0) @ p)
            if 0 < cost < np.inf:
                y[one.row] = level * (owned / cost) * unit
        return y

    def levels(self, p: Array, y: Array) -> Array:
        """Return the levels `a_j` at which they produce `y`: inputs over the value of all endowments."""
        owned = float(self.economy.resources @ p)
        used = [float(np.maximum(-y[one.row], 0.0) @ p) for one in self.producers]
        return np.array(used) / owned if owned > 0 else np.zeros(len(used))

    def units(self, p: Array) -> Array:
        """Return `v_j(p)`, the netputs of one unit, (producers, goods)."""
        return np.array([self._compute_unit(one, p) for one in self.producers]).reshape(-1, len(p))

    def _compute_unit(self, one: _Producer, p: Array) -> Array:
        """Return `v_j(p)`, (goods,): the netput of one unit at output prices that just cover its costs."""
        outputs = one.family.makes(**one.parameters)[0]
        ratio = float(one.family.cost_ratio(p, **one.parameters)[0])
        even = np.where(outputs, p * (ratio if np.isfinite(ratio) else 1.0), p)
        answer = one.family.netput(even, **one.parameters)
        return np.asarray(answer.joint.direction[0])

    def set_idle(self, supply: Correspondence) -> Correspondence:
        """Return `supply` with zeros in the rows of producers with constant returns."""
        if not self.producers:
            return supply
        rows = [one.row for one in self.producers]
        lowest = supply.lowest.copy()
        lowest[rows] = 0.0
        return Correspondence.exactly(lowest)

    def follow_costs(self, p: Array) -> Array:
        """Set prices of products to their costs, along chains of products, (goods,)."""
        for _ in self.producers:
            for one in self.producers:
                ratio = float(one.family.cost_ratio(p, **one.parameters)[0])
                outputs = one.family.makes(**one.parameters)[0] & (self.economy.resources == 0)
                p = np.where(outputs, p * (ratio if 0 < ratio < np.inf else 1.0), p)
        return p
