"""The command line: `market run`, `validate`, `schema`, `list` and `verify`; `run_sim.py` is the same.

Nothing heavy is imported before a command needs it, so that help and validation answer at once. Every
command returns an exit code of `errors.ExitCode`; what goes wrong is one message on standard error, never a
traceback (with MARKET_DEBUG=1 in the environment, the traceback too).
"""

from __future__ import annotations

import difflib
import functools
import os
import sys
import traceback
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, ParamSpec

import typer

from market.errors import ExitCode, InputError

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from market.comparison import Comparison
    from market.results import Drawing
    from market.scenario import Scenario

P = ParamSpec("P")

COMMANDS = ("run", "validate", "schema", "list", "verify")
GENERAL = ("--help", "-h", "--version")

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Agents left alone, agents trading at prices, and how far each outcome is from the best they could "
    "do together. `market SCENARIO.toml` is `market run SCENARIO.toml`.",
    epilog="Exit codes: 0 done; 2 the input is at fault; 3 done, but some mechanism did not reach an "
    "equilibrium or some claim does not hold; 130 interrupted; 1 our fault.",
)

Quiet = Annotated[bool, typer.Option("--quiet", help="Say nothing unless something is wrong.")]


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        arguments: those of the command line by default.

    Returns:
        The exit code.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a name that the terminal cannot show must not stop the program
            stream.reconfigure(errors="backslashreplace")
    try:
        app(args=_with_command(given), prog_name="market")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else ExitCode.DONE
    except KeyboardInterrupt:
        return ExitCode.INTERRUPTED
    return ExitCode.DONE


def _with_command(arguments: list[str]) -> list[str]:
    """Put `run` in front of what starts with neither a command nor an option of the program itself."""
    if not arguments or arguments[0] in (*COMMANDS, *GENERAL):
        return arguments
    misspelt = difflib.get_close_matches(arguments[0], COMMANDS, cutoff=0.7)
    if (
        misspelt and not Path(arguments[0]).exists()
    ):  # then a command that does not exist is the better message
        return arguments
    return ["run", *arguments]


def _answers(command: Callable[P, ExitCode]) -> Callable[P, None]:
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
            code = _complain(["Interrupted; nothing unfinished is left behind."], ExitCode.INTERRUPTED)
        except InputError as error:
            code = _complain(str(error).splitlines(), ExitCode.INPUT_AT_FAULT)
        except (MemoryError, OSError) as error:
            code = _complain([_no_room(error)], ExitCode.INPUT_AT_FAULT)
        except Exception as error:
            code = _our_fault(error)
        raise typer.Exit(int(code))

    return answer


def _complain(lines: Iterable[str], code: ExitCode) -> ExitCode:
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
    return _complain(
        [
            f"Something went wrong that is not your fault. {what}",
            "Please report it with the scenario file and this message; MARKET_DEBUG=1 shows where it was.",
        ],
        ExitCode.OUR_FAULT,
    )


def _version(wanted: bool) -> None:
    if wanted:
        import market

        print(f"market {market.__version__}")
        raise typer.Exit()


@app.callback()
def _program(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Show the version and exit.")
    ] = False,
) -> None:
    """Options of the program itself."""


@app.command()
@_answers
def run(
    scenario: Annotated[Path, typer.Argument(metavar="SCENARIO.toml", help="The scenario to play.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the run folder is made.")] = Path("runs"),
    mechanism: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Play only this mechanism; repeatable.")
    ] = None,
    seed: Annotated[
        int | None, typer.Option(min=0, metavar="N", help="For all draws, instead of the scenario's.")
    ] = None,
    overrides: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="PATH=VALUE", help="Change a value of the scenario; repeatable."),
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the result as JSON and nothing else.")
    ] = False,
    no_figures: Annotated[bool, typer.Option("--no-figures", help="Draw nothing.")] = False,
    quiet: Quiet = False,
) -> ExitCode:
    """Play a scenario under its mechanisms, compare them, and write a run folder."""
    from market import results
    from market.printing.words import visible
    from market.scenario import load

    read = load(scenario, overrides or ())
    results.check(read, out)
    compared = _play(read, mechanism, seed, quiet)
    if not (as_json or quiet):
        _show(compared)  # before the figures are drawn, which takes as long again
        sys.stdout.flush()
    folder = results.write_run(compared, out, {} if no_figures else _figures(compared))
    if as_json:
        sys.stdout.write((folder / "result.json").read_text(encoding="utf-8"))
    if not quiet:
        drawn = "" if no_figures else " (figures: overview.svg)"
        print(f"Run folder: {visible(str(folder))}{drawn}", file=sys.stderr if as_json else sys.stdout)
    return ExitCode.DONE if compared.settled else ExitCode.NOT_IN_EQUILIBRIUM


