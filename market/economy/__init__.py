"""Economy: primitives of an economy as arrays, and the answers of its agents to prices.

Entry points: `primitives.Economy` (utility, cost, demand, supply, payments, payoffs of all agents),
`aggregate_demand.AggregateDemand` (totals for large economies), `nonexistence.no_equilibrium` (proofs that no
prices clear all markets), `production` (feasibility and zero profit of technologies).
Read correspondences, primitives, budget_demand, then families/utilities/base; aggregate_demand, reductions
and agent_names serve large economies.
Imports registry, tolerances and errors; knows no scenario, mechanism or judge.
To add a family of utilities, costs or technologies: a class in `families` and its name in a registry.
"""
