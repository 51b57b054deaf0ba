"""Families of games, by the name under `game` in a scenario.

Entry points: `GAME_FAMILIES` (the registry), `family.GameFamily` in the room above (what a family declares).
To add one: a file here and its class below.
"""

from market.games.families.from_file import FromFile
from market.games.families.matrices import (
    BattleOfTheSexes,
    Chicken,
    MatchingPennies,
    PrisonersDilemma,
    Shapley,
    StagHunt,
)
from market.games.families.public_goods import PublicGoods
from market.games.family import GameFamily
from market.registry import Registry

GAME_FAMILIES: Registry[GameFamily] = Registry(
    "game",
    FromFile,
    PrisonersDilemma,
    Chicken,
    StagHunt,
    BattleOfTheSexes,
    MatchingPennies,
    Shapley,
    PublicGoods,
)

__all__ = ["GAME_FAMILIES"]
