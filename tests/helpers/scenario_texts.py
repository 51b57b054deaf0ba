"""A small scenario as text, changes of it, and the faults of a text as printed."""

from __future__ import annotations

from pathlib import Path

import pytest

from market.errors import ScenarioError
from market.scenario.building import build
from market.scenario.loading import loads

BASE = """\
schema = 1
economy = "quasilinear"
goods = ["water", "bread"]
[commons]
water = 10
[[agents]]
name = "alpha"
count = 3
utility = { family = "log", weights = { water = 1.0 } }
[[agents]]
name = "beta"
cost = { family = "linear", unit_cost = { bread = 2 } }
[[mechanisms]]
name = "prices"
kind = "auctioneer"
"""


def changed(*replacements: tuple[str, str], text: str = BASE) -> str:
    for old, new in replacements:
        assert old in text
        text = text.replace(old, new)
    return text


def faults(text: str, *overrides: str, folder: Path | None = None) -> list[str]:
    """The faults of a text, as printed."""
    with pytest.raises(ScenarioError) as caught:
        build(loads(text, "f.toml", folder, overrides))
    printed = str(caught.value).split("\n")
    assert len(printed) == len(caught.value.faults)
    for line in printed:
        assert line.isprintable()
        assert "pydantic" not in line
        assert "://" not in line
    return printed


def minimal(*, agent: str = "", mechanism: str = 'kind = "planner"') -> str:
    return f"""\
schema = 1
economy = "quasilinear"
goods = ["water"]
commons = {{ water = 1 }}
[[agents]]
name = "alpha"
{agent}
[[mechanisms]]
name = "m"
{mechanism}
"""


EXCHANGE = changed(
    ('"quasilinear"', '"exchange"\nnumeraire = "bread"'),
    ('cost = { family = "linear", unit_cost = { bread = 2 } }', "endowment = { bread = 2 }"),
)
