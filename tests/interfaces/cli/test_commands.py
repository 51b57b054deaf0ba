"""Commands: exit codes, one clear message, and no half-written files."""

import errno
import json
import shutil
import subprocess
import sys
import types
from pathlib import Path

import pytest
from helpers import stories

import market
from market.errors import ExitCode, RunError
from market.results.verify.claim import Claim, Verification

ROOT = Path(__file__).parents[3]


def runs(folder):
    """Return all names in a folder for runs, hidden or not."""
    return sorted(folder.iterdir()) if folder.exists() else []


def strict(text):
    def refuse(word):
        raise ValueError(word)

    return json.loads(text, parse_constant=refuse)


# --- run -------------------------------------------------------------------------------------------


def test_a_played_scenario_leaves_one_folder_with_all_that_is_promised(shell, commons, tmp_path):
    code, out, err = shell("run", commons, "--out", tmp_path / "runs", "--no-figures")
    [folder] = runs(tmp_path / "runs")
    assert code == ExitCode.DONE
    assert err == ""
    assert f"Run folder: {folder}" in out
    assert folder.name.startswith("commons-")
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()} == {
        "result.json", "agents.parquet", "rounds.parquet", "bounds.parquet", "comparison.csv",
        "manifest.json", "input/scenario.toml",
    }  # fmt: skip


def test_figures_are_drawn_unless_refused(shell, commons, tmp_path):
    pytest.importorskip("market.plots")
    code, _, _ = shell(commons, "--out", tmp_path / "runs", "--mechanism", "first mover", "--quiet")
    [folder] = runs(tmp_path / "runs")
    assert code == ExitCode.DONE
    assert (folder / "overview.svg").read_text(encoding="utf-8").startswith("<?xml")


def test_a_file_alone_is_played_and_so_are_options_before_it(shell, commons, tmp_path):
    for words in ((commons, "--quiet"), ("--quiet", commons)):
        code, _, _ = shell(*words, "--no-figures", "--mechanism", "first mover", "--out", tmp_path / "runs")
        assert code == ExitCode.DONE
    assert len(runs(tmp_path / "runs")) == 2


def test_json_is_the_result_file_and_nothing_else(shell, commons, tmp_path):
    code, out, err = shell(commons, "--json", "--no-figures", "--out", tmp_path / "runs")
    [folder] = runs(tmp_path / "runs")
    assert code == ExitCode.DONE
    assert out == (folder / "result.json").read_text()
    assert strict(out)["mechanisms"][0]["utilities"]["beta"] == "-Infinity"
    assert str(folder) in err


def test_quiet_says_nothing(shell, commons, tmp_path):
    arguments = (commons, "--no-figures", "--mechanism", "prices", "--out", tmp_path / "runs")
    assert shell(*arguments, "--quiet") == (ExitCode.DONE, "", "")


def test_only_the_mechanisms_named_are_played_in_the_order_named(shell, commons, tmp_path):
    names = ["prices", "first mover"]
    words = [word for name in names for word in ("--mechanism", name)]
    _, out, _ = shell(commons, *words, "--json", "--no-figures", "--out", tmp_path / "runs")
    assert [mechanism["name"] for mechanism in strict(out)["mechanisms"]] == names


def test_seed_and_overrides_take_effect_and_are_recorded(shell, commons, tmp_path):
    words = ("--seed", 7, "--set", "commons.water=20.0", "--mechanism", "prices", "--json", "--no-figures")
    code, out, _ = shell(commons, *words, "--out", tmp_path / "runs")
    [folder] = runs(tmp_path / "runs")
    manifest = json.loads((folder / "manifest.json").read_text())
    assert code == ExitCode.DONE
    assert (strict(out)["seed"], manifest["seed"], manifest["overrides"]) == (7, 7, ["commons.water=20.0"])
    assert strict(out)["mechanisms"][0]["prices"]["water"] == pytest.approx(2 / 20)  # p = Lambda / q


def test_a_mechanism_that_does_not_converge_is_written_and_sets_the_exit_code(shell, commons, tmp_path):
    commons.write_text(stories.COMMONS.replace('kind = "auctioneer"', 'kind = "auctioneer"\nmax_rounds = 1'))
    code, out, _ = shell(commons, "--mechanism", "prices", "--no-figures", "--out", tmp_path / "runs")
    assert code == ExitCode.NOT_IN_EQUILIBRIUM
    assert "max rounds" in out
    assert len(runs(tmp_path / "runs")) == 1


