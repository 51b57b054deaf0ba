"""Games of information: providers who know the state choose what a user learns, and the user acts.

Symbols: states s with prior p_s > 0; actions a of the user; u_0(s, a) the utility of the user, u_i(s, a) of
provider i. Each provider commits to a partition of the states; the user learns the cell C of their common
refinement, and takes `a(C) = argmax_a sum_{s in C} p_s u_0(s, a)`, of equal ones the first. So

    v_j(L) = sum over cells C of L of sum_{s in C} p_s u_j(s, a(C)),    j = 0 (the user), 1..k.

*Deviations* may be stochastic. Against partitions of the others a provider persuades the user within each
cell C of the others' refinement by itself: a linear program in P(s, a), the probability of the state and of
the action that the signal recommends (Kamenica and Gentzkow 2011, "Bayesian persuasion"):

    m_i(C) = max sum P u_i,  sum_a P(s, a) = p_s,  sum_s P(s, a) (u_0(s, a) - u_0(s, a')) >= 0.

It is a supremum: where the user is indifferent, a signal that is almost the same makes the action strictly
best. That holds only for an action that the user takes at some belief in the cell; others are left out. An
action is taken in the interior of the beliefs at which it is optimal exactly if, for some of these,
it is better than every earlier action.

*Equilibria* of k >= 2 providers. A partition L is the outcome of an equilibrium exactly if
`v_i(L) >= sum_{C in L} m_i(C)` for every i: all can refine what the others say, none can undo it, and if all
announce L there is no other deviation (Gentzkow and Kamenica 2017, "Competition in persuasion").

*The hull.* With weights w >= 0 of sum 1 and an offset c let
`e = min over w, c of max_{s, a} |sum_i w_i u_i(s, a) + c - u_0(s, a)|`. The user's utility is then, up to e,
that of a super-agent of the providers. Each provider may announce the state, which leads to the same law of
states and actions for all of them; hence no equilibrium, mixed or coarse correlated, gives the user less than
`v_0(all) - 2 e`. The offset may depend on the state (`hull(by_state=True)`): its mean is the same whatever
agents do. Source: Collina, Goel, Roth, Ryu and Shi (2025), "Emergent alignment via competition".

The table of the game has partitions as actions, and the user as a last player that has no choice. Learning,
advice and best replies in that table know no stochastic schemes.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.errors import NumericalError
from market.games.table import Table

USER = "user"
EQUAL = 1e-12
"""Part of the range of utility: expected utilities that differ by less are tied."""

STRICT = 1e-9
"""Part of the range of the user's utility by which an action is better than earlier ones, at some belief."""


class Hull(NamedTuple):
    """The super-agent of providers that is nearest to the user.

    Args:
        gap: e, the largest distance.
        weights: (k,).
    """

    gap: float
    weights: Array


class Scheme(NamedTuple):
    """A stochastic scheme as recommended actions.

    Args:
        value: of the goal, a supremum.
        law: (S, A), P, the probability of each state and action.
    """

    value: float
    law: Array


