"""Cleanup, exactly: apples grow while a river is clean, and each player may clean it or harvest.

A Markov game. The state s = 0..L is the level of pollution. In every period player i cleans with the
probability a_i(s), its policy, and otherwise harvests `f(s) = max(0, 1 - s / h)`. Each who cleans takes one
level away with probability q; then pollution rises by one with probability p, at most to L:

    s' = min(L, max(0, s - C) + U),   C ~ sum_i B(q a_i(s)),   U ~ B(p).

*Payoffs* are discounted means. With the transition matrix P, `r_i(s) = (1 - a_i(s)) f(s)`, a discount b and
the first level s_0,

    W_i = (I - b P)^-1 r_i,   mu = (1 - b) e_{s_0}' (I - b P)^-1,   pi_i = (1 - b) W_i(s_0) = mu . r_i,

mu being the share of (discounted) time at each level. The generating function of C is a product with a factor
`1 - q a_i(s) + q a_i(s) z` of each player, so rows of P are linear in each player's number. D_j(s, .)
is the slope of the row P(s, .) in a_j(s), and the adjoint gives all slopes from the same two solves:

    J_ij(s) = d pi_i / d a_j(s) = mu(s) (-[i = j] f(s) + b D_j(s, .) . W_i).

Along a direction v, with `dP(s, .) = sum_j v_j(s) D_j(s, .)`, implicit differentiation of the solves gives

    dW_i = (I - b P)^-1 (-v_i f + b dP W_i),   dmu = b mu dP (I - b P)^-1,

and the derivative of J follows by the product rule: second derivatives are exact as well.

*A best reply* to policies of others is that of a Markov decision process with two actions. Some deterministic
policy is best among all, those that remember the past included; policy iteration with exact solves finds one.
With prices on a player's numbers there is no such process, and replies are searched locally.

*The largest sum.* Neither payoffs nor their sum are concave. But the sum of harvests and the next level
depend on *how many* clean, not on who. So the best sum over all joint policies, also coordinated, random and
with memory, is that of a decision process whose action is a number 0..n, and a deterministic policy attains
it: players 1..m(s) clean at level s, which is a play of this game. `bound` is its value and `best_sum` the
play; a play of that sum is efficient. Of other plays a report says no with an improvement, or that it does
not know.

Source: the grid Cleanup of Hughes et al. (2018), "Inequity aversion improves cooperation in intertemporal
social dilemmas", reduced to its level of pollution; policy iteration: Howard (1960).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, NamedTuple

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.games.family import Setting
from market.games.smooth import SmoothFamily
from market.registry import Parameter

TIED = 1e-12
"""Part of the largest value: an action is changed only if another is better by more."""


class Rules(NamedTuple):
    """The parameters as arrays.

    Args:
        apples: f, (levels,), what one who harvests gets.
        after: (levels, n + 1, levels), chances of the next level after 0..n removals.
        cleaning: q.
        discount: b.
        first: s_0.
    """

    apples: Array
    after: Array
    cleaning: float
    discount: float
    first: int


class Valued(NamedTuple):
    """Policies with what follows from them.

    Args:
        matrix: I - b P, (..., levels, levels).
        turned: D, (..., n, levels, levels), the slope of the row of a level in each player's number.
        worth: W, (..., levels, n).
        time: mu, (..., levels).
    """

    matrix: Array
    turned: Array
    worth: Array
    time: Array


class Cleanup(SmoothFamily):
    """mean harvests of policies a_i(s) of cleaning at each level s of pollution; apples max(0, 1 - s / h)."""

    name = "cleanup"
    amount = "chance of cleaning"
    most_players = 12
    start_state = "start_level"
    game_parameters: ClassVar = {
        "levels": Parameter(
            "agent", "the highest level of pollution, L", "levels", low=1.0, high=50.0, absent=8.0
        ),
        "barren": Parameter("agent", "level at which nothing grows, h", "levels", open_low=True, absent=6.0),
        "pollution": Parameter(
            "agent", "chance that pollution rises in a period, p", "none", high=1.0, absent=0.6
        ),
        "cleaning": Parameter(
            "agent", "chance that one who cleans takes a level away, q", "none", high=1.0, absent=0.6
        ),
        "discount": Parameter("agent", "weight of the next period, b", "none", high=0.9999, absent=0.95),
        "start_level": Parameter("agent", "the first level, s_0", "levels", absent=4.0),
    }

    @classmethod
    def faults(cls, setting: Setting) -> Sequence[tuple[tuple[str | int, ...], str]]:
        """Return levels that are no whole numbers, and a first level beyond the highest."""
        p = setting.parameters
        found: list[tuple[tuple[str | int, ...], str]] = [
            (("parameters", key), f"{p[key]:g} is no level; write a whole number")
            for key in ("levels", "start_level")
            if p[key] != int(p[key])
        ]
        if p["start_level"] > p["levels"]:
            beyond = f"{p['start_level']:g} is above the highest level, levels = {p['levels']:g}"
            found.append((("parameters", "start_level"), beyond))
        return found

    @staticmethod
    def limits(n: int, *, levels: float, **_: Any) -> tuple[Array, Array]:  # type: ignore[override]
        """Return probabilities of 0 and 1 at each level."""
        return np.zeros((n, int(levels) + 1)), np.ones((n, int(levels) + 1))

    @classmethod
    def start(cls, n: int, **p: Any) -> Array:
        """Return policies that clean half of the time."""
        return cls.limits(n, **p)[1] / 2.0

    @classmethod
    def payoffs(cls, a: Array, **p: Any) -> Array:
        """Return pi, (..., n)."""
        rules = _rules(a.shape[-2], **p)
        worth = np.linalg.solve(_matrix(a, rules), _harvests(a, rules))
        return np.asarray((1.0 - rules.discount) * worth[..., rules.first, :])

    @classmethod
    def slopes(cls, a: Array, **p: Any) -> Array:
        """Return J, (..., n, n, levels)."""
        rules = _rules(a.shape[-2], **p)
        valued = _valued(a, rules)
        return valued.time[..., None, None, :] * _advantages(valued, rules)

    @classmethod
    def slopes_along(cls, a: Array, v: Array, **p: Any) -> Array:
        """Return the derivative of J along v, (..., n, n, levels)."""
        rules = _rules(a.shape[-2], **p)
        at = _valued(a, rules)
        dp = np.einsum("...js,...jst->...st", v, at.turned)
        dr = -np.swapaxes(v, -1, -2) * rules.apples[:, None]
        worth = np.linalg.solve(at.matrix, dr + rules.discount * dp @ at.worth)
        moved = rules.discount * (at.time[..., None, :] @ dp)
        time = np.linalg.solve(np.swapaxes(at.matrix, -1, -2), np.swapaxes(moved, -1, -2))[..., 0]
        turned = _turned(a, rules, v)
        change = np.einsum("...jst,...ti->...ijs", at.turned, worth)
        change += np.einsum("...jst,...ti->...ijs", turned, at.worth)
        return (
            time[..., None, None, :] * _advantages(at, rules)
            + rules.discount * at.time[..., None, None, :] * change
        )

    @classmethod
    def reply(cls, a: Array, player: int, weighs: Array, prices: Array, **p: Any) -> Array | None:
        """Return a deterministic policy that is a best reply; None at prices that are not 0."""
        if prices.any():
            return None
        rules = _rules(len(a), **p)
        both = np.stack([a, a])
        both[:, player] = np.array([[0.0], [1.0]])
        rewards = _harvests(both, rules) @ weighs[player]
        chosen, _ = policy_iteration(rewards, _transitions(both, rules), rules.discount)
        return chosen.astype(float)

    @classmethod
    def bound(cls, n: int, **p: Any) -> float:
        """Return the largest sum of all joint policies, by Bellman's equation; above it by rounding alone."""
        rules = _rules(n, **p)
        rewards, transitions = _by_number(n, rules)
        _, values = policy_iteration(rewards, transitions, rules.discount)
        missing = (rewards + rules.discount * transitions @ values - values).max()
        return float((1.0 - rules.discount) * values[rules.first] + max(missing, 0.0))

    @classmethod
    def best_sum(cls, n: int, **p: Any) -> Array:
        """Return a play of the largest sum, (n, levels): the first players clean, as many as it takes."""
        rules = _rules(n, **p)
        many, _ = policy_iteration(*_by_number(n, rules), rules.discount)
        return (np.arange(n)[:, None] < many).astype(float)


