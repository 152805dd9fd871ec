"""The report for people, and the one for editors."""

import io
import re
from pathlib import Path

import pytest

from losslint.finding import Confidence, Coverage, Finding, Report, Severity, Span
from losslint.report import View
from losslint.report.text import write as write_text
from tests.conftest import Losslint, write


def test_a_finding_with_its_trail(project: Path, losslint_: Losslint) -> None:
    write(
        project,
        train="net = 1\n\n\nfor x in y:\n    loss = LOS104(net, x)  # reason\n",
    )
    assert losslint_().out == (
        "train.py\n"
        "\n"
        "error[LOS104]: softmax-before-cross-entropy here\n"
        " --> train.py:5:12\n"
        "  |\n"
        "5 |     loss = LOS104(net, x)  # reason\n"
        "  |            ^^^^^^^^^^^^^^\n"
        " ::: train.py:5:19\n"
        "  |\n"
        "5 |     loss = LOS104(net, x)  # reason\n"
        "  |                   --- net came from here\n"
        " ::: train.py:5:24\n"
        "  |\n"
        "5 |     loss = LOS104(net, x)  # reason\n"
        "  |                        - x came from here\n"
        "  = help: do not\n"
        "  = rule: softmax-before-cross-entropy; more: losslint explain LOS104\n"
        "\n"
        "Found 1 finding (1 error) in 1 file. 1 loss call, 1 understood.\n"
    )


def test_findings_are_grouped_by_file(project: Path, losslint_: Losslint) -> None:
    write(project, a="LOS101()\nLOS104()\n", b="LOS104()\n")
    out = losslint_().out
    assert [line for line in out.splitlines() if line in ("a.py", "b.py")] == ["a.py", "b.py"]
    assert out.endswith(
        "Found 3 findings (2 errors, 1 warning) in 2 files. 3 loss calls, 3 understood.\n"
    )


def test_nothing_found(project: Path, losslint_: Losslint) -> None:
    write(project, a="f()\n")
    assert losslint_().out == "Found nothing wrong in 1 file. 1 loss call, 1 understood.\n"


def test_a_confidence_below_high_is_said(project: Path, losslint_: Losslint) -> None:
    write(project, a='LOS104(confidence="medium")\n')
    assert "softmax-before-cross-entropy (medium confidence)" in losslint_().out


def test_concise_is_a_line_for_each_finding(project: Path, losslint_: Losslint) -> None:
    write(project, a="LOS101()\n")
    assert losslint_("-f", "concise").out.splitlines() == [
        "a.py:1:1: LOS101 warning: bce-without-logits here",
        "Found 1 finding (1 warning) in 1 file. 1 loss call, 1 understood.",
    ]


def test_what_was_not_understood(project: Path, losslint_: Losslint) -> None:
    write(project, a="LOS101()\n", b="y = 1\nloss = unknown(y)\n\nunknown()\n")
    result = losslint_("--show-unresolved", "b.py")
    assert result.code == 0
    assert result.out == (
        "b.py\n"
        "\n"
        "unresolved: the criterion or its input is not known\n"
        " --> b.py:2:8\n"
        "  |\n"
        "2 | loss = unknown(y)\n"
        "  |        ^^^^^^^^^^\n"
        " ::: b.py:2:16\n"
        "  |\n"
        "2 | loss = unknown(y)\n"
        "  |                - lost here: nobody knows this\n"
        "\n"
        "unresolved: the criterion or its input is not known\n"
        " --> b.py:4:1\n"
        "  |\n"
        "4 | unknown()\n"
        "  | ^^^^^^^^^\n"
        "\n"
        "Found nothing wrong in 1 file. 2 loss calls, 0 understood.\n"
    )
    assert losslint_("--show-unresolved", "-f", "concise", ".").out.splitlines() == [
        "a.py:1:1: LOS101 warning: bce-without-logits here",
        "b.py:2:8: unresolved: nobody knows this (b.py:2:16)",
        "b.py:4:1: unresolved: the criterion or its input is not known",
        "Found 1 finding (1 warning) in 2 files. 3 loss calls, 1 understood.",
    ]
    assert "unresolved" not in losslint_().out


