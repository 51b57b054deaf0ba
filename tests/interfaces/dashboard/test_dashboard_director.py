"""Clicks never get in each other's way: one thread does everything, and the newest choice wins."""

import threading

import pytest
from helpers import stories

import market
from market.interfaces.dashboard.director import Director
from market.interfaces.dashboard.offer import Offer
from market.interfaces.dashboard.pictures import Album
from market.interfaces.dashboard.scene import Choice
from market.results import run_folder as results
from market.results import verify

SLOW = stories.COMMONS.replace(
    'kind = "auctioneer"', 'kind = "auctioneer"\nrule = "additive"\nstep = 1e-5\nmax_rounds = 100000'
)


class Watcher:
    """Keeps what a director shows, and waits for what it should show."""

    def __init__(self):
        self.views = []
        self.changed = threading.Condition()

    def __call__(self, view):
        with self.changed:
            self.views.append(view)
            self.changed.notify_all()

    def until(self, condition, after=0):
        """The first view since `after` of which a condition is true."""
        with self.changed:
            found = self.changed.wait_for(
                lambda: next((view for view in self.views[after:] if condition(view)), None), timeout=60
            )
        assert found, [(view.state, view.busy) for view in self.views[-3:]]
        return found


@pytest.fixture
def undrawn(monkeypatch):
    """Leaves out what takes the time."""
    monkeypatch.setattr(Album, "pictures", lambda *_: ())


@pytest.fixture
def directing(tmp_path):
    """Starts a director on a scenario's text; gives it, what it shows, and the choice."""
    started = []

    def start(text, traders=None):
        file = tmp_path / "story.toml"
        file.write_text(text)
        seen = Watcher()
        director = Director(seen, Offer({"story": file}, tmp_path / "runs", traders or {}))
        started.append(director)
        director.start(Choice(file))
        seen.until(lambda view: view.table or view.state.tone == "error")
        return director, seen, Choice(file)

    yield start
    for director in started:
        director.close()
        director._thread.join(timeout=60)
        assert not director._thread.is_alive()


def headline(view):
    return view.state.headline


def test_one_step_is_one_round(directing):
    director, seen, _ = directing(stories.COMMONS)
    assert headline(seen.views[-1]) == "Ready"
    awaited = [picture.title for picture in seen.views[-1].pictures if not picture.still]
    assert awaited == ["Prices", "Excess demand", "Supply and demand"]
    director.step()
    after = seen.until(lambda view: view.state.headline == "Round 1")
    assert not after.over
    assert [picture.title for picture in after.pictures] == [
        "Prices", "Excess demand", "Supply and demand", "Utility possibility frontier",
    ]  # fmt: skip


@pytest.mark.usefixtures("undrawn")
def test_play_goes_on_to_the_end_and_stops(directing):
    director, seen, _ = directing(stories.COMMONS)
    director.pace(7)
    director.play()
    view = seen.until(lambda view: view.over and view.table)
    assert headline(view) == "Cleared after 15 rounds."
    assert not view.playing


@pytest.mark.usefixtures("undrawn")
def test_reset_while_playing_leaves_a_new_market_at_its_start(directing):
    director, seen, choice = directing(SLOW)
    director.play()
    seen.until(lambda view: view.state.headline == "Round 2")
    before = len(seen.views)
    director.choose(choice)
    seen.until(lambda view: view.state.headline == "Ready" and not view.busy, after=before)
    assert not seen.views[-1].playing
    director.step()
    reset = before + [headline(view) for view in seen.views[before:]].index("Ready")
    seen.until(lambda view: view.state.headline == "Round 1", after=reset)
    director.step()
    seen.until(lambda view: view.state.headline == "Round 2", after=reset)
    rounds = list(dict.fromkeys(headline(view) for view in seen.views[reset:]))
    assert rounds == ["Ready", "Round 1", "Round 2"]  # none but those asked for
    assert not seen.views[-1].playing


