"""Recorded outcomes as arrays, and claims that the files of a folder agree."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import pandas as pd

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.errors import RunError
from market.intervention import Intervention
from market.outcome import Outcome, Status
from market.results.run_folder import RunFolder
from market.results.schema import LARGEST_MAP, number
from market.results.tables import BOUNDS, agent_columns
from market.results.verify.claim import Claim
from market.results.verify.public_goods import prices_of_personalised
from market.results.verify.trade_claims import read_observations, read_trades
from market.scenario.loading import load_economy

COLUMNS = {
    "consumption": "consumption[g]",
    "production": "production[g]",
    "payments": "payment",
    "utilities": "utility",
    "payoffs": "payoff",
    "weights": "weight",
    "improvement": "improvement[g]",
    "improvement_production": "improvement_production[g]",
}
"""Key of result.json -> column of agents.parquet, [g] standing for each good."""

PERSONAL_COLUMNS = {
    "personal_prices": "personal_price[g]",
    "personal_supporting_prices": "personal_support[g]",
}
"""The same of numbers that only economies with public goods have."""


@dataclass(frozen=True)
class Proof:
    """Recorded proof of a figure from both sides (see `figures.py`).

    Args:
        consumption: (agents, goods), of an allocation that reaches the figure.
        production: (agents, goods), of that allocation.
        prices: (goods,), multipliers of the resources.
        kept: (agents,), multipliers of being no worse off.
        capped: (agents,), multipliers of money not going negative.
    """

    consumption: Array
    production: Array
    prices: Array
    kept: Array
    capped: Array


@dataclass(frozen=True)
class Record(Outcome):
    """An outcome as recorded, with its alignment report.

    Args:
        stated: its part of result.json.
        weights: (agents,), welfare weights; None if none support the outcome.
        supporting_prices: (goods,), of these weights.
        personal_supporting: (agents, goods), of these prices the parts of each agent; None without public
            goods. improvement: an allocation (x', y') claimed to be a Pareto improvement; None if there is
            none. proofs: figure -> its recorded proof; only where a program found it. observations: measure
            -> its value in each round, (rounds,), of mechanisms without announced prices.
    """

    stated: Mapping[str, Any] = field(default_factory=dict)
    weights: Array | None = None
    supporting_prices: Array | None = None
    personal_supporting: Array | None = None
    improvement: tuple[Array, Array] | None = None
    proofs: Mapping[str, Proof] = field(default_factory=dict)
    observations: Mapping[str, Array] = field(default_factory=dict)

    @property
    def unknown(self) -> set[str]:
        """Figures of the report that are stated to be unknown: each reason begins with one and a colon."""
        return {sentence.split(":")[0] for sentence in self.alignment["unknown"]}

    @property
    def alignment(self) -> Mapping[str, Any]:
        """Stated alignment report."""
        report: Mapping[str, Any] = self.stated["alignment"]
        return report

    def evidence_value(self, name: str) -> float:
        """Return a number behind the status.

        Raises:
            RunError: there is no such number.
        """
        if name not in self.evidence:
            raise RunError(f"result.json: '{self.name}' lacks the evidence {name}")
        return self.evidence[name]


def read_outcomes(run: RunFolder, economy: Economy) -> list[Record]:
    """Read the recorded outcomes of a folder.

    Raises:
        RunError: the files do not have the shape that a run writes.
    """
    left_out = run.result["agents"] is None and len(economy.agents) > LARGEST_MAP
    same = left_out or run.result["agents"] == list(economy.agents)
    if run.result["goods"] != list(economy.goods) or not same:
        raise RunError(f"'{run.folder}': the goods or agents are not those of its scenario")
    _check_agents(run, economy)
    _check_bounds(run, economy)
    trades, seen = read_trades(run, economy), read_observations(run)
    return [
        replace(_record(run, economy, stated), trades=trades.get(name), observations=seen.get(name, {}))
        for stated in run.result["mechanisms"]
        for name in (stated["name"],)
    ]


def _check_agents(run: RunFolder, economy: Economy) -> None:
    """Check the columns and rows of the table of agents."""
    check_columns(
        "agents.parquet",
        run.agents,
        ("mechanism", "agent"),
        agent_columns(economy.goods, public=bool(economy.public_goods)),
    )
    names = [stated["name"] for stated in run.result["mechanisms"]]
    rows = [(name, agent) for name in names for agent in economy.agents]
    if list(zip(run.agents["mechanism"], run.agents["agent"], strict=True)) != rows:
        raise RunError(
            "agents.parquet: its rows are not the mechanisms and agents of the scenario, in their order"
        )


FIGURES = ("surplus_gap", "resource_utilisation")
"""Figures that `bounds.parquet` may prove."""


def _check_bounds(run: RunFolder, economy: Economy) -> None:
    """Check the columns and rows of the table of bounds, and that its numbers are finite."""
    table = run.bounds
    check_columns("bounds.parquet", table, ("mechanism", "figure", "agent", "good"), BOUNDS)
    names = [stated["name"] for stated in run.result["mechanisms"]]
    figures = dict.fromkeys(zip(table["mechanism"], table["figure"], strict=True))
    pairs = [(agent, good) for agent in economy.agents for good in economy.goods]
    rows = [(name, figure, *pair) for name, figure in figures for pair in pairs]
    there = list(zip(*(table[column] for column in ("mechanism", "figure", "agent", "good")), strict=True))
    if there != rows or not all(name in names and figure in FIGURES for name, figure in figures):
        raise RunError(
            "bounds.parquet: its rows are not figures, agents and goods of the scenario, in their order"
        )
    if not np.isfinite(table[list(BOUNDS)].to_numpy()).all():
        raise RunError("bounds.parquet: a number is missing or infinite")


def _proofs(run: RunFolder, economy: Economy, name: str) -> dict[str, Proof]:
    """Return the recorded proofs of the figures of a mechanism."""
    found = {}
    for figure in FIGURES:
        table = run.bounds[(run.bounds["mechanism"] == name) & (run.bounds["figure"] == figure)]
        if not len(table):
            continue
        x, y, p, kept, capped = (
            table[column].to_numpy(dtype=float).reshape(economy.shape) for column in BOUNDS
        )
        prices = prices_of_personalised(economy, p) if economy.public_goods else p[0]
        found[figure] = Proof(x, y, prices, kept[:, 0], capped[:, 0])
    return found


def check_columns(
    file: str, table: pd.DataFrame, words: Sequence[str], numbers: Sequence[str], counts: Sequence[str] = ()
) -> None:
    """Check that a table has columns of words, of floats and of integers, and no others.

    Raises:
        RunError: a column differs; says which.
    """
    if sorted(table.columns) != sorted([*words, *numbers, *counts]):
        apart = set(table.columns) ^ {*words, *numbers, *counts}
        raise RunError(f"{file}: columns are missing or too many: {', '.join(sorted(apart)[:5])}")
    kinds = (
        (words, lambda column: pd.api.types.infer_dtype(column, skipna=False) in ("string", "empty")),
        (numbers, lambda column: column.dtype == np.float64),
        (counts, lambda column: column.dtype == np.int64),
    )
    for names, fits in kinds:
        for name in names:
            if not fits(table[name]):
                raise RunError(f"{file}: the column {name} has another type than a run writes")


def _record(run: RunFolder, economy: Economy, stated: Mapping[str, Any]) -> Record:
    name, report = stated["name"], stated["alignment"]

    def prices(by_good: Mapping[str, Any] | None) -> Array | None:
        if by_good is None:
            return None
        if set(by_good) != set(economy.goods):
            raise RunError(f"result.json: the prices of '{name}' are not those of the scenario's goods")
        return np.array([number(by_good[good]) for good in economy.goods])

    def or_none(value: float | str | None) -> float | None:
        return None if value is None else number(value)

    better = _unless_missing(run.by_good(name, "improvement"))
    levied = stated.get("intervention")
    personal, parts = (
        _unless_missing(run.by_good(name, column)) if economy.public_goods else None
        for column in ("personal_price", "personal_support")
    )
    return Record(
        economy=economy,
        name=name,
        kind=stated["kind"],
        status=Status(stated["status"]),
        reason=stated["reason"],
        rounds=stated["rounds"],
        consumption=run.by_good(name, "consumption"),
        production=run.by_good(name, "production"),
        payments=run.by_agent(name, "payment"),
        revenue=number(stated["revenue"]),
        utilities=run.by_agent(name, "utility"),
        payoffs=run.by_agent(name, "payoff"),
        prices=prices(stated["prices"]),
        disequilibrium=or_none(stated["disequilibrium"]),
        auctioneer_payoff=or_none(stated["auctioneer_payoff"]),
        regret=_unless_missing(run.by_agent(name, "regret")),
        actions=_unless_missing(run.by_good(name, "action")),
        evidence={key: number(value) for key, value in stated["evidence"].items()},
        intervention=None if levied is None else _intervention(economy, levied, run, name),
        stated=stated,
        weights=_unless_missing(run.by_agent(name, "weight")),
        supporting_prices=prices(report["supporting_prices"]),
        personal_prices=personal,
        personal_supporting=parts,
        improvement=None if better is None else (better, run.by_good(name, "improvement_production")),
        proofs=_proofs(run, economy, name),
    )


def _intervention(economy: Economy, stated: Mapping[str, Any], run: RunFolder, name: str) -> Intervention:
    """Return the recorded accounts of taxes, caps, floors and quotas."""

    def by_good(key: str) -> Array:
        if set(stated[key]) != set(economy.goods):
            raise RunError(f"result.json: {key} of '{name}' is not about the scenario's goods")
        return np.array([number(stated[key][good]) for good in economy.goods])

    options: Any = load_economy(run.scenario_file, run.overrides).mechanism(name)
    taxed = np.zeros(len(economy.agents), dtype=bool)
    for agent in getattr(options, "taxed", ()):
        taxed[economy.rows(agent)] = True
    x, y = run.by_good(name, "consumption"), run.by_good(name, "production")
    sold = np.maximum(economy.endowment + y - x, 0.0)[taxed].sum(axis=0)
    return Intervention(
        buyer_prices=by_good("buyer_prices"),
        taxed_prices=by_good("taxed_prices"),
        rents=by_good("rents"),
        traded=by_good("traded"),
        tax_revenue=number(stated["tax_revenue"]),
        returned=number(stated["returned"]),
        commons_revenue=number(stated["commons_revenue"]),
        binding=tuple(str(stated["binding"].get(good)) for good in economy.goods),
        unserved=by_good("unserved"),
        free_prices=None if stated["free_prices"] is None else by_good("free_prices"),
        taxed_rows=taxed if taxed.any() else None,
        levied=sold if taxed.any() else None,
    )


def _unless_missing(values: Array) -> Array | None:
    return None if np.isnan(values).all() else values


def check_files(record: Record, run: RunFolder, economy: Economy) -> Iterator[Claim]:
    """Check that numbers are finite where required, and that result.json and agents.parquet agree."""
    finite = {"consumption": record.consumption, "production": record.production, "payments": record.payments}
    strange = [name for name, values in finite.items() if not np.isfinite(values).all()]
    ordered = {"utilities": record.utilities, "payoffs": record.payoffs}
    strange += [name for name, values in ordered.items() if np.isnan(values).any()]
    known = {"actions": record.actions, "regret": record.regret, "weights": record.weights}
    strange += [name for name, values in known.items() if values is not None and np.isnan(values).any()]
    if record.prices is not None and not (np.isfinite(record.prices) & (record.prices >= 0)).all():
        strange.append("prices")
    if record.kind in ("auctioneer", "planner") and record.actions is not None:
        strange.append("actions, which only games have")
    detail = f"wrong: {', '.join(strange)}" if strange else "no number is missing"
    yield Claim(f"{record.name}: numbers are finite where required", not strange, detail)
    if len(economy.agents) > LARGEST_MAP:
        return
    stated = {**record.stated, **record.alignment}
    columns = {**COLUMNS, **(PERSONAL_COLUMNS if economy.public_goods else {})}
    apart = [
        key
        for key, column in columns.items()
        if _stated(stated.get(key), economy) != _listed(run, record, column)
    ]
    detail = f"different: {', '.join(apart)}" if apart else "in every number"
    yield Claim(f"{record.name}: result.json and agents.parquet agree", not apart, detail)


def _stated(values: Mapping[str, Any] | None, economy: Economy) -> list[Any] | None:
    """Return a map of result.json as a list in the order of agents (and goods)."""
    if values is None:
        return None
    if set(values) != set(economy.agents):
        raise RunError("result.json: a map has other agents than the scenario")
    rows = [values[agent] for agent in economy.agents]
    if not isinstance(rows[0], dict):
        return [number(value) for value in rows]
    if any(set(row) != set(economy.goods) for row in rows):
        raise RunError("result.json: a map has other goods than the scenario")
    return [[number(row[good]) for good in economy.goods] for row in rows]


def _listed(run: RunFolder, record: Record, column: str) -> list[Any] | None:
    """Return a column of agents.parquet as a list; None if all its values are missing."""
    by_good = column.endswith("[g]")
    values = run.by_good(record.name, column[:-3]) if by_good else run.by_agent(record.name, column)
    known = _unless_missing(values)
    return None if known is None else known.tolist()
