"""Economies from nested lists, and the reference economies with their known equilibria."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from market.economy.families.costs import COSTS
from market.economy.families.utilities import UTILITIES
from market.economy.primitives import Block, Economy, Money


def economy(
    money: str,
    *,
    log=None,
    log1p=None,
    cobb_douglas=None,
    linear=None,
    quadratic=None,
    commons=None,
    endowment=None,
    budget=None,
    numeraire=None,
    commons_share=None,
) -> Economy:
    """Build an economy from nested lists: consumers of each family first, then producers.

    Args:
        money: "quasilinear", "fisher" or "exchange".
        log: weights, one row an agent; likewise `log1p`, `cobb_douglas`.
        linear: (unit_cost, capacity), one row a producer each; inf where it cannot or need not.
        quadratic: (unit_cost, slope, capacity).
        commons: per good. endowment: per agent and good. budget: per agent.
        numeraire: the good with price 1.
        commons_share: per agent.
    """
    utilities, costs, row, goods = [], [], 0, 0
    for name, weights in (("log", log), ("log1p", log1p), ("cobb_douglas", cobb_douglas)):
        if weights is None:
            continue
        array = np.array(weights, dtype=float)
        utilities.append(Block(UTILITIES[name], slice(row, row + len(array)), {"weights": array}))
        row, goods = row + len(array), array.shape[1]
    for name, given, keys in (
        ("linear", linear, ("unit_cost", "capacity")),
        ("quadratic", quadratic, ("unit_cost", "slope", "capacity")),
    ):
        if given is None:
            continue
        arrays = {key: np.array(values, dtype=float) for key, values in zip(keys, given, strict=True)}
        count, goods = arrays["unit_cost"].shape
        costs.append(Block(COSTS[name], slice(row, row + count), arrays))
        row += count
    none = np.inf if money == "quasilinear" else 0.0
    return Economy(
        money=Money(money),
        goods=tuple(f"good{g}" for g in range(goods)),
        agents=tuple(f"agent{i}" for i in range(row)),
        groups={f"agent{i}": np.array([i]) for i in range(row)},
        commons=np.zeros(goods) if commons is None else np.array(commons, dtype=float),
        endowment=np.zeros((row, goods)) if endowment is None else np.array(endowment, dtype=float),
        budget=np.full(row, none) if budget is None else np.array(budget, dtype=float),
        commons_share=np.full(row, 1.0 / row)
        if commons_share is None
        else np.array(commons_share, dtype=float),
        utilities=tuple(utilities),
        costs=tuple(costs),
        numeraire=numeraire,
    )


def with_utility(money: str, family, parameters, **others) -> Economy:
    """Build an economy of consumers of one family; other arguments as for `economy`.

    Args:
        money: as for `economy`.
        family: the utility.
        parameters: name -> nested lists, one row or number an agent.
        others: commons, endowment, budget, ...
    """
    arrays = {key: np.array(values, dtype=float) for key, values in parameters.items()}
    first = next(iter(arrays.values()))
    alike = economy(money, log=np.ones_like(first), **others)
    return replace(alike, utilities=(Block(family, slice(0, len(first)), arrays),))


def own_producers(family, parameters, unit_cost, capacity=None, endowment=None) -> Economy:
    """Return agents of one family that can make goods for themselves at constant costs, (agents, goods)."""
    costs = np.array(unit_cost, dtype=float)
    most = np.full_like(costs, INF) if capacity is None else np.array(capacity, dtype=float)
    agents = with_utility("quasilinear", family, parameters, endowment=endowment)
    made = Block(COSTS["linear"], slice(0, len(costs)), {"unit_cost": costs, "capacity": most})
    return replace(agents, costs=(made,))


CES, LEONTIEF, LINEAR = (UTILITIES[name] for name in ("ces", "leontief", "linear"))


@dataclass(frozen=True)
class Reference:
    """An economy whose competitive prices and quantities are known.

    Args:
        economy: the primitives.
        prices: (goods,).
        consumption: (agents, goods).
        production: (agents, goods); None where splitting it is arbitrary.
        why: the derivation, or the source.
    """

    economy: Economy
    prices: list[float]
    consumption: list[list[float]]
    why: str
    production: list[list[float]] | None = field(default=None)


INF = np.inf


def references() -> dict[str, Reference]:
    """Return the reference economies, by name."""
    many = 50
    weights = np.linspace(0.5, 3.0, many)
    crowd = float(weights.sum())
    found: dict[str, Reference] = {}
    found["commons of two"] = Reference(
        economy("quasilinear", log=[[1.0], [1.0]], commons=[10.0]),
        [0.2],
        [[5.0], [5.0]],
        "p = Lambda / q = 2 / 10, x = lambda q / Lambda = 5",
    )
    found["commons of fifty"] = Reference(
        economy("quasilinear", log=weights[:, None], commons=[10.0]),
        [crowd / 10.0],
        (weights[:, None] * 10.0 / crowd).tolist(),
        "p = Lambda / q, x_i = lambda_i q / Lambda",
    )
    found["commons, three goods"] = Reference(
        economy("quasilinear", log=[[1.0, 2.0, 0.0], [3.0, 2.0, 5.0]], commons=[4.0, 8.0, 2.0]),
        [1.0, 0.5, 2.5],
        [[1.0, 4.0, 0.0], [3.0, 4.0, 2.0]],
        "the commons, good by good: p_g = Lambda_g / q_g",
    )
    found["gift at constant cost"] = Reference(
        economy("quasilinear", log=[[1.0, 3.0]], linear=([[2.0, 5.0]], [[INF, INF]])),
        [2.0, 5.0],
        [[0.5, 0.6], [0.0, 0.0]],
        "p = c, x = lambda / c",
        [[0.0, 0.0], [0.5, 0.6]],
    )
    found["gift at rising cost"] = Reference(
        economy("quasilinear", log=[[6.0]], quadratic=([[1.0]], [[1.0]], [[INF]])),
        [3.0],
        [[2.0], [0.0]],
        "p = c + k x and x = lambda / p: p^2 - c p - k lambda = 0, p = (1 + sqrt(1 + 24)) / 2 = 3",
        [[0.0], [2.0]],
    )
    found["gift at full capacity"] = Reference(
        economy("quasilinear", log=[[6.0]], linear=([[1.0]], [[2.0]])),
        [3.0],
        [[2.0], [0.0]],
        "supply is K = 2 at any p > c = 1, so p = lambda / K = 3",
        [[0.0], [2.0]],
    )
    found["stock, cost and capacity"] = Reference(
        economy("quasilinear", log=[[6.0]], linear=([[2.5]], [[2.0]]), commons=[1.0]),
        [2.5],
        [[2.4], [0.0]],
        "p is the median of c = 2.5, Lambda / q = 6 and Lambda / (q + K) = 2; x = Lambda / p",
        [[0.0], [1.4]],
    )
    found["peace at a price"] = Reference(
        economy("quasilinear", log1p=[[1.0]] * 4, commons=[10.0]),
        [1.0 / 3.5],
        [[2.5]] * 4,
        "log(1 + x): 1 / (1 + x) = p at x = Q / n = 2.5",
    )
    found["peace of fifty"] = Reference(
        economy("quasilinear", log1p=[[1.0]] * many, commons=[10.0]),
        [1.0 / 1.2],
        [[0.2]] * many,
        "p = 1 / (1 + Q / n), x = Q / n",
    )
    found["water-filling"] = Reference(
        economy("quasilinear", log1p=[[3.0], [2.0], [0.1]], commons=[3.0]),
        [1.0],
        [[2.0], [1.0], [0.0]],
        "sum (lambda_i / p - 1)^+ = q with the first two active: p = (3 + 2) / (3 + 2) = 1 > 0.1",
    )
    found["fisher, constant shares"] = Reference(
        economy("fisher", cobb_douglas=[[0.25, 0.75], [0.5, 0.5]], commons=[10.0, 20.0], budget=[4.0, 2.0]),
        [0.2, 0.2],
        [[5.0, 15.0], [5.0, 5.0]],
        "p_g = sum_i B_i a_ig / q_g: (1 + 1) / 10 and (3 + 1) / 20",
    )
    found["exchange of two"] = Reference(
        economy(
            "exchange",
            cobb_douglas=[[0.4, 0.6], [0.5, 0.5]],
            endowment=[[9.0, 1.0], [1.0, 4.0]],
            numeraire=1,
        ),
        [24.0 / 59.0, 1.0],
        [
            [0.4 * (9.0 + 59.0 / 24.0), 0.6 * (9.0 * 24.0 / 59.0 + 1.0)],
            [0.5 * (1.0 + 4.0 * 59.0 / 24.0), 0.5 * (24.0 / 59.0 + 4.0)],
        ],
        "wine costs 1; bread clears: 0.4 (9 p + 1) + 0.5 (p + 4) = 10 p, so 2.4 = 5.9 p",
    )
    found["merit order"] = Reference(
        economy(
            "quasilinear",
            log=[[12.0]],
            linear=([[1.0], [2.0], [3.0], [4.0]], [[1.0], [1.5], [10.0], [10.0]]),
        ),
        [3.0],
        [[4.0], [0.0], [0.0], [0.0], [0.0]],
        "at p = 3 demand is 4, the two cheaper plants give 2.5, the third the rest, 1.5 of its 10",
        [[0.0], [1.0], [1.5], [1.5], [0.0]],
    )
    found["an unwanted good is free"] = Reference(
        economy("quasilinear", log=[[1.0, 0.0], [1.0, 0.0]], commons=[10.0, 7.0]),
        [0.2, 0.0],
        [[5.0, 0.0], [5.0, 0.0]],
        "complementary slackness: no agent wants good1, so its price is 0 and it is left over",
    )
    return found
