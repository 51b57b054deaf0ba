"""Groves and Ledyard's mechanism: messages about a public good with taxes that make Nash amounts efficient.

Symbols: m_ig the increment that i asks for, of either sign; M_g = sum_i m_ig the amount made, G_g = r_g +
M_g; c_g the unit cost (`economy/provision.py`); n the number of agents; mu_-i the mean of the others'
messages, and s_-i = sum_{h != i} (m_h - mu_-i)^2 / (n - 2) their variance. Agent i pays for each good

    t_i = c M / n + (gamma / 2) ((n - 1)/n (m_i - mu_-i)^2 - s_-i).

*Nash amounts are efficient.* i's best message solves `u_i'(G) = c/n + gamma (n - 1)/n (m_i - mu_-i)`, since
s_-i does not depend on it, where M is between 0 and the capacity. The deviations `m_i - mu_-i = n/(n - 1)
(m_i - M/n)` add up to 0 over i, so that `sum_i u_i'(G) = c`: Samuelson's condition for every gamma > 0.
Payments add up to c M: the variances cancel the squares, `sum_i s_-i = (n - 1)/n sum_i (m_i - mu_-i)^2`.

*Ends.* The amount made is M within 0 and the capacity, in taxes too. Beyond an end one's message changes only
what one pays for its distance from the others' mean, so that payoffs have two tops: that between the ends,
and the mean. The better one is sent, and Nash amounts at an end may be inefficient.

*What it does not claim.* Messages are a Nash equilibrium, not dominant: truth has no meaning here. An agent
may be worse off than without it. And play need not get there: with simultaneous replies a small gamma
overshoots and never settles, a large one settles slowly.

Source: Groves and Ledyard (1977), "Optimal allocation of public goods: a solution to the free rider problem";
Chen and Plott (1996), "The Groves-Ledyard mechanism: an experimental study of institutional design".
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.economy.provision import Provision
from market.economy.public_goods import consumers, shared
from market.errors import InputError
from market.mechanisms.regret import gain
from market.mechanisms.unmediated.best_response import Game, GameOutcome, Schedule
from market.mechanisms.unmediated.provision import falling_point
from market.registry import option

MOST_SWEEPS = 200  # over public goods whose worth depends on each other
SETTLED = 1e-13  # relative: messages that move less than this do not move


@dataclass(frozen=True)
class GrovesLedyard(Game):
    """Agents ask for increments of public goods and pay taxes by which Nash amounts are efficient."""

    name = "groves_ledyard"
    knows_public_goods = True
    digits = 12
    schedule: Schedule = option("sequential", "order of replies within a round")
    first: float = option(1.0, "message of every agent on every public good before the first round, units")
    gamma: float = option(
        1.0,
        "weight of deviations from the others' mean message, money per unit squared",
        low=0.0,
        open_low=True,
    )

    def start(self, economy: Economy) -> Array:
        """Return the first messages.

        Raises:
            InputError: there is no public good, no money without limits, or there are fewer than 3 agents.
        """
        _refuse(economy)
        profile = np.zeros(economy.shape)
        profile[self.players(economy)[:, None], economy.provision.public] = self.first
        return profile

    def players(self, economy: Economy) -> NDArray[np.intp]:
        """Return the rows of agents with a utility."""
        return consumers(economy)

    def best(self, economy: Economy, profile: Array) -> tuple[Array, Array]:
        """Return best messages, (agents, goods), and their gains, (agents,)."""
        means, own = economy.provision, self.players(economy)
        best = profile.copy()
        best[own] = self.replies(economy, profile, own)

        def payoffs(message: Array) -> Array:
            sender = _Sender(economy, means, profile, own, own)
            return economy.utility(sender.consumption(message))[own] - self._due(means, profile[own], message)

        gains = np.zeros(len(economy.agents))
        gains[own] = gain(payoffs(profile[own]), payoffs(best[own]))
        return best, gains

    def replies(self, economy: Economy, profile: Array, rows: NDArray[np.intp]) -> Array:
        """Return the best message of each row, (rows, goods), also where the gain is lost in rounding."""
        sender = _Sender(economy, economy.provision, profile, self.players(economy), rows)
        best = profile[rows]
        for _ in range(MOST_SWEEPS):
            before = best
            for k in range(len(sender.means.public)):
                best = sender.best_of(best, k, self.gamma)
            size = np.abs(best).max(initial=0.0)
            if len(sender.means.public) == 1 or (np.abs(best - before) <= SETTLED * size).all():
                break
        return best

    def _due(self, means: Provision, profile: Array, message: Array) -> Array:
        """Return what each agent pays, (agents,), if it alone sends another message than the profile."""
        g, n = means.public, len(profile)
        sent, own = profile[:, g], message[:, g]
        others = sent.sum(axis=0) - sent
        mean = others / (n - 1)
        squares = (sent**2).sum(axis=0) - sent**2
        variance = np.maximum(squares - (n - 1) * mean**2, 0.0) / (n - 2)
        deviation = (n - 1) / n * (own - mean) ** 2 - variance
        made = np.clip(others + own, 0.0, means.capacity)
        return np.asarray((made * means.unit_cost / n + self.gamma / 2.0 * deviation).sum(axis=1))

    def allowed(self, economy: Economy, profile: Array) -> bool:
        """Return True if agents with a utility send finite messages on public goods alone."""
        means, own = economy.provision, self.players(economy)
        messages = np.zeros(economy.shape)
        messages[own[:, None], means.public] = profile[own[:, None], means.public]
        return bool(np.isfinite(profile).all() and (messages == profile).all())

    def result(self, economy: Economy, profile: Array) -> GameOutcome:
        """Consume endowments and the sum of all messages, and pay the taxes."""
        means, own = economy.provision, self.players(economy)
        made = np.clip(profile[:, means.public].sum(axis=0), 0.0, means.capacity)
        x = shared(economy, economy.endowment, economy.resources[means.public] + made)
        y = means.made(economy, made)
        payments = -(y[:, means.public] @ means.unit_cost)
        payments[own] += self._due(means, profile[own], profile[own])
        return GameOutcome(x, y, economy.welfare(x, y) - payments, payments, float(payments.sum()))


@dataclass(frozen=True)
class _Sender:
    """Agents that each send another message, all others' being given.

    Args:
        economy: the primitives.
        means: of making public goods.
        profile: (agents, goods), the messages of all.
        players: rows of all who send messages.
        rows: of these agents.
    """

    economy: Economy
    means: Provision
    profile: Array
    players: NDArray[np.intp]
    rows: NDArray[np.intp]

    @property
    def others(self) -> Array:
        """The sum of the others' messages, (rows, public goods)."""
        sent = self.profile[:, self.means.public]
        return np.asarray(sent[self.players].sum(axis=0) - sent[self.rows])

    def made(self, message: Array) -> Array:
        """Return the amounts made if each of these alone sends a message, (rows, public goods)."""
        return np.clip(self.others + message[:, self.means.public], 0.0, self.means.capacity)

    def consumption(self, message: Array) -> Array:
        """Return what agents consume if each of these alone sends a message, (agents, goods)."""
        x, public = self.economy.endowment.copy(), self.means.public
        x[self.rows[:, None], public] = self.economy.resources[public] + self.made(message)
        return x

    def payoff(self, message: Array, gamma: float) -> Array:
        """Return payoffs, (rows,), up to what does not depend on one's own message."""
        n = len(self.players)
        apart = message[:, self.means.public] - self.others / (n - 1)
        due = self.made(message) * self.means.unit_cost / n + gamma / 2.0 * (n - 1) / n * apart**2
        return np.asarray(self.economy.utility(self.consumption(message))[self.rows] - due.sum(axis=1))

    def best_of(self, message: Array, k: int, gamma: float) -> Array:
        """Return messages, (rows, goods), with the best one on a single public good.

        Sums of messages outside [0, capacity] change what is paid for deviations and nothing else: beyond
        an end the others' mean is best, if it lies there.
        """
        g, n = int(self.means.public[k]), len(self.players)
        others, cost, room = self.others[:, k], self.means.unit_cost[k], self.means.capacity[k]
        mean, least = others / (n - 1), -others  # nothing is made
        part = self.economy
        if len(self.rows) == 1:  # one agent after the other: no need of all agents' slopes
            part = part.part(int(self.rows[0]), int(self.rows[0]) + 1)

        def slope(above: Array) -> Array:
            x = self.consumption(message)
            x[self.rows, g] = self.economy.resources[g] + above
            own = part.marginal_utility(x[self.rows]) if part is not self.economy else None
            slopes = self.economy.marginal_utility(x)[self.rows] if own is None else own
            return np.asarray(slopes[:, g] - cost / n - gamma * (n - 1) / n * (least + above - mean))

        most = np.full(len(others), room)
        scale, found = np.maximum(np.abs(least), np.abs(mean)), message.copy()
        near = np.maximum(message[:, g] - least, scale)
        found[:, g] = least + falling_point(slope, most, scale, near)
        beyond = (mean < least) | (mean > least + room)
        same = found.copy()
        same[:, g] = mean
        better = beyond & (self.payoff(same, gamma) > self.payoff(found, gamma))
        return np.where(better[:, None], same, found)


def _refuse(economy: Economy) -> None:
    _ = economy.provision
    if economy.money is not Money.QUASILINEAR:
        raise InputError(
            f'Groves-Ledyard taxes are in money: economy = "quasilinear", not "{economy.money.value}"'
        )
    if np.isfinite(economy.budget).any():
        raise InputError("Groves-Ledyard taxes may exceed a budget; leave out budgets")
    if len(consumers(economy)) < 3:
        raise InputError(
            "Groves-Ledyard taxes need at least 3 agents with a utility: the variance of two others"
        )
