"""Goods turned into goods: chains, ties, profits, idleness; and what scenarios refuse."""

from __future__ import annotations

import numpy as np
import pytest
from helpers.technologies import CHAIN, activity, economy, wants

import market
from market.economy.families.technologies import TECHNOLOGIES
from market.economy.production import foregone_profit
from market.efficiency.report import alignment
from market.errors import ScenarioError
from market.results.run_folder import write_run
from market.results.verify import verify


def played(text, *overrides):
    return market.MarketModel(market.loads(text, overrides=overrides), "prices").run()


def test_costs_pass_through_a_chain_of_products():
    """A loaf takes 2 + 1 + 1 hours; 12 hours make 3 loaves."""
    outcome = played(CHAIN)
    assert outcome.status is market.Status.CLEARED
    np.testing.assert_allclose(outcome.prices, [1.0, 2.0, 3.0, 4.0], rtol=1e-9)
    np.testing.assert_allclose(outcome.consumption[0], [0.0, 0.0, 0.0, 3.0], rtol=1e-9)
    np.testing.assert_allclose(outcome.production.sum(axis=0), [-12.0, 0.0, 0.0, 3.0], atol=1e-9)
    assert alignment(outcome).efficient is True


def test_products_that_need_each_other_settle_at_the_costs_of_leontief():
    """p = p A + labour: each unit of bread takes 0.2 of power and 1 hour, of power 0.3 of bread and 2 hours.

    p_b = 1 + 0.2 p_e and p_e = 2 + 0.3 p_b, so p_b = 1.4 / 0.94.
    """
    text = economy(
        ["labour", "bread", "power"],
        ("household", "endowment = { labour = 10.0 }\n" + wants(bread=0.5, power=0.5)),
        ("bakery", activity(bread=1.0, power=-0.2, labour=-1.0)),
        ("plant", activity(power=1.0, bread=-0.3, labour=-2.0)),
        numeraire="labour",
    )
    outcome = played(text)
    assert outcome.status is market.Status.CLEARED
    bread = 1.4 / 0.94
    np.testing.assert_allclose(outcome.prices, [1.0, bread, 2.0 + 0.3 * bread], rtol=1e-9)
    np.testing.assert_allclose(outcome.consumption[0, 1:], 5.0 / outcome.prices[1:], rtol=1e-8)


def test_the_dearer_of_two_activities_is_idle():
    text = economy(
        ["labour", "bread"],
        ("household", "endowment = { labour = 10.0 }\n" + wants(bread=1.0)),
        ("by hand", activity(bread=1.0, labour=-5.0)),
        ("by machine", activity(bread=1.0, labour=-2.0)),
        numeraire="labour",
    )
    outcome = played(text)
    assert outcome.status is market.Status.CLEARED
    np.testing.assert_allclose(outcome.prices, [1.0, 2.0], rtol=1e-9)
    np.testing.assert_allclose(outcome.production, [[0.0, 0.0], [0.0, 0.0], [-10.0, 5.0]], atol=1e-8)


def test_a_good_in_ample_supply_is_not_produced():
    """Bread grows on trees: 10 loaves and 10 hours of leisure, wanted alike; a loaf would cost 5 hours."""
    text = economy(
        ["labour", "bread"],
        ("household", "endowment = { labour = 10.0, bread = 10.0 }\n" + wants(bread=0.5, labour=0.5)),
        ("bakery", activity(bread=1.0, labour=-5.0)),
        numeraire="labour",
    )
    outcome = played(text)
    assert outcome.status is market.Status.CLEARED
    np.testing.assert_allclose(outcome.prices, [1.0, 1.0], rtol=1e-8)
    assert (outcome.production == 0.0).all()
    assert alignment(outcome).efficient is True


FALLING = economy(
    ["labour", "bread"],
    ("worker", "endowment = { labour = 8.0 }\n" + wants(bread=1.0)),
    ("owner", wants(bread=1.0)),
    (
        "bakery",
        'technology = { family = "power", output = "bread", input = "labour", scale = 2.0, exponent = 0.5 }\n'
        "owners = { owner = 1.0 }",
    ),
    numeraire="labour",
)


def test_profits_of_decreasing_returns_go_to_the_owners():
    """y = 2 sqrt z with z = 8; labour earns its exponent's share, one half, and the owner the other half."""
    outcome = played(FALLING)
    assert outcome.status is market.Status.CLEARED
    made = 2.0 * np.sqrt(8.0)
    np.testing.assert_allclose(outcome.prices[1], 2.0 * 8.0 / made, rtol=1e-7)
    np.testing.assert_allclose(outcome.consumption[:2, 1], [made / 2, made / 2], rtol=1e-7)
    np.testing.assert_allclose(outcome.payments, 0.0, atol=1e-7)
    assert alignment(outcome).efficient is True


def test_shares_of_owners_are_relative_and_a_group_shares_alike():
    text = FALLING.replace('name = "owner"', 'name = "owner"\ncount = 2').replace(
        "owner = 1.0 }", "owner = 3.0, worker = 1.0 }"
    )
    made = 2.0 * np.sqrt(8.0)
    outcome = played(text)
    np.testing.assert_allclose(
        outcome.consumption[:3, 1], made * np.array([0.625, 0.1875, 0.1875]), rtol=1e-7
    )


