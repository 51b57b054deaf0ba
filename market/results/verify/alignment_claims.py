"""Claims of the alignment report, proved from the recorded quantities.

Symbols as in `primitives.py`: x, y, p, q; w weights, U_i = u_i(x_i) - C_i(y_i), r = q + sum e resources.

*Support.* Recorded weights and prices support (x, y) if for each agent w_i du_i/dx_ig <= p_g (equal where it
consumes), w_i dC_i/dy_ig + h_ig >= p_g where it could make more (<= where it makes some), with h_ig the
weighted harm to others (`harm_claims.py`), and p_g = 0 where something is left. For concave utilities that
proves efficiency, except for what agents with w_i = 0 could gain through free goods or by saving costs; of
others it proves nothing. So where a utility is not concave as stated, weights are held against its concave
form (`Economy.concave_form`); a producer's has none.

At a kink there are many slopes, any m_i >= 0 with sum_g b_ig m_ig = 1; one has to do: that along p.

*Not efficient* is proved by the recorded improvement: feasible, no agent worse off, some agent better off.

*Degenerate*: that every support has a weight of zero. w_i = 0 follows where a slope is infinite; then goods
that i consumes or could make must be free, as are those left over, eaten without use or made at no cost; an
agent that values a free good at the margin, or makes it at a cost, has a weight of zero too, at a kink if all
of its goods are free; and so on.

*Unknown* is accepted only where the folder proves neither: the allocations of the other mechanisms, and the
allocation found for the coefficient of resource utilisation, are tried first.

Source: Negishi (1960); Mas-Colell, Whinston and Green (1995), section 16.E.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from market.economy import production
from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.outcome import Status, shown
from market.results.schema import number
from market.results.verify.accounts import feasible, worth
from market.results.verify.claim import Claim
from market.results.verify.figures import SEARCHED, check_figures, least_needed
from market.results.verify.harm_claims import charges, suffered, welfare
from market.results.verify.price_ranges import price_ranges
from market.tolerances import (
    NEGLIGIBLE_AMOUNT,
    PLENTY,
    ROUNDING_OF_RESULTS,
    ROUNDING_OF_SUMS,
    SOLVER_AMOUNT,
    VIOLATION_BELOW_SEARCH,
    VIOLATION_THAT_PROVES,
)

if TYPE_CHECKING:
    from market.results.verify.record import Record

SAME_ENDS = 1e-6  # relative difference of the ends of ranges of prices that is a solver's inaccuracy
HARDLY_LEFT = 1e-6  # shares of a good below this are less than a search for improvements can see


def check_alignment(
    economy: Economy, record: Record, prices: Sequence[Array], others: Sequence[Record]
) -> Iterator[Claim]:
    """Check an alignment report.

    Args:
        economy: rebuilt from the scenario.
        record: of the mechanism.
        prices: all prices in the folder, for bounds.
        others: all mechanisms of the folder; their allocations are feasible too.
    """
    found, form = np.inf, economy.concave_form
    if record.weights is not None and record.supporting_prices is not None:
        found = violation(form, record, record.weights, record.supporting_prices)
        yield _weights(record, record.weights)
    both = (record.weights is None) == (record.supporting_prices is None)
    detail = "both are recorded, or neither" if both else "one of them is missing"
    yield Claim(f"{record.name}: weights and supporting prices come together", both, detail)
    yield _residual(record, found)
    proved = found <= VIOLATION_THAT_PROVES and not _leaks(economy, record)
    yield _efficient(economy, record, proved, found, prices, others)
    yield _degenerate(economy, record, found)
    yield _price_interval(form.without_harm, record)
    yield from check_figures(form, record, proved, prices, others)


# --- prices ----------------------------------------------------------------------------------------


def _price_interval(economy: Economy, record: Record) -> Claim:
    """Check the ranges of clearing prices against those found from the recorded quantities."""
    name = f"{record.name}: ranges of prices"
    if "price_interval" not in record.alignment:
        return Claim(name, None, "not checked: written before prices had ranges")
    said = record.alignment["price_interval"]
    found = price_ranges(economy, record, lambda w, p: violation(economy, record, w, p))
    if said is None and record.intervention is not None:
        return Claim(name, True, "none, since prices of buyers and sellers may differ")
    if said is None:
        return Claim(name, None if found else True, "none stated: no prices that clear, or unknown")
    if record.prices is None or record.status not in (Status.CLEARED, Status.OPTIMAL):
        return Claim(name, False, "stated, though no prices clear or support the outcome")
    if found is None:
        return Claim(name, None, "not checked: stated, and no range was found from the recorded quantities")
    stated = {good: [number(end) for end in ends] for good, ends in said.items() if ends is not None}
    same = said.keys() == set(economy.goods) and stated.keys() == found.keys()
    same = same and all(np.allclose(stated[good], found[good], rtol=SAME_ENDS, atol=0.0) for good in found)
    ranges = "; ".join(f"{good} {low:.6g} to {high:.6g}" for good, (low, high) in found.items())
    return Claim(name, same, f"recomputed: {ranges}" if found else "each price is unique")


# --- weights ---------------------------------------------------------------------------------------


def _weights(record: Record, w: Array) -> Claim:
    total = float(w.sum())
    sound = bool(np.isfinite(w).all() and (w >= 0).all() and abs(total - 1.0) <= NEGLIGIBLE_AMOUNT)
    return Claim(f"{record.name}: weights add up to one", sound, f"sum {total:.12g}, smallest {w.min():.3g}")


def violation(economy: Economy, record: Record, w: Array, p: Array, left: float = SOLVER_AMOUNT) -> float:
    """Return the largest violation of the supporting conditions, relative to prices; 0 is full support.

    inf where a utility that counts is not concave.

    Args:
        economy: rebuilt from the scenario.
        record: of the mechanism.
        w: (agents,), weights.
        p: (goods,), prices.
        left: shares of a good below this count as none left over.
    """
    if not (np.isfinite(w).all() and np.isfinite(p).all()):
        return np.inf  # they support nothing, and a NaN would get lost below
    if (economy.not_concave & (w > 0)).any():
        return np.inf  # a point with the right slopes need not be a maximum
    x, y = record.consumption, record.production
    there = economy.offered(y)
    none = NEGLIGIBLE_AMOUNT * there / len(economy.agents)
    slopes, costs = economy.marginal_utility_along(x, p), economy.marginal_cost(y)
    counts = np.broadcast_to(w[:, None] > 0, x.shape)
    valued = np.multiply(w[:, None], slopes, out=np.zeros_like(x), where=counts)
    external = charges(economy, y, w)
    spent = np.multiply(w[:, None], costs, out=np.zeros_like(x), where=counts) + external
    before, last_cost = valued, spent  # of the last unit, which differs from the next at the end of a step
    if economy.has_steps:
        jumps = economy.marginal_utility_of_last(x) != economy.marginal_utility(x)
        ahead = np.where(jumps, economy.marginal_utility(x), slopes)
        behind = np.where(jumps, economy.marginal_utility_of_last(x), slopes)
        valued, before = (
            np.multiply(w[:, None], each, out=np.zeros_like(x), where=counts) for each in (ahead, behind)
        )
        last_cost = np.multiply(
            w[:, None], economy.marginal_cost_of_last(y), out=np.zeros_like(x), where=counts
        )
        last_cost = last_cost + external
    empty = np.asarray(~(x > 0).any(axis=1) & (economy.bliss > 0).any(axis=1))
    largest = valued.max(axis=0, initial=0.0)
    size = np.where(p > 0, p, np.where(largest > 0, largest, 1.0))
    floor = ROUNDING_OF_SUMS * float(there @ p)  # a value of all of a good below this is rounding
    size = np.maximum(size, np.divide(floor, there, out=np.zeros_like(p), where=there > 0))
    # An empty bundle is judged along all directions at once, since slopes along axes may not exist.
    above = np.where(empty[:, None] & counts, 0.0, valued - p)
    wants = (x > none) & ((slopes > 0) | (p > 0))
    at_a_cost = ~economy.turns_goods_into_goods[:, None]
    can_more = (economy.capacity > 0) & (y < economy.capacity * (1.0 - NEGLIGIBLE_AMOUNT))
    wrong = [
        np.maximum(above, 0.0),
        np.where(wants, np.maximum(p - before, 0.0), 0.0),
        np.where(can_more, np.maximum(p - spent, 0.0), 0.0),
        np.where((y > none) & at_a_cost, np.maximum(last_cost - p, 0.0), 0.0),
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
    same = stated == found or abs(stated - found) <= NEGLIGIBLE_AMOUNT + 1e-6 * min(stated, found)
    detail = f"stated: {shown(stated)}, recomputed: {shown(found)}"
    return Claim(f"{record.name}: residual of the weights", same, detail)


def _leaks(economy: Economy, record: Record) -> bool:
    """Return True if an agent with a weight of zero could gain from free goods or by saving costs."""
    assert record.weights is not None
    assert record.supporting_prices is not None
    idle = record.weights == 0
    if (idle & ((economy.cost(record.production) > 0) | economy.harmed)).any():
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
        return Claim(name, False, "the folder itself has a Pareto improvement")
    if said is None:
        if _clearly_better(economy, record, ()):
            return Claim(name, False, "unknown, though a recorded allocation leaves a rest for all agents")
        fine = not proved and "efficient" in record.unknown
        detail = "not checked: the report itself says unknown" if fine else "null without a reason"
        return Claim(name, None if fine else False, detail)
    if not (economy.resources > 0).any() and not (economy.capacity > 0).any() and not economy.technologies:
        return Claim(name, said is True, "there are no goods, so no improvement")
    if said is False:
        return Claim(name, False, "not efficient, without a recorded Pareto improvement")
    if proved:
        return Claim(name, True, "weights and prices prove it")
    if found <= VIOLATION_THAT_PROVES and not _unused(form, record):
        detail = "not proved: agents with zero welfare weight were only searched for an improvement"
        return Claim(name, None, detail)
    counted = record.weights is None or _all_positive(economy, record)
    if VIOLATION_THAT_PROVES < found <= VIOLATION_BELOW_SEARCH and counted:
        return Claim(name, True, f"weights and prices prove it up to {found**2:.0e} of trade")
    most = np.tile(economy.most, (len(economy.agents), 1))
    if (economy.utility(most) <= economy.utility(record.consumption)).all() and not record.production.any():
        return Claim(name, True, "no agent would gain by any amounts that are possible")
    if record.weights is not None and _all_positive(economy, record) and record.supporting_prices is not None:
        nearly = violation(form, record, record.weights, record.supporting_prices, HARDLY_LEFT)
        if nearly <= VIOLATION_THAT_PROVES:
            detail = f"weights and prices prove it, but for less than {HARDLY_LEFT:.0e} of a good left over"
            return Claim(name, True, detail)
    if least_needed(form, record, prices) >= 1.0 - SEARCHED:
        detail = f"not checked: prices prove only that all but {SEARCHED:.0e} of the resources are needed"
        return Claim(name, None, detail)
    return Claim(name, False, "weights and prices do not prove it")


def _all_positive(economy: Economy, record: Record) -> bool:
    """Return True if every agent that wants something or bears a cost has a positive weight."""
    return record.weights is not None and bool((record.weights > 0)[economy.has_weight].all())


def _unused(economy: Economy, record: Record) -> bool:
    """Return True if agents with zero weights could gain from unused or costless goods, or by exchange."""
    assert record.weights is not None
    idle, x, y = record.weights == 0, record.consumption, record.production
    left = np.maximum(economy.offered(y) - economy.taken(x, y), 0.0)
    left = np.where(left > SOLVER_AMOUNT * economy.offered(y), left, 0.0)
    at_no_cost = np.minimum(economy.supply(np.zeros(len(left))).highest, PLENTY)
    more = left + np.maximum(at_no_cost - y, 0.0).sum(axis=0)
    gains = economy.utility(x + more) > economy.utility(x)
    exchanged = ((x > 0) & (economy.marginal_utility(x) > 0) & idle[:, None]).sum(axis=0) > 1
    return bool((idle & gains).any() or (idle & (economy.cost(y) > 0)).any() or exchanged.sum() > 1)


def _clearly_better(economy: Economy, record: Record, others: Sequence[Record]) -> bool:
    """Return True if some allocation of the folder is a Pareto improvement by more than rounding.

    Gains are compared with the worth of a bundle, and with what a producer's output costs. An agent at -inf
    has no bundle to compare with: amounts that are negligible as shares of a good do not lift it.
    """
    pairs = [(other.consumption, other.production) for other in others if other is not record]
    pairs += _with_what_is_left(economy, record)
    before = welfare(economy, record.consumption, record.production)
    size = worth(economy, record) + economy.cost(record.production)
    size = size + np.abs(suffered(economy, record.production))
    enough = before + SEARCHED * size + ROUNDING_OF_RESULTS * economy.utility_scale
    return any(
        _improves(economy, record, x, y)[0]
        and bool((welfare(economy, _without_the_least(economy, x, y, np.isneginf(before)), y) > enough).any())
        for x, y in pairs
    )


def _without_the_least(economy: Economy, x: Array, y: Array, rows: NDArray[np.bool_]) -> Array:
    """Return consumption without the negligible amounts of the marked agents."""
    least = NEGLIGIBLE_AMOUNT * economy.offered(y) / len(economy.agents)
    return np.where(rows[:, None] & (x <= least), 0.0, x)


def _with_what_is_left(economy: Economy, record: Record) -> list[tuple[Array, Array]]:
    """Return the allocation found for resource utilisation, with the rest in equal shares."""
    found = record.proofs.get("resource_utilisation")
    if found is None:
        return []
    there = np.maximum(economy.resources + found.production.sum(axis=0), 0.0)
    eaten = found.consumption.sum(axis=0)
    # Gains by rounding do not count: what exceeds the resources by rounding is taken away.
    share = np.divide(there, eaten, out=np.ones_like(there), where=eaten > there)
    left = np.maximum(there - eaten, 0.0) * (1.0 - NEGLIGIBLE_AMOUNT) / len(economy.agents)
    return [(found.consumption * share + left, found.production)]


def _improves(economy: Economy, record: Record, x: Array, y: Array) -> tuple[bool, str]:
    """Return whether an allocation is a Pareto improvement, and the numbers behind it."""
    possible, detail = feasible(economy, x, y)
    if not possible:
        return False, f"the improvement is not feasible: {detail}"
    before, after = welfare(economy, record.consumption, record.production), welfare(economy, x, y)
    gain, hurt = int((after > before).sum()), int((after < before).sum())
    return gain > 0 and hurt == 0, f"in the improvement {gain} gain and {hurt} lose"


# --- degenerate ------------------------------------------------------------------------------------


def _degenerate(economy: Economy, record: Record, found: float) -> Claim:
    name, said = f"{record.name}: degenerate", record.alignment["degenerate"]
    if not said:
        all_count = found > VIOLATION_THAT_PROVES or _all_positive(economy, record)
        if record.alignment["efficient"] is not True:
            return Claim(name, True, "not stated: the outcome is not efficient, or that is unknown")
        detail = "not stated: all weights are positive" if all_count else "not stated, with a weight of zero"
        return Claim(name, all_count, detail)
    if found > VIOLATION_THAT_PROVES or record.weights is None:
        return Claim(name, False, "stated, though no weights support the outcome")
    forced = zero_in_all_supports(economy, record)
    zero = record.weights == 0
    if economy.harm is not None and not (zero & forced).any():
        return Claim(name, None, "not checked: harm ties the weights of producers to those of their victims")
    detail = f"{int(zero.sum())} weights are zero, {int((zero & forced).sum())} of them in all supports"
    return Claim(name, bool((zero & forced).any()), detail)


def zero_in_all_supports(economy: Economy, record: Record) -> NDArray[np.bool_]:
    """Return a mask of agents with a weight of zero in every support of the allocation, (agents,)."""
    economy = economy.concave_form
    x, y = record.consumption, record.production
    there = economy.offered(y)
    none = NEGLIGIBLE_AMOUNT * there / len(economy.agents)
    slopes, costs = economy.marginal_utility(x), economy.marginal_cost(y)
    wants = (economy.bliss > 0).any(axis=1)
    nothing = np.isinf(slopes).any(axis=1) | (wants & ~(x > 0).any(axis=1) & np.isinf(_first(economy)))
    at_a_cost = ~economy.turns_goods_into_goods[:, None]
    can_more = (economy.capacity > 0) & (y < economy.capacity * (1.0 - NEGLIGIBLE_AMOUNT))
    if economy.harm is not None:  # output at no cost to its producer may cost others
        can_more, at_a_cost = np.zeros_like(can_more), np.zeros_like(at_a_cost)
    useless = ((x > none) & (slopes == 0)).any(axis=0)
    free = (
        (there - economy.taken(x, y) > SOLVER_AMOUNT * there)
        | (can_more & (costs == 0)).any(axis=0)
        | useless
    )
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
    """Return the marginal utility of money at an empty bundle and prices of one, (agents,)."""
    return economy.first_worth(np.ones(len(economy.goods)))
