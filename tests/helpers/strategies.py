"""Random economies for hypothesis, derived from the families' own declarations."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import replace

import numpy as np
from hypothesis import strategies as st

from market.economy.families.costs import COSTS
from market.economy.families.utilities import UTILITIES, Utility
from market.economy.primitives import Block, Economy, Money
from market.errors import InputError
from market.mechanisms import GAMES, MECHANISMS, Auction, Planner, Unmediated
from market.mechanisms.auction.price_rules import RULES, Tatonnement
from market.registry import Family, Parameter

SOAK = int(os.environ.get("MARKET_SOAK", "1"))
"""How many times as many random examples as usual: `MARKET_SOAK=20 make test` looks longer, and elsewhere."""


def number(parameter: Parameter) -> st.SearchStrategy[float]:
    """An ordinary value of a parameter, its lowest one now and then."""
    high = min(parameter.high - (0.05 if parameter.open_high else 0.0), 5.0)
    if parameter.low < 0:
        return st.floats(-3.0, high, allow_nan=False).filter(lambda value: abs(value) > 0.05)
    low = max(parameter.low, 0.05)
    ordinary = st.floats(low, high, allow_nan=False)
    if parameter.open_low or 0 < parameter.low != parameter.absent:
        return ordinary
    return st.one_of(ordinary, ordinary, ordinary, st.just(float(parameter.low)))


@st.composite
def parameters(draw, family: type[Family], agents: int, goods: int) -> dict[str, np.ndarray]:
    """Arrays of a family's parameters: (agents, goods) or (agents,).

    Of a sum of terms, each good has few: which they are is drawn first.
    """
    drawn = {}
    for name, parameter in family.parameters.items():  # type: ignore[attr-defined]
        if parameter.axis == "steps":
            drawn[name] = draw(steps(family, agents, goods))
            continue
        shape = (agents, goods) if parameter.axis == "good" else (agents,)
        count = int(np.prod(shape))
        if family.terms is not None and not name.endswith("_weight"):
            values = draw(st.lists(number(parameter), min_size=2, max_size=2)) * count
        else:
            values = draw(st.lists(number(parameter), min_size=count, max_size=count))
        drawn[name] = np.array(values[:count], dtype=float).reshape(shape)
    if family.terms is not None:
        chosen = st.sets(st.sampled_from(family.terms.names), max_size=3)
        sets = draw(st.lists(chosen, min_size=agents * goods, max_size=agents * goods))
        for form in family.terms.names:
            has = np.array([form in names for names in sets]).reshape(agents, goods)
            drawn[f"{form}_weight"] = np.where(has, drawn[f"{form}_weight"], 0.0)
    return _that_go_together(family, drawn)


@st.composite
def steps(draw, family: type[Family], agents: int, goods: int) -> np.ndarray:
    """Up to three steps for each good, (agents, goods, 3, 2): falling bids, or rising offers."""
    count = agents * goods * 3
    prices = np.array(draw(st.lists(st.floats(0.05, 5.0), min_size=count, max_size=count)))
    amounts = np.array(draw(st.lists(st.sampled_from([0.0, 0.5, 1.0, 2.0]), min_size=count, max_size=count)))
    prices = np.sort(prices.reshape(agents, goods, 3), axis=2)
    amounts = amounts.reshape(agents, goods, 3)
    amounts[:, 0, 0] = np.maximum(amounts[:, 0, 0], 0.5)
    ordered = prices[..., ::-1] if issubclass(family, Utility) else prices
    return np.stack([ordered, amounts], axis=-1)


def _that_go_together(family: type[Family], given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Normalise weights to shares where a scenario would be refused otherwise."""
    if not issubclass(family, Utility):
        return given
    refused = [row for row, _ in family.faults(**given)]
    weights = given.get("weights", np.zeros((0, 0))).copy()
    weights[refused] /= weights[refused].sum(axis=1, keepdims=True)
    return given | {"weights": weights} if refused else given


def ones(family: type[Family], weights: np.ndarray) -> dict[str, np.ndarray]:
    """Return parameters with these weights; all others are 1, or absent in a sum of terms."""
    given = {}
    for name, parameter in family.parameters.items():  # type: ignore[attr-defined]
        if name == "weights" or name == "log_weight":
            given[name] = weights
        elif parameter.axis == "steps":
            given[name] = np.stack([weights, 1.0 * (weights > 0)], axis=-1)[:, :, None]
        elif family.terms is not None:
            given[name] = np.full(weights.shape, parameter.absent)
        else:
            given[name] = np.ones(weights.shape if parameter.axis == "good" else len(weights))
    return given


