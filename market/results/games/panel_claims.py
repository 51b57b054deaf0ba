"""Recomputation of a panel's vote, from outcomes, lotteries, utilities and the recorded proposal.

What a lottery that passes can do to the principal is bounded by the dual of the program that a run solves.
For weights w >= 0 of the members of a committee and any lottery q over proposals that they approve

    sum_a q_a g_P(a) >= sum_a q_a (g_P(a) - sum_i w_i g_i(a)) >= -max_a max(0, sum_i w_i g_i(a) - g_P(a)),

so that weights under which the last maximum is 0 prove that the committee is sound. A recorded lottery that
passes and harms refutes it.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import linprog

from market.economy.correspondences import Array
from market.games.panel import Panel
from market.games.plays import Mixtures
from market.results.schema import number

CLOSE = 1e-6
"""Part of the range of utility by which two values may differ."""

NONE = 1e-9
"""Part of the range of the principal's utility: a loss below it is none."""

Check = tuple[str, bool | None, str]


class Rejudged:
    """A recorded vote.

    Args:
        game: of a panel.
        options: of the mechanism.
        stated: the mechanism's part of `result.json`.
        play: the recorded ballots and the recorded proposal.
    """

    def __init__(self, game: Panel, options: Any, stated: Mapping[str, Any], play: Mixtures) -> None:
        self.game, self.options, self.evidence = game, options, stated["evidence"]
        self.n, self.k = len(game.players) - 2, game.objections
        self.q = play.of[-1][1:]
        self.objects = np.array([ballot[1] for ballot in play.of[: self.n]])
        if not np.isin(self.objects, (0.0, 1.0)).all():
            raise ValueError("votes are not drawn at random")
        shifts = game.lotteries - game.baseline
        self.g = np.array([[float(shift @ u) for u in game.utility[: self.n + 1]] for shift in shifts])
        self.unit = np.array([float(np.ptp(u)) or 1.0 for u in game.utility[: self.n + 1]])

    def payoffs(self) -> Array:
        """Return what each player gets: of the proposal if it is carried out, else of the baseline."""
        carried = self.objects.sum() <= self.k
        law = self.game.baseline.copy()
        if carried:
            for share, lottery in zip(self.q, self.game.lotteries, strict=True):
                law += share * (lottery - self.game.baseline)
        return np.asarray(self.game.utility @ law)

    def gains(self) -> Array:
        """Return what each reviewer would gain by another vote, (n + 2,); 0 of the others."""
        found = np.zeros(self.n + 2)
        own = self.q @ self.g
        against = int(self.objects.sum())
        for i in range(self.n):
            others = against - int(self.objects[i])
            if others == self.k:  # its vote decides
                found[i] = max(own[i] if self.objects[i] else -own[i], 0.0)
        return found

    def checks(self) -> Iterator[Check]:
        """Check votes, what passes, whether the panel is sound, and which proposal is made."""
        own, small = self.q @ self.g, 1e-11 * self.unit
        honest = (self.objects == 1.0) == (own[:-1] < 0)
        fine = bool((honest | (np.abs(own[:-1]) <= small[:-1])).all())
        yield "reviewers vote by their utility", fine, f"{int(self.objects.sum())} object"
        passes = self.objects.sum() <= self.k
        yield "what is proposed passes", bool(passes), f"at most {self.k} may object"
        against = (self.g[:, :-1] < -small[:-1]).sum(axis=1)
        passing = np.flatnonzero(against <= self.k)
        yield (
            "proposals that pass",
            number(self.evidence["passing"]) == len(passing),
            f"{len(passing)} recounted",
        )
        gain = float(own[-1])
        fine = abs(number(self.evidence["gain"]) - gain) <= CLOSE * self.unit[-1]
        yield "gain of the principal", bool(fine), f"{gain:.6g}"
        worst = float(self.g[passing, -1].min(initial=0.0))
        sound = worst >= -NONE * self.unit[-1]
        yield "sound for each proposal", bool(self.evidence["sound_for_each"]) == sound, f"worst {worst:.6g}"
        yield from self._soundness()
        yield self._selected(gain, passing)

    def _committees(self) -> list[tuple[int, ...]]:
        return list(itertools.combinations(range(self.n), self.n - self.k))

    def _bound(self, members: tuple[int, ...], sign: float) -> float:
        """Return the least dual bound on what lotteries of a committee do to the principal."""
        own = self.g[:, list(members)] / self.unit[list(members)]
        goal = sign * self.g[:, -1] / self.unit[-1]
        solved = linprog(  # the least t with sum w g_i - t <= goal
            np.append(np.zeros(len(members)), 1.0),
            A_ub=np.hstack([own, -np.ones((len(own), 1))]),
            b_ub=goal,
            method="highs",
        )
        if solved.status != 0:
            return np.inf
        over = (own @ np.maximum(solved.x[:-1], 0.0) - goal).max()  # recomputed from the weights alone
        return max(float(over), 0.0) * float(self.unit[-1])

    def _harm(self, members: tuple[int, ...]) -> float:
        """Return the worst gain of the principal in a lottery that a committee approves; 0 if none harms."""
        own = self.g[:, list(members)] / self.unit[list(members)]
        solved = linprog(
            self.g[:, -1] / self.unit[-1],
            A_ub=np.vstack([-own.T, np.ones(len(own))]),
            b_ub=np.append(np.zeros(len(members)), 1.0),
            method="highs",
        )
        if solved.status != 0:
            return 0.0
        q = np.maximum(solved.x, 0.0)
        approved = (q @ own >= -NONE).all() and q.sum() <= 1.0 + NONE  # recomputed from the lottery alone
        return min(float(q @ self.g[:, -1]), 0.0) if approved else 0.0

    def _soundness(self) -> Iterator[Check]:
        """Check that weights prove soundness, or that it is refuted."""
        committees = self._committees()
        fine = number(self.evidence["committees"]) == len(committees)
        yield "committees", fine, f"{len(committees)} of {self.n - self.k} reviewers"
        if self.evidence["sound"]:
            most = max(self._bound(each, 1.0) for each in committees)
            proved, detail = most <= NONE * self.unit[-1], f"weights bound the loss by {most:.2g}"
        else:
            worst = min(self._harm(each) for each in committees)
            proved, detail = worst < -NONE * self.unit[-1], f"a lottery that passes gives {worst:.6g}"
        what = "sound" if self.evidence["sound"] else "not sound"
        yield f"{what} for lotteries of proposals", bool(proved), detail
        listed, due, short = {name for name in self.evidence if ": " in name}, set[str](), 0.0
        if not listed:
            return
        for members in committees:
            names = [self.game.players[i] for i in members]
            keys = [f"{' + '.join(names)}: {name}" for name in names]
            due |= set(keys)
            if not set(keys) <= listed:
                continue
            w = np.array([number(self.evidence[key]) for key in keys])
            over = (self.g[:, list(members)] @ w - self.g[:, -1]).max()
            short = max(short, float(over), np.inf if (w < 0).any() else 0.0)
        whole = listed == due if self.evidence["sound"] else listed <= due
        yield "weights of the committees are recorded", whole, f"{len(listed)} numbers"
        yield "recorded weights", short <= CLOSE * self.unit[-1], f"exceeded by at most {short:.2g}"

    def _selected(self, gain: float, passing: NDArray[np.intp]) -> Check:
        """Check that nothing that passes is beyond what is recorded."""
        sign = 1.0 if self.options.select == "worst" else -1.0
        if self.options.proposals == "mixed":
            most = max(self._bound(each, sign) for each in self._committees())
        else:
            most = -float((sign * self.g[passing, -1]).min(initial=0.0))
        fine = abs(-sign * gain - most) <= CLOSE * self.unit[-1]
        return f"{self.options.select} that passes", bool(fine), f"{gain:.6g}, bound {-sign * most + 0.0:.6g}"
