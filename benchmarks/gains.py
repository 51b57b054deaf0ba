"""A search for better allocations that shares nothing with the package: a linear program, step by step.

At an allocation (x, y) utilities are replaced by their slopes v, costs by marginal costs c and technologies
by their slopes, and the linear program

    max t  subject to  v_i . dx_i >= t s_i  for every agent that can gain,  c_j . dy_j <= 0,
    sum_i dx_i <= sum_j dy_j + what is left over,  x + dx >= 0,  0 <= y + dy <= capacity,  |dx| <= radius

looks for a direction in which all of them gain; s_i is the worth of the agent's bundle at its own slopes. The
step is then taken, shortened until the true utilities (`plain.py`) agree, and repeated. What is found is an
improvement by itself, whatever the search assumed; that nothing is found proves nothing. Leontief utilities
and activities enter exactly. With transfers the sum of utilities less costs takes the place of t.

Source: Frank and Wolfe (1956) for the step; a direction in which all gain, as in Geoffrion (1968).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import linprog
from scipy.sparse import csr_array, vstack

from benchmarks import plain
from market.economy.correspondences import Array
from market.economy.primitives import Economy

RADII = (0.3, 0.03, 0.003)  # of all there is of a good: how far a step may go
STEPS = 4  # at each radius
SHORTENED = 0.5 ** np.arange(8)


@dataclass(frozen=True)
class Better:
    """An allocation that was found.

    Args:
        consumption: (agents, goods).
        production: (agents, goods).
        gain: the least gain of an agent that gains, as a share of the worth of its bundle; with transfers
            the gain of all in money.
    """

    consumption: Array
    production: Array
    gain: float


def search(economy: Economy, x: Array, y: Array, transfers: bool = False) -> Better | None:
    """Return a better allocation; None if none was found.

    Args:
        economy: the primitives.
        x: (agents, goods), consumption.
        y: (agents, goods), production.
        transfers: look for more utility in all, less costs, instead of more for each.
    """
    program = _Program(economy, x, y, transfers)
    if not program.gainers:
        return None
    now, value = (x, y), 0.0
    for radius in RADII:
        for _ in range(STEPS):
            direction = program.direction(*now, radius)
            if direction is None:
                break
            best = max(
                (program.moved(*now, direction, share) for share in SHORTENED), key=program.gain, default=None
            )
            if best is None or program.gain(best) <= value * (1.0 + 1e-6) + 1e-12:
                break
            now, value = best, program.gain(best)
    return Better(*now, value) if value > 0 else None


class _Program:
    """The linear program of one economy, about one outcome."""

    def __init__(self, economy: Economy, x: Array, y: Array, transfers: bool) -> None:
        self.economy, self.transfers = economy, transfers
        self.shape = x.shape
        self.there = economy.resources + np.maximum(y, 0.0).sum(axis=0)
        self.before, self.cost = plain.utilities(economy, x), plain.costs(economy, y)
        self.firms = list(plain.agents_of(economy, "technologies"))
        _, self.most = plain.marginal_costs(economy, y)
        self.kinked = dict(self._leontief(economy))
        v = plain.slopes(economy, x)
        share = np.maximum(x, self.there / len(x))
        steep = np.where(v >= 1e6 * np.maximum(np.median(v, axis=1, keepdims=True), 1e-300), 0.0, v)
        self.size = (steep * share).sum(axis=1)
        for i, a in self.kinked.items():
            self.size[i] = float((share[i][a > 0] / a[a > 0]).mean())
        finite = np.isfinite(self.before)
        self.gainers = [int(i) for i in np.flatnonzero(finite & (self.size > 0))]
        self.others = np.flatnonzero(finite & (self.size <= 0))  # they may not lose

    @staticmethod
    def _leontief(economy: Economy) -> list[tuple[int, Array]]:
        agents = plain.agents_of(economy, "utilities")
        return [(i, given["weights"]) for i, family, given in agents if family == "leontief"]

    def gain(self, allocation: tuple[Array, Array]) -> float:
        """Return the gain that an allocation is by true utilities; -inf if an agent loses."""
        x, y = allocation
        now = plain.utilities(self.economy, x)
        if (now[self.others] < self.before[self.others]).any():
            return -np.inf
        change = now[self.gainers] - self.before[self.gainers]
        dearer = plain.costs(self.economy, y) - self.cost
        if self.transfers:
            return float(change.sum() - dearer.sum())
        if (dearer > 1e-12 * np.maximum(self.cost, 1e-300)).any():
            return -np.inf
        return float((change / self.size[self.gainers]).min())

    def moved(self, x: Array, y: Array, direction: tuple[Array, Array], share: float) -> tuple[Array, Array]:
        """Return the feasible allocation a share of the way in a direction."""
        made = y + share * direction[1]
        for i, family, given in self.firms:
            made[i] = plain.netput(family, given, np.maximum(-made[i], 0.0) * self._inputs(family, given))
        made = np.where(self.most > 0, np.clip(made, 0.0, self.most), made)
        eaten = np.maximum(x + share * direction[0], 0.0)
        there = np.maximum(self.economy.resources + made.sum(axis=0), 0.0)
        used = eaten.sum(axis=0)
        fits = np.where(used > there, np.divide(there, used, out=np.ones_like(used), where=used > 0), 1.0)
        return eaten * fits, made

    @staticmethod
    def _inputs(family: str, given: dict[str, Array]) -> Array:
        if family == "activity":
            return np.asarray(given["netput"] < 0, dtype=float)
        return np.asarray(given["output"] == 0, dtype=float)

    def direction(self, x: Array, y: Array, radius: float) -> tuple[Array, Array] | None:
        """Solve the program: amounts (dx, dy), both (agents, goods); None if there is no gain."""
        n, goods = self.shape
        cells = n * goods
        v = plain.slopes(self.economy, x)
        marginal, most = plain.marginal_costs(self.economy, y)
        reach = radius * np.maximum(self.there, 1e-300)
        # variables: dx, dy, t; in units of what is there of a good
        low_x, high_x = np.maximum(-x, -reach), np.tile(reach, (n, 1))
        low_x[self.others] = 0.0
        low_y, high_y = np.maximum(-y, -reach), np.minimum(most - y, reach)
        rows: list[tuple[dict[int, float], float]] = []
        for i, family, given in self.firms:
            low_y[i], high_y[i] = -reach, reach
            rows += self._technology(i, family, given, y[i], cells, goods)
        for i in self.gainers:
            t = 0.0 if self.transfers else self.size[i]
            if i in self.kinked:
                now = plain.utility("leontief", {"weights": self.kinked[i]}, x[i])
                for g in np.flatnonzero(self.kinked[i] > 0):
                    a = float(self.kinked[i][g])
                    # (x + dx) / a >= u + t s, with u_i's own gain in place of t where all counts
                    place = {i * goods + int(g): -1.0 / a}
                    place[2 * cells + (1 + i if self.transfers else 0)] = 1.0 if self.transfers else t
                    rows.append((place, float(x[i, g] / a - now)))
            elif not self.transfers:
                place = {i * goods + g: -float(v[i, g]) for g in range(goods) if v[i, g] != 0}
                rows.append((place | {2 * cells: t}, 0.0))
        if not self.transfers:
            for i in np.flatnonzero((self.most > 0).any(axis=1)):
                rows.append(({cells + i * goods + g: float(marginal[i, g]) for g in range(goods)}, 0.0))
        left = self.economy.resources + y.sum(axis=0) - x.sum(axis=0)
        for g in range(goods):
            place = {i * goods + g: 1.0 for i in range(n)} | {cells + i * goods + g: -1.0 for i in range(n)}
            rows.append((place, max(float(left[g]), 0.0)))
        count = 2 * cells + 1 + n
        aim = np.zeros(count)
        if self.transfers:
            aim[:cells] = -(v * np.isin(np.arange(n), self.gainers)[:, None]).ravel()
            aim[cells : 2 * cells] = marginal.ravel()
            aim[2 * cells + 1 :] = [-1.0 if i in self.kinked else 0.0 for i in range(n)]
        else:
            aim[2 * cells] = -1.0
        low = np.concatenate([low_x.ravel(), low_y.ravel(), [0.0], np.full(n, -np.inf)])
        high = np.concatenate([high_x.ravel(), high_y.ravel(), [1.0], np.full(n, np.inf)])
        for i in range(n):
            if not (self.transfers and i in self.kinked):
                low[2 * cells + 1 + i] = high[2 * cells + 1 + i] = 0.0
        matrix = vstack([_row(place, count) for place, _ in rows], format="csr")
        solved = linprog(
            aim,
            A_ub=matrix,
            b_ub=[b for _, b in rows],
            bounds=np.column_stack([np.minimum(low, high), high]),
            method="highs",
        )
        if solved.x is None or not solved.fun < 0:
            return None
        return solved.x[:cells].reshape(n, goods), solved.x[cells : 2 * cells].reshape(n, goods)

    @staticmethod
    def _technology(
        i: int, family: str, given: dict[str, Array], y: Array, cells: int, goods: int
    ) -> list[tuple[dict[int, float], float]]:
        """Rows that keep a technology's step within the slopes of its output."""
        at = cells + i * goods
        used = np.maximum(-y, 0.0)
        made = plain.output(family, given, used * _Program._inputs(family, given))
        rows: list[tuple[dict[int, float], float]] = []
        if family == "activity":
            inputs = np.flatnonzero(given["netput"] < 0)
            for out in np.flatnonzero(given["netput"] >= 0):
                for k in inputs:
                    per = float(given["netput"][out] / -given["netput"][k])
                    rows.append(({at + int(out): 1.0, at + int(k): per}, 0.0))
            return rows + [({at + int(k): 1.0}, float(used[k])) for k in inputs]  # negative netputs
        out = int(np.flatnonzero(given["output"] > 0)[0])
        place = {at + out: 1.0}
        for k in range(goods):
            if k == out:
                continue
            step = max(1e-6 * used[k], 1e-9)
            more = used.copy()
            more[k] += step
            slope = (plain.output(family, given, more) - made) / step
            place[at + k] = slope
            rows.append(({at + k: 1.0}, float(used[k])))
        rows.append((place, 0.0))
        return rows


def _row(place: dict[int, float], count: int) -> csr_array:
    return csr_array((list(place.values()), ([0] * len(place), list(place))), shape=(1, count))
