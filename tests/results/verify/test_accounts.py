"""Quantities are feasible, and utilities, payments and payoffs follow from them."""

from helpers.tampering import refused

import market
from market.results.run_folder import write_run
from market.results.verify import verify

IDLE = """
schema = 1
economy = "exchange"
seed = 44
goods = ["wood", "chairs"]
[[agents]]
name = "owners"
count = 2
utility.family = "log"
utility.weights = { wood = { dist = "uniform", low = 2.2177, high = 2.8973 }, chairs = 1.3 }
[agents.endowment]
wood = { dist = "uniform", low = 7.8363, high = 18.9127 }
chairs = { dist = "uniform", low = 6.3375, high = 19.5856 }
[[agents]]
name = "carpenter"
technology = { family = "cobb_douglas", output = "chairs", scale = 2.1, shares = { wood = 1.0 } }
owners = { owners = 1.0 }
[[agents]]
name = "idler"
technology = { family = "activity", netput = { chairs = 1.0, wood = -0.7736 } }
owners = { owners = 1.0 }
[[mechanisms]]
name = "prices"
kind = "auctioneer"
"""


def test_rounding_of_payments_is_accepted_for_agents_that_trade_nothing(tmp_path):
    """Found in random economies: the share of an idle producer in what others' payments leave, some 1e-16."""
    checked = verify(write_run(market.compare(market.loads(IDLE, name="idle")), tmp_path))
    assert checked.holds, refused(checked)


def test_two_agents_swapped_are_refused(tamper):
    """Alpha moves first; a record in which beta took all is no outcome of that game."""
    changed = tamper("commons")
    rows = changed.rows("first mover")
    numbers = [column for column in changed.agents if column not in ("mechanism", "agent")]
    changed.agents.loc[rows, numbers] = changed.agents.loc[rows, numbers].to_numpy()[::-1]
    said = changed.mechanism("first mover")
    for table in (
        *(said[key] for key in ("consumption", "production", "payments", "utilities", "payoffs")),
        said["alignment"]["weights"],
    ):
        table["alpha"], table["beta"] = table["beta"], table["alpha"]
    found = refused(changed.verified())
    assert "first mover: result.json and agents.parquet agree" not in found
    assert "first mover: nash" in found


def test_consumption_beyond_the_resources_is_refused(tamper):
    changed = tamper("commons")
    changed.everywhere("prices", "alpha", "consumption", "consumption", 5.1, good="water")
    assert "prices: feasible" in refused(changed.verified())