@pytest.mark.usefixtures("undrawn")
def test_nothing_is_called_unsettled_before_it_is_over(directing):
    director, seen, _ = directing(SLOW.replace("max_rounds = 100000", "max_rounds = 2"))
    director.step()
    view = seen.until(lambda view: headline(view) == "Round 1")
    assert not any("Not converged" in sentence for sentence in view.verdict)
    assert ">in play<" in view.table
    director.step()
    view = seen.until(lambda view: view.finished)
    assert any("Not converged: 'prices'" in sentence for sentence in view.verdict)
    assert view.state.tone == "warning"


@pytest.mark.usefixtures("undrawn")
def test_if_a_scene_cannot_be_set_up_nothing_of_the_former_one_is_left(directing, monkeypatch):
    director, seen, choice = directing(stories.COMMONS)
    with monkeypatch.context() as patched:
        patched.setattr("market.interfaces.dashboard.scene.compare", lambda *_: 1 / 0)
        director.choose(choice)
        view = seen.until(lambda view: view.state.tone == "error")
    assert view.over
    assert not view.table
    director.step()
    director.play()
    director.choose(choice)
    seen.until(lambda view: view.table and headline(view) == "Ready", after=len(seen.views) - 1)


@pytest.mark.usefixtures("undrawn")
def test_pause_stops_after_the_round_that_is_under_way(directing):
    director, seen, _ = directing(SLOW)
    director.play()
    seen.until(lambda view: view.state.headline == "Round 2")
    director.pause()
    before = len(seen.views)
    view = seen.until(lambda view: not view.playing, after=before - 1)
    rounds = int(headline(seen.views[-1]).split()[1])
    director.step()
    seen.until(lambda view: headline(view) == f"Round {rounds + 1}")
    assert not view.over
    assert not seen.views[-1].playing


@pytest.mark.usefixtures("undrawn")
def test_the_buttons_answer_before_the_next_picture_is_drawn(directing):
    director, seen, _ = directing(SLOW)
    before = len(seen.views)
    director.play()
    assert headline(seen.until(lambda view: view.playing, after=before)) == "Ready"
    director.pause()


@pytest.mark.usefixtures("undrawn")
def test_turning_a_dial_when_all_is_over_shows_the_new_equilibrium(directing):
    director, seen, choice = directing(stories.COMMONS)
    director.pace(50)
    director.play()
    assert ">0.2<" in seen.until(lambda view: view.finished).table
    before = len(seen.views)
    director.turn(choice.turned("commons.water", 20.0))
    view = seen.until(lambda view: view.finished and not view.busy, after=before)
    assert ">0.1<" in view.table  # p = 2 / 20
    assert ">0.2<" not in view.table


@pytest.mark.usefixtures("undrawn")
def test_the_newest_choice_wins(directing):
    director, seen, choice = directing(stories.COMMONS)
    before = len(seen.views)
    for water in range(11, 31):
        director.turn(choice.turned("commons.water", float(water)))
    view = seen.until(lambda view: ">30<" in view.table, after=before)
    assert view.choice.overrides == ("commons.water=30.0",)
    assert len([view for view in seen.views[before:] if not view.busy]) < 20  # not each of them was drawn


@pytest.mark.usefixtures("undrawn")
def test_numbers_that_cannot_be_played_are_refused_and_can_be_turned_back(directing):
    director, seen, choice = directing(stories.COMMONS)
    director.turn(choice.turned("agents[0].utility.weights.water", -1.0))
    view = seen.until(lambda view: view.state.tone == "error")
    assert "agents[0].utility.weights.water" in view.state.detail
    assert view.dials
    assert view.over
    director.turn(choice)
    seen.until(lambda view: view.state.headline == "Ready", after=len(seen.views) - 1)


