"""The means of making public goods: who makes them, and at what constant unit cost.

Symbols: c_g the unit cost of a public good g: money, or units of the one private good that it is made from.

Agents who pay for some of a public good need a cost for it that depends on no other agent, so the cheapest
producers must have constant unit costs.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.errors import InputError

if TYPE_CHECKING:
    from market.economy.primitives import Economy


@dataclass(frozen=True)
class Provision:
    """The means of making public goods.

    Args:
        public: (public goods,), their columns.
        unit_cost: (public goods,), c, > 0 or 0.
        capacity: (public goods,), the most that can be made at it.
        shares: (agents, public goods), of each producer in what is made.
        paid_in: the column of the private good that it is made from; None for money.
    """

    public: NDArray[np.intp]
    unit_cost: Array
    capacity: Array
    shares: Array
    paid_in: int | None

    def made(self, economy: Economy, amount: Array) -> Array:
        """Return the production, (agents, goods), of amounts of the public goods, (public goods,)."""
        y = np.zeros(economy.shape)
        y[:, self.public] = self.shares * amount
        if self.paid_in is not None:
            y[:, self.paid_in] = -(self.shares * amount) @ self.unit_cost
        return y


def provision(economy: Economy) -> Provision:
    """Return the means of making the public goods of an economy.

    Raises:
        InputError: there are none, or the cheapest producer of one has no constant unit cost.
    """
    if not economy.public_goods:
        raise InputError('there is no public good; name it in the scenario: public = ["park"]')
    find = _from_goods if economy.technologies else _from_money
    return find(economy, np.array(economy.public_goods, dtype=np.intp))


def _from_money(economy: Economy, public: NDArray[np.intp]) -> Provision:
    could = economy.capacity[:, public] > 0
    first = np.where(could, economy.marginal_cost(np.zeros(economy.shape))[:, public], np.inf)
    flat = np.zeros(economy.shape, dtype=bool)
    for block in economy.costs:
        flat[block.rows] = block.family.flat(**block.parameters)
    least = first.min(axis=0)
    cheapest = could & (first == least)
    for k, g in enumerate(public):
        if could[:, k].any() and not flat[cheapest[:, k], g].all():
            raise InputError(_no_unit_cost(economy, g))
    room = np.where(cheapest, economy.capacity[:, public], 0.0)
    shares = _shares(cheapest, room)
    return Provision(public, np.where(np.isfinite(least), least, 0.0), room.sum(axis=0), shares, None)


def _from_goods(economy: Economy, public: NDArray[np.intp]) -> Provision:
    """Return the means of making public goods from one private good by constant returns."""
    netput = np.zeros(economy.shape)
    makes = np.zeros(economy.shape, dtype=bool)
    for block in economy.technologies:
        makes[block.rows] = block.family.makes(**block.parameters)
        netput[block.rows] = block.family.unit_netput(np.ones(len(economy.goods)), **block.parameters)
    least, inputs = np.full(len(public), np.inf), set()
    cost = np.full((len(economy.agents), len(public)), np.inf)
    for k, g in enumerate(public):
        for i in np.flatnonzero(makes[:, g]):
            used, made = np.flatnonzero(netput[i] < 0), np.flatnonzero(netput[i] > 0)
            if len(used) != 1 or made.tolist() != [g]:
                raise InputError(_no_unit_cost(economy, g))
            inputs.add(int(used[0]))
            cost[i, k] = -netput[i, used[0]] / netput[i, g]
        least[k] = cost[:, k].min()
    if len(inputs) > 1:
        raise InputError(
            "public goods are made from different goods, so that agents cannot pay for them in one; make "
            "them from one private good"
        )
    cheapest = np.isfinite(cost) & (cost == least)
    capacity = np.where(cheapest.any(axis=0), np.inf, 0.0)
    return Provision(
        public,
        np.where(np.isfinite(least), least, 0.0),
        capacity,
        _shares(cheapest, np.where(cheapest, np.inf, 0.0)),
        inputs.pop() if inputs else None,
    )


def _shares(cheapest: NDArray[np.bool_], room: Array) -> Array:
    """Return shares of producers of equal cost in what is made: by capacity, equal ones without limit."""
    counted = np.where(np.isinf(room).any(axis=0), np.isinf(room), np.where(cheapest, room, 0.0))
    return counted / np.maximum(counted.sum(axis=0), np.finfo(float).tiny)


def _no_unit_cost(economy: Economy, g: int) -> str:
    good = economy.goods[g]
    return (
        f"{good} has no constant unit cost, and what one agent pays for a unit would depend on the others; "
        f"give its cheapest producer the cost linear, or an activity that makes {good} alone from one good"
    )
