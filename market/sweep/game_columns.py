"""The columns of the table of runs of a game, one row per run and mechanism.

As of an economy (`columns.py`): `run`, `point`, `replicate`, `seed`; a column per varied parameter;
`mechanism`, `kind`, `status`, `reason`, `error`, `traceback`, `settled`, `rounds`. Then, of payoffs that have
one unit (`comparable`):

- `total_payoff`; `best_total`, the largest sum known; `most_total`, a bound that no sum exceeds, null where
  none is known;
- `shortfall`, `best_total - total_payoff`, and `share_of_best`, `total_payoff / best_total` where the best is
  positive: both only where the bound proves the best;
- `gain_realised`, `(total - left) / (best - left)`, `left` the total of the first mechanism that leaves
  players alone: likewise, and null where `left` is the best already;
- `anarchy`, `stability`, the best total over that of the worst and of the best Nash equilibrium, where all
  are known;
- `mean_payoff`; `equality`, 1 - Gini of payoffs, null where some are negative or all 0.

And of all games:

- `players`, their number; `lowest_payoff`; `revenue`, kept by the mechanism;
- `max_regret`, the largest gain of a player from deviating alone, null of a planner, and `relative_regret`,
  in parts of the range of payoffs; `regret_exact`: false if a larger gain is possible;
- `efficient`, `efficient_among_profiles`: null where unknown; `residual`, `unknown` (sentences);
- `gain`, `lose`, `pareto_improvement`: numbers of players that gain and lose payoff compared with the first
  mechanism that leaves players alone.

For each of up to 20 groups of players (a single player is a group of one):

- `payoff[group]`, `transfer[group]`: sums over members, null where payoffs of several have no common unit;
- `lowest_payoff[group]`, `regret[group]` (the largest), `weight[group]` (sum of welfare weights);
- `amount[group]`, the mean amount, of games in which each player chooses one number.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from market.sweep.axes import Axis, ColumnType
from market.sweep.columns import IDENTITY, column, named

OF_GROUPS = ("payoff", "lowest_payoff", "transfer", "regret", "weight", "amount")


def game_columns(axes: Sequence[Axis], groups: Sequence[str]) -> Mapping[str, ColumnType]:
    """Return column name -> its type, in order; all but the identity and the parameters may be null.

    Args:
        axes: parameters varied.
        groups: names of the groups of players.
    """
    found: dict[str, ColumnType] = dict.fromkeys(IDENTITY, "whole")
    found |= {axis.path: axis.kind for axis in axes}
    found |= dict.fromkeys(("mechanism", "kind", "status", "reason", "error", "traceback"), "text")
    found |= {"settled": "truth", "rounds": "whole", "players": "whole"}
    totals = ("total_payoff", "best_total", "most_total", "shortfall", "share_of_best", "gain_realised")
    found |= dict.fromkeys((*totals, "anarchy", "stability", "mean_payoff", "equality"), "number")
    found |= dict.fromkeys(("lowest_payoff", "revenue", "max_regret", "relative_regret"), "number")
    found |= dict.fromkeys(("regret_exact", "efficient", "efficient_among_profiles"), "truth")
    found |= {"residual": "number", "unknown": "text"}
    found |= {"gain": "whole", "lose": "whole", "pareto_improvement": "truth"}
    for group in named(groups):
        found |= dict.fromkeys((column(what, group) for what in OF_GROUPS), "number")
    return found
