"""The table of a comparison: one row per mechanism, from its part of `result.json` and its agents' numbers.

Up to 20 agents each have a column for their utility, payoff and weight. Above, utilities and payoffs of
consumers are summarised by the lowest, the mean of those above -inf and the number at -inf, so that -inf is
neither averaged in nor lost; weights by the smallest and the largest. There is no mean where utilities have
no common unit. A value that does not apply is missing.

Every table of this kind is built here: of a comparison, of a market in shards, and the one that verification
expects. Sweeps and printed text use the summary.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.results.schema import MechanismResult, number

if TYPE_CHECKING:
    import pandas as pd

NAMED = 20  # agents; up to here each has columns of its own


class Summary(NamedTuple):
    """Utilities, or payoffs, of several agents.

    Args:
        lowest: of all; NaN if there are no agents.
        mean: of those above -inf; NaN if there are none.
        ruined: number of agents at -inf.
    """

    lowest: float
    mean: float
    ruined: int


def summarised(values: Array) -> Summary:
    """Summarise the utilities or payoffs of agents.

    Example:
        >>> summarised(np.array([1.0, -np.inf, 2.0]))
        Summary(lowest=-inf, mean=1.5, ruined=1)
    """
    finite = values[np.isfinite(values)]
    mean = float(finite.mean()) if len(finite) else np.nan
    lowest = float(values.min()) if len(values) else np.nan
    return Summary(lowest, mean, len(values) - len(finite))


class Gains(NamedTuple):
    """Numbers of agents with gains and losses compared with the baseline.

    Args:
        baseline: name of the first mechanism without prices or planner.
        gain: number of agents with a higher payoff.
        lose: number of agents with a lower payoff.
        pareto_improvement: True if no payoff and no revenue is lower, and one is higher.
    """

    baseline: str
    gain: int
    lose: int
    pareto_improvement: bool


class AgentNumbers(NamedTuple):
    """Numbers of the agents of one outcome.

    Args:
        names: of the agents.
        utilities: (agents,); the summary of consumers is enough for more than 20 agents.
        payoffs: likewise; None where payoffs are utilities under every mechanism.
        weights: (agents,), nan of agents without one; or the smallest and the largest for more than 20
            agents; None without weights.
        with_revenue: like `payoffs`, with the revenue of the commons handed back; None where none is kept.
        consumers: mask of agents that want some good, (agents,), which summaries are of; not needed where
            these are given.
    """

    names: Sequence[str]
    utilities: Array | Summary
    payoffs: Array | Summary | None
    weights: Array | None
    with_revenue: Array | Summary | None = None
    consumers: NDArray[np.bool_] | None = None

    def levels(self, what: str, values: Array | Summary | None, in_money: bool) -> dict[str, float]:
        """Return the columns of utilities or payoffs; empty without values.

        Args:
            what: they are.
            values: of each agent, or their summary.
            in_money: True if they have a common unit, so that there is a mean.
        """
        if values is None:
            return {}
        if not isinstance(values, Summary):
            if len(self.names) <= NAMED:
                return {f"{what} of {name}": float(v) for name, v in zip(self.names, values, strict=True)}
            values = summarised(values if self.consumers is None else values[self.consumers])
        return {
            f"lowest {what}": values.lowest,
            f"mean {what} above -inf": values.mean if in_money else np.nan,
            f"agents with {what} -inf": values.ruined,
        }


def counted(economy: Economy, weights: Array | None) -> Array | None:
    """Return weights, (agents,), with nan in place of those of agents that have none."""
    return None if weights is None else np.where(economy.has_weight, weights, np.nan)


def row(
    mechanism: MechanismResult,
    goods: Sequence[str],
    agents: AgentNumbers,
    total_surplus: float | None,
    gains: Gains | None,
) -> dict[str, object]:
    """Return the row of a mechanism, column -> value.

    Args:
        mechanism: its part of `result.json`; maps of agents are not needed.
        goods: their names.
        agents: their numbers.
        total_surplus: sum of utilities, money; None without quasilinear money.
        gains: compared with the baseline; None of the baseline itself and where there is none.
    """
    report, prices, split = mechanism.alignment, mechanism.prices or {}, mechanism.surplus
    in_money = total_surplus is not None
    return {
        "mechanism": mechanism.name,
        "kind": mechanism.kind,
        "status": mechanism.status,
        "rounds": mechanism.rounds,
        **{f"price of {good}": _or_nan(prices.get(good)) for good in goods},
        **_levied(mechanism),
        "disequilibrium": _or_nan(mechanism.disequilibrium),
        **agents.levels("utility", agents.utilities, in_money),
        **agents.levels("payoff", agents.payoffs, in_money),
        **agents.levels("payoff with revenue handed back", agents.with_revenue, in_money),
        "total surplus": _or_nan(total_surplus),
        "consumer surplus": _or_nan(None if split is None else split.consumer),
        "producer surplus": _or_nan(None if split is None else split.producer),
        "deadweight loss": _or_nan(report.surplus_gap),
        "revenue": number(mechanism.revenue),
        "efficient": report.efficient,
        "efficient with transfers": report.efficient_with_transfers,
        "left on the table": _or_nan(report.surplus_gap),
        "resource utilisation": _or_nan(report.resource_utilisation),
        "degenerate": report.degenerate,
        **_weights(agents.names, agents.weights),
        "largest regret": _or_nan(mechanism.max_regret),
        "against": None if gains is None else gains.baseline,
        "agents who gain": None if gains is None else gains.gain,
        "agents who lose": None if gains is None else gains.lose,
        "Pareto improvement": None if gains is None else gains.pareto_improvement,
    }


def _levied(mechanism: MechanismResult) -> dict[str, object]:
    """Return the columns of a mechanism with interventions; none without, so that other tables stay."""
    levied = mechanism.intervention
    if levied is None:
        return {}
    paid: dict[str, object] = {
        f"buyers' price of {good}": number(p) for good, p in levied.buyer_prices.items()
    }
    return paid | {"tax revenue": number(levied.tax_revenue), "quota rent": number(levied.quota_rent)}


def _weights(names: Sequence[str], weights: Array | None) -> dict[str, float]:
    known = np.full(len(names), np.nan) if weights is None else weights
    if len(names) <= NAMED:
        return {f"weight of {name}": float(w) for name, w in zip(names, known, strict=True)}
    counted = known[~np.isnan(known)]
    if not len(counted):
        return {"smallest weight": np.nan, "largest weight": np.nan}
    return {"smallest weight": float(counted.min()), "largest weight": float(counted.max())}


_WITH_MISSING = {
    "efficient": "boolean",
    "efficient with transfers": "boolean",
    "Pareto improvement": "boolean",
    "agents who gain": "Int64",
    "agents who lose": "Int64",
}


def table(rows: Sequence[Mapping[str, object]]) -> pd.DataFrame:
    """Put rows together, with types that allow for missing values."""
    import pandas as pd  # deferred: workers of a sweep need the summary only

    return pd.DataFrame(rows).astype(_WITH_MISSING)


def _or_nan(value: float | str | None) -> float:
    return np.nan if value is None else number(value)
