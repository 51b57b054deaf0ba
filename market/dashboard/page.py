"""The page: settings on the left, or below the pictures where it is narrow; the play and its verdicts.

Solara imports this module by name, so what the server wants to be shown comes through the environment.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import solara

from market.dashboard.controls import Settings, Toolbar
from market.dashboard.director import Director
from market.dashboard.panels import Banner, Judged, Pictures
from market.dashboard.scene import Choice
from market.dashboard.view import State, View

ENVIRONMENT = "MARKET_DASHBOARD"
STYLE = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")


@dataclass(frozen=True)
class Offer:
    """What a page offers.

    Args:
        files: name -> scenario; the first is shown first.
        out: the folder in which exported runs are put.
    """

    files: Mapping[str, Path]
    out: Path

    def to_environment(self) -> None:
        """Hand it over to the page."""
        told = {"files": {name: str(path) for name, path in self.files.items()}, "out": str(self.out)}
        os.environ[ENVIRONMENT] = json.dumps(told)

    @classmethod
    def from_environment(cls) -> Offer:
        """What was handed over."""
        told = json.loads(os.environ[ENVIRONMENT])
        return cls({name: Path(path) for name, path in told["files"].items()}, Path(told["out"]))


@solara.component
def Layout(children: list[solara.Element]) -> None:
    """Nothing around the page."""
    solara.v.Html(tag="div", class_="market-page", children=children)


@solara.component
def Page() -> None:
    """One visitor's page, with a director of its own."""
    offer = solara.use_memo(Offer.from_environment, [])
    view, set_view = solara.use_state(View(None, State("info", "Setting up")))
    choice, set_choice = solara.use_state(Choice(next(iter(offer.files.values()))))
    director = solara.use_memo(lambda: Director(set_view, offer.out), [])
    fresh, set_fresh = solara.use_state(0)

    def live() -> Callable[[], None]:
        director.start(choice)
        return director.close

    def choose(other: Choice) -> None:
        if other.values != choice.values:
            set_fresh(fresh + 1)  # then the sliders must move too
        set_choice(other)
        director.choose(other)

    def turn(other: Choice) -> None:
        set_choice(other)
        director.turn(other)

    solara.use_effect(live, [])
    solara.Title("market")
    solara.Style(STYLE)
    with solara.v.Html(tag="header", class_="market-title"):
        solara.v.Html(tag="span", children=["market"])
        solara.v.Html(tag="h1", children=[view.title])
    with solara.v.Html(tag="div", class_="market-columns"):
        with solara.v.Html(tag="main"):
            Toolbar(view, offer.files, choice, director, choose)
            Banner(view.state, view.busy)
            Pictures(view)
            Judged(view)
        with solara.v.Html(tag="aside", class_="market-settings"):
            Settings(view, choice, director, turn, choose).key(f"{view.choice and view.choice.file} {fresh}")
