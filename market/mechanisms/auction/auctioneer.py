"""The auction: an auctioneer announces prices, agents answer, and prices are adjusted until markets clear.

The auctioneer *leads*: prices first, answers after. That is what singles out market clearing. Were it to move
at the same time as the traders, with payoff `-sum |z|`, its payoff would not depend on its own price, and
every p > 0 with x = x(p) would be a Nash equilibrium; leading, the rest points of the adjustment with p > 0
are exactly those with z(p) = 0.

A round goes straight down: `announce` (prices to answers to excess demand), the rule's proposal
(`price_rules`), its corrections under every rule (`corrections.py`). After the rounds trades are settled
(`rationing.py`) and a status is given that the evidence supports (`verdict.py`).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, Literal

import numpy as np

from market.economy.correspondences import Array
from market.economy.nonexistence import no_equilibrium
from market.economy.primitives import Economy
from market.economy.production import zero_profit_prices
from market.errors import InputError
from market.mechanisms.auction.announcement import (
    Announcement,
    announce,
    by_trader,
    excess_at,
)
from market.mechanisms.auction.bidding import respond
from market.mechanisms.auction.corrections import Adjustment, corrected, left_the_bounds
from market.mechanisms.auction.cycles import Trail
from market.mechanisms.auction.free_goods import FreeGoods
from market.mechanisms.auction.interventions.answers import AnswersToWedge, under
from market.mechanisms.auction.interventions.bounds import bounded
from market.mechanisms.auction.interventions.outcome import intervened
from market.mechanisms.auction.interventions.policy import Policy, make_policy
from market.mechanisms.auction.jumps.alternatives import Choices, possible
from market.mechanisms.auction.lindahl import CommonDemand, lindahl_outcome
from market.mechanisms.auction.price_rules import Knows, Memory, Rule, Seen
from market.mechanisms.auction.rationing import settle
from market.mechanisms.auction.verdict import Evidence, verdict, widest_range
from market.mechanisms.base import Answering, Mechanism, State
from market.mechanisms.regret import answers_faithfully, regret, relative_regret
from market.outcome import Outcome, Status
from market.registry import option

ROUNDS_SHOWN = 200  # played of an economy without equilibrium, enough to see what prices do


@dataclass(frozen=True)
class AuctionState(State):
    """State of an auction.

    Args:
        round: the number of announcements so far.
        next_prices: (goods,), the prices to announce next.
        memory: that of the price rule.
        free_goods: the memory of prices near zero.
        last: the last announcement; None before the first round.
        best: the announcement with the least disequilibrium so far.
        best_round: the round of that.
        diverged: why no further round can be played, if so.
        trail: the last prices, from which cycles are recognised.
        queries: how often demand was asked for.
        impossible: why there is no equilibrium, if that can be proved.
        choices: where some agent's answer can jump from one alternative to another; None if nowhere.
        policy: taxes, caps, floors and quotas; None without any.
    """

    next_prices: Array
    memory: Memory
    free_goods: FreeGoods
    last: Announcement | None = None
    best: Announcement | None = None
    best_round: int = 0
    diverged: str | None = None
    trail: Trail = Trail()
    queries: int = 0
    impossible: str | None = None
    choices: Choices | None = None
    policy: Policy | None = None

    @property
    def prices(self) -> Array:
        """The prices announced last, or the first ones before any round, (goods,)."""
        return self.next_prices if self.last is None else self.last.prices

    def observed(self) -> Mapping[str, Any]:
        """Prices, excess demand, disequilibrium and the auctioneer's payoff of the last round."""
        return self._observed

    def for_record(self) -> AuctionState:
        """Return the state without the trail of prices, which grows with the rounds."""
        return replace(self, trail=Trail())

    @cached_property
    def _observed(self) -> Mapping[str, Any]:
        if self.last is None:
            return {}
        seen, answers = self.last.imbalance, self.last.answers
        paid = {"buyer_price": answers.seen.buyers} if isinstance(answers, AnswersToWedge) else {}
        return paid | {
            "price": self.last.prices,
            "excess_demand": seen.z,
            "disequilibrium": seen.disequilibrium,
            "auctioneer_payoff": -float(np.abs(seen.z).sum()),
        }


