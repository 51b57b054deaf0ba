"""Cost families: what it costs to make goods, and what producers supply at prices.

Symbols: y (agents, goods) production; p (goods,) prices; c (agents, goods) unit costs, inf where the agent
cannot make the good; K (agents, goods) capacities; k (agents, goods) slopes; a (agents, goods) exponents.

A price-taking producer maximises p.y - C(y). Costs are sums over goods, so each good is decided alone:
supply equates marginal cost and price, cut at 0 and at capacity. Where marginal cost is constant, supply at
p = c is any amount up to capacity: an interval. `indifference_prices` says where that happens, so that an
auctioneer can announce such a price exactly instead of creeping up to it.

To add one: a class here and its name in `COSTS`.

Source: Mas-Colell, Whinston and Green (1995), section 5.C.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import TIED, Array, Correspondence
from market.economy.families.arithmetic import Expression, Held, Unit, sum_by_agent
from market.registry import Family, Parameter, Registry

PRICE_STEP = 4e-15  # relative: prices nearer than that are the same up to rounding
UNRESOLVED = 1e-10  # share of a supply that rounding of prices may change before it counts as an interval


class Cost(Family):
    """Base of the cost families; all functions are pure."""

    parameters: ClassVar[dict[str, Parameter]]

    @staticmethod
    def value(y: Array, **parameters: Array) -> Array:
        """C(y), (agents,), money; inf beyond capacity."""
        raise NotImplementedError

    @staticmethod
    def marginal(y: Array, **parameters: Array) -> Array:
        """dC/dy_g, (agents, goods), money per unit; inf where the good cannot be made."""
        raise NotImplementedError

    @staticmethod
    def supply(p: Array, **parameters: Array) -> Correspondence:
        """The outputs that maximise p.y - C(y); inf where there is no largest."""
        raise NotImplementedError

    @staticmethod
    def flat(**parameters: Array) -> NDArray[np.bool_]:
        """Where marginal cost is constant, (agents, goods)."""
        raise NotImplementedError

    @classmethod
    def indifference_prices(cls, **parameters: Array) -> Array:
        """Prices at which supply is an interval, (agents, goods): constant unit costs; nan where there is none."""
        constant = cls.flat(**parameters) & (cls.limit(**parameters) > 0)
        return np.where(constant, parameters["unit_cost"], np.nan)

    @classmethod
    def limit(cls, **parameters: Array) -> Array:
        """The most that can be made, (agents, goods): the capacity; 0 where there is no unit cost."""
        return np.where(np.isfinite(parameters["unit_cost"]), parameters["capacity"], 0.0)

    @staticmethod
    def convex(y: Expression, *, unit: Unit = 1.0, **parameters: Array) -> Held:
        """C as a cvxpy expression, (agents,), for 0 <= y <= `limit`, and the constraints it needs.

        Args:
            y: (agents, goods), counted in `unit`: outputs are unit * y.
            unit: (goods,), an amount of each good.
            parameters: the family's.
        """
        raise NotImplementedError


def _up_to(limit: Array, y: Array, total: Array) -> Array:
    """Total costs, (agents,); inf where more is made than can be."""
    return np.where((y > limit).any(axis=1), np.inf, total)


def _finite(unit_cost: Array) -> Array:
    """Unit costs with 0 in place of inf, for products with outputs that are 0 there."""
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
        """The sum over goods; inf where more is made than can be."""
        total = (_finite(unit_cost) * y + slope * y * y / 2.0).sum(axis=1)
        return _up_to(Cost.limit(unit_cost=unit_cost, capacity=capacity), y, total)

    @staticmethod
    def marginal(y: Array, *, unit_cost: Array, slope: Array, capacity: Array) -> Array:
        """c_g + k_g y_g."""
        return unit_cost + slope * y

    @staticmethod
    def flat(*, unit_cost: Array, slope: Array, capacity: Array) -> NDArray[np.bool_]:
        """No slope."""
        return slope == 0

    @staticmethod
    def supply(p: Array, *, unit_cost: Array, slope: Array, capacity: Array) -> Correspondence:
        """y_g = (p_g - c_g) / k_g between 0 and capacity; with k_g = 0 anything at p_g = c_g.

        Where k_g is so small that the next price a float can hold means a supply that is another by more than
        markets are to balance, supply is all that prices equal up to rounding ask for.

        Example:
            Unit cost 2, capacity 3: nothing below the cost, anything at it, everything above it.

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
        """The sum over goods."""
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
        """The sum over goods; inf where more is made than can be."""
        return QuadraticCost.value(y, unit_cost=unit_cost, slope=np.zeros_like(y), capacity=capacity)

    @staticmethod
    def marginal(y: Array, *, unit_cost: Array, capacity: Array) -> Array:
        """c_g, whatever is made."""
        return np.broadcast_to(unit_cost, y.shape)

    @staticmethod
    def flat(*, unit_cost: Array, capacity: Array) -> NDArray[np.bool_]:
        """Everywhere."""
        return np.ones(unit_cost.shape, dtype=bool)

    @staticmethod
    def supply(p: Array, *, unit_cost: Array, capacity: Array) -> Correspondence:
        """Capacity above c_g, nothing below it, anything at it."""
        return QuadraticCost.supply(p, unit_cost=unit_cost, slope=np.zeros_like(unit_cost), capacity=capacity)

    @staticmethod
    def convex(y: Expression, *, unit: Unit = 1.0, unit_cost: Array, capacity: Array) -> Held:
        """The sum over goods."""
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
        """The sum over goods; inf where more is made than can be."""
        with np.errstate(over="ignore"):
            total = (_finite(unit_cost) * np.power(y, exponent)).sum(axis=1)
        return _up_to(Cost.limit(unit_cost=unit_cost, capacity=capacity), y, total)

    @staticmethod
    def marginal(y: Array, *, unit_cost: Array, exponent: Array, capacity: Array) -> Array:
        """a_g c_g y_g^(a_g - 1): the first unit costs next to nothing if a_g > 1."""
        with np.errstate(over="ignore"):
            slopes = exponent * _finite(unit_cost) * np.power(y, exponent - 1.0)
        return np.where(np.isfinite(unit_cost), slopes, np.inf)

    @staticmethod
    def flat(*, unit_cost: Array, exponent: Array, capacity: Array) -> NDArray[np.bool_]:
        """Where the exponent is 1, or where there is no cost."""
        return np.asarray((exponent == 1.0) | (unit_cost == 0))

    @staticmethod
    def supply(p: Array, *, unit_cost: Array, exponent: Array, capacity: Array) -> Correspondence:
        """y_g = (p_g / (a_g c_g))^(1/(a_g - 1)) up to capacity; with a_g = 1 anything at p_g = c_g.

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
        """C >= sum c r with r^(1/a) 1^(1 - 1/a) >= y, a power cone for each good with its own exponent."""
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


COSTS: Registry[Cost] = Registry("cost", LinearCost, QuadraticCost, PowerCost)
