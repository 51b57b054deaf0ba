"""Cost families: the cost of making goods, and a producer's supply at prices.

Symbols: y (agents, goods) production; p (goods,) prices; c (agents, goods) unit costs, inf where the agent
cannot make the good; K (agents, goods) capacities; k (agents, goods) slopes; a (agents, goods) exponents.
Offers in steps have symbols of their own (`step_functions.py`).

A price-taking producer maximises `p.y - C(y)`. Costs are sums over goods, so each good is decided alone:
supply equates marginal cost and price, cut at 0 and at capacity. Where marginal cost is constant, supply at
`p = c` is any amount up to capacity: an interval. `indifference_prices` gives the prices at which that
happens, so that an auctioneer can announce such a price exactly instead of approaching it.

To add one: a class here, derived from `Cost`, and its name in `COSTS`.

Source: Mas-Colell, Whinston and Green (1995), section 5.C.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array, Correspondence
from market.economy.families import step_functions
from market.economy.families.arithmetic import Expression, Held, Unit, sum_by_agent
from market.registry import Family, Parameter, Registry
from market.tolerances import ROUNDING_OF_SUMS, TIED

PRICE_STEP = 4e-15  # relative to the price: nearer prices are equal up to rounding
UNRESOLVED = 1e-10  # share of a supply that rounding of prices may change before it counts as an interval


class Cost(Family):
    """Base of the cost families: pure functions of parameters that every producer has for each good."""

    parameters: ClassVar[dict[str, Parameter]]

    @staticmethod
    def value(y: Array, **parameters: Array) -> Array:
        """Return `C(y)`, (agents,), money; inf beyond capacity."""
        raise NotImplementedError

    @staticmethod
    def marginal(y: Array, **parameters: Array) -> Array:
        """Return `dC/dy_g`, (agents, goods), money per unit; inf where the good cannot be made."""
        raise NotImplementedError

    @classmethod
    def marginal_of_last(cls, y: Array, **parameters: Array) -> Array:
        """Return the cost of the last unit, (agents, goods): `marginal` unless C bends at y."""
        return cls.marginal(y, **parameters)

    @classmethod
    def constant_steps(cls, **parameters: Array) -> tuple[Array, Array]:
        """Return constant costs and their amounts, (agents, goods, steps) each; nan where there is none."""
        return cls.indifference_prices(**parameters)[..., None], cls.limit(**parameters)[..., None]

    @staticmethod
    def nearest_end(y: Array, within: Array, **parameters: Array) -> Array:
        """Return outputs put to a kink no farther away than `within`, (goods,); y where there is none."""
        return y

    @classmethod
    def limited_to(cls, most: Array, **parameters: Array) -> dict[str, Array]:
        """Return parameters with outputs limited to `most`, (agents, goods), besides."""
        return parameters | {"capacity": np.minimum(parameters["capacity"], most)}

    @classmethod
    def faults(cls, **parameters: Array) -> list[tuple[int, str]]:
        """List rows of the block whose parameters are not admissible together, each with the reason."""
        return []

    @staticmethod
    def supply(p: Array, **parameters: Array) -> Correspondence:
        """Return the outputs that maximise `p.y - C(y)`, (agents, goods); inf where none is largest."""
        raise NotImplementedError

    @staticmethod
    def flat(**parameters: Array) -> NDArray[np.bool_]:
        """Return a mask, (agents, goods): True where marginal cost is constant."""
        raise NotImplementedError

    @classmethod
    def indifference_prices(cls, **parameters: Array) -> Array:
        """Return prices at which supply is an interval, (agents, goods); nan where there is none.

        (agents, goods, steps) for families with several such prices.
        """
        constant = cls.flat(**parameters) & (cls.limit(**parameters) > 0)
        return np.where(constant, parameters["unit_cost"], np.nan)

    @classmethod
    def limit(cls, **parameters: Array) -> Array:
        """Return the largest output, (agents, goods): the capacity, or 0 where no unit cost is given."""
        return np.where(np.isfinite(parameters["unit_cost"]), parameters["capacity"], 0.0)

    @staticmethod
    def convex(y: Expression, *, unit: Unit = 1.0, **parameters: Array) -> Held:
        """Return `C` as a cvxpy expression, (agents,), for `0 <= y <= limit`, and the constraints it needs.

        Args:
            y: (agents, goods), counted in `unit`: outputs are unit * y.
            unit: (goods,), an amount of each good.
            parameters: the family's.
        """
        raise NotImplementedError


def _up_to(limit: Array, y: Array, total: Array) -> Array:
    """Return total costs, (agents,), with inf where output exceeds its limit."""
    return np.where((y > limit).any(axis=1), np.inf, total)


def _finite(unit_cost: Array) -> Array:
    """Return unit costs with 0 in place of inf, for products with outputs that are 0 there."""
    return np.where(np.isfinite(unit_cost), unit_cost, 0.0)


UNIT_COST = Parameter(
    "good",
    meaning="cost of the first unit; a good that is not named cannot be made",
    unit="money",
    absent=np.inf,
    required=True,
)
CAPACITY = Parameter(
    "good", meaning="the most that can be made; no limit if not named", unit="units", absent=np.inf
)
SLOPE = Parameter("good", meaning="how fast marginal cost rises", unit="money per unit squared", absent=0.0)


class QuadraticCost(Cost):
    """C(y) = sum_g c_g y_g + k_g y_g^2 / 2, up to capacity."""

    name = "quadratic"
    parameters: ClassVar[dict[str, Parameter]] = {
        "unit_cost": UNIT_COST,
        "slope": SLOPE,
        "capacity": CAPACITY,
    }

    @staticmethod
    def value(y: Array, *, unit_cost: Array, slope: Array, capacity: Array) -> Array:
        """Return the sum over goods, (agents,); inf beyond capacity."""
        total = (_finite(unit_cost) * y + slope * y * y / 2.0).sum(axis=1)
        return _up_to(Cost.limit(unit_cost=unit_cost, capacity=capacity), y, total)

    @staticmethod
    def marginal(y: Array, *, unit_cost: Array, slope: Array, capacity: Array) -> Array:
        """Return `c_g + k_g y_g`."""
        return unit_cost + slope * y

    @staticmethod
    def flat(*, unit_cost: Array, slope: Array, capacity: Array) -> NDArray[np.bool_]:
        """Return a mask of goods with `k_g = 0`."""
        return slope == 0

    @staticmethod
    def supply(p: Array, *, unit_cost: Array, slope: Array, capacity: Array) -> Correspondence:
        """Return `y_g = (p_g - c_g) / k_g` between 0 and `K_g`; if `k_g = 0` any amount at `p_g = c_g`.

        Where `k_g` is so small that the next price a float can hold changes supply by more than markets are
        to balance, supply is the interval of all outputs that prices equal up to rounding call for.

        Example:
            Unit cost 2, capacity 3: nothing below the cost, any amount at it, capacity above it.

            >>> given = dict(unit_cost=np.array([[2.0]]), capacity=np.array([[3.0]]))
            >>> [tuple(map(float, map(np.squeeze, LinearCost.supply(np.array([p]), **given).bounds)))
            ...  for p in (1.0, 2.0, 4.0)]
            [(0.0, 0.0), (0.0, 3.0), (3.0, 3.0)]
        """
        limit = Cost.limit(unit_cost=unit_cost, capacity=capacity)
        margin = np.where(np.isfinite(unit_cost), p[None, :] - _finite(unit_cost), -1.0)
        rising = slope > 0
        with np.errstate(over="ignore"):
            inside = np.divide(margin, slope, out=np.zeros_like(margin), where=rising)
            width = np.divide(PRICE_STEP * p, slope, out=np.zeros_like(margin), where=rising)
        sloped = np.clip(inside, 0.0, limit)
        indifferent = ~rising & (np.abs(margin) <= TIED * _finite(unit_cost))
        lowest = np.where(rising, sloped, np.where((margin > 0) & ~indifferent, limit, 0.0))
        unresolved = rising & (inside > 0) & (width > UNRESOLVED * sloped)
        if not (indifferent.any() or unresolved.any()):
            return Correspondence.exactly(lowest)
        highest = np.where(unresolved, np.clip(inside + width, 0.0, limit), lowest)
        lowest = np.where(unresolved, np.clip(inside - width, 0.0, limit), lowest)
        return Correspondence(lowest, np.where(indifferent, limit, highest))

    @staticmethod
    def convex(
        y: Expression,
        *,
        unit: Unit = 1.0,
        unit_cost: Array,
        slope: Array,
        capacity: Array,
    ) -> Held:
        """Return the sum over goods."""
        import cvxpy  # deferred: takes a second to import, and only programmes need it

        total = cvxpy.sum(cvxpy.multiply(_finite(unit_cost) * unit, y), axis=1)
        if (slope > 0).any():
            half = slope * np.square(unit) / 2.0
            total = total + cvxpy.sum(cvxpy.multiply(half, cvxpy.square(y)), axis=1)
        return total, []


class LinearCost(Cost):
    """C(y) = sum_g c_g y_g, up to capacity."""

    name = "linear"
    parameters: ClassVar[dict[str, Parameter]] = {"unit_cost": UNIT_COST, "capacity": CAPACITY}

    @staticmethod
    def value(y: Array, *, unit_cost: Array, capacity: Array) -> Array:
        """Return the sum over goods, (agents,); inf beyond capacity."""
        return QuadraticCost.value(y, unit_cost=unit_cost, slope=np.zeros_like(y), capacity=capacity)

    @staticmethod
    def marginal(y: Array, *, unit_cost: Array, capacity: Array) -> Array:
        """Return `c_g`, at every output."""
        return np.broadcast_to(unit_cost, y.shape)

    @staticmethod
    def flat(*, unit_cost: Array, capacity: Array) -> NDArray[np.bool_]:
        """Return True for all goods."""
        return np.ones(unit_cost.shape, dtype=bool)

    @staticmethod
    def supply(p: Array, *, unit_cost: Array, capacity: Array) -> Correspondence:
        """Return capacity at prices above `c_g`, nothing below it, and any amount at it."""
        return QuadraticCost.supply(p, unit_cost=unit_cost, slope=np.zeros_like(unit_cost), capacity=capacity)

    @staticmethod
    def convex(y: Expression, *, unit: Unit = 1.0, unit_cost: Array, capacity: Array) -> Held:
        """Return the sum over goods."""
        slope = np.zeros_like(unit_cost)
        return QuadraticCost.convex(y, unit=unit, unit_cost=unit_cost, slope=slope, capacity=capacity)


EXPONENT = Parameter(
    "good", meaning="how costs rise, a; 1 is proportional to output", unit="none", low=1.0, absent=1.0
)


class PowerCost(Cost):
    """C(y) = sum_g c_g y_g^a_g, up to capacity."""

    name = "power"
    parameters: ClassVar[dict[str, Parameter]] = {
        "unit_cost": UNIT_COST,
        "exponent": EXPONENT,
        "capacity": CAPACITY,
    }

    @staticmethod
    def value(y: Array, *, unit_cost: Array, exponent: Array, capacity: Array) -> Array:
        """Return the sum over goods, (agents,); inf beyond capacity."""
        with np.errstate(over="ignore"):
            total = (_finite(unit_cost) * np.power(y, exponent)).sum(axis=1)
        return _up_to(Cost.limit(unit_cost=unit_cost, capacity=capacity), y, total)

    @staticmethod
    def marginal(y: Array, *, unit_cost: Array, exponent: Array, capacity: Array) -> Array:
        """Return `a_g c_g y_g^(a_g - 1)`, which is 0 at no output if `a_g > 1`."""
        with np.errstate(over="ignore"):
            slopes = exponent * _finite(unit_cost) * np.power(y, exponent - 1.0)
        return np.where(np.isfinite(unit_cost), slopes, np.inf)

    @staticmethod
    def flat(*, unit_cost: Array, exponent: Array, capacity: Array) -> NDArray[np.bool_]:
        """Return a mask of goods with `a_g = 1` or without cost."""
        return np.asarray((exponent == 1.0) | (unit_cost == 0))

    @staticmethod
    def supply(p: Array, *, unit_cost: Array, exponent: Array, capacity: Array) -> Correspondence:
        """Return `y_g = (p_g / (a_g c_g))^(1/(a_g - 1))`, at most `K_g`; if `a_g = 1` any amount at `c_g`.

        Example:
            C(y) = y^2 / 2 has marginal cost y: at a price of 3 three units are made.

            >>> given = dict(unit_cost=np.array([[0.5]]), capacity=np.array([[np.inf]]))
            >>> answer = PowerCost.supply(np.array([3.0]), exponent=np.array([[2.0]]), **given)
            >>> answer.lowest.round(12).tolist()
            [[3.0]]
        """
        limit = Cost.limit(unit_cost=unit_cost, capacity=capacity)
        flat = PowerCost.flat(unit_cost=unit_cost, exponent=exponent, capacity=capacity)
        rising = ~flat & np.isfinite(unit_cost) & (p > 0)
        ratio = np.log(np.where(rising, p, 1.0)) - np.log(np.where(rising, exponent * unit_cost, 1.0))
        with np.errstate(over="ignore"):
            amounts = np.exp(ratio / np.where(rising, exponent - 1.0, 1.0))
        at_flat = LinearCost.supply(p, unit_cost=unit_cost, capacity=capacity)
        lowest = np.where(flat, at_flat.lowest, np.where(rising, np.minimum(amounts, limit), 0.0))
        if at_flat.single_valued:
            return Correspondence.exactly(lowest)
        return Correspondence(lowest, np.where(flat, at_flat.highest, lowest))

    @staticmethod
    def convex(
        y: Expression,
        *,
        unit: Unit = 1.0,
        unit_cost: Array,
        exponent: Array,
        capacity: Array,
    ) -> Held:
        """Return `sum_g c_g r_g` with power cones `r^(1/a) 1^(1 - 1/a) >= y`, one for each good."""
        import cvxpy

        flat = PowerCost.flat(unit_cost=unit_cost, exponent=exponent, capacity=capacity)
        total = cvxpy.sum(cvxpy.multiply(np.where(flat, _finite(unit_cost) * unit, 0.0), y), axis=1)
        rows, goods = np.nonzero(~flat & np.isfinite(unit_cost))
        if not len(rows):
            return total, []
        powers = cvxpy.Variable(len(rows), nonneg=True)
        cones = cvxpy.PowCone3D(powers, np.ones(len(rows)), y[rows, goods], 1.0 / exponent[rows, goods])
        costs = (_finite(unit_cost) * np.power(unit, exponent))[rows, goods]
        return total + sum_by_agent(cvxpy.multiply(costs, powers), rows, len(unit_cost)), [cones]


class StepsCost(Cost):
    """C(y) = the area under offers, each a price for an amount; marginal cost rises in steps."""

    # Supply is a staircase (`step_functions.py`); what all offers come to is the capacity.

    name = "steps"
    parameters: ClassVar[dict[str, Parameter]] = {
        "offers": Parameter(
            "steps",
            meaning="[[price, amount], ...], the lowest price first",
            unit="money per unit, units",
            required=True,
        )
    }

    @staticmethod
    def value(y: Array, *, offers: Array) -> Array:
        """Return the area under the offers up to y, (agents,); inf beyond the last one."""
        most = step_functions.total(offers) * (1.0 + ROUNDING_OF_SUMS)
        return _up_to(most, y, step_functions.integral(y, offers).sum(axis=1))

    @staticmethod
    def marginal(y: Array, *, offers: Array) -> Array:
        """Return the offer for the next unit, the last one at capacity; inf where nothing is offered."""
        highest = np.where(offers[..., 1] > 0, offers[..., 0], 0.0).max(axis=-1)
        return np.where(
            step_functions.total(offers) > 0, step_functions.next_price(y, offers, highest), np.inf
        )

    @staticmethod
    def marginal_of_last(y: Array, *, offers: Array) -> Array:
        """Return the offer for the last unit, which is lower at the end of a step."""
        highest = np.where(offers[..., 1] > 0, offers[..., 0], 0.0).max(axis=-1)
        return np.where(
            step_functions.total(offers) > 0, step_functions.last_price(y, offers, highest), np.inf
        )

    @staticmethod
    def flat(*, offers: Array) -> NDArray[np.bool_]:
        """Return True for all goods with a single offer."""
        return np.asarray((offers[..., 1] > 0).sum(axis=-1) == 1)

    @staticmethod
    def supply(p: Array, *, offers: Array) -> Correspondence:
        """Return all that is offered below the price, and any part of what is offered at it.

        Example:
            One unit at 1 and two at 2:

            >>> offers = np.array([[[[1.0, 1.0], [2.0, 2.0]]]])
            >>> [tuple(map(float, map(np.squeeze, StepsCost.supply(np.array([p]), offers=offers).bounds)))
            ...  for p in (0.5, 1.5, 2.0, 9.0)]
            [(0.0, 0.0), (1.0, 1.0), (1.0, 3.0), (3.0, 3.0)]
        """
        least, most = step_functions.amounts_between(p, offers, -1.0)
        return Correspondence.exactly(least) if np.array_equal(least, most) else Correspondence(least, most)

    @classmethod
    def indifference_prices(cls, *, offers: Array) -> Array:
        """Return all offers, (agents, goods, steps)."""
        return step_functions.prices_with_amounts(offers)

    @classmethod
    def constant_steps(cls, *, offers: Array) -> tuple[Array, Array]:
        """Return offers and their amounts."""
        return step_functions.prices_with_amounts(offers), offers[..., 1]

    @staticmethod
    def nearest_end(y: Array, within: Array, *, offers: Array) -> Array:
        """Return outputs put to the end of a step that is near."""
        return step_functions.nearest_end(y, offers, within)

    @classmethod
    def limit(cls, *, offers: Array) -> Array:
        """Return the amount of all offers of each good."""
        return step_functions.total(offers)

    @classmethod
    def limited_to(cls, most: Array, *, offers: Array) -> dict[str, Array]:
        """Return the offers up to amounts `most`."""
        before = np.cumsum(offers[..., 1], axis=-1) - offers[..., 1]
        left = np.clip(most[..., None] - before, 0.0, offers[..., 1])
        return {"offers": np.stack([offers[..., 0], left], axis=-1)}

    @classmethod
    def faults(cls, *, offers: Array) -> list[tuple[int, str]]:
        """List agents with an offer below the one before."""
        return [
            (i, f"offers may not fall: {offers[i, g, k, 0]:g} comes after {offers[i, g, k - 1, 0]:g}")
            for i, g, k in step_functions.disorder(offers, -1.0)
        ]

    @staticmethod
    def convex(y: Expression, *, unit: Unit = 1.0, offers: Array) -> Held:
        """Return the cost of the amounts made at each step, together at least y."""
        value, needed = step_functions.filled(y, offers, unit)
        return value, needed[:1] + [taken >= made for taken, made in needed[1:]]


COSTS: Registry[Cost] = Registry("cost", LinearCost, QuadraticCost, PowerCost, StepsCost)
