"""Searches for Pareto improvements: feasible reallocations that help some agent and hurt none.

A convex program over all feasible (x', y'), given an allocation (x, y), maximises the sum of gains in goods
alone. Preferences enter as concave transforms where only order matters, divided by the utility that a typical
amount of every good adds, so that no answer depends on the scale of a utility. An agent at -inf is under no
constraint, and gains if it gets some of every good that it wants.

An improvement is recomputed from the primitives before it is reported. If a search fails, the existence of an
improvement is *unknown*, never denied.

*Agents below subsistence.* Symbols: x, y an allocation; N the agents at -inf for lack of subsistence s_i;
p, w prices and weights that support the allocation of the others, with relative violation r
(`first_order_conditions.py`); `V = sum_{i in N} p.x_i`, the value of what N hold.

A reallocation (x', y') that hurts no agent outside N has, by the first-order conditions,

    0 <= sum_{j not in N} w_j d(u_j - C_j) <= p.(net receipts of the others) + 4 r p.(all there is),

since u (or its concave form, which `support` takes) is concave, and every condition is violated by no more
than r p_g for each unit moved. So the goods that N can get are worth at most `V + 4 r p.(all there is)`, and
an agent whose subsistence costs more, `p.s_i`, cannot reach it. Nor can an agent that needs at least as much
of a good as any feasible allocation has.

Source: own derivation from the definitions and the first-order conditions of `first_order_conditions.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.families.costs import Cost
from market.economy.primitives import Block, Economy
from market.economy.production import producible
from market.efficiency.dual_bounds import CertifiedValue
from market.efficiency.negishi_weights import support
from market.errors import InfeasibleError, NumericalError
from market.tolerances import PLENTY, ROUNDING_OF_SUMS
from market.welfare.convex_program import ConvexProgram, fit
from market.welfare.first_order_conditions import Margins

Expression = Any

UNDISTRIBUTED = 1e-9
"""Share of the goods left over that stays so when they are divided: a thousand times `ROUNDING_OF_SUMS`, so
that the sum of the shares is within what there is."""

MOST_TRIED_SINGLY = 20
"""Agents below subsistence that are tried one at a time, each with a program of its own. The number bounds
the time; where there are more such agents, the figure may be unknown."""

LEAST_GAIN_SCALE = 1e-6
"""Least scale of gains, relative to the gain from one bundle of typical amounts to two: a nearly satiated
agent gains so little that in its own scale a solver's rounding would count as a gain."""

LEAST_MEAN_GAIN = 1e-7
"""Mean gain over agents, in units of `ImprovementProgram.size`: a smaller one is a solver's rounding. As
large as `SOLVER_AMOUNT`: a share of so much of typical amounts adds about so much of a unit."""


@dataclass(frozen=True)
class Reallocation:
    """Another feasible allocation: consumption x' and production y', (agents, goods) each."""

    consumption: Array
    production: Array


def without_sacrifice(economy: Economy, y: Array) -> Economy:
    """Return the economy with the costly production of agents that want nothing and bear no cost set to zero.

    In goods alone no Pareto improvement can compensate them for a cost. To a search their goods would seem
    almost free where the first unit costs nothing: a violation of 1e-12 in costs is 1e-6 in amounts.

    Args:
        economy: the primitives.
        y: (agents, goods), production now.
    """
    concerned = ~(economy.bliss > 0).any(axis=1) & (economy.cost(y) == 0) & ~economy.turns_goods_into_goods
    most = np.minimum(economy.capacity, PLENTY)
    costly = concerned[:, None] & (most > 0) & (economy.marginal_cost(most) > 0)
    if not costly.any():
        return economy

    def limited(block: Block[Cost]) -> Block[Cost]:
        most = np.where(costly[block.rows], 0.0, np.inf)
        return replace(block, parameters=block.family.limited_to(most, **block.parameters))

    return replace(economy, costs=tuple(limited(block) for block in economy.costs))


