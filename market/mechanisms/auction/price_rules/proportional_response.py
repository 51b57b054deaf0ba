"""Proportional response: a dynamic of bids in Fisher markets.

Buyer i divides its budget B_i into bids b_ig; the price is p_g = sum_i b_ig / q_g, and i gets x_ig = b_ig /
p_g. It then bids in proportion to what each good contributed to its utility,

    b'_ig = B_i x_ig u_ig / sum_h x_ih u_ih,   u_ig = du_i/dx_ig.

For linear and CES utilities with elasticity above one, and Cobb-Douglas, bids converge to equilibrium from
any start with positive bids; for complements they may not. What is announced is the price that the bids
make; demand at it is asked for as under every rule, and says whether the market clears.

Source: Zhang (2011), "Proportional response dynamics in the Fisher market"; Birnbaum, Devanur and Xiao
(2011), "Distributed algorithms via gradient descent for Fisher markets".
"""

from __future__ import annotations

from dataclasses import dataclass

from market.economy.correspondences import Array
from market.mechanisms.auction.price_rules.base import Knows, Memory, Rule, Seen


@dataclass(frozen=True)
class Bids(Memory):
    """The bids of all buyers, (buyers, goods); None before the first round."""

    bids: Array | None = None


@dataclass(frozen=True)
class ProportionalResponse(Rule):
    """Buyers bid in proportion to what goods contributed to their utility; only for economy = "fisher"."""

    name = "proportional_response"
    knows = Knows.SPENDING
    economies = ("fisher",)

    def start(self, p: Array) -> Bids:  # noqa: ARG002
        """Return a memory without bids."""
        return Bids()

    def adjust(self, seen: Seen, memory: Memory) -> tuple[Array, Memory]:
        """Make one round of bids, and the prices that result."""
        assert isinstance(memory, Bids)
        assert seen.respond is not None
        prices, bids = seen.respond(memory.bids)
        return prices, Bids(bids)
