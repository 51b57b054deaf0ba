"""The names of agents, group by group, each made when it is read.

The members of a group `alpha` are `alpha[0]`, `alpha[1]`, ..., unless each has a name of its own; a group of
one is called `alpha`. A million such names are 70 megabytes of text, of which few are ever read.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable, Iterator, Mapping, Sequence
from copy import copy
from itertools import accumulate
from typing import overload


class AgentNames(Sequence[str]):
    """The names of agents in the order of the groups; equal to any sequence of the same names.

    A slice is a view: it makes no names either.

    Args:
        groups: (name, number of members, True if members are numbered), in order.
        own: group -> names of its members, in order, all different; such members are not numbered.

    Example:
        >>> names = AgentNames([("alpha", 2, True), ("baker", 1, False)])
        >>> len(names), names[1], names[-1], names.index("alpha[1]"), names[1:]
        (3, 'alpha[1]', 'baker', 1, ('alpha[1]', 'baker'))
    """

    def __init__(
        self, groups: Iterable[tuple[str, int, bool]], own: Mapping[str, Sequence[str]] | None = None
    ) -> None:
        self._groups = tuple(groups)
        self._starts = (0, *accumulate(count for _, count, _ in self._groups))
        self._places = {name: place for place, (name, _, _) in enumerate(self._groups)}
        self._own = own or {}
        self._own_rows = {
            member: self._starts[self._places[group]] + at
            for group, members in self._own.items()
            for at, member in enumerate(members)
        }
        self._rows = range(self._starts[-1])

    def __len__(self) -> int:
        return len(self._rows)

    @overload
    def __getitem__(self, place: int) -> str: ...
    @overload
    def __getitem__(self, place: slice) -> AgentNames: ...
    def __getitem__(self, place: int | slice) -> str | AgentNames:
        if isinstance(place, slice):
            view = copy(self)
            view._rows = self._rows[place]
            return view
        return self._name(self._rows[place])

    def __iter__(self) -> Iterator[str]:
        return map(self._name, self._rows)

    def _name(self, row: int) -> str:
        place = bisect_right(self._starts, row) - 1
        name, _, numbered = self._groups[place]
        if name in self._own:
            return self._own[name][row - self._starts[place]]
        return f"{name}[{row - self._starts[place]}]" if numbered else name

    def _row(self, name: object) -> int | None:
        """Return the row of a name among all groups; None if no agent has it."""
        if not isinstance(name, str):
            return None
        if name in self._own_rows:
            return self._own_rows[name]
        group, bracket, member = name.rpartition("[")
        place = self._places.get(name)
        if place is not None and not self._groups[place][2]:
            return self._starts[place]
        place = self._places.get(group)
        if (
            place is None
            or group in self._own
            or not (bracket and member[-1:] == "]" and member[:-1].isdecimal())
        ):
            return None
        _, count, numbered = self._groups[place]
        number = int(member[:-1])
        exact = numbered and number < count and name == f"{group}[{number}]"  # not alpha[01]
        return self._starts[place] + number if exact else None

    def index(self, name: object, start: int = 0, stop: int | None = None) -> int:
        """Return the place of the agent of that name.

        Raises:
            ValueError: no agent between `start` and `stop` has it.
        """
        row = self._row(name)
        if row is None or row not in self._rows[start:stop]:
            raise ValueError(f"no agent is called {name!r}")
        return self._rows.index(row)

    def _known(self) -> tuple[object, ...]:
        return self._groups, self._rows, self._own

    def __contains__(self, name: object) -> bool:
        return self._row(name) in self._rows

    def __eq__(self, other: object) -> bool:
        if isinstance(other, AgentNames) and self._known() == other._known():
            return True
        if isinstance(other, Sequence) and not isinstance(other, str):
            return len(self) == len(other) and all(a == b for a, b in zip(self, other, strict=True))
        return NotImplemented

    __hash__ = None  # type: ignore[assignment]  # equal to lists, which have none

    def __repr__(self) -> str:
        if len(self) <= 4:
            return repr(tuple(self))
        return f"<{len(self)} names: {self[0]}, {self[1]}, ..., {self[-1]}>"
