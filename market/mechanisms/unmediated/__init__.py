"""Games on an economy without an auctioneer, played by best replies in rounds.

Entry points: `best_response.Unmediated` (the mechanism), `best_response.Game` (the base class of games).
Read best_response, then seize, claims, gift and autarky; own_production solves for outputs for own use.
Imports economy, outcome, welfare (own_production only), mechanisms.base and mechanisms.regret.
To add a game: a file here with a subclass of `Game`, and its class in `GAMES` (mechanisms/__init__).
Mechanisms in which agents trade with one another in turn have their place in mechanisms/trading.
"""
