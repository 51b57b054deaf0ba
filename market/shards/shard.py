"""Some of the agents of a scenario, where they were built and stay: what they answer, get and are told.

A shard is asked for totals at prices (`ask`), as often as there are rounds. Work that needs everybody's sums
is begun (before the rounds `prove`, when they are over `close`) and goes on step by step (`go_on`). In the
end the shard writes the rows of its agents (`write`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple, TypeVar

import numpy as np

from market.economy.aggregate_demand import AggregateDemand
from market.economy.correspondences import Array
from market.economy.families.utilities.base import Utility
from market.economy.nonexistence import prove_nonexistence
from market.economy.primitives import Economy, Money
from market.economy.reductions import Finished, Largest, PartialSums, Reduction, advance
from market.efficiency.report import Alignment
from market.errors import InputError
from market.mechanisms.auction.auctioneer import traded
from market.mechanisms.auction.jumps.alternatives import possible
from market.mechanisms.auction.rationing import settling
from market.mechanisms.regret import relative_regret
from market.outcome import Outcome
from market.scenario.building import build
from market.scenario.loading import Scenario
from market.shards.alignment import Judgement, judging

T = TypeVar("T")

WRITTEN = 1 << 16  # agents whose rows are put into a table at a time


class Totals(NamedTuple):
    """What the agents of a shard answer in total, (goods,) each, in units.

    Args:
        demand: the least that they would consume.
        most_demand: the most; None if it is the same.
        supply: the least that they would make; None if none of them makes anything.
        most_supply: the most; None if it is the same.
    """

    demand: Array
    most_demand: Array | None = None
    supply: Array | None = None
    most_supply: Array | None = None


class Opening(NamedTuple):
    """What has to be known of a shard before it is played with.

    Args:
        owned: (goods,), what its agents own, units.
        chooses: what makes some of them choose between what is as good; None if nobody does.
    """

    owned: Array
    chooses: str | None


class Ended(NamedTuple):
    """What is told of all agents, in sums and extremes.

    Args:
        consumed: (goods,), in total, units.
        made: (goods,), in total, units.
        paid: by all, money.
        utility: sum of u - C over those above -inf.
        ruined: how many have a utility of -inf.
        highest_loss: the largest -(u - C); see `lowest_utility`.
        payoff: sum over those above -inf.
        payoff_ruined: how many have a payoff of -inf.
        highest_payoff_loss: the largest of payoffs with their signs changed; see `lowest_payoff`.
        regret: the largest gain that anybody could make by another bundle, in its payoff.
        relative_regret: the same as a share of what trades are worth.
        differ: in how many shards some payoff is not the utility.
        agents: how many there are.
    """

    consumed: Array
    made: Array
    paid: float
    utility: float
    ruined: float
    highest_loss: Largest
    payoff: float
    payoff_ruined: float
    highest_payoff_loss: Largest
    regret: Largest
    relative_regret: Largest
    differ: float
    agents: float

    @property
    def lowest_utility(self) -> float:
        """The least of u - C."""
        return -float(self.highest_loss.value)

    @property
    def lowest_payoff(self) -> float:
        """The least payoff."""
        return -float(self.highest_payoff_loss.value)


class Closed(NamedTuple):
    """What comes of the work after the rounds.

    Args:
        answered: least and most demand, least and most supply, (goods,) each: what everybody's own answers
            add up to, in units.
        ended: of the shard's own agents.
        judgement: the weights in it are of nobody, since they stay in the shard.
    """

    answered: PartialSums
    ended: Ended
    judgement: Judgement


@dataclass(frozen=True)
class Written:
    """A file that a shard wrote.

    Args:
        name: of the file, without its folder.
        bytes: its size.
        sha256: its checksum, in hexadecimal digits.
        worker: who wrote it, as `Pool.names` calls it.
    """

    name: str
    bytes: int
    sha256: str
    worker: str


class Shard:
    """Neighbours among the agents of a scenario.

    Args:
        scenario: whose agents they are.
        seed: for all draws.
        rows: which of them.
    """

    def __init__(self, scenario: Scenario, seed: int, rows: range) -> None:
        self.economy = build(scenario, seed, rows)
        self._together = AggregateDemand(self.economy)
        self._work: Reduction[Any] | None = None
        self._outcome: Outcome | None = None
        self._weights: Array | None = None

    def opening(self) -> Opening:
        """What the auctioneer has to know beforehand."""
        return Opening(self.economy.owned, chooses(self.economy))

    def ask(self, p: Array) -> Totals:
        """What the agents answer to prices p in total.

        Raises:
            UnboundedDemandError: a wanted good is free.
        """
        answers = self._together(p)
        assert not answers.is_coupled  # only for those who choose, and these are refused (`chooses`)
        demand, supply = answers.total_demand, answers.total_supply
        made = bool(self.economy.costs)
        return Totals(
            demand.lowest,
            None if demand.single_valued else demand.highest,
            supply.lowest if made else None,
            supply.highest if made and not supply.single_valued else None,
        )

    def prove(self) -> PartialSums | Finished[str | None]:
        """Begin with the proofs that no prices clear all markets (`nonexistence.prove_nonexistence`)."""
        return self._begun(prove_nonexistence(self.economy))

    def close(self, p: Array) -> PartialSums | Finished[Closed]:
        """Begin with what comes after the rounds.

        Args:
            p: (goods,), the prices at which agents trade.
        """
        return self._begun(self._closing(p))

    def go_on(self, totals: PartialSums) -> PartialSums | Finished[Any]:
        """Go on with the sums over everybody that were asked for last."""
        assert self._work is not None
        return advance(self._work, totals)

    def _begun(self, work: Reduction[T]) -> PartialSums | Finished[T]:
        self._work = work
        return advance(work)

    def _closing(self, p: Array) -> Reduction[Closed]:
        """What everyone answers, gets, pays and regrets, and what supports that."""
        economy = self.economy
        answers = economy.answers(p)
        demand, supply = answers.total_demand, answers.total_supply
        answered = yield *demand.bounds, *supply.bounds
        x, y = yield from settling(economy, answers, p)
        del answers
        payments = yield from _paying(economy, p, x, y)
        had = traded(economy, p, x, y, payments)
        welfare, payoffs, regrets = had.utilities, had.payoffs, had.regret
        assert regrets is not None
        judgement = yield from judging(economy, x, y, p)
        self._weights, self._outcome = judgement.weights, had
        ended = Ended(
            consumed=x.sum(axis=0),
            made=np.maximum(y, 0.0).sum(axis=0) if economy.costs else np.zeros(len(p)),
            paid=float(payments.sum()),
            utility=float(welfare[np.isfinite(welfare)].sum()),
            ruined=float(np.isneginf(welfare).sum()),
            highest_loss=Largest(-float(welfare.min())),
            payoff=float(payoffs[np.isfinite(payoffs)].sum()),
            payoff_ruined=float(np.isneginf(payoffs).sum()),
            highest_payoff_loss=Largest(-float(payoffs.min())),
            regret=Largest(float(regrets.max())),
            relative_regret=Largest(relative_regret(economy, p, x, y, regrets)),
            differ=float((payoffs != welfare).any()),
            agents=float(len(economy.agents)),
        )
        nobodys = None if judgement.weights is None else np.zeros(0)
        return Closed(answered, ended, replace(judgement, weights=nobodys))

    def rows(self) -> Mapping[str, Any]:
        """What every agent of the shard got, for markets so small that all of it is told."""
        had = self._closed()
        return {
            "consumption": had.consumption,
            "production": np.array(had.production),
            "payments": had.payments,
            "utilities": had.utilities,
            "payoffs": had.payoffs,
            "weights": np.zeros(0) if self._weights is None else self._weights,
        }

    def write(self, path: str, mechanism: str, total: float | None, worker: str) -> Written:
        """Write the rows of the agents, so many at a time that it takes no memory worth speaking of.

        Args:
            path: of the file, in a folder that is there.
            mechanism: the name that the rows bear.
            total: the sum of all weights; None if none support the outcome.
            worker: who writes.

        Raises:
            InputError: the file cannot be written.
        """
        import pyarrow.parquet as pq  # deferred: nobody needs it before the end

        from market.results.run_folder import to_disk

        file, tables = Path(path), self._tables(mechanism, total)
        first = next(tables)
        try:
            with file.open("wb") as sink, pq.ParquetWriter(sink, first.schema) as writer:
                for table in chain([first], tables):
                    writer.write_table(table)
            to_disk(file)
            with file.open("rb") as opened:
                checksum = hashlib.file_digest(opened, "sha256").hexdigest()
            written = Written(file.name, file.stat().st_size, checksum, worker)
        except OSError as error:
            raise InputError(
                f"worker {worker} cannot write '{path}' ({error.strerror or error}); --out must name a "
                f"folder that all machines share and that has room for the rows of all agents"
            ) from error
        self._outcome = self._weights = None
        return written

    def _tables(self, mechanism: str, total: float | None) -> Iterator[Any]:
        """The rows of the agents, so many at a time; arguments as for `write`."""
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


def _paying(economy: Economy, p: Array, x: Array, y: Array) -> Reduction[Array]:
    """Net money paid, (agents,); see `Economy.payments`."""
    if economy.money is not Money.EXCHANGE:
        return economy.payments(p, x, y)
    paid: Array = (x - economy.endowment) @ p
    (total,) = yield (float(paid.sum()),)
    return np.asarray(paid - economy.commons_share * total)


def _part(
    had: Outcome, weights: Array | None, start: int, stop: int, total: float | None
) -> tuple[Outcome, Alignment]:
    """Some of the agents of an outcome, and a report that bears their weights."""
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
    told = None if weights is None or total is None else weights[rows] / total
    return own, Alignment(None, False, told, had.prices, np.inf, None, None, None)


def chooses(economy: Economy) -> str | None:
    """What makes somebody choose between alternatives that are as good, in words; None if nobody does."""
    if possible(economy) is not None:
        names = [block.family.name for block in economy.utilities if block.family.proportional]
        none = Utility.linear_weights
        names += [b.family.name for b in economy.utilities if b.family.linear_weights is not none]
        names += [f"cost {block.family.name}" for block in economy.costs]
        return f"a constant worth or cost of goods (one of {', '.join(dict.fromkeys(names))})"
    if any(len(prices) for prices in economy.indifference_prices):
        return "a price at which any amount of a good is worth as much"
    return None
