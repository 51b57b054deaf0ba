"""Claims about any outcome: quantities are feasible, and utilities, payments and payoffs follow from them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.outcome import shown
from market.results.schema import LARGEST_MAP, number
from market.results.verify.claim import Claim, difference
from market.results.verify.harm_claims import check_harm, suffered, welfare
from market.tolerances import ROUNDING_OF_RESULTS

if TYPE_CHECKING:
    from market.results.verify.record import Record


def feasible(economy: Economy, x: Array, y: Array) -> tuple[bool, str]:
    """Check that consumption is not negative, production possible, and use within the resources."""
    beyond = float((economy.taken(x, y) - economy.offered(y) * (1.0 + ROUNDING_OF_RESULTS)).max())
    sound = bool(np.isfinite(x).all() and np.isfinite(y).all() and (x >= 0).all())
    at_a_cost = np.asarray(((y >= 0) & (y <= economy.capacity * (1.0 + ROUNDING_OF_RESULTS))).all(axis=1))
    for block in economy.technologies:
        at_a_cost[block.rows] = block.family.slack(y[block.rows], **block.parameters) >= -ROUNDING_OF_RESULTS
    made = bool(at_a_cost.all())
    return sound and made and beyond <= 0, f"largest use beyond the resources: {shown(max(beyond, 0.0))}"


def worth(economy: Economy, record: Record) -> Array:
    """Return the value of each agent's bundle at the marginal utilities of last units, (agents,)."""
    slopes = economy.marginal_utility_of_last(record.consumption)
    with np.errstate(invalid="ignore"):
        return np.where(
            record.consumption > 0, record.consumption * np.where(np.isfinite(slopes), slopes, 0.0), 0.0
        ).sum(axis=1)


class Due(NamedTuple):
    """Payments and payoffs that the rules of a mechanism imply, (agents,) each, and its revenue."""

    payments: Array
    revenue: float
    payoffs: Array


def without_money(economy: Economy, record: Record, options: Any = None) -> Due:  # noqa: ARG001
    """Return zero payments, and utilities as payoffs."""
    utilities = welfare(economy, record.consumption, record.production)
    return Due(np.zeros(len(economy.agents)), 0.0, utilities)


def at_prices(economy: Economy, record: Record, options: Any = None) -> Due:  # noqa: ARG001
    """Return the payments and payoffs of trade at the recorded prices."""
    if record.prices is None:
        return without_money(economy, record)
    p, x, y = record.prices, record.consumption, record.production
    paid = economy.payments(p, x, y)
    shared = economy.commons_share * paid.sum() if economy.shares_revenue else np.zeros_like(paid)
    payoffs = economy.payoff(welfare(economy, x, y), p, x, y) + shared
    return Due(paid - shared, float((paid - shared).sum()), payoffs)


def check_accounts(
    economy: Economy, record: Record, due: Due | None, tolerance: float = 0.0
) -> Iterator[Claim]:
    """Check feasibility, utilities, payments, revenue, payoffs, budgets and the largest regret.

    Args:
        economy: rebuilt from the scenario.
        record: of the mechanism.
        due: implied by the rules of the mechanism; None if that is not known: then payments need only add up
            to the revenue.
        tolerance: relative excess demand up to which a market counts as cleared.
    """
    x, y = record.consumption, record.production
    yield Claim(f"{record.name}: feasible", *feasible(economy, x, y))
    utilities = welfare(economy, x, y)
    apart = difference(record.utilities, utilities, worth(economy, record) + np.abs(suffered(economy, y)))
    yield equal(record, "utilities", apart)
    p = record.prices if record.kind == "auctioneer" else None
    turnover = np.zeros(len(economy.agents)) if p is None else (x + economy.endowment + np.abs(y)) @ p
    kept = 0.0 if record.intervention is None else record.intervention.transfers
    paid, revenue = float(record.payments.sum()) - kept, record.revenue
    if due is None:
        apart = difference(paid, revenue, float(np.abs(record.payments).sum()))
        yield equal(record, "payments add up to revenue", apart)
    else:
        with_shares = economy.money is Money.EXCHANGE or economy.shares_revenue
        shared = turnover.sum() * economy.commons_share if with_shares else np.zeros_like(turnover)
        money = turnover + shared if p is not None else worth(economy, record)  # what payments round to
        yield equal(record, "payments", difference(record.payments, due.payments, money))
        size = float(money.sum() + np.abs(due.payments).sum())
        apart = max(difference(revenue, due.revenue, size), difference(paid, due.revenue, size))
        yield equal(record, "revenue", apart)
        apart = difference(record.payoffs, due.payoffs, turnover + shared + worth(economy, record))
        yield equal(record, "payoffs", apart)
    if p is not None:
        yield from _budgets(economy, record, p, turnover, tolerance)
    yield from _surplus(economy, record, turnover)
    yield from check_harm(economy, record)
    yield _largest_regret(record)


def equal(record: Record, claim: str, apart: float) -> Claim:
    """Return the claim that two calculations agree, by their largest relative difference."""
    return Claim(
        f"{record.name}: {claim}",
        apart <= ROUNDING_OF_RESULTS,
        f"largest relative difference: {shown(apart)}",
    )


