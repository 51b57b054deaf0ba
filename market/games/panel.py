"""Panels that approve: what a principal may leave to reviewers whose goals are not its own.

Symbols: outcomes y; a baseline lottery mu_0; proposals a, lotteries mu_a, with d_a = mu_a - mu_0; u_P the
utility of the principal, u_i of reviewer i; g_P(a) = u_P . d_a and g_i(a) = u_i . d_a gains over the
baseline. An agent of unknown aims makes a proposal. Each of n reviewers votes, and it is carried out if at
most k of them object; else the baseline is. A reviewer objects exactly if `g_i < 0`: for it that is a best
vote, whatever the others do.

A panel is *sound* if no lottery q over proposals that passes is worse than the baseline for the principal.
What passes has the approval of all in some committee S of n - k reviewers, so that it is sound exactly if for
each S

    min over q >= 0, sum q <= 1 of sum_a q_a g_P(a),    sum_a q_a g_i(a) >= 0 for i in S

is 0. By Farkas' lemma that holds exactly if there are weights w >= 0 with `g_P(a) >= sum_{i in S} w_i g_i(a)`
for every proposal: on what may be proposed the principal is a super-agent of each committee. The weights
prove soundness, and a lottery with a minimum below 0 refutes it. Proposals that are the outcomes
themselves make every direction possible where the baseline has them all; u_P of a sound panel is then a
weighted sum of each committee's u_i, up to a constant.
*For single proposals* it suffices to look at each of them; that asks less.

Source: Collina, Goel, Roth and Sengupta (2026), on panels; Farkas' lemma; Harsanyi (1955), "Cardinal welfare,
individualistic ethics, and interpersonal comparisons of utility".
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.errors import NumericalError
from market.games.table import Table

PRINCIPAL, PROPOSER = "principal", "proposer"
BALLOT = ("approve", "object")
NOTHING = "nothing"
"""The proposer's action of leaving the baseline as it is."""

EQUAL = 1e-12
"""Part of the range of utility: a gain or loss below it is rounding."""

SOUND = 1e-9
"""Part of the range of the principal's utility: a loss below it is none."""


class Committee(NamedTuple):
    """Reviewers whose approval suffices, and what that means for the principal.

    Args:
        members: their places among the reviewers.
        weights: (members,), w >= 0: of those that prove soundness the ones of least
            `sum_a (g_P - sum w g_i)`; where none do, the multipliers of the members' approval.
        lottery: (A,), q, the lottery over proposals that they approve and that is worst for the principal.
        worst: its gain for the principal, <= 0.
    """

    members: tuple[int, ...]
    weights: Array
    lottery: Array
    worst: float


@dataclass(frozen=True)
class Panel(Table):
    """A game in which reviewers vote on a proposal; the last two players are the principal and the proposer.

    Args:
        results: names of the outcomes, (Y,).
        baseline: (Y,), mu_0, sum 1.
        lotteries: (A, Y), mu, each of sum 1.
        utility: (n + 2, Y), of the reviewers, the principal and the proposer.
        objections: k, the most with which a proposal is carried out.
    """

    results: tuple[str, ...]
    baseline: Array
    lotteries: Array
    utility: Array
    objections: int

    @property
    def reviewers(self) -> int:
        """n, the number of reviewers."""
        return self.size - 2

    @property
    def proposals(self) -> tuple[str, ...]:
        """The names of the proposals, (A,)."""
        return self.actions[-1][1:]

    @cached_property
    def gains(self) -> Array:
        """(A, n + 1), g_i and last g_P; 0 where it is rounding."""
        g = (self.lotteries - self.baseline) @ self.utility[:-1].T
        return np.where(np.abs(g) <= EQUAL * self.span, 0.0, g)

    @cached_property
    def span(self) -> Array:
        """(n + 1,), the range of each reviewer's and the principal's utility; 1 where it is 0."""
        span = np.ptp(self.utility[:-1], axis=1)
        return np.where(span > 0, span, 1.0)

    def votes(self, gains: Array) -> NDArray[np.intp]:
        """Return each reviewer's vote, (n,): 1 if it objects, 0 if it approves.

        Args:
            gains: (n,), what a proposal or a lottery of proposals would give each over the baseline.
        """
        return (gains < -EQUAL * self.span[:-1]).astype(np.intp)

    @cached_property
    def passing(self) -> NDArray[np.intp]:
        """Places of the proposals that at most k reviewers object to."""
        votes = np.array([self.votes(g) for g in self.gains[:, :-1]])
        return np.flatnonzero(votes.sum(axis=1) <= self.objections)

    @property
    def sound_for_each(self) -> bool:
        """True if no single proposal that passes is worse for the principal than the baseline."""
        return bool((self.gains[self.passing, -1] >= -SOUND * self.span[-1]).all())

    @property
    def sound(self) -> bool:
        """True if no lottery over proposals that passes is worse for the principal than the baseline."""
        return all(each.worst >= -SOUND * self.span[-1] for each in self.committees)

    @cached_property
    def committees(self) -> tuple[Committee, ...]:
        """All committees of n - k reviewers."""
        some = itertools.combinations(range(self.reviewers), self.reviewers - self.objections)
        return tuple(committee(self.gains / self.span, members, float(self.span[-1])) for members in some)

    @property
    def weakest(self) -> Committee:
        """The committee that approves what is worst for the principal; of equal ones the first."""
        return min(self.committees, key=lambda each: each.worst)


