"""Trade without an auctioneer: mechanisms in which agents trade one by one.

Entry points: `double_auction` (quotes in an order book, or sealed reports to a call). Every mechanism here
records its single trades (`market.trades`). Imports economy, outcome and trades; used by the registry of
mechanisms.
To add one: a module or a small room here, and its class in `MECHANISMS`.
"""
