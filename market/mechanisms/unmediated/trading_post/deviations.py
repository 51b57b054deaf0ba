"""The gain of each player from deviating alone, by a search that knows no first-order condition.

A deviation is another action at one post, or at several in turn: a bid or an offer. Its payoff is that of
the game: prices are cleared anew with the other actions as recorded, and the player's utility, cost and
payment are evaluated. Actions are tried in rows of fixed ratio, from the least that counts to all that the
player has, and the best is improved by golden sections. Where several goods are concerned, posts are
searched in turn, and pairs of posts with money moved from one to the other, until no search gains. What is
found is a gain that can be had, so a lower bound of the regret; where a payoff is concave in one action at
a time and additive over goods, it is the regret up to rounding.

The price takers' gain at the prices is that from other answers to them (`market.mechanisms.regret`).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Block, Money
from market.errors import NumericalError, UnboundedDemandError
from market.mechanisms.regret import gain
from market.mechanisms.unmediated.trading_post.posts import Posts

TRIED = 32  # actions in a row
GOLDEN = (5.0**0.5 - 1.0) / 2.0
SECTIONS = 42  # golden sections: 1e-9 of the bracket
PASSES = 4  # over posts and pairs of posts
MORE = 1e4  # times the money at a post: the largest bid tried where money has no limit


def players_gains(posts: Posts, profile: Array, smallest: float) -> Array:
    """Return the most that each player was found to gain by another action, (agents,); 0 of price takers."""
    gains, known = np.zeros(len(posts.economy.agents)), dict[bytes, float]()
    bids, offers = posts.totals(profile)
    near = posts.prices(bids, offers)
    for row in posts.players:
        kind = _kind(posts, profile, int(row))
        if kind not in known:
            known[kind] = _gain(posts, profile, int(row), smallest, near)
        gains[row] = known[kind]
    return gains


def _kind(posts: Posts, profile: Array, row: int) -> bytes:
    """Return a key that is equal for agents of equal primitives that do the same."""
    me = posts.alone(row)
    parts = [profile[row], me.endowment, me.budget]
    names = []
    blocks: tuple[Block[Any], ...] = (*me.utilities, *me.costs)
    for block in blocks:
        names.append(f"{block.family.__module__}.{block.family.__qualname__}")
        parts += [block.parameters[name] for name in sorted(block.parameters)]
    return "|".join(names).encode() + b"".join(np.ascontiguousarray(part + 0.0).tobytes() for part in parts)


def payoff_of(posts: Posts, profile: Array, row: int, near: Array) -> float:
    """Return the payoff of one agent, -inf if its action is not possible."""
    me = posts.alone(row)
    action = profile[row]
    try:
        bids, offers = posts.totals(profile)
        p = posts.prices(bids, offers, near)
    except (NumericalError, UnboundedDemandError):
        return -np.inf
    is_open = p > 0
    bought = np.divide(action, p, out=np.zeros_like(action), where=(action > 0) & is_open)
    sold = np.where((action < 0) & is_open, -action, 0.0)
    made = np.maximum(sold - me.endowment[0], 0.0)
    if (made > me.capacity[0]).any():
        return -np.inf
    paid = float(np.where(action > 0, action, 0.0)[is_open].sum() - (p * sold).sum())
    x = me.endowment[0] + bought - sold + made
    cost = float(me.cost(made[None, :])[0])
    if me.money is Money.EXCHANGE:
        assert me.numeraire is not None
        x[me.numeraire] -= paid
        return float(me.utility(x[None, :])[0]) if x[me.numeraire] >= 0 else -np.inf
    limited = me.money is Money.QUASILINEAR or bool(me.wants_something[0])
    if limited and paid + cost > me.budget[0] * (1.0 + 1e-12):
        return -np.inf
    utility = float(me.utility(x[None, :])[0])
    if me.money is Money.FISHER:
        return utility - cost + (0.0 if me.wants_something[0] else -paid)
    return utility - cost - paid


def _gain(posts: Posts, profile: Array, row: int, smallest: float, near: Array) -> float:
    """Return the largest gain found of one player."""
    now = payoff_of(posts, profile, row, near)
    best, changed = now, profile.copy()
    goods = [int(g) for g in posts.goods if _concerns(posts, row, int(g))]
    for g in goods if len(goods) > 1 else ():  # each by itself: one that gains little may spoil another
        other = profile.copy()
        value = _improve(posts, other, row, now, _ray(posts, other, row, g, smallest), near)
        if value > best:
            best, changed = value, other
    for turn in range(PASSES):
        before = best
        for g in goods:
            best = _improve(posts, changed, row, best, _ray(posts, changed, row, g, smallest), near)
        for g in goods:
            for h in goods:
                if g != h and changed[row, g] > 0:
                    best = _improve(posts, changed, row, best, _shift(changed, row, g, h), near)
        if len(goods) <= 1 or best <= before + 1e-13 * abs(before) or turn == PASSES - 1:
            break
    return float(gain(np.array([now]), np.array([best]))[0])


def _concerns(posts: Posts, row: int, g: int) -> bool:
    me = posts.alone(row)
    return bool(me.bliss[0, g] > 0 or me.endowment[0, g] > 0 or me.capacity[0, g] > 0)


Path = tuple[Callable[[float], Array], Array]
"""Actions along a number, and the numbers to try in ascending order."""


def _ray(posts: Posts, profile: Array, row: int, g: int, smallest: float) -> Path:
    """Return the actions at one post, from the largest offer over none to the largest bid."""
    me, (money, amount) = posts.alone(row), posts.scale
    least_bid, least_offer = smallest * money[g], smallest * amount[g]
    most_offered = float(min(me.endowment[0, g] + me.capacity[0, g], MORE * amount[g]))
    if me.money is Money.EXCHANGE:
        assert me.numeraire is not None
        cash = float(me.endowment[0, me.numeraire]) + MORE * money[g] * bool((profile[row] < 0).any())
    else:
        cash = float(me.budget[0])
    most_bid = min(cash, MORE * money[g]) if me.bliss[0, g] > 0 else 0.0
    numbers = [np.zeros(1)]
    if most_offered > least_offer:
        numbers.append(-np.geomspace(max(least_offer, 1e-300), most_offered, TRIED))
        numbers.append(-np.linspace(0.0, most_offered, TRIED // 2)[1:])
    if most_bid > least_bid:
        numbers.append(np.geomspace(max(least_bid, 1e-300), most_bid, TRIED))
    own = profile[row, g]
    numbers.append(own * np.array([0.5, 0.9, 0.99, 0.999, 1.0, 1.001, 1.01, 1.1, 2.0]))
    tried = np.unique(np.concatenate(numbers))
    tried = tried[(tried >= -most_offered) & (tried <= max(most_bid, own))]

    def at(number: float) -> Array:
        action = profile[row].copy()
        action[g] = number
        return action

    return at, tried


def _shift(profile: Array, row: int, g: int, h: int) -> Path:
    """Return actions with money moved from one bid to another."""

    def at(share: float) -> Array:
        action = profile[row].copy()
        moved = share * max(profile[row, g], 0.0)
        action[g] -= moved
        action[h] = max(action[h], 0.0) + moved
        return action

    return at, np.unique(np.concatenate([np.geomspace(1e-9, 1.0, TRIED // 2), np.linspace(0.0, 1.0, 11)]))


def _improve(posts: Posts, profile: Array, row: int, best: float, path: Path, near: Array) -> float:
    """Search a path; where it gains, change the profile. Return the best payoff."""
    at, tried = path

    def worth(number: float) -> float:
        changed = profile.copy()
        changed[row] = at(number)
        return payoff_of(posts, changed, row, near)

    values = np.array([worth(number) for number in tried])
    place = int(np.argmax(values))
    low, high = tried[max(place - 1, 0)], tried[min(place + 1, len(tried) - 1)]
    number, value = _golden(worth, float(low), float(high))
    if values[place] >= value:
        number, value = float(tried[place]), float(values[place])
    if value > best:
        profile[row] = at(number)
        return value
    return best


def _golden(worth: Callable[[float], float], low: float, high: float) -> tuple[float, float]:
    """Return the best number between two and its worth, by golden sections."""
    left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
    at_left, at_right = worth(left), worth(right)
    for _ in range(SECTIONS):
        if at_left >= at_right:
            high, right, at_right = right, left, at_left
            left = high - GOLDEN * (high - low)
            at_left = worth(left)
        else:
            low, left, at_left = left, right, at_right
            right = low + GOLDEN * (high - low)
            at_right = worth(right)
    return (left, at_left) if at_left >= at_right else (right, at_right)
