"""A scan of the whole line of prices on a grid, where only one price is unknown.

With two goods to exchange, or one good and money, equilibria are the zeros of a function of one number.
Between neighbours on the grid with different signs there is one. A grid point that is itself a zero shows no
change of sign, so grid points are evaluated first. Where the function comes near zero and turns back, it may
touch zero: its extremum is an equilibrium if markets clear there, one that a small change of the economy
would turn into two or none. If they clear only nearly, it is reported as a near miss.

Where an agent values both goods linearly demand jumps at the price at which it is indifferent between them,
and the equilibrium may be at the jump, with an amount in between. These prices are tried exactly.
"""

from __future__ import annotations

import numpy as np
from scipy import optimize

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.equilibrium.clearing import CLEARING_EXCESS, Clearing, evaluate_prices
from market.equilibrium.roots import SPREAD
from market.equilibrium.staircase import STEP_WIDTH, Staircase, build_staircase

POINTS = 4001  # of the grid: neighbours are less than 1 % apart in price
LEAST_POINTS = 100  # of the grid: with fewer a scan shows less than the starting points

NEAR_MISS_EXCESS = 1e-6
"""Relative excess demand at a turning point up to which it is a near miss: two equilibria within 1e-3 of each
other would have merged there."""

TURNING_GAP = 0.1
"""Gap above which a turning point on the grid cannot touch zero: between neighbours less than 1 % apart the
gap changes by less for elasticities up to 10."""


def scan(economy: Economy, guess: Array, most: int = POINTS) -> tuple[list[Clearing], list[Clearing]]:
    """Find equilibria, and near misses, on the line of the one unknown price; none if several are unknown.

    Args:
        economy: the primitives.
        guess: (goods,), prices in the middle of the line.
        most: points of the grid, if fewer than `POINTS`.
    """
    if not (guess > 0).any():
        return [], []
    stairs = build_staircase(economy, guess)
    if most < LEAST_POINTS or len(stairs.sought) != 1 or len(stairs.constant_returns.rows):
        return [], []
    steps = len(economy.indifference_prices[stairs.sought[0]])
    middle = float(stairs.position(guess)[0])
    reach = 2.0 * SPREAD + STEP_WIDTH * steps
    grid = np.linspace(middle - reach, middle + reach, min(POINTS, most))
    gaps = np.array([_gap(stairs, s) for s in grid])
    zeros = [
        *_find_zeros(grid, gaps),
        *_find_crossings(stairs, grid, gaps),
        *_find_turns(stairs, grid, gaps),
        *_find_ties(economy, stairs),
    ]
    ends = [evaluate_prices(economy, stairs.prices(np.array([s]))[0]) for s in zeros]
    known = [end for end in ends if end is not None]
    return (
        [end for end in known if end.residual <= CLEARING_EXCESS],
        [end for end in known if CLEARING_EXCESS < end.residual <= NEAR_MISS_EXCESS],
    )


def _gap(stairs: Staircase, s: float) -> float:
    return float(stairs.gap(np.array([s]))[0])


def _find_ties(economy: Economy, stairs: Staircase) -> list[float]:
    """Find positions at which an agent is indifferent between the good sought and one with a held price."""
    if economy.money is not Money.EXCHANGE or not economy.has_ties:
        return []
    [g], worth = stairs.sought, economy.linear_weights
    found: set[float] = set()
    for h in np.flatnonzero(stairs.held > 0):
        both = (worth[:, g] > 0) & (worth[:, h] > 0)
        found |= set((stairs.held[h] * (worth[both, g] / worth[both, h])).tolist())
    prices = [np.where(np.isnan(stairs.held), price, stairs.held) for price in sorted(found)]
    return [float(stairs.position(p)[0]) for p in prices]


def _find_zeros(grid: Array, gaps: Array) -> list[float]:
    """Find grid points that are zeros; of a run of neighbours the first, the middle and the last."""
    zeros = np.flatnonzero(gaps == 0.0)
    runs = np.split(zeros, np.flatnonzero(np.diff(zeros) > 1) + 1)
    return [float(grid[k]) for run in runs if len(run) for k in {run[0], run[len(run) // 2], run[-1]}]


def _find_crossings(stairs: Staircase, grid: Array, gaps: Array) -> list[float]:
    """Find zeros between neighbours with different signs."""
    return [
        float(optimize.brentq(lambda s: _gap(stairs, s), grid[k], grid[k + 1], xtol=1e-15, rtol=1e-15))
        for k in np.flatnonzero(gaps[:-1] * gaps[1:] < 0)
    ]


def _find_turns(stairs: Staircase, grid: Array, gaps: Array) -> list[float]:
    """Find extrema of the gap nearest to zero, where its sign does not change among three neighbours."""
    size = np.abs(gaps)
    inner = (size[1:-1] <= size[:-2]) & (size[1:-1] <= size[2:])
    same = (gaps[:-2] * gaps[1:-1] > 0) & (gaps[1:-1] * gaps[2:] > 0)
    turns = []
    for k in np.flatnonzero(inner & same & (size[1:-1] < TURNING_GAP)) + 1:
        found = optimize.minimize_scalar(
            lambda s: abs(_gap(stairs, s)),
            bounds=(grid[k - 1], grid[k + 1]),
            method="bounded",
            options={"xatol": 1e-12},
        )
        turns.append(float(found.x))
    return turns
