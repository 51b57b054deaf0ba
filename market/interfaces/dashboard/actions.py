"""Actions of the players of a game in this round, as HTML: bars of amounts or of the actions of a mixture.

A bar is as long as the amount is between its bounds, or the probability between 0 and 1. Of many players the
least, the mean and the largest are shown.
"""

from __future__ import annotations

import html
from collections.abc import Iterator

import numpy as np

from market.games.base import StrategicGame
from market.games.plays import Actions, Joint, Play
from market.games.smooth import Smooth
from market.games.stages import Stages
from market.games.table import Table
from market.interfaces.text.sentences import number, visible
from market.simulation.game_model import GameModel

MOST = 8  # bars
LEAST_SHOWN = 5e-3  # probability


def actions(model: GameModel) -> str:
    """Return a list of bars.

    Args:
        model: of a game, after any number of rounds.
    """
    game, play = model.game, model.state.play
    bars = list(_amounts(game, play) if isinstance(play, Actions) else _mixtures(game, play))
    shown = "".join(_bar(*bar) for bar in bars[:MOST])
    more = f"<li>and {len(bars) - MOST} more</li>" if len(bars) > MOST else ""
    return f'<ul class="market-actions">{shown}{more}</ul>'


def _bar(name: str, part: float, value: str) -> str:
    width = 100.0 * min(max(part, 0.0), 1.0)
    return (
        f'<li><span>{html.escape(visible(name))}</span><i><b style="width:{width:.1f}%"></b></i>'
        f"<em>{html.escape(value)}</em></li>"
    )


def _amounts(game: StrategicGame, play: Actions) -> Iterator[tuple[str, float, str]]:
    """Yield name, part of the way between bounds, and value of each amount."""
    a = play.values
    if isinstance(game, Smooth):
        low, high = game.limits
        if game.total is not None:
            high = np.minimum(high, game.total[:, None])
    else:
        assert isinstance(game, Stages)
        low, high = game.least[:, None] / game.steps, game.most[:, None] / game.steps
    part = (a - low) / np.where(high > low, high - low, 1.0)
    if game.size > MOST:
        for word, of in (("least", np.min), ("mean", np.mean), ("largest", np.max)):
            yield f"{word} of {game.size:,}", float(of(part)), number(float(of(a)))
        return
    for i, player in enumerate(game.players):
        for k in range(a.shape[1]):
            name = player if a.shape[1] == 1 else f"{player}, {k + 1}"
            yield name, float(part[i, k]), number(float(a[i, k]))


def _mixtures(game: StrategicGame, play: Play) -> Iterator[tuple[str, float, str]]:
    """Yield player and action, and its probability."""
    assert isinstance(game, Table)
    for i, player in enumerate(game.players):
        if isinstance(play, Joint):
            p = play.probabilities.sum(axis=tuple(axis for axis in range(game.size) if axis != i))
        else:
            assert not isinstance(play, Actions)
            p = play.of[i]
        for name, own in zip(game.actions[i], p, strict=True):
            if own > LEAST_SHOWN and len(p) > 1:
                yield f"{player}: {name}", float(own), number(float(own))
