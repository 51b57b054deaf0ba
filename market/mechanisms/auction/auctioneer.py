"""The auctioneer: announces prices, hears what everyone would trade at them, adjusts, until markets clear.

It *leads*: prices first, answers after. That is what singles out market clearing. Were it to move at the
same time as the traders, with payoff -sum |z|, its payoff would not depend on its own price, and every
p > 0 with x = x(p) would be a Nash equilibrium; leading, the rest points of the adjustment with p > 0 are
exactly those with z(p) = 0.

Three things are done here whatever the price rule is, since a rule sees only prices and excess demand:

- *Foresight.* Where somebody's answer jumps (constant costs and returns, linear tastes, utilities that are
  worth their price or not), the rule's step is taken against the demand and supply that will be left after
  it, and ends just where the indifferent can be assigned amounts that balance (`implicit_step.py`).
- *No profit at constant returns.* What makes no profit at its cost makes an unbounded one above. So a product
  is never announced above its least unit cost at the other prices.
- *Free goods.* A good in excess supply at ever lower prices is announced at price 0. If nothing is lacking
  there it clears by complementary slackness; if demand is unbounded or too large, its price goes back up
  and 0 is tried again only from a much lower one: other prices may have changed by then.

Under `exchange` only relative prices matter: announced prices are normalised to sum to one, or to a
numeraire of price 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.nonexistence import no_equilibrium
from market.economy.primitives import Economy
from market.economy.production import without_profit
from market.errors import InputError
from market.mechanisms.auction.announcement import (
    Announcement,
    announce,
    answer_as_they_prefer,
    by_trader,
    excess_at,
    left_the_bounds,
    with_free_goods,
)
from market.mechanisms.auction.bidding import respond
from market.mechanisms.auction.cycles import Trail
from market.mechanisms.auction.jumps.alternatives import Choices, possible
from market.mechanisms.auction.jumps.implicit_step import foresee
from market.mechanisms.auction.price_rules import Knows, Memory, Rule, Seen
from market.mechanisms.auction.rationing import settle
from market.mechanisms.auction.verdict import Found, verdict
from market.mechanisms.base import Answering, Mechanism, State
from market.mechanisms.regret import regret, relative_regret
from market.outcome import Outcome
from market.registry import option

SHOWN = 200  # rounds that are played of an economy without equilibrium


@dataclass(frozen=True)
class AuctionState(State):
    """Where the auction stands.

    Args:
        round: how many times prices were announced and answered.
        first: (goods,), the first prices.
        next_prices: (goods,), what will be announced next.
        memory: the price rule's.
        positive: (goods,), the last price above zero of each good.
        in_vain: (goods,), how often price 0 was tried and the good was lacking there.
        last: the last announcement; None before the first round.
        best: the announcement with the least disequilibrium so far.
        diverged: why no further round can be played, if so.
        trail: the last prices, to tell cycles by.
        queries: how often demand was asked for.
        impossible: why there is no equilibrium, if that can be shown.
        choices: where somebody's answer can jump from one alternative to another; None if nowhere.
    """

    first: Array
    next_prices: Array
    memory: Memory
    positive: Array
    in_vain: NDArray[np.intp]
    last: Announcement | None = None
    best: Announcement | None = None
    diverged: str | None = None
    trail: Trail = Trail()
    queries: int = 0
    impossible: str | None = None
    choices: Choices | None = None

    @property
    def prices(self) -> Array:
        """The prices announced last, or the first ones before any round, (goods,)."""
        return self.next_prices if self.last is None else self.last.prices

    def observed(self) -> Mapping[str, Any]:
        """Prices, excess demand, disequilibrium and the auctioneer's payoff of the last round."""
        return self._observed

    @cached_property
    def _observed(self) -> Mapping[str, Any]:
        if self.last is None:
            return {}
        seen = self.last.imbalance
        return {
            "price": self.last.prices,
            "excess_demand": seen.z,
            "disequilibrium": seen.disequilibrium,
            "auctioneer_payoff": -float(np.abs(seen.z).sum()),
        }


