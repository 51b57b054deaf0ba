"""A family of games, as it is named under `game` in a scenario: its parameters, and how it becomes a game.

Three kinds share this base: `SmoothFamily` (amounts, `games/smooth.py`), `TableFamily` (a table made from
parameters) and `table` itself, whose payoffs stand in the scenario.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.errors import InputError
from market.games.base import StrategicGame
from market.games.table import Table, table
from market.registry import Family, Parameter

Key = tuple[Any, Any]
"""Type and pydantic field of a key of the scenario that a family reads by itself."""


class MisfitError(InputError):
    """A key of a scenario does not fit the game that the others make.

    Args:
        place: the key's path in the file.
        message: what is wrong, and what would be right.
    """

    def __init__(self, place: tuple[str | int, ...], message: str) -> None:
        super().__init__(message)
        self.place = place


@dataclass(frozen=True)
class Setting:
    """A scenario's numbers for a game, checked and drawn.

    Args:
        players: their names, (n,).
        groups: group name -> rows of its members.
        comparable: True if payoffs are in one unit.
        concern: (n, n) with a diagonal of 0, or None.
        seed: the root of every random draw.
        parameters: name -> number of the game, or (n,) numbers of the players.
        keys: what the family's own keys say: of the file, and under `players` a list with each group's.
        folder: of data files that the file names; None if there is none.
    """

    players: tuple[str, ...]
    groups: Mapping[str, NDArray[np.intp]]
    comparable: bool
    concern: Array | None
    seed: int
    parameters: Mapping[str, Any]
    keys: Mapping[str, Any] = field(default_factory=dict)
    folder: Path | None = None


class GameFamily(Family):
    """Base of the families of games.

    A family declares `game_parameters`, numbers under `[parameters]`; `player_parameters`, numbers of each
    player; and, where numbers do not suffice, `file_keys` and `player_keys` that it reads by itself.
    """

    game_parameters: ClassVar[Mapping[str, Parameter]] = {}
    player_parameters: ClassVar[Mapping[str, Parameter]] = {}
    file_keys: ClassVar[Mapping[str, Key]] = {}
    player_keys: ClassVar[Mapping[str, Key]] = {}
    usual_players: ClassVar[Sequence[str]] = ()
    """Players of a scenario that names none; empty if it must."""
    least_players: ClassVar[int] = 1
    most_players: ClassVar[int | None] = None

    @classmethod
    def faults(cls, setting: Setting) -> Sequence[tuple[tuple[str | int, ...], str]]:  # noqa: ARG003
        """Return what is wrong with a setting whose numbers are each in range: place in the file, message."""
        return []

    @classmethod
    def build(cls, setting: Setting) -> StrategicGame:
        """Return the game.

        Raises:
            InputError: it cannot be made; the message says why.
        """
        raise NotImplementedError


class TableFamily(GameFamily):
    """Base of ready-made tables."""

    @classmethod
    def payoffs(cls, setting: Setting) -> Array:
        """Return the payoffs, (A_1, ..., A_n, n)."""
        raise NotImplementedError

    @classmethod
    def actions(cls, setting: Setting) -> Sequence[Sequence[str]]:
        """Return the names of each player's actions."""
        raise NotImplementedError

    @classmethod
    def build(cls, setting: Setting) -> Table:
        """Return the table."""
        return table(
            cls.payoffs(setting),
            setting.players,
            cls.actions(setting),
            comparable=setting.comparable,
            concern=setting.concern,
            groups=setting.groups,
            seed=setting.seed,
        )
