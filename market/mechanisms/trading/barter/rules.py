"""Rules of barter: what two who meet give each other.

Symbols as in `pairs.py`; u_i, u_j utilities and G_i, G_j gains of the two, S_g what both hold of g.

- walras: the competitive equilibrium of the two. At a price p each buys `t(p)` along its budget line, and p
  is where both purchases cancel; it lies between their marginal rates of substitution. Where demand jumps, as
  with linear utilities, both are indifferent at p and trade the amount at which purchases cancel.
- nash: the bargain that maximises `G_i G_j`. With slopes `du/dx_g = l f_g(x_g)`, l a number of the agent, it
  lies on the contract curve `k f_ig(x_g) = f_jg(S_g - x_g)` for all goods traded, where
  `l_i G_j = k l_j G_i` (first-order conditions of `ln G_i + ln G_j`). The right side rises with k from 0, and
  the left falls to 0, so k is found by bisection; for Cobb-Douglas and log
  `x_g = S_g k a_ig / (k a_ig + a_jg)`. Utilities are taken as stated: this rule alone depends on more than
  their order.
- mrs: price `sqrt(MRS_i MRS_j)`, at which they trade until the first has enough; again at a new price until
  the rates are equal or nothing is left to give (Epstein and Axtell, 1996, *Growing Artificial Societies*,
  chapter IV, there in whole units).
- random: amounts up to a tenth of the smaller of the two holdings (the giver's, if the other has none), each
  way, kept if both gain (Gode, Spear and Sunder, 2004).

Source: Feldman (1973), "Bilateral trading processes, pairwise optimality, and Pareto optimality", *Review of
Economic Studies* 40; Axtell (2005), "The complexity of exchange", *Economic Journal* 115.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.mechanisms.trading.barter.crossings import enclose, find
from market.mechanisms.trading.barter.pairs import MOVES, Pairs
from market.mechanisms.trading.barter.tastes import CAP

RuleName = Literal["walras", "nash", "mrs", "random"]
BEYOND = (
    1e-12  # of ln p: prices so far outside the marginal rates settle which way an indifferent agent trades
)
REPEATS = 200  # prices of one meeting under mrs
SHARE = 0.1  # of the smaller holding, the most that changes hands under random
SMALLEST = 1e-300

Rule = Callable[[Pairs, np.random.Generator], Array]
"""Pairs to what the first agents get of each good, (pairs, goods); negative where they give."""


def walras(pairs: Pairs, rng: np.random.Generator) -> Array:  # noqa: ARG001
    """Return the trades at which the price of two clears their market."""
    low, high = pairs.rates.min(axis=0), pairs.rates.max(axis=0)
    size = np.maximum(pairs.give_of(pairs.g).sum(axis=0), SMALLEST)

    def excess(log_price: Array) -> Array:
        return np.asarray(pairs.demand(np.exp(log_price)).sum(axis=0) / size)

    left, right, above, below = enclose(excess, low - BEYOND, high + BEYOND)
    weight = np.divide(above, above - below, out=np.zeros_like(above), where=above > below)
    at_left, at_right = pairs.demand(np.exp(left)), pairs.demand(np.exp(right))
    bought = at_left + np.clip(weight, 0.0, 1.0) * (at_right - at_left)
    price = np.exp(np.clip(0.5 * (left + right), low, high))
    amount = np.where(np.abs(bought[0]) < np.abs(bought[1]), bought[0], -bought[1])
    return pairs.swap(amount, price)


def mrs(pairs: Pairs, rng: np.random.Generator) -> Array:  # noqa: ARG001
    """Return the trades at geometric means of marginal rates, repeated until these are equal."""
    gets = np.zeros((pairs.count, pairs.tastes.goods))
    for _ in range(REPEATS):
        now = pairs.moved(gets)
        price = np.exp(now.rates.mean(axis=0))
        wish = now.demand(price)
        opposed = wish[0] * wish[1] < 0
        amount = np.where(opposed, np.sign(wish[0]) * np.abs(wish).min(axis=0), 0.0)
        more = now.swap(amount, price)
        if not (np.abs(more) > MOVES * np.abs(now.x).reshape(2, pairs.count, -1).sum(axis=0)).any():
            break
        gets += more
    return gets


def random(pairs: Pairs, rng: np.random.Generator) -> Array:
    """Return random swaps, in a random direction, where both gain by them."""
    buys = rng.random(pairs.count) < 0.5
    first, second = rng.random((2, pairs.count))
    g, h = pairs.give_of(pairs.g), pairs.give_of(pairs.h)
    amount = SHARE * first * _smaller(np.where(buys, g[1], g[0]), np.where(buys, g[0], g[1]))
    offered = _smaller(np.where(buys, h[0], h[1]), np.where(buys, h[1], h[0]))
    value = amount * np.exp(np.clip(pairs.rates.max(axis=0), -CAP / 4, CAP / 4))
    paid = second * np.where(np.isinf(offered), value, SHARE * np.where(np.isinf(offered), 0.0, offered))
    sign = np.where(buys, 1.0, -1.0)
    gets = np.zeros((pairs.count, pairs.tastes.goods))
    rows = np.arange(pairs.count)
    gets[rows, pairs.g], gets[rows, pairs.h] = sign * amount, -sign * paid
    after = pairs.moved(gets)
    u, then = pairs.tastes.value(pairs.x), pairs.tastes.value(after.x)
    kept = np.asarray((then > u).reshape(2, -1).all(axis=0))
    return np.where(kept[:, None], gets, 0.0)


def _smaller(giver: Array, receiver: Array) -> Array:
    """Return the smaller holding of two, or the giver's if the receiver has nothing."""
    return np.where(receiver > 0, np.minimum(giver, receiver), giver)


