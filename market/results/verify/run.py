"""All claims of a run folder, one after the other."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.errors import RunError
from market.outcome import Status, shown
from market.results.run_folder import Run, read_run
from market.results.verify.accounts import Due, accounts, at_prices, without_money
from market.results.verify.alignment_claims import judging, violation
from market.results.verify.auction_claims import trading
from market.results.verify.claim import ROUNDING, Claim, Verification
from market.results.verify.comparison_table import table
from market.results.verify.evidence import evidence
from market.results.verify.game_claims import due, playing
from market.results.verify.record import Record, files_agree, read, rounds_agree
from market.scenario.building import build
from market.scenario.loading import Scenario, load

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


def _scenario(run: Run, scenario: Scenario) -> Claim:
    """The scenario in the folder is the one that the result names."""
    told = [run.result["scenario"]["sha256"], run.manifest["scenario"]["sha256"]]
    same = told == [scenario.sha256] * 2
    return Claim("the scenario is the one that was played", same, f"sha256 {scenario.sha256[:16]}")


def _mechanism(run: Run, scenario: Scenario, economy: Economy, record: Record) -> Iterator[Claim]:
    """Everything said of one mechanism's outcome, without the judgement of it."""
    options: Any = scenario.mechanism(record.name)
    yield Claim(f"{record.name}: kind", record.kind == options.name, record.kind)
    if record.kind != options.name:
        return
    kind = KINDS.get(record.kind, UNSTATED)
    yield from files_agree(record, run, economy)
    yield from rounds_agree(record, run, economy)
    tolerance = options.tolerance if record.kind == "auctioneer" else 0.0
    yield from accounts(economy, record, kind.due(economy, record, options), tolerance)
    yield from evidence(run, economy, record, options.evidence)
    yield from kind.claims(economy, record, options)


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


def _unknown(economy: Economy, record: Record, options: Any) -> None:
    """No payments and payoffs are implied by rules that are not stated here."""


def _unstated(economy: Economy, record: Record, options: Any) -> Iterator[Claim]:
    """The mechanism's own checks, and what is left open by them; a Nash equilibrium with regret is none."""
    outcome = record.outcome(economy)
    for said, holds in options.checks(outcome).items():
        detail = f"by the own code of the kind {record.kind}"
        yield Claim(f"{record.name}: {said}", bool(holds), detail)
    name = f"{record.name}: {record.status.value}"
    if record.status is Status.NASH:
        size = np.where(np.isfinite(record.utilities), np.abs(record.utilities), 0.0)
        regret = np.inf if record.regret is None else record.regret / np.maximum(size, economy.utility_scale)
        largest = float(np.max(regret, initial=0.0))
        if not largest <= getattr(options, "tolerance", 0.0) + ROUNDING:
            yield Claim(name, False, f"largest gain from deviating {shown(largest)}")
            return
    left_open = f"payoffs, regret and status, since verify does not state the rules of the kind {record.kind}"
    yield Claim(name, None, f"not checked: {left_open}")


@dataclass(frozen=True)
class Kind:
    """The rules of a kind of mechanism.

    Args:
        due: the payments and payoffs that they imply; None if that is not known.
        claims: everything that is said of an outcome, apart from accounts and evidence.
    """

    due: Callable[[Economy, Record, Any], Due | None]
    claims: Callable[[Economy, Record, Any], Iterator[Claim]]


KINDS = {
    "auctioneer": Kind(at_prices, trading),
    "unmediated": Kind(due, playing),
    "planner": Kind(without_money, _planned),
}
"""The kinds with rules that are stated here, by name."""

UNSTATED = Kind(_unknown, _unstated)
"""Any other kind."""
