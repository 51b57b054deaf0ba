"""The key `harm` of an agent: for each good a number, the rate, or a table of rate and slope."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from market.economy.harm import RATE, SLOPE
from market.scenario.models import (
    DICT,
    MODELS,
    TAGS,
    Entry,
    GoodName,
    Number,
    OfType,
    add_tag,
    make_fault,
    make_number_choices,
    make_number_type,
    make_union,
    number_tag,
    refuse_unknown_number,
)
from market.scenario.toml_text import Place

WORDS = "harm"
KEYS = ("rate", "slope")


def _refuse_falling(value: object) -> object:
    """Refuse a negative slope as written, with its reason."""
    if isinstance(value, int | float) and not isinstance(value, bool) and value < 0:
        raise make_fault(
            f"{value:g} is too small; it must be >= 0: harm that rises ever more slowly makes the planner's "
            f"problem not convex"
        )
    return value


class HarmEntry(Entry):
    """Harm `rate Y + slope Y^2 / 2` by the output Y of others of one good."""

    rate: Annotated[Number, OfType(make_number_type(RATE))] = Field(
        0.0, description=f"{RATE.meaning} [{RATE.unit}]"
    )
    slope: Annotated[Number, OfType(make_number_type(SLOPE)), BeforeValidator(_refuse_falling)] = Field(
        0.0, description=f"{SLOPE.meaning} [{SLOPE.unit}]"
    )


def _is_table_of_both(value: object) -> bool:
    """Return True for a table with no keys but rate and slope, and one of them at least."""
    return isinstance(value, dict) and "dist" not in value and any(key in value for key in KEYS)


def _tag(value: Any) -> str:
    return WORDS if _is_table_of_both(value) else number_tag(value)


def _refuse_other_table(value: object) -> object:
    """Refuse a table that is neither rate and slope, a distribution nor a column."""
    if isinstance(value, dict) and not _is_table_of_both(value) and not {"dist", "column"} & value.keys():
        raise make_fault(
            "write the money lost a unit, { rate = 0.0, slope = 1.0 } or a distribution, such as "
            '{ dist = "uniform", low = 0, high = 1 }'
        )
    return value if _is_table_of_both(value) else refuse_unknown_number(value)


_ONE = make_union((*make_number_choices(RATE), add_tag(HarmEntry, WORDS)), _tag, _refuse_other_table)
MODELS[TAGS[WORDS]] = HarmEntry

HARM = OfType(DICT[GoodName, _ONE])
"""The type of the key `harm`."""


def given(harm: dict[str, Number | HarmEntry], key: str) -> dict[Place, Number]:
    """Return the rates or slopes of a group as given, by their places below `harm`: good, and key if any."""
    found: dict[Place, Number] = {}
    for good, entry in harm.items():
        if isinstance(entry, HarmEntry):
            found[good, key] = getattr(entry, key)
        elif key == "rate":
            found[(good,)] = entry
    return found
