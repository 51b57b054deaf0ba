"""Faults of a scenario in plain words, all at once.

Findings have three sources: the models (`describe_finding` puts findings of pydantic into words), the rules
that span several parts of the file (`cross_checks`), and the data files (`read_all_data`). The last two read
the values as parsed, which may be of any type anywhere, so that they work when there are other mistakes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import islice
from pathlib import Path
from typing import Any, NamedTuple

from pydantic import ValidationError

from market.economy.primitives import Money
from market.errors import Fault, InputError, ScenarioError, did_you_mean, nearest
from market.mechanisms import MECHANISMS
from market.mechanisms.auction.price_rules import RULES
from market.mechanisms.trading.barter.networks import Acquaintances
from market.scenario.data_files import MAX_ROWS, Data, read_data, read_pairs
from market.scenario.intervention_checks import intervention_faults
from market.scenario.models import FILE_MODELS, MAX_COUNT, MODELS, Entry, KnownNames
from market.scenario.overrides import Override
from market.scenario.toml_text import Place, Source, describe, escape, format_place

MAX_FAULTS = 50
NO_SHARES = "the shares sum to zero; make one positive, or omit the table"
MAX_CELLS = 200_000_000  # agents times goods: an array of them takes 1.6 GB


class Finding(NamedTuple):
    """A fault: its place, and its message, or a function that makes the message if that takes a search."""

    place: Place
    message: str | Callable[[], str]


def make_scenario_error(
    source: Source, overrides: Sequence[Override], findings: Iterable[Finding], astray: Iterable[Fault] = ()
) -> ScenarioError:
    """Return all findings as one error, one for each place, in the order of the file.

    Args:
        source: the file's text, for lines.
        overrides: values set from outside; faults in them have no line.
        findings: faults of the file.
        astray: faults of overrides without a valid path.
    """
    first: dict[Place, Finding] = {}
    for finding in findings:
        first.setdefault(finding.place, finding)
    placed = [(_field_and_line(source, overrides, place), finding) for place, finding in first.items()]
    placed.sort(key=lambda item: item[0][1] or 0)
    faults = [*astray] + [
        Fault(finding.message if isinstance(finding.message, str) else finding.message(), where, line)
        for (where, line), finding in placed[:MAX_FAULTS]
    ]
    if len(placed) > MAX_FAULTS:
        faults.append(Fault(f"and {len(placed) - MAX_FAULTS} more faults"))
    return ScenarioError(escape(source.name, 1000), faults)


def _field_and_line(source: Source, overrides: Sequence[Override], place: Place) -> tuple[str, int | None]:
    """Return a place as written, and its line; a place set from outside as written there, without line."""
    for override in reversed(overrides):
        if place[: len(override.place)] == override.place:
            rest = format_place(("", *place[len(override.place) :]))[2:]
            return f"--set {escape(override.written)}{rest}", None
    return format_place(place), source.line(place)


# --- names in the file ----------------------------------------------------------------------------------


def read_names(values: dict[str, Any], data: Mapping[int, Data], key: str = "agents") -> KnownNames:
    """Return the names that the file introduces, as far as they can be read.

    Args:
        values: the file as parsed.
        data: data files by the group's index.
        key: of the groups, "agents" or "players".
    """
    goods = values.get("goods")
    members: dict[str, int | None] = {}
    own: dict[str, None] = {}
    unknown = False
    for index, group in _tables(values, key):
        name, count = group.get("name"), group.get("count", 1)
        named = data[index].names if index in data else None
        unknown |= named is None and "names" in group
        if isinstance(name, str) and "data" in group:
            members[name] = data[index].rows if index in data else None
            if named is not None:
                members[name] = 0
                own |= dict.fromkeys(named)
        elif isinstance(name, str):
            known = isinstance(count, int) and 1 <= count <= MAX_COUNT
            members[name] = (count if count > 1 else 0) if known else None
    return KnownNames(dict.fromkeys(_words(goods)), members, None if unknown else own)


def _words(values: object) -> list[str]:
    return [value for value in values if isinstance(value, str)] if isinstance(values, list) else []


def _tables(values: dict[str, Any], key: str) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield the tables in a list, with their indices; the models refuse other entries."""
    entries = values.get(key)
    for index, entry in enumerate(entries if isinstance(entries, list) else ()):
        if isinstance(entry, dict):
            yield index, entry


# --- findings of the models ------------------------------------------------------------------------------


