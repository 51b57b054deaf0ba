"""A comparison as data: the result as one JSON object, and the tables of agents, bounds and rounds.

The result is the same in `result.json` and with `--json`; `schema.py` has its layout. Numbers are JSON
numbers, infinities the strings "Infinity" and "-Infinity", and NaN is refused.

The table of agents, `agents.parquet`, has one row per mechanism and agent: `mechanism`, `agent`,
`consumption[g]`, `production[g]` and `action[g]` (taken, claimed or made in a game, else null) for each good
g, `payment`, `utility`, `payoff`, `regret` (null under the planner), `weight` (null where no weights support
the outcome), `improvement[g]` and `improvement_production[g]` (null where no improvement was found); with
public goods also `personal_price[g]` and `personal_support[g]`, what each agent pays for a unit and its part
of the supporting price (null without such prices).

The table of bounds, `bounds.parquet`, proves `surplus_gap` and `resource_utilisation` from both sides where a
program was solved for them, one row per mechanism, `figure`, agent and good: `consumption` and `production`,
an allocation that reaches the figure; `price`, multipliers that show that no allocation does better; and
`kept` and `capped`, multipliers of each agent's being no worse off and of its money not going negative.

The table of trades, `trades.parquet`, has the single trades of the mechanisms that record them (see
`market.trades`), and the table of observations, `observations.parquet`, what a mechanism without announced
prices observes once a round. Both are there only if they have rows.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from pydantic import ValidationError

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.economy.public_goods import personal_prices
from market.efficiency.surplus import Surplus, payoffs_with_revenue, surplus
from market.errors import NumericalError
from market.intervention import Intervention
from market.outcome import Outcome
from market.results.schema import (
    LARGEST_MAP,
    SCHEMA,
    AlignmentResult,
    InterventionResult,
    MechanismResult,
    ReferenceCheck,
    Result,
    ScenarioReference,
    SurplusResult,
    first_fault,
)

if TYPE_CHECKING:
    from market.efficiency.report import Alignment
    from market.equilibrium import Check
    from market.results.comparison import Comparison
    from market.scenario.game_loading import GameScenario
    from market.scenario.loading import Scenario
    from market.shards import SharedOutcome


def result(comparison: Comparison) -> dict[str, Any]:
    """Return the result as plain Python objects, ready for strict JSON.

    Raises:
        NumericalError: a number is NaN or infinite where it must not be; says which.
    """
    economy, checks = comparison.economy, comparison.checks
    mechanisms = [
        mechanism_result(
            outcome, comparison.alignments[name], economy.goods, economy.agents, checks.get(name)
        )
        for name, outcome in comparison.outcomes.items()
    ]
    return whole_result(comparison.scenario, economy.seed, economy.goods, economy.agents, mechanisms)


def whole_result(
    scenario: Scenario,
    seed: int,
    goods: Sequence[str],
    agents: Sequence[str] | None,
    mechanisms: Sequence[MechanismResult],
) -> dict[str, Any]:
    """Return the result from its parts.

    Args:
        scenario: that was played.
        seed: of all draws.
        goods: their names.
        agents: their names; None if there are too many.
        mechanisms: the part of each.
    """
    return Result(
        schema=SCHEMA,
        scenario=scenario_reference(scenario),
        seed=seed,
        goods=list(goods),
        agents=None if agents is None else list(agents),
        mechanisms=list(mechanisms),
    ).model_dump(by_alias=True, exclude_unset=True)


def scenario_reference(scenario: Scenario | GameScenario) -> ScenarioReference:
    """Return the title, file and checksum that name a scenario in every file."""
    return ScenarioReference(title=scenario.title, file=str(scenario.file), sha256=scenario.sha256)


def as_json(result: Mapping[str, Any]) -> str:
    """Return the text of `result.json`: strict JSON in ASCII, so that no name controls a terminal."""
    return json.dumps(result, allow_nan=False, indent=2) + "\n"


def mechanism_result(
    outcome: Outcome | SharedOutcome,
    report: Alignment,
    goods: Sequence[str],
    agents: Sequence[str],
    check: Check | None = None,
) -> MechanismResult:
    """Return one mechanism's part of the result.

    Args:
        outcome: of the mechanism.
        report: on its efficiency.
        goods: their names.
        agents: their names; maps of more than `LARGEST_MAP` of them are null, as are those of none.
        check: of its prices against a reference solution, if that was asked for.

    Raises:
        NumericalError: a number is NaN or infinite where it must not be; says which.
    """
    small = 0 < len(agents) <= LARGEST_MAP

    def by_good(amounts: Array | None) -> dict[str, Any] | None:
        return None if amounts is None else dict(zip(goods, plain(amounts.tolist()), strict=True))

    def by_agent(values: Array | None) -> dict[str, Any] | None:
        return (
            dict(zip(agents, plain(values.tolist()), strict=True)) if small and values is not None else None
        )

    def by_both(amounts: Array | None) -> dict[str, Any] | None:
        if not small or amounts is None:
            return None
        return {agent: by_good(row) for agent, row in zip(agents, amounts, strict=True)}

    better, supported = report.improvement, report.negishi_weights is not None
    levied = outcome.intervention
    if isinstance(outcome, Outcome):
        split, handed_back = surplus(outcome), payoffs_with_revenue(outcome)
    else:
        split, handed_back = outcome.surplus, outcome.payoffs_with_revenue
    more: dict[str, Any] = {} if levied is None else {"intervention": _intervention_result(levied, goods)}
    public = isinstance(outcome, Outcome) and bool(outcome.economy.public_goods)
    own, supporting = (
        (by_both(outcome.personal_prices), by_both(report.personal_supporting_prices))
        if isinstance(outcome, Outcome)
        else (None, None)
    )
    if public:
        more["personal_prices"] = own
    if check is not None:
        more["check"] = _check_result(check, goods)
    try:
        return MechanismResult(
            name=outcome.name,
            kind=outcome.kind,
            status=outcome.status.value,
            reason=outcome.reason,
            rounds=outcome.rounds,
            prices=by_good(outcome.prices),
            disequilibrium=plain(outcome.disequilibrium),
            auctioneer_payoff=plain(outcome.auctioneer_payoff),
            consumption=by_both(outcome.consumption),
            production=by_both(outcome.production),
            payments=by_agent(outcome.payments),
            revenue=plain(outcome.revenue),
            utilities=by_agent(outcome.utilities),
            payoffs=by_agent(outcome.payoffs),
            payoffs_with_revenue=by_agent(handed_back),
            surplus=_surplus_result(split, report.surplus_gap),
            max_regret=plain(outcome.max_regret),
            evidence=plain(dict(outcome.evidence)),
            alignment=AlignmentResult(
                efficient=plain(report.efficient),
                degenerate=plain(report.degenerate),
                weights=by_agent(report.negishi_weights),
                supporting_prices=by_good(report.supporting_prices) if supported else None,
                residual=plain(report.residual),
                resource_utilisation=plain(report.resource_utilisation),
                efficient_with_transfers=plain(report.efficient_with_transfers),
                surplus_gap=plain(report.surplus_gap),
                improvement=by_both(better.consumption if better else None),
                improvement_production=by_both(better.production if better else None),
                price_interval=plain(_lists(report.price_interval)),
                unknown=list(report.reasons),
                **({"personal_supporting_prices": supporting if supported else None} if public else {}),
            ),
            **more,
        )
    except ValidationError as error:
        raise NumericalError(
            f"the result of '{outcome.name}' has no such value: {first_fault(error)}"
        ) from error


def _surplus_result(found: Surplus | None, gap: float | None) -> SurplusResult | None:
    if found is None:
        return None
    return SurplusResult(
        consumer=plain(found.consumer),
        producer=plain(found.producer),
        revenue=plain(found.revenue),
        utility_minus_payments=plain(found.utility_minus_payments),
        total=plain(found.total),
        deadweight_loss=plain(gap),
        **({} if found.harm is None else {"harm": plain(found.harm)}),
    )


def _intervention_result(levied: Intervention, goods: Sequence[str]) -> InterventionResult:
    def by_good(values: Array) -> dict[str, Any]:
        return dict(zip(goods, plain(values.tolist()), strict=True))

    borne = levied.borne_by_buyers
    shares = None if borne is None else {g: None if math.isnan(b) else b for g, b in by_good(borne).items()}
    return InterventionResult(
        buyer_prices=by_good(levied.buyer_prices),
        taxed_prices=by_good(levied.taxed_prices),
        rents=by_good(levied.rents),
        traded=by_good(levied.traded),
        tax_revenue=plain(levied.tax_revenue),
        returned=plain(levied.returned),
        commons_revenue=plain(levied.commons_revenue),
        quota_rent=plain(levied.quota_rent),
        binding=dict(zip(goods, levied.binding, strict=True)),
        unserved=by_good(levied.unserved),
        free_prices=None if levied.free_prices is None else by_good(levied.free_prices),
        borne_by_buyers=shares,
    )


def _lists(
    intervals: Mapping[str, tuple[float, float] | None] | None,
) -> dict[str, list[float] | None] | None:
    """Return intervals of prices as lists, good by good."""
    if intervals is None:
        return None
    return {good: None if ends is None else list(ends) for good, ends in intervals.items()}


def _check_result(check: Check, goods: Sequence[str]) -> ReferenceCheck:
    prices = None if check.prices is None else dict(zip(goods, plain(check.prices.tolist()), strict=True))
    return ReferenceCheck(
        method=check.method,
        residual=plain(check.residual),
        agrees=check.agrees,
        prices=prices,
        price_difference=plain(check.price_difference),
        consumption_difference=plain(check.consumption_difference),
        equilibria=check.equilibria,
        reason=" ".join(check.sentences),
    )


def plain(value: Any) -> Any:
    """Return a value with Python's own numbers, and infinities as words; containers part by part."""
    if isinstance(value, dict):
        return {key: plain(part) for key, part in value.items()}
    if isinstance(value, list):
        return [plain(part) for part in value]
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and math.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return value


