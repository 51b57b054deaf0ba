"""Economies with one public good, a park, and what becomes of them."""

from market.mechanisms import play
from market.scenario.building import build
from market.scenario.loading import loads


def logs(weights, cost="linear", **numbers):
    """Agents with `a ln G` and one producer."""
    return quasilinear([f'family = "log", weights = {{ park = {a} }}' for a in weights], cost, **numbers)


def quasilinear(utilities, cost="linear", unit_cost=1.0, slope=None, budget=None, extra=""):
    """Agents with these utilities of the park, and one producer of it."""
    rising = "" if slope is None else f", slope = {{ park = {slope} }}"
    held = "" if budget is None else f"budget = {budget}, "
    agents = ",\n".join(
        f'{{ name = "a{i}", {held}utility = {{ {utility} }} }}' for i, utility in enumerate(utilities)
    )
    made = f'cost = {{ family = "{cost}", unit_cost = {{ park = {unit_cost} }}{rising} }}'
    return f"""
schema = 1
economy = "quasilinear"
goods = ["park"]
public = ["park"]
{extra}
agents = [
{agents},
{{ name = "gardener", {made} }},
]
"""


def cobb_douglas(wealth, share=0.5):
    """Agents with `share ln x + (1 - share) ln G` and wealth in bread, of which one makes one of park."""
    shares = [share] * len(wealth) if isinstance(share, float) else share
    agents = ",\n".join(
        f'{{ name = "a{i}", endowment = {{ bread = {w} }}, utility = {{ family = "cobb_douglas", '
        f"weights = {{ bread = {a}, park = {1.0 - a} }} }} }}"
        for i, (w, a) in enumerate(zip(wealth, shares, strict=True))
    )
    return f"""
schema = 1
economy = "exchange"
goods = ["bread", "park"]
public = ["park"]
numeraire = "bread"
agents = [
{agents},
{{ name = "gardener", technology = {{ family = "activity", netput = {{ park = 1.0, bread = -1.0 }} }} }},
]
"""


VOLUNTARY = 'kind = "unmediated", game = "voluntary"'
LINDAHL = 'kind = "auctioneer"'
CLARKE = 'kind = "pivot"'
PLANNER = 'kind = "planner"'


def taxed(gamma, schedule="simultaneous"):
    """Groves and Ledyard's mechanism."""
    return f'kind = "unmediated", game = "groves_ledyard", gamma = {gamma}, schedule = "{schedule}"'


def scenario(text, *mechanisms):
    """The scenario of an economy under mechanisms m0, m1, ..."""
    listed = ", ".join(f'{{ name = "m{k}", {each} }}' for k, each in enumerate(mechanisms))
    return loads(f"{text}\nmechanisms = [{listed}]")


def outcome(text, mechanism):
    """The outcome of an economy under one mechanism."""
    read = scenario(text, mechanism)
    return play(read.mechanism("m0"), build(read))
