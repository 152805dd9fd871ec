"""``python -m benchmarks.accuracy``: lints labelled public code and writes how it went."""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterable, Mapping
from pathlib import Path

from benchmarks.accuracy.labels import Label, read_labels
from benchmarks.accuracy.page import Part, page
from benchmarks.accuracy.scoring import score
from benchmarks.linting import LintError, lint
from benchmarks.wheels import FetchError, fetch
from losslint import __version__
from losslint.rule import installed_rules
from losslint.selection import choose

_HERE = Path(__file__).parent
_RUNS_ON = "3.11"
"""A Python that all the packages are released for."""
_ABOUT_PACKAGES = "Small research packages, as they are released."
_ABOUT_REPOSITORIES = "Repositories of students, papers and tutorials, each at a fixed commit."


def main() -> None:
    """Measures, prints the page and writes it."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.accuracy", description=__doc__)
    parser.add_argument("--cache", type=Path, default=Path("build/benchmarks"))
    parser.add_argument(
        "--repositories",
        type=Path,
        help="a folder with a checkout OWNER+NAME@COMMIT for each line of repositories.txt",
    )
    parser.add_argument("--output", type=Path, default=Path("docs/accuracy.md"))
    options = parser.parse_args()
    rules = installed_rules()
    enabled = choose(rules, [])
    try:
        parts = list(_parts(options.cache, options.repositories, enabled))
    except (FetchError, LintError) as problem:
        sys.exit(f"accuracy: {problem}")
    names = {rule.code: rule.name for rule in rules if rule.code in enabled}
    text = page(__version__, names, parts)
    options.output.write_text(text + "\n", "utf-8")
    print(text)


def _parts(cache: Path, repositories: Path | None, enabled: frozenset[str]) -> Iterable[Part]:
    packages = fetch(_HERE / "packages.txt", cache, _RUNS_ON)
    labels = read_labels(_HERE / "labels_of_packages.json")
    yield _measured(Part("Packages", _ABOUT_PACKAGES), packages, labels, enabled)
    if repositories is not None:
        checkouts = _checkouts(repositories)
        labels = read_labels(_HERE / "labels_of_repositories.json")
        yield _measured(Part("Repositories", _ABOUT_REPOSITORIES), checkouts, labels, enabled)


def _checkouts(folder: Path) -> Mapping[str, Path]:
    """The checkouts of the listed repositories, by ``owner/name@commit``.

    Raises:
        FetchError: if one is missing.
    """
    found = {}
    for source in (_HERE / "repositories.txt").read_text("utf-8").split():
        name, _, commit = source.replace("/", "+").partition("@")
        checkout = next(folder.glob(f"{name}@{commit[:10]}*"), None)
        if checkout is None:
            raise FetchError(f"{folder}: no folder {name}@{commit}, a checkout of that commit")
        found[source] = checkout
    return found


def _measured(
    part: Part, sources: Mapping[str, Path], labels: Iterable[Label], enabled: frozenset[str]
) -> Part:
    by_source: dict[str, list[Label]] = defaultdict(list)
    for label in labels:
        by_source[label.source].append(label)
    for source, labelled in sorted(by_source.items()):
        print(f"{source} ...", file=sys.stderr, flush=True)
        run = lint(sources[source])
        part.sources += 1
        part.files += run.files
        part.loss_calls += run.loss_calls
        part.understood += run.understood
        part.unanswered += sum(not label.is_answered_by(enabled) for label in labelled)
        part.score.add(score(source, labelled, run.findings, enabled))
    return part


if __name__ == "__main__":
    main()
