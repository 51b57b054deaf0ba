"""Posts: the agents that play, those that take prices, and the prices that bids and offers lead to.

Net supply of price takers N(p) is the sum of their supply and endowments less their demand. Where utilities
are additive and money is quasilinear without budgets, or only one good has a post, N_g depends on p_g alone
and each price is the root of one increasing function,

    q_g + Y_g + N_g(p_g) - W_g / p_g = 0.

Otherwise all prices are found together. At a price at which some price takers are indifferent, N is an
interval, and those who are share what is left in proportion to their intervals.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, Literal, NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from market.economy.coalitions import coalition
from market.economy.correspondences import Array
from market.economy.families.costs import LinearCost, PowerCost, QuadraticCost, StepsCost
from market.economy.families.utilities import (
    ADDITIVE,
    Leontief,
)
from market.economy.primitives import Economy, Money
from market.errors import InputError, NumericalError, UnboundedDemandError
from market.tolerances import TIED

Strategic = Literal["buyers", "sellers", "both"]

COSTS = (LinearCost, QuadraticCost, PowerCost, StepsCost)
"""Families of costs that are sums over goods."""

CAP = 1e250  # replaces infinite amounts in signs of excess supply
FARTHEST = 1e60  # times the price to begin with: no price beyond it is looked for
CLOSED = 0.0  # the price of a post at which nothing is traded
FREE = 1e-30  # money: a good is free if no more is spent on all that is sold
NEAR = 1e-9  # of log p: if nothing is in excess this far off too, a range of prices clears
ROOT = 9e-16  # relative accuracy of a price


class Clearing(NamedTuple):
    """Prices, and net trades of all agents at them.

    Args:
        prices: (goods,); 0 of a post without trade, 1 of the numeraire; next to 0 of a good that is free.
        trades: (agents, goods), z, units; 0 of the numeraire.
    """

    prices: Array
    trades: Array


@dataclass(frozen=True, eq=False)
class Posts:
    """The trading posts of an economy, with some of its agents strategic.

    Args:
        economy: the primitives.
        strategic: the side whose agents count on moving prices.
        players: rows of these agents.
        others: rows of the agents that take prices.
    """

    economy: Economy
    strategic: Strategic
    players: NDArray[np.intp]
    others: NDArray[np.intp]

    @cached_property
    def goods(self) -> NDArray[np.intp]:
        """The goods with a post: all but the numeraire."""
        every = np.arange(len(self.economy.goods))
        return every if self.economy.numeraire is None else np.delete(every, self.economy.numeraire)

    @cached_property
    def takers(self) -> Economy | None:
        """The agents that take prices; None without any."""
        return agents_alone(self.economy, self.others) if len(self.others) else None

    @cached_property
    def concerns_takers(self) -> NDArray[np.bool_]:
        """True for goods that some price taker can buy or sell, (goods,)."""
        if self.takers is None:
            return np.zeros(len(self.economy.goods), dtype=bool)
        sells = (self.takers.endowment > 0) | (self.takers.capacity > 0)
        return np.asarray((sells | (self.takers.bliss > 0)).any(axis=0))

    @cached_property
    def is_additive(self) -> bool:
        """True if net supply of a good by price takers depends on its own price alone."""
        return self.takers is None or _is_additive(self.takers, len(self.goods))

    @cached_property
    def price_taking(self) -> Clearing | None:
        """Prices and net trades if all agents took prices; None if they were not found."""
        alone = Posts(self.economy, self.strategic, self.players[:0], np.arange(len(self.economy.agents)))
        try:
            return alone.cleared(np.zeros(self.economy.shape))
        except (NumericalError, UnboundedDemandError):
            return None

    @cached_property
    def scale(self) -> tuple[Array, Array]:
        """Money bid and amounts sold at each post if all agents took prices, (goods,) each; 1 where none.

        The price of a good that is left over ends as a number near 0, whose size means nothing.
        """
        known = self.price_taking
        if known is None:
            sold = np.where(self.economy.resources > 0, self.economy.resources, 1.0)
            return np.ones_like(sold), sold
        bought = np.maximum(known.trades, 0.0).sum(axis=0)
        spent = bought * known.prices
        return np.where(spent > FREE, spent, 1.0), np.where(bought > 0, bought, 1.0)

    @cached_property
    def single(self) -> dict[int, Economy]:
        """Each player by itself, made when first asked for."""
        return {}

    def alone(self, row: int) -> Economy:
        """Return one agent as an economy."""
        if row not in self.single:
            self.single[row] = agents_alone(self.economy, np.array([row]))
        return self.single[row]

    # --- prices ------------------------------------------------------------------------------------

    def totals(self, profile: Array) -> tuple[Array, Array]:
        """Return money bid and amounts offered, commons included, (goods,) each."""
        bids = np.maximum(profile, 0.0).sum(axis=0)
        return bids, np.maximum(-profile, 0.0).sum(axis=0) + self.economy.commons

    def cleared(self, profile: Array) -> Clearing:
        """Return the prices of a profile, and the net trades at them."""
        bids, offers = self.totals(profile)
        p = self.prices(bids, offers)
        trades = np.where(
            profile > 0, np.divide(profile, p, out=np.zeros_like(profile), where=p > 0), profile
        )
        trades = np.where(p > 0, trades, 0.0)
        if self.takers is not None:
            trades[self.others] = self._taken(p, bids, offers)
        trades[:, [g for g in range(trades.shape[1]) if g not in self.goods]] = 0.0
        return Clearing(p, trades)

    def prices(self, bids: Array, offers: Array, near: Array | None = None) -> Array:
        """Return the prices at which net trades balance, (goods,); 0 of a post without trade.

        Args:
            bids: (goods,), W, money.
            offers: (goods,), q + Y, units.
            near: (goods,), prices to begin with.

        Raises:
            NumericalError: no prices were found.
        """
        p = np.full(len(self.economy.goods), CLOSED)
        if self.economy.numeraire is not None:
            p[self.economy.numeraire] = 1.0
        if self.takers is None:
            trades = (bids > 0) & (offers > 0)
            trades[[g for g in range(len(p)) if g not in self.goods]] = False
            p[trades] = bids[trades] / offers[trades]
            return p
        begin = self.begin(near)
        open_posts = [int(g) for g in self.goods if self._may_trade(int(g), bids, offers)]
        if self.is_additive:
            for g in open_posts:
                p[g] = self._root(g, bids[g], offers[g], begin)
            return p
        return self._together(open_posts, bids, offers, begin, p)

    def begin(self, near: Array | None) -> Array:
        """Return prices > 0 to begin a search with, (goods,)."""
        known = near
        if known is None and len(self.players) and self.price_taking is not None:
            known = self.price_taking.prices
        p = np.ones(len(self.economy.goods)) if known is None else np.where(known > 0, known, 1.0)
        if self.economy.numeraire is not None:
            p[self.economy.numeraire] = 1.0
        return p

    def _may_trade(self, g: int, bids: Array, offers: Array) -> bool:
        """Return True if there is something on both sides of a post, as far as bids and offers show."""
        assert self.takers is not None
        sells = offers[g] > 0 or self.takers.owned[g] > 0 or (self.takers.capacity[:, g] > 0).any()
        buys = bids[g] > 0 or (self.takers.bliss[:, g] > 0).any()
        return bool(sells and buys)

    def net_supply(self, p: Array) -> tuple[Array, Array]:
        """Return least and largest net supply of price takers, (goods,) each."""
        assert self.takers is not None
        owned = self.takers.owned
        with np.errstate(over="ignore", invalid="ignore"):  # far from the root answers may be infinite
            answers = self.takers.answers(p)
            demand, supply = answers.total_demand, answers.total_supply
        low = np.clip(supply.lowest - demand.highest + owned, -CAP, CAP)
        if demand.single_valued and supply.single_valued:
            return low, low
        return low, np.clip(supply.highest - demand.lowest + owned, -CAP, CAP)

    def excess(self, g: int, price: float, bids: float, offers: float, p: Array) -> float:
        """Return excess supply at a post, `q + Y + N(p) - W / p`; 0 if it may be."""
        at = p.copy()
        at[g] = price
        low, high = self.net_supply(at)
        least, most = (offers + float(each[g]) - bids / price for each in (low, high))
        return least if least > 0 else min(most, 0.0)

    def _root(self, g: int, bids: float, offers: float, p: Array) -> float:
        """Return the price at which a post balances, next to 0 of a good that is free; 0 if closed.

        Of a range of prices it is the end that suits the strategic side: what it could have by a little less.
        """

        def excess(log_price: float) -> float:
            return self.excess(g, float(np.exp(log_price)), bids, offers, p)

        bracket = bracket_of(excess, float(np.log(p[g])))
        if bracket is None:
            return float(p[g]) / FARTHEST if excess(float(np.log(p[g]))) > 0 else CLOSED
        low, high = bracket
        root = low if low == high else root_between(excess, low, high)
        up = 1.0 if self.strategic == "sellers" else -1.0
        if excess(root) == 0 and excess(root + up * NEAR) == 0:
            root = _end_of_zero(excess, root, up)
        return float(np.exp(root))

    def _together(self, posts: list[int], bids: Array, offers: Array, begin: Array, p: Array) -> Array:
        """Return prices of several posts whose price takers' answers depend on all of them."""
        size = np.maximum(offers, self.scale[1]) if len(self.players) else np.maximum(offers, 1.0)

        def excess(logs: Array) -> Array:
            at = begin.copy()
            at[posts] = np.exp(np.clip(logs, -300.0, 300.0))
            low, high = self.net_supply(at)
            least, most = (offers + each - bids / at for each in (low, high))
            between = np.where(least > 0, least, np.minimum(most, 0.0))
            return (between / size)[posts]

        for method in ("hybr", "lm"):
            found = scipy.optimize.root(excess, np.log(begin[posts]), method=method, tol=1e-14)
            if np.abs(excess(found.x)).max(initial=0.0) <= 1e-10:
                p[posts] = np.exp(found.x)
                return p
        raise NumericalError("prices at which all posts balance were not found")

    def _taken(self, p: Array, bids: Array, offers: Array) -> Array:
        """Return the net trades of price takers, (takers, goods), those that are indifferent sharing."""
        assert self.takers is not None
        posts = np.zeros(len(p), dtype=bool)
        posts[self.goods] = True
        is_open = posts & (p > 0)
        at = np.where(is_open | ~posts, p, self.begin(None))
        with np.errstate(over="ignore", invalid="ignore"):
            answers = self.takers.answers(at)
        low = answers.demand.lowest - answers.supply.highest - self.takers.endowment
        high = answers.demand.highest - answers.supply.lowest - self.takers.endowment
        left = offers - np.divide(bids, at, out=np.zeros_like(at), where=is_open)  # for price takers, net
        return np.where(is_open, _shared(low, high, left), 0.0)


