"""What a page is told: which scenario and mechanism, with which numbers, and how to play it.

The dials are Mesa's `UserInputs` and `Slider`. Mesa's own `ModelController` is not used: its Reset lets a
round that is under way step the new model, and a model that broke goes on as if nothing had happened (see
`play` and `director`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from itertools import groupby
from pathlib import Path

import solara
from mesa.visualization import Slider
from mesa.visualization.solara_viz import UserInputs

from market.dashboard.dials import MOST, Dial
from market.dashboard.director import Director
from market.dashboard.panels import Banner
from market.dashboard.scene import Choice
from market.dashboard.view import View

FASTEST = 50  # rounds from one picture to the next


@solara.component
def Toolbar(
    view: View,
    files: Mapping[str, Path],
    choice: Choice,
    director: Director,
    on_choice: Callable[[Choice], None],
) -> None:
    """Which scenario and mechanism; Step, Play or Pause, Reset."""
    names = {path: name for name, path in files.items()}
    with solara.v.Html(tag="div", class_="market-toolbar"):
        solara.Select(
            "Scenario",
            values=list(files),
            value=names[choice.file],
            on_value=lambda name: on_choice(Choice(files[name])),
        )
        if len(view.mechanisms) > 1:
            solara.Select(
                "Mechanism to step",
                values=list(view.mechanisms),
                value=view.mechanism,
                on_value=lambda name: on_choice(replace(choice, mechanism=name)),
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
        solara.Button("Reset", icon_name="mdi-restart", on_click=lambda: on_choice(choice), outlined=True)


@solara.component
def Settings(
    view: View,
    choice: Choice,
    director: Director,
    on_turn: Callable[[Choice], None],
    on_choice: Callable[[Choice], None],
) -> None:
    """Pace, dials, seed and export."""
    pace, set_pace = solara.use_state(1)

    def run_at(rounds: int) -> None:
        set_pace(rounds)
        director.pace(rounds)

    solara.SliderInt(
        f"rounds from picture to picture: {pace}", value=pace, on_value=run_at, min=1, max=FASTEST
    )
    Dials(view.dials, dict(choice.values), lambda path, value: on_turn(choice.turned(path, value)))
    if view.random:
        solara.InputInt(
            "Seed of all draws",
            value=view.seed,
            on_value=lambda seed: on_choice(replace(choice, seed=seed)),
        )
    if choice.values:
        solara.Button(
            "Values of the file",
            icon_name="mdi-undo",
            outlined=True,
            on_click=lambda: on_choice(replace(choice, values=())),
        )
    solara.Button(
        "Export the run",
        icon_name="mdi-folder-download-outline",
        on_click=director.export,
        disabled=not view.table,
        outlined=True,
    )
    if view.note is not None:
        Banner(view.note)


@solara.component
def Dials(dials: tuple[Dial, ...], values: Mapping[str, float], turn: Callable[[str, float], None]) -> None:
    """A slider for each number that can be turned, under the name of its owner."""
    for owner, group in groupby(dials[:MOST], key=lambda dial: dial.owner):
        solara.v.Html(tag="h3", children=[owner])
        UserInputs(
            {dial.path: _slider(dial, values.get(dial.path, dial.value)) for dial in group}, on_change=turn
        )
    if len(dials) > MOST:
        solara.Text(f"and {len(dials) - MOST} more numbers, in the file only")


def _slider(dial: Dial, now: float) -> Slider:
    """Mesa's slider; its label tells the number, since the slider itself does not."""
    kind = int if dial.whole else float
    return Slider(
        f"{dial.label}: {now:g}",
        value=kind(dial.value),
        min=kind(dial.low),
        max=kind(dial.high),
        step=kind(dial.step),
        dtype=kind,
    )
