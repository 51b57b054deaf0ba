"""`market.env`: the environment of a scenario under one of its mechanisms."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from market.errors import InputError
from market.interfaces import extras

if TYPE_CHECKING:
    from market.interfaces.env.parallel import MarketEnv
    from market.interfaces.env.rounds import Rounds
    from market.scenario.game_loading import GameScenario
    from market.scenario.loading import Scenario

NEEDED = ("pettingzoo", "gymnasium")
FLOOR = -1e6


def env(
    scenario: Scenario | GameScenario,
    mechanism: str | None = None,
    *,
    agents: Sequence[str] | None = None,
    seed: int | None = None,
    max_rounds: int | None = None,
    floor: float = FLOOR,
    most: float | None = None,
    reward: Literal["payoff", "utility"] = "payoff",
) -> MarketEnv:
    """Return a scenario under one mechanism as a PettingZoo `ParallelEnv`; needs `pip install 'market[rl]'`.

    A step of the environment is a round of the mechanism. All agents act at once, after what the last round
    showed. What can be played, and what an agent chooses:

    - a game of finitely many actions: the number of one, `Discrete`;
    - a game of amounts: its amounts, a `Box`, under kind `unmediated` or `auctioneer`;
    - an economy under kind `auctioneer`: what it demands and supplies at the prices announced, by good, a
      `Box`. A demand beyond its means is cut in proportion;
    - an economy left alone, game `seize`, `claims`, `gift` or `voluntary`: the amounts that it takes, claims,
      makes or pays for, a `Box`.

    Amounts beyond their bounds are moved to the nearest that are allowed; NaN, a wrong shape or an unknown
    action is refused. An *observation* is an array of float64 with what the agent may know: in games the last
    actions of all, its own first, and the prices of its own; in economies the prices to be answered, its own
    endowment, budget, bundle and payment; then its payoff so far (0 before the first round) and the share of
    rounds left. `env.observation_names(agent)` and `env.action_names(agent)` say which number is which.

    *Rewards.* With v_t what the agent has if play stops after round t, r_1 = max(v_1, floor) and r_t =
    max(v_t, floor) - max(v_{t-1}, floor): the rewards of an episode sum to the payoff in the result, or to
    the floor if that is larger. v is the payoff, in games with what the mechanism pays or charges; `infos`
    has it as it is, -inf included. In an auction v_t is what trade at the best prices so far would give.

    *Ends.* An episode is *terminated* if the mechanism is at its end, as when markets clear or prices
    diverge, and *truncated* if the rounds are used up. That a round repeats another ends nothing, since
    learners may yet act otherwise. `env.outcome()` is the outcome, with the status that its evidence
    supports; `Comparison.with_outcome` puts it into a table.

    Args:
        scenario: of an economy or a game, read by `market.load`.
        mechanism: the name of one of its mechanisms; the first one if not given.
        agents: names of agents or groups that act from outside; all by default. The others do what they do
            without an environment.
        seed: of all draws; the scenario's own if not given. `reset(seed=...)` changes none of them.
        max_rounds: rounds of an episode; the mechanism's own limit if not given. 1 plays a game once.
        floor: the least that counts of a payoff, in its unit; finite, so that rewards are.
        most: the largest amount that can be chosen where the scenario sets no limit.
        reward: "payoff", or "utility": without payments in economies; with concern for others in games.

    Raises:
        InputError: PettingZoo is not installed, there is no such mechanism or agent, or agents do not choose
            anything under that mechanism.

    Example:
        >>> import market
        >>> scenario = market.load("scenarios/prisoners_dilemma.toml")
        >>> env = market.env(scenario, "left alone", max_rounds=1)
        >>> env.action_names("row"), env.action_space("row")
        (('cooperate', 'defect'), Discrete(2))
        >>> observations, infos = env.reset()
        >>> env.step({"row": 0, "column": 1})[1]
        {'row': 0.0, 'column': 5.0}
        >>> env.outcome()
        <GameOutcome 'left alone': max rounds after 1 round>
    """
    extras.check("PettingZoo, which market.env needs,", "rl", NEEDED)
    if not math.isfinite(floor):
        raise InputError(f"floor = {floor}; it must be finite, so that rewards are")
    if max_rounds is not None and not (isinstance(max_rounds, int) and max_rounds >= 1):
        raise InputError(f"max_rounds = {max_rounds!r:.40}; a whole number of at least 1 is needed")
    if most is not None and not (math.isfinite(most) and most > 0):
        raise InputError(f"most = {most}; a finite number above 0 is needed")
    if reward not in ("payoff", "utility"):
        raise InputError(f"reward = {reward!r:.40}; it is 'payoff' or 'utility'")
    rounds = _rounds(scenario, mechanism, agents, seed, max_rounds, most)
    from market.interfaces.env.parallel import MarketEnv  # deferred: needs PettingZoo, and takes its time

    return MarketEnv(rounds, f"{scenario.title}: {rounds.label}", floor, reward == "utility")


def _rounds(
    scenario: Scenario | GameScenario,
    mechanism: str | None,
    agents: Sequence[str] | None,
    seed: int | None,
    max_rounds: int | None,
    most: float | None,
) -> Rounds:
    """Return the rounds of the scenario's form and the mechanism's kind."""
    from market.interfaces.env.auctions import AuctionRounds
    from market.interfaces.env.economies import LeftAloneRounds
    from market.interfaces.env.games import GameRounds
    from market.mechanisms import Auction, Unmediated
    from market.scenario.building import build
    from market.scenario.game_loading import GameScenario, build_game
    from market.scenario.loading import Scenario

    if not isinstance(scenario, Scenario | GameScenario):
        raise InputError(f"a scenario is needed, not {scenario!r:.60}; use market.load(...)")
    label = scenario.mechanism_names[0] if mechanism is None else mechanism
    if isinstance(scenario, GameScenario):
        return GameRounds(build_game(scenario, seed), scenario.mechanism(label), agents, max_rounds)
    played = scenario.mechanism(label)
    if isinstance(played, Auction):
        return AuctionRounds(build(scenario, seed), played, agents, max_rounds, most)
    if isinstance(played, Unmediated):
        return LeftAloneRounds(build(scenario, seed), played, agents, max_rounds, most)
    raise InputError(
        f'\'{label}\': an environment needs a mechanism of kind "auctioneer" or "unmediated", not '
        f'"{played.name}"'
    )
