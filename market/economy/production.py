"""All technologies of an economy: feasibility, supporting conditions, and prices without profit.

Symbols: y (agents, goods) netputs; p (goods,) prices. Only agents with a technology are concerned.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.errors import UnboundedDemandError
from market.tolerances import ROUNDING_OF_SUMS

SLACK = 1e-9  # relative to a netput's size: how far rounding may put it outside of its technology
SWEEPS = 400  # passes of costs through a chain of products that are inputs of each other


def producible(economy: Economy, y: Array) -> NDArray[np.bool_]:
    """Return a mask, (agents,): True if y is within the capacity or technology of the agent."""
    within = np.asarray(((y >= 0) & (y <= economy.capacity * (1.0 + ROUNDING_OF_SUMS))).all(axis=1))
    for block in economy.technologies:
        within[block.rows] = block.family.slack(y[block.rows], **block.parameters) >= -SLACK
    return within


def used_as_input(economy: Economy) -> NDArray[np.bool_]:
    """Return a mask, (goods,), of goods that some technology can use."""
    used = np.zeros(len(economy.goods), dtype=bool)
    for block in economy.technologies:
        used |= block.family.uses(**block.parameters).any(axis=0)
    return used


def supporting_conditions(economy: Economy, y: Array) -> tuple[Array, NDArray[np.bool_]]:
    """Return linear conditions on prices that make y most profitable.

    Returns:
        Rows (conditions, goods), and a mask, (conditions,), of those that hold with equality.
    """
    found = [block.family.conditions(y[block.rows], **block.parameters) for block in economy.technologies]
    if not found:
        return np.zeros((0, len(economy.goods))), np.zeros(0, dtype=bool)
    return np.concatenate([held.rows for held in found]), np.concatenate([held.binding for held in found])


def foregone_profit(economy: Economy, y: Array, p: Array) -> float:
    """Return the largest relative profit foregone by some netput at prices p; 0 if all are most profitable.

    Checks first-order conditions at inputs used, unit costs under constant returns, output thrown away, and
    idleness where decreasing returns would be profitable.
    """
    rows, binding = supporting_conditions(economy, y)
    worst = 0.0
    if len(rows):
        profit, turnover = rows @ p, np.abs(rows) @ p
        wrong = np.where(binding, np.abs(profit), np.maximum(profit, 0.0))
        worst = float(np.divide(wrong, turnover, out=np.zeros_like(wrong), where=turnover > 0).max())
    for block in economy.technologies:
        family, parameters, own = block.family, block.parameters, y[block.rows]
        valued = np.asarray((family.makes(**parameters) & (p > 0)).any(axis=1))
        thrown = np.where(valued, np.maximum(family.slack(own, **parameters), 0.0), 0.0)
        ratio = np.where(valued, np.nan_to_num(family.cost_ratio(p, **parameters), nan=1.0, posinf=1.0), 1.0)
        worst = max(worst, float(thrown.max()), float((1.0 - ratio).max()))
        valuing = {name: values[valued] for name, values in parameters.items()}
        worst = max(worst, _idle(family.netput, p, own[valued], valuing))
    return worst


def _idle(netput, p: Array, own: Array, parameters) -> float:  # type: ignore[no-untyped-def]
    """Return 1 if an agent is idle although its output has a price and would be profitable, else 0."""
    if not len(own):
        return 0.0
    try:
        best = netput(p, **parameters)
    except UnboundedDemandError:
        return 1.0
    does_nothing = (own == 0).all(axis=1)
    finite = np.isfinite(best.lowest).all(axis=1)
    profit = np.where(finite[:, None], best.lowest, 0.0) @ p
    return float((does_nothing & (profit > 0)).any())


def zero_profit_prices(economy: Economy, p: Array) -> Array:
    """Return prices near p at which no technology with constant returns makes a profit.

    The price of a product is lowered to its least unit cost. Costs are passed on through chains of products
    until they settle; the result has zero profit up to rounding.

    Args:
        economy: with or without technologies.
        p: (goods,), prices as proposed by a price rule.
    """
    if not economy.technologies:
        return p
    prices = p
    for _ in range(SWEEPS):
        ceiling = prices.copy()
        for block in economy.technologies:
            ratio = block.family.cost_ratio(prices, **block.parameters)
            outputs = block.family.makes(**block.parameters)
            pays = np.nan_to_num(ratio, nan=np.inf) < 1.0
            costs = np.where(outputs & pays[:, None], prices * np.where(pays, ratio, 1.0)[:, None], np.inf)
            ceiling = np.minimum(ceiling, costs.min(axis=0))
        settled = (ceiling >= prices * (1.0 - 1e-15)).all()
        prices = ceiling
        if settled:
            break
    return prices
