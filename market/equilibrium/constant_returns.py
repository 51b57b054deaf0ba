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
from numpy.typing import NDArray

from market.economy.correspondences import Array, Correspondence
from market.economy.primitives import Economy

LOG_COST_RANGE = 100.0
"""Log of cost over revenue is cut off here: enough for 1e43, and root finders need finite numbers."""


class _Group(NamedTuple):
    """Producers of one family: their rows, and the family with their parameters."""

    rows: NDArray[np.intp]
    family: Any
    parameters: dict[str, Array]


@dataclass(frozen=True)
class ConstantReturns:
    """The producers with constant returns of an economy, family by family."""

    economy: Economy

    @cached_property
    def _groups(self) -> list[_Group]:
        agents, goods = self.economy.shape
        found = []
        for block in self.economy.technologies:
            constant = ~np.isnan(block.family.cost_ratio(np.ones(goods), **block.parameters))
            if constant.any():
                own = {name: array[constant] for name, array in block.parameters.items()}
                found.append(_Group(np.arange(agents)[block.rows][constant], block.family, own))
        return found

    @cached_property
    def rows(self) -> NDArray[np.intp]:
        """Rows of the producers among all agents, (producers,)."""
        return np.concatenate([np.zeros(0, dtype=np.intp), *(group.rows for group in self._groups)])

    def _cost_ratios(self, p: Array) -> Array:
        """Return `c_j(p)`, (producers,)."""
        ratios = [group.family.cost_ratio(p, **group.parameters) for group in self._groups]
        return np.concatenate([np.zeros(0), *ratios])

    def log_costs(self, p: Array) -> Array:
        """Return `log c_j(p)`, (producers,), cut off at `LOG_COST_RANGE`."""
        with np.errstate(divide="ignore"):
            return np.clip(np.log(self._cost_ratios(p)), -LOG_COST_RANGE, LOG_COST_RANGE)

    def netputs(self, p: Array, a: Array) -> Array:
        """Return `t_j v_j(p)` in the rows of the producers, (agents, goods)."""
        y = np.zeros(self.economy.shape)
        if (a > 0).any():
            unit = self.units(p)
            cost = np.maximum(-unit, 0.0) @ p
            active = (a > 0) & (cost > 0) & (cost < np.inf)
            level = np.where(active, a, 0.0) * float(self.economy.resources @ p)
            level = np.divide(level, cost, out=np.zeros_like(cost), where=active)
            y[self.rows] = np.multiply(level[:, None], unit, out=np.zeros_like(unit), where=active[:, None])
        return y

    def levels(self, p: Array, y: Array) -> Array:
        """Return the levels `a_j` at which they produce `y`: inputs over the value of all endowments."""
        owned = float(self.economy.resources @ p)
        used = np.maximum(-y[self.rows], 0.0) @ p
        return used / owned if owned > 0 else np.zeros_like(used)

    def units(self, p: Array) -> Array:
        """Return `v_j(p)`, the netputs of one unit, (producers, goods)."""
        with np.errstate(all="ignore"):  # prices may be 0
            units = [group.family.unit_netput(p, **group.parameters) for group in self._groups]
        return np.concatenate([np.zeros((0, len(p))), *units])

    def set_idle(self, supply: Correspondence) -> Correspondence:
        """Return `supply` with zeros in the rows of producers with constant returns."""
        if not len(self.rows):
            return supply
        lowest = supply.lowest.copy()
        lowest[self.rows] = 0.0
        return Correspondence.exactly(lowest)

    def follow_costs(self, p: Array) -> Array:
        """Set prices of products to their costs, along chains of products, (goods,)."""
        made = np.concatenate(
            [np.zeros((0, len(p)), bool), *(g.family.makes(**g.parameters) for g in self._groups)]
        ) & (self.economy.resources == 0)
        for _ in self.rows:
            for j, outputs in enumerate(made):
                ratio = float(self._cost_ratios(p)[j])
                p = np.where(outputs, p * (ratio if 0 < ratio < np.inf else 1.0), p)
        return p
