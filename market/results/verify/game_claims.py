"""Claims about a game: the outcome follows from the recorded actions, and no agent gains by deviating.

The rules of the games are stated here again, independently of the code that played:

- seize: movers, in order, each take min(bliss - e, the rest) of the commons; the others share the rest;
- claims: in peace each agent has e + its claim; in war no good is consumed and the payoff is
  `u(e + claim) - penalty`. The best claim in peace is what the others leave, in war the most that is allowed;
- gift: production and commons go in equal shares to the agents that want a good, at its producers' cost;
- autarky: each agent consumes its endowment and its production.

In the first two the best deviation has a closed form. In the others payoffs are concave in an agent's own
outputs y_i, so that the conditions `s_g du/dx_g <= dC/dy_g`, with equality where `y_g > 0` (>= at capacity),
are sufficient; and some deviations are tried. For a utility that is not concave they prove nothing, so no
best output of its agent is accepted.

Trading posts have prices, and a module of their own (`post_claims.py`).

A game that is not stated here is checked by its own pure functions `allowed`, `result` and `regret`, and the
claims say so: the record then agrees with the code that played, without independent proof.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy
from market.outcome import Status, shown
from market.results.verify.accounts import Due, feasible, without_money
from market.results.verify.claim import Claim, difference
from market.results.verify.evidence import possible_period
from market.results.verify.post_claims import check_posts, posts_due
from market.tolerances import PLENTY, ROUNDING_OF_RESULTS

if TYPE_CHECKING:
    from market.mechanisms.unmediated.best_response import Unmediated
    from market.results.verify.record import Record

POSTS = "trading_post"  # stated in `post_claims.py`
FITS = 1.0 + 1e-12  # claims that exceed the stock by rounding mean no war
FIRST_ORDER = 1e-4  # relative; a gain is of second order in the violation
PROBES = (0.0, 1e-6, 1e-3, 0.1, 0.5, 0.9, 1.1, 2.0)  # multiples of outputs that are tried


class GameResult(NamedTuple):
    """Result of actions: x and y, (agents, goods), gains from deviating, (agents,), and prices if any."""

    consumption: Array
    production: Array
    regret: Array
    prices: Array | None = None


@dataclass(frozen=True)
class Rules:
    """Rules of a game, as stated here or, failing that, as the game itself has them.

    Args:
        allowed: True of actions that the game allows.
        follows: returns the result of actions.
        due: payments and payoffs; by default nothing is paid, and payoffs are utilities.
        conditions: returns the violation of first-order conditions; None if `follows` has all gains exactly.
        in_order: the actions of a sequential play; None if there may be several.
        replayed: actions after some more rounds of best replies; None if they are not found here.
        source: the end of a sentence about rules that are not stated here.
    """

    allowed: Callable[[Economy, Array, Unmediated], bool]
    follows: Callable[[Economy, Array, Unmediated], GameResult]
    due: Callable[[Economy, Record, Unmediated], Due] = without_money
    conditions: Callable[[Economy, Record, Unmediated], float] | None = None
    in_order: Callable[[Economy, Unmediated], Array] | None = None
    replayed: Callable[[Economy, Array, Unmediated, int], Array] | None = None
    source: str = ""


def due(economy: Economy, record: Record, options: Unmediated) -> Due | None:
    """Return the payments and payoffs of the recorded actions; None if they are not actions of the game."""
    if options.game.name == POSTS:
        return None if record.actions is None else posts_due(economy, record)
    rules = _rules(options)
    if record.actions is None or not rules.allowed(economy, record.actions, options):
        return None
    return rules.due(economy, record, options)


def check_game(economy: Economy, record: Record, options: Unmediated) -> Iterator[Claim]:
    """Check the actions of a game, its outcome and its status."""
    if options.game.name == POSTS:
        yield from check_posts(economy, record, options)
        return
    if record.actions is None or record.regret is None:
        yield Claim(f"{record.name}: actions", False, "the outcome of a game must have actions and regrets")
        return
    rules = _rules(options)
    allowed = rules.allowed(economy, record.actions, options)
    detail = f"in the game {options.game.name}{rules.source}"
    yield Claim(f"{record.name}: actions are allowed", allowed, detail)
    if not allowed:
        return
    follows = rules.follows(economy, record.actions, options)
    apart = max(
        difference(record.consumption, follows.consumption, economy.commons),
        difference(record.production, follows.production),
        _prices_apart(record.prices, follows.prices),
    )
    detail = f"largest relative difference: {shown(apart)}{rules.source}"
    yield Claim(f"{record.name}: the outcome follows from the actions", apart <= ROUNDING_OF_RESULTS, detail)
    size = np.where(np.isfinite(record.utilities), np.abs(record.utilities), 0.0)
    if rules.conditions is None:
        apart = difference(record.regret, follows.regret, np.maximum(size, economy.utility_scale))
        detail = f"largest relative difference: {shown(apart)}{rules.source}"
        yield Claim(f"{record.name}: regret", apart <= ROUNDING_OF_RESULTS, detail)
    largest = float((follows.regret / np.maximum(size, economy.utility_scale)).max(initial=0.0))
    violated = 0.0 if rules.conditions is None else rules.conditions(economy, record, options)
    yield _ended(economy, record, record.actions, options, largest, violated)


def _rules(options: Unmediated) -> Rules:
    return _STATED.get(options.game.name, _BY_ITS_OWN_CODE)


def _prices_apart(recorded: Array | None, again: Array | None) -> float:
    """Return the largest relative difference of two sets of prices; inf if there is only one."""
    if recorded is None or again is None:
        return 0.0 if recorded is again else np.inf
    return difference(recorded, again)


def _ended(
    economy: Economy,
    record: Record,
    actions: Array,
    options: Unmediated,
    largest: float,
    violated: float,
) -> Claim:
    """Check the status against the recomputed numbers."""
    name, rules = f"{record.name}: {record.status.value}", _rules(options)
    no_deviation = largest <= options.tolerance + ROUNDING_OF_RESULTS and violated <= FIRST_ORDER
    found = f"largest gain from deviating: {shown(largest)}{rules.source}"
    if violated > 0:
        found += f", first-order conditions are violated by {shown(violated)}"
    if record.status is Status.NASH:
        if rules.in_order is not None and options.game.schedule == "sequential":
            in_order = difference(actions, rules.in_order(economy, options))
            detail = f"{found}; difference from play in order: {shown(in_order)}"
            return Claim(name, no_deviation and in_order <= ROUNDING_OF_RESULTS, detail)
        return Claim(name, no_deviation, found)
    if record.status is Status.CYCLING:
        if rules.source and not no_deviation:
            return Claim(name, None, f"not checked: best replies are not played again; {found}")
        if rules.replayed is None:
            return Claim(name, not no_deviation, found)
        if not possible_period(record, record.evidence_value("period")):
            return Claim(name, False, "the stated period is not a number of rounds played")
        period = round(record.evidence_value("period"))
        again = rules.replayed(economy, actions, options, period)
        apart = difference(again, actions, economy.commons)
        detail = f"{period} rounds of best replies lead back to the actions"
        return Claim(name, apart <= ROUNDING_OF_RESULTS and largest > 0, detail)
    if record.status is Status.MAX_ROUNDS:
        return Claim(name, record.rounds == options.max_rounds, found)
    if record.status is Status.FAILED and record.regret is not None and np.isinf(record.regret).all():
        return Claim(name, None, "not checked: the record itself says that best replies were not found")
    return Claim(name, record.status is Status.FAILED and not no_deviation, found)


def _amounts(actions: Array) -> bool:
    """Return True if actions are finite and not negative."""
    return bool((np.isfinite(actions) & (actions >= 0)).all())


def _left(economy: Economy, taken: Array) -> Array:
    """Return the rest of the commons, rounding residuals set to zero."""
    left = economy.commons - taken
    return np.where(left > (FITS - 1.0) * economy.commons, left, 0.0)


# --- seize -----------------------------------------------------------------------------------------


def _movers(economy: Economy, options: Unmediated) -> list[int]:
    named: tuple[str, ...] = options.game.movers  # type: ignore[attr-defined]
    return list(dict.fromkeys(row for name in named for row in economy.rows(name).tolist()))


def _room(economy: Economy) -> Array:
    """Return each agent's satiation amounts beyond its endowment, (agents, goods)."""
    return np.maximum(economy.bliss - economy.endowment, 0.0)


