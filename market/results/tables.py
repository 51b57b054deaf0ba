"""What is kept of a run, as data: the result as one JSON object, and the table of agents.

The result object is the same in `result.json` and with `--json`. Numbers are JSON numbers, infinities the
strings "Infinity" and "-Infinity", and NaN is refused. Beyond the contract each mechanism has

- `evidence`: {name: residual}, the numbers behind its status;
- `alignment.supporting_prices`: {good: p}, the prices that go with `alignment.weights`, so that the residual
  can be recomputed; null without weights;
- `alignment.improvement_production`: {agent: {good: y}}, what is made in `alignment.improvement`;
- `alignment.unknown`: [sentence], what could not be computed, and why;
- `check`, of auctioneers if a check was asked for: {`method` and `residual` of the reference solution,
  `agrees`: true, false or null (it cannot be told), `prices`: {good: p} of the equilibrium compared
  with, `price_difference`, `consumption_difference`: the largest ones, relative, `equilibria`: how many a
  quick search found, null if none was made, `reason`}.

`agents`, the names, is null where more than `LARGEST_MAP` agents were played in shards.

The table of agents, `agents.parquet`, has one row a mechanism and agent: `mechanism`, `agent`,
`consumption[g]`, `production[g]` and `action[g]` (what it took, claimed or made in a game, else null) for
each good g, `payment`, `utility`, `payoff`, `regret` (null under the planner), `weight` (null where no
weights support the outcome), `improvement[g]` and `improvement_production[g]` (null where no improvement was
found).

The table of bounds, `bounds.parquet`, has what proves `surplus_gap` and `resource_utilisation` from both
sides where a programme was solved for them, one row a mechanism, `figure`, agent and good: `consumption` and
`production`, an allocation that reaches the figure; `price`, multipliers that show that none does better; and
`kept` and `capped`, multipliers of each agent's being no worse off and of its money not going negative.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import pandas as pd

from market.economy.correspondences import Array
from market.efficiency.report import Alignment
from market.errors import NumericalError
from market.outcome import Outcome
from market.scenario.loading import Scenario

if TYPE_CHECKING:
    from market.equilibrium import Check
    from market.shards import SharedOutcome

SCHEMA = 1
NAMED = 20  # agents; up to here a table of mechanisms has a column for each of them
LARGEST_MAP = 1000  # agents; above, per-agent maps are null and only agents.parquet has them


class Played(Protocol):
    """What is written: a `comparison.Comparison`, which is above this module and so not imported here."""

    @property
    def scenario(self) -> Scenario:
        """What was played."""

    @property
    def outcomes(self) -> Mapping[str, Outcome]:
        """Mechanism name -> outcome."""

    @property
    def alignments(self) -> Mapping[str, Alignment]:
        """Mechanism name -> alignment report."""

    @property
    def checks(self) -> Mapping[str, Check]:
        """Mechanism name -> its check against a reference solution."""

    @property
    def rounds(self) -> pd.DataFrame:
        """Prices and excess demand, one row a mechanism, round and good."""

    def table(self) -> pd.DataFrame:
        """One row a mechanism."""


def result(played: Played) -> dict[str, Any]:
    """The result as plain Python objects, ready for strict JSON.

    Raises:
        NumericalError: a number is NaN; says which.
    """
    scenario, outcomes = played.scenario, played.outcomes
    economy = next(iter(outcomes.values())).economy
    mechanisms = [
        {
            **mechanism_of(outcome, played.alignments[name], economy.agents, economy.goods),
            **_check(outcome, played.checks.get(name)),
        }
        for name, outcome in outcomes.items()
    ]
    return whole(scenario, economy.seed, economy.goods, economy.agents, mechanisms)


def whole(
    scenario: Scenario,
    seed: int,
    goods: Sequence[str],
    agents: Sequence[str] | None,
    mechanisms: Sequence[Mapping[str, Any]],
) -> dict[str, Any]:
    """The result from its parts.

    Args:
        scenario: what was played.
        seed: of all draws.
        goods: their names.
        agents: the names of all; None if they are too many to be told.
        mechanisms: what came of each (`mechanism_of`).

    Raises:
        NumericalError: a number is NaN; says which.
    """
    return plain(
        {
            "schema": SCHEMA,
            "scenario": {"title": scenario.title, "file": str(scenario.file), "sha256": scenario.sha256},
            "seed": seed,
            "goods": list(goods),
            "agents": None if agents is None else list(agents),
            "mechanisms": list(mechanisms),
        }
    )


def plain(told: Mapping[str, Any]) -> dict[str, Any]:
    """The result with Python's own numbers, infinities as words.

    Raises:
        NumericalError: a number is NaN; says which.
    """
    result: dict[str, Any] = _plain(dict(told), "result")
    return result


def as_json(told: Mapping[str, Any]) -> str:
    """The text of `result.json`: strict JSON in ASCII, so that no name can send a code to a terminal."""
    return json.dumps(told, allow_nan=False, indent=2) + "\n"


def number(value: float | str) -> float:
    """A number of the result object as a float: "-Infinity" is -inf."""
    return float(value)


def mechanism_of(
    outcome: Outcome | SharedOutcome, report: Alignment, agents: Sequence[str], goods: Sequence[str]
) -> dict[str, Any]:
    """One mechanism's part; arrays and infinities still as they are.

    Args:
        outcome: what came of it.
        report: how aligned that is.
        agents: the names of all.
        goods: their names.
    """
    small = len(agents) <= LARGEST_MAP

    def by_good(amounts: Array | None) -> dict[str, Any] | None:
        return None if amounts is None else dict(zip(goods, amounts, strict=True))

    def by_agent(values: Array | None) -> dict[str, Any] | None:
        return dict(zip(agents, values, strict=True)) if small and values is not None else None

    def by_both(amounts: Array | None) -> dict[str, Any] | None:
        if not small or amounts is None:
            return None
        return {agent: by_good(row) for agent, row in zip(agents, amounts, strict=True)}

    better = report.improvement
    return {
        "name": outcome.name,
        "kind": outcome.kind,
        "status": outcome.status.value,
        "reason": outcome.reason,
        "rounds": outcome.rounds,
        "prices": by_good(outcome.prices),
        "disequilibrium": outcome.disequilibrium,
        "auctioneer_payoff": outcome.auctioneer_payoff,
        "consumption": by_both(outcome.consumption),
        "production": by_both(outcome.production),
        "payments": by_agent(outcome.payments),
        "revenue": outcome.revenue,
        "utilities": by_agent(outcome.utilities),
        "payoffs": by_agent(outcome.payoffs),
        "max_regret": outcome.max_regret,
        "evidence": dict(outcome.evidence),
        "alignment": {
            "efficient": report.efficient,
            "degenerate": report.degenerate,
            "weights": by_agent(report.negishi_weights),
            "supporting_prices": None
            if report.negishi_weights is None
            else by_good(report.supporting_prices),
            "residual": report.residual,
            "resource_utilisation": report.resource_utilisation,
            "efficient_with_transfers": report.efficient_with_transfers,
            "surplus_gap": report.surplus_gap,
            "improvement": by_both(better.consumption if better else None),
            "improvement_production": by_both(better.production if better else None),
            "unknown": list(report.unknown),
        },
    }


def _check(outcome: Outcome, check: Check | None) -> dict[str, Any]:
    """The part that a check adds; nothing without one."""
    if check is None:
        return {}
    goods = outcome.economy.goods
    return {
        "check": {
            "method": check.method,
            "residual": check.residual,
            "agrees": check.agrees,
            "prices": None if check.prices is None else dict(zip(goods, check.prices, strict=True)),
            "price_difference": check.price_difference,
            "consumption_difference": check.consumption_difference,
            "equilibria": check.equilibria,
            "reason": " ".join(check.sentences),
        }
    }


def _plain(value: Any, where: str) -> Any:
    """Numbers as Python numbers, infinities as words; `where` is the path that a refusal names."""
    if isinstance(value, dict):
        return {key: _plain(part, f"{where}.{key}") for key, part in value.items()}
    if isinstance(value, list):
        return [_plain(part, f"{where}[{i}]") for i, part in enumerate(value)]
    if isinstance(value, float):  # numpy's float64 is one
        if math.isnan(value):
            raise NumericalError(f"{where} is not a number")
        return float(value) if math.isfinite(value) else ("Infinity" if value > 0 else "-Infinity")
    return value.item() if isinstance(value, np.generic) else value


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


def rounds_of(
    name: str, goods: Sequence[str], prices: Array, excess: Array, disequilibrium: Array, payoff: Array
) -> pd.DataFrame:
    """The rows of one mechanism in the table of rounds, in the order of rounds and of the names of goods.

    Args:
        name: of the mechanism.
        goods: their names.
        prices: (rounds, goods), announced.
        excess: (rounds, goods), excess demand at them, units.
        disequilibrium: (rounds,), the largest relative excess demand.
        payoff: (rounds,), the auctioneer's, units.
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
        }
    )
    return table.sort_values(["round", "good"], kind="stable", ignore_index=True)