def model_findings(
    error: ValidationError, known: KnownNames, models: Mapping[str, type[Entry]] = FILE_MODELS
) -> Iterator[Finding]:
    """Yield the findings of pydantic, each at its place in the file.

    Args:
        error: of pydantic.
        known: names that may be used in the file.
        models: the model of the file ("file") and of the entries below its keys.
    """
    items = error.errors(include_url=False)
    misspelt = _misspelt(items, models)
    for item in items:
        if item["type"] == "too_short" and item["input"]:
            continue  # the entries that are there have their own findings
        if item["type"] == "missing" and item["loc"] in misspelt:
            continue  # it is there under a wrong name, which is a finding of its own
        place = tuple(part for part in item["loc"] if isinstance(part, str) or part >= 0)  # without tags
        if item["type"] == "unknown" and place[-2:] == (item["input"], "[key]"):
            place = place[:-1]  # pydantic marks keys so: the key is at fault, not the value
        place += tuple(item.get("ctx", {}).get("below", ()))
        yield Finding(place, partial(describe_finding, dict(item), place, known, models))


def _misspelt(items: Sequence[Any], models: Mapping[str, type[Entry]]) -> set[tuple[int | str | None, ...]]:
    """Return the places of missing keys that other keys of the table probably meant."""
    lacking = {item["loc"][:-1] for item in items if item["type"] == "missing"}
    extra = (item["loc"] for item in items if item["type"] == "extra_forbidden")
    compared = islice((loc for loc in extra if loc[:-1] in lacking), 20 * MAX_FAULTS)
    return {(*loc[:-1], nearest(str(loc[-1])[:100], _model(loc, models).keys())) for loc in compared}


_NEEDED = {
    "float_type": "a number is needed",
    "int_type": "a whole number is needed",
    "int_from_float": "a whole number is needed",
    "string_type": "a text in quotes is needed",
    "bool_type": "true or false is needed",
    "tuple_type": "a list is needed, such as [...]",
    "model_type": "a table is needed",
}

_MISSING: dict[Place, str] = {
    ("schema",): "write schema = 1",
    ("economy",): f"write economy = ..., {did_you_mean('', Money)}, or game = ... for a game stated directly",
    ("goods",): 'name at least one good, goods = ["water"]',
    ("agents",): "write a table [[agents]] for each agent or group",
    ("players",): "write a table [[players]] for each player or group",
    ("mechanisms",): f"write a table [[mechanisms]] for each, with kind {did_you_mean('', MECHANISMS.names)}",
}


def describe_finding(
    item: dict[str, Any], place: Place, known: KnownNames, models: Mapping[str, type[Entry]] = FILE_MODELS
) -> str:
    """Describe a finding of pydantic in plain words, with a remedy."""
    kind, value, context = item["type"], item["input"], item.get("ctx", {})
    last = str(place[-1]) if place else ""
    if kind == "fault":
        return str(context["message"])
    if kind == "unknown":
        return _unknown(value, context["kind"], known, "player" if "players" in models else "agent")
    if kind == "extra_forbidden":
        return f"no such key; {did_you_mean(last[:100], _model(item['loc'], models).keys())}"
    if kind in ("missing", "too_short"):
        return _missing(place, _model(item["loc"], models), "empty" if kind == "too_short" else "missing")
    if kind in ("enum", "literal_error"):
        words = re.findall(r"'([^']*)'", context["expected"])
        return (
            f"found {describe(value)}; {did_you_mean(value[:100] if isinstance(value, str) else '', words)}"
        )
    if kind == "dict_type":
        return f"found {describe(value)}; a table is needed, such as {{ {_example(place, known)} = 1.0 }}"
    if kind == "tuple_type" and place in (("agents",), ("players",), ("mechanisms",)):
        return f"found {describe(value)}; tables in double brackets are needed, [[{last}]]"
    if kind in ("float_type", "int_type") and isinstance(value, str) and _is_number(value):
        return f"found {describe(value)}; {_NEEDED[kind]}, without quotes"
    if kind in _NEEDED:
        return f"found {describe(value)}; {_NEEDED[kind]}"
    return _out_of_bounds(kind, value, context) or f"found {describe(value)}; {item['msg']}"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _unknown(word: str, kind: str, known: KnownNames, who: str) -> str:
    words = known.goods if kind == "goods" else {**known.members, **(known.own or {})}
    hint = did_you_mean(word[:100], map(escape, words))
    if kind == "goods":
        return f"no good of that name; {hint}"
    count = known.members.get(word.partition("[")[0])
    members = f" Its members are [0] to [{count - 1}]." if count else ""
    return f"no {who} or group of that name; {hint}{members}"


