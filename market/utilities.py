"""Utility families: how agents value bundles, and what they demand at prices.

Symbols: x (agents, goods) consumption; p (goods,) prices; a (agents, goods) weights, where 0 means not
wanted; b (agents,) income. Every function takes a family's parameters as keywords whose names are the
scenario's keys.

Two problems give demand, and every kind of money is one of them or a mix of both:

- quasilinear money: max u(x) - p.x, the `quasilinear_demand`;
- a fixed income b: max u(x) subject to p.x <= b, the `budget_demand`.

With quasilinear money and a cap b on spending the answer is the first where it costs at most b, and the
second elsewhere: u is concave, so if the cap binds the best bundle lies on p.x = b, where money paid is the
same for all bundles (see `Economy.demand`).

A family whose utility is concave only after an increasing transform v = h(u) (Cobb-Douglas with weights
above one, say) gives v to the judges of efficiency as `concave_value`: Pareto efficiency is ordinal.

To add one: a class here and its name in `UTILITIES`.

Source: Mas-Colell, Whinston and Green (1995), *Microeconomic Theory*, sections 3.D and 10.C.
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from scipy import sparse, special

from market.errors import UnboundedDemandError
from market.interval import Array, Interval
from market.registry import Family, Parameter, Registry

Expression = Any  # a cvxpy expression; cvxpy is imported only where a programme is solved


class Utility(Family):
    """Base of the utility families; all functions are pure."""

    parameters: ClassVar[dict[str, Parameter]]

    @staticmethod
    def value(x: Array, **parameters: Array) -> Array:
        """u(x), (agents,); may be -inf."""
        raise NotImplementedError

    @staticmethod
    def marginal(x: Array, **parameters: Array) -> Array:
        """du/dx_g, (agents, goods), >= 0; inf where the slope at x_g = 0 is infinite."""
        raise NotImplementedError

    @staticmethod
    def quasilinear_demand(p: Array, **parameters: Array) -> Interval:
        """The bundles that maximise u(x) - p.x.

        Raises:
            UnboundedDemandError: a wanted good is free.
        """
        raise NotImplementedError

    @staticmethod
    def budget_demand(p: Array, b: Array, **parameters: Array) -> Interval:
        """The bundles that maximise u(x) subject to p.x <= b.

        Raises:
            UnboundedDemandError: a wanted good is free.
        """
        raise NotImplementedError

    @staticmethod
    def bliss(**parameters: Array) -> Array:
        """The amounts beyond which more does not help, (agents, goods): 0 if unwanted, inf if never."""
        raise NotImplementedError

    @classmethod
    def concave_value(cls, x: Array, **parameters: Array) -> Array:
        """An increasing transform of u that is concave in x, (agents,); u itself unless overridden."""
        return cls.value(x, **parameters)

    @classmethod
    def concave_marginal(cls, x: Array, **parameters: Array) -> Array:
        """The slopes of `concave_value`, (agents, goods)."""
        return cls.marginal(x, **parameters)

    @staticmethod
    def concave(x: Expression, **parameters: Array) -> Expression:
        """`concave_value` as a cvxpy expression, (agents,)."""
        raise NotImplementedError

    @classmethod
    def stated(cls, x: Expression, **parameters: Array) -> tuple[Expression, list[Expression]]:
        """A lower bound on u itself that a maximiser makes tight, and the constraints it needs."""
        return cls.concave(x, **parameters), []

    @staticmethod
    def linear_weights(**parameters: Array) -> Array:
        """What one unit of a good is worth where utility is linear in it, (agents, goods), else 0."""
        first = next(iter(parameters.values()))
        return np.zeros_like(first)

    @staticmethod
    def not_concave(**parameters: Array) -> NDArray[np.bool_]:
        """For which agents u as stated is not concave, (agents,)."""
        first = next(iter(parameters.values()))
        return np.zeros(len(first), dtype=bool)

    @staticmethod
    def unbounded_with_money(**parameters: Array) -> NDArray[np.bool_]:
        """For which agents u(x) - p.x has no maximum at any prices, (agents,)."""
        first = next(iter(parameters.values()))
        return np.zeros(len(first), dtype=bool)


def _refuse_free_goods(p: Array, weights: Array) -> None:
    """Raise where a wanted good has price zero."""
    free = p <= 0
    if free.any() and (weights[:, free] > 0).any():
        raise UnboundedDemandError(np.flatnonzero(free & (weights > 0).any(axis=0)).tolist())


def _divide_where_wanted(numerator: Array, denominator: Array, wanted: NDArray[np.bool_]) -> Array:
    """The quotient where the good is wanted and 0 elsewhere; a positive number over 0 is inf."""
    result = np.zeros(np.broadcast_shapes(numerator.shape, denominator.shape, wanted.shape))
    with np.errstate(divide="ignore", over="ignore"):
        np.divide(numerator, denominator, out=result, where=wanted)
    return result


def _sum_by_agent(terms: Expression, rows: NDArray[np.intp], agents: int) -> Expression:
    """Add up a vector of cvxpy terms, of which each belongs to the agent in `rows`."""
    entries = np.arange(len(rows))
    return sparse.csr_matrix((np.ones(len(rows)), (rows, entries)), shape=(agents, len(rows))) @ terms


def _weighted_logs(x: Expression, weights: Array) -> Expression:
    """sum_g a_g log x_g over wanted goods as a cvxpy expression, (agents,)."""
    import cvxpy  # deferred: takes a second to import, and only programmes need it

    rows, goods = np.nonzero(weights)
    terms = cvxpy.multiply(weights[rows, goods], cvxpy.log(x[rows, goods]))
    return _sum_by_agent(terms, rows, len(weights))


def _spend_shares(p: Array, b: Array, weights: Array) -> Interval:
    """Spend the share a_g / sum a of income b on good g."""
    _refuse_free_goods(p, weights)
    total = weights.sum(axis=1, keepdims=True)
    share = _divide_where_wanted(weights, total, weights > 0)
    return Interval.exactly(_divide_where_wanted(share * b[:, None], p[None, :], weights > 0))


WEIGHTS = Parameter(
    "good", meaning="how much a good is wanted; 0 is not at all", unit="utility", absent=0.0, required=True
)


class Log(Utility):
    """u(x) = sum_g a_g log x_g."""

    name = "log"
    parameters: ClassVar[dict[str, Parameter]] = {"weights": WEIGHTS}

    @staticmethod
    def value(x: Array, *, weights: Array) -> Array:  # type: ignore[override]
        """-inf where a wanted good is missing."""
        total: Array = special.xlogy(weights, x).sum(axis=1)
        return total

    @staticmethod
    def marginal(x: Array, *, weights: Array) -> Array:  # type: ignore[override]
        """a_g / x_g."""
        return _divide_where_wanted(weights, x, weights > 0)

    @staticmethod
    def quasilinear_demand(p: Array, *, weights: Array) -> Interval:  # type: ignore[override]
        """x_g = a_g / p_g: each agent spends a_g on good g at every price.

        Args:
            p: (goods,), prices, money per unit; > 0 wherever a good is wanted.
            weights: (agents, goods), a, money; 0 means not wanted.

        Returns:
            (agents, goods), units of each good; 0 where the weight is 0.

        Raises:
            UnboundedDemandError: a wanted good is free, so there is no largest bundle.

        Example:
            Two agents share ten units of water; at p = (1 + 1) / 10 they buy exactly these:

            >>> Log.quasilinear_demand(np.array([0.2]), weights=np.array([[1.0], [1.0]])).lowest
            array([[5.],
                   [5.]])

        Source: Mas-Colell, Whinston and Green (1995), section 10.C.
        """
        _refuse_free_goods(p, weights)
        return Interval.exactly(_divide_where_wanted(weights, p[None, :], weights > 0))

    @staticmethod
    def budget_demand(p: Array, b: Array, *, weights: Array) -> Interval:  # type: ignore[override]
        """x_g = (a_g / sum a) b / p_g; nothing at all with no income, where u is -inf in any case."""
        return _spend_shares(p, b, weights)

    @staticmethod
    def bliss(*, weights: Array) -> Array:  # type: ignore[override]
        """More of a wanted good always helps."""
        return np.where(weights > 0, np.inf, 0.0)

    @staticmethod
    def concave(x: Expression, *, weights: Array) -> Expression:  # type: ignore[override]
        """U is concave as it stands."""
        return _weighted_logs(x, weights)


class Log1p(Utility):
    """u(x) = sum_g a_g log(1 + x_g)."""

    name = "log1p"
    parameters: ClassVar[dict[str, Parameter]] = {"weights": WEIGHTS}

    @staticmethod
    def value(x: Array, *, weights: Array) -> Array:  # type: ignore[override]
        """0 for the empty bundle."""
        total: Array = special.xlog1py(weights, x).sum(axis=1)
        return total

    @staticmethod
    def marginal(x: Array, *, weights: Array) -> Array:  # type: ignore[override]
        """a_g / (1 + x_g), finite everywhere: doing without is possible."""
        return weights / (1.0 + x)

    @staticmethod
    def quasilinear_demand(p: Array, *, weights: Array) -> Interval:  # type: ignore[override]
        """x_g = max(a_g / p_g - 1, 0): nothing at a price above a_g."""
        _refuse_free_goods(p, weights)
        ratio = _divide_where_wanted(weights, p[None, :], weights > 0)
        return Interval.exactly(np.maximum(ratio - 1.0, 0.0))

    @staticmethod
    def budget_demand(p: Array, b: Array, *, weights: Array) -> Interval:  # type: ignore[override]
        """Water-filling: x_g = max(a_g / (mu p_g) - 1, 0) with mu such that p.x = b.

        Goods enter in the order of a_g / p_g, utility per unit of money at x_g = 0. With the first k of
        them bought, sum over them of (a_g / mu - p_g) = b gives mu_k = sum a_g / (b + sum p_g). The right k
        is the largest whose last good is still worth its price, a_k / p_k > mu_k. With no income or no
        wanted good the bundle is empty.

        Source: own derivation from the first-order conditions; exact, no iteration.
        """
        _refuse_free_goods(p, weights)
        worth = _divide_where_wanted(weights, p[None, :], weights > 0)
        order = np.argsort(-worth, axis=1, kind="stable")
        sorted_worth = np.take_along_axis(worth, order, axis=1)
        spent = np.cumsum(np.take_along_axis(weights, order, axis=1), axis=1)
        priced = np.cumsum(np.where(sorted_worth > 0, p[order], 0.0), axis=1)
        level = _divide_where_wanted(spent, b[:, None] + priced, spent > 0)
        bought = ((sorted_worth > level) & (b[:, None] > 0)).sum(axis=1)
        mu = level[np.arange(len(b)), np.maximum(bought - 1, 0)]
        filled = _divide_where_wanted(worth, mu[:, None], (worth > 0) & (bought > 0)[:, None])
        return Interval.exactly(np.maximum(filled - 1.0, 0.0))

    @staticmethod
    def bliss(*, weights: Array) -> Array:  # type: ignore[override]
        """More of a wanted good always helps."""
        return np.where(weights > 0, np.inf, 0.0)

    @staticmethod
    def concave(x: Expression, *, weights: Array) -> Expression:  # type: ignore[override]
        """U is concave as it stands."""
        import cvxpy

        rows, goods = np.nonzero(weights)
        terms = cvxpy.multiply(weights[rows, goods], cvxpy.log1p(x[rows, goods]))
        return _sum_by_agent(terms, rows, len(weights))


class CobbDouglas(Utility):
    """u(x) = prod_g x_g^a_g."""

    name = "cobb_douglas"
    parameters: ClassVar[dict[str, Parameter]] = {"weights": WEIGHTS}

    @staticmethod
    def value(x: Array, *, weights: Array) -> Array:  # type: ignore[override]
        """0 where a wanted good is missing; 1 for an agent that wants nothing."""
        return np.exp(special.xlogy(weights, x).sum(axis=1))

    @staticmethod
    def marginal(x: Array, *, weights: Array) -> Array:  # type: ignore[override]
        """a_g u / x_g.

        At x_g = 0 the slope is infinite if a_g < 1. That holds with other goods missing too: there u
        grows without bound relative to a small step along all of them.
        """
        wanted = weights > 0
        logs = np.where(x > 0, np.log(np.where(x > 0, x, 1.0)), 0.0)
        missing = wanted & (x <= 0)
        others_missing = missing.sum(axis=1, keepdims=True) - missing > 0
        smooth = np.exp((weights * logs).sum(axis=1, keepdims=True) - logs)
        at_zero = np.where(weights < 1, np.inf, np.where((weights == 1) & ~others_missing, smooth, 0.0))
        slope = np.where(missing, at_zero, np.where(others_missing, 0.0, smooth))
        return np.where(wanted, np.where(wanted, weights, 1.0) * slope, 0.0)

    @staticmethod
    def quasilinear_demand(p: Array, *, weights: Array) -> Interval:  # type: ignore[override]
        """x_g = a_g u / p_g with u^(1 - A) = prod_g (a_g / p_g)^a_g, A = sum a < 1.

        The first-order condition a_g u / x_g = p_g put back into u = prod x_g^a_g.
        """
        _refuse_free_goods(p, weights)
        wanted = weights > 0
        per_money = _divide_where_wanted(weights, p[None, :], wanted)
        log_utility = special.xlogy(weights, per_money).sum(axis=1) / (1.0 - weights.sum(axis=1))
        with np.errstate(over="ignore"):  # near-free goods: more than any number
            utility = np.exp(log_utility)[:, None]
            demand = np.multiply(per_money, utility, out=np.zeros_like(per_money), where=wanted)
        return Interval.exactly(demand)

    @staticmethod
    def budget_demand(p: Array, b: Array, *, weights: Array) -> Interval:  # type: ignore[override]
        """x_g = (a_g / sum a) b / p_g: constant shares of income."""
        return _spend_shares(p, b, weights)

    @staticmethod
    def bliss(*, weights: Array) -> Array:  # type: ignore[override]
        """More of a wanted good helps wherever u is not stuck at 0."""
        return np.where(weights > 0, np.inf, 0.0)

    @classmethod
    def concave_value(cls, x: Array, *, weights: Array) -> Array:  # type: ignore[override]
        """Log u = sum_g a_g log x_g is concave whatever the weights are."""
        return Log.value(x, weights=weights)

    @classmethod
    def concave_marginal(cls, x: Array, *, weights: Array) -> Array:  # type: ignore[override]
        """a_g / x_g."""
        return Log.marginal(x, weights=weights)

    @staticmethod
    def concave(x: Expression, *, weights: Array) -> Expression:  # type: ignore[override]
        """sum_g a_g log x_g."""
        return _weighted_logs(x, weights)

    @classmethod
    def stated(cls, x: Expression, *, weights: Array) -> tuple[Expression, list[Expression]]:  # type: ignore[override]
        """T <= prod x_g^a_g as sum_g a_g t log(t / x_g) + (1 - A) t log t <= 0, convex for A <= 1.

        Dividing by t > 0 gives log t <= sum a_g log x_g; t log(t / x) is the relative entropy.
        """
        import cvxpy

        agents = len(weights)
        bound = cvxpy.Variable(agents, nonneg=True)
        rows, goods = np.nonzero(weights)
        terms = cvxpy.multiply(weights[rows, goods], cvxpy.rel_entr(bound[rows], x[rows, goods]))
        slack = 1.0 - weights.sum(axis=1)
        rest = cvxpy.multiply(np.maximum(slack, 0.0), cvxpy.rel_entr(bound, np.ones(agents)))
        return bound, [_sum_by_agent(terms, rows, agents) + rest <= 0]

    @staticmethod
    def not_concave(*, weights: Array) -> NDArray[np.bool_]:  # type: ignore[override]
        """Not concave where the weights sum to more than one (up to rounding)."""
        return weights.sum(axis=1) > 1.0 + 1e-12

    @staticmethod
    def unbounded_with_money(*, weights: Array) -> NDArray[np.bool_]:  # type: ignore[override]
        """Weights that sum to one or more: doubling the bundle at least doubles u."""
        return weights.sum(axis=1) >= 1.0


UTILITIES: Registry[Utility] = Registry("utility", Log, Log1p, CobbDouglas)
