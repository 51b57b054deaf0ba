"""Forms of terms: slopes, bends and inverses belong to the value; bliss and substitutes are right."""

from __future__ import annotations

import numpy as np
import pytest

from market.economy.families.utilities import FORMS

X = np.array([0.05, 0.5, 1.9])
PARAMETERS = {"weight": 2.0, "exponent": -0.5, "scale": 0.7, "slope": 1.0}
every_form = pytest.mark.parametrize("form", list(FORMS), ids=lambda form: form.name)
every_curved_form = pytest.mark.parametrize("form", list(FORMS)[1:], ids=lambda form: form.name)


def given(form):
    return {key: np.full(3, PARAMETERS[key]) for key in form.parameters}


@every_form
def test_the_log_slope_is_that_of_the_value(form):
    own, step = given(form), 1e-6 * X
    slope = (form.value(X + step, **own) - form.value(X - step, **own)) / (2 * step)
    np.testing.assert_allclose(np.exp(form.log_slope(X, **own)), slope, rtol=1e-8)


@every_curved_form
def test_the_bend_is_the_relative_fall_of_the_slope(form):
    own, step = given(form), 1e-5 * X
    fall = (form.log_slope(X - step, **own) - form.log_slope(X + step, **own)) / (2 * step)
    np.testing.assert_allclose(form.bend(X, **own), fall, rtol=1e-7)


@every_curved_form
def test_the_amount_inverts_the_log_slope_and_is_zero_above_the_first_slope(form):
    own = given(form)
    np.testing.assert_allclose(form.amount(form.log_slope(X, **own), **own), X, rtol=1e-13)
    at_nothing = np.zeros(3)
    with np.errstate(divide="ignore"):
        first = form.log_slope(at_nothing, **own)
    steep = np.where(np.isfinite(first), first + 1.0, np.inf)
    assert (form.amount(steep, **own) == 0).all()


@every_curved_form
def test_substitutes_are_the_forms_on_which_spending_falls_with_the_price(form):
    """Spending p x(p), x(p) the inverse of the slope, at prices that rise by 1 %."""
    own = given(form)
    log_p = form.log_slope(X, **own)
    spent, dearer = (np.exp(log_p + rise) * form.amount(log_p + rise, **own) for rise in (0.0, 0.01))
    claimed = form.substitutes(**own)
    assert (dearer <= spent * (1 + 1e-12))[claimed].all()
    assert claimed.all() or (dearer > spent).any()


def test_only_the_quadratic_form_has_bliss():
    assert {form.name for form in FORMS if np.isfinite(form.bliss(**given(form))).all()} == {"quadratic"}
    assert (FORMS["quadratic"].bliss(**given(FORMS["quadratic"])) == 2.0).all()
