"""The parts of a scenario file as frozen, strict models: names, numbers, utilities, costs, technologies.

A family's declared parameters and a distribution's *are* the keys, ranges and descriptions here: a new one
needs no change in this module.

Where a table may be one of several (a utility of some family, a number or a distribution), its deciding word
is read first and one model chosen by it, so that one mistake gives one message. The choice is a *tag*;
pydantic puts tags into the paths of its findings, where `MODELS` gives the model back. Tags are negative
integers, which are neither keys nor indices of lists.

Goods and agents named elsewhere in the file are found in the `KnownNames` of the validation context.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any, ClassVar, Literal, Union

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Discriminator,
    Field,
    GetCoreSchemaHandler,
    GetJsonSchemaHandler,
    StringConstraints,
    Tag,
    ValidationInfo,
    create_model,
    model_validator,
)
from pydantic_core import CoreSchema, PydanticCustomError

from market.errors import did_you_mean
from market.registry import NOT_ZERO, Parameter, Registry
from market.scenario.distributions import DISTRIBUTIONS
from market.scenario.toml_text import Place, describe, escape

# Types made at run time, where type checkers cannot follow.
LITERAL: Any = Literal
UNION: Any = Union
DICT: Any = dict
TUPLE: Any = tuple


class Entry(BaseModel):
    """A table of the scenario file: unknown keys, NaN, infinities and near-types are refused."""

    model_config = ConfigDict(strict=True, extra="forbid", allow_inf_nan=False, frozen=True, defer_build=True)
    remedies: ClassVar[Mapping[str, str]] = {}
    """Key -> what to write where it is missing, other than `key = ...` with its description."""

    @classmethod
    def keys(cls) -> list[str]:
        """Return the keys that the table may have."""
        return [info.alias or name for name, info in cls.model_fields.items()]


TAGS: dict[str, int] = {}
"""A choice, in words -> its tag."""

MODELS: dict[int, type[Entry]] = {}
"""Tag -> its model."""

FILE_MODELS: dict[str, type[Entry]] = {}
"""The models of a whole file ("file") and of a group of agents ("agents"), which `document.py` adds."""

MAX_COUNT = 10**12  # agents of a group, in shards


def make_fault(message: str, *below: str | int) -> PydanticCustomError:
    """Return an error in plain words, at the value itself or at a path below it."""
    return PydanticCustomError("fault", "{message}", {"message": message, "below": below})


@dataclass(frozen=True)
class OfType:
    """Mark of a field whose type is made at run time."""

    type: Any

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Return the schema of the type; called by pydantic."""
        return handler.generate_schema(self.type)


def add_tag(member: Any, words: str) -> Any:
    """Return a member of a union with its tag."""
    tag: Any = TAGS.setdefault(words, -1 - len(TAGS))
    return Annotated[member, Tag(tag)]


def make_union(members: Iterable[Any], words: Callable[[Any], str], check: Callable[..., object]) -> Any:
    """Return the union of tagged types; `check` refuses values without a tag."""

    def tag(value: Any) -> Any:
        return TAGS[words(value)]

    return Annotated[UNION[tuple(members)], Discriminator(tag), BeforeValidator(check)]


def make_tagged_model(words: str, base: type[Entry], doc: str, keys: dict[str, Any]) -> Any:
    """Return a model for one member of a union; a global of this module, so that it can be pickled."""
    name = re.sub(r"\W+", "_", words.title())
    model = create_model(name, __base__=base, __module__=__name__, __doc__=doc, **keys)
    member = add_tag(model, words)
    globals()[name] = MODELS[TAGS[words]] = model
    return member


# --- names ----------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class KnownNames:
    """Names of goods and agents that may be used elsewhere in the file.

    Args:
        goods: the goods, in order; empty if the file's list cannot be read, and then all names are accepted.
        members: group -> number of numbered agents: 0 for a single agent or for agents with names of their
            own, None if not known.
        own: names of agents from data files; None if they could not be read, and then all are accepted.
    """

    goods: dict[str, None]
    members: Mapping[str, int | None]
    own: Mapping[str, None] | None = field(default_factory=dict)

    def has_good(self, name: str) -> bool:
        """Return True if the name is a good."""
        return not self.goods or name in self.goods

    def has_agent(self, name: str) -> bool:
        """Return True if the name is a group, or an agent of one such as alpha[0]."""
        if name in self.members or not self.members or self.own is None or name in self.own:
            return True
        numbered = re.fullmatch(r"(.*)\[(0|[1-9][0-9]{0,17})\]", name)
        if numbered is None or numbered[1] not in self.members:
            return False
        count = self.members[numbered[1]]
        return count is None or int(numbered[2]) < count


