"""From paths to files."""

import errno
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from losslint.discovery import discover
from losslint.errors import UserError
from tests.conftest import Losslint, write


def tree(folder: Path, *names: str) -> None:
    for name in names:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")


def found(folder: Path, *paths: str, exclude: tuple[str, ...] = ()) -> list[str]:
    files = discover([folder / path for path in paths or (".",)], root=folder, exclude=exclude)
    return [file.relative_to(folder.resolve()).as_posix() for file in files]


def test_python_files_of_a_folder_and_what_is_never_entered(tmp_path: Path) -> None:
    tree(tmp_path, "a.py", "b/c.py", "b/d.txt", "b/e.pyi", "b/f.ipynb", "README", "._a.py")
    tree(tmp_path, ".git/x.py", ".venv/x.py", "venv/x.py", "node_modules/x.py", "build/x.py")
    tree(tmp_path, "dist/x.py", "b/__pycache__/x.py", "env/lib/site-packages/x.py")
    tree(tmp_path, "my_env/pyvenv.cfg", "my_env/x.py", "builder/x.py")
    assert found(tmp_path) == ["a.py", "b/c.py", "b/f.ipynb", "builder/x.py"]


def test_a_file_is_taken_once_and_in_order(tmp_path: Path) -> None:
    tree(tmp_path, "b.py", "a/a.py")
    assert found(tmp_path, "b.py", ".", "a", "a/../b.py") == ["a/a.py", "b.py"]


def test_gitignore(tmp_path: Path) -> None:
    tree(tmp_path, "a.py", "gen/b.py", "gen/keep.py", "sub/c.py", "sub/d.py", "sub/deep/e.py")
    (tmp_path / ".gitignore").write_text("gen/*\n!gen/keep.py\n/sub/d.py\n")
    (tmp_path / "sub" / ".gitignore").write_text("deep/\n!d.py\n")
    assert found(tmp_path) == ["a.py", "gen/keep.py", "sub/c.py", "sub/d.py"]


def test_gitignore_that_brings_folders_back(tmp_path: Path) -> None:
    tree(tmp_path, "a.py", "src/b.py", "src/models/c.py", "notes/d.py")
    (tmp_path / ".gitignore").write_text("*\n!src/\n!src/**/\n!src/**/*.py\n")
    assert found(tmp_path) == ["src/b.py", "src/models/c.py"]


def test_gitignore_above_the_linted_folder_counts_inside_a_repository(tmp_path: Path) -> None:
    tree(tmp_path, "repo/src/a.py", "repo/src/b.py")
    (tmp_path / "repo" / ".gitignore").write_text("src/b.py\n")
    (tmp_path / ".gitignore").write_text("a.py\n")
    assert found(tmp_path, "repo/src") == ["repo/src/a.py", "repo/src/b.py"]
    (tmp_path / "repo" / ".git").mkdir()
    assert found(tmp_path, "repo/src") == ["repo/src/a.py"]


def test_exclude_patterns_are_relative_to_the_root(tmp_path: Path) -> None:
    tree(tmp_path, "a.py", "old/b.py", "src/old/c.py", "src/a.py")
    assert found(tmp_path, exclude=("/old/", "src/a.py")) == ["a.py", "src/old/c.py"]
    assert found(tmp_path, "src", exclude=("old",)) == ["src/a.py"]


