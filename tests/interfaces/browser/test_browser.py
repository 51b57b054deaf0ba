"""The dashboard, end to end, in a real browser."""

from __future__ import annotations

import base64
import re
import socket

import pytest

from market import plots
from market.plots.style import COLOURS
from market.results import run_folder as results
from market.results import verify

BANNER = "main .market-banner"
TICKS = plots.STYLE["font.size"] * 96 / 72  # pixels of an image in its own size


def choose(page, label, option):
    """Choose from a list."""
    page.get_by_label(label).click(force=True)
    page.locator(".menuable__content__active .v-list-item").get_by_text(option, exact=True).click()


def press(page, name):
    page.get_by_role("button", name=name, exact=True).click()


def see(page, headline):
    """Wait until the banner shows a headline."""
    page.locator(BANNER).get_by_text(headline).first.wait_for()


def soon(page, seen, wanted):
    """Wait until a function of the page returns a value; not all parts change at one moment."""
    for _ in range(300):
        if seen() == wanted:
            return
        page.wait_for_timeout(200)
    assert seen() == wanted


def price(page):
    """The price of water under the stepped mechanism, as the table has it; None if it is not in there."""
    title = page.locator("tr.part").get_by_text(re.compile("^Prices"))
    cell = title.locator("xpath=../following-sibling::tr[1]").locator("td.stepped")
    return (
        float(cell.inner_text().split()[0]) if cell.count() else None
    )  # "~" marks a price that does not clear


def pictures(page, kind="img:not(.market-moving)"):
    """Title -> the text of the SVG, of every picture that the browser could draw."""
    drawn = page.locator("figure.market-picture").evaluate_all(
        """(figures, kind) => figures
            .map(figure => [figure.querySelector("figcaption").innerText,
                            figure.querySelector(".market-chart " + kind)])
            .filter(([_, image]) => image && image.complete && image.naturalWidth > 100)
            .map(([title, image]) => [title, image.src])""",
        kind,
    )
    return {title: base64.b64decode(source.partition(",")[2]).decode() for title, source in drawn}


def moving(page):
    """Title -> the text of the SVG that lies on the picture."""
    return pictures(page, "img.market-moving")


def in_sight(page, locator):
    """True if an element is wholly within the window."""
    box, size = locator.bounding_box(), page.viewport_size
    return box["y"] >= 0 and box["y"] + box["height"] <= size["height"]


def line(svg):
    """The heights of the first line in a picture, round by round, from the bottom up."""
    path = re.search(rf'<path d="([^"]*)" clip-path="[^"]*" style="fill: none; stroke: {COLOURS[0]}', svg)
    return [-float(point.split()[-1]) for point in re.split("[ML]", path[1])[1:]]


def test_the_page_loads_whole_and_sends_no_request_to_another_host(page, served, recorder):
    assert page.locator("h1").inner_text() == "Who gets the water?"
    see(page, "Ready")
    soon(page, lambda: set(pictures(page)), {"Utility possibility frontier"})
    press(page, "Step")
    see(page, "Round 1")
    all_four = {"Prices", "Excess demand", "Supply and demand", "Utility possibility frontier"}
    soon(page, lambda: set(pictures(page)), all_four)
    soon(page, lambda: set(moving(page)), all_four)
    assert all(url.startswith((served.url, "data:", "blob:")) for url in page.requested), page.requested
    assert recorder.asked == []


def test_step_moves_the_price_in_the_table_and_in_the_picture(page):
    press(page, "Step")
    soon(page, lambda: price(page), 1.0)
    press(page, "Step")
    soon(page, lambda: price(page), 0.2636)
    soon(page, lambda: len(line(moving(page)["Prices"])), 2)
    first, second = line(moving(page)["Prices"])
    assert second < first


def test_a_slider_changes_the_equilibrium(page):
    page.get_by_role("slider").nth(0).press("End")
    page.get_by_text("Rounds per frame: 50").wait_for()
    press(page, "Play")
    see(page, "Cleared after")
    soon(page, lambda: price(page), 0.2)  # p = 2 / 10
    page.get_by_role("slider").nth(1).focus()
    for _ in range(10):
        page.keyboard.press("ArrowRight")
    page.get_by_text("water: 20", exact=True).wait_for()
    soon(page, lambda: price(page), 0.1)  # p = 2 / 20
    see(page, "Cleared after")


def test_reset_while_playing_starts_anew_and_stays_there(page):
    choose(page, "Scenario", "slow")
    page.locator(BANNER).get_by_text("Ready").wait_for()
    press(page, "Play")
    see(page, "Round 2")
    press(page, "Reset")
    see(page, "Ready")
    page.wait_for_timeout(1000)  # a round that was under way would show by now
    assert page.locator(BANNER).inner_text().startswith("Ready")
    press(page, "Step")
    see(page, "Round 1")


def test_a_bad_scenario_says_what_is_wrong_and_the_page_lives_on(page):
    choose(page, "Scenario", "bad")
    see(page, "This scenario cannot be played")
    assert "commons.watr: no good of that name" in page.locator(BANNER).inner_text()
    assert "Did you mean 'water'?" in page.locator(BANNER).inner_text()
    assert page.get_by_role("button", name="Play").is_disabled()
    choose(page, "Scenario", "commons")
    see(page, "Ready")


def test_a_play_that_goes_round_in_circles_says_so_and_names_are_no_markup(page):
    choose(page, "Scenario", "rush")
    page.locator("h1").get_by_text("<img src=x>").wait_for()
    see(page, "Ready")
    choose(page, "Mechanism", "all at once")
    see(page, "Ready")
    press(page, "Play")
    see(page, "Cycling after")
    assert page.locator(BANNER).evaluate("e => e.className").endswith("tone-warning")
    assert page.locator("h1").inner_text() == "<img src=x> {{7 * 7}}"
    assert page.locator("img[src=x]").count() == 0