def nash(pairs: Pairs, rng: np.random.Generator) -> Array:  # noqa: ARG001
    """Return the Nash bargains over the two goods of each pair."""
    traded = np.zeros((pairs.count, pairs.tastes.goods), dtype=bool)
    rows = np.arange(pairs.count)
    traded[rows, pairs.g] = traded[rows, pairs.h] = True
    return bargain(pairs, traded)


def nash_of_all(pairs: Pairs, rng: np.random.Generator) -> Array:  # noqa: ARG001
    """Return the Nash bargains over all goods."""
    return bargain(pairs, np.ones((pairs.count, pairs.tastes.goods), dtype=bool))


def bargain(pairs: Pairs, traded: NDArray[np.bool_]) -> Array:
    """Return the Nash bargains over the goods traded, (pairs, goods), or competitive ones where u is -inf.

    If an agent starts at -inf, every product of gains is infinite and chooses nothing. Such a pair trades at
    prices: on the contract curve `p_g = max(k f_ig, f_jg)` support the allocation, and k is where the bundle
    costs what the endowment does.
    """
    contract = _Contract(pairs, traded)
    if not pairs.tastes.in_money:
        return _along(pairs, contract)
    halved, fits = _split_in_money(pairs, contract)
    return halved if fits.all() else np.where(fits[:, None], halved, _along(pairs, contract))


def _split_in_money(pairs: Pairs, contract: _Contract) -> tuple[Array, NDArray[np.bool_]]:
    """Return bargains that share the joint gain in halves, in money, and a mask of those that can be paid.

    With `u + m` both goods go where they are worth most, `k = 1`, and money makes gains equal.
    """
    gets = contract.gets(np.zeros(pairs.count))
    gets[:, -1] = 0.0
    gain = (pairs.tastes.value(pairs.moved(gets).x) - pairs.tastes.value(pairs.x)).reshape(2, -1)
    with np.errstate(invalid="ignore"):
        paid = 0.5 * (gain[0] - gain[1])
    purse = pairs.room[:, -1].reshape(2, -1)
    fits = np.isfinite(paid) & (paid <= purse[0]) & (-paid <= purse[1])
    gets[:, -1] = np.where(fits, -paid, 0.0)
    return gets, fits


def _along(pairs: Pairs, contract: _Contract) -> Array:
    """Return the bargains found along contract curves."""
    count = pairs.count
    start, u = pairs.x, pairs.tastes.value(pairs.x)
    at_prices = np.asarray(~np.isfinite(u).reshape(2, -1).all(axis=0))

    def falls(log_k: Array) -> Array:
        gets = contract.gets(log_k)
        x = pairs.moved(gets).x
        with np.errstate(all="ignore"):
            slopes, terms = pairs.tastes.slopes(x), pairs.tastes.terms(x)
            level = np.where((terms > 0) & np.isfinite(slopes) & np.isfinite(terms), slopes / terms, 0.0).max(
                axis=1
            )
            gain = (pairs.tastes.value(x) - u).reshape(2, -1)
            mine, theirs = level[:count] * gain[1], np.exp(log_k) * level[count:] * gain[0]
            by_gain = (mine - theirs) / np.maximum(np.abs(mine) + np.abs(theirs), SMALLEST)
            by_gain = np.where(np.isneginf(gain[1]), -1.0, np.where(np.isneginf(gain[0]), 1.0, by_gain))
            k = np.exp(log_k)[:, None]
            f = np.where(np.isfinite(terms), terms, 0.0)
            p = np.maximum(k * f[:count], f[count:])
            cost, size = -(p * gets).sum(axis=1), (p * np.abs(gets)).sum(axis=1)
            by_price = cost / np.maximum(size, SMALLEST)
        return np.nan_to_num(np.where(at_prices, by_price, by_gain))

    low, high = contract.ends(start)
    left, right, above, below = enclose(falls, low, high)
    weight = np.divide(above, above - below, out=np.zeros_like(above), where=above > below)
    one, two = contract.gets(left), contract.gets(right)
    return _between(pairs, one, two, u, at_prices, np.clip(weight, 0.0, 1.0))


