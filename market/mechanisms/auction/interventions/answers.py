"""Answers of all agents where buyers and sellers see different prices.

If no agent both has a taxed good and wants it, and no income depends on prices, demand is that at what buyers
pay and supply that at what sellers get: the built-in answers, asked for twice. So the totals of a million
agents cost two rounds of an auction, and traders with a rule of their own are asked at the prices that they
see. Otherwise answers are put together agent by agent (`shadow_prices.py`).

Under `exchange` tax revenue R goes back in lump sums, s_i R, which buyers spend on taxed goods in part: at
given prices R is the fixed point of

    R = revenue from the answers to incomes `p.e_i + s_i R`.

What a unit more of R brings in tax is at most the largest share of the tax in a buyer's price, rho < 1, so
the fixed point is unique and between 0 and W rho / (1 - rho), W the value of all resources; for subsidies
between -W rho / (1 + rho) and 0.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq

from market.economy.aggregate_demand import AnswersInTotal
from market.economy.correspondences import Array, Correspondence, select
from market.economy.primitives import Answers, Economy, Money
from market.mechanisms.auction.interventions import shadow_prices
from market.mechanisms.auction.interventions.accounts import flows
from market.mechanisms.auction.interventions.policy import Policy
from market.mechanisms.auction.interventions.quota import within_quotas
from market.mechanisms.auction.interventions.wedge import Seen
from market.mechanisms.base import Answering
from market.mechanisms.regret import answers_faithfully

TINY_PRICE = 1e-150  # of a good that brings its sellers nothing, where demand at that price is not looked at


class AnswersToWedge(Answers):
    """Answers to different prices of buyers and sellers.

    Args:
        buyers: answers of which demand counts.
        sellers: answers of which supply counts.
        seen: the prices of each side.
        lump_sums: (agents,), tax revenue handed to each agent, money; None where none is.
    """

    def __init__(self, buyers: Answers, sellers: Answers, seen: Seen, lump_sums: Array | None = None) -> None:
        self.buyers, self.sellers, self.seen, self.lump_sums = buyers, sellers, seen, lump_sums

    @property
    def demand(self) -> Correspondence:
        """Consumption demanded by each agent at what buyers pay."""
        return self.buyers.demand

    @property
    def supply(self) -> Correspondence:
        """Production offered by each agent at what it gets."""
        return self.sellers.supply

    @cached_property
    def total_demand(self) -> Correspondence:
        """The sum of demand over agents, (goods,) each."""
        return self.buyers.total_demand

    @cached_property
    def total_supply(self) -> Correspondence:
        """The sum of supply over agents, (goods,) each."""
        return self.sellers.total_supply

    @property
    def is_coupled(self) -> bool:
        """True if an agent's amounts of several goods may be coupled."""
        return self.buyers.is_coupled or self.sellers.is_coupled

    def by_agent(self) -> AnswersToWedge:
        """Return the answers of each agent in place of totals; the result is not kept."""
        buyers, sellers = (
            side.by_agent() if isinstance(side, AnswersInTotal) else side
            for side in (self.buyers, self.sellers)
        )
        return AnswersToWedge(buyers, sellers, self.seen, self.lump_sums)


def under(policy: Policy, ask: Answering) -> Answering:
    """Return answers to announced prices under a policy.

    An economy without agents stands for agents elsewhere, whose answers are those under the policy already.

    Args:
        policy: the interventions.
        ask: prices (goods,) -> answers to one price a good.
    """
    if not len(policy.economy.agents):
        return ask
    if np.isfinite(policy.quota).any():
        return lambda p: within_quotas(policy, p, lambda seen: at_prices(policy, ask, seen))
    return lambda p: at_prices(policy, ask, policy.seen(p))


def at_prices(policy: Policy, ask: Answering, seen: Seen) -> AnswersToWedge:
    """Return the answers to given prices of buyers and sellers."""
    buyers, sellers = ask(seen.buyers), _sellers(policy, ask, seen)
    if not policy.by_agent:
        return AnswersToWedge(buyers, sellers, seen)
    return _with_own_rules(policy, seen, AnswersToWedge(buyers, sellers, seen))


def _sellers(policy: Policy, ask: Answering, seen: Seen) -> Answers:
    """Return answers of which the supply is that at what each agent gets."""
    untaxed = ask(np.where(seen.sellers > 0, seen.sellers, TINY_PRICE))
    if not policy.taxed:
        return untaxed
    taxed = ask(np.where(seen.taxed > 0, seen.taxed, TINY_PRICE))
    return Answers(untaxed.demand, select(policy.taxed_rows, taxed.supply, untaxed.supply))


def _with_own_rules(policy: Policy, seen: Seen, given: AnswersToWedge) -> AnswersToWedge:
    """Return the best answers of agents that see two prices; traders with own rules answer as asked."""
    best = built_in(policy, seen)
    own = ~answers_faithfully(policy.economy, given.buyers, seen.buyers)
    if not own.any():
        return best
    return AnswersToWedge(
        Answers(select(own, given.demand, best.demand), best.supply),
        Answers(best.demand, select(own, given.supply, best.supply)),
        seen,
        best.lump_sums,
    )


