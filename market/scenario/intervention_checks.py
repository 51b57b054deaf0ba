"""Rules for the taxes, caps, floors and quotas of an auctioneer that span several keys of a scenario.

The values are read as parsed, and may be of any type anywhere: what is no table or number is left to the
models.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from market.economy.primitives import Money
from market.mechanisms.auction.price_rules import RULES, Knows
from market.scenario.toml_text import Place, escape

TAXES = ("tax", "tax_rate")
BOUNDS = ("price_cap", "price_floor", "quota")
ROUNDING = 1e-9  # of shares that sum to 1

Fault = tuple[Place, str]


def intervention_faults(entry: Mapping[str, Any], file: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield faults of the interventions of one mechanism: place in its table, and message.

    Args:
        entry: the table of the mechanism, as parsed.
        file: the whole file, as parsed.
    """
    money = file.get("economy")
    yield from _of_bounds(entry)
    yield from _of_tax_keys(entry)
    if money == Money.EXCHANGE:
        yield from _under_exchange(entry, file)
    elif money in (Money.QUASILINEAR, Money.FISHER):
        yield from _with_money(entry, str(money))
    yield from _of_sellers(entry, file)
    rule, some = entry.get("rule"), any(key in entry for key in (*TAXES, *BOUNDS))
    if some and isinstance(rule, str) and rule in RULES and RULES[rule].knows is Knows.SPENDING:
        yield ("rule",), f"{rule} knows one price of both sides; choose another rule with interventions"


def _table(entry: Mapping[str, Any], key: str) -> dict[str, Any]:
    value = entry.get(key)
    return value if isinstance(value, dict) else {}


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _of_bounds(entry: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield floors above the cap of their good."""
    caps = _table(entry, "price_cap")
    for good, floor in _table(entry, "price_floor").items():
        cap = caps.get(good)
        if _number(cap) and _number(floor) and cap < floor:
            yield (
                ("price_floor", good),
                f"{floor:g} is above the price_cap of {cap:g}",
            )


def _of_tax_keys(entry: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield keys about a tax where there is none, and shares that do not sum to 1."""
    if not any(key in entry for key in TAXES):
        for key in ("taxed", "revenue_to", "tax_base"):
            if key in entry:
                yield (key,), "it is about a tax, and there is none; write tax or tax_rate too"
    shares = entry.get("revenue_to")
    if isinstance(shares, dict) and all(map(_number, shares.values())):
        total = float(sum(shares.values()))
        if abs(total - 1.0) > ROUNDING:
            yield ("revenue_to",), f"the shares sum to {total:g}; they must sum to 1"


def _with_money(entry: Mapping[str, Any], money: str) -> Iterator[Fault]:
    """Yield keys that are for exchange."""
    kept = "tax revenue is money that no agent gets, and a part of total surplus"
    if "revenue_to" in entry:
        yield ("revenue_to",), f'only under economy = "exchange"; with {money} money omit it: {kept}'
    if "tax_base" in entry:
        yield ("tax_base",), f'only under economy = "exchange"; with {money} money sales are taxed'
    if money == Money.FISHER and entry.get("rationing") == "efficient":
        message = "with fisher money values have no common unit, so none is the highest; write proportional"
        yield ("rationing",), message


def _under_exchange(entry: Mapping[str, Any], file: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield interventions that need money, or agents that trade only."""
    for key in BOUNDS:
        if key in entry:
            yield (key,), "it needs money: under exchange a rationed agent could not spend what it earned"
    if _table(entry, "tax") and "numeraire" not in file:
        yield ("tax",), "a tax in money needs a unit under exchange: write numeraire = ..., or tax_rate"
    made = next((group for group in _groups(file) if "technology" in group), None)
    if made is not None:
        for key in TAXES:
            if key in entry:
                name = escape(str(made.get("name")))
                yield (key,), f"'{name}' makes goods from goods; under exchange taxes are for trade alone"


def _of_sellers(entry: Mapping[str, Any], file: Mapping[str, Any]) -> Iterator[Fault]:
    """Yield taxed sellers that have nothing to sell."""
    taxed = entry.get("taxed")
    groups = {group.get("name"): group for group in _groups(file)}
    for index, name in enumerate(taxed if isinstance(taxed, list) else ()):
        group = groups.get(name) if isinstance(name, str) else None
        if group is not None and not any(key in group for key in ("endowment", "cost", "technology")):
            yield ("taxed", index), f"'{escape(name)}' owns and makes nothing that it could sell"


def _groups(file: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    groups = file.get("agents")
    yield from (each for each in (groups if isinstance(groups, list) else ()) if isinstance(each, dict))