def _shared(low: Array, high: Array, total: Array) -> Array:
    """Return amounts between `low` and `high`, (agents, goods), with this sum over agents, (goods,).

    Where bounds are infinite, only the agents that have them give way, in equal parts.
    """
    unbounded = np.isinf(low) | np.isinf(high)
    base = np.where(np.isfinite(low), low, np.where(np.isfinite(high), high, 0.0))
    width = np.where(unbounded, 0.0, high - base)
    width = np.where(unbounded.any(axis=0), unbounded.astype(float), width)
    sums = width.sum(axis=0)
    return base + width * np.divide(total - base.sum(axis=0), sums, out=np.zeros_like(sums), where=sums > 0)


def bracket_of(rising: Any, start: float) -> tuple[float, float] | None:
    """Return logs of prices between which a rising function changes its sign; None if there are none."""
    at = rising(start)
    if at == 0:
        return start, start
    step, edge, direction = 0.25, start, -1.0 if at > 0 else 1.0
    while abs(edge - start) < np.log(FARTHEST):
        tried = edge + direction * step
        value = rising(tried)
        if value == 0:
            return tried, tried
        if (value > 0) != (at > 0):
            return min(edge, tried), max(edge, tried)
        edge, step = tried, 2.0 * step
    return None


def _end_of_zero(excess: Any, inside: float, up: float) -> float:
    """Return the last log price in one direction at which nothing is in excess."""
    step = NEAR
    while excess(inside + up * step) == 0 and step < np.log(FARTHEST):
        step *= 2.0
    here, beyond = inside, inside + up * step
    for _ in range(60):
        middle = 0.5 * (here + beyond)
        here, beyond = (middle, beyond) if excess(middle) == 0 else (here, middle)
    return here