def test_an_interrupt_before_the_program_is_there_ends_it_quietly(tmp_path):
    shutil.copy(ROOT / "run_sim.py", tmp_path)
    cli = tmp_path / "market" / "interfaces" / "cli"
    cli.mkdir(parents=True)
    for package in (tmp_path / "market", cli.parent, cli):
        (package / "__init__.py").write_text("")
    (cli / "main.py").write_text("raise KeyboardInterrupt")
    ended = subprocess.run([sys.executable, tmp_path / "run_sim.py"], capture_output=True, check=False)
    assert (ended.returncode, ended.stdout, ended.stderr) == (130, b"", b"")


def test_run_sim_is_market_run(commons, tmp_path):
    found = []
    for program in ([ROOT / "run_sim.py", commons], ["-m", "market", "run", commons]):
        options = ["--json", "--no-figures", "--mechanism", "prices", "--out", tmp_path / "runs"]
        ended = subprocess.run(
            [sys.executable, *map(str, (*program, *options))],
            capture_output=True,
            text=True,
            cwd=ROOT,
            check=True,
        )
        found.append(strict(ended.stdout))
    assert found[0] == found[1]


# --- what goes wrong -------------------------------------------------------------------------------

BAD = {
    "no such file": (["run", "nowhere.toml"], "nowhere.toml"),
    "a folder for a file": (["run", "."], ""),
    "not TOML": (["run", "BROKEN"], "broken.toml:2"),
    "unknown family": (["run", "FAMILY"], "Did you mean 'log'?"),
    "unknown mechanism": (["run", "GOOD", "--mechanism", "price"], "Did you mean 'prices'?"),
    "override of nothing": (["run", "GOOD", "--set", "commons.watr=3"], "water"),
    "override without a value": (["run", "GOOD", "--set", "commons.water"], "commons.water"),
    "negative seed": (["run", "GOOD", "--seed", "-1"], "--seed"),
    "out is a file": (["run", "GOOD", "--out", "GOOD"], "--out"),
    "unknown option": (["run", "GOOD", "--josn"], "--json"),
    "misspelt command": (["vlidate", "GOOD"], "validate"),
    "nearly a command": (["rum", "GOOD"], "no command 'rum'. Did you mean 'run'?"),
    "neither command nor file": (
        ["frobnicate"],
        "no command 'frobnicate' and no file of that name; commands: run,",
    ),
    "misspelt key": (["run", "GOOD", "--set", "mechanisms.prices.rool=newton"], "Did you mean 'rule'?"),
    "no folder of data": (["run", "GOOD", "--data-dir", "nowhere"], "--data-dir 'nowhere': no such folder"),
    "scenario nearby": (["run", "comons.toml"], "scenarios here: broken.toml, commons.toml, family.toml."),
    "two scenarios": (["run", "GOOD", "GOOD"], "extra argument"),
    "no scenario": (["run"], "SCENARIO"),
    "not a run folder": (["verify", "."], "manifest.json"),
    "no folder at all": (["verify", "GOOD"], "not a folder"),
}


@pytest.mark.parametrize("what", BAD)
def test_bad_input_ends_with_two_and_a_message(what, shell, commons, tmp_path, monkeypatch):
    if what in ("not a run folder", "no folder at all"):
        pytest.importorskip("market.results.verify")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "broken.toml").write_text('title = "a"\ngoods = [[\n')
    (tmp_path / "family.toml").write_text(stories.COMMONS.replace('"log"', '"lgo"'))
    files = {"GOOD": "commons.toml", "BROKEN": "broken.toml", "FAMILY": "family.toml"}
    words, message = BAD[what]
    before = sorted(tmp_path.rglob("*"))
    code, out, err = shell(*(files.get(word, word) for word in words))
    assert code == ExitCode.INPUT_AT_FAULT
    assert out == ""
    assert message in " ".join(err.split())
    assert "Traceback" not in err
    assert sorted(tmp_path.rglob("*")) == before


