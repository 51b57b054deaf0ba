"""Separable utilities against the families that they generalise, and where they go beyond these."""

from __future__ import annotations

import numpy as np
import pytest

from market.economy.families.utilities import FORMS, UTILITIES, Separable

ONE = np.ones(1)


def terms(shape, **arrays):
    """All parameters of a block of agents; a form that is not named has weight 0."""
    given = {key: np.full(shape, parameter.absent) for key, parameter in Separable.parameters.items()}
    return given | {
        key: np.broadcast_to(np.array(array, dtype=float), shape) for key, array in arrays.items()
    }


def random_terms(seed, shape, forms=tuple(FORMS.names), density=0.5):
    rng = np.random.default_rng(seed)
    given = {key: rng.uniform(0.1, 3.0, shape) for key in Separable.parameters}
    given["power_exponent"] = rng.choice([-2.0, -0.5, 0.3, 0.9], shape)
    for form in FORMS.names:
        given[f"{form}_weight"] *= (rng.random(shape) < density) * (form in forms)
    return given


def economy(seed, goods):
    rng = np.random.default_rng(seed + 1000)
    return rng.uniform(0.1, 5.0, goods), rng.uniform(0.5, 20.0, 40)


# --- against other families -----------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("family", "same"),
    [
        ("log", lambda weights, other: {"log_weight": weights}),
        ("log1p", lambda weights, other: {"log1p_weight": weights}),
        ("linear", lambda weights, other: {"linear_weight": weights}),
        ("quadratic", lambda weights, other: {"quadratic_weight": weights, "quadratic_slope": other}),
        (
            "crra",
            lambda weights, other: {"power_weight": weights, "power_exponent": np.full_like(weights, -1.5)},
        ),
    ],
)
def test_a_sum_of_equal_forms_is_the_family_of_that_form(family, same):
    for seed in range(5):
        rng = np.random.default_rng(seed)
        weights = rng.uniform(0.1, 3.0, (40, 3)) * (rng.random((40, 3)) < 0.8)
        slope = rng.uniform(0.1, 2.0, (40, 3))
        known = {
            "quadratic": {"weights": weights, "slope": slope},
            "crra": {"weights": weights, "risk_aversion": np.full(40, 2.5)},
        }.get(family, {"weights": weights})
        sums = terms((40, 3), **same(weights, slope))
        p, b = economy(seed, 3)
        x = rng.uniform(0.1, 9.0, (40, 3))
        np.testing.assert_allclose(
            Separable.value(x, **sums), UTILITIES[family].value(x, **known), rtol=1e-12
        )
        np.testing.assert_allclose(
            Separable.marginal(x, **sums), UTILITIES[family].marginal(x, **known), rtol=1e-9, atol=1e-15
        )
        for ours, theirs in (
            (Separable.budget_demand(p, b, **sums), UTILITIES[family].budget_demand(p, b, **known)),
            (Separable.quasilinear_demand(p, **sums), UTILITIES[family].quasilinear_demand(p, **known)),
        ):
            for mine, its in zip(ours.bounds, theirs.bounds, strict=True):
                np.testing.assert_allclose(mine, its, rtol=1e-12, atol=1e-13)
        np.testing.assert_array_equal(
            Separable.gross_substitutes(**sums), UTILITIES[family].gross_substitutes(**known)
        )