def root_between(rising: Any, low: float, high: float) -> float:
    """Return the root of a rising function, or the place of its jump over 0."""

    def bounded(x: float) -> float:
        value = rising(x)
        return float(np.clip(value, -CAP, CAP))

    if bounded(low) >= 0:  # rounding, where the function depends on what was tried before
        return low
    if bounded(high) <= 0:
        return high
    return float(scipy.optimize.brentq(bounded, low, high, xtol=ROOT, rtol=ROOT, maxiter=300))


# --- agents ----------------------------------------------------------------------------------------


def agents_alone(economy: Economy, rows: NDArray[np.intp]) -> Economy:
    """Return some agents, `rows` ascending, as an economy without commons, technologies and harm."""
    own = coalition(replace(economy, harm=None), rows, commons=0.0)
    return replace(own, technologies=(), commons_share=np.zeros(len(rows)), shares_revenue=False)


def _is_additive(economy: Economy, posts: int) -> bool:
    """Return True if an agent's net supply of a good depends on its own price alone."""
    if posts <= 1:
        return True
    buys = economy.wants_something
    if not buys.any():
        return all(block.family in COSTS for block in economy.costs)
    limited = np.isfinite(economy.budget) & buys
    return economy.money is Money.QUASILINEAR and not limited.any() and has_additive_families(economy)


