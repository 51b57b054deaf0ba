"""The pivot mechanism: the best allocation for what agents report, each paying what it costs the others.

Symbols: i agents, N all of them; w_i(z) = u_i(x_i) - C_i(y_i) an allocation's value to i; V(S) the largest
total surplus of the agents in S, with all of the commons and what they own and can make.

Each agent reports its utility and cost. The allocation z maximises the sum of reports, and i pays

    t_i = V(N without i) - sum_{j != i} w_j(z),

the most that the others could have without i, less what they have now (Clarke's choice among the payments of
Groves; of one indivisible good, Vickrey's second price).

*Truth is a best report, whatever the others say.* With report r_i the allocation is z(r), and i's payoff is

    w_i(z(r)) - t_i = sum_j w_j(z(r)) - V(N without i).

The last term does not depend on r_i, and the sum is at most V(N), which the truth reaches. So i's payoff is
its marginal contribution `V(N) - V(N without i)`, which is at least what it could do alone with what it owns
(the surplus of all is at least the sum of i's alone and the others'); and no report gains more than the
total surplus that the computed allocation falls short of V(N) by.

*Money leaves the group, or must come from outside.* The sum of payments is `revenue`. Where agents own
nothing each payment is >= 0: what others would gain if i left. Where agents own goods or make them, i's
absence takes those away, payments to them exceed those by buyers as a rule, and `-revenue` is a deficit
(Myerson and Satterthwaite 1983: no mechanism avoids it that is efficient, voluntary and truthful). Goods are
allocated efficiently; with money that is so only if revenue is counted. Handing it back by shares would make
reports matter to it, so an economy that shares revenue is refused; so are budgets, since an agent that cannot
pay its t_i reports less. Coalitions may gain by lying together.

*Closed form.* Log utilities and fixed resources r: `x_ig = a_ig r_g / A_g` with A_g the sum of weights, and

    t_i = sum_g A_-i,g log((r_g - e_ig) A_g / (r_g A_-i,g)),  A_-i,g = A_g - a_ig.

*Otherwise* n + 1 optima: that of all, and one without each agent, from the optimum of all; agents of one type
(`economy/coalitions.py`) have equal payments, so one optimum each serves. More than `MOST_TYPES` types are
refused.

*Corners.* One agent alone pays V({}) - 0 = 0. Where i owns all of a good without which another is at -inf,
V(N without i) is -inf: i would be owed more than any amount, and there is no outcome. If some agent is at
-inf in every allocation, V(N) is -inf and every allocation is as good.

With public goods (`clarke.py`) agents pay equal shares of the cost besides.

Source: Vickrey (1961), "Counterspeculation, auctions, and competitive sealed tenders"; Clarke (1971),
"Multipart pricing of public goods"; Groves (1973), "Incentives in teams"; Mas-Colell, Whinston and Green
(1995), section 23.C.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from market.economy.coalitions import types, without
from market.economy.correspondences import Array
from market.economy.families.utilities import Log
from market.economy.primitives import Economy
from market.economy.public_goods import shared
from market.errors import InputError, NumericalError
from market.mechanisms.base import Answering, Mechanism, State
from market.mechanisms.trading import clarke
from market.mechanisms.trading.largest_surplus import (
    LargestSurplus,
    best_allocation,
    cannot_be_helped,
    largest_surplus,
)
from market.mechanisms.trading.truthful import SCALES, refuse_unsafe_money
from market.outcome import Outcome, Status, shown
from market.registry import option
from market.welfare.convex_program import Solution
from market.welfare.first_order_conditions import Margins, residual

MOST_TYPES = 1000
"""Types of agents without a closed form: an optimum each takes some milliseconds to a tenth of a second."""

MOST_REPORTS = 60
"""Reports tried in all; types of agents beyond are left out, evenly."""

MOST_REPORTED_AMOUNTS = 1_000_000
"""Amounts, agents times goods, in all reports tried together: a report in a large economy takes seconds."""

GAIN_THAT_IS_NONE = 1e-8
"""Share of the turnover: a larger gain from a false report means that the allocation is no optimum."""


@dataclass(frozen=True)
class OthersBest:
    """The largest total surplus of the others, for each agent that is left out.

    Args:
        values: (agents,), V(N without i), money; -inf where another agent cannot do without i.
        residual: largest relative violation of first-order conditions of all these optima.
        optima: their number.
    """

    values: Array
    residual: float
    optima: int


@dataclass(frozen=True)
class Settled:
    """The allocation with its payments.

    Args:
        found: the allocation.
        payments: (agents,), t, money; -inf where another agent cannot do without i.
        residual: largest relative violation of first-order conditions of all optima behind these numbers.
        optima: the number of optima; 0 by a closed form.
    """

    found: Solution
    payments: Array
    residual: float
    optima: int


@dataclass(frozen=True)
class PivotState(State):
    """State before and after the reports are in.

    Args:
        round: 0 before, 1 after.
        settled: allocation and payments, or why there are none.
    """

    settled: Settled | clarke.Clarke | str | None = None


@dataclass(frozen=True)
class Pivot(Mechanism):
    """Agents report, the best allocation is chosen, and each pays what it costs the others (Clarke)."""

    name = "pivot"
    evidence = ("residual", "truth_regret", "reports", "deficit")
    needs_all_agents = "the pivot mechanism compares the optimum of all agents with those without each"
    tolerance: float = option(
        1e-6, "largest relative violation of the conditions for an optimum", low=0.0, open_low=True
    )

    def start(self, economy: Economy) -> PivotState:
        """Return a state without a decision.

        Raises:
            InputError: truth would not be a best report in such an economy, or it is too large.
        """
        if economy.public_goods:
            clarke.refuse(economy)
        else:
            refuse(economy)
        return PivotState(0)

    @property
    def knows_public_goods(self) -> bool:
        """True: Clarke's payments (`clarke.py`)."""
        return True

    def step(self, economy: Economy, state: State, answering: Answering) -> PivotState:  # noqa: ARG002
        """Take true reports, and find the best allocation and all payments."""
        found = clarke.clarke(economy) if economy.public_goods else _settled(economy)
        return PivotState(state.round + 1, found)

    def done(self, economy: Economy, state: State) -> bool:  # noqa: ARG002
        """Return True after one round."""
        return state.round >= 1

    def outcome(self, economy: Economy, state: State) -> Outcome:
        """Return the best allocation with its payments, or endowments if there are none.

        Evidence: `residual` of all optima behind the payments, `truth_regret`, the largest gain from a
        report of another scale, in `reports` tried, and `deficit`, the money that must come from outside.
        """
        assert isinstance(state, PivotState)
        if isinstance(state.settled, clarke.Clarke):
            return self._of_public_goods(economy, state.settled)
        if not isinstance(state.settled, Settled):
            return self._without(economy, state)
        done = state.settled
        x, y = done.found.consumption, done.found.production
        gains, reports = gains_from_reports(economy, done.found)
        gain = float(gains.max(initial=0.0))
        welfare, revenue = economy.welfare(x, y), float(done.payments.sum())
        small = GAIN_THAT_IS_NONE * Margins.at(economy, x, y).turnover
        exact, truthful = done.residual <= self.tolerance, gain <= small
        return Outcome(
            economy=economy,
            name=self.label,
            kind=self.name,
            status=Status.OPTIMAL if exact and truthful else Status.FAILED,
            reason=f"{_how(done, exact)} {_truth(gain, reports, truthful)} {_balance(done.payments)}",
            rounds=state.round,
            consumption=x,
            production=y,
            payments=done.payments,
            revenue=revenue,
            utilities=welfare,
            payoffs=welfare - done.payments,
            regret=gains,
            evidence={
                "residual": done.residual,
                "truth_regret": gain,
                "reports": float(reports),
                "deficit": max(-revenue, 0.0),
            },
        )

    def _of_public_goods(self, economy: Economy, found: clarke.Clarke) -> Outcome:
        """Return the outcome of Clarke's payments, judged by the same evidence."""
        had = clarke.clarke_outcome(economy, found)
        worth = float(np.nan_to_num(economy.worth(had.consumption), posinf=0.0).sum())
        optimal = found.residual <= self.tolerance and found.gains.max() <= GAIN_THAT_IS_NONE * max(
            worth, 1e-300
        )
        return replace(had, name=self.label, status=Status.OPTIMAL if optimal else Status.FAILED)

    def _without(self, economy: Economy, state: PivotState) -> Outcome:
        """Return the outcome in which agents keep what they have, with the reason."""
        x, y = economy.endowment, np.zeros(economy.shape)
        if economy.public_goods:
            x = shared(economy, x, economy.resources[list(economy.public_goods)])
        welfare = economy.welfare(x, y)
        return Outcome(
            economy=economy,
            name=self.label,
            kind=self.name,
            status=Status.FAILED,
            reason=f"{state.settled or 'No report was taken yet'}.",
            rounds=state.round,
            consumption=x,
            production=y,
            payments=np.zeros(len(economy.agents)),
            revenue=0.0,
            utilities=welfare,
            payoffs=welfare,
        )


