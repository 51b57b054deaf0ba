"""A step of prices that foresees how choices will jump.

A rule sees excess demand at the prices that were announced and proposes to move log prices by d_g. Where
somebody goes over from one alternative to another on the way, excess demand is soon not what it was, the step
is too long, and prices would jump to and fro across those at which markets clear. So the step is taken
*implicitly* in the choices, as by the proximal point method. The move m of log prices is the solution of

    min_m  sum_g H_g m_g^2 / 2 - f.m + sum_c M_c max_l h_l(p e^m)

with alternatives l, gains h and money M of the choosers c as in `alternatives.py`, f (goods,) the value of
all excess demand that does not hang on choices, and H_g = (value of excess demand) / d_g: the rule's step
size. The slope of the maxima is minus the value of what is chosen, so at the solution

    H_g m_g = value of excess demand with the choices as they will be after the move:

the rule's own step, for the excess demand that is left when it is done. Where no choice is near that is just
the rule's proposal. At a fixed point m = 0 there are choices with which all markets clear. (Under quasilinear
money and in Fisher markets -f.m and the maxima are the dual of total surplus, or of Eisenberg and Gale's
programme, with demand that does not jump taken as it is.)

The multipliers of the maxima are the money that goes into each alternative. Where several get some, the
chooser is indifferent between them: by Newton's method prices are put to where they are exactly as good, so
that the auctioneer can assign the indifferent.

Gains are linear in log prices or nearly so: the programme is solved with h_l + a_l.(change of m), again at
its own solution until that hardly moves. Where h bends upwards (elasticity of substitution above 1) its
bend goes into the quadratic term.

Since -z, the value of excess demand at present choices, is a slope of the objective at m = 0 and H its least
bend, m.H m <= z.(z / H). Alternatives that are not within that reach are left out.

Source: own derivation; Rockafellar (1976), "Monotone operators and the proximal point algorithm"; Eisenberg
and Gale (1959), "Consensus of subjective probabilities: the pari-mutuel method"; solved with Clarabel
(Goulart and Chen (2024), "Clarabel: an interior-point solver for conic programs with quadratic objectives").
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import TIED, Array
from market.economy.primitives import Economy
from market.mechanisms.auction.announcement import Announcement
from market.mechanisms.auction.jumps.alternatives import Choices, Choosers, Gains, choosers
from market.mechanisms.auction.jumps.quadratic_program import FARTHEST, Programme
from market.mechanisms.auction.jumps.slopes import Slopes

STEPS = (1e-4, 4.0)  # step sizes of a rule, relative to excess demand, that are taken for its own
LEAST_VALUE = 1e-9  # of the largest market's: what a market counts at least when moves are weighed
COUPLED = 1e-9  # slopes of gains up to which a good is moved by itself
SLACK = 1e-6  # of log prices, by which alternatives may be out of reach
USED = 1e-7  # share of a chooser's money from which an alternative counts as used
MOST_ALTERNATIVES = 50_000  # with more of them within reach the rule's proposal stands
PASSES, SETTLED = 12, 0.03  # solutions of one step; relative change from which it has settled
NEWTON, TIE_MOVES = 4, 1e-2  # iterations; how far a log price is moved at most to be put to a tie


@dataclass(frozen=True)
class _Step:
    """What is minimised beside the maxima.

    Args:
        weight: (goods,), H, money.
        fixed: (goods,), f, money.
        wish: (goods,), d, for goods that no choice depends on.
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
        money: (alternatives,), what goes into each.
        chooser: (alternatives,), whose it is.
        idle: (choosers,), whether some money is kept back, so that what is used is worth just its price.
    """

    move: Array
    money: Array
    chooser: NDArray[np.intp]
    idle: NDArray[np.bool_]


def foresee(
    economy: Economy, choices: Choices, announced: Announcement, proposed: Array, joint: bool
) -> Array:
    """The rule's proposal with its step taken implicitly in what agents choose, (goods,).

    Args:
        economy: the primitives.
        choices: that there can be in it.
        announced: prices and what was answered to them.
        proposed: (goods,), the next prices as the rule has them.
        joint: whether what it proposes for one good because of others is to be believed where answers jump;
            it is not if the rule asked what is demanded at other prices and took slopes across a jump.
    """
    p = announced.prices
    who = choosers(economy, choices, announced)
    priced = (p > 0) & (proposed > 0)
    if not len(who.money) or not priced.any():
        return proposed
    step = _step(economy, announced, np.where(priced, proposed, p), who, priced, joint)
    found = _minimise(step, who, p)
    if found is None:
        return proposed
    tied = _put_to_ties(who, p * np.exp(found.move), found)
    return np.where(priced, _as_written(economy, tied), proposed)


def _step(
    economy: Economy,
    announced: Announcement,
    proposed: Array,
    who: Choosers,
    priced: NDArray[np.bool_],
    joint: bool,
) -> _Step:
    """The rule's step sizes as weights; 1 where its wish for a good is not of that good's excess demand.

    Such a wish, if `joint`, is taken as if excess demand were what a step of 1 makes it of.
    """
    p, seen = announced.prices, announced.imbalance
    wish = np.zeros_like(p)
    np.log(proposed / np.where(priced, p, 1.0), out=wish, where=priced)
    wish = np.clip(wish, -FARTHEST, FARTHEST)
    finite = np.isfinite(seen.z)
    along = finite & (wish * seen.relative > 0)
    size = _market_values(economy, announced)
    np.divide(p * seen.z, seen.relative, out=size, where=along)  # what excess demand is relative to
    own = np.divide(wish, seen.relative, out=np.ones_like(wish), where=along)
    believed = along & (own >= STEPS[0]) & (own <= STEPS[1])
    weight = size / np.where(believed, own, 1.0)
    reach = np.full_like(p, FARTHEST)
    if finite.all():
        z = p * seen.z
        with np.errstate(over="ignore"):  # inf is out of reach of nothing
            reach = np.minimum(reach, np.sqrt((z * (z / weight)).sum() / weight))
    toward = np.zeros_like(p)
    if joint:
        modest = finite & ~believed & (np.abs(wish) <= STEPS[1] * np.abs(seen.relative).max())
        toward = np.where(modest, weight * wish - p * np.where(finite, seen.z, 0.0), 0.0)
    return _Step(weight, who.fixed + toward, wish, np.where(priced, reach, 0.0))


def _market_values(economy: Economy, announced: Announcement) -> Array:
    """What is there or wanted of each good at announced prices, (goods,), money, > 0."""
    wanted, made = (
        np.where(np.isfinite(amounts), np.maximum(amounts, 0.0), 0.0).sum(axis=0)
        for amounts in (announced.answers.demand.lowest, announced.answers.supply.lowest)
    )
    values = announced.prices * np.maximum(economy.resources + made, wanted)
    return np.maximum(values, max(LEAST_VALUE * float(values.max()), 1e-300))


def _minimise(step: _Step, who: Choosers, p: Array) -> _Move | None:
    """The move, with gains taken as linear anew at each solution; None if it cannot be found.

    Tangents of convex gains are below them everywhere, so those of earlier solutions are kept.
    """
    move, bend = np.zeros_like(p), np.zeros((len(p), len(p)))
    found, tangents = None, None
    for _ in range(PASSES if who.bent else 1):
        gains = who.gains(p * np.exp(move))
        linear = gains.seen_from(move)
        solved = _solve(step, who, linear if tangents is None else linear.and_(tangents), bend, move)
        if solved is None:
            return found
        found = _without_tangents(solved, gains)
        change = float(np.abs(found.move - move).max())
        move = found.move
        if change <= SETTLED * float(np.abs(move).max()):
            break
        kept = linear.of(who.convex)
        tangents = kept if tangents is None else kept.and_(tangents)
        bend = who.bend(gains, found.money)
    return found


def _without_tangents(solved: _Move, gains: Gains) -> _Move:
    """The same with money that went into earlier tangents put into the only alternative that they are of."""
    count = len(gains.chooser)
    if len(solved.money) == count:
        return solved
    money = solved.money[:count].copy()
    np.add.at(money, np.searchsorted(gains.chooser, solved.chooser[count:]), solved.money[count:])
    return _Move(solved.move, money, gains.chooser, solved.idle)


def _solve(step: _Step, who: Choosers, gains: Gains, bend: Array, at: Array) -> _Move | None:
    """The programme with gains that are linear in the move; those that bend do so around the move `at`."""
    near, outside_near = _within_reach(step, who, gains)
    money = np.zeros(len(gains.log_gain))
    limited = np.isfinite(who.money)
    only_one = (np.bincount(gains.chooser[near], minlength=len(limited)) == 1) & ~outside_near & limited
    alone = near & only_one[gains.chooser]
    money[alone] = who.money[gains.chooser[alone]]
    fixed = step.fixed - gains.slopes.total(money) + bend @ at
    move = step.wish * (step.reach > 0)
    considered = np.flatnonzero(near & ~alone)
    if len(considered) > MOST_ALTERNATIVES:
        return None
    slopes = gains.slopes.chosen(considered)
    coupled = (step.reach > 0) & (slopes.largest() > COUPLED)
    kept_back = np.zeros(len(limited))
    if coupled.any():
        concerned, place = np.unique(gains.chooser[considered], return_inverse=True)
        programme = Programme(
            hessian=(np.diag(step.weight) + bend)[np.ix_(coupled, coupled)],
            fixed=fixed[coupled],
            slopes=slopes.of_goods(coupled),
            log_gain=gains.log_gain[considered],
            chooser=place,
            owed=who.money[concerned],
            outside=outside_near[concerned],
        )
        solved = programme.solve()
        if solved is None:
            return None
        move[coupled], money[considered], kept_back[concerned] = solved
    top = np.where(limited, who.money, float(step.weight.max()))
    idle = ~limited | (kept_back > USED * top)
    return _Move(move, np.where(money > USED * top[gains.chooser], money, 0.0), gains.chooser, idle)


def _within_reach(step: _Step, who: Choosers, gains: Gains) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which alternatives, (alternatives,), and outside options, (choosers,), could be best after a move."""
    moves = gains.slopes.reach(step.reach) + SLACK
    surely = np.where(who.outside, 0.0, -np.inf)
    np.maximum.at(surely, gains.chooser, gains.log_gain - moves)
    return gains.log_gain + moves >= surely[gains.chooser], who.outside & (surely <= 0)


