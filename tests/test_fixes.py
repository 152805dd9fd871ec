"""The options that fix: what is written, what is said, and the exit code."""

import json
import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest

import losslint.cli.check
import losslint.fixing
from losslint.finding import Confidence, Edit, Finding, Patch, Safety, Severity, Span
from losslint.fixing import chosen
from losslint.source import Source
from losslint.writing import write_back
from tests.conftest import Losslint, write

MIXED = """\
x = LOS104(fix="one()")  # this stays
y = LOS101(fix="two()", safety="unsafe")
z = LOS102()
"""


def test_only_safe_fixes_are_applied(project: Path, losslint_: Losslint) -> None:
    write(project, train=MIXED)
    result = losslint_("--fix", "-f", "concise")
    assert (project / "train.py").read_text() == MIXED.replace('LOS104(fix="one()")', "one()")
    assert result.code == 1
    assert result.out.splitlines() == [
        "train.py:2:5: LOS101 warning: bce-without-logits here",
        "train.py:3:5: LOS102 error: bce-on-logits here",
        (
            "Found 3 findings (1 fixed, 2 remaining: 1 error, 1 warning) in 1 file. "
            "3 loss calls, 3 understood."
        ),
        "No fixes available (1 hidden fix can be enabled with `--unsafe-fixes`).",
    ]


def test_unsafe_fixes_on_request(project: Path, losslint_: Losslint) -> None:
    write(project, train=MIXED.replace("z = LOS102()\n", ""))
    result = losslint_("--fix", "--unsafe-fixes", "-f", "concise")
    assert (project / "train.py").read_text() == "x = one()  # this stays\ny = two()\n"
    assert result.code == 0
    assert result.out.startswith("Found 2 findings (2 fixed, 0 remaining) in 1 file.")


def test_a_run_without_fix_changes_nothing_and_says_what_could_be(
    project: Path, losslint_: Losslint
) -> None:
    write(project, train=MIXED)
    result = losslint_("-f", "concise")
    assert (project / "train.py").read_text() == MIXED
    assert result.out.splitlines()[0].startswith("train.py:1:5: LOS104 [*] error: ")
    assert result.out.splitlines()[1].startswith("train.py:2:5: LOS101 warning: ")
    assert result.out.splitlines()[-1] == (
        "[*] 1 fixable with the `--fix` option (1 hidden fix can be enabled with `--unsafe-fixes`)."
    )
    all_of_them = losslint_("--unsafe-fixes", "-f", "concise").out.splitlines()
    assert all_of_them[-1] == "[*] 2 fixable with the `--fix` option."
    assert "LOS101 [*] warning" in all_of_them[1]


def test_the_text_report_says_what_a_fix_does(project: Path, losslint_: Losslint) -> None:
    write(project, train=MIXED)
    out = losslint_().out
    assert "error[LOS104] [*]: softmax-before-cross-entropy here" in out
    assert "  = fix: write one() (`--fix`)\n" in out
    assert "  = fix: write two() (`--fix --unsafe-fixes`)\n" in out


@pytest.mark.parametrize(
    ("options", "code", "last"),
    [
        (["--fix-only"], 0, "Fixed 1 finding (1 fix more with `--unsafe-fixes`).\n"),
        (["--fix-only", "--exit-non-zero-on-fix"], 1, None),
        (["--fix-only", "--unsafe-fixes"], 0, "Fixed 2 findings.\n"),
        (["--fix-only", "--select", "LOS102"], 0, "No findings fixed.\n"),
        (["--fix", "--select", "LOS104", "--exit-non-zero-on-fix"], 1, None),
        (["--fix", "--select", "LOS104"], 0, None),
        (["--fix", "--select", "LOS104", "--exit-non-zero-on-fix", "--exit-zero"], 0, None),
        (["--fix", "--select", "LOS102", "--exit-non-zero-on-fix", "--exit-zero"], 0, None),
    ],
)
def test_exit_codes(
    project: Path, losslint_: Losslint, options: list[str], code: int, last: str | None
) -> None:
    write(project, train=MIXED)
    result = losslint_(*options)
    assert result.code == code
    if last is not None:
        assert result.out == last


