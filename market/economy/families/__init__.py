"""Families of utilities, costs and technologies, from which the agents of an economy are made.

Entry points: the registries `UTILITIES` (utilities/), `COSTS` (costs.py) and `TECHNOLOGIES`
(technologies/). Reading order: `costs.py`, the smallest of the three and of the same build; then
`utilities/__init__.py` and `technologies/__init__.py`. `arithmetic.py` holds what the three share:
division, logarithms and sums that stay right at zero prices and absent goods; `step_functions.py` what bids
and offers in steps share.

Imports: `market.economy.correspondences` for set-valued answers, `market.registry` and `market.errors`. The
three kinds do not import one another.

To add a family: a class with a name, declared parameters and pure functions on arrays, and its name in the
registry; docs/how-to/add-a-utility.md shows one. To add a kind: a folder or module here with a base class
and a registry, and a line in the contract of imports in pyproject.toml.
"""
