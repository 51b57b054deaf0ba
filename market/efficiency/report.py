"""The alignment report: how far an outcome is from Pareto efficiency.

Computed from the outcome and the primitives; an answer of a solver counts only with its evidence. The margins
of the outcome (`first_order_conditions.Margins`) are taken once; each figure is a function of them that
returns a `Finding`: its value, the reason if it is unknown, and the bound that proves it if a program was
solved.

*Efficient in goods.* Two ways, in this order. If weights w and prices p support the outcome
(`negishi_weights.py`), that is a proof: for any feasible (x', y'),

    sum_i w_i (u_i(x'_i) - C_i(y'_i)) - sum_i w_i (u_i(x_i) - C_i(y_i)) <= 0,

for utilities that are concave or made so (`Economy.concave_form`: efficiency depends on the order alone), so
no agent with `w_i > 0` can gain unless another loses; and an agent with `w_i = 0` can gain only through goods
whose price is 0, since every unit of a good with `p_g > 0` is missed by an agent of positive weight. If all
there is of those goods would not make it better off, it cannot gain. Otherwise a convex
program looks for a Pareto improvement (`pareto_improvement.py`), which is confirmed from the primitives
before it is reported. If that search fails, efficiency is unknown (None), and so it is where the program is
too large to be solved; then the reason has the bounds that are proved without it (`dual_bounds.py`).

*With transfers*, where money is quasilinear: efficient means that total surplus is maximal (with budgets:
that no reallocation of goods and money, which may not go negative, gains anything for any agent). The
`surplus_gap` is the surplus lost, in money. The first proof serves again, with equal weights.

Support within `VIOLATION_THAT_PROVES` relative to prices is a proof; since the loss is of second order in the
violation, less than its square of the resources can be wasted.

*Harm* by the output of others counts in every figure: in the conditions of support, in the programs and in
the bounds, so that equal weights support an outcome only if each producer's cost with that of all others is
right. The first welfare theorem does not hold, and a market that cleared proves nothing.

*Prices.* Where several prices clear markets with the same quantities, the report has their range, good by
good (`price_intervals.py`).

Source: Mas-Colell, Whinston and Green (1995), sections 10.D, 16.C to 16.E; Debreu (1951).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from market.display import Displayed
from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.economy.public_goods import narrowed, personal_prices
from market.efficiency.dual_bounds import CertifiedValue, proved_bounds
from market.efficiency.negishi_weights import Support, support
from market.efficiency.pareto_improvement import (
    Reallocation,
    cannot_reach_subsistence,
    improvement,
    with_what_is_left,
    without_sacrifice,
)
from market.efficiency.price_intervals import price_intervals
from market.efficiency.resource_utilisation import resource_utilisation
from market.efficiency.surplus_gap import nothing_to_gain, proof_of_no_gap, surplus_gap
from market.efficiency.unavoidable_harm import cannot_be_relieved
from market.errors import NumericalError
from market.outcome import Outcome, widen_outcome
from market.tolerances import (
    NO_SURPLUS_GAP,
    PLENTY,
    ROUNDING_OF_SUMS,
    VIOLATION_BELOW_SEARCH,
    VIOLATION_THAT_PROVES,
)
from market.welfare.convex_program import refuse_large, too_large
from market.welfare.first_order_conditions import Margins

T = TypeVar("T")

CLEARLY_WASTED = 0.999
"""Debreu's coefficient up to which the resources that it leaves over are tried first as an improvement: with
less left over, gains would be near the rounding of the program."""


@dataclass(frozen=True)
class Alignment(Displayed):
    """The report on one outcome.

    Args:
        efficient: True if it is Pareto efficient in goods alone; None if unknown.
        degenerate: True if it is efficient, but only with a weight of zero on some agent.
        negishi_weights: the most equal welfare weights that support the outcome, (agents,); None if none do.
            0 of agents that want nothing and bear no cost. Where a utility is not concave as stated, of its
            concave form.
        supporting_prices: the prices that go with these weights, (goods,).
        residual: the largest relative violation of the supporting conditions.
        resource_utilisation: Debreu's coefficient; None without resources to scale, or if unknown.
        efficient_with_transfers: True if it is efficient in goods and money; None without quasilinear money,
            or if unknown.
        surplus_gap: the unrealised gains from trade (deadweight loss), money; None without quasilinear money,
            or if unknown.
        improvement: a Pareto improvement in goods; None if there is none.
        price_interval: good -> (least, greatest) price at which the outcome clears, other prices adjusting;
            None for a good whose price is unique. None without prices that clear, or if unknown.
        unknown: figure -> the reason why it is unknown, and the bound that is proved without a program.
        bounds: figure -> its proof from both sides, where a program was solved for it.
        outcome: the outcome reported on; None for a market in shards, which keeps none.
        personal_supporting_prices: the parts of supporting prices of public goods that each agent's weighted
            marginal utility is, (agents, goods); None without public goods.
    """

    efficient: bool | None
    degenerate: bool
    negishi_weights: Array | None
    supporting_prices: Array
    residual: float
    resource_utilisation: float | None
    efficient_with_transfers: bool | None
    surplus_gap: float | None
    improvement: Reallocation | None = None
    price_interval: Mapping[str, tuple[float, float] | None] | None = None
    unknown: Mapping[str, str] = field(default_factory=dict)
    bounds: Mapping[str, CertifiedValue] = field(default_factory=dict)
    outcome: Outcome | None = None
    personal_supporting_prices: Array | None = None

    def __repr__(self) -> str:
        """Return the verdicts on a line."""
        of = "" if self.outcome is None else f" of '{self.outcome.name}'"
        efficient = _VERDICTS[self.efficient]
        gap = 0.0 if self.efficient_with_transfers else self.surplus_gap
        lost = "" if self.surplus_gap is None else f", deadweight loss {gap:.4g}"
        return f"<Alignment{of}: {efficient}{lost}>"

    @property
    def reasons(self) -> tuple[str, ...]:
        """Sentences on what is unknown, as the result file has them: the figure, a colon, the reason."""
        return tuple(f"{figure}: {why}" for figure, why in self.unknown.items())


_VERDICTS = {
    True: "Pareto efficient",
    False: "not Pareto efficient",
    None: "not known to be Pareto efficient",
}


@dataclass(frozen=True)
class Finding(Generic[T]):
    """One figure of the report.

    Args:
        value: None if it is unknown, or if it does not apply.
        reason: why it is unknown; None if it is known or does not apply.
        bound: its proof from both sides, if a program was solved for it.
    """

    value: T | None
    reason: str | None = None
    bound: CertifiedValue | None = None


@dataclass(frozen=True)
class _Supported:
    """An outcome with the weights and prices nearest to supporting it, found once for all figures.

    Args:
        outcome: the outcome.
        at: its margins, in the concave form of the economy.
        found: the weights and prices.
        within: the economy without costly production of agents that a Pareto improvement cannot compensate.
        proved: True if weights and prices prove efficiency in goods.
    """

    outcome: Outcome
    at: Margins
    found: Support
    within: Economy
    proved: bool


def alignment(outcome: Outcome) -> Alignment:
    """Return the alignment report of an outcome.

    Example:
        >>> import market
        >>> likes_water = 'utility = { family = "log", weights = { water = 1 } }'
        >>> scenario = market.loads(f'''
        ...     schema = 1
        ...     economy = "quasilinear"
        ...     goods = ["water"]
        ...     commons.water = 10
        ...     agents = [{{ name = "alpha", {likes_water} }}, {{ name = "beta", {likes_water} }}]
        ...     mechanisms = [{{ name = "prices", kind = "auctioneer" }}]
        ... ''')
        >>> report = alignment(market.MarketModel(scenario).run())
        >>> report.efficient, report.negishi_weights.round(6).tolist()
        (True, [0.5, 0.5])
    """
    if _is_unbounded(outcome):
        return _of_unbounded_amounts(outcome)
    if outcome.economy.public_goods:
        return narrow_report(alignment(widen_outcome(outcome)), outcome)
    case = _supported(outcome)
    utilisation = _utilisation(case)
    efficient, better = _efficient(case, utilisation.bound)
    gap = _surplus_gap(case)
    findings: dict[str, Finding[Any]] = {
        "efficient": efficient,
        "surplus_gap": gap,
        "resource_utilisation": utilisation,
    }
    unknown = {figure: each.reason for figure, each in findings.items() if each.reason is not None}
    found, finite = case.found, bool(np.isfinite(case.found.residual))
    supported = found.residual <= VIOLATION_THAT_PROVES
    return Alignment(
        efficient=efficient.value,
        degenerate=bool(efficient.value and supported and found.zero.any()),
        negishi_weights=found.weights if finite else None,
        supporting_prices=found.prices,
        residual=found.residual,
        resource_utilisation=utilisation.value,
        efficient_with_transfers=_none_lost(case, gap),
        surplus_gap=gap.value,
        improvement=better,
        price_interval=_price_intervals(case),
        unknown=_with_proved_bounds(case, unknown),
        bounds={figure: each.bound for figure, each in findings.items() if each.bound is not None},
        outcome=outcome,
    )


def narrow_report(report: Alignment, outcome: Outcome) -> Alignment:
    """Return a report on an outcome of the personalised economy as one on its economy with public goods.

    Bounds keep the prices of the personalised economy. Ranges of prices are left out: those of
    one agent's price for a good depend on the other agents'.
    """
    economy = outcome.economy
    agents, goods = economy.shape

    def narrow(bound: CertifiedValue) -> CertifiedValue:
        x, y = narrowed(economy, bound.consumption, bound.production)
        return replace(
            bound, consumption=x, production=y, kept=bound.kept[:agents], capped=bound.capped[:agents]
        )

    better, weights = report.improvement, report.negishi_weights
    found = (
        None if better is None else Reallocation(*narrowed(economy, better.consumption, better.production))
    )
    return replace(
        report,
        negishi_weights=None if weights is None else weights[:agents],
        supporting_prices=report.supporting_prices[:goods],
        personal_supporting_prices=personal_prices(economy, report.supporting_prices)[1],
        improvement=found,
        price_interval=None,
        bounds={figure: narrow(bound) for figure, bound in report.bounds.items()},
        outcome=outcome,
    )


def _is_unbounded(outcome: Outcome) -> bool:
    """Return True if an amount stands for an unbounded one, so that no figure can be computed from it."""
    amounts = (outcome.consumption, outcome.production)
    return any(float(np.abs(each).max(initial=0.0)) >= PLENTY for each in amounts)


def _of_unbounded_amounts(outcome: Outcome) -> Alignment:
    """Return a report without figures: sums over unbounded amounts are no numbers."""
    why = "quantities are unbounded at these prices"
    unknown = {"efficient": why}
    if outcome.economy.money is Money.QUASILINEAR:
        unknown["surplus_gap"] = why
    if outcome.economy.resources.any():
        unknown["resource_utilisation"] = why
    prices = np.zeros(len(outcome.economy.goods))
    return Alignment(None, False, None, prices, np.inf, None, None, None, unknown=unknown, outcome=outcome)


def _supported(outcome: Outcome) -> _Supported:
    """Find the weights and prices nearest to supporting an outcome; test if they prove efficiency."""
    economy, x, y = outcome.economy, outcome.consumption, outcome.production
    at = Margins.at(economy.concave_form, x, y)
    found = support(at, outcome.prices)
    proved = proves_efficiency(economy, x, y, found)
    within = economy if too_large(economy) else without_sacrifice(economy, y)
    if not proved and within is not economy:
        other = support(Margins.at(within.concave_form, x, y), outcome.prices)
        proved = proves_efficiency(within, x, y, other)
    return _Supported(outcome, at, found, within, proved)


def proves_efficiency(economy: Economy, x: Array, y: Array, found: Support) -> bool:
    """Return True if weights and prices prove that there is no Pareto improvement in goods."""
    if not found.residual <= VIOLATION_THAT_PROVES:
        return False
    if not found.zero.any():
        return True
    with_all_that_is_free = np.where(found.prices == 0, np.maximum(x, economy.most), x)
    gains = economy.utility(with_all_that_is_free) > economy.utility(x)
    saves = (economy.cost(y) > 0) | ~cannot_be_relieved(economy, x, y, found.weights > 0)
    return not (found.zero & (gains | _gains_from_remainders(economy, x, y) | saves)).any()


def _gains_from_remainders(economy: Economy, x: Array, y: Array) -> NDArray[np.bool_]:
    """Return a mask of agents that the goods left over would help by more than rounding, (agents,).

    At the prices a remainder is of little value, but it can add much to the utility of an agent with a weight
    of zero: at zero consumption its slope may be infinite, so that a share of 5e-8 of a good adds 2e-4 to a
    utility of `sqrt(x)`.
    """
    there = economy.offered(y)
    left = there - economy.taken(x, y)
    left = np.where(left > ROUNDING_OF_SUMS * there, left, 0.0)
    if not left.any():
        return np.zeros(len(x), dtype=bool)
    now, then = economy.utility(x), economy.utility(x + left)
    clearly = now + VIOLATION_THAT_PROVES * economy.utility_scale
    return then > np.where(np.isfinite(now), clearly, now)


def _efficient(
    case: _Supported, utilisation: CertifiedValue | None
) -> tuple[Finding[bool], Reallocation | None]:
    """Return whether the outcome is efficient in goods, and a Pareto improvement if one was found.

    Args:
        case: the outcome and its support.
        utilisation: the allocation that shows Debreu's coefficient: shares of the resources that it leaves
            over may be the improvement, without another program.
    """
    if case.proved:
        return Finding(True), None
    outcome = case.outcome
    economy, x, y = outcome.economy, outcome.consumption, outcome.production
    if utilisation is not None and utilisation.value <= CLEARLY_WASTED:
        better = with_what_is_left(economy, x, y, utilisation)
        if better is not None:
            return Finding(False), better
    try:
        refuse_large(economy)
        better = improvement(case.within, x, y, cannot_reach_subsistence(case.within, x, y))
        if better is None and _gains_from_remainders(case.within, x, y).any():
            better = with_what_is_left(case.within, x, y, Reallocation(x, y))
        if better is not None:
            return Finding(False), better
        why = "no better allocation was found, yet no weights support this one"
        enough = VIOLATION_THAT_PROVES if case.found.zero.any() else VIOLATION_BELOW_SEARCH
        if case.found.residual <= enough or not np.isfinite(case.found.residual):
            return Finding(True), None
    except NumericalError as error:
        why = str(error)
    better = None if utilisation is None else with_what_is_left(economy, x, y, utilisation)
    return (Finding(None, why), None) if better is None else (Finding(False), better)


def _utilisation(case: _Supported) -> Finding[float]:
    """Return 1 if support proves that all resources are needed; else the program's answer."""
    if case.proved and float(case.found.prices @ case.outcome.economy.resources) > 0:
        return Finding(1.0)
    x, y = case.outcome.consumption, case.outcome.production
    return _solved(case, lambda: resource_utilisation(case.within, x, y))


