"""Status of a barter and the sentences behind it, from the holdings at the end."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.mechanisms.trading.barter.exchanges import Exchange, find_exchange
from market.mechanisms.trading.barter.gains import Gains, Margins
from market.mechanisms.trading.barter.tastes import Tastes
from market.outcome import Status, shown
from market.tolerances import ROUNDING_OF_RESULTS


def unfit(economy: Economy, rule: str) -> Iterator[tuple[str, str]]:
    """Yield the key at fault, and why an economy cannot be bartered."""
    if economy.money is Money.FISHER:
        yield (
            "kind",
            'under economy = "fisher" money is only for buying from a stock; barter needs owned goods',
        )
    if economy.commons.any():
        yield (
            "kind",
            "the commons belong to no agent that could trade them; give them to agents as endowments",
        )
    if economy.has_producers:
        yield "kind", "agents barter what they own, and what producers would make needs prices to decide"
    leontief = any(block.family.name == "leontief" for block in economy.utilities)
    if rule == "nash" and leontief:
        yield "rule", "with leontief utilities a Nash bargain is not unique in goods; choose walras or mrs"


def worse_off(before: Array, after: Array, worth: Array) -> list[int]:
    """Return the rows of agents whose payoff fell by more than rounding.

    Args:
        before: (agents,), payoffs at the endowments.
        after: (agents,), payoffs now.
        worth: (agents,), the scale of each payoff's rounding.
    """
    with np.errstate(invalid="ignore"):
        size = np.where(np.isfinite(before), np.abs(before), 0.0) + worth
        falls = after < before - ROUNDING_OF_RESULTS * size
    return np.flatnonzero(falls).tolist()


def verdict(
    economy: Economy, left: Gains, hurt: Sequence[int], tolerance: float, rounds: int, trades: int
) -> tuple[Status, str]:
    """Return the status that the evidence supports, and a sentence with its numbers."""
    made = f"{trades:,} trade{'' if trades == 1 else 's'} in {rounds:,} round{'' if rounds == 1 else 's'}"
    gain = shown(left.pair_gain) if np.isfinite(left.pair_gain) else "unbounded"
    if hurt:
        return Status.FAILED, f"{economy.agents[hurt[0]]} is worse off than at the start after {made}."
    if left.pair_gain <= tolerance:
        return (
            Status.SETTLED,
            f"No two agents that may meet can both gain (largest joint gain {gain} of what they would "
            f"exchange); {made}.",
        )
    return (
        Status.MAX_ROUNDS,
        f"Two agents that may meet can still gain (largest joint gain {gain} of what they would exchange) "
        f"after {made}.",
    )


def stuck(
    economy: Economy,
    tastes: Tastes,
    x: Array,
    floor: Array,
    margin: Margins,
    traded: NDArray[np.intp],
    least: float,
) -> Iterator[str]:
    """Yield sentences on what a settled barter leaves undone.

    Args:
        economy: the primitives.
        tastes: of all agents.
        x: (agents, goods), holdings, money included.
        floor: (agents, goods), least holdings.
        margin: of all agents there.
        traded: the goods that are traded; an exchange of these is looked for first.
        least: joint gain that counts as none.
    """
    ruined = int((tastes.value(x) == -np.inf).sum())
    if ruined:
        agents = f"{ruined} agent{'' if ruined == 1 else 's'}"
        yield f"{agents} at a utility of -inf lack more than any single trade could bring."
    among = np.isin(np.arange(x.shape[1]), traded)
    of_these = replace(margin, gives=margin.gives & among, gains_by=margin.gains_by & among)
    found = find_exchange(tastes, x, floor, of_these, least)
    if found is None and not among.all():
        found = find_exchange(tastes, x, floor, margin, least)
    if found is not None:
        yield describe(economy, found)


def _apart(was: float, now: float) -> str:
    """Return two utilities in words, by their difference where six digits do not show one."""
    before, after = f"{was:.6g}", f"{now:.6g}"
    return f"{before} to {after}" if before != after else f"{before} by {now - was:.1e}"


def describe(economy: Economy, exchange: Exchange) -> str:
    """Return a sentence that names an exchange by which all its agents gain."""
    goods = [*economy.goods, "money"]
    names = economy.agents
    gifts = "; ".join(
        f"{names[gift.giver]} gives {gift.amount:.4g} {goods[gift.good]} to {names[gift.receiver]}"
        for gift in exchange.gifts
    )
    changes = ", ".join(
        f"{names[i]} from {_apart(was, now)}"
        for i, was, now in zip(exchange.agents, exchange.before, exchange.after, strict=True)
    )
    count = {2: "Two that may not trade", 3: "Three", 4: "Four"}.get(
        len(exchange.agents), f"{len(exchange.agents)} agents"
    )
    return f"{count} could gain together: {gifts}. Utilities: {changes}."
