"""Text of `market verify`: a line a mechanism, and in full the claims that do not hold or are not checked."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from rich.console import Group, RenderableType
from rich.table import Table
from rich.text import Text

from market.interfaces.text.layout import heading, pairs
from market.interfaces.text.sentences import visible

if TYPE_CHECKING:
    from market.results.verify.claim import Claim, Verification

WORDS = {
    "kind": "kind of mechanism",
    "numbers are finite where required": "no number is missing or infinite",
    "feasible": "the allocation is feasible",
    "utilities": "utilities follow from the allocation",
    "payments": "payments follow from the mechanism's rules",
    "revenue": "revenue is the sum of the payments",
    "payoffs": "payoffs follow from utilities and the rules",
    "largest regret": "largest gain from deviating, as in the list of agents",
    "regret": "gain from deviating of each agent",
    "evidence has the numbers of its status": "the status comes with its evidence",
    "evidence": "evidence for the status",
    "nash": "the status: Nash equilibrium",
    "disequilibrium": "excess demand at the prices",
    "prices are those of the round nearest to clearing": "prices are those of the round closest to clearing",
    "weights add up to one": "welfare weights sum to one",
    "weights and supporting prices come together": "welfare weights come with supporting prices",
    "residual of the weights": "first-order conditions at the welfare weights",
    "efficient": "Pareto efficient (goods)?",
    "degenerate": "some weight is zero?",
    "resource utilisation": "Debreu's coefficient of resource utilisation",
    "surplus gap": "unrealised gains from trade (deadweight loss)",
    "efficient with transfers": "maximises total surplus?",
    "transfers are left out": "total surplus is not defined, so nothing is said of it",
}
"""Name of a claim -> its words in print; a claim that is not listed is printed by its name."""

_VERDICTS = {
    True: Text("holds", style="green"),
    None: Text("not checked", style="yellow"),
    False: Text("DOES NOT HOLD", style="red"),
}


def verification(checked: Verification, verbose: bool = False) -> RenderableType:
    """Return a line for each mechanism, claims that do not hold or are not checked, and how many hold.

    Args:
        checked: all claims.
        verbose: True to list every claim.
    """
    parts = [(subject, claims) for subject, claims in checked.parts if claims]
    if verbose:
        listed = [*_listed(parts, True, None, False)]
    else:
        lines = pairs((visible(subject), _counted(claims)) for subject, claims in parts)
        left = [*_listed(parts, None, False)]
        listed = [lines, *([Text(), *left] if left else [])]
    return Group(*listed, Text(" ".join(_closing(checked))))


def _counted(claims: Sequence[Claim]) -> Text:
    """Return the number of claims by verdict."""
    hold, unchecked, fail = (
        sum(claim.holds is verdict for claim in claims) for verdict in (True, None, False)
    )
    if hold == len(claims):
        return Text("the only claim holds" if hold == 1 else f"all {hold} claims hold", style="green")
    text = Text(f"{hold} of {len(claims)} claims hold")
    if unchecked:
        text.append(f", {unchecked} could not be checked", style="yellow")
    if fail:
        text.append(f", {fail} {'DOES' if fail == 1 else 'DO'} NOT HOLD", style="red")
    return text


def _listed(parts: Sequence[tuple[str, Sequence[Claim]]], *verdicts: bool | None) -> Iterator[RenderableType]:
    """Yield the claims with one of these verdicts below each mechanism's name, with the numbers behind."""
    for subject, claims in parts:
        chosen = [claim for claim in claims if claim.holds in verdicts]
        if not chosen:
            continue
        grid = Table.grid(padding=(0, 2, 0, 0))
        grid.add_column(no_wrap=True)
        grid.add_column(overflow="fold")
        for claim in chosen:
            detail = Text(f" ({visible(claim.detail.removeprefix('not checked: '))})", style="dim")
            grid.add_row(_VERDICTS[claim.holds], Text(visible(_in_words(subject, claim))) + detail)
        yield from (heading(visible(subject)), grid, Text())


def _in_words(subject: str, claim: Claim) -> str:
    """Return the claim without its mechanism's name, in the words of the table of `market run`."""
    name = claim.name.removeprefix(f"{subject}: ")
    if name == claim.name:
        return name
    first, comma, rest = name.partition(", within ")
    return f"the status: {first.replace('_', ' ')}, within {rest}" if comma else WORDS.get(name, name)


def _closing(checked: Verification) -> Iterator[str]:
    kept = sum(claim.holds is True for claim in checked.claims)
    yield f"{kept} of {len(checked.claims)} claims hold."
    if checked.unchecked:
        yield f"{len(checked.unchecked)} could not be checked."
