"""Interface of the technology families, and the part shared by those with one output.

Symbols are those of the package.
"""

from __future__ import annotations

from typing import ClassVar, NamedTuple

import numpy as np
import scipy
from numpy.typing import NDArray

from market.economy.correspondences import Array, Correspondence, Coupling
from market.economy.families.arithmetic import Expression, refuse_free_goods, sum_by_agent
from market.registry import Family, Parameter

ZERO_PROFIT = 1e-12  # relative to turnover: rounding in prices that were calculated from costs
SUM_ROUNDING = 1e-9  # of a sum of shares: below this distance from 1 returns are constant


class Conditions(NamedTuple):
    """Linear conditions on prices, `rows.p <= 0` or `= 0`, under which netputs are the most profitable.

    Args:
        rows: (conditions, goods).
        binding: (conditions,), True if the row must be zero.
        agent: (conditions,), the row in the block of the agent concerned.
    """

    rows: Array
    binding: NDArray[np.bool_]
    agent: NDArray[np.intp]


class Technology(Family):
    """Base of the technology families; all functions are pure."""

    parameters: ClassVar[dict[str, Parameter]]

    @classmethod
    def netput(cls, p: Array, **parameters: Array) -> Correspondence:
        """Return the netputs that maximise `p.y`, (agents, goods).

        Returns:
            One netput where returns decrease. With constant returns: where profit is zero, inaction and in
            `joint.direction` the netput of one unit, every multiple of which is as good; inf as the output
            where profit is positive.

        Raises:
            UnboundedDemandError: an input is free whose marginal product never vanishes.
        """
        raise NotImplementedError

    @classmethod
    def cost_ratio(cls, p: Array, **parameters: Array) -> Array:
        """Return cost of inputs over value of outputs, (agents,); nan where returns decrease.

        Multiplying the prices of its outputs by this makes profit zero.
        """
        raise NotImplementedError

    @classmethod
    def unit_netput(cls, p: Array, **parameters: Array) -> Array:
        """Return the netput of one unit of activity at p, (agents, goods); 0 where returns decrease."""
        raise NotImplementedError

    @classmethod
    def substitution(cls, **parameters: Array) -> Array:
        """Return the elasticity of substitution among inputs, (agents,)."""
        raise NotImplementedError

    @classmethod
    def makes(cls, **parameters: Array) -> NDArray[np.bool_]:
        """Return a mask of possible outputs, (agents, goods)."""
        raise NotImplementedError

    @classmethod
    def uses(cls, **parameters: Array) -> NDArray[np.bool_]:
        """Return a mask of possible inputs, (agents, goods)."""
        raise NotImplementedError

    @classmethod
    def slack(cls, y: Array, **parameters: Array) -> Array:
        """Return the distance to the frontier as a share of the netput, (agents,); < 0 is infeasible."""
        raise NotImplementedError

    @classmethod
    def conditions(cls, y: Array, **parameters: Array) -> Conditions:
        """Return linear conditions on prices under which y is the most profitable netput."""
        raise NotImplementedError

    @classmethod
    def faults(cls, **parameters: Array) -> list[tuple[int, str]]:
        """List rows of the block whose parameters are not admissible, each with the reason."""
        raise NotImplementedError

    @classmethod
    def plenty(cls, there: Array, **parameters: Array) -> Array:
        """Return outputs, (agents, goods), where each agent alone uses all inputs `there`, (goods,)."""
        raise NotImplementedError

    @classmethod
    def in_units(cls, unit: Array, **parameters: Array) -> dict[str, Array]:
        """Return parameters of this technology for goods counted in `unit`, (goods,): y = unit * count."""
        raise NotImplementedError

    @classmethod
    def convex(cls, y: Expression, **parameters: Array) -> list[Expression]:
        """Return cvxpy constraints under which y, an (agents, goods) expression, is feasible."""
        raise NotImplementedError


def ray(direction: Array, p: Array) -> Correspondence:
    """Return all levels of a direction if its profit is zero, level 0 if negative, inf if positive."""
    profit, turnover = direction @ p, np.abs(direction) @ p
    pays = profit > ZERO_PROFIT * turnover
    even = ~pays & (profit >= -ZERO_PROFIT * turnover)
    unbounded = np.where(pays[:, None] & (direction > 0), np.inf, 0.0)
    free = np.full(len(direction), np.inf)
    return Correspondence(
        unbounded, unbounded, Coupling(-free, free, np.where(even[:, None], direction, 0.0))
    )


OUTPUT = Parameter("one good", meaning="what is made", unit="good", absent=None)
SCALE = Parameter(
    "agent", meaning="scale A of the production function", unit="units", absent=1.0, open_low=True
)


