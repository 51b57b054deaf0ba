"""What can be seen of a scene: words, pictures and a table, made before the page is asked to show them."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Literal

from market.interfaces.dashboard.dials import Dial
from market.interfaces.dashboard.pictures import OF_PRICES, Picture, pictures
from market.interfaces.dashboard.play import Play
from market.interfaces.dashboard.scene import Choice, Scene
from market.interfaces.dashboard.table import table
from market.interfaces.text.sentences import count, ending, judgements, number, unsettled, visible
from market.outcome import Outcome, Status
from market.results.comparison import Comparison

Tone = Literal["info", "success", "warning", "error"]


@dataclass(frozen=True)
class State:
    """Where a play stands: its tone, in a few words, and in a sentence."""

    tone: Tone
    headline: str
    detail: str = ""


@dataclass(frozen=True)
class View:
    """All that a page shows.

    Args:
        choice: what it shows; None before anything was chosen.
        state: where the play stands.
        title: of the scenario.
        mechanisms: those that can be stepped.
        mechanism: the one that is.
        dials: the numbers that can be turned.
        random: whether the seed makes a difference.
        seed: that is used.
        pictures: to look at.
        awaited: the titles of pictures that are there once prices are announced.
        table: the comparison as HTML; empty if there is none yet.
        verdict: what to make of it, in sentences.
        playing: whether rounds follow one another by themselves.
        over: whether there is nothing left to play.
        finished: whether that is because it came to its end.
        busy: what is being worked on; empty if nothing is.
        note: what became of the last export.
    """

    choice: Choice | None
    state: State
    title: str = ""
    mechanisms: tuple[str, ...] = ()
    mechanism: str = ""
    dials: tuple[Dial, ...] = ()
    random: bool = False
    seed: int = 0
    pictures: tuple[Picture, ...] = ()
    awaited: tuple[str, ...] = ()
    table: str = ""
    verdict: tuple[str, ...] = ()
    playing: bool = False
    over: bool = True
    finished: bool = False
    busy: str = ""
    note: State | None = None


def view_of(scene: Scene) -> View:
    """What can be seen of a scene.

    Raises:
        MarketError: an outcome cannot be told or judged.
    """
    written = scene.written
    frame = View(
        scene.choice,
        State("error", "This scenario cannot be played", visible_lines(scene.refused)),
        title=scene.choice.file.stem if written is None else visible(written.title),
        mechanisms=() if written is None else written.mechanism_names,
        mechanism=scene.mechanism,
        dials=scene.dials,
        random=scene.random,
        seed=_seed(scene),
    )
    if scene.play is None:
        return frame
    compared = scene.compared()
    without = scene.play.model.auctioneer is not None and (compared is None or not len(compared.rounds))
    return replace(
        frame,
        state=state_of(scene.play),
        pictures=() if compared is None else pictures(compared),
        awaited=OF_PRICES if without else (),
        table="" if compared is None else table(compared, scene.mechanism, scene.play.over),
        verdict=() if compared is None else _verdict(compared, scene),
        over=scene.play.over,
        finished=scene.play.over and scene.play.broken is None,
    )


def _seed(scene: Scene) -> int:
    if scene.choice.seed is not None:
        return scene.choice.seed
    return 0 if scene.written is None else scene.written.seed


def _verdict(compared: Comparison, scene: Scene) -> tuple[str, ...]:
    """What to make of it; of the mechanism in play only what is true of any allocation."""
    in_play = scene.play is not None and not scene.play.over
    ended = {n: o for n, o in compared.outcomes.items() if not (in_play and n == scene.mechanism)}
    return (*unsettled(ended), *judgements(compared))


def state_of(play: Play) -> State:
    """Where a play stands; nothing is said to be settled that is not over."""
    if play.broken is not None:
        return State("error", "Error", f"{visible(play.broken)} The page shows the state before.")
    if play.round == 0:
        return State("info", "Ready", "Step: one round. Play: run to the end.")
    if not play.over:
        return State("info", f"Round {play.round:,}", _on_the_way(play))
    outcome = play.model.outcome()
    return State(_tone(outcome), ending(outcome), visible(outcome.reason))


def _on_the_way(play: Play) -> str:
    away = play.model.disequilibrium
    if away is None:
        return f"{count(play.round, 'round')} played; not finished."
    return f"In play: largest relative excess demand {number(away)}."


def _tone(outcome: Outcome) -> Tone:
    if outcome.status.settled:
        return "success"
    return "error" if outcome.status in (Status.FAILED, Status.DIVERGED) else "warning"


def visible_lines(text: str) -> str:
    """A text from a file, line by line."""
    return "\n".join(visible(line) for line in text.splitlines())
