"""From a validated scenario to an economy: numbers drawn or read, checked, and put into arrays.

All agents with the same family of utility are one block, in the order of the file.

Every number drawn has its own generators, derived from the seed, the group's name and the parameter's path,
never from a position: another group, parameter or mechanism does not change it, and neither does the number
of agents built at a time.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate, pairwise
from typing import TYPE_CHECKING, Any, Literal, NamedTuple, TypeVar

import numpy as np
import scipy
from numpy.typing import NDArray

from market.economy.agent_names import AgentNames
from market.economy.correspondences import Array
from market.economy.families.costs import COSTS, Cost
from market.economy.families.technologies import TECHNOLOGIES, Technology
from market.economy.families.utilities import UTILITIES, Utility
from market.economy.harm import RATE, SLOPE, Harm
from market.economy.primitives import Block, Economy, Money, Rows
from market.economy.production import used_as_input
from market.errors import InputError
from market.random_streams import generator
from market.registry import Family, Parameter, Registry
from market.scenario.data_files import row_name
from market.scenario.distributions import DISTRIBUTIONS, draw, split_by_stream
from market.scenario.document import BUDGET, ENDOWMENT
from market.scenario.error_messages import Finding, check_size, make_scenario_error
from market.scenario.harm_entry import given as given_harm
from market.scenario.models import LARGEST, SMALLEST, Column, FamilyEntry, Number, describe_size_fault
from market.scenario.toml_text import Place, Source, escape
from market.tolerances import PLENTY

if TYPE_CHECKING:
    from market.scenario.loading import Scenario

F = TypeVar("F", bound=Family)

MAX_PERSONAL = 20_000_000  # agents times goods, one personalised good for each consumer and public good


def build(scenario: Scenario, seed: int | None = None, rows: range | None = None) -> Economy:
    """Return the economy of a scenario, with numbers drawn or read and put into arrays.

    Args:
        scenario: the scenario, read by `load`.
        seed: the seed of all draws; the scenario's own if not given.
        rows: a contiguous range of agents to build; all if not given. They equal those of the whole
            economy, and so do the commons and the shares in them; `resources` and `groups` do not.
            See `Economy.part`.

    Raises:
        InputError: a number drawn or read is out of its range, demand would be unbounded, or there are more
            agents than one machine should try to hold.
    """
    if seed is not None and not 0 <= seed < 2**63:
        raise InputError(f"seed {seed} is out of range; it must be 0 to 2**63 - 1")
    return _Builder(scenario, scenario.seed if seed is None else seed, rows).economy()


def population(scenario: Scenario) -> AgentNames:
    """Return the names of all agents, built or not."""
    return AgentNames(
        (
            (group.name, size, size > 1 or index in scenario.data)
            for index, (group, size) in enumerate(zip(scenario.agents, _sizes(scenario), strict=True))
        ),
        {scenario.agents[index].name: data.names for index, data in scenario.data.items() if data.names},
    )


def rows_named(scenario: Scenario, name: str) -> range:
    """Return the rows of a group or an agent of a scenario, without building its economy."""
    first = 0
    for group, size in zip(scenario.agents, _sizes(scenario), strict=True):
        if group.name == name:
            return range(first, first + size)
        first += size
    row = population(scenario).index(name)
    return range(row, row + 1)


def _sizes(scenario: Scenario) -> list[int]:
    """Return the number of agents of each group."""
    return [
        scenario.data[index].rows if index in scenario.data else group.count
        for index, group in enumerate(scenario.agents)
    ]


class _Target(NamedTuple):
    """A column of numbers to fill, with their source in the scenario.

    Args:
        column: (members,), of the array that is filled.
        given: a number, distribution or data column of the scenario.
        path: of it in the group's table.
    """

    column: Array
    given: Any
    path: Place


class _Builder:
    """One build of an economy: the rows of its groups, and the faults found so far."""

    def __init__(self, scenario: Scenario, seed: int, rows: range | None) -> None:
        self.scenario = scenario
        self.seed = seed
        self.findings: list[Finding] = []
        self.columns = {good: g for g, good in enumerate(scenario.goods)}
        self.names = population(scenario)
        self.rows = range(len(self.names)) if rows is None else rows
        self.whole = len(self.rows) == len(self.names)
        sizes = _sizes(scenario)
        self.members = [
            range(min(max(self.rows.start - first, 0), size), min(max(self.rows.stop - first, 0), size))
            for size, first in zip(sizes, accumulate(sizes, initial=0), strict=False)
        ]
        self.sizes = [len(members) for members in self.members]
        self.starts = np.concatenate([[0], np.cumsum(self.sizes)])

    def economy(self) -> Economy:
        scenario, groups = self.scenario, range(len(self.sizes))
        self.findings += check_size(len(self.rows), len(self.columns))
        if self.findings:
            raise make_scenario_error(Source(scenario.file, scenario.text), scenario.places, self.findings)
        economy = Economy(
            money=scenario.economy,
            goods=scenario.goods,
            agents=self.names[self.rows.start : self.rows.stop],
            groups=self._groups() if self.whole else {},
            commons=np.array([scenario.commons.get(good, 0.0) for good in scenario.goods]),
            endowment=self._stack(
                groups, ENDOWMENT, [group.endowment for group in scenario.agents], "endowment"
            ),
            budget=self._stack(groups, BUDGET, self._budgets(), "budget"),
            commons_share=self._commons_share(),
            utilities=tuple(self._blocks("utility", UTILITIES)),
            costs=tuple(self._blocks("cost", COSTS)),
            technologies=tuple(self._blocks("technology", TECHNOLOGIES)),
            ownership=self._ownership() if self.whole else None,
            numeraire=None if scenario.numeraire is None else self.columns[scenario.numeraire],
            seed=self.seed,
            shares_revenue=bool(scenario.commons_shares) and scenario.economy is not Money.EXCHANGE,
            harm=self._harm(),
            public_goods=tuple(self.columns[good] for good in scenario.public),
        )
        if not self.findings and self.whole:
            self._refuse_odd_public_goods(economy)
        if not self.findings:
            parts = (
                ("technology", economy.technologies), ("utility", economy.utilities), ("cost", economy.costs)
            )  # fmt: skip
            for part, blocks in parts:
                for block in blocks:
                    self._refuse_impossible(part, block)
            if economy.harm is not None and self.whole:
                self._refuse_odd_harm(economy, economy.harm)
        if economy.money is Money.QUASILINEAR and not self.findings:
            for block in economy.utilities:
                self._refuse_unbounded(block)
        if self.whole and not self.findings:
            self._refuse_unfit(economy)
        if self.findings:
            raise make_scenario_error(Source(scenario.file, scenario.text), scenario.places, self.findings)
        return economy

    def _refuse_odd_public_goods(self, economy: Economy) -> None:
        """Report public goods that no agent can have, and those that a technology uses up."""
        used = used_as_input(economy)
        for index, (good, g) in enumerate(zip(self.scenario.public, economy.public_goods, strict=True)):
            if used[g]:
                why = "a technology uses it up, so that it is not public; name another input"
                self.findings.append(Finding(("public", index), f"'{escape(good)}': {why}"))
            if economy.most[g] == 0:
                why = "there is none of it, and no agent can make it; give an agent a cost or a technology"
                self.findings.append(Finding(("public", index), f"'{escape(good)}': {why}"))
        if economy.public_goods and np.prod(economy.personalised_shape) > MAX_PERSONAL:
            why = "agents have a personal price each, and so many numbers do not fit; take fewer agents"
            self.findings.append(Finding(("public",), why))

    # --- rows ---

    def _groups(self) -> dict[str, NDArray[np.intp]]:
        return {group.name: self._row_numbers(index) for index, group in enumerate(self.scenario.agents)}

    def _row_numbers(self, index: int) -> NDArray[np.intp]:
        return np.arange(self.starts[index], self.starts[index + 1], dtype=np.intp)

    def _rows(self, groups: Sequence[int]) -> Rows:
        """Return the rows of some groups, a slice if they are neighbours."""
        if all(second == first + 1 for first, second in pairwise(groups)):
            return slice(int(self.starts[groups[0]]), int(self.starts[groups[-1] + 1]))
        return np.concatenate([self._row_numbers(index) for index in groups])

    # --- numbers ---

    def _blocks(
        self, part: Literal["utility", "cost", "technology"], registry: Registry[F]
    ) -> Iterator[Block[F]]:
        """Yield one block for each family, in the order in which families first appear."""
        entries: dict[int, FamilyEntry] = {
            index: entry
            for index, group in enumerate(self.scenario.agents)
            if (entry := getattr(group, part)) is not None and self.sizes[index]
        }
        members: dict[str, list[int]] = {}
        for index, entry in entries.items():
            members.setdefault(entry.family, []).append(index)
        for name, groups in members.items():
            family: Any = registry[name]
            arrays = {
                key: self._stack(groups, parameter, [entries[i].given(key) for i in groups], part, key)
                for key, parameter in family.parameters.items()
            }
            yield Block(family, self._rows(groups), arrays)

    def _harm(self) -> Harm | None:
        """Return rates and slopes of harm; None if no agent states any."""
        if not any(group.harm for group in self.scenario.agents):
            return None
        rate, slope = (
            self._harm_parameter(parameter, key) for parameter, key in ((RATE, "rate"), (SLOPE, "slope"))
        )
        return Harm(rate, slope)

    def _harm_parameter(self, parameter: Parameter, key: str) -> Array:
        """Return one parameter of the harm to all agents, (agents, goods)."""
        stacked = np.zeros((len(self.rows), len(self.columns)))
        for index, group in enumerate(self.scenario.agents):
            own = stacked[self.starts[index] : self.starts[index + 1]]
            numbers = given_harm(group.harm, key).items()
            self._fill(
                index,
                parameter,
                [_Target(own[:, self.columns[str(place[0])]], n, ("harm", *place)) for place, n in numbers],
            )
        return stacked

    def _refuse_odd_harm(self, economy: Economy, harm: Harm) -> None:
        """Report harm by goods that no agent can make, and benefits that grow faster than any cost."""
        nothing = np.zeros(economy.shape)
        made = np.asarray(((economy.capacity > 0) | np.isfinite(economy.marginal_cost(nothing))).any(axis=0))
        for index, group in enumerate(self.scenario.agents):
            for good in group.harm:
                if not made[self.columns[good]]:
                    message = (
                        f"no agent can make {escape(good)}, so it harms none; give an agent a cost for it"
                    )
                    self.findings.append(Finding(("agents", index, "harm", good), message))
        if not (harm.rate < 0).any():
            return
        much = np.where(np.isinf(economy.capacity), PLENTY, 0.0)
        for row, g in zip(*np.nonzero(much), strict=True):
            alone = np.zeros(economy.shape)
            alone[row, g] = PLENTY
            cost = economy.weighted_marginal_cost(alone, np.ones(len(economy.agents)))[row, g]
            if cost < 0:
                first = int(np.flatnonzero(harm.rate[:, g] < 0)[0])
                maker = escape(economy.agents[row])
                message = (
                    f"a unit of {escape(economy.goods[g])} made by {maker} is worth more to others than it "
                    f"costs, however much is made, so total surplus has no maximum; give {maker} a capacity, "
                    f"or the harm a slope"
                )
                self._report("harm", first, message)
                return

    def _budgets(self) -> list[Number]:
        none = math.inf if self.scenario.economy is Money.QUASILINEAR else 0.0
        return [none if group.budget is None else group.budget for group in self.scenario.agents]

    def _stack(self, groups: Sequence[int], parameter: Parameter, given: Sequence[Any], *path: str) -> Array:
        """Return one parameter of the agents of some groups, in the order of groups.

        Args:
            groups: their indices.
            parameter: with its axis, and the value of goods that are not named.
            given: for each group a number, a table of numbers by good, or the name of a good.
            path: of the parameter in the group's table.

        Returns:
            (agents of these groups, goods) or (agents of these groups,).
        """
        shape: tuple[int, ...] = (sum(self.sizes[index] for index in groups), len(self.columns))
        if parameter.axis == "steps":
            most = max((len(steps) for numbers in given for steps in numbers.values()), default=1)
            shape = (*shape, most, 2)
        by_agent = parameter.axis == "agent"
        absent = 0.0 if parameter.axis in ("one good", "steps") else parameter.absent
        stacked = np.zeros(shape[:1] if by_agent else shape)  # takes no memory before it is written to
        if absent != 0:
            stacked[:] = absent
        start = 0
        for index, numbers in zip(groups, given, strict=True):
            own = stacked[start : start + self.sizes[index]]
            start += self.sizes[index]
            if parameter.axis == "one good":
                own[:, self.columns[numbers]] = 1.0
                continue
            if parameter.axis == "agent":
                places = [_Target(own, numbers, path)]
            elif parameter.axis == "steps":
                self._fill_steps(index, parameter, own, numbers, path)
                continue
            else:
                named = numbers.items()
                places = [_Target(own[:, self.columns[good]], n, (*path, good)) for good, n in named]
            self._fill(index, parameter, places)
        return stacked

    def _fill_steps(
        self, index: int, parameter: Parameter, own: Array, given: Mapping[str, Any], path: Place
    ) -> None:
        """Fill the steps of a group, (members, goods, steps, 2), with prices and amounts."""
        for part, bounds in enumerate((parameter, Parameter("agent", "an amount", "units"))):
            places = [
                _Target(own[:, self.columns[good], place, part], step[part], (*path, good, place, part))
                for good, steps in given.items()
                for place, step in enumerate(steps)
            ]
            self._fill(index, bounds, places)

    def _fill(self, index: int, parameter: Parameter, places: Sequence[_Target]) -> None:
        """Fill columns with a group's numbers, as written, drawn or read, and check their range.

        Fills all columns for some members, then for the next: their rows stay in a core's cache.
        """
        members = self.members[index]
        wrong: list[list[int]] = [[] for _ in places]
        for some in split_by_stream(members):
            here = slice(some.start - members.start, some.stop - members.start)
            for place, faults in zip(places, wrong, strict=True):
                if isinstance(place.given, int | float):
                    place.column[here] = place.given
                    continue
                place.column[here] = numbers = self._numbers(index, place, some)
                faults += (here.start + _out_of_range(parameter, numbers)).tolist()
        for place, faults in zip(places, wrong, strict=True):
            if faults:
                self._refuse(index, parameter, place, faults)

    def _numbers(self, index: int, place: _Target, members: range) -> Array:
        """Return a number for each member of a range, read or drawn."""
        group, given = self.scenario.agents[index], place.given
        if isinstance(given, Column):
            return self.scenario.data[index].columns[given.column][members.start : members.stop]

        def rng(stream: int) -> np.random.Generator:
            return generator(self.seed, "agents", group.name, *map(str, place.path), stream=stream)

        return draw(DISTRIBUTIONS[given.dist], rng, members, **given.parameters())

    def _refuse(self, index: int, parameter: Parameter, place: _Target, wrong: Sequence[int]) -> None:
        """Report the first agent whose number is out of range, and the source of the number."""
        first, given = wrong[0], place.given
        number = float(place.column[first])
        message = parameter.fault(number) or describe_size_fault(number)
        who = f"drawn for {escape(self.names[self.rows.start + int(self.starts[index]) + first])}"
        if isinstance(given, Column):
            file = self.scenario.data[index].file
            who = f"{escape(file)}, {row_name(self.scenario.folder, file, self.members[index].start + first)}"
        more = f" (and so for {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        where = ("agents", index, *self._place(index, place.path))
        self.findings.append(Finding(where, f"{who}: {message}{more}"))

    def _place(self, index: int, path: Place) -> Place:
        """Return the place of a number in a group's table."""
        entry = getattr(self.scenario.agents[index], str(path[0]))
        return (path[0], *entry.place(*map(str, path[1:]))) if isinstance(entry, FamilyEntry) else path

    def _commons_share(self) -> Array:
        """Return the share of each agent in the commons; shares sum to one over all agents.

        Equal shares are those of agents with a utility: a producer has no use for goods or income.
        """
        given = self.scenario.commons_shares
        if isinstance(given, Mapping) and given:
            return self._shares(given)
        consume = [group.utility is not None for group in self.scenario.agents]
        chosen = np.repeat(consume if any(consume) else [True] * len(consume), self.sizes)
        whole = _sizes(self.scenario)
        count = sum(size for size, counted in zip(whole, consume, strict=True) if counted or not any(consume))
        return np.where(chosen, 1.0 / count, 0.0)

    def _shares(self, given: Mapping[str, float]) -> Array:
        """Return the share of each agent, (agents,), summing to one over all; a group's is split equally."""
        shares = np.zeros(len(self.rows))
        largest = max(given.values())  # first, so that the sum cannot overflow
        sizes = _sizes(self.scenario)
        places = {group.name: index for index, group in enumerate(self.scenario.agents)}
        for name, share in given.items():
            if name in places:
                index = places[name]
                shares[self.starts[index] : self.starts[index + 1]] += share / largest / sizes[index]
                continue
            row = self.names.index(name)
            if row in self.rows:
                shares[row - self.rows.start] += share / largest
        return shares / sum(share / largest for share in given.values())

    def _ownership(self) -> scipy.sparse.csr_matrix | None:
        """Return shares of owners (rows) in producers (columns), sparse; None if each agent owns itself."""
        if not any(group.owners for group in self.scenario.agents):
            return None
        agents = int(self.starts[-1])
        parts = []
        for index, group in enumerate(self.scenario.agents):
            producers = self._row_numbers(index)
            shares = self._shares(group.owners) if group.owners else None
            owners = producers if shares is None else np.flatnonzero(shares)
            if shares is None:
                parts.append((np.ones(len(producers)), owners, producers))
            else:
                each = np.tile(shares[owners], len(producers))
                parts.append((each, np.tile(owners, len(producers)), np.repeat(producers, len(owners))))
        values, rows, columns = (np.concatenate(part) for part in zip(*parts, strict=True))
        return scipy.sparse.csr_matrix((values, (rows, columns)), shape=(agents, agents))

    def _refuse_impossible(self, part: str, block: Block[Technology] | Block[Utility] | Block[Cost]) -> None:
        """Report technologies with output from no input, utilities that overflow, and steps out of order."""
        rows = np.arange(self.starts[-1])[block.rows]
        for position, message in block.family.faults(**block.parameters):
            self._report(part, int(rows[position]), message)

    def _refuse_unbounded(self, block: Block[Utility]) -> None:
        """Report the first agent of each group with unbounded demand at all prices, if money is unlimited."""
        rows = np.arange(self.starts[-1])[block.rows]
        unbounded = rows[block.family.unbounded_with_money(**block.parameters)]
        _, firsts = np.unique(self._group_of(unbounded), return_index=True)
        message = (
            f"u(x) - p.x has no maximum for {block.family.name} with these parameters, so under "
            f"quasilinear money demand is unbounded (refused even with a budget); "
            f"let the weights sum to less than 1"
        )
        for row in unbounded[firsts].tolist():
            self._report("utility", row, message)

    def _refuse_unfit(self, economy: Economy) -> None:
        """Report mechanisms that cannot play the economy."""
        for index, label in enumerate(self.scenario.mechanism_names):
            for key, message in self.scenario.mechanism(label).faults(economy):
                self.findings.append(Finding(("mechanisms", index, key), message))

    def _group_of(self, rows: NDArray[np.intp]) -> NDArray[np.intp]:
        return np.searchsorted(self.starts, rows, side="right") - 1

    def _report(self, part: str, row: int, message: str) -> None:
        """Add a finding at a part of the group of an agent, which it names."""
        index = int(self._group_of(np.array(row)))
        who = escape(self.names[self.rows.start + row])
        self.findings.append(Finding(("agents", index, part), f"{who}: {message}"))


def _out_of_range(parameter: Parameter, numbers: Array) -> NDArray[np.intp]:
    """Return the positions of numbers that `parameter.fault` or `describe_size_fault` refuse."""
    least, most = numbers.min(initial=math.inf), numbers.max(initial=-math.inf)
    if max(parameter.low, SMALLEST) < least and most < min(parameter.high, LARGEST):  # nearly always
        return np.zeros(0, dtype=np.intp)
    low = numbers <= parameter.low if parameter.open_low else numbers < parameter.low
    high = numbers >= parameter.high if parameter.open_high else numbers > parameter.high
    size = np.abs(numbers)
    wrong_size = ~(size <= LARGEST) | ((size < SMALLEST) & (size > 0))  # true for NaN
    return np.flatnonzero(wrong_size | low | high | (parameter.nonzero & (numbers == 0)))
