"""Convex programmes over the allocations of an economy, written once for all who solve one.

Variables: x (agents, goods) consumption and y (agents, goods) production, both >= 0, y up to capacity. The
planner maximises a weighted sum of utilities over them, a self-sufficient agent its own, and the judges
look for reallocations that nobody dislikes. Each states its objective and constraints; utilities, costs and
units are written here.

The solver's tolerances are absolute, so it must see numbers around one, in whatever units an economy is
written. Amounts are counted good by good in units of what is plausible, x = units * (its variable), and
utilities and costs, with what is added to hold them up, are written for those counts. An objective is divided
by what is at stake (`ConvexProgram.at_stake`).

Solved by cvxpy with Clarabel, an interior-point method; whoever uses an answer recomputes what it claims.
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

Expression = Any

NEGLIGIBLE = 1e-9  # of a typical amount: netputs up to here are the solver's rounding
LARGEST = 300_000  # amounts, agents times goods: a programme of that size takes half a minute and 2 GB
FAR = 1e7  # units of what is plausible: a capacity beyond does not bind, and its row would only do harm
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
)


def too_large(economy: Economy) -> bool:
    """Whether a convex programme over the allocations of an economy would take too long."""
    agents, goods = economy.shape
    return agents * goods > LARGEST


def refuse_large(economy: Economy) -> None:
    """See that a convex programme over the allocations of an economy can be solved.

    Raises:
        NumericalError: it cannot.
    """
    if too_large(economy):
        agents, goods = economy.shape
        raise NumericalError(
            f"the convex programme over {agents} agents and {goods} goods is too large to be solved"
        )


@dataclass(frozen=True)
class Solution:
    """An answer of the solver: x and y (agents, goods), prices (goods,), and the value of the objective."""

    consumption: Array
    production: Array
    prices: Array
    value: float


@dataclass(frozen=True)
class ConvexProgram:
    """The variables and constraints that every programme over an economy has in common.

    Args:
        economy: the primitives.
        units: (goods,), a typical amount of each good, > 0.
    """

    economy: Economy
    units: Array

    @classmethod
    def for_allocation(
        cls, economy: Economy, x: Array | None = None, y: Array | None = None, weights: Array | None = None
    ) -> ConvexProgram:
        """Return a program in units of what is typical of an allocation (by default one of nothing)."""
        nothing = np.zeros(economy.shape)
        x, y = nothing if x is None else x, nothing if y is None else y
        return cls(economy, typical_amounts(economy, x, y, weights))

    @cached_property
    def x(self) -> Expression:
        """Consumption, (agents, goods), units of each good; 0 where a good is not wanted."""
        return self._in_units(self._free_x)

    @cached_property
    def y(self) -> Expression:
        """Production, (agents, goods), units of each good; 0 where a good cannot be made."""
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
        """Netputs of technologies, (agents, goods), 0 for others, in units of `units`."""
        concerned = np.zeros(self.economy.shape, dtype=bool)
        for block in self.economy.technologies:
            family, parameters = block.family, block.parameters
            concerned[block.rows] = family.makes(**parameters) | family.uses(**parameters)
        return self._where(concerned, nonneg=False)

    def _where(self, allowed: NDArray[np.bool_], *, nonneg: bool = True) -> Expression:
        """A variable for each allowed pair, put into an (agents, goods) expression; None if there is none."""
        import cvxpy  # deferred here and below: a second to import, and only programmes need it

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
        """What is consumed beyond what is made, (goods,), in units of `units`."""
        import cvxpy

        return cvxpy.sum(self._free_x - self._free_y, axis=0)

    def balance(self, share: Expression | float = 1.0) -> Expression:
        """Return the constraint that a share of the resources is enough; its multipliers are prices."""
        return self.net_use() <= share * (self.economy.resources / self.units)

    def limits(self) -> list[Expression]:
        """Production within capacity and technologies, and the constraints that hold costs down."""
        limit = self.economy.capacity / self.units
        bound = (limit <= FAR) & (limit > 0)
        held = [self._free_y[bound] <= limit[bound]] if bound.any() else []
        for block in self.economy.technologies:
            counted = block.family.in_units(self.units, **block.parameters)
            held += block.family.convex(self._free_y[block.rows], **counted)
        return held + self._costs[1]

    def utilities(
        self, *, stated: bool, counted: NDArray[np.bool_] | None = None
    ) -> tuple[Expression, list[Expression]]:
        """u_i, (agents,), and the constraints that hold it up.

        Args:
            stated: u itself, which must be concave; else its concave transform.
            counted: for whom; 0 for the others, who need not have what is vital to them. Default: all.
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
            with np.errstate(over="ignore"):  # of what can be made without end; the solver refuses it
                value, needed = expression(self._free_x[rows], unit=self.units, **parameters)
            constraints += needed
            total = total + _spread(rows, len(agents)) @ value
        return total, constraints

    def at_stake(self) -> Array:
        """What one unit of each good is worth to each agent at the margin, or costs it, (agents,), > 0.

        Beyond subsistence, in utility: a size for objectives that changes with the unit of utility.
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
        """C_i, (agents,), money; a minimiser needs the `limits` for it."""
        return self._costs[0]

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
        attempts: Sequence[int] = (0, 1, 2),
    ) -> Solution:
        """Maximise, and read off the allocation.

        Args:
            objective: to be maximised; a scalar.
            constraints: all of them except `balance`.
            balance: the constraint whose multipliers are the goods' prices.
            attempts: which of the solver's `SETTINGS` to try until one does not fail.

        Raises:
            NumericalError: the solver found no answer; says what it said.
        """
        import cvxpy

        problem = cvxpy.Problem(cvxpy.Maximize(objective), [*constraints, balance])
        solve(problem, attempts)
        multipliers = np.asarray(balance.dual_value, dtype=float)
        return Solution(*self.allocation(), multipliers / self.units, float(problem.value))

    def allocation(self) -> tuple[Array, Array]:
        """Consumption and production, (agents, goods), as the programme was solved last."""
        x = np.maximum(np.asarray(self._free_x.value), 0.0) * self.units
        y = np.asarray(self._free_y.value) * self.units
        bounded = np.clip(y, 0.0, self.economy.capacity)
        for block in self.economy.technologies:  # a bit of an input made is none used
            makes, uses = (of(**block.parameters) for of in (block.family.makes, block.family.uses))
            own = np.where(makes, y[block.rows], np.minimum(y[block.rows], 0.0))
            own = np.where(uses, own, np.maximum(own, 0.0))
            own = np.where((np.abs(own) <= NEGLIGIBLE * self.units).all(axis=1, keepdims=True), 0.0, own)
            beyond = np.minimum(block.family.slack(own, **block.parameters), 0.0)
            bounded[block.rows] = np.where(own > 0, own * np.maximum(1.0 + beyond, 0.0)[:, None], own)
        return x, bounded


def solve(problem: Any, attempts: Sequence[int] = (0, 1, 2)) -> None:
    """Solve a cvxpy problem, which then holds the answer.

    Args:
        problem: a `cvxpy.Problem`.
        attempts: which of the solver's `SETTINGS` to try until one does not fail.

    Raises:
        NumericalError: the solver found no answer; says what it said.
        InfeasibleError: it found that there is none.
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
                    "the convex programme was not solved: some utility or cost is beyond the largest number"
                ) from wrong
    if problem.status not in ("optimal", "optimal_inaccurate"):
        said = problem.status or "in numerical trouble"
        error = InfeasibleError if problem.status == "infeasible" else NumericalError
        raise error(f"the convex programme was not solved: it is {said}")


