"""Text and HTML of results: `print(result)` is what the terminal shows, a notebook shows it as HTML.

Results lie below the interfaces, which know how they are shown. So a result asks the root of the package,
which knows every room, for the module that writes both.
"""

from __future__ import annotations


class Displayed:
    """Base of results that are printed as the terminal shows them; `repr` stays one line."""

    def __str__(self) -> str:
        """Return the text that the terminal shows, as wide as the terminal."""
        import market  # deferred: the root imports every room on first use

        return market.views().text(self)

    def _repr_html_(self) -> str:
        """Return the same as HTML, for notebooks."""
        import market  # deferred, as above

        return market.views().html(self)
