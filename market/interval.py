"""Set-valued answers: what an agent would take or give at given prices, as (lowest, highest) per good.

At a price equal to its constant unit cost a producer is indifferent about any output up to its capacity,
so its answer is an interval. A single-valued answer has `lowest is highest`. Amounts may be infinite: a
producer with constant cost and no capacity, at a price above its cost, would supply without bound.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


class Interval(NamedTuple):
    """Amounts between `lowest` and `highest`, both (agents, goods), in units of each good."""

    lowest: Array
    highest: Array

    @classmethod
    def exactly(cls, amounts: Array) -> Interval:
        """A single-valued answer."""
        return cls(amounts, amounts)

    @property
    def single_valued(self) -> bool:
        """Whether it is known without looking that nobody is indifferent."""
        return self.lowest is self.highest

    def total(self) -> Interval:
        """The sum over agents, (goods,) each."""
        lowest = self.lowest.sum(axis=0)
        return Interval(lowest, lowest if self.single_valued else self.highest.sum(axis=0))
