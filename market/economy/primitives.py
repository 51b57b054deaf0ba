"""The primitives of an economy as arrays, and what follows from them at prices or at an allocation.

Symbols: agents i, goods g, axes always (agents, goods). q (goods,) the commons, a stock of nobody;
e (agents, goods) endowments; b (agents,) budgets; p (goods,) prices; x consumption; y production;
u_i(x_i) utility; C_i(y_i) cost. Feasible: sum x <= q + sum e + sum y, good by good.

What money is (`Money`):

- quasilinear: payoff_i = u_i(x_i) - C_i(y_i) - payment_i with payment_i = p.(x_i - e_i - y_i). A budget b_i
  is the money that i starts with and that may not go negative: payment_i + C_i(y_i) <= b_i. Without a
  budget money may go negative without limit.
- fisher: a buyer has a budget that it can only spend, max u_i(x_i) subject to p.x_i <= b_i. What it does
  not spend is worth nothing to it. Producers and owners of goods sell them for money that counts in their
  payoff: payoff_i = u_i(x_i) + p.(e_i + y_i) - C_i(y_i).
- exchange: income is what the endowment, shares in the commons and shares in profits are worth,
  p.x_i <= p.e_i + s_i p.q + sum_j t_ij p.y_j, where s_i is i's share in the commons and t_ij in the profit of
  j. Producers have technologies, and y are netputs: outputs positive, inputs negative. Only relative prices
  matter.

`Economy` knows no scenario and no mechanism. Families are evaluated in *blocks*: all agents of one family
together, on arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import Any, Generic, TypeVar

import numpy as np
import scipy
from numpy.typing import NDArray

from market.economy.agent_names import View
from market.economy.correspondences import Array, Correspondence, Coupling, is_nothing, sum_over_agents
from market.economy.families.costs import Cost
from market.economy.families.technologies import Technology
from market.economy.families.utilities import Utility
from market.registry import Family

Rows = slice | NDArray[np.intp]
F = TypeVar("F", bound=Family)

_MOST = 1e200  # stands for an infinite income: 0 times that is 0, of what is not wanted
PIECE = 1 << 16  # amounts, agents times goods, that are worked on at a time: what fits a core's cache


class Money(StrEnum):
    """What money is in an economy."""

    QUASILINEAR = "quasilinear"
    FISHER = "fisher"
    EXCHANGE = "exchange"


@dataclass(frozen=True)
class Block(Generic[F]):
    """All agents of one family.

    Args:
        family: the class whose functions are called.
        rows: which agents, as a slice or an array of row numbers.
        parameters: name -> array with the agents of the block first.
    """

    family: type[F]
    rows: Rows
    parameters: Mapping[str, Array]

    @property
    def size(self) -> int:
        """How many agents it holds."""
        return len(next(iter(self.parameters.values())))

    def pieces(self, goods: int) -> Iterator[Block[F]]:
        """The same agents, so many at a time that what is calculated for them stays in a core's cache."""
        most = agents_a_piece(goods)
        if self.size <= most:
            yield self
            return
        for start in range(0, self.size, most):
            yield self.part(start, min(start + most, self.size))

    def part(self, start: int, stop: int) -> Block[F]:
        """The agents in these places of the block; arrays are views."""
        rows = self.rows
        if isinstance(rows, slice):
            first = rows.start or 0
            own: Rows = slice(first + start, first + stop)
        else:
            own = rows[start:stop]
        return Block(self.family, own, {name: a[start:stop] for name, a in self.parameters.items()})

    def between(self, start: int, stop: int) -> Block[F] | None:
        """Those of its agents who stand in rows `start` to `stop`, in rows counted from there."""
        rows = self.rows
        if isinstance(rows, slice):
            first = rows.start or 0
            low, high = max(start - first, 0), min(stop - first, self.size)
        else:
            low, high = (int(place) for place in np.searchsorted(rows, (start, stop)))
        if low >= high:
            return None
        kept = self.part(low, high)
        moved: Rows = (
            kept.rows - start
            if not isinstance(kept.rows, slice)
            else slice(kept.rows.start - start, kept.rows.stop - start)
        )
        return replace(kept, rows=moved)


