"""Claims about an auction with taxes, caps, floors or quotas, recomputed from scenario and primitives.

Symbols: p recorded prices; p_b what a buyer pays, p_s what an agent gets; n = x - e - y net purchases, B and
S purchases and sales; (agents, goods) or (goods,). Nothing here is the mechanism's code.

1. Prices of each side follow from p, the scenario's taxes and the stated rents; p is within cap and floor.
2. Demand at p_b and supply at p_s, summed over agents, meet; at a bound that is stated to bind they do not,
   and excess demand has the sign that the bound forbids to act on.
3. Purchases and sales give payments, tax revenue, rents and the revenue of the commons.
4. Regret: the best answer of each agent at its own prices, against what it has. An agent that may buy or sell
   a good at two prices has no closed form; there a bound proves it: at any shadow prices between p_s and p_b
   what would be best if they were the only prices is at least as good as what the agent can reach (weak
   duality), and at its own marginal utilities the two meet.
5. A rationed long side has the shares that the scenario's rule gives it.
6. A quota is not exceeded, and has a rent only where it is used up.
7. Prices without interventions clear that market, and the stated incidence follows from them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array, Correspondence
from market.economy.primitives import Answers, Economy, Money
from market.errors import UnboundedDemandError
from market.outcome import Status, shown
from market.random_streams import generator
from market.results.schema import number
from market.results.verify.accounts import Due, equal, worth
from market.results.verify.claim import Claim, difference
from market.results.verify.harm_claims import suffered
from market.tolerances import REGRET_THAT_IS_NONE, ROUNDING_OF_RESULTS, ROUNDING_OF_SUMS

if TYPE_CHECKING:
    from market.mechanisms.auction.auctioneer import Auction
    from market.results.verify.record import Record

SUBSIDISED_PAY = 1e-9  # of the seller's price, the least that a subsidised buyer pays
FREE = 1e-150  # stands for a price of 0 where the demand at it is not looked at
SHARES = 1e-7  # relative difference of a share of a rationed side
NEGLIGIBLE = 1e-6  # share of what is traded: a smaller amount of one side is its rounding
MARGIN = 1e-6  # relative difference of worths at the margin that rounding of amounts may make
KEYS = ("tax", "tax_rate", "price_cap", "price_floor", "quota")


def has_interventions(options: Any) -> bool:
    """Return True if an auctioneer's options have a tax, a cap, a floor or a quota."""
    return any(getattr(options, key, None) for key in KEYS)


