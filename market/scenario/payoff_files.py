"""Payoffs of a table from a data file, put in the place of `[payoffs]` and of the players' actions.

    data = "payoffs.csv"     a row for each profile: a column with each player's action, named as the player,
                             and a column of its payoffs, `payoff[player]`
    data = "game.nfg"        a game in Gambit's text format (`nfg.py`)

Players and actions may be left out of the scenario: they are then those of the file, in its order. A scenario
that names them orders them itself; with a file of Gambit, whose names are often numbers, it gives the names.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from market.errors import InputError, did_you_mean
from market.games.families import GAME_FAMILIES
from market.games.table import LARGEST_PAYOFF, MOST_PROFILES
from market.scenario.data_files import read_columns, read_data, read_text, read_words, row_name
from market.scenario.error_messages import Finding
from market.scenario.nfg import MOST_BYTES, MOST_PLAYERS, StrategicForm, read_nfg
from market.scenario.toml_text import escape

MOST_NAMED = 5  # profiles that a message names
UNREAD = {"actions": ["?"]}
"""Stands for what a file would have had, so that a fault of it is no second one elsewhere."""


def put_payoffs(values: dict[str, Any], folder: Path | None) -> tuple[tuple[str, ...], list[Finding], bool]:
    """Replace the name of a data file by its payoffs, in the values of a scenario of a game.

    Returns:
        The files that were read; their faults; True if the operating system did not let one be read.
    """
    game, file = values.get("game"), values.get("data")
    known = isinstance(game, str) and game in GAME_FAMILIES and "data" in GAME_FAMILIES[game].file_keys
    if not known or not isinstance(file, str):
        return (), [], False
    unreadable = False
    try:
        if values.get("payoffs"):
            raise InputError("payoffs are in the scenario too; leave out [payoffs] or data")
        entries = _entries(values)
        nfg = Path(file).suffix.lower() == ".nfg"
        form = _of_nfg(folder, file, entries) if nfg else _of_rows(folder, file, entries)
        if np.abs(form.payoffs).max() > LARGEST_PAYOFF:
            raise InputError(f"a payoff is beyond {LARGEST_PAYOFF:g} in size; write payoffs in a larger unit")
    except InputError as error:
        finding = Finding(("data",), f"'{escape(file)}': {error}")
    except OSError as error:
        why = (error.strerror or str(error)).lower()
        finding, unreadable = Finding(("data",), f"'{escape(file)}': cannot be read: {why}"), True
    else:
        _put(values, entries, form)
        return (file,), [], False
    values.setdefault("players", [{"name": "player"}])
    for entry in values["players"] if isinstance(values["players"], list) else ():
        if isinstance(entry, dict):
            entry.setdefault("actions", UNREAD["actions"])
    return (), [finding], unreadable


def _entries(values: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the tables of players, as far as they can be read; none if there are none."""
    given = values.get("players", [])
    entries = [entry for entry in given if isinstance(entry, dict)] if isinstance(given, list) else []
    for entry in entries:
        count = entry.get("count", 1)
        if not isinstance(count, int) or not 1 <= count <= MOST_PLAYERS:
            raise InputError(f"a group of players needs a count of 1 to {MOST_PLAYERS}")
        if "data" in entry:
            raise InputError("players whose payoffs are in a data file have no data files of their own")
    if sum(entry.get("count", 1) for entry in entries) > MOST_PLAYERS:
        raise InputError(f"at most {MOST_PLAYERS} players fit a table")
    return entries


def _members(entry: dict[str, Any]) -> list[str]:
    """Return the names of the players of a group."""
    count, name = entry.get("count", 1), str(entry.get("name"))
    return [name] if count == 1 else [f"{name}[{k}]" for k in range(count)]


def _own_actions(entry: dict[str, Any]) -> list[str] | None:
    """Return the actions that the scenario names; None if it does not."""
    own = entry.get("actions")
    return [str(name) for name in own] if isinstance(own, list) else None


def _put(values: dict[str, Any], entries: Sequence[dict[str, Any]], form: StrategicForm) -> None:
    """Write players, actions and payoffs into the values."""
    if entries:
        first = 0
        for entry in entries:
            entry.setdefault("actions", list(form.actions[first]))
            first += entry.get("count", 1)
    else:
        values["players"] = [
            {"name": name, "actions": list(own)} for name, own in zip(form.players, form.actions, strict=True)
        ]
    profiles = (", ".join(profile) for profile in itertools.product(*form.actions))
    rows = form.payoffs.reshape(-1, len(form.players)).tolist()
    values["payoffs"] = dict(zip(profiles, rows, strict=True))


