"""Verdicts on random economies, to be compared before and after a change of the code.

    python -m benchmarks.verdicts --count 1000 --out runs/before.csv
    python -m benchmarks.verdicts --count 1000 --out runs/after.csv
    python -m benchmarks.verdicts --compare runs/before.csv runs/after.csv

Each economy of `drawing.py` with at most `MOST_AMOUNTS` amounts is played under prices, by a planner and in
a game without prices; one row an outcome has its status and the figures of its alignment report. A verdict is
*worse* where a status that was reached is not reached any more, or a figure that was known is unknown;
*opposite* where yes became no or no became yes; a number *differs* by more than `SAME_NUMBER`, relative to
the larger one. A cleared outcome is judged again by `evidence.py`, and a reported improvement by its
utilities: either may be *wrong*.
"""

from __future__ import annotations

import argparse
import csv
import sys
import time
from collections import Counter
from pathlib import Path

import numpy as np
from tqdm.auto import tqdm

from benchmarks.drawing import text
from benchmarks.evidence import evidence
from market.economy.primitives import Economy
from market.efficiency.report import alignment
from market.errors import MarketError, ScenarioError
from market.mechanisms.base import Mechanism, play
from market.mechanisms.planner import Planner
from market.mechanisms.unmediated.autarky import Autarky
from market.mechanisms.unmediated.best_response import Unmediated
from market.mechanisms.unmediated.gift import Gift
from market.outcome import Outcome, Status
from market.scenario.building import build
from market.scenario.loading import loads

MOST_AMOUNTS = 60  # agents x goods; larger economies take seconds each
MAX_ROUNDS = 400
SEED = 2026
SAME_NUMBER = 1e-6
BELIEVED = 1e-6  # evidence that an outcome called cleared may fail by
REACHED = {"cleared", "nash", "optimal", "no_equilibrium"}
FIGURES = ("efficient", "efficient_with_transfers", "resource_utilisation", "surplus_gap", "residual")
Row = dict[str, object]


def mechanisms(economy: Economy) -> list[Mechanism]:
    """The planner and the game that every economy allows."""
    game = Gift() if len(economy.costs) and not economy.technologies else Autarky()
    return [Planner("planner"), Unmediated("game", game=game)]


def judged(outcome: Outcome) -> Row:
    """The figures of a report, and whether one of them is wrong."""
    report = alignment(outcome)
    wrong = outcome.status is Status.CLEARED and not evidence(outcome).holds(BELIEVED)
    if report.improvement is not None:
        better = report.improvement
        before = outcome.economy.welfare(outcome.consumption, outcome.production)
        after = outcome.economy.welfare(better.consumption, better.production)
        with np.errstate(invalid="ignore"):
            wrong = (
                wrong or bool((after < before - 1e-9 * np.abs(before)).any()) or not (after > before).any()
            )
    return {name: getattr(report, name) for name in FIGURES} | {"wrong": wrong}


def row(number: int, mechanism: Mechanism, economy: Economy) -> Row:
    """One outcome."""
    start = time.process_time()
    found: Row = {
        "economy": number,
        "mechanism": mechanism.label,
        "amounts": economy.shape[0] * economy.shape[1],
    }
    try:
        outcome = play(mechanism, economy)
        found |= {"status": outcome.status.value, "rounds": outcome.rounds} | judged(outcome)
    except (MarketError, ValueError, ArithmeticError, np.linalg.LinAlgError) as error:
        found |= {"status": f"error: {type(error).__name__}: {error}"}
    return found | {"seconds": round(time.process_time() - start, 3)}


def rows(seed: int, count: int) -> list[Row]:
    """Three rows for each of `count` economies that are small enough."""
    found: list[Row] = []
    number = taken = 0
    with (
        tqdm(total=count, unit=" economies", disable=not sys.stderr.isatty()) as bar,
        np.errstate(all="ignore"),
    ):
        while taken < count:
            scenario = loads(text(seed, number, ("tatonnement",), MAX_ROUNDS))
            try:
                economy = build(scenario, scenario.seed)
            except ScenarioError:  # parameters beyond floats, refused with a message
                number += 1
                continue
            if economy.shape[0] * economy.shape[1] <= MOST_AMOUNTS:
                played = [scenario.mechanism("tatonnement"), *mechanisms(economy)]
                found += [row(number, mechanism, economy) for mechanism in played]
                taken += 1
                bar.update()
            number += 1
    return found


def compare(before: Path, after: Path) -> None:
    """Print what became of each verdict."""
    old, new = (
        {(r["economy"], r["mechanism"]): r for r in csv.DictReader(path.open(newline=""))}
        for path in (before, after)
    )
    counts: Counter[str] = Counter()
    for key in old.keys() & new.keys():
        for name, change in changes(old[key], new[key]):
            counts[f"{name}: {change}"] += 1
            if change != "known now":
                print(*key, name, old[key][name], "->", new[key][name], change)
    both = old.keys() & new.keys()
    print(
        f"{len(both)} outcomes of {len({key[0] for key in both})} economies; {dict(sorted(counts.items()))}"
    )
    for path, table in ((before, old), (after, new)):
        wrong = sum(r["wrong"] == "True" for r in table.values())
        errors = sum(r["status"].startswith("error") for r in table.values())
        seconds = sum(float(r["seconds"]) for r in table.values())
        print(f"{path}: wrong {wrong}, errors {errors}, {seconds:.0f} s")


def changes(old: dict[str, str], new: dict[str, str]) -> list[tuple[str, str]]:
    """The figures of one outcome that changed, and how."""
    found = []
    if old["status"] != new["status"]:
        lost = old["status"] in REACHED and new["status"] not in REACHED
        found.append(("status", "worse" if lost else "changed"))
    for name in FIGURES[:2]:
        if old[name] != new[name]:
            known = ("worse" if not new[name] else "opposite") if old[name] else "known now"
            found.append((name, known))
    for name in FIGURES[2:4]:
        if bool(old[name]) != bool(new[name]):
            found.append((name, "worse" if old[name] else "known now"))
        elif old[name] and not np.isclose(
            float(old[name]), float(new[name]), rtol=SAME_NUMBER, atol=SAME_NUMBER
        ):
            found.append((name, "differs"))
    return found


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--count", type=int, default=1000)
    parser.add_argument("--out", type=Path, default=Path("runs/verdicts.csv"))
    parser.add_argument("--compare", nargs=2, type=Path, metavar=("BEFORE", "AFTER"))
    given = parser.parse_args()
    if given.compare:
        compare(*given.compare)
        return
    found = rows(given.seed, given.count)
    given.out.parent.mkdir(parents=True, exist_ok=True)
    with given.out.open("w", newline="") as file:
        writer = csv.DictWriter(
            file, ["economy", "mechanism", "amounts", "status", "rounds", *FIGURES, "wrong", "seconds"]
        )
        writer.writeheader()
        writer.writerows(found)
    print(f"Written to {given.out}.")


if __name__ == "__main__":
    main()