def test_a_long_list_of_what_was_not_understood_is_cut(project: Path, losslint_: Losslint) -> None:
    write(project, a="unknown()\n" * 60)
    out = losslint_("--show-unresolved").out
    assert out.count("unresolved:") == 50
    assert "\nand 10 more; --output-format concise lists all\n" in out
    assert losslint_("--show-unresolved", "-f", "concise").out.count("unresolved:") == 60


def shown(
    text: str, column: int, end_column: int, *, line: int = 1, end_line: int = 1
) -> list[str]:
    """The frame of a finding in a text: its lines and the marks under them."""
    path = Path("/p/a.py")
    span = Span(path, line, column, end_line, end_column)
    finding = Finding("X1", "x", Severity.ERROR, Confidence.HIGH, span, "m", "h")
    out = io.StringIO()
    report = Report((finding,), texts={(path, None): text}, coverage=Coverage(), files=1)
    write_text(report, View(Path("/p")), out)
    lines = out.getvalue().splitlines()
    start = next(n for n, line in enumerate(lines) if "-->" in line)
    return [line[2:] for line in lines[start + 2 :] if re.match(r"\d* +\||\.\.\.", line)]


def test_the_mark_is_under_the_place() -> None:
    assert shown("\tx = f(y)\n", 6, 10) == ["|     x = f(y)", "|         ^^^^"]
    assert shown("a\tx = f(y)\n", 7, 11) == ["| a   x = f(y)", "|         ^^^^"]
    assert shown("x = '日本', f()\n", 11, 14) == ["| x = '日本', f()", "|             ^^^"]
    assert shown("é = f()\r\n", 5, 8) == ["| é = f()", "|     ^^^"]
    assert shown("x", 1, 1) == ["| x", "| ^"]


def test_a_place_of_many_lines_is_cut() -> None:
    text = "f(\n    a,\n\n    b,\n    c,\n)\n"
    assert shown(text, 1, 2, end_line=6) == [
        "| f(",
        "| ^^",
        "|     a,",
        "|     ^^",
        "|",
        "|     b,",
        "|     ^^",
        ".",
    ]


@pytest.mark.parametrize("width", [40, 80, 200])
@pytest.mark.parametrize("start", [0, 50, 5000, 9990])
def test_a_long_line_is_cut_around_the_place(
    monkeypatch: pytest.MonkeyPatch, width: int, start: int
) -> None:
    monkeypatch.setenv("COLUMNS", str(width))
    text = "日" * start + "MARK" + "y" * 10_000
    line, mark = shown(text, start + 1, start + 5)
    assert "MARK" in line
    assert mark.strip("| ") == "^^^^"
    assert len(line) <= width


def test_a_place_that_is_not_in_the_text() -> None:
    assert shown("", 1, 1, line=7, end_line=7) == []


def test_nothing_from_a_file_acts_on_the_terminal(project: Path, losslint_: Losslint) -> None:
    name = "[red]\x1b[31m.py"
    text = 'LOS104(message="[bold]a\\x1b[2J\\u202e\\x07b[/bold]")  # \x1b[31m\u202e [red]\n'
    (project / name).write_text(text)
    for format_ in ("text", "concise"):
        out = losslint_("-f", format_).out
        assert "[red]\\x1b[31m.py:1:1" in out
        assert "[bold]a\\x1b[2J\\u202e\\x07b[/bold]" in out
        assert not set(out) & set("\x1b\x07\u202e")
    assert not set(losslint_("missing\x1b[31m.py").err) & set("\x1b")


def test_no_colour_without_a_terminal_and_colour_on_one(monkeypatch: pytest.MonkeyPatch) -> None:
    class Terminal(io.StringIO):
        def isatty(self) -> bool:
            return True

    def coloured(out: io.StringIO) -> bool:
        write_text(Report(files=1), View(Path("/p")), out)
        return "\x1b[" in out.getvalue()

    monkeypatch.setenv("TERM", "xterm-256color")
    monkeypatch.delenv("NO_COLOR", raising=False)
    assert coloured(Terminal())
    assert not coloured(io.StringIO())
    monkeypatch.setenv("NO_COLOR", "1")
    write_text(Report(files=1), View(Path("/p")), out := Terminal())
    assert not re.search(r"\x1b\[[\d;]*3\d", out.getvalue()), "bold is fine, colour is not"
