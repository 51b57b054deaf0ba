"""Claims about outcomes with public goods, from the economy as stated.

Symbols: G_g the amount of a public good g; m_ig = du_i/dx_ig; c_g its unit cost; p_ig personal prices.

- one amount: all agents consume G_g, and G_g <= q_g + sum e + sum y;
- Lindahl: the p_ig of consumers add up to the seller's price p_g, each agent wants G_g at its own prices, and
  pays p_ig G_g; supply is best at p;
- planner: sum_i w_i m_ig = w_j dC_j/dy_jg, Samuelson's condition (in the personalised economy);
- voluntary: `m_ig <= l c_g` for all, with equality where i pays, l = 1 (a budget that binds may stop it) or
  under exchange m_ih of the good h paid with; for concave utilities that is Nash;
- Groves and Ledyard: G is the sum of messages, payments follow from them, and each message m_i has
  `u_i'(G) = c/n + gamma (n - 1)/n (m_i - mean of the others)`;
- Clarke: payments are equal cost shares and `max_G sum_{j != i} v_j(G) - sum_{j != i} v_j(G*)`, the maximum
  by a search over amounts.

The rules are stated here again, independently of the code that played.

Source: as of the mechanisms; Samuelson (1954).
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.errors import UnboundedDemandError
from market.outcome import Status, shown
from market.results.run_folder import RunFolder
from market.results.schema import number
from market.results.verify.accounts import Due, check_accounts, equal, feasible, without_money, worth
from market.results.verify.alignment_claims import violation
from market.results.verify.auction_claims import regrets
from market.results.verify.claim import Claim, difference
from market.results.verify.evidence import check_evidence, possible_period
from market.results.verify.record import Record
from market.results.verify.rounds import check_path
from market.tolerances import ROUNDING_OF_RESULTS

FIRST_ORDER = 1e-6  # relative violation of a first-order condition; a gain is of second order in it
GOLDEN = (np.sqrt(5.0) - 1.0) / 2.0
SECTIONS = 100  # of an interval: to its rounding
DOUBLINGS = 200
CLOSE = 1e-6  # relative to turnover: payments that a search over amounts finds as near are equal
MOST_SCALES = 6  # false reports that an agent tries
SEARCHES = 200  # narrowings of a bracket for an amount, to 0.62 of it each


def check_public_goods(
    run: RunFolder, economy: Economy, record: Record, judged: Record, options: Any
) -> Iterator[Claim]:
    """Check the outcome of a mechanism in an economy with public goods, without its alignment report.

    Args:
        run: the folder.
        economy: with public goods.
        record: of the mechanism.
        judged: the record in the personalised economy.
        options: the mechanism.
    """
    yield from _one_amount(economy, record)
    due, claims = _RULES[_rules_of(record, options)]
    agents = len(economy.agents)
    implied = due(economy, record, options)
    if implied is not None and len(implied.payments) == agents:
        more = np.zeros(len(judged.payments) - agents)
        implied = Due(np.append(implied.payments, more), implied.revenue, np.append(implied.payoffs, more))
    tolerance = options.tolerance if record.kind == "auctioneer" else 0.0
    kept = judged if judged.prices is not None else replace(judged, prices=None)
    yield from check_accounts(economy.personalised, kept, implied, tolerance)
    yield from check_evidence(run, economy.personalised, judged, options.evidence)
    for claim in claims(economy, record, judged, options, run):
        yield replace(claim, holds=None if claim.holds is None else bool(claim.holds))


def _rules_of(record: Record, options: Any) -> str:
    return options.game.name if record.kind == "unmediated" else record.kind


def _consumers(economy: Economy) -> NDArray[np.bool_]:
    wants = np.zeros(len(economy.agents), dtype=bool)
    for block in economy.utilities:
        wants[block.rows] = True
    return wants


def _one_amount(economy: Economy, record: Record) -> Iterator[Claim]:
    """Check that all agents consume one amount of each public good, and that it is there."""
    public = list(economy.public_goods)
    x, y = record.consumption[:, public], record.production[:, public]
    apart = float(np.ptp(x, axis=0).max())
    yield Claim(
        f"{record.name}: one amount of public goods for all", apart == 0.0, f"differ by {shown(apart)}"
    )
    there = economy.commons[public] + economy.endowment[:, public].sum(axis=0) + y.sum(axis=0)
    beyond = float((x.max(axis=0) - there * (1.0 + ROUNDING_OF_RESULTS)).max())
    yield Claim(
        f"{record.name}: public goods are there", beyond <= 0, f"largest excess: {shown(max(beyond, 0.0))}"
    )
    possible, detail = feasible(economy, record.consumption, record.production)
    yield Claim(f"{record.name}: possible as stated", possible, detail)


# --- Lindahl -----------------------------------------------------------------------------------------


def _personal_due(economy: Economy, record: Record, options: Any) -> Due | None:  # noqa: ARG001
    """Return payments of personal prices times amounts, and of private trade at the prices."""
    p, own = record.prices, record.personal_prices
    x, y, e = record.consumption, record.production, economy.endowment
    if p is None or own is None:
        return None
    welfare = economy.welfare(x, y)
    if record.status is not Status.CLEARED:
        return Due(np.zeros(len(x)), 0.0, welfare)
    public = np.zeros(len(p), dtype=bool)
    public[list(economy.public_goods)] = True
    consumed = np.where(_consumers(economy), (x * own)[:, public].sum(axis=1), 0.0)
    paid = consumed + x[:, ~public] @ p[~public] - (e + y) @ p
    if economy.money is Money.EXCHANGE:
        profits = y @ p
        owned = profits if economy.ownership is None else np.asarray(economy.ownership @ profits)
        paid = paid + profits - owned
        paid = paid - economy.commons_share * paid.sum()
        return Due(paid, float(paid.sum()), welfare)
    shared = economy.commons_share * paid.sum() if economy.shares_revenue else np.zeros_like(paid)
    return Due(paid - shared, float((paid - shared).sum()), welfare - paid + shared)


def _lindahl(
    economy: Economy, record: Record, judged: Record, options: Any, run: RunFolder
) -> Iterator[Claim]:
    """Check that personal prices add up, that each agent wants the amount at its own, and the path."""
    p, own = record.prices, record.personal_prices
    if p is None or own is None or judged.prices is None:
        yield Claim(f"{record.name}: prices", False, "an auctioneer's outcome must have personal prices")
        return
    public, wants = list(economy.public_goods), _consumers(economy)
    apart = difference(own[wants][:, public].sum(axis=0), p[public], p[public])
    yield Claim(
        f"{record.name}: personal prices add up to the seller's",
        apart <= ROUNDING_OF_RESULTS,
        f"largest relative difference: {shown(apart)}",
    )
    yield from check_path(run, economy, record, options)
    name = f"{record.name}: {record.status.value}, within {options.tolerance:.0e}"
    stated = number(record.stated["disequilibrium"])
    if record.status is not Status.CLEARED:
        rounds = record.status is not Status.MAX_ROUNDS or record.rounds == options.max_rounds
        nothing = not record.production.any() and not record.payments.any()
        fits = rounds and nothing and stated > options.tolerance and record.rounds <= options.max_rounds
        yield Claim(name, None if fits else False, "not checked but for no trade without agreement")
        return
    owed, moved = record.auctioneer_payoff or 0.0, float(economy.offered(record.production).sum())
    near = 2 * options.tolerance + ROUNDING_OF_RESULTS
    small = 0.0 <= -owed <= near * moved * len(p)
    yield Claim(f"{record.name}: the auctioneer's payoff", small, f"{owed:.3g}, of {moved:.6g} units in all")
    wide = economy.personalised
    try:
        best = wide.answers(judged.prices)
    except UnboundedDemandError as error:
        yield Claim(name, False, str(error))
        return
    consumers = np.append(wants, np.zeros(len(public), dtype=bool))
    x, low, high = judged.consumption, best.demand.lowest, best.demand.highest
    size = np.maximum(wide.offered(judged.production), np.finfo(float).tiny)
    size[len(p) :] = np.repeat(size[public], int(wants.sum()))
    outside = np.maximum(np.maximum(low - x, x - high), 0.0)[consumers] / size
    worst = float(outside.max(initial=0.0)) if best.demand.joint is None else 0.0
    made, supply = judged.production[: len(economy.agents)], best.supply
    if not economy.technologies:
        agents = slice(0, len(economy.agents))
        off = np.maximum(np.maximum(supply.lowest[agents] - made, made - supply.highest[agents]), 0.0)
        worst = max(worst, float((off / size).max(initial=0.0)))
    gains = regrets(wide, judged, best, judged.prices)[: len(economy.agents)]
    size = worth(economy, record) + np.abs(record.production) @ p
    apart = difference(np.inf if record.regret is None else record.regret, gains, size)
    yield equal(record, "regret", apart)
    nothing = np.where(gains > 0, np.inf, 0.0)
    share = np.divide(gains, size, out=nothing, where=(gains > 0) & (size > 0))
    largest = float(share.max(initial=0.0))
    good = worst <= near and largest <= max(10 * options.tolerance, 1e-8) and stated <= options.tolerance
    detail = (
        f"each agent wants the amount at its own prices up to {shown(worst)}, largest gain from another "
        f"bundle {shown(largest)} of the worth of trades"
    )
    yield Claim(name, good and record.rounds <= options.max_rounds, detail)


# --- planner -----------------------------------------------------------------------------------------


def _planned(
    economy: Economy,
    record: Record,
    judged: Record,
    options: Any,
    run: RunFolder,  # noqa: ARG001
) -> Iterator[Claim]:
    """Check the first-order conditions, Samuelson's among them, for the planner's weights."""
    name = f"{record.name}: {record.status.value}, within {options.tolerance:.0e}"
    if judged.prices is None:
        yield Claim(name, record.status is Status.FAILED, "no allocation was found")
        return
    weights = np.ones(len(judged.payments))
    for agent, weight in options.welfare_weights.items():
        weights[economy.rows(agent)] = weight
    found = violation(economy.personalised, judged, weights, judged.prices)
    stated = record.evidence_value("residual")
    same = abs(found - stated) <= ROUNDING_OF_RESULTS + 1e-6 * min(found, stated)
    optimal = found <= options.tolerance
    detail = f"conditions for an optimum are violated by {shown(found)}, stated: {shown(stated)}"
    yield Claim(name, same and optimal == (record.status is Status.OPTIMAL) and record.rounds == 1, detail)


# --- voluntary provision -------------------------------------------------------------------------------


def _unit_costs(economy: Economy) -> tuple[Array, int | None]:
    """Return the least unit cost of each public good, and the good that it is paid with; None for money."""
    public = list(economy.public_goods)
    if not economy.technologies:
        return economy.marginal_cost(np.zeros(economy.shape))[:, public].min(axis=0), None
    cost, paid = np.full(len(public), np.inf), None
    for block in economy.technologies:
        for one in block.family.unit_netput(np.ones(len(economy.goods)), **block.parameters):
            for k, g in enumerate(public):
                if one[g] > 0:
                    paid = int(np.flatnonzero(one < 0)[0])
                    cost[k] = min(cost[k], -one[paid] / one[g])
    return cost, paid


def _most(economy: Economy) -> Array:
    """Return the most that can be made of each public good at its least unit cost, (public goods,)."""
    public = list(economy.public_goods)
    first = economy.marginal_cost(np.zeros(economy.shape))[:, public]
    cheapest = np.isfinite(first) & (first == first.min(axis=0))
    return np.where(cheapest, economy.capacity[:, public], 0.0).sum(axis=0)


def _given_due(economy: Economy, record: Record, options: Any) -> Due | None:  # noqa: ARG001
    """Return payments of unit costs for what each agent gives, and receipts of producers' costs."""
    if record.actions is None:
        return None
    if economy.money is not Money.QUASILINEAR:
        return without_money(economy, record)
    public = list(economy.public_goods)
    cost = np.where(np.isfinite(_unit_costs(economy)[0]), _unit_costs(economy)[0], 0.0)
    paid = record.actions[:, public] @ cost - economy.cost(record.production)
    return Due(paid, 0.0, economy.welfare(record.consumption, record.production) - paid)


