"""Comparison of an auctioneer's outcome with an equilibrium found independently of it.

Prices are compared as they are reported (under `exchange` normalised), each relative to the larger of the
two; goods that are neither demanded nor supplied have no price to compare. Amounts consumed are compared
relative to average consumption of the good per agent.

An economy may have several equilibria, so a difference is not yet a contradiction: a small exchange economy
is searched for all of them, and the nearest counts. If none is near, or none is known, excess demand is
recomputed at the auctioneer's prices. If markets do not clear there, or if they clear though the equilibrium
is known to be unique, or known not to exist, one of the two is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.equilibrium.budget import Budget
from market.equilibrium.clearing import evaluate_prices
from market.equilibrium.reference import (
    ACCEPTED_EXCESS,
    PROOF,
    Reference,
    budget_for_check,
    find_reference,
)
from market.equilibrium.search import Equilibria, Equilibrium, search
from market.equilibrium.starts import Progress
from market.errors import InputError
from market.outcome import Outcome, Status, shown

AGREEMENT = 1e-6
"""Relative difference of prices or consumption up to which both agree: auctions clear to 1e-9, and prices are
less exact than excess demand where it is flat."""

FLAT_DEMAND_DIFFERENCE = 1e-3
"""Relative difference up to which two prices that both clear may be one equilibrium: where excess demand is
of third order, prices off by this clear up to 1e-9."""

# A quick search for other equilibria is made up to this size, from so many starting points.
NO_REFERENCE = "no reference solution is known for economies with public goods; leave out --check"

SEARCHED_GOODS, SEARCHED_AGENTS, SEARCH_STARTS = 6, 50, 32

SEARCH = "search for all equilibria"


@dataclass(frozen=True)
class Check:
    """Result of comparing an outcome with the reference equilibrium.

    Args:
        method: by which the reference equilibrium was computed, or tried.
        residual: its largest relative excess demand, recomputed; inf if it could not be evaluated.
        prices: (goods,), of the equilibrium that the outcome is compared with; None if none was found.
        price_difference: the largest relative difference; None likewise.
        consumption_difference: the largest, relative to average consumption per agent; None likewise.
        agrees: False if one of the two must be wrong; None if undecided.
        equilibria: number of distinct ones that a quick search found; None without a search.
        sentences: the result in words.
    """

    method: str
    residual: float
    prices: Array | None
    price_difference: float | None
    consumption_difference: float | None
    agrees: bool | None
    equilibria: int | None
    sentences: tuple[str, ...]


def check(outcome: Outcome, progress: Progress | None = None) -> Check:
    """Compare an outcome with prices with the reference equilibrium of its economy.

    Args:
        outcome: of an auctioneer; its prices are not None.
        progress: called with the number of starting points done, and of all.
    """
    if outcome.economy.public_goods:
        raise InputError(NO_REFERENCE)
    limit = budget_for_check(outcome.economy)
    known = find_reference(outcome.economy, limit, progress)
    searched = None if known.method == PROOF else _search_others(outcome.economy, limit, progress)
    others = () if searched is None else searched.found
    many = len(others) if searched is not None and searched.stopped is None else None
    if known.prices is None and not others:
        agrees, sentences = _judge_alone(outcome, known)
        many = 0 if known.method == PROOF else many
        return Check(known.method, known.residual, None, None, None, agrees, many, sentences)
    # Of all equilibria known, the reference included, the nearest is compared.
    candidates = [known] if known.prices is not None else []
    candidates += [_as_reference(each) for each in others]
    apart = [measure_differences(outcome, each) for each in candidates]
    k = min(range(len(apart)), key=lambda k: max(apart[k]))
    of = known if known.prices is not None else candidates[k]
    agrees, sentence = _judge(outcome, of, apart[k])
    many = many if many is None else max(many, 1)
    sentences = (sentence, *_describe_others(known, searched))
    return Check(of.method, of.residual, candidates[k].prices, *apart[k], agrees, many, sentences)


def _as_reference(each: Equilibrium) -> Reference:
    return Reference(each.prices, each.consumption, each.production, each.residual, SEARCH, "", None)


def _judge_alone(outcome: Outcome, known: Reference) -> tuple[bool | None, tuple[str, ...]]:
    """Judge an outcome where no equilibrium is known to compare it with; return `agrees` and sentences."""
    if outcome.status is not Status.CLEARED:
        return None, (known.reason,)
    excess = f"Excess demand recomputed at the outcome's prices is {shown(_recompute_excess(outcome))}"
    if known.method == PROOF:
        return False, (f"CONTRADICTED by a proof. {known.reason} {excess} of what is traded.",)
    return None, (known.reason, f"{excess} of what is traded.")


def _search_others(economy: Economy, limit: Budget, progress: Progress | None) -> Equilibria | None:
    """Search quickly for all equilibria; return None if the economy is too large or has money."""
    agents, goods = economy.shape
    if economy.money is not Money.EXCHANGE:
        return None
    if goods > SEARCHED_GOODS or agents > SEARCHED_AGENTS:
        return None
    return search(economy, SEARCH_STARTS, limit, progress)


def _describe_others(known: Reference, searched: Equilibria | None) -> list[str]:
    """Return sentences on other equilibria, if there are any, and on a search that ended early."""
    others = () if searched is None else searched.found
    sentences = []
    if len(others) > 1:
        sentences.append(
            f"The equilibrium shown is one of {len(others)} found; `market equilibria` lists all of them."
        )
    if known.unique is False or any(not each.isolated for each in others):
        sentences.append("Equilibrium prices are not unique: there is a continuum of them.")
    if searched is not None and searched.stopped is not None:
        sentences.append(
            f"Other equilibria were searched for from {searched.searched} of {searched.starts} starting "
            f"points only: {searched.stopped}."
        )
    return sentences


def measure_differences(outcome: Outcome, known: Reference) -> tuple[float, float]:
    """Return the largest relative difference of prices, and of consumption, from those of an equilibrium."""
    economy = outcome.economy
    prices, consumption = known.prices, known.consumption
    assert outcome.prices is not None
    assert prices is not None
    assert consumption is not None
    traded = (economy.resources > 0) | (consumption > 0).any(axis=0) | (outcome.production > 0).any(axis=0)
    p, q = economy.normalise(outcome.prices), economy.normalise(prices)
    size = np.maximum(p, q)
    off = np.divide(np.abs(p - q), size, out=np.zeros_like(p), where=(size > 0) & traded)
    each = np.maximum(outcome.consumption.sum(axis=0), consumption.sum(axis=0)) / len(economy.agents)
    amounts = np.abs(outcome.consumption - consumption)
    shares = np.divide(amounts, each, out=np.zeros_like(amounts), where=each > 0)
    return float(off.max(initial=0.0)), float(shares.max(initial=0.0))


def _judge(outcome: Outcome, known: Reference, apart: tuple[float, float]) -> tuple[bool | None, str]:
    """Return True if both agree, False if one must be wrong, None if undecided; and a sentence."""
    prices, consumption = apart
    by = f"the {known.method} (residual {shown(known.residual)})"
    far = f"relative difference: prices {shown(prices)}, consumption {shown(consumption)}"
    if max(apart) <= AGREEMENT:
        return True, f"Agrees with {by}; {far}."
    if outcome.status is not Status.CLEARED:
        return None, f"The market did not clear, so there is no equilibrium to compare with {by}; {far}."
    if prices <= AGREEMENT and _has_indifferent_consumers(outcome):
        return True, (
            f"Agrees with {by}; relative difference: prices {shown(prices)}. Some agent is "
            f"indifferent between bundles at these prices, so consumption may differ."
        )
    excess = _recompute_excess(outcome)
    anew = f"excess demand recomputed at the outcome's prices is {shown(excess)} of what is traded"
    allowed = 10.0 * (outcome.disequilibrium or 0.0)
    if excess > max(ACCEPTED_EXCESS, allowed):
        return False, f"CONTRADICTED by {by}; {far}; {anew}."
    if known.unique and max(apart) > max(FLAT_DEMAND_DIFFERENCE, 10.0 * allowed):
        return False, f"CONTRADICTED by {by}, the only equilibrium; {far}; yet {anew}."
    if known.unique:
        return None, (
            f"Close to {by}, the only equilibrium; {far}. Both clear within their tolerance: excess "
            f"demand is too flat to determine prices more precisely."
        )
    if consumption <= AGREEMENT:
        return None, f"Quantities agree with {by}; equilibrium prices are not unique; {far}; {anew}."
    return None, f"Differs from {by}, but clears: equilibria are not unique; {far}; {anew}."


def _has_indifferent_consumers(outcome: Outcome) -> bool:
    assert outcome.prices is not None
    return not outcome.economy.answers(outcome.prices).demand.single_valued


def _recompute_excess(outcome: Outcome) -> float:
    assert outcome.prices is not None
    at = evaluate_prices(outcome.economy, outcome.prices, (outcome.consumption, outcome.production))
    return np.inf if at is None else at.residual
