"""Two hundred random economies under several price rules: what becomes of each, and whether it is true.

    python -m benchmarks.economies                 # the table, and a CSV with one row an economy and rule
    python -m benchmarks.economies --write 17      # economy 17 as a scenario file, to run and look at

Every outcome that is called cleared is judged again by `evidence.py`; one that fails there counts as called
so wrongly. Gross substitutes hold where, at every price, a dearer good lowers demand for no other: known of
an economy from its families and parameters.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.table import Table
from tqdm.auto import tqdm

from benchmarks.drawing import text
from benchmarks.evidence import evidence
from market.economy.primitives import Economy, Money
from market.mechanisms.base import play
from market.outcome import Status
from market.scenario.building import build
from market.scenario.loading import loads

RULES = ("tatonnement", "anderson", "newton")
MAX_ROUNDS = 2000
BELIEVED = 1e-6  # what evidence may fail by: it is made of amounts that are right to 1e-9
SEED = 2026
NOT_SEPARABLE = ("cobb_douglas", "ces", "leontief")  # others are substitutes with money


def gross_substitutes(economy: Economy) -> bool:
    """Return True if a higher price is known never to lower demand for another good."""
    if economy.technologies:
        return False
    for block in economy.utilities:
        family, capped = block.family, economy.budget[block.rows] < float("inf")
        fine = family.gross_substitutes(**block.parameters)
        if economy.money is Money.QUASILINEAR:
            alone = (family.bliss(**block.parameters) > 0).sum(axis=1) <= 1
            fine = (alone if family.name in NOT_SEPARABLE else True) & (fine | ~capped)
        if not fine.all():
            return False
    return True


def rows(seed: int, numbers: range, rules: tuple[str, ...]) -> list[dict[str, object]]:
    """One row an economy and rule."""
    found = []
    for number in tqdm(numbers, unit=" economies", disable=not sys.stderr.isatty()):
        scenario = loads(text(seed, number, rules, MAX_ROUNDS))
        economy = build(scenario, scenario.seed)
        for rule in rules:
            start = time.perf_counter()
            outcome = play(scenario.mechanism(rule), economy)
            seconds = time.perf_counter() - start
            shown = evidence(outcome)
            found.append(
                {
                    "economy": number,
                    "money": economy.money.value,
                    "agents": len(economy.agents),
                    "goods": len(economy.goods),
                    "families": " ".join(block.family.name for block in economy.utilities),
                    "producers": " ".join(
                        block.family.name for block in (*economy.costs, *economy.technologies)
                    ),
                    "gross_substitutes": gross_substitutes(economy),
                    "rule": rule,
                    "status": outcome.status.value,
                    "rounds": outcome.rounds,
                    "disequilibrium": outcome.disequilibrium,
                    "imbalance": shown.imbalance,
                    "consumers": shown.consumers,
                    "producers_conditions": shown.producers,
                    "wrongly": outcome.status is Status.CLEARED and not shown.holds(BELIEVED),
                    "seconds": round(seconds, 3),
                }
            )
    return found


def table(found: list[dict[str, object]], rules: tuple[str, ...]) -> Table:
    """Outcomes, rule by rule."""
    shown = Table(title="Random economies: how each rule ends", title_justify="left")
    shown.add_column("")
    for rule in (*rules, "anderson or newton"):
        shown.add_column(rule, justify="right")

    none = {row["economy"] for row in found if row["status"] == "no_equilibrium"}

    def cleared(own: list[dict[str, object]]) -> str:
        own = [row for row in own if row["economy"] not in none]
        good = sum(row["status"] == "cleared" for row in own)
        return f"{good} of {len(own)} ({100.0 * good / max(len(own), 1):.1f} %)"

    def by(rule: str) -> list[dict[str, object]]:
        return [row for row in found if row["rule"] == rule]

    better = [
        a if a["status"] == "cleared" else b for a, b in zip(by("anderson"), by("newton"), strict=False)
    ]
    columns = [*(by(rule) for rule in rules), better]
    shown.add_row("cleared", *(cleared(own) for own in columns))
    for word, wanted in (("gross substitutes", True), ("others", False)):
        shown.add_row(
            f"  {word}",
            *(cleared([row for row in own if row["gross_substitutes"] is wanted]) for own in columns),
        )
    for money in Money:
        shown.add_row(
            f"  {money.value}",
            *(cleared([row for row in own if row["money"] == money.value]) for own in columns),
        )
    for status in Status:
        counts = [Counter(str(row["status"]) for row in own)[status.value] for own in columns]
        if status is not Status.CLEARED and any(counts):
            shown.add_row(status.value, *map(str, counts))
    shown.add_row("cleared wrongly", *(str(sum(bool(row["wrongly"]) for row in own)) for own in columns))
    rounds = [sorted(int(str(row["rounds"])) for row in own if row["status"] == "cleared") for own in columns]
    shown.add_row("rounds, median", *(str(own[len(own) // 2]) if own else "-" for own in rounds))
    shown.add_row("  for nine of ten", *(str(own[int(0.9 * len(own))]) if own else "-" for own in rounds))
    return shown


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--first", type=int, default=0, help="number of the first economy")
    parser.add_argument("--rules", default=",".join(RULES))
    parser.add_argument("--write", type=int, metavar="NUMBER", help="print this economy as a scenario")
    parser.add_argument("--out", type=Path, default=Path("runs/economies.csv"))
    given = parser.parse_args()
    rules = tuple(given.rules.split(","))
    if given.write is not None:
        print(text(given.seed, given.write, rules, MAX_ROUNDS), end="")
        return
    found = rows(given.seed, range(given.first, given.first + given.count), rules)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    with given.out.open("w", newline="") as file:
        writer = csv.DictWriter(file, found[0])
        writer.writeheader()
        writer.writerows(found)
    console = Console(width=110)
    console.print(table(found, rules))
    console.print("Shares are of those that are not proved to have no equilibrium.")
    odd = [row for row in found if row["status"] != "cleared" or row["wrongly"]]
    for row in odd:
        console.print(
            f"{row['economy']:>4} {row['rule']:<12} {row['status']:<15} {row['money']:<12} "
            f"{row['agents']} x {row['goods']}: {row['families']} {row['producers']}",
            highlight=False,
        )
    console.print(f"Written to {given.out}.")


if __name__ == "__main__":
    main()