def _voluntary(
    economy: Economy,
    record: Record,
    judged: Record,  # noqa: ARG001
    options: Any,
    run: RunFolder,  # noqa: ARG001
) -> Iterator[Claim]:
    """Check that amounts follow from gifts, and the conditions for best replies."""
    if record.actions is None or record.regret is None:
        yield Claim(f"{record.name}: actions", False, "the outcome of a game must have actions and regrets")
        return
    public, wants = list(economy.public_goods), _consumers(economy)
    given, x = record.actions, record.consumption
    private = np.ones(len(economy.goods), dtype=bool)
    private[public] = False
    cost, paid = _unit_costs(economy)
    cost = np.where(np.isfinite(cost), cost, 0.0)
    allowed = bool(
        np.isfinite(given).all()
        and (given >= 0).all()
        and not given[:, private].any()
        and not given[~wants].any()
    )
    yield Claim(f"{record.name}: actions are allowed", allowed, "gifts of consumers to public goods")
    expected = economy.endowment.copy()
    expected[:, public] = economy.resources[public] + given[:, public].sum(axis=0)
    if paid is not None:
        expected[:, paid] -= given[:, public] @ cost
    made = np.maximum(record.production[:, public], 0.0).sum(axis=0)
    apart = max(
        difference(x, expected, np.maximum(economy.resources, x.max(axis=0))),
        difference(made, given[:, public].sum(axis=0), made),
    )
    yield equal(record, "the outcome follows from the actions", apart)
    with np.errstate(invalid="ignore"):
        slopes = economy.marginal_utility(np.maximum(expected, 0.0))
        price = slopes[:, [paid]] if paid is not None else np.ones((len(x), 1))
        due = price * cost
        more = np.where(slopes[:, public] > due, 1.0 - due / slopes[:, public], 0.0)
        less = np.where(slopes[:, public] < due, 1.0 - slopes[:, public] / due, 0.0)
    spent, owned = given[:, public] @ cost, economy.budget if paid is None else economy.endowment[:, paid]
    poor = spent >= owned * (1.0 - ROUNDING_OF_RESULTS)
    full = economy.capacity[:, public].sum(axis=0) * (1.0 - ROUNDING_OF_RESULTS)
    full = (made >= full) if paid is None else np.zeros(len(public), dtype=bool)
    small = ROUNDING_OF_RESULTS * np.maximum(expected[:, public], np.finfo(float).tiny)
    wrong = np.where(poor[:, None] | full, 0.0, more)
    wrong = np.maximum(wrong, np.where((given[:, public] > small), less, 0.0))
    bent = economy.not_concave & wants
    violated = float(np.nan_to_num(wrong[wants], nan=np.inf).max(initial=0.0))
    yield from _game_ended(economy, record, options, violated, proves=not bent.any())