def test_messages_have_no_codes_for_the_terminal(shell, commons):
    code, _, err = shell(commons, "--set", "commons.\x1b[31mwater=1")
    assert code == ExitCode.INPUT_AT_FAULT
    assert "\x1b" not in err


def test_an_unwritable_folder_is_found_before_anything_is_played(shell, commons, tmp_path, monkeypatch):
    monkeypatch.setattr("market.results.comparison.compare", lambda *_: pytest.fail("played in vain"))

    def refuse(self, *_, **__):
        raise PermissionError(errno.EACCES, "Permission denied", str(self))

    monkeypatch.setattr(Path, "mkdir", refuse)
    code, _, err = shell(commons, "--out", tmp_path / "locked")
    assert code == ExitCode.INPUT_AT_FAULT
    assert err.count("\n") == 1
    assert "Permission denied" in err


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (
            OSError(errno.ENOSPC, "No space left on device"),
            ExitCode.INPUT_AT_FAULT,
            "No space left on device; nothing unfinished is left there; make room, or name another folder",
        ),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED, "Interrupted"),
        (ZeroDivisionError("a slip"), ExitCode.OUR_FAULT, "Please report it"),
    ],
)
def test_what_fails_in_the_middle_of_writing_leaves_nothing(
    error, code, message, shell, commons, tmp_path, monkeypatch
):
    def fail(self):
        assert runs(tmp_path / "runs"), "the failure must come when something has been written"
        raise error

    monkeypatch.setattr("market.results.comparison.Comparison.table", fail)
    ended, out, err = shell(commons, "--no-figures", "--mechanism", "prices", "--out", tmp_path / "runs")
    assert ended == code
    assert "Run folder" not in out
    assert message in err
    assert "Traceback" not in err
    assert not (tmp_path / "runs").exists()


