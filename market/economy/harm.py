"""Harm: money that an agent loses for each unit that other agents make, and that no market prices.

Symbols: y (agents, goods) production; `Y_-i = sum_{j != i} y_j` (goods,) the output of all agents except i;
r (agents, goods) rates, money per unit; s (agents, goods) slopes >= 0, money per unit squared.

    D_i(Y_-i) = sum_g (r_ig Y_-ig + s_ig Y_-ig^2 / 2)

is taken from the payoff of its victim i, and from total surplus. It depends on no choice of the victim's own,
so it changes no agent's answer to prices: own output does not harm oneself. A planner sees it. With welfare
weights w, one more unit of g made by j costs

    w_j dC_j/dy_jg + h_jg,    h_jg = sum_{i != j} w_i (r_ig + s_ig Y_-ig),

the second part being the *external* cost, which j leaves out. A tax of h at the optimum makes private and
social cost equal (Pigou). A negative rate is a benefit. Slopes are >= 0, so `sum_i w_i D_i` is convex in y
for all `w >= 0`, and so is the planner's problem.

Since D is convex, for every y' and any y at which it is linearised,

    sum_i w_i D_i(Y'_-i) >= sum_i w_i D_i(Y_-i) + sum_j h_j.(y'_j - y_j),

which bounds total surplus from above as if each producer paid h_j (`efficiency/dual_bounds.py`).

Source: Pigou (1920), *The Economics of Welfare*, part II; Mas-Colell, Whinston and Green (1995), section
11.B. The sum over victims other than the producer is our own derivation.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.registry import Parameter

RATE = Parameter(
    "good",
    "money lost for each unit that other agents make; negative is a benefit",
    unit="money",
    low=-np.inf,
    absent=0.0,
)
SLOPE = Parameter(
    "good",
    "how fast that rises with the output of others: half of it times the square of their output is lost",
    unit="money per unit squared",
    absent=0.0,
)


@dataclass(frozen=True)
class Harm:
    """Harm to all agents by what others make.

    Args:
        rate: (agents, goods), r, money per unit.
        slope: (agents, goods), s >= 0, money per unit squared.
    """

    rate: Array
    slope: Array

    @cached_property
    def victims(self) -> NDArray[np.bool_]:
        """Mask of agents that the output of others can harm, or benefit, (agents,)."""
        return np.asarray(((self.rate != 0) | (self.slope != 0)).any(axis=1))

    def to(self, rows: NDArray[np.intp]) -> Harm:
        """Return the harm to some agents by each other."""
        return Harm(self.rate[rows], self.slope[rows])

    def by_agent(self, y: Array) -> Array:
        """Return `D_i(Y_-i)`, (agents,), money.

        Example:
            A victim loses 3 for each of the 10 units that the other agent makes:

            >>> harm = Harm(np.array([[3.0], [0.0]]), np.zeros((2, 1)))
            >>> harm.by_agent(np.array([[0.0], [10.0]])).tolist()
            [30.0, 0.0]
        """
        others = y.sum(axis=0) - y
        return np.asarray((self.rate * others + self.slope * np.square(others) / 2.0).sum(axis=1))

    def marginal(self, y: Array) -> Array:
        """Return `r_ig + s_ig Y_-ig`, (agents, goods): what one more unit made by another agent costs i."""
        return self.rate + self.slope * (y.sum(axis=0) - y)

    def external(self, y: Array, weights: Array) -> Array:
        """Return `h_jg`, (agents, goods): the weighted cost to all others of one more unit made by j."""
        weighted = weights[:, None] * self.marginal(y)
        return np.asarray(weighted.sum(axis=0) - weighted)

    def change(self, weights: Array, good: int, rows: NDArray[np.intp]) -> Array:
        """Return `dh_jg/dy_kg`, (rows, rows), for one good: `sum w_i s_ig` over i other than j and k."""
        weighted = weights * self.slope[:, good]
        own = weighted[rows]
        return np.asarray(weighted.sum() - own[:, None] - own[None, :] + np.diag(own))
