"""The utility-possibility frontier of two agents: the welfare pairs of efficient allocations.

With `u_i(x_i) - C_i(y_i)` the welfare of agent i before payments, the frontier is the set of pairs
`(u_1 - C_1, u_2 - C_2)` of feasible allocations that no other dominates: one agent can have more only if the
other has less. An outcome of a mechanism lies on it if it is efficient in goods alone, and below it by its
waste. Outcomes in which one agent is ruined can lie on it too, at its ends: efficient is not aligned.

*Floors.* A frontier may have no ends: with log utilities `u_2` falls without bound as agent 1 takes the rest.
So each agent has a floor, the welfare of some bundle and output, and the part where both have at least their
floors is found. With endowments as floors that part is the contract curve. The part is extended to outcomes
that lie beyond its ends.

*Method.* Let `v_i` be `u_i - C_i`, or for utilities that are not concave as stated a concave transform
(efficiency is ordinal). The pairs `(v_1, v_2)` that are feasible, or less, form a convex set. Its frontier is
decreasing and concave between its two ends: A, with the largest `v_2` at which agent 1 has its floor (and
among these the largest `v_1`), and B with the agents exchanged. From points `c` evenly spaced on the chord
from A to B the frontier is searched in the direction `d = (B_1 - A_1, A_2 - B_2)`:

    max r  subject to  v_i(x_i, y_i) >= c_i + r d_i,  (x, y) feasible.

Every point between A and B can be found in this way, since `d > 0` and the frontier is concave. Maxima of
`w_1 v_1 + w_2 v_2` would miss the interior of straight pieces (linear utilities), and crowd into corners. It
is one program with parameters `c` and `d`, so it is compiled once. The pairs reported are recomputed from the
allocations, and those that another one dominates are left out.

*Outcomes.* A curve through points passes below the frontier between them, where an efficient outcome would
seem to lie beyond it. So from each outcome that no point dominates the frontier is searched in the direction
`d` with `c = v(outcome)`, where `r >= 0` is feasible; if no point at or beyond the outcome is found, no
frontier is, unless the outcome is a planner's optimum, whose conditions prove that it is a point itself. An
outcome outside of A and B gets points between it and the nearer end.

*Transfers.* Where money is quasilinear and may go negative without limit, it moves welfare one for one: from
the allocation with the largest total surplus S every pair of payoffs with sum S can be reached, and none with
a larger sum. That line touches the frontier where both agents have equal weights.

Source: Mas-Colell, Whinston and Green (1995), sections 10.D, 16.E and 16.F; Das and Dennis (1998),
"Normal-boundary intersection", for the search along a chord.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.errors import InputError, NumericalError
from market.outcome import Outcome, Status
from market.welfare.convex_program import ConvexProgram, fit, solve, typical_amounts

Expression = Any
Allocation = tuple[Array, Array]

LEAST_LENGTH = 1e-7
"""Distance of the two ends, in units of the value of a typical bundle, up to which they are one point: the
accuracy of the convex program."""

FLOOR_SHARE = 0.02
"""Share of a typical bundle, beyond subsistence: first floor of consumption, small enough to show most of the
frontier."""

LOWER_FLOORS = (1.0, 0.1, 0.01)
"""Factors on the floors of consumption beyond subsistence, tried until both floors can be reached."""

FLOOR_DEPTH = 6.0
"""Spans of the utilities of all outcomes: a floor farther below the lowest would leave the outcomes in a
corner of the figure."""

FLOOR_RISE = 1.25
"""Factor by which a floor of consumption is raised until it is within `FLOOR_DEPTH`."""

FLOOR_OUTPUT = 4.0
"""Typical amounts: output of a floor, so that a producer's welfare at it is low."""

EQUAL_UTILITIES = 1e-6
"""Relative difference of utilities of outcomes that count as equal: their span gives no scale."""

GIVEN_UP = 1e-9
"""Value of a typical bundle: the part of one agent's maximum given up so that the other's maximum is feasible
in spite of rounding."""

BEYOND = 8
"""Points between an end of the part above the floors and an outcome outside of it."""

