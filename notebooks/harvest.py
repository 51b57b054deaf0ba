"""A small Harvest: apples that grow back where others stand, agents with own small networks, and REINFORCE.

Grid, many episodes side by side (axis `e`). Apples stand on 25 cells in five patches; an eaten apple grows
back in a step with a chance that rises with the apples in the 5 x 5 cells around it (`CHANCE`): where none
is left, none grows. Agents see the 5 x 5 cells around themselves, stay or go to a neighbouring cell, and eat
the apple that they come to. Two do not share a cell: in a random order each goes only where it is free.

Networks have 51 inputs (apples and others in view, and a constant), 24 hidden units of tanh and 5 logits.
Each agent climbs the mean of `sum_t A_t log p(action_t)`, with A_t what it gets from t on, discounted, less
the mean over episodes: REINFORCE (Williams 1992) with a baseline at each time."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import NamedTuple

import numpy as np

ROWS, COLUMNS, AGENTS, VIEW = 7, 9, 3, 2
CENTRES = ((1, 1), (1, 7), (3, 4), (5, 1), (5, 7))
MOVES = np.array([(0, 0), (-1, 0), (1, 0), (0, -1), (0, 1)])
CHANCE = np.array([0.0, 0.01, 0.01, 0.03, 0.03, 0.06])
INPUTS, HIDDEN, DISCOUNT, ENTROPY, RATE = 2 * (2 * VIEW + 1) ** 2 + 1, 24, 0.995, 0.01, 0.004


# --- the grid -------------------------------------------------------------------------------------------


def orchard():
    """Return a mask of the cells on which apples grow, (rows, columns)."""
    cells = np.zeros((ROWS, COLUMNS), dtype=bool)
    for row, column in CENTRES:
        for down, right in MOVES:
            cells[row + down, column + right] = True
    return cells


TREES = orchard()
NEAR = (np.abs(np.subtract.outer(np.arange(COLUMNS), np.arange(COLUMNS))) <= 2).astype(np.float32)


def neighbours(apples):
    """Return how many apples hang in the 5 x 5 cells around each cell, without its own, (e, rows, cols)."""
    hanging = apples.astype(np.float32)
    return (NEAR[:ROWS, :ROWS] @ hanging @ NEAR[:COLUMNS, :COLUMNS] - hanging).astype(int)


def regrow(apples, taken, rng):
    """Return the apples after a step of growth; none grows on a cell where an agent stands."""
    chance = CHANCE[np.minimum(neighbours(apples), len(CHANCE) - 1)]
    return apples | (TREES & ~taken & (rng.random(apples.shape) < chance))


@dataclass
class Orchards:
    """Episodes side by side.

    Args:
        apples: (e, rows, columns), True where an apple hangs.
        places: (e, agents, 2), row and column.
    """

    apples: np.ndarray
    places: np.ndarray

    @classmethod
    def full(cls, episodes, rng):
        """Return full orchards with agents on different random cells."""
        cells = np.argsort(rng.random((episodes, ROWS * COLUMNS)), axis=1)[:, :AGENTS]
        places = np.stack(np.divmod(cells, COLUMNS), axis=-1)
        return cls(np.repeat(TREES[None], episodes, axis=0), places)

    def taken(self):
        """Return a mask of the cells where agents stand, (e, rows, columns)."""
        mask = np.zeros(self.apples.shape, dtype=bool)
        mask[np.arange(len(mask))[:, None], self.places[..., 0], self.places[..., 1]] = True
        return mask

    def views(self):
        """Return what agents see, (e, agents, inputs): apples, then others, around themselves."""
        edge, size = VIEW, 2 * VIEW + 1
        layers = np.stack([self.apples, self.taken()]).astype(np.float32)
        padded = np.pad(layers, ((0, 0), (0, 0), (edge, edge), (edge, edge)))
        rows = self.places[..., 0, None] + np.arange(size)
        columns = self.places[..., 1, None] + np.arange(size)
        episode = np.arange(len(self.places))[:, None, None, None]
        seen = padded[:, episode, rows[..., :, None], columns[..., None, :]]
        seen[1, :, :, edge, edge] = 0.0  # not oneself
        flat = np.moveaxis(seen, 0, 2).reshape(*self.places.shape[:2], -1)
        return np.concatenate([flat, np.ones((*flat.shape[:2], 1), dtype=np.float32)], axis=-1)

    def step(self, actions, rng):
        """Move agents one after the other in a random order, let them eat, let apples grow.

        Args:
            actions: (e, agents), rows of MOVES.
            rng: of the order and of growth.

        Returns:
            Apples eaten, (e, agents).
        """
        each = np.arange(len(actions))
        eaten = np.zeros(actions.shape)
        order = np.argsort(rng.random(actions.shape), axis=1)
        taken = self.taken()
        for agent in order.T:
            here = self.places[each, agent]
            there = np.clip(here + MOVES[actions[each, agent]], 0, (ROWS - 1, COLUMNS - 1))
            blocked = taken[each, there[:, 0], there[:, 1]][:, None]
            there = np.where(blocked, here, there)
            taken[each, here[:, 0], here[:, 1]] = False
            taken[each, there[:, 0], there[:, 1]] = True
            self.places[each, agent] = there
            eaten[each, agent] = self.apples[each, there[:, 0], there[:, 1]]
            self.apples[each, there[:, 0], there[:, 1]] = False
        self.apples = regrow(self.apples, taken, rng)
        return eaten


# --- networks -------------------------------------------------------------------------------------------


def networks(rng):
    """Return the weights of one network an agent: hidden (agents, 24, 51), output (agents, 5, 24)."""
    hidden = rng.standard_normal((AGENTS, HIDDEN, INPUTS), dtype=np.float32) / np.float32(np.sqrt(INPUTS))
    return hidden, rng.standard_normal((AGENTS, len(MOVES), HIDDEN), dtype=np.float32) * np.float32(0.1)


def chances(weights, views):
    """Return hidden units and probabilities of actions at views, (agents, many, .) each."""
    hidden = np.tanh(views @ np.swapaxes(weights[0], 1, 2))
    logits = hidden @ np.swapaxes(weights[1], 1, 2)
    raised = np.exp(logits - logits.max(axis=-1, keepdims=True))
    return hidden, raised / raised.sum(axis=-1, keepdims=True)


def drawn(probabilities, rng):
    """Return one action of each row of probabilities."""
    level = rng.random(probabilities.shape[:-1])[..., None]
    return np.minimum((probabilities.cumsum(axis=-1) < level).sum(axis=-1), len(MOVES) - 1)


def slopes(weights, views, actions, advantages):
    """Return the slopes of `mean(A log p(action) + entropy)` in both layers' weights.

    Args:
        weights: of the networks.
        views: (agents, many, inputs).
        actions: (agents, many).
        advantages: (agents, many), A.
    """
    hidden, p = chances(weights, views)
    log = np.log(p + 1e-12)
    entropy = -(p * log).sum(axis=-1, keepdims=True)
    chosen = np.eye(len(MOVES), dtype=p.dtype)[actions]
    logits = advantages[..., None] * (chosen - p) - ENTROPY * p * (log + entropy)
    logits /= views.shape[1]
    back = (logits @ weights[1]) * (1.0 - hidden**2)
    return np.swapaxes(back, 1, 2) @ views, np.swapaxes(logits, 1, 2) @ hidden


# --- learning -------------------------------------------------------------------------------------------


class Played(NamedTuple):
    """Episodes that were played.

    Args:
        views: (steps, e, agents, inputs).
        actions: (steps, e, agents).
        eaten: (steps, e, agents), apples.
        left: (steps,), mean number of apples on the trees after a step.
    """

    views: np.ndarray
    actions: np.ndarray
    eaten: np.ndarray
    left: np.ndarray


def play(weights, episodes, steps, rng):
    """Play episodes side by side."""
    grid = Orchards.full(episodes, rng)
    views = np.empty((steps, episodes, AGENTS, INPUTS), dtype=np.float32)
    actions, eaten = np.empty(views.shape[:-1], dtype=int), np.empty(views.shape[:-1], dtype=np.float32)
    left = np.empty(steps)
    for t in range(steps):
        views[t] = grid.views()
        _, p = chances(weights, np.swapaxes(views[t], 0, 1))
        actions[t] = drawn(p, rng).T
        eaten[t] = grid.step(actions[t], rng)
        left[t] = grid.apples.sum() / episodes
    return Played(views, actions, eaten, left)


def to_come(rewards):
    """Return discounted sums of rewards from each time on, (steps, ...)."""
    total = np.zeros_like(rewards)
    running = np.zeros(rewards.shape[1:])
    for t in range(len(rewards) - 1, -1, -1):
        running = rewards[t] + DISCOUNT * running
        total[t] = running
    return total


def advantages(eaten, shared):
    """Return what agents get from each time on, less the mean over episodes; of all together if shared."""
    rewards = np.repeat(eaten.sum(axis=-1, keepdims=True), AGENTS, axis=-1) if shared else eaten
    gains = to_come(rewards)
    gains = gains - gains.mean(axis=1, keepdims=True)
    return gains / (gains.std(axis=(0, 1)) + 1e-8)


@dataclass
class Adam:
    """Steps of Adam (Kingma and Ba 2015) uphill, one mean and one mean square a weight."""

    rate: float = RATE
    count: int = 0
    means: list = field(default_factory=list)
    squares: list = field(default_factory=list)

    def step(self, weights, climbs):
        """Return the weights after a step along slopes."""
        if not self.means:
            self.means, self.squares = ([np.zeros_like(each) for each in weights] for _ in range(2))
        self.count += 1
        after = []
        for k, (weight, slope) in enumerate(zip(weights, climbs, strict=True)):
            self.means[k] = 0.9 * self.means[k] + 0.1 * slope
            self.squares[k] = 0.999 * self.squares[k] + 0.001 * slope**2
            mean = self.means[k] / (1.0 - 0.9**self.count)
            square = self.squares[k] / (1.0 - 0.999**self.count)
            after.append(weight + np.float32(self.rate) * mean / (np.sqrt(square) + np.float32(1e-8)))
        return tuple(after)


def learn(shared, batches, seed, episodes=48, steps=150):
    """Let agents learn from batches of episodes.

    Args:
        shared: True if each is rewarded by the apples of all, False by its own.
        batches: how many times they play and change their networks.
        seed: of all random draws.
        episodes: of a batch.
        steps: of an episode.

    Returns:
        The networks; apples eaten in an episode by all, and apples left at its end, (batches,) each.
    """
    rng = np.random.default_rng(seed)
    weights, adam = networks(rng), Adam()
    eaten, left = np.empty(batches), np.empty(batches)
    for batch in range(batches):
        seen = play(weights, episodes, steps, rng)
        gains = advantages(seen.eaten, shared)
        by_agent = [np.moveaxis(each, 2, 0).reshape(AGENTS, steps * episodes, -1) for each in
                    (seen.views, seen.actions, gains)]  # fmt: skip
        weights = adam.step(weights, slopes(weights, by_agent[0], by_agent[1][..., 0], by_agent[2][..., 0]))
        eaten[batch], left[batch] = seen.eaten.sum() / episodes, seen.left[-1]
    return weights, eaten, left
