"""Claims about a double auction, recomputed from its single trades and the primitives.

Nothing is shared with the code that played. From the trades alone follow:

- rules: each trade is one lot at a price that can be said; days follow one another; an agent does not buy and
  sell a good on one day, and sells no more than it has or can make;
- what agents have at the end of the last day, and what they paid;
- individual rationality: no trader but `zi_u` lost by any trade, `u(x + l) - p l >= u(x)` and its mirror;
- the verdict: with what they have, the most that two could gain from one more lot at a price that can be
  said;
- efficiency: gains from trade over the largest in lots (values and costs of all lots, sorted) and over the
  largest in any amounts (the dual bound at the price that makes it least);
- Smith's alpha, with the competitive price found anew; mean price, days, quotes, and of a truthful call what
  the best liar would have gained, by trying every number of lots.
"""

from __future__ import annotations

import heapq
import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from market.economy.correspondences import Array
from market.economy.families.utilities import ADDITIVE
from market.economy.primitives import Economy, Money
from market.errors import MarketError
from market.outcome import Status, shown
from market.results.verify.accounts import Due
from market.results.verify.claim import Claim, difference
from market.tolerances import LEAST_POSITIVE, PLENTY, ROUNDING_OF_RESULTS
from market.trades import STOCK, Trades

if TYPE_CHECKING:
    from market.mechanisms.trading.double_auction import DoubleAuction
    from market.results.verify.record import Record

ROOM = 1e-9  # of a lot, as which an amount counts
FITS = 1e-9  # relative, for prices and gains
MOST = 50_000  # lots that the best reallocation moves; of more it is not stated
SCALE = 1e9  # times the highest price: bounds of competitive prices
STEPS = 200  # of a bisection


@dataclass
class Holdings:
    """Lots that agents have bought and sold on one day.

    Args:
        economy: the primitives.
        lots: (goods,), units; 0 of goods that are not traded.
        bought: (agents, goods), lots.
        sold: (agents, goods), lots.
        stock: (goods,), lots of the commons that were sold.
        paid: (agents,), money (in exchange, the numeraire).
    """

    economy: Economy
    lots: Array
    bought: Array = field(init=False)
    sold: Array = field(init=False)
    stock: Array = field(init=False)
    paid: Array = field(init=False)

    def __post_init__(self) -> None:
        shape = self.economy.shape
        self.bought, self.sold = np.zeros(shape), np.zeros(shape)
        self.stock, self.paid = np.zeros(shape[1]), np.zeros(shape[0])

    def move(self, buyer: int, seller: int, good: int, price: float) -> None:
        """Carry out a trade of one lot."""
        money = price * self.lots[good]
        self.bought[buyer, good] += 1
        self.paid[buyer] += money
        if seller == STOCK:
            self.stock[good] += 1
        else:
            self.sold[seller, good] += 1
            self.paid[seller] -= money

    def own(self, agent: int) -> tuple[Array, Array]:
        """Return consumption and production of an agent, (goods,) each; it sells what it owns first."""
        e, lots, unit = self.economy.endowment[agent], self.lots, self.economy.numeraire
        whole = self._whole(e)
        x = e + lots * (self.bought[agent] - np.minimum(self.sold[agent], whole))
        if unit is not None:
            x[unit] -= self.paid[agent]
        y = np.minimum(lots * np.maximum(self.sold[agent] - whole, 0.0), self.economy.capacity[agent])
        return np.maximum(x, 0.0), y

    def _whole(self, amount: Array) -> Array:
        with np.errstate(divide="ignore", invalid="ignore"):
            return np.where(self.lots > 0, np.floor(amount / self.lots + ROOM), 0.0)

    def can_sell(self, agent: int, good: int) -> bool:
        """Return True if an agent, or the commons, has or can make another lot."""
        economy = self.economy
        if agent == STOCK:
            return bool(self.stock[good] < self._whole(economy.commons)[good])
        most = self._whole(economy.endowment[agent]) + self._whole(
            np.minimum(economy.capacity[agent], PLENTY)
        )
        return bool(self.sold[agent, good] < most[good])

    def worth(self, agent: int) -> float:
        """Return `u(x) - C(y)` of an agent."""
        return self._worth(agent, *self.own(agent))

    def _worth(self, agent: int, x: Array, y: Array) -> float:
        return float(self.economy.part(agent, agent + 1).welfare(x[None], y[None])[0])

    def after(self, agent: int, good: int, buys: bool, price: float) -> float:
        """Return an agent's worth after one more lot, money of a quasilinear economy left out."""
        side = self.bought if buys else self.sold
        sign = 1.0 if buys else -1.0
        side[agent, good] += 1
        self.paid[agent] += sign * price * self.lots[good]
        found = self.worth(agent)
        side[agent, good] -= 1
        self.paid[agent] -= sign * price * self.lots[good]
        return found

    def limit(self, agent: int, good: int, buys: bool, high: float) -> float:
        """Return the price per unit at which one more lot leaves an agent as well off."""
        if agent == STOCK:
            return 0.0
        now, lot = self.worth(agent), float(self.lots[good])
        if self.economy.money is Money.QUASILINEAR:
            then = self.after(agent, good, buys, 0.0)
            change = 0.0 if now == then else then - now
            return change / lot if buys else -change / lot
        low, top = 0.0, high
        if buys:
            unit = self.economy.numeraire
            top = min(high, float(self.own(agent)[0][unit]) / lot)

        def fine(price: float) -> bool:
            then = self.after(agent, good, buys, price)
            return then >= now and then > -math.inf

        if fine(top if buys else 0.0):
            return top if buys else 0.0
        if not fine(0.0 if buys else high):
            return 0.0 if buys else math.inf
        for _ in range(60):
            middle = (low + top) / 2.0
            inside = fine(middle) == buys
            low, top = (middle, top) if inside else (low, middle)
        return low if buys else top


