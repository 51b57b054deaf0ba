"""A model that breaks is broken, for good, and says so."""

import pytest
from helpers import stories

import market
from market.interfaces.dashboard.play import Play
from market.interfaces.dashboard.view import state_of


class Stumbler(market.Trader):
    """Answers two rounds, then fails once, then would answer again."""

    asked = 0

    def demand(self, prices):
        type(self).asked += 1
        if self.asked == 3:
            raise RuntimeError("lost its list")
        return super().demand(prices)


class Mute(market.MarketModel):
    """Imitate a model in Mesa 3.5 after an exception: steps return without effect."""

    def step(self):
        pass


@pytest.fixture
def broken():
    Stumbler.asked = 0
    play = Play(market.loads(stories.COMMONS), "prices", traders={"alpha": Stumbler})
    for _ in range(6):
        play.step()
    return play


def test_a_step_that_fails_breaks_the_play_for_good(broken):
    assert broken.over
    assert broken.round == 2
    assert Stumbler.asked == 3  # it was not asked again
    assert broken.broken == "The model broke in round 3. RuntimeError: lost its list."


def test_a_broken_play_never_looks_settled(broken):
    state = state_of(broken)
    assert (state.tone, state.headline) == ("error", "Error")
    assert "lost its list" in state.detail


def test_a_step_that_does_not_run_breaks_the_play(monkeypatch):
    monkeypatch.setattr("market.interfaces.dashboard.play.MarketModel", Mute)
    play = Play(market.loads(stories.COMMONS), "prices")
    play.step()
    assert play.over
    assert play.broken == "The model broke: round 1 was not played."


def test_the_play_ends_where_the_run_does():
    scenario = market.loads(stories.COMMONS)
    play = Play(scenario, "prices")
    states = []
    while not play.over:
        states.append(state_of(play))
        play.step()
    outcome = market.MarketModel(scenario, "prices").run()
    assert play.broken is None
    assert play.round == outcome.rounds == len(states)
    assert (play.model.outcome().prices == outcome.prices).all()
    assert states[0].headline == "Ready"
    assert {state.tone for state in states} == {"info"}  # nothing is settled before it is over
    assert state_of(play).headline == f"Cleared after {outcome.rounds} rounds."
    assert state_of(play).tone == "success"