def test_an_interrupt_while_playing_leaves_nothing(shell, commons, tmp_path, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("market.simulation.model.MarketModel.step", interrupt)
    code, out, err = shell(commons, "--out", tmp_path / "runs")
    assert (code, out) == (ExitCode.INTERRUPTED, "")
    assert "Interrupted" in err
    assert not (tmp_path / "runs").exists()


def test_a_traceback_is_shown_only_to_who_asks_for_it(shell, commons, tmp_path, monkeypatch):
    def slip(*_, **__):
        raise ZeroDivisionError("a slip")

    monkeypatch.setattr("market.results.comparison.compare", slip)
    code, _, err = shell(commons, "--out", tmp_path / "runs")
    assert (code, "Traceback" in err) == (ExitCode.OUR_FAULT, False)
    assert "ZeroDivisionError: a slip" in err
    monkeypatch.setenv("MARKET_DEBUG", "1")
    code, _, err = shell(commons, "--out", tmp_path / "runs")
    assert (code, "Traceback" in err) == (ExitCode.OUR_FAULT, True)


def test_a_reader_who_leaves_early_is_no_error():
    program = "import sys; from market.interfaces.cli.main import main; sys.exit(main(['list']))"
    with subprocess.Popen(
        [sys.executable, "-c", program], stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=ROOT
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert process.stderr.read() == b""
    assert process.returncode == ExitCode.DONE


# --- the other commands ----------------------------------------------------------------------------


def test_a_valid_scenario_is_fine(shell, commons):
    code, out, err = shell("validate", commons)
    assert (code, err) == (ExitCode.DONE, "")
    assert out == f"{commons}: fine (2 agents, 1 good, 3 mechanisms)\n"


def test_validate_prints_every_fault_of_every_file(shell, commons, tmp_path):
    first, second = tmp_path / "first.toml", tmp_path / "second.toml"
    first.write_text(stories.COMMONS.replace('"log"', '"lgo"').replace('"seize"', '"sieze"'))
    second.write_text(stories.COMMONS.replace('kind = "planner"', 'kind = "plan"'))
    code, out, err = shell("validate", first, commons, second)
    assert code == ExitCode.INPUT_AT_FAULT
    assert out.count("fine") == 1
    assert "'log'" in err
    assert "'seize'" in err
    assert "'planner'" in err
    assert f"{second}:" in err


def test_the_schema_is_json(shell):
    code, out, _ = shell("schema")
    assert code == ExitCode.DONE
    assert isinstance(strict(out), dict)


def test_everything_that_is_registered_is_listed_with_its_options(shell):
    from market.economy.families.costs import COSTS
    from market.economy.families.utilities import UTILITIES
    from market.mechanisms import GAMES, MECHANISMS
    from market.mechanisms.auction.price_rules import RULES

    code, out, _ = shell("list")
    words = " ".join(out.split())
    assert code == ExitCode.DONE
    assert max(map(len, out.splitlines())) <= 80
    for family in (*UTILITIES, *COSTS, *MECHANISMS, *GAMES, *RULES):
        assert f"{family.name} {' '.join(family.formula().split())}" in words
    assert "max_claim" in out
    assert "(default 1e+99)" in words
    assert "(must be given)" in words
    assert "the least value (one number)" in words  # no unit


def test_the_version_is_the_package_s(shell):
    assert shell("--version") == (ExitCode.DONE, f"market {market.__version__}\n", "")


def test_help_fits_and_names_every_command(shell):
    code, out, _ = shell("--help")
    assert code == ExitCode.DONE
    assert max(map(len, out.splitlines())) <= 80
    for command in ("run", "equilibria", "validate", "schema", "list", "verify"):
        assert f" {command} " in out


def test_verify_prints_a_line_a_mechanism_and_failures_in_full(shell, tmp_path, monkeypatch):
    for holds, code, line in (
        (True, ExitCode.DONE, "prices      all 2 claims hold"),
        (None, ExitCode.DONE, "prices      1 of 2 claims hold, 1 could not be checked"),
        (False, ExitCode.NOT_IN_EQUILIBRIUM, "prices      1 of 2 claims hold, 1 DOES NOT HOLD"),
    ):
        claims = (
            Claim("prices: regret", True, "0.125"),
            Claim("prices: clears", holds, "z = 0.25"),
            Claim("the scenario is the one that was played", True, ""),
        )
        fake = types.ModuleType("market.results.verify")
        fake.verify = lambda _, claims=claims: Verification(tmp_path, claims, ("prices",))
        monkeypatch.setitem(sys.modules, "market.results.verify", fake)
        ended, out, _ = shell("verify", tmp_path)
        assert ended == code
        assert out.splitlines()[0] == line
        assert ("z = 0.25" in out, "0.125" in out) == (not holds, False)
        ended, out, _ = shell("verify", tmp_path, "--verbose")
        assert "z = 0.25" in out
        assert "gain from deviating of each agent (0.125)" in out
        ended, out, _ = shell("verify", tmp_path, "--quiet")
        assert (ended, bool(out)) == (code, holds is False)

    def refuse(_):
        raise RunError("it is empty")

    monkeypatch.setattr(fake, "verify", refuse)
    assert shell("verify", tmp_path) == (ExitCode.INPUT_AT_FAULT, "", "it is empty\n")


def test_what_was_run_can_be_verified(shell, commons, tmp_path):
    pytest.importorskip("market.results.verify")
    shell(commons, "--no-figures", "--quiet", "--out", tmp_path / "runs")
    [folder] = runs(tmp_path / "runs")
    code, out, _ = shell("verify", folder)
    assert code == ExitCode.DONE, out


def test_help_and_validation_answer_without_the_heavy_libraries(commons):
    program = (
        "import sys, market\n"
        "light = set(sys.modules)\n"
        "from market.interfaces.cli.main import main\n"
        f"codes = main(['--help']), main(['validate', {str(commons)!r}])\n"
        "heavy = {'mesa', 'matplotlib', 'cvxpy', 'pandas'}\n"
        "print(codes, sorted(heavy & set(sys.modules)), sorted((heavy | {'scipy', 'numpy'}) & light))\n"
    )
    ended = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, check=True
    )
    assert ended.stdout.splitlines()[-1] == "(0, 0) [] []"


# --- figures in several formats, data in another folder ---------------------------------------------


def test_figures_are_drawn_in_the_formats_that_are_asked_for(shell, commons, tmp_path):
    words = (commons, "--mechanism", "first mover", "--out", tmp_path / "runs", "--figures", "pdf, PNG")
    code, out, _ = shell(*words)
    [folder] = runs(tmp_path / "runs")
    assert code == ExitCode.DONE
    assert (folder / "overview.pdf").read_bytes().startswith(b"%PDF")
    assert (folder / "overview.png").read_bytes().startswith(b"\x89PNG")
    assert not (folder / "overview.svg").exists()
    assert "(figures: overview.pdf, overview.png)" in out
    assert {"overview.pdf", "overview.png"} <= strict((folder / "manifest.json").read_text())["files"].keys()
    assert shell("verify", folder)[0] == ExitCode.DONE


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--figures", "pfd"], "--figures: no format 'pfd'; one of: svg, pdf, png. Did you mean 'pdf'?\n"),
        (["--figures", ""], "--figures: no format ''; one of: svg, pdf, png.\n"),
        (
            ["--figures", "png", "--no-figures"],
            "--figures and --no-figures exclude each other; leave out one of them\n",
        ),
    ],
)
def test_formats_that_cannot_be_drawn_are_refused_before_playing(shell, commons, tmp_path, words, message):
    code, out, err = shell(commons, "--out", tmp_path / "runs", *words)
    assert (code, out, err) == (ExitCode.INPUT_AT_FAULT, "", message)
    assert not (tmp_path / "runs").exists()


