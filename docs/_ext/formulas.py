r"""Formulas of docstrings as LaTeX, in their own symbols: `sum_g a_g x_g^rho` is \sum_g a_g x_g^{\rho}.

Docstrings have formulas as they are read in a terminal. A line may go on in words: these stay text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from docutils import nodes

INSIDE = re.compile(r"\b[a-z](?:_\w)? (?:/|>=|<) (?:[a-z](?:_\w)?|\d)\b")
COMMANDS = {"sum", "prod", "log", "exp", "min", "max", "rho", "sigma", "eta"}
WORDS = re.compile(r",? up to .*|; .*|: .*| at any level .*| of one input.*", flags=re.DOTALL)
TOKENS = re.compile(r"\s*(min over a_g > 0 of|[A-Za-z]+|\d+(?:\.\d+)?|>=|<=|\S)")
SYMBOLS = {">=": r"\ge", "<=": r"\le", "min over a_g > 0 of": r"\min_{g:\, a_g > 0}"}


def formula(line: str) -> Iterator[nodes.Node]:
    """Return the formula with which a line begins as mathematics, and the words after it as text."""
    line = line.rstrip(".")
    words = WORDS.search(line)
    yield _math(line[: words.start()] if words else line)
    if words:
        end = 0
        for inside in INSIDE.finditer(words[0]):
            yield nodes.Text(words[0][end : inside.start()])
            yield _math(inside[0])
            end = inside.end()
        yield nodes.Text(f"{words[0][end:]}.")


def _math(text: str) -> nodes.math:
    return nodes.math(text=latex(text))


def is_formula(text: str) -> bool:
    """Return True if a text consists of symbols, numbers and names of functions alone."""
    text = WORDS.sub("", text.rstrip("."))
    words = re.findall(r"[A-Za-z]{2,}", text.replace("min over a_g > 0 of", ""))
    return bool(re.search(r"[_^=]|\b[a-z] [a-z]\b|\blog\b|\bexp\b", text)) and set(words) <= COMMANDS


def latex(text: str) -> str:
    """Return a formula as LaTeX."""
    tokens = [SYMBOLS.get(token, token) for token in TOKENS.findall(text)]
    written = " ".join(f"\\{token}" if token in COMMANDS else token for token in tokens)
    written = re.sub(r" ?([_^]) ?", r"\1", written)
    return _with_braces(written).replace(" , ", r", \quad ")


def _with_braces(text: str) -> str:
    """Put braces around what is raised: a symbol with its index, or brackets, which then need no others."""
    text = re.sub(r"\^(\\?\w+(?:_\w)?)", r"^{\1}", text)
    return re.sub(r"\^\( ([^()]*) \)", r"^{\1}", text)
