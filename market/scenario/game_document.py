"""The model of a scenario file of a game: its family, players, parameters and mechanisms.

The keys that a family declares *are* the keys here: there is one model of the file for each family, chosen by
the word under `game`. A new family or mechanism needs no change in this module.
"""

from __future__ import annotations

import dataclasses
import functools
import itertools
import typing
from collections.abc import Mapping
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, create_model

from market.errors import did_you_mean
from market.games.families import GAME_FAMILIES
from market.games.family import GameFamily
from market.games.learning import RULES
from market.games.mechanisms import GAME_MECHANISMS, GameMechanism
from market.games.smooth import SmoothFamily
from market.registry import Registry
from market.scenario.document import (
    Description,
    Title,
    make_option_field,
    options,
    require_version,
)
from market.scenario.models import (
    LITERAL,
    TUPLE,
    Column,
    Entry,
    Name,
    OfType,
    add_tag,
    as_tuple,
    choose_family,
    describe_unknown,
    make_bounded_type,
    make_fault,
    make_parameter_field,
    make_range_type,
    make_tagged_model,
    make_union,
    require_column,
)
from market.scenario.toml_text import describe

MOST_PLAYERS = 1_000_000  # of a group


class PlayerEntry(Entry):
    """A player, or a group of players of the same kind; a family adds its own keys."""

    name: Name = Field(description="of the player or group; members of a group are name[0], name[1], ...")
    count: Annotated[int, Field(ge=1, le=MOST_PLAYERS)] = Field(1, description="how many players")
    data: str | None = Field(
        None,
        description="a CSV or Parquet file in the folder of the scenario or of data files; a row a player",
    )
    names: Annotated[Column | None, BeforeValidator(require_column)] = Field(
        None, description="the column of the data file with the players' names"
    )


class GameMechanismEntry(Entry):
    """A mechanism that plays a game, and its options as attributes."""

    name: Name = Field(description="what the mechanism is called in tables and results")
    kind: str

    def make(self) -> GameMechanism:
        """Return the mechanism."""
        family: Any = GAME_MECHANISMS[self.kind]
        own: dict[str, Any] = {option.name: getattr(self, option.name) for option in options(family)}
        for part, registry in PARTS.items():
            if part in _parts(family):
                chosen: Any = registry[getattr(self, part)]
                own[part] = chosen(**{each.name: getattr(self, each.name) for each in options(chosen)})
        mechanism: GameMechanism = family(label=self.name, **own)
        return mechanism


def _rows(value: object) -> object:
    """Return a list of lists as tuples."""
    return tuple(map(as_tuple, value)) if isinstance(value, list) else value


Rows = Annotated[tuple[tuple[float, ...], ...], BeforeValidator(_rows)]

PARTS: dict[str, Registry[Any]] = {"rule": RULES}
"""Parts of a mechanism that are families themselves: field, which is the key too -> registry."""


def _parts(family: Any) -> list[str]:
    return [part.name for part in dataclasses.fields(family) if part.name in PARTS]


def _mechanism_models() -> Any:
    """Return the union of the models of all mechanisms with each of their parts, by `kind` and part."""
    models = []
    for mechanism in GAME_MECHANISMS:
        parts = _parts(mechanism)
        for chosen in itertools.product(*(PARTS[part] for part in parts)):
            keys: dict[str, Any] = {"kind": LITERAL[mechanism.name]}
            keys |= {part: LITERAL[each.name] for part, each in zip(parts, chosen, strict=True)}
            for family in (mechanism, *chosen):
                hints = typing.get_type_hints(family)
                keys |= {each.name: make_option_field(each, hints[each.name]) for each in options(family)}
            words = (chosen[0] if chosen else mechanism).formula()
            tag = " ".join(("game mechanism", mechanism.name, *(each.name for each in chosen)))
            models.append(make_tagged_model(tag, GameMechanismEntry, words, keys))
    return make_union(models, _tag, _refuse_unknown)


def _chosen(table: Any) -> tuple[str, ...]:
    """Return the kind of mechanism and its parts."""
    kind = choose_family(table, "kind", GAME_MECHANISMS)
    return (kind, *(choose_family(table, part, PARTS[part]) for part in _parts(GAME_MECHANISMS[kind])))


def _refuse_unknown(table: object) -> object:
    _chosen(table)
    return table


def _tag(table: object) -> str:
    return " ".join(("game mechanism", *_chosen(table)))


_MECHANISM = OfType(_mechanism_models())


def _refuse_no_concern(value: object) -> object:
    """Refuse what is neither a number nor a list."""
    if isinstance(value, bool) or not isinstance(value, int | float | list | tuple):
        raise make_fault(f"found {describe(value)}; write a number, or a list of rows, one for each player")
    return value