ON_IT = 1e-8
"""Part of an outcome's utility, of the span of the frontier, or of the value of a typical bundle: an outcome
no farther beyond a point is on the frontier for the eye."""

REACHED = 1e-5
"""Likewise: a point that falls farther short of the outcome from which it was searched is a failed search."""

STEP_BACK = 1e-3
"""Part of `d` by which a search starts before an outcome: from an efficient one `r = 0` is on the edge of
what is feasible."""


@dataclass(frozen=True)
class Frontier:
    """Part of the frontier above two floors, from agent 1's worst point to its best.

    Args:
        utilities: (points, 2), `u_i - C_i`; agent 1's rises, agent 2's falls. One point if the agents are not
            in conflict.
        consumption: (points, 2, goods), x of each point, units.
        production: (points, 2, goods), y of each point, units.
        surplus: S, money, the sum of payoffs on the line that transfers reach; None where money cannot move
            freely, or no total surplus is finite.
    """

    utilities: Array
    consumption: Array
    production: Array
    surplus: float | None


def frontier(economy: Economy, x: Array, y: Array, points: int = 41) -> Frontier:
    """Find the frontier of an economy of two agents, each with at least the welfare of a floor.

    Args:
        economy: of two agents.
        x: (2, goods), units, consumption at each agent's floor; need not be feasible for both.
        y: (2, goods), units, output at each agent's floor.
        points: number of points, at least 2.

    Raises:
        InputError: the agents are not two, or a floor is not finite.
        NumericalError: no allocation reaches both floors, welfare is unbounded, or the solver failed.

    Example:
        Two agents with utility log x share ten units of water, and each has at least one unit: agent 1 has
        between log 1 and log 9, and agent 2 the log of the rest.

        >>> from market.scenario.building import build
        >>> from market.scenario.loading import load
        >>> commons = build(load("scenarios/commons.toml"))
        >>> found = frontier(commons, np.ones((2, 1)), np.zeros((2, 1)), points=3)
        >>> np.exp(found.utilities).round(4)
        array([[1., 9.],
               [5., 5.],
               [9., 1.]])
        >>> print(f"{found.surplus:.4f}, {2 * np.log(5):.4f}")
        3.2189, 3.2189
    """
    return FrontierSearch(economy, x, y, points).above_the_floors


