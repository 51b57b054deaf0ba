"""The page of one's own with SolaraViz: its code is executed as it stands, and rendered without a browser."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import pytest

import market

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "how-to" / "solaraviz.md").read_text()


@pytest.fixture
def names(monkeypatch):
    """What the code of the page defines."""
    pytest.importorskip("solara")
    monkeypatch.chdir(ROOT)
    (code,) = re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL)
    defined: dict = {"__name__": "page"}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Solara's about Mesa's hooks
        exec(compile(code, "solaraviz.md", "exec"), defined)
    return defined


def test_the_sliders_are_parameters_of_the_model_and_reach_it(names):
    values = {name: slider.value for name, slider in names["model_params"].items()}
    outcome = names["Commons"](**values).run()
    assert outcome.prices == pytest.approx([0.2])  # (1 + 1) / 10
    haggled = names["Commons"](**(values | {"water": 20.0, "share": 0.5})).run()
    assert haggled.prices == pytest.approx([0.075])  # (0.5 + 1) / 20


def test_the_columns_that_are_plotted_are_collected(names):
    model = names["Commons"]()
    assert isinstance(model, market.MarketModel)
    model.step()
    columns = set(model.datacollector.get_model_vars_dataframe().columns)
    assert {"price[water]", "excess_demand[water]", "disequilibrium", "auctioneer_payoff"} <= columns


def test_the_page_is_rendered(names):
    import ipyvuetify
    import reacton
    import solara

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        _, rendered = reacton.render(solara.AppLayout(children=[names["page"]]), handle_error=False)
    try:
        sliders = {slider.label for slider in rendered.find(ipyvuetify.Slider).widgets}
        assert {slider.label for slider in names["model_params"].values()} <= sliders
    finally:
        rendered.close()


def test_every_component_draws_a_model(names):
    import reacton
    import solara

    model = names["Commons"]()
    model.step()

    components = [names["price"][0], names["excess"][0], names["Utilities"]]
    drawn = solara.Column(children=[component(model) for component in components])
    _, rendered = reacton.render(drawn, handle_error=False)
    rendered.close()
