"""Run folder of a market in shards: the parent writes the sums, each shard the rows of its agents.

It differs from other run folders (`results/run_folder.py`) in three respects: the table of agents is in the
folder `agents`, one file per mechanism and shard, in the order of their names; above `LARGEST_MAP` agents the
result has null instead of their names; and figures show the rounds only. All machines must see the folder
under one path.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from market.errors import InputError
from market.results.run_folder import (
    PARTS,
    UNFINISHED,
    Drawing,
    copy_scenario,
    manifest_of,
    name_of_run,
    refusals,
    whole_folder,
)
from market.results.schema import LARGEST_MAP
from market.results.summary_table import NAMED, AgentNumbers, row, table
from market.results.tables import as_json, mechanism_result, no_bounds, whole_result
from market.shards.play import play_in_shards

if TYPE_CHECKING:
    from market.scenario.loading import Scenario
    from market.shards.outcome import Shared, SharedOutcome
    from market.shards.pools import Pool
    from market.shards.shard import WrittenFile


def run_in_shards(
    scenario: Scenario,
    pool: Pool,
    shards: int,
    out: Path,
    mechanisms: Sequence[str] | None = None,
    seed: int | None = None,
    progress: Callable[[str], None] | None = None,
    figures: Callable[[Shared], Mapping[str, Drawing]] | None = None,
) -> tuple[Shared, Path]:
    """Play in shards and write a run folder, whole or not at all.

    Args:
        scenario: what `market.load` returns.
        pool: of the shards; closed at the end.
        shards: their number.
        out: the folder in which a new folder is made.
        mechanisms: names of those to play; all of them by default.
        seed: for all draws; the scenario's own if not given.
        progress: called with a mechanism's name before it is played.
        figures: called with the outcomes; returns file name -> function that writes the figure.

    Returns:
        The outcomes, and the new folder.

    Raises:
        InputError: it cannot be played in shards or written there.
    """
    now = datetime.now(UTC)
    name = name_of_run(scenario, now)
    out = out.absolute()
    with refusals(out, kept=UNFINISHED), whole_folder(out, name) as folder:
        tables = folder / PARTS
        tables.mkdir()
        shared = play_in_shards(scenario, pool, shards, mechanisms, seed, str(tables), progress)
        known = _collected(tables, [file for each in shared.outcomes.values() for file in each.files])
        (folder / "result.json").write_text(as_json(result(shared)), encoding="utf-8")
        no_bounds().to_parquet(folder / "bounds.parquet", index=False)
        shared.rounds.to_parquet(folder / "rounds.parquet", index=False)
        comparison_table(shared).to_csv(folder / "comparison.csv", index=False, encoding="utf-8")
        copy_scenario(scenario, folder / "input")
        for file, draw in (figures(shared) if figures else {}).items():
            draw(folder / file)
        manifest = manifest_of(scenario, shared.seed, list(shared.outcomes), now, folder, known, shards)
        (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n", encoding="utf-8")
    return shared, out / name


def _collected(folder: Path, files: Sequence[WrittenFile]) -> dict[str, Mapping[str, Any]]:
    """Return the size and checksum of each file of a shard, after checking that it is here in full size.

    Checksums are those of the shards: to read all files again would take as long as to write them.

    Args:
        folder: of the files.
        files: as the shards wrote them.

    Returns:
        Name in the run folder -> `bytes` and `sha256`, as the manifest lists them.

    Raises:
        InputError: a file is missing, or its size differs from what its shard wrote.
    """
    for file in files:
        path = folder / file.name
        if not path.exists():
            raise InputError(
                f"worker {file.worker} wrote '{path}' where this machine does not see it; --out must name a "
                f"folder that all machines share"
            )
        there = path.stat().st_size
        if there != file.bytes:
            raise InputError(
                f"worker {file.worker} wrote '{path}' with {file.bytes:,} bytes, and here it has {there:,}; "
                f"check that the disk has room and that no other program writes there, and repeat the command"
            )
    return {f"{PARTS}{file.name}": {"bytes": file.bytes, "sha256": file.sha256} for file in files}


def result(shared: Shared) -> dict[str, Any]:
    """Return the result as plain Python objects, ready for strict JSON.

    Raises:
        NumericalError: a number is NaN or infinite where it must not be; says which.
    """
    scenario, agents = shared.scenario, shared.agents
    named = agents if len(agents) <= LARGEST_MAP else None
    mechanisms = [
        mechanism_result(each, each.alignment, scenario.goods, agents) for each in shared.outcomes.values()
    ]
    return whole_result(scenario, shared.seed, scenario.goods, named, mechanisms)


def comparison_table(shared: Shared) -> pd.DataFrame:
    """Return one row per mechanism, as in `Comparison.table`."""
    return table([_row(shared, outcome) for outcome in shared.outcomes.values()])


def _row(shared: Shared, outcome: SharedOutcome) -> dict[str, object]:
    agents, goods, report, ended = shared.agents, shared.scenario.goods, outcome.alignment, outcome.ended
    few, extremes = len(agents) <= NAMED, outcome.weights
    utilities = outcome.utilities if few and outcome.utilities is not None else ended.utilities.summary
    payoffs = outcome.payoffs if few and outcome.payoffs is not None else ended.payoffs.summary
    kept = outcome.payoffs_with_revenue if few else ended.with_revenue.summary
    weights = report.negishi_weights if few or extremes is None else np.array(extremes)
    keeps = shared.keeps_revenue and bool(ended.differ)
    numbers = AgentNumbers(
        agents, utilities, payoffs if ended.differ else None, weights, kept if keeps else None
    )
    mechanism = mechanism_result(outcome, report, goods, ())
    return row(mechanism, goods, numbers, shared.total_surplus(outcome.name), None)
