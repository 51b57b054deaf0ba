"""Protocols of a game of information: who is heard, and how the user answers (`games/disclosure.py`).

- `silent`: no provider speaks. `aligned`: one speaks whose utility is the user's, so that the state is known.
- `alone`: one provider persuades the user; the scheme may be stochastic, and the others say nothing.
- `together`: the user hears all. All equilibria in partitions are found; gains from deviating are exact.
- `best_ai`: the user sees what each provider has committed to, and hears only the one best for her, of
  equal ones the first. A deviation is a scheme that gives her at least what the best of the others gives,
  or one that she does not choose.
- `quantal`: the user hears all, and takes actions with probabilities proportional to `exp(E u_0(a) / T)`.
  Deviations to partitions alone are judged.

With e the distance of the hull, no equilibrium gives the user less than `v_0(all) - 2 e` under `together`
and `best_ai`, or `v_0(all) - T ln A - 2 e` under `quantal`, where A is the number of actions.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.errors import InputError, NumericalError
from market.games.base import StrategicGame
from market.games.disclosure import Disclosure, members
from market.games.mechanisms.base import Acting, GameMechanism, GameState
from market.games.outcome import GameOutcome
from market.games.plays import pure
from market.outcome import Status
from market.registry import option

FIGURES = ("share", "hull", "bound")
"""Evidence of every protocol: the share of the value of information, e, and the bound of `together`."""

Select = Literal["worst", "best"]
SELECT = "which equilibrium, by the user's utility"
TOLERANCE = "largest gain from deviating, relative to the range of payoffs, that counts as none"


class Settled(NamedTuple):
    """Result of a protocol.

    Args:
        profile: the partition of each provider, and 0 for the user.
        payoffs: (k + 1,).
        status: how it ended.
        reason: a sentence.
        regret: (k + 1,); None where no provider competes.
        evidence: further numbers behind the status.
        exact: False if regret is of partitions alone.
    """

    profile: tuple[int, ...]
    payoffs: Array
    status: Status
    reason: str
    regret: Array | None = None
    evidence: dict[str, float] = {}  # noqa: RUF012
    exact: bool = True


@dataclass(frozen=True)
class Committed(GameState):
    """State before and after the providers have committed."""

    settled: Settled | None = field(default=None)


@dataclass(frozen=True)
class Protocol(GameMechanism):
    """Base of the protocols."""

    forms = (Disclosure,)
    competition = False

    def refuse(self, game: StrategicGame) -> None:
        """Refuse other games, and one provider where providers compete.

        Raises:
            InputError: with the reason.
        """
        super().refuse(game)
        assert isinstance(game, Disclosure)
        if self.competition and game.providers < 2:
            raise InputError(f"'{self.label}': kind = \"{self.name}\" needs at least two providers")

    def settle(self, game: Disclosure) -> Settled:
        """Return what providers commit to, and what follows."""
        raise NotImplementedError

    def start(self, game: StrategicGame) -> Committed:
        """Return a state in which no provider has spoken."""
        return Committed(0, game.start())

    def step(self, game: StrategicGame, state: GameState, acting: Acting) -> Committed:  # noqa: ARG002
        """Let providers commit, and the user act."""
        assert isinstance(game, Disclosure)
        try:
            settled = self.settle(game)
        except NumericalError as error:
            nothing = (0,) * game.size
            settled = Settled(nothing, game.by_partition[0], Status.FAILED, f"{error}")
        return Committed(state.round + 1, pure(settled.profile, game.sizes), settled)

    def done(self, game: StrategicGame, state: GameState) -> bool:  # noqa: ARG002
        """Return True after one round."""
        return state.round >= 1

    def outcome(self, game: StrategicGame, state: GameState) -> GameOutcome:
        """Return the outcome. Evidence: gains from deviating, the number of equilibria, and `FIGURES`."""
        assert isinstance(state, Committed)
        assert isinstance(game, Disclosure)
        settled = state.settled
        if settled is None:
            return self.ended(game, state, Status.IN_PLAY, "No provider has spoken.", {})
        evidence = dict(settled.evidence) | {"hull": game.nearest.gap, "bound": game.bound}
        if (share := game.share(float(settled.payoffs[-1]))) is not None:
            evidence["share"] = share
        if settled.regret is not None:
            evidence["relative_regret"] = float((settled.regret / game.scale).max())
        ended = self.ended(
            game,
            state,
            settled.status,
            settled.reason,
            evidence,
            regret=settled.regret,
            regret_exact=settled.exact,
        )
        return replace(ended, payoffs=settled.payoffs, utilities=settled.payoffs)


@dataclass(frozen=True)
class Silent(Protocol):
    """No provider says anything; the user acts on the prior."""

    name = "silent"
    endings = (Status.SETTLED, Status.FAILED)
    evidence = ("relative_regret", *FIGURES)

    def settle(self, game: Disclosure) -> Settled:
        """Return silence, and what each would gain by being the only one to speak."""
        nothing = (0,) * game.size
        regret = game.deviations(nothing)
        why = f"Nothing is said; a provider who spoke would gain up to {float(regret.max()):.6g}."
        return Settled(nothing, game.by_partition[0], Status.SETTLED, why, regret)


@dataclass(frozen=True)
class Aligned(Protocol):
    """A provider with the user's utility speaks: the best that information can do for the user."""

    name = "aligned"
    endings = (Status.OPTIMAL, Status.FAILED)
    evidence = FIGURES

    def settle(self, game: Disclosure) -> Settled:
        """Return full disclosure."""
        all_said = (len(game.cells) - 1,) * game.providers + (0,)
        why = f"The state is known: no scheme gives the user more than {game.most:.6g}."
        return Settled(all_said, game.by_partition[-1], Status.OPTIMAL, why)