def lots_of(economy: Economy, options: DoubleAuction) -> Array:
    """Return the size of a lot of each good, (goods,); 0 of goods that are not traded."""
    if isinstance(options.lot, Mapping):
        return np.array([options.lot.get(good, 0.0) for good in economy.goods])
    lots = np.full(len(economy.goods), float(options.lot))
    if economy.numeraire is not None:
        lots[economy.numeraire] = 0.0
    return lots


def due_of_book(economy: Economy, record: Record, options: DoubleAuction) -> Due:  # noqa: ARG001
    """Return the payments, revenue and payoffs that the trades of the last day imply."""
    agents, goods = economy.shape
    _, paid = _today(record).net(agents, goods)
    revenue = float(paid.sum())
    paid = paid - (economy.commons_share * revenue if economy.shares_revenue else 0.0)
    welfare = economy.welfare(record.consumption, record.production)
    return Due(paid, float(paid.sum()), welfare - paid)


def _trades(record: Record) -> Trades:
    if record.trades is not None:
        return record.trades
    none = np.zeros(0, dtype=np.int64)
    return Trades(none, none, none, none, none, none, np.zeros(0), np.zeros(0))


def _today(record: Record) -> Trades:
    return _trades(record).on_day(round(record.evidence_value("days")))


def check_book(economy: Economy, record: Record, options: DoubleAuction) -> Iterator[Claim]:
    """Check rules, holdings, individual rationality, verdict and evidence of a double auction."""
    trades, lots = _trades(record), lots_of(economy, options)
    yield _rules(record, trades, lots, options)
    played = _replayed(economy, trades, lots, options)
    if isinstance(played, str):
        yield Claim(f"{record.name}: trades are possible", False, played)
        return
    last, worst, gains = played
    yield Claim(f"{record.name}: trades are possible", True, "no agent sells more than it has or can make")
    detail = f"largest loss by one trade, as a share of its price: {shown(worst)}"
    yield Claim(f"{record.name}: no constrained trader traded at a loss", bool(worst <= FITS), detail)
    if round(record.evidence_value("days")) not in trades.day:
        last = Holdings(economy, lots)
    yield _had(economy, record, last)
    left = _left(last, options)
    yield _verdict(record, options, left)
    yield _evidence(economy, record, options, left, gains)


