"""One economy under several mechanisms, side by side.

All mechanisms play the same drawn economy: same seed, same endowments, same preferences.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pandas as pd

from market.certificate import Alignment, Contrast, alignment, contrast
from market.economy import Economy
from market.errors import InputError, did_you_mean
from market.model import MarketModel
from market.outcome import Outcome
from market.scenario import Scenario

if TYPE_CHECKING:
    from matplotlib.figure import Figure


@dataclass(frozen=True)
class Comparison:
    """What came of one economy under each mechanism, and how aligned it is.

    Args:
        scenario: what was played.
        economy: the primitives that were drawn, the same for all mechanisms.
        outcomes: mechanism name -> outcome, in the scenario's order.
        alignments: mechanism name -> alignment report.
        rounds: one row a mechanism, round and good, with columns `mechanism`, `round`, `good`, `price`,
            `excess_demand`, `disequilibrium`, `auctioneer_payoff`; only mechanisms with prices have rows.
    """

    scenario: Scenario
    economy: Economy
    outcomes: Mapping[str, Outcome]
    alignments: Mapping[str, Alignment]
    rounds: pd.DataFrame

    @property
    def baseline(self) -> str | None:
        """The first mechanism without prices or planner: what the others are held against."""
        kinds = ((name, outcome.kind) for name, outcome in self.outcomes.items())
        return next((name for name, kind in kinds if kind == "unmediated"), None)

    def contrasts(self) -> dict[str, Contrast]:
        """Who gains and loses under each other mechanism against the baseline; empty without one."""
        if self.baseline is None:
            return {}
        against = self.outcomes[self.baseline]
        return {name: contrast(outcome, against) for name, outcome in self.outcomes.items() if name != self.baseline}

    @property
    def settled(self) -> bool:
        """Whether every mechanism reached what it looks for."""
        return all(outcome.status.settled for outcome in self.outcomes.values())


def compare(
    scenario: Scenario,
    mechanisms: Sequence[str] | None = None,
    seed: int | None = None,
    progress: Callable[[str], None] | None = None,
) -> Comparison:
    """Play a scenario under its mechanisms and report on each outcome.

    Args:
        scenario: what `market.load` returns.
        mechanisms: names of those to play; all of them by default.
        seed: for all draws; the scenario's own if not given.
        progress: called with a mechanism's name before it is played.

    Raises:
        InputError: no mechanism of that name, or an economy that cannot be built.
    """
    names = list(scenario.mechanism_names) if mechanisms is None else list(dict.fromkeys(mechanisms))
    for name in names:
        if name not in scenario.mechanism_names:
            raise InputError(f"no mechanism '{name}'; {did_you_mean(name, scenario.mechanism_names)}")
    outcomes, alignments, paths, economy = {}, {}, [], None
    for name in names:
        if progress:
            progress(name)
        model = MarketModel(scenario, name, seed=seed)
        economy = model.economy
        outcomes[name] = model.run()
        alignments[name] = alignment(outcomes[name])
        paths.append(_path(name, model))
    if economy is None:
        raise InputError("there is no mechanism to play")
    return Comparison(scenario, economy, outcomes, alignments, pd.concat(paths, ignore_index=True))


COLUMNS = ("mechanism", "round", "good", "price", "excess_demand", "disequilibrium", "auctioneer_payoff")


def _path(name: str, model: MarketModel) -> pd.DataFrame:
    """What the model collected, one row a round and good."""
    collected = model.datacollector.get_model_vars_dataframe()
    if "disequilibrium" not in collected:
        return pd.DataFrame({column: pd.Series(dtype=kind) for column, kind in zip(COLUMNS, _TYPES, strict=True)})
    parts = [
        pd.DataFrame(
            {
                "mechanism": name,
                "round": range(1, len(collected) + 1),
                "good": good,
                "price": collected[f"price[{good}]"].to_numpy(),
                "excess_demand": collected[f"excess_demand[{good}]"].to_numpy(),
                "disequilibrium": collected["disequilibrium"].to_numpy(),
                "auctioneer_payoff": collected["auctioneer_payoff"].to_numpy(),
            }
        )
        for good in model.goods
    ]
    return pd.concat(parts, ignore_index=True).sort_values(["round", "good"], kind="stable", ignore_index=True)


_TYPES = ("str", "int64", "str", "float64", "float64", "float64", "float64")