def _budgets(
    economy: Economy, record: Record, p: Array, turnover: Array, tolerance: float
) -> Iterator[Claim]:
    """Check that no agent spends more than it has.

    Under `exchange` the goods that a cleared market leaves unsold, within its tolerance, are charged to all
    agents by their shares.
    """
    unsold = np.zeros(len(economy.agents))
    if record.intervention is not None and economy.money is not Money.QUASILINEAR:
        spent, limit = record.payments, economy.budget
        if economy.money is Money.EXCHANGE:
            limit = np.zeros(len(economy.agents))
            unsold = (tolerance + ROUNDING_OF_RESULTS) * turnover.sum() * economy.commons_share
    elif economy.money is Money.QUASILINEAR:
        spent = record.payments + economy.cost(record.production)
        limit = economy.budget
    elif economy.money is Money.FISHER:
        spent, limit = np.maximum(record.consumption - economy.endowment, 0.0) @ p, economy.budget
    else:
        spent, limit = record.payments, np.zeros(len(economy.agents))
        unsold = (tolerance + ROUNDING_OF_RESULTS) * turnover.sum() * economy.commons_share
    size = np.maximum(turnover, np.abs(np.where(np.isfinite(limit), limit, 0.0)))
    beyond = float(np.maximum(spent - limit - 10 * ROUNDING_OF_RESULTS * size - unsold, 0.0).max(initial=0.0))
    yield Claim(
        f"{record.name}: no agent spends more than it has", beyond == 0, f"largest excess: {shown(beyond)}"
    )


def _surplus(economy: Economy, record: Record, turnover: Array) -> Iterator[Claim]:
    """Check consumer, producer and total surplus, and payoffs with the revenue of the commons handed back.

    Nothing is stated where money is not quasilinear, and in folders of versions without these figures.
    """
    stated, handed_back = (record.stated.get(key) for key in ("surplus", "payoffs_with_revenue"))
    if economy.money is not Money.QUASILINEAR:
        none = stated is None and handed_back is None
        yield Claim(f"{record.name}: surplus is left out", none, "money is not quasilinear")
        return
    if stated is not None:
        found, size = _split(economy, record, turnover)
        wrong = [
            key
            for key, value in found.items()
            if (stated[key] is None) != (value is None)
            or (value is not None and difference(number(stated[key]), value, size) > ROUNDING_OF_RESULTS)
        ]
        same = stated["deadweight_loss"] == record.alignment["surplus_gap"]
        wrong += [] if same else ["deadweight_loss"]  # the gap itself is checked in `figures.py`
        detail = f"different: {', '.join(wrong)}" if wrong else "in every number"
        yield Claim(f"{record.name}: consumer, producer and total surplus", not wrong, detail)
    if handed_back is None and stated is not None and len(economy.agents) <= LARGEST_MAP:
        yield Claim(f"{record.name}: payoffs with revenue handed back", False, "null, though they are known")
    if handed_back is not None:
        kept = 0.0 if economy.shares_revenue else record.revenue
        payoffs = record.payoffs + economy.commons_share * kept
        listed = np.array([number(handed_back.get(agent, np.nan)) for agent in economy.agents])
        sizes = np.abs(np.where(np.isfinite(payoffs), payoffs, 0.0)) + np.abs(record.payments)
        yield equal(record, "payoffs with revenue handed back", difference(listed, payoffs, sizes))


def _split(economy: Economy, record: Record, turnover: Array) -> tuple[dict[str, float | None], float]:
    """Return the parts of total surplus by key, and the size that their rounding is relative to, money.

    Agents that want some good gain `u(x) - u(e)` and pay for x - e; all others are producers or sellers.
    Utility minus payments counts the utility of all agents, so that the parts add up to total surplus: an
    agent that wants nothing may have some, for instance 1 where `u = prod_g x_g^a_g` and each a_g is 0.
    """
    x, y, e, wants = record.consumption, record.production, economy.endowment, economy.wants_something
    utility, owned, cost = economy.utility(x), economy.utility(e), economy.cost(y)
    paid, earned, harm = record.payments, np.zeros(len(wants)), suffered(economy, y)
    levied, transfers = record.intervention, 0.0
    if record.kind == "auctioneer" and record.prices is not None:
        paid, earned = (x - e) @ record.prices, y @ record.prices
    if levied is not None and record.prices is not None:
        earned, transfers = levied.proceeds(record.prices, y), levied.transfers
        paid = record.payments + economy.lump_sums(levied.commons_revenue) + earned
    of_buyers = [(utility[i], owned[i], paid[i]) for i in np.flatnonzero(wants)]
    gains = [(0.0 if u == before else u - before) - spent for u, before, spent in of_buyers]
    both = -np.inf in gains and np.inf in gains
    parts: dict[str, float | None] = {
        "consumer": None if both else float(sum(gains)),
        "producer": float((earned - cost).sum() - paid[~wants].sum()),
        "revenue": float((paid - earned).sum()) - transfers,
        "utility_minus_payments": float(utility.sum() - paid[wants].sum()),
        "total": float(utility.sum() - cost.sum() - harm.sum()),
    }
    sizes = (utility, owned, cost, harm, paid, earned, turnover)
    return parts, float(sum(np.abs(np.where(np.isfinite(each), each, 0.0)).sum() for each in sizes))


def _largest_regret(record: Record) -> Claim:
    stated = record.stated["max_regret"]
    found = record.max_regret
    same = stated is None if found is None else stated is not None and number(stated) == found
    detail = f"stated: {_or_none(stated)}, in the table of agents: {_or_none(found)}"
    return Claim(f"{record.name}: largest regret", bool(same), detail)


def _or_none(value: float | str | None) -> str:
    return "none" if value is None else shown(number(value))
