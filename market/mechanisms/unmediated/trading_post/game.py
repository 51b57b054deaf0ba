"""The game of trading posts: money bid for goods, goods offered for money, one price at each post.

Claims, by the evidence that is recomputed:

- *nash*: with `conduct = 1`, no player was found to gain by another action, by a search of its own
  (`deviations.py`), and price takers would not answer otherwise at the prices;
- *settled*: no player moves, each by its conjecture, but one who knew how prices move could gain: `conduct
  < 1`;
- *no_equilibrium*: an agent is alone on its side of a post, and an ever smaller bid or offer is always
  better;
- *cycling*, *max_rounds*, *failed*: as of any game.

Without trade at a post nothing that one agent does there makes a trade, so that no trade is an equilibrium of
every economy in which both sides are strategic and nothing is offered by itself; for two or more on each side
replies to the smallest bids lead away from it.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.mechanisms.regret import regret as regret_at_prices
from market.mechanisms.unmediated.best_response import Game, GameOutcome, Schedule, rounded
from market.mechanisms.unmediated.trading_post.deviations import players_gains
from market.mechanisms.unmediated.trading_post.posts import Clearing, Posts, Strategic, posts_of
from market.mechanisms.unmediated.trading_post.replies import Settings, best_replies
from market.outcome import Status, shown
from market.registry import option

LISTED = 6  # goods named in the evidence
FREE = 1e-30  # money: a price below it is that of a good of which something is left over at any price
TINY = 1e-8  # share of a post: the growth of smaller actions is seen by their powers of two


@dataclass(frozen=True)
class TradingPost(Game):
    """Money is bid for goods at posts, p = bids / offers, and agents know that they move prices."""

    name = "trading_post"
    strategic: Strategic = option(
        "both", "who counts on moving prices: buyers (Kelly), sellers (Cournot) or both (Shapley and Shubik)"
    )
    conduct: float = option(
        1.0,
        "how far: 0 takes prices, 1 knows how they move (Cournot), between is a conjecture",
        low=0.0,
        high=1.0,
    )
    first: float = option(
        0.5, "share of its competitive bids and offers that each agent begins with; 0 is no trade", low=0.0
    )
    smallest: float = option(
        1e-12, "the least bid or offer that counts, share of the competitive total", low=0.0, high=0.01,
        open_low=True,
    )  # fmt: skip
    schedule: Schedule = option("sequential", "order of replies within a round")

    def _posts(self, economy: Economy) -> Posts:
        return posts_of(economy, self.strategic)

    def start(self, economy: Economy) -> Array:
        """Return a share of what players would bid and offer if all agents took prices.

        Raises:
            InputError: the economy has no posts, or a best reply cannot be computed.
        """
        posts, profile = self._posts(economy), np.zeros(economy.shape)
        known = posts.price_taking
        if self.first == 0:
            return profile
        if known is None:  # equal shares
            part = self.first / len(economy.agents)
            bids = np.minimum(np.where(np.isfinite(economy.budget), economy.budget, 1.0), 1.0)[:, None] * part
            wants = (economy.bliss > 0) & (economy.endowment <= 0)
            profile = np.where(wants, bids, -part * np.minimum(economy.endowment + economy.capacity, 1.0))
            profile[:, [g for g in range(profile.shape[1]) if g not in posts.goods]] = 0.0
        else:
            z = known.trades
            profile = self.first * np.where(z > 0, known.prices * z, z)
        profile[posts.others] = 0.0
        return profile + 0.0

    def players(self, economy: Economy) -> NDArray[np.intp]:
        """Return the rows of the strategic agents."""
        return self._posts(economy).players

    def key(self, economy: Economy, profile: Array) -> bytes:
        """Return rounded shares of price-taking totals, and the powers of two of very small ones."""
        money, amounts = self._posts(economy).scale
        size = np.where(profile > 0, money, amounts)
        share = np.abs(profile) / size
        tiny = (share > 0) & (share < TINY)
        powers = np.where(tiny, np.floor(np.log2(np.where(tiny, share, 1.0))), 0.0)
        return rounded(profile, size).tobytes() + powers.tobytes()

    def total(self, profile: Array) -> Array:
        """Return the amounts offered where only sellers play, else the money bid, (goods,)."""
        return np.maximum(-profile if self.strategic == "sellers" else profile, 0.0).sum(axis=0)

    def replies(self, economy: Economy, profile: Array, rows: NDArray[np.intp]) -> Array:
        """Return best replies, (rows, goods)."""
        settings = Settings(self.conduct, self.smallest)
        return best_replies(self._posts(economy), profile, rows, settings)

    def allowed(self, economy: Economy, profile: Array) -> bool:
        """Return whether actions are finite, of players only, within what they own, can make and can pay."""
        posts = self._posts(economy)
        limit = economy.endowment + economy.capacity
        idle = np.ones(len(economy.agents), dtype=bool)
        idle[posts.players] = False
        offers, bids = np.maximum(-profile, 0.0), np.maximum(profile, 0.0)
        return bool(
            np.isfinite(profile).all()
            and not profile[idle].any()
            and (offers <= limit * (1.0 + 1e-12)).all()
            and not ((bids > 0) & ~(economy.bliss > 0)).any()
        )

    def result(self, economy: Economy, profile: Array) -> GameOutcome:
        """Return what bids and offers lead to; bids and offers at a post without a counterpart go back."""
        posts = self._posts(economy)
        clearing = posts.cleared(profile)
        return _outcome(economy, clearing)

    def regret(self, economy: Economy, profile: Array) -> Array:
        """Return the most that each agent could gain by deviating alone, (agents,)."""
        posts = self._posts(economy)
        gains = players_gains(posts, profile, self.smallest)
        if posts.takers is not None:
            gains[posts.others] = self._of_takers(posts, profile)
        return gains

    def _of_takers(self, posts: Posts, profile: Array) -> Array:
        """Return the gains of price takers from other answers at the prices, (takers,)."""
        assert posts.takers is not None
        outcome = self.result(posts.economy, profile)
        p = outcome.prices
        if p is None or not (p[posts.concerns_takers] > 0).all():
            return np.zeros(len(posts.others))
        x, y = outcome.consumption[posts.others], outcome.production[posts.others]
        found = posts.takers.payoff(posts.takers.welfare(x, y), p, x, y)
        return regret_at_prices(posts.takers, p, found)

    # --- what the profile shows --------------------------------------------------------------------

    def figures(self, economy: Economy, profile: Array) -> dict[str, float]:
        """Return price-taking prices, and Lerner's index of strategic sellers, by post."""
        posts = self._posts(economy)
        known, found = posts.price_taking, {}
        p = posts.cleared(profile).prices
        index = _lerner(posts, profile, p)
        for g in posts.goods[:LISTED]:
            good = economy.goods[int(g)]
            if known is not None and known.prices[g] > FREE:
                found[f"price_taking_price[{good}]"] = float(known.prices[g])
            if np.isfinite(index[g]) and index[g] >= 0:
                found[f"lerner_index[{good}]"] = float(index[g])
        return found

    def verdict(
        self, economy: Economy, profile: Array, gain: float, tolerance: float
    ) -> tuple[Status, str] | None:
        """Return the status of a profile at rest where it is none of any game's; None otherwise."""
        lone = self._alone(economy, profile)
        if lone is not None:
            return Status.NO_EQUILIBRIUM, lone
        if self.conduct < 1 and gain > tolerance:
            return (
                Status.SETTLED,
                f"No agent moves by its conjecture (conduct {self.conduct:g}); one that knew how prices move "
                f"could gain {shown(gain)} of its utility.",
            )
        return None

    def _alone(self, economy: Economy, profile: Array) -> str | None:
        """Return the reason why there is no equilibrium: an agent alone on its side of a post."""
        if self.conduct < 1:
            return None
        posts = self._posts(economy)
        money, amounts = posts.scale
        could = _could_act(posts)
        for g in posts.goods:
            for side, least, words in (
                (1, self.smallest * money[g], ("buyer", "bid", "gets all that is offered")),
                (-1, self.smallest * amounts[g], ("seller", "offer", "gets all the money")),
            ):
                own = side * profile[:, g]
                acting = np.flatnonzero(own > 0)
                if len(acting) == 1 and own[acting[0]] <= least * 1.001 and could[side][:, g].sum() == 1:
                    what, act, gets = words
                    return (
                        f"There is no equilibrium: {economy.agents[int(acting[0])]}, the only {what} of "
                        f"{economy.goods[int(g)]}, {gets} for any {act}, so that an ever smaller {act} is "
                        f"always better; the least that counts is shown."
                    )
        return None

    def note(self, economy: Economy, profile: Array) -> str:
        """Return what to know of a profile: no trade, competitive prices, or how far from them."""
        posts = self._posts(economy)
        p = posts.cleared(profile).prices
        closed = [economy.goods[int(g)] for g in posts.goods if not p[g] > 0]
        known = posts.price_taking
        if closed:
            trades = known is not None and any(known.prices[g] > 0 for g in posts.goods)
            on_purpose = (
                " The play began there on purpose (first = 0)."
                if self.first == 0 and not profile.any()
                else ""
            )
            if self.strategic == "both" and trades and len(closed) == len(posts.goods):
                return (
                    "No trade: where one side brings nothing, no other agent can gain by bringing something, "
                    f"so this is an equilibrium of every such economy.{on_purpose}"
                )
            return f"Nothing is traded of {', '.join(closed[:LISTED])}.{on_purpose}"
        if known is None:
            return ""
        index = _lerner(posts, profile, p)
        parts = []
        for g in posts.goods[:3]:
            lerner = f", Lerner index {index[g]:.4f}" if np.isfinite(index[g]) and index[g] >= 0 else ""
            good = economy.goods[int(g)]
            here, there = (float(each) if each > FREE else 0.0 for each in (p[g], known.prices[g]))
            parts.append(f"{good} at {here:.6g}, price-taking {there:.6g}{lerner}")
        return f"Prices: {'; '.join(parts)}."

    def on_cycle(self, economy: Economy, period: int) -> str:
        """Return why simultaneous replies come back."""
        firms = len(self._posts(economy).players)
        if self.strategic == "sellers" and self.schedule == "simultaneous" and firms >= 3 and period == 2:
            return (
                f"Simultaneous replies of {firms} Cournot firms overshoot: all produce too much and then too "
                "little (Theocharis 1960); sequential replies settle."
            )
        return ""


