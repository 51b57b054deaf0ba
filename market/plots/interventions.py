"""Supply and demand with a tax, a cap, a floor or a quota: the wedge, who bears it, and what is lost.

Where Q is traded, buyers pay p_b and sellers get p_s; p* is the price without interventions, at which Q*
would be traded. With D and S the inverse demand and supply, quasilinear money and no budgets,

    consumer surplus = int_0^Q D - p_b,    producer surplus = int_0^Q p_s - S,
    tax revenue and rent = (p_b - p_s) Q,  of which buyers bear (p_b - p*) Q and sellers (p* - p_s) Q,
    deadweight triangle = int_Q^Q* D - S   (Q and Q* the other way round under a subsidy).

The triangle is the whole loss if Q goes to those who value it most and is made where it costs least. Where a
market is rationed otherwise more is lost; the proved loss is named beside it (`Alignment.surplus_gap`).
With harm to others the triangle is no loss, and is left out.

Source: Mas-Colell, Whinston and Green (1995), section 10.D.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from matplotlib.colors import to_rgba

from market.economy.primitives import Money
from market.efficiency.surplus import surplus
from market.errors import InputError, did_you_mean
from market.plots.markets import (
    STEPS,
    Curve,
    areas_are_money,
    curves_of,
    highest_price,
    inverse,
    traded_of,
    widest_amount,
)
from market.plots.style import COLOURS, DASHES, GUIDE, number, plain, styled, wrapped

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from market.outcome import Outcome
    from market.results.comparison import Comparison

NARROW = 34  # characters of a line of the legend
WHOLE = 0.01  # relative: an area this near to a figure is all of it
APART = 1e-9  # relative: prices nearer than this are one


def has_wedge(comparison: Comparison) -> bool:
    """Return True if there is one good, and some mechanism's interventions can be drawn."""
    return bool(_drawable(comparison))


def _drawable(comparison: Comparison) -> list[str]:
    """Return the mechanisms whose interventions can be drawn: of all sales of one good, paid with money."""
    economy = comparison.economy
    if len(economy.goods) != 1 or economy.money is Money.EXCHANGE:
        return []
    return [
        name
        for name, outcome in comparison.outcomes.items()
        if outcome.intervention is not None
        and outcome.intervention.taxed_rows is None
        and outcome.status.settled
        and (_is_apart(outcome) or outcome.intervention.binding[0] in ("cap", "floor"))
    ]


def _is_apart(outcome: Outcome) -> bool:
    """Return True if buyers pay another price than sellers get."""
    found = outcome.intervention
    assert found is not None
    return bool(abs(found.wedge[0]) > APART * found.buyer_prices[0])


@styled
def tax_wedge(comparison: Comparison, ax: Axes, mechanism: str | None = None) -> Axes:
    """Draw supply and demand with both sides' prices, who bears the difference, and the deadweight triangle.

    Args:
        comparison: the result of `market.compare`.
        ax: to draw on.
        mechanism: with taxes, caps, floors or quotas; the first that can be drawn if not named.

    Returns:
        The same axes.

    Raises:
        InputError: no mechanism of that name, or none, has interventions that can be drawn.
    """
    names = _drawable(comparison)
    if mechanism is not None and mechanism not in names:
        raise InputError(f"no interventions of '{mechanism}' can be drawn; {did_you_mean(mechanism, names)}")
    if not names:
        raise InputError("no mechanism has interventions on the sales of one good for money")
    name = names[0] if mechanism is None else mechanism
    outcome = comparison.outcomes[name]
    found, economy = outcome.intervention, outcome.economy
    assert found is not None
    assert outcome.prices is not None
    paid, received = float(found.buyer_prices[0]), float(outcome.prices[0])
    free = None if found.free_prices is None else float(found.free_prices[0])
    traded = traded_of(outcome, 0)
    top = highest_price(economy, 0, max(paid, received, free or 0.0))
    at = np.array([received if free is None else free])
    demand, supply = curves_of(economy, 0, at, top)
    before = None if free is None else _amount(demand, supply, free)
    right = widest_amount(economy, 0, max(traded, before or 0.0))
    if areas_are_money(economy):
        _shade(ax, outcome, demand, supply, traded)
        _shade_transfer(ax, outcome, traded, free)
        if before is not None and np.isfinite(before) and economy.harm is None:
            _triangle(ax, demand, supply, traded, before, comparison.alignments[name].surplus_gap)
    for curve, colour, dashes, label in (
        (demand, COLOURS[0], DASHES[0], "demand"),
        (supply, COLOURS[1], DASHES[1], "supply"),
    ):
        ax.plot(
            np.minimum(curve.amounts, 10.0 * right), curve.prices,
            color=colour, linestyle=dashes, label=label, zorder=2.5,
        )  # fmt: skip
    _mark(ax, outcome, traded, paid, received)
    if free is not None and before is not None:
        ax.axhline(free, **GUIDE)
        words = f"without: p = {number(free)}, q = {number(before)}"
        ax.plot([before], [free], "o", color="white", markeredgecolor="black", label=words, zorder=4)
    ax.set_xlim(0.0, right)
    ax.set_ylim(0.0, top)
    ax.set_xlabel(f"{plain(economy.goods[0])} (units)")
    ax.set_ylabel("price of a unit (money)")
    ax.set_title(f"{_title(outcome)}: {plain(name)}")
    ax.legend(
        loc="upper center", bbox_to_anchor=(0.45, 0.0), borderaxespad=4.4, ncols=2, columnspacing=0.6,
        handlelength=1.2, handletextpad=0.4, labelspacing=0.3, fontsize=8.0,
    )  # fmt: skip
    return ax


