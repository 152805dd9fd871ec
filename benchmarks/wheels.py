"""Sources of pinned packages: wheels that pip downloads and verifies, unpacked and never run."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

_REQUIREMENT = re.compile(r"^([\w.-]+==[\w.]+) --hash=sha256:[0-9a-f]{64}$")


class FetchError(Exception):
    """Packages that are not there, or are not what they were."""


def fetch(requirements: Path, cache: Path, python: str) -> dict[str, Path]:
    """The unpacked Python sources of pinned packages, by ``name==version``.

    What lies in the cache is not downloaded again.

    Args:
        requirements: lines of ``name==version --hash=sha256:...``, as pip reads them.
        cache: a folder for wheels and sources, made where it is missing.
        python: a version that all of them are released for. Nothing is run, but pip asks.

    Raises:
        FetchError: if a line is no pinned package, pip cannot get it, or its hash is another.
    """
    sources = {pinned: cache / "src" / pinned for pinned in _pinned(requirements)}
    if not all(folder.is_dir() for folder in sources.values()):
        _download(requirements, cache / "wheels", python)
        for wheel in sorted((cache / "wheels").glob("*.whl")):
            pinned = _name(wheel)
            if pinned in sources and not sources[pinned].is_dir():
                _unpack(wheel, sources[pinned])
    for pinned, folder in sources.items():
        if not folder.is_dir():
            raise FetchError(f"{pinned}: pip downloaded no wheel of that name and version")
    return sources


def _pinned(requirements: Path) -> Iterator[str]:
    for number, line in enumerate(requirements.read_text("utf-8").splitlines(), 1):
        found = _REQUIREMENT.match(line)
        if found is None:
            raise FetchError(
                f"{requirements}:{number}: expected name==version --hash=sha256:..., got {line!r}"
            )
        yield found[1]


def _download(requirements: Path, folder: Path, python: str) -> None:
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    # Wheels only: to look into a source distribution pip would run its setup script.
    options = ["--require-hashes", "--no-deps", "--only-binary=:all:"]
    options += ["--python-version", python, "--dest", str(folder)]
    done = subprocess.run([*command, *options, "--requirement", str(requirements)], check=False)
    if done.returncode:
        raise FetchError(f"pip could not download {requirements} (exit code {done.returncode})")


def _name(wheel: Path) -> str:
    """``name==version`` of a wheel, the name normalised as in PEP 503."""
    name, version, _ = wheel.name.split("-", 2)
    return f"{re.sub(r'[-_.]+', '-', name).lower()}=={version}"


def _unpack(wheel: Path, folder: Path) -> None:
    partial = folder.with_name(folder.name + ".partial")
    shutil.rmtree(partial, ignore_errors=True)
    with zipfile.ZipFile(wheel) as archive:
        for member in archive.namelist():
            path = PurePosixPath(member)
            if path.suffix == ".py" and not path.is_absolute() and ".." not in path.parts:
                archive.extract(member, partial)
    # Ends the search for ignore files, or those of the project around the cache would hide all.
    (partial / ".git").mkdir()
    partial.rename(folder)
