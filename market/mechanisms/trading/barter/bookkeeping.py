"""Records of a barter: observations of a round, single trades, and holdings that add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from market.economy.correspondences import Array
from market.mechanisms.trading.barter.large import Swaps
from market.trades import MONEY, Trades


@dataclass(frozen=True)
class Seen:
    """Observations of a round.

    Args:
        trades: their number.
        mean_ln_price: mean of ln p over trades, p in units of the later of the two goods for one of the
            earlier.
        sd_ln_price: standard deviation of ln p, within each two goods.
        sd_ln_mrs: standard deviation of ln MRS over agents, the root of the sum of variances with several
            goods.
    """

    trades: float = 0.0
    mean_ln_price: float = np.nan
    sd_ln_price: float = np.nan
    sd_ln_mrs: float = np.nan


def observe(parts: Sequence[Swaps], goods: int, sd_ln_mrs: float) -> Seen:
    """Return the observations of a round.

    Args:
        parts: its trades.
        goods: number of goods, money included.
        sd_ln_mrs: as in `Seen`.
    """
    priced = [part.price > 0 for part in parts]
    count = float(sum(len(part.price) for part in parts))
    logs = np.concatenate(
        [np.log(part.price[some]) for part, some in zip(parts, priced, strict=True)] or [np.zeros(0)]
    )
    if not len(logs):
        return Seen(count, sd_ln_mrs=sd_ln_mrs)
    kinds = np.concatenate(
        [part.g[some] * goods + part.h[some] for part, some in zip(parts, priced, strict=True)]
    )
    _, kind = np.unique(kinds, return_inverse=True)
    means = np.bincount(kind, logs) / np.bincount(kind)
    apart = logs - means[kind]
    return Seen(count, float(logs.mean()), float(np.sqrt((apart @ apart) / len(logs))), sd_ln_mrs)


def trades_of(made: Sequence[tuple[int, Swaps]], goods: int) -> Trades:
    """Return single trades, in which the buyer gets the earlier of two goods, or any good for money.

    Args:
        made: round and trades, in order.
        goods: number of goods, without money.
    """
    columns: list[Swaps] = [part for _, part in made]
    number = np.repeat([number for number, _ in made], [len(part.price) for part in columns]).astype(np.int64)

    def joined(name: str, kind: type) -> np.ndarray:
        return np.concatenate([getattr(part, name) for part in columns] or [np.zeros(0)]).astype(kind)

    first, other, g, h = (joined(name, np.int64) for name in ("first", "other", "g", "h"))
    amount, price = joined("amount", float), joined("price", float)
    some = amount != 0
    buys = amount > 0
    trades = Trades(
        round=number,
        day=np.ones_like(number),
        good=g,
        paid_in=np.where(h == goods, MONEY, h),
        buyer=np.where(buys, first, other),
        seller=np.where(buys, other, first),
        amount=np.abs(amount),
        price=price,
    )
    return Trades(*(getattr(trades, name)[some] for name in trades.__dataclass_fields__))


def conserved(x: Array, whole: Array) -> Array:
    """Return holdings that add up to what there is: the agent with most of a good bears its rounding.

    Args:
        x: (agents, goods), holdings.
        whole: (goods,), what there is.
    """
    held = x.copy()
    most = np.abs(held).argmax(axis=0)
    held[most, np.arange(len(whole))] += whole - held.sum(axis=0)
    return held
