"""Payoffs at prices next to contributions to total surplus: Shapley values, marginal contributions, the core.

Symbols: N all agents; v(S) the largest surplus that a coalition S of agents reaches with what its members own
and can make; s_i agent i's share in the commons q; p prices that support the optimum of all.

Who owns the commons decides what a coalition can do alone. Here they are the agents' by their shares s_i,
equal unless the scenario says otherwise: S has `sum_{i in S} s_i q`, and the revenue of the commons belongs
to agents in the same shares. Then, with

    payoff_i = max_{x, y} (u_i(x) - C_i(y) - p.(x - e_i - y)) + s_i p.q,

payoffs at prices add up to v(N), and any coalition S has `v(S) <= sum_{i in S} payoff_i`: what it consumes
beyond its own costs p. So competitive payoffs are in the core (Shapley and Shubik 1969). The evidence is
recomputed: each agent's regret at p, whose sum bounds what any coalition could gain, and the excess of every
coalition looked at.

The *marginal contribution* `v(N) - v(N without i)` counts an agent last, the *Shapley value* on average over
all orders. Exact where agents are of few types, so that `prod (n_t + 1)` surpluses suffice; else from random
orders, with standard errors. Where a coalition is at -inf (an essential good that no member owns or makes) an
agent that joins it would add without limit, and there is no Shapley value.

Side payments must be possible without limit, so other kinds of money and budgets are refused.

Source: Shapley and Shubik (1969), "On market games"; Aumann (1975), "Values of markets with a continuum of
traders", for the Shapley values of replicas, which approach competitive payoffs where utilities are smooth.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from market.display import Displayed
from market.economy.coalitions import coalition, types
from market.economy.correspondences import Array
from market.economy.primitives import Economy, Money
from market.efficiency.price_intervals import price_intervals
from market.efficiency.shapley import (
    Blocking,
    Counts,
    all_values,
    blocking,
    coalitions,
    core_range,
    sampled_shapley,
    shapley,
)
from market.errors import InputError, NumericalError
from market.mechanisms import Planner, play
from market.mechanisms.regret import regret
from market.mechanisms.trading.largest_surplus import largest_surplus
from market.outcome import Outcome, Status
from market.random_streams import generator
from market.results.schema import LARGEST_MAP, SCHEMA
from market.results.tables import scenario_reference
from market.scenario.building import build
from market.scenario.loading import as_economy
from market.welfare.first_order_conditions import Margins

if TYPE_CHECKING:
    import pandas as pd

    from market.scenario.loading import Scenario

COALITIONS, MOST_COALITIONS = 2000, 1_000_000
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Contributions(Displayed):
    """Payoffs at prices next to what agents contribute; agents of one type have equal numbers.

    Args:
        economy: the economy.
        label: (agents,), the type of each agent, 0, 1, ...
        surplus: v(N), money.
        prices: (goods,), p, that support the optimum of all agents.
        price_interval: good -> range of such prices; None for a good whose price is unique.
        competitive: (agents,), payoffs at p with the revenue of the commons by shares, money.
        regret: the sum of agents' regrets at p, money: no coalition could gain more.
        marginal: (agents,), marginal contributions, money; inf of an agent that another cannot do without.
        shapley: (agents,), Shapley values, money; None where some coalition is at -inf.
        errors: (agents,), their standard errors; None where they are exact or missing.
        core: (agents,) each, the least and the greatest mean payoff of the agent's type in the core; None
            unless all coalitions were looked at.
        blocks_competitive: the coalition of largest excess at competitive payoffs, of all; None unless exact.
        blocks_shapley: likewise at Shapley values.
        evaluated: number of coalitions whose surplus was computed.
        orders: number of random orders; None where Shapley values are exact.
        ruined: members by type of a coalition at -inf; None without one, as far as looked at.
    """

    economy: Economy
    label: NDArray[np.intp]
    surplus: float
    prices: Array
    price_interval: Mapping[str, tuple[float, float] | None] | None
    competitive: Array
    regret: float
    marginal: Array
    shapley: Array | None
    errors: Array | None
    core: tuple[Array, Array] | None
    blocks_competitive: Blocking | None
    blocks_shapley: Blocking | None
    evaluated: int
    orders: int | None
    ruined: Counts | None

    def __repr__(self) -> str:
        """Return the number of agents, types and coalitions, on a line."""
        agents, kinds = len(self.label), len(self.counts)
        how = "exact" if self.orders is None else f"{self.orders:,} random orders"
        return f"<Contributions of {agents:,} agents of {kinds:,} types to {self.surplus:.6g}, {how}>"

    @property
    def counts(self) -> Counts:
        """Number of agents of each type."""
        return tuple(np.bincount(self.label).tolist())

    @property
    def first(self) -> NDArray[np.intp]:
        """Row of the first agent of each type."""
        return np.unique(self.label, return_index=True)[1]

    def table(self) -> pd.DataFrame:
        """Return one row an agent: competitive payoff, Shapley value, its error, marginal contribution."""
        import pandas as pd  # deferred: takes a third of a second

        missing = np.full(len(self.label), np.nan)
        low, high = (missing, missing) if self.core is None else self.core
        return pd.DataFrame(
            {
                "agent": list(self.economy.agents),
                "type": self.label,
                "competitive": self.competitive,
                "shapley": missing if self.shapley is None else self.shapley,
                "standard error": missing if self.errors is None else self.errors,
                "marginal": self.marginal,
                "least in core": low,
                "greatest in core": high,
            }
        )


def contributions(
    scenario: Scenario,
    *,
    most: int = COALITIONS,
    seed: int | None = None,
    progress: Progress | None = None,
) -> Contributions:
    """Return payoffs at prices next to Shapley values, marginal contributions and the core.

    Args:
        scenario: the scenario, read by `market.load`; its mechanisms do not matter.
        most: the largest number of coalitions whose surplus is computed for Shapley values; where types of
            agents leave more, random orders are drawn instead, as many as this allows.
        seed: of all draws, of the economy and of orders; the scenario's own if not given.
        progress: called with the number of coalitions done, and of all.

    Raises:
        InputError: surplus cannot be divided in such an economy, or `most` is out of range.

    Example:
        One left glove, two right ones; a pair is worth 1. The left one gets all of it at prices, and 2/3 on
        average over orders:

        >>> import market
        >>> pair = 'utility = { family = "leontief", weights = { left = 1, right = 1 } }'
        >>> scenario = market.loads(f'''
        ...     schema = 1
        ...     economy = "quasilinear"
        ...     goods = ["left", "right"]
        ...     agents = [
        ...       {{ name = "lefty", endowment = {{ left = 1 }}, {pair} }},
        ...       {{ name = "righty", count = 2, endowment = {{ right = 1 }}, {pair} }},
        ...     ]
        ...     mechanisms = [{{ name = "planner", kind = "planner" }}]
        ... ''')
        >>> found = contributions(scenario)
        >>> found.shapley.round(4).tolist()
        [0.6667, 0.1667, 0.1667]
    """
    as_economy(scenario)
    if not 2 <= most <= MOST_COALITIONS:
        raise InputError(f"coalitions must be 2 to {MOST_COALITIONS:,}, not {most}")
    economy = build(scenario, seed)
    refuse(economy)
    label = types(economy)
    counts: Counts = tuple(np.bincount(label).tolist())
    exact = coalitions(counts) <= most
    if not exact and 2 * len(label) > most:
        raise InputError(
            f"{len(label):,} agents of {len(counts):,} types need at least {2 * len(label):,} coalitions, "
            f"two random orders; allow as many, or play with fewer agents"
        )
    best = _best(economy)
    assert best.prices is not None
    worth = _Worth(economy, label, progress, coalitions(counts) if exact else most)
    surplus = worth.of(counts)
    competitive, regrets = _at_prices(best)
    marginal = np.array([surplus - worth.of(_one_less(counts, kind)) for kind in range(len(counts))])
    values = all_values(counts, worth.of) if exact else None
    orders = None if exact else most // len(label)
    value, errors = _shapley(economy, label, values, worth, orders)
    core = None if values is None else core_range(values)
    firsts = np.unique(label, return_index=True)[1]
    return Contributions(
        economy=economy,
        label=label,
        surplus=surplus,
        prices=best.prices,
        price_interval=price_intervals(best, Margins.at(economy, best.consumption, best.production)),
        competitive=competitive,
        regret=regrets,
        marginal=marginal[label],
        shapley=None if value is None else value[label],
        errors=None if errors is None else errors[label],
        core=None if core is None else (core[0][label], core[1][label]),
        blocks_competitive=None if values is None else blocking(values, competitive[firsts]),
        blocks_shapley=None if values is None or value is None else blocking(values, value),
        evaluated=len(worth.known),
        orders=orders,
        ruined=worth.ruined,
    )


def refuse(economy: Economy) -> None:
    """Refuse an economy whose surplus cannot be divided among agents in money.

    Raises:
        InputError: with the reason.
    """
    if economy.public_goods:
        raise InputError(
            "a coalition cannot keep others from its public goods; contributions need private ones"
        )
    if economy.money is not Money.QUASILINEAR:
        raise InputError(
            f'a coalition divides its surplus in money: economy = "quasilinear", not "{economy.money.value}"'
        )
    if getattr(economy, "public_goods", ()):
        raise InputError(
            "payoffs at prices and coalitions are those of private goods; leave out public goods"
        )
    if economy.harm is not None:
        raise InputError(
            "what a coalition can reach depends on what others make, which harms its members; leave out harm"
        )
    capped = np.flatnonzero(np.isfinite(economy.budget))
    if len(capped):
        raise InputError(
            f"{economy.agents[capped[0]]} has a budget, so that a coalition cannot divide its surplus "
            f"freely; leave out budgets"
        )


class _RuinedError(Exception):
    """Raised where a coalition is at -inf: there is no Shapley value, and no need of further orders."""


class _Worth:
    """v(k) of coalitions by their members of each type, each computed once.

    Args:
        economy: of all agents.
        label: (agents,), the type of each.
        progress: called with the number of coalitions done, and of all.
        many: coalitions to come.
    """

    def __init__(
        self, economy: Economy, label: NDArray[np.intp], progress: Progress | None, many: int
    ) -> None:
        self.economy, self.progress, self.many = economy, progress, many
        self.rows = [np.flatnonzero(label == kind) for kind in range(int(label.max()) + 1)]
        self.known: dict[Counts, float] = {}
        self.ruined: Counts | None = None

    def of(self, k: Counts) -> float:
        """Return v(k): of the first members of each type, with their shares of the commons."""
        if k not in self.known:
            rows = np.sort(np.concatenate([own[:many] for own, many in zip(self.rows, k, strict=True)]))
            share = float(self.economy.commons_share[rows].sum())
            try:
                self.known[k] = largest_surplus(coalition(self.economy, rows, min(share, 1.0))).value
            except NumericalError as error:
                names = ", ".join(self.economy.agents[i] for i in rows[:5].tolist())
                raise InputError(
                    f"the largest surplus of {len(rows)} agents ({names}) was not found: {error}"
                ) from error
            if self.known[k] == -np.inf and (self.ruined is None or sum(k) < sum(self.ruined)):
                self.ruined = k
            if self.progress:
                self.progress(len(self.known), self.many)
        return self.known[k]

    def finite(self, k: Counts) -> float:
        """Return v(k).

        Raises:
            _RuinedError: it is -inf.
        """
        if self.of(k) == -np.inf:
            raise _RuinedError
        return self.known[k]


def _best(economy: Economy) -> Outcome:
    """Return the planner's outcome.

    Raises:
        InputError: there is none.
    """
    best = play(Planner("planner"), economy)
    if best.status is not Status.OPTIMAL:
        raise InputError(f"total surplus has no largest value that was found: {best.reason}")
    return best


def _at_prices(best: Outcome) -> tuple[Array, float]:
    """Return payoffs at the planner's prices with revenue by shares, (agents,), and the sum of regrets."""
    economy, x, y, p = best.economy, best.consumption, best.production, best.prices
    assert p is not None
    paid = economy.payments(p, x, y)
    payoffs = best.utilities - paid
    return payoffs + economy.commons_share * float(paid.sum()), float(regret(economy, p, payoffs).sum())


