"""The command line, its exit codes and the ways a play can end, from the program itself.

```{commands}
```
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import typer
from docutils import nodes
from pieces import code, prose, section, table
from sphinx.util.docutils import SphinxDirective

from market.errors import ExitCode
from market.interfaces.cli.main import app
from market.outcome import Status


class Commands(SphinxDirective):
    """A section a command: what `--help` says."""

    def run(self) -> list[nodes.Node]:
        """Return the sections, in the order of `market --help`."""
        program: Any = typer.main.get_command(app)
        return [_command(name, command) for name, command in program.commands.items()]


def _command(name: str, command: Any) -> nodes.section:
    arguments = [each for each in command.params if each.param_type_name == "argument"]
    options = [each for each in command.params if each.param_type_name == "option"]
    usage = " ".join(
        [f"market {name}", "[OPTIONS]" if options else "", *(_shown(each) for each in arguments)]
    )
    content: list[nodes.Node] = [
        *prose(command.help),
        nodes.literal_block(text=" ".join(usage.split()), language="text"),
    ]
    rows = [[code(_shown(each)), each.help or "", ""] for each in arguments]
    rows += [[code(_spelt(each)), each.help or "", code(_default(each))] for each in options]
    if rows:
        content.append(table(["option", "meaning", "default"], rows))
    return section(f"market {name}", f"command-{name}", *content, code=True)


def _shown(argument: Any) -> str:
    return str(argument.metavar or argument.name.upper())


def _spelt(option: Any) -> str:
    names = ", ".join(option.opts)
    return names if option.is_flag else f"{names} {option.metavar or option.name.upper()}"


def _default(option: Any) -> str:
    value = option.default
    return "" if option.is_flag or value is None or callable(value) or value in ([], ()) else str(value)


class ExitCodes(SphinxDirective):
    """What the command line returns to the shell."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        return [table(["code", "meaning"], ([str(int(each)), each.meaning] for each in ExitCode))]


class Statuses(SphinxDirective):
    """How a mechanism can end."""

    def run(self) -> list[nodes.Node]:
        """Return the table."""
        return [table(["status", "meaning"], self._rows())]

    @staticmethod
    def _rows() -> Iterator[list[str]]:
        for status in Status:
            yield [code(status.value), status.meaning]
