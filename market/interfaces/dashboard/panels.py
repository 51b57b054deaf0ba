"""The panels of a page: state of the play, pictures, comparison and interpretation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import solara

if TYPE_CHECKING:
    from market.interfaces.dashboard.view import State, View


@solara.component
def Banner(state: State, busy: str = "") -> None:
    """Show the state of a play; `busy` names the task under way."""
    with solara.v.Html(tag="div", class_=f"market-banner tone-{state.tone}", attributes={"role": "status"}):
        with solara.v.Html(tag="div", class_="market-headline"):
            solara.v.Html(tag="strong", children=[state.headline])
            solara.v.Html(tag="em", children=[f"{busy} …" if busy else ""])
        for line in state.detail.splitlines():
            solara.v.Html(tag="div", children=[line])


@solara.component
def Pictures(view: View) -> None:
    """Show all pictures, or the titles of those to come, as many side by side as there is room for."""
    with solara.v.Html(tag="div", class_="market-pictures"):
        for title in view.awaited:
            with solara.v.Html(tag="div", class_="market-picture market-awaited").key(f"awaited {title}"):
                solara.v.Html(tag="strong", children=[title])
                solara.v.Html(tag="div", children=["Nothing yet: Step announces the first prices."])
        for picture in view.pictures:
            solara.v.Html(
                tag="img", attributes={"src": picture.source, "alt": picture.title}, class_="market-picture"
            ).key(picture.title)


@solara.component
def Judged(view: View) -> None:
    """Show the comparison of all mechanisms and its interpretation."""
    with solara.v.Html(tag="div", class_="market-judged"):
        if view.table:
            with solara.v.Html(tag="section", class_="market-card"):
                solara.v.Html(tag="h2", children=["Interpretation"])
                with solara.v.Html(tag="ul", class_="market-verdict"):
                    for sentence in view.verdict:
                        solara.v.Html(tag="li", children=[sentence])
            with solara.v.Html(tag="section", class_="market-card"):
                solara.v.Html(tag="h2", children=["Comparison of mechanisms"])
                solara.HTML(tag="div", unsafe_innerHTML=view.table, classes=["market-table"])
