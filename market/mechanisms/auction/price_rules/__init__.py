"""Price rules: how an auctioneer moves prices when it has seen excess demand.

Symbols: p (goods,) prices; z (goods,) excess demand, demand minus supply; r (goods,) relative excess demand,
z over the mean of demand and supply, so that -2 <= r <= 2: it has no unit and, near balance, equals
log(demand / supply).

Entry points: `RULES` (the registry), `base.Rule` (`start` gives a memory, `adjust` the next prices and a
memory). A rule declares as `knows` the information it needs, and is shown nothing else: no trader.
Read base, then tatonnement (the default), fixed_steps, newton, leader, anderson.
Imports registry, and arrays from economy.
To add one: a class in a module of this room and its name in `RULES`.
"""

from market.mechanisms.auction.price_rules.anderson import Anderson
from market.mechanisms.auction.price_rules.arrow_debreu import ArrowDebreu
from market.mechanisms.auction.price_rules.base import Knows, Memory, Rule, Seen
from market.mechanisms.auction.price_rules.fixed_steps import Additive, Multiplicative
from market.mechanisms.auction.price_rules.leader import Leader
from market.mechanisms.auction.price_rules.newton import Newton
from market.mechanisms.auction.price_rules.proportional_response import ProportionalResponse
from market.mechanisms.auction.price_rules.tatonnement import Tatonnement
from market.registry import Registry

RULES: Registry[Rule] = Registry(
    "rule",
    Tatonnement,
    Additive,
    Multiplicative,
    Anderson,
    Newton,
    ProportionalResponse,
    Leader,
    ArrowDebreu,
)

__all__ = [
    "RULES",
    "Additive",
    "Anderson",
    "ArrowDebreu",
    "Knows",
    "Leader",
    "Memory",
    "Multiplicative",
    "Newton",
    "ProportionalResponse",
    "Rule",
    "Seen",
    "Tatonnement",
]
