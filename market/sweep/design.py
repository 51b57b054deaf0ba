"""Design of a sweep: the combinations of parameters, and the seeds.

- `grid`: every combination of the axes' values;
- `latin`: a Latin hypercube, N points, each axis cut into N slices of equal size with one point in each;
- `sobol`: N = 2^k points of a scrambled Sobol sequence, which fill the space more evenly than chance.

In the last two, a list of k values is cut into k parts of equal size.

All points are played with one set of seeds: differences between points are then due to the parameters, not to
the draw (common random numbers). Seeds are derived from the root seed and the number of the replicate,
never by counting up: the replicates of two root seeds are independent. A run is a point and a seed,
which determine its result; `market run SCENARIO --set ... --seed N` plays it again.

Source: Santner, Williams and Notz (2018), *The Design and Analysis of Computer Experiments*, chapter 5; Law
(2015), *Simulation Modeling and Analysis*, section 11.2, for common random numbers.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Literal, NamedTuple

from market.errors import InputError
from market.random_streams import generator
from market.sweep.axes import Axis, parse_axis

DesignKind = Literal["grid", "latin", "sobol"]

MOST_RUNS = 10_000_000
MOST_POINTS = 1_000_000


class Run(NamedTuple):
    """A point of the design under one seed.

    Args:
        number: of the run, from 0.
        point: number of the point.
        replicate: number of the seed.
        seed: for all draws.
        values: of the axes at the point, as TOML.
    """

    number: int
    point: int
    replicate: int
    seed: int
    values: tuple[str, ...]


@dataclass(frozen=True)
class Design:
    """All runs of a sweep.

    Args:
        kind: "grid", "latin" or "sobol".
        axes: parameters varied.
        points: the values of each point, as TOML, in the order of the axes.
        root: seed from which all others are derived.
        seeds: number of replicates of each point.
    """

    kind: DesignKind
    axes: tuple[Axis, ...]
    points: tuple[tuple[str, ...], ...]
    root: int
    seeds: int

    def __len__(self) -> int:
        """Return the number of runs."""
        return len(self.points) * self.seeds

    def runs(self) -> Iterator[Run]:
        """Yield every run, point by point."""
        seeds = [seed_of(self.root, replicate) for replicate in range(self.seeds)]
        for point, values in enumerate(self.points):
            for replicate, seed in enumerate(seeds):
                yield Run(point * self.seeds + replicate, point, replicate, seed, values)


def seed_of(root: int, replicate: int) -> int:
    """Derive the seed of a replicate, 0 to 2**63 - 1, from the root seed and the replicate's number."""
    return int(generator(root, "sweep", f"replicate {replicate}").integers(2**63))


def design(
    vary: Sequence[str], kind: DesignKind = "grid", points: int | None = None, seeds: int = 1, root: int = 0
) -> Design:
    """Make the design that a command line asks for.

    Args:
        vary: text after each `--vary`.
        kind: "grid", "latin" or "sobol".
        points: their number, for a random design; None for a grid.
        seeds: number of replicates of each point.
        root: seed from which all others, and a random design, are derived.

    Raises:
        InputError: these do not make a design; says which would.

    Example:
        >>> [run.values for run in design(["commons.water=5,10"], seeds=2).runs()]
        [('5',), ('5',), ('10',), ('10',)]
    """
    axes = tuple(parse_axis(assignment, drawn=kind != "grid") for assignment in vary)
    if not axes and kind != "grid":
        raise InputError(f"a {kind} design varies something; give at least one --vary path=low:high")
    if len({each.path for each in axes}) < len(axes):
        raise InputError("two --vary name the same path; put all its values into one")
    if any(each.path == "seed" for each in axes):
        raise InputError("--vary seed: the seed is varied by --seeds, and --seed is the root of all seeds")
    size = _size(axes, kind, points)
    if seeds < 1 or size > MOST_POINTS or size * seeds > MOST_RUNS:
        raise InputError(
            f"{size:,} points with {seeds:,} seeds each are {size * seeds:,} runs; "
            f"a sweep has from 1 to {MOST_RUNS:,}, and at most {MOST_POINTS:,} points"
        )
    if kind == "grid":
        return Design(kind, axes, tuple(product(*(each.choices for each in axes))), root, seeds)
    return Design(kind, axes, _drawn(axes, kind, size, root), root, seeds)


def _size(axes: Sequence[Axis], kind: DesignKind, points: int | None) -> int:
    """Return the number of points."""
    if kind == "grid":
        if points is not None:
            raise InputError("--points is for the designs latin and sobol; a grid has n in low:high:n")
        return math.prod(len(each.choices) for each in axes)
    if points is None or points < 1:
        raise InputError(f"a {kind} design needs --points N, such as --points 64")
    if kind == "sobol" and points & (points - 1):
        near = 1 << (points.bit_length() - 1)
        raise InputError(
            f"--points {points}: a Sobol design is even only with a power of two; take {near} or {2 * near}"
        )
    return points


def _drawn(axes: Sequence[Axis], kind: DesignKind, size: int, root: int) -> tuple[tuple[str, ...], ...]:
    """Draw the points of a Latin hypercube or of a Sobol sequence."""
    from scipy.stats import qmc  # deferred: takes most of a second, and a grid needs none

    rng = generator(root, "sweep", "design", kind)
    sampler = qmc.LatinHypercube if kind == "latin" else qmc.Sobol
    shares = sampler(len(axes), rng=rng).random(size)
    return tuple(
        tuple(_at(each, float(share)) for each, share in zip(axes, row, strict=True)) for row in shares
    )


def _at(each: Axis, share: float) -> str:
    """Return the value of an axis at a share in [0, 1) of its range or list."""
    if each.span is not None:
        return each.span.at(share)
    return each.choices[min(int(share * len(each.choices)), len(each.choices) - 1)]