def no_rounds() -> pd.DataFrame:
    """That table of a mechanism without prices."""
    return pd.DataFrame({column: pd.Series(dtype=kind) for column, kind in ROUNDS.items()})


BOUNDS = ("consumption", "production", "price", "kept", "capped")
"""The columns of numbers in the table of bounds."""


def bounds_table(played: Played) -> pd.DataFrame:
    """One row a mechanism, figure, agent and good; the columns are described at the top of this module."""
    economy = next(iter(played.outcomes.values())).economy
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
                "price": np.tile(bound.prices, agents),
                "kept": np.repeat(bound.kept, goods),
                "capped": np.repeat(bound.capped, goods),
            }
        )
        for name, report in played.alignments.items()
        for figure, bound in report.bounds.items()
    ]
    return pd.concat(parts, ignore_index=True) if parts else no_bounds()


def no_bounds() -> pd.DataFrame:
    """That table where no programme was solved."""
    words = {column: pd.Series(dtype=object) for column in ("mechanism", "figure", "agent", "good")}
    return pd.DataFrame({**words, **{column: pd.Series(dtype=float) for column in BOUNDS}})


def agents_table(played: Played) -> pd.DataFrame:
    """One row a mechanism and agent; the columns are described at the top of this module."""
    parts = [agents_of(outcome, played.alignments[name]) for name, outcome in played.outcomes.items()]
    return pd.concat(parts, ignore_index=True)


def agents_of(outcome: Outcome, report: Alignment) -> pd.DataFrame:
    """The rows of one mechanism's agents in that table."""
    economy, better = outcome.economy, report.improvement
    unknown = np.full(len(economy.agents), np.nan)
    unknown_by_good = np.full(economy.shape, np.nan)

    def by_good(name: str, amounts: Array) -> dict[str, Array]:
        return {f"{name}[{good}]": amounts[:, g] for g, good in enumerate(economy.goods)}

    return pd.DataFrame(
        {
            "mechanism": outcome.name,
            "agent": list(economy.agents),
            **by_good("consumption", outcome.consumption),
            **by_good("production", outcome.production),
            **by_good("action", unknown_by_good if outcome.actions is None else outcome.actions),
            "payment": outcome.payments,
            "utility": outcome.utilities,
            "payoff": outcome.payoffs,
            "regret": unknown if outcome.regret is None else outcome.regret,
            "weight": unknown if report.negishi_weights is None else report.negishi_weights,
            **by_good("improvement", better.consumption if better else unknown_by_good),
            **by_good("improvement_production", better.production if better else unknown_by_good),
        }
    )
