"""Games with finitely many actions: payoffs in an array, one number a player and profile.

Symbols: players i; A_i actions; pi (A_1, ..., A_n, n) payoffs; p_i a mixture of i; P a distribution over
profiles. A deviation of i from mixtures is judged by `sum over the others' actions of prod_j p_j U_i`. From a
distribution there are two kinds: one action in the place of all that i does (*external*, a coarse correlated
equilibrium leaves no gain), and one action for each that i is advised to take (*obedience*, a correlated
equilibrium leaves no gain):

    gain_i = sum_a max_a' sum_{s_-i} P(a, s_-i) (U_i(a', s_-i) - U_i(a, s_-i)).

Source: Osborne and Rubinstein (1994), *A Course in Game Theory*, chapters 2 and 3; Aumann (1974),
"Subjectivity and correlation in randomized strategies"; Moulin and Vial (1978), for the coarse kind.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.errors import InputError
from market.games.base import Reply, StrategicGame
from market.games.plays import Actions, Joint, Mixtures, Play, pure
from market.tolerances import ROUNDING_OF_SUMS

MOST_PROFILES = 1_000_000

MOST_AXES = 30
"""Players: each is an axis of the array, and a table of more has too many profiles, or players with
one action each."""

LARGEST_PAYOFF = 1e100
"""Beyond it sums of squares and of products are no longer finite."""

EQUAL = 1e-14
"""Part of the size of payoffs: a smaller range is rounding, and they are all equal."""


@dataclass(frozen=True)
class Table(StrategicGame):
    """A game in an array.

    Args:
        actions: for each player the names of its actions.
        outcomes: (A_1, ..., A_n, n), pi, the payoff of each player in each profile.
        first: for each player the action that it plays before the first round.
    """

    actions: tuple[tuple[str, ...], ...]
    outcomes: Array
    first: tuple[int, ...]

    @property
    def sizes(self) -> tuple[int, ...]:
        """(A_1, ..., A_n)."""
        return self.outcomes.shape[:-1]

    @cached_property
    def choices(self) -> Array:
        """U in each profile, (A_1, ..., A_n, n); the payoffs themselves without concern."""
        return self.outcomes if self.concern is None else self.outcomes @ self.weighs.T

    @cached_property
    def scale(self) -> Array:
        """Range of each player's payoffs; where they are all equal their size, or 1."""
        return spread_of(self.choices.reshape(-1, self.size))

    def start(self) -> Mixtures:
        """Return the first action of each player."""
        return pure(self.first, self.sizes)

    def payoffs(self, play: Play) -> Array:
        """Return expected material payoffs, (n,)."""
        assert not isinstance(play, Actions)
        return expected(self.outcomes, play)

    def reply(self, player: int, play: Play) -> Reply:
        """Return the action of largest U; of equal ones the first, and what is played if nothing gains."""
        assert isinstance(play, Mixtures)
        values = self.against(player, play)
        gain = float(values.max() - values @ play.of[player])
        if gain <= ROUNDING_OF_SUMS * self.scale[player]:
            return Reply(play.of[player], max(gain, 0.0), True)
        return Reply(np.eye(len(values))[int(values.argmax())], gain, True)

    def with_action(self, play: Play, player: int, action: Array) -> Mixtures:
        """Return the mixtures after one player changed its own."""
        assert isinstance(play, Mixtures)
        return Mixtures((*play.of[:player], action, *play.of[player + 1 :]))

    def key(self, play: Play) -> bytes:
        """Return the probabilities, rounded, as bytes."""
        assert not isinstance(play, Actions)
        parts = play.of if isinstance(play, Mixtures) else (play.probabilities.ravel(),)
        return np.round(np.concatenate(parts), 10).tobytes()

    def regret(self, play: Play) -> tuple[Array, bool]:
        """Return gains from deviating, (n,), which are exact; from a distribution those of disobedience."""
        if isinstance(play, Joint):
            return disobedience(self.choices, play.probabilities), True
        return super().regret(play)

    def against(self, player: int, play: Mixtures) -> Array:
        """Return U of each of a player's actions against the others' mixtures, (A_i,)."""
        values = self.choices[..., player]
        for other in reversed(range(self.size)):
            if other != player:
                values = np.tensordot(values, play.of[other], axes=(other, 0))
        return values

    def against_each(self, player: int, of: Sequence[Array]) -> Array:
        """Return U of each of a player's actions in many plays at once, (..., A_i).

        Sums are taken along the last axis, so that a play's numbers do not depend on the plays beside it.

        Args:
            player: its row.
            of: (..., A_j), the mixtures of each player j.
        """
        others = [other for other in range(self.size) if other != player]
        values = np.moveaxis(self.choices[..., player], player, 0)  # (A_i, the others' actions)
        for k, other in reversed(list(enumerate(others))):
            p = of[other]
            axes = (1,) * (k + 1)  # of the player, and of others whose mixtures are still to be applied
            values = (values * p.reshape(*p.shape[:-1], *axes, p.shape[-1])).sum(axis=-1)
        return values if len(others) else np.broadcast_to(values, of[player].shape)

    def to_payoffs(self, player_axis: Literal["first", "last"] = "last") -> Array:
        """Return a copy of the material payoffs, with the axis of the players last or first.

        Args:
            player_axis: "last" for (A_1, ..., A_n, n); "first" for (n, A_1, ..., A_n), which unpacks into
                one array for each player.
        """
        if player_axis not in ("first", "last"):
            raise InputError(f"player_axis = {player_axis!r:.40}; it is 'first' or 'last'")
        return np.moveaxis(self.outcomes, -1, 0 if player_axis == "first" else -1).copy()

    def profile(self, index: int) -> tuple[int, ...]:
        """Return the actions of the profile at a place of the flattened array."""
        return tuple(int(place) for place in np.unravel_index(index, self.sizes))

    def named(self, profile: Sequence[int]) -> tuple[str, ...]:
        """Return the names of the actions of a profile."""
        return tuple(names[place] for names, place in zip(self.actions, profile, strict=True))


