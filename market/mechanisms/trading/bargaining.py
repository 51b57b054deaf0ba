"""Bargaining over everything at once, with money: who has the right decides who pays, not what is done.

Without an agreement agents trade in markets as if there were no harm (`economy/harm.py`), with payoffs d_i
and a revenue R of the common stock. With one they choose any feasible allocation and any payments. Money
moves payoffs one for one, so the Nash product

    max prod_i (v_i - d_i)^a_i  subject to  sum_i v_i + R <= S = max sum_i (u_i - C_i - D_i)

is reached at the allocation of largest total surplus S whatever the d_i, and there

    v_i = d_i + a_i G / sum_j a_j,    G = S - sum_i d_i - R >= 0:

each gains its share of G by its bargaining power a_i, equal by default. Payments are what utilities exceed
these payoffs by; they add up to R.

*Rights.* "producers": goods may be made though they harm others, and d is the outcome of all markets.
"victims": none of a good that harms another agent may be made without agreement, and d is the outcome of the
markets in which it is not made. Rights move d, and with it payoffs; the allocation is the same (Coase), since
without limits on money no agent's wealth changes what it would do.

*Disagreement.* Competitive markets reach the largest sum of own welfare, `sum_i (u_i - C_i)`, at prices that
are its multipliers (first welfare theorem: harm changes no agent's choice), so a planner who does not see the
harm finds them. Several prices may clear; d is at those found.

*What it does not claim.* That agents who bargain find this outcome: there is no haggling here, no cost of
meeting, and each knows the others' harm. An agent at -inf without an agreement would give up everything, and
there is no Nash solution. Payoffs are not safe from coalitions that bargain apart.

Source: Coase (1960), "The problem of social cost"; Nash (1950), "The bargaining problem"; with powers,
Kalai (1977), "Nonsymmetric Nash solutions and replications of 2-person bargaining".
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.errors import InputError
from market.mechanisms.base import Answering, Mechanism, State, play
from market.mechanisms.planner import Planner
from market.outcome import Outcome, Status
from market.registry import option
from market.tolerances import ROUNDING_OF_RESULTS


@dataclass(frozen=True)
class BargainingState(State):
    """State of the talks: after round 1 what happens without an agreement, after round 2 the agreement.

    Args:
        round: how many rounds were played.
        without: the outcome without an agreement; None before round 1.
        agreed: the outcome with one; None before round 2.
        fault: why one of them was not found; None if they were.
    """

    without: Outcome | None = None
    agreed: Outcome | None = None
    fault: str | None = None


@dataclass(frozen=True)
class Bargaining(Mechanism):
    """Agents agree on the best allocation and share what it gains over markets (Nash, Coase)."""

    name = "bargaining"
    evidence = ("gain", "residual")
    needs_all_agents = "all agents bargain at once"
    rights: Literal["producers", "victims"] = option(
        "producers", "who decides, without an agreement, if goods that harm others are made"
    )
    power: dict[str, float] = option(
        {}, "bargaining power of an agent or group; 1 if not named", low=0.0, names="agents"
    )
    tolerance: float = option(
        1e-6, "largest relative violation of the conditions for an optimum", low=0.0, open_low=True
    )

    def start(self, economy: Economy) -> BargainingState:
        """Return a state before the talks.

        Raises:
            InputError: money cannot move payoffs one for one, or no agent has any power.
        """
        if economy.money is not Money.QUASILINEAR:
            raise InputError(
                f"'{self.label}' needs money that moves payoffs one for one: economy = \"quasilinear\", not "
                f"{economy.money.value}"
            )
        if np.isfinite(economy.budget).any():
            raise InputError(f"'{self.label}' needs money without limit; leave out budget")
        if not self.powers(economy).any():
            raise InputError(f"'{self.label}' needs an agent with bargaining power above 0")
        return BargainingState(0)

    def powers(self, economy: Economy) -> Array:
        """Return the share of each agent in what an agreement gains, (agents,), sum 1."""
        powers = np.ones(len(economy.agents))
        for name, power in self.power.items():
            powers[economy.rows(name)] = power
        total = float(powers.sum())
        return powers / total if total > 0 else powers

    def step(self, economy: Economy, state: State, answering: Answering) -> BargainingState:  # noqa: ARG002
        """Find what happens without an agreement; then the agreement."""
        assert isinstance(state, BargainingState)
        if state.without is None:
            found, fault = self._market(economy)
            return BargainingState(state.round + 1, without=found, fault=fault)
        found, fault = self._agreement(economy, state.without)
        return replace(state, round=state.round + 1, agreed=found, fault=fault)

    def done(self, economy: Economy, state: State) -> bool:  # noqa: ARG002
        """Return True after the agreement, or where there is none."""
        assert isinstance(state, BargainingState)
        return state.agreed is not None or state.fault is not None

    def _market(self, economy: Economy) -> tuple[Outcome | None, str | None]:
        """Return the outcome of markets without an agreement, or why it was not found."""
        trading = economy if self.rights == "producers" else without_harmful_goods(economy)
        found = self._best(trading.without_harm)
        p, (x, y) = found.prices, without_waste(economy, found)
        if found.status is not Status.OPTIMAL or p is None:
            return None, f"Markets without an agreement were not found. {found.reason}"
        slopes = economy.marginal_utility(x).max(axis=0)
        p = np.where((economy.offered(y) > 0) | ~np.isfinite(slopes), p, slopes)  # of a good that is absent
        payments, utilities = economy.payments(p, x, y), economy.welfare(x, y)
        revenue = float(payments.sum())
        shared = economy.lump_sums(revenue)
        return replace(
            found,
            economy=economy,
            prices=p,
            consumption=x,
            production=y,
            utilities=utilities,
            payments=payments - shared,
            revenue=float((payments - shared).sum()),
            payoffs=utilities - payments + shared,
        ), None

    def _agreement(self, economy: Economy, without: Outcome) -> tuple[Outcome | None, str | None]:
        """Return the agreement with its payments, or why there is none."""
        ruined = np.flatnonzero(np.isneginf(without.payoffs))
        if len(ruined):
            who = economy.agents[int(ruined[0])]
            return None, f"{who} is at -inf without an agreement, so it would give up everything for one."
        best = self._best(economy)
        if best.status is not Status.OPTIMAL:
            return None, f"The best allocation was not found. {best.reason}"
        gain = self.gain(without, best)
        payoffs = without.payoffs + gain * self.powers(economy)
        return replace(
            best,
            payoffs=payoffs,
            payments=best.utilities - payoffs,
            revenue=without.revenue,
            prices=without.prices,
        ), None

    @staticmethod
    def gain(without: Outcome, agreed: Outcome) -> float:
        """Return G, money: what an agreement adds to payoffs and revenue; 0 where that is rounding."""
        gain = float(agreed.utilities.sum() - without.payoffs.sum()) - without.revenue
        size = float(np.abs(agreed.utilities).sum() + np.abs(without.payoffs).sum())
        return gain if gain > ROUNDING_OF_RESULTS * size else 0.0

    def _best(self, economy: Economy) -> Outcome:
        return play(Planner(self.label, tolerance=self.tolerance), economy)

    def outcome(self, economy: Economy, state: State) -> Outcome:
        """Return the agreement; before it what happens without one, and endowments where that is unknown.

        Prices and actions (production) are those of the markets without an agreement.
        Evidence: `gain`, what the agreement adds, money; `residual`, the planner's for the allocation.
        """
        assert isinstance(state, BargainingState)
        shown_now = state.agreed or state.without
        evidence: dict[str, float] = {}
        if state.agreed is not None and state.without is not None:
            gain = self.gain(state.without, state.agreed)
            status, evidence = Status.SETTLED, {"gain": gain, **state.agreed.evidence}
            right = "producers may make" if self.rights == "producers" else "victims may forbid"
            reason = (
                f"No agreement gives any agent more at no other's cost (it gains {gain:.6g} in all over "
                f"markets in which {right} goods that harm others)."
            )
        else:
            status, reason = Status.FAILED, state.fault or "The talks have not ended."
        if shown_now is None:
            nothing, zeros = np.zeros(economy.shape), np.zeros(len(economy.agents))
            welfare = economy.welfare(economy.endowment, nothing)
            shown_now = Outcome(
                economy, "", "", status, "", 0, economy.endowment, nothing, zeros, 0.0, welfare, welfare
            )
        return replace(
            shown_now,
            name=self.label,
            kind=self.name,
            status=status,
            reason=reason,
            rounds=state.round,
            actions=None if state.without is None else state.without.production,
            evidence=evidence,
        )


def without_waste(economy: Economy, found: Outcome) -> tuple[Array, Array]:
    """Return consumption and production, (agents, goods), without what is free, of no use, and may harm."""
    x, y = np.minimum(found.consumption, economy.bliss), found.production
    made = y.sum(axis=0)
    left = np.clip(economy.resources + made - x.sum(axis=0), 0.0, made)
    return x, y * (1.0 - np.divide(left, made, out=np.zeros_like(made), where=made > 0))


def without_harmful_goods(economy: Economy) -> Economy:
    """Return the economy in which no agent makes a good that harms another one."""
    if economy.harm is None:
        return economy
    bad = (economy.harm.rate > 0) | (economy.harm.slope > 0)  # (agents, goods)
    others = bad.sum(axis=0) - bad > 0

    most = np.where(others, 0.0, np.inf)
    limited = (
        replace(block, parameters=block.family.limited_to(most[block.rows], **block.parameters))
        for block in economy.costs
    )
    return replace(economy, costs=tuple(limited))
