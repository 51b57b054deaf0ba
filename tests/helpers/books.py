"""Double auctions of agents that want or make one unit each, and of those of published experiments."""

import numpy as np

import market

SMITH = (tuple(range(325, 74, -25)), tuple(range(75, 326, 25)))
"""Values and costs of Smith (1962), test 1: the competitive price is 200, the largest surplus 750."""


EXCHANGE = """
schema = 1
economy = "exchange"
goods = ["bread", "gold"]
numeraire = "gold"
[[agents]]
name = "baker"
count = 3
endowment = { bread = 8.0, gold = 1.0 }
utility = { family = "cobb_douglas", weights = { bread = 1.0, gold = 1.0 } }
[[agents]]
name = "smith"
count = 3
endowment = { bread = 1.0, gold = 8.0 }
utility = { family = "cobb_douglas", weights = { bread = 1.0, gold = 1.0 } }
[[mechanisms]]
name = "pit"
kind = "double_auction"
price_range = [0.0, 10.0]
lot = LOT
days = 2
"""


def unit_market(values, costs, high, keys="", low=1.0):
    """Return a scenario text: each buyer has a value for one unit and none for a second."""
    agents = [
        f'{{ name = "b{i}", utility = {{ family = "steps", bids = {{ g = [[{v}, 1.0]] }} }} }}'
        for i, v in enumerate(values)
    ] + [
        f'{{ name = "s{i}", cost = {{ family = "linear", unit_cost = {{ g = {c} }}, '
        f"capacity = {{ g = 1.0 }} }} }}"
        for i, c in enumerate(costs)
    ]
    return (
        f'schema = 1\neconomy = "quasilinear"\ngoods = ["g"]\nagents = [{", ".join(agents)}]\n'
        f'[[mechanisms]]\nname = "pit"\nkind = "double_auction"\nprice_range = [{low}, {high}]\n{keys}\n'
    )


def book(keys, lot=1.0, agents="", goods='goods = ["g"]', head=""):
    """Return a scenario text: buyers `12 x - x^2 / 2` and sellers `2 y + y^2 / 2`, or other agents."""
    agents = agents or (
        '[[agents]]\nname = "x"\ncount = 4\n'
        'utility = { family = "quadratic", weights = { g = 12.0 }, slope = { g = 1.0 } }\n'
        '[[agents]]\nname = "y"\ncount = 2\n'
        'cost = { family = "quadratic", unit_cost = { g = 2.0 }, slope = { g = 1.0 } }\n'
    )
    return (
        f'schema = 1\neconomy = "quasilinear"\n{goods}\n{head}\n{agents}\n'
        f'[[mechanisms]]\nname = "pit"\nkind = "double_auction"\nprice_range = [0.0, 12.0]\n'
        f"lot = {lot}\n{keys}\n"
    )


def played(text, seed=0):
    """Return the outcome of the first mechanism, without Mesa's collection of every round."""
    scenario = market.loads(text)
    economy = market.build(scenario, seed)
    return market.play(scenario.mechanism(scenario.mechanism_names[0]), economy)


def by_day(outcome):
    """Return for each day the gains from its trades of single units, their prices and number."""
    economy, trades = outcome.economy, outcome.trades
    values = economy.utility(np.ones(economy.shape))
    costs = economy.cost((economy.capacity > 0) * np.ones(economy.shape))
    days = []
    for day in range(1, int(outcome.evidence["days"]) + 1):
        own = trades.on_day(day)
        days.append(((values[own.buyer] - costs[own.seller]).sum(), own.price, len(own)))
    return days


def mean_and_error(numbers):
    """Return the mean of independent numbers and its standard error."""
    return np.mean(numbers), np.std(numbers, ddof=1) / np.sqrt(len(numbers))