@dataclass(frozen=True)
class Disclosure(Table):
    """A game of information.

    Args:
        states: their names, (S,).
        prior: (S,), p > 0, sum 1.
        choices_of_user: the names of the user's actions, (A,).
        utility: (k + 1, S, A), of the providers and, last, of the user.
        cells: for each partition the bit masks of its cells.
        joins: (B, B), the common refinement of two partitions.
        by_partition: (B, k + 1), v, what each partition gives.
    """

    states: tuple[str, ...]
    prior: Array
    choices_of_user: tuple[str, ...]
    utility: Array
    cells: tuple[tuple[int, ...], ...]
    joins: NDArray[np.intp]
    by_partition: Array

    @property
    def providers(self) -> int:
        """k, the number of providers."""
        return self.size - 1

    @property
    def least(self) -> float:
        """v_0 of a user who learns nothing."""
        return float(self.by_partition[0, -1])

    @property
    def most(self) -> float:
        """v_0 of a user who learns the state: no scheme gives more."""
        return float(self.by_partition[-1, -1])

    def share(self, value: float) -> float | None:
        """Return the part of the value of information that a user has; None where it has no value."""
        worth = self.most - self.least
        return (value - self.least) / worth if worth > EQUAL * float(self.scale[-1]) else None

    @cached_property
    def nearest(self) -> Hull:
        """The nearest super-agent, with one offset."""
        return hull(self.utility[:-1], self.utility[-1])

    @property
    def bound(self) -> float:
        """`v_0(all) - 2 e`: no equilibrium of `together` gives the user less."""
        return self.most - 2.0 * self.nearest.gap

    @cached_property
    def monopoly(self) -> Array:
        """m, (2^S, k), by bit mask of the cell."""
        values = np.zeros((2 ** len(self.states), self.providers))
        for mask in range(1, len(values)):
            for i in range(self.providers):
                values[mask, i] = self.persuade(self.utility[i], mask).value
        return values

    @cached_property
    def gains(self) -> Array:
        """(B, k): the most that a provider gains by saying more than each partition."""
        best = np.array([self.monopoly[list(cells)].sum(axis=0) for cells in self.cells])
        return np.maximum(best - self.by_partition[:, :-1], 0.0)

    def refinement(self, partitions: Sequence[int]) -> int:
        """Return the common refinement of partitions; of none the partition that says nothing."""
        found = 0
        for partition in partitions:
            found = int(self.joins[found, partition])
        return found

    def deviations(self, profile: Sequence[int]) -> Array:
        """Return the largest gain of each provider from a stochastic scheme of its own; 0 of the user."""
        own = self.by_partition[self.refinement(profile[:-1])]
        gains = np.zeros(self.size)
        for i in range(self.providers):
            others = self.refinement([each for j, each in enumerate(profile[:-1]) if j != i])
            gains[i] = max(self.monopoly[list(self.cells[others]), i].sum() - own[i], 0.0)
        return gains

    def persuade(
        self, goal: Array, mask: int | None = None, also: tuple[Array, float] | None = None
    ) -> Scheme:
        """Return the best scheme for a goal within a cell.

        Args:
            goal: (S, A).
            mask: of the cell; all states by default.
            also: numbers (S, A) and the least that their expectation may be.

        Raises:
            NumericalError: no scheme was found.
        """
        states = members(2 ** len(self.states) - 1 if mask is None else mask)
        p, u = self.prior[states], self.utility[-1][states]
        law = np.zeros_like(self.utility[-1])
        law[np.ix_(states, taken(u))] = best_scheme(
            p, u, goal[states], taken(u), None if also is None else (also[0][states], also[1])
        )
        return Scheme(float((law * goal).sum()), law)

    def expected(self, law: Array) -> Array:
        """Return what each provider and the user get from a law of states and actions, (k + 1,)."""
        return np.asarray((self.utility * law).sum(axis=(1, 2)))


def members(mask: int) -> list[int]:
    """Return the states in a bit mask."""
    return [s for s in range(mask.bit_length()) if mask >> s & 1]


def partitions(size: int) -> list[tuple[int, ...]]:
    """Return all partitions of states as bit masks of cells, from one cell to single states."""
    found: list[tuple[int, ...]] = [()]
    for s in range(size):
        bit = 1 << s
        found = [
            new
            for cells in found
            for new in (
                *((*cells[:i], cells[i] | bit, *cells[i + 1 :]) for i in range(len(cells))),
                (*cells, bit),
            )
        ]
    return found


def common_refinements(found: Sequence[tuple[int, ...]], size: int) -> NDArray[np.intp]:
    """Return the place of the common refinement of each two partitions, (B, B)."""
    leads = np.zeros((len(found), size), dtype=np.intp)  # the first state of each state's cell
    for row, cells in zip(leads, found, strict=True):
        for mask in cells:
            row[members(mask)] = members(mask)[0]
    power = size ** np.arange(size)
    place = np.zeros(int(size**size), dtype=np.intp)
    place[leads @ power] = np.arange(len(found))
    key = np.zeros((len(found), len(found)), dtype=np.intp)
    for s in range(size):
        lead = np.full(key.shape, s)
        for t in reversed(range(s)):
            here = leads[:, s] == leads[:, t]
            lead[np.ix_(here, here)] = t
        key += lead * power[s]
    return place[key]


def chosen(p: Array, u: Array) -> int:
    """Return the action of a user who believes p, (S,), up to a factor; of equal ones the first."""
    values = p @ u
    return int(np.argmax(values >= values.max() - EQUAL * max(float(np.abs(u).max()), 1e-300) * p.sum()))


def taken(u: Array) -> list[int]:
    """Return the actions that a user takes at some belief over states, where u is (S, A).

    At certainty of a state it is read off; for others a linear program over beliefs decides.
    """
    from scipy.optimize import linprog  # deferred: an eighth of a second

    size, many = u.shape
    found = {chosen(row, u) for row in np.eye(size)}
    scale = float(np.ptp(u)) or 1.0
    for a in range(many) if size > 1 else ():
        if a in found:
            continue
        margin = np.zeros((many, size + 1))
        margin[:, :size] = (u - u[:, [a]]).T / scale
        margin[:a, size] = 1.0  # better than each earlier action by the last variable
        solved = linprog(
            np.append(np.zeros(size), -1.0),
            A_ub=margin,
            b_ub=np.zeros(many),
            A_eq=np.append(np.ones(size), 0.0)[None, :],
            b_eq=[1.0],
            bounds=[(0, None)] * size + [(None, 1.0)],
            method="highs",
        )
        if solved.status == 0 and -solved.fun > STRICT:
            found.add(a)
    return sorted(found)


