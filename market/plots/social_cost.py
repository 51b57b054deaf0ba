"""Social cost in supply and demand: what a unit costs its producers and all whom its production harms.

As supply rises along its curve to a total amount Q, outputs y(Q) are divided among producers as the market
does. With h_j the harm to others by one more unit of j (`economy/harm.py`) and s_j the share of j in the next
unit,

    social cost(Q) = supply price(Q) + sum_j s_j h_j(y(Q)).

Where harm depends on the total alone, since no victim makes the good, this is the least cost at which Q can
be made; it meets demand at the optimum Q*, and a mechanism by which another amount Q' is made and sold loses
the area between social cost and demand from Q* to Q'. Otherwise the optimum divides outputs in another way
too, and the area is a part of the loss.

Source: Pigou (1920), *The Economics of Welfare*, part II; Mas-Colell, Whinston and Green (1995), section
11.B.
"""

from __future__ import annotations

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy


def external_cost(economy: Economy, g: int, prices: Array, price: float, amount: float) -> float:
    """Return the harm by the next unit of a good, money, where so much of it is there at a supply price.

    Args:
        economy: with harm.
        g: the good.
        prices: (goods,), at which the other goods are supplied.
        price: of the good.
        amount: of the good, with all resources.
    """
    assert economy.harm is not None
    at = prices.copy()
    at[g] = price
    supply = economy.supply(at)
    y = np.where(np.isfinite(supply.lowest), supply.lowest, 0.0)
    low, room = y[:, g].copy(), supply.highest[:, g] - y[:, g]
    rest = max(amount - float(economy.resources[g]) - float(low.sum()), 0.0)
    share = _shares(room, low, (economy.capacity[:, g] > 0).astype(float))
    y[:, g] = low + rest * share * (room > 0)
    return float(share @ economy.harm.external(y, np.ones(len(economy.agents)))[:, g])


def _shares(room: Array, made: Array, able: Array) -> Array:
    """Return shares in the next unit, (agents,): of those indifferent, else of those that make some."""
    indifferent = np.isinf(room).astype(float), np.maximum(room, 0.0)
    for chosen in (*indifferent, (made > 0).astype(float)):
        if chosen.sum() > 0:
            return np.asarray(chosen / chosen.sum())
    return np.asarray(able / max(able.sum(), 1))
