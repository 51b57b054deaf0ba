"""What every utility family gives, and the small helpers that several share.

Symbols: x (agents, goods) consumption; p (goods,) prices; a (agents, goods) weights, where 0 means not
wanted; b (agents,) income. Every function takes a family's parameters as keywords whose names are the
scenario's keys.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
import scipy
from numpy.typing import NDArray

from market.economy.correspondences import Array, Correspondence, Coupling, good_by_good
from market.errors import UnboundedDemandError
from market.registry import Family, Parameter

Expression = Any  # a cvxpy expression; cvxpy is imported only where a programme is solved
Unit = Array | float  # amounts of each good, (goods,), or of all of them alike
Held = tuple[Expression, list[Expression]]
"""A cvxpy expression, and the constraints that hold it up: a maximiser makes the bound that it is tight."""

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
    def kink(x: Array, **parameters: Array) -> Array:  # noqa: ARG004
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
        prices, keen = p.copy(), nobody(parameters)
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
        gained = np.where(ruined, 0.0, cls.value(bought, **parameters) - np.where(ruined, 0.0, nothing))
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
    def quasilinear_sums(**parameters: Array) -> Sums | None:  # noqa: ARG004
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
    def budget_sums(fixed: Array, owned: Array, **parameters: Array) -> Sums | None:  # noqa: ARG004
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
    def prepared_total(b: Array, **parameters: Array) -> Total | None:  # noqa: ARG004
        """A fast way to the total of `budget_demand` at fixed incomes b, (agents,); None if there is none."""
        return None

    @staticmethod
    def bliss(**parameters: Array) -> Array:
        """The amounts beyond which more does not help, (agents, goods): 0 if unwanted, inf if never."""
        raise NotImplementedError

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
        return nobody(parameters)

    @staticmethod
    def concave_form(**parameters: Array) -> dict[str, Array]:
        """Parameters of this family with which u is concave and orders bundles as it does as stated.

        Those that are given, except where u as stated is not concave.
        """
        return parameters

    @staticmethod
    def unbounded_with_money(**parameters: Array) -> NDArray[np.bool_]:
        """For which agents u(x) - p.x has no maximum at any prices, (agents,)."""
        return nobody(parameters)

    @classmethod
    def faults(cls, **parameters: Array) -> list[tuple[int, str]]:  # noqa: ARG003
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
    def homothetic(**parameters: Array) -> NDArray[np.bool_]:
        """For which agents demand at a given income is proportional to income, (agents,).

        Claimed for all prices > 0 and incomes > 0; of sets of bundles: doubled income doubles every bundle
        in the set.
        """
        raise NotImplementedError

    @staticmethod
    def gross_substitutes(**parameters: Array) -> NDArray[np.bool_]:
        """For which agents, at a given income, a dearer good never lowers demand for another, (agents,).

        Claimed for all prices > 0. It holds as well if the income is what an endowment is worth, since a
        dearer endowment is more income and no good in these families is inferior where the claim is made.
        Of set-valued demand (linear): some best bundle with no less of the others is among the new ones.
        """
        raise NotImplementedError

    @staticmethod
    def gross_substitutes_with_money(**parameters: Array) -> NDArray[np.bool_]:
        """The same for quasilinear demand: true wherever u is a sum of one-good terms, (agents,)."""
        return ~nobody(parameters)


WEIGHTS = Parameter(
    "good", meaning="how much a good is wanted; 0 is not at all", unit="utility", absent=0.0, required=True
)


def first_of(parameters: dict[str, Array]) -> Array:
    """The first parameter, which in every family has a number for each agent and good."""
    return next(iter(parameters.values()))


def nobody(parameters: dict[str, Array]) -> NDArray[np.bool_]:
    """False for every agent."""
    return np.zeros(len(first_of(parameters)), dtype=bool)


def at_most_one(wanted: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Which agents want no more than one good, (agents,)."""
    return np.asarray(wanted.sum(axis=1) <= 1)


def never_satiated(weights: Array) -> Array:
    """Bliss of families in which more of a wanted good always helps."""
    return np.where(weights > 0, np.inf, 0.0)


def refuse_free_goods(p: Array, wanted: NDArray[np.bool_]) -> None:
    """Raise where a wanted good has price zero."""
    free = p <= 0
    if free.any() and wanted[:, free].any():
        raise UnboundedDemandError(np.flatnonzero(free & wanted.any(axis=0)).tolist())


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


def divide_where(wanted: NDArray[np.bool_], numerator: Array, denominator: Array) -> Array:
    """The quotient where the good is wanted and 0 elsewhere; a positive number over 0 is inf."""
    result = np.zeros(np.broadcast_shapes(numerator.shape, denominator.shape, wanted.shape))
    with np.errstate(divide="ignore", over="ignore"):
        np.divide(numerator, denominator, out=result, where=wanted)
    return result


def total_at(p: Array, wanted: Array, spent: Array) -> Array:
    """What is spent on each good over its price, (goods,); 0 of what nobody wants.

    Args:
        p: (goods,), prices.
        wanted: (goods,), > 0 where somebody wants the good.
        spent: (goods,), money.

    Raises:
        UnboundedDemandError: a wanted good is free.
    """
    if p.min() > 0:
        with np.errstate(over="ignore"):
            return spent / p
    refuse_free_goods(p, (wanted > 0)[None, :])
    return divide_where(wanted > 0, spent, p)


def over_prices(spent: Array, p: Array, out: Array | None = None) -> Array:
    """What is spent over prices > 0, (agents, goods), as `divide_where` gives it; inf beyond floats.

    `out` may be `spent` itself.
    """
    with np.errstate(over="ignore"):
        return good_by_good(np.divide, spent, p, out)


def log_where(wanted: NDArray[np.bool_], numbers: Array) -> Array:
    """The logarithm where the good is wanted and 0 elsewhere; -inf of 0."""
    with np.errstate(divide="ignore"):
        if numbers.shape == wanted.shape and wanted.all():  # three times as fast as one by one
            return np.log(numbers)
        result = np.zeros(np.broadcast_shapes(numbers.shape, wanted.shape))
        np.log(numbers, out=result, where=wanted)
    return result


def exp(exponents: Array) -> Array:
    """The exponential, inf where it is more than any number."""
    with np.errstate(over="ignore"):
        return np.exp(exponents)


def sum_by_agent(terms: Expression, rows: NDArray[np.intp], agents: int) -> Expression:
    """Add up a vector of cvxpy terms, of which each belongs to the agent in `rows`."""
    entries = np.arange(len(rows))
    return scipy.sparse.csr_matrix((np.ones(len(rows)), (rows, entries)), shape=(agents, len(rows))) @ terms


def spend_rest(base: Array, rest: Array, p: Array, tied: NDArray[np.bool_], b: Array) -> Correspondence:
    """Bundles with `base` for certain and the money that is left spent on the tied goods in any way.

    Args:
        base: (agents, goods), bought in any case.
        rest: (agents,), money left over for the tied goods.
        p: (goods,), prices; > 0 where somebody is tied.
        tied: (agents, goods), the goods among which the agent is indifferent; one of them is no choice.
        b: (agents,), income, all of it spent by those who are tied.
    """
    amounts = divide_where(tied, rest[:, None], p[None, :])
    choice = np.asarray(tied.sum(axis=1) > 1) & (rest > 0)
    if not choice.any():
        return Correspondence.exactly(base + amounts)
    lowest = base + np.where(choice[:, None], 0.0, amounts)
    spent = np.where(choice, b, -np.inf), np.where(choice, b, np.inf)
    return Correspondence(lowest, base + amounts, Coupling(*spent, np.zeros_like(base)))
