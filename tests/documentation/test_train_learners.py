"""The page on learners does what it says, and prints what it shows."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs/how-to/train-learners.md").read_text()


def test_the_page_on_learners_runs_and_prints_its_tables(monkeypatch, capsys, tmp_path):
    """Its derivation: both spend 1/2, the price is 1/10, and each has ln 5 - 1/2 in the place of ln 5 - 1."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "scenarios").symlink_to(ROOT / "scenarios")
    names = {}
    for code in re.findall(r"```python\n(.*?)```", PAGE, flags=re.DOTALL):
        exec(compile(code, "train-learners.md", "exec"), names)
    printed = capsys.readouterr().out
    tables = re.findall(r"```text\n(.*?)```", PAGE, flags=re.DOTALL)
    assert len(tables) == 2
    assert all(table in printed for table in tables)
    learned = names["comparison"].outcomes["bandits"]
    np.testing.assert_allclose(learned.payoffs, np.log(5.0) - 0.5, atol=1e-3)
    assert len(list((tmp_path / "runs").iterdir())) == 1
