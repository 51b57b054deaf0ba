"""What every test runs under: floating-point errors are raised, random examples are steady."""

from __future__ import annotations

import os

import numpy as np
import pytest
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
