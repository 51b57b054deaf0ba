"""A comparison of outcomes of a game as text: a table, how each mechanism ended, and an interpretation."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from rich.console import Group, RenderableType
from rich.text import Text

from market.games.disclosure import Disclosure
from market.games.panel import Panel, weights_in_units
from market.games.plays import Actions, Joint, Mixtures
from market.games.stages import Stages
from market.games.table import Table
from market.interfaces.text.layout import STYLES, Row, Section, heading, pairs, points, story, tables
from market.interfaces.text.sentences import (
    NOT_HERE,
    count,
    ending,
    number,
    percent,
    status_word,
    visible,
    yes,
)

if TYPE_CHECKING:
    from market.economy.correspondences import Array
    from market.games.base import StrategicGame
    from market.games.outcome import GameOutcome
    from market.games.plays import Play
    from market.games.report import GameReport
    from market.results.games.comparison import GameComparison

EACH = 12  # players with rows of their own; more are summed up
PROFILES = 4  # of a lottery that a cell lists


def game_comparison(compared: GameComparison, width: int, story_first: bool = True) -> RenderableType:
    """Return the text that `market run` prints of a comparison of a game.

    Args:
        compared: the outcomes of all mechanisms.
        width: columns of the terminal.
        story_first: False if the scenario's description is left out.
    """
    parts = sections(compared)
    blank = Text()
    names = [visible(name) for name in compared.outcomes]
    lines = notes(compared, parts)
    below = [Text(line, style="dim") for line in ("", *lines)] if lines else []
    return Group(
        heading(visible(compared.scenario.title)),
        *story(compared.scenario.description if story_first else ""),
        Text(game_in_a_line(compared.scenario.document.game, compared.game)),
        *(part for table in tables(names, parts, width) for part in (blank, table)),
        *below,
        blank,
        heading("How each mechanism ended"),
        pairs((visible(name), _ended(outcome)) for name, outcome in compared.outcomes.items()),
        blank,
        heading("Interpretation"),
        points(reading(compared)),
        blank,
    )


def game_in_a_line(family: str, game: StrategicGame) -> str:
    """Return the family, the number of players and of actions in one line.

    Example: `table: 2 players with 2 actions each; payoffs in one unit.`
    """
    if isinstance(game, Table):
        sizes = sorted(set(game.sizes))
        many = f"{sizes[0]} actions each" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]} actions"
    else:
        if isinstance(game, Stages):
            many = f"moves in order, in steps of {number(1 / game.steps)}"
            return f"{family}: {count(game.size, 'player')} with {many}{_unit(game)}."
        d = game.start().values.shape[1]  # type: ignore[union-attr]
        many = "an amount each" if d == 1 else f"{d} amounts each"
    cares = "; players care for others' payoffs" if game.concern is not None else ""
    return f"{family}: {count(game.size, 'player')} with {many}{_unit(game)}{cares}."


def _unit(game: StrategicGame) -> str:
    return "; payoffs in one unit" if game.comparable else ""


def _ended(outcome: GameOutcome) -> Text:
    style = STYLES.get(status_word(outcome.status), "")
    return Text(f"{ending(outcome)} ", style=style) + Text(visible(outcome.reason), style="")


# --- the table --------------------------------------------------------------------------------------------


def sections(compared: GameComparison) -> list[Section]:
    """Return the rows of the table, by section."""
    outcomes, reports = list(compared.outcomes.values()), list(compared.reports.values())
    parts = [
        Section(
            "",
            [
                Row("Status", [status_word(o.status) for o in outcomes]),
                Row("Rounds", [f"{o.rounds:,}" for o in outcomes]),
            ],
        ),
        Section("What players do", _plays(outcomes)),
        Section("Payoff", _by_player(outcomes, lambda o: o.payoffs)),
    ]
    if compared.game.concern is not None:
        title = "Payoff and concern for others"
        parts.append(Section(title, _by_player(outcomes, lambda o: o.utilities)))
    if isinstance(compared.game, Stages) and any((o.utilities != o.payoffs).any() for o in outcomes):
        parts.append(Section("Reward", _by_player(outcomes, lambda o: o.utilities)))
    if any(o.transfers.any() for o in outcomes):
        title = "Payoff after transfers"
        parts.append(Section(title, _by_player(outcomes, lambda o: o.payoffs + o.transfers)))
    parts += [
        *_totals(outcomes, reports),
        Section("Alignment", _alignment(compared, outcomes, reports)),
        *_weights(compared, reports),
        *_information(compared, outcomes),
        *_panel(compared, outcomes),
    ]
    return [part for part in parts if part.rows]


def of_game_outcome(outcome: GameOutcome) -> list[Section]:
    """Return the rows of one outcome."""
    parts = [
        Section("", [Row("Status", [status_word(outcome.status)]), Row("Rounds", [f"{outcome.rounds:,}"])]),
        Section("What players do", _plays([outcome])),
        Section("Payoff", _by_player([outcome], lambda o: o.payoffs)),
        Section("", [Row("largest gain from deviating", [_gain(outcome)])]),
    ]
    return [part for part in parts if part.rows]


def of_game_report(found: GameReport) -> list[Section]:
    """Return the rows of one report."""
    rows = [Row("Pareto efficient?", [yes(found.efficient)])]
    if found.efficient_among_profiles is not None:
        rows.append(Row("efficient among profiles?", [yes(found.efficient_among_profiles)]))
    if found.totals is not None:
        rows.append(Row("total payoff", [number(found.totals.own)]))
        rows.append(Row("largest total known", [number(found.totals.best)]))
    if found.equality is not None:
        rows.append(Row("equality (1 - Gini)", [number(found.equality)]))
    return [Section("", rows)]


def _plays(outcomes: Sequence[GameOutcome]) -> list[Row]:
    """Return what each player does, or of many players the mean of each amount."""
    game = outcomes[0].game
    if game.size <= EACH:
        rows = [
            Row(visible(player), [_does(outcome, i) for outcome in outcomes])
            for i, player in enumerate(game.players)
        ]
        if any(isinstance(outcome.play, Joint) for outcome in outcomes):
            rows.append(Row("drawn together", [_together(outcome) for outcome in outcomes]))
        return rows
    first = outcomes[0].play
    if isinstance(first, Actions):
        return [
            Row(f"mean of amount {k + 1}" if first.values.shape[1] > 1 else "mean amount",
                [number(float(o.play.values[:, k].mean())) for o in outcomes])  # type: ignore[union-attr]
            for k in range(first.values.shape[1])
        ]  # fmt: skip
    return []


def _does(outcome: GameOutcome, player: int) -> str:
    """Return a player's action, its mixture, or its amounts."""
    if outcome.evidence.get("speaks") == player:
        return "a stochastic scheme"
    return acts(outcome.game, outcome.play, player)


