"""Random generators: one for each purpose, derived from the seed and the words that name the purpose.

A draw depends on the seed and its purpose, never on other draws: adding a mechanism or a group of agents does
not change the draws of others.
"""

from __future__ import annotations

import hashlib

import numpy as np


def generator(seed: int, *purpose: str, stream: int = 0) -> np.random.Generator:
    """Return the generator of one purpose, for instance `generator(0, "alpha", "utility.weights.water")`.

    Args:
        seed: the root, >= 0.
        purpose: words that name the purpose; different words give independent streams.
        stream: which of the purpose's own independent streams.
    """
    digest = hashlib.sha256("\0".join(purpose).encode()).digest()
    words = np.frombuffer(digest[:16], dtype="<u4")
    key = (stream,) if stream else ()
    return np.random.default_rng(np.random.SeedSequence([seed, *words.tolist()], spawn_key=key))
