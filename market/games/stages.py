"""Games in order: players move one after the other and see a running statistic of what came before.

Symbols: players i = 1..n in their order of moving; `k_i` the steps that i chooses, an integer between its
least and its most; the amount is `k_i / steps`; `s_i` what i sees: the sum of the steps chosen before
(`statistic = "sum"`) or the last ones (`"last"`), 0 at first; E the statistic after the last move. A payoff
depends on what a player saw, on what it chose, and on the end: `pi_i(s_i, k_i, E)`. Statistics are integers,
so that a threshold is met or missed exactly.

*Rewards.* A mechanism may redesign a game (a bonus, a penalty): players then choose by rewards
`r_i(s_i, k_i, E)`, and are judged by their payoffs pi.

To add a family: a file in `families` with a subclass of `StageFamily`, and its name in `GAME_FAMILIES`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import Any, ClassVar, Literal

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.errors import InputError
from market.games.base import Reply, StrategicGame
from market.games.family import GameFamily, Setting
from market.games.plays import Actions, Play
from market.registry import Parameter

Integers = NDArray[np.int64]

MOST_CELLS = 20_000_000
"""Pairs of a statistic and an amount of one stage: more take gigabytes."""

EQUAL = 1e-12
"""Part of a payoff's scale: a smaller difference of two amounts is rounding, and they are a tie."""

STEPS = Parameter("agent", "steps in a unit of every amount, a whole number", "steps", low=1.0, absent=100.0)
"""The game parameter `steps`, which every family has."""


class StageFamily(GameFamily):
    """Base of the families; functions take arrays of integers that broadcast, and the parameters by name."""

    statistic: ClassVar[Literal["sum", "last"]] = "sum"
    separable: ClassVar[bool] = False
    """True if every payoff is a function of what was seen and done plus one of the end."""
    redesigns: ClassVar[Sequence[str]] = ()
    """Game parameters of rewards that a mechanism may set."""

    @staticmethod
    def ends(n: int, **p: Any) -> tuple[Array, Array]:
        """Return the least and the largest amount of each player, (n,) each."""
        raise NotImplementedError

    @staticmethod
    def payoff(i: int, seen: Integers, own: Integers, end: Integers, n: int, **p: Any) -> Array:
        """Return pi_i of what a player saw, chose, and of the end, all in steps."""
        raise NotImplementedError

    @classmethod
    def reward(cls, i: int, seen: Integers, own: Integers, end: Integers, n: int, **p: Any) -> Array:
        """Return r_i, by which a player chooses; its payoff unless the family has redesigns."""
        return cls.payoff(i, seen, own, end, n, **p)

    @classmethod
    def faults(cls, setting: Setting) -> Sequence[tuple[tuple[str | int, ...], str]]:
        """Return what is wrong: steps that are no whole number, concern, a grid that is too fine or empty."""
        steps = setting.parameters["steps"]
        found: list[tuple[tuple[str | int, ...], str]] = []
        if steps != int(steps):
            return [(("parameters", "steps"), f"{steps:g} is not a whole number")]
        if setting.concern is not None:
            found.append((("concern",), "games with moves in order know no concern for others; leave it out"))
        pairs = cls._pairs(len(setting.players), setting.parameters)
        if pairs > MOST_CELLS:
            many = f"{pairs:,.0f} pairs" if pairs < 1e15 else f"{pairs:.2g} pairs"
            why = f"{many} of a sum and an amount; at most {MOST_CELLS:,} fit, so write fewer steps"
            return [*found, (("parameters", "steps"), why)]
        least, most = cls.grid(len(setting.players), setting.parameters)
        for name, low, high in zip(setting.players, least, most, strict=True):
            if low > high:
                found.append((("players",), f"'{name}' has no amount to choose: the least is above the most"))
        return found

    @classmethod
    def _pairs(cls, n: int, p: Mapping[str, Any]) -> float:
        """Return the number of pairs of a statistic and an amount of one stage, about."""
        low, high = (np.floor(np.asarray(end, dtype=float) * p["steps"]) for end in cls.ends(n, **p))
        return float((high.sum() + 1.0) * (np.ptp([*high, *low]) + 1.0))

    @classmethod
    def grid(cls, n: int, p: Mapping[str, Any]) -> tuple[Integers, Integers]:
        """Return the least and the largest number of steps of each player, (n,) each."""
        steps = float(p["steps"])
        low, high = (np.asarray(end, dtype=float) * steps for end in cls.ends(n, **p))
        return np.ceil(low - 1e-9).astype(np.int64), np.floor(high + 1e-9).astype(np.int64)

    @classmethod
    def build(cls, setting: Setting) -> Stages:
        """Return the game."""
        least, most = cls.grid(len(setting.players), setting.parameters)
        return Stages(
            players=setting.players,
            groups=setting.groups,
            comparable=setting.comparable,
            concern=None,
            seed=setting.seed,
            family=cls,
            parameters=setting.parameters,
            least=least,
            most=most,
        )


