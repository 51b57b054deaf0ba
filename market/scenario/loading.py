"""From the text of a scenario file to a validated, frozen `Scenario`.

`load` and `loads` find everything that is wrong with a text at once and raise one `ScenarioError`.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from pathlib import Path

from pydantic import InstanceOf, ValidationError

from market.errors import Fault, InputError, ScenarioError, did_you_mean
from market.mechanisms import Mechanism
from market.scenario.data_files import Data
from market.scenario.document import Document
from market.scenario.error_messages import (
    cross_checks,
    make_scenario_error,
    model_findings,
    read_all_data,
    read_names,
)
from market.scenario.overrides import Override, apply_overrides
from market.scenario.toml_text import Source, decode, escape, read_bytes


class Scenario(Document):
    """A scenario that was found to be sound: the file's keys as attributes, and where it came from.

    Args:
        file: the name of the file, as given.
        folder: where it is; data files are looked for there.
        text: what it says.
        sha256: of the file's bytes, whatever was changed by overrides.
        overrides: `path=value`, applied in this order.
        places: where the overrides lead.
        data: what the agents' data files hold, by index in `agents`.
    """

    file: str
    folder: Path | None
    text: str
    sha256: str
    overrides: tuple[str, ...]
    places: tuple[Override, ...]
    data: dict[int, InstanceOf[Data]]

    def __repr__(self) -> str:
        """Title, size and mechanisms, on a line."""
        return f"<Scenario '{self.title}': {', '.join(self.goods)}; {', '.join(self.mechanism_names)}>"

    __str__ = __repr__

    @property
    def mechanism_names(self) -> tuple[str, ...]:
        """The names of the mechanisms, in order."""
        return tuple(entry.name for entry in self.mechanisms)

    def mechanism(self, label: str) -> Mechanism:
        """The mechanism of that name.

        Raises:
            InputError: there is none.
        """
        for entry in self.mechanisms:
            if entry.name == label:
                return entry.make()
        raise InputError(f"no mechanism '{escape(label)}'; {did_you_mean(label, self.mechanism_names)}")


def load(path: str | Path, overrides: Iterable[str] = ()) -> Scenario:
    """Read a scenario file.

    Args:
        path: of the TOML file.
        overrides: assignments such as "agents.alpha.utility.weights.water=2", applied in order.

    Raises:
        ScenarioError: with everything that is wrong.
    """
    path = Path(path)
    try:
        content = read_bytes(path)
        text = decode(content)
    except InputError as error:
        raise ScenarioError(escape(str(path), 1000), [Fault(str(error))]) from None
    return _validated(Source(str(path), text), content, escape(path.stem), path.parent, tuple(overrides))


def loads(
    text: str, name: str = "<text>", folder: Path | None = None, overrides: Iterable[str] = ()
) -> Scenario:
    """Read a scenario from text.

    Args:
        text: TOML.
        name: stands for the file in messages.
        folder: where data files are looked for; without it there can be none.
        overrides: as for `load`.

    Raises:
        ScenarioError: with everything that is wrong.
        TypeError: what is given is no text.

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
        raise TypeError(f"a scenario is a text, not {type(text).__name__}; for a file there is `load`")
    try:
        content = text.encode()
    except UnicodeEncodeError as error:
        fault = Fault(f"character {error.start + 1} is half of a surrogate pair; it cannot be in a text")
        raise ScenarioError(escape(name), [fault]) from None
    return _validated(Source(name, text), content, name, folder, tuple(overrides))


def _validated(
    source: Source, content: bytes, title: str, folder: Path | None, overrides: tuple[str, ...]
) -> Scenario:
    """The scenario, or everything that is wrong with it."""
    values = source.parse()
    places, astray = apply_overrides(values, overrides)
    data, findings = read_all_data(values, folder)
    known = read_names(values, data)
    document = None
    try:
        document = Document.model_validate(values, context=known)
    except ValidationError as error:
        findings += model_findings(error, known)
    findings += cross_checks(values, known)
    if document is None or findings or astray:
        raise make_scenario_error(source, places, findings, astray)
    keys = {key: getattr(document, key) for key in Document.model_fields}
    keys["title"] = document.title or title
    return Scenario.model_construct(  # everything in it was validated just now
        **keys,
        file=source.name,
        folder=folder,
        text=source.text,
        sha256=hashlib.sha256(content).hexdigest(),
        overrides=overrides,
        places=tuple(places),
        data=data,
    )