ROUNDS = {
    "mechanism": "str",
    "round": "int64",
    "good": "str",
    "price": "float64",
    "excess_demand": "float64",
    "disequilibrium": "float64",
    "auctioneer_payoff": "float64",
}
"""The columns of the table of rounds, with their types."""


BUYER_PRICE = "buyer_price"
"""A further column of the table of rounds, a float, if some mechanism has interventions; null of others."""


def rounds_of(
    name: str,
    goods: Sequence[str],
    prices: Array,
    excess: Array,
    disequilibrium: Array,
    payoff: Array,
    paid: Array | None = None,
) -> pd.DataFrame:
    """Return the rows of one mechanism in the table of rounds, ordered by round and name of the good.

    Args:
        name: of the mechanism.
        goods: their names.
        prices: (rounds, goods), announced.
        excess: (rounds, goods), excess demand at them, units.
        disequilibrium: (rounds,), the largest relative excess demand.
        payoff: (rounds,), the auctioneer's, units.
        paid: (rounds, goods), what buyers pay; None without interventions.
    """
    count = len(prices)
    table = pd.DataFrame(
        {
            "mechanism": name,
            "round": np.tile(np.arange(1, count + 1), len(goods)),
            "good": np.repeat(np.array(goods, dtype=object), count),
            "price": prices.T.ravel(),
            "excess_demand": excess.T.ravel(),
            "disequilibrium": np.tile(disequilibrium, len(goods)),
            "auctioneer_payoff": np.tile(payoff, len(goods)),
            **({} if paid is None else {BUYER_PRICE: paid.T.ravel()}),
        }
    )
    return table.sort_values(["round", "good"], kind="stable", ignore_index=True)


