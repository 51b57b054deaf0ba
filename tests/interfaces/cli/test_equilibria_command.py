"""`market equilibria` and `market run --check`: what they print, what they write, and their exit codes."""

import dataclasses
import json
import re
import subprocess
import sys
from io import StringIO
from pathlib import Path

import numpy as np
import pytest
from helpers import stories
from helpers.published_economies import kehoe
from rich.console import Console

import market
from market.equilibrium import Check, search
from market.errors import ExitCode
from market.interfaces.cli import terminal
from market.interfaces.text.equilibria import multiplicity

ROOT = Path(__file__).parents[3]


@pytest.fixture
def barter(tmp_path):
    path = tmp_path / "barter.toml"
    path.write_text(stories.barter(2))
    return path


@pytest.fixture
def three(monkeypatch):
    """Replace the economy of every scenario by Kehoe's, which has three equilibria."""
    monkeypatch.setattr("market.results.equilibria.build", lambda scenario, seed: kehoe())


def strict(text):
    def refuse(word):
        raise ValueError(word)

    return json.loads(text, parse_constant=refuse)


# --- equilibria ------------------------------------------------------------------------------------


def test_a_single_equilibrium_has_prices_index_and_stability(shell, barter):
    code, out, err = shell("equilibria", barter, "--starts", 10)
    assert (code, err) == (ExitCode.DONE, "")
    words = " ".join(out.split())
    assert "Prices, relative, summing to one good 0 0.4" in words
    assert "Index +1 Stable under tatonnement? yes" in words
    assert "One equilibrium was found from 10 starting points" in words
    assert "can prove that it found all" in words


def test_three_equilibria_stand_side_by_side_and_the_unstable_one_is_named(shell, barter, three):
    code, out, _ = shell("equilibria", barter, "--starts", 20)
    words = " ".join(out.split())
    assert code == ExitCode.DONE
    assert "Equilibrium 1 2 3" in words
    assert "Index +1 -1 +1 Stable under tatonnement? yes no yes" in words
    assert "good0 0.1129 0.5 0.8871" in words
    assert "The indices sum to +1" in words
    assert "Tatonnement moves away from equilibrium 2" in words


