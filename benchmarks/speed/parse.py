"""``python -m benchmarks.speed.parse``: parses the files named on standard input with libcst.

This is what losslint cannot do without, and what its cost is compared with.
"""

from __future__ import annotations

import sys
from pathlib import Path

import libcst


def main() -> None:
    """Parses each file and forgets it."""
    for name in sys.stdin.read().splitlines():
        libcst.parse_module(Path(name).read_bytes())


if __name__ == "__main__":
    main()
