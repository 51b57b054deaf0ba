"""The second opinion: competitive equilibria by methods that know no auctioneer and no price rule.

- `reference` finds one equilibrium by a method that suits the economy;
- `search` looks for all of them, with index and stability;
- `check` holds what an auctioneer found against both.

It shares the primitives with the simulation (`economy`, what everyone answers to prices) and nothing that
solves. Every equilibrium is one because markets clear when everyone is asked anew, not because a solver
said so.
"""

from market.equilibrium.checking import Check, check
from market.equilibrium.reference import Reference, reference
from market.equilibrium.search import Equilibria, Found, search

__all__ = ["Check", "Equilibria", "Found", "Reference", "check", "reference", "search"]
