"""Games of each smooth family, from scenario texts."""

import pytest

import market
from market.games.smooth import Smooth
from market.scenario.game_loading import build_game

HEAD = "schema = 1\ncomparable = true\n"
MECHANISMS = '\n[[mechanisms]]\nname = "alone"\nkind = "unmediated"\n[[mechanisms]]\nname = "planner"\nkind = "planner"\n'

SMOOTH = {
    "public_goods": 'game = "public_goods"\n[parameters]\nmultiplier = 0.6\n[[players]]\nname = "p"\ncount = 3\ncurvature = 1.0\n',
    "commons": 'game = "commons"\n[[players]]\nname = "p"\ncount = 4\ncost = 0.25\n',
    "fish_war": 'game = "fish_war"\n[[players]]\nname = "p"\ncount = 2\n',
    "cournot": 'game = "cournot"\n[parameters]\nintercept = 12.0\n[[players]]\nname = "p"\ncount = 2\n',
    "coopetition": 'game = "coopetition"\n[[players]]\nname = "a"\nshare = 0.55\n[[players]]\nname = "b"\nshare = 0.45\n',
    "power": 'game = "coopetition"\nown_value = "power"\n[parameters]\nsynergy = 0.5\n[[players]]\nname = "a"\nshare = 0.55\n'
    '[[players]]\nname = "b"\nshare = 0.45\n',
    "water_filling": 'game = "water_filling"\n[parameters]\ncross_gain = 0.5\n[[players]]\nname = "t"\ncount = 2\n',
    "mixed": 'game = "mixed"\n[[players]]\nname = "p"\ncount = 2\nactions = ["stag", "hare"]\n[payoffs]\n"stag, stag" = [4, 4]\n'
    '"stag, hare" = [0, 3]\n"hare, stag" = [3, 0]\n"hare, hare" = [3, 3]\n',
    "facility": 'game = "facility"\n[[players]]\nname = "a"\nhome = 0.1\n[[players]]\nname = "b"\nhome = 0.4\n[[players]]\nname = "c"\nhome = 0.9\n',
    "aga_toy": 'game = "aga_toy"\n',
}  # fmt: skip


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
