"""Supply and demand for one good: the equilibrium, consumer and producer surplus, deadweight losses.

Demand and supply are computed at each price of the good; the prices of other goods are those at which the
market ended. Correspondences, as the supply of a producer at its constant unit cost, are horizontal pieces.
With quasilinear utility and no budgets there are no income effects, so that the area between demand and the
price is consumer surplus, and the area between the price and supply is producer surplus, and the value at
this price of the common stock (revenue) and of endowments. With D and S the inverse demand and supply,

    consumer surplus = int_0^q D - p = sum_i u_i(x_i) - u_i(0) - p x_i,
    producer surplus = int_0^q p - S = sum_i p y_i - C_i(y_i)           (S counts what there is as free).

The first is unbounded where the first unit is worth infinitely much, as with log utility. A mechanism by
which another amount q' is consumed loses `int_q'^q D - S`, the deadweight loss, if it divides q' efficiently;
what it loses by dividing it otherwise is no area between these curves, and is only named. Where production
harms others the optimum is where demand meets social cost, and losses are areas between these two
(`social_cost.py`): the market itself loses one.

Source: Mas-Colell, Whinston and Green (1995), sections 10.C to 10.E.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from matplotlib.colors import to_rgba

from market.economy.correspondences import Array
from market.economy.primitives import Answers, Economy, Money
from market.errors import InputError, UnboundedDemandError, did_you_mean
from market.outcome import Outcome, Status
from market.plots.memory import Memory
from market.plots.phase import rounded_up
from market.plots.social_cost import external_cost
from market.plots.style import COLOURS, DASHES, GUIDE, number, plain, styled, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from market.results.comparison import Comparison

STEPS = 160  # prices at which demand and supply are computed
MUCH = 2.0  # times the price, and times the amount traded: the limits of the axes
LOWEST_PRICE = 1e-3  # of the highest price shown: the lowest price at which demand is computed
EQUAL_AMOUNTS = 1e-6  # relative: amounts closer than this are one
WHOLE_LOSS = 0.01  # relative: an area that is so near to the deadweight loss is all of it
FAR = 1e3  # times the largest amount asked for: supply beyond it counts as so much
SOCIAL = "social cost: supply and harm"
NARROW = 30  # characters of a line of the legend's first column
HATCHES = ("xx", "..", "\\\\\\", "++")


class Curve(NamedTuple):
    """Amounts demanded or supplied at prices: as the price rises, both ends of each answer.

    Args:
        amounts: (points,), units; may be infinite.
        prices: (points,), ascending.
    """

    amounts: Array
    prices: Array


def has_one_price(comparison: Comparison) -> bool:
    """Return True if there is one good, and its price was announced, one for buyers and sellers."""
    economy = comparison.economy
    one = len(economy.goods) == 1 and not economy.public_goods and economy.money is not Money.EXCHANGE
    priced = [each for each in comparison.outcomes.values() if each.kind == "auctioneer"]
    return one and len(comparison.rounds) > 0 and any(each.intervention is None for each in priced)


@styled
def supply_and_demand(comparison: Comparison, ax: Axes, good: str | None = None) -> Axes:
    """Draw demand for one good and its supply, the equilibrium, consumer surplus and producer surplus.

    Areas are shaded where they are money and the market clears.

    Args:
        comparison: the result of `market.compare`; some mechanism has prices.
        ax: to draw on.
        good: which one; the only one if not named.

    Returns:
        The same axes.

    Raises:
        InputError: no mechanism has prices, no good of that name, or none is named and there are several.
    """
    economy = comparison.economy
    g = _the_good(economy, good)
    outcome = _with_prices(comparison)
    assert outcome.prices is not None
    p = float(outcome.prices[g])
    top = highest_price(economy, g, p, _harm_at(economy, g, outcome))
    demand, supply = curves_of(economy, g, outcome.prices, top)
    traded = traded_of(outcome, g)
    right = widest_amount(economy, g, traded)
    cleared = outcome.status is Status.CLEARED and outcome.intervention is None
    social = None if economy.harm is None else _social(economy, g, outcome.prices, supply, right)
    if cleared and areas_are_money(economy) and p > 0:
        _shade(outcome, g, demand, supply, ax)
        if len(economy.goods) == 1:
            best = traded if social is None else _crossing(demand, social, right)
            _deadweight_losses(comparison, best, demand, social or supply, ax)
    if social is not None:
        ax.plot(
            social.amounts, social.prices, color=COLOURS[2], linestyle=DASHES[2], label=SOCIAL, zorder=2.5
        )
    for curve, colour, dashes, label in (
        (demand, COLOURS[0], DASHES[0], "demand"),
        (supply, COLOURS[1], DASHES[1], "supply"),
    ):
        shown = np.minimum(curve.amounts, 10.0 * right)
        ax.plot(shown, curve.prices, color=colour, linestyle=dashes, label=label, zorder=2.5)
    name = "equilibrium" if cleared else "not an equilibrium"
    name = name if outcome.intervention is None else "price of sellers"
    label = f"{name}: p = {number(p)}, q = {number(traded)}"
    ax.axhline(p, **GUIDE)
    ax.plot([traded], [p], "o", color="black", clip_on=False, zorder=4, label=label)
    ax.set_xlim(0.0, right)
    ax.set_ylim(0.0, top)
    ax.set_xlabel(f"{plain(economy.goods[g])} (units)")
    ax.set_ylabel(f"price of a unit ({_unit(economy)})")
    ax.set_title(
        "Supply and demand" if len(economy.goods) == 1 else f"Supply and demand: {plain(economy.goods[g])}"
    )
    order = [*ax.collections, *ax.get_lines()]  # areas in the first column
    named = [each for each in order if not str(each.get_label()).startswith("_")]
    ax.legend(
        handles=named, loc="upper center", bbox_to_anchor=(0.45, 0.0), borderaxespad=4.4, ncols=2,
        columnspacing=0.6, handlelength=1.2, handletextpad=0.4, labelspacing=0.3, fontsize=8.0,
    )  # fmt: skip
    return ax


def _the_good(economy: Economy, good: str | None) -> int:
    if good is None:
        if len(economy.goods) > 1:
            raise InputError(
                f"supply and demand is drawn for one good; name one of {', '.join(economy.goods)}"
            )
        good = economy.goods[0]
    if good not in economy.goods:
        raise InputError(f"no good '{good}'; {did_you_mean(good, economy.goods)}")
    if economy.goods.index(good) == economy.numeraire:
        raise InputError(f"'{good}' is the unit of account: its price does not move")
    return economy.goods.index(good)


def _with_prices(comparison: Comparison) -> Outcome:
    """Return the first outcome of an auctioneer that cleared at one price, else of any auctioneer."""
    priced = [outcome for outcome in comparison.outcomes.values() if outcome.kind == "auctioneer"]
    if not priced:
        raise InputError("supply and demand is drawn about an auctioneer's price; there is no auctioneer")
    priced.sort(key=lambda outcome: outcome.intervention is not None)  # stable
    return next((outcome for outcome in priced if outcome.status is Status.CLEARED), priced[0])


def _unit(economy: Economy) -> str:
    if economy.money is not Money.EXCHANGE:
        return "money"
    return "relative" if economy.numeraire is None else f"units of {plain(economy.goods[economy.numeraire])}"


def _harm_at(economy: Economy, g: int, outcome: Outcome) -> float:
    """Return what one more unit of a good costs others at an outcome, the most over its producers; else 0."""
    if economy.harm is None:
        return 0.0
    harm = economy.harm.external(outcome.production, np.ones(len(economy.agents)))[:, g]
    return float(harm[economy.capacity[:, g] > 0].max(initial=0.0))


def _social(economy: Economy, g: int, prices: Array, supply: Curve, right: float) -> Curve:
    """Return social cost at amounts up to the largest shown."""
    amounts = np.linspace(right / FAR, right, STEPS)
    amounts = amounts[amounts <= np.nanmax(supply.amounts, initial=0.0)]
    least = inverse(supply, amounts, rising=True)
    harm = [external_cost(economy, g, prices, *each) for each in zip(least, amounts, strict=True)]
    return Curve(amounts, least + np.array(harm))


def _crossing(demand: Curve, social: Curve, right: float) -> float:
    """Return the first amount at which social cost exceeds demand; the largest shown if there is none."""
    excess = social.prices - inverse(demand, social.amounts, rising=False)
    above = np.flatnonzero(excess > 0)
    if not len(above):
        return right
    k = int(above[0])
    if k == 0:
        return 0.0
    low, high = excess[k - 1], excess[k]
    return float(np.interp(0.0, [low, high], social.amounts[k - 1 : k + 1]))


def highest_price(economy: Economy, g: int, p: float, harm: float = 0.0) -> float:
    """Return the highest price shown, with all steps of supply not far above the equilibrium in view.

    Where harm is done, social cost at the equilibrium is in view too.
    """
    if p <= 0:
        slopes = economy.marginal_utility(np.zeros(economy.shape))[:, g]
        p = float(slopes[np.isfinite(slopes)].max(initial=0.0)) / MUCH
    top = MUCH * p if p > 0 else 1.0
    if harm > 0:
        top = max(top, 1.2 * (p + harm))
        first = economy.marginal_utility(np.zeros(economy.shape))[:, g].max()
        top = max(top, float(first)) if first <= MUCH * top else top
    steps = economy.indifference_prices[g]
    near = steps[steps <= 2.0 * top]
    top = rounded_up(max(top, 1.1 * float(near.max(initial=0.0))))
    return min(top, 0.999) if economy.money is Money.EXCHANGE and economy.numeraire is None else top


_CURVES: Memory[tuple[Curve, Curve]] = Memory()


def curves_of(economy: Economy, g: int, prices: Array, top: float) -> tuple[Curve, Curve]:
    """Return demand and supply from nearly 0 to the highest price shown, exact at the price of the market."""
    key = (g, top, np.delete(prices, g).tobytes())
    asked = np.append(np.linspace(LOWEST_PRICE * top, top, STEPS), economy.indifference_prices[g])
    known = _CURVES.of(economy, key, lambda: _asked(economy, g, prices, asked[(asked > 0) & (asked <= top)]))
    if not 0 < prices[g] <= top:
        return known
    here = _asked(economy, g, prices, prices[[g]])
    return _inserted(known[0], here[0]), _inserted(known[1], here[1])


def _asked(economy: Economy, g: int, prices: Array, asked: Array) -> tuple[Curve, Curve]:
    """Return demand and supply at prices of one good."""
    asked, wanted, offered = np.unique(asked), [], []
    for price in asked:
        answers = _answers(economy, g, prices, price)
        wanted.append(answers[0] if answers else [np.nan, np.nan])
        offered.append(answers[1] if answers else [np.nan, np.nan])
    twice = np.repeat(asked, 2)
    return Curve(np.ravel(wanted), twice), Curve(np.ravel(offered), twice)


def _inserted(curve: Curve, point: Curve) -> Curve:
    """Return a curve with the answers at one more price."""
    if (curve.prices == point.prices[0]).any():
        return curve
    place = np.searchsorted(curve.prices, point.prices[0])
    return Curve(*(np.insert(old, [place], new) for old, new in zip(curve, point, strict=True)))


def _answers(economy: Economy, g: int, prices: Array, price: float) -> tuple[list[float], list[float]] | None:
    """Return demand, the most first, and supply, the least first; None if demand is unbounded."""
    at = _others_at(economy, g, prices, price)
    try:
        answers: Answers = economy.answers(at)
    except UnboundedDemandError:
        return None
    demand, supply = answers.demand.total(), answers.supply.total()
    there = float(economy.resources[g])
    return (
        [float(demand.highest[g]), float(demand.lowest[g])],
        [there + float(supply.lowest[g]), there + float(supply.highest[g])],
    )


def _others_at(economy: Economy, g: int, prices: Array, price: float) -> Array:
    """Return all prices: the good's, and the others as they were, or in proportion if all sum to one."""
    at = prices.copy()
    at[g] = price
    if economy.money is Money.EXCHANGE and economy.numeraire is None and len(prices) > 1:
        others = np.arange(len(prices)) != g
        at[others] = prices[others] * (1.0 - price) / prices[others].sum()
    return at


