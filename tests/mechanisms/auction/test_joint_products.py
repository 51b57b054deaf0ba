"""Joint products under constant returns: prices of outputs of which costs fix only a weighted sum."""

from __future__ import annotations

import numpy as np
import pytest

from market import alignment, build, loads
from market.mechanisms.auction.auctioneer import Auction
from market.mechanisms.auction.jumps.alternatives import choosers, possible
from market.mechanisms.auction.price_rules import RULES
from market.mechanisms.base import play
from market.outcome import Status

HEAD = 'schema = 1\neconomy = "exchange"\n'
MECHANISM = '\n[[mechanisms]]\nname = "prices"\nkind = "auctioneer"\n'

PARK = """
goods = ["bread", "park_north", "park_south"]
numeraire = "bread"
[[agents]]
name = "north"
endowment = { bread = 10.0 }
utility = { family = "cobb_douglas", weights = { bread = 0.6, park_north = 0.4 } }
[[agents]]
name = "south"
endowment = { bread = 20.0 }
utility = { family = "cobb_douglas", weights = { bread = 0.7, park_south = 0.3 } }
[[agents]]
name = "gardener"
technology = { family = "activity", netput = { park_north = 1.0, park_south = 1.0, bread = -1.0 } }
"""

SHEEP = """
goods = ["mutton", "wool", "hours"]
numeraire = "hours"
[[agents]]
name = "household"
endowment = { hours = 12.0 }
utility = { family = "cobb_douglas", weights = { mutton = 0.25, wool = 0.5, hours = 0.25 } }
[[agents]]
name = "flock"
technology = { family = "activity", netput = { mutton = 1.0, wool = 1.0, hours = -1.0 } }
"""

MILL = """
goods = ["hours", "flour", "bran"]
numeraire = "hours"
[[agents]]
name = "household"
endowment = { hours = 6.0 }
utility = { family = "cobb_douglas", weights = { hours = 0.5, flour = 0.5 } }
[[agents]]
name = "mill"
technology = { family = "activity", netput = { flour = 1.0, bran = 0.2, hours = -1.0 } }
"""

IDLE_FIELD = """
goods = ["hours", "field", "hay", "straw"]
numeraire = "hours"
[[agents]]
name = "household"
endowment = { hours = 6.0, field = 2.0 }
utility = { family = "cobb_douglas", weights = { hours = 1.0 } }
[[agents]]
name = "farm"
technology = { family = "activity", netput = { hay = 2.0, straw = 1.0, field = -1.5 } }
"""


def economy_of(text):
    return build(loads(HEAD + text + MECHANISM))


def played(economy, rule="tatonnement", max_rounds=400):
    return play(Auction("prices", rule=RULES[rule](), max_rounds=max_rounds), economy)


RULES_PLAYED = ["tatonnement", "newton", "leader", "anderson", "multiplicative"]


@pytest.mark.parametrize("rule", RULES_PLAYED)
def test_every_rule_finds_the_prices_at_which_neighbours_share_the_cost_of_a_park(rule):
    """Cobb-Douglas: north spends 0.4 of 10 and south 0.3 of 20 on one amount G, so that
    `p_n G = 4`, `p_s G = 6` and `p_n + p_s = 1` give G = 10 and prices of 0.4 and 0.6."""
    outcome = played(economy_of(PARK), rule)
    assert outcome.status is Status.CLEARED and outcome.rounds <= 60
    np.testing.assert_allclose(outcome.prices, [1.0, 0.4, 0.6], rtol=1e-7)
    np.testing.assert_allclose(outcome.production[2], [-10.0, 10.0, 10.0], rtol=1e-7)


@pytest.mark.parametrize("rule", RULES_PLAYED)
def test_every_rule_finds_the_prices_of_mutton_and_wool(rule):
    """The household spends 3 on mutton, 6 on wool; there is as much of both: `p_m + p_w = 1`, 9 of each."""
    outcome = played(economy_of(SHEEP), rule)
    assert outcome.status is Status.CLEARED and outcome.rounds <= 60
    np.testing.assert_allclose(outcome.prices, [1 / 3, 2 / 3, 1.0], rtol=1e-7)
    np.testing.assert_allclose(outcome.consumption[0], [9.0, 9.0, 3.0], rtol=1e-7)


@pytest.mark.parametrize("rule", ["tatonnement", "newton", "leader", "anderson"])
def test_a_by_product_in_excess_supply_is_free_and_thrown_away(rule):
    """Half of 6 hours goes into flour, whose price then is its whole cost of 1; 0.6 of bran are left over."""
    outcome = played(economy_of(MILL), rule)
    assert outcome.status is Status.CLEARED
    np.testing.assert_allclose(outcome.prices, [1.0, 1.0, 0.0], rtol=1e-7)
    np.testing.assert_allclose(outcome.consumption[0], [3.0, 3.0, 0.0], rtol=1e-7)


