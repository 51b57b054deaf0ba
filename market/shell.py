"""How commands speak: exit codes, messages instead of tracebacks, and printing that fits pipes and terminals.

Nothing heavy is imported before something is printed.
"""

from __future__ import annotations

import functools
import os
import sys
import traceback
from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, ParamSpec

import typer

from market.errors import ExitCode, InputError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

P = ParamSpec("P")


def answers(command: Callable[P, ExitCode]) -> Callable[P, None]:
    """Turn whatever comes of a command into an exit code and, if it went wrong, a message."""

    @functools.wraps(command)
    def answer(*args: P.args, **kwargs: P.kwargs) -> None:
        try:
            code = command(*args, **kwargs)
            sys.stdout.flush()
        except typer.Exit:
            raise
        except BrokenPipeError:  # whoever reads us has seen enough
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
            code = ExitCode.DONE
        except KeyboardInterrupt:
            code = complain(["Interrupted; nothing unfinished is left behind."], ExitCode.INTERRUPTED)
        except InputError as error:
            code = complain(str(error).splitlines(), ExitCode.INPUT_AT_FAULT)
        except (MemoryError, OSError) as error:
            code = complain([_no_room(error)], ExitCode.INPUT_AT_FAULT)
        except Exception as error:
            code = _our_fault(error)
        raise typer.Exit(int(code))

    return answer


def complain(lines: Iterable[str], code: ExitCode) -> ExitCode:
    """Say what went wrong on standard error, and hand the exit code back."""
    from market.printing.words import visible

    if code != ExitCode.OUR_FAULT and os.environ.get("MARKET_DEBUG") == "1":
        traceback.print_exc()
    for line in lines:
        print(visible(line), file=sys.stderr)
    return code


def _no_room(error: MemoryError | OSError) -> str:
    """What the machine has not got enough of."""
    if isinstance(error, MemoryError):
        return "Not enough memory for so many agents and goods; try fewer, or fewer mechanisms at a time."
    return f"Cannot read or write what is needed: {error.strerror or error}."


def _our_fault(error: Exception) -> ExitCode:
    if os.environ.get("MARKET_DEBUG") == "1":
        traceback.print_exc()
    what = " ".join(f"{type(error).__name__}: {error}".split())[:500]
    return complain(
        [
            f"Something went wrong that is not your fault. {what}",
            "Please report it with the scenario file and this message; MARKET_DEBUG=1 shows where it was.",
        ],
        ExitCode.OUR_FAULT,
    )


def show(what: RenderableType, on: Console | None = None) -> None:
    """Print; into a pipe or file without the blanks that fill up lines."""
    on = on or terminal()
    if on.is_terminal:
        on.print(what)
        return
    with on.capture() as captured:
        on.print(what)
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def terminal(stderr: bool = False) -> Console:
    """Where to print to; it knows its width."""
    from rich.console import Console

    class Plain(Console):
        """Prints what it is given: no markup, no guesses at what to colour."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    return Plain(stderr=stderr, markup=False, emoji=False, highlight=False)
