"""Technology families: how producers turn goods into goods, and their netputs at prices.

Symbols: y (agents, goods) netputs, outputs positive and inputs negative; p (goods,) prices; z >= 0 inputs;
c(p) the least cost of a unit of output; F production function; A its scale; s shares; a weights; sigma
elasticity, rho = (sigma - 1) / sigma.

A price-taking producer maximises `p.y` over what its technology allows. Every technology here contains
inaction and is convex. With *constant returns* profit is zero at best: where the output is worth its cost
every level is as good as any other, so that the answer is a ray `{t d : t >= 0}`, and where it is worth
more no level is largest. With *decreasing returns* the answer is one netput, and its profit goes to the
owners.

Profit counts as zero up to rounding, `ZERO_PROFIT` of turnover: an auctioneer announces prices of products
that equal their cost, and these prices are calculated.

Entry points: `TECHNOLOGIES`, and the interface `Technology` in base.py. Reading order: base.py, activity.py
(fixed proportions), cobb_douglas.py (which also serves one input with decreasing returns), ces.py.

Imports: `market.economy.correspondences`, `families/arithmetic.py` and `market.registry`.

To add one: a class in a module of this package, derived from `Technology`, or from `OneOutput` if it makes
one good, and its name in `TECHNOLOGIES`.

Source: Mas-Colell, Whinston and Green (1995), sections 5.B and 5.C; Shephard's lemma for the inputs.
"""

from market.economy.families.technologies.activity import Activity
from market.economy.families.technologies.base import Conditions, Technology
from market.economy.families.technologies.ces import CesTechnology
from market.economy.families.technologies.cobb_douglas import CobbDouglasTechnology, PowerTechnology
from market.registry import Registry

TECHNOLOGIES: Registry[Technology] = Registry(
    "technology", Activity, CobbDouglasTechnology, CesTechnology, PowerTechnology
)

__all__ = [
    "TECHNOLOGIES",
    "Activity",
    "CesTechnology",
    "CobbDouglasTechnology",
    "Conditions",
    "PowerTechnology",
    "Technology",
]
