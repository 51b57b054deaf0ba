"""Logarithmic utilities: log, log(1 + x), and log with a subsistence.

Source: Mas-Colell, Whinston and Green (1995), sections 3.D and 10.C; Stone (1954), "Linear expenditure
systems and demand analysis", for the third.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import scipy
from numpy.typing import NDArray

from market.economy.correspondences import Array, Correspondence, sum_over_agents
from market.economy.families.utilities.base import (
    WEIGHTS,
    Expression,
    Held,
    Sums,
    Unit,
    Utility,
    at_most_one,
    divide_where,
    log_where,
    never_satiated,
    over_prices,
    refuse_free_goods,
    sum_by_agent,
    total_at,
)
from market.economy.families.utilities.water_filling import heights
from market.registry import Parameter


def weighted_logs(x: Expression, weights: Array, unit: Unit = 1.0) -> Expression:
    """sum_g a_g log(unit_g x_g) over wanted goods as a cvxpy expression, (agents,)."""
    import cvxpy  # deferred: takes a second to import, and only programmes need it

    rows, goods = np.nonzero(weights)
    terms = cvxpy.multiply(weights[rows, goods], cvxpy.log(x[rows, goods]))
    return sum_by_agent(terms, rows, len(weights)) + (weights * np.log(unit)).sum(axis=1)


def weighted_log1ps(x: Expression, weights: Array, unit: Unit = 1.0) -> Expression:
    """sum_g a_g log(1 + unit_g x_g) as a cvxpy expression, (agents,).

    Of a large unit as log unit + log(1 / unit + x), in which nothing is large.
    """
    import cvxpy

    rows, goods = np.nonzero(weights)
    large = np.broadcast_to(np.maximum(unit, 1.0), weights.shape)
    small = np.broadcast_to(np.minimum(unit, 1.0), weights.shape)[rows, goods]
    inside = 1.0 / large[rows, goods] + cvxpy.multiply(small, x[rows, goods])
    terms = cvxpy.multiply(weights[rows, goods], cvxpy.log(inside))
    return sum_by_agent(terms, rows, len(weights)) + (weights * np.log(large)).sum(axis=1)


def spend_shares(p: Array, b: Array, weights: Array) -> Correspondence:
    """Spend the share a_g / sum a of income b on good g."""
    total = np.einsum("ig->i", weights)[:, None]  # with few goods five times as fast as sum(axis=1)
    if (p > 0).all() and (total > 0).all():
        share = weights * (b[:, None] / total)
        return Correspondence.exactly(over_prices(share, p, out=share))
    refuse_free_goods(p, weights > 0)
    share = divide_where(weights > 0, weights, total)
    return Correspondence.exactly(divide_where(weights > 0, share * b[:, None], p[None, :]))


def spent_shares(fixed: Array, owned: Array, weights: Array) -> Sums:
    """What `spend_shares` depends on in total: sum_i s_i b_i = sum_i s_i fixed_i + (sum_i s_i owned_i').p.

    Shares s_ig = a_ig / sum a_i. Returns the sums of s, (goods,), of s fixed, (goods,), and of s owned', a
    matrix (goods, goods) whose row g says how much of each good's value is spent on g.
    """
    s = divide_where(weights > 0, weights, weights.sum(axis=1, keepdims=True))
    return sum_over_agents(s), s.T @ fixed, s.T @ owned


def total_spent(p: Array, shares: Array, money: Array, owned: Array) -> Array:
    """Total demand of those who spend constant shares of income, from `spent_shares`."""
    return total_at(p, shares, money + owned @ p)


class Log(Utility):
    """u(x) = sum_g a_g log x_g."""

    name = "log"
    parameters: ClassVar[dict[str, Parameter]] = {"weights": WEIGHTS}
    direct = True

    @staticmethod
    def value(x: Array, *, weights: Array) -> Array:
        """-inf where a wanted good is missing."""
        total: Array = np.einsum("ig,ig->i", weights, log_where(weights > 0, x))
        return total

    @staticmethod
    def marginal(x: Array, *, weights: Array) -> Array:
        """a_g / x_g."""
        return divide_where(weights > 0, weights, x)

    @classmethod
    def worth(cls, x: Array, *, weights: Array) -> Array:
        """sum_g a_g over the goods that are there: x_g a_g / x_g."""
        counted = weights if x.min(initial=1.0) > 0 else np.where(x > 0, weights, 0.0)
        return np.asarray(np.einsum("ig->i", counted))

    @staticmethod
    def quasilinear_demand(p: Array, *, weights: Array) -> Correspondence:
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
        if (p > 0).all():
            return Correspondence.exactly(over_prices(weights, p))
        refuse_free_goods(p, weights > 0)
        return Correspondence.exactly(divide_where(weights > 0, weights, p[None, :]))

    @staticmethod
    def budget_demand(p: Array, b: Array, *, weights: Array) -> Correspondence:
        """x_g = (a_g / sum a) b / p_g; nothing at all with no income, where u is -inf in any case."""
        return spend_shares(p, b, weights)

    @staticmethod
    def quasilinear_sums(*, weights: Array) -> Sums:
        """sum_i a_i, (goods,)."""
        return (sum_over_agents(weights),)

    @staticmethod
    def quasilinear_total(p: Array, *sums: Array) -> Array:
        """(sum_i a_ig) / p_g."""
        return total_at(p, sums[0], sums[0])

    @staticmethod
    def budget_sums(fixed: Array, owned: Array, *, weights: Array) -> Sums:
        """Shares of income times what it is made of."""
        return spent_shares(fixed, owned, weights)

    @staticmethod
    def budget_total(p: Array, *sums: Array) -> Array:
        """sum_g (sum_i s_ig b_i) / p_g."""
        return total_spent(p, *sums)

    @staticmethod
    def bliss(*, weights: Array) -> Array:
        """More of a wanted good always helps."""
        return never_satiated(weights)

    @staticmethod
    def concave(x: Expression, *, unit: Unit = 1.0, weights: Array) -> Held:
        """U is concave as it stands."""
        return weighted_logs(x, weights, unit), []

    @staticmethod
    def homothetic(*, weights: Array) -> NDArray[np.bool_]:
        """Constant shares of income."""
        return np.ones(len(weights), dtype=bool)

    @staticmethod
    def gross_substitutes(*, weights: Array) -> NDArray[np.bool_]:
        """Constant shares of income: other prices do not matter."""
        return np.ones(len(weights), dtype=bool)


class Log1p(Utility):
    """u(x) = sum_g a_g log(1 + x_g)."""

    name = "log1p"
    parameters: ClassVar[dict[str, Parameter]] = {"weights": WEIGHTS}

    @staticmethod
    def value(x: Array, *, weights: Array) -> Array:
        """0 for the empty bundle."""
        total: Array = scipy.special.xlog1py(weights, x).sum(axis=1)
        return total

    @staticmethod
    def marginal(x: Array, *, weights: Array) -> Array:
        """a_g / (1 + x_g), finite everywhere: doing without is possible."""
        return weights / (1.0 + x)

    @staticmethod
    def quasilinear_demand(p: Array, *, weights: Array) -> Correspondence:
        """x_g = max((a_g - p_g) / p_g, 0): nothing at a price above a_g."""
        wanted = weights > 0
        refuse_free_goods(p, wanted)
        return Correspondence.exactly(divide_where(wanted, np.maximum(weights - p, 0.0), p[None, :]))

    @staticmethod
    def budget_demand(p: Array, b: Array, *, weights: Array) -> Correspondence:
        """Water-filling: x_g = max(a_g / (mu p_g) - 1, 0) with mu such that p.x = b.

        With T = 1 / mu that is x_g = (a_g / p_g)(T - p_g / a_g)^+, which costs a_g for every unit of T: goods
        enter in the order of p_g / a_g, and `filling.heights` does the rest. With no income or no wanted good
        the bundle is empty.

        Source: own derivation from the first-order conditions; exact, no iteration.
        """
        wanted = weights > 0
        refuse_free_goods(p, wanted)
        entry = divide_where(wanted, p[None, :], weights)
        per_height = divide_where(wanted, weights, p[None, :])
        return Correspondence.exactly(per_height * heights(entry, weights, b))

    @staticmethod
    def bliss(*, weights: Array) -> Array:
        """More of a wanted good always helps."""
        return never_satiated(weights)

    @staticmethod
    def concave(x: Expression, *, unit: Unit = 1.0, weights: Array) -> Held:
        """U is concave as it stands."""
        return weighted_log1ps(x, weights, unit), []

    @staticmethod
    def homothetic(*, weights: Array) -> NDArray[np.bool_]:
        """Only with no more than one wanted good: the richer an agent, the more goods it buys."""
        return at_most_one(weights > 0)

    @staticmethod
    def gross_substitutes(*, weights: Array) -> NDArray[np.bool_]:
        """Relative risk aversion x / (1 + x) <= 1: a dearer good never costs its buyer more in all."""
        return np.ones(len(weights), dtype=bool)


SUBSISTENCE = Parameter(
    "good", meaning="the amount that a wanted good is needed beyond", unit="units", absent=0.0
)


class StoneGeary(Utility):
    """u(x) = sum_g a_g log(x_g - s_g)."""

    name = "stone_geary"
    parameters: ClassVar[dict[str, Parameter]] = {"weights": WEIGHTS, "subsistence": SUBSISTENCE}

    @staticmethod
    def value(x: Array, *, weights: Array, subsistence: Array) -> Array:
        """-inf where a wanted good does not exceed its subsistence."""
        return Log.value(np.maximum(x - subsistence, 0.0), weights=weights)

    @staticmethod
    def marginal(x: Array, *, weights: Array, subsistence: Array) -> Array:
        """a_g / (x_g - s_g); infinite at subsistence, and below, where u is -inf."""
        return Log.marginal(np.maximum(x - subsistence, 0.0), weights=weights)

    @staticmethod
    def quasilinear_demand(p: Array, *, weights: Array, subsistence: Array) -> Correspondence:
        """x_g = s_g + a_g / p_g."""
        beyond = Log.quasilinear_demand(p, weights=weights).lowest
        return Correspondence.exactly(np.where(weights > 0, subsistence, 0.0) + beyond)

    @staticmethod
    def quasilinear_sums(*, weights: Array, subsistence: Array) -> Sums:
        """sum_i a_i and sum_i s_i, (goods,) each."""
        first = np.where(weights > 0, subsistence, 0.0)
        return sum_over_agents(weights), sum_over_agents(first)

    @staticmethod
    def quasilinear_total(p: Array, *sums: Array) -> Array:
        """sum_i s_ig + (sum_i a_ig) / p_g."""
        weights, first = sums
        return first + total_at(p, weights, weights)

    @staticmethod
    def budget_demand(p: Array, b: Array, *, weights: Array, subsistence: Array) -> Correspondence:
        """The linear expenditure system x_g = s_g + (a_g / A) (b - p.s) / p_g, A = sum a.

        With b <= p.s no bundle has a finite utility, so all are equally good; the demand is then as much of
        subsistence as can be paid for, s b / (p.s), to which the formula tends as b falls to p.s.

        Example:
            Two units of bread at a price of 1 come first; half of the other 6 goes to each good:

            >>> given = dict(weights=np.ones((2, 2)), subsistence=np.array([[2.0, 0.0]] * 2))
            >>> StoneGeary.budget_demand(np.ones(2), np.array([8.0, 1.0]), **given).lowest.tolist()
            [[5.0, 3.0], [1.0, 0.0]]

        Source: Stone (1954).
        """
        first = np.where(weights > 0, subsistence, 0.0)
        needed: Array = first @ p
        short = np.asarray((b <= needed) & (needed > 0))
        share = np.where(short, np.divide(b, needed, out=np.ones_like(b), where=short), 1.0)
        beyond = spend_shares(p, np.maximum(b - needed, 0.0), weights).lowest
        return Correspondence.exactly(share[:, None] * first + beyond)

    @staticmethod
    def bliss(*, weights: Array, subsistence: Array) -> Array:  # noqa: ARG004
        """More of a wanted good always helps."""
        return never_satiated(weights)

    @staticmethod
    def subsistence(*, weights: Array, subsistence: Array) -> Array:
        """s_g of the goods that are wanted."""
        return np.where(weights > 0, subsistence, 0.0)

    @staticmethod
    def concave(x: Expression, *, unit: Unit = 1.0, weights: Array, subsistence: Array) -> Held:
        """U is concave as it stands."""
        return weighted_logs(x - subsistence / unit, weights, unit), []

    @staticmethod
    def homothetic(*, weights: Array, subsistence: Array) -> NDArray[np.bool_]:
        """Only without subsistence in anything wanted: else its share falls as income rises."""
        return np.asarray(~((weights > 0) & (subsistence > 0)).any(axis=1))

    @staticmethod
    def gross_substitutes(*, weights: Array, subsistence: Array) -> NDArray[np.bool_]:
        """Not with subsistence: when it is dearer, less is left for the other goods."""
        return StoneGeary.homothetic(weights=weights, subsistence=subsistence) | at_most_one(weights > 0)
