"""Declaration of a family of utilities, costs, rules, games or mechanisms, in one place.

A *family* is a small class with a `name` and declared parameters. The scenario's keys, their range
checks, the JSON Schema, `market list` and the random instances of the tests are all derived from that
declaration. A *registry* is a literal list of families.

Two kinds of declaration, for two kinds of family:

- utilities, costs and technologies hold no values: `parameters` names the numbers of every agent, as arrays
  with the axis "good" -> (agents, goods), "agent" -> (agents,), "one good" -> (agents, goods) with a 1 at the
  good that the scenario names, or "steps" -> (agents, goods, steps, 2) of prices and amounts, handed to their
  static functions. A utility that is a sum of one-good terms names a registry of their forms in `terms`
  instead, and has the arrays of `term_parameters`;
- rules, games and mechanisms are frozen data classes: each field is an `option`.
"""

from __future__ import annotations

import dataclasses
import inspect
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar, Generic, Literal, TypeVar

from market.errors import did_you_mean

Axis = Literal["good", "agent", "one good", "steps"]

NOT_ZERO = "0 is not allowed here"


@dataclass(frozen=True)
class Parameter:
    """A number that every agent of a family has, per good or once.

    Args:
        axis: "good" for one number a good, "agent" for one number an agent, "one good" for a good's name,
            "steps" for a list of [price, amount] a good; bounds are then those of prices.
        meaning: one line for `market list`, the schema and the reference.
        unit: of the number, for instance "money per unit".
        low: least value allowed.
        high: greatest value allowed.
        open_low: True if `low` itself is refused.
        open_high: True if `high` itself is refused.
        nonzero: True if 0 is refused.
        absent: value of a good that is not named; for axis "agent", the default. None: must be given.
        required: True if a scenario must name at least one good; the others have `absent`.
    """

    axis: Axis
    meaning: str
    unit: str
    low: float = 0.0
    high: float = math.inf
    open_low: bool = False
    open_high: bool = False
    nonzero: bool = False
    absent: float | None = None
    required: bool = False

    def fault(self, value: float) -> str | None:
        """Return the reason why a value is refused, as the end of a sentence, or None."""
        if math.isnan(value) or math.isinf(value):
            return f"{value} is not a finite number"
        if value < self.low or (self.open_low and value == self.low):
            return f"{value:g} is too small; it must be {'>' if self.open_low else '>='} {self.low:g}"
        if value > self.high or (self.open_high and value == self.high):
            return f"{value:g} is too large; it must be {'<' if self.open_high else '<='} {self.high:g}"
        return NOT_ZERO if self.nonzero and value == 0 else None


def option(
    default: Any,
    meaning: str,
    *,
    low: float | None = None,
    high: float | None = None,
    open_low: bool = False,
    names: Literal["goods", "agents"] | None = None,
    key: str | None = None,
) -> Any:
    """Return a field of a rule, game or mechanism that the scenario may set.

    Args:
        default: the value when the scenario says nothing; `dataclasses.MISSING` if it must say.
        meaning: one line for `market list`, the schema and the reference.
        low: least value allowed.
        high: greatest value allowed.
        open_low: True if `low` itself is refused.
        names: kind of the names that strings (of a list) or keys (of a table) must be.
        key: the scenario's key, where it differs from the field's name.
    """
    metadata = {
        "meaning": meaning, "low": low, "high": high, "open_low": open_low, "names": names, "key": key,
    }  # fmt: skip
    if isinstance(default, dict):
        return dataclasses.field(default_factory=lambda: dict(default), metadata=metadata)
    return dataclasses.field(default=default, metadata=metadata)


class Family:
    """Base of everything that a scenario can name."""

    name: ClassVar[str]
    terms: ClassVar[Registry[Any] | None] = None

    @classmethod
    def formula(cls) -> str:
        """Return the first line of the class's docstring, the description in `market list`."""
        return (inspect.getdoc(cls) or "").split("\n")[0]


F = TypeVar("F", bound=Family)


class Registry(Generic[F]):
    """Families of one kind, by name, in the order in which they are listed.

    Example:
        >>> class Log(Family):
        ...     '''u(x) = sum_g a_g log x_g.'''
        ...     name = "log"
        >>> registry = Registry("utility", Log)
        >>> registry["log"].formula()
        'u(x) = sum_g a_g log x_g.'
    """

    def __init__(self, kind: str, *families: type[F]) -> None:
        self.kind = kind
        self._families = {family.name: family for family in families}
        if len(self._families) != len(families):
            raise ValueError(f"two {kind} families have the same name")

    def __getitem__(self, name: str) -> type[F]:
        try:
            return self._families[name]
        except KeyError:
            raise KeyError(f"no {self.kind} '{name}'; {did_you_mean(name, self._families)}") from None

    def __iter__(self) -> Iterator[type[F]]:
        return iter(self._families.values())

    def __len__(self) -> int:
        return len(self._families)

    def __contains__(self, name: object) -> bool:
        return name in self._families

    @property
    def names(self) -> tuple[str, ...]:
        """Names of the families, in order."""
        return tuple(self._families)


def term_parameters(forms: Registry[Any]) -> dict[str, Parameter]:
    """Return the parameters of a sum of terms: an array (agents, goods) for each key of each form.

    A scenario writes `terms = [{ good = "water", form = "log", weight = 2.0 }]`; that is 2 for water in
    `log_weight`. An absent term has the `absent` of its form's parameters.
    """
    return {f"{form.name}_{key}": parameter for form in forms for key, parameter in form.parameters.items()}
