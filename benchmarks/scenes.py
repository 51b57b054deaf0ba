"""The markets that are measured, as scenario texts, and their plain twins' sizes."""

from __future__ import annotations

UNIFORM = "{{ dist = 'uniform', low = {low}, high = {high} }}"


def log_market(agents: int, goods: int) -> str:
    """Traders with log utilities and money, a stock of each good in common."""
    return _text("quasilinear", agents, goods, "family = 'log', ", "")


def ces_market(agents: int, goods: int) -> str:
    """Buyers with budgets and an elasticity of substitution of 2."""
    budget = f"budget = {UNIFORM.format(low=1.0, high=2.0)}"
    return _text("fisher", agents, goods, "family = 'ces', elasticity = 2.0, ", budget)


def crra_market(agents: int, goods: int) -> str:
    """Traders with money and risk aversions of their own, so that no total has a closed form."""
    eta = UNIFORM.format(low=0.5, high=2.0)
    return _text("quasilinear", agents, goods, f"family = 'crra', risk_aversion = {eta}, ", "")


def _text(money: str, agents: int, goods: int, family: str, budget: str) -> str:
    names = [f"good{g}" for g in range(goods)]
    weight = UNIFORM.format(low=0.5, high=2.0)
    weights = ", ".join(f"{name} = {weight}" for name in names)
    stocks = "\n".join(f"{name} = {float(agents * (g + 1))}" for g, name in enumerate(names))
    return f"""
schema = 1
economy = "{money}"
goods = {names}
[commons]
{stocks}
[[agents]]
name = "trader"
count = {agents}
utility = {{ {family}weights = {{ {weights} }} }}
{budget}
[[mechanisms]]
name = "prices"
kind = "auctioneer"
tolerance = 1e-9
max_rounds = 1000
"""
