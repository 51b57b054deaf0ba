"""The page: settings on the left, or below the pictures where it is narrow; the play and its verdicts.

Solara imports this module by name, so what the server wants to be shown comes through the environment.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import solara

from market.interfaces.dashboard.controls import Session, Settings, Toolbar
from market.interfaces.dashboard.panels import Banner, Judged, Pictures

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
    """One visitor's page, with a session of its own."""
    offer = solara.use_memo(Offer.from_environment, [])
    session = solara.use_memo(lambda: Session(offer.files, offer.out), [])
    solara.use_effect(session.live, [])
    view = session.view.value
    solara.Title("market")
    solara.Style(STYLE)
    with solara.v.Html(tag="header", class_="market-title"):
        solara.v.Html(tag="span", children=["market"])
        solara.v.Html(tag="h1", children=[view.title])
    with solara.v.Html(tag="div", class_="market-columns"):
        with solara.v.Html(tag="main"):
            Toolbar(session)
            Banner(view.state, view.busy)
            Pictures(view)
            Judged(view)
        with solara.v.Html(tag="aside", class_="market-settings"):
            Settings(session)
