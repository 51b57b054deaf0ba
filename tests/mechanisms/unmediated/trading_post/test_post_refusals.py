"""Economies without posts, and players whose best replies are not computed: one message each."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from helpers.economies import INF, economy, own_producers, with_utility
from helpers.posts import bread_and_wine, played

from market.economy.families.utilities import UTILITIES
from market.errors import InputError

LOG = UTILITIES["log"]


@pytest.mark.parametrize(("primitives", "options", "words"), [
    (replace(bread_and_wine(2), numeraire=None), {}, "name the good that is money"),
    (replace(bread_and_wine(2), commons=np.array([1.0, 0.0])), {}, "let agents own the goods"),
    (economy("quasilinear", log=[[1.0]], commons=[1.0]), {"strategic": "sellers"}, "no agent is on this"),
    (replace(economy("quasilinear", log=[[1.0], [1.0]], commons=[1.0]), shares_revenue=True),
     {"strategic": "buyers"}, "leave commons_shares out"),
    (own_producers(LOG, {"weights": [[1.0]]}, [[1.0]]), {}, "agent0 makes goods and wants some"),
    (economy("fisher", log=[[1.0]], budget=[1.0], endowment=[[1.0]]), {}, "agent0 owns goods and has"),
    (with_utility("quasilinear", UTILITIES["cobb_douglas"], {"weights": [[0.8, 0.7]]}, commons=[1.0, 1.0]),
     {"strategic": "buyers"}, "is not concave as stated"),
    (with_utility("quasilinear", UTILITIES["leontief"], {"weights": [[1.0, 1.0]]}, commons=[1.0, 1.0]),
     {"strategic": "buyers"}, "fixed proportions"),
    (with_utility("exchange", UTILITIES["log"], {"weights": [[1.0, 1.0, 1.0]] * 2},
                  endowment=[[3.0, 0.5, 1.0], [0.5, 3.0, 1.0]], numeraire=2),
     {"strategic": "sellers"}, "buys one good and sells another"),
])  # fmt: skip
def test_a_refusal_gives_its_reason(primitives, options, words):
    with pytest.raises(InputError, match=words) as refused:
        played(primitives, **options)
    assert "\n" not in str(refused.value)
    assert "trading_post" in str(refused.value)


def test_a_producer_with_infinite_capacity_is_no_reason_to_refuse():
    outcome = played(
        economy("quasilinear", log=[[1.0]], linear=([[1.0]] * 2, [[INF]] * 2)), strategic="sellers"
    )
    assert outcome.status.settled