def _spread(rows: Any, agents: int) -> Any:
    """The matrix that puts a block's values into the rows of all agents."""
    positions = np.arange(agents)[rows]
    ones = np.ones(len(positions))
    return scipy.sparse.csr_matrix(
        (ones, (positions, np.arange(len(positions)))), shape=(agents, len(positions))
    )


def typical_amounts(economy: Economy, x: Array, y: Array, weights: Array | None = None) -> Array:
    """An amount of each good of the size of what one agent has, or would make, (goods,), > 0.

    What is there may be tiny next to what can be made, and capacities huge next to what is wanted: of goods
    that can be made at a cost, the amount at which the largest marginal utility falls to the least marginal
    cost, no less than what is there, no more than can be had; of products of technologies what all that is
    there would give (`plenty`). A good that is not there, and not worth its cost, has no amount of its own:
    then what costs as much as the others are worth on average, or one unit of money.

    Args:
        economy: the primitives.
        x: (agents, goods), consumption.
        y: (agents, goods), production.
        weights: (agents,), what utilities and costs count; 1 by default.
    """
    counted = np.ones(len(economy.agents)) if weights is None else weights
    agents = len(economy.agents)
    there = plenty(economy, np.maximum(economy.offered(y), economy.taken(x, y))) / agents
    limit = economy.capacity.sum(axis=0) / agents
    amounts, known = np.where(there > 0, there, 1.0), there > 0
    amounts = _of_a_value(economy, amounts, known, limit, counted)
    for _ in range(2):  # what a good is worth depends on the others
        before, amounts = amounts, amounts.copy()
        for good in np.flatnonzero(limit > 0):
            meets = _where_worth_meets_cost(economy, amounts, int(good), counted)
            if meets is not None:
                amounts[good] = min(max(meets, there[good]), there[good] + limit[good])
                known[good] = True
    # Complements of which none is worth its cost have no such amounts: each time they meet nearer to 0.
    known &= (there > 0) | (amounts >= ASTRAY * before)
    return _of_a_value(economy, amounts, known, limit, counted)


