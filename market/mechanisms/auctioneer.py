from dataclasses import dataclass
from market.mechanisms.base import Mechanism
from market.pricing import Rule
from market.registry import option


@dataclass(frozen=True)
class Auctioneer(Mechanism):
    """Prices are announced, everyone answers, prices are adjusted until demand equals supply."""

    name = "auctioneer"
    rule: Rule
    tolerance: float = option(1e-9, "largest relative excess demand at which a market counts as cleared", low=0.0, open_low=True)
    max_rounds: int = option(10_000, "rounds after which the play stops", low=1)
    initial_prices: dict[str, float] = option({}, "the first prices announced; default 1", low=0.0, open_low=True, names="goods")
