"""The life of a mechanism, and the only loop that drives it.

A mechanism *starts* with a state (prices announced, or empty hands), makes a *step* a round until it is
*done*, and hands over an *outcome*. States are frozen values; a mechanism holds its options and nothing
else, so that it can be stepped by Mesa, by `play` or by a sweep's worker with the same result.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar

from market.economy.aggregate_demand import AggregateDemand
from market.economy.correspondences import Array
from market.economy.primitives import Answers, Economy
from market.errors import InputError
from market.outcome import Outcome, Status, shown
from market.registry import Family

Answering = Callable[[Array], Answers]
"""Prices (goods,) to the answers of all agents: `Economy.answers`, unless some follow rules of their own."""


@dataclass(frozen=True)
class State:
    """State of a mechanism after a number of rounds; mechanisms add what they need."""

    round: int

    def observed(self) -> Mapping[str, Any]:
        """Return the observations of this round by name; none before the first round.

        A number for each name in `Mechanism.observed_once`, an array (goods,) for each in `observed_by_good`.
        """
        return {}

    def for_record(self) -> State:
        """Return the state without what only further rounds need, for a record of all rounds."""
        return self


@dataclass(frozen=True)
class Mechanism(Family):
    """Base of the mechanisms; every subclass is final and frozen.

    A class may also declare `evidence`, the names of the numbers that may stand behind its status, and
    `needs_all_agents`, the reason given where it is refused in shards.

    Args:
        label: the name that the scenario gives it.
    """

    label: str
    name: ClassVar[str]
    observed_by_good: ClassVar[tuple[str, ...]] = ()
    observed_once: ClassVar[tuple[str, ...]] = ()
    evidence: ClassVar[tuple[str, ...]] = ()
    needs_all_agents: ClassVar[str] = "a mechanism of this kind sees every agent"

    def seen_by_good(self) -> tuple[str, ...]:
        """Return the names of what a round shows of each good; those of the class by default."""
        return self.observed_by_good

    def why_not(self, economy: Economy) -> str | None:
        """Return why the mechanism cannot play an economy, as the end of a sentence; None if it can."""
        if economy.public_goods and not self.knows_public_goods:
            good = economy.goods[economy.public_goods[0]]
            return f"it divides goods among agents, and {good} is public; {_FOR_PUBLIC_GOODS}"
        return None

    @property
    def knows_public_goods(self) -> bool:
        """True if the mechanism can play economies with public goods."""
        return False

    def faults(self, economy: Economy) -> Iterator[tuple[str, str]]:  # noqa: ARG002
        """Yield keys that do not fit the economy, each with a message; by default none.

        Asked when an economy is built from a scenario, before anything is played.
        """
        return iter(())

    def start(self, economy: Economy) -> State:
        """Return the state before the first round."""
        raise NotImplementedError

    def step(self, economy: Economy, state: State, answering: Answering) -> State:
        """Play one round."""
        raise NotImplementedError

    def done(self, economy: Economy, state: State) -> bool:
        """Return True if no further round is to be played."""
        raise NotImplementedError

    def going_on(self, state: State) -> State:
        """Return the state as that of agents who learn: what they did tells nothing of what they will do.

        That nothing moved in a round, or came back after some, then proves neither rest nor a cycle.
        """
        return state

    def outcome(self, economy: Economy, state: State) -> Outcome:
        """Return a feasible outcome, its status recomputed from the primitives."""
        raise NotImplementedError

    def hearing(self, quoting: Mapping[int, Callable[..., Any]]) -> Mechanism:  # noqa: ARG002
        """Return the mechanism with agents that quote by themselves, by row; by default they are ignored."""
        return self

    def checks(self, outcome: Outcome) -> Mapping[str, bool]:  # noqa: ARG002
        """Return claims about a recorded outcome, and their truth, for `market verify`; by default none.

        Asked only of kinds whose rules `market.results.verify` does not state itself. Pure: nothing is played
        or solved again. Feasibility, utilities and the sum of payments are checked for every mechanism.

        Args:
            outcome: read from a run folder; its economy is rebuilt from the scenario.
        """
        return {}


_FOR_PUBLIC_GOODS = (
    'use the game "voluntary" or "groves_ledyard", or the kind "auctioneer", "pivot" or "planner"'
)


def begin(mechanism: Mechanism, economy: Economy) -> State:
    """Return the state before the first round.

    Raises:
        InputError: the mechanism cannot play such an economy; says why.
    """
    why = mechanism.why_not(economy)
    if why is not None:
        raise InputError(f"'{mechanism.label}' cannot be played here: {why}")
    return mechanism.start(economy)


def play(
    mechanism: Mechanism,
    economy: Economy,
    answering: Answering | None = None,
    observe: Callable[[State], None] | None = None,
) -> Outcome:
    """Play a mechanism to its end.

    Args:
        mechanism: the mechanism.
        economy: the primitives.
        answering: prices to the answers of all agents; `economy.answers` by default.
        observe: called with the state after every round.
    """
    return mechanism.outcome(
        economy, played(mechanism, economy, answering or AggregateDemand(economy), observe)
    )


def played(
    mechanism: Mechanism,
    economy: Economy,
    answering: Answering,
    observe: Callable[[State], None] | None = None,
    first: State | None = None,
) -> State:
    """Return the state in which a mechanism ends: the only loop.

    Args:
        mechanism: as for `play`.
        economy: as for `play`.
        answering: prices to the answers of all agents.
        observe: as for `play`.
        first: the state to begin with; the mechanism's own by default.
    """
    state = begin(mechanism, economy) if first is None else first
    while not mechanism.done(economy, state):
        state = mechanism.step(economy, state, answering)
        if observe:
            observe(state)
    return state


def outcome_so_far(mechanism: Mechanism, economy: Economy, state: State, answering: Answering) -> Outcome:
    """Return the outcome; while rounds remain, that of stopping now, with the status `in_play`.

    Args:
        mechanism: as for `play`.
        economy: as for `play`.
        state: that has been reached.
        answering: prices to the answers of all agents; asked if first prices have not been answered yet.
    """
    if mechanism.done(economy, state):
        return mechanism.outcome(economy, state)
    seen = state
    if state.round == 0 and hasattr(state, "prices"):
        seen = mechanism.step(economy, state, answering)
    stopped = mechanism.outcome(economy, seen)
    return replace(stopped, status=Status.IN_PLAY, reason=_on_the_way(stopped), rounds=state.round)


def _on_the_way(stopped: Outcome) -> str:
    """Return the reason of an outcome in play: the play is not over, and stopping now gives this."""
    if stopped.disequilibrium is None:
        return "Rounds remain to be played; the outcome is that of stopping now."
    return (
        f"Rounds remain to be played. If trade stopped now, it would be at the prices so far that are the "
        f"closest to clearing (largest relative excess demand {shown(stopped.disequilibrium)}), with the "
        f"longer side of each market rationed."
    )