def _play(scenario: Scenario, mechanisms: list[str] | None, seed: int | None, quiet: bool) -> Comparison:
    """Play, saying on a terminal which mechanism is being played."""
    from rich.text import Text

    from market.comparison import compare
    from market.printing.words import visible

    if quiet or not sys.stderr.isatty():
        return compare(scenario, mechanisms, seed)
    with _console(stderr=True).status("") as status:
        return compare(
            scenario, mechanisms, seed, lambda name: status.update(Text(f"Playing '{visible(name)}'"))
        )


def _figures(compared: Comparison) -> dict[str, Drawing]:
    """The pictures of a run, as SVG: sharp at any size, and drawn in half the time of PNG."""
    from market import plots

    return {"overview.svg": lambda path: plots.save(compared.plot(), path)}


def _show(compared: Comparison) -> None:
    from market.printing import report

    console = _console()
    _print(console, report.comparison(compared, console.width))


def _print(console: Console, what: RenderableType) -> None:
    """Print; into a pipe or file without the blanks that fill up lines."""
    if console.is_terminal:
        console.print(what)
        return
    with console.capture() as captured:
        console.print(what)
    sys.stdout.writelines(f"{line.rstrip()}\n" for line in captured.get().splitlines())


def _console(stderr: bool = False) -> Console:
    from rich.console import Console

    class Plain(Console):
        """Prints what it is given: no markup, no guesses at what to colour."""

        def on_broken_pipe(self) -> None:
            raise BrokenPipeError

    return Plain(stderr=stderr, markup=False, emoji=False, highlight=False)


@app.command()
@_answers
def validate(
    files: Annotated[list[Path], typer.Argument(metavar="FILE...", help="Scenarios to check.")],
    quiet: Quiet = False,
) -> ExitCode:
    """Check scenarios without playing them: everything that is wrong in all of them."""
    from market.printing.words import count, visible
    from market.scenario import build, load

    code = ExitCode.DONE
    for file in files:
        try:
            scenario = load(file)
            economy = build(scenario)
        except InputError as error:
            code = _complain(str(error).splitlines(), ExitCode.INPUT_AT_FAULT)
            continue
        if not quiet:
            what = (
                (len(economy.agents), "agent"),
                (len(economy.goods), "good"),
                (len(scenario.mechanism_names), "mechanism"),
            )
            print(f"{visible(str(file))}: fine ({', '.join(count(*each) for each in what)})")
    return code


@app.command()
@_answers
def schema() -> ExitCode:
    """Print the JSON Schema of scenario files, for editors."""
    import json

    from market.scenario import json_schema

    print(json.dumps(json_schema(), indent=2))
    return ExitCode.DONE


@app.command("list")
@_answers
def list_() -> ExitCode:
    """List what a scenario can name: families, rules, games and mechanisms, with their parameters."""
    from market.costs import COSTS
    from market.mechanisms import GAMES, MECHANISMS
    from market.parsing.draws import DISTRIBUTIONS
    from market.pricing import RULES
    from market.printing.catalogue import catalogue
    from market.technologies import TECHNOLOGIES
    from market.utilities import UTILITIES

    _print(
        _console(),
        catalogue(
            {
                "Utilities: utility = { family = ... }": UTILITIES,
                "Costs: cost = { family = ... }": COSTS,
                'Technologies: technology = { family = ... }, for economy = "exchange"': TECHNOLOGIES,
                "Mechanisms: kind = ...": MECHANISMS,
                'Games without prices: game = ..., for kind = "unmediated"': GAMES,
                'Price rules: rule = ..., for kind = "auctioneer"': RULES,
                "Distributions: { dist = ... } in the place of a number": DISTRIBUTIONS,
            }
        ),
    )
    return ExitCode.DONE


@app.command()
@_answers
def verify(
    folders: Annotated[
        list[Path], typer.Argument(metavar="RUN...", help="Run folders, as `market run` writes them.")
    ],
    quiet: Quiet = False,
) -> ExitCode:
    """Recompute every verdict and figure of run folders from the scenario and the recorded quantities."""
    from market.printing import report
    from market.printing.words import visible
    from market.verify import verify as recompute

    code = ExitCode.DONE
    for folder in folders:
        checked = recompute(folder)
        if len(folders) > 1 and not (quiet and checked.holds):
            print(f"{visible(str(folder))}:")
        if not quiet or not checked.holds:
            _print(_console(), report.claims(checked.claims))
        if not checked.holds:
            code = ExitCode.NOT_IN_EQUILIBRIUM
    return code
