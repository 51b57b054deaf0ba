"""Public goods: bad input, one readable message each, and mechanisms that divide goods."""

import pytest
from helpers.parks import CLARKE, LINDAHL, VOLUNTARY, cobb_douglas, logs, quasilinear, scenario, taxed

from market.errors import InputError, MarketError
from market.mechanisms.base import begin
from market.scenario.building import build
from market.scenario.loading import loads
from market.simulation.agents import Trader
from market.simulation.model import MarketModel

TEXT = logs([1.0, 2.0, 3.0])
MECHANISMS = 'mechanisms = [{ name = "p", kind = "planner" }]'

BAD = {
    "unknown good": (TEXT.replace('public = ["park"]', 'public = ["pork"]'), "park"),
    "twice": (TEXT.replace('public = ["park"]', 'public = ["park", "park"]'), "twice"),
    "a text": (TEXT.replace('public = ["park"]', 'public = "park"'), "public"),
    "numeraire": (cobb_douglas([1.0]).replace('public = ["park"]', 'public = ["bread"]'), "numeraire"),
    "all public": (cobb_douglas([1.0]).replace('public = ["park"]', 'public = ["park", "bread"]'), "private"),
    "fisher": (TEXT.replace("quasilinear", "fisher").replace("utility", "budget = 1.0, utility"), "exchange"),
    "none can make it": (
        TEXT.replace("park = 1.0 } } },\n]", "lamp = 1.0 } } },\n]").replace(
            'goods = ["park"]', 'goods = ["park", "lamp"]'
        ),
        "no agent can make it",
    ),
    "harm": (
        TEXT.replace('{ name = "gardener"', '{ name = "hurt", harm = { park = 1.0 } }, { name = "gardener"'),
        "leave out public goods, or harm",
    ),
    "an input": (
        cobb_douglas([1.0]).replace("park = 1.0, bread = -1.0", "bread = 1.0, park = -1.0"),
        "uses it up",
    ),
}


@pytest.mark.parametrize(("text", "said"), BAD.values(), ids=BAD)
def test_bad_input_is_refused_in_words(text, said):
    with pytest.raises(MarketError, match=said):
        build(loads(f"{text}\n{MECHANISMS}"))


@pytest.mark.parametrize("game", ["autarky", "seize", "claims", "gift"])
def test_games_that_divide_goods_refuse(game):
    movers = ', movers = ["a0"]' if game == "seize" else ""
    read = scenario(TEXT, f'kind = "unmediated", game = "{game}"{movers}')
    with pytest.raises(InputError, match="divides goods among agents, and park is public"):
        MarketModel(read, "m0")


REFUSED = {
    "a tax": (TEXT, f"{LINDAHL}, tax = {{ park = 0.1 }}", "park is public"),
    "no public good": (TEXT.replace('public = ["park"]', ""), VOLUNTARY, "no public good"),
    "no unit cost": (logs([1.0, 2.0, 3.0], "quadratic", slope=1.0), VOLUNTARY, "no constant unit cost"),
    "budgets and taxes": (logs([1.0] * 3, budget=5.0), taxed(1.0), "budget"),
    "budgets and truth": (logs([1.0] * 3, budget=5.0), CLARKE, "budget"),
    "two agents": (logs([1.0, 2.0]), taxed(1.0), "at least 3"),
    "exchange": (cobb_douglas([1.0, 2.0, 3.0]), taxed(1.0), "quasilinear"),
    "shares and truth": (
        logs([1.0] * 3, extra='commons = { park = 1.0 }\ncommons_shares = "equal"'),
        CLARKE,
        "commons_shares",
    ),
    "Clarke in exchange": (cobb_douglas([1.0, 2.0, 3.0]), CLARKE, "quasilinear"),
}


@pytest.mark.parametrize(("text", "mechanism", "said"), REFUSED.values(), ids=REFUSED)
def test_mechanisms_refuse_with_a_reason(text, mechanism, said):
    read = scenario(text, mechanism)
    with pytest.raises(InputError, match=said):
        begin(read.mechanism("m0"), build(read))


def test_traders_with_rules_of_their_own_are_refused():
    class Own(Trader):
        def demand(self, prices):
            return prices

    with pytest.raises(InputError, match="public goods"):
        MarketModel(scenario(TEXT, LINDAHL), "m0", traders={"a0": Own})


def test_a_wish_without_bound_is_a_failure_with_its_reason():
    text = quasilinear(['family = "linear", weights = { park = 2.0 }'] * 2)
    model = MarketModel(scenario(text, VOLUNTARY), "m0")
    found = model.run()
    assert found.status.value == "failed"
    assert "more and more of park" in found.reason
