"""Scenario texts for the tests of the command line: small, and each with a known end."""

COMMONS = """
schema = 1
title = "Who gets the water?"
economy = "quasilinear"
goods = ["water"]

[commons]
water = 10.0

[[agents]]
name = "alpha"
utility = { family = "log", weights = { water = 1.0 } }

[[agents]]
name = "beta"
utility = { family = "log", weights = { water = 1.0 } }

[[mechanisms]]
name = "first mover"
kind = "unmediated"
game = "seize"
movers = ["alpha"]

[[mechanisms]]
name = "prices"
kind = "auctioneer"

[[mechanisms]]
name = "planner"
kind = "planner"
"""

WAR = """
schema = 1
title = "War over a well"
economy = "quasilinear"
goods = ["water"]
commons = { water = 10.0 }

[[agents]]
name = "tribe"
count = 3
utility = { family = "log1p", weights = { water = 1.0 } }

[[mechanisms]]
name = "one after another"
kind = "unmediated"
game = "claims"

[[mechanisms]]
name = "all at once"
kind = "unmediated"
game = "claims"
schedule = "simultaneous"

[[mechanisms]]
name = "prices"
kind = "auctioneer"

[[mechanisms]]
name = "planner"
kind = "planner"
"""

GIFT = """
schema = 1
title = "Who bakes the bread?"
economy = "quasilinear"
goods = ["bread", "cake"]

[[agents]]
name = "baker"
cost = { family = "linear", unit_cost = { bread = 2.0, cake = 5.0 } }

[[agents]]
name = "guest"
utility = { family = "log", weights = { bread = 1.0, cake = 3.0 } }

[[mechanisms]]
name = "gift"
kind = "unmediated"
game = "gift"

[[mechanisms]]
name = "prices"
kind = "auctioneer"
"""


def crowd(agents: int, *mechanisms: str) -> str:
    """Some who cannot do without water and many who can, under the mechanisms named."""
    known = {
        "first mover": 'kind = "unmediated"\ngame = "seize"\nmovers = ["thirsty[0]"]',
        "prices": 'kind = "auctioneer"',
    }
    return "\n".join(
        [
            'schema = 1\ntitle = "A crowd"\neconomy = "quasilinear"',
            'goods = ["water"]\ncommons = { water = 50.0 }',
            '[[agents]]\nname = "thirsty"\ncount = 35',
            'utility = { family = "log", weights = { water = 1.0 } }',
            f'[[agents]]\nname = "others"\ncount = {agents - 35}',
            'utility = { family = "log1p", weights = { water = 2.0 } }',
            *(f'[[mechanisms]]\nname = "{name}"\n{known[name]}' for name in mechanisms),
        ]
    )


def barter(goods: int) -> str:
    """Two agents who own and want all of many goods, at home and at prices."""
    names = [f"good {g}" for g in range(goods)]
    agents = []
    for name, first in (("ann", 1.0), ("bob", 20.0)):
        endowment = ", ".join(f'"{good}" = {abs(first - g) + 1.0}' for g, good in enumerate(names))
        weights = ", ".join(f'"{good}" = {1.0 / goods}' for good in names)
        utility = f'{{ family = "cobb_douglas", weights = {{ {weights} }} }}'
        agents.append(f'[[agents]]\nname = "{name}"\nendowment = {{ {endowment} }}\nutility = {utility}')
    return "\n".join(
        [
            f'schema = 1\ntitle = "Barter"\neconomy = "exchange"\ngoods = {names}'.replace("'", '"'),
            *agents,
            '[[mechanisms]]\nname = "at home"\nkind = "unmediated"\ngame = "autarky"',
            '[[mechanisms]]\nname = "prices"\nkind = "auctioneer"',
        ]
    )