@dataclass(frozen=True)
class Alone(Protocol):
    """One provider persuades the user by the scheme that is best for the provider; others say nothing."""

    name = "alone"
    endings = (Status.SETTLED, Status.FAILED)
    evidence = ("speaks", *FIGURES)
    provider: str = option("", "the provider who speaks; by default the first one")
    select: Select = option("worst", "which of the provider's best schemes, by the user's utility")

    def refuse(self, game: StrategicGame) -> None:
        """Refuse other games, and a provider that there is not.

        Raises:
            InputError: with the reason.
        """
        super().refuse(game)
        if self.provider and self.provider not in game.players[:-1]:
            raise InputError(
                f"'{self.label}': no provider is called '{self.provider}'; providers are "
                f"{', '.join(game.players[:10][: game.size - 1])}"
            )

    def settle(self, game: Disclosure) -> Settled:
        """Return the law of states and actions; in the evidence, under `state: action`, and who speaks."""
        i = game.players.index(self.provider) if self.provider else 0
        own, user = game.utility[i], game.utility[-1]
        value = game.persuade(own).value
        held = (own, value - 1e-10 * float(np.abs(own).max()))
        law = game.persuade(-user if self.select == "worst" else user, also=held).law
        evidence = {"speaks": float(i)} | {
            f"{state}: {action}": float(law[s, a])
            for s, state in enumerate(game.states)
            for a, action in enumerate(game.choices_of_user)
        }
        why = (
            f"{game.players[i]} gets {value:.6g}, the most that any scheme gives; the {self.select} of "
            f"these schemes for the user is used."
        )
        nothing = (0,) * game.size
        return Settled(nothing, game.expected(law), Status.SETTLED, why, evidence=evidence)


@dataclass(frozen=True)
class Together(Protocol):
    """The user hears all providers; the worst or the best equilibrium in partitions."""

    name = "together"
    endings = (Status.NASH, Status.FAILED)
    competition = True
    evidence = ("relative_regret", "equilibria", *FIGURES)
    select: Select = option("worst", SELECT)
    tolerance: float = option(1e-6, TOLERANCE, low=0.0)

    def settle(self, game: Disclosure) -> Settled:
        """Return the equilibrium, in which all announce the partition."""
        found = stable(game.gains, game.scale[:-1], self.tolerance)
        if not len(found):
            full = (len(game.cells) - 1,) * game.providers + (0,)
            why = "No partition of the states is an equilibrium."
            return Settled(full, game.by_partition[-1], Status.FAILED, why, game.deviations(full))
        place = select(found, game.by_partition[:, -1], self.select)
        profile = (place,) * game.providers + (0,)
        why = (
            f"{_many(len(found), 'partition')} of {len(game.cells)} can be announced in equilibrium; the "
            f"{self.select} for the user is. No provider gains by any scheme, also a stochastic one."
        )
        evidence = {"equilibria": float(len(found))}
        regret = game.deviations(profile)
        return Settled(profile, game.by_partition[place], Status.NASH, why, regret, evidence)


@dataclass(frozen=True)
class Quantal(Protocol):
    """The user hears all and takes better actions more often; worst or best equilibrium in partitions."""

    name = "quantal"
    endings = (Status.SETTLED, Status.FAILED)
    competition = True
    evidence = ("relative_regret", "equilibria", *FIGURES)
    temperature: float = option(
        0.1, "T: actions have probabilities proportional to exp(utility / T)", low=0.0, open_low=True
    )
    select: Select = option("worst", SELECT)
    tolerance: float = option(1e-6, TOLERANCE, low=0.0)

    def settle(self, game: Disclosure) -> Settled:
        """Return the equilibrium, in which all announce the partition."""
        values = softly(game, self.temperature)
        finer = game.joins == np.arange(len(game.cells))  # [L, M]: M refines L
        most = np.where(finer[..., None], values[None, :, :-1], -np.inf).max(axis=1)
        gains = most - values[:, :-1]
        found = stable(gains, game.scale[:-1], self.tolerance)
        place = select(found, values[:, -1], self.select)  # the finest partition has no deviation
        bound = game.most - self.temperature * math.log(len(game.choices_of_user)) - 2 * game.nearest.gap
        why = (
            f"{_many(len(found), 'partition')} of {len(game.cells)} can be announced without a gain from "
            f"another partition; the {self.select} for the user is. No equilibrium gives her less than "
            f"{bound:.6g}."
        )
        evidence = {"equilibria": float(len(found))}
        regret = np.append(gains[place], 0.0)
        profile = (place,) * game.providers + (0,)
        return Settled(profile, values[place], Status.SETTLED, why, regret, evidence, exact=False)


