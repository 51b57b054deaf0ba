"""Families of games, by the name under `game` in a scenario.

Entry points: `GAME_FAMILIES` (the registry), `family.GameFamily` in the room above (what a family declares).
Read from_file and matrices for tables, public_goods for amounts, in_order for moves in order.
Imports the forms of games (table, smooth, stages) and what a family declares.
To add one: a file here and its class below; tests over all families then find it.
"""

from market.games.families.aga_toy import AgaToy
from market.games.families.coopetition import Coopetition
from market.games.families.cournot import Cournot
from market.games.families.disclosure import InformationGame
from market.games.families.facility import Facility
from market.games.families.fish_war import FishWar
from market.games.families.fishery import Commons
from market.games.families.from_file import FromFile
from market.games.families.in_order import Dictator, PublicGoodsInOrder, Stackelberg, Ultimatum
from market.games.families.matrices import (
    BattleOfTheSexes,
    Chicken,
    MatchingPennies,
    PrisonersDilemma,
    Shapley,
    StagHunt,
)
from market.games.families.mixed import Mixed
from market.games.families.panel import PanelGame
from market.games.families.preferences import Preferences
from market.games.families.public_goods import PublicGoods
from market.games.families.repeated import Repeated
from market.games.families.water_filling import WaterFilling
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
    Repeated,
    Preferences,
    Mixed,
    PublicGoods,
    Commons,
    FishWar,
    Cournot,
    Coopetition,
    WaterFilling,
    Facility,
    AgaToy,
    InformationGame,
    PanelGame,
    PublicGoodsInOrder,
    Stackelberg,
    Dictator,
    Ultimatum,
)

__all__ = ["GAME_FAMILIES"]
