"""Claims about trading posts: prices follow from bids and offers, and no player gains by another action.

The rules are stated here again. Of the recorded actions a positive one is money bid, a negative one an amount
offered; q are the commons, W and Y others' bids and offers, N(p) the net supply of agents that take prices.

- A bid w buys `w / p`, an offer y brings `p y`; the trades of all agents add up to the commons at every
  post where something is traded, and price takers have an answer that is best for them at the recorded
  prices.
- What a player could have at prices p is `E(p) = q + Y + N(p) - W / p`, so that its payoff at *any* prices
  p is that of the net trades E(p), paid for at p: no prices have to be solved for. Its gain is searched
  over prices, in rows of fixed ratio and by thirds; at several posts each price in turn.
- With `conduct` theta < 1 an agent rests where `v = p + theta z / E'(p)`, v the marginal value of the good
  to it in money; this is checked with differences of E.
- Price-taking prices are those at which demand is supply when all agents answer; Lerner's
  index is `(p - v) / p`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.errors import UnboundedDemandError
from market.outcome import Status, shown
from market.results.verify.accounts import Due
from market.results.verify.claim import Claim, difference
from market.tolerances import ROUNDING_OF_RESULTS

if TYPE_CHECKING:
    from market.mechanisms.unmediated.best_response import Unmediated
    from market.results.verify.record import Record

FITS = 1.0 + 1e-12
BALANCED = 1e-8  # share of a post: trades that add up to the commons but for the accuracy of prices
RESTS = 1e-5  # relative violation of a conjecture's condition
SLOPE = 1e-4  # of log p, for differences
COMES_BACK = 1e-5  # of the largest action: replies that a search by thirds finds are no more accurate
LONGEST = 12  # rounds of replies that are played again
FOUND = 1e-6  # of utility: two searches for a gain agree up to it
ROW, THIRDS, TURNS = 160, 60, 6
WIDE = np.log(1e14)  # prices searched: up to this ratio from those recorded
LISTED = 6  # goods of which numbers are stated
EVIDENCE = ("price_taking_price[", "lerner_index[")


def is_post_evidence(name: str) -> bool:
    """Return True if a name of evidence belongs to trading posts."""
    return name.startswith(EVIDENCE)


def posts_due(economy: Economy, record: Record) -> Due:
    """Return the payments and payoffs of the recorded actions at the recorded prices."""
    seen = Market(economy, record)
    paid = np.zeros(len(economy.agents)) if economy.money is Money.EXCHANGE else seen.trades @ seen.p
    counts = np.ones(len(paid)) if economy.money is Money.QUASILINEAR else ~economy.wants_something
    welfare = economy.welfare(record.consumption, record.production)
    return Due(paid, float(paid.sum()), welfare - np.where(counts, paid, 0.0))


@dataclass(frozen=True, eq=False)
class Market:
    """A recorded play at trading posts."""

    economy: Economy
    record: Record

    @cached_property
    def p(self) -> Array:
        """Recorded prices, (goods,); 0 where nothing is traded, 1 of the numeraire."""
        goods = len(self.economy.goods)
        p = np.zeros(goods) if self.record.prices is None else self.record.prices.copy()
        if self.economy.numeraire is not None:
            p[self.economy.numeraire] = 1.0
        return p

    @cached_property
    def posts(self) -> NDArray[np.bool_]:
        """Mask of goods with a post, (goods,)."""
        mask = np.ones(len(self.economy.goods), dtype=bool)
        if self.economy.numeraire is not None:
            mask[self.economy.numeraire] = False
        return mask

    @cached_property
    def is_open(self) -> NDArray[np.bool_]:
        """Mask of posts with trade, (goods,)."""
        return self.posts & ((self.p > 0) | self.is_free)

    @cached_property
    def is_free(self) -> NDArray[np.bool_]:
        """Mask of posts with goods left over at any price, (goods,): price takers got some for nothing."""
        idle = np.asarray(~self.actions.any(axis=1))[:, None]
        got = (np.where(idle, self.record.consumption - self.economy.endowment, 0.0) > 0).any(axis=0)
        return self.posts & (self.p == 0) & got & (self.actions < 0).any(axis=0)

    @cached_property
    def size(self) -> Array:
        """Utilities to hold gains against, (agents,)."""
        found = np.where(np.isfinite(self.record.utilities), np.abs(self.record.utilities), 0.0)
        return np.maximum(found, self.economy.utility_scale)

    @cached_property
    def actions(self) -> Array:
        """Recorded actions, (agents, goods)."""
        assert self.record.actions is not None
        return self.record.actions

    def takes_prices(self, strategic: str) -> NDArray[np.bool_]:
        """Return a mask of agents that take prices, (agents,)."""
        economy, wants = self.economy, self.economy.wants_something
        owns = (economy.endowment > 0) & self.posts
        sells = owns.any(axis=1) | (economy.capacity > 0).any(axis=1)
        if strategic == "both":
            return ~(wants | sells)
        idle = ~self.actions.any(axis=1)
        return np.where(wants & sells, idle, ~wants if strategic == "buyers" else ~sells)

    @cached_property
    def trades(self) -> Array:
        """Net trades, (agents, goods): of players from actions, of others from what they have."""
        a = self.actions
        own = np.where(a > 0, np.divide(a, self.p, out=np.zeros_like(a), where=self.p > 0), a)
        x, y, e = self.record.consumption, self.record.production, self.economy.endowment
        return np.where(self.is_open, np.where(np.asarray(a.any(axis=1))[:, None], own, x - e - y), 0.0)

    def net_supply(self, takers: NDArray[np.bool_], p: Array) -> Array:
        """Return net supply of price takers, (goods,), the middle of an interval."""
        if not takers.any():
            return np.zeros(len(p))
        answers = self.economy.answers(p)
        bounds = []
        for demand, supply in (
            (answers.demand.highest, answers.supply.lowest),
            (answers.demand.lowest, answers.supply.highest),
        ):
            parts = np.clip(supply - demand + self.economy.endowment, -1e200, 1e200)
            bounds.append(parts[takers].sum(axis=0))
        return np.asarray(0.5 * bounds[0] + 0.5 * bounds[1])

    def has_jumps(self, takers: NDArray[np.bool_]) -> bool:
        """Return True if some price taker is indifferent at some price: so that E jumps there."""
        economy = self.economy
        blocks: list[Any] = list(economy.costs)
        blocks += economy.utilities if economy.money is Money.QUASILINEAR else []
        every = np.arange(len(takers))
        for block in blocks:
            prices = np.asarray(block.family.indifference_prices(**block.parameters))
            ties = np.isfinite(prices).reshape(len(prices), -1).any(axis=1)
            if (ties & takers[every[block.rows]]).any():
                return True
        return False

    def residual(self, row: int, takers: NDArray[np.bool_], p: Array) -> Array:
        """Return E(p) of one player, (goods,); 0 at closed posts."""
        others = np.delete(self.actions, row, axis=0)
        bids, offers = np.maximum(others, 0.0).sum(axis=0), np.maximum(-others, 0.0).sum(axis=0)
        e = self.economy.commons + offers + self.net_supply(takers, p)
        return np.where(self.posts, e - np.divide(bids, p, out=np.zeros_like(p), where=p > 0), 0.0)

    def payoff(self, row: int, z: Array, p: Array) -> float:
        """Return the payoff of one agent from net trades z at prices p; -inf where they are not possible."""
        economy = self.economy
        e, capacity = economy.endowment[row], economy.capacity[row]
        made = np.where(self.posts, np.maximum(-z - e, 0.0), 0.0)
        made = np.where(made <= ROUNDING_OF_RESULTS * (np.abs(z) + e), 0.0, made)
        paid = float(np.where(self.posts, z * p, 0.0).sum())
        x = np.maximum(np.where(self.posts, e + z + made, e), 0.0)
        if (made > capacity * FITS).any():
            return -np.inf
        if economy.numeraire is not None:
            x[economy.numeraire] -= paid
            if x[economy.numeraire] < 0:
                return -np.inf
        whole, outputs = np.tile(x, (len(economy.agents), 1)), np.zeros(economy.shape)
        outputs[row] = np.minimum(made, capacity)
        cost, utility = float(economy.cost(outputs)[row]), float(economy.utility(whole)[row])
        wants = bool(economy.wants_something[row])
        if economy.money is Money.EXCHANGE:
            return utility
        if (economy.money is Money.QUASILINEAR or wants) and paid + cost > economy.budget[row] * FITS:
            return -np.inf
        counted = economy.money is Money.QUASILINEAR or not wants
        return utility - cost - (paid if counted else 0.0)

    def gains(self, takers: NDArray[np.bool_]) -> Array:
        """Return the gains found of all agents, (agents,)."""
        found = np.zeros(len(self.economy.agents))
        for row in np.flatnonzero(~takers):
            found[row] = self._gain(int(row), takers)
        if takers.any():
            found = np.where(takers, self._takers_gains(), found)
        return found

    def _takers_gains(self) -> Array:
        """Return the gains from best answers to the prices, (agents,); 0 without prices of all goods."""
        concerned = self.posts & (self.economy.bliss > 0).any(axis=0)
        if not (self.p[concerned] > 0).all():
            return np.zeros(len(self.economy.agents))
        x, y = self.record.consumption, self.record.production
        try:
            best = self.economy.answers(self.p)
        except UnboundedDemandError:
            return np.full(len(x), np.inf)
        eaten, made = best.demand.lowest, best.supply.lowest
        unbounded = np.asarray(np.isinf(eaten).any(axis=1) | np.isinf(made).any(axis=1))
        eaten, made = (np.where(unbounded[:, None], 0.0, each) for each in (eaten, made))
        now, then = (
            self.economy.payoff(self.economy.own_welfare(a, b), self.p, a, b)
            for a, b in ((x, y), (eaten, made))
        )
        return np.where(unbounded, np.inf, _more(now, then))

    def _gain(self, row: int, takers: NDArray[np.bool_]) -> float:
        """Return the largest gain found of one player, over prices."""
        now = self.payoff(row, self.trades[row], self.p)
        return float(_more(np.array(now), np.array(self._best(row, takers, now)[1])))

    def reply(self, row: int, takers: NDArray[np.bool_]) -> Array:
        """Return the best action found of one player, (goods,); none if the search finds nothing better.

        Where a first unit is not worth its price, a search over prices comes near to no trade, but not to it.
        """
        z, best, p = self._best(row, takers, -np.inf)
        if self.payoff(row, np.zeros(len(z)), p) >= best:
            return np.zeros(len(z))
        return np.where(z > 0, z * p, z)

    def _best(self, row: int, takers: NDArray[np.bool_], now: float) -> tuple[Array, float, Array]:
        """Return the best net trades found, their payoff if it is better than `now`, and their prices."""
        can = (
            (self.economy.bliss[row] > 0)
            | (self.economy.endowment[row] > 0)
            | (self.economy.capacity[row] > 0)
        )
        goods = np.flatnonzero(self.posts & can)
        p = np.where(self.p > 0, self.p, 1.0)

        def trades(prices: Array) -> Array:
            z = np.where(can, self.residual(row, takers, prices), 0.0)
            return self._within(row, z)

        def worth(prices: Array) -> float:
            try:
                return self.payoff(row, trades(prices), prices)
            except UnboundedDemandError:
                return -np.inf

        best = max(now, worth(p))
        for _ in range(TURNS if len(goods) > 1 else 1):
            before = best
            for g in goods:
                p, best = _search(worth, p, int(g), best)
            if best <= before + 1e-14 * abs(before):
                break
        return trades(p), best, p

    def _within(self, row: int, z: Array) -> Array:
        """Return net trades without purchases of goods that the agent does not want: those are left alone."""
        unwanted = ~(self.economy.bliss[row] > 0)
        return np.where(unwanted & (z > 0), 0.0, z)

    def marginal_values(self) -> Array:
        """Return the value of a good at the margin to each agent, money, (agents, goods)."""
        economy = self.economy
        slopes = economy.marginal_utility(self.record.consumption)
        if economy.numeraire is not None:
            slopes = slopes / slopes[:, [economy.numeraire]]
        costs = economy.marginal_cost(self.record.production)
        makes = economy.capacity > 0
        return np.where(economy.bliss > 0, slopes, np.where(makes & np.isfinite(costs), costs, 0.0))

    def unrest(self, takers: NDArray[np.bool_], conduct: float) -> float:
        """Return the largest relative violation of `v = p + theta z / E'` where a player trades.

        Of a player that does not trade at an open post: it is not worth its price to one that could buy, and
        no less to one that could sell, whatever theta is.
        """
        values, worst = self.marginal_values(), 0.0
        for row in np.flatnonzero(~takers):
            z = self.trades[row]
            up, down = (self.residual(int(row), takers, self.p * np.exp(s * SLOPE)) for s in (1, -1))
            for g in np.flatnonzero(self.is_open & (z != 0)):
                slope = (up[g] - down[g]) / (2.0 * SLOPE * self.p[g])
                wanted = self.p[g] + (conduct * z[g] / slope if slope > 0 else 0.0)
                full = -z[g] >= (self.economy.endowment + self.economy.capacity)[row, g] * (1.0 - 1e-9)
                apart = max(values[row, g] - wanted, 0.0 if full else wanted - values[row, g])
                worst = max(worst, apart / max(abs(wanted), self.p[g]))
            worst = max(worst, self._idle_unrest(int(row), values[row]))
        return float(worst)

    def _idle_unrest(self, row: int, values: Array) -> float:
        """Return the largest share of a price that a player would gain by a first unit where it is idle."""
        economy, p = self.economy, self.p
        idle = self.is_open & (p > 0) & (self.trades[row] == 0) & ~np.isnan(values)
        wants = economy.bliss[row] > 0
        buys = wants & self._has_money(row)
        sells = (economy.endowment[row] > 0) | ((economy.capacity[row] > 0) & ~wants)
        gain = np.maximum(np.where(buys, values - p, 0.0), np.where(sells, p - values, 0.0))
        return float((gain[idle] / p[idle]).max(initial=0.0))

    def _has_money(self, row: int) -> bool:
        """Return True if an agent has money to bid."""
        economy = self.economy
        owned = economy.budget if economy.numeraire is None else economy.endowment[:, economy.numeraire]
        return bool(owned[row] > 0)

    def lerner(self) -> Array:
        """Return `(p - v) / p` by sales of players, (goods,); nan without any."""
        sold = np.maximum(-self.actions, 0.0)
        values = self.marginal_values()
        mean = np.where(sold > 0, sold * np.where(np.isfinite(values), values, 0.0), 0.0).sum(axis=0)
        with np.errstate(invalid="ignore", divide="ignore"):
            return (self.p - mean / sold.sum(axis=0)) / self.p


def _search(worth, p: Array, g: int, best: float) -> tuple[Array, float]:  # type: ignore[no-untyped-def]
    """Return prices with the best price of one post, and the payoff at them."""

    def at(log_price: float) -> Array:
        changed = p.copy()
        changed[g] = np.exp(log_price)
        return changed

    centre = float(np.log(p[g]))
    spread = np.concatenate([np.linspace(0.0, 3.0, ROW // 2), np.geomspace(3.1, WIDE, ROW // 8)])
    near = np.geomspace(1e-12, 1e-2, ROW // 8)
    logs = np.unique(np.concatenate([centre - spread, centre + spread, centre - near, centre + near]))
    values = np.array([worth(at(each)) for each in logs])
    place = int(np.argmax(values))
    low, high = logs[max(place - 1, 0)], logs[min(place + 1, len(logs) - 1)]
    for _ in range(THIRDS):
        left, right = low + (high - low) / 3.0, high - (high - low) / 3.0
        low, high = (low, right) if worth(at(left)) >= worth(at(right)) else (left, high)
    tried = [(float(values[place]), logs[place]), (worth(at((low + high) / 2.0)), (low + high) / 2.0)]
    value, where = max(tried, key=lambda pair: pair[0])
    return (at(where), value) if value > best else (p, best)


def _more(before: Array, after: Array) -> Array:
    """Return after - before where that is a gain, else 0; 0 from -inf to -inf."""
    with np.errstate(invalid="ignore"):
        return np.where(before == after, 0.0, np.maximum(after - before, 0.0))


# --- claims ----------------------------------------------------------------------------------------


def check_posts(economy: Economy, record: Record, options: Unmediated) -> Iterator[Claim]:
    """Check the bids and offers of a play, its prices, its trades, its regret and its status."""
    if record.actions is None or record.regret is None:
        yield Claim(f"{record.name}: actions", False, "the outcome of a game must have actions and regrets")
        return
    game = options.game
    strategic = str(game.strategic)  # type: ignore[attr-defined]
    seen = Market(economy, record)
    takers = seen.takes_prices(strategic)
    allowed = _allowed(seen, takers)
    yield Claim(f"{record.name}: actions are allowed", allowed, "in the game trading_post")
    if not allowed:
        return
    yield _trades(seen)
    gains = seen.gains(takers)
    yield _regret(seen, gains, takers)
    yield from _evidence(seen, record)
    yield _status(seen, options, takers, float((gains / seen.size).max(initial=0.0)))


def _allowed(seen: Market, takers: NDArray[np.bool_]) -> bool:
    """Return True if actions are within what agents own, can make and want, and only players have any."""
    economy, a = seen.economy, seen.actions
    limit = (economy.endowment + economy.capacity) * FITS
    return bool(
        np.isfinite(a).all()
        and not a[takers].any()
        and not a[:, ~seen.posts].any()
        and (-a <= limit).all()
        and not ((a > 0) & ~(economy.bliss > 0)).any()
    )


def _trades(seen: Market) -> Claim:
    """Check that prices balance the trades, and that goods and money follow from them."""
    economy, record = seen.economy, seen.record
    z, is_open = seen.trades, seen.is_open
    sold = np.where(is_open, economy.commons, 0.0)
    size = np.maximum(np.abs(z).sum(axis=0) + sold, 1e-300)
    apart = z.sum(axis=0) - sold
    missed = np.where(seen.is_free, np.maximum(apart, 0.0), np.abs(apart)) / size
    unbalanced = float(missed[is_open].max(initial=0.0))
    made = np.maximum(-z - economy.endowment, 0.0)
    x = economy.endowment + z + np.minimum(made, economy.capacity)
    if economy.numeraire is not None:
        x[:, economy.numeraire] = economy.endowment[:, economy.numeraire] - z @ np.where(
            seen.posts, seen.p, 0.0
        )
    apart = difference(record.consumption[:, :], np.maximum(x, 0.0), economy.offered(record.production))
    both = np.maximum(seen.actions, 0.0).sum(axis=0) > 0
    idle = seen.posts & ~is_open & both & ((np.maximum(-seen.actions, 0.0).sum(axis=0) + economy.commons) > 0)
    holds = unbalanced <= BALANCED and apart <= BALANCED and not idle.any()
    detail = f"trades miss balance by {shown(unbalanced)}, goods differ by {shown(apart)}"
    return Claim(f"{record.name}: prices and goods follow from bids and offers", bool(holds), detail)


def _stated_regret(record: Record) -> Array:
    assert record.regret is not None
    return record.regret


def _regret(seen: Market, gains: Array, takers: NDArray[np.bool_]) -> Claim:
    """Check regrets against the search over prices; at several posts, or jumps, only smaller are refused."""
    stated, size = _stated_regret(seen.record), seen.size
    if np.isinf(stated).all():
        return Claim(
            f"{seen.record.name}: regret", None, "not checked: the record says that it was not found"
        )
    exact = seen.posts.sum() == 1 and not seen.has_jumps(takers)
    more = float(np.max((gains - stated) / size, initial=0.0))
    less = float(np.max((stated - gains) / size, initial=0.0)) if exact else 0.0
    detail = f"largest relative difference from a search over prices: {shown(max(more, less, 0.0))}"
    return Claim(f"{seen.record.name}: regret", max(more, less) <= FOUND, detail)


def _evidence(seen: Market, record: Record) -> Iterator[Claim]:
    """Check price-taking prices and Lerner's index."""
    economy, stated = seen.economy, record.evidence
    wrong = []
    index = seen.lerner()
    goods = {name[name.index("[") + 1 : -1] for name in stated if is_post_evidence(name)}
    if not goods <= set(economy.goods):
        wrong.append("a good that does not exist")
    listed = [economy.goods[g] for g in np.flatnonzero(seen.posts)[:LISTED]]
    for g, good in enumerate(economy.goods):
        name = f"lerner_index[{good}]"
        if name in stated and not abs(stated[name] - index[g]) <= FOUND:
            wrong.append(name)
        if name not in stated and good in listed and index[g] > FOUND:
            wrong.append(f"{name} is missing")
    known = np.array([stated.get(f"price_taking_price[{good}]", np.nan) for good in economy.goods])
    known = np.where(seen.posts, known, 1.0)
    missing = ~np.isfinite(known)
    clears = _clears(economy, np.where(missing, 0.0, known))  # the price of a free good is left out
    if not missing.any() and not clears:
        wrong.append("price_taking_price")
    words = (
        f"wrong: {', '.join(wrong)}" if wrong else "price-taking prices clear, and Lerner's index is right"
    )
    name = f"{record.name}: prices without market power"
    if missing.any() and not clears and not wrong:
        yield Claim(name, None, "not checked: no price-taking price of all goods is stated")
        return
    yield Claim(name, not wrong, words)


