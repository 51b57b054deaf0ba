"""Economies of which it can be shown that no prices clear all markets.

Each function proves one case from the primitives alone and says so in a sentence, or says nothing. Symbols
as in `economy.py`; r (goods,) resources. A good is *wanted without end* by an agent if more of it helps
wherever utility is not stuck at the bottom, and *wanted alone* if more and more of it helps with nothing else
to go with it: then it cannot be free, whatever the agent's income. (With Cobb-Douglas, say, an agent without
income has u = 0 whatever it takes of one free good: it lacks nothing there, and a price of 0 may clear.)

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

import numpy as np
from numpy.typing import NDArray

from market.economy import Economy, Money
from market.interval import TIED, Array

AMOUNTS = (1e-6, 1.0, 1e6)  # of a good, at which it is tried whether more of it helps


def no_equilibrium(economy: Economy) -> str | None:
    """Why no prices can clear all markets, as a sentence without its full stop; None if that is not known."""
    if economy.technologies:
        return None
    return (
        _nobody_has_it(economy)
        or _wanted_without_income(economy)
        or _exceptional(economy)
        or _gains_without_end(economy)
    )


def _nobody_has_it(economy: Economy) -> str | None:
    missing = (economy.resources == 0) & ~(economy.capacity > 0).any(axis=0)
    if not missing.any():
        return None
    able = _can_spend(economy)
    for g in np.flatnonzero(missing):
        cannot_do_without = np.isinf(_slopes_without(economy, int(g))) & able
        if cannot_do_without.any():
            who = economy.agents[int(cannot_do_without.argmax())]
            return (
                f"nobody has or can make {economy.goods[g]}, and {who} would buy some at every price; "
                f"give someone some of it, or take it out of what is wanted"
            )
    return None


def _can_spend(economy: Economy) -> NDArray[np.bool_]:
    """Who has something to spend at all prices of which some are positive, (agents,)."""
    if economy.money is Money.QUASILINEAR:
        return economy.budget > 0
    if economy.money is Money.FISHER:
        return economy.budget > 0
    owned = economy.endowment + economy.commons_share[:, None] * economy.commons
    there = economy.resources > 0
    return np.asarray((owned[:, there] > 0).all(axis=1) & _wanted_alone(economy)[:, there].any())


def _slopes_without(economy: Economy, g: int) -> Array:
    """Marginal utility of a good to those who have plenty of all others and none of it, (agents,)."""
    x = np.tile(np.where(economy.resources > 0, economy.resources, 1.0), (len(economy.agents), 1))
    x[:, g] = 0.0
    slopes = economy.marginal_utility(x)[:, g]
    return np.where(np.isneginf(economy.utility(x)) & (economy.bliss[:, g] > 0), np.inf, slopes)


def _wanted_without_income(economy: Economy) -> str | None:
    if economy.money is not Money.EXCHANGE:
        return None
    owned = economy.endowment + economy.commons_share[:, None] * economy.commons
    poor = np.asarray((owned == 0).all(axis=1))
    wanted = economy.bliss > 0
    if not poor[wanted.any(axis=1)].any():
        return None
    alone = _wanted_alone(economy)
    for g in np.flatnonzero((economy.resources > 0) & wanted.any(axis=0)):
        who = wanted[:, g]
        if poor[who].all() and alone[:, g].any():
            name = economy.agents[int(alone[:, g].argmax())]
            return (
                f"{economy.goods[g]} is wanted only by agents without any income, such as {name}: at a price "
                f"nobody buys it, and free there is no limit to what they want; give them something to sell"
            )
    return None


def _exceptional(economy: Economy) -> str | None:
    if economy.money is not Money.EXCHANGE or (economy.commons > 0).any():
        return None
    wanted, endless = economy.bliss > 0, np.isinf(economy.bliss)
    choosy = wanted[wanted.any(axis=1) & ~wanted.all(axis=1)]  # who wants all goods owns none beside them
    for only in np.unique(np.packbits(choosy, axis=1), axis=0):
        chosen = np.unpackbits(only, count=len(economy.goods)).astype(bool)
        group = wanted.any(axis=1) & ~(wanted & ~chosen).any(axis=1) & (endless | ~wanted).all(axis=1)
        owns = economy.endowment[group].sum(axis=0)
        there = economy.resources[chosen]
        if not group.any() or not ((owns[chosen] >= there) & (there > 0)).all():
            continue
        others = (owns > 0) & ~chosen & endless[~group].any(axis=0)
        if others.any():
            others &= _wanted_alone(economy)[~group].any(axis=0)
        if others.any():
            g = economy.goods[int(others.argmax())]
            names = ", ".join(np.array(economy.goods)[chosen])
            return (
                f"those who want only {names} own all of it and some {g} besides: at a price of {g} they "
                f"want more of {names} than there is, and free there is no limit to what others want of {g}; "
                f"let somebody else own some {names}"
            )
    return None


def _gains_without_end(economy: Economy) -> str | None:
    if economy.money is not Money.QUASILINEAR or not economy.costs:
        return None
    ceiling = _unlimited_costs(economy)
    rich = np.isinf(economy.budget)
    pays = (economy.linear_weights > ceiling * (1.0 + 2.0 * TIED)) & rich[:, None]
    if pays.any():
        i, g = np.argwhere(pays)[0]
        return _without_end(
            economy.agents[i], economy.goods[g], float(economy.linear_weights[i, g]), float(ceiling[g])
        )
    for block in economy.utilities:
        if block.family.proportional:
            own = np.arange(len(economy.agents))[block.rows]
            wanted = block.family.bliss(**block.parameters) > 0
            can = rich[own] & wanted.any(axis=1) & (~wanted | np.isfinite(ceiling)).all(axis=1)
            known = np.where(np.isfinite(ceiling), ceiling, 1.0)
            log_cost, _ = block.family.unit_cost(known, **block.parameters)
            better = np.flatnonzero(can & (log_cost < -2.0 * TIED))
            if len(better):
                names = ", ".join(np.array(economy.goods)[wanted[better[0]]])
                return _without_end(
                    economy.agents[own[better[0]]], names, 1.0, float(np.exp(log_cost[better[0]]))
                )
    return None


def _without_end(agent: str, goods: str, worth: float, cost: float) -> str:
    return (
        f"any amount of {goods} can be made at a cost of {cost:.4g} for what is always worth {worth:.4g} to "
        f"{agent}, so that at any prices somebody would trade more than any amount; give the producer a "
        f"capacity, or {agent} a budget"
    )


def _unlimited_costs(economy: Economy) -> Array:
    """The least constant unit cost at which somebody can make any amount, (goods,); inf if nobody can."""
    least = np.full(len(economy.goods), np.inf)
    for block in economy.costs:
        flat = block.family.indifference_prices(**block.parameters)
        endless = np.isfinite(flat) & np.isinf(block.family.limit(**block.parameters))
        least = np.minimum(least, np.where(endless, flat, np.inf).min(axis=0))
    return least


def _wanted_alone(economy: Economy) -> NDArray[np.bool_]:
    """Who gains from more and more of a good with nothing else to go with it, (agents, goods)."""
    gains = np.isinf(economy.bliss)
    nothing = economy.utility(np.zeros(economy.shape))
    for g in np.flatnonzero(gains.any(axis=0)):
        before, rising = nothing, np.isfinite(nothing)
        for amount in AMOUNTS:
            x = np.zeros(economy.shape)
            x[:, g] = amount
            after = economy.utility(x)
            before, rising = after, rising & (after > before)
        gains[:, g] &= rising
    return gains
