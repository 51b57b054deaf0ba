"""A comparison in plain sentences, and how names and numbers are written for a reader.

Every name comes from a file, so it is shown as plain text: whatever a terminal would act upon is escaped.
"""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:  # this module is also what error messages are written with, and must stay light
    from market.economy.primitives import Economy
    from market.efficiency.contrast import Contrast
    from market.efficiency.report import Alignment
    from market.outcome import Outcome
    from market.results.comparison import Comparison

NOT_HERE = "-"


def visible(text: str) -> str:
    r"""A text from a file with whatever a terminal would act upon shown as an escape.

    Example:
        >>> print(visible("red" + chr(27) + "[31m"))
        red\x1b[31m
    """
    return "".join(c if unicodedata.category(c)[0] != "C" else ascii(c)[1:-1] for c in text)


def number(value: float | None) -> str:
    """A number to read, not to calculate with: four digits, and none of the noise of rounding.

    Example:
        >>> [number(v) for v in (0.2, 5.0000000003, 1234567.0, -1e99, 2.5e-7, float("-inf"))]
        ['0.2', '5', '1,234,567', '-1e99', '2.5e-7', '-inf']
    """
    if value is None or math.isnan(value):
        return NOT_HERE
    if 1e4 <= abs(value) < 1e9:
        return f"{value:,.0f}"
    text = f"{value:.4g}" if 1e-3 <= abs(value) < 1e9 else f"{value:.3g}"
    digits, _, exponent = text.partition("e")
    return f"{digits}e{int(exponent)}" if exponent else digits


def percent(share: float | None) -> str:
    """A share in per cent.

    Example:
        >>> percent(0.9958), percent(1e-12)
        ('99.58 %', 'about 0 %')
    """
    if share is None:
        return NOT_HERE
    return "about 0 %" if 0 < share < 1e-6 else f"{100 * share:.4g} %"


def count(many: int, what: str) -> str:
    """A number of things, for instance `2 agents`."""
    return f"{many:,} {what}{'' if many == 1 else 's'}"


def named_or_counted(economy: Economy, chosen: NDArray[np.bool_]) -> str:
    """Names of a few, the number of many."""
    names = [visible(economy.agents[i]) for i in np.flatnonzero(chosen).tolist()]
    if not names:
        return "nobody"
    if len(names) == len(economy.agents) > 1:
        return "everybody"
    return ", ".join(names) if len(names) <= 3 else f"{len(names)} of {len(economy.agents)}"


def reading(compared: Comparison) -> list[str]:
    """What the numbers say, in plain sentences; mechanisms of which the same is true share one."""
    return [*unsettled(compared.outcomes), *judgements(compared)]


def unsettled(outcomes: Mapping[str, Outcome]) -> list[str]:
    """Which mechanisms did not reach what they look for, and what can be done about it."""
    meanings = _together((o.status.meaning, name) for name, o in outcomes.items() if not o.status.settled)
    return [f"Not settled: {names}. {meaning}" for meaning, names in meanings]


def judgements(compared: Comparison) -> list[str]:
    """How aligned each outcome is, and who gains and loses by it."""
    economy = compared.economy
    judged = {n: told for n, told in compared.alignments.items() if compared.outcomes[n].status != "failed"}
    verdicts = _together((_verdict(economy, told), name) for name, told in judged.items())
    changes = _together((_change(economy, told), name) for name, told in compared.contrasts().items())
    against = f"against '{visible(compared.baseline or '')}'"
    return [
        *(f"Under {names} {verdict}" for verdict, names in verdicts),
        *(f"Under {names}, {against}, {change}" for change, names in changes),
    ]


def ending(outcome: Outcome) -> str:
    """How a play ended and after how long, for instance `Cleared after 15 rounds.`."""
    status = outcome.status.value.replace("_", " ")
    first = "Stopped" if status == "max rounds" else status.capitalize()
    return f"{first} after {count(outcome.rounds, 'round')}."


def _together(said: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Each sentence once, with the names of all of which it is said."""
    names: dict[str, list[str]] = {}
    for sentence, name in said:
        names.setdefault(sentence, []).append(name)
    return [(sentence, quoted(labels)) for sentence, labels in names.items()]


def quoted(labels: Sequence[str]) -> str:
    """Names in quotes, with commas and an "and"."""
    each = [f"'{visible(label)}'" for label in labels]
    return each[0] if len(each) == 1 else f"{', '.join(each[:-1])} and {each[-1]}"


def _verdict(economy: Economy, report: Alignment) -> str:
    if report.efficient is None:
        return (
            f"it is unknown whether somebody could gain without another losing ({'; '.join(report.reasons)})."
        )
    if not report.efficient:
        wasted = report.resource_utilisation
        enough = f" {percent(wasted).capitalize()} of the resources would be enough for what everybody has."
        spare = enough if wasted is not None and wasted < 1 else ""
        return f"somebody could be made better off and nobody worse off: not aligned.{spare}"
    if report.degenerate and report.negishi_weights is not None:
        weights = report.negishi_weights
        left_out = named_or_counted(economy, weights <= 1e-7 * weights.max())
        verb = "counts" if left_out in economy.agents else "count"
        said = (
            f"nobody can gain without another losing, but only in the degenerate sense that {left_out} "
            f"{verb} for nothing"
        )
    else:
        said = "nobody can be made better off without hurting somebody"
    return f"{said}{_money(report)}"


def _money(report: Alignment) -> str:
    if report.efficient_with_transfers is None:
        return "."
    if report.efficient_with_transfers:
        return ", not even if money changes hands."
    if report.surplus_gap == math.inf:
        return "; if money could change hands, there is no limit to what all together could gain."
    return f"; if money could change hands, all together could gain {number(report.surplus_gap)} more."


def _change(economy: Economy, told: Contrast) -> str:
    gain, lose = (named_or_counted(economy, chosen) for chosen in (told.winners, told.losers))
    gains = f"{gain} gain{'' if told.winners.sum() > 1 and gain != 'everybody' else 's'}"
    loses = f"{lose} lose{'' if told.losers.sum() > 1 and lose != 'everybody' else 's'}"
    if told.losers.any():
        return f"{gains} and {loses}."
    if told.winners.any():
        return f"{gains} and nobody loses" + (
            ": a Pareto improvement." if told.pareto_improvement else ", but the auctioneer takes less."
        )
    more = ", but the auctioneer takes more: a Pareto improvement" if told.pareto_improvement else ""
    return f"no agent gains or loses{more}."
