"""Equilibrium prices as roots of excess demand: a root finder from a start, and a check of what it says.

A root finder's word that it succeeded is no evidence: every answer is put to everyone anew (`clearing.py`).

Free goods: a good that is left over while its price runs towards zero is tried at price 0, where left-overs
clear by complementary slackness; if it is lacking there its price is positive again. Goods that nobody
wants or uses are free from the start.
"""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray
from scipy import optimize
from scipy.stats import qmc

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.equilibrium.clearing import CLEARS, Clearing, better, clearing
from market.equilibrium.constant_returns import ConstantReturns
from market.equilibrium.staircase import BOUNDED, Staircase, staircase
from market.errors import UnboundedDemandError

RUNS_AWAY = 1e-7  # of its first price: a good in excess supply below that is tried at price 0
WALK = 60  # steps of one in log prices, off where excess demand is flat
SPREAD = 9.0  # how far log prices of starts are from the first guess, at most


def near(economy: Economy, start: Array) -> Clearing | None:
    """The equilibrium, or the prices nearest to one, that a root finder reaches from a start.

    Args:
        economy: the primitives.
        start: (goods,), prices; those that are 0 are held at 0 unless the good is lacking there.
    """
    p, best, tried = start, None, set()
    for _ in range(2 + len(start)):
        if not (p > 0).any():
            return better(best, clearing(economy, p))
        p, made = _root(staircase(economy, p), p)
        best = better(best, clearing(economy, p, made=made))
        if best is not None and best.residual <= CLEARS:
            return best
        p = _free_or_not(economy, p, start, made)
        pattern = tuple((p == 0).tolist())
        if pattern in tried:
            return best
        tried.add(pattern)
    return best


def beside(economy: Economy, p: Array, held: NDArray[np.bool_]) -> Array:
    """Prices, some held as they are and the others where a root finder takes them, (goods,)."""
    stairs = staircase(economy, p)
    return _root(Staircase(economy, np.where(held, p, stairs.held)), p)[0]


def held_at(economy: Economy, p: Array, held: NDArray[np.bool_], made: Array) -> Clearing | None:
    """What prices lead to of which some are held, and the others are where a root finder takes them.

    Args:
        economy: the primitives.
        p: (goods,), prices to start from.
        held: (goods,), the prices that stay.
        made: (agents, goods), production to start from.
    """
    stairs = staircase(economy, p)
    end, made = _root(Staircase(economy, np.where(held, p, stairs.held)), p, made)
    return clearing(economy, end, made=made)


def _root(stairs: Staircase, p: Array, made: Array | None = None) -> tuple[Array, Array]:
    """Prices where the root finder ends, or the start if better, and what constant returns make there."""
    s = _off_the_flats(stairs, stairs.position(p, made))
    best, least = s, float(np.abs(stairs.gap(s)).max(initial=0.0))
    for method, options in (("hybr", {"xtol": 1e-14}), ("lm", {"xtol": 1e-15, "ftol": 1e-15})):
        if least <= 0.01 * CLEARS or not len(s):
            break
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # what it says of its progress is not used
            end = optimize.root(stairs.gap, best, method=method, options=options).x
        size = float(np.abs(stairs.gap(end)).max()) if np.isfinite(end).all() else np.inf
        if size < least:
            best, least = end, size
    return stairs.prices(best)[0], stairs.made(best)


def _off_the_flats(stairs: Staircase, s: Array) -> Array:
    """Positions where the gap slopes: it does not where next to nothing is demanded, or supplied."""
    goods = np.arange(len(stairs.sought))
    for _ in range(WALK):
        gaps = stairs.gap(s)[goods]
        flat = np.abs(gaps) > 0.9 * -np.log(BOUNDED)
        if not flat.any():
            break
        s = s.copy()
        s[goods] += np.where(flat, np.sign(gaps), 0.0)
    return s


def _free_or_not(economy: Economy, p: Array, start: Array, made: Array) -> Array:
    """The same prices, with 0 for goods that may be free, and without it for goods that are lacking at 0.

    Those whose prices run away downwards may be free; if there are none, those that are left over.
    """
    usual = np.where(start > 0, start, first_guess(economy))
    found = clearing(economy, p, made=made)
    excess = np.zeros_like(p) if found is None else found.excess[: len(p)]
    changed = np.where((p == 0) & (excess > 0), usual, p)
    left_over = (p > 0) & (excess < -CLEARS)
    running = left_over & (p < RUNS_AWAY * usual)
    for g in np.flatnonzero(running if running.any() else left_over):
        if can_be_free(economy, changed, int(g)):
            changed[g] = 0.0
    return changed


def can_be_free(economy: Economy, p: Array, g: int) -> bool:
    """Whether everyone's answer is bounded when a good is free."""
    free = p.copy()
    free[g] = 0.0
    try:
        with np.errstate(all="ignore"):  # whatever else is wrong with these prices
            economy.answers(free)
    except UnboundedDemandError:
        return False
    return True


def first_guess(economy: Economy) -> Array:
    """Prices of about the right size, > 0 but for goods that nobody wants or uses, (goods,).

    Under `exchange` each good's stock is worth the same; with budgets they are spent equally on all goods;
    with quasilinear money a price is what one agent's part of the stock is worth to those who want it, at the
    margin, on geometric average. Where something can be made, the price is at least the lowest cost of it.
    """
    agents, _ = economy.shape
    there = economy.resources + np.where(np.isfinite(economy.capacity), economy.capacity, 0.0).sum(axis=0)
    amounts = np.where(there > 0, there, 1.0)
    if economy.money is Money.EXCHANGE:
        guess = amounts.max() / amounts
    elif economy.money is Money.FISHER:
        spent = float(economy.budget.sum())
        guess = np.where(spent > 0, spent, 1.0) / amounts / len(amounts)
    else:
        guess = _worth(economy, np.tile(amounts / agents, (agents, 1)))
    cheapest = economy.marginal_cost(np.zeros(economy.shape)).min(axis=0)
    guess = np.where(np.isfinite(cheapest), np.maximum(guess, 1.001 * cheapest), guess)
    guess = ConstantReturns(economy).follow_costs(guess)
    for g in np.flatnonzero((economy.bliss == 0).all(axis=0) & ~_used(economy)):
        guess[g] = 0.0
    return np.asarray(guess)


def _used(economy: Economy) -> NDArray[np.bool_]:
    """Which goods somebody can use to make others, (goods,)."""
    used = np.zeros(len(economy.goods), dtype=bool)
    for block in economy.technologies:
        used |= block.family.uses(**block.parameters).any(axis=0)
    return used


def _worth(economy: Economy, x: Array) -> Array:
    """The geometric mean of marginal utilities at x over those who have any, (goods,); 1 without."""
    slopes = economy.marginal_utility(x)
    has = (slopes > 0) & np.isfinite(slopes)
    logs = np.log(np.where(has, slopes, 1.0)).sum(axis=0)
    return np.exp(logs / np.maximum(has.sum(axis=0), 1))


def starts(economy: Economy, many: int, seed: int) -> Array:
    """Prices to start from: the first guess, then others spread evenly around it, (many, goods).

    Log prices are a scrambled Sobol sequence over `SPREAD` to either side.

    Source: Sobol (1967); Owen (1998) for the scrambling.
    """
    guess = first_guess(economy)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # that balance needs a power of two; it is not needed here
        points = qmc.Sobol(len(guess), seed=seed).random(max(many - 1, 0))
    return np.vstack([guess, guess * np.exp(SPREAD * (2.0 * points - 1.0))])
