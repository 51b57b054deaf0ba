"""Packages beyond the rest of the program, of one of its extras, and the message if one is missing."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.metadata import PackageNotFoundError, version

from market.errors import InputError


def installed(name: str) -> str | None:
    """Return the version of a package; None if it is not installed."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def how(extra: str) -> str:
    """Return how an extra is installed, as the end of a sentence."""
    return f"install it with: pip install 'market[{extra}]' (in a checkout: pip install -e '.[{extra}]')"


def check(what: str, extra: str, needed: Sequence[str]) -> None:
    """Check that all packages of an extra are installed.

    Args:
        what: it is for, as the subject of a sentence.
        extra: its name.
        needed: the packages.

    Raises:
        InputError: a package is missing.
    """
    missing = [name for name in needed if installed(name) is None]
    if missing:
        raise InputError(f"{what} is not installed (missing: {', '.join(missing)}); {how(extra)}")