def _rules(record: Record, trades: Trades, lots: Array, options: DoubleAuction) -> Claim:
    low, high = options.price_range
    wide = FITS * high
    days = record.evidence_value("days")
    faults = []
    if (trades.amount != lots[trades.good]).any() or (lots[trades.good] == 0).any():
        faults.append("an amount is not a lot")
    if not ((trades.price >= low - wide) & (trades.price <= high + wide)).all():
        faults.append("a price outside the range")
    if not (1 <= days <= options.days and (trades.day <= days).all()):
        faults.append("days")
    once = len(np.unique(trades.round)) == len(trades)
    if options.clearing == "continuous" and not once:
        faults.append("two trades in a round")
    detail = f"wrong: {', '.join(faults)}" if faults else "each a lot, at a price that can be said"
    return Claim(f"{record.name}: rules of the book", not faults, detail)


def _replayed(
    economy: Economy, trades: Trades, lots: Array, options: DoubleAuction
) -> tuple[Holdings, float, dict[int, float]] | str:
    """Return the holdings after the last day with trades, the worst loss of one trade, gains by day.

    Returns:
        The reason as a text, if a trade is impossible.
    """
    free = _without_constraint(economy, options)
    had, day, worst = Holdings(economy, lots), 0, 0.0
    gains: dict[int, float] = {}
    known: dict[tuple[object, ...], float] = {}
    rows = zip(trades.day, trades.good, trades.buyer, trades.seller, trades.price, strict=True)
    for today, good, buyer, seller, price in rows:
        if today != day:
            had, day = Holdings(economy, lots), int(today)
        if not had.can_sell(int(seller), int(good)):
            return f"on day {day} a seller of {economy.goods[good]} has nothing left"
        sides = [(int(buyer), True)] + ([(int(seller), False)] if seller != STOCK else [])
        for agent, buys in sides:
            if (had.sold if buys else had.bought)[agent, good]:
                return f"on day {day} {economy.agents[agent]} both buys and sells {economy.goods[good]}"
            change = _change(had, agent, int(good), buys, float(price), known)
            money = (
                0.0 if economy.money is not Money.QUASILINEAR else price * lots[good] * (1 if buys else -1)
            )
            gain = change - money
            gains[day] = gains.get(day, 0.0) + gain
            if agent not in free and gain < 0:
                size = (
                    price * lots[good] if economy.money is Money.QUASILINEAR else economy.utility_scale[agent]
                )
                worst = max(worst, float(-gain / max(size, LEAST_POSITIVE)))
        gains[day] += price * lots[good] if seller == STOCK else 0.0
        had.move(int(buyer), int(seller), int(good), float(price))
    return had, worst, gains


def _change(
    had: Holdings, agent: int, good: int, buys: bool, price: float, known: dict[tuple[object, ...], float]
) -> float:
    """Return the change of an agent's `u - C` by a lot; remembered where it depends on lots alone."""

    def found() -> float:
        before, after = had.worth(agent), had.after(agent, good, buys, price)
        return 0.0 if before == after else after - before

    if had.economy.money is not Money.QUASILINEAR:
        return found()
    key = (agent, good, buys, had.bought[agent].tobytes(), had.sold[agent].tobytes())
    if key not in known:
        known[key] = found()
    return known[key]


def _without_constraint(economy: Economy, options: DoubleAuction) -> set[int]:
    """Return the rows of agents that may trade at a loss."""
    if isinstance(options.traders, str):
        return set(range(len(economy.agents))) if options.traders == "zi_u" else set()
    kinds = {int(row): kind for name, kind in options.traders.items() for row in economy.rows(name)}
    return {row for row, kind in kinds.items() if kind == "zi_u"}


def _had(economy: Economy, record: Record, last: Holdings) -> Claim:
    own = [last.own(i) for i in range(len(economy.agents))]
    x, y = (np.array(part) for part in zip(*own, strict=True))
    size = economy.resources + last.lots
    apart = max(difference(record.consumption, x, size), difference(record.production, y, size))
    detail = f"largest relative difference: {shown(apart)}"
    return Claim(
        f"{record.name}: what agents have follows from the trades", apart <= ROUNDING_OF_RESULTS, detail
    )


