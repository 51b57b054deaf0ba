"""Rounds of an auction: prices are announced, and traders from outside say what they demand and supply.

No trader can spend more than it has at the prices announced: a demand beyond its means is cut in proportion,
good by good alike. Means are those of the built-in trader (`Economy.spending_power`), with the income from
what the trader itself supplies.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd

from market.economy.aggregate_demand import AggregateDemand, OwnAnswers
from market.economy.correspondences import Array, Correspondence
from market.economy.primitives import Answers, Economy
from market.errors import InputError
from market.interfaces.env.economies import EconomyRounds, by_good
from market.interfaces.env.rounds import Amounts, chosen, within_reach
from market.mechanisms.auction.auctioneer import Auction, AuctionState
from market.mechanisms.auction.price_rules import Knows
from market.mechanisms.base import begin
from market.outcome import Outcome
from market.results.tables import no_rounds, rounds_of
from market.tolerances import PLENTY


class AuctionRounds(EconomyRounds):
    """Rounds of an auction in which some traders' answers come from outside.

    Args:
        economy: the primitives.
        mechanism: the auction.
        agents: names of agents or groups; all that want something or produce at a cost if None. The others
            answer as their preferences and costs imply.
        max_rounds: after which the auction stops; its own if None.
        most: the largest amount where the economy sets no limit.

    Raises:
        InputError: the auction cannot be played from outside, or the economy sets no limit and `most` is not
            given.
    """

    def __init__(
        self,
        economy: Economy,
        mechanism: Auction,
        agents: Sequence[str] | None = None,
        max_rounds: int | None = None,
        most: float | None = None,
    ) -> None:
        super().__init__(economy, mechanism, max_rounds)
        self._refuse(begin(self.mechanism, economy))
        wants, makes = economy.wants_something, (economy.capacity > 0).any(axis=1)
        self.rows = chosen(agents, economy.groups, economy.agents, wants | makes)
        self.names = tuple(economy.agents[row] for row in self.rows)
        self._demanded = [np.flatnonzero(economy.bliss[row] > 0) for row in self.rows]
        self._supplied = [np.flatnonzero(economy.capacity[row] > 0) for row in self.rows]
        self._choices = [self._choice(place, most) for place in range(len(self.rows))]
        self._together = AggregateDemand(economy, self.rows)

    def _refuse(self, state: Any) -> None:
        label = self.mechanism.label
        if self.economy.public_goods:
            raise InputError(
                f"'{label}': with public goods traders cannot answer by rules of their own; an environment "
                f'needs kind = "unmediated" with game = "voluntary"'
            )
        if state.policy is not None:
            raise InputError(
                f"'{label}': an environment has no taxes, caps, floors or quotas; leave them out"
            )
        rule = self.mechanism.rule
        if rule.knows is not Knows.EXCESS:
            raise InputError(
                f"'{label}': rule = \"{rule.name}\" asks for more than answers to the prices announced, and "
                f'learners give no more; take rule = "tatonnement"'
            )

    def _choice(self, place: int, most: float | None) -> Amounts:
        economy, row = self.economy, self.rows[place]
        demanded, supplied = self._demanded[place], self._supplied[place]
        could = np.where(economy.most < PLENTY, economy.most, np.inf)
        wanted, made = np.minimum(could, economy.bliss[row]), economy.capacity[row]
        high = np.concatenate([wanted[demanded], made[supplied]])
        goods = np.array(economy.goods, dtype=object)
        names = (*(f"demand[{g}]" for g in goods[demanded]), *(f"supply[{g}]" for g in goods[supplied]))
        what = [f"the {name} of {economy.agents[row]}" for name in names]
        return Amounts(names, np.zeros(len(names)), within_reach(high, most, what))

    def choice(self, place: int) -> Amounts:
        """Return the bounds of what a trader may demand, then of what it may supply."""
        return self._choices[place]

    def start(self) -> AuctionState:
        """Return the state with the first prices, not yet announced."""
        return self.mechanism.start(self.economy)

    def step(self, state: AuctionState, said: Mapping[int, Any]) -> AuctionState:
        """Announce prices, let all answer, and adjust."""
        after = self.mechanism.step(self.economy, state, lambda p: self._answers(p, said))
        return self.mechanism.going_on(after)

    def _answers(self, p: Array, said: Mapping[int, Any]) -> Answers:
        """Return the answers of all traders to prices, (goods,)."""
        shape = (len(self.rows), len(self.economy.goods))
        demand, supply = np.zeros(shape), np.zeros(shape)
        for place, amounts in said.items():
            split = len(self._demanded[place])
            demand[place, self._demanded[place]] = amounts[:split]
            supply[place, self._supplied[place]] = amounts[split:]
        spent, means = demand @ p, self._means(p, supply)
        over = spent > means
        demand[over] *= np.divide(means, spent, out=np.ones_like(spent), where=over)[over, None]
        return self._together(p, OwnAnswers(self._together.apart, demand, supply))

    def _means(self, p: Array, supply: Array) -> Array:
        """Return what each trader from outside can spend, (names,), >= 0; inf without a budget."""
        made = self.economy.supply(p).lowest.copy()
        made[self.rows] = np.where(
            self.economy.turns_goods_into_goods[self.rows, None], made[self.rows], supply
        )
        power = self.economy.spending_power(p, Correspondence.exactly(made))
        return np.maximum(power[self.rows], 0.0)

    def over(self, state: AuctionState) -> bool:
        """Return True if markets cleared, prices diverged, or it is proved that they cannot clear."""
        return replace(self.mechanism, max_rounds=state.round + 1).done(self.economy, state)

    def history(self, observed: Sequence[Mapping[str, Any]]) -> pd.DataFrame:
        """Return prices and excess demand by round and good."""
        if not observed:
            return no_rounds()
        prices, excess = (
            np.stack([each[key] for each in observed]) for key in self.mechanism.observed_by_good
        )
        gap, payoff = (np.array([each[key] for each in observed]) for key in self.mechanism.observed_once)
        return rounds_of(self.label, self.economy.goods, prices, excess, gap, payoff)

    def seen(self, state: AuctionState, outcome: Outcome | None, place: int) -> Mapping[str, float]:
        """Return the prices announced next, own endowment, budget and bundle, and what it has paid."""
        row, economy = int(self.rows[place]), self.economy
        owned = economy.endowment[row]
        has = owned if outcome is None else outcome.consumption[row]
        found = by_good(economy.goods, {"price": state.next_prices, "endowment": owned, "consumption": has})
        if np.isfinite(economy.budget[row]):
            found["budget"] = float(economy.budget[row])
        return found | {"payment": 0.0 if outcome is None else float(outcome.payments[row])}
