"""Claims on the commons: peace if they fit, war if they do not.

All claim amounts X_ig in [0, M_g] of the commons, M the most that may be claimed (default the stock q). If
the claims on every good fit into its stock there is peace and each agent gets its claim, payoff
u_i(e_i + X_i). If the claims on some good exceed it there is war: nothing is consumed, and the payoff is
u_i(e_i + X_i) - penalty, whatever the claims.

With one good, utilities that always rise and a penalty larger than any gain from claiming:

- peaceful profiles are Nash if and only if the claims add up to q (or all agents claim M and it fits):
  short of q an agent claims more, at q any larger claim is war;
- war is Nash if and only if (n - 1) M > q, all agents claiming M: then no agent alone can restore peace. With
  M = q that is so for three agents or more. All agents prefer every peaceful profile.

*Proof.* If the others' claims fit, i can have peace by claiming what they leave, which beats war; the best
peaceful claim is all that they leave. If they do not fit, war is certain and i maximises u_i(e_i + X_i),
so X_i = M. Simultaneous best replies from nothing therefore claim q each, then (two agents) nothing each,
then q each again: a cycle. Sequential ones give everything to the agent that moves first.

The penalty, 1e99 by default, is never added to a utility before utilities are compared: in float64
log(1 + x) - 1e99 is the same number for every x, and naive best replies find wars that are no equilibria.
War and peace are compared by cases.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.mechanisms.regret import gain
from market.mechanisms.unmediated.best_response import Game, GameOutcome, Schedule, left_of
from market.registry import option
from market.tolerances import ROUNDING_OF_SUMS


@dataclass(frozen=True)
class Claims(Game):
    """All claim amounts of the commons; if claims exceed a good's stock there is war, and all pay."""

    name = "claims"
    penalty: float = option(1e99, "cost of war to each agent", low=0.0)
    max_claim: float | dict[str, float] = option(
        {}, "largest claim on a good; its stock if not named", low=0.0, names="goods"
    )
    first_claims: float | dict[str, float] = option(
        {},
        "claim of each agent on a good before the first round; 0 if not named",
        low=0.0,
        names="goods",
    )
    schedule: Schedule = option("sequential", "order of replies within a round")

    def start(self, economy: Economy) -> Array:
        """Return equal claims of all agents, by default none."""
        first = np.minimum(
            _by_good(self.first_claims, economy, np.zeros(len(economy.goods))), self._most(economy)
        )
        return np.tile(first, (len(economy.agents), 1))

    def most(self, economy: Economy) -> Array:
        """Return the largest claims."""
        return np.tile(self._most(economy), (len(economy.agents), 1))

    def within(self, economy: Economy, profile: Array, row: int, asked: Array) -> Array:  # noqa: ARG002
        """Claim what may be claimed, whatever the others do."""
        return np.clip(asked, 0.0, self._most(economy))

    def result(self, economy: Economy, profile: Array) -> GameOutcome:
        """Consume the claims in peace; in war consume nothing and pay the penalty."""
        claimed = economy.utility(economy.endowment + profile)
        nothing = np.zeros(economy.shape)
        if _too_much(economy, profile.sum(axis=0)).any():
            return GameOutcome(nothing, nothing, claimed - self.penalty)
        return GameOutcome(economy.endowment + profile, nothing, claimed)

    def note(self, economy: Economy, profile: Array) -> str:
        """Return a sentence on the goods over which there is war, if there is."""
        too_much = _too_much(economy, profile.sum(axis=0))
        if not too_much.any():
            return ""
        fought_over = ", ".join(economy.goods[g] for g in np.flatnonzero(too_much))
        return f"There is war over {fought_over}: nothing is consumed."

    def _most(self, economy: Economy) -> Array:
        return _by_good(self.max_claim, economy, economy.commons)

    def best(self, economy: Economy, profile: Array) -> tuple[Array, Array]:
        """Return best claims against those of the others, (agents, goods), and their gains, (agents,)."""
        others = np.maximum(profile.sum(axis=0) - profile, 0.0)
        at_war = _too_much(economy, profile.sum(axis=0)).any()
        forced = _too_much(economy, others).any(axis=1)
        greedy = np.minimum(np.maximum(economy.bliss - economy.endowment, 0.0), self._most(economy))
        modest = np.minimum(greedy, left_of(economy.commons, others))
        now = economy.utility(economy.endowment + profile)
        in_war, in_peace = (
            economy.utility(economy.endowment + greedy),
            economy.utility(economy.endowment + modest),
        )
        # Peace with the modest claim, or war with the greedy one: each compared with today's state.
        from_modest = np.where(forced, -np.inf, in_peace)
        if at_war:
            war_gain, peace_gain = gain(now, in_war), _gain_with(now, from_modest, self.penalty)
        else:
            war_gain, peace_gain = _gain_with(now, in_war, -self.penalty), gain(now, from_modest)
        fits = ~_too_much(economy, others + greedy).any(axis=1)
        war_gain = np.where(fits, 0.0, war_gain)
        return np.where((war_gain > peace_gain)[:, None], greedy, modest), np.maximum(war_gain, peace_gain)


def _gain_with(before: Array, after: Array, extra: float) -> Array:
    """Return `max(after + extra - before, 0)`, comparing the utilities before the extra is added."""
    with np.errstate(invalid="ignore"):
        difference = np.where(before == after, 0.0, after - before)
    return np.where(np.isneginf(after), 0.0, np.maximum(difference + extra, 0.0))


def _too_much(economy: Economy, claimed: Array) -> NDArray[np.bool_]:
    """Return a mask of goods claimed beyond their stock (up to rounding)."""
    return claimed > economy.commons * (1.0 + ROUNDING_OF_SUMS)


def _by_good(amounts: float | dict[str, float], economy: Economy, otherwise: Array) -> Array:
    """Return amounts of goods, (goods,), from one number for all or a table."""
    if isinstance(amounts, dict):
        return np.array(
            [amounts.get(good, rest) for good, rest in zip(economy.goods, otherwise, strict=True)]
        )
    return np.full(len(economy.goods), float(amounts))
