"""Equivalent and compensating variation: a change of outcome in money, agent by agent.

Symbols: outcomes 0 (before) and 1 (after); p^0, p^1 their prices; u_i^0, u_i^1 agent i's utilities;
e_i(p, u) the expenditure function, the least money that buys i a utility u at prices p.

    EV_i = e_i(p^0, u_i^1) - e_i(p^0, u_i^0)     money that would do as much at the old prices as the change,
    CV_i = e_i(p^1, u_i^1) - e_i(p^1, u_i^0)     money that could be taken at the new prices to undo it.

Both are > 0 exactly if the agent gains. EV ranks several outcomes against one as the agent does, since all
are valued at p^0; CV need not.

*Quasilinear money.* A unit of money is a unit of payoff whatever is consumed, so that

    EV_i = CV_i = payoff_i^1 - payoff_i^0,

the change of surplus with all payments: no prices are needed. With a budget that binds, money would buy more
than itself; then this is what money is worth with bundles as they are.

*Fisher and exchange.* Utility has no unit of money, and prices give it one: those of an outcome at which
agents traded (auctioneers, and games with prices), or stated ones. Under `exchange` only relative prices
matter, so amounts are in the numeraire, or in units in which prices sum to one. A planner's shadow prices
value weighted utility, which no agent pays, and are not used. With a tax prices are those that buyers pay.
Without prices a measure is unknown, with the reason. A producer of a Fisher market that wants no good has its
payoff in money, and its variation is the difference; an agent with both has a payoff in two units, and its
variation is unknown. An agent that wants nothing under `exchange` has no utility: 0.

*Corners.* At u = -inf the least money is 0: losing everything costs all that the utility before did, and no
more. With quasilinear money a change from or to -inf is infinite, and between two of them unknown. A wanted
good that is free leaves no least money: unknown. The sum over agents is money, not welfare: it can be > 0 for
a change and for its reverse (Boadway 1974).

Source: Hicks (1942), "Consumers' surplus and index-numbers"; Mas-Colell, Whinston and Green (1995), section
3.I; Boadway (1974), "The welfare foundations of cost-benefit analysis".
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from market.display import Displayed
from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.efficiency.expenditure_bound import expenditure
from market.errors import InputError, UnboundedDemandError, did_you_mean
from market.outcome import Outcome, Status

if TYPE_CHECKING:
    import pandas as pd

MISSED = 1e-15
"""Share of a utility that a least expenditure may miss: rounding of the utility itself."""


@dataclass(frozen=True)
class Variation(Displayed):
    """The change from one outcome to another in money, agent by agent.

    Args:
        before: name of the outcome before the change.
        after: name of the outcome after it.
        agents: names.
        equivalent: (agents,), EV, money; nan where unknown.
        compensating: (agents,), CV, money; nan where unknown.
        unit: of the amounts, in words.
        prices_before: (goods,), prices at which EV is measured; None if none are needed or known.
        prices_after: (goods,), prices at which CV is measured; likewise.
        unknown: sentences, why some numbers are unknown.
    """

    before: str
    after: str
    agents: tuple[str, ...]
    equivalent: Array
    compensating: Array
    unit: str
    prices_before: Array | None = None
    prices_after: Array | None = None
    unknown: tuple[str, ...] = ()

    def __repr__(self) -> str:
        """Return the two outcomes and the sums, on a line."""
        sums = f"EV {self.equivalent.sum():.4g}, CV {self.compensating.sum():.4g}"
        return f"<Variation from '{self.before}' to '{self.after}': {sums} in all>"

    def table(self) -> pd.DataFrame:
        """Return one row an agent, with columns `equivalent` and `compensating`."""
        import pandas as pd  # deferred: takes a third of a second

        columns = {"agent": self.agents, "equivalent": self.equivalent, "compensating": self.compensating}
        return pd.DataFrame(columns)


def variation(before: Outcome, after: Outcome, prices: Mapping[str, float] | None = None) -> Variation:
    """Return equivalent and compensating variation between two outcomes of one economy.

    Args:
        before: the outcome before the change.
        after: the outcome after it.
        prices: of all goods, to measure both at; by default those of the outcomes.

    Raises:
        InputError: prices are not of these goods, negative, or of no use in this economy; or some good is
            public and money is not quasilinear.

    Example:
        Ten units of water, taken by the first agent or sold at 0.2: with log utility beta, who had none,
        gains without limit, and alpha loses log 2 and what it pays, 1.

        >>> import market
        >>> compared = market.compare(market.load("scenarios/commons.toml"))
        >>> changed = compared.variation("first mover", "prices")
        >>> changed.equivalent.round(6).tolist()
        [-1.693147, inf]
    """
    economy = before.economy
    if economy.public_goods and economy.money is not Money.QUASILINEAR:
        raise InputError(
            "with public goods agents do not choose their amounts, so that no income is equivalent"
        )
    if economy.money is Money.QUASILINEAR:
        if prices is not None:
            raise InputError("with quasilinear money variations are differences of payoffs, at any prices")
        return _in_payoffs(before, after)
    stated = None if prices is None else _stated(economy, prices)
    unknown: dict[str, None] = {}
    old = _prices(before, "equivalent", unknown) if stated is None else stated
    new = _prices(after, "compensating", unknown) if stated is None else stated
    return Variation(
        before=before.name,
        after=after.name,
        agents=tuple(economy.agents),
        equivalent=_at(economy, old, before, after, unknown),
        compensating=_at(economy, new, before, after, unknown),
        unit=_unit(economy),
        prices_before=old,
        prices_after=new,
        unknown=tuple(unknown),
    )


def _in_payoffs(before: Outcome, after: Outcome) -> Variation:
    with np.errstate(invalid="ignore"):
        gained = after.payoffs - before.payoffs
    ruined = np.isnan(gained)
    unknown = ("an agent at -inf before and after has no difference of payoffs",) if ruined.any() else ()
    agents = tuple(before.economy.agents)
    return Variation(before.name, after.name, agents, gained, gained.copy(), "money", unknown=unknown)


def _stated(economy: Economy, prices: Mapping[str, float]) -> Array:
    """Return stated prices, (goods,)."""
    for good in prices:
        if good not in economy.goods:
            raise InputError(f"no good '{good}'; {did_you_mean(good, economy.goods)}")
    missing = [good for good in economy.goods if good not in prices]
    if missing:
        raise InputError(f"the price of {missing[0]} is missing")
    p = np.array([float(prices[good]) for good in economy.goods])
    if not (np.isfinite(p).all() and (p >= 0).all()):
        raise InputError("prices must be finite and not negative")
    return p


def _prices(outcome: Outcome, label: str, unknown: dict[str, None]) -> Array | None:
    """Return the prices at which agents traded; None, with the reason, if there are none."""
    if outcome.prices is None:
        why = "has no prices"
    elif outcome.kind == "planner":
        why = "has shadow prices only, which no agent pays"
    elif not np.isfinite(outcome.prices).all():
        why = "has unbounded prices"
    else:
        if outcome.kind == "auctioneer" and outcome.status not in (Status.CLEARED, Status.RATIONED):
            unknown[f"'{outcome.name}' did not clear: its prices are no equilibrium"] = None
        levied = outcome.intervention
        return outcome.prices if levied is None else levied.buyer_prices
    unknown[f"{label} variation is unknown: '{outcome.name}' {why}; state prices to measure at"] = None
    return None


def _at(
    economy: Economy, p: Array | None, before: Outcome, after: Outcome, unknown: dict[str, None]
) -> Array:
    """Return `e(p, u^1) - e(p, u^0)`, (agents,), with payoffs in money as they are; nan where unknown."""
    wants, owns = economy.wants_something, economy.endowment.any(axis=1)
    sells = np.asarray((owns | (economy.capacity > 0).any(axis=1)) & (economy.money is Money.FISHER))
    if p is None:
        spent = np.full(len(wants), np.nan)
    else:
        spent = _least(economy, p, after.consumption, unknown) - _least(
            economy, p, before.consumption, unknown
        )
    if (wants & sells).any():
        unknown["an agent of a Fisher market that buys and sells has a payoff in two units"] = None
        spent = np.where(wants & sells, np.nan, spent)
    with np.errstate(invalid="ignore"):
        gained = np.where(sells, after.payoffs - before.payoffs, 0.0)
    return np.where(wants, spent, gained)


def _least(economy: Economy, p: Array, x: Array, unknown: dict[str, None]) -> Array:
    """Return `e_i(p, u_i(x_i))`, (agents,), 0 at -inf; nan where a good that the agent wants is free."""
    free = np.zeros(len(economy.goods), dtype=bool)
    priced = p.copy()
    while True:
        try:
            with np.errstate(over="ignore", invalid="ignore"):
                least = expenditure(economy, priced, x, MISSED)
            break
        except UnboundedDemandError as error:
            free[list(error.goods)] = True
            priced[free] = max(float(p.max()), 1.0)  # of no meaning to those who do not want them
    lost = free & (economy.bliss > 0)
    if lost.any():
        good = economy.goods[int(np.flatnonzero(lost.any(axis=0))[0])]
        unknown[f"{good} is free at these prices and wanted, so that no least expenditure exists"] = None
    return np.where(lost.any(axis=1), np.nan, least)


def _unit(economy: Economy) -> str:
    if economy.money is not Money.EXCHANGE:
        return "money"
    return "money, prices summing to one" if economy.numeraire is None else economy.goods[economy.numeraire]
