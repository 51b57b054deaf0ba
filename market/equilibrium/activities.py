"""Index and stability where producers have constant returns: prices move along costs.

Symbols: `p` (goods,) prices; `x(p)` consumers' demand, given their endowments and the profits of decreasing
returns; `z(p) = x(p)` less resources and the output of decreasing returns; `v_j(p)` (goods,) the cheapest
unit netput of a producer `j` with constant returns, `pi_j = p.v_j` its profit; `t_j` its level. An
equilibrium is

    z(p) = sum_j t_j v_j(p),   pi_j(p) <= 0,   t_j >= 0,   pi_j = 0 where t_j > 0.

Supply is a set, so that excess demand has no slope. Let levels follow profits instead, `t_j = t_j* + pi_j /
epsilon`: the slopes of `pi_j` are `v_j` (Shephard's lemma), and with `J = dz/dp - sum_j t_j* dv_j/dp` and the
`v_j` of all active producers as the columns of `B` the slopes of excess demand are `J - B B' / epsilon`. As
epsilon goes to 0 (Schur)

    sign det(-J + B B' / epsilon) = sign det [[-J, B], [-B', 0]] = sign det(-N' J N),

`N` being a basis of the directions in which prices of all goods but one can move while no active producer
makes a profit or a loss, `B' N = 0`. That is the *index*: +1 if on the whole excess demand falls along such
moves. The sum over all equilibria of a regular economy is +1. The recipients of profits on the way do not
matter: income from profits adds a multiple of the rows `B'` to `J`, which `N` removes. Nor do levels that
change with prices: they add multiples of the columns of `B`. Instead of leaving out one good, `N` is taken
orthogonal to `p`, which changes no sign, since `N' J N` is 0 for prices that all rise together. If costs
alone determine all relative prices `N` is empty and the index is +1 (one primary input and no joint products:
the non-substitution theorem).

*Stability*: in the same limit `dp/dt = z` becomes `dp/dt = N N' z`, `N` orthonormal: levels have followed
profits before prices move. It is stable if all eigenvalues of `N' J N` have negative real parts.

*There is no index* where `N' J N` does not have full rank; where an idle producer would just break even, so
that a small change may activate it (unless its netput is a combination of active ones); and where consumers
are indifferent.

Source: Kehoe (1980), "An index theorem for general equilibrium models with production", Econometrica 48, for
activities; Kehoe (1981), "A dual approach to regularity in production economies", MIT working paper 283, for
smooth technologies, that is for the slopes of `v_j`; the limit and the projection are own derivations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.equilibrium.clearing import Clearing
from market.equilibrium.staircase import BOUNDED, Staircase

LEAST_ACTIVE_LEVEL = 1e-9
"""Share of the value of all endowments: with smaller inputs a producer is idle. Root finders leave that."""

BREAK_EVEN_GAP = 1e-7
"""Difference of log cost and log revenue up to which an idle producer breaks even: prices are found to 1e-9,
and a gap of this size would let a change of that order activate it."""

DEPENDENCE_GAP = 1e-7
"""Distance of a netput from the span of others, relative to its length, up to which it is a combination of
them: the rounding of a projection of netputs at prices found to 1e-9."""


@dataclass(frozen=True)
class Linearisation:
    """Slopes and netputs at an equilibrium with constant returns, for goods with a price that are traded.

    Args:
        prices: (traded,), `p`.
        worth: (traded,), the value at `p` of the supply of each good.
        slopes: (traded, traded), `p_g dz_g / dlog p_h` at fixed levels: `J` in values.
        active: (traded, active), the `v_j` of active producers, valued at `p`: `B` in values.
        even: (traded, even), likewise of idle producers that would just break even.
    """

    prices: Array
    worth: Array
    slopes: Array
    active: Array
    even: Array

    def in_shares(self) -> Array:
        """Return `N' J N`, moves of log prices being measured by the root of the value traded: unit-free.

        Moves and excess demands are scaled alike, so that no sign changes.
        """
        root = np.sqrt(self.worth)
        along = linalg.null_space(np.column_stack([root, self.active / root[:, None]]).T)
        return np.asarray(along.T @ (self.slopes / np.outer(root, root)) @ along)

    def in_prices(self) -> Array:
        """Return `N' J N` with `N` orthonormal in prices."""
        p = self.prices
        along = linalg.null_space(np.column_stack([p, self.active / p[:, None]]).T)
        return np.asarray(along.T @ (self.slopes / np.outer(p, p)) @ along)

    def another_could_enter(self) -> bool:
        """Return True if an idle producer breaks even whose netput is no combination of active ones."""
        if not self.even.size:
            return False
        root = np.sqrt(self.worth)[:, None]
        enters = self.even / root
        basis = linalg.orth(self.active / root) if self.active.size else np.zeros((len(root), 0))
        apart = enters - basis @ (basis.T @ enters)
        return bool((np.linalg.norm(apart, axis=0) > DEPENDENCE_GAP * np.linalg.norm(enters, axis=0)).any())


def linearise(economy: Economy, at: Clearing) -> Linearisation:
    """Compute slopes and netputs at an equilibrium.

    Args:
        economy: with producers that have constant returns.
        at: the equilibrium, production included.
    """
    p = at.prices
    amounts = economy.resources + np.maximum(at.production, 0.0).sum(axis=0)
    stairs = Staircase(economy, np.where((p > 0) & (amounts > 0), np.nan, p))
    goods, constant = stairs.sought, stairs.constant_returns
    levels = constant.levels(p, at.production)
    s = np.concatenate([stairs.position(p)[: len(goods)], levels])
    with np.errstate(all="ignore"):
        relative = stairs.slopes(s)[: len(goods), : len(goods)] * (1.0 + BOUNDED) / (1.0 - BOUNDED)
    netputs = (constant.units(p) * p)[:, goods].T
    active = levels > LEAST_ACTIVE_LEVEL
    even = ~active & (np.abs(constant.log_costs(p)) <= BREAK_EVEN_GAP)
    worth = p[goods] * amounts[goods]
    return Linearisation(p[goods], worth, worth[:, None] * relative, netputs[:, active], netputs[:, even])
