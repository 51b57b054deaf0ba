"""The names of agents, group by group, made when somebody asks for one.

The members of a group `alpha` are `alpha[0]`, `alpha[1]`, ...; a group of one is called `alpha`. A million
such names are 70 megabytes of text, and hardly any is ever read.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Sequence
from itertools import accumulate
from typing import overload


class AgentNames(Sequence[str]):
    """The names of all agents in the order of the groups; equal to any sequence of the same names.

    Args:
        groups: (name, how many members, whether members are numbered), in order.

    Example:
        >>> names = AgentNames([("alpha", 2, True), ("baker", 1, False)])
        >>> len(names), names[1], names[-1], names.index("alpha[1]")
        (3, 'alpha[1]', 'baker', 1)
    """

    def __init__(self, groups: Iterable[tuple[str, int, bool]]) -> None:
        self._groups = tuple(groups)
        self._starts = (0, *accumulate(count for _, count, _ in self._groups))
        self._places = {name: place for place, (name, _, _) in enumerate(self._groups)}

    def __len__(self) -> int:
        return self._starts[-1]

    @overload
    def __getitem__(self, row: int) -> str: ...
    @overload
    def __getitem__(self, row: slice) -> tuple[str, ...]: ...
    def __getitem__(self, row: int | slice) -> str | tuple[str, ...]:
        if isinstance(row, slice):
            return tuple(self._name(each) for each in range(*row.indices(len(self))))
        at = row + len(self) if row < 0 else row
        if not 0 <= at < len(self):
            raise IndexError(f"there are {len(self)} agents, and none in row {row}")
        return self._name(at)

    def _name(self, row: int) -> str:
        place = bisect_right(self._starts, row) - 1
        name, _, numbered = self._groups[place]
        return f"{name}[{row - self._starts[place]}]" if numbered else name

    def __iter__(self) -> Iterator[str]:
        for name, count, numbered in self._groups:
            if numbered:
                yield from (f"{name}[{member}]" for member in range(count))
            else:
                yield name

    def _row(self, name: object) -> int | None:
        """The row of a name; None if nobody has it."""
        if not isinstance(name, str):
            return None
        if name in self._places and not self._groups[self._places[name]][2]:
            return self._starts[self._places[name]]
        group, bracket, member = name.rpartition("[")
        if group not in self._places or not (bracket and member[-1:] == "]" and member[:-1].isdecimal()):
            return None
        _, count, numbered = self._groups[self._places[group]]
        number = int(member[:-1])
        same = numbered and number < count and name == f"{group}[{number}]"
        return self._starts[self._places[group]] + number if same else None

    def index(self, name: object, start: int = 0, stop: int | None = None) -> int:
        """The row of the agent of that name.

        Raises:
            ValueError: nobody between `start` and `stop` has it.
        """
        row = self._row(name)
        if row is None or row not in range(*slice(start, stop).indices(len(self))):
            raise ValueError(f"no agent is called {name!r}")
        return row

    def __contains__(self, name: object) -> bool:
        return self._row(name) is not None

    def __eq__(self, other: object) -> bool:
        if isinstance(other, AgentNames):
            return self._groups == other._groups or tuple(self) == tuple(other)
        if isinstance(other, Sequence) and not isinstance(other, str):
            return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))
        return NotImplemented

    def __hash__(self) -> int:
        return hash(tuple(self))

    def __repr__(self) -> str:
        if len(self) <= 4:
            return repr(tuple(self))
        return f"<{len(self)} names: {self[0]}, {self[1]}, ..., {self[-1]}>"


class AgentNamesView(Sequence[str]):
    """Neighbours among the names of all agents.

    Args:
        names: of all of them.
        start: the first row.
        stop: the row after the last one.
    """

    def __init__(self, names: Sequence[str], start: int, stop: int) -> None:
        self._names, self._rows = names, range(start, stop)

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, row: int) -> str: ...
    @overload
    def __getitem__(self, row: slice) -> tuple[str, ...]: ...
    def __getitem__(self, row: int | slice) -> str | tuple[str, ...]:
        if isinstance(row, slice):
            return tuple(self._names[each] for each in self._rows[row])
        return self._names[self._rows[row]]
