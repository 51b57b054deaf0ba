"""Exchange economies from the literature, and short ways to write such economies down."""

from __future__ import annotations

import numpy as np

from helpers.economies import LEONTIEF, with_utility
from market.economy.families.utilities import FORMS, UTILITIES
from market.economy.primitives import Block, Economy, Money
from market.registry import term_parameters


def exchange(utilities, endowment, **changes) -> Economy:
    """Build an exchange economy from blocks of utilities and endowments."""
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
    """Build an exchange with `u = sum_g a_g x_g^b / b`, one `b` for all: relative risk aversion `1 - b`."""
    array = np.array(weights, dtype=float)
    given = {"weights": array, "risk_aversion": np.full(len(array), 1.0 - power)}
    return exchange([Block(UTILITIES["crra"], slice(0, len(array)), given)], endowment)


def terms(**given) -> Block:
    """Build the utilities of two agents, sums of one-good terms, from arrays by name; others are absent."""
    arrays = {
        name: np.full((2, 2), 1.0 if parameter.absent is None else parameter.absent)
        for name, parameter in term_parameters(FORMS).items()
    }
    filled = {name: np.array(values, dtype=float) for name, values in given.items()}
    return Block(UTILITIES["separable"], slice(0, 2), arrays | filled)


def kehoe() -> Economy:
    """Kehoe (1991): `u_i = sum_j a_ij (x_j^b - 1) / b`, `b = -4`; `a` = 1024, 1 and endowments 12, 1."""
    return power_sums([[1024.0, 1.0], [1.0, 1024.0]], -4.0, [[12.0, 1.0], [1.0, 12.0]])


def mas_colell_whinston_green() -> Economy:
    """Mas-Colell, Whinston and Green (1995), example 15.B.2.

    `u_1 = x_1 - x_2^-8 / 8`, `u_2 = x_2 - x_1^-8 / 8`; (2, r) and (r, 2) owned, `r = 2^(8/9) - 2^(1/9)`.
    """
    r = 2.0 ** (8 / 9) - 2.0 ** (1 / 9)
    other = 1.0 - np.eye(2)
    given = terms(linear_weight=np.eye(2), power_weight=other, power_exponent=np.full((2, 2), -8.0))
    return exchange([given], [[2.0, r], [r, 2.0]])


def shapley_shubik() -> Economy:
    """Shapley and Shubik (1977).

    `u_1 = x + 100 (1 - exp(-y / 10))`, `u_2 = y + 110 (1 - exp(-x / 10))`; endowments (40, 0) and (0, 50).
    """
    worth, scale = [[0.0, 10.0], [11.0, 0.0]], np.full((2, 2), 10.0)
    given = terms(
        linear_weight=np.eye(2), exponential_weight=np.multiply(worth, 10.0), exponential_scale=scale
    )
    return exchange([given], [[40.0, 0.0], [0.0, 50.0]])


def scarf() -> Economy:
    """Scarf (1960): agent i owns one unit of good i and wants goods i and i + 1 in equal amounts.

    The only equilibrium is p = (1, 1, 1) / 3, where each agent has half a unit of both. With prices moving by
    `dp/dt = z`, `p_1 p_2 p_3` is constant, as is `|p|`: prices cycle around the equilibrium for ever.
    """
    own = np.eye(3)
    return with_utility("exchange", LEONTIEF, {"weights": own + np.roll(own, 1, axis=1)}, endowment=own)
