"""``python -m benchmarks.mutants``: spoils correct programs and sees whether losslint notices."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.mutants.catalogue import PACKAGES, own_programs, public_programs
from benchmarks.mutants.operators import OPERATORS
from benchmarks.mutants.program import Mutant, Program
from benchmarks.mutants.report import report
from benchmarks.mutants.trial import Linter, Trial
from benchmarks.wheels import FetchError, fetch
from losslint.rule import installed_rules

_RUNS_ON = "3.10"
"""The last Python that all the packages are released for."""


def main() -> None:
    """Runs all trials and prints what came of them."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.mutants", description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path("build/benchmarks"))
    parser.add_argument("--seed", type=int, default=0, help="for which mutants are tried")
    parser.add_argument(
        "--each", type=int, default=3, help="mutants of one operator in one program, at most"
    )
    parser.add_argument("--own", action="store_true", help="leave the public programs out")
    options = parser.parse_args()
    programs = list(own_programs())
    if not options.own:
        try:
            programs.extend(public_programs(fetch(PACKAGES, options.cache, _RUNS_ON)))
        except FetchError as problem:
            sys.exit(f"mutants: {problem}")
    linter = Linter(installed_rules())
    trials: list[Trial] = []
    loud: list[Program] = []
    chance = random.Random(options.seed)
    for program in programs:
        with tempfile.TemporaryDirectory() as folder:
            if linter.findings(program.files, Path(folder).resolve()):
                loud.append(program)
                continue
        for mutant in _drawn(program, linter, chance, options.each):
            with tempfile.TemporaryDirectory() as folder:
                trials.append(linter.trial(mutant, Path(folder).resolve()))
    print("\n".join(report(len(programs), loud, trials)))


def _drawn(program: Program, linter: Linter, chance: random.Random, each: int) -> Iterator[Mutant]:
    """Some mutants of each kind."""
    kinds: dict[str, list[Mutant]] = defaultdict(list)
    for operator in OPERATORS:
        for mutant in operator(program):
            if linter.is_asked(mutant):
                kinds[mutant.operator].append(mutant)
    for mutants in kinds.values():
        yield from _sample(mutants, chance, each)


def _sample(mutants: Sequence[Mutant], chance: random.Random, each: int) -> Sequence[Mutant]:
    return mutants if len(mutants) <= each else chance.sample(mutants, each)


if __name__ == "__main__":
    main()
