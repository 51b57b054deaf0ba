"""A game of two actions repeated, between strategies that remember one round.

Symbols: outcomes of a round CC, CD, DC, DD (own action first); p_o the probability of C after outcome o, p_0
in the first round; e the probability that an action comes out as the other one; delta the discount factor.
With both intentions changed by e, `p <- (1 - 2e) p + e`, a pair of strategies p, q is a Markov chain over
outcomes (a row M_o: `p_o q_o', p_o (1 - q_o'), ...`, o' the outcome as the other sees it) that starts in
f. The payoff per round is

    (1 - delta) sum_t delta^t f M^t u = (1 - delta) f (I - delta M)^{-1} u.

The table's actions are the strategies, whose payoffs against one another these are. An equilibrium of it is
one among these strategies. `best_against` returns the most that *any* strategy gets: against a strategy that
remembers a round, that is a Markov decision problem with the four outcomes as states, whose optimum is one of
16 stationary plans after the best first action; each is a linear system. In the dilemma T > R > P > S two
reciprocators are an equilibrium against all strategies from a discount factor on:

- grim: deviating once has T and then P, `(1 - delta) T + delta P <= R`: `delta >= (T - R) / (T - P)`;
- tit for tat: also against alternating, `T + delta S <= (1 + delta) R`: `delta >= (T - R) / (R - S)`.

Source: Press and Dyson (2012) and Nowak and Sigmund (1993) for the chain and pavlov; Axelrod (1984).
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import ClassVar, NamedTuple

import numpy as np
from pydantic import Field

from market.economy.correspondences import Array
from market.errors import did_you_mean
from market.games.families.from_file import Names, Rows
from market.games.family import Key, Setting, TableFamily
from market.registry import Parameter

MIRROR = [0, 2, 1, 3]
"""Each outcome as the other player sees it."""


class Strategy(NamedTuple):
    """A strategy that remembers one round.

    Args:
        first: probability of the first action in the first round.
        after: (4,), of it after CC, CD, DC, DD; own action first.
    """

    first: float
    after: tuple[float, float, float, float]


STRATEGIES = {
    "all_c": Strategy(1, (1, 1, 1, 1)),
    "all_d": Strategy(0, (0, 0, 0, 0)),
    "tit_for_tat": Strategy(1, (1, 0, 1, 0)),
    "suspicious_tit_for_tat": Strategy(0, (1, 0, 1, 0)),
    "generous_tit_for_tat": Strategy(1, (1, 1 / 3, 1, 1 / 3)),
    "grim": Strategy(1, (1, 0, 0, 0)),
    "pavlov": Strategy(1, (1, 0, 0, 1)),
    "extort": Strategy(1, (8 / 9, 1 / 2, 1 / 3, 0)),
    "random": Strategy(0.5, (0.5, 0.5, 0.5, 0.5)),
    "alternate": Strategy(1, (0, 0, 1, 1)),
    "alternate_other": Strategy(0, (0, 0, 1, 1)),
}
"""Strategies by name. Two are made for payoffs 5, 3, 1, 0: the generous one forgives with 1/3, the most that
is stable, and extort takes twice what the other has beyond 1."""


def with_errors(strategy: Strategy, error: float) -> Array:
    """Return the probabilities of C in the first round and after each outcome, (5,), errors included."""
    intended = np.array([strategy.first, *strategy.after], dtype=float)
    return error + (1.0 - 2.0 * error) * intended


def chain(own: Array, other: Array) -> tuple[Array, Array]:
    """Return the probabilities of outcomes in the first round, (4,), and from one to the next, (4, 4).

    Args:
        own: (5,), of C in the first round and after each outcome.
        other: the same of the other player, as it sees outcomes.
    """
    p, q = own, other[[0, *(1 + k for k in MIRROR)]]
    both = np.stack([p * q, p * (1 - q), (1 - p) * q, (1 - p) * (1 - q)], axis=-1)
    return both[0], both[1:]


def discounted(own: Array, other: Array, stage: Array, discount: float) -> Array:
    """Return the discounted payoffs per round of both, (2,).

    Args:
        own: (5,), see `chain`.
        other: (5,).
        stage: (4, 2), payoffs of both in each outcome.
        discount: delta, in [0, 1).
    """
    first, after = chain(own, other)
    values = np.linalg.solve(np.eye(4) - discount * after, stage)
    return np.asarray((1.0 - discount) * first @ values)


def best_against(other: Array, stage: Array, discount: float, error: float = 0.0) -> float:
    """Return the most per round that any strategy gets against one that remembers a round.

    Args:
        other: (5,), see `chain`.
        stage: (4,), own payoffs in each outcome.
        discount: delta, in [0, 1).
        error: the probability that one's own action comes out as the other one.
    """
    plans = itertools.product((0.0, 1.0), repeat=5)
    own = (with_errors(Strategy(plan[0], plan[1:]), error) for plan in plans)  # type: ignore[arg-type]
    both = np.stack([stage, stage], axis=-1)
    return max(float(discounted(each, other, both, discount)[0]) for each in own)


class Repeated(TableFamily):
    """(1 - discount) sum_t discount^t u_t of two strategies that remember one round, as actions."""

    name = "repeated"
    usual_players = ("row", "column")
    least_players, most_players = 2, 2
    game_parameters: ClassVar = {
        "discount": Parameter("agent", "weight of the next round", "1", high=1.0, open_high=True, absent=0.9),
        "error": Parameter("agent", "probability that an action comes out wrong", "1", high=0.5, absent=0.0),
    }
    file_keys: ClassVar[dict[str, Key]] = {
        "strategies": (
            Names,
            Field(
                tuple(STRATEGIES),
                min_length=1,
                description=f"strategies that players choose from: {', '.join(STRATEGIES)}",
            ),
        ),
        "stage": (
            Rows,
            Field(
                ((3.0, 3.0), (0.0, 5.0), (5.0, 0.0), (1.0, 1.0)),
                description="payoffs of both after CC, CD, DC and DD, the first player's action first",
            ),
        ),
    }

    @classmethod
    def actions(cls, setting: Setting) -> Sequence[Sequence[str]]:
        """Return the strategies, for both players."""
        return (setting.keys["strategies"],) * 2

    @classmethod
    def faults(cls, setting: Setting) -> list[tuple[tuple[str | int, ...], str]]:
        """Return unknown or repeated strategies, and rows that are not two payoffs."""
        named = setting.keys["strategies"]
        for place, name in enumerate(named):
            if name not in STRATEGIES:
                return [(("strategies", place), f"no such strategy; {did_you_mean(name[:100], STRATEGIES)}")]
            if name in named[:place]:
                return [(("strategies", place), f"'{name}' is named twice")]
        if len(setting.keys["stage"]) != len(MIRROR):
            return [(("stage",), f"{len(setting.keys['stage'])} outcomes; CC, CD, DC and DD are needed")]
        for place, row in enumerate(setting.keys["stage"]):
            if len(row) != 2:
                return [(("stage", place), f"{len(row)} payoffs for 2 players")]
        return []

    @classmethod
    def payoffs(cls, setting: Setting) -> Array:
        """Return payoffs per round, (strategies, strategies, 2)."""
        stage, error = np.array(setting.keys["stage"], dtype=float), setting.parameters["error"]
        plays = [with_errors(STRATEGIES[name], error) for name in setting.keys["strategies"]]
        discount = setting.parameters["discount"]
        return np.array([[discounted(p, q, stage, discount) for q in plays] for p in plays])
