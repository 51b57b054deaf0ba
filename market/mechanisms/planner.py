"""The planner: the maximum of a weighted sum of utilities, as a yardstick for other mechanisms.

    max sum_i w_i (u_i(x_i) - C_i(y_i) - D_i)  subject to  sum x <= q + sum e + sum y, 0 <= y <= capacity,

and netputs y of technologies in their production sets. With `welfare = "nash"` or `"min"` it is the product
of the gains over a disagreement point, or the least of them, that is maximised (`welfare/gains.py`).

D_i is the harm to i by the output of others (`economy/harm.py`); where there is some, the prices below are
what a unit is worth to consumers, which is more than it costs its producer by what it costs all others.

With public goods the problem is that of the personalised economy (`economy/public_goods.py`): the sum of
weighted marginal utilities is marginal cost.

For concave utilities the solutions with w > 0 are efficient, and every efficient allocation solves it for
some w >= 0. The multipliers of the resource constraints are the planner's shadow prices: at the optimum
w_i du_i/dx_ig <= p_g with equality where x_ig > 0, so that, with w_i the inverse of i's marginal utility of
money, they are the prices at which all agents would choose these bundles by themselves.

Solved by Newton's method on these conditions where they have one answer that is plain to see
(`welfare/newton.py`), else as a convex programme (`welfare/convex_program.py`), neither with code in
common with the auctioneer. In either case the conditions are then recomputed from the primitives, and their
largest relative violation is the evidence.

Source: Negishi (1960), "Welfare economics and existence of an equilibrium for a competitive economy";
Mas-Colell, Whinston and Green (1995), section 16.E.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.economy.production import used_as_input
from market.economy.public_goods import shared, widened
from market.errors import InfeasibleError, NumericalError
from market.mechanisms.base import Answering, Mechanism, State
from market.outcome import Outcome, Status, narrow_outcome, shown
from market.registry import option
from market.welfare.convex_program import (
    SETTINGS,
    ConvexProgram,
    Solution,
    fit,
    refuse_large,
    typical_amounts,
)
from market.welfare.first_order_conditions import residual
from market.welfare.gains import LEAST, Welfare, at_home, counting, divided, shares, supporting
from market.welfare.newton import optimum, sharpen
from market.welfare.public_amounts import public_amounts

BISECTIONS, LEAST_OUTPUT = 60, 1e-30  # of the search for tiny outputs; its lower end, a share of the upper
SHARPENINGS = 4  # of weights by the gains that an allocation gives, and of the allocation by these weights
NO_GAIN = "No allocation gives every agent more than it has without an agreement"
SHARP_ENOUGH = 1e-8  # relative violation of first-order conditions at which no further attempt is made


@dataclass(frozen=True)
class PlannerState(State):
    """State before and after the problem is solved.

    Args:
        round: 0 before, 1 after.
        solution: the solution, or why there is none.
    """

    solution: Solution | str | None = None


@dataclass(frozen=True)
class Planner(Mechanism):
    """A planner decides for all agents, maximising a weighted sum of utilities, or what gains they have."""

    name = "planner"
    evidence = ("residual",)
    needs_all_agents = "a planner solves one program over all agents"
    tolerance: float = option(
        1e-6, "largest relative violation of the conditions for an optimum", low=0.0, open_low=True
    )
    welfare_weights: dict[str, float] = option(
        {},
        "weight of an agent or group in the sum, or its power in the product; 1 if not named",
        low=0.0,
        names="agents",
        key="weights",
    )
    welfare: Welfare = option(
        "sum",
        "what is maximised: sum, the weighted sum of utilities; nash, the product of the gains over the "
        "disagreement point; min, the least of these gains. With quasilinear money both move money",
    )
    disagreement: dict[str, float] = option(
        {},
        "utility of an agent or group without an agreement, for nash and min; if not named that of its "
        "endowment alone",
        names="agents",
    )

    @property
    def knows_public_goods(self) -> bool:
        """True: by personal multipliers."""
        return True

    def start(self, economy: Economy) -> PlannerState:  # noqa: ARG002
        """Return a state without a decision."""
        return PlannerState(0)

    def step(self, economy: Economy, state: State, answering: Answering) -> PlannerState:  # noqa: ARG002
        """Solve the problem."""
        solve = self._solve if self.welfare == "sum" or moves_money(economy) else self._divide
        return PlannerState(state.round + 1, self._impossible(economy.personalised) or solve(economy))

    def done(self, economy: Economy, state: State) -> bool:  # noqa: ARG002
        """Return True after one round."""
        return state.round >= 1

    def powers(self, economy: Economy) -> Array:
        """Return the weight that the scenario gives each agent, (agents,)."""
        return _by_agent(economy, self.welfare_weights, np.ones(len(economy.agents)))

    def weights(self, economy: Economy) -> Array:
        """Return the weight of each agent in the sum, (agents,): 1 where gains are divided by money."""
        if self.welfare != "sum" and moves_money(economy):
            return np.ones(len(economy.agents))
        return self.powers(economy)

    def disagreements(self, economy: Economy) -> Array:
        """Return what each agent has without an agreement, (agents,)."""
        return _by_agent(economy, self.disagreement, at_home(economy))

    def faults(self, economy: Economy) -> Iterator[tuple[str, str]]:
        """Yield keys that do not fit the economy or one another, each with a message."""
        if self.welfare == "sum":
            if self.disagreement:
                yield (
                    "disagreement",
                    'a weighted sum has none; write welfare = "nash" or "min", or leave it out',
                )
            return
        if economy.public_goods:
            yield "welfare", f'"{self.welfare}" is for private goods; write "sum", or use kind = "pivot"'
            return
        if self.welfare == "min" and self.welfare_weights:
            yield "weights", 'welfare = "min" compares gains as they are; leave weights out'
        if not moves_money(economy) and (economy.capacity > 0).any():
            name = economy.agents[int((economy.capacity > 0).any(axis=1).argmax())]
            why = f'{name} has costs that no payment makes up for; write "sum", or economy = "quasilinear"'
            yield "welfare", why
        if moves_money(economy) and np.isfinite(economy.budget).any():
            name = economy.agents[int(np.isfinite(economy.budget).argmax())]
            yield (
                "welfare",
                f'{name} has a budget, and "{self.welfare}" moves money without limit; leave it out',
            )
        d, powers = self.disagreements(economy), self.powers(economy)
        if not (powers > 0).any():
            yield "weights", "every power is 0, so no gain counts"
        counted = np.ones(len(d), dtype=bool) if moves_money(economy) else counting(economy, powers)
        ruined = np.flatnonzero(counted & ~np.isfinite(d))
        if len(ruined):
            name = economy.agents[int(ruined[0])]
            why = f"{name} is at -inf with its endowment alone, over which no gain has a size; "
            yield "disagreement", f"{why}write disagreement = {{ {name} = ... }}"

    def why_not(self, economy: Economy) -> str | None:
        """Return why the mechanism cannot play an economy, as the end of a sentence; None if it can."""
        first = next(self.faults(economy), None)
        return super().why_not(economy) or (None if first is None else f"{first[0]}: {first[1]}")

    def _impossible(self, economy: Economy) -> str | None:
        """Return why the weighted sum has no maximum that a convex program can find, if so."""
        weights = self.weights(economy)
        if not (weights > 0).any():
            return "Every welfare weight is zero, so there is nothing to maximise"
        for block in economy.utilities:
            bent = np.flatnonzero(block.family.not_concave(**block.parameters) & (weights[block.rows] > 0))
            if len(bent):
                name = economy.agents[np.arange(len(economy.agents))[block.rows][bent[0]]]
                return (
                    f"The utility {block.family.name} of {name} is not concave as stated, so the sum may "
                    f"have several maxima; scale its weights down to a sum of at most 1"
                )
        plenty = np.tile(economy.most, (len(economy.agents), 1))
        hopeless = np.flatnonzero(np.isneginf(economy.utility(plenty)) & (weights > 0))
        if len(hopeless):
            name = economy.agents[hopeless[0]]
            return f"{name} wants a good that no agent has or can make: its utility is -inf in any case"
        return None

    def _solve(self, economy: Economy) -> Solution | str:
        """Return the answer with the least violation, recomputed from the primitives, of as few as needed."""
        stated, economy = economy, economy.personalised
        weights = self.weights(economy)
        ways: list[Callable[[], Solution | None]] = [partial(optimum, economy, weights)]
        if stated.public_goods:
            ways.insert(0, partial(public_amounts, stated, weights[: len(stated.agents)]))
        ways += [partial(self._by_programme, economy, weights, attempt) for attempt in range(len(SETTINGS))]
        ways.append(partial(_nothing_made, economy, weights))
        best, least, why = None, np.inf, ""
        for way in ways:
            try:
                refuse_large(economy)
                found = way()
            except NumericalError as error:
                why = str(error)
                continue
            if found is None:
                continue
            near = [found]
            if stated.public_goods:
                near.append(public_amounts(stated, weights[: len(stated.agents)], found) or found)
            for each in near:
                violation = residual(economy, each.consumption, each.production, weights, each.prices)
                if best is None or violation < least:
                    best, least = each, violation
            if least <= SHARP_ENOUGH:
                break
        return best or why

    def _divide(self, economy: Economy) -> Solution | str:
        """Return the allocation of the largest product of gains, or least gain, of least violation."""
        powers, d = self.powers(economy), self.disagreements(economy)
        best, least, why = None, np.inf, ""
        for attempt in range(len(SETTINGS)):
            try:
                refuse_large(economy)
                found, units = divided(economy, self.welfare, powers, d, attempt)
            except InfeasibleError:
                return NO_GAIN
            except NumericalError as error:
                why = str(error)
                continue
            for _ in range(SHARPENINGS):
                weights = supporting(economy, self.welfare, powers, d, found)
                if weights is None:
                    why = NO_GAIN
                    break
                violation = residual(economy, found.consumption, found.production, weights, found.prices)
                if violation < least:
                    best, least = found, violation
                if violation <= SHARP_ENOUGH:
                    return found
                found = self._tidied(economy, weights, found, units)
        return best or (NO_GAIN if self._none_gains(economy, powers, d) else why)

    def _none_gains(self, economy: Economy, powers: Array, d: Array) -> bool:
        """Return True if the largest least gain is none, so that a product of gains has no maximum."""
        try:
            found, _ = divided(economy, "min", powers, d, 0)
        except NumericalError:
            return False
        return supporting(economy, "nash", powers, d, found) is None

    def _by_programme(self, economy: Economy, weights: Array, attempt: int) -> Solution:
        import cvxpy  # deferred: takes a second to import

        programme = ConvexProgram.for_allocation(economy, weights=weights)
        utilities, constraints = programme.utilities(stated=True, counted=weights > 0)
        concerned = economy.wants_something | (economy.capacity > 0).any(axis=1)
        size = float((weights * programme.at_stake())[concerned].max(initial=0.0)) or 1.0
        objective = cvxpy.sum(cvxpy.multiply(weights / size, utilities - programme.burdens()))
        found = programme.solve(
            objective, [*constraints, *programme.limits()], programme.balance(), [attempt]
        )
        found = replace(found, prices=size * found.prices, value=size * found.value)
        return self._tidied(economy, weights, found, programme.units)

    def _tidied(self, economy: Economy, weights: Array, found: Solution, units: Array) -> Solution:
        """Return the better of two: with amounts tiny relative to units, or to amounts found, taken for 0.

        The units are right where nothing is made, since then all amounts found are rounding; amounts found
        are right where little is made of what could be.
        """
        best, least = found, np.inf
        for sizes in (units, typical_amounts(economy, found.consumption, found.production, weights)):
            sharp = sharpen(economy, tidy(economy, found, weights, sizes), weights)
            sharp = replace(sharp, consumption=fit(economy, sharp.consumption, sharp.production))
            violation = residual(economy, sharp.consumption, sharp.production, weights, sharp.prices)
            if violation < least:
                best, least = sharp, violation
            if least <= SHARP_ENOUGH:
                break
        return best

    def _support(self, economy: Economy, found: Solution) -> Array:
        """Return the weights under which an allocation must be the best, (agents,); nan if there are none."""
        if self.welfare == "sum" or moves_money(economy):
            return self.weights(economy)
        weights = supporting(economy, self.welfare, self.powers(economy), self.disagreements(economy), found)
        return np.full(len(economy.agents), np.nan) if weights is None else weights

    def outcome(self, economy: Economy, state: State) -> Outcome:
        """Return the allocation found, or endowments if there is none.

        Evidence: `residual`, the largest relative violation of the first-order conditions.
        """
        assert isinstance(state, PlannerState)
        found = state.solution
        if isinstance(found, Solution):
            x, y, p = found.consumption, found.production, found.prices
            wide = economy.personalised
            violation = residual(wide, x, y, self._support(wide, found), p)
            status = Status.OPTIMAL if violation <= self.tolerance else Status.FAILED
            reason = f"Largest relative violation of the first-order conditions {shown(violation)}."
            if self.welfare != "sum" and not moves_money(economy):
                counted = counting(economy, self.powers(economy))
                gains = (economy.welfare(x, y) - self.disagreements(economy))[counted]
                reason += f" The least gain over the disagreement point is {gains.min():.6g}."
            evidence = {"residual": violation}
        else:
            x, y, p = economy.endowment, np.zeros(economy.shape), None
            if economy.public_goods:
                there = economy.resources[list(economy.public_goods)]
                x, y = widened(economy, shared(economy, x, there), y)
            status, reason, evidence = Status.FAILED, f"{found or 'The problem was not solved'}.", {}
        played = economy.personalised
        welfare = played.welfare(x, y)
        payoffs = welfare
        if self.welfare != "sum" and moves_money(economy) and status is Status.OPTIMAL:
            d = self.disagreements(economy)
            gain = float(welfare.sum() - d.sum())
            if self.welfare == "nash" and not gain > LEAST * float(economy.utility_scale.sum()):
                status = Status.FAILED
                reason = f"{NO_GAIN}."
            else:
                payoffs = d + gain * shares(self.welfare, self.powers(economy))
                reason += f" Payments divide a gain of {gain:.6g} over the disagreement point."
        decided = Outcome(
            economy=played,
            name=self.label,
            kind=self.name,
            status=status,
            reason=reason,
            rounds=state.round,
            consumption=x,
            production=y,
            payments=welfare - payoffs if payoffs is not welfare else np.zeros(len(played.agents)),
            revenue=0.0,
            utilities=welfare,
            payoffs=payoffs,
            prices=p,
            evidence=evidence,
        )
        return narrow_outcome(economy, decided) if economy.public_goods else decided


def moves_money(economy: Economy) -> bool:
    """Return True if utility is quasilinear in money, so that payments move it one for one."""
    return economy.money is Money.QUASILINEAR


def _by_agent(economy: Economy, given: Mapping[str, float], absent: Array) -> Array:
    """Return a number for each agent, (agents,), from numbers by name of an agent or group."""
    numbers = absent.copy()
    for name, value in given.items():
        numbers[economy.rows(name)] = value
    return numbers


def _nothing_made(economy: Economy, weights: Array) -> Solution | None:
    """Return an empty allocation at the least marginal costs of first units; None where goods exist already.

    A convex program has no unit for amounts where the optimum is that nothing is made, and fails in the end.
    """
    if economy.resources.any() or economy.technologies:
        return None
    nothing = np.zeros(economy.shape)
    slopes = economy.marginal_utility(nothing)
    if not np.isfinite(slopes).all():
        return None
    could = (economy.capacity > 0) & (weights > 0)[:, None]
    costs = np.where(could, economy.weighted_marginal_cost(nothing, weights), np.inf).min(axis=0)
    worth = (weights[:, None] * slopes).max(axis=0, initial=0.0)
    prices = np.where(np.isfinite(costs), costs, worth)
    return Solution(nothing, nothing, prices, float(weights @ economy.welfare(nothing, nothing)))


def tidy(economy: Economy, found: Solution, weights: Array, sizes: Array) -> Solution:
    """Return a feasible solution with amounts that an interior-point method leaves near a bound put on it.

    A tiny amount is 0 if its first unit would be worth clearly less than its price; likewise outputs at 0 or
    at capacity, and prices of goods left over.

    Args:
        economy: the primitives.
        found: the solver's solution.
        weights: (agents,), welfare weights.
        sizes: (goods,), amounts relative to which others are tiny.
    """
    x, y, p = found.consumption, found.production, found.prices
    tiny = 1e-5 * sizes
    weighted = weights[:, None] > 0
    slopes, cost = economy.marginal_utility_of_last(x), economy.weighted_marginal_cost(y, weights)
    worth = np.multiply(weights[:, None], slopes, out=np.zeros_like(x), where=weighted)
    top = worth.max(axis=0, initial=0.0)
    y = np.where(_idle(economy, y, p, tiny)[:, None], 0.0, y)
    left = economy.resources + y.sum(axis=0) - x.sum(axis=0)
    useless = (top == 0) & ~used_as_input(economy)
    worth_it = (p > 0.5 * top) & (top > 0)  # a price that is an agent's marginal utility is no rounding
    low = (p < 1e-6 * top) | ((p * sizes < 1e-6 * (p * sizes).max()) & ~worth_it)
    p = np.where(((left > tiny) & low) | useless, 0.0, p)
    there = economy.offered(y)
    value = p * there  # a good of negligible value has a price that is the solver's rounding
    known = (value >= 1e-7 * value.sum()) | (there <= tiny)
    p = np.where(known | used_as_input(economy), p, np.minimum(p, top))
    p = np.where((value < 1e-12 * value.sum()) & used_as_input(economy) & ~known, 0.0, p)
    x = np.where(_better_without(economy, x, p, weights, x < tiny), 0.0, x)
    at_a_cost = economy.capacity > 0
    y = np.where(at_a_cost & ((y < tiny) | (p == 0)) & (cost > p * (1.0 + 1e-6)), 0.0, y)
    y = np.where(at_a_cost & (economy.capacity - y < tiny) & (cost < p * (1.0 - 1e-6)), economy.capacity, y)
    y = np.where(at_a_cost & (y < tiny) & (p > 0), _little_made(economy, y, p, weights, tiny), y)
    if economy.has_steps:  # ends of steps are kinks, which a solver reaches up to its rounding
        x, y = economy.at_ends_of_steps(x, y, tiny)
    return Solution(fit(economy, x, y), y, p, found.value)


def _little_made(economy: Economy, y: Array, p: Array, weights: Array, most: Array) -> Array:
    """Return outputs up to `most`, (goods,), at which marginal costs that rise to the price equal it.

    An interior-point method has no digits for them; where costs do not rise so, outputs stay.
    """

    def dear(made: Array) -> NDArray[np.bool_]:
        costs = economy.marginal_cost(made)
        known = np.isfinite(costs)
        weighed = np.multiply(weights[:, None], costs, out=np.full_like(made, np.inf), where=known)
        return np.asarray(weighed + external > p)

    external = 0.0 if economy.harm is None else economy.harm.external(y, weights)
    low, high = np.zeros_like(y), np.tile(most, (len(y), 1))
    between = dear(high) & ~dear(low) & (weights[:, None] > 0)
    if not between.any():
        return y
    low = high * LEAST_OUTPUT
    for _ in range(BISECTIONS):
        middle = np.sqrt(low * high)
        above = dear(middle)
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    return np.where(between, low, y)


def _idle(economy: Economy, y: Array, p: Array, tiny: Array) -> NDArray[np.bool_]:
    """Return a mask, (agents,), of technologies with tiny outputs that are worth less than their inputs."""
    idle: NDArray[np.bool_] = economy.turns_goods_into_goods & (y <= tiny).all(axis=1)
    return idle & (y @ p < 0)


def _better_without(
    economy: Economy, x: Array, p: Array, weights: Array, tiny: NDArray[np.bool_]
) -> NDArray[np.bool_]:
    """Return a mask of tiny amounts that should be 0, since their first unit is worth less than its price.

    Slopes are taken with all tiny amounts at 0; a bundle of tiny amounts only is judged as a whole.
    """
    slopes = economy.marginal_utility_along(np.where(tiny, 0.0, x), p)
    worth = np.multiply(weights[:, None], slopes, out=np.zeros_like(x), where=weights[:, None] > 0)
    whole = np.asarray(tiny.all(axis=1))
    idle = np.zeros_like(weights)
    if whole.any():
        first = np.where(weights > 0, economy.first_worth(p), 0.0)
        idle = np.multiply(weights, first, out=idle, where=weights > 0)
    return tiny & np.where(whole[:, None], idle[:, None] < 1.0 - 1e-6, worth < p * (1.0 - 1e-6))
