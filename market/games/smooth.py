"""Games whose actions are amounts: payoffs and slopes as functions of arrays, within bounds.

Symbols: players i = 1..n, each with d numbers; a (n, d) what they chose, or (..., n, d) many plays at once;
pi_i(a) payoffs; J_ij = d pi_i / d a_j, (n, n, d), the slope of i's payoff in j's numbers; W = 1 + c, what a
unit of another's payoff adds to one's own choice. Every number is between `low` and `high`; where a family
has a `total`, a player's numbers are >= 0 and sum to its total.

*Best replies.* i chooses by `U_i = sum_j W_ij pi_j`. Where every payoff is concave in each player's own
numbers (`own_concave`) and W >= 0, U_i is concave in i's one number, and the reply is the root of its slope,
by Brent's method to the last digits: exact. A family may state replies of its own.

To add a family: a file in `families` with a subclass of `SmoothFamily`, and its name in `SMOOTH`. Its slopes
are compared with differences of its payoffs in the tests that run over all families.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from market.economy.correspondences import Array
from market.games.base import Reply, StrategicGame
from market.games.family import GameFamily, MisfitError, Setting
from market.games.plays import Actions, Play

ON_GRID = 401
"""Values of a number that are tried in the search of a reply."""

EQUAL = 1e-13
"""Part of a payoff's scale: a smaller gain is rounding, and the player keeps what it does."""

NEAR = 1e-4
"""Part of the reach of an amount: an exact reply that near is taken though it gains less than rounding, since
payoffs are flat at their maximum."""


