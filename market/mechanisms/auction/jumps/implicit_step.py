"""A step of prices that is implicit in the alternatives that agents will choose after it.

A rule sees excess demand at the prices that were announced and proposes to move log prices by `d_g`. Where
some agent goes over from one alternative to another on the way, excess demand is soon not what it was, the
step is too long, and prices would jump to and fro across those at which markets clear. So the step is taken
*implicitly* in the choices, as by the proximal point method. The move m of log prices is the solution of

    min_m  sum_g H_g m_g^2 / 2 - f.m + sum_c M_c max_l h_l(p e^m)

with alternatives l, gains h and money M of the choosers c as in `alternatives.py`, f (goods,) the value of
all excess demand that does not depend on choices, and `H_g = (value of excess demand) / d_g`: the rule's step
size. The slope of the maxima is minus the value of what is chosen, so at the solution

    H_g m_g = value of excess demand with the choices as they will be after the move:

the rule's own step, for the excess demand that is left when it is done. Where no choice is near that is just
the rule's proposal. At a fixed point m = 0 there are choices with which all markets clear. (With quasilinear
money and in Fisher markets -f.m and the maxima are the dual of total surplus, or of Eisenberg and Gale's
program, with demand that does not jump held constant.)

The multipliers of the maxima are the money that goes into each alternative. Where several get some, the
chooser is indifferent between them: by Newton's method prices are put to where they are exactly as good, so
that the auctioneer can assign the indifferent.

Gains are linear in log prices or nearly so: the program is solved with h_l + a_l.(change of m), again at
its own solution until that hardly moves. Where h bends upwards (elasticity of substitution above 1) its
bend goes into the quadratic term.

Since -z, the value of excess demand at present choices, is a slope of the objective at m = 0 and H its least
bend, m.H m <= z.(z / H). Alternatives that are not within that reach are left out.

Source: own derivation; Rockafellar (1976), "Monotone operators and the proximal point algorithm"; Eisenberg
and Gale (1959), "Consensus of subjective probabilities: the pari-mutuel method".
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.mechanisms.auction.jumps.quadratic_program import QuadraticProgram
from market.mechanisms.auction.price_rules.base import LARGEST_MOVE
from market.tolerances import LEAST_POSITIVE, TIED

if TYPE_CHECKING:
    from market.mechanisms.auction.announcement import Announcement
    from market.mechanisms.auction.jumps.alternatives import Choosers, Gains

OWN_STEPS = (1e-4, 4.0)  # relative to excess demand: a rule's moves between these are steps of its own
LEAST_VALUE = 1e-9  # relative to the most valuable market: a market counts as if it were worth so much
COUPLED = 1e-9  # slopes of gains up to which a good is moved by itself
REACH_SLACK = 1e-6  # of log prices: alternatives so little out of reach are considered
LEAST_USE = 1e-7  # share of a chooser's money: an alternative with less is not used, but solver's rounding
MOST_ALTERNATIVES = 50_000  # within reach; with more of them the rule's proposal stands
MOST_SLOPES = 30_000_000  # alternatives times goods; with more of them (240 MB) the rule's proposal stands
PASSES, SETTLED = 12, 0.03  # solutions of one step; relative change from which it has settled
TIE_STEPS, TIE_MOVES = 4, 1e-2  # steps to a tie; the farthest that each moves a log price


@dataclass(frozen=True)
class _Step:
    """The quadratic part of the objective.

    Args:
        weight: (goods,), H, money.
        fixed: (goods,), f, money.
        wish: (goods,), d, for goods on which no choice depends.
        reach: (goods,), how far log prices can move.
    """

    weight: Array
    fixed: Array
    wish: Array
    reach: Array


@dataclass(frozen=True)
class _Move:
    """The solution of a step.

    Args:
        move: (goods,), m.
        money: (alternatives,), put into each.
        chooser: (alternatives,), the number of the chooser.
        idle: (choosers,), True if some money is kept back, so that what is used is worth just its price.
    """

    move: Array
    money: Array
    chooser: NDArray[np.intp]
    idle: NDArray[np.bool_]


def implicit_step(
    economy: Economy, who: Choosers, announced: Announcement, proposed: Array, joint: bool
) -> Array:
    """Return the rule's proposal with its step taken implicitly in the choices of agents, (goods,).

    Args:
        economy: the primitives.
        who: the choosers at the announced prices.
        announced: prices, the answers to them, and excess demand.
        proposed: (goods,), the next prices that the rule proposes.
        joint: True if a move of one good's price because of other goods is to be believed where answers jump.
            It is not if the rule asked for demand at other prices and took slopes across a jump.
    """
    p = announced.prices
    priced = (p > 0) & (proposed > 0)
    if not len(who.money) or not priced.any() or who.size > MOST_SLOPES:
        return proposed
    step = _step(economy, announced, np.where(priced, proposed, p), who, priced, joint)
    found = _minimise(step, who, p)
    if found is None:
        return proposed
    tied = _put_to_ties(who, p * np.exp(found.move), found)
    return np.where(priced, _put_to_costs(economy, tied), proposed)


def _step(
    economy: Economy,
    announced: Announcement,
    proposed: Array,
    who: Choosers,
    priced: NDArray[np.bool_],
    joint: bool,
) -> _Step:
    """Return the rule's step sizes as weights; 1 where its wish does not come from the good's excess demand.

    Such a wish, if `joint`, is taken as if excess demand were what a step of 1 makes it of.
    """
    p, seen = announced.prices, announced.imbalance
    wish = np.zeros_like(p)
    np.log(proposed / np.where(priced, p, 1.0), out=wish, where=priced)
    wish = np.clip(wish, -LARGEST_MOVE, LARGEST_MOVE)
    finite = np.isfinite(seen.z)
    along = finite & (wish * seen.relative > 0)
    size = _market_values(economy, announced)
    np.divide(
        p * np.where(finite, seen.z, 0.0), seen.relative, out=size, where=along
    )  # what excess demand is relative to
    own = np.divide(wish, seen.relative, out=np.ones_like(wish), where=along)
    believed = along & (own >= OWN_STEPS[0]) & (own <= OWN_STEPS[1])
    weight = size / np.where(believed, own, 1.0)
    reach = np.full_like(p, LARGEST_MOVE)
    if finite.all():
        z = p * seen.z
        with np.errstate(over="ignore"):  # inf is out of reach of nothing
            reach = np.minimum(reach, np.sqrt((z * (z / weight)).sum() / weight))
    toward = np.zeros_like(p)
    if joint:
        modest = finite & ~believed & (np.abs(wish) <= OWN_STEPS[1] * np.abs(seen.relative).max())
        toward = np.where(modest, weight * wish - p * np.where(finite, seen.z, 0.0), 0.0)
    return _Step(weight, who.fixed + toward, wish, np.where(priced, reach, 0.0))


def _market_values(economy: Economy, announced: Announcement) -> Array:
    """Return the value of supply or demand, the larger, of each good, (goods,), money, > 0.

    A market in which there is nothing resists no more than the least valuable one: the price of a product
    that is not made follows its costs, however low they are.
    """
    wanted, made = (
        np.where(np.isfinite(amounts), np.maximum(amounts, 0.0), 0.0).sum(axis=0)
        for amounts in (announced.answers.demand.lowest, announced.answers.supply.lowest)
    )
    values = announced.prices * np.maximum(economy.resources + made, wanted)
    least = max(LEAST_VALUE * float(values.max()), LEAST_POSITIVE)
    smallest = float(values.min(initial=least, where=values > 0))
    return np.where(values > 0, np.maximum(values, least), smallest)


def _minimise(step: _Step, who: Choosers, p: Array) -> _Move | None:
    """Return the move, with gains linearised anew at each solution; None if it cannot be found.

    Tangents of convex gains are below them everywhere, so those of earlier solutions are kept.
    """
    move, bend = np.zeros_like(p), np.zeros((len(p), len(p)))
    found: _Move | None = None
    tangents: list[Gains] = []
    for _ in range(PASSES if who.bent else 1):
        gains = who.gains(p * np.exp(move))
        linear = gains.expanded_at(move)
        solved = _solve(step, who, linear.followed_by(tangents), bend, move)
        if solved is None:
            return found
        found = _without_tangents(solved, gains)
        change = float(np.abs(found.move - move).max())
        move = found.move
        if change <= SETTLED * float(np.abs(move).max()):
            break
        tangents.insert(0, linear.select(who.convex))
        bend = who.bend(gains, found.money)
    return found


def _without_tangents(solved: _Move, gains: Gains) -> _Move:
    """Return the solution with the money of all tangents of an alternative added to it."""
    count = len(gains.chooser)
    if len(solved.money) == count:
        return solved
    money = solved.money[:count].copy()
    np.add.at(money, np.searchsorted(gains.chooser, solved.chooser[count:]), solved.money[count:])
    return _Move(solved.move, money, gains.chooser, solved.idle)


def _solve(step: _Step, who: Choosers, gains: Gains, bend: Array, at: Array) -> _Move | None:
    """Solve the program with gains that are linear in the move; those that bend do so around `at`."""
    near, outside_near = _within_reach(step, who, gains)
    money = np.zeros(len(gains.log_gain))
    limited = np.isfinite(who.money)
    only_one = (np.bincount(gains.chooser[near], minlength=len(limited)) == 1) & ~outside_near & limited
    alone = near & only_one[gains.chooser]
    money[alone] = who.money[gains.chooser[alone]]
    fixed = step.fixed - money @ gains.slopes + bend @ at
    move = step.wish * (step.reach > 0)
    considered = np.flatnonzero(near & ~alone)
    if len(considered) > MOST_ALTERNATIVES:
        return None
    slopes = gains.slopes[considered]
    coupled = (step.reach > 0) & (np.abs(slopes).max(axis=0, initial=0.0) > COUPLED)
    kept_back = np.zeros(len(limited))
    if coupled.any():
        concerned, place = np.unique(gains.chooser[considered], return_inverse=True)
        program = QuadraticProgram(
            hessian=(np.diag(step.weight) + bend)[np.ix_(coupled, coupled)],
            fixed=fixed[coupled],
            slopes=slopes[:, coupled],
            log_gain=gains.log_gain[considered],
            chooser=place,
            money=who.money[concerned],
            outside=outside_near[concerned],
            reach=float(step.reach.max()),
        )
        solved = program.solve()
        if solved is None:
            return None
        move[coupled], money[considered], kept_back[concerned] = solved
    top = np.where(limited, who.money, float(step.weight.max()))
    idle = ~limited | (kept_back > LEAST_USE * top)
    return _Move(move, np.where(money > LEAST_USE * top[gains.chooser], money, 0.0), gains.chooser, idle)


def _within_reach(step: _Step, who: Choosers, gains: Gains) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return masks of alternatives and of outside options (of choosers) that could be best after a move."""
    moves = np.abs(gains.slopes) @ step.reach + REACH_SLACK
    surely = np.where(who.outside, 0.0, -np.inf)
    np.maximum.at(surely, gains.chooser, gains.log_gain - moves)
    return gains.log_gain + moves >= surely[gains.chooser], who.outside & (surely <= 0)


