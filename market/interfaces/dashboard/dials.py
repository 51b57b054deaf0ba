"""Dials: the parameters of a scenario that can be changed in the dashboard.

A dial is a number written in the file: in the commons, in an agent's count, endowment, budget, utility, cost,
technology or harm (those of a distribution included), or in the mechanism that is played. Turning it is
`--set path=value`, so that a new value is validated as if it had been written. Values in a data file,
defaults and extreme numbers (a tolerance of 1e-9, a penalty of 1e99) have no dial.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from market.interfaces.text.sentences import visible
from market.scenario.game_loading import GameScenario
from market.scenario.loading import Scenario
from market.scenario.overrides import apply_overrides
from market.scenario.toml_text import Place, Source, format_place

MOST = 24  # dials on a page
REACH = 4.0  # times its value is as far as a number can be turned up
LEAST_SIZE, MOST_SIZE = 1e-6, 1e9  # sizes that a dial can sensibly have
NOT_OF_PLAYERS = ("name", "data", "columns", "actions")
OF_AGENTS = ("count", "endowment", "budget", "utility", "cost", "technology", "harm")
DRAWN = {"start": ("random",), "schedule": ("random", "asynchronous")}  # by mechanisms of games
FAMILIES = ("utility", "cost", "technology")  # an agent hardly ever has two of them
STEPS = ("bids", "offers")  # lists of [price, amount]
WITHIN_ONE = ("shares", "owners")  # parts of a whole: from 0 to 1


@dataclass(frozen=True)
class Dial:
    """A parameter that can be turned.

    Args:
        path: as `--set` takes it.
        owner: the agent, mechanism or common stock that it belongs to.
        label: its name.
        value: as the file has it.
        low: the smallest value that can be chosen, above 0 if `value` is.
        high: the largest.
        step: from one value to the next; `value` is a whole number of steps from `low`.
    """

    path: str
    owner: str
    label: str
    value: float
    low: float
    high: float
    step: float

    @property
    def whole(self) -> bool:
        """True if it is a number of agents."""
        return isinstance(self.value, int) and self.label == "count"


def dials(scenario: Scenario | GameScenario, mechanism: str) -> tuple[Dial, ...]:
    """Return the dials of a scenario.

    Args:
        scenario: the result of `market.load`.
        mechanism: the name of the one that is played; the numbers of others are left alone.
    """
    values = _values(scenario)
    found = (
        _dial(owner, place, value)
        for owner, start, tree in _trees(values, mechanism)
        for place, value in _numbers(tree, start)
        if place[-1] != "count" or isinstance(value, int)
    )
    return tuple(dial for dial in found if dial is not None)


def _values(scenario: Scenario | GameScenario) -> dict[str, Any]:
    """Return the values that the file has, and `--set` after it; of a game the defaults of parameters too."""
    values = Source(scenario.file, scenario.text).parse()
    apply_overrides(values, scenario.overrides)
    if isinstance(scenario, GameScenario) and "parameters" in values:
        known = scenario.family.game_parameters
        absent = {key: each.absent for key, each in known.items() if each.absent is not None}
        values["parameters"] = absent | values["parameters"]
    return values


def draws(scenario: Scenario | GameScenario) -> bool:
    """Return True if a number in the scenario's file is drawn, so that the seed makes a difference."""
    values = _values(scenario)
    return any(_drawn(each) for each in (*values.get("agents", ()), *values.get("players", ()))) or any(
        entry.get(key) in words for entry in values["mechanisms"] for key, words in DRAWN.items()
    )


def _drawn(tree: object) -> bool:
    if isinstance(tree, dict):
        return "dist" in tree or any(map(_drawn, tree.values()))
    return isinstance(tree, list) and any(map(_drawn, tree))


def _trees(values: dict[str, Any], mechanism: str) -> Iterator[tuple[str, Place, object]]:
    """Yield the parts of a scenario that may have dials: owner, path, and value."""
    yield "common stock", ("commons",), values.get("commons", {})
    yield "game", ("parameters",), values.get("parameters", {})
    for index, player in enumerate(values.get("players", ())):
        if isinstance(player, dict):
            for key, value in player.items():
                if key not in NOT_OF_PLAYERS:
                    yield str(player.get("name", index)), ("players", index, key), value
    for index, agent in enumerate(values.get("agents", ())):
        for key in OF_AGENTS:
            if key in agent:
                yield agent["name"], ("agents", index, key), agent[key]
    for index, entry in enumerate(values["mechanisms"]):
        if entry["name"] == mechanism:
            for key, value in entry.items():
                yield mechanism, ("mechanisms", index, key), value


def _numbers(tree: object, place: Place) -> Iterator[tuple[Place, float]]:
    """Yield every number in a tree, with its path."""
    if isinstance(tree, dict):
        for key, part in tree.items():
            yield from _numbers(part, (*place, key))
    elif isinstance(tree, list):
        for index, part in enumerate(tree):
            yield from _numbers(part, (*place, index))
    elif isinstance(tree, int | float) and not isinstance(tree, bool):
        yield place, tree


def _dial(owner: str, place: Place, value: float) -> Dial | None:
    """Return the dial of a number; None if it is extreme or `--set` cannot reach it."""
    path = format_place(place)
    if not (value == 0 or LEAST_SIZE <= abs(value) <= MOST_SIZE) or any('"' in str(part) for part in place):
        return None
    words = place[1:] if place[0] in ("commons", "parameters") else place[2:]
    if words[0] in FAMILIES and len(words) > 1 and not isinstance(words[1], int):
        words = words[1:]
    label = " \N{MIDDLE DOT} ".join(visible(str(part)).replace("_", " ") for part in _of_step(words))
    return Dial(path, visible(owner), label, value, *_reach(value, place))


def _of_step(words: Place) -> Place:
    """Return the words of a dial with "price of step 1" for the place of a number in a list of steps.

    Example:
        >>> _of_step(("bids", 0, 1)), _of_step(("bids", "tea", 2, 0)), _of_step(("weights", "tea"))
        (('bids', 'amount of step 1'), ('bids', 'tea', 'price of step 3'), ('weights', 'tea'))
    """
    if words[0] not in STEPS or not all(isinstance(part, int) for part in words[-2:]):
        return words
    step, what = int(words[-2]), ("price", "amount")[int(words[-1])]
    return (*words[:-2], f"{what} of step {step + 1}")


def _reach(value: float, place: Place) -> tuple[float, float, float]:
    """Return the lowest value, the highest, and the step.

    Steps are round and `value` lies on them; a number keeps its sign, since zero and the other sign often
    have another meaning (an unwanted good, an output instead of an input).
    """
    if place[-1] == "count":
        return 1.0, float(max(10, REACH * value)), 1.0
    if any(part in WITHIN_ONE for part in place):
        return _spread(value, 0.01 if 0 < value < 1 else 0.05, 1.0)
    if value == 0:
        return 0.0, 10.0, 0.1
    size = abs(value)
    step = 10.0 ** (math.floor(math.log10(size)) - 1)
    low, high, step = _spread(size, step, REACH * size)
    return (low, high, step) if value > 0 else (-high, -low, step)


def _spread(value: float, step: float, most: float) -> tuple[float, float, float]:
    """Return limits from a tenth of a value to `most`, whole steps away from the value, and the step."""
    down = math.floor(0.9 * value / step + 1e-9)
    up = math.floor((most - value) / step + 1e-9)
    return _tidy(value - down * step), _tidy(value + up * step), _tidy(step)


def _tidy(number: float) -> float:
    """Return a number without rounding errors of decimals."""
    return float(f"{number:.12g}")
