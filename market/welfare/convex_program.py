"""Convex programs over the allocations of an economy: variables, constraints, units and solver in one place.

Variables: consumption `x` and production `y`, both (agents, goods), units, `x >= 0`, `0 <= y <= K`; netputs
of technologies may be negative. The planner maximises a weighted sum of utilities, a self-sufficient agent
its own utility, and the report on efficiency looks for Pareto improvements. Each states its own objective and
constraints; utilities, costs and units are written here.

The solver's tolerances are absolute, so its numbers must be around one in whatever units an economy is
written. Amounts are counted good by good in units of a typical amount, `x = units * variable`, and utilities
and costs, with the constraints that bound them, are written for those counts. An objective is divided by the
value of one unit of every good (`ConvexProgram.at_stake`).

Solved by cvxpy with Clarabel, an interior-point method. Callers recompute from the primitives what an answer
claims.
"""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import scipy
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.errors import InfeasibleError, NumericalError
from market.tolerances import NEGLIGIBLE_AMOUNT, PLENTY

Expression = Any

LARGEST_PROGRAM = 300_000
"""Amounts, agents times goods: a program of that size takes half a minute and 2 GB."""

LOOSE_CAPACITY = 1e7
"""Typical amounts: a larger capacity does not bind, and its row would spoil the scale of the others."""

PASSES_THROUGH_PRODUCTS = 100
"""Passes of amounts through products that are inputs of each other, until they settle."""

VANISHING = 1e-3
"""Share of the amount before: a typical amount that falls below it in one pass goes to 0, and is not the
amount at which worth meets cost."""

DECADES = 40.0
"""Typical amounts are looked for within so many powers of ten of one unit."""

_SHARP = {"tol_gap_abs": 1e-12, "tol_gap_rel": 1e-12, "tol_feas": 1e-12, "max_iter": 200}
SETTINGS: tuple[dict[str, Any], ...] = (
    _SHARP,
    {**_SHARP, "equilibrate_enable": False},
    {
        **_SHARP,
        "iterative_refinement_abstol": 1e-15,
        "iterative_refinement_reltol": 1e-15,
        "iterative_refinement_max_iter": 50,
    },
    {**_SHARP, "min_switch_step_length": 1e-3},  # few logarithms, many capacities: first steps are short
)


def too_large(economy: Economy) -> bool:
    """Return True if a convex program over the allocations of an economy would take too long."""
    agents, goods = economy.shape
    return agents * goods > LARGEST_PROGRAM


def refuse_large(economy: Economy) -> None:
    """Refuse an economy whose allocations are too many for a convex program.

    Raises:
        NumericalError: it has more than `LARGEST_PROGRAM` amounts.
    """
    if too_large(economy):
        agents, goods = economy.shape
        raise NumericalError(
            f"the convex program over {agents} agents and {goods} goods is too large to be solved"
        )


@dataclass(frozen=True)
class Solution:
    """Allocation and prices that a solver reports; callers recompute what they claim.

    Args:
        consumption: (agents, goods), x, units.
        production: (agents, goods), y, units.
        prices: (goods,), p, objective per unit.
        value: of the objective.
    """

    consumption: Array
    production: Array
    prices: Array
    value: float


