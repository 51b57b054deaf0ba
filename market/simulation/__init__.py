"""Simulation: a mechanism as a Mesa model that can be stepped.

Entry points: `model.MarketModel` (a `mesa.Model`: step, run, outcome, data collector), `agents.Trader` (to be
subclassed with another rule of demand or supply), `agents.Auctioneer`.
Read model, then agents, then lazy_model (Mesa's agents, made when they are first used).
Imports scenario, mechanisms and economy; Mesa is imported in this room and in the dashboard alone.
To add a rule of behaviour: a subclass of `Trader`, given to `MarketModel(..., traders={name: class})`. To add
a column of data: a name in `observed_once` or `observed_by_good` of the mechanism.
"""

import warnings

with warnings.catch_warnings():  # Mesa imports tqdm, which warns in a notebook without ipywidgets
    warnings.filterwarnings("ignore", message="IProgress not found")
    import mesa  # noqa: F401
