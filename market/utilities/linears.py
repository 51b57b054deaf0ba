"""Utilities that are linear, or linear pieces: perfect substitutes, perfect complements, and satiable wants.

Their demand is set-valued: whoever is indifferent between goods spends the same on them together, and whoever
wants fixed proportions at exactly their worth takes any number of them (see `interval.Joint`).

Source: Mas-Colell, Whinston and Green (1995), section 3.D; Gale (1960), *The Theory of Linear Economic
Models*, chapter 8, for linear utilities in markets.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from market.interval import Array, Interval
from market.registry import Parameter
from market.utilities.base import (
    TIED,
    WEIGHTS,
    Expression,
    Held,
    Utility,
    at_most_one,
    divide_where,
    log_where,
    never_satiated,
    refuse_free_goods,
    spend_rest,
    sum_by_agent,
)
from market.utilities.filling import heights
from market.utilities.powers import ray


class Linear(Utility):
    """u(x) = sum_g a_g x_g."""

    name = "linear"
    parameters: ClassVar[dict[str, Parameter]] = {"weights": WEIGHTS}

    @staticmethod
    def value(x: Array, *, weights: Array) -> Array:  # type: ignore[override]
        """0 for the empty bundle."""
        total: Array = (weights * x).sum(axis=1)
        return total

    @staticmethod
    def marginal(x: Array, *, weights: Array) -> Array:  # type: ignore[override]
        """a_g, however much there is."""
        return np.broadcast_to(weights, x.shape)

    @staticmethod
    def quasilinear_demand(p: Array, *, weights: Array) -> Interval:  # type: ignore[override]
        """Nothing above the price a_g, everything below it, any amount at it."""
        return Quadratic.quasilinear_demand(p, weights=weights, slope=np.zeros_like(weights))

    @staticmethod
    def budget_demand(p: Array, b: Array, *, weights: Array) -> Interval:  # type: ignore[override]
        """All income goes to the goods with the largest a_g / p_g, in any way among them.

        Example:
            The second good gives as much for its price as the first: what is spent on both is the income.

            >>> weights = np.array([[1.0, 2.0]])
            >>> answer = Linear.budget_demand(np.array([1.0, 2.0]), np.array([4.0]), weights=weights)
            >>> answer.highest.tolist(), answer.joint.least_spent.tolist()
            ([[4.0, 2.0]], [4.0])
        """
        return Quadratic.budget_demand(p, b, weights=weights, slope=np.zeros_like(weights))

    @staticmethod
    def bliss(*, weights: Array) -> Array:  # type: ignore[override]
        """More of a wanted good always helps."""
        return never_satiated(weights)

    @staticmethod
    def concave(x: Expression, *, weights: Array) -> Held:  # type: ignore[override]
        """U is linear as it stands."""
        import cvxpy  # deferred: takes a second to import, and only programmes need it

        return cvxpy.sum(cvxpy.multiply(weights, x), axis=1), []

    @staticmethod
    def indifference_prices(*, weights: Array) -> Array:  # type: ignore[override]
        """a_g."""
        return np.where(weights > 0, weights, np.nan)

    @staticmethod
    def linear_weights(*, weights: Array) -> Array:  # type: ignore[override]
        """a_g."""
        return weights

    @staticmethod
    def homothetic(*, weights: Array) -> NDArray[np.bool_]:  # type: ignore[override]
        """Which goods are best does not depend on income."""
        return np.ones(len(weights), dtype=bool)

    @staticmethod
    def gross_substitutes(*, weights: Array) -> NDArray[np.bool_]:  # type: ignore[override]
        """What becomes dearer is bought less; the money goes to the others."""
        return np.ones(len(weights), dtype=bool)


class Leontief(Utility):
    """u(x) = min over a_g > 0 of x_g / a_g."""

    name = "leontief"
    parameters: ClassVar[dict[str, Parameter]] = {"weights": WEIGHTS}

    @staticmethod
    def value(x: Array, *, weights: Array) -> Array:  # type: ignore[override]
        """0 where a wanted good is missing, and for an agent that wants nothing."""
        units = np.where(weights > 0, divide_where(weights > 0, x, weights), np.inf).min(axis=1)
        return np.where(np.isposinf(units) & ~(weights > 0).any(axis=1), 0.0, units)

    @staticmethod
    def marginal(x: Array, *, weights: Array) -> Array:  # type: ignore[override]
        """1 / a_g of the scarcest good and 0 of the others: only that one helps.

        Where k goods are equally scarce (up to rounding) none of them helps by itself; 1 / (k a_g) is a
        supergradient then: no step adds more than these slopes say.
        """
        wanted = weights > 0
        units = divide_where(wanted, x, weights)
        scarce = wanted & (units <= Leontief.value(x, weights=weights)[:, None] * (1.0 + 1e-9))
        count = np.maximum(scarce.sum(axis=1, keepdims=True), 1)
        return divide_where(scarce, np.ones_like(weights), weights * count)

    @staticmethod
    def quasilinear_demand(p: Array, *, weights: Array) -> Interval:  # type: ignore[override]
        """A unit of utility costs p.a: above 1 nothing, below 1 everything, at 1 any multiple of a.

        Raises:
            UnboundedDemandError: all that an agent wants is free.
        """
        wanted = weights > 0
        cost: Array = weights @ p
        _refuse_free_bundles(p, cost, wanted)
        wants = np.asarray(wanted.any(axis=1))
        log_cost = np.where(wants, log_where(wants & (cost > 0), cost), np.inf)
        return ray(log_cost, divide_where(wanted, weights, cost[:, None]), wanted)

    @staticmethod
    def budget_demand(p: Array, b: Array, *, weights: Array) -> Interval:  # type: ignore[override]
        """x_g = a_g b / (p.a): as many of the bundles a as income buys.

        Of a free good no more is taken than goes with the others.

        Raises:
            UnboundedDemandError: all that an agent wants is free.
        """
        wanted = weights > 0
        cost: Array = weights @ p
        _refuse_free_bundles(p, cost, wanted)
        bundles = np.divide(b, cost, out=np.zeros_like(cost), where=cost > 0)
        return Interval.exactly(weights * bundles[:, None])

    @staticmethod
    def bliss(*, weights: Array) -> Array:  # type: ignore[override]
        """More of a wanted good helps wherever it is the scarcest."""
        return never_satiated(weights)

    @staticmethod
    def concave(x: Expression, *, weights: Array) -> Held:  # type: ignore[override]
        """T with a_g t <= x_g for all that is wanted."""
        import cvxpy

        bound = cvxpy.Variable(len(weights), nonneg=True)
        rows, goods = np.nonzero(weights)
        needed = [bound[rows] <= cvxpy.multiply(1.0 / weights[rows, goods], x[rows, goods])]
        wants = (weights > 0).any(axis=1).astype(float)
        return cvxpy.multiply(wants, bound), needed if len(rows) else []

    @staticmethod
    def indifference_prices(*, weights: Array) -> Array:  # type: ignore[override]
        """1 / a_g of the only good that is wanted: of several, one price alone does not tell."""
        alone = (weights > 0) & at_most_one(weights > 0)[:, None]
        return np.where(alone, divide_where(alone, np.ones_like(weights), weights), np.nan)

    @staticmethod
    def homothetic(*, weights: Array) -> NDArray[np.bool_]:  # type: ignore[override]
        """Always the same proportions."""
        return np.ones(len(weights), dtype=bool)

    @staticmethod
    def gross_substitutes(*, weights: Array) -> NDArray[np.bool_]:  # type: ignore[override]
        """Not with two goods or more: of all the less is bought when one is dearer."""
        return at_most_one(weights > 0)

    @staticmethod
    def gross_substitutes_with_money(*, weights: Array) -> NDArray[np.bool_]:  # type: ignore[override]
        """Not with two goods or more."""
        return at_most_one(weights > 0)


def _refuse_free_bundles(p: Array, cost: Array, wanted: NDArray[np.bool_]) -> None:
    """Raise where all that an agent wants has price zero."""
    refuse_free_goods(p, wanted & (cost <= 0)[:, None])


SLOPE = Parameter(
    "good",
    meaning="how fast marginal utility falls, k; 0 is linear in that good",
    unit="utility per unit squared",
    absent=0.0,
)


class Quadratic(Utility):
    """u(x) = sum_g (a_g x_g - k_g x_g^2 / 2) up to bliss a_g / k_g, and no less beyond."""

    # Goods can be thrown away, so u stays at its top beyond bliss and its slope is 0 there.

    name = "quadratic"
    parameters: ClassVar[dict[str, Parameter]] = {"weights": WEIGHTS, "slope": SLOPE}

    @staticmethod
    def value(x: Array, *, weights: Array, slope: Array) -> Array:  # type: ignore[override]
        """What is beyond bliss is thrown away."""
        total: Array = up_to_bliss(x, weights, slope, Quadratic.bliss(weights=weights, slope=slope)).sum(
            axis=1
        )
        return total

    @staticmethod
    def marginal(x: Array, *, weights: Array, slope: Array) -> Array:  # type: ignore[override]
        """a_g - k_g x_g, and 0 beyond bliss."""
        return np.where(weights > 0, np.maximum(weights - slope * x, 0.0), 0.0)

    @staticmethod
    def quasilinear_demand(p: Array, *, weights: Array, slope: Array) -> Interval:  # type: ignore[override]
        """x_g = max((a_g - p_g) / k_g, 0); with k_g = 0 nothing above a_g, everything below, anything at it.

        Raises:
            UnboundedDemandError: a wanted good with k_g = 0 is free.
        """
        wanted, sloped = weights > 0, slope > 0
        refuse_free_goods(p, wanted & ~sloped)
        gain = weights - p
        lowest = divide_where(wanted & sloped, np.maximum(gain, 0.0), slope)
        lowest = np.where(wanted & ~sloped & (gain > TIED * weights), np.inf, lowest)
        indifferent = wanted & ~sloped & (np.abs(gain) <= TIED * weights)
        if not indifferent.any():
            return Interval.exactly(lowest)
        return Interval(lowest, np.where(indifferent, np.inf, lowest))

    @staticmethod
    def budget_demand(p: Array, b: Array, *, weights: Array, slope: Array) -> Interval:  # type: ignore[override]
        """x_g = max(a_g - mu p_g, 0) / k_g with mu such that p.x = b; bliss if income is enough for it.

        With w_g = a_g / p_g, x_g = (p_g / k_g)(w_g - mu)^+, which costs p_g^2 / k_g for every unit by which
        mu falls: `filling.heights` gives w_g - mu. The fall ends at mu = 0, bliss, or at the worth of the
        best good with k_g = 0: that one, or all that tie with it, take whatever money is left.

        Raises:
            UnboundedDemandError: a wanted good with k_g = 0 is free.
        """
        priced, sloped = p > 0, slope > 0
        curved, straight = (weights > 0) & priced & sloped, (weights > 0) & ~sloped
        refuse_free_goods(p, straight)
        worth = divide_where(curved | straight, weights, p[None, :])
        floor = np.where(straight, worth, 0.0).max(axis=1, initial=0.0)[:, None]
        per_height = divide_where(curved, p[None, :], slope)
        most = np.where(curved, np.maximum(worth - floor, 0.0), 0.0)
        at_floor = np.asarray((per_height * most) @ p <= b)
        above = np.where(at_floor[:, None], most, heights(-worth, per_height * p, b))
        base = per_height * np.minimum(above, most)
        rest = np.where(at_floor & straight.any(axis=1), np.maximum(b - base @ p, 0.0), 0.0)
        tied = straight & (worth >= floor * (1.0 - TIED))
        free = np.where((weights > 0) & ~priced, Quadratic.bliss(weights=weights, slope=slope), 0.0)
        return spend_rest(base + free, rest, p, tied, b)

    @staticmethod
    def bliss(*, weights: Array, slope: Array) -> Array:  # type: ignore[override]
        """a_g / k_g; 0 if unwanted, inf with k_g = 0."""
        return divide_where(weights > 0, weights, slope)

    @staticmethod
    def concave(x: Expression, *, weights: Array, slope: Array) -> Held:  # type: ignore[override]
        """The formula of what is used, at most what there is."""
        import cvxpy

        straight = np.where(slope > 0, 0.0, weights)
        value = cvxpy.sum(cvxpy.multiply(straight, x), axis=1)
        satiable = (weights > 0) & (slope > 0)
        if not satiable.any():
            return value, []
        terms, rows, needed = used_up_to_bliss(x, weights, slope, satiable)
        return value + sum_by_agent(terms, rows, len(weights)), needed

    @staticmethod
    def linear_weights(*, weights: Array, slope: Array) -> Array:  # type: ignore[override]
        """a_g where the slope is 0."""
        return np.where(slope == 0, weights, 0.0)

    @staticmethod
    def indifference_prices(*, weights: Array, slope: Array) -> Array:  # type: ignore[override]
        """a_g where k_g = 0."""
        return np.where((weights > 0) & (slope == 0), weights, np.nan)

    @staticmethod
    def homothetic(*, weights: Array, slope: Array) -> NDArray[np.bool_]:  # type: ignore[override]
        """Only if it is linear: else whoever has bliss of one good spends on others."""
        return np.asarray(~((weights > 0) & (slope > 0)).any(axis=1))

    @staticmethod
    def gross_substitutes(*, weights: Array, slope: Array) -> NDArray[np.bool_]:  # type: ignore[override]
        """Only if it is linear: near bliss a dearer good costs its buyer more in all."""
        return Quadratic.homothetic(weights=weights, slope=slope) | at_most_one(weights > 0)


def up_to_bliss(x: Array, weights: Array, slope: Array, bliss: Array) -> Array:
    """Good by good, a x - k x^2 / 2 up to bliss and its top beyond.

    The second half is taken as k (bliss^2 - (bliss - x)^2) / 2, which rounding leaves rising in x.
    """
    used = np.minimum(x, bliss)
    near = np.isfinite(bliss) & (2.0 * used > bliss)
    top = np.where(near, bliss, 0.0)
    behind = top - np.where(near, used, 0.0)
    half = slope / 2.0
    return np.where(near, weights * top / 2.0 - half * behind * behind, used * (weights - half * used))


def used_up_to_bliss(
    x: Expression, weights: Array, slope: Array, where: NDArray[np.bool_]
) -> tuple[Expression, NDArray[np.intp], list[Expression]]:
    """A z - k z^2 / 2 for marked goods with z <= x, as a vector of cvxpy terms, their rows, and z <= x."""
    import cvxpy

    rows, goods = np.nonzero(where)
    used = cvxpy.Variable(len(rows), nonneg=True)
    a, k = weights[rows, goods], slope[rows, goods]
    terms = cvxpy.multiply(a, used) - cvxpy.multiply(k / 2.0, cvxpy.square(used))
    return terms, rows, [used <= x[rows, goods]]
