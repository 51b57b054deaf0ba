"""Economies and plays for the tests of barter."""

from __future__ import annotations

import numpy as np

from market.economy.families.utilities import UTILITIES
from market.economy.primitives import Block, Economy, Money
from market.mechanisms import Barter, play
from market.mechanisms.trading.barter.mechanism import BarterState
from market.outcome import Outcome


def owners(family: str, endowment, money: str = "exchange", budget=None, **parameters) -> Economy:
    """Return an economy of owners with utilities of one family."""
    e = np.array(endowment, dtype=float)
    agents, goods = e.shape
    none = np.inf if money == "quasilinear" else 0.0
    arrays = {key: np.array(values, dtype=float) for key, values in parameters.items()}
    return Economy(
        money=Money(money),
        goods=tuple("abcdefghijklmnop"[:goods]),
        agents=tuple(f"agent{i}" for i in range(agents)),
        groups={},
        commons=np.zeros(goods),
        endowment=e,
        budget=np.full(agents, none) if budget is None else np.array(budget, dtype=float),
        commons_share=np.full(agents, 1.0 / agents),
        utilities=(Block(UTILITIES[family], slice(0, agents), arrays),),
    )


def axtell(agents: int, goods: int, seed: int, family: str = "cobb_douglas") -> Economy:
    """Return Axtell's economy: weights U(.01, .99), normalised, and endowments U(50, 150)."""
    rng = np.random.default_rng(seed)
    weights = rng.uniform(0.01, 0.99, (agents, goods))
    e = rng.uniform(50.0, 150.0, (agents, goods))
    drawn = owners(family, e[:, : min(goods, 16)], weights=weights / weights.sum(axis=1, keepdims=True))
    return Economy(**{**vars_of(drawn), "seed": seed})


def vars_of(economy: Economy) -> dict:
    """Return the fields of an economy by name."""
    return {name: getattr(economy, name) for name in economy.__dataclass_fields__}


def until_alike(economy: Economy, spread: float = 0.01, most: int = 5000, **options) -> BarterState:
    """Return the state in which the standard deviation of ln MRS has fallen below a bound."""
    mechanism = Barter("barter", **options)
    state = mechanism.start(economy)
    while state.round == 0 or not state.seen.sd_ln_mrs < spread:
        assert state.round < most
        state = mechanism.step(economy, state, None)
    return state


def bartered(economy: Economy, **options) -> Outcome:
    """Return the outcome of barter."""
    return play(Barter("barter", **options), economy)


def feldman(gold=(0.0, 0.0, 0.0)) -> Economy:
    """Return three agents of whom each has what the one before wants twice as much, and gold."""
    own = np.eye(3)
    weights = own + 2.0 * np.roll(own, 1, axis=1)
    return owners(
        "linear",
        np.column_stack([own, gold]),
        weights=np.column_stack([weights, np.ones(3)]),
    )
