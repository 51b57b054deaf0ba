"""Parts of an economy by its agents: coalitions, and agents that are alike.

Symbols: N all agents; S a coalition; q the commons; s_i agent i's share in them; e_i endowments.

A coalition has what its members own and can make. The commons belong to no agent, so two conventions are in
use, and each caller states its own: all of them stay with those who are left (`commons=1.0`: an agent
that is absent takes nothing with it), or a coalition has its members' shares, `sum_{i in S} s_i q`.

Two agents are of one *type* if all their primitives are equal: preferences, cost, endowment, budget and
share in the commons. Whatever a coalition can reach depends on the number of its members of each type alone.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Block, Economy, F


def coalition(economy: Economy, rows: NDArray[np.intp], commons: float = 1.0) -> Economy:
    """Return the economy of some agents, with what they own.

    Args:
        economy: without technologies, which link agents by their profits.
        rows: of the members, ascending.
        commons: the share of the commons that they have.
    """
    place = np.full(len(economy.agents), -1, dtype=np.intp)
    place[rows] = np.arange(len(rows))
    return replace(
        economy,
        agents=tuple(economy.agents[i] for i in rows.tolist()),
        groups={},
        commons=commons * economy.commons,
        endowment=economy.endowment[rows],
        budget=economy.budget[rows],
        commons_share=economy.commons_share[rows],
        utilities=_restricted(economy.utilities, place),
        costs=_restricted(economy.costs, place),
        ownership=None,
    )


def without(economy: Economy, agent: int) -> Economy:
    """Return the economy without one agent, its endowment and its output; the commons stay whole."""
    rows = np.arange(len(economy.agents))
    return coalition(economy, rows[rows != agent])


def _restricted(blocks: tuple[Block[F], ...], place: NDArray[np.intp]) -> tuple[Block[F], ...]:
    """Return blocks of the agents that have a place, in these places; empty ones are dropped."""
    agents, restricted = np.arange(len(place)), []
    for block in blocks:
        own = place[agents[block.rows]]
        kept = own >= 0
        if kept.any():
            parameters = {name: values[kept] for name, values in block.parameters.items()}
            restricted.append(Block(block.family, own[kept], parameters))
    return tuple(restricted)


def types(economy: Economy) -> NDArray[np.intp]:
    """Return the type of each agent, (agents,): 0, 1, ..., in the order of their first agents."""
    agents = np.arange(len(economy.agents))
    columns: list[Array] = [economy.endowment, economy.budget[:, None], economy.commons_share[:, None]]
    blocks: tuple[Block[Any], ...] = (*economy.utilities, *economy.costs)
    for number, block in enumerate(blocks):
        given = np.column_stack([values.reshape(block.size, -1) for values in block.parameters.values()])
        own = np.zeros((len(agents), given.shape[1] + 1))
        own[agents[block.rows], 0] = number + 1.0
        own[agents[block.rows], 1:] = given
        columns.append(own)
    known = np.ascontiguousarray(np.column_stack(columns)) + 0.0  # without -0.0, which has other bytes
    _, first, label = np.unique(
        known.view(np.dtype((np.void, known.dtype.itemsize * known.shape[1]))).ravel(),
        return_index=True,
        return_inverse=True,
    )
    return np.argsort(np.argsort(first))[label.ravel()]
