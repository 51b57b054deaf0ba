"""What every utility family gives, and the small helpers that several share.

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

FIRST = 6  # amounts of money, each a thousandth of the last, that are tried as the first to be spent

Sums = tuple[Array, ...]
"""Arrays, of a size that does not grow with the agents, on which their total demand depends."""

Total = Callable[[Array], Array | None]
"""Prices (goods,) -> total demand, (goods,); None at prices at which it cannot be had in this way."""


class Utility(Family):
    """Base of the utility families; all functions are pure."""

    parameters: ClassVar[dict[str, Parameter]]
    proportional: ClassVar[bool] = False
    """Whether u is homogeneous of degree one with one best bundle for each unit of money (`unit_cost`)."""
    direct: ClassVar[bool] = False
    """Whether demand is worked out in its own place, so that there is no use in doing it piece by piece."""

    @staticmethod
    def value(x: Array, **parameters: Array) -> Array:
        """u(x), (agents,); may be -inf."""
        raise NotImplementedError

    @staticmethod
    def marginal(x: Array, **parameters: Array) -> Array:
        """du/dx_g, (agents, goods), >= 0; inf where the slope at x_g = 0 is infinite.

        Where u has a kink (Leontief at its corner, CES with several goods missing) these are slopes m that
        no other bundle beats, u(x') <= u(x) + m.(x' - x): a supergradient, which proves as much. `kink` has
        the others.
        """
        raise NotImplementedError

    @staticmethod
    def kink(x: Array, **parameters: Array) -> Array:
        """What all supergradients are where they are many: (agents, goods), b >= 0.

        Any m >= 0 with sum_g b_g m_g = 1 that is 0 where b_g is 0. b is 0 throughout for an agent whose
        slopes are the only ones, or whose others are not of this form. Only of families whose
        `concave_value` is u itself.
        """
        return np.zeros_like(x)

    @classmethod
    def marginal_along(cls, x: Array, p: Array, **parameters: Array) -> Array:
        """The supergradient nearest to prices, (agents, goods): `marginal` where there is no kink.

        w m <= p with equality where x_g > 0 asks at a kink for some m among many. Those of `kink` that are
        a multiple of p, m_g = p_g / b.p where b_g > 0, meet it with w = b.p, and no others meet it with any
        other w. Where all of these goods are free nothing is along p, and `marginal` is as good.

        Args:
            x: (agents, goods), consumption.
            p: (goods,), prices.
            parameters: the family's.
        """
        slopes = cls.marginal(x, **parameters)
        return slopes if cls.kink is Utility.kink else turned(slopes, cls.kink(x, **parameters), p)

    @classmethod
    def worth(cls, x: Array, **parameters: Array) -> Array:
        """What a bundle is worth at the margin, sum_g x_g du/dx_g, (agents,); infinite slopes do not count.

        Where u is homogeneous of degree one that is u itself, by Euler's theorem.
        """
        if cls.proportional:
            return cls.value(x, **parameters)
        slopes = cls.marginal(x, **parameters)
        if not np.isfinite(slopes.max(initial=0.0)):
            slopes = np.where(np.isfinite(slopes), slopes, 0.0)
        return np.asarray(np.einsum("ig,ig->i", x, slopes))

    @classmethod
    def first_worth(cls, p: Array, tiny: float, **parameters: Array) -> Array:
        """The most that a first amount of money, spent at prices p, adds to utility per unit, (agents,).

        From the utility of what tiny amounts buy; see `Economy.first_worth`.

        Args:
            p: (goods,), prices.
            tiny: an amount of money that is next to nothing for everybody.
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
                prices[goods] = max(float(p.max(initial=0.0)), 1.0)  # to the others it makes no difference
        rises = ~keen & np.isfinite(worth)
        for step in range(1, FIRST):  # what is tiny buys a lot of a good that is nearly free
            if not rises.any():
                break
            less = cls._worth_of(1e-3**step * tiny, prices, **parameters)
            rises &= less > 1.01 * worth
            worth = np.where(rises, less, worth)
        return np.where(keen | rises, np.inf, worth)

    @classmethod
    def _worth_of(cls, money: float, p: Array, **parameters: Array) -> Array:
        """(u(what the money buys) - u(nothing)) / money, (agents,); inf where u(nothing) is -inf."""
        first = first_of(parameters)
        bought = _one_of(cls.budget_demand(p, np.full(len(first), money), **parameters), p, money)
        nothing = cls.value(np.zeros_like(bought), **parameters)
        ruined = np.isneginf(nothing)
        gained = cls.value(bought, **parameters) - np.where(ruined, 0.0, nothing)
        return np.where(ruined, np.inf, gained / money)

    @staticmethod
    def quasilinear_demand(p: Array, **parameters: Array) -> Correspondence:
        """The bundles that maximise u(x) - p.x; inf where more of a priced good always pays.

        Raises:
            UnboundedDemandError: a wanted good is free.
        """
        raise NotImplementedError

    @staticmethod
    def budget_demand(p: Array, b: Array, **parameters: Array) -> Correspondence:
        """The bundles that maximise u(x) subject to p.x <= b.

        Raises:
            UnboundedDemandError: a wanted good is free.
        """
        raise NotImplementedError

    @staticmethod
    def quasilinear_sums(**parameters: Array) -> Sums | None:
        """What total quasilinear demand depends on, summed over the agents once; None: on each of them.

        Sums of the agents of two blocks, added up, are the sums of all of them. Only families whose demand is
        single-valued may have them.
        """
        return None

    @staticmethod
    def quasilinear_total(p: Array, *sums: Array) -> Array:
        """The total of `quasilinear_demand` at prices p, (goods,), from what `quasilinear_sums` gives.

        Raises:
            UnboundedDemandError: a wanted good is free.
        """
        raise NotImplementedError

    @staticmethod
    def budget_sums(fixed: Array, owned: Array, **parameters: Array) -> Sums | None:
        """The same for demand at the incomes b_i = fixed_i + owned_i.p.

        Args:
            fixed: (agents,), money.
            owned: (agents, goods), units.
            parameters: the family's.
        """
        return None

    @staticmethod
    def budget_total(p: Array, *sums: Array) -> Array:
        """The total of `budget_demand` at prices p, (goods,), from what `budget_sums` gives.

        Raises:
            UnboundedDemandError: a wanted good is free.
        """
        raise NotImplementedError

    @staticmethod
    def prepared_total(b: Array, **parameters: Array) -> Total | None:
        """A fast way to the total of `budget_demand` at fixed incomes b, (agents,); None if there is none."""
        return None

    @staticmethod
    def bliss(**parameters: Array) -> Array:
        """The amounts beyond which more does not help, (agents, goods): 0 if unwanted, inf if never."""
        return np.where(first_of(parameters) > 0, np.inf, 0.0)

    @staticmethod
    def subsistence(**parameters: Array) -> Array:
        """The amounts that an agent cannot do without, (agents, goods); 0 unless overridden."""
        return np.zeros_like(first_of(parameters))

    @classmethod
    def concave_value(cls, x: Array, **parameters: Array) -> Array:
        """An increasing transform of u that is concave in x, (agents,); u itself unless overridden."""
        return cls.value(x, **parameters)

    @classmethod
    def concave_marginal(cls, x: Array, **parameters: Array) -> Array:
        """The slopes of `concave_value`, (agents, goods)."""
        return cls.marginal(x, **parameters)

    @classmethod
    def concave_marginal_along(cls, x: Array, p: Array, **parameters: Array) -> Array:
        """The slopes of `concave_value` nearest to prices, (agents, goods), as `marginal_along`."""
        if cls.kink is Utility.kink:
            return cls.concave_marginal(x, **parameters)
        return cls.marginal_along(x, p, **parameters)

    @staticmethod
    def concave(x: Expression, *, unit: Unit = 1.0, **parameters: Array) -> Held:
        """`concave_value` as a cvxpy expression, (agents,), and the constraints it needs.

        Args:
            x: (agents, goods), counted in `unit`: the bundle is unit * x. Whatever is added to hold the value
                up is counted so that it is near one where x is, since a solver's tolerances are absolute.
            unit: (goods,), an amount of each good.
            parameters: the family's.
        """
        raise NotImplementedError

    @classmethod
    def stated(cls, x: Expression, *, unit: Unit = 1.0, **parameters: Array) -> Held:
        """A lower bound on u itself that a maximiser makes tight, and the constraints it needs."""
        return cls.concave(x, unit=unit, **parameters)

    @staticmethod
    def not_concave(**parameters: Array) -> NDArray[np.bool_]:
        """For which agents u as stated is not concave, (agents,)."""
        return no_agent(parameters)

    @staticmethod
    def concave_form(**parameters: Array) -> dict[str, Array]:
        """Parameters of this family with which u is concave and orders bundles as it does as stated.

        Those that are given, except where u as stated is not concave.
        """
        return parameters

    @staticmethod
    def unbounded_with_money(**parameters: Array) -> NDArray[np.bool_]:
        """For which agents u(x) - p.x has no maximum at any prices, (agents,)."""
        return no_agent(parameters)

    @classmethod
    def faults(cls, **parameters: Array) -> list[tuple[int, str]]:
        """Whose parameters do not go together, by row in the block, and why; nobody's unless overridden."""
        return []

    @staticmethod
    def indifference_prices(**parameters: Array) -> Array:
        """Prices at which quasilinear demand for a good alone is an interval, (agents, goods); else nan."""
        return np.full_like(first_of(parameters), np.nan)

    @staticmethod
    def linear_weights(**parameters: Array) -> Array:
        """What one unit of a good is worth where utility is linear in it, (agents, goods), else 0."""
        return np.zeros_like(first_of(parameters))

    @classmethod
    def beside_linear(cls, p: Array, b: Array, least: float, **parameters: Array) -> tuple[Array, Array]:
        """What is bought whatever is chosen among goods valued linearly, and what is left for these.

        Args:
            p: (goods,), prices.
            b: (agents,), income; inf without a limit.
            least: what a unit of money is worth elsewhere: 1 with quasilinear money, else 0.
            parameters: of the family.

        Returns:
            Amounts, (agents, goods), and money, (agents,): 0 where all is spent on other goods.
        """
        raise NotImplementedError

    @staticmethod
    def unit_cost(p: Array, **parameters: Array) -> tuple[Array, Array]:
        """Log of what a unit of utility costs, (agents,), and the shares of goods in it, (agents, goods).

        Only of families that are `proportional`.
        """
        raise NotImplementedError

    @staticmethod
    def substitution(**parameters: Array) -> Array:
        """The elasticity of substitution, (agents,); only of families that are `proportional`."""
        raise NotImplementedError

    @staticmethod
    def gross_substitutes(**parameters: Array) -> NDArray[np.bool_]:
        """For which agents, at a given income, a dearer good never lowers demand for another, (agents,).

        Claimed for all prices > 0. It holds as well if the income is what an endowment is worth, since a
        dearer endowment is more income and no good in these families is inferior where the claim is made.
        Of set-valued demand (linear): some best bundle with no less of the others is among the new ones.
        """
        return no_agent(parameters)


