"""Shards on the workers of a cluster: the same bits as here, and a message when a worker goes away."""

from __future__ import annotations

import os
import re
import shlex
import signal
import sys
from dataclasses import fields, is_dataclass
from pathlib import Path

import numpy as np
import pytest
from helpers.towns import BAKERS, town

from market import workers as processes
from market.errors import InputError
from market.interfaces.cli import main as cli
from market.shards import Cluster, Here, play_in_shards, run_in_shards
from market.shards import pools as pools_module

GUIDE = Path(__file__).parents[2] / "docs" / "how-to" / "cluster.md"


def bits(outcome):
    """Everything that is told of an outcome, as bytes."""
    seen = outcome.path.select_dtypes("number").to_numpy()
    numbers = [outcome.prices, seen, outcome.consumption]
    figures = [outcome.disequilibrium, outcome.revenue, outcome.max_regret, outcome.alignment.residual]
    return [np.asarray(part).tobytes() for part in (*numbers, *figures, *leaves(outcome.ended))]


def leaves(value):
    """Each number and array in a value of the package, however nested."""
    value = getattr(value, "value", value)  # of a reduction
    if is_dataclass(value):
        value = [getattr(value, each.name) for each in fields(value)]
    if isinstance(value, (list, tuple)):
        return [leaf for each in value for leaf in leaves(each)]
    return ["none" if value is None else value]


@pytest.mark.parametrize("money", ["quasilinear", "fisher", "exchange"])
def test_a_cluster_gives_the_same_bits_as_shards_here(cluster, money):
    scenario = town(money, more="" if money == "exchange" else BAKERS, buyers=300, tasters=200)
    far = play_in_shards(scenario, Cluster(cluster.scheduler_address), 5)
    near = play_in_shards(scenario, Here(), 5)
    assert bits(far.outcomes["prices"]) == bits(near.outcomes["prices"])
    other = play_in_shards(scenario, Here(), 4)
    assert bits(other.outcomes["prices"]) != bits(near.outcomes["prices"])  # order of sums does matter


def test_a_run_folder_of_a_cluster_has_the_same_files(cluster, tmp_path):
    scenario = town(buyers=300, tasters=20)
    pools = (Cluster(cluster.scheduler_address), Here())
    folders = [run_in_shards(scenario, pool, 3, tmp_path)[1] for pool in pools]
    for name in (
        "result.json",
        "comparison.csv",
        "rounds.parquet",
        "bounds.parquet",
        *(f"agents/000-0000{k}.parquet" for k in range(3)),
    ):
        far, near = ((folder / name).read_bytes() for folder in folders)
        assert far == near, name


def test_the_agents_of_a_shard_are_on_workers_only(cluster):
    seen = []

    class Watched(Cluster):
        def tell(self, method, each=None, **same):
            answers = super().tell(method, each, **same)
            seen.append((method, self.held(), list(self.names())))
            return answers

        def held(self):
            return self._client.run(_held)

    play_in_shards(town(buyers=30, tasters=20), Watched(cluster.scheduler_address), 4)
    _, held, names = seen[0]
    assert held == dict.fromkeys(names, 2)
    assert len(held) == 2
    assert _held() == 0
    with pools_module.connect(cluster.scheduler_address) as client:
        assert set(client.run(_held).values()) == {0}  # nothing is left on the workers


def test_shards_of_a_lost_client_are_released_by_the_next_play(cluster):
    scenario, address = town(buyers=30, tasters=20), cluster.scheduler_address
    killed, busy, latest = (Cluster(address) for _ in range(3))
    for pool in (killed, busy):
        pool.make(scenario, 0, [range(25), range(25, 51)])
    killed._client.close()  # as if its process had been killed
    with pools_module.connect(address) as client:
        assert sum(client.run(_held).values()) == 4
        latest.make(scenario, 0, [range(25), range(25, 51)])
        assert sum(client.run(_held).values()) == 4
        assert len(busy.tell("ask", p=np.ones(2))) == 2  # who is still there keeps its shards
        for pool in (busy, latest):
            pool.close()
            pool.close()
        assert sum(client.run(_held).values()) == 0


