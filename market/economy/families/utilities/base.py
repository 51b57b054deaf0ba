"""Interface of the utility families, with the answers of a family that overrides nothing.

Symbols: x (agents, goods) consumption; p (goods,) prices; a (agents, goods) weights, where 0 means not
wanted; b (agents,) income. Every function takes a family's parameters as keywords whose names are the
scenario's keys.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array, Correspondence
from market.economy.families.arithmetic import Expression, Held, Unit, divide_where
from market.errors import UnboundedDemandError
from market.registry import Family, Parameter

FIRST = 6  # amounts of money, each a thousandth of the one before, that are tried as a first amount

Sums = tuple[Array, ...]
"""Arrays, of a size that does not grow with the agents, on which their total demand depends."""

Total = Callable[[Array], Array | None]
"""Prices (goods,) -> total demand, (goods,); None at prices where the fast way would be imprecise."""


class Utility(Family):
    """Base of the utility families; all functions are pure."""

    parameters: ClassVar[dict[str, Parameter]]
    proportional: ClassVar[bool] = False
    """True if u is homogeneous of degree one with one best bundle for each unit of money (`unit_cost`)."""
    direct: ClassVar[bool] = False
    """True if demand is computed in place, so that blocks of agents gain nothing from smaller pieces."""

    @staticmethod
    def value(x: Array, **parameters: Array) -> Array:
        """Return `u(x)`, (agents,); -inf where a bundle cannot be lived on."""
        raise NotImplementedError

    @staticmethod
    def marginal(x: Array, **parameters: Array) -> Array:
        """Return `du/dx_g`, (agents, goods), >= 0; inf where the slope at `x_g = 0` is infinite.

        Where u has a kink (Leontief at its corner, CES with several goods missing) these are slopes m with
        `u(x') <= u(x) + m.(x' - x)` for every x': a supergradient, which proves as much. `kink` describes the
        others.
        """
        raise NotImplementedError

    @classmethod
    def marginal_of_last(cls, x: Array, **parameters: Array) -> Array:
        """Return the slope towards less of each good, (agents, goods): `marginal` unless u bends at x.

        For utilities that are sums over goods with kinks: `marginal` is the slope towards more, and every
        number between the two is a slope.
        """
        return cls.marginal(x, **parameters)

    @staticmethod
    def kink(x: Array, **parameters: Array) -> Array:
        """Return coefficients b >= 0, (agents, goods), that describe all supergradients at a kink.

        They are all `m >= 0` with `sum_g b_g m_g = 1` and `m_g = 0` where `b_g = 0`. For an agent without a
        kink, or with supergradients of another form, b is 0. Only for families whose `concave_value` is u.
        """
        return np.zeros_like(x)

    @classmethod
    def marginal_along(cls, x: Array, p: Array, **parameters: Array) -> Array:
        """Return the supergradient nearest to prices, (agents, goods): `marginal` where u has no kink.

        A bundle is supported by p if `w m <= p`, with equality where `x_g > 0`, for some supergradient m
        and weight w. At a kink the multiple of p in `kink`, `m_g = p_g / b.p` where `b_g > 0`, satisfies
        this with `w = b.p`, and no other m does with another w. Where all of these goods are free no
        multiple of p is a supergradient, and `marginal` is returned.

        Args:
            x: (agents, goods), consumption.
            p: (goods,), prices.
            parameters: the family's.
        """
        slopes = cls.marginal(x, **parameters)
        return slopes if cls.kink is Utility.kink else turned(slopes, cls.kink(x, **parameters), p)

    @classmethod
    def worth(cls, x: Array, **parameters: Array) -> Array:
        """Return the marginal value of a bundle, `sum_g x_g du/dx_g`, (agents,), without infinite slopes.

        Where u is homogeneous of degree one this is u, by Euler's theorem.
        """
        if cls.proportional:
            return cls.value(x, **parameters)
        slopes = cls.marginal(x, **parameters)
        if not np.isfinite(slopes.max(initial=0.0)):
            slopes = np.where(np.isfinite(slopes), slopes, 0.0)
        return np.asarray(np.einsum("ig,ig->i", x, slopes))

    @classmethod
    def first_worth(cls, p: Array, tiny: float, **parameters: Array) -> Array:
        """Return the most utility that a first unit of money adds at prices p, (agents,); inf if unbounded.

        Computed from the utility of what tiny amounts buy; see `Economy.first_worth`.

        Args:
            p: (goods,), prices.
            tiny: an amount of money that is negligible for every agent.
            parameters: the family's.
        """
        prices, keen = p.copy(), no_agent(parameters)
        while True:
            try:
                worth = cls._worth_of(tiny, prices, **parameters)
                break
            except UnboundedDemandError as error:
                goods = list(error.goods)
                keen = keen | (cls.bliss(**parameters)[:, goods] > 0).any(axis=1)
                prices[goods] = max(float(p.max(initial=0.0)), 1.0)  # irrelevant to the other agents
        rises = ~keen & np.isfinite(worth)
        for step in range(1, FIRST):  # tiny money buys much of a good that is nearly free
            if not rises.any():
                break
            less = cls._worth_of(1e-3**step * tiny, prices, **parameters)
            rises &= less > 1.01 * worth
            worth = np.where(rises, less, worth)
        return np.where(keen | rises, np.inf, worth)

    @classmethod
    def _worth_of(cls, money: float, p: Array, **parameters: Array) -> Array:
        """Return `(u(what the money buys) - u(0)) / money`, (agents,); inf where `u(0)` is -inf."""
        first = first_of(parameters)
        bought = _one_of(cls.budget_demand(p, np.full(len(first), money), **parameters), p, money)
        nothing = cls.value(np.zeros_like(bought), **parameters)
        ruined = np.isneginf(nothing)
        gained = np.where(ruined, 0.0, cls.value(bought, **parameters) - np.where(ruined, 0.0, nothing))
        return np.where(ruined, np.inf, gained / money)

    @staticmethod
    def quasilinear_demand(p: Array, **parameters: Array) -> Correspondence:
        """Return the bundles that maximise `u(x) - p.x`; inf where more of a priced good always pays.

        Raises:
            UnboundedDemandError: a wanted good is free.
        """
        raise NotImplementedError

    @staticmethod
    def budget_demand(p: Array, b: Array, **parameters: Array) -> Correspondence:
        """Return the bundles that maximise `u(x)` subject to `p.x <= b`.

        Raises:
            UnboundedDemandError: a wanted good is free.
        """
        raise NotImplementedError

    @staticmethod
    def quasilinear_sums(**parameters: Array) -> Sums | None:
        """Return sums over agents that determine total quasilinear demand, or None if none do.

        The sums of two blocks add up to those of all their agents. Only families with single-valued demand
        may have them; None means that total demand needs every agent's parameters.
        """
        return None

    @staticmethod
    def quasilinear_total(p: Array, *sums: Array) -> Array:
        """Return total `quasilinear_demand` at prices p, (goods,), from `quasilinear_sums`.

        Raises:
            UnboundedDemandError: a wanted good is free.
        """
        raise NotImplementedError

    @staticmethod
    def budget_sums(fixed: Array, owned: Array, **parameters: Array) -> Sums | None:
        """Return sums that determine total demand at incomes `b_i = fixed_i + owned_i.p`, or None.

        Args:
            fixed: (agents,), money.
            owned: (agents, goods), units.
            parameters: the family's.
        """
        return None

    @staticmethod
    def budget_total(p: Array, *sums: Array) -> Array:
        """Return total `budget_demand` at prices p, (goods,), from `budget_sums`.

        Raises:
            UnboundedDemandError: a wanted good is free.
        """
        raise NotImplementedError

    @staticmethod
    def prepared_total(b: Array, **parameters: Array) -> Total | None:
        """Return a fast function of prices for total `budget_demand` at fixed incomes b, or None."""
        return None

    @staticmethod
    def bliss(**parameters: Array) -> Array:
        """Return amounts beyond which more does not help, (agents, goods): 0 if unwanted, inf if none."""
        return np.where(first_of(parameters) > 0, np.inf, 0.0)

    @staticmethod
    def subsistence(**parameters: Array) -> Array:
        """Return the amounts below which u is -inf, (agents, goods); 0 unless overridden."""
        return np.zeros(shape_of(parameters))

    @classmethod
    def concave_value(cls, x: Array, **parameters: Array) -> Array:
        """Return an increasing transform of u that is concave in x, (agents,); u unless overridden."""
        return cls.value(x, **parameters)

    @classmethod
    def concave_marginal(cls, x: Array, **parameters: Array) -> Array:
        """Return the slopes of `concave_value`, (agents, goods)."""
        return cls.marginal(x, **parameters)

    @classmethod
    def concave_marginal_along(cls, x: Array, p: Array, **parameters: Array) -> Array:
        """Return the slopes of `concave_value` nearest to prices, (agents, goods), as `marginal_along`."""
        if cls.kink is Utility.kink:
            return cls.concave_marginal(x, **parameters)
        return cls.marginal_along(x, p, **parameters)

    @staticmethod
    def concave(x: Expression, *, unit: Unit = 1.0, **parameters: Array) -> Held:
        """Return `concave_value` as a cvxpy expression, (agents,), and the constraints it needs.

        Args:
            x: (agents, goods), counted in `unit`: the bundle is unit * x. Auxiliary variables are scaled to
                be near one where x is, since a solver's tolerances are absolute.
            unit: (goods,), an amount of each good.
            parameters: the family's.
        """
        raise NotImplementedError

    @classmethod
    def stated(cls, x: Expression, *, unit: Unit = 1.0, **parameters: Array) -> Held:
        """Return a lower bound on u itself that a maximiser makes tight, and the constraints it needs."""
        return cls.concave(x, unit=unit, **parameters)

    @staticmethod
    def not_concave(**parameters: Array) -> NDArray[np.bool_]:
        """Return a mask, (agents,), of agents whose u as stated is not concave."""
        return no_agent(parameters)

    @staticmethod
    def concave_form(**parameters: Array) -> dict[str, Array]:
        """Return parameters of this family with which u is concave and orders bundles as before.

        The parameters are unchanged except where u as stated is not concave.
        """
        return parameters

    @staticmethod
    def unbounded_with_money(**parameters: Array) -> NDArray[np.bool_]:
        """Return a mask, (agents,), of agents for whom `u(x) - p.x` has no maximum at any prices."""
        return no_agent(parameters)

    @classmethod
    def faults(cls, **parameters: Array) -> list[tuple[int, str]]:
        """List rows of the block whose parameters are not admissible together, each with the reason."""
        return []

    @staticmethod
    def indifference_prices(**parameters: Array) -> Array:
        """Return prices at which quasilinear demand for a good is an interval, (agents, goods); else nan.

        (agents, goods, steps) for families with several such prices.
        """
        return np.full(shape_of(parameters), np.nan)

    @staticmethod
    def constant_steps(**parameters: Array) -> tuple[Array, Array] | None:
        """Return bids and the amounts bid for, (agents, goods, steps) each, nan without one; None if none."""
        return None

    @staticmethod
    def nearest_end(x: Array, within: Array, **parameters: Array) -> Array:
        """Return amounts put to a kink no farther away than `within`, (goods,); x where there is none."""
        return x

    @staticmethod
    def linear_weights(**parameters: Array) -> Array:
        """Return the marginal utility of goods in which u is linear, (agents, goods); 0 of others."""
        return np.zeros(shape_of(parameters))

    @classmethod
    def other_purchases(cls, p: Array, b: Array, least: float, **parameters: Array) -> tuple[Array, Array]:
        """Return purchases that do not depend on the choice among linear goods, and the money left.

        Args:
            p: (goods,), prices.
            b: (agents,), income; inf without a limit.
            least: the marginal value of money elsewhere: 1 with quasilinear money, else 0.
            parameters: the family's.

        Returns:
            Amounts, (agents, goods), and money left for the linear goods, (agents,): 0 where none is left.
        """
        raise NotImplementedError

    @staticmethod
    def unit_cost(p: Array, **parameters: Array) -> tuple[Array, Array]:
        """Return log cost of a unit of utility, (agents,), and shares of goods in it, (agents, goods).

        Only for families that are `proportional`.
        """
        raise NotImplementedError

    @staticmethod
    def substitution(**parameters: Array) -> Array:
        """Return the elasticity of substitution, (agents,); of families with a constant one."""
        raise NotImplementedError

    @staticmethod
    def gross_substitutes(**parameters: Array) -> NDArray[np.bool_]:
        """Return a mask, (agents,): at a given income a dearer good never lowers demand for another.

        Claimed for all prices > 0; False unless a family has a proof. It holds as well if the income is the
        value of an endowment, since a dearer endowment is more income and no good is inferior where the claim
        is made. For set-valued demand (linear): among the new best bundles is one with no less of the others.
        """
        return no_agent(parameters)


WEIGHTS = Parameter(
    "good",
    meaning="preference weight; 0 if the good is not wanted",
    unit="utility",
    absent=0.0,
    required=True,
)


def first_of(parameters: dict[str, Array]) -> Array:
    """Return the first parameter, which in every family has a number for each agent and good."""
    return next(iter(parameters.values()))


def shape_of(parameters: dict[str, Array]) -> tuple[int, ...]:
    """Return (agents, goods)."""
    return first_of(parameters).shape[:2]


def no_agent(parameters: dict[str, Array]) -> NDArray[np.bool_]:
    """Return False for every agent, (agents,)."""
    return np.zeros(len(first_of(parameters)), dtype=bool)


def _one_of(answer: Correspondence, p: Array, money: float) -> Array:
    """Return one demanded bundle, (agents, goods): money left among ties goes into one good."""
    if answer.single_valued:
        return answer.lowest
    choice = (answer.highest > answer.lowest) & (p > 0)
    first = choice & (np.cumsum(choice, axis=1) == 1)
    left = np.maximum(money - answer.lowest @ p, 0.0)
    return answer.lowest + divide_where(first, left[:, None], p[None, :])


def turned(slopes: Array, kinks: Array, p: Array) -> Array:
    """Return slopes, (agents, goods), replaced at kinks by those along p; see `Utility.marginal_along`."""
    cost = kinks @ p
    along = np.asarray(cost > 0)
    return np.where(along[:, None], divide_where((kinks > 0) & along[:, None], p, cost[:, None]), slopes)