class ImprovementProgram:
    """Variables, scaled welfare and constraints shared by programs in which no agent becomes worse off."""

    def __init__(self, economy: Economy, x: Array, y: Array) -> None:
        self.economy, self.x, self.y = economy, x, y
        self.program = ConvexProgram.for_allocation(economy, x, y)
        self.makes = np.asarray((economy.capacity > 0).any(axis=1))
        self.now = self.welfare(x, y)
        self.finite: NDArray[np.bool_] = np.isfinite(self.now)
        wants = economy.bliss > 0
        enough = np.asarray((~wants | (x >= economy.bliss * (1.0 - ROUNDING_OF_SUMS))).all(axis=1))
        self.satiated = enough & wants.any(axis=1) & self.finite & ~self.makes
        self.size = self._worth_of_units()
        self.constraints: list[Expression] = self.program.limits()

    def _worth_of_units(self) -> Array:
        """Return the utility that a typical amount of every good adds, (agents,), > 0: the scale of gains.

        A difference where it is less than the slope, which is unbounded near zero consumption, so that any
        gain would seem small. An agent at -inf has the slope, and a nearly satiated one at least a share
        `LEAST_GAIN_SCALE` of its gain from a second typical bundle. An agent without any has its cost, or 1.
        """
        economy, x, y = self.economy, self.x, self.y
        ordinal, stated = economy.concave_marginal_utility(x), economy.marginal_utility(x)
        slopes = np.where(self.makes[:, None], stated, ordinal)
        worth = np.where(np.isfinite(slopes), slopes, 0.0) @ self.program.units
        more = self.welfare(x + self.program.units, y)
        gained = np.where(self.finite, more, 0.0) - np.where(self.finite, self.now, 0.0)
        worth = np.where(self.finite & (gained > 0), np.minimum(gained, worth), worth)
        plain = self.welfare(economy.subsistence + 2.0 * self.program.units, np.zeros_like(y))
        first = self.welfare(economy.subsistence + self.program.units, np.zeros_like(y))
        second = np.subtract(plain, first, out=np.zeros_like(plain), where=np.isfinite(first))
        worth = np.maximum(worth, LEAST_GAIN_SCALE * second)
        spent = economy.cost(y)
        return np.where(worth > 0, worth, np.where(np.isfinite(spent) & (spent > 0), spent, 1.0))

    def welfare(self, x: Array, y: Array) -> Array:
        """Return `u - C` of agents with a capacity, and a concave transform of u of the others, (agents,)."""
        economy = self.economy
        if not self.makes.any():
            return economy.concave_utility(x)
        return np.where(self.makes, economy.welfare(x, y), economy.concave_utility(x))

    def expression(self) -> Expression:
        """Return `welfare` of agents at finite utility in the variables, (agents,); adds its constraints.

        Raises:
            NumericalError: a producer's utility is not concave.
        """
        import cvxpy  # deferred: takes a second to import

        ordinal, needed = self.program.utilities(stated=False, counted=self.finite & ~self.makes)
        self.constraints += needed
        if not self.makes.any():
            return ordinal
        if (self.economy.not_concave & self.makes).any():
            raise NumericalError(
                "a producer's utility is not concave, so its trade-off of cost and use is not convex"
            )
        stated, needed = self.program.utilities(stated=True, counted=self.finite & self.makes)
        self.constraints += needed
        return stated - cvxpy.multiply(self.makes, self.program.costs()) + ordinal

    def hold(self, welfare: Expression, extra: Expression | float = 0.0) -> list[Expression]:
        """Return constraints that agents at finite utility gain `extra`, (agents,), in units of `size`."""
        import cvxpy

        held = self._stay_satiated(extra)
        rows = np.flatnonzero(self.finite & ~self.satiated)
        if len(rows):
            spare = extra if isinstance(extra, float) else extra[rows]
            least = self.now[rows] / self.size[rows] + spare
            held.append(cvxpy.multiply(1.0 / self.size[rows], welfare[rows]) >= least)
        return held

    def _stay_satiated(self, extra: Expression | float) -> list[Expression]:
        """Keep satiated agents at their bliss points: a utility loss of 1e-12 there is 1e-6 in amounts."""
        if not self.satiated.any():
            return []
        bliss = self.economy.bliss / self.program.units
        i, g = np.nonzero((bliss > 0) & self.satiated[:, None])
        held = [self.program.x[i, g] / self.program.units[g] >= bliss[i, g]]
        return held if isinstance(extra, float) else [*held, extra[np.flatnonzero(self.satiated)] <= 0.0]

    def gains_from_ruin(self, gains: Expression, left_below: NDArray[np.bool_]) -> list[Expression]:
        """Bound the gains, (agents,), of agents at -inf by what they get beyond subsistence, and by 1.

        An agent gains if it gets some of every good that it wants; those in `left_below`, (agents,), gain
        nothing. All agents at once: a constraint each would take longer to write down than to solve.
        """
        ruined = ~self.finite
        if not ruined.any():
            return []
        bounds = [gains[np.flatnonzero(ruined)] <= np.where(left_below, 0.0, 1.0)[ruined]]
        i, g = np.nonzero((self.economy.bliss > 0) & (ruined & ~left_below)[:, None])
        if len(i):
            beyond = self.program.x[i, g] - self.economy.subsistence[i, g]
            bounds.append(gains[i] <= beyond / self.program.units[g])
        return bounds


