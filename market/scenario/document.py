"""The model of a scenario file: mechanisms, agents, goods, and the JSON Schema for editors.

The options that rules, games and mechanisms declare *are* the keys, ranges and descriptions here: a new one
needs no change in this module. Options of a rule or game are keys of the mechanism's table.
"""

from __future__ import annotations

import dataclasses
import itertools
import math
import types
import typing
from collections.abc import Iterator, Mapping
from typing import Annotated, Any, Literal, Union

from pydantic import AfterValidator, BeforeValidator, Field, Strict, StringConstraints

from market.economy.families.costs import COSTS
from market.economy.families.technologies import TECHNOLOGIES
from market.economy.families.utilities import UTILITIES
from market.economy.primitives import Money
from market.mechanisms import GAMES, MECHANISMS, Mechanism
from market.mechanisms.auction.price_rules import RULES
from market.registry import Parameter, Registry
from market.scenario.harm_entry import HARM, HarmEntry
from market.scenario.models import (
    DICT,
    FILE_MODELS,
    LITERAL,
    MAX_COUNT,
    TUPLE,
    AgentName,
    Column,
    Entry,
    FamilyEntry,
    GoodName,
    Name,
    Number,
    OfType,
    add_tag,
    as_tuple,
    choose_family,
    make_bounded_type,
    make_family_type,
    make_fault,
    make_number_type,
    make_parameter_field,
    make_tagged_model,
    make_union,
    refuse_control_characters,
    refuse_control_in_lines,
    refuse_repeated_words,
    require_column,
)
from market.scenario.toml_text import describe

MAX_GOODS = 10_000

PARTS: dict[str, tuple[Registry[Any], str | None]] = {"rule": (RULES, "tatonnement"), "game": (GAMES, None)}
"""Parts of a mechanism: field, which is the key too -> registry, and default."""

_WORDS: dict[str | None, Any] = {None: Name, "goods": GoodName, "agents": AgentName}


# --- options --------------------------------------------------------------------------------------------

_SHAPES = {dict: "a table", list: "a list", str: "a text"}


def _shape(value: object) -> str:
    """Return a word for the kind of a value, by which one of several types is chosen."""
    return next((word for kind, word in _SHAPES.items() if isinstance(value, kind)), "a number")


def _make_option_type(hint: Any, metadata: Mapping[str, Any]) -> tuple[Any, str]:
    """Return the type of an option in a scenario, and its shape."""
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin in (Union, types.UnionType):
        return _make_option_union([_make_option_type(argument, metadata) for argument in arguments])
    if hint in (int, float):
        bounds = (metadata[key] for key in ("low", "high", "open_low"))
        return make_bounded_type(*bounds, kind=hint), "a number"
    if hint is bool:
        return bool, "true or false"
    if hint is str:
        return _WORDS[metadata["names"]], "a text"
    if origin is Literal:
        return hint, "a text"
    if origin is tuple and arguments[1:] == (Ellipsis,):
        element = _make_option_type(arguments[0], metadata)[0]
        return Annotated[TUPLE[element, ...], BeforeValidator(as_tuple)], "a list"
    if origin is dict and arguments[0] is str:
        element = _make_option_type(arguments[1], {**metadata, "names": None})[0]
        return DICT[_WORDS[metadata["names"]], element], "a table"
    raise TypeError(f"an option cannot be of type {hint}")


def _make_option_union(members: list[tuple[Any, str]]) -> tuple[Any, str]:
    """Return the union of several types, chosen by shape."""
    shapes = [shape for _, shape in members]

    def check(value: object) -> object:
        if _shape(value) not in shapes or isinstance(value, bool):
            raise make_fault(f"found {describe(value)}; write {' or '.join(shapes)}")
        return value

    several = (add_tag(member, shape) for member, shape in members)
    return make_union(several, _shape, check), " or ".join(shapes)


