"""All equilibria of a scenario: the search in `equilibrium`, and its result as data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.equilibrium import Equilibria, Equilibrium, search
from market.equilibrium.budget import Budget, size_for
from market.equilibrium.search import SEARCH_EVALUATIONS, SEARCH_SECONDS
from market.equilibrium.starts import Progress
from market.errors import InputError
from market.results.schema import LARGEST_MAP, SCHEMA
from market.results.tables import scenario_reference
from market.scenario.building import build
from market.scenario.loading import as_economy

if TYPE_CHECKING:
    from market.scenario.loading import Scenario

STARTS, MOST_STARTS = 200, 100_000
MOST_EVALUATIONS = 1_000_000_000


def equilibria(
    scenario: Scenario,
    *,
    starts: int = STARTS,
    seed: int | None = None,
    budget: int | None = None,
    seconds: float | None = None,
    progress: Progress | None = None,
) -> Equilibria:
    """Search for all competitive equilibria of a scenario's economy, from many starting prices.

    Args:
        scenario: the scenario, read by `market.load`; its mechanisms do not matter.
        starts: the number of starting prices, 1 to 100,000.
        seed: the seed of all draws, of the economy and of the starts; the scenario's own if not given.
        budget: the largest number of evaluations of excess demand, demand and supply of all agents at one
            list of prices; 100,000 if not given, and fewer in an economy of more than some 2,000 amounts.
        seconds: the longest processor time, 60 if not given; it should not end a search before its budget.
        progress: called with the number of starting prices done, and of all, before each.

    Raises:
        InputError: starts, budget or seconds is out of range, or the economy cannot be built.

    Example:
        One agent owns bread, the other three times as much wine, and both spend half their income on each:

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
    as_economy(scenario)
    if not 1 <= starts <= MOST_STARTS:
        raise InputError(f"starts must be 1 to {MOST_STARTS:,}, not {starts}")
    if budget is not None and not 1 <= budget <= MOST_EVALUATIONS:
        raise InputError(f"budget must be 1 to {MOST_EVALUATIONS:,}, not {budget}")
    if seconds is not None and not seconds > 0:
        raise InputError(f"seconds must be above 0, not {seconds}")
    economy = build(scenario, seed)
    if economy.public_goods:
        raise InputError(
            "the search is for economies of private goods; an auctioneer finds Lindahl prices of public ones"
        )
    limit = Budget(
        budget or size_for(economy, SEARCH_EVALUATIONS), SEARCH_SECONDS if seconds is None else seconds
    )
    return search(economy, starts, limit, progress)


def as_data(scenario: Scenario, found: Equilibria) -> dict[str, Any]:
    """Return the equilibria as plain Python objects, ready for strict JSON.

    Maps of agents are null above 1000 agents, as in `result.json`.
    """
    economy = found.economy
    return {
        "schema": SCHEMA,
        "scenario": scenario_reference(scenario).model_dump(),
        "seed": economy.seed,
        "goods": list(economy.goods),
        "agents": list(economy.agents),
        "prices_are": unit_of_prices(economy),
        "starts": found.starts,
        "starts_searched": found.searched,
        "evaluations": found.evaluations,
        "stopped": found.stopped,
        "no_equilibrium": found.no_equilibrium,
        "equilibria": [_one(economy, each) for each in found.found],
        "index_sum": found.index_sum,
        "near_misses": [
            {"prices": _by_good(economy, p), "relative_excess_demand": excess}
            for p, excess in found.near_misses
        ],
    }


def unit_of_prices(economy: Economy) -> str:
    """Return the unit of prices in words."""
    if economy.money is not Money.EXCHANGE:
        return "money per unit"
    return (
        "relative, summing to one" if economy.numeraire is None else f"in {economy.goods[economy.numeraire]}"
    )


def _one(economy: Economy, each: Equilibrium) -> dict[str, Any]:
    def by_both(amounts: Array) -> dict[str, Any] | None:
        if len(economy.agents) > LARGEST_MAP:
            return None
        return {agent: _by_good(economy, row) for agent, row in zip(economy.agents, amounts, strict=True)}

    return {
        "prices": _by_good(economy, each.prices),
        "index": each.index,
        "no_index": each.no_index,
        "stable": each.stable,
        "isolated": each.isolated,
        "starts": each.starts,
        "residual": each.residual,
        "consumption": by_both(each.consumption),
        "production": by_both(each.production),
    }


def _by_good(economy: Economy, amounts: Array) -> dict[str, float]:
    return dict(zip(economy.goods, amounts.tolist(), strict=True))
