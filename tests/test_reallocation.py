"""Better allocations where somebody lacks what it cannot do without."""

from __future__ import annotations

import numpy as np
import pytest
from economies import with_utility

from market.reallocation import improvement
from market.utilities import StoneGeary


def needs_one_each(agents: int, stock: float):
    """Agents with log(x - 1), so that nobody with one unit or less has a finite utility."""
    ones = np.ones((agents, 1))
    return with_utility(
        "fisher", StoneGeary, {"weights": ones, "subsistence": ones}, commons=[stock], budget=ones[:, 0]
    )


@pytest.mark.parametrize(
    ("have", "saved"),
    [
        ([1.5, 0.5], [0, 1]),  # 1 is left over: the second needs a bit more than half of it
        ([0.6, 0.6], [0, 1]),
        ([0.0, 0.0], [0, 1]),
        ([2.9, 0.1], [0]),  # nothing is left over, but what the second has is of no use to it
        ([3.0, 0.0], []),  # all is of use to the first
        ([1.5, 1.5], []),
    ],
)
def test_whoever_lacks_subsistence_is_saved_if_there_is_enough(have, saved):
    economy = needs_one_each(2, 3.0)
    x = np.array(have)[:, None]
    better = improvement(economy, x, np.zeros_like(x))
    if not saved:
        assert better is None
        return
    assert np.isfinite(economy.utility(better.consumption))[saved].all()
    assert (economy.utility(better.consumption) >= economy.utility(x)).all()


def test_one_is_saved_where_there_is_not_enough_for_all():
    """Of 2.5 the first has 1.3; with 1.2 of what is left one of the others lives, not both."""
    economy = needs_one_each(3, 2.5)
    x = np.array([[1.3], [0.9], [0.1]])
    better = improvement(economy, x, np.zeros_like(x)).consumption
    assert np.isfinite(economy.utility(better)).sum() == 2
    assert economy.utility(better)[0] >= economy.utility(x)[0]


def test_where_nobody_can_be_saved_the_others_still_gain():
    """Of 2.5 the first has 1.8, and what the others have saves neither, but is of use to the first."""
    economy = needs_one_each(3, 2.5)
    x = np.array([[1.8], [0.5], [0.1]])
    better = improvement(economy, x, np.zeros_like(x)).consumption
    assert economy.utility(better)[0] > economy.utility(x)[0]
