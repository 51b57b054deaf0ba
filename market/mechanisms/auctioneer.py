"""The auctioneer: announces prices, hears what everyone would trade at them, adjusts, until markets clear.

It *leads*: prices first, answers after. That is what singles out market clearing. Were it to move at the
same time as the traders, with payoff -sum |z|, its payoff would not depend on its own price, and every
p > 0 with x = x(p) would be a Nash equilibrium; leading, the rest points of the adjustment with p > 0 are
exactly those with z(p) = 0.

Three things are done here whatever the price rule is, since a rule sees only prices and excess demand:

- *Stops at indifference.* A producer with constant unit cost c supplies nothing below c and all it can
  above it. When excess demand changes sign between two announcements and some producer's c lies between
  them, c itself is announced next. There the answer is an interval, and the market can clear exactly.
- *Products of constant returns.* What makes no profit at its cost makes an unbounded one above. So a product
  is never announced above its least unit cost at the other prices, and while it is being made just at it:
  its price follows costs, and quantities balance its market.
- *Free goods.* A good in excess supply at ever lower prices is announced at price 0. If nothing is lacking
  there it clears by complementary slackness; if demand is unbounded or too large, its price goes back up
  and 0 is not tried again.

Under `exchange` only relative prices matter: announced prices are normalised to sum to one, or to a
numeraire of price 1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from market.economy import Answers, Economy
from market.errors import UnboundedDemandError
from market.interval import Array
from market.mechanisms.base import Answering, Mechanism, State
from market.netputs import without_profit
from market.outcome import Outcome, Status, shown
from market.pricing import Memory, Rule
from market.registry import option
from market.settlement import Imbalance, imbalance, regret, relative_regret, settle

FREE_BELOW = 1e-13  # of its first price: from there a good in excess supply is tried at price 0
BOUNDS = (1e-250, 1e250)  # prices outside have left every economy that float64 can hold


@dataclass(frozen=True)
class Announcement:
    """Prices, what was answered to them, and how far that is from balance."""

    prices: Array
    answers: Answers
    imbalance: Imbalance


@dataclass(frozen=True)
class AuctionState(State):
    """Where the auction stands.

    Args:
        round: how many times prices were announced and answered.
        next_prices: (goods,), what will be announced next.
        memory: the price rule's.
        positive: (goods,), the last price above zero of each good.
        never_free: (goods,), goods that are lacking at price 0.
        last: the last announcement; None before the first round.
        best: the announcement with the least disequilibrium so far.
        diverged: why no further round can be played, if so.
    """

    next_prices: Array
    memory: Memory
    positive: Array
    never_free: NDArray[np.bool_]
    last: Announcement | None = None
    best: Announcement | None = None
    diverged: str | None = None

    @property
    def prices(self) -> Array:
        """The prices announced last, or the first ones before any round, (goods,)."""
        return self.next_prices if self.last is None else self.last.prices

    def observed(self) -> Mapping[str, Any]:
        """Prices, excess demand, disequilibrium and the auctioneer's payoff of the last round."""
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
        """The first prices, not yet announced."""
        asked = np.array([self.initial_prices.get(good, 1.0) for good in economy.goods])
        first = economy.normalise(without_profit(economy, asked, np.zeros(len(asked), dtype=bool)))
        return AuctionState(0, first, self.rule.start(first), first, np.zeros(len(first), dtype=bool))

    def step(self, economy: Economy, state: State, answering: Answering) -> AuctionState:
        """Announce, hear, adjust."""
        assert isinstance(state, AuctionState)
        announced, never_free = _announce(economy, state, answering)
        best = state.best
        if best is None or announced.imbalance.disequilibrium < best.imbalance.disequilibrium:
            best = announced
        heard = replace(
            state,
            round=state.round + 1,
            positive=np.where(announced.prices > 0, announced.prices, state.positive),
            never_free=never_free,
            last=announced,
            best=best,
        )
        if announced.imbalance.disequilibrium <= self.tolerance:
            return replace(heard, next_prices=announced.prices)
        return self._adjust(economy, heard, announced, state.last)

    def _adjust(
        self, economy: Economy, state: AuctionState, announced: Announcement, previous: Announcement | None
    ) -> AuctionState:
        """Ask the rule for the next prices, then look after indifferent producers and free goods."""
        p, seen = announced.prices, announced.imbalance
        proposed, memory = self.rule.adjust(p, seen.z, seen.relative, state.memory)
        if previous is not None:
            proposed = _stop_at_indifference(economy, proposed, announced, previous)
        lacking_at_zero = (p == 0) & (seen.z > 0)
        never_free = state.never_free | lacking_at_zero
        try_zero = ~never_free & (seen.z <= 0) & (proposed < FREE_BELOW * self.start(economy).next_prices)
        proposed = np.where(lacking_at_zero, state.positive, np.where(try_zero, 0.0, proposed))
        proposed = without_profit(economy, proposed, _made(seen))
        diverged = _left_the_bounds(economy, proposed)
        if diverged is None:
            proposed = economy.normalise(proposed)
        return replace(state, next_prices=proposed, memory=memory, never_free=never_free, diverged=diverged)

    def done(self, economy: Economy, state: State) -> bool:  # noqa: ARG002
        """Cleared, out of rounds, or out of bounds."""
        assert isinstance(state, AuctionState)
        return self._cleared(state) or state.diverged is not None or state.round >= self.max_rounds

    def _cleared(self, state: AuctionState) -> bool:
        return state.last is not None and state.last.imbalance.disequilibrium <= self.tolerance

    def outcome(self, economy: Economy, state: State) -> Outcome:
        """What agents can have at the last prices if they clear, else at the best that were seen.

        Evidence: `relative_excess_demand`, recomputed with everyone's best answers at the prices, and
        `relative_regret` of the traders that answer as their preferences say.
        """
        assert isinstance(state, AuctionState)
        if state.round == 0:
            state = self.step(economy, state, economy.answers)
        chosen = state.last if self._cleared(state) else state.best
        assert chosen is not None
        p, z = chosen.prices, chosen.imbalance.z
        x, y = settle(economy, chosen.answers, p)
        regrets = regret(economy, p, x, y)
        faithful = _answer_as_they_prefer(economy, chosen)
        evidence = {
            "relative_excess_demand": chosen.imbalance.disequilibrium,
            "relative_regret": relative_regret(economy, p, x, y, np.where(faithful, regrets, 0.0)),
        }
        status, reason = self._verdict(economy, state, chosen, evidence)
        if not faithful.all():
            many = np.count_nonzero(~faithful)
            do = "does not answer as its" if many == 1 else "do not answer as their"
            reason += f" {many} of the traders {do} preferences say."
        welfare = economy.welfare(x, y)
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
            payoffs=economy.payoff(welfare, p, x, y),
            prices=p,
            disequilibrium=chosen.imbalance.disequilibrium,
            auctioneer_payoff=-float(np.abs(z).sum()),
            regret=regrets,
            evidence=evidence,
        )

    def _verdict(
        self, economy: Economy, state: AuctionState, chosen: Announcement, evidence: Mapping[str, float]
    ) -> tuple[Status, str]:
        """The status that the evidence supports, and one sentence with its numbers."""
        excess = chosen.imbalance.disequilibrium
        if self._cleared(state):
            regretted = evidence["relative_regret"]
            if regretted > max(10 * self.tolerance, 1e-8):
                return Status.FAILED, (
                    f"Demand equals supply, but some trader could gain {shown(regretted)} of what its trades "
                    f"are worth by another bundle: its demand function is wrong at these prices."
                )
            return Status.CLEARED, (
                f"Largest relative excess demand {shown(excess)} (tolerance {self.tolerance:.0e}); "
                f"nobody could gain more than {shown(regretted)} of what its trades are worth."
            )
        worst = economy.goods[int(np.abs(chosen.imbalance.relative).argmax())]
        least = f"the least relative excess demand seen was {shown(excess)}, for {worst}"
        if state.diverged is not None:
            return Status.DIVERGED, f"{state.diverged}; {least}."
        return Status.MAX_ROUNDS, f"Not cleared after {state.round} rounds; {least}; these are its prices."


