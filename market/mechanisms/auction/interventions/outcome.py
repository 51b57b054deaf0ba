"""The outcome of an auction with interventions: trades, accounts, regrets, and the verdict.

Evidence, recomputed from the primitives at the reported prices: excess demand from the best answers of all
agents to the prices that they see; the regret of each at its own price, of a buyer at what it pays and of a
seller at what it gets. Where a market is rationed, the long side regrets what it could not have: that is what
the bound costs it, and not an error.

Deadweight loss is no part of this: it is the surplus gap of the alignment report, which compares utilities
and costs with the best allocation and knows nothing of taxes.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, NamedTuple, cast

import numpy as np

from market.economy.aggregate_demand import AggregateDemand
from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.economy.primitives import Money as Role
from market.errors import MarketError
from market.intervention import Intervention
from market.mechanisms.auction.announcement import held_against
from market.mechanisms.auction.interventions.accounts import Flows, flows
from market.mechanisms.auction.interventions.answers import AnswersToWedge, built_in, follows_policy
from market.mechanisms.auction.interventions.bounds import judged_at_bounds
from market.mechanisms.auction.interventions.policy import Policy
from market.mechanisms.auction.interventions.rationing import denied, traded
from market.mechanisms.auction.interventions.verdict import Regret, verdict_under
from market.mechanisms.auction.interventions.wedge import Seen
from market.mechanisms.base import played
from market.mechanisms.regret import gain, relative_regret
from market.outcome import Outcome, Status

if TYPE_CHECKING:
    from market.mechanisms.auction.announcement import Announcement
    from market.mechanisms.auction.auctioneer import Auction, AuctionState


def intervened(auction: Auction, policy: Policy, state: AuctionState) -> Outcome:
    """Return the trades at the last prices if they settle, else at the best that were announced.

    Args:
        auction: the mechanism.
        policy: its interventions.
        state: after at least one round.
    """
    economy, settled = policy.economy, auction.settled(state)
    chosen = _by_agent(auction, policy, auction.reported(state))
    answers, p = chosen.answers, chosen.prices
    assert isinstance(answers, AnswersToWedge)
    x, y = traded(policy, chosen, settled)
    money = money_of(policy, answers.seen, x, y)
    regrets = regrets_of(policy, answers.seen, money)
    faithful = follows_policy(policy, answers)
    regretted = relative_regret(economy, p, x, y, np.where(faithful, regrets, 0.0))
    forgone = {economy.agents[i]: float(regrets[i]) for i in np.flatnonzero(~faithful).tolist()}
    free = free_prices(auction, partial(_played, economy)) if settled and not forgone else None
    account = account_of(policy, chosen, answers.seen, money.totals, free)
    status, reason, evidence = auction.judged(economy, state, chosen, regretted, forgone)
    if settled:
        free_to_trade = faithful & ~denied(policy, answers, x, y)
        undenied = relative_regret(economy, p, x, y, np.where(free_to_trade, regrets, 0.0))
        regret = Regret(regretted, undenied, float(regrets.max(initial=0.0)))
        status, reason = verdict_under(policy, chosen, account, regret, status, reason, auction)
    return replace(
        outcome_of(policy, p, x, y, money, regrets, account),
        name=auction.label,
        status=status,
        reason=reason,
        rounds=state.round,
        disequilibrium=chosen.imbalance.disequilibrium,
        auctioneer_payoff=-float(np.abs(chosen.imbalance.z).sum()),
        evidence=evidence,
    )


def outcome_of(
    policy: Policy, p: Array, x: Array, y: Array, money: Money, regrets: Array, account: Intervention
) -> Outcome:
    """Return the outcome of trades before it is judged, as `auctioneer.traded` does at one price."""
    return Outcome(
        economy=policy.economy,
        name="",
        kind="auctioneer",
        status=Status.MAX_ROUNDS,
        reason="",
        rounds=0,
        consumption=x,
        production=y,
        payments=money.payments,
        revenue=revenue_of(policy, money.totals),
        utilities=money.utilities,
        payoffs=money.payoffs,
        prices=p,
        regret=regrets,
        intervention=account,
    )


def _played(economy: Economy, auction: Auction) -> AuctionState:
    """Return the state in which an auction of the built-in agents ends."""
    return cast("AuctionState", played(auction, economy, AggregateDemand(economy)))


def _by_agent(auction: Auction, policy: Policy, seen: Announcement) -> Announcement:
    """Return an announcement with the answers of each agent, and with the imbalance that they add up to."""
    assert isinstance(seen.answers, AnswersToWedge)
    added = held_against(policy.economy, seen, seen.answers.by_agent())
    return judged_at_bounds(policy, added, auction.tolerance)


def revenue_of(policy: Policy, totals: Totals) -> float:
    """Return the auctioneer's revenue for the commons, money: 0 where agents get it."""
    economy = policy.economy
    handed_out = economy.money is Role.EXCHANGE or economy.shares_revenue
    return 0.0 if handed_out else totals.commons