def improvement(
    economy: Economy, x: Array, y: Array, unreachable: NDArray[np.bool_] | None = None
) -> Reallocation | None:
    """Return a Pareto improvement in goods, confirmed from the primitives; None if none was found.

    An agent below subsistence can gain only if it reaches all of it. If not all such agents can, each is
    tried by itself, first those that need the smallest share of all goods: one of them raised is an
    improvement, and fewer need less. Last come improvements that raise none of them.

    Args:
        economy: the primitives.
        x: (agents, goods), consumption.
        y: (agents, goods), production.
        unreachable: (agents,), agents known not to reach subsistence in any Pareto improvement; none by
            default.

    Raises:
        NumericalError: the search failed, or the primitives do not confirm its answer: nothing is known.
    """
    agents = len(economy.agents)
    never = np.zeros(agents, dtype=bool) if unreachable is None else unreachable
    subsist = np.asarray((economy.subsistence > 0).any(axis=1))
    below = np.flatnonzero(subsist & np.isneginf(economy.utility(x)) & ~never)
    there = np.maximum(economy.offered(y), economy.taken(x, y))
    needs = np.divide(economy.subsistence, there, out=np.zeros_like(x), where=there > 0).sum(axis=1)
    below = below[np.argsort(needs[below], kind="stable")]
    for left_below in _choices_left_below(never, below):
        try:
            found = _improvement(economy, x, y, left_below)
        except InfeasibleError:
            continue
        if found is not None:
            return found
    if len(below) > MOST_TRIED_SINGLY:
        said = f"{len(below)} agents lack subsistence that some of them might reach"
        raise NumericalError(f"{said}; only the {MOST_TRIED_SINGLY} that need least were tried")
    return None


def _choices_left_below(never: NDArray[np.bool_], below: NDArray[np.intp]) -> Iterator[NDArray[np.bool_]]:
    """Yield masks of agents that are not raised to subsistence, (agents,).

    Besides those in `never`: none of the agents below, all but one of them in turn, and all.
    """
    yield never
    if len(below) > 1:
        for raised in below[:MOST_TRIED_SINGLY]:
            yield never | np.isin(np.arange(len(never)), below[below != raised])
    if len(below):
        yield never | np.isin(np.arange(len(never)), below)


def _improvement(economy: Economy, x: Array, y: Array, left_below: NDArray[np.bool_]) -> Reallocation | None:
    """Return a Pareto improvement in which agents in `left_below` gain nothing; None if none was found.

    Two programs: the first maximises the sum of all gains; if that is more than rounding, the second caps
    each gain, so that it is spread over many. An agent that gains nothing and would lose by rounding keeps
    its bundle exactly; if the others need its goods, a smaller cap leaves it a gain too.

    Raises:
        InfeasibleError: an agent outside `left_below` cannot reach subsistence.
        NumericalError: a program was not solved, or a gain was not confirmed from the primitives.
    """
    total, _, _, _ = _maximise_gains(economy, x, y, np.inf, left_below)
    agents = len(economy.agents)
    if total <= LEAST_MEAN_GAIN * agents:
        return None
    for spread in (1.0, 8.0, 64.0):
        cap = total / (spread * agents)
        _, gains, x_new, y_new = _maximise_gains(economy, x, y, cap, left_below)
        found = _without_harm(economy, x, y, Reallocation(x_new, y_new), gains <= cap * 1e-3)
        if improves(economy, x, y, found):
            return found
    left = with_what_is_left(economy, x, y, Reallocation(x, y))  # at no agent's cost
    if left is not None:
        return left
    raise NumericalError("a gain was found that is too small to be confirmed, or it is the solver's rounding")


def _without_harm(
    economy: Economy, x: Array, y: Array, found: Reallocation, indifferent: NDArray[np.bool_]
) -> Reallocation:
    """Return `found` with agents that would lose by rounding kept at the useful part of their old bundle.

    Only among the indifferent, (agents,), which gain next to nothing. Making room for some may make others
    lose by rounding, so it is repeated until it does not.
    """
    x_new, y_new = found.consumption, found.production
    before, stay = economy.welfare(x, y), np.zeros_like(indifferent)
    of_use = np.minimum(x, economy.bliss)  # an agent has no use for the rest
    for _ in range(len(stay)):
        hurt = indifferent & ~stay & (economy.welfare(x_new, y_new) < before)
        if not hurt.any():
            break
        stay = stay | hurt
        y_new = np.where(stay[:, None], y, y_new)
        x_new = _shave(economy, of_use, np.where(stay[:, None], of_use, x_new), y_new, stay)
    return Reallocation(x_new, y_new)