def refuse(economy: Economy) -> None:
    """Refuse an economy in which truth would not be a best report, or with too many types of agents.

    Raises:
        InputError: with the reason.
    """
    refuse_unsafe_money(economy)
    if economy.harm is not None:
        raise InputError(
            "reports of a pivot mechanism are of utility and cost, not of harm by others; leave out harm"
        )
    if not _is_log(economy) and len(economy.agents) > MOST_TYPES:
        many = int(types(economy).max()) + 1
        if many > MOST_TYPES:
            raise InputError(
                f"a pivot mechanism needs an optimum without each of {many:,} different agents, and there is "
                f"no closed form; at most {MOST_TYPES:,}"
            )


def best_of_others(economy: Economy, best: LargestSurplus) -> OthersBest:
    """Return the largest total surplus without each agent, with its own optimum of each type.

    Args:
        economy: with quasilinear money.
        best: the optimum of all agents, from which those without one are sought.

    Raises:
        NumericalError: one was not found.
    """
    label, agents = types(economy), np.arange(len(economy.agents))
    _, first = np.unique(label, return_index=True)
    values, largest = np.empty(len(first)), 0.0
    for kind, agent in enumerate(first.tolist()):
        near = None if best.found is None else _restricted(best.found, agents != agent)
        without_it = largest_surplus(without(economy, agent), near)
        values[kind], largest = without_it.value, max(largest, without_it.residual)
    return OthersBest(values[label], largest, len(first))