def _of_nfg(folder: Path | None, file: str, entries: Sequence[dict[str, Any]]) -> StrategicForm:
    """Return the game of a file of Gambit, with the names that the scenario gives."""
    form = read_nfg(read_text(folder, file, MOST_BYTES))
    if not entries:
        return form
    players = [name for entry in entries for name in _members(entry)]
    if len(players) != len(form.players):
        raise InputError(f"{len(form.players)} players; the scenario names {len(players)}")
    actions: list[tuple[str, ...]] = []
    for entry in entries:
        own = _own_actions(entry)
        for name in _members(entry):
            there = form.actions[len(actions)]
            chosen = there if own is None else tuple(own)
            if len(chosen) != len(there):
                raise InputError(f"{len(there)} actions of {name}; the scenario names {len(chosen)}")
            actions.append(chosen)
        if len(set(actions[-entry.get("count", 1) :])) > 1:
            raise InputError(f"members of '{escape(str(entry.get('name')))}' have actions of different names")
    return StrategicForm(tuple(players), tuple(actions), form.payoffs)


def _of_rows(folder: Path | None, file: str, entries: Sequence[dict[str, Any]]) -> StrategicForm:
    """Return the game of a table with a row for each profile."""
    columns = read_columns(folder, file)
    players = [name for entry in entries for name in _members(entry)]
    players = players or [name for name in columns if f"payoff[{name}]" in columns]
    if not 0 < len(players) <= MOST_PLAYERS:
        raise InputError(
            f"line 1: {len(players)} players; a player, of 1 to {MOST_PLAYERS}, has a column with its name "
            f"and a column 'payoff[name]'"
        )
    words = read_words(folder, file, players)
    numbers = [f"payoff[{name}]" for name in players]
    data, faults = read_data(folder, file, numbers)
    for column, fault in faults.items():
        raise InputError(f"column '{escape(column, 40)}': {fault}")
    if data.rows > MOST_PROFILES:
        raise InputError(f"{data.rows:,} profiles; at most {MOST_PROFILES:,} fit a table")

    def line(row: int) -> str:
        return row_name(folder, file, row)

    actions = _actions_of(entries, words, line)
    sizes = tuple(map(len, actions))
    if math.prod(sizes) > MOST_PROFILES:
        raise InputError(f"{math.prod(sizes):,} profiles; at most {MOST_PROFILES:,} fit a table")
    numbered = [{name: k for k, name in enumerate(own)} for own in actions]
    chosen = [[of[word] for word in column] for of, column in zip(numbered, words, strict=True)]
    places = np.ravel_multi_index(tuple(map(np.array, chosen)), sizes)
    _refuse_gaps(places, actions, line)
    payoffs = np.empty((math.prod(sizes), len(players)))
    payoffs[places] = np.stack([data.columns[name] for name in numbers], axis=1)
    return StrategicForm(tuple(players), actions, payoffs.reshape(*sizes, len(players)))


def _actions_of(
    entries: Sequence[dict[str, Any]], words: Sequence[Sequence[str]], line: Callable[[int], str]
) -> tuple[tuple[str, ...], ...]:
    """Return each player's actions: those of the scenario, else those of its column, in order of appearance.

    Args:
        entries: tables of players; none if the file names them.
        words: for each player the actions in its column.
        line: the name of a row, for messages.
    """
    actions: list[tuple[str, ...]] = []
    for entry in entries or [{} for _ in words]:
        columns = words[len(actions) : len(actions) + entry.get("count", 1)]
        own = _own_actions(entry)
        named = tuple(dict.fromkeys(itertools.chain(*columns)) if own is None else own)
        for row, word in itertools.chain(*map(enumerate, columns)):
            if not word or "," in word or not word.isprintable():
                raise InputError(f"{line(row)}: '{escape(word, 40)}' cannot name an action; leave out commas")
            if own is not None and word not in own:
                some = f"of {escape(str(entry.get('name')), 40)}; {did_you_mean(word[:100], own)}"
                raise InputError(f"{line(row)}: '{escape(word, 40)}' is no action {some}")
        actions += [named] * len(columns)
    return tuple(actions)


def _refuse_gaps(places: Any, actions: tuple[tuple[str, ...], ...], line: Callable[[int], str]) -> None:
    """Refuse profiles that stand in two rows, and those that stand in none.

    Args:
        places: the number of each row's profile.
        actions: of each player.
        line: the name of a row, for messages.
    """
    sizes = tuple(map(len, actions))

    def named(place: int) -> str:
        profile = np.unravel_index(place, sizes)
        return "'" + ", ".join(own[k] for own, k in zip(actions, profile, strict=True)) + "'"

    _, first = np.unique(places, return_index=True)
    if len(first) < len(places):
        again = int(np.setdiff1d(np.arange(len(places)), first)[0])
        before = int(np.flatnonzero(places == places[again])[0])
        raise InputError(f"{line(again)}: the profile {named(places[again])} is in {line(before)} already")
    missing = np.setdiff1d(np.arange(math.prod(sizes)), places)
    if len(missing):
        some = "; ".join(named(place) for place in missing[:MOST_NAMED].tolist())
        more = f" and {len(missing) - MOST_NAMED:,} more" if len(missing) > MOST_NAMED else ""
        raise InputError(f"no row, after {line(len(places) - 1)}, has the profile {some}{more}")
