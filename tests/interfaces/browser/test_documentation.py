"""The documentation, built: it lists all that can be named, and its pages send no request to other hosts."""

from __future__ import annotations

import html
import re

import typer

from market.economy.families.costs import COSTS
from market.economy.families.technologies import TECHNOLOGIES
from market.economy.families.utilities import UTILITIES
from market.economy.families.utilities.separable_terms import FORMS
from market.errors import ExitCode
from market.interfaces.cli.main import app
from market.mechanisms import GAMES, MECHANISMS
from market.mechanisms.auction.price_rules import RULES
from market.outcome import Status
from market.results.schema import AlignmentResult, MechanismResult
from market.scenario.distributions import DISTRIBUTIONS
from market.scenario.document import json_schema

LOADS = re.compile(
    r"<(?:script|img|link|iframe|source|video)\b[^>]*\b(?:src|href)=[\"']?((?:https?:)?//[^\"'> ]*)"
)
WITH_FORMULAS = (
    "docs/explanation/auctioneer",
    "docs/how-to/add-a-utility",
    "notebooks/01_trade_as_alignment",
)


def test_the_reference_has_everything_that_is_registered_and_no_page_loads_from_elsewhere(documentation):
    def page(name):
        return html.unescape((documentation / "docs" / "reference" / f"{name}.html").read_text())

    families, mechanisms = page("families"), page("mechanisms")
    for registry, shown in (
        (UTILITIES, families), (COSTS, families), (TECHNOLOGIES, families), (FORMS, families),
        (DISTRIBUTIONS, families), (MECHANISMS, mechanisms), (GAMES, mechanisms), (RULES, mechanisms),
    ):  # fmt: skip
        for family in registry:
            assert f'id="{registry.kind}-{family.name.replace("_", "-")}"' in shown
            for parameter in getattr(family, "parameters", {}).values():
                assert parameter.meaning in shown
    for entry in (json_schema(), json_schema()["$defs"]["Group"]):
        for key, value in entry["properties"].items():
            assert f">{key}<" in page("keys"), key
            assert value.get("description", "") in page("keys"), key
    for model in (MechanismResult, AlignmentResult):
        for name in model.model_fields:
            assert f">{name}<" in page("results"), name
    for status in Status:
        assert status.meaning in page("results")
    for name, command in typer.main.get_command(app).commands.items():
        assert f'id="command-{name}"' in page("commands")
        for option in command.params:
            assert option.help.replace("`", "") in re.sub("<[^>]*>", "", page("commands"))
    for code in ExitCode:
        assert code.meaning in page("commands")

    pages = sorted(documentation.rglob("*.html"))
    assert len(pages) > 40
    for path in pages:
        assert LOADS.findall(path.read_text()) == [], path
    for path in documentation.rglob("*.css"):
        assert not re.search(r"(url\(|@import)\s*[\"']?(https?:)?//", path.read_text()), path


def test_formulas_and_pictures_are_drawn_though_nothing_can_be_fetched(browser, documentation):
    page = browser.new_page()
    asked, errors = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    for name in (*WITH_FORMULAS, "docs/index", "docs/reference/gallery"):
        page.goto((documentation / f"{name}.html").as_uri())
        if name in WITH_FORMULAS:
            page.locator("mjx-container").first.wait_for()
            formulas = page.locator("span.math, div.math")
            assert page.locator("mjx-container").count() >= formulas.count() > 0
            assert page.locator("mjx-merror").count() == 0
        broken = page.locator("img").evaluate_all("all => all.filter(one => one.naturalWidth === 0).length")
        assert broken == 0
    assert {url.partition(":")[0] for url in asked} <= {"file", "data"}
    assert errors == []
    page.close()
