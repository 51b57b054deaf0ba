"""Prices on actions: an auctioneer charges each player for what one more unit of its action costs the others.

Symbols: a (n, d) what players do; t (n, d) prices, of a unit of each number of each player; pi payoffs; c
concern. In a round players answer the prices, one after the other, each with a best reply in `U_i - t_i .
a_i`. Then each price moves a part of the way to the cost to others that its player does not feel yet,

    t_ik -> (1 - step) t_ik + step m_ik,    m_ik = - sum_{j != i} (1 - c_ij) d pi_j / d a_ik.

*Derivation.* Let each pi_i be concave in i's own numbers and the sum concave. At the planner's optimum a* the
prices t = m(a*) make a* a Nash equilibrium of the priced game, since there `d U_i / d a_i - t_i` is the slope
of the sum. Conversely where prices are m and no player gains by another action, first-order conditions of the
sum hold: with a concave sum it is largest. Without concavity a rest point fulfils the first-order conditions
alone. Prices are the multipliers of the super-agent's problem, as in an economy (Pigou 1920).

*Disequilibrium* is the largest `|t - m|`, in units of the payoffs' range over the reach of an action. The
revenue `sum t . a` is kept, or handed back in equal parts, which changes no choice.

*Tables* have no slopes. With `transfers = "groves"` each player is paid what the others get (Groves 1973), so
that all choose by one sum; the play ends where no single change raises it. The payments come from outside:
revenue is negative.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any, Literal

import numpy as np

from market.economy.correspondences import Array
from market.errors import InputError
from market.games.base import StrategicGame
from market.games.mechanisms.base import Acting, GameMechanism, GameState
from market.games.outcome import GameOutcome
from market.games.plays import Actions
from market.games.smooth import Smooth
from market.games.table import Table, table
from market.outcome import Status, shown
from market.registry import option


@dataclass(frozen=True)
class PricedState(GameState):
    """State of the play at prices.

    Args:
        round: how many rounds were played.
        play: what players do.
        prices: (n, d), announced next.
        gap: the largest distance of prices from costs to others, relative; inf before the first round.
        moved: the largest change of an action in the last round, relative to its reach.
    """

    prices: Array
    gap: float
    moved: float

    def observed(self) -> Mapping[str, Any]:
        """Return the disequilibrium of prices."""
        return {"disequilibrium": self.gap}


@dataclass(frozen=True)
class ActionPrices(GameMechanism):
    """An auctioneer prices actions: each player pays for what one more unit costs the others."""

    name = "auctioneer"
    endings = (Status.CLEARED, Status.SETTLED, Status.MAX_ROUNDS, Status.FAILED)
    asks_players = True
    forms = (Smooth, Table)
    observed_once = ("disequilibrium",)
    evidence = ("disequilibrium", "relative_regret")
    step_size: float = option(
        0.5,
        "part of the way to the cost to others that prices go in a round",
        low=0.0,
        open_low=True,
        key="step",
    )
    rebate: Literal["none", "equal"] = option("none", "what is done with the revenue")
    transfers: Literal["prices", "groves"] = option(
        "prices",
        'what moves players: prices of amounts, or, in tables, payments of what others get ("groves")',
    )
    max_rounds: int = option(10_000, "rounds after which the play stops", low=1)
    tolerance: float = option(
        1e-8, "largest distance of prices from costs to others, and gain, that count as none", low=0.0,
        open_low=True,
    )  # fmt: skip

    def refuse(self, game: StrategicGame) -> None:
        """Refuse prices in tables, payments without a common unit, and Groves' payments of amounts.

        Raises:
            InputError: with the reason.
        """
        super().refuse(game)
        if not game.comparable:
            raise InputError(f"'{self.label}': payments need payoffs in one unit; write comparable = true")
        if isinstance(game, Table) and self.transfers == "prices":
            raise InputError(f"'{self.label}': a table has no amounts to price; write transfers = \"groves\"")
        if isinstance(game, Smooth) and self.transfers == "groves":
            raise InputError(f"'{self.label}': transfers = \"groves\" is for tables; amounts have prices")

    def start(self, game: StrategicGame) -> PricedState:
        """Return the state with prices of 0."""
        play = game.start()
        shape = play.values.shape if isinstance(play, Actions) else (game.size, 1)
        return PricedState(0, play, np.zeros(shape), np.inf, np.inf)

    def step(self, game: StrategicGame, state: GameState, acting: Acting) -> PricedState:
        """Let players answer, and move prices towards what their actions cost the others."""
        assert isinstance(state, PricedState)
        if isinstance(game, Table):
            return self._paid(game, state, acting)
        assert isinstance(game, Smooth)
        play = state.play
        for player in range(game.size):
            reply = game.reply(player, play, state.prices[player]).action
            play = game.with_action(play, player, acting(player, play, reply))
        assert isinstance(play, Actions)
        assert isinstance(state.play, Actions)
        costs = costs_to_others(game, play.values)
        prices = state.prices + self.step_size * (costs - state.prices)
        moved = float((np.abs(play.values - state.play.values) / game.reach).max())
        return PricedState(state.round + 1, play, prices, distance(game, state.prices, costs), moved)

    def _paid(self, game: Table, state: PricedState, acting: Acting) -> PricedState:
        """Let each player of a table choose once by the sum of all payoffs."""
        common, play = _common(game), state.play
        before = game.key(play)
        for player in range(game.size):
            action = common.reply(player, play).action
            play = game.with_action(play, player, acting(player, play, action))
        moved = 0.0 if game.key(play) == before else 1.0
        return PricedState(state.round + 1, play, state.prices, 0.0, moved)

    def done(self, game: StrategicGame, state: GameState) -> bool:  # noqa: ARG002
        """Return True if prices are costs to others and no player moves, or rounds are used up."""
        assert isinstance(state, PricedState)
        at_rest = state.gap <= self.tolerance and state.moved <= self.tolerance
        return at_rest or state.round >= self.max_rounds

    def going_on(self, state: GameState) -> PricedState:
        """Return the state as one in which players have just moved."""
        assert isinstance(state, PricedState)
        return replace(state, moved=np.inf)

    def outcome(self, game: StrategicGame, state: GameState) -> GameOutcome:
        """Return play, prices and payments. Evidence: the distance of prices, and gains at these prices."""
        assert isinstance(state, PricedState)
        if isinstance(game, Table):
            return self._paid_outcome(game, state)
        assert isinstance(game, Smooth)
        assert isinstance(state.play, Actions)
        a = state.play.values
        prices = costs_to_others(game, a)
        replies = [game.reply(i, state.play, prices[i]) for i in range(game.size)]
        regret, exact = np.array([r.gain for r in replies]), all(r.exact for r in replies)
        relative = float((regret / game.scale).max(initial=0.0))
        gap = distance(game, state.prices, prices)
        paid = (prices * a).sum(axis=1)
        revenue = float(paid.sum())
        transfers = -paid + (revenue / game.size if self.rebate == "equal" else 0.0)
        enough = 100 * self.tolerance
        if relative <= enough and gap <= enough and exact:
            status = Status.CLEARED
            reason = (
                f"Prices are what one more unit costs the others (largest difference {shown(gap)}), and at "
                f"these no player would act otherwise (largest gain {shown(relative)} of its payoffs' range)."
            )
        elif relative <= enough and gap <= enough:
            status = Status.SETTLED
            reason = "Prices are what actions cost the others, and no better reply was found by local search."
        else:
            status = self._unsettled(state)
            reason = (
                f"After {state.round} rounds prices differ from costs to the others by {shown(gap)}, and "
                f"a player would gain {shown(relative)} of its payoffs' range."
            )
        return self.ended(
            game, state, status, reason, {"disequilibrium": gap, "relative_regret": relative},
            transfers=transfers, revenue=0.0 if self.rebate == "equal" else revenue, regret=regret,
            regret_exact=exact, prices=prices,
        )  # fmt: skip

    def _unsettled(self, state: PricedState) -> Status:
        """Return how play ended in which some would gain: a player of one's own may rest where it loses."""
        return Status.MAX_ROUNDS if state.round >= self.max_rounds else Status.FAILED

    def _paid_outcome(self, game: Table, state: PricedState) -> GameOutcome:
        """Return the play of a table in which each is paid what the others get."""
        v = game.payoffs(state.play)
        regret, _ = _common(game).regret(state.play)
        relative = float((regret / game.scale).max(initial=0.0))
        transfers = v.sum() - v
        settled = relative <= self.tolerance
        status = Status.SETTLED if settled else self._unsettled(state)
        reason = (
            f"Each player is paid what the others get, and no single change raises the sum of all payoffs "
            f"(largest gain {shown(relative)}). Payments of {transfers.sum():.6g} come from outside."
            if settled
            else f"Not settled after {state.round} rounds: a single change raises the sum of all payoffs by "
            f"{shown(relative)} of a player's range."
        )
        return self.ended(
            game, state, status, reason, {"disequilibrium": 0.0, "relative_regret": relative},
            transfers=transfers, revenue=-float(transfers.sum()), regret=regret,
        )  # fmt: skip


def costs_to_others(game: Smooth, a: Array) -> Array:
    """Return what one more unit costs the other players and its player does not feel, (n, d)."""
    return -np.einsum("ij,jid->id", 1.0 - game.weighs, game.slopes(a))


def distance(game: Smooth, prices: Array, costs: Array) -> float:
    """Return the largest difference of prices from costs, in units of the range of payoffs over an action."""
    return float((np.abs(prices - costs) * game.reach / game.scale.max()).max(initial=0.0))


def _common(game: Table) -> Table:
    """Return the table in which every player gets the sum of all payoffs."""
    total = game.outcomes.sum(axis=-1, keepdims=True)
    return table(np.repeat(total, game.size, axis=-1), game.players, game.actions, seed=game.seed)