@dataclass(frozen=True)
class ConvexProgram:
    """Variables and constraints that all programs over an economy have in common.

    Args:
        economy: the primitives.
        units: (goods,), a typical amount of each good, units, > 0.
    """

    economy: Economy
    units: Array

    @classmethod
    def for_allocation(
        cls, economy: Economy, x: Array | None = None, y: Array | None = None, weights: Array | None = None
    ) -> ConvexProgram:
        """Return a program in units of the typical amounts of an allocation (by default an empty one)."""
        nothing = np.zeros(economy.shape)
        x, y = nothing if x is None else x, nothing if y is None else y
        return cls(economy, typical_amounts(economy, x, y, weights))

    @cached_property
    def x(self) -> Expression:
        """Consumption as an expression, (agents, goods), units; 0 where a good is not wanted."""
        return self._in_units(self._free_x)

    @cached_property
    def y(self) -> Expression:
        """Production as an expression, (agents, goods), units; 0 where a good cannot be made."""
        return self._in_units(self._free_y)

    @cached_property
    def _free_x(self) -> Expression:
        return self._where(self.economy.bliss > 0)

    @cached_property
    def _free_y(self) -> Expression:
        at_a_cost = self._where(self.economy.capacity > 0)
        return at_a_cost + self._netputs if self.economy.technologies else at_a_cost

    @cached_property
    def _netputs(self) -> Expression:
        """Netputs of technologies, (agents, goods), in `units`; 0 for other agents."""
        concerned = np.zeros(self.economy.shape, dtype=bool)
        for block in self.economy.technologies:
            family, parameters = block.family, block.parameters
            concerned[block.rows] = family.makes(**parameters) | family.uses(**parameters)
        return self._where(concerned, nonneg=False)

    def _where(self, allowed: NDArray[np.bool_], *, nonneg: bool = True) -> Expression:
        """Return an (agents, goods) expression with one variable for each allowed pair, and 0 elsewhere."""
        import cvxpy  # deferred here and below: takes a second to import, and only programs need it

        places = np.flatnonzero(allowed)
        if not len(places):
            return cvxpy.Constant(np.zeros(allowed.shape))
        free = cvxpy.Variable(len(places), nonneg=nonneg)
        ones = (np.ones(len(places)), (places, np.arange(len(places))))
        scatter = scipy.sparse.csr_matrix(ones, shape=(allowed.size, len(places)))
        return cvxpy.reshape(scatter @ free, allowed.shape, order="C")

    def _in_units(self, scaled: Expression) -> Expression:
        return scaled @ scipy.sparse.diags(self.units)

    def net_use(self) -> Expression:
        """Return consumption minus production as an expression, (goods,), in `units`."""
        import cvxpy

        return cvxpy.sum(self._free_x - self._free_y, axis=0)

    def balance(self, share: Expression | float = 1.0) -> Expression:
        """Return the constraint that net use is within a share of resources; its multipliers are prices."""
        return self.net_use() <= share * (self.economy.resources / self.units)

    def limits(self) -> list[Expression]:
        """Return the constraints of capacity and technologies, and those that bound `burdens` from below."""
        limit = self.economy.capacity / self.units
        bound = (limit <= LOOSE_CAPACITY) & (limit > 0)
        held = [self._free_y[bound] <= limit[bound]] if bound.any() else []
        for block in self.economy.technologies:
            counted = block.family.in_units(self.units, **block.parameters)
            held += block.family.convex(self._free_y[block.rows], **counted)
        return held + self._costs[1] + (self._harm[1] if self._harm else [])

    def utilities(
        self, *, stated: bool, counted: NDArray[np.bool_] | None = None
    ) -> tuple[Expression, list[Expression]]:
        """Return `u_i` as an expression, (agents,), and the constraints that bound it from above.

        Args:
            stated: True for `u_i` itself, which must be concave; False for its concave transform.
            counted: (agents,), agents whose utility is returned, by default all; the others have 0, and may
                be below subsistence.
        """
        total: Expression = np.zeros(len(self.economy.agents))
        constraints: list[Expression] = []
        agents = np.arange(len(self.economy.agents))
        for block in self.economy.utilities:
            chosen = np.ones(block.size, dtype=bool) if counted is None else counted[block.rows]
            if not chosen.any():
                continue
            rows = agents[block.rows][chosen]
            parameters = {key: array[chosen] for key, array in block.parameters.items()}
            expression = block.family.stated if stated else block.family.concave
            with np.errstate(over="ignore"):  # an unbounded amount overflows; the solver refuses it
                value, needed = expression(self._free_x[rows], unit=self.units, **parameters)
            constraints += needed
            total = total + _spread(rows, len(agents)) @ value
        return total, constraints

    def at_stake(self) -> Array:
        """Return the value to each agent of one of `units` of every good, (agents,), utility, > 0.

        At the margin just above subsistence; for an agent that wants nothing, the cost of making them. A
        scale for objectives that changes with the unit of utility.
        """
        economy = self.economy
        slopes = economy.marginal_utility(economy.subsistence + self.units)
        costs = economy.marginal_cost(np.minimum(self.units, economy.capacity))
        worth = np.where(np.isfinite(slopes), slopes, 0.0) @ self.units
        asked = np.where(np.isfinite(costs) & (economy.capacity > 0), costs, 0.0) @ self.units
        known = np.where(worth > 0, worth, asked)
        some = known[known > 0]
        return np.where(known > 0, known, some.mean() if len(some) else 1.0)

    def costs(self) -> Expression:
        """Return `C_i` as an expression, (agents,), money; `limits` bounds it from below."""
        return self._costs[0]

    def burdens(self) -> Expression:
        """Return `C_i + D_i`, own costs and harm by others, as an expression, (agents,), money."""
        return self.costs() + self._harm[0] if self._harm else self.costs()

    @cached_property
    def _harm(self) -> tuple[Expression, list[Expression]] | None:
        """Harm, (agents,), money, with what it needs; None without any.

        Total output is a variable of its own, so that a victim's harm has two terms and not one a producer.
        """
        import cvxpy

        harm = self.economy.harm
        if harm is None:
            return None
        made, rows = cvxpy.Variable((1, len(self.units))), np.flatnonzero(harm.victims)
        others = np.ones((len(rows), 1)) @ made - self._free_y[rows]  # in `units`
        lost = cvxpy.sum(cvxpy.multiply(harm.rate[rows] * self.units, others), axis=1)
        if harm.slope.any():
            half = harm.slope[rows] * np.square(self.units) / 2.0
            lost = lost + cvxpy.sum(cvxpy.multiply(half, cvxpy.square(others)), axis=1)
        whole = made == cvxpy.sum(self._free_y, axis=0, keepdims=True)
        return _spread(rows, len(self.economy.agents)) @ lost, [whole]

    @cached_property
    def _costs(self) -> tuple[Expression, list[Expression]]:
        total: Expression = np.zeros(len(self.economy.agents))
        constraints: list[Expression] = []
        for block in self.economy.costs:
            value, needed = block.family.convex(self._free_y[block.rows], unit=self.units, **block.parameters)
            constraints += needed
            total = total + _spread(block.rows, len(self.economy.agents)) @ value
        return total, constraints

    def solve(
        self,
        objective: Expression,
        constraints: list[Expression],
        balance: Expression,
        attempts: Sequence[int] = range(len(SETTINGS)),
    ) -> Solution:
        """Maximise an objective, and return the allocation with its prices.

        Args:
            objective: a scalar expression.
            constraints: all except `balance`.
            balance: the constraint whose multipliers are the prices of goods.
            attempts: indices of the solver's `SETTINGS`, tried in turn until one does not fail.

        Raises:
            NumericalError: the solver found no answer; the message has its status.
        """
        import cvxpy

        problem = cvxpy.Problem(cvxpy.Maximize(objective), [*constraints, balance])
        solve(problem, attempts)
        multipliers = np.asarray(balance.dual_value, dtype=float)
        return Solution(*self.allocation(), multipliers / self.units, float(problem.value))

    def allocation(self) -> tuple[Array, Array]:
        """Return consumption and production, (agents, goods), units, of the last problem solved."""
        x = np.maximum(np.asarray(self._free_x.value), 0.0) * self.units
        y = np.asarray(self._free_y.value) * self.units
        bounded = np.clip(y, 0.0, self.economy.capacity)
        for block in self.economy.technologies:  # an input produced by rounding is not used
            makes, uses = (of(**block.parameters) for of in (block.family.makes, block.family.uses))
            own = np.where(makes, y[block.rows], np.minimum(y[block.rows], 0.0))
            own = np.where(uses, own, np.maximum(own, 0.0))
            own = np.where(
                (np.abs(own) <= NEGLIGIBLE_AMOUNT * self.units).all(axis=1, keepdims=True), 0.0, own
            )
            beyond = np.minimum(block.family.slack(own, **block.parameters), 0.0)
            bounded[block.rows] = np.where(own > 0, own * np.maximum(1.0 + beyond, 0.0)[:, None], own)
        return x, bounded


