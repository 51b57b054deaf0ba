"""What a page shows: where the play stands, pictures, the comparison and what to make of it."""

from __future__ import annotations

import solara

from market.interfaces.dashboard.view import State, View


@solara.component
def Banner(state: State, busy: str = "") -> None:
    """Where a play stands; `busy` says what is being worked on."""
    with solara.v.Html(tag="div", class_=f"market-banner tone-{state.tone}", attributes={"role": "status"}):
        with solara.v.Html(tag="div", class_="market-headline"):
            solara.v.Html(tag="strong", children=[state.headline])
            solara.v.Html(tag="em", children=[f"{busy} …" if busy else ""])
        for line in state.detail.splitlines():
            solara.v.Html(tag="div", children=[line])


@solara.component
def Pictures(view: View) -> None:
    """All pictures, as many side by side as there is room for; in place of those to come, their names."""
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
    """The comparison of all mechanisms, and what to make of it."""
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
