"""``python -m benchmarks.labels``: what `losslint advise --data` costs on a large file of labels.

Beside it stands a process that only reads the same file with ``csv.reader``, the least that
anything in Python can do with it. Times are CPU time, taken in one run, so that what else the
machine does is no excuse. It ends with 1 if memory or the ratio is beyond its bound.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.linting import environment
from benchmarks.speed.measured import measured

ROWS = 1_000_000
MOST_MEMORY = 100.0
"""MiB; the file itself has 25 to 30."""
MOST_RATIO = 15.0
"""Times what csv.reader alone takes."""
_PEER = "import csv, sys; print(sum(1 for _ in csv.reader(open(sys.argv[1], newline=''))))"
_LABELS: dict[str, Callable[[random.Random], object]] = {
    "classes": lambda draw: int(draw.expovariate(0.4)) % 10,
    "numbers": lambda draw: f"{draw.lognormvariate(3, 1):.5f}",
}


@dataclass(frozen=True, slots=True)
class Result:
    """What one file cost."""

    name: str
    losslint: float
    """Seconds of CPU time."""
    reader: float
    memory: float
    """Peak of losslint's memory, in MiB."""

    @property
    def ratio(self) -> float:
        """How many times as long as reading alone."""
        return self.losslint / self.reader

    @property
    def is_within_bounds(self) -> bool:
        """Whether it costs no more than it may."""
        return self.memory <= MOST_MEMORY and self.ratio <= MOST_RATIO


def main() -> None:
    """Measures, prints, and ends with 1 if a bound is broken."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.labels", description=__doc__)
    parser.add_argument("--rows", type=int, default=ROWS, help="how many rows the files have")
    broken = False
    print(f"{'':8} {'losslint':>9} {'csv':>6} {'ratio':>6} {'MiB':>5}")
    for result in results(parser.parse_args().rows):
        print(
            f"{result.name:8} {result.losslint:9.2f} {result.reader:6.2f} {result.ratio:6.1f} "
            f"{result.memory:5.0f}"
        )
        broken = broken or not result.is_within_bounds
    if broken:
        sys.exit(f"beyond {MOST_MEMORY:g} MiB, or {MOST_RATIO:g} times as long as csv.reader")


def results(rows: int) -> Iterator[Result]:
    """Files of so many rows, with classes and with numbers as labels, and what each costs.

    Raises:
        RuntimeError: if one of the processes fails.
    """
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        for kind, label in _LABELS.items():
            path = folder / f"{kind}.csv"
            draw = random.Random(0)
            with path.open("w", encoding="utf-8") as file:
                file.write("id,x,group,label\n")
                file.writelines(
                    f"{at},{draw.random():.6f},g{at % 7},{label(draw)}\n" for at in range(rows)
                )
            read = _cost(folder, "-c", _PEER, path.name)
            advised = _cost(
                folder, "-m", "losslint", "advise", "--data", path.name, "--target", "label"
            )
            yield Result(kind, advised[0], read[0], advised[1])


def _cost(folder: Path, *arguments: str) -> tuple[float, float]:
    done = measured([sys.executable, *arguments], folder, environment=environment())
    if done.code:
        raise RuntimeError(f"{' '.join(arguments)} ended with {done.code}:\n{done.err}")
    return done.cpu, done.memory


if __name__ == "__main__":
    main()