def _missing(place: Place, model: type[Entry], how: str) -> str:
    """Describe what to write for a missing key or an empty list."""
    key = str(place[-1])
    if key in model.remedies or place in _MISSING:
        return f"{how}; {model.remedies.get(key) or _MISSING[place]}"
    info = next((info for name, info in model.model_fields.items() if (info.alias or name) == key), None)
    meaning = f" ({info.description})" if info and info.description else ""
    return f"{how}; write {key} = ...{meaning}"


def _example(place: Place, known: KnownNames) -> str:
    """Return a name that a table at this place may have as a key."""
    words: Iterable[str] = known.goods if place[0] in ("agents", "commons") else known.members
    return escape(next(iter(words), "name"))


def _model(loc: tuple[int | str, ...], models: Mapping[str, type[Entry]]) -> type[Entry]:
    """Return the model that holds the last part of a path of pydantic."""
    tag = next((part for part in reversed(loc[:-1]) if part in MODELS), None)
    if isinstance(tag, int):
        return MODELS[tag]
    return models[str(loc[0]) if len(loc) > 1 and loc[0] in models else "file"]


def _out_of_bounds(kind: str, value: Any, context: dict[str, Any]) -> str | None:
    """Describe a value of the right type that is too large, too small or too long; None for others."""
    if kind == "finite_number":
        return f"{value} is not a finite number"
    if kind.startswith(("greater_than", "less_than")):
        size, sign = ("small", ">") if kind.startswith("greater") else ("large", "<")
        ((name, bound),) = context.items()
        written = f"{value:g}" if isinstance(value, float) else escape(str(value), 30)
        return f"{written} is too {size}; it must be {sign}{'=' if name in ('ge', 'le') else ''} {bound:g}"
    if kind == "string_too_short":
        return "an empty name"
    if kind == "string_too_long":
        return f"a text of {len(value)} characters; at most {context['max_length']} are allowed"
    if kind == "too_long":
        return f"a list of {context['actual_length']}; at most {context['max_length']} are allowed"
    return None


# --- rules that span several parts ----------------------------------------------------------------------


def cross_checks(values: dict[str, Any], known: KnownNames, data: Mapping[int, Data]) -> Iterator[Finding]:
    """Yield violations of rules that span several parts of the file."""
    goods = values.get("goods")
    yield from _repeated("goods", enumerate(goods if isinstance(goods, list) else ()))
    yield from group_checks(values, known, data, "agents")
    yield from _money(values)
    for index, entry in _tables(values, "mechanisms"):
        for below, message in intervention_faults(entry, values):
            yield Finding(("mechanisms", index, *below), message)
    yield from _public_goods(values)
    for index, group in _tables(values, "agents"):
        for key, message in _group_faults(group, values.get("economy")):
            yield Finding(("agents", index, key), message)


def group_checks(
    values: dict[str, Any], known: KnownNames, data: Mapping[int, Data], key: str
) -> Iterator[Finding]:
    """Yield what is wrong with the names of groups and mechanisms, and with the groups' data files.

    Args:
        values: the file as parsed.
        known: names that the file introduces.
        data: data files by the group's index.
        key: of the groups, "agents" or "players".
    """
    for each in (key, "mechanisms"):
        yield from _repeated(each, ((i, entry.get("name")) for i, entry in _tables(values, each)), "name")
    yield from _numbered_names_taken(values, known, key)
    yield from _own_names_taken(values, known, data, key)
    one = key.removesuffix("s")
    for index, group in _tables(values, key):
        if "count" in group and "data" in group:
            why = f"count and data exclude each other: a data file has one row per {one}; omit count"
            yield Finding((key, index, "count"), why)
        for place, _ in () if "data" in group else _columns(group, (key, index)):
            yield Finding(place, f'a column needs a data file; write data = "....csv" in this table of {key}')


def _repeated(key: str, names: Iterable[tuple[int, object]], *below: str) -> Iterator[Finding]:
    """Yield names that are used twice in a list."""
    first: dict[str, int] = {}
    for index, name in names:
        if isinstance(name, str) and first.setdefault(name, index) != index:
            message = f"'{escape(name)}' is the name of {key}[{first[name]}] already; choose another"
            yield Finding((key, index, *below), message)


