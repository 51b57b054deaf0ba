"""A round of the dashboard: `python -m benchmarks.dashboard [SCENARIO...]` prints rounds per second.

For each scenario: the processor seconds of setting up (with all other mechanisms and the first view), of a
round in play (step, view and pictures, as they are sent to the page) and of the last one, in which all
figures are drawn as on paper; next to them those of a round whose figures are all drawn anew. The page itself
adds what Solara takes to send it, about 0.04 s.

Source of the target: a class watches five rounds a second, 0.1 s of server time each.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from pathlib import Path

from market.interfaces.dashboard.pictures import Album
from market.interfaces.dashboard.scene import Choice, Scene, set_up
from market.interfaces.dashboard.view import view_of

SHIPPED = Path(__file__).parents[1] / "scenarios"
USUAL = ("commons", "edgeworth", "gift", "war", "scarf", "two_by_two")
ROUNDS = 30  # at most
TARGET = 0.1  # seconds


def seconds(work: Callable[[], object]) -> float:
    """Return the processor time of a call."""
    start = time.process_time()
    work()
    return time.process_time() - start


def played(file: Path, anew: bool) -> tuple[float, float, float]:
    """Return the seconds of setting up, of a round in play on average, and of the last one.

    Args:
        file: the scenario.
        anew: True if all figures are drawn in each round.
    """
    made: list[Scene] = []
    setting_up = seconds(lambda: (made.append(set_up(Choice(file), lambda _: None)), view_of(made[0])))
    (scene,) = made
    rounds = []
    while scene.play is not None and not scene.play.over and len(rounds) < ROUNDS:
        if anew:
            scene.album = Album(scene.mechanism, scene.play.model.auctioneer is not None)
        rounds.append(seconds(lambda: (scene.play.step(), view_of(scene, judged=False))))  # type: ignore[union-attr]
    in_play = rounds[:-1] or rounds
    return setting_up, sum(in_play) / len(in_play), rounds[-1]


def main() -> None:
    """Print a line for each scenario."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "scenarios", nargs="*", type=Path, default=[SHIPPED / f"{name}.toml" for name in USUAL]
    )
    print(f"{'scenario':<20} {'set up':>8} {'a round':>8} {'last':>8} {'rounds/s':>9} {'all anew':>9}")
    for file in parser.parse_args().scenarios:
        setting_up, in_play, last = played(file, anew=False)
        _, before, _ = played(file, anew=True)
        met = "" if in_play <= TARGET else "  slower than 0.1 s"
        figures = f"{setting_up:8.3f} {in_play:8.3f} {last:8.3f} {1 / in_play:9.0f} {before:9.3f}"
        print(f"{file.stem:<20} {figures}{met}")


if __name__ == "__main__":
    main()
