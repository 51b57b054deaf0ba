"""One market on several processes or machines: agents in shards, each where it was built.

The agents of a scenario are split into neighbours, `Shard` by `Shard`. A shard builds its own agents where it
will stay (`pools.py`: in this process, or on a Dask cluster's workers) and is never moved. A round sends
prices out and gets each shard's totals back, m numbers each way for m goods; they are added in the order of
the shards, so that the same shards give the same bits wherever they are. Proofs that there is no equilibrium,
settlement and judgement go the same way (`market.economy.reductions`), and every shard writes the rows of its
own agents. Nobody ever holds all of them.

Mechanisms other than an auctioneer's, and economies in which somebody chooses between alternatives that are
as good, need everyone in one place: they are refused, saying why (`limits.py`).
"""

from market.shards.folder import run_in_shards
from market.shards.limits import refuse
from market.shards.outcome import Shared, SharedOutcome
from market.shards.play import play_in_shards
from market.shards.pools import Cluster, Here, Pool

__all__ = ["Cluster", "Here", "Pool", "Shared", "SharedOutcome", "play_in_shards", "refuse", "run_in_shards"]
