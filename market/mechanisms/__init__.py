"""Mechanisms: how an economy is played. To add one: a file here and its name in `MECHANISMS` or `GAMES`."""

from market.mechanisms.auction.auctioneer import Auction
from market.mechanisms.base import Mechanism, State, play
from market.mechanisms.planner import Planner
from market.mechanisms.unmediated.autarky import Autarky
from market.mechanisms.unmediated.best_response import Game, Unmediated
from market.mechanisms.unmediated.claims import Claims
from market.mechanisms.unmediated.gift import Gift
from market.mechanisms.unmediated.seize import Seize
from market.registry import Registry

MECHANISMS: Registry[Mechanism] = Registry("mechanism", Unmediated, Auction, Planner)
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
    "Planner",
    "Seize",
    "State",
    "Unmediated",
    "play",
]
