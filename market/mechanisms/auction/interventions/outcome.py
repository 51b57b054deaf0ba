"""The outcome of an auction with interventions: trades, accounts, regrets, and the verdict.

Evidence, recomputed from the primitives at the reported prices: excess demand from the best answers of all
agents to the prices that they see; the regret of each at its own price, of a buyer at what it pays and of a
seller at what it gets. Where a market is rationed, the long side regrets what it could not have: that is what
the bound costs it, and not an error.

Deadweight loss is no part of this: it is the surplus gap of the alignment report, which compares utilities
and costs with the best allocation and knows nothing of taxes.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.errors import MarketError
from market.intervention import Intervention
from market.mechanisms.auction.announcement import held_against
from market.mechanisms.auction.interventions.accounts import Flows, flows
from market.mechanisms.auction.interventions.answers import AnswersToWedge, built_in, follows_policy
from market.mechanisms.auction.interventions.bounds import bounded
from market.mechanisms.auction.interventions.policy import Policy
from market.mechanisms.auction.interventions.rationing import traded
from market.mechanisms.auction.interventions.verdict import verdict_under
from market.mechanisms.auction.interventions.wedge import Seen
from market.mechanisms.base import play
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
    chosen = _by_agent(policy, auction.reported(state))
    answers, p = chosen.answers, chosen.prices
    assert isinstance(answers, AnswersToWedge)
    x, y = traded(policy, chosen, settled)
    money = _money(policy, answers.seen, x, y)
    regrets = _regrets(policy, answers.seen, money)
    faithful = follows_policy(policy, answers)
    regretted = relative_regret(economy, p, x, y, np.where(faithful, regrets, 0.0))
    forgone = {economy.agents[i]: float(regrets[i]) for i in np.flatnonzero(~faithful).tolist()}
    free = _free_prices(auction, economy) if settled and not forgone else None
    account = _account(policy, chosen, money, free)
    status, reason, evidence = auction.judged(economy, state, chosen, regretted, forgone)
    if settled:
        status, reason = verdict_under(
            policy,
            chosen,
            account,
            regretted,
            float(regrets.max(initial=0.0)),
            status,
            reason,
            auction.tolerance,
        )
    return Outcome(
        economy=economy,
        name=auction.label,
        kind=auction.name,
        status=status,
        reason=reason,
        rounds=state.round,
        consumption=x,
        production=y,
        payments=money.payments,
        revenue=float(money.payments.sum()) - account.transfers,
        utilities=money.utilities,
        payoffs=money.payoffs,
        prices=p,
        regret=regrets,
        disequilibrium=chosen.imbalance.disequilibrium,
        auctioneer_payoff=-float(np.abs(chosen.imbalance.z).sum()),
        evidence=evidence,
        intervention=account,
    )


def _by_agent(policy: Policy, seen: Announcement) -> Announcement:
    """Return an announcement with the answers of each agent, and with the imbalance that they add up to."""
    assert isinstance(seen.answers, AnswersToWedge)
    return bounded(policy, held_against(policy.economy, seen, seen.answers.by_agent()))


class _Money(NamedTuple):
    """Payments and payoffs.

    Args:
        flows: purchases and sales.
        utilities: (agents,), u - C.
        trade: (agents,), payoffs before anything is handed out, and before harm by others.
        payments: (agents,), net money paid, less what is handed out.
        payoffs: (agents,).
        collected: the tax revenue.
        returned: the part of it that agents get.
        commons: the value of the commons sold.
    """

    flows: Flows
    utilities: Array
    trade: Array
    payments: Array
    payoffs: Array
    collected: float
    returned: float
    commons: float


def _money(policy: Policy, seen: Seen, x: Array, y: Array) -> _Money:
    """Return payments and payoffs of trade at the prices of each side."""
    economy, found = policy.economy, flows(policy, x, y)
    paid, collected = found.paid(policy, seen), found.collected(policy, seen)
    utilities, in_kind = economy.welfare(x, y), economy.money is Money.EXCHANGE
    commons = float((found.bought.sum(axis=0) - found.sold.sum(axis=0)) @ seen.sellers)
    handed_out = economy.commons_share * commons if in_kind else economy.lump_sums(commons)
    if in_kind:
        handed_out = handed_out + policy.revenue_shares * collected
    trade = _payoffs(policy, seen, economy.own_welfare(x, y), found)
    payoffs = (trade if in_kind else trade + handed_out) - economy.harm_done(y)
    returned = collected if in_kind else 0.0
    return _Money(found, utilities, trade, paid - handed_out, payoffs, collected, returned, commons)


def _payoffs(policy: Policy, seen: Seen, welfare: Array, found: Flows) -> Array:
    """Return payoffs from trade, (agents,), as `Economy.payoff` does at one price."""
    if policy.economy.money is Money.QUASILINEAR:
        return welfare - found.paid(policy, seen)
    if policy.economy.money is Money.FISHER:
        return np.asarray(welfare + (found.sold * policy.sell_prices(seen)).sum(axis=1))
    return welfare


def _regrets(policy: Policy, seen: Seen, had: _Money) -> Array:
    """Return what the best answer of each agent to its own prices would add to its payoff, (agents,)."""
    economy, best = policy.economy, built_in(policy, seen)
    eaten, made = best.demand.lowest, best.supply.lowest
    unbounded = np.asarray((np.isinf(made) | np.isinf(eaten)).any(axis=1))
    eaten, made = (np.where(unbounded[:, None], 0.0, part) for part in (eaten, made))
    could = _payoffs(policy, seen, economy.own_welfare(eaten, made), flows(policy, eaten, made))
    return gain(had.trade, np.where(unbounded, np.inf, could))


def _account(policy: Policy, chosen: Announcement, money: _Money, free: Array | None) -> Intervention:
    """Return what the interventions do to prices, and the money that is neither buyers' nor sellers'."""
    assert isinstance(chosen.answers, AnswersToWedge)
    seen, z = chosen.answers.seen, chosen.imbalance.z
    binding, rents = policy.binding(chosen.prices, z), policy.rents(seen)
    words = np.where(binding, np.where(z > 0, "cap", "floor"), np.where(rents > 0, "quota", ""))
    return Intervention(
        buyer_prices=seen.buyers,
        taxed_prices=seen.taxed,
        rents=rents,
        traded=money.flows.bought.sum(axis=0),
        tax_revenue=money.collected,
        returned=money.returned,
        commons_revenue=money.commons,
        binding=tuple(words.tolist()),
        unserved=np.where(binding, z, 0.0),
        free_prices=free,
        taxed_rows=policy.taxed_rows if policy.taxed else None,
    )


def _free_prices(auction: Auction, economy: Economy) -> Array | None:
    """Return the prices of the auction without interventions, (goods,); None if it does not clear."""
    without = replace(auction, tax={}, tax_rate={}, taxed=(), price_cap={}, price_floor={}, quota={})
    try:
        found = play(without, economy)
    except MarketError:
        return None
    return found.prices if found.status is Status.CLEARED else None
