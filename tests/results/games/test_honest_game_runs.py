"""Runs that random games showed to be refused, or to warn, though nothing in them is wrong."""

import pytest

import market
from market.results.games.folder import write_game_run
from market.results.games.verify import verify_game

HEAD = "schema = 1\ncomparable = true\n"


def refused(text: str, folder) -> list[str]:
    """The claims of a run that verify refuses."""
    written = write_game_run(market.compare(market.loads(HEAD + text)), folder)
    return [f"{claim.name}: {claim.detail}" for claim in verify_game(written).claims if claim.holds is False]


def players(count: int, **numbers: float) -> str:
    """Players of one kind."""
    return f'[[players]]\nname = "p"\ncount = {count}\n' + "".join(f"{k} = {v}\n" for k, v in numbers.items())


def mechanism(kind: str, **options: object) -> str:
    """A mechanism of that kind."""
    words = {True: "true", False: "false"}
    lines = [f"{key} = {words.get(value, repr(value))}\n" for key, value in options.items()]  # type: ignore[arg-type]
    return f'[[mechanisms]]\nname = "m"\nkind = "{kind}"\n' + "".join(lines)


@pytest.mark.parametrize("welfare", ["sum", "min"])
def test_a_stock_that_is_used_up_gives_minus_infinity_also_to_those_who_grudge_others(tmp_path, welfare):
    """U = pi_i - 0.3 pi_j has no value where both are -inf; a player without payoff counts as worst off."""
    text = 'game = "fish_war"\nconcern = -0.3\n' + players(3)
    assert refused(text + mechanism("planner", welfare=welfare), tmp_path) == []
