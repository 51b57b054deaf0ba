"""Runs the notebooks anew and keeps what they show, small, with no trace of a machine (`make notebooks`)."""

from __future__ import annotations

import base64
import io
import sys
from pathlib import Path

import nbformat
from nbclient import NotebookClient
from PIL import Image  # matplotlib brings it along

FOLDER = Path(__file__).parents[1] / "notebooks"
COLOURS = 128  # enough for lines and their soft edges, and a third of the size


def small(picture: str) -> str:
    """Return a PNG in base64 with fewer colours."""
    image = Image.open(io.BytesIO(base64.b64decode(picture))).convert("RGB")
    shrunk = io.BytesIO()
    image.quantize(COLOURS, dither=Image.Dither.NONE).save(shrunk, "png", optimize=True)
    return base64.b64encode(shrunk.getvalue()).decode()


def run(path: Path) -> None:
    """Run one notebook from top to bottom in its own kernel and write it with its outputs."""
    notebook = nbformat.read(path, as_version=4)
    where = {"metadata": {"path": str(FOLDER)}}
    NotebookClient(notebook, kernel_name="python3", resources=where, record_timing=False).execute()
    notebook.metadata.pop("language_info", None)  # has the version of Python
    for cell in notebook.cells:
        cell.metadata = {}
        for output in cell.get("outputs", []):
            if "image/png" in output.get("data", {}):
                output.data["image/png"] = small(output.data["image/png"])
    nbformat.write(notebook, path)


def main() -> None:
    """Run those named on the command line, or all."""
    for path in [Path(name) for name in sys.argv[1:]] or sorted(FOLDER.glob("*.ipynb")):
        print(path.name)
        run(path)


if __name__ == "__main__":
    main()
