"""Cells of comparison.csv that differ from the record are refused."""

import pandas as pd
import pytest
from helpers import stories
from helpers.tampering import Tamper, refused

import market
from market.errors import RunError
from market.interfaces.text.sections import sections
from market.results.run_folder import write_run
from market.results.verify import verify


def test_a_table_with_another_value_is_refused(tamper):
    changed = tamper("commons")
    table = (changed.folder / "comparison.csv").read_text()
    (changed.folder / "comparison.csv").write_text(table.replace("-inf", "-20.0"))
    assert refused(changed.verified()) == {"comparison.csv agrees with result.json"}


@pytest.mark.parametrize(
    ("column", "value"),
    [("agents who gain", "2"), ("against", "prices"), ("total surplus", "3"), ("efficient", "maybe")],
)
def test_a_false_cell_is_refused(tamper, column, value):
    changed = tamper("commons")
    path = changed.folder / "comparison.csv"
    table = pd.read_csv(path, dtype=str)
    table.loc[1, column] = value
    table.to_csv(path, index=False)
    assert refused(changed.verified()) == {"comparison.csv agrees with result.json"}


@pytest.mark.parametrize("text", [b"", b"\xff", b"\0", b"mechanism\n", b'"' + b"x" * 200_000])
def test_a_file_that_is_not_a_comparison_is_refused(tamper, text):
    changed = tamper("commons")
    (changed.folder / "comparison.csv").write_bytes(text)
    try:
        holds = changed.with_checksums().holds
    except RunError:
        return
    assert not holds


@pytest.mark.parametrize("name", ["007", "1e3", "Infinity", "nan", "NA", "true", '"a", b'])
def test_a_mechanism_may_have_any_name(name, tmp_path):
    text = stories.COMMONS.replace('name = "prices"', f"name = '{name}'")
    folder = write_run(market.compare(market.loads(text)), tmp_path)
    checked = verify(folder)
    assert checked.holds, refused(checked)


SWAP = """
schema = 1
economy = "quasilinear"
goods = ["apples", "pears"]
agents = [
    { name = "first", endowment = { apples = 0.7, pears = 0.1 }, utility = TASTE },
    { name = "second", endowment = { apples = 0.1, pears = 0.7 }, utility = TASTE },
]
mechanisms = [
    { name = "autarky", kind = "unmediated", game = "autarky" },
    { name = "prices", kind = "auctioneer" },
]
""".replace("TASTE", '{ family = "log", weights = { apples = 1.0, pears = 1.0 } }')


def test_a_revenue_by_rounding_counts_as_none_everywhere(tmp_path):
    compared = market.compare(market.loads(SWAP))
    assert compared.outcomes["prices"].revenue != 0.0
    assert compared.contrasts()["prices"].pareto_improvement
    rows = [row.label for part in sections(compared) for row in part.rows]
    assert "auctioneer's revenue" not in rows
    folder = write_run(compared, tmp_path)
    checked = verify(folder)
    assert checked.holds, [claim for claim in checked.claims if not claim.holds]
    tampered = Tamper(folder, tmp_path / "tampered")
    table = tampered.folder / "comparison.csv"
    text = table.read_text()
    table.write_text(text[: text.rindex("True")] + "False" + text[text.rindex("True") + 4 :])
    assert "comparison.csv agrees with result.json" in refused(tampered.with_checksums())
