"""The auction: an auctioneer announces prices, agents answer, and prices are adjusted until markets clear.

Entry points: `auctioneer.Auction` (the mechanism), `excess_demand.imbalance` (excess demand at prices),
`rationing.settle` (trades at prices, whether markets clear or not).
Read auctioneer, announcement, excess_demand, price_rules/tatonnement, corrections (all that happens to prices
after the rule has answered), then rationing and verdict; jumps and assignment are for answers that are not
single-valued.
Imports economy, outcome, mechanisms.base and mechanisms.regret.
To add a price rule: see price_rules. To add a correction: a function in corrections and its place in
`CORRECTIONS`.
"""
