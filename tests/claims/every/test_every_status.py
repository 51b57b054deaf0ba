"""Every status says what it means and what can be done about it."""

from __future__ import annotations

import pytest

from market.games.mechanisms import GAME_MECHANISMS
from market.outcome import Status


@pytest.mark.parametrize("status", list(Status))
def test_every_status_has_a_sentence(status):
    assert status.meaning.endswith(".")
    assert len(status.meaning.split()) >= 6


@pytest.mark.parametrize("mechanism", list(GAME_MECHANISMS), ids=lambda kind: kind.name)
def test_every_mechanism_of_games_says_how_it_can_end(mechanism):
    """`market verify` refuses any other status."""
    assert mechanism.endings
    assert Status.IN_PLAY not in mechanism.endings
