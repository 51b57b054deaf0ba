"""Every dial leads to a number of the file, can be set to all it offers, and starts where the file is."""

import contextlib
import math
from dataclasses import replace
from pathlib import Path

import pytest
from helpers import stories
from helpers.books import unit_market

import market
from market.errors import InputError
from market.interfaces.dashboard.dials import MOST_SIZE, dials, draws
from market.interfaces.dashboard.scene import Choice

FILES = sorted((Path(__file__).parents[3] / "scenarios").glob("*.toml"))
SHIPPED = [path for path in FILES if "\neconomy = " in path.read_text()]


def first_with_prices(scenario):
    kinds = {name: scenario.mechanism(name).name for name in scenario.mechanism_names}
    return next(name for name, kind in kinds.items() if kind == "auctioneer")


@pytest.mark.parametrize("file", SHIPPED, ids=lambda path: path.stem)
def test_a_dial_set_to_what_the_file_says_changes_nothing(file):
    scenario = market.load(file)
    found = dials(scenario, first_with_prices(scenario))
    choice = Choice(file)
    for dial in found:
        assert dial.low <= dial.value <= dial.high
        steps = (dial.value - dial.low) / dial.step
        assert steps == pytest.approx(round(steps), abs=1e-6), dial  # the slider can show the file's value
        choice = choice.turned(dial.path, dial.value)
    turned = market.load(file, choice.overrides)
    assert turned.agents == scenario.agents
    assert turned.commons == scenario.commons


@pytest.mark.parametrize("file", SHIPPED, ids=lambda path: path.stem)
def test_both_ends_of_a_dial_are_answered(file):
    """Either it can be played there, or it is the input that is refused: nothing else is raised."""
    scenario = market.load(file)
    for dial in dials(scenario, first_with_prices(scenario)):
        for value in (dial.low, dial.high):
            assert math.copysign(1, value) == math.copysign(1, dial.value) or value == 0 or dial.value == 0
            with contextlib.suppress(InputError):
                market.build(market.load(file, Choice(file).turned(dial.path, value).overrides))


def test_the_commons_can_be_turned_and_the_price_is_what_theory_says():
    scenario = market.loads(stories.COMMONS)
    found = {(dial.owner, dial.label): dial for dial in dials(scenario, "prices")}
    assert list(found) == [
        ("common stock", "water"),
        ("alpha", "weights · water"),
        ("beta", "weights · water"),
    ]
    assert (found["common stock", "water"].low, found["common stock", "water"].high) == (1.0, 40.0)
    choice = Choice(Path("x")).turned("commons.water", 20.0).turned("agents[0].utility.weights.water", 3.0)
    turned = market.loads(stories.COMMONS, overrides=choice.overrides)
    outcome = market.MarketModel(turned, "prices").run()
    assert outcome.prices == pytest.approx((3.0 + 1.0) / 20.0, rel=1e-6)  # p = Lambda / q


def test_what_has_no_size_to_speak_of_has_no_dial():
    text = stories.WAR.replace('game = "claims"', 'game = "claims"\npenalty = 1e99', 1)
    text = text.replace('kind = "auctioneer"', 'kind = "auctioneer"\ntolerance = 1e-10\nmax_rounds = 500')
    assert MOST_SIZE < 1e99
    owners = {dial.label for dial in dials(market.loads(text), "one after another")}
    assert "penalty" not in owners
    assert {dial.label for dial in dials(market.loads(text), "prices")} - owners == {"max rounds"}


def test_names_that_need_quotes_lead_to_their_numbers():
    text = stories.COMMONS.replace('goods = ["water"]', 'goods = ["sweet.water"]')
    text = text.replace("water = ", '"sweet.water" = ')
    (common, *_) = dials(market.loads(text), "prices")
    turned = market.loads(text, overrides=Choice(Path("x")).turned(common.path, 15.0).overrides)
    assert turned.commons == {"sweet.water": 15.0}


def test_a_turned_dial_replaces_its_former_value():
    choice = Choice(Path("x")).turned("commons.water", 2.0).turned("commons.water", 3.0)
    assert choice.overrides == ("commons.water=3.0",)
    assert replace(choice, values=()).overrides == ()


def test_the_seed_matters_only_where_something_is_drawn():
    assert not draws(market.loads(stories.COMMONS))
    drawn = '{ dist = "uniform", low = 1.0, high = 2.0 }'
    assert draws(
        market.loads(stories.COMMONS.replace("weights = { water = 1.0 }", f"weights = {{ water = {drawn} }}"))
    )


def test_harm_can_be_turned():
    scenario = market.load(next(path for path in SHIPPED if path.stem == "smoke"))
    (dial,) = (each for each in dials(scenario, "market") if each.owner == "resident")
    assert (dial.path, dial.value) == ("agents[2].harm.steel", 3.0)


def test_dials_of_steps_say_what_they_turn():
    """A list of [price, amount] has no names; its dials have."""
    text = unit_market((40, 25), (10,), 50).replace("[[40, 1.0]]", "[[40.0, 1.0], [30.0, 2.0]]")
    labels = [dial.label for dial in dials(market.loads(text), "pit") if dial.owner == "b0"]
    dot = " \N{MIDDLE DOT} "
    what = [f"{what} of step {step}" for step in (1, 2) for what in ("price", "amount")]
    assert labels == [f"bids{dot}g{dot}{each}" for each in what]