def _outcome(economy: Economy, clearing: Clearing) -> GameOutcome:
    """Return consumption, production, payments and payoffs of net trades at prices."""
    p, z = clearing
    made = np.maximum(-z - economy.endowment, 0.0)
    made = np.where(economy.capacity > 0, np.minimum(made, economy.capacity), 0.0)
    x = np.maximum(economy.endowment + z + made, 0.0)
    paid = z @ p
    if economy.money is Money.EXCHANGE:
        assert economy.numeraire is not None
        x[:, economy.numeraire] = np.maximum(economy.endowment[:, economy.numeraire] - paid, 0.0)
        payments = np.zeros(len(paid))
        payoffs = economy.welfare(x, made)
    else:
        payments = paid
        counts = np.ones(len(paid)) if economy.money is Money.QUASILINEAR else ~economy.wants_something
        payoffs = economy.welfare(x, made) - np.where(counts, paid, 0.0)
    prices = np.where(p > FREE, p, 0.0) if (p[np.arange(len(p)) != economy.numeraire] > 0).any() else None
    return GameOutcome(x, made, payoffs, payments, float(payments.sum()), prices)


def _could_act(posts: Posts) -> dict[int, NDArray[np.bool_]]:
    """Return masks of players that could bid (1) and offer (-1), (agents, goods)."""
    economy, plays = posts.economy, np.zeros((len(posts.economy.agents), 1), dtype=bool)
    plays[posts.players] = True
    return {1: plays & (economy.bliss > 0), -1: plays & ((economy.endowment > 0) | (economy.capacity > 0))}