def _clears(economy: Economy, p: Array) -> bool:
    """Return True if demand can be supply at these prices, or at prices nearer than rounding."""
    lows, highs = [], []
    for factor in (1.0 - 1e-9, 1.0, 1.0 + 1e-9):
        try:
            answers = economy.answers(np.where(np.arange(len(p)) == economy.numeraire, p, p * factor))
        except UnboundedDemandError:
            return False
        demand, supply = answers.total_demand, answers.total_supply
        lows.append(np.clip(supply.lowest - demand.highest, -1e200, 1e200) + economy.resources)
        highs.append(np.clip(supply.highest - demand.lowest, -1e200, 1e200) + economy.resources)
    slack = 1e-7 * np.maximum(economy.resources, np.clip(np.abs(lows[1] - economy.resources), 0.0, 1e100))
    posts = np.arange(len(p)) != economy.numeraire
    reaches = (np.min(lows, axis=0) <= slack) & (np.max(highs, axis=0) >= -slack)
    return bool(reaches[posts].all())


def _status(seen: Market, options: Unmediated, takers: NDArray[np.bool_], largest: float) -> Claim:
    """Check the status against the gains found."""
    record, conduct = seen.record, float(options.game.conduct)  # type: ignore[attr-defined]
    name, found = f"{record.name}: {record.status.value}", f"largest gain from deviating: {shown(largest)}"
    none = largest <= options.tolerance + ROUNDING_OF_RESULTS
    if record.status is Status.NASH:
        stated = float((_stated_regret(record) / seen.size).max(initial=0.0))
        detail = f"{found}; stated: {shown(stated)}"
        return Claim(name, none and stated <= options.tolerance + ROUNDING_OF_RESULTS, detail)
    if record.status is Status.SETTLED:
        unrest = seen.unrest(takers, conduct) if seen.is_open.any() or none else np.inf
        detail = f"{found}; conditions of conduct {conduct:g} are violated by {shown(unrest)}"
        return Claim(name, conduct < 1 and unrest <= RESTS, detail)
    if record.status is Status.NO_EQUILIBRIUM:
        return _no_equilibrium(seen, takers, name)
    if record.status is Status.CYCLING:
        return _cycling(seen, options, takers, Claim(name, not none, found))
    if record.status is Status.MAX_ROUNDS:
        return Claim(name, record.rounds == options.max_rounds, found)
    if record.status is Status.FAILED and record.regret is not None and np.isinf(record.regret).all():
        return Claim(name, None, "not checked: the record itself says that best replies were not found")
    return Claim(name, record.status is Status.FAILED and not none, found)