def _put_to_ties(who: Choosers, p: Array, found: _Move) -> Array:
    """Prices near p at which all alternatives of a chooser that get money are exactly as good."""
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
    for _ in range(NEWTON):
        gains = who.gains(prices)
        rows = _rows(gains.slopes, used) - np.where(idle[:, None], 0.0, _rows(gains.slopes, against))
        gap = gains.log_gain[used] - np.where(idle, 0.0, gains.log_gain[against])
        change = np.zeros_like(p)
        change[free] = np.linalg.lstsq(rows[:, free], -gap, rcond=1e-9)[0]
        if not np.abs(change).max() <= TIE_MOVES:
            return prices
        prices = prices * np.exp(change)
    return prices


def _rows(slopes: Slopes, which: NDArray[np.intp]) -> Array:
    """Some rows of a matrix, in any order and as often as asked for, (rows, goods)."""
    needed, place = np.unique(which, return_inverse=True)
    return slopes.chosen(needed).dense()[place]


def _as_written(economy: Economy, p: Array) -> Array:
    """The same prices; where one is somebody's unit cost or worth up to rounding, just that number."""
    exact = p.copy()
    for g, steps in enumerate(economy.indifference_prices):
        if len(steps):
            nearest = steps[np.abs(steps - p[g]).argmin()]
            if np.abs(nearest - p[g]) <= TIED * nearest:
                exact[g] = nearest
    return exact
