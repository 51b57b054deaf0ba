"""A hundred small economies of the audit: no warning, no wrong verdict, none refused; forgeries do not pass.

The whole audit, `python -m benchmarks.audit`, plays thousands, larger ones too; its table is in the
documentation.
"""

from __future__ import annotations

from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SEED = 20261128
FEW = 8  # agents x goods, so that all hundred take half a minute
ROUNDS = 60
FIRST = 6000  # numbers that the audit itself does not reach
PARTS = 10


@pytest.fixture
def benchmarks(monkeypatch):
    monkeypatch.syspath_prepend(str(ROOT))
    from benchmarks import audit

    return audit


@pytest.mark.parametrize("part", range(PARTS))
def test_small_random_economies_are_played_verified_and_judged_right(benchmarks, part):
    found, number = [], FIRST + 1000 * part
    economies = 0
    while economies < 10:
        rows = benchmarks.audited((SEED, number, None), FEW, ROUNDS)
        economies += any("mechanism" in row for row in rows)
        found += rows
        number += 1
    faults = ("fault", "warnings", "wrong", "refused")
    assert [row for row in found if any(row.get(key) for key in faults)] == []
    assert len([row for row in found if "mechanism" in row]) == 50


def test_no_forged_figure_of_a_run_folder_passes(benchmarks, tmp_path):
    number = FIRST
    while not list(tmp_path.iterdir()):
        benchmarks.audited((SEED, number, tmp_path), FEW, ROUNDS)
        number += 1
    folder = next(tmp_path.iterdir())
    forged = benchmarks.forged((SEED, folder))
    assert len(forged) > 100
    assert [row for row in forged if row["passed"]] == []