class FrontierSearch:
    """The frontier of one economy: found once above floors, and then extended to outcomes.

    Args:
        economy: of two agents.
        x: (2, goods), units, consumption at each agent's floor; need not be feasible for both.
        y: (2, goods), units, output at each agent's floor.
        points: number of points above the floors, at least 2.

    Raises:
        InputError: the agents are not two, or a floor is not finite.
        NumericalError: no allocation reaches both floors, welfare is unbounded, or the solver failed.
    """

    def __init__(self, economy: Economy, x: Array, y: Array, points: int = 41) -> None:
        if len(economy.agents) != 2:
            raise InputError(f"a frontier is drawn for two agents; there are {len(economy.agents)}")
        self._economy = economy
        self._program = _DirectionalProgram(economy)
        floor = self._program.value(x, y)
        if not np.isfinite(floor).all():
            raise InputError("a floor of the frontier is not finite; choose a bundle with a finite utility")
        self._found = _along_the_chord(self._program, floor / self._program.size, points)
        self._surplus = self._program.surplus()

    @cached_property
    def above_the_floors(self) -> Frontier:
        """Part of the frontier above the floors."""
        return self._undominated(self._found)

    def through(self, outcomes: Sequence[Outcome]) -> Frontier:
        """Return the frontier with a point at or beyond each outcome of finite utilities.

        Raises:
            NumericalError: from some outcome no point was found.
        """
        finite = [outcome for outcome in outcomes if np.isfinite(outcome.utilities).all()]
        found = list(self._found)
        for outcome in finite:
            if self._dominated(outcome.utilities, found):
                continue
            try:
                found += self._from_outcome(outcome)
            except NumericalError:
                if outcome.status is not Status.OPTIMAL:
                    raise
        return self._undominated([*found, *((outcome.consumption, outcome.production) for outcome in finite)])

    def _undominated(self, found: Sequence[Allocation]) -> Frontier:
        """Return the points that no other one dominates, by agent 1's utility."""
        pairs = np.array([self._economy.welfare(*each) for each in found])
        order = np.lexsort((-pairs[:, 1], -pairs[:, 0]))  # agent 1's best first
        highest = np.concatenate([[-np.inf], np.maximum.accumulate(pairs[order, 1])[:-1]])
        kept = order[pairs[order, 1] > highest][::-1]
        return Frontier(
            utilities=pairs[kept],
            consumption=np.array([found[k][0] for k in kept]),
            production=np.array([found[k][1] for k in kept]),
            surplus=self._surplus,
        )

    def _short_of(self, utilities: Array) -> Array:
        """Return the scale on which a difference from these utilities is seen, (agents,)."""
        stated = np.where(self._program.bent, 0.0, self._program.size)  # else in units of another function
        return np.maximum.reduce([np.abs(utilities), np.ptp(self.above_the_floors.utilities, axis=0), stated])

    def _dominated(self, utilities: Array, found: Sequence[Allocation]) -> bool:
        """Return True if some point gives both at least these utilities, but for what is not seen."""
        least = utilities - ON_IT * self._short_of(utilities)
        return any((self._economy.welfare(*each) >= least).all() for each in found)

    def _from_outcome(self, outcome: Outcome) -> list[Allocation]:
        """Return the point at or beyond an outcome, and points between that and the end, if it is outside."""
        program = self._program
        a, b = (program.value(*each) / program.size for each in (self._found[0], self._found[-1]))
        across = np.maximum([b[0] - a[0], a[1] - b[1]], LEAST_LENGTH)
        start = program.value(outcome.consumption, outcome.production) / program.size
        beyond = self._point_beyond(outcome, start, [across, np.ones(2), *np.eye(2)])
        at = program.value(*beyond) / program.size
        between: list[Allocation] = []
        if at[0] < a[0]:
            between = _between(program, at, a, BEYOND)
        elif at[1] < b[1]:
            between = _between(program, b, at, BEYOND)
        return [beyond, *between]

    def _point_beyond(self, outcome: Outcome, start: Array, directions: Sequence[Array]) -> Allocation:
        """Return a point of the frontier at or beyond an outcome, in the first direction that gives one."""
        utilities = outcome.utilities
        least = utilities - REACHED * self._short_of(utilities)
        for direction in directions:
            try:
                point = self._program.furthest(start - STEP_BACK * direction, direction)
            except NumericalError:
                continue
            if (self._economy.welfare(*point) >= least).all():
                return point
        raise NumericalError(f"the search from the outcome of '{outcome.name}' failed")


def frontier_search(economy: Economy, outcomes: Sequence[Outcome]) -> FrontierSearch:
    """Return the search above floors that suit the outcomes, or above lower ones if these are not reached.

    Raises:
        InputError: the agents are not two, or no floor is finite.
        NumericalError: no allocation reaches both floors, welfare is unbounded, or the solver failed.
    """
    x, y = floors(economy, outcomes)
    least, failures = economy.subsistence, []
    lower = [(least + factor * (x - least), factor * y) for factor in LOWER_FLOORS]
    for floor in [*lower, _worst_seen(x, y, outcomes)]:
        try:
            return FrontierSearch(economy, *floor)
        except (InputError, NumericalError) as failure:
            failures.append(failure)
    seen = np.any([np.isfinite(outcome.utilities) for outcome in outcomes], axis=0)
    ruined = [economy.agents[int(i)] for i in np.flatnonzero(~seen)]
    if not ruined:
        raise failures[0]
    raise NumericalError(
        f"no allocation was found at which {' or '.join(ruined)} has a finite utility"
    ) from failures[0]


