"""Records of economies with public goods as records of the personalised economy.

There each consumer i has a good of its own for each public good g, in place of g, and provision turns one
unit of g into one of each (`economy/public_goods.py`). Claims of the alignment report are judged there.
Whether that economy says the right thing is checked apart, in the economy as stated
(`public_goods_claims.py`).
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy

if TYPE_CHECKING:
    from market.results.verify.record import Record


def prices_of_personalised(economy: Economy, by_agent: Array) -> Array:
    """Return prices of the personalised economy, from what each agent pays, (agents, goods).

    The seller's price of a public good is the sum of personal ones.
    """
    public = list(economy.public_goods)
    stated = by_agent[0].copy()
    stated[public] = by_agent[:, public].sum(axis=0)
    return np.concatenate([stated, _own(economy, by_agent)])


def _own(economy: Economy, by_agent: Array) -> Array:
    """Return the numbers of consumers for public goods, good after good."""
    wants = np.zeros(len(economy.agents), dtype=bool)
    for block in economy.utilities:
        wants[block.rows] = True
    return np.concatenate([by_agent[wants, g] for g in economy.public_goods])


def _allocation(economy: Economy, x: Array, y: Array) -> tuple[Array, Array]:
    """Return an allocation of the personalised economy, with provision at the largest amount."""
    agents, goods = economy.shape
    wide_x, wide_y = np.zeros(economy.personalised.shape), np.zeros(economy.personalised.shape)
    wants = np.zeros(agents, dtype=bool)
    for block in economy.utilities:
        wants[block.rows] = True
    rows = np.flatnonzero(wants)
    wide_x[:agents, :goods], wide_y[:agents, :goods] = x, y
    for k, g in enumerate(economy.public_goods):
        own = goods + k * len(rows) + np.arange(len(rows))
        wide_x[:agents, g], wide_x[rows, own] = 0.0, x[rows, g]
        level = float(x[rows, g].max(initial=0.0))
        wide_y[agents + k, g], wide_y[agents + k, own] = -level, level
    return wide_x, wide_y


def personalised(economy: Economy, record: Record) -> Record:
    """Return a record as one of the personalised economy."""
    more = len(economy.public_goods)

    def taller(values: Array | None) -> Array | None:
        return None if values is None else np.append(values, np.zeros(more))

    def wide(p: Array | None, by_agent: Array | None) -> Array | None:
        if p is None or by_agent is None:
            return None
        return np.concatenate([p, _own(economy, by_agent)])

    x, y = _allocation(economy, record.consumption, record.production)
    proofs = {}
    for figure, proof in record.proofs.items():
        px, py = _allocation(economy, proof.consumption, proof.production)
        kept, capped = taller(proof.kept), taller(proof.capped)
        assert kept is not None
        assert capped is not None
        proofs[figure] = replace(proof, consumption=px, production=py, kept=kept, capped=capped)
    better, stated = record.improvement, dict(record.stated)
    if stated.get("payoffs_with_revenue") is not None:
        none = dict.fromkeys(economy.personalised.agents[len(economy.agents) :], 0.0)
        stated["payoffs_with_revenue"] = {**stated["payoffs_with_revenue"], **none}
    return replace(
        record,
        stated=stated,
        economy=economy.personalised,
        consumption=x,
        production=y,
        payments=np.append(record.payments, np.zeros(more)),
        utilities=np.append(record.utilities, np.zeros(more)),
        payoffs=np.append(record.payoffs, np.zeros(more)),
        prices=wide(record.prices, record.personal_prices),
        regret=taller(record.regret),
        weights=taller(record.weights),
        supporting_prices=wide(record.supporting_prices, record.personal_supporting),
        improvement=None if better is None else _allocation(economy, *better),
        proofs=proofs,
    )