@dataclass(frozen=True)
class Terms:
    """The interventions of a scenario, good by good, and the prices that follow from them.

    Args:
        economy: the primitives.
        options: of the auctioneer.
        p: (goods,), announced prices.
        rents: (goods,), stated rents of quotas.
    """

    economy: Economy
    options: Auction
    p: Array
    rents: Array

    def _by_good(self, key: str, absent: float) -> Array:
        given = getattr(self.options, key)
        return np.array([given.get(good, absent) for good in self.economy.goods])

    @cached_property
    def tariff(self) -> NDArray[np.bool_] | None:
        """Mask of the sellers that alone are taxed, (agents,); None if all sales are."""
        if not self.options.taxed:
            return None
        rows = np.concatenate([self.economy.rows(name) for name in self.options.taxed])
        return np.isin(np.arange(len(self.economy.agents)), rows)

    @cached_property
    def paid(self) -> Array:
        """Prices that a buyer pays, (goods,)."""
        if self.tariff is not None:
            return self.p + self.rents
        full = self.p * (1.0 + self._by_good("tax_rate", 0.0)) + self._by_good("tax", 0.0)
        return np.where(full > SUBSIDISED_PAY * self.p, full, SUBSIDISED_PAY * self.p) + self.rents

    @cached_property
    def taxed_get(self) -> Array:
        """Prices that a taxed seller gets, (goods,)."""
        if self.tariff is None:
            return self.p
        net = (self.p - self._by_good("tax", 0.0)) / (1.0 + self._by_good("tax_rate", 0.0))
        return np.where(net > 0, net, 0.0)

    @cached_property
    def got(self) -> Array:
        """Prices that each agent gets for a unit, (agents, goods)."""
        if self.tariff is None:
            return np.tile(self.p, (len(self.economy.agents), 1))
        return np.where(self.tariff[:, None], self.taxed_get, self.p)

    @cached_property
    def cap(self) -> Array:
        """Caps, (goods,)."""
        return self._by_good("price_cap", np.inf)

    @cached_property
    def floor(self) -> Array:
        """Floors, (goods,)."""
        return self._by_good("price_floor", 0.0)

    @cached_property
    def quota(self) -> Array:
        """Quotas, (goods,)."""
        return self._by_good("quota", np.inf)

    @cached_property
    def both_ways(self) -> NDArray[np.bool_]:
        """Mask, (agents, goods), of agents that can have a good and want it."""
        economy = self.economy
        return np.asarray((economy.bliss > 0) & ((economy.endowment > 0) | (economy.capacity > 0)))

    @cached_property
    def sells_all(self) -> NDArray[np.bool_]:
        """Mask, (goods,): an agent sells all that it has of the good and buys what it consumes."""
        subsidy = (self._by_good("tax", 0.0) < 0) | (self._by_good("tax_rate", 0.0) < 0)
        always = self.economy.money is Money.FISHER or self.options.tax_base == "consumption"
        return np.asarray(subsidy | always)

    @cached_property
    def two_prices(self) -> NDArray[np.bool_]:
        """Mask of agents that pay more for some good than they get for it, and may do either, (agents,)."""
        apart = self.both_ways & ~self.sells_all & (self.paid - self.got > ROUNDING_OF_SUMS * self.paid)
        return np.asarray(apart.any(axis=1))

    def traded(self, x: Array, y: Array) -> tuple[Array, Array]:
        """Return purchases and sales, (agents, goods) each, units."""
        have = self.economy.endowment + y
        bought, sold = np.maximum(x - have, 0.0), np.maximum(have - x, 0.0)
        everything = self.both_ways & self.sells_all
        return np.where(everything, x, bought), np.where(everything, have, sold)

    def spent(self, x: Array, y: Array) -> Array:
        """Return what agents pay less what they get for goods, (agents,), money."""
        bought, sold = self.traded(x, y)
        return np.asarray(bought @ self.paid - (sold * self.got).sum(axis=1))

    def taxes(self, x: Array, y: Array) -> float:
        """Return the tax revenue, money."""
        bought, sold = self.traded(x, y)
        if self.tariff is not None:
            return float(((self.p - self.taxed_get) * sold[self.tariff]).sum())
        return float(((self.paid - self.rents - self.p) * bought).sum())

    def levied(self, x: Array, y: Array) -> Array:
        """Return the units that are taxed, (goods,): sales of the taxed sellers, or all that is bought."""
        bought, sold = self.traded(x, y)
        return bought.sum(axis=0) if self.tariff is None else sold[self.tariff].sum(axis=0)

    def commons_sold(self, x: Array, y: Array) -> float:
        """Return the value of the commons that were sold, money."""
        bought, sold = self.traded(x, y)
        return float((bought.sum(axis=0) - sold.sum(axis=0)) @ self.p)

    def shares(self) -> Array:
        """Return shares in tax revenue under `exchange`, (agents,)."""
        count, given = len(self.economy.agents), self.options.revenue_to
        if not given:
            return np.full(count, 1.0 / count)
        shares = np.zeros(count)
        for name, share in given.items():
            rows = self.economy.rows(name)
            shares[rows] += share / len(rows)
        return shares

    def handed_out(self, x: Array, y: Array) -> Array:
        """Return lump sums, (agents,), money: of the commons, and under `exchange` of the taxes."""
        economy = self.economy
        if economy.money is Money.EXCHANGE:
            return economy.commons_share * self.commons_sold(x, y) + self.shares() * self.taxes(x, y)
        return economy.lump_sums(self.commons_sold(x, y))

    def payoff(self, x: Array, y: Array) -> Array:
        """Return payoffs before lump sums and harm by others, (agents,)."""
        economy = self.economy
        welfare = economy.own_welfare(x, y)
        if economy.money is Money.QUASILINEAR:
            return welfare - self.spent(x, y)
        if economy.money is Money.FISHER:
            return np.asarray(welfare + (self.traded(x, y)[1] * self.got).sum(axis=1))
        return welfare

    def best(self, x: Array, y: Array) -> Answers:
        """Return best answers at each side's prices; of agents with two prices those to one price, no more.

        Args:
            x: (agents, goods), recorded consumption, from which lump sums follow.
            y: (agents, goods), recorded production.
        """
        economy = self.economy
        supply = economy.supply(np.where(self.p > 0, self.p, 0.0))
        if self.tariff is not None:
            other, mask = economy.supply(self.taxed_get), self.tariff[:, None]
            low, high = (np.where(mask, a, b) for a, b in zip(other.bounds, supply.bounds, strict=True))
            supply = Correspondence(low, high)
        return Answers(_demand(economy, self.paid, self._income(self.got, supply.lowest, x, y)), supply)

    def _income(self, got: Array, made: Array, x: Array, y: Array) -> Array:
        """Return what agents can spend at selling prices `got`, (agents,), money."""
        economy = self.economy
        if economy.money is Money.FISHER:
            return economy.budget
        own = (economy.endowment * got).sum(axis=1)
        if economy.money is Money.EXCHANGE or economy.shares_revenue:
            own = own + economy.commons_share * float(economy.commons @ self.p)
        if economy.money is Money.EXCHANGE:
            return own + self.shares() * self.taxes(x, y)
        made = np.where(np.isfinite(made), made, 0.0)
        with np.errstate(invalid="ignore"):
            return economy.budget + own + (made * got).sum(axis=1) - economy.cost(made)

    def _lump_sums(self, x: Array, y: Array) -> Array:
        """Return income that depends on no choice of an agent, (agents,), money."""
        nothing = np.zeros(self.economy.shape)
        own = self._income(nothing, nothing, x, y)
        if self.economy.money is Money.EXCHANGE:
            return own
        return np.where(np.isfinite(self.economy.budget), own - self.economy.budget, 0.0)

    def best_payoffs(self, x: Array, y: Array) -> Array:
        """Return what each agent could reach at its own prices, (agents,); upper bounds for two prices."""
        best = self.best(x, y)
        eaten, made = best.demand.lowest, best.supply.lowest
        unbounded = np.asarray((np.isinf(eaten) | np.isinf(made)).any(axis=1))
        eaten, made = (np.where(unbounded[:, None], 0.0, part) for part in (eaten, made))
        could = np.where(unbounded, np.inf, self.payoff(eaten, made))
        for i in np.flatnonzero(self.two_prices):
            could[i] = self._bound(int(i), x, y)
        return could

    def _bound(self, i: int, x: Array, y: Array) -> float:
        """Return an upper bound on the payoff of an agent with two prices, from its marginal utilities."""
        agent, lump = self.economy.part(i, i + 1), self._lump_sums(x, y)[i : i + 1]
        own, made = x[i : i + 1], y[i : i + 1]
        slopes = agent.marginal_utility(own)[0]
        unit = 1.0
        if agent.money is Money.EXCHANGE:  # utility of money: that of the good on which most is spent
            wanted = (agent.bliss[0] > 0) & ~self.both_ways[i] | (self.paid <= self.got[i])
            known = wanted & np.isfinite(slopes) & (own[0] > 0)
            g = int(np.argmax(np.where(known, self.paid * own[0], -1.0)))
            unit = slopes[g] / self.paid[g] if known.any() else slopes[0] / self.paid[0]
        net = own[0] - agent.endowment[0] - made[0]
        size = own[0] + agent.endowment[0] + made[0]
        between = np.clip(slopes / unit, self.got[i], self.paid)
        buys, sells = net > ROUNDING_OF_RESULTS * size, net < -ROUNDING_OF_RESULTS * size
        pi = np.where(buys | ~self.both_ways[i], self.paid, np.where(sells, self.got[i], between))
        pi = np.where((agent.bliss[0] > 0) | self.both_ways[i], pi, self.got[i])
        made_best = agent.supply(pi).lowest
        income = agent.endowment @ pi + lump
        if agent.money is Money.QUASILINEAR:
            income = income + agent.budget + made_best @ pi - agent.cost(made_best)
        eaten = _demand(agent, pi, income).lowest
        if agent.money is Money.EXCHANGE:
            return float(agent.utility(eaten)[0])
        gained = agent.welfare(eaten, made_best) - (eaten - agent.endowment - made_best) @ pi
        return float(gained[0])