_WEIGHT = make_bounded_type(None, None, open_low=False)
_WEIGHT_ROWS = Annotated[TUPLE[TUPLE[_WEIGHT, ...], ...], BeforeValidator(_rows)]
_CONCERN = OfType(
    make_union(
        (add_tag(_WEIGHT, "concern"), add_tag(_WEIGHT_ROWS, "rows of concern")),
        lambda value: "rows of concern" if isinstance(value, list | tuple) else "concern",
        _refuse_no_concern,
    )
)


class GameDocument(Entry):
    """A scenario: a game and the mechanisms to play it under; a family adds its own keys."""

    remedies = {  # noqa: RUF012
        "mechanisms": "write a table [[mechanisms]] for each, with kind "
        + did_you_mean("", GAME_MECHANISMS.names)
    }
    schema_: Annotated[Literal[1], BeforeValidator(require_version)] = Field(
        alias="schema", description="version of the file format"
    )
    title: Title = Field("", description="one line for tables and figures; by default the file's name")
    description: Description = Field("", description="the story and what to look for, shown under the title")
    game: str = Field(description="the family of the game")
    comparable: bool = Field(
        False, description="true if payoffs are in one unit, such as money, so that they can be added up"
    )
    concern: Annotated[float | tuple[tuple[float, ...], ...], _CONCERN] = Field(
        0.0,
        description="how much a player's choice weighs the payoffs of others: one number for all, or a row "
        "for each player; payoffs are judged without it",
    )
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] = Field(0, description="root of all random draws")
    mechanisms: Annotated[
        tuple[Annotated[GameMechanismEntry, _MECHANISM], ...],
        Field(min_length=1),
        BeforeValidator(as_tuple),
    ] = Field(description="the mechanisms to play the game under")


def models_of(family: type[GameFamily]) -> Mapping[str, type[Entry]]:
    """Return the models of a scenario of a family: of the file, its players and its parameters."""
    return _models_of(family.name)


@functools.cache
def _models_of(name: str) -> Mapping[str, type[Entry]]:
    family = GAME_FAMILIES[name]
    title = family.name.title().replace("_", "")
    own: dict[str, Any] = {k: make_parameter_field(each) for k, each in family.player_parameters.items()}
    own |= family.player_keys
    of_game: dict[str, Any] = {k: _number_field(each) for k, each in family.game_parameters.items()}
    player: Any = create_model(f"{title}Player", __base__=PlayerEntry, __module__=__name__, **own)
    numbers: Any = create_model(f"{title}Parameters", __base__=Entry, __module__=__name__, **of_game)
    needed = any(each.absent is None for each in family.game_parameters.values())
    players: Any = Annotated[TUPLE[player, ...], BeforeValidator(as_tuple)]
    count: dict[str, Any] = {"default": ()} if family.usual_players else {"min_length": 1}
    absent: dict[str, Any] = {} if needed else {"default_factory": dict, "validate_default": True}
    keys: dict[str, Any] = {
        "game": (LITERAL[family.name], Field(description="the family of the game")),
        "players": (players, Field(**count, description="players and groups of players")),
        "parameters": (numbers, Field(**absent, description="numbers of the game")),
        **family.file_keys,
    }
    if issubclass(family, SmoothFamily):
        words = "the first play: a row of numbers for each player; by default the family's own"
        keys["start"] = (Rows, Field((), description=words))
    words = f"A scenario of the game {family.name}: {family.formula()}"
    document: Any = create_model(
        f"{title}Document", __base__=GameDocument, __module__=__name__, __doc__=words, **keys
    )
    return {"file": document, "players": player, "parameters": numbers}


def _number_field(parameter: Any) -> tuple[Any, Any]:
    """Return type and field of a number of the whole game: a number as written, without distribution."""
    default: dict[str, Any] = {} if parameter.absent is None else {"default": parameter.absent}
    words = f"{parameter.meaning} [{parameter.unit}]"
    return make_range_type(parameter), Field(**default, description=words)


def family_of(values: Mapping[str, Any]) -> type[GameFamily] | str:
    """Return the family that the key `game` names, or what is wrong with it."""
    word = values.get("game")
    registry: Registry[GameFamily] = GAME_FAMILIES
    if isinstance(word, str) and word in registry:
        return registry[word]
    return describe_unknown(registry, word)


def game_json_schema() -> dict[str, Any]:
    """Return the JSON Schema of a scenario file of a game, for editors: one of several, by family."""
    return {"anyOf": [models_of(family)["file"].model_json_schema() for family in GAME_FAMILIES]}