NAMED = """
schema = 1
title = "Power"
economy = "quasilinear"
goods = ["power"]
[[agents]]
name = "plants"
data = "plants.csv"
names = { column = "plant" }
cost = { family = "linear", unit_cost = { power = { column = "cost" } }, capacity = { power = 5 } }
[[agents]]
name = "city"
utility = { family = "quadratic", weights = { power = 10 }, slope = { power = 1 } }
[[mechanisms]]
name = "prices"
kind = "auctioneer"
rule = "multiplicative"
"""


@pytest.fixture
def apart(tmp_path):
    """A scenario and its data in folders of their own, whose names have blanks."""
    for folder in ("my scenarios", "my data"):
        (tmp_path / folder).mkdir()
    (tmp_path / "my scenarios" / "power.toml").write_text(NAMED)
    (tmp_path / "my data" / "plants.csv").write_text("plant, cost\ncoal,1\ngas 1,2\n")
    return tmp_path / "my scenarios" / "power.toml", tmp_path / "my data"


def test_data_in_a_folder_that_the_user_names_is_read_kept_and_verified(shell, apart, tmp_path):
    scenario, data = apart
    code, _, err = shell(scenario, "--out", tmp_path / "my runs", "--no-figures")
    assert code == ExitCode.INPUT_AT_FAULT
    assert "name the folder of data with --data-dir" in err
    code, out, _ = shell(scenario, "--out", tmp_path / "my runs", "--no-figures", "--data-dir", data)
    [folder] = runs(tmp_path / "my runs")
    assert code == ExitCode.DONE
    assert f"Run folder: '{folder}'" in out  # to be copied into a shell
    assert "gas 1" in out
    assert "plants[" not in out
    shutil.rmtree(data)
    assert shell("verify", folder)[0] == ExitCode.DONE
    assert strict((folder / "result.json").read_text())["agents"] == ["coal", "gas 1", "city"]


def test_every_command_that_reads_a_scenario_takes_the_folder_of_data(shell, apart, tmp_path):
    scenario, data = apart
    for words in (
        ("validate", scenario),
        ("equilibria", scenario, "--starts", 2),
        ("sweep", scenario, "--out", tmp_path / "many", "--backend", "serial", "--no-figures"),
    ):
        code, _, err = shell(*words, "--data-dir", data)
        assert (code, err) == (ExitCode.DONE, ""), words
    assert (tmp_path / "many" / "input" / "plants.csv").exists()


def test_dashboard_shows_a_scenario_with_its_data_in_a_folder_that_the_user_names(shell, apart, monkeypatch):
    scenario, data = apart
    shown = []
    monkeypatch.setattr(
        "market.interfaces.dashboard.server.dashboard", lambda given, **_: shown.append(given)
    )
    assert shell("dashboard", scenario, "--data-dir", data)[0] == ExitCode.DONE
    assert shown[0].data[0].names == ("coal", "gas 1")
    code, _, err = shell("dashboard", "--data-dir", data)
    assert (code, err.startswith("--data-dir is the folder of one scenario's data")) == (2, True)