class Locked:
    """Takes the permissions of some paths away, also from who is root."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, *paths: Path) -> None:
        self.paths = {os.path.realpath(path) for path in paths}
        for name in ("stat", "scandir"):
            monkeypatch.setattr(os, name, self.refusing(getattr(os, name)))

    def refusing(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def ask(path: Any, *arguments: Any, **options: Any) -> Any:
            around = (
                Path(os.fspath(path)).absolute().parents if isinstance(path, (str, Path)) else ()
            )
            if any(str(folder) in self.paths for folder in around) or (
                function.__name__ == "scandir" and str(Path(path).absolute()) in self.paths
            ):
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return function(path, *arguments, **options)

        ask.__name__ = function.__name__
        return ask


def test_a_folder_that_cannot_be_read_is_named(
    project: Path, losslint_: Losslint, monkeypatch: pytest.MonkeyPatch
) -> None:
    tree(project, "locked/x.py", "open/y.py")
    Locked(monkeypatch, project / "locked")
    said = "locked:1:1: LOS004 warning: the folder cannot be read: Permission denied"
    assert losslint_("-f", "concise", "-q", ".").out.splitlines() == [said]
    assert losslint_("-f", "concise", "-q", "locked").out.splitlines() == [said]
    assert losslint_("-f", "concise", "-q", "open/y.py").out == ""
    assert " --> locked:1:1\n  = help: mend its permissions" in losslint_().out
    named = losslint_("locked/x.py")
    assert (named.code, named.err) == (2, "error: locked/x.py cannot be read: Permission denied\n")


def test_a_file_that_is_named_is_taken_whatever_excludes_it(tmp_path: Path) -> None:
    tree(tmp_path, "build/a.py", "script")
    assert found(tmp_path, "build/a.py", "script", exclude=("*",)) == ["build/a.py", "script"]


def test_odd_things_in_a_folder(tmp_path: Path) -> None:
    tree(tmp_path, "folder.py/a.py", "real.py")
    (tmp_path / "broken.py").symlink_to(tmp_path / "missing.py")
    (tmp_path / "self.py").symlink_to(tmp_path / "self.py")
    (tmp_path / "folder.py" / "loop").symlink_to(tmp_path)
    (tmp_path / "link.py").symlink_to(tmp_path / "real.py")
    assert found(tmp_path) == ["folder.py/a.py", "real.py"]


@pytest.mark.parametrize(
    ("name", "complaint"),
    [
        ("trian.py", "did you mean 'train.py'?"),
        ("missing/x.py", "no such file or folder"),
        ("broken.py", "is a link to nowhere"),
    ],
)
def test_a_path_that_is_not_there(tmp_path: Path, name: str, complaint: str) -> None:
    tree(tmp_path, "train.py")
    (tmp_path / "broken.py").symlink_to(tmp_path / "missing.py")
    with pytest.raises(UserError, match=complaint.replace("?", r"\?")):
        found(tmp_path, name)


def test_settings_and_options_exclude_together(project: Path, losslint_: Losslint) -> None:
    write(project, a="LOS104()", b="LOS104()", c="LOS104()")
    (project / "losslint.toml").write_text('exclude = ["a.py"]')
    lines = losslint_("-f", "concise", "-q", "--exclude", "b.py").out.splitlines()
    assert [line.split(":")[0] for line in lines] == ["c.py"]


def test_no_files_is_no_mistake(project: Path, losslint_: Losslint) -> None:
    result = losslint_()
    assert (result.code, result.err) == (0, "warning: no Python files in .\n")


@pytest.mark.parametrize(
    ("files", "folders"),
    [
        (["build/lib/a.py", "build/b.py"], "build/"),
        (["src/dist/nb.ipynb", "build/notes.txt"], "src/dist/"),
        (["build/a.py", ".b/b.py", "dist/build/c.py", "venv/d.py"], ".b/, build/, dist/, ..."),
    ],
)
def test_no_files_but_those_that_are_left_out_by_default(
    project: Path, losslint_: Losslint, files: list[str], folders: str
) -> None:
    tree(project, *files)
    result = losslint_()
    reason = f"by default those in {folders} are left out; name the folder to lint them"
    assert (result.code, result.err) == (0, f"warning: no Python files in .: {reason}\n")


@pytest.mark.parametrize("ignored", ["build/", "*.py"])
def test_what_is_left_out_for_another_reason_is_not_named(
    project: Path, losslint_: Losslint, ignored: str
) -> None:
    tree(project, "build/a.py")
    (project / ".gitignore").write_text(ignored)
    assert losslint_().err == "warning: no Python files in .\n"
    (project / ".gitignore").unlink()
    assert losslint_("--exclude", ignored).err == "warning: no Python files in .\n"


def test_a_file_that_cannot_be_read_is_a_finding(
    project: Path, losslint_: Losslint, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project, a="LOS104()", locked="LOS104()")
    read = Path.read_bytes

    def refuse(path: Path) -> bytes:
        if path.name == "locked.py":
            raise PermissionError(13, "Permission denied")
        return read(path)

    monkeypatch.setattr(Path, "read_bytes", refuse)
    result = losslint_("-f", "concise", "-q")
    assert result.code == 1
    assert "locked.py:1:1: LOS004 warning: the file cannot be read: Permission denied" in result.out
    assert "a.py:1:1: LOS104" in result.out
