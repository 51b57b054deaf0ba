"""From the text of a scenario file to a validated, frozen `Scenario`.

`load` and `loads` find all faults of a text at once and raise them as one `ScenarioError`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from pydantic import InstanceOf, ValidationError

from market.display import Displayed
from market.errors import Fault, InputError, ScenarioError, UnreadableError, did_you_mean
from market.mechanisms import Barter, Mechanism
from market.mechanisms.trading.barter.networks import Acquaintances
from market.scenario.data_files import Data
from market.scenario.document import Document
from market.scenario.error_messages import (
    cross_checks,
    make_scenario_error,
    model_findings,
    read_acquaintances,
    read_all_data,
    read_names,
)
from market.scenario.game_loading import GameScenario, read_game
from market.scenario.overrides import Override, apply_overrides
from market.scenario.step_files import put_steps
from market.scenario.toml_text import Source, decode, escape, read_bytes


class Scenario(Document, Displayed):
    """A valid scenario: the file's keys as attributes, and its source.

    Args:
        file: the name of the file, as given.
        folder: the folder of the data files: that of the file, unless another was named.
        text: the text of the file.
        sha256: the checksum of the file's bytes, without overrides.
        overrides: changes to single values, `path=value`, in the order in which they apply.
        places: the keys that the overrides set.
        data: columns of the agents' data files, by index in `agents`.
        acquaintances: rows of the data files of edges, by index in `mechanisms`.
        step_files: data files from which bids and offers were read.
    """

    file: str
    folder: Path | None
    text: str
    sha256: str
    overrides: tuple[str, ...]
    places: tuple[Override, ...]
    data: dict[int, InstanceOf[Data]]
    acquaintances: dict[int, InstanceOf[Acquaintances]]
    step_files: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Return title, goods and mechanisms, on a line."""
        return f"<Scenario '{self.title}': {', '.join(self.goods)}; {', '.join(self.mechanism_names)}>"

    __str__ = __repr__

    @property
    def files(self) -> tuple[str, ...]:
        """All data files that were read, as the scenario names them."""
        groups = (data.file for data in self.data.values())
        edges = (known.file for known in self.acquaintances.values())
        return (*groups, *edges, *self.step_files)

    @property
    def mechanism_names(self) -> tuple[str, ...]:
        """The names of the mechanisms, in order."""
        return tuple(entry.name for entry in self.mechanisms)

    def mechanism(self, label: str) -> Mechanism:
        """Return the mechanism of that name.

        Raises:
            InputError: no mechanism has it.
        """
        for index, entry in enumerate(self.mechanisms):
            if entry.name == label:
                made = entry.make()
                known = self.acquaintances.get(index)
                return replace(made, acquaintances=known) if isinstance(made, Barter) and known else made
        raise InputError(f"no mechanism '{escape(label)}'; {did_you_mean(label, self.mechanism_names)}")


def load(
    path: str | Path, overrides: Iterable[str] = (), data_dir: str | Path | None = None
) -> Scenario | GameScenario:
    """Read a scenario file: of an economy, or of a game if it has the key `game`.

    Args:
        path: the TOML file.
        overrides: changes to single values, applied in order, for instance
            "agents.alpha.utility.weights.water=2".
        data_dir: the folder of the data files; by default that of the TOML file.

    Raises:
        ScenarioError: the scenario has faults; the message lists all of them.
        InputError: `data_dir` is not a folder.
    """
    path = Path(path)
    if data_dir is not None and not Path(data_dir).is_dir():
        raise InputError(f"--data-dir '{escape(str(data_dir), 1000)}': no such folder")
    try:
        content = read_bytes(path)
        text = decode(content)
    except InputError as error:
        raise ScenarioError(escape(str(path), 1000), [Fault(str(error))]) from None
    folder = path.parent if data_dir is None else Path(data_dir)
    return _validated(Source(str(path), text), content, escape(path.stem), folder, tuple(overrides))


def load_economy(
    path: str | Path, overrides: Iterable[str] = (), data_dir: str | Path | None = None
) -> Scenario:
    """Read a scenario file of an economy, as `load` does.

    Raises:
        InputError: it states a game.
    """
    return as_economy(load(path, overrides, data_dir))


def as_economy(read: Scenario | GameScenario) -> Scenario:
    """Return a scenario of an economy unchanged.

    Raises:
        InputError: it states a game.
    """
    if isinstance(read, GameScenario):
        raise InputError(f"'{escape(read.file, 1000)}' states a game, and this needs an economy")
    return read


def loads(
    text: str, name: str = "<text>", folder: Path | None = None, overrides: Iterable[str] = ()
) -> Scenario | GameScenario:
    """Read a scenario from text.

    Args:
        text: the scenario, as TOML.
        name: the name by which messages call it.
        folder: the folder of its data files; None if it has none.
        overrides: changes to single values, as for `load`.

    Raises:
        ScenarioError: the scenario has faults; the message lists all of them.
        TypeError: `text` is not a string.

    Example:
        >>> scenario = loads('''
        ...     schema = 1
        ...     economy = "quasilinear"
        ...     goods = ["water"]
        ...     commons.water = 10
        ...     agents = [{ name = "alpha", utility = { family = "log", weights = { water = 1 } } }]
        ...     mechanisms = [{ name = "prices", kind = "auctioneer" }]
        ... ''')
        >>> scenario.mechanism_names
        ('prices',)
    """
    if not isinstance(text, str):
        raise TypeError(f"a scenario is text, not {type(text).__name__}; use `load` for a file")
    try:
        content = text.encode()
    except UnicodeEncodeError as error:
        fault = Fault(f"character {error.start + 1} is half of a surrogate pair, which text cannot contain")
        raise ScenarioError(escape(name), [fault]) from None
    return _validated(Source(name, text), content, name, folder, tuple(overrides))


def _validated(
    source: Source, content: bytes, title: str, folder: Path | None, overrides: tuple[str, ...]
) -> Scenario | GameScenario:
    """Return the scenario, or raise all faults of it."""
    values = source.parse()
    if "game" in values:
        return read_game(source, values, content, title, folder, overrides)
    places, astray = apply_overrides(values, overrides)
    data, findings, unreadable = read_all_data(values, folder)
    step_files, wrong, unread = put_steps(values, folder)
    acquaintances, more, unread_too = read_acquaintances(values, folder)
    findings, unreadable = findings + wrong + more, unreadable or unread or unread_too
    known = read_names(values, data)
    document = None
    try:
        document = Document.model_validate(values, context=known)
    except ValidationError as error:
        findings += model_findings(error, known)
    findings += cross_checks(values, known, data)
    if document is None or findings or astray:
        refused = make_scenario_error(source, places, findings, astray)
        raise UnreadableError(refused.file, refused.faults) if unreadable else refused
    keys = {key: getattr(document, key) for key in Document.model_fields}
    keys["title"] = document.title or title
    return Scenario.model_construct(  # all values were validated just now
        **keys,
        file=source.name,
        folder=folder,
        text=source.text,
        sha256=hashlib.sha256(content).hexdigest(),
        overrides=overrides,
        places=tuple(places),
        data=data,
        step_files=step_files,
        acquaintances=acquaintances,
    )