def has_additive_families(economy: Economy) -> bool:
    """Return True if utilities and costs are known to be sums over goods."""
    return all(issubclass(block.family, ADDITIVE) for block in economy.utilities) and all(
        block.family in COSTS for block in economy.costs
    )


_RECENT: deque[Posts] = deque(maxlen=8)
"""The last posts that were made, since a mechanism holds its options alone and is asked round by round."""


def posts_of(economy: Economy, strategic: Strategic) -> Posts:
    """Return the posts of an economy; those of the last few economies are kept.

    Raises:
        InputError: the economy is of a kind that has no posts, or no agent plays.
    """
    for posts in _RECENT:
        if posts.economy is economy and posts.strategic == strategic:
            return posts
    _RECENT.append(_made(economy, strategic))
    return _RECENT[-1]


def _made(economy: Economy, strategic: Strategic) -> Posts:
    _refuse(economy)
    every = np.arange(len(economy.agents))
    if strategic == "both":
        players = every[economy.wants_something | _sells(economy)]
    else:
        buys, sells = _sides(economy, strategic)
        players = every[buys if strategic == "buyers" else sells]
    if not len(players):
        raise InputError(f'game = "trading_post", strategic = "{strategic}": no agent is on this side')
    posts = Posts(economy, strategic, players, np.setdiff1d(every, players))
    _refuse_utilities(posts)
    return posts


