"""Interventions in an auction: taxes, subsidies, tariffs, caps, floors and quotas.

Entry points: `policy.make_policy` (from the keys of a scenario, None without any), `answers.under` (what
agents answer if buyers and sellers see different prices), `outcome.intervened` (the outcome, its accounts and
its verdict). Read wedge (prices of each side), then answers and shadow_prices, then bounds and quota, then
rationing, accounts and verdict.
The auctioneer and the price rules know nothing of taxes: they see excess demand at the seller's price. An
auction without interventions imports this room and runs none of it.
"""
