"""Server of the page: on this machine only by default, and with no request to any other.

Solara would send usage statistics, look for its own newest version, and fetch what a page needs from a
content delivery network. Statistics are switched off, its command line (which looks for versions) is not
used, and assets come from the package solara-assets; others are "not found".
"""

from __future__ import annotations

import asyncio
import errno
import os
import socket
import warnings
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import market
from market.errors import Fault, InputError, ScenarioError
from market.interfaces.dashboard import extra, offer
from market.interfaces.dashboard.guard import App, Guard, is_local
from market.interfaces.dashboard.offer import Offer

if TYPE_CHECKING:
    from reacton.core import Element

    from market.scenario.game_loading import GameScenario
    from market.scenario.loading import Scenario
    from market.simulation.agents import Trader
    from market.simulation.game_model import Player

GRACE = 2  # seconds that open pages get at the end


def scenarios(given: Path | None) -> dict[str, Path]:
    """Return the scenarios on offer, by name: the one given, and all in `scenarios/`.

    Args:
        given: the file of the command line; it comes first.

    Raises:
        InputError: there is none at all.
    """
    folder = next((path for path in _folders() if path.is_dir()), None)
    found = [] if folder is None else sorted(folder.glob("*.toml"))
    if given is not None:
        if not given.is_file():
            raise ScenarioError(str(given), [Fault("no such file")])
        found = [given, *(path for path in found if path.resolve() != given.resolve())]
    if not found:
        raise InputError("there is no scenario to show; name one: market dashboard SCENARIO.toml")
    names = [path.stem for path in found]
    return {path.stem if names.count(path.stem) == 1 else str(path): path.resolve() for path in found}


def _folders() -> Sequence[Path]:
    """Return the folders of scenarios: here, and in the checkout that is being run."""
    return Path("scenarios"), Path(market.__file__).resolve().parent.parent / "scenarios"


def dashboard(
    scenario: str | Path | Scenario | GameScenario | None = None,
    traders: Mapping[str, type[Trader]] | None = None,
    *,
    players: Mapping[str, type[Player]] | None = None,
    out: str | Path = "runs",
    host: str = "127.0.0.1",
    port: int = 8765,
) -> Element[Any] | None:
    """Show a scenario in a browser, played with traders of one's own, until interrupted.

    In a notebook the page is the result of the cell, and nothing is served.

    Args:
        scenario: a file, or the result of `market.load`; if not given, those in `scenarios/`.
        traders: agent or group name -> a subclass of `Trader` with its own answers to prices.
        players: player or group name -> a subclass of `Player` with its own actions, in a game.
        out: the folder in which exported runs are put.
        host: the address to listen on; the default is reached from this machine only.
        port: 0 for any that is free.

    Returns:
        Nothing, or in a notebook the page.

    Raises:
        InputError: something is not installed, the scenario cannot be played with these traders or
            players, or the address cannot be used.
    """
    from market.scenario.game_loading import GameScenario  # deferred: a fifth of a second
    from market.scenario.loading import Scenario, load

    if isinstance(scenario, Scenario | GameScenario):
        known: dict[str, Path | Scenario | GameScenario] = {Path(scenario.file).stem: scenario}
    else:
        known = dict(scenarios(None if scenario is None else Path(scenario)))
    if traders or players:
        known = dict([next(iter(known.items()))])  # they belong to the scenario that was given
        given = next(iter(known.values()))
        _try(load(given) if isinstance(given, Path) else given, traders, players)
    offered = Offer(known, Path(out).resolve(), dict(traders or {}), dict(players or {}))
    if not _in_notebook():
        serve(offered, host, port, partial(print, flush=True))
        return None
    extra.check()
    from market.interfaces.dashboard.page import Page

    offer.make(offered)
    return Page()


