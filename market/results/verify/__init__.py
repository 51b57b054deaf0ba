"""Verification of a run folder: every verdict and number, from the scenario and the recorded quantities.

    from market.results.verify import verify
    verify(Path("runs/commons-...")).holds

The scenario, and the primitives that it is built into (utilities, costs, answers to prices), are trusted. The
outcome and its alignment report are not. No price rule, solver or stated mechanism is called; claims are
proved in code of its own, from the recorded quantities. A claim holds if the record proves it. A claim that
the record neither proves nor disproves is *not checked*, and its detail says how far the proof goes.

Entry point: `verify`, which returns a `Verification` with one `Claim` for each statement.

Reading order: `claim`, `record` (the folder as arrays; its files agree), `accounts` (feasibility, utilities,
payments, payoffs), `auction_claims` (market clearing and regret at the recorded prices), `evidence` (the
numbers behind a status), `game_claims` (best replies in the game played), `alignment_claims` (support by
weights and prices, improvements), `figures` with `duality` (bounds of resource utilisation and surplus gap),
`comparison_table`, and `run`, which calls them all.

Imports `economy` and `scenario`, and of `results` the run folder, schema and tables; no solver (a contract of
imports says so).

To add a claim: a generator of `Claim`, called in `run`. To state a new game or kind: an entry in
`game_claims` or `run.KINDS`; without one its own pure functions are checked, and the claims say so.
"""

from market.results.verify.claim import Claim, Verification
from market.results.verify.run import verify

__all__ = ["Claim", "Verification", "verify"]
