"""Claims about the rounds of an auction, from the table of rounds.

In every round the excess demand of each good is recomputed from the answers of all agents at the recorded
prices, and with it the disequilibrium, the largest relative excess demand, and the auctioneer's payoff, the
sum of -|z|. Whether the price rule leads from one round to the next is not looked at: a rule may keep a
memory that no file has. Where the answers couple goods (technologies, perfect substitutes at a tie) excess
demand is what an assignment leaves, which only a solver finds; there the payoff alone is recomputed, and the
rest is said to be not checked.

Beyond `MOST_AMOUNTS` amounts a share of the rounds is recomputed, evenly spaced, with the first and the last.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.errors import RunError, UnboundedDemandError
from market.outcome import shown
from market.results.run_folder import RunFolder, read_table
from market.results.tables import BUYER_PRICE, ROUNDS
from market.results.verify.auction_claims import excess_demand
from market.results.verify.claim import Claim, difference
from market.results.verify.intervention_claims import at_two_prices, check_paid, has_interventions
from market.results.verify.record import Record, check_columns
from market.tolerances import ROUNDING_OF_RESULTS

if TYPE_CHECKING:
    from market.mechanisms.auction.auctioneer import Auction

MOST_AMOUNTS = 20_000_000  # agents x goods x rounds whose answers are computed: some seconds
WINDOW = 400  # rounds in which an auction looks for an oscillation
SUMS = 1e-9  # rounding of totals over agents, as a share of demand and supply together
BY_GOOD = ("price", "excess_demand")
BY_ROUND = ("disequilibrium", "auctioneer_payoff")


def path_of(run: RunFolder, record: Record, economy: Economy) -> Mapping[str, Array]:
    """Return the rounds of a mechanism by column: (rounds, goods) or (rounds,), and `round` itself.

    With interventions what buyers pay is among them.

    Raises:
        RunError: the table of rounds has another layout than a run writes.
    """
    table = read_table(run.folder / "rounds.parquet")
    words, numbers, counts = ([c for c, t in ROUNDS.items() if t == of] for of in ("str", "float64", "int64"))
    levied = BUYER_PRICE in table
    check_columns("rounds.parquet", table, words, [*numbers, BUYER_PRICE] if levied else numbers, counts)
    own = table[table["mechanism"] == record.name]
    wrong = f"rounds.parquet: not every round of '{record.name}' has every good once"
    try:
        by_good = {
            name: own.pivot(index="round", columns="good", values=name)[list(economy.goods)].to_numpy()
            for name in (*BY_GOOD, *([BUYER_PRICE] if levied else []))
        }
    except (KeyError, ValueError) as error:
        raise RunError(wrong) from error
    if len(own) != len(economy.goods) * len(by_good["price"]) or np.isnan(by_good["price"]).any():
        raise RunError(wrong)
    return by_good | {name: _alike(own, name) for name in BY_ROUND} | {"round": np.unique(own["round"])}


def _alike(own: pd.DataFrame, name: str) -> Array:
    """Return a number of each round, (rounds,); NaN where its rows have different ones."""
    groups = own.groupby("round")[name]
    return np.where(groups.nunique(dropna=False) == 1, groups.first(), np.nan)


def check_path(run: RunFolder, economy: Economy, record: Record, options: Auction) -> Iterator[Claim]:
    """Check that prices are those of the round nearest to clearing, and every round's numbers."""
    path = path_of(run, record, economy)
    prices, seen = path["price"], path["disequilibrium"]
    stated = np.full(len(economy.goods), np.nan) if record.prices is None else record.prices
    here = np.flatnonzero((prices == stated).all(axis=1))
    best = len(here) > 0 and bool(seen[here[-1]] == record.disequilibrium == seen.min())
    counted = np.array_equal(path["round"], np.arange(1, record.rounds + 1))
    yield Claim(
        f"{record.name}: prices are those of the round nearest to clearing",
        best and counted,
        f"{len(prices)} rounds recorded, {record.rounds} claimed; least disequilibrium "
        f"{shown(seen.min(initial=np.inf))}",
    )
    yield _queries(record, options)
    if economy.public_goods:
        yield _payoff_of_each_round(record, path, int(here[-1]) if len(here) else None)
        return
    if "amplitude" in record.evidence:
        yield _amplitude(record, prices)
    if not has_interventions(options):
        yield from _recomputed(economy, record, path, lambda k: _at(economy, prices[k]))
        return
    paid = path.get(BUYER_PRICE, np.full_like(prices, np.nan))
    yield check_paid(economy, record, options, prices, paid)

    def at(k: int) -> Found | None:
        return at_two_prices(economy, record, options, prices[k], paid[k])

    yield from _recomputed(economy, record, path, at)


