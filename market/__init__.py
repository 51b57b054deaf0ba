"""Economies of self-interested agents, with and without prices, and the efficiency of their outcomes.

    scenario = market.load("scenarios/commons.toml")
    comparison = market.compare(scenario)            # .table(), .outcomes[name], .plot()
    model = market.MarketModel(scenario, "prices")   # a mesa.Model
    outcome = model.run()
    market.alignment(outcome)                        # the report
    market.equilibria(scenario)                      # all competitive equilibria that a search finds
    market.env(scenario, "prices")                   # a PettingZoo ParallelEnv, for agents that learn
    market.dashboard(scenario)                       # in a browser; traders={"alpha": MyTrader}

Everything is imported on first use, so that `market --help` answers at once.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from types import ModuleType

    from market.economy.primitives import Economy
    from market.efficiency.report import Alignment, alignment
    from market.games.arrays import from_payoffs
    from market.games.outcome import GameOutcome
    from market.games.report import GameReport
    from market.interfaces.dashboard.server import dashboard
    from market.interfaces.env.entry import env
    from market.mechanisms.base import play
    from market.outcome import Outcome, Status
    from market.results.comparison import Comparison
    from market.results.equilibria import equilibria
    from market.results.games.comparison import GameComparison
    from market.results.playing import compare
    from market.scenario.building import build
    from market.scenario.game_loading import GameScenario
    from market.scenario.loading import Scenario, load, loads
    from market.simulation.agents import Auctioneer, Trader
    from market.simulation.game_model import GameModel, Player
    from market.simulation.model import MarketModel

    __version__: str

__all__ = [
    "Alignment",
    "Auctioneer",
    "Comparison",
    "Economy",
    "GameComparison",
    "GameModel",
    "GameOutcome",
    "GameReport",
    "GameScenario",
    "MarketModel",
    "Outcome",
    "Player",
    "Scenario",
    "Status",
    "Trader",
    "__version__",
    "alignment",
    "build",
    "compare",
    "dashboard",
    "env",
    "equilibria",
    "from_payoffs",
    "load",
    "loads",
    "play",
]

_HOMES = {
    "Alignment": "efficiency.report",
    "Auctioneer": "simulation.agents",
    "Comparison": "results.comparison",
    "Economy": "economy.primitives",
    "GameComparison": "results.games.comparison",
    "GameModel": "simulation.game_model",
    "GameOutcome": "games.outcome",
    "GameReport": "games.report",
    "GameScenario": "scenario.game_loading",
    "MarketModel": "simulation.model",
    "Outcome": "outcome",
    "Player": "simulation.game_model",
    "Scenario": "scenario.loading",
    "Status": "outcome",
    "Trader": "simulation.agents",
    "alignment": "efficiency.report",
    "build": "scenario.building",
    "compare": "results.playing",
    "dashboard": "interfaces.dashboard.server",
    "env": "interfaces.env.entry",
    "equilibria": "results.equilibria",
    "from_payoffs": "games.arrays",
    "load": "scenario.loading",
    "loads": "scenario.loading",
    "play": "mechanisms.base",
}


def __getattr__(name: str) -> Any:
    if name == "__version__":
        value: Any = _version()
    elif name in _HOMES:
        value = getattr(import_module(f"market.{_HOMES[name]}"), name)
    else:
        raise AttributeError(f"module 'market' has no attribute '{name}'")
    globals()[name] = value
    return value


def views() -> ModuleType:
    """Return the module that writes results as text and as HTML (`display.py`)."""
    return import_module("market.interfaces.text.views")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})


def _version() -> str:
    from importlib.metadata import PackageNotFoundError, version  # deferred: a twentieth of a second

    try:
        return version("market")
    except PackageNotFoundError:  # a bare checkout, run from its own folder
        return "0+checkout"
