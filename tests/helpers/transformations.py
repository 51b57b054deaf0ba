"""Transformations of an economy that may change no verdict: units, order, replicas, an inert agent.

Each returns the transformed economy together with the maps of quantities, prices and money, so that a test
can compare outcomes and verdicts of both.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from scipy import sparse

from market.economy.primitives import Block, Economy, Money


def _rho(given):
    return ((given["elasticity"] - 1) / given["elasticity"])[:, None]


# Parameters of a utility when goods are measured in units that are c times smaller, x' = c x.
IN_OTHER_UNITS: dict[str, Callable] = {
    "log": lambda given, c: {},
    "stone_geary": lambda given, c: {"subsistence": given["subsistence"] * c},
    "cobb_douglas": lambda given, c: {},  # u changes by a factor: the same preferences
    "ces": lambda given, c: {"weights": given["weights"] / c ** _rho(given)},
    "crra": lambda given, c: {"weights": given["weights"] / c ** (1 - given["risk_aversion"][:, None])},
    "linear": lambda given, c: {"weights": given["weights"] / c},
    "leontief": lambda given, c: {"weights": given["weights"] * c},
    "quadratic": lambda given, c: {"weights": given["weights"] / c, "slope": given["slope"] / c**2},
    "separable": lambda given, c: {
        "linear_weight": given["linear_weight"] / c,
        "log1p_weight": np.zeros_like(given["log1p_weight"]),  # 1 + x has a unit of its own
        "power_weight": given["power_weight"] / c ** given["power_exponent"],
        "exponential_scale": given["exponential_scale"] * c,
        "quadratic_weight": given["quadratic_weight"] / c,
        "quadratic_slope": given["quadratic_slope"] / c**2,
    },
}


def _per_amount(steps, c):
    """Steps when goods are measured in units c times smaller, (goods,) or one number."""
    factors = np.broadcast_to(c, steps.shape[1])[:, None]
    return np.stack([steps[..., 0] / factors, steps[..., 1] * factors], axis=-1)


IN_OTHER_UNITS["steps"] = lambda given, c: {"bids": _per_amount(given["bids"], c)}

# Parameters of a utility when it is multiplied by c.
TIMES: dict[str, Callable] = {
    "log": lambda given, c: {"weights": given["weights"] * c},
    "log1p": lambda given, c: {"weights": given["weights"] * c},
    "ces": lambda given, c: {"weights": given["weights"] * c ** _rho(given)},
    "crra": lambda given, c: {"weights": given["weights"] * c},
    "linear": lambda given, c: {"weights": given["weights"] * c},
    "leontief": lambda given, c: {"weights": given["weights"] / c},
    "quadratic": lambda given, c: {"weights": given["weights"] * c, "slope": given["slope"] * c},
    "stone_geary": lambda given, c: {"weights": given["weights"] * c},
    "steps": lambda given, c: {"bids": given["bids"] * np.array([c, 1.0])},
    "separable": lambda given, c: {
        key: array * c for key, array in given.items() if key.endswith("_weight") or key == "quadratic_slope"
    },
}


def convert_costs(block: Block, c, money: float) -> Block:
    """Convert costs to units of goods `c` times smaller and a unit of money `money` times smaller."""
    given = dict(block.parameters)
    if "offers" in given:
        return replace(block, parameters={"offers": _per_amount(given["offers"], c) * [money, 1.0]})
    power = given.get("exponent", 1.0)
    given["unit_cost"] = money * given["unit_cost"] / c**power
    given["capacity"] = given["capacity"] * c
    if "slope" in given:
        given["slope"] = money * given["slope"] / c**2
    return replace(block, parameters=given)


def convert_technology(block: Block, c) -> Block:
    """Convert technologies to units of goods `c` times smaller."""
    given, name = dict(block.parameters), block.family.name
    if name == "activity":
        return replace(block, parameters={"netput": given["netput"] * c})
    made = (given["output"] * c).sum(axis=1)
    if name == "ces":
        shares = given["weights"] / given["weights"].sum(axis=1, keepdims=True)
        even = np.where(given["elasticity"] == 1.0, np.prod(c**shares, axis=1), 1.0)
        given |= {"weights": given["weights"] / c ** _rho(given), "scale": given["scale"] * made / even}
    elif name == "cobb_douglas":
        given["scale"] = given["scale"] * made / np.prod(c ** given["shares"], axis=1)
    else:
        used = (given["input"] * c).sum(axis=1)
        given["scale"] = given["scale"] * made / used ** given["exponent"]
    return replace(block, parameters=given)


@dataclass(frozen=True)
class Transformed:
    """A transformed economy, with the maps from the original.

    Args:
        economy: the transformed one.
        agents: for each agent of it the row of the same agent in the original; -1 for an added agent.
        goods: for each good of it the column of the same good.
        amounts: (goods,), of it: what one unit of the original is in its units.
        money: what one unit of the original's money is in its units.
        count: how many copies of the original it holds.
        utility: (agents,), the factor that utilities have besides, where a family has no other way.
    """

    economy: Economy
    agents: np.ndarray
    goods: np.ndarray
    amounts: np.ndarray
    utility: np.ndarray
    money: float = 1.0
    count: int = 1

    def quantities(self, x: np.ndarray) -> np.ndarray:
        """Transform amounts, (agents, goods); an added agent has none."""
        return np.vstack([x, np.zeros(x.shape[1])])[self.agents][:, self.goods] * self.amounts

    def prices(self, p: np.ndarray) -> np.ndarray:
        """Transform prices, (goods,)."""
        return p[self.goods] / self.amounts * self.money

    def payments(self, paid: np.ndarray) -> np.ndarray:
        """Transform sums of money, (agents,)."""
        return np.append(paid, 0.0)[self.agents] * self.money


def _with_maps(economy: Economy, changed: Economy, **more) -> Transformed:
    agents, goods = economy.shape
    rows, columns = np.arange(agents), np.arange(goods)
    unchanged = Transformed(changed, rows, columns, np.ones(goods), np.ones(len(changed.agents)))
    return replace(unchanged, **more)


def _rows(block: Block, agents: int) -> np.ndarray:
    return np.arange(agents)[block.rows]


def _blocks(economy: Economy, change: Callable[[Block], Block]) -> dict[str, tuple[Block, ...]]:
    kinds = ("utilities", "costs", "technologies")
    return {kind: tuple(change(block) for block in getattr(economy, kind)) for kind in kinds}


def reorder_agents(economy: Economy, order) -> Transformed:
    """List the agents in another order."""
    order = np.asarray(order)
    agents = len(order)
    place = np.argsort(order)

    def moved(block: Block) -> Block:
        rows = place[_rows(block, agents)]
        first = np.argsort(rows)  # rows of a block ascend
        given = {key: array[first] for key, array in block.parameters.items()}
        return replace(block, rows=rows[first], parameters=given)

    ownership = economy.ownership
    changed = replace(
        economy,
        agents=tuple(economy.agents[i] for i in order),
        groups={name: np.sort(place[rows]) for name, rows in economy.groups.items()},
        endowment=economy.endowment[order],
        budget=economy.budget[order],
        commons_share=economy.commons_share[order],
        ownership=None if ownership is None else sparse.csr_matrix(ownership.toarray()[order][:, order]),
        **_blocks(economy, moved),
    )
    return _with_maps(economy, changed, agents=order)


def reorder_goods(economy: Economy, order) -> Transformed:
    """List the goods in another order."""
    order = np.asarray(order)

    def moved(block: Block) -> Block:
        given = {
            key: array[:, order] if array.ndim == 2 else array for key, array in block.parameters.items()
        }
        return replace(block, parameters=given)

    numeraire = economy.numeraire
    changed = replace(
        economy,
        goods=tuple(economy.goods[g] for g in order),
        commons=economy.commons[order],
        endowment=economy.endowment[:, order],
        numeraire=None if numeraire is None else int(np.argsort(order)[numeraire]),
        **_blocks(economy, moved),
    )
    return _with_maps(economy, changed, goods=order)


def replicate(economy: Economy) -> Transformed:
    """Duplicate all agents and the commons."""
    agents = len(economy.agents)
    twice = np.tile(np.arange(agents), 2)

    def doubled(block: Block) -> Block:
        rows = _rows(block, agents)
        given = {key: np.concatenate([array, array]) for key, array in block.parameters.items()}
        return replace(block, rows=np.concatenate([rows, rows + agents]), parameters=given)

    ownership = economy.ownership
    changed = replace(
        economy,
        agents=(*economy.agents, *(f"{name}'" for name in economy.agents)),
        groups={name: np.concatenate([rows, rows + agents]) for name, rows in economy.groups.items()},
        commons=2.0 * economy.commons,
        endowment=economy.endowment[twice],
        budget=economy.budget[twice],
        commons_share=economy.commons_share[twice] / 2.0,
        ownership=None if ownership is None else sparse.block_diag([ownership, ownership], format="csr"),
        **_blocks(economy, doubled),
    )
    return _with_maps(economy, changed, agents=twice, count=2)


def add_inert_agent(economy: Economy) -> Transformed:
    """Add an agent that wants, owns and makes nothing."""
    agents, goods = economy.shape
    rows = lambda block: replace(block, rows=_rows(block, agents))  # noqa: E731
    ownership = economy.ownership
    changed = replace(
        economy,
        agents=(*economy.agents, "inert"),
        groups={**economy.groups, "inert": np.array([agents])},
        endowment=np.vstack([economy.endowment, np.zeros(goods)]),
        budget=np.append(economy.budget, np.inf if economy.money is Money.QUASILINEAR else 0.0),
        commons_share=np.append(economy.commons_share, 0.0),
        ownership=None
        if ownership is None
        else sparse.block_diag([ownership, np.ones((1, 1))], format="csr"),
        **_blocks(economy, rows),
    )
    return _with_maps(economy, changed, agents=np.append(np.arange(agents), -1))


def has_a_unit_of_its_own(economy: Economy) -> bool:
    """Return True if some utility cannot be written in other units: log(1 + x); with money, Cobb-Douglas."""
    for block in economy.utilities:
        name = block.family.name
        if name == "log1p" or (block.parameters.get("log1p_weight", np.zeros(1)) > 0).any():
            return True
        if name == "cobb_douglas" and economy.money is Money.QUASILINEAR:
            return True
    return False


def change_units_of_goods(economy: Economy, c) -> Transformed:
    """Measure goods in units that are `c` (goods,) times smaller."""
    c = np.asarray(c, dtype=float)
    factor = np.ones(len(economy.agents))
    for block in economy.utilities:
        if block.family.name == "cobb_douglas":
            factor[block.rows] = np.prod(c ** block.parameters["weights"], axis=1)

    def utility(block: Block) -> Block:
        given = dict(block.parameters)
        return replace(block, parameters=given | IN_OTHER_UNITS[block.family.name](given, c))

    changed = replace(
        economy,
        commons=economy.commons * c,
        endowment=economy.endowment * c,
        utilities=tuple(utility(block) for block in economy.utilities),
        costs=tuple(convert_costs(block, c, 1.0) for block in economy.costs),
        technologies=tuple(convert_technology(block, c) for block in economy.technologies),
    )
    return _with_maps(economy, changed, amounts=c, utility=factor)


def multiply_utility(economy: Economy, factor: float) -> Economy:
    """Multiply all utilities by a factor."""

    def times(block: Block) -> Block:
        given = dict(block.parameters)
        return replace(block, parameters=given | TIMES[block.family.name](given, factor))

    return replace(economy, utilities=tuple(times(block) for block in economy.utilities))


def change_unit_of_utility(economy: Economy, factor: float) -> Transformed:
    """Multiply all utilities by a factor, where money is not part of utility."""
    return _with_maps(economy, multiply_utility(economy, factor))


def change_unit_of_money(economy: Economy, factor: float) -> Transformed:
    """Measure money in a unit `factor` times smaller: with quasilinear money utility is money."""
    quasilinear = economy.money is Money.QUASILINEAR
    changed = replace(
        multiply_utility(economy, factor) if quasilinear else economy,
        budget=economy.budget * factor,
        costs=tuple(convert_costs(block, 1.0, factor) for block in economy.costs),
    )
    return _with_maps(economy, changed, money=factor)
