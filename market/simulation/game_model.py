"""A game under one mechanism as a `mesa.Model` that can be stepped, with a `mesa.Agent` for each player.

One `model.step()` is one round of the mechanism, and `run()` steps to the end. A player whose class overrides
`act` decides by itself: it is asked for its action where the mechanism would choose one for it. A mechanism
that chooses for all (a planner, a mediator, a search for equilibria, protocols, votes) asks no player, and
says so.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import partial

import mesa
import numpy as np

from market.economy.correspondences import Array
from market.errors import InputError, NumericalError, did_you_mean
from market.games.base import StrategicGame
from market.games.mechanisms.base import GameMechanism, GameState, outcome_so_far
from market.games.outcome import GameOutcome
from market.games.plays import Actions, Joint, Mixtures, Play
from market.games.smooth import Smooth
from market.games.stages import Stages
from market.games.table import Table
from market.scenario.game_loading import GameScenario, build_game
from market.simulation.agents import Placed

FOLLOWED = 6
"""Players, and numbers of each, that are observed one by one in every round; of more only sums."""

NAMED = 3
"""Players with rules of their own that a reason names."""


class Player(Placed):
    """A player of a game; subclass it to decide by itself.

    A subclass changes what the player does, not what it gets: payoffs, regret and efficiency are those of the
    scenario.

    Args:
        model: the simulation.
        row: its place among the players.

    Example:
        A player that does what the other did last::

            class Copycat(market.Player):
                def act(self, others, advised):
                    return next(iter(others.values()))

            model = market.GameModel(scenario, "left alone", players={"row": Copycat})
    """

    model: GameModel

    @property
    def name(self) -> str:
        """Name in the scenario."""
        return self.model.game.players[self.row]

    @property
    def action(self) -> object:
        """Own action: its name, probabilities by action, or a number or array."""
        return shown_action(self.model.game, self.model.state.play, self.row)

    @property
    def payoff(self) -> float:
        """Material payoff if play stopped now."""
        return float(self.model.payoffs[self.row])

    def act(self, others: Mapping[str, object], advised: object) -> object:  # noqa: ARG002
        """Return the action to take, where the mechanism asks for one.

        Args:
            others: name of each other player -> what it does.
            advised: what the mechanism would choose for a built-in player.
        """
        return advised


class GameModel(mesa.Model):
    """A game played under one mechanism.

    Args:
        scenario: of a game, read by `market.load`.
        mechanism: the name of the mechanism; the scenario's first one if not given.
        seed: the seed of all draws; the scenario's own if not given.
        players: for the names of players or groups, subclasses of `Player`.

    Raises:
        InputError: there is no mechanism or player of that name, or the game cannot be played so.

    Example:
        >>> import market
        >>> scenario = market.loads('''
        ... schema = 1
        ... game = "public_goods"
        ... players = [{ name = "giver", count = 3, curvature = 1.0 }]
        ... parameters = { multiplier = 0.6 }
        ... mechanisms = [{ name = "left alone", kind = "unmediated" }]
        ... ''')
        >>> outcome = market.GameModel(scenario).run()
        >>> outcome.status.value, outcome.play.values.ravel().round(6)
        ('nash', array([0.2, 0.2, 0.2]))
    """

    def __init__(
        self,
        scenario: GameScenario,
        mechanism: str | None = None,
        *,
        seed: int | None = None,
        players: Mapping[str, type[Player]] | None = None,
    ) -> None:
        if not isinstance(scenario, GameScenario):
            raise InputError(f"a scenario of a game is needed, not {scenario!r:.60}; use market.load(...)")
        self.game: StrategicGame = build_game(scenario, seed)
        super().__init__(rng=self.game.seed)
        label = scenario.mechanism_names[0] if mechanism is None else mechanism
        self.mechanism: GameMechanism = scenario.mechanism(label)
        try:
            self.mechanism.refuse(self.game)
        except InputError as error:
            raise scenario.refused(label, error) from error
        classes = self._classes(players or {})
        self.players = tuple(classes.get(row, Player)(self, row) for row in range(self.game.size))
        self._own = {row for row in classes if classes[row].act is not Player.act}
        self.state: GameState = self.mechanism.start(self.game)
        self._last: tuple[int, GameOutcome] | None = None
        self._paid: tuple[GameState, Array] | None = None
        self.datacollector = mesa.DataCollector(
            model_reporters={name: partial(_observed, name=name) for name in self.mechanism.observed_once}
            | {"total_payoff": lambda model: float(model.payoffs.sum())}
            | _followed(self.game),
            agent_reporters={"payoff": "payoff"},
        )
        self.running = not self.mechanism.done(self.game, self.state)

    def _classes(self, given: Mapping[str, type[Player]]) -> dict[int, type[Player]]:
        """Return the rows of players of another class -> class."""
        rows: dict[int, type[Player]] = {}
        names = dict.fromkeys((*self.game.groups, *self.game.players))
        for name, kind in given.items():
            if name not in names:
                raise InputError(f"no player or group '{name}'; {did_you_mean(name, names)}")
            if not (isinstance(kind, type) and issubclass(kind, Player)):
                raise InputError(f"'{name}' needs a subclass of market.Player, not {kind!r:.60}")
            own = self.game.groups.get(name)
            rows |= dict.fromkeys([self.game.players.index(name)] if own is None else own.tolist(), kind)
        return rows

    def player(self, name: str) -> Player:
        """Return the player of that name."""
        if name not in self.game.players:
            raise InputError(f"no player '{name}'; {did_you_mean(name, self.game.players)}")
        return self.players[self.game.players.index(name)]

    @property
    def payoffs(self) -> Array:
        """Material payoffs if play stopped now, (n,)."""
        if self._paid is None or self._paid[0] is not self.state:
            self._paid = self.state, self.game.payoffs(self.state.play)
        return self._paid[1]

    def step(self) -> None:
        """Play one round, if the mechanism is not done."""
        if self.mechanism.done(self.game, self.state):
            self.running = False
            return
        self.state = self.mechanism.step(self.game, self.state, self.acting)
        self.datacollector.collect(self)
        self.running = not self.mechanism.done(self.game, self.state)

    def acting(self, player: int, play: Play, action: Array) -> Array:
        """Return what a player does: the mechanism's own choice, or the decision of a class of its own."""
        if player not in self._own:
            return action
        others = {
            name: shown_action(self.game, play, row)
            for row, name in enumerate(self.game.players)
            if row != player
        }
        advised = shown_action(self.game, self.game.with_action(play, player, action), player)
        return checked_action(self.game, self.players[player], self.players[player].act(others, advised))

    def run(self) -> GameOutcome:
        """Step to the end and return the outcome."""
        while not self.mechanism.done(self.game, self.state):
            self.step()
        self.running = False
        return self.outcome()

    def _on_own_rules(self, outcome: GameOutcome) -> str:
        """Return a sentence on players with rules of their own: what they forgo, or that none is asked."""
        rows = sorted(self._own)
        shown = [self.game.players[row] for row in rows[:NAMED]]
        more = f" and {len(rows) - NAMED:,} more" if len(rows) > NAMED else ""
        who, one = f"{', '.join(shown)}{more}", len(rows) == 1
        if not self.mechanism.asks_players:
            return f"No player is asked here, so the rule of {who} is not used."
        follows = f"{who} {'follows a rule of its own' if one else 'follow rules of their own'}"
        if outcome.regret is None:
            return f"{follows}."
        most = float(outcome.regret[rows].max())
        return f"{follows}, and {'forgoes' if one else 'forgo up to'} {most:.6g}."

    def outcome(self) -> GameOutcome:
        """Return the outcome; while rounds remain, that of stopping now, with the status `in_play`."""
        if self._last is None or self._last[0] != self.state.round:
            found = outcome_so_far(self.mechanism, self.game, self.state)
            if self._own:
                found = replace(found, reason=f"{found.reason} {self._on_own_rules(found)}")
            self._last = (self.state.round, found)
        return self._last[1]