# --- first-order conditions -----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("income", [1e-3, 1.0, 1e3, 1e9])
def test_money_is_worth_the_same_in_all_that_is_bought_and_no_more_elsewhere(seed, income):
    """du/dx_g = mu p_g where x_g > 0, <= elsewhere, and p.x = b unless all is satiated."""
    given = random_terms(seed, (40, 4))
    p, b = economy(seed, 4)
    b = b * income
    answer = Separable.budget_demand(p, b, **given)
    x, bliss = answer.lowest, Separable.bliss(**given)
    satiated = (x >= bliss * (1 - 1e-12)).all(axis=1)
    never = np.isinf(bliss).any(axis=1)
    assert not (satiated & never).any()
    chooses = (answer.highest > x).any(axis=1)
    spent = np.where(chooses, b, x @ p)
    np.testing.assert_allclose(spent[~satiated], b[~satiated], rtol=1e-13)
    assert (x[satiated] @ p <= b[satiated] * (1 + 1e-12)).all()
    near_bliss = np.isfinite(bliss) & (x > 0.999 * bliss)  # there the slope itself is rounding
    worth = np.where(near_bliss, 0.0, Separable.marginal(x, **given) / p)
    best = worth.max(axis=1, keepdims=True)
    bends = 1e-9 * np.where(np.isfinite(bliss) & (bliss > 0), bliss, 1.0)
    bought = (x > bends) & ~near_bliss & (best > 1e-290)
    gap = np.abs(np.log(np.where(bought, worth / np.where(bought, best, 1.0), 1.0)))
    assert (gap <= 1e-9 + 1e-12 * x / given["exponential_scale"]).all()


def test_two_curved_terms_on_a_good_add_their_slopes():
    """u = log x + 2 sqrt x (weight 1, exponent 1/2): 1/x + 1/sqrt x = p; at p = 3/4, x = 4."""
    given = terms((1, 1), log_weight=1.0, power_weight=1.0, power_exponent=0.5)
    assert Separable.quasilinear_demand(np.array([0.75]), **given).lowest[0, 0] == pytest.approx(
        4.0, rel=1e-14
    )


def test_steep_and_flat_powers_together_are_resolved():
    """Exponents of -50 and 0.999 on one good: x^-51 + x^-0.001 = p."""
    given = terms(
        (2, 2),
        power_weight=[[1.0, 0.0], [1.0, 1.0]],
        power_exponent=[[0.999, 0.5], [0.999, -50.0]],
        log_weight=[[1.0, 0.0], [0.0, 1.0]],
    )
    p, b = np.array([1.3, 0.7]), np.array([3.0, 3.0])
    x = Separable.budget_demand(p, b, **given).lowest
    np.testing.assert_allclose(x @ p, b, rtol=1e-14)
    worth = Separable.marginal(x, **given) / p
    assert worth[1, 0] == pytest.approx(worth[1, 1], rel=1e-12)


# --- satiation, and terms that never end ----------------------------------------------------------------


def test_the_rich_buy_as_much_of_an_exponential_good_as_their_money_allows():
    """With a (1 - exp(-x / k)) for each of two goods half of the money goes to each, at any wealth."""
    given = terms((1, 2), exponential_weight=1.0, exponential_scale=1.0)
    for b in (1e-9, 1.0, 1e3, 1e9, 1e15):
        x = Separable.budget_demand(np.ones(2), np.array([b]), **given).lowest
        np.testing.assert_allclose(x, [[b / 2, b / 2]], rtol=1e-12)


def test_an_exponential_good_takes_over_from_a_satiable_one():
    """2 x - x^2 / 2 is satiated at 2, 1 - exp(-y) never: of 10 units of money about 2 go to the first."""
    given = terms((1, 2), quadratic_weight=[2.0, 0.0], quadratic_slope=1.0, exponential_weight=[0.0, 1.0])
    x = Separable.budget_demand(np.ones(2), np.array([10.0]), **given).lowest[0]
    assert x[0] == pytest.approx(2.0 - np.exp(-x[1]), rel=1e-12)
    assert x.sum() == pytest.approx(10.0, rel=1e-15)


def test_other_goods_are_bought_until_money_is_worth_more_in_a_linear_term():
    """u = 2 x + log y: y = 1 / 2 at prices 1, and the rest goes to x; with less than 1/2 only y is bought."""
    given = terms((1, 2), linear_weight=[2.0, 0.0], log_weight=[0.0, 1.0])
    np.testing.assert_allclose(Separable.budget_demand(np.ones(2), 3 * ONE, **given).lowest, [[2.5, 0.5]])
    np.testing.assert_allclose(Separable.budget_demand(np.ones(2), 0.3 * ONE, **given).lowest, [[0.0, 0.3]])


