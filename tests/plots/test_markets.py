"""Supply and demand: curves are total answers, areas are consumer and producer surplus."""

from __future__ import annotations

import numpy as np
import pytest
from helpers import stories
from helpers.figure_tests import compared, exchange, line, utility, words
from matplotlib.figure import Figure

from market import plots
from market.errors import InputError
from market.plots.markets import areas

CITY = """
    schema = 1
    economy = "quasilinear"
    goods = ["power"]
    agents = [
      { name = "wind", cost = { family = "linear", unit_cost = { power = 1 }, capacity = { power = 2 } } },
      { name = "coal", cost = { family = "linear", unit_cost = { power = 3 }, capacity = { power = 5 } } },
      { name = "city", utility = { family = "log1p", weights = { power = 15 } } },
    ]
    mechanisms = [{ name = "prices", kind = "auctioneer" }]
"""


@pytest.fixture
def ax():
    return Figure().add_subplot()


def area(ax, label):
    """The area of what is shaded under a label that begins so."""
    [shaded] = [each for each in ax.collections if str(each.get_label()).startswith(label)]
    x, y = shaded.get_paths()[0].vertices.T
    return 0.5 * abs(np.dot(x, np.roll(y, 1)) - np.dot(y, np.roll(x, 1)))


def label(ax, beginning):
    joined = [text.replace("\n", " ") for text in words(ax)]
    [found] = [text for text in joined if text.startswith(beginning)]
    return found


def test_demand_and_supply_of_the_commons_are_those_of_theory(ax):
    plots.supply_and_demand(compared(stories.COMMONS), ax)
    amounts, prices = line(ax, "demand").T
    shown = amounts < 99.0
    np.testing.assert_allclose(amounts[shown], 2.0 / prices[shown], rtol=1e-9)
    np.testing.assert_allclose(line(ax, "supply")[:, 0], 10.0)
    np.testing.assert_allclose(line(ax, "equilibrium: p = 0.2, q = 10"), [[10.0, 0.2]], rtol=1e-7)


def test_supply_at_constant_costs_is_a_staircase(ax):
    """p = 3: the city wants 15 / 3 - 1 = 4, wind gives 2 and coal the rest."""
    plots.supply_and_demand(compared(CITY), ax)
    np.testing.assert_allclose(line(ax, "equilibrium: p = 3, q = 4"), [[4.0, 3.0]])
    supply = line(ax, "supply")
    for cost, (low, high) in {1.0: (0.0, 2.0), 3.0: (2.0, 7.0)}.items():
        np.testing.assert_allclose(supply[supply[:, 1] == cost][[0, -1], 0], [low, high])
    between = supply[(supply[:, 1] > 1.0) & (supply[:, 1] < 3.0)]
    np.testing.assert_allclose(between[:, 0], 2.0)


def test_demand_of_the_indifferent_is_a_horizontal_piece(ax):
    """u = 2 x: at a price of 2 any amount is as good as any other, above it none is bought."""
    text = stories.COMMONS.replace('"log"', '"linear"').replace("{ water = 1.0 }", "{ water = 2.0 }")
    plots.supply_and_demand(compared(text), ax)
    demand = line(ax, "demand")
    at_two = demand[demand[:, 1] == 2.0][:, 0]
    assert at_two[0] >= ax.get_xlim()[1]  # any amount
    assert at_two[-1] == 0.0
    np.testing.assert_allclose(line(ax, "equilibrium: p = 2, q = 10"), [[10.0, 2.0]])


def test_shaded_areas_are_consumer_and_producer_surplus(ax):
    """Producers: wind earns 2 a unit on 2 units. Consumers: the area in view, up to p = 6."""
    plots.supply_and_demand(compared(CITY), ax)
    assert area(ax, "producer surplus") == pytest.approx(4.0, rel=1e-3)
    top = ax.get_ylim()[1]
    expected = 15.0 * np.log(top / 3.0) - (top - 3.0)  # the integral of 15 / p - 1 from 3 to the top
    assert area(ax, "consumer surplus") == pytest.approx(expected, rel=1e-3)


def test_the_surpluses_named_are_those_of_utilities_and_costs(ax):
    """u = 15 log(1 + 4) less 12 paid; wind earns 12 - 6 - its own 4 units at 1 or 3."""
    comparison = compared(CITY)
    plots.supply_and_demand(comparison, ax)
    outcome = comparison.outcomes["prices"]
    economy, p = comparison.economy, float(outcome.prices[0])
    worth = economy.utility(outcome.consumption).sum() - p * outcome.consumption.sum()
    profit = p * outcome.production.sum() - economy.cost(outcome.production).sum()
    found = areas(outcome)
    assert found.consumers == pytest.approx(worth, rel=1e-9)
    assert found.consumers == pytest.approx(15.0 * np.log(5.0) - 12.0, rel=1e-9)
    assert found.producers == pytest.approx(profit, rel=1e-9) == pytest.approx(4.0)
    assert label(ax, "consumer surplus") == "consumer surplus: 12.1 (goes on above)"
    assert label(ax, "producer surplus") == "producer surplus: 4"


