"""Jumps: steps of prices across which answers jump from one alternative to another.

Entry points: `alternatives.possible` (the choices that an economy can have), `alternatives.choosers` (those
at announced prices), `implicit_step.implicit_step` (the corrected step).
Read alternatives, then implicit_step (the derivation), then quadratic_program.
Imports economy and price_rules.base; used by auction.corrections.
To add an alternative: its gains and slopes in `Choosers.gains`, its money in `choosers`.
"""