def test_a_diff_changes_nothing(project: Path, losslint_: Losslint) -> None:
    write(project, train=MIXED, other="x = 1\n")
    result = losslint_("--diff")
    assert (project / "train.py").read_text() == MIXED
    assert result.out == (
        "--- train.py\n"
        "+++ train.py\n"
        "@@ -1,3 +1,3 @@\n"
        '-x = LOS104(fix="one()")  # this stays\n'
        "+x = one()  # this stays\n"
        ' y = LOS101(fix="two()", safety="unsafe")\n'
        " z = LOS102()\n"
    )
    assert result.err == "Would fix 1 finding (1 fix more with `--unsafe-fixes`).\n"
    assert result.code == 1
    nothing = losslint_("--diff", "other.py")
    assert (nothing.code, nothing.out, nothing.err) == (0, "", "No findings would be fixed.\n")


def test_a_diff_of_a_last_line_without_end(project: Path, losslint_: Losslint) -> None:
    write(project, train='LOS104(fix="one()")')
    assert losslint_("--diff").out.splitlines()[-4:] == [
        '-LOS104(fix="one()")',
        "\\ No newline at end of file",
        "+one()",
        "\\ No newline at end of file",
    ]


def test_what_was_fixed_is_listed(project: Path, losslint_: Losslint) -> None:
    write(project, a='LOS104(fix="f()")\nLOS104(fix="f()")\n', b='LOS101(fix="f()")\n')
    assert losslint_("--fix", "--show-fixes", "-f", "concise", "-q").out == (
        "Fixed 3 findings:\n"
        "- a.py:\n"
        "    2 x LOS104 (softmax-before-cross-entropy)\n"
        "- b.py:\n"
        "    1 x LOS101 (bce-without-logits)\n"
    )


def test_fixes_of_fixes_until_none_is_left(project: Path, losslint_: Losslint) -> None:
    inner = 'LOS101(fix=\\"done()\\")'
    write(project, train=f'LOS104(fix="{inner}")\n')
    result = losslint_("--fix-only")
    assert (project / "train.py").read_text() == "done()\n"
    assert result.out == "Fixed 2 findings.\n"


