"""Harm by the output of others, in code of its own, and the claims about it.

Symbols: `Y_-i` the output of all agents except i; r rates, s slopes; `D_i = sum_g Y_-ig (r_ig + s_ig Y_-ig /
2)`; `D'_ig = r_ig + s_ig Y_-ig`. The utilities of a record are `u_i - C_i - D_i`; total surplus is their sum.
Since D is convex, for every y' and weights k >= 0

    sum_i k_i D_i(Y'_-i) >= sum_i k_i (D_i - D'_i.Y_-i) + sum_j h_j.y'_j,   h_j = sum_{i != j} k_i D'_i,

which holds at any y, and is tight near it (`duality.py`).

Source: own derivation from the definition in `economy/harm.py`, with which it shares only the numbers r, s.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.outcome import shown
from market.results.schema import number
from market.results.verify.claim import Claim, difference
from market.tolerances import ROUNDING_OF_RESULTS

if TYPE_CHECKING:
    from market.results.verify.record import Record


def suffered(economy: Economy, y: Array) -> Array:
    """Return `D_i`, (agents,), money."""
    lost = np.zeros(len(economy.agents))
    if economy.harm is not None:
        for g in range(len(economy.goods)):
            made = y[:, g].sum() - y[:, g]
            lost += made * (economy.harm.rate[:, g] + economy.harm.slope[:, g] * made / 2.0)
    return lost


def welfare(economy: Economy, x: Array, y: Array) -> Array:
    """Return `u_i - C_i - D_i`, (agents,)."""
    return economy.utility(x) - economy.cost(y) - suffered(economy, y)


def charges(economy: Economy, y: Array, weights: Array) -> Array:
    """Return `h_jg`, (agents, goods): what one more unit made by j costs the others by these weights."""
    due = np.zeros(economy.shape)
    if economy.harm is not None:
        for g in range(len(economy.goods)):
            made = y[:, g].sum() - y[:, g]
            each = weights * (economy.harm.rate[:, g] + economy.harm.slope[:, g] * made)
            due[:, g] = each.sum() - each
    return due


def intercept(economy: Economy, y: Array, weights: Array) -> float:
    """Return `sum_i k_i (D'_i.Y_-i - D_i)`, money, where harm is linearised at y; >= 0."""
    if economy.harm is None:
        return 0.0
    others = y.sum(axis=0) - y
    return float(weights @ (economy.harm.slope * np.square(others) / 2.0).sum(axis=1))


def check_harm(economy: Economy, record: Record) -> Iterator[Claim]:
    """Check the harm to all agents that the summary of surplus states."""
    stated = record.stated.get("surplus")
    if stated is None:
        return
    if economy.harm is None:
        if stated.get("harm") is not None:
            yield Claim(f"{record.name}: harm to agents", False, "stated, though no agent can be harmed")
        return
    lost = suffered(economy, record.production)
    if "harm" not in stated:
        yield Claim(f"{record.name}: harm to agents", False, "left out, though some agents can be harmed")
        return
    apart = difference(number(stated["harm"]), float(lost.sum()), float(np.abs(lost).sum()))
    detail = f"recomputed: {lost.sum():.6g}; largest relative difference: {shown(apart)}"
    yield Claim(f"{record.name}: harm to agents", apart <= ROUNDING_OF_RESULTS, detail)
