"""Pictures of a play: still parts are drawn once, what moves shows the round, the end is as on paper."""

import base64
from pathlib import Path

import matplotlib
import pytest
from helpers import stories
from matplotlib.figure import Figure

import market
from market import plots
from market.interfaces.dashboard import pictures as module
from market.interfaces.dashboard.frames import Frame
from market.interfaces.dashboard.scene import Choice, set_up

ROOT = Path(__file__).parents[3]


@pytest.fixture
def drawn(monkeypatch):
    """The number of figures that were drawn."""
    counted = []

    class Counted(Frame):
        def __init__(self, *args, **kwargs):
            counted.append(1)
            super().__init__(*args, **kwargs)

    monkeypatch.setattr(module, "Frame", Counted)
    return counted


def shipped(name):
    return set_up(Choice(ROOT / "scenarios" / f"{name}.toml"), lambda _: None)


def step(scene, rounds=1):
    """The pictures after some more rounds, by title."""
    for _ in range(rounds):
        scene.play.step()
        shown = scene.pictures(scene.compared(judged=False))
    return {picture.title: picture for picture in shown}


def svg(source):
    head, _, body = source.partition(",")
    assert head == "data:image/svg+xml;base64"
    return base64.b64decode(body).decode()


def frame(scene, title):
    return scene.album._frames[title]


def test_the_first_round_is_a_whole_number(commons):
    scene = set_up(Choice(commons), lambda _: None)
    scene.play.step()
    ax = plots.price_paths(scene.compared(), Figure().add_subplot())
    assert [tick for tick in ax.get_xticks() if tick == int(tick)] == ax.get_xticks().tolist()


@pytest.mark.parametrize("name", ["commons", "edgeworth", "scarf", "war"])
def test_no_figure_is_drawn_anew_in_a_round_that_its_frame_holds(name, drawn):
    """That is what makes a round fast: a figure takes a hundred times as long as what moves in it."""
    scene = shipped(name)
    step(scene, 4)
    before = len(drawn)
    after = step(scene, 7)
    assert len(drawn) == before
    assert after["Prices" if "Prices" in after else "Prices under 'small steps'"].moving


def test_a_long_play_is_drawn_anew_ever_more_rarely(drawn):
    scene = shipped("scarf")
    step(scene, 40)
    before = len(drawn)
    step(scene, 40)
    assert len(drawn) - before <= 4  # two figures of rounds, at 41 and 61


def test_a_figure_that_never_holds_the_play_is_not_drawn_in_every_round(drawn, monkeypatch):
    monkeypatch.setattr(module, "holds_price", lambda *_: False)
    scene = shipped("commons")
    step(scene, 3)
    before = len(drawn)
    step(scene, 8)
    assert len(drawn) - before <= 3  # at about 4, 6 and 9


def test_pictures_are_awaited_until_prices_are_announced(commons):
    scene = set_up(Choice(commons), lambda _: None)
    before = {picture.title: picture.still for picture in scene.pictures(scene.compared())}
    assert [title for title, still in before.items() if not still] == [
        "Prices", "Excess demand", "Supply and demand",
    ]  # fmt: skip
    assert list(step(scene)) == list(before)
    assert all(picture.still for picture in step(scene).values())


def test_pictures_are_within_the_page_and_ask_for_nothing(commons):
    for picture in step(set_up(Choice(commons), lambda _: None), 2).values():
        for source in (picture.still, picture.moving, *(entry.swatch for entry in picture.legend)):
            assert "<svg" in svg(source)
            assert 'href="http' not in svg(source)


def test_the_lines_that_move_end_at_the_present_round(commons):
    scene = set_up(Choice(commons), lambda _: None)
    step(scene, 5)
    rounds = scene.compared().rounds
    for title, column in (("Prices", "price"), ("Excess demand", "excess_demand")):
        (line,) = [line for line in frame(scene, title).ax.lines if line.get_label() == "water"]
        assert line.get_xdata().tolist() == [1.0, 2.0, 3.0, 4.0, 5.0]
        assert line.get_ydata().tolist() == rounds[column].tolist()


def test_the_price_line_is_at_the_price_of_the_round(commons):
    scene = set_up(Choice(commons), lambda _: None)
    step(scene, 2)
    line = next(
        line
        for line in frame(scene, "Supply and demand").ax.lines
        if line.get_label() == "price of this round"
    )
    assert set(line.get_ydata()) == {scene.play.model.prices["water"]}


def test_the_point_in_the_box_is_the_allocation_and_lies_on_its_budget_line():
    scene = shipped("edgeworth")
    step(scene, 3)
    outcome = scene.play.outcome()
    lines = {line.get_label(): line for line in frame(scene, "Edgeworth box").ax.lines}
    point = lines["prices, in play"].get_xydata()[0]
    assert point.tolist() == outcome.consumption[0].tolist()
    income = outcome.prices @ scene.play.model.economy.endowment[0]
    ends = lines["budget line of this round"].get_xydata()
    assert ends @ outcome.prices == pytest.approx([income, income])


