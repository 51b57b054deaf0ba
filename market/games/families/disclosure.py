"""Providers who know the state commit to what they tell a user: `states`, `prior`, `actions`, utilities."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, ClassVar

import numpy as np
from pydantic import BeforeValidator, Field

from market.games.disclosure import USER, Disclosure, information_game, partitions
from market.games.families.from_file import Names, Numbers, _as_tuple
from market.games.family import GameFamily, Key, Setting
from market.games.table import MOST_PROFILES

MOST_STATES = 7
SUM_OF_PRIOR = 1e-9
"""The most by which probabilities may miss a sum of 1; they are divided by their sum."""

Rows = Annotated[tuple[Numbers, ...], BeforeValidator(_as_tuple)]
Fault = tuple[tuple[str | int, ...], str]


class InformationGame(GameFamily):
    """providers who know the state commit to what they tell a user, who acts on all that is said."""

    name = "disclosure"
    file_keys: ClassVar[dict[str, Key]] = {
        "states": (Names, Field(min_length=1, description="the names of the states")),
        "prior": (Numbers, Field(description="the probability of each state, in their order; sum 1")),
        "actions": (Names, Field(min_length=1, description="the names of the user's actions")),
        "user": (
            Rows,
            Field(description="utility of the user: a row for each state, a number for each action"),
        ),
    }
    player_keys: ClassVar[dict[str, Key]] = {
        "utility": (
            Rows,
            Field(
                description="of the provider: a row for each state, a number for each of the user's actions"
            ),
        ),
    }

    @classmethod
    def faults(cls, setting: Setting) -> Sequence[Fault]:
        """Return names that repeat, a prior or utilities of a wrong shape, too many states or profiles."""
        keys, found = setting.keys, []
        size, many = len(keys["states"]), len(keys["actions"])
        found += [*_names(keys["states"], "states"), *_names(keys["actions"], "actions")]
        if USER in setting.players:
            found.append((("players",), f"'{USER}' is the name of the user; give the provider another one"))
        if setting.concern is not None:
            found.append((("concern",), "concern is not for disclosure; add it to a provider's utility"))
        if wrong := _prior(keys["prior"], size):
            found.append((("prior",), wrong))
        places: list[tuple[str | int, ...]] = [("user",)]
        places += [("players", i, "utility") for i in range(len(keys["players"]))]
        given = [keys["user"], *(each["utility"] for each in keys["players"])]
        for place, rows in zip(places, given, strict=True):
            if len(rows) != size or any(len(row) != many for row in rows):
                lengths = sorted({len(row) for row in rows})
                why = (
                    f"{len(rows)} rows of {lengths} numbers; {size} rows of {many} are needed, a row a state"
                )
                found.append((place, why))
        if size > MOST_STATES:
            found.append((("states",), f"{size} states; at most {MOST_STATES} can be partitioned"))
        elif (count := len(partitions(size)) ** len(setting.players)) > MOST_PROFILES:
            why = f"{count:,} profiles of partitions; at most {MOST_PROFILES:,} fit a table"
            found.append((("players",), why))
        return found

    @classmethod
    def build(cls, setting: Setting) -> Disclosure:
        """Return the game; its last player is the user."""
        keys = setting.keys
        prior = np.array(keys["prior"], dtype=float)
        utility = np.zeros((len(setting.players) + 1, len(keys["states"]), len(keys["actions"])))
        for each, rows in zip(keys["players"], setting.groups.values(), strict=True):
            utility[rows] = np.array(each["utility"], dtype=float)
        utility[-1] = np.array(keys["user"], dtype=float)
        return information_game(
            keys["states"],
            prior / prior.sum(),
            keys["actions"],
            utility,
            setting.players,
            comparable=setting.comparable,
            groups=dict(setting.groups),
            seed=setting.seed,
        )


def _names(names: Sequence[str], key: str) -> list[Fault]:
    """Return names that are given twice, or cannot stand in the name of a partition."""
    found: list[Fault] = []
    for place, name in enumerate(names):
        if not name or name != name.strip() or not name.isprintable() or set(name) & set(",|+"):
            why = f"'{name}' cannot be a name here; leave out commas, + and |, and blanks at its ends"
            found.append(((key, place), why))
        elif name in names[:place]:
            found.append(((key, place), f"'{name}' is named twice"))
    return found


def _prior(prior: Sequence[float], size: int) -> str | None:
    """Return a fault of a prior; None if there is none."""
    if len(prior) != size:
        return f"{len(prior)} probabilities for {size} states"
    if not all(p > 0 for p in prior):
        return "every probability must be > 0; leave out states that never occur"
    total = float(np.sum(prior))
    return None if abs(total - 1.0) <= SUM_OF_PRIOR else f"probabilities add up to {total:.10g}, not to 1"
