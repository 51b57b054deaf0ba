"""Quantities are feasible, and utilities, payments and payoffs follow from them."""

import pytest
from helpers.tampering import refused

import market
from market.results.run_folder import read_run, write_run
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


@pytest.mark.parametrize(
    "key", ["consumer", "producer", "revenue", "utility_minus_payments", "total", "deadweight_loss"]
)
def test_a_surplus_moved_by_a_millionth_is_refused(tamper, key):
    changed = tamper("war")
    split = changed.mechanism("prices")["surplus"]
    split[key] = 1e-6 if split[key] == 0 else split[key] * (1 + 1e-6)
    assert "prices: consumer, producer and total surplus" in refused(changed.verified())


@pytest.mark.parametrize("value", [5.0, "-Infinity", None])
def test_an_unbounded_consumer_surplus_cannot_be_replaced(tamper, value):
    changed = tamper("commons")
    assert changed.mechanism("prices")["surplus"]["consumer"] == "Infinity"
    changed.mechanism("prices")["surplus"]["consumer"] = value
    assert "prices: consumer, producer and total surplus" in refused(changed.verified())


def test_a_surplus_that_is_left_out_or_invented_is_refused(tamper):
    changed = tamper("war")
    changed.mechanism("prices")["surplus"] = None
    assert "comparison.csv agrees with result.json" in refused(changed.verified())
    changed = tamper("barter")
    changed.mechanism("prices")["payoffs_with_revenue"] = {"ann": 1.0, "bob": 2.0}
    assert "prices: surplus is left out" in refused(changed.verified())


@pytest.mark.parametrize("payoffs", [None, {"alpha": 1.5, "beta": 1.7}])
def test_payoffs_with_another_share_of_the_revenue_are_refused(tamper, payoffs):
    changed = tamper("commons")
    changed.mechanism("prices")["payoffs_with_revenue"] = payoffs
    assert "prices: payoffs with revenue handed back" in refused(changed.verified())


WITHOUT_WANTS = """
schema = 1
economy = "quasilinear"
goods = ["water"]
commons.water = 1
agents = [
    { name = "alpha", utility = { family = "cobb_douglas", weights = { water = 0.5 } } },
    { name = "beta", utility = { family = "cobb_douglas", weights = { water = 0.0 } } },
]
mechanisms = [{ name = "prices", kind = "auctioneer" }]
"""


def test_utility_of_an_agent_that_wants_nothing_counts_in_utility_minus_payments(tmp_path):
    """With `u = x^0 = 1` for beta, total surplus 1 + 1 is utility minus payments 1.5 plus the revenue 0.5."""
    folder = write_run(market.compare(market.loads(WITHOUT_WANTS)), tmp_path)
    split = read_run(folder).result["mechanisms"][0]["surplus"]
    assert split["utility_minus_payments"] == pytest.approx(1.5)
    assert split["total"] == pytest.approx(split["utility_minus_payments"] + split["revenue"])
    assert not refused(verify(folder))
