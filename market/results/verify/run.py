"""All claims of a run folder, in order."""

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
from market.results.run_folder import RunFolder, read_run
from market.results.verify.accounts import Due, at_prices, check_accounts
from market.results.verify.alignment_claims import check_alignment, violation
from market.results.verify.auction_claims import check_auction
from market.results.verify.bargaining_claims import check_bargaining
from market.results.verify.barter_claims import check_barter, due_of_barter
from market.results.verify.book_claims import check_book, due_of_book
from market.results.verify.claim import Claim, Verification
from market.results.verify.comparison_table import check_table
from market.results.verify.evidence import check_evidence
from market.results.verify.game_claims import check_game, due
from market.results.verify.intervention_claims import due_under, has_interventions
from market.results.verify.pivot_claims import check_pivot, due_of_reports
from market.results.verify.planner_claims import due_of_planner, has_gain, planned_weights
from market.results.verify.public_goods import personalised
from market.results.verify.public_goods_claims import check_public_goods
from market.results.verify.record import Record, check_files, read_outcomes
from market.results.verify.rounds import check_path
from market.results.verify.trade_claims import check_trades
from market.scenario.building import build
from market.scenario.loading import Scenario, load_economy
from market.tolerances import LEAST_POSITIVE, ROUNDING_OF_RESULTS

if TYPE_CHECKING:
    from market.mechanisms.planner import Planner


def verify(folder: Path) -> Verification:
    """Recompute every verdict and figure of a run folder.

    Args:
        folder: as `market run` writes it.

    Raises:
        RunError: it is not a run folder, or it was changed.
        ScenarioError: the scenario in it cannot be read.
    """
    with np.errstate(all="ignore"):  # recorded numbers may be anything, and NaN proves no claim
        return _verified(Path(folder))


def _verified(folder: Path) -> Verification:
    run = read_run(folder)
    scenario = load_economy(run.scenario_file, run.overrides)
    unknown = [name for name in run.manifest["mechanisms"] if name not in scenario.mechanism_names]
    if unknown:
        raise RunError(f"'{folder}': its scenario has no mechanism '{unknown[0]}'")
    economy = build(scenario, run.result["seed"])
    records = read_outcomes(run, economy)
    judged = [personalised(economy, record) if economy.public_goods else record for record in records]
    prices = [p for record in judged for p in _all_prices(record)]
    prices += [p for record in judged for p in _in_money(record)]
    claims: list[Claim] = [_scenario(run, scenario)]
    for record, each in zip(records, judged, strict=True):
        claims += _mechanism(run, scenario, economy, record, each)
        claims += check_alignment(economy.personalised, each, prices, judged)
    claims.append(check_table(run, economy, records))
    return Verification(Path(folder), tuple(claims), tuple(record.name for record in records))


def _all_prices(record: Record) -> list[Array]:
    paid = None if record.intervention is None else record.intervention.buyer_prices
    known = [record.prices, record.supporting_prices, paid]
    if record.supporting_prices is not None and record.weights is not None:
        known.append(record.supporting_prices / max(float(np.nanmax(record.weights)), LEAST_POSITIVE))
    return [p for p in known if p is not None and np.isfinite(p).all()]


def _in_money(record: Record) -> list[Array]:
    """Return supporting prices per unit of the largest weight: in money where weights are equal."""
    p, weights = record.supporting_prices, record.weights
    largest = 0.0 if weights is None else float(np.nanmax(weights, initial=0.0))
    return [p / largest] if p is not None and largest > 0 and np.isfinite(p).all() else []


def _scenario(run: RunFolder, scenario: Scenario) -> Claim:
    """Check that the scenario in the folder is the one that the result names."""
    stated = [run.result["scenario"]["sha256"], run.manifest["scenario"]["sha256"]]
    same = stated == [scenario.sha256] * 2
    return Claim("the scenario is the one that was played", same, f"sha256 {scenario.sha256[:16]}")


