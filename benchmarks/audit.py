"""An audit: thousands of random economies played, verified and judged by code that shares nothing.

    python -m benchmarks.audit                       # 2,000 economies, 50 forged folders; the table
    python -m benchmarks.audit --count 100 --folders 2
    python -m benchmarks.audit --write 17            # economy 17 as a scenario file, to run and look at

Economy by economy (`drawing.py`: all families and kinds of money), under the planner, two price rules in
turn and two games in turn, everything is played in one process, with warnings recorded. Then

- the run folder is written and `market verify` must hold;
- utilities, costs and feasibility are recomputed by plain formulas (`plain.py`);
- what is called cleared is judged by first-order conditions (`evidence.py`);
- what is called Nash, by trials of other actions (`plain_games.py`);
- what is called efficient, or optimal, by a search for gains (`gains.py`); what is called inefficient, by the
  improvement that is reported, at plain utilities.

A verdict is *wrong* where that contradicts it by more than `GAIN`. Of the folders with the fewest rounds
each kind of figure is forged, one at a time (`forging.py`).
"""

from __future__ import annotations

import argparse
import csv
import multiprocessing
import tempfile
import time
import traceback
import warnings
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.table import Table
from tqdm.auto import tqdm

from benchmarks import gains, plain, plain_games
from benchmarks.drawing import text
from benchmarks.evidence import evidence
from benchmarks.forging import Forgery, forgeries
from market.economy.primitives import Economy, Money
from market.efficiency.report import Alignment
from market.errors import MarketError, ScenarioError
from market.mechanisms.auction.price_rules import RULES
from market.outcome import Outcome, Status
from market.results.comparison import compare
from market.results.run_folder import write_run
from market.results.verify import verify
from market.scenario.building import build
from market.scenario.loading import Scenario, load
from market.tolerances import UNBOUNDED

SEED = 20261128
MOST_AMOUNTS = 40  # agents x goods; larger economies take seconds each
MAX_ROUNDS = 200
GAIN = 1e-5  # of the worth of a bundle, or of utility: a gain beyond that contradicts a verdict
EXACT = 1e-9  # of utilities and amounts recomputed
BELIEVED = 1e-6  # evidence that an outcome called cleared may fail by
GAMES = ("autarky", "claims", "seize", "gift")

Row = dict[str, object]


