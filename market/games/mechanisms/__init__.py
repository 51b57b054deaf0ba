"""Mechanisms that play games: left alone, with a planner, with advice, with prices.

Entry points: `GAME_MECHANISMS` (the registry), `base.play` (a mechanism to its end).
Read base, then best_replies; the others are short.
Imports the forms of games, learning rules and welfare; no other room of mechanisms.
To add one: a file here and its class in `GAME_MECHANISMS`.
"""

from market.games.mechanisms.approval import Approval
from market.games.mechanisms.auctioneer import ActionPrices
from market.games.mechanisms.base import GameMechanism, GameState, play
from market.games.mechanisms.best_replies import BestReplies
from market.games.mechanisms.disclosure import Aligned, Alone, BestAI, Quantal, Silent, Together
from market.games.mechanisms.in_order import BackwardInduction
from market.games.mechanisms.learning import Learning
from market.games.mechanisms.mediator import Mediator
from market.games.mechanisms.planner import GamePlanner
from market.games.mechanisms.select import Equilibria
from market.registry import Registry

GAME_MECHANISMS: Registry[GameMechanism] = Registry(
    "mechanism",
    BestReplies,
    Learning,
    ActionPrices,
    BackwardInduction,
    Equilibria,
    Mediator,
    GamePlanner,
    Silent,
    Alone,
    Together,
    BestAI,
    Quantal,
    Aligned,
    Approval,
)

__all__ = [
    "GAME_MECHANISMS",
    "ActionPrices",
    "Aligned",
    "Alone",
    "Approval",
    "BackwardInduction",
    "BestAI",
    "BestReplies",
    "Equilibria",
    "GameMechanism",
    "GamePlanner",
    "GameState",
    "Learning",
    "Mediator",
    "Quantal",
    "Silent",
    "Together",
    "play",
]