def _game_ended(
    economy: Economy, record: Record, options: Any, violated: float, *, proves: bool
) -> Iterator[Claim]:
    """Check the status of a game against the violation of the conditions for best replies."""
    name = f"{record.name}: {record.status.value}"
    found = f"conditions for best replies are violated by {shown(violated)}"
    size = np.where(np.isfinite(record.utilities), np.abs(record.utilities), 0.0)
    assert record.regret is not None
    largest = float((record.regret / np.maximum(size, economy.utility_scale)).max(initial=0.0))
    if record.status is Status.NASH:
        fine = violated <= FIRST_ORDER and largest <= options.tolerance + ROUNDING_OF_RESULTS
        yield Claim(name, (fine or False) if proves else (None if fine else False), found)
        return
    gains = largest > options.tolerance - ROUNDING_OF_RESULTS and violated > 0
    if record.status is Status.MAX_ROUNDS:
        yield Claim(name, record.rounds == options.max_rounds and (gains or not proves), found)
        return
    if record.status is Status.CYCLING:
        period = record.evidence_value("period")
        fits = possible_period(record, period) and violated > FIRST_ORDER and gains
        yield Claim(name, None if fits else False, f"best replies are not played again; {found}")
        return
    yield Claim(name, None if record.status is Status.FAILED else False, found)


