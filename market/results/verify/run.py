"""All claims of a run folder, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.errors import RunError
from market.outcome import Status, shown
from market.results.run_folder import RunFolder, read_run
from market.results.verify.accounts import accounts
from market.results.verify.alignment_claims import judging, violation
from market.results.verify.auction_claims import trading
from market.results.verify.claim import Claim, Verification
from market.results.verify.comparison_table import table
from market.results.verify.evidence import evidence
from market.results.verify.game_claims import playing, war
from market.results.verify.record import Record, files_agree, read, rounds_agree
from market.scenario.loading import Scenario, build, load

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
    unheard = [name for name in run.manifest["mechanisms"] if name not in scenario.mechanism_names]
    if unheard:
        raise RunError(f"'{folder}': its scenario has no mechanism '{unheard[0]}'")
    economy = build(scenario, run.result["seed"])
    records = read(run, economy)
    prices = [p for record in records for p in _all_prices(record)]
    claims: list[Claim] = [_scenario(run, scenario)]
    for record in records:
        claims += _mechanism(run, scenario, economy, record)
        claims += judging(economy, record, prices, records)
    claims.append(table(run, economy, records))
    return Verification(Path(folder), tuple(claims))


def _all_prices(record: Record) -> list[Array]:
    return [p for p in (record.prices, record.supporting_prices) if p is not None and np.isfinite(p).all()]


def _scenario(run: RunFolder, scenario: Scenario) -> Claim:
    """The scenario in the folder is the one that the result names."""
    told = [run.result["scenario"]["sha256"], run.manifest["scenario"]["sha256"]]
    same = told == [scenario.sha256] * 2
    return Claim("the scenario is the one that was played", same, f"sha256 {scenario.sha256[:16]}")


def _mechanism(run: RunFolder, scenario: Scenario, economy: Economy, record: Record) -> Iterator[Claim]:
    """Everything said of one mechanism's outcome, without the judgement of it."""
    options: Any = scenario.mechanism(record.name)  # of the kind that is recorded, which is checked first
    yield Claim(f"{record.name}: kind", record.kind == options.name, record.kind)
    yield from files_agree(record, run, economy)
    yield from rounds_agree(record, run, economy)
    fought = war(economy, record, options) if record.kind == "unmediated" else None
    yield from accounts(economy, record, fought, options.tolerance if record.kind == "auctioneer" else 0.0)
    yield from evidence(run, economy, record)
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
        same and optimal == (record.status is Status.OPTIMAL) and record.said["rounds"] == 1,
        f"conditions for an optimum violated by {shown(found)}, {shown(stated)} stated",
    )


KINDS: dict[str, Callable[[Economy, Record, Any], Iterator[Claim]]] = {
    "auctioneer": trading,
    "unmediated": playing,
    "planner": _planned,
}