def _left(last: Holdings, options: DoubleAuction) -> float:
    """Return the most that two could gain from one more lot, per unit, at a price that can be said.

    Left out are sides that are closed: an agent that has sold a good today does not buy it, nor sells it
    after buying it.
    """
    economy, (low, high) = last.economy, options.price_range
    best = 0.0
    for good in np.flatnonzero(last.lots).tolist():
        bids, asks = [], []
        wants = economy.wants_something & (economy.bliss[:, good] > 0)
        for agent in range(len(economy.agents)):
            if wants[agent] and not last.sold[agent, good]:
                value = last.limit(agent, good, True, high)
                top = min(value, high, _money(last, agent) / last.lots[good])
                if value > 0 and top >= low:
                    bids.append((top, agent))
            if last.can_sell(agent, good) and not last.bought[agent, good]:
                cost = max(last.limit(agent, good, False, high), low)
                if cost <= high:
                    asks.append((cost, agent))
        if last.can_sell(STOCK, good):
            asks.append((low, STOCK))
        gains = [
            bid - ask
            for bid, buyer in sorted(bids, reverse=True)[:2]
            for ask, seller in sorted(asks)[:2]
            if buyer != seller
            and bid - ask > FITS * max(abs(bid), abs(ask))
            and _can_be_said_between(ask, bid, options)
        ]
        best = max(best, max(gains, default=0.0))
    return best


def _can_be_said_between(ask: float, bid: float, options: DoubleAuction) -> bool:
    """Return True if a price of the grid lies between the two: the lowest one and a multiple of the tick."""
    low, tick = options.price_range[0], options.tick
    return not tick or math.ceil((ask - low) / tick - FITS) <= math.floor((bid - low) / tick + FITS)


def _money(last: Holdings, agent: int) -> float:
    economy = last.economy
    if economy.money is Money.EXCHANGE:
        assert economy.numeraire is not None
        return float(last.own(agent)[0][economy.numeraire])
    _, y = last.own(agent)
    cost = float(economy.part(agent, agent + 1).cost(y[None])[0])
    return float(economy.budget[agent] - last.paid[agent] - cost)


def _verdict(record: Record, options: DoubleAuction, left: float) -> Claim:
    stated = record.evidence_value("lot_gain")
    wide = 1e-6 * options.price_range[1]
    same = abs(left - stated) <= wide
    expected = Status.SETTLED if stated <= 0 else Status.MAX_ROUNDS
    truthful = options.clearing == "call" and options.traders == "truthful"
    fits = record.status is expected or (
        truthful and stated <= 0 and record.status is Status.CLEARED and "strategic_regret" in record.evidence
    )
    detail = f"two could gain {shown(left)} a unit from one more lot, stated: {shown(stated)}"
    return Claim(f"{record.name}: {record.status.value}", same and fits, detail)


# --- evidence --------------------------------------------------------------------------------------


def _evidence(
    economy: Economy, record: Record, options: DoubleAuction, left: float, gains: Mapping[int, float]
) -> Claim:
    """Check every number that is stated, and that none is missing."""
    found = _numbers(economy, record, options, gains)
    found["lot_gain"] = left
    stated = record.evidence
    wrong = sorted(set(found) ^ set(stated))
    for name in set(found) & set(stated):
        size = options.price_range[1] if name == "lot_gain" else 1.0
        if difference(stated[name], found[name], size) > 1e-6:
            wrong.append(name)
    values = ", ".join(f"{name} {found[name]:.6g}" for name in found)
    detail = f"wrong: {', '.join(wrong)}; found {values}" if wrong else values
    return Claim(f"{record.name}: evidence", not wrong, detail)


