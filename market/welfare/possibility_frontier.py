"""The utility-possibility frontier of two agents: all that they can have together.

With u_i(x_i) - C_i(y_i) the welfare of agent i, before anybody pays anything, the frontier is the set of
pairs (u_1 - C_1, u_2 - C_2) that feasible allocations reach and none beats: nobody can have more unless the
other has less. An outcome of a mechanism lies on it if it is efficient in goods alone, and below it by what
is wasted. Outcomes in which one agent is ruined can lie on it too, at its ends: efficient is not aligned.

*Which part.* A frontier may have no ends: with log utilities u_2 falls without bound as agent 1 takes the
rest. So each agent is given a floor, the welfare of some bundle and output, and the part where both have at
least that is found. With everybody's endowment as the floor that part is the contract curve.

*How.* Let v_i be u_i - C_i, or for utilities that are not concave as stated a concave transform (efficiency
is ordinal). The pairs (v_1, v_2) that can be had, or less, are a convex set, and its frontier falls and is
concave between its two ends: A, where v_2 is as large as the floor of agent 1 allows (and then v_1 as large
as it can be), and B, the other way round. From points c evenly spread on the chord from A to B the frontier
is sought in the direction d = (B_1 - A_1, A_2 - B_2):

    max r  subject to  v_i(x_i, y_i) >= c_i + r d_i,  (x, y) feasible.

Every point between A and B is found so, for d > 0 and the frontier is concave. Weights w_1 v_1 + w_2 v_2
would miss the inside of straight pieces (linear utilities), and crowd into corners. It is one programme whose
c and d are parameters, so it is compiled once. The pairs reported are recomputed from the allocations.

*Transfers.* Where money is quasilinear and may go negative without limit, it moves welfare one for one: from
the allocation with the largest total surplus S every pair of payoffs with sum S can be reached, and none with
a larger sum. That line touches the frontier where both count the same.

Source: Mas-Colell, Whinston and Green (1995), sections 10.D, 16.E and 16.F; Das and Dennis (1998),
"Normal-boundary intersection", for the search along a chord.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.errors import InputError, NumericalError
from market.outcome import Outcome
from market.welfare.convex_program import ConvexProgram, fit, solve, typical_amounts

Expression = Any

ONE_POINT = 1e-7  # ends closer than this, in units of what a typical bundle adds, are the same point
A_LITTLE = 0.02  # of what there is for each
DEEP, RAISED = (
    6.0,
    1.25,
)  # times the span of the outcomes: how far the floor may be below; by what it is raised
MUCH = 4.0  # times what each makes on average
ROUNDING = 1e-6  # relative: utilities of outcomes closer than this are the same
GIVE = 1e-9  # how much of the best is given up, in the same units, to let the other have its best


@dataclass(frozen=True)
class Frontier:
    """The part of the frontier above two floors, from agent 1's worst to its best.

    Args:
        utilities: (points, 2), u_i - C_i; agent 1's rises, agent 2's falls. One point if nothing is in
            conflict.
        consumption: (points, 2, goods), the allocations behind them.
        production: (points, 2, goods).
        surplus: S, money, the sum of payoffs on the line that transfers reach; None where money cannot move
            freely, or no total surplus is finite.
    """

    utilities: Array
    consumption: Array
    production: Array
    surplus: float | None


def frontier(economy: Economy, x: Array, y: Array, points: int = 41) -> Frontier:
    """The frontier of an economy of two agents, where each has at least the welfare of a bundle.

    Args:
        economy: of two agents.
        x: (2, goods), a bundle for each, units: its floor. They need not be feasible together.
        y: (2, goods), the output that goes with it.
        points: how many to find; at least 2.

    Raises:
        InputError: there are not two agents, or a floor is not finite.
        NumericalError: no allocation reaches both floors, welfare has no limit, or the solver failed.

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
    if len(economy.agents) != 2:
        raise InputError(f"a frontier is drawn for two agents; there are {len(economy.agents)}")
    search = _Search(economy)
    floor = search.value(x, y)
    if not np.isfinite(floor).all():
        raise InputError("a floor of the frontier is not finite; choose a bundle with a finite utility")
    found = _along_the_chord(search, floor / search.size, points)
    return Frontier(
        utilities=np.array([economy.welfare(*each) for each in found]),
        consumption=np.array([x for x, _ in found]),
        production=np.array([y for _, y in found]),
        surplus=search.surplus(),
    )


def floors(economy: Economy, outcomes: Sequence[Outcome]) -> tuple[Array, Array]:
    """Bundles that bound the part of the frontier worth a look: a little of everything, and much to make.

    Lower where an outcome is somewhat lower, so that it can be seen too; not where it is ruin.

    Args:
        economy: of two agents.
        outcomes: what is to be seen beside the frontier.

    Returns:
        x and y, (agents, goods), units, each with a finite welfare.
    """
    most_x = np.max([outcome.consumption for outcome in outcomes], axis=0)
    most_y = np.max([outcome.production for outcome in outcomes], axis=0)
    typical = typical_amounts(economy, most_x, most_y)
    best = np.max([outcome.utilities for outcome in outcomes], axis=0)
    x = np.array([_a_little(economy, typical, outcomes, agent) for agent in range(len(economy.agents))])
    y = np.minimum(MUCH * typical, economy.capacity)
    usual = lowest = economy.welfare(x, y)
    span = np.subtract(best, usual, out=np.zeros_like(best), where=best > usual)
    for outcome in outcomes:
        lower = (outcome.utilities < lowest) & (outcome.utilities >= usual - span)
        x = np.where(lower[:, None], outcome.consumption, x)
        y = np.where(lower[:, None], outcome.production, y)
        lowest = np.where(lower, outcome.utilities, lowest)
    return x, y


