"""Checks a run folder: every verdict and number again, from the scenario and the recorded quantities.

    from market.results.verify import verify
    verify(Path("runs/commons-...")).holds

What is trusted: the scenario, and the primitives that it is built into (utilities, costs, what agents answer
to prices). What is not: whoever made the outcome and whoever judged it. No price rule, mechanism or solver
is called; what they claim is proved anew, in code of its own, from what was recorded:

- `recorded`: the run folder's numbers as arrays, and whether its files say the same;
- `accounts`: feasibility, utilities, payments, payoffs;
- `trading`: at the recorded prices, do demand and supply meet, and does anybody regret its trades?
- `evidence`: are the numbers behind a status what they are said to be?
- `playing`: in the game that was played, would anybody act differently?
- `judging`: do the recorded weights and prices support the allocation; is the recorded improvement one?
- `figures`, `duality`: between which bounds must the coefficient of resource utilisation and the surplus gap
  lie?
- `table`: does `comparison.csv` say the same?

A result is confirmed where it can be proved from the record. Where it can be neither proved nor disproved it
is *not checked*, and its detail says how far the proof goes.
"""

from market.results.verify.claim import Claim, Verification
from market.results.verify.run import verify

__all__ = ["Claim", "Verification", "verify"]