def test_an_input_of_which_no_product_is_wanted_becomes_free_with_its_products():
    """Idle products once held the price of their input up: their empty markets resisted every fall."""
    outcome = played(economy_of(IDLE_FIELD))
    assert outcome.status is Status.CLEARED
    np.testing.assert_allclose(outcome.prices, [1.0, 0.0, 0.0, 0.0], atol=1e-12)
    np.testing.assert_allclose(outcome.consumption[0, 0], 6.0)


def test_the_gain_of_an_activity_bends_with_the_worth_of_its_outputs():
    """Central differences of `log(v.p)` in log prices: slopes s, second derivatives `diag(s) - s s'`."""
    economy = economy_of(SHEEP)
    p = np.array([0.3, 0.7, 1.0])
    who = choosers(economy, possible(economy), p, economy.answers(p), np.ones(2, dtype=bool))
    money, step = np.array([2.0]), 1e-4

    def slopes(log_move):
        return who.gains(p * np.exp(log_move)).slopes[0]

    numeric = np.array([(slopes(step * e) - slopes(-step * e)) / (2 * step) for e in np.eye(3)])
    np.testing.assert_allclose(who.bend(who.gains(p), money), money * numeric, atol=1e-7)
    assert who.convex.all()  # one input: tangents of the gain stay below it


def random_text(rng):
    """Return an exchange economy with several activities of several outputs; inputs are owned by all."""
    count, inputs, activities = int(rng.integers(3, 7)), 1, int(rng.integers(1, 4))
    inputs = int(rng.integers(1, min(3, count - 1) + 1))
    goods = [f"g{i}" for i in range(count)]
    made: set[str] = set()
    netputs = []
    for _ in range(activities):
        outputs = rng.choice(
            np.arange(inputs, count), min(int(rng.integers(1, 4)), count - inputs), replace=False
        )
        used = rng.choice(inputs, int(rng.integers(1, inputs + 1)), replace=False)
        netput = {goods[g]: rng.uniform(0.2, 2.0) for g in outputs}
        between = [goods[g] for g in range(inputs, count) if g not in outputs and goods[g] in made]
        netputs.append(netput | {goods[g]: -rng.uniform(0.2, 2.0) for g in used})
        if between and rng.random() < 0.3:
            netputs[-1][str(rng.choice(between))] = -rng.uniform(0.05, 0.3)
        made |= set(netput)
    there = [good for good in goods if good in made or good in goods[:inputs]]
    lines = [f"goods = {goods}".replace("'", '"'), 'numeraire = "g0"']
    for i in range(int(rng.integers(1, 4))):
        wanted = {str(g) for g in rng.choice(there, int(rng.integers(1, len(there) + 1)), replace=False)}
        weights = {good: rng.uniform(0.1, 1.0) for good in sorted(wanted | ({"g0"} if i == 0 else set()))}
        total = sum(weights.values())
        family, more = rng.choice(["cobb_douglas", "ces"]), ""
        if family == "ces":
            more = f", elasticity = {rng.choice([0.3, 0.7, 1.5, 3.0])}"
        weights = {good: weight / total for good, weight in weights.items()}
        owned = {good: rng.lognormal(1.0, 1.0) for good in goods[:inputs]}
        lines += [
            "[[agents]]", f'name = "a{i}"', f"endowment = {table(owned)}",
            f'utility = {{ family = "{family}", weights = {table(weights)}{more} }}',
        ]  # fmt: skip
    for j, netput in enumerate(netputs):
        lines += ["[[agents]]", f'name = "f{j}"']
        lines += [f'technology = {{ family = "activity", netput = {table(netput)} }}']
    return "\n".join(lines)


def table(numbers):
    return "{ " + ", ".join(f"{key} = {float(value)!r}" for key, value in numbers.items()) + " }"


@pytest.mark.parametrize("seed", range(20))
def test_random_economies_with_joint_products_clear(seed):
    """An equilibrium exists: all inputs are owned by all, and the first agent wants the numeraire."""
    outcome = played(economy_of(random_text(np.random.default_rng(seed))))
    assert outcome.status is Status.CLEARED, outcome.reason
    assert outcome.evidence["relative_regret"] <= 1e-8
    if seed < 5:  # the certificate needs no welfare theorem: weights and prices from the primitives
        assert alignment(outcome).efficient