def traded_of(outcome: Outcome, g: int) -> float:
    """Return the consumption of the good, units."""
    return float(outcome.consumption[:, g].sum())


def widest_amount(economy: Economy, g: int, traded: float) -> float:
    """Return the largest amount shown: about the amount traded, and a stock that is not far beyond."""
    there = float(economy.resources[g])
    if traded == 0:
        return 1.2 * there or 1.0
    return max(MUCH * traded, 1.1 * there if there < 2.0 * MUCH * traded else 0.0)


def areas_are_money(economy: Economy) -> bool:
    """Return True with quasilinear money and no budgets, so that demand has no income effects."""
    return economy.money is Money.QUASILINEAR and not np.isfinite(economy.budget).any()


class Areas(NamedTuple):
    """Areas between demand, price and supply, from the primitives, money.

    Args:
        consumers: consumer surplus, `sum_i u_i(x_i) - u_i(0) - p x_i`; inf if the first unit is worth
            infinitely much.
        producers: producer surplus, `sum_i p y_i - C_i(y_i)`.
        revenue: of the common stock, as far as it is used.
        endowments: value of what agents own.
    """

    consumers: float
    producers: float
    revenue: float
    endowments: float


def areas(outcome: Outcome) -> Areas:
    """Return the areas of a market with one good that cleared at the outcome's price.

    Args:
        outcome: of an auctioneer, with quasilinear money.
    """
    economy, x, y, p = outcome.economy, outcome.consumption, outcome.production, outcome.prices
    assert p is not None
    wants = economy.wants_something
    value = economy.utility(x)[wants] - economy.utility(np.zeros_like(x))[wants]
    owned = float(economy.owned @ p)
    return Areas(
        consumers=float(value.sum() - (x[wants] @ p).sum()),
        producers=float((y @ p - economy.cost(y)).sum()),
        revenue=float(((x - y) @ p).sum()) - owned,
        endowments=owned,
    )


