"""Random generators: one for each seed, purpose and stream."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from market.random_streams import generator


@given(st.integers(0, 2**63 - 1), st.lists(st.text(max_size=5), max_size=3))
def test_generator_depends_on_seed_and_purpose_alone(seed, purpose):
    first = generator(seed, *purpose).random()
    assert generator(seed, *purpose).random() == first
    assert generator(seed, *purpose, "other").random() != first


def test_streams_and_words_of_a_purpose_are_independent():
    first = {
        generator(0, *purpose, stream=stream).random()
        for purpose in (("a", "b"), ("b", "a"), ("ab",), ())
        for stream in (0, 1)
    }
    assert len(first) == 8