def _try(
    scenario: Scenario | GameScenario,
    traders: Mapping[str, type[Trader]] | None,
    players: Mapping[str, type[Player]] | None,
) -> None:
    """Make a model with traders or players of one's own.

    Raises:
        InputError: there is no such trader or player, or the scenario has players and no traders, or none.
    """
    from market.scenario.loading import Scenario
    from market.simulation.game_model import GameModel
    from market.simulation.model import MarketModel  # deferred: Mesa

    if isinstance(scenario, Scenario):
        if players:
            raise InputError("players= is for games, and the scenario states an economy; use traders=")
        MarketModel(scenario, traders=traders)
    else:
        if traders:
            raise InputError("traders= is for economies, and the scenario states a game; use players=")
        GameModel(scenario, players=players)


def _in_notebook() -> bool:
    """Return True if an event loop is running in this thread, as in cells of a notebook."""
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True


def serve(offered: Offer, host: str, port: int, say: Callable[[str], None]) -> None:
    """Serve the dashboard until interrupted.

    Args:
        offered: the scenarios to choose from, and traders.
        host: the address to listen on.
        port: 0 for any that is free.
        say: called with messages for the terminal.

    Raises:
        InputError: something is not installed, or the address cannot be used.
    """
    extra.check()
    with _listening(host, port) as listening:
        port = listening.getsockname()[1]
        app = _solara(offered)

        import uvicorn  # deferred: optional, see `extra`

        from market.interfaces.dashboard.director import wait_for_exports

        server = uvicorn.Server(
            uvicorn.Config(
                Guard(app, host, port),
                log_level="error",
                loop="asyncio",
                proxy_headers=False,
                server_header=False,
                timeout_graceful_shutdown=GRACE,
            )
        )
        shown = f"[{host}]" if ":" in host else host
        say(f"Dashboard: http://{shown}:{port}/ (end it with Ctrl-C)")
        if not is_local(host):
            say("Anyone who reaches this address can play scenarios here and write run folders.")
        try:
            server.run(sockets=[listening])
        except KeyboardInterrupt:
            pass
        finally:
            wait_for_exports()


def _listening(host: str, port: int) -> socket.socket:
    """Return a socket that is bound and takes connections."""
    if not 0 <= port < 65536:
        raise InputError(f"--port {port}: there is no such port; it must be 0 to 65535")
    try:
        family, _, _, _, address = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0]
        listening = socket.create_server(address[:2], family=family)
    except (OSError, UnicodeError) as error:
        number = error.errno if isinstance(error, OSError) else None
        in_use = number in (errno.EADDRINUSE, errno.EACCES)
        reason = os.strerror(number) if in_use and number else getattr(error, "strerror", None) or str(error)
        advice = "; choose another port with --port (0 is any that is free)" if in_use else ""
        raise InputError(f"cannot listen on {host}, port {port}: {reason}{advice}") from error
    return listening


def _solara(offered: Offer) -> App:
    """Return Solara's application with `page`, set up to send no request to other hosts."""
    os.environ["SOLARA_APP"] = "market.interfaces.dashboard.page"  # Solara looks for it when it is imported
    os.environ["SOLARA_TELEMETRY_MIXPANEL_ENABLE"] = "false"
    os.environ["SOLARA_ASSETS_PROXY"] = "true"
    os.environ["SOLARA_MODE"] = "production"
    os.environ["SOLARA_CHECK_HOOKS"] = "off"  # it complains of Mesa, which users cannot change

    import solara.server.settings as settings  # deferred: only now is the environment as it should be
    from solara.server.starlette import app
    from starlette.applications import Starlette
    from starlette.routing import Mount
    from starlette.staticfiles import StaticFiles

    warnings.filterwarnings("ignore", category=UserWarning, module=r"solara\.")  # for those who deploy it
    settings.telemetry.mixpanel_enable = False  # also against a file .env
    settings.theme.title = "market"
    settings.theme.show_banner = False
    offer.make(offered)
    assets = StaticFiles(directory=settings.assets.proxy_cache_dir, check_dir=False)
    routes = [Mount("/_solara/cdn", app=assets), *app.routes]
    return Starlette(routes=routes, lifespan=app.router.lifespan_context)