def acts(game: StrategicGame, play: Play, player: int) -> str:
    """Return a player's action in a play, its mixture, or its amounts, as text."""
    if isinstance(play, Actions):
        return ", ".join(number(float(value)) for value in play.values[player])
    assert isinstance(game, Table)
    if isinstance(play, Joint):
        axes = tuple(axis for axis in range(game.size) if axis != player)
        p = play.probabilities.sum(axis=axes)
    else:
        p = play.of[player]
    return _mixture(p, game.actions[player])


def _mixture(p: Array, names: Sequence[str]) -> str:
    if p.max() >= 1.0 - 1e-12:
        return visible(names[int(p.argmax())])
    likely = [place for place in np.argsort(-p, kind="stable").tolist() if p[place] > 5e-4][:PROFILES]
    return ", ".join(f"{visible(names[place])} {percent(round(float(p[place]), 4))}" for place in likely)


def _together(outcome: GameOutcome) -> str:
    """Return the likely profiles of a lottery; a dash where players choose apart."""
    play, game = outcome.play, outcome.game
    if not isinstance(play, Joint):
        return NOT_HERE
    assert isinstance(game, Table)
    p = play.probabilities.ravel()
    likely = [place for place in np.argsort(-p, kind="stable").tolist() if p[place] > 5e-4]
    shown = [
        f"{' & '.join(map(visible, game.named(game.profile(place))))} {percent(round(float(p[place]), 4))}"
        for place in likely[:PROFILES]
    ]
    more = f", {len(likely) - PROFILES:,} more" if len(likely) > PROFILES else ""
    return ", ".join(shown) + more


def _by_player(outcomes: Sequence[GameOutcome], values: Callable[[GameOutcome], Array]) -> list[Row]:
    """Return a row a player; of many the lowest, the mean and the highest."""
    game = outcomes[0].game
    columns = [values(outcome) for outcome in outcomes]
    if game.size <= EACH:
        return [
            Row(visible(player), [number(_clean(v, game.scale)[i]) for v in columns])
            for i, player in enumerate(game.players)
        ]
    return [
        Row(name, [number(float(of(v))) for v in columns])
        for name, of in (("lowest", np.min), ("mean", np.mean), ("highest", np.max))
    ]


def _clean(v: Array, scale: Array) -> list[float]:
    """Return payoffs with rounding left out: 0 where they are a millionth of a millionth of their range."""
    return np.where(np.abs(v) <= 1e-12 * scale, 0.0, v).tolist()


