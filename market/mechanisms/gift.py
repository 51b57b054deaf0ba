from dataclasses import dataclass
from market.mechanisms.unmediated import Game, Schedule
from market.registry import option


@dataclass(frozen=True)
class Gift(Game):
    """Producers choose what to make and pay for it; it goes in equal shares to those who want it."""

    name = "gift"
    schedule: Schedule = option("sequential", "who answers whom within a round")
