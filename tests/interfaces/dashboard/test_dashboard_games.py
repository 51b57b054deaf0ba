"""Games on the page: scenes, pictures, what players do, dials and export."""

from __future__ import annotations

import json

import pytest

import market
from market.errors import InputError
from market.interfaces.dashboard import server
from market.interfaces.dashboard.director import Director
from market.interfaces.dashboard.offer import Offer
from market.interfaces.dashboard.scene import Choice, GameScene, set_up
from market.interfaces.dashboard.view import view_of

FISHERS = """
schema = 1
game = "commons"
title = "How many <boats>?"
comparable = true
[parameters]
growth = 0.5
[[players]]
name = "fisher"
count = 2
cost = 0.25
[[mechanisms]]
name = "learning"
kind = "learning"
rule = "individual"
step = 4.0
max_rounds = 6
[[mechanisms]]
name = "prices"
kind = "auctioneer"
[[mechanisms]]
name = "planner"
kind = "planner"
"""
ONE = FISHERS.split('[[mechanisms]]\nname = "prices"')[0]
CHICKEN = """
schema = 1
game = "chicken"
comparable = true
mechanisms = [{ name = "left alone", kind = "unmediated" }, { name = "mediator", kind = "mediator" }]
"""


def scene_of(text, mechanism=None, **turned):
    choice = Choice(market.loads(text), mechanism)
    for path, value in turned.items():
        choice = choice.turned(path, value)
    return set_up(choice, lambda _: None)


@pytest.fixture
def fishers():
    return scene_of(FISHERS)


def test_a_scene_of_a_game_steps_its_first_mechanism_and_plays_the_others(fishers):
    assert isinstance(fishers, GameScene)
    assert fishers.mechanism == "learning"
    assert set(fishers.others.outcomes) == {"prices", "planner"}
    view = view_of(fishers)
    assert view.state.headline == "Ready"
    assert [picture.title for picture in view.pictures] == [
        "Payoffs", "Paths over the sum of payoffs", "Payoff by round",
    ]  # fmt: skip
    assert all(picture.still and not picture.moving for picture in view.pictures)


def test_in_play_every_picture_moves_and_nothing_is_claimed(fishers):
    fishers.play.step()
    view = view_of(fishers)
    gain = fishers.play.outcome().max_regret
    assert view.state.headline == "Round 1"
    assert f"Largest gain from deviating: {gain:.4g}" in view.state.detail
    assert all(picture.moving for picture in view.pictures)
    assert "in play" in view.table
    assert view.verdict[0].startswith("If play under 'learning' stopped now, a player would gain")
    assert not any("Under 'learning'" in said for said in view.verdict)  # it is judged at its end


def test_the_end_is_that_of_a_run_and_is_judged(fishers):
    while not fishers.play.over:
        fishers.play.step()
    view = view_of(fishers)
    alone = market.compare(market.loads(FISHERS)).outcomes["learning"]
    assert fishers.play.outcome().payoffs == pytest.approx(alone.payoffs)
    assert view.finished
    assert any("Under 'learning'" in said for said in view.verdict)
    assert all(picture.still and not picture.moving for picture in view.pictures)


def test_frames_are_kept_from_round_to_round(fishers):
    fishers.play.step()
    view_of(fishers)
    first = [picture.still for picture in view_of(fishers).pictures]
    assert [picture.still for picture in view_of(fishers).pictures] == first


def test_bars_show_what_players_do_and_escape_names(fishers):
    fishers.play.step()
    effort = fishers.play.model.state.play.values[0, 0]
    bound = 0.5 / (0.01 * 2)
    assert f'style="width:{100 * effort / bound:.1f}%"' in view_of(fishers).actions
    table = scene_of(CHICKEN)
    table.play.step()
    assert "row: straight" in view_of(table).actions
    risky = scene_of(ONE.replace('"fisher"', '"<b>"'))
    assert "&lt;b&gt;" in view_of(risky).actions
    assert "<b>[" not in view_of(risky).actions


def test_of_many_players_there_are_three_bars():
    many = scene_of(ONE.replace("count = 2", "count = 30"))
    many.play.step()
    view = view_of(many)
    assert view.actions.count("<li>") == 3
    assert "mean of 30" in view.actions
    assert [picture.title for picture in view.pictures] == ["Payoff by round", "Payoffs by mechanism"]


