"""Choices that hang on prices alone: what somebody could as soon do as something else.

Some answers jump. A consumer who values goods linearly spends what it has on the one that gives most for its
price; a utility that is homogeneous of degree one is worth its price or it is not; a producer with constant
unit cost makes nothing below it and all it can above it; an activity with constant returns likewise. Each of
these is a *chooser* c with an amount of money M_c to put into one of its *alternatives* l, whichever has the
largest gain

    h_l(p) = log of what a unit of money put there is worth,

or into none of them where it has an outside option, whose gain is 0. M_c is infinite where nothing but
prices limits it. Gains move with prices by the slopes a_lg = dh_l / d log p_g:

- Who values goods linearly at w_g: each good, with h = log w_g - log p_g and a = -1 at g. M is what is left
  for them beside other wants. With quasilinear money there is an outside option: to keep it.
- Who has a utility that is homogeneous of degree one, with quasilinear money: its best bundle, with h = -log
  e(p) and a minus the shares of spending. M is its budget, or inf; outside option.
- Who has a constant unit cost c_g: making g, with h = log p_g - log c_g and a = +1 at g. M is the worth of
  its capacity, or inf; outside option.
- Who has constant returns: one unit of activity, with h the log of the worth of its outputs over the cost of
  its inputs, a the shares of outputs less those of inputs. M = inf; outside option.

e(p) is what a unit of utility costs; its slopes, and those of costs, are Shephard's lemma.

Source: own derivation; a cost function's slopes as in Mas-Colell, Whinston and Green (1995), 3.G and 5.C.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money, Rows
from market.mechanisms.auction.announcement import Announcement, answer_as_they_prefer
from market.mechanisms.auction.jumps.slopes import Slopes

ENORMOUS = 1e200  # stands for amounts without bound in sums
NEVER = 1e-300  # stands for a worth of nothing in logarithms


@dataclass(frozen=True)
class Gains:
    """The alternatives of all choosers at given prices.

    Args:
        chooser: (alternatives,), whose it is.
        log_gain: (alternatives,), h.
        slopes: (alternatives, goods), a.
    """

    chooser: NDArray[np.intp]
    log_gain: Array
    slopes: Slopes

    def seen_from(self, move: Array) -> Gains:
        """The same as linear functions of a move of log prices, of which these prices are at `move`."""
        return Gains(self.chooser, self.log_gain - self.slopes.along(move), self.slopes)

    def of(self, who: NDArray[np.bool_]) -> Gains:
        """Those of some choosers, marked in (choosers,)."""
        rows = np.flatnonzero(who[self.chooser])
        return Gains(self.chooser[rows], self.log_gain[rows], self.slopes.chosen(rows))

    def and_(self, others: Gains) -> Gains:
        """These, and then others."""
        return Gains(
            np.concatenate([self.chooser, others.chooser]),
            np.concatenate([self.log_gain, others.log_gain]),
            Slopes.stacked([self.slopes, others.slopes]),
        )


@dataclass(frozen=True)
class Choosers:
    """Who has alternatives, and how much money it puts into them.

    Args:
        money: (choosers,), M; inf where prices alone limit it.
        outside: (choosers,), whether it may as well do nothing.
        fixed: (goods,), value of the demand less the supply that does not depend on these choices.
        economy: the primitives.
        linear: rows of the agents that choose among goods, one chooser each, in this order.
        rays: rows of those with one bundle, next in order.
        stepped: (steps, 2), agent and good of constant costs, next.
        unit_cost: (steps,), what these are.
        scaled: rows of those with constant returns, last.
        substitution: (choosers,), elasticity of substitution within a bundle or among inputs; else 0.
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

    def gains(self, p: Array) -> Gains:
        """The alternatives at prices p > 0, (goods,)."""
        parts, kinds = [], (self.linear, self.rays, self.stepped, self.scaled)
        first = np.cumsum([0, *map(len, kinds)])
        if len(self.linear):
            parts.append((first[0], _among_goods(self.economy, self.linear, p)))
        if len(self.rays):
            parts.append((first[1], _bundles(self.economy, self.rays, p)))
        if len(self.stepped):
            parts.append((first[2], _steps(self.stepped[:, 1], self.unit_cost, p)))
        if len(self.scaled):
            parts.append((first[3], _returns(self.economy, self.scaled, p)))
        return Gains(
            np.concatenate([part.chooser + start for start, part in parts]),
            np.concatenate([part.log_gain for _, part in parts]),
            Slopes.stacked([part.slopes for _, part in parts]),
        )

    @property
    def bent(self) -> bool:
        """Whether some gains are not linear in log prices."""
        return len(self.rays) + len(self.scaled) > 0

    @property
    def convex(self) -> NDArray[np.bool_]:
        """Whose gain is a convex function of log prices that bends, (choosers,): tangents are below it."""
        return self.substitution > 1.0

    def bend(self, gains: Gains, money: Array) -> Array:
        """The part of sum_l money_l d2h_l / d log p^2 that bends upwards, (goods, goods).

        With elasticity of substitution sigma and spending shares s, -log e bends by (sigma - 1)
        (diag(s) - s s'): upwards if sigma > 1, where linear gains promise too little.
        """
        excess = (self.substitution - 1.0)[gains.chooser]
        used = (money > 0) & (excess > 0)
        shares = np.maximum(-gains.slopes.chosen(np.flatnonzero(used)).dense(), 0.0)
        total = np.maximum(shares.sum(axis=1, keepdims=True), 1e-300)
        weighted = shares * (money[used] * excess[used])[:, None]
        return np.asarray(np.diag(weighted.sum(axis=0)) - (weighted / total).T @ shares)