@dataclass(frozen=True)
class Auctioneer(Mechanism):
    """Prices are announced, everyone answers, and prices are adjusted until demand equals supply."""

    name = "auctioneer"
    observed_by_good = ("price", "excess_demand")
    observed_once = ("disequilibrium", "auctioneer_payoff")
    rule: Rule
    tolerance: float = option(
        1e-9, "largest relative excess demand at which a market counts as cleared", low=0.0, open_low=True
    )
    max_rounds: int = option(10_000, "rounds after which the play stops", low=1)
    initial_prices: dict[str, float] = option(
        {}, "the first prices announced; 1 if not named", low=0.0, open_low=True, names="goods"
    )

    def start(self, economy: Economy) -> AuctionState:
        """The first prices, not yet announced.

        Raises:
            InputError: the rule does not go with the economy.
        """
        self._refuse(economy)
        first = self._first(economy)
        never = np.zeros(len(first), dtype=np.intp)
        return AuctionState(
            0,
            first,
            first,
            self.rule.start(first),
            first,
            never,
            impossible=no_equilibrium(economy),
            choices=possible(economy),
        )

    def _refuse(self, economy: Economy) -> None:
        if economy.money.value not in self.rule.economies:
            fits = " or ".join(self.rule.economies)
            raise InputError(f"the rule {self.rule.name} is for economy = {fits}, not {economy.money.value}")
        if self.rule.knows is Knows.SPENDING and (economy.costs or economy.endowment.any()):
            raise InputError(f"the rule {self.rule.name} needs goods in fixed supply, all of them in common")

    def _first(self, economy: Economy) -> Array:
        asked = np.array([self.initial_prices.get(good, 1.0) for good in economy.goods])
        return economy.normalise(without_profit(economy, asked))

    def step(self, economy: Economy, state: State, answering: Answering) -> AuctionState:
        """Announce, hear, adjust."""
        assert isinstance(state, AuctionState)
        announced, in_vain = announce(economy, state.next_prices, state.positive, state.in_vain, answering)
        p, seen = announced.prices, announced.imbalance
        best = state.best
        if best is None or seen.disequilibrium < best.imbalance.disequilibrium:
            best = announced
        heard: dict[str, Any] = {  # what changes, put together first since making a state takes its time
            "round": state.round + 1,
            "positive": p if p.min() > 0 else np.where(p > 0, p, state.positive),
            "in_vain": in_vain,
            "last": announced,
            "best": best,
            "trail": state.trail.with_round(p, seen.disequilibrium),
            "queries": state.queries + 1,
        }
        if seen.disequilibrium <= self.tolerance:
            return replace(state, **heard, next_prices=p)
        return replace(state, **heard | self._adjusted(economy, state, announced, in_vain, answering))

    def _adjusted(
        self,
        economy: Economy,
        state: AuctionState,
        announced: Announcement,
        in_vain: NDArray[np.intp],
        answering: Answering,
    ) -> dict[str, Any]:
        """Ask the rule for the next prices, then look after jumps, products and free goods.

        Returns:
            What changes in the state after that, by name.
        """
        asked: list[Array] = []
        proposed, memory = self.rule.adjust(self._shown(economy, announced, answering, asked), state.memory)
        if state.choices is not None:
            proposed = foresee(economy, state.choices, announced, proposed, self.rule.knows is Knows.EXCESS)
        proposed, in_vain = with_free_goods(announced, proposed, state.positive, in_vain, state.first)
        proposed = without_profit(economy, proposed)
        diverged = left_the_bounds(economy, proposed)
        return {
            "next_prices": proposed if diverged else economy.normalise(proposed),
            "memory": memory,
            "in_vain": in_vain,
            "diverged": diverged,
            "queries": state.queries + 1 + len(asked),
        }

    def _shown(
        self, economy: Economy, announced: Announcement, answering: Answering, asked: list[Array]
    ) -> Seen:
        """What the rule may know of the round; prices that it asks about are noted in `asked`."""

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
        """Cleared, out of rounds, out of bounds, in a cycle, or hopeless."""
        assert isinstance(state, AuctionState)
        if self._cleared(state) or state.diverged is not None or state.round >= self.max_rounds:
            return True
        return self._comes_back(state) or (state.impossible is not None and state.round >= SHOWN)

    def _cleared(self, state: AuctionState) -> bool:
        return state.last is not None and state.last.imbalance.disequilibrium <= self.tolerance

    def _comes_back(self, state: AuctionState) -> bool:
        """Whether a rule without memory has announced the same prices before."""
        return type(state.memory) is Memory and state.trail.period is not None

    def reported(self, state: AuctionState) -> Announcement:
        """The announcement of which an outcome tells: the last if it clears, else the nearest to clearing."""
        seen = state.last if self._cleared(state) else state.best
        assert seen is not None
        return seen

    def found(
        self, economy: Economy, state: AuctionState, chosen: Announcement, regretted: float, unfaithful: int
    ) -> Found:
        """The evidence of a play; `regretted` is the largest relative regret of traders that are faithful."""
        return Found(
            economy=economy,
            chosen=chosen,
            tolerance=self.tolerance,
            rounds=state.round,
            cleared=self._cleared(state),
            relative_regret=regretted,
            unfaithful=unfaithful,
            diverged=state.diverged,
            impossible=state.impossible,
            period=state.trail.period if self._comes_back(state) else None,
            amplitude=state.trail.amplitude,
        )

    def outcome(self, economy: Economy, state: State) -> Outcome:
        """What agents can have at the last prices if they clear, else at the best that were seen.

        Evidence: `relative_excess_demand`, recomputed with everyone's best answers at the prices,
        `relative_regret` of the traders that answer as their preferences say, `demand_queries`, and of cycles
        `period` or `amplitude`.
        """
        assert isinstance(state, AuctionState)
        if state.round == 0:
            state = self.step(economy, state, economy.answers)
        seen = self.reported(state)
        chosen = by_trader(economy, seen)
        p, z = chosen.prices, chosen.imbalance.z
        x, y = settle(economy, chosen.answers, p)
        welfare = economy.welfare(x, y)
        payoffs = economy.payoff(welfare, p, x, y)
        regrets = regret(economy, p, payoffs)
        faithful = answer_as_they_prefer(economy, seen)
        regretted = relative_regret(economy, p, x, y, np.where(faithful, regrets, 0.0))
        unfaithful = int(np.count_nonzero(~faithful))
        status, reason, evidence = verdict(self.found(economy, state, chosen, regretted, unfaithful))
        payments = economy.payments(p, x, y)
        return Outcome(
            economy=economy,
            name=self.label,
            kind=self.name,
            status=status,
            reason=reason,
            rounds=state.round,
            consumption=x,
            production=y,
            payments=payments,
            revenue=float(payments.sum()),
            utilities=welfare,
            payoffs=payoffs,
            prices=p,
            disequilibrium=chosen.imbalance.disequilibrium,
            auctioneer_payoff=-float(np.abs(z).sum()),
            regret=regrets,
            evidence=evidence | {"demand_queries": float(state.queries)},
        )