def _totals(outcomes: Sequence[GameOutcome], reports: Sequence[GameReport]) -> list[Section]:
    """Return sums of payoffs and what is known of the best; empty where payoffs have no unit."""
    known = [each.totals for each in reports]
    if any(each is None for each in known):
        return []
    own = [t for t in known if t is not None]
    rows = [Row("total payoff", [number(t.own) for t in own])]
    proved = all(t.most is not None and t.most - t.best <= 1e-6 * max(abs(t.best), 1e-300) for t in own)
    best = max(t.best for t in own)
    word = "largest possible" if proved else "largest found"
    rows.append(Row(f"{word} total", [number(best)] * len(own)))
    if not proved and any(t.most is not None for t in own):
        rows.append(Row("no total is above", [number(t.most) for t in own]))
    if any(o.revenue for o in outcomes):
        rows.append(Row("paid to the mechanism", [number(o.revenue) for o in outcomes]))
    if own[0].worst_coarse is not None:
        span = f"{number(own[0].worst_coarse)} to {number(own[0].best_coarse)}"
        rows.append(Row("total in any coarse equilibrium", [span] * len(own)))
    if own[0].anarchy is not None:
        rows.append(Row("price of anarchy", [number(own[0].anarchy)] * len(own)))
        rows.append(Row("price of stability", [number(own[0].stability)] * len(own)))
    return [Section("Total payoff", rows)]


def _alignment(
    compared: GameComparison, outcomes: Sequence[GameOutcome], reports: Sequence[GameReport]
) -> list[Row]:
    is_table = isinstance(compared.game, Table)
    label = "Pareto efficient, with lotteries?" if is_table else "Pareto efficient?"
    rows = [Row(label, [yes(each.efficient) for each in reports])]
    if is_table:
        rows.append(
            Row("efficient among profiles?", [yes(each.efficient_among_profiles) for each in reports])
        )
    rows.append(Row("largest gain from deviating", [_gain(outcome) for outcome in outcomes]))
    if any(each.equality is not None for each in reports):
        rows.append(Row("equality (1 - Gini)", [number(each.equality) for each in reports]))
    return rows


def _gain(outcome: GameOutcome) -> str:
    if outcome.max_regret is None:
        return NOT_HERE
    small = (outcome.relative_regret or 0.0) <= 1e-9
    return "0" if small else number(outcome.max_regret)


def _weights(compared: GameComparison, reports: Sequence[GameReport]) -> list[Section]:
    """Return welfare weights of the super-agent that would choose each outcome; empty where none has some."""
    game = compared.game
    if game.size > EACH or all(each.weights is None for each in reports):
        return []
    rows = [
        Row(visible(player), [number(None if each.weights is None else each.weights[i]) for each in reports])
        for i, player in enumerate(game.players)
    ]
    return [Section("Welfare weights", rows)]


def _information(compared: GameComparison, outcomes: Sequence[GameOutcome]) -> list[Section]:
    """Return what the user of a game of information has of it, and the bound; empty of other games."""
    game = compared.game
    if not isinstance(game, Disclosure):
        return []
    had = [float(o.payoffs[-1]) for o in outcomes]
    return [
        Section(
            "Information",
            [
                Row("user's utility", [number(v) for v in had]),
                Row("share of value of information", [_share(game, v) for v in had]),
                Row("distance of the hull", [number(game.nearest.gap)] * len(had)),
                Row("no equilibrium gives less than", [number(game.bound)] * len(had)),
            ],
        )
    ]


def _share(game: Disclosure, value: float) -> str:
    share = game.share(value)
    return NOT_HERE if share is None else percent(round(share, 6) + 0.0)


def _panel(compared: GameComparison, outcomes: Sequence[GameOutcome]) -> list[Section]:
    """Return what a panel guarantees to its principal, with its proof; empty of other games."""
    game = compared.game
    if not isinstance(game, Panel):
        return []
    base = float(game.baseline @ game.utility[-2])
    weakest = game.weakest
    members = [visible(game.players[i]) for i in weakest.members]
    rows = [
        Row("principal's gain over baseline", [number(float(o.payoffs[-2]) - base + 0.0) for o in outcomes]),
        Row("sound for each proposal?", [yes(game.sound_for_each)] * len(outcomes)),
        Row("sound for lotteries of them?", [yes(game.sound)] * len(outcomes)),
    ]
    if game.sound:
        shown = zip(members, weights_in_units(game, weakest), strict=True)
        rows += [Row(f"weight of {name}", [number(float(w) + 0.0)] * len(outcomes)) for name, w in shown]
    else:
        rows.append(Row("most that it may lose", [number(-weakest.worst)] * len(outcomes)))
        rows.append(Row("if these approve", [", ".join(members)] * len(outcomes)))
    return [Section("Panel", rows)]


