"""Labels of the figures of a sweep: measures and parameters in words, with their units."""

from __future__ import annotations

import re

from market.economy.primitives import Money
from market.scenario.game_loading import GameScenario
from market.scenario.loading import Scenario
from market.scenario.overrides import split_path
from market.sweep.columns import parts

SHARES = (
    "settled", "efficient", "degenerate", "efficient_with_transfers", "efficient_among_profiles",
    "pareto_improvement", "regret_exact",
)  # fmt: skip
"""Truth values, of which the mean is a share of runs."""

_WHOLE = {  # of an outcome: words and unit; {money} is the unit of payments
    "settled": ("Share of runs that converged", ""),
    "rounds": ("Number of rounds", ""),
    "disequilibrium": ("Largest relative excess demand", ""),
    "auctioneer_payoff": ("Payoff of the auctioneer", "units of goods"),
    "revenue": ("Revenue of the common stock", "{money}"),
    "tax_revenue": ("Tax revenue", "{money}"),
    "quota_rent": ("Rent of quotas", "{money}"),
    "efficiency": ("Gains from trade, of the largest in lots", ""),
    "alpha": ("Smith's coefficient of convergence", "per cent"),
    "agents": ("Number of agents", ""),
    "finite_utilities": ("Number of agents with finite utility", ""),
    "infinite_utilities": ("Number of agents at utility -inf", ""),
    "lowest_utility": ("Lowest utility of a consumer", "{utility}"),
    "mean_finite_utility": ("Mean utility of consumers above -inf", "{utility}"),
    "total_surplus": ("Total surplus", "{money}"),
    "consumer_surplus": ("Consumer surplus", "{money}"),
    "producer_surplus": ("Producer surplus", "{money}"),
    "max_regret": ("Largest gain from deviating", "{utility}"),
    "efficient": ("Share of runs that are Pareto efficient in goods", ""),
    "degenerate": ("Share of runs supported by a zero weight only", ""),
    "efficient_with_transfers": ("Share of runs of maximal total surplus", ""),
    "surplus_gap": ("Unrealised gains from trade", "deadweight loss, {money}"),
    "resource_utilisation": ("Debreu's coefficient of resource utilisation", ""),
    "residual": ("Residual of the first-order conditions", "relative"),
    "gain": ("Number of agents who gain", ""),
    "lose": ("Number of agents who lose", ""),
    "pareto_improvement": ("Share of runs with a Pareto improvement", ""),
}
_OF_ONE = {  # of a good or of a group
    "price": ("Price of {0}", "{money} per unit"),
    "buyer_price": ("Price that buyers pay for {0}", "{money} per unit"),
    "lowest_utility": ("Lowest utility of a consumer in {0}", "{utility}"),
    "infinite_utilities": ("Number of agents at utility -inf in {0}", ""),
    "payment": ("Net payment of {0}", "{money}"),
    "weight": ("Welfare weight of {0}", "share of all"),
    "consumption": ("Total consumption of {0}", "units"),
    "production": ("Total production of {0}", "units"),
    "revenue": ("Revenue of {0}", "{money}"),
    "cost": ("Cost of {0}", "{money}"),
    "profit": ("Profit of {0}", "{money}"),
    "payoff": ("Payoff of {0}", "{utility}"),
}
_OF_TWO = {  # of a group and a good
    "consumption": ("Consumption of {1} by {0}", "units"),
    "production": ("Production of {1} by {0}", "units"),
}
_OF_AGENTS = {  # keys of a group in the scenario; {0} is the group
    "count": ("Number of agents in {0}", ""),
    "budget": ("Budget of {0}", "{money}"),
    "endowment": ("Endowment of {0} with {1}", "units"),
    "owners": ("Share of {1} in {0}", ""),
    "utility.weights": ("Preference weight of {0} for {1}", ""),
    "utility.family": ("Utility of {0}", ""),
    "cost.family": ("Cost function of {0}", ""),
    "cost.unit_cost": ("Unit cost of {0} for {1}", "{money} per unit"),
    "cost.capacity": ("Capacity of {0} for {1}", "units"),
    "technology.family": ("Technology of {0}", ""),
}
_OF_MECHANISMS = {
    "rule": ("Price rule of '{0}'", ""),
    "step": ("Step of '{0}'", ""),
    "tolerance": ("Tolerance of '{0}'", ""),
    "max_rounds": ("Largest number of rounds of '{0}'", ""),
    "initial_prices": ("First price of {1} under '{0}'", "{money} per unit"),
    "welfare_weights": ("Welfare weight of {1} under '{0}'", ""),
}

