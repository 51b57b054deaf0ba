"""Outcomes with a given allocation, as no mechanism would make them, and economies with other weights."""

from __future__ import annotations

import dataclasses

import numpy as np

from market.economy.primitives import Block, Economy
from market.outcome import Outcome, Status


def given(economy: Economy, x, y=None, payments=None) -> Outcome:
    """Return an outcome with this allocation, (agents, goods), and these payments, (agents,)."""
    x = np.array(x, dtype=float)
    y = np.zeros_like(x) if y is None else np.array(y, dtype=float)
    paid = np.zeros(len(x)) if payments is None else np.array(payments, dtype=float)
    welfare = economy.welfare(x, y)
    return Outcome(
        economy=economy,
        name="given",
        kind="given",
        status=Status.MAX_ROUNDS,
        reason="",
        rounds=0,
        consumption=x,
        production=y,
        payments=paid,
        revenue=float(paid.sum()),
        utilities=welfare,
        payoffs=welfare - paid,
    )


def with_weights(economy: Economy, change) -> Economy:
    """Return the economy with the weights of every utility changed."""
    blocks = tuple(
        Block(block.family, block.rows, {"weights": change(block.parameters["weights"])})
        for block in economy.utilities
    )
    return dataclasses.replace(economy, utilities=blocks)