def _title(outcome: Outcome) -> str:
    found = outcome.intervention
    assert found is not None
    if found.binding[0]:
        return found.binding[0].capitalize()
    return "Subsidy" if found.wedge[0] < 0 else "Tax"


def _amount(demand: Curve, supply: Curve, price: float) -> float:
    """Return what is traded at a price: the shorter side at most; either may be unbounded there."""
    ends = [
        curve.amounts[np.isclose(curve.prices, price, rtol=1e-12) & ~np.isnan(curve.amounts)]
        for curve in (demand, supply)
    ]
    return float(min(each.max(initial=0.0) if len(each) else np.inf for each in ends))


def _shade(ax: Axes, outcome: Outcome, demand: Curve, supply: Curve, traded: float) -> None:
    """Shade consumer surplus above what buyers pay, and producer surplus below what sellers get."""
    found = outcome.intervention
    assert found is not None
    paid, received = float(found.buyer_prices[0]), float(found.taxed_prices[0])
    at = np.linspace(0.0, traded, STEPS)
    upper, lower = inverse(demand, at, rising=False), inverse(supply, at, rising=True)
    above, below = np.maximum(upper - paid, 0.0), np.maximum(received - lower, 0.0)
    split = surplus(outcome)
    assert split is not None
    words = f"consumer surplus{_size(split.consumer, float(np.trapezoid(above, at)))}"
    if upper[0] >= demand.prices[-1]:
        words = "consumer surplus (goes on above)"
    made = "producer surplus and stock" if outcome.economy.resources[0] > 0 else "producer surplus"
    ax.fill_between(
        at, paid, paid + above, color=COLOURS[0], alpha=0.22, linewidth=0,
        label=wrapped(words, NARROW),
    )  # fmt: skip
    ax.fill_between(
        at, received - below, received,
        facecolor=to_rgba(COLOURS[1], 0.18), edgecolor=to_rgba(COLOURS[1], 0.5), hatch="///", linewidth=0,
        label=wrapped(f"{made}: {number(float(np.trapezoid(below, at)))}", NARROW),
    )  # fmt: skip


def _size(value: float | None, area: float) -> str:
    """Return the size of a surplus, with that of its area if rationing makes them differ."""
    if value is None or not np.isfinite(value) or abs(value - area) <= WHOLE * max(abs(value), area):
        return f": {number(area)}"
    return f": {number(value)} (area: {number(area)})"


def _shade_transfer(ax: Axes, outcome: Outcome, traded: float, free: float | None) -> None:
    """Shade tax revenue and rent, in the parts that buyers and sellers bear."""
    found = outcome.intervention
    assert found is not None
    if not _is_apart(outcome):
        return
    if found.taxed_sales[0] == 0:
        ax.plot([], [], " ", label="nothing taxed is traded")
        return
    paid, received = float(found.buyer_prices[0]), float(found.taxed_prices[0])
    what = "quota rent" if found.quota_rent and not found.tax_revenue else "tax revenue"
    what = "subsidy" if found.wedge[0] < 0 else what
    parts = [(received, paid, "")]
    if free is not None:
        parts = [(free, paid, ", borne by buyers"), (received, free, ", borne by sellers")]
        if found.wedge[0] < 0:
            parts = [(paid, free, ", to buyers"), (free, received, ", to sellers")]
    for (low, high, who), shade in zip(parts, ("0.82", "0.68"), strict=False):
        size = number(abs(high - low) * traded)
        ax.fill_between(
            [0.0, traded], low, high, facecolor=shade, edgecolor="0.4", linewidth=0.6, zorder=1.2,
            label=wrapped(f"{what}{who}: {size}", NARROW),
        )  # fmt: skip


def _triangle(
    ax: Axes, demand: Curve, supply: Curve, traded: float, before: float, loss: float | None
) -> None:
    """Shade what is lost because another amount is traded than without interventions."""
    at = np.linspace(min(traded, before), max(traded, before), STEPS)
    upper, lower = inverse(demand, at, rising=False), inverse(supply, at, rising=True)
    area = float(np.trapezoid(np.abs(upper - lower), at))
    label = f"deadweight triangle: {number(area)}"
    if loss is not None and abs(loss - area) > WHOLE * max(loss, area):
        whole = "unbounded" if np.isinf(loss) else number(loss)
        label = f"deadweight loss: {whole} (triangle: {number(area)})"
    ax.fill_between(
        at, lower, upper, facecolor="none", edgecolor="0.25", hatch="xx", linewidth=0.8, zorder=1.7,
        label=wrapped(label, NARROW),
    )  # fmt: skip


def _mark(ax: Axes, outcome: Outcome, traded: float, paid: float, received: float) -> None:
    """Draw both prices at the amount traded, and the distance between them; at a bound what is not served."""
    found = outcome.intervention
    assert found is not None
    if _is_apart(outcome):
        label = f"wedge {number(paid - received)}: buyers pay {number(paid)}, sellers get {number(received)}"
        ax.plot(
            [traded, traded], [received, paid], color="black", marker="_", linewidth=2.4, zorder=4,
            label=wrapped(label, NARROW),
        )  # fmt: skip
        return
    unserved = abs(float(found.unserved[0]))
    side = "wanted" if found.binding[0] == "cap" else "offered"
    label = f"{found.binding[0]} {number(received)}: {number(traded)} traded, {number(unserved)} more {side}"
    ax.axhline(received, color="black", linewidth=1.2, zorder=2.0)
    ax.plot(
        [traded, traded + unserved], [received, received], color="black", marker="|", linewidth=2.4, zorder=4,
        label=wrapped(label, NARROW),
    )  # fmt: skip
