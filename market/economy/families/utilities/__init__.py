"""Utility families: how agents value bundles, and what they demand at prices.

Symbols: x (agents, goods) consumption; p (goods,) prices; a (agents, goods) weights, where 0 means not
wanted; b (agents,) income. Every function takes a family's parameters as keywords whose names are the
scenario's keys.

Two problems give demand, and every kind of money is one of them or a mix of both:

- quasilinear money: max u(x) - p.x, the `quasilinear_demand`;
- a fixed income b: max u(x) subject to p.x <= b, the `budget_demand`.

With quasilinear money and a cap b on spending the answer is the first where it costs at most b, and the
second elsewhere: u is concave, so if the cap binds the best bundle lies on p.x = b, where money paid is the
same for all bundles (see `Economy.demand`).

A family whose utility is concave only after an increasing transform v = h(u) (Cobb-Douglas with weights
above one, say), or better behaved so, gives v to the judges of efficiency as `concave_value`: Pareto
efficiency is ordinal. Where u itself is not concave, it says so (`not_concave`) and gives parameters with
which it is, and which order bundles in the same way (`concave_form`): of these, first-order conditions prove
something.

To add one: a class in a module here and its name in `UTILITIES`.

Source: Mas-Colell, Whinston and Green (1995), *Microeconomic Theory*, sections 3.D and 10.C.
"""

from __future__ import annotations

from market.economy.families.utilities.base import Utility
from market.economy.families.utilities.ces import Ces
from market.economy.families.utilities.linear_and_leontief import Leontief, Linear
from market.economy.families.utilities.logarithmic import Log, Log1p, StoneGeary
from market.economy.families.utilities.power_functions import CobbDouglas, Crra
from market.economy.families.utilities.quadratic import Quadratic
from market.economy.families.utilities.separable import Separable
from market.economy.families.utilities.separable_terms import FORMS
from market.registry import Registry

__all__ = [
    "FORMS", "UTILITIES", "Ces", "CobbDouglas", "Crra", "Leontief", "Linear", "Log", "Log1p", "Quadratic",
    "Separable", "StoneGeary", "Utility",
]  # fmt: skip

UTILITIES: Registry[Utility] = Registry(
    "utility", Log, Log1p, StoneGeary, CobbDouglas, Ces, Crra, Linear, Leontief, Quadratic, Separable
)
