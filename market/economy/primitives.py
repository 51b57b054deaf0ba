"""The primitives of an economy as arrays; values at allocations, answers to prices, payoffs.

Symbols: agents i, goods g, axes always (agents, goods). q (goods,) the commons, a stock owned by no agent;
e (agents, goods) endowments; b (agents,) budgets; p (goods,) prices; x consumption; y production;
u_i(x_i) utility; C_i(y_i) cost. Feasible: sum x <= q + sum e + sum y, good by good.

The role of money (`Money`):

- quasilinear: payoff_i = u_i(x_i) - C_i(y_i) - payment_i with payment_i = p.(x_i - e_i - y_i), less the harm
  D_i that others' production does to i (`harm.py`), which is no spending and no agent's choice. A budget b_i
  is the money that i starts with and that may not go negative: payment_i + C_i(y_i) <= b_i. Without a
  budget money may go negative without limit. Revenue for the commons, R = sum_i payment_i, is the
  auctioneer's, or is handed to agents in lump sums s_i R that none of them can influence
  (`shares_revenue`); with a budget, s_i p.q is part of what i can spend.
- fisher: a buyer has a budget that it can only spend, max u_i(x_i) subject to p.x_i <= b_i. Money left over
  has no value to it. Producers and owners of goods sell them for money that counts in their
  payoff: payoff_i = u_i(x_i) + p.(e_i + y_i) - C_i(y_i). Revenue that is handed back counts likewise.
- exchange: income is the value of the endowment, of shares in the commons and of shares in profits,
  p.x_i <= p.e_i + s_i p.q + sum_j t_ij p.y_j, where s_i is i's share in the commons and t_ij in the profit of
  j. Producers have technologies, and y are netputs: outputs positive, inputs negative. Only relative prices
  matter.

A public good g is consumed in one amount by all agents, x_ig = G_g <= q_g + sum e_ig + sum y_ig. What reads
sums of consumption reads the `personalised` economy in place of one with public goods.

`Economy` depends on no scenario and no mechanism. Families are evaluated in *blocks*: all agents of one
family together, on arrays.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import numpy as np
import scipy
from numpy.typing import NDArray

from market.economy.budget_demand import demand_within_means
from market.economy.correspondences import (
    Array,
    Correspondence,
    Coupling,
    is_broadcast_zero,
    sum_over_agents,
    uncoupled,
)
from market.economy.families.technologies.activity import Activity
from market.economy.families.utilities.base import Utility
from market.economy.harm import Harm
from market.economy.provision import Provision, provision
from market.economy.public_goods import netputs_of_provision, personalise, without_shared_wants
from market.registry import Family
from market.tolerances import PLENTY, STANDS_FOR_UNBOUNDED

if TYPE_CHECKING:
    from market.economy.families.costs import Cost
    from market.economy.families.technologies.base import Technology

Rows = slice | NDArray[np.intp]
F = TypeVar("F", bound=Family)

PIECE = 1 << 16  # amounts, agents times goods, in a piece: intermediate results fit a core's cache


class Money(StrEnum):
    """The role of money in an economy."""

    QUASILINEAR = "quasilinear"
    FISHER = "fisher"
    EXCHANGE = "exchange"


@dataclass(frozen=True)
class Block(Generic[F]):
    """All agents of one family.

    Args:
        family: the class whose functions are called.
        rows: of the agents, a slice or an ascending array of row numbers.
        parameters: name -> array with the agents of the block first.
    """

    family: type[F]
    rows: Rows
    parameters: Mapping[str, Array]

    @property
    def size(self) -> int:
        """The number of agents."""
        return len(next(iter(self.parameters.values())))

    def call(self, function: Callable[..., Any], *arrays: Array) -> Any:
        """Return a function of the family at the block's rows of arrays and its parameters."""
        return function(*(array[self.rows] for array in arrays), **self.parameters)

    def pieces(self, goods: int) -> Iterator[Block[F]]:
        """Yield parts of the block of a size whose intermediate results stay in a core's cache."""
        most = agents_per_piece(goods)
        if self.size <= most:
            yield self
            return
        for start in range(0, self.size, most):
            yield self.part(start, min(start + most, self.size))

    def part(self, start: int, stop: int) -> Block[F]:
        """Return the agents in these places of the block; arrays are views."""
        rows = self.rows
        if isinstance(rows, slice):
            first = rows.start or 0
            own: Rows = slice(first + start, first + stop)
        else:
            own = rows[start:stop]
        return Block(self.family, own, {name: a[start:stop] for name, a in self.parameters.items()})

    def between(self, start: int, stop: int) -> Block[F] | None:
        """Return the agents in rows `start` to `stop`, with rows counted from there; None without any."""
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


