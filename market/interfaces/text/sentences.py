"""The interpretation of a comparison in plain sentences, and names and numbers as they are printed.

Every name comes from a file, so it is shown as plain text: control characters are escaped.
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
    from market.games.outcome import GameOutcome
    from market.outcome import Outcome, Status
    from market.results.comparison import Comparison

NOT_HERE = "-"


def visible(text: str) -> str:
    r"""Return a text from a file with control characters shown as escapes.

    Example:
        >>> print(visible("red" + chr(27) + "[31m"))
        red\x1b[31m
    """
    return "".join(c if unicodedata.category(c)[0] != "C" else ascii(c)[1:-1] for c in text)


def number(value: float | None) -> str:
    """Return a number to read, with four digits.

    Example:
        >>> [number(v) for v in (0.2, 5.0000000003, 1234567.0, -1e99, 2.5e-7, float("-inf"))]
        ['0.2', '5', '1,234,567', '-1e99', '2.5e-7', '-inf']

    An amount that stands for an unbounded one, as of a market without equilibrium, is said to be so.
    """
    if value is None or math.isnan(value):
        return NOT_HERE
    if 1e150 <= abs(value) < math.inf:
        return "unbounded" if value > 0 else "-unbounded"
    if 999.95 <= abs(value) < 1e9:
        return f"{value:,.0f}"
    text = f"{value:.4g}" if 1e-3 <= abs(value) < 1e9 else f"{value:.3g}"
    digits, _, exponent = text.partition("e")
    return f"{digits}e{int(exponent)}" if exponent else digits


def percent(share: float | None) -> str:
    """Return a share in per cent.

    Example:
        >>> percent(0.9958), percent(1e-12)
        ('99.58 %', 'about 0 %')
    """
    if share is None:
        return NOT_HERE
    return "about 0 %" if 0 < share < 1e-6 else f"{100 * share:.4g} %"


def yes(verdict: bool | None) -> str:
    """Return `yes`, `no` or, of None, `unknown`."""
    return "unknown" if verdict is None else ("yes" if verdict else "no")


def count(many: int, what: str) -> str:
    """Return a number of things, for instance `2 agents`."""
    return f"{many:,} {what}{'' if many == 1 else 's'}"


def named_or_counted(economy: Economy, chosen: NDArray[np.bool_], last: str = ", ") -> str:
    """Return the names of a few agents, the number of many, `none` or `all`.

    Args:
        economy: of the agents.
        chosen: a mask, (agents,).
        last: what stands before the last name.
    """
    names = [visible(economy.agents[i]) for i in np.flatnonzero(chosen).tolist()]
    if not names:
        return "none"
    if len(names) == len(economy.agents) > 1:
        return "all"
    if 2 <= len(names) <= 3:
        return f"{', '.join(names[:-1])}{last}{names[-1]}"
    return names[0] if len(names) == 1 else f"{len(names):,} of {len(economy.agents):,}"


def _listed(economy: Economy, chosen: NDArray[np.bool_]) -> str:
    """Return agents as a sentence names them: `alpha and beta`."""
    return named_or_counted(economy, chosen, " and ")


def reading(compared: Comparison) -> list[str]:
    """Interpret a comparison in sentences; mechanisms with equal verdicts share one."""
    return [*unsettled(compared.outcomes), *judgements(compared)]


def unsettled(outcomes: Mapping[str, Outcome]) -> list[str]:
    """Name the mechanisms that did not converge, with advice."""
    ended = ((_advice(o), name, o.status) for name, o in outcomes.items() if o.status != "in_play")
    meanings = _together((advice, name) for advice, name, status in ended if not status.settled)
    return [f"Not converged: {names}. {meaning}" for meaning, names in meanings]


def _advice(outcome: Outcome) -> str:
    """Return what a status means, with a remedy; other rules do not help where satiation is the cause."""
    from market.economy.nonexistence import satiated_at  # deferred: this module must stay light

    searching = outcome.status in ("max_rounds", "cycling", "diverged")
    p = outcome.prices if searching else None
    satiated = None if p is None else satiated_at(outcome.economy, p)
    if satiated is None:
        return outcome.status.meaning
    return (
        f"At the prices shown {visible(satiated)} cannot spend its income, because it wants no good without "
        f"limit; where that is so at all prices there is no equilibrium, and another rule does not help."
    )


def judgements(compared: Comparison) -> list[str]:
    """Judge each outcome, and name the agents that gain and lose compared with the baseline.

    An outcome in play is judged as that of stopping now, and said to be.
    """
    economy, outcomes = compared.economy, compared.outcomes
    against = f"compared with '{visible(compared.baseline or '')}'"
    verdicts = _together(
        (_as_if_stopped(outcomes[name], "under {} the outcome is " + _verdict(economy, report)), name)
        for name, report in compared.alignments.items()
        if outcomes[name].status != "failed"
    )
    changes = _together(
        (_as_if_stopped(outcomes[name], f"under {{}}, {against}, " + _change(economy, change)), name)
        for name, change in compared.contrasts().items()
    )
    named = [[sentence.replace("{}", names, 1) for sentence, names in some] for some in (verdicts, changes)]
    return [*named[0], *_kept_revenue(compared), *named[1]]


def _as_if_stopped(outcome: Outcome, sentence: str) -> str:
    """Return a sentence on an outcome; of one in play, on the condition that it ended now."""
    if outcome.status != "in_play":
        return sentence[0].upper() + sentence[1:]
    rationed = outcome.disequilibrium is not None
    return f"If {'trade stopped now (with rationing)' if rationed else 'play stopped now'}: {sentence}"


def _kept_revenue(compared: Comparison) -> list[str]:
    """Name the revenue that an auctioneer keeps, and the sum of payoffs if it were handed back."""
    from market.efficiency.contrast import revenue_rounding  # deferred: error messages use this module too

    if not compared.keeps_revenue:
        return []
    totals = {name: compared.total_surplus(name) or 0.0 for name in compared.outcomes}
    planned = [name for name, outcome in compared.outcomes.items() if outcome.kind == "planner"]
    sentences = []
    for name, outcome in compared.outcomes.items():
        if outcome.kind != "auctioneer" or outcome.revenue <= revenue_rounding(outcome):
            continue
        alike = [each for each in planned if math.isclose(totals[each], totals[name], rel_tol=1e-6)]
        kept, total = number(outcome.revenue), number(totals[name])
        sentence = (
            f"under {quoted([name])} the auctioneer keeps {kept}, the revenue of the common stock. Handed "
            f"back in lump sums it makes payoffs add up to total surplus, {total}"
            f"{f', as under {quoted(alike)}' if alike else ''}."
        )
        sentences.append(_as_if_stopped(outcome, sentence))
    return sentences


def ending(outcome: Outcome | GameOutcome) -> str:
    """Return the status and the number of rounds, for instance `Cleared after 15 rounds.`."""
    first = {"max_rounds": "Stopped", "nash": "Nash equilibrium"}.get(outcome.status.value)
    return f"{first or status_word(outcome.status).capitalize()} after {count(outcome.rounds, 'round')}."


def status_word(status: Status) -> str:
    """Return the status as the table has it, for instance `max rounds`."""
    return "Nash" if status.value == "nash" else status.value.replace("_", " ")


def _together(said: Iterable[tuple[str, str]]) -> list[tuple[str, str]]:
    """Return each sentence once, with all of its names."""
    names: dict[str, list[str]] = {}
    for sentence, name in said:
        names.setdefault(sentence, []).append(name)
    return [(sentence, quoted(labels)) for sentence, labels in names.items()]


def quoted(labels: Sequence[str]) -> str:
    """Return names in quotes, with commas and an "and"."""
    each = [f"'{visible(label)}'" for label in labels]
    return each[0] if len(each) == 1 else f"{', '.join(each[:-1])} and {each[-1]}"


def _verdict(economy: Economy, report: Alignment) -> str:
    if report.efficient is None:
        return f"not known to be Pareto efficient ({'; '.join(report.reasons)})."
    if not report.efficient:
        used = report.resource_utilisation
        spare = "" if used is None or percent(used) == "100 %" else f" {_spare(used)}"
        return f"not Pareto efficient: some agents could gain without a loss to any other.{spare}"
    said = "Pareto efficient"
    if report.degenerate and report.negishi_weights is not None:
        weights = report.negishi_weights
        zero = economy.has_weight & (weights <= 1e-7 * weights.max())
        said += f", but only with zero weight on {_listed(economy, zero)}"
    return f"{said}{_money(economy, report)}"


def _spare(used: float) -> str:
    if used == 0:
        return "All resources are wasted: every agent would be as well off without any."
    return f"{percent(used).capitalize()} of the resources would suffice for the utilities reached."


def _money(economy: Economy, report: Alignment) -> str:
    gap = report.surplus_gap
    if report.efficient_with_transfers is None:
        return "."
    if report.efficient_with_transfers:
        capped = bool(np.isfinite(economy.budget).any())
        return ", also if agents may pay one another." if capped else ", and total surplus is maximal."
    size = "unbounded" if gap == math.inf else number(gap)
    return f"; with transfers, unrealised gains from trade (deadweight loss): {size}."


def _change(economy: Economy, contrast: Contrast) -> str:
    gain, lose = (_listed(economy, chosen) for chosen in (contrast.winners, contrast.losers))
    if contrast.losers.any():
        joined = ", and " if " and " in gain else " and "
        return f"{_subject(gain, contrast.winners, 'gain')}{joined}{_subject(lose, contrast.losers, 'lose')}."
    if contrast.winners.any():
        less = ", but revenue falls"
        end = ": a Pareto improvement" if contrast.pareto_improvement else less
        return f"{_subject(gain, contrast.winners, 'gain')} and no agent loses{end}."
    more = ", but revenue rises: a Pareto improvement" if contrast.pareto_improvement else ""
    return f"no agent gains or loses{more}."


def _subject(names: str, chosen: NDArray[np.bool_], verb: str) -> str:
    """Return a subject and its verb, for instance `all agents gain` or `beta loses`."""
    subject = {"none": "no agent", "all": "all agents"}.get(names, names)
    return f"{subject} {verb}{'s' if chosen.sum() <= 1 else ''}"