def _lerner(posts: Posts, profile: Array, p: Array) -> Array:
    """Return `(p - v) / p`, v the marginal value to strategic sellers, weighted by sales, (goods,)."""
    economy = posts.economy
    outcome = _outcome(economy, posts.cleared(profile))
    sold = np.maximum(-profile, 0.0)
    cost = economy.marginal_cost(outcome.production)
    makes = (outcome.production > 0) | (economy.capacity > 0)
    value = np.where(makes, np.where(np.isfinite(cost), cost, 0.0), 0.0)
    wants = economy.bliss > 0
    slopes = np.where(wants, economy.marginal_utility(outcome.consumption), 0.0)
    if economy.money is Money.EXCHANGE:
        money = economy.marginal_utility(outcome.consumption)[:, economy.numeraire, None]
        slopes = np.divide(slopes, money, out=np.zeros_like(slopes), where=(money > 0) & np.isfinite(money))
    value = np.where(wants, slopes, value)
    total = sold.sum(axis=0)
    mean = np.where(sold > 0, sold * np.where(np.isfinite(value), value, 0.0), 0.0).sum(axis=0)
    mean = np.divide(mean, total, out=np.full_like(total, np.nan), where=total > 0)
    return np.divide(p - mean, p, out=np.full_like(p, np.nan), where=p > 0)
