"""The controls of a page: scenario, mechanism and parameters, and the buttons that play it.

The dials are Mesa's `UserInputs` and `Slider`. Mesa's own `ModelController` is not used: its Reset lets a
round that is under way step the new model, and a model that broke goes on as if nothing had happened (see
`play` and `director`).
"""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from itertools import groupby

import solara
from mesa.visualization import Slider
from mesa.visualization.solara_viz import UserInputs
from solara.server import kernel_context

from market.interfaces.dashboard.dials import MOST, Dial
from market.interfaces.dashboard.director import Director
from market.interfaces.dashboard.offer import Offer
from market.interfaces.dashboard.panels import Banner
from market.interfaces.dashboard.scene import Choice
from market.interfaces.dashboard.view import State, View

FASTEST = 50  # rounds per frame


class Session:
    """Choice and view of one visitor; its methods are the actions of the controls.

    A control is drawn anew only if its contents have changed: a slider that is drawn while it is being moved
    may jump back.

    Args:
        offer: the scenarios to choose from, and traders.
    """

    def __init__(self, offer: Offer) -> None:
        self.scenarios = offer.scenarios
        self.choice = solara.reactive(Choice(next(iter(offer.scenarios.values()))))
        self.view = solara.reactive(View(None, State("info", "Setting up")))
        self.pace = solara.reactive(1)
        self.fresh = solara.reactive(0)
        self._kernel = kernel_context.get_current_context() if kernel_context.has_current_context() else None
        with kernel_context.without_context():
            self.director = Director(self._show, offer)

    def _show(self, view: View) -> None:
        """Show a view, from the director's thread.

        The thread belongs to Solara's kernel only for this moment: a thread that belongs to it for good and
        ends while the kernel closes removes an entry that the kernel is about to remove itself, which is a
        KeyError in the server. In a notebook there is none.
        """
        with self._kernel or nullcontext():
            self.view.set(view)

    def live(self) -> Callable[[], None]:
        """Start the director, and return the function that ends it."""
        self.director.start(self.choice.value)
        return self.director.close

    def choose(self, choice: Choice) -> None:
        """Start anew with a choice."""
        if choice.source is not self.choice.value.source or choice.values != self.choice.value.values:
            self.fresh.set(self.fresh.value + 1)  # then the sliders must move too
        self.choice.set(choice)
        self.director.choose(choice)

    def reset(self) -> None:
        """Start anew with the present choice."""
        self.director.choose(self.choice.value)

    def turn(self, path: str, value: float) -> None:
        """Turn a dial."""
        self.choice.set(self.choice.value.turned(path, value))
        self.director.turn(self.choice.value)

    def run_at(self, rounds: int) -> None:
        """Set the number of rounds per frame."""
        self.pace.set(rounds)
        self.director.pace(rounds)


@solara.component
def Toolbar(session: Session) -> None:
    """Show the choice of scenario and mechanism, and Step, Play or Pause, Reset."""
    view, choice, director = session.view.value, session.choice.value, session.director
    shown = next(name for name, source in session.scenarios.items() if source is choice.source)
    with solara.v.Html(tag="div", class_="market-toolbar"):
        solara.Select(
            "Scenario",
            values=list(session.scenarios),
            value=shown,
            on_value=lambda name: session.choose(Choice(session.scenarios[name])),
        )
        if len(view.mechanisms) > 1:
            solara.Select(
                "Mechanism",
                values=list(view.mechanisms),
                value=view.mechanism,
                on_value=lambda name: session.choose(replace(choice, mechanism=name)),
            )
        solara.Button(
            "Step",
            icon_name="mdi-step-forward",
            on_click=director.step,
            disabled=view.over or view.playing,
            outlined=True,
        )
        if view.playing:
            solara.Button("Pause", icon_name="mdi-pause", on_click=director.pause, color="primary")
        else:
            solara.Button(
                "Play", icon_name="mdi-play", on_click=director.play, color="primary", disabled=view.over
            )
        solara.Button("Reset", icon_name="mdi-restart", on_click=session.reset, outlined=True)


@solara.component
def Settings(session: Session) -> None:
    """Show pace, dials, seed and export."""
    view = session.view.value
    Pace(session)
    Dials(view.dials, session).key(f"dials {session.fresh.value} {view.mechanism}")
    if view.random:
        Seed(view.seed, session)
    solara.Button(
        "Reset parameters",
        icon_name="mdi-undo",
        on_click=lambda: session.choose(replace(session.choice.value, values=())),
        disabled=not session.choice.value.values,
        outlined=True,
    )
    solara.Button(
        "Export the run",
        icon_name="mdi-folder-download-outline",
        on_click=session.director.export,
        disabled=not view.table,
        outlined=True,
    )
    if view.note is not None:
        Banner(view.note)


@solara.component
def Pace(session: Session) -> None:
    """Show the slider of rounds per frame."""
    pace = session.pace.value
    label = f"Rounds per frame: {pace}"
    solara.SliderInt(label, value=pace, on_value=session.run_at, min=1, max=FASTEST)


@solara.component
def Seed(seed: int, session: Session) -> None:
    """Show the seed of all draws: always a whole number, so that no text ever gets to a model."""
    solara.InputInt(
        "Seed",
        value=seed,
        on_value=lambda wanted: session.choose(replace(session.choice.value, seed=wanted)),
    )


@solara.component
def Dials(dials: tuple[Dial, ...], session: Session) -> None:
    """Show a slider for each dial, under the name of its owner."""
    values = dict(session.choice.value.values)
    for owner, group in groupby(dials[:MOST], key=lambda dial: dial.owner):
        solara.v.Html(tag="h3", children=[owner])
        sliders = {dial.path: _slider(dial, values.get(dial.path, dial.value)) for dial in group}
        UserInputs(sliders, on_change=session.turn)
    if len(dials) > MOST:
        solara.Text(f"and {len(dials) - MOST} more parameters, in the file only")


def _slider(dial: Dial, now: float) -> Slider:
    """Return Mesa's slider; its label has the number, since the slider itself does not show it."""
    kind = int if dial.whole else float
    return Slider(
        f"{dial.label}: {now:,g}",
        value=kind(dial.value),
        min=kind(dial.low),
        max=kind(dial.high),
        step=kind(dial.step),
        dtype=kind,
    )