# --- Groves and Ledyard -----------------------------------------------------------------------------


def _taxes(economy: Economy, record: Record, gamma: float) -> Array:
    """Return the payments of messages, (agents,), without receipts of producers."""
    public, wants = list(economy.public_goods), _consumers(economy)
    assert record.actions is not None
    sent, n = record.actions[wants][:, public], int(wants.sum())
    cost, _ = _unit_costs(economy)
    paid = np.zeros(len(wants))
    made = np.clip(sent.sum(axis=0), 0.0, _most(economy))
    for place, i in enumerate(np.flatnonzero(wants)):
        others = np.delete(sent, place, axis=0)
        deviation = (n - 1) / n * (sent[place] - others.mean(axis=0)) ** 2 - others.var(axis=0, ddof=1)
        paid[i] = float((cost * made / n + gamma / 2.0 * deviation).sum())
    return paid


def _taxed_due(economy: Economy, record: Record, options: Any) -> Due | None:
    if record.actions is None:
        return None
    paid = _taxes(economy, record, options.game.gamma) - economy.cost(record.production)
    welfare = economy.welfare(record.consumption, record.production)
    return Due(paid, float(paid.sum()), welfare - paid)


def _groves_ledyard(
    economy: Economy,
    record: Record,
    judged: Record,  # noqa: ARG001
    options: Any,
    run: RunFolder,  # noqa: ARG001
) -> Iterator[Claim]:
    """Check that amounts follow from messages, and the conditions for best messages."""
    if record.actions is None or record.regret is None:
        yield Claim(f"{record.name}: actions", False, "the outcome of a game must have actions and regrets")
        return
    public, wants = list(economy.public_goods), _consumers(economy)
    sent, x = record.actions, record.consumption
    outside = sent.copy()
    outside[np.flatnonzero(wants)[:, None], public] = 0.0
    allowed = bool(np.isfinite(sent).all() and not outside.any())
    yield Claim(f"{record.name}: actions are allowed", allowed, "messages of consumers on public goods")
    total, most = sent[:, public].sum(axis=0), _most(economy)
    amount = economy.resources[public] + np.clip(total, 0.0, most)
    made = np.maximum(record.production[:, public], 0.0).sum(axis=0)
    apart = max(
        difference(x[0, public], amount, amount), difference(made, amount - economy.resources[public], amount)
    )
    yield equal(record, "the outcome follows from the actions", apart)
    cost, _ = _unit_costs(economy)
    n, own = int(wants.sum()), sent[wants][:, public]
    mean = (own.sum(axis=0) - own) / (n - 1)
    due = cost / n + options.game.gamma * (n - 1) / n * (own - mean)
    slopes = economy.marginal_utility(x)[wants][:, public]
    with np.errstate(invalid="ignore"):
        wrong = np.abs(slopes - due) / np.maximum(np.abs(slopes) + np.abs(due), np.finfo(float).tiny)
    inside = total > ROUNDING_OF_RESULTS * np.abs(sent[:, public]).max(initial=0.0)
    inside &= total < most * (1.0 - ROUNDING_OF_RESULTS)
    violated = float(np.where(inside, np.nan_to_num(wrong, nan=1.0), 0.0).max(initial=0.0))
    violated = max(violated, _best_message_gains(economy, record, options.game.gamma, most))
    bent = economy.not_concave & wants
    yield from _game_ended(economy, record, options, violated, proves=not bent.any())


