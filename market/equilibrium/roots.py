"""Equilibrium prices as roots of excess demand, by a root finder whose results are recomputed.

That a root finder reports success is no evidence: demand and supply are recomputed at its result
(`clearing.py`).

Free goods: a good in excess supply whose price falls towards zero is tried at price 0, where excess supply
clears by complementary slackness; if there is excess demand there its price is positive again. Goods that no
agent wants or uses are free from the start.

Source: Powell (1970), "A hybrid method for nonlinear equations", and Marquardt (1963), both as implemented in
MINPACK (`scipy.optimize.root`, `hybr` and `lm`).
"""

from __future__ import annotations

import warnings

import numpy as np
from numpy.typing import NDArray
from scipy import optimize
from scipy.stats import qmc

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.equilibrium.clearing import CLEARING_EXCESS, Clearing, choose_better, evaluate_prices
from market.equilibrium.constant_returns import ConstantReturns
from market.equilibrium.staircase import BOUNDED, Staircase, build_staircase
from market.errors import UnboundedDemandError

FREE_PRICE_TRIAL = 1e-7
"""Price relative to the starting one: a good in excess supply below it is tried at price 0. Far beyond any
plausible error of the first guess."""

ROOT_EXCESS = 0.01 * CLEARING_EXCESS
"""Gap at which the root finder may stop: so far below `CLEARING_EXCESS` that recomputing cannot exceed it."""

FLAT_SHARE = 0.9  # of the bound of the gap: beyond it the gap hardly slopes
FLAT_STEPS = 60  # steps of one in log prices to leave regions where excess demand is flat
SPREAD = 9.0  # largest distance of starting log prices from the first guess: a factor of 8,000


def solve_from(economy: Economy, start: Array) -> Clearing | None:
    """Run the root finder from starting prices; return the equilibrium, or the prices nearest to one.

    Args:
        economy: the primitives.
        start: (goods,), prices; those that are 0 are held at 0 unless there is excess demand for the good.
    """
    p, best, tried = start, None, set()
    for _ in range(2 + len(start)):
        if not (p > 0).any():
            return choose_better(best, evaluate_prices(economy, p))
        p, made = _find_root(build_staircase(economy, p), p)
        best = choose_better(best, evaluate_prices(economy, p, made=made))
        if best is not None and best.residual <= CLEARING_EXCESS:
            return best
        p = _revise_free_goods(economy, p, start, made)
        pattern = tuple((p == 0).tolist())
        if pattern in tried:
            return best
        tried.add(pattern)
    return best


def solve_with_held(economy: Economy, p: Array, held: NDArray[np.bool_]) -> Array:
    """Hold some prices and solve for the others, starting from `p`; return prices, (goods,)."""
    stairs = build_staircase(economy, p)
    return _find_root(Staircase(economy, np.where(held, p, stairs.held)), p)[0]


def evaluate_with_held(economy: Economy, p: Array, held: NDArray[np.bool_], made: Array) -> Clearing | None:
    """Hold some prices, solve for the others, and evaluate the result.

    Args:
        economy: the primitives.
        p: (goods,), starting prices.
        held: (goods,), True for prices that stay, one or more in an exchange; those that are 0 stay too.
        made: (agents, goods), production to start from.
    """
    stairs = Staircase(economy, np.where(held | (p == 0), p, np.nan))
    end, made = _find_root(stairs, p, made)
    return evaluate_prices(economy, end, made=made)


def _find_root(stairs: Staircase, p: Array, made: Array | None = None) -> tuple[Array, Array]:
    """Run the root finder; return its prices, or the start if better, and production of constant returns."""
    s = _leave_flat_regions(stairs, stairs.position(p, made))
    best, least = s, float(np.abs(stairs.gap(s)).max(initial=0.0))
    for method, options in (("hybr", {"xtol": 1e-14}), ("lm", {"xtol": 1e-15, "ftol": 1e-15})):
        if least <= ROOT_EXCESS or not len(s):
            break
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")  # its messages on progress are not used
            end = optimize.root(stairs.gap, best, method=method, options=options).x
        size = float(np.abs(stairs.gap(end)).max()) if np.isfinite(end).all() else np.inf
        if size < least:
            best, least = end, size
    return stairs.prices(best)[0], stairs.made(best)


