"""Debreu's coefficient of resource utilisation: the least share of resources that leaves no agent worse off.

A convex program over all feasible allocations, in which every agent keeps the utility that it has. The share
found is reported if prices prove that no smaller one is enough (`expenditure_bound.py`): the two bounds meet
up to `SHARE_BOUNDS_APART`, or the coefficient is unknown. With costs in money the only evidence here is the
allocation found.

Source: Debreu (1951), "The coefficient of resource utilization".
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.efficiency.dual_bounds import CertifiedValue
from market.efficiency.expenditure_bound import share_needed
from market.efficiency.pareto_improvement import ImprovementProgram
from market.errors import NumericalError
from market.welfare.convex_program import SETTINGS, Solution, fit

SOLVER_LOSS = 1e-4
"""Relative to an agent's utility and the worth of its bundle: the most that it may lose in a program's
answer. Loose, since steep utilities magnify a solver's rounding: with `sqrt(x)` an error of 1e-8 in an amount
near 0 is one of 1e-4 in utility."""

SHARE_BOUNDS_APART = 1e-4
"""Share of all resources: the largest difference between the share found and the share proved to be needed.
As large as `SOLVER_LOSS`, since a share at which agents lose that much is too low by about as much."""


def resource_utilisation(economy: Economy, x: Array, y: Array) -> CertifiedValue | None:
    """Return Debreu's coefficient: the smallest share of all resources that leaves no agent worse off.

    Args:
        economy: the primitives.
        x: (agents, goods), consumption.
        y: (agents, goods), production.

    Returns:
        Between 0 and 1, with its proof; None where there are no resources to scale.

    Raises:
        NumericalError: the program was not solved, its answer leaves an agent worse off, or no prices tried
            prove that a smaller share is not enough.
    """
    import cvxpy

    if not (economy.resources > 0).any():
        return None
    search = ImprovementProgram(economy, x, y)
    nothing = np.zeros(economy.shape)
    idle = np.zeros(len(economy.agents))
    if (search.welfare(nothing, nothing) >= search.now).all():  # no agent is worse off with nothing
        return CertifiedValue(0.0, nothing, nothing, np.zeros(len(economy.goods)), idle, idle)
    share = cvxpy.Variable(nonneg=True)
    held = search.hold(search.expression())
    balance = search.program.balance(share)
    low, high = 0.0, 1.0
    for attempt in range(len(SETTINGS)):
        try:
            found = search.program.solve(-share, [*held, *search.constraints], balance, [attempt])
        except NumericalError as error:
            said = str(error)
            continue
        found = replace(found, consumption=fit(economy, found.consumption, found.production))
        if not _as_well_off(economy, x, y, found):
            said = "the share that the convex program found leaves an agent worse off"
            continue
        value, prices = float(min(max(-found.value, 0.0), 1.0)), np.maximum(found.prices, 0.0)
        bound = CertifiedValue(value, found.consumption, found.production, prices, idle, idle)
        if economy.costs:  # no bound here; `results/verify` has one
            return bound
        low, high = max(low, share_needed(economy, prices, x, value - SHARE_BOUNDS_APART)), min(high, value)
        if abs(value - low) <= SHARE_BOUNDS_APART:
            return bound
        said = f"the least share found is {high:.6g}, and no more than {low:.6g} is proved to be needed"
    raise NumericalError(said)


def _as_well_off(economy: Economy, x: Array, y: Array, found: Solution) -> bool:
    """Return True if no agent is worse off by more than `SOLVER_LOSS`."""
    before, after = economy.welfare(x, y), economy.welfare(found.consumption, found.production)
    size = np.abs(np.where(np.isfinite(before), before, 0.0)) + economy.worth(x)
    enough = before - SOLVER_LOSS * np.where(np.isfinite(before), size, 0.0)  # +inf must stay +inf
    return bool((np.isneginf(before) | (after >= enough)).all())
