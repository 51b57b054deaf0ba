"""Scenario texts of exchange economies with technologies, built from agents."""

from __future__ import annotations

HEAD = 'schema = 1\neconomy = "exchange"\n'
PRICES = '[[mechanisms]]\nname = "prices"\nkind = "auctioneer"\n'


def economy(goods, *agents, numeraire=None):
    """A scenario text from agents as (name, rest of the table)."""
    tables = "".join(f'[[agents]]\nname = "{name}"\n{rest}\n' for name, rest in agents)
    first = f"goods = {list(goods)}\n".replace("'", '"')
    return HEAD + first + (f'numeraire = "{numeraire}"\n' if numeraire else "") + tables + PRICES


def wants(**weights):
    inner = ", ".join(f"{good} = {weight}" for good, weight in weights.items())
    return f'utility = {{ family = "cobb_douglas", weights = {{ {inner} }} }}'


def activity(**netput):
    inner = ", ".join(f"{good} = {amount}" for good, amount in netput.items())
    return f'technology = {{ family = "activity", netput = {{ {inner} }} }}'


CHAIN = economy(
    ["labour", "wheat", "flour", "bread"],
    ("household", "endowment = { labour = 12.0 }\n" + wants(bread=1.0)),
    ("farm", activity(wheat=1.0, labour=-2.0)),
    ("mill", activity(flour=1.0, wheat=-1.0, labour=-1.0)),
    ("bakery", activity(bread=1.0, flour=-1.0, labour=-1.0)),
    numeraire="labour",
)
