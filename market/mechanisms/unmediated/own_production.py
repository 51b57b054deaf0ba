"""The problem of agents that produce for themselves: max u_i(base_i + s_i y_i) - C_i(y_i).

base (agents, goods) is what an agent has in any case, s (agents, goods) the share of its own output that it
keeps. With a technology y are netputs, and inputs come out of base. The agents' problems do not touch each
other, so one convex program, the maximum of their sum, solves all of them. An agent that keeps nothing of
what it can make sees only the cost and makes nothing.

One program has one unit for each good, and its answer is inaccurate for agents that need far less than
others. So outputs made at a cost are then improved one by one (coordinate ascent): the slope `s_g du/dx_g -
dC/dy_g` falls in `y_g`, so the best `y_g` in [0, capacity] is found by bisection. Welfare never falls, and in
the end no output by itself can be changed to advantage, which for smooth utilities is the optimum, since the
only constraints are bounds. With a technology the program's answer stands.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.families.utilities.base import Utility
from market.economy.primitives import Economy
from market.errors import InputError, NumericalError
from market.mechanisms.regret import gain
from market.tolerances import LEAST_POSITIVE, PLENTY, ROUNDING_OF_SUMS
from market.welfare.convex_program import ConvexProgram

SOLVED_TO = 1e-9  # relative to utility: gains below it are the solver's rounding
MOST_SWEEPS = 60  # over all goods; complements need about forty
FIRST_FACTOR, LARGEST_FACTOR = 1.001, 1e100  # by which a bracket grows; it is squared each time


def best_outputs(economy: Economy, base: Array, share: Array, now: Array) -> tuple[Array, Array]:
    """Return the best outputs of each agent, (agents, goods), and the gain over those now, (agents,).

    Args:
        economy: the primitives.
        base: (agents, goods), what agents consume besides their own outputs.
        share: (agents, goods), what they keep of these.
        now: (agents, goods), present outputs.

    Raises:
        InputError: the utility of an agent with something to decide is not concave.
    """
    keeps = (share > 0) & (economy.capacity > 0)
    turns = economy.turns_goods_into_goods[:, None]
    best = np.zeros(economy.shape)
    if keeps.any() or turns.any():
        best = _solve(economy, base, share, keeps | turns)
    before = economy.own_welfare(np.maximum(base + share * now, 0.0), now)
    after, nothing = (
        economy.own_welfare(np.maximum(base + share * best, 0.0), best),
        economy.own_welfare(base, np.zeros(economy.shape)),
    )
    best = np.where((nothing >= after)[:, None], 0.0, best)
    gains = gain(before, np.maximum(after, nothing))
    size = np.where(np.isfinite(before), np.abs(before), 0.0)
    return best, np.where(gains > SOLVED_TO * np.maximum(size, economy.cost(now)), gains, 0.0)


def _solve(economy: Economy, base: Array, share: Array, keeps: NDArray[np.bool_]) -> Array:
    """Solve one program for all agents: each consumes what it has and keeps of its outputs."""
    import cvxpy  # deferred: takes a second to import

    decides, turns = np.asarray(keeps.any(axis=1)), economy.turns_goods_into_goods[:, None]
    _refuse_not_concave(economy, decides)
    programme = ConvexProgram.for_allocation(economy, base)
    could = np.where(turns, economy.most, np.minimum(economy.capacity, PLENTY))
    plenty = base + share * np.where(keeps, could, 0.0)
    counted = decides & np.isfinite(economy.utility(plenty))
    utilities, constraints = programme.utilities(stated=True, counted=counted)
    objective = cvxpy.sum(cvxpy.multiply(1.0 / programme.at_stake(), utilities - programme.costs()))
    eaten = (programme.x - cvxpy.multiply(share, programme.y) - base) @ np.diag(1.0 / programme.units) <= 0
    try:
        found = programme.solve(objective, [*constraints, *programme.limits()], eaten).production
    except NumericalError:
        if turns.any() or _may_have_kinks(economy, decides):
            raise
        found = np.minimum(np.tile(programme.units, (len(economy.agents), 1)), economy.capacity)
    return _ascend(economy, base, share, np.where(keeps, found, 0.0), keeps & ~turns)


def _ascend(economy: Economy, base: Array, share: Array, y: Array, varies: NDArray[np.bool_]) -> Array:
    """Return outputs of which none by itself can be improved, (agents, goods).

    Args:
        economy: the primitives.
        base: (agents, goods), as for `best_outputs`.
        share: (agents, goods), as for `best_outputs`.
        y: (agents, goods), outputs to begin with.
        varies: (agents, goods), the outputs to improve.
    """
    goods = np.flatnonzero(varies.any(axis=0))
    with np.errstate(all="ignore"):
        for _ in range(MOST_SWEEPS):
            before = y
            y, worse = _step(economy, base, share, y, varies)
            if worse.any():
                for good in goods:
                    y, _ = _step(economy, base, share, y, varies & (np.arange(y.shape[1]) == good))
            if (np.abs(y - before) <= ROUNDING_OF_SUMS * before).all():
                break
    return y


def _step(
    economy: Economy, base: Array, share: Array, y: Array, here: NDArray[np.bool_]
) -> tuple[Array, NDArray[np.bool_]]:
    """Return outputs after a step of those marked in `here`, and a mask of agents for whom it was worse.

    A step of all outputs at once is exact for separable utilities, and may be worse for others.
    """
    tried = np.where(here, _best_alone(economy, base, share, y, here), y)
    now, then = (economy.own_welfare(np.maximum(base + share * made, 0.0), made) for made in (y, tried))
    worse = ~(then >= now - ROUNDING_OF_SUMS * np.where(np.isfinite(now), np.abs(now), 0.0))
    return np.where(worse[:, None], y, tried), worse


def _best_alone(economy: Economy, base: Array, share: Array, y: Array, here: NDArray[np.bool_]) -> Array:
    """Return the best of each output marked in `here`, all others being as they are, (agents, goods)."""

    def pays(amount: Array) -> NDArray[np.bool_]:
        made = np.where(here, amount, y)
        return np.asarray(share * economy.marginal_utility(base + share * made) > economy.marginal_cost(made))

    largest = np.maximum(base, y).max(axis=0, initial=0.0)
    high = np.minimum(np.where(y > 0, y, np.where(largest > 0, largest, 1.0)), economy.capacity)
    low, factor, open_ended = high, FIRST_FACTOR, here
    while open_ended.any() and factor < LARGEST_FACTOR:
        up, down = here & pays(high) & (high < economy.capacity), here & ~pays(low)
        high = np.where(up, np.minimum(high * factor, economy.capacity), high)
        low = np.where(down, np.maximum(low / factor, LEAST_POSITIVE), low)
        open_ended, factor = up | down, factor * factor
    full, idle = pays(high), ~pays(low)
    while (low < high * (1.0 - ROUNDING_OF_SUMS / 4.0))[here & ~full & ~idle].any():
        middle = np.sqrt(low) * np.sqrt(high)
        more = pays(middle)
        low, high = np.where(more, middle, low), np.where(more, high, middle)
    return np.where(full, high, np.where(idle, 0.0, low))


def _may_have_kinks(economy: Economy, deciding: NDArray[np.bool_]) -> bool:
    """Return True if the utility of an agent with something to decide may have several slopes at a bundle."""
    return any(
        block.family.kink is not Utility.kink and deciding[block.rows].any() for block in economy.utilities
    )


def _refuse_not_concave(economy: Economy, deciding: NDArray[np.bool_]) -> None:
    for block in economy.utilities:
        bent = np.flatnonzero(block.family.not_concave(**block.parameters) & deciding[block.rows])
        if len(bent):
            name = economy.agents[np.arange(len(economy.agents))[block.rows][bent[0]]]
            raise InputError(
                f"the best output of {name} cannot be computed: its utility {block.family.name} is not "
                f"concave as stated; scale its weights down to a sum of at most 1"
            )
