"""The best amount of public goods to add to what others provide.

Symbols: G_g the amount of a public good g; c_g its unit cost: money, or units of the one private good h that
it is made from (`economy/provision.py`); z_ig what i adds; G_-i what there is without z_i.

*The best amount to add* maximises `u_i(e_i, G_-i + z) - c.z`, or under exchange `u_i` with `c.z` less of h.
Its slope in z_g,

    du_i/dG_g - l c_g,  l = 1, or du_i/dx_h under exchange,

falls in z_g, so its root is found within a bracket, one good after the other until none moves. Where a budget
binds with several public goods, l is raised until it is just spent.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.economy.provision import Provision
from market.errors import NumericalError

MOST_SWEEPS = 200  # over public goods
MOST_STEPS = 200  # of a bisection, and of doublings before it
SAME = 2e-16  # relative to the amount there is: an interval this short is a point
SETTLED = 1e-13  # relative: amounts of several goods that move less than this do not move


@dataclass(frozen=True)
class Giver:
    """Agents that choose what they add, each with all others' amounts given.

    Args:
        economy: these agents (`Economy.part`).
        means: of making public goods, in the whole economy.
        without: (agents, public goods), G_-i.
        most: (agents, public goods), the most that can be added.
    """

    economy: Economy
    means: Provision
    without: Array
    most: Array

    def consumption(self, added: Array) -> Array:
        """Return what the agents consume if each adds these amounts, (agents, goods)."""
        x = self.economy.endowment.copy()
        x[:, self.means.public] = self.without + added
        if self.means.paid_in is not None:
            x[:, self.means.paid_in] -= added @ self.means.unit_cost
            x[:, self.means.paid_in] = np.maximum(x[:, self.means.paid_in], 0.0)
        return x

    def payoff(self, added: Array) -> Array:
        """Return payoffs, (agents,), if each adds these amounts."""
        utility = self.economy.utility(self.consumption(added))
        return utility if self.means.paid_in is not None else utility - added @ self.means.unit_cost

    def slope(self, added: Array, price: Array) -> Array:
        """Return the gain from adding more, (agents, public goods), at l = price where money pays."""
        with np.errstate(invalid="ignore", over="ignore"):
            slopes = self.economy.marginal_utility(self.consumption(added))
            paid = slopes[:, [self.means.paid_in]] if self.means.paid_in is not None else price[:, None]
            gained = slopes[:, self.means.public] - paid * self.means.unit_cost
        return np.where(np.isnan(gained), -1.0, gained)

    def best(self) -> Array:
        """Return the best amounts to add, (agents, public goods).

        Raises:
            NumericalError: an agent would add without bound.
        """
        price = np.ones(len(self.without))
        best = self._best_at(price)
        budget = self.economy.budget if self.means.paid_in is None else np.full(len(price), np.inf)
        beyond = best @ self.means.unit_cost > budget
        if not beyond.any() or best.shape[1] == 1:  # one good is cut to the budget in `most`
            return best
        low, high = price, np.where(beyond, 2.0, 1.0)
        while ((spent := self._best_at(high) @ self.means.unit_cost) > budget).any() and high.max() < 1e100:
            high = np.where(spent > budget, high * high, high)
        for _ in range(MOST_STEPS):
            middle = np.sqrt(low * high)
            over = self._best_at(middle) @ self.means.unit_cost > budget
            low, high = np.where(over, middle, low), np.where(over, high, middle)
            if (high <= low * (1.0 + SAME)).all():
                break
        return np.where(beyond[:, None], self._best_at(high), best)

    def _best_at(self, price: Array) -> Array:
        added = np.zeros_like(self.without)
        for _ in range(MOST_SWEEPS):
            before = added
            for k in range(added.shape[1]):
                added = self._best_of(added, k, price)
            if added.shape[1] == 1 or (np.abs(added - before) <= SETTLED * (self.without + added)).all():
                break
        return added

    def _best_of(self, added: Array, k: int, price: Array) -> Array:
        """Return amounts with the best one of a single good."""
        most = self.most[:, k]
        if self.means.paid_in is not None and self.means.unit_cost[k] > 0:
            others = np.where(np.arange(added.shape[1]) == k, 0.0, added) @ self.means.unit_cost
            owned = self.economy.endowment[:, self.means.paid_in]
            most = np.minimum(most, np.maximum(owned - others, 0.0) / self.means.unit_cost[k])

        def slope(amount: Array) -> Array:
            tried = added.copy()
            tried[:, k] = amount
            return self.slope(tried, price)[:, k]

        found, without = added.copy(), self.without[:, k]
        point = falling_point(slope, most, without, np.where(added[:, k] > 0, added[:, k], without))
        found[:, k] = np.where(point <= SETTLED * self.without[:, k], 0.0, point)  # rounding of what there is
        if np.isinf(found[:, k]).any():
            name = self.economy.agents[int(np.flatnonzero(np.isinf(found[:, k]))[0])]
            good = self.economy.goods[self.means.public[k]]
            raise NumericalError(f"{name} would pay for more and more of {good}, whatever it has")
        return found


def falling_point(slope: Callable[[Array], Array], most: Array, scale: Array, near: Array) -> Array:
    """Return the points, 0 to `most`, at which falling slopes cross zero, one by one; inf without one.

    False position with halved ends (Illinois), every third step the middle; infinite slopes take the middle.

    Args:
        slope: amounts -> slopes, each falling in its own amount.
        most: upper bounds.
        scale: sizes to which amounts are added: a part of `SAME` of them does not matter.
        near: first guesses.
    """
    low, high = np.zeros_like(most), np.minimum(np.maximum(near, np.maximum(SAME * scale, 1e-12)), most)
    at_low, at_high = slope(low), slope(high)
    nothing = ~(at_low > 0)
    for _ in range(MOST_STEPS):
        up = ~nothing & (at_high > 0) & (high < most)
        if not up.any():
            break
        low, at_low = np.where(up, high, low), np.where(up, at_high, at_low)
        high = np.where(up, np.minimum(high * 16.0, most), high)
        at_high = slope(high)
    else:
        return np.where(up, np.inf, np.where(nothing, 0.0, high))
    full = ~nothing & (at_high > 0)
    done = nothing | full
    for step in range(MOST_STEPS):
        middle = low + (high - low) / 2.0
        done = done | (high - low <= SAME * (scale + high)) | (middle <= low) | (middle >= high)
        if done.all():
            break
        with np.errstate(all="ignore"):
            point = low + (high - low) * (at_low / (at_low - at_high))
        inside = np.isfinite(point) & (point > low) & (point < high) & (step % 3 != 2)
        point = np.where(done, high, np.where(inside, point, middle))
        value = slope(point)
        more, exact = value > 0, value == 0
        at_high, at_low = (
            np.where(more, at_high / 2.0, value),
            np.where(more, value, at_low / 2.0),
        )
        low, high = np.where(done | ~(more | exact), low, point), np.where(done | more, high, point)
    return np.where(nothing, 0.0, np.where(full, high, low + (high - low) / 2.0))