class SmoothFamily(GameFamily):
    """Base of the families; functions take plays (..., n, d) and the parameters by name.

    Every family has the key `start` in the file, rows of numbers of each player before the first round.
    """

    amount: ClassVar[str] = "number"
    """What a player's number is, in a word or two: the label of an axis."""
    own_concave: ClassVar[bool] = False
    """True if every payoff is concave in each player's own numbers."""
    concave: ClassVar[bool] = False
    """True if every payoff is concave in all numbers together."""
    start_state: ClassVar[str] = ""
    """The parameter with the state in which play starts, of a decision process whose numbers of a player are
    its chances at each state; empty of other families."""
    sum_concave: ClassVar[bool] = False
    """True if the sum of payoffs is concave in all numbers together."""

    @staticmethod
    def limits(n: int, **p: Any) -> tuple[Array, Array]:
        """Return the least and the largest value of each number, (n, d) each; finite."""
        raise NotImplementedError

    @staticmethod
    def total(n: int, **p: Any) -> Array | None:  # noqa: ARG004
        """Return what each player's numbers sum to, (n,); None if they are free."""
        return None

    @classmethod
    def start(cls, n: int, **p: Any) -> Array:
        """Return the play before the first round, (n, d): the least numbers, or equal shares of the total."""
        low, _ = cls.limits(n, **p)
        total = cls.total(n, **p)
        return low if total is None else np.repeat(total[:, None] / low.shape[1], low.shape[1], axis=1)

    @staticmethod
    def payoffs(a: Array, **p: Any) -> Array:
        """Return pi, (..., n)."""
        raise NotImplementedError

    @staticmethod
    def slopes(a: Array, **p: Any) -> Array:
        """Return J, (..., n, n, d)."""
        raise NotImplementedError

    @classmethod
    def slopes_in(cls, a: Array, player: int, **p: Any) -> Array:
        """Return the slopes of all payoffs in one player's numbers, (n, d), at a play (n, d).

        Families of many players state it by itself, since J has n times as many numbers.
        """
        return np.asarray(cls.slopes(a, **p)[:, player])

    @staticmethod
    def slopes_along(a: Array, v: Array, **p: Any) -> Array:
        """Return the derivative of J in the direction v, (..., n, n, d): products with second derivatives.

        Args:
            a: (..., n, d), plays.
            v: (..., n, d), directions.
            p: parameters of the family.
        """
        raise NotImplementedError

    @staticmethod
    def reply(a: Array, player: int, weighs: Array, prices: Array, **p: Any) -> Array | None:  # noqa: ARG004
        """Return an exact best reply of a player, (d,); None where the general search is to be used.

        Args:
            a: (n, d), the play.
            player: its row.
            weighs: (n, n), W.
            prices: (d,), what a unit of each of its numbers costs the player.
            p: parameters of the family.
        """
        return None

    @staticmethod
    def bound(n: int, **p: Any) -> float | None:  # noqa: ARG004
        """Return a number that no sum of payoffs exceeds; None if none is known."""
        return None

    @staticmethod
    def best_sum(n: int, **p: Any) -> Array | None:  # noqa: ARG004
        """Return a play of the largest sum of payoffs, (n, d), where the family finds one; None elsewhere."""
        return None

    @classmethod
    def build(cls, setting: Setting) -> Smooth:
        """Return the game.

        Raises:
            MisfitError: the first play is not within bounds.
        """
        made = cls.made(setting)
        given = setting.keys.get("start") or ()
        if not given:
            return made
        first = np.array(given, dtype=float) if len({len(row) for row in given}) == 1 else np.zeros(0)
        n, d = made.first.shape
        if first.shape != (n, d):
            numbers = "number" if d == 1 else "numbers"
            raise MisfitError(("start",), f"{n} rows of {d} {numbers} are needed, one row for each player")
        if np.abs(made.feasible(first) - first).max() > 1e-9 * made.reach.max():
            raise MisfitError(("start",), cls._beyond(made))
        return made.starting_at(made.feasible(first))

    @staticmethod
    def _beyond(made: Smooth) -> str:
        """Return what a first play must be."""
        if made.total is not None:
            return "the first play is not within bounds: numbers of a player are >= 0 and sum to its total"
        low, high = made.limits
        return (
            f"the first play is not within bounds: numbers are at least {low.min():g}"
            f" and at most {high.max():g}"
            if np.ptp(low) == 0 == np.ptp(high)
            else "the first play is not within bounds, which are each player's own"
        )

    @classmethod
    def made(cls, setting: Setting) -> Smooth:
        """Return the game with the family's own first play."""
        own = {key: setting.keys[key] for key in cls.file_keys if key != "start"}
        return cls.game(setting, {**setting.parameters, **own})

    @classmethod
    def game(cls, setting: Setting, parameters: Mapping[str, Any]) -> Smooth:
        """Return the game with parameters as the family's functions take them."""
        n = len(setting.players)
        return Smooth(
            players=setting.players,
            groups=setting.groups,
            comparable=setting.comparable,
            concern=setting.concern,
            seed=setting.seed,
            family=cls,
            parameters=parameters,
            first=cls.start(n, **parameters),
        )