def solve(problem: Any, attempts: Sequence[int] = range(len(SETTINGS))) -> None:
    """Solve a cvxpy problem in place: its variables then have the values of the answer.

    Args:
        problem: a `cvxpy.Problem`.
        attempts: indices of the solver's `SETTINGS`, tried in turn until one does not fail.

    Raises:
        NumericalError: the solver found no answer; the message has its status.
        InfeasibleError: the solver found that the problem has none.
    """
    import cvxpy

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "may be inaccurate": every claim is recomputed by the caller
        for attempt in attempts:
            try:
                problem.solve(solver=cvxpy.CLARABEL, **SETTINGS[attempt])
                break
            except cvxpy.SolverError:
                continue
            except ValueError as wrong:  # raised for data that are not numbers
                raise NumericalError(
                    "the convex program was not solved: some utility or cost is beyond the largest number"
                ) from wrong
    if problem.status not in ("optimal", "optimal_inaccurate"):
        said = problem.status or "in numerical trouble"
        error = InfeasibleError if problem.status == "infeasible" else NumericalError
        raise error(f"the convex program was not solved: it is {said}")


def _spread(rows: Any, agents: int) -> Any:
    """Return the matrix, (agents, rows), that places values of a block's rows among all agents."""
    positions = np.arange(agents)[rows]
    ones = np.ones(len(positions))
    return scipy.sparse.csr_matrix(
        (ones, (positions, np.arange(len(positions)))), shape=(agents, len(positions))
    )