def _demand(economy: Economy, p: Array, income: Array) -> Correspondence:
    """Return the demand of agents at prices p, (goods,), with money to spend, (agents,)."""
    alone = replace(
        economy,
        money=Money.QUASILINEAR if economy.money is Money.QUASILINEAR else Money.FISHER,
        endowment=np.zeros(economy.shape),
        budget=np.maximum(income, 0.0) if economy.money is Money.EXCHANGE else income,
        costs=(),
        technologies=(),
        shares_revenue=False,
    )
    return alone.demand(p, Correspondence.exactly(np.zeros(economy.shape)))


def terms_of(economy: Economy, record: Record, options: Auction) -> Terms | None:
    """Return the terms of a recorded outcome; None if it has no prices or no accounts of interventions."""
    stated = record.stated.get("intervention")
    if record.prices is None or stated is None:
        return None
    return Terms(economy, options, record.prices, _array(economy, stated["rents"]))


def due_under(economy: Economy, record: Record, options: Auction) -> Due | None:
    """Return the payments and payoffs that follow from prices, taxes and quantities; None if unknown."""
    terms = terms_of(economy, record, options)
    if terms is None:
        return None
    x, y = record.consumption, record.production
    handed_out = terms.handed_out(x, y)
    payments, payoffs = terms.spent(x, y) - handed_out, terms.payoff(x, y) - suffered(economy, y)
    if economy.money is not Money.EXCHANGE:
        payoffs = payoffs + handed_out
    return Due(payments, float(payments.sum()) - _kept(terms, x, y), payoffs)


