"""Networks of acquaintance: pairs of agents that may meet.

`meets` is "anyone", or a table that names a graph, or a data file with an edge a row:

- ring: each agent knows the next, the last knows the first;
- grid: a torus, as square as the number of agents allows; each agent has four neighbours;
- star: the first agent knows all others, and they only know it;
- regular: a random graph in which each agent knows `degree` others, drawn by networkx.

Edges are (edges, 2), rows of agents, each pair once, the lower row first.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from market.economy.primitives import Economy
from market.errors import did_you_mean
from market.random_streams import generator

Edges = NDArray[np.intp]
Meets = str | Mapping[str, str | int]

ANYONE = "anyone"
GRAPHS = ("ring", "grid", "star", "regular")
FILE_KEYS = ("data", "from", "to")
SUGGESTED = 1000  # names that a misspelt one is compared with
MOST_FAULTS = 5  # of a file that are listed


@dataclass(frozen=True, eq=False)
class Acquaintances:
    """The rows of a data file: two names each.

    Args:
        file: the path as the scenario gives it.
        pairs: the two names of each row.
        places: how messages call each row.
    """

    file: str
    pairs: tuple[tuple[str, str], ...]
    places: tuple[str, ...]


def network(economy: Economy, meets: Meets, known: Acquaintances | None, label: str) -> Edges | None:
    """Return the pairs that may meet; None if all may.

    Args:
        economy: its agents are the nodes.
        meets: as a scenario gives it, without faults.
        known: the rows of the data file that it names.
        label: of the mechanism, which draws its own random graph.
    """
    if isinstance(meets, str):
        return None
    agents = len(economy.agents)
    if known is not None:
        rows = {name: row for row, name in enumerate(economy.agents)}
        pairs = np.array([(rows[one], rows[other]) for one, other in known.pairs], dtype=np.intp)
    elif meets["graph"] == "ring":
        pairs = np.stack([np.arange(agents), np.roll(np.arange(agents), -1)], axis=1)
    elif meets["graph"] == "star":
        pairs = np.stack([np.zeros(agents - 1, dtype=np.intp), np.arange(1, agents)], axis=1)
    elif meets["graph"] == "grid":
        pairs = _torus(*sides(agents))
    else:
        pairs = _regular(economy, int(meets["degree"]), label)
    return np.unique(np.sort(pairs, axis=1), axis=0)


def sides(agents: int) -> tuple[int, int]:
    """Return the sides of the most nearly square grid of so many agents.

    Example:
        >>> sides(12), sides(16), sides(7)
        ((3, 4), (4, 4), (1, 7))
    """
    low = next(side for side in range(math.isqrt(agents), 0, -1) if agents % side == 0)
    return low, agents // low


def _torus(height: int, width: int) -> Edges:
    """Return the edges of a grid whose opposite sides meet; sides of two meet once."""
    place = np.arange(height * width).reshape(height, width)
    across, down = np.roll(place, -1, axis=1), np.roll(place, -1, axis=0)
    edges = np.concatenate([np.stack([place.ravel(), to.ravel()], axis=1) for to in (across, down)])
    return edges[edges[:, 0] != edges[:, 1]]


def _regular(economy: Economy, degree: int, label: str) -> Edges:
    """Return the edges of a random regular graph, of the economy's seed."""
    import networkx  # type: ignore[import-untyped]  # deferred: a tenth of a second

    seed = int(generator(economy.seed, label, "network").integers(2**31))
    graph = networkx.random_regular_graph(degree, len(economy.agents), seed=seed)
    return np.array(sorted(map(sorted, graph.edges)), dtype=np.intp).reshape(-1, 2)


# --- faults -----------------------------------------------------------------------------------------------


def faults(economy: Economy, meets: Meets, known: Acquaintances | None) -> Iterator[str]:
    """Yield what is wrong with `meets`, with remedies."""
    if isinstance(meets, str):
        if meets != ANYONE:
            graphs = ", ".join(f'{{ graph = "{graph}" }}' for graph in GRAPHS)
            yield f'found \'{meets}\'; write "{ANYONE}", a graph such as {graphs}, or {{ data = "....csv" }}'
    elif "data" in meets:
        yield from _file_faults(economy, meets, known)
    else:
        yield from _graph_faults(len(economy.agents), meets)


def _graph_faults(agents: int, meets: Mapping[str, str | int]) -> Iterator[str]:
    """Yield what is wrong with a graph for so many agents."""
    graph = meets.get("graph")
    if graph not in GRAPHS:
        yield f"found graph = '{graph}'; {did_you_mean(str(graph)[:100], GRAPHS)}"
        return
    known = ("graph", "degree") if graph == "regular" else ("graph",)
    extra = [key for key in meets if key not in known]
    if extra:
        yield f"no such key '{extra[0]}' of a {graph}; {did_you_mean(extra[0][:100], known)}"
    elif agents < 2:
        yield "a network needs two agents"
    elif graph == "grid" and sides(agents)[0] == 1 and agents > 3:
        yield f"{agents} agents form no grid, since {agents} is a prime number; add one, or choose a ring"
    elif graph == "regular":
        yield from _degree_faults(agents, meets.get("degree"))


def _degree_faults(agents: int, degree: str | int | None) -> Iterator[str]:
    """Yield why there is no graph in which each of so many agents knows `degree` others."""
    if not isinstance(degree, int):
        yield 'a regular graph needs a degree: { graph = "regular", degree = 4 }'
    elif not 1 <= degree < agents:
        yield f"degree {degree} of {agents} agents; each can know 1 to {agents - 1} others"
    elif agents * degree % 2:
        yield (
            f"no graph has {agents} agents of degree {degree}: edges have two ends, so agents times degree "
            f"is even; choose degree {degree + 1 if degree + 1 < agents else degree - 1}, or one agent more"
        )


def _file_faults(
    economy: Economy, meets: Mapping[str, str | int], known: Acquaintances | None
) -> Iterator[str]:
    """Yield what is wrong with the rows of a data file."""
    extra = [key for key in meets if key not in FILE_KEYS]
    if extra:
        yield f"no such key '{extra[0]}' of a data file of edges; {did_you_mean(extra[0][:100], FILE_KEYS)}"
        return
    if known is None:
        yield f"'{meets['data']}' was not read; load the scenario from its folder"
        return
    names = set(economy.agents)
    some = list(economy.agents[:SUGGESTED])
    found = 0
    for (one, other), place in zip(known.pairs, known.places, strict=True):
        missing = next((name for name in (one, other) if name not in names), None)
        if missing is not None:
            yield f"{known.file}, {place}: no agent '{missing}'; {did_you_mean(missing[:100], some)}"
        elif one == other:
            yield f"{known.file}, {place}: '{one}' cannot meet itself; remove the row"
        else:
            continue
        found += 1
        if found == MOST_FAULTS:
            return