def agents_a_piece(goods: int) -> int:
    """How many agents are worked on at a time."""
    return max(PIECE // max(goods, 1), 1)


class Answers:
    """What all agents answer to prices, each (agents, goods) and set-valued.

    Args:
        demand: what they would consume.
        supply: what they would make; netputs of technologies.
    """

    def __init__(self, demand: Correspondence, supply: Correspondence) -> None:
        self._demand, self._supply = demand, supply

    @property
    def demand(self) -> Correspondence:
        """What everyone would consume."""
        return self._demand

    @property
    def supply(self) -> Correspondence:
        """What everyone would make."""
        return self._supply

    @cached_property
    def total_demand(self) -> Correspondence:
        """The sum of demand over agents, (goods,) each."""
        return self.demand.total()

    @cached_property
    def total_supply(self) -> Correspondence:
        """The sum of supply over agents, (goods,) each."""
        return self.supply.total()

    @property
    def hang_together(self) -> bool:
        """Whether amounts of several goods hang together for somebody."""
        return self.demand.joint is not None or self.supply.joint is not None


@dataclass(frozen=True)
class Economy:
    """The primitives, drawn and checked; immutable.

    Args:
        money: what money is.
        goods: names, (goods,).
        agents: names, (agents,).
        groups: group name -> row numbers of its members; a single agent is a group of one.
        commons: (goods,), q, units.
        endowment: (agents, goods), e, units.
        budget: (agents,), b, money; inf where money may go negative, 0 where there is none.
        commons_share: (agents,), s, the share of the value of the commons under `exchange`; sums to 1.
        utilities: blocks of agents that want something.
        costs: blocks of agents that can make something at a cost in money.
        technologies: blocks of agents that can turn goods into goods.
        ownership: (agents, agents), t, the share of the row in the profit of the column, sparse; columns
            sum to one. None: everyone owns itself.
        numeraire: the good whose price is 1 under `exchange`; None: prices sum to one.
        seed: the root of every random draw that a mechanism makes.
    """

    money: Money
    goods: tuple[str, ...]
    agents: Sequence[str]
    groups: Mapping[str, NDArray[np.intp]]
    commons: Array
    endowment: Array
    budget: Array
    commons_share: Array
    utilities: tuple[Block[Utility], ...]
    costs: tuple[Block[Cost], ...] = ()
    technologies: tuple[Block[Technology], ...] = ()
    ownership: scipy.sparse.csr_matrix | None = None
    numeraire: int | None = None
    seed: int = 0

    def __repr__(self) -> str:
        """Its size, on a line."""
        return f"<Economy of {len(self.agents)} agents and {len(self.goods)} goods, {self.money.value}>"

    @property
    def shape(self) -> tuple[int, int]:
        """(number of agents, number of goods)."""
        return len(self.agents), len(self.goods)

    @cached_property
    def owned(self) -> Array:
        """Sum e: what all agents own of each good, (goods,)."""
        return sum_over_agents(self.endowment)

    @cached_property
    def resources(self) -> Array:
        """Q + sum e: what there is before anything is made, (goods,)."""
        return self.commons + self.owned

    @cached_property
    def capacity(self) -> Array:
        """The most that each agent can make at a cost in money, (agents, goods); inf without a limit."""
        if not self.costs:
            return self._nothing
        return self._by_good(self.costs, lambda block: block.family.limit(**block.parameters))

    @property
    def _nothing(self) -> Array:
        """Zeros, (agents, goods), that take no memory and cannot be written to."""
        return np.broadcast_to(0.0, self.shape)

    @property
    def has_producers(self) -> bool:
        """Whether somebody can make something."""
        return bool(self.costs or self.technologies)

    @cached_property
    def has_endowments(self) -> bool:
        """Whether somebody owns some of a good."""
        return bool(self.endowment.any())

    @cached_property
    def turns_goods_into_goods(self) -> NDArray[np.bool_]:
        """Who has a technology, (agents,)."""
        has = np.zeros(len(self.agents), dtype=bool)
        for block in self.technologies:
            has[block.rows] = True
        return has

    @cached_property
    def most(self) -> Array:
        """More than there can ever be of each good, (goods,), finite."""
        made = np.minimum(self.capacity, 1e100).sum(axis=0)
        for block in self.technologies:
            made = made + 1e100 * block.family.makes(**block.parameters).any(axis=0)
        return np.minimum(self.resources + made, 1e100)

    @cached_property
    def utility_scale(self) -> Array:
        """What an equal share of all resources is worth to each agent at the margin, (agents,), utility.

        A size to hold gains against that changes with the unit of utility; of those to whom nothing is worth
        anything, the mean of the others. Of a good of which there is nothing yet, a unit.
        """
        each = np.where(self.resources > 0, self.resources / len(self.agents), 1.0)
        share = np.tile(each, (len(self.agents), 1))
        slopes = self.marginal_utility(share)
        worth = np.multiply(slopes, share, out=np.zeros_like(share), where=np.isfinite(slopes)).sum(axis=1)
        some = worth[worth > 0]
        return np.where(worth > 0, worth, some.mean() if len(some) else 1.0)

    @cached_property
    def bliss(self) -> Array:
        """The amounts beyond which more does not help an agent, (agents, goods): 0 if unwanted."""
        return self._by_good(self.utilities, lambda block: block.family.bliss(**block.parameters))

    @cached_property
    def wants_something(self) -> NDArray[np.bool_]:
        """Whose utility some good can raise, (agents,)."""
        wants = np.zeros(len(self.agents), dtype=bool)
        for block in self._pieces(self.utilities):
            wants[block.rows] = (block.family.bliss(**block.parameters) > 0).any(axis=1)
        return wants

    @cached_property
    def not_concave(self) -> NDArray[np.bool_]:
        """Whose utility as stated is not concave, (agents,)."""
        bent = np.zeros(len(self.agents), dtype=bool)
        for block in self.utilities:
            bent[block.rows] = block.family.not_concave(**block.parameters)
        return bent

    @cached_property
    def concave_form(self) -> Economy:
        """The economy with utilities that order bundles in the same way and are concave.

        First-order conditions prove something of these. A producer that bears a cost keeps its utility as
        stated: what it gives up for a unit of cost depends on more than the order.
        """
        ordinal = self.not_concave & ~(self.capacity > 0).any(axis=1)
        if not ordinal.any():
            return self

        def changed(block: Block[Utility]) -> Block[Utility]:
            form, own = block.family.concave_form(**block.parameters), ordinal[block.rows]
            parameters = {
                key: np.where(own.reshape(-1, *[1] * (stated.ndim - 1)), form[key], stated)
                for key, stated in block.parameters.items()
            }
            return replace(block, parameters=parameters)

        return replace(self, utilities=tuple(changed(block) for block in self.utilities))

    @property
    def has_ties(self) -> bool:
        """Whether some family values goods linearly, so that some agent may be indifferent between them."""
        none = Utility.linear_weights
        return any(block.family.linear_weights is not none for block in self.utilities)

    @cached_property
    def linear_weights(self) -> Array:
        """What one unit is worth to those who value a good linearly, (agents, goods), else 0."""
        return self._by_good(self.utilities, lambda block: block.family.linear_weights(**block.parameters))

    @cached_property
    def subsistence(self) -> Array:
        """The amounts beyond which an agent needs every good for a utility above -inf, (agents, goods)."""
        return self._by_good(self.utilities, lambda block: block.family.subsistence(**block.parameters))

    @cached_property
    def indifference_prices(self) -> tuple[Array, ...]:
        """For each good the prices, ascending, at which somebody is indifferent about its amount.

        Producers about their output; with quasilinear money consumers about what they buy.
        """
        blocks: list[Block[Any]] = list(self.costs)
        if self.money is Money.QUASILINEAR:
            none = Utility.indifference_prices
            blocks += [block for block in self.utilities if block.family.indifference_prices is not none]
        known = [np.zeros(0)] * len(self.goods)
        for block in self._pieces(tuple(blocks)):
            found = block.family.indifference_prices(**block.parameters)
            for g, column in enumerate(found.T):
                new = column[np.isfinite(column)]
                known[g] = np.union1d(known[g], new) if len(new) else known[g]
        return tuple(known)

    # --- values at an allocation -------------------------------------------------------------------

    def utility(self, x: Array) -> Array:
        """u_i(x_i), (agents,); 0 for an agent without a utility; may be -inf."""
        return self._by_agent(
            self.utilities, lambda block: block.family.value(x[block.rows], **block.parameters)
        )

    def concave_utility(self, x: Array) -> Array:
        """A concave increasing transform of u_i(x_i), (agents,): the same preferences."""
        return self._by_agent(
            self.utilities, lambda block: block.family.concave_value(x[block.rows], **block.parameters)
        )

    def concave_marginal_utility(self, x: Array) -> Array:
        """The slopes of `concave_utility`, (agents, goods); inf where the slope at nothing is infinite."""
        return self._by_good(
            self.utilities, lambda block: block.family.concave_marginal(x[block.rows], **block.parameters)
        )

    def marginal_utility(self, x: Array) -> Array:
        """du_i/dx_ig, (agents, goods); inf where the slope at nothing is infinite."""
        return self._by_good(
            self.utilities, lambda block: block.family.marginal(x[block.rows], **block.parameters)
        )

    def worth(self, x: Array) -> Array:
        """What bundles are worth at the margin, sum_g x_ig du_i/dx_ig, (agents,), utility."""
        return self._by_agent(
            self.utilities, lambda block: block.family.worth(x[block.rows], **block.parameters)
        )

    def first_worth(self, p: Array) -> Array:
        """The most that a first, tiny amount of money spent at prices p adds to utility, per unit of it.

        sup_d u'(0; d) / p.d over directions d of consumption, (agents,): for log1p the largest a_g / p_g, for
        utilities that are homogeneous of degree one the utility of what one unit of money buys. It says
        whether an empty bundle is best, also where single slopes at nothing do not exist.

        Returns:
            inf where utility at nothing is -inf or rises infinitely fast, or without bound with what is free;
            0 for an agent that wants nothing.
        """
        tiny = 1e-9 * max(float(self.resources @ p), 1e-9 * float(p.max(initial=0.0)), 1e-250)
        return self._by_agent(
            self.utilities, lambda block: block.family.first_worth(p, tiny, **block.parameters)
        )

    def cost(self, y: Array) -> Array:
        """C_i(y_i), (agents,), money; inf for what cannot be made."""
        if not self.costs and (is_nothing(y) or not y.any()):
            return np.zeros(len(self.agents))
        total = self._by_agent(
            self.costs, lambda block: block.family.value(y[block.rows], **block.parameters)
        )
        beyond = (y > self.capacity).any(axis=1) & ~self.turns_goods_into_goods
        return np.where(beyond, np.inf, total)

    @cached_property
    def has_kinks(self) -> bool:
        """Whether some family may have several slopes at a bundle (`Utility.kink`)."""
        return any(block.family.kink is not Utility.kink for block in self.utilities)

    def kinks(self, x: Array) -> Array:
        """What slopes there are at kinks, (agents, goods), b: any m >= 0 with sum_g b_ig m_ig = 1; else 0."""
        if not self.has_kinks:
            return self._nothing
        return self._by_good(
            self.utilities, lambda block: block.family.kink(x[block.rows], **block.parameters)
        )

    def marginal_utility_along(self, x: Array, p: Array) -> Array:
        """`marginal_utility`, and at kinks the slopes nearest to prices p (goods,), (agents, goods)."""
        return self._by_good(
            self.utilities,
            lambda block: block.family.marginal_along(x[block.rows], p, **block.parameters),
        )

    def concave_marginal_utility_along(self, x: Array, p: Array) -> Array:
        """`concave_marginal_utility`, and at kinks the slopes nearest to prices, (agents, goods)."""
        return self._by_good(
            self.utilities,
            lambda block: block.family.concave_marginal_along(x[block.rows], p, **block.parameters),
        )

    def marginal_cost(self, y: Array) -> Array:
        """dC_i/dy_ig, (agents, goods), money per unit; inf where the good cannot be made."""
        if not self.costs:
            return np.broadcast_to(np.inf, self.shape)
        slopes = np.full(self.shape, np.inf)
        for block in self.costs:
            slopes[block.rows] = block.family.marginal(y[block.rows], **block.parameters)
        return slopes

    def offered(self, y: Array) -> Array:
        """Resources and outputs, before anything is used or consumed, (goods,)."""
        if not self.has_producers:
            return self.resources
        return self.resources + np.maximum(y, 0.0).sum(axis=0)

    def taken(self, x: Array, y: Array) -> Array:
        """What is consumed and what producers use, (goods,)."""
        eaten = sum_over_agents(x)
        return eaten + np.maximum(-y, 0.0).sum(axis=0) if self.technologies else eaten

    def welfare(self, x: Array, y: Array) -> Array:
        """u_i(x_i) - C_i(y_i), (agents,): what an agent has of an allocation before any payment."""
        return self.utility(x) - self.cost(y)

    # --- answers to prices -------------------------------------------------------------------------

    def answers(self, p: Array) -> Answers:
        """What everyone demands and supplies at prices p.

        Raises:
            UnboundedDemandError: a wanted good is free.
        """
        supply = self.supply(p)
        return Answers(self.demand(p, supply), supply)

    def supply(self, p: Array) -> Correspondence:
        """What producers would make at prices p: max p.y - C(y), (agents, goods); netputs of technologies.

        Raises:
            UnboundedDemandError: an input of which more always helps is free.
        """
        if not self.has_producers:
            return Correspondence.exactly(self._nothing)
        at_a_cost = self._gather(self.costs, lambda block: block.family.supply(p, **block.parameters))
        if not self.technologies:
            return at_a_cost
        return self._gather(self.technologies, lambda block: block.family.netput(p, **block.parameters))

    def demand(self, p: Array, supply: Correspondence) -> Correspondence:
        """What agents would consume at prices p, (agents, goods).

        With quasilinear money and a binding budget the bundle is the one that a fixed income of the same
        size would buy: u is concave, so the best affordable bundle is on the budget line.

        Args:
            p: (goods,), prices.
            supply: what they make; profits are income where budgets bind.
        """
        means = self.spending_power(p, supply)
        return self._gather(self.utilities, lambda block: self._block_demand(block, p, means[block.rows]))

    def spending_power(self, p: Array, supply: Correspondence) -> Array:
        """The most that each agent can pay for its consumption, (agents,), money; inf without a budget.

        At an interval of outputs profit is the same for all of them, so any of them serves.
        """
        if self.money is Money.FISHER:
            return self.budget
        if self.money is Money.QUASILINEAR and not (self.has_endowments or self.has_producers):
            return self.budget
        owned: Array = self.endowment @ p if self.has_endowments else np.zeros(len(self.agents))
        if self.money is Money.EXCHANGE:
            shared = self.commons_share * float(self.commons @ p)
            return np.minimum(owned + shared + self.dividends(self.profit(p, supply.lowest)), _MOST)
        return self.budget + owned + self.profit(p, supply.lowest)

    def profit(self, p: Array, y: Array) -> Array:
        """p.y - C(y), (agents,), money; inf for an unbounded output at a price above cost."""
        if not self.has_producers:
            return np.zeros(len(self.agents))
        unbounded = np.asarray(np.isinf(y).any(axis=1))
        finite = np.where(unbounded[:, None], 0.0, y)
        return np.where(unbounded, np.inf, finite @ p - self.cost(finite))

    def dividends(self, profit: Array) -> Array:
        """What profits give to the owners, (agents,)."""
        if not self.technologies or self.ownership is None:
            return profit
        return np.asarray(self.ownership @ profit)

    def _block_demand(self, block: Block[Utility], p: Array, means: Array) -> Correspondence:
        family, parameters = block.family, block.parameters
        if self.money is not Money.QUASILINEAR:
            return family.budget_demand(p, means, **parameters)
        free = family.quasilinear_demand(p, **parameters)
        if np.isinf(means).all():
            return free
        with np.errstate(invalid="ignore"):
            bound = ~(np.nan_to_num(free.lowest @ p, nan=np.inf) <= means)
        free = _within_means(free, p, np.where(bound, np.inf, means))
        tied = family.budget_demand(p, np.where(bound, np.maximum(means, 0.0), 0.0), **parameters)
        lowest = np.where(bound[:, None], tied.lowest, free.lowest)
        if free.single_valued and tied.single_valued:
            return Correspondence.exactly(lowest)
        highest = np.where(bound[:, None], tied.highest, free.highest)
        return Correspondence(lowest, highest, _either(bound, tied.joint, free.joint))

    # --- payoffs -----------------------------------------------------------------------------------

    def payments(self, p: Array, x: Array, y: Array) -> Array:
        """Net money paid, p.(x_i - e_i - y_i), (agents,); negative for a net seller.

        Under `exchange` each agent is credited its share of what the commons sold is worth and of profits,
        and charged for the profits of others that it makes, so that the payments of agents on their budget
        lines are 0.
        """
        if self.money is Money.EXCHANGE:
            paid: Array = (x - self.endowment) @ p - self.dividends(y @ p)
            return paid - self.commons_share * paid.sum()
        paid = np.empty(len(self.agents))
        if not (self.has_endowments or self.costs):
            return np.asarray(x @ p)
        for rows in self.pieces:
            paid[rows] = (x[rows] - self.endowment[rows] - y[rows]) @ p
        return paid

    def payoff(self, welfare: Array, p: Array, x: Array, y: Array) -> Array:
        """What agents get in all when they trade at prices p, (agents,): welfare and what money adds.

        Args:
            welfare: (agents,), u_i(x_i) - C_i(y_i).
            p: (goods,), prices.
            x: (agents, goods), consumption.
            y: (agents, goods), production.
        """
        if self.money is Money.QUASILINEAR:
            return welfare - self.payments(p, x, y)
        if self.money is Money.FISHER and (self.has_endowments or self.costs):
            return welfare + (self.endowment + y) @ p
        return welfare

    def normalise(self, p: Array) -> Array:
        """Prices as they are reported: under `exchange` the numeraire's price, or their sum, is 1."""
        if self.money is not Money.EXCHANGE:
            return p
        unit = p.sum() if self.numeraire is None or p[self.numeraire] == 0 else p[self.numeraire]
        return p / unit if unit > 0 else p  # where nobody wants anything every price is 0

    def rows(self, name: str) -> NDArray[np.intp]:
        """The row numbers of a group, or of one agent, by name."""
        if name in self.groups:
            return self.groups[name]
        return np.array([self.agents.index(name)], dtype=np.intp)

    # --- helpers -----------------------------------------------------------------------------------

    def part(self, start: int, stop: int) -> Economy:
        """The agents in these rows by themselves, at a cost that does not grow with the others.

        What agents answer, have and pay is the same for them as in the whole economy, for technologies and
        for whoever has a share in them excepted. What belongs to all together (`resources`, `capacity` in
        total, `groups`) is not; the commons stay what they are, so that shares in them are right.
        """
        return replace(
            self,
            agents=View(self.agents, start, stop),
            groups={},
            endowment=self.endowment[start:stop],
            budget=self.budget[start:stop],
            commons_share=self.commons_share[start:stop],
            utilities=_between(self.utilities, start, stop),
            costs=_between(self.costs, start, stop),
            technologies=_between(self.technologies, start, stop),
            ownership=None,
        )

    @cached_property
    def pieces(self) -> tuple[slice, ...]:
        """All rows, so many at a time that what is calculated for them stays in a core's cache."""
        agents, most = len(self.agents), agents_a_piece(len(self.goods))
        return tuple(slice(start, min(start + most, agents)) for start in range(0, agents, most))

    @cached_property
    def parts(self) -> tuple[tuple[slice, Economy], ...]:
        """The whole economy in parts of neighbours, each with its rows; one part with technologies."""
        if len(self.pieces) <= 1 or self.technologies:
            return ((slice(0, len(self.agents)), self),)
        return tuple((rows, self.part(rows.start, rows.stop)) for rows in self.pieces)

    def _by_agent(self, blocks: tuple[Block[F], ...], evaluate: Callable[[Block[F]], Array]) -> Array:
        total = np.zeros(len(self.agents))
        for block in self._pieces(blocks):
            total[block.rows] = evaluate(block)
        return total

    def _by_good(self, blocks: tuple[Block[F], ...], evaluate: Callable[[Block[F]], Array]) -> Array:
        amounts = np.zeros(self.shape)
        for block in self._pieces(blocks):
            amounts[block.rows] = evaluate(block)
        return amounts

    def _pieces(self, blocks: tuple[Block[F], ...]) -> Iterator[Block[F]]:
        for block in blocks:
            yield from block.pieces(len(self.goods))

    def _gather(
        self, blocks: tuple[Block[F], ...], answer: Callable[[Block[F]], Correspondence]
    ) -> Correspondence:
        """Put the answers of blocks into the rows of one interval over all agents."""
        if (
            len(blocks) == 1
            and blocks[0].size == len(self.agents)
            and getattr(blocks[0].family, "direct", False)
        ):
            return answer(blocks[0])
        everyone = sum(block.size for block in blocks) == len(self.agents)
        lowest = highest = np.empty(self.shape) if everyone else np.zeros(self.shape)
        joint: Coupling | None = None
        for block in self._pieces(blocks):
            part, rows = answer(block), block.rows
            if part.lowest.shape == self.shape and isinstance(rows, slice):
                return part  # it is everyone's
            if highest is lowest and not part.single_valued:
                highest = lowest.copy()
            lowest[rows] = part.lowest
            if highest is not lowest:
                highest[rows] = part.highest
            if part.joint is not None:
                joint = joint or _unjoined(self.shape)
                for whole, own in zip(joint, part.joint, strict=True):
                    whole[rows] = own
        return Correspondence(lowest, highest, joint)


def _between(blocks: tuple[Block[F], ...], start: int, stop: int) -> tuple[Block[F], ...]:
    """Those of each block who stand in rows `start` to `stop`."""
    return tuple(own for block in blocks if (own := block.between(start, stop)) is not None)


def _within_means(free: Correspondence, p: Array, means: Array) -> Correspondence:
    """Quasilinear demand of those who are as glad of a good as of its price, and have only so much money.

    Args:
        free: demand without a limit; its lowest amounts can be paid for.
        p: (goods,), prices, > 0 where a range of amounts is demanded.
        means: (agents,), money; inf without a limit.
    """
    if free.single_valued:
        return free
    rays = np.zeros(len(means), dtype=bool)
    if free.joint is not None:
        rays = (free.joint.direction != 0).any(axis=1)
    loose = np.isfinite(means) & ((free.highest > free.lowest).any(axis=1) | rays)
    if not loose.any():
        return free
    spent = np.where(loose[:, None], free.lowest, 0.0) @ p
    left = np.where(loose, np.maximum(means - spent, 0.0), np.inf)
    more = free.lowest + np.divide(left[:, None], p, out=np.full_like(free.lowest, np.inf), where=p > 0)
    highest = np.where(loose[:, None], np.minimum(free.highest, more), free.highest)
    direction = np.zeros_like(free.lowest) if free.joint is None else free.joint.direction
    joint = Coupling(
        np.where(loose & ~rays, spent, -np.inf), np.where(loose, np.maximum(means, spent), np.inf), direction
    )
    return Correspondence(free.lowest, highest, joint)


def _either(first: NDArray[np.bool_], one: Coupling | None, other: Coupling | None) -> Coupling | None:
    """How amounts hang together for agents of whom the first answer in one way and the rest in another."""
    known = one or other
    if known is None:
        return None
    nothing = _unjoined(known.direction.shape)
    pairs = zip(one or nothing, other or nothing, strict=True)
    return Coupling(*(np.where(first if a.ndim == 1 else first[:, None], a, b) for a, b in pairs))


def _unjoined(shape: tuple[int, ...]) -> Coupling:
    """Amounts that hang together for nobody."""
    return Coupling(np.full(shape[0], -np.inf), np.full(shape[0], np.inf), np.zeros(shape))
