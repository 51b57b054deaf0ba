from dataclasses import dataclass, MISSING
from typing import Literal
from market.mechanisms.unmediated import Game
from market.registry import option


@dataclass(frozen=True)
class Seize(Game):
    """The movers, in order, take what they like of the commons; the others share the rest equally."""

    name = "seize"
    movers: tuple[str, ...] = option(MISSING, "who takes, in order: agents or groups", names="agents")
    schedule: Literal["sequential", "random"] = option("sequential", "the order given, or a random one")