def _numbers(
    economy: Economy, record: Record, options: DoubleAuction, gains: Mapping[int, float]
) -> dict[str, float]:
    trades, today, lots = _trades(record), _today(record), lots_of(economy, options)
    days = round(record.evidence_value("days"))
    quotes = record.observations.get("quotes", np.zeros(0))
    found = {"days": float(days), "quotes": float(quotes.sum())}
    price = _competitive(economy, lots, options.price_range[1])
    if len(today) and price is not None:
        found["alpha"] = _alpha(today, price)
    if len(today) and np.count_nonzero(lots) == 1:
        found["mean_price"] = float(today.price.mean())
    if days > 1 and price is not None and len(trades):
        alphas = [_alpha(trades.on_day(int(day)), price) for day in np.unique(trades.day)]
        found["mean_alpha"] = float(np.mean(alphas))
    if economy.money is Money.QUASILINEAR:
        found |= _surpluses(economy, record, lots, price, gains)
    if options.clearing == "call" and options.traders == "truthful" and "strategic_regret" in record.evidence:
        found["strategic_regret"] = _best_liar(economy, record, lots, options)
    return found


def _alpha(trades: Trades, price: Array) -> float:
    return float(100.0 * np.sqrt(((trades.price / price[trades.good] - 1.0) ** 2).mean()))


def _surpluses(
    economy: Economy,
    record: Record,
    lots: Array,
    price: Array | None,
    gains: Mapping[int, float],
) -> dict[str, float]:
    found = {}
    days = round(record.evidence_value("days"))
    nothing = float(economy.welfare(economy.endowment, np.zeros(economy.shape)).sum())
    surplus = float(economy.welfare(record.consumption, record.production).sum())
    best = _best_in_lots(economy, lots)
    if best is not None and math.isfinite(best):
        if surplus > -math.inf:
            found["loss_in_lots"] = max(best - surplus, 0.0)
        if math.isfinite(nothing) and best > nothing:
            found["efficiency"] = (surplus - nothing) / (best - nothing)
            if days > 1:
                found["mean_efficiency"] = math.fsum(gains.values()) / days / (best - nothing)
    if price is not None and math.isfinite(nothing) and np.isinf(economy.budget).all():
        most = _dual(economy, price)
        if most > nothing:
            found["efficiency_divisible"] = (surplus - nothing) / (most - nothing)
    return found


def _schedule(
    economy: Economy, lots: Array, agent: int, good: int, buys: bool
) -> Iterator[tuple[float, int]]:
    """Yield the limits of an agent's successive lots of a good, with its row."""
    if agent == STOCK:
        yield from [(0.0, STOCK)] * math.floor(economy.commons[good] / lots[good] + ROOM)
        return
    had = Holdings(economy.part(agent, agent + 1), lots)
    side = had.bought if buys else had.sold
    while buys or had.can_sell(0, good):
        limit = had.limit(0, good, buys, math.inf)
        if limit <= 0 if buys else limit == math.inf:
            return
        yield limit, agent
        side[0, good] += 1


def _sides(economy: Economy, lots: Array, good: int) -> tuple[Iterator[tuple[float, int]], ...]:
    """Return the values of all lots, falling, and the costs of all lots, rising, each with a row."""
    agents = range(len(economy.agents))
    wants = economy.wants_something & (economy.bliss[:, good] > 0)
    values = (_schedule(economy, lots, i, good, True) for i in agents if wants[i])
    costs = (_schedule(economy, lots, i, good, False) for i in (*agents, STOCK))
    return heapq.merge(*values, reverse=True, key=_first), heapq.merge(*costs, key=_first)


def _first(pair: tuple[float, int]) -> float:
    return pair[0]


def _best_in_lots(economy: Economy, lots: Array) -> float | None:
    """Return the largest total surplus in lots; None where pairing values and costs is not exact."""
    several = np.count_nonzero(lots) > 1
    if economy.not_concave.any() or (several and not _additive(economy)):
        return None
    had = Holdings(economy, lots)
    for good in np.flatnonzero(lots).tolist():
        for count, ((value, buyer), (cost, seller)) in enumerate(
            zip(*_sides(economy, lots, good), strict=False)
        ):
            if value != math.inf and not value - cost > FITS * max(abs(value), abs(cost)):
                break
            if count >= MOST - 1:
                return None
            had.move(buyer, seller, good, 0.0)
    return math.fsum(had.worth(i) for i in range(len(economy.agents)))


