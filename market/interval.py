"""Set-valued answers: what an agent would take or give at given prices, as (lowest, highest) per good.

At a price equal to its constant unit cost a producer is indifferent about any output up to its capacity,
so its answer is an interval. A single-valued answer has `lowest is highest`. Amounts may be infinite: a
producer with constant cost and no capacity, at a price above its cost, would supply without bound.

Amounts of several goods may hang together (`Joint`): whoever is indifferent between two goods spends the same
on both together; whoever wants goods in fixed proportions takes more or less of all.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

TIED = 1e-12  # relative difference up to which two amounts of money count as the same


class Joint(NamedTuple):
    """How the amounts within an interval hang together, where one good by itself does not tell.

    Args:
        least_spent: (agents,), the least that p.x may be, money; -inf where it does not matter.
        most_spent: (agents,), the most that it may be; inf where it does not matter.
        direction: (agents, goods), what is added to `lowest` for each unit of a common level t >= 0; 0 where
            goods vary independently.
    """

    least_spent: Array
    most_spent: Array
    direction: Array


class Interval(NamedTuple):
    """Amounts between `lowest` and `highest`, both (agents, goods), in units of each good."""

    lowest: Array
    highest: Array
    joint: Joint | None = None

    @classmethod
    def exactly(cls, amounts: Array) -> Interval:
        """A single-valued answer."""
        return cls(amounts, amounts)

    @property
    def single_valued(self) -> bool:
        """Whether it is known without looking that nobody is indifferent."""
        return self.lowest is self.highest and self.joint is None

    @property
    def bounds(self) -> tuple[Array, Array]:
        """(lowest, highest), without what hangs together."""
        return self.lowest, self.highest

    def total(self) -> Interval:
        """The sum over agents, (goods,) each."""
        lowest = self.lowest.sum(axis=0)
        return Interval(lowest, lowest if self.single_valued else self.highest.sum(axis=0))
