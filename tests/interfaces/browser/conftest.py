"""A dashboard that is really served, and a real browser to look at it.

The server is cut off from everything else: whatever it would ask of the world goes to a proxy that writes it
down. Of the browser, which asks its maker for updates by itself, the requests of the page are looked at.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from dataclasses import dataclass
from pathlib import Path

import pytest
from helpers import stories

ROOT = Path(__file__).parents[3]
REQUIRED = os.environ.get("MARKET_BROWSER") == "required"
FLAGS = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip
PATIENCE = 60_000  # milliseconds

STORY = """description = '''
Two agents want ten units of water.

- Follow the price.
'''
economy ="""
BOATS = """
schema = 1
game = "commons"
title = "How many boats?"
comparable = true
[[players]]
name = "fisher"
count = 2
cost = 0.25
[[mechanisms]]
name = "learning"
kind = "learning"
rule = "individual"
step = 1.0
[[mechanisms]]
name = "planner"
kind = "planner"
"""
SCENARIOS = {
    "commons": stories.COMMONS.replace("economy =", STORY, 1),
    "slow": stories.COMMONS.replace(
        'kind = "auctioneer"', 'kind = "auctioneer"\nrule = "additive"\nstep = 1e-5\nmax_rounds = 100000'
    ),
    "rush": stories.WAR.replace("count = 3", "count = 2").replace("War over a well", "<img src=x> {{7 * 7}}"),
    "boats": BOATS,
    "bad": stories.COMMONS.replace("water = 10.0", "watr = 10.0"),
}


def skip(reason: str) -> None:
    """Leave a test out, or fail it where a browser is promised."""
    if REQUIRED:
        pytest.fail(f"MARKET_BROWSER=required, but {reason}")
    pytest.skip(reason)


class Recorder:
    """A proxy to nowhere: writes down what it is asked for and hangs up."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.listening = socket.create_server(("127.0.0.1", 0))
        threading.Thread(target=self._listen, daemon=True).start()

    @property
    def environment(self) -> dict[str, str]:
        """Return the environment in which programs use it."""
        address = f"http://127.0.0.1:{self.listening.getsockname()[1]}"
        names = ("http_proxy", "https_proxy", "all_proxy")
        return {name: address for lower in names for name in (lower, lower.upper())} | {
            "no_proxy": "127.0.0.1"
        }

    def _listen(self) -> None:
        while True:
            try:
                connection, _ = self.listening.accept()
            except OSError:  # closed
                return
            with connection:
                connection.settimeout(1)
                self.asked.append(connection.recv(4096).decode("latin-1").split("\r\n")[0])


@dataclass(frozen=True)
class Served:
    """A dashboard that is being served."""

    url: str
    port: int
    runs: Path
    said: str


@pytest.fixture(scope="session")
def recorder():
    """A server that records all requests to other hosts."""
    recording = Recorder()
    yield recording
    recording.listening.close()


@pytest.fixture(scope="session")
def served(tmp_path_factory, recorder):
    """A dashboard in a process of its own, which ends cleanly when it is interrupted."""
    from market.errors import InputError
    from market.interfaces.dashboard import extra

    try:
        extra.check()
    except InputError as error:
        skip(str(error))
    folder = tmp_path_factory.mktemp("dashboard")
    (folder / "scenarios").mkdir()
    for name, text in SCENARIOS.items():
        (folder / "scenarios" / f"{name}.toml").write_text(text)
    environment = {
        **os.environ, **recorder.environment, "HOST": "0.0.0.0", "PYTHONPATH": str(ROOT),
        "HOME": str(folder), "PYTHONUNBUFFERED": "1",
    }  # fmt: skip
    command = [sys.executable, str(ROOT / "run_sim.py"), "dashboard", "scenarios/commons.toml", "--port", "0"]
    with (folder / "errors.txt").open("w") as errors:
        server = subprocess.Popen(
            command, cwd=folder, env=environment, stdout=subprocess.PIPE, stderr=errors, text=True
        )
    said = server.stdout.readline()
    address = re.fullmatch(r"Dashboard: (http://127\.0\.0\.1:(\d+)/) \(end it with Ctrl-C\)\n", said)
    assert address, said + (folder / "errors.txt").read_text()
    yield Served(address[1], int(address[2]), folder / "runs", said)
    server.stdout.close()
    server.send_signal(signal.SIGINT)
    assert server.wait(timeout=30) == 0
    assert (folder / "errors.txt").read_text() == ""


@pytest.fixture(scope="module")
def browser():
    """Chromium without a window; not for longer than needed, since its driver occupies the event loop."""
    chromium = shutil.which("chromium")
    if chromium is None:
        skip("there is no chromium here (Debian: apt-get install chromium)")
    try:
        from playwright.sync_api import sync_playwright
    except ModuleNotFoundError:
        skip("playwright is not installed")
    with sync_playwright() as driver:
        opened = driver.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture
def page(browser, served):
    """The dashboard's page, loaded; it must not complain."""
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    opened = context.new_page()
    opened.set_default_timeout(PATIENCE)
    opened.requested, opened.complaints = [], []
    opened.on("request", lambda request: opened.requested.append(request.url))
    opened.on("pageerror", lambda error: opened.complaints.append(str(error)))
    opened.on("requestfailed", lambda request: opened.complaints.append(request.url))
    opened.on(
        "response",
        lambda response: opened.complaints.append(response.url) if response.status >= 400 else None,
    )
    opened.on("console", lambda said: opened.complaints.append(said.text) if said.type == "error" else None)
    opened.goto(served.url)
    opened.locator("table").wait_for()
    yield opened
    assert opened.complaints == []
    context.close()


@pytest.fixture(scope="session")
def documentation(tmp_path_factory, recorder):
    """The documentation as `make docs` makes it, with everything beyond this machine out of reach."""
    if importlib.util.find_spec("sphinx") is None:
        skip("Sphinx is not installed")
    folder = tmp_path_factory.mktemp("documentation")
    command = [
        sys.executable, "-m", "sphinx", "--quiet", "--fail-on-warning", "--keep-going", "-c", "docs",
        "-d", str(folder / "doctrees"), ".", str(folder / "pages"),
    ]  # fmt: skip
    environment = {**os.environ, **recorder.environment, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert recorder.asked == []
    return folder / "pages"