def _mechanism(
    run: RunFolder, scenario: Scenario, economy: Economy, record: Record, judged: Record
) -> Iterator[Claim]:
    """Check the outcome of one mechanism, without its alignment report.

    Args:
        run: the folder.
        scenario: that was played.
        economy: rebuilt from it.
        record: of the mechanism.
        judged: the record in the personalised economy; of an economy without public goods the record itself.
    """
    options: Any = scenario.mechanism(record.name)
    yield Claim(f"{record.name}: kind", record.kind == options.name, record.kind)
    if record.kind != options.name:
        return
    kind = KINDS.get(record.kind, UNSTATED)
    yield from check_files(record, run, economy)
    levied = record.kind == "auctioneer" and has_interventions(options)
    if record.stated.get("intervention") is not None and not levied:
        accounts = f"{record.name}: accounts of its interventions"
        yield Claim(accounts, False, "stated, though the mechanism has no tax, cap, floor or quota")
    if economy.public_goods:
        yield from check_public_goods(run, economy, record, judged, options)
        return
    if record.kind == "auctioneer":
        yield from check_path(run, economy, record, options)
    tolerance = options.tolerance if record.kind == "auctioneer" else 0.0
    yield from check_accounts(economy, record, kind.due(economy, record, options), tolerance)
    yield from check_trades(economy, record)
    yield from check_evidence(run, economy, record, options.evidence)
    yield from kind.claims(economy, record, options)


def _planned(economy: Economy, record: Record, options: Planner) -> Iterator[Claim]:
    """Check that the planner's prices and weights prove its allocation to be the optimum."""
    name = f"{record.name}: {record.status.value}, within {options.tolerance:.0e}"
    if record.prices is None:
        yield Claim(name, record.status is Status.FAILED, "no allocation was found")
        return
    weights = planned_weights(economy, record, options)
    found = violation(economy, record, weights, record.prices)
    stated = record.evidence_value("residual")
    same = abs(found - stated) <= ROUNDING_OF_RESULTS + 1e-6 * min(found, stated)
    optimal = found <= options.tolerance and has_gain(economy, record, options)
    detail = f"conditions for an optimum are violated by {shown(found)}, stated: {shown(stated)}"
    yield Claim(name, same and optimal == (record.status is Status.OPTIMAL) and record.rounds == 1, detail)


def _due_of_auction(economy: Economy, record: Record, options: Any) -> Due | None:
    """Return the payments and payoffs of trade at recorded prices, or at those of each side under taxes."""
    return (due_under if has_interventions(options) else at_prices)(economy, record, options)


def _none_due(economy: Economy, record: Record, options: Any) -> None:
    """Return None: payments and payoffs of rules that are not stated here are unknown."""


def _unstated(economy: Economy, record: Record, options: Any) -> Iterator[Claim]:
    """Run the mechanism's own checks, and name the open claims; refuse a Nash equilibrium with regret."""
    for statement, holds in options.checks(record).items():
        detail = f"by the code of the kind {record.kind} itself"
        yield Claim(f"{record.name}: {statement}", bool(holds), detail)
    name = f"{record.name}: {record.status.value}"
    if record.status is Status.NASH:
        size = np.where(np.isfinite(record.utilities), np.abs(record.utilities), 0.0)
        regret = np.inf if record.regret is None else record.regret / np.maximum(size, economy.utility_scale)
        largest = float(np.max(regret, initial=0.0))
        if not largest <= getattr(options, "tolerance", 0.0) + ROUNDING_OF_RESULTS:
            yield Claim(name, False, f"largest gain from deviating {shown(largest)}")
            return
    left_open = f"payoffs, regret and status, since verify does not state the rules of the kind {record.kind}"
    yield Claim(name, None, f"not checked: {left_open}")


@dataclass(frozen=True)
class KindRules:
    """The rules of a kind of mechanism.

    Args:
        due: the payments and payoffs that they imply; None if unknown.
        claims: about an outcome, apart from accounts and evidence.
    """

    due: Callable[[Economy, Record, Any], Due | None]
    claims: Callable[[Economy, Record, Any], Iterator[Claim]]


KINDS = {
    "auctioneer": KindRules(_due_of_auction, check_auction),
    "unmediated": KindRules(due, check_game),
    "planner": KindRules(due_of_planner, _planned),
    "barter": KindRules(due_of_barter, check_barter),
    "double_auction": KindRules(due_of_book, check_book),
    "pivot": KindRules(due_of_reports, check_pivot),
    "bargaining": KindRules(_none_due, check_bargaining),
}
"""The kinds with rules that are stated here, by name."""

UNSTATED = KindRules(_none_due, _unstated)
"""Any other kind."""