def test_all_of_a_bounded_consumer_surplus_is_the_area_that_is_drawn(ax):
    """Quadratic utility: demand falls to zero at a price of 2, within the picture."""
    text = """
        schema = 1
        economy = "quasilinear"
        goods = ["air"]
        commons = { air = 3 }
        mechanisms = [{ name = "prices", kind = "auctioneer" }]

        [[agents]]
        name = "ann"
        count = 2
        utility = { family = "quadratic", weights = { air = 2 }, slope = { air = 0.5 } }
    """
    comparison = compared(text)
    plots.supply_and_demand(comparison, ax)
    outcome = comparison.outcomes["prices"]
    worth = comparison.economy.utility(outcome.consumption).sum() - 3.0 * float(outcome.prices[0])
    assert area(ax, "consumer surplus") == pytest.approx(worth, rel=1e-3)
    assert "goes on" not in label(ax, "consumer surplus")


def test_an_unbounded_surplus_is_called_so(ax):
    """The first drop of water is worth infinitely much to agents with log utility."""
    plots.supply_and_demand(compared(stories.COMMONS), ax)
    assert label(ax, "consumer surplus") == "consumer surplus: unbounded"
    assert label(ax, "revenue of the common stock") == "revenue of the common stock: 2"


def test_the_deadweight_loss_of_another_amount_is_an_area(ax):
    """Nothing is made as a gift: the loss is all that demand is worth above supply, from 0 to 4."""
    gift = CITY.replace(
        "mechanisms = [", 'mechanisms = [ { name = "gift", kind = "unmediated", game = "gift" },'
    )
    comparison = compared(gift)
    plots.supply_and_demand(comparison, ax)
    loss = comparison.alignments["gift"].surplus_gap
    assert loss == pytest.approx(15.0 * np.log(5.0) - 2.0 - 6.0, rel=1e-6)
    top = ax.get_ylim()[1]
    hidden = (
        15.0 * np.log(15.0 / top) - 15.0 + top
    )  # the integral of 15 / (1 + q) - top while that is positive
    assert area(ax, "deadweight loss, gift") == pytest.approx(loss - hidden, rel=5e-3)
    assert label(ax, "deadweight loss") == "deadweight loss, gift: 16.1"


def test_a_loss_by_dividing_the_amount_inefficiently_is_no_area(ax):
    plots.supply_and_demand(compared(stories.WAR), ax)
    divided = label(ax, "deadweight loss, one after another")
    assert divided == "deadweight loss, one after another: 2 (same amount, divided inefficiently)"
    assert label(ax, "deadweight loss, all at once") == "deadweight loss, all at once: 4.4"


def test_the_revenue_of_the_common_stock_is_price_times_stock(ax):
    plots.supply_and_demand(compared(stories.COMMONS), ax)
    assert area(ax, "revenue of the common stock") == pytest.approx(2.0, rel=1e-6)


def test_a_free_good_is_shown_with_all_there_is_of_it(ax):
    air = """
        schema = 1
        economy = "quasilinear"
        goods = ["air"]
        commons = { air = 10 }
        mechanisms = [{ name = "prices", kind = "auctioneer" }]

        [[agents]]
        name = "ann"
        count = 2
        utility = { family = "quadratic", weights = { air = 2 }, slope = { air = 1 } }
    """
    plots.supply_and_demand(compared(air), ax)
    np.testing.assert_allclose(line(ax, "equilibrium: p = 0, q = 4"), [[4.0, 0.0]])
    assert ax.get_xlim()[1] >= 10.0
    assert ax.get_ylim()[1] == pytest.approx(2.0)  # above which demand is 0


def test_in_exchange_demand_crosses_supply_at_each_equilibrium(ax):
    """Kehoe's fruit: three prices clear the market; nothing is shaded, since areas are not money."""
    text = exchange(
        utility("crra", 1024, 1, ", risk_aversion = 5.0"),
        utility("crra", 1, 1024, ", risk_aversion = 5.0"),
        (12, 1),
        (1, 12),
        mechanisms=("prices",),
    )
    plots.supply_and_demand(compared(text), ax, good="bread")
    demand = line(ax, "demand")
    lacking = np.sign(demand[:, 0] - 13.0)
    crossings = demand[1:, 1][(lacking[1:] != lacking[:-1]) & (lacking[1:] != 0)]
    np.testing.assert_allclose(np.unique(crossings.round(2)), [0.11, 0.5, 0.89], atol=0.011)
    assert not ax.collections


def test_a_market_that_does_not_clear_says_so_and_shades_nothing(ax):
    text = stories.COMMONS.replace('kind = "auctioneer"', 'kind = "auctioneer"\nmax_rounds = 1')
    plots.supply_and_demand(compared(text), ax)
    assert "not an equilibrium: p = 1, q = 2" in words(ax)
    assert not ax.collections


@pytest.mark.parametrize(
    ("text", "mechanism", "good", "message"),
    [
        (stories.COMMONS, "planner", None, "there is no auctioneer"),
        (stories.GIFT, "prices", None, "name one of bread, cake"),
        (stories.GIFT, "prices", "bred", "Did you mean 'bread'"),
    ],
)
def test_it_is_said_what_is_missing(text, mechanism, good, message, ax):
    with pytest.raises(InputError, match=message):
        plots.supply_and_demand(compared(text, mechanism), ax, good)
