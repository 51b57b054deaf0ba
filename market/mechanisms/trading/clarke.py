"""Clarke's payments for public goods: equal shares of the cost, and a tax on those who change the choice.

Symbols: G (public goods,) amounts; C(G) their least total cost; n agents with a utility;
v_i(G) = u_i(e_i, G) - C(G) / n, i's value after its share of the cost.

Agents report utilities; G maximises sum_i v_i, and i pays

    t_i = C(G) / n + max_G' sum_{j != i} v_j(G') - sum_{j != i} v_j(G).

The first part pays the producers. The second, Clarke's tax, is >= 0, and 0 of an agent whose report changes
nothing (it is not *pivotal*). Truth is a best report whatever others say: a report r_i leads to G(r), and

    v_i(G(r)) - tax_i = sum_j v_j(G(r)) - max_G' sum_{j != i} v_j(G'),

whose last term does not depend on r_i, and whose first is largest at the true optimum: Samuelson's amounts.
The taxes leave the group, as revenue; handed back by shares they would change reports. Private goods are not
traded.

*Example.* u_i = a_i ln G, cost c G, A = sum a: G = A / c, and the others alone would choose
`G_-i = A_-i n / (c (n - 1))`, so that the tax is
`A_-i (ln(G_-i / G) - 1) + c G (n - 1) / n`. For a = 1, 2, 3 and c = 1 the taxes are
5 ln(5/4) - 1, 0 and 3 ln(3/4) + 1.

Source: Clarke (1971), "Multipart pricing of public goods"; Tideman and Tullock (1976), "A new and superior
process for making social choices"; Mas-Colell, Whinston and Green (1995), section 23.C.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.economy.public_goods import consumers, narrowed, widened
from market.errors import InputError
from market.mechanisms.trading.truthful import SCALES, refuse_unsafe_money
from market.outcome import Outcome, Status, narrow_outcome, shown
from market.welfare.convex_program import Solution
from market.welfare.first_order_conditions import residual
from market.welfare.public_amounts import public_amounts

MOST_AGENTS = 300
"""Agents with a utility: each needs an optimum of the others, and some reports tried."""


@dataclass(frozen=True)
class Clarke:
    """The chosen amounts with their payments.

    Args:
        found: the optimum, of the personalised economy.
        payments: (agents,), money, producers' receipts included.
        taxes: (agents,), Clarke's taxes.
        gains: (agents,), the largest gain of a report tried.
        reports: number of reports tried.
        residual: largest relative violation of first-order conditions of the optimum of all and of those
            without each.
    """

    found: Solution
    payments: Array
    taxes: Array
    gains: Array
    reports: int
    residual: float


def refuse(economy: Economy) -> None:
    """Refuse an economy with public goods in which Clarke's payments are not defined.

    Raises:
        InputError: with the reason.
    """
    refuse_unsafe_money(economy)
    own, makes = consumers(economy), np.asarray((economy.capacity > 0).any(axis=1))
    if makes[own].any():
        name = economy.agents[int(own[makes[own]][0])]
        raise InputError(f"{name} makes a public good and wants it; give the cost to another agent")
    if not makes.any():
        raise InputError("no agent makes a public good, so there is nothing to choose")
    if len(own) > MOST_AGENTS:
        raise InputError(
            f"Clarke's payments need an optimum without each of {len(own):,} agents; at most {MOST_AGENTS:,}"
        )


def clarke(economy: Economy) -> Clarke | str:
    """Return the chosen amounts and payments at true reports, or why there are none."""
    own, agents = consumers(economy), len(economy.agents)
    ones, n = np.ones(agents), len(own)
    best = _chosen(economy, ones)
    if best is None:
        return "No amounts have the largest total surplus, or they were not found"
    x, y = narrowed(economy, best.consumption, best.production)
    utility, cost = economy.utility(x), economy.cost(y)
    total, taxes = float(cost.sum()), np.zeros(agents)
    consuming = np.zeros(agents, dtype=bool)
    consuming[own] = True
    violated = _violation(economy, best, ones)
    for i in own.tolist():
        others = np.where(consuming, 1.0, (n - 1) / n)
        others[i] = 0.0
        led_to = _chosen(economy, others) if n > 1 else None
        if n > 1 and led_to is None:
            return f"The best amounts for the others without {economy.agents[i]} were not found"
        now = float(utility.sum() - utility[i]) - (n - 1) / n * total
        then = now if led_to is None else _value(economy, led_to, i, n)
        taxes[i] = max(then - now, 0.0) if np.isfinite(then) else np.nan
        if led_to is not None:
            violated = max(violated, _violation(economy, led_to, others))
    if np.isnan(taxes).any():
        return "Without some agent the others would be at -inf, so that payments are not defined"
    payments = np.where(consuming, total / n, 0.0) + taxes - cost
    gains, reports = _gains(economy, own, ones, float(utility.sum()) - total)
    return Clarke(best, payments, taxes, gains, reports, violated)


def _chosen(economy: Economy, weights: Array) -> Solution | None:
    """Return the best amounts for weights on utilities and on costs; private goods stay with their owners."""
    start = widened(economy, economy.endowment, np.zeros(economy.shape))
    near = Solution(*start, np.zeros(start.consumption.shape[1]), 0.0)
    return public_amounts(economy, weights, near)


def _violation(economy: Economy, found: Solution, weights: Array) -> float:
    """Return the largest relative violation of first-order conditions, by weights of the agents."""
    wide = economy.personalised
    weights = np.append(weights, np.ones(len(wide.agents) - len(weights)))  # providers bear no cost
    return residual(wide, found.consumption, found.production, weights, found.prices)


def _value(economy: Economy, found: Solution, left_out: int, n: int) -> float:
    """Return the sum of the others' values at amounts found for them."""
    x, y = narrowed(economy, found.consumption, found.production)
    utility = economy.utility(x)
    return float(np.delete(utility, left_out).sum() - (n - 1) / n * economy.cost(y).sum())