def _in_order(economy: Economy, options: Unmediated) -> Array:
    """Return the amounts that the movers take, one after the other, (agents, goods)."""
    room, taken = _room(economy), np.zeros(economy.shape)
    for i in _movers(economy, options):
        taken[i] = np.minimum(room[i], _left(economy, taken.sum(axis=0)))
    return taken


def _may_be_taken(economy: Economy, actions: Array, options: Unmediated) -> bool:  # noqa: ARG001
    return _amounts(actions) and bool((actions.sum(axis=0) <= economy.commons * FITS).all())


def _seize(economy: Economy, actions: Array, options: Unmediated) -> GameResult:
    movers = np.zeros(len(economy.agents), dtype=bool)
    movers[_movers(economy, options)] = True
    left = _left(economy, actions.sum(axis=0))
    waiting = int(np.count_nonzero(~movers))
    x = economy.endowment + np.where(movers[:, None], actions, left / max(waiting, 1))
    now = economy.utility(economy.endowment + actions)
    best = economy.utility(economy.endowment + np.minimum(_room(economy), actions + left))
    return GameResult(x, np.zeros(economy.shape), np.where(movers, _more(now, best), 0.0))


# --- claims ----------------------------------------------------------------------------------------


def _too_much(economy: Economy, claims: Array) -> bool:
    return bool((claims.sum(axis=0) > economy.commons * FITS).any())


