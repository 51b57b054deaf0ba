"""The games written down once more, and trials of what one agent could gain by acting otherwise.

Each game is a function from a profile of actions to payoffs, in plain loops; `gain` tries for one agent after
another a grid and random draws of other actions. A gain that is found is one, whatever the package says.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np

from benchmarks import plain
from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.mechanisms.unmediated.autarky import Autarky
from market.mechanisms.unmediated.best_response import Game
from market.mechanisms.unmediated.claims import Claims
from market.mechanisms.unmediated.gift import Gift
from market.mechanisms.unmediated.seize import Seize

SHARES = (0.0, 0.25, 0.5, 0.9, 1.0)
DRAWS = 12
FITS = 1.0 + 1e-9  # claims that exceed a stock by rounding fit

Trial = Callable[[Economy, Array, Game, np.random.Generator], float]


def gain(economy: Economy, profile: Array, game: Game, rng: np.random.Generator) -> float | None:
    """Return the largest gain found, as a share of the size of the agent's utility; None for other games.

    Args:
        economy: the primitives.
        profile: (agents, goods), the actions.
        game: which game.
        rng: for the random trials.
    """
    trial = {Autarky: _autarky, Claims: _claims, Seize: _seize, Gift: _gift}.get(type(game))
    return None if trial is None else trial(economy, profile, game, rng)


def _trials(most: Array, now: Array, rng: np.random.Generator) -> list[Array]:
    """Return actions between 0 and `most`, (goods,), each."""
    steps = [share * most for share in SHARES]
    near = [np.clip(now * (1.0 + d), 0.0, most) for d in (-1e-3, -1e-1, 1e-3, 1e-1)]
    return steps + near + [rng.random(len(most)) * most for _ in range(DRAWS)]


def _best(economy: Economy, profile: Array, most: Array, payoff: Callable[[int, Array], float],
          rng: np.random.Generator) -> float:  # fmt: skip
    worst = 0.0
    for i in np.flatnonzero((most > 0).any(axis=1)):
        now = payoff(int(i), profile)
        for action in _trials(most[i], profile[i], rng):
            changed = profile.copy()
            changed[i] = action
            then = payoff(int(i), changed)
            if then > now:
                size = abs(now) if math.isfinite(now) else 1.0
                worst = max(worst, (then - now) / max(size, float(economy.utility_scale[i]), 1e-300))
    return worst


def _agent_utility(economy: Economy) -> dict[int, Callable[[Array], float]]:
    found: dict[int, Callable[[Array], float]] = {}
    for i, family, given in plain.agents_of(economy, "utilities"):
        found[i] = lambda x, family=family, given=given: plain.utility(family, given, x)  # type: ignore[misc]
    return found


def _claims(economy: Economy, profile: Array, game: Game, rng: np.random.Generator) -> float:
    assert isinstance(game, Claims)
    value = _agent_utility(economy)
    named = game.max_claim
    most = [named.get(good, q) if isinstance(named, dict) else named
            for good, q in zip(economy.goods, economy.commons, strict=True)]  # fmt: skip

    def payoff(i: int, actions: Array) -> float:
        peace = (actions.sum(axis=0) <= economy.commons * FITS).all()
        own = value[i](economy.endowment[i] + actions[i]) if i in value else 0.0
        return own - (0.0 if peace else game.penalty)

    return _best(economy, profile, np.tile(most, (len(profile), 1)), payoff, rng)


def _seize(economy: Economy, profile: Array, game: Game, rng: np.random.Generator) -> float:
    assert isinstance(game, Seize)
    value = _agent_utility(economy)
    movers = [row for name in game.movers for row in economy.rows(name).tolist()]
    most = np.zeros_like(profile)
    for i in movers:
        others = profile.sum(axis=0) - profile[i]
        most[i] = np.maximum(economy.commons - others, 0.0)
        most[i][most[i] <= (FITS - 1.0) * economy.commons] = 0.0

    def payoff(i: int, actions: Array) -> float:
        return value[i](economy.endowment[i] + actions[i]) if i in value else 0.0

    return _best(economy, profile, most, payoff, rng)


def _gift(economy: Economy, profile: Array, _: Game, rng: np.random.Generator) -> float:
    value = _agent_utility(economy)
    wants = economy.bliss > 0
    shares = wants / np.maximum(wants.sum(axis=0), 1)

    def payoff(i: int, actions: Array) -> float:
        x = economy.endowment[i] + shares[i] * (economy.commons + actions.sum(axis=0))
        return (value[i](x) if i in value else 0.0) - plain.costs(economy, actions)[i]

    _, most = plain.marginal_costs(economy, profile)
    cap = np.where(np.isfinite(most), most, 2.0 * np.maximum(profile, economy.resources.max(initial=1.0)))
    return _best(economy, profile, cap, payoff, rng)


def _autarky(economy: Economy, profile: Array, _: Game, rng: np.random.Generator) -> float:
    value = _agent_utility(economy)

    def payoff(i: int, actions: Array) -> float:
        return (value[i](economy.endowment[i] + actions[i]) if i in value else 0.0) - plain.costs(
            economy, actions
        )[i]

    _, most = plain.marginal_costs(economy, profile)
    cap = np.where(np.isfinite(most), most, 2.0 * np.maximum(profile, economy.resources.max(initial=1.0)))
    return _best(economy, profile, cap, payoff, rng)
