"""A table in mixed strategies: each player chooses the probabilities of its actions.

    pi_i(x) = sum over profiles s of prod_j x_j(s_j) pi_i(s),

linear in each player's own mixture. Learning rules that follow gradients play it. All players have the same
number of actions; a best reply puts everything on an action of the largest expected payoff.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from market.economy.correspondences import Array
from market.games.families.from_file import FromFile
from market.games.family import Key, Setting
from market.games.smooth import Smooth, SmoothFamily


class Mixed(SmoothFamily):
    """expected payoffs of a table in the players' mixtures of its actions."""

    name = "mixed"
    amount = "probability of action 1"
    player_keys: ClassVar[dict[str, Key]] = FromFile.player_keys
    file_keys: ClassVar[dict[str, Key]] = {
        **FromFile.file_keys,
    }

    @classmethod
    def faults(cls, setting: Setting) -> Sequence[tuple[tuple[str | int, ...], str]]:
        """Return the faults of the table, and players with different numbers of actions."""
        found = FromFile.faults(setting)
        sizes = {len(own) for own in FromFile.actions(setting)}
        if not found and len(sizes) > 1:
            found = [(("players",), "all players need the same number of actions in a game of mixtures")]
        return found

    @classmethod
    def made(cls, setting: Setting) -> Smooth:
        """Return the game with the table as an array."""
        return cls.game(setting, {"table": FromFile.payoffs(setting)})

    @staticmethod
    def limits(n: int, *, table: Array) -> tuple[Array, Array]:  # type: ignore[override]
        """Return 0 and 1."""
        return np.zeros((n, table.shape[0])), np.ones((n, table.shape[0]))

    @staticmethod
    def total(n: int, **_: Any) -> Array:
        """Return 1 for each player."""
        return np.ones(n)

    @staticmethod
    def payoffs(a: Array, *, table: Array) -> Array:  # type: ignore[override]
        """Return expected payoffs, (..., n)."""
        n = a.shape[-2]
        values = np.broadcast_to(table, (*a.shape[:-2], *table.shape))
        for i in range(n):
            values = np.einsum(
                "...a,...ab->...b", a[..., i, :], values.reshape(*a.shape[:-2], table.shape[i], -1)
            )
            values = values.reshape(*a.shape[:-2], *table.shape[i + 1 :])
        return np.asarray(values)

    @staticmethod
    def _without(a: Array, table: Array, left_out: Sequence[int]) -> Array:
        """Return expected payoffs for each action of the players left out, (..., their actions, n)."""
        n = a.shape[-2]
        letters = "abcdefghijklmnopqrstuvw"[:n]
        terms = [f"...{letters[i]}" for i in range(n) if i not in left_out]
        kept = "".join(letters[i] for i in left_out)
        spec = ",".join([f"{letters}z", *terms]) + f"->...{kept}z"
        return np.asarray(np.einsum(spec, table, *(a[..., i, :] for i in range(n) if i not in left_out)))

    @classmethod
    def slopes(cls, a: Array, *, table: Array) -> Array:  # type: ignore[override]
        """Return J, (..., n, n, k)."""
        n = a.shape[-2]
        columns = [np.moveaxis(cls._without(a, table, [j]), -1, -2) for j in range(n)]  # (..., n, k) each
        return np.stack(columns, axis=-2)

    @classmethod
    def slopes_along(cls, a: Array, v: Array, *, table: Array) -> Array:  # type: ignore[override]
        """Return the derivative of J along v, (..., n, n, k)."""
        n = a.shape[-2]
        columns = []
        for j in range(n):
            total: Any = 0.0
            for m in range(n):
                if m == j:
                    continue
                both = cls._without(a, table, sorted((j, m)))
                if m < j:
                    both = np.swapaxes(both, -3, -2)
                total = total + np.einsum("...jmz,...m->...zj", both, v[..., m, :])
            columns.append(total if n > 1 else np.zeros((*a.shape[:-2], n, a.shape[-1])))
        return np.stack(columns, axis=-2)

    @classmethod
    def reply(  # type: ignore[override]
        cls, a: Array, player: int, weighs: Array, prices: Array, *, table: Array
    ) -> Array:
        """Return all weight on an action of the largest expected U; U is linear in one's own mixture."""
        values = cls._without(a, table, [player]) @ weighs[player] - prices
        return np.eye(len(values))[int(values.argmax())]
