"""Recomputation of protocols of games of information, from states, prior, utilities and recorded partitions.

Partitions are read from their names. What a provider could gain by a stochastic scheme is bounded by the dual
of the program that a run solves: for any z >= 0 and t >= 0

    max sum P g  <=  sum_s p_s max_a [g(s, a) + t h(s, a) + sum_b z_ab (u(s, a) - u(s, b))] - t least,

where P is obedient and `sum P h >= least`; the least of these bounds is the value. An action is never taken
by the user if some combination of others is as good in every state, earlier ones among them (Gordan's
alternative).
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np
from scipy.optimize import linprog

from market.economy.correspondences import Array
from market.games.disclosure import Disclosure
from market.games.plays import Mixtures
from market.results.schema import number

KINDS = ("silent", "alone", "together", "best_ai", "quantal", "aligned")
CLOSE = 1e-6
"""Part of the range of payoffs by which two values may differ."""

TAKEN = 1e-9
MOST_STATES = 5  # of games in which all partitions are tried again

Cells = tuple[tuple[int, ...], ...]
Check = tuple[str, bool | None, str]


class Recomputed:
    """A recorded outcome of a protocol.

    Args:
        game: of information.
        options: of the mechanism.
        stated: the mechanism's part of `result.json`.
        play: the recorded partitions.
    """

    def __init__(self, game: Disclosure, options: Any, stated: Mapping[str, Any], play: Mixtures) -> None:
        self.game, self.options, self.kind = game, options, stated["kind"]
        self.evidence, self.status = stated["evidence"], stated["status"]
        self.p, self.u, self.all = game.prior, game.utility[-1], game.utility
        profile = play.pure
        if profile is None:
            raise ValueError("partitions are not drawn at random")
        self.said = [
            _cells(game.actions[i][place], game.states)
            for i, place in enumerate(profile[: len(self.all) - 1])
        ]
        self.scale = np.array([float(np.ptp(each)) or 1.0 for each in self.all])

    # --- payoffs ---

    def payoffs(self) -> Array:
        """Return what providers and the user get."""
        if self.kind == "alone":
            return np.asarray((self.all * self._law()).sum(axis=(1, 2)))
        if self.kind == "best_ai":
            return self._value(self.said[self._heard(self.said)])
        return self._value(self._met(self.said))

    def _law(self) -> Array:
        game = self.game
        return np.array(
            [
                [number(self.evidence[f"{state}: {action}"]) for action in game.choices_of_user]
                for state in game.states
            ]
        )

    def _value(self, cells: Cells) -> Array:
        """Return what a partition gives."""
        total = np.zeros(len(self.all))
        for cell in cells:
            total += self._in(cell)
        return total

    def _in(self, cell: tuple[int, ...]) -> Array:
        values = [sum(self.p[s] * self.u[s, a] for s in cell) for a in range(self.u.shape[1])]
        weight = sum(self.p[s] for s in cell)
        if self.kind == "quantal":
            top = max(values)
            odds = [math.exp((v - top) / (weight * self.options.temperature)) for v in values]
        else:
            near = max(values) - 1e-12 * weight * float(np.abs(self.u).max())
            first = next(a for a, v in enumerate(values) if v >= near)
            odds = [float(a == first) for a in range(len(values))]
        found = np.zeros(len(self.all))
        for a, odd in enumerate(odds):
            for s in cell:
                found += self.p[s] * self.all[:, s, a] * odd / sum(odds)
        return found

    def _met(self, said: Sequence[Cells]) -> Cells:
        """Return the common refinement."""
        groups: dict[tuple[int, ...], list[int]] = {}
        for s in range(len(self.p)):
            groups.setdefault(
                tuple(k for each in said for k, cell in enumerate(each) if s in cell), []
            ).append(s)
        return tuple(tuple(group) for group in groups.values())

    def _heard(self, said: Sequence[Cells]) -> int:
        offers = [self._value(each)[-1] for each in said]
        near = max(offers) - 1e-12 * self.scale[-1]
        return next(i for i, offer in enumerate(offers) if offer >= near)

    # --- gains from deviating ---

    def gains(self) -> Array:
        """Return the largest gain of each provider, 0 of the user."""
        found, own = np.zeros(len(self.all)), self.payoffs()
        for i in range(len(self.said)):
            others = [each for j, each in enumerate(self.said) if j != i]
            if self.kind == "best_ai":
                rival = self._value(others[self._heard(others)])
                chosen = self._most(self.all[i], range(len(self.p)), (self.u, rival[-1]))
                best = max(float(rival[i]), chosen)
            elif self.kind == "quantal":
                met = self._met(others)
                tried = (self._met([met, each]) for each in _partitions(list(range(len(self.p)))))
                best = max(float(self._value(each)[i]) for each in tried)
            else:
                best = self._split(i, self._met(others))
            found[i] = max(best - own[i], 0.0)
        return found

    def _split(self, i: int, cells: Cells) -> float:
        return sum(self._most(self.all[i], cell) for cell in cells)

    def _most(self, goal: Array, cell: Sequence[int], also: tuple[Array, float] | None = None) -> float:
        """Return the least dual bound on a goal within a cell."""
        states = list(cell)
        actions = [a for a in range(self.u.shape[1]) if self._is_taken(a, states)]
        pairs = [(a, b) for a in actions for b in range(self.u.shape[1]) if b != a]
        rows, limits = [], []
        for k, s in enumerate(states):
            for a in actions:  # g + t h + sum z (u_a - u_b) - y_s <= 0
                row = np.zeros(len(states) + len(pairs) + 1)
                row[k] = -1.0
                for place, (c, b) in enumerate(pairs):
                    if c == a:
                        row[len(states) + place] = self.u[s, a] - self.u[s, b]
                row[-1] = 0.0 if also is None else also[0][s, a]
                rows.append(row)
                limits.append(-goal[s, a])
        costs = np.concatenate([self.p[states], np.zeros(len(pairs) + 1)])
        costs[-1] = 0.0 if also is None else -also[1]
        bounds = [(None, None)] * len(states) + [(0.0, None)] * (len(pairs) + 1)
        solved = linprog(costs, A_ub=np.array(rows), b_ub=limits, bounds=bounds, method="highs")
        return float(solved.fun) if solved.status == 0 else -math.inf

    def _is_taken(self, a: int, states: Sequence[int]) -> bool:
        """Return True if the user takes an action at some belief over states."""
        others = [b for b in range(self.u.shape[1]) if b != a]
        if not others:
            return True
        worse = np.array([[self.u[s, a] - self.u[s, b] for b in others] for s in states])
        if a == 0:
            return _least_maximum(worse, np.ones(len(others))) >= -TAKEN * self.scale[-1]
        earlier = np.array([float(b < a) for b in others])
        return _least_maximum(worse, earlier) > TAKEN * self.scale[-1]

    # --- claims ---

    def checks(self) -> Iterator[Check]:
        """Check the value of information, the hull, the status, and which equilibrium is played."""
        own = self.payoffs()
        singles = tuple((s,) for s in range(len(self.p)))
        everything = (tuple(range(len(self.p))),)
        least, most = self._sharp(everything), self._sharp(singles)
        if "share" in self.evidence:
            share = (own[-1] - least) / (most - least) if most > least else math.nan
            fine = abs(number(self.evidence["share"]) - share) <= CLOSE
            yield "share of the value of information", fine, f"{share:.6g}"
        gap = self._hull()
        fine = abs(number(self.evidence["hull"]) - gap) <= CLOSE * self.scale[-1]
        yield "distance of the hull", fine, f"{gap:.6g}"
        bound = most - 2.0 * gap
        if self.kind == "quantal":
            bound -= self.options.temperature * math.log(self.u.shape[1])
        if self.kind in ("together", "best_ai", "quantal") and self.status != "failed":
            fine = bool(own[-1] >= bound - CLOSE * self.scale[-1])
            yield "the user has no less than the bound", fine, f"{own[-1]:.6g}, bound {bound:.6g}"
        if self.kind == "aligned":
            yield "optimal", bool(own[-1] >= most - CLOSE * self.scale[-1]), f"{own[-1]:.6g} of {most:.6g}"
        if self.kind == "alone":
            yield from self._persuaded(own)
        if self.kind in ("together", "quantal") and self.status != "failed":
            yield self._selected(own)
        if self.kind == "best_ai":
            yield f"{self.options.select} equilibrium", None, "not checked: profiles are not tried again"

    def _sharp(self, cells: Cells) -> float:
        """Return the utility of a user who takes the best action in each cell."""
        return float(sum((self.p[list(cell)] @ self.u[list(cell)]).max() for cell in cells))

    def _hull(self) -> float:
        """Return the least largest distance, over weights and an offset."""
        k = len(self.all) - 1
        mixed = self.all[:-1].reshape(k, -1)
        signs = (1.0, -1.0)
        rows = [np.append(sign * own, [sign, -1.0]) for own in mixed.T for sign in signs]
        target = np.repeat(self.u.ravel(), 2) * np.tile(signs, self.u.size)
        solved = linprog(
            np.append(np.zeros(k + 1), 1.0),
            A_ub=np.array(rows),
            b_ub=target,
            A_eq=np.append(np.ones(k), [0.0, 0.0])[None, :],
            b_eq=[1.0],
            bounds=[(0.0, None)] * k + [(None, None), (None, None)],
            method="highs",
        )
        return float(solved.fun) if solved.status == 0 else math.nan

    def _persuaded(self, own: Array) -> Iterator[Check]:
        law = self._law()
        fits = bool((law >= -1e-9).all() and np.abs(law.sum(axis=1) - self.p).max() <= 1e-9)
        yield "the law of actions has the prior", fits, f"{len(self.p)} states"
        gain = max(
            float((law[:, a] * (self.u[:, b] - self.u[:, a])).sum())
            for a in range(self.u.shape[1])
            for b in range(self.u.shape[1])
        )
        yield "the user follows", gain <= CLOSE * self.scale[-1], f"largest gain: {gain:.1e}"
        name = self.options.provider
        i = self.game.players.index(name) if name else 0
        yield "who speaks", number(self.evidence["speaks"]) == i, self.game.players[i]
        best = self._most(self.all[i], range(len(self.p)))
        fine = abs(own[i] - best) <= CLOSE * self.scale[i]
        yield "no scheme gives the provider more", bool(fine), f"{own[i]:.6g} of at most {best:.6g}"
        sign = 1.0 if self.options.select == "best" else -1.0
        held = (self.all[i], own[i] - 1e-9 * self.scale[i])
        most = sign * self._most(sign * self.u, range(len(self.p)), held)
        fine = abs(own[-1] - most) <= 1e2 * CLOSE * self.scale[-1]
        yield f"{self.options.select} of these for the user", bool(fine), f"{own[-1]:.6g}, bound {most:.6g}"

    def _selected(self, own: Array) -> Check:
        """Check that no equilibrium in partitions is beyond the one that is recorded."""
        what = f"{self.options.select} equilibrium for the user"
        if len(self.p) > MOST_STATES:
            return what, None, f"not checked: more than {MOST_STATES} states"
        sign = 1.0 if self.options.select == "best" else -1.0
        found = [tuple(map(tuple, each)) for each in _partitions(list(range(len(self.p))))]
        for cells in found:
            v = self._value(cells)
            if sign * (v[-1] - own[-1]) > CLOSE * self.scale[-1] and self._is_stable(cells, v, found):
                return what, False, f"another gives {v[-1]:.6g}"
        return what, True, f"of {len(found)} partitions"

    def _is_stable(self, cells: Cells, v: Array, found: Sequence[Cells]) -> bool:
        slack = 0.5 * self.options.tolerance * self.game.scale
        for i in range(len(self.said)):
            if self.kind == "quantal":
                best = max(float(self._value(self._met([cells, each]))[i]) for each in found)
            else:
                best = self._split(i, cells)
            if best - v[i] > slack[i]:
                return False
        return True


def _cells(name: str, states: Sequence[str]) -> Cells:
    """Return the cells of a partition from its name."""
    return tuple(tuple(states.index(state) for state in cell.split("+")) for cell in name.split(" | "))


def _partitions(states: list[int]) -> Iterator[Cells]:
    """Yield all partitions of states."""
    if not states:
        yield ()
        return
    first, rest = states[0], states[1:]
    for chosen in range(2 ** len(rest)):
        with_first = [s for k, s in enumerate(rest) if chosen >> k & 1]
        for others in _partitions([s for s in rest if s not in with_first]):
            yield ((first, *with_first), *others)


def _least_maximum(values: Array, of: Array) -> float:
    """Return `min over x >= 0 with of . x = 1 of max_s sum_b values(s, b) x_b`."""
    rows, columns = values.shape
    solved = linprog(
        np.append(np.zeros(columns), 1.0),
        A_ub=np.hstack([values, -np.ones((rows, 1))]),
        b_ub=np.zeros(rows),
        A_eq=np.append(of, 0.0)[None, :],
        b_eq=[1.0],
        bounds=[(0.0, None)] * columns + [(None, None)],
        method="highs",
    )
    return float(solved.fun) if solved.status == 0 else -math.inf
