"""Games without prices, played by best replies in rounds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal

from market.mechanisms.base import Mechanism
from market.registry import Family, option

Schedule = Literal["sequential", "simultaneous", "random"]


@dataclass(frozen=True)
class Game(Family):
    """Base of the games."""

    name: ClassVar[str]


@dataclass(frozen=True)
class Unmediated(Mechanism):
    """Agents play a game without prices by best replies."""

    name = "unmediated"
    game: Game
    max_rounds: int = option(1000, "rounds after which the play stops", low=1)
    tolerance: float = option(1e-9, "largest gain from deviating alone, relative, that counts as none", low=0.0)
