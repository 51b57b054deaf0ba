"""Run folders changed with checksums put right, so that these hide it; parties on random economies."""

import hashlib
import json
import shutil
import tempfile
from pathlib import Path

import pandas as pd

from helpers.strategies import economies, fixed_proportions, one_of_each_mechanism
from market.efficiency.report import alignment
from market.mechanisms import play
from market.mechanisms.auction.price_rules import Multiplicative, Tatonnement
from market.results.run_folder import OBSERVATIONS as OBSERVATIONS_FILE
from market.results.run_folder import TRADES as TRADES_FILE
from market.results.run_folder import RunFolder
from market.results.tables import (
    OBSERVATIONS,
    agents_table,
    bounds_table,
    no_observations,
    result,
    trades_table,
)
from market.results.verify import verify
from market.results.verify.record import read_outcomes


def refused(checked):
    """The claims that do not hold, by name."""
    return {claim.name for claim in checked.claims if claim.holds is False}


STORIES = ("commons", "war", "two at war", "gift", "barter", "hurried", "crowd")


class Tamper:
    """A copy of a run folder whose files can be changed, with checksums put right so that they hide it."""

    def __init__(self, folder: Path, copy: Path) -> None:
        self.folder = Path(shutil.copytree(folder, copy))
        self.stated = json.loads((self.folder / "result.json").read_text())
        self.agents = pd.read_parquet(self.folder / "agents.parquet")

    def mechanism(self, name):
        return next(each for each in self.stated["mechanisms"] if each["name"] == name)

    def rows(self, name):
        return self.agents["mechanism"] == name

    def everywhere(self, name, agent, key, column, value, good=None):
        """Change a number in both files."""
        place = self.mechanism(name)[key][agent] if good else self.mechanism(name)[key]
        place[good or agent] = value
        row = self.rows(name) & (self.agents["agent"] == agent)
        self.agents.loc[row, f"{column}[{good}]" if good else column] = float(value)

    def verified(self):
        (self.folder / "result.json").write_text(json.dumps(self.stated))
        self.agents.to_parquet(self.folder / "agents.parquet", index=False)
        return self.with_checksums()

    def with_checksums(self, change=lambda manifest: None):
        """Verify what is there, with checksums put right and then something changed in the manifest."""
        manifest = json.loads((self.folder / "manifest.json").read_text())
        for name, file in manifest["files"].items():
            content = (self.folder / name).read_bytes()
            file |= {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}
        change(manifest)
        (self.folder / "manifest.json").write_text(json.dumps(manifest))
        return verify(self.folder)


class Party:
    """What was played on one economy, as the record wants it."""

    def __init__(self, economy, players=None) -> None:
        self.economy = economy
        every = one_of_each_mechanism(economy, [Tatonnement, Multiplicative])
        self.players = list(every if players is None else players)
        self.outcomes, seen = {}, [no_observations()]
        for player in self.players:
            rounds = []
            self.outcomes[player.label] = play(
                player, economy, observe=lambda state, rounds=rounds: rounds.append(state.observed())
            )
            seen.append(_observations(player, rounds))
        self.observations = pd.concat(seen, ignore_index=True).astype(OBSERVATIONS)
        self.checks = {}
        self.alignments = {name: alignment(outcome) for name, outcome in self.outcomes.items()}


def _observations(player, rounds):
    """The rows of the table of observations, a number for each round, as a run writes them."""
    names = () if player.name == "auctioneer" else player.observed_once
    rows = [(player.label, t, name, seen[name]) for name in names for t, seen in enumerate(rounds, start=1)]
    return pd.DataFrame(rows, columns=list(OBSERVATIONS)).astype(OBSERVATIONS)


def records_of(economy, party):
    """The records of a party, read back from tables with its single trades and observations."""
    tables = {TRADES_FILE: trades_table(party), OBSERVATIONS_FILE: party.observations}
    with tempfile.TemporaryDirectory() as folder:
        for file, table in tables.items():
            table.to_parquet(Path(folder) / file, index=False)
        manifest = {"files": {file: {} for file in tables}, "mechanisms": list(party.outcomes)}
        told_so = told(economy, party)
        run = RunFolder(Path(folder), manifest, told_so, agents_table(party), bounds_table(party))
        return read_outcomes(run, economy)


small = economies(max_agents=4, max_goods=2)


with_kinks = economies(max_agents=4, max_goods=2, families=fixed_proportions)


def told(economy, party):
    """The result object without a scenario."""

    class Scenario:
        title, file, sha256 = "", "", ""

    party.scenario = Scenario
    return result(party)
