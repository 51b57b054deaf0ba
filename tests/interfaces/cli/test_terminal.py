"""Endings of commands: exit codes and messages for every kind of error."""

from __future__ import annotations

import pytest
import typer

from market.errors import ExitCode, InputError
from market.interfaces.cli.terminal import answers, complain, show


def ended(error, capsys):
    """The exit code and the message of a command that raises."""

    def command():
        raise error

    with pytest.raises(typer.Exit) as caught:
        answers(command)()
    return caught.value.exit_code, capsys.readouterr().err


@pytest.mark.parametrize(
    ("error", "code", "message"),
    [
        (InputError("no such good"), ExitCode.INPUT_AT_FAULT, "no such good\n"),
        (OSError(28, "No space left"), ExitCode.INPUT_AT_FAULT, "what is needed: No space left."),
        (MemoryError(), ExitCode.INPUT_AT_FAULT, "Not enough memory"),
        (KeyboardInterrupt(), ExitCode.INTERRUPTED, "Interrupted. Nothing unfinished is left behind."),
        (ZeroDivisionError("by\nzero"), ExitCode.OUR_FAULT, "Internal error. ZeroDivisionError: by zero"),
    ],
)
def test_an_error_ends_a_command_with_its_code_and_message(error, code, message, capsys, monkeypatch):
    monkeypatch.delenv("MARKET_DEBUG", raising=False)
    found, err = ended(error, capsys)
    assert found == code
    assert message in err
    assert "Traceback" not in err


def test_a_command_ends_with_the_code_that_it_returns():
    with pytest.raises(typer.Exit) as caught:
        answers(lambda: ExitCode.NOT_IN_EQUILIBRIUM)()
    assert caught.value.exit_code == ExitCode.NOT_IN_EQUILIBRIUM


def test_messages_show_control_characters_as_escapes(capsys):
    assert complain(["red\x1b[31m"], ExitCode.INPUT_AT_FAULT) == ExitCode.INPUT_AT_FAULT
    assert capsys.readouterr().err == "red\\x1b[31m\n"


def test_output_into_a_pipe_has_no_trailing_blanks(capsys):
    show("a   \n[b]  ")
    assert capsys.readouterr().out == "a\n[b]\n"