def _numbered_names_taken(values: dict[str, Any], known: KnownNames, key: str) -> Iterator[Finding]:
    """Yield single agents, or players, named like a member of a group."""
    for index, group in _tables(values, key):
        name = group.get("name")
        numbered = re.fullmatch(r"(.*)\[(0|[1-9][0-9]{0,17})\]", name) if isinstance(name, str) else None
        if numbered and int(numbered[2]) < (known.members.get(numbered[1]) or 0):
            member, whole = escape(numbered[0]), escape(numbered[1])
            message = f"'{member}' is a member of the group '{whole}'; choose another name"
            yield Finding((key, index, "name"), message)


def _own_names_taken(
    values: dict[str, Any], known: KnownNames, data: Mapping[int, Data], key: str
) -> Iterator[Finding]:
    """Yield names from a data file that another agent or group of the scenario has, its own group too."""
    seen: dict[str, str] = {}
    one = key.removesuffix("s")
    for index, _ in _tables(values, key):
        if index not in data:
            continue
        for row, name in enumerate(data[index].names or ()):
            numbered = KnownNames({}, known.members).has_agent(name) if known.members else False
            elsewhere = f"{_article(one)} or group in the scenario" if numbered else seen.get(name)
            if elsewhere is not None:
                where = f"{escape(data[index].file)}, row {row + 1}"
                message = f"'{escape(name)}' is the name of {elsewhere} already; names must differ"
                yield Finding((key, index, "names"), f"{where}: {message}")
                break
        seen |= dict.fromkeys(data[index].names or (), f"{_article(one)} of {key}[{index}]")


def _article(word: str) -> str:
    return f"an {word}" if word[0] in "aeiou" else f"a {word}"


def _columns(value: object, place: Place) -> Iterator[tuple[Place, str]]:
    """Yield every { column = "..." } below a value."""
    if isinstance(value, dict):
        if isinstance(value.get("column"), str) and "dist" not in value:
            yield (*place, "column"), value["column"]
        for key, below in value.items():
            yield from _columns(below, (*place, key))
    elif isinstance(value, list):
        for index, below in enumerate(value):
            yield from _columns(below, (*place, index))


def _money(values: dict[str, Any]) -> Iterator[Finding]:
    """Yield keys that do not fit the kind of money."""
    money = values.get("economy")
    if money in (Money.QUASILINEAR, Money.FISHER) and "numeraire" in values:
        yield Finding(("numeraire",), f'only under economy = "exchange"; with {money} money omit it')
    if money in (Money.FISHER, Money.EXCHANGE):
        for index, group in _tables(values, "agents"):
            utility = group.get("utility")
            if isinstance(utility, dict) and utility.get("family") == "steps":
                message = 'bids are in money that has a value of its own: only under economy = "quasilinear"'
                yield Finding(("agents", index, "utility", "family"), message)
    for index, entry in _tables(values, "mechanisms"):
        name = entry.get("rule")
        rule = RULES[name] if isinstance(name, str) and name in RULES else None
        if rule is not None and money in list(Money) and money not in rule.economies:
            fits = " or ".join(f'"{economy}"' for economy in rule.economies)
            yield Finding(("mechanisms", index, "rule"), f"{name} is for economy = {fits}")
    shares = values.get("commons_shares")
    if _sums_to_zero(shares):
        yield Finding(("commons_shares",), NO_SHARES)


def _public_goods(values: dict[str, Any]) -> Iterator[Finding]:
    """Yield public goods that do not fit the kind of money, the numeraire or a technology."""
    public = values.get("public")
    if not isinstance(public, list) or not public:
        return
    if values.get("economy") == Money.FISHER:
        yield Finding(("public",), 'only under economy = "quasilinear" or "exchange"')
    for index, good in enumerate(public):
        if good == values.get("numeraire"):
            message = f"'{escape(str(good))}' is the numeraire, which agents pay with; it cannot be public"
            yield Finding(("public", index), message)
    for index, group in _tables(values, "agents"):
        if group.get("harm"):
            remedy = "harm is of private goods here: leave out public goods, or harm"
            yield Finding(("agents", index, "harm"), remedy)
    if len(public) == len(values.get("goods") or ()) and values.get("economy") == Money.EXCHANGE:
        yield Finding(("public",), "under exchange some good must be private, to pay with")