def _observed(model: GameModel, name: str) -> float:
    return float(model.state.observed()[name])


def _followed(game: StrategicGame) -> dict[str, partial[float]]:
    """Return reporters of each player's payoff and amounts, where there are few of both."""
    if game.size > FOLLOWED:
        return {}
    found = {f"payoff[{name}]": partial(_payoff, row=row) for row, name in enumerate(game.players)}
    start = game.start()
    if isinstance(start, Actions) and start.values.shape[1] <= FOLLOWED:
        for row, name in enumerate(game.players):
            for k in range(start.values.shape[1]):
                found[amount_measure(game, name, k)] = partial(_amount, row=row, k=k)
    return found


def amount_measure(game: StrategicGame, player: str, k: int = 0) -> str:
    """Return the measure of a player's number in rounds: `amount[NAME]`, or `amount[NAME][k]` of several."""
    start = game.start()
    assert isinstance(start, Actions)
    return f"amount[{player}]" if start.values.shape[1] == 1 else f"amount[{player}][{k}]"


def _payoff(model: GameModel, row: int) -> float:
    return float(model.payoffs[row])


def _amount(model: GameModel, row: int, k: int) -> float:
    assert isinstance(model.state.play, Actions)
    return float(model.state.play.values[row, k])


def shown_action(game: StrategicGame, play: Play, row: int) -> object:
    """Return what a player does as a reader sees it: a name, probabilities by name, a number or an array."""
    if isinstance(play, Joint):
        axes = tuple(axis for axis in range(game.size) if axis != row)
        play_own = play.probabilities.sum(axis=axes)
    elif isinstance(play, Mixtures):
        play_own = play.of[row]
    else:
        return float(play.values[row, 0]) if play.values.shape[1] == 1 else play.values[row].copy()
    assert isinstance(game, Table)
    names = game.actions[row]
    if play_own.max() == 1.0:
        return names[int(play_own.argmax())]
    return {name: float(p) for name, p in zip(names, play_own, strict=True) if p > 0}


