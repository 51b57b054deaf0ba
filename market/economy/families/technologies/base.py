"""What every technology answers, and what is shared by those with one output; symbols as in the package."""

from __future__ import annotations

from typing import Any, ClassVar, NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from market.economy.correspondences import Array, Correspondence, Coupling
from market.errors import UnboundedDemandError
from market.registry import Family, Parameter

Expression = Any

ZERO_PROFIT = 1e-12  # of what is turned over; rounding in prices that were calculated from costs


class Conditions(NamedTuple):
    """Linear conditions on prices under which netputs are the most profitable: rows.p <= 0, or = 0.

    Args:
        rows: (conditions, goods).
        binding: (conditions,), whether the row must be zero.
        agent: (conditions,), whose condition it is, by row in the block.
    """

    rows: Array
    binding: NDArray[np.bool_]
    agent: NDArray[np.intp]


class Technology(Family):
    """Base of the technology families; all functions are pure."""

    parameters: ClassVar[dict[str, Parameter]]

    @classmethod
    def netput(cls, p: Array, **parameters: Array) -> Correspondence:
        """The netputs that maximise p.y, (agents, goods).

        Returns:
            One netput where returns decrease. With constant returns nothing, with `joint.direction` the
            netput of one unit, along which any level is as good where profit is zero; inf as the output where
            profit is positive.

        Raises:
            UnboundedDemandError: an input is free of which more always helps.
        """
        raise NotImplementedError

    @classmethod
    def cost_ratio(cls, p: Array, **parameters: Array) -> Array:
        """Cost of inputs over worth of outputs at constant returns, (agents,); nan where returns decrease.

        Multiplying the prices of its outputs by this makes profit zero.
        """
        raise NotImplementedError

    @classmethod
    def unit_netput(cls, p: Array, **parameters: Array) -> Array:
        """What one unit of activity makes and uses at prices p, (agents, goods); 0 where returns decrease."""
        raise NotImplementedError

    @classmethod
    def substitution(cls, **parameters: Array) -> Array:
        """The elasticity of substitution among inputs, (agents,)."""
        raise NotImplementedError

    @classmethod
    def makes(cls, **parameters: Array) -> NDArray[np.bool_]:
        """Which goods can be outputs, (agents, goods)."""
        raise NotImplementedError

    @classmethod
    def uses(cls, **parameters: Array) -> NDArray[np.bool_]:
        """Which goods can be inputs, (agents, goods)."""
        raise NotImplementedError

    @classmethod
    def slack(cls, y: Array, **parameters: Array) -> Array:
        """How far a netput is inside what is allowed, as a share of its size, (agents,); < 0 is outside."""
        raise NotImplementedError

    @classmethod
    def conditions(cls, y: Array, **parameters: Array) -> Conditions:
        """The linear conditions on prices under which y is the most profitable, where inputs are used."""
        raise NotImplementedError

    @classmethod
    def faults(cls, **parameters: Array) -> list[tuple[int, str]]:
        """Whose parameters make no sense, by row in the block, and why."""
        raise NotImplementedError

    @classmethod
    def plenty(cls, there: Array, **parameters: Array) -> Array:
        """Outputs where each agent uses all there is of its inputs, `there` (goods,), (agents, goods)."""
        raise NotImplementedError

    @classmethod
    def in_units(cls, unit: Array, **parameters: Array) -> dict[str, Array]:
        """The parameters of the same technology for goods counted in `unit`, (goods,): y = unit * count."""
        raise NotImplementedError

    @classmethod
    def convex(cls, y: Expression, **parameters: Array) -> list[Expression]:
        """That y is allowed, as cvxpy constraints on an (agents, goods) expression."""
        raise NotImplementedError


def ray(direction: Array, p: Array) -> Correspondence:
    """Any level of a direction where its profit is zero, none where negative, all where positive."""
    profit, turnover = direction @ p, np.abs(direction) @ p
    pays = profit > ZERO_PROFIT * turnover
    even = ~pays & (profit >= -ZERO_PROFIT * turnover)
    endless = np.where(pays[:, None] & (direction > 0), np.inf, 0.0)
    free = np.full(len(direction), np.inf)
    return Correspondence(endless, endless, Coupling(-free, free, np.where(even[:, None], direction, 0.0)))


OUTPUT = Parameter("one good", meaning="what is made", unit="good", absent=None)
SCALE = Parameter(
    "agent", meaning="scale A of the production function", unit="units", absent=1.0, open_low=True
)