def refuse_control_characters(word: str) -> str:
    """Refuse control characters."""
    if not word.isprintable():
        raise make_fault("control characters cannot be in a name")
    return word


def refuse_control_in_lines(text: str) -> str:
    """Refuse control characters in a text of several lines."""
    for line in text.split("\n"):
        if not line.isprintable():
            raise make_fault("control characters cannot be in a text")
    return text


def refuse_repeated_words(words: tuple[str, ...]) -> tuple[str, ...]:
    """Refuse a list with a word that comes twice."""
    for index, word in enumerate(words):
        if word in words[:index]:
            raise make_fault(f"'{escape(word)}' comes twice; name it once", index)
    return words


def _refuse_padding(word: str) -> str:
    """Refuse blanks at the ends of a name."""
    if word != word.strip():
        raise make_fault(f"'{escape(word)}' begins or ends with a blank; write '{escape(word.strip())}'")
    return word


def _require_known(kind: Literal["goods", "agents"]) -> Callable[[str, ValidationInfo], str]:
    """Return a check that a word names a good or an agent; suggestions are made later, once."""

    def check(word: str, info: ValidationInfo) -> str:
        names: KnownNames | None = info.context
        if names and not (names.has_agent(word) if kind == "agents" else names.has_good(word)):
            raise PydanticCustomError("unknown", "unknown", {"kind": kind})
        return word

    return check


Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100),
    AfterValidator(refuse_control_characters),
    AfterValidator(_refuse_padding),
]
GoodName = Annotated[str, AfterValidator(_require_known("goods"))]
AgentName = Annotated[str, AfterValidator(_require_known("agents"))]


# --- numbers --------------------------------------------------------------------------------------------


# Numbers are 0 or of a size between these: products and quotients of several of them are numbers still.
LARGEST = 1e100
SMALLEST = 1e-100


def describe_size_fault(value: float) -> str | None:
    """Return the fault of a number's size, as the end of a sentence, or None."""
    if abs(value) > LARGEST:
        size, bound = ("large", f"<= {LARGEST:g}") if value > 0 else ("small", f">= {-LARGEST:g}")
        return f"{value:g} is too {size}; it must be {bound}"
    near = 0 < abs(value) < SMALLEST
    return f"{value:g} is too near 0; write 0, or at least {SMALLEST:g}" if near else None


def _refuse_extreme_size(value: float) -> float:
    """Refuse a number of extreme size; return -0.0 as 0.0, since numpy takes its sign for negative."""
    if message := describe_size_fault(value):
        raise make_fault(message)
    return value + 0.0


def make_bounded_type(
    low: float | None, high: float | None, open_low: bool, open_high: bool = False, *, kind: type = float
) -> Any:
    """Return the type of a number within bounds; a float is also of a size safe for products."""
    if kind is float:
        low = -LARGEST if low is None else max(low, -LARGEST)
        high = LARGEST if high is None else min(high, LARGEST)
    bounds: dict[str, Any] = {"gt" if open_low else "ge": low, "lt" if open_high else "le": high}
    if kind is int:
        return Annotated[int, Field(**bounds)]
    return Annotated[float, Field(**bounds), AfterValidator(_refuse_extreme_size)]


def make_range_type(parameter: Parameter) -> Any:
    """Return the type of a number in a declared range."""
    kind: Any = make_bounded_type(parameter.low, parameter.high, parameter.open_low, parameter.open_high)
    if parameter.nonzero:
        kind = Annotated[kind, AfterValidator(_refuse_zero), Field(json_schema_extra={"not": {"const": 0}})]
    return kind


def _refuse_zero(value: float) -> float:
    if value == 0:
        raise make_fault(NOT_ZERO)
    return value


