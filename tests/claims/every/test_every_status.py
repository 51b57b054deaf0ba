"""Every status says what it means and what can be done about it."""

from __future__ import annotations

import pytest

from market.outcome import Status


@pytest.mark.parametrize("status", list(Status))
def test_every_status_has_a_sentence(status):
    assert status.meaning.endswith(".")
    assert len(status.meaning.split()) >= 6
