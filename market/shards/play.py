"""A market whose agents are in shards, from the first announcement to the report.

The auctioneer of one process plays (`mechanisms.auction.auctioneer`). It is given an economy without agents
in which all endowments are commons, so that resources are right, and answers that are totals. Calculations
that need more sums (proofs that there is no equilibrium, and settlement and report after the rounds) run step
by step: the sums of the shards are add_up in their order and sent back to all, until each has ended
(`market.economy.reductions`).

Mechanisms and economies that need all agents in one place are refused (`limits.py`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import pandas as pd

from market.economy.aggregate_demand import AnswersInTotal
from market.economy.correspondences import Array, Correspondence
from market.economy.primitives import Answers, Economy, Money
from market.economy.reductions import add_up, run_all
from market.errors import MarketError
from market.intervention import Intervention
from market.mechanisms.auction.announcement import Announcement, held_against
from market.mechanisms.auction.auctioneer import Auction, AuctionState
from market.mechanisms.auction.interventions.answers import AnswersToWedge
from market.mechanisms.auction.interventions.bounds import judged_at_bounds
from market.mechanisms.auction.interventions.outcome import Totals, account_of, free_prices
from market.mechanisms.auction.interventions.policy import Policy
from market.mechanisms.auction.interventions.quota import within_quotas
from market.mechanisms.auction.interventions.verdict import Regret, verdict_under
from market.mechanisms.auction.interventions.wedge import Seen
from market.mechanisms.base import Answering, State, played
from market.results.schema import LARGEST_MAP
from market.results.tables import rounds_of
from market.scenario.building import population
from market.shards.alignment import alignment_report
from market.shards.limits import refuse, refuse_ties
from market.shards.outcome import Shared, SharedOutcome
from market.shards.shard import AgentTotals, AnswerTotals, Closing, Opening, WrittenFile

if TYPE_CHECKING:
    from market.scenario.loading import Scenario
    from market.shards.pools import Pool


def play_in_shards(
    scenario: Scenario,
    pool: Pool,
    shards: int,
    mechanisms: Sequence[str] | None = None,
    seed: int | None = None,
    folder: str | None = None,
    progress: Callable[[str], None] | None = None,
) -> Shared:
    """Play a scenario's auctioneers on agents that are in shards.

    Args:
        scenario: what `market.load` returns.
        pool: of the shards; closed at the end.
        shards: their number.
        mechanisms: names of those to play; all of them by default.
        seed: for all draws; the scenario's own if not given.
        folder: for the rows of agents, which shards write; None to write none.
        progress: called with a mechanism's name before it is played.

    Raises:
        InputError: the scenario cannot be played in shards, or a shard cannot be built or is gone.
    """
    try:
        names = refuse(scenario, mechanisms, shards)
        agents, root = population(scenario), scenario.seed if seed is None else seed
        count = len(agents)
        rows = [range(count * k // shards, count * (k + 1) // shards) for k in range(shards)]
        openings = pool.make(scenario, root, rows)
        economy = _without_agents(scenario, root, openings)
        refuse_ties(names[0], openings)
        impossible: str | None = _run_everywhere(pool, "prove")[0]
        outcomes = {}
        for number, name in enumerate(names):
            if progress:
                progress(name)
            mechanism = scenario.mechanism(name)
            assert isinstance(mechanism, Auction)
            table = None if folder is None else f"{folder}/{number:03}-"
            outcomes[name] = _Auction(mechanism, economy, pool, count, impossible).outcome(table)
    finally:
        pool.close()
    return Shared(scenario, root, agents, economy, shards, outcomes)


def _without_agents(scenario: Scenario, seed: int, openings: Sequence[Opening]) -> Economy:
    """Return the economy that the auctioneer uses: without agents, all endowments counted as commons."""
    (owned,) = add_up([(opening.owned,) for opening in openings])
    commons = np.array([scenario.commons.get(good, 0.0) for good in scenario.goods])
    numeraire = None if scenario.numeraire is None else scenario.goods.index(scenario.numeraire)
    none = np.zeros(0)
    return Economy(
        money=scenario.economy,
        goods=scenario.goods,
        agents=(),
        groups={},
        commons=commons + owned,
        endowment=np.zeros((0, len(commons))),
        budget=none,
        commons_share=none,
        utilities=(),
        numeraire=numeraire,
        seed=seed,
    )


def _run_everywhere(pool: Pool, begin: str, **same: Any) -> list[Any]:
    """Run a calculation that needs sums over all agents in every shard; return the results in their order.

    Args:
        pool: of the shards.
        begin: the method that begins it.
        same: its arguments.
    """
    return run_all(pool.tell(begin, **same), lambda totals: pool.tell("go_on", totals=totals))


class _Auction:
    """One auction in shards.

    Args:
        mechanism: the auctioneer.
        economy: without agents (`_without_agents`).
        pool: of the shards.
        agents: their number in all shards.
        impossible: the reason why there is no equilibrium, if that can be shown.
    """

    def __init__(
        self, mechanism: Auction, economy: Economy, pool: Pool, agents: int, impossible: str | None
    ) -> None:
        self._mechanism, self._economy, self._pool, self._agents = mechanism, economy, pool, agents
        self._impossible = impossible
        self._seen: list[Mapping[str, Any]] = []

    def outcome(self, table: str | None) -> SharedOutcome:
        """Play to the end; `table` is the beginning of the tables' file names, None to write none."""
        first = replace(self._mechanism.start(self._economy), impossible=self._impossible)
        policy = first.policy
        state = played(self._mechanism, self._economy, self._answering(policy), self._observe, first)
        assert isinstance(state, AuctionState)
        seen = self._mechanism.reported(state)
        p = seen.prices
        closed: list[Closing] = _run_everywhere(self._pool, "close", p=p, **self._under(policy, seen.answers))
        ended = AgentTotals(*add_up([each.ended for each in closed]))
        judgement = closed[0].judgement
        chosen = held_against(self._economy, seen, _total_answers(*closed[0].answered))
        chosen = chosen if policy is None else judged_at_bounds(policy, chosen, self._mechanism.tolerance)
        regretted = float(ended.relative_regret.value)
        status, reason, evidence = self._mechanism.judged(self._economy, state, chosen, regretted)
        account = None
        if policy is not None:
            account = self._account(policy, chosen, seen.answers, ended, self._mechanism.settled(state))
            if self._mechanism.settled(state):
                regret = Regret(regretted, float(ended.undenied_regret.value), float(ended.regret.value))
                status, reason = verdict_under(
                    policy, chosen, account, regret, status, reason, self._mechanism
                )
        rows = self._rows() if self._agents <= LARGEST_MAP else {}
        supported = np.isfinite(judgement.residual)
        weights = rows.get("weights", np.zeros(0)) / judgement.total if supported else None
        paid = ended.paid if self._economy.money is not Money.EXCHANGE else 0.0
        quasilinear = self._economy.money is Money.QUASILINEAR
        return SharedOutcome(
            name=self._mechanism.label,
            kind=self._mechanism.name,
            status=status,
            reason=reason,
            rounds=state.round,
            prices=p,
            disequilibrium=chosen.imbalance.disequilibrium,
            auctioneer_payoff=-float(np.abs(chosen.imbalance.z).sum()),
            revenue=paid if account is None else ended.kept,
            max_regret=float(ended.regret.value),
            evidence=evidence,
            ended=ended,
            consumption=rows.get("consumption"),
            production=rows.get("production"),
            payments=rows.get("payments"),
            utilities=rows.get("utilities"),
            payoffs=rows.get("payoffs"),
            surplus=ended.surplus if quasilinear else None,
            payoffs_with_revenue=rows.get("payoffs_with_revenue") if quasilinear else None,
            weights=(judgement.smallest / judgement.total, judgement.largest / judgement.total)
            if supported
            else None,
            alignment=alignment_report(judgement, self._economy, p, weights),
            path=self._path(),
            files=self._written(table, judgement.total if supported else None),
            intervention=account,
        )

    def _answering(self, policy: Policy | None) -> Answering:
        """Return the answers of all shards to announced prices, under a policy if there is one."""
        if policy is None:
            return self._answers

        def ask(seen: Seen) -> AnswersToWedge:
            rent = policy.rents(seen)
            totals = self._answers(seen.sellers, mechanism=self._mechanism.label, rent=rent)
            return AnswersToWedge(totals, totals, seen)

        if np.isfinite(policy.quota).any():
            return lambda p: within_quotas(policy, p, ask)
        return lambda p: ask(policy.seen(p))

    def _under(self, policy: Policy | None, answers: Answers) -> dict[str, Any]:
        """Return the arguments by which shards know the interventions; none without any."""
        if policy is None:
            return {}
        assert isinstance(answers, AnswersToWedge)
        return {"mechanism": self._mechanism.label, "rent": policy.rents(answers.seen)}

    def _account(
        self, policy: Policy, chosen: Announcement, answers: Answers, ended: AgentTotals, settled: bool
    ) -> Intervention:
        """Return the accounts of the interventions over all agents."""
        assert isinstance(answers, AnswersToWedge)
        totals = Totals(ended.bought, ended.levied, ended.collected, ended.commons)
        free = free_prices(self._mechanism, self._played) if settled else None
        return account_of(policy, chosen, answers.seen, totals, free)

    def _played(self, auction: Auction) -> AuctionState:
        """Return the state in which an auction without interventions ends."""
        first = replace(auction.start(self._economy), impossible=self._impossible)
        return cast(AuctionState, played(auction, self._economy, self._answers, first=first))

    def _answers(self, p: Array, **under: Any) -> AnswersInTotal:
        """Send prices out, and add the totals in the order of the shards."""
        answered: list[AnswerTotals] = self._pool.tell("ask", p=p, **under)
        return _total_answers(*add_up([_bounds(each) for each in answered]))

    def _observe(self, state: State) -> None:
        self._seen.append(state.observed())

    def _path(self) -> pd.DataFrame:
        """Return prices and excess demand, one row per round and good."""
        names = (*self._mechanism.observed_by_good, *self._mechanism.observed_once)
        extra = self._mechanism.seen_by_good()[len(self._mechanism.observed_by_good) :]
        seen = (np.array([each[name] for each in self._seen]) for name in (*names, *extra))
        return rounds_of(self._mechanism.label, self._economy.goods, *seen)

    def _rows(self) -> dict[str, Any]:
        """Return the quantities and payoffs of each agent, in the order of the agents."""
        parts: list[Mapping[str, Any]] = self._pool.tell("rows")
        return {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}

    def _written(self, table: str | None, total: float | None) -> tuple[WrittenFile, ...]:
        if table is None:
            return ()
        names = self._pool.names()
        each = [{"path": f"{table}{k:05}.parquet", "worker": name} for k, name in enumerate(names)]
        written: list[WrittenFile] = self._pool.tell(
            "write", each, mechanism=self._mechanism.label, total=total
        )
        return tuple(written)


def _bounds(totals: AnswerTotals) -> tuple[Array, Array, Array, Array]:
    """Return least and most demand, least and most supply, (goods,) each."""
    supply = np.zeros_like(totals.demand) if totals.supply is None else totals.supply
    most_demand = totals.demand if totals.most_demand is None else totals.most_demand
    return totals.demand, most_demand, supply, supply if totals.most_supply is None else totals.most_supply


def _total_answers(demand: Array, most_demand: Array, supply: Array, most_supply: Array) -> AnswersInTotal:
    """Return the answers of all agents from their totals, (goods,) each; reading one agent's is refused."""
    return AnswersInTotal(_interval(demand, most_demand), _interval(supply, most_supply), _refuse_agents)


def _refuse_agents() -> Answers:
    """Refuse: answers per agent stay in the shards."""
    raise MarketError("answers of single agents stay in their shards")


def _interval(lowest: Array, highest: Array) -> Correspondence:
    """Return an interval; one array for both bounds where they are equal."""
    return Correspondence(lowest, lowest if np.array_equal(lowest, highest) else highest)