def typical_amounts(economy: Economy, x: Array, y: Array, weights: Array | None = None) -> Array:
    """Return a typical amount of each good for one agent, (goods,), units, > 0.

    Resources may be tiny next to possible output, and capacities huge next to demand. So, for each agent:

    - of a good that can be made at a cost, the amount at which the largest marginal utility falls to the
      least marginal cost, at least the resources and at most these with all capacity;
    - of a product of technologies, the output from all resources (`plenty`);
    - of another good, the resources;
    - of a good that is absent and not worth its cost, the amount that costs as much as the others are worth
      on average, or one unit of money.

    Args:
        economy: the primitives.
        x: (agents, goods), consumption.
        y: (agents, goods), production.
        weights: (agents,), welfare weights of utilities and costs; 1 by default.
    """
    counted = np.ones(len(economy.agents)) if weights is None else weights
    agents = len(economy.agents)
    there = plenty(economy, np.maximum(economy.offered(y), economy.taken(x, y))) / agents
    limit = economy.capacity.sum(axis=0) / agents
    amounts, known = np.where(there > 0, there, 1.0), there > 0
    amounts = _of_a_value(economy, amounts, known, limit, counted)
    for _ in range(2):  # the worth of a good depends on the others
        before, amounts = amounts, amounts.copy()
        for good in np.flatnonzero(limit > 0):
            meets = _where_worth_meets_cost(economy, amounts, int(good), counted)
            if meets is not None:
                amounts[good] = min(max(meets, there[good]), there[good] + limit[good])
                known[good] = True
    # Complements that are not worth their costs have no such amounts: each pass finds them nearer to 0.
    known &= (there > 0) | (amounts >= VANISHING * before)
    return _of_a_value(economy, amounts, known, limit, counted)


