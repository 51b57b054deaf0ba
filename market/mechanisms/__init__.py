"""Mechanisms: how an economy is played, from a start through rounds to an outcome.

Entry points: `play` (a mechanism to its end), `MECHANISMS` and `GAMES` (the registries from which scenario
files, `market list` and tests take their choices), `base.Mechanism` (start, step, done, outcome).
Read base, then auction/auctioneer, then unmediated/best_response, then planner; regret is short.
Imports economy, outcome and welfare; used by scenario, simulation and shards. Judges (`efficiency`,
`equilibrium`) do not import it.
To add a game: a file in unmediated and its class in `GAMES`. To add a price rule: a file in
auction/price_rules and its class in `RULES`. To add another kind of mechanism: a file here and its class in
`MECHANISMS`; trade without an auctioneer has its place in a room `trading`.
"""

from market.mechanisms.auction.auctioneer import Auction
from market.mechanisms.base import Mechanism, State, play
from market.mechanisms.planner import Planner
from market.mechanisms.trading.pivot import Pivot
from market.mechanisms.unmediated.autarky import Autarky
from market.mechanisms.unmediated.best_response import Game, Unmediated
from market.mechanisms.unmediated.claims import Claims
from market.mechanisms.unmediated.gift import Gift
from market.mechanisms.unmediated.seize import Seize
from market.registry import Registry

MECHANISMS: Registry[Mechanism] = Registry("mechanism", Unmediated, Auction, Planner, Pivot)
GAMES: Registry[Game] = Registry("game", Seize, Claims, Gift, Autarky)

__all__ = [
    "GAMES",
    "MECHANISMS",
    "Auction",
    "Autarky",
    "Claims",
    "Game",
    "Gift",
    "Mechanism",
    "Pivot",
    "Planner",
    "Seize",
    "State",
    "Unmediated",
    "play",
]