class OneOutput(Technology):
    """y_o = F(z): what technologies with one output have in common. Subclasses give F and its dual."""

    @classmethod
    def production(cls, z: Array, **parameters: Array) -> Array:
        """F(z), (agents,)."""
        raise NotImplementedError

    @classmethod
    def product(cls, z: Array, **parameters: Array) -> Array:
        """dF/dz_h, (agents, goods), for inputs that are used."""
        raise NotImplementedError

    @classmethod
    def constant(cls, **parameters: Array) -> NDArray[np.bool_]:
        """Who has constant returns, (agents,)."""
        raise NotImplementedError

    @classmethod
    def unit_cost(cls, p: Array, **parameters: Array) -> tuple[Array, Array]:
        """C(p), (agents,), and the inputs of one unit, (agents, goods), at constant returns."""
        raise NotImplementedError

    @classmethod
    def best(cls, price: Array, p: Array, **parameters: Array) -> tuple[Array, Array]:
        """The most profitable output, (agents,), and its inputs, (agents, goods), at decreasing returns."""
        raise NotImplementedError

    @classmethod
    def netput(cls, p: Array, *, output: Array, **parameters: Array) -> Correspondence:
        """A ray at constant returns, one netput otherwise."""
        _refuse_free_inputs(p, cls.uses(output=output, **parameters))
        constant = cls.constant(**parameters)
        answers = []
        if constant.any():
            answers.append(ray(cls.unit_netput(p, output=output, **parameters), p))
        if not constant.all():
            made, inputs = cls.best(output @ p, p, **parameters)
            netput = np.where(constant[:, None], 0.0, made[:, None] * output - inputs)
            answers.append(Correspondence.exactly(netput))
        if len(answers) == 1:
            return answers[0]
        any_level, one = answers
        return Correspondence(any_level.lowest + one.lowest, any_level.highest + one.highest, any_level.joint)

    @classmethod
    def unit_netput(cls, p: Array, *, output: Array, **parameters: Array) -> Array:
        """One unit of output less its cheapest inputs."""
        _, inputs = cls.unit_cost(p, **parameters)
        return np.where(cls.constant(**parameters)[:, None], output - inputs, 0.0)

    @classmethod
    def cost_ratio(cls, p: Array, *, output: Array, **parameters: Array) -> Array:
        """c(p) / p_o; inf where the output is free; nan where returns decrease."""
        price = output @ p
        cost, _ = cls.unit_cost(p, **parameters)
        ratio = np.divide(cost, price, out=np.full_like(price, np.inf), where=price > 0)
        return np.where(cls.constant(**parameters), ratio, np.nan)

    @classmethod
    def makes(cls, *, output: Array, **parameters: Array) -> NDArray[np.bool_]:  # noqa: ARG003
        """The one output."""
        return output > 0

    @classmethod
    def faults(cls, *, output: Array, **parameters: Array) -> list[tuple[int, str]]:
        """Who uses nothing, or its own output."""
        used = cls.uses(output=output, **parameters)
        idle, own = ~used.any(axis=1), (used & (output > 0)).any(axis=1)
        return [
            *((int(i), "it uses nothing; name an input") for i in np.flatnonzero(idle)),
            *((int(i), "its output is among its inputs; leave it out there") for i in np.flatnonzero(own)),
        ]

    @classmethod
    def plenty(cls, there: Array, *, output: Array, **parameters: Array) -> Array:
        """F of all there is."""
        with np.errstate(over="ignore"):
            made = cls.production(np.where(output > 0, 0.0, there), **parameters)
        return np.where(output > 0, made[:, None], 0.0)

    @classmethod
    def slack(cls, y: Array, *, output: Array, **parameters: Array) -> Array:
        """(F(z) - y_o) / y_o; negative where something else is made, or an input is not one."""
        made = np.maximum((y * output).sum(axis=1), 0.0)
        most = cls.production(np.maximum(-y, 0.0) * (output == 0), **parameters)
        share = np.divide(most - made, np.maximum(made, most), out=np.zeros_like(made), where=most != made)
        astray = ((y > 0) & (output == 0)).any(axis=1) | ((y * output) < 0).any(axis=1)
        return np.where(astray, -np.inf, share)

    @classmethod
    def conditions(cls, y: Array, *, output: Array, **parameters: Array) -> Conditions:
        """p_o dF/dz_h = p_h for each input that is used; <= for one that could be and is not."""
        z = np.maximum(-y, 0.0)
        active = np.asarray((y > 0).any(axis=1))
        slopes = cls.product(z, **parameters)
        agent, good = np.nonzero(
            cls.uses(output=output, **parameters) & active[:, None] & np.isfinite(slopes)
        )
        rows = slopes[agent, good, None] * output[agent]
        rows[np.arange(len(good)), good] -= 1.0
        return Conditions(rows, z[agent, good] > 0, agent)


def _refuse_free_inputs(p: Array, used: NDArray[np.bool_]) -> None:
    """Raise where an input of which more always helps is free."""
    free = (p <= 0) & used.any(axis=0)
    if free.any():
        raise UnboundedDemandError(np.flatnonzero(free).tolist())


def by_agent(agent: NDArray[np.intp], agents: int) -> Any:
    """The matrix that adds up terms by agent."""
    ones = (np.ones(len(agent)), (agent, np.arange(len(agent))))
    return scipy.sparse.csr_matrix(ones, shape=(agents, len(agent)))


def parts(
    y: Expression, output: Array, used: NDArray[np.bool_]
) -> tuple[Expression, Expression, list[Expression]]:
    """Output, (agents,), and inputs, (agents, goods), of netputs, and what ties them together."""
    import cvxpy

    made = cvxpy.Variable(len(output), nonneg=True)
    places = np.flatnonzero(used)
    free = cvxpy.Variable(len(places), nonneg=True)
    ones = (np.ones(len(places)), (places, np.arange(len(places))))
    z = cvxpy.reshape(
        scipy.sparse.csr_matrix(ones, shape=(used.size, len(places))) @ free, used.shape, order="C"
    )
    return made, z, [y == cvxpy.multiply(made[:, None], output) - z]
