"""The method that runs from a starting point where equilibria maximise nothing.

Complementary pairs where consumers or producers with constant returns may be indifferent
(`complementarity.py`), else roots of excess demand (`roots.py`).
"""

from __future__ import annotations

from collections.abc import Callable

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.equilibrium import complementarity, roots
from market.equilibrium.clearing import Clearing

ROOTS = "roots of excess demand"
PAIRS = "sequence of complementarity problems"

Progress = Callable[[int, int], None]
"""Called with the number of starting points done, and of all."""


def name_method(economy: Economy) -> str:
    """Return the name of the method that suits an economy where nothing is maximised."""
    return PAIRS if complementarity.applies(economy) else ROOTS


def solve_from(economy: Economy, start: Array) -> Clearing | None:
    """Run the method that suits the economy from starting prices; return the prices nearest to clearing."""
    if complementarity.applies(economy):
        return complementarity.solve_from(economy, start)
    return roots.solve_from(economy, start)


def explain_out_of_reach(economy: Economy) -> str | None:
    """Return a reason why no starting point may lead to equilibria of an economy; None if none is known.

    With linear utility demand is a set at prices at which an agent is indifferent. With two priced goods
    these prices are tried one by one (`scan.py`), and purchases are unknowns where `complementarity` applies.
    """
    several = (economy.linear_weights > 0).sum(axis=1) > 1
    if economy.money is Money.QUASILINEAR or len(economy.goods) <= 2 or not several.any():
        return None
    if complementarity.applies(economy):
        return None
    return (
        "some agent values several goods linearly (perfect substitutes); where it is indifferent its demand "
        "is a set, which this search cannot reach in so large an economy, or with step costs"
    )
