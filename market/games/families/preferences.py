"""Preferences between options as a game: two players each name an option, and win by being preferred.

P_ab is the probability that a is preferred to b, P_ab + P_ba = 1. The first player gets `P_ab - 1/2`, the
second the opposite: a symmetric zero-sum table of value 0. A mixture that cannot be beaten, `p' (P - 1/2) >=
0` in every column, is a *maximal lottery* (von Neumann winner, minimax winner). Where one option is preferred
to each other with more than 1/2 (a Condorcet winner) it is that option alone; in a cycle of three with
margins a (1 over 2), b (2 over 3), c (3 over 1) it is `(b, c, a) / (a + b + c)`, since each then has 0
against it.

In a zero-sum game the own mixtures of every correlated equilibrium are such lotteries, so that a mediator
finds one; left alone, players go round where there is a cycle.

Source: Fishburn (1984), "Probabilistic social choice based on simple voting comparisons"; Fisher and Ryan
(1992), for odd cycles; Dudik et al. (2015), "Contextual dueling bandits", for the von Neumann winner.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

import numpy as np
from pydantic import Field

from market.economy.correspondences import Array
from market.games.families.from_file import Names, Rows
from market.games.family import Key, Setting, TableFamily

ROUNDING = 1e-9
"""By which a pair of probabilities may miss 1."""


class Preferences(TableFamily):
    """P_ab - 1/2 for who names a where the other names b, P_ab the probability that a is preferred."""

    name = "preferences"
    usual_players = ("first", "second")
    least_players, most_players = 2, 2
    file_keys: ClassVar[dict[str, Key]] = {
        "options": (Names, Field((), description="names of the options; 1, 2, ... by default")),
        "preferences": (
            Rows,
            Field(
                min_length=1,
                description="P: a row for each option, its probabilities of being preferred to each; 1/2 to "
                "itself",
            ),
        ),
    }

    @classmethod
    def actions(cls, setting: Setting) -> Sequence[Sequence[str]]:
        """Return the options, for both players."""
        count = len(setting.keys["preferences"])
        return (setting.keys["options"] or tuple(str(k + 1) for k in range(count)),) * 2

    @classmethod
    def faults(cls, setting: Setting) -> list[tuple[tuple[str | int, ...], str]]:
        """Return rows of another length, numbers that are no probabilities, pairs that do not add up to 1."""
        rows, options = setting.keys["preferences"], setting.keys["options"]
        count = len(rows)
        for place, row in enumerate(rows):
            if len(row) != count:
                why = f"{len(row)} numbers; {count} are needed, one for each option"
                return [(("preferences", place), why)]
        if options and (len(options) != count or len(set(options)) != count):
            return [(("options",), f"{len(set(options))} different names for {count} options")]
        p = np.array(rows, dtype=float)
        for a, b in zip(*np.nonzero(~((p >= 0) & (p <= 1))), strict=True):
            return [(("preferences", int(a)), f"{p[a, b]:g} is not a probability")]
        for a, b in zip(*np.nonzero(np.abs(p + p.T - 1.0) > ROUNDING), strict=True):
            names = cls.actions(setting)[0]
            pair = f"'{names[a]}' to '{names[b]}' with {p[a, b]:g}"
            other = "itself, which is 1/2" if a == b else f"the other way round with {p[b, a]:g}"
            why = f"{pair}: {other}" if a == b else f"{pair} and {other}; together they must be 1"
            return [(("preferences", int(a)), why)]
        return []

    @classmethod
    def payoffs(cls, setting: Setting) -> Array:
        """Return `P - 1/2` and its opposite, (options, options, 2); exactly antisymmetric."""
        p = np.array(setting.keys["preferences"], dtype=float)
        margin = (p - p.T) / 2.0
        return np.stack([margin, -margin], axis=-1)
