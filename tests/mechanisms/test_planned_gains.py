"""Planners that divide gains: closed forms of the product and of the least gain, and what is refused."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import market
from market.errors import ScenarioError
from market.outcome import Status
from market.results.run_folder import sha256, write_run
from market.results.verify import verify

CLOSE = pytest.approx


def exchange(of_ann, of_bob, kinds, utility='family = "log", weights = { a = 1, b = 1 }'):
    agents = "\n".join(
        f'[[agents]]\nname = "{name}"\nendowment = {{ a = {a}, b = {b} }}\nutility = {{ {utility} }}'
        for name, (a, b) in (("ann", of_ann), ("bob", of_bob))
    )
    mechanisms = "\n".join(
        f'[[mechanisms]]\nname = "{name}"\nkind = "planner"\n{options}' for name, options in kinds.items()
    )
    return f'schema = 1\neconomy = "exchange"\ngoods = ["a", "b"]\n{agents}\n{mechanisms}'


MONEY = """
schema = 1
economy = "quasilinear"
goods = ["bread"]
[[agents]]
name = "baker"
cost = { family = "quadratic", unit_cost = { bread = 0 }, slope = { bread = 1 } }
[[agents]]
name = "guest"
utility = { family = "quadratic", weights = { bread = 4 }, slope = { bread = 1 } }
[[mechanisms]]
name = "m"
kind = "planner"
"""

LOGS = """
schema = 1
economy = "quasilinear"
goods = ["water"]
commons = { water = 4 }
agents = [
  { name = "ann", utility = { family = "log", weights = { water = 1 } } },
  { name = "bob", utility = { family = "log", weights = { water = 1 } } },
]
[[mechanisms]]
name = "m"
kind = "planner"
"""

NASH, MIN = 'welfare = "nash"', 'welfare = "min"'


def played(text, name="m"):
    return market.MarketModel(market.loads(text), name).run()


def changed(text, options):
    return text.replace('kind = "planner"\n', f'kind = "planner"\n{options}\n', 1)


def test_product_of_gains_in_a_log_economy_solves_one_equation():
    """On the contract curve both own equal shares, s of 4 each: u = 2 log 4s.

    With d = log 3 for both the product of powers (2, 1) has 2 g'(s)/g(s) = h'(s)/h(s), g = 2 log 4s - log 3,
    h = 2 log 4(1 - s) - log 3: 2/(s g) = 1/((1 - s) h), solved here by bisection.
    """
    found = played(exchange((3, 1), (1, 3), {"m": NASH + "\nweights = { ann = 2 }"}))
    low, high = 0.44, 0.56
    for _ in range(200):
        s = (low + high) / 2
        g, h = 2 * np.log(4 * s) - np.log(3), 2 * np.log(4 * (1 - s)) - np.log(3)
        low, high = (s, high) if 2 / (s * g) > 1 / ((1 - s) * h) else (low, s)
    assert found.status is Status.OPTIMAL
    assert found.consumption[0] == CLOSE(4 * s * np.ones(2), rel=1e-6)


def test_symmetric_agents_share_equally():
    for options in (NASH, MIN):
        found = played(exchange((3, 1), (1, 3), {"m": options}))
        assert found.status is Status.OPTIMAL
        assert found.consumption == CLOSE(2 * np.ones((2, 2)), rel=1e-7)


def test_least_gain_in_a_log_economy_is_equal_for_both():
    """u = 2 log 4s and 2 log 4(1 - s) over d = 1 and log 3.

    Equal gains mean s/(1 - s) = exp((1 - log 3)/2).
    """
    found = played(exchange((3, 1), (1, 3), {"m": MIN + "\ndisagreement = { ann = 1 }"}))
    ratio = np.exp((1 - np.log(3)) / 2)
    assert found.status is Status.OPTIMAL
    assert found.consumption[0] == CLOSE(4 * ratio / (1 + ratio) * np.ones(2), rel=1e-6)
    gains = found.payoffs - [1.0, np.log(3)]
    assert gains[0] == CLOSE(gains[1], abs=1e-7)


def test_least_gain_leaves_a_satiated_agent_above_it():
    """Ann has use for 1 of 20 loaves only, 4x - 2x^2 up to x = 1: 2 is the most that she can have, and the
    least gain; bob, with log(1 + x), has more from what she leaves."""
    text = """
