"""The panels of a page: state of the play, pictures, comparison and interpretation."""

from __future__ import annotations

from typing import TYPE_CHECKING

import solara

if TYPE_CHECKING:
    from market.interfaces.dashboard.frames import Entry
    from market.interfaces.dashboard.pictures import Picture
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
def Story(description: tuple[tuple[bool, str], ...]) -> None:
    """Show the first paragraph of a scenario's description; the others are unfolded by a click."""
    (_, first), *others = description
    if not others:
        solara.v.Html(tag="div", class_="market-story", children=[first])
        return
    with solara.v.Html(tag="details", class_="market-story"):
        with solara.v.Html(tag="summary"):
            solara.v.Html(tag="span", children=[f"{first} "])
            solara.v.Html(tag="em", children=["More"])
        for is_point, text in others:
            solara.v.Html(tag="div", class_="point" if is_point else "", children=[text])


@solara.component
def Pictures(view: View) -> None:
    """Show all pictures, as many side by side as there is room for; the small ones in rows of their own."""
    large = [picture for picture in view.pictures if not picture.small]
    small = [picture for picture in view.pictures if picture.small]
    for pictures, kind in ((large, f"of-{len(large)}"), (small, "small")):
        with solara.v.Html(tag="div", class_=f"market-pictures {kind}").key(kind):
            for picture in pictures:
                Shown(picture).key(picture.title)


@solara.component
def Shown(picture: Picture) -> None:
    """Show a picture: its still part, what moves on top of it, and the legend; or that it is awaited."""
    with solara.v.Html(tag="figure", class_="market-picture"):
        solara.v.Html(tag="figcaption", children=[picture.title])
        if picture.still:
            Drawn(picture).key("drawn")  # a key, since the tag of an element that is kept cannot change
        else:
            solara.v.Html(tag="p", children=[picture.awaited]).key("awaited")


@solara.component
def Drawn(picture: Picture) -> None:
    """Show the parts of a picture, and the legend."""
    with solara.v.Html(tag="div", class_="market-drawn"):
        with solara.v.Html(tag="div", class_="market-chart"):
            solara.v.Html(tag="img", attributes={"src": picture.still, "alt": picture.title})
            if picture.moving:
                moving = {"src": picture.moving, "alt": ""}
                solara.v.Html(tag="img", attributes=moving, class_="market-moving")
        Legend(picture.legend)


@solara.component
def Legend(entries: tuple[Entry, ...]) -> None:
    """Show the legend of a picture."""
    with solara.v.Html(tag="ul", class_="market-legend"):
        for entry in entries:
            with solara.v.Html(tag="li"):
                if entry.swatch:
                    solara.v.Html(tag="img", attributes={"src": entry.swatch, "alt": ""})
                solara.v.Html(tag="span", children=[entry.label])


@solara.component
def Judged(view: View) -> None:
    """Show the comparison of all mechanisms and its interpretation; of a game what players do now."""
    with solara.v.Html(tag="div", class_="market-judged"):
        if view.actions:
            with solara.v.Html(tag="section", class_="market-card"):
                solara.v.Html(tag="h2", children=["What players do now"])
                solara.HTML(tag="div", unsafe_innerHTML=view.actions)
        if view.table:
            with solara.v.Html(tag="section", class_="market-card"):
                solara.v.Html(tag="h2", children=["Interpretation"])
                with solara.v.Html(tag="ul", class_="market-verdict"):
                    for sentence in view.verdict:
                        solara.v.Html(tag="li", children=[sentence])
            with solara.v.Html(tag="section", class_="market-card"):
                solara.v.Html(tag="h2", children=["Comparison of mechanisms"])
                solara.HTML(tag="div", unsafe_innerHTML=view.table, classes=["market-table"])