def _of_sellers(economy: Economy, g: int, found: Areas | None) -> str:
    """Name the parts of the area between the price and supply, with their sizes where they are known."""
    amounts = {
        "producer surplus": economy.capacity[:, g],
        "revenue of the common stock": economy.commons[[g]],
        "value of endowments": economy.endowment[:, g],
    }
    sizes = found[1:] if found else (None, None, None)
    parts = [
        name if size is None else f"{name}: {number(size)}"
        for (name, there), size in zip(amounts.items(), sizes, strict=True)
        if (there > 0).any()
    ]
    return (" + " if found is None else ", ").join(parts)


def _of_consumers(economy: Economy, g: int, found: Areas | None, demand: Curve) -> str:
    """Name the area between demand and the price, with its size where it is known."""
    owners = (economy.endowment[:, g] > 0) & economy.wants_something
    name = "consumer surplus, own goods bought too" if owners.any() else "consumer surplus"
    if found is None:
        return name
    if not np.isfinite(found.consumers):
        return f"{name}: unbounded"
    above = " (goes on above)" if demand.amounts[-1] > 0 else ""
    return f"{name}: {number(found.consumers)}{above}"


def _shade(outcome: Outcome, g: int, demand: Curve, supply: Curve, ax: Axes) -> None:
    """Shade the area between demand and the price, and the area between the price and supply."""
    assert outcome.prices is not None
    economy, p, traded = outcome.economy, float(outcome.prices[g]), traded_of(outcome, g)
    found = areas(outcome) if len(economy.goods) == 1 else None
    above, below = demand.prices >= p, supply.prices <= p
    ax.fill_betweenx(
        demand.prices[above], np.minimum(demand.amounts[above], traded),
        color=COLOURS[0], alpha=0.22, linewidth=0,
        label=wrapped(_of_consumers(economy, g, found, demand), NARROW),
    )  # fmt: skip
    ax.fill_betweenx(
        np.append(0.0, supply.prices[below]),
        np.minimum(np.append(supply.amounts[below][:1], supply.amounts[below]), traded),
        facecolor=to_rgba(COLOURS[1], 0.18), edgecolor=to_rgba(COLOURS[1], 0.5), hatch="///", linewidth=0,
        label=wrapped(_of_sellers(economy, g, found), NARROW),
    )  # fmt: skip