def _between(
    pairs: Pairs, one: Array, two: Array, u: Array, at_prices: NDArray[np.bool_], weight: Array
) -> Array:
    """Return the bargain between two points of the contract curve that k cannot tell apart.

    Where a good jumps, as between linear utilities or for money, the best product of gains lies between.
    """
    if (np.abs(one - two) <= MOVES * np.abs(pairs.x).reshape(2, pairs.count, -1).sum(axis=0)).all():
        return one

    def falls(share: Array) -> Array:
        x = pairs.moved(one + share[:, None] * (two - one)).x
        gain = (pairs.tastes.value(x) - u).reshape(2, -1)
        ends = (pairs.tastes.value(pairs.moved(two).x) - pairs.tastes.value(pairs.moved(one).x)).reshape(
            2, -1
        )
        rise, fall = ends[0], -ends[1]  # utilities are linear between the two, as far as goods jump
        value = rise * gain[1] - fall * gain[0]
        return np.asarray(np.nan_to_num(value / np.maximum(np.abs(rise) + np.abs(fall), SMALLEST)))

    with np.errstate(all="ignore"):
        share = find(falls, np.zeros(pairs.count), np.ones(pairs.count))
    return one + np.where(at_prices, weight, share)[:, None] * (two - one)


class _Contract:
    """Contract curves of pairs, by k.

    Args:
        pairs: that meet.
        traded: (pairs, goods), the goods that may change hands.
    """

    def __init__(self, pairs: Pairs, traded: NDArray[np.bool_]) -> None:
        self.pairs, self.traded = pairs, traded
        count, room = pairs.count, pairs.room
        whole = np.where(np.isinf(room), 0.0, np.maximum(room, 0.0))
        self.least = np.where(np.isinf(room[:count]), -SPAN, -whole[:count])
        self.most = np.where(np.isinf(room[count:]), SPAN, whole[count:])
        self.least, self.most = (np.where(traded, end, 0.0) for end in (self.least, self.most))
        weights = pairs.tastes.log_weights
        self.closed = weights is not None
        if weights is not None:
            self.a, self.b = weights[:count], weights[count:]

    def ends(self, x: Array) -> tuple[Array, Array]:
        """Return ln k at which one of the two gains nothing, (pairs,) each; all k between are looked at."""
        logs = np.log(np.maximum(self.pairs.tastes.terms(x), SMALLEST))
        logs = np.clip(logs, -CAP, CAP)
        between = logs[self.pairs.count :] - logs[: self.pairs.count]
        low = np.where(self.traded, between, np.inf).min(axis=1)
        return low - BEYOND, np.where(self.traded, between, -np.inf).max(axis=1) + BEYOND

    def gets(self, log_k: Array) -> Array:
        """Return what the first agents get at a point of the contract curve, (pairs, goods)."""
        pairs, count = self.pairs, self.pairs.count
        if self.closed:
            whole = self.most - self.least
            share = 1.0 / (1.0 + self.b / np.maximum(np.exp(log_k)[:, None] * self.a, SMALLEST))
            share = np.where(self.a + self.b > 0, share, -self.least / np.maximum(whole, SMALLEST))
            return np.where(self.traded, self.least + whole * share, 0.0)

        def wish(gets: Array) -> Array:
            x = np.concatenate([pairs.x[:count] + gets, pairs.x[count:] - gets])
            goods = pairs.tastes.goods - pairs.tastes.in_money
            x[:, :goods] = np.maximum(x[:, :goods], 0.0)
            logs = np.clip(np.log(np.maximum(pairs.tastes.terms(x), SMALLEST)), -CAP, CAP)
            unwanted = (logs[:count] <= -CAP) & (logs[count:] <= -CAP)
            return np.where(unwanted, -np.sign(gets), log_k[:, None] + logs[:count] - logs[count:])

        return find(wish, self.least, self.most)


SPAN = 1e9  # of money, where budgets set no limit
RULES: dict[str, Rule] = {"walras": walras, "nash": nash, "mrs": mrs, "random": random}
