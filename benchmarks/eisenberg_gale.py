"""Equilibrium prices of a CES Fisher market as the multipliers of a convex programme.

    max sum_i b_i log u_i(x_i)  subject to  sum_i x_ig <= q_g,    u_i = (sum_g a_ig x_ig^(1/2))^2,

elasticity 2. Source: Eisenberg and Gale (1959); Nisan, Roughgarden, Tardos and Vazirani (2007), chapter 5.
"""

from __future__ import annotations

import warnings

import cvxpy
import numpy as np


def prices(weights: np.ndarray, budget: np.ndarray, stock: np.ndarray) -> np.ndarray:
    """The prices, (goods,), found by cvxpy with Clarabel.

    Args:
        weights: (agents, goods), a.
        budget: (agents,), b, money.
        stock: (goods,), q, units.
    """
    x = cvxpy.Variable(weights.shape, nonneg=True)  # in units of the stock, so that numbers are near one
    utility = cvxpy.sum(cvxpy.multiply(weights * np.sqrt(stock), cvxpy.sqrt(x)), axis=1)
    clears = cvxpy.sum(x, axis=0) <= 1.0
    problem = cvxpy.Problem(
        cvxpy.Maximize(cvxpy.sum(cvxpy.multiply(2.0 * budget, cvxpy.log(utility)))), [clears]
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "may be inaccurate": how far prices are apart is printed
        problem.solve(solver=cvxpy.CLARABEL)
    return np.asarray(clears.dual_value) / stock
