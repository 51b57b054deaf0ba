"""Rounds of a mechanism in which the actions of some agents come from outside.

A subclass drives one kind of mechanism by the mechanism's own `start`, `step`, `done` and `outcome`: what is
played, and how it is judged, is written nowhere else. After every round the state is made that of agents who
learn (`going_on`): nothing is concluded from a round that repeats another.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.errors import InputError, did_you_mean
from market.games.outcome import GameOutcome
from market.outcome import Outcome
from market.results.tables import no_rounds


@dataclass(frozen=True)
class Amounts:
    """Numbers between bounds, which an agent may choose.

    Args:
        names: of the numbers, (k,), as a reader knows them.
        low: (k,), the least.
        high: (k,), the largest; finite.
    """

    names: tuple[str, ...]
    low: Array
    high: Array


@dataclass(frozen=True)
class OneOf:
    """Several actions, of which an agent may choose one, by its number from 0.

    Args:
        names: of the actions.
    """

    names: tuple[str, ...]


class Rounds(ABC):
    """Rounds of one mechanism.

    Attributes:
        label: the mechanism's name in the scenario.
        names: the agents whose actions come from outside.
        rows: (names,), their rows in the outcome's arrays.
        max_rounds: after which the mechanism stops.
    """

    label: str
    names: tuple[str, ...]
    rows: NDArray[np.intp]
    max_rounds: int

    @abstractmethod
    def choice(self, place: int) -> Amounts | OneOf:
        """Return what the agent at a place of `names` may choose."""

    @abstractmethod
    def start(self) -> Any:
        """Return the state before the first round."""

    @abstractmethod
    def step(self, state: Any, said: Mapping[int, Any]) -> Any:
        """Play one round.

        Args:
            state: before it.
            said: place in `names` -> the number of an action, or amounts (k,) within bounds.
        """

    @abstractmethod
    def over(self, state: Any) -> bool:
        """Return True if the mechanism is at its end, whatever rounds remain."""

    @abstractmethod
    def outcome(self, state: Any) -> Outcome | GameOutcome:
        """Return the outcome; while rounds remain, that of stopping now."""

    @abstractmethod
    def received(self, outcome: Any, utility: bool) -> Array:
        """Return what each agent of `names` has in an outcome, (names,): its payoff, or its utility."""

    @abstractmethod
    def seen(self, state: Any, outcome: Any, place: int) -> Mapping[str, float]:
        """Return what an agent may know, by name, in a fixed order.

        Args:
            state: that has been reached.
            outcome: of stopping now; None before the first round.
            place: of the agent in `names`.
        """

    def history(self, observed: Sequence[Mapping[str, Any]]) -> pd.DataFrame:  # noqa: ARG002
        """Return the rounds as in `Comparison.rounds`; no rows where no prices are announced.

        Args:
            observed: what each round's state shows.
        """
        return no_rounds()


def chosen(
    asked: Sequence[str] | None,
    groups: Mapping[str, NDArray[np.intp]],
    every: Sequence[str],
    may: NDArray[np.bool_],
) -> NDArray[np.intp]:
    """Return the rows of the agents that act from outside, ascending.

    Args:
        asked: names of agents or groups; all that may if None.
        groups: group name -> rows.
        every: names of all agents, by row.
        may: (agents,), True of those that choose something under the mechanism.

    Raises:
        InputError: no such agent, or one that chooses nothing.
    """
    if asked is None:
        rows = np.flatnonzero(may)
        if not len(rows):
            raise InputError("no agent has anything to choose under this mechanism")
        return rows
    if isinstance(asked, str) or not len(asked):
        raise InputError(f"agents = {asked!r:.60}; a list of names of agents or groups is needed")
    known = dict.fromkeys((*groups, *every))
    found: set[int] = set()
    for name in asked:
        if name not in known:
            raise InputError(f"no agent or group '{name}'; {did_you_mean(str(name), known)}")
        rows = groups[name] if name in groups else np.array([list(every).index(name)])
        if not may[rows].all():
            raise InputError(f"'{name}' has nothing to choose under this mechanism; leave it out of agents")
        found |= set(rows.tolist())
    return np.array(sorted(found), dtype=np.intp)


def within_reach(high: Array, most: float | None, what: Sequence[str]) -> Array:
    """Return bounds that are finite.

    Args:
        high: (k,), the largest amounts that the scenario allows.
        most: a bound where it sets none; None if not given.
        what: (k,), the names of the amounts.

    Raises:
        InputError: some amount has no bound, and `most` is not given.
    """
    open_ended = np.flatnonzero(~np.isfinite(high))
    if len(open_ended) and most is None:
        raise InputError(
            f"nothing limits {what[open_ended[0]]}; give the largest amount that may be chosen: "
            f"market.env(..., most=...)"
        )
    return np.where(np.isfinite(high), high, most if most is not None else 0.0)