def _held():
    from market.shards import worker_state as holding

    return len(holding._HELD)


def test_an_error_on_a_worker_has_the_message_that_it_has_here(cluster):
    wrong = town(buyers=30, tasters=20, rule="")
    text = wrong.text.replace("mean = 5", "mean = -5")
    from market import loads

    messages = []
    for pool in (Here(), Cluster(cluster.scheduler_address)):
        with pytest.raises(InputError, match=r"drawn for taster\[\d+\]: -\d.* is too small") as refused:
            play_in_shards(loads(text), pool, 3)
        messages.append(str(refused.value))
    assert messages[0] == messages[1]


def test_a_worker_that_goes_away_ends_the_play_with_a_message(cluster, monkeypatch):
    import distributed

    monkeypatch.setattr(pools_module, "LOOK", 0.05)
    pool = Cluster(cluster.scheduler_address)
    lost = pool._workers[0]
    processes = pool._client.run(os.getpid)
    rounds, looks, look = [], iter(range(1000)), distributed.Future.exception

    def counted(future, timeout):
        return look(future, timeout) if next(looks) < 900 else pytest.fail("the play hangs")

    monkeypatch.setattr(distributed.Future, "exception", counted)

    class Killing:
        """The pool, of which a worker is killed before the third round."""

        def __getattr__(self, name):
            return getattr(pool, name)

        def tell(self, method, each=None, **same):
            rounds.append(method)
            if len(rounds) == 3:
                os.kill(processes[lost], signal.SIGKILL)
            return pool.tell(method, each, **same)

    with pytest.raises(InputError, match="went away, and the agents there with it") as ended:
        play_in_shards(town(buyers=30, tasters=20), Killing(), 4)
    assert lost in str(ended.value)
    assert len(rounds) == 3
    with pools_module.connect(cluster.scheduler_address) as client:
        client.wait_for_workers(2)  # its nanny starts another one, for the next test


def test_a_scheduler_that_goes_away_ends_the_play_with_a_message(tmp_path, monkeypatch):
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(processes, "CONNECT", 0.2)  # the client tries as long to come back
    own_cluster = distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=False, protocol="tcp", dashboard_address=":0"
    )
    pool = Cluster(own_cluster.scheduler_address)

    class Ending:
        """The pool, whose cluster ends before the third round."""

        rounds = 0

        def __getattr__(self, name):
            return getattr(pool, name)

        def tell(self, method, each=None, **same):
            self.rounds += 1
            if self.rounds == 3:
                own_cluster.close()
            return pool.tell(method, each, **same)

    with pytest.raises(
        InputError, match=r"^the Dask scheduler at 'tcp://.*' went away, and all agents with it"
    ):
        run_in_shards(town(buyers=30, tasters=20), Ending(), 4, tmp_path / "out")
    assert not (tmp_path / "out").exists()


def _version_of_its_own():
    return {"numpy": f"1.{os.getpid()}"}