@dataclass(frozen=True)
class Stages(StrategicGame):
    """A game in order.

    Args:
        family: the class whose functions are called.
        parameters: name -> a number of the game, or (n,) numbers of the players.
        least: (n,), the fewest steps that each may choose.
        most: (n,), the most.
        redesign: game parameters of rewards that a mechanism set.
    """

    family: type[StageFamily]
    parameters: Mapping[str, Any]
    least: Integers
    most: Integers
    redesign: Mapping[str, float] = field(default_factory=dict)

    @property
    def steps(self) -> int:
        """Steps in a unit of an amount."""
        return int(self.parameters["steps"])

    def redesigned(self, redesign: Mapping[str, float]) -> Stages:
        """Return the game with other rewards and the same payoffs.

        Raises:
            InputError: the family has no such number, or it is out of range.
        """
        for name, value in redesign.items():
            if name not in self.family.redesigns:
                known = ", ".join(self.family.redesigns) or "none"
                raise InputError(f"redesign: {self.family.name} has no '{name}'; it has {known}")
            if wrong := self.family.game_parameters[name].fault(value):
                raise InputError(f"redesign: {name}: {wrong}")
        parameters = {**self.parameters, **redesign}
        return replace(self, parameters=parameters, redesign=dict(redesign))

    def after(self, seen: Integers, own: Integers) -> Integers:
        """Return the statistic after a move."""
        return seen + own if self.family.statistic == "sum" else own + 0 * seen

    def amounts(self, player: int) -> Integers:
        """Return all numbers of steps that a player may choose."""
        return np.arange(self.least[player], self.most[player] + 1)

    @cached_property
    def statistics(self) -> tuple[Integers, ...]:
        """For each stage, and for the end, all statistics that may be reached, ascending."""
        found = [np.zeros(1, dtype=np.int64)]
        for i in range(self.size):
            low, high = int(self.least[i]), int(self.most[i])
            if self.family.statistic == "sum":
                low, high = low + int(found[-1][0]), high + int(found[-1][-1])
            found.append(np.arange(low, high + 1))
        return tuple(found)

    def payoff(self, i: int, seen: Integers, own: Integers, end: Integers) -> Array:
        """Return pi_i, of integers that broadcast."""
        return np.asarray(self.family.payoff(i, seen, own, end, self.size, **self.parameters))

    def reward(self, i: int, seen: Integers, own: Integers, end: Integers) -> Array:
        """Return r_i, of integers that broadcast."""
        return np.asarray(self.family.reward(i, seen, own, end, self.size, **self.parameters))

    def walked(self, k: Integers) -> tuple[list[Integers], Integers]:
        """Return what each player sees, and the end, of choices (..., n) in steps."""
        seen, state = [], np.zeros(k.shape[:-1], dtype=np.int64)
        for i in range(self.size):
            seen.append(state)
            state = self.after(state, k[..., i])
        return seen, state

    def payoffs_of(self, k: Integers) -> Array:
        """Return pi, (..., n), of choices in steps."""
        seen, end = self.walked(k)
        return np.stack([self.payoff(i, seen[i], k[..., i], end) for i in range(self.size)], axis=-1)

    def rewards_of(self, k: Integers) -> Array:
        """Return r, (..., n), of choices in steps."""
        seen, end = self.walked(k)
        return np.stack([self.reward(i, seen[i], k[..., i], end) for i in range(self.size)], axis=-1)

    def in_steps(self, play: Play) -> Integers:
        """Return what players chose in steps, (n,)."""
        assert isinstance(play, Actions)
        return np.rint(play.values[:, 0] * self.steps).astype(np.int64)

    def as_play(self, k: Integers) -> Actions:
        """Return choices in steps, (n,), as a play."""
        return Actions((k / self.steps)[:, None])

    @cached_property
    def scale(self) -> Array:
        """Range of payoffs over plays in which each has its least, its most or the middle, (n,), > 0."""
        middle = (self.least + self.most) // 2
        plays = [self.least, self.most, middle]
        plays += [np.where(np.arange(self.size) == i, self.most, self.least) for i in range(self.size)]
        spread = np.ptp(self.payoffs_of(np.array(plays)), axis=0)
        return np.where(spread > 0, spread, max(float(spread.max()), 0.0) or 1.0)

    def start(self) -> Actions:
        """Return the least amounts."""
        return self.as_play(self.least)

    def payoffs(self, play: Play) -> Array:
        """Return payoffs, (n,), without the rewards of a redesign."""
        return self.payoffs_of(self.in_steps(play))

    def utilities(self, play: Play) -> Array:
        """Return rewards, (n,), by which players choose."""
        return self.rewards_of(self.in_steps(play))

    def reply(self, player: int, play: Play) -> Reply:
        """Return a best reply to amounts that others chose at once, by all amounts of the player."""
        k = self.in_steps(play)
        tried = np.repeat(k[None, :], self.most[player] - self.least[player] + 1, axis=0)
        tried[:, player] = self.amounts(player)
        values = self.rewards_of(tried)[:, player]
        gain = float(values.max() - values[k[player] - self.least[player]])
        best = k[player] if gain <= EQUAL * self.scale[player] else tried[int(values.argmax()), player]
        return Reply(np.array([best / self.steps]), max(gain, 0.0), True)

    def feasible(self, a: Array) -> Array:
        """Return the nearest amounts on the grid to amounts (n, 1)."""
        k = np.clip(np.rint(a[:, 0] * self.steps), self.least, self.most)
        return np.asarray((k / self.steps)[:, None])

    def with_action(self, play: Play, player: int, action: Array) -> Actions:
        """Return the play after one player changed its amount, to the nearest on the grid."""
        assert isinstance(play, Actions)
        changed = play.values.copy()
        changed[player] = action
        return Actions(self.feasible(changed))

    def key(self, play: Play) -> bytes:
        """Return the numbers of steps as bytes."""
        return self.in_steps(play).tobytes()
