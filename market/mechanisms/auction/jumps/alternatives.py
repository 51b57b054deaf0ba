"""Alternatives between which agents' answers jump when prices move.

A consumer with linear utility spends all it has on the good that gives most for its price; a utility that is
homogeneous of degree one is worth its price or is not; a producer with constant unit cost makes nothing below
it and all it can above it; so does an activity with constant returns. Each of these is a *chooser* c with an
amount of money `M_c` to put into that of its *alternatives* l with the largest gain

    h_l(p) = log of the worth of a unit of money put there,

or into none of them if it has an outside option, whose gain is 0. `M_c` is infinite where only prices limit
it. Gains move with prices by the slopes `a_lg = dh_l / d log p_g`:

- Linear utility with weights w: each good, with `h = log w_g - log p_g` and `a = -1` at g. M is the money
  left for these goods after other wants. With quasilinear money there is an outside option: to keep it.
- Utility homogeneous of degree one, with quasilinear money: the best bundle, with `h = -log e(p)` and a minus
  the shares of spending. M is the budget, or inf; outside option.
- Constant unit cost `c_g`: to make g, with `h = log p_g - log c_g` and `a = +1` at g. M is the worth of the
  capacity, or inf; outside option.
- Constant returns: one unit of activity, with h the log of the worth of its outputs over the cost of its
  inputs, a the shares of outputs less those of inputs. M = inf; outside option.

`e(p)` is the cost of a unit of utility; its slopes, and those of costs, are Shephard's lemma.

Source: own derivation; slopes of a cost function as in Mas-Colell, Whinston and Green (1995), 3.G and 5.C.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Answers, Economy, Money, Rows
from market.tolerances import LEAST_POSITIVE, STANDS_FOR_UNBOUNDED


@dataclass(frozen=True)
class Gains:
    """The alternatives of all choosers at given prices.

    Args:
        chooser: (alternatives,), the number of the chooser.
        log_gain: (alternatives,), h.
        slopes: (alternatives, goods), a.
    """

    chooser: NDArray[np.intp]
    log_gain: Array
    slopes: Array

    def expanded_at(self, move: Array) -> Gains:
        """Return gains as linear functions of a move of log prices, if these prices are at `move`."""
        return Gains(self.chooser, self.log_gain - self.slopes @ move, self.slopes)

    def select(self, choosers: NDArray[np.bool_]) -> Gains:
        """Return the gains of some choosers, marked in (choosers,)."""
        rows = choosers[self.chooser]
        return Gains(self.chooser[rows], self.log_gain[rows], self.slopes[rows])

    def followed_by(self, others: Sequence[Gains]) -> Gains:
        """Return these alternatives, and then others."""
        if not others:
            return self
        parts = (self, *others)
        return Gains(
            np.concatenate([part.chooser for part in parts]),
            np.concatenate([part.log_gain for part in parts]),
            np.concatenate([part.slopes for part in parts]),
        )


@dataclass(frozen=True)
class Choosers:
    """The choosers, and how much money each puts into its alternatives.

    Args:
        money: (choosers,), M; inf where only prices limit it.
        outside: (choosers,), True if to do nothing is an option.
        fixed: (goods,), value of the demand less the supply that does not depend on these choices.
        economy: the primitives.
        linear: rows of the agents that choose among goods, one chooser each, in this order.
        rays: rows of the agents with one best bundle, next in order.
        stepped: (steps, 2), agent and good of constant costs, next.
        unit_cost: (steps,), these costs.
        scaled: rows of the agents with constant returns, last.
        substitution: (choosers,), elasticity of substitution within a bundle or among inputs; else 0.
        joint: (choosers,), True if an activity makes several goods.
        convex: (choosers,), True if the gain is a convex function of log prices, so that tangents are below it.
    """

    money: Array
    outside: NDArray[np.bool_]
    fixed: Array
    economy: Economy
    linear: NDArray[np.intp]
    rays: NDArray[np.intp]
    stepped: NDArray[np.intp]
    unit_cost: Array
    scaled: NDArray[np.intp]
    substitution: Array
    joint: NDArray[np.bool_]
    convex: NDArray[np.bool_]

    def gains(self, p: Array) -> Gains:
        """Return the alternatives at prices p > 0, (goods,)."""
        parts = []
        first = np.cumsum([0, *map(len, (self.linear, self.rays, self.stepped, self.scaled))])
        if len(self.linear):
            parts.append(_among_goods(self.economy, self.linear, p, first[0]))
        if len(self.rays):
            parts.append(_bundles(self.economy, self.rays, p, first[1]))
        if len(self.stepped):
            parts.append(_at_unit_cost(self.stepped[:, 1], self.unit_cost, p, first[2]))
        if len(self.scaled):
            parts.append(_activities(self.economy, self.scaled, p, first[3]))
        return parts[0].followed_by(parts[1:])

    @property
    def size(self) -> int:
        """An upper bound of alternatives times goods."""
        agents, goods = len(self.money), len(self.fixed)
        return (agents + len(self.linear) * goods) * goods

    @property
    def bent(self) -> bool:
        """True if some gains are not linear in log prices."""
        return len(self.rays) + len(self.scaled) > 0

    def bend(self, gains: Gains, money: Array) -> Array:
        """Return the part of `sum_l money_l d2h_l / d log p^2` that bends upwards, (goods, goods).

        With elasticity of substitution sigma and spending shares s, `-log e` bends by `(sigma - 1)
        (diag(s) - s s')`: upwards if sigma > 1, where linear gains promise too little. The log of the worth
        of outputs in fixed proportions, with shares s of it, bends by `diag(s) - s s'`: not at all for one
        output, and always upwards for several.
        """
        excess = (self.substitution - 1.0)[gains.chooser]
        used = (money > 0) & (excess > 0)
        inputs = _curvature(np.maximum(-gains.slopes[used], 0.0), money[used] * excess[used])
        joint = (money > 0) & self.joint[gains.chooser]
        return inputs + _curvature(np.maximum(gains.slopes[joint], 0.0), money[joint])


@dataclass(frozen=True)
class Choices:
    """The choices that agents can have at some prices: what follows from the primitives alone.

    Args:
        rays: rows of the agents with one best bundle for each unit of money, worth its price or not.
        stepped: (steps, 2), agent and good wherever output is made at a constant unit cost.
        unit_cost: (steps,), these costs.
        scaled: rows of the agents with constant returns.
        substitution: (agents,), elasticity of substitution of a bundle or of a technology; else 0.
        outputs: (agents,), the number of goods that a technology makes.
        inputs: (agents,), the number of goods that it uses.
    """

    rays: NDArray[np.intp]
    stepped: NDArray[np.intp]
    unit_cost: Array
    scaled: NDArray[np.intp]
    substitution: Array
    outputs: NDArray[np.intp]
    inputs: NDArray[np.intp]


def possible(economy: Economy) -> Choices | None:
    """Return the choices that there can be in an economy; None if no agent ever has one."""
    rays, scaled = _with_one_bundle(economy), _with_constant_returns(economy)
    stepped, unit_cost = _constant_costs(economy)
    linear = economy.has_ties and bool(economy.linear_weights.any())
    if not (linear or len(rays) or len(stepped) or len(scaled)):
        return None
    return Choices(rays, stepped, unit_cost, scaled, _substitution(economy), *_goods_made_and_used(economy))


def choosers(
    economy: Economy, choices: Choices, p: Array, answers: Answers, faithful: NDArray[np.bool_]
) -> Choosers:
    """Return the choosers, and their money, at prices that were announced.

    Args:
        economy: the primitives.
        choices: those that are possible in it.
        p: (goods,), prices, > 0 where it matters.
        answers: of all agents at p.
        faithful: (agents,), True if an agent answers as its preferences and costs imply. The others have no
            choice here: their answers stand.
    """
    means = economy.spending_power(p, answers.supply)
    x, y = answers.demand.lowest.copy(), answers.supply.lowest.copy()
    linear, rest = _spend_last(economy, p, means, faithful, x)
    rays = choices.rays[faithful[choices.rays] & (means[choices.rays] > 0)]
    x[rays] = 0.0
    kept = faithful[choices.stepped[:, 0]]
    stepped, cost = choices.stepped[kept], choices.unit_cost[kept]
    agents, goods = stepped.T
    capacity = economy.capacity[agents, goods]
    y[agents, goods] = 0.0
    scaled = choices.scaled[faithful[choices.scaled]]
    y[scaled] = 0.0
    money = np.concatenate(
        [rest, means[rays], capacity * np.maximum(p[goods], cost), np.full(len(scaled), np.inf)]
    )
    outside = np.ones(len(money), dtype=bool)
    outside[: len(linear)] = economy.money is Money.QUASILINEAR
    x, y = np.minimum(x, STANDS_FOR_UNBOUNDED), np.clip(y, -STANDS_FOR_UNBOUNDED, STANDS_FOR_UNBOUNDED)
    fixed = p * (x.sum(axis=0) - economy.resources - y.sum(axis=0))
    substitution = np.zeros(len(money))
    substitution[len(linear) : len(linear) + len(rays)] = choices.substitution[rays]
    substitution[len(money) - len(scaled) :] = choices.substitution[scaled]
    several, one_input = np.zeros((2, len(money)), dtype=bool)
    several[len(money) - len(scaled) :] = choices.outputs[scaled] > 1
    one_input[len(money) - len(scaled) :] = choices.inputs[scaled] == 1
    convex = (substitution > 1.0) | (several & one_input)
    return Choosers(
        money, outside, fixed, economy, linear, rays, stepped, cost, scaled, substitution, several, convex
    )


def _spend_last(
    economy: Economy, p: Array, means: Array, faithful: NDArray[np.bool_], x: Array
) -> tuple[NDArray[np.intp], Array]:
    """Return rows of agents that spend their last money on linearly valued goods, and how much.

    Overwrites the rows of x with their other purchases.
    """
    rows, money = [np.zeros(0, dtype=np.intp)], [np.zeros(0)]
    least = 1.0 if economy.money is Money.QUASILINEAR else 0.0
    for block in economy.utilities if economy.has_ties else ():
        own = np.arange(len(economy.agents))[block.rows]
        if not economy.linear_weights[own].any():
            continue
        others, rest = block.family.other_purchases(p, np.maximum(means[own], 0.0), least, **block.parameters)
        chooses = (rest > 0) & faithful[own] & (economy.linear_weights[own] > 0).any(axis=1)
        x[own[chooses]] = others[chooses]
        rows.append(own[chooses])
        money.append(rest[chooses])
    return np.concatenate(rows), np.concatenate(money)


def _substitution(economy: Economy) -> Array:
    """Return elasticities of substitution of bundles and technologies, (agents,); else 0."""
    sigma = np.zeros(len(economy.agents))
    for block in economy.utilities:
        if block.family.proportional:
            sigma[block.rows] = block.family.substitution(**block.parameters)
    for made in economy.technologies:
        sigma[made.rows] = made.family.substitution(**made.parameters)
    return sigma


def _goods_made_and_used(economy: Economy) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return how many goods each agent's technology makes, and how many it uses, (agents,) each."""
    made, used = np.zeros((2, len(economy.agents)), dtype=np.intp)
    for block in economy.technologies:
        made[block.rows] = block.family.makes(**block.parameters).sum(axis=1)
        used[block.rows] = block.family.uses(**block.parameters).sum(axis=1)
    return made, used


