from dataclasses import dataclass
from market.mechanisms.unmediated import Game, Schedule
from market.registry import option


@dataclass(frozen=True)
class Claims(Game):
    """All claim amounts of the commons; if the claims on a good exceed it there is war, and all pay a penalty."""

    name = "claims"
    penalty: float = option(1e99, "what war costs everyone", low=0.0)
    max_claim: float | dict[str, float] = option({}, "the most that one may claim of a good; default its stock", low=0.0, names="goods")
    first_claims: float | dict[str, float] = option({}, "what everyone claims of a good before the first round; default nothing", low=0.0, names="goods")
    schedule: Schedule = option("sequential", "who answers whom within a round")
