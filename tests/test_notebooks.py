"""Notebooks: what of them is read, and where it is said to stand."""

import io
import json
import sys
from pathlib import Path
from typing import Any

import pytest

from losslint.cli.main import main
from losslint.source import Source
from losslint.testing import Case, mismatches
from tests.conftest import Losslint, write
from tests.test_end_to_end import MODEL, lint

LINES = ("-f", "concise", "-q")


def text_cell(words: str = "# About") -> dict[str, Any]:
    return {"cell_type": "markdown", "metadata": {}, "source": [words]}


def code_cell(code: str, **more: object) -> dict[str, Any]:
    source = code.splitlines(keepends=True)
    return {"cell_type": "code", "metadata": {}, "outputs": [], "source": source} | more


def document(*cells: str | dict[str, Any], **metadata: object) -> str:
    made = [code_cell(cell) if isinstance(cell, str) else cell for cell in cells]
    return json.dumps({"cells": made, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


def notebook(path: Path, *cells: str | dict[str, Any], **metadata: object) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(document(*cells, **metadata), "utf-8")
    return path


def places(out: str) -> list[str]:
    return [line.split(" ")[0] + line.split(" ")[1] for line in out.splitlines() if "LOS" in line]


# -- places -----------------------------------------------------------------------------------


def test_a_finding_stands_in_its_cell(project: Path, losslint_: Losslint) -> None:
    notebook(project / "nb.ipynb", text_cell(), "x = 1\n\nLOS104(x)\n", "y\nif y:\n  LOS104()")
    assert losslint_(*LINES, ".").out.splitlines() == [
        "nb.ipynb:cell 2:3:1: LOS104 error: softmax-before-cross-entropy here",
        "nb.ipynb:cell 3:3:3: LOS104 error: softmax-before-cross-entropy here",
    ]


def test_the_frame_shows_the_lines_of_the_cell(project: Path, losslint_: Losslint) -> None:
    notebook(project / "nb.ipynb", "x = 1", "# first\n%time LOS104(\n  x)\n!ls")
    assert losslint_("nb.ipynb").out == (
        "nb.ipynb\n\n"
        "error[LOS104]: softmax-before-cross-entropy here\n"
        " --> nb.ipynb:cell 2:2:7\n"
        "  |\n"
        "2 | %time LOS104(\n"
        "  |       ^^^^^^^\n"
        "3 |   x)\n"
        "  |   ^^\n"
        " ::: nb.ipynb:cell 2:3:3\n"
        "  |\n"
        "3 |   x)\n"
        "  |   - x came from here\n"
        "  = help: do not\n"
        "  = rule: softmax-before-cross-entropy; more: losslint explain LOS104\n\n"
        "Found 1 finding (1 error) in 1 file. 1 loss call, 1 understood.\n"
    )


def test_the_cell_of_a_program_counts_from_zero(project: Path, losslint_: Losslint) -> None:
    notebook(project / "nb.ipynb", text_cell(), "\n", "\nLOS104(\nx)", "unknown(x)", "if:")
    found = json.loads(losslint_("-f", "json", "--show-unresolved", "nb.ipynb").out)
    finding = next(one for one in found["findings"] if one["code"] == "LOS104")
    at = {key: finding[key] for key in ("cell", "line", "column", "end_line", "end_column")}
    assert at == {"cell": 2, "line": 2, "column": 1, "end_line": 3, "end_column": 3}
    (step,) = finding["related"]
    assert (step["cell"], step["line"]) == (2, 3)
    (lost,) = found["coverage"]["unresolved"]
    assert (lost["cell"], lost["line"]) == (3, 1)
    assert (lost["lost"]["cell"], lost["lost"]["column"]) == (3, 9)
    (error,) = found["errors"]
    assert (error["cell"], error["line"], error["column"]) == (4, 1, 3)


def test_what_was_not_understood_stands_in_its_cell(project: Path, losslint_: Losslint) -> None:
    notebook(project / "nb.ipynb", "x = 1", "x\nunknown(x)")
    told = losslint_("-f", "concise", "--show-unresolved", "nb.ipynb").out
    assert "nb.ipynb:cell 2:2:1: unresolved: nobody knows this (nb.ipynb:cell 2:2:9)\n" in told
    assert "2 | unknown(x)\n" in losslint_("--show-unresolved", "nb.ipynb").out


@pytest.mark.parametrize(
    ("cell", "place"),
    [
        ("LOS104()", "2:1:1"),
        ("\r\n\r\nLOS104()\r\n", "2:3:1"),
        ("%%time\nLOS104()", "2:2:1"),
        ("    # far right\n    x = 1\n    LOS104()", "2:3:5"),
        ("   # far right\nLOS104()", "2:2:1"),
        ("s = '\\ud800'; LOS104()", "2:1:10"),
        ("# coding: latin-1\ns = 'ä'; LOS104()", "2:2:10"),
        ("x\n\n\nLOS104()\n\n\n", "2:4:1"),
    ],
)
def test_lines_and_columns_are_those_that_its_author_sees(
    project: Path, losslint_: Losslint, cell: str, place: str
) -> None:
    raw = document("x = 1  # of\n", cell.replace("\\ud800", "SURROGATE"), "LOS104()")
    (project / "nb.ipynb").write_text(raw.replace("SURROGATE", "\\ud800"))
    out = losslint_(*LINES, "nb.ipynb").out
    assert places(out) == [f"nb.ipynb:cell{place}:", "nb.ipynb:cell3:1:1:"]


# -- what is read -----------------------------------------------------------------------------


def test_only_cells_of_python_are_read(project: Path, losslint_: Losslint) -> None:
    notebook(
        project / "nb.ipynb",
        text_cell("LOS104()"),
        code_cell("LOS104()", cell_type="raw"),
        code_cell("LOS104()", metadata={"vscode": {"languageId": "julia"}}),
        "%%bash\nLOS104()",
        "%%writefile x.py\nLOS104()",
        "LOS104()",
    )
    assert places(losslint_(*LINES, "nb.ipynb").out) == ["nb.ipynb:cell6:1:1:"]


def test_a_source_may_be_one_string_or_lines(project: Path, losslint_: Losslint) -> None:
    cells = [
        code_cell("", source="x\nLOS104()"),
        code_cell("", source=["x\n", "LOS104()"]),
        code_cell("", source=None),
        code_cell("", source=["x\n", 3, "LOS104()"]),
        3,
        {},
        None,
    ]
    (project / "nb.ipynb").write_text(json.dumps({"cells": cells}))
    out = losslint_(*LINES, "nb.ipynb").out
    assert places(out) == [f"nb.ipynb:cell{number}:2:1:" for number in (1, 2, 4)]


def test_the_format_before_the_last(project: Path, losslint_: Losslint) -> None:
    cells = [
        {"cell_type": "heading", "source": "LOS104()"},
        {"cell_type": "code", "language": "python", "input": ["x\n", "LOS104()"]},
        {"cell_type": "code", "language": "ruby", "input": "LOS104()"},
    ]
    sheets = {"worksheets": [{"cells": cells}, {}, {"cells": cells}], "nbformat": 3}
    (project / "nb.ipynb").write_text(json.dumps(sheets))
    out = losslint_(*LINES, "nb.ipynb").out
    assert places(out) == ["nb.ipynb:cell2:2:1:", "nb.ipynb:cell5:2:1:"]


@pytest.mark.parametrize(
    ("metadata", "other"),
    [
        ({}, None),
        ({"language_info": {"name": "python", "version": "3.9"}}, None),
        ({"language_info": {"name": "ipython"}}, None),
        ({"language_info": [], "kernelspec": {"language": "python"}}, None),
        ({"kernelspec": {"name": "python3"}}, None),
        ({"language_info": {"name": "julia"}}, "julia"),
        ({"kernelspec": {"language": "R"}}, "R"),
        ({"language": "Julia"}, "Julia"),
    ],
)
def test_a_notebook_in_another_language_is_left_out(
    project: Path, losslint_: Losslint, metadata: dict[str, object], other: str | None
) -> None:
    notebook(project / "nb.ipynb", "LOS104()", **metadata)
    result = losslint_("-f", "concise", "nb.ipynb")
    assert (result.code, len(places(result.out))) == ((0, 0) if other else (1, 1))
    warning = f"warning: no Python files in nb.ipynb: notebooks in {other} are left out\n"
    assert result.err == (warning if other else "")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", None),
        (b" \n", None),
        (b'{"cells": []}', None),
        (b"\xef\xbb\xbf" + document("x = 1").encode(), None),
        (document("x = 1").encode("utf-16"), None),
        (b'{"cells": [\n  {"source"', "2:12: LOS001 error: not a notebook: its JSON is broken: "),
        (b"<<<<<<< HEAD\n", "1:1: LOS001 error: not a notebook: its JSON is broken: "),
        (b"version https://git-lfs.github.com/spec/v1\n", "1:1: LOS001 error: not a notebook: "),
        (b'{"nbformat": 4}', "1:1: LOS001 error: not a notebook: there is no list of cells in it"),
        (b'{"cells": {"a": 1}}', "1:1: LOS001 error: not a notebook: there is no list of cells"),
        (b"[1]", "1:1: LOS001 error: not a notebook: there is no list of cells in it"),
        (b'{"a": "\xff"}', "1:1: LOS001 error: not a notebook: its JSON cannot be read: "),
        (b"[1," + b"[" * 200_000, "1:1: LOS001 error: not a notebook: its JSON cannot be read: "),
    ],
)
def test_what_is_no_notebook(
    project: Path, capsys: pytest.CaptureFixture[str], content: bytes, said: str | None
) -> None:
    (project / "nb.ipynb").write_bytes(content)
    main([*LINES, "nb.ipynb"])
    captured = capsys.readouterr()
    assert captured.err == ""
    assert captured.out.startswith(f"nb.ipynb:{said}" if said else "")
    assert captured.out.count("\n") == (said is not None)


