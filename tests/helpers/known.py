"""Exchange economies with several equilibria, by hand."""

from __future__ import annotations

import numpy as np

from market.economy.families.utilities import FORMS, UTILITIES
from market.economy.primitives import Block, Economy, Money
from market.registry import term_parameters


def exchange(utilities, endowment, **changes) -> Economy:
    """An exchange economy of these blocks of utilities and endowments."""
    owned = np.array(endowment, dtype=float)
    agents, goods = owned.shape
    return Economy(
        **{
            "money": Money.EXCHANGE,
            "goods": tuple(f"good{g}" for g in range(goods)),
            "agents": tuple(f"agent{i}" for i in range(agents)),
            "groups": {f"agent{i}": np.array([i]) for i in range(agents)},
            "commons": np.zeros(goods),
            "endowment": owned,
            "budget": np.zeros(agents),
            "commons_share": np.full(agents, 1.0 / agents),
            "utilities": tuple(utilities),
            **changes,
        }
    )


def power_sums(weights, power, endowment) -> Economy:
    """All agents have sum_g a_g x_g^b / b with the same b: constant relative risk aversion 1 - b."""
    array = np.array(weights, dtype=float)
    given = {"weights": array, "risk_aversion": np.full(len(array), 1.0 - power)}
    return exchange([Block(UTILITIES["crra"], slice(0, len(array)), given)], endowment)


def terms(**given) -> Block:
    """Two agents with a sum of one-good terms, by the names of its arrays; absent ones as in a scenario."""
    arrays = {
        name: np.full((2, 2), 1.0 if parameter.absent is None else parameter.absent)
        for name, parameter in term_parameters(FORMS).items()
    }
    filled = {name: np.array(values, dtype=float) for name, values in given.items()}
    return Block(UTILITIES["separable"], slice(0, 2), arrays | filled)


def kehoe() -> Economy:
    """u_i = sum_j a_ij (x^b - 1) / b with b = -4, a = 1024 for good i and 1 for the other; 12 and 1 owned."""
    return power_sums([[1024.0, 1.0], [1.0, 1024.0]], -4.0, [[12.0, 1.0], [1.0, 12.0]])


def mas_colell_whinston_green() -> Economy:
    """u_1 = x_1 - x_2^-8 / 8, u_2 = x_2 - x_1^-8 / 8; (2, r) and (r, 2) owned, r = 2^(8/9) - 2^(1/9)."""
    r = 2.0 ** (8 / 9) - 2.0 ** (1 / 9)
    other = 1.0 - np.eye(2)
    given = terms(linear_weight=np.eye(2), power_weight=other, power_exponent=np.full((2, 2), -8.0))
    return exchange([given], [[2.0, r], [r, 2.0]])


def shapley_shubik() -> Economy:
    """u_1 = x + 100 (1 - exp(-y / 10)), u_2 = y + 110 (1 - exp(-x / 10)); endowments (40, 0) and (0, 50)."""
    worth, scale = [[0.0, 10.0], [11.0, 0.0]], np.full((2, 2), 10.0)
    given = terms(
        linear_weight=np.eye(2), exponential_weight=np.multiply(worth, 10.0), exponential_scale=scale
    )
    return exchange([given], [[40.0, 0.0], [0.0, 50.0]])
