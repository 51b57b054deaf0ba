"""Utility families: how agents value bundles, and their demand at prices.

Symbols: x (agents, goods) consumption; p (goods,) prices; a (agents, goods) weights, where 0 means not
wanted; b (agents,) income. Every function takes a family's parameters as keywords whose names are the
scenario's keys.

Two problems give demand, and every kind of money is one of them or a mix of both:

- quasilinear money: max `u(x) - p.x`, the `quasilinear_demand`;
- a fixed income b: max `u(x)` subject to `p.x <= b`, the `budget_demand`.

With quasilinear money and a cap b on spending the answer is the first where it costs at most b, and the
second elsewhere: u is concave, so if the cap binds the best bundle lies on `p.x = b`, where money paid is
equal for all bundles (see `Economy.demand`).

A family whose utility is concave only after an increasing transform `v = h(u)` (Cobb-Douglas with weights
above one, say), or better behaved so, gives v to the judges of efficiency as `concave_value`: Pareto
efficiency is ordinal.

Entry points: the registry `UTILITIES`, and the interface `Utility` in base.py. Reading order: base.py;
logarithmic.py for a family in full; elementary.py and demand_formulas.py for the formulas that families
share; then the others. power_means.py serves constant_elasticity.py; separable_terms.py and
separable_demand.py serve separable.py; water_filling.py and root_finding.py spend a budget where no closed
form does.

Imports: `market.economy.correspondences`, `families/arithmetic.py`, `market.registry` and `market.errors`.
Families do not import one another: what two of them need is a formula in a module below.

To add one: a class derived from `Utility` in a module here, and its name in `UTILITIES`.

Source: Mas-Colell, Whinston and Green (1995), *Microeconomic Theory*, sections 3.D and 10.C.
"""

from __future__ import annotations

from market.economy.families.utilities.base import Utility
from market.economy.families.utilities.constant_elasticity import Ces, Crra
from market.economy.families.utilities.leontief import Leontief
from market.economy.families.utilities.linear_and_quadratic import Linear, Quadratic
from market.economy.families.utilities.logarithmic import CobbDouglas, Log, Log1p, StoneGeary
from market.economy.families.utilities.separable import Separable
from market.economy.families.utilities.separable_terms import FORMS
from market.economy.families.utilities.steps import Steps
from market.registry import Registry

__all__ = [
    "ADDITIVE", "FORMS", "UTILITIES", "Ces", "CobbDouglas", "Crra", "Leontief", "Linear", "Log", "Log1p",
    "Quadratic", "Separable", "Steps", "StoneGeary", "Utility",
]  # fmt: skip

UTILITIES: Registry[Utility] = Registry(
    "utility", Log, Log1p, StoneGeary, CobbDouglas, Ces, Crra, Linear, Leontief, Quadratic, Separable, Steps
)

ADDITIVE = (Log, Log1p, StoneGeary, Crra, Linear, Quadratic, Separable, Steps)
"""Families that are sums over goods: the quasilinear demand for a good depends on its own price alone."""