class Column(Entry):
    """A number for each agent, from a column of the group's data file."""

    column: str = Field(description="a column of the group's data file")


def require_column(value: object) -> object:
    """Refuse a text where the agents' names come from a column."""
    if isinstance(value, str):
        raise make_fault(f'found {describe(value)}; write names = {{ column = "{escape(value, 40)}" }}')
    return value


class Dist(Entry):
    """A number for each agent, drawn from a distribution."""

    dist: str

    @model_validator(mode="after")
    def _makes_sense(self) -> Dist:
        message = DISTRIBUTIONS[self.dist].fault(**self.parameters())
        if message:
            raise make_fault(message)
        return self

    def parameters(self) -> dict[str, float]:
        """Return the distribution's parameters."""
        return {name: getattr(self, name) for name in DISTRIBUTIONS[self.dist].parameters}


Number = float | Dist | Column


def _dist_models() -> Iterator[Any]:
    for family in DISTRIBUTIONS:
        keys: dict[str, Any] = {"dist": LITERAL[family.name]}
        for key, parameter in family.parameters.items():
            keys[key] = (make_range_type(parameter), Field(description=parameter.meaning))
        yield make_tagged_model(f"dist {family.name}", Dist, family.formula(), keys)


_TABLES = (*_dist_models(), add_tag(Column, "column"))
MODELS[TAGS["column"]] = Column


def refuse_unknown_number(value: object) -> object:
    """Refuse a table that is neither a distribution nor a column."""
    if not isinstance(value, dict) or ("column" in value and "dist" not in value):
        return value
    if "dist" not in value:
        raise make_fault('write a number, { dist = "uniform", low = 0, high = 1 } or { column = "..." }')
    if value["dist"] not in DISTRIBUTIONS.names:
        raise make_fault(describe_unknown(DISTRIBUTIONS, value["dist"]), "dist")
    return value


def number_tag(value: Any) -> str:
    """Return the words of a number's tag: those of its distribution, of a column, or of a plain number."""
    if not isinstance(value, dict):
        return "number"
    return f"dist {value['dist']}" if "dist" in value else "column"


def make_number_type(parameter: Parameter) -> Any:
    """Return the type of a number in a declared range, a distribution or a column."""
    return make_union(make_number_choices(parameter), number_tag, refuse_unknown_number)


def make_number_choices(parameter: Parameter) -> tuple[Any, ...]:
    """Return the members of that union: a number in a declared range, each distribution, a column."""
    return (add_tag(make_range_type(parameter), "number"), *_TABLES)


# --- parameters and families ----------------------------------------------------------------------------


def make_parameter_field(parameter: Parameter) -> tuple[Any, Any]:
    """Return type and field of a family's parameter."""
    words = f"{parameter.meaning} [{parameter.unit}]"
    required = parameter.absent is None
    if parameter.axis == "one good":
        return GoodName, Field(description=words)
    if parameter.axis == "steps":
        return _make_steps_type(parameter), Field(description=words)
    if parameter.axis == "agent":
        default: Any = {} if required else {"default": parameter.absent}
        return make_number_type(parameter), Field(**default, description=words)
    by_good: Any = Annotated[
        DICT[GoodName, make_number_type(parameter)], BeforeValidator(_refuse_one_for_all)
    ]
    if required:
        return Annotated[by_good, AfterValidator(_require_every_good)], Field(description=words)
    if parameter.required:
        return by_good, Field(description=words)
    return by_good, Field(default_factory=dict, description=words)


def _make_steps_type(parameter: Parameter) -> Any:
    """Return the type of a list of [price, amount], alone if there is one good, else by good."""
    amount = Parameter("agent", meaning="an amount", unit="units")
    step = TUPLE[make_number_type(parameter), make_number_type(amount)]
    one: Any = Annotated[step, BeforeValidator(_require_pair), BeforeValidator(as_tuple)]
    steps: Any = Annotated[TUPLE[one, ...], BeforeValidator(as_tuple), BeforeValidator(_require_steps)]
    return Annotated[DICT[GoodName, steps], BeforeValidator(_name_the_good), _StepsForEditors()]