def _kept(terms: Terms, x: Array, y: Array) -> float:
    """Return the money of taxes and rents that no agent gets."""
    kept = 0.0 if terms.economy.money is Money.EXCHANGE else terms.taxes(x, y)
    return kept + float(terms.traded(x, y)[0].sum(axis=0) @ terms.rents)


def _array(economy: Economy, by_good: dict[str, Any]) -> Array:
    return np.array([number(by_good.get(good, np.nan)) for good in economy.goods])


# --- claims ---------------------------------------------------------------------------------------------


def check_interventions(economy: Economy, record: Record, options: Auction) -> Iterator[Claim]:
    """Check an outcome of an auctioneer with taxes, caps, floors or quotas."""
    stated, terms = record.stated.get("intervention"), terms_of(economy, record, options)
    name = f"{record.name}: accounts of its interventions"
    if stated is None or terms is None:
        yield Claim(name, False, "they are missing")
        return
    yield _prices(record, terms, stated)
    yield _accounts(record, terms, stated)
    try:
        best = terms.best(record.consumption, record.production)
    except UnboundedDemandError as error:
        yield Claim(f"{record.name}: demand is bounded", False, str(error))
        return
    z, relative, coupled = _excess(economy, record, terms, best)
    at_bound = _at_bound(terms, z, relative, options.tolerance)
    yield _disequilibrium(record, relative, at_bound, coupled, options.tolerance)
    yield _binding(economy, record, terms, stated, z, at_bound, coupled)
    if not coupled:
        yield _auctioneers_payoff(record, terms, z, relative)
    size = worth(economy, record) + np.abs(record.production) @ terms.p + record.consumption @ terms.paid
    regret = _regrets(terms, record)
    apart = difference(record.regret if record.regret is not None else np.inf, regret, size)
    allowed = ROUNDING_OF_RESULTS + (options.tolerance if terms.two_prices.any() else 0.0)
    detail = f"largest relative difference: {shown(apart)}"
    yield Claim(f"{record.name}: regret", apart <= allowed, detail)
    yield _status(record, terms, options, best, at_bound, regret, size)
    yield _quotas(record, terms)
    if record.status is Status.RATIONED and at_bound.any():
        yield from _served(economy, record, terms, best, z, at_bound)
    yield _free(economy, record, terms, stated, options.tolerance)


