"""Index and local stability of an equilibrium, from the slopes of excess demand there.

Symbols: p (goods,) prices; z(p) excess demand; J = dz/dp. Goods with price 0 are left out of z, p and J.

*Index.* Where J has full rank, the sign of det(-J). Under `exchange` z is homogeneous of degree zero and
p.z = 0 (Walras' law), so J never has; there one good is left out of z and p, and which one does not change
the sign. Over all equilibria of an economy in which each has an index, a *regular* economy, the indices add
up to +1. So their number is odd, one of index -1 says that there are at least two more, and a sum other
than 1 that some are missing. That the sum is 1 does not prove that all are known.

*Stability under tatonnement.* dp/dt = z(p), z in the scenario's units. Under `exchange` p.z = 0, so |p|
does not change, and J is taken on the space orthogonal to p. The equilibrium is locally stable if all
eigenvalues of J have negative real parts, and unstable if one has a positive one. With two goods it is
stable exactly if its index is +1. With more, index -1 is never stable, and whether +1 is may depend on how
fast prices are adjusted relative to each other, that is on the units of the goods.

*Indifferent producers.* At a price equal to a constant unit cost supply is a set. The index is that of a
point on the graph of supply (`staircase.py`). Tatonnement rests at such a price, which therefore drops out
of J. With constant returns prices move along costs: `activities.py`.

Source: Dierker (1972), "Two remarks on the number of equilibria of an economy"; Mas-Colell, Whinston and
Green (1995), sections 17.D and 17.H; Kehoe (1991), "Computation and multiplicity of equilibria", section
2.4.
"""

from __future__ import annotations

import numpy as np
from scipy import linalg

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.equilibrium.activities import along_costs
from market.equilibrium.clearing import Clearing
from market.equilibrium.constant_returns import ConstantReturns
from market.equilibrium.staircase import BOUNDED, Staircase, staircase

FULL_RANK = (
    1e-6  # least singular value of the slopes, elasticities of the order of one; of the largest if more
)
CLEARLY = 1e-8  # real parts, as a share of the largest slope, that are not zero but for rounding


NO_FULL_RANK = "the slopes of excess demand do not have full rank"
INDIFFERENT = "somebody is indifferent between bundles there"
COULD_ENTER = "a producer that makes nothing would just cover its costs there"


def index(economy: Economy, at: Clearing) -> tuple[int, str | None]:
    """+1 or -1 and None; 0 where it cannot be told, and why."""
    one_sided = _one_sided(economy, at)
    if one_sided is not None:
        return 0, one_sided
    if constant_returns(economy):
        slopes = along_costs(economy, at).in_shares()
    else:
        slopes = _gap_slopes(staircase(economy, at.prices), at.prices)
    if not slopes.size:
        return 1, None
    if not np.isfinite(slopes).all():
        return 0, NO_FULL_RANK
    values = np.linalg.svd(slopes, compute_uv=False)
    if values[-1] <= FULL_RANK * max(float(values[0]), 1.0):
        return 0, NO_FULL_RANK
    return int(np.linalg.slogdet(-slopes)[0]), None


def stable(economy: Economy, at: Clearing) -> bool | None:
    """Whether dp/dt = z(p) returns from nearby; None where the slopes do not tell."""
    if _one_sided(economy, at) is not None:
        return None
    slopes = along_costs(economy, at).in_prices() if constant_returns(economy) else _moving(economy, at)
    if not slopes.size:
        return True
    if not np.isfinite(slopes).all():
        return None
    least = CLEARLY * float(np.abs(slopes).max())
    growth = float(np.linalg.eigvals(slopes).real.max())
    return None if abs(growth) <= least else growth < 0


def _one_sided(economy: Economy, at: Clearing) -> str | None:
    """Why excess demand has no slope, or another one on either side; None if it has one."""
    p = at.prices
    if economy.money is not Money.QUASILINEAR and not economy.demand(p, economy.supply(p)).single_valued:
        return INDIFFERENT
    if constant_returns(economy) and along_costs(economy, at).another_could_enter():
        return COULD_ENTER
    return None


def constant_returns(economy: Economy) -> bool:
    """Whether some producer has constant returns, so that levels are looked for beside prices."""
    return bool(ConstantReturns(economy).producers)


def _moving(economy: Economy, at: Clearing) -> Array:
    """dz/dp of the prices that are not on a step, under `exchange` orthogonal to p."""
    p = at.prices
    stairs = Staircase(economy, np.where(p > 0, np.nan, 0.0))
    moving = ~stairs.on_a_step(stairs.position(p))
    if not moving.any():
        return np.zeros((0, 0))
    goods = stairs.sought[moving]
    amounts = economy.resources + np.maximum(at.production, 0.0).sum(axis=0)
    elasticities = _gap_slopes(stairs, p)[np.ix_(moving, moving)] * (1.0 + BOUNDED) / (1.0 - BOUNDED)
    slopes = elasticities * amounts[goods, None] / p[goods]
    if economy.money is Money.EXCHANGE:
        along = linalg.null_space(p[None, goods])
        slopes = along.T @ slopes @ along
    return np.asarray(slopes)


def _gap_slopes(stairs: Staircase, p: Array) -> Array:
    """The slopes of the relative gaps in log prices; not finite where some answer is not."""
    with np.errstate(all="ignore"):
        return stairs.slopes(stairs.position(p))
