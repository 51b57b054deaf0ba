"""Rounds of a game without prices on an economy: amounts that agents take, claim, make or pay for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.errors import InputError
from market.interfaces.env.rounds import Amounts, Rounds, chosen, within_reach
from market.mechanisms.base import begin, outcome_so_far
from market.mechanisms.unmediated.best_response import GameState, Unmediated
from market.outcome import Outcome


class EconomyRounds(Rounds):
    """Base of the rounds on an economy.

    Args:
        economy: the primitives.
        mechanism: that is played.
        max_rounds: after which play stops; the mechanism's own if None.
    """

    def __init__(self, economy: Economy, mechanism: Any, max_rounds: int | None) -> None:
        self.economy = economy
        self.mechanism = mechanism if max_rounds is None else replace(mechanism, max_rounds=max_rounds)
        self.label, self.max_rounds = mechanism.label, self.mechanism.max_rounds

    def outcome(self, state: Any) -> Outcome:
        """Return the outcome; while rounds remain, that of stopping now."""
        return outcome_so_far(self.mechanism, self.economy, state, self.economy.answers)

    def received(self, outcome: Outcome, utility: bool) -> Array:
        """Return payoff or utility, (names,)."""
        return np.asarray((outcome.utilities if utility else outcome.payoffs)[self.rows])


class LeftAloneRounds(EconomyRounds):
    """Rounds of an economy left alone, in which some agents' actions come from outside.

    Args:
        economy: the primitives.
        mechanism: with the game.
        agents: names of agents or groups; all players of the game if None. The others give best replies.
        max_rounds: after which play stops; the mechanism's own if None.
        most: the largest amount where the game sets no limit.

    Raises:
        InputError: the game cannot be played from outside, or sets no limit and `most` is not given.
    """

    def __init__(
        self,
        economy: Economy,
        mechanism: Unmediated,
        agents: Sequence[str] | None = None,
        max_rounds: int | None = None,
        most: float | None = None,
    ) -> None:
        super().__init__(economy, mechanism, max_rounds)
        begin(self.mechanism, economy)  # refuses what cannot be played
        largest = mechanism.game.most(economy)
        if largest is None:
            raise InputError(
                f"'{mechanism.label}': game = \"{mechanism.game.name}\" does not say what an agent may "
                f'choose alone; an environment needs game = "seize", "claims", "gift" or "voluntary"'
            )
        may = np.zeros(len(economy.agents), dtype=bool)
        may[mechanism.game.players(economy)] = True
        may &= (largest > 0).any(axis=1)
        self.rows = chosen(agents, economy.groups, economy.agents, may)
        self.names = tuple(economy.agents[row] for row in self.rows)
        goods = largest[self.rows] > 0
        self._goods = [np.flatnonzero(each) for each in goods]
        self._high = [self._bounds(largest, place, most) for place in range(len(self.rows))]

    def _bounds(self, largest: Array, place: int, most: float | None) -> Array:
        row, goods = self.rows[place], self._goods[place]
        what = [f"the {self.economy.goods[g]} of {self.economy.agents[row]}" for g in goods]
        return within_reach(largest[row, goods], most, what)

    def choice(self, place: int) -> Amounts:
        """Return the bounds of the amounts that an agent chooses, of goods of which it can choose any."""
        goods, high = self._goods[place], self._high[place]
        return Amounts(tuple(self.economy.goods[g] for g in goods), np.zeros(len(goods)), high)

    def start(self) -> GameState:
        """Return the state with the first profile."""
        return self.mechanism.start(self.economy)

    def step(self, state: GameState, said: Mapping[int, Any]) -> GameState:
        """Play one round; amounts that others leave no room for are cut to what they leave."""
        amounts: dict[int, Array] = {}
        for place, asked in said.items():
            whole = np.zeros(len(self.economy.goods))
            whole[self._goods[place]] = asked
            amounts[int(self.rows[place])] = whole
        after = self.mechanism.stepped(self.economy, state, amounts)
        return self.mechanism.going_on(after)

    def over(self, state: GameState) -> bool:
        """Return True if the replies of the other agents were not found."""
        return state.fault is not None

    def seen(self, state: GameState, outcome: Outcome | None, place: int) -> Mapping[str, float]:
        """Return the own endowment, last action and bundle, and what the others did in total, by good."""
        row, goods = int(self.rows[place]), self.economy.goods
        own = state.profile[row]
        others = state.profile.sum(axis=0) - own
        bundle = self.economy.endowment[row] if outcome is None else outcome.consumption[row]
        return by_good(
            goods,
            {"endowment": self.economy.endowment[row], "own": own, "others": others, "consumption": bundle},
        )


def by_good(goods: Sequence[str], what: Mapping[str, Array]) -> dict[str, float]:
    """Return numbers of goods by name, `price[water]`."""
    return {
        f"{name}[{good}]": float(x)
        for name, each in what.items()
        for good, x in zip(goods, each, strict=True)
    }