def _prices(record: Record, terms: Terms, stated: Any) -> Claim:
    """Check the prices of each side, and that rents have a quota."""
    economy, wrong = terms.economy, []
    for key, due in (("buyer_prices", terms.paid), ("taxed_prices", terms.taxed_get)):
        if not difference(_array(economy, stated[key]), due) <= ROUNDING_OF_RESULTS:
            wrong.append(key)
    if (terms.p > terms.cap).any() or (terms.p < terms.floor).any():
        wrong.append("prices beyond a cap or floor")
    if not ((terms.rents >= 0) & ((terms.rents == 0) | np.isfinite(terms.quota))).all():
        wrong.append("rents")
    detail = f"wrong: {', '.join(wrong)}" if wrong else "from the announced prices, taxes and rents"
    return Claim(f"{record.name}: prices of buyers and sellers", not wrong, detail)


def _accounts(record: Record, terms: Terms, stated: Any) -> Claim:
    """Check tax revenue, rents, and what was traded."""
    x, y = record.consumption, record.production
    bought, sold = terms.traded(x, y)
    taxes, total = terms.taxes(x, y), bought.sum(axis=0)
    due = {
        "tax_revenue": taxes,
        "returned": taxes if terms.economy.money is Money.EXCHANGE else 0.0,
        "commons_revenue": terms.commons_sold(x, y),
        "quota_rent": float(total @ terms.rents),
    }
    size = float(total @ terms.paid + (sold * terms.got).sum())
    wrong = [
        key
        for key, value in due.items()
        if not difference(number(stated[key]), value, size) <= ROUNDING_OF_RESULTS
    ]
    if not difference(_array(terms.economy, stated["traded"]), total) <= ROUNDING_OF_RESULTS:
        wrong.append("traded")
    detail = f"different: {', '.join(wrong)}" if wrong else f"tax revenue {taxes:.6g}"
    return Claim(f"{record.name}: tax revenue and rents", not wrong, detail)


def _excess(economy: Economy, record: Record, terms: Terms, best: Answers) -> tuple[Array, Array, bool]:
    """Return excess demand, in units and relative, (goods,) each; True if it is that of recorded trades.

    That is so where an agent sees two prices or goods are coupled: there only the trades are recorded.
    """
    from market.results.verify.auction_claims import balance, excess_demand

    coupled = best.demand.joint is not None or best.supply.joint is not None
    if not (coupled or terms.two_prices.any()):
        return *excess_demand(economy, best, terms.p), False
    return *balance(economy, record, terms.p), True


def _at_bound(terms: Terms, z: Array, relative: Array, tolerance: float) -> NDArray[np.bool_]:
    """Return a mask of goods whose price a cap or floor holds against excess demand, (goods,).

    Excess demand within the tolerance is that of a market that clears, at a bound or not.
    """
    cap, floor = (terms.p >= terms.cap) & (z > 0), (terms.p <= terms.floor) & (terms.p > 0) & (z < 0)
    return np.asarray((cap | floor) & (np.abs(relative) > tolerance))


def check_paid(economy: Economy, record: Record, options: Auction, prices: Array, paid: Array) -> Claim:
    """Check what buyers paid in each round, (rounds, goods): by the taxes, and more only within a quota."""
    apart, rent_without_quota = 0.0, False
    for p, given in zip(prices, paid, strict=True):
        terms = Terms(economy, options, p, np.zeros(len(p)))
        limited = np.isfinite(terms.quota)
        apart = max(apart, difference(given[~limited], terms.paid[~limited]))
        rent_without_quota |= not (given >= terms.paid * (1.0 - ROUNDING_OF_RESULTS)).all()
    last = terms_of(economy, record, options)
    same = last is not None and bool((paid == last.paid).all(axis=1).any() or np.isfinite(last.quota).any())
    holds = apart <= ROUNDING_OF_RESULTS and not rent_without_quota and same
    return Claim(
        f"{record.name}: what buyers pay in each round", holds, "by the announced prices and the taxes"
    )