def _surplus_gap(case: _Supported) -> Finding[float]:
    """Return the surplus lost, money; None where money is not quasilinear."""
    outcome, found = case.outcome, case.found
    economy, x, y, p = outcome.economy, outcome.consumption, outcome.production, outcome.prices
    if economy.money is not Money.QUASILINEAR:
        return Finding(None)
    if not np.isfinite(economy.budget).any():
        counted = found.weights[economy.has_weight]
        equal = bool((counted == counted[0]).all()) and found.residual <= VIOLATION_THAT_PROVES
        if equal or _equal_weights_support(case):
            return Finding(0.0)
    elif p is not None:
        weights = nothing_to_gain(economy, x, y, outcome.payments, p, VIOLATION_THAT_PROVES)
        if weights is not None:
            return Finding(0.0, bound=proof_of_no_gap(x, y, p, weights) if (weights > 0).all() else None)
    none = "some agent is at -inf in every allocation, so no total surplus is finite"
    return _solved(case, lambda: surplus_gap(economy, x, y, outcome.payments), none)


def _solved(
    case: _Supported, program: Callable[[], CertifiedValue | None], without: str | None = None
) -> Finding[float]:
    """Return the answer of a program; unknown with the reason if it is too large or was not solved.

    Args:
        case: the outcome.
        program: gives the answer; None if there is none.
        without: the reason to report where there is none.
    """
    try:
        refuse_large(case.outcome.economy)
        bound = program()
    except NumericalError as error:
        return Finding(None, str(error))
    return Finding(None, without) if bound is None else Finding(bound.value, bound=bound)


