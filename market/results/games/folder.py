"""Run folder of a game: written whole or not at all, and read back with every file checked.

It has `result.json`, `players.parquet` (one row per mechanism and player), `rounds.parquet` (one row per
mechanism, round and measure), `comparison.csv`, the scenario as `input/scenario.toml`, figures, and
`manifest.json`, as the folder of an economy has them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from market.errors import RunError
from market.results.games.comparison import GameComparison
from market.results.games.tables import game_result, players_table
from market.results.run_folder import (
    Drawing,
    as_json,
    check_listed,
    read_json,
    write_folder,
)
from market.results.schema import Manifest, check_layout

NEEDED = ("result.json", "players.parquet", "rounds.parquet", "comparison.csv", "input/scenario.toml")


def write_game_run(
    comparison: GameComparison, parent: Path, figures: Mapping[str, Drawing] | None = None
) -> Path:
    """Write a run folder, whole or not at all.

    Args:
        comparison: to be kept.
        parent: the folder in which a new folder is made; made itself if need be.
        figures: file name -> function that writes it.

    Returns:
        The new folder.

    Raises:
        InputError: it cannot be written there.
    """
    tables = {"players.parquet": players_table(comparison), "rounds.parquet": comparison.rounds}
    text = as_json(game_result(comparison))
    return write_folder(comparison, comparison.game.seed, text, tables, parent, figures)


def is_game_run(folder: Path) -> bool:
    """Return True if a folder is that of a game; other faults of it are found when it is read."""
    try:
        read = json.loads((folder / "result.json").read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return False
    return isinstance(read, dict) and "game" in read


def read_game_run(folder: Path) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return manifest and result of the run of a game, after checking that the folder is unchanged.

    Raises:
        RunError: a file is missing, changed or unreadable.
    """
    if not (folder / "manifest.json").exists():
        raise RunError(f"'{folder}' is not a run folder: it has no manifest.json")
    manifest = read_json(folder, "manifest.json")
    check_layout(folder / "manifest.json", manifest, Manifest)
    check_listed(folder, manifest, NEEDED)
    return manifest, read_json(folder, "result.json")
