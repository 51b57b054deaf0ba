"""Random economies of two agents as scenario files: all families, kinds of money, producers, corners.

Two consumers, or a consumer with a producer, a firm or a seller; with prices, a planner and a game.
"""

from __future__ import annotations

import numpy as np

from benchmarks.drawing import FAMILIES, MONEY, STOCK, Draw, _cost, _means, _technology, _toml

SECOND = ("consumer", "consumer", "consumer", "producer", "maker and consumer")


def pair(seed: int, weights: tuple[float, float] | None = None) -> str:
    """Return a scenario of two agents, determined by its seed; weights of the planner, if given."""
    rng = np.random.default_rng([12, seed])
    money = str(rng.choice(MONEY))
    draw = Draw(rng, money, [f"g{k}" for k in range(int(rng.integers(1, 4)))])
    agents = [_consumer(draw, "ann", everything=True)]
    second = str(rng.choice(SECOND))
    if second == "consumer":
        agents.append(_consumer(draw, "bob", everything=False))
    elif second == "maker and consumer" and money != "exchange":
        agents.append(_consumer(draw, "bob", everything=False) | {"cost": _cost(draw)})
    elif money != "exchange":
        agents.append({"name": "bob", "cost": _cost(draw)})
    elif len(draw.goods) > 1:
        agents.append({"name": "bob", "technology": _technology(draw), "owners": {"ann": 1.0}})
    else:
        agents.append({"name": "bob", "endowment": draw.by_good(draw.goods, *STOCK)})
    if money == "exchange":
        agents[0]["endowment"] = draw.by_good(draw.goods, *STOCK)
    lines = ["schema = 1", f'title = "pair {seed}"', f'economy = "{money}"', f"seed = {seed}"]
    lines.append(f"goods = {_toml(draw.goods)}")
    if money != "exchange":
        there = [good for good in draw.goods if second == "consumer" or draw.chance(0.7)]
        stock = {good: round(2 * float(rng.uniform(*STOCK)), 4) for good in there}
        lines += ["", "[commons]", *(f"{good} = {value}" for good, value in stock.items())]
    for agent in agents:
        lines += ["", "[[agents]]", *(f"{key} = {_toml(value)}" for key, value in agent.items())]
    games = ("autarky",) if money == "exchange" else ("seize",)
    for game in games:
        lines += ["", "[[mechanisms]]", f'name = "{game}"', 'kind = "unmediated"', f'game = "{game}"']
        lines += ['movers = ["ann"]'] if game == "seize" else []
    lines += ["", "[[mechanisms]]", 'name = "prices"', 'kind = "auctioneer"', "max_rounds = 300"]
    first, other = np.exp(rng.uniform(np.log(0.02), np.log(50.0), 2)) if weights is None else weights
    lines += ["", "[[mechanisms]]", 'name = "planner"', 'kind = "planner"']
    lines += [f"weights = {{ ann = {first:.4g}, bob = {other:.4g} }}"]
    return "\n".join(lines) + "\n"


def _consumer(draw: Draw, name: str, *, everything: bool) -> dict[str, object]:
    family = str(draw.rng.choice(list(FAMILIES)))
    utility = {"family": family, **FAMILIES[family](draw, everything)}
    return {"name": name, "utility": utility, **_means(draw, family)}