def no_rounds() -> pd.DataFrame:
    """Return the table of rounds of a mechanism without prices."""
    return pd.DataFrame({column: pd.Series(dtype=kind) for column, kind in ROUNDS.items()})


OBSERVATIONS = {"mechanism": "str", "round": "int64", "measure": "str", "value": "float64"}
"""The columns of the table of observations, with their types."""


def no_observations() -> pd.DataFrame:
    """Return the table of observations without rows."""
    return pd.DataFrame({column: pd.Series(dtype=kind) for column, kind in OBSERVATIONS.items()})


TRADES = {
    "mechanism": "str",
    "round": "int64",
    "day": "int64",
    "good": "str",
    "paid_in": "str",
    "buyer": "str",
    "seller": "str",
    "amount": "float64",
    "price": "float64",
}
"""The columns of the table of trades, with their types; "" stands for money, or for the commons."""


def trades_table(comparison: Comparison) -> pd.DataFrame:
    """Return the table of trades, one row per trade of the mechanisms that record them, in their order."""
    parts = [trades_of(outcome) for outcome in comparison.outcomes.values() if outcome.trades is not None]
    if not parts:
        return pd.DataFrame({column: pd.Series(dtype=kind) for column, kind in TRADES.items()})
    return pd.concat(parts, ignore_index=True)


