"""The double auction as a mechanism: rounds, days, the outcome and its evidence.

A round ends with the next trade of the continuous market, or with the end of the day; in a call market a
round is a day. Every day begins with the same endowments, and `zip` traders keep their margins. The outcome
is that of the last day; all trades of all days are recorded.

A day ends when no two that can trade could strictly gain from one more lot (traders without constraint: when
one side has no lot or no use for one), or when `patience` quotes made no trade. Pairs without a gain are not
waited for: with any real number for a price they never trade, and with whole ones they take a thousand
quotes.

What is claimed: `settled` if, with what agents have at the end, no buyer's limit exceeds another agent's cost
of its next lot, at a price that can be said, among those that may still trade today: an agent that has bought
a good does not sell it on the same day, nor the other way round. Of a call with truthful reports this is
`cleared`, in lots. Neither claims Nash: traders follow rules of thumb, and with complete information every
price between the limits, and no trade at all, is a Nash equilibrium of a call market.

Sources: Smith (1962), "An experimental study of competitive market behavior", Journal of Political Economy
70(2); Gode and Sunder (1993); those of `traders` and `call`.
"""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, Literal, NamedTuple

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.errors import InputError
from market.mechanisms.base import Answering, Mechanism, State
from market.mechanisms.trading.double_auction.book import Asked, Day, Floor, until_trade
from market.mechanisms.trading.double_auction.evidence import Ended, Yardsticks, evidence, in_words
from market.mechanisms.trading.double_auction.limits import Limits
from market.mechanisms.trading.double_auction.sealed import Called, call
from market.mechanisms.trading.double_auction.traders import Prices
from market.outcome import Outcome, Status
from market.registry import option
from market.trades import MONEY, Trades

Kind = Literal["zi_u", "zi_c", "zip", "truthful"]


class Line(NamedTuple):
    """A trade as it is recorded.

    Args:
        round: in which it was made.
        day: of the round.
        good: its place.
        buyer: row of the agent.
        seller: row of the agent, or `STOCK`.
        price: per unit.
        gain: value less cost of the lot.
    """

    round: int
    day: int
    good: int
    buyer: int
    seller: int
    price: float
    gain: float


@dataclass(frozen=True)
class Journal:
    """The trades so far: a list that states share, and how much of it is one's own."""

    lines: list[Line] = field(default_factory=list, repr=False)
    length: int = 0

    def __iter__(self) -> Any:
        """Iterate over the trades."""
        return iter(self.lines[: self.length])

    def with_lines(self, more: Sequence[Line]) -> Journal:
        """Return the journal with further trades; a state that was stepped before keeps its own."""
        lines = self.lines if len(self.lines) == self.length else self.lines[: self.length]
        lines.extend(more)
        return Journal(lines, len(lines))


@dataclass(frozen=True)
class PitState(State):
    """State of a double auction.

    Args:
        round: the number of rounds so far.
        day: the present one.
        over: True if it has ended.
        yardsticks: the best in lots and in any amounts, and the competitive price.
        at: how many random numbers were used.
        journal: all trades so far.
        quotes: how many were made in all.
        seen: observations of the last round.
        called: the last call; None of a continuous market.
    """

    day: Day = field(repr=False)
    over: bool
    yardsticks: Yardsticks
    at: int = 0
    journal: Journal = Journal()
    quotes: int = 0
    seen: Mapping[str, float] = field(default_factory=dict)
    called: Called | None = None

    def observed(self) -> Mapping[str, Any]:
        """Return day, price, quotes, and the standing quotes before the trade."""
        return self.seen


