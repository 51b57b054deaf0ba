"""Trade without an auctioneer: `python -m benchmarks.trading` prints what its mechanisms take, in one run.

The rows are those of each module `benchmarks.trading_...` that is there: what was measured, and the figure
with its aim. Times are processor seconds on one core, the least of several repeats.
"""

from __future__ import annotations

import os
import platform
from importlib import import_module
from importlib.util import find_spec

PARTS = ("barter", "book", "pivot")


def main() -> None:
    print(f"{platform.machine()}, {os.cpu_count()} cores, Python {platform.python_version()}")
    for name in (f"benchmarks.trading_{part}" for part in PARTS):
        for what, figure in import_module(name).rows() if find_spec(name) else ():
            print(f"{what:64} {figure}", flush=True)


if __name__ == "__main__":
    main()
