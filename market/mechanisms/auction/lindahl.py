"""Lindahl's auction: one seller's price for a public good, split into personal prices for one amount.

Symbols: p (goods,) sellers' prices; p_ig what agent i pays for a unit of the public good g; G_g its amount;
d_ig(p_i) what i would choose if it alone decided the amount at personal prices p_i and its own means.

At sellers' prices p the auctioneer splits the price of each public good so that all agents agree:

    sum_i p_ig = p_g and d_ig(p_i) = G_g for all i with p_ig > 0 (others want no more than G_g at price 0).

G(p) is the common demand for the good, and the rest is an ordinary auction: excess demand is `G(p) - q - e -
y`, any price rule moves p. In its rest points markets clear and each agent wants the amount that there is at
its own price: a Lindahl equilibrium. It is efficient, since it is a competitive equilibrium of the
personalised economy (`economy/public_goods.py`).

The split is found as inverse demand: `p_ig(G)`, the highest price at which i wants at least G, falls in G,
and so does the sum. Both roots are sought by secants in logarithms within a bracket; they are exact at once
where demand is spending over price. Of several public goods one is split after the other until none moves.

At prices that clear no market nothing is agreed: the outcome is that of no trade, with the public goods that
exist already. Personal prices come from true wants, which no agent has a reason to reveal: the regret
reported is at one's own price, and is 0 in equilibrium; what an agent could gain by understating its wants is
not part of it.

Source: Lindahl (1919), "Just taxation - a positive solution"; Foley (1970); Mas-Colell, Whinston and Green
(1995), section 16.G.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from market.economy.budget_demand import demand_within_means
from market.economy.correspondences import Array, Correspondence, Coupling
from market.economy.families.utilities.base import Utility
from market.economy.primitives import Answers, Economy, Money
from market.economy.public_goods import (
    consumers,
    personal_columns,
    shared,
    wide_prices,
    widened,
)
from market.errors import UnboundedDemandError
from market.outcome import Outcome, narrow_outcome

MOST_STEPS = 400  # of a search for a root in a bracket
MOST_SWEEPS = 200  # over public goods whose demands depend on each other's prices
SAME = 4e-15  # relative: prices and amounts this near are equal up to rounding
NEVER = 1e-40  # share of the amount tried first: a smaller one is 0


@dataclass(frozen=True)
class Split:
    """The split of sellers' prices on which all agents agree.

    Args:
        personal: (consumers, public goods), what each pays for a unit.
        amount: (public goods,), the common demand G.
        demand: of the consumers' personalised economy at these prices.
    """

    personal: Array
    amount: Array
    demand: Correspondence


@dataclass(frozen=True)
class CommonDemand:
    """Answers to sellers' prices of an economy with public goods, with one amount for all agents.

    In the answers each consumer demands an equal part of the amount of a public good, so that they add up.
    """

    economy: Economy

    def __call__(self, p: Array) -> Answers:
        """Return the answers to sellers' prices, (goods,)."""
        economy = self.economy
        supply, found = economy.supply(p), self.split(p)
        agents, goods = economy.shape
        own, public = consumers(economy), list(economy.public_goods)
        lowest, highest = (bound[:agents, :goods].copy() for bound in found.demand.bounds)
        for bound in (lowest, highest):
            bound[own[:, None], public] = found.amount / len(own)
        joint = found.demand.joint
        if joint is not None:
            paid = np.zeros(agents)
            paid[own] = (found.amount / len(own)) @ p[public] - found.personal @ found.amount
            direction = joint.direction[:agents, :goods]
            joint = Coupling(joint.least_spent[:agents] + paid, joint.most_spent[:agents] + paid, direction)
        return Answers(Correspondence(lowest, highest, joint), supply)

    def split(self, p: Array) -> Split:
        """Return the split of sellers' prices, (goods,), on which all agents agree.

        Raises:
            UnboundedDemandError: a public good that an agent always wants more of is free.
        """
        economy = self.economy
        wide, own, columns = economy.personalised, consumers(economy), personal_columns(economy)
        public = list(economy.public_goods)
        bliss = wide.bliss[own[:, None], columns]
        free = [g for k, g in enumerate(public) if p[g] == 0 and np.isinf(bliss[:, k]).any()]
        if free:
            raise UnboundedDemandError(free)
        means = np.zeros(len(wide.agents))
        means[: len(economy.agents)] = economy.spending_power(p, economy.supply(p))

        def demand(personal: Array) -> Correspondence:
            return _demand(wide, np.concatenate([p, personal.T.ravel()]), means)

        def wanted(personal: Array, k: int) -> Array:
            return demand(personal).highest[own, columns[:, k]]

        wants = np.maximum((bliss > 0).sum(axis=0), 1)
        personal = np.where(bliss > 0, p[public] / wants, 0.0)
        amount = np.where(p[public] > 0, 0.0, bliss.max(axis=0, initial=0.0))
        for _ in range(MOST_SWEEPS if len(public) > 1 else 1):
            before = personal
            for k, g in enumerate(public):
                if p[g] > 0 and (bliss[:, k] > 0).any():
                    personal, amount[k] = _agreed(_Inverse(wanted, bliss, k), personal, float(p[g]))
            if (np.abs(personal - before) <= SAME * p[public]).all():
                break
        return Split(personal, amount, demand(personal))


