"""Recomputation of the run of a game from its scenario and the recorded plays alone.

Payoffs are computed anew from what was played, profile by profile; gains from deviating by trying actions:
all of them in a table, a fine grid with a search around its best point where actions are amounts. A *yes* to
"efficient" needs weights under which no profile (no step, to first order and where payoffs are concave) has
more, or a sum of payoffs at the bound of its family; a *no* needs the recorded improvement. Bounds over
coarse equilibria follow from recorded multipliers. What these cannot prove is said to be not checked.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from functools import cached_property, partial
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.errors import RunError
from market.games.base import StrategicGame
from market.games.disclosure import Disclosure
from market.games.equilibria import Found, find
from market.games.mechanisms.planner import by_player
from market.games.panel import Panel
from market.games.plays import Actions, Joint, Mixtures, Play, joint
from market.games.smooth import Smooth
from market.games.stages import Stages
from market.games.table import Table, spread_of
from market.outcome import Status, shown
from market.results.games import figure_claims
from market.results.games.disclosure_claims import KINDS, Recomputed
from market.results.games.figure_claims import Check
from market.results.games.folder import read_game_run
from market.results.games.panel_claims import Rejudged
from market.results.games.tables import PLAYERS, summary
from market.results.games.verify_in_order import Walk, best_sum, dominated, gains_at_once
from market.results.run_folder import read_table
from market.results.schema import number
from market.results.verify.claim import Claim, Verification, difference
from market.results.verify.comparison_table import check_rows
from market.scenario.game_loading import GameScenario, build_game
from market.scenario.loading import load
from market.tolerances import ROUNDING_OF_RESULTS

_BOUNDS = ("worst_coarse", "best_coarse")

TRIED = 401
"""Amounts of a player that are tried for a gain."""

FEW, TRIED_OF_MANY = 50, 41
"""Players, and amounts that are tried of each of more players."""

AT_ONCE = 200_000
"""Numbers in all plays that are tried at once."""

REFINED = 60
"""Steps of golden sections around the best one."""

PASSES = 20
"""Rounds in which a player with several amounts changes one after the other."""

NO_MORE = 1e-9
"""Part of the reach of amounts: a pass that moves none by more was the last."""

PROVES = 1e-6
"""Part of the range of payoffs: first-order conditions violated by no more count as met."""

SEEN = 1e-4
"""Part of the range of payoffs: a difference to one side of a bound sees a price no better."""

SMALL_GAIN = 1e-6
"""Part of the range of payoffs: a learner's gain below it is none."""

SMALL = 1e-2
"""Part of the least weight: a gain to first order that is larger could be a gain of that player alone."""

SLOPE = 1e-7
"""Part of the reach of an amount: step of the differences that stand for slopes."""


def verify_game(folder: Path) -> Verification:
    """Recompute every verdict and figure of the run of a game.

    Args:
        folder: as `market run` writes it.

    Raises:
        RunError: it is not a run folder, or it was changed.
        ScenarioError: the scenario in it cannot be read.
    """
    with np.errstate(all="ignore"):  # recorded numbers may be anything, and NaN proves no claim
        return _verified(Path(folder))


def _verified(folder: Path) -> Verification:
    manifest, result = read_game_run(folder)
    scenario = load(folder / "input" / "scenario.toml", tuple(manifest["overrides"]))
    if not isinstance(scenario, GameScenario):
        raise RunError(f"'{folder}': its scenario states no game")
    try:
        game = build_game(scenario, result["seed"])
        claims = list(_claims(folder, scenario, game, result, manifest))
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError, AssertionError) as error:
        raise RunError(f"'{folder / 'result.json'}' is not as a run writes it: {error!r:.200}") from error
    return Verification(folder, tuple(claims), tuple(each["name"] for each in result["mechanisms"]))


def _claims(
    folder: Path,
    scenario: GameScenario,
    game: StrategicGame,
    result: Mapping[str, Any],
    manifest: Mapping[str, Any],
) -> Iterator[Claim]:
    same = [result["scenario"]["sha256"], manifest["scenario"]["sha256"]] == [scenario.sha256] * 2
    yield Claim("the scenario is the one that was played", same, f"sha256 {scenario.sha256[:16]}")
    yield Claim(*figure_claims.stated_game(game, scenario, result, manifest["seed"]))
    table, seen = read_table(folder / "players.parquet"), read_table(folder / "rounds.parquet")
    nash = find(game) if isinstance(game, Table) else None
    rows: list[Mapping[str, object]] = []
    for stated in result["mechanisms"]:
        own = table[table["mechanism"] == stated["name"]]
        if list(own["player"]) != list(game.players):
            raise RunError("players.parquet: its rows are not the players of the scenario, in their order")
        recorded = seen[seen["mechanism"] == stated["name"]]
        record = _Recorded(scenario, game, stated, own, recorded, nash)
        yield from record.claims()
        rows.append(record.row())
    names = [each["name"] for each in result["mechanisms"]]
    yield check_rows(folder / "comparison.csv", rows, names)


