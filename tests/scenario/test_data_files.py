# ruff: noqa: E501 -- messages are written as they are printed
"""Data files: columns read, faults by line, files refused, agents from rows."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from helpers.scenario_texts import changed, faults
from pyarrow import parquet

from market.errors import InputError, ScenarioError, UnreadableError
from market.scenario import data_files
from market.scenario.building import build
from market.scenario.data_files import MAX_FILE, read_data, row_name
from market.scenario.loading import load, loads

WHERE = "a data file lies in or below the scenario's folder, or the folder that --data-dir names"


def read(folder, text, *columns, name="x.csv"):
    (folder / name).write_text(text)
    return read_data(folder, name, columns)


def test_columns_are_read_as_floats(tmp_path):
    data, faults = read(tmp_path, "a,b,c\n1,x,2.5\n\n3,y,4\n\n", "c", "a")
    assert (data.rows, faults) == (2, {})
    assert data.columns["a"].tolist() == [1.0, 3.0]
    assert data.columns["c"].tolist() == [2.5, 4.0]
    assert data.columns["a"].dtype == np.float64


def test_parquet_file_is_read_like_a_csv_file(tmp_path):
    frame = pd.DataFrame({"a": [1, 2], "b": [0.5, np.nan], "c": pd.to_datetime(["2020-01-01"] * 2)})
    frame.to_parquet(tmp_path / "x.parquet")
    data, faults = read_data(tmp_path, "x.parquet", ["a", "b", "c", "d"])
    assert data.columns["a"].tolist() == [1.0, 2.0]
    assert faults == {
        "b": "row 2: the cell is empty",
        "c": "row 1: a number is needed, found '2020-01-01 00:00:00' (and 1 more such rows)",
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
        (
            'income\n"1,000"\n',
            "line 2: a number is needed, found '1,000'; write decimals with a point, and thousands without a sign between",
        ),
        ("income\n\x1b[31m\n", "line 2: a number is needed, found '\\x1b[31m'"),
        ("income\n" + "9" * 400 + "\n", f"line 2: a number is needed, found '{'9' * 40}'"),
        ("income,income.1\n1,2\nx,2\n", "line 3: a number is needed, found 'x'"),
        ("income,income\n1,2\n", "two columns have this name"),
    ],
)
def test_fault_of_a_cell_names_its_line(tmp_path, text, fault):
    assert read(tmp_path, text, "income")[1] == {"income": fault}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty; its first line must name the columns"),
        ("income\n", "no rows below the names of its columns"),
        ("a,income\n1,2,3\n4,5,6\n", "not a table: rows are longer than the first line"),
        ("a,income\n1,2\n4,5,6\n", "not a table: line 3 has 3 cells, but the first line names 2 columns"),
        ('a,income\n1,"2\n4,5\n', "not a table: a quote is not closed"),
    ],
)
def test_file_that_is_not_a_table_is_refused(tmp_path, text, message):
    with pytest.raises(InputError) as caught:
        read(tmp_path, text, "income")
    assert str(caught.value).startswith(message)


def test_file_of_other_bytes_is_refused(tmp_path):
    (tmp_path / "x.csv").write_bytes(b"a\n\xff\xfe\n")
    with pytest.raises(InputError, match=r"^not UTF-8 text; save it as UTF-8"):
        read_data(tmp_path, "x.csv", ["a"])
    with pytest.raises(InputError, match=r"^not a Parquet file that can be read: "):
        read(tmp_path, "a\n1\n", "a", name="x.parquet")


@pytest.mark.parametrize(
    ("file", "message"),
    [
        ("../secret.csv", f"outside its folder; {WHERE}"),
        ("link.csv", f"outside its folder; {WHERE}"),
        ("linked/secret.csv", f"outside its folder; {WHERE}"),
        ("below/../../secret.csv", f"outside its folder; {WHERE}"),
        ("/etc/passwd", f"an absolute path; {WHERE}"),
        ("dta.csv", "no such file; data files there: data.csv, link.csv. Did you mean 'data.csv'?"),
        ("nowhere/data.csv", "no such file; its folder does not exist either"),
        ("below", "this is a folder, not a file"),
        ("dangling.csv", "this link leads to no file"),
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
    (folder / "dangling.csv").symlink_to(folder / "gone.csv")
    with pytest.raises(InputError) as caught:
        read_data(folder, file, ["a"])
    assert str(caught.value).startswith(message)


def test_link_within_the_folder_is_followed(tmp_path):
    (tmp_path / "data.csv").write_text("a\n1\n")
    (tmp_path / "link.csv").symlink_to(tmp_path / "data.csv")
    assert read_data(tmp_path, "link.csv", ["a"])[0].rows == 1


def test_row_is_named_by_number_after_its_file_is_removed(tmp_path):
    assert row_name(tmp_path, "gone.csv", 3) == "row 4"
    assert row_name(None, "gone.csv", 3) == "row 4"


def test_rows_are_counted_across_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(data_files, "_PIECE", 2)
    rows = ["1", "2", "3", "", "True", "x", "6"]
    assert read(tmp_path, "income\n" + "\n".join(rows), "income")[1] == {
        "income": "line 6: a number is needed, found 'True' (and 1 more such rows)"
    }
    data, faults = read(tmp_path, "b,a\n" + "\n".join(f"x,{row}" for row in range(7)), "a")
    assert (data.rows, data.columns["a"].tolist(), faults) == (7, [0.0, 1, 2, 3, 4, 5, 6], {})
    monkeypatch.setattr(data_files, "MAX_ROWS", 5)
    with pytest.raises(InputError, match=r"^more than 5 rows$"):
        read(tmp_path, "a\n" + "1\n" * 6, "a")
    with pytest.raises(InputError, match=r"^not a table: line 4 has 2 cells"):
        read(tmp_path, "a\n1\n1\n1,2\n", "a")


def test_rows_of_a_parquet_file_are_counted_before_they_are_read(tmp_path, monkeypatch):
    pd.DataFrame({"a": [1.0] * 6}).to_parquet(tmp_path / "x.parquet")
    monkeypatch.setattr(data_files, "MAX_ROWS", 5)
    monkeypatch.setattr(data_files, "_read_pieces", None)
    with pytest.raises(InputError, match=r"^more than 5 rows$"):
        read_data(tmp_path, "x.parquet", ["a"])


def test_file_of_too_many_bytes_is_refused(tmp_path):
    with (tmp_path / "x.csv").open("wb") as opened:
        opened.truncate(MAX_FILE + 1)
    with pytest.raises(InputError, match=r"^larger than 2000 MB$"):
        read_data(tmp_path, "x.csv", ["a"])


def test_index_of_a_parquet_file_is_read_as_a_column(tmp_path):
    pd.DataFrame({"a": [1, 2]}, index=pd.Index([3.0, 4.0], name="i")).to_parquet(tmp_path / "x.parquet")
    data, faults = read_data(tmp_path, "x.parquet", ["i", "a"])
    assert {name: column.tolist() for name, column in data.columns.items()} == {
        "i": [3.0, 4.0],
        "a": [1.0, 2.0],
    }
    assert not faults
    assert read_data(tmp_path, "x.parquet", [])[0].rows == 2


def test_columns_of_lists_and_maps_are_faults(tmp_path):
    kinds = {
        "list": pa.array([[1.0], [2.0]]),
        "map": pa.array([[("x", 1)], []], pa.map_(pa.string(), pa.int64())),
        "struct": pa.array([{"x": 1}, None]),
        "null": pa.nulls(2),
        "binary": pa.array([b"\0", b"1"]),
        "words": pa.array(["a", "b"]).dictionary_encode(),
    }
    parquet.write_table(pa.table(kinds), tmp_path / "x.parquet")
    data, faults = read_data(tmp_path, "x.parquet", [*kinds, "list.element"])
    assert (data.rows, data.columns, faults.keys()) == (2, {}, {*kinds, "list.element"})
    assert faults["list"] == "row 1: a number is needed, found '[1.]' (and 1 more such rows)"
    assert faults["null"] == "row 1: the cell is empty (and 1 more such rows)"


def test_two_columns_of_one_name_are_refused(tmp_path):
    table = pa.Table.from_arrays([pa.array([1]), pa.array([2])], names=["x", "x"])
    parquet.write_table(table, tmp_path / "x.parquet")
    assert read_data(tmp_path, "x.parquet", ["x"])[1] == {"x": "two columns have this name"}


def test_damaged_parquet_file_is_refused(tmp_path):
    pd.DataFrame({"a": np.arange(1000.0)}).to_parquet(tmp_path / "x.parquet")
    whole = (tmp_path / "x.parquet").read_bytes()
    for damaged in (whole[:200], whole[:4] + b"\xff" * 200 + whole[204:]):
        (tmp_path / "x.parquet").write_bytes(damaged)
        with pytest.raises(InputError, match=r"^not a Parquet file"):
            read_data(tmp_path, "x.parquet", ["a"])


# --- agents from a data file ---

HOUSEHOLDS = changed(
    ("count = 3", 'data = "data/households.csv"\nbudget = { column = "income" }'),
    ("water = 1.0", 'water = { column = "thirst" }'),
)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "households.csv").write_text("income,thirst\n3,0.5\n4,0.25\n")
    return tmp_path


def test_data_file_gives_one_agent_per_row(folder):
    economy = build(loads(HOUSEHOLDS, folder=folder))
    assert economy.agents == ("alpha[0]", "alpha[1]", "beta")
    assert economy.budget.tolist() == [3.0, 4.0, np.inf]
    assert economy.utilities[0].parameters["weights"].tolist() == [[0.5, 0.0], [0.25, 0.0]]


def test_data_file_of_one_row_numbers_its_agent(folder):
    (folder / "data" / "households.csv").write_text("income,thirst\n3,0.5\n")
    assert build(loads(HOUSEHOLDS, folder=folder)).agents == ("alpha[0]", "beta")


def test_agents_of_a_data_file_can_be_named(folder):
    seize = changed(('"auctioneer"', '"unmediated"\ngame = "seize"\nmovers = ["alpha[1]"]'), text=HOUSEHOLDS)
    assert loads(seize, folder=folder).mechanism("prices").game.movers == ("alpha[1]",)
    (line,) = faults(seize.replace("alpha[1]", "alpha[2]"), folder=folder)
    assert line.endswith("Its members are [0] to [1].")


def test_faults_in_data_name_column_and_line(folder):
    (folder / "data" / "households.csv").write_text("income,thirsty\n3,0.5\nmuch,0.25\n")
    assert faults(HOUSEHOLDS, folder=folder) == [
        "f.toml:9: agents[0].budget.column: data/households.csv: line 3: a number is needed, found 'much'",
        "f.toml:10: agents[0].utility.weights.water.column: data/households.csv: no such column; "
        "one of: income, thirsty. Did you mean 'thirsty'?",
    ]
    (folder / "data" / "households.csv").write_text("income,thirst\n3,0.5\n\n-4,0.25\n")
    assert faults(HOUSEHOLDS, folder=folder) == [
        "f.toml:9: agents[0].budget: data/households.csv, line 4: -4 is too small; it must be >= 0"
    ]


def test_data_outside_the_folder_is_not_read(folder):
    scenarios = folder / "scenarios"
    scenarios.mkdir()
    (scenarios / "data").symlink_to(folder / "data")
    outside = "f.toml:8: agents[0].data: '{}': outside its folder; " + WHERE
    assert faults(HOUSEHOLDS, folder=scenarios) == [outside.format("data/households.csv")]
    text = changed(('"data/', '"../data/'), text=HOUSEHOLDS)
    assert faults(text, folder=scenarios) == [outside.format("../data/households.csv")]
    assert faults(HOUSEHOLDS) == [
        "f.toml:8: agents[0].data: 'data/households.csv': a scenario given as text has no folder; give `folder`"
    ]


def test_count_and_data_exclude_each_other(folder):
    text = changed(("data =", "count = 2\ndata ="), text=HOUSEHOLDS)
    assert faults(text, folder=folder) == [
        "f.toml:8: agents[0].count: count and data exclude each other: a data file has one row per agent; "
        "omit count"
    ]


# --- names of agents from a column ---


def named(folder, text, name="x.csv"):
    (folder / name).write_text(text)
    return read_data(folder, name, ["cost"], "plant")


def test_names_are_read_as_written(tmp_path):
    data, faults = named(tmp_path, "plant,cost\n 007 ,1\nNA,2\nTrue,3\n1.50,4\n")
    assert (data.names, faults) == (("007", "NA", "True", "1.50"), {})
    assert data.columns["cost"].tolist() == [1.0, 2.0, 3.0, 4.0]


def test_names_of_a_parquet_file_are_texts_or_whole_numbers(tmp_path):
    frame = pd.DataFrame({" plant ": [7, 8], "cost": [1.0, 2.0], "size": [0.5, 1.0]})
    frame.to_parquet(tmp_path / "x.parquet")
    assert read_data(tmp_path, "x.parquet", ["cost"], "plant")[0].names == ("7", "8")
    assert read_data(tmp_path, "x.parquet", ["cost"], "size")[1] == {
        "size": "row 1: a name is needed, found 0.5"
    }


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "plant,cost\ncoal,1\ngas,2\n\ncoal,3\n",
            "line 5: 'coal' is the name in line 2 already; names must differ",
        ),
        ("plant,cost\ncoal,1\n ,2\n", "line 3: the cell is empty; every agent needs a name"),
        ("plant,cost\na\x1bb,1\n", "line 2: 'a\\x1bb' has control characters, which cannot be in a name"),
        ("plant,cost\n" + "x" * 101 + ",1\n", "line 2: a name of 101 characters; at most 100 are allowed"),
        ("plnt,cost\ncoal,1\n", "no such column; one of: plnt, cost. Did you mean 'plnt'?"),
    ],
)
def test_column_that_cannot_name_agents_is_refused_by_line(tmp_path, text, fault):
    data, faults = named(tmp_path, text)
    assert (data.names, faults) == (None, {"plant": fault})


def test_one_column_may_be_names_and_numbers(tmp_path):
    (tmp_path / "x.csv").write_text("id\n1\n2\n")
    data, faults = read_data(tmp_path, "x.csv", ["id"], "id")
    assert (data.names, data.columns["id"].tolist(), faults) == (("1", "2"), [1.0, 2.0], {})


def test_blanks_around_column_names_are_ignored(tmp_path):
    data, faults = read(tmp_path, "household , income\na,1\n", "income")
    assert (data.columns["income"].tolist(), faults) == ([1.0], {})
    _, faults = read(tmp_path, "household , income\na,1\n", "incme")
    assert faults == {"incme": "no such column; one of: household, income. Did you mean 'income'?"}


@pytest.mark.parametrize(
    "text",
    [
        "plant;cost\ncoal;1,5\ngas;2\n",
        "plant;cost, EUR\ncoal;1,5\n",
        "plant;cost;cap\n1,5;2,5;3,5\n",
        "plant;cost",
    ],
)
def test_semicolons_and_decimal_commas_are_refused_in_one_sentence(tmp_path, text):
    with pytest.raises(InputError) as caught:
        read(tmp_path, text, "cost")
    assert str(caught.value) == (
        "line 1: looks separated by semicolons; save it comma-separated, with decimal points (1.5, not 1,5)"
    )


NAMED = """
schema = 1
economy = "quasilinear"
goods = ["power"]
[[agents]]
name = "plants"
data = "plants.csv"
names = { column = "plant" }
cost = { family = "linear", unit_cost = { power = { column = "cost" } }, capacity = { power = 5 } }
[[agents]]
name = "city"
utility = { family = "quadratic", weights = { power = 10 }, slope = { power = 1 } }
[[mechanisms]]
name = "planner"
kind = "planner"
weights = { "gas 1" = 2 }
"""


def test_agents_have_the_names_of_their_rows(tmp_path):
    (tmp_path / "plants.csv").write_text("plant,cost\ncoal,1\ngas 1,2\n")
    economy = build(loads(NAMED, "f.toml", tmp_path))
    assert list(economy.agents) == ["coal", "gas 1", "city"]
    assert economy.rows("gas 1").tolist() == [1]
    assert economy.rows("plants").tolist() == [0, 1]
    assert "plants[0]" not in economy.agents
    rows = build(loads(NAMED, "f.toml", tmp_path), rows=range(1, 2))
    assert list(rows.agents) == ["gas 1"]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            ('"city"', '"coal"'),
            "f.toml:8: agents[0].names: plants.csv, row 1: 'coal' is the name of an agent or group in the scenario already; names must differ",
        ),
        (
            ('"gas 1"', '"plants[0]"'),
            "f.toml:16: mechanisms[0].weights.\"plants[0]\": no agent or group of that name; one of: plants, city, coal, gas 1. Did you mean 'plants'?",
        ),
        (
            ('{ column = "plant" }', '"plant"'),
            'f.toml:8: agents[0].names: found the text "plant"; write names = { column = "plant" }',
        ),
        (
            ('{ column = "plant" }', '{ column = "plnt" }'),
            "f.toml:8: agents[0].names.column: plants.csv: no such column; one of: plant, cost. Did you mean 'plant'?",
        ),
        (
            ('data = "plants.csv"', ""),
            'f.toml:8: agents[0].names.column: a column needs a data file; write data = "....csv" in this table of agents',
        ),
    ],
)
def test_names_that_cannot_be_used_are_refused_at_their_place(tmp_path, change, message):
    (tmp_path / "plants.csv").write_text("plant,cost\ncoal,1\ngas 1,2\n")
    with pytest.raises(ScenarioError) as caught:
        loads(NAMED.replace(*change), "f.toml", tmp_path)
    assert message in str(caught.value).splitlines()
    assert len(str(caught.value).splitlines()) == (2 if "needs a data file" in message else 1)


def test_two_files_may_not_name_one_agent(tmp_path):
    (tmp_path / "plants.csv").write_text("plant,cost\ncoal,1\ngas 1,2\n")
    more = NAMED.replace(
        '[[agents]]\nname = "city"',
        NAMED[NAMED.index("[[agents]]") :].split("\n[[agents]]")[0].replace('"plants"', '"more"')
        + '\n[[agents]]\nname = "city"',
    )
    with pytest.raises(ScenarioError) as caught:
        loads(more, "f.toml", tmp_path)
    assert str(caught.value) == (
        "f.toml:13: agents[1].names: plants.csv, row 1: 'coal' is the name of an agent of agents[0] already; names must differ"
    )


def test_data_may_lie_in_a_folder_that_the_user_names(tmp_path):
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "data" / "below").mkdir(parents=True)
    (tmp_path / "scenarios" / "f.toml").write_text(NAMED)
    (tmp_path / "data" / "plants.csv").write_text("plant,cost\ncoal,1\ngas 1,2\n")
    with pytest.raises(ScenarioError, match="--data-dir"):
        load(tmp_path / "scenarios" / "f.toml")
    assert load(tmp_path / "scenarios" / "f.toml", data_dir=tmp_path / "data").data[0].rows == 2
    (tmp_path / "scenarios" / "f.toml").write_text(NAMED.replace("plants.csv", "../data/plants.csv"))
    with pytest.raises(ScenarioError, match="outside its folder"):
        load(tmp_path / "scenarios" / "f.toml", data_dir=tmp_path / "data" / "below")
    with pytest.raises(InputError, match="no such folder"):
        load(tmp_path / "scenarios" / "f.toml", data_dir=tmp_path / "nowhere")


def test_file_that_the_system_does_not_let_be_read_is_told_apart(tmp_path, monkeypatch):
    (tmp_path / "plants.csv").write_text("plant,cost\ncoal,1\ngas 1,2\n")

    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(pd, "read_csv", refuse)
    with pytest.raises(UnreadableError) as caught:
        loads(NAMED, "f.toml", tmp_path)
    assert str(caught.value) == "f.toml:7: agents[0].data: 'plants.csv': cannot be read: permission denied"


def test_tabs_are_refused(tmp_path):
    with pytest.raises(InputError, match=r"^line 1: looks separated by tabs"):
        read(tmp_path, "plant\tcost\ncoal\t1\n", "cost")