def _with_one_bundle(economy: Economy) -> NDArray[np.intp]:
    """Return rows of agents with one best bundle for each unit of money, worth its price or not."""
    if economy.money is not Money.QUASILINEAR:
        return np.zeros(0, dtype=np.intp)
    return _rows_of(economy, [block.rows for block in economy.utilities if block.family.proportional])


def _curvature(shares: Array, weight: Array) -> Array:
    """Return `sum_l weight_l (diag(s_l) - s_l s_l' / sum s_l)` of shares s, (alternatives, goods)."""
    total = np.maximum(shares.sum(axis=1, keepdims=True), LEAST_POSITIVE)
    weighted = shares * weight[:, None]
    return np.asarray(np.diag(weighted.sum(axis=0)) - (weighted / total).T @ shares)


def _rows_of(economy: Economy, parts: list[Rows]) -> NDArray[np.intp]:
    agents = np.arange(len(economy.agents))
    return np.concatenate([np.zeros(0, dtype=np.intp), *(agents[rows] for rows in parts)])


def _constant_costs(economy: Economy) -> tuple[NDArray[np.intp], Array]:
    """Return agent and good of each output at a constant unit cost, (steps, 2), and the costs, (steps,)."""
    if not economy.costs:
        return np.zeros((0, 2), dtype=np.intp), np.zeros(0)
    prices = np.full(economy.shape, np.nan)
    for block in economy.costs:
        prices[block.rows] = block.family.indifference_prices(**block.parameters)
    steps = np.argwhere((prices > 0) & (economy.capacity > 0))
    return steps, prices[tuple(steps.T)]