def test_a_broken_cell_costs_only_itself(project: Path, losslint_: Losslint) -> None:
    notebook(
        project / "nb.ipynb",
        "LOS104()",
        "x = (1,\n",
        text_cell(),
        "def f(:\n  pass\nLOS104()",
        's = """\n',
        "    x = 1\n    if:\n",
        "LOS104()",
    )
    found = losslint_(*LINES, "nb.ipynb").out.splitlines()
    assert [line.partition(" triple")[0] for line in found] == [
        "nb.ipynb:cell 1:1:1: LOS104 error: softmax-before-cross-entropy here",
        "nb.ipynb:cell 2:1:5: LOS001 error: not valid Python: '(' was never closed",
        "nb.ipynb:cell 4:1:7: LOS001 error: not valid Python: invalid syntax",
        "nb.ipynb:cell 5:1:5: LOS001 error: not valid Python: unterminated",
        "nb.ipynb:cell 6:2:7: LOS001 error: not valid Python: invalid syntax",
        "nb.ipynb:cell 7:1:1: LOS104 error: softmax-before-cross-entropy here",
    ]
    assert "2 |     if:\n  |       ^\n" in losslint_("nb.ipynb").out


def test_a_broken_cell_is_told_where_its_rule_is_off(project: Path, losslint_: Losslint) -> None:
    notebook(project / "nb.ipynb", "x = 1", "\nif:")
    result = losslint_("--select", "LOS104", "nb.ipynb")
    assert "nb.ipynb:cell 2:2: not valid Python: invalid syntax (LOS001 is off)" in result.err


