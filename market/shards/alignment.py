"""Welfare weights from the market's own prices, and the residual of the conditions for their support.

With quasilinear money equal weights are tried first: if they support the outcome at the prices, total surplus
is maximal. Otherwise agent i has the weight `w_i = p_g / (du_i/dx_ig)`, the inverse of its marginal utility
of money, the largest over the goods that it consumes. Each shard computes both for its own agents; the
residual (`welfare.first_order_conditions.residuals`) is a maximum over all agents, and if it is small, a
weighted sum of utilities is maximal.

Other weights are not looked for: that takes a program over all agents.

Source: Negishi (1960); Mas-Colell, Whinston and Green (1995), section 16.E.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.economy.reductions import Largest, Reduction
from market.efficiency.report import Alignment
from market.outcome import shown
from market.tolerances import NEGLIGIBLE_AMOUNT, VIOLATION_THAT_PROVES
from market.welfare.first_order_conditions import residuals, weights_from_prices


@dataclass(frozen=True)
class Judgement:
    """Support of an outcome, equal in every shard except for the weights of its own agents.

    Args:
        weights: (agents of the shard,), not normalised; None if prices give some agent no weight.
        total: the sum of all weights.
        equal: True if all weights are equal.
        capped: True if budgets limit payments.
        residual: the largest relative violation of the supporting conditions; inf without weights.
        unweighed: number of agents that prices give no weight.
        smallest: the smallest weight, not normalised.
        largest: the largest.
    """

    weights: Array | None
    total: float
    equal: bool
    capped: bool
    residual: float
    unweighed: int
    smallest: float = 1.0
    largest: float = 1.0

    @property
    def proved(self) -> bool:
        """True if weights and prices prove that the outcome is efficient."""
        return self.residual <= VIOLATION_THAT_PROVES


def judge(economy: Economy, x: Array, y: Array, p: Array) -> Reduction[Judgement]:
    """Find weights that support an outcome, requesting sums over all agents.

    Args:
        economy: a part, without technologies.
        x: (agents, goods), consumption of its agents.
        y: (agents, goods), their production.
        p: (goods,), prices.
    """
    economy = economy.concave_form  # efficiency depends on the order of bundles alone
    ones = np.ones(len(economy.agents))
    caps = bool(np.isfinite(economy.budget).any())
    count, capped, owned, made = yield (
        float(len(ones)),
        float(caps),
        economy.owned,
        np.maximum(y, 0.0).sum(axis=0) if economy.costs else np.zeros(len(p)),
    )
    residual = np.inf
    if economy.money is Money.QUASILINEAR:
        residual = yield from residuals(economy, x, y, ones, p)
        if residual <= VIOLATION_THAT_PROVES:
            return Judgement(ones, count, True, bool(capped), residual, 0)
    some = NEGLIGIBLE_AMOUNT * (economy.commons + owned + made) / count
    weights = np.zeros(len(ones))
    for rows, part in economy.parts:
        eaten = np.where(x[rows] > some, x[rows], 0.0)
        weights[rows] = weights_from_prices(part.marginal_utility(x[rows]), eaten, p)
    total, unweighed, least, most = yield (
        float(weights.sum()),
        float((weights <= 0).sum()),
        Largest(-float(weights.min())),
        Largest(float(weights.max())),
    )
    if unweighed or not np.isfinite(total):
        return Judgement(None, total, False, bool(capped), np.inf, int(unweighed))
    own = yield from residuals(economy, x, y, weights, p)
    return Judgement(weights, total, False, bool(capped), own, 0, -float(least.value), float(most.value))


def alignment_report(found: Judgement, economy: Economy, p: Array, weights: Array | None) -> Alignment:
    """Return the alignment report that a judgement allows.

    Args:
        found: the judgement.
        economy: without agents; its `resources` and `money` are those of all.
        p: (goods,), prices.
        weights: (agents,), normalised, if the market is small; None otherwise, or if none support the
            outcome.
    """
    quasilinear = economy.money is Money.QUASILINEAR
    surplus = found.proved and found.equal and not found.capped
    worth = float(p @ economy.resources) > 0
    unknown = {}
    if not found.proved:
        why = _why(found)
        unknown["efficient"] = why
        if economy.resources.any():
            unknown["resource_utilisation"] = why
    elif not worth and economy.resources.any():
        unknown["resource_utilisation"] = "all resources are free at the prices"
    if quasilinear and not surplus:
        capped = "budgets limit payments, which takes a program over all agents"
        unknown["surplus_gap"] = capped if found.capped else _why(found)
    return Alignment(
        efficient=True if found.proved else None,
        degenerate=False,
        negishi_weights=weights,
        supporting_prices=p / found.total if found.weights is not None else p,
        residual=found.residual,
        resource_utilisation=1.0 if found.proved and worth else None,
        efficient_with_transfers=True if quasilinear and surplus else None,
        surplus_gap=0.0 if quasilinear and surplus else None,
        unknown=unknown,
    )


def _why(found: Judgement) -> str:
    """Return the reason why a figure is unknown."""
    if found.unweighed:
        return f"played in shards, and prices alone give {found.unweighed} of the agents no weight"
    if found.proved:
        return "played in shards, and the weights that prices give are not equal"
    return (
        f"played in shards, where only the weights that prices give are tried; they leave a residual of "
        f"{shown(found.residual)}"
    )
