"""The columns of the table of runs, of an economy or of a game, by its scenario."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from market.scenario.game_loading import GameScenario
from market.scenario.loading import Scenario
from market.sweep.axes import Axis, ColumnType
from market.sweep.columns import columns, has_books, has_interventions
from market.sweep.game_columns import game_columns


def columns_of(scenario: Scenario | GameScenario, axes: Sequence[Axis]) -> Mapping[str, ColumnType]:
    """Return column name -> its type, in order.

    Args:
        scenario: with the first value of every axis.
        axes: parameters varied.
    """
    if isinstance(scenario, GameScenario):
        return game_columns(axes, scenario.group_names)
    groups = [group.name for group in scenario.agents]
    return columns(axes, scenario.goods, groups, has_interventions(scenario), has_books(scenario))
