"""All claims of a run folder, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from market.economy import Economy
from market.errors import RunError
from market.interval import Array
from market.outcome import Status, shown
from market.record import number
from market.results import Run, read_run
from market.scenario import Scenario, build, load
from market.verify.accounts import accounts
from market.verify.claims import Claim, Verification, difference
from market.verify.judging import judging, violation
from market.verify.playing import playing, war
from market.verify.recorded import Record, files_agree, read, rounds_agree
from market.verify.trading import trading

if TYPE_CHECKING:
    from market.mechanisms.planner import Planner


def verify(folder: Path) -> Verification:
    """Recompute every verdict and figure of a run folder.

    Args:
        folder: as `market run` writes it.

    Raises:
        RunError: it is no run folder, or not the one that a run wrote.
        ScenarioError: the scenario in it cannot be read.
    """
    run = read_run(Path(folder))
    scenario = load(run.scenario_file, run.overrides)
    seed = run.result.get("seed")
    if not isinstance(seed, int):
        raise RunError(f"'{folder}': result.json has no seed")
    economy = build(scenario, seed)
    records = read(run, economy)
    prices = [p for record in records for p in _all_prices(record)]
    claims: list[Claim] = [_scenario(run, scenario)]
    for record in records:
        claims += _mechanism(run, scenario, economy, record)
        claims += judging(economy, record, prices, records)
    claims += _table(run, economy, records)
    return Verification(Path(folder), tuple(claims))


def _all_prices(record: Record) -> list[Array]:
    return [p for p in (record.prices, record.supporting_prices) if p is not None and np.isfinite(p).all()]


def _scenario(run: Run, scenario: Scenario) -> Claim:
    """The scenario in the folder is the one that the result names."""
    told = [run.result["scenario"].get("sha256"), run.manifest["scenario"].get("sha256")]
    same = told == [scenario.sha256] * 2
    return Claim("the scenario is the one that was played", same, f"sha256 {scenario.sha256[:16]}")


def _mechanism(run: Run, scenario: Scenario, economy: Economy, record: Record) -> Iterator[Claim]:
    """Everything said of one mechanism's outcome, without the judgement of it."""
    options = scenario.mechanism(record.name)
    yield Claim(f"{record.name}: kind", record.kind == options.name, record.kind)
    yield from files_agree(record, run, economy)
    yield from rounds_agree(record, run, economy)
    fought = war(economy, record, options) if record.kind == "unmediated" else None  # type: ignore[arg-type]
    yield from accounts(economy, record, fought)
    yield from KINDS[record.kind](economy, record, options)


def _planned(economy: Economy, record: Record, options: Planner) -> Iterator[Claim]:
    """Whether the planner's prices and weights make its allocation the optimum."""
    name = f"{record.name}: {record.status.value}, within {options.tolerance:.0e}"
    if record.prices is None:
        yield Claim(name, record.status is Status.FAILED, "nothing was found")
        return
    weights = np.ones(len(economy.agents))
    for who, weight in options.welfare_weights.items():
        weights[economy.rows(who)] = weight
    found = violation(economy, record, weights, record.prices)
    stated = record.evidence("residual")
    same = abs(found - stated) <= 1e-9 + 1e-6 * min(found, stated)
    optimal = found <= options.tolerance
    yield Claim(
        name,
        same and optimal == (record.status is Status.OPTIMAL),
        f"conditions for an optimum violated by {shown(found)}, {shown(stated)} stated",
    )


KINDS: dict[str, Callable[[Economy, Record, Any], Iterator[Claim]]] = {
    "auctioneer": trading,
    "unmediated": playing,
    "planner": _planned,
}


# --- comparison.csv --------------------------------------------------------------------------------


def _table(run: Run, economy: Economy, records: Sequence[Record]) -> Iterator[Claim]:
    """Whether the table says what the result says."""
    try:
        table = pd.read_csv(run.folder / "comparison.csv", keep_default_na=False, na_values=[""])
    except (OSError, ValueError) as error:
        raise RunError(f"'{run.folder / 'comparison.csv'}' cannot be read: {error}") from error
    if [str(name) for name in table.get("mechanism", ())] != [record.name for record in records]:
        yield Claim("the table has the mechanisms of the result", False, "comparison.csv")
        return
    wrong = []
    for record, (_, row) in zip(records, table.iterrows(), strict=True):
        for column, value in _expected(economy, record).items():
            if column in row and not _same(row[column], value):
                wrong.append(f"{column} of '{record.name}'")
    yield Claim(
        "the table says what the result says",
        not wrong,
        f"not so: {', '.join(wrong[:5])}" if wrong else "exactly",
    )


def _expected(economy: Economy, record: Record) -> Mapping[str, object]:
    """What the table's row should have, by column."""
    said, report = record.said, record.alignment
    values = {
        "kind": record.kind,
        "status": record.status.value,
        "rounds": said["rounds"],
        "disequilibrium": said["disequilibrium"],
        "revenue": said["revenue"],
        "efficient": report["efficient"],
        "efficient with transfers": report["efficient_with_transfers"],
        "left on the table": report["surplus_gap"],
        "resource utilisation": report["resource_utilisation"],
        "degenerate": report["degenerate"],
        "largest regret": said["max_regret"],
    }
    for g, good in enumerate(economy.goods):
        values[f"price of {good}"] = None if record.prices is None else float(record.prices[g])
    for i, agent in enumerate(economy.agents):
        values[f"utility of {agent}"] = float(record.utilities[i])
        values[f"payoff of {agent}"] = float(record.payoffs[i])
        values[f"weight of {agent}"] = None if record.weights is None else float(record.weights[i])
    values["lowest utility"] = float(record.utilities.min())
    values["agents with utility -inf"] = int(np.isneginf(record.utilities).sum())
    return values


def _same(read: object, value: object) -> bool:
    """Whether a cell is what it should be; a missing one is None."""
    if value is None or pd.isna(read):  # type: ignore[call-overload]
        return value is None and bool(pd.isna(read))  # type: ignore[call-overload]
    if isinstance(value, bool):
        return str(read) == str(value)
    if isinstance(value, int | float) or value in ("Infinity", "-Infinity"):
        return difference(number(read), number(value)) <= 1e-12  # type: ignore[arg-type]
    return str(read) == str(value)
