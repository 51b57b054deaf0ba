"""Numbers behind a status that do not follow from the record are refused."""

import pytest
from helpers import stories
from helpers.tampering import Tamper, refused

import market
from market.results.run_folder import write_run


@pytest.mark.parametrize(
    ("story", "name", "change"),
    [
        ("commons", "prices", {"relative_excess_demand": 1e-10}),
        ("commons", "prices", {"relative_regret": 1e-3}),
        ("commons", "prices", {"demand_queries": "Infinity"}),
        ("commons", "prices", {"anything": 0.0}),
        ("commons", "first mover", {"relative_regret": 1e-3}),
        ("commons", "planner", {"residual": 1e-7}),
        ("commons", "planner", {"other": 1e-7}),
        ("two at war", "all at once", {"period": 2.5}),
        ("two at war", "all at once", {"period": 1e300}),
        ("two at war", "all at once", {"period": "Infinity"}),
        ("two at war", "all at once", {"period": 0.0}),
    ],
)
def test_false_evidence_is_refused(tamper, story, name, change):
    changed = tamper(story)
    changed.mechanism(name)["evidence"].update(change)
    assert any(claim.startswith(f"{name}: ") for claim in refused(changed.verified()))


def test_a_period_that_prices_do_not_have_is_refused(written, tmp_path):
    folder = write_run(market.compare(market.loads(stories.barter(2), name="barter"), ["prices"]), tmp_path)
    changed = Tamper(folder, tmp_path / "copy")
    said = changed.mechanism("prices")
    said["status"] = "cycling"
    said["evidence"]["period"] = 1.0
    assert "prices: evidence" in refused(changed.verified())