def notes(compared: GameComparison, parts: Sequence[Section]) -> list[str]:
    """Return the explanations of signs and words in the table."""
    labels = {row.label for part in parts for row in part.rows}
    found = []
    if "total in any coarse equilibrium" in labels:
        found.append(
            "coarse equilibrium: no player gains by one action in the place of all that it does. Every Nash "
            "equilibrium is one."
        )
    if compared.game.concern is not None:
        found.append(
            "Players choose by payoff and concern; efficiency, totals and equality are of payoffs alone."
        )
    if "distance of the hull" in labels:
        found.append(
            "distance of the hull: of the user's utility from the nearest weighted sum of the providers' "
            "and a constant. No equilibrium in which the user hears all gives less than full information "
            "less twice that. Efficiency is judged among partitions and lotteries over them."
        )
    if any(part.title == "Panel" for part in parts):
        found.append(
            "sound: nothing that passes is worse for the principal than the baseline. Weights of reviewers "
            "prove it: on all proposals the principal gains at least their weighted gains. Where any one of "
            "several committees can let a proposal pass, weights are of one of them."
        )
    if any(part.title == "Reward" for part in parts):
        found.append(
            "reward: payoff, bonus and penalty, by which players choose; all else is of payoffs alone."
        )
    if any(part.title == "Welfare weights" for part in parts):
        found.append(
            "welfare weights: of a super-agent that would choose this outcome; - where there are none."
        )
    return found


# --- interpretation ---------------------------------------------------------------------------------------


def reading(compared: GameComparison) -> list[str]:
    """Interpret a comparison in sentences."""
    said = []
    for name, outcome in compared.outcomes.items():
        if outcome.status != "in_play" and not outcome.status.settled:
            said.append(f"Not converged: '{visible(name)}'. {outcome.status.meaning}")
    said += [_judged(compared, name) for name in compared.outcomes]
    said += _against_baseline(compared)
    return said


def _judged(compared: GameComparison, name: str) -> str:
    """Return a sentence on whether the players could do better together."""
    found, outcome = compared.reports[name], compared.outcomes[name]
    begins = f"Under '{visible(name)}' "
    if found.efficient is None:
        why = next(iter(found.unknown.values()), "")
        return f"{begins}it is unknown whether all could do better together: {visible(why)}."
    if found.efficient:
        sums = found.totals
        most = ""
        if sums is not None:
            short = sums.best - sums.own
            large = short > 1e-9 * max(abs(sums.best), abs(sums.own), 1e-300)
            most = (
                f"; another play has a total that is larger by {number(short)}"
                if large
                else ", and no total is larger"
            )
            if sums.most is None:
                most = "" if not large else most
        return f"{begins}no joint change helps one player and hurts none{most}."
    assert found.gains is not None
    gains = found.gains
    whom = [
        visible(p)
        for p, g in zip(compared.game.players, gains, strict=True)
        if g > 1e-9 * outcome.game.scale.max()
    ]
    some = _listed(whom)
    how = "a lottery over profiles" if isinstance(found.improvement, Joint) else "another play"
    if isinstance(found.improvement, Mixtures) and isinstance(outcome.game, Table):
        profile = found.improvement.pure
        if profile is not None:
            named = zip(compared.game.players, outcome.game.named(profile), outcome.game.actions, strict=True)
            how = ", ".join(f"{visible(p)} at {visible(a)}" for p, a, own in named if len(own) > 1)
    verb = "gains" if len(whom) == 1 else "gain"
    return f"{begins}the players are not aligned: with {how} {some} {verb} and no player loses."


def _listed(names: Sequence[str]) -> str:
    """Return a few names with an "and"; of many the first ones and the number of the others."""
    if len(names) > 3:
        return f"{', '.join(names[:3])} and {len(names) - 3} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))


def _against_baseline(compared: GameComparison) -> list[str]:
    """Compare payoffs of the other mechanisms with those of players left alone."""
    base = compared.baseline
    if base is None:
        return []
    before, said = compared.outcomes[base], []
    for name, outcome in compared.outcomes.items():
        if name == base:
            continue
        change = (outcome.payoffs + outcome.transfers) - (before.payoffs + before.transfers)
        size = 1e-9 * compared.game.scale
        gain, lose = int((change > size).sum()), int((change < -size).sum())
        if not gain and not lose:
            said.append(f"Under '{visible(name)}' every player has what it has under '{visible(base)}'.")
            continue
        said.append(
            f"Under '{visible(name)}', compared with '{visible(base)}', {_many(gain, compared.game.size)} "
            f"{_verb('gain', gain)} and {_many(lose, compared.game.size)} {_verb('lose', lose)}."
        )
    return said


def _verb(word: str, many: int) -> str:
    return word if many > 1 else f"{word}s"


def _many(some: int, players: int) -> str:
    if some == 0:
        return "no player"
    if some == players:
        return "all players" if players > 1 else "the player"
    return f"{some} of {players} players"