def test_an_allocation_that_wastes_an_input_is_improved():
    primitives = market.build(market.loads(CHAIN))
    outcome = played(CHAIN)
    wasteful = outcome.production.copy()
    wasteful[3] *= 0.5
    assert foregone_profit(primitives, wasteful, outcome.prices) == pytest.approx(
        0.0, abs=1e-9
    )  # each pays nothing
    x = outcome.consumption.copy()
    x[0, 3] = 1.5
    from dataclasses import replace

    worse = replace(outcome, consumption=x, production=wasteful, utilities=primitives.welfare(x, wasteful))
    report = alignment(worse)
    assert report.efficient is False
    assert report.improvement is not None
    assert primitives.utility(report.improvement.consumption)[0] > 1.5 + 1e-3


def test_a_household_that_makes_things_for_itself_lives_on_them():
    """Robinson Crusoe: u = sqrt(bread leisure), a loaf an hour, 10 hours: five of each."""
    text = (
        economy(
            ["labour", "bread"],
            (
                "robinson",
                "endowment = { labour = 10.0 }\n"
                + wants(bread=0.5, labour=0.5)
                + "\n"
                + activity(bread=1.0, labour=-1.0),
            ),
        )
        + '[[mechanisms]]\nname = "alone"\nkind = "unmediated"\ngame = "autarky"\n'
    )
    outcome = market.MarketModel(market.loads(text), "alone").run()
    assert outcome.status is market.Status.NASH
    np.testing.assert_allclose(outcome.consumption[0], [5.0, 5.0], rtol=1e-4)
    traded = market.MarketModel(market.loads(text), "prices").run()
    np.testing.assert_allclose(traded.consumption[0], [5.0, 5.0], rtol=1e-7)


@pytest.mark.parametrize(
    ("technology", "fault"),
    [
        ("activity', netput = { bread = 1.0 }", "an activity needs an output"),
        ("cobb_douglas', output = 'bread', shares = { labour = 0.7, bread = 0.2 }", "output is among"),
        ("cobb_douglas', output = 'bread', shares = { labour = 0.8, wheat = 0.8 }", "increasing returns"),
        ("ces', output = 'bread', weights = {}, elasticity = 2.0", "it uses nothing; name an input"),
        ("power', output = 'bread', input = 'labour', exponent = 1.0", "1 is too large; it must be < 1"),
        ("power', output = 'bred', input = 'labour', exponent = 0.5", "Did you mean 'bread'?"),
        ("linear', netput = {}", "no technology 'linear'; one of: activity, cobb_douglas, ces, power."),
    ],
)  # fmt: skip
def test_a_technology_that_makes_no_sense_is_refused(technology, fault):
    text = economy(
        ["labour", "wheat", "bread"],
        ("household", "endowment = { labour = 1.0 }\n" + wants(bread=1.0)),
        ("firm", f"technology = {{ family = '{technology} }}"),
    )
    with pytest.raises(ScenarioError, match=r"agents\[1\].technology") as caught:
        market.build(market.loads(text))
    assert fault in str(caught.value)


def test_scenarios_refuse_misplaced_technologies_and_owners():
    text = FALLING.replace('"exchange"', '"quasilinear"').replace('numeraire = "labour"\n', "")
    with pytest.raises(ScenarioError, match='technology: only under economy = "exchange"'):
        market.loads(text)
    with pytest.raises(ScenarioError, match="owners share the profit of a technology"):
        market.loads(FALLING.replace("technology", "# technology"))
    with pytest.raises(ScenarioError, match="the shares sum to zero"):
        market.loads(FALLING.replace("owner = 1.0 }", "owner = 0.0 }"))


@pytest.mark.parametrize("text", [CHAIN, FALLING], ids=["chain", "decreasing returns"])
@pytest.mark.parametrize("start", ["0.2", "1", "7"])
def test_results_with_technologies_are_verified(text, start, tmp_path):
    scenario = market.loads(text, overrides=[f"mechanisms.prices.initial_prices={{ bread = {start} }}"])
    folder = write_run(market.compare(scenario), tmp_path)
    checked = verify(folder)
    assert checked.holds, [claim for claim in checked.claims if not claim.holds]


@pytest.mark.parametrize(("elasticity", "cost"), [(0.5, 0.5), (1.0, 0.0), (2.0, 0.0)])
def test_ces_output_of_a_free_input_is_free_unless_another_input_is_essential(elasticity, cost):
    """C = (1/A) (sum a^sigma p^(1 - sigma))^(1 / (1 - sigma)), A = 2, as p_0 goes to 0 and p_1 = 1."""
    made = TECHNOLOGIES["ces"].unit_cost(
        np.array([0.0, 1.0]),
        scale=np.array([2.0]),
        weights=np.array([[1.0, 1.0]]),
        elasticity=np.array([elasticity]),
    )
    assert made[0] == pytest.approx([cost])


@pytest.mark.parametrize("utility", ["log", "cobb_douglas", "leontief", "linear"])
def test_an_owner_of_unbounded_profit_buys_only_what_it_wants(utility):
    """A chair sold at 10 takes wood for 1, at any level: income is infinite, and so is demand."""
    tastes = f'utility = {{ family = "{utility}", weights = {{ chairs = 0.5 }} }}'
    wants_chairs = f"{tastes}\nendowment = {{ wood = 1.0 }}"
    makes_chairs = activity(chairs=1.0, wood=-1.0) + "\nowners = { owner = 1.0 }"
    text = economy(("wood", "chairs"), ("owner", wants_chairs), ("carpenter", makes_chairs))
    primitives = market.build(market.loads(text))
    with np.errstate(invalid="raise"):
        wanted = primitives.answers(np.array([1.0, 10.0])).demand.lowest
    assert wanted[0, 0] == 0
    assert wanted[0, 1] > 1e190