def _best_message_gains(economy: Economy, record: Record, gamma: float, most: Array) -> float:
    """Return the largest gain by another message on one public good, relative to utility.

    The amount made stops at 0 and at the capacity, so that payoffs are concave in a message only between the
    two: there golden sections find the best one. Outside, only what is paid for deviations changes, and the
    others' mean is best.
    """
    assert record.actions is not None
    public, wants = list(economy.public_goods), _consumers(economy)
    cost, _ = _unit_costs(economy)
    n, worst = int(wants.sum()), 0.0
    size = np.where(np.isfinite(record.utilities), np.abs(record.utilities), 0.0)
    size = np.maximum(size, economy.utility_scale)[wants]
    for k, g in enumerate(public):
        own = record.actions[wants, g]
        others = own.sum() - own

        def payoff(message: Array, k: int = k, g: int = g, others: Array = others) -> Array:
            made = np.clip(others + message, 0.0, most[k])
            x = record.consumption.copy()
            x[wants, g] = economy.resources[g] + made
            apart = gamma / 2.0 * (n - 1) / n * (message - others / (n - 1)) ** 2
            return economy.utility(x)[wants] - cost[k] * made / n - apart

        low, high = -others, np.minimum(np.abs(own) + np.abs(others) + 1.0, most[k]) - others
        for _ in range(DOUBLINGS):
            further = np.minimum(high + (high - low), most[k] - others)
            rises = payoff(further) > payoff(high)
            if not rises.any():
                break
            high = np.where(rises, further, high)
        for _ in range(SECTIONS):
            left, right = high - GOLDEN * (high - low), low + GOLDEN * (high - low)
            falls = payoff(left) >= payoff(right)
            low, high = np.where(falls, low, left), np.where(falls, right, high)
        best = np.maximum(payoff((low + high) / 2.0), payoff(others / (n - 1)))
        with np.errstate(invalid="ignore"):
            gains = np.where(best > payoff(own), best - payoff(own), 0.0)
        worst = max(worst, float((gains / size).max(initial=0.0)))
    return worst


