"""Index and stability where producers have constant returns: prices move along costs.

Symbols: p (goods,) prices; x(p) what consumers demand out of what they own and the profits of decreasing
returns; z(p) that, minus resources and what decreasing returns make; v_j(p) (goods,) the cheapest unit netput
of a producer j with constant returns, pi_j = p.v_j its profit; t_j its level. An equilibrium is

    z(p) = sum_j t_j v_j(p),   pi_j(p) <= 0,   t_j >= 0,   pi_j = 0 where t_j > 0.

Supply is a set, so that excess demand has no slope. Let levels follow profits instead, t_j = t_j* + pi_j /
epsilon: the slopes of pi_j are v_j (Shephard's lemma), and with J = dz/dp - sum_j t_j* dv_j/dp and the v_j of
all producers that are used as the columns of B the slopes of excess demand are J - B B' / epsilon. As epsilon
goes to 0 (Schur)

    sign det(-J + B B' / epsilon) = sign det [[-J, B], [-B', 0]] = sign det(-N' J N),

N being a basis of the directions in which prices of all goods but one can move while no used producer makes a
profit or a loss, B' N = 0. That is the *index*: +1 if on the whole excess demand falls along such moves. The
sum over all equilibria of a regular economy is +1. Who receives profits on the way does not matter: income
from them adds a multiple of the rows B' to J, which N takes away. Nor do levels that change with prices: they
add multiples of the columns B. Instead of leaving out one good, N is taken orthogonal to p, which changes no
sign, since N' J N of prices that all rise together is 0. If costs alone fix all relative prices N is empty
and the index is +1 (one primary input and no joint products: the non-substitution theorem).

*Stability*: in the same limit dp/dt = z becomes dp/dt = N N' z, N orthonormal: levels have followed profits
before prices move. It is stable if all eigenvalues of N' J N have negative real parts.

*No index* can be told where N' J N does not have full rank; where a producer that is not used would just
cover its costs, so that a little change may bring it in (unless one that is used does the same); and where
consumers are indifferent.

Source: Kehoe (1980), "An index theorem for general equilibrium models with production", Econometrica 48, for
activities; Kehoe (1981), "A dual approach to regularity in production economies", MIT working paper 283, for
smooth technologies, that is for the slopes of v_j; the limit and the projection are own derivations.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import linalg

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.equilibrium.clearing import Clearing
from market.equilibrium.staircase import BOUNDED, Staircase

USED = 1e-9  # of what all own is worth: inputs of a producer that is used
EVEN = 1e-7  # relative: a cost that is that near to the worth of the output just covers it
SPANNED = 1e-7  # of its size: a netput that is that near to combinations of others does the same


@dataclass(frozen=True)
class AlongCosts:
    """What is known of an equilibrium with constant returns, for the goods that have a price and are traded.

    Args:
        prices: (traded,), p.
        worth: (traded,), what is supplied of each good, at p.
        slopes: (traded, traded), p_g dz_g / dlog p_h at fixed levels: J in values.
        used: (traded, used), the v_j of those that are used, at p: B in values.
        even: (traded, idle), the same of those that are not used and would just cover their costs.
    """

    prices: Array
    worth: Array
    slopes: Array
    used: Array
    even: Array

    def in_shares(self) -> Array:
        """N' J N with moves of log prices measured by the root of what is traded: numbers without a unit.

        Moves and excess demands are scaled alike, so that no sign changes.
        """
        root = np.sqrt(self.worth)
        along = linalg.null_space(np.column_stack([root, self.used / root[:, None]]).T)
        return np.asarray(along.T @ (self.slopes / np.outer(root, root)) @ along)

    def in_prices(self) -> Array:
        """N' J N with N orthonormal in prices."""
        p = self.prices
        along = linalg.null_space(np.column_stack([p, self.used / p[:, None]]).T)
        return np.asarray(along.T @ (self.slopes / np.outer(p, p)) @ along)

    def another_could_enter(self) -> bool:
        """Whether one that is not used just covers its costs, and those used together do not do the same."""
        if not self.even.size:
            return False
        root = np.sqrt(self.worth)[:, None]
        enters = self.even / root
        basis = linalg.orth(self.used / root) if self.used.size else np.zeros((len(root), 0))
        apart = enters - basis @ (basis.T @ enters)
        return bool((np.linalg.norm(apart, axis=0) > SPANNED * np.linalg.norm(enters, axis=0)).any())


def along_costs(economy: Economy, at: Clearing) -> AlongCosts:
    """Slopes and netputs at an equilibrium.

    Args:
        economy: with producers that have constant returns.
        at: the equilibrium, with what everyone makes.
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
    used = levels > USED
    even = ~used & (np.abs(constant.log_costs(p)) <= EVEN)
    worth = p[goods] * amounts[goods]
    return AlongCosts(p[goods], worth, worth[:, None] * relative, netputs[:, used], netputs[:, even])