class OneOutput(Technology):
    """Base of technologies with one output, `y_o = F(z)`; subclasses give `F` and its dual."""

    @classmethod
    def production(cls, z: Array, **parameters: Array) -> Array:
        """Return `F(z)`, (agents,)."""
        raise NotImplementedError

    @classmethod
    def product(cls, z: Array, **parameters: Array) -> Array:
        """Return marginal products `dF/dz_h`, (agents, goods), of inputs in use."""
        raise NotImplementedError

    @classmethod
    def constant(cls, **parameters: Array) -> NDArray[np.bool_]:
        """Return a mask of agents with constant returns, (agents,)."""
        raise NotImplementedError

    @classmethod
    def unit_cost(cls, p: Array, **parameters: Array) -> tuple[Array, Array]:
        """Return `c(p)`, (agents,), and the inputs of one unit, (agents, goods), at constant returns."""
        raise NotImplementedError

    @classmethod
    def best(cls, price: Array, p: Array, **parameters: Array) -> tuple[Array, Array]:
        """Return the best output, (agents,), and its inputs, (agents, goods), at decreasing returns."""
        raise NotImplementedError

    @classmethod
    def netput(cls, p: Array, *, output: Array, **parameters: Array) -> Correspondence:
        """Return a ray at constant returns, one netput otherwise."""
        refuse_free_goods(p, cls.uses(output=output, **parameters))
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
        """Return one unit of output less its cheapest inputs, (agents, goods)."""
        _, inputs = cls.unit_cost(p, **parameters)
        return np.where(cls.constant(**parameters)[:, None], output - inputs, 0.0)

    @classmethod
    def cost_ratio(cls, p: Array, *, output: Array, **parameters: Array) -> Array:
        """Return `c(p) / p_o`, (agents,); inf where the output is free; nan where returns decrease."""
        price = output @ p
        cost, _ = cls.unit_cost(p, **parameters)
        ratio = np.divide(cost, price, out=np.full_like(price, np.inf), where=price > 0)
        return np.where(cls.constant(**parameters), ratio, np.nan)

    @classmethod
    def makes(cls, *, output: Array, **parameters: Array) -> NDArray[np.bool_]:
        """Return a mask of the one output."""
        return output > 0

    @classmethod
    def faults(cls, *, output: Array, **parameters: Array) -> list[tuple[int, str]]:
        """List agents without an input, and agents that use their own output."""
        used = cls.uses(output=output, **parameters)
        idle, own = ~used.any(axis=1), (used & (output > 0)).any(axis=1)
        return [
            *((int(i), "it uses nothing; name an input") for i in np.flatnonzero(idle)),
            *((int(i), "its output is among its inputs; leave it out there") for i in np.flatnonzero(own)),
        ]

    @classmethod
    def plenty(cls, there: Array, *, output: Array, **parameters: Array) -> Array:
        """Return `F` of all inputs there are."""
        with np.errstate(over="ignore"):
            made = cls.production(np.where(output > 0, 0.0, there), **parameters)
        return np.where(output > 0, made[:, None], 0.0)

    @classmethod
    def slack(cls, y: Array, *, output: Array, **parameters: Array) -> Array:
        """Return `(F(z) - y_o)` over the larger of the two; -inf if signs of goods are not allowed."""
        made = np.maximum((y * output).sum(axis=1), 0.0)
        most = cls.production(np.maximum(-y, 0.0) * (output == 0), **parameters)
        share = np.divide(most - made, np.maximum(made, most), out=np.zeros_like(made), where=most != made)
        astray = ((y > 0) & (output == 0)).any(axis=1) | ((y * output) < 0).any(axis=1)
        return np.where(astray, -np.inf, share)

    @classmethod
    def conditions(cls, y: Array, *, output: Array, **parameters: Array) -> Conditions:
        """Return `p_o dF/dz_h = p_h` for each input in use, and `<=` for possible inputs not in use."""
        z = np.maximum(-y, 0.0)
        active = np.asarray((y > 0).any(axis=1))
        slopes = cls.product(z, **parameters)
        agent, good = np.nonzero(
            cls.uses(output=output, **parameters) & active[:, None] & np.isfinite(slopes)
        )
        rows = slopes[agent, good, None] * output[agent]
        rows[np.arange(len(good)), good] -= 1.0
        return Conditions(rows, z[agent, good] > 0, agent)


def parts(
    y: Expression, output: Array, used: NDArray[np.bool_]
) -> tuple[Expression, Expression, list[Expression]]:
    """Return output, (agents,), inputs, (agents, goods), and the constraint that they make up netputs y."""
    import cvxpy

    made = cvxpy.Variable(len(output), nonneg=True)
    places = np.flatnonzero(used)
    free = cvxpy.Variable(len(places), nonneg=True)
    ones = (np.ones(len(places)), (places, np.arange(len(places))))
    z = cvxpy.reshape(
        scipy.sparse.csr_matrix(ones, shape=(used.size, len(places))) @ free, used.shape, order="C"
    )
    return made, z, [y == cvxpy.multiply(made[:, None], output) - z]


def sum_of_shares(shares: Array) -> Array:
    """Return S, (agents,), the sum of exponents; exactly 1 where it is 1 up to rounding."""
    total: Array = shares.sum(axis=1)
    return np.where(np.abs(total - 1.0) <= SUM_ROUNDING, 1.0, total)


def product_cone(made: Expression, z: Expression, scale: Array, shares: Array) -> list[Expression]:
    """Return `t <= A prod_h z_h^s_h` for agents with shares, given output t and inputs z.

    The logarithm times t is `sum_h s_h t log(t / z_h) + (1 - S) t log t <= t log A`, convex for `S <= 1`.
    """
    import cvxpy

    agent, good = np.nonzero(shares)
    terms = cvxpy.multiply(shares[agent, good], cvxpy.rel_entr(made[agent], z[agent, good]))
    users = np.unique(agent)
    spare = np.maximum(1.0 - sum_of_shares(shares), 0.0)[users]
    rest = cvxpy.multiply(spare, cvxpy.rel_entr(made[users], np.ones(len(users))))
    total = sum_by_agent(terms, agent, len(shares))[users]
    return [total + rest <= cvxpy.multiply(np.log(scale[users]), made[users])]
