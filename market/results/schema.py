"""What `manifest.json` and `result.json` of a run folder must look like, and one message if they do not.

No other keys, no conversions: a number is a JSON number that a float can hold, true is no number, and the
words "Infinity" and "-Infinity" stand only where something can be infinite (see `tables.py`). Whether the
numbers are true is not asked here.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError, model_validator

from market.errors import RunError
from market.mechanisms import MECHANISMS
from market.outcome import Status
from market.results.tables import SCHEMA


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


def _kind(value: object) -> object:
    if not isinstance(value, str) or value not in MECHANISMS:
        raise ValueError(f"one of {', '.join(MECHANISMS.names)} is needed")
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
Kind = Annotated[Any, BeforeValidator(_kind)]
Schema = Annotated[Any, BeforeValidator(_schema)]
ByAgent = dict[str, Extended]
ByBoth = dict[str, dict[str, Finite]]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class Named(_Strict):
    """The scenario, as both files name it."""

    title: Text = Field(description="of the scenario")
    file: Text = Field(description="its name as given")
    sha256: Text = Field(description="of its bytes, whatever was changed by `--set`")


class Listed(_Strict):
    """A file of the folder."""

    bytes: Count = Field(description="its size")
    sha256: Text = Field(description="of its bytes")


class Manifest(_Strict):
    """`manifest.json`."""

    schema_: Schema = Field(alias="schema", description="the version of this format")
    created: Text = Field(description="when, in UTC")
    seed: Count = Field(description="the root of every random draw")
    scenario: Named = Field(description="what was played")
    overrides: list[Text] = Field(description="`path=value` of `--set`, in order")
    mechanisms: Annotated[list[Text], Field(min_length=1)] = Field(
        description="the names of those that were played"
    )
    shards: Count | None = Field(None, description="how many wrote the rows of agents; null: one file")
    versions: dict[str, Text] = Field(description="of Python and of the packages that do the arithmetic")
    files: dict[str, Listed] = Field(description="of the folder, by name")


class Reported(_Strict):
    """The alignment report of a mechanism."""

    efficient: bool | None = Field(
        description="whether no reallocation of goods helps someone and hurts nobody; null if that is not "
        "known"
    )
    degenerate: bool = Field(description="whether somebody weighs nothing in the super-agent")
    weights: dict[str, Finite] | None = Field(
        description="`{agent: w}` of the super-agent, summing to 1; null where none supports the outcome or "
        "above 1000 agents; where a utility is not concave, of u^(1/A), A the sum of the weights in u"
    )
    supporting_prices: dict[str, Finite] | None = Field(description="`{good: p}` that go with the weights")
    residual: Size = Field(
        description="largest relative violation of the conditions for a super-agent at these weights and "
        "prices"
    )
    resource_utilisation: Finite | None = Field(
        description="Debreu's coefficient: the smallest share of all resources with which everybody could be "
        "as well off; null where there is nothing to scale, or where it is not known"
    )
    efficient_with_transfers: bool | None = Field(
        description="the same as `efficient` with money moved too; null without money, or if that is not "
        "known"
    )
    surplus_gap: Extended | None = Field(
        description="money left on the table; null where money does not count one for one, or if it is not "
        "known"
    )
    improvement: ByBoth | None = Field(
        description="`{agent: {good: x}}` that nobody dislikes and someone prefers; null if none was found"
    )
    improvement_production: ByBoth | None = Field(description="`{agent: {good: y}}`, what is made in it")
    unknown: list[Text] = Field(description="what could not be computed, and why")


class Compared(_Strict):
    """How an auctioneer's prices compare with a reference solution."""

    method: Text = Field(description="by which the reference solution was found")
    residual: Size = Field(description="of the reference solution")
    agrees: bool | None = Field(description="false is a contradiction; null if it cannot be told")
    prices: dict[str, Finite] | None = Field(
        description="`{good: p}` of the equilibrium that was compared with"
    )
    price_difference: Size | None = Field(description="the largest one, relative")
    consumption_difference: Size | None = Field(
        description="the largest one, relative to what an agent has of the good on average"
    )
    equilibria: Count | None = Field(description="how many a quick search found; null if none was made")
    reason: Text = Field(description="all that in words")


class Told(_Strict):
    """What is told of a mechanism's outcome."""

    name: Text = Field(description="of the mechanism in the scenario")
    kind: Kind = Field(description=f"of the mechanism: {', '.join(f'`{each}`' for each in MECHANISMS.names)}")
    status: Literal[tuple(each.value for each in Status)] = Field(  # type: ignore[valid-type]
        description="how it ended"
    )
    reason: Text = Field(description="one sentence with the numbers behind the status")
    rounds: Count = Field(description="how many were played")
    prices: dict[str, Price] | None = Field(
        description="`{good: p}` announced last, or of the planner, shadow prices; null where there are none"
    )
    disequilibrium: Size | None = Field(
        description="largest relative excess demand over goods; null of games and planners"
    )
    auctioneer_payoff: Extended | None = Field(
        description="minus the sum of what is lacking and left over, units of goods; null of games and "
        "planners"
    )
    consumption: ByBoth | None = Field(description="`{agent: {good: x}}`; null above 1000 agents")
    production: ByBoth | None = Field(
        description="`{agent: {good: y}}`, netputs of technologies; null above 1000 agents"
    )
    payments: dict[str, Finite] | None = Field(
        description="`{agent: money}`, net money paid; null above 1000 agents"
    )
    revenue: Finite = Field(description="what the auctioneer took for the commons, money")
    utilities: ByAgent | None = Field(description="`{agent: u(x) - C(y)}`; null above 1000 agents")
    payoffs: ByAgent | None = Field(
        description="`{agent: payoff}` in the game that was played, money and penalties included; null above "
        "1000 agents"
    )
    max_regret: Size | None = Field(
        description="the most that anybody could gain by deviating alone; null for a planner"
    )
    evidence: dict[str, Size] = Field(description="`{name: number}`, the residuals behind the status")
    alignment: Reported = Field(description="the alignment report")
    check: Compared | None = Field(
        None, description="of an auctioneer with `--check`: against a reference solution; not there otherwise"
    )

    @model_validator(mode="after")
    def _of_its_kind(self) -> Told:
        """The numbers of a kind are there, and those that it cannot have are not."""
        for field in _ALWAYS.get(self.kind, ()):
            if getattr(self, field) is None:
                raise ValueError(f"of the kind {self.kind} there must be a value of {field}")
        for field in _NEVER.get(self.kind, ("check",)):
            if getattr(self, field) is not None:
                raise ValueError(f"of the kind {self.kind} there is no {field}")
        return self


_ALWAYS = {
    "auctioneer": ("prices", "disequilibrium", "auctioneer_payoff", "max_regret"),
    "unmediated": ("max_regret",),
}
_NEVER = {
    "auctioneer": (),
    "unmediated": ("disequilibrium", "auctioneer_payoff", "check"),
    "planner": ("disequilibrium", "auctioneer_payoff", "max_regret", "check"),
}


class Result(_Strict):
    """`result.json`."""

    schema_: Schema = Field(alias="schema", description="the version of this format")
    scenario: Named = Field(description="what was played")
    seed: Count = Field(description="the root of every random draw")
    goods: list[Text] = Field(description="their names, in order")
    agents: list[Text] | None = Field(description="their names, in order; null of many in shards")
    mechanisms: Annotated[list[Told], Field(min_length=1)] = Field(description="what came of each, in order")


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