def spread_of(points: Array) -> Array:
    """Return the range of each column, (n,), > 0; where that is rounding the size of its numbers, or 1.

    Args:
        points: (profiles, n), payoffs.
    """
    spread, size = np.ptp(points, axis=0), np.abs(points).max(axis=0)
    return np.where(spread > EQUAL * size, spread, np.where(size > 0, size, 1.0))


def expected(values: Array, play: Mixtures | Joint) -> Array:
    """Return the expectation of numbers that each profile has.

    Args:
        values: (A_1, ..., A_n, k).
        play: mixtures or a distribution.

    Returns:
        (k,).
    """
    if isinstance(play, Joint):
        return np.asarray(np.tensordot(play.probabilities, values, axes=play.probabilities.ndim))
    for p in play.of:
        values = np.tensordot(p, values, axes=(0, 0))
    return values


def disobedience(choices: Array, probabilities: Array) -> Array:
    """Return each player's gain from another action for each that it is advised to take, (n,).

    Args:
        choices: (A_1, ..., A_n, n), U.
        probabilities: (A_1, ..., A_n), P.
    """
    gains = np.zeros(choices.shape[-1])
    for player in range(len(gains)):
        values = _by_advice(choices, probabilities, player)
        gains[player] = (values.max(axis=1) - np.diagonal(values)).sum()
    return gains


def external(choices: Array, probabilities: Array) -> Array:
    """Return each player's gain from one action in the place of all that it does, (n,); may be negative.

    Args:
        choices: (A_1, ..., A_n, n), U.
        probabilities: (A_1, ..., A_n), P.
    """
    gains = np.zeros(choices.shape[-1])
    for player in range(len(gains)):
        values = _by_advice(choices, probabilities, player)
        gains[player] = values.sum(axis=0).max() - np.trace(values)
    return gains


def _by_advice(choices: Array, probabilities: Array, player: int) -> Array:
    """Return `sum_{s_-i} P(a, s_-i) U_i(a', s_-i)`, (advised a, played a')."""
    advised = np.moveaxis(probabilities, player, 0).reshape(probabilities.shape[player], -1)
    played = np.moveaxis(choices[..., player], player, 0).reshape(advised.shape)
    return np.asarray(advised @ played.T)


def table(
    payoffs: Array,
    players: Sequence[str] | None = None,
    actions: Sequence[Sequence[str]] | None = None,
    *,
    comparable: bool = False,
    concern: Array | None = None,
    first: Sequence[int] | None = None,
    groups: Mapping[str, NDArray[np.intp]] | None = None,
    seed: int = 0,
) -> Table:
    """Return a game in an array, checked.

    Args:
        payoffs: (A_1, ..., A_n, n).
        players: their names; player1, player2, ... by default.
        actions: the names of each player's actions; 1, 2, ... by default.
        comparable: True if payoffs are in one unit.
        concern: (n, n), with a diagonal of 0.
        first: the action of each player before the first round; by default its first one.
        groups: group name -> rows of players; each its own by default.
        seed: the root of random draws.

    Raises:
        InputError: the array has another shape, a number that is not finite, or too many profiles.

    Example:
        >>> game = table(np.array([[[3, 3], [0, 5]], [[5, 0], [1, 1]]]))
        >>> game.sizes, game.regret(game.start())[0]
        ((2, 2), array([2., 2.]))
    """
    outcomes = np.asarray(payoffs, dtype=float)
    if outcomes.ndim < 2 or outcomes.ndim != outcomes.shape[-1] + 1 or 0 in outcomes.shape:
        raise InputError(
            f"payoffs have the shape {outcomes.shape}; for n players it is (A_1, ..., A_n, n), with A_i the "
            f"number of actions of player i"
        )
    if outcomes.ndim > MOST_AXES + 1:
        raise InputError(f"{outcomes.ndim - 1} players; at most {MOST_AXES} fit a table")
    if outcomes[..., 0].size > MOST_PROFILES:
        raise InputError(f"{outcomes[..., 0].size:,} profiles; at most {MOST_PROFILES:,} fit a table")
    if not (np.abs(outcomes) <= LARGEST_PAYOFF).all():
        raise InputError(f"some payoff is not a finite number of at most {LARGEST_PAYOFF:g} in size")
    count, sizes = outcomes.shape[-1], outcomes.shape[:-1]
    names = tuple(players or (f"player{i + 1}" for i in range(count)))
    choices = actions or [[str(a + 1) for a in range(size)] for size in sizes]
    if len(names) != count or tuple(map(len, choices)) != sizes:
        raise InputError(f"names of {len(names)} players do not fit payoffs of the shape {outcomes.shape}")
    return Table(
        players=names,
        groups=groups or {name: np.array([i]) for i, name in enumerate(names)},
        comparable=comparable,
        concern=None if concern is None else np.asarray(concern, dtype=float),
        seed=seed,
        actions=tuple(tuple(each) for each in choices),
        outcomes=outcomes,
        first=tuple(first or (0,) * count),
    )
