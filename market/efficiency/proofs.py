"""What proves a figure of the alignment report from both sides."""

from __future__ import annotations

from dataclasses import dataclass

from market.economy.correspondences import Array


@dataclass(frozen=True)
class CertifiedValue:
    """The answer of a programme with what proves it from both sides (see `verify/duality.py`).

    Args:
        value: of the figure.
        consumption: (agents, goods), the allocation that reaches it.
        production: (agents, goods), of the same.
        prices: (goods,), multipliers of what there is of each good: no allocation does better.
        kept: (agents,), multipliers of nobody being worse off where money may not go negative, else 0.
        capped: (agents,), multipliers of money not going negative, else 0.
    """

    value: float
    consumption: Array
    production: Array
    prices: Array
    kept: Array
    capped: Array
