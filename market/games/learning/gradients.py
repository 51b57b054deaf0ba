"""Learning by gradients: players change amounts along slopes of their own payoffs, of the sum, or of both.

Symbols: payoffs r_i, losses l_i = -r_i, l_c = sum l_i; a (n, d). Gradients and their derivatives:

    xi = (d l_1/d a_1, ..., d l_n/d a_n),  xi_c = (d l_c/d a_1, ..., d l_c/d a_n),  H = d xi / d a,  H_c = d
    xi_c / d a,

S and A the symmetric and antisymmetric parts of H. All players move at once, `a -> a - step g`:

- individual: `xi`;
- collective: `xi_c`;
- cga, consensus optimisation: `xi + lambda H' xi`;
- sga, symplectic gradient adjustment: `xi + lambda s A' xi`, s the sign of
  `<xi, H' xi> <A' xi, H' xi> / n + 0.1`;
- svo, social value orientation: the slope of `-(r_i - alpha (1 - arctan(sum of others' r / r_i)))`;
- status_quo, the selfishness level as a rule: `xi + alpha xi_c`;
- aga, altruistic gradient adjustment: `xi_c + lambda s (xi + H_c xi_c)`, s the sign of
  `<xi_c, H_c xi_c> (<xi, H_c xi_c> + |H_c xi_c|^2)`.

*Signs of zero* are 0: on a linear game, where H_c = 0, aga is the collective rule. *Bounds.* The second-order
terms use the coordinates that are free to move, since the curvature along a bound at which a player is held
has no effect; without that cga and aga end in wrong points (tests). Shares, which sum to a total, move along
it: gradients are projected onto such moves first, so that what no choice of a player changes has no effect.

*What aga can do* (with signs, small steps, inside the bounds). With V = |xi_c|^2 / 2,

    V' = -<xi_c, H_c xi_c> - |lambda| sign(<xi_c, H_c xi_c>) |<xi, H_c xi_c> + |H_c xi_c|^2|,

so V falls wherever it falls under the collective rule: aga ends where that ends, faster, and xi changes the
path alone. Steps must be below about `2 / (L + lambda L^2)`, L the largest eigenvalue of H_c.

Source: Li et al. (2024), arXiv 2402.12416, for aga; Mescheder, Nowozin and Geiger (2017) for consensus
optimisation; Balduzzi et al. (2018) for sga; Apt and Schaefer (2014) for the selfishness level. The formula
of svo is that of Li et al.; the theorem on V is our own.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.games.learning.base import GradientRule
from market.games.smooth import Smooth
from market.registry import option

LEANING = 0.1
"""Added inside the sign of sga, as its authors' code does, so that it leans towards the adjustment."""


def own(slopes: Array) -> Array:
    """Return xi, (..., n, d), from J, (..., n, n, d)."""
    return -np.einsum("...iid->...id", slopes)


def collective(slopes: Array) -> Array:
    """Return xi_c, (..., n, d), from J, (..., n, n, d)."""
    return -slopes.sum(axis=-3)


def _along(game: Smooth, a: Array, v: Array) -> Array:
    return np.asarray(game.family.slopes_along(a, v, **game.parameters))


def own_curvature(game: Smooth, a: Array, v: Array) -> Array:
    """Return H v, (..., n, d)."""
    return -np.einsum("...iid->...id", _along(game, a, v))


def own_curvature_transposed(game: Smooth, a: Array, v: Array) -> Array:
    """Return H' v, (..., n, d): one product with second derivatives for each player."""
    total = np.zeros(a.shape)
    for j in range(a.shape[-2]):
        alone = np.zeros_like(v)
        alone[..., j, :] = v[..., j, :]
        total -= _along(game, a, alone)[..., j, :, :]
    return total


def collective_curvature(game: Smooth, a: Array, v: Array) -> Array:
    """Return H_c v, (..., n, d)."""
    return -_along(game, a, v).sum(axis=-3)


