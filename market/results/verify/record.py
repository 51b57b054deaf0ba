"""A run folder's numbers as arrays, and whether its files say the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.errors import RunError
from market.outcome import Outcome, Status, shown
from market.results.run_folder import Run, read_table
from market.results.tables import BOUNDS, LARGEST_MAP, number
from market.results.verify.claim import Claim

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


@dataclass(frozen=True)
class Proof:
    """What is said to prove a figure from both sides (see `figures.py`), as it was recorded.

    Args:
        consumption: (agents, goods), an allocation that reaches the figure.
        production: (agents, goods), of the same.
        prices: (goods,), multipliers of what there is.
        kept: (agents,), multipliers of being no worse off.
        capped: (agents,), multipliers of money not going negative.
    """

    consumption: Array
    production: Array
    prices: Array
    kept: Array
    capped: Array


@dataclass(frozen=True)
class Record:
    """One mechanism as it was recorded. Arrays are (agents, goods), (agents,) or (goods,).

    Args:
        said: its part of result.json.
        consumption: x, units. production: y, units.
        actions: what everyone took, claimed or made in a game; None without one.
        payments: net money paid. utilities: u - C. payoffs: in the game that was played.
        regret: None where nobody chooses.
        prices: None where there are none.
        weights: None if no weights support the outcome. supporting_prices: those that go with them.
        improvement: another allocation (x', y') that is claimed to be better; None if there is none.
        proofs: figure -> what is said to prove it; only where a programme found it.
    """

    said: Mapping[str, Any]
    consumption: Array
    production: Array
    actions: Array | None
    payments: Array
    utilities: Array
    payoffs: Array
    regret: Array | None
    prices: Array | None
    weights: Array | None
    supporting_prices: Array | None
    improvement: tuple[Array, Array] | None
    proofs: Mapping[str, Proof] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """Of the mechanism."""
        return str(self.said["name"])

    @property
    def kind(self) -> str:
        """Of the mechanism."""
        return str(self.said["kind"])

    @property
    def status(self) -> Status:
        """How it is said to have ended."""
        return Status(self.said["status"])

    @property
    def alignment(self) -> Mapping[str, Any]:
        """What is said of its alignment."""
        said: Mapping[str, Any] = self.said["alignment"]
        return said

    def outcome(self, economy: Economy) -> Outcome:
        """Return the record as an outcome.

        Args:
            economy: rebuilt from the scenario.
        """
        said = self.said
        disequilibrium, payoff = said["disequilibrium"], said["auctioneer_payoff"]
        return Outcome(
            economy=economy,
            name=self.name,
            kind=self.kind,
            status=self.status,
            reason=said["reason"],
            rounds=said["rounds"],
            consumption=self.consumption,
            production=self.production,
            payments=self.payments,
            revenue=number(said["revenue"]),
            utilities=self.utilities,
            payoffs=self.payoffs,
            prices=self.prices,
            disequilibrium=None if disequilibrium is None else number(disequilibrium),
            auctioneer_payoff=None if payoff is None else number(payoff),
            regret=self.regret,
            actions=self.actions,
            evidence={name: number(value) for name, value in said["evidence"].items()},
        )

    def evidence(self, name: str) -> float:
        """A number behind the status.

        Raises:
            RunError: there is none of that name.
        """
        if name not in self.said["evidence"]:
            raise RunError(f"result.json: '{self.name}' lacks the evidence {name}")
        return number(self.said["evidence"][name])


def read(run: Run, economy: Economy) -> list[Record]:
    """The mechanisms of a run.

    Raises:
        RunError: the files do not have the shape that a run writes.
    """
    left_out = run.result["agents"] is None and len(economy.agents) > LARGEST_MAP
    same = left_out or run.result["agents"] == list(economy.agents)
    if run.result["goods"] != list(economy.goods) or not same:
        raise RunError(f"'{run.folder}': the goods or agents are not those of its scenario")
    _check_agents(run, economy)
    _check_bounds(run, economy)
    return [_record(run, economy, said) for said in run.result["mechanisms"]]


def _check_agents(run: Run, economy: Economy) -> None:
    """The table of agents has the columns and rows that a run writes."""
    by_good = ("consumption", "production", "action", "improvement", "improvement_production")
    numbers = [f"{name}[{good}]" for name in by_good for good in economy.goods]
    numbers += ["payment", "utility", "payoff", "regret", "weight"]
    check_columns("agents.parquet", run.agents, ("mechanism", "agent"), numbers)
    names = [said["name"] for said in run.result["mechanisms"]]
    rows = [(name, agent) for name in names for agent in economy.agents]
    if list(zip(run.agents["mechanism"], run.agents["agent"], strict=True)) != rows:
        raise RunError(
            "agents.parquet: its rows are not the mechanisms and agents of the scenario, in their order"
        )


FIGURES = ("surplus_gap", "resource_utilisation")
"""What `bounds.parquet` may have something on."""


def _check_bounds(run: Run, economy: Economy) -> None:
    """The table of bounds has the columns and rows that a run writes, and only finite numbers."""
    table = run.bounds
    check_columns("bounds.parquet", table, ("mechanism", "figure", "agent", "good"), BOUNDS)
    names = [said["name"] for said in run.result["mechanisms"]]
    told = dict.fromkeys(zip(table["mechanism"], table["figure"], strict=True))
    pairs = [(agent, good) for agent in economy.agents for good in economy.goods]
    rows = [(name, figure, *pair) for name, figure in told for pair in pairs]
    there = list(zip(*(table[column] for column in ("mechanism", "figure", "agent", "good")), strict=True))
    if there != rows or not all(name in names and figure in FIGURES for name, figure in told):
        raise RunError(
            "bounds.parquet: its rows are not figures, agents and goods of the scenario, in their order"
        )
    if not np.isfinite(table[list(BOUNDS)].to_numpy()).all():
        raise RunError("bounds.parquet: a number is missing or infinite")


def _proofs(run: Run, economy: Economy, name: str) -> dict[str, Proof]:
    """What proves the figures of a mechanism."""
    found = {}
    for figure in FIGURES:
        table = run.bounds[(run.bounds["mechanism"] == name) & (run.bounds["figure"] == figure)]
        if not len(table):
            continue
        x, y, p, kept, capped = (
            table[column].to_numpy(dtype=float).reshape(economy.shape) for column in BOUNDS
        )
        found[figure] = Proof(x, y, p[0], kept[:, 0], capped[:, 0])
    return found


def check_columns(
    file: str, table: pd.DataFrame, words: Sequence[str], numbers: Sequence[str], counts: Sequence[str] = ()
) -> None:
    """See that a table has columns of words, of floats and of integers, and no others.

    Raises:
        RunError: it has not; says which.
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
                raise RunError(f"{file}: the column {name} has not the type that a run writes")


