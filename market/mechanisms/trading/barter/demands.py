"""Purchases along a budget line of two goods in closed form, by family; other families are searched.

Symbols: x, y what an agent holds of g and h; a, b its weights of them; p the price of g in units of h; t
what it buys of g, between minus x and y / p. Wealth is `W = p x + y`.

- log kinds: it spends the share `w = a / (a + b)` on g, `t = w W / p - x`;
- log1p: the same with a unit more of each, `t = w (x + 1 + (y + 1) / p) - x - 1`, within the bounds;
- ces and crra with elasticity s (`1 / risk aversion`): amounts in the ratio `(a / (b p))^s` to one;
- linear: everything into the good with more utility for h, none where they tie;
- leontief: as much as other goods R = min x_k / a_k allow; of goods beyond that no trade is needed, and
  otherwise both are used up in proportion, `t = (y / b - x / a) / (1 / a + p / b)`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np

from market.economy.correspondences import Array


class Line(NamedTuple):
    """Budget lines of some agents of one family, (agents,) each.

    Args:
        x: held of g.
        y: held of h.
        p: price of g in units of h.
        a: weight of g.
        b: weight of h.
        rest: least of x_k / a_k over other wanted goods; inf without any.
    """

    x: Array
    y: Array
    p: Array
    a: Array
    b: Array
    rest: Array


def _log(line: Line, given: Mapping[str, Array]) -> Array:  # noqa: ARG001
    return _share(line) * (line.x + line.y / line.p) - line.x


def _log1p(line: Line, given: Mapping[str, Array]) -> Array:  # noqa: ARG001
    return _share(line) * (line.x + 1.0 + (line.y + 1.0) / line.p) - line.x - 1.0


def _ces(line: Line, given: Mapping[str, Array]) -> Array:
    return _with_elasticity(line, given["elasticity"])


def _crra(line: Line, given: Mapping[str, Array]) -> Array:
    return _with_elasticity(line, 1.0 / given["risk_aversion"])


def _linear(line: Line, given: Mapping[str, Array]) -> Array:  # noqa: ARG001
    return np.where(line.a > line.p * line.b, np.inf, np.where(line.a < line.p * line.b, -np.inf, 0.0))


def _leontief(line: Line, given: Mapping[str, Array]) -> Array:  # noqa: ARG001
    x, y, p, a, b, rest = line
    low = np.where(a > 0, rest * a - x, -np.inf)
    high = np.where(b > 0, (y - rest * b) / p, np.inf)
    scarce = (y / b - x / a) / (1.0 / a + p / b)
    scarce = np.where(a > 0, np.where(b > 0, scarce, np.inf), np.where(b > 0, -np.inf, 0.0))
    return np.where(low <= high, np.clip(0.0, low, high), scarce)


def _share(line: Line) -> Array:
    return np.where(line.a + line.b > 0, line.a / (line.a + line.b), 0.5)


def _with_elasticity(line: Line, s: Array) -> Array:
    """Return purchases at a constant elasticity of substitution; nan where it is infinite or 0."""
    log_ratio = s * (np.log(line.a) - np.log(line.b) - np.log(line.p))
    worth = 1.0 / (1.0 + np.exp(np.minimum(-(log_ratio + np.log(line.p)), 700.0)))
    return worth * (line.x + line.y / line.p) - line.x


CLOSED: dict[str, Callable[[Line, Mapping[str, Array]], Array]] = {
    "log": _log,
    "cobb_douglas": _log,
    "log1p": _log1p,
    "ces": _ces,
    "crra": _crra,
    "linear": _linear,
    "leontief": _leontief,
}
