"""What `manifest.json` and `result.json` of a run folder must look like, and one message if they do not.

No other keys, no conversions: a number is a JSON number that a float can hold, true is no number, and the
words "Infinity" and "-Infinity" stand only where something can be infinite (see `record.py`). Whether the
numbers are true is not asked here.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from market.errors import RunError
from market.outcome import Status
from market.record import SCHEMA


def _number(value: object) -> object:
    """A finite number, as it is."""
    if type(value) not in (int, float) or not abs(value) <= sys.float_info.max:  # type: ignore[arg-type]
        raise ValueError("a finite number is needed")
    return value


def _at_least_zero(value: object) -> object:
    if value < 0:  # type: ignore[operator]
        raise ValueError("it must not be negative")
    return value


def _number_or(*words: str) -> BeforeValidator:
    """A finite number or one of the words for infinity."""

    def read(value: object) -> object:
        return value if isinstance(value, str) and value in words else _number(value)

    return BeforeValidator(read)


def _size(value: object) -> object:
    """A number that is not negative, or infinity."""
    return value if value == "Infinity" and isinstance(value, str) else _at_least_zero(_number(value))


def _text(value: object) -> object:
    if not isinstance(value, str):
        raise ValueError("a text is needed")
    return value


def _schema(value: object) -> object:
    if type(value) is not int or value != SCHEMA:
        raise ValueError(f"this version reads schema {SCHEMA}, not schema {value!s:.20}")
    return value


Text = Annotated[Any, BeforeValidator(_text)]  # also what a file name that is no UTF-8 is read as
Finite = Annotated[Any, BeforeValidator(_number)]
Extended = Annotated[Any, _number_or("Infinity", "-Infinity")]
Size = Annotated[Any, BeforeValidator(_size)]
Price = Annotated[Any, BeforeValidator(_at_least_zero), BeforeValidator(_number)]  # the last one goes first
Count = Annotated[int, Field(ge=0, lt=2**63)]
Schema = Annotated[Any, BeforeValidator(_schema)]
ByAgent = dict[str, Extended]
ByBoth = dict[str, dict[str, Finite]]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Named(_Strict):
    """The scenario, as both files name it."""

    title: Text
    file: Text
    sha256: Text


class Listed(_Strict):
    """A file of the folder."""

    bytes: Count
    sha256: Text


class Manifest(_Strict):
    """`manifest.json`."""

    schema_: Schema = Field(alias="schema")
    created: Text
    seed: Count
    scenario: Named
    overrides: list[Text]
    mechanisms: Annotated[list[Text], Field(min_length=1)]
    versions: dict[str, Text]
    files: dict[str, Listed]


class Reported(_Strict):
    """The alignment report of a mechanism."""

    efficient: bool | None
    degenerate: bool
    weights: dict[str, Finite] | None
    supporting_prices: dict[str, Finite] | None
    residual: Size
    resource_utilisation: Finite | None
    efficient_with_transfers: bool | None
    surplus_gap: Extended | None
    improvement: ByBoth | None
    improvement_production: ByBoth | None
    unknown: list[Text]


class Compared(_Strict):
    """How an auctioneer's prices compare with a reference solution."""

    method: Text
    residual: Size
    agrees: bool | None
    prices: dict[str, Finite] | None
    price_difference: Size | None
    consumption_difference: Size | None
    equilibria: Count | None
    reason: Text


class Told(_Strict):
    """What is told of a mechanism's outcome."""

    name: Text
    kind: Literal["auctioneer", "unmediated", "planner"]
    status: Literal[tuple(status.value for status in Status)]  # type: ignore[valid-type]
    reason: Text
    rounds: Count
    prices: dict[str, Price] | None
    disequilibrium: Size | None
    auctioneer_payoff: Extended | None
    consumption: ByBoth | None
    production: ByBoth | None
    payments: dict[str, Finite] | None
    revenue: Finite
    utilities: ByAgent | None
    payoffs: ByAgent | None
    max_regret: Size | None
    evidence: dict[str, Size]
    alignment: Reported
    check: Compared | None = None

    @model_validator(mode="after")
    def _of_its_kind(self) -> Told:
        """Only an auctioneer has a disequilibrium and a payoff, and only a planner regrets nothing."""
        market = self.kind == "auctioneer"
        if market is (self.disequilibrium is None) or market is (self.auctioneer_payoff is None):
            raise ValueError("an auctioneer, and nobody else, has a disequilibrium and an auctioneer_payoff")
        if (self.kind == "planner") is not (self.max_regret is None):
            raise ValueError("a planner, and nobody else, has no max_regret")
        if (market and self.prices is None) or (self.kind == "unmediated" and self.prices is not None):
            raise ValueError("an auctioneer has prices, and a game has none")
        if self.check is not None and not market:
            raise ValueError("only an auctioneer's prices are checked")
        return self


class Result(_Strict):
    """`result.json`."""

    schema_: Schema = Field(alias="schema")
    scenario: Named
    seed: Count
    goods: list[Text]
    agents: list[Text]
    mechanisms: Annotated[list[Told], Field(min_length=1)]


def check_layout(path: Path, read: Mapping[str, Any], layout: type[Manifest | Result]) -> None:
    """See that an object has its layout.

    Args:
        path: where it was read, for the message.
        read: the object.
        layout: `Manifest` or `Result`.

    Raises:
        RunError: it has not; says where first.
    """
    try:
        layout.model_validate(read)
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        message = first["msg"].removeprefix("Value error, ")
        raise RunError(
            f"'{path}' is not what a run writes: {f'{where}: ' if where else ''}{message}"
        ) from error
