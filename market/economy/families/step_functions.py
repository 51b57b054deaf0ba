"""Step functions: amounts at falling or rising prices, as bids and offers are stated.

Symbols: s (agents, goods, steps, 2) steps, of which v = s[..., 0] are prices, money per unit, and
a = s[..., 1] amounts; missing steps have amount 0. X_k = a_1 + ... + a_k is where step k ends. The first X_1
units are worth (or cost) v_1 each, the next a_2 units v_2 each, and so on: the integral is piecewise linear,
with a kink at each X_k where the next price differs. At a kink the price of the *next* unit and that of the
*last* one differ; both are one-sided derivatives, and every number between them is a subgradient.

An amount within `NEGLIGIBLE_AMOUNT` of all steps together counts as at the end of a step: there a solver's
inaccuracy would decide which of the two prices is meant.

Source: a step function as the limit of unit bids, as in Smith (1962), "An experimental study of competitive
market behavior"; kinks as in Rockafellar (1970), *Convex Analysis*, section 24.
"""

from __future__ import annotations

import numpy as np

from market.economy.correspondences import Array
from market.economy.families.arithmetic import Expression, Held, Unit
from market.tolerances import NEGLIGIBLE_AMOUNT, TIED


def total(steps: Array) -> Array:
    """Return the amount of all steps together, (agents, goods)."""
    return np.asarray(steps[..., 1].sum(axis=-1))


def integral(x: Array, steps: Array) -> Array:
    """Return the worth or cost of amounts, each unit at the price of its step, (agents, goods); flat beyond.

    Example:
        One unit at 5 and two at 3: two units are worth 5 + 3.

        >>> steps = np.array([[[[5.0, 1.0], [3.0, 2.0]]]])
        >>> [float(integral(np.array([[x]]), steps)[0, 0]) for x in (0.5, 2.0, 9.0)]
        [2.5, 8.0, 11.0]
    """
    before = np.cumsum(steps[..., 1], axis=-1) - steps[..., 1]
    used = np.clip(x[..., None] - before, 0.0, steps[..., 1])
    return np.asarray((used * steps[..., 0]).sum(axis=-1))


def next_price(x: Array, steps: Array, beyond: Array | float) -> Array:
    """Return the price of the next unit, (agents, goods), or `beyond` where no step is left."""
    ends = np.cumsum(steps[..., 1], axis=-1)
    passed = (ends <= (x + NEGLIGIBLE_AMOUNT * ends[..., -1])[..., None]).sum(axis=-1)
    found = np.take_along_axis(steps[..., 0], np.minimum(passed, steps.shape[2] - 1)[..., None], axis=-1)
    return np.where(passed < steps.shape[2], found[..., 0], beyond)


def last_price(x: Array, steps: Array, beyond: Array | float) -> Array:
    """Return the price of the last unit, (agents, goods), or `beyond` past the last step; the first at 0."""
    ends = np.cumsum(steps[..., 1], axis=-1)
    slack = NEGLIGIBLE_AMOUNT * ends[..., -1]
    passed = (ends < (x - slack)[..., None]).sum(axis=-1)
    found = np.take_along_axis(steps[..., 0], np.minimum(passed, steps.shape[2] - 1)[..., None], axis=-1)
    return np.where(x > ends[..., -1] + slack, beyond, found[..., 0])


def amounts_between(p: Array, steps: Array, sign: float) -> tuple[Array, Array]:
    """Return the least and the greatest best amount at prices p, (agents, goods) each.

    Steps clearly better than the price are taken whole, those at it in any part.

    Args:
        p: (goods,), prices.
        steps: (agents, goods, steps, 2).
        sign: 1 for bids, which are taken above the price; -1 for offers, taken below it.
    """
    gain = sign * (steps[..., 0] - p[:, None])
    tie = TIED * steps[..., 0]
    least = np.where(gain > tie, steps[..., 1], 0.0).sum(axis=-1)
    return least, np.where(gain >= -tie, steps[..., 1], 0.0).sum(axis=-1)


def prices_with_amounts(steps: Array) -> Array:
    """Return the prices of steps, (agents, goods, steps); nan where there is no amount."""
    return np.where(steps[..., 1] > 0, steps[..., 0], np.nan)


def nearest_end(x: Array, steps: Array, within: Array) -> Array:
    """Return amounts put to the end of a step where one is no farther away than `within`, (goods,)."""
    ends = np.cumsum(steps[..., 1], axis=-1)
    place = np.abs(ends - x[..., None]).argmin(axis=-1)
    end = np.take_along_axis(ends, place[..., None], axis=-1)[..., 0]
    return np.where((np.abs(end - x) <= within) & (end > 0), end, x)


def filled(x: Expression, steps: Array, unit: Unit) -> Held:
    """Return the integral as a cvxpy expression, (agents,), with the amounts taken of each step.

    Args:
        x: (agents, goods), counted in `unit`; amounts taken of all steps of a good are at most x.
        steps: (agents, goods, steps, 2).
        unit: (goods,), an amount of each good.
    """
    import cvxpy  # deferred: takes a second to import, and only programmes need it
    import scipy

    rows, goods, places = np.nonzero(steps[..., 1])
    agents = len(steps)
    if not len(rows):
        return np.zeros(agents), []
    size = np.broadcast_to(np.asarray(unit, dtype=float), (steps.shape[1],))[goods]
    taken = cvxpy.Variable(len(rows), nonneg=True)
    entries = np.arange(len(rows))
    pairs, pair = np.unique(rows * steps.shape[1] + goods, return_inverse=True)
    summed = scipy.sparse.csr_matrix((np.ones(len(rows)), (pair, entries)), shape=(len(pairs), len(rows)))
    worth = steps[rows, goods, places, 0] * size
    value = scipy.sparse.csr_matrix((worth, (rows, entries)), shape=(agents, len(rows))) @ taken
    within = taken <= steps[rows, goods, places, 1] / size
    used = x[pairs // steps.shape[1], pairs % steps.shape[1]]
    return value, [within, (summed @ taken, used)]


def disorder(steps: Array, sign: float) -> list[tuple[int, int, int]]:
    """List agent, good and step whose price is on the wrong side of the one before.

    Args:
        steps: (agents, goods, steps, 2).
        sign: 1 for bids, which may not rise; -1 for offers, which may not fall.
    """
    there = steps[:, :, 1:, 1] > 0
    wrong = (sign * np.diff(steps[..., 0], axis=-1) > 0) & there
    return [(int(i), int(g), int(k) + 1) for i, g, k in np.argwhere(wrong)]