def at_two_prices(
    economy: Economy, record: Record, options: Auction, p: Array, paid: Array
) -> tuple[Array, Array, Array] | None:
    """Return excess demand, relative excess demand, and the amounts compared, in a round, (goods,).

    None where it does not follow from the prices alone: under `exchange`, where tax revenue is income, and
    where agents see two prices, have budgets, or goods are coupled.

    Args:
        economy: the primitives.
        record: of the mechanism.
        options: of the auctioneer.
        p: (goods,), announced prices.
        paid: (goods,), what buyers pay.
    """
    from market.results.verify.auction_claims import excess_demand

    untaxed = Terms(economy, options, p, np.zeros(len(p)))
    rents = np.where(np.isfinite(untaxed.quota), np.maximum(paid - untaxed.paid, 0.0), 0.0)
    terms = replace(untaxed, rents=rents)
    if economy.money is Money.EXCHANGE or np.isfinite(economy.budget).any() or terms.two_prices.any():
        return None
    try:
        best = terms.best(record.consumption, record.production)
    except UnboundedDemandError:
        nothing = np.full(len(p), np.inf)
        return nothing, nothing, np.ones(len(p))
    if best.demand.joint is not None or best.supply.joint is not None:
        return None
    z, relative = excess_demand(economy, best, p)
    with np.errstate(invalid="ignore"):
        sides = best.demand.lowest.sum(axis=0) + best.supply.highest.sum(axis=0) + economy.resources
    return (
        z,
        np.where(_at_bound(terms, z, relative, options.tolerance), 0.0, relative),
        np.where(np.isfinite(sides), sides, 1.0),
    )


def _disequilibrium(
    record: Record, relative: Array, at_bound: NDArray[np.bool_], coupled: bool, tolerance: float
) -> Claim:
    stated = number(record.stated["disequilibrium"])
    largest = float(np.abs(np.where(at_bound, 0.0, relative)).max(initial=0.0))
    same = abs(stated - largest) <= 1e-11
    if coupled:
        same = not record.status.settled or (stated <= tolerance and largest <= 4 * tolerance * len(relative))
    return Claim(
        f"{record.name}: disequilibrium", same, f"stated: {shown(stated)}, recomputed: {shown(largest)}"
    )


def _auctioneers_payoff(record: Record, terms: Terms, z: Array, relative: Array) -> Claim:
    """Check that the payoff is `-sum |z|`; at a bound, excess demand within the tolerance is none."""
    ends = (terms.p >= terms.cap) | ((terms.p <= terms.floor) & (terms.floor > 0))
    counted = np.where(ends & (np.abs(relative) <= terms.options.tolerance), 0.0, z)
    stated, payoff = number(record.stated["auctioneer_payoff"]), -float(np.abs(counted).sum())
    turnover = float((record.consumption + terms.economy.endowment + np.abs(record.production)).sum())
    return equal(record, "the auctioneer's payoff", difference(stated, payoff, turnover))


def _binding(
    economy: Economy,
    record: Record,
    terms: Terms,
    stated: Any,
    z: Array,
    at_bound: NDArray[np.bool_],
    coupled: bool,
) -> Claim:
    """Check which bounds are stated to bind, and the excess demand there."""
    words = np.where(
        at_bound, np.where(z > 0, "cap", "floor"), np.where(terms.rents > 0, "quota", "")
    ).tolist()
    same = [stated["binding"].get(good) for good in economy.goods] == words
    unserved = _array(economy, stated["unserved"])
    apart = difference(unserved, np.where(at_bound, z, 0.0), record.economy.offered(record.production))
    holds = same and apart <= ROUNDING_OF_RESULTS
    if coupled and not same and set(words) <= {"", "quota"}:
        # the trades of two-way agents are recorded, and not what they asked for
        return Claim(f"{record.name}: bounds that bind", None, "not checked where agents see two prices")
    listed = ", ".join(filter(None, words)) or "none"
    return Claim(f"{record.name}: bounds that bind", holds, f"recomputed: {listed}")


