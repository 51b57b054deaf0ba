"""The result object and the run folder: the contract's shape, strict JSON, whole or not at all."""

import codecs
import dataclasses
import hashlib
import json
import os
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from helpers import stories

import market
from market.errors import InputError, NumericalError, RunError
from market.results import run_folder as results

MECHANISM = {
    "name", "kind", "status", "reason", "rounds", "prices", "disequilibrium", "auctioneer_payoff",
    "consumption", "production", "payments", "revenue", "utilities", "payoffs", "max_regret", "alignment",
}  # fmt: skip
ALIGNMENT = {
    "efficient", "degenerate", "weights", "residual", "resource_utilisation", "efficient_with_transfers",
    "surplus_gap", "improvement",
}  # fmt: skip


@pytest.fixture(scope="module")
def commons():
    return market.compare(market.loads(stories.COMMONS))


@pytest.fixture(scope="module")
def barter():
    return market.compare(market.loads(stories.barter(2)), ["at home"])


@pytest.fixture(scope="module")
def written(commons, tmp_path_factory):
    return results.write_run(commons, tmp_path_factory.mktemp("runs"))


@pytest.fixture
def folder(written, tmp_path):
    """A copy to spoil."""
    return shutil.copytree(written, tmp_path / "run")


def strict(text):
    def refuse(word):
        raise ValueError(word)

    return json.loads(text, parse_constant=refuse)


def with_outcome(compared, name, **changes):
    """The comparison with something changed in one outcome."""
    changed = dataclasses.replace(compared.outcomes[name], **changes)
    return dataclasses.replace(compared, outcomes={**compared.outcomes, name: changed})


# --- the result object -----------------------------------------------------------------------------


def test_the_result_has_every_key_of_the_contract(commons):
    told = results.result(commons)
    assert set(told) == {"schema", "scenario", "seed", "goods", "agents", "mechanisms"}
    assert set(told["scenario"]) == {"title", "file", "sha256"}
    for mechanism in told["mechanisms"]:
        assert set(mechanism) == MECHANISM | {"evidence"}
        extra = {"supporting_prices", "improvement_production", "unknown"}
        assert set(mechanism["alignment"]) == ALIGNMENT | extra


def test_the_result_has_the_numbers_of_the_commons(commons):
    first, prices, _ = results.result(commons)["mechanisms"]
    assert first["consumption"] == {"alpha": {"water": 10.0}, "beta": {"water": 0.0}}
    assert first["prices"] is first["disequilibrium"] is first["auctioneer_payoff"] is None
    assert first["alignment"]["weights"] == {"alpha": 1.0, "beta": 0.0}
    assert prices["prices"]["water"] == pytest.approx(0.2)
    assert prices["payments"]["beta"] == pytest.approx(1.0)
    assert prices["revenue"] == pytest.approx(2.0)


def test_infinities_are_words_and_come_back_as_numbers(commons):
    first = strict(results.as_json(results.result(commons)))["mechanisms"][0]
    assert first["utilities"]["beta"] == "-Infinity"
    assert first["alignment"]["surplus_gap"] == "Infinity"
    assert results.number("-Infinity") == -np.inf
    assert results.number(0.2) == 0.2


def test_a_number_that_is_none_is_refused_with_its_place(commons):
    spoilt = with_outcome(commons, "prices", payments=np.array([1.0, np.nan]))
    with pytest.raises(NumericalError, match=r"result of 'prices'.*: payments\.beta: a finite number"):
        results.result(spoilt)


def test_what_is_unknown_is_null(commons):
    report = dataclasses.replace(commons.alignments["prices"], negishi_weights=None, efficient=None)
    changed = dataclasses.replace(commons, alignments={**commons.alignments, "prices": report})
    told = results.result(changed)["mechanisms"][1]["alignment"]
    assert told["weights"] is told["supporting_prices"] is told["efficient"] is told["improvement"] is None
    assert results.agents_table(changed).query("mechanism == 'prices'")["weight"].isna().all()


def test_an_improvement_is_an_allocation_by_agent_and_good(barter):
    improvement = results.result(barter)["mechanisms"][0]["alignment"]["improvement"]
    total = sum(np.array(list(bundle.values())) for bundle in improvement.values())
    assert set(improvement) == {"ann", "bob"}
    assert (total <= barter.economy.resources * (1 + 1e-9)).all()


