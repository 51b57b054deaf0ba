"""The page: settings on the left, or below the pictures on a narrow screen; the play and its verdicts.

Solara imports this module by name, so that the server passes its offer through `offer`.
"""

from __future__ import annotations

from pathlib import Path

import solara

from market.interfaces.dashboard import offer
from market.interfaces.dashboard.controls import Session, Settings, Toolbar
from market.interfaces.dashboard.panels import Banner, Judged, Pictures, Story

STYLE = (Path(__file__).parent / "page.css").read_text(encoding="utf-8")


@solara.component
def Layout(children: list[solara.Element]) -> None:
    """Show the page without a frame."""
    solara.v.Html(tag="div", class_="market-page", children=children)


@solara.component
def Page() -> None:
    """Show one visitor's page, with a session of its own."""
    session = solara.use_memo(lambda: Session(offer.current()), [])
    solara.use_effect(session.live, [])
    view = session.view.value
    solara.Title("market")
    solara.Style(STYLE)
    with solara.v.Html(tag="header", class_="market-title"):
        solara.v.Html(tag="span", children=["market"])
        solara.v.Html(tag="h1", children=[view.title])
    if view.description:
        Story(view.description).key(view.title)
    with solara.v.Html(tag="div", class_=f"market-columns{' of-game' if view.actions else ''}"):
        with solara.v.Html(tag="main"):
            Toolbar(session)
            Banner(view.state, view.busy)
            Pictures(view)
            Judged(view)
        with solara.v.Html(tag="aside", class_="market-settings"):
            Settings(session)
