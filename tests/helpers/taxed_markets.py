"""Markets with taxes, caps, floors and quotas, whose outcomes have closed forms."""

from __future__ import annotations

import market
from market.efficiency.report import Alignment
from market.outcome import Outcome


def text(agents: str, options: str, top: str = "", money: str = "quasilinear") -> str:
    """Return a scenario with one good and one auctioneer under these options."""
    return f"""
schema = 1
economy = "{money}"
goods = ["bread"]
{top}
agents = [{agents}]
[[mechanisms]]
name = "taxed"
kind = "auctioneer"
tolerance = 1e-12
{options}
"""


def buyer(a: float = 12.0, k: float = 1.0, name: str = "buyer", count: int = 1) -> str:
    """Return a buyer with `u = a x - k x^2 / 2`, whose demand is (a - p) / k."""
    utility = f'{{ family = "quadratic", weights = {{ bread = {a} }}, slope = {{ bread = {k} }} }}'
    return f'{{ name = "{name}", count = {count}, utility = {utility} }}'


def seller(c: float = 2.0, d: float = 1.0, name: str = "seller", count: int = 1) -> str:
    """Return a seller with `C = c y + d y^2 / 2`, whose supply is (p - c) / d."""
    cost = f'{{ family = "quadratic", unit_cost = {{ bread = {c} }}, slope = {{ bread = {d} }} }}'
    return f'{{ name = "{name}", count = {count}, cost = {cost} }}'


TWO_BUYERS = f"{buyer(12, name='keen')}, {buyer(8, name='other')}, {seller(0)}"


def log_buyer(weight: float = 1.0, count: int = 1) -> str:
    """Return buyers with `u = weight ln x`, who spend `weight` each at every price."""
    utility = f'{{ family = "log", weights = {{ bread = {weight} }} }}'
    return f'{{ name = "buyer", count = {count}, utility = {utility} }}'


def constant_cost(c: float = 2.0, name: str = "seller") -> str:
    """Return a seller with a constant unit cost and no capacity."""
    return f'{{ name = "{name}", cost = {{ family = "linear", unit_cost = {{ bread = {c} }} }} }}'


def one_each(options: str) -> str:
    """Return the market of one buyer, 12 x - x^2/2, and one seller, 2 y + y^2/2."""
    return text(f"{buyer()}, {seller()}", options)


def edgeworth(options: str) -> str:
    """Return the exchange of bread for wine of the scenario `edgeworth`, the price of wine 1."""
    return f"""
schema = 1
economy = "exchange"
goods = ["bread", "wine"]
numeraire = "wine"
[[agents]]
name = "farmer"
endowment = {{ bread = 9.0, wine = 1.0 }}
utility = {{ family = "cobb_douglas", weights = {{ bread = 0.4, wine = 0.6 }} }}
[[agents]]
name = "vintner"
endowment = {{ bread = 1.0, wine = 4.0 }}
utility = {{ family = "cobb_douglas", weights = {{ bread = 0.5, wine = 0.5 }} }}
[[mechanisms]]
name = "taxed"
kind = "auctioneer"
tolerance = 1e-12
{options}
"""


def played(scenario: str) -> tuple[Outcome, Alignment]:
    """Return outcome and alignment report of the mechanism of a scenario."""
    outcome = market.MarketModel(market.loads(scenario)).run()
    return outcome, market.alignment(outcome)