def _regrets(terms: Terms, record: Record) -> Array:
    could = terms.best_payoffs(record.consumption, record.production)
    have = terms.payoff(record.consumption, record.production)
    with np.errstate(invalid="ignore"):
        return np.where(could == have, 0.0, np.maximum(could - have, 0.0))


def _status(
    record: Record,
    terms: Terms,
    options: Auction,
    best: Answers,
    at_bound: NDArray[np.bool_],
    regret: Array,
    size: Array,
) -> Claim:
    """Check the status against the recomputed numbers."""
    largest = number(record.stated["disequilibrium"])
    near = largest <= options.tolerance + 1e-11
    share = _share(regret, size)
    bound, rent = bool(at_bound.any()), bool((terms.rents > 0).any())
    free = _share(np.where(_denied(terms, record, best, at_bound), 0.0, regret), size)
    allowed = max(10 * options.tolerance, REGRET_THAT_IS_NONE) + ROUNDING_OF_RESULTS
    none, undenied = share <= allowed, free <= allowed
    holds = {
        Status.CLEARED: near and none and not bound and not rent,
        Status.RATIONED: near and (bound or rent) and undenied,
        Status.FAILED: near and not undenied,
        Status.MAX_ROUNDS: not near and record.rounds == options.max_rounds,
        Status.DIVERGED: not near,
        Status.CYCLING: not near,
    }
    detail = (
        f"relative excess demand {shown(largest)}, largest gain from deviating {shown(share)} of the worth "
        f"of trades"
    )
    return Claim(
        f"{record.name}: {record.status.value}, within {options.tolerance:.0e}",
        holds.get(record.status, False),
        detail,
    )


def _share(regret: Array, size: Array) -> float:
    """Return the largest regret as a share of the worth of an agent's trades."""
    return difference(regret, np.zeros_like(regret), size) if (regret > 0).any() else 0.0


