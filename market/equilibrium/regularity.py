"""Index and local stability of an equilibrium, from the slopes of excess demand there.

Symbols: `p` (goods,) prices; `z(p)` excess demand; `J = dz/dp`. Goods with price 0 are left out of `z`, `p`
and `J`.

*Index.* Where `J` has full rank, the sign of `det(-J)`. Under `exchange` `z` is homogeneous of degree zero
and `p.z = 0` (Walras' law), so `J` never has; there one good is left out of `z` and `p`, and the choice of it
does not change the sign. Over all equilibria of an economy in which each has an index, a *regular* economy,
the indices add up to +1. So their number is odd, an index of -1 implies at least two more, and a sum other
than 1 that some are missing. A sum of 1 does not prove that all are known.

*Stability under tatonnement.* `dp/dt = z(p)`, `z` in the scenario's units. Under `exchange` `p.z = 0`, so
`|p|` does not change, and `J` is taken on the space orthogonal to `p`. The equilibrium is locally stable if
all eigenvalues of `J` have negative real parts, and unstable if one has a positive one. With two goods it is
stable if and only if its index is +1. With more, index -1 is never stable, and stability at +1 may depend on
how fast prices are adjusted relative to each other, that is on the units of the goods.

*Indifferent producers.* At a price equal to a constant unit cost supply is a set. The index is that of a
point on the graph of supply (`staircase.py`). Tatonnement rests at such a price, which therefore drops out
of `J`. With constant returns prices move along costs: `activities.py`.

Source: Dierker (1972), "Two remarks on the number of equilibria of an economy"; Mas-Colell, Whinston and
Green (1995), sections 17.D and 17.H; Kehoe (1991), "Computation and multiplicity of equilibria", section
2.4.
"""

from __future__ import annotations

import numpy as np
from scipy import linalg

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.equilibrium.activities import linearise
from market.equilibrium.clearing import Clearing
from market.equilibrium.constant_returns import ConstantReturns
from market.equilibrium.staircase import BOUNDED, Staircase, build_staircase

LEAST_SINGULAR_VALUE = 1e-6
"""Of the slopes, relative to the largest one or to 1: smaller ones count as 0. Slopes are elasticities, of
the order of one, and central differences leave errors of about 1e-9."""

LEAST_REAL_PART = 1e-8
"""Of an eigenvalue, relative to the largest slope: smaller ones have no sign, for the same reason."""

NO_FULL_RANK = "the slopes of excess demand do not have full rank"
INDIFFERENT = "an agent is indifferent between bundles there"
COULD_ENTER = "an idle producer would just break even there"


def compute_index(economy: Economy, at: Clearing) -> tuple[int, str | None]:
    """Return +1 or -1, and None; or 0 where there is no index, and the reason."""
    no_slope = _explain_no_slope(economy, at)
    if no_slope is not None:
        return 0, no_slope
    if has_constant_returns(economy):
        slopes = linearise(economy, at).in_shares()
    else:
        slopes = _compute_gap_slopes(build_staircase(economy, at.prices), at.prices)
    if not slopes.size:
        return 1, None
    if not np.isfinite(slopes).all():
        return 0, NO_FULL_RANK
    values = np.linalg.svd(slopes, compute_uv=False)
    if values[-1] <= LEAST_SINGULAR_VALUE * max(float(values[0]), 1.0):
        return 0, NO_FULL_RANK
    return int(np.linalg.slogdet(-slopes)[0]), None


def is_stable(economy: Economy, at: Clearing) -> bool | None:
    """Return True if `dp/dt = z(p)` returns from nearby; None where the slopes do not decide."""
    if _explain_no_slope(economy, at) is not None:
        return None
    slopes = (
        linearise(economy, at).in_prices()
        if has_constant_returns(economy)
        else _compute_moving_slopes(economy, at)
    )
    if not slopes.size:
        return True
    if not np.isfinite(slopes).all():
        return None
    least = LEAST_REAL_PART * float(np.abs(slopes).max())
    growth = float(np.linalg.eigvals(slopes).real.max())
    return None if abs(growth) <= least else growth < 0


def _explain_no_slope(economy: Economy, at: Clearing) -> str | None:
    """Return why excess demand has no slope, or two one-sided ones; None if it has one."""
    demand = economy.demand(at.prices, economy.supply(at.prices))
    # With quasilinear money the staircase has amounts of single goods, but none of bundles.
    if demand.joint is not None or (economy.money is not Money.QUASILINEAR and not demand.single_valued):
        return INDIFFERENT
    if has_constant_returns(economy) and linearise(economy, at).another_could_enter():
        return COULD_ENTER
    return None


def has_constant_returns(economy: Economy) -> bool:
    """Return True if some producer has constant returns, so that levels are unknowns as well as prices."""
    return bool(len(ConstantReturns(economy).rows))


def _compute_moving_slopes(economy: Economy, at: Clearing) -> Array:
    """Compute `dz/dp` of the prices that are not on a step, in an exchange orthogonal to `p`."""
    p = at.prices
    stairs = Staircase(economy, np.where(p > 0, np.nan, 0.0))
    moving = ~stairs.is_on_step(stairs.position(p))
    if not moving.any():
        return np.zeros((0, 0))
    goods = stairs.sought[moving]
    amounts = economy.resources + np.maximum(at.production, 0.0).sum(axis=0)
    elasticities = _compute_gap_slopes(stairs, p)[np.ix_(moving, moving)] * (1.0 + BOUNDED) / (1.0 - BOUNDED)
    slopes = elasticities * amounts[goods, None] / p[goods]
    if economy.money is Money.EXCHANGE:
        along = linalg.null_space(p[None, goods])
        slopes = along.T @ slopes @ along
    return np.asarray(slopes)


def _compute_gap_slopes(stairs: Staircase, p: Array) -> Array:
    """Compute the slopes of the gaps in log prices; not finite where demand or supply is not."""
    with np.errstate(all="ignore"):
        return stairs.slopes(stairs.position(p))
