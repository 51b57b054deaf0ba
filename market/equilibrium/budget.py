"""A budget of work for a search: evaluations of excess demand, and seconds as a last resort.

A search that takes as long as it takes is of no use to those who wait. The work is counted in *evaluations*:
demand and supply of all agents at one list of prices. Their number does not depend on the machine, so neither
do results that end with it. Seconds of processor time only end what would take far longer than expected.

The budget in force is a context variable, because evaluations happen inside root finders: `with
spending(...)` sets it, `count()` is called at every evaluation and raises `BudgetUsedUp` when it is used up.
Without a budget nothing is limited.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field

from market.economy.primitives import Economy

SMALL_ECONOMY = 2_000
"""Agents times goods up to which an evaluation takes about as long as for a few; beyond, in proportion."""


class BudgetUsedUp(Exception):  # noqa: N818 - no error: a search ends in this way
    """The budget of a search is used up."""


@dataclass
class Budget:
    """Limits, and what is used of them.

    Args:
        evaluations: the largest number of evaluations of excess demand.
        seconds: the longest processor time.
    """

    evaluations: int
    seconds: float
    used: int = 0
    exhausted: str | None = None
    _begun: float = field(default_factory=time.process_time)

    def count(self) -> None:
        """Count an evaluation.

        Raises:
            BudgetUsedUp: it is one too many.
        """
        if self.used >= self.evaluations:
            self.exhausted = f"the budget of {self.evaluations:,} evaluations of excess demand is used up"
            raise BudgetUsedUp
        if time.process_time() - self._begun > self.seconds:
            self.exhausted = f"the limit of {self.seconds:g} seconds is reached"
            raise BudgetUsedUp
        self.used += 1


_IN_FORCE: ContextVar[Budget | None] = ContextVar("budget", default=None)


@contextmanager
def spending(limit: Budget) -> Iterator[Budget]:
    """Count evaluations against a budget; when it is used up, end the block quietly."""
    before = _IN_FORCE.set(limit)
    try:
        yield limit
    except BudgetUsedUp:
        pass
    finally:
        _IN_FORCE.reset(before)


def count() -> None:
    """Count an evaluation against the budget in force, if there is one."""
    limit = _IN_FORCE.get()
    if limit is not None:
        limit.count()


def size_for(economy: Economy, most: int) -> int:
    """Return a number of evaluations: `most`, or in a large economy as many as take as long."""
    agents, goods = economy.shape
    return max(int(most / (1.0 + agents * goods / SMALL_ECONOMY)), 1)