def make_option_field(option: dataclasses.Field[Any], hint: Any) -> tuple[Any, Any]:
    """Return type and field of an option."""
    default: dict[str, Any] = {}
    if option.default is not dataclasses.MISSING:
        default = {"default": option.default}
    elif option.default_factory is not dataclasses.MISSING:
        default = {"default_factory": option.default_factory}
    kind, _ = _make_option_type(hint, option.metadata)
    return kind, Field(**default, alias=option.metadata["key"], description=option.metadata["meaning"])


def options(family: Any) -> list[dataclasses.Field[Any]]:
    """Return the fields that a scenario may set."""
    return [option for option in dataclasses.fields(family) if "meaning" in option.metadata]


# --- mechanisms -----------------------------------------------------------------------------------------


class MechanismEntry(Entry):
    """A mechanism, its rule or game, and the options of both as attributes."""

    name: Name = Field(description="what the mechanism is called in tables and results")
    kind: str

    def make(self) -> Mechanism:
        """Return the mechanism."""
        family = MECHANISMS[self.kind]
        parts = {part: self._fill(PARTS[part][0][getattr(self, part)]) for part in _parts(family)}
        mechanism: Mechanism = self._fill(family, label=self.name, **parts)
        return mechanism

    def _fill(self, family: Any, **known: Any) -> Any:
        return family(**known, **{option.name: getattr(self, option.name) for option in options(family)})


def _parts(family: Any) -> list[str]:
    """Return the fields of a mechanism that are families themselves."""
    return [part.name for part in dataclasses.fields(family) if part.name in PARTS]


def _mechanism_models() -> Iterator[Any]:
    """Yield one model for each mechanism with each rule or game that it may have."""
    for mechanism in MECHANISMS:
        parts = _parts(mechanism)
        for chosen in itertools.product(*(PARTS[part][0] for part in parts)):
            keys: dict[str, Any] = {"kind": LITERAL[mechanism.name]}
            for part, family in zip(parts, chosen, strict=True):
                default = ... if family.name != PARTS[part][1] else family.name
                keys[part] = (LITERAL[family.name], default)
            for family in (mechanism, *chosen):
                hints = typing.get_type_hints(family)
                own = {
                    option.name: make_option_field(option, hints[option.name]) for option in options(family)
                }
                if twice := own.keys() & keys.keys():
                    raise TypeError(f"{mechanism.name} and {family.name} both declare {sorted(twice)}")
                keys |= own
            tag = " ".join(("mechanism", mechanism.name, *(family.name for family in chosen)))
            yield make_tagged_model(tag, MechanismEntry, (chosen[0] if chosen else mechanism).formula(), keys)


def _choose_mechanism(table: Any) -> tuple[str, ...]:
    """Return the kind of mechanism and its rule or game."""
    kind = choose_family(table, "kind", MECHANISMS)
    return (kind, *(choose_family(table, part, *PARTS[part]) for part in _parts(MECHANISMS[kind])))


def _refuse_unknown_mechanism(table: object) -> object:
    _choose_mechanism(table)
    return table


def _mechanism_tag(table: object) -> str:
    return " ".join(("mechanism", *_choose_mechanism(table)))


# --- the file -------------------------------------------------------------------------------------------

ENDOWMENT = Parameter("good", "the amount of each good that an agent owns", unit="units", absent=0.0)
BUDGET = Parameter("agent", "the most that an agent can spend", unit="money", absent=math.inf)

_AMOUNT = make_bounded_type(0.0, None, open_low=False)
_BY_GOOD, _BY_AGENT = OfType(DICT[GoodName, _AMOUNT]), OfType(DICT[AgentName, _AMOUNT])
_SHARES = OfType(_make_option_union([(DICT[AgentName, _AMOUNT], "a table"), (LITERAL["equal"], "a text")])[0])
_UTILITY, _COST, _TECHNOLOGY = (
    make_family_type(UTILITIES),
    make_family_type(COSTS),
    make_family_type(TECHNOLOGIES),
)
_ENDOWMENT, _BUDGET = OfType(make_parameter_field(ENDOWMENT)[0]), OfType(make_number_type(BUDGET))
_MECHANISM = OfType(make_union(_mechanism_models(), _mechanism_tag, _refuse_unknown_mechanism))

Title = Annotated[
    str, StringConstraints(min_length=1, max_length=200), AfterValidator(refuse_control_characters)
]