@dataclass(frozen=True)
class Choices:
    """Who can come to a choice at some prices: what follows from the primitives alone.

    Args:
        rays: rows of those with one best bundle for each unit of money, worth its price or not.
        stepped: (steps, 2), agent and good wherever output is made at a constant unit cost.
        unit_cost: (steps,), what these are.
        scaled: rows of those with constant returns.
        substitution: (agents,), elasticity of substitution of those with one bundle or a technology; else 0.
    """

    rays: NDArray[np.intp]
    stepped: NDArray[np.intp]
    unit_cost: Array
    scaled: NDArray[np.intp]
    substitution: Array


def possible(economy: Economy) -> Choices | None:
    """The choices that there can be in an economy; None if nobody ever has one."""
    rays, scaled = _with_one_bundle(economy), _with_constant_returns(economy)
    stepped, unit_cost = _flat(economy)
    linear = economy.has_ties and bool(economy.linear_weights.any())
    if not (linear or len(rays) or len(stepped) or len(scaled)):
        return None
    return Choices(rays, stepped, unit_cost, scaled, _substitution(economy))


def choosers(economy: Economy, choices: Choices, announced: Announcement) -> Choosers:
    """Who chooses, with how much money, at the prices announced; all prices are > 0 that matter here.

    Traders that do not answer as their preferences say are taken to have no choice: their answers stand.
    """
    p, answers = announced.prices, announced.answers
    faithful = answer_as_they_prefer(economy, announced)
    means = economy.spending_power(p, answers.supply)
    x, y = answers.demand.lowest.copy(), answers.supply.lowest.copy()
    linear, rest = _spend_last(economy, p, means, faithful, x)
    rays = choices.rays[faithful[choices.rays] & (means[choices.rays] > 0)]
    x[rays] = 0.0
    alike = faithful[choices.stepped[:, 0]]
    stepped, cost = choices.stepped[alike], choices.unit_cost[alike]
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
    x, y = np.minimum(x, ENORMOUS), np.clip(y, -ENORMOUS, ENORMOUS)
    fixed = p * (x.sum(axis=0) - economy.resources - y.sum(axis=0))
    substitution = np.concatenate(
        [
            np.zeros(len(linear)),
            choices.substitution[rays],
            np.zeros(len(stepped)),
            choices.substitution[scaled],
        ]
    )
    return Choosers(money, outside, fixed, economy, linear, rays, stepped, cost, scaled, substitution)


def _spend_last(
    economy: Economy, p: Array, means: Array, faithful: NDArray[np.bool_], x: Array
) -> tuple[NDArray[np.intp], Array]:
    """Who puts its last money into goods valued linearly, and how much; x becomes what they buy beside."""
    rows, money = [np.zeros(0, dtype=np.intp)], [np.zeros(0)]
    least = 1.0 if economy.money is Money.QUASILINEAR else 0.0
    for block in economy.utilities if economy.has_ties else ():
        own = np.arange(len(economy.agents))[block.rows]
        if not economy.linear_weights[own].any():
            continue
        beside, rest = block.family.other_purchases(p, np.maximum(means[own], 0.0), least, **block.parameters)
        chooses = (rest > 0) & faithful[own] & (economy.linear_weights[own] > 0).any(axis=1)
        x[own[chooses]] = beside[chooses]
        rows.append(own[chooses])
        money.append(rest[chooses])
    return np.concatenate(rows), np.concatenate(money)


