"""`market dashboard` says what is wrong before it serves anything."""

import asyncio
import re
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest

import market
from market.errors import InputError
from market.interfaces import extras
from market.interfaces.dashboard import extra, server

ROOT = Path(__file__).parents[3]


@pytest.fixture
def installed(monkeypatch):
    """As if these versions were installed; None is missing."""

    def install(**changed):
        versions = dict.fromkeys(extra.NEEDED, "1.60.0")
        versions |= {name.replace("_", "-"): given for name, given in changed.items()}

        def version(name):
            if versions[name] is None:
                raise PackageNotFoundError(name)
            return versions[name]

        monkeypatch.setattr(extras, "version", version)

    return install


@pytest.fixture
def served(monkeypatch):
    """Offers, instead of a server."""
    offers = []
    monkeypatch.setattr(server, "serve", lambda offered, *_: offers.append(offered))
    return offers


def test_a_missing_extra_is_one_message_that_says_how_to_install_it(shell, commons, installed):
    installed(solara=None, uvicorn=None)
    code, out, err = shell("dashboard", commons)
    assert (code, out) == (2, "")
    assert err.splitlines() == [
        "the dashboard is not installed (missing: solara, uvicorn); install it with: "
        "pip install 'market[dashboard]' (in a checkout: pip install -e '.[dashboard]')"
    ]


def test_a_version_that_shows_no_pictures_is_refused(shell, commons, installed):
    installed(ipyvuetify="3.0.0")
    code, _, err = shell("dashboard", commons)
    assert code == 2
    assert "ipyvuetify 3.0.0 shows no pictures" in err


def test_a_scenario_that_is_not_there_is_said(shell, tmp_path):
    code, _, err = shell("dashboard", tmp_path / "none.toml")
    assert code == 2
    assert "none.toml: no such file" in err


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_port_that_does_not_exist_is_said(shell, commons, installed, port):
    installed()
    code, _, err = shell("dashboard", commons, "--port", port)
    assert code == 2
    assert f"--port {port}" in err


def test_a_port_in_use_is_said_with_a_way_out(shell, commons, installed):
    installed()
    with server._listening("127.0.0.1", 0) as taken:
        port = taken.getsockname()[1]
        code, _, err = shell("dashboard", commons, "--port", port)
    assert code == 2
    assert f"cannot listen on 127.0.0.1, port {port}" in err
    assert "--port (0 is any that is free)" in err


def test_the_file_given_comes_first_and_all_scenarios_of_the_folder_follow(tmp_path, monkeypatch):
    (tmp_path / "scenarios").mkdir()
    for name in ("b", "a"):
        (tmp_path / "scenarios" / f"{name}.toml").touch()
    (tmp_path / "mine.toml").touch()
    monkeypatch.chdir(tmp_path)
    assert list(server.scenarios(tmp_path / "mine.toml")) == ["mine", "a", "b"]
    assert list(server.scenarios(tmp_path / "scenarios" / "b.toml")) == ["b", "a"]
    assert list(server.scenarios(None)) == ["a", "b"]


def test_games_are_on_offer_beside_economies(tmp_path, monkeypatch):
    folder = tmp_path / "scenarios"
    folder.mkdir()
    (folder / "duel.toml").write_text('# two players\ngame = "table"\n\n[[players]]\n')
    (folder / "sea.toml").write_text('economy = "exchange"\n\n[mechanisms.alone]\ngame = "seize"\n')
    monkeypatch.chdir(tmp_path)
    assert list(server.scenarios(None)) == ["duel", "sea"]


def test_two_scenarios_of_one_name_have_different_labels(tmp_path, monkeypatch):
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "a.toml").touch()
    (tmp_path / "a.toml").touch()
    monkeypatch.chdir(tmp_path)
    assert len(server.scenarios(tmp_path / "a.toml")) == 2


def test_a_scenario_and_traders_of_ones_own_are_offered_from_python(commons, served):
    market.dashboard(commons, traders={"alpha": market.Trader})
    market.dashboard(str(commons))
    scenario = market.load(commons)
    market.dashboard(scenario, out="elsewhere")
    with_traders, of_a_file, of_a_scenario = served
    assert list(with_traders.scenarios.values()) == [commons.resolve()]
    assert with_traders.traders == {"alpha": market.Trader}
    assert of_a_file.traders == {}
    assert next(iter(of_a_file.scenarios.values())) == commons.resolve()
    assert of_a_scenario.scenarios == {"commons": scenario}
    assert of_a_scenario.out.name == "elsewhere"


def test_a_trader_that_is_no_agents_is_refused_before_anything_is_served(commons, served):
    with pytest.raises(InputError, match="no agent or group 'alfa'"):
        market.dashboard(commons, traders={"alfa": market.Trader})
    with pytest.raises(InputError, match="subclass"):
        market.dashboard(commons, traders={"alpha": object})
    assert served == []


def test_in_a_notebook_the_page_is_what_comes_back(commons, served):
    pytest.importorskip("solara")
    reacton = pytest.importorskip("reacton")

    async def cell():
        return market.dashboard(commons)

    page = asyncio.run(cell())
    assert served == []
    box, rendered = reacton.render(page, handle_error=False)
    try:
        assert box.children
    finally:
        rendered.close()


def test_the_example_of_the_documentation_is_offered(served, monkeypatch):
    monkeypatch.chdir(ROOT)
    page = (ROOT / "docs" / "how-to" / "dashboard.md").read_text()
    (code,) = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    exec(compile(code, "dashboard.md", "exec"), {})
    (offered,) = served
    assert list(offered.traders) == ["alpha"]
