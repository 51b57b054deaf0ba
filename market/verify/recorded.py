"""A run folder's numbers as arrays, and whether its files say the same."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from market.economy import Economy
from market.errors import RunError
from market.interval import Array
from market.outcome import Status, shown
from market.record import LARGEST_MAP, number
from market.results import Run
from market.verify.claims import Claim

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
    try:
        if run.result["goods"] != list(economy.goods) or run.result["agents"] != list(economy.agents):
            raise RunError(f"'{run.folder}': the goods or agents are not those of its scenario")
        return [_record(run, economy, said) for said in run.result["mechanisms"]]
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RunError(f"'{run.folder}' is not what a run writes: {type(error).__name__}: {error}") from error


def _record(run: Run, economy: Economy, said: Mapping[str, Any]) -> Record:
    name, report = said["name"], said["alignment"]
    names = run.agents.loc[run.agents["mechanism"] == name, "agent"]
    if list(names) != list(economy.agents):
        raise RunError(f"agents.parquet: the agents of '{name}' are not those of the scenario, in its order")
    _refuse_unknown(said)

    def prices(stated: Mapping[str, Any] | None) -> Array | None:
        return None if stated is None else np.array([number(stated[good]) for good in economy.goods])

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
    )


def _refuse_unknown(said: Mapping[str, Any]) -> None:
    """Raise where a key that is looked at later is missing or has a word that does not exist."""
    Status(said["status"])
    for key in (
        "rounds",
        "revenue",
        "disequilibrium",
        "auctioneer_payoff",
        "max_regret",
        "evidence",
        "reason",
    ):
        said[key]
    for key in ("efficient", "degenerate", "residual", "resource_utilisation", "efficient_with_transfers"):
        said["alignment"][key]
    for key in ("surplus_gap", "improvement", "improvement_production", "weights", "unknown"):
        said["alignment"][key]


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
    try:
        rows = [values[agent] for agent in economy.agents]
        if isinstance(rows[0], dict):
            return [[number(row[good]) for good in economy.goods] for row in rows]
        return [number(value) for value in rows]
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(f"result.json: a map of agents is not what a run writes: {error}") from error


def _listed(run: Run, record: Record, column: str) -> list[Any] | None:
    """The same from agents.parquet; None where a column says nothing."""
    by_good = column.endswith("[g]")
    values = run.by_good(record.name, column[:-3]) if by_good else run.by_agent(record.name, column)
    return None if np.isnan(values).all() else values.tolist()


def rounds_agree(record: Record, run: Run, economy: Economy) -> Iterator[Claim]:
    """Whether the prices reported are those of the best recorded round, and the rounds as many as is said."""
    if record.kind != "auctioneer":
        return
    try:
        path = pd.read_parquet(run.folder / "rounds.parquet")
        path = path[path["mechanism"] == record.name]
        prices = path.pivot(index="round", columns="good", values="price")[list(economy.goods)].to_numpy()
        seen = path.groupby("round")["disequilibrium"].first().to_numpy()
    except (KeyError, ValueError, OSError) as error:
        raise RunError(f"'{run.folder / 'rounds.parquet'}' is not what a run writes: {error}") from error
    stated = np.full(len(economy.goods), np.nan) if record.prices is None else record.prices
    here = np.flatnonzero((prices == stated).all(axis=1))
    best = len(here) > 0 and seen[here[-1]] == record.said["disequilibrium"] == seen.min()
    yield Claim(
        f"{record.name}: prices are those of the round nearest to clearing",
        bool(best) and len(prices) == record.said["rounds"],
        f"{len(prices)} rounds recorded, {record.said['rounds']} claimed; least disequilibrium "
        f"{shown(seen.min(initial=np.inf))}",
    )