def test_outputs_do_not_count(project: Path) -> None:
    shown = [{"output_type": "stream", "text": ["loss.backward() torch"]}]
    path = notebook(project / "nb.ipynb", code_cell("x = 1", outputs=shown))
    assert b"torch" not in Source.read(path).content


# -- which files ------------------------------------------------------------------------------


def test_notebooks_are_found_as_other_files_are(project: Path, losslint_: Losslint) -> None:
    for name in ("a", "out/b", "old/c", "sub/.ipynb_checkpoints/d-checkpoint", "sub/e"):
        notebook(project / f"{name}.ipynb", "LOS104()")
    (project / ".git").mkdir()
    (project / ".gitignore").write_text("out/\n")
    (project / "losslint.toml").write_text('exclude = ["old/"]')
    (project / "folder.ipynb").mkdir()
    write(project / "folder.ipynb", f="LOS104()")
    assert places(losslint_(*LINES).out) == [
        "a.ipynb:cell1:1:1:",
        "folder.ipynb/f.py:1:1:LOS104",
        "sub/e.ipynb:cell1:1:1:",
    ]
    assert places(losslint_(*LINES, "folder.ipynb").out) == ["folder.ipynb/f.py:1:1:LOS104"]
    assert places(losslint_(*LINES, "old/c.ipynb").out) == ["old/c.ipynb:cell1:1:1:"]


