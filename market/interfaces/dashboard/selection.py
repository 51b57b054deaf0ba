"""Parts of a comparison: some of its mechanisms."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from market.results.comparison import Comparison
    from market.results.games.comparison import GameComparison


def without(compared: Comparison, mechanism: str) -> Comparison:
    """Return the comparison of all other mechanisms."""
    return _of(compared, [name for name in compared.outcomes if name != mechanism])


def only(compared: Comparison, mechanism: str) -> Comparison:
    """Return the comparison of one mechanism with nothing."""
    return _of(compared, [mechanism])


def rounds_of(compared: Comparison, mechanisms: Sequence[str]) -> pd.DataFrame:
    """Return the rounds of some mechanisms."""
    return compared.rounds[compared.rounds["mechanism"].isin(mechanisms)]


def _of(compared: Comparison, names: Sequence[str]) -> Comparison:
    return replace(
        compared,
        outcomes={name: compared.outcomes[name] for name in names},
        alignments={name: compared.alignments[name] for name in names},
        rounds=rounds_of(compared, names),
    )


def without_game(compared: GameComparison, mechanism: str) -> GameComparison:
    """Return the comparison of all other mechanisms of a game."""
    names = [name for name in compared.outcomes if name != mechanism]
    return replace(
        compared,
        outcomes={name: compared.outcomes[name] for name in names},
        reports={name: compared.reports[name] for name in names},
        rounds=compared.rounds[compared.rounds["mechanism"].isin(names)],
    )
