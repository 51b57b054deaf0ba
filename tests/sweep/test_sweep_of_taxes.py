"""A sweep over a tax has tax revenue and the deadweight loss, and shows where revenue is largest."""

import numpy as np
import pytest
from helpers.taxed_markets import one_each

from market.sweep import Options, read, sweep
from market.sweep.columns import columns


def test_sweep_over_a_tax_shows_laffers_curve(tmp_path):
    """Revenue t (10 - t) / 2 is largest at t = 5, the loss t^2 / 4 rises with the square."""
    file = tmp_path / "tax.toml"
    file.write_text(one_each("tax.bread = 2"))
    taxes = [1.0, 3.0, 5.0, 7.0, 9.0]
    axis = f"mechanisms.taxed.tax.bread={','.join(map(str, taxes))}"
    found = sweep(file, [axis], out=tmp_path / "sweep", options=Options("serial"))
    runs = found.runs.sort_values("mechanisms.taxed.tax.bread")
    t = np.array(taxes)
    assert runs["tax_revenue"].to_numpy(float) == pytest.approx(t * (10 - t) / 2, abs=1e-6)
    assert runs["surplus_gap"].to_numpy(float) == pytest.approx(t**2 / 4, abs=1e-6)
    assert runs["buyer_price[bread]"].to_numpy(float) == pytest.approx(7 + t / 2)
    assert runs["settled"].all()
    assert (read(tmp_path / "sweep").runs["quota_rent"] == 0).all()


def test_sweeps_without_interventions_keep_their_columns():
    assert "tax_revenue" not in columns((), ["bread"], ["buyer"])
