"""Ready-made tables of two players, by the names of the field.

Payoffs are those of textbooks: R reward, S sucker, T temptation, P punishment in the prisoner's dilemma; the
same four letters in chicken and the stag hunt, whose order differs.

- prisoner's dilemma, T > R > P > S: defecting is dominant, and both cooperating is better for both;
- chicken, T > R > S > P: the pure equilibria are those in which one yields; a mediator can do better;
- stag hunt, R > T >= P > S: two pure equilibria, of which one is better for both and the other is safer;
- battle of the sexes: both want to meet, each elsewhere;
- matching pennies: zero-sum, one mixed equilibrium;
- Shapley's game (1964): fictitious play goes round for ever.

Source: Osborne and Rubinstein (1994), section 2.3; Shapley (1964), "Some topics in two-person games".
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import ClassVar

import numpy as np

from market.economy.correspondences import Array
from market.games.family import Setting, TableFamily
from market.registry import Parameter


def _number(meaning: str, value: float) -> Parameter:
    return Parameter("agent", meaning, "payoff", low=-np.inf, absent=value)


class TwoByTwo(TableFamily):
    """Base of symmetric tables of two players with two actions, by four payoffs."""

    usual_players = ("row", "column")
    least_players, most_players = 2, 2
    names: ClassVar[tuple[str, str]]
    order: ClassVar[tuple[str, ...]]
    """The letters from the largest payoff to the least."""

    @classmethod
    def actions(cls, setting: Setting) -> Sequence[Sequence[str]]:
        """Return the two actions of each player."""
        return (cls.names, cls.names)

    @classmethod
    def payoffs(cls, setting: Setting) -> Array:
        """Return `((R, R), (S, T)), ((T, S), (P, P))`."""
        r, s, t, p = (setting.parameters[letter] for letter in "RSTP")
        return np.array([[[r, r], [s, t]], [[t, s], [p, p]]], dtype=float)

    @classmethod
    def faults(cls, setting: Setting) -> list[tuple[tuple[str | int, ...], str]]:
        """Return letters whose order is that of another game."""
        values = [setting.parameters[letter] for letter in cls.order]
        if all(first > second for first, second in pairwise(values)):
            return []
        numbers = ", ".join(f"{letter} = {value:g}" for letter, value in zip(cls.order, values, strict=True))
        return [(("parameters",), f"{cls.name} needs {' > '.join(cls.order)}; there is {numbers}")]


def _letters(**values: float) -> dict[str, Parameter]:
    meanings = {
        "R": "of each if both do the first action",
        "S": "of who does the first action alone",
        "T": "of who does the second action alone",
        "P": "of each if both do the second action",
    }
    return {letter: _number(meanings[letter], value) for letter, value in values.items()}


class PrisonersDilemma(TwoByTwo):
    """R for both cooperating, S and T for one, P for both defecting; T > R > P > S."""

    name = "prisoners_dilemma"
    names, order = ("cooperate", "defect"), ("T", "R", "P", "S")
    game_parameters: ClassVar = _letters(R=3.0, S=0.0, T=5.0, P=1.0)


class Chicken(TwoByTwo):
    """R for both yielding, S for who yields alone, T for the other, P for a crash; T > R > S > P."""

    name = "chicken"
    names, order = ("swerve", "straight"), ("T", "R", "S", "P")
    game_parameters: ClassVar = _letters(R=6.0, S=2.0, T=7.0, P=0.0)


class StagHunt(TwoByTwo):
    """R for a stag together, S for who waits for it alone, T and P for a hare; R > T, P > S."""

    name = "stag_hunt"
    names, order = ("stag", "hare"), ("R", "P", "S")
    game_parameters: ClassVar = _letters(R=4.0, S=0.0, T=3.0, P=3.0)

    @classmethod
    def faults(cls, setting: Setting) -> list[tuple[tuple[str | int, ...], str]]:
        """Return letters whose order is that of another game."""
        r, t = (setting.parameters[letter] for letter in "RT")
        if not r > t:
            return [(("parameters",), f"{cls.name} needs R > T; there is R = {r:g}, T = {t:g}")]
        return super().faults(setting)


class BattleOfTheSexes(TwoByTwo):
    """high and low for meeting at one's own and at the other's place, 0 for missing each other."""

    name = "battle_of_the_sexes"
    names, order = ("first place", "second place"), ("high", "low")
    game_parameters: ClassVar = {
        "high": _number("of meeting at one's own place", 2.0),
        "low": _number("of meeting at the other's place", 1.0),
    }

    @classmethod
    def payoffs(cls, setting: Setting) -> Array:
        """Return the payoffs, (2, 2, 2)."""
        high, low = (setting.parameters[key] for key in ("high", "low"))
        return np.array([[[high, low], [0, 0]], [[0, 0], [low, high]]], dtype=float)


class MatchingPennies(TwoByTwo):
    """stake for the first player if both show one side, for the second if not; the other loses it."""

    name = "matching_pennies"
    names, order = ("heads", "tails"), ("stake",)
    game_parameters: ClassVar = {"stake": _number("what is won and lost", 1.0)}

    @classmethod
    def payoffs(cls, setting: Setting) -> Array:
        """Return the payoffs, (2, 2, 2)."""
        stake = setting.parameters["stake"]
        first = np.array([[stake, -stake], [-stake, stake]], dtype=float)
        return np.stack([first, -first], axis=-1)


class Shapley(TableFamily):
    """prize for the first player one step behind in a circle of three, for the second one on its step."""

    name = "shapley"
    usual_players = ("row", "column")
    least_players, most_players = 2, 2
    game_parameters: ClassVar = {"prize": _number("what is won", 1.0)}

    @classmethod
    def actions(cls, setting: Setting) -> Sequence[Sequence[str]]:
        """Return three actions of each."""
        return (("1", "2", "3"),) * 2

    @classmethod
    def payoffs(cls, setting: Setting) -> Array:
        """Return the payoffs, (3, 3, 2): the first wins where it plays one less, the second on one more."""
        prize = setting.parameters["prize"]
        first = prize * np.roll(np.eye(3), 2, axis=1)
        second = prize * np.roll(np.eye(3), 1, axis=1)
        return np.stack([first, second], axis=-1)
