"""The quadratic programme of a step that foresees choices; derived in `implicit_step.py`.

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
from market.mechanisms.auction.jumps.slopes import Slopes

FARTHEST = 3.0  # no log price moves farther in a round
PLENTY = 1e6  # times what is at stake: the money of a chooser without a limit, where there has to be one
ALLOWED = 1e-3  # of that, by which the solver may be off
SOLVED = (
    clarabel.SolverStatus.Solved,
    clarabel.SolverStatus.AlmostSolved,
    clarabel.SolverStatus.InsufficientProgress,
)


@dataclass(frozen=True)
class Programme:
    """min m.Q m / 2 - f.m + sum_c M_c t_c with t_c >= h_l + a_l.m, and >= 0 with an outside option.

    Of a chooser without limit to its money there is no t: h_l + a_l.m <= 0.

    Args:
        hessian: (goods, goods), Q. fixed: (goods,), f.
        slopes: (alternatives, goods), a.
        log_gain: (alternatives,), h.
        chooser: (alternatives,), whose it is.
        owed: (choosers,), M; inf without a limit.
        outside: (choosers,), whether nothing at all is an option too.
    """

    hessian: Array
    fixed: Array
    slopes: Slopes
    log_gain: Array
    chooser: NDArray[np.intp]
    owed: Array
    outside: NDArray[np.bool_]

    def solve(self) -> tuple[Array, Array, Array] | None:
        """The move, the money that goes into each alternative, and what each chooser keeps back.

        Gains that are linear in the move may not all be put to 0 by one: choosers without a limit then have
        a large one, so that the sum of what they would gain is as small as it can be.
        """
        endless = ~np.isfinite(self.owed)
        found = self._solved()
        if found is not None or not endless.any():
            return found
        most = PLENTY * max(float(np.abs(self.fixed).max()), FARTHEST * float(self.hessian.diagonal().max()))
        limited = replace(self, owed=np.where(endless, most, self.owed))
        return limited._solved()

    def _solved(self) -> tuple[Array, Array, Array] | None:
        """The same; None where there is no solution, or none is found.

        Moves are counted in units of 1 / sqrt(Q_gg): markets may differ in value by many orders.
        """
        levels = np.flatnonzero(np.isfinite(self.owed))
        out = np.flatnonzero(self.outside[levels])
        scale = float(self.hessian.diagonal().max())
        with np.errstate(over="ignore"):
            unit = np.sqrt(scale / self.hessian.diagonal())
        if not np.isfinite(unit).all():
            return None  # the value of a market is nothing beside that of another
        goods, alternatives = len(unit), len(self.log_gain)
        far = FARTHEST / unit
        right = np.concatenate([-self.log_gain, np.zeros(len(out)), far, far])
        bent = scipy.sparse.coo_matrix(np.triu(unit[:, None] * self.hessian * unit) / scale)
        size = goods + len(levels)
        quadratic = scipy.sparse.csc_matrix((bent.data, (bent.row, bent.col)), shape=(size, size))
        linear = np.concatenate([-self.fixed * unit, self.owed[levels]]) / scale
        found = clarabel.DefaultSolver(
            quadratic,
            linear,
            self._conditions(unit, levels, out),
            right,
            [clarabel.NonnegativeConeT(len(right))],
            _settings(),
        ).solve()
        with np.errstate(over="ignore"):
            move, multipliers = np.array(found.x[:goods]) * unit, np.maximum(np.array(found.z), 0.0) * scale
        near = (np.abs(move) <= (1.0 + ALLOWED) * FARTHEST).all() and np.isfinite(multipliers).all()
        if found.status not in SOLVED or not near:
            return None  # what it calls solved may be beyond all bounds where values differ by too much
        kept_back = np.zeros(len(self.owed))
        kept_back[levels[out]] = multipliers[alternatives : alternatives + len(out)]
        return move, multipliers[:alternatives], kept_back

    def _conditions(
        self, unit: Array, levels: NDArray[np.intp], out: NDArray[np.intp]
    ) -> scipy.sparse.csc_matrix:
        """The rows a.m - t <= -h, -t <= 0, and m within its bounds, (conditions, goods and levels)."""
        goods, alternatives = len(unit), len(self.log_gain)
        column = np.full(len(self.owed), -1)
        column[levels] = goods + np.arange(len(levels))
        of = column[self.chooser]
        has = np.flatnonzero(of >= 0)
        each, below = np.arange(goods), alternatives + len(out)
        rows = [self.slopes.row, has, alternatives + np.arange(len(out)), below + each, below + goods + each]
        columns = [self.slopes.good, of[has], goods + out, each, each]
        values = [
            self.slopes.value * unit[self.slopes.good],
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