def trades_of(outcome: Outcome) -> pd.DataFrame:
    """Return the rows of one mechanism, which records its trades, in the table of trades."""
    trades, economy = outcome.trades, outcome.economy
    assert trades is not None
    goods = np.array([*economy.goods, ""], dtype=object)  # the last stands for -1: money, or the commons
    agents = np.array([*economy.agents, ""], dtype=object)
    return pd.DataFrame(
        {
            "mechanism": outcome.name,
            "round": trades.round,
            "day": trades.day,
            "good": goods[trades.good],
            "paid_in": goods[trades.paid_in],
            "buyer": agents[trades.buyer],
            "seller": agents[trades.seller],
            "amount": trades.amount,
            "price": trades.price,
        }
    ).astype(TRADES)


BOUNDS = ("consumption", "production", "price", "kept", "capped")
"""The columns of numbers in the table of bounds."""


def bounds_table(comparison: Comparison) -> pd.DataFrame:
    """Return the table of bounds, one row per mechanism, figure, agent and good."""
    economy = comparison.economy
    agents, goods = economy.shape
    parts = [
        pd.DataFrame(
            {
                "mechanism": name,
                "figure": figure,
                "agent": np.repeat(np.array(economy.agents, dtype=object), goods),
                "good": np.tile(np.array(economy.goods, dtype=object), agents),
                "consumption": bound.consumption.ravel(),
                "production": bound.production.ravel(),
                "price": _by_agent(economy, bound.prices).ravel(),
                "kept": np.repeat(bound.kept, goods),
                "capped": np.repeat(bound.capped, goods),
            }
        )
        for name, report in comparison.alignments.items()
        for figure, bound in report.bounds.items()
    ]
    return pd.concat(parts, ignore_index=True) if parts else no_bounds()


def _by_agent(economy: Economy, prices: Array) -> Array:
    """Return multipliers of resources, (agents, goods): one row for all, but for public goods."""
    if economy.public_goods:
        return personal_prices(economy, prices)[1]
    return np.tile(prices, (len(economy.agents), 1))


def no_bounds() -> pd.DataFrame:
    """Return the table of bounds where no program was solved."""
    words = {column: pd.Series(dtype=object) for column in ("mechanism", "figure", "agent", "good")}
    return pd.DataFrame({**words, **{column: pd.Series(dtype=float) for column in BOUNDS}})


AGENTS = (
    "consumption[g]",
    "production[g]",
    "action[g]",
    "payment",
    "utility",
    "payoff",
    "regret",
    "weight",
    "improvement[g]",
    "improvement_production[g]",
)
"""The columns of numbers in the table of agents, [g] standing for each good."""


PERSONAL = ("personal_price[g]", "personal_support[g]")
"""More columns where there are public goods: each agent's price, and its part of the supporting price."""


def agent_columns(goods: Sequence[str], *, public: bool = False) -> list[str]:
    """Return the columns of numbers in the table of agents."""
    return [
        column.replace("[g]", f"[{good}]")
        for column in (*AGENTS, *(PERSONAL if public else ()))
        for good in (goods if column.endswith("[g]") else ("",))
    ]


def agents_table(comparison: Comparison) -> pd.DataFrame:
    """Return the table of agents, one row per mechanism and agent."""
    parts = [agents_of(outcome, comparison.alignments[name]) for name, outcome in comparison.outcomes.items()]
    return pd.concat(parts, ignore_index=True)


def agents_of(outcome: Outcome, report: Alignment) -> pd.DataFrame:
    """Return the rows of one mechanism in the table of agents."""
    economy, better = outcome.economy, report.improvement
    amounts = {
        "consumption[g]": outcome.consumption,
        "production[g]": outcome.production,
        "action[g]": outcome.actions,
        "payment": outcome.payments,
        "utility": outcome.utilities,
        "payoff": outcome.payoffs,
        "regret": outcome.regret,
        "weight": report.negishi_weights,
        "improvement[g]": None if better is None else better.consumption,
        "improvement_production[g]": None if better is None else better.production,
        "personal_price[g]": outcome.personal_prices,
        "personal_support[g]": report.personal_supporting_prices,
    }
    public = bool(economy.public_goods)
    agents, _ = economy.shape
    numbers: list[Array] = []
    for column in (*AGENTS, *(PERSONAL if public else ())):
        values, width = amounts[column], len(economy.goods) if column.endswith("[g]") else 1
        numbers += list(
            np.full((width, agents), np.nan) if values is None else values.T.reshape(width, agents)
        )
    named = zip(agent_columns(economy.goods, public=public), numbers, strict=True)
    return pd.DataFrame({"mechanism": outcome.name, "agent": list(economy.agents), **dict(named)})