def _made(seen: Imbalance) -> NDArray[np.bool_]:
    """Which goods are products of constant returns that are being made."""
    return np.zeros(len(seen.z), dtype=bool) if seen.made is None else seen.made


def _announce(
    economy: Economy, state: AuctionState, answering: Answering
) -> tuple[Announcement, NDArray[np.bool_]]:
    """Announce the next prices; goods without a largest bundle at price 0 get a positive price again."""
    p, never_free = state.next_prices, state.never_free
    while True:
        try:
            answers = answering(p)
        except UnboundedDemandError as error:
            refused = np.isin(np.arange(len(p)), error.goods) & (p == 0)
            if not refused.any():
                raise
            never_free = never_free | refused
            p = np.where(refused, state.positive, p)
        else:
            return Announcement(p, answers, imbalance(economy, answers, p)), never_free


def _stop_at_indifference(
    economy: Economy, proposed: Array, announced: Announcement, previous: Announcement
) -> Array:
    """Where excess demand changed sign across an indifferent producer's price, propose that price."""
    flipped = np.sign(announced.imbalance.z) * np.sign(previous.imbalance.z) < 0
    stopped = proposed.copy()
    for g in np.flatnonzero(flipped):
        low, high = sorted((announced.prices[g], previous.prices[g]))
        between = economy.indifference_prices[g]
        between = between[(between > low) & (between < high)]
        if len(between):
            stopped[g] = between[np.abs(between - proposed[g]).argmin()]
    return stopped


def _left_the_bounds(economy: Economy, p: Array) -> str | None:
    """Which price cannot be followed any further, as a sentence without its full stop."""
    outside = ~np.isfinite(p) | (p > BOUNDS[1]) | ((p < BOUNDS[0]) & (p != 0))
    if not outside.any():
        return None
    names = ", ".join(economy.goods[g] for g in np.flatnonzero(outside))
    return f"The price of {names} left the range from {BOUNDS[0]:.0e} to {BOUNDS[1]:.0e}"


def _answer_as_they_prefer(economy: Economy, announced: Announcement) -> NDArray[np.bool_]:
    """Which agents gave the answer that their preferences and costs imply, (agents,)."""
    best = economy.answers(announced.prices)
    pairs = zip(
        (*announced.answers.demand.bounds, *announced.answers.supply.bounds),
        (*best.demand.bounds, *best.supply.bounds),
        strict=True,
    )
    return np.all([(given == right).all(axis=1) for given, right in pairs], axis=0)
