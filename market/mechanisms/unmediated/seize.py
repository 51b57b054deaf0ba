"""Seizing the commons: first come, first served, to the last drop.

The movers, one after the other, take what they like of the rest of the commons q; the other agents get equal
shares of what remains. Agents also consume their endowments e; nothing is made.

A mover's best reply is to take up to its bliss point, min(bliss - e, what is left): for utilities that
always rise, all of every good it wants. So the first mover who wants a good leaves nothing of it, whatever
the others lose (with log utility, everything: u = -inf). It is a Nash equilibrium, and with opposed
interests even efficient, in the degenerate sense that the others have welfare weight zero.

Source: own derivation, from the definition of the game; the commons of the reference answers.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.mechanisms.regret import gain
from market.mechanisms.unmediated.best_response import Game, GameOutcome, left_of
from market.registry import option


@dataclass(frozen=True)
class Seize(Game):
    """The movers, in order, take what they like of the commons; the others share the rest equally."""

    name = "seize"
    movers: tuple[str, ...] = option(
        dataclasses.MISSING, "agents or groups that take, in this order", names="agents"
    )
    schedule: Literal["sequential", "random"] = option(
        "sequential", "the movers in the order given, or in a random one"
    )

    def players(self, economy: Economy) -> NDArray[np.intp]:
        """Return the rows of the movers, each once."""
        rows = [row for name in self.movers for row in economy.rows(name).tolist()]
        return np.array(list(dict.fromkeys(rows)), dtype=np.intp)

    def replies(self, economy: Economy, profile: Array, rows: NDArray[np.intp]) -> Array:
        """Take everything of use that the others have not taken."""
        left = left_of(economy.commons, profile.sum(axis=0) - profile[rows])
        return np.minimum(np.maximum(economy.bliss[rows] - economy.endowment[rows], 0.0), left)

    def most(self, economy: Economy) -> Array:
        """Return the commons for movers, 0 for the others."""
        most = np.zeros(economy.shape)
        most[self.players(economy)] = economy.commons
        return most

    def within(self, economy: Economy, profile: Array, row: int, asked: Array) -> Array:
        """Take at most what the others have not taken."""
        return np.clip(asked, 0.0, left_of(economy.commons, profile.sum(axis=0) - profile[row]))

    def result(self, economy: Economy, profile: Array) -> GameOutcome:
        """Consume endowments and what was taken; agents that do not move share the rest equally."""
        x = economy.endowment + profile
        others = np.setdiff1d(np.arange(len(economy.agents)), self.players(economy))
        if len(others):
            x[others] += left_of(economy.commons, profile.sum(axis=0)) / len(others)
        y = np.zeros(economy.shape)
        return GameOutcome(x, y, economy.welfare(x, y))

    def regret(self, economy: Economy, profile: Array) -> Array:
        """Return the most that each mover could gain from the rest, (agents,); the others have no choice."""
        movers = self.players(economy)
        changed = profile.copy()
        changed[movers] = self.replies(economy, profile, movers)
        regret = gain(
            economy.utility(economy.endowment + profile), economy.utility(economy.endowment + changed)
        )
        chooses = np.zeros(len(economy.agents), dtype=bool)
        chooses[movers] = True
        return np.where(chooses, regret, 0.0)
