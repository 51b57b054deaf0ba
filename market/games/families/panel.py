"""Reviewers approve or object to what is proposed: `outcomes`, `baseline`, `[proposals]`, utilities."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, ClassVar

import numpy as np
from pydantic import Field

from market.games.families.from_file import Names, Numbers
from market.games.family import GameFamily, Key, Setting
from market.games.panel import NOTHING, PRINCIPAL, PROPOSER, Panel, panel
from market.games.table import LARGEST_PAYOFF, MOST_PROFILES

MOST_COMMITTEES = 1_000
SUM_OF_LOTTERY = 1e-9
"""The most by which probabilities may miss a sum of 1; they are divided by their sum."""

Place = tuple[str | int, ...]
Fault = tuple[Place, str]


class PanelGame(GameFamily):
    """reviewers vote on a proposal of unknown aims; few enough objections let it pass."""

    name = "panel"
    file_keys: ClassVar[dict[str, Key]] = {
        "outcomes": (Names, Field(min_length=1, description="the names of the outcomes")),
        "baseline": (
            Numbers,
            Field(description="the probability of each outcome if nothing is carried out; sum 1"),
        ),
        "proposals": (
            dict[str, Numbers],
            Field(min_length=1, description="name = the probability of each outcome; sum 1"),
        ),
        "principal": (Numbers, Field(description="utility of the principal, a number for each outcome")),
        "proposer": (
            Numbers,
            Field((), description="utility of the proposer, a number for each outcome; 0 if it is not known"),
        ),
        "objections": (
            Annotated[int, Field(ge=0)],
            Field(0, description="the most objections with which a proposal is carried out"),
        ),
    }
    player_keys: ClassVar[dict[str, Key]] = {
        "utility": (Numbers, Field(description="of the reviewer: a number for each outcome")),
    }

    @classmethod
    def faults(cls, setting: Setting) -> Sequence[Fault]:
        """Return names that repeat, lotteries or utilities that do not fit the outcomes, too many votes."""
        keys, found = setting.keys, list[Fault]()
        n, many, k = len(setting.players), len(keys["proposals"]), keys["objections"]
        for name in (PRINCIPAL, PROPOSER):
            if name in setting.players or name in setting.groups:
                found.append((("players",), f"'{name}' is a player anyway; give the reviewer another name"))
        if setting.concern is not None:
            found.append((("concern",), "concern is not for panels; add it to a reviewer's utility"))
        found += _names(keys["outcomes"], "outcomes")
        found += [
            (
                ("proposals", name),
                f"'{name}' cannot name a proposal; leave out blanks at its ends and '{NOTHING}'",
            )
            for name in keys["proposals"]
            if not name or name != name.strip() or not name.isprintable() or name == NOTHING
        ]
        size = len(keys["outcomes"])
        lotteries: dict[Place, Sequence[float]] = {("baseline",): keys["baseline"]}
        lotteries |= {("proposals", name): given for name, given in keys["proposals"].items()}
        found += [(place, why) for place, p in lotteries.items() if (why := _lottery(p, size))]
        utilities: dict[Place, Sequence[float]] = {("principal",): keys["principal"]}
        if keys["proposer"]:
            utilities["proposer",] = keys["proposer"]
        utilities |= {("players", i, "utility"): each["utility"] for i, each in enumerate(keys["players"])}
        found += [(place, why) for place, u in utilities.items() if (why := _utility(u, size))]
        if k >= n:
            why = f"{k} of {n} reviewers may object, so that all proposals are carried out; at most {n - 1}"
            found.append((("objections",), why))
        elif 2.0**n * (many + 1) > MOST_PROFILES:
            why = (
                f"{n} reviewers and {many} proposals; at most {MOST_PROFILES:,} profiles of votes fit a table"
            )
            found.append((("players",), why))
        elif (count := math.comb(n, k)) > MOST_COMMITTEES:
            why = f"{count:,} committees of {n - k} reviewers; at most {MOST_COMMITTEES:,} are judged"
            found.append((("objections",), why))
        return found

    @classmethod
    def build(cls, setting: Setting) -> Panel:
        """Return the game; its last players are the principal and the proposer."""
        keys, n = setting.keys, len(setting.players)
        utility = np.zeros((n + 2, len(keys["outcomes"])))
        for each, rows in zip(keys["players"], setting.groups.values(), strict=True):
            utility[rows] = np.array(each["utility"], dtype=float)
        utility[n] = np.array(keys["principal"], dtype=float)
        if keys["proposer"]:
            utility[n + 1] = np.array(keys["proposer"], dtype=float)
        baseline = np.array(keys["baseline"], dtype=float)
        lotteries = np.array(list(keys["proposals"].values()), dtype=float)
        return panel(
            setting.players,
            keys["outcomes"],
            baseline / baseline.sum(),
            list(keys["proposals"]),
            lotteries / lotteries.sum(axis=1, keepdims=True),
            utility,
            objections=keys["objections"],
            comparable=setting.comparable,
            groups=dict(setting.groups),
            seed=setting.seed,
        )


def _names(names: Sequence[str], key: str) -> list[Fault]:
    """Return names that are given twice or are empty."""
    found: list[Fault] = []
    for place, name in enumerate(names):
        if not name.strip() or not name.isprintable():
            found.append(((key, place), "an empty name; write a word"))
        elif name in names[:place]:
            found.append(((key, place), f"'{name}' is named twice"))
    return found


def _lottery(p: Sequence[float], size: int) -> str | None:
    """Return a fault of a lottery over outcomes; None if there is none."""
    if len(p) != size:
        return f"{len(p)} probabilities for {size} outcomes"
    if not all(each >= 0 for each in p):
        return "every probability must be >= 0"
    total = float(np.sum(p))
    return None if abs(total - 1.0) <= SUM_OF_LOTTERY else f"probabilities add up to {total:.10g}, not to 1"


def _utility(u: Sequence[float], size: int) -> str | None:
    """Return a fault of utilities of outcomes; None if there is none."""
    if len(u) != size:
        return f"{len(u)} numbers for {size} outcomes"
    if max(map(abs, u)) > LARGEST_PAYOFF:
        return f"a utility is beyond {LARGEST_PAYOFF:g} in size; write utilities in a larger unit"
    return None
