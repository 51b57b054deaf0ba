"""What the alignment report says of an outcome, proved from what it recorded.

Symbols as in `primitives.py`: x, y, p, q; w weights, U_i = u_i(x_i) - C_i(y_i), r = q + sum e resources.

*Support.* Recorded weights and prices support (x, y) if for each agent w_i du_i/dx_ig <= p_g (equal where it
consumes), w_i dC_i/dy_ig >= p_g where it could make more (<= where it makes some), and p_g = 0 where
something is left. For concave utilities that proves efficiency, except for what agents with w_i = 0 could
gain through free goods or by saving costs; of others it proves nothing. So where a utility is not concave as
stated, weights are held against its concave form (`Economy.concave_form`); a producer's has none.

At a kink there are many slopes, any m_i >= 0 with sum_g b_ig m_ig = 1; one has to do: that along p.

*Not efficient* is proved by the recorded improvement: feasible, nobody worse off, somebody better off.

*Degenerate*: that every support has a weight of zero. w_i = 0 follows where a slope is infinite; then goods
that i consumes or could make must be free, as are those left over, eaten without use or made at no cost;
whoever values a free good at the margin, or makes it at a cost, weighs nothing too, at a kink if all of its
goods are free; and so on.

*Unknown* is believed only where nothing in the folder proves one or the other: the allocations of the other
mechanisms, and what the search for the coefficient of resource utilisation left over, are tried first.

Source: Negishi (1960); Mas-Colell, Whinston and Green (1995), section 16.E.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from market.economy import production
from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.outcome import shown
from market.results.tables import number
from market.results.verify.accounts import feasible, worth
from market.results.verify.claim import ROUNDING, Claim
from market.results.verify.figures import SEARCHED, figures, least_needed
from market.results.verify.record import Record

SUPPORTED = 1e-6  # relative violation up to which the conditions prove efficiency
NEARLY = 3e-4  # up to here the loss, which is of second order, is below 1e-7, what a search can see
NONE = 1e-9  # amounts below this share of an equal share are none
LEFT = 1e-7  # shares of a good below this are not left over
HARDLY_LEFT = 1e-6  # shares of a good below this are less than a search for improvements can see


def judging(
    economy: Economy, record: Record, prices: Sequence[Array], others: Sequence[Record]
) -> Iterator[Claim]:
    """The claims of an alignment report.

    Args:
        economy: rebuilt from the scenario.
        record: what was recorded.
        prices: all prices in the folder, for bounds.
        others: all mechanisms of the folder, whose allocations are feasible too.
    """
    found, form = np.inf, economy.concave_form
    if record.weights is not None and record.supporting_prices is not None:
        found = violation(form, record, record.weights, record.supporting_prices)
        yield _weights(record, record.weights)
    both = (record.weights is None) == (record.supporting_prices is None)
    yield Claim(f"{record.name}: weights go with prices", both, "both or none" if both else "one is missing")
    yield _residual(record, found)
    proved = found <= SUPPORTED and not _leaks(economy, record)
    yield _efficient(economy, record, proved, found, prices, others)
    yield _degenerate(economy, record, found)
    yield from figures(form, record, proved, prices, others)


# --- weights ---------------------------------------------------------------------------------------


def _weights(record: Record, w: Array) -> Claim:
    total = float(w.sum())
    sound = bool(np.isfinite(w).all() and (w >= 0).all() and abs(total - 1.0) <= NONE)
    return Claim(f"{record.name}: weights add up to one", sound, f"sum {total:.12g}, smallest {w.min():.3g}")


def violation(economy: Economy, record: Record, w: Array, p: Array, left: float = LEFT) -> float:
    """The largest violation of the supporting conditions, relative to prices; 0 is full support.

    inf where a utility that counts is not concave.

    Args:
        economy: rebuilt from the scenario.
        record: what was recorded.
        w: (agents,), weights.
        p: (goods,), prices.
        left: shares of a good below this are not left over.
    """
    if not (np.isfinite(w).all() and np.isfinite(p).all()):
        return np.inf  # they support nothing, and a NaN must not get lost in what follows
    if (economy.not_concave & (w > 0)).any():
        return np.inf  # a point with the right slopes need not be a maximum
    x, y = record.consumption, record.production
    there = economy.offered(y)
    none = NONE * there / len(economy.agents)
    slopes, costs = economy.marginal_utility_along(x, p), economy.marginal_cost(y)
    counts = np.broadcast_to(w[:, None] > 0, x.shape)
    valued = np.multiply(w[:, None], slopes, out=np.zeros_like(x), where=counts)
    spent = np.multiply(w[:, None], costs, out=np.zeros_like(x), where=counts)
    empty = np.asarray(~(x > 0).any(axis=1) & (economy.bliss > 0).any(axis=1))
    largest = valued.max(axis=0, initial=0.0)
    size = np.where(p > 0, p, np.where(largest > 0, largest, 1.0))
    floor = 1e-12 * float(there @ p)  # what all of a good is worth less than is rounding
    size = np.maximum(size, np.divide(floor, there, out=np.zeros_like(p), where=there > 0))
    # A bundle with nothing in it is judged along all directions at once, as slopes along axes may not exist.
    above = np.where(empty[:, None] & counts, 0.0, valued - p)
    wants = (x > none) & ((slopes > 0) | (p > 0))
    at_a_cost = ~economy.turns_goods_into_goods[:, None]
    can_more = (economy.capacity > 0) & (y < economy.capacity * (1.0 - NONE))
    wrong = [
        np.maximum(above, 0.0),
        np.where(wants, np.maximum(p - valued, 0.0), 0.0),
        np.where(can_more, np.maximum(p - spent, 0.0), 0.0),
        np.where((y > none) & at_a_cost, np.maximum(spent - p, 0.0), 0.0),
        np.where(there - economy.taken(x, y) > left * there, p, 0.0)[None, :],
    ]
    with np.errstate(invalid="ignore"):  # a NaN stays one
        worst = float(np.vstack([part / size for part in wrong]).max(initial=0.0))
    hungry = empty & (w > 0)
    if hungry.any():
        worst = max(worst, float((w[hungry] * economy.first_worth(p)[hungry]).max() - 1.0))
    worst = max(worst, production.foregone_profit(economy, y, p))
    return np.inf if np.isnan(worst) else worst


def _residual(record: Record, found: float) -> Claim:
    stated = number(record.alignment["residual"])
    same = stated == found or abs(stated - found) <= NONE + 1e-6 * min(stated, found)
    return Claim(
        f"{record.name}: residual of the weights", same, f"{shown(stated)} stated, {shown(found)} recomputed"
    )


def _leaks(economy: Economy, record: Record) -> bool:
    """Whether an agent that weighs nothing could gain something that nobody who counts would miss."""
    assert record.weights is not None
    assert record.supporting_prices is not None
    idle = record.weights == 0
    if (idle & (economy.cost(record.production) > 0)).any():
        return True
    plenty = np.where(
        record.supporting_prices == 0, np.maximum(economy.most, record.consumption), record.consumption
    )
    return bool((idle & (economy.utility(plenty) > economy.utility(record.consumption))).any())


def _efficient(
    economy: Economy,
    record: Record,
    proved: bool,
    found: float,
    prices: Sequence[Array],
    others: Sequence[Record],
) -> Claim:
    name, said, form = f"{record.name}: efficient", record.alignment["efficient"], economy.concave_form
    if record.improvement is not None:
        better, detail = _improves(economy, record, *record.improvement)
        return Claim(name, better and said is False and not proved, detail)
    if said and _clearly_better(economy, record, others):
        return Claim(name, False, "the folder itself has a better allocation")
    if said is None:
        if _clearly_better(economy, record, ()):
            return Claim(name, False, "unknown, though what was found to be enough leaves some for everybody")
        fine = not proved and any(why.startswith("efficient") for why in record.alignment["unknown"])
        return Claim(name, None if fine else False, "not checked: unknown, as is said" if fine else "null")
    if not (economy.resources > 0).any() and not (economy.capacity > 0).any() and not economy.technologies:
        return Claim(name, said is True, "there is nothing to have, so nothing better")
    if said is False:
        return Claim(name, False, "said not to be, without a better allocation")
    if proved:
        return Claim(name, True, "weights and prices prove it")
    if found <= SUPPORTED and not _unused(form, record):
        return Claim(
            name, None, "proved for those who count; among those who weigh nothing it rests on a search"
        )
    if SUPPORTED < found <= NEARLY and (record.weights is None or bool((record.weights > 0).all())):
        return Claim(name, True, f"weights and prices prove it up to {found**2:.0e} of what is traded")
    most = np.tile(economy.most, (len(economy.agents), 1))
    if (economy.utility(most) <= economy.utility(record.consumption)).all() and not record.production.any():
        return Claim(name, True, "nobody would gain by all that there can be")
    if record.weights is not None and (record.weights > 0).all() and record.supporting_prices is not None:
        nearly = violation(form, record, record.weights, record.supporting_prices, HARDLY_LEFT)
        if nearly <= SUPPORTED:
            detail = f"weights and prices prove it, but for less than {HARDLY_LEFT:.0e} of a good left over"
            return Claim(name, True, detail)
    if least_needed(form, record, prices) >= 1.0 - SEARCHED:
        detail = f"not checked: prices prove only that all but {SEARCHED:.0e} of the resources is needed"
        return Claim(name, None, detail)
    return Claim(name, False, "weights and prices do not prove it")


def _unused(economy: Economy, record: Record) -> bool:
    """Whether somebody who weighs nothing could gain from what is unused or costs nothing, or by exchange."""
    assert record.weights is not None
    idle, x, y = record.weights == 0, record.consumption, record.production
    left = np.maximum(economy.offered(y) - economy.taken(x, y), 0.0)
    left = np.where(left > LEFT * economy.offered(y), left, 0.0)
    at_no_cost = np.minimum(economy.supply(np.zeros(len(left))).highest, 1e100)
    more = left + np.maximum(at_no_cost - y, 0.0).sum(axis=0)
    gains = economy.utility(x + more) > economy.utility(x)
    exchanged = ((x > 0) & (economy.marginal_utility(x) > 0) & idle[:, None]).sum(axis=0) > 1
    return bool((idle & gains).any() or (idle & (economy.cost(y) > 0)).any() or exchanged.sum() > 1)


def _clearly_better(economy: Economy, record: Record, others: Sequence[Record]) -> bool:
    """Whether some allocation of the folder hurts nobody and helps somebody by more than rounding."""
    pairs = [(other.consumption, other.production) for other in others if other is not record]
    pairs += _with_what_is_left(economy, record)
    before = economy.welfare(record.consumption, record.production)
    enough = before + SEARCHED * worth(economy, record) + ROUNDING * economy.utility_scale
    return any(
        _improves(economy, record, x, y)[0] and bool((economy.welfare(x, y) > enough).any()) for x, y in pairs
    )


def _with_what_is_left(economy: Economy, record: Record) -> list[tuple[Array, Array]]:
    """What the search for resource utilisation needed, and equal shares of what it left over."""
    found = record.proofs.get("resource_utilisation")
    if found is None:
        return []
    there = np.maximum(economy.resources + found.production.sum(axis=0), 0.0)
    eaten = found.consumption.sum(axis=0)
    share = np.divide(
        there, eaten, out=np.ones_like(there), where=eaten > there
    )  # gains of rounding are none
    left = np.maximum(there - eaten, 0.0)
    return [(found.consumption * share + left * (1.0 - NONE) / len(economy.agents), found.production)]


def _improves(economy: Economy, record: Record, x: Array, y: Array) -> tuple[bool, str]:
    """Whether an allocation can be had, hurts nobody and helps somebody."""
    possible, detail = feasible(economy, x, y)
    if not possible:
        return False, f"the better allocation is not feasible: {detail}"
    before, after = economy.welfare(record.consumption, record.production), economy.welfare(x, y)
    gain, hurt = int((after > before).sum()), int((after < before).sum())
    return gain > 0 and hurt == 0, f"in the better allocation {gain} gain and {hurt} lose"


# --- degenerate ------------------------------------------------------------------------------------


def _degenerate(economy: Economy, record: Record, found: float) -> Claim:
    name, said = f"{record.name}: degenerate", record.alignment["degenerate"]
    if not said:
        all_count = found > SUPPORTED or (record.weights is not None and bool((record.weights > 0).all()))
        if record.alignment["efficient"] is not True:
            return Claim(name, True, "not said to be: it is not efficient, or that is unknown")
        return Claim(name, all_count, "not said to be" if all_count else "some weight is zero")
    if found > SUPPORTED or record.weights is None:
        return Claim(name, False, "said to be, though no weights support it")
    forced = must_weigh_nothing(economy, record)
    zero = record.weights == 0
    return Claim(
        name,
        bool((zero & forced).any()),
        f"{int(zero.sum())} weigh nothing, {int((zero & forced).sum())} of them under any supporting weights",
    )


def must_weigh_nothing(economy: Economy, record: Record) -> NDArray[np.bool_]:
    """Who weighs nothing under any weights that support the allocation, (agents,)."""
    economy = economy.concave_form
    x, y = record.consumption, record.production
    there = economy.offered(y)
    none = NONE * there / len(economy.agents)
    slopes, costs = economy.marginal_utility(x), economy.marginal_cost(y)
    wants = (economy.bliss > 0).any(axis=1)
    nothing = np.isinf(slopes).any(axis=1) | (wants & ~(x > 0).any(axis=1) & np.isinf(_first(economy)))
    at_a_cost = ~economy.turns_goods_into_goods[:, None]
    can_more = (economy.capacity > 0) & (y < economy.capacity * (1.0 - NONE))
    useless = ((x > none) & (slopes == 0)).any(axis=0)
    free = (there - economy.taken(x, y) > LEFT * there) | (can_more & (costs == 0)).any(axis=0) | useless
    kinked = economy.kinks(x) > 0
    bent = np.asarray(kinked.any(axis=1))
    for _ in range(len(economy.goods) + 1):
        free = free | ((x > none) & (slopes > 0) & nothing[:, None]).any(axis=0)
        free = free | (can_more & np.isfinite(costs) & nothing[:, None]).any(axis=0)
        nothing = (
            nothing
            | np.where(bent, ~(kinked & ~free).any(axis=1), ((slopes > 0) & free).any(axis=1))
            | ((y > none) & at_a_cost & (costs > 0) & free).any(axis=1)
        )
    return nothing


def _first(economy: Economy) -> Array:
    """What a first unit of money is worth to those who have nothing, at prices of one, (agents,)."""
    return economy.first_worth(np.ones(len(economy.goods)))
