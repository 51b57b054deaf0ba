"""The HTML table has the cells of the printed one, and names are no markup."""

import re

from helpers import stories

import market
from market.interfaces.dashboard.table import table
from market.interfaces.text.sections import sections

NASTY = "<img src=x onerror=alert(1)> & co"


def cells(text):
    return [re.sub(r"<[^>]*>", "", cell) for cell in re.findall(r"<td[^>]*>.*?</td>", text)]


def test_every_cell_of_the_comparison_is_in_the_table():
    compared = market.compare(market.loads(stories.COMMONS))
    written = [cell for part in sections(compared) for row in part.rows for cell in row.cells]
    assert cells(table(compared, "prices", status=None)) == written


def test_what_is_in_play_has_no_status():
    compared = market.compare(market.loads(stories.COMMONS))
    written = cells(table(compared, "prices", status="in play"))
    assert written[:3] == ["Nash", "in play", "optimal"]


def test_names_from_a_file_are_text_not_markup():
    text = stories.COMMONS.replace('name = "alpha"', f'name = "{NASTY}"').replace('["alpha"]', f'["{NASTY}"]')
    written = table(market.compare(market.loads(text)), "prices", status=None)
    assert "<img" not in written
    assert "&lt;img src=x onerror=alert(1)&gt; &amp; co" in written