def _worst_seen(x: Array, y: Array, outcomes: Sequence[Outcome]) -> tuple[Array, Array]:
    """Return each agent's bundle and output in the outcome of its lowest finite utility; else its floor."""
    x, y = x.copy(), y.copy()
    for agent in range(len(x)):
        finite = [outcome for outcome in outcomes if np.isfinite(outcome.utilities[agent])]
        if finite:
            worst = min(finite, key=lambda outcome: outcome.utilities[agent])
            x[agent], y[agent] = worst.consumption[agent], worst.production[agent]
    return x, y


def floors(economy: Economy, outcomes: Sequence[Outcome]) -> tuple[Array, Array]:
    """Return floors of the part of the frontier to be shown: little consumption and large output.

    Typical amounts are rounded to powers of two, so that floors hardly change from round to round.

    Args:
        economy: of two agents.
        outcomes: to be shown with the frontier.

    Returns:
        x and y, (agents, goods), units.
    """
    most_x = np.max([outcome.consumption for outcome in outcomes], axis=0)
    most_y = np.max([outcome.production for outcome in outcomes], axis=0)
    typical = np.exp2(np.round(np.log2(typical_amounts(economy, most_x, most_y))))
    x = np.array([_low_bundle(economy, typical, outcomes, agent) for agent in range(len(economy.agents))])
    return x, np.minimum(FLOOR_OUTPUT * typical, economy.capacity)


def _low_bundle(economy: Economy, typical: Array, outcomes: Sequence[Outcome], agent: int) -> Array:
    """Return a small bundle, (goods,), units, at most `FLOOR_DEPTH` spans below the outcomes in utility."""
    seen = np.unique([outcome.utilities[agent] for outcome in outcomes])
    seen = seen[np.isfinite(seen)]
    least, more = economy.subsistence[agent], FLOOR_SHARE * typical
    if not len(seen) or seen[-1] - seen[0] <= EQUAL_UTILITIES * np.abs(seen).max():
        return least + more
    lowest = float(seen[0]) - FLOOR_DEPTH * float(seen[-1] - seen[0])

    def utility(bundle: Array) -> float:
        return float(economy.utility(np.tile(bundle, (len(economy.agents), 1)))[agent])

    while (more < typical).all() and utility(least + more) < lowest:
        more = FLOOR_RISE * more
    return least + more


def _along_the_chord(program: _DirectionalProgram, floor: Array, points: int) -> list[Allocation]:
    """Return allocations on the frontier, from A to B; only one if A and B are one point."""
    first, second = program.end(floor, best=1), program.end(floor, best=0)
    a, b = (program.value(*each) / program.size for each in (first, second))
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise NumericalError("no allocation reaches both floors of the frontier")
    across = np.array([b[0] - a[0], a[1] - b[1]])
    if (across < -LEAST_LENGTH).any():
        raise NumericalError("no allocation reaches both floors of the frontier")
    if (across <= LEAST_LENGTH).any():
        return [first]
    return [first, *_between(program, a, b, points - 2), second]


def _between(program: _DirectionalProgram, a: Array, b: Array, points: int) -> list[Allocation]:
    """Return allocations on the frontier between two of its welfare pairs, without those not found.

    Args:
        program: of the economy.
        a: (2,) in units of `size`; agent 1 has less there than at b, and agent 2 more.
        b: likewise.
        points: how many to search.
    """
    across = np.array([b[0] - a[0], a[1] - b[1]])
    if (across <= LEAST_LENGTH).any():
        return []
    found = []
    for step in np.linspace(0.0, 1.0, points + 2)[1:-1]:
        with suppress(NumericalError):
            found.append(program.furthest(a + step * (b - a), across))
    if 2 * len(found) < points:
        raise NumericalError("the solver failed at most points of the frontier")
    return found