class Totals(NamedTuple):
    """Totals of trade over agents.

    Args:
        bought: (goods,), units.
        levied: (goods,), units that are taxed: sales of the taxed sellers; all that is bought if all are.
        collected: the tax revenue, money.
        commons: the value of the commons sold, money.
    """

    bought: Array
    levied: Array
    collected: float
    commons: float


class Money(NamedTuple):
    """Payments and payoffs.

    Args:
        totals: of trade over all agents.
        utilities: (agents,), u - C.
        trade: (agents,), payoffs before anything is handed out, and before harm by others.
        payments: (agents,), net money paid, less what is handed out.
        payoffs: (agents,).
    """

    totals: Totals
    utilities: Array
    trade: Array
    payments: Array
    payoffs: Array


def totals_of(policy: Policy, seen: Seen, x: Array, y: Array) -> Totals:
    """Return the totals of trade where agents consume x and make y."""
    found = flows(policy, x, y)
    bought, sold = found.bought.sum(axis=0), found.sold.sum(axis=0)
    levied = found.sold[policy.taxed_rows].sum(axis=0) if policy.taxed else bought
    return Totals(bought, levied, found.collected(policy, seen), float((bought - sold) @ seen.sellers))


def money_of(policy: Policy, seen: Seen, x: Array, y: Array, totals: Totals | None = None) -> Money:
    """Return payments and payoffs of trade at the prices of each side.

    Args:
        policy: the interventions in an economy, or in a part of one.
        seen: the prices.
        x: (agents, goods), consumption.
        y: (agents, goods), production.
        totals: of the whole economy; those of these agents if not given.
    """
    economy, found = policy.economy, flows(policy, x, y)
    totals = totals_of(policy, seen, x, y) if totals is None else totals
    paid = found.paid(policy, seen)
    utilities, in_kind = economy.welfare(x, y), economy.money is Role.EXCHANGE
    handed_out = economy.lump_sums(totals.commons)
    if in_kind:
        handed_out = economy.commons_share * totals.commons + policy.revenue_shares * totals.collected
    trade = _payoffs(policy, seen, economy.own_welfare(x, y), found)
    payoffs = (trade if in_kind else trade + handed_out) - economy.harm_done(y)
    return Money(totals, utilities, trade, paid - handed_out, payoffs)


def _payoffs(policy: Policy, seen: Seen, welfare: Array, found: Flows) -> Array:
    """Return payoffs from trade, (agents,), as `Economy.payoff` does at one price."""
    if policy.economy.money is Role.QUASILINEAR:
        return welfare - found.paid(policy, seen)
    if policy.economy.money is Role.FISHER:
        return np.asarray(welfare + (found.sold * policy.sell_prices(seen)).sum(axis=1))
    return welfare


def regrets_of(policy: Policy, seen: Seen, had: Money) -> Array:
    """Return what the best answer of each agent to its own prices would add to its payoff, (agents,)."""
    economy, best = policy.economy, built_in(policy, seen)
    eaten, made = best.demand.lowest, best.supply.lowest
    unbounded = np.asarray((np.isinf(made) | np.isinf(eaten)).any(axis=1))
    eaten, made = (np.where(unbounded[:, None], 0.0, part) for part in (eaten, made))
    could = _payoffs(policy, seen, economy.own_welfare(eaten, made), flows(policy, eaten, made))
    return gain(had.trade, np.where(unbounded, np.inf, could))


def account_of(
    policy: Policy, chosen: Announcement, seen: Seen, totals: Totals, free: Array | None
) -> Intervention:
    """Return what the interventions do to prices, and the money that is neither buyers' nor sellers'.

    Args:
        policy: the interventions.
        chosen: the announcement that is reported.
        seen: the prices of each side.
        totals: of trade over all agents.
        free: (goods,), prices without interventions; None if they are unknown.
    """
    z = chosen.imbalance.z
    binding, rents = policy.binding(chosen.prices, z), policy.rents(seen)
    words = np.where(binding, np.where(z > 0, "cap", "floor"), np.where(rents > 0, "quota", ""))
    return Intervention(
        buyer_prices=seen.buyers,
        taxed_prices=seen.taxed,
        rents=rents,
        traded=totals.bought,
        levied=totals.levied,
        tax_revenue=totals.collected,
        returned=totals.collected if policy.economy.money is Role.EXCHANGE else 0.0,
        commons_revenue=totals.commons,
        binding=tuple(words.tolist()),
        unserved=np.where(binding, z, 0.0),
        free_prices=free,
        taxed_rows=policy.taxed_rows if policy.taxed else None,
    )


def free_prices(auction: Auction, playing: Callable[[Auction], AuctionState]) -> Array | None:
    """Return the prices of the auction without interventions, (goods,); None if it does not clear.

    Args:
        auction: the mechanism.
        playing: plays a mechanism of the kind to its end.
    """
    without = replace(auction, tax={}, tax_rate={}, taxed=(), price_cap={}, price_floor={}, quota={})
    try:
        state = playing(without)
    except MarketError:
        return None
    return without.reported(state).prices if without.settled(state) else None