def _demand(wide: Economy, p: Array, means: Array) -> Correspondence:
    """Return the demand of a personalised economy at given means, (agents,)."""

    def answer(family: type[Utility], parameters: dict[str, Array], own: Array) -> Correspondence:
        if wide.money is Money.QUASILINEAR:
            return demand_within_means(family, parameters, p, own)
        return family.budget_demand(p, own, **parameters)

    return wide._gather(
        wide.utilities, lambda block: answer(block.family, dict(block.parameters), means[block.rows])
    )


@dataclass(frozen=True)
class _Inverse:
    """Inverse demand for one public good.

    Args:
        wanted: personal prices, (consumers, public goods), and k -> amounts wanted, (consumers,).
        bliss: (consumers, public goods), amounts beyond which more does not help.
        k: the place of the good among public goods.
    """

    wanted: Callable[[Array, int], Array]
    bliss: Array
    k: int

    def at(self, amount: float, personal: Array) -> Array:
        """Return personal prices with those of this good at which each consumer wants the amount."""
        k, found = self.k, personal.copy()
        searching = self.bliss[:, k] > amount
        found[:, k] = np.where(searching, found[:, k], 0.0)
        low, high = np.zeros(len(found)), np.full(len(found), np.inf)
        last, last_excess = np.full(len(found), np.nan), np.full(len(found), np.nan)
        for _ in range(MOST_STEPS):
            price = found[:, k].copy()
            with np.errstate(divide="ignore"):
                excess = np.log(self.wanted(found, k)) - np.log(amount)
            low, high = np.where(excess >= 0, price, low), np.where(excess < 0, price, high)
            done = (np.abs(excess) <= SAME) | (high <= low * (1.0 + SAME)) | ~searching
            if done.all():
                break
            following = _next(price, excess, last, last_excess, low, high)
            last, last_excess = price, excess
            found[:, k] = np.where(done, price, following)
        return found


def _agreed(inverse: _Inverse, personal: Array, p: float) -> tuple[Array, float]:
    """Return personal prices that add up to the seller's at one amount wanted by all, and the amount."""
    k = inverse.k
    tried = inverse.wanted(personal, k)
    some = tried[(tried > 0) & np.isfinite(tried)]
    first = amount = float(np.median(some)) if len(some) else 1.0
    low, high = 0.0, np.inf
    last = last_excess = np.nan
    for _ in range(MOST_STEPS):
        personal = inverse.at(amount, personal)
        total = float(personal[:, k].sum())
        excess = np.log(total / p) if total > 0 else -np.inf
        low, high = (amount, high) if excess >= 0 else (low, amount)
        if abs(excess) <= SAME or high <= low * (1.0 + SAME):
            break
        if amount < NEVER * first:
            return _scaled(personal, k, p), 0.0
        if amount > first / NEVER:
            return _scaled(personal, k, p), np.inf
        step = _next(*(np.array([value]) for value in (amount, excess, last, last_excess, low, high)))
        last, last_excess, amount = amount, excess, float(step[0])
    return _scaled(personal, k, p), amount


def _scaled(personal: Array, k: int, p: float) -> Array:
    """Return personal prices with those of one good in the proportions found, adding up to the seller's."""
    total, personal = float(personal[:, k].sum()), personal.copy()
    personal[:, k] *= p / total if total > 0 else 0.0
    return personal


def _next(point: Array, excess: Array, last: Array, last_excess: Array, low: Array, high: Array) -> Array:
    """Return the next points of searches for roots of falling functions of the logarithm of a point.

    A secant in logarithms, at first with elasticity -1, if it stays within the bracket; else its geometric
    middle, or without one a factor of 16.
    """
    with np.errstate(all="ignore"):
        slope = (excess - last_excess) / (np.log(point) - np.log(last))
        slope = np.where(slope < 0, slope, -1.0)
        secant = point * np.exp(np.clip(-excess / slope, -5.0, 5.0))
        middle = np.where(low > 0, np.sqrt(low) * np.sqrt(high), high / 16.0)
        middle = np.where(np.isfinite(high), middle, 16.0 * low)
        inside = np.isfinite(secant) & (secant > low) & (secant < high)
        shrinking = np.isnan(last_excess) | (np.abs(excess) <= 0.5 * np.abs(last_excess))
        both = (low > 0) & np.isfinite(high)
    return np.where(inside & (shrinking | ~both), secant, middle)


def lindahl_outcome(
    economy: Economy, p: Array, traded: tuple[Array, Array] | None, account: Callable[..., Outcome]
) -> tuple[Outcome, Outcome]:
    """Return the outcome at sellers' prices, and that of the personalised economy.

    Args:
        economy: with public goods.
        p: (goods,), sellers' prices.
        traded: consumption, with public goods in equal parts of their amount, and production; None if there
            is no agreement: then agents keep what they have.
        account: the personalised economy, prices, consumption, production, payments -> its outcome.
    """
    public = list(economy.public_goods)
    x, y = (economy.endowment, np.zeros(economy.shape)) if traded is None else traded
    amount = economy.resources[public] if traded is None else x[:, public].sum(axis=0)
    at = widened(economy, shared(economy, x, amount), y)
    wide, found = economy.personalised, CommonDemand(economy).split(p)
    each = np.zeros(economy.shape)
    each[consumers(economy)[:, None], public] = found.personal
    prices = wide_prices(economy, p, each)
    paid = wide.payments(prices, *at) if traded is not None else np.zeros(len(wide.agents))
    had = account(wide, prices, *at, paid)
    return narrow_outcome(economy, had), had
