"""Packages that the dashboard needs beyond the rest of the program, and the message if one is missing."""

from __future__ import annotations

from market.errors import InputError
from market.interfaces import extras

NEEDED = ("solara", "solara-assets", "ipyvue", "ipyvuetify", "reacton", "starlette", "uvicorn", "altair")


def check() -> None:
    """Check that all packages of the dashboard are installed.

    Raises:
        InputError: a package is missing, or of a version with which the page has no pictures.
    """
    extras.check("the dashboard", "dashboard", NEEDED)
    for name in ("ipyvue", "ipyvuetify"):
        found = str(extras.installed(name))
        if not found.startswith("1."):
            raise InputError(
                f"{name} {found} shows no pictures, it must be below 2; {extras.how('dashboard')}"
            )
