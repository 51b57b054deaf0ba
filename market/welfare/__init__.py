"""The planner's problem: maximise weighted welfare, `sum_i w_i (u_i - C_i)`, over feasible allocations.

Entry points: `first_order_conditions.Margins` and `residual` (how far weights and prices are from supporting
an allocation), `convex_program.ConvexProgram` (variables and constraints of every convex program over an
economy), `newton.optimum` (an optimum from its first-order conditions, to machine precision) and
`newton.sharpen` (an answer of the solver, improved), `possibility_frontier.frontier` (of two agents).

Reading order: first_order_conditions (what an optimum is), convex_program, newton, possibility_frontier.

Imports the primitives (`economy`), `outcome` and `tolerances`; used by the planner and the games of
`mechanisms`, by `efficiency`, and (programs alone) by `equilibrium` and `plots`. To add a program, build a
`ConvexProgram`, state an objective and further constraints over its expressions, call `solve`, and recompute
from the primitives what the answer claims; a new condition of an optimum goes into `residuals`.
"""