def committee(gains: Array, members: Sequence[int], unit: float = 1.0) -> Committee:
    """Return what the approval of some reviewers means for the principal.

    Args:
        gains: (A, n + 1), of the reviewers and, last, the principal, each in a unit of its own.
        members: places of reviewers.
        unit: of the principal's gains, in which the worst one is stated.

    Raises:
        NumericalError: the linear program has no solution.
    """
    from scipy.optimize import linprog  # deferred: an eighth of a second

    own = gains[:, list(members)]
    solved = linprog(
        gains[:, -1],
        A_ub=np.vstack([-own.T, np.ones(len(gains))]),
        b_ub=np.append(np.zeros(len(members)), 1.0),
        method="highs",
    )
    if solved.status != 0:
        raise NumericalError(f"no worst proposal was found: {solved.message}")
    weights = np.maximum(-np.asarray(solved.ineqlin.marginals[:-1]), 0.0)
    if solved.fun >= -SOUND:
        limits = np.maximum(gains[:, -1], own @ weights)
        nearest = linprog(-own.sum(axis=0), A_ub=own, b_ub=limits, method="highs")
        weights = np.maximum(nearest.x, 0.0) if nearest.status == 0 else weights
    return Committee(tuple(members), weights, np.asarray(solved.x), min(float(solved.fun), 0.0) * unit)


def weights_in_units(panel: Panel, found: Committee) -> Array:
    """Return w in the units of the utilities themselves, (members,): `g_P >= sum w_i g_i`."""
    return found.weights * panel.span[-1] / panel.span[list(found.members)]


def panel(
    reviewers: Sequence[str],
    results: Sequence[str],
    baseline: Array,
    proposals: Sequence[str],
    lotteries: Array,
    utility: Array,
    *,
    objections: int = 0,
    comparable: bool = False,
    groups: dict[str, NDArray[np.intp]] | None = None,
    seed: int = 0,
) -> Panel:
    """Return the game of a panel.

    Args:
        reviewers: their names, (n,).
        results: names of the outcomes, (Y,).
        baseline: (Y,), a lottery.
        proposals: their names, (A,).
        lotteries: (A, Y).
        utility: (n + 2, Y), of reviewers, principal and proposer.
        objections: k, 0 to n - 1.
        comparable: True if utilities are in one unit.
        groups: group name -> rows of reviewers; each its own by default.
        seed: the root of random draws.
    """
    n, many = len(reviewers), len(proposals)
    against = np.indices((2,) * n).sum(axis=0) if n else np.zeros(())
    carried = (against <= objections)[..., None, None, None]  # votes, principal, proposal, player
    values = np.vstack([baseline, lotteries]) @ utility.T  # (A + 1, n + 2)
    outcomes = np.where(carried, values, values[0])
    own = groups or {name: np.array([i]) for i, name in enumerate(reviewers)}
    return Panel(
        players=(*reviewers, PRINCIPAL, PROPOSER),
        groups={**own, PRINCIPAL: np.array([n]), PROPOSER: np.array([n + 1])},
        comparable=comparable,
        concern=None,
        seed=seed,
        actions=(*(BALLOT for _ in range(n)), ("trusts it",), (NOTHING, *proposals)),
        outcomes=outcomes.reshape(*(2,) * n, 1, many + 1, n + 2),
        first=(0,) * (n + 2),
        results=tuple(results),
        baseline=baseline,
        lotteries=lotteries,
        utility=utility,
        objections=objections,
    )
