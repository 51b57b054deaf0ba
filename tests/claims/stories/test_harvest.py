"""Claims of the notebook "Harvest", on its grid and networks, and on the exact games that it closes with."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest

import market

NOTEBOOKS = Path(__file__).parents[3] / "notebooks"


def _module():
    spec = importlib.util.spec_from_file_location("harvest", NOTEBOOKS / "harvest.py")
    made = importlib.util.module_from_spec(spec)
    sys.modules["harvest"] = made  # data classes look their module up
    spec.loader.exec_module(made)
    return made


harvest = _module()


def grid(apples=(), places=((0, 0), (6, 8), (0, 8)), episodes=1):
    """An orchard with some apples and agents in corners."""
    hanging = np.zeros((episodes, harvest.ROWS, harvest.COLUMNS), dtype=bool)
    for row, column in apples:
        hanging[:, row, column] = True
    return harvest.Orchards(hanging, np.repeat(np.array(places)[None], episodes, axis=0))


def test_five_patches_of_five_cells_grow_apples():
    assert harvest.TREES.sum() == 25
    assert all(harvest.TREES[centre] for centre in harvest.CENTRES)


def test_neighbours_are_counted_one_by_one():
    apples = np.random.default_rng(0).random((4, harvest.ROWS, harvest.COLUMNS)) < 0.4
    found = harvest.neighbours(apples)
    for e, row, column in np.ndindex(*apples.shape):
        near = apples[e, max(row - 2, 0) : row + 3, max(column - 2, 0) : column + 3].sum()
        assert found[e, row, column] == near - apples[e, row, column]


@pytest.mark.parametrize(("near", "chance"), [(0, 0.0), (1, 0.01), (2, 0.01), (3, 0.03), (4, 0.03)])
def test_apples_grow_back_with_the_stated_chance(near, chance):
    """Of the centre of a patch with some apples around it, in 40,000 steps, within 4 standard errors."""
    around = [(3, 4 + 1), (2, 4), (4, 4), (3, 3)][:near]
    apples = grid(around, episodes=40_000).apples
    grown = harvest.regrow(apples, np.zeros_like(apples), np.random.default_rng(1))[:, 3, 4].mean()
    assert abs(grown - chance) <= 4.0 * np.sqrt(chance * (1 - chance) / 40_000)


def test_nothing_grows_under_an_agent_or_off_the_trees():
    apples = np.repeat(harvest.TREES[None], 2000, axis=0)
    apples[:, 3, 4] = False
    taken = np.zeros_like(apples)
    taken[:, 3, 4] = True
    grown = harvest.regrow(apples, taken, np.random.default_rng(2))
    assert not grown[:, 3, 4].any()
    assert not (grown & ~harvest.TREES).any()
    assert harvest.regrow(apples, ~harvest.TREES & taken, np.random.default_rng(2))[:, 3, 4].any()


def test_apples_are_eaten_or_stay_or_grow(monkeypatch):
    """Without growth what hangs and what was eaten are 25 at every step."""
    monkeypatch.setattr(harvest, "CHANCE", np.zeros(6))
    rng = np.random.default_rng(3)
    trees, eaten = harvest.Orchards.full(30, rng), np.zeros(30)
    for _ in range(60):
        eaten += trees.step(rng.integers(5, size=(30, 3)), rng).sum(axis=1)
        np.testing.assert_array_equal(trees.apples.sum(axis=(1, 2)) + eaten, 25)
    assert eaten.mean() > 3


def test_agents_never_share_a_cell_and_stay_on_the_grid():
    rng = np.random.default_rng(4)
    trees = harvest.Orchards.full(50, rng)
    for _ in range(60):
        trees.step(rng.integers(5, size=(50, 3)), rng)
        cells = trees.places @ np.array([harvest.COLUMNS, 1])
        assert all(len(set(row)) == 3 for row in cells.tolist())
        assert (trees.places >= 0).all()
        assert (trees.places < (harvest.ROWS, harvest.COLUMNS)).all()


def test_two_who_want_one_apple_take_turns_to_be_first():
    """Of 2,000 episodes each of two neighbours gets the apple between them in half, within 4 errors."""
    trees = grid([(3, 4)], [(3, 3), (3, 5), (0, 0)], episodes=2000)
    eaten = trees.step(np.tile([4, 3, 0], (2000, 1)), np.random.default_rng(5))
    np.testing.assert_array_equal(eaten.sum(axis=1), 1)
    assert abs(eaten[:, 0].mean() - 0.5) < 4 * 0.5 / np.sqrt(2000)


def test_views_are_of_the_cells_around_an_agent():
    """An apple one step right and another agent one step down, wherever the agent is; else nothing."""
    for row, column in ((3, 4), (0, 0), (5, 7)):
        trees = grid([(row, column + 1)], [(row, column), (row + 1, column), (6, 0)])
        seen = trees.views()[0, 0]
        apples, others = seen[:25].reshape(5, 5), seen[25:50].reshape(5, 5)
        assert apples[2, 3] == 1.0
        assert apples.sum() == 1.0
        assert others[3, 2] == 1.0
        assert others[2, 2] == 0.0
        assert seen[50] == 1.0


def test_slopes_are_differences_of_the_mean_score(monkeypatch):
    """Central differences of `mean(A log p + entropy)` in 30 weights of both layers, at double precision."""
    rng = np.random.default_rng(6)
    weights = tuple(layer.astype(float) for layer in harvest.networks(rng))
    views = rng.random((3, 40, harvest.INPUTS))
    actions, gains = rng.integers(5, size=(3, 40)), rng.normal(size=(3, 40))

    def score(changed):
        _, p = harvest.chances(changed, views)
        chosen = np.take_along_axis(p, actions[..., None], axis=-1)[..., 0]
        entropy = -(p * np.log(p)).sum(axis=-1)
        return (gains * np.log(chosen) + harvest.ENTROPY * entropy).mean(axis=1).sum()

    found = harvest.slopes(weights, views, actions, gains)
    for layer in (0, 1):
        for _ in range(30):
            place = tuple(rng.integers(weights[layer].shape))
            values = []
            for sign in (1, -1):
                changed = [each.copy() for each in weights]
                changed[layer][place] += sign * 1e-5
                values.append(score(changed))
            assert found[layer][place] == pytest.approx((values[0] - values[1]) / 2e-5, abs=1e-8)


def test_rewards_to_come_are_discounted_sums():
    rewards = np.random.default_rng(7).random((20, 2, 3))
    factors = harvest.DISCOUNT ** np.arange(20)
    direct = [(factors[: 20 - t, None, None] * rewards[t:]).sum(axis=0) for t in range(20)]
    np.testing.assert_allclose(harvest.to_come(rewards), direct, rtol=1e-12)


def test_shared_rewards_are_equal_and_own_ones_are_not():
    eaten = (np.random.default_rng(8).random((20, 6, 3)) < 0.3).astype(float)
    shared, own = harvest.advantages(eaten, True), harvest.advantages(eaten, False)
    np.testing.assert_allclose(shared[..., 0], shared[..., 2])
    assert not np.allclose(own[..., 0], own[..., 2])
    np.testing.assert_allclose(own.mean(axis=1), 0.0, atol=1e-12)  # less the mean at each time


def test_a_seed_gives_the_same_run_and_another_seed_another():
    one, same, other = (harvest.learn(False, 2, seed, episodes=4, steps=20) for seed in (0, 0, 1))
    np.testing.assert_array_equal(one[1], same[1])
    np.testing.assert_array_equal(one[0][0], same[0][0])
    assert (one[1] != other[1]).any()


def printed():
    """Apples eaten and left that the notebook printed under own rewards, by sixteen batches."""
    cells = json.loads((NOTEBOOKS / "10_harvest.ipynb").read_text(encoding="utf-8"))["cells"]
    lines = [
        line for cell in cells for out in cell.get("outputs", ()) for line in out.get("text", ())
        if line.startswith("batches ")
    ]  # fmt: skip
    return np.array([[float(line.split()[4]), float(line.split()[6])] for line in lines])


def test_the_kept_run_goes_first_up_then_down_and_strips_the_trees():
    eaten, left = printed().T
    assert eaten[:3].max() > eaten[0]
    assert eaten[-1] < eaten[0] - 3.0
    assert left[-1] < 0.5 < 5.0 < left[0]


def test_the_fish_war_leaves_what_its_closed_form_says():
    """k = .76/.24: shares 1/(3 + k) left alone, .24 in all together."""
    text = 'schema = 1\ngame = "fish_war"\ncomparable = true\nplayers = [{ name = "f", count = 3 }]\n'
    text += '[[mechanisms]]\nname = "a"\nkind = "unmediated"\n[[mechanisms]]\nname = "p"\nkind = "planner"\n'
    alone, planner = market.compare(market.loads(text)).outcomes.values()
    np.testing.assert_allclose(alone.play.values, 1 / (3 + 0.76 / 0.24), atol=1e-8)
    assert planner.play.values.sum() == pytest.approx(0.24, abs=1e-5)


def test_cleanup_is_efficient_and_unequal_together_and_fair_alone():
    names = ["left alone", "collective"]
    played = market.compare(market.load(NOTEBOOKS.parent / "scenarios" / "cleanup.toml"), names)
    alone, together = (played.outcomes[name] for name in names)
    assert alone.status == "nash"
    np.testing.assert_allclose(alone.payoffs, 0.268025, atol=1e-5)
    assert played.reports["collective"].efficient is True
    assert together.payoffs.sum() == pytest.approx(1.544032, abs=1e-6)
    assert played.reports["collective"].equality < 0.8
    assert played.reports["left alone"].equality == pytest.approx(1.0)
