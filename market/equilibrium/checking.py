"""What the auctioneer found, held against a reference solution that knows no auctioneer.

Prices are compared as they are reported (under `exchange` normalised), each relative to the larger of the
two; goods that are neither demanded nor supplied have no price to compare. Amounts consumed are compared
relative to what an agent has of the good on average.

An economy may have several equilibria, so a difference is not yet a contradiction: a small economy of
exchange is searched for all of them, and the nearest counts. If none is near, everyone is asked anew at the
auctioneer's prices. If that does not clear, or if it clears though the equilibrium is known to be unique,
one of the two is wrong.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.equilibrium.clearing import clearing
from market.equilibrium.reference import ACCEPTED, Reference, reference
from market.equilibrium.search import Found, search
from market.outcome import Outcome, Status, shown

AGREES = 1e-6  # relative differences up to that are none
HARDLY = 1e-3  # relative differences up to that can come of flat excess demand
SEARCHED_GOODS, SEARCHED_AGENTS, SEARCH_STARTS = (
    6,
    50,
    32,
)  # up to that size a quick search for others is made


@dataclass(frozen=True)
class Check:
    """An outcome with prices against the reference solution.

    Args:
        method: by which the reference solution was found, or looked for.
        residual: its largest relative excess demand, recomputed; inf if there is none at all.
        prices: (goods,), of the equilibrium that the outcome is compared with; None if none was found.
        price_difference: the largest relative difference; None likewise.
        consumption_difference: the largest, relative to what an agent has on average; None likewise.
        agrees: False if one of the two must be wrong; None if that cannot be told.
        equilibria: how many distinct ones a quick search found; None if none was made.
        sentences: all that in words.
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
    """Hold an outcome with prices against the reference solution of its economy.

    Args:
        outcome: of an auctioneer; its prices are not None.
    """
    known = reference(outcome.economy)
    others = _others(outcome.economy)
    if known.prices is None or known.consumption is None:
        many = None if others is None else len(others)
        return Check(known.method, known.residual, None, None, None, None, many, (known.reason,))
    # The nearest of all that are known is the one to compare with; the reference is one of them.
    candidates = [(known.prices, known.consumption), *((e.prices, e.consumption) for e in others or [])]
    apart = [differences(outcome, *each) for each in candidates]
    k = min(range(len(apart)), key=lambda k: max(apart[k]))
    many = None if others is None else max(len(others), 1)
    agrees, sentence = _verdict(outcome, known, apart[k])
    sentences = (sentence, *_of_others(others, many))
    return Check(known.method, known.residual, candidates[k][0], *apart[k], agrees, many, sentences)


def _others(economy: Economy) -> tuple[Found, ...] | None:
    """All equilibria that a quick search finds; None if none is made."""
    agents, goods = economy.shape
    if economy.money is not Money.EXCHANGE:
        return None
    if goods > SEARCHED_GOODS or agents > SEARCHED_AGENTS:
        return None
    return search(economy, SEARCH_STARTS).found


def _of_others(others: tuple[Found, ...] | None, many: int | None) -> list[str]:
    """Sentences on the other equilibria, if there are any."""
    said = []
    if many is not None and many > 1:
        said.append(f"The equilibrium shown is one of {many} found; `market equilibria` tells them all.")
    if any(not each.isolated for each in others or ()):
        said.append("Equilibrium prices are not unique: there is a continuum of them.")
    return said


def differences(outcome: Outcome, prices: Array, consumption: Array) -> tuple[float, float]:
    """The largest relative difference of prices, and of amounts consumed, from those of an equilibrium."""
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


def _verdict(outcome: Outcome, known: Reference, apart: tuple[float, float]) -> tuple[bool | None, str]:
    """Whether the two agree, and the sentence that says so."""
    prices, consumption = apart
    by = f"the {known.method} (residual {shown(known.residual)})"
    far = f"prices differ by {shown(prices)}, consumption by {shown(consumption)}"
    if max(apart) <= AGREES:
        return True, f"Agrees with {by}: {far}, relatively."
    if outcome.status is not Status.CLEARED:
        return None, f"Not cleared, so no equilibrium to compare: from {by} {far}, relatively."
    if prices <= AGREES and _somebody_is_indifferent(outcome):
        return True, (
            f"Agrees with {by}: prices differ by {shown(prices)}, relatively. Somebody is "
            f"indifferent between bundles at these prices, so consumption need not be the same."
        )
    excess = _excess_when_asked_anew(outcome)
    anew = f"asked anew, everyone's answers to its prices leave a relative excess demand of {shown(excess)}"
    allowed = 10.0 * (outcome.disequilibrium or 0.0)
    if excess > max(ACCEPTED, allowed):
        return False, f"CONTRADICTED by {by}: {far}, relatively; {anew}."
    if known.unique and max(apart) > max(HARDLY, 10.0 * allowed):
        return False, f"CONTRADICTED by {by}, which is the only equilibrium: {far}, relatively; yet {anew}."
    if known.unique:
        return None, (
            f"Near {by}, which is the only equilibrium: {far}, relatively. Both clear within "
            f"their tolerance; excess demand is so flat that it does not tell prices apart any better."
        )
    if consumption <= AGREES:
        return (
            None,
            f"Quantities agree with {by}; equilibrium prices are not unique: {far}, relatively; {anew}.",
        )
    return None, f"Another equilibrium than that of {by}, or one of many nearby: {far}, relatively; {anew}."


def _somebody_is_indifferent(outcome: Outcome) -> bool:
    assert outcome.prices is not None
    return not outcome.economy.answers(outcome.prices).demand.single_valued


def _excess_when_asked_anew(outcome: Outcome) -> float:
    assert outcome.prices is not None
    at = clearing(outcome.economy, outcome.prices, (outcome.consumption, outcome.production))
    return np.inf if at is None else at.residual