Description = Annotated[
    str, StringConstraints(max_length=5000, strip_whitespace=True), AfterValidator(refuse_control_in_lines)
]


class Group(Entry):
    """An agent, or a group of agents of the same kind."""

    name: Name = Field(description="of the agent or group; members of a group are name[0], name[1], ...")
    count: Annotated[int, Field(ge=1, le=MAX_COUNT)] = Field(1, description="how many agents")
    data: str | None = Field(
        None,
        description="a CSV or Parquet file in the folder of the scenario or of data files; a row an agent",
    )
    names: Annotated[Column | None, BeforeValidator(require_column)] = Field(
        None, description="the column of the data file with the agents' names; default name[0], name[1], ..."
    )
    utility: Annotated[FamilyEntry | None, _UTILITY] = Field(None, description="the utility of the agent")
    cost: Annotated[FamilyEntry | None, _COST] = Field(
        None, description="the cost in money at which the agent can make goods"
    )
    technology: Annotated[FamilyEntry | None, _TECHNOLOGY] = Field(
        None, description="how the agent can make goods from goods, under exchange"
    )
    owners: Annotated[dict[str, float], _BY_AGENT] = Field(
        default_factory=dict,
        description="shares in the profit of the technology; default all to the agent itself",
    )
    endowment: Annotated[dict[str, Number], _ENDOWMENT] = Field(
        default_factory=dict, description=ENDOWMENT.meaning
    )
    budget: Annotated[Number | None, _BUDGET] = Field(None, description=BUDGET.meaning)
    harm: Annotated[dict[str, Number | HarmEntry], HARM] = Field(
        default_factory=dict,
        description="money that the agent loses by what others make: a number a unit for each good, or "
        "{ rate = ..., slope = ... }, rate Y + slope Y^2 / 2 for an output Y of others",
    )


def require_version(value: object) -> object:
    """Refuse a format of another version."""
    if value != 1 or not isinstance(value, int) or isinstance(value, bool):
        raise make_fault(
            f"found {describe(value)}; write schema = 1, the version of the format that is read here"
        )
    return value


class Document(Entry):
    """A scenario: an economy and the mechanisms to play it under."""

    schema_: Annotated[Literal[1], BeforeValidator(require_version)] = Field(
        alias="schema", description="version of the file format"
    )
    title: Title = Field("", description="one line for tables and figures; by default the file's name")
    description: Description = Field(
        "",
        description="the story and what to look for, shown under the title; a blank line ends a paragraph, "
        "and '- ' begins a point",
    )
    economy: Annotated[Money, Strict(False)] = Field(description="the role of money")
    goods: Annotated[
        tuple[Name, ...], Field(min_length=1, max_length=MAX_GOODS), BeforeValidator(as_tuple)
    ] = Field(description="the names of the goods")
    public: Annotated[
        tuple[GoodName, ...], BeforeValidator(as_tuple), AfterValidator(refuse_repeated_words)
    ] = Field((), description="public goods: all agents consume one amount, and none is excluded")
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] = Field(0, description="root of all random draws")
    numeraire: GoodName | None = Field(None, description="the good with price 1, under exchange")
    commons: Annotated[dict[str, float], _BY_GOOD] = Field(
        default_factory=dict, description="the stock of each good that no agent owns"
    )
    commons_shares: Annotated[dict[str, float] | str, _SHARES] = Field(
        default_factory=dict,
        description='who gets the value of the commons, in lump sums: "equal" or shares by agent; by default '
        "the auctioneer keeps it, and under exchange all agents with a utility have equal shares",
    )
    agents: Annotated[tuple[Group, ...], Field(min_length=1), BeforeValidator(as_tuple)] = Field(
        description="agents and groups of agents"
    )
    mechanisms: Annotated[
        tuple[Annotated[MechanismEntry, _MECHANISM], ...], Field(min_length=1), BeforeValidator(as_tuple)
    ] = Field(description="the mechanisms to play the economy under")


def json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario file, for editors."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **Document.model_json_schema()}


FILE_MODELS.update(file=Document, agents=Group)
