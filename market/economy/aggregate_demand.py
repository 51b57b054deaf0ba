"""Aggregate demand and supply, without arrays per agent until they are read.

Symbols: p (goods,) prices; b_i = f_i + o_i.p incomes, f money and o (agents, goods) ownership of goods.

An auctioneer sees totals only. Where a family has a closed form for its total (`Utility.quasilinear_sums`,
`Utility.budget_sums`) its parameters are summed once, and the cost of a round does not depend on the number
of agents:

- log with money: sum_i x_ig = (sum_i a_ig) / p_g;
- log and Cobb-Douglas with an income, shares s_ig = a_ig / sum_h a_ih:
  sum_i x_ig = (sum_i s_ig f_i + sum_h (sum_i s_ig o_ih) p_h) / p_g, with a (goods, goods) matrix.
- CES and CRRA with one elasticity and fixed budgets: two products of a matrix and a vector.

Demand of all other families is computed in parts whose intermediate results stay in a core's cache
(`Economy.parts`), and only the totals are kept. Quantities by agent are computed by `Economy.answers` when
`demand` or `supply` of the answers is first read, as at the end of a play; totals differ from their sum by
rounding alone.

Totals do not show how amounts are coupled (`Coupling`); there, and where technologies link agents,
`AggregateDemand` returns the answers of `Economy.answers`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array, Correspondence, sum_over_agents
from market.economy.families.utilities.base import Sums, Total, Utility
from market.economy.primitives import PIECE, Answers, Block, Economy, Money


@dataclass(frozen=True)
class OwnAnswers:
    """Answers of agents whose own rule replaces their preferences and costs.

    Args:
        rows: (own,), their rows, ascending.
        demand: (own, goods), units.
        supply: (own, goods), units.
    """

    rows: NDArray[np.intp]
    demand: Array
    supply: Array


class AnswersInTotal(Answers):
    """Answers known in total, without coupling; answers per agent are computed when they are first read.

    Args:
        total_demand: the sum over agents, (goods,) each.
        total_supply: the sum over agents, (goods,) each.
        per_agent: computes the answers per agent.
        own: answers of agents with their own rule; None without such agents.
    """

    def __init__(
        self,
        total_demand: Correspondence,
        total_supply: Correspondence,
        per_agent: Callable[[], Answers],
        own: OwnAnswers | None = None,
    ) -> None:
        self.total_demand, self.total_supply = total_demand, total_supply
        self._per_agent, self.own = per_agent, own

    def by_agent(self) -> Answers:
        """Compute the answers per agent; the result is not cached."""
        return self._per_agent()

    @cached_property
    def _kept(self) -> Answers:
        return self.by_agent()

    @property
    def demand(self) -> Correspondence:
        """Consumption demanded by each agent, (agents, goods); computed at the first call."""
        return self._kept.demand

    @property
    def supply(self) -> Correspondence:
        """Production offered by each agent, (agents, goods); computed at the first call."""
        return self._kept.supply

    @property
    def is_coupled(self) -> bool:
        """Always False: demand with coupled goods is computed agent by agent."""
        return False


class AggregateDemand:
    """Aggregate answers of the agents of an economy to prices.

    Args:
        economy: the primitives.
        apart: (own,), rows of agents with their own rule, ascending; their own answers enter the totals.

    Example:
        Five agents who spend 1 each on water at every price demand 5 / 0.2 = 25 in all:

        >>> from market import build, loads
        >>> economy = build(loads('''
        ...     schema = 1
        ...     economy = "quasilinear"
        ...     goods = ["water"]
        ...     commons.water = 10
        ...     agents = [{ name = "a", count = 5, utility = { family = "log", weights = { water = 1 } } }]
        ...     mechanisms = [{ name = "prices", kind = "auctioneer" }]
        ... '''))
        >>> answers = AggregateDemand(economy)(np.array([0.2]))
        >>> float(answers.total_demand.lowest[0]), answers.demand.lowest.ravel().tolist()
        (25.0, [5.0, 5.0, 5.0, 5.0, 5.0])
    """

    def __init__(self, economy: Economy, apart: NDArray[np.intp] | None = None) -> None:
        self.economy = economy
        self.apart = np.zeros(0, dtype=np.intp) if apart is None else apart

    def __getstate__(self) -> dict[str, Any]:
        """Pickle the economy only; caches are rebuilt in the receiving process."""
        return {"economy": self.economy, "apart": self.apart}

    @cached_property
    def _closed(self) -> tuple[tuple[type[Utility], Total], ...]:
        """Families whose totals have a closed form, block by block."""
        found = [(block.family, self._total_of(block)) for block in self.economy.utilities]
        asked = {family for family, total in found if total is None}
        return tuple((family, total) for family, total in found if total is not None and family not in asked)

    def _total_of(self, block: Block[Utility]) -> Total | None:
        """Return the total demand of a block from sums, or as its family prepares it; None without either."""
        sums = self._sums(block)
        if sums is not None:
            with_money = self.economy.money is Money.QUASILINEAR
            known = block.family.quasilinear_total if with_money else block.family.budget_total
            return lambda p: known(p, *sums)
        if self.economy.money is not Money.FISHER:
            return None
        budget = self.economy.budget.copy()
        budget[self.apart] = 0.0
        return block.family.prepared_total(budget[block.rows], **block.parameters)

    def _sums(self, block: Block[Utility]) -> Sums | None:
        """Return the sums on which the total of a block depends; None without a closed form."""
        total: Sums | None = None
        for piece in block.pieces(len(self.economy.goods)):
            sums = self._sums_of(_without(piece, self.apart))
            if sums is None:
                return None
            total = sums if total is None else tuple(a + b for a, b in zip(total, sums, strict=True))
        return total

    def _sums_of(self, block: Block[Utility]) -> Sums | None:
        economy, rows = self.economy, block.rows
        fixed = economy.budget[rows]
        if economy.money is Money.QUASILINEAR:
            return block.family.quasilinear_sums(**block.parameters) if np.isinf(fixed).all() else None
        owned = np.zeros((block.size, len(economy.goods)))
        if economy.money is Money.EXCHANGE:
            owned = economy.endowment[rows] + economy.commons_share[rows, None] * economy.commons
            fixed = np.zeros(block.size)
        return block.family.budget_sums(fixed, owned, **block.parameters)

    @cached_property
    def _parts(self) -> tuple[tuple[Economy, NDArray[np.bool_]], ...]:
        """Parts of the economy without closed forms, with masks of the agents that are not apart."""
        closed = {family for family, _ in self._closed}
        found = []
        for rows, part in self.economy.parts:
            asked = tuple(block for block in part.utilities if block.family not in closed)
            if asked or part.costs:
                counted = np.ones(len(part.agents), dtype=bool)
                apart = self.apart - rows.start
                counted[apart[(apart >= 0) & (apart < len(counted))]] = False
                found.append((replace(part, utilities=asked), counted))
        return tuple(found)

    @cached_property
    def pays(self) -> bool:
        """True if totals are cheaper to compute than quantities per agent."""
        if self.economy.technologies:
            return False
        agents, goods = self.economy.shape
        return bool(self._closed) or agents * goods > PIECE

    def __call__(self, p: Array, own: OwnAnswers | None = None) -> Answers:
        """Return the answers of all agents to prices p; `own` are those of the agents apart.

        Raises:
            UnboundedDemandError: a wanted good is free.
        """
        totals = self._totals(p) if self.pays else None
        if totals is None:
            return self._by_agent(p, own)
        demand, supply = totals
        if own is not None:
            demand, supply = _plus(demand, own.demand), _plus(supply, own.supply)
        return AnswersInTotal(demand, supply, partial(self._by_agent, p.copy(), own), own)

    def _by_agent(self, p: Array, own: OwnAnswers | None) -> Answers:
        answers = self.economy.answers(p)
        if own is None:
            return answers
        demand = _replace_rows(answers.demand, own.rows, own.demand)
        return Answers(demand, _replace_rows(answers.supply, own.rows, own.supply))

    def _totals(self, p: Array) -> tuple[Correspondence, Correspondence] | None:
        """Return total demand and supply; None where an agent's amounts are coupled."""
        demand = np.zeros(len(p))
        for _, total in self._closed:
            own = total(p)
            if own is None:
                return None
            demand = demand + own
        if not self._parts:
            nothing = np.zeros(len(p))
            return Correspondence.exactly(demand), Correspondence.exactly(nothing)
        bounds = np.zeros((4, len(p)))
        bounds[:2] = demand
        for part, counted in self._parts:
            answers = part.answers(p)
            if answers.is_coupled:
                return None
            both = (*answers.demand.bounds, *answers.supply.bounds)
            bounds += [sum_over_agents(a if counted.all() else a[counted]) for a in both]
        return Correspondence(bounds[0], bounds[1]), Correspondence(bounds[2], bounds[3])


def _replace_rows(answer: Correspondence, rows: NDArray[np.intp], amounts: Array) -> Correspondence:
    lowest, highest = answer.lowest.copy(), answer.highest.copy()
    lowest[rows], highest[rows] = amounts, amounts
    return Correspondence(lowest, highest, answer.joint)


def _plus(total: Correspondence, amounts: Array) -> Correspondence:
    added = sum_over_agents(amounts)
    return Correspondence(total.lowest + added, total.highest + added)


def _without(block: Block[Utility], rows: NDArray[np.intp]) -> Block[Utility]:
    """Return a block without its agents in these rows."""
    own = block.rows
    numbers = np.arange(own.start, own.stop) if isinstance(own, slice) else own
    kept = ~np.isin(numbers, rows)
    if not len(rows) or kept.all():
        return block
    return Block(block.family, numbers[kept], {name: a[kept] for name, a in block.parameters.items()})