class _Recorded:
    """Record of one mechanism."""

    def __init__(
        self,
        scenario: GameScenario,
        game: StrategicGame,
        stated: Mapping[str, Any],
        own: pd.DataFrame,
        seen: pd.DataFrame,
        nash: Found | None,
    ) -> None:
        self.scenario, self.game, self.stated, self.own = scenario, game, stated, own
        self.seen, self.nash = seen, nash
        self.name = stated["name"]
        self.options: Any = scenario.mechanism(self.name)
        self.play = self._read(stated["play"], "amount")
        self.columns = {name: own[name].to_numpy(dtype=float) for name in PLAYERS}
        self.found = stated["report"]
        self.protocol: Recomputed | Rejudged | None = None
        if isinstance(game, Disclosure) and stated["kind"] in KINDS:
            assert isinstance(self.play, Mixtures)
            self.protocol = Recomputed(game, self.options, stated, self.play)
        if isinstance(game, Panel) and stated["kind"] == "approval" and stated["status"] != Status.FAILED:
            assert isinstance(self.play, Mixtures)
            self.protocol = Rejudged(game, self.options, stated, self.play)

    def _read(self, stated: Mapping[str, Any], column: str) -> Play:
        """Return a play from its record."""
        game = self.game
        if isinstance(game, Smooth | Stages):
            return Actions(self._amounts(column))
        assert isinstance(game, Table)
        if "mixtures" in stated:
            mixtures = []
            for player, names in zip(game.players, game.actions, strict=True):
                mixtures.append(
                    np.array([float(stated["mixtures"][player].get(name, 0.0)) for name in names])
                )
            return Mixtures(tuple(mixtures))
        p = np.zeros(game.sizes)
        for each in stated["profiles"]:
            place = tuple(
                names.index(action) for names, action in zip(game.actions, each["actions"], strict=True)
            )
            p[place] = each["probability"]
        return Joint(p)

    def _amounts(self, name: str) -> Array:
        d = self.game.start().values.shape[1]  # type: ignore[union-attr]
        return np.stack([self.own[f"{name}[{k}]"].to_numpy(dtype=float) for k in range(d)], axis=1)

    def claims(self) -> Iterator[Claim]:
        same = self.stated["kind"] == self.options.name
        yield self._claim("kind", same, self.stated["kind"])
        if not same:
            return  # nothing that it says can be judged by the rules of another kind
        yield self._possible()
        yield from self._payoffs()
        yield from self._regret()
        yield from self._status()
        yield from self._efficiency()
        yield from self._totals()
        for what, holds, detail in self._more():
            yield self._claim(what, holds, detail)

    def _more(self) -> Iterator[Check]:
        """Check figures that follow from the play, both files' agreement, and how the play ended."""
        game, stated, v = self.game, self.stated, self.columns["payoff"]
        relative = None if np.isnan(self.columns["regret"]).all() else self._relative
        yield from figure_claims.agreements(game, stated, self.own, self.play)
        yield from figure_claims.figures(game, stated, self.play, v, self.columns["weight"])
        priced = isinstance(game, Smooth) and stated["kind"] == "auctioneer"
        prices = self._amounts("price") if priced else None
        yield figure_claims.regret_is_exact(game, stated, self.play, prices)
        yield from figure_claims.endings(game, stated, self.options, relative)
        averaged = self.stated["kind"] == "learning" and isinstance(game, Table)
        total = None if averaged or self.protocol is not None else float(v.sum())
        yield from figure_claims.rounds(stated, self.options, self.seen, total)
        if self.protocol is not None:
            yield from self.protocol.checks()
        else:
            coarse = self._coarse_regret() if isinstance(game, Table) else None
            yield from figure_claims.evidence_again(game, stated, self.options, v, self.nash, coarse)

    @property
    def _relative(self) -> float:
        """The largest recorded gain, as a part of the range of payoffs; 0 if none is recorded."""
        return float(np.nanmax(self.columns["regret"] / self._scale, initial=0.0))

    def _claim(self, what: str, holds: bool | None, detail: str) -> Claim:
        return Claim(f"{self.name}: {what}", None if holds is None else bool(holds), detail)

    def _equal(self, what: str, apart: float) -> Claim:
        return self._claim(what, apart <= ROUNDING_OF_RESULTS, f"largest relative difference: {shown(apart)}")

    def _possible(self) -> Claim:
        """Check that players may do what is recorded."""
        play = self.play
        if isinstance(play, Actions):
            apart, reach = self._beyond(play.values)
            fine = bool(apart <= 1e-9 * reach)
            return self._claim("amounts are within bounds", fine, f"farthest beyond: {shown(float(apart))}")
        parts = play.of if isinstance(play, Mixtures) else (play.probabilities,)
        fine = all((p >= 0).all() and abs(p.sum() - 1.0) <= 1e-9 for p in parts)
        return self._claim("probabilities are >= 0 and add up to 1", fine, f"{len(parts)} distributions")

    def _beyond(self, a: Array) -> tuple[float, float]:
        """Return how far amounts, (n, d), are from those that are possible, and a length of reference."""
        assert isinstance(self.game, Smooth | Stages)
        reach = 1.0 / self.game.steps if isinstance(self.game, Stages) else float(self.game.reach.max())
        return float(np.abs(self.game.feasible(a) - a).max()), reach

    @property
    def _rules(self) -> StrategicGame:
        """The game with the rewards of the mechanism."""
        redesign = getattr(self.options, "redesign", {})
        return self.game.redesigned(redesign) if isinstance(self.game, Stages) else self.game

    def _payoffs(self) -> Iterator[Claim]:
        """Check payoffs, choices, transfers, and that both files agree."""
        pi = self._payoffs_of(self.play) if self.protocol is None else self.protocol.payoffs()
        size = np.abs(self.columns["payoff"]) + self._scale
        apart = difference(self.columns["payoff"], pi, size)
        yield self._claim(
            "payoffs", apart <= ROUNDING_OF_RESULTS, f"largest relative difference: {shown(apart)}"
        )
        u = self._rules.utilities(self.play) if isinstance(self.game, Stages) else self.game.cared_for(pi)
        apart = difference(self.columns["utility"], u, np.abs(self.game.weighs) @ size + np.abs(u))
        yield self._claim(
            "rewards" if isinstance(self.game, Stages) else "payoffs and concern",
            apart <= ROUNDING_OF_RESULTS,
            f"largest relative difference: {shown(apart)}",
        )
        paid, revenue = -self.columns["transfer"].sum(), number(self.stated["revenue"])
        turnover = float(np.abs(self.columns["transfer"]).sum() + self._scale.sum())
        yield self._equal("transfers add up to revenue", difference(revenue, paid, turnover))
        if self.stated["kind"] != "auctioneer":
            moved = float(np.abs(self.columns["transfer"]).max(initial=0.0))
            yield self._claim("no player pays", moved == 0.0, "only an auctioneer has payments")

    @property
    def _scale(self) -> Array:
        return self.game.scale

    def _payoffs_of(self, play: Play) -> Array:
        """Return payoffs, a sum over all profiles or the family's functions."""
        if isinstance(play, Actions):
            return self.game.payoffs(play)
        assert isinstance(self.game, Table)
        p = joint(play).ravel()
        return np.asarray(p @ self.game.outcomes.reshape(len(p), -1))

    # --- gains from deviating ---

    def _regret(self) -> Iterator[Claim]:
        recorded = self.columns["regret"]
        if np.isnan(recorded).all():
            due = "relative_regret" in self.options.evidence and self.stated["status"] != Status.FAILED.value
            none = self.stated["max_regret"] is None and not due
            yield self._claim("no regret is stated", none, "a planner chooses for all")
            return
        worst = number(self.stated["max_regret"])
        yield self._claim("largest regret", worst == recorded.max(initial=0.0), f"stated: {shown(worst)}")
        if self.stated["kind"] == "auctioneer":
            yield from self._priced(recorded)
            return
        found = self._gains()
        if isinstance(self.play, Actions) and not self.stated["regret_exact"]:
            fine = bool((found <= recorded + 1e-6 * self._scale).all())
            yield self._claim("no larger gain is found", fine, f"largest found: {shown(float(found.max()))}")
            return
        apart = float(np.where(found == recorded, 0.0, np.abs(found - recorded) / self._scale).max())
        most = ROUNDING_OF_RESULTS if isinstance(self.game, Table) and self.protocol is None else PROVES
        yield self._claim(
            "regret", apart <= most, f"largest difference: {shown(apart)} of the range of payoffs"
        )

    def _priced(self, recorded: Array) -> Iterator[Claim]:
        """Check prices of actions, payments and gains at them; in tables payments of others' payoffs."""
        game, play = self.game, self.play
        if isinstance(game, Table):
            assert not isinstance(play, Actions)
            pi = self._payoffs_of(play)
            due = pi.sum() - pi
            apart = difference(self.columns["transfer"], due, self._scale)
            yield self._equal("each is paid what the others get", apart)
            total = np.repeat(game.outcomes.sum(axis=-1, keepdims=True), game.size, axis=-1)
            found = _table_gains(total, game.sizes, play)
        else:
            assert isinstance(game, Smooth)
            assert isinstance(play, Actions)
            a, prices = play.values, self._amounts("price")
            felt = 1.0 - game.weighs
            costs = _slopes(game, a, -felt)
            apart = float((np.abs(prices - costs) * game.reach / self._scale.max()).max())
            yield self._claim(
                "prices are costs to others", apart <= SEEN, f"largest difference: {shown(apart)}"
            )
            paid = (prices * a).sum(axis=1)
            back = paid.sum() / game.size if self.options.rebate == "equal" else 0.0
            size = np.abs(paid) + self._scale
            yield self._equal(
                "payments at these prices", difference(self.columns["transfer"], back - paid, size)
            )
            found = _best_gains(game, a, prices)
        apart = float((np.abs(found - recorded) / self._scale).max())
        yield self._claim("regret", apart <= PROVES, f"largest difference: {shown(apart)} of the range")

    def _gains(self) -> Array:
        """Return the largest gain of each player, by trials."""
        game, play = self.game, self.play
        if self.protocol is not None:
            return self.protocol.gains()
        if isinstance(game, Stages):
            return self._walk.gains if self._walk else gains_at_once(game, game.in_steps(play))
        if isinstance(play, Actions):
            assert isinstance(game, Smooth)
            return _best_gains(game, play.values)
        assert isinstance(game, Table)
        averaged = self.stated["kind"] == "learning"  # gains by one action in the place of all play
        return _table_gains(game.choices, game.sizes, play, coarse=averaged)

    # --- the status ---

    @cached_property
    def _walk(self) -> Walk | None:
        """The play in order, walked again; None if players moved at once."""
        rules = self._rules
        if self.stated["kind"] != "backward_induction" or not isinstance(rules, Stages):
            return None
        return Walk(rules, rules.in_steps(self.play), self.options.ties)

    def _status(self) -> Iterator[Claim]:
        status, stated = Status(self.stated["status"]), self.stated
        relative = self._relative
        if "relative_regret" in stated["evidence"]:
            said = number(stated["evidence"]["relative_regret"])
            same = said == relative or abs(said - relative) <= 1e-12
            yield self._claim("relative regret", same, f"stated: {shown(said)}")
        learns = self.stated["kind"] == "learning"
        tolerance = SMALL_GAIN if learns else getattr(self.options, "tolerance", 0.0)
        judged = not np.isnan(self.columns["regret"]).any()  # a planner's choice is judged by no gain
        none = judged and relative <= tolerance + ROUNDING_OF_RESULTS
        word = status.value.replace("_", " ")
        if status is Status.NASH:
            fine = none and not isinstance(self.play, Joint) and bool(stated["regret_exact"])
            yield self._claim(word, fine, f"largest gain {shown(relative)} of the range of payoffs")
        elif status is Status.CORRELATED:
            fine = none and not learns
            yield self._claim(word, fine, f"largest gain {shown(relative)} of the range of payoffs")
        elif status is Status.COARSE:
            yield self._coarse_status(self.options.regret_that_is_none if learns else tolerance)
        elif self.protocol is not None and status in (Status.OPTIMAL, Status.SETTLED):
            pass  # by the claims of the protocol
        elif status is Status.SUBGAME_PERFECT and self._walk is None:
            yield self._claim(word, False, "players did not move in order")
        elif status is Status.SUBGAME_PERFECT:
            assert self._walk is not None
            fine = none and self._walk.follows
            yield self._claim(word, fine, f"largest gain {shown(relative)}, by all amounts of each player")
            ties = number(stated["evidence"]["ties"])
            yield self._claim("ties", ties == self._walk.ties, f"{self._walk.ties:,} recounted")
        elif status is Status.OPTIMAL:
            yield from self._optimal()
        elif status is Status.CLEARED:
            at_prices = judged and relative <= 100 * tolerance + PROVES
            yield self._claim(word, at_prices, f"largest gain at the prices {shown(relative)} of the range")
        elif status is Status.CYCLING:
            moves = judged and relative > tolerance  # a gain by rounding is one under a tolerance of 0
            yield self._claim(word, moves, f"a player would gain {shown(relative)} of the range of payoffs")
        else:
            yield self._claim(word, None, "not checked: the path of play is not recorded")

    def _coarse_regret(self) -> float:
        """Return the largest gain by one action in the place of all play, of the range of payoffs."""
        game, play = self.game, self.play
        assert isinstance(game, Table)
        assert not isinstance(play, Actions)
        return float((_table_gains(game.choices, game.sizes, play, coarse=True) / game.scale).max())

    def _coarse_status(self, tolerance: float) -> Claim:
        """Check that no player gains much by one action in the place of all that it does."""
        gain = self._coarse_regret()
        detail = f"largest gain by one action {shown(gain)} of the range of payoffs"
        return self._claim("coarse", gain <= tolerance + ROUNDING_OF_RESULTS, detail)

    def _optimal(self) -> Iterator[Claim]:
        kind = getattr(self.options, "welfare", None)
        weights = by_player(self.game, getattr(self.options, "weights", {}), 1.0)
        if kind in ("nash", "min"):
            yield self._largest(kind, weights)
            return
        value, most = float(weights @ self._payoffs_of(self.play)), self._most(weights)
        size = float(self._scale @ weights)
        fine = None if most is None else value >= most - (self.options.tolerance + PROVES) * size
        detail = "not checked: no bound is known" if most is None else f"{value:.6g} of at most {most:.6g}"
        yield self._claim("optimal", fine, detail)

    def _largest(self, kind: str, weights: Array) -> Claim:
        """Check a product of gains, or a least payoff, by a bound on that of any other play."""
        v, d = self._payoffs_of(self.play), by_player(self.game, self.options.disagreement, 0.0)
        if kind == "nash" and not bool((v > d).all()):
            return self._claim("optimal", False, "some player gains nothing over the disagreement point")
        size, bound = float(weights.sum() if kind == "nash" else self._scale @ weights), None
        if isinstance(self.game, Table):
            bound = figure_claims.welfare_bound(self.game, kind, v, weights, d)
        elif isinstance(self.game, Smooth) and self.game.family.concave and kind == "nash":
            assert isinstance(self.play, Actions)
            bound = _first_order(self.game, self.play.values, weights / (v - d))
        if bound is None:
            return self._claim("optimal", None, f'not checked: the bound of welfare = "{kind}"')
        fine = bound <= (self.options.tolerance + PROVES) * size
        return self._claim("optimal", fine, f"at most {shown(bound)} more")

    def _most(self, weights: Array) -> float | None:
        """Return a number that no weighted sum of payoffs exceeds."""
        if isinstance(self.game, Table):
            return float((self.game.outcomes.reshape(-1, self.game.size) @ weights).max())
        if isinstance(self.game, Stages):
            return best_sum(self.game, weights)
        assert isinstance(self.game, Smooth)
        family, equal = self.game.family, np.ptp(weights) == 0
        if not (family.concave or (family.sum_concave and equal)):
            most = family.bound(self.game.size, **self.game.parameters) if equal else None
            return None if most is None else most * float(weights[0])
        assert isinstance(self.play, Actions)
        return float(weights @ self.game.payoffs(self.play)) + _first_order(
            self.game, self.play.values, weights
        )

    # --- efficiency ---

    def _efficiency(self) -> Iterator[Claim]:
        efficient, game = self.found["efficient"], self.game
        weights, v = self.columns["weight"], self.columns["payoff"]
        if isinstance(game, Table):
            points = game.outcomes.reshape(-1, game.size)
            better = (
                (points >= v - 1e-9 * self._range).all(axis=1) & (points > v + 1e-7 * self._range).any(axis=1)
            ).any()
            fine = self.found["efficient_among_profiles"] is (not better)
            yield self._claim("efficient among profiles", fine, "by all profiles")
        if efficient is None:
            yield self._claim("efficient", None, "unknown, and said so")
            return
        if efficient:
            yield from self._supported(weights, v)
            return
        improved = self._read(self.found["improvement"], "improvement")
        gains = self._payoffs_of(improved) - v
        possible = not isinstance(game, Stages) or self._beyond(improved.values)[0] <= 1e-9 / game.steps  # type: ignore[union-attr]
        fine = possible and bool((gains >= -1e-8 * self._range).all() and (gains > 1e-8 * self._range).any())
        yield self._claim(
            "not efficient", fine, f"by the recorded improvement; largest gain {shown(float(gains.max()))}"
        )
        apart = difference(self.columns["gain"], gains, np.abs(v) + self._range)
        yield self._claim("gains of the improvement", apart <= ROUNDING_OF_RESULTS, f"{shown(apart)} apart")

    @property
    def _range(self) -> Array:
        if isinstance(self.game, Table):
            return spread_of(self.game.outcomes.reshape(-1, self.game.size))
        return self._scale

    def _supported(self, weights: Array, v: Array) -> Iterator[Claim]:
        """Check that weights, all > 0, make the outcome the best of all."""
        positive = bool((weights > 0).all()) and abs(weights.sum() - 1.0) <= 1e-9
        game = self.game
        if isinstance(game, Table):
            points = game.outcomes.reshape(-1, game.size)
            beyond = float(((points - v) @ weights).max())
            size, least = float(weights @ self._range), float((weights * self._range).min())
            fine = positive and beyond <= min(PROVES * size, SMALL * least)
            yield self._claim(
                "efficient", fine, f"no profile has more by its weights (at most {shown(beyond)})"
            )
            return
        if isinstance(game, Stages):
            yield self._efficient_in_order(game, weights, v)
            return
        assert isinstance(game, Smooth)
        assert isinstance(self.play, Actions)
        if not game.family.concave:
            most = self._most(weights)
            beyond = np.inf if most is None else most - float(weights @ v)
            fine = positive and beyond <= 1e-8 * float(weights @ self._scale)
            detail = f"no play has a larger sum by the family's bound (at most {shown(beyond)} more)"
            yield self._claim("efficient", fine, detail)
            return
        gap = _first_order(game, self.play.values, weights)
        size, least = float(weights @ self._scale), float((weights * self._scale).min())
        fine = positive and gap <= min(10 * PROVES * size, SMALL * least)
        yield self._claim("efficient", fine, f"no play has more by its weights (at most {shown(gap)})")

    def _efficient_in_order(self, game: Stages, weights: Array, v: Array) -> Claim:
        """Check that no profile is better, by weights or by trials of all profiles."""
        if np.isnan(weights).all():
            better = dominated(game, v)
            fine = better is False  # without weights a run says yes only after a trial of all profiles
            return self._claim("efficient", fine, "by all profiles, unless these are too many to be tried")
        most = best_sum(game, weights)
        beyond = np.inf if most is None else most - float(weights @ v)
        fine = bool((weights > 0).all()) and beyond <= 1e-8 * float(weights @ self._scale)
        return self._claim("efficient", fine, f"no profile has more by its weights (at most {shown(beyond)})")

    def _totals(self) -> Iterator[Claim]:
        stated = self.found["totals"]
        if stated is None:
            fine = not self.game.comparable or any(
                line.startswith("totals:") for line in self.found["unknown"]
            )
            yield self._claim("totals are left out", fine, "payoffs have no common unit, or it is unknown")
            return
        v = self.columns["payoff"]
        size = float(np.abs(v).sum() + self._scale.sum())
        fine = abs(stated["own"] - v.sum()) <= ROUNDING_OF_RESULTS * size
        yield self._claim("total payoff", fine and self.game.comparable, f"{stated['own']:.6g}")
        yield from self._best_total(stated, size)
        if isinstance(self.game, Table) and stated["multipliers"] is not None:
            yield from self._coarse(self.game, stated, size)
        given = [stated[key] is not None for key in (*_BOUNDS, "multipliers")]
        fine = not any(given) or (all(given) and isinstance(self.game, Table))
        yield self._claim("bounds have their multipliers", fine, "in tables, all or none")
        known = None
        if self.nash is not None and self.nash.complete:
            known = [float(self._payoffs_of(each).sum()) for each in self.nash.equilibria]
        yield self._claim(*figure_claims.prices_of(stated, stated["best"], known))

    def _best_total(self, stated: Mapping[str, Any], size: float) -> Iterator[Claim]:
        """Check the largest sum that is stated, and the bound on it."""
        if isinstance(self.game, Table):
            best = float(self.game.outcomes.sum(axis=-1).max())
            fine = max(abs(stated["best"] - best), abs(stated["most"] - best)) <= ROUNDING_OF_RESULTS * size
            yield self._claim("largest total", fine, f"{best:.6g}, by all profiles")
            return
        assert isinstance(self.game, Smooth | Stages)
        at = self._amounts("best")
        value = float(self.game.payoffs(Actions(at)).sum())
        fine = abs(value - stated["best"]) <= ROUNDING_OF_RESULTS * size
        apart, reach = self._beyond(at)
        possible = apart <= 1e-9 * reach
        yield self._claim("largest total found", bool(fine and possible), f"{value:.6g}")
        if stated["most"] is None:
            return
        ones = np.ones(self.game.size)
        if isinstance(self.game, Stages):
            most: float | None = best_sum(self.game, ones)
        elif self.game.family.concave or self.game.family.sum_concave:
            most = value + _first_order(self.game, at, ones)
        else:
            most = self.game.family.bound(self.game.size, **self.game.parameters)
        fine = most is not None and bool(abs(stated["most"] - max(most, stated["best"])) <= PROVES * size)
        yield self._claim("no total is above", fine, f"{stated['most']:.6g}")

    def row(self) -> Mapping[str, object]:
        """Return the row of the comparison that the record should have, by column."""
        stated, found, v = self.stated, self.found, self.columns["payoff"]
        totals = found["totals"] or {}
        judged = not np.isnan(self.columns["regret"]).all()
        return summary(
            stated,
            found,
            self.game.players,
            v,
            self.columns["weight"],
            relative_regret=self._relative if judged else None,
            totals=(totals.get("own"), totals.get("best")),
        )

    def _coarse(self, game: Table, stated: Mapping[str, Any], size: float) -> Iterator[Claim]:
        """Check the bounds on sums over coarse equilibria by weak duality."""
        sums = game.outcomes.sum(axis=-1)
        for key, sign, y in zip(_BOUNDS, (-1.0, 1.0), stated["multipliers"], strict=True):
            gains = _priced_gains(game, np.maximum(np.array(y, dtype=float), 0.0))
            bound = sign * float((sign * sums - gains).max())
            apart = abs(bound - stated[key])
            yield self._claim(
                f"{key.replace('_', ' ')} total", apart <= 1e-7 * size, f"bound by multipliers: {bound:.6g}"
            )