def _group_faults(group: dict[str, Any], money: object) -> Iterator[tuple[str, str]]:
    """Yield keys of a group that do not fit each other or the kind of money, with messages."""
    if money == Money.EXCHANGE and "cost" in group:
        remedy = "write technology, which makes goods from goods"
        yield "cost", f"there is no money under exchange to pay a cost with; {remedy}"
    if money == Money.EXCHANGE and "budget" in group:
        remedy = "income is the value of the endowment; write endowment"
        yield "budget", f"there is no money under exchange: {remedy}"
    if money == Money.FISHER and "utility" in group and "budget" not in group:
        remedy = "under fisher an agent with a utility needs money to spend: write budget = ..."
        yield "budget", f"missing; {remedy}"
    if money in (Money.QUASILINEAR, Money.FISHER) and "technology" in group:
        yield "technology", f'only under economy = "exchange"; with {money} money write cost'
    if money == Money.EXCHANGE and group.get("harm"):
        remedy = "make the clean good an endowment that production uses up, as scenarios/clean_air.toml does"
        yield "harm", f"harm is money lost, and there is no money under exchange; {remedy}"
    if money == Money.FISHER and group.get("harm") and "utility" in group:
        remedy = 'give the harm to an agent without a utility, or write economy = "quasilinear"'
        yield "harm", f"harm is money lost, and under fisher a buyer's payoff has no money in it; {remedy}"
    if group.get("owners") is not None and "technology" not in group:
        yield "owners", "owners share the profit of a technology, and there is none; write technology = ..."
    if _sums_to_zero(group.get("owners")):
        yield "owners", NO_SHARES


def _sums_to_zero(shares: object) -> bool:
    return isinstance(shares, dict) and all(share == 0 for share in shares.values())


def check_size(agents: int, goods: int) -> Iterator[Finding]:
    """Refuse more agents or numbers than fit at a time; shards (`market run --shards N`) allow more."""
    instead = "at a time (play them in shards: --shards)"
    if agents > MAX_ROWS:
        message = f"{agents:,} agents in all groups; at most {MAX_ROWS:,} can be held {instead}"
        yield Finding(("agents",), message)
    elif agents * goods > MAX_CELLS:
        message = f"{agents:,} agents times {goods:,} goods; at most {MAX_CELLS:,} numbers fit {instead}"
        yield Finding(("agents",), message)


# --- data files -----------------------------------------------------------------------------------------


def read_all_data(
    values: dict[str, Any], folder: Path | None, key: str = "agents"
) -> tuple[dict[int, Data], list[Finding], bool]:
    """Read the data file of each group that has one.

    Args:
        values: the file as parsed.
        folder: of the data files.
        key: of the groups, "agents" or "players".

    Returns:
        The data by the group's index; the faults of the files; True if the operating system did not let
        one of them be read.
    """
    data: dict[int, Data] = {}
    findings, unreadable = [], False
    for index, group in _tables(values, key):
        file = group.get("data")
        if not isinstance(file, str):
            continue
        wanted = list(_columns(group, (key, index)))
        names = (key, index, "names", "column")
        own = next((name for place, name in wanted if place == names), None)
        numbers = [name for place, name in wanted if place != names]
        try:
            data[index], wrong = read_data(folder, file, numbers, own)
        except InputError as error:
            findings.append(Finding((key, index, "data"), f"'{escape(file)}': {error}"))
            continue
        except OSError as error:
            message = f"'{escape(file)}': cannot be read: {(error.strerror or str(error)).lower()}"
            findings.append(Finding((key, index, "data"), message))
            unreadable = True
            continue
        findings += [
            Finding(place, f"{escape(file)}: {wrong[name]}") for place, name in wanted if name in wrong
        ]
    return data, findings, unreadable


def read_acquaintances(
    values: dict[str, Any], folder: Path | None
) -> tuple[dict[int, Acquaintances], list[Finding], bool]:
    """Read the data file of edges of each mechanism that names one in `meets`.

    Returns:
        The rows by the mechanism's index; the faults of the files; True if the operating system did not let
        one of them be read.
    """
    found: dict[int, Acquaintances] = {}
    findings, unreadable = [], False
    for index, entry in _tables(values, "mechanisms"):
        meets = entry.get("meets")
        file = meets.get("data") if isinstance(meets, dict) else None
        if not isinstance(meets, dict) or not isinstance(file, str):
            continue
        columns = str(meets.get("from", "from")), str(meets.get("to", "to"))
        try:
            found[index] = Acquaintances(file, *read_pairs(folder, file, columns))
        except InputError as error:
            findings.append(Finding(("mechanisms", index, "meets"), f"'{escape(file)}': {error}"))
        except OSError as error:
            message = f"'{escape(file)}': cannot be read: {(error.strerror or str(error)).lower()}"
            findings.append(Finding(("mechanisms", index, "meets"), message))
            unreadable = True
    return found, findings, unreadable
