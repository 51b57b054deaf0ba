"""Complementary pairs: which economies they cover, and how far evidence and progress go."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest
from helpers import stories
from helpers.economies import LINEAR, economy, references, with_utility

import market
from market.economy.families.utilities import UTILITIES
from market.economy.nonexistence import no_equilibrium
from market.economy.primitives import Block
from market.equilibrium import complementarity, roots, search
from market.equilibrium.scan import scan

PAIR = with_utility("exchange", LINEAR, {"weights": [[1.0, 2.0], [2.0, 1.0]]}, endowment=[[1.0, 0], [0, 1.0]])


@pytest.mark.parametrize(
    ("primitives", "covered"),
    [
        (PAIR, True),
        (economy("exchange", log=[[1.0, 1.0]], endowment=[[1.0, 1.0]]), False),  # no set of best choices
        (references()["merit order"].economy, False),  # steps of costs are not unknowns
        (with_utility("quasilinear", LINEAR, {"weights": [[1.0, 2.0]]}, commons=[1.0, 1.0]), False),
    ],
)
def test_economies_are_covered_if_all_sets_of_best_choices_are_unknowns(primitives, covered):
    assert complementarity.applies(primitives) is covered


@pytest.mark.parametrize("start", [[1.0, 1.0], [1e-3, 1.0], [1.0, 1e3]])
@pytest.mark.parametrize("units", [1.0, 1e6, 1e-6])
def test_two_who_want_the_good_of_the_other_trade_all_of_it(start, units):
    """Each buys only the good that it values twice as much, so p = (1, 1); in units of its own too."""
    scaled = with_utility(
        "exchange",
        LINEAR,
        {"weights": [[1.0, 2.0 / units], [2.0, 1.0 / units]]},
        endowment=[[1.0, 0], [0, units]],
    )
    at = complementarity.solve_from(scaled, np.array(start) * [units, 1.0])
    assert at is not None
    np.testing.assert_allclose(at.prices[0] / at.prices[1], units, rtol=1e-9)
    np.testing.assert_allclose(at.consumption, [[0.0, units], [1.0, 0.0]], atol=1e-9)
    assert at.residual <= 1e-9


def test_linear_tastes_that_are_strict_at_the_equilibrium_have_an_index_there():
    [only] = search(PAIR, 8).found
    assert (only.isolated, only.index, only.stable, only.starts) == (True, 1, True, 8)


@pytest.mark.parametrize("seed", range(16))
def test_where_non_existence_is_proved_no_price_of_the_whole_line_clears(seed):
    """Random satiable owners beside one who is not: a proof and an equilibrium exclude each other."""
    random = np.random.default_rng(seed)
    weights = random.integers(0, 4, (2, 2)).astype(float)
    owned = random.integers(0, 4, (3, 2)).astype(float) + np.array([[0, 0], [0, 0], [0.5, 0.5]])
    plain = economy("exchange", log=np.ones((3, 2)), endowment=owned)
    blocks = (
        Block(UTILITIES["quadratic"], slice(0, 2), {"weights": weights, "slope": np.ones((2, 2))}),
        Block(UTILITIES["log" if seed % 2 else "log1p"], slice(2, 3), {"weights": np.ones((1, 2))}),
    )
    mixed = dataclasses.replace(plain, utilities=blocks)
    found, _ = scan(mixed, roots.guess_prices(mixed), most=801)
    assert no_equilibrium(mixed) is None or not found


def test_checking_reports_how_far_it_is():
    """A story of barter has no eigenvector, so that starting points are tried."""
    seen = []
    scenario = market.loads(stories.barter(2).replace('"log"', '"log1p"'))
    market.compare(scenario, check=True, checking=lambda name, done, many: seen.append((name, done, many)))
    assert seen
    assert all(done < many for _, done, many in seen)
