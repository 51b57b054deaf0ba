"""Random games of information."""

import numpy as np

from market.games.disclosure import Disclosure, information_game


def random_game(rng: np.random.Generator, size: int, many: int, k: int, aligned: bool = False) -> Disclosure:
    """A user, and providers who differ from her by noise; if aligned, in an exact hull."""
    u = rng.random((size, many))
    own = u + rng.normal(0.0, 0.7, (k, size, many))
    if aligned:  # an exact hull: half of the first and the last
        own[-1] = 2.0 * u - own[0]
    p = rng.dirichlet(np.ones(size))
    names = [f"p{i}" for i in range(k)]
    return information_game("uvwxyz"[:size], p, "abcdef"[:many], np.array([*own, u]), names)
