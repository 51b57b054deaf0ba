"""Run folders changed with checksums put right, so that these hide it; parties on random economies."""

import hashlib
import json
import shutil
from pathlib import Path

import pandas as pd

from helpers.strategies import economies, fixed_proportions, one_of_each_mechanism
from market.efficiency.report import alignment
from market.mechanisms import play
from market.mechanisms.auction.price_rules import Multiplicative, Tatonnement
from market.results.tables import result
from market.results.verify import verify


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

    def __init__(self, economy) -> None:
        self.economy = economy
        self.players = list(one_of_each_mechanism(economy, [Tatonnement, Multiplicative]))
        self.outcomes = {player.label: play(player, economy) for player in self.players}
        self.checks = {}
        self.alignments = {name: alignment(outcome) for name, outcome in self.outcomes.items()}
        self.checks = {}


small = economies(max_agents=4, max_goods=2)


with_kinks = economies(max_agents=4, max_goods=2, families=fixed_proportions)


def told(economy, party):
    """The result object without a scenario."""

    class Scenario:
        title, file, sha256 = "", "", ""

    party.scenario = Scenario
    return result(party)
