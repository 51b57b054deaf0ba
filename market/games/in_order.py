"""Subgame perfection on the grid, and the largest sum of payoffs, by dynamic programming on the statistic.

Symbols as in `stages.py`. A policy gives for each stage i and statistic s the steps `k_i(s)`. With
`E_i(s)` the end that is reached from s when all from stage i on follow it, `E_(n+1)(s) = s`,

    k_i(s) maximises r_i(s, k, E_(i+1)(s')),   s' = s + k or k,   E_i(s) = E_(i+1)(s'),

for every s that may be reached, from the last stage backwards (Selten 1965). Where no two amounts are equally
good at any s, the subgame perfect equilibrium is unique on the grid, among strategies that use the whole past
too: by induction what follows a move depends on the past through s alone. Else ties are counted.

*Largest sum* of `w_i pi_i`: for each end E the best path that reaches it, `V_i(s) = max_k w_i pi_i(s, k, E) +
V_(i+1)(s')`, `V_(n+1)(s) = 0` at E and -inf elsewhere, and the best E. Of a separable family the part of the
end stands in `V_(n+1)`, and one pass suffices.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import Literal

import numpy as np

from market.economy.correspondences import Array
from market.errors import NumericalError
from market.games.stages import EQUAL, Integers, Stages

Ties = Literal["least", "most"]

MOST_EVALUATIONS = 300_000_000
"""Evaluations of payoffs in a search for the largest sum."""


@dataclass(frozen=True)
class Policy:
    """A choice of each player at each statistic.

    Args:
        choices: for each stage the steps at each statistic of `Stages.statistics`.
        ties: at how many statistics, of all stages, several amounts are equally good.
        nodes: the number of statistics of all stages.
    """

    choices: tuple[Integers, ...]
    ties: int
    nodes: int


def induction(game: Stages, ties: Ties = "least") -> Policy:
    """Return a subgame perfect policy by backward induction.

    Args:
        game: with the rewards by which players choose.
        ties: of equally good amounts the least or the most is chosen.
    """
    states = game.statistics
    end, choices, tied = states[-1], [], 0
    for i in reversed(range(game.size)):
        own, here = game.amounts(i)[None, :], states[i][:, None]
        reached = end[game.after(here, own) - states[i + 1][0]]
        values = game.reward(i, here, own, reached) + np.zeros(reached.shape)
        best = values >= values.max(axis=1, keepdims=True) - EQUAL * game.scale[i]
        tied += int((best.sum(axis=1) > 1).sum())
        last = best.shape[1] - 1
        place = best.argmax(axis=1) if ties == "least" else last - best[:, ::-1].argmax(axis=1)
        choices.append(game.amounts(i)[place])
        end = reached[np.arange(len(place)), place]
    return Policy(tuple(reversed(choices)), tied, sum(len(each) for each in states[:-1]))


def chosen(game: Stages, policy: Policy, stage: int, seen: Integers) -> Integers:
    """Return what the policy does at statistics of a stage."""
    return policy.choices[stage][seen - game.statistics[stage][0]]


def followed(game: Stages, policy: Policy, stage: int, seen: Integers) -> Integers:
    """Return the end that is reached from statistics of a stage by the policy."""
    for i in range(stage, game.size):
        seen = game.after(seen, chosen(game, policy, i, seen))
    return seen


def deviations(game: Stages, policy: Policy) -> Array:
    """Return the largest gain of each player from one other amount, at any statistic, (n,).

    What follows is recomputed by walking the policy forward.
    """
    gains = np.zeros(game.size)
    for i in range(game.size):
        own, here = game.amounts(i)[None, :], game.statistics[i][:, None]
        ends = followed(game, policy, i + 1, game.after(here, own))
        values = game.reward(i, here, own, ends) + np.zeros(ends.shape)
        at = (policy.choices[i] - game.least[i])[:, None]
        gains[i] = (values.max(axis=1) - np.take_along_axis(values, at, axis=1)[:, 0]).max()
    return gains


def gains_on_path(game: Stages, policy: Policy, k: Integers) -> Array:
    """Return what each player would gain by another amount where it moved, (n,), if later ones follow.

    Args:
        game: with the rewards by which players choose.
        policy: of all players.
        k: (n,), what they chose.
    """
    seen, end = game.walked(k)
    gains = np.zeros(game.size)
    for i in range(game.size):
        own = game.amounts(i)
        ends = followed(game, policy, i + 1, game.after(seen[i], own))
        gains[i] = game.reward(i, seen[i], own, ends).max() - game.reward(i, seen[i], k[i], end)
    return np.maximum(gains, 0.0)


def best_in_order(game: Stages, weights: Array) -> tuple[Integers, float]:
    """Return the choices of the largest weighted sum of payoffs, (n,), and that sum, exactly.

    Raises:
        NumericalError: the grid is too fine for the search.
    """
    return _best(_Hashed(game), tuple(np.asarray(weights, dtype=float).tolist()))


class _Hashed:
    """A game as the key of a cache: equal if family, grid, parameters are."""

    def __init__(self, game: Stages) -> None:
        self.game = game
        numbers = {name: np.asarray(v).tolist() for name, v in sorted(game.parameters.items())}
        self.key = (game.family.name, str(numbers), game.least.tobytes(), game.most.tobytes())

    def __hash__(self) -> int:
        return hash(self.key)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Hashed) and self.key == other.key


@lru_cache(maxsize=8)
def _best(hashed: _Hashed, weights: tuple[float, ...]) -> tuple[Integers, float]:
    game, states = hashed.game, hashed.game.statistics
    cells = sum(len(states[i]) * len(game.amounts(i)) for i in range(game.size))
    if game.family.separable:
        zero = np.zeros(1, dtype=np.int64)
        worth = np.zeros(len(states[-1]))
        for i, w in enumerate(weights):
            worth += w * (game.payoff(i, zero, zero, states[-1]) - game.payoff(i, zero, zero, zero))
        return _path(game, weights, 0, worth)
    if cells * len(states[-1]) > MOST_EVALUATIONS:
        raise NumericalError(f"the grid is too fine for the largest sum: {cells * len(states[-1]):,} payoffs")
    found = [_path(game, weights, int(end), np.where(states[-1] == end, 0.0, -np.inf)) for end in states[-1]]
    return max(found, key=lambda each: each[1])


def _path(game: Stages, weights: tuple[float, ...], end: int, worth: Array) -> tuple[Integers, float]:
    """Return the best path and its value, with payoffs at an end and a worth of each last statistic."""
    states, after, places = game.statistics, worth, []
    last = np.full((1, 1), end, dtype=np.int64)
    for i in reversed(range(game.size)):
        own, here = game.amounts(i)[None, :], states[i][:, None]
        following = after[game.after(here, own) - states[i + 1][0]]
        values = weights[i] * game.payoff(i, here, own, last) + following
        places.append(values.argmax(axis=1))
        after = values.max(axis=1)
    k, state = np.zeros(game.size, dtype=np.int64), np.zeros(1, dtype=np.int64)
    for i, place in enumerate(reversed(places)):
        k[i] = game.least[i] + place[state[0] - states[i][0]]
        state = game.after(state, k[i : i + 1])
    return k, float(after[0])