def best_scheme(
    p: Array, u: Array, goal: Array, actions: Sequence[int], also: tuple[Array, float] | None = None
) -> Array:
    """Return P, (S, len(actions)), of the obedient scheme that is best for a goal.

    Args:
        p: (S,), probabilities of the states.
        u: (S, A), of the user.
        goal: (S, A).
        actions: that may be recommended.
        also: numbers (S, A) and the least that their expectation may be.

    Raises:
        NumericalError: the linear program has no solution.
    """
    from scipy.optimize import linprog

    size, many = len(p), len(actions)
    u, goal = u[:, actions], goal[:, actions]
    rows = []
    for a, b in itertools.permutations(range(many), 2):
        row = np.zeros((size, many))
        row[:, a] = u[:, b] - u[:, a]
        rows.append(row.ravel())
    limits = [0.0] * len(rows)
    if also is not None:
        rows.append(-also[0][:, actions].ravel())
        limits.append(-also[1])
    solved = linprog(
        -goal.ravel(),
        A_ub=np.array(rows) if rows else None,
        b_ub=limits or None,
        A_eq=np.kron(np.eye(size), np.ones(many)),
        b_eq=p,
        method="highs",
    )
    if solved.status != 0:
        raise NumericalError(f"no best scheme was found: {solved.message}")
    return np.asarray(solved.x).reshape(size, many)


def hull(of: Array, user: Array, by_state: bool = False) -> Hull:
    """Return the super-agent of providers nearest to the user.

    Args:
        of: (k, S, A), utility of the providers.
        user: (S, A).
        by_state: True for weights of any sum and an offset for each state, which is never farther.

    Raises:
        NumericalError: the linear program has no solution.
    """
    from scipy.optimize import linprog

    k, size, many = of.shape
    offsets = np.kron(np.eye(size), np.ones((many, 1))) if by_state else np.ones((size * many, 1))
    terms = np.hstack([of.reshape(k, -1).T, offsets])
    gap = -np.ones((size * many, 1))
    solved = linprog(
        np.append(np.zeros(terms.shape[1]), 1.0),
        A_ub=np.vstack([np.hstack([terms, gap]), np.hstack([-terms, gap])]),
        b_ub=np.concatenate([user.ravel(), -user.ravel()]),
        A_eq=None if by_state else np.concatenate([np.ones(k), np.zeros(2)])[None, :],
        b_eq=None if by_state else [1.0],
        bounds=[(0, None)] * k + [(None, None)] * offsets.shape[1] + [(0, None)],
        method="highs",
    )
    if solved.status != 0:
        raise NumericalError(f"no nearest super-agent was found: {solved.message}")
    return Hull(float(solved.fun), np.asarray(solved.x[:k]))


def information_game(
    states: Sequence[str],
    prior: Array,
    actions: Sequence[str],
    utility: Array,
    players: Sequence[str],
    *,
    comparable: bool = False,
    groups: dict[str, NDArray[np.intp]] | None = None,
    seed: int = 0,
) -> Disclosure:
    """Return a game of information.

    Args:
        states: their names, (S,).
        prior: (S,), > 0, sum 1.
        actions: the names of the user's actions, (A,).
        utility: (k + 1, S, A), of the providers and, last, of the user.
        players: the names of the providers, (k,).
        comparable: True if utilities are in one unit.
        groups: group name -> rows of providers; each its own by default.
        seed: the root of random draws.
    """
    size, k = len(states), len(players)
    found = partitions(size)
    joins = common_refinements(found, size)
    by_cell = np.zeros((2**size, k + 1))
    for mask in range(1, 2**size):
        cell = members(mask)
        a = chosen(prior[cell], utility[-1][cell])
        by_cell[mask] = utility[:, cell, a] @ prior[cell]
    by_partition = np.array([by_cell[list(cells)].sum(axis=0) for cells in found])
    learned = np.arange(len(found))
    for _ in range(k - 1):
        learned = joins[learned]
    names = tuple(_partition(cells, states) for cells in found)
    own = groups or {name: np.array([i]) for i, name in enumerate(players)}
    return Disclosure(
        players=(*players, USER),
        groups={**own, USER: np.array([k])},
        comparable=comparable,
        concern=None,
        seed=seed,
        actions=(*(names for _ in range(k)), ("best reply",)),
        outcomes=by_partition[learned][..., None, :],
        first=(0,) * (k + 1),
        states=tuple(states),
        prior=prior,
        choices_of_user=tuple(actions),
        utility=utility,
        cells=tuple(found),
        joins=joins,
        by_partition=by_partition,
    )


def _partition(cells: tuple[int, ...], states: Sequence[str]) -> str:
    """Return the name of a partition, such as `rain+snow | sun`."""
    return " | ".join("+".join(states[s] for s in members(mask)) for mask in cells)
