"""Run folders of stories, and copies of them that can be changed."""

import pytest
from helpers import stories
from helpers.tampering import Tamper

import market
from market.results.run_folder import write_run


@pytest.fixture(scope="session")
def written(tmp_path_factory):
    """Story -> run folder."""
    parent = tmp_path_factory.mktemp("runs")
    texts = {
        "commons": stories.COMMONS,
        "war": stories.WAR,
        "two at war": stories.WAR.replace("count = 3", "count = 2"),
        "gift": stories.GIFT,
        "barter": stories.barter(3),
        "hurried": stories.barter(2).replace('kind = "auctioneer"', 'kind = "auctioneer"\nmax_rounds = 3'),
        "crowd": stories.crowd(1100, "first mover", "prices"),
    }
    return {
        name: write_run(market.compare(market.loads(text, name=name)), parent) for name, text in texts.items()
    }


@pytest.fixture
def tamper(written, tmp_path):
    return lambda story: Tamper(written[story], tmp_path / story)


AT_HOME = """
schema = 1
title = "Two islands"
economy = "quasilinear"
goods = ["fish", "salt"]
[[agents]]
name = "north"
endowment = { fish = 9.0, salt = 1.0 }
utility = { family = "log1p", weights = { fish = 1.0, salt = 2.0 } }
[[agents]]
name = "south"
endowment = { fish = 1.0, salt = 4.0 }
utility = { family = "log1p", weights = { fish = 3.0, salt = 1.0 } }
[[mechanisms]]
name = "at home"
kind = "unmediated"
game = "autarky"
"""


@pytest.fixture(scope="session")
def islands(tmp_path_factory):
    """A run without any mechanism that has prices."""
    return write_run(market.compare(market.loads(AT_HOME)), tmp_path_factory.mktemp("islands"))
