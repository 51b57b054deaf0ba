"""A table of payoffs: `game = "table"`, `actions` of each player, and `[payoffs]`, or a file in `data`.

What a data file says is put in the place of both when the scenario is read.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from typing import Annotated, Any, ClassVar

import numpy as np
from pydantic import BeforeValidator, Field

from market.economy.correspondences import Array
from market.games.family import Key, Setting, TableFamily
from market.games.table import LARGEST_PAYOFF, MOST_AXES, MOST_PROFILES

MOST_NAMED = 5  # profiles that a message names


def _as_tuple(value: object) -> object:
    return tuple(value) if isinstance(value, list) else value


Names = Annotated[tuple[str, ...], BeforeValidator(_as_tuple)]
Numbers = Annotated[tuple[float, ...], BeforeValidator(_as_tuple)]
Rows = Annotated[tuple[Numbers, ...], BeforeValidator(_as_tuple)]


class FromFile(TableFamily):
    """payoffs of every profile of named actions, as the scenario lists them."""

    name = "table"
    player_keys: ClassVar[dict[str, Key]] = {
        "actions": (Names, Field(min_length=1, description="the names of the player's actions")),
    }
    file_keys: ClassVar[dict[str, Key]] = {
        "payoffs": (
            dict[str, Numbers],
            Field(
                default_factory=dict,
                description="a list of payoffs, in the order of the players, for each profile, such as "
                '"cooperate, defect"',
            ),
        ),
        "data": (
            str | None,
            Field(
                None,
                description="a data file in the place of payoffs: CSV or Parquet with a row a profile, a "
                "column with each player's action, named as the player, and a column `payoff[player]`; "
                "or a game of Gambit, .nfg. Players and their actions may be left out",
            ),
        ),
    }

    @classmethod
    def actions(cls, setting: Setting) -> Sequence[Sequence[str]]:
        """Return the names of each player's actions; members of a group have the same ones."""
        named: list[Sequence[str]] = [()] * len(setting.players)
        for keys, rows in zip(setting.keys["players"], setting.groups.values(), strict=True):
            for row in rows.tolist():
                named[row] = keys["actions"]
        return named

    @classmethod
    def faults(cls, setting: Setting) -> list[tuple[tuple[str | int, ...], str]]:
        """Return actions with commas or twice, too many profiles, profiles that are missing or unknown."""
        found: list[tuple[tuple[str | int, ...], str]] = []
        for index, keys in enumerate(setting.keys["players"]):
            for place, action in enumerate(keys["actions"]):
                if action != action.strip() or "," in action or not action or not action.isprintable():
                    why = f"'{action}' cannot name an action; leave out commas, and blanks at its ends"
                    found.append((("players", index, "actions", place), why))
                elif action in keys["actions"][:place]:
                    found.append((("players", index, "actions", place), f"'{action}' is named twice"))
        if found:
            return found
        actions = cls.actions(setting)
        if len(actions) > MOST_AXES:
            return [(("players",), f"{len(actions):,} players; at most {MOST_AXES} fit a table")]
        count = math.prod(map(len, actions))
        if count > MOST_PROFILES:
            return [(("players",), f"{count:,} profiles; at most {MOST_PROFILES:,} fit a table")]
        if any(abs(x) > LARGEST_PAYOFF for own in setting.keys["payoffs"].values() for x in own):
            return [
                (("payoffs",), f"a payoff is beyond {LARGEST_PAYOFF:g} in size; write them in a larger unit")
            ]
        given = {_profile(key): key for key in setting.keys["payoffs"]}
        for key in setting.keys["payoffs"]:
            if given[_profile(key)] != key:
                why = f"the profile is listed again as '{given[_profile(key)]}'; leave one out"
                found.append((("payoffs", key), why))
        needed = itertools.product(*actions)
        missing = [", ".join(profile) for profile in needed if profile not in given]
        if missing:
            some = "; ".join(f"'{profile}'" for profile in missing[:MOST_NAMED])
            more = f" and {len(missing) - MOST_NAMED:,} more" if len(missing) > MOST_NAMED else ""
            found.append((("payoffs",), f"no payoffs for {some}{more}"))
        for profile, key in given.items():
            if not _known(profile, actions):
                why = f"no such profile; an action of each of {len(actions)} players, in their order"
                found.append((("payoffs", key), why))
            elif len(setting.keys["payoffs"][key]) != len(actions):
                many = len(setting.keys["payoffs"][key])
                found.append((("payoffs", key), f"{many} payoffs for {len(actions)} players"))
        return found

    @classmethod
    def payoffs(cls, setting: Setting) -> Array:
        """Return the payoffs as an array, (A_1, ..., A_n, n)."""
        actions = cls.actions(setting)
        given = {_profile(key): numbers for key, numbers in setting.keys["payoffs"].items()}
        rows: list[Any] = [given[profile] for profile in itertools.product(*actions)]
        return np.array(rows, dtype=float).reshape(*map(len, actions), len(actions))


def _profile(key: str) -> tuple[str, ...]:
    return tuple(part.strip() for part in key.split(","))


def _known(profile: tuple[str, ...], actions: Sequence[Sequence[str]]) -> bool:
    return len(profile) == len(actions) and all(a in own for a, own in zip(profile, actions, strict=True))