def plenty(economy: Economy, there: Array) -> Array:
    """Return the largest amounts, (goods,), that technologies can make, each from all there is of its inputs.

    A scale for each good that changes with its unit. Products may be made of products, so amounts are
    iterated from above until they settle: `m = there + max_j F_j(m)`. Where they do not settle, or
    no technology makes the good, the result is `there`.

    Args:
        economy: the primitives.
        there: (goods,), units, amounts without technologies.
    """
    if not economy.technologies:
        return there
    makes = np.zeros(len(there), dtype=bool)
    for block in economy.technologies:
        makes |= block.family.makes(**block.parameters).any(axis=0)
    amounts = np.where(makes, PLENTY, there)
    for _ in range(PASSES_THROUGH_PRODUCTS):
        made = np.zeros_like(there)
        for block in economy.technologies:
            outputs = block.family.plenty(amounts, **block.parameters)
            made = np.maximum(made, outputs.max(axis=0, initial=0.0))
        before, amounts = amounts, np.minimum(there + made, PLENTY)
        settled = np.abs(amounts - before) <= 0.1 * before
        if settled.all():
            break
    return np.where(settled & (amounts < PLENTY), amounts, there)


def _of_a_value(
    economy: Economy, amounts: Array, known: NDArray[np.bool_], limit: Array, weights: Array
) -> Array:
    """Replace unknown amounts, (goods,), by those that cost as much as the known are worth on average."""
    value, amounts = _value(economy, amounts, known, weights), amounts.copy()
    for good in np.flatnonzero((limit > 0) & ~known):
        amounts[good] = min(_costing(economy, value, int(good), weights), limit[good])
    return amounts


def _value(economy: Economy, amounts: Array, known: NDArray[np.bool_], weights: Array) -> float:
    """Return the mean worth of known amounts, each to the agent that values it most; 1 if none is known."""
    slopes = economy.marginal_utility(np.tile(amounts, (len(economy.agents), 1)))
    slopes = weights[:, None] * np.where(np.isfinite(slopes), slopes, 0.0)
    worth = np.where(known, slopes.max(axis=0) * amounts, 0.0)
    return float(worth[worth > 0].mean()) if (worth > 0).any() else 1.0


def _costing(economy: Economy, value: float, good: int, weights: Array) -> float:
    """Return the amount of a good whose value at the least marginal cost is `value`; 1 if none has it."""
    makes = (economy.capacity[:, good] > 0) & (weights > 0)
    if not makes.any():
        return 1.0

    def dearer(power: float) -> bool:
        each = np.zeros(economy.shape)
        each[:, good] = np.minimum(10.0**power, economy.capacity[:, good])
        costs = weights[makes] * economy.marginal_cost(each)[makes, good]
        return bool(10.0**power * costs.min() > value)

    with np.errstate(over="ignore", under="ignore"):
        return _halved(dearer) if dearer(DECADES) else 1.0


def _halved(beyond: Callable[[float], bool]) -> float:
    """Return 10 to the least power, within `DECADES`, for which `beyond` is true; right to about a tenth."""
    low, high = -DECADES, DECADES
    while high - low > 0.05:
        middle = (low + high) / 2.0
        low, high = (low, middle) if beyond(middle) else (middle, high)
    return float(10.0**low)


def _where_worth_meets_cost(economy: Economy, amounts: Array, good: int, weights: Array) -> float | None:
    """Return the amount of a good for each agent at which its worth falls to its cost.

    Right to about a tenth. None where the two do not meet within `DECADES`.
    """
    counts = weights > 0

    def worth_more(power: float) -> bool:
        each = np.tile(amounts, (len(economy.agents), 1))
        each[:, good] = 10.0**power
        slopes = economy.marginal_utility(each)[:, good]
        costs = economy.marginal_cost(np.minimum(each, economy.capacity))[:, good]
        makes = (economy.capacity[:, good] > 0) & counts
        least = (weights[makes] * costs[makes]).min(initial=np.inf)
        return bool((weights[counts] * slopes[counts]).max() > least)

    with np.errstate(over="ignore", under="ignore"):
        if not worth_more(-DECADES) or worth_more(DECADES):
            return None
        return _halved(lambda power: not worth_more(power))


def fit(economy: Economy, x: Array, y: Array) -> Array:
    """Scale consumption, (agents, goods), of each good down to what there is: undoes rounding errors."""
    there = np.maximum(economy.resources + y.sum(axis=0), 0.0)
    used = x.sum(axis=0)
    return x * np.where(used > there, np.divide(there, used, out=np.ones_like(used), where=used > 0), 1.0)
