"""Scenario texts with harm: a mill, those who buy its steel, and those who suffer its smoke."""

from __future__ import annotations

BUYER = """
[[agents]]
name = "buyer"
utility = { family = "quadratic", weights = { steel = 12.0 }, slope = { steel = 1.0 } }
"""

MILL = """
[[agents]]
name = "mill"
cost = { family = "linear", unit_cost = { steel = 2.0 } }
"""

EACH_KIND = """
[[mechanisms]]
name = "market"
kind = "auctioneer"

[[mechanisms]]
name = "planner"
kind = "planner"

[[mechanisms]]
name = "producers"
kind = "bargaining"

[[mechanisms]]
name = "victims"
kind = "bargaining"
rights = "victims"
"""


def smoky(
    *agents: str, goods: str = '"steel"', money: str = "quasilinear", mechanisms: str = EACH_KIND
) -> str:
    """A scenario with these tables of agents."""
    head = f'schema = 1\neconomy = "{money}"\ngoods = [{goods}]\n'
    return head + "".join(agents) + mechanisms


def victim(harm: str, name: str = "resident", more: str = "") -> str:
    """The table of an agent with this harm."""
    return f'\n[[agents]]\nname = "{name}"\nharm = {harm}\n{more}\n'


SMOKE = smoky(BUYER, MILL, victim("{ steel = 3.0 }"))
"""Demand 12 - Q, cost 2, harm 3: the market makes 10, the optimum is 7."""

RISING = smoky(BUYER, MILL, victim("{ steel = { slope = 1.0 } }"))
"""Demand 12 - Q, cost 2, harm Q^2 / 2: the market makes 10, the optimum is 5."""

COASE = smoky(
    """
[[agents]]
name = "mill"
utility = { family = "quadratic", weights = { steel = 12.0 }, slope = { steel = 1.0 } }
cost = { family = "linear", unit_cost = { steel = 0.0 } }
""",
    victim("{ steel = { slope = 1.0 } }"),
)
"""The mill gains 12 z - z^2 / 2 by z, the resident loses z^2 / 2."""
