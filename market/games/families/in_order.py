"""Games in order: gifts to a public good, a leader and followers, a dictator, an ultimatum.

*Public goods in order.* With c the amounts and C what came before,

    w_i = -(curvature_i / 2) c_i^2 + (multiplier / n) S,   S = sum c,
    r_i = w_i + synergy c_i C_i - penalty 1[S < threshold].

Players are judged by w; bonus and penalty are transfers from outside, by which a mechanism redesigns the
game. Without them each gives `multiplier / (n curvature)`, in any order. With a penalty P and a threshold B
the last player gives what is missing, up to `x + sqrt(2 P)` with `x = multiplier / n` and curvature 1: order
and threshold remove the equilibrium in which all give little, but those who move first leave the cost to
those who move last.

*Leader and followers.* Cournot's market with outputs in order: `pi_i = (a - b Q - c_i) q_i`. With costs of 0
and two firms the leader sells `a / (2 b)` and the follower `a / (4 b)`.

*Dictator and ultimatum.* The first divides a pie; under `ultimatum` the second accepts (1) or rejects (0),
and then both have nothing. At an offer of 0 accepting and rejecting are a tie.

Source: Stackelberg (1934); Varian (1994), "Sequential contributions to public goods"; Güth, Schmittberger and
Schwarze (1982), "An experimental analysis of ultimatum bargaining".
"""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from market.economy.correspondences import Array
from market.games.stages import STEPS, Integers, StageFamily
from market.registry import Parameter


class PublicGoodsInOrder(StageFamily):
    """pi_i = -(curvature_i / 2) a_i^2 + (multiplier / n) sum a, with players who see the sum before them."""

    name = "public_goods_in_order"
    separable = True
    redesigns = ("synergy", "threshold", "penalty")
    game_parameters: ClassVar = {
        "multiplier": Parameter("agent", "worth to all together of a unit given", "payoff per unit"),
        "synergy": Parameter("agent", "bonus a unit given and a unit given before", "reward per unit squared",
                             absent=0.0),
        "threshold": Parameter("agent", "sum below which all pay the penalty", "units", absent=0.0),
        "penalty": Parameter("agent", "of each player if the sum is below the threshold", "reward",
                             absent=0.0),
        "steps": STEPS,
    }  # fmt: skip
    player_parameters: ClassVar = {
        "curvature": Parameter("agent", "rise of the cost of a unit", "payoff per unit squared", absent=1.0),
        "low": Parameter("agent", "the least that is given", "units", absent=0.0),
        "high": Parameter("agent", "the most that can be given", "units", open_low=True, absent=1.0),
    }

    @staticmethod
    def ends(n: int, *, low: Array, high: Array, **_: Any) -> tuple[Array, Array]:  # type: ignore[override]
        """Return the least and the most that can be given."""
        return low, high

    @staticmethod
    def payoff(  # type: ignore[override]
        i: int,
        seen: Integers,
        own: Integers,
        end: Integers,
        n: int,
        *,
        multiplier: float,
        curvature: Array,
        steps: float,
        **_: Any,
    ) -> Array:
        """Return w_i."""
        given = own / steps
        return np.asarray(-curvature[i] / 2.0 * given**2 + multiplier / n * (end / steps))

    @classmethod
    def reward(cls, i: int, seen: Integers, own: Integers, end: Integers, n: int, **p: Any) -> Array:
        """Return r_i; the threshold in steps is a whole number, so that it is met or missed exactly."""
        steps = p["steps"]
        needed = int(np.ceil(p["threshold"] * steps - 1e-9))
        bonus = p["synergy"] * (own / steps) * (seen / steps)
        return np.asarray(cls.payoff(i, seen, own, end, n, **p) + bonus - p["penalty"] * (end < needed))


class Stackelberg(StageFamily):
    """pi_i = (intercept - slope Q - cost_i) q_i, with firms that see what was sold before them."""

    name = "stackelberg"
    least_players = 2
    game_parameters: ClassVar = {
        "intercept": Parameter("agent", "price at which nothing is bought", "payoff per unit", open_low=True),
        "slope": Parameter("agent", "fall of the price with a unit sold", "payoff per unit squared",
                           open_low=True, absent=1.0),
        "steps": Parameter("agent", STEPS.meaning, STEPS.unit, low=1.0, absent=10.0),
    }  # fmt: skip
    player_parameters: ClassVar = {
        "cost": Parameter("agent", "of a unit", "payoff per unit", absent=0.0),
        "high": Parameter("agent", "capacity", "units", open_low=True, absent=np.inf),
    }

    @staticmethod
    def ends(  # type: ignore[override]
        n: int, *, intercept: float, slope: float, high: Array, **_: Any
    ) -> tuple[Array, Array]:
        """Return 0 and capacity, at most what is bought at a price of 0."""
        return np.zeros(n), np.minimum(high, intercept / slope)

    @staticmethod
    def payoff(  # type: ignore[override]
        i: int,
        seen: Integers,
        own: Integers,
        end: Integers,
        n: int,
        *,
        intercept: float,
        slope: float,
        cost: Array,
        steps: float,
        **_: Any,
    ) -> Array:
        """Return the margin times the output."""
        return np.asarray((intercept - slope * (end / steps) - cost[i]) * (own / steps))


class Dictator(StageFamily):
    """pi_1 = pie - a_1, pi_2 = a_1: the first player gives what it likes, and the second has no say."""

    name = "dictator"
    usual_players = ("dictator", "recipient")
    least_players = most_players = 2
    game_parameters: ClassVar = {
        "pie": Parameter("agent", "to be divided", "units of payoff", open_low=True, absent=10.0),
        "steps": Parameter("agent", STEPS.meaning, STEPS.unit, low=1.0, absent=1.0),
    }

    @staticmethod
    def ends(n: int, *, pie: float, **_: Any) -> tuple[Array, Array]:  # type: ignore[override]
        """Return 0 and the pie, and of the second player 0."""
        return np.zeros(2), np.array([pie, 0.0])

    @staticmethod
    def payoff(  # type: ignore[override]
        i: int,
        seen: Integers,
        own: Integers,
        end: Integers,
        n: int,
        *,
        pie: float,
        steps: float,
        **_: Any,
    ) -> Array:
        """Return what is kept, and what is given."""
        return np.asarray(pie - own / steps + 0.0 * seen if i == 0 else seen / steps + 0.0 * own)


class Ultimatum(StageFamily):
    """pi_1 = (pie - a_1) a_2, pi_2 = a_1 a_2, a_2 = 1 or 0: the second accepts an offer or rejects it."""

    name = "ultimatum"
    statistic = "last"
    usual_players = ("proposer", "responder")
    least_players = most_players = 2
    game_parameters: ClassVar = Dictator.game_parameters

    @staticmethod
    def ends(n: int, *, pie: float, steps: float, **_: Any) -> tuple[Array, Array]:  # type: ignore[override]
        """Return 0 and the pie, and of the second player 0 and a whole unit."""
        return np.zeros(2), np.array([pie, 1.0])

    @staticmethod
    def payoff(  # type: ignore[override]
        i: int,
        seen: Integers,
        own: Integers,
        end: Integers,
        n: int,
        *,
        pie: float,
        steps: float,
        **_: Any,
    ) -> Array:
        """Return the parts of the pie if the offer is accepted."""
        offer, accepted = (own, end) if i == 0 else (seen, own)
        part = offer / steps if i else pie - offer / steps
        return np.asarray(part * (accepted / steps))
