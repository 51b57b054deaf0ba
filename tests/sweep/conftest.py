"""A village whose tastes are drawn."""

from __future__ import annotations

import pytest

VILLAGE = """
schema = 1
economy = "quasilinear"
goods = ["water"]
commons = { water = 10.0 }
seed = 5

[[agents]]
name = "villager"
count = 3
utility = { family = "log", weights = { water = { dist = "uniform", low = 0.5, high = 2.0 } } }

[[mechanisms]]
name = "first mover"
kind = "unmediated"
game = "seize"
movers = ["villager[0]"]

[[mechanisms]]
name = "prices"
kind = "auctioneer"
"""


@pytest.fixture
def village(tmp_path):
    path = tmp_path / "village.toml"
    path.write_text(VILLAGE)
    return path
