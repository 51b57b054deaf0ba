"""What processes that calculate together have to agree on: versions, threads, floating-point errors.

Sums are taken in another order where linear algebra has two threads, so it has one in every process that
takes part, the parent included. A cluster's workers are asked for their versions before anything is sent to
them.
"""

from __future__ import annotations

import ctypes
import logging
import os
import platform
import re
import socket
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any

import numpy as np

from market.errors import InputError

PACKAGES = ("market", "numpy", "scipy", "cvxpy", "clarabel")  # that numbers come from
CONNECT = 10.0  # seconds for a scheduler to answer
ADDRESS = re.compile(
    r"((?P<scheme>tcp|tls|ucx|wss?)://)?(\[(?P<ipv6>[0-9a-fA-F:.]+)\]|(?P<host>[^\s:/\[\]]+)):(?P<port>\d{1,5})"
)


@contextmanager
def alike_everywhere() -> Iterator[None]:
    """One thread for linear algebra, and numpy's own handling of floating-point errors, in every process."""
    usual = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
    with _libraries().limit(limits=1), np.errstate(**usual):  # type: ignore[arg-type]
        yield


@cache
def _libraries() -> Any:
    """The threaded libraries of this process; to find them takes a millisecond."""
    import scipy.linalg  # noqa: F401  # deferred; its threads have to be there to be limited
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
KEPT = 32 << 20  # bytes: an array up to this size is made in memory that the process has already


def keep_freed_memory() -> None:
    """Have this process use freed memory again instead of giving it back at once.

    Dask's nannies start workers with `MALLOC_TRIM_THRESHOLD_=65536`, so that every array of more than 128 KB
    is made in new pages: eight times the time where much is calculated in arrays of half a megabyte. Where
    there is no such setting, or no glibc, nothing is done.
    """
    if "MALLOC_TRIM_THRESHOLD_" not in os.environ:
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, KEPT)
        mallopt(M_TRIM_THRESHOLD, 4 * KEPT)


def versions() -> dict[str, str]:
    """The versions that numbers depend on; "none" of a package that is not installed."""
    found = {"python": ".".join(platform.python_version_tuple()[:2])}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "none"
    return found


def connect(address: str) -> Any:
    """A Dask client whose workers have the versions that are here.

    Args:
        address: of the scheduler, for instance "tcp://10.0.0.1:8786".

    Raises:
        InputError: dask.distributed is not installed, it is no address, nobody answers there, there are no
            workers, or they have not got the versions that are here.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise InputError(
            "--backend dask needs dask.distributed, which is missing; `pip install 'market[cluster]'`"
        ) from error
    _check_address(address)
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # what goes wrong is told by an error
    try:
        client = Client(address, timeout=CONNECT, set_as_default=False)
    except (OSError, ValueError, TimeoutError) as error:
        raise InputError(f"no Dask scheduler answers at '{address}' ({error}); see --address") from error
    try:
        _check_versions(client, address)
    except BaseException:
        client.close()
        raise
    return client


def _check_address(address: str) -> None:
    """See that an address is one, and no other program's: on both Dask's client would hang.

    Raises:
        InputError: it is not.
    """
    known = ADDRESS.fullmatch(address)
    if known is None or not 1 <= int(known["port"]) <= 65535:
        raise InputError(
            f"'{address}' is no address of a Dask scheduler; --address is like tcp://10.0.0.1:8786, and the "
            f"scheduler says its own when it starts"
        )
    if known["scheme"] not in ("tcp", None):
        return
    try:
        with socket.create_connection((known["ipv6"] or known["host"], int(known["port"])), CONNECT) as there:
            there.recv(1)  # a scheduler speaks first
    except TimeoutError as error:
        raise InputError(
            f"what listens at '{address}' is no Dask scheduler, or has not answered for {CONNECT:.0f} "
            f"seconds; --address is what the scheduler calls 'Scheduler at', not its dashboard"
        ) from error
    except OSError:  # nobody is there yet: Dask's client waits as long for somebody to come
        return


def _check_versions(client: Any, address: str) -> None:
    """Every worker has the versions that are here."""
    if not client.nthreads():
        raise InputError(
            f"the Dask scheduler at '{address}' has no workers; start some with `dask worker {address}`"
        )
    here = versions()
    try:
        found: Mapping[str, Mapping[str, str]] = client.run(versions)
    except Exception as error:  # whatever a worker raises while it imports the package
        raise InputError(
            f"the workers at '{address}' cannot import market ({error}); install the same version there"
        ) from error
    for worker, there in found.items():
        for name in here:
            if there[name] != here[name]:
                raise InputError(
                    f"worker {worker} has {name} {there[name]} and here is {here[name]}, so that results "
                    f"would depend on who made them; install the same version"
                )