def _substitution(economy: Economy) -> Array:
    """Elasticities of substitution of those with one bundle or with a technology, (agents,); else 0."""
    sigma = np.zeros(len(economy.agents))
    for block in economy.utilities:
        if block.family.proportional:
            sigma[block.rows] = block.family.substitution(**block.parameters)
    for made in economy.technologies:
        sigma[made.rows] = made.family.substitution(**made.parameters)
    return sigma


def _with_one_bundle(economy: Economy) -> NDArray[np.intp]:
    """Rows of those with one best bundle for each unit of money, worth its price or not."""
    if economy.money is not Money.QUASILINEAR:
        return np.zeros(0, dtype=np.intp)
    return _rows_of(economy, [block.rows for block in economy.utilities if block.family.proportional])


def _rows_of(economy: Economy, parts: list[Rows]) -> NDArray[np.intp]:
    everyone = np.arange(len(economy.agents))
    return np.concatenate([np.zeros(0, dtype=np.intp), *(everyone[rows] for rows in parts)])


def _flat(economy: Economy) -> tuple[NDArray[np.intp], Array]:
    """(steps, 2), agent and good wherever output is made at a constant unit cost, and these, (steps,)."""
    if not economy.costs:
        return np.zeros((0, 2), dtype=np.intp), np.zeros(0)
    prices = np.full(economy.shape, np.nan)
    for block in economy.costs:
        prices[block.rows] = block.family.indifference_prices(**block.parameters)
    steps = np.argwhere((prices > 0) & (economy.capacity > 0))
    return steps, prices[tuple(steps.T)]


def _with_constant_returns(economy: Economy) -> NDArray[np.intp]:
    """Rows of those with constant returns."""
    found = [np.zeros(0, dtype=np.intp)]
    for block in economy.technologies:
        unit = block.family.unit_netput(np.ones(len(economy.goods)), **block.parameters)
        found.append(np.arange(len(economy.agents))[block.rows][(unit != 0).any(axis=1)])
    return np.concatenate(found)


def _among_goods(economy: Economy, rows: NDArray[np.intp], p: Array) -> Gains:
    weights = economy.linear_weights[rows]
    agent, good = np.nonzero((weights > 0) & (p > 0))
    log_gain = np.log(weights[agent, good]) - np.log(p[good])
    each = np.arange(len(agent))
    return Gains(agent, log_gain, Slopes(each, good, -np.ones(len(agent)), (len(agent), len(p))))


def _bundles(economy: Economy, rows: NDArray[np.intp], p: Array) -> Gains:
    log_cost, shares = np.zeros(len(economy.agents)), np.zeros(economy.shape)
    for block in economy.utilities:
        if block.family.proportional:
            log_cost[block.rows], shares[block.rows] = block.family.unit_cost(p, **block.parameters)
    return Gains(np.arange(len(rows)), -log_cost[rows], Slopes.of(-shares[rows]))


def _steps(goods: NDArray[np.intp], unit_cost: Array, p: Array) -> Gains:
    price = np.where(p[goods] > 0, p[goods], NEVER)
    each = np.arange(len(goods))
    return Gains(
        each,
        np.log(price) - np.log(unit_cost),
        Slopes(each, goods, np.ones(len(goods)), (len(goods), len(p))),
    )


def _returns(economy: Economy, rows: NDArray[np.intp], p: Array) -> Gains:
    unit = np.zeros(economy.shape)
    for block in economy.technologies:
        unit[block.rows] = block.family.unit_netput(p, **block.parameters)
    out, used = np.maximum(unit[rows], 0.0) * p, np.maximum(-unit[rows], 0.0) * p
    worth, cost = np.maximum(out.sum(axis=1), NEVER), np.maximum(used.sum(axis=1), NEVER)
    shares = out / worth[:, None] - used / cost[:, None]
    return Gains(np.arange(len(rows)), np.log(worth) - np.log(cost), Slopes.of(shares))