class _DirectionalProgram:
    """The program `max r, v >= c + r d`: from the welfare pair c as far as possible in the direction d.

    Args:
        economy: of two agents.

    Raises:
        NumericalError: a producer's utility is not concave as stated.
    """

    def __init__(self, economy: Economy) -> None:
        self.economy = economy
        self.convex = ConvexProgram.for_allocation(economy)
        if (self.bent & ((economy.capacity > 0).any(axis=1) | economy.harmed)).any():
            raise NumericalError(
                "the utility of a producer or victim is not concave, so its trade-off of cost and use is not "
                "convex"
            )

    @cached_property
    def bent(self) -> NDArray[np.bool_]:
        """Mask of agents whose utility is not concave as stated, (agents,)."""
        bent = np.zeros(len(self.economy.agents), dtype=bool)
        for block in self.economy.utilities:
            bent[block.rows] = block.family.not_concave(**block.parameters)
        return bent

    def value(self, x: Array, y: Array) -> Array:
        """Return `v`, (agents,): `u - C - D`, or a concave transform of u where u itself is not concave."""
        return np.where(self.bent, self.economy.concave_utility(x), self.economy.welfare(x, y))

    @cached_property
    def size(self) -> Array:
        """Value and cost of a typical bundle at the margin, (agents,), utility, > 0: the scale of `v`."""
        economy = self.economy
        amounts = np.tile(self.convex.units, (len(economy.agents), 1))
        stated, ordinal = economy.marginal_utility(amounts), economy.concave_marginal_utility(amounts)
        slopes = np.where(self.bent[:, None], ordinal, stated)
        costs = economy.marginal_cost(amounts)
        each = np.where(np.isfinite(slopes), slopes, 0.0) + np.where(np.isfinite(costs), costs, 0.0)
        if economy.harm is not None:
            each = each + np.abs(economy.harm.marginal(amounts))
        worth = each @ self.convex.units
        return np.where(worth > 0, worth, 1.0)

    @cached_property
    def _welfare(self) -> tuple[Expression, list[Expression]]:
        """The expression of `v`, (agents,), and all constraints of a feasible allocation."""
        import cvxpy  # deferred here and below: takes a second to import

        convex = self.convex
        value, needed = convex.utilities(stated=True)
        if self.bent.any():
            ordinal, more = convex.utilities(stated=False)
            value = cvxpy.multiply(~self.bent, value) + cvxpy.multiply(self.bent, ordinal)
            needed = needed + more
        balance = convex.balance()
        return value - convex.burdens(), [*needed, *convex.limits(), balance]

    @cached_property
    def _parametric(self) -> tuple[Any, Any, Any]:
        """The program with its parameters c and d, compiled when it is first solved."""
        import cvxpy

        welfare, constraints = self._welfare
        c, d = cvxpy.Parameter(2), cvxpy.Parameter(2, nonneg=True)
        far = cvxpy.Variable()
        reached = cvxpy.multiply(1.0 / self.size, welfare) >= c + far * d
        return cvxpy.Problem(cvxpy.Maximize(far), [reached, *constraints]), c, d

    def furthest(self, c: Array, d: Array) -> tuple[Array, Array]:
        """Return the allocation furthest from c in the direction d, both (2,) in units of `size`.

        Raises:
            NumericalError: c cannot be reached, welfare is unbounded, or the solver failed.
        """
        problem, start, direction = self._parametric
        start.value, direction.value = c, d
        solve(problem)
        x, y = self.convex.allocation()
        return fit(self.economy, x, y), y

    def end(self, floor: Array, best: int) -> tuple[Array, Array]:
        """Return agent `best`'s maximum with the other at its floor, and among such maxima the other's."""
        ahead, aside = np.eye(2)[best], np.eye(2)[1 - best]
        top = self.value(*self.furthest(floor, ahead)) / self.size
        return self.furthest(np.where(ahead > 0, top - GIVEN_UP, floor), aside)

    def surplus(self) -> float | None:
        """Return the largest sum of `u - C`, money; None where money cannot move or it is not finite."""
        import cvxpy

        economy = self.economy
        if economy.money is not Money.QUASILINEAR or np.isfinite(economy.budget).any() or self.bent.any():
            return None
        welfare, constraints = self._welfare
        solve(cvxpy.Problem(cvxpy.Maximize(cvxpy.sum(welfare)), constraints))
        x, y = self.convex.allocation()
        most = float(economy.welfare(fit(economy, x, y), y).sum())
        return most if np.isfinite(most) else None
