"""A policy: the interventions of one auctioneer as arrays over goods, checked against the economy."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.errors import InputError
from market.mechanisms.auction.interventions.wedge import Seen, Wedge
from market.mechanisms.auction.price_rules import Knows
from market.tolerances import ROUNDING_OF_SUMS

if TYPE_CHECKING:
    from market.mechanisms.auction.auctioneer import Auction

Rationing = Literal["proportional", "efficient", "random"]
TaxBase = Literal["trade", "consumption"]


@dataclass(frozen=True)
class Policy:
    """The interventions in one economy.

    Args:
        economy: the primitives, or a part of them.
        wedge: taxes on sales; without rents.
        taxed: names of the sellers that are taxed; empty if all are, the commons included.
        cap: (goods,), the highest seller's price; inf without one.
        floor: (goods,), the lowest seller's price; 0 without one.
        quota: (goods,), the most that may be sold in all; inf without one.
        rationing: the order in which the long side of a market is served.
        shares: name of an agent -> its share in the tax revenue under `exchange`; empty for equal shares.
        base: what is taxed under `exchange`, net purchases or all consumption.
        known_rows: (agents,), mask of the taxed sellers in a part of an economy, which has no groups.
    """

    economy: Economy
    wedge: Wedge
    taxed: tuple[str, ...]
    cap: Array
    floor: Array
    quota: Array
    rationing: Rationing
    shares: Mapping[str, float]
    base: TaxBase
    known_rows: NDArray[np.bool_] | None = None

    @cached_property
    def taxed_rows(self) -> NDArray[np.bool_]:
        """Mask of agents whose sales are taxed, (agents,)."""
        if self.known_rows is not None:
            return self.known_rows
        mask = np.full(len(self.economy.agents), not self.taxed)
        for name in self.taxed if len(mask) else ():  # an economy without agents stands for agents elsewhere
            mask[self.economy.rows(name)] = True
        return mask

    @cached_property
    def gross(self) -> NDArray[np.bool_]:
        """Mask, (goods,): agents sell all that they have and buy all that they consume.

        So it is under a subsidy, where selling and buying back pays, under a tax on consumption, and where
        budgets can buy only, as in Fisher markets.
        """
        subsidised = (self.wedge.tax < 0) | (self.wedge.rate < 0)
        always = self.economy.money is Money.FISHER or self.base == "consumption"
        return np.asarray(subsidised | always)

    @cached_property
    def trades_both_ways(self) -> NDArray[np.bool_]:
        """Mask, (agents, goods), of agents that can have a good and want it, and so may buy or sell it."""
        economy = self.economy
        if not (economy.has_endowments or economy.has_producers):
            return np.zeros(economy.shape, dtype=bool)
        return np.asarray((economy.bliss > 0) & ((economy.endowment > 0) | (economy.capacity > 0)))

    @cached_property
    def kinked(self) -> NDArray[np.bool_]:
        """Mask, (agents, goods): the agent pays more for a unit bought than it gets for one sold."""
        economy = self.economy
        if not (economy.has_endowments or economy.has_producers):
            return np.zeros(economy.shape, dtype=bool)
        levied = np.asarray((self.wedge.tax > 0) | (self.wedge.rate > 0))
        apart = (levied & self.taxed_rows[:, None]) | np.isfinite(self.quota)
        return np.asarray(apart & self.trades_both_ways & ~self.gross)

    @cached_property
    def by_agent(self) -> bool:
        """True if demand and supply at two prices have to be put together agent by agent."""
        economy = self.economy
        limited = np.isfinite(economy.budget).any() and economy.money is Money.QUASILINEAR
        earns = economy.has_endowments or economy.has_producers or economy.shares_revenue
        in_kind = economy.money is Money.EXCHANGE
        return bool(in_kind or (limited and earns) or self.kinked.any())

    @cached_property
    def revenue_shares(self) -> Array:
        """Shares of agents in tax revenue under `exchange`, (agents,); they sum to 1."""
        count = len(self.economy.agents)
        if not self.shares:
            return np.full(count, 1.0 / count)
        shares = np.zeros(count)
        for name, share in self.shares.items():
            rows = self.economy.rows(name)
            shares[rows] += share / len(rows)
        return shares

    def rents(self, seen: Seen) -> Array:
        """Return what buyers pay beyond the announced price and the tax on it, (goods,), money a unit."""
        if not np.isfinite(self.quota).any():
            return np.zeros_like(seen.buyers)
        rents = seen.buyers - self.wedge.seen(seen.sellers).buyers
        return np.where(rents > ROUNDING_OF_SUMS * seen.buyers, rents, 0.0)

    def seen(self, p: Array, rent: Array | None = None) -> Seen:
        """Return the prices of each side at announced prices, (goods,), with the rents of quotas."""
        return (self.wedge if rent is None else replace(self.wedge, rent=rent)).seen(p)

    def sell_prices(self, seen: Seen) -> Array:
        """Return what each agent gets for a unit that it sells, (agents, goods)."""
        if not self.taxed:
            return np.broadcast_to(seen.sellers, self.economy.shape)
        return np.where(self.taxed_rows[:, None], seen.taxed, seen.sellers)

    def within(self, p: Array) -> Array:
        """Return prices between floor and cap, (goods,)."""
        return np.minimum(np.maximum(p, self.floor), self.cap)

    def binding(self, p: Array, z: Array) -> NDArray[np.bool_]:
        """Return a mask, (goods,), of prices at a bound that excess demand z pushes against."""
        return np.asarray(((p >= self.cap) & (z > 0)) | ((p <= self.floor) & (self.floor > 0) & (z < 0)))


def make_policy(
    auction: Auction, economy: Economy, taxed_rows: NDArray[np.bool_] | None = None
) -> Policy | None:
    """Return the interventions of an auctioneer; None if there are none.

    Args:
        auction: the mechanism.
        economy: the primitives, or a part of them.
        taxed_rows: (agents,), mask of the taxed sellers in a part, which has no groups to look them up in.

    Raises:
        InputError: they do not go with each other, with the price rule or with the economy.
    """
    by_good = (auction.tax, auction.tax_rate, auction.price_cap, auction.price_floor, auction.quota)
    if not any(by_good):
        return None
    tax, rate, cap, floor, quota = (
        np.array([given.get(good, absent) for good in economy.goods])
        for given, absent in zip(by_good, (0.0, 0.0, np.inf, 0.0, np.inf), strict=True)
    )
    found = Policy(
        economy=economy,
        wedge=Wedge(tax, rate, bool(auction.taxed), np.zeros(len(tax))),
        taxed=auction.taxed,
        cap=cap,
        floor=floor,
        quota=quota,
        rationing=auction.rationing,
        shares=auction.revenue_to,
        base=auction.tax_base,
        known_rows=taxed_rows,
    )
    _refuse(found, auction)
    return found


def _refuse(policy: Policy, auction: Auction) -> None:
    """Refuse interventions that no calculation here is right for."""
    economy, wedge = policy.economy, policy.wedge
    if auction.rule.knows is Knows.SPENDING:
        raise InputError(
            f"the rule {auction.rule.name} has one price for buyers and sellers: no interventions"
        )
    if (policy.cap < policy.floor).any():
        good = economy.goods[int((policy.cap < policy.floor).argmax())]
        raise InputError(f"the price_cap of {good} is below its price_floor")
    tied = bool(economy.has_ties and economy.linear_weights.any()) or any(
        block.family.proportional for block in economy.utilities if economy.money is Money.QUASILINEAR
    )
    limited = np.isfinite(policy.quota).any()
    if limited and tied:
        raise InputError("a quota needs agents with one best bundle at every price: no linear utilities")
    if economy.money is not Money.EXCHANGE:
        return
    if economy.technologies:
        raise InputError("taxes under exchange are for agents that trade what they own: no technologies")
    if tied:
        raise InputError("taxes under exchange need agents with one best bundle: no linear utilities")
    if limited or np.isfinite(policy.cap).any() or policy.floor.any():
        raise InputError("price_cap, price_floor and quota need money: not under exchange")
    if wedge.tax.any() and economy.numeraire is None:
        raise InputError("a tax in money a unit needs a numeraire under exchange; write tax_rate")