schema = 1
economy = "fisher"
goods = ["bread"]
commons = { bread = 20 }
[[agents]]
name = "ann"
budget = 1
utility = { family = "quadratic", weights = { bread = 4 }, slope = { bread = 4 } }
[[agents]]
name = "bob"
budget = 1
utility = { family = "log1p", weights = { bread = 1 } }
[[mechanisms]]
name = "m"
kind = "planner"
welfare = "min"
"""
    found = played(text)
    assert found.status is Status.OPTIMAL
    assert found.payoffs.min() == CLOSE(2.0, rel=1e-6)
    assert found.payoffs[0] == CLOSE(2.0, rel=1e-6)


@pytest.mark.parametrize("options", [NASH, MIN])
def test_bargaining_with_money_splits_the_surplus_equally(options):
    """4x - x^2/2 - x^2/2 is largest at x = 2, with 4: each gets 2. The guest has 6 from bread and pays 4."""
    found = played(changed(MONEY, options))
    assert found.status is Status.OPTIMAL
    assert found.payoffs == CLOSE([2.0, 2.0], rel=1e-7)
    assert found.payments == CLOSE([-4.0, 4.0], rel=1e-7)


def test_powers_and_the_disagreement_point_move_money():
    """Of a surplus of 4 with d = (1, 0): powers (3, 1) leave 1 + 9/4 and 3/4."""
    options = NASH + "\nweights = { baker = 3 }\ndisagreement = { baker = 1 }"
    assert played(changed(MONEY, options)).payoffs == CLOSE([3.25, 0.75], rel=1e-7)


SHARED = (
    LOGS.replace("commons = { water = 4 }\n", "")
    .replace(
        '"ann", utility = { family = "log", weights = { water = 1 }',
        '"ann", endowment = { water = 0.7 }, utility = { family = "log", weights = { water = 0.7 }',
    )
    .replace(
        '"bob", utility = { family = "log", weights = { water = 1 }',
        '"bob", endowment = { water = 0.3 }, utility = { family = "log", weights = { water = 0.3 }',
    )
)
"""Endowments at which nothing is to be gained, but for rounding."""


def test_no_gain_over_the_disagreement_point_is_no_agreement():
    for text in (
        changed(MONEY, NASH + "\ndisagreement = { baker = 3, guest = 3 }"),
        exchange((2, 2), (2, 2), {"m": NASH}),
        changed(SHARED, NASH),
        exchange((3, 1), (1, 3), {"m": NASH + "\ndisagreement = { ann = 2, bob = 2 }"}),
    ):
        found = played(text)
        assert found.status is Status.FAILED
        assert "more than it has without an agreement" in found.reason


def differ(a, b, c, d):
    """True if rates of substitution that go with a/b and c/d differ, so that there is something to gain."""
    return abs(np.log(a / b) - np.log(c / d)) > 0.05


@settings(max_examples=6, deadline=None)
@given(st.lists(st.floats(0.5, 5.0), min_size=4, max_size=4), st.floats(0.1, 20.0))
def test_product_of_gains_ignores_the_unit_of_utility(e, factor):
    """Nash's axiom: scaling ann's utility changes nothing that is consumed; equal gains are of one unit."""
    utility = 'family = "log1p", weights = {{ a = {0}, b = {1} }}'
    plain = exchange(e[:2], e[2:], {"m": NASH}, utility.format(1, 2))
    scaled = plain.replace("weights = { a = 1, b = 2 }", f"weights = {{ a = {factor}, b = {2 * factor} }}", 1)
    assume(differ(1 + e[0], 1 + e[1], 1 + e[2], 1 + e[3]))
    one, other = played(plain), played(scaled)
    assert one.status is other.status is Status.OPTIMAL
    assert one.consumption == CLOSE(other.consumption, rel=1e-4, abs=1e-4)


@settings(max_examples=6, deadline=None)
@given(st.lists(st.floats(0.5, 5.0), min_size=4, max_size=4))
def test_each_objective_is_best_at_its_own(e):
    assume(differ(*e))
    text = exchange(e[:2], e[2:], {"sum": "", "nash": NASH, "min": MIN})
    scenario = market.loads(text)
    found = {name: market.MarketModel(scenario, name).run() for name in ("sum", "nash", "min")}
    assert all(each.status is Status.OPTIMAL for each in found.values())
    d = np.array([np.log(e[0] * e[1]), np.log(e[2] * e[3])])
    gains = {name: each.payoffs - d for name, each in found.items()}
    for name, other in gains.items():
        assert gains["sum"].sum() >= other.sum() - 1e-6, name
        assert gains["min"].min() >= other.min() - 1e-6, name
        if (other > 0).all():
            assert np.log(gains["nash"]).sum() >= np.log(other).sum() - 1e-6, name


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (exchange((4, 0), (0, 4), {"m": NASH}), "ann is at -inf with its endowment alone"),
        (changed(MONEY, "disagreement = { baker = 1 }"), "a weighted sum has none"),
        (changed(MONEY, MIN + "\nweights = { baker = 2 }"), "compares gains as they are"),
        (changed(MONEY, NASH).replace('name = "guest"', 'name = "guest"\nbudget = 5'), "guest has a budget"),
        (changed(MONEY, NASH + "\nweights = { baker = 0, guest = 0 }"), "every power is 0"),
        (changed(MONEY, NASH).replace("goods =", 'public = ["bread"]\ngoods =', 1), "is for private goods"),
        (changed(LOGS, NASH + "\nweights = { bob = 0 }\ndisagreement = { ann = 0 }"), "bob is at -inf"),
        (changed(MONEY, 'welfare = "nsh"'), "nash"),
        (changed(MONEY, NASH + "\ndisagreement = { bakr = 1 }"), "bakr"),
    ],
)
def test_what_has_no_answer_is_refused_in_one_line(text, message):
    with pytest.raises(ScenarioError) as refused:
        played(text)
    assert message in str(refused.value)
    assert len(str(refused.value).splitlines()) == 1


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    kinds = {"sum": "", "nash": NASH, "min": MIN + "\ndisagreement = { ann = 1 }"}
    text = exchange((3, 1), (1, 2), kinds)
    return write_run(market.compare(market.loads(text)), tmp_path_factory.mktemp("runs"))


@pytest.fixture(scope="module")
def run_with_money(tmp_path_factory):
    text = changed(MONEY, NASH + "\nweights = { baker = 3 }")
    return write_run(market.compare(market.loads(text)), tmp_path_factory.mktemp("runs"))


def test_runs_are_proved(run, run_with_money):
    for folder in (run, run_with_money):
        found = verify(folder)
        assert found.holds, [claim for claim in found.claims if claim.holds is False]


def test_a_run_proves_nothing_for_another_disagreement_point(run, tmp_path):
    """The scenario is changed after the run, with its checksums."""
    copy = Path(shutil.copytree(run, tmp_path / "x"))
    file = copy / "input" / "scenario.toml"
    file.write_text(file.read_text().replace("ann = 1 }", "ann = 1.2 }"))
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["files"]["input/scenario.toml"] |= {"sha256": sha256(file), "bytes": file.stat().st_size}
    (copy / "manifest.json").write_text(json.dumps(manifest))
    refused = {claim.name for claim in verify(copy).claims if claim.holds is False}
    assert any(name.startswith("min: optimal") for name in refused)
    assert not any(name.startswith("nash: optimal") for name in refused)


def test_forged_payments_are_refused(run_with_money, tmp_path):
    copy = Path(shutil.copytree(run_with_money, tmp_path / "x"))
    table = pd.read_parquet(copy / "agents.parquet")
    table["payment"] += np.array([0.5, -0.5])
    table["payoff"] -= np.array([0.5, -0.5])
    table.to_parquet(copy / "agents.parquet", index=False)
    manifest = json.loads((copy / "manifest.json").read_text())
    manifest["files"]["agents.parquet"] |= {
        "sha256": sha256(copy / "agents.parquet"),
        "bytes": (copy / "agents.parquet").stat().st_size,
    }
    (copy / "manifest.json").write_text(json.dumps(manifest))
    assert {"m: payments", "m: payoffs"} <= {c.name for c in verify(copy).claims if c.holds is False}
