"""What every test runs under: floating-point errors are raised, random examples are steady."""

from __future__ import annotations

import os

import numpy as np
import pytest
from helpers import stories
from hypothesis import HealthCheck, Phase, settings

os.environ.setdefault("MPLBACKEND", "Agg")

settings.register_profile(
    "steady",
    deadline=None,
    phases=[Phase.explicit, Phase.reuse, Phase.generate, Phase.shrink],
    derandomize=os.environ.get("MARKET_SOAK") is None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.load_profile("steady")


@pytest.fixture(autouse=True)
def _floating_point_errors_are_raised():
    with np.errstate(over="raise", divide="raise", invalid="raise"):
        yield


@pytest.fixture(autouse=True)
def _names_in_doctests(doctest_namespace):
    doctest_namespace["np"] = np


@pytest.fixture
def commons(tmp_path):
    """The scenario of the commons as a file."""
    path = tmp_path / "commons.toml"
    path.write_text(stories.COMMONS)
    return path


@pytest.fixture
def shell(capsys, monkeypatch):
    """Runs a command line; gives its exit code and what it said on each stream."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("MARKET_DEBUG", raising=False)

    from market.interfaces.cli.main import main  # after the environment is set

    def run(*arguments):
        code = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run


@pytest.fixture(scope="session")
def cluster():
    """Two processes on this machine that are reached over TCP, as a cluster is; a killed one is replaced."""
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", memory_limit=0
    ) as running:
        yield running
