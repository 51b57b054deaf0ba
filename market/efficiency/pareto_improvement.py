"""Searches for better allocations: what could still be gained, and how much is wasted.

Convex programmes over all feasible (x', y'), given an allocation (x, y):

- `improvement`: somebody better off and nobody worse off, in goods alone;
- `resource_utilisation`: the smallest share of all resources with which everybody could still be as well
  off (Debreu's coefficient).

Preferences enter as concave transforms where only order matters, divided by what a typical amount of all
goods more would add at the margin, so that no answer depends on the scale of a utility. An agent at -inf is
not held to anything, and gains if it gets some of everything that it wants.

A found improvement is recomputed from the primitives before it is reported, and a share of resources is
reported if prices prove that no smaller one is enough (`expenditure.py`). A search that fails is *unknown*,
never "none found".

Source: Debreu (1951), "The coefficient of resource utilization"; the rest follows from the definitions.
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
from market.efficiency.expenditure_bound import share_needed
from market.efficiency.proofs import CertifiedValue
from market.errors import InfeasibleError, NumericalError
from market.welfare.convex_program import SETTINGS, Programme, Solution, fit, typical_amounts

Expression = Any

ROUGH = 1e-4  # share of what somebody has that a solver may lose
SPARED = 1e-9  # share of what is left over that is given to nobody, so that sums stay within what there is
MOST_RESCUES = 20  # agents who lack subsistence that are tried one at a time, those who need least first
SATIATED = 1e-6  # of the worth of a first bundle: below, more is worth nothing that can be told from nothing
ENOUGH = 1e-12  # share of a bliss point by which one may be short of it and have enough
MEETS = 1e-4  # difference between the share of resources found and the share proved to be needed
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
    most = np.minimum(economy.capacity, 1e100)
    costly = spared[:, None] & (most > 0) & (economy.marginal_cost(most) > 0)
    if not costly.any():
        return economy

    def limited(block: Block[Cost]) -> Block[Cost]:
        own = block.parameters["capacity"]
        return replace(
            block, parameters={**block.parameters, "capacity": np.where(costly[block.rows], 0.0, own)}
        )

    return replace(economy, costs=tuple(limited(block) for block in economy.costs))


class _Search:
    """What the programmes share: variables, scaled welfare, and how well off everybody is now."""

    def __init__(self, economy: Economy, x: Array, y: Array) -> None:
        self.economy, self.x, self.y = economy, x, y
        self.programme = Programme(economy, typical_amounts(economy, x, y))
        self.makes = np.asarray((economy.capacity > 0).any(axis=1))
        self.now = self.welfare(x, y)
        self.finite: NDArray[np.bool_] = np.isfinite(self.now)
        wants = economy.bliss > 0
        enough = np.asarray((~wants | (x >= economy.bliss * (1.0 - ENOUGH))).all(axis=1))
        self.satiated = enough & wants.any(axis=1) & self.finite & ~self.makes
        self.size = self._worth_of_units()
        self.constraints: list[Expression] = self.programme.limits()

    def _worth_of_units(self) -> Array:
        """What one unit of each good more would add, (agents,), > 0: the scale of gains.

        The difference, not the slope: whoever has next to nothing has a slope without measure, by which any
        gain would seem small. Who is at -inf is measured by the slope, and whoever has nearly all it can use
        by a share of what it would gain if it had little.
        """
        economy, x, y = self.economy, self.x, self.y
        ordinal, stated = economy.concave_marginal_utility(x), economy.marginal_utility(x)
        slopes = np.where(self.makes[:, None], stated, ordinal)
        worth = np.where(np.isfinite(slopes), slopes, 0.0) @ self.programme.units
        more = self.welfare(x + self.programme.units, y)
        gained = np.where(self.finite, more, 0.0) - np.where(self.finite, self.now, 0.0)
        worth = np.where(self.finite & (gained > 0), np.minimum(gained, worth), worth)
        plain = self.welfare(economy.subsistence + 2.0 * self.programme.units, np.zeros_like(y))
        first = self.welfare(economy.subsistence + self.programme.units, np.zeros_like(y))
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

        held = self._stay_satiated(extra)
        rows = np.flatnonzero(self.finite & ~self.satiated)
        if len(rows):
            spare = extra if isinstance(extra, float) else extra[rows]
            least = self.now[rows] / self.size[rows] + spare
            held.append(cvxpy.multiply(1.0 / self.size[rows], welfare[rows]) >= least)
        return held

    def _stay_satiated(self, extra: Expression | float) -> list[Expression]:
        """Whoever has all it can use keeps that: at a flat top a loss of 1e-12 is 1e-6 in amounts."""
        economy, units = self.economy, self.programme.units
        held = []
        for i in np.flatnonzero(self.satiated):
            wanted = np.flatnonzero(economy.bliss[i] > 0)
            held.append(self.programme.x[i, wanted] / units[wanted] >= (economy.bliss[i] / units)[wanted])
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
    within = (economy.taken(x_new, y_new) <= economy.offered(y_new) * (1.0 + 1e-12)).all()
    feasible = within and producible(economy, y_new).all()
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


def resource_utilisation(economy: Economy, x: Array, y: Array) -> CertifiedValue | None:
    """Debreu's coefficient: the smallest share of all resources that leaves everybody as well off.

    Returns:
        Between 0 and 1, with its proof; None where there are no resources to scale.

    Raises:
        NumericalError: the programme was not solved, what it found leaves an agent worse off, or no prices
            prove that a smaller share is not enough.
    """
    import cvxpy

    if not (economy.resources > 0).any():
        return None
    search = _Search(economy, x, y)
    nothing = np.zeros(economy.shape)
    idle = np.zeros(len(economy.agents))
    if (search.welfare(nothing, nothing) >= search.now).all():  # as well off with nothing at all
        return CertifiedValue(0.0, nothing, nothing, np.zeros(len(economy.goods)), idle, idle)
    share = cvxpy.Variable(nonneg=True)
    held = search.hold(search.expression())
    balance = search.programme.net_use() <= share * (economy.resources / search.programme.units)
    low, high = 0.0, 1.0
    for attempt in range(len(SETTINGS)):
        try:
            found = search.programme.solve(-share, [*held, *search.constraints], balance, [attempt])
        except NumericalError as error:
            said = str(error)
            continue
        if not _as_well_off(economy, x, y, found):
            said = "the share that the convex programme found is not enough for everybody"
            continue
        value, prices = float(min(max(-found.value, 0.0), 1.0)), np.maximum(found.prices, 0.0)
        bound = CertifiedValue(value, found.consumption, found.production, prices, idle, idle)
        if economy.costs:  # without a bound here; `verify` has one
            return bound
        low, high = max(low, share_needed(economy, prices, x)), min(high, value)
        if abs(value - low) <= MEETS:
            return bound
        said = f"the least share found is {high:.6g}, and no more than {low:.6g} is proved to be needed"
    raise NumericalError(said)


def _as_well_off(economy: Economy, x: Array, y: Array, found: Solution) -> bool:
    """Whether nobody is worse off by more than a solver's rounding can cost."""
    before, after = economy.welfare(x, y), economy.welfare(found.consumption, found.production)
    size = np.abs(np.where(np.isfinite(before), before, 0.0)) + economy.worth(x)
    enough = before - ROUGH * np.where(np.isfinite(before), size, 0.0)  # of what is beyond floats: the same
    return bool((np.isneginf(before) | (after >= enough)).all())


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