def free(game: Smooth, a: Array, direction: Array) -> NDArray[np.bool_]:
    """Return a mask, (..., n, d), of the numbers that are not held at a bound by a direction.

    Of shares the sum is kept, so that a share of 0 is held where its direction is above the mean of the free.
    """
    low, high = game.limits
    if game.total is None:
        return ~(((a <= low) & (direction > 0)) | ((a >= high) & (direction < 0)))
    mask = np.ones(a.shape, dtype=bool)
    for _ in range(a.shape[-1]):
        held = mask & (a <= 0.0) & (direction > _mean(direction, mask))
        if not held.any():
            break
        mask &= ~held
    return mask


def _mean(v: Array, mask: NDArray[np.bool_]) -> Array:
    """Return the mean of each player's numbers in a mask, (..., n, 1)."""
    return np.asarray((mask * v).sum(axis=-1, keepdims=True) / mask.sum(axis=-1, keepdims=True))


def onto_free(game: Smooth, a: Array, direction: Array) -> Callable[[Array], Array]:
    """Return the projection of directions, (..., n, d), onto those that one of them leaves free."""
    mask = free(game, a, direction)
    if game.total is None:
        return lambda v: mask * v
    return lambda v: mask * (v - _mean(v, mask))


def _dot(u: Array, v: Array) -> Array:
    """Return the inner product over players and numbers, (..., 1, 1)."""
    return np.asarray((u * v).sum(axis=(-2, -1), keepdims=True))


@dataclass(frozen=True)
class Individual(GradientRule):
    """each follows the slope of its own payoff."""

    name = "individual"

    def direction(self, game: Smooth, a: Array) -> Array:
        """Return xi."""
        return own(game.slopes(a))


@dataclass(frozen=True)
class Collective(GradientRule):
    """each follows the slope of the sum of payoffs."""

    name = "collective"

    def direction(self, game: Smooth, a: Array) -> Array:
        """Return xi_c."""
        return collective(game.slopes(a))


@dataclass(frozen=True)
class ConsensusGradient(GradientRule):
    """own slope, and that of the size of all own slopes (consensus optimisation)."""

    name = "cga"
    adjustment: float = option(1.0, "weight of the adjustment", key="lambda")

    def direction(self, game: Smooth, a: Array) -> Array:
        """Return xi + lambda H' xi."""
        xi = own(game.slopes(a))
        kept = onto_free(game, a, xi)
        return xi + self.adjustment * kept(own_curvature_transposed(game, a, kept(xi)))


@dataclass(frozen=True)
class SymplecticGradient(GradientRule):
    """own slope, turned by the antisymmetric part of the game's curvature (sga)."""

    name = "sga"
    adjustment: float = option(1.0, "weight of the adjustment", key="lambda")
    signs: bool = option(True, "whether the adjustment's sign is chosen so as to approach stable points")

    def direction(self, game: Smooth, a: Array) -> Array:
        """Return xi + lambda s A' xi."""
        xi = own(game.slopes(a))
        kept = onto_free(game, a, xi)
        turned = kept(own_curvature_transposed(game, a, kept(xi)))
        rotation = (turned - kept(own_curvature(game, a, kept(xi)))) / 2.0
        sign: Array | float = 1.0
        if self.signs:
            sign = np.sign(_dot(xi, turned) * _dot(rotation, turned) / a.shape[-2] + LEANING)
        return xi + self.adjustment * sign * rotation


@dataclass(frozen=True)
class SocialValue(GradientRule):
    """own payoff, less alpha times the angle between it and the others' payoffs (svo)."""

    name = "svo"
    alpha: float = option(1.0, "weight of the angle; below 0 the formula of the source with its sign turned")

    def direction(self, game: Smooth, a: Array) -> Array:
        """Return the slope of `-(r_i - alpha (1 - arctan(u)))`, u the others' payoffs over one's own."""
        slopes = game.slopes(a)
        r = np.asarray(game.family.payoffs(a, **game.parameters))[..., None]
        mine = -own(slopes)
        others = -collective(slopes) - mine
        with np.errstate(invalid="ignore"):
            rest = r.sum(axis=-2, keepdims=True) - r
        r = np.where(np.isfinite(rest) & np.isfinite(r), r, 0.0)  # no angle where a payoff is -inf
        rest = np.where(np.isfinite(rest), rest, 0.0)
        u = np.divide(rest, r, out=np.zeros_like(r), where=r != 0)
        change = np.divide(others * r - rest * mine, r**2, out=np.zeros_like(mine), where=r != 0)
        return -(mine + self.alpha * change / (1.0 + u**2))


