"""A game has no prices unless its rules make them."""

from helpers.tampering import refused


def test_prices_of_a_game_without_any_are_refused(tamper):
    changed = tamper("commons")
    changed.mechanism("first mover")["prices"] = {"water": 1.0}
    assert "first mover: the outcome follows from the actions" in refused(changed.verified())