@dataclass(frozen=True)
class BestAI(Protocol):
    """The user hears only the provider whose commitment is best for her; the worst or best equilibrium."""

    name = "best_ai"
    endings = (Status.NASH, Status.FAILED)
    competition = True
    evidence = ("relative_regret", *FIGURES)
    select: Select = option("worst", SELECT)
    tolerance: float = option(1e-6, TOLERANCE, low=0.0)

    def settle(self, game: Disclosure) -> Settled:
        """Return the first profile, in order of the user's utility, from which no scheme gains.

        Gains depend on the partition that is heard and on the best one of the others, which all of these may
        announce.
        """
        judge = Selection(game)
        sign = 1.0 if self.select == "worst" else -1.0
        order = np.argsort(sign * game.by_partition[:, -1], kind="stable")
        values = game.by_partition[:, -1]
        near = 1e-12 * float(game.scale[-1])
        for top in order.tolist():  # the partition that is heard
            for rival in np.flatnonzero(values <= values[top] + near).tolist():
                for i in range(game.providers):
                    profile = [rival] * game.providers
                    profile[i] = top
                    if judge.heard(profile) != i:
                        continue
                    regret = judge.deviations(profile)
                    if (regret[:-1] <= self.tolerance * game.scale[:-1]).all():
                        why = (
                            f"{game.players[i]} is heard. Of all profiles of partitions from which no "
                            f"provider gains by any scheme this is the {self.select} for the user."
                        )
                        return Settled((*profile, 0), game.by_partition[top], Status.NASH, why, regret)
        nothing = (0,) * game.size
        why = "No profile of partitions is an equilibrium."
        return Settled(nothing, game.by_partition[0], Status.FAILED, why, judge.deviations(nothing[:-1]))


class Selection:
    """Gains from deviating where only the best provider is heard; linear programs are solved once each."""

    def __init__(self, game: Disclosure) -> None:
        self.game = game
        self.values = game.by_partition[:, -1]
        self.solved: dict[tuple[int, float], float] = {}

    def heard(self, profile: Sequence[int]) -> int:
        """Return the provider whose partition is best for the user; of equal ones the first."""
        offered = self.values[list(profile)]
        return int(np.argmax(offered >= offered.max() - 1e-12 * float(self.game.scale[-1])))

    def deviations(self, profile: Sequence[int]) -> Array:
        """Return the largest gain of each provider from any scheme, (k + 1,); 0 of the user."""
        game, gains = self.game, np.zeros(self.game.size)
        own = game.by_partition[profile[self.heard(profile)]]
        for i in range(game.providers):
            others = [each for j, each in enumerate(profile) if j != i]
            rival = others[self.heard(others)]
            best = max(float(game.by_partition[rival, i]), self._chosen(i, float(self.values[rival])))
            gains[i] = max(best - own[i], 0.0)
        return gains

    def _chosen(self, i: int, least: float) -> float:
        """Return the most that a provider gets with a scheme that gives the user enough."""
        if (i, least) not in self.solved:
            game = self.game
            floor = least - 1e-10 * float(game.scale[-1])
            self.solved[i, least] = game.persuade(game.utility[i], also=(game.utility[-1], floor)).value
        return self.solved[i, least]


def softly(game: Disclosure, temperature: float) -> Array:
    """Return what each partition gives if the user answers by logit, (B, k + 1)."""
    by_cell = np.zeros((2 ** len(game.states), game.size))
    for mask in range(1, len(by_cell)):
        cell = members(mask)
        p = game.prior[cell]
        score = (p / p.sum()) @ game.utility[-1][cell] / temperature
        odds = np.exp(score - score.max())
        by_cell[mask] = game.utility[:, cell] @ (odds / odds.sum()) @ p
    return np.array([by_cell[list(cells)].sum(axis=0) for cells in game.cells])


def stable(gains: Array, scale: Array, tolerance: float) -> NDArray[np.intp]:
    """Return the partitions from which no provider gains."""
    return np.flatnonzero((gains <= tolerance * scale).all(axis=1))


def select(found: NDArray[np.intp], values: Array, which: Select) -> int:
    """Return the partition that is worst, or best, for the user; of equal ones the first."""
    of: Callable[[Array], np.intp] = np.argmin if which == "worst" else np.argmax
    return int(found[of(values[found])])


def _many(count: int, what: str) -> str:
    return f"{count} {what}{'' if count == 1 else 's'}"
