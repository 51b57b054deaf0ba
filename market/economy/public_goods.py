"""Public goods: one amount for all agents, and the economy of private goods that is equivalent to it.

Symbols: G_g the amount of a public good g; i agents; p_g its producers' price; p_ig what i pays for a unit.

A public good is not used up by use: every agent consumes the whole amount, and none is excluded. Feasible is

    x_ig = G_g for all i,   0 <= G_g <= q_g + sum_i e_ig + sum_j y_jg.

*The personalised economy.* Each public good g becomes one private good a consumer, `g of i`, which i alone
wants in place of g, and one more producer, `provision of g`, that turns one unit of g into one unit of each
of them: netput -1 of g and +1 of every `g of i`, at any level, hence with constant returns and without
profit. An allocation of public goods corresponds to the one with the level G_g of provision and `x_i,(g of i)
= G_g`, and it is feasible, has a Pareto improvement or maximises a weighted sum exactly where that one does:
a consumer of the personalised economy may leave part of its own good unused, but that adds nothing to what
agents with utilities that never fall in an amount can reach.

All that the house proves of private goods and technologies therefore holds of public goods. With w welfare
weights and p the multipliers, its first-order conditions are

    w_i du_i/dG_g = p_ig where G_g > 0,   sum_i p_ig = p_g (provision),   p_g = dC_j/dy_jg where y_jg > 0,

that is Samuelson's condition: the sum of marginal utilities, or with one private good as the unit of marginal
rates of substitution, is the marginal cost. The prices of the personalised goods are Lindahl's, and a
clearing auction of that economy is a Lindahl equilibrium; its first welfare theorem is the usual one.
Debreu's coefficient scales resources, of which a stock of the public good is one, and never divides that
stock.

An economy of n consumers and k public goods has n k personalised goods, so that its arrays grow with n^2.

Source: Samuelson (1954), "The pure theory of public expenditure"; Foley (1970), "Lindahl's solution and the
core of an economy with public goods", section 2, for the construction.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np
import scipy
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.registry import Family

if TYPE_CHECKING:
    from market.economy.families.technologies.base import Technology
    from market.economy.primitives import Block, Economy

F = TypeVar("F", bound=Family)


class Wide(NamedTuple):
    """An allocation of the personalised economy.

    Args:
        consumption: (agents + public goods, goods + personalised goods).
        production: of the same shape; netputs of provision at level G.
    """

    consumption: Array
    production: Array


def _declared(block: Block[Any], key: str) -> Any:
    """Return the declaration of a parameter of a block's family."""
    return block.family.parameters[key]


def consumers(economy: Economy) -> NDArray[np.intp]:
    """Return the rows of agents with a utility, ascending."""
    rows = np.arange(len(economy.agents))
    return np.sort(np.concatenate([rows[block.rows] for block in economy.utilities] or [rows[:0]]))


def personal_columns(economy: Economy) -> NDArray[np.intp]:
    """Return the columns of consumers' own goods in the personalised economy, (consumers, public goods)."""
    count = len(consumers(economy))
    return (
        len(economy.goods) + np.arange(len(economy.public_goods))[None, :] * count + np.arange(count)[:, None]
    )


def amounts(economy: Economy, x: Array) -> Array:
    """Return the amount of each public good that is consumed, (public goods,)."""
    return x[:, list(economy.public_goods)].max(axis=0, initial=0.0)


def shared(economy: Economy, x: Array, amount: Array) -> Array:
    """Return consumption, (agents, goods), with the amount of each public good, (public goods,), for all."""
    x = x.copy()
    x[:, list(economy.public_goods)] = amount
    return x


def widened(economy: Economy, x: Array, y: Array) -> Wide:
    """Return an allocation of an economy with public goods as one of its personalised economy.

    Each consumer has the amount that it is recorded with, and provision works at the level of the largest.
    """
    own, columns, public = consumers(economy), personal_columns(economy), list(economy.public_goods)
    shape = economy.personalised.shape
    wide_x, wide_y = np.zeros(shape), np.zeros(shape)
    agents, goods = economy.shape
    wide_x[:agents, :goods] = x
    wide_x[:agents, public] = 0.0
    wide_x[own[:, None], columns] = x[own][:, public]
    wide_y[:agents, :goods] = y
    for k, (g, amount) in enumerate(zip(public, amounts(economy, x[own]), strict=True)):
        wide_y[agents + k, g] = -amount
        wide_y[agents + k, columns[:, k]] = amount
    return Wide(wide_x, wide_y)


