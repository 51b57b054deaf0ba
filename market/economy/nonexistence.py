"""Proofs that no prices clear all markets of an economy.

Each function proves one case from the primitives alone and states it in a sentence, or returns None. It needs
only sums over agents and the first agent of a kind, so that agents may be spread over shards
(`reductions.py`). Symbols as in `primitives.py`; r (goods,) resources.

A good is *insatiably wanted* by an agent if more of it raises utility at every bundle whose utility is above
the lowest. It is *wanted alone* if more of it raises utility with no other good consumed: then it cannot be
free, whatever the agent's income. (With Cobb-Douglas utility an agent without income has u = 0 whatever it
takes of one free good: more of it is of no use, and a price of 0 may clear.)

1. *A missing good that an agent always buys.* r_g = 0 and no agent can make g, but some agent's marginal
   utility of g at 0 is infinite, so that it buys some at every price at which it has anything to spend, and
   demand is unbounded at a price of 0. With quasilinear money it always has something to spend, with a fixed
   budget if that is positive, in exchange if it owns some of every good with r > 0 and one of these is wanted
   alone.
2. *A good wanted only by agents without income.* In exchange: r_g > 0, and all agents who want g, one of them
   alone, have no endowment, no share in the commons, and no profits. At p_g > 0 no agent buys it and it is
   left over; at p_g = 0 demand is unbounded.
3. *Arrow's exceptional case.* In exchange: some agents together insatiably want goods of a set S and no
   others, and own all of S, some of each, and some of another good g, which another agent wants alone. At
   p_g > 0 they spend all their income on S, which is worth more than all of S, so that there is excess demand
   for S; at p_g = 0 demand for g is unbounded.
4. *Unbounded gains from trade.* With quasilinear money: let c_g be the least constant unit cost of g at which
   some agent can make any amount. At p_g > c_g its supply is unbounded, so p <= c. If an agent whose money
   may go negative without limit values goods linearly, or its best bundle, at more than c, its demand is
   unbounded at all such prices.
5. *A satiated owner.* In exchange: an agent, or all satiable agents together, want every good only up to some
   amount (0 if not wanted), own at least these amounts of all goods, and more of some good g, which another
   agent wants alone. At p_g > 0 their income exceeds what they spend, since agents demand no more than they
   want. As no agent spends more than its income, demand is worth less than resources, and a good with a
   positive price is left over; at p_g = 0 demand for g is unbounded. In the place of an agent that wants g
   alone one will do that owns some of every good with r > 0, wants no other goods, has u > -inf at what it
   owns, and gains from any more of g: it has an income, or all goods are free.

Source: Arrow (1951), "An extension of the basic theorems of classical welfare economics", for 3; the others
are own derivations.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.families.costs import Cost
from market.economy.primitives import Block, Economy, Money
from market.economy.reductions import First, Largest, Reduction, run_locally
from market.errors import UnboundedDemandError
from market.tolerances import TIED, UNBOUNDED

AMOUNTS = (1e-6, 1.0, 1e6)  # units of a good at which utility is tested for a rise

Bools = NDArray[np.bool_]


def no_equilibrium(economy: Economy) -> str | None:
    """Return why no prices can clear all markets, a sentence without full stop; None if that is not known."""
    return run_locally(prove_nonexistence(economy))


def prove_nonexistence(economy: Economy) -> Reduction[str | None]:
    """Look for a proof, asking for sums over all agents.

    Args:
        economy: a part, with the commons of the whole economy.

    Returns:
        One sentence in all parts, without full stop; None if no case applies.
    """
    owned, made, costs, technologies = yield (
        economy.owned,
        _count_producers(economy),
        float(bool(economy.costs)),
        float(bool(economy.technologies)),
    )
    if technologies:
        return None
    resources = economy.commons + owned
    why = yield from _missing(economy, resources, made > 0)
    if why is None and economy.money is Money.EXCHANGE:
        why = yield from _wanted_without_income(economy, resources)
    if why is None and economy.money is Money.EXCHANGE and not economy.commons.any():
        why = yield from _exceptional(economy, resources)
    if why is None and economy.money is Money.EXCHANGE:
        why = yield from _satiated(economy, resources)
    if why is None and economy.money is Money.QUASILINEAR and costs:
        why = yield from _unbounded_gains(economy)
    return why


# --- agents, some at a time: intermediate results of many goods take hardly any memory ----------------


def _parts(economy: Economy) -> Iterator[Economy]:
    if len(economy.pieces) <= 1:
        yield economy
        return
    for rows in economy.pieces:
        yield economy.part(rows.start, rows.stop)


def _first(economy: Economy, chosen: Callable[..., Bools], *given: Any) -> tuple[Economy, int] | None:
    """Return the part and the row in it of the first agent with `chosen(part, *given)`, or None."""
    for part in _parts(economy):
        found = chosen(part, *given)
        if found.any():
            return part, int(found.argmax())
    return None


def _first_name(economy: Economy, chosen: Callable[..., Bools], *given: Any) -> str | None:
    found = _first(economy, chosen, *given)
    return None if found is None else found[0].agents[found[1]]


def _count(economy: Economy, marked: Callable[[Economy], Bools]) -> Array:
    """Return the sum over parts of the number of marked rows, (goods,); `marked` gives (rows, goods)."""
    return _total(economy, (marked(part) for part in _parts(economy)))


def _total(economy: Economy, masks: Iterator[Bools]) -> Array:
    return sum((mask.sum(axis=0, dtype=float) for mask in masks), start=np.zeros(len(economy.goods)))


def _cost_pieces(economy: Economy) -> Iterator[tuple[Block[Cost], Array]]:
    """Yield producers at a cost, some at a time, with the most that they can make, (agents, goods)."""
    for block in economy.costs:
        for piece in block.pieces(len(economy.goods)):
            yield piece, piece.family.limit(**piece.parameters)


def _count_producers(economy: Economy) -> Array:
    """Return the number of agents that can make some of each good at a cost in money, (goods,)."""
    return _total(economy, (limit > 0 for _, limit in _cost_pieces(economy)))


# --- 1. a missing good that an agent always buys ------------------------------------------------------


def _missing(economy: Economy, resources: Array, made: Bools) -> Reduction[str | None]:
    missing = np.flatnonzero((resources == 0) & ~made).tolist()
    if not missing:
        return None
    if economy.money is Money.EXCHANGE:
        able = yield from _want_alone(economy, np.flatnonzero(resources > 0).tolist())
        if not any(able):
            return None
    (found,) = yield (First([_first_name(economy, _always_buys, g, resources) for g in missing]),)
    for g, who in zip(missing, found.values, strict=True):
        if who is not None:
            return (
                f"no agent has or can make {economy.goods[g]}, and {who} would buy some at every price; "
                f"endow an agent with it, or take it out of the utilities"
            )
    return None


def _always_buys(economy: Economy, g: int, resources: Array) -> Bools:
    """Return a mask, (agents,), of agents that buy a good at all prices of which some are positive.

    Args:
        economy: the primitives.
        g: the good, of which there is none.
        resources: (goods,), of the whole economy; in exchange some good of them is wanted alone.
    """
    x = np.tile(np.where(resources > 0, resources, 1.0), (len(economy.agents), 1))
    x[:, g] = 0.0
    slopes = economy.concave_form.marginal_utility(x)[:, g]  # x y^2 has none at y = 0, and y is bought
    needed = np.isinf(slopes) | (np.isneginf(economy.utility(x)) & (economy.bliss[:, g] > 0))
    if economy.money is Money.EXCHANGE:
        return np.asarray(needed & (_owned(economy)[:, resources > 0] > 0).all(axis=1))
    return np.asarray(needed & (economy.budget > 0))


def _owned(economy: Economy) -> Array:
    """Return what each agent owns, its share in the commons included, (agents, goods), units."""
    return economy.endowment + economy.commons_share[:, None] * economy.commons


# --- 2. a good wanted only by agents without income ---------------------------------------------------


def _wanted_without_income(economy: Economy, resources: Array) -> Reduction[str | None]:
    def without_income(part: Economy) -> Bools:
        return np.asarray((_owned(part) == 0).all(axis=1))

    by_poor, by_others = yield (
        _count(economy, lambda part: part.bliss[without_income(part)] > 0),
        _count(economy, lambda part: part.bliss[~without_income(part)] > 0),
    )
    goods = np.flatnonzero((resources > 0) & (by_poor > 0) & (by_others == 0)).tolist()
    if not goods:
        return None
    alone = yield from _want_alone(economy, goods)
    for g, who in zip(goods, alone, strict=True):
        if who is not None:
            return (
                f"{economy.goods[g]} is wanted only by agents without any income, such as {who}: if it has a "
                f"positive price, no agent buys it; if its price is zero, demand is unbounded; endow them "
                f"with something to sell"
            )
    return None


# --- 3. Arrow's exceptional case ----------------------------------------------------------------------


def _exceptional(economy: Economy, resources: Array) -> Reduction[str | None]:
    """Look for a set S and a good g as in the third case.

    No good of S is owned by an agent who wants nothing, or everything, or a good only up to some amount. The
    other goods are *kept*: each of their owners insatiably wants some goods and does not want the others. If
    h is in S, so is all that owners of h want. So the largest S without g are the goods from which no chain
    of steps, from a good to what its owners want, leads to g or to a good that is not kept; and the smallest
    S that holds all that some agent wants is what such steps lead to from there.
    """
    (others,) = yield (_count(economy, lambda part: part.endowment[~_wants_some_insatiably(part)] > 0),)
    kept = (resources > 0) & (others == 0)
    if not kept.any():
        return None
    wanted = np.zeros((len(economy.goods), len(economy.goods)))
    for part in _parts(economy):
        owners = _wants_some_insatiably(part)
        wanted += (part.endowment[owners] > 0).T.astype(float) @ (part.bliss[owners] > 0)
    (wanted,) = yield (wanted,)
    leads = _transitive_closure(wanted > 0)
    within = (leads <= kept).all(axis=1)  # to kept goods only
    sets = {g: within & ~leads[:, g] for g in np.flatnonzero(resources > 0).tolist()}
    sets = {g: chosen for g, chosen in sets.items() if chosen.any()}
    if not sets:
        return None
    (found,) = yield (First([_wants_of_owner(economy, g, chosen) for g, chosen in sets.items()]),)
    wants = {g: wanted for g, wanted in zip(sets, found.values, strict=True) if wanted is not None}
    alone = yield from _want_alone(economy, list(wants))
    for (g, own), who in zip(wants.items(), alone, strict=True):
        if who is not None:
            names, good = ", ".join(np.array(economy.goods)[leads[own].any(axis=0)]), economy.goods[g]
            return (
                f"the agents who want only {names} own all of it and some {good} besides: if {good} has "
                f"a positive price, they demand more {names} than there is; if its price is zero, the demand "
                f"of others for {good} is unbounded; let another agent own some {names}"
            )
    return None


def _wants_some_insatiably(economy: Economy) -> Bools:
    """Return a mask, (agents,), of agents that want some goods, these insatiably, but not all goods."""
    wanted = economy.bliss > 0
    insatiable = np.isinf(economy.bliss) | ~wanted
    return np.asarray(wanted.any(axis=1) & ~wanted.all(axis=1) & insatiable.all(axis=1))


def _transitive_closure(steps: Bools) -> Bools:
    """Return where any number of steps leads, 0 included, (goods, goods)."""
    leads = steps | np.eye(len(steps), dtype=bool)
    while True:
        further = (leads.astype(float) @ leads) > 0
        if (further == leads).all():
            return leads
        leads = further


def _wants_of_owner(economy: Economy, g: int, chosen: Bools) -> list[int] | None:
    """Return the goods wanted by the first agent that owns some of good g and wants only chosen goods."""

    def is_owner(part: Economy) -> Bools:
        wants_other = (part.bliss[:, ~chosen] > 0).any(axis=1)
        return np.asarray(_wants_some_insatiably(part) & (part.endowment[:, g] > 0) & ~wants_other)

    found = _first(economy, is_owner)
    return None if found is None else np.flatnonzero(found[0].bliss[found[1]] > 0).tolist()


# --- 4. unbounded gains from trade --------------------------------------------------------------------


def _unbounded_gains(economy: Economy) -> Reduction[str | None]:
    (costs,) = yield (Largest(-_unlimited_costs(economy)),)
    ceiling = -np.asarray(costs.value)
    if not np.isfinite(ceiling).any():
        return None
    (found,) = yield (First([_values_above_cost(economy, ceiling), _values_bundle(economy, ceiling)]),)
    for each in found.values:
        if each is not None:
            agent, names, worth, cost = each
            return (
                f"any amount of {names} can be made at a cost of {cost:.4g} for what is always worth "
                f"{worth:.4g} to {agent}, so that at any prices demand or supply is unbounded; "
                f"give the producer a capacity, or {agent} a budget"
            )
    return None


def _values_above_cost(economy: Economy, ceiling: Array) -> tuple[str, str, float, float] | None:
    """Return agent, good, worth and cost of the first agent whose linear weight exceeds the unit cost."""

    def gains(part: Economy) -> Bools:
        above = part.linear_weights > ceiling * (1.0 + 2.0 * TIED)
        return np.asarray(above & np.isinf(part.budget)[:, None])

    found = _first(economy, lambda part: np.asarray(gains(part).any(axis=1)))
    if found is None:
        return None
    part, i = found
    g = int(gains(part)[i].argmax())
    return part.agents[i], part.goods[g], float(part.linear_weights[i, g]), float(ceiling[g])


def _values_bundle(economy: Economy, ceiling: Array) -> tuple[str, str, float, float] | None:
    """Return agent, goods, worth and cost of the first agent whose best bundle exceeds its cost."""
    known = np.where(np.isfinite(ceiling), ceiling, 1.0)

    def log_cost(part: Economy) -> Array:
        found = np.full(len(part.agents), np.inf)
        for block in part.utilities:
            if block.family.proportional:
                wanted = block.family.bliss(**block.parameters) > 0
                can = wanted.any(axis=1) & (~wanted | np.isfinite(ceiling)).all(axis=1)
                cost, _ = block.family.unit_cost(known, **block.parameters)
                found[block.rows] = np.where(can, cost, np.inf)
        return found

    found = _first(economy, lambda part: np.asarray(np.isinf(part.budget) & (log_cost(part) < -2.0 * TIED)))
    if found is None:
        return None
    part, i = found
    names = ", ".join(np.array(part.goods)[part.bliss[i] > 0])
    return part.agents[i], names, 1.0, float(np.exp(log_cost(part)[i]))


def _unlimited_costs(economy: Economy) -> Array:
    """Return the least constant unit cost of unlimited producers, (goods,); inf where there is none."""
    least = np.full(len(economy.goods), np.inf)
    for piece, _ in _cost_pieces(economy):
        flat, limit = piece.family.constant_steps(**piece.parameters)
        unlimited = np.isfinite(flat) & np.isinf(limit)
        least = np.minimum(least, np.where(unlimited, flat, np.inf).min(axis=(0, 2)))
    return least


# --- satiation as a cause that is not proved ---------------------------------------------------------


def satiable_owner(economy: Economy) -> str | None:
    """Return the first agent that has an income in exchange and wants no good without limit; None if none."""
    if economy.money is not Money.EXCHANGE:
        return None
    has_income = (_owned(economy) > 0).any(axis=1) | _earns_profits(economy)
    return _name_first(economy, _is_satiable(economy) & has_income)


def satiated_at(economy: Economy, p: Array) -> str | None:
    """Return the first agent whose income in exchange at prices `p` exceeds the cost of all that it wants."""
    if economy.money is not Money.EXCHANGE:
        return None
    try:
        income = economy.spending_power(p, economy.supply(p))
    except UnboundedDemandError:
        return None
    cost = np.where(np.isfinite(economy.bliss), economy.bliss, 0.0) @ p
    unspent = (income > cost * (1.0 + TIED)) & (income < UNBOUNDED)
    return _name_first(economy, _is_satiable(economy) & unspent)


def _name_first(economy: Economy, chosen: Bools) -> str | None:
    return economy.agents[int(chosen.argmax())] if chosen.any() else None


def _earns_profits(economy: Economy) -> Bools:
    """Return a mask, (agents,), of owners of producers whose returns decrease, so that they have a profit."""
    decreasing = np.zeros(len(economy.agents), dtype=bool)
    for block in economy.technologies:
        ratios = block.family.cost_ratio(np.ones(len(economy.goods)), **block.parameters)
        decreasing[block.rows] = np.isnan(ratios)
    return np.asarray(economy.dividends(decreasing.astype(float)) > 0)


# --- 5. a satiated owner ------------------------------------------------------------------------------


def _satiated(economy: Economy, resources: Array) -> Reduction[str | None]:
    (alone,) = yield (First([_first_satiated(economy)]),)
    spare = np.zeros(len(economy.goods))
    for part in _parts(economy):
        satiable = _is_satiable(part)
        spare += (_owned(part)[satiable] - part.bliss[satiable]).sum(axis=0)
    (spare,) = yield (spare,)
    [one] = alone.values
    if one is not None:
        who, goods = one
    elif (spare >= 0).all() and (spare > 0).any():
        who, goods = None, np.flatnonzero(spare > 0).tolist()
    else:
        return None
    wanting = yield from _want_alone(economy, goods)
    (able,) = yield (First([_first_name(economy, _wants_with_income, g, resources) for g in goods]),)
    for g, other in zip(goods, (a or b for a, b in zip(wanting, able.values, strict=True)), strict=True):
        if other is not None:
            good = economy.goods[g]
            own = (
                "the agents who want no good without limit own as much of every good as they want"
                if who is None
                else f"{who} owns as much of every good as it wants"
            )
            return (
                f"{own}, and more of {good}: at a positive price of {good} income is left unspent, so that "
                f"the supply of some good with a price exceeds demand, and at a price of 0 the demand of "
                f"{other} for {good} is unbounded; endow others with it"
            )
    return None


def _is_satiable(economy: Economy) -> Bools:
    """Return a mask, (agents,), of agents who want no good beyond some amount."""
    return np.asarray(np.isfinite(economy.bliss).all(axis=1))


def _first_satiated(economy: Economy) -> tuple[str, list[int]] | None:
    """Return the first agent that owns all that it wants and more, and the goods of which it has more."""

    def is_satiated(part: Economy) -> Bools:
        spare = _owned(part) - part.bliss
        return _is_satiable(part) & (spare >= 0).all(axis=1) & (spare > 0).any(axis=1)

    found = _first(economy, is_satiated)
    if found is None:
        return None
    part, i = found
    return part.agents[i], np.flatnonzero(_owned(part)[i] > part.bliss[i]).tolist()


def _wants_with_income(economy: Economy, g: int, resources: Array) -> Bools:
    """Return a mask, (agents,), of agents with a demand for good g that is unbounded wherever it is free."""
    owned = _owned(economy)
    there = resources > 0
    gains = np.isinf(economy.bliss[:, g]) & (owned[:, there] > 0).all(axis=1)
    gains &= (economy.bliss[:, ~there] == 0).all(axis=1)
    return gains & _gains_from_more(economy, g, owned) if gains.any() else np.asarray(gains)


def _gains_from_more(economy: Economy, g: int, x: Array) -> Bools:
    """Return a mask, (agents,), of agents that gain from more and more of a good besides a bundle."""
    before = economy.utility(x)
    gains = np.isfinite(before)
    for amount in AMOUNTS:
        more = x.copy()
        more[:, g] += amount
        after = economy.utility(more)
        before, gains = after, gains & (after > before)
    return gains


# --- wanted alone -------------------------------------------------------------------------------------


def _want_alone(economy: Economy, goods: Sequence[int]) -> Reduction[list[str | None]]:
    """Return for each of these goods the first agent that wants it alone; None if there is none."""
    (found,) = yield (First([_first_name(economy, _wants_alone, g) for g in goods]),)
    return list(found.values)


def _wants_alone(economy: Economy, g: int) -> Bools:
    """Return a mask, (agents,), of agents that gain from more and more of a good with no other consumed."""
    gains = np.isinf(economy.bliss[:, g])
    return gains & _gains_from_more(economy, g, np.zeros(economy.shape)) if gains.any() else np.asarray(gains)
