"""From the text of a scenario file of a game to a validated, frozen `GameScenario`, and to the game itself.

Every number drawn has its own generators, derived from the seed, the group's name and the parameter.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from market.display import Displayed
from market.economy.correspondences import Array
from market.errors import InputError, ScenarioError, UnreadableError, did_you_mean
from market.games.base import StrategicGame
from market.games.families import GAME_FAMILIES
from market.games.family import GameFamily, MisfitError, Setting
from market.games.mechanisms import GameMechanism
from market.games.mechanisms.learning import Learning
from market.random_streams import generator
from market.scenario.data_files import Data, row_name
from market.scenario.distributions import DISTRIBUTIONS, draw, split_by_stream
from market.scenario.error_messages import (
    Finding,
    group_checks,
    make_scenario_error,
    model_findings,
    read_all_data,
    read_names,
)
from market.scenario.game_document import GameDocument, family_of, models_of
from market.scenario.models import Column, describe_size_fault
from market.scenario.overrides import Override, apply_overrides
from market.scenario.payoff_files import put_payoffs
from market.scenario.toml_text import Source, escape


@dataclass(frozen=True)
class GameScenario(Displayed):
    """A valid scenario of a game, and its source.

    Args:
        document: the keys of the file.
        file: the name of the file, as given.
        folder: the folder of the data files; None if there is none.
        text: the text of the file.
        sha256: the checksum of the file's bytes, without overrides.
        overrides: changes to single values, `path=value`, in the order in which they apply.
        places: the keys that the overrides set.
        data: columns of the players' data files, by index in `players`.
        payoff_files: data files of payoffs that were read.
        title: of the scenario; the file's name if it has none.
    """

    document: GameDocument
    file: str
    folder: Path | None
    text: str
    sha256: str
    overrides: tuple[str, ...]
    places: tuple[Override, ...]
    data: Mapping[int, Data]
    payoff_files: tuple[str, ...]
    title: str

    def __repr__(self) -> str:
        """Return title, family and mechanisms, on a line."""
        return f"<GameScenario '{self.title}': {self.document.game}; {', '.join(self.mechanism_names)}>"

    @property
    def description(self) -> str:
        """The story and what to look for."""
        return self.document.description

    @property
    def seed(self) -> int:
        """The root of all random draws."""
        return self.document.seed

    @property
    def family(self) -> type[GameFamily]:
        """The family of the game."""
        return GAME_FAMILIES[self.document.game]

    @property
    def files(self) -> tuple[str, ...]:
        """All data files that were read, as the scenario names them."""
        return (*(data.file for data in self.data.values()), *self.payoff_files)

    @property
    def group_names(self) -> tuple[str, ...]:
        """The names of the groups of players, in order; those of the family where the file names none."""
        entries: tuple[Any, ...] = self.document.players  # type: ignore[attr-defined]
        return tuple(entry.name for entry in entries) or tuple(self.family.usual_players)

    @property
    def mechanism_names(self) -> tuple[str, ...]:
        """The names of the mechanisms, in order."""
        return tuple(entry.name for entry in self.document.mechanisms)

    @property
    def learns(self) -> bool:
        """True if players learn under some mechanism."""
        return any(entry.kind == Learning.name for entry in self.document.mechanisms)

    def mechanism(self, label: str) -> GameMechanism:
        """Return the mechanism of that name.

        Raises:
            InputError: no mechanism has it.
        """
        for entry in self.document.mechanisms:
            if entry.name == label:
                return entry.make()
        raise InputError(f"no mechanism '{escape(label)}'; {did_you_mean(label, self.mechanism_names)}")

    def refused(self, label: str, why: InputError) -> ScenarioError:
        """Return the refusal of a mechanism to play this game, at its place in the file."""
        place = ("mechanisms", self.mechanism_names.index(label))
        return make_scenario_error(Source(self.file, self.text), self.places, [Finding(place, str(why))])


def read_game(
    source: Source,
    values: dict[str, Any],
    content: bytes,
    title: str,
    folder: Path | None,
    overrides: tuple[str, ...],
) -> GameScenario:
    """Return the scenario of a game, or raise all faults of it.

    Args:
        source: the file's name and text.
        values: the file as parsed, without overrides; they are applied to it.
        content: the file's bytes.
        title: the title if the file has none.
        folder: of the data files.
        overrides: changes to single values.

    Raises:
        ScenarioError: the scenario has faults; the message lists all of them.
    """
    places, astray = apply_overrides(values, overrides)
    family = family_of(values)
    if isinstance(family, str):
        raise make_scenario_error(source, places, [Finding(("game",), family)], astray)
    models = models_of(family)
    payoff_files, wrong, unread = put_payoffs(values, folder)
    data, findings, unreadable = read_all_data(values, folder, "players")
    findings, unreadable = findings + wrong, unreadable or unread
    if "economy" in values:
        findings.append(Finding(("economy",), "a scenario has an economy or a game, not both; leave one out"))
    known = read_names(values, data, "players")
    document = None
    try:
        document = models["file"].model_validate(values, context=known)
    except ValidationError as error:
        findings += model_findings(error, known, models)
    findings += group_checks(values, known, data, "players")
    if document is None or findings or astray:
        refused = make_scenario_error(source, places, findings, astray)
        raise UnreadableError(refused.file, refused.faults) if unreadable else refused
    assert isinstance(document, GameDocument)
    return GameScenario(
        document=document,
        file=source.name,
        folder=folder,
        text=source.text,
        sha256=hashlib.sha256(content).hexdigest(),
        overrides=overrides,
        places=tuple(places),
        data=data,
        payoff_files=payoff_files,
        title=document.title or title,
    )


def build_game(scenario: GameScenario, seed: int | None = None) -> StrategicGame:
    """Return the game of a scenario, with numbers drawn or read.

    Args:
        scenario: read by `load`.
        seed: of all draws; the scenario's own if not given.

    Raises:
        InputError: a number drawn or read is out of its range, or the game cannot be made.
    """
    if seed is not None and not 0 <= seed < 2**63:
        raise InputError(f"seed {seed} is out of range; it must be 0 to 2**63 - 1")
    return _Builder(scenario, scenario.seed if seed is None else seed).game()


class _Builder:
    """One build of a game: the rows of its groups, and the faults found so far."""

    def __init__(self, scenario: GameScenario, seed: int) -> None:
        self.scenario, self.seed = scenario, seed
        self.family = scenario.family
        self.entries: tuple[Any, ...] = scenario.document.players  # type: ignore[attr-defined]
        self.findings: list[Finding] = []
        self.players, self.groups = self._named()

    def game(self) -> StrategicGame:
        family, document, n = self.family, self.scenario.document, len(self.players)
        if n < family.least_players or n > (family.most_players or n):
            least, most = family.least_players, family.most_players
            many = f"{least}" if least == most else f"{least} to {most}" if most else f"at least {least}"
            self.findings.append(Finding(("players",), f"{family.name} has {many} players; there are {n}"))
        numbers: dict[str, Any] = {
            key: getattr(document.parameters, key)  # type: ignore[attr-defined]
            for key in family.game_parameters
        }
        numbers |= {key: self._of_players(key) for key in family.player_parameters}
        setting = Setting(
            players=self.players,
            groups=self.groups,
            comparable=document.comparable,
            concern=self._concern(),
            seed=self.seed,
            parameters=numbers,
            keys={
                key: getattr(document, key) for key in (*family.file_keys, "start") if hasattr(document, key)
            }
            | {"players": [{key: getattr(each, key) for key in family.player_keys} for each in self.entries]},
            folder=self.scenario.folder,
        )
        if not self.findings:
            self.findings += [Finding(place, message) for place, message in family.faults(setting)]
        if self.findings:
            raise self._error()
        try:
            return family.build(setting)
        except MisfitError as error:
            self.findings.append(Finding(error.place, str(error)))
            raise self._error() from error
        except InputError as error:
            raise InputError(f"{escape(self.scenario.file, 1000)}: {error}") from error

    def _error(self) -> ScenarioError:
        """Return the faults found, each at its place."""
        source = Source(self.scenario.file, self.scenario.text)
        return make_scenario_error(source, self.scenario.places, self.findings)

    def _named(self) -> tuple[tuple[str, ...], dict[str, NDArray[np.intp]]]:
        """Return the players' names, and the rows of each group."""
        if not self.entries:
            usual = tuple(self.family.usual_players)
            return usual, {name: np.array([i]) for i, name in enumerate(usual)}
        names: list[str] = []
        groups: dict[str, NDArray[np.intp]] = {}
        for index, entry in enumerate(self.entries):
            data = self.scenario.data.get(index)
            size = entry.count if data is None else data.rows
            own = None if data is None else data.names
            numbered = [f"{entry.name}[{k}]" for k in range(size)]
            groups[entry.name] = np.arange(len(names), len(names) + size)
            names += own or ([entry.name] if size == 1 and data is None else numbered)
        return tuple(names), groups

    def _of_players(self, key: str) -> Array:
        """Return a number for each player, as written, drawn or read, with its range checked."""
        parameter, numbers = self.family.player_parameters[key], np.zeros(len(self.players))
        if not self.entries:
            numbers[:] = 0.0 if parameter.absent is None else parameter.absent
        for index, (entry, rows) in enumerate(zip(self.entries, self.groups.values(), strict=True)):
            given = getattr(entry, key)
            numbers[rows] = given if isinstance(given, int | float) else self._numbers(index, key, given)
            for row in rows.tolist():
                value = float(numbers[row])
                if value == parameter.absent:
                    continue
                wrong = parameter.fault(value) if np.isfinite(value) else f"{value} is not a finite number"
                if wrong := wrong or describe_size_fault(value):
                    who = self._source(index, given, row - int(rows[0]), self.players[row])
                    self.findings.append(Finding(("players", index, key), f"{who}{wrong}"))
                    break
        return numbers

    def _numbers(self, index: int, key: str, given: Any) -> Array:
        """Return a number for each member of a group, read or drawn."""
        if isinstance(given, Column):
            return self.scenario.data[index].columns[given.column]
        name = self.entries[index].name
        size = len(self.groups[name])

        def rng(stream: int) -> np.random.Generator:
            return generator(self.seed, "players", name, key, stream=stream)

        parts = split_by_stream(range(size))
        return np.concatenate(
            [draw(DISTRIBUTIONS[given.dist], rng, some, **given.parameters()) for some in parts]
        )

    def _source(self, index: int, given: Any, member: int, player: str) -> str:
        """Return where a wrong number came from, as the beginning of a message; empty if it was written."""
        if isinstance(given, int | float):
            return ""
        if isinstance(given, Column):
            file = self.scenario.data[index].file
            return f"{escape(file)}, {row_name(self.scenario.folder, file, member)}: "
        return f"drawn for {escape(player)}: "

    def _concern(self) -> Array | None:
        """Return concern, (n, n) with a diagonal of 0; None without."""
        given, n = self.scenario.document.concern, len(self.players)
        if isinstance(given, int | float):
            return None if given == 0 else float(given) * (1.0 - np.eye(n))
        if len(given) != n or any(len(row) != n for row in given):
            shape = f"{len(given)} rows of {sorted({len(row) for row in given})} numbers"
            message = f"{shape}; {n} rows of {n} numbers are needed, for {n} players"
            self.findings.append(Finding(("concern",), message))
            return None
        matrix = np.array(given, dtype=float)
        if np.diagonal(matrix).any():
            self.findings.append(
                Finding(
                    ("concern",), "a player's concern for itself is its own payoff; write 0 on the diagonal"
                )
            )
        return matrix if matrix.any() else None
