"""Learning on tables: players change mixtures by what each action would have got.

Symbols: x_i mixtures; u_i(a) what action a gets against the others' mixtures; eta the step; T rounds so far.

- *multiplicative weights*: `x_i(a) ~ x_i(a) exp(eta u_i(a))`;
- *regret matching*: `x_i(a) ~ max(R_i(a), 0)`, `R_i(a)` the sum over rounds of `u_i(a) - x_i.u_i`;
- *fictitious play*: a best reply to what the others did on average;
- *magnetic mirror descent*: `x_i(a) ~ (x_i(a) m(a)^(eta tau) exp(eta u_i(a)))^(1 / (1 + eta tau))`, m equal
  mixtures;
- *logit*: a part eta of the way to `x_i(a) ~ exp(u_i(a) / tau)`, the quantal response.

The averages over time of the first two have external regret that falls as 1 / sqrt(T): in every game the
distribution of play, averaged over time, comes near to a coarse correlated equilibrium, whether the last
mixtures settle or not. In zero-sum games averages come near to a Nash equilibrium. Fixed points of the last
two are quantal: with a temperature tau they are near Nash, and no nearer than tau allows.

Source: Freund and Schapire (1999); Hart and Mas-Colell (2000); Brown (1951); Sokota et al. (2023), "A unified
approach to reinforcement learning, quantal response equilibria, and two-player zero-sum games"; McKelvey and
Palfrey (1995).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from market.economy.correspondences import Array
from market.games.learning.base import MixtureRule
from market.games.table import Table
from market.registry import option


def softmax(logits: Array) -> Array:
    """Return probabilities proportional to exp(logits), (..., A)."""
    e = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return np.asarray(e / e.sum(axis=-1, keepdims=True))


def _in_proportion(positive: Array) -> Array:
    """Return probabilities proportional to numbers >= 0, (..., A); equal ones where all are 0."""
    total = positive.sum(axis=-1, keepdims=True)
    equal = np.full(positive.shape, 1.0 / positive.shape[-1])
    return np.divide(positive, total, out=equal, where=total > 0)


@dataclass(frozen=True)
class MultiplicativeWeights(MixtureRule):
    """weights of actions grow with exp(step x payoff)."""

    name = "multiplicative_weights"

    def update(
        self, game: Table, mixtures: tuple[Array, ...], values: tuple[Array, ...], memory: Any, step: float
    ) -> tuple[tuple[Array, ...], Any]:
        """Return mixtures with weights multiplied."""
        logs = (np.log(np.maximum(x, 1e-300)) for x in mixtures)
        return tuple(softmax(log + step * u) for log, u in zip(logs, values, strict=True)), memory


@dataclass(frozen=True)
class RegretMatching(MixtureRule):
    """actions in proportion to the regret of not having played them."""

    name = "regret_matching"

    def start(self, game: Table) -> Any:
        """Return regrets of 0."""
        return tuple(np.zeros(size) for size in game.sizes)

    def update(
        self, game: Table, mixtures: tuple[Array, ...], values: tuple[Array, ...], memory: Any, step: float
    ) -> tuple[tuple[Array, ...], Any]:
        """Return mixtures proportional to positive regrets; equal ones where none is positive."""
        regrets = tuple(
            r + u - (x * u).sum(axis=-1, keepdims=True)
            for r, x, u in zip(memory, mixtures, values, strict=True)
        )
        return tuple(_in_proportion(np.maximum(r, 0.0)) for r in regrets), regrets


@dataclass(frozen=True)
class FictitiousPlay(MixtureRule):
    """a best reply to what the others did on average."""

    name = "fictitious_play"

    def start(self, game: Table) -> Any:
        """Return what was done so far: nothing."""
        return (0, tuple(np.zeros(size) for size in game.sizes))

    def update(
        self, game: Table, mixtures: tuple[Array, ...], values: tuple[Array, ...], memory: Any, step: float
    ) -> tuple[tuple[Array, ...], Any]:
        """Return best replies to averages; of equal ones the first."""
        rounds, sums = memory
        sums = tuple(s + x for s, x in zip(sums, mixtures, strict=True))
        average = tuple(s / (rounds + 1) for s in sums)
        replies = (game.against_each(i, average) for i in range(game.size))
        return tuple(np.eye(u.shape[-1])[u.argmax(axis=-1)] for u in replies), (rounds + 1, sums)


@dataclass(frozen=True)
class MagneticMirrorDescent(MixtureRule):
    """multiplicative weights, drawn towards equal mixtures."""

    name = "magnetic_mirror_descent"
    temperature: float = option(0.1, "strength of the pull, in units of payoff", low=0.0, open_low=True)

    def update(
        self, game: Table, mixtures: tuple[Array, ...], values: tuple[Array, ...], memory: Any, step: float
    ) -> tuple[tuple[Array, ...], Any]:
        """Return mixtures after a step with the pull."""
        shrink = 1.0 / (1.0 + step * self.temperature)
        logs = (np.log(np.maximum(x, 1e-300)) for x in mixtures)
        return tuple(softmax(shrink * (log + step * u)) for log, u in zip(logs, values, strict=True)), memory


@dataclass(frozen=True)
class Logit(MixtureRule):
    """a part of the way to the quantal response, actions in proportion to exp(payoff / temperature)."""

    name = "logit"
    temperature: float = option(0.1, "how little payoffs matter, in units of payoff", low=0.0, open_low=True)

    def update(
        self, game: Table, mixtures: tuple[Array, ...], values: tuple[Array, ...], memory: Any, step: float
    ) -> tuple[tuple[Array, ...], Any]:
        """Return mixtures between the last ones and quantal responses."""
        part = min(step, 1.0)
        quantal = (softmax(u / self.temperature) for u in values)
        return tuple((1 - part) * x + part * q for x, q in zip(mixtures, quantal, strict=True)), memory
