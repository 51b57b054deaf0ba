"""Best replies of players at trading posts.

A player's reply at a post is the root of

    h(p) = v_i(z) - m (p + theta z / E'(p)),   z = E(p),

with v_i the marginal value of the good (marginal utility of what it consumes, marginal cost of what it
makes, 0 of what it owns and does not want) and m that of money: 1 with quasilinear money, the marginal
utility of the numeraire under `exchange`, and where a budget binds the number at which all of it is spent.
E rises in p, so h falls where v_i falls and the marginal outlay rises, and its root in log p is bracketed
from the present price. Bounds need no cases: v_i is infinite below what the agent can do without or can
sell, and minus infinity above what it can use.

With others' bids and offers alone E is explicit. With price takers E' is their slope by differences of fourth
order in log p; where E jumps, since some are indifferent at that price, z moves at a constant price. Where
they drop out at different prices profit may have several tops, and the search begins at the best of a row of
prices. Posts are taken in turn until no net trade changes; one pass is enough where utility is additive.

An agent *alone on its side* of a post gains by ever smaller bids (or offers): all of the stock goes to any
bid. It bids the least that counts, and where that is all that is on the other side too, the post is empty.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.errors import NumericalError, UnboundedDemandError
from market.mechanisms.unmediated.trading_post.closed_forms import bids_for_stock, output
from market.mechanisms.unmediated.trading_post.posts import (
    FARTHEST,
    Posts,
    bracket_of,
    has_additive_families,
    root_between,
)

STEP = 1e-3  # of log p, in differences of fourth order: errors of 1e-12
JUMP = 1e-11  # of log p, beyond `TIED`: a net trade that changes by more than rounding over it jumps there
VISIBLE = 1e-7  # share of a post: such a change
SWEEPS = 300
AT_REST = 1e-11  # relative difference of marginal outlay and value at several posts
STILL = 1e-14  # relative to a post: net trades that change by less are at rest
SEARCHED = 40  # prices in the row from which a search begins where there may be several tops
REACH = 30.0  # they go from this fraction of the competitive price to this multiple
CANCELS = 1e-10  # of the price: a marginal revenue below it is the rounding of differences
FAR = 1e9  # times the size of a post: as good as any amount


class Settings(NamedTuple):
    """The options that a reply depends on."""

    conduct: float
    smallest: float


def best_replies(posts: Posts, profile: Array, rows: NDArray[np.intp], settings: Settings) -> Array:
    """Return a best reply of each row to the actions of all others, (rows, goods).

    Raises:
        NumericalError: a best reply was not found.
    """
    bids = bids_for_stock(posts, profile, rows) if settings.conduct == 1.0 else None
    replies = np.zeros((len(rows), profile.shape[1]))
    for place, row in enumerate(rows):
        if bids is not None:
            own = bids[place]
            if not np.isnan(own).any():
                replies[place] = own
                continue
        made = output(posts, profile, int(row), settings.conduct)
        replies[place] = made if made is not None else Reply(posts, profile, int(row), settings).action()
    return replies


@dataclass
class Reply:
    """The problem of one player against a profile; z holds its net trades while they are improved."""

    posts: Posts
    profile: Array
    row: int
    settings: Settings

    def __post_init__(self) -> None:
        """Split the profile into one's own action and those of others."""
        without = self.profile.copy()
        without[self.row] = 0.0
        self.bids, self.offers = self.posts.totals(without)
        self.me: Economy = self.posts.alone(self.row)
        self.endowment, self.capacity = self.me.endowment[0], self.me.capacity[0]
        self.money, self.numeraire = self.me.money, self.me.numeraire
        self.wanted = self.me.bliss[0] > 0
        self.least_bid = self.settings.smallest * self.posts.scale[0]
        self.least_offer = self.settings.smallest * self.posts.scale[1]
        self.size = np.maximum(self.posts.scale[1], self.offers)
        bids, offers = self.posts.totals(self.profile)
        self.p = self.posts.prices(bids, offers)
        own = self.profile[self.row]
        bought = np.divide(own, self.p, out=np.zeros_like(own), where=(own > 0) & (self.p > 0))
        self.z = np.where(own > 0, bought, own)
        self.forced: dict[int, float] = {}

    # --- the whole reply --------------------------------------------------------------------------

    def action(self) -> Array:
        """Return the best reply, (goods,): money bid, or minus the amount offered."""
        if self.money is Money.EXCHANGE:
            self._sweep(None)
        elif self.money is Money.QUASILINEAR:
            self._sweep(1.0)
            if self._spent() > self.me.budget[0]:
                self._spend_budget(1.0)
        elif self.wanted.any():
            self._spend_budget(0.0)
        else:
            self._sweep(1.0)
        action = np.where(self.z > 0, self.p * self.z, self.z)
        for g, value in self.forced.items():
            action[g] = value
        return action

    def _sweep(self, money: float | None) -> None:
        """Improve net trades post by post; `money` is its marginal value, None if computed."""
        moves = [int(g) for g in self.posts.goods if self._concerns(int(g))]
        once = len(moves) <= 1 or (
            money is not None and self.posts.is_additive and has_additive_families(self.me)
        )
        if not self.posts.is_additive and self._together(moves, money):
            return
        for _ in range(1 if once else SWEEPS):
            before = self.z.copy()
            for g in moves:
                self._improve(g, money)
            if (np.abs(self.z - before) <= STILL * self.size).all():
                return
        if not once:
            raise NumericalError(
                f"the best reply of {self.me.agents[0]} over several goods was not found in {SWEEPS} sweeps"
            )

    def _concerns(self, g: int) -> bool:
        return bool(self.wanted[g] or self.endowment[g] > 0 or self.capacity[g] > 0)

    def _spent(self) -> float:
        """Return what the present net trades cost, production included, money."""
        outlays = float((self.p * self.z)[self.posts.goods].sum())
        return outlays + float(self.me.cost(self._made()[None, :])[0])

    def _spend_budget(self, least: float) -> None:
        """Find the marginal value of money, above `least`, at which the budget is spent."""
        budget, begin, prices = float(self.me.budget[0]), self.z.copy(), self.p.copy()
        if budget <= 0:
            self.z = np.minimum(self.z, 0.0) * 0.0
            return

        def left(log_money: float) -> float:
            self.z, self.p = begin.copy(), prices.copy()
            self._sweep(float(np.exp(log_money)))
            return budget - self._spent()

        if least == 0.0 and left(np.log(1e-30 / budget)) >= 0:  # satiated
            return
        begun = np.log(least) if least > 0 else np.log(1.0 / budget)
        bracket = bracket_of(left, begun)
        if bracket is None:
            raise NumericalError(f"no marginal value of money spends the budget of {self.me.agents[0]}")
        left(root_between(left, *bracket))
        spent = self._spent()
        self.z = np.where(self.z > 0, self.z * min(budget / max(spent, budget), 1.0), self.z)  # rounding

    # --- one post ----------------------------------------------------------------------------------

    def _improve(self, g: int, money: float | None) -> None:
        """Set the net trade at a post to the best one, other net trades as they are."""
        self.forced.pop(g, None)
        if not self.posts.concerns_takers[g] and self._is_alone(g, money):
            return
        if self.posts.is_additive:
            self._by_price(g, money)
        else:
            self._by_amount(g, money)

    def _is_alone(self, g: int, money: float | None) -> bool:
        """Handle a post without bids, or without offers, by others; return True if this is one."""
        bids, offers = self.bids[g], self.offers[g]
        if bids > 0 and offers > 0:
            return False
        self.z[g], self.p[g] = 0.0, 0.0
        if bids > 0 and self.settings.conduct == 1.0:
            able = self.endowment[g] + self.capacity[g] > 0
            if able and bids > self.least_bid[g]:
                self.forced[g] = -self.least_offer[g]
            return True
        if bids > 0:
            return False
        if offers > self.least_offer[g] and self.wanted[g] and self._margins(g, 0.0, 0.0, money)[0] > 0:
            price = 0.0
            if self.settings.conduct == 0.0:
                value, worth = self._margins(g, offers, 0.0, money)
                price = value / worth
            self.forced[g] = max(self.least_bid[g], price * offers)
            self.z[g], self.p[g] = offers, self.forced[g] / offers  # all of it, which other goods may need
        return True

    def _by_price(self, g: int, money: float | None) -> None:
        """Find the best net trade by its price."""
        residual = self._residual(g)

        def surplus(log_price: float) -> float:  # rises in p: marginal outlay less marginal value
            price = float(np.exp(log_price))
            z, rate = residual(price, True)
            return self._too_much(g, z, price, rate, money)

        start = self._start(g, residual, money)
        bracket = bracket_of(surplus, start)
        if bracket is None:
            self._at_the_end(g, residual, surplus(start))
            return
        low, high = bracket
        root = low if low == high else root_between(surplus, low, high)
        found = [self._around(g, residual, float(np.exp(root)), money)]
        if money is not None and self.settings.conduct == 1.0:
            found += [self._around(g, residual, price, money) for price in self._tie_prices(g)]
            worths = [self._worth(g, z, price, money) for z, price in found]
            found = [found[int(np.argmax(worths))]]
        self._set(g, *found[0])

    def _tie_prices(self, g: int) -> Array:
        """Return the prices at which some price taker is indifferent: net trades jump there."""
        takers = self.posts.takers
        return np.zeros(0) if takers is None else takers.indifference_prices[g]

    def _around(
        self,
        g: int,
        residual: Callable[[float, bool], tuple[float, float]],
        price: float,
        money: float | None,
    ) -> tuple[float, float]:
        """Return the best net trade at a price, and the price, where residual supply may jump there."""
        below, above = residual(price * (1.0 - JUMP), False)[0], residual(price * (1.0 + JUMP), False)[0]
        if above - below > VISIBLE * self.size[g]:
            return self._on_the_flat(g, below, above, price, money), price
        return residual(price, False)[0], price

    def _at_the_end(
        self, g: int, residual: Callable[[float, bool], tuple[float, float]], sign: float
    ) -> None:
        """Handle a post without a best trade: ever higher prices for ever smaller offers, or no trade."""
        self.z[g] = 0.0
        if sign > 0 and self.wanted[g] and self.bids[g] <= 0 and residual(1.0 / FARTHEST, False)[0] > 0:
            self.forced[g] = self.least_bid[g]
        offers = sign < 0 and self.endowment[g] + self.capacity[g] > 0
        if offers and residual(FARTHEST, False)[0] < 0:
            self.forced[g] = -self.least_offer[g]

    def _start(
        self, g: int, residual: Callable[[float, bool], tuple[float, float]], money: float | None
    ) -> float:
        """Return the log price to begin with."""
        known = self.p[g]
        reference = self.posts.price_taking
        if not known > 0:
            known = reference.prices[g] if reference is not None and reference.prices[g] > 0 else 1.0
        start = float(np.log(known))
        if not self._may_have_several(g) or money is None or self.settings.conduct != 1.0:
            return start
        tried = start + np.linspace(-np.log(REACH), np.log(REACH), SEARCHED)
        gains = [
            self._worth(g, residual(float(np.exp(at)), False)[0], float(np.exp(at)), money) for at in tried
        ]
        return float(tried[int(np.argmax(gains))])

    def _may_have_several(self, g: int) -> bool:
        """Return True if price takers drop out at different prices."""
        takers = self.posts.takers
        if takers is None:
            return False
        first = takers.marginal_utility(np.zeros(takers.shape))[:, g]
        first = first[first > 0]
        return bool(len(first) and first.min() != first.max())

    def _worth(self, g: int, z: float, price: float, money: float) -> float:
        """Return utility less cost and outlay at a net trade; -inf where it is not possible."""
        if z < -(self.endowment[g] + self.capacity[g]) or not np.isfinite(z):
            return -np.inf
        bundle, made = self.endowment + self.z, self._made()
        bundle[g] = self.endowment[g] + z
        made[g] = max(-bundle[g], 0.0) if self.capacity[g] > 0 else 0.0
        value = self.me.welfare(np.maximum(bundle, 0.0)[None, :], made[None, :])[0]
        return float(value - money * price * z)

    def _on_the_flat(self, g: int, below: float, above: float, price: float, money: float | None) -> float:
        """Return the best net trade between two, at a constant price."""

        def surplus(z: float) -> float:
            return self._too_much(g, z, price, np.inf, money)

        reach = FAR * self.size[g]
        below, above = max(below, -reach), min(above, reach)
        if surplus(below) >= 0:
            return below
        if surplus(above) <= 0:
            return above
        return root_between(surplus, below, above)

    def _set(self, g: int, z: float, price: float) -> None:
        most = self.endowment[g] + self.capacity[g]
        z = max(z, -most)
        if z > 0 and not self.wanted[g]:
            z = 0.0
        if 0 < z * price < self.least_bid[g]:
            z, price = self._least_or_nothing(g, price)
        elif -self.least_offer[g] < z < 0:
            z = 0.0
        self.z[g], self.p[g] = z, price

    def _least_or_nothing(self, g: int, price: float) -> tuple[float, float]:
        """Return net trade and price of the least bid that counts if it is better than none, else of none."""
        if self.posts.concerns_takers[g]:
            return 0.0, price
        least = float(self.least_bid[g])
        at_least = (self.bids[g] + least) / self.offers[g]
        bought = least / at_least
        bundles = np.maximum(self.endowment + self.z, 0.0)[None, :].repeat(2, axis=0)
        bundles[:, g] = self.endowment[g] + np.array([0.0, bought])
        if self.numeraire is not None:
            bundles[:, self.numeraire] = np.maximum([self._cash(0.0, g), self._cash(least, g)], 0.0)
        none, some = (float(self.me.utility(bundle[None, :])[0]) for bundle in bundles)
        more = some > none if self.money is not Money.QUASILINEAR else some - none > least
        return (bought, at_least) if more else (0.0, price)

    def _too_much(self, g: int, z: float, price: float, rate: float, money: float | None) -> float:
        """Return marginal outlay less marginal value, over their sum, in [-1, 1].

        Args:
            g: the good.
            z: its net trade.
            price: at it.
            rate: E', units a unit of money; inf where the price does not move.
            money: the marginal value of money; None: of the numeraire that is left.
        """
        value, worth = self._margins(g, z, z * price, money)
        if np.isinf(value):
            return -1.0 if value > 0 else 1.0
        if np.isinf(worth):
            return 1.0
        move = 0.0
        if self.settings.conduct > 0 and z != 0:
            move = self.settings.conduct * z / rate if rate > 0 else float(np.copysign(np.inf, z))
        outlay = worth * (price + move)
        if value > 0 and abs(outlay) < CANCELS * worth * price:
            outlay = 0.0
        if np.isinf(outlay):
            return float(np.sign(outlay))
        size = value + abs(outlay)
        return (outlay - value) / size if size > 0 else 0.0

    def _margins(self, g: int, z: float, spent: float, money: float | None) -> tuple[float, float]:
        """Return the marginal values of a good and of money at a net trade for which `spent` is paid.

        The first is inf below what the agent needs or can sell, -inf above what it has use for; the second is
        inf where the money is used up.
        """
        left = self.endowment[g] + z
        if not self.wanted[g]:
            return self._marginal_cost(g, z), self._worth_of_money(spent, g) if money is None else money
        if left < 0:
            return np.inf, 1.0
        bundle = np.maximum(self.endowment + self.z, 0.0)
        bundle[g] = left
        if self.numeraire is None or money is not None:
            return float(self._slopes(bundle)[g]), 1.0 if money is None else money
        cash = self._cash(spent, g)
        if cash < 0:
            return 0.0, np.inf
        bundle[self.numeraire] = cash
        slopes = self._slopes(bundle)
        return float(slopes[g]), float(slopes[self.numeraire])

    def _marginal_cost(self, g: int, z: float) -> float:
        """Return the marginal cost of what is sold by an agent that does not want the good."""
        left = self.endowment[g] + z
        if z > 0:
            return -np.inf
        if left >= 0:
            return 0.0
        if -left > self.capacity[g]:
            return np.inf
        made = self._made()
        made[g] = -left
        return float(self.me.marginal_cost(made[None, :])[0, g])

    def _made(self) -> Array:
        """Return the outputs that the present net trades need, (goods,)."""
        return np.minimum(np.maximum(-self.z - self.endowment, 0.0), self.capacity)

    def _cash(self, spent: float, g: int) -> float:
        """Return the numeraire left if `spent` is paid at post g and nothing changes elsewhere."""
        assert self.numeraire is not None
        elsewhere = float(sum(self.p[h] * self.z[h] for h in self.posts.goods if h != g))
        return float(self.endowment[self.numeraire]) - elsewhere - spent

    def _worth_of_money(self, spent: float, g: int) -> float:
        """Return the marginal utility of the numeraire; inf if it is used up."""
        assert self.numeraire is not None
        cash = self._cash(spent, g)
        if cash < 0:
            return np.inf
        bundle = np.maximum(self.endowment + self.z, 0.0)
        bundle[self.numeraire] = cash
        return float(self._slopes(bundle)[self.numeraire])

    def _slopes(self, bundle: Array) -> Array:
        """Return marginal utilities, of a concave form where only their ratios matter, (goods,)."""
        if self.money is Money.QUASILINEAR:
            return np.asarray(self.me.marginal_utility(bundle[None, :])[0])
        return np.asarray(self.me.concave_form.marginal_utility(bundle[None, :])[0])

    # --- residual supply ---------------------------------------------------------------------------

    def _residual(self, g: int) -> Callable[[float, bool], tuple[float, float]]:
        """Return a function of a price: E, and E' if asked for."""
        bids, offers, posts = float(self.bids[g]), float(self.offers[g]), self.posts
        if not posts.concerns_takers[g]:
            return lambda price, _: (offers - bids / price, bids / price**2)
        begin = posts.begin(None)

        def supplied(price: float) -> float:
            at = begin.copy()
            at[g] = price
            low, high = posts.net_supply(at)
            return 0.5 * float(low[g]) + 0.5 * float(high[g])

        def residual(price: float, slope: bool) -> tuple[float, float]:
            z = offers + supplied(price) - bids / price
            if not slope:
                return z, 0.0
            one, other, far, farther = (supplied(price * np.exp(s * STEP)) for s in (1, -1, 2, -2))
            rate = (8.0 * (one - other) - (far - farther)) / (12.0 * STEP * price) + bids / price**2
            return z, rate if np.isfinite(rate) else np.inf

        return residual

    # --- posts whose prices move together ----------------------------------------------------------

    def _together(self, moves: list[int], money: float | None) -> bool:
        """Find all net trades at once where none is at a bound; return True if they were found."""
        begin, prices = self.z.copy(), self.p.copy()

        def pressure(amounts: Array) -> Array:
            trial = begin.copy()
            trial[moves] = amounts
            return np.array([self._pressure(trial, g, money) for g in moves])

        if not (np.abs(begin[moves]) > 0).all():
            return False
        found = scipy.optimize.root(pressure, begin[moves], method="hybr", tol=1e-15)
        inside = (np.sign(found.x) == np.sign(begin[moves])).all()
        if inside and np.abs(pressure(found.x)).max() <= AT_REST:
            self.z[moves] = found.x
            self.p = self._moved(self.z)[0]
            return True
        self.z, self.p = begin, prices
        return False

    def _pressure(self, trial: Array, g: int, money: float | None) -> float:
        """Return marginal outlay less marginal value at net trades, over their sum, in [-1, 1]."""
        try:
            p, rates = self._moved(trial)
        except (NumericalError, UnboundedDemandError):
            return 1.0 if trial[g] > 0 else -1.0
        outlay = p[g] + self.settings.conduct * float(trial @ rates[:, g])
        elsewhere = float(sum(self.p[h] * self.z[h] for h in self.posts.goods if h != g))
        kept, self.z = self.z, trial
        value, worth = self._margins(
            g, trial[g], float((p * trial)[self.posts.goods].sum()) - elsewhere, money
        )
        self.z = kept
        if np.isinf(value):
            return -1.0 if value > 0 else 1.0
        if np.isinf(worth):
            return 1.0
        total = worth * outlay
        size = value + abs(total)
        return (total - value) / size if size > 0 else 0.0

    def _by_amount(self, g: int, money: float | None) -> None:
        """Find the best net trade by its amount."""

        def surplus(z: float) -> float:
            trial = self.z.copy()
            trial[g] = z
            return self._pressure(trial, g, money)

        most = float(min(self.endowment[g] + self.capacity[g], 1e6 * self.size[g]))
        low = -most if most > 0 else 0.0
        high = 1e3 * self.size[g] if self.wanted[g] else -float(self.least_offer[g])
        if surplus(low) >= 0:
            z = low
        elif surplus(high) <= 0:
            z = high
        else:
            z = root_between(surplus, low, high)
        self.z[g] = z if abs(z) > self.least_offer[g] else 0.0
        self.p = self._moved(self.z)[0]

    def _moved(self, z: Array) -> tuple[Array, Array]:
        """Return prices at net trades of this player, and their derivatives by them, (goods, goods)."""
        posts, goods = self.posts, len(z)
        p = posts.prices(self.bids, self.offers - z, near=np.where(self.p > 0, self.p, 0.0))
        live = [int(g) for g in posts.goods if p[g] > 0]
        slopes = np.zeros((len(live), len(live)))
        for column, g in enumerate(live):
            moved = []
            for s in (1, -1, 2, -2):
                at = np.where(p > 0, p, posts.begin(None))
                at[g] = p[g] * np.exp(s * STEP)
                moved.append(posts.net_supply(at)[0][live])
            slopes[:, column] = (8.0 * (moved[0] - moved[1]) - (moved[2] - moved[3])) / (12.0 * STEP * p[g])
        slopes[np.diag_indices(len(live))] += self.bids[live] / p[live] ** 2
        rates = np.zeros((goods, goods))
        try:
            rates[np.ix_(live, live)] = scipy.linalg.inv(slopes)
        except (scipy.linalg.LinAlgError, ValueError):
            raise NumericalError("prices do not move smoothly with what is traded") from None
        return p, rates