def _with_constant_returns(economy: Economy) -> NDArray[np.intp]:
    """Return rows of agents with constant returns."""
    found = [np.zeros(0, dtype=np.intp)]
    for block in economy.technologies:
        unit = block.family.unit_netput(np.ones(len(economy.goods)), **block.parameters)
        found.append(np.arange(len(economy.agents))[block.rows][(unit != 0).any(axis=1)])
    return np.concatenate(found)


def _among_goods(economy: Economy, rows: NDArray[np.intp], p: Array, first: int) -> Gains:
    weights = economy.linear_weights[rows]
    agent, good = np.nonzero((weights > 0) & (p > 0))
    return Gains(first + agent, np.log(weights[agent, good]) - np.log(p[good]), -_unit_rows(good, len(p)))


def _bundles(economy: Economy, rows: NDArray[np.intp], p: Array, first: int) -> Gains:
    log_cost, shares = np.zeros(len(economy.agents)), np.zeros(economy.shape)
    for block in economy.utilities:
        if block.family.proportional:
            log_cost[block.rows], shares[block.rows] = block.family.unit_cost(p, **block.parameters)
    return Gains(first + np.arange(len(rows)), -log_cost[rows], -shares[rows])


def _at_unit_cost(goods: NDArray[np.intp], unit_cost: Array, p: Array, first: int) -> Gains:
    log_gain = np.log(np.maximum(p[goods], LEAST_POSITIVE)) - np.log(unit_cost)
    return Gains(first + np.arange(len(goods)), log_gain, _unit_rows(goods, len(p)))


def _activities(economy: Economy, rows: NDArray[np.intp], p: Array, first: int) -> Gains:
    unit = np.zeros(economy.shape)
    for block in economy.technologies:
        unit[block.rows] = block.family.unit_netput(p, **block.parameters)
    out, used = np.maximum(unit[rows], 0.0) * p, np.maximum(-unit[rows], 0.0) * p
    worth, cost = (np.maximum(part.sum(axis=1), LEAST_POSITIVE) for part in (out, used))
    shares = out / worth[:, None] - used / cost[:, None]
    return Gains(first + np.arange(len(rows)), np.log(worth) - np.log(cost), shares)


def _unit_rows(goods: NDArray[np.intp], count: int) -> Array:
    """Return a row for each of `goods`, with 1 at that good and 0 elsewhere, (rows, count)."""
    rows = np.zeros((len(goods), count))
    rows[np.arange(len(goods)), goods] = 1.0
    return rows
