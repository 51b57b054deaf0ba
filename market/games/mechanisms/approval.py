"""A panel votes: the worst, or the best, for the principal of what honest reviewers let pass.

The proposal comes from an agent of unknown aims, so that what matters is the worst one that is
carried out (`market/games/panel.py`). Its evidence is `sound`, 1 if no lottery over proposals that passes
harms the principal, and `sound_for_each`, 1 if no single one does; `passing`, how many proposals pass;
`committees` of n - k reviewers; and, where these are few, the weight of each member under `ann + bob: ann`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from market.economy.correspondences import Array
from market.errors import NumericalError
from market.games.base import StrategicGame
from market.games.mechanisms.base import Acting, GameMechanism, GameState
from market.games.outcome import GameOutcome
from market.games.panel import SOUND, Panel, committee, weights_in_units
from market.games.plays import Mixtures
from market.outcome import Status
from market.registry import option

MOST_LISTED = 20
"""Committees whose weights are listed in the evidence."""


@dataclass(frozen=True)
class Voted(GameState):
    """State before and after the vote.

    Args:
        round: 0 before, 1 after.
        play: ballots, and what is proposed.
        why: why the panel could not be judged; empty if it was.
    """

    why: str = field(default="")


@dataclass(frozen=True)
class Approval(GameMechanism):
    """Reviewers vote by their own utility on the proposal that is worst, or best, for the principal."""

    name = "approval"
    endings = (Status.SETTLED, Status.FAILED)
    forms = (Panel,)
    evidence = ("relative_regret", "sound", "sound_for_each", "passing", "committees", "gain")
    proposals: Literal["each", "mixed"] = option(
        "each", "what is proposed: each proposal by itself, or mixed, a lottery over them"
    )
    select: Literal["worst", "best"] = option(
        "worst", "which proposal that passes, by the principal's utility; the baseline always may"
    )

    def start(self, game: StrategicGame) -> Voted:
        """Return a state in which nothing is proposed."""
        return Voted(0, game.start())

    def step(self, game: StrategicGame, state: GameState, acting: Acting) -> Voted:  # noqa: ARG002
        """Find the proposal, and let reviewers vote on it."""
        assert isinstance(game, Panel)
        try:
            _ = game.committees  # judged in any case
            q = self._mixed(game) if self.proposals == "mixed" else self._single(game)
        except NumericalError as error:
            return Voted(state.round + 1, state.play, str(error))
        q = np.where(q > 1e-12, q, 0.0)  # the rest is rounding
        votes = game.votes(q @ game.gains[:, :-1])
        ballots = [np.eye(2)[vote] for vote in votes]
        proposed = np.append(max(1.0 - q.sum(), 0.0), q)
        return Voted(state.round + 1, Mixtures((*ballots, np.ones(1), proposed / proposed.sum())))

    def _single(self, game: Panel) -> Array:
        """Return the proposal as a lottery, (A,); all 0 if the baseline is as bad, or as good."""
        q = np.zeros(len(game.lotteries))
        if len(game.passing):
            sign = 1.0 if self.select == "worst" else -1.0
            own = sign * game.gains[game.passing, -1]
            if own.min() < 0:
                q[game.passing[int(own.argmin())]] = 1.0
        return q

    def _mixed(self, game: Panel) -> Array:
        """Return the lottery over proposals, (A,)."""
        if self.select == "worst":
            return game.weakest.lottery
        turned = game.gains / game.span
        turned[:, -1] *= -1.0
        found = [committee(turned, each.members) for each in game.committees]
        return min(found, key=lambda each: each.worst).lottery

    def done(self, game: StrategicGame, state: GameState) -> bool:  # noqa: ARG002
        """Return True after one round."""
        return state.round >= 1

    def outcome(self, game: StrategicGame, state: GameState) -> GameOutcome:
        """Return the outcome; regret is of reviewers, whose votes are judged."""
        assert isinstance(game, Panel)
        assert isinstance(state, Voted)
        if state.why or not state.round:
            status = Status.FAILED if state.why else Status.IN_PLAY
            return self.ended(game, state, status, state.why or "Nothing has been proposed.", {})
        regret, _ = game.regret(state.play)
        regret[game.reviewers :] = 0.0
        assert isinstance(state.play, Mixtures)
        gain = float(state.play.of[-1][1:] @ game.gains[:, -1])
        evidence = {
            "relative_regret": float((regret / game.scale).max(initial=0.0)),
            "sound": float(game.sound),
            "sound_for_each": float(game.sound_for_each),
            "passing": float(len(game.passing)),
            "committees": float(len(game.committees)),
            "gain": gain,
        } | listed_weights(game)
        many, k = len(game.passing), game.objections
        among = "lotteries over them" if self.proposals == "mixed" else "them and the baseline"
        reason = (
            f"{many} of {len(game.proposals)} proposals {'passes' if many == 1 else 'pass'} with at most {k} "
            f"objection{'' if k == 1 else 's'}; of {among} the {self.select} gives the principal "
            f"{f'{gain:+.6g}' if gain else 'nothing'} over the baseline. {_sound(game)}"
        )
        return self.ended(game, state, Status.SETTLED, reason, evidence, regret=regret)


def _sound(game: Panel) -> str:
    """Return what is proved of the panel, as a sentence."""
    if game.sound:
        return "No lottery that passes harms the principal: it is a super-agent of each committee."
    if game.sound_for_each:
        return "No single proposal that passes harms the principal, but a lottery over them does."
    return "What passes may harm the principal."


def listed_weights(game: Panel) -> dict[str, float]:
    """Return the weights of the members of each committee, by names; empty if there are many committees."""
    if len(game.committees) > MOST_LISTED:
        return {}
    found: dict[str, float] = {}
    for each in game.committees:
        names = [game.players[i] for i in each.members]
        if each.worst >= -SOUND * game.span[-1]:
            together = " + ".join(names)
            weights = weights_in_units(game, each)
            found |= {f"{together}: {name}": float(w) for name, w in zip(names, weights, strict=True)}
    return found
