"""The page: settings on the left, or below the pictures on a narrow screen; the play and its verdicts.

Solara imports this module by name, so that the server passes its offer through the environment.
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
    """Scenarios and output folder of a page.

    Args:
        files: name -> scenario; the first is shown first.
        out: the folder in which exported runs are put.
    """

    files: Mapping[str, Path]
    out: Path

    def to_environment(self) -> None:
        """Write the offer into the environment."""
        values = {"files": {name: str(path) for name, path in self.files.items()}, "out": str(self.out)}
        os.environ[ENVIRONMENT] = json.dumps(values)

    @classmethod
    def from_environment(cls) -> Offer:
        """Read the offer from the environment."""
        values = json.loads(os.environ[ENVIRONMENT])
        return cls({name: Path(path) for name, path in values["files"].items()}, Path(values["out"]))


@solara.component
def Layout(children: list[solara.Element]) -> None:
    """Show the page without a frame."""
    solara.v.Html(tag="div", class_="market-page", children=children)


@solara.component
def Page() -> None:
    """Show one visitor's page, with a session of its own."""
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