def _deadweight_losses(comparison: Comparison, traded: float, demand: Curve, supply: Curve, ax: Axes) -> None:
    """Shade the loss of each mechanism that leads to another amount, and name losses by other divisions."""
    hatches = iter(HATCHES)
    for name, report in comparison.alignments.items():
        loss = report.surplus_gap
        if report.efficient_with_transfers is not False or loss is None:
            continue
        amount = traded_of(comparison.outcomes[name], 0)
        label = f"deadweight loss, {plain(name)}: {'unbounded' if np.isinf(loss) else number(loss)}"
        if abs(amount - traded) <= EQUAL_AMOUNTS * max(traded, amount):
            ax.plot([], [], " ", label=wrapped(f"{label} (same amount, divided inefficiently)", NARROW))
            continue
        at = np.linspace(min(amount, traded), max(amount, traded), STEPS)
        upper, lower = inverse(demand, at, rising=False), inverse(supply, at, rising=True)
        shaded = float(np.trapezoid(np.abs(upper - lower), at))
        if np.isfinite(loss) and shaded < (1.0 - WHOLE_LOSS) * loss and upper[0] < demand.prices[-1]:
            label += f" (shaded: {number(shaded)})"
        ax.fill_between(
            at, lower, upper, facecolor="none", edgecolor="0.35", hatch=next(hatches, "xx"), linewidth=0.8,
            label=wrapped(label, NARROW), zorder=1.7,
        )  # fmt: skip


def inverse(curve: Curve, amounts: Array, *, rising: bool) -> Array:
    """Return the price at which each amount is demanded or supplied; the highest shown if there is none."""
    known = ~np.isnan(curve.amounts)
    beyond = FAR * float(np.max(amounts, initial=1.0))  # of a supply without limit at a constant cost
    at, prices = np.minimum(curve.amounts[known], beyond), curve.prices[known]
    top = float(curve.prices[-1])
    if rising:
        return np.interp(amounts, at, prices, left=0.0 if at[0] == 0 else prices[0], right=top)
    return np.interp(amounts, at[::-1], prices[::-1], left=top, right=0.0)
