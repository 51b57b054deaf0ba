"""Equal conditions in processes that calculate together, and patience with failures of the machine.

Linear algebra with two threads takes sums in another order, so it has one thread in every process that takes
part, the parent included. A cluster's workers report their versions before any work is sent to them.

Files that cannot be opened or read for a moment, and memory that is short, are no property of what is
calculated: such work is tried again a few times (`patiently`), and never taken for a result.
"""

from __future__ import annotations

import ctypes
import logging
import os
import platform
import re
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeVar

import numpy as np

from market.errors import InputError, UnreadableError

PACKAGES = ("market", "numpy", "scipy", "cvxpy", "clarabel")  # that numbers come from
CONNECT = 10.0  # seconds for a scheduler to answer
ADDRESS = re.compile(
    r"((?P<scheme>tcp|tls|ucx|wss?)://)?(\[(?P<ipv6>[0-9a-fA-F:.]+)\]|(?P<host>[^\s:/\[\]]+)):(?P<port>\d{1,5})"
)


@contextmanager
def alike_everywhere() -> Iterator[None]:
    """Use one thread for linear algebra, and numpy's default handling of floating-point errors."""
    usual = {"divide": "warn", "over": "warn", "under": "ignore", "invalid": "warn"}
    with _libraries().limit(limits=1), np.errstate(**usual):  # type: ignore[arg-type]
        yield


@cache
def _libraries() -> Any:
    """Return the threaded libraries of this process; finding them takes a millisecond."""
    import scipy.linalg  # noqa: F401  # deferred; its threads have to be there to be limited
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()


WAITS = (0.05, 0.25, 1.0)  # seconds before each further try of what the operating system refused
T = TypeVar("T")


def of_the_machine(error: BaseException) -> bool:
    """Return True if an error comes from files, memory or threads, and not from what is calculated.

    The errors that led to it count too: a module that cannot be opened ends in an error of the module that
    needs it.
    """
    seen: set[int] = set()
    at: BaseException | None = error
    while at is not None and id(at) not in seen:
        seen.add(id(at))
        no_thread = isinstance(at, RuntimeError) and "start new thread" in str(at)
        if no_thread or isinstance(at, OSError | MemoryError | ImportError | UnreadableError):
            return True
        at = at.__cause__ or (None if at.__suppress_context__ else at.__context__)
    return False


def patiently(work: Callable[[], T], waits: tuple[float, ...] = WAITS) -> T:
    """Return the result of work; try again, after short waits, if the machine made it fail.

    Args:
        work: gives one result however often it is called.
        waits: before each further try, seconds.
    """
    for wait in waits:
        try:
            return work()
        except Exception as error:
            if not of_the_machine(error):
                raise
        time.sleep(wait)
    return work()


M_TRIM_THRESHOLD, M_MMAP_THRESHOLD = -1, -3  # of glibc's malloc.h
KEPT = 32 << 20  # bytes: arrays up to this size reuse memory of the process


def keep_freed_memory() -> None:
    """Let this process reuse freed memory instead of returning it at once.

    Dask's nannies start workers with `MALLOC_TRIM_THRESHOLD_=65536`, so that every array of more than 128 KB
    is made in new pages, which takes eight times as long with arrays of half a megabyte. Without that
    setting, or without glibc, this does nothing.
    """
    if "MALLOC_TRIM_THRESHOLD_" not in os.environ:
        return
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)
    if mallopt is not None:
        mallopt(M_MMAP_THRESHOLD, KEPT)
        mallopt(M_TRIM_THRESHOLD, 4 * KEPT)


def versions() -> dict[str, str]:
    """Return the versions that results depend on; "none" for a package that is not installed."""
    found = {"python": ".".join(platform.python_version_tuple()[:2])}
    for package in PACKAGES:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            found[package] = "none"
    return found


def connect(address: str) -> Any:
    """Return a Dask client whose workers have the versions of this process.

    Args:
        address: of the scheduler, for instance "tcp://10.0.0.1:8786".

    Raises:
        InputError: dask.distributed is not installed, the address is invalid or without a scheduler, there
            are no workers, or their versions differ from those of this process.
    """
    try:
        from distributed import Client
    except ImportError as error:
        raise InputError(
            "--backend dask needs dask.distributed, which is missing; `pip install 'market[cluster]'`"
        ) from error
    _check_address(address)
    logging.getLogger("distributed.client").setLevel(logging.CRITICAL)  # failures raise
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
    """Check that an address is valid and not that of another program; on both Dask's client would hang.

    Raises:
        InputError: it is invalid, or another program answers.
    """
    known = ADDRESS.fullmatch(address)
    if known is None or not 1 <= int(known["port"]) <= 65535:
        raise InputError(
            f"'{address}' is not an address of a Dask scheduler; --address is like tcp://10.0.0.1:8786, and "
            f"the scheduler prints its own when it starts"
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
    except OSError:  # no scheduler yet: Dask's client waits for one as long
        return


def _check_versions(client: Any, address: str) -> None:
    """Check that every worker has the versions of this process."""
    if not client.nthreads():
        raise InputError(
            f"the Dask scheduler at '{address}' has no workers; start some with `dask worker {address}`"
        )
    here = versions()
    try:
        found: Mapping[str, Mapping[str, str]] = client.run(versions)
    except Exception as error:  # any exception of a worker that imports the package
        raise InputError(
            f"the workers at '{address}' cannot import market ({error}); install the same version there"
        ) from error
    for worker, there in found.items():
        for name in here:
            if there[name] != here[name]:
                raise InputError(
                    f"worker {worker} has {name} {there[name]}, this process has {here[name]}, so that "
                    f"results would depend on the process; install equal versions"
                )
