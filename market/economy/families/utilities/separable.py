"""Additively separable utilities, sums of one-good terms; the forms of terms are in `separable_terms.py`.

Source: Houthakker (1960), "Additive preferences"; the demand is derived in `separable_demand.py`.
"""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array, Correspondence
from market.economy.families.arithmetic import Expression, Held, Unit, at_most_one, exp
from market.economy.families.utilities.base import Utility
from market.economy.families.utilities.separable_demand import Curved, Terms
from market.economy.families.utilities.separable_terms import FORMS, LinearForm
from market.registry import Parameter, term_parameters


class Separable(Utility):
    """u(x) = a sum of one-good terms: linear, log, log1p, power, exponential, quadratic."""

    # Parameters are arrays for each form and key, such as log_weight: 0 where there is no such term.

    name = "separable"
    terms = FORMS
    parameters: ClassVar[dict[str, Parameter]] = term_parameters(FORMS)

    @staticmethod
    def value(x: Array, **parameters: Array) -> Array:
        """Return the sum over terms, (agents,); -inf where one of them is."""
        total = np.zeros(len(x))
        for terms in _all_terms(parameters):
            total += np.where(terms.where, terms.form.value(x, **terms.parameters), 0.0).sum(axis=1)
        return total

    @staticmethod
    def marginal(x: Array, **parameters: Array) -> Array:
        """Return the sum over the terms of each good."""
        total = np.zeros(x.shape)
        for terms in _all_terms(parameters):
            total += exp(terms.log_slope(x))
        return total

    @staticmethod
    def quasilinear_demand(p: Array, **parameters: Array) -> Correspondence:
        """Return the amounts at which the slope of each good has fallen to its price.

        Below the weight of a linear term demand for its good is inf. At the weight every amount is best that
        is so large that the other terms have ended, or add less than rounding.

        Raises:
            UnboundedDemandError: a good without bliss is free.
        """
        return _split(parameters).quasilinear_demand(p)

    @staticmethod
    def budget_demand(p: Array, b: Array, **parameters: Array) -> Correspondence:
        """Return the amounts at which slopes have fallen to `mu p_g`, with mu such that `p.x = b`.

        Amounts have errors of about 1e-14 relative to themselves, or to the amounts over which the terms bend
        (1, the scale, bliss) if they are much smaller, and cost b exactly. Linear terms that tie share the
        last money in any way. An agent that is satiated with less does not spend the rest.

        Raises:
            UnboundedDemandError: a good without bliss is free.
        """
        return _split(parameters).budget_demand(p, b)

    @staticmethod
    def bliss(**parameters: Array) -> Array:
        """Return bliss, which is finite for goods with quadratic terms only."""
        return _split(parameters).bliss

    @staticmethod
    def concave(x: Expression, *, unit: Unit = 1.0, **parameters: Array) -> Held:
        """Return u, which is concave."""
        agents = len(parameters["linear_weight"])
        value: Expression = np.zeros(agents)
        constraints: list[Expression] = []
        for form in FORMS:
            own = _own(form.name, parameters)
            if (own["weight"] > 0).any():
                added, needed = form.concave(x, unit=unit, **own)
                value, constraints = value + added, constraints + needed
        return value, constraints

    @staticmethod
    def indifference_prices(**parameters: Array) -> Array:
        """Return the weights of linear terms."""
        terms = _split(parameters)
        return np.where(terms.straight > 0, terms.straight, np.nan)

    @staticmethod
    def linear_weights(**parameters: Array) -> Array:
        """Return the weights of linear terms: marginal utility once other terms are used up."""
        return _split(parameters).straight

    @classmethod
    def other_purchases(cls, p: Array, b: Array, least: float, **parameters: Array) -> tuple[Array, Array]:
        """Return purchases on account of other terms until linear ones, or money, are worth as much."""
        return _split(parameters).other_purchases(p, b, least)

    @staticmethod
    def gross_substitutes(**parameters: Array) -> NDArray[np.bool_]:
        """Return True if no term has `x |f''| > f'`: linear, log, log1p, powers with `rho > 0`."""
        terms = _split(parameters)
        bad = np.zeros(terms.straight.shape, dtype=bool)
        for part in terms.curved:
            bad |= part.where & ~part.form.substitutes(**part.parameters)
        return np.asarray(~bad.any(axis=1) | at_most_one(terms.wanted))


def _own(form: str, parameters: dict[str, Array]) -> dict[str, Array]:
    """Return the parameters of one form under its own keys."""
    return {key: parameters[f"{form}_{key}"] for key in FORMS[form].parameters}


def _all_terms(parameters: dict[str, Array]) -> list[Curved]:
    """List the terms of every form that an agent has."""
    found = []
    for form in FORMS:
        own = _own(form.name, parameters)
        where = own["weight"] > 0
        if where.any():
            found.append(Curved(form, {**own, "weight": np.where(where, own["weight"], 1.0)}, where))
    return found


def _split(parameters: dict[str, Array]) -> Terms:
    """Return linear terms apart from the others."""
    curved = tuple(terms for terms in _all_terms(parameters) if terms.form is not LinearForm)
    return Terms(parameters["linear_weight"], curved)
