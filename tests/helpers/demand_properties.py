"""Properties of demand that theory asserts of the shipped utility families; nothing is asserted of others."""

from __future__ import annotations

import numpy as np

from market.economy.families.utilities import FORMS, Utility

PROPORTIONAL = ("log", "cobb_douglas", "ces", "crra", "linear", "leontief")


def wanted(family: type[Utility], given: dict[str, np.ndarray]) -> np.ndarray:
    return family.bliss(**given) > 0


def homothetic(family: type[Utility], given: dict[str, np.ndarray]) -> np.ndarray:
    """A mask, (agents,): demand at a given income is proportional to income, set by set."""
    wants = wanted(family, given)
    if family.name in PROPORTIONAL:
        return np.ones(len(wants), dtype=bool)
    if family.name == "log1p":  # the richer an agent, the more goods it buys
        return wants.sum(axis=1) <= 1
    if family.name == "stone_geary":
        return ~(wants & (given["subsistence"] > 0)).any(axis=1)
    if family.name == "quadratic":
        return ~(wants & (given["slope"] > 0)).any(axis=1)
    if family.name == "separable":
        return homothetic_sum(wants, family.bliss(**given), given)
    return np.zeros(len(wants), dtype=bool)


def homothetic_sum(wants: np.ndarray, bliss: np.ndarray, given: dict[str, np.ndarray]) -> np.ndarray:
    """All terms linear, all logarithmic, or all powers of one exponent; or one good, never satiated."""
    present = {form: given[f"{form}_weight"] > 0 for form in FORMS.names}
    kinds = sum(where.any(axis=1).astype(int) for where in present.values())
    powers, exponents = present["power"], given["power_exponent"]
    lowest = np.where(powers, exponents, np.inf).min(axis=1)
    one_exponent = lowest == np.where(powers, exponents, -np.inf).max(axis=1)
    pure = present["linear"].any(axis=1) | present["log"].any(axis=1) | one_exponent
    alone = (wants.sum(axis=1) <= 1) & (np.isinf(bliss) | ~wants).all(axis=1)
    return (kinds == 1) & pure | alone


def substitutes_with_money(family: type[Utility], given: dict[str, np.ndarray]) -> np.ndarray:
    """A mask, (agents,): with quasilinear money a dearer good never lowers demand for another.

    True of sums of one-good terms; of products, ces and leontief only if no more than one good is wanted.
    """
    if family.name in ("cobb_douglas", "ces", "leontief"):
        return wanted(family, given).sum(axis=1) <= 1
    return np.ones(len(wanted(family, given)), dtype=bool)