@pytest.mark.parametrize(("agents", "maps"), [(1000, dict), (1001, type(None))])
def test_above_a_thousand_agents_maps_are_null_and_the_table_of_agents_has_them(agents, maps, tmp_path):
    compared = market.compare(market.loads(stories.crowd(agents, "first mover")))
    told = results.result(compared)["mechanisms"][0]
    for key in ("consumption", "production", "payments", "utilities", "payoffs"):
        assert type(told[key]) is maps
    assert type(told["alignment"]["weights"]) is maps
    run = results.read_run(results.write_run(compared, tmp_path))
    np.testing.assert_array_equal(
        run.by_good("first mover", "consumption"), compared.outcomes["first mover"].consumption
    )
    np.testing.assert_array_equal(
        run.by_agent("first mover", "utility"), compared.outcomes["first mover"].utilities
    )


# --- the run folder --------------------------------------------------------------------------------


def test_a_run_reads_back_as_it_was_played(commons, written):
    run = results.read_run(written)
    assert run.result == results.result(commons)
    for name, outcome in commons.outcomes.items():
        np.testing.assert_array_equal(run.by_good(name, "production"), outcome.production)
        np.testing.assert_array_equal(run.by_agent(name, "payoff"), outcome.payoffs)
    assert np.isnan(run.by_agent("planner", "regret")).all()
    assert run.scenario_file.read_text() == stories.COMMONS
    assert run.overrides == ()


def test_the_other_tables_are_the_comparison_s(commons, written):
    pd.testing.assert_frame_equal(
        pd.read_parquet(written / "rounds.parquet"), commons.rounds, check_dtype=False
    )
    table = pd.read_csv(written / "comparison.csv")
    assert list(table["mechanism"]) == list(commons.outcomes)
    assert table["utility of beta"].iloc[0] == -np.inf


def test_the_manifest_tells_what_made_the_run(commons, written):
    manifest = strict((written / "manifest.json").read_text())
    assert manifest["seed"] == commons.economy.seed
    assert manifest["scenario"]["sha256"] == hashlib.sha256(stories.COMMONS.encode()).hexdigest()
    assert manifest["mechanisms"] == list(commons.outcomes)
    assert {"python", "market", "numpy", "cvxpy"} <= set(manifest["versions"])
    assert set(manifest["files"]) | {"manifest.json"} == {
        path.relative_to(written).as_posix() for path in written.rglob("*") if path.is_file()
    }


def test_the_scenario_is_kept_byte_for_byte_with_the_data_it_reads(tmp_path):
    drawn = stories.COMMONS.replace('"alpha"\n', '"alpha"\ndata = "agents.csv"\n')
    drawn = drawn.replace("water = 1.0", 'water = { column = "w" }', 1).replace('["alpha"]', '["alpha[0]"]')
    text = codecs.BOM_UTF8 + drawn.replace("\n", "\r\n").encode()
    (tmp_path / "story.toml").write_bytes(text)
    (tmp_path / "agents.csv").write_text("w\n1.0\n3.0\n")
    played = market.compare(market.load(tmp_path / "story.toml"), ["prices"])
    run = results.read_run(results.write_run(played, tmp_path / "runs"))
    assert run.scenario_file.read_bytes() == text
    again = market.compare(market.load(run.scenario_file, run.overrides), ["prices"])
    assert again.scenario.sha256 == run.result["scenario"]["sha256"]
    np.testing.assert_array_equal(again.outcomes["prices"].consumption, run.by_good("prices", "consumption"))


def test_figures_are_part_of_the_run(commons, tmp_path):
    folder = results.write_run(commons, tmp_path, {"a.svg": lambda path: path.write_text("<svg/>")})
    assert "a.svg" in results.read_run(folder).manifest["files"]


def test_two_runs_never_share_a_folder(commons, tmp_path):
    assert results.write_run(commons, tmp_path) != results.write_run(commons, tmp_path)


def test_a_folder_for_runs_is_made_and_not_closed_to_others(commons, tmp_path):
    folder = results.write_run(commons, tmp_path / "deep" / "runs")
    (tmp_path / "plain").mkdir()
    assert folder.stat().st_mode == (tmp_path / "plain").stat().st_mode
    assert [path.name for path in folder.parent.iterdir()] == [folder.name]


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ZeroDivisionError(), MemoryError()])
def test_what_fails_half_way_leaves_nothing(error, commons, tmp_path):
    def fail(path):
        path.write_text("half a pict")
        raise error

    with pytest.raises(type(error)):
        results.write_run(commons, tmp_path / "deep" / "runs", {"a.svg": fail})
    assert list(tmp_path.iterdir()) == []


