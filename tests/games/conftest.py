"""Games of each smooth family, from scenario texts."""

import pytest

import market
from market.games.smooth import Smooth
from market.scenario.game_loading import build_game

HEAD = "schema = 1\ncomparable = true\n"
MECHANISMS = """
[[mechanisms]]
name = "alone"
kind = "unmediated"
[[mechanisms]]
name = "planner"
kind = "planner"
"""
TWO_FIRMS = """
[[players]]
name = "a"
share = 0.55
[[players]]
name = "b"
share = 0.45
"""
HUNT = """
[[players]]
name = "p"
count = 2
actions = ["stag", "hare"]
[payoffs]
"stag, stag" = [4, 4]
"stag, hare" = [0, 3]
"hare, stag" = [3, 0]
"hare, hare" = [3, 3]
"""


def group(count: int, **numbers: float) -> str:
    """Players of one kind."""
    own = "".join(f"{key} = {value}\n" for key, value in numbers.items())
    return f'[[players]]\nname = "p"\ncount = {count}\n{own}'


SMOOTH = {
    "public_goods": 'game = "public_goods"\n[parameters]\nmultiplier = 0.6\n' + group(3, curvature=1.0),
    "commons": 'game = "commons"\n' + group(4, cost=0.25),
    "fish_war": 'game = "fish_war"\n' + group(2),
    "cleanup": 'game = "cleanup"\n' + group(3),
    "cournot": 'game = "cournot"\n[parameters]\nintercept = 12.0\n' + group(2),
    "coopetition": 'game = "coopetition"\n' + TWO_FIRMS,
    "power": 'game = "coopetition"\nown_value = "power"\n[parameters]\nsynergy = 0.5\n' + TWO_FIRMS,
    "water_filling": 'game = "water_filling"\n[parameters]\ncross_gain = 0.5\n' + group(2),
    "mixed": 'game = "mixed"\n' + HUNT,
    "facility": 'game = "facility"\n'
    + "".join(f'[[players]]\nname = "{x}"\nhome = {h}\n' for x, h in (("a", 0.1), ("b", 0.4), ("c", 0.9))),
    "aga_toy": 'game = "aga_toy"\n',
}


def text(name: str, *more: str) -> str:
    """A scenario of a family, with more lines at the top."""
    game, *tables = SMOOTH[name].split("\n", 1)
    return HEAD + "\n".join([game, *more, *tables]) + MECHANISMS


def smooth(name: str, *more: str) -> Smooth:
    """The game of a family."""
    return build_game(market.loads(text(name, *more)))


@pytest.fixture
def game_of():
    return smooth


@pytest.fixture
def scenario_of():
    return lambda name, *more: market.loads(text(name, *more))
