"""Barter: agents meet in pairs at random and trade goods for goods, without prices that all know.

Symbols: e endowments, x holdings, u utilities; with quasilinear money each agent also has money m, 0 at
first, and at least minus its budget.

A round: agents are matched in disjoint pairs (`meetings.py`), anyone with anyone or neighbours on a network
(`networks.py`); each pair draws the goods that it trades, and trades by one rule (`rules.py`; `large.py` for
many agents of the log kinds). No pair trades if one of the two would lose. After a round in which no pair
that met could gain more than the tolerance, all pairs that may meet are checked (`gains.py`).

The end is called `settled` if no pair that may meet has a joint gain above the tolerance. That is pairwise
optimality. It is Pareto efficiency if there is a good that all hold and want (Feldman, 1973): its price in
terms of any other good is then equal for all, and supports the allocation. Without such a good three may gain
where no two can; that exchange is looked for and named (`exchanges.py`).

No prices are claimed: pairs trade at prices of their own. There is no regret either, since nothing is said
about what an agent could have got elsewhere. What is claimed is recomputed at the end: no agent is worse off
than at the start.

Source: Feldman (1973), *Review of Economic Studies* 40; Goldman and Starr (1982), "Pairwise, t-wise, and
Pareto optimalities", *Econometrica* 50; Axtell (2005), *Economic Journal* 115.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.errors import InputError
from market.mechanisms.base import Answering, Mechanism, State
from market.mechanisms.trading.barter import networks
from market.mechanisms.trading.barter.bookkeeping import Seen, conserved, observe, trades_of
from market.mechanisms.trading.barter.gains import Gains, Margins, deviation, gains, margins, unit_of
from market.mechanisms.trading.barter.large import (
    FEW,
    Swaps,
    largest_gap,
    pairs_round,
    swaps_of,
    two_good_round,
)
from market.mechanisms.trading.barter.meetings import matched, two_goods
from market.mechanisms.trading.barter.networks import Acquaintances, Edges
from market.mechanisms.trading.barter.pairs import Pairs
from market.mechanisms.trading.barter.rules import RULES, RuleName, nash_of_all
from market.mechanisms.trading.barter.tastes import Tastes
from market.mechanisms.trading.barter.verdict import stuck, unfit, verdict, worse_off
from market.outcome import Outcome, Status
from market.random_streams import generator
from market.registry import option

MOST_TRADES = 200_000  # single trades that are recorded; with more none are


@dataclass(frozen=True, eq=False)
class Ground:
    """Constants of a play.

    Args:
        tastes: of all agents.
        floor: (agents, goods), least holdings.
        edges: pairs that may meet; None if all may.
        against: the good against which all others are traded, money included; None if any two are.
        traded: the goods that are traded, ascending.
        weights: (goods, agents), where trades have a closed form; None elsewhere.
        dealt: the row of each place, where many agents are dealt into blocks; None elsewhere.
        share: (agents,), weight of the first good among both, in the order of `dealt`; None elsewhere.
    """

    tastes: Tastes
    floor: Array
    edges: Edges | None
    against: int | None
    traded: NDArray[np.intp]
    weights: Array | None
    dealt: NDArray[np.intp] | None
    share: Array | None


@dataclass(frozen=True)
class BarterState(State):
    """State of a barter.

    Args:
        round: how many rounds were played.
        holdings: (goods, agents), money included, agents in the order of `ground.dealt`.
        ground: what stays the same.
        seen: in the last round.
        settled: True if no pair that may meet can gain more than the tolerance.
        made: single trades, a part a round; None if there are too many to record.
        count: number of all trades.
    """

    holdings: Array
    ground: Ground
    seen: Seen
    settled: bool
    made: tuple[tuple[int, Swaps], ...] | None
    count: int

    def observed(self) -> Mapping[str, Any]:
        """Return the observations of the last round."""
        return vars(self.seen)

    @property
    def by_agent(self) -> Array:
        """Holdings by agent, (agents, goods)."""
        dealt = self.ground.dealt
        if dealt is None:
            return np.ascontiguousarray(self.holdings.T)
        held = np.empty(self.holdings.shape[::-1])
        held[dealt] = self.holdings.T
        return held


@dataclass(frozen=True)
class Barter(Mechanism):
    """Agents meet in pairs at random and trade goods for goods, at prices of their own."""

    name = "barter"
    observed_once = ("trades", "mean_ln_price", "sd_ln_price", "sd_ln_mrs")
    evidence = ("pair_gain", "mrs_spread", "pairs_checked")
    needs_all_agents = "in barter any two agents may meet, and they are on different shards"
    bargain: RuleName = option("walras", "what two who meet do: walras, nash, mrs or random", key="rule")
    goods: int | Literal["all"] | tuple[str, ...] = option(
        2,
        'goods traded in a meeting: 2 of any, 2 of a list of goods, or "all" at once under nash',
        low=2,
        names="goods",
    )
    against: str = option(
        "", "only trades of one good against this one; by default of any two", names="goods"
    )
    meets: str | dict[str, str | int] = option(
        networks.ANYONE,
        '"anyone", { graph = "ring" } (grid, star, or regular with a degree), or { data = "....csv" } with '
        "an edge a row",
    )
    tolerance: float = option(
        1e-9, "largest joint gain of a pair, as a share of what it exchanges, that counts as none", low=1e-12
    )
    max_rounds: int = option(1000, "rounds after which the play stops", low=1)
    acquaintances: Acquaintances | None = field(default=None, compare=False)

    def faults(self, economy: Economy) -> Iterator[tuple[str, str]]:
        """Yield keys that do not fit the economy, with messages."""
        in_money = economy.money is Money.QUASILINEAR
        yield from unfit(economy, self.bargain)
        for message in networks.faults(economy, self.meets, self.acquaintances):
            yield "meets", message
        if self.goods == "all" and self.bargain != "nash":
            yield "goods", f'"all" is for rule = "nash"; under {self.bargain} two goods are traded at a time'
        elif isinstance(self.goods, int) and self.goods != 2:
            yield "goods", f'{self.goods} goods; write 2, or "all" under rule = "nash"'
        elif isinstance(self.goods, tuple) and len(set(self.goods)) + in_money < 2:
            yield "goods", "two who meet trade two goods; name another one"
        elif isinstance(self.goods, tuple) and self.against and self.against not in self.goods:
            yield "against", f"'{self.against}' is not among the goods that are traded"
        elif self.goods == "all" and self.against:
            yield "against", "all goods are traded at once; omit against, or write goods = 2"
        if self.against and in_money:
            yield "against", "with quasilinear money all goods are traded against money; omit against"
        if economy.money is Money.EXCHANGE and len(economy.goods) < 2:
            yield "kind", "barter needs two goods, or quasilinear money to trade against"

    def start(self, economy: Economy) -> BarterState:
        """Return the state before the first meeting: endowments.

        Raises:
            InputError: there is nothing to barter in such an economy, or no such network.
        """
        for key, message in self.faults(economy):
            raise InputError(f"'{self.label}' cannot be played, {key}: {message}")
        tastes = Tastes.of(economy)
        in_money = economy.money is Money.QUASILINEAR
        x, floor = economy.endowment, np.zeros(economy.shape)
        if in_money:
            x = np.column_stack([x, np.zeros(len(x))])
            floor = np.column_stack([floor, -economy.budget])
        against = economy.goods.index(self.against) if self.against else None
        edges = self.network_of(economy)
        weights, dealt, share = self._closed_form(economy, tastes), None, None
        if weights is not None and edges is None and len(economy.goods) == 2 and len(x) > FEW:
            dealt = generator(economy.seed, self.label, "dealt").permutation(len(x))
            x, share = x[dealt], (weights[0] / weights.sum(axis=0))[dealt]
        traded = np.arange(x.shape[1])
        if isinstance(self.goods, tuple):
            named = {economy.goods.index(good) for good in self.goods} | (
                {x.shape[1] - 1} if in_money else set()
            )
            traded = np.array(sorted(named))
        last = x.shape[1] - 1 if in_money else against
        ground = Ground(tastes, floor, edges, last, traded, weights, dealt, share)
        made = () if len(x) <= FEW else None
        return BarterState(0, np.ascontiguousarray(x.T), ground, Seen(), False, made, 0)

    def network_of(self, economy: Economy) -> Edges | None:
        """Return the pairs that may meet, rows of agents, (pairs, 2); None if all may."""
        return networks.network(economy, self.meets, self.acquaintances, self.label)

    def _closed_form(self, economy: Economy, tastes: Tastes) -> Array | None:
        """Return weights, (goods, agents), if all hold and want all goods and trade by walras; else None."""
        weights = tastes.log_weights if self.bargain == "walras" else None
        inside = weights is not None and (weights > 0).all() and (economy.endowment > 0).all()
        return np.ascontiguousarray(weights.T) if weights is not None and inside else None

    def step(self, economy: Economy, state: State, answering: Answering) -> BarterState:  # noqa: ARG002
        """Let all pairs of a round meet; check all pairs that may meet if none of them could gain."""
        assert isinstance(state, BarterState)
        rng = generator(economy.seed, self.label, "round", stream=state.round + 1)
        if state.ground.dealt is not None:
            return self._step_of_many(economy, state, rng)
        ground = state.ground
        first, other = matched(rng, len(economy.agents), ground.edges)
        if ground.weights is not None:
            goods = two_goods(rng, len(first), ground.traded, ground.against)
            after, swaps = pairs_round(state.holdings, ground.weights, first, other, *goods)
            gap = largest_gap(state.holdings, ground.weights, swaps)
            parts: tuple[Swaps, ...] = (swaps,)
        else:
            gap, gets = self._meet(state, rng, first, other)
            after = state.holdings.copy()
            after[:, first] += gets.T
            after[:, other] -= gets.T
            parts = tuple(swaps_of(gets, first, other))
        return self._seen(economy, state, after, gap, parts)

    def _meet(
        self, state: BarterState, rng: np.random.Generator, first: NDArray[np.intp], other: NDArray[np.intp]
    ) -> tuple[float, Array]:
        """Return the largest gain of a pair that traded, and what first agents get, (pairs, goods)."""
        ground, rows = state.ground, np.concatenate([first, other])
        goods = len(state.holdings)
        g, h = two_goods(rng, len(first), ground.traded, ground.against)
        x = np.ascontiguousarray(state.holdings[:, rows].T)
        pairs = Pairs(ground.tastes.at(rows), x, ground.floor[rows], g, h)
        if not pairs.count:
            return 0.0, np.zeros((0, goods))
        with np.errstate(all="ignore"):
            gets = (nash_of_all if self.goods == "all" else RULES[self.bargain])(pairs, rng)
            trade = pairs.both_gain(gets)
        if self.goods == "all":
            apart = pairs.logs[: pairs.count] - pairs.logs[pairs.count :]
            gap = np.ptp(apart, axis=1)
        else:
            gap = np.abs(np.subtract(*pairs.rates))
        return float(gap[trade].max(initial=0.0)), np.where(trade[:, None], gets, 0.0)

    def _seen(
        self, economy: Economy, state: BarterState, after: Array, gap: float, parts: tuple[Swaps, ...]
    ) -> BarterState:
        """Return the state after a round, with its observations and the check, if it is due."""
        ground, number = state.ground, state.round + 1
        margin = margins(economy, ground.tastes, after.T, ground.floor)
        unit = unit_of(margin, self._unit(economy))
        due = gap <= self.tolerance
        settled = due and self._check(economy, ground, margin).pair_gain <= self.tolerance
        seen = observe(parts, len(after), deviation(margin, unit))
        made = state.made
        if made is not None:
            many = state.count + seen.trades > MOST_TRADES
            made = None if many else (*made, *((number, part) for part in parts))
        return BarterState(number, after, ground, seen, settled, made, state.count + int(seen.trades))

    def _step_of_many(self, economy: Economy, state: BarterState, rng: np.random.Generator) -> BarterState:
        """Return the state after a round of blocks, in which all that met have one MRS: their price."""
        ground = state.ground
        assert ground.share is not None
        after, sums = two_good_round(rng, state.holdings, ground.share)
        mean = sums.total / sums.number
        sd = float(np.sqrt(max(sums.squares / sums.number - mean**2, 0.0)))
        done = BarterState(
            state.round + 1, after, ground, Seen(float(sums.number), mean, sd, sd), False, None,
            state.count + sums.number,
        )  # fmt: skip
        if sums.largest - sums.least > self.tolerance:
            return done
        margin = margins(economy, ground.tastes, done.by_agent, ground.floor)
        settled = self._check(economy, ground, margin).pair_gain <= self.tolerance
        return BarterState(done.round, after, ground, done.seen, settled, None, done.count)

    def _unit(self, economy: Economy) -> int | None:
        """Return the good against which rates are stated, if the scenario names one."""
        if economy.money is Money.QUASILINEAR:
            return len(economy.goods)
        return economy.goods.index(self.against) if self.against else economy.numeraire

    def _check(self, economy: Economy, ground: Ground, margin: Margins) -> Gains:
        """Return what pairs that may meet could still gain."""
        against = None if self.goods == "all" else ground.against
        return gains(margin, ground.edges, ground.traded, against, unit_of(margin, self._unit(economy)))

    def done(self, economy: Economy, state: State) -> bool:  # noqa: ARG002
        """Return True if no pair that may meet can gain, or the rounds are used up."""
        assert isinstance(state, BarterState)
        return state.settled or state.round >= self.max_rounds

    def outcome(self, economy: Economy, state: State) -> Outcome:
        """Return the holdings as an outcome, its status recomputed from them.

        Evidence: `pair_gain`, the largest joint gain of a pair that may meet; `mrs_spread`, the largest range
        of ln MRS; `pairs_checked`, how many pairs may meet.
        """
        assert isinstance(state, BarterState)
        ground, goods, agents = state.ground, len(economy.goods), len(economy.agents)
        money = np.zeros(len(state.holdings) - goods)
        x = conserved(state.by_agent, np.concatenate([economy.owned, money]))
        eaten, paid = x[:, :goods], -x[:, goods] if len(money) else np.zeros(agents)
        welfare, before = economy.utility(eaten), economy.utility(economy.endowment)
        margin = margins(economy, ground.tastes, x, ground.floor)
        left = self._check(economy, ground, margin)
        hurt = worse_off(before, welfare - paid, economy.worth(eaten) + np.abs(paid))
        status, reason = verdict(economy, left, hurt, self.tolerance, state.round, state.count)
        if status is Status.SETTLED:
            also = stuck(economy, ground.tastes, x, ground.floor, margin, ground.traded, self.tolerance)
            reason = " ".join((reason, *also))
        return Outcome(
            economy=economy,
            name=self.label,
            kind=self.name,
            status=status,
            reason=reason,
            rounds=state.round,
            consumption=eaten,
            production=np.zeros(economy.shape),
            payments=paid,
            revenue=0.0,
            utilities=welfare,
            payoffs=welfare - paid,
            evidence={
                "pair_gain": left.pair_gain,
                "mrs_spread": left.mrs_spread,
                "pairs_checked": float(left.pairs_checked),
            },
            trades=None if state.made is None else trades_of(state.made, goods),
        )
