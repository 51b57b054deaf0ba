"""Random economies for hypothesis, derived from the families' own declarations."""

from __future__ import annotations

import os

import numpy as np
from hypothesis import strategies as st

from market.costs import COSTS
from market.economy import Block, Economy, Money
from market.mechanisms import GAMES, Auctioneer, Planner, Unmediated
from market.pricing import RULES
from market.registry import Family, Parameter
from market.utilities import UTILITIES, Utility

SOAK = int(os.environ.get("MARKET_SOAK", "1"))
"""How many times as many random examples as usual: `MARKET_SOAK=20 make test` looks longer, and elsewhere."""


def number(parameter: Parameter) -> st.SearchStrategy[float]:
    """An ordinary value of a parameter, its lowest one now and then."""
    low = max(parameter.low, 0.05)
    high = min(parameter.high, 5.0)
    ordinary = st.floats(low, high, allow_nan=False)
    if parameter.open_low or parameter.low > 0:
        return ordinary
    return st.one_of(ordinary, ordinary, ordinary, st.just(float(parameter.low)))


@st.composite
def parameters(draw, family: type[Family], agents: int, goods: int) -> dict[str, np.ndarray]:
    """Arrays of a family's parameters: (agents, goods) or (agents,)."""
    drawn = {}
    for name, parameter in family.parameters.items():  # type: ignore[attr-defined]
        shape = (agents, goods) if parameter.axis == "good" else (agents,)
        count = int(np.prod(shape))
        values = draw(st.lists(number(parameter), min_size=count, max_size=count))
        drawn[name] = np.array(values, dtype=float).reshape(shape)
    return drawn


def concave_with_money(family: type[Utility], given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """The same parameters, scaled down where u(x) - p.x has no maximum, or nearly none, or u is not concave.

    Near that limit demand is so elastic and so joint that adjusting good by good takes thousands of rounds.
    """
    near = given | {"weights": 1.06 * given["weights"]}
    bent = family.unbounded_with_money(**near) | family.not_concave(**near)
    if not bent.any():
        return given
    weights = given["weights"]
    total = weights.sum(axis=1, keepdims=True)
    return given | {
        "weights": np.where(bent[:, None], 0.9 * weights / np.where(total > 0, total, 1.0), weights)
    }


@st.composite
def economies(
    draw, *, money: Money | None = None, producers: bool = True, max_agents: int = 6, max_goods: int = 4
):
    """An economy in which every good that is wanted can be had: two families at most, corners included."""
    kind = draw(st.sampled_from(list(Money))) if money is None else money
    goods = draw(st.integers(1, max_goods))
    sizes, blocks, row = [], [], 0
    for family in draw(st.lists(st.sampled_from(list(UTILITIES)), min_size=1, max_size=2, unique=True)):
        count = draw(st.integers(1, max_agents // 2))
        given = concave_with_money(family, draw(parameters(family, count, goods)))
        if kind is Money.EXCHANGE:  # who wants nothing never spends its income, and there is no equilibrium
            idle = (family.bliss(**given) == 0).all(axis=1)
            given = given | {"weights": np.where(idle[:, None], 0.5 / goods, given["weights"])}
        blocks.append(Block(family, slice(row, row + count), given))
        row += count
    sizes.append(row)
    costs = []
    if producers and kind is not Money.EXCHANGE and draw(st.booleans()):
        family = draw(st.sampled_from(list(COSTS)))
        count = draw(st.integers(1, 3))
        costs.append(Block(family, slice(row, row + count), draw(parameters(family, count, goods))))
        row += count
    positive = st.floats(0.25, 20.0, allow_nan=False)
    commons = np.array(draw(st.lists(positive, min_size=goods, max_size=goods)))
    endowment = np.zeros((row, goods))
    if kind is Money.EXCHANGE:
        values = draw(st.lists(positive, min_size=row * goods, max_size=row * goods))
        endowment = np.array(values).reshape(row, goods)
        commons = np.zeros(goods)
    budget = np.full(row, np.inf if kind is Money.QUASILINEAR else 0.0)
    if kind is Money.FISHER:
        budget = np.array(draw(st.lists(positive, min_size=row, max_size=row)))
    return Economy(
        money=kind,
        goods=tuple(f"good{g}" for g in range(goods)),
        agents=tuple(f"agent{i}" for i in range(row)),
        groups={f"agent{i}": np.array([i]) for i in range(row)},
        commons=commons,
        endowment=endowment,
        budget=budget,
        commons_share=np.full(row, 1.0 / row),
        utilities=tuple(blocks),
        costs=tuple(costs),
    )


def one_of_each_mechanism(economy):
    """One of each registered mechanism, rule and game that can be played in this economy."""
    for rule in RULES:
        yield Auctioneer(f"rule {rule.name}", rule(), max_rounds=2000)
    for game in GAMES:
        required = {"movers": economy.agents[:1]} if game.name == "seize" else {}
        yield Unmediated(f"game {game.name}", game(**required), max_rounds=50)
    yield Planner("planner")


@st.composite
def technology_parameters(draw, family, agents: int, goods: int) -> dict[str, np.ndarray]:
    """Parameters of a technology that makes the first good, or the agent's own, from others."""
    output = np.zeros((agents, goods))
    output[np.arange(agents), np.arange(agents) % goods] = 1.0
    share = st.floats(0.05, 1.0)
    raw = np.array(draw(st.lists(share, min_size=agents * goods, max_size=agents * goods))).reshape(
        agents, goods
    )
    used = np.where(output > 0, 0.0, raw)
    if goods > 2:  # not every good is an input
        used[np.arange(agents), (np.arange(agents) + 1) % goods] = 0.0
    one_each = st.lists(st.floats(0.2, 3.0), min_size=agents, max_size=agents).map(np.array)
    if family.name == "activity":
        return {"netput": draw(one_each)[:, None] * output - used}
    scale = draw(one_each)
    if family.name == "cobb_douglas":
        total = used.sum(axis=1, keepdims=True)
        returns = np.array(draw(st.lists(st.sampled_from([1.0, 0.4, 0.8]), min_size=agents, max_size=agents)))
        return {"output": output, "scale": scale, "shares": used / total * returns[:, None]}
    if family.name == "ces":
        sigma = st.one_of(st.sampled_from([0.3, 1.0, 4.0]), st.floats(0.2, 0.8), st.floats(1.5, 6.0))
        elasticity = np.array(draw(st.lists(sigma, min_size=agents, max_size=agents)))
        return {"output": output, "scale": scale, "weights": used, "elasticity": elasticity}
    exponent = np.array(draw(st.lists(st.floats(0.1, 0.9), min_size=agents, max_size=agents)))
    return {"output": output, "input": np.roll(output, 2, axis=1), "scale": scale, "exponent": exponent}
