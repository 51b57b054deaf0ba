"""The offer of a server: what its pages may show.

Solara makes a page from a module that it imports by name, so that the server leaves its offer here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from market.scenario.game_loading import GameScenario
    from market.scenario.loading import Scenario
    from market.simulation.agents import Trader
    from market.simulation.game_model import Player


@dataclass(frozen=True, eq=False)
class Offer:
    """Scenarios, traders and output folder of a page.

    Args:
        scenarios: name -> scenario or its file; the first is shown first.
        out: the folder in which exported runs are put.
        traders: as for `market.compare`, in every scenario of an economy.
        players: likewise, in every scenario of a game.
    """

    scenarios: Mapping[str, Path | Scenario | GameScenario]
    out: Path
    traders: Mapping[str, type[Trader]] = field(default_factory=dict)
    players: Mapping[str, type[Player]] = field(default_factory=dict)


_made: list[Offer] = []  # the last one is that of the server in this process


def make(offer: Offer) -> None:
    """Make an offer to all pages that are opened from now on."""
    _made[:] = [offer]


def current() -> Offer:
    """Return the offer made last."""
    return _made[-1]
