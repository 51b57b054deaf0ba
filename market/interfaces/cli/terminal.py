"""Behaviour of commands: exit codes, messages instead of tracebacks, output for pipes and terminals.

A command must end normally when the reader of a pipe leaves (`market run x.toml | head`), when a stream is
closed or the disk is full, and clean up when it is interrupted; Python by itself ends with a traceback, or
writes to a file that happens to get the number of a closed stream. Rich is imported only to print.
"""

from __future__ import annotations

import functools
import gc
import io
import os
import signal
import sys
import threading
import traceback
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ParamSpec

import typer

from market.errors import ExitCode, InputError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

P = ParamSpec("P")

GARBAGE = 50_000  # objects made between searches for cycles; imports and figures take a tenth less time
NARROWEST = 20  # columns; a smaller width is taken for a wrong setting


def answers(command: Callable[P, ExitCode]) -> Callable[P, None]:
    """Turn the result or the exception of a command into an exit code and, after an error, a message."""

    @functools.wraps(command)
    def answer(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            code = command(*args, **kwargs)
            sys.stdout.flush()
        except typer.Exit:
            raise
        except KeyboardInterrupt as stopped:
            left = getattr(stopped, "__notes__", None) or ["Nothing unfinished is left behind."]
            code = complain([f"Interrupted. {' '.join(left)}"], ExitCode.INTERRUPTED)
        except InputError as error:
            code = complain(str(error).splitlines(), error.exit_code)
        except (MemoryError, OSError) as error:
            code = complain([_of_the_machine(error)], ExitCode.INPUT_AT_FAULT)
        except Exception as error:
            code = _internal(error)
        raise typer.Exit(int(code))

    return answer


class Patient(io.FileIO):
    """An output stream that discards data after a broken pipe, so that a command ends normally.

    Args:
        stream: the stream whose file it writes to.
        silent: True if a full disk is ignored too.
    """

    def __init__(self, stream: io.TextIOBase, silent: bool) -> None:
        super().__init__(stream.fileno(), "w", closefd=False)
        self.silent, self.refused = silent, False

    def write(self, data: Any, /) -> int:
        """Write data, or discard them once the pipe is broken; return their number of bytes."""
        if self.refused:
            return memoryview(data).nbytes
        try:
            return super().write(data)
        except OSError as error:
            self.refused = True  # the rest of what is buffered must not be tried again when Python ends
            if self.silent or isinstance(error, BrokenPipeError):
                return memoryview(data).nbytes
            raise


@contextmanager
def prepared() -> Iterator[None]:
    """Prepare streams and signals for a command.

    A closed stream becomes /dev/null, a character that a terminal cannot show is escaped, a terminal of less
    than `NARROWEST` columns is taken for one of 80, and SIGTERM and SIGHUP interrupt as Ctrl-C does.
    """
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:
            os.open(os.devnull, os.O_RDWR)  # the lowest number that is free: no file gets that of a stream
    before = sys.stdout, sys.stderr
    sys.stdout, sys.stderr = _stream(sys.stdout, 1), _stream(sys.stderr, 2)
    if os.environ.get("COLUMNS", "80").isdigit() and int(os.environ.get("COLUMNS", "80")[:6]) < NARROWEST:
        del os.environ["COLUMNS"]
    handlers = _interrupted_by_signals()
    collected = gc.get_threshold()
    gc.set_threshold(GARBAGE, *collected[1:])
    try:
        yield
    finally:
        gc.set_threshold(*collected)
        for each, handler in handlers.items():
            signal.signal(each, handler)
        sys.stdout, sys.stderr = before


def _stream(stream: Any, number: int) -> Any:
    """Return a stream that can be written to even after its reader has left."""
    if stream is None:  # it was closed before Python started
        return open(number, "w", encoding="utf-8", errors="backslashreplace", closefd=False)
    if not isinstance(stream, io.TextIOWrapper):
        return stream
    if stream not in (sys.__stdout__, sys.__stderr__) or stream.isatty():
        stream.reconfigure(errors="backslashreplace")
        return stream
    buffered = io.BufferedWriter(Patient(stream, silent=number == 2))
    return io.TextIOWrapper(
        buffered, stream.encoding, "backslashreplace", line_buffering=stream.line_buffering or number == 2
    )


def _interrupted_by_signals() -> dict[signal.Signals, Any]:
    """Treat the end of the session or of the process as Ctrl-C; return the former handlers by signal."""
    if threading.current_thread() is not threading.main_thread():
        return {}

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    names = [getattr(signal, name) for name in ("SIGTERM", "SIGHUP") if hasattr(signal, name)]
    return {
        each: signal.signal(each, interrupt) for each in names if signal.getsignal(each) is signal.SIG_DFL
    }


def complain(lines: Iterable[str], code: ExitCode) -> ExitCode:
    """Print an error on standard error, and return the exit code."""
    from market.interfaces.text.sentences import visible

    if code != ExitCode.OUR_FAULT and os.environ.get("MARKET_DEBUG") == "1":
        traceback.print_exc()
    for line in lines:
        print(visible(line), file=sys.stderr)
    return code


def _of_the_machine(error: MemoryError | OSError) -> str:
    """Return the message for a lack of memory, or for files that cannot be read or written."""
    if isinstance(error, MemoryError):
        return "Not enough memory for so many agents, goods or players; try fewer, or fewer mechanisms."
    what = "what is needed" if error.filename is None else f"'{error.filename}'"
    return f"Cannot read or write {what}: {error.strerror or error}."


def _internal(error: Exception) -> ExitCode:
    """Print an internal error with a request to report it."""
    if os.environ.get("MARKET_DEBUG") == "1":
        traceback.print_exc()
    what = " ".join(f"{type(error).__name__}: {error}".split())[:500]
    return complain(
        [
            f"Internal error. {what}",
            "Please report it with the scenario file and this message; MARKET_DEBUG=1 shows the traceback.",
        ],
        ExitCode.OUR_FAULT,
    )


def show(what: RenderableType, on: Console | None = None) -> None:
    """Print; into a pipe or a file without trailing blanks."""
    on = on or terminal()
    if on.is_terminal:
        on.print(what)
        return
    with on.capture() as captured:
        on.print(what)
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def terminal(stderr: bool = False) -> Console:
    """Return the console to print to, with its width."""
    from rich.console import Console

    return Console(stderr=stderr, markup=False, emoji=False, highlight=False)


@contextmanager
def counted(words: str, quiet: bool) -> Iterator[Callable[[int, int], None] | None]:
    """Yield a function of what is done and what is to be done that moves a bar; None without a terminal.

    Args:
        words: what is counted.
        quiet: True if nothing may be shown.
    """
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = TextColumn(words), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    with Progress(*columns, console=terminal(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda done, many: bar.update(task, completed=done, total=many)
