"""Searches for Pareto improvements: feasible reallocations that help some agent and hurt none.

A convex program over all feasible (x', y'), given an allocation (x, y), maximises gains in goods alone.
Preferences enter as concave transforms where only order matters, divided by what a typical amount of all
goods more would add, so that no answer depends on the scale of a utility. An agent at -inf is held to
nothing, and gains if it gets some of everything that it wants.

An improvement is recomputed from the primitives before it is reported. A search that fails is *unknown*,
never "none found".

*Agents below subsistence.* Symbols: x, y an allocation; N those at -inf for lack of subsistence s_i; p, w
prices and weights that support
what the others have, with relative violation r (`first_order_conditions.py`); V = sum over i in N of p.x_i,
what N hold.

A reallocation (x', y') that hurts nobody outside N has, by the first-order conditions,

    0 <= sum_{j not in N} w_j d(u_j - C_j) <= p.(what the others get more of) + 4 r p.(all there is),

since u (or the concave form of it that `support` takes) is concave and every condition is violated by no more
than r p_g for each unit moved. So what N can
have is worth at most V + 4 r p.(all there is), and whoever needs more than that, p.s_i, cannot be saved. Nor
can anybody who needs more of a good than there can ever be.

Source: own derivation from the definitions and the first-order conditions of `first_order_conditions.py`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.families.costs import Cost
from market.economy.primitives import Block, Economy
from market.economy.production import producible
from market.efficiency.dual_bounds import CertifiedValue
from market.efficiency.negishi_weights import support
from market.errors import InfeasibleError, NumericalError
from market.tolerances import PLENTY, ROUNDING_OF_SUMS
from market.welfare.convex_program import ConvexProgram, fit
from market.welfare.first_order_conditions import Margins

Expression = Any

SPARED = 1e-9  # share of what is left over that is given to nobody, so that sums stay within what there is
MOST_RESCUES = 20  # agents who lack subsistence that are tried one at a time, those who need least first
SATIATED = 1e-6  # of the worth of a first bundle: below, more is worth nothing that can be told from nothing
ENOUGH = 1e-12  # share of a bliss point by which one may be short of it and have enough
FOUND = 1e-7  # gains below this share of what a unit's worth of goods adds are the solver's rounding


@dataclass(frozen=True)
class Reallocation:
    """Another feasible allocation: x' and y', (agents, goods)."""

    consumption: Array
    production: Array


def without_sacrifice(economy: Economy, y: Array) -> Economy:
    """The economy as far as it goes without harm to those who bear no cost and want nothing.

    In goods alone nothing can make up to them for a cost, so they can make only what costs nothing. Without
    the rest, a search is spared amounts that cost as little as one likes and are not to be had all the same:
    where the first unit costs nothing, a violation of 1e-12 in costs is 1e-6 in amounts.
    """
    spared = ~(economy.bliss > 0).any(axis=1) & (economy.cost(y) == 0) & ~economy.turns_goods_into_goods
    most = np.minimum(economy.capacity, PLENTY)
    costly = spared[:, None] & (most > 0) & (economy.marginal_cost(most) > 0)
    if not costly.any():
        return economy

    def limited(block: Block[Cost]) -> Block[Cost]:
        own = block.parameters["capacity"]
        return replace(
            block, parameters={**block.parameters, "capacity": np.where(costly[block.rows], 0.0, own)}
        )

    return replace(economy, costs=tuple(limited(block) for block in economy.costs))


class ImprovementProgram:
    """What the programmes share: variables, scaled welfare, and how well off everybody is now."""

    def __init__(self, economy: Economy, x: Array, y: Array) -> None:
        self.economy, self.x, self.y = economy, x, y
        self.program = ConvexProgram.for_allocation(economy, x, y)
        self.makes = np.asarray((economy.capacity > 0).any(axis=1))
        self.now = self.welfare(x, y)
        self.finite: NDArray[np.bool_] = np.isfinite(self.now)
        wants = economy.bliss > 0
        enough = np.asarray((~wants | (x >= economy.bliss * (1.0 - ENOUGH))).all(axis=1))
        self.satiated = enough & wants.any(axis=1) & self.finite & ~self.makes
        self.size = self._worth_of_units()
        self.constraints: list[Expression] = self.program.limits()

    def _worth_of_units(self) -> Array:
        """What one unit of each good more would add, (agents,), > 0: the scale of gains.

        The difference, not the slope: whoever has next to nothing has a slope without measure, by which any
        gain would seem small. Who is at -inf is measured by the slope, and whoever has nearly all it can use
        by a share of what it would gain if it had little.
        """
        economy, x, y = self.economy, self.x, self.y
        ordinal, stated = economy.concave_marginal_utility(x), economy.marginal_utility(x)
        slopes = np.where(self.makes[:, None], stated, ordinal)
        worth = np.where(np.isfinite(slopes), slopes, 0.0) @ self.program.units
        more = self.welfare(x + self.program.units, y)
        gained = np.where(self.finite, more, 0.0) - np.where(self.finite, self.now, 0.0)
        worth = np.where(self.finite & (gained > 0), np.minimum(gained, worth), worth)
        plain = self.welfare(economy.subsistence + 2.0 * self.program.units, np.zeros_like(y))
        first = self.welfare(economy.subsistence + self.program.units, np.zeros_like(y))
        worth = np.maximum(worth, SATIATED * np.where(np.isfinite(first), plain - first, 0.0))
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

        ordinal, needed = self.program.utilities(stated=False, counted=self.finite & ~self.makes)
        self.constraints += needed
        if not self.makes.any():
            return ordinal
        if self._bent():
            raise NumericalError(
                "a producer's utility is not concave, so its trade-off of cost and use is not convex"
            )
        stated, needed = self.program.utilities(stated=True, counted=self.finite & self.makes)
        self.constraints += needed
        return stated - cvxpy.multiply(self.makes, self.program.costs()) + ordinal

    def _bent(self) -> bool:
        return any(
            (block.family.not_concave(**block.parameters) & self.makes[block.rows]).any()
            for block in self.economy.utilities
        )

    def hold(self, welfare: Expression, extra: Expression | float = 0.0) -> list[Expression]:
        """Nobody with a finite utility is worse off, with `extra` (agents,) to spare, in units of `size`."""
        import cvxpy

        held = self._stay_satiated(extra)
        rows = np.flatnonzero(self.finite & ~self.satiated)
        if len(rows):
            spare = extra if isinstance(extra, float) else extra[rows]
            least = self.now[rows] / self.size[rows] + spare
            held.append(cvxpy.multiply(1.0 / self.size[rows], welfare[rows]) >= least)
        return held

    def _stay_satiated(self, extra: Expression | float) -> list[Expression]:
        """Whoever has all it can use keeps that: at a flat top a loss of 1e-12 is 1e-6 in amounts."""
        economy, units = self.economy, self.program.units
        held = []
        for i in np.flatnonzero(self.satiated):
            wanted = np.flatnonzero(economy.bliss[i] > 0)
            held.append(self.program.x[i, wanted] / units[wanted] >= (economy.bliss[i] / units)[wanted])
            held += [] if isinstance(extra, float) else [extra[i] <= 0.0]
        return held


def improvement(
    economy: Economy, x: Array, y: Array, hopeless: NDArray[np.bool_] | None = None
) -> Reallocation | None:
    """A feasible reallocation of goods that nobody dislikes and someone prefers, or None if there is none.

    Somebody at -inf for lack of subsistence can gain only if all of it is found. If that cannot be done for
    all of them, each is tried alone, those first who need least of what there is: what saves one of them is
    enough, and saving fewer takes less.

    Args:
        economy: the primitives.
        x: (agents, goods), consumption.
        y: (agents, goods), production.
        hopeless: (agents,), who is known to be beyond help; nobody by default.

    Raises:
        NumericalError: the search failed, or what it found the primitives do not confirm: nothing is known.
    """
    agents = len(economy.agents)
    lost = np.zeros(agents, dtype=bool) if hopeless is None else hopeless
    vital = np.asarray((economy.subsistence > 0).any(axis=1))
    needy = np.flatnonzero(vital & np.isneginf(economy.utility(x)) & ~lost)
    there = np.maximum(economy.offered(y), economy.taken(x, y))
    needs = np.divide(economy.subsistence, there, out=np.zeros_like(x), where=there > 0).sum(axis=1)
    needy = needy[np.argsort(needs[needy], kind="stable")]
    for given_up in _given_up(lost, needy):
        try:
            found = _improvement(economy, x, y, given_up)
        except InfeasibleError:
            continue
        if found is not None:
            return found
    if len(needy) > MOST_RESCUES:
        said = f"{len(needy)} agents lack subsistence that some of them might get"
        raise NumericalError(f"{said}; only the {MOST_RESCUES} who need least were tried")
    return None


def _given_up(lost: NDArray[np.bool_], needy: NDArray[np.intp]) -> Iterator[NDArray[np.bool_]]:
    """Who is not to be saved: those who are lost, with none, all but one, or all of the needy."""
    yield lost
    if len(needy) > 1:
        for saved in needy[:MOST_RESCUES]:
            yield lost | np.isin(np.arange(len(lost)), needy[needy != saved])
    if len(needy):
        yield lost | np.isin(np.arange(len(lost)), needy)


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
    left = with_what_is_left(economy, x, y, Reallocation(x, y))  # nobody gives anything
    if left is not None:
        return left
    raise NumericalError("a gain was found that is too small to be confirmed, or it is the solver's rounding")


def _without_harm(
    economy: Economy, x: Array, y: Array, found: Reallocation, indifferent: NDArray[np.bool_]
) -> Reallocation:
    """The same, but those of the indifferent whom rounding would hurt keep exactly what they had use for.

    Making room for them may hurt others by rounding, so it is done until it hurts nobody new.
    """
    x_new, y_new = found.consumption, found.production
    before, stay = economy.welfare(x, y), np.zeros_like(indifferent)
    of_use = np.minimum(x, economy.bliss)  # the rest is for others
    for _ in range(len(stay)):
        hurt = indifferent & ~stay & (economy.welfare(x_new, y_new) < before)
        if not hurt.any():
            break
        stay = stay | hurt
        y_new = np.where(stay[:, None], y, y_new)
        x_new = _shave(economy, of_use, np.where(stay[:, None], of_use, x_new), y_new, stay)
    return Reallocation(x_new, y_new)


def improves(economy: Economy, x: Array, y: Array, other: Reallocation) -> bool:
    """Whether a reallocation is feasible, hurts nobody and helps someone: from the primitives."""
    x_new, y_new = other.consumption, other.production
    within = (economy.taken(x_new, y_new) <= economy.offered(y_new) * (1.0 + ROUNDING_OF_SUMS)).all()
    feasible = within and producible(economy, y_new).all()
    before, after = economy.welfare(x, y), economy.welfare(x_new, y_new)
    return bool(feasible and (x_new >= 0).all() and (after >= before).all() and (after > before).any())


def _maximise_gains(
    economy: Economy, x: Array, y: Array, cap: float, given_up: NDArray[np.bool_]
) -> tuple[float, Array, Array, Array]:
    """The largest sum of scaled gains, each at most `cap`; the gains, and the allocation that gives them."""
    import cvxpy

    search = ImprovementProgram(economy, x, y)
    agents = len(economy.agents)
    gains = cvxpy.Variable(agents, nonneg=True)
    held = search.hold(search.expression(), gains)
    bounds = [gains <= cap] if np.isfinite(cap) else []
    for i in np.flatnonzero(~search.finite):  # from -inf: gains if it gets some of everything that it wants
        wanted = np.flatnonzero(economy.bliss[i] > 0)
        beyond = search.program.x[i, wanted] - economy.subsistence[i, wanted]
        bounds += [gains[i] <= (0.0 if given_up[i] else beyond / search.program.units[wanted])]
        bounds += [gains[i] <= 1.0]
    found = search.program.solve(
        cvxpy.sum(gains), [*held, *bounds, *search.constraints], search.program.balance()
    )
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


def with_what_is_left(
    economy: Economy, x: Array, y: Array, found: CertifiedValue | Reallocation
) -> Reallocation | None:
    """An allocation that leaves everybody as well off, and equal shares of what it leaves over.

    Args:
        economy: the primitives.
        x: (agents, goods), consumption.
        y: (agents, goods), production.
        found: such an allocation, for instance the answer of `resource_utilisation`.

    Returns:
        A better allocation, confirmed from the primitives; None if this is none.
    """
    left = np.maximum(economy.resources + (found.production - found.consumption).sum(axis=0), 0.0)
    given = found.consumption + left * (1.0 - SPARED) / len(economy.agents)
    better = Reallocation(fit(economy, given, found.production), found.production)
    return better if improves(economy, x, y, better) else None


def cannot_reach_subsistence(economy: Economy, x: Array, y: Array) -> NDArray[np.bool_]:
    """Who of those without subsistence no reallocation can save that hurts nobody else, (agents,).

    Sure of those who are marked; of the others nothing is said.
    """
    vital = np.asarray((economy.subsistence > 0).any(axis=1))
    needy = vital & np.isneginf(economy.utility(x))
    if not needy.any():
        return needy
    too_much = np.asarray((economy.subsistence >= economy.most).any(axis=1) & vital)
    if needy.all():
        return needy & too_much
    held = np.where(needy[:, None], x, 0.0)
    others = replace(
        economy,
        commons=np.maximum(economy.resources - held.sum(axis=0), 0.0),
        endowment=np.zeros(economy.shape),
    )
    found = support(Margins.at(others.concave_form, x - held, y))
    if not found.residual < 1.0:
        return needy & too_much
    p = found.prices
    spare = 4.0 * max(found.residual, ROUNDING_OF_SUMS) * float(economy.offered(y) @ p)
    too_dear = economy.subsistence @ p > float(held.sum(axis=0) @ p) + spare
    return needy & (too_much | too_dear)
