"""Barter: trade in pairs, at prices of each pair's own.

Entry point: `mechanism.Barter`, a round of which is drawn in meetings (on networks, if need be), played by a
rule and judged by gains. Read mechanism, then rules with pairs, then gains and exchanges; large is the fast
way for many agents; tastes, crossings and bookkeeping serve these; verdict puts the end into words.
Imports economy, outcome and mechanisms.base.
To add a rule: a function in rules.py and its name in `RULES` and `RuleName`.
"""
