"""Scenarios: from the text of a file to a validated, frozen `Scenario`, and from that to an `Economy`.

`load` and `loads` find everything that is wrong with a text at once and raise one `ScenarioError`. `build`
draws what is to be drawn and lays everyone side by side in arrays: all agents with the same family of
utility are one block, in the order of the file.

Every number drawn has its own generator, derived from the seed, the group's name and the parameter's path,
never from a position: another group, parameter or mechanism does not change it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from market.checks import Finding, cross_checks, model_findings, names, read_all_data, report
from market.costs import COSTS
from market.draws import DISTRIBUTIONS, Data, row_name
from market.economy import Block, Economy, Money, Rows
from market.entries import Column, Dist, FamilyEntry, Number
from market.errors import Fault, InputError, ScenarioError, did_you_mean
from market.interval import Array
from market.mechanisms import Mechanism
from market.overrides import Override, override
from market.randomness import generator
from market.registry import Family, Parameter, Registry
from market.schema import BUDGET, ENDOWMENT, Document, Group, json_schema
from market.toml_source import Place, Source, decode, read_bytes, show
from market.utilities import UTILITIES

__all__ = ["Scenario", "build", "json_schema", "load", "loads"]

F = TypeVar("F", bound=Family)


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
    data: Mapping[int, Any]

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
        raise InputError(f"no mechanism '{show(label)}'; {did_you_mean(label, self.mechanism_names)}")


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
        raise ScenarioError(show(str(path), 1000), [Fault(str(error))]) from None
    return _validated(Source(str(path), text), content, path.stem, path.parent, tuple(overrides))


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
    return _validated(Source(name, text), text.encode(), name, folder, tuple(overrides))


def _validated(
    source: Source, content: bytes, title: str, folder: Path | None, overrides: tuple[str, ...]
) -> Scenario:
    """The scenario, or everything that is wrong with it."""
    values = source.parse()
    places, astray = override(values, overrides)
    data, findings = read_all_data(values, folder)
    known = names(values, data)
    document = None
    try:
        document = Document.model_validate(values, context=known)
    except ValidationError as error:
        findings += model_findings(error, known)
    findings += cross_checks(values, known)
    if document is None or findings or astray:
        raise report(source, places, findings, astray)
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


# --- from scenario to economy ---------------------------------------------------------------------------


def build(scenario: Scenario, seed: int | None = None) -> Economy:
    """Draw what is to be drawn and put everything into arrays.

    Args:
        scenario: what `load` returns.
        seed: for all draws; the scenario's own if not given.

    Raises:
        InputError: a number that was drawn or read is out of its range, or demand would be unbounded.
    """
    if seed is not None and not 0 <= seed < 2**63:
        raise InputError(f"seed {seed} is out of range; it must be 0 to 2**63 - 1")
    return _Builder(scenario, scenario.seed if seed is None else seed).economy()


class _Builder:
    """One build: who stands where, and what is found wrong on the way."""

    def __init__(self, scenario: Scenario, seed: int) -> None:
        self.scenario = scenario
        self.seed = seed
        self.findings: list[Finding] = []
        self.sizes = [
            scenario.data[index].rows if index in scenario.data else group.count
            for index, group in enumerate(scenario.agents)
        ]
        self.starts = np.concatenate([[0], np.cumsum(self.sizes)]).tolist()

    def economy(self) -> Economy:
        scenario, agents = self.scenario, self.starts[-1]
        groups = range(len(scenario.agents))
        endowment = self._array(groups, ENDOWMENT, "endowment")
        economy = Economy(
            money=scenario.economy,
            goods=scenario.goods,
            agents=tuple(name for index in groups for name in self._member_names(index)),
            groups={group.name: self._rows([index]) for index, group in enumerate(scenario.agents)},
            commons=np.array([scenario.commons.get(good, 0.0) for good in scenario.goods]),
            endowment=endowment,
            budget=self._budget(),
            commons_share=self._shares(agents),
            utilities=tuple(self._blocks("utility", UTILITIES)),
            costs=tuple(self._blocks("cost", COSTS)),
            numeraire=None if scenario.numeraire is None else scenario.goods.index(scenario.numeraire),
            seed=self.seed,
        )
        if scenario.economy is Money.QUASILINEAR and not self.findings:
            for block in economy.utilities:
                self._refuse_unbounded(block)
        if self.findings:
            raise report(Source(scenario.file, scenario.text), scenario.places, self.findings)
        return economy