def narrowed(economy: Economy, x: Array, y: Array) -> tuple[Array, Array]:
    """Return an allocation of the personalised economy as one of its economy with public goods.

    The amount of a public good is the largest that some consumer has of its own, all of which was provided.
    """
    agents, goods = economy.shape
    most = np.take_along_axis(x[consumers(economy)], personal_columns(economy), axis=1).max(
        axis=0, initial=0.0
    )
    return shared(economy, x[:agents, :goods], most), y[:agents, :goods].copy()


def wide_prices(economy: Economy, p: Array, personal: Array) -> Array:
    """Return prices of the personalised economy: of all goods, then of each consumer's own goods.

    Args:
        economy: with public goods.
        p: (goods,), prices.
        personal: (agents, goods), what each pays for a unit.
    """
    own = personal[consumers(economy)][:, list(economy.public_goods)]
    return np.concatenate([p, own.T.ravel()])


def personal_prices(economy: Economy, p: Array) -> tuple[Array, Array]:
    """Return prices of the personalised economy as (goods,), and what each agent pays, (agents, goods).

    Agents without a utility pay nothing for a public good, which they have no use for.
    """
    agents, goods = economy.shape
    own, public = consumers(economy), list(economy.public_goods)
    each = np.tile(p[:goods], (agents, 1))
    each[:, public] = 0.0
    each[own[:, None], public] = p[goods:].reshape(len(public), len(own)).T
    return p[:goods], each


def without_shared_wants(economy: Economy) -> Economy:
    """Return the economy in which no agent's own wants for a public good are seen, and none is public.

    Their common demand is added from outside, in equal parts of the amount, so that sums over agents are it.
    """
    public = list(economy.public_goods)

    def blind(block: Block[F]) -> Block[F]:
        parameters = dict(block.parameters)
        for key, stated in parameters.items():
            declared = _declared(block, key)
            if declared.axis != "agent":
                parameters[key] = stated.copy()
                parameters[key][:, public] = declared.absent
        return replace(block, parameters=parameters)

    return replace(economy, utilities=tuple(blind(block) for block in economy.utilities), public_goods=())


def netputs_of_provision(economy: Economy) -> Array:
    """Return the netput of one unit of each provision, (public goods, goods + personalised goods)."""
    columns = personal_columns(economy)
    netput = np.zeros((len(economy.public_goods), len(economy.goods) + columns.size))
    for k, g in enumerate(economy.public_goods):
        netput[k, g] = -1.0
        netput[k, columns[:, k]] = 1.0
    return netput


def personalise(economy: Economy, provision: Block[Technology]) -> Economy:
    """Return the economy of private goods that is equivalent to one with public goods.

    Args:
        economy: with public goods.
        provision: the producers that turn these into personalised goods, in rows after all agents.
    """
    own, columns, public = consumers(economy), personal_columns(economy), economy.public_goods
    more = columns.size

    def wider(amounts: Array) -> Array:
        return np.pad(amounts, ((0, len(public)), (0, more)))

    def taller(values: Array, added: float) -> Array:
        return np.append(values, np.full(len(public), added))

    def moved(block: Block[F]) -> Block[F]:
        rows = np.arange(len(economy.agents))[block.rows]
        place = np.searchsorted(own, rows)
        parameters: dict[str, Array] = {}
        for key, stated in block.parameters.items():
            declared = _declared(block, key)
            if declared.axis == "agent":
                parameters[key] = stated
                continue
            absent = 0.0 if declared.axis == "one good" else declared.absent
            wide = np.concatenate([stated, np.full((len(stated), more), absent)], axis=1)
            if block in economy.utilities:
                for k, g in enumerate(public):
                    wide[np.arange(len(stated)), columns[place, k]] = stated[:, g]
                    wide[:, g] = absent
            parameters[key] = wide
        return replace(block, parameters=parameters)

    owners = economy.ownership
    names = [f"{economy.goods[g]} of {economy.agents[i]}" for g in public for i in own]
    return replace(
        economy,
        goods=(*economy.goods, *names),
        agents=(*economy.agents, *(f"provision of {economy.goods[g]}" for g in public)),
        commons=np.append(economy.commons, np.zeros(more)),
        endowment=wider(economy.endowment),
        budget=taller(economy.budget, 0.0),
        commons_share=taller(economy.commons_share, 0.0),
        utilities=tuple(moved(block) for block in economy.utilities),
        costs=tuple(moved(block) for block in economy.costs),
        technologies=(*(moved(block) for block in economy.technologies), provision),
        ownership=None
        if owners is None
        else scipy.sparse.block_diag([owners, scipy.sparse.identity(len(public))], format="csr"),
        public_goods=(),
    )