def _denied(terms: Terms, record: Record, best: Answers, at_bound: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Return a mask of agents that buy less than they want at a cap, or sell less at a floor, (agents,).

    An agent with two prices counts as denied where it could trade a good at its bound at all: its best answer
    is not known.
    """
    wanted, offered = terms.traded(best.demand.lowest, best.supply.lowest)
    bought, sold = terms.traded(record.consumption, record.production)
    short_of = (terms.p >= terms.cap) & (wanted > bought * (1.0 + ROUNDING_OF_SUMS))
    left_with = (terms.p <= terms.floor) & (offered > sold * (1.0 + ROUNDING_OF_SUMS))
    unknown = terms.two_prices & terms.both_ways[:, at_bound].any(axis=1)
    return np.asarray(((short_of | left_with) & at_bound).any(axis=1) | unknown)


def _quotas(record: Record, terms: Terms) -> Claim:
    """Check that no quota is exceeded, and that one with a rent is used up."""
    total = terms.traded(record.consumption, record.production)[0].sum(axis=0)
    most = terms.quota * (1.0 + 1e-8)
    used = (terms.rents == 0) | (total >= terms.quota * (1.0 - 1e-8)) | (not record.status.settled)
    holds = bool(((total <= most) & used).all())
    return Claim(f"{record.name}: quotas", holds, "none is exceeded, and one with a rent is used up")


def _served(
    economy: Economy, record: Record, terms: Terms, best: Answers, z: Array, at_bound: NDArray[np.bool_]
) -> Iterator[Claim]:
    """Check the shares of the long side, for agents that only buy or only sell the good."""
    rule = terms.options.rationing
    name = f"{record.name}: the long side is served in {'order' if rule == 'random' else 'shares'}: {rule}"
    budgets = bool(np.isfinite(economy.budget).any())
    if terms.both_ways[:, at_bound].any() or budgets or at_bound.sum() > 1:
        yield Claim(name, None, "not checked where agents both have and want the good, or have budgets")
        return
    g = int(np.flatnonzero(at_bound)[0])
    asked, had = _long_side(economy, record, best, g, z[g] > 0)
    there = float(had.sum())
    if rule == "random":
        expected = _in_order(economy, asked, there)
    elif rule == "proportional":
        expected = asked * there / asked.sum()
    else:
        fits = _one_price_explains(economy, record, asked, there, g, z[g] > 0)
        yield Claim(name, fits, "a single price explains who was served, up to rounding")
        return
    apart = difference(had, expected, np.maximum(asked, NEGLIGIBLE * there))
    yield Claim(name, apart <= SHARES, f"largest relative difference: {shown(apart)}")


def _long_side(economy: Economy, record: Record, best: Answers, g: int, lacking: bool) -> tuple[Array, Array]:
    """Return what each asked for or offered, and what it got or sold, (agents + 1,), the commons last."""
    if lacking:
        return np.append(best.demand.lowest[:, g], 0.0), np.append(record.consumption[:, g], 0.0)
    own = np.where(economy.bliss[:, g] > 0, 0.0, economy.endowment[:, g])
    kept = np.where(economy.bliss[:, g] > 0, 0.0, record.consumption[:, g])
    offered = np.append(own + best.supply.lowest[:, g], economy.commons[g])
    sold = own - kept + record.production[:, g]
    eaten = np.where(economy.bliss[:, g] > 0, record.consumption[:, g], 0.0).sum()
    return offered, np.append(sold, max(eaten - sold.sum(), 0.0))


def _in_order(economy: Economy, asked: Array, there: float) -> Array:
    """Return what each gets if one is served after another in the order that the seed draws."""
    served, left = np.zeros_like(asked), there
    for i in generator(economy.seed, "rationing").permutation(len(asked)):
        served[i] = min(asked[i], left)
        left -= served[i]
    return served


def _one_price_explains(
    economy: Economy, record: Record, asked: Array, there: float, g: int, lacking: bool
) -> bool:
    """Return True if those served value the last unit no less, or make it at no more, than all others.

    Those who got a part of what they asked for have one worth, or cost, at the margin.
    """
    if lacking:
        takes_part = economy.bliss[:, g] > 0
        had, at_margin = record.consumption[:, g], -economy.marginal_utility(record.consumption)[:, g]
        wanted = asked[:-1]
    else:
        takes_part = economy.capacity[:, g] > 0
        had, at_margin = record.production[:, g], economy.marginal_cost(record.production)[:, g]
        wanted = asked[:-1] - economy.endowment[:, g]
    some = ROUNDING_OF_RESULTS * there
    partly = at_margin[takes_part & (had > some) & (had < wanted - some)]
    served, without = at_margin[takes_part & (had > some)], at_margin[takes_part & (had <= some)]
    if len(partly) and np.ptp(partly) > MARGIN * np.abs(partly).max():
        return False
    if not len(served) or not len(without):
        return True
    return bool(served.max() <= without.min() + MARGIN * abs(without.min()))


def _free(economy: Economy, record: Record, terms: Terms, stated: Any, tolerance: float) -> Claim:
    """Check the prices without interventions, and the incidence that is reckoned from them."""
    from market.results.verify.auction_claims import excess_demand

    name = f"{record.name}: prices without interventions, and incidence"
    borne = stated["borne_by_buyers"]
    if stated["free_prices"] is None:
        return Claim(name, borne is None, "they are not known")
    free = _array(economy, stated["free_prices"])
    apart = terms.paid - terms.taxed_get
    traded = terms.levied(record.consumption, record.production) > 0
    there = (np.abs(apart) > 1e-9 * np.maximum(terms.paid, free)) & traded
    due = np.divide(terms.paid - free, apart, out=np.full_like(apart, np.nan), where=there)
    given = [None if borne is None else borne.get(good) for good in economy.goods]
    same = all(
        (said is None) == bool(np.isnan(share))
        and (said is None or difference(number(said), share, 1.0) <= ROUNDING_OF_RESULTS)
        for said, share in zip(given, due, strict=True)
    )
    try:
        best = economy.answers(free)
    except UnboundedDemandError as error:
        return Claim(name, False, str(error))
    if best.demand.joint is not None or best.supply.joint is not None:
        return Claim(name, None if same else False, "not checked where goods are coupled; the incidence was")
    _, relative = excess_demand(economy, best, free)
    largest = float(np.abs(relative).max(initial=0.0))
    detail = f"relative excess demand at them {shown(largest)}"
    return Claim(name, same and largest <= tolerance + 1e-11, detail)
