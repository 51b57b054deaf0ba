"""How many equilibria a scenario has: from its file to the search in `equilibrium`."""

from __future__ import annotations

from market.equilibrium import Equilibria, search
from market.errors import InputError
from market.scenario import Scenario, build

STARTS = 200


def equilibria(scenario: Scenario, *, starts: int = STARTS, seed: int | None = None) -> Equilibria:
    """Look for all competitive equilibria of a scenario's economy, from many starts.

    Args:
        scenario: what `market.load` returns; its mechanisms do not matter.
        starts: from how many prices to start, >= 1.
        seed: for all draws, of the economy and of the starts; the scenario's own if not given.

    Raises:
        InputError: there is nothing to start from, or the economy cannot be built.

    Example:
        One owns bread, the other three times as much wine, and both spend half their income on each:

        >>> import market
        >>> likes_both = 'utility = { family = "log", weights = { bread = 1, wine = 1 } }'
        >>> scenario = market.loads(f'''
        ...     schema = 1
        ...     economy = "exchange"
        ...     goods = ["bread", "wine"]
        ...     agents = [
        ...       {{ name = "baker", endowment = {{ bread = 1 }}, {likes_both} }},
        ...       {{ name = "vintner", endowment = {{ wine = 3 }}, {likes_both} }},
        ...     ]
        ...     mechanisms = [{{ name = "prices", kind = "auctioneer" }}]
        ... ''')
        >>> [only] = market.equilibria(scenario, starts=10).found
        >>> only.prices.round(9).tolist(), only.index, only.stable
        ([0.75, 0.25], 1, True)
    """
    if starts < 1:
        raise InputError(f"there must be at least one start, not {starts}")
    return search(build(scenario, seed), starts)