def _cycling(seen: Market, options: Unmediated, takers: NDArray[np.bool_], gains: Claim) -> Claim:
    """Check that replies, found by the search over prices, lead back to the actions, if they are few.

    The difference is relative to the largest action on the way: in a cycle an agent may stay alone for a
    round, and it then bids next to nothing.
    """
    record, economy = seen.record, seen.economy
    period = record.evidence_value("period")
    if not (1 <= period <= record.rounds and period == round(period)):
        return Claim(gains.name, False, "the stated period is not a number of rounds played")
    if not gains.holds or period > LONGEST or options.game.schedule == "random":
        return Claim(gains.name, False if not gains.holds else None, f"not checked: {gains.detail}")
    players, actions = np.flatnonzero(~takers), seen.actions
    largest = np.abs(actions).max(axis=0)
    for _ in range(int(period)):
        replies = actions.copy()
        for row in players:
            against = actions if options.game.schedule == "simultaneous" else replies
            replies[row] = Market(economy, replace(record, actions=against)).reply(int(row), takers)
        actions = replies
        largest = np.maximum(largest, np.abs(actions).max(axis=0))
    apart = difference(actions, seen.actions, largest)
    detail = f"after {period:.0f} rounds of replies actions differ by {shown(apart)}; {gains.detail}"
    if apart > COMES_BACK and seen.has_jumps(takers):
        return Claim(
            gains.name, None, f"not checked: some price taker is indifferent at a price; {gains.detail}"
        )
    return Claim(gains.name, apart <= COMES_BACK, detail)