def _record(run: Run, economy: Economy, said: Mapping[str, Any]) -> Record:
    name, report = said["name"], said["alignment"]

    def prices(stated: Mapping[str, Any] | None) -> Array | None:
        if stated is None:
            return None
        if set(stated) != set(economy.goods):
            raise RunError(f"result.json: the prices of '{name}' are not those of the scenario's goods")
        return np.array([number(stated[good]) for good in economy.goods])

    def unless_missing(values: Array) -> Array | None:
        return None if np.isnan(values).all() else values

    better = unless_missing(run.by_good(name, "improvement"))
    return Record(
        said=said,
        consumption=run.by_good(name, "consumption"),
        production=run.by_good(name, "production"),
        actions=unless_missing(run.by_good(name, "action")),
        payments=run.by_agent(name, "payment"),
        utilities=run.by_agent(name, "utility"),
        payoffs=run.by_agent(name, "payoff"),
        regret=unless_missing(run.by_agent(name, "regret")),
        prices=prices(said["prices"]),
        weights=unless_missing(run.by_agent(name, "weight")),
        supporting_prices=prices(report["supporting_prices"]),
        improvement=None if better is None else (better, run.by_good(name, "improvement_production")),
        proofs=_proofs(run, economy, name),
    )


def files_agree(record: Record, run: Run, economy: Economy) -> Iterator[Claim]:
    """Whether result.json and agents.parquet have the same numbers, and all of them are numbers."""
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
    yield Claim(
        f"{record.name}: numbers are numbers",
        not strange,
        f"not so: {', '.join(strange)}" if strange else "none is missing or NaN",
    )
    if len(economy.agents) > LARGEST_MAP:
        return
    stated = {**record.said, **record.alignment}
    apart = [
        key
        for key, column in COLUMNS.items()
        if _stated(stated[key], economy) != _listed(run, record, column)
    ]
    yield Claim(
        f"{record.name}: its files agree",
        not apart,
        f"result.json and agents.parquet differ in {', '.join(apart)}" if apart else "exactly",
    )


def _stated(values: Mapping[str, Any] | None, economy: Economy) -> list[Any] | None:
    """A map of result.json as a list in the order of agents (and goods)."""
    if values is None:
        return None
    if set(values) != set(economy.agents):
        raise RunError("result.json: a map of agents has not the agents of the scenario")
    rows = [values[agent] for agent in economy.agents]
    if not isinstance(rows[0], dict):
        return [number(value) for value in rows]
    if any(set(row) != set(economy.goods) for row in rows):
        raise RunError("result.json: a map of goods has not the goods of the scenario")
    return [[number(row[good]) for good in economy.goods] for row in rows]


def _listed(run: Run, record: Record, column: str) -> list[Any] | None:
    """The same from agents.parquet; None where a column says nothing."""
    by_good = column.endswith("[g]")
    values = run.by_good(record.name, column[:-3]) if by_good else run.by_agent(record.name, column)
    return None if np.isnan(values).all() else values.tolist()


def rounds_agree(record: Record, run: Run, economy: Economy) -> Iterator[Claim]:
    """Whether the prices reported are those of the best recorded round, and the rounds as many as is said."""
    if record.kind != "auctioneer":
        return
    prices, seen = rounds(run, record, economy)
    stated = np.full(len(economy.goods), np.nan) if record.prices is None else record.prices
    here = np.flatnonzero((prices == stated).all(axis=1))
    best = len(here) > 0 and seen[here[-1]] == record.said["disequilibrium"] == seen.min()
    yield Claim(
        f"{record.name}: prices are those of the round nearest to clearing",
        bool(best) and len(prices) == record.said["rounds"],
        f"{len(prices)} rounds recorded, {record.said['rounds']} claimed; least disequilibrium "
        f"{shown(seen.min(initial=np.inf))}",
    )


def rounds(run: Run, record: Record, economy: Economy) -> tuple[Array, Array]:
    """Prices, (rounds, goods), and disequilibrium, (rounds,), of every round of a mechanism.

    Raises:
        RunError: the table of rounds is not what a run writes.
    """
    table = read_table(run.folder / "rounds.parquet")
    numbers = ("price", "excess_demand", "disequilibrium", "auctioneer_payoff")
    check_columns("rounds.parquet", table, ("mechanism", "good"), numbers, ("round",))
    path = table[table["mechanism"] == record.name]
    try:
        prices = path.pivot(index="round", columns="good", values="price")[list(economy.goods)].to_numpy()
    except (KeyError, ValueError) as error:
        raise RunError(f"rounds.parquet: not every round of '{record.name}' has every good once") from error
    return prices, path.groupby("round")["disequilibrium"].first().to_numpy()
