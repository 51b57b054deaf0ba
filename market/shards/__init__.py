"""One market on several processes or machines: agents in shards, each kept where it was built.

The agents of a scenario are split into consecutive rows, one `Shard` each. A shard builds its agents where it
will stay (in this process, or on a Dask cluster's workers) and is never moved. A round sends prices out and
returns each shard's totals, m numbers each way for m goods; they are added in the order of the shards, so
that a number of shards gives one result, bit for bit, wherever they are. Proofs that there is no equilibrium,
settlement and the alignment report need sums over all agents (`market.economy.reductions`), and every shard
writes the rows of its own agents. No process holds all agents.

Mechanisms without an auctioneer, and economies with ties, need all agents in one place and are refused.

Entry points: `play_in_shards` returns a `Shared`; `run_in_shards` writes a run folder too. `Here` and
`Cluster` are the pools; `refuse` checks a scenario beforehand.

Reading order: `shard` (its agents), `alignment` (weights from prices), `worker_state` and `pools` (where
shards are), `limits`, `outcome`, `play` (the auction), `folder`.

Imports `scenario`, the auctioneer of `mechanisms`, `economy.reductions`, and of `results` the tables and the
run folder. To add a pool: a class with the methods of `pools.Pool`. To let shards tell something new: a
method of `Shard`, called by name through the pool.
"""

from market.shards.folder import run_in_shards
from market.shards.limits import refuse
from market.shards.outcome import Shared, SharedOutcome
from market.shards.play import play_in_shards
from market.shards.pools import Cluster, Here, Pool

__all__ = ["Cluster", "Here", "Pool", "Shared", "SharedOutcome", "play_in_shards", "refuse", "run_in_shards"]