def agents_per_piece(goods: int) -> int:
    """Return the number of agents in a piece."""
    return max(PIECE // max(goods, 1), 1)


class Answers:
    """Demand and supply of all agents at prices, each a correspondence (agents, goods).

    Args:
        demand: consumption.
        supply: production; netputs of technologies.
    """

    def __init__(self, demand: Correspondence, supply: Correspondence) -> None:
        self._demand, self._supply = demand, supply

    @property
    def demand(self) -> Correspondence:
        """Consumption demanded by each agent."""
        return self._demand

    @property
    def supply(self) -> Correspondence:
        """Production offered by each agent; netputs of technologies."""
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
    def is_coupled(self) -> bool:
        """True if an agent's amounts of several goods may be coupled."""
        return self.demand.joint is not None or self.supply.joint is not None


@dataclass(frozen=True)
class Economy:
    """The primitives, drawn and checked; immutable.

    Args:
        money: its role.
        goods: names, (goods,).
        agents: names, (agents,).
        groups: group name -> row numbers of its members; a single agent is a group of one.
        commons: (goods,), q, units.
        endowment: (agents, goods), e, units.
        budget: (agents,), b, money; inf where money may go negative, 0 where there is none.
        commons_share: (agents,), s, the share in the value of the commons; sums to 1.
        utilities: blocks of agents that consume.
        costs: blocks of agents that produce at a cost in money.
        technologies: blocks of agents that produce goods from goods.
        ownership: (agents, agents), t, the share of the row in the profit of the column, sparse; columns
            sum to one. None: each agent owns itself.
        numeraire: the good whose price is 1 under `exchange`; None: prices sum to one.
        seed: the root of every random draw that a mechanism makes.
        shares_revenue: True if agents get the revenue of the commons by their shares where there is money;
            under `exchange` they always get it, as income.
        harm: to agents by what others make, money; None without any. A part of an economy (`part`) has none,
            since it depends on the output of all.
        public_goods: column numbers of goods of which all agents consume one amount (`public_goods.py`).
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
    shares_revenue: bool = False
    harm: Harm | None = None
    public_goods: tuple[int, ...] = ()

    def __repr__(self) -> str:
        """Return its size, on a line."""
        return f"<Economy of {len(self.agents)} agents and {len(self.goods)} goods, {self.money.value}>"

    @property
    def shape(self) -> tuple[int, int]:
        """(number of agents, number of goods)."""
        return len(self.agents), len(self.goods)

    @property
    def personalised_shape(self) -> tuple[int, int]:
        """The shape of the personalised economy, known before its arrays are made."""
        public, consumers = len(self.public_goods), sum(block.size for block in self.utilities)
        return len(self.agents) + public, len(self.goods) + public * consumers

    @cached_property
    def personalised(self) -> Economy:
        """The equivalent economy of private goods (`public_goods.py`); this one without public goods."""
        if not self.public_goods:
            return self
        rows = slice(len(self.agents), len(self.agents) + len(self.public_goods))
        return personalise(self, Block(Activity, rows, {"netput": netputs_of_provision(self)}))

    @cached_property
    def provision(self) -> Provision:
        """The means of making public goods at constant unit costs.

        Raises:
            InputError: there are no public goods, or one has no constant unit cost.
        """
        return provision(self)

    @cached_property
    def without_shared_wants(self) -> Economy:
        """The economy as a market sees it whose demand for public goods comes from outside."""
        return without_shared_wants(self) if self.public_goods else self

    @cached_property
    def owned(self) -> Array:
        """Endowments of all agents, `sum e`, (goods,)."""
        return sum_over_agents(self.endowment)

    @cached_property
    def resources(self) -> Array:
        """Resources before production, `q + sum e`, (goods,)."""
        return self.commons + self.owned

    @cached_property
    def capacity(self) -> Array:
        """Largest output of each agent at a cost in money, (agents, goods); inf without a limit."""
        if not self.costs:
            return self._zeros
        return self._by_good(self.costs, lambda block: block.call(block.family.limit))

    @property
    def _zeros(self) -> Array:
        """Zeros, (agents, goods), that take no memory and cannot be written to."""
        return np.broadcast_to(0.0, self.shape)

    @property
    def has_producers(self) -> bool:
        """True if some agent can produce."""
        return bool(self.costs or self.technologies)

    @cached_property
    def has_endowments(self) -> bool:
        """True if some agent has an endowment."""
        return bool(self.endowment.any())

    @cached_property
    def turns_goods_into_goods(self) -> NDArray[np.bool_]:
        """Mask of agents with a technology, (agents,)."""
        return self._by_agent(self.technologies, lambda block: np.ones(block.size), bool)

    @cached_property
    def most(self) -> Array:
        """Upper bound on the amount of each good in any feasible allocation, (goods,), finite."""
        made = np.minimum(self.capacity, PLENTY).sum(axis=0)
        for block in self.technologies:
            made = made + PLENTY * block.family.makes(**block.parameters).any(axis=0)
        return np.minimum(self.resources + made, PLENTY)

    @cached_property
    def utility_scale(self) -> Array:
        """Marginal value of an equal share of all resources, (agents,), utility: the scale of gains.

        It changes with the unit of utility. Agents with a value of 0 get the mean of the others. The share of
        a good without resources is one unit.
        """
        each = np.where(self.resources > 0, self.resources / len(self.agents), 1.0)
        share = np.tile(each, (len(self.agents), 1))
        slopes = self.marginal_utility(share)
        worth = np.multiply(slopes, share, out=np.zeros_like(share), where=np.isfinite(slopes)).sum(axis=1)
        some = worth[worth > 0]
        return np.where(worth > 0, worth, some.mean() if len(some) else 1.0)

    @cached_property
    def bliss(self) -> Array:
        """Amounts beyond which more does not raise utility, (agents, goods): 0 if unwanted."""
        return self._by_good(self.utilities, lambda block: block.call(block.family.bliss))

    @cached_property
    def wants_something(self) -> NDArray[np.bool_]:
        """Mask of agents whose utility some good can raise, (agents,)."""
        return self._by_agent(
            self.utilities, lambda block: (block.call(block.family.bliss) > 0).any(axis=1), bool
        )

    @cached_property
    def has_weight(self) -> NDArray[np.bool_]:
        """Mask of agents whose welfare weight affects an allocation, (agents,); all of them if there is none.

        They want something, bear a cost, or are harmed. A firm with a technology does neither: its profit is
        its owners'.
        """
        mask = self.wants_something | self.harmed
        if self.costs:
            mask = mask | (self.capacity > 0).any(axis=1)
        return mask if mask.any() else ~mask

    @property
    def harmed(self) -> NDArray[np.bool_]:
        """Mask of agents that the output of others harms or benefits, (agents,)."""
        return np.zeros(len(self.agents), dtype=bool) if self.harm is None else self.harm.victims

    @cached_property
    def without_harm(self) -> Economy:
        """The economy as its agents see it when they choose: harm changes no agent's choice."""
        return self if self.harm is None else replace(self, harm=None)

    @cached_property
    def not_concave(self) -> NDArray[np.bool_]:
        """Mask of agents whose utility as stated is not concave, (agents,)."""
        return self._by_agent(self.utilities, lambda block: block.call(block.family.not_concave), bool)

    @cached_property
    def concave_form(self) -> Economy:
        """The economy with utilities that order bundles in the same way and are concave.

        First-order conditions are sufficient for these. A producer that bears a cost keeps its utility as
        stated: the utility that it gives up for a unit of cost depends on more than the order.
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
        """True if some family values goods linearly, so that some agent may be indifferent between them."""
        none = Utility.linear_weights
        return any(block.family.linear_weights is not none for block in self.utilities)

    @cached_property
    def linear_weights(self) -> Array:
        """Marginal utility of goods valued linearly, (agents, goods); 0 for others."""
        return self._by_good(self.utilities, lambda block: block.call(block.family.linear_weights))

    @cached_property
    def subsistence(self) -> Array:
        """Amounts that each agent must exceed for a utility above -inf, (agents, goods)."""
        return self._by_good(self.utilities, lambda block: block.call(block.family.subsistence))

    @cached_property
    def indifference_prices(self) -> tuple[Array, ...]:
        """For each good the prices, ascending, at which some agent is indifferent about its amount.

        Producers about their output; with quasilinear money consumers about their purchases.
        """
        blocks: list[Block[Any]] = list(self.costs)
        if self.money is Money.QUASILINEAR:
            none = Utility.indifference_prices
            blocks += [block for block in self.utilities if block.family.indifference_prices is not none]
        known = [np.zeros(0)] * len(self.goods)
        for block in self._pieces(tuple(blocks)):
            found = block.family.indifference_prices(**block.parameters)
            for g in range(len(self.goods)):
                new = found[:, g][np.isfinite(found[:, g])]
                known[g] = np.union1d(known[g], new) if len(new) else known[g]
        return tuple(known)

    # --- values at an allocation -------------------------------------------------------------------

    def utility(self, x: Array) -> Array:
        """Return u_i(x_i), (agents,); 0 for an agent without a utility; may be -inf."""
        return self._by_agent(self.utilities, lambda block: block.call(block.family.value, x))

    def concave_utility(self, x: Array) -> Array:
        """Return a concave increasing transform of u_i(x_i), (agents,), which orders bundles alike."""
        return self._by_agent(self.utilities, lambda block: block.call(block.family.concave_value, x))

    def concave_marginal_utility(self, x: Array) -> Array:
        """Return the slopes of `concave_utility`, (agents, goods); inf where the slope at 0 is infinite."""
        return self._by_good(self.utilities, lambda block: block.call(block.family.concave_marginal, x))

    def marginal_utility(self, x: Array) -> Array:
        """Return du_i/dx_ig, (agents, goods); inf where the slope at 0 is infinite."""
        return self._by_good(self.utilities, lambda block: block.call(block.family.marginal, x))

    @cached_property
    def has_steps(self) -> bool:
        """True if some marginal utility or cost jumps at an amount, so that last and next unit differ."""
        blocks: tuple[Block[Any], ...] = (*self.utilities, *self.costs)
        return any("marginal_of_last" in vars(block.family) for block in blocks)

    def marginal_utility_of_last(self, x: Array) -> Array:
        """Return slopes towards less of each good, (agents, goods): `marginal_utility` unless u bends."""
        return self._by_good(self.utilities, lambda block: block.call(block.family.marginal_of_last, x))

    def marginal_cost_of_last(self, y: Array) -> Array:
        """Return the cost of the last unit of each good, (agents, goods): `marginal_cost` unless C bends."""
        if not self.costs:
            return np.broadcast_to(np.inf, self.shape)
        slopes = np.full(self.shape, np.inf)
        for block in self.costs:
            slopes[block.rows] = block.call(block.family.marginal_of_last, y)
        return slopes

    def at_ends_of_steps(self, x: Array, y: Array, within: Array) -> tuple[Array, Array]:
        """Return amounts put to ends of steps that are no farther away than `within`, (goods,)."""
        x, y = x.copy(), y.copy()
        for block in self.utilities:
            x[block.rows] = block.family.nearest_end(x[block.rows], within, **block.parameters)
        for made in self.costs:
            y[made.rows] = made.family.nearest_end(y[made.rows], within, **made.parameters)
        return x, y

    def worth(self, x: Array) -> Array:
        """Return the value of bundles at the margin, sum_g x_ig du_i/dx_ig, (agents,), utility."""
        return self._by_agent(self.utilities, lambda block: block.call(block.family.worth, x))

    def first_worth(self, p: Array) -> Array:
        """Return the most that a first, tiny amount of money spent at prices p adds to utility, per unit.

        sup_d u'(0; d) / p.d over directions d of consumption, (agents,): for log1p the largest a_g / p_g, for
        utilities that are homogeneous of degree one the utility of what one unit of money buys. It shows
        whether an empty bundle is best, also where single slopes at 0 do not exist.

        Returns:
            inf where utility at 0 is -inf or rises infinitely fast, or is unbounded in a free good; 0 for an
            agent that wants nothing.
        """
        tiny = 1e-9 * max(float(self.resources @ p), 1e-9 * float(p.max(initial=0.0)), 1e-250)
        return self._by_agent(
            self.utilities, lambda block: block.family.first_worth(p, tiny, **block.parameters)
        )

    def cost(self, y: Array) -> Array:
        """Return C_i(y_i), (agents,), money; inf for outputs that cannot be made."""
        if not self.costs and (is_broadcast_zero(y) or not y.any()):
            return np.zeros(len(self.agents))
        total = self._by_agent(self.costs, lambda block: block.call(block.family.value, y))
        beyond = (y > self.capacity).any(axis=1) & ~self.turns_goods_into_goods
        return np.where(beyond, np.inf, total)

    @cached_property
    def has_kinks(self) -> bool:
        """True if some family may have several slopes at a bundle (`Utility.kink`)."""
        return any(block.family.kink is not Utility.kink for block in self.utilities)

    def kinks(self, x: Array) -> Array:
        """Return b, (agents, goods): slopes at a kink are all m >= 0 with sum_g b_ig m_ig = 1; else b = 0."""
        if not self.has_kinks:
            return self._zeros
        return self._by_good(self.utilities, lambda block: block.call(block.family.kink, x))

    def marginal_utility_along(self, x: Array, p: Array) -> Array:
        """Return `marginal_utility`, at kinks the slopes nearest to prices p (goods,), (agents, goods)."""
        return self._by_good(
            self.utilities,
            lambda block: block.family.marginal_along(x[block.rows], p, **block.parameters),
        )

    def concave_marginal_utility_along(self, x: Array, p: Array) -> Array:
        """Return `concave_marginal_utility`, at kinks the slopes nearest to prices, (agents, goods)."""
        return self._by_good(
            self.utilities,
            lambda block: block.family.concave_marginal_along(x[block.rows], p, **block.parameters),
        )

    def marginal_cost(self, y: Array) -> Array:
        """Return dC_i/dy_ig, (agents, goods), money per unit; inf where the good cannot be made."""
        if not self.costs:
            return np.broadcast_to(np.inf, self.shape)
        slopes = np.full(self.shape, np.inf)
        for block in self.costs:
            slopes[block.rows] = block.call(block.family.marginal, y)
        return slopes

    def offered(self, y: Array) -> Array:
        """Return resources and outputs, before inputs and consumption, (goods,)."""
        if not self.has_producers:
            return self.resources
        return self.resources + np.maximum(y, 0.0).sum(axis=0)

    def taken(self, x: Array, y: Array) -> Array:
        """Return consumption and inputs, (goods,)."""
        eaten = sum_over_agents(x)
        if self.public_goods:
            eaten[list(self.public_goods)] = x[:, list(self.public_goods)].max(axis=0, initial=0.0)
        return eaten + np.maximum(-y, 0.0).sum(axis=0) if self.technologies else eaten

    def welfare(self, x: Array, y: Array) -> Array:
        """Return u_i(x_i) - C_i(y_i) - D_i(Y_-i), (agents,), before any payment."""
        own = self.own_welfare(x, y)
        return own if self.harm is None else own - self.harm.by_agent(y)

    def own_welfare(self, x: Array, y: Array) -> Array:
        """Return u_i(x_i) - C_i(y_i), (agents,): what an agent's own bundle and output decide."""
        return self.utility(x) - self.cost(y)

    def harm_done(self, y: Array) -> Array:
        """Return D_i(Y_-i), (agents,), money: what the output of others costs each agent."""
        return np.zeros(len(self.agents)) if self.harm is None else self.harm.by_agent(y)

    def weighted_marginal_cost(self, y: Array, weights: Array) -> Array:
        """Return what one more unit made by each agent costs all agents, (agents, goods).

        `w_i dC_i/dy_ig + h_ig`, with h the external cost (`harm.py`); an own cost at a weight of 0 is 0.

        Args:
            y: (agents, goods), production.
            weights: (agents,), welfare weights w >= 0.
        """
        counts = np.broadcast_to(weights[:, None] > 0, y.shape)
        own = np.multiply(weights[:, None], self.marginal_cost(y), out=np.zeros_like(y), where=counts)
        return own if self.harm is None else own + self.harm.external(y, weights)

    # --- answers to prices -------------------------------------------------------------------------

    def answers(self, p: Array) -> Answers:
        """Return demand and supply of all agents at prices p.

        Raises:
            UnboundedDemandError: a wanted good is free.
        """
        supply = self.supply(p)
        return Answers(self.demand(p, supply), supply)

    def supply(self, p: Array) -> Correspondence:
        """Return the production that maximises p.y - C(y), (agents, goods); netputs of technologies.

        Raises:
            UnboundedDemandError: an input of which more always helps is free.
        """
        if not self.has_producers:
            return Correspondence.exactly(self._zeros)

        def answer(block: Block[Any]) -> Correspondence:
            answers = block.family.netput if hasattr(block.family, "netput") else block.family.supply
            return answers(p, **block.parameters)

        return self._gather((*self.costs, *self.technologies), answer)

    def demand(self, p: Array, supply: Correspondence) -> Correspondence:
        """Return the consumption demanded at prices p, (agents, goods).

        Args:
            p: (goods,), prices.
            supply: at these prices; profits are income where budgets bind.
        """
        means = self.spending_power(p, supply)

        def answer(block: Block[Utility]) -> Correspondence:
            if self.money is Money.QUASILINEAR:
                return demand_within_means(block.family, block.parameters, p, means[block.rows])
            return block.family.budget_demand(p, means[block.rows], **block.parameters)

        return self._gather(self.utilities, answer)

    def spending_power(self, p: Array, supply: Correspondence) -> Array:
        """Return the most that each agent can pay for consumption, (agents,), money; inf without a budget.

        A producer that is indifferent between outputs has one profit at all of them, so any will do.
        """
        if self.money is Money.FISHER:
            return self.budget
        if self.money is Money.QUASILINEAR and not (
            self.has_endowments or self.has_producers or self.shares_revenue
        ):
            return self.budget
        owned: Array = self.endowment @ p if self.has_endowments else np.zeros(len(self.agents))
        if self.money is Money.EXCHANGE or self.shares_revenue:
            owned = owned + self.commons_share * float(self.commons @ p)
        if self.money is Money.EXCHANGE:
            return np.minimum(owned + self.dividends(self.profit(p, supply.lowest)), STANDS_FOR_UNBOUNDED)
        return self.budget + owned + self.profit(p, supply.lowest)

    def profit(self, p: Array, y: Array) -> Array:
        """Return p.y - C(y), (agents,), money; inf for an unbounded output at a price above cost."""
        if not self.has_producers:
            return np.zeros(len(self.agents))
        unbounded = np.asarray(np.isinf(y).any(axis=1))
        finite = np.where(unbounded[:, None], 0.0, y)
        return np.where(unbounded, np.inf, finite @ p - self.cost(finite))

    def dividends(self, profit: Array) -> Array:
        """Return the profits of producers by owner, (agents,)."""
        if not self.technologies or self.ownership is None:
            return profit
        return np.asarray(self.ownership @ profit)

    # --- payoffs -----------------------------------------------------------------------------------

    def payments(self, p: Array, x: Array, y: Array) -> Array:
        """Return net payments, p.(x_i - e_i - y_i), (agents,), money; negative for a net seller.

        Under `exchange` each agent is credited its share of the value of the commons sold and of profits, and
        charged for the profits that it makes for others, so that the payments of agents on their budget lines
        are 0.
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

    def lump_sums(self, revenue: float) -> Array:
        """Return what each agent is handed of the revenue of the commons, (agents,), money."""
        return self.commons_share * revenue if self.shares_revenue else np.zeros(len(self.agents))

    def payoff(self, welfare: Array, p: Array, x: Array, y: Array) -> Array:
        """Return payoffs from trade at prices p, (agents,): welfare and, where money counts, payments.

        Lump sums (`lump_sums`) come on top: they depend on what all agents buy, and on no agent's choice.

        Args:
            welfare: (agents,), u_i(x_i) - C_i(y_i) - D_i(Y_-i).
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
        """Return prices as reported: under `exchange` the numeraire's price, or their sum, is 1."""
        if self.money is not Money.EXCHANGE:
            return p
        unit = p.sum() if self.numeraire is None or p[self.numeraire] == 0 else p[self.numeraire]
        return p / unit if unit > 0 else p  # without demand every price is 0

    def rows(self, name: str) -> NDArray[np.intp]:
        """Return the row numbers of a group, or of one agent, by name."""
        if name in self.groups:
            return self.groups[name]
        return np.array([self.agents.index(name)], dtype=np.intp)

    # --- helpers -----------------------------------------------------------------------------------

    def part(self, start: int, stop: int) -> Economy:
        """Return the agents in these rows as an economy, at a cost that does not grow with the others.

        Their answers, holdings and payments are those in the whole economy, except where technologies link
        agents. Totals over all agents (`resources`, total `capacity`) and `groups` are not; the commons are
        those of the whole economy, so that shares in them are right.
        """
        return replace(
            self,
            agents=self.agents[start:stop],
            groups={},
            endowment=self.endowment[start:stop],
            budget=self.budget[start:stop],
            commons_share=self.commons_share[start:stop],
            utilities=_between(self.utilities, start, stop),
            costs=_between(self.costs, start, stop),
            technologies=_between(self.technologies, start, stop),
            ownership=None,
            harm=None,
        )

    @cached_property
    def pieces(self) -> tuple[slice, ...]:
        """All rows in pieces whose intermediate results stay in a core's cache."""
        agents, most = len(self.agents), agents_per_piece(len(self.goods))
        return tuple(slice(start, min(start + most, agents)) for start in range(0, agents, most))

    @cached_property
    def parts(self) -> tuple[tuple[slice, Economy], ...]:
        """The economy in parts of neighbouring rows, each with its rows; one part with technologies."""
        if len(self.pieces) <= 1 or self.technologies:
            return ((slice(0, len(self.agents)), self),)
        return tuple((rows, self.part(rows.start, rows.stop)) for rows in self.pieces)

    def _by_agent(
        self, blocks: tuple[Block[F], ...], evaluate: Callable[[Block[F]], Any], kind: type = float
    ) -> NDArray[Any]:
        values: NDArray[Any] = np.zeros(len(self.agents), dtype=kind)
        for block in self._pieces(blocks):
            values[block.rows] = evaluate(block)
        return values

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
        """Put the answers of blocks into the rows of one correspondence over all agents.

        A block of all agents is answered at once if it is one piece or its family computes in place.
        """
        covers_all = len(blocks) == 1 and blocks[0].size == len(self.agents)
        if covers_all and (len(self.pieces) <= 1 or getattr(blocks[0].family, "direct", False)):
            return answer(blocks[0])
        lowest = highest = np.zeros(self.shape)
        joint: Coupling | None = None
        for block in self._pieces(blocks):
            part, rows = answer(block), block.rows
            if highest is lowest and not part.single_valued:
                highest = lowest.copy()
            lowest[rows] = part.lowest
            if highest is not lowest:
                highest[rows] = part.highest
            if part.joint is not None:
                joint = joint or uncoupled(self.shape)
                for whole, own in zip(joint, part.joint, strict=True):
                    whole[rows] = own
        return Correspondence(lowest, highest, joint)


def _between(blocks: tuple[Block[F], ...], start: int, stop: int) -> tuple[Block[F], ...]:
    """Restrict each block to rows `start` to `stop`, dropping empty ones."""
    return tuple(own for block in blocks if (own := block.between(start, stop)) is not None)