def test_at_the_end_figures_are_those_on_paper(commons):
    scene = set_up(Choice(commons), lambda _: None)
    end = step(scene, 15)
    assert scene.play.over
    assert not any(picture.moving for picture in end.values())
    assert [entry.label for entry in end["Supply and demand"].legend if "equilibrium" in entry.label]
    assert "prices, planner" in [entry.label for entry in end["Utility possibility frontier"].legend]


def test_each_other_mechanism_with_prices_has_a_small_picture():
    scene = shipped("scarf")
    after = step(scene)
    assert [title for title, picture in after.items() if picture.small] == [
        "Prices under 'learns'", "Prices under 'asks'",
    ]  # fmt: skip
    assert {entry.label for entry in after["Prices under 'small steps'"].legend} == {
        "apples",
        "berries",
        "cherries",
    }


def test_a_market_of_many_has_no_frontier(tmp_path):
    file = tmp_path / "war.toml"
    file.write_text(stories.WAR)
    titles = list(step(set_up(Choice(file), lambda _: None)))
    assert titles == ["Prices", "Excess demand", "Supply and demand", "Utility by mechanism"]


def test_one_mechanism_alone_can_be_shown(commons):
    text = (
        commons.read_text().partition("[[mechanisms]]")[0]
        + '[[mechanisms]]\nname = "prices"\nkind = "auctioneer"\n'
    )
    commons.write_text(text)
    scene = set_up(Choice(commons), lambda _: None)
    assert not any(picture.still for picture in scene.pictures(scene.compared()))
    begun = step(scene)
    assert [title for title, picture in begun.items() if not picture.still] == [
        "Utility possibility frontier"
    ]
    assert all(picture.still for picture in step(scene, 14).values())


def test_names_in_a_legend_are_as_written():
    text = stories.COMMONS.replace('goods = ["water"]', 'goods = ["$a_b$"]').replace("water = ", '"$a_b$" = ')
    scene = set_up(Choice(market.loads(text)), lambda _: None)
    assert step(scene)["Prices"].legend[0].label == "$a_b$"


def test_matplotlib_keeps_its_settings(commons):
    before = dict(matplotlib.rcParams)
    step(set_up(Choice(commons), lambda _: None))
    assert dict(matplotlib.rcParams) == before


def test_what_is_shown_together_keeps_the_order_of_the_file(commons):
    scene = set_up(Choice(commons), lambda _: None)
    scene.play.step()
    begun = scene.compared()
    assert list(begun.outcomes) == list(market.load(commons).mechanism_names)
    assert begun.outcomes["prices"].rounds == 1
    assert begun.rounds["round"].tolist() == [1]


def test_the_legend_names_what_is_seen_and_nothing_of_an_equilibrium_in_play():
    after = step(shipped("merit_order"), 2)
    labels = [entry.label for entry in after["Supply and demand"].legend]
    assert labels == ["demand", "supply", "price of this round", "traded if it stopped now, with rationing"]


@pytest.mark.parametrize("name", ["merit_order", "gift", "commons"])
def test_the_axis_of_excess_demand_names_zero_in_the_first_round_too(name):
    scene = shipped(name)
    step(scene)
    ax = frame(scene, "Excess demand").ax
    assert 0.0 in ax.get_yticks()
    assert len(ax.get_yticks()) > 1
    low, high = ax.get_ylim()
    assert all(low <= tick <= high for tick in ax.get_yticks())


def test_utilities_out_of_view_are_at_the_edge_and_said_to_be():
    labels = [entry.label for entry in step(shipped("gift"))["Utility possibility frontier"].legend]
    assert "prices, in play (beyond the edge)" in labels


def test_wedge_of_a_tax_is_shown_when_the_play_is_over():
    """Before, the wedge of another mechanism that has ended is there; afterwards that of the stepped one."""
    scene = set_up(Choice(ROOT / "scenarios" / "tax.toml", mechanism="doubled"), lambda _: None)
    title = "Who bears it, and what is lost"
    assert title in {picture.title for picture in scene.pictures(scene.compared())}
    while not scene.play.over:
        scene.play.step()
    ended = {picture.title: picture for picture in scene.pictures(scene.compared())}
    assert ended[title].still
    assert any("wedge 4" in entry.label for entry in ended[title].legend)


def test_a_public_good_has_a_figure_of_bids_added_up_and_none_of_amounts_added_up():
    """Demand is one amount for all: at a price of 1 it is 6 units of the park, not three times as many."""
    scene = shipped("park")
    while not scene.play.over:
        scene.play.step()
    titles = [picture.title for picture in scene.pictures(scene.compared(judged=False))]
    assert "Provision of a public good" in titles
    assert not {"Supply and demand", "Utility possibility frontier", "Edgeworth box"} & set(titles)
