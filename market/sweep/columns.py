"""The columns of the table of runs, one row per run and mechanism.

Always present:

- `run`, `point`, `replicate`, `seed`: which run it is; `market run --set ... --seed` plays it again;
- one column per varied parameter, named by its path;
- `mechanism`, `kind`, `status`, `reason`; `error` and `traceback` of a mechanism that could not be played or
  judged, in which case all that follows is null; `settled`: true if it cleared, was a Nash equilibrium or an
  optimum; `rounds`;
- `price[g]`, `disequilibrium`, `auctioneer_payoff`, null without prices; `revenue`;
- `tax_revenue`, `quota_rent`, `buyer_price[g]` (paid, taxes and rents included): only if some mechanism has
  taxes, caps, floors or quotas, and null for the others; the deadweight loss is `surplus_gap`;
- `efficiency` (gains over the largest in lots) and `alpha` (Smith's coefficient of convergence, per cent) of
  the last day of double auctions: only if there is one, and null for other mechanisms;
- `consumption[g]`, `production[g]`: totals over agents, units;
- `agents`, their number; `finite_utilities`, `infinite_utilities`: the numbers above -inf and at -inf;
  `lowest_utility` of consumers (agents that want some good): -inf if any agent is at -inf;
- `total_surplus`: sum_i u_i - C_i, -inf if any agent is, and `mean_finite_utility` of consumers above -inf;
  `consumer_surplus`, infinite where a first unit is worth infinitely much, and `producer_surplus`
  (`efficiency/surplus.py`); all only with quasilinear money: elsewhere sums of utilities have no meaning;
- `max_regret`; `efficient`, `degenerate`, `efficient_with_transfers`: null where unknown; `surplus_gap`,
  `resource_utilisation`, `residual`, `unknown` (sentences): the alignment report;
- `gain`, `lose`, `pareto_improvement`: numbers of agents that gain and lose compared with the first mechanism
  without prices.

For each of up to 20 groups of agents, the sums over its members unless stated otherwise:

- `consumption[group,g]`, `production[group,g]`, units (under `exchange` net outputs, inputs negative);
- `payment[group]`: net money paid, negative for a net seller;
- `revenue[group]`, `cost[group]`, `profit[group]`: of producers, and of sellers who want no good, money; the
  revenue of a seller is positive (`efficiency/producer_accounts.py`); null for groups of consumers alone, and
  where nothing is paid or prices are missing;
- `payoff[group]`: in the game that was played; null where the payoffs of several members have no common
  unit;
- `lowest_utility[group]` of its consumers, null without any; `infinite_utilities[group]`;
- `weight[group]`: its share of the welfare weights.

A name with a comma or a quotation mark is in quotation marks within brackets, with a backslash before each
quotation mark and backslash in it: `consumption["a,b"]` is of the good `a,b`, `consumption[a,b]` of the
good `b` by the group `a`. `column` writes such names, and `parts` reads them.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

from market.sweep.axes import Axis, ColumnType

if TYPE_CHECKING:
    from market.scenario.loading import Scenario

MOST_GROUPS = 20  # with columns of their own

OF_BOOKS = ("efficiency", "alpha")
"""Numbers of double auctions, by their names in the evidence."""

IDENTITY = ("run", "point", "replicate", "seed")


_PART = re.compile(r'"((?:[^"\\]|\\.)*)"|([^,"]+)')


def column(measure: str, *names: str) -> str:
    r"""Return the name of a column.

    Args:
        measure: its first word.
        names: of a group, a good, or both.

    Example:
        >>> print(column("consumption", "coal", "power"), column("price", "a,b"), column("price", 'say "b"'))
        consumption[coal,power] price["a,b"] price["say \"b\""]
    """
    return f"{measure}[{','.join(map(_quoted, names))}]" if names else measure


def _quoted(name: str) -> str:
    if "," not in name and '"' not in name:
        return name
    escaped = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'


def parts(name: str) -> tuple[str, ...]:
    """Return the measure and the names of which a column's name is made; see `column`.

    Example:
        >>> parts("consumption[coal,power]"), parts('price["a,b"]'), parts("rounds")
        (('consumption', 'coal', 'power'), ('price', 'a,b'), ('rounds',))
    """
    measure, bracket, rest = name.partition("[")
    if not bracket or not rest.endswith("]"):
        return (name,)
    found = _PART.finditer(rest[:-1])
    return measure, *(each[2] or re.sub(r"\\(.)", r"\1", each[1]) for each in found)


def has_interventions(scenario: Scenario) -> bool:
    """Return True if some auctioneer of a scenario has a tax, a cap, a floor or a quota."""
    keys = ("tax", "tax_rate", "price_cap", "price_floor", "quota")
    return any(getattr(entry, key, None) for entry in scenario.mechanisms for key in keys)


def has_books(scenario: Scenario) -> bool:
    """Return True if some mechanism of a scenario is a double auction."""
    return any(getattr(entry, "kind", None) == "double_auction" for entry in scenario.mechanisms)


def columns(
    axes: Sequence[Axis],
    goods: Sequence[str],
    groups: Sequence[str],
    levied: bool = False,
    booked: bool = False,
) -> Mapping[str, ColumnType]:
    """Return column name -> its type, in order; all but the identity and the parameters may be null.

    Args:
        axes: parameters varied.
        goods: names.
        groups: names of the groups of agents.
        levied: True if some mechanism has interventions.
        booked: True if some mechanism is a double auction.
    """
    found: dict[str, ColumnType] = dict.fromkeys(IDENTITY, "whole")
    found |= {axis.path: axis.kind for axis in axes}
    found |= dict.fromkeys(("mechanism", "kind", "status", "reason", "error", "traceback"), "text")
    found |= {"settled": "truth", "rounds": "whole"}
    found |= _numbers(column("price", good) for good in goods)
    found |= _numbers(("disequilibrium", "auctioneer_payoff", "revenue"))
    if levied:
        found |= _numbers(("tax_revenue", "quota_rent"))
        found |= _numbers(column("buyer_price", good) for good in goods)
    if booked:
        found |= _numbers(OF_BOOKS)
    found |= _numbers(column(what, good) for what in ("consumption", "production") for good in goods)
    found |= dict.fromkeys(("agents", "finite_utilities", "infinite_utilities"), "whole")
    found |= _numbers(("lowest_utility", "mean_finite_utility", "total_surplus", "max_regret"))
    found |= _numbers(("consumer_surplus", "producer_surplus"))
    found |= dict.fromkeys(("efficient", "degenerate", "efficient_with_transfers"), "truth")
    found |= _numbers(("surplus_gap", "resource_utilisation", "residual"))
    found |= {"unknown": "text", "gain": "whole", "lose": "whole", "pareto_improvement": "truth"}
    for group in named(groups):
        found |= _numbers(column(what, group) for what in ("lowest_utility", "payment", "weight"))
        found[column("infinite_utilities", group)] = "whole"
        found |= _numbers(column("consumption", group, good) for good in goods)
        found |= _numbers(column("production", group, good) for good in goods)
        found |= _numbers(column(what, group) for what in ("revenue", "cost", "profit", "payoff"))
    return found


def named(groups: Sequence[str]) -> Sequence[str]:
    """Return the groups that have columns of their own: all of up to 20, else none."""
    return groups if len(groups) <= MOST_GROUPS else ()


def _numbers(names: Iterable[str]) -> dict[str, ColumnType]:
    return dict.fromkeys(names, "number")