def _most(economy: Economy, options: Unmediated) -> Array:
    """Return the largest allowed claim of each good, (goods,)."""
    most: float | dict[str, float] = options.game.max_claim  # type: ignore[attr-defined]
    if not isinstance(most, dict):
        return np.full(len(economy.goods), float(most))
    return np.array([most.get(good, q) for good, q in zip(economy.goods, economy.commons, strict=True)])


def _may_be_claimed(economy: Economy, actions: Array, options: Unmediated) -> bool:
    return _amounts(actions) and bool((actions <= _most(economy, options) * FITS).all())


def _claims(economy: Economy, actions: Array, options: Unmediated) -> GameResult:
    nothing = np.zeros(economy.shape)
    _, gains = _best_claims(economy, actions, options)
    if _too_much(economy, actions):
        return GameResult(nothing, nothing, gains)
    return GameResult(economy.endowment + actions, nothing, gains)


def _in_war_or_peace(economy: Economy, record: Record, options: Unmediated) -> Due:
    """Return zero payments; in war payoffs are the utilities of the claims minus the penalty."""
    peace = without_money(economy, record)
    if record.actions is None or not _too_much(economy, record.actions):
        return peace
    penalty: float = options.game.penalty  # type: ignore[attr-defined]
    return peace._replace(payoffs=economy.utility(economy.endowment + record.actions) - penalty)


def _best_claims(economy: Economy, claims: Array, options: Unmediated) -> tuple[Array, Array]:
    """Return each agent's best reply and its gain; the penalty is subtracted after comparing utilities."""
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
        )  # the penalty of war, now and after the reply
        with np.errstate(invalid="ignore"):
            more = np.where(reached == now, 0.0, reached - now)
        found.append(np.where(np.isneginf(reached), 0.0, np.maximum(more + saved, 0.0)))
    by_modest, by_greedy = found
    best = np.where((by_greedy > by_modest)[:, None], greedy, modest)
    gains = np.maximum(by_modest, by_greedy)
    return np.where((gains > 0)[:, None], best, claims), gains


def _replayed(economy: Economy, claims: Array, options: Unmediated, rounds: int) -> Array:
    """Return the claims after more rounds of best replies."""
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


def _may_be_made(economy: Economy, actions: Array, options: Unmediated) -> bool:
    if options.game.name == "autarky" and economy.technologies:
        finite = bool(np.isfinite(actions).all())
        return finite and feasible(economy, np.maximum(economy.endowment + actions, 0.0), actions)[0]
    return _amounts(actions) and bool((actions <= economy.capacity * FITS).all())