def test_fixes_that_go_on_for_ever_are_stopped(
    project: Path, losslint_: Losslint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(losslint.fixing, "MAX_ROUNDS", 1)
    write(project, train='LOS104(fix="LOS101(fix=\\"done()\\")")\n')
    result = losslint_("--fix")
    assert (project / "train.py").read_text() == 'LOS101(fix="done()")\n'
    assert result.code == 1
    assert "fixing stopped after 1 rounds, in which LOS101 kept coming back" in result.err


def test_a_fix_that_does_not_help_is_not_kept(project: Path, losslint_: Losslint) -> None:
    text = """\
a = LOS104(fix="one()")
b = LOS104(fix="LOS104()")
c = LOS101(fix="two()")
d = LOS101(fix="LOS102(LOS102())")
"""
    write(project, train=text)
    result = losslint_("--fix", "-f", "concise")
    kept = text.replace('LOS104(fix="one()")', "one()").replace('LOS101(fix="two()")', "two()")
    assert (project / "train.py").read_text() == kept
    assert "a fix of LOS101, LOS104 did not help, and was not kept" in result.err
    assert "(2 fixed, 2 remaining: 1 error, 1 warning)" in result.out


def test_a_fix_that_leaves_no_python_is_not_kept(project: Path, losslint_: Losslint) -> None:
    write(project, train='LOS104(fix="one(")\n')
    result = losslint_("--fix")
    assert (project / "train.py").read_text() == 'LOS104(fix="one(")\n'
    assert result.code == 1
    assert "a fix of LOS104 leaves code that is no Python" in result.err


def test_a_fix_of_a_finding_that_is_not_sure_is_not_offered(
    project: Path, losslint_: Losslint
) -> None:
    write(project, train='LOS104(fix="f()", confidence="medium")\n')
    assert "[*]" not in losslint_().out


def test_a_file_with_a_syntax_error_is_not_touched(project: Path, losslint_: Losslint) -> None:
    broken = 'LOS104(fix="f()")\nif x\n'
    write(project, broken=broken, train='LOS104(fix="f()")\n')
    assert losslint_("--fix").code == 1
    assert (project / "broken.py").read_text() == broken
    assert (project / "train.py").read_text() == "f()\n"


def test_silenced_findings_are_left_alone(project: Path, losslint_: Losslint) -> None:
    text = 'LOS104(fix="f()")  # losslint: ignore[LOS104] meant\n'
    write(project, train=text)
    assert losslint_("--fix").code == 0
    assert (project / "train.py").read_text() == text


def test_a_fix_from_standard_input(
    project: Path, losslint_: Losslint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(losslint.cli.check, "read_stdin", lambda: b'LOS104(fix="f()")\nLOS102()\n')
    result = losslint_("-", "--fix", "--stdin-filename", "train.py", "-f", "concise")
    assert result.out == "f()\nLOS102()\n"
    assert result.err.startswith("train.py:2:1: LOS102 error")
    assert result.code == 1
    diff = losslint_("-", "--diff", "--stdin-filename", "train.py")
    assert diff.out.splitlines()[0] == "--- train.py"


FAULT = b'LOS104(fix="f()")'


@pytest.mark.parametrize(
    ("before", "after"),
    [
        (b"\xef\xbb\xbf" + FAULT + b"\n", b"\xef\xbb\xbff()\n"),
        (b"x = 1\r\n" + FAULT + b"\r\ny = 2\n", b"x = 1\r\nf()\r\ny = 2\n"),
        (b"x = 1\r" + FAULT + b"\r", b"x = 1\rf()\r"),
        (
            b"# coding: latin-1\nname = '\xe9'\n" + FAULT,
            b"# coding: latin-1\nname = '\xe9'\nf()",
        ),
        (b"\x0c\n  \n\t\n" + FAULT + b" ; x = '\xc3\xa9'", b"\x0c\n  \n\t\nf() ; x = '\xc3\xa9'"),
    ],
)
def test_bytes_that_nobody_asked_to_change_stay(
    project: Path, losslint_: Losslint, before: bytes, after: bytes
) -> None:
    (project / "train.py").write_bytes(before)
    losslint_("--fix")
    assert (project / "train.py").read_bytes() == after


def test_the_mode_of_a_file_stays(project: Path, losslint_: Losslint) -> None:
    write(project, train='LOS104(fix="f()")\n')
    (project / "train.py").chmod(0o750)
    losslint_("--fix")
    assert stat.S_IMODE((project / "train.py").stat().st_mode) == 0o750
    assert [path.name for path in project.iterdir()] == ["train.py"]


def test_a_link_stays_a_link(project: Path, losslint_: Losslint) -> None:
    (project / "real").mkdir()
    write(project / "real", train='LOS104(fix="f()")\n')
    (project / "link.py").symlink_to(project / "real" / "train.py")
    losslint_("--fix", "link.py")
    assert (project / "link.py").is_symlink()
    assert (project / "real" / "train.py").read_text() == "f()\n"


def test_a_file_that_has_changed_meanwhile_is_left_alone(project: Path) -> None:
    write(project, a="one\n", b="two\n")
    before = [Source.read(project / "a.py"), Source.read(project / "b.py")]
    after = [source.with_text("fixed\n") for source in before]
    write(project, a="somebody was here\n")
    with pytest.raises(Exception, match=r"a\.py has changed since it was read"):
        write_back(before, after)
    assert (project / "a.py").read_text() == "somebody was here\n"
    assert (project / "b.py").read_text() == "fixed\n"


def over(*names: str, folder: Path) -> Finding:
    """A finding whose fix changes several files."""
    edits = tuple(Edit(Span(folder / f"{name}.py", 1, 1, 1, 1), "") for name in names)
    return replace(finding(), fix=Patch("", Safety.UNSAFE, edits))


def test_files_that_one_fix_changes_are_written_together_or_not_at_all(project: Path) -> None:
    write(project, a="one\n", b="two\n", c="three\n", d="four\n")
    before = [Source.read(project / f"{name}.py") for name in "abcd"]
    after = [source.with_text("fixed\n") for source in before]
    fixes = [over("a", "b", folder=project), over("b", "c", folder=project)]
    write(project, c="somebody was here\n")
    with pytest.raises(Exception, match=r"c\.py has changed .* so .*a\.py, .*b\.py stay") as told:
        write_back(before, after, fixes)
    assert "d.py" not in str(told.value)
    texts = [(project / f"{name}.py").read_text() for name in "abcd"]
    assert texts == ["one\n", "two\n", "somebody was here\n", "fixed\n"]
    assert len(list(project.iterdir())) == 4


def test_files_are_put_back_if_another_one_of_the_fix_cannot_be_written(
    project: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project, a="one\n", b="two\n")
    before = [Source.read(project / f"{name}.py") for name in "ab"]
    after = [source.with_text("fixed\n") for source in before]
    rename = Path.replace

    def full(self: Path, target: Path) -> Path:
        if target.name == "b.py":
            raise OSError(28, "No space left on device")
        return rename(self, target)

    monkeypatch.setattr(Path, "replace", full)
    with pytest.raises(Exception, match=r"b\.py cannot be written: No space left"):
        write_back(before, after, [over("a", "b", folder=project)])
    assert [(project / f"{name}.py").read_text() for name in "ab"] == ["one\n", "two\n"]
    assert len(list(project.iterdir())) == 2


def test_a_read_only_file_is_told(
    project: Path, losslint_: Losslint, monkeypatch: pytest.MonkeyPatch
) -> None:
    write(project, train='LOS104(fix="f()")\n')
    monkeypatch.setattr(os, "access", lambda path, mode: False)  # root may write anything
    result = losslint_("--fix")
    assert result.code == 2
    assert "train.py cannot be written: it is read-only" in result.err


def finding(*edits: tuple[int, int, str], code: str = "LOS104") -> Finding:
    """A finding with edits in columns of the first line of one file."""
    path = Path("train.py")
    return Finding(
        code,
        "name",
        Severity.ERROR,
        Confidence.HIGH,
        Span(path, 1, 1, 1, 2),
        "",
        "",
        fix=Patch(
            "",
            Safety.SAFE,
            tuple(Edit(Span(path, 1, start, 1, end), text) for start, end, text in edits),
        ),
    )


@pytest.mark.parametrize(
    ("first", "second", "both"),
    [
        (finding((1, 4, "a")), finding((4, 6, "b")), True),
        (finding((1, 4, "a")), finding((3, 6, "b")), False),
        (finding((3, 6, "b")), finding((1, 4, "a")), False),
        (finding((1, 9, "a")), finding((3, 6, "b")), False),
        (finding((1, 9, "a")), finding((3, 3, "b")), False),
        (finding((3, 6, "a")), finding((3, 3, "b")), True),
        (finding((3, 3, "import f")), finding((3, 3, "import g")), False),
        (finding((1, 4, "a")), finding((1, 4, "b")), False),
        (finding((1, 1, "import f"), (5, 6, "f")), finding((1, 1, "import f"), (7, 8, "f")), True),
        (finding((1, 4, "a"), (3, 5, "b")), finding((7, 8, "c")), False),
    ],
)
def test_fixes_that_touch_each_other_wait(first: Finding, second: Finding, both: bool) -> None:
    applied, edits = chosen([first, second], (Safety.SAFE,))
    assert len(applied) == (2 if both else 1)
    (kept,) = edits.values()
    assert len(kept) == len(set(kept))


def test_the_machine_reads_what_a_fix_does(project: Path, losslint_: Losslint) -> None:
    write(project, train=MIXED)
    document = json.loads(losslint_("-f", "json").out)
    assert document["findings"][0]["fix"] == {
        "safety": "safe",
        "message": "write one()",
        "edits": [
            {
                "path": "train.py",
                "line": 1,
                "column": 5,
                "end_line": 1,
                "end_column": 24,
                "cell": None,
                "text": "one()",
            }
        ],
    }
    assert document["findings"][2]["fix"] is None
    fixed = json.loads(losslint_("-f", "json", "--fix").out)
    assert (fixed["summary"]["fixed"], fixed["summary"]["findings"]) == (1, 2)
