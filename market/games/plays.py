"""Plays: mixtures chosen apart, a joint distribution over profiles, or numbers.

Symbols: players i = 1..n; A_i the number of i's actions in a table; a profile names an action of each.

- `Mixtures`: each player draws from its own mixture, independently. A mixture of 0s and a 1 is an action.
- `Joint`: a probability for each profile, drawn together: advice of a mediator, or an average over time.
- `Actions`: each player's numbers, in games whose actions are amounts.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from market.economy.correspondences import Array


@dataclass(frozen=True)
class Mixtures:
    """Independent mixtures.

    Args:
        of: for each player its probabilities, (A_i,) each.
    """

    of: tuple[Array, ...]

    @property
    def pure(self) -> tuple[int, ...] | None:
        """The actions, if each player plays one for certain; else None."""
        places = tuple(int(p.argmax()) for p in self.of)
        certain = all(p[place] == 1.0 for p, place in zip(self.of, places, strict=True))
        return places if certain else None


@dataclass(frozen=True)
class Joint:
    """A distribution over profiles.

    Args:
        probabilities: (A_1, ..., A_n).
    """

    probabilities: Array


@dataclass(frozen=True)
class Actions:
    """Numbers that players chose.

    Args:
        values: (n, d), a player's d numbers in a row.
    """

    values: Array


Play = Mixtures | Joint | Actions


def pure(profile: Sequence[int], sizes: Sequence[int]) -> Mixtures:
    """Return the mixtures in which each player plays one action for certain.

    Args:
        profile: the number of each player's action.
        sizes: the number of actions of each player.
    """
    return Mixtures(tuple(np.eye(size)[action] for action, size in zip(profile, sizes, strict=True)))


def joint(play: Mixtures | Joint) -> Array:
    """Return the probability of each profile, (A_1, ..., A_n)."""
    if isinstance(play, Joint):
        return play.probabilities
    return together(play.of)


def together(of: Sequence[Array]) -> Array:
    """Return the probability of each profile under independent mixtures, (..., A_1, ..., A_n).

    Args:
        of: (..., A_i), the mixtures of each player.
    """
    found = np.ones(of[0].shape[:-1])
    for k, p in enumerate(of):
        found = found[..., None] * p.reshape(*p.shape[:-1], *(1,) * k, p.shape[-1])
    return found
