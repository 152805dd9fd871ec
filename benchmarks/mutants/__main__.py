"""``python -m benchmarks.mutants``: spoils correct programs and sees whether losslint notices."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections import defaultdict
from collections.abc import Mapping, Sequence
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
    parser.add_argument(
        "--operator", default="", help="only operators with this in their name, as in the table"
    )
    parser.add_argument("--program", default="", help="only programs with this in their name")
    options = parser.parse_args()
    programs = list(own_programs())
    if not options.own:
        try:
            programs.extend(public_programs(fetch(PACKAGES, options.cache, _RUNS_ON)))
        except FetchError as problem:
            sys.exit(f"mutants: {problem}")
    programs = [program for program in programs if options.program in program.name]
    linter = Linter(installed_rules())
    trials: list[Trial] = []
    loud: list[Program] = []
    for program in programs:
        with tempfile.TemporaryDirectory() as folder:
            advice = linter.given_advice(program, Path(folder).resolve())
        if advice is None:
            loud.append(program)
            continue
        for kind, mutants in _kinds(program, advice).items():
            if options.operator not in kind:
                continue
            # a piece of the whole draws the mutants that the whole draws
            chance = random.Random(f"{options.seed} {program.name} {kind}")
            for mutant in _sample(mutants, chance, options.each):
                with tempfile.TemporaryDirectory() as folder:
                    trials.append(linter.trial(mutant, Path(folder).resolve()))
    print("\n".join(report(len(programs), loud, trials)))


def _kinds(program: Program, advice: frozenset[str]) -> Mapping[str, Sequence[Mutant]]:
    """The mutants by what was done, without those that ask for advice that is given already."""
    kinds: dict[str, list[Mutant]] = defaultdict(list)
    for operator in OPERATORS:
        for mutant in operator(program):
            if advice.isdisjoint(mutant.codes):
                kinds[mutant.operator].append(mutant)
    return kinds


def _sample(mutants: Sequence[Mutant], chance: random.Random, each: int) -> Sequence[Mutant]:
    return mutants if len(mutants) <= each else chance.sample(mutants, each)


if __name__ == "__main__":
    main()