def checked_action(game: StrategicGame, player: Player, said: object) -> Array:
    """Return a player's own decision as an array; refuse what it may not do.

    Raises:
        NumericalError: it is no action of the player.
    """
    if isinstance(game, Table):
        names = game.actions[player.row]
        if isinstance(said, str) and said in names:
            return np.eye(len(names))[names.index(said)]
        if isinstance(said, Mapping) and said and set(said) <= set(names):
            p = np.array([float(said.get(name, 0.0)) for name in names])
            if (p >= 0).all() and abs(p.sum() - 1.0) <= 1e-9:
                return p / p.sum()
        raise NumericalError(
            f"{player.name} acted with {said!r:.60}; one of {', '.join(names)} is needed, or probabilities"
        )
    try:
        numbers = np.atleast_1d(np.asarray(said, dtype=float))
    except (TypeError, ValueError):
        raise NumericalError(f"{player.name} acted with {said!r:.60}; numbers are needed") from None
    if isinstance(game, Stages):
        near = game.with_action(game.start(), player.row, numbers[:1]).values[player.row]
        if numbers.shape != (1,) or not abs(near - numbers)[0] <= 1e-9 / game.steps:
            raise NumericalError(f"{player.name} acted with {said!r:.60}, which is not an amount of its grid")
        return near
    assert isinstance(game, Smooth)
    shape = game.first.shape[1:]
    allowed = numbers.shape == shape and bool(np.isfinite(numbers).all())
    if not allowed or np.abs(game.projected(numbers, player.row) - numbers).max() > 1e-9 * game.reach.max():
        raise NumericalError(f"{player.name} acted with {said!r:.60}, which is not within its bounds")
    return game.projected(numbers, player.row)
