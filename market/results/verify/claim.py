"""Claims of a run folder with their verdicts, and the comparison of two numbers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from market.economy.correspondences import Array


@dataclass(frozen=True)
class Claim:
    """A statement of a run folder, checked.

    Args:
        name: of the claim, after the mechanism's name.
        holds: None if it could not be checked.
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
        """True if no claim is false; claims that could not be checked are in `unchecked`."""
        return all(claim.holds is not False for claim in self.claims)

    @property
    def unchecked(self) -> tuple[Claim, ...]:
        """Claims that the folder neither proves nor disproves."""
        return tuple(claim for claim in self.claims if claim.holds is None)


def difference(recorded: Array | float, again: Array | float, size: Array | float = 0.0) -> float:
    """Return the largest difference of two sets of numbers, relative to themselves and to `size`.

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
