"""Consumer surplus, producer surplus and total surplus of an outcome, where money is quasilinear.

Symbols: p (goods,) prices; x consumption, e endowments, y production, (agents, goods); u_i utility and C_i
cost in money, with `C_i(0) = 0` in every family. An agent may buy, produce and own goods at once, so the
surplus is split by what it does. With trade at prices p

    consumer surplus   CS_i = u_i(x_i) - u_i(e_i) - p.(x_i - e_i)     of agents that want some good,
    producer surplus   PS_i = p.y_i - C_i(y_i)                        of all, that is, profit,
                            + p.(e_i - x_i)                           of owners that want no good,
    revenue             R   = sum_i p.(x_i - e_i - y_i)               of the common stock.

Consumer surplus is the gain from trade: with nothing owned before, the area between the demand curve and the
price, `u_i(x_i) - u_i(0) - p.x_i`. An owner that wants no good forgoes nothing by selling, so its proceeds
are surplus. Payments cancel:

    sum_i (CS_i + u_i(e_i)) + sum_i PS_i + R = sum_i (u_i(x_i) - C_i(y_i)) = total surplus,

where u_i(e_i) is summed over agents that want some good. Harm by the output of others, `H = sum_i D_i`, is no
buyer's or seller's surplus; it is taken from the total, `sum_i (u_i - C_i) - H`. If no agent owns goods and
u_i(0) = 0, total surplus is `CS + PS + R - H`. The largest total surplus less that of the outcome is
`Alignment.surplus_gap`, the unrealised gains from trade (deadweight loss).

Corners:

- With u_i(e_i) = -inf (log utility without endowment) the first unit is worth infinitely much, and CS_i is
  inf. Utility minus payments, `CS_i + u_i(e_i)`, stays finite, and so do total surplus and the deadweight
  loss; a difference of consumer surplus between two outcomes is a difference of utility minus payments.
- An agent at -inf both with and without trade has gained no utility: its CS_i is minus what it paid.
- Without prices (games, planners) money moves only as `payments` says, mostly not at all: then surpluses are
  gains of utility, and minus costs. A payment of an agent that wants some good counts as a consumer's, that
  of another one as a producer's. Penalties of a game are no surplus.
- Spending caps change none of these sums: money left over counts one for one.
- Revenue handed back in lump sums (`commons_shares`) stays in R and is no agent's surplus.
- Under taxes and quotas consumers pay one price and producers get another. Each surplus is counted at its own
  side's price, and tax revenue and rents are transfers: a part of total surplus that is neither side's nor R.

Source: Marshall (1920), *Principles of Economics*, book III, chapter VI; Mas-Colell, Whinston and Green
(1995), section 10.E. The split for owners of goods is our own derivation.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Money
from market.outcome import Outcome, widen_outcome


@dataclass(frozen=True)
class Surplus:
    """Surplus of each agent, and of the common stock, money.

    Args:
        consumers: (agents,), CS_i; 0 of agents that want no good; inf where the first unit is worth
            infinitely much, -inf where the agent has lost what it cannot do without.
        producers: (agents,), PS_i; 0 of agents that neither produce nor sell.
        revenue: R, of the common stock.
        transfers: tax revenue, and the rents of quotas.
        total: total surplus, `sum_i u_i - C_i - D_i`; -inf if any agent is at -inf.
        harm: H, done to agents by the output of others, negative where it benefits them; None where no agent
            can be harmed.
    """

    consumers: Array
    producers: Array
    revenue: float
    total: float
    transfers: float = 0.0
    harm: float | None = None

    @property
    def consumer(self) -> float | None:
        """Consumer surplus, the sum over agents; None where both inf and -inf occur."""
        ruined, boundless = np.isneginf(self.consumers).any(), np.isposinf(self.consumers).any()
        return None if ruined and boundless else float(self.consumers.sum())

    @property
    def producer(self) -> float:
        """Producer surplus, the sum over agents."""
        return float(self.producers.sum())

    @property
    def utility_minus_payments(self) -> float:
        """Consumer surplus with the utility before trade; -inf if total is.

        It is `total + harm - producer - revenue - transfers`.
        """
        return self.total + (self.harm or 0.0) - self.producer - self.revenue - self.transfers


def surplus(outcome: Outcome) -> Surplus | None:
    """Return consumer and producer surplus of an outcome; None where money is not quasilinear.

    Example:
        Demand log(1 + x) at a price of 0.5 is 1, worth log 2 and paid for with 0.5:

        >>> from market import build, loads, MarketModel
        >>> scenario = loads('''
        ...     schema = 1
        ...     economy = "quasilinear"
        ...     goods = ["water"]
        ...     commons.water = 1
        ...     agents = [{ name = "a", utility = { family = "log1p", weights = { water = 1 } } }]
        ...     mechanisms = [{ name = "prices", kind = "auctioneer" }]
        ... ''')
        >>> found = surplus(MarketModel(scenario, "prices").run())
        >>> round(found.consumer, 6), round(found.revenue, 6), round(found.total, 6)
        (0.193147, 0.5, 0.693147)
    """
    if outcome.economy.public_goods:
        outcome = widen_outcome(outcome)  # where each agent has its own price
    economy, x, y = outcome.economy, outcome.consumption, outcome.production
    if economy.money is not Money.QUASILINEAR:
        return None
    wants = economy.wants_something
    paid, sold = _payments(outcome)
    utility, before = economy.utility(x), economy.utility(economy.endowment)
    with np.errstate(invalid="ignore"):
        gained = np.where(utility == before, 0.0, utility - before)
    cost, harm = economy.cost(y), float(economy.harm_done(y).sum())
    transfers = 0.0 if outcome.intervention is None else outcome.intervention.transfers
    return Surplus(
        consumers=np.where(wants, gained - paid, 0.0),
        producers=sold - cost - np.where(wants, 0.0, paid),
        revenue=float(paid.sum() - sold.sum()) - transfers,
        total=float((utility - cost).sum()) - harm,
        transfers=transfers,
        harm=None if economy.harm is None else harm,
    )


def payoffs_with_revenue(outcome: Outcome) -> Array | None:
    """Return payoffs with the revenue of the common stock handed back, (agents,), money.

    Agent i gets the lump sum `s_i R`, s_i its share in the commons. No agent's purchases change it, so
    prices, quantities and regrets stay as they are, and payoffs add up to total surplus. None where money is
    not quasilinear: elsewhere revenue is income, or has no value to those who would get it.
    """
    economy = outcome.economy
    if economy.money is not Money.QUASILINEAR:
        return None
    if economy.shares_revenue:
        return outcome.payoffs
    return outcome.payoffs + economy.commons_share * outcome.revenue


def _payments(outcome: Outcome) -> tuple[Array, Array]:
    """Return payments for goods other than own output, and proceeds from that, (agents,) each, money."""
    economy, p, levied = outcome.economy, outcome.prices, outcome.intervention
    if levied is not None and p is not None:
        handed_back = economy.lump_sums(levied.commons_revenue)
        sold = levied.proceeds(p, outcome.production)
        return outcome.payments + handed_back + sold, sold
    if outcome.kind == "auctioneer" and p is not None:
        return (outcome.consumption - economy.endowment) @ p, outcome.production @ p
    return outcome.payments, np.zeros(len(economy.agents))