@pytest.mark.usefixtures("undrawn")
def test_an_exported_run_is_what_market_run_writes(directing):
    director, seen, choice = directing(stories.COMMONS)
    director.turn(choice.turned("commons.water", 16.0))
    director.export()
    note = seen.until(lambda view: view.note).note
    assert note.headline == "Run folder"
    folder = director._offer.out / note.detail.rpartition("/")[2]
    run = results.read_run(folder)
    assert run.overrides == ("commons.water=16.0",)
    assert [mechanism["status"] for mechanism in run.result["mechanisms"]] == ["nash", "cleared", "optimal"]
    assert (folder / "overview.svg").exists()
    before = len(seen.views)
    director.step()
    stepped = seen.until(lambda view: headline(view) == "Round 1", after=before)
    assert stepped.note == note  # it stays readable
    assert verify.verify(folder).holds


@pytest.mark.usefixtures("undrawn")
def test_a_run_that_cannot_be_written_is_said(directing):
    director, seen, _ = directing(stories.COMMONS)
    director._offer.out.write_text("a file is in the way")
    director.export()
    note = seen.until(lambda view: view.note).note
    assert note.tone == "error"
    assert "cannot write a run folder" in note.detail


def test_whatever_goes_wrong_the_page_says_it_and_goes_on(directing, monkeypatch):
    director, seen, choice = directing(stories.COMMONS)
    with monkeypatch.context() as patched:
        patched.setattr(Album, "pictures", lambda *_: 1 / 0)
        director.step()
        view = seen.until(lambda view: view.state.tone == "error")
    assert "ZeroDivisionError" in view.state.detail
    director.choose(choice)
    seen.until(lambda view: view.state.headline == "Ready", after=len(seen.views) - 1)


@pytest.mark.usefixtures("undrawn")
def test_while_a_slider_is_moved_nothing_is_called_cleared_or_in_play(directing):
    director, seen, choice = directing(stories.COMMONS)
    director.pace(50)
    director.play()
    seen.until(lambda view: view.finished)
    before = len(seen.views)
    director.turn(choice.turned("commons.water", 20.0))
    seen.until(lambda view: view.finished and "Cleared" in headline(view), after=before)
    meanwhile = [view for view in seen.views[before:] if "Cleared" not in headline(view)]
    assert {headline(view) for view in meanwhile} == {"Setting up"}
    assert not any(view.playing for view in meanwhile)


@pytest.mark.usefixtures("undrawn")
def test_a_play_that_is_paused_is_judged_and_one_that_runs_is_not(directing):
    director, seen, _ = directing(SLOW)
    director.play()
    running = seen.until(lambda view: headline(view) == "Round 2")
    assert not any("If trade stopped now" in sentence for sentence in running.verdict)
    director.pause()
    seen.until(lambda view: any("If trade stopped now" in sentence for sentence in view.verdict))


@pytest.mark.usefixtures("undrawn")
def test_traders_of_ones_own_are_played_and_no_run_folder_claims_to_have_them(directing):
    class Thrifty(market.Trader):
        def demand(self, prices):
            return 0.5 * super().demand(prices)

    director, seen, _ = directing(stories.COMMONS, {"alpha": Thrifty})
    director.pace(50)
    director.play()
    seen.until(lambda view: view.finished)
    prices = director._scene.play.model.prices
    assert prices["water"] == pytest.approx((0.5 + 1.0) / 10.0)  # half of alpha's demand 1 / p
    director.export()
    note = seen.until(lambda view: view.note).note
    assert note.headline == "No run folder was written"


def test_a_slider_that_is_moved_while_the_end_is_drawn_leads_to_another_end(directing, monkeypatch):
    director, seen, choice = directing(stories.COMMONS)
    drawing, drawn = threading.Event(), threading.Event()

    def slowly(*_):
        drawing.set()
        drawn.wait(60)
        return ()

    director.pace(50)
    director.play()
    seen.until(lambda view: view.finished)
    monkeypatch.setattr(Album, "pictures", slowly)
    director.turn(choice.turned("commons.water", 20.0))
    drawing.wait(60)
    director.turn(choice.turned("commons.water", 40.0))
    drawn.set()
    view = seen.until(lambda view: view.finished and ">40<" in view.table)
    assert ">0.05<" in view.table  # p = 2 / 40