# --- Clarke -------------------------------------------------------------------------------------------


def _reported_due(economy: Economy, record: Record, options: Any) -> Due:  # noqa: ARG001
    """Return equal shares of the cost and producers' receipts of it, with taxes >= 0 as recorded.

    Without numbers behind the status there is no choice, and none pays. `_clarke` checks the taxes.
    """
    wants, cost = _consumers(economy), economy.cost(record.production)
    share = np.where(wants, cost.sum() / max(int(wants.sum()), 1), 0.0) - cost
    paid = np.where(wants, np.maximum(record.payments, share), share)
    if not record.evidence:
        paid = np.zeros_like(paid)
    welfare = economy.welfare(record.consumption, record.production)
    return Due(paid, float(paid.sum()), welfare - paid)


def _clarke(
    economy: Economy,
    record: Record,
    judged: Record,
    options: Any,
    run: RunFolder,  # noqa: ARG001
) -> Iterator[Claim]:
    """Check that amounts are best, and recompute each agent's payment by a search over amounts."""
    name = f"{record.name}: {record.status.value}"
    if record.status is not Status.OPTIMAL:
        yield Claim(name, None if record.status is Status.FAILED else False, "no payments are claimed")
        return
    public, wants = list(economy.public_goods), _consumers(economy)
    n, x, y = int(wants.sum()), record.consumption, record.production
    total = float(economy.cost(y).sum())
    slopes = economy.marginal_utility(x)[:, public]
    support = np.concatenate([np.zeros(len(economy.goods)), slopes[wants].T.ravel()])
    support[public] = slopes[wants].sum(axis=0)
    found = violation(economy.personalised, judged, np.ones(len(judged.payments)), support)
    yield Claim(name, found <= options.tolerance, f"conditions for an optimum are violated by {shown(found)}")
    yield _clarke_evidence(economy, record, options, found)
    if len(public) > 1 or (economy.utility(x) == -np.inf).any():
        yield Claim(f"{record.name}: payments", None, "not checked: of several public goods")
        return
    apart, size, g = 0.0, abs(total) + float(np.abs(record.payments).sum()) + 1e-300, public[0]
    producers = np.flatnonzero(economy.capacity[:, g] > 0)

    def cost_of(amount: float) -> float:
        """Return the least cost of an amount: of one producer, or at one constant unit cost."""
        needed = max(amount - float(economy.resources[g]), 0.0)
        one = np.zeros(economy.shape)
        costs = []
        for j in producers:
            one[:] = 0.0
            one[j, g] = needed
            costs.append(float(economy.cost(one)[j]))
        return min(costs)

    convex = len(producers) == 1 or all(
        block.family.flat(**block.parameters).all() for block in economy.costs
    )
    if not convex:
        yield Claim(f"{record.name}: payments", None, "not checked: of several producers with rising costs")
        return
    for i in np.flatnonzero(wants):

        def others(amount: float, i: int = int(i)) -> float:
            tried = x.copy()
            tried[:, g] = amount
            value = economy.utility(tried)
            return float(np.delete(value, i).sum()) - (n - 1) / n * cost_of(amount)

        best = _largest(others, float(economy.resources[g]), max(float(x[0, g]), 1e-12))
        tax = max(best - others(float(x[0, g])), 0.0)
        apart = max(apart, abs(record.payments[i] - total / n - tax) / size)
    yield Claim(
        f"{record.name}: payments are cost shares and what the others lose",
        apart <= CLOSE,
        f"largest difference relative to all payments: {shown(apart)}",
    )