def _put_to_ties(who: Choosers, p: Array, found: _Move) -> Array:
    """Return prices near p at which all alternatives of a chooser that get money are exactly as good."""
    used = np.flatnonzero(found.money > 0)
    chooser = found.chooser[used]
    first = np.zeros(len(who.money), dtype=np.intp)
    first[chooser[::-1]] = used[::-1]
    against, idle = first[chooser], found.idle[chooser]
    ties = idle | (against != used)
    if not ties.any():
        return p
    used, against, idle = used[ties], against[ties], idle[ties]
    prices, free = p, p > 0
    for _ in range(TIE_STEPS):
        gains = who.gains(prices)
        rows = gains.slopes[used] - np.where(idle[:, None], 0.0, gains.slopes[against])
        gap = gains.log_gain[used] - np.where(idle, 0.0, gains.log_gain[against])
        change = np.zeros_like(p)
        change[free] = np.linalg.lstsq(rows[:, free], -gap, rcond=1e-9)[0]
        if not np.abs(change).max() <= TIE_MOVES:
            return prices
        prices = prices * np.exp(change)
    return prices


def _put_to_costs(economy: Economy, p: Array) -> Array:
    """Return prices; where one equals an agent's unit cost or worth up to rounding, just that number."""
    exact = p.copy()
    for g, steps in enumerate(economy.indifference_prices):
        if len(steps):
            nearest = steps[np.abs(steps - p[g]).argmin()]
            if np.abs(nearest - p[g]) <= TIED * nearest:
                exact[g] = nearest
    return exact
