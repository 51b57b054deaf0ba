"""`market verify` of public goods: honest folders hold, forged ones are refused."""

from pathlib import Path

import numpy as np
import pytest
from helpers.parks import LINDAHL, PLANNER, VOLUNTARY, cobb_douglas, scenario
from helpers.tampering import Tamper, refused

from market import compare, load
from market.results.run_folder import write_run
from market.results.verify import verify

PARK = Path("scenarios/park.toml")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return write_run(compare(load(PARK)), tmp_path_factory.mktemp("park"))


def test_an_honest_folder_holds(folder):
    checked = verify(folder)
    assert not refused(checked)
    assert sum(claim.holds is None for claim in checked.claims) <= 2


def test_an_honest_folder_with_wealth_holds(tmp_path):
    read = scenario(cobb_douglas([20.0, 14.0, 1.0]), VOLUNTARY, LINDAHL, PLANNER)
    assert not refused(verify(write_run(compare(read), tmp_path)))


FORGERIES = {
    "amounts differ": ("lindahl", "anne", "consumption", "consumption", 5.0, "park"),
    "more than there is": ("planner", "gardener", "production", "production", 5.0, "park"),
    "another personal price": ("lindahl", "anne", "personal_prices", "personal_price", 0.2, "park"),
    "another payment": ("clarke", "anne", "payments", "payment", 2.2, None),
    "another gift": ("voluntary", "anne", "actions", "action", 1.0, "park"),
    "another message": ("groves-ledyard", "anne", "actions", "action", 1.0, "park"),
}


@pytest.mark.parametrize("forged", FORGERIES.values(), ids=FORGERIES)
def test_a_forged_number_is_refused(folder, tmp_path, forged):
    name, agent, key, column, value, good = forged
    tamper = Tamper(folder, tmp_path / "copy")
    if key in tamper.mechanism(name):
        tamper.everywhere(name, agent, key, column, value, good)
    else:  # only in the table of agents
        row = tamper.rows(name) & (tamper.agents["agent"] == agent)
        tamper.agents.loc[row, f"{column}[{good}]"] = value
    assert refused(tamper.verified())


def test_a_forged_clarke_outcome_with_consistent_numbers_is_refused(folder, tmp_path):
    """A tax moved from one agent to another keeps every sum."""
    tamper = Tamper(folder, tmp_path / "copy")
    stated = tamper.mechanism("clarke")
    for agent, more in (("anne", 0.1), ("bert", -0.1)):
        for key, column, sign in (("payments", "payment", 1), ("payoffs", "payoff", -1)):
            tamper.everywhere("clarke", agent, key, column, stated[key][agent] + sign * more)
        stated["payoffs_with_revenue"][agent] -= more
    found = refused(tamper.verified())
    assert any("payments are cost shares" in name for name in found), found


def test_nash_stated_of_the_optimum_is_refused(folder, tmp_path):
    """The planner's amounts as gifts of the keenest: it would gain by giving less."""
    tamper = Tamper(folder, tmp_path / "copy")
    stated = tamper.mechanism("voluntary")
    tamper.everywhere("voluntary", "cleo", "consumption", "consumption", 6.0, "park")
    row = tamper.rows("voluntary") & (tamper.agents["agent"] == "cleo")
    tamper.agents.loc[row, "action[park]"] = 6.0
    for agent in stated["consumption"]:
        tamper.everywhere("voluntary", agent, "consumption", "consumption", 6.0, "park")
    tamper.everywhere("voluntary", "gardener", "production", "production", 6.0, "park")
    assert any("nash" in name for name in refused(tamper.verified()))
    assert np.isfinite(stated["revenue"])
