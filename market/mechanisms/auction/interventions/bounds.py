"""Caps and floors: where one binds, the market is done, with one side rationed.

A price at its cap whose market lacks goods stays there, and so does one at its floor whose market has too
many: the auctioneer may not move it any further. Such a market counts as settled in the rounds, that is, its
relative excess demand as 0, while its excess demand in units is shown as it is.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from market.mechanisms.auction.announcement import Announcement
from market.mechanisms.auction.interventions.policy import Policy


def bounded(policy: Policy, announced: Announcement) -> Announcement:
    """Return an announcement in which a market at a bound that binds counts as settled."""
    seen = announced.imbalance
    binding = policy.binding(announced.prices, seen.z)
    if not binding.any():
        return announced
    settled = replace(seen, relative=np.where(binding, 0.0, seen.relative))
    return replace(announced, imbalance=settled)