SWEEPS = 100  # of amounts through products that need each other
ENDLESS = 1e100  # an amount that stands for one that is not known yet


def plenty(economy: Economy, there: Array) -> Array:
    """There, (goods,), and what technologies can make if each is given all there is of its inputs.

    A size for each good that changes with its unit. Products are made of products, so amounts are passed on
    until they settle, from above: m = there + max_j F_j(m). Where they do not, or nothing can be made, what
    is there.
    """
    if not economy.technologies:
        return there
    makes = np.zeros(len(there), dtype=bool)
    for block in economy.technologies:
        makes |= block.family.makes(**block.parameters).any(axis=0)
    amounts = np.where(makes, ENDLESS, there)
    for _ in range(SWEEPS):
        made = np.zeros_like(there)
        for block in economy.technologies:
            outputs = block.family.plenty(amounts, **block.parameters)
            made = np.maximum(made, outputs.max(axis=0, initial=0.0))
        before, amounts = amounts, np.minimum(there + made, ENDLESS)
        settled = np.abs(amounts - before) <= 0.1 * before
        if settled.all():
            break
    return np.where(settled & (amounts < ENDLESS), amounts, there)


ASTRAY = 1e-3  # of the amount before: what falls so far is not near to where worth meets cost
DECADES = 40.0  # within so many powers of ten of 1 amounts are looked for


def _of_a_value(
    economy: Economy, amounts: Array, known: NDArray[np.bool_], limit: Array, weights: Array
) -> Array:
    """The amounts, with those that are not known such that they cost what the known are worth on average."""
    value, amounts = _value(economy, amounts, known, weights), amounts.copy()
    for good in np.flatnonzero((limit > 0) & ~known):
        amounts[good] = min(_costing(economy, value, int(good), weights), limit[good])
    return amounts


def _value(economy: Economy, amounts: Array, known: NDArray[np.bool_], weights: Array) -> float:
    """What a known amount is worth on average, at the margin where it is worth most; 1 if none is known."""
    slopes = economy.marginal_utility(np.tile(amounts, (len(economy.agents), 1)))
    slopes = weights[:, None] * np.where(np.isfinite(slopes), slopes, 0.0)
    worth = np.where(known, slopes.max(axis=0) * amounts, 0.0)
    return float(worth[worth > 0].mean()) if (worth > 0).any() else 1.0


def _costing(economy: Economy, value: float, good: int, weights: Array) -> float:
    """The amount of a good that is worth so much at the least marginal cost; 1 if none is."""
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
    """10 to the least power, within `DECADES`, that is beyond something; right to a tenth or so."""
    low, high = -DECADES, DECADES
    while high - low > 0.05:
        middle = (low + high) / 2.0
        low, high = (low, middle) if beyond(middle) else (middle, high)
    return float(10.0**low)


def _where_worth_meets_cost(economy: Economy, amounts: Array, good: int, weights: Array) -> float | None:
    """The amount of a good for each agent at which nobody pays for more; None without one between bounds.

    Right to a tenth of its size or so.
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
    """Scale consumption of each good down to what there is, (agents, goods): undoes rounding errors."""
    there = np.maximum(economy.resources + y.sum(axis=0), 0.0)
    used = x.sum(axis=0)
    return x * np.where(used > there, np.divide(there, used, out=np.ones_like(used), where=used > 0), 1.0)
