"""Limits of markets in shards: mechanisms and economies that need all agents in one place are refused.

These are games and planners; price rules that use bids; technologies, whose profits go to owners in other
shards; and ties, since the choice between equally good alternatives is assigned to all agents at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from market.economy.primitives import Money
from market.errors import InputError, did_you_mean
from market.mechanisms.auction.auctioneer import Auction
from market.mechanisms.auction.price_rules import Knows
from market.scenario.building import population
from market.scenario.data_files import MAX_ROWS
from market.scenario.error_messages import MAX_CELLS

if TYPE_CHECKING:
    from market.scenario.loading import Scenario
    from market.shards.shard import Opening


def refuse(scenario: Scenario, names: Sequence[str] | None, shards: int | None = None) -> list[str]:
    """Return the mechanisms to play, after checking that they can be played in shards.

    Args:
        scenario: what `market.load` returns.
        names: of the mechanisms; all of them if None.
        shards: their number; None if it is not known yet.

    Raises:
        InputError: one of them cannot be played; says which and why.
    """
    chosen = list(scenario.mechanism_names) if names is None else list(dict.fromkeys(names))
    if not chosen:
        raise InputError("there is no mechanism to play")
    for name in chosen:
        if name not in scenario.mechanism_names:
            raise InputError(f"no mechanism '{name}'; {did_you_mean(name, scenario.mechanism_names)}")
        why = _not_in_shards(scenario, name)
        if why is not None:
            able = [each for each in scenario.mechanism_names if _not_in_shards(scenario, each) is None]
            choose = f"choose others (--mechanism '{able[0]}') or " if able else ""
            raise InputError(
                f"the mechanism '{name}' cannot be played in shards: {why}; {choose}leave out --shards and "
                f"--backend"
            )
    if shards is not None:
        _refuse_sizes(len(population(scenario)), len(scenario.goods), shards)
    return chosen


def _refuse_sizes(agents: int, goods: int, shards: int) -> None:
    """Check that no shard is empty or larger than a worker can hold."""
    if shards < 1:
        raise InputError(f"--shards {shards}: at least one shard is needed")
    if shards > agents:
        raise InputError(f"--shards {shards}: there are only {agents} agents; use at most as many shards")
    most = min(MAX_ROWS, MAX_CELLS // goods)
    if -(-agents // shards) > most:
        raise InputError(
            f"{agents} agents times {goods} goods in {shards} shards; a shard holds at most {most} agents of "
            f"so many goods: use --shards {-(-agents // most)} at least"
        )


def _not_in_shards(scenario: Scenario, name: str) -> str | None:
    """Return the reason why a mechanism needs all agents in one place; None if it can be played in shards."""
    mechanism = scenario.mechanism(name)
    if not isinstance(mechanism, Auction):
        return mechanism.needs_all_agents
    if scenario.public:
        return "of public goods each agent has a price of its own, and they must add up over all agents"
    if mechanism.rule.knows is Knows.SPENDING:
        return f"the rule {mechanism.rule.name} uses the bids of every agent for each good"
    if any(group.harm for group in scenario.agents):
        return "harm depends on the output of all agents at once"
    owner = next((group.name for group in scenario.agents if group.technology is not None), None)
    if owner is not None:
        return f"'{owner}' has a technology, and production is assigned to all agents at once"
    return _intervention_not_in_shards(scenario, mechanism)


def _intervention_not_in_shards(scenario: Scenario, mechanism: Auction) -> str | None:
    """Return why the interventions of a mechanism need all agents in one place; None if they do not."""
    levied = bool(mechanism.tax or mechanism.tax_rate)
    if levied and scenario.economy is Money.EXCHANGE:
        return "under exchange tax revenue goes back to all agents at once"
    if (mechanism.price_cap or mechanism.price_floor) and mechanism.rationing != "proportional":
        return f"{mechanism.rationing} rationing serves all agents in one order"
    both = (group.utility is not None and bool(group.endowment or group.cost) for group in scenario.agents)
    if mechanism.quota and any(both):
        return "a quota counts purchases, and some agents consume what they own or make"
    return None


def refuse_ties(name: str, openings: Sequence[Opening]) -> None:
    """Check that no shard has a source of ties.

    Args:
        name: of the first mechanism.
        openings: of the shards.

    Raises:
        InputError: one has; says which.
    """
    why = next((each.source_of_ties for each in openings if each.source_of_ties is not None), None)
    if why is not None:
        raise InputError(
            f"the mechanism '{name}' cannot be played in shards: {why} makes alternatives equally good for "
            f"some agents, and these are assigned to all agents at once; leave out --shards and --backend"
        )