def step_ends(taken: dict[str, np.ndarray]) -> np.ndarray | None:
    """Return the amounts at which steps of bids or offers end, (agents, goods, steps), or None."""
    stated = taken.get("bids", taken.get("offers"))
    return None if stated is None else stated[..., 1].cumsum(axis=2)


def wanting_nothing(taken: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return the parameters with weights of 0, and no amount bid for or offered."""
    changed = {}
    for name, array in taken.items():
        if name.endswith(("weights", "_weight")):
            changed[name] = np.zeros_like(array)
        else:
            changed[name] = array * [1.0, 0.0] if name in ("bids", "offers") else array
    return changed


def scaled_utility(family: type[Utility], given: dict[str, np.ndarray], factor) -> dict[str, np.ndarray]:
    """Multiply parameters measured in utility by a factor, (agents,)."""
    factor = np.broadcast_to(factor, (len(next(iter(given.values()))),))
    if family.name == "steps":
        prices = given["bids"] * [1.0, 0.0] * factor[:, None, None, None]
        return {"bids": prices + given["bids"] * [0.0, 1.0]}
    in_utility = {name for name in given if family.parameters[name].unit.startswith("utility")}
    return {
        name: array * factor.reshape(-1, *(1,) * (array.ndim - 1)) if name in in_utility else array
        for name, array in given.items()
    }


def concave_with_money(family: type[Utility], given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Scale parameters down where `u(x) - p.x` has no maximum, or nearly none, or `u` is not concave.

    Near that limit demand is so elastic and so joint that adjusting good by good takes thousands of rounds.
    """
    near = scaled_utility(family, given, 1.06)
    bent = family.unbounded_with_money(**near) | family.not_concave(**near)
    if not bent.any():
        return given
    total = given["weights"].sum(axis=1)
    return scaled_utility(family, given, np.where(bent, 0.9 / np.where(total > 0, total, 1.0), 1.0))


def well_behaved(family: type[Utility], money: Money) -> bool:
    """Return True if demand, with `tamed` parameters, is a single bundle that moves with prices.

    With quasilinear money utilities that are homogeneous of degree one buy all, nothing, or anything.
    Satiable agents may have income left over, and then an exchange need not clear.
    """
    if money is Money.QUASILINEAR:
        return family.name not in ("linear", "leontief", "ces", "steps")
    return family.name not in ("linear", "leontief", "quadratic", "steps")


def tamed(family: type[Utility], given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Exclude parameters that make demand set-valued, satiable, or very steep."""
    given = dict(given)
    if "elasticity" in given:
        given["elasticity"] = np.maximum(given["elasticity"], 0.3)
    if "risk_aversion" in given:
        given["risk_aversion"] = np.maximum(given["risk_aversion"], 0.3)
    if "slope" in given:
        given["slope"] = np.maximum(given["slope"], 0.05) * np.pi / 3  # bliss is not just what there is
    if family.terms is not None:
        for form in ("linear", "quadratic"):
            given[f"{form}_weight"] = np.zeros_like(given[f"{form}_weight"])
        given["power_exponent"] = np.minimum(given["power_exponent"], 0.7)
        given["exponential_scale"] = 8 * np.maximum(given["exponential_scale"], 0.5)  # else quite flat
    return given


def any_family(family: type[Utility], money: Money) -> bool:
    """Accept all families, also where demand is set-valued or satiable."""
    return True


def fixed_proportions(family: type[Utility], money: Money) -> bool:
    """Accept fixed proportions, and `log`, whose slopes are then the only ones."""
    return family.name in ("leontief", "log")


def wild(family: type[Utility], given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Keep extreme parameters; only the weights of CES become shares, so that `u` is an ordinary number."""
    if family.name != "ces":
        return given
    total = given["weights"].sum(axis=1, keepdims=True)
    return given | {"weights": given["weights"] / np.where(total > 0, total, 1.0)}


def tamed_cost(given: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Exclude exponents so near 1 that hardly anything is made below the unit cost."""
    if "exponent" not in given:
        return given
    exponent = given["exponent"]
    return given | {"exponent": np.where(exponent == 1, 1.0, np.maximum(exponent, 1.5))}


def _with_subsistence_within_means(economy: Economy) -> Economy:
    """Reduce subsistence such that every income covers it at any prices that clear.

    Under `fisher` what all goods are worth is at most the sum of the budgets, under `exchange` income is
    what the endowment is worth.
    """
    agents = len(economy.agents)
    share = np.full(agents, 1.0 / agents)
    if economy.money is Money.FISHER:
        share = np.full(agents, economy.budget.min() / economy.budget.sum())
    most = 0.3 * share[:, None] * economy.commons
    if economy.money is Money.EXCHANGE:
        most = 0.3 * economy.endowment
    blocks = []
    for block in economy.utilities:
        given = dict(block.parameters)
        if "subsistence" in given:
            given["subsistence"] = np.minimum(given["subsistence"], most[block.rows])
        blocks.append(replace(block, parameters=given))
    return replace(economy, utilities=tuple(blocks))


@st.composite
def economies(
    draw,
    *,
    money: Money | None = None,
    producers: bool = True,
    max_agents: int = 6,
    max_goods: int = 4,
    families: Callable[[type[Utility], Money], bool] = well_behaved,
    taming: Callable[[type[Utility], dict[str, np.ndarray]], dict[str, np.ndarray]] = tamed,
    taming_costs: Callable[[dict[str, np.ndarray]], dict[str, np.ndarray]] = tamed_cost,
):
    """An economy in which every good that is wanted can be had: two families at most, corners included.

    Args:
        money: what it is; any if not given.
        producers: whether there may be some.
        max_agents: at most so many consumers, and three producers.
        max_goods: at most so many.
        families: which utilities may appear with which money.
        taming: what becomes of the parameters drawn.
        taming_costs: what becomes of those of costs.
    """
    kind = draw(st.sampled_from(list(Money))) if money is None else money
    goods = draw(st.integers(1, max_goods))
    known = [family for family in UTILITIES if families(family, kind)]
    blocks, row = [], 0
    for family in draw(st.lists(st.sampled_from(known), min_size=1, max_size=2, unique=True)):
        count = draw(st.integers(1, max_agents // 2))
        given = taming(family, concave_with_money(family, draw(parameters(family, count, goods))))
        if kind is Money.EXCHANGE:  # who wants nothing never spends its income, and there is no equilibrium
            idle = (family.bliss(**given) == 0).all(axis=1)
            name = "weights" if "weights" in given else "log_weight"
            if idle.any():  # steps always have a bid
                given = given | {name: np.where(idle[:, None], 0.5 / goods, given[name])}
        blocks.append(Block(family, slice(row, row + count), given))
        row += count
    costs = []
    if producers and kind is not Money.EXCHANGE and draw(st.booleans()):
        family = draw(st.sampled_from(list(COSTS)))
        count = draw(st.integers(1, 3))
        given = taming_costs(draw(parameters(family, count, goods)))
        costs.append(Block(family, slice(row, row + count), given))
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
    return _with_subsistence_within_means(
        Economy(
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
    )


def one_of_each_mechanism(economy, rules=tuple(RULES)):
    """One of each mechanism, game and rule (all that are registered) that can be played in this economy."""
    for rule in rules:
        fixed = not economy.costs and not economy.endowment.any()
        if economy.money.value in rule.economies and (fixed or rule.name != "proportional_response"):
            yield Auction(f"rule {rule.name}", rule(), max_rounds=2000 if rule is Tatonnement else 150)
    for game in GAMES:
        required = {"movers": economy.agents[:1]} if game.name == "seize" else {}
        mechanism = Unmediated(f"game {game.name}", game(**required), max_rounds=50)
        able = game.knows_public_goods == bool(economy.public_goods)
        if able and (game.name != "trading_post" or _can_start(mechanism, economy)):
            yield mechanism
    yield Planner("planner")
    for kind in MECHANISMS:
        if kind in (Auction, Unmediated, Planner):
            continue
        mechanism = kind(kind.name, **NEEDED.get(kind.name, {}))
        if _can_start(mechanism, economy):
            yield mechanism


NEEDED = {
    "double_auction": {"price_range": (0.0, 20.0), "lot": 0.5, "patience": 60, "max_rounds": 40},
    "barter": {"max_rounds": 30},
}
"""Options without a default, and such as keep random plays short, by kind."""


def _can_start(mechanism, economy) -> bool:
    """Return False if a mechanism refuses such an economy."""
    try:
        mechanism.start(economy)
    except InputError:
        return False
    return True


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
