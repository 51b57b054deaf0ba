"""`market plot`: what it writes, what it says, and what it refuses."""

from __future__ import annotations

import pytest

from market.errors import ExitCode


@pytest.fixture
def folder(shell, commons, tmp_path):
    """Return the folder of a sweep of the commons."""
    vary = ("--vary", "commons.water=5,10", "--no-figures", "--backend", "serial", "--quiet")
    shell("sweep", commons, "--out", tmp_path / "out", *vary)
    return tmp_path / "out"


def test_figures_are_written_in_each_format_and_named(shell, folder, tmp_path):
    said = shell("plot", folder, "--measure", "price[water]", "--format", "pdf,svg,png", "--size", "5,4")
    assert said[0] == ExitCode.DONE
    assert said[1] == f"Figure: {', '.join(str(folder / f'plot.{kind}') for kind in ('pdf', 'svg', 'png'))}\n"
    assert (folder / "plot.pdf").read_bytes().startswith(b"%PDF")
    assert (folder / "plot.png").read_bytes().startswith(b"\x89PNG")
    assert '360pt" height="288pt' in (folder / "plot.svg").read_text().replace('width="', "").replace(
        "  ", " "
    )


def test_the_ending_of_out_is_the_format_and_its_folder_is_made(shell, folder, tmp_path):
    code, out, _ = shell("plot", folder, "--out", tmp_path / "new" / "prices.v2.pdf")
    assert code == ExitCode.DONE
    assert (tmp_path / "new" / "prices.v2.pdf").exists()
    assert " ".join(out.split("Figure: ")[0].split()) == (
        "- Not drawn: Unrealised gains from trade (deadweight loss, money), since it is 0 in all runs "
        "but 2 of 'first mover', where it is infinite."
    )
    assert shell("plot", folder, "--out", tmp_path / "new" / "a", "--quiet")[1] == ""
    assert (tmp_path / "new" / "a.svg").exists()


def test_measures_and_axes_are_listed_in_words(shell, folder):
    code, out, _ = shell("plot", folder, "--list")
    assert code == ExitCode.DONE
    lines = [line.split(maxsplit=1) for line in out.splitlines()]
    assert ["price[water]", "Price of water (money per unit)"] in lines
    assert ["commons.water", "Common stock of water (units)"] in lines
    assert not (folder / "plot.svg").exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (("--measure", "price[watr]"), "Did you mean 'price[water]'?"),
        (("--x", "commons.watr"), "no axis 'commons.watr'; axes of this sweep: commons.water."),
        (("--format", "jpg"), "--format: no format 'jpg'; one of: svg, pdf, png."),
        (("--size", "4"), "--size 4: not a width and a height from 1 to 60 inches, such as 6.5,4"),
        (("--size", "nan,4"), "not a width and a height"),
    ],
)
def test_mistakes_are_one_message_with_a_remedy(shell, folder, options, message):
    code, out, err = shell("plot", folder, *options)
    assert (code, out) == (ExitCode.INPUT_AT_FAULT, "")
    assert message in err
    assert err.count("\n") == 1


def test_what_is_no_sweep_is_refused(shell, tmp_path):
    code, _, err = shell("plot", tmp_path)
    assert code == ExitCode.INPUT_AT_FAULT
    assert err.startswith(f"'{tmp_path}' is not a folder of a sweep: it has no sweep.json.")
