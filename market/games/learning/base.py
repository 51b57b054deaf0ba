"""Base of the learning rules, and of the two kinds of them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from market.economy.correspondences import Array
from market.games.smooth import Smooth
from market.games.table import Table
from market.registry import Family


@dataclass(frozen=True)
class LearningRule(Family):
    """Base of the rules; every subclass is final and frozen."""

    name: ClassVar[str]
    default_step: ClassVar[float] = 0.01


@dataclass(frozen=True)
class GradientRule(LearningRule):
    """Base of the rules on amounts: a direction in which all players step against."""

    def direction(self, game: Smooth, a: Array) -> Array:
        """Return g, (..., n, d): players go from a to `a - step g`.

        Args:
            game: of amounts.
            a: (..., n, d), plays.
        """
        raise NotImplementedError


@dataclass(frozen=True)
class MixtureRule(LearningRule):
    """Base of the rules on tables: from what each action would have got to the next mixtures.

    Arrays may have axes of runs before that of actions: many plays make their steps at once.
    """

    default_step: ClassVar[float] = 0.1

    def start(self, game: Table) -> Any:
        """Return the memory before the first round; None of a rule without one."""
        return None

    def update(
        self, game: Table, mixtures: tuple[Array, ...], values: tuple[Array, ...], memory: Any, step: float
    ) -> tuple[tuple[Array, ...], Any]:
        """Return the next mixtures and memory.

        Args:
            game: the table.
            mixtures: (..., A_i) of each player, played in this round.
            values: (..., A_i) of each player: U of its actions against the others' mixtures.
            memory: of the rule.
            step: the size of a step.
        """
        raise NotImplementedError
