"""The view of a scene: words, pictures and a table, made before the page shows them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

from market.interfaces.dashboard.actions import actions
from market.interfaces.dashboard.dials import Dial
from market.interfaces.dashboard.pictures import Picture
from market.interfaces.dashboard.selection import only, without, without_game
from market.interfaces.dashboard.table import table
from market.interfaces.text import games
from market.interfaces.text.layout import paragraphs
from market.interfaces.text.sentences import count, ending, judgements, number, reading, visible
from market.outcome import Outcome, Status
from market.results.games.comparison import GameComparison
from market.simulation.game_model import GameModel

if TYPE_CHECKING:
    from market.games.outcome import GameOutcome
    from market.interfaces.dashboard.play import Stepped
    from market.interfaces.dashboard.scene import AnyScene, Choice
    from market.results.comparison import Comparison

Tone = Literal["info", "success", "warning", "error"]


@dataclass(frozen=True)
class State:
    """State of a play: its tone, a headline, and a sentence."""

    tone: Tone
    headline: str
    detail: str = ""


@dataclass(frozen=True)
class View:
    """Contents of a page.

    Args:
        choice: the choice that it shows; None at the start.
        state: of the play.
        title: of the scenario.
        description: its story in paragraphs, each with whether it is a point of a list.
        mechanisms: those that can be stepped.
        mechanism: the one that is.
        dials: the parameters that can be turned.
        random: True if the seed makes a difference.
        seed: that is used.
        pictures: of the comparison; some are awaited until prices are announced.
        actions: what players of a game do now, as HTML; empty for economies.
        table: the comparison as HTML; empty if there is none yet.
        verdict: the interpretation, in sentences.
        playing: True while rounds follow one another by themselves.
        over: True if no round is left to play.
        finished: True if the play came to its end.
        busy: the task under way; empty if there is none.
        note: the result of the last export.
    """

    choice: Choice | None
    state: State
    title: str = ""
    description: tuple[tuple[bool, str], ...] = ()
    mechanisms: tuple[str, ...] = ()
    mechanism: str = ""
    dials: tuple[Dial, ...] = ()
    random: bool = False
    seed: int = 0
    pictures: tuple[Picture, ...] = ()
    actions: str = ""
    table: str = ""
    verdict: tuple[str, ...] = ()
    playing: bool = False
    over: bool = True
    finished: bool = False
    busy: str = ""
    note: State | None = None


def view_of(scene: AnyScene, judged: bool = True) -> View:
    """Return the view of a scene.

    Args:
        scene: the scene.
        judged: False if a mechanism in play need not be judged in this round, since the next one follows.

    Raises:
        MarketError: an outcome cannot be computed or judged.
    """
    written = scene.written
    frame = View(
        scene.choice,
        State("error", "This scenario cannot be played", visible_lines(scene.refused)),
        title=scene.choice.label if written is None else visible(written.title),
        description=() if written is None else tuple(paragraphs(written.description)),
        mechanisms=() if written is None else written.mechanism_names,
        mechanism=scene.mechanism,
        dials=scene.dials,
        random=scene.random,
        seed=_seed(scene),
    )
    if scene.play is None:
        return frame
    compared = scene.compared(judged)
    status = None
    if compared is not None and scene.mechanism in compared.outcomes:
        status = "error" if scene.play.broken else "in play" if scene.in_play else None
    return replace(
        frame,
        state=state_of(scene.play),
        pictures=scene.pictures(compared),  # type: ignore[arg-type]
        actions=actions(scene.play.model) if isinstance(scene.play.model, GameModel) else "",
        table="" if compared is None else table(compared, scene.mechanism, status),
        verdict=() if compared is None else _verdict(compared, scene),
        over=scene.play.over,
        finished=scene.play.over and scene.play.broken is None,
    )


def _seed(scene: AnyScene) -> int:
    if scene.choice.seed is not None:
        return scene.choice.seed
    return 0 if scene.written is None else scene.written.seed


def _verdict(compared: Comparison | GameComparison, scene: AnyScene) -> tuple[str, ...]:
    """Return the interpretation; of a mechanism in play only the judgement as if play stopped now."""
    unfinished = scene.mechanism in compared.outcomes and scene.play is not None and scene.play.unfinished
    if isinstance(compared, GameComparison):
        if not unfinished:
            return tuple(games.reading(compared))
        return (
            *_game_now(compared, scene.mechanism),
            *games.reading(without_game(compared, scene.mechanism)),
        )
    if not unfinished:
        return tuple(reading(compared))
    ended = reading(without(compared, scene.mechanism))
    judged = compared.alignments[scene.mechanism].efficient is not None
    now = judgements(only(compared, scene.mechanism)) if judged else []
    return (*now, *ended)


def _game_now(compared: GameComparison, mechanism: str) -> list[str]:
    """Return what holds if the play of a game stopped now: gains from deviating, and the sum of payoffs."""
    outcome, totals = compared.outcomes[mechanism], compared.reports[mechanism].totals
    said = []
    if outcome.max_regret is not None:
        words = (
            "no player would gain"
            if outcome.max_regret == 0
            else f"a player would gain {number(outcome.max_regret)}"
        )
        said.append(f"If play under '{visible(mechanism)}' stopped now, {words} by deviating.")
    if totals is not None and totals.best > totals.own:
        short = number(totals.best - totals.own)
        said.append(f"The payoffs of this round sum to {short} less than the largest sum found.")
    return said


def state_of(play: Stepped) -> State:
    """Return the state of a play; only a play that is over can be settled."""
    if play.broken is not None:
        return State("error", "Error", f"{visible(play.broken)} The page shows the state before.")
    if play.round == 0:
        return State("info", "Ready", "Step: one round. Play: run to the end.")
    if not play.over:
        return State("info", f"Round {play.round:,}", _on_the_way(play))
    outcome = play.model.outcome()
    return State(_tone(outcome), ending(outcome), visible(outcome.reason))


def _on_the_way(play: Stepped) -> str:
    if isinstance(play.model, GameModel):
        gain = play.model.outcome().max_regret
        words = "" if gain is None else f" Largest gain from deviating: {number(gain)}."
        return f"In play.{words}"
    away = play.model.disequilibrium
    if away is None:
        return f"{count(play.round, 'round')} played; not finished."
    return f"In play: largest relative excess demand {number(away)}."


def _tone(outcome: Outcome | GameOutcome) -> Tone:
    if outcome.status.settled:
        return "success"
    return "error" if outcome.status in (Status.FAILED, Status.DIVERGED) else "warning"


def visible_lines(text: str) -> str:
    """Return a text from a file with control characters escaped, line by line."""
    return "\n".join(visible(line) for line in text.splitlines())