STEP_FILE = {
    "type": "object",
    "properties": {key: {"type": "string"} for key in ("file", "price", "amount", "agent")},
    "required": ["file"],
    "additionalProperties": False,
}
"""JSON Schema of a table that stands in the place of steps (`step_files.py`)."""


class _StepsForEditors:
    """Mark of steps in the JSON Schema: a list, a file, or either of them by good."""

    def __get_pydantic_json_schema__(
        self, schema: CoreSchema, handler: GetJsonSchemaHandler
    ) -> dict[str, Any]:
        """Return the schema of all ways to write steps; called by pydantic."""
        by_good = handler(schema)
        steps = by_good["additionalProperties"] | {"minItems": 1}
        each = {"type": "object", "additionalProperties": {"anyOf": [steps, STEP_FILE]}}
        return {"anyOf": [steps, STEP_FILE, each]}


def _name_the_good(value: object, info: ValidationInfo) -> object:
    """Return a list of steps as that of the only good."""
    names: KnownNames | None = info.context
    if isinstance(value, dict) or names is None:
        return value
    if isinstance(value, list) and len(names.goods) == 1:
        return {next(iter(names.goods)): value}
    good = escape(next(iter(names.goods), "power"))
    found = "a list for no good" if isinstance(value, list) else describe(value)
    raise make_fault(f"found {found}; write steps for each good, such as {{ {good} = [[3.5, 1.0]] }}")


def _require_steps(value: object) -> object:
    """Refuse a value that is not a list of steps, or an empty list."""
    if isinstance(value, list) and value:
        return value
    found = "an empty list" if value == [] else describe(value)
    raise make_fault(f"found {found}; write steps [price, amount], such as [[3.5, 1.0], [2.5, 2.0]]")


def _require_pair(value: object) -> object:
    """Refuse a step that is not a price and an amount."""
    if isinstance(value, tuple) and len(value) == 2:
        return value
    found = f"{len(value)} numbers" if isinstance(value, tuple) else describe(value)
    raise make_fault(f"found {found}; a step is [price, amount], such as [3.5, 1.0]")


def _refuse_one_for_all(value: object, info: ValidationInfo) -> object:
    """Refuse a distribution or column in the place of a table of them."""
    names: KnownNames | None = info.context
    if isinstance(value, dict) and names and names.goods:
        for key in ("dist", "column"):
            if isinstance(value.get(key), str) and key not in names.goods:
                example = f"{{ {escape(next(iter(names.goods)))} = {{ {key} = ... }} }}"
                raise make_fault(f"a number for each good belongs here, such as {example}")
    return value


def _require_every_good(value: dict[str, Any], info: ValidationInfo) -> dict[str, Any]:
    """Refuse a table that lacks a good."""
    names: KnownNames | None = info.context
    lacking = [escape(good) for good in names.goods if good not in value] if names else []
    if lacking:
        raise make_fault(f"every good needs a number here; missing: {', '.join(lacking[:12])}")
    return value


def as_tuple(value: object) -> object:
    """Return a list of TOML as a tuple, which frozen models need."""
    return tuple(value) if isinstance(value, list) else value


class FamilyEntry(Entry):
    """An agent's utility, cost or technology: the family's name, and its parameters."""

    family: str

    def given(self, key: str) -> Any:
        """Return a parameter as given: a number, or a number for each good that is named."""
        return getattr(self, key)

    def place(self, *path: str) -> Place:
        """Return the place of a parameter (and good) in the family's table."""
        return path


class TermEntry(Entry):
    """One term of a sum: its good, its form, and the form's parameters as attributes."""

    good: GoodName = Field(description="the good that the term is about")
    form: str


class TermsEntry(FamilyEntry):
    """An agent's utility of a family that adds up terms."""

    terms: tuple[TermEntry, ...]

    def given(self, key: str) -> dict[str, Any]:
        """Return the numbers of all terms that have the parameter, by good."""
        return {term.good: getattr(term, own) for _, term, own in self._having(key)}

    def place(self, *path: str) -> Place:
        """Return the term and the key in it."""
        key, good = path
        return next(("terms", index, own) for index, term, own in self._having(key) if term.good == good)

    def _having(self, key: str) -> Iterator[tuple[int, TermEntry, str]]:
        """Yield index, term, and its own name of the parameter."""
        for index, term in enumerate(self.terms):
            form, _, own = key.partition("_")
            if form == term.form:
                yield index, term, own


