"""Fixed steps: the textbook's additive rule, and its multiplicative version.

*Additive*, p' = max(p + k z, 0). For two agents with utility log x and a stock q, z(p) = 2/p - q, whose
slope at p* = 2/q is -q^2/2: it converges locally if and only if k < 4/q^2, and in general k < 2 Lambda/q^2.
It depends on units of goods and money. In exchange, before any normalisation, Walras' law p.z = 0 gives
|p'|^2 = |p|^2 + k^2 |z|^2, so prices of a market that does not clear spiral outwards.

*Multiplicative*, p' = p exp(k r). Near balance r = log(demand / supply); with demand Lambda/p and a fixed
stock r = -(log p - log p*), so it converges locally if and only if k < 2, in any units.

Source: Samuelson (1947), *Foundations of Economic Analysis*, chapter 9; own derivation of the bounds.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market.economy.correspondences import Array
from market.mechanisms.auction.price_rules.base import Memory, Rule, Seen, from_logs, logs
from market.registry import option


@dataclass(frozen=True)
class Additive(Rule):
    """Additive tatonnement p' = max(p + k z, 0), as in textbooks; k depends on units."""

    name = "additive"
    step: float = option(0.1, "k, price per unit of excess demand", low=0.0, open_low=True)

    def adjust(self, seen: Seen, memory: Memory) -> tuple[Array, Memory]:
        """Make one step; an infinite excess demand doubles or halves the price."""
        finite = np.isfinite(seen.z)
        stepped = np.maximum(seen.p + self.step * np.where(finite, seen.z, 0.0), 0.0)
        return np.where(finite, stepped, seen.p * np.where(seen.z > 0, 2.0, 0.5)), memory


@dataclass(frozen=True)
class Multiplicative(Rule):
    """Multiplicative tatonnement p' = p exp(k r), r relative excess demand; independent of units."""

    name = "multiplicative"
    step: float = option(0.5, "k, on log prices", low=0.0, open_low=True)

    def adjust(self, seen: Seen, memory: Memory) -> tuple[Array, Memory]:
        """Make one step."""
        return np.where(seen.r == 0, seen.p, from_logs(logs(seen.p) + self.step * seen.r)), memory
