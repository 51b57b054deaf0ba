"""Resource utilisation and surplus gap lie between the bounds that the folder proves."""

import pandas as pd
import pytest
from helpers.tampering import Tamper, refused

from market.results.verify import verify


def test_figures_are_proved_from_both_sides_where_no_mechanism_has_prices(islands):
    checked = verify(islands)
    assert checked.holds
    assert checked.unchecked == ()


@pytest.mark.parametrize("figure", ["surplus_gap", "resource_utilisation"])
@pytest.mark.parametrize("factor", [0.99, 1.001, None])
def test_a_figure_forged_between_what_other_outcomes_prove_is_refused(islands, tmp_path, figure, factor):
    """Without prices in the folder only what was recorded as its proof tells that it is another."""
    changed = Tamper(islands, tmp_path / "run")
    report = changed.mechanism("at home")["alignment"]
    report[figure] = None if factor is None else report[figure] * factor
    if factor is None:
        report["unknown"] = [f"{figure}: the convex programme was not solved"]
        if figure == "surplus_gap":
            report["efficient_with_transfers"] = None
    assert f"at home: {figure.replace('_', ' ')}" in refused(changed.verified())


def test_a_false_proof_does_not_confirm_a_figure(islands, tmp_path):
    """Other multipliers prove less, and then a figure is not checked; another allocation is refused."""
    changed = Tamper(islands, tmp_path / "run")
    path = changed.folder / "bounds.parquet"
    table = pd.read_parquet(path)
    table.assign(price=table["price"] * 3.0).to_parquet(path, index=False)
    checked = changed.verified()
    assert "at home: surplus gap" in {claim.name for claim in checked.unchecked}
    table.assign(consumption=table["consumption"] * 0.9).to_parquet(path, index=False)
    assert {"at home: surplus gap", "at home: resource utilisation"} <= refused(changed.verified())


@pytest.mark.parametrize("figure", ["surplus_gap", "resource_utilisation"])
def test_unknown_in_place_of_a_figure_proved_by_prices_is_refused(tamper, figure):
    changed = tamper("commons")
    report = changed.mechanism("prices")["alignment"]
    report |= {figure: None, "unknown": [f"{figure}: the convex programme was not solved"]}
    if figure == "surplus_gap":
        report["efficient_with_transfers"] = None
    assert f"prices: {figure.replace('_', ' ')}" in refused(changed.verified())
