"""Random economies over all families, as scenario files: `text(seed, number)` is the whole of one.

Each has a generator of its own, so one of them is the same however many are drawn. Sizes are log-uniform, 2
to 200 agents and 1 to 20 goods; one to three groups of consumers with different families; producers or
technologies in about half of the economies. Drawn with them are the corners: goods that a group does not
want or does not own, agents without any income, spending caps, capacities, constant costs.

Kept within what has an equilibrium, as far as that can be said beforehand: every good is there or can be
made, each good is wanted, subsistence is within all means, bliss (of the satiable) is above what
there is of a good for each, and technologies make goods from earlier ones only, so that nothing can be made
from nothing.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

MONEY = ("quasilinear", "fisher", "exchange")
STOCK = (2.0, 20.0)  # units for each agent, of every good
SUBSISTENCE = 0.3  # of the least stock for each agent, at most
FORMS = ("linear", "log", "log1p", "power", "exponential", "quadratic")

Inline = dict[str, object]


class Draw:
    """One economy being drawn.

    Args:
        rng: its generator.
        money: what money is.
        goods: names.
    """

    def __init__(self, rng: np.random.Generator, money: str, goods: list[str]) -> None:
        self.rng, self.money, self.goods = rng, money, goods

    def chance(self, share: float) -> bool:
        return bool(self.rng.random() < share)

    def spread(self, low: float, high: float) -> Inline:
        """A number drawn for every agent of the group, uniform within a part of this range."""
        a, b = np.sort(self.rng.uniform(low, high, 2))
        return {"dist": "uniform", "low": round(float(a), 4), "high": round(float(b) + 1e-3, 4)}

    def some(self, share: float) -> list[str]:
        """Each good with this chance, and at least one."""
        kept = [good for good in self.goods if self.chance(share)]
        return kept or [str(self.rng.choice(self.goods))]

    def by_good(self, names: list[str], low: float, high: float) -> Inline:
        return {good: self.spread(low, high) for good in names}


def _weights(draw: Draw, everything: bool, low: float = 0.2, high: float = 3.0) -> Inline:
    return {"weights": draw.by_good(draw.goods if everything else draw.some(0.8), low, high)}


def _stone_geary(draw: Draw, everything: bool) -> Inline:
    given = _weights(draw, everything)
    wanted = list(given["weights"])  # type: ignore[call-overload]
    return given | {"subsistence": draw.by_good(wanted, 0.0, SUBSISTENCE * STOCK[0])}


def _cobb_douglas(draw: Draw, everything: bool) -> Inline:
    most = 0.9 / len(draw.goods) if draw.money == "quasilinear" else 1.0
    return _weights(draw, everything, 0.1 * most, most)


def _ces(draw: Draw, everything: bool) -> Inline:
    sigma = float(np.exp(draw.rng.uniform(np.log(0.05), np.log(50.0))))
    return _weights(draw, everything) | {"elasticity": round(sigma, 4)}


def _crra(draw: Draw, everything: bool) -> Inline:
    eta = float(np.exp(draw.rng.uniform(np.log(0.1), np.log(5.0))))
    return _weights(draw, everything) | {"risk_aversion": round(eta, 4)}


def _quadratic(draw: Draw, everything: bool) -> Inline:
    given = _weights(draw, everything, 1.0, 3.0)
    wanted = list(given["weights"])  # type: ignore[call-overload]
    return given | {"slope": draw.by_good(wanted, 0.01, 1.0 / (2 * STOCK[1]))}


def _separable(draw: Draw, everything: bool) -> Inline:
    terms = []
    for good in draw.goods if everything else draw.some(0.8):
        for form in draw.rng.choice(FORMS, size=2, replace=False):
            term: Inline = {"good": good, "form": str(form), "weight": draw.spread(0.2, 3.0)}
            if form == "power":
                term["exponent"] = round(float(draw.rng.choice([-2.0, -0.5, 0.3, 0.6, 0.9])), 4)
            if form == "exponential":
                term["scale"] = draw.spread(2.0, 20.0)
            if form == "quadratic":
                term["slope"] = draw.spread(0.001, 0.2 / (2 * STOCK[1]))
            terms.append(term)
    return {"terms": terms}


FAMILIES: dict[str, Callable[[Draw, bool], Inline]] = {
    "log": _weights,
    "log1p": _weights,
    "stone_geary": _stone_geary,
    "cobb_douglas": _cobb_douglas,
    "ces": _ces,
    "crra": _crra,
    "linear": _weights,
    "leontief": _weights,
    "quadratic": _quadratic,
    "separable": _separable,
}
"""Every utility with how its parameters are drawn; the second argument: whether it wants every good."""


def _cost(draw: Draw) -> Inline:
    family = str(draw.rng.choice(["linear", "quadratic", "power"]))
    made = draw.some(0.6)
    given: Inline = {"family": family, "unit_cost": draw.by_good(made, 0.05, 2.0)}
    if family == "quadratic":
        given["slope"] = draw.by_good(made, 0.01, 1.0)
    if family == "power":
        given["exponent"] = draw.by_good(made, 1.0, 3.0)
    if draw.chance(0.5):
        given["capacity"] = draw.by_good(made, 1.0, 30.0)
    return given


def _technology(draw: Draw) -> Inline:
    """Draw a technology that makes one good from one or two before it."""
    output = int(draw.rng.integers(1, len(draw.goods)))
    count = min(output, int(draw.rng.integers(1, 3)))
    inputs = [draw.goods[g] for g in draw.rng.choice(output, size=count, replace=False)]
    made = draw.goods[output]
    family = str(draw.rng.choice(["activity", "cobb_douglas", "ces", "power"]))
    if family == "activity":
        used = {good: -round(float(draw.rng.uniform(0.3, 2.0)), 4) for good in inputs}
        return {"family": family, "netput": {made: 1.0, **used}}
    given: Inline = {"family": family, "output": made, "scale": draw.spread(0.5, 3.0)}
    if family == "power":
        return given | {"input": inputs[0], "exponent": draw.spread(0.3, 0.9)}
    if family == "ces":
        sigma = round(float(draw.rng.choice([0.4, 0.8, 1.5, 3.0])), 4)
        return given | {"weights": dict.fromkeys(inputs, 1.0), "elasticity": sigma}
    returns = float(draw.rng.choice([0.5, 0.8, 1.0]))
    return given | {"shares": dict.fromkeys(inputs, returns / count)}


def _means(draw: Draw, family: str) -> Inline:
    """Draw the means of a group: goods, or a budget, or a spending cap."""
    if draw.money == "exchange":
        owned = draw.goods if family == "stone_geary" else draw.some(0.6)
        return {"endowment": draw.by_good(owned, *STOCK)}
    if draw.money == "fisher":
        return {"budget": {"dist": "lognormal", "mean": 1.0, "sigma": 0.8}}
    if draw.chance(0.5 if family in ("ces", "linear", "leontief") else 0.2):
        return {"budget": draw.spread(1.0, 10.0)}
    return {}


def _groups(draw: Draw, agents: int) -> list[Inline]:
    """Consumers of one to three families, producers, and now and then an agent without income."""
    count = min(agents, int(draw.rng.integers(1, 4)))
    families = [str(name) for name in draw.rng.choice(list(FAMILIES), size=count, replace=False)]
    cuts = np.sort(draw.rng.choice(np.arange(1, agents), size=count - 1, replace=False))
    sizes = np.diff([0, *cuts.tolist(), agents])
    groups: list[Inline] = []
    for k, (family, size) in enumerate(zip(families, sizes, strict=True)):
        utility = {"family": family, **FAMILIES[family](draw, k == 0)}
        groups.append({"name": f"c{k}", "count": int(size), "utility": utility, **_means(draw, family)})
    if draw.money == "exchange":
        owner = groups[int(draw.rng.integers(len(groups)))]  # a good without an owner gets one
        owner["endowment"] = draw.by_good(draw.goods, *STOCK)
        if len(draw.goods) > 1 and draw.chance(0.4):
            for k in range(int(draw.rng.integers(1, 4))):
                technology: Inline = {"technology": _technology(draw), "owners": {owner["name"]: 1.0}}
                groups.append({"name": f"f{k}", **technology})
    elif draw.chance(0.5):
        size = int(draw.rng.integers(1, 6))
        groups.append({"name": "maker", "count": size, "cost": _cost(draw)})
    never_free = families[0] not in ("leontief", "quadratic")  # else its demand could be unbounded
    if draw.chance(0.1) and draw.money != "quasilinear" and never_free:
        poor: Inline = {"name": "pauper", "utility": {"family": "log1p", **_weights(draw, False)}}
        groups.append(poor | ({"budget": 0.0} if draw.money == "fisher" else {}))
    return groups


def text(seed: int, number: int, rules: tuple[str, ...], max_rounds: int) -> str:
    """One economy as a scenario file.

    Args:
        seed: of the whole collection.
        number: which of it; determines the kind of money.
        rules: one mechanism each.
        max_rounds: of each.
    """
    rng = np.random.default_rng([seed, number])
    money = MONEY[number % 3]
    least = 2 if money == "exchange" else 1
    count = int(np.exp(rng.uniform(np.log(least), np.log(21))))
    agents = int(np.exp(rng.uniform(np.log(2), np.log(201))))
    draw = Draw(rng, money, [f"g{k}" for k in range(count)])
    groups = _groups(draw, agents)
    lines = ["schema = 1", f'title = "economy {number}"', f'economy = "{money}"', f"seed = {number}"]
    lines.append(f"goods = {_toml(draw.goods)}")
    if money != "exchange":
        stock = {good: round(agents * float(rng.uniform(*STOCK)), 4) for good in draw.goods}
        lines += ["", "[commons]", *(f"{good} = {value}" for good, value in stock.items())]
    for group in groups:
        lines += ["", "[[agents]]", *(f"{key} = {_toml(value)}" for key, value in group.items())]
    for rule in rules:
        lines += ["", "[[mechanisms]]", f'name = "{rule}"', 'kind = "auctioneer"', f'rule = "{rule}"']
        lines += ["tolerance = 1e-9", f"max_rounds = {max_rounds}"]
    return "\n".join(lines) + "\n"


def _toml(value: object) -> str:
    """A value written in one line."""
    if isinstance(value, dict):
        return "{ " + ", ".join(f"{key} = {_toml(each)}" for key, each in value.items()) + " }"
    if isinstance(value, list):
        return "[" + ", ".join(_toml(each) for each in value) + "]"
    return f'"{value}"' if isinstance(value, str) else repr(value)
