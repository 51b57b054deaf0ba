"""Conditions for truth as a best report where payments are Clarke's, with public goods and without."""

from __future__ import annotations

import numpy as np

from market.economy.primitives import Economy, Money
from market.errors import InputError

SCALES = (0.25, 0.5, 0.9, 1.1, 2.0, 4.0)
"""Reports that are tried: one's own utility and cost times such a number."""


def refuse_unsafe_money(economy: Economy) -> None:
    """Refuse an economy whose money gives an agent a reason to report less, or more, than the truth.

    Raises:
        InputError: there is no quasilinear money, an agent has a budget, or revenue is shared.
    """
    if economy.money is not Money.QUASILINEAR:
        raise InputError(f'pivot payments are in money: economy = "quasilinear", not "{economy.money.value}"')
    capped = np.flatnonzero(np.isfinite(economy.budget))
    if len(capped):
        raise InputError(
            f"{economy.agents[capped[0]]} has a budget, and an agent that cannot pay would report less than "
            f"the truth; leave out budgets for a pivot mechanism"
        )
    if economy.shares_revenue:
        raise InputError(
            "a share in the revenue of a pivot mechanism would depend on one's own report; leave out "
            "commons_shares"
        )