def improves(economy: Economy, x: Array, y: Array, other: Reallocation) -> bool:
    """Return True if a reallocation is feasible, hurts no agent and helps one, from the primitives."""
    x_new, y_new = other.consumption, other.production
    within = (economy.taken(x_new, y_new) <= economy.offered(y_new) * (1.0 + ROUNDING_OF_SUMS)).all()
    feasible = within and producible(economy, y_new).all()
    before, after = economy.welfare(x, y), economy.welfare(x_new, y_new)
    return bool(feasible and (x_new >= 0).all() and (after >= before).all() and (after > before).any())


def _maximise_gains(
    economy: Economy, x: Array, y: Array, cap: float, left_below: NDArray[np.bool_]
) -> tuple[float, Array, Array, Array]:
    """Return the largest sum of scaled gains, each at most `cap`; the gains, consumption and production."""
    import cvxpy

    search = ImprovementProgram(economy, x, y)
    agents = len(economy.agents)
    gains = cvxpy.Variable(agents, nonneg=True)
    held = search.hold(search.expression(), gains)
    bounds = search.gains_from_ruin(gains, left_below) + ([gains <= cap] if np.isfinite(cap) else [])
    found = search.program.solve(
        cvxpy.sum(gains), [*held, *bounds, *search.constraints], search.program.balance()
    )
    made = np.maximum(y, found.production)  # free output must not fall by rounding
    y_new = np.where(economy.marginal_cost(made) == 0, made, found.production)
    return found.value, np.asarray(gains.value), fit(economy, found.consumption, y_new), y_new


def _shave(economy: Economy, x: Array, x_new: Array, y_new: Array, stay: NDArray[np.bool_]) -> Array:
    """Scale down the others' consumption until the bundles of agents that stay fixed are feasible."""
    there = np.maximum(economy.resources + y_new.sum(axis=0), 0.0)
    room = there - np.where(stay[:, None], x, 0.0).sum(axis=0)
    used = np.where(stay[:, None], 0.0, x_new).sum(axis=0)
    share = np.divide(np.maximum(room, 0.0), used, out=np.ones_like(used), where=(used > room) & (used > 0))
    return np.where(stay[:, None], x, x_new * share)


def with_what_is_left(
    economy: Economy, x: Array, y: Array, found: CertifiedValue | Reallocation
) -> Reallocation | None:
    """Return an allocation plus equal shares of its goods left over, if that is a Pareto improvement.

    Args:
        economy: the primitives.
        x: (agents, goods), consumption.
        y: (agents, goods), production.
        found: an allocation in which no agent is worse off than with x and y, for instance the answer of
            `resource_utilisation`.

    Returns:
        The improvement, confirmed from the primitives; None if it is none.
    """
    left = np.maximum(economy.resources + (found.production - found.consumption).sum(axis=0), 0.0)
    given = found.consumption + left * (1.0 - UNDISTRIBUTED) / len(economy.agents)
    better = Reallocation(fit(economy, given, found.production), found.production)
    return better if improves(economy, x, y, better) else None


def cannot_reach_subsistence(economy: Economy, x: Array, y: Array) -> NDArray[np.bool_]:
    """Return a mask of agents below subsistence that no Pareto improvement can raise to it, (agents,).

    False means undecided. See the module's docstring for the proof.
    """
    subsist = np.asarray((economy.subsistence > 0).any(axis=1))
    below = subsist & np.isneginf(economy.utility(x))
    if not below.any():
        return below
    too_much = np.asarray((economy.subsistence >= economy.most).any(axis=1) & subsist)
    if below.all():
        return below & too_much
    held = np.where(below[:, None], x, 0.0)
    others = replace(
        economy,
        commons=np.maximum(economy.resources - held.sum(axis=0), 0.0),
        endowment=np.zeros(economy.shape),
    )
    found = support(Margins.at(others.concave_form, x - held, y))
    if not found.residual < 1.0:
        return below & too_much
    p = found.prices
    spare = 4.0 * max(found.residual, ROUNDING_OF_SUMS) * float(economy.offered(y) @ p)
    too_dear = economy.subsistence @ p > float(held.sum(axis=0) @ p) + spare
    return below & (too_much | too_dear)
