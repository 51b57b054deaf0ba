from dataclasses import dataclass
from market.mechanisms.unmediated import Game
from market.registry import option


@dataclass(frozen=True)
class Autarky(Game):
    """Everyone lives on its own endowment and on what it makes for itself."""

    name = "autarky"