def policy_iteration(rewards: Array, transitions: Array, discount: float) -> tuple[NDArray[np.intp], Array]:
    """Return a policy, (states,), that is best from every state, and its values, (states,).

    Args:
        rewards: (actions, states), of an action at a state.
        transitions: (actions, states, states), probabilities of the next state.
        discount: weight of the next period, below 1.

    Example:
        >>> stay, go = np.eye(2), np.eye(2)[::-1]
        >>> policy, values = policy_iteration(np.array([[0.0, 1.0], [0.0, 0.0]]), np.stack([stay, go]), 0.5)
        >>> policy.tolist(), values.tolist()
        ([1, 0], [1.0, 2.0])
    """
    states = np.arange(rewards.shape[1])
    policy: NDArray[np.intp] = np.zeros(len(states), dtype=np.intp)
    while True:
        matrix = np.eye(len(states)) - discount * transitions[policy, states]
        values = np.linalg.solve(matrix, rewards[policy, states])
        each = rewards + discount * transitions @ values
        better = each.max(axis=0) > each[policy, states] + TIED * max(float(np.abs(values).max()), 1e-300)
        if not better.any():
            return policy, np.asarray(values, dtype=float)
        policy = np.where(better, each.argmax(axis=0), policy)


def _rules(
    n: int, *, levels: float, barren: float, pollution: float, cleaning: float, discount: float,
    start_level: float,
) -> Rules:  # fmt: skip
    """Return the parameters as arrays, for n players."""
    level = np.arange(int(levels) + 1)
    cleaned = np.maximum(level[:, None] - np.arange(n + 1), 0)[..., None]
    risen = np.minimum(cleaned + 1, int(levels))
    return Rules(
        apples=np.maximum(0.0, 1.0 - level / barren),
        after=(1.0 - pollution) * (cleaned == level) + pollution * (risen == level),
        cleaning=cleaning,
        discount=discount,
        first=int(start_level),
    )


