"""A shard: some agents of a scenario, kept in the process that built them.

A shard returns totals at prices (`ask`) in every round. Calculations that need sums over all agents are begun
(`prove` before the rounds, `close` after them) and continue step by step (`go_on`). At the end the shard
writes the rows of its agents (`write`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple, TypeVar

import numpy as np

from market.economy.aggregate_demand import AggregateDemand
from market.economy.correspondences import Array
from market.economy.families.utilities.base import Utility
from market.economy.nonexistence import prove_nonexistence
from market.economy.primitives import Answers, Economy, Money
from market.economy.reductions import Finished, Largest, PartialSums, Reduction, advance
from market.efficiency.report import Alignment
from market.efficiency.surplus import Surplus, surplus
from market.errors import InputError
from market.intervention import Intervention
from market.mechanisms.auction.auctioneer import traded
from market.mechanisms.auction.interventions.answers import AnswersToWedge, at_prices
from market.mechanisms.auction.interventions.outcome import (
    Totals,
    money_of,
    outcome_of,
    regrets_of,
    totals_of,
)
from market.mechanisms.auction.interventions.policy import Policy, make_policy
from market.mechanisms.auction.interventions.rationing import denied
from market.mechanisms.auction.interventions.wedge import Seen
from market.mechanisms.auction.jumps.alternatives import possible
from market.mechanisms.auction.rationing import Sides, settling
from market.mechanisms.regret import relative_regret
from market.outcome import Outcome
from market.results.summary_table import Summary
from market.scenario.building import build, rows_named
from market.shards.alignment import Judgement, judge
from market.workers import patiently

if TYPE_CHECKING:
    from market.scenario.loading import Scenario

T = TypeVar("T")

WRITTEN = 1 << 16  # agents whose rows are put into a table at a time


class AnswerTotals(NamedTuple):
    """Total answers of the agents of a shard, (goods,) each, in units.

    Args:
        demand: the least total consumption.
        most_demand: the most; None if it is equal.
        supply: the least total production; None if no agent makes goods.
        most_supply: the most; None if it is equal.
    """

    demand: Array
    most_demand: Array | None = None
    supply: Array | None = None
    most_supply: Array | None = None


class Opening(NamedTuple):
    """Data of a shard that are needed before the first round.

    Args:
        owned: (goods,), total endowment of its agents, units.
        source_of_ties: see `source_of_ties`.
    """

    owned: Array
    source_of_ties: str | None


@dataclass(frozen=True)
class Levels:
    """Utilities or payoffs of the consumers of a shard, in sums that are added up over shards.

    Args:
        lowest: of all; inf without any.
        total: of those above -inf.
        ruined: number at -inf.
        count: of all.
    """

    lowest: float
    total: float
    ruined: int
    count: int

    def __add__(self, other: Levels) -> Levels:
        return Levels(
            min(self.lowest, other.lowest),
            self.total + other.total,
            self.ruined + other.ruined,
            self.count + other.count,
        )

    @property
    def summary(self) -> Summary:
        """Summary of all."""
        above = self.count - self.ruined
        return Summary(
            self.lowest if self.count else np.nan, self.total / above if above else np.nan, self.ruined
        )


def _levels(values: Array) -> Levels:
    """Return the levels of utilities or payoffs."""
    finite = values[np.isfinite(values)]
    return Levels(
        float(values.min(initial=np.inf)), float(finite.sum()), len(values) - len(finite), len(values)
    )


class AgentTotals(NamedTuple):
    """PartialSums and extremes over agents.

    Args:
        consumed: (goods,), in total, units.
        made: (goods,), in total, units.
        paid: by all, money.
        utility: sum of u - C over those above -inf.
        ruined: number with a utility of -inf.
        utilities: u - C of consumers.
        payoffs: of consumers.
        with_revenue: payoffs of consumers with the revenue of the commons handed back.
        split: consumer surplus above -inf and below inf, the numbers of agents at inf and at -inf, producer
            surplus, revenue and transfers, (6,); zeros without quasilinear money.
        regret: the largest gain in payoff that another bundle would give an agent.
        relative_regret: as a share of the value of its trades.
        undenied_regret: the same, of agents that no cap or floor keeps from trading all that they want.
        differ: number of shards in which some payoff differs from the utility.
        agents: their number.
        bought: (goods,), under taxes, caps or floors, units; zeros without.
        levied: (goods,), of which are taxed, units; zeros without.
        collected: the tax revenue, money; 0 without.
        commons: the value of the commons sold, money; 0 without.
        kept: the part of it that the auctioneer keeps, money; 0 without.
    """

    consumed: Array
    made: Array
    paid: float
    utility: float
    ruined: float
    utilities: Levels
    payoffs: Levels
    with_revenue: Levels
    split: Array
    regret: Largest
    relative_regret: Largest
    undenied_regret: Largest
    differ: float
    agents: float
    bought: Array
    levied: Array
    collected: float
    commons: float
    kept: float

    @property
    def total_surplus(self) -> float:
        """The sum of u - C; -inf if any agent is."""
        return -np.inf if self.ruined else self.utility

    @property
    def surplus(self) -> Surplus:
        """Consumer, producer and total surplus, with quasilinear money."""
        finite, boundless, ruined, made, revenue, transfers = self.split.tolist()
        each = [finite] + [np.inf] * bool(boundless) + [-np.inf] * bool(ruined)
        return Surplus(np.array(each), np.array([made]), revenue, self.total_surplus, transfers)


def _split(had: Outcome) -> Array:
    """Return the sums of `AgentTotals.split`."""
    found = surplus(had)
    if found is None:
        return np.zeros(6)
    gains = found.consumers
    ends = [float(np.isposinf(gains).sum()), float(np.isneginf(gains).sum())]
    finite = gains[np.isfinite(gains)].sum()
    return np.array([finite, *ends, found.producer, found.revenue, found.transfers])


class Closing(NamedTuple):
    """Result of the calculation after the rounds.

    Args:
        answered: least and most demand, least and most supply, (goods,) each: totals over all agents, units.
        ended: of the shard's own agents.
        judgement: with an empty array of weights, since these stay in the shard.
    """

    answered: PartialSums
    ended: AgentTotals
    judgement: Judgement


@dataclass(frozen=True)
class WrittenFile:
    """A file that a shard wrote.

    Args:
        name: of the file, without its folder.
        bytes: its size.
        sha256: its checksum, in hexadecimal digits.
        worker: that wrote it, as in `Pool.names`.
    """

    name: str
    bytes: int
    sha256: str
    worker: str


class Shard:
    """Consecutive agents of a scenario.

    Args:
        scenario: of the agents.
        seed: for all draws.
        rows: of the agents.
    """

    def __init__(self, scenario: Scenario, seed: int, rows: range) -> None:
        self.economy = build(scenario, seed, rows)
        self._together = AggregateDemand(self.economy)
        self._scenario, self._rows_here = scenario, rows
        self._policies: dict[str, Policy] = {}
        self._work: Reduction[Any] | None = None
        self._outcome: Outcome | None = None
        self._weights: Array | None = None
        self._with_revenue: Array | None = None

    def opening(self) -> Opening:
        """Return the data that the auctioneer needs beforehand."""
        return Opening(self.economy.owned, source_of_ties(self.economy))

    def ask(self, p: Array, mechanism: str | None = None, rent: Array | None = None) -> AnswerTotals:
        """Return the total answers to prices p.

        Args:
            p: (goods,), announced prices.
            mechanism: whose taxes make buyers and sellers see other prices; None without any.
            rent: (goods,), the rents of its quotas; None without any.

        Raises:
            UnboundedDemandError: a wanted good is free.
        """
        answers: Answers = self._together(p) if mechanism is None else self._under(mechanism, p, rent)
        assert not answers.is_coupled  # only with ties, which are refused (`limits.py`)
        demand, supply = answers.total_demand, answers.total_supply
        made = bool(self.economy.costs)
        return AnswerTotals(
            demand.lowest,
            None if demand.single_valued else demand.highest,
            supply.lowest if made else None,
            supply.highest if made and not supply.single_valued else None,
        )

    def prove(self) -> PartialSums | Finished[str | None]:
        """Begin the proofs that no prices clear all markets (`economy.nonexistence`)."""
        return self._begun(prove_nonexistence(self.economy))

    def _policy(self, mechanism: str) -> Policy:
        """Return the interventions of a mechanism among the agents of the shard."""
        if mechanism not in self._policies:
            auction: Any = self._scenario.mechanism(mechanism)
            taxed = None
            if auction.taxed:
                whole = [row for name in auction.taxed for row in rows_named(self._scenario, name)]
                taxed = np.isin(np.arange(self._rows_here.start, self._rows_here.stop), whole)
            found = make_policy(auction, self.economy, taxed)
            assert found is not None
            self._policies[mechanism] = found
        return self._policies[mechanism]

    def _under(self, mechanism: str, p: Array, rent: Array | None) -> AnswersToWedge:
        """Return the answers to announced prices under the interventions of a mechanism."""
        policy = self._policy(mechanism)
        return at_prices(policy, self._together, policy.seen(p, rent))

    def close(
        self, p: Array, mechanism: str | None = None, rent: Array | None = None
    ) -> PartialSums | Finished[Closing]:
        """Begin settlement and report after the rounds.

        Args:
            p: (goods,), prices of all trades.
            mechanism: whose taxes, caps or floors there are; None without any.
            rent: (goods,), the rents of its quotas; None without any.
        """
        return self._begun(self._closing(p, mechanism, rent))

    def go_on(self, totals: PartialSums) -> PartialSums | Finished[Any]:
        """Continue with the sums over all agents that were requested last."""
        assert self._work is not None
        return advance(self._work, totals)

    def _begun(self, work: Reduction[T]) -> PartialSums | Finished[T]:
        self._work = work
        return advance(work)

    def _closing(self, p: Array, mechanism: str | None, rent: Array | None) -> Reduction[Closing]:
        """Calculate answers, quantities, payments, regrets, and the support of the outcome."""
        economy, levied = self.economy, Totals(np.zeros(len(p)), np.zeros(len(p)), 0.0, 0.0)
        if mechanism is None:
            answers = economy.answers(p)
            answered = yield *answers.total_demand.bounds, *answers.total_supply.bounds
            x, y = yield from settling(economy, answers, p)
            del answers
            payments = yield from _paying(economy, p, x, y)
            (revenue,) = yield (float(payments.sum()),)
            had, paid = traded(economy, p, x, y, payments, revenue), p
            kept_from = np.zeros(len(economy.agents), dtype=bool)
        else:
            policy, under = self._policy(mechanism), self._under(mechanism, p, rent).by_agent()
            answered = yield *under.total_demand.bounds, *under.total_supply.bounds
            seen, paid = under.seen, under.seen.buyers
            x, y = yield from settling(economy, under, p, Sides(paid, policy.sell_prices(seen)))
            levied = totals_of(policy, seen, x, y)
            whole = Totals(*(yield tuple(levied)))
            had = _had(policy, seen, p, x, y, levied, whole)
            kept_from = denied(policy, under, x, y)
            revenue = whole.commons
        welfare, payoffs, regrets = had.utilities, had.payoffs, had.regret
        assert regrets is not None
        judgement = yield from judge(economy, x, y, paid)
        self._weights, self._outcome = judgement.weights, had
        wants = economy.wants_something
        self._with_revenue = payoffs + self._handed_back(revenue)
        ended = AgentTotals(
            consumed=x.sum(axis=0),
            made=np.maximum(y, 0.0).sum(axis=0) if economy.costs else np.zeros(len(p)),
            paid=float(had.payments.sum()),
            utility=float(welfare[np.isfinite(welfare)].sum()),
            ruined=float(np.isneginf(welfare).sum()),
            utilities=_levels(welfare[wants]),
            payoffs=_levels(payoffs[wants]),
            with_revenue=_levels(self._with_revenue[wants]),
            split=_split(had),
            regret=Largest(float(regrets.max())),
            relative_regret=Largest(relative_regret(economy, p, x, y, regrets)),
            undenied_regret=Largest(relative_regret(economy, p, x, y, np.where(kept_from, 0.0, regrets))),
            differ=float((payoffs != welfare).any()),
            agents=float(len(economy.agents)),
            bought=levied.bought,
            levied=levied.levied,
            collected=levied.collected,
            commons=levied.commons,
            kept=0.0 if economy.shares_revenue else levied.commons,
        )
        left_out = None if judgement.weights is None else np.zeros(0)
        return Closing(answered, ended, replace(judgement, weights=left_out))

    def _handed_back(self, revenue: float) -> Array:
        """Return what each agent would be handed of revenue that the auctioneer keeps, (agents,), money."""
        economy = self.economy
        kept = economy.money is Money.QUASILINEAR and not economy.shares_revenue
        return economy.commons_share * revenue if kept else np.zeros(len(economy.agents))

    def rows(self) -> Mapping[str, Any]:
        """Return the quantities and payoffs of every agent, for markets of up to `LARGEST_MAP` agents."""
        had = self._closed()
        assert self._with_revenue is not None
        return {
            "consumption": had.consumption,
            "production": np.array(had.production),
            "payments": had.payments,
            "utilities": had.utilities,
            "payoffs": had.payoffs,
            "payoffs_with_revenue": self._with_revenue,
            "weights": np.zeros(0) if self._weights is None else self._weights,
        }

    def write(self, path: str, mechanism: str, total: float | None, worker: str) -> WrittenFile:
        """Write the rows of the agents, a limited number at a time to save memory.

        What the operating system refuses is tried again a few times.

        Args:
            path: of the file, in an existing folder.
            mechanism: its name, for the rows.
            total: the sum of all weights; None if none support the outcome.
            worker: its name.

        Raises:
            InputError: the file cannot be written.
        """
        import pyarrow.parquet as pq  # deferred: needed at the end only

        from market.results.run_folder import sha256, to_disk

        file = Path(path)

        def attempt() -> WrittenFile:
            tables = self._tables(mechanism, total)
            first = next(tables)
            with file.open("wb") as sink, pq.ParquetWriter(sink, first.schema) as writer:
                for table in chain([first], tables):
                    writer.write_table(table)
            to_disk(file)
            return WrittenFile(file.name, file.stat().st_size, sha256(file), worker)

        try:
            written = patiently(attempt)
        except OSError as error:
            raise InputError(
                f"worker {worker} cannot write '{path}' ({error.strerror or error}); --out must name a "
                f"folder that all machines share and that has room for the rows of all agents"
            ) from error
        self._outcome = self._weights = None
        return written

    def _tables(self, mechanism: str, total: float | None) -> Iterator[Any]:
        """Yield the rows of the agents, `WRITTEN` at a time; arguments as for `write`."""
        import pyarrow as pa

        from market.results.tables import agents_of

        had, weights = self._closed(), self._weights if total is not None else None
        for start in range(0, len(had.payments), WRITTEN):
            part, report = _part(had, weights, start, min(start + WRITTEN, len(had.payments)), total)
            rows = agents_of(replace(part, name=mechanism), report)
            yield pa.Table.from_pandas(rows, preserve_index=False)

    def _closed(self) -> Outcome:
        assert self._outcome is not None
        return self._outcome


def _had(policy: Policy, seen: Seen, p: Array, x: Array, y: Array, levied: Totals, whole: Totals) -> Outcome:
    """Return the outcome of the agents of a shard under a policy.

    Args:
        policy: the interventions among them.
        seen: prices of each side.
        p: (goods,), announced prices.
        x: (agents, goods), their consumption.
        y: (agents, goods), their production.
        levied: totals of their trade.
        whole: totals of all agents' trade.
    """
    money, rents = money_of(policy, seen, x, y, whole), policy.rents(seen)
    account = Intervention(
        buyer_prices=seen.buyers,
        taxed_prices=seen.taxed,
        rents=rents,
        traded=levied.bought,
        levied=levied.levied,
        tax_revenue=levied.collected,
        returned=0.0,
        commons_revenue=whole.commons,
        binding=("",) * len(p),
        unserved=np.zeros(len(p)),
        taxed_rows=policy.taxed_rows if policy.taxed else None,
    )
    return outcome_of(policy, p, x, y, money, regrets_of(policy, seen, money), account)


def _paying(economy: Economy, p: Array, x: Array, y: Array) -> Reduction[Array]:
    """Calculate net money paid, (agents,); see `Economy.payments`."""
    if economy.money is not Money.EXCHANGE:
        return economy.payments(p, x, y)
    paid: Array = (x - economy.endowment) @ p
    (total,) = yield (float(paid.sum()),)
    return np.asarray(paid - economy.commons_share * total)


def _part(
    had: Outcome, weights: Array | None, start: int, stop: int, total: float | None
) -> tuple[Outcome, Alignment]:
    """Return some agents of an outcome, and a report with their weights."""
    rows = slice(start, stop)
    assert had.regret is not None
    assert had.prices is not None
    own = replace(
        had,
        economy=had.economy.part(start, stop),
        consumption=had.consumption[rows],
        production=had.production[rows],
        payments=had.payments[rows],
        utilities=had.utilities[rows],
        payoffs=had.payoffs[rows],
        regret=had.regret[rows],
    )
    normalised = None if weights is None or total is None else weights[rows] / total
    return own, Alignment(None, False, normalised, had.prices, np.inf, None, None, None)


def source_of_ties(economy: Economy) -> str | None:
    """Name a source of ties in the economy, or None."""
    if possible(economy) is not None:
        names = [block.family.name for block in economy.utilities if block.family.proportional]
        none = Utility.linear_weights
        names += [b.family.name for b in economy.utilities if b.family.linear_weights is not none]
        names += [
            b.family.name for b in economy.utilities if b.family.constant_steps(**b.parameters) is not None
        ]
        names += [f"cost {block.family.name}" for block in economy.costs]
        return f"a constant worth or cost of goods (one of {', '.join(dict.fromkeys(names))})"
    if any(len(prices) for prices in economy.indifference_prices):
        return "a price at which any amount of a good is equally good"
    return None
