"""The environment: rounds of a mechanism behind PettingZoo's `ParallelEnv`.

Symbols: v_t what an agent has if play stops after round t (its payoff in the outcome, with what a mechanism
pays or charges), F the floor; T the last round. Rewards are

    r_1 = max(v_1, F),    r_t = max(v_t, F) - max(v_{t-1}, F),    so that    sum_t r_t = max(v_T, F):

an agent that maximises the undiscounted sum of its rewards maximises its payoff in the result. The floor
keeps rewards finite where a payoff is -inf, as of an agent with log utility and no water.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd
from gymnasium import spaces
from numpy.typing import NDArray
from pettingzoo import ParallelEnv

from market.errors import InputError, did_you_mean
from market.games.outcome import GameOutcome
from market.interfaces.env.rounds import OneOf, Rounds
from market.outcome import Outcome

Observation = NDArray[np.float64]
ROUNDS_LEFT = "rounds left"
PAYOFF = "payoff"


class MarketEnv(ParallelEnv):
    """A scenario under one mechanism, for agents that learn; made by `market.env`, which documents it.

    Args:
        rounds: what is played.
        name: of the environment.
        floor: F, the least that counts of a payoff; finite.
        utility: True if rewards add up to the utility in the result in place of the payoff.
    """

    def __init__(self, rounds: Rounds, name: str, floor: float, utility: bool) -> None:
        self.metadata: dict[str, Any] = {"name": name, "render_modes": [], "is_parallelizable": True}
        self.render_mode = None
        self.rounds, self.floor, self._utility = rounds, floor, utility
        self.possible_agents = list(rounds.names)
        self.agents: list[str] = []
        self._places = {name: place for place, name in enumerate(rounds.names)}
        self._state = rounds.start()
        self._last: Outcome | GameOutcome | None = None
        self._rewarded = np.zeros(len(rounds.names))
        self._observed: list[Mapping[str, Any]] = []
        self._names = {agent: tuple(self._seen(agent)) for agent in self.possible_agents}
        self.action_spaces = {agent: self._actions(agent) for agent in self.possible_agents}
        self.observation_spaces = {
            agent: spaces.Box(-np.inf, np.inf, (len(names),), np.float64)
            for agent, names in self._names.items()
        }

    def _actions(self, agent: str) -> Any:
        choice = self.rounds.choice(self._places[agent])
        if isinstance(choice, OneOf):
            return spaces.Discrete(len(choice.names))
        return spaces.Box(choice.low, choice.high, dtype=np.float64)

    def observation_space(self, agent: str) -> Any:
        """Return the space of an agent's observations: numbers, (observation_names,)."""
        return self.observation_spaces[agent]

    def action_space(self, agent: str) -> Any:
        """Return the space of an agent's actions: `Discrete`, or a `Box` of amounts, (action_names,)."""
        return self.action_spaces[agent]

    def action_names(self, agent: str) -> tuple[str, ...]:
        """Return the names of an agent's actions, or of the amounts that it chooses."""
        return self.rounds.choice(self._place(agent)).names

    def observation_names(self, agent: str) -> tuple[str, ...]:
        """Return what the numbers of an agent's observation are."""
        self._place(agent)
        return self._names[agent]

    def reset(
        self,
        seed: int | None = None,  # noqa: ARG002
        options: Mapping[str, Any] | None = None,  # noqa: ARG002
    ) -> tuple[dict[str, Observation], dict[str, dict[str, Any]]]:
        """Begin an episode: the state before the first round.

        Args:
            seed: changes nothing; all draws come from the seed with which the environment was made.
            options: change nothing.
        """
        self._state, self._last = self.rounds.start(), None
        self._rewarded, self._observed = np.zeros(len(self.possible_agents)), []
        self.agents = list(self.possible_agents)
        return self._observations(), {agent: {} for agent in self.agents}

    def step(
        self, actions: Mapping[str, Any]
    ) -> tuple[
        dict[str, Observation],
        dict[str, float],
        dict[str, bool],
        dict[str, bool],
        dict[str, dict[str, Any]],
    ]:
        """Play one round in which all agents act at once.

        Args:
            actions: agent -> the number of its action, or amounts, (action_names,). Amounts beyond their
                bounds are moved to the nearest within.

        Returns:
            By agent: observations, rewards, whether the mechanism ended, whether the rounds were used up, and
            information: `payoff`, what the agent has if play stops now, which may be -inf.

        Raises:
            InputError: there is no episode, an agent has no action, or it is none that it may choose.
        """
        if not self.agents:
            raise InputError("the episode is over; call reset() first")
        agents, said = (
            self.agents,
            {self._place(agent): self._checked(agent, a) for agent, a in actions.items()},
        )
        missing = [agent for agent in agents if self._places[agent] not in said]
        if missing:
            raise InputError(f"no action of {missing[0]}; each of {', '.join(agents[:12])} needs one")
        self._state = self.rounds.step(self._state, said)
        self._observed.append(self._state.observed())
        self._last = self.rounds.outcome(self._state)
        had = self.rounds.received(self._last, self._utility)
        rewards = np.maximum(had, self.floor) - self._rewarded
        self._rewarded = self._rewarded + rewards
        over = self.rounds.over(self._state)
        up = not over and self._state.round >= self.rounds.max_rounds
        if over or up:
            self.agents = []
        return (
            {agent: self._observation(agent) for agent in agents},
            dict(zip(agents, rewards.tolist(), strict=True)),
            dict.fromkeys(agents, over),
            dict.fromkeys(agents, up),
            {agent: {PAYOFF: value} for agent, value in zip(agents, had.tolist(), strict=True)},
        )

    def outcome(self) -> Outcome | GameOutcome:
        """Return the outcome, as of any play of the mechanism; while rounds remain, that of stopping now.

        `Comparison.with_outcome` puts it into a table.
        """
        return self.rounds.outcome(self._state) if self._last is None else self._last

    def history(self) -> pd.DataFrame:
        """Return the rounds of this episode, for `Comparison.with_outcome(..., rounds=...)`."""
        return self.rounds.history(self._observed)

    def _place(self, agent: str) -> int:
        if agent not in self._places:
            raise InputError(f"no agent '{agent}'; {did_you_mean(str(agent), self._places)}")
        return self._places[agent]

    def _checked(self, agent: str, action: Any) -> Any:
        """Return an action as a number or amounts within bounds; refuse what is neither."""
        space = self.action_spaces[agent]
        try:
            numbers = np.asarray(action, dtype=float)
        except (TypeError, ValueError):
            raise InputError(f"{agent} acted with {action!r:.60}; numbers are needed") from None
        if isinstance(space, spaces.Discrete):
            if numbers.shape == () and float(numbers) in range(int(space.n)):
                return int(numbers)
            names = ", ".join(f"{k} ({name})" for k, name in enumerate(self.action_names(agent)[:12]))
            raise InputError(f"{agent} acted with {action!r:.60}; the number of an action is needed: {names}")
        if numbers.shape != space.shape or np.isnan(numbers).any():
            names = ", ".join(self.action_names(agent)[:12])
            raise InputError(
                f"{agent} acted with {action!r:.60}; numbers of the shape {space.shape} are needed: {names}"
            )
        return np.clip(numbers, space.low, space.high)

    def _observations(self) -> dict[str, Observation]:
        return {agent: self._observation(agent) for agent in self.agents}

    def _observation(self, agent: str) -> Observation:
        return np.array(list(self._seen(agent).values()))

    def _seen(self, agent: str) -> dict[str, float]:
        """Return an agent's observation by name."""
        place, done = self._places[agent], self._state.round
        had = 0.0 if self._last is None else float(self._rewarded[place])
        left = 1.0 - done / self.rounds.max_rounds
        seen = self.rounds.seen(self._state, self._last, place)
        return {**seen, PAYOFF: had, ROUNDS_LEFT: left}