def _additive(economy: Economy) -> bool:
    return all(issubclass(block.family, ADDITIVE) for block in economy.utilities)


def _competitive(economy: Economy, lots: Array, high: float) -> Array | None:
    """Return prices where demand and supply of price takers cross, each good alone, (goods,)."""
    several = np.count_nonzero(lots) > 1
    if economy.technologies or (several and not (_additive(economy) and np.isinf(economy.budget).all())):
        return None
    found = np.ones(len(lots))
    for good in range(len(lots)):
        if good == economy.numeraire:
            continue
        try:
            edges = [_crossing(economy, good, high, side) for side in (0, 1)]
        except MarketError:
            return None
        found[good] = sum(edges) / 2.0
        inside = 2.0 * high / SCALE < edges[0] and edges[1] < high * SCALE / 2.0
        if lots[good] and not inside:
            return None
    return found


def _crossing(economy: Economy, good: int, high: float, side: int) -> float:
    """Return the lowest price without excess demand (side 0), or the highest without excess supply (1)."""
    low, top = math.log(high / SCALE), math.log(high * SCALE)
    for _ in range(STEPS):
        if top - low < 1e-15 * abs(top):
            break
        middle = (low + top) / 2.0
        p = np.full(len(economy.goods), high)
        if economy.numeraire is not None:
            p[economy.numeraire] = 1.0
        p[good] = math.exp(middle)
        answers = economy.answers(p)
        d, s = answers.total_demand, answers.total_supply
        there = economy.resources[good]
        short = (
            d.lowest[good] > there + s.highest[good]
            if side == 0
            else d.highest[good] >= there + s.lowest[good]
        )
        low, top = (middle, top) if short else (low, middle)
    return math.exp((low + top) / 2.0)


def _dual(economy: Economy, p: Array) -> float:
    """Return the upper bound on total surplus that prices p prove."""
    answers = economy.answers(p)
    x, y = answers.demand.lowest, answers.supply.lowest
    return float((economy.welfare(x, y) + (y - x) @ p).sum() + economy.resources @ p)


def _best_liar(economy: Economy, record: Record, lots: Array, options: DoubleAuction) -> float:
    """Return the most that any agent could have gained in a truthful call by other reports, money.

    An agent that trades m lots at a price p leaves the others with demand and supply at p that differ by m.
    So for each m the best price is the first report of others at which they do.
    """
    low, high = options.price_range
    today, best = _today(record), 0.0
    for good in np.flatnonzero(lots).tolist():
        falling, rising = _sides(economy, lots, good)
        costs = [
            (max(cost, low), row) for cost, row in itertools.takewhile(lambda lot: lot[0] <= high, rising)
        ]
        wanted = itertools.takewhile(lambda lot: lot[0] >= low, falling)
        most = (len(costs) + 1) * len(economy.agents)
        values = [(min(value, high), row) for value, row in itertools.islice(wanted, most)]
        own = today.good == good
        for agent in range(len(economy.agents)):
            for buys, mine, rivals, partners in (
                (True, values, values, costs),
                (False, costs, costs, values),
            ):
                limits = [limit for limit, row in mine if row == agent]
                sign = 1.0 if buys else -1.0
                levels = sorted(
                    [sign * p for p, row in rivals if row != agent]
                    + [sign * p for p, row in partners if row != agent]
                )
                skip = sum(1 for _, row in rivals if row != agent)
                side = (today.buyer if buys else today.seller) == agent
                count = int((side & own).sum())
                price = float(today.price[own][0]) if own.any() else 0.0
                had = sum(sign * (limit - price) for limit in limits[:count])
                could = [
                    sum(sign * limit for limit in limits[:m]) - m * levels[skip + m - 1]
                    for m in range(1, min(len(limits), len(levels) - skip) + 1)
                ]
                best = max(best, (max(could, default=0.0) - had) * float(lots[good]))
    return best
