"""Packages that the dashboard needs beyond the rest of the program, and the message if one is missing."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

from market.errors import InputError

NEEDED = ("solara", "solara-assets", "ipyvue", "ipyvuetify", "reacton", "starlette", "uvicorn", "altair")
HOW = "install it with: pip install 'market[dashboard]' (in a checkout: pip install -e '.[dashboard]')"


def check() -> None:
    """Check that all packages of the dashboard are installed.

    Raises:
        InputError: a package is missing, or of a version with which the page has no pictures.
    """
    missing = [name for name in NEEDED if _version(name) is None]
    if missing:
        raise InputError(f"the dashboard is not installed (missing: {', '.join(missing)}); {HOW}")
    for name in ("ipyvue", "ipyvuetify"):
        if not str(_version(name)).startswith("1."):
            raise InputError(f"{name} {_version(name)} shows no pictures, it must be below 2; {HOW}")


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
