"""`market verify` of public goods: honest folders hold, forged ones are refused."""

from pathlib import Path

import numpy as np
import pytest
from helpers.parks import LINDAHL, PLANNER, VOLUNTARY, cobb_douglas, logs, scenario, taxed
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


def test_a_stock_to_which_nothing_is_worth_adding_is_proved_efficient(tmp_path):
    """With 10 of the park a unit more is worth 3 / 10 to all three, and costs 1: equal weights support that.

    The price of the park is 3 / 10, what provision gets for a unit, and not the cost of making one.
    """
    read = scenario(logs([1.0] * 3, extra="commons = { park = 10.0 }"), taxed(1.0))
    compared = compare(read)
    report = compared.alignments["m0"]
    assert report.supporting_prices[0] == pytest.approx(0.3 / 4, rel=1e-6)
    claims = {claim.name: claim.holds for claim in verify(write_run(compared, tmp_path)).claims}
    assert claims["m0: efficient"] is True


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


def only_in_one_file(tamper):
    """The personal prices of result.json are others than those of the table of agents."""
    tamper.mechanism("lindahl")["personal_prices"]["anne"]["park"] = 0.2


def no_personal_support(tamper):
    """The parts of supporting prices are dropped from result.json alone."""
    tamper.mechanism("planner")["alignment"]["personal_supporting_prices"] = None


def regret(tamper):
    """A regret, consistent in both files."""
    tamper.mechanism("lindahl")["max_regret"] = 0.5
    tamper.agents.loc[tamper.rows("lindahl") & (tamper.agents["agent"] == "anne"), "regret"] = 0.5


def payoff(tamper):
    """An auctioneer that lost much."""
    tamper.mechanism("lindahl")["auctioneer_payoff"] = -3.0


def queries(tamper):
    """A number of queries is whole, and at least that of rounds."""
    tamper.mechanism("lindahl")["evidence"]["demand_queries"] = 0.5


def residual(tamper):
    """A residual below that of the amounts chosen is as wrong as one above the tolerance."""
    tamper.mechanism("clarke")["evidence"]["residual"] = 0.5


def deficit(tamper):
    """Taxes never are a deficit."""
    tamper.mechanism("clarke")["evidence"]["deficit"] = 1.0


def truth_regret(tamper):
    """A gain from a false report that no agent has."""
    tamper.mechanism("clarke")["evidence"]["truth_regret"] = 0.5


def receipts(tamper):
    """A producer that gets more than its cost, with its payoff."""
    stated = tamper.mechanism("clarke")
    for key, column, more in (("payments", "payment", -1.0), ("payoffs", "payoff", 1.0)):
        tamper.everywhere("clarke", "gardener", key, column, stated[key]["gardener"] + more)
    stated["payoffs_with_revenue"]["gardener"] += 1.0
    stated["revenue"] -= 1.0


WRONG = {
    only_in_one_file: "lindahl: result.json and agents.parquet agree",
    no_personal_support: "planner: result.json and agents.parquet agree",
    regret: "lindahl: regret",
    payoff: "lindahl: the auctioneer's payoff",
    queries: "lindahl: number of demand queries",
    residual: "clarke: numbers behind the payments",
    deficit: "clarke: numbers behind the payments",
    truth_regret: "clarke: numbers behind the payments",
    receipts: "clarke: payments",
}


@pytest.mark.parametrize(("change", "claim"), WRONG.items(), ids=[each.__name__ for each in WRONG])
def test_a_number_that_nothing_else_contradicts_is_refused(folder, tmp_path, change, claim):
    tamper = Tamper(folder, tmp_path / "copy")
    change(tamper)
    assert claim in refused(tamper.verified())


@pytest.mark.parametrize("status", ["max_rounds", "cycling"])
def test_a_game_at_rest_is_not_called_unsettled(folder, tmp_path, status):
    """Where no agent gains, the rounds were not used up, and nothing comes back."""
    tamper = Tamper(folder, tmp_path / "copy")
    stated = tamper.mechanism("voluntary")
    stated["status"] = status
    if status == "cycling":
        stated["evidence"]["period"] = 1.0
    assert f"voluntary: {status}" in refused(tamper.verified())
