"""What was checked and what came of it; and how two numbers are compared."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from market.economy.correspondences import Array

ROUNDING = 1e-9  # relative difference that sums in another order may leave


@dataclass(frozen=True)
class Claim:
    """One thing that a run folder says, checked.

    Args:
        name: what is claimed, with the mechanism's name before it.
        holds: whether it does; None if that could not be checked.
        detail: the numbers behind it.
    """

    name: str
    holds: bool | None
    detail: str


@dataclass(frozen=True)
class Verification:
    """All claims of a run folder, checked."""

    folder: Path
    claims: tuple[Claim, ...]

    @property
    def holds(self) -> bool:
        """Whether no claim is false. Those that could not be checked are named by `unchecked`."""
        return all(claim.holds is not False for claim in self.claims)

    @property
    def unchecked(self) -> tuple[Claim, ...]:
        """The claims of which nothing in the folder tells whether they hold."""
        return tuple(claim for claim in self.claims if claim.holds is None)


def difference(recorded: Array | float, again: Array | float, size: Array | float = 0.0) -> float:
    """The largest difference of two sets of numbers, relative to themselves and to `size`.

    Returns:
        0 where both are the same infinity; inf where one of them is NaN or infinite and the other is not.

    Example:
        >>> difference(np.array([1.0, -np.inf]), np.array([1.5, -np.inf]))
        0.33333333333333...
    """
    first, second, scale = np.broadcast_arrays(
        *(np.asarray(each, dtype=float) for each in (recorded, again, size))
    )
    with np.errstate(invalid="ignore"):
        apart = np.where(first == second, 0.0, np.abs(first - second))
        scale = np.maximum(np.abs(scale), np.maximum(np.abs(first), np.abs(second)))
        shares = np.divide(apart, scale, out=np.zeros_like(apart), where=apart != 0)
    return float(np.where(np.isfinite(shares), shares, np.inf).max(initial=0.0))