def _payoff_of_each_round(record: Record, path: Mapping[str, Array], reported: int | None) -> Claim:
    """Check that the auctioneer's payoff is `-sum |z|` in each round, and stated as that of the reported one.

    Answers to prices of public goods are those of a search for personal prices, which is not made again.
    """
    z, payoffs = path["excess_demand"], path["auctioneer_payoff"]
    apart = difference(payoffs, -np.abs(z).sum(axis=1))
    stated = record.auctioneer_payoff
    same = reported is not None and stated is not None and difference(stated, payoffs[reported]) == 0.0
    detail = f"largest relative difference: {shown(apart)}"
    name = f"{record.name}: the auctioneer's payoff in each round"
    return Claim(name, same and apart <= ROUNDING_OF_RESULTS, detail)


def _queries(record: Record, options: Auction) -> Claim:
    """Check the number of demand queries: one a round, and more for rules that ask about other prices."""
    queries, name = record.evidence_value("demand_queries"), f"{record.name}: number of demand queries"
    detail = f"{queries:,.0f} in {record.rounds:,} rounds"
    if options.rule.knows.name != "ANY_PRICES":
        return Claim(name, queries == record.rounds, detail)
    possible = queries == round(queries) and queries >= record.rounds
    return Claim(
        name, None if possible else False, f"not checked: {detail}; the rule asks at other prices too"
    )


def _amplitude(record: Record, prices: Array) -> Claim:
    """Check the widest range of a log price in the second half of the last rounds that are looked at."""
    last = prices[-WINDOW:]
    with np.errstate(divide="ignore"):
        logs = np.log(last[len(last) // 2 :])
    widest = float(np.ptp(np.where(np.isfinite(logs), logs, 0.0), axis=0).max(initial=0.0))
    apart = difference(record.evidence_value("amplitude"), widest)
    return Claim(f"{record.name}: amplitude", apart <= ROUNDING_OF_RESULTS, f"recomputed: {widest:.6g}")


Found = tuple[Array, Array, Array]


def _recomputed(
    economy: Economy, record: Record, path: Mapping[str, Array], at: Callable[[int], Found | None]
) -> Iterator[Claim]:
    """Check excess demand, disequilibrium and payoff of each round, of which `at` gives the first two."""
    name = f"{record.name}: excess demand of each round"
    worst = dict.fromkeys(("excess demand", "disequilibrium", "payoff"), 0.0)
    coupled = bool(economy.technologies)
    rows = _rows(len(path["price"]), record.consumption.size)
    for k in rows:
        found = None if coupled else at(k)
        coupled = coupled or found is None
        z, payoff = path["excess_demand"][k], path["auctioneer_payoff"][k]
        size = float(np.abs(z).sum())
        if found is not None:
            again, relative, traded = found
            size = float(traded.sum())
            worst["excess demand"] = max(worst["excess demand"], difference(z, again, traded))
            largest = float(np.abs(relative).max(initial=0.0))
            apart = difference(path["disequilibrium"][k], largest, 2.0)
            worst["disequilibrium"] = max(worst["disequilibrium"], apart)
        worst["payoff"] = max(worst["payoff"], difference(payoff, -float(np.abs(z).sum()), size))
    wrong = [f"{what} by {shown(by)}" for what, by in worst.items() if not by <= SUMS + ROUNDING_OF_RESULTS]
    if wrong:
        yield Claim(name, False, f"recomputed from the prices, it differs: {', '.join(wrong)}")
    elif coupled:
        two = " or agents see two prices" if BUYER_PRICE in path else ""
        yield Claim(name, None, f"not checked where goods are coupled{two}; only the auctioneer's payoff was")
    else:
        some = "every" if len(rows) == len(path["price"]) else f"{len(rows):,} of {len(path['price']):,}"
        yield Claim(name, True, f"recomputed from the prices of {some} round")


def _rows(rounds: int, amounts: int) -> list[int]:
    """Return the rounds to recompute, from 0: all, or as many as the amounts allow."""
    count = min(rounds, max(MOST_AMOUNTS // max(amounts, 1), 2))
    return sorted({int(k) for k in np.linspace(0, rounds - 1, count).round()}) if rounds else []


def _at(economy: Economy, p: Array) -> tuple[Array, Array, Array] | None:
    """Return excess demand, relative excess demand, and the amounts compared; None if goods are coupled.

    Prices at which demand is unbounded are not announced: there all is infinite.
    """
    try:
        best = economy.answers(p)
    except (UnboundedDemandError, ValueError, ArithmeticError):
        nothing = np.full(len(p), np.inf)
        return nothing, nothing, np.ones(len(p))
    if best.demand.joint is not None or best.supply.joint is not None:
        return None
    z, relative = excess_demand(economy, best, p)
    with np.errstate(invalid="ignore"):
        sides = best.demand.lowest.sum(axis=0) + best.supply.highest.sum(axis=0) + economy.resources
    return z, relative, np.where(np.isfinite(sides), sides, 1.0)