def scenario_text(seed: int, number: int, rounds: int = MAX_ROUNDS) -> str:
    """One economy with its mechanisms as a scenario file."""
    drawn = text(seed, number, (), rounds)
    money = drawn.split('economy = "')[1].split('"')[0]
    fixed = "cost =" not in drawn and "endowment =" not in drawn
    rules = [
        rule.name
        for rule in RULES
        if money in rule.economies and (fixed or rule.name != "proportional_response")
    ]
    lines = [drawn, '[[mechanisms]]\nname = "planner"\nkind = "planner"\n']
    for k in (number // 3, number // 3 + len(rules) // 2):
        rule = rules[k % len(rules)]
        lines.append(f'[[mechanisms]]\nname = "rule {rule}"\nkind = "auctioneer"\nrule = "{rule}"')
        lines.append(f"max_rounds = {rounds}\n")
    for k in (number // 3, number // 3 + 2):
        game = GAMES[k % len(GAMES)]
        lines.append(f'[[mechanisms]]\nname = "game {game}"\nkind = "unmediated"\ngame = "{game}"')
        lines.append('movers = ["c0"]\n' if game == "seize" else "")
    return "\n".join(lines)


def audited(
    task: tuple[int, int, Path | None], most: int = MOST_AMOUNTS, rounds: int = MAX_ROUNDS
) -> list[Row]:
    """Play and judge one economy; a row an outcome, one row with what went wrong, or none if it is too large.

    Args:
        task: the seed of the collection, the number of the economy, and where its folder is kept.
        most: the largest number of amounts, agents x goods.
        rounds: of each auction at most.
    """
    seed, number, kept = task
    start = time.process_time()
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings(record=True) as warned:
        warnings.simplefilter("always")
        file = Path(folder) / f"economy-{number}.toml"
        file.write_text(scenario_text(seed, number, rounds))
        try:
            scenario = load(file)
            economy = build(scenario, scenario.seed)
            if economy.shape[0] * economy.shape[1] > most:
                return []
            rows = list(_judged(number, scenario, Path(folder), kept))
        except ScenarioError as error:  # parameters beyond floats, refused with a message
            rows = [{"economy": number, "status": "refused", "fault": str(error)}]
        except MarketError as error:
            rows = [{"economy": number, "status": "error", "fault": f"{type(error).__name__}: {error}"}]
        except Exception:
            rows = [{"economy": number, "status": "traceback", "fault": traceback.format_exc()}]
        said = sorted(
            {f"{each.filename.rpartition('market/')[2]}:{each.lineno}: {each.message}" for each in warned}
        )
    rows[0]["warnings"] = "; ".join(said)
    rows[0]["seconds"] = round(time.process_time() - start, 2)
    return rows


def _judged(number: int, scenario: Scenario, folder: Path, kept: Path | None) -> Iterator[Row]:
    compared = compare(scenario)
    written = write_run(compared, folder if kept is None else kept)
    false = [claim for claim in verify(written).claims if claim.holds is False]
    refused = "; ".join(f"{claim.name}: {claim.detail}" for claim in false)
    economy, best = compared.economy, compared.outcomes["planner"]
    for name, outcome in compared.outcomes.items():
        own = [f"{claim.name}: {claim.detail}" for claim in false if claim.name.startswith(f"{name}:")]
        wrong = list(_wrong(economy, outcome, compared.alignments[name], scenario, best))
        yield {
            "economy": number,
            "money": economy.money.value,
            "amounts": economy.shape[0] * economy.shape[1],
            "families": " ".join(sorted({block.family.name for block in economy.utilities})),
            "producers": " ".join(
                sorted({block.family.name for block in (*economy.costs, *economy.technologies)})
            ),
            "mechanism": name,
            "status": outcome.status.value,
            "efficient": compared.alignments[name].efficient,
            "refused": "; ".join(own),
            "wrong": "; ".join(wrong),
        }
    others = [claim for claim in false if not any(claim.name.startswith(f"{n}:") for n in compared.outcomes)]
    if others:
        yield {"economy": number, "status": "folder", "refused": refused}


def _wrong(
    economy: Economy, outcome: Outcome, report: Alignment, scenario: Scenario, best: Outcome
) -> Iterator[str]:
    """Yield each contradiction of an outcome and its report with the plain formulas."""
    if outcome.status is Status.FAILED:
        return
    x, y = outcome.consumption, outcome.production
    if not (max(x.max(initial=0.0), np.abs(y).max(initial=0.0)) < UNBOUNDED):
        return  # such amounts have no verdict
    there = economy.resources + np.maximum(y, 0.0).sum(axis=0)
    used = x.sum(axis=0) + np.maximum(-y, 0.0).sum(axis=0)
    if (used > there * (1.0 + EXACT)).any() or (x < 0).any():
        yield "not feasible"
    with np.errstate(all="ignore"):
        again = plain.utilities(economy, x) - plain.costs(economy, y)
    if not np.allclose(again, outcome.utilities, rtol=EXACT, atol=EXACT * float(economy.utility_scale.max())):
        yield "utilities differ"
    if outcome.status is Status.CLEARED:
        shown = evidence(outcome)
        if not shown.holds(BELIEVED):
            yield f"not cleared: {shown}"
    if outcome.status is Status.NASH and outcome.actions is not None:
        game = scenario.mechanism(outcome.name).game  # type: ignore[attr-defined]
        rng = np.random.default_rng(0)
        with np.errstate(all="ignore"):
            gain = plain_games.gain(economy, outcome.actions, game, rng)
        if gain is not None and gain > GAIN:
            yield f"not Nash: a gain of {gain:.1e}"
    yield from _efficiency(economy, outcome, report, best)


def _efficiency(economy: Economy, outcome: Outcome, report: Alignment, best: Outcome) -> Iterator[str]:
    x, y = outcome.consumption, outcome.production
    with np.errstate(all="ignore"):
        found = gains.search(economy, x, y)
        if report.efficient and found is not None and found.gain > GAIN:
            yield f"not efficient: each can gain {found.gain:.1e}"
        if report.efficient is False:
            yield from _no_improvement(economy, x, y, report)
        if economy.money is not Money.QUASILINEAR or np.isfinite(economy.budget).any():
            return
        value = plain.utilities(economy, x) - plain.costs(economy, y)
        if not np.isfinite(value).all():
            return
        scale = float(np.abs(value).sum() + (plain.slopes(economy, x).clip(max=1e6) * x).sum())
        more = gains.search(economy, x, y, transfers=True)
        if report.efficient_with_transfers and more is not None and more.gain > GAIN * scale:
            yield f"not the largest surplus: {more.gain:.1e} of {scale:.1e} more"
        gap = report.surplus_gap
        if best.status is Status.OPTIMAL and gap is not None and np.isfinite(gap):
            most = float(
                (plain.utilities(economy, best.consumption) - plain.costs(economy, best.production)).sum()
            )
            if np.isfinite(most) and abs(most - float(value.sum()) - gap) > GAIN * max(scale, abs(gap)):
                yield f"surplus lost: {gap:.6g}, by the planner {most - value.sum():.6g}"


def _no_improvement(economy: Economy, x: np.ndarray, y: np.ndarray, report: Alignment) -> Iterator[str]:
    better = report.improvement
    if better is None:
        yield "called inefficient without a better allocation"
        return
    before = plain.utilities(economy, x) - plain.costs(economy, y)
    after = plain.utilities(economy, better.consumption) - plain.costs(economy, better.production)
    with np.errstate(invalid="ignore"):
        change = np.where(after == before, 0.0, after - before)
    slack = EXACT * np.where(np.isfinite(before), np.abs(before), 0.0)
    made = better.production
    there = economy.resources + np.maximum(made, 0.0).sum(axis=0)
    used = better.consumption.sum(axis=0) + np.maximum(-made, 0.0).sum(axis=0)
    if (change < -slack).any() or not (change > 0).any():
        yield "the better allocation is none"
    if (used > there * (1.0 + EXACT)).any():
        yield "the better allocation is not feasible"


def forged(task: tuple[int, Path]) -> list[Row]:
    """Forge the figures of one folder; a row for each."""
    seed, folder = task
    rng = np.random.default_rng([seed, len(folder.name)])
    with tempfile.TemporaryDirectory() as work:
        try:
            found = list(forgeries(folder, Path(work), rng))
        except Exception:
            return [
                {"folder": folder.name, "kind": "traceback", "change": traceback.format_exc(), "passed": True}
            ]
    return [_forgery(folder, each) for each in found]


def _forgery(folder: Path, each: Forgery) -> Row:
    passed = not each.refused and not each.unchecked
    return {
        "folder": folder.name,
        "file": each.file,
        "kind": each.kind,
        "change": each.change,
        "refused": each.refused,
        "unchecked": each.unchecked,
        "passed": passed,
    }


def audit(
    seed: int, numbers: range, folders: int, jobs: int, runs: Path, out: Path
) -> tuple[list[Row], list[Row]]:
    """Audit economies, write the two tables, and forge the figures of the folders with the fewest rounds.

    Args:
        seed: of the collection.
        numbers: of the economies; those that are too large are left out.
        folders: how many run folders are forged.
        jobs: processes.
        runs: where these folders are kept.
        out: the folder of the tables.
    """
    tasks = [(seed, number, runs if k < 3 * folders else None) for k, number in enumerate(numbers)]
    with multiprocessing.get_context("spawn").Pool(jobs) as pool:
        played = [
            row
            for rows in tqdm(pool.imap(audited, tasks), total=len(tasks), unit=" economies", leave=False)
            for row in rows
        ]
        _write(out / "economies.csv", played)  # forging takes its time
        kept = sorted(runs.glob("*/"), key=lambda folder: (folder / "rounds.parquet").stat().st_size)[
            :folders
        ]
        chosen = [(seed, folder) for folder in kept]
        changed = [
            row
            for rows in tqdm(pool.imap(forged, chosen), total=len(kept), unit=" folders", leave=False)
            for row in rows
        ]
    _write(out / "forgeries.csv", changed)
    return played, changed


def _write(path: Path, rows: list[Row]) -> None:
    with path.open("w", newline="") as file:
        writer = csv.DictWriter(file, list(dict.fromkeys(key for row in rows for key in row)))
        writer.writeheader()
        writer.writerows(rows)


def table(played: list[Row], changed: list[Row], minutes: float) -> Table:
    """The table of an audit."""
    shown = Table(title="Audit of random economies", title_justify="left", show_header=False)
    shown.add_column("")
    shown.add_column("", justify="right")
    economies = {row["economy"] for row in played if row["status"] != "refused"}
    outcomes = [row for row in played if "mechanism" in row]
    shown.add_row("economies played and verified", f"{len(economies):,}")
    shown.add_row("outcomes", f"{len(outcomes):,}")
    for status, count in sorted(Counter(str(row["status"]) for row in outcomes).items()):
        shown.add_row(f"  {status}", f"{count:,}")
    for word, wanted in (("efficient", True), ("not efficient", False), ("unknown", None)):
        shown.add_row(f"  {word}", f"{sum(row['efficient'] is wanted for row in outcomes):,}")
    shown.add_row(
        "tracebacks and errors", f"{sum(row['status'] in ('traceback', 'error') for row in played):,}"
    )
    shown.add_row("economies with a warning", f"{sum(bool(row.get('warnings')) for row in played):,}")
    shown.add_row("outcomes with a wrong verdict", f"{sum(bool(row.get('wrong')) for row in played):,}")
    shown.add_row("honest outcomes refused by verify", f"{sum(bool(row.get('refused')) for row in played):,}")
    shown.add_row("figures forged", f"{len(changed):,}")
    shown.add_row("  in run folders", f"{len({row['folder'] for row in changed}):,}")
    shown.add_row("  refused", f"{sum(row.get('refused') is True for row in changed):,}")
    shown.add_row("  said to be not checked", f"{sum(row.get('unchecked') is True for row in changed):,}")
    shown.add_row("  passed", f"{sum(bool(row['passed']) for row in changed):,}")
    shown.add_row("minutes", f"{minutes:.0f}")
    return shown


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seed", type=int, default=SEED)
    parser.add_argument("--count", type=int, default=6200, help="economies drawn; larger ones are left out")
    parser.add_argument("--first", type=int, default=0, help="number of the first economy")
    parser.add_argument("--folders", type=int, default=50)
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--write", type=int, metavar="NUMBER", help="print this economy as a scenario")
    parser.add_argument("--out", type=Path, default=Path("runs/audit"))
    given = parser.parse_args()
    if given.write is not None:
        print(scenario_text(given.seed, given.write))
        return
    start = time.monotonic()
    given.out.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as runs:
        numbers = range(given.first, given.first + given.count)
        played, changed = audit(given.seed, numbers, given.folders, given.jobs, Path(runs), given.out)
    console = Console(width=110)
    console.print(table(played, changed, (time.monotonic() - start) / 60))
    for row in played:
        for key in ("fault", "warnings", "wrong", "refused"):
            if row.get(key):
                where = f"{row['economy']} {row.get('mechanism', '')}".strip()
                console.print(f"{where}: {key}: {row[key]}", highlight=False, markup=False)
    for row in changed:
        if row["passed"]:
            console.print(f"passed: {row}", highlight=False, markup=False)
    console.print(f"Written to {given.out}.")


if __name__ == "__main__":
    main()