def _a_little(economy: Economy, typical: Array, outcomes: Sequence[Outcome], agent: int) -> Array:
    """A bundle of little, yet not so little that all outcomes look alike beside it, (goods,)."""
    seen = np.unique([outcome.utilities[agent] for outcome in outcomes])
    seen = seen[np.isfinite(seen)]
    bundle = A_LITTLE * typical
    if not len(seen) or seen[-1] - seen[0] <= ROUNDING * np.abs(seen).max():
        return bundle
    lowest = float(seen[0]) - DEEP * float(seen[-1] - seen[0])
    while (bundle < typical).all() and economy.utility(np.tile(bundle, (len(economy.agents), 1)))[
        agent
    ] < lowest:
        bundle = RAISED * bundle
    return bundle


def _along_the_chord(search: _Search, floor: Array, points: int) -> Sequence[tuple[Array, Array]]:
    """Allocations on the frontier, from A to B; only one if A and B are the same."""
    first, second = search.end(floor, best=1), search.end(floor, best=0)
    a, b = (search.value(*each) / search.size for each in (first, second))
    if not (np.isfinite(a).all() and np.isfinite(b).all()):
        raise NumericalError("no allocation reaches both floors of the frontier")
    across = np.array([b[0] - a[0], a[1] - b[1]])
    if (across < -ONE_POINT).any():
        raise NumericalError("no allocation reaches both floors of the frontier")
    if (across <= ONE_POINT).any():
        return [first]
    steps = np.linspace(0.0, 1.0, points)[1:-1]
    return [first, *(search.furthest(a + step * (b - a), across) for step in steps), second]


class _Search:
    """One programme: from the welfare pair c as far as possible in the direction d."""

    def __init__(self, economy: Economy) -> None:
        self.economy = economy
        self.programme = ConvexProgram.for_allocation(economy)
        if (self.bent & (economy.capacity > 0).any(axis=1)).any():
            raise NumericalError(
                "a producer's utility is not concave, so its trade-off of cost and use is not convex"
            )

    @cached_property
    def bent(self) -> NDArray[np.bool_]:
        """Whose utility is not concave as stated, (agents,)."""
        bent = np.zeros(len(self.economy.agents), dtype=bool)
        for block in self.economy.utilities:
            bent[block.rows] = block.family.not_concave(**block.parameters)
        return bent

    def value(self, x: Array, y: Array) -> Array:
        """v: u - C, or a concave transform of u where u itself is not concave, (agents,)."""
        return np.where(self.bent, self.economy.concave_utility(x), self.economy.welfare(x, y))

    @cached_property
    def size(self) -> Array:
        """What a typical bundle adds at the margin, or costs to make, (agents,), > 0: the scale of v."""
        economy = self.economy
        amounts = np.tile(self.programme.units, (len(economy.agents), 1))
        stated, ordinal = economy.marginal_utility(amounts), economy.concave_marginal_utility(amounts)
        slopes = np.where(self.bent[:, None], ordinal, stated)
        costs = economy.marginal_cost(amounts)
        each = np.where(np.isfinite(slopes), slopes, 0.0) + np.where(np.isfinite(costs), costs, 0.0)
        worth = each @ self.programme.units
        return np.where(worth > 0, worth, 1.0)

    @cached_property
    def _welfare(self) -> tuple[Expression, list[Expression]]:
        """V as an expression, and every constraint of a feasible allocation."""
        import cvxpy  # deferred here and below: takes a second to import

        programme = self.programme
        value, needed = programme.utilities(stated=True)
        if self.bent.any():
            ordinal, more = programme.utilities(stated=False)
            value = cvxpy.multiply(~self.bent, value) + cvxpy.multiply(self.bent, ordinal)
            needed = needed + more
        balance = programme.balance()
        return value - programme.costs(), [*needed, *programme.limits(), balance]

    @cached_property
    def _parametric(self) -> tuple[Any, Any, Any]:
        """The programme with its parameters c and d, compiled when it is first solved."""
        import cvxpy

        welfare, constraints = self._welfare
        c, d = cvxpy.Parameter(2), cvxpy.Parameter(2, nonneg=True)
        far = cvxpy.Variable()
        reached = cvxpy.multiply(1.0 / self.size, welfare) >= c + far * d
        return cvxpy.Problem(cvxpy.Maximize(far), [reached, *constraints]), c, d

    def furthest(self, c: Array, d: Array) -> tuple[Array, Array]:
        """The allocation furthest from c in the direction d, both in units of `size`.

        Raises:
            NumericalError: c cannot be reached, there is no furthest, or the solver failed.
        """
        problem, start, direction = self._parametric
        start.value, direction.value = c, d
        solve(problem)
        x, y = self.programme.allocation()
        return fit(self.economy, x, y), y

    def end(self, floor: Array, best: int) -> tuple[Array, Array]:
        """The best for one agent with the other at its floor, and among those the best for the other."""
        ahead, aside = np.eye(2)[best], np.eye(2)[1 - best]
        top = self.value(*self.furthest(floor, ahead)) / self.size
        return self.furthest(np.where(ahead > 0, top - GIVE, floor), aside)

    def surplus(self) -> float | None:
        """The largest sum of u - C, money; None where money cannot move freely or no sum is finite."""
        import cvxpy

        economy = self.economy
        if economy.money is not Money.QUASILINEAR or np.isfinite(economy.budget).any() or self.bent.any():
            return None
        welfare, constraints = self._welfare
        solve(cvxpy.Problem(cvxpy.Maximize(cvxpy.sum(welfare)), constraints))
        x, y = self.programme.allocation()
        most = float(economy.welfare(fit(economy, x, y), y).sum())
        return most if np.isfinite(most) else None