def _no_equilibrium(seen: Market, takers: NDArray[np.bool_], name: str) -> Claim:
    """Check that one agent alone can act on one side of a post, and loses nothing by half of what it does."""
    economy = seen.economy
    could = {1: (economy.bliss > 0) & ~takers[:, None], -1: (economy.endowment + economy.capacity > 0)}
    could[-1] = could[-1] & ~takers[:, None]
    for side in (1, -1):
        for g in np.flatnonzero(seen.is_open & (could[side].sum(axis=0) == 1)):
            row = int(np.flatnonzero(could[side][:, g])[0])
            if side * seen.actions[row, g] <= 0:
                continue
            z, p = seen.trades[row].copy(), seen.p.copy()
            now = seen.payoff(row, z, p)
            if side == 1 and takers.any() and seen.net_supply(takers, p)[g] != 0:
                continue
            p[g] = p[g] * (0.5 if side == 1 else 2.0)
            z[g] = z[g] if side == 1 else seen.residual(row, takers, p)[g]
            if seen.payoff(row, z, p) >= now - ROUNDING_OF_RESULTS * abs(now) and abs(z[g]) > 0:
                detail = (
                    f"{economy.agents[row]} is alone at its side of {economy.goods[g]}, and gains by less"
                )
                return Claim(name, True, detail)
    return Claim(name, False, "no agent is alone on its side of a post and gains by ever less")