def test_a_notebook_on_standard_input(
    project: Path, losslint_: Losslint, monkeypatch: pytest.MonkeyPatch
) -> None:
    def given(text: str) -> None:
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(text.encode())))

    given(document("x", "LOS104()"))
    out = losslint_(*LINES, "-", "--stdin-filename", "sub/nb.ipynb").out
    assert places(out) == ["sub/nb.ipynb:cell2:1:1:"]
    given(document("LOS104()", kernelspec={"language": "julia"}))
    assert losslint_(*LINES, "-", "--stdin-filename", "nb.ipynb").out == ""


# -- comments ---------------------------------------------------------------------------------


def test_comments_silence_what_is_in_their_cell(project: Path, losslint_: Losslint) -> None:
    notebook(
        project / "nb.ipynb",
        "LOS104()  # losslint: ignore[LOS104] on purpose",
        "# losslint: ignore[LOS104]\nLOS104()",
        "x = 1\n# losslint: ignore[LOS104]",
        "LOS104()",
        "LOS401()  # noqa: LOS401",
    )
    assert losslint_(*LINES, "nb.ipynb").out.splitlines() == [
        (
            "nb.ipynb:cell 3:2:1: LOS002 warning: `# losslint: ignore[LOS104]` is of no use: "
            "there is no LOS104 here"
        ),
        "nb.ipynb:cell 4:1:1: LOS104 error: softmax-before-cross-entropy here",
    ]


def test_a_comment_for_the_file_is_for_all_cells(project: Path, losslint_: Losslint) -> None:
    notebook(project / "nb.ipynb", "LOS104()", "# losslint: ignore-file[LOS104]", "LOS104()")
    assert losslint_(*LINES, "nb.ipynb").out == ""


# -- fixes ------------------------------------------------------------------------------------


def test_no_fix_is_offered_in_a_notebook(project: Path, losslint_: Losslint) -> None:
    path = notebook(project / "nb.ipynb", "LOS104(fix='x')", "LOS104(fix='x', safety='unsafe')")
    before = path.read_bytes()
    out = losslint_("-f", "concise", "nb.ipynb").out
    assert "[*]" not in out
    assert out.endswith("2 findings (2 errors) in 1 file. 2 loss calls, 2 understood.\n")
    assert json.loads(losslint_("-f", "json", ".").out)["findings"][0]["fix"] is None
    for options in (["--fix"], ["--fix", "--unsafe-fixes"], ["--diff", "--unsafe-fixes"]):
        losslint_(*options, "nb.ipynb")
        assert path.read_bytes() == before