@pytest.mark.parametrize("width", [40, 80, 120])
def test_no_line_is_longer_than_the_terminal(shell, barter, three, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    code, out, _ = shell("equilibria", barter, "--starts", 5)
    assert code == ExitCode.DONE
    assert max(map(len, out.splitlines())) <= width
    assert "0.8871" in out


def test_the_json_has_every_number_and_the_scenario_it_belongs_to(shell, barter, three):
    code, out, _ = shell("equilibria", barter, "--starts", 20, "--json")
    result = strict(out)
    assert code == ExitCode.DONE
    assert result["schema"] == 1
    assert result["scenario"]["file"] == str(barter)
    assert result["starts"] == 20
    assert result["index_sum"] == 1
    assert result["near_misses"] == []
    assert [each["index"] for each in result["equilibria"]] == [1, -1, 1]
    assert [each["stable"] for each in result["equilibria"]] == [True, False, True]
    middle = result["equilibria"][1]
    assert middle["prices"] == pytest.approx({"good0": 0.5, "good1": 0.5})
    assert set(middle) == {
        "prices", "index", "no_index", "stable", "isolated", "starts", "residual", "consumption",
        "production",
    }  # fmt: skip
    total = sum(np.array(list(bundle.values())) for bundle in middle["consumption"].values())
    np.testing.assert_allclose(total, 13.0)


def test_the_seed_and_changed_values_reach_the_search(shell, barter):
    code, out, _ = shell(
        "equilibria", barter, "--starts", 5, "--json", "--seed", 7, "--set", "agents.ann.endowment.good 0=40"
    )
    plain = strict(shell("equilibria", barter, "--starts", 5, "--json")[1])
    result = strict(out)
    assert (code, result["seed"], plain["seed"]) == (ExitCode.DONE, 7, 0)
    assert result["equilibria"][0]["prices"]["good 0"] < plain["equilibria"][0]["prices"]["good 0"]


def test_without_an_equilibrium_the_exit_code_says_so(shell, tmp_path):
    path = tmp_path / "none.toml"
    path.write_text(
        stories.barter(2)
        .replace('"good 0" = 0.5, "good 1" = 0.5', '"good 1" = 1.0', 1)
        .replace('"good 0" = 2.0, "good 1" = 1.0', '"good 1" = 1.0', 1)
        .replace('"good 0" = 21.0, "good 1" = 20.0', '"good 0" = 1.0', 1)
    )  # ann owns and wants good 1 alone; what bob gets for good 0 is nothing, and yet he wants both
    code, out, _ = shell("equilibria", path, "--starts", 5)
    assert code == ExitCode.NOT_IN_EQUILIBRIUM
    words = " ".join(out.split())
    assert "There is no equilibrium: income from good 0 is never spent on it again" in words
    assert "None was found" not in words
    result = strict(shell("equilibria", path, "--starts", 5, "--json")[1])
    assert (result["equilibria"], result["starts_searched"]) == ([], 0)
    assert result["no_equilibrium"].startswith("income from good 0")


def test_the_proof_of_nonexistence_is_printed(shell):
    """Arrow's exceptional case: `market run` has the proof, and so has the search."""
    code, out, _ = shell("equilibria", ROOT / "scenarios" / "exceptional.toml")
    assert code == ExitCode.NOT_IN_EQUILIBRIUM
    words = " ".join(out.split())
    assert "There is no equilibrium: the agents who want only honey own all of it" in words
    assert "try more --starts" not in words


def test_a_budget_that_is_used_up_is_said_with_what_was_searched(shell, barter):
    code, out, _ = shell("equilibria", ROOT / "scenarios" / "chain.toml", "--budget", 1000)
    words = " ".join(out.split())
    assert code == ExitCode.DONE
    assert "The search ended early: the budget of 1,000 evaluations of excess demand is used up." in words
    [searched] = re.findall(r"(\d+) of 200 starting points were searched", words)
    assert f"One equilibrium was found from {searched} starting points" in words
    arguments = ("equilibria", ROOT / "scenarios" / "chain.toml", "--budget", 1000, "--json")
    once, again = (strict(shell(*arguments)[1]) for _ in range(2))
    assert once == again
    assert once["starts_searched"] == int(searched) < once["starts"] == 200
    assert once["stopped"].startswith("the budget of 1,000")
    assert once["evaluations"] >= 1000
    code, out, _ = shell("equilibria", barter, "--budget", 1)
    assert code == ExitCode.NOT_IN_EQUILIBRIUM
    assert "None was found from 0 starting points" in out


def test_progress_is_shown_on_a_terminal_only(shell, barter, monkeypatch):
    _, _, err = shell("equilibria", barter, "--starts", 5)
    assert err == ""
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    _, _, quiet = shell("equilibria", barter, "--starts", 5, "--quiet")
    assert quiet == ""
    with terminal.counted("Starting points", quiet=False) as progress:
        assert progress is not None
        progress(1, 5)


def test_satiation_is_named_as_the_cause_and_no_other_rule_is_advised(shell, tmp_path):
    """Whether `full` can spend its income depends on prices, so that nothing is proved."""
    path = tmp_path / "satiated.toml"
    path.write_text(
        """
        schema = 1
        title = "One who has more than enough of one good"
        economy = "exchange"
        goods = ["bread", "wine"]
        [[agents]]
        name = "full"
        endowment = { bread = 0.9, wine = 5.0 }
        utility = { family = "quadratic", weights = { bread = 1, wine = 1 }, slope = { bread = 1, wine = 1 } }
        [[agents]]
        name = "hungry"
        endowment = { bread = 1.0, wine = 1.0 }
        utility = { family = "log", weights = { bread = 1, wine = 1 } }
        [[mechanisms]]
        name = "prices"
        kind = "auctioneer"
        max_rounds = 50
        """
    )
    words = " ".join(shell("equilibria", path, "--starts", 5)[1].split())
    assert "None was found from 5 starting points as a root of excess demand." in words
    assert "though that is not proved: full wants no good without limit" in words
    words = " ".join(shell("run", path, "--no-figures", "--out", tmp_path / "runs")[1].split())
    assert "full cannot spend its income" in words
    assert "raise it or try another rule" not in words


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--starts", "0"], "starts"),
        (["--starts", "x"], "starts"),
        (["--set", "agents.ann.endowment.bread=1"], "bread"),
        (["--sead", "1"], "sead"),
    ],
)
def test_what_is_wrong_with_the_input_is_said(shell, barter, arguments, message):
    code, out, err = shell("equilibria", barter, *arguments)
    assert (code, out) == (ExitCode.INPUT_AT_FAULT, "")
    assert message in err
    assert "Traceback" not in err


def test_a_file_that_is_not_there_is_named(shell, tmp_path):
    code, _, err = shell("equilibria", tmp_path / "nothing.toml")
    assert code == ExitCode.INPUT_AT_FAULT
    assert "nothing.toml" in err


def test_from_python_the_starts_are_checked_too(barter):
    with pytest.raises(market.errors.InputError, match="starts must be 1 to"):
        market.equilibria(market.load(barter), starts=0)