def _priced_gains(game: Table, multipliers: Array) -> Array:
    """Return `sum_i sum_a' y_ia' (U_i(a', s_-i) - U_i(s)) / r_i` for each profile s, (A_1, ..., A_n).

    Args:
        game: the table.
        multipliers: y, player by player, a number for each of its actions.
    """
    total, start = np.zeros(game.sizes), 0
    for i, size in enumerate(game.sizes):
        u = game.choices[..., i] / game.scale[i]
        for action in range(size):
            total += multipliers[start + action] * (np.take(u, [action], axis=i) - u)
        start += size
    return total


def _table_gains(
    choices: Array, sizes: tuple[int, ...], play: Mixtures | Joint, *, coarse: bool = False
) -> Array:
    """Return the largest gain of each player of a table by trials of all its actions, (n,).

    Args:
        choices: (A_1, ..., A_n, n), what players choose by.
        sizes: (A_1, ..., A_n).
        play: of a distribution gains are those of another action for each advice.
        coarse: True for gains by one action in the place of all advice.
    """
    p, gains = joint(play), np.zeros(len(sizes))
    for i, size in enumerate(sizes):
        own = np.moveaxis(p, i, 0).reshape(size, -1)
        values = np.moveaxis(choices[..., i], i, 0).reshape(size, -1)
        if isinstance(play, Joint) and not coarse:
            by_advice = np.array([[row @ other for other in values] for row in own])
            gains[i] = (by_advice.max(axis=1) - np.diagonal(by_advice)).sum()
        else:
            gains[i] = (values @ own.sum(axis=0)).max() - (own * values).sum()
    return np.maximum(gains, 0.0)


