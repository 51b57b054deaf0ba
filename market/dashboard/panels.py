"""What a page shows: where the play stands, pictures, the comparison and what to make of it."""

from __future__ import annotations

import solara

from market.dashboard.pictures import Picture
from market.dashboard.view import State, View


@solara.component
def Banner(state: State, busy: str = "") -> None:
    """Where a play stands; `busy` says what is being worked on."""
    with solara.v.Html(tag="div", class_=f"market-banner {state.tone}", attributes={"role": "status"}):
        solara.v.Html(tag="strong", children=[state.headline])
        for line in state.detail.splitlines():
            solara.v.Html(tag="div", children=[line])
        solara.v.Html(tag="div", class_="busy", children=[f"{busy} …" if busy else ""])


@solara.component
def Pictures(pictures: tuple[Picture, ...]) -> None:
    """All pictures, as many side by side as there is room for."""
    with solara.v.Html(tag="div", class_="market-pictures"):
        for picture in pictures:
            solara.v.Html(
                tag="img", attributes={"src": picture.source, "alt": picture.title}, class_="market-picture"
            ).key(picture.title)


@solara.component
def Judged(view: View) -> None:
    """The comparison of all mechanisms, and what to make of it."""
    if not view.table:
        return
    with solara.v.Html(tag="section", class_="market-card"):
        solara.v.Html(tag="h2", children=["What to make of it"])
        with solara.v.Html(tag="ul", class_="market-verdict"):
            for sentence in view.verdict:
                solara.v.Html(tag="li", children=[sentence])
    with solara.v.Html(tag="section", class_="market-card"):
        solara.v.Html(tag="h2", children=["All mechanisms side by side"])
        solara.HTML(tag="div", unsafe_innerHTML=view.table, classes=["market-table"])
