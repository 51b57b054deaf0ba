"""Environments for learners: a scenario under a mechanism as a PettingZoo `ParallelEnv`.

Entry point: `entry.env`, which is `market.env`.
Read rounds (what is played, without PettingZoo), games, economies, auctions, then parallel (the
environment); entry chooses among them.
Imports scenarios, games and mechanisms; PettingZoo and Gymnasium are imported in `parallel` alone, when an
environment is made.
To offer another mechanism: a subclass of `rounds.Rounds`, and a case in `entry`.
"""
