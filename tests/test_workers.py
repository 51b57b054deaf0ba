"""Workers: equal arithmetic and equal versions in all processes, refused addresses."""

from __future__ import annotations

import re
import socket

import numpy as np
import pytest
from threadpoolctl import threadpool_info

from market import workers
from market.errors import InputError
from market.workers import alike_everywhere, connect, versions


def test_arithmetic_is_restored_afterwards():
    with np.errstate(under="raise"):
        before = np.geterr()
        with alike_everywhere():
            assert np.geterr() == {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
            assert {library["num_threads"] for library in threadpool_info()} <= {1}
        assert np.geterr() == before


def test_missing_package_has_the_version_none(monkeypatch):
    monkeypatch.setattr(workers, "PACKAGES", ("numpy", "no-such-package"))
    found = versions()
    assert set(found) == {"python", "numpy", "no-such-package"}
    assert (found["numpy"], found["no-such-package"]) == (np.__version__, "none")


@pytest.mark.parametrize("address", ["", "nowhere", "host:0", "host:65536", "http://host:8786", "a b:1"])
def test_invalid_address_is_refused_before_it_is_used(address, monkeypatch):
    monkeypatch.setattr(workers.socket, "create_connection", None)
    pytest.importorskip("distributed")
    with pytest.raises(InputError, match="is not an address of a Dask scheduler"):
        connect(address)


class Client:
    """A client of two workers, one of which may have other versions."""

    def __init__(self, **other):
        self.found = {"tcp://a": versions(), "tcp://b": versions() | other}

    def nthreads(self):
        return self.found

    def run(self, function):
        return self.found


def test_workers_with_other_versions_are_refused():
    workers._check_versions(Client(), "tcp://x:1")
    with pytest.raises(InputError, match=r"^worker tcp://b has numpy 0\.1, this process has "):
        workers._check_versions(Client(numpy="0.1"), "tcp://x:1")


def test_scheduler_without_workers_is_refused():
    client = Client()
    client.found = {}
    with pytest.raises(InputError, match="has no workers"):
        workers._check_versions(client, "tcp://x:1")


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
