"""A sweep over a double auction has its efficiency and Smith's alpha, as in the evidence of each play."""

from helpers.books import unit_market

import market
from market.plots.sweep_measures import drawable
from market.sweep import Options, read, sweep
from market.sweep.columns import OF_BOOKS, columns


def test_efficiency_and_alpha_are_columns_of_sweeps_over_double_auctions(tmp_path):
    """A second mechanism, the planner, has neither."""
    file = tmp_path / "book.toml"
    planner = '[[mechanisms]]\nname = "planner"\nkind = "planner"\n'
    file.write_text(unit_market((40, 35, 25), (10, 20, 30), 50) + planner)
    axis = 'mechanisms.pit.traders="zi_c","truthful"'
    found = sweep(file, [axis], out=tmp_path / "sweep", options=Options("serial"))
    pit, other = (found.runs[found.runs["mechanism"] == name] for name in ("pit", "planner"))
    outcome = market.compare(market.load(file), ["pit"], seed=int(pit["seed"].iloc[0])).outcomes["pit"]
    for name in OF_BOOKS:
        assert float(pit[name].iloc[0]) == outcome.evidence[name]
        assert other[name].isna().all()
        assert name in drawable(read(tmp_path / "sweep"))
    assert "alpha" in set(found.summary["measure"])


def test_sweeps_without_double_auctions_keep_their_columns():
    assert not set(OF_BOOKS) & set(columns((), ["bread"], ["buyer"]))