def _best_gains(game: Smooth, a: Array, prices: Array | None = None) -> Array:
    """Return the largest gain of each player that trials find, (n,).

    A grid is tried, and golden sections around its best. Players with several amounts change one after the
    other, pass by pass, each along its whole range; those whose amounts have a sum go towards each of their
    extreme choices. In a decision process the chance at a state is judged by play that starts there: where
    none of these changes gains, no policy does. Players are tried together, so far as memory goes.

    Args:
        game: of amounts.
        a: (n, d), the play.
        prices: (n, d), of a unit of each amount; 0 by default.
    """
    t = np.zeros(a.shape) if prices is None else prices
    return np.concatenate([_gains_of(game, a, rows, t) for rows in _in_parts(a)])


def _in_parts(a: Array) -> list[NDArray[np.intp]]:
    """Return players in parts, such that a play for each player of a part is not too much at once."""
    size = max(AT_ONCE // a.size, 1)
    return np.split(np.arange(len(a)), range(size, len(a), size))


def _gains_of(game: Smooth, a: Array, rows: NDArray[np.intp], prices: Array) -> Array:
    """Return the gains of some players, (rows,)."""
    action, d = a[rows], a.shape[1]
    tried = TRIED if len(a) <= FEW else TRIED_OF_MANY

    def utility(actions: Array, at: Smooth = game) -> Array:
        u = game.cared_for(at.payoffs(Actions(_changed(a, rows, actions))))[np.arange(len(rows)), rows]
        return np.asarray(u - (prices[rows] * actions).sum(axis=1))

    now = utility(action)
    for _ in range(1 if d == 1 else PASSES):
        before = action
        for k in range(d):
            judged = partial(utility, at=game if prices.any() else _starting_in(game, k))
            first, last = _way(game, rows, action, k)
            share, value = _largest_between(judged, first, last, tried)
            gains = value > judged(action)
            action = np.where(gains[:, None], first + share[:, None] * (last - first), action)
        if (np.abs(action - before) <= NO_MORE * game.reach[rows]).all():
            break
    best = utility(action)
    return np.where(best > now, best - now, 0.0)  # none from -inf to -inf


def _starting_in(game: Smooth, state: int) -> Smooth:
    """Return a decision process that starts in another state; any other game as it is."""
    key = game.family.start_state
    return replace(game, parameters={**game.parameters, key: float(state)}) if key else game


def _way(game: Smooth, rows: NDArray[np.intp], action: Array, k: int) -> tuple[Array, Array]:
    """Return the ends, (rows, d) each, between which players try their k-th amount."""
    here = np.arange(action.shape[1]) == k
    if game.total is not None:
        return action, game.total[rows, None] * here
    low, high = (bound[rows] for bound in game.limits)
    return np.where(here, low, action), np.where(here, high, action)


def _largest_between(
    utility: Callable[[Array], Array], first: Array, last: Array, tried: int
) -> tuple[Array, Array]:
    """Return the parts of the ways from `first` to `last`, (rows, d) each, at which utilities are largest.

    Returns:
        (rows,), the parts; (rows,), the utilities there.
    """

    def at(share: Array) -> Array:
        return utility(first + share[:, None] * (last - first))

    values = np.stack([at(np.full(len(first), share)) for share in np.linspace(0.0, 1.0, tried)])
    values = np.where(np.isnan(values), -np.inf, values)
    place, step = values.argmax(axis=0), 1.0 / (tried - 1)
    left, right = np.maximum(place - 1, 0) * step, np.minimum((place + 1) * step, 1.0)
    for _ in range(REFINED):
        span = 0.3819660112501051 * (right - left)
        one, two = left + span, right - span
        better = at(one) > at(two)
        left, right = np.where(better, left, one), np.where(better, two, right)
    middle = (left + right) / 2.0
    refined, found = at(middle), values.max(axis=0)
    return np.where(refined > found, middle, place * step), np.fmax(refined, found)


def _changed(a: Array, rows: NDArray[np.intp], actions: Array) -> Array:
    """Return for each of some players the play, (rows, n, d), in which it alone does something else."""
    plays = np.repeat(a[None], len(rows), axis=0)
    plays[np.arange(len(rows)), rows] = actions
    return plays


def _slopes(game: Smooth, a: Array, weights: Array) -> Array:
    """Return the slopes of a sum of payoffs in each player's amounts, (n, d), by differences.

    Args:
        game: of amounts.
        a: (n, d), the play.
        weights: (n,), of payoffs, or (n, n), those in the slopes of the row.
    """
    low, high = game.limits
    upward = np.zeros(a.shape)
    weighed = np.broadcast_to(weights, (len(a), len(a)))
    for rows in _in_parts(a):
        w = weighed[rows]
        for k in range(a.shape[1]):
            h = SLOPE * game.reach[rows, k]
            up, down = a[rows].copy(), a[rows].copy()
            up[:, k] = up[:, k] + h if game.total is not None else np.minimum(up[:, k] + h, high[rows, k])
            down[:, k] = np.maximum(down[:, k] - h, low[rows, k])
            more, less = (game.payoffs(Actions(_changed(a, rows, each))) for each in (up, down))
            change = np.where(w != 0, w * (more - less), 0.0).sum(axis=1)
            upward[rows, k] = change / np.maximum(up[:, k] - down[:, k], 1e-300)
    return upward


def _first_order(game: Smooth, a: Array, weights: Array) -> float:
    """Return how much a weighted sum could rise to first order, with slopes by differences of payoffs."""
    low, high = game.limits
    upward = _slopes(game, a, weights)
    if game.total is not None:
        return float((game.total * upward.max(axis=1)).sum() - (upward * a).sum())
    steps = np.where(upward > 0, upward * (high - a), upward * (low - a))
    return float(np.where(np.abs(steps) > 0, steps, 0.0).sum())
