"""Measures every price rule on every shipped scenario, for docs/how-to/rules.md: `python docs/rounds.py`."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np

import market
from market.errors import InputError
from market.mechanisms import Auction, play
from market.mechanisms.auction.price_rules import RULES

ROOT = Path(__file__).parents[1]
PAGE = ROOT / "docs" / "how-to" / "rules.md"
BEGIN, END = "<!-- rounds: written by docs/rounds.py -->\n", "<!-- end of rounds -->\n"
MOST = 1000  # rounds; what takes longer is shown by how it ended


def row(name: str) -> str:
    """Return a scenario's row: under each rule, from the first prices of its first auctioneer, how it ended.

    Args:
        name: of the scenario, without its folder and suffix.
    """
    scenario = market.load(ROOT / "scenarios" / f"{name}.toml")
    played = (scenario.mechanism(label) for label in scenario.mechanism_names)
    first = next(each for each in played if isinstance(each, Auction))
    cells = (cell(market.build(scenario), first, rule) for rule in RULES)
    return f"| {name} | " + " | ".join(cells) + " |"


def cell(economy: market.Economy, first: Auction, rule: type) -> str:
    """Return rounds to a tolerance of 1e-9 and, if more than one a round, queries; or the status."""
    player = dataclasses.replace(first, rule=rule(), tolerance=1e-9, max_rounds=MOST)
    try:
        with np.errstate(all="ignore"):  # what diverges overflows
            outcome = play(player, economy)
    except InputError:  # the rule is for another kind of economy
        return ""
    if outcome.status is not market.Status.CLEARED:
        return outcome.status.value.replace("_", " ")
    queries = int(outcome.evidence["demand_queries"])
    return f"{outcome.rounds}" if queries == outcome.rounds else f"{outcome.rounds} ({queries})"


def table() -> Iterator[str]:
    """Return the lines of the table."""
    names = [rule.name for rule in RULES]
    yield "| scenario | " + " | ".join(f"`{name}`" for name in names) + " |"
    yield "| --- |" + " --- |" * len(names)
    for path in sorted((ROOT / "scenarios").glob("*.toml")):
        if "\neconomy = " in path.read_text():
            yield row(path.stem)


def main() -> None:
    """Put it into the page."""
    before, rest = PAGE.read_text().split(BEGIN)
    PAGE.write_text(before + BEGIN + "\n" + "\n".join(table()) + "\n\n" + END + rest.split(END)[1])


if __name__ == "__main__":
    main()
