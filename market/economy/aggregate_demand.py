"""All agents together: what they answer in total, without a number for each of them before somebody asks.

Symbols: p (goods,) prices; b_i = f_i + o_i.p incomes, f money and o (agents, goods) what is owned.

An auctioneer sees totals only. Where a family has a closed form for its total (`Utility.quasilinear_sums`,
`Utility.budget_sums`) what it depends on is summed once, and a round costs the same at any number of agents:

- log with money: sum_i x_ig = (sum_i a_ig) / p_g;
- log and Cobb-Douglas with an income, shares s_ig = a_ig / sum_h a_ih:
  sum_i x_ig = (sum_i s_ig f_i + sum_h (sum_i s_ig o_ih) p_h) / p_g, with a (goods, goods) matrix.
- CES and CRRA with the same elasticity and fixed budgets: two products of a matrix and a vector.

All others are asked in parts of so many agents that what is calculated for them stays in a core's cache
(`Economy.parts`), and only the totals are kept. Quantities by agent are calculated when `demand` or `supply`
of the answers is first read: at the end of a play, or because somebody looks. They are the very ones that
`Economy.answers` gives; totals differ from their sum by rounding alone.

Amounts that hang together (`Coupling`) are nothing that totals tell of; there, and where technologies link
agents, `AggregateDemand` gives what `Economy.answers` gives.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array, Correspondence, sum_over_agents
from market.economy.families.utilities.base import Sums, Total, Utility
from market.economy.primitives import PIECE, Answers, Block, Economy, Money


@dataclass(frozen=True)
class Own:
    """Answers that some agents give for themselves.

    Args:
        rows: (own,), who they are, ascending.
        demand: (own, goods), units.
        supply: (own, goods), units.
    """

    rows: NDArray[np.intp]
    demand: Array
    supply: Array


class InTotal(Answers):
    """Answers of which the totals are known, and nothing hangs together.

    Args:
        total_demand: the sum over agents, (goods,) each.
        total_supply: the sum over agents, (goods,) each.
    """

    def __init__(self, total_demand: Correspondence, total_supply: Correspondence) -> None:
        self._totals = total_demand, total_supply

    @property
    def total_demand(self) -> Correspondence:
        """The sum of demand over agents, (goods,) each."""
        return self._totals[0]

    @property
    def total_supply(self) -> Correspondence:
        """The sum of supply over agents, (goods,) each."""
        return self._totals[1]

    @property
    def hang_together(self) -> bool:
        """Never: such answers are asked for one by one."""
        return False


class Deferred(InTotal):
    """Answers whose totals are known; what each agent answers is calculated when it is first read.

    Args:
        economy: whose agents are asked.
        p: (goods,), the prices they answer.
        total_demand: over all agents, (goods,) each.
        total_supply: over all agents, (goods,) each.
        own: what some of them answer for themselves.
    """

    def __init__(
        self,
        economy: Economy,
        p: Array,
        total_demand: Correspondence,
        total_supply: Correspondence,
        own: Own | None,
    ) -> None:
        self.own, self._economy, self._p = own, economy, p.copy()
        super().__init__(total_demand, total_supply)

    def by_agent(self) -> Answers:
        """The same answers, calculated for everyone now and kept by the caller alone."""
        return with_own(self._economy.answers(self._p), self.own)

    @cached_property
    def _everyone(self) -> Answers:
        return self.by_agent()

    @property
    def demand(self) -> Correspondence:
        """What everyone would consume, (agents, goods); calculated at the first call."""
        return self._everyone.demand

    @property
    def supply(self) -> Correspondence:
        """What everyone would make, (agents, goods); calculated at the first call."""
        return self._everyone.supply


def with_own(answers: Answers, own: Own | None) -> Answers:
    """Answers with the rows of those who answer for themselves put in their place."""
    if own is None:
        return answers
    return Answers(_put(answers.demand, own.rows, own.demand), _put(answers.supply, own.rows, own.supply))


def _put(answer: Correspondence, rows: NDArray[np.intp], amounts: Array) -> Correspondence:
    lowest, highest = answer.lowest.copy(), answer.highest.copy()
    lowest[rows], highest[rows] = amounts, amounts
    return Correspondence(lowest, highest, answer.joint)


class AggregateDemand:
    """How the agents of an economy answer prices, all of them together.

    Args:
        economy: the primitives.
        apart: (own,), rows of agents who answer for themselves, ascending; they count by what they answer.

    Example:
        Five agents who spend 1 each on water at every price ask for 5 / 0.2 = 25 in all:

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
        """What is copied and sent to other processes: what is prepared for rounds is prepared there anew."""
        return {"economy": self.economy, "apart": self.apart}

    @cached_property
    def _closed(self) -> tuple[tuple[type[Utility], Total], ...]:
        """Families whose totals need no look at each trader in a round, block by block."""
        found = [(block.family, self._total_of(block)) for block in self.economy.utilities]
        asked = {family for family, total in found if total is None}
        return tuple((family, total) for family, total in found if total is not None and family not in asked)

    def _total_of(self, block: Block[Utility]) -> Total | None:
        """The total demand of a block, from sums or as its family prepares it; None if neither is."""
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
        """What the total of a block depends on; None without a closed form."""
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
        """Parts of the economy with those who must be asked one by one, and who of them is not apart."""
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
        """Whether totals can be had for less than everyone's quantities."""
        if self.economy.technologies:
            return False
        agents, goods = self.economy.shape
        return bool(self._closed) or agents * goods > PIECE

    def __call__(self, p: Array, own: Own | None = None) -> Answers:
        """What everyone answers to prices p; `own` is what those who are apart answer.

        Raises:
            UnboundedDemandError: a wanted good is free.
        """
        totals = self._totals(p) if self.pays else None
        if totals is None:
            return with_own(self.economy.answers(p), own)
        demand, supply = totals
        if own is not None:
            demand, supply = _plus(demand, own.demand), _plus(supply, own.supply)
        return Deferred(self.economy, p, demand, supply, own)

    def _totals(self, p: Array) -> tuple[Correspondence, Correspondence] | None:
        """Total demand and supply; None where amounts hang together for somebody."""
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
            if answers.hang_together:
                return None
            both = (*answers.demand.bounds, *answers.supply.bounds)
            bounds += [sum_over_agents(a if counted.all() else a[counted]) for a in both]
        return Correspondence(bounds[0], bounds[1]), Correspondence(bounds[2], bounds[3])


def _plus(total: Correspondence, amounts: Array) -> Correspondence:
    added = sum_over_agents(amounts)
    return Correspondence(total.lowest + added, total.highest + added)


def _without(block: Block[Utility], rows: NDArray[np.intp]) -> Block[Utility]:
    """A block without those of its agents who stand in these rows."""
    own = block.rows
    numbers = np.arange(own.start, own.stop) if isinstance(own, slice) else own
    kept = ~np.isin(numbers, rows)
    if not len(rows) or kept.all():
        return block
    return Block(block.family, numbers[kept], {name: a[kept] for name, a in block.parameters.items()})
