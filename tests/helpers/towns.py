"""A scenario of many agents with parameters of every distribution, for markets in shards."""

from __future__ import annotations

from market import loads

EVERY_DRAW = """
schema = 1
title = "A town"
economy = "{money}"
goods = ["water", "bread"]
seed = 3
commons = {{ water = {stock}, bread = {stock} }}
[[agents]]
name = "mayor"
utility = {{ family = "log", weights = {{ water = 3.0, bread = 1.0 }} }}
{owns}
[[agents]]
name = "buyer"
count = {buyers}
{owns}
[agents.utility]
family = "log"
weights = {{ water = {{ dist = "lognormal", mean = 0, sigma = 0.5 }}, bread = 1.0 }}

[[agents]]
name = "taster"
count = {tasters}
{owns}
[agents.utility]
family = "crra"
risk_aversion = {{ dist = "uniform", low = 0.5, high = 2.0 }}
[agents.utility.weights]
water = {{ dist = "pareto", shape = 3, scale = 1 }}
bread = {{ dist = "normal", mean = 5, sd = 0.5 }}

{more}
[[mechanisms]]
name = "prices"
kind = "auctioneer"
{rule}
"""
OWNS = {
    "quasilinear": "",
    "fisher": "budget = 2.0",
    "exchange": "endowment = { water = 1.0, bread = 0.5 }",
}
BAKERS = """
[[agents]]
name = "baker"
count = 20
[agents.cost]
family = "quadratic"
unit_cost = { bread = 0.2 }
slope = { bread = { dist = "exponential", mean = 2 } }
"""


def town(money="quasilinear", buyers=700, tasters=299, more="", rule=""):
    """A scenario of buyers + tasters + 1 agents, and more."""
    text = EVERY_DRAW.format(
        money=money,
        stock=float(buyers),
        owns=OWNS[money],
        buyers=buyers,
        tasters=tasters,
        more=more,
        rule=rule,
    )
    return loads(text)
