"""Distributions and data files."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from market.errors import InputError
from market.parsing.draws import DISTRIBUTIONS, read_data, row_name
from market.randomness import generator

MEANS = {
    "uniform": ({"low": 1.0, "high": 3.0}, 2.0),
    "normal": ({"mean": -1.0, "sd": 2.0}, -1.0),
    "lognormal": ({"mean": 0.5, "sigma": 0.5}, np.exp(0.5 + 0.125)),
    "exponential": ({"mean": 3.0}, 3.0),
    "pareto": ({"shape": 4.0, "scale": 3.0}, 4.0),  # shape scale / (shape - 1)
}


@pytest.mark.parametrize("family", DISTRIBUTIONS, ids=lambda family: family.name)
def test_the_mean_of_many_draws_is_the_one_in_the_textbook(family):
    parameters, mean = MEANS[family.name]
    drawn = family.draw(generator(0, family.name), 200_000, **parameters)
    assert drawn.shape == (200_000,)
    assert abs(drawn.mean() - mean) < 5 * drawn.std() / np.sqrt(200_000)
    assert family.fault(**parameters) is None


def test_pareto_draws_are_at_least_the_scale():
    assert DISTRIBUTIONS["pareto"].draw(generator(0), 1000, shape=0.5, scale=3.0).min() >= 3.0


def test_a_uniform_distribution_needs_low_up_to_high():
    uniform = DISTRIBUTIONS["uniform"]
    assert uniform.fault(low=2.0, high=1.0) == "low = 2 is above high = 1"
    assert uniform.fault(low=-1.7e308, high=1.7e308) == "low and high are too far apart"


@given(st.integers(0, 2**63 - 1), st.lists(st.text(max_size=5), max_size=3))
def test_a_generator_depends_on_the_seed_and_the_purpose_alone(seed, purpose):
    first = generator(seed, *purpose).random()
    assert generator(seed, *purpose).random() == first
    assert generator(seed, *purpose, "other").random() != first


def read(folder, text, *columns, name="x.csv"):
    (folder / name).write_text(text)
    return read_data(folder, name, columns)


def test_columns_are_read_as_floats(tmp_path):
    data, faults = read(tmp_path, "a,b,c\n1,x,2.5\n\n3,y,4\n\n", "c", "a")
    assert (data.rows, faults) == (2, {})
    assert data.columns["a"].tolist() == [1.0, 3.0]
    assert data.columns["c"].tolist() == [2.5, 4.0]
    assert data.columns["a"].dtype == np.float64


def test_a_parquet_file_is_read_like_a_csv_file(tmp_path):
    frame = pd.DataFrame({"a": [1, 2], "b": [0.5, np.nan], "c": pd.to_datetime(["2020-01-01"] * 2)})
    frame.to_parquet(tmp_path / "x.parquet")
    data, faults = read_data(tmp_path, "x.parquet", ["a", "b", "c", "d"])
    assert data.columns["a"].tolist() == [1.0, 2.0]
    assert faults == {
        "b": "row 2: the cell is empty",
        "c": "row 1: a number is needed, found '2020-01-01 00:00:00'",
        "d": "no such column; one of: a, b, c.",
    }


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        ("incme\n1\n", "no such column; one of: incme. Did you mean 'incme'?"),
        ("income\n1\n\n\nx\ny\n", "line 5: a number is needed, found 'x' (and 1 more such rows)"),
        ('name,income\n"a\nb",1\n"c\nd",\n', "line 5: the cell is empty"),
        ("income\nTrue\n", "line 2: a number is needed, found 'True'"),
        ("income\n1e999\n", "line 2: a number is needed, found 'inf'"),
        ("income\n1\nNA\n", "line 3: the cell is empty"),
        ('income\n"1,000"\n', "line 2: a number is needed, found '1,000'"),
        ("income\n\x1b[31m\n", "line 2: a number is needed, found '\\x1b[31m'"),
        ("income\n" + "9" * 400 + "\n", "some number in it is too large"),
    ],
)
def test_a_cell_that_is_no_number_is_named_by_its_line(tmp_path, text, fault):
    assert read(tmp_path, text, "income")[1] == {"income": fault}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty; its first line names the columns"),
        ("income\n", "there are no rows in it; it needs one an agent"),
        ("a,income\n1,2,3\n4,5,6\n", "not a table: rows are longer than the first line"),
        ("a,income\n1,2\n4,5,6\n", "not a table: "),
    ],
)
def test_a_file_that_is_no_table_is_refused(tmp_path, text, message):
    with pytest.raises(InputError) as caught:
        read(tmp_path, text, "income")
    assert str(caught.value).startswith(message)


def test_a_file_of_other_bytes_is_refused(tmp_path):
    (tmp_path / "x.csv").write_bytes(b"a\n\xff\xfe\n")
    with pytest.raises(InputError, match=r"^not UTF-8 text$"):
        read_data(tmp_path, "x.csv", ["a"])
    with pytest.raises(InputError, match=r"^not a Parquet file: "):
        read(tmp_path, "a\n1\n", "a", name="x.parquet")


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("../secret.csv", "outside the scenario's folder; move it there, or below"),
        ("link.csv", "outside the scenario's folder; move it there, or below"),
        ("linked/secret.csv", "outside the scenario's folder; move it there, or below"),
        ("below/../../secret.csv", "outside the scenario's folder; move it there, or below"),
        ("/etc/passwd", "an absolute path; write it relative to the scenario's folder"),
        ("dta.csv", "no such file; one of: data.csv, link.csv. Did you mean 'data.csv'?"),
        ("nowhere/data.csv", "no such file; nor is there such a folder"),
        ("below", "no such file"),
        ("a\0.csv", "not the name of a file"),
        ("", "not the name of a file"),
        ("x" * 5000, "cannot be read"),
        ("data.txt", "data files end in .csv or .parquet"),
    ],
)
def test_only_data_files_in_the_folder_are_read(tmp_path, file, message):
    folder = tmp_path / "scenarios"
    (folder / "below").mkdir(parents=True)
    (tmp_path / "secret.csv").write_text("a\n1\n")
    for name in ("data.csv", "data.txt"):
        (folder / name).write_text("a\n1\n")
    (folder / "link.csv").symlink_to(tmp_path / "secret.csv")
    (folder / "linked").symlink_to(tmp_path)
    with pytest.raises(InputError) as caught:
        read_data(folder, file, ["a"])
    assert str(caught.value).startswith(message)


def test_a_link_within_the_folder_is_followed(tmp_path):
    (tmp_path / "data.csv").write_text("a\n1\n")
    (tmp_path / "link.csv").symlink_to(tmp_path / "data.csv")
    assert read_data(tmp_path, "link.csv", ["a"])[0].rows == 1


def test_a_row_can_be_named_after_its_file_has_gone(tmp_path):
    assert row_name(tmp_path, "gone.csv", 3) == "row 4"
    assert row_name(None, "gone.csv", 3) == "row 4"
