"""The command line as a whole: commands, options, exit codes, stdin, interruptions."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import losslint.run
from losslint import __version__
from losslint.cli.main import main, with_command
from losslint.cli.terminal import ProgressBar
from losslint.errors import UserError
from tests.conftest import Losslint, write


def test_no_arguments_lint_the_current_folder(project: Path, losslint_: Losslint) -> None:
    write(project, train="LOS104()\n")
    result = losslint_()
    assert result.code == 1
    assert "train.py:1:1" in result.out


@pytest.mark.parametrize(
    ("arguments", "meant"),
    [
        ([], ["check"]),
        (["train.py"], ["check", "train.py"]),
        (["-f", "json", "."], ["check", "-f", "json", "."]),
        (["check", "."], ["check", "."]),
        (["rules"], ["rules"]),
        (["./rules"], ["check", "./rules"]),
        (["explain", "LOS104"], ["explain", "LOS104"]),
        (["--version"], ["--version"]),
        (["--rules", "--isolated"], ["rules", "--isolated"]),
        (["--explain", "LOS104"], ["explain", "LOS104"]),
        (["train.py", "rules"], ["check", "train.py", "rules"]),
    ],
)
def test_check_is_the_default_command(
    project: Path, arguments: list[str], meant: list[str]
) -> None:
    assert with_command(arguments) == meant


@pytest.mark.parametrize("word", ["rules", "explain", "check", "losses", "compare"])
def test_a_command_that_is_also_a_path_is_a_mistake(
    project: Path, losslint_: Losslint, word: str
) -> None:
    (project / word).mkdir()
    result = losslint_(word)
    assert result.code == 2
    command = "losslint check ." if word == "check" else f"losslint --{word}"
    assert f"Write `{command}` for the command, or `losslint ./{word}` for the path" in result.err
    assert losslint_(f"./{word}").code == 0
    assert losslint_("check", word).code == 0


def test_the_way_out_for_a_command_that_is_also_a_path(project: Path, losslint_: Losslint) -> None:
    (project / "explain").mkdir()
    ways = losslint_("explain", "LOS104").err
    assert "`losslint --explain LOS104` for the command" in ways
    assert losslint_("--explain", "LOS104").out.startswith("# softmax-before-cross-entropy")


def test_a_named_command_with_its_own_name_as_a_path(project: Path) -> None:
    (project / "check").mkdir()
    with pytest.raises(UserError):
        with_command(["check"])
    assert with_command(["check", "check"]) == ["check", "check"]


@pytest.mark.parametrize(
    ("options", "code"),
    [
        ([], 1),
        (["--exit-zero"], 0),
        (["--fail-on", "error"], 0),
        (["--fail-on", "warning"], 1),
        (["--select", "LOS104"], 0),
    ],
)
def test_exit_codes(project: Path, losslint_: Losslint, options: list[str], code: int) -> None:
    write(project, train="LOS101()\n")
    assert losslint_(*options).code == code


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--slect", "LOS1"], "--select"),
        (["--output-format", "jsn"], "not 'jsn'; did you mean 'json'?"),
        (["--fail-on", "warn"], "not 'warn'; did you mean 'warning'?"),
        (["--min-confidence", "hi"], "--min-confidence is one of high, medium, low"),
        (["trian.py"], "no such file or folder: trian.py; did you mean 'train.py'?"),
        (["-", "train.py"], "the path - reads standard input, and goes with no other path"),
        (["--stdin-filename", "a.py", "."], "--stdin-filename goes with the path -"),
        (["explain", "LOS1O4"], "unknown rule 'LOS1O4'; did you mean 'LOS104'?"),
        (["explain"], "RULE"),
    ],
)
def test_a_mistake_is_exit_2_with_the_nearest_word(
    project: Path, losslint_: Losslint, arguments: list[str], complaint: str
) -> None:
    write(project, train="x = 1\n")
    result = losslint_(*arguments)
    assert result.code == 2
    assert result.out == ""
    assert result.err.startswith("error: ")
    assert complaint in result.err
    assert "Traceback" not in result.err


def test_version_and_help(losslint_: Losslint) -> None:
    assert losslint_("--version").out == f"losslint {__version__}\n"
    overview = losslint_("--help")
    assert overview.code == 0
    assert losslint_("-h").out == overview.out
    assert losslint_("check", "-h").out == losslint_("check", "--help").out
    assert all(command in overview.out for command in ("check", "rules", "explain"))
    options = losslint_("check", "--help").out
    for option in (
        *("--select", "--ignore", "--extend-select", "--exclude", "--config", "--isolated"),
        *("--output-format", "--format", "-f", "--statistics", "--quiet", "--exit-zero"),
        *("--fail-on", "--min-confidence", "--stdin-filename", "--allow-local-rules"),
        "--show-unresolved",
    ):
        assert option in options


def test_every_option_of_a_command_is_told_to_who_mistypes_one(losslint_: Losslint) -> None:
    assert "`losslint check --help` lists the options" in losslint_("--xyzzy").err


def test_rules_are_listed_and_explained(losslint_: Losslint) -> None:
    lines = losslint_("rules").out.splitlines()
    assert [line[:6] for line in lines] == sorted(line[:6] for line in lines)
    (line,) = (line for line in lines if line.startswith("LOS104"))
    assert line.split()[:4] == ["LOS104", "softmax-before-cross-entropy", "error", "on"]
    page = losslint_("explain", "LOS104").out
    assert page.startswith("# softmax-before-cross-entropy (LOS104)\n")
    assert "## When it is fine" in page
    assert losslint_("explain", "softmax-before-cross-entropy").out == page


def test_rules_are_listed_as_json(losslint_: Losslint) -> None:
    rules = {rule["code"]: rule for rule in json.loads(losslint_("rules", "-f", "json").out)}
    rule = rules["LOS104"]
    assert (rule["name"], rule["severity"]) == ("softmax-before-cross-entropy", "error")
    assert rule["default"]
    assert rule["fix"]
    assert not rules["LOS207"]["default"]
    assert "## Why it matters" in rule["page"]


def test_the_formats_of_the_list_of_rules_are_told(losslint_: Losslint) -> None:
    ran = losslint_("rules", "-f", "jsn")
    assert ran.code == 2
    assert "text, json" in ran.err
    assert "did you mean 'json'" in ran.err


def test_standard_input(
    project: Path, losslint_: Losslint, monkeypatch: pytest.MonkeyPatch
) -> None:
    (project / "losslint.toml").write_text('per-file-ignores = { "quiet/" = ["LOS104"] }')

    def lint(*arguments: str) -> str:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(b"x\nLOS104()\n")))
        return losslint_("-f", "concise", "-q", *arguments, "-").out

    assert lint().startswith("<stdin>:2:1: LOS104")
    assert lint("--stdin-filename", "src/train.py").startswith("src/train.py:2:1: LOS104")
    assert lint("--stdin-filename", "quiet/train.py") == ""


def test_quiet_says_nothing_but_the_findings(project: Path, losslint_: Losslint) -> None:
    write(project, train="LOS104()\n")
    assert losslint_("-f", "concise", "-q").out.count("\n") == 1
    empty = losslint_("-q", "--ignore", "LOS104")
    assert (empty.code, empty.out, empty.err) == (0, "", "")


def test_statistics_count_by_rule(project: Path, losslint_: Losslint) -> None:
    write(project, train="LOS101()\nLOS104()\nLOS104()\n")
    lines = losslint_("--statistics").out.splitlines()
    assert lines[:2] == ["2  LOS104  softmax-before-cross-entropy", "1  LOS101  bce-without-logits"]
    assert lines[2].startswith("Found 3 findings (2 errors, 1 warning) in 1 file.")


def test_an_interrupted_run_is_quiet(
    project: Path, losslint_: Losslint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(losslint.run, "discover", interrupt)
    result = losslint_()
    assert (result.code, result.out.strip(), result.err.strip()) == (130, "", "")


def test_a_bug_of_our_own_is_a_run_that_failed(
    project: Path, losslint_: Losslint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise AssertionError("oops")

    monkeypatch.setattr(losslint.run, "discover", fail)
    result = losslint_()
    assert (result.code, result.out) == (2, "")
    assert "AssertionError: oops" in result.err
    assert "itself failed; please report this as a bug" in result.err


def test_a_reader_that_goes_away_is_no_crash(project: Path) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "losslint", "rules"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env={**os.environ, "PYTHONUNBUFFERED": "1"},
    )
    assert process.stdout is not None
    assert process.stderr is not None
    process.stdout.close()
    said = process.stderr.read()
    process.stderr.close()
    assert process.wait() == 141, "as a shell reports a writer whose reader went away"
    assert said == b""


def test_a_mistyped_command_is_named(project: Path, losslint_: Losslint) -> None:
    result = losslint_("chekc")
    assert result.code == 2
    assert "no such command, file or folder: 'chekc'; did you mean 'check'?" in result.err


def test_a_broken_file_about_nothing_is_told(project: Path, losslint_: Losslint) -> None:
    write(project, broken="import torch\n\ndef f(:\n")
    result = losslint_("broken.py")
    assert result.code == 1
    assert "LOS001" in result.out


def spawn(*arguments: str, **options: Any) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "losslint", *arguments],
        text=True,
        check=False,
        **options,
    )


def test_a_folder_called_like_a_module_of_pythons_is_not_run(project: Path) -> None:
    (project / "json").mkdir()
    write(project / "json", __init__="raise SystemExit('the linted project was run')\n")
    result = spawn("json", cwd=project, capture_output=True)
    assert (result.returncode, result.stderr) == (0, "")


@pytest.mark.skipif(sys.platform == "win32", reason="closes descriptors before the start")
@pytest.mark.parametrize(
    ("descriptor", "arguments", "code", "complaint"),
    [
        (0, ["train.py"], 1, ""),
        (0, ["-"], 2, "error: the path - reads standard input, which is closed\n"),
        (1, ["train.py"], 1, None),
        (2, ["trian.py"], 2, None),
    ],
)
def test_a_closed_stream_is_no_crash(
    project: Path, descriptor: int, arguments: list[str], code: int, complaint: str | None
) -> None:
    write(project, train="import torch\nloss.backward(\n")
    done = spawn(*arguments, stderr=subprocess.PIPE, preexec_fn=lambda: os.close(descriptor))
    assert done.returncode == code
    assert "Traceback" not in done.stderr
    assert complaint is None or done.stderr == complaint


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs a full disk")
def test_a_full_disk_is_told(project: Path) -> None:
    with Path("/dev/full").open("w") as full:
        done = spawn("rules", stdout=full, stderr=subprocess.PIPE)
    assert done.returncode == 2
    assert done.stderr == "error: the output cannot be written: No space left on device\n"


def test_a_current_folder_that_is_gone(project: Path, losslint_: Losslint) -> None:
    gone = project / "gone"
    gone.mkdir()
    os.chdir(gone)
    gone.rmdir()
    try:
        result = losslint_("train.py")
    finally:
        os.chdir(project)
    assert result.code == 2
    assert result.err.startswith("error: the current folder cannot be used: ")


@pytest.mark.parametrize("path", ["x" * 5000, "a/" * 3000, "train.py/x", "\udcff.py"])
def test_paths_that_cannot_be(project: Path, losslint_: Losslint, path: str) -> None:
    write(project, train="x = 1\n")
    result = losslint_(path)
    assert result.code == 2
    assert "Traceback" not in result.err
    assert result.err.startswith("error: ")


def test_a_namesake_is_pointed_out(
    project: Path, losslint_: Losslint, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    assert losslint_("-q").err == ""
    info = tmp_path / "site" / "losslint-3.1.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: losslint\nVersion: 3.1\n")
    monkeypatch.syspath_prepend(info.parent)
    result = losslint_("-f", "json")
    assert result.code == 0
    assert "'losslint' 3.1 is installed too" in result.err
    assert "installed too" not in result.out


def test_progress_is_for_terminals_and_for_runs_that_take_a_while(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    def shown(stream: io.StringIO, seconds: float) -> bool:
        monkeypatch.setattr(sys, "stderr", stream)
        times = iter([0.0, *[seconds] * 9])
        with ProgressBar(clock=lambda: next(times)) as bar:
            bar(1, 2)
            bar(2, 2)
        return stream.getvalue() != ""

    assert shown(Terminal(), 1.5)
    assert not shown(Terminal(), 0.5)
    assert not shown(io.StringIO(), 1.5)


def test_names_that_the_terminal_cannot_show(project: Path, calls_are_findings: None) -> None:
    write(project, größe="LOS104()\n")
    raw = io.BytesIO()
    out = io.TextIOWrapper(raw, encoding="ascii")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(sys, "stdout", out)
        assert main(["-f", "concise", "-q"]) == 1
        out.flush()
    assert raw.getvalue().startswith(rb"gr\xf6\xdfe.py:1:1")