def _clarke_evidence(economy: Economy, record: Record, options: Any, found: float) -> Claim:
    """Check the numbers behind Clarke's payments.

    The residual is that of all optima, so at least that of the amounts chosen; no false report gains more
    than rounding, and each agent tries at most `MOST_SCALES`; the taxes are never a deficit.
    """
    stated = {key: record.evidence_value(key) for key in ("residual", "truth_regret", "reports", "deficit")}
    worth_of_all = float(worth(economy, record).sum())
    most, reports = MOST_SCALES * int(_consumers(economy).sum()), stated["reports"]
    fits = {
        "residual": found * (1.0 - CLOSE) - ROUNDING_OF_RESULTS <= stated["residual"] <= options.tolerance,
        "truth_regret": stated["truth_regret"] == record.max_regret
        and 0.0 <= stated["truth_regret"] <= CLOSE * worth_of_all,
        "reports": reports == round(reports) and 0 <= reports <= most,
        "deficit": stated["deficit"] == 0.0 and record.revenue >= -ROUNDING_OF_RESULTS * worth_of_all,
    }
    wrong = [key for key, holds in fits.items() if not holds]
    detail = f"wrong: {', '.join(wrong)}" if wrong else f"{reports:.0f} reports"
    return Claim(f"{record.name}: numbers behind the payments", not wrong, detail)


def _largest(function: Any, least: float, near: float) -> float:
    """Return the largest value of a concave function above `least`, by golden sections."""
    ratio = (np.sqrt(5.0) - 1.0) / 2.0
    low, high = least, max(2.0 * near, 2.0 * least)
    while function(2.0 * high) > function(high) and high < 1e60:
        high *= 2.0
    high *= 2.0
    best = function(low)
    for _ in range(SEARCHES):
        first, second = high - ratio * (high - low), low + ratio * (high - low)
        at_first, at_second = function(first), function(second)
        best = max(best, at_first, at_second)
        low, high = (first, high) if at_first < at_second else (low, second)
    return float(best)


_RULES: dict[str, tuple[Any, Any]] = {
    "auctioneer": (_personal_due, _lindahl),
    "planner": (without_money, _planned),
    "voluntary": (_given_due, _voluntary),
    "groves_ledyard": (_taxed_due, _groves_ledyard),
    "pivot": (_reported_due, _clarke),
}
"""Mechanisms for public goods: the payments that their rules imply, and claims."""
