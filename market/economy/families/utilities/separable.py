"""Additively separable utilities, put together from one-good terms; the forms are in `separable_terms.py`.

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
        """The sum over terms; -inf where any of them is."""
        total = np.zeros(len(x))
        for terms in _all_terms(parameters):
            total += np.where(terms.where, terms.form.value(x, **terms.parameters), 0.0).sum(axis=1)
        return total

    @staticmethod
    def marginal(x: Array, **parameters: Array) -> Array:
        """The sum over the terms of each good."""
        total = np.zeros(x.shape)
        for terms in _all_terms(parameters):
            total += exp(terms.log_slope(x))
        return total

    @staticmethod
    def quasilinear_demand(p: Array, **parameters: Array) -> Correspondence:
        """Each good until its slope is down to its price.

        A good with a linear term is demanded without bound below that term's weight. At the weight any amount
        is best from where on the other terms have ended, or add less than rounding.

        Raises:
            UnboundedDemandError: a good that can always be used is free.
        """
        return _split(parameters).quasilinear_demand(p)

    @staticmethod
    def budget_demand(p: Array, b: Array, **parameters: Array) -> Correspondence:
        """Each good until its slope is mu times its price, with mu such that all income is spent.

        Amounts are right to about 1e-14 of themselves, or of the amounts in which the terms bend (1, the
        scale, bliss) if they are much smaller, and cost b exactly. Linear terms that tie for the last money
        share it in any way. Where all is satiated with less, the rest is not spent.

        Raises:
            UnboundedDemandError: a good that can always be used is free.
        """
        return _split(parameters).budget_demand(p, b)

    @staticmethod
    def bliss(**parameters: Array) -> Array:
        """Finite where a good has quadratic terms only."""
        return _split(parameters).bliss

    @staticmethod
    def concave(x: Expression, *, unit: Unit = 1.0, **parameters: Array) -> Held:
        """U is concave as it stands."""
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
        """The weight of a linear term."""
        terms = _split(parameters)
        return np.where(terms.straight > 0, terms.straight, np.nan)

    @staticmethod
    def linear_weights(**parameters: Array) -> Array:
        """The weight of a linear term: what the last unit is worth when other terms are used up."""
        return _split(parameters).straight

    @classmethod
    def beside_linear(cls, p: Array, b: Array, least: float, **parameters: Array) -> tuple[Array, Array]:
        """The other terms until they are worth no more than the best linear one, or than money elsewhere."""
        return _split(parameters).beside_linear(p, b, least)

    @staticmethod
    def gross_substitutes(**parameters: Array) -> NDArray[np.bool_]:
        """No term has x |f''| > f': linear, log, log1p, and powers of a positive exponent."""
        terms = _split(parameters)
        bad = np.zeros(terms.straight.shape, dtype=bool)
        for part in terms.curved:
            bad |= part.where & ~part.form.substitutes(**part.parameters)
        return np.asarray(~bad.any(axis=1) | at_most_one(terms.wanted))


def _own(form: str, parameters: dict[str, Array]) -> dict[str, Array]:
    """The parameters of one form under its own keys."""
    return {key: parameters[f"{form}_{key}"] for key in FORMS[form].parameters}


def _all_terms(parameters: dict[str, Array]) -> list[Curved]:
    """The terms of every form that somebody has."""
    found = []
    for form in FORMS:
        own = _own(form.name, parameters)
        where = own["weight"] > 0
        if where.any():
            found.append(Curved(form, {**own, "weight": np.where(where, own["weight"], 1.0)}, where))
    return found


def _split(parameters: dict[str, Array]) -> Terms:
    """Linear terms, and the others."""
    curved = tuple(terms for terms in _all_terms(parameters) if terms.form is not LinearForm)
    return Terms(parameters["linear_weight"], curved)