@dataclass(frozen=True)
class Auction(Mechanism):
    """Prices are announced, agents answer, and prices are adjusted until demand equals supply."""

    name = "auctioneer"
    observed_by_good = ("price", "excess_demand")
    observed_once = ("disequilibrium", "auctioneer_payoff")
    evidence = ("relative_excess_demand", "relative_regret", "demand_queries", "period", "amplitude")
    rule: Rule
    tolerance: float = option(
        1e-9, "largest relative excess demand at which a market counts as cleared", low=0.0, open_low=True
    )
    max_rounds: int = option(10_000, "rounds after which the play stops", low=1)
    initial_prices: dict[str, float] = option(
        {}, "the first prices announced; 1 if not named", low=0.0, open_low=True, names="goods"
    )
    tax: dict[str, float] = option(
        {}, "money a unit that buyers pay more than sellers get; negative for a subsidy", names="goods"
    )
    tax_rate: dict[str, float] = option(
        {}, "a tax in parts of the seller's price: buyers pay 1 + rate times that", low=-1.0, open_low=True,
        names="goods",
    )  # fmt: skip
    taxed: tuple[str, ...] = option(
        (), "the agents whose sales are taxed, as by a tariff; default all sales, of the commons too",
        names="agents",
    )  # fmt: skip
    price_cap: dict[str, float] = option(
        {}, "the highest price that a seller may get", low=0.0, open_low=True, names="goods"
    )
    price_floor: dict[str, float] = option(
        {}, "the lowest price that a seller may get", low=0.0, names="goods"
    )
    quota: dict[str, float] = option({}, "the most that may be sold in all, units", low=0.0, names="goods")
    rationing: Literal["proportional", "efficient", "random"] = option(
        "proportional", "the order in which buyers at a cap, and sellers at a floor, are served"
    )
    revenue_to: dict[str, float] = option(
        {}, "under exchange the shares of agents in tax revenue; default equal", low=0.0, names="agents"
    )
    tax_base: Literal["trade", "consumption"] = option(
        "trade", "under exchange, if net purchases or all consumption is taxed"
    )

    def seen_by_good(self) -> tuple[str, ...]:
        """Return the names of what a round shows of each good; with interventions what buyers pay too."""
        return (*self.observed_by_good, "buyer_price") if self._intervenes else self.observed_by_good

    @property
    def _intervenes(self) -> bool:
        """True if there is a tax, cap, floor or quota."""
        return any((self.tax, self.tax_rate, self.price_cap, self.price_floor, self.quota))

    @property
    def knows_public_goods(self) -> bool:
        """True without taxes, caps, floors and quotas: by personal prices."""
        return not self._intervenes

    def start(self, economy: Economy) -> AuctionState:
        """Return the state with the first prices, not yet announced.

        Raises:
            InputError: the rule does not go with the economy.
        """
        self._refuse(economy)
        policy = make_policy(self, economy)
        seen, first = economy.without_shared_wants, self._first(economy)
        first = first if policy is None else policy.within(first)
        return AuctionState(
            round=0,
            next_prices=first,
            memory=self.rule.start(first),
            free_goods=FreeGoods.at_first(first),
            impossible=None if economy.public_goods or policy is not None else no_equilibrium(economy),
            choices=possible(seen),
            policy=policy,
        )

    def _refuse(self, economy: Economy) -> None:
        if economy.money.value not in self.rule.economies:
            fits = " or ".join(self.rule.economies)
            raise InputError(f"the rule {self.rule.name} is for economy = {fits}, not {economy.money.value}")
        if self.rule.knows is Knows.SPENDING and (economy.costs or economy.endowment.any()):
            raise InputError(f"the rule {self.rule.name} needs goods in fixed supply, all of them in common")

    def _first(self, economy: Economy) -> Array:
        asked = np.array([self.initial_prices.get(good, 1.0) for good in economy.goods])
        return economy.normalise(zero_profit_prices(economy, asked))

    def step(self, economy: Economy, state: State, answering: Answering) -> AuctionState:
        """Announce prices, look at excess demand, and adjust."""
        assert isinstance(state, AuctionState)
        answering = answering if state.policy is None else under(state.policy, answering)
        if economy.public_goods:
            economy, answering = economy.without_shared_wants, CommonDemand(economy)
        announced, free_goods = announce(economy, state.next_prices, state.free_goods, answering)
        announced = announced if state.policy is None else bounded(state.policy, announced, self.tolerance)
        seen = announced.imbalance
        changed: dict[str, Any] = {  # put together first, because making a state takes its time
            "round": state.round + 1,
            "next_prices": announced.prices,
            "free_goods": free_goods,
            "last": announced,
            "trail": state.trail.with_round(announced.prices, seen.disequilibrium),
            "queries": state.queries + 1,
        }
        if state.best is None or seen.disequilibrium < state.best.imbalance.disequilibrium:
            changed |= {"best": announced, "best_round": state.round + 1}
        if seen.disequilibrium > self.tolerance:
            changed |= self._adjusted(economy, state, announced, free_goods, answering)
        return replace(state, **changed)

    def _adjusted(
        self,
        economy: Economy,
        state: AuctionState,
        announced: Announcement,
        free_goods: FreeGoods,
        answering: Answering,
    ) -> dict[str, Any]:
        """Return what an adjustment changes in the state, by name: the rule's proposal, then corrections."""
        asked: list[Array] = []
        proposed, memory = self.rule.adjust(self._shown(economy, announced, answering, asked), state.memory)
        joint = self.rule.knows is Knows.EXCESS
        adjustment = Adjustment(economy, announced, free_goods, state.choices, joint, state.policy)
        p = corrected(adjustment, proposed)
        return {
            "next_prices": p,
            "memory": memory,
            "diverged": left_the_bounds(economy, p),
            "queries": state.queries + 1 + len(asked),
        }

    def _shown(
        self, economy: Economy, announced: Announcement, answering: Answering, asked: list[Array]
    ) -> Seen:
        """Return what the rule may know of the round; prices that it asks about are noted in `asked`."""

        def ask(p: Array) -> Array:
            asked.append(p)
            return excess_at(economy, p, answering)

        seen, knows = announced.imbalance, self.rule.knows
        return Seen(
            announced.prices,
            seen.z,
            seen.relative,
            ask if knows is Knows.ANY_PRICES else None,
            partial(respond, economy) if knows is Knows.SPENDING else None,
        )

    def done(self, economy: Economy, state: State) -> bool:  # noqa: ARG002
        """Return True if the auction cleared, diverged, cycles, cannot clear, or used up its rounds."""
        assert isinstance(state, AuctionState)
        if self.settled(state) or state.diverged is not None or state.round >= self.max_rounds:
            return True
        return self._cycles(state) or (state.impossible is not None and state.round >= ROUNDS_SHOWN)

    def going_on(self, state: State) -> AuctionState:
        """Return the state without the trail of prices, from which cycles are recognised."""
        assert isinstance(state, AuctionState)
        return replace(state, trail=Trail())

    def settled(self, state: AuctionState) -> bool:
        """Return True if every market cleared, or stands at a bound of its price, in the last round."""
        return state.last is not None and state.last.imbalance.disequilibrium <= self.tolerance

    def _cycles(self, state: AuctionState) -> bool:
        """Return True if a rule without memory has announced these prices before."""
        return type(state.memory) is Memory and state.trail.period is not None

    def reported(self, state: AuctionState) -> Announcement:
        """Return the announcement that the outcome reports: the last if it clears, else the best."""
        seen = state.last if self.settled(state) else state.best
        assert seen is not None
        return seen

    def judged(
        self,
        economy: Economy,
        state: AuctionState,
        chosen: Announcement,
        regretted: float,
        forgone: Mapping[str, float] | None = None,
    ) -> tuple[Status, str, dict[str, float]]:
        """Return the status that the evidence supports, a reason, and the evidence.

        Args:
            economy: the primitives.
            state: that in which the auction ended.
            chosen: the announcement that is reported, with the answers of all agents.
            regretted: the largest relative regret of agents that answer as their preferences imply.
            forgone: the regrets of the others by name, in payoff; none by default.
        """
        evidence = Evidence(
            goods=economy.goods,
            relative_excess=chosen.imbalance.relative,
            round=state.best_round,
            tolerance=self.tolerance,
            cleared=self.settled(state),
            relative_regret=regretted,
            forgone=forgone or {},
            scales=widest_range(economy, chosen.prices),
            diverged=state.diverged,
            impossible=state.impossible,
            period=state.trail.period if self._cycles(state) else None,
            amplitude=state.trail.amplitude,
        )
        status, reason, numbers = verdict(evidence)
        return status, reason, numbers | {"demand_queries": float(state.queries)}

    def outcome(self, economy: Economy, state: State) -> Outcome:
        """Return the trades at the last prices if they clear, else at the best that were announced.

        Evidence: `relative_excess_demand`, recomputed from the best answers of all agents at the prices,
        `relative_regret` of the traders that answer as their preferences imply, `demand_queries`, and of
        cycles `period` or `amplitude`.
        """
        assert isinstance(state, AuctionState)
        if state.round == 0:
            state = self.step(economy, state, economy.answers)
        if state.policy is not None:
            return intervened(self, state.policy, state)
        seen = self.reported(state)
        if economy.public_goods:
            return self._lindahl(economy, state, seen)
        chosen = by_trader(economy, seen)
        p = chosen.prices
        x, y = settle(economy, chosen.answers, p)
        had = traded(economy, p, x, y, economy.payments(p, x, y))
        assert had.regret is not None
        faithful = answers_faithfully(economy, seen.answers, seen.prices)
        regretted = relative_regret(economy, p, x, y, np.where(faithful, had.regret, 0.0))
        forgone = {economy.agents[i]: float(had.regret[i]) for i in np.flatnonzero(~faithful).tolist()}
        status, reason, evidence = self.judged(economy, state, chosen, regretted, forgone)
        return replace(
            had,
            name=self.label,
            status=status,
            reason=reason,
            rounds=state.round,
            disequilibrium=chosen.imbalance.disequilibrium,
            auctioneer_payoff=-float(np.abs(chosen.imbalance.z).sum()),
            evidence=evidence,
        )

    def _lindahl(self, economy: Economy, state: AuctionState, seen: Announcement) -> Outcome:
        """Return the trades at personal prices if all agents agree on the amounts, else no trade."""
        p, view = seen.prices, economy.without_shared_wants
        trades = settle(view, seen.answers, p) if self.settled(state) else None
        had, wide = lindahl_outcome(economy, p, trades, traded)
        assert wide.prices is not None
        assert wide.regret is not None
        agents = np.arange(len(wide.regret)) < len(
            economy.agents
        )  # provision has no profit, but for rounding
        regretted = relative_regret(
            economy.personalised,
            wide.prices,
            wide.consumption,
            wide.production,
            np.where(agents, wide.regret, 0.0),
        )
        status, reason, evidence = self.judged(view, state, seen, regretted)
        said = _AGREED if trades is not None else _NOT_AGREED
        return replace(
            had,
            name=self.label,
            status=status,
            reason=f"{reason} {said}",
            rounds=state.round,
            disequilibrium=seen.imbalance.disequilibrium,
            auctioneer_payoff=-float(np.abs(seen.imbalance.z).sum()),
            evidence=evidence,
        )


