"""Scenes and views: a choice is set up as `market run` would, and a page never claims too much."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from helpers import stories

import market
from market.errors import InputError
from market.interfaces import extras
from market.interfaces.dashboard import extra
from market.interfaces.dashboard.pictures import Album
from market.interfaces.dashboard.scene import Choice, set_up
from market.interfaces.dashboard.view import view_of
from market.interfaces.text.sentences import number

ROOT = Path(__file__).parents[3]


@pytest.fixture
def scene(commons, monkeypatch):
    monkeypatch.setattr(Album, "pictures", lambda *_: ())
    return set_up(Choice(commons), lambda _: None)


def test_a_scene_steps_the_first_mechanism_with_prices_and_plays_the_others_to_their_end(commons):
    named = []
    scene = set_up(Choice(commons), named.append)
    assert (scene.mechanism, scene.play.round, named) == ("prices", 0, ["first mover", "planner"])
    assert all(outcome.status.settled for outcome in scene.others.outcomes.values())
    assert set_up(Choice(commons, mechanism="planner"), lambda _: None).mechanism == "planner"


def test_turned_dials_reach_the_model_and_the_compared_outcomes(commons):
    scene = set_up(Choice(commons).turned("commons.water", 20.0), lambda _: None)
    assert scene.play.model.economy.commons.tolist() == [20.0]
    assert scene.others.outcomes["planner"].consumption.sum() == pytest.approx(20.0)


def test_a_comparison_has_the_stepped_mechanism_once_it_has_played_a_round(scene):
    assert list(scene.compared().outcomes) == ["first mover", "planner"]
    scene.play.step()
    assert list(scene.compared().outcomes) == ["first mover", "prices", "planner"]
    assert scene.compared().outcomes["prices"].rounds == 1


def test_a_bad_scenario_is_refused_with_its_fault_and_keeps_its_title(commons):
    scene = set_up(Choice(commons).turned("commons.watr", 1.0), lambda _: None)
    view = view_of(scene)
    assert (view.state.tone, view.title, view.over) == ("error", "Who gets the water?", True)
    assert "Did you mean 'water'?" in view.state.detail
    assert view.dials


def test_a_view_goes_from_ready_over_rounds_to_the_end_of_the_run(scene):
    view = view_of(scene)
    assert (view.state.headline, view.state.detail) == ("Ready", "Step: one round. Play: run to the end.")
    scene.play.step()
    view = view_of(scene)
    assert (view.state.headline, view.over) == ("Round 1", False)
    assert "largest relative excess demand" in view.state.detail
    assert view.verdict[0].startswith("If trade stopped now (with rationing): under 'prices' the outcome is")
    assert "Under 'prices'" not in "".join(view.verdict)
    assert not any("'prices'" in sentence for sentence in view_of(scene, judged=False).verdict)
    while not scene.play.over:
        scene.play.step()
    view = view_of(scene)
    assert (view.state.tone, view.state.headline) == ("success", "Cleared after 15 rounds.")
    assert view.finished
    assert not any("If trade stopped now" in sentence for sentence in view.verdict)
    outcome = market.compare(scene.scenario).outcomes["prices"]
    assert view.state.detail == outcome.reason


def test_a_play_without_end_is_a_warning_only_when_it_is_over(tmp_path, monkeypatch):
    monkeypatch.setattr(Album, "pictures", lambda *_: ())
    file = tmp_path / "short.toml"
    file.write_text(stories.COMMONS.replace('kind = "auctioneer"', 'kind = "auctioneer"\nmax_rounds = 2'))
    scene = set_up(Choice(file), lambda _: None)
    scene.play.step()
    assert not any("Not converged" in sentence for sentence in view_of(scene).verdict)
    scene.play.step()
    view = view_of(scene)
    assert (view.state.tone, view.state.headline) == ("warning", "Stopped after 2 rounds.")
    assert view.verdict[0].startswith("Not converged: 'prices'.")


def test_the_seed_of_the_choice_replaces_that_of_the_file(scene):
    assert view_of(scene).seed == 0
    scene.choice = replace(scene.choice, seed=7)
    assert view_of(scene).seed == 7


def test_a_missing_package_or_a_wrong_version_is_named_with_the_command(monkeypatch):
    monkeypatch.setattr(extras, "installed", lambda name: None if name == "solara" else "1.0")
    with pytest.raises(InputError, match=r"missing: solara.*pip install 'market\[dashboard\]'"):
        extra.check()
    monkeypatch.setattr(extras, "installed", lambda name: "3.0" if name == "ipyvuetify" else "1.0")
    with pytest.raises(InputError, match=r"ipyvuetify 3\.0 shows no pictures"):
        extra.check()


def test_the_page_has_its_style():
    pytest.importorskip("solara")
    page = pytest.importorskip("market.interfaces.dashboard.page")
    assert ".market-table" in page.STYLE


def test_the_table_has_the_prices_of_the_round_in_play(monkeypatch):
    """Prices of the second round, although the first was closer to clearing."""
    monkeypatch.setattr(Album, "pictures", lambda *_: ())
    scene = set_up(Choice(ROOT / "scenarios" / "exceptional.toml"), lambda _: None)
    for _ in range(30):
        scene.play.step()
    outcome = scene.compared().outcomes[scene.mechanism]
    assert outcome.prices.tolist() == scene.play.model.prices.tolist()
    assert scene.play.model.outcome().prices.tolist() != outcome.prices.tolist()
    written = view_of(scene).table
    for price in outcome.prices:
        assert f">{number(price)}</td>" in written
    assert "closest to clearing" not in written


def test_a_play_that_goes_on_is_not_judged(scene, monkeypatch):
    scene.play.step()
    monkeypatch.setattr("market.interfaces.dashboard.scene.alignment", lambda _: 1 / 0)
    assert ">in play<" in view_of(scene, judged=False).table
    assert ">unknown<" not in view_of(scene, judged=False).table


def test_a_scenario_from_python_keeps_its_overrides_and_its_dials_start_there():
    scenario = market.loads(stories.COMMONS, overrides=["commons.water=12.0"])
    scene = set_up(Choice(scenario).turned("agents[0].utility.weights.water", 2.0), lambda _: None)
    assert scene.play.model.economy.commons.tolist() == [12.0]
    assert scene.dials[0].value == 12.0
    assert scene.scenario.overrides == ("commons.water=12.0", "agents[0].utility.weights.water=2.0")