_WHOLE_OF_GAMES = {
    "players": ("Number of players", ""),
    "total_payoff": ("Sum of payoffs", "{payoff}"),
    "best_total": ("Largest sum of payoffs known", "{payoff}"),
    "most_total": ("Bound on the sum of payoffs", "{payoff}"),
    "shortfall": ("Sum of payoffs below the best", "{payoff}"),
    "share_of_best": ("Sum of payoffs", "parts of the best"),
    "gain_realised": ("Gain over being left alone", "parts of the largest"),
    "anarchy": ("Price of anarchy", "best total over worst Nash"),
    "stability": ("Price of stability", "best total over best Nash"),
    "mean_payoff": ("Mean payoff", "{payoff}"),
    "equality": ("Equality of payoffs", "1 - Gini"),
    "lowest_payoff": ("Lowest payoff", "{payoff}"),
    "revenue": ("Revenue of the mechanism", "{payoff}"),
    "max_regret": ("Largest gain from deviating", "{payoff}"),
    "relative_regret": ("Largest gain from deviating", "parts of the range of payoffs"),
    "regret_exact": ("Share of runs in which gains from deviating are exact", ""),
    "efficient": ("Share of runs that are Pareto efficient", ""),
    "efficient_among_profiles": ("Share of runs efficient among pure profiles", ""),
    "gain": ("Number of players who gain", ""),
    "lose": ("Number of players who lose", ""),
}
_OF_PLAYERS = {
    "payoff": ("Payoff of {0}", "{payoff}"),
    "lowest_payoff": ("Lowest payoff in {0}", "{payoff}"),
    "transfer": ("Transfer to {0}", "{payoff}"),
    "regret": ("Largest gain of {0} from deviating", "{payoff}"),
    "weight": ("Welfare weight of {0}", "share of all"),
    "amount": ("Amount that {0} chooses", "mean"),
}
_MECHANISMS_OF_GAMES = {
    "step": ("Step of '{0}'", ""),
    "lambda": ("Weight of the adjustment (lambda) of '{0}'", ""),
    "alpha": ("Weight alpha of '{0}'", ""),
    "temperature": ("Temperature of '{0}'", ""),
    "decay": ("Rounds after which steps of '{0}' are halved", ""),
    "max_rounds": ("Largest number of rounds of '{0}'", ""),
    "tolerance": ("Tolerance of '{0}'", ""),
    "schedule": ("Schedule of '{0}'", ""),
    "rule": ("Rule of '{0}'", ""),
}


def measure_words(measure: str, scenario: Scenario | GameScenario) -> str:
    """Return a measure in words, with its unit in brackets.

    Args:
        measure: a column of the table of runs.
        scenario: of the sweep; its kind of money determines the unit of prices.
    """
    name, *of = parts(measure)
    if isinstance(scenario, GameScenario):
        words, unit = (_OF_PLAYERS if of else _WHOLE_OF_GAMES).get(name) or _WHOLE.get(name, ("", ""))
        return _filled(words or _sentence(measure), unit.replace("{payoff}", "units of payoff"), of)
    known = (_WHOLE, _OF_ONE, _OF_TWO)[min(len(of), 2)]
    words, unit = known.get(name, (_sentence(measure), ""))
    return _labelled(words, unit, of, scenario)


