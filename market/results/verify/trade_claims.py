"""Claims about single trades: they explain what agents have at the end, and what they paid.

What an agent bought less what it sold is `x - e - y`, good by good, and the money that it paid less what it
got is its payment (`market.trades`), apart from revenue that is handed back in lump sums. Where several days
begin with the same endowments, these are the trades of the last one. Both are summed anew from the table of
trades, whatever the mechanism. What a mechanism observed once a round is read here too, and judged where its
rules are stated.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.errors import RunError
from market.outcome import Outcome, shown
from market.results.run_folder import OBSERVATIONS as OBSERVATIONS_FILE
from market.results.run_folder import TRADES as TRADES_FILE
from market.results.run_folder import RunFolder, read_table
from market.results.tables import OBSERVATIONS, TRADES
from market.results.verify.claim import Claim
from market.tolerances import ROUNDING_OF_RESULTS
from market.trades import Trades


def read_trades(run: RunFolder, economy: Economy) -> dict[str, Trades]:
    """Return the recorded trades by mechanism; empty without any.

    Raises:
        RunError: the table has another layout than a run writes.
    """
    table = _read(run, TRADES_FILE, TRADES)
    goods = {good: g for g, good in enumerate(economy.goods)} | {"": -1}
    agents = {agent: i for i, agent in enumerate(economy.agents)} | {"": -1}
    found = {}
    for name, own in table.groupby("mechanism", sort=False):
        good, paid_in, buyer, seller = (
            own[column].map(places).to_numpy(dtype=float)
            for column, places in (("good", goods), ("paid_in", goods), ("buyer", agents), ("seller", agents))
        )
        numbers = own[["amount", "price"]].to_numpy()
        places = np.stack([good, paid_in, buyer, seller])
        if np.isnan(places).any() or (good < 0).any() or (buyer < 0).any() or not np.isfinite(numbers).all():
            raise RunError(
                f"{TRADES_FILE}: a trade of '{name}' names another agent or good, or has no number"
            )
        whole = (each.astype(np.int64) for each in places)
        days = (own[column].to_numpy() for column in ("round", "day"))
        found[str(name)] = Trades(*days, *whole, *numbers.T)
    return found


def read_observations(run: RunFolder) -> dict[str, dict[str, Array]]:
    """Return what mechanisms observed once a round: mechanism -> measure -> (rounds,).

    Raises:
        RunError: the table has another layout than a run writes.
    """
    table = _read(run, OBSERVATIONS_FILE, OBSERVATIONS)
    found: dict[str, dict[str, Array]] = {}
    for (name, measure), own in table.groupby(["mechanism", "measure"], sort=False):
        if own["round"].tolist() != list(range(1, len(own) + 1)):
            raise RunError(
                f"{OBSERVATIONS_FILE}: the rounds of '{name}' are not each there once, in their order"
            )
        found.setdefault(str(name), {})[str(measure)] = own["value"].to_numpy()
    return found


def _read(run: RunFolder, file: str, columns: Mapping[str, str]) -> pd.DataFrame:
    """Return a table that a run writes only where it has rows, with its layout checked."""
    if file not in run.manifest.get("files", ()):
        return pd.DataFrame({column: pd.Series(dtype=kind) for column, kind in columns.items()})
    table = read_table(run.folder / file)
    fits = {"str": pd.api.types.is_string_dtype, "int64": pd.api.types.is_integer_dtype,
            "float64": pd.api.types.is_float_dtype}  # fmt: skip
    if list(table.columns) != list(columns) or not all(
        fits[kind](table[name]) for name, kind in columns.items()
    ):
        raise RunError(f"{file}: its columns are not those that a run writes")
    unknown = set(table["mechanism"]) - set(run.manifest["mechanisms"])
    if unknown:
        raise RunError(f"{file}: it names '{min(map(str, unknown))}', which was not played")
    return table


def check_trades(economy: Economy, record: Outcome) -> Iterator[Claim]:
    """Check that recorded trades are possible and add up to the outcome.

    Args:
        economy: rebuilt from the scenario.
        record: of the mechanism; nothing is claimed if it has no trades.
    """
    trades = record.trades
    if trades is None:
        return
    in_order = bool((np.diff(trades.round) >= 0).all() and (np.diff(trades.day) >= 0).all())
    in_order = in_order and bool((trades.round >= 1).all() and (trades.round <= record.rounds).all())
    sound = bool((trades.amount > 0).all() and (trades.price >= 0).all())
    others = bool((trades.buyer != trades.seller).all() and (trades.good != trades.paid_in).all())
    detail = f"{len(trades):,} trades, each between two, of an amount above 0, in the order of their rounds"
    yield Claim(f"{record.name}: trades", in_order and sound and others, detail)
    trades = trades.on_day(round(record.evidence.get("days", 1)))  # each day has the same endowments
    bought, paid = trades.net(*economy.shape)
    paid = paid - economy.lump_sums(float(paid.sum()))
    moved, spent = _turnover(economy, trades)
    made = record.consumption - economy.endowment - record.production
    goods = _largest(bought - made, moved + economy.resources)
    money = _largest(paid - record.payments, spent)
    yield Claim(
        f"{record.name}: trades add up to the outcome",
        max(goods, money) <= ROUNDING_OF_RESULTS,
        f"largest relative difference: {shown(max(goods, money))}",
    )


def _turnover(economy: Economy, trades: Trades) -> tuple[Array, float]:
    """Return the sizes that sums over trades are rounded to: units moved, (goods,), and money."""
    moved = np.zeros(len(economy.goods))
    np.add.at(moved, trades.good, trades.amount)
    worth = trades.amount * trades.price
    swapped = trades.paid_in >= 0
    np.add.at(moved, trades.paid_in[swapped], worth[swapped])
    return moved, float(worth[~swapped].sum())


def _largest(apart: Array, size: Array | float) -> float:
    """Return the largest difference relative to a size; infinite where the size is 0 and they differ."""
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.abs(apart) / size
    return float(np.where(apart == 0, 0.0, relative).max(initial=0.0))