def test_a_table_has_a_payoff_space_and_a_mediator_advises():
    scene = scene_of(CHICKEN, "mediator")
    scene.play.step()
    view = view_of(scene)
    assert view.finished
    assert "Payoffs" in [picture.title for picture in view.pictures]
    assert any("correlated" in entry.label for entry in view.pictures[0].legend)


def test_a_game_with_one_mechanism_shows_its_play():
    scene = scene_of(ONE)
    assert not any(picture.still for picture in view_of(scene).pictures)
    scene.play.step()
    assert all(picture.moving for picture in view_of(scene).pictures)


def test_dials_are_parameters_players_and_the_mechanism(fishers):
    paths = {dial.path: dial.value for dial in fishers.dials}
    assert paths["parameters.growth"] == 0.5
    assert paths["parameters.capacity"] == 100.0  # a default
    assert paths["players[0].cost"] == 0.25
    assert paths["players[0].count"] == 2
    assert paths["mechanisms[0].step"] == 4.0
    assert not any("mechanisms[1]" in path for path in paths)
    turned = scene_of(FISHERS, **{"players[0].cost": 0.5, "parameters.capacity": 50.0})
    assert turned.play.model.game.parameters["cost"].tolist() == [0.5, 0.5]
    assert turned.play.model.game.parameters["capacity"] == 50.0


def test_the_seed_matters_where_something_is_drawn(fishers):
    assert not fishers.random
    assert scene_of(FISHERS.replace("step = 4.0", 'step = 4.0\nstart = "random"')).random
    drawn = FISHERS.replace("cost = 0.25", 'cost = { dist = "uniform", low = 0.1, high = 0.2 }')
    assert scene_of(drawn).random


def test_a_game_that_cannot_be_played_is_refused_with_its_fault():
    scene = scene_of(FISHERS, **{"players[0].count": 0})
    view = view_of(scene)
    assert view.state.tone == "error"
    assert "count" in view.state.detail
    assert view.dials


class Stubborn(market.Player):
    """Fishes with an effort of 3."""

    def act(self, others, advised):
        return 3.0


class Lost(market.Player):
    """Has no action."""

    def act(self, others, advised):
        return "nothing"


def test_players_of_ones_own_act_on_the_page(tmp_path):
    scenario = market.loads(ONE)
    offer = Offer({"fishers": scenario}, tmp_path, players={"fisher[0]": Stubborn})
    scene = set_up(Choice(scenario), lambda _: None, offer)
    scene.play.step()
    assert scene.play.model.state.play.values[0, 0] == 3.0
    lost = Offer({"fishers": scenario}, tmp_path, players={"fisher": Lost})
    scene = set_up(Choice(scenario), lambda _: None, lost)
    scene.play.step()
    assert "acted with 'nothing'" in view_of(scene).state.detail
    assert scene.play.over


def test_from_python_players_are_for_games_and_traders_for_economies(monkeypatch, commons):
    offers = []
    monkeypatch.setattr(server, "serve", lambda offered, *_: offers.append(offered))
    scenario = market.loads(FISHERS)
    market.dashboard(scenario, players={"fisher": Stubborn})
    assert offers[0].players == {"fisher": Stubborn}
    with pytest.raises(InputError, match="use players="):
        market.dashboard(scenario, traders={"fisher": market.Trader})
    with pytest.raises(InputError, match="use traders="):
        market.dashboard(str(commons), players={"alpha": Stubborn})
    with pytest.raises(InputError, match="no player or group 'fishr'"):
        market.dashboard(scenario, players={"fishr": Stubborn})


def test_an_exported_run_of_a_game_can_be_verified(tmp_path):
    scenario = market.loads(FISHERS)
    director = Director(lambda _: None, Offer({"fishers": scenario}, tmp_path))
    scene = set_up(Choice(scenario).turned("players[0].cost", 0.3), lambda _: None)
    folder = director._written(scene)
    assert json.loads((folder / "result.json").read_text())["game"] == "commons"
    assert (folder / "overview.svg").exists()
    own = Director(lambda _: None, Offer({"fishers": scenario}, tmp_path, players={"fisher": Stubborn}))
    with pytest.raises(InputError, match="no players of one's own"):
        own._written(scene)
