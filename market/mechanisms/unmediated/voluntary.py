"""Voluntary provision of public goods: each agent pays for as much as it likes, and all consume the sum.

Symbols: z_ig >= 0 what i pays for of the public good g; G_g = r_g + sum_i z_ig; c_g the unit cost
(`economy/provision.py`). Agent i maximises

    u_i(e_i, G_-i + z_i) - c.z_i,   under exchange u_i with c.z_i less of the good that it is made from,

private goods are not traded, and producers are paid their cost.

*Nash.* For one public good i's reply is `max(0, D_i - G_-i)` with D_i what it would want if it had the
others' gifts as money. With money and no budget D_i solves `u_i'(G) = c`: only those with the largest D pay
anything (the keenest), and if there are several any split of D among them is Nash: a continuum, of which one
is reported and the reason says so. Samuelson's condition asks for `sum_i u_i'(G) = c`: too little is
provided, since no agent counts what others gain. n equal agents with `ln G` provide 1 / c and should provide
n / c.

*Wealth* (one private good, exchange). Contributors are those whose wealth exceeds a threshold; redistribution
among contributors by less than each one's gift changes neither G nor any consumption (neutrality), since
`z_i = w_i - x_i` absorbs it. For `a ln x + (1 - a) ln G`, c = 1: each of k contributors of total wealth W has
`x_i = a G / (1 - a)`, so that `G = W (1 - a) / (1 - a + a k)`, and i is among them if `w_i > a G / (1 - a)`.

Source: Bergstrom, Blume and Varian (1986), "On the private provision of public goods"; Mas-Colell, Whinston
and Green (1995), section 11.C.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.economy.provision import Provision
from market.economy.public_goods import consumers
from market.mechanisms.regret import gain
from market.mechanisms.unmediated.best_response import Game, GameOutcome, Schedule
from market.mechanisms.unmediated.provision import Giver
from market.registry import option
from market.tolerances import ROUNDING_OF_RESULTS

AS_KEEN = 1e-9  # relative: slopes this near to the unit cost are equal to it


@dataclass(frozen=True)
class Voluntary(Game):
    """Each agent pays for as much of the public goods as it likes; all agents consume the sum."""

    name = "voluntary"
    knows_public_goods = True
    schedule: Schedule = option("sequential", "order of replies within a round")

    def start(self, economy: Economy) -> Array:
        """Return the profile in which no agent pays for anything.

        Raises:
            InputError: there is no public good, or no constant unit cost.
        """
        _ = economy.provision
        return np.zeros(economy.shape)

    def players(self, economy: Economy) -> NDArray[np.intp]:
        """Return the rows of agents with a utility."""
        return consumers(economy)

    def best(self, economy: Economy, profile: Array) -> tuple[Array, Array]:
        """Return best replies, (agents, goods), and their gains, (agents,)."""
        means = economy.provision
        givers = _givers(economy, means, profile, slice(0, len(economy.agents)))
        playing = np.zeros(len(economy.agents), dtype=bool)
        playing[self.players(economy)] = True
        now, best = profile[:, means.public], np.zeros((len(profile), len(means.public)))
        best[playing] = givers.best()[playing]
        gains = np.where(playing, gain(givers.payoff(now), givers.payoff(best)), 0.0)
        replies = profile.copy()
        replies[:, means.public] = best
        return replies, gains

    def replies(self, economy: Economy, profile: Array, rows: NDArray[np.intp]) -> Array:
        """Return the best reply of each row, (rows, goods)."""
        if len(rows) > 1:
            return self.best(economy, profile)[0][rows]
        means, row = economy.provision, int(rows[0])
        reply = np.zeros((1, len(economy.goods)))
        reply[:, means.public] = _givers(economy, means, profile, slice(row, row + 1)).best()
        return reply

    def most(self, economy: Economy) -> Array:
        """Return the most of each public good that an agent can pay for if it pays for no other."""
        means, most = economy.provision, np.zeros(economy.shape)
        with np.errstate(divide="ignore", invalid="ignore"):
            affordable = np.where(
                means.unit_cost > 0, self._owned(economy)[:, None] / means.unit_cost, np.inf
            )
        players = self.players(economy)
        most[np.ix_(players, means.public)] = np.minimum(means.capacity, affordable[players])
        return most

    def within(self, economy: Economy, profile: Array, row: int, asked: Array) -> Array:
        """Pay for what the others leave of the capacity, in proportion to what is asked and within means."""
        means, given = economy.provision, np.zeros(len(economy.goods))
        public = profile[:, means.public]
        left = np.maximum(means.capacity - (public.sum(axis=0) - public[row]), 0.0)
        amounts = np.clip(asked[means.public], 0.0, left)
        spent, owned = float(amounts @ means.unit_cost), float(self._owned(economy)[row])
        given[means.public] = amounts * (owned / spent) if spent > owned else amounts
        return given

    def _owned(self, economy: Economy) -> Array:
        """Return what each agent can spend on public goods, (agents,), money or the good it is paid in."""
        paid_in = economy.provision.paid_in
        return economy.budget if paid_in is None else economy.endowment[:, paid_in]

    def allowed(self, economy: Economy, profile: Array) -> bool:
        """Return True if agents with a utility pay for public goods alone, within capacity and means."""
        means = economy.provision
        private = np.ones(len(economy.goods), dtype=bool)
        private[means.public] = False
        others = np.ones(len(economy.agents), dtype=bool)
        others[self.players(economy)] = False
        if not (np.isfinite(profile).all() and (profile >= 0).all()):
            return False
        if profile[:, private].any() or profile[others].any():
            return False
        most = 1.0 + ROUNDING_OF_RESULTS
        spent, owned = profile[:, means.public] @ means.unit_cost, self._owned(economy)
        within = (profile[:, means.public].sum(axis=0) <= means.capacity * most).all()
        return bool(within and (spent <= owned * most).all())

    def result(self, economy: Economy, profile: Array) -> GameOutcome:
        """Consume endowments less what was paid in goods, and the sum of what was paid for."""
        means = economy.provision
        given = profile[:, means.public]
        amount = economy.resources[means.public] + given.sum(axis=0)
        x = economy.endowment.copy()
        x[:, means.public] = amount
        if means.paid_in is not None:
            x[:, means.paid_in] = np.maximum(x[:, means.paid_in] - given @ means.unit_cost, 0.0)
        y = means.made(economy, given.sum(axis=0))
        payments = np.zeros(len(economy.agents))
        if economy.money is Money.QUASILINEAR:
            payments = given @ means.unit_cost - y[:, means.public] @ means.unit_cost
        return GameOutcome(x, y, economy.welfare(x, y) - payments, payments)

    def note(self, economy: Economy, profile: Array) -> str:
        """Return a sentence on who pays, and on other equilibria where several agents are the keenest."""
        means = economy.provision
        paying = (profile > AS_KEEN * profile.sum(axis=0)).any(axis=1)
        players = self.players(economy)
        said = f"{int(paying.sum()):,} of {len(players):,} agents pay for public goods."
        if economy.money is not Money.QUASILINEAR or np.isfinite(economy.budget).any():
            return said
        x = self.result(economy, profile).consumption
        slopes, made = economy.marginal_utility(x)[:, means.public], profile[:, means.public].sum(axis=0)
        keen = (np.abs(slopes - means.unit_cost) <= AS_KEEN * means.unit_cost) & (made > 0)
        for k, g in enumerate(means.public):
            several = np.flatnonzero(keen[:, k])
            if len(several) > 1:
                names = ", ".join(economy.agents[i] for i in several[:3])
                more = "" if len(several) <= 3 else f" and {len(several) - 3:,} more"
                said += (
                    f" {names}{more} are the keenest on {economy.goods[g]}: every split of {made[k]:.6g} "
                    f"among them is an equilibrium, a continuum of which one is shown."
                )
        return said


def _givers(economy: Economy, means: Provision, profile: Array, rows: slice) -> Giver:
    """Return the agents in some rows with what there is without them."""
    part = economy if rows == slice(0, len(economy.agents)) else economy.part(rows.start, rows.stop)
    given = profile[:, means.public]
    others = np.maximum(given.sum(axis=0) - given[rows], 0.0)
    alone = given.sum(axis=0) == given[rows]
    others = np.where(alone, 0.0, others)
    most = np.maximum(means.capacity - others, 0.0)
    if means.paid_in is None and len(means.public) == 1:
        with np.errstate(divide="ignore", invalid="ignore"):
            affordable = np.where(means.unit_cost > 0, part.budget[:, None] / means.unit_cost, np.inf)
        most = np.minimum(most, affordable)
    return Giver(replace(part, public_goods=()), means, economy.resources[means.public] + others, most)
