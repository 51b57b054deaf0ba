"""Assignment: the amounts that indifferent agents get and make, if amounts of several goods are coupled.

Symbols: r (goods,) resources; z (goods,) excess demand; S (goods,) the size of the market for each good; t
levels of amounts that vary along a direction (fixed proportions, constant returns).

The auctioneer assigns each agent a point of its answer so that markets come as near to clearing as they can:

    min sum_g w_g^2 (z_g / S_g)^2   over x_i in i's demand set and y_j in j's supply set.

A demand set is a box (lowest, highest) cut by a range of total spending p.x, or a ray; a supply set a box, or
a ray. That is a least-squares problem with bounds; ranges of spending enter as rows with a heavy weight, and
that is exact where the markets can be balanced. With w_g^2 the value of the market, p_g S_g, moving spending
from one good to another leaves both with the same relative excess demand. Products of constant returns count
more, since their prices follow costs and only their quantities can balance them. If a good is free, what is
left over of it counts for nothing (a by-product in excess supply must not hold back the goods made with it):
there z_g + d_g takes the place of z_g, with an amount d_g >= 0 thrown away. Of a good of which there is
nothing, S is the most that a direction gives when another good is used up by it.

Source: own derivation; solved by the active-set method of Stark and Parker (1995), scipy's "bvls".
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array, Correspondence
from market.tolerances import LEAST_POSITIVE, PLENTY, STANDS_FOR_UNBOUNDED

if TYPE_CHECKING:
    from market.economy.primitives import Answers, Economy

PRODUCT_WEIGHT = 30.0  # of the market for a product of constant returns; other markets have at most 1
SPENDING_WEIGHT = 1e4  # of a range of spending: large, since it has to hold
LEAST_SHARE = 1e-12  # relative to the most valuable market: a market counts as if it were worth so much
NEGLIGIBLE_LEVEL = 1e-11  # relative to the size of each market that it moves: a smaller level is rounding


@dataclass(frozen=True)
class Assigned:
    """A point of each agent's answer.

    Args:
        consumption: (agents, goods), units.
        production: (agents, goods), units, or netputs.
    """

    consumption: Array
    production: Array


def assign(economy: Economy, answers: Answers, p: Array) -> Assigned:
    """Choose for indifferent agents; the others have a single answer.

    Args:
        economy: the primitives.
        answers: of all agents, with some amounts that are coupled.
        p: (goods,), prices.
    """
    x, y = _bounded(answers.demand.lowest), _bounded(answers.supply.lowest)
    columns = _Columns(economy, p)
    for answer, side in ((answers.demand, 1), (answers.supply, -1)):
        columns.add_boxes(answer, side)
        columns.add_rays(answer, side)
    if columns.columns:
        products = np.zeros(len(p), dtype=bool)
        if answers.supply.joint is not None:
            made = answers.supply.joint.direction > 0
            products = np.asarray(made[made.sum(axis=1) == 1].any(axis=0))
        excess = x.sum(axis=0) - economy.resources - y.sum(axis=0)
        size = columns.sizes(_there(economy, x, y))
        levels = columns.solve(excess, size, products, answers.demand)
        columns.put(levels, x, y)
    return Assigned(x, y)


def _bounded(amounts: Array) -> Array:
    """Return amounts with unbounded ones replaced by very large ones."""
    return np.clip(amounts, -STANDS_FOR_UNBOUNDED, STANDS_FOR_UNBOUNDED)


def _there(economy: Economy, x: Array, y: Array) -> Array:
    """Return the larger of supply and demand of each good, (goods,)."""
    return np.maximum(economy.resources + np.maximum(y, 0.0).sum(axis=0), x.sum(axis=0))


@dataclass(frozen=True)
class _Column:
    """One unknown of the least-squares problem.

    Args:
        side: 1 if demanded, -1 if supplied.
        share: (agents, goods), the amounts that one unit of it is.
        upper: its upper bound.
        agent: the row of the agent whose spending it counts in; -1 if it counts in none.
    """

    side: int
    share: Array
    upper: float
    agent: int = -1


class _Columns:
    """The unknown amounts and levels."""

    def __init__(self, economy: Economy, p: Array) -> None:
        self.economy, self.p = economy, p
        self.columns: list[_Column] = []

    def add_boxes(self, answer: Correspondence, side: int) -> None:
        """Add amounts that vary singly: of each agent with a range of spending, and of all others as one."""
        if answer.single_valued:
            return
        room = np.where(_rays(answer)[:, None], 0.0, _bounded(answer.highest) - _bounded(answer.lowest))
        tied = _tied(answer)
        for agent, good in np.argwhere((room > 0) & tied[:, None]):
            share = np.zeros(self.economy.shape)
            share[agent, good] = 1.0
            self.columns.append(_Column(side, share, float(room[agent, good]), int(agent)))
        others = np.where(tied[:, None], 0.0, room)
        for good in np.flatnonzero(others.sum(axis=0) > 0):
            share = np.zeros(self.economy.shape)
            share[:, good] = others[:, good] / others[:, good].sum()
            self.columns.append(_Column(side, share, float(others[:, good].sum())))

    def add_rays(self, answer: Correspondence, side: int) -> None:
        """Add levels of amounts that vary along a direction."""
        if answer.joint is None:
            return
        direction, most = answer.joint.direction, answer.joint.most_spent
        for agent in np.flatnonzero(_rays(answer)):
            spent = float(direction[agent] @ self.p)
            limit = STANDS_FOR_UNBOUNDED
            if side > 0 and np.isfinite(most[agent]) and spent > 0:
                limit = max((most[agent] - float(answer.lowest[agent] @ self.p)) / spent, 0.0)
            share = np.zeros(self.economy.shape)
            share[agent] = direction[agent]
            self.columns.append(_Column(side, share, limit))

    @property
    def activities(self) -> bool:
        """True if some level is that of an activity with constant returns."""
        return any((column.share > 0).any() and (column.share < 0).any() for column in self.columns)

    @cached_property
    def effects(self) -> Array:
        """Excess demand that one unit of each unknown adds, (goods, unknowns)."""
        return np.array([column.side * column.share.sum(axis=0) for column in self.columns]).T

    def sizes(self, there: Array) -> Array:
        """Return the size of each market, (goods,), > 0; so little that its square is no float is none."""
        moved, some = np.abs(self.effects), there > 1.0 / PLENTY
        per_unit = np.divide(there[:, None], moved, out=np.full(moved.shape, np.inf), where=moved > 0)
        level = per_unit[some].min(axis=0, initial=np.inf)
        given = (moved * np.where(np.isfinite(level), level, 0.0)).max(axis=1)
        size = np.where(some, there, given)
        largest = float(size.max(initial=0.0))
        return np.where(size > 0, size, largest if largest > 0 else 1.0)

    def solve(self, excess: Array, size: Array, products: NDArray[np.bool_], demand: Correspondence) -> Array:
        """Return the levels that balance markets best, (unknowns,)."""
        from scipy.optimize import lsq_linear  # deferred: an eighth of a second, and few need it

        value = np.where(self.p > 0, self.p * size, 0.0)
        share = value / value.max() if value.max() > 0 else np.ones_like(value)
        weight = np.where(products, PRODUCT_WEIGHT, np.sqrt(np.maximum(share, LEAST_SHARE))) / size
        effects = self.effects
        upper = np.array([column.upper for column in self.columns])
        rows, targets, slack = self._spending(demand)
        free = np.flatnonzero(self.p == 0) if self.activities else np.zeros(0, dtype=np.intp)
        disposed = np.diag(weight)[:, free]
        matrix = np.block(
            [
                [effects * weight[:, None], np.zeros((len(size), len(slack))), disposed],
                [rows, np.diag(slack), np.zeros((len(rows), len(free)))],
            ]
        )
        right = np.concatenate([-excess * weight, targets])
        upper = np.concatenate([upper, np.ones(len(slack)), np.full(len(free), STANDS_FOR_UNBOUNDED)])
        unit = 1.0 / np.maximum(np.abs(matrix).max(axis=0), LEAST_POSITIVE)  # unknowns of size one
        bounds = (
            np.zeros(len(unit)),
            np.maximum(np.minimum(upper / unit, STANDS_FOR_UNBOUNDED), LEAST_POSITIVE),
        )
        found = lsq_linear(matrix * unit, right, bounds=bounds, method="bvls", tol=1e-14)
        levels = (np.clip(found.x, *bounds) * unit)[: len(self.columns)]
        rounding = (np.abs(effects) * levels <= NEGLIGIBLE_LEVEL * size[:, None]).all(axis=0)
        return np.where(rounding, 0.0, levels)

    def _spending(self, demand: Correspondence) -> tuple[Array, Array, Array]:
        """Return rows and targets of `sum p_g x_ig + slack = most spent`, and the largest slacks.

        In units of what is left to spend, times the weight.
        """
        rows, slack = [], []
        for agent in np.flatnonzero(_tied(demand) & ~_rays(demand)):
            assert demand.joint is not None
            spent = float(demand.lowest[agent] @ self.p)
            most, least = demand.joint.most_spent[agent] - spent, demand.joint.least_spent[agent] - spent
            own = [float(c.share[agent] @ self.p) if c.agent == agent else 0.0 for c in self.columns]
            if most > 0 and any(own):
                rows.append(SPENDING_WEIGHT * np.array(own) / most)
                slack.append(SPENDING_WEIGHT * (1.0 - max(least, 0.0) / most))
        return (
            np.array(rows).reshape(len(rows), len(self.columns)),
            np.full(len(rows), SPENDING_WEIGHT),
            np.array(slack),
        )

    def put(self, levels: Array, x: Array, y: Array) -> None:
        """Add the amounts of the levels to the allocation."""
        for column, level in zip(self.columns, levels, strict=True):
            (x if column.side > 0 else y)[:] += level * column.share


def _rays(answer: Correspondence) -> NDArray[np.bool_]:
    """Return a mask, (agents,), of agents whose amounts vary along a direction."""
    if answer.joint is None:
        return np.zeros(len(answer.lowest), dtype=bool)
    return np.asarray((answer.joint.direction != 0).any(axis=1))


def _tied(answer: Correspondence) -> NDArray[np.bool_]:
    """Return a mask, (agents,), of agents whose spending is within a range."""
    if answer.joint is None:
        return np.zeros(len(answer.lowest), dtype=bool)
    return np.isfinite(answer.joint.most_spent)


def needs_assignment(answers: Answers) -> bool:
    """Return True if amounts of several goods are coupled for some agent."""
    return answers.is_coupled
