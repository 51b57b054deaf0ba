"""A model of an open economy with fourteen goods and 26 activities, solved in a moment.

Four classes of consumers with Cobb-Douglas tastes, activities at home, and imports and exports at given terms
of trade: each is an activity that earns or uses foreign exchange.

Source: Scarf, with Hansen (1973), *The Computation of Economic Equilibria*, chapter 5.
"""

from __future__ import annotations

import numpy as np
import pytest

import market
from market.equilibrium import check, find_reference
from market.equilibrium.budget import Budget
from market.equilibrium.clearing import evaluate_prices
from market.equilibrium.reference import CHECK_EVALUATIONS
from market.equilibrium.starts import PAIRS
from market.simulation.model import MarketModel

GOODS = [
    "agric", "food", "textiles", "hserv", "entert", "houseop", "capeop", "steel", "coal", "lumber", "housbop",
    "capbop", "labor", "exchange",
]  # fmt: skip

# Endowment | shares of spending
CONSUMERS = """
class 1: housbop=2 capbop=3 labor=0.6
  | agric=0.1 food=0.2 textiles=0.1 hserv=0.1 entert=0.1 houseop=0.3 capeop=0.1
class 2: housbop=0.4 capbop=2 labor=0.8
  | agric=0.2 food=0.2 textiles=0.1 hserv=0.1 entert=0.1 houseop=0.1 capeop=0.2
class 3: labor=1
  | agric=0.3 food=0.2 textiles=0.3 hserv=0.1 entert=0.1
class 4: housbop=0.8 capbop=7.5 labor=0.6
  | agric=0.1 food=0.2 textiles=0.1 hserv=0.1 entert=0.1 houseop=0.1 capeop=0.3
"""

ACTIVITIES = """
dom1: agric=5 food=-0.9 textiles=-0.2 hserv=-1 capeop=0.4 steel=-0.2 coal=-1 lumber=-0.5 capbop=-0.5
  labor=-0.4
dom2: agric=-3.5 food=5 textiles=-0.5 hserv=-2 capeop=1.3 steel=-0.4 coal=-0.1 lumber=-0.4 capbop=-1.5
  labor=-0.2
dom3: agric=-0.1 food=-0.1 textiles=2 hserv=-2 capeop=1.2 steel=-0.2 coal=-0.1 lumber=-0.3 capbop=-1.5
  labor=-0.2
dom4: textiles=-0.1 hserv=2 houseop=0.32 steel=-0.1 coal=-1 lumber=-0.3 housbop=-0.4 capbop=-0.1
  labor=-0.02
dom5: agric=-0.7 food=-0.8 textiles=-0.1 hserv=-2 entert=4 capbop=-0.1 labor=-0.4
dom6: textiles=-0.8 hserv=-0.4 houseop=0.8 capeop=1.1 steel=-1 lumber=-3 capbop=-1.5 labor=-0.3
dom7: textiles=-0.4 hserv=-1.8 capeop=6 steel=-2 coal=-0.2 lumber=-0.2 capbop=-2.5 labor=-0.1
dom8: textiles=-0.1 hserv=-1.6 capeop=1.8 steel=2 coal=-1 lumber=-0.2 capbop=-2.5 labor=-0.1
dom9: textiles=-0.1 hserv=-0.8 capeop=1.2 steel=-0.5 coal=2 lumber=-0.5 capbop=-1.5 labor=-0.4
dom10: textiles=-0.1 hserv=-0.2 capeop=0.4 steel=-0.2 coal=-0.2 lumber=1 capbop=-0.5 labor=-0.4
dom11: capeop=0.9 capbop=-1
dom12: houseop=0.36 housbop=-0.4
imp1: agric=1 hserv=-0.4 capbop=-0.2 labor=-0.04 exchange=-0.5
imp2: food=1 hserv=-0.2 capbop=-0.1 labor=-0.02 exchange=-0.4
imp3: textiles=1 hserv=-0.2 capbop=-0.1 labor=-0.02 exchange=-0.8
imp4: hserv=-0.4 capeop=1 capbop=-0.2 labor=-0.04 exchange=-1.2
imp5: hserv=-0.4 steel=1 capbop=-0.2 labor=-0.04 exchange=-0.6
imp6: hserv=-0.4 coal=1 capbop=-0.2 labor=-0.04 exchange=-0.7
imp7: hserv=-0.4 lumber=1 capbop=-0.2 labor=-0.04 exchange=-0.4
exp1: agric=-1 hserv=-0.2 capbop=-0.2 labor=-0.04 exchange=0.5
exp2: food=-1 hserv=-0.2 capbop=-0.1 labor=-0.02 exchange=0.4
exp3: textiles=-1 hserv=-0.2 capbop=-0.1 labor=-0.02 exchange=0.8
exp4: hserv=-0.4 capeop=-1 capbop=-0.2 labor=-0.04 exchange=1.2
exp5: hserv=-0.4 steel=-1 capbop=-0.2 labor=-0.04 exchange=0.6
exp6: hserv=-0.4 coal=-1 capbop=-0.2 labor=-0.04 exchange=0.7
exp7: hserv=-0.4 lumber=-1 capbop=-0.2 labor=-0.04 exchange=0.4
"""


def table(pairs):
    """Return a TOML table of `good=amount` pairs."""
    return "{ " + ", ".join(pair.replace("=", " = ") for pair in pairs.split()) + " }"


def written():
    """Return the scenario as text."""
    text = f'schema = 1\neconomy = "exchange"\ntitle = "open"\nnumeraire = "agric"\ngoods = {GOODS}\n'
    for line in CONSUMERS.strip().replace("\n  ", " ").splitlines():
        name, rest = line.split(":")
        endowment, shares = rest.split("|")
        text += f'[[agents]]\nname = "{name}"\nendowment = {table(endowment)}\n'
        text += f'utility = {{ family = "cobb_douglas", weights = {table(shares)} }}\n'
    for line in ACTIVITIES.strip().replace("\n  ", " ").splitlines():
        name, netput = line.split(":")
        text += f'[[agents]]\nname = "{name}"\n'
        text += f'technology = {{ family = "activity", netput = {table(netput)} }}\n'
    return text + '[[mechanisms]]\nname = "prices"\nkind = "auctioneer"\n'


@pytest.fixture(scope="module")
def scenario():
    return market.loads(written())


def test_an_equilibrium_is_found_well_within_the_budget(scenario):
    economy, limit = market.build(scenario), Budget(CHECK_EVALUATIONS, 30.0)
    found = find_reference(economy, limit)
    assert (found.method, limit.exhausted) == (PAIRS, None)
    assert limit.used < 2_000
    at = evaluate_prices(economy, found.prices, (found.consumption, found.production))
    assert at is not None
    assert at.residual <= 1e-9
    np.testing.assert_allclose(found.production @ found.prices, 0.0, atol=1e-12)  # none makes a profit


def test_the_auctioneer_agrees(scenario):
    outcome = MarketModel(scenario, "prices").run()
    checked = check(outcome)
    assert checked.agrees is True
    assert checked.price_difference <= 1e-6
