"""Searches for better allocations: what could still be gained, and how much is wasted.

Convex programmes over all feasible (x', y'), given an allocation (x, y):

- `improvement`: somebody better off and nobody worse off, in goods alone;
- `resource_utilisation`: the smallest share of all resources with which everybody could still be as well
  off (Debreu's coefficient);
- `surplus_gap`: with quasilinear money that may go negative, the total surplus sum u - sum C still on the
  table; with budgets, the most that could be gained in total while money may not go negative and nobody,
  the auctioneer included, is worse off.

Preferences enter as concave transforms where only order matters, divided by what a typical amount of all
goods more would add at the margin, so that no answer depends on the scale of a utility. An agent at -inf is
not held to anything, and gains if it gets some of everything that it wants.

A found improvement is recomputed from the primitives before it is reported. A search that fails is *unknown*,
never "none found".

Source: Debreu (1951), "The coefficient of resource utilization"; the rest follows from the definitions.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from market.economy import Economy
from market.errors import InfeasibleError, NumericalError
from market.interval import Array
from market.netputs import allowed
from market.programmes import Programme, fit, typical_amounts

Expression = Any

MOST_RESCUES = 20  # agents who lack subsistence that are tried one at a time
SPARED = 1e-9  # share of what is left over that is given to nobody, so that sums stay within what there is
FOUND = 1e-7  # gains below this share of what a unit's worth of goods adds are the solver's rounding


@dataclass(frozen=True)
class Reallocation:
    """Another feasible allocation: x' and y', (agents, goods)."""

    consumption: Array
    production: Array


@dataclass(frozen=True)
class Bound:
    """The answer of a programme with what proves it from both sides (see `verify/duality.py`).

    Args:
        value: of the figure.
        consumption: (agents, goods), the allocation that reaches it.
        production: (agents, goods), of the same.
        prices: (goods,), multipliers of what there is of each good: no allocation does better.
        kept: (agents,), multipliers of nobody being worse off where money may not go negative, else 0.
        capped: (agents,), multipliers of money not going negative, else 0.
    """

    value: float
    consumption: Array
    production: Array
    prices: Array
    kept: Array
    capped: Array


class _Search:
    """What the programmes share: variables, scaled welfare, and how well off everybody is now."""

    def __init__(self, economy: Economy, x: Array, y: Array) -> None:
        self.economy, self.x, self.y = economy, x, y
        self.programme = Programme(economy, typical_amounts(economy, x, y))
        self.makes = np.asarray((economy.capacity > 0).any(axis=1))
        self.now = self.welfare(x, y)
        self.finite: NDArray[np.bool_] = np.isfinite(self.now)
        self.size = self._worth_of_units()
        self.constraints: list[Expression] = self.programme.limits()

    def _worth_of_units(self) -> Array:
        """What one unit of each good more would add, (agents,), > 0: the scale of gains.

        The difference, not the slope: whoever has next to nothing has a slope without measure, by which any
        gain would seem small. Who is at -inf is measured by the slope.
        """
        economy, x, y = self.economy, self.x, self.y
        ordinal, stated = economy.concave_marginal_utility(x), economy.marginal_utility(x)
        slopes = np.where(self.makes[:, None], stated, ordinal)
        worth = np.where(np.isfinite(slopes), slopes, 0.0) @ self.programme.units
        more = self.welfare(x + self.programme.units, y)
        gained = np.where(self.finite, more, 0.0) - np.where(self.finite, self.now, 0.0)
        worth = np.where(self.finite & (gained > 0), np.minimum(gained, worth), worth)
        spent = economy.cost(y)
        return np.where(worth > 0, worth, np.where(np.isfinite(spent) & (spent > 0), spent, 1.0))

    def welfare(self, x: Array, y: Array) -> Array:
        """U - C of those who can make something, a concave transform of u of the others, (agents,)."""
        economy = self.economy
        if not self.makes.any():
            return economy.concave_utility(x)
        return np.where(self.makes, economy.welfare(x, y), economy.concave_utility(x))

    def expression(self) -> Expression:
        """The same for the variables, (agents,)."""
        import cvxpy  # deferred: takes a second to import

        ordinal, needed = self.programme.utilities(stated=False, counted=self.finite & ~self.makes)
        self.constraints += needed
        if not self.makes.any():
            return ordinal
        if self._bent():
            raise NumericalError(
                "a producer's utility is not concave, so its trade-off of cost and use is not convex"
            )
        stated, needed = self.programme.utilities(stated=True, counted=self.finite & self.makes)
        self.constraints += needed
        return stated - cvxpy.multiply(self.makes, self.programme.costs()) + ordinal

    def _bent(self) -> bool:
        return any(
            (block.family.not_concave(**block.parameters) & self.makes[block.rows]).any()
            for block in self.economy.utilities
        )

    def hold(self, welfare: Expression, extra: Expression | float = 0.0) -> list[Expression]:
        """Nobody with a finite utility is worse off, with `extra` (agents,) to spare, in units of `size`."""
        import cvxpy

        rows = np.flatnonzero(self.finite)
        if not len(rows):
            return []
        spare = extra[rows] if not isinstance(extra, float) else extra
        return [
            cvxpy.multiply(1.0 / self.size[rows], welfare[rows]) >= self.now[rows] / self.size[rows] + spare
        ]


def improvement(economy: Economy, x: Array, y: Array) -> Reallocation | None:
    """A feasible reallocation of goods that nobody dislikes and someone prefers, or None if there is none.

    Somebody at -inf for lack of subsistence can gain only if all of it is found. If that cannot be done for
    all of them, each is tried alone: what saves one of them is enough, and saving fewer takes less.

    Raises:
        NumericalError: the search failed, or what it found the primitives do not confirm: nothing is known.
    """
    vital = np.asarray((economy.subsistence > 0).any(axis=1))
    needy = np.flatnonzero(vital & np.isneginf(economy.utility(x)))
    for given_up in _given_up(len(vital), needy):
        try:
            found = _improvement(economy, x, y, given_up)
        except InfeasibleError:
            continue
        if found is not None:
            return found
    if len(needy) > MOST_RESCUES:
        raise NumericalError(f"{len(needy)} agents lack subsistence; not each was tried")
    return None


def _given_up(agents: int, needy: NDArray[np.intp]) -> Iterator[NDArray[np.bool_]]:
    """Who of the needy is not to be saved: nobody, all but one of them, or all."""
    nobody = np.zeros(agents, dtype=bool)
    yield nobody
    if len(needy) > 1:
        for saved in needy[:MOST_RESCUES]:
            yield np.isin(np.arange(agents), needy[needy != saved])
    if len(needy):
        yield np.isin(np.arange(agents), needy)


def _improvement(economy: Economy, x: Array, y: Array, given_up: NDArray[np.bool_]) -> Reallocation | None:
    """The same, with a utility above -inf for all but those given up.

    Two programmes: the first maximises the sum of all gains; if that is more than rounding, the second caps
    each gain so that it is spread over many. Whoever gains nothing and would be hurt, if only by rounding,
    keeps exactly what it has; if the others need its help, a smaller cap leaves it a gain too.
    """
    total, _, _, _ = _maximise_gains(economy, x, y, np.inf, given_up)
    agents = len(economy.agents)
    if total <= FOUND * agents:
        return None
    for spread in (1.0, 8.0, 64.0):
        cap = total / (spread * agents)
        _, gains, x_new, y_new = _maximise_gains(economy, x, y, cap, given_up)
        found = _without_harm(economy, x, y, Reallocation(x_new, y_new), gains <= cap * 1e-3)
        if improves(economy, x, y, found):
            return found
    raise NumericalError("a gain was found that is too small to be confirmed, or it is the solver's rounding")


def _without_harm(
    economy: Economy, x: Array, y: Array, found: Reallocation, indifferent: NDArray[np.bool_]
) -> Reallocation:
    """The same, but those of the indifferent whom rounding would hurt stay exactly where they were.

    Making room for them may hurt others by rounding, so it is done until it hurts nobody new.
    """
    x_new, y_new = found.consumption, found.production
    before, stay = economy.welfare(x, y), np.zeros_like(indifferent)
    for _ in range(len(stay)):
        hurt = indifferent & ~stay & (economy.welfare(x_new, y_new) < before)
        if not hurt.any():
            break
        stay = stay | hurt
        y_new = np.where(stay[:, None], y, y_new)
        x_new = _shave(economy, x, np.where(stay[:, None], x, x_new), y_new, stay)
    return Reallocation(x_new, y_new)


def improves(economy: Economy, x: Array, y: Array, other: Reallocation) -> bool:
    """Whether a reallocation is feasible, hurts nobody and helps someone: from the primitives."""
    x_new, y_new = other.consumption, other.production
    within = (economy.taken(x_new, y_new) <= economy.offered(y_new) * (1.0 + 1e-12)).all()
    feasible = within and allowed(economy, y_new).all()
    before, after = economy.welfare(x, y), economy.welfare(x_new, y_new)
    return bool(feasible and (x_new >= 0).all() and (after >= before).all() and (after > before).any())


def _maximise_gains(
    economy: Economy, x: Array, y: Array, cap: float, given_up: NDArray[np.bool_]
) -> tuple[float, Array, Array, Array]:
    """The largest sum of scaled gains, each at most `cap`; the gains, and the allocation that gives them."""
    import cvxpy

    search = _Search(economy, x, y)
    agents = len(economy.agents)
    gains = cvxpy.Variable(agents, nonneg=True)
    held = search.hold(search.expression(), gains)
    bounds = [gains <= cap] if np.isfinite(cap) else []
    for i in np.flatnonzero(~search.finite):  # from -inf: gains if it gets some of everything that it wants
        wanted = np.flatnonzero(economy.bliss[i] > 0)
        beyond = search.programme.x[i, wanted] - economy.subsistence[i, wanted]
        bounds += [gains[i] <= (0.0 if given_up[i] else beyond / search.programme.units[wanted])]
        bounds += [gains[i] <= 1.0]
    balance = search.programme.net_use() <= economy.resources / search.programme.units
    found = search.programme.solve(cvxpy.sum(gains), [*held, *bounds, *search.constraints], balance)
    made = np.maximum(y, found.production)  # what costs nothing is not made less of, if only by rounding
    y_new = np.where(economy.marginal_cost(made) == 0, made, found.production)
    return found.value, np.asarray(gains.value), fit(economy, found.consumption, y_new), y_new


def _shave(economy: Economy, x: Array, x_new: Array, y_new: Array, stay: NDArray[np.bool_]) -> Array:
    """Make room, out of what the gainers get, for those who stay exactly where they were."""
    there = np.maximum(economy.resources + y_new.sum(axis=0), 0.0)
    room = there - np.where(stay[:, None], x, 0.0).sum(axis=0)
    used = np.where(stay[:, None], 0.0, x_new).sum(axis=0)
    share = np.divide(np.maximum(room, 0.0), used, out=np.ones_like(used), where=(used > room) & (used > 0))
    return np.where(stay[:, None], x, x_new * share)


def resource_utilisation(economy: Economy, x: Array, y: Array) -> Bound | None:
    """Debreu's coefficient: the smallest share of all resources that leaves everybody as well off.

    Returns:
        Between 0 and 1, with its proof; None where there are no resources to scale.

    Raises:
        NumericalError: the programme was not solved.
    """
    import cvxpy

    if not (economy.resources > 0).any():
        return None
    search = _Search(economy, x, y)
    nothing = np.zeros(economy.shape)
    idle = np.zeros(len(economy.agents))
    if (search.welfare(nothing, nothing) >= search.now).all():  # as well off with nothing at all
        return Bound(0.0, nothing, nothing, np.zeros(len(economy.goods)), idle, idle)
    share = cvxpy.Variable(nonneg=True)
    held = search.hold(search.expression())
    balance = search.programme.net_use() <= share * (economy.resources / search.programme.units)
    found = search.programme.solve(-share, [*held, *search.constraints], balance)
    value = float(min(max(-found.value, 0.0), 1.0))
    return Bound(value, found.consumption, found.production, np.maximum(found.prices, 0.0), idle, idle)


def with_what_is_left(economy: Economy, x: Array, y: Array, found: Bound) -> Reallocation | None:
    """What leaves everybody as well off with a share of the resources, and equal shares of what it leaves.

    Args:
        economy: the primitives.
        x: (agents, goods), consumption.
        y: (agents, goods), production.
        found: the answer of `resource_utilisation`.

    Returns:
        A better allocation, confirmed from the primitives; None if this is none.
    """
    left = np.maximum(economy.resources + (found.production - found.consumption).sum(axis=0), 0.0)
    given = found.consumption + left * (1.0 - SPARED) / len(economy.agents)
    better = Reallocation(fit(economy, given, found.production), found.production)
    return better if improves(economy, x, y, better) else None


def surplus_gap(economy: Economy, x: Array, y: Array, payments: Array) -> Bound | None:
    """The total surplus that is still on the table when money can change hands too, in money.

    Args:
        economy: with quasilinear money.
        x: (agents, goods), consumption.
        y: (agents, goods), production.
        payments: (agents,), net money paid.

    Returns:
        >= 0, with its proof; inf if somebody is at -inf that could be spared it; None if somebody is at -inf
        in any case.

    Raises:
        NumericalError: the programme was not solved.
    """
    import cvxpy

    programme = Programme(economy, typical_amounts(economy, x, y))
    if np.isneginf(economy.utility(np.tile(economy.most, (len(economy.agents), 1)))).any():
        return None
    utilities, constraints = programme.utilities(stated=True)
    welfare = utilities - programme.costs()
    balance = programme.net_use() <= economy.resources / programme.units
    capped = np.flatnonzero(np.isfinite(economy.budget))
    now = economy.welfare(x, y)
    nobody_worse: list[Expression] = []
    within: list[Expression] = []
    held = np.flatnonzero(np.isfinite(now))
    if len(capped):
        paid = cvxpy.Variable(len(economy.agents))
        within = [(paid + programme.costs())[capped] <= economy.budget[capped]]
        if len(held):
            nobody_worse = [(welfare - paid)[held] >= now[held] - payments[held]]
        constraints += [cvxpy.sum(paid) >= payments.sum(), *within, *nobody_worse]
    found = programme.solve(cvxpy.sum(welfare), [*constraints, *programme.limits()], balance)
    best_x, best_y = fit(economy, found.consumption, found.production), found.production
    gap = np.inf if np.isneginf(now).any() else surplus_gained(economy, x, y, best_x, best_y)
    return Bound(
        gap,
        best_x,
        best_y,
        np.maximum(found.prices, 0.0),
        _multipliers(len(now), held, nobody_worse),
        _multipliers(len(now), capped, within),
    )


def surplus_gained(economy: Economy, x: Array, y: Array, best_x: Array, best_y: Array) -> float:
    """How much total surplus the best allocation found has more, money.

    Raises:
        NumericalError: it has less, by more than rounding, so it is not the best.
    """
    gained = float(economy.welfare(best_x, best_y).sum() - economy.welfare(x, y).sum())
    slopes = economy.marginal_utility(x)
    worth = np.multiply(x, slopes, out=np.zeros_like(x), where=(x > 0) & np.isfinite(slopes)).sum()
    if not gained >= -FOUND * float(worth + economy.cost(y).sum()):
        raise NumericalError("the convex programme ended at less surplus than there is now")
    return max(gained, 0.0)


def _multipliers(agents: int, rows: NDArray[np.intp], constraints: list[Expression]) -> Array:
    """The multipliers of a constraint on some agents, (agents,), 0 for the others."""
    found = np.zeros(agents)
    for constraint in constraints:
        found[rows] = np.maximum(constraint.dual_value, 0.0)
    return found