@dataclass(frozen=True)
class DoubleAuction(Mechanism):
    """Buyers and sellers quote prices in an order book, or report them to a call, and trade lot by lot."""

    name = "double_auction"
    observed_once = ("day", "price", "bid", "ask", "quotes")
    evidence = (
        "efficiency", "efficiency_divisible", "loss_in_lots", "mean_efficiency", "alpha", "mean_alpha",
        "mean_price", "quotes", "days", "lot_gain", "strategic_regret",
    )  # fmt: skip
    needs_all_agents = "in an order book every quote depends on those before it"
    price_range: tuple[float, ...] = option(
        dataclasses.MISSING, "the lowest and the highest price, per unit, that can be said", low=0.0
    )
    clearing: Literal["continuous", "call"] = option(
        "continuous", "an order book, or a call for one sealed report a lot, at one price"
    )
    traders: Kind | dict[str, Kind] = option(
        "zi_c", "how agents quote: one word, or by agent or group (others zi_c)", names="agents"
    )
    lot: float | dict[str, float] = option(
        1.0,
        "size of a lot, units; a table names the goods that are traded",
        low=0.0,
        open_low=True,
        names="goods",
    )
    tick: float = option(0.0, "prices are the lowest and multiples of this above it; 0: any price", low=0.0)
    days: int = option(1, "days, each with the same endowments", low=1)
    patience: int = option(2000, "quotes without a trade after which the day ends", low=1)
    k: float = option(
        0.5, "of a call, where between the lowest and the highest clearing price", low=0.0, high=1.0
    )
    max_rounds: int = option(100_000, "rounds (trades) after which the play stops", low=1)
    heard: Mapping[int, Asked] = field(default_factory=dict, compare=False, repr=False)

    def hearing(self, quoting: Mapping[int, Asked]) -> DoubleAuction:
        """Return the mechanism with agents that quote by themselves, by row."""
        return replace(self, heard=quoting)

    # --- the play ---

    def start(self, economy: Economy) -> PitState:
        """Return the state before the first quote.

        Raises:
            InputError: the options do not go with the economy.
        """
        floor = self._floor(economy)
        day = floor.opening(1)
        return PitState(0, day, day.over, Yardsticks.of(floor.limits))

    def _floor(self, economy: Economy) -> Floor:
        lots = self.lots(economy)
        self._refuse(economy, lots)
        low, high = self.price_range
        limits = Limits(economy, lots, high)
        if not limits.seats:
            raise InputError(f"'{self.label}': no agent wants or offers a good that is traded in lots")
        by_agent = self._kinds(economy)
        kinds = tuple(by_agent.get(seat.agent, self._default) for seat in limits.seats)
        asked = {
            place: self.heard[seat.agent]
            for place, seat in enumerate(limits.seats)
            if seat.agent in self.heard
        }
        prices = Prices(low, high, self.tick)
        return Floor(limits, kinds, prices, _budgets(economy), asked, (economy.seed, self.label))

    @property
    def _default(self) -> Kind:
        """Kind of the agents that are not named, and of the auctioneer with the commons."""
        return self.traders if isinstance(self.traders, str) else "zi_c"

    def _kinds(self, economy: Economy) -> dict[int, Kind]:
        if isinstance(self.traders, str):
            return {}
        return {int(row): kind for name, kind in self.traders.items() for row in economy.rows(name)}

    def lots(self, economy: Economy) -> Array:
        """Return the size of a lot of each good, (goods,), units; 0 of goods that are not traded."""
        if isinstance(self.lot, dict):
            lots = np.array([self.lot.get(good, 0.0) for good in economy.goods])
            if economy.numeraire is not None and lots[economy.numeraire]:
                raise InputError(f"'{self.label}': lot names the numeraire, in which the other good is paid")
            return lots
        lots = np.full(len(economy.goods), float(self.lot))
        if economy.numeraire is not None:
            lots[economy.numeraire] = 0.0
        return lots

    def _refuse(self, economy: Economy, lots: Array) -> None:
        """Raise the reason if the options do not go with the economy."""
        who = f"'{self.label}'"
        if len(self.price_range) != 2 or not self.price_range[0] < self.price_range[1]:
            raise InputError(
                f"{who}: price_range = {list(self.price_range)} is empty; write the lowest price and a "
                f"higher one"
            )
        if self.tick > self.price_range[1] - self.price_range[0]:
            raise InputError(f"{who}: tick = {self.tick:g} is wider than price_range")
        if economy.money is Money.FISHER:
            raise InputError(f"{who}: a double auction needs economy = quasilinear or exchange, not fisher")
        if economy.harm is not None:
            raise InputError(
                f"{who}: the yardsticks of a double auction, its best lots, know no harm; leave it out"
            )
        if economy.technologies:
            raise InputError(f"{who}: a double auction has no technologies; let agents make goods at a cost")
        if economy.money is Money.EXCHANGE:
            self._refuse_exchange(economy, lots)
        both = (economy.bliss > 0) & economy.wants_something[:, None] & (economy.capacity > 0) & (lots > 0)
        if both.any():
            i, g = (int(places[0]) for places in np.nonzero(both))
            raise InputError(
                f"{who}: {economy.agents[i]} both wants and makes {economy.goods[g]}; a trader has one side, "
                f"so let two agents do it"
            )
        if self.clearing == "call" and "zip" in (*self._kinds(economy).values(), self._default):
            raise InputError(f"{who}: zip learns from quotes, and in a call there are none")

    def _refuse_exchange(self, economy: Economy, lots: Array) -> None:
        who = f"'{self.label}'"
        if economy.numeraire is None or np.count_nonzero(lots) != 1:
            raise InputError(f"{who}: under exchange one good is traded for the numeraire; name both")
        if economy.commons.any():
            raise InputError(
                f"{who}: under exchange agents own what is traded; there is no seller of the commons"
            )
        if self.clearing == "call":
            raise InputError(f'{who}: clearing = "call" needs economy = quasilinear')

    def step(self, economy: Economy, state: State, answering: Answering) -> PitState:  # noqa: ARG002
        """Take quotes until the next trade or the end of the day; in a call market hold the call of a day."""
        assert isinstance(state, PitState)
        before = state.day
        begins = state.over and state.round > 0
        day = before.floor.opening(before.number + 1, before.margins) if begins else before.copy()
        return self._called(state, day) if self.clearing == "call" else self._traded(state, day)

    def _traded(self, state: PitState, day: Day) -> PitState:
        struck, at = until_trade(day, state.at, self.patience)
        number = state.round + 1
        if struck is None:
            quotes = day.idle
            seen = {"day": day.number, "price": math.nan, "bid": math.nan, "ask": math.nan, "quotes": quotes}
            return replace(
                state, round=number, day=day, over=True, at=at, quotes=state.quotes + quotes, seen=seen
            )
        seats, quotes = day.floor.limits.seats, struck.quotes
        buyer, seller = seats[struck.buyer], seats[struck.seller]
        line = Line(number, day.number, buyer.good, buyer.agent, seller.agent, struck.price, struck.gain)
        seen = {
            "day": day.number, "price": struck.price, "bid": struck.bid, "ask": struck.ask, "quotes": quotes,
        }  # fmt: skip
        journal, made = state.journal.with_lines([line]), state.quotes + quotes
        return PitState(number, day, day.over, state.yardsticks, at, journal, made, seen)

    def _called(self, state: PitState, day: Day) -> PitState:
        called, at = call(day, state.at, self.k)
        number = state.round + 1
        lines = [
            Line(number, day.number, good, buyer, seller, price, gain)
            for good, buyer, seller, price, gain in called.trades
        ]
        price = lines[0].price if lines else math.nan
        seen = {
            "day": day.number, "price": price, "bid": math.nan, "ask": math.nan, "quotes": called.reports,
        }  # fmt: skip
        journal, quotes = state.journal.with_lines(lines), state.quotes + called.reports
        return PitState(number, day, True, state.yardsticks, at, journal, quotes, seen, called)

    def done(self, economy: Economy, state: State) -> bool:  # noqa: ARG002
        """Return True after the last day or round, or if no two could gain on any day."""
        assert isinstance(state, PitState)
        if state.round >= self.max_rounds or (state.round == 0 and state.over):
            return True
        return state.over and state.day.number >= self.days

    # --- the outcome ---

    def outcome(self, economy: Economy, state: State) -> Outcome:
        """Return what agents have at the end of the last day, and all trades.

        Evidence: see `evidence`. The limits of next lots are those of what agents have.
        """
        assert isinstance(state, PitState)
        trades, limits = self._trades(economy, state.journal), state.day.floor.limits
        x, y, payments = self._had(economy, state, trades)
        welfare = economy.welfare(x, y)
        revenue = float(payments.sum())
        payments = payments - economy.lump_sums(revenue)
        truthful = set(state.day.floor.kinds) == {"truthful"} and not self.heard
        ended = Ended(
            economy=economy,
            yardsticks=state.yardsticks,
            lines=list(state.journal),
            days=state.day.number,
            quotes=state.quotes,
            surplus=float(welfare.sum()),
            left=state.day.left(),
            called=state.called,
            truthful=truthful,
            goods=int(np.count_nonzero(limits.lots)),
        )
        numbers = evidence(ended)
        status = Status.SETTLED if ended.left <= 0 else Status.MAX_ROUNDS
        if state.called is not None and truthful and status is Status.SETTLED:
            status = Status.CLEARED
        return Outcome(
            economy=economy,
            name=self.label,
            kind=self.name,
            status=status,
            reason=in_words(ended, numbers, status, self.patience if state.over else None),
            rounds=state.round,
            consumption=x,
            production=y,
            payments=payments,
            revenue=float(payments.sum()),
            utilities=welfare,
            payoffs=welfare - payments if economy.money is Money.QUASILINEAR else welfare,
            prices=None if state.called is None else state.called.prices,
            evidence=numbers,
            trades=trades,
        )

    def _trades(self, economy: Economy, journal: Journal) -> Trades:
        lines = list(journal)
        columns = list(zip(*lines, strict=True)) or [()] * len(Line._fields)
        rounds, days, goods, buyers, sellers = (np.array(column, dtype=np.int64) for column in columns[:5])
        paid_in = MONEY if economy.numeraire is None else economy.numeraire
        return Trades(
            round=rounds,
            day=days,
            good=goods,
            paid_in=np.full(len(lines), paid_in, dtype=np.int64),
            buyer=buyers,
            seller=sellers,
            amount=self.lots(economy)[goods],
            price=np.array(columns[5], dtype=float),
        )

    def _had(self, economy: Economy, state: PitState, trades: Trades) -> tuple[Array, Array, Array]:
        """Return consumption, production and payments for goods after the last day."""
        day, limits = state.day, state.day.floor.limits
        x, y = economy.endowment.copy(), np.zeros(economy.shape)
        for agent, places in limits.own.items():
            if agent >= 0:
                x[agent], y[agent], _ = limits.holdings(agent, [day.counts[place] for place in places])
        today = trades.on_day(day.number)
        bought, paid = today.net(*economy.shape)
        if economy.numeraire is not None:
            unit = economy.numeraire
            x[:, unit] = np.maximum(economy.endowment[:, unit] + bought[:, unit], 0.0)
        return x, y, paid


def _budgets(economy: Economy) -> dict[int, float]:
    """Return agent -> money that it can spend; agents that may owe any amount are left out."""
    if economy.money is Money.EXCHANGE:
        assert economy.numeraire is not None
        return dict(enumerate(economy.endowment[:, economy.numeraire].tolist()))
    return {int(i): float(economy.budget[i]) for i in np.flatnonzero(np.isfinite(economy.budget))}