def test_what_is_not_regular_missing_or_nearly_there_is_said():
    found = search(kehoe(), 5)
    [one, two, three] = found.found

    def words(changed):
        console = Console(file=StringIO(), width=100, markup=False)
        console.print(multiplicity("title", changed, 100))
        return " ".join(console.file.getvalue().split())

    missing = words(dataclasses.replace(found, found=(one, two)))
    assert "The indices sum to 0 and not to +1: some equilibria are probably missing" in missing
    flat = words(
        dataclasses.replace(
            found, found=(one, dataclasses.replace(two, index=0, stable=None, no_index="they touch"), three)
        )
    )
    assert "Index +1 none +1 Stable under tatonnement? yes unclear yes" in flat
    assert "Equilibrium 2 has no index, and so there is no sum to check: they touch." in flat
    wide = words(dataclasses.replace(found, found=(dataclasses.replace(one, isolated=False),)))
    assert "Equilibrium 1 belongs to a continuum" in wide
    near = words(dataclasses.replace(found, near_misses=((np.array([0.25, 0.75]), 3e-8),)))
    assert "Possibly another one at good0 0.25, good1 0.75, where two" in near
    assert "relative excess demand is 3.0e-08 there" in near


# --- the page about it ------------------------------------------------------------------------------


def test_what_docs_equilibria_shows_is_what_the_program_does(shell, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(ROOT)
    page = (ROOT / "docs" / "explanation" / "equilibria.md").read_text()
    [block] = re.findall(r"```python\n(.*?)```", page, flags=re.DOTALL)
    exec(compile(block, "equilibria.md", "exec"), {})
    assert capsys.readouterr().out.splitlines()[-1] == "1"
    [section] = re.findall(r"```\n(Independent check.*?)```", page, flags=re.DOTALL)
    _, out, _ = shell("scenarios/edgeworth.toml", "--check", "--no-figures", "--out", tmp_path)
    assert section in out
    [table] = re.findall(r"```\n(Three prices.*?)\n```", page, flags=re.DOTALL)
    _, out, _ = shell("equilibria", "scenarios/three_equilibria.toml")
    assert table in out


# --- run --check -----------------------------------------------------------------------------------


def test_a_run_can_be_checked_and_its_folder_verified(shell, commons, tmp_path):
    code, out, err = shell("run", commons, "--check", "--no-figures", "--out", tmp_path / "runs")
    assert (code, err) == (ExitCode.DONE, "")
    words = " ".join(out.split())
    assert "Independent check prices Agrees with the maximum of total surplus" in words
    [folder] = (tmp_path / "runs").iterdir()
    result = strict((folder / "result.json").read_text())
    by_name = {mechanism["name"]: mechanism for mechanism in result["mechanisms"]}
    check = by_name["prices"]["check"]
    assert set(check) == {
        "method", "residual", "agrees", "prices", "price_difference", "consumption_difference", "equilibria",
        "reason",
    }  # fmt: skip
    assert check["agrees"] is True
    assert check["prices"] == pytest.approx({"water": 0.2}, rel=1e-9)
    assert check["price_difference"] < 1e-6
    assert "check" not in by_name["planner"]
    code, out, _ = shell("verify", folder)
    assert code == ExitCode.DONE, out


def test_without_asking_nothing_is_checked(shell, commons, tmp_path):
    _, out, _ = shell("run", commons, "--no-figures", "--json", "--out", tmp_path / "runs")
    assert all("check" not in mechanism for mechanism in strict(out)["mechanisms"])
    _, out, _ = shell("run", commons, "--no-figures", "--out", tmp_path / "runs")
    assert "Independent check" not in out


@pytest.mark.parametrize("width", [80, 120])
def test_that_the_equilibrium_shown_is_one_of_several_is_said(shell, barter, tmp_path, monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setattr("market.simulation.model.build", lambda scenario, seed=None: kehoe())
    code, out, _ = shell(
        "run", barter, "--check", "--no-figures", "--mechanism", "prices", "--out", tmp_path / "runs"
    )
    assert code == ExitCode.DONE
    assert max(map(len, out.splitlines())) <= width + len(str(tmp_path))  # the folder's name is not cut
    assert "The equilibrium shown is one of 3 found; `market equilibria` lists all of them." in " ".join(
        out.split()
    )


def test_a_contradiction_is_said_and_changes_the_exit_code(shell, commons, tmp_path, monkeypatch):
    wrong = Check("method", 0.0, np.array([1.0]), 0.8, 0.8, False, None, ("CONTRADICTED by the method.",))
    monkeypatch.setattr("market.equilibrium.against_reference.check", lambda *_: wrong)
    arguments = (
        "run",
        commons,
        "--check",
        "--no-figures",
        "--mechanism",
        "prices",
        "--out",
        tmp_path / "runs",
    )
    code, out, _ = shell(*arguments)
    assert code == ExitCode.NOT_IN_EQUILIBRIUM
    assert "CONTRADICTED" in out


def test_help_of_the_command_needs_no_heavy_library():
    program = (
        "import sys\nfrom market.interfaces.cli.main import main\ncode = main(['equilibria', '--help'])\n"
        "print(code, sorted({'mesa', 'matplotlib', 'cvxpy', 'pandas', 'scipy'} & set(sys.modules)))"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert ended.stdout.splitlines()[-1] == "0 []"
    assert "--starts" in ended.stdout