def _kept(economy: Economy, options: Unmediated) -> Array:
    """Return the share of its own output that each agent consumes, (agents, goods)."""
    wants = ((economy.bliss > 0) | economy.turns_goods_into_goods[:, None]).astype(float)
    return wants / np.maximum(wants.sum(axis=0), 1.0) if options.game.name == "gift" else wants


def _without(economy: Economy, actions: Array, options: Unmediated) -> Array:
    """Return each agent's consumption without own production, (agents, goods)."""
    if options.game.name == "autarky":
        return economy.endowment
    others = actions.sum(axis=0) - actions
    return economy.endowment + _kept(economy, options) * (economy.commons + others)


def _made(economy: Economy, actions: Array, options: Unmediated) -> GameResult:
    kept, base = _kept(economy, options), _without(economy, actions, options)
    own = options.game.name == "autarky"  # there unwanted production is consumed too
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
    return GameResult(x, actions, gains)


def _first_order(economy: Economy, record: Record, options: Unmediated) -> float:
    """Return the largest relative violation of first-order conditions; inf where they prove nothing."""
    assert record.actions is not None
    y, kept = record.actions, _kept(economy, options)
    decides = ((economy.capacity > 0) & (kept > 0)).any(axis=1) | economy.turns_goods_into_goods
    if (economy.not_concave & decides).any():
        return np.inf
    base = _without(economy, y, options)
    plenty = np.minimum(economy.capacity, PLENTY)
    concerned = np.isfinite(economy.utility(base + kept * plenty)) | ~(kept * plenty > 0).any(axis=1)
    slopes, costs = economy.marginal_utility(np.maximum(base + kept * y, 0.0)), economy.marginal_cost(y)
    worth = np.multiply(kept, slopes, out=np.zeros_like(y), where=kept > 0)
    at_a_cost = ~economy.turns_goods_into_goods[:, None]  # netputs are only tried
    some = at_a_cost & (y > ROUNDING_OF_RESULTS * np.maximum(base, y).max(axis=0, initial=0.0))
    full = y >= economy.capacity * (1.0 - ROUNDING_OF_RESULTS)
    too_little = _beyond(worth, costs, (economy.capacity > 0) & ~full)
    too_much = _beyond(costs, worth, some)
    return float(np.where(concerned[:, None], np.maximum(too_little, too_much), 0.0).max(initial=0.0))


def _beyond(more: Array, less: Array, where: NDArray[np.bool_]) -> Array:
    """Return the share by which `more` exceeds `less` where it must not."""
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(np.isinf(more), np.inf, 1.0 - less / more)
    return np.where(where & (more > less), share, 0.0)


def _more(before: Array, after: Array) -> Array:
    """Return after - before where that is a gain, else 0; 0 from -inf to -inf."""
    with np.errstate(invalid="ignore"):
        return np.where(before == after, 0.0, np.maximum(after - before, 0.0))


# --- a game's own code -----------------------------------------------------------------------------


def _own_allowed(economy: Economy, actions: Array, options: Unmediated) -> bool:
    return bool(np.isfinite(actions).all()) and options.game.allowed(economy, actions)


def _own_follows(economy: Economy, actions: Array, options: Unmediated) -> GameResult:
    played = options.game.result(economy, actions)
    regret = options.game.regret(economy, actions)
    return GameResult(played.consumption, played.production, regret, played.prices)


def _own_due(economy: Economy, record: Record, options: Unmediated) -> Due:
    assert record.actions is not None
    played = options.game.result(economy, record.actions)
    paid = np.zeros(len(economy.agents)) if played.payments is None else played.payments
    return Due(paid, played.revenue, played.payoffs)


_STATED = {
    "seize": Rules(_may_be_taken, _seize, in_order=_in_order),
    "claims": Rules(_may_be_claimed, _claims, due=_in_war_or_peace, replayed=_replayed),
    "gift": Rules(_may_be_made, _made, conditions=_first_order),
    "autarky": Rules(_may_be_made, _made, conditions=_first_order),
}
"""Games with rules that are stated here, by name."""

_BY_ITS_OWN_CODE = Rules(
    _own_allowed, _own_follows, due=_own_due, source="; rules taken from the game's own code"
)