def follows_policy(policy: Policy, given: Answers) -> NDArray[np.bool_]:
    """Return a mask, (agents,), of agents that answer as their preferences and costs imply."""
    assert isinstance(given, AnswersToWedge)
    economy, seen = policy.economy, given.seen
    if not policy.by_agent:
        sold_at = np.where(seen.sellers > 0, seen.sellers, TINY_PRICE)
        faithful = answers_faithfully(economy, given.buyers, seen.buyers)
        if policy.taxed:
            return faithful
        return faithful & answers_faithfully(economy, given.sellers, sold_at)
    best = built_in(policy, seen)
    pairs = zip(
        (*given.demand.bounds, *given.supply.bounds), (*best.demand.bounds, *best.supply.bounds), strict=True
    )
    return np.asarray(np.all([(had == right).all(axis=1) for had, right in pairs], axis=0))


def built_in(policy: Policy, seen: Seen) -> AnswersToWedge:
    """Return what the preferences and costs of all agents imply, agent by agent."""
    if policy.economy.money is not Money.EXCHANGE:
        return _of_all(policy, seen, np.zeros(len(policy.economy.agents)))
    revenue = _returned(policy, seen)
    return _of_all(policy, seen, policy.revenue_shares * revenue)


def _of_all(policy: Policy, seen: Seen, lump_sums: Array) -> AnswersToWedge:
    """Return best answers with given lump sums, (agents,), money."""
    economy = policy.economy
    sells_at = policy.sell_prices(seen)
    other = lump_sums + _from_commons(economy, seen.sellers)
    supply = _supply(policy, seen)
    means = shadow_prices.means_at(economy, sells_at, other, supply)
    demand = shadow_prices.demand_at(economy, seen.buyers, means)
    answers = Answers(demand, supply)
    rows = np.flatnonzero(policy.kinked.any(axis=1))
    if len(rows):
        answers = _with_kinked(policy, seen, other, answers, rows)
    return AnswersToWedge(answers, answers, seen, lump_sums)


def _with_kinked(
    policy: Policy, seen: Seen, other: Array, answers: Answers, rows: NDArray[np.intp]
) -> Answers:
    """Return answers with those of agents that may buy or sell a taxed good replaced by their best."""
    economy, sells_at = policy.economy, policy.sell_prices(seen)
    bounds = [part.copy() for part in (*answers.demand.bounds, *answers.supply.bounds)]
    for i in rows.tolist():
        agent = economy.part(i, i + 1)
        own = shadow_prices.answer(agent, seen.buyers, sells_at[i], policy.kinked[i], other[i : i + 1])
        for whole, part in zip(bounds, (*own.demand.bounds, *own.supply.bounds), strict=True):
            whole[i] = part[0]
    return Answers(_correspondence(*bounds[:2]), _correspondence(*bounds[2:]))


def _correspondence(lowest: Array, highest: Array) -> Correspondence:
    return Correspondence.exactly(lowest) if (lowest == highest).all() else Correspondence(lowest, highest)


def _supply(policy: Policy, seen: Seen) -> Correspondence:
    """Return the supply of each agent at what it gets, if it consumed nothing of its own."""
    economy = policy.economy
    untaxed = economy.supply(seen.sellers)
    return select(policy.taxed_rows, economy.supply(seen.taxed), untaxed) if policy.taxed else untaxed


def _from_commons(economy: Economy, p: Array) -> Array:
    """Return each agent's share in the value of the commons, (agents,), where it is income."""
    if economy.money is Money.EXCHANGE or economy.shares_revenue:
        return economy.commons_share * float(economy.commons @ p)
    return np.zeros(len(economy.agents))


def _returned(policy: Policy, seen: Seen) -> float:
    """Return the tax revenue under `exchange` that its own return in lump sums brings about, money."""
    economy, shares = policy.economy, policy.revenue_shares
    sells_at = policy.sell_prices(seen)
    received = np.divide(sells_at, seen.buyers, out=np.ones_like(sells_at), where=seen.buyers > 0)
    rho = float(np.abs(1.0 - received).max(initial=0.0))

    def surplus(revenue: float) -> float:
        answers = _of_all(policy, seen, shares * revenue)
        traded = flows(policy, answers.demand.lowest, answers.supply.lowest)
        return traded.collected(policy, seen) - revenue

    worth = float(seen.sellers @ economy.resources)
    at_zero = surplus(0.0)
    if at_zero == 0.0 or worth == 0.0:
        return 0.0
    end = 1.01 * worth * rho / (1.0 - rho) if at_zero > 0 else -worth * rho / (1.0 + rho)
    return float(brentq(surplus, 0.0, end, xtol=1e-15 * worth, rtol=4e-15))
