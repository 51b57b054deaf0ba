"""Step bids: marginal utility that falls in steps, as bids in a market for power or in an order book do.

Symbols: v_k, a_k, X_k as in `families/step_functions.py`. Utility is the area under the bids,

    u(x) = sum_g sum_k v_gk min(max(x_g - X_g,k-1, 0), a_gk),

concave where bids do not rise, and flat beyond the last one. With quasilinear money an agent buys what it
bids more for than the price, and any part of what it bids just the price for. So demand is a staircase, and
the prices that clear a market are often an interval (`efficiency/price_intervals.py`). A load that has to be
served is one bid at a high price, the value of lost load.

Under a budget steps are bought in the order of `v_gk / p_g` (the fractional knapsack) until the money is
spent; steps that tie share what is left in any way. Any other bundle of equal cost has less of a step with
more utility for the money.

Source: Smith (1962); Dantzig (1957), "Discrete-variable extremum problems", for the order under a budget.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from market.economy.correspondences import Array, Correspondence, Coupling
from market.economy.families import step_functions
from market.economy.families.arithmetic import Expression, Held, Unit
from market.economy.families.utilities.base import Utility
from market.registry import Parameter
from market.tolerances import TIED


class Steps(Utility):
    """u(x) = the area under bids, each a price for an amount; marginal utility falls in steps."""

    name = "steps"
    parameters: ClassVar[dict[str, Parameter]] = {
        "bids": Parameter(
            "steps",
            meaning="[[price, amount], ...], the highest price first",
            unit="money per unit, units",
            open_low=True,
            required=True,
        )
    }

    @staticmethod
    def value(x: Array, *, bids: Array) -> Array:
        """Return the area under the bids up to x, (agents,)."""
        return np.asarray(step_functions.integral(x, bids).sum(axis=1))

    @staticmethod
    def marginal(x: Array, *, bids: Array) -> Array:
        """Return the bid for the next unit, 0 beyond the last one."""
        return step_functions.next_price(x, bids, 0.0)

    @staticmethod
    def marginal_of_last(x: Array, *, bids: Array) -> Array:
        """Return the bid for the last unit, which is higher at the end of a step."""
        return step_functions.last_price(x, bids, 0.0)

    @classmethod
    def marginal_along(cls, x: Array, p: Array, *, bids: Array) -> Array:
        """Return the slope nearest to p between those of the next and the last unit."""
        return np.clip(p, cls.marginal(x, bids=bids), cls.marginal_of_last(x, bids=bids))

    @classmethod
    def worth(cls, x: Array, *, bids: Array) -> Array:
        """Return the bundle at the bid for its last unit, (agents,), as the next may be worth nothing."""
        return np.asarray((x * cls.marginal_of_last(x, bids=bids)).sum(axis=1))

    @staticmethod
    def quasilinear_demand(p: Array, *, bids: Array) -> Correspondence:
        """Return all that is bid above the price, and any part of what is bid at it.

        Example:
            One unit at 5 and two at 3:

            >>> bids = np.array([[[[5.0, 1.0], [3.0, 2.0]]]])
            >>> [tuple(map(float, map(np.squeeze, Steps.quasilinear_demand(np.array([p]), bids=bids).bounds)))
            ...  for p in (6.0, 4.0, 3.0)]
            [(0.0, 0.0), (1.0, 1.0), (1.0, 3.0)]
        """
        least, most = step_functions.amounts_between(p, bids, 1.0)
        return Correspondence.exactly(least) if np.array_equal(least, most) else Correspondence(least, most)

    @staticmethod
    def budget_demand(p: Array, b: Array, *, bids: Array) -> Correspondence:
        """Return what the money buys in the order of utility for the money; steps that tie share the rest.

        Free goods are taken up to the last bid; an agent that has all it bids for does not spend the rest.
        """
        prices = p[:, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            worth = np.where(bids[..., 1] > 0, bids[..., 0] / prices, 0.0).reshape(len(bids), -1)
        cost = (bids[..., 1] * prices).reshape(len(bids), -1)
        order = np.argsort(-worth, axis=1, kind="stable")
        spent = np.cumsum(np.take_along_axis(cost, order, axis=1), axis=1)
        place = (spent <= b[:, None] * (1.0 + TIED)).sum(axis=1)  # the first step that is not bought whole
        whole = place == order.shape[1]
        last = np.take_along_axis(order, np.minimum(place, order.shape[1] - 1)[:, None], axis=1)
        margin = np.where(whole, 0.0, np.take_along_axis(worth, last, axis=1)[:, 0])[:, None]
        better = (worth > margin * (1.0 + TIED)) & (worth > 0)
        tied = ~better & (worth >= margin * (1.0 - TIED)) & (worth > 0) & ~whole[:, None]
        base = np.where(better.reshape(bids.shape[:3]), bids[..., 1], 0.0).sum(axis=2)
        room = np.where(tied.reshape(bids.shape[:3]), bids[..., 1], 0.0).sum(axis=2)
        rest = np.maximum(b - base @ p, 0.0)
        most = np.divide(rest[:, None], p, out=np.zeros_like(room), where=room > 0)
        several = (room > 0).sum(axis=1) > 1
        extra = np.minimum(room, most)
        lowest = base + np.where(several[:, None], 0.0, extra)
        if not several.any():
            return Correspondence.exactly(lowest)
        none = np.full(len(b), np.inf)
        joint = Coupling(
            np.where(several, b, -none),
            np.where(several, np.maximum(b, lowest @ p), none),
            np.zeros_like(base),
        )
        return Correspondence(lowest, base + extra, joint)

    @staticmethod
    def bliss(*, bids: Array) -> Array:
        """Return the amount of all bids of each good."""
        return step_functions.total(bids)

    @staticmethod
    def concave(x: Expression, *, unit: Unit = 1.0, bids: Array) -> Held:
        """Return the worth of the amounts taken of each step, together at most x."""
        value, needed = step_functions.filled(x, bids, unit)
        return value, needed[:1] + [taken <= used for taken, used in needed[1:]]

    @staticmethod
    def indifference_prices(*, bids: Array) -> Array:
        """Return all bids, (agents, goods, steps)."""
        return step_functions.prices_with_amounts(bids)

    @staticmethod
    def constant_steps(*, bids: Array) -> tuple[Array, Array]:
        """Return bids and their amounts, (agents, goods, steps) each."""
        return step_functions.prices_with_amounts(bids), bids[..., 1]

    @staticmethod
    def nearest_end(x: Array, within: Array, *, bids: Array) -> Array:
        """Return amounts put to the end of a step that is near."""
        return step_functions.nearest_end(x, bids, within)

    @classmethod
    def faults(cls, *, bids: Array) -> list[tuple[int, str]]:
        """List agents with a bid above the one before."""
        return [
            (i, f"bids may not rise: {bids[i, g, k, 0]:g} comes after {bids[i, g, k - 1, 0]:g}")
            for i, g, k in step_functions.disorder(bids, 1.0)
        ]