_AGREED = (
    "At personal (Lindahl) prices that add up to the seller's all agents want one amount of public goods."
)
_NOT_AGREED = "Without agreement on the amount of public goods there is no trade."


def traded(
    economy: Economy, p: Array, x: Array, y: Array, payments: Array, revenue: float | None = None
) -> Outcome:
    """Return the outcome of trades at prices p before it is judged: without a name, rounds and evidence.

    Args:
        economy: the primitives, or a part of them.
        p: (goods,), prices.
        x: (agents, goods), consumption.
        y: (agents, goods), production.
        payments: (agents,), net money paid for goods (`Economy.payments`).
        revenue: of the whole economy for the commons; the sum of these payments if not given.
    """
    utilities = economy.welfare(x, y)
    payoffs = economy.payoff(utilities, p, x, y)
    regrets = regret(economy, p, payoffs + economy.harm_done(y))
    shared = economy.lump_sums(float(payments.sum()) if revenue is None else revenue)
    if shared.any():
        payments, payoffs = payments - shared, payoffs + shared
    return Outcome(
        economy=economy,
        name="",
        kind=Auction.name,
        status=Status.MAX_ROUNDS,
        reason="",
        rounds=0,
        consumption=x,
        production=y,
        payments=payments,
        revenue=float(payments.sum()),
        utilities=utilities,
        payoffs=payoffs,
        prices=p,
        regret=regrets,
    )
