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


def bounded(policy: Policy, announced: Announcement, tolerance: float) -> Announcement:
    """Return an announcement in which a market at a bound that binds counts as settled.

    A bound at the very price that clears binds no one: excess demand within the tolerance is that of a market
    that clears, whichever sign rounding gave it.
    """
    seen = announced.imbalance
    binding = policy.binding(announced.prices, seen.z) & (np.abs(seen.relative) > tolerance)
    if not binding.any():
        return announced
    settled = replace(seen, relative=np.where(binding, 0.0, seen.relative))
    return replace(announced, imbalance=settled)


def judged_at_bounds(policy: Policy, announced: Announcement, tolerance: float) -> Announcement:
    """Return the announcement to report: within the tolerance at a bound, nothing is in excess."""
    near = announced.imbalance
    clears = policy.binding(announced.prices, near.z) & (np.abs(near.relative) <= tolerance)
    cleared = replace(near, z=np.where(clears, 0.0, near.z))
    return bounded(policy, replace(announced, imbalance=cleared), tolerance)
