"""A shell for the tests of the command line, and a scenario to call it with."""

import pytest
import stories

from market.cli import main


@pytest.fixture
def commons(tmp_path):
    path = tmp_path / "commons.toml"
    path.write_text(stories.COMMONS)
    return path


@pytest.fixture
def shell(capsys, monkeypatch):
    """Runs a command line; gives its exit code and what it said on each stream."""
    monkeypatch.setenv("COLUMNS", "80")
    monkeypatch.delenv("MARKET_DEBUG", raising=False)

    def run(*arguments):
        code = main([str(argument) for argument in arguments])
        said = capsys.readouterr()
        return code, said.out, said.err

    return run