def _gains(economy: Economy, own: NDArray[np.intp], ones: Array, surplus: float) -> tuple[Array, int]:
    """Return the largest gain of each agent from a report of another scale, (agents,), and their number."""
    gains, reports = np.zeros(len(ones)), 0
    for i in own.tolist():
        for scale in SCALES:
            weights = ones.copy()
            weights[i] = scale
            led_to = _chosen(economy, weights)
            if led_to is None:
                continue
            x, y = narrowed(economy, led_to.consumption, led_to.production)
            gains[i] = max(gains[i], float(economy.welfare(x, y).sum()) - surplus)
            reports += 1
    return gains, reports


def clarke_outcome(economy: Economy, found: Clarke) -> Outcome:
    """Return the outcome without name and status; the evidence is that of a pivot mechanism."""
    wide = economy.personalised
    more = len(wide.agents) - len(economy.agents)
    welfare = wide.welfare(found.found.consumption, found.found.production)
    payments = np.append(found.payments, np.zeros(more))
    revenue, gain = float(found.taxes.sum()), float(found.gains.max(initial=0.0))
    pivotal = int((found.taxes > 0).sum())
    had = Outcome(
        economy=wide,
        name="",
        kind="pivot",
        status=Status.OPTIMAL,
        reason=(
            f"The amounts of public goods have the largest total surplus (first-order conditions, of all and "
            f"without each, violated by {shown(found.residual)} at most). Each agent pays an equal share of "
            f"the cost; {pivotal} of {len(consumers(economy))} agents change what the others would choose, "
            f"and their taxes of {revenue:.6g} in all leave the group. Of {found.reports:,} reports of "
            f"another scale the best gains {shown(gain)}: truth is a best report."
        ),
        rounds=1,
        consumption=found.found.consumption,
        production=found.found.production,
        payments=payments,
        revenue=revenue,
        utilities=welfare,
        payoffs=welfare - payments,
        regret=np.append(found.gains, np.zeros(more)),
        evidence={
            "residual": found.residual,
            "truth_regret": gain,
            "reports": float(found.reports),
            "deficit": 0.0,
        },
    )
    return narrow_outcome(economy, had)
