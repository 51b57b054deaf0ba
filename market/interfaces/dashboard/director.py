"""The one thread of a page in which all work is done.

Clicks only record a wish and return at once; the thread fulfils the wishes one after another, and the newest
choice wins. So Reset while playing cannot race: the thread ends its round, sees that a new scene is wanted,
and makes one at round 0. No other thread touches a model. Pictures are drawn here too, which keeps the page
responsive and sets the pace of the play: the next round is played when the last one can be seen.
"""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from market import plots
from market.errors import InputError
from market.interfaces.dashboard.offer import Offer
from market.interfaces.dashboard.play import described
from market.interfaces.dashboard.scene import AnyScene, Choice, GameScene, set_up
from market.interfaces.dashboard.view import State, View, view_of, visible_lines
from market.interfaces.text.sentences import visible
from market.results import run_folder as results
from market.results.comparison import compare
from market.results.games.comparison import compare_games
from market.results.games.folder import write_game_run

AT_ONCE = 500  # rounds between pictures when a finished play is played again with other numbers
_WRITING = threading.Lock()  # held while a run folder is written


class _OvertakenError(Exception):
    """A newer choice is waiting."""


class Director:
    """Thread that fulfils the wishes of a page and shows the results.

    Args:
        show: called from the director's thread with the view that the page is to show.
        offer: traders, and the folder in which exported runs are put.
    """

    def __init__(self, show: Callable[[View], None], offer: Offer) -> None:
        self._show = show
        self._offer = offer
        self._changed = threading.Condition()
        self._wanted: Choice | None = None  # set while it is not done yet; so are the next four
        self._steps = 0
        self._playing = False
        self._export = False
        self._closed = False
        self._per_picture = 1
        self._hurry = False  # the rounds until the end of this play need not be seen
        self._ended = False  # with other numbers the play is played to its end too
        self._scene: AnyScene | None = None  # the rest is touched by the director's own thread only
        self._unjudged = False  # the view is of a round after which the play was to go on
        self._note: State | None = None
        self._view = View(None, State("info", "Setting up"))
        self._thread = threading.Thread(target=self._work, name="director", daemon=True)

    # --- what can be wanted, from any thread ---

    def start(self, choice: Choice) -> None:
        """Start the thread with a first choice."""
        self._wanted = choice
        self._thread.start()

    def choose(self, choice: Choice) -> None:
        """Set up another scenario, mechanism or seed, from the start and not playing."""
        self._want(_wanted=choice, _playing=False, _hurry=False, _ended=False, _steps=0)

    def turn(self, choice: Choice) -> None:
        """Set other parameters; an unfinished play goes on, a finished one is played to its end again."""
        with self._changed:
            if self._ended:
                self._playing = self._hurry = True
            self._wanted, self._steps = choice, 0
            self._changed.notify()

    def step(self) -> None:
        """Play the rounds of one frame."""
        with self._changed:
            self._steps += 1
            self._changed.notify()

    def play(self) -> None:
        """Play round after round, until the end or `pause`."""
        self._want(_playing=True)

    def pause(self) -> None:
        """Stop after the round that is under way."""
        self._want(_playing=False, _hurry=False, _steps=0)

    def pace(self, rounds: int) -> None:
        """Set the number of rounds per frame."""
        self._want(_per_picture=rounds)

    def export(self) -> None:
        """Write a run folder."""
        self._want(_export=True)

    def close(self) -> None:
        """End the thread after its current task."""
        self._want(_closed=True)

    def _want(self, **wishes: object) -> None:
        with self._changed:
            for name, wish in wishes.items():
                setattr(self, name, wish)
            self._changed.notify()

    # --- doing it, in the director's thread ---

    def _work(self) -> None:
        while task := self._next():
            try:
                task()
            except _OvertakenError:
                continue
            except Exception as error:  # the page must show any error and stay alive
                self._pause()
                self._put(self._failed(described(error)))

    def _failed(self, why: str) -> View:
        """Return the current view with an error; without a scene, a view with nothing of the former one."""
        left = self._view if self._scene else replace(View(None, self._view.state), choice=self._view.choice)
        return replace(left, state=State("error", "Error", why), busy="")

    def _next(self) -> Callable[[], None] | None:
        """Wait for the next task and return it; None at the end."""
        with self._changed:
            self._changed.wait_for(self._something_to_do)
            if self._closed:
                return None
            if self._wanted:
                return self._set_up
            stopped = self._unjudged and not self._playing
            if stopped or self._view.playing != self._seen_playing(self._view):  # buttons answer at once
                return self._show_playing
            if self._export:
                self._export = False
                return self._write
            return self._advance

    def _something_to_do(self) -> bool:
        wanted = self._closed or self._wanted or self._export or self._steps or self._playing
        return bool(wanted or self._view.playing or self._unjudged)

    def _show_playing(self) -> None:
        """Show whether the play goes on, and judge one that stands still."""
        scene = self._scene
        stopped = scene is not None and self._unjudged and not self._playing
        self._unjudged = self._unjudged and not stopped
        self._put(view_of(scene) if scene is not None and stopped else self._view)

    def _set_up(self) -> None:
        with self._changed:
            choice, self._wanted = self._wanted, None
        if choice is None:
            return
        if self._view.choice and choice.source is not self._view.choice.source:
            self._note = None  # it was about another scenario
        again = "Playing to the end with these parameters." if self._hurry else ""
        state = State("info", "Setting up", again)
        self._put(replace(self._view, choice=choice, state=state, over=True, finished=False))
        self._unjudged = False
        self._scene = None  # the former scene is gone, even if this choice fails
        self._scene = scene = set_up(choice, self._progress, self._offer)
        if scene.play is None:
            self._pause()
        if not self._hurry:  # then only the end is worth a picture
            self._put(view_of(scene))

    def _progress(self, name: str) -> None:
        if self._wanted or self._closed:
            raise _OvertakenError
        self._put(replace(self._view, busy=f"Playing '{visible(name)}' to its end"))

    def _advance(self) -> None:
        """Play the rounds of a frame and show it."""
        scene = self._scene
        with self._changed:
            self._steps = max(0, self._steps - 1)
            rounds = AT_ONCE if self._hurry else self._per_picture
        if scene is None or scene.play is None:
            self._pause()
            return
        for _ in range(rounds):
            if scene.play.over or self._wanted or self._closed:
                break
            scene.play.step()
        if self._wanted:
            return
        if scene.play.over:
            self._pause()
            self._ended = scene.play.broken is None
        self._unjudged = self._playing and scene.in_play
        self._put(view_of(scene, judged=not self._unjudged))

    def _pause(self) -> None:
        with self._changed:
            self._playing, self._hurry, self._steps = False, False, 0

    def _write(self) -> None:
        """Write a run folder as `market run` does, with every mechanism played to its end."""
        scene = self._scene
        if scene is None or scene.scenario is None:
            return
        self._note = None
        self._put(replace(self._view, busy="Playing all mechanisms for the run folder"))
        try:
            folder = self._written(scene)
            self._note = State("success", "Run folder", visible(str(folder.resolve())))
        except (InputError, MemoryError, OSError) as error:
            self._note = State("error", "No run folder was written", visible_lines(described(error)))
        self._put(replace(self._view, busy=""))

    def _written(self, scene: AnyScene) -> Path:
        """Play all mechanisms of a scene to their end, and return the folder that was written."""
        out, seed = self._offer.out, scene.choice.seed
        own = self._offer.players if isinstance(scene, GameScene) else self._offer.traders
        if own:
            who = "players" if isinstance(scene, GameScene) else "traders"
            raise InputError(f"A run folder is replayed from its scenario, which has no {who} of one's own.")
        assert scene.scenario is not None
        results.check_writable(scene.scenario, out)
        if isinstance(scene, GameScene):
            game = compare_games(scene.scenario, seed=seed)
            with _WRITING:
                return write_game_run(game, out, {"overview.svg": lambda path: plots.save(game.plot(), path)})
        compared = compare(scene.scenario, seed=seed)
        with _WRITING:
            figures = {"overview.svg": lambda path: plots.save(compared.plot(), path)}
            return results.write_run(compared, out, figures)

    def _seen_playing(self, view: View) -> bool:
        """Return True if rounds are seen to follow one another: not while a new scene is set up."""
        return self._playing and not (self._hurry and view.over)

    def _put(self, view: View) -> None:
        self._view = view = replace(view, playing=self._seen_playing(view), note=self._note)
        if not self._closed:
            self._show(view)


def wait_for_exports() -> None:
    """Wait until no run folder is being written."""
    with _WRITING:
        return
