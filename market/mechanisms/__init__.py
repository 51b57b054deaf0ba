"""Mechanisms: how an economy is played. To add one: a file here and its name in `MECHANISMS` or `GAMES`."""

from market.mechanisms.auctioneer import Auctioneer
from market.mechanisms.autarky import Autarky
from market.mechanisms.base import Mechanism, State, play
from market.mechanisms.claims import Claims
from market.mechanisms.gift import Gift
from market.mechanisms.planner import Planner
from market.mechanisms.seize import Seize
from market.mechanisms.unmediated import Game, Unmediated
from market.registry import Registry

MECHANISMS: Registry[Mechanism] = Registry("mechanism", Unmediated, Auctioneer, Planner)
GAMES: Registry[Game] = Registry("game", Seize, Claims, Gift, Autarky)

__all__ = [
    "GAMES",
    "MECHANISMS",
    "Auctioneer",
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