@pytest.mark.parametrize(
    "content",
    [
        document("LOS104(fix='x')"),
        document("LOS104(fix='x')", kernelspec={"language": "julia"}),
        '{"cells": [',
    ],
)
def test_a_notebook_on_standard_input_is_given_back(
    project: Path, losslint_: Losslint, monkeypatch: pytest.MonkeyPatch, content: str
) -> None:
    monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(content.encode())))
    assert losslint_("--fix", "-", "--stdin-filename", "nb.ipynb").out == content


def test_files_beside_a_notebook_are_fixed(project: Path, losslint_: Losslint) -> None:
    path = notebook(project / "nb.ipynb", "LOS104(fix='x')")
    before = path.read_bytes()
    write(project, a="LOS104(fix='x')\n")
    assert "Found 2 findings (1 fixed, 1 remaining" in losslint_("--fix", ".").out
    assert (project / "a.py").read_text() == "x\n"
    assert path.read_bytes() == before


# -- what it imports --------------------------------------------------------------------------

TRAIN = (
    "from model import Net\nimport torch.nn as nn\nmodel = Net(4, 3)",
    "def step(x, y):\n    return criterion(model(x), y)",
    "criterion = nn.CrossEntropyLoss()",
    "for x, y in loader:\n    loss = step(x, y)",
)


def test_facts_of_other_cells_and_files_meet(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project, model=MODEL)
    notebook(project / "train.ipynb", *TRAIN)
    (finding,) = lint(capsys, "train.ipynb")["findings"]
    assert (finding["code"], finding["cell"], finding["line"]) == ("LOS104", 1, 2)
    steps = {(step["path"], step["cell"]) for step in finding["related"]}
    assert {("model.py", None), ("train.ipynb", 2)} <= steps


def test_a_changed_model_shows_in_the_notebook_that_trains_it(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (project / "pyproject.toml").touch()
    write(project, model=MODEL)
    notebook(project / "train.ipynb", *TRAIN)
    (finding,) = lint(capsys, "model.py")["findings"]
    assert (finding["path"], finding["cell"], finding["line"]) == ("train.ipynb", 1, 2)


def test_nothing_imports_a_notebook(project: Path, capsys: pytest.CaptureFixture[str]) -> None:
    notebook(project / "model.ipynb", MODEL)
    write(project, train="\n\n".join(TRAIN))
    assert lint(capsys, "train.py")["findings"] == []
    assert lint(capsys, ".")["findings"] == []


def test_a_notebook_is_evidence_of_a_task(
    project: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    write(project, model=MODEL)
    notebook(project / "train.ipynb", *TRAIN)
    main(["advise", "--from", "train.ipynb", "--task", "multiclass"])
    assert "Cell 2, line 2, LOS104" in capsys.readouterr().out
    main(["checklist", "train.ipynb"])
    assert "train.ipynb:cell 2:2: LOS104" in capsys.readouterr().out


# -- fixtures ---------------------------------------------------------------------------------


@pytest.mark.usefixtures("calls_are_findings")
def test_a_notebook_is_a_fixture_too(tmp_path: Path) -> None:
    path = notebook(tmp_path / "a.ipynb", "x", "LOS104()  # expect: LOS104", "LOS104()")
    (said,) = mismatches(Case(path))
    assert said.startswith(f"{path}:cell 3:1: LOS104 is found and not expected")


def test_a_line_in_the_words_of_python_is_that_of_the_cell(
    project: Path, losslint_: Losslint
) -> None:
    notebook(project / "nb.ipynb", "import torch", "x = 1\ny = 'open\n", "  def f():\n  pass\n")
    out = losslint_(*LINES, "--select", "LOS001", ".").out.splitlines()
    assert "cell 2:2:" in out[0]
    assert "(detected at line 2)" in out[0]
    assert "cell 3:2:" in out[1]
    assert "on line 1" in out[1]
