"""One price to look for: the whole line is looked at, on a grid.

With two goods to exchange, or one good and money, equilibria are the zeros of a function of one number.
Between neighbours on the grid with different signs there is one. Where a grid point is a zero itself there
is no change of sign to see, so that is looked at first. And where the function comes near zero and turns
back, it may touch it: its extremum is found, and is an equilibrium if markets clear there, one that a
little change of the economy would turn into two or none. If they clear all but exactly, it is handed over
as a near miss.

Where an agent values both goods linearly demand jumps at the price at which it is indifferent between them,
and the equilibrium may be at the jump, with an amount in between. These prices are tried exactly.
"""

from __future__ import annotations

import numpy as np
from scipy import optimize

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.equilibrium.clearing import CLEARS, Clearing, clearing
from market.equilibrium.roots import SPREAD
from market.equilibrium.staircase import WIDTH, Staircase, staircase

POINTS = 4001
NEARLY = 1e-6  # relative excess demand at a turning point up to which it is a near miss


def scan(economy: Economy, guess: Array) -> tuple[list[Clearing], list[Clearing]]:
    """Equilibria, and near misses, on the line of the one price that is looked for; none if there are more.

    Args:
        economy: the primitives.
        guess: (goods,), prices in the middle of the line.
    """
    if not (guess > 0).any():
        return [], []
    stairs = staircase(economy, guess)
    if len(stairs.sought) != 1 or stairs.constant_returns.producers:
        return [], []
    steps = len(economy.indifference_prices[stairs.sought[0]])
    middle = float(stairs.position(guess)[0])
    reach = 2.0 * SPREAD + WIDTH * steps
    grid = np.linspace(middle - reach, middle + reach, POINTS)
    gaps = np.array([_gap(stairs, s) for s in grid])
    zeros = [
        *_at_zero(grid, gaps),
        *_crossings(stairs, grid, gaps),
        *_turns(stairs, grid, gaps),
        *_ties(economy, stairs),
    ]
    ends = [clearing(economy, stairs.prices(np.array([s]))[0]) for s in zeros]
    known = [end for end in ends if end is not None]
    return (
        [end for end in known if end.residual <= CLEARS],
        [end for end in known if CLEARS < end.residual <= NEARLY],
    )


def _gap(stairs: Staircase, s: float) -> float:
    return float(stairs.gap(np.array([s]))[0])


def _ties(economy: Economy, stairs: Staircase) -> list[float]:
    """Positions at which an agent is indifferent between the good sought and one whose price is held."""
    if economy.money is not Money.EXCHANGE or not economy.has_ties:
        return []
    [g], worth = stairs.sought, economy.linear_weights
    found: set[float] = set()
    for h in np.flatnonzero(stairs.held > 0):
        both = (worth[:, g] > 0) & (worth[:, h] > 0)
        found |= set((stairs.held[h] * (worth[both, g] / worth[both, h])).tolist())
    prices = [np.where(np.isnan(stairs.held), price, stairs.held) for price in sorted(found)]
    return [float(stairs.position(p)[0]) for p in prices]


def _at_zero(grid: Array, gaps: Array) -> list[float]:
    """Grid points that are zeros; of neighbours on the grid the first, the last and the one between."""
    zeros = np.flatnonzero(gaps == 0.0)
    runs = np.split(zeros, np.flatnonzero(np.diff(zeros) > 1) + 1)
    return [float(grid[k]) for run in runs if len(run) for k in {run[0], run[len(run) // 2], run[-1]}]


def _crossings(stairs: Staircase, grid: Array, gaps: Array) -> list[float]:
    """Where the gap changes its sign between neighbours."""
    return [
        float(optimize.brentq(lambda s: _gap(stairs, s), grid[k], grid[k + 1], xtol=1e-15, rtol=1e-15))
        for k in np.flatnonzero(gaps[:-1] * gaps[1:] < 0)
    ]


def _turns(stairs: Staircase, grid: Array, gaps: Array) -> list[float]:
    """Where the gap comes nearest to zero without changing its sign among three neighbours."""
    size = np.abs(gaps)
    inner = (size[1:-1] <= size[:-2]) & (size[1:-1] <= size[2:])
    same = (gaps[:-2] * gaps[1:-1] > 0) & (gaps[1:-1] * gaps[2:] > 0)
    turns = []
    for k in np.flatnonzero(inner & same & (size[1:-1] < 0.1)) + 1:
        found = optimize.minimize_scalar(
            lambda s: abs(_gap(stairs, s)),
            bounds=(grid[k - 1], grid[k + 1]),
            method="bounded",
            options={"xatol": 1e-12},
        )
        turns.append(float(found.x))
    return turns
