"""``python -m benchmarks.speed``: what linting costs beside parsing, and whether it ever breaks."""

from __future__ import annotations

import argparse
import re
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.linting import COMMAND, LintError, Reported, Run, environment, run_of
from benchmarks.speed.corpora import Corpus, corpora
from benchmarks.speed.measured import Measured, measured
from losslint.analysis.reading.prefilter import choose
from losslint.discovery import discover
from losslint.finding import NOT_ANALYSED, SYNTAX_ERROR
from losslint.source import Source

INTERNAL = re.compile(r"could not be analysed \(|^the rule \S+ failed: ")
"""How LOS004 says that it was losslint that broke, and not a limit that was met."""

_TITLES = ("", "files", "parsed", "lines", "losslint", "libcst", "ratio", "ruff", "MiB")


@dataclass(frozen=True, slots=True)
class Result:
    """What one corpus cost, and what losslint could not do with it."""

    name: str
    files: int
    parsed: int
    lines: int
    losslint: float
    libcst: float
    ruff: float | None
    memory: float
    not_analysed: tuple[Reported, ...]

    def cells(self) -> tuple[str, ...]:
        """One row of the table."""
        ratio = f"{self.losslint / self.libcst:.1f}" if self.parsed else "-"
        return (
            self.name,
            *map(str, (self.files, self.parsed, self.lines)),
            f"{self.losslint:.1f}",
            f"{self.libcst:.1f}",
            ratio,
            "-" if self.ruff is None else f"{self.ruff:.1f}",
            f"{self.memory:.0f}",
        )


def main() -> None:
    """Measures, prints, and ends with 1 if anything broke."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.speed", description=__doc__)
    parser.add_argument("names", nargs="*", help="packages, if not all that are installed")
    parser.add_argument("--list", action="store_true", help="say which there are")
    options = parser.parse_args()
    chosen = [c for c in corpora() if not options.names or c.name in options.names]
    if options.list:
        print("\n".join(f"{corpus.name}: {len(corpus.files)} files" for corpus in chosen))
        return
    unknown = set(options.names) - {corpus.name for corpus in chosen}
    if unknown:
        sys.exit(f"speed: nothing is called {', '.join(sorted(unknown))}; --list says what is")
    results: list[Result] = []
    _row(_TITLES)
    for corpus in chosen:
        try:
            results.append(_result(corpus))
        except LintError as problem:
            sys.exit(f"speed: {problem}")
        _row(results[-1].cells())
    _row(_total(results).cells())
    print("\nCPU seconds; libcst parses the files that losslint parses, in a process of its own.")
    sys.exit(_tell_not_analysed(results))


def _result(corpus: Corpus) -> Result:
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary).resolve()
        corpus.copy(folder)
        linted = measured(COMMAND, folder, environment=environment())
        run = run_of(folder, linted.code, linted.out, linted.err)
        parsed = _parsed(folder, run)
        libcst = _parse([source.path for source in parsed])
        return Result(
            name=corpus.name,
            files=run.files,
            parsed=len(parsed),
            lines=sum(source.content.count(b"\n") for source in parsed),
            losslint=linted.cpu,
            libcst=libcst.cpu,
            ruff=_ruff(folder),
            memory=linted.memory,
            not_analysed=tuple(f for f in run.findings if f.code == NOT_ANALYSED),
        )


def _parsed(folder: Path, run: Run) -> list[Source]:
    """The files that losslint looks into, but for those that it or libcst refuses to parse."""
    sources = [Source.read(path) for path in discover([folder], root=folder)]
    refused = {folder / f.at[0] for f in run.findings if _is_refusal(f)}
    chosen = set(choose(sources)) - refused
    return [source for source in sources if source.path in chosen]


def _is_refusal(finding: Reported) -> bool:
    is_limit = finding.code == NOT_ANALYSED and finding.message.startswith("not parsed")
    return finding.code == SYNTAX_ERROR or is_limit


def _parse(files: Sequence[Path]) -> Measured:
    command = [sys.executable, "-m", "benchmarks.speed.parse"]
    done = measured(command, Path.cwd(), "\n".join(map(str, files)))
    if done.code:
        raise LintError(f"libcst could not parse what losslint did:\n{done.err[-2000:]}")
    return done


def _ruff(folder: Path) -> float | None:
    """The CPU time of ``ruff check``, where ruff is installed."""
    ruff = Path(sys.executable).with_name("ruff")
    if not ruff.exists():
        return None
    options = ["check", "--isolated", "--no-cache", "--exit-zero", "--quiet", "."]
    return measured([str(ruff), *options], folder).cpu


def _total(results: Sequence[Result]) -> Result:
    ruff = [result.ruff for result in results if result.ruff is not None]
    return Result(
        name="all",
        files=sum(result.files for result in results),
        parsed=sum(result.parsed for result in results),
        lines=sum(result.lines for result in results),
        losslint=sum(result.losslint for result in results),
        libcst=sum(result.libcst for result in results),
        ruff=sum(ruff) if ruff else None,
        memory=max(result.memory for result in results),
        not_analysed=(),
    )


def _row(cells: Sequence[str]) -> None:
    first, *others = cells
    print(f"{first:20}" + "".join(f"{cell:>10}" for cell in others), flush=True)


def _tell_not_analysed(results: Sequence[Result]) -> int:
    """Lists what was left out; 1 if losslint broke anywhere."""
    broken = 0
    for result in results:
        for finding in result.not_analysed:
            is_broken = INTERNAL.search(finding.message) is not None
            broken += is_broken
            path, line = finding.at
            print(f"{'BROKEN' if is_broken else 'left out'} {path}:{line}: {finding.message}")
    print(f"{broken} internal errors")
    return min(broken, 1)


if __name__ == "__main__":
    main()