WEIGHTS = Parameter(
    "good", meaning="how much a good is wanted; 0 is not at all", unit="utility", absent=0.0, required=True
)


def first_of(parameters: dict[str, Array]) -> Array:
    """The first parameter, which in every family has a number for each agent and good."""
    return next(iter(parameters.values()))


def no_agent(parameters: dict[str, Array]) -> NDArray[np.bool_]:
    """False for every agent."""
    return np.zeros(len(first_of(parameters)), dtype=bool)


def _one_of(answer: Correspondence, p: Array, money: float) -> Array:
    """A bundle that is demanded, (agents, goods): what the indifferent have left goes into one good."""
    if answer.single_valued:
        return answer.lowest
    choice = (answer.highest > answer.lowest) & (p > 0)
    first = choice & (np.cumsum(choice, axis=1) == 1)
    left = np.maximum(money - answer.lowest @ p, 0.0)
    return answer.lowest + divide_where(first, left[:, None], p[None, :])


def turned(slopes: Array, kinks: Array, p: Array) -> Array:
    """Slopes, at kinks those along prices p, (agents, goods); see `Utility.marginal_along`."""
    cost = kinks @ p
    along = np.asarray(cost > 0)
    return np.where(along[:, None], divide_where((kinks > 0) & along[:, None], p, cost[:, None]), slopes)