def axis_words(path: str, scenario: Scenario | GameScenario) -> str:
    """Return a parameter in words, with its unit in brackets where it is known.

    Args:
        path: of the parameter, as for `--set`.
        scenario: of the sweep.
    """
    steps, _ = split_path(path)
    if len(steps) < 2:
        return _sentence(path)
    table, owner, keys = steps[0], steps[1], [str(step) for step in steps[2:]]
    if isinstance(scenario, GameScenario):
        return _of_game(str(table), owner, keys, scenario) or _sentence(path)
    if table == "commons":
        return _labelled("Common stock of {0}", "units", [str(owner)], scenario)
    named = {"agents": [group.name for group in scenario.agents], "mechanisms": scenario.mechanism_names}
    if table not in named or not keys:
        return _sentence(path)
    name = named[str(table)][owner] if isinstance(owner, int) else owner
    known = _OF_AGENTS if table == "agents" else _OF_MECHANISMS
    if table == "agents" and keys == ["count"] and _only_makes(scenario, name):
        return f"Number of {name} producers"
    for long in (len(keys), len(keys) - 1):  # the last key may be a good or an agent
        if ".".join(keys[:long]) in known:
            words, unit = known[".".join(keys[:long])]
            of = [name, *keys[long:]] if long < len(keys) else [name, "all goods"]
            return _labelled(words, unit, of, scenario)
    return f"{_sentence(' '.join(keys))} of {name if table == 'agents' else repr(name)}"


def _of_game(table: str, owner: str | int, keys: list[str], scenario: GameScenario) -> str:
    """Return a parameter of a game in words, with the unit that its family states; empty if it is unknown."""
    family = scenario.family
    if table == "parameters" and not keys and owner in family.game_parameters:
        parameter = family.game_parameters[str(owner)]
        return f"{_sentence(str(owner))}: {parameter.meaning} ({parameter.unit})"
    named = {"players": scenario.group_names, "mechanisms": scenario.mechanism_names}
    if table not in named or not keys:
        return ""
    name = named[table][owner] if isinstance(owner, int) else owner
    if table == "players":
        if keys == ["count"]:
            return f"Number of players in {name}"
        known = family.player_parameters.get(keys[0])
        unit = "" if known is None else f" ({known.unit})"
        return f"{_sentence(' '.join(keys))} of {name}{unit}"
    words, _ = _MECHANISMS_OF_GAMES.get(".".join(keys), ("", ""))
    return _filled(words, "", [name]) if words else f"{_sentence(' '.join(keys))} of {name!r}"


def _only_makes(scenario: Scenario, name: str) -> bool:
    """Return True if a group makes goods and wants none."""
    group = next(group for group in scenario.agents if group.name == name)
    return group.utility is None and (group.cost is not None or group.technology is not None)


def _labelled(words: str, unit: str, of: list[str], scenario: Scenario) -> str:
    """Fill in names and the unit; under `exchange` values are in the unit of account."""
    in_money = scenario.economy is Money.QUASILINEAR
    if scenario.economy is Money.EXCHANGE:
        unit = unit.replace("{money} per unit", "{money}").replace("{money}", _unit_of_account(scenario))
    unit = unit.replace("{money}", "money").replace("{utility}", "money" if in_money else "")
    return _filled(words, unit, of)


def _filled(words: str, unit: str, of: list[str]) -> str:
    """Return words with names filled in, and the unit in brackets."""
    words = re.sub(r"\{(\d)\}", lambda place: of[int(place[1])], words)
    return f"{words} ({unit})" if unit else words


def _unit_of_account(scenario: Scenario) -> str:
    return "prices sum to 1" if scenario.numeraire is None else f"units of {scenario.numeraire}"


def _sentence(name: str) -> str:
    words = name.replace("_", " ").replace(".", " ")
    return words[:1].upper() + words[1:]