def make_family_type(registry: Registry[Any]) -> OfType:
    """Return the union of a registry's families, chosen by the key `family`."""
    return OfType(_make_choice(registry, "family", _family_models(registry)))


def _make_choice(registry: Registry[Any], key: str, models: Iterable[Any]) -> Any:
    """Return the union of the models of a registry's families, chosen by a key."""

    def check(table: object) -> object:
        choose_family(table, key, registry)
        return table

    return make_union(models, lambda table: f"{registry.kind} {table[key]}", check)


def _family_models(registry: Registry[Any]) -> Iterator[Any]:
    for family in registry:
        if family.terms is None:
            base: type[FamilyEntry] = FamilyEntry
            keys = {key: make_parameter_field(parameter) for key, parameter in family.parameters.items()}
        else:
            base, keys = TermsEntry, {"terms": _terms_field(family.terms)}
        keys["family"] = LITERAL[family.name]
        yield make_tagged_model(f"{registry.kind} {family.name}", base, family.formula(), keys)


def _terms_field(forms: Registry[Any]) -> tuple[Any, Any]:
    """Return type and field of a list of terms."""
    one = _make_choice(forms, "form", _term_models(forms))
    checks = (
        BeforeValidator(as_tuple),
        BeforeValidator(_require_terms),
        AfterValidator(_refuse_repeated_forms),
    )
    words = "one-good terms to add up; at most one of each form for each good"
    return Annotated[(TUPLE[one, ...], *checks)], Field(description=words)


def _term_models(forms: Registry[Any]) -> Iterator[Any]:
    for form in forms:
        keys: dict[str, Any] = {"form": LITERAL[form.name]}
        for key, parameter in form.parameters.items():
            words = f"{parameter.meaning} [{parameter.unit}]"
            default = {} if parameter.required else {"default": parameter.absent}
            keys[key] = (make_number_type(parameter), Field(**default, description=words))
        yield make_tagged_model(f"{forms.kind} {form.name}", TermEntry, form.formula(), keys)


def _require_terms(value: object, info: ValidationInfo) -> object:
    """Refuse a value that is not a list of terms, or an empty list."""
    if isinstance(value, list) and value:
        return value
    names: KnownNames | None = info.context
    good = next(iter(names.goods), "water") if names else "water"
    example = f'[{{ good = "{escape(good)}", form = "log", weight = 1.0 }}]'
    raise make_fault(
        f"found {'an empty list' if value == [] else describe(value)}; write terms, such as {example}"
    )


def _refuse_repeated_forms(terms: tuple[TermEntry, ...]) -> tuple[TermEntry, ...]:
    """Refuse a second term of the same form for the same good."""
    first: dict[tuple[str, str], int] = {}
    for index, term in enumerate(terms):
        before = first.setdefault((term.good, term.form), index)
        if before != index:
            raise make_fault(
                f"terms[{before}] is a {term.form} term of {escape(term.good)} already; there is at most one "
                f"of each form for each good, so add them up or choose another form",
                index,
            )
    return terms


def choose_family(table: object, key: str, registry: Registry[Any], default: str | None = None) -> str:
    """Return the family that a table names under a key; raise a fault that lists all families."""
    if not isinstance(table, dict):
        example = f'{{ {key} = "{registry.names[0]}", ... }}'
        raise make_fault(f"found {describe(table)}; write a table, such as {example}")
    word = table.get(key, default)
    if word is None:
        raise make_fault(f"missing key '{key}'; {did_you_mean('', registry.names)}")
    if word not in registry.names:
        raise make_fault(describe_unknown(registry, word), key)
    return str(word)


def describe_unknown(registry: Registry[Any], word: object) -> str:
    """Describe the fault of a word that should name a family."""
    if not isinstance(word, str):
        return f"found {describe(word)}; {did_you_mean('', registry.names)}"
    return f"no {registry.kind} '{escape(word)}'; {did_you_mean(word[:100], registry.names)}"
