"""What agents can have at prices that do not clear: the short side decides, nobody spends what it lacks.

Symbols: p prices; e endowment, q commons; B what is bought, S what is sold of endowments, Y netputs or
outputs, (agents, goods) each, so that consumption is e + B - S. Good by good the long side is cut in
proportion:

    B_g -> B_g min(1, offered / wanted),    S_g, Y_g, q_g -> their share min(1, wanted / offered),

a technology being cut as a whole, by the good that it lacks most or sells least of. What was not sold brought
no income, so whoever cannot pay for what it was to get is cut too,

    B_i -> B_i min(1, (p.S_i + profits + share of the commons sold + budget) / p.B_i),

and then others sell less, and so on: amounts only fall, until all of this holds together. Under
`exchange` money has no other use. Nobody can be left with unspent income unless another has spent more than
it earned, so whoever is not served sells less as well. Owners keep what they do not sell.

Source: proportional rationing as in Benassy (1975), "Neo-Keynesian disequilibrium theory in a monetary
economy"; the passing on through incomes is our own derivation.

Agents of a part of an economy are rationed by the same steps; what is needed of all together, sums over
agents, is asked for (`reductions.py`).
"""

from __future__ import annotations

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.economy.reductions import Reduction, run_locally

ENDLESS = 1e12  # times all that is offered: stands for demand without bound
EXACT = 1e-13  # of trade: differences up to here are rounding
VANISHED = 1e-9  # of what the short side allows at first: trade that has shrunk so far shrinks to nothing
ROUNDS = 5000  # of passing on; where incomes do not balance after that there is no trade


def ration(economy: Economy, x: Array, y: Array, p: Array) -> tuple[Array, Array]:
    """Consumption and production that can be had and paid for, (agents, goods) each.

    Args:
        economy: the primitives.
        x: (agents, goods), what everyone wants to consume; may be inf.
        y: (agents, goods), what everyone wants to make, finite.
        p: (goods,), prices.
    """
    return run_locally(rationing(economy, x, y, p))


def rationing(economy: Economy, x: Array, y: Array, p: Array) -> Reduction[tuple[Array, Array]]:
    """The same of a part of an economy, asking for sums over all its agents."""
    bought, sold = np.maximum(x - economy.endowment, 0.0), np.maximum(economy.endowment - x, 0.0)
    finite = np.where(np.isfinite(bought), bought, 0.0)
    for_sale, made, asked = yield sold.sum(axis=0), np.maximum(y, 0.0).sum(axis=0), finite.sum(axis=0)
    there = economy.commons + for_sale + made
    most = ENDLESS * np.maximum(there, asked)
    bought, commons = np.minimum(bought, np.where(most > 0, most, ENDLESS)), economy.commons
    moved = True
    for played in range(ROUNDS + 1):
        asked, used, for_sale, produced, anywhere = yield (
            bought.sum(axis=0),
            np.maximum(-y, 0.0).sum(axis=0),
            sold.sum(axis=0),
            np.maximum(y, 0.0).sum(axis=0),
            float(moved),
        )
        if not anywhere or played == ROUNDS:
            break
        before = bought, sold, y, commons
        wanted, offered = asked + used, commons + for_sale + produced
        bought, sold, y, commons = _short_side(economy, *before, wanted, offered)
        if played == 0:
            at_first = bought
        bought, sold = _within_income(economy, p, bought, sold, y, commons)
        pairs = zip(before, (bought, sold, y, commons), strict=True)
        moved = not all((np.abs(old - new) <= EXACT * np.abs(old)).all() for old, new in pairs)
    if anywhere:
        at_first = np.full_like(bought, np.inf)  # so that nothing counts as traded
    (traded,) = yield (float((bought > VANISHED * at_first).any()),)
    if not traded:
        bought, sold, y = np.zeros_like(bought), np.zeros_like(sold), np.zeros_like(y)
    return economy.endowment + bought - sold, y


def _short_side(
    economy: Economy, bought: Array, sold: Array, y: Array, commons: Array, wanted: Array, offered: Array
) -> tuple[Array, Array, Array, Array]:
    """Cut the long side of each good; amounts of goods that balance stay exactly as they are."""
    served = np.divide(offered, wanted, out=np.ones_like(wanted), where=wanted > offered * (1.0 + EXACT))
    taken = np.divide(wanted, offered, out=np.ones_like(wanted), where=offered > wanted * (1.0 + EXACT))
    cut = np.where(y > 0, taken, np.where(y < 0, served, 1.0))
    whole = cut.min(axis=1, keepdims=True)
    made = y * np.where(economy.turns_goods_into_goods[:, None], whole, cut)
    return bought * served, sold * taken, made, commons * taken


def _within_income(
    economy: Economy, p: Array, bought: Array, sold: Array, y: Array, commons: Array
) -> tuple[Array, Array]:
    """Cut what cannot be paid for; under `exchange` also what is sold for money that cannot be spent."""
    spent, earned, other = bought @ p, sold @ p, _other_income(economy, p, y, commons)
    income = earned + other
    affords = np.divide(np.maximum(income, 0.0), spent, out=np.ones_like(spent), where=spent > income)
    bought = bought * affords[:, None]
    if economy.money is Money.EXCHANGE:
        needs = np.maximum(spent * affords - other, 0.0)
        idle = (earned > needs) & (earned > 0)
        share = np.divide(needs, earned, out=np.ones_like(earned), where=idle)
        sold = np.where(p > 0, sold * share[:, None], sold)
    return bought, sold


def _other_income(economy: Economy, p: Array, y: Array, commons: Array) -> Array:
    """What agents can spend beside what their own endowment sells for, (agents,); inf without a limit."""
    if economy.money is Money.EXCHANGE:
        return economy.dividends(y @ p) + economy.commons_share * float(commons @ p)
    if economy.money is Money.FISHER:
        return economy.budget
    limited = np.isfinite(economy.budget)
    return np.where(limited, economy.budget + y @ p - economy.cost(y), np.inf)