def test_an_exported_run_is_written_where_the_page_says_and_holds(page, served):
    page.get_by_role("slider").nth(1).press("ArrowRight")
    page.get_by_text("water: 11", exact=True).wait_for()
    press(page, "Export the run")
    said = page.locator(".market-settings .market-banner").inner_text()
    (folder,) = served.runs.iterdir()
    assert said.replace("\n", " ") == f"Run folder {folder}"
    assert results.read_run(folder).overrides == ("commons.water=11.0",)
    assert verify.verify(folder).holds


@pytest.mark.parametrize(("width", "height"), [(1024, 768), (1440, 900)])
def test_status_prices_and_excess_demand_are_in_sight_together(page, width, height):
    page.set_viewport_size({"width": width, "height": height})
    press(page, "Step")
    soon(page, lambda: len(moving(page)), 4)
    charts = page.locator("figure.market-picture")
    for element in (page.locator(BANNER), charts.nth(0), charts.nth(1)):
        assert in_sight(page, element)
    assert charts.nth(0).bounding_box()["y"] == charts.nth(1).bounding_box()["y"]
    buttons = [page.get_by_role("button", name=name, exact=True).bounding_box() for name in ("Step", "Reset")]
    assert buttons[0]["y"] == buttons[1]["y"]
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    images = page.locator(".market-chart img:not(.market-moving)")
    for shown in images.evaluate_all(
        "images => images.map(i => i.getBoundingClientRect().width / i.naturalWidth)"
    ):
        assert shown * TICKS >= 11.0  # pixels


def test_the_story_is_under_the_title_and_unfolds(page):
    story = page.locator(".market-story")
    assert story.locator("summary").inner_text().startswith("Two agents want ten units of water")
    point = story.get_by_text("Follow the price")
    assert not point.is_visible()
    story.locator("summary").click()
    assert point.is_visible()
    press(page, "Step")
    see(page, "Round 1")
    assert point.is_visible()  # it stays unfolded


def test_it_can_be_used_where_it_is_narrow(page):
    page.set_viewport_size({"width": 400, "height": 800})
    press(page, "Step")
    see(page, "Round 1")
    assert page.evaluate("document.documentElement.scrollWidth") <= 400


def soon_in_sight(page, shown):
    """Wait until something is there and in sight: parts of the page are drawn one after the other."""
    soon(page, lambda: shown.count() > 0 and in_sight(page, shown), True)


@pytest.mark.parametrize(("width", "height"), [(1024, 768), (1440, 900)])
def test_of_a_game_pictures_actions_verdict_and_table_are_in_sight_together(page, width, height):
    page.set_viewport_size({"width": width, "height": height})
    choose(page, "Scenario", "boats")
    page.locator("h1").get_by_text("How many boats?").wait_for()  # "Ready" is said of the scenario before too
    see(page, "Ready")
    press(page, "Step")
    see(page, "Round 1")
    titles = ["Payoffs", "Paths over the sum of payoffs", "Payoff by round"]
    soon(page, lambda: list(moving(page)), titles)
    soon(page, lambda: page.locator(BANNER).get_by_text("Largest gain from deviating").count(), 1)
    for heading in ("What players do now", "Interpretation", "Comparison of mechanisms"):
        soon_in_sight(page, page.get_by_role("heading", name=heading))
    soon_in_sight(page, page.locator(".market-actions"))
    soon_in_sight(page, page.locator(".market-verdict li").first)
    soon_in_sight(page, page.get_by_role("row", name=re.compile("^Status")))
    for title in titles:
        soon_in_sight(page, page.locator("figure.market-picture").get_by_text(title, exact=True))
    assert page.evaluate("document.documentElement.scrollWidth") <= width


def asked(served, *lines):
    """The first line of the answer to a request, written out line by line."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=10) as talking:
        talking.sendall("".join(f"{line}\r\n" for line in (*lines, "")).encode())
        return talking.recv(4096).decode("latin-1").split("\r\n")[0]


def websocket(served, host, origin):
    """The answer to a request for a websocket."""
    return asked(
        served, "GET /jupyter/api/kernels/0/channels?session_id=0 HTTP/1.1", f"Host: {host}",
        f"Origin: {origin}", "Cookie: solara-session-id=0", "Upgrade: websocket", "Connection: Upgrade",
        "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==", "Sec-WebSocket-Version: 13",
    )  # fmt: skip


def test_a_websocket_of_a_foreign_page_or_host_is_refused(served):
    ours = f"127.0.0.1:{served.port}"
    assert " 101 " in websocket(served, ours, f"http://{ours}")
    assert " 403 " in websocket(served, ours, "http://evil.example")
    assert " 403 " in websocket(served, "evil.example", "http://evil.example")


def test_a_page_of_another_host_is_refused(served):
    assert " 200 " in asked(served, "GET / HTTP/1.1", f"Host: 127.0.0.1:{served.port}")
    assert " 403 " in asked(served, "GET / HTTP/1.1", f"Host: evil.example:{served.port}")


def test_it_listens_on_this_machine_only_whatever_host_says(served):
    """HOST is 0.0.0.0 here, and 127.0.0.2 is this machine too, under an address that was not asked for."""
    with pytest.raises(OSError, match=r"refused|unreachable|assign"):
        socket.create_connection(("127.0.0.2", served.port), timeout=10)


def test_what_is_not_in_the_package_of_assets_is_not_fetched(served, recorder):
    wanted = "GET /_solara/cdn/vue-katex@1/katex.js HTTP/1.1"
    assert " 404 " in asked(served, wanted, f"Host: 127.0.0.1:{served.port}")
    assert recorder.asked == []
