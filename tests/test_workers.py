"""Connections to a cluster are refused with their reason, and every process calculates alike."""

from __future__ import annotations

import os
import re
import socket
import sys

import numpy as np
import pytest
from helpers.troublemakers import threads, version_of_its_own
from threadpoolctl import threadpool_limits

from market import workers
from market.errors import InputError
from market.sweep.design import design


@pytest.mark.parametrize("before", [1, 2])
def test_linear_algebra_has_one_thread_and_numpy_its_own_errors(before):
    with threadpool_limits(before), np.errstate(over="ignore"):
        done = threads(list(design(["a.x=1,2"]).runs()))
        assert set(done.columns["threads"]) == {1}
        assert set(done.columns["over"]) == {"warn"}
        assert np.geterr()["over"] == "ignore"


@pytest.mark.parametrize(
    "address",
    [
        "nonsense",
        "http://127.0.0.1:8787",
        "",
        "tcp://127.0.0.1",
        "tcp://127.0.0.1:65536",
        "tcp://:1",
        "tcp://a b:1",
    ],
)
def test_an_address_of_another_form_is_refused_before_any_connection(monkeypatch, address):
    distributed = pytest.importorskip("distributed")
    monkeypatch.setattr(distributed, "Client", lambda *_, **__: pytest.fail("a connection was tried"))
    monkeypatch.setattr(socket, "create_connection", lambda *_, **__: pytest.fail("a connection was tried"))
    with pytest.raises(
        InputError, match=rf"^'{address}' is no address of a Dask scheduler; --address is like"
    ):
        workers.connect(address)


@pytest.mark.parametrize("address", ["tcp://127.0.0.1", "localhost", "tcp://[::1]"])
def test_a_listener_that_stays_silent_is_not_a_scheduler(monkeypatch, address):
    pytest.importorskip("distributed")
    monkeypatch.setattr(workers, "CONNECT", 0.1)
    family = socket.AF_INET6 if "::1" in address else socket.AF_INET
    try:
        listening = socket.create_server(("::1" if "::1" in address else "127.0.0.1", 0), family=family)
    except OSError:
        pytest.skip("this machine has no such address")
    with listening:
        at = f"{address}:{listening.getsockname()[1]}"
        with pytest.raises(InputError, match=re.escape(f"what listens at '{at}' is no Dask scheduler, or")):
            workers.connect(at)


def test_an_address_without_listener_is_refused(monkeypatch):
    pytest.importorskip("distributed")
    monkeypatch.setattr(workers, "CONNECT", 0.1)
    with pytest.raises(InputError, match=r"no Dask scheduler answers at 'tcp://127\.0\.0\.1:9'"):
        workers.connect("tcp://127.0.0.1:9")


def test_a_scheduler_without_workers_is_refused_with_the_command_that_starts_some():
    distributed = pytest.importorskip("distributed")
    with distributed.LocalCluster(n_workers=0, dashboard_address=":0") as empty:
        address = empty.scheduler_address
        with pytest.raises(InputError, match=f"has no workers; start some with `dask worker {address}`$"):
            workers.connect(address)


def test_workers_of_other_versions_are_refused(cluster, monkeypatch):
    monkeypatch.setattr(workers, "versions", version_of_its_own)
    with pytest.raises(InputError, match=rf"worker tcp://.* has numpy 1\.\d+ and here is 1\.{os.getpid()}, "):
        workers.connect(cluster.scheduler_address)


def test_without_the_extra_a_cluster_is_refused_with_the_command_that_installs_it(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(InputError, match=r"pip install 'market\[cluster\]'"):
        workers.connect("tcp://127.0.0.1:8786")