@dataclass(frozen=True)
class StatusQuo(GradientRule):
    """own payoff and alpha times the sum of all (the selfishness level of the game, as a rule)."""

    name = "status_quo"
    alpha: float = option(1.0, "weight of the sum")

    def direction(self, game: Smooth, a: Array) -> Array:
        """Return xi + alpha xi_c."""
        slopes = game.slopes(a)
        return own(slopes) + self.alpha * collective(slopes)


class Adjustment(NamedTuple):
    """The parts of altruistic gradient adjustment at plays.

    Args:
        own: xi, (..., n, d), of free numbers.
        together: xi_c, (..., n, d).
        pull: H_c xi_c, (..., n, d), over free numbers.
        sign: s, (..., 1, 1).
    """

    own: Array
    together: Array
    pull: Array
    sign: Array


@dataclass(frozen=True)
class AltruisticGradient(GradientRule):
    """slope of the sum, adjusted by own slopes and curvature, with a sign that keeps it on its way (aga)."""

    name = "aga"
    adjustment: float = option(1.0, "weight of the adjustment", key="lambda")
    signs: bool = option(True, "whether the adjustment's sign is aligned; without, it is 1")
    at_zero: float = option(0.0, "the sign of zero, as in linear games: -1, 0 or 1", low=-1.0, high=1.0)

    def parts(self, game: Smooth, a: Array) -> Adjustment:
        """Return the parts of the direction."""
        slopes = game.slopes(a)
        xi, together = own(slopes), collective(slopes)
        kept = onto_free(game, a, together)
        pull = kept(collective_curvature(game, a, kept(together)))
        mine = kept(xi)
        aligned = _dot(together, pull) * (_dot(mine, pull) + _dot(pull, pull)) / a.shape[-2]
        sign = np.where(aligned == 0, self.at_zero, np.sign(aligned)) if self.signs else np.ones_like(aligned)
        return Adjustment(mine, together, pull, sign)

    def direction(self, game: Smooth, a: Array) -> Array:
        """Return xi_c + lambda s (xi + H_c xi_c)."""
        parts = self.parts(game, a)
        return parts.together + self.adjustment * parts.sign * (parts.own + parts.pull)


def stepped(game: Smooth, a: Array, g: Array, step: float, cap: float) -> Array:
    """Return the plays after a step against a direction, shortened and within bounds.

    Args:
        game: of amounts.
        a: (..., n, d), plays.
        g: (..., n, d), direction.
        step: its factor.
        cap: the most that any number moves, in parts of its reach.
    """
    moved = step * g
    largest = np.abs(moved / game.reach).max(axis=(-2, -1), keepdims=True)
    shorter = np.divide(cap, largest, out=np.ones_like(largest), where=largest > cap)
    return game.feasible(a - moved * shorter)


def descend(
    game: Smooth,
    starts: Array,
    rule: GradientRule,
    step: float,
    rounds: int,
    at_bounds: Literal["project", "stop"] = "project",
) -> tuple[Array, NDArray[np.int64]]:
    """Return the ends of many runs of a rule, and the number of steps of each.

    Args:
        game: of amounts.
        starts: (runs, n, d).
        rule: of all players.
        step: its size.
        rounds: the most steps of a run.
        at_bounds: "project" keeps plays within bounds; "stop" ends a run with the first play outside of them.

    Returns:
        (runs, n, d), which may lie outside of the bounds under "stop"; (runs,), steps.
    """
    a, steps = np.array(starts, order="F"), np.zeros(len(starts), dtype=np.int64)  # runs next to one another
    if at_bounds == "project":
        for _ in range(rounds):
            a = game.feasible(a - step * rule.direction(game, a))
        return np.ascontiguousarray(a), steps + rounds
    low, high = game.limits
    running = np.ones(len(starts), dtype=bool)
    for _ in range(rounds):
        if not running.any():
            break
        some = a[running]
        after = some - step * rule.direction(game, some)
        steps[running] += 1
        a[running] = after
        outside = ((after < low) | (after > high)).any(axis=(-2, -1))
        running[np.flatnonzero(running)[outside]] = False
    return a, steps
