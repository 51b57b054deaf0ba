from dataclasses import dataclass
from market.mechanisms.base import Mechanism
from market.registry import option


@dataclass(frozen=True)
class Planner(Mechanism):
    """One maximiser of a weighted sum of utilities decides for all."""

    name = "planner"
    welfare_weights: dict[str, float] = option({}, "weight of each agent or group in the sum; default 1", low=0.0, names="agents", key="weights")