def _restricted(found: Solution, kept: Array) -> Solution:
    return replace(found, consumption=found.consumption[kept], production=found.production[kept])


def pivot_payments(welfare: Array, others_best: Array) -> Array:
    """Return `V(N without i) - sum_{j != i} w_j`, (agents,), money.

    Args:
        welfare: (agents,), w, at the allocation chosen; finite.
        others_best: (agents,), V(N without i).
    """
    return others_best - (welfare.sum() - welfare)


def gains_from_reports(economy: Economy, truth: Solution) -> tuple[Array, int]:
    """Return the largest gain of each agent from a report of another scale, (agents,), and their number.

    A report of `c u_i` and `c C_i` leads to the planner's optimum with weight c on i. Its gain to i is the
    change of total surplus, from the true utilities and costs: the rest of i's payoff does not change.

    Args:
        economy: with quasilinear money.
        truth: the allocation from true reports.

    Returns:
        Gains in money, 0 of agents whose reports were not tried, and the number of reports tried in all.
    """
    agents = len(economy.agents)
    _, first = np.unique(types(economy), return_index=True)
    many = min(MOST_REPORTS, MOST_REPORTED_AMOUNTS // max(truth.consumption.size, 1)) // len(SCALES)
    tried = first[np.unique(np.linspace(0, len(first) - 1, min(many, len(first))).round().astype(int))]
    now, gain, reports = (
        float(economy.welfare(truth.consumption, truth.production).sum()),
        np.zeros(agents),
        0,
    )
    for agent in tried if agents > 1 else ():
        for scale in SCALES:
            weights = np.ones(agents)
            weights[agent] = scale
            try:
                led_to, _ = best_allocation(economy, weights, truth)
            except NumericalError:
                continue
            then = float(economy.welfare(led_to.consumption, led_to.production).sum())
            gain[agent], reports = max(gain[agent], then - now), reports + 1
    return gain, reports


def _settled(economy: Economy) -> Settled | str:
    """Return allocation and payments, or why there are none."""
    if cannot_be_helped(economy):
        return "Some agent is at -inf in every allocation, so no allocation is best"
    if _is_log(economy):
        return _log(economy)
    try:
        best = largest_surplus(economy)
        others = best_of_others(economy, best)
    except NumericalError as error:
        return f"An optimum was not found: {error}"
    found = best.found
    assert found is not None
    vital = np.flatnonzero(np.isneginf(others.values))
    if len(vital):
        return _cannot_do_without(economy, int(vital[0]))
    payments = pivot_payments(economy.welfare(found.consumption, found.production), others.values)
    return Settled(found, payments, max(best.residual, others.residual), others.optima + 1)


def _cannot_do_without(economy: Economy, agent: int) -> str:
    return (
        f"Without {economy.agents[agent]} another agent is at -inf, so that its payment would be -inf: it "
        f"would be owed more than any amount of money"
    )


# --- closed form ------------------------------------------------------------------------------------------


def _is_log(economy: Economy) -> bool:
    """Return True if all utilities are log and nothing can be made, so that there is a closed form."""
    return not economy.costs and all(block.family is Log for block in economy.utilities)


def _log(economy: Economy) -> Settled | str:
    """Return allocation and payments of log utilities and fixed resources."""
    weights = np.zeros(economy.shape)
    for block in economy.utilities:
        weights[block.rows] = block.parameters["weights"]
    total, r, e = weights.sum(axis=0), economy.resources, economy.endowment
    wanted = (total > 0) & (r > 0)
    prices = np.divide(total, r, out=np.zeros_like(r), where=wanted)
    x = np.divide(weights, prices, out=np.zeros_like(weights), where=prices > 0)
    others = np.maximum(total - weights, 0.0)
    alone = others <= GONE * total  # no other agent wants the good
    vital = (wanted & ~alone & (r - e <= GONE * r)).any(axis=1)
    if vital.any():
        return _cannot_do_without(economy, int(np.flatnonzero(vital)[0]))
    share, owned = (
        np.divide(part, whole, out=np.zeros_like(weights), where=wanted & ~alone)
        for part, whole in ((weights, total), (e, r))
    )
    payments = np.where(wanted & ~alone, others * (np.log1p(-owned) - np.log1p(-share)), 0.0).sum(axis=1)
    nothing = np.zeros(economy.shape)
    found = Solution(x, nothing, prices, float(economy.utility(x).sum()))
    ones = np.ones(len(economy.agents))
    return Settled(found, payments, residual(economy, x, nothing, ones, prices), 0)


GONE = 1e-15
"""Share of a sum: what is left when one part is subtracted, below it, is rounding and counts as none."""


# --- sentences --------------------------------------------------------------------------------------------


def _how(done: Settled, exact: bool) -> str:
    by = f"{done.optima:,} optima" if done.optima else "closed form"
    violated = f"first-order conditions violated by {shown(done.residual)} at most"
    if not exact:
        return f"Not all of {by} were found within the tolerance ({violated})."
    return f"Total surplus is maximal, by {by} ({violated})."


def _truth(gain: float, reports: int, truthful: bool) -> str:
    if not reports:
        return "No other report was tried."
    tried = f"Of {reports:,} reports of another scale the best gains {shown(gain)}"
    return f"{tried}: {'truth is a best report' if truthful else 'this allocation is no optimum'}."


def _balance(payments: Array) -> str:
    """Return a sentence on where the money goes."""
    revenue = float(payments.sum())
    if abs(revenue) <= 1e-12 * float(np.abs(payments).sum()):
        return "Payments balance."
    if revenue < 0:
        return (
            f"Payments are {-revenue:.6g} short of what is paid out: a deficit that money from outside must "
            f"cover, without which this outcome is not feasible."
        )
    return (
        f"Payments of {revenue:.6g} in all leave the group: with money the outcome is efficient only if they "
        f"count as revenue of someone."
    )
