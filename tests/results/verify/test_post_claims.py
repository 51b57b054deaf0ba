"""Plays at trading posts are verified from bids, offers and prices; forged ones are refused."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from helpers.tampering import Tamper, refused

import market
from market.outcome import Status
from market.results.run_folder import read_run, write_run
from market.results.verify import post_claims, verify
from market.results.verify.post_claims import Market

SCENARIOS = Path(__file__).parents[3] / "scenarios"


PLAYED = {
    "bids": ["bids", "price takers at the post"],
    "cournot": ["firms", "all at once", "half as aware"],
    "trading_post": ["no trade", "posts"],
}


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    parent = tmp_path_factory.mktemp("runs")
    scenarios = {name: market.load(SCENARIOS / f"{name}.toml") for name in PLAYED}
    return {name: write_run(market.compare(scenarios[name], PLAYED[name]), parent) for name in PLAYED}


@pytest.mark.parametrize("name", list(PLAYED))
def test_honest_plays_hold_in_every_claim(folders, name):
    checked = verify(folders[name])
    assert not refused(checked)
    assert not checked.unchecked


@pytest.fixture
def forged(folders, tmp_path):
    return lambda name: Tamper(folders[name], tmp_path / "copy")


def test_forged_price_is_refused(forged):
    changed = forged("bids")
    changed.mechanism("bids")["prices"] = {"water": 0.15}
    assert "bids: prices and goods follow from bids and offers" in refused(changed.verified())


def test_forged_payment_is_refused(forged):
    changed = forged("bids")
    changed.everywhere("bids", "alpha", "payments", "payment", 0.1)
    assert "bids: payments" in refused(changed.verified())


def test_forged_bid_is_refused(forged):
    changed = forged("bids")
    row = changed.rows("bids") & (changed.agents["agent"] == "alpha")
    changed.agents.loc[row, "action[water]"] = 0.5
    assert "bids: prices and goods follow from bids and offers" in refused(changed.verified())


def test_bid_of_a_price_taker_is_refused(forged):
    changed = forged("cournot")
    row = changed.rows("firms") & (changed.agents["agent"] == "town")
    changed.agents.loc[row, "action[steel]"] = 1.0
    assert "firms: actions are allowed" in refused(changed.verified())


def test_regret_that_is_hidden_is_refused(forged):
    """A play by conjecture is called Nash, and its regret 0."""
    changed = forged("cournot")
    stated = changed.mechanism("half as aware")
    stated |= {"status": "nash", "max_regret": 0.0}
    stated["evidence"]["relative_regret"] = 0.0
    changed.agents.loc[changed.rows("half as aware"), "regret"] = 0.0
    wrong = refused(changed.verified())
    assert {"half as aware: regret", "half as aware: nash"} <= wrong


def test_a_large_stated_regret_is_no_nash(forged):
    """At two posts a search over prices proves no upper bound on a regret, but Nash says that it is none."""
    changed = forged("trading_post")
    stated = changed.mechanism("posts")
    stated |= {"max_regret": 50.0}
    changed.agents.loc[changed.rows("posts"), "regret"] = 50.0
    assert "posts: nash" in refused(changed.verified())


def conjecture(outputs):
    """Return a play of three Cournot firms with conduct 0.5 that make these outputs."""
    scenario = market.load(SCENARIOS / "cournot.toml")
    compared = market.compare(scenario, ["half as aware"])
    outcome = compared.outcomes["half as aware"]
    record = SimpleNamespace(
        name="half as aware",
        consumption=np.array([[sum(outputs)], [0.0], [0.0], [0.0]]),
        production=np.array([[0.0], *([y] for y in outputs)]),
        prices=np.array([12.0 - sum(outputs)]) if sum(outputs) else None,
        actions=np.array([[0.0], *([-y] for y in outputs)]),
    )
    return Market(outcome.economy, record)


@pytest.mark.parametrize(
    ("outputs", "rests"),
    [
        ([20 / 7] * 3, True),
        ([4.0, 4.0, 0.0], False),
    ],
)
def test_a_firm_that_sells_nothing_must_not_want_to(outputs, rests):
    """With theta = 1/2 a firm rests at `p = 2 + y / 2`.

    Of two firms each sells 4 at 4, and a third would sell at 4 what costs it 2. Of three
    12 - 3 y = 2 + y / 2, so y = 20 / 7.
    """
    seen = conjecture(outputs)
    takers = seen.takes_prices("sellers")
    assert (seen.unrest(takers, 0.5) <= 1e-5) is rests


def test_nash_play_called_a_conjecture_is_refused(forged):
    changed = forged("cournot")
    changed.mechanism("firms")["status"] = "settled"
    assert "firms: settled" in refused(changed.verified())


def test_equilibrium_called_impossible_is_refused(forged):
    changed = forged("trading_post")
    changed.mechanism("posts")["status"] = "no_equilibrium"
    assert "posts: no_equilibrium" in refused(changed.verified())


def test_cycle_that_does_not_come_back_is_refused(forged):
    changed = forged("cournot")
    changed.mechanism("firms")["status"] = "cycling"
    changed.mechanism("firms")["evidence"]["period"] = 2.0
    assert "firms: cycling" in refused(changed.verified())
    changed = forged_again(changed)
    changed.mechanism("all at once")["evidence"]["period"] = 1.0
    assert "all at once: cycling" in refused(changed.verified())


def forged_again(changed):
    """Return the same copy with its first mechanism put right."""
    changed.mechanism("firms")["status"] = "nash"
    del changed.mechanism("firms")["evidence"]["period"]
    return changed


@pytest.mark.parametrize("name", ["price_taking_price[steel]", "lerner_index[steel]"])
def test_evidence_that_is_dropped_is_missed(forged, name):
    changed = forged("cournot")
    del changed.mechanism("firms")["evidence"][name]
    checked = changed.verified()
    claims = {claim.name: claim.holds for claim in checked.claims}
    assert claims["firms: prices without market power"] is (None if "taking" in name else False)


def test_no_trade_is_no_rest_where_a_conjecture_would_trade():
    """All firms at 0: the post is closed, and no condition of conduct says anything of it."""
    seen = conjecture([0.0, 0.0, 0.0])
    seen.record.status = Status.SETTLED
    options = SimpleNamespace(tolerance=1e-6, game=SimpleNamespace(conduct=0.5))
    assert post_claims._status(seen, options, seen.takes_prices("sellers"), 0.3).holds is False


@pytest.mark.parametrize("name", ["price_taking_price[bread]", "lerner_index[bread]"])
def test_forged_evidence_is_refused(forged, name):
    changed = forged("trading_post")
    changed.mechanism("posts")["evidence"][name] = 0.45
    assert "posts: prices without market power" in refused(changed.verified())


def test_lone_bidder_is_verified(tmp_path):
    scenario = market.load(SCENARIOS / "bids.toml", ["agents.beta.utility.weights.water=0"])
    checked = verify(write_run(market.compare(scenario, ["bids"]), tmp_path))
    assert not refused(checked)


LONG_CYCLE = """
schema = 1
economy = "quasilinear"
goods = ["bread"]
commons.bread = 1
agents = [
    { name = "alpha", utility = { family = "log1p", weights = { bread = 0.1328125 } } },
    { name = "beta", utility = { family = "log1p", weights = { bread = 2 } } },
]
mechanisms = [{ name = "posts", kind = "unmediated", game = "trading_post" }]
"""


def test_cycle_in_which_an_agent_is_alone_for_a_round_is_verified(tmp_path):
    """Beta bids more than alpha's first unit is worth, alpha nothing, beta then next to nothing."""
    folder = write_run(market.compare(market.loads(LONG_CYCLE)), tmp_path)
    run = read_run(folder)
    record = run.result["mechanisms"][0]
    assert (record["status"], record["evidence"]["period"]) == ("cycling", 12)
    assert run.by_good("posts", "action")[0] == 0
    checked = verify(folder)
    assert not refused(checked)
    assert next(claim for claim in checked.claims if claim.name == "posts: cycling").holds
    forged = Tamper(folder, tmp_path / "forged")
    forged.mechanism("posts")["evidence"]["period"] = 6.0
    assert "posts: cycling" in refused(forged.verified())


NEEDS_BOTH = """
schema = 1
economy = "quasilinear"
goods = ["bread", "wine"]
commons = { bread = 1, wine = 0.25 }
agents = [
    { name = "alpha", utility = { family = "cobb_douglas", weights = { bread = 0.6, wine = 0.3 } } },
    { name = "beta", utility = { family = "log1p", weights = { bread = 0, wine = 0.25 } } },
]
mechanisms = [{ name = "posts", kind = "unmediated", game = "trading_post" }]
"""


def test_lone_buyer_of_one_good_still_bids_for_another_that_it_needs_with_it(tmp_path):
    """All bread is alpha's for any bid, so that `u = x^0.6 w^0.3` is worth bidding for wine."""
    folder = write_run(market.compare(market.loads(NEEDS_BOTH)), tmp_path)
    bids = read_run(folder).by_good("posts", "action")
    assert 0 < bids[0, 0] < 1e-11
    w, others = bids[0, 1], bids[1, 1]
    marginal = 0.3 * (0.25 * w / (w + others)) ** -0.7 * 0.25 * others / (w + others) ** 2
    assert marginal == pytest.approx(1, rel=1e-6)
    assert not refused(verify(folder))
