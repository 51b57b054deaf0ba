"""The layout of result.json: written and read by the same models, and the first fault is named."""

from pathlib import Path

import pytest
from helpers import stories

import market
from market.errors import RunError
from market.results.schema import Result, check_layout
from market.results.tables import result


@pytest.fixture
def written():
    return result(market.compare(market.loads(stories.COMMONS)))


def test_a_result_has_the_layout_that_is_read(written):
    assert Result.model_validate(written).model_dump(by_alias=True, exclude_unset=True) == written


@pytest.mark.parametrize(
    ("change", "fault"),
    [
        ({"rounds": -1}, "mechanisms.0.rounds: "),
        ({"revenue": "Infinity"}, "mechanisms.0.revenue: a finite number is needed"),
        ({"revenue": True}, "mechanisms.0.revenue: a finite number is needed"),
        ({"kind": "oracle"}, "mechanisms.0.kind: one of "),
        ({"max_regret": None}, "mechanisms.0: of the kind unmediated there must be a value of max_regret"),
        ({"more": 1}, "mechanisms.0.more: "),
    ],
)
def test_another_layout_is_refused_with_its_first_place(written, change, fault):
    written["mechanisms"][0] |= change
    with pytest.raises(RunError, match=f"^'result.json' is not what a run writes: {fault}"):
        check_layout(Path("result.json"), written, Result)
