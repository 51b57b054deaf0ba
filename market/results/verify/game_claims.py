"""In the game that was played: does the outcome follow from the recorded actions, and would anyone deviate?

The rules of the games are stated here once more, in code of their own:

- seize: movers, in order, each take min(bliss - e, what is left) of the commons; the others share the rest;
- claims: in peace everyone has e + its claim; in war nothing is consumed and the payoff is
  u(e + claim) - penalty. The best claim in peace is what the others leave, in war the most that is allowed;
- gift: what is made and the commons go in equal shares to those who want a good, at its makers' cost;
- autarky: everyone consumes its endowment and what it makes.

In the first two the best deviation is known in closed form. In the others payoffs are concave in one's own
outputs y_i, so that the conditions s_g du/dx_g <= dC/dy_g, with equality where y_g > 0 (>= at capacity), are
enough; and some deviations are tried out. Of a utility that is not concave they prove nothing, so no best
output of its agent is believed.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.outcome import Status, shown
from market.results.verify.accounts import feasible
from market.results.verify.claim import ROUNDING, Claim, difference
from market.results.verify.evidence import possible_period
from market.results.verify.record import Record

if TYPE_CHECKING:
    from market.mechanisms.unmediated.best_response import Unmediated

FITS = 1.0 + 1e-12  # claims that add up to the stock up to rounding are no war
FIRST_ORDER = 1e-4  # relative; a gain is of second order in the violation
PROBES = (0.0, 1e-6, 1e-3, 0.1, 0.5, 0.9, 1.1, 2.0)  # multiples of outputs that are tried out


class Follows(NamedTuple):
    """What a game makes of actions: x and y, (agents, goods), payoffs and gains from deviating, (agents,)."""

    consumption: Array
    production: Array
    payoffs: Array
    regret: Array


def war(economy: Economy, record: Record, options: Unmediated) -> Array | None:
    """The payoffs of war, (agents,), if the claims that were recorded mean war; else None."""
    if options.game.name != "claims" or record.actions is None or not _too_much(economy, record.actions):
        return None
    penalty: float = options.game.penalty  # type: ignore[attr-defined]
    return economy.utility(economy.endowment + record.actions) - penalty


def playing(economy: Economy, record: Record, options: Unmediated) -> Iterator[Claim]:
    """Everything that the outcome of a game says of what agents did."""
    if record.actions is None or record.regret is None:
        yield Claim(
            f"{record.name}: actions", False, "the outcome of a game without what everyone did or regrets"
        )
        return
    game = options.game
    allowed = _allowed(economy, record.actions, options)
    yield Claim(f"{record.name}: actions are allowed", allowed, f"in the game {game.name}")
    follows = _FOLLOWS[game.name](economy, record.actions, options)
    apart = max(
        difference(record.consumption, follows.consumption, economy.commons),
        difference(record.production, follows.production),
    )
    yield Claim(
        f"{record.name}: the outcome follows from what everyone did",
        apart <= ROUNDING,
        f"largest relative difference {shown(apart)}",
    )
    size = np.where(np.isfinite(record.utilities), np.abs(record.utilities), 0.0)
    exact = game.name in ("seize", "claims")
    if exact:
        apart = difference(record.regret, follows.regret, np.maximum(size, economy.utility_scale))
        yield Claim(
            f"{record.name}: regret", apart <= ROUNDING, f"largest relative difference {shown(apart)}"
        )
    largest = float((follows.regret / np.maximum(size, economy.utility_scale)).max(initial=0.0))
    violated = 0.0 if exact else _first_order(economy, record, options)
    yield _ended(economy, record, options, largest, violated)


def _ended(economy: Economy, record: Record, options: Unmediated, largest: float, violated: float) -> Claim:
    """Whether the status says what the recomputed numbers show."""
    name = f"{record.name}: {record.status.value}"
    nobody_deviates = largest <= options.tolerance + ROUNDING and violated <= FIRST_ORDER
    found = f"largest gain from deviating {shown(largest)}"
    if violated > 0:
        found += f", first-order conditions violated by {shown(violated)}"
    if record.status is Status.NASH:
        if options.game.name == "seize" and options.game.schedule == "sequential":
            in_order = (
                difference(record.actions, _in_order(economy, options)) if record.actions is not None else 1
            )
            return Claim(
                name,
                nobody_deviates and in_order <= ROUNDING,
                f"{found}; taken in order, up to {shown(in_order)}",
            )
        return Claim(name, nobody_deviates, found)
    if record.status is Status.CYCLING and record.actions is not None:
        if options.game.name != "claims":
            return Claim(name, not nobody_deviates, found)
        if not possible_period(record, record.evidence("period")):
            return Claim(name, False, "what is stated as the period is no number of rounds played")
        period = round(record.evidence("period"))
        again = _replayed(economy, record.actions, options, period)
        apart = difference(again, record.actions, economy.commons)
        return Claim(name, apart <= ROUNDING and largest > 0, f"{period} rounds of best replies lead back")
    if record.status is Status.MAX_ROUNDS:
        return Claim(name, record.said["rounds"] == options.max_rounds, found)
    return Claim(name, record.status is Status.FAILED and not nobody_deviates, found)


def _allowed(economy: Economy, actions: Array, options: Unmediated) -> bool:
    """Whether these are actions of the game."""
    if not np.isfinite(actions).all():
        return False
    if options.game.name == "autarky" and economy.technologies:
        return feasible(economy, np.maximum(economy.endowment + actions, 0.0), actions)[0]
    if not (actions >= 0).all():
        return False
    if options.game.name == "seize":
        return bool((actions.sum(axis=0) <= economy.commons * FITS).all())
    if options.game.name == "claims":
        return bool((actions <= _most(economy, options) * FITS).all())
    return bool((actions <= economy.capacity * FITS).all())


def _left(economy: Economy, taken: Array) -> Array:
    """What is left of the commons; a share of them that is rounding is nothing."""
    left = economy.commons - taken
    return np.where(left > (FITS - 1.0) * economy.commons, left, 0.0)


# --- seize -----------------------------------------------------------------------------------------


def _movers(economy: Economy, options: Unmediated) -> list[int]:
    named: tuple[str, ...] = options.game.movers  # type: ignore[attr-defined]
    return list(dict.fromkeys(row for name in named for row in economy.rows(name).tolist()))


def _room(economy: Economy) -> Array:
    """How much more than its endowment each agent has a use for, (agents, goods)."""
    return np.maximum(economy.bliss - economy.endowment, 0.0)


def _in_order(economy: Economy, options: Unmediated) -> Array:
    """What the movers take, one after the other, (agents, goods)."""
    room, taken = _room(economy), np.zeros(economy.shape)
    for i in _movers(economy, options):
        taken[i] = np.minimum(room[i], _left(economy, taken.sum(axis=0)))
    return taken


def _seize(economy: Economy, actions: Array, options: Unmediated) -> Follows:
    movers = np.zeros(len(economy.agents), dtype=bool)
    movers[_movers(economy, options)] = True
    left = _left(economy, actions.sum(axis=0))
    waiting = int(np.count_nonzero(~movers))
    x = economy.endowment + np.where(movers[:, None], actions, left / max(waiting, 1))
    now = economy.utility(economy.endowment + actions)
    best = economy.utility(economy.endowment + np.minimum(_room(economy), actions + left))
    y = np.zeros(economy.shape)
    return Follows(x, y, economy.utility(x), np.where(movers, _more(now, best), 0.0))


# --- claims ----------------------------------------------------------------------------------------


def _too_much(economy: Economy, claims: Array) -> bool:
    return bool((claims.sum(axis=0) > economy.commons * FITS).any())


def _most(economy: Economy, options: Unmediated) -> Array:
    """The most that may be claimed of each good, (goods,)."""
    most: float | dict[str, float] = options.game.max_claim  # type: ignore[attr-defined]
    if not isinstance(most, dict):
        return np.full(len(economy.goods), float(most))
    return np.array([most.get(good, q) for good, q in zip(economy.goods, economy.commons, strict=True)])


def _claims(economy: Economy, actions: Array, options: Unmediated) -> Follows:
    nothing = np.zeros(economy.shape)
    claimed = economy.endowment + actions
    utility = economy.utility(claimed)
    _, gains = _best_claims(economy, actions, options)
    if _too_much(economy, actions):
        penalty: float = options.game.penalty  # type: ignore[attr-defined]
        return Follows(nothing, nothing, utility - penalty, gains)
    return Follows(claimed, nothing, utility, gains)


def _best_claims(economy: Economy, claims: Array, options: Unmediated) -> tuple[Array, Array]:
    """Everyone's best claim, the others' being as they are, and its gain; never by adding -1e99 first."""
    penalty: float = options.game.penalty  # type: ignore[attr-defined]
    others = claims.sum(axis=0) - claims
    certain = (others > economy.commons * FITS).any(axis=1)
    greedy = np.minimum(_room(economy), _most(economy, options))
    modest = np.minimum(greedy, _left(economy, others))
    now, fighting = economy.utility(economy.endowment + claims), _too_much(economy, claims)
    starts = (others + greedy > economy.commons * FITS).any(axis=1)
    found = []
    for claim, peace in ((modest, ~certain), (greedy, ~starts)):
        reached = economy.utility(economy.endowment + claim)
        saved = penalty * (
            float(fighting) - (~peace).astype(float)
        )  # what war costs now and would not, or would
        with np.errstate(invalid="ignore"):
            more = np.where(reached == now, 0.0, reached - now)
        found.append(np.where(np.isneginf(reached), 0.0, np.maximum(more + saved, 0.0)))
    by_modest, by_greedy = found
    best = np.where((by_greedy > by_modest)[:, None], greedy, modest)
    gains = np.maximum(by_modest, by_greedy)
    return np.where((gains > 0)[:, None], best, claims), gains


def _replayed(economy: Economy, claims: Array, options: Unmediated, rounds: int) -> Array:
    """The claims after some more rounds of best replies."""
    simultaneous = options.game.schedule == "simultaneous"
    for _ in range(rounds):
        if simultaneous:
            claims = _best_claims(economy, claims, options)[0]
            continue
        for i in range(len(claims)):
            claims = claims.copy()
            claims[i] = _best_claims(economy, claims, options)[0][i]
    return claims


# --- gift and autarky ------------------------------------------------------------------------------


def _kept(economy: Economy, options: Unmediated) -> Array:
    """The share of its own output that each agent gets to consume, (agents, goods)."""
    wants = ((economy.bliss > 0) | economy.turns_goods_into_goods[:, None]).astype(float)
    return wants / np.maximum(wants.sum(axis=0), 1.0) if options.game.name == "gift" else wants


def _without(economy: Economy, actions: Array, options: Unmediated) -> Array:
    """What each agent would consume if it made nothing, (agents, goods)."""
    if options.game.name == "autarky":
        return economy.endowment
    others = actions.sum(axis=0) - actions
    return economy.endowment + _kept(economy, options) * (economy.commons + others)


def _made(economy: Economy, actions: Array, options: Unmediated) -> Follows:
    kept, base = _kept(economy, options), _without(economy, actions, options)
    own = options.game.name == "autarky"  # there what is made and not wanted is consumed all the same
    x = np.maximum(economy.endowment + actions if own else base + kept * actions, 0.0)
    payoffs = economy.welfare(x, actions)
    gains = np.zeros(len(economy.agents))
    could, turns = economy.capacity > 0, economy.turns_goods_into_goods[:, None]
    typical = np.maximum(economy.resources, actions.max(axis=0, initial=0.0))
    typical = np.where(typical > 0, typical, 1.0)
    for share in PROBES:
        for tried in (share * actions, np.where(could & (kept > 0), share * typical, 0.0)):
            outputs = np.where(turns, share * actions, np.minimum(tried, economy.capacity))
            eaten = base + kept * outputs
            possible = np.asarray((eaten >= 0).all(axis=1))[:, None]
            outputs = np.where(possible, outputs, actions)
            eaten = np.maximum(base + kept * outputs, 0.0)
            gains = np.maximum(gains, _more(payoffs, economy.welfare(eaten, outputs)))
    return Follows(x, actions, payoffs, gains)


def _first_order(economy: Economy, record: Record, options: Unmediated) -> float:
    """The largest relative violation of the conditions for best outputs; inf where they prove nothing."""
    assert record.actions is not None
    y, kept = record.actions, _kept(economy, options)
    decides = ((economy.capacity > 0) & (kept > 0)).any(axis=1) | economy.turns_goods_into_goods
    if (economy.not_concave & decides).any():
        return np.inf
    base = _without(economy, y, options)
    plenty = np.minimum(economy.capacity, 1e100)
    concerned = np.isfinite(economy.utility(base + kept * plenty)) | ~(kept * plenty > 0).any(axis=1)
    slopes, costs = economy.marginal_utility(np.maximum(base + kept * y, 0.0)), economy.marginal_cost(y)
    worth = np.multiply(kept, slopes, out=np.zeros_like(y), where=kept > 0)
    at_a_cost = ~economy.turns_goods_into_goods[:, None]  # netputs are tried out only
    some = at_a_cost & (y > ROUNDING * np.maximum(base, y).max(axis=0, initial=0.0))
    full = y >= economy.capacity * (1.0 - ROUNDING)
    too_little = _beyond(worth, costs, (economy.capacity > 0) & ~full)
    too_much = _beyond(costs, worth, some)
    return float(np.where(concerned[:, None], np.maximum(too_little, too_much), 0.0).max(initial=0.0))


def _beyond(more: Array, less: Array, where: NDArray[np.bool_]) -> Array:
    """By what share `more` is above `less` where it must not be."""
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(np.isinf(more), np.inf, 1.0 - less / more)
    return np.where(where & (more > less), share, 0.0)


def _more(before: Array, after: Array) -> Array:
    """After - before where that is a gain; nothing from -inf to -inf."""
    with np.errstate(invalid="ignore"):
        return np.where(before == after, 0.0, np.maximum(after - before, 0.0))


_FOLLOWS = {"seize": _seize, "claims": _claims, "gift": _made, "autarky": _made}
