"""Pictures of a play that has only begun."""

import base64
from pathlib import Path

import pytest
from helpers import stories
from matplotlib.figure import Figure

import market
from market import plots
from market.interfaces.dashboard.pictures import pictures
from market.interfaces.dashboard.scene import Choice, set_up


@pytest.fixture
def begun(commons):
    """The commons after one round under prices."""
    scene = set_up(Choice(commons), lambda _: None)
    scene.play.step()
    return scene.compared()


def test_the_first_round_is_a_whole_number(begun):
    ax = plots.price_paths(begun, Figure().add_subplot())
    assert ax.get_xticks().tolist() == [1]


def test_pictures_are_within_the_page_and_ask_for_nothing(begun):
    drawn = pictures(begun)
    assert [picture.title for picture in drawn] == [
        "Prices", "Excess demand", "Utility possibilities", "Utility by mechanism",
    ]  # fmt: skip
    for picture in drawn:
        head, _, body = picture.source.partition(",")
        assert head == "data:image/svg+xml;base64"
        text = base64.b64decode(body).decode()
        assert "<svg" in text
        assert 'href="http' not in text


def test_a_market_of_many_has_no_frontier(tmp_path):
    file = tmp_path / "war.toml"
    file.write_text(stories.WAR)
    compared = set_up(Choice(file), lambda _: None).compared()
    assert [picture.title for picture in pictures(compared)] == ["Utility by mechanism"]


def test_two_agents_with_two_goods_have_a_box():
    file = Path(__file__).parents[3] / "scenarios" / "edgeworth.toml"
    compared = set_up(Choice(file), lambda _: None).compared()
    assert "Edgeworth box" in [picture.title for picture in pictures(compared)]


def test_what_is_shown_together_keeps_the_order_of_the_file(commons, begun):
    assert list(begun.outcomes) == list(market.load(commons).mechanism_names)
    assert begun.outcomes["prices"].rounds == 1
    assert begun.rounds["round"].tolist() == [1]