def _shapley(
    economy: Economy, label: NDArray[np.intp], values: Array | None, worth: _Worth, orders: int | None
) -> tuple[Array | None, Array | None]:
    """Return Shapley values and standard errors by type; None where a coalition is at -inf, or if exact."""
    if values is not None:
        return (shapley(values), None) if np.isfinite(values).all() else (None, None)
    assert orders is not None
    draws = generator(economy.seed, "contributions", "orders")
    try:
        return sampled_shapley(label, worth.finite, orders, draws)
    except _RuinedError:
        return None, None


def _one_less(counts: Counts, kind: int) -> Counts:
    return tuple(n - (i == kind) for i, n in enumerate(counts))


def as_data(scenario: Scenario, found: Contributions) -> dict[str, Any]:
    """Return the contributions as plain Python objects, ready for strict JSON: a list of types of agents.

    Names of agents are null above 1000 agents, as in `result.json`.
    """
    economy = found.economy
    named = len(economy.agents) <= LARGEST_MAP

    def one(kind: int, row: int) -> dict[str, Any]:
        core = None if found.core is None else [_number(end[row]) for end in found.core]
        return {
            "first": economy.agents[row],
            "number": found.counts[kind],
            "agents": [economy.agents[i] for i in np.flatnonzero(found.label == kind).tolist()]
            if named
            else None,
            "competitive": _number(found.competitive[row]),
            "shapley": None if found.shapley is None else _number(found.shapley[row]),
            "standard_error": None if found.errors is None else _number(found.errors[row]),
            "marginal": _number(found.marginal[row]),
            "core": core,
        }

    def block(coalition_: Blocking | None) -> dict[str, Any] | None:
        if coalition_ is None:
            return None
        return {"excess": _number(coalition_.excess), "members": list(coalition_.members)}

    return {
        "schema": SCHEMA,
        "scenario": scenario_reference(scenario).model_dump(),
        "seed": economy.seed,
        "surplus": found.surplus,
        "prices": dict(zip(economy.goods, found.prices.tolist(), strict=True)),
        "types": [one(kind, row) for kind, row in enumerate(found.first.tolist())],
        "sum_of_regrets": _number(found.regret),
        "best_coalition_against_competitive": block(found.blocks_competitive),
        "best_coalition_against_shapley": block(found.blocks_shapley),
        "coalition_at_minus_infinity": None if found.ruined is None else list(found.ruined),
        "coalitions_evaluated": found.evaluated,
        "orders": found.orders,
    }


def _number(value: float) -> float | str:
    """Return a number for strict JSON; infinities in words, as in `result.json`."""
    if np.isinf(value):
        return "Infinity" if value > 0 else "-Infinity"
    return float(value)
