"""Claims of a run folder with their verdicts, and the comparison of two numbers."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from market.economy.correspondences import Array

FOLDER = "run folder"  # in the place of a mechanism's name


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
    """All claims of a run folder, checked.

    Args:
        folder: the run folder.
        claims: in order.
        mechanisms: names of those that were played.
    """

    folder: Path
    claims: tuple[Claim, ...]
    mechanisms: tuple[str, ...] = ()

    @property
    def parts(self) -> tuple[tuple[str, tuple[Claim, ...]], ...]:
        """The claims of each mechanism, by its name, and then those of the folder as a whole."""
        of: dict[str, list[Claim]] = {name: [] for name in (*self.mechanisms, FOLDER)}
        for claim in self.claims:
            names = [name for name in self.mechanisms if claim.name.startswith(f"{name}: ")]
            of[max(names, key=len, default=FOLDER)].append(claim)
        return tuple((name, tuple(claims)) for name, claims in of.items())

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