def test_linear_terms_that_tie_share_the_rest():
    given = terms((1, 3), linear_weight=[2.0, 4.0, 0.0], log_weight=[0.0, 0.0, 1.0])
    answer = Separable.budget_demand(np.array([1.0, 2.0, 1.0]), 3 * ONE, **given)
    np.testing.assert_allclose(answer.lowest, [[0.0, 0.0, 0.5]])
    np.testing.assert_allclose(answer.highest, [[2.5, 1.25, 0.5]])
    assert answer.joint.least_spent == answer.joint.most_spent == 3.0


def test_a_linear_and_a_logarithmic_term_on_one_good_resolve_great_wealth():
    """u = x + log x in both goods: by symmetry half of the money each, though mu differs from 1 by 1e-12."""
    given = terms((1, 2), linear_weight=1.0, log_weight=1.0)
    x = Separable.budget_demand(np.ones(2), np.array([1e12]), **given).lowest
    np.testing.assert_allclose(x, [[5e11, 5e11]], rtol=1e-12)


def test_at_the_weight_of_a_linear_term_any_amount_is_best_if_the_others_end():
    """2 x with 3 x - x^2 / 2, satiated at 3: at p = 2 any amount from 3 on; at p = 3 it is 2."""
    given = terms((1, 1), linear_weight=2.0, quadratic_weight=3.0, quadratic_slope=1.0)
    answer = Separable.quasilinear_demand(np.array([2.0]), **given)
    assert (answer.lowest, answer.highest) == (3.0, np.inf)
    assert Separable.indifference_prices(**given) == 2.0
    np.testing.assert_allclose(Separable.quasilinear_demand(np.array([3.0]), **given).lowest, [[2.0]])
    assert Separable.quasilinear_demand(np.array([1.9]), **given).lowest == np.inf


def test_terms_that_never_end_are_settled_where_they_add_less_than_rounding():
    """2 x + log x at p = 2: the slope of the second term, 1 / x, is below 1e-12 of 2 from x = 5e11 on.

    2 x + 1 - exp(-x / 3): there exp(-x / 3) / 3 = 2e-12 is reached at x = 3 log(1 / 6e-12) = 77.5 already,
    and from there on no price between 2 and the next number could tell amounts apart.
    """
    given = terms((1, 1), linear_weight=2.0, log_weight=1.0)
    answer = Separable.quasilinear_demand(np.array([2.0]), **given)
    np.testing.assert_allclose(answer.lowest, [[5e11]])
    assert answer.highest == np.inf
    np.testing.assert_allclose(Separable.quasilinear_demand(np.array([2.5]), **given).lowest, [[2.0]])
    given = terms((1, 1), linear_weight=2.0, exponential_weight=1.0, exponential_scale=3.0)
    answer = Separable.quasilinear_demand(np.array([2.0]), **given)
    np.testing.assert_allclose(answer.lowest, [[3.0 * np.log(1.0 / 6e-12)]])
    assert Separable.indifference_prices(**given) == 2.0


def test_satiated_agents_keep_the_rest_of_their_money():
    given = terms((1, 2), quadratic_weight=[3.0, 4.0], quadratic_slope=[1.0, 2.0])
    np.testing.assert_allclose(Separable.budget_demand(np.ones(2), 99 * ONE, **given).lowest, [[3.0, 2.0]])
    free = Separable.budget_demand(np.array([0.0, 1.0]), ONE, **given).lowest
    np.testing.assert_allclose(free, [[3.0, 1.0]])


def test_powers_are_homothetic_only_with_one_exponent():
    """Four times the income buys four times both; with x^-2 = x^(-1/2) / 2 at equal prices it does not."""
    p, b = np.ones(2), np.array([2.0, 8.0])
    alike = Separable.budget_demand(p, b, **terms((2, 2), power_weight=1.0, power_exponent=-1.0)).lowest
    np.testing.assert_allclose(alike, [[1.0, 1.0], [4.0, 4.0]])
    differ = terms((2, 2), power_weight=1.0, power_exponent=[0.5, -1.0])
    bought = Separable.budget_demand(p, b, **differ).lowest
    assert bought[1, 0] > 4.1 * bought[0, 0]
    assert not Separable.gross_substitutes(**differ).any()
