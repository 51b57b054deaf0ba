"""Games without an auctioneer, played by best replies in rounds.

A game form states the actions of agents and their result; with the agents' preferences it is a game. In a
round each player gives a best reply:

- "sequential": in the order of the agents, each after it has seen the replies before its own;
- "random": one after the other, in an order drawn anew each round;
- "simultaneous": all at once, each against the actions of the round before.

The play ends when a whole round changes nothing; then, and only then, each agent's gain from deviating
alone is computed anew, and if it is none the profile is a Nash equilibrium. Under a fixed order or
simultaneous play the next profile follows from the last, so a profile that comes back proves a cycle.

To add a game: a file beside this one with a subclass of `Game`, and its name in `GAMES`. Its runs are
verified by its own `allowed`, `result` and `regret`, and the verification says so.

Source: Osborne and Rubinstein (1994), *A Course in Game Theory*, chapter 2; best-reply dynamics as in
Fudenberg and Levine (1998), *The Theory of Learning in Games*, section 1.2.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, ClassVar, Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.errors import NumericalError
from market.mechanisms.base import Answering, Mechanism, State
from market.outcome import Outcome, Status, shown
from market.random_streams import generator
from market.registry import Family, option
from market.tolerances import ROUNDING_OF_SUMS

Schedule = Literal["sequential", "simultaneous", "random"]

SWING = 1e-8  # of actions: profiles that come back after smaller moves are converging, up to rounding


def left_of(stock: Array, taken: Array) -> Array:
    """Return the rest of a stock, >= 0; rounding residuals are 0.

    A residual of 1e-17 would turn a utility of -inf into one of -40.

    Args:
        stock: (goods,), units.
        taken: (goods,) or (agents, goods), amounts taken by agents.
    """
    left = stock - taken
    return np.where(left > ROUNDING_OF_SUMS * stock, left, 0.0)


class GameOutcome(NamedTuple):
    """The result of a profile of actions.

    Args:
        consumption: (agents, goods), x, units.
        production: (agents, goods), y, units.
        payoffs: (agents,), payments and penalties included.
        payments: (agents,), net money paid; None where no money moves.
        revenue: what the commons were sold for, money; the sum of payments.
        prices: (goods,), at which goods changed hands; None where there are none.
    """

    consumption: Array
    production: Array
    payoffs: Array
    payments: Array | None = None
    revenue: float = 0.0
    prices: Array | None = None


@dataclass(frozen=True)
class Game(Family):
    """Base of the games; every subclass is final and frozen. A profile is (agents, goods), units."""

    name: ClassVar[str]
    schedule = "sequential"  # subclasses may make it an option
    knows_public_goods: ClassVar[bool] = False
    digits: ClassVar[int] = 10  # of a profile that may not change in a round for play to have settled

    def start(self, economy: Economy) -> Array:
        """Return the profile before the first round: nothing taken or made."""
        return np.zeros(economy.shape)

    def players(self, economy: Economy) -> NDArray[np.intp]:
        """Return the rows of the players, in the order in which they choose."""
        return np.arange(len(economy.agents))

    def best(self, economy: Economy, profile: Array) -> tuple[Array, Array]:
        """Return best replies to the actions of all others, (agents, goods), and their gains, (agents,).

        A game whose players are best handled one by one may instead state `replies` and `regret`.
        """
        raise NotImplementedError

    def replies(self, economy: Economy, profile: Array, rows: NDArray[np.intp]) -> Array:
        """Return a best reply of each row to the actions of all others, (rows, goods).

        An agent that cannot gain keeps doing what it does.
        """
        best, gains = self.best(economy, profile)
        return np.where((gains > 0)[:, None], best, profile)[rows]

    def regret(self, economy: Economy, profile: Array) -> Array:
        """Return the most that each agent could gain by deviating alone, (agents,)."""
        return self.best(economy, profile)[1]

    def allowed(self, economy: Economy, profile: Array) -> bool:  # noqa: ARG002
        """Return whether agents may act so; by default, if all amounts are finite and >= 0."""
        return bool(np.isfinite(profile).all() and (profile >= 0).all())

    def most(self, economy: Economy) -> Array | None:  # noqa: ARG002
        """Return the largest amounts that each agent may choose, (agents, goods), inf without a limit.

        None, as by default, if the game does not say: then no learner can play it (`market.env`).
        """
        return None

    def within(self, economy: Economy, profile: Array, row: int, asked: Array) -> Array:
        """Return the amounts nearest to those asked for that an agent can choose beside the others' actions.

        Args:
            economy: the primitives.
            profile: (agents, goods), what all agents do now.
            row: of the agent.
            asked: (goods,), finite.
        """
        raise NotImplementedError

    def result(self, economy: Economy, profile: Array) -> GameOutcome:
        """Return the result of a profile; feasible."""
        raise NotImplementedError

    def note(self, economy: Economy, profile: Array) -> str:  # noqa: ARG002
        """Return a sentence on a profile for readers; empty if there is nothing to add."""
        return ""

    def on_cycle(self, economy: Economy, period: int) -> str:  # noqa: ARG002
        """Return a sentence on a cycle of this period for readers; empty if there is nothing to add."""
        return ""

    def key(self, economy: Economy, profile: Array) -> bytes:
        """Return a key that is equal for profiles which differ by rounding: shares, and their size."""
        size = np.maximum(economy.resources, np.abs(profile).max(axis=0, initial=0.0))
        tens = 10.0 ** np.floor(np.log10(np.where(size > 0, size, 1.0)))
        whole = np.round(size / tens, self.digits - 1) * tens
        return rounded(profile, size, self.digits).tobytes() + whole.tobytes()

    def total(self, profile: Array) -> Array | None:  # noqa: ARG002
        """Return the total of each good that is observed, (goods,); None: the sum of actions."""
        return None

    def figures(self, economy: Economy, profile: Array) -> Mapping[str, float]:  # noqa: ARG002
        """Return numbers of a profile that stand in the evidence with its regret, >= 0, by name."""
        return {}

    def verdict(
        self,
        economy: Economy,  # noqa: ARG002
        profile: Array,  # noqa: ARG002
        gain: float,  # noqa: ARG002
        tolerance: float,  # noqa: ARG002
    ) -> tuple[Status, str] | None:
        """Return the status of a profile that no agent changes, where it is one of this game alone.

        Args:
            economy: the primitives.
            profile: (agents, goods), the actions.
            gain: the largest gain from deviating alone, relative to utility.
            tolerance: up to which a gain counts as none.
        """
        return None


@dataclass(frozen=True)
class GameState(State):
    """State of the play.

    Args:
        round: how many rounds were played.
        profile: (agents, goods), the actions, units.
        settled: True if the last round changed nothing but for rounding.
        past: a key of each profile so far, in order.
        fault: why best replies to the last profile were not found; None if they were.
        moved: the largest change in the last round, relative to the largest action at that good.
        total: (goods,), of actions that do not add up as they are; None if they do.
    """

    profile: Array
    settled: bool
    past: tuple[bytes, ...]
    fault: str | None = None
    moved: float = np.inf
    total: Array | None = None

    def observed(self) -> Mapping[str, Any]:
        """Return the total taken, claimed, made or bid of each good."""
        return {"action": self.profile.sum(axis=0) if self.total is None else self.total}

    def for_record(self) -> GameState:
        """Return the state with the key of its own profile alone."""
        return replace(self, past=self.past[-1:])

    @property
    def period(self) -> int | None:
        """Number of rounds after which the last profile came back; None if it is new."""
        earlier = self.past[:-1]
        return len(self.past) - 1 - earlier.index(self.past[-1]) if self.past[-1] in earlier else None


@dataclass(frozen=True)
class Unmediated(Mechanism):
    """Agents play a game without prices by best replies."""

    name = "unmediated"
    observed_by_good = ("action",)
    evidence = ("relative_regret", "period")
    needs_all_agents = "in a game without prices every agent's move depends on the others'"
    game: Game
    max_rounds: int = option(1000, "rounds after which the play stops", low=1)
    tolerance: float = option(
        1e-9, "largest gain from deviating alone, relative to utility, that counts as none", low=0.0
    )

    @property
    def knows_public_goods(self) -> bool:
        """True if the game has rules for public goods."""
        return self.game.knows_public_goods

    def start(self, economy: Economy) -> GameState:
        """Return the state with the first profile."""
        profile = self.game.start(economy)
        key = self.game.key(economy, profile)
        return GameState(0, profile, False, (key,), total=self.game.total(profile))

    def step(self, economy: Economy, state: State, answering: Answering) -> GameState:  # noqa: ARG002
        """Let each player reply once; where replies cannot be computed, actions stay, with the reason."""
        return self.stepped(economy, state, {})

    def stepped(self, economy: Economy, state: State, said: Mapping[int, Array]) -> GameState:
        """Play a round in which some players do what they say, as far as they can, and the others reply.

        Args:
            economy: the primitives.
            state: before the round.
            said: row of a player -> the amounts that it chooses, (goods,), units.
        """
        assert isinstance(state, GameState)
        try:
            profile = self._replied(economy, state, said)
        except NumericalError as error:
            return replace(state, round=state.round + 1, fault=str(error))
        key = self.game.key(economy, profile)
        moved = _change(state.profile, profile)
        past, total = (*state.past, key), self.game.total(profile)
        return GameState(state.round + 1, profile, key == state.past[-1], past, moved=moved, total=total)

    def _replied(self, economy: Economy, state: GameState, said: Mapping[int, Array]) -> Array:
        """Return the profile after one action of each player."""
        profile, rows = state.profile.copy(), self.game.players(economy)
        if self.game.schedule == "simultaneous":
            replying = rows[~np.isin(rows, list(said))]
            if len(replying):
                profile[replying] = self.game.replies(economy, state.profile, replying)
            for row in (row for row in rows.tolist() if row in said):
                profile[row] = self.game.within(economy, profile, row, said[row])
        else:
            if self.game.schedule == "random":
                rows = generator(economy.seed, self.label, f"round {state.round}").permutation(rows)
            for row in rows.tolist():
                if row in said:
                    profile[row] = self.game.within(economy, profile, row, said[row])
                else:
                    profile[row] = self.game.replies(economy, profile, np.array([row]))[0]
        return profile

    def done(self, economy: Economy, state: State) -> bool:  # noqa: ARG002
        """Return True if nothing changed, profiles repeat, replies failed, or the rounds are used up."""
        assert isinstance(state, GameState)
        return (
            state.settled or state.fault is not None or self._cycles(state) or state.round >= self.max_rounds
        )

    def going_on(self, state: State) -> GameState:
        """Return the state without what shows rest or a cycle of best replies."""
        assert isinstance(state, GameState)
        return replace(state, settled=False, past=state.past[-1:])

    def _cycles(self, state: GameState) -> bool:
        swings = state.moved > SWING
        return self.game.schedule != "random" and not state.settled and swings and state.period is not None

    def outcome(self, economy: Economy, state: State) -> Outcome:
        """Return the result of the last profile.

        Evidence: `relative_regret`, the largest gain over |utility|; `period`, after how many rounds a
        profile that cycles comes back.
        """
        assert isinstance(state, GameState)
        played = self.game.result(economy, state.profile)
        welfare = economy.welfare(played.consumption, played.production)
        regret, state = self._regret(economy, state)
        size = np.where(np.isfinite(welfare), np.abs(welfare), 0.0)
        relative = float((regret / np.maximum(size, economy.utility_scale)).max(initial=0.0))
        period = state.period if self._cycles(state) else None
        status, reason = self._verdict(economy, state, relative)
        return Outcome(
            economy=economy,
            name=self.label,
            kind=self.name,
            status=status,
            reason=" ".join(filter(None, (reason, self.game.note(economy, state.profile)))),
            rounds=state.round,
            consumption=played.consumption,
            production=played.production,
            payments=np.zeros(len(economy.agents)) if played.payments is None else played.payments,
            revenue=played.revenue,
            utilities=welfare,
            payoffs=played.payoffs,
            prices=played.prices,
            regret=regret,
            actions=state.profile,
            evidence={"relative_regret": relative}
            | dict(self.game.figures(economy, state.profile))
            | ({"period": float(period)} if period else {}),
        )

    def _regret(self, economy: Economy, state: GameState) -> tuple[Array, GameState]:
        """Return regrets, (agents,), infinite if they cannot be computed, and the state with the reason."""
        if state.fault is None:
            try:
                return self.game.regret(economy, state.profile), state
            except NumericalError as error:
                state = replace(state, fault=str(error))
        return np.full(len(economy.agents), np.inf), state

    def _verdict(self, economy: Economy, state: GameState, regret: float) -> tuple[Status, str]:
        """Return the status that the evidence supports, and one sentence with its numbers."""
        if state.fault is not None:
            return Status.FAILED, f"The best replies to these actions were not found: {state.fault}."
        if self._cycles(state):
            again = f"the actions of all agents come back every {state.period} rounds"
            reason = f"Best replies do not converge: {again}; the last round is shown."
            why = self.game.on_cycle(economy, state.period or 0)
            return Status.CYCLING, f"{reason} {why}".strip()
        if state.settled:
            own = self.game.verdict(economy, state.profile, regret, self.tolerance)
            if own is not None:
                return own
        gain = shown(regret)
        if regret <= self.tolerance:
            return (
                Status.NASH,
                f"No agent would gain by deviating alone (largest gain {gain} of its utility).",
            )
        if state.settled:
            return Status.FAILED, f"No agent moved, yet one could gain {gain} of its utility by deviating."
        return (
            Status.MAX_ROUNDS,
            f"Not settled after {state.round} rounds (largest gain {gain} of its utility).",
        )


def rounded(profile: Array, size: Array, digits: int = 10) -> Array:
    """Return actions as shares of a size, rounded, with one kind of zero."""
    shares = np.divide(
        profile, size, out=np.zeros_like(profile), where=np.broadcast_to(size > 0, profile.shape)
    )
    return np.asarray(np.round(shares, digits) + 0.0)


def _change(before: Array, after: Array) -> float:
    """Return the largest change of an action, relative to the largest action at its good."""
    size = np.maximum(np.abs(before), np.abs(after)).max(axis=0, initial=0.0)
    change = np.abs(after - before).max(axis=0, initial=0.0)
    return float(np.divide(change, size, out=np.zeros_like(size), where=size > 0).max(initial=0.0))