def test_workers_of_another_version_are_refused_and_nothing_is_written(
    cluster, file, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(processes, "versions", _version_of_its_own)
    address = cluster.scheduler_address
    assert run(file, "--out", tmp_path / "out", "--backend", "dask", "--address", address) == 2
    error = capsys.readouterr().err
    assert "has numpy" in error
    assert error.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_by_default_there_are_no_more_shards_than_agents(cluster, tmp_path, capsys):
    path = tmp_path / "one.toml"
    path.write_text(ONE)
    address = cluster.scheduler_address
    assert run(path, "--out", tmp_path / "out", "--backend", "dask", "--address", address) == 0
    assert "1 agent, 1 good, 1 shard." in capsys.readouterr().out


def test_a_folder_seen_by_workers_only_is_one_message(cluster, tmp_path, monkeypatch):
    from market.shards import folder

    def elsewhere(tables, files):
        for file in files:
            (tables / file.name).rename(tmp_path / file.name)
        return real(tables, files)

    real = folder._collected
    monkeypatch.setattr(folder, "_collected", elsewhere)
    with pytest.raises(InputError, match="a folder that all machines share"):
        run_in_shards(town(buyers=30, tasters=20), Cluster(cluster.scheduler_address), 2, tmp_path / "out")
    assert not (tmp_path / "out").exists()


ONE = """
schema = 1
economy = "quasilinear"
goods = ["water"]
commons.water = 2.0
agents = [{ name = "hermit", utility = { family = "log", weights = { water = 1.0 } } }]
mechanisms = [{ name = "prices", kind = "auctioneer" }]
"""


# --- the command -------------------------------------------------------------------------------------


def run(*arguments):
    return cli.main(["run", *map(str, arguments)])


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "town.toml"
    path.write_text(town(buyers=30, tasters=20).text)
    return path


def test_the_command_plays_on_a_cluster(cluster, file, tmp_path, capsys):
    out = tmp_path / "out"
    assert run(file, "--out", out, "--backend", "dask", "--address", cluster.scheduler_address) == 0
    assert "51 agents, 2 goods, 2 shards." in capsys.readouterr().out  # a shard a worker
    (folder,) = out.iterdir()
    assert cli.main(["verify", str(folder), "--quiet"]) == 0


def test_the_market_of_the_guide_prints_one_text_on_a_cluster_and_here(
    cluster, tmp_path, capsys, monkeypatch
):
    """Its first command is followed in `test_docs.py`; the second is said to print the same."""
    text = GUIDE.read_text()
    [toml] = re.findall(r"```toml\n(.*?)```", text, flags=re.DOTALL)
    [shown] = re.findall(r"```console\n.*?\n(.*?)```", text, flags=re.DOTALL)
    [command] = re.findall(r"^    market (run .*)$", text, flags=re.MULTILINE)
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "80")
    (tmp_path / "town.toml").write_text(toml)
    replaced = {"tcp://10.0.0.1:8786": cluster.scheduler_address, "/shared/runs": str(tmp_path / "runs")}
    assert cli.main([replaced.get(word, word) for word in shlex.split(command)]) == 0
    printed = capsys.readouterr().out
    for piece in filter(None, (piece.strip() for piece in shown.split("...\n"))):
        assert piece in printed


def test_the_command_plays_in_shards_here(file, tmp_path, capsys):
    assert run(file, "--out", tmp_path / "out", "--shards", 3, "--json") == 0
    assert '"status": "cleared"' in capsys.readouterr().out
    assert run(file, "--out", tmp_path / "out", "--shards", 3, "--set", "mechanisms.prices.max_rounds=1") == 3
    assert "Unknown" in capsys.readouterr().out


def test_figures_of_rounds_are_drawn_in_shards_unless_refused(file, tmp_path, capsys):
    assert run(file, "--out", tmp_path / "drawn", "--shards", 2) == 0
    assert "(figures: overview.svg)" in capsys.readouterr().out
    (folder,) = (tmp_path / "drawn").iterdir()
    assert (folder / "overview.svg").read_text(encoding="utf-8").startswith("<?xml")
    assert "overview.svg" in (folder / "manifest.json").read_text()
    assert cli.main(["verify", str(folder), "--quiet"]) == 0
    assert run(file, "--out", tmp_path / "bare", "--shards", 2, "--no-figures") == 0
    assert "overview.svg" not in capsys.readouterr().out
    (folder,) = (tmp_path / "bare").iterdir()
    assert not (folder / "overview.svg").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--backend", "dask"], "--backend dask and --address tcp://HOST:PORT go together"),
        (["--address", "tcp://127.0.0.1:1"], "--backend dask and --address tcp://HOST:PORT go together"),
        (["--shards", "2", "--check"], "--check needs all agents in one place"),
        (["--shards", "2", "--mechanism", "prizes"], "no mechanism 'prizes'"),
        (["--shards", "200"], "there are only 51 agents"),
    ],
)
def test_contradicting_options_are_one_message(file, tmp_path, capsys, options, said):
    assert run(file, "--out", tmp_path / "out", *options) == 2
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1


def test_without_the_extra_a_cluster_is_refused_in_one_line(file, tmp_path, capsys, monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    assert run(file, "--out", tmp_path / "out", "--backend", "dask", "--address", "tcp://127.0.0.1:9") == 2
    error = capsys.readouterr().err
    assert "pip install 'market[cluster]'" in error
    assert error.count("\n") == 1