def _sells(economy: Economy) -> NDArray[np.bool_]:
    """Return a mask of agents with something to sell, (agents,)."""
    owns = economy.endowment > 0
    if economy.numeraire is not None:
        owns = owns.copy()
        owns[:, economy.numeraire] = False
    return np.asarray(owns.any(axis=1) | (economy.capacity > 0).any(axis=1))


def _sides(economy: Economy, strategic: Strategic) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return masks of buyers and of sellers, (agents,), of those that could be either by competitive trade.

    Raises:
        InputError: an agent buys one good and sells another.
    """
    wants, sells = economy.wants_something, _sells(economy)
    both = wants & sells
    if not both.any():
        return wants, sells
    known = Posts(economy, strategic, np.arange(0), np.arange(len(wants))).price_taking
    if known is None:
        raise InputError(
            f'game = "trading_post", strategic = "{strategic}": the buyers and sellers among agents that own '
            'and want goods are those at competitive prices, which were not found; write strategic = "both"'
        )
    small = TIED * np.abs(known.trades).max(axis=0, initial=0.0)
    buys_some, sells_some = (known.trades > small).any(axis=1), (known.trades < -small).any(axis=1)
    mixed = np.flatnonzero(both & buys_some & sells_some)
    if len(mixed):
        raise InputError(
            f'game = "trading_post", strategic = "{strategic}": {economy.agents[int(mixed[0])]} buys one '
            'good and sells another, so it would take prices at one post only; write strategic = "both"'
        )
    return np.where(both, ~sells_some, wants), np.where(both, sells_some, sells)


def _refuse(economy: Economy) -> None:
    """Refuse economies without posts, each with the reason.

    Raises:
        InputError: says what to change.
    """
    game = 'game = "trading_post"'
    if economy.money is Money.EXCHANGE and economy.numeraire is None:
        raise InputError(f'{game}: bids are made in money; name the good that is money, numeraire = "..."')
    if economy.technologies:
        raise InputError(
            f"{game}: a technology buys inputs and sells outputs at several posts at once, and its best "
            "reply is not computed; give producers a cost in money"
        )
    if economy.money is Money.EXCHANGE and economy.commons.any():
        raise InputError(
            f"{game}: under exchange the value of the commons is income, which a bid would change; let "
            "agents own the goods"
        )
    if economy.shares_revenue:
        raise InputError(
            f"{game}: a bid would change the revenue that commons_shares hands back; leave commons_shares out"
        )
    makes = (economy.capacity > 0).any(axis=1)
    for mask, words in (
        (makes & economy.wants_something, "makes goods and wants some; make it two agents"),
        (
            (economy.endowment > 0).any(axis=1) & economy.wants_something & (economy.money is Money.FISHER),
            "owns goods and has a budget that it can only spend; make it two agents",
        ),
    ):
        if mask.any():
            raise InputError(f"{game}: {economy.agents[int(np.flatnonzero(mask)[0])]} {words}")


def _refuse_utilities(posts: Posts) -> None:
    """Refuse players whose best replies are not computed.

    Raises:
        InputError: names the agent and its utility.
    """
    economy, plays = posts.economy, np.zeros(len(posts.economy.agents), dtype=bool)
    plays[posts.players] = True
    every = np.arange(len(plays))
    for block in economy.utilities:
        rows = every[block.rows]
        several = (block.call(block.family.bliss) > 0).sum(axis=1) > 1
        kinked = several & issubclass(block.family, Leontief)
        bent = np.asarray(block.family.not_concave(**block.parameters))
        bent = bent & (economy.money is Money.QUASILINEAR)
        for mask, words in (
            (kinked, "wants goods in fixed proportions, so that no single bid is worth changing"),
            (bent, "is not concave as stated; scale its weights down to a sum of at most 1"),
        ):
            found = rows[mask & plays[rows]]
            if len(found):
                raise InputError(
                    f'game = "trading_post": the best reply of {economy.agents[int(found[0])]} cannot be '
                    f"computed: its utility {block.family.name} {words}"
                )