def _equal_weights_support(case: _Supported) -> bool:
    """Return True if equal weights support the outcome, so that it maximises total surplus."""
    at, p = case.at, case.outcome.prices
    ones = np.ones(len(at.x))
    if p is not None and np.isfinite(p).all() and at.residual(ones, p) <= VIOLATION_THAT_PROVES:
        return True
    prices = at.slopes.max(axis=0)
    return bool(np.isfinite(prices).all()) and at.residual(ones, prices) <= VIOLATION_THAT_PROVES


def _price_intervals(case: _Supported) -> Mapping[str, tuple[float, float] | None] | None:
    """Return the ranges of clearing prices, at which agents choose without regard to harm."""
    outcome, at = case.outcome, case.at
    if outcome.economy.harm is not None:
        at = Margins.at(outcome.economy.without_harm.concave_form, outcome.consumption, outcome.production)
    return price_intervals(outcome, at)


def _none_lost(case: _Supported, gap: Finding[float]) -> bool | None:
    """Return True if no more surplus is lost than a solver's rounding; None if that is unknown."""
    if gap.value is None:
        return None
    return gap.value == 0.0 or gap.value <= NO_SURPLUS_GAP * case.at.turnover


def _with_proved_bounds(case: _Supported, unknown: Mapping[str, str]) -> Mapping[str, str]:
    """Return the reasons, each with the bound that is proved without a program where those are too large."""
    outcome = case.outcome
    economy, x, y = outcome.economy, outcome.consumption, outcome.production
    if not unknown or not too_large(economy):
        return unknown
    proved = proved_bounds(economy, x, y, (outcome.prices, case.found.prices), tuple(unknown))
    return {figure: "; ".join(filter(None, (why, proved.get(figure)))) for figure, why in unknown.items()}
