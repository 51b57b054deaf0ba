"""The accounts of a market with taxes, caps, floors or quotas, as its outcome reports them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array

BOUNDS = ("", "cap", "floor", "quota")
"""Bounds on a market that may bind; the first stands for none."""


@dataclass(frozen=True)
class Intervention:
    """Prices of both sides under interventions, and the money that is neither buyers' nor sellers'.

    Args:
        buyer_prices: (goods,), what a buyer pays for a unit, taxes and rents included.
        taxed_prices: (goods,), what a taxed seller gets; the announced prices unless some are untaxed.
        rents: (goods,), what the right to sell a unit within a quota is worth, money.
        traded: (goods,), amounts bought, units.
        tax_revenue: of all taxes less subsidies, money.
        returned: the part of it that agents get in lump sums, as under `exchange`, money.
        commons_revenue: the value of the commons sold, at the sellers' price, money.
        binding: the bound that binds in each market, of `BOUNDS`.
        unserved: (goods,), excess demand at a cap or floor that binds, units; 0 elsewhere.
        free_prices: (goods,), of the same auction without interventions; None if it did not clear, or if some
            traders follow rules of their own.
        taxed_rows: (agents,), True if the sales of an agent are taxed; None if all sales are.
        levied: (goods,), units sold by taxed agents; None if all sales are taxed.
    """

    buyer_prices: Array
    taxed_prices: Array
    rents: Array
    traded: Array
    tax_revenue: float
    returned: float
    commons_revenue: float
    binding: tuple[str, ...]
    unserved: Array
    free_prices: Array | None = None
    taxed_rows: NDArray[np.bool_] | None = None
    levied: Array | None = None

    def proceeds(self, p: Array, sold: Array) -> Array:
        """Return what agents get for what they sell, (agents,), money.

        Args:
            p: (goods,), announced prices.
            sold: (agents, goods), units.
        """
        if self.taxed_rows is None:
            return np.asarray(sold @ p)
        return np.where(self.taxed_rows, sold @ self.taxed_prices, sold @ p)

    @property
    def quota_rent(self) -> float:
        """Worth of all rights to sell within quotas, money; the holders are not named."""
        return float(self.rents @ self.traded)

    @property
    def transfers(self) -> float:
        """Money that agents paid and none of them got, tax revenue and rents; part of total surplus."""
        return self.tax_revenue - self.returned + self.quota_rent

    @property
    def wedge(self) -> Array:
        """Difference of what buyers pay and taxed sellers get, (goods,); negative for a subsidy."""
        return self.buyer_prices - self.taxed_prices

    @property
    def taxed_sales(self) -> Array:
        """Units sold by taxed agents, (goods,): all that is traded if all sales are taxed."""
        return self.traded if self.levied is None else self.levied

    @property
    def borne_by_buyers(self) -> Array | None:
        """The share of the wedge that buyers bear, (goods,): the rise of their price over it, or nan.

        Of a good of which nothing taxed is traded it is nan too, since many prices go with no trade. The rest
        is borne by (taxed) sellers, as a fall of their price. None if the prices without interventions are
        unknown.
        """
        if self.free_prices is None:
            return None
        apart = self.wedge
        size = np.maximum(self.buyer_prices, self.free_prices)
        there = (np.abs(apart) > 1e-9 * size) & (self.taxed_sales > 0)
        rise = self.buyer_prices - self.free_prices
        return np.divide(rise, apart, out=np.full_like(apart, np.nan), where=there)
