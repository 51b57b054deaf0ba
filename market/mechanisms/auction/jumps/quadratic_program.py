"""The quadratic program of an implicit step of prices; derived in `implicit_step.py`.

Source: solved with Clarabel (Goulart and Chen (2024), "Clarabel: an interior-point solver for conic programs
with quadratic objectives").
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import clarabel
import numpy as np
import scipy
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.mechanisms.auction.price_rules.base import LARGEST_MOVE

OVERSHOOT = 1e-3  # relative to the largest move: by how much the solver may miss it
AMPLE = 1e6  # times what is at stake: the money of a chooser without a limit, where there has to be one
SHORT = 1e-3  # of log prices: a reach below it is the unit of moves
FAR = 1e3  # in that unit: no move goes farther
SOLVED = (
    clarabel.SolverStatus.Solved,
    clarabel.SolverStatus.AlmostSolved,
    clarabel.SolverStatus.InsufficientProgress,
)


@dataclass(frozen=True)
class QuadraticProgram:
    """The problem `min m.Q m / 2 - f.m + sum_c M_c t_c` with `t_c >= h_l + a_l.m` for alternatives l of c.

    With an outside option also `t_c >= 0`. A chooser with unlimited money has no t, but `h_l + a_l.m <= 0`.

    Args:
        hessian: (goods, goods), Q.
        fixed: (goods,), f.
        slopes: (alternatives, goods), a.
        log_gain: (alternatives,), h.
        chooser: (alternatives,), the number of the chooser.
        money: (choosers,), M; inf without a limit.
        outside: (choosers,), True if to do nothing is an option.
        reach: how far log prices may move; less than `SHORT` it is the unit of moves.
    """

    hessian: Array
    fixed: Array
    slopes: Array
    log_gain: Array
    chooser: NDArray[np.intp]
    money: Array
    outside: NDArray[np.bool_]
    reach: float = 1.0

    def solve(self) -> tuple[Array, Array, Array] | None:
        """Return the move, the money put into each alternative, and the money that each chooser keeps.

        None if the solver fails.

        No move may put all gains of choosers without a limit to 0 or below. They then have an ample amount
        of money, so that the sum of what they would gain is as small as it can be.
        """
        unlimited = ~np.isfinite(self.money)
        found = self._solve()
        if found is not None or not unlimited.any():
            return found
        ample = AMPLE * max(
            float(np.abs(self.fixed).max()), LARGEST_MOVE * float(self.hessian.diagonal().max())
        )
        return replace(self, money=np.where(unlimited, ample, self.money))._solve()

    def _solve(self) -> tuple[Array, Array, Array] | None:
        """Return the solution; None where there is none, or none is found.

        Moves are counted in units of 1 / sqrt(Q_gg): markets may differ in value by many orders. Short ones
        are counted in `reach`, and the objective in its square: a solver's tolerance of 1e-12 for the
        objective is 1e-6 for a move, and would hide that a price must fall by 3e-7 below a unit cost. (Not
        where choosers have limited money, which would be large in such units.)
        """
        levels = np.flatnonzero(np.isfinite(self.money))
        out = np.flatnonzero(self.outside[levels])
        scale = float(self.hessian.diagonal().max())
        with np.errstate(over="ignore"):
            unit = np.sqrt(scale / self.hessian.diagonal())
        if not np.isfinite(unit).all():
            return None  # one market's value is negligible against another's
        goods, alternatives = len(unit), len(self.log_gain)
        short = self.reach if 0 < self.reach < SHORT and not len(levels) else 1.0
        far = min(LARGEST_MOVE / short, FAR) / unit if short < 1.0 else LARGEST_MOVE / unit
        right = np.concatenate([-self.log_gain / short, np.zeros(len(out)), far, far])
        bent = scipy.sparse.coo_matrix(np.triu(unit[:, None] * self.hessian * unit) / scale)
        size = goods + len(levels)
        quadratic = scipy.sparse.csc_matrix((bent.data, (bent.row, bent.col)), shape=(size, size))
        linear = np.concatenate([-self.fixed * unit, self.money[levels]]) / (scale * short)
        found = clarabel.DefaultSolver(
            quadratic,
            linear,
            self._conditions(unit, levels, out),
            right,
            [clarabel.NonnegativeConeT(len(right))],
            _settings(),
        ).solve()
        with np.errstate(over="ignore"):
            move = np.array(found.x[:goods]) * unit * short
            multipliers = np.maximum(np.array(found.z), 0.0) * scale * short
        near = (np.abs(move) <= (1.0 + OVERSHOOT) * LARGEST_MOVE).all() and np.isfinite(multipliers).all()
        if found.status not in SOLVED or not near:
            return None  # "solved" may be far outside the bounds where values differ by too much
        kept_back = np.zeros(len(self.money))
        kept_back[levels[out]] = multipliers[alternatives : alternatives + len(out)]
        return move, multipliers[:alternatives], kept_back

    def _conditions(
        self, unit: Array, levels: NDArray[np.intp], out: NDArray[np.intp]
    ) -> scipy.sparse.csc_matrix:
        """Return the rows of a.m - t <= -h, -t <= 0, and m within its bounds; columns: goods and levels."""
        goods, alternatives = len(unit), len(self.log_gain)
        column = np.full(len(self.money), -1)
        column[levels] = goods + np.arange(len(levels))
        of = column[self.chooser]
        has = np.flatnonzero(of >= 0)
        each, below = np.arange(goods), alternatives + len(out)
        row, good = np.nonzero(self.slopes)
        rows = [row, has, alternatives + np.arange(len(out)), below + each, below + goods + each]
        columns = [good, of[has], goods + out, each, each]
        values = [
            self.slopes[row, good] * unit[good],
            -np.ones(len(has) + len(out)),
            np.ones(goods),
            -np.ones(goods),
        ]
        entries = (np.concatenate(values), (np.concatenate(rows), np.concatenate(columns)))
        return scipy.sparse.csc_matrix(entries, shape=(below + 2 * goods, goods + len(levels)))


def _settings() -> clarabel.DefaultSettings:
    settings = clarabel.DefaultSettings()
    settings.verbose = False
    settings.max_threads = 1
    settings.max_iter = 80
    settings.tol_gap_abs = settings.tol_gap_rel = settings.tol_feas = 1e-12
    return settings
