"""Harm, payoffs and shares of gains are recomputed in other code; forged ones are refused."""

from __future__ import annotations

import pandas as pd
import pytest
from helpers.smoky import COASE, RISING, SMOKE
from helpers.tampering import Tamper, refused

import market
from market.results.run_folder import write_run
from market.results.verify import verify


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    parent = tmp_path_factory.mktemp("smoke")
    texts = {"smoke": SMOKE, "rising": RISING, "coase": COASE}
    return {
        name: write_run(market.compare(market.loads(text, name=name)), parent) for name, text in texts.items()
    }


@pytest.mark.parametrize("story", ["smoke", "rising"])
def test_an_honest_folder_holds_in_every_claim(folders, story):
    checked = verify(folders[story])
    assert refused(checked) == set()
    assert checked.unchecked == ()
    assert "market: harm to agents" in {claim.name for claim in checked.claims}


def test_a_weight_of_zero_on_a_victim_is_left_open(folders):
    checked = verify(folders["coase"])
    assert refused(checked) == set()
    assert {claim.name for claim in checked.unchecked} == {"market: efficient", "market: degenerate"}


@pytest.mark.parametrize("story", ["smoke", "rising"])
def test_forged_harm_is_refused(folders, tmp_path, story):
    changed = Tamper(folders[story], tmp_path / "run")
    changed.mechanism("market")["surplus"]["harm"] = 0.0
    assert "market: harm to agents" in refused(changed.verified())
    del changed.mechanism("market")["surplus"]["harm"]
    assert "market: harm to agents" in refused(changed.verified())


def test_an_outcome_that_leaves_its_harm_out_is_refused(folders, tmp_path):
    """As a market without harm would be reported: all content, nothing lost."""
    changed = Tamper(folders["smoke"], tmp_path / "run")
    for key, column in (("utilities", "utility"), ("payoffs", "payoff")):
        changed.everywhere("market", "resident", key, column, 0.0)
    stated = changed.mechanism("market")
    stated["surplus"] |= {"harm": 0.0, "total": 50.0, "deadweight_loss": 0.0}
    stated["alignment"] |= {"surplus_gap": 0.0, "efficient_with_transfers": True}
    wrong = refused(changed.verified())
    assert {"market: utilities", "market: payoffs", "market: surplus gap", "market: harm to agents"} <= wrong


@pytest.mark.parametrize("gap", [0.0, 4.4, 5.0])
def test_a_forged_deadweight_loss_is_refused(folders, tmp_path, gap):
    changed = Tamper(folders["smoke"], tmp_path / "run")
    stated = changed.mechanism("market")
    stated["alignment"] |= {"surplus_gap": gap, "efficient_with_transfers": gap == 0.0}
    stated["surplus"]["deadweight_loss"] = gap
    assert "market: surplus gap" in refused(changed.verified())


def test_equal_weights_do_not_support_a_market_with_harm(folders, tmp_path):
    changed = Tamper(folders["smoke"], tmp_path / "run")
    changed.mechanism("market")["alignment"]["residual"] = 0.0
    for agent in ("buyer", "mill", "resident"):
        changed.mechanism("market")["alignment"]["weights"][agent] = 1 / 3
        row = changed.rows("market") & (changed.agents["agent"] == agent)
        changed.agents.loc[row, "weight"] = 1 / 3
    changed.mechanism("market")["alignment"]["supporting_prices"] = {"steel": 2 / 3}
    assert "market: residual of the weights" in refused(changed.verified())


def test_a_forged_gain_and_forged_shares_of_it_are_refused(folders, tmp_path):
    changed = Tamper(folders["coase"], tmp_path / "run")
    changed.mechanism("producers")["evidence"]["gain"] = 40.0
    assert "producers: gain by the agreement" in refused(changed.verified())
    changed = Tamper(folders["coase"], tmp_path / "other")
    for agent, payoff, payment in (("mill", 100.0, -46.0), ("resident", -64.0, 46.0)):
        changed.everywhere("producers", agent, "payoffs", "payoff", payoff)
        changed.everywhere("producers", agent, "payments", "payment", payment)
    assert "producers: payoffs share the gain by power" in refused(changed.verified())


def test_markets_without_an_agreement_must_clear_and_keep_to_the_rights(folders, tmp_path):
    changed = Tamper(folders["smoke"], tmp_path / "run")
    rows = changed.rows("victims") & (changed.agents["agent"] == "mill")
    changed.agents.loc[rows, "action[steel]"] = 10.0
    assert "victims: markets without an agreement" in refused(changed.verified())
    changed = Tamper(folders["smoke"], tmp_path / "other")
    rows = changed.rows("producers") & (changed.agents["agent"] == "mill")
    changed.agents.loc[rows, "action[steel]"] = 8.0
    assert "producers: markets without an agreement" in refused(changed.verified())


def test_a_false_proof_of_the_gap_does_not_confirm_it(tmp_path):
    """Prices bound whatever the production at which harm is linearised, but not tightly."""
    alone = (
        RISING[: RISING.index("[[mechanisms]]")] + '[[mechanisms]]\nname = "market"\nkind = "auctioneer"\n'
    )
    changed = Tamper(write_run(market.compare(market.loads(alone)), tmp_path / "runs"), tmp_path / "copy")
    path = changed.folder / "bounds.parquet"
    table = pd.read_parquet(path)
    table.assign(production=table["production"] * 2.0, price=table["price"] * 0.9).to_parquet(
        path, index=False
    )
    checked = changed.verified()
    assert "market: surplus gap" in refused(checked) | {claim.name for claim in checked.unchecked}
