"""The commands of `market`, of which `run` is the default; `run_sim.py` calls `main` too.

Heavy packages are imported when a command needs them, so that help and validation answer at once. Every
command returns an exit code of `errors.ExitCode`; an error is one message on standard error, without a
traceback (unless MARKET_DEBUG=1 is in the environment): see `terminal`.
"""

from __future__ import annotations

import functools
import re
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager, suppress
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from market.errors import ExitCode, InputError, ScenarioError, did_you_mean, nearest
from market.interfaces.cli.contributions import contributions
from market.interfaces.cli.equilibria import equilibria
from market.interfaces.cli.options import (
    DataDir,
    Figures,
    Json,
    NoFigures,
    Overrides,
    Quiet,
    Seed,
    formats,
)
from market.interfaces.cli.plot import plot
from market.interfaces.cli.sweep import sweep
from market.interfaces.cli.terminal import answers, complain, prepared, show, terminal

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from market.results.comparison import Comparison
    from market.results.run_folder import Drawing
    from market.scenario.game_loading import GameScenario
    from market.scenario.loading import Scenario
    from market.shards import Shared

COMMANDS = (
    "run", "sweep", "plot", "equilibria", "contributions",
    "validate", "schema", "list", "verify", "dashboard",
)  # fmt: skip
GENERAL = ("--help", "-h", "--version")

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
    help="Compare games without prices, competitive markets and a planner, and measure how far each outcome "
    "is from Pareto efficiency. `market SCENARIO.toml` is `market run SCENARIO.toml`.",
    epilog="Exit codes: " + "; ".join(f"{code:d} {code.meaning}" for code in ExitCode) + ".",
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the program.

    Args:
        arguments: by default those of the command line.

    Returns:
        The exit code.
    """
    given = list(sys.argv[1:] if arguments is None else arguments)
    with prepared():
        try:
            code = _played(given)
            sys.stdout.flush()
        except KeyboardInterrupt:
            return ExitCode.INTERRUPTED
        except OSError as error:  # help or the version could not be printed
            return complain([f"Cannot print: {error.strerror or error}."], ExitCode.INPUT_AT_FAULT)
        return code


def _played(given: list[str]) -> int:
    """Run a command line and return its exit code."""
    if given and (wrong := _describe_command_fault(given[0])):
        return complain([wrong], ExitCode.INPUT_AT_FAULT)
    try:
        app(args=_with_command(given), prog_name="market")
    except SystemExit as ended:
        return ended.code if isinstance(ended.code, int) else ExitCode.DONE
    return ExitCode.DONE


def _with_command(arguments: list[str]) -> list[str]:
    """Insert `run` unless the arguments start with a command or an option of the program itself."""
    if not arguments or arguments[0] in (*COMMANDS, *GENERAL):
        return arguments
    return ["run", *arguments]


def _describe_command_fault(word: str) -> str | None:
    """Return a message for a first word that is neither a command nor an option nor the name of a file."""
    if word in COMMANDS or not re.fullmatch(r"[^\W\d][\w-]*", word) or Path(word).exists():
        return None
    near = nearest(word, COMMANDS)
    if near is not None:
        return f"no command '{word}'. Did you mean '{near}'?"
    return f"no command '{word}' and no file of that name; commands: {', '.join(COMMANDS)}"


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
@answers
def run(
    scenario: Annotated[Path, typer.Argument(metavar="SCENARIO.toml", help="The scenario to play.")],
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where the run folder is made.")] = Path("runs"),
    mechanism: Annotated[
        list[str] | None, typer.Option(metavar="NAME", help="Play only this mechanism; repeatable.")
    ] = None,
    seed: Seed = None,
    overrides: Overrides = None,
    check: Annotated[
        bool, typer.Option("--check", help="Check prices against an independently computed equilibrium.")
    ] = False,
    variation: Annotated[
        str | None,
        typer.Option(
            metavar="NAME", help="Show equivalent and compensating variations from this mechanism's outcome."
        ),
    ] = None,
    data_dir: DataDir = None,
    as_json: Json = False,
    figures: Figures = None,
    no_figures: NoFigures = False,
    quiet: Quiet = False,
    shards: Annotated[
        int | None,
        typer.Option(min=1, metavar="N", help="Number of parts that share the agents; auctioneers only."),
    ] = None,
    backend: Annotated[
        Literal["here", "dask"],
        typer.Option(help="Where the parts are: in this process, or on a Dask cluster's workers."),
    ] = "here",
    address: Annotated[
        str | None, typer.Option(metavar="tcp://HOST:PORT", help="Address of the Dask cluster's scheduler.")
    ] = None,
) -> ExitCode:
    """Play a scenario under its mechanisms, compare them, and write a run folder."""
    from market.results import run_folder as results
    from market.scenario.game_loading import GameScenario
    from market.scenario.loading import as_economy, load

    drawn = formats(figures, no_figures)
    any_kind = load(scenario, overrides or (), data_dir)
    results.check_writable(any_kind, out)
    if isinstance(any_kind, GameScenario) and shards is None and address is None and not check:
        return _run_game(any_kind, out, mechanism, seed, as_json, drawn, quiet)
    read = as_economy(any_kind)
    if shards is not None or backend == "dask" or address is not None:
        if check:
            raise InputError("--check needs all agents in one place; leave out --shards and --backend")
        if variation is not None:
            raise InputError("--variation needs all agents in one place; leave out --shards and --backend")
        return _in_shards(read, out, mechanism, seed, shards, backend, address, as_json, drawn, quiet)
    if variation is not None and variation not in (mechanism or read.mechanism_names):
        played = did_you_mean(variation, mechanism or read.mechanism_names)
        raise InputError(f"--variation: no mechanism '{variation}' is played; {played}")
    compared = _play(read, mechanism, seed, check, quiet)
    if not (as_json or quiet):
        _show(compared, variation)  # before the figures are drawn, which takes as long again
        sys.stdout.flush()
    folder = results.write_run(compared, out, _drawings(compared.plot, drawn))
    if as_json:
        sys.stdout.write((folder / "result.json").read_text(encoding="utf-8"))
    if not quiet:
        _say_where(folder, drawn, as_json)
    return ExitCode.DONE if compared.settled and not compared.contradicted else ExitCode.NOT_IN_EQUILIBRIUM


def _run_game(
    scenario: GameScenario,
    out: Path,
    mechanisms: list[str] | None,
    seed: int | None,
    as_json: bool,
    drawn: Sequence[str],
    quiet: bool,
) -> ExitCode:
    """Play a game under its mechanisms, compare them, and write a run folder."""
    from market.results.games.comparison import compare_games
    from market.results.games.folder import write_game_run

    with _progress(quiet) as progress:
        compared = compare_games(scenario, mechanisms, seed, progress)
    if not (as_json or quiet):
        from market.interfaces.text.games import game_comparison

        on = terminal()
        show(game_comparison(compared, on.width), on)
        sys.stdout.flush()
    folder = write_game_run(compared, out, _drawings(compared.plot, drawn))
    if as_json:
        sys.stdout.write((folder / "result.json").read_text(encoding="utf-8"))
    if not quiet:
        _say_where(folder, drawn, as_json)
    return ExitCode.DONE if compared.settled else ExitCode.NOT_IN_EQUILIBRIUM


def _play(
    scenario: Scenario, mechanisms: list[str] | None, seed: int | None, check: bool, quiet: bool
) -> Comparison:
    """Play with all agents in one process."""
    from market.results.comparison import compare

    with _progress(quiet) as progress:

        def checking(name: str, done: int, many: int) -> None:
            if progress:
                progress(name, "Checking", f", starting point {done + 1} of {many}")

        return compare(scenario, mechanisms, seed, progress, check=check, checking=checking)


@contextmanager
def _progress(quiet: bool) -> Iterator[Callable[..., None] | None]:
    """Yield a function that shows the mechanism being played on a terminal; None without a terminal.

    It is called with the mechanism's name and, unless it is played, with what is done, and how far.
    """
    if quiet or not sys.stderr.isatty():
        yield None
        return
    from rich.text import Text

    from market.interfaces.text.sentences import visible

    with terminal(stderr=True).status("") as status:
        yield lambda name, doing="Playing", far="": status.update(Text(f"{doing} '{visible(name)}'{far}"))


def _in_shards(
    scenario: Scenario,
    out: Path,
    mechanisms: list[str] | None,
    seed: int | None,
    shards: int | None,
    backend: str,
    address: str | None,
    as_json: bool,
    drawn: Sequence[str],
    quiet: bool,
) -> ExitCode:
    """Play with the agents in parts, and print sums and extremes."""
    from market.scenario.building import population
    from market.shards import Cluster, Here, Pool, refuse, run_in_shards

    if (backend == "dask") is (address is None):
        raise InputError("--backend dask and --address tcp://HOST:PORT go together")
    refuse(scenario, mechanisms, shards)
    pool: Pool = Here() if address is None else Cluster(address)

    def figures(shared: Shared) -> dict[str, Drawing]:
        from market import plots

        return _drawings(lambda: plots.shards_overview(shared), drawn)

    with closing(pool), _progress(quiet) as progress:
        parts = shards or min(pool.workers, len(population(scenario)))
        shared, folder = run_in_shards(scenario, pool, parts, out, mechanisms, seed, progress, figures)
    if as_json:
        sys.stdout.write((folder / "result.json").read_text(encoding="utf-8"))
    elif not quiet:
        from market.interfaces.text.shards import shared as printed

        on = terminal()
        show(printed(shared, on.width), on)
    if not quiet:
        _say_where(folder, drawn, as_json)
    return ExitCode.DONE if shared.settled else ExitCode.NOT_IN_EQUILIBRIUM


def _say_where(folder: Path, drawn: Sequence[str], as_json: bool) -> None:
    """Print the path of the run folder; on standard error if standard output has the JSON."""
    from market.interfaces.text.sentences import visible

    figures = f" (figures: {', '.join(f'overview.{kind}' for kind in drawn)})" if drawn else ""
    print(f"Run folder: {quote(visible(str(folder)))}{figures}", file=sys.stderr if as_json else sys.stdout)


def _drawings(draw: Callable[[], Figure], kinds: Sequence[str]) -> dict[str, Drawing]:
    """Return the overview in some formats, drawn once, when the first is written."""
    once = functools.cache(draw)

    def saved(path: Path) -> None:
        from market import plots

        plots.save(once(), path)

    return {f"overview.{kind}": saved for kind in kinds}


def _show(compared: Comparison, variation: str | None = None) -> None:
    from market.interfaces.text import report

    on = terminal()
    show(report.comparison(compared, on.width, variation_from=variation), on)


app.command()(sweep)


app.command()(plot)


app.command()(equilibria)


app.command()(contributions)


@app.command()
@answers
def validate(
    files: Annotated[list[Path], typer.Argument(metavar="FILE", help="Scenarios to check.")],
    data_dir: DataDir = None,
    quiet: Quiet = False,
) -> ExitCode:
    """Check scenarios without playing them, and report every mistake."""
    from market.interfaces.text.sentences import count, visible
    from market.scenario.building import build
    from market.scenario.game_loading import GameScenario, build_game
    from market.scenario.loading import load

    code = ExitCode.DONE
    for file in files:
        try:
            scenario = load(file, data_dir=data_dir)
            if isinstance(scenario, GameScenario):
                what: tuple[tuple[int, str], ...] = ((build_game(scenario).size, "player"),)
            else:
                economy = build(scenario)
                what = ((len(economy.agents), "agent"), (len(economy.goods), "good"))
        except InputError as error:
            code = complain(str(error).splitlines(), ExitCode.INPUT_AT_FAULT)
            continue
        if not quiet:
            parts = (*what, (len(scenario.mechanism_names), "mechanism"))
            print(f"{visible(str(file))}: fine ({', '.join(count(*each) for each in parts)})")
    return code


@app.command()
@answers
def schema() -> ExitCode:
    """Print the JSON Schema of scenario files, for editors."""
    import json

    from market.scenario.document import json_schema

    print(json.dumps(json_schema(), indent=2))
    return ExitCode.DONE


@app.command("list")
@answers
def list_() -> ExitCode:
    """List families, rules, games, mechanisms and distributions, with their parameters."""
    from market.economy.families.costs import COSTS
    from market.economy.families.technologies import TECHNOLOGIES
    from market.economy.families.utilities import UTILITIES
    from market.games.families import GAME_FAMILIES
    from market.games.learning import RULES as LEARNING
    from market.games.mechanisms import GAME_MECHANISMS
    from market.interfaces.text.catalogue import catalogue
    from market.mechanisms import GAMES, MECHANISMS
    from market.mechanisms.auction.price_rules import RULES
    from market.scenario.distributions import DISTRIBUTIONS

    show(
        catalogue(
            {
                "Utilities: utility = { family = ... }": UTILITIES,
                "Costs: cost = { family = ... }": COSTS,
                'Technologies: technology = { family = ... }, for economy = "exchange"': TECHNOLOGIES,
                "Mechanisms: kind = ...": MECHANISMS,
                'Games without an auctioneer: game = ..., for kind = "unmediated"': GAMES,
                'Price rules: rule = ..., for kind = "auctioneer"': RULES,
                "Games stated directly: game = ..., in the place of economy": GAME_FAMILIES,
                "Mechanisms of games: kind = ..., under game = ...": GAME_MECHANISMS,
                'Learning rules: rule = ..., for kind = "learning"': LEARNING,
                "Distributions: { dist = ... } in the place of a number": DISTRIBUTIONS,
            }
        ),
    )
    return ExitCode.DONE


@app.command()
@answers
def verify(
    folders: Annotated[
        list[Path], typer.Argument(metavar="RUN", help="Run folders, as `market run` writes them.")
    ],
    verbose: Annotated[bool, typer.Option("--verbose", help="List every claim, not only failures.")] = False,
    quiet: Quiet = False,
) -> ExitCode:
    """Recompute every verdict and figure of run folders from the scenario and the recorded quantities."""
    from market.interfaces.text.sentences import visible
    from market.interfaces.text.verification import verification
    from market.results.games.folder import is_game_run
    from market.results.games.verify import verify_game
    from market.results.verify import verify as recompute

    code = ExitCode.DONE
    for folder in folders:
        checked = verify_game(folder) if is_game_run(folder) else recompute(folder)
        if len(folders) > 1 and not (quiet and checked.holds):
            print(f"{visible(str(folder))}:")
        if not quiet or not checked.holds:
            on = terminal()
            show(verification(checked, verbose), on)
        if not checked.holds:
            code = ExitCode.NOT_IN_EQUILIBRIUM
    return code


@app.command()
@answers
def dashboard(
    scenario: Annotated[
        Path | None,
        typer.Argument(metavar="SCENARIO.toml", help="Shown first, with those in scenarios/."),
    ] = None,
    data_dir: DataDir = None,
    out: Annotated[Path, typer.Option(metavar="DIR", help="Where exported runs are put.")] = Path("runs"),
    host: Annotated[
        str, typer.Option(help="The address to listen on; the default is reached from this machine only.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(metavar="N", help="0 chooses any free port.")] = 8765,
) -> ExitCode:
    """Show scenarios in a browser: step them, change parameters, watch prices and verdicts."""
    from market.interfaces.dashboard.server import dashboard as show_pages
    from market.scenario.loading import as_economy, load, load_economy

    if data_dir is not None and scenario is None:
        raise InputError("--data-dir is the folder of one scenario's data; name the scenario too")
    if scenario is not None:
        with suppress(ScenarioError):  # faults of a file are shown on its page
            as_economy(load(scenario, data_dir=data_dir))
    shown = scenario if data_dir is None or scenario is None else load_economy(scenario, data_dir=data_dir)
    show_pages(shown, out=out, host=host, port=port)
    return ExitCode.DONE