def _leave_flat_regions(stairs: Staircase, s: Array) -> Array:
    """Move to positions at which the gap slopes: it is flat where hardly any is demanded, or supplied."""
    goods = np.arange(len(stairs.sought))
    for _ in range(FLAT_STEPS):
        gaps = stairs.gap(s)[goods]
        flat = np.abs(gaps) > FLAT_SHARE * -np.log(BOUNDED)
        if not flat.any():
            break
        s = s.copy()
        s[goods] += np.where(flat, np.sign(gaps), 0.0)
    return s


def _revise_free_goods(economy: Economy, p: Array, start: Array, made: Array) -> Array:
    """Set prices of goods that may be free to 0, and raise those with excess demand at 0.

    Candidates are goods in excess supply with very low prices; without any, all goods in excess supply.
    """
    usual = np.where(start > 0, start, guess_prices(economy))
    found = evaluate_prices(economy, p, made=made)
    excess = np.zeros_like(p) if found is None else found.excess[: len(p)]
    changed = np.where((p == 0) & (excess > 0), usual, p)
    left_over = (p > 0) & (excess < -CLEARING_EXCESS)
    running = left_over & (p < FREE_PRICE_TRIAL * usual)
    for g in np.flatnonzero(running if running.any() else left_over):
        if can_be_free(economy, changed, int(g)):
            changed[g] = 0.0
    return changed


def can_be_free(economy: Economy, p: Array, g: int) -> bool:
    """Return True if demand and supply are bounded when good `g` is free."""
    free = p.copy()
    free[g] = 0.0
    try:
        with np.errstate(all="ignore"):  # other prices may be extreme
            economy.answers(free)
    except UnboundedDemandError:
        return False
    return True


def guess_prices(economy: Economy) -> Array:
    """Guess prices of about the right size, > 0 except for goods that no agent wants or uses, (goods,).

    In an exchange all stocks have equal value; with budgets these are spent equally on all goods; with
    quasilinear money a price is the geometric mean of marginal utilities at an equal split of the stock. The
    price of a good that can be produced is at least its lowest cost.
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
        guess = _average_marginal_utility(economy, np.tile(amounts / agents, (agents, 1)))
    cheapest = economy.marginal_cost(np.zeros(economy.shape)).min(axis=0)
    guess = np.where(np.isfinite(cheapest), np.maximum(guess, 1.001 * cheapest), guess)
    guess = ConstantReturns(economy).follow_costs(guess)
    for g in np.flatnonzero((economy.bliss == 0).all(axis=0) & ~_find_inputs(economy)):
        guess[g] = 0.0
    return np.asarray(guess)


def _find_inputs(economy: Economy) -> NDArray[np.bool_]:
    """Return a mask of goods that some technology uses as an input, (goods,)."""
    used = np.zeros(len(economy.goods), dtype=bool)
    for block in economy.technologies:
        used |= block.family.uses(**block.parameters).any(axis=0)
    return used


def _average_marginal_utility(economy: Economy, x: Array) -> Array:
    """Return the geometric mean of positive, finite marginal utilities at `x`, (goods,); 1 without any."""
    slopes = economy.marginal_utility(x)
    has = (slopes > 0) & np.isfinite(slopes)
    logs = np.log(np.where(has, slopes, 1.0)).sum(axis=0)
    return np.exp(logs / np.maximum(has.sum(axis=0), 1))


def draw_starts(economy: Economy, many: int, seed: int) -> Array:
    """Draw starting prices: the first guess, then others spread evenly around it, (many, goods).

    Log prices are a scrambled Sobol sequence over `SPREAD` to either side.

    Source: Sobol (1967); Owen (1998) for the scrambling.
    """
    guess = guess_prices(economy)
    with warnings.catch_warnings():
        warnings.simplefilter(
            "ignore"
        )  # Sobol warns that balance needs a power of two; it is not needed here
        points = qmc.Sobol(len(guess), seed=seed).random(max(many - 1, 0))
    return np.vstack([guess, guess * np.exp(SPREAD * (2.0 * points - 1.0))])
