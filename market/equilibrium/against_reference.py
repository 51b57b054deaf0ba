"""Comparison of an auctioneer's outcome with an equilibrium found independently of it.

Prices are compared as they are reported (under `exchange` normalised), each relative to the larger of the
two; goods that are neither demanded nor supplied have no price to compare. Amounts consumed are compared
relative to average consumption of the good per agent.

An economy may have several equilibria, so a difference is not yet a contradiction: a small exchange economy
is searched for all of them, and the nearest counts. If none is near, excess demand is recomputed at the
auctioneer's prices. If markets do not clear there, or if they clear though the equilibrium is known to be
unique, one of the two is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.equilibrium.clearing import evaluate_prices
from market.equilibrium.reference import ACCEPTED_EXCESS, Reference, find_reference
from market.equilibrium.search import Equilibrium, search
from market.outcome import Outcome, Status, shown

AGREEMENT = 1e-6
"""Relative difference of prices or consumption up to which both agree: auctions clear to 1e-9, and prices are
less exact than excess demand where it is flat."""

FLAT_DEMAND_DIFFERENCE = 1e-3
"""Relative difference up to which two prices that both clear may be one equilibrium: where excess demand is
of third order, prices off by this clear up to 1e-9."""

# A quick search for other equilibria is made up to this size, from so many starting points.
SEARCHED_GOODS, SEARCHED_AGENTS, SEARCH_STARTS = 6, 50, 32


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


def check(outcome: Outcome) -> Check:
    """Compare an outcome with prices with the reference equilibrium of its economy.

    Args:
        outcome: of an auctioneer; its prices are not None.
    """
    known = find_reference(outcome.economy)
    others = _search_others(outcome.economy)
    if known.prices is None or known.consumption is None:
        many = None if others is None else len(others)
        return Check(known.method, known.residual, None, None, None, None, many, (known.reason,))
    # Of all equilibria known, the reference included, the nearest is compared.
    candidates = [(known.prices, known.consumption), *((e.prices, e.consumption) for e in others or [])]
    apart = [measure_differences(outcome, *each) for each in candidates]
    k = min(range(len(apart)), key=lambda k: max(apart[k]))
    many = None if others is None else max(len(others), 1)
    agrees, sentence = _judge(outcome, known, apart[k])
    sentences = (sentence, *_describe_others(others, many))
    return Check(known.method, known.residual, candidates[k][0], *apart[k], agrees, many, sentences)


def _search_others(economy: Economy) -> tuple[Equilibrium, ...] | None:
    """Return all equilibria that a quick search finds; None if the economy is too large or has money."""
    agents, goods = economy.shape
    if economy.money is not Money.EXCHANGE:
        return None
    if goods > SEARCHED_GOODS or agents > SEARCHED_AGENTS:
        return None
    return search(economy, SEARCH_STARTS).found


def _describe_others(others: tuple[Equilibrium, ...] | None, many: int | None) -> list[str]:
    """Return sentences on other equilibria, if there are any."""
    sentences = []
    if many is not None and many > 1:
        sentences.append(
            f"The equilibrium shown is one of {many} found; `market equilibria` lists all of them."
        )
    if any(not each.isolated for each in others or ()):
        sentences.append("Equilibrium prices are not unique: there is a continuum of them.")
    return sentences


def measure_differences(outcome: Outcome, prices: Array, consumption: Array) -> tuple[float, float]:
    """Return the largest relative difference of prices, and of consumption, from those of an equilibrium."""
    economy = outcome.economy
    assert outcome.prices is not None
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
