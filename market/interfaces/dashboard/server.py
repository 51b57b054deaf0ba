"""Server of the page: on this machine only by default, and with no request to any other.

Solara would send usage statistics, look for its own newest version, and fetch what a page needs from a
content delivery network. Statistics are switched off, its command line (which looks for versions) is not
used, and assets come from the package solara-assets; others are "not found".
"""

from __future__ import annotations

import errno
import os
import socket
import warnings
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import market
from market.errors import Fault, InputError, ScenarioError
from market.interfaces.dashboard import extra
from market.interfaces.dashboard.guard import App, Guard, is_local

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


def serve(files: Mapping[str, Path], out: Path, host: str, port: int, say: Callable[[str], None]) -> None:
    """Serve the dashboard until interrupted.

    Args:
        files: name -> scenario; the first is shown first.
        out: the folder in which exported runs are put.
        host: the address to listen on.
        port: 0 for any that is free.
        say: called with messages for the terminal.

    Raises:
        InputError: something is not installed, or the address cannot be used.
    """
    extra.check()
    with _listening(host, port) as listening:
        port = listening.getsockname()[1]
        app = _solara(files, out)

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


def _solara(files: Mapping[str, Path], out: Path) -> App:
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

    from market.interfaces.dashboard.page import Offer

    warnings.filterwarnings("ignore", category=UserWarning, module=r"solara\.")  # for those who deploy it
    settings.telemetry.mixpanel_enable = False  # also against a file .env
    settings.theme.title = "market"
    settings.theme.show_banner = False
    Offer(files, out.resolve()).to_environment()
    assets = StaticFiles(directory=settings.assets.proxy_cache_dir, check_dir=False)
    routes = [Mount("/_solara/cdn", app=assets), *app.routes]
    return Starlette(routes=routes, lifespan=app.router.lifespan_context)
