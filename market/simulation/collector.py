"""Mesa's data collector, with data on agents that are computed when they are asked for.

A model collects a number for each observation of a round. Data on agents would cost more than the round, and
a million agents would be made for it. So only the state after each round is kept, which is small, and the
outcome of stopping there is computed when `get_agent_vars_dataframe()` is called.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping
from typing import Any

import mesa
import pandas as pd

from market.economy.primitives import Economy
from market.mechanisms.base import Mechanism, State
from market.outcome import Outcome

EVERY_ROUND = 100  # traders; of more, data on agents are those of the last round alone
MOST_ROUNDS = 1000  # the last ones, whose states are kept; two megabytes with two agents and one good


class Collector(mesa.DataCollector):
    """Data collector of a `MarketModel`.

    Args:
        economy: that is played.
        mechanism: that it is played under.
        model_reporters: column -> function of the model, as for Mesa's.
    """

    def __init__(self, economy: Economy, mechanism: Mechanism, model_reporters: Mapping[str, object]) -> None:
        super().__init__(model_reporters=dict(model_reporters))
        self._economy, self._mechanism = economy, mechanism
        few = len(economy.agents) <= EVERY_ROUND
        self._states: deque[State] = deque(maxlen=MOST_ROUNDS if few else 1)

    def collect(self, model: Any) -> None:
        """Collect the observations of a round of a `MarketModel`, and keep the state after it."""
        super().collect(model)
        self._states.append(model.state if self._states.maxlen == 1 else model.state.for_record())

    def get_agent_vars_dataframe(self) -> pd.DataFrame:
        """Return a row for each round and trader: the outcome if trade had stopped after that round.

        These are the last 1,000 rounds; of more than 100 traders it is the last round alone.

        Returns:
            Indexed by `Step` and `AgentID`, as in Mesa, with columns `name`, `consumption[good]`, where goods
            are made `production[good]`, `payment` (net money paid), `utility` (minus cost) and `payoff`.
            Reporters of agents that were added to the collector take their place.
        """
        if self.agent_reporters:
            return super().get_agent_vars_dataframe()
        outcomes = [self._mechanism.outcome(self._economy, state) for state in self._states]
        records = [
            (outcome.rounds, *record)
            for outcome in outcomes
            for record in zip(*_columns(outcome), strict=True)
        ]
        columns = ["Step", "AgentID", *self._names()]
        return pd.DataFrame.from_records(records, columns=columns, index=["Step", "AgentID"])

    def _names(self) -> list[str]:
        """Return the names of the columns."""
        amounts = ("consumption", "production") if self._economy.has_producers else ("consumption",)
        by_good = [f"{what}[{good}]" for what in amounts for good in self._economy.goods]
        return ["name", *by_good, "payment", "utility", "payoff"]


def _columns(outcome: Outcome) -> list[Iterable[Any]]:
    """Return the numbers of all traders, counted from 1 as by Mesa, and their values column by column."""
    economy = outcome.economy
    amounts = [outcome.consumption, *([outcome.production] if economy.has_producers else [])]
    by_good = [column for each in amounts for column in each.T.tolist()]
    values = [each.tolist() for each in (outcome.payments, outcome.utilities, outcome.payoffs)]
    return [range(1, len(economy.agents) + 1), economy.agents, *by_good, *values]
