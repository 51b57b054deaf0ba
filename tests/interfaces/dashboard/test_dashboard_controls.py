"""Sessions: a visitor's choice and view, and the thread between them, apart from the page that shows them."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from market.errors import InputError
from market.interfaces.dashboard import extra

IDLE = """
import sys, time
from pathlib import Path
import solara.server.app  # it makes threads belong to the kernel in which they were made
from solara.server import kernel_context
from market.interfaces.dashboard.controls import Session
from market.interfaces.dashboard.offer import Offer

kernel = kernel_context.create_dummy_context()
with kernel:
    session = Session(Offer({"commons": Path(sys.argv[1])}, Path(sys.argv[2])))
    end = session.live()
    until = time.monotonic() + 60
    while session.view.value.state.headline != "Ready" or session.view.value.busy:
        assert time.monotonic() < until, session.view.value.state
        time.sleep(0.01)
    key = kernel_context.get_thread_key(session.director._thread)
    end()
    print(kernel_context.current_context.get(key))
    session.director._thread.join(60)
"""


def test_the_thread_of_a_session_belongs_to_no_kernel_that_may_close_under_it(commons, tmp_path):
    """A kernel that closes removes all entries of its own; a thread that removes one meanwhile breaks it."""
    try:
        extra.check()
    except InputError as error:
        pytest.skip(str(error))
    command = [sys.executable, "-W", "ignore", "-c", IDLE, str(commons), str(tmp_path)]
    root = Path(__file__).parents[3]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, timeout=120, check=False)
    assert (done.stdout, done.stderr) == ("None\n", "")