def _harvests(a: Array, rules: Rules) -> Array:
    """Return r, (..., levels, n)."""
    return (1.0 - np.swapaxes(a, -1, -2)) * rules.apples[:, None]


def _times(chances: Array, one: Array) -> Array:
    """Return the chances of a number of removals, (..., k + 1), after one more of chance `one`, (...)."""
    more = np.zeros((*chances.shape[:-1], chances.shape[-1] + 1))
    more[..., :-1] = chances * (1.0 - one)[..., None]
    more[..., 1:] += chances * one[..., None]
    return more


def _removals(a: Array, rules: Rules, left_out: int | None = None) -> Array:
    """Return the chances of 0, 1, .. removals, (..., levels, k), of all players, or of all but one."""
    chances = np.ones((*a.shape[:-2], a.shape[-1], 1))
    for i in range(a.shape[-2]):
        if i != left_out:
            chances = _times(chances, rules.cleaning * a[..., i, :])
    return chances


def _removals_along(a: Array, v: Array, rules: Rules, left_out: int) -> Array:
    """Return the derivative of `_removals` along v, (..., levels, k)."""
    chances = np.ones((*a.shape[:-2], a.shape[-1], 1))
    along = np.zeros(chances.shape)
    for i in range(a.shape[-2]):
        if i == left_out:
            continue
        one, change = rules.cleaning * a[..., i, :], rules.cleaning * v[..., i, :]
        along = _times(along, one) + _one_more(chances) * change[..., None]
        chances = _times(chances, one)
    return along


def _one_more(chances: Array) -> Array:
    """Return the difference that one removal for certain makes, (..., k + 1)."""
    more = np.zeros((*chances.shape[:-1], chances.shape[-1] + 1))
    more[..., 1:] = chances
    more[..., :-1] -= chances
    return more


def _transitions(a: Array, rules: Rules) -> Array:
    """Return P, (..., levels, levels)."""
    return np.einsum("...sk,skt->...st", _removals(a, rules), rules.after)


def _matrix(a: Array, rules: Rules) -> Array:
    """Return I - b P, (..., levels, levels)."""
    return np.eye(a.shape[-1]) - rules.discount * _transitions(a, rules)


def _turned(a: Array, rules: Rules, v: Array | None = None) -> Array:
    """Return D, (..., n, levels, levels), or its derivative along v."""
    others = [
        _removals(a, rules, j) if v is None else _removals_along(a, v, rules, j) for j in range(a.shape[-2])
    ]
    more = rules.cleaning * np.stack([_one_more(each) for each in others], axis=-3)
    return np.einsum("...jsk,skt->...jst", more, rules.after)


def _valued(a: Array, rules: Rules) -> Valued:
    """Return what follows from policies."""
    matrix = _matrix(a, rules)
    unit = np.zeros((*a.shape[:-2], a.shape[-1], 1))
    unit[..., rules.first, 0] = 1.0 - rules.discount
    return Valued(
        matrix=matrix,
        turned=_turned(a, rules),
        worth=np.asarray(np.linalg.solve(matrix, _harvests(a, rules)), dtype=float),
        time=np.asarray(np.linalg.solve(np.swapaxes(matrix, -1, -2), unit)[..., 0], dtype=float),
    )


def _advantages(at: Valued, rules: Rules) -> Array:
    """Return J over mu, (..., n, n, levels): what cleaning in a period at a level adds to each payoff."""
    n = at.worth.shape[-1]
    later = rules.discount * np.einsum("...jst,...ti->...ijs", at.turned, at.worth)
    return later - np.eye(n)[:, :, None] * rules.apples


def _by_number(n: int, rules: Rules) -> tuple[Array, Array]:
    """Return sums of harvests, (n + 1, levels), and transitions by the number of those who clean."""
    cleaning = (np.arange(n)[:, None] < np.arange(n + 1)[:, None, None]).astype(float)
    a = np.broadcast_to(cleaning, (n + 1, n, len(rules.apples)))
    return _harvests(a, rules).sum(axis=-1), _transitions(a, rules)