def test_a_failure_leaves_the_runs_of_others_alone(commons, tmp_path):
    kept = results.write_run(commons, tmp_path)
    with pytest.raises(InputError, match="No space left"):
        results.write_run(commons, tmp_path, {"a.svg": _full_disk})
    assert list(tmp_path.iterdir()) == [kept]


def _full_disk(_):
    raise OSError(28, "No space left on device")


def test_nothing_has_its_name_before_all_of_it_is_on_the_disk(commons, tmp_path, monkeypatch):
    synced, fsync, rename = set(), os.fsync, Path.rename

    def watch(handle):
        synced.add(os.fstat(handle).st_ino)
        fsync(handle)

    def check(self, target):
        assert {path.stat().st_ino for path in (self, *self.rglob("*"))} <= synced
        return rename(self, target)

    monkeypatch.setattr(os, "fsync", watch)
    monkeypatch.setattr(Path, "rename", check)
    results.write_run(commons, tmp_path)
    assert tmp_path.stat().st_ino in synced


def test_checking_a_folder_leaves_no_trace(commons, tmp_path):
    results.check_writable(commons.scenario, tmp_path / "deep" / "runs")
    assert list(tmp_path.iterdir()) == []
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="--out"):
        results.check_writable(commons.scenario, tmp_path / "file")


@pytest.mark.parametrize("name", ["../../etc/passwd", "a\x1b[31mb", "", "...", "Ä/Ö", "x" * 500])
def test_a_slug_is_a_harmless_file_name(name):
    slug = results.slug(name)
    assert slug
    assert len(slug) <= 60
    assert set(slug) <= set("abcdefghijklmnopqrstuvwxyz0123456789-")


# --- reading it back -------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda f: (f / "manifest.json").unlink(), "no manifest.json"),
        (lambda f: (f / "agents.parquet").unlink(), "agents.parquet is missing"),
        (lambda f: (f / "result.json").write_text((f / "result.json").read_text() + " "), "checksum"),
        (lambda f: (f / "input/scenario.toml").write_text("goods = []"), "checksum"),
        (lambda f: (f / "manifest.json").write_text("{"), "cannot be read"),
        (lambda f: (f / "manifest.json").write_text("[]"), "not an object"),
        (lambda f: (f / "manifest.json").write_text("[" * 100_000), "cannot be read"),
        (lambda f: (f / "manifest.json").write_text('{"schema": NaN}'), "NaN is not JSON"),
        (lambda f: (f / "manifest.json").write_text('{"schema": 1}'), "Field required"),
        (lambda f: _unlist(f, "result.json"), "does not list result.json"),
        (lambda f: _unlist(f, "comparison.csv"), "does not list comparison.csv"),
        (lambda f: _replaced(f, os.mkfifo), "not a plain file"),
        (lambda f: _replaced(f, lambda path: path.symlink_to("/etc/passwd")), "not a plain file"),
        (lambda f: _replaced(f, Path.mkdir), "not a plain file"),
        (lambda f: _linked_folder(f), "not a plain file"),
        (lambda f: _list_also(f, "../secret"), "not inside"),
        (lambda f: _list_also(f, "/etc/passwd"), "not inside"),
        (lambda f: _set_schema(f, 2), "schema 2"),
        (lambda f: _set_schema(f, True), "schema True"),
    ],
)
def test_a_folder_that_is_not_as_it_was_written_is_refused(spoil, message, folder):
    spoil(folder)
    with pytest.raises(RunError, match=message):
        results.read_run(folder)


def _list_also(folder, name):
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"][name] = {"bytes": 0, "sha256": ""}
    (folder / "manifest.json").write_text(json.dumps(manifest))


def _unlist(folder, name):
    manifest = json.loads((folder / "manifest.json").read_text())
    manifest["files"].pop(name)
    (folder / "manifest.json").write_text(json.dumps(manifest))


def _replaced(folder, make):
    (folder / "rounds.parquet").unlink()
    make(folder / "rounds.parquet")


def _linked_folder(folder):
    (folder / "input").rename(folder.parent / "elsewhere")
    (folder / "input").symlink_to(folder.parent / "elsewhere")


def _set_schema(folder, schema):
    manifest = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps({**manifest, "schema": schema}))


def test_a_result_too_large_to_read_is_refused(folder, monkeypatch):
    monkeypatch.setattr(results, "LARGEST_JSON", 100)
    with pytest.raises(RunError, match="more than 100 bytes"):
        results.read_run(folder)


def test_what_is_no_folder_is_refused(tmp_path):
    with pytest.raises(RunError, match="not a folder"):
        results.read_run(tmp_path / "nowhere")
    with pytest.raises(RunError, match="not a run folder"):
        results.read_run(tmp_path)
