"""Results that depend on an economy alone are calculated once."""

from __future__ import annotations

from helpers.economies import economy

from market.plots.memory import KEPT, Memory


def test_a_result_is_remembered_by_economy_and_key():
    one, other = (economy("quasilinear", log=[[1.0]], commons=[1.0]) for _ in range(2))
    memory, asked = Memory(), []

    def calculate():
        asked.append(len(asked))
        return asked[-1]

    assert memory.of(one, "a", calculate) == memory.of(one, "a", calculate) == 0
    assert memory.of(one, "b", calculate) == 1
    assert memory.of(other, "a", calculate) == 2
    assert memory.of(one, "a", calculate) == 0


def test_the_oldest_results_are_forgotten():
    one, memory = economy("quasilinear", log=[[1.0]], commons=[1.0]), Memory()
    for key in range(KEPT + 1):
        memory.of(one, key, lambda: 0)
    assert memory.of(one, 0, lambda: "anew") == "anew"
    assert memory.of(one, KEPT, lambda: "anew") == 0