@dataclass(frozen=True)
class Smooth(StrategicGame):
    """A game of a smooth family.

    Args:
        family: the class whose functions are called.
        parameters: name -> a number of the game, or (n,) numbers of the players.
        first: (n, d), the play before the first round.
    """

    family: type[SmoothFamily]
    parameters: Mapping[str, Any]
    first: Array

    @cached_property
    def usual_first(self) -> Array:
        """The family's own play before the first round, (n, d), of finite payoffs."""
        return self.family.start(self.size, **self.parameters)

    @cached_property
    def limits(self) -> tuple[Array, Array]:
        """The least and the largest value of each number, (n, d) each."""
        low, high = self.family.limits(self.size, **self.parameters)
        return np.broadcast_to(low, self.first.shape), np.broadcast_to(high, self.first.shape)

    @cached_property
    def total(self) -> Array | None:
        """Sum of each player's numbers, (n,); None if they are free."""
        return self.family.total(self.size, **self.parameters)

    @cached_property
    def reach(self) -> Array:
        """Length of the way that each number can go, (n, d), > 0."""
        low, high = self.limits
        span = high - low if self.total is None else np.repeat(self.total[:, None], low.shape[1], axis=1)
        return np.where(span > 0, span, 1.0)

    @cached_property
    def scale(self) -> Array:
        """Range of U over the start, the bounds and the middle of the numbers, (n,), > 0."""
        low, high = self.limits
        plays = [self.first]
        if self.total is None:
            plays += [low, high, (low + high) / 2.0]
        else:
            corners = np.eye(low.shape[1])
            plays += [self.total[:, None] * corner for corner in corners]
        values = np.array([self.utilities(Actions(a)) for a in plays])
        finite = np.where(np.isfinite(values), values, np.nan)
        spread = np.nanmax(finite, axis=0) - np.nanmin(finite, axis=0)
        size = np.nanmax(np.abs(finite), axis=0)
        return np.where(spread > 0, spread, np.where(size > 0, size, 1.0))

    def start(self) -> Actions:
        """Return the first play."""
        return Actions(self.first)

    def starting_at(self, first: Array) -> Smooth:
        """Return the game with another first play, (n, d)."""
        return replace(self, first=first)

    def payoffs(self, play: Play) -> Array:
        """Return material payoffs, (n,)."""
        assert isinstance(play, Actions)
        return np.asarray(self.family.payoffs(play.values, **self.parameters))

    def slopes(self, a: Array) -> Array:
        """Return J at plays (..., n, d), (..., n, n, d)."""
        return np.asarray(self.family.slopes(a, **self.parameters))

    def own_slope(self, a: Array, player: int) -> Array:
        """Return the slope of a player's U in its own numbers, (d,)."""
        slopes = self.family.slopes_in(a, player, **self.parameters)
        if self.concern is None:
            return np.asarray(slopes[player])
        return np.asarray(self.weighs[player] @ slopes)

    def reply(self, player: int, play: Play, prices: Array | None = None) -> Reply:
        """Return a best reply; what is played if nothing gains.

        Args:
            player: its row.
            play: of all players.
            prices: (d,), what a unit of each of the player's numbers costs it; 0 by default.
        """
        assert isinstance(play, Actions)
        a, t = play.values, np.zeros(self.first.shape[1]) if prices is None else prices
        found = self.family.reply(a, player, self.weighs, t, **self.parameters)
        exact = found is not None or self._concave_in_own(player)
        action = self._searched(a, player, t) if found is None else found
        gain = self._utility(a, player, action, t) - self._utility(a, player, a[player], t)
        if gain > EQUAL * self.scale[player]:
            return Reply(action, float(gain), exact)
        near = np.abs(action - a[player]).max() <= NEAR * self.reach[player].max()
        kept = action if exact and near else a[player]  # a tie far away changes nothing; rounding is refined
        return Reply(kept, max(float(np.nan_to_num(gain)), 0.0), exact)

    def answers_exactly(self, player: int, a: Array, prices: Array) -> bool:
        """Return True if the player's reply at a play (n, d) and prices (d,) is exact, without a search."""
        stated = self.family.reply(a, player, self.weighs, prices, **self.parameters)
        return stated is not None or self._concave_in_own(player)

    def _concave_in_own(self, player: int) -> bool:
        """Return True if a player's U is concave in its own single number."""
        single = self.first.shape[1] == 1
        return single and self.family.own_concave and bool((self.weighs[player] >= 0).all())

    def _utility(self, a: Array, player: int, action: Array, prices: Array) -> float:
        changed = a.copy()
        changed[player] = action
        return float(self.utilities(Actions(changed))[player] - prices @ action)

    def _searched(self, a: Array, player: int, prices: Array) -> Array:
        """Return the reply as the root of the slope, or the best of several local searches."""
        low, high = (bound[player] for bound in self.limits)
        if self._concave_in_own(player):
            return np.array([self._root(a, player, float(low[0]), float(high[0]), float(prices[0]))])
        return self._local(a, player, prices)

    def _root(self, a: Array, player: int, low: float, high: float, price: float) -> float:
        """Return where a slope that falls changes its sign, or the bound towards which it points."""
        from scipy.optimize import brentq  # deferred: an eighth of a second

        changed = a.copy()

        def slope(value: float) -> float:
            changed[player, 0] = value
            return float(self.own_slope(changed, player)[0]) - price

        if slope(high) >= 0:
            return high
        if slope(low) <= 0:
            return low
        return float(brentq(slope, low, high, xtol=1e-300, rtol=1e-15, maxiter=1000))

    def _local(self, a: Array, player: int, prices: Array) -> Array:
        """Return the best end of local searches from where the player is, the bounds and the middle.

        Of a single number a grid is tried too: payoffs that rise and fall may have many maxima.
        """
        from scipy.optimize import minimize  # deferred: an eighth of a second

        low, high = (bound[player] for bound in self.limits)
        starts = [a[player], low, high, (low + high) / 2.0]
        if len(low) == 1:
            starts.append(self._best_on_grid(a, player, prices))
        constraint: list[dict[str, Any]] = []
        if self.total is not None:
            total = float(self.total[player])
            starts = [a[player], np.full(len(low), total / len(low)), *(total * np.eye(len(low)))]
            constraint = [{"type": "eq", "fun": lambda x: x.sum() - total}]
        ends = [a[player]]
        for x in starts:
            found = minimize(
                lambda x: -self._utility(a, player, x, prices),
                x,
                jac=lambda x: prices - self._slope_at(a, player, x),
                bounds=list(zip(low, high, strict=True)),
                constraints=constraint,
                method="SLSQP",
                options={"ftol": 1e-15, "maxiter": 200},
            )
            ends += [x, self.projected(np.asarray(found.x), player)]
        return max(ends, key=lambda x: self._utility(a, player, x, prices))

    def _best_on_grid(self, a: Array, player: int, prices: Array) -> Array:
        """Return the best of equally distant values of a player's single number, (1,)."""
        low, high = (bound[player] for bound in self.limits)
        tried = np.linspace(low, high, ON_GRID)
        plays = np.repeat(a[None], ON_GRID, axis=0)
        plays[:, player] = tried
        row = self.weighs[player]
        pi = np.asarray(self.family.payoffs(plays, **self.parameters))[:, row != 0]
        with np.errstate(invalid="ignore"):  # inf - inf
            values = pi @ row[row != 0] - tried @ prices
        return np.asarray(tried[int(np.where(np.isnan(values), -np.inf, values).argmax())])

    def _slope_at(self, a: Array, player: int, action: Array) -> Array:
        changed = a.copy()
        changed[player] = action
        return self.own_slope(changed, player)

    def projected(self, action: Array, player: int) -> Array:
        """Return the nearest numbers, (d,), that a player may choose."""
        low, high = (bound[player] for bound in self.limits)
        if self.total is None:
            return np.clip(action, low, high)
        return to_simplex(action, float(self.total[player]))

    def feasible(self, a: Array) -> Array:
        """Return the nearest plays to (..., n, d), player by player."""
        low, high = self.limits
        if self.total is None:
            return np.clip(a, low, high)
        return to_simplex(a, self.total)

    def with_action(self, play: Play, player: int, action: Array) -> Actions:
        """Return the play after one player changed its numbers."""
        assert isinstance(play, Actions)
        changed = play.values.copy()
        changed[player] = action
        return Actions(changed)

    def key(self, play: Play) -> bytes:
        """Return the numbers in units of their reach, rounded, as bytes."""
        assert isinstance(play, Actions)
        return (np.round(play.values / self.reach, 10) + 0.0).tobytes()


def to_simplex(x: Array, total: float | Array) -> Array:
    """Return the nearest points >= 0 whose last axis sums to a total.

    The nearest point is `max(x - t, 0)` with the t that gives the sum, found by sorting.

    Args:
        x: (..., d).
        total: > 0, of each point, (...).

    Example:
        >>> to_simplex(np.array([0.9, 0.5, -1.0]), 1.0)
        array([0.7, 0.3, 0. ])
    """
    ordered = -np.sort(-x, axis=-1)
    sums = np.cumsum(ordered, axis=-1) - np.asarray(total)[..., None]
    many = np.arange(1, x.shape[-1] + 1)
    count = (ordered * many > sums).sum(axis=-1, keepdims=True)
    count = np.maximum(count, 1)
    threshold = np.take_along_axis(sums, count - 1, axis=-1) / count
    return np.maximum(x - threshold, 0.0)
