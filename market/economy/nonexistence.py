"""Economies of which it can be shown that no prices clear all markets.

Each function proves one case from the primitives alone and says so in a sentence, or says nothing. All that
it has to know of agents are sums over them and who comes first, so that they may be spread over shards
(`reductions.py`). Symbols as in `primitives.py`; r (goods,) resources. A good is *wanted without end* by an
agent if more of it helps wherever utility is not stuck at the bottom, and *wanted alone* if more and more of
it helps with nothing else to go with it: then it cannot be free, whatever the agent's income. (With
Cobb-Douglas, say, an agent without income has u = 0 whatever it takes of one free good: it lacks nothing
there, and a price of 0 may clear.)

1. *Nobody has it, and somebody cannot do without.* r_g = 0 and nobody can make g, but some agent's marginal
   utility of g at nothing is infinite, so that it buys some at every price at which it has anything to
   spend, and there is no largest bundle at a price of 0. With quasilinear money it always has something to
   spend, with a fixed budget if that is positive, in exchange if it owns some of every good that there is
   and one of these is wanted alone.
2. *Wanted only by those without income.* In exchange: g is there, and all who want it, one of them alone, own
   nothing, have no share in the commons, and no profits. At p_g > 0 nobody buys it and it is left over; at
   p_g = 0 there is no largest bundle.
3. *Arrow's exceptional case.* In exchange: some agents together want only goods of a set S, each of them
   without end, and own all of S, some of each, and some of another good g, which somebody else wants alone.
   At p_g > 0 they spend all their income on S, which is worth more than all of S, so that S is lacking; at
   p_g = 0 there is no largest bundle for whoever wants g.
4. *Gains without end.* With quasilinear money: let c_g be the least constant unit cost of g at which
   somebody can make any amount. At p_g > c_g it would make more than any amount, so p <= c. If somebody whose
   money may go negative without limit values goods linearly, or their best bundle, at more than c, it wants
   more than any amount at all such prices.

Source: Arrow (1951), "An extension of the basic theorems of classical welfare economics", for 3; the others
are own derivations.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import TIED, Array
from market.economy.primitives import Economy, Money
from market.economy.reductions import First, Largest, Reduction, run_locally

AMOUNTS = (1e-6, 1.0, 1e6)  # of a good, at which it is tried whether more of it helps

Bools = NDArray[np.bool_]


def no_equilibrium(economy: Economy) -> str | None:
    """Why no prices can clear all markets, as a sentence without its full stop; None if that is not known."""
    return run_locally(proving(economy))


def proving(economy: Economy) -> Reduction[str | None]:
    """The same, asking for sums over all agents.

    Args:
        economy: a part; the commons are everybody's.

    Returns:
        The same sentence in every part.
    """
    owned, made, costs, technologies = yield (
        economy.owned,
        _can_be_made(economy),
        float(bool(economy.costs)),
        float(bool(economy.technologies)),
    )
    if technologies:
        return None
    resources = economy.commons + owned
    why = yield from _nobody_has_it(economy, resources, made > 0)
    if why is None and economy.money is Money.EXCHANGE:
        why = yield from _wanted_without_income(economy, resources)
    if why is None and economy.money is Money.EXCHANGE and not economy.commons.any():
        why = yield from _exceptional(economy, resources)
    if why is None and economy.money is Money.QUASILINEAR and costs:
        why = yield from _gains_without_end(economy)
    return why


def _pieces(economy: Economy) -> Iterator[Economy]:
    """Its agents in order, so many at a time that what is found out about them takes hardly any memory."""
    if len(economy.pieces) <= 1:
        yield economy
        return
    for rows in economy.pieces:
        yield economy.part(rows.start, rows.stop)


def _counts(rows: Bools) -> Array:
    """How many of the agents, (goods,)."""
    return rows.sum(axis=0, dtype=float)


def _can_be_made(economy: Economy) -> Array:
    """How many agents can make some of each good at a cost in money, (goods,)."""
    able = np.zeros(len(economy.goods))
    for block in economy.costs:
        for piece in block.pieces(len(economy.goods)):
            able += _counts(piece.family.limit(**piece.parameters) > 0)
    return able


# --- 1. nobody has it, and somebody cannot do without ------------------------------------------------


def _nobody_has_it(economy: Economy, resources: Array, made: Bools) -> Reduction[str | None]:
    missing = np.flatnonzero((resources == 0) & ~made).tolist()
    if not missing:
        return None
    if economy.money is Money.EXCHANGE:
        able = yield from _who_wants_alone(economy, np.flatnonzero(resources > 0).tolist())
        if not any(able):
            return None
    (found,) = yield (First([_cannot_do_without(economy, g, resources) for g in missing]),)
    for g, who in zip(missing, found.values, strict=True):
        if who is not None:
            return (
                f"nobody has or can make {economy.goods[g]}, and {who} would buy some at every price; "
                f"give someone some of it, or take it out of what is wanted"
            )
    return None


def _cannot_do_without(economy: Economy, g: int, resources: Array) -> str | None:
    """The first agent that buys some of a good whenever it has something to spend, and always has."""
    there = resources > 0
    for part in _pieces(economy):
        who = np.isinf(_slopes_without(part, g, resources)) & _can_spend(part, there)
        if who.any():
            return part.agents[int(who.argmax())]
    return None


def _can_spend(economy: Economy, there: Bools) -> Bools:
    """Who has something to spend at all prices of which some are positive, (agents,).

    Args:
        economy: the primitives.
        there: (goods,), of which goods there is any; one of them is wanted alone by somebody.
    """
    if economy.money is not Money.EXCHANGE:
        return np.asarray(economy.budget > 0)
    return np.asarray((_owned(economy)[:, there] > 0).all(axis=1))


def _owned(economy: Economy) -> Array:
    """What each agent owns, its share in the commons included, (agents, goods), units."""
    return economy.endowment + economy.commons_share[:, None] * economy.commons


def _slopes_without(economy: Economy, g: int, resources: Array) -> Array:
    """Marginal utility of a good to those who have plenty of all others and none of it, (agents,)."""
    x = np.tile(np.where(resources > 0, resources, 1.0), (len(economy.agents), 1))
    x[:, g] = 0.0
    slopes = economy.concave_form.marginal_utility(x)[:, g]  # x y^2 has none at y = 0, and y is bought
    return np.where(np.isneginf(economy.utility(x)) & (economy.bliss[:, g] > 0), np.inf, slopes)


# --- 2. wanted only by those without income ----------------------------------------------------------


def _wanted_without_income(economy: Economy, resources: Array) -> Reduction[str | None]:
    by_poor, by_others = np.zeros((2, len(economy.goods)))
    for part in _pieces(economy):
        wanted, poor = part.bliss > 0, (_owned(part) == 0).all(axis=1)
        by_poor += _counts(wanted[poor])
        by_others += _counts(wanted[~poor])
    by_poor, by_others = yield by_poor, by_others
    goods = np.flatnonzero((resources > 0) & (by_poor > 0) & (by_others == 0)).tolist()
    if not goods:
        return None
    alone = yield from _who_wants_alone(economy, goods)
    for g, who in zip(goods, alone, strict=True):
        if who is not None:
            return (
                f"{economy.goods[g]} is wanted only by agents without any income, such as {who}: at a price "
                f"nobody buys it, and free there is no limit to what they want; give them something to sell"
            )
    return None


# --- 3. Arrow's exceptional case ---------------------------------------------------------------------


def _exceptional(economy: Economy, resources: Array) -> Reduction[str | None]:
    """Look for a set S and a good g as in the third case.

    S cannot have a good that is owned by somebody who wants nothing, or something with an end, or everything.
    The others are *kept*: who owns some of them wants a few goods, each without end. If S has h it has all
    that owners of h want. So the largest S without g are the goods from which no step from a good to what its
    owners want leads to g or to a good that is not kept, and the smallest S in which somebody has all that it
    wants is what such steps lead to from there.
    """
    others = np.zeros(len(economy.goods))
    for part in _pieces(economy):
        others += _counts(part.endowment[~_choosy(part)] > 0)
    (others,) = yield (others,)
    kept = (resources > 0) & (others == 0)
    if not kept.any():
        return None
    wanted = np.zeros((len(economy.goods), len(economy.goods)))
    for part in _pieces(economy):
        owners = _choosy(part)
        wanted += (part.endowment[owners] > 0).T.astype(float) @ (part.bliss[owners] > 0)
    (wanted,) = yield (wanted,)
    leads = _closure(wanted > 0)
    within = (leads <= kept).all(axis=1)  # to kept goods only
    sets = {g: within & ~leads[:, g] for g in np.flatnonzero(resources > 0).tolist()}
    sets = {g: chosen for g, chosen in sets.items() if chosen.any()}
    if not sets:
        return None
    (found,) = yield (First([_wants_within(economy, g, chosen) for g, chosen in sets.items()]),)
    wants = {g: wanted for g, wanted in zip(sets, found.values, strict=True) if wanted is not None}
    alone = yield from _who_wants_alone(economy, list(wants))
    for (g, own), who in zip(wants.items(), alone, strict=True):
        if who is not None:
            names, good = ", ".join(np.array(economy.goods)[leads[own].any(axis=0)]), economy.goods[g]
            return (
                f"those who want only {names} own all of it and some {good} besides: at a price of {good} "
                f"they want more of {names} than there is, and free there is no limit to what others want of "
                f"{good}; let somebody else own some {names}"
            )
    return None


def _choosy(economy: Economy) -> Bools:
    """Who wants some goods but not all of them, and each without end, (agents,)."""
    wanted = economy.bliss > 0
    endless = np.isinf(economy.bliss) | ~wanted
    return np.asarray(wanted.any(axis=1) & ~wanted.all(axis=1) & endless.all(axis=1))


def _closure(steps: Bools) -> Bools:
    """Where any number of steps leads, none included, (goods, goods)."""
    leads = steps | np.eye(len(steps), dtype=bool)
    while True:
        further = (leads.astype(float) @ leads) > 0
        if (further == leads).all():
            return leads
        leads = further


def _wants_within(economy: Economy, g: int, chosen: Bools) -> list[int] | None:
    """What the first agent wants that owns some of a good and wants only chosen ones, as column numbers."""
    for part in _pieces(economy):
        wanted = part.bliss > 0
        who = _choosy(part) & (part.endowment[:, g] > 0) & ~wanted[:, ~chosen].any(axis=1)
        if who.any():
            return [int(each) for each in np.flatnonzero(wanted[who.argmax()])]
    return None


# --- 4. gains without end ----------------------------------------------------------------------------


def _gains_without_end(economy: Economy) -> Reduction[str | None]:
    (costs,) = yield (Largest(-_unlimited_costs(economy)),)
    ceiling = -np.asarray(costs.value)
    if not np.isfinite(ceiling).any():
        return None
    (found,) = yield (First([_pays_more(economy, ceiling), _bundle_pays_more(economy, ceiling)]),)
    for each in found.values:
        if each is not None:
            agent, names, worth, cost = each
            return (
                f"any amount of {names} can be made at a cost of {cost:.4g} for what is always worth "
                f"{worth:.4g} to {agent}, so that at any prices somebody would trade more than any amount; "
                f"give the producer a capacity, or {agent} a budget"
            )
    return None


def _pays_more(economy: Economy, ceiling: Array) -> tuple[str, str, float, float] | None:
    """Agent and good, its worth and cost, of the first that values a good linearly at more than it costs."""
    for part in _pieces(economy):
        pays = (part.linear_weights > ceiling * (1.0 + 2.0 * TIED)) & np.isinf(part.budget)[:, None]
        if pays.any():
            i, g = np.argwhere(pays)[0]
            return part.agents[i], part.goods[g], float(part.linear_weights[i, g]), float(ceiling[g])
    return None


def _bundle_pays_more(economy: Economy, ceiling: Array) -> tuple[str, str, float, float] | None:
    """The same of the first whose best bundle is worth more than it costs."""
    known = np.where(np.isfinite(ceiling), ceiling, 1.0)
    for part in _pieces(economy):
        log_cost = np.full(len(part.agents), np.inf)
        for block in part.utilities:
            if block.family.proportional:
                wanted = block.family.bliss(**block.parameters) > 0
                can = wanted.any(axis=1) & (~wanted | np.isfinite(ceiling)).all(axis=1)
                cost, _ = block.family.unit_cost(known, **block.parameters)
                log_cost[block.rows] = np.where(can, cost, np.inf)
        better = np.isinf(part.budget) & (log_cost < -2.0 * TIED)
        if better.any():
            i = int(better.argmax())
            names = ", ".join(np.array(part.goods)[part.bliss[i] > 0])
            return part.agents[i], names, 1.0, float(np.exp(log_cost[i]))
    return None


def _unlimited_costs(economy: Economy) -> Array:
    """The least constant unit cost at which somebody can make any amount, (goods,); inf if nobody can."""
    least = np.full(len(economy.goods), np.inf)
    for block in economy.costs:
        for piece in block.pieces(len(economy.goods)):
            flat = piece.family.indifference_prices(**piece.parameters)
            endless = np.isfinite(flat) & np.isinf(piece.family.limit(**piece.parameters))
            least = np.minimum(least, np.where(endless, flat, np.inf).min(axis=0))
    return least


# --- wanted alone ------------------------------------------------------------------------------------


def _who_wants_alone(economy: Economy, goods: Sequence[int]) -> Reduction[list[str | None]]:
    """Of each of these goods the first agent who wants it alone; None if nobody does."""
    (found,) = yield (First([_first_who_wants_alone(economy, g) for g in goods]),)
    return list(found.values)


def _first_who_wants_alone(economy: Economy, g: int) -> str | None:
    """The first agent who gains from more and more of a good with nothing else to go with it."""
    for part in _pieces(economy):
        gains = np.isinf(part.bliss[:, g])
        if not gains.any():
            continue
        x = np.zeros(part.shape)
        before = part.utility(x)
        gains &= np.isfinite(before)
        for amount in AMOUNTS:
            x[:, g] = amount
            after = part.utility(x)
            before, gains = after, gains & (after > before)
        if gains.any():
            return part.agents[int(gains.argmax())]
    return None
