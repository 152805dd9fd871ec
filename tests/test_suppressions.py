"""Comments that silence findings, and complaints about comments that do not."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Losslint

Found = Callable[..., list[str]]


@pytest.fixture
def found(project: Path, losslint_: Losslint) -> Found:
    """``code@line`` of what is found in a text."""

    def lint(text: str, *options: str) -> list[str]:
        (project / "train.py").write_bytes(text.encode())
        lines = losslint_("-f", "concise", "-q", *options, "train.py").out.splitlines()
        return [f"{line.split()[1]}@{line.split(':')[1]}" for line in lines]

    return lint


@pytest.mark.parametrize(
    "text",
    [
        "LOS104()  # losslint: ignore[LOS104] as in the paper\n",
        "LOS104()  # losslint: ignore[softmax-before-cross-entropy]\n",
        "LOS104()  # losslint:ignore[los104]\n",
        "LOS104()  # losslint: ignore[ALL]\n",
        "LOS104(LOS201())  # losslint: ignore[LOS104, LOS201]\n",
        "LOS104()  # type: ignore  # losslint: ignore[LOS104]\n",
        "LOS104()  # noqa\n",
        "LOS104()  # NOQA: LOS104\n",
        "LOS104()  # noqa:E501,LOS104 because\n",
        "LOS104(\n    1,\n)  # losslint: ignore[LOS104]\n",
        "LOS104(  # losslint: ignore[LOS104]\n    1,\n)\n",
        "x = f(  # losslint: ignore[LOS104]\n    1,\n    LOS104(),\n    2,\n)\n",
        "x = f(\n    1,\n    LOS104(),\n    2,\n)  # noqa: LOS104\n",
        "# losslint: ignore[LOS104]\nLOS104()\n",
        "x = 1\n\n# losslint: ignore[LOS104] why\n# more words\nf(\n    LOS104(),\n)\n",
        "# losslint: ignore[LOS104]\ndef f():\n    if x:\n        LOS104()\n",
        "class C:\n    # losslint: ignore[LOS104]\n    @wrap\n    def f(self):\n        LOS104()\n",
        "# losslint: ignore-file[LOS104]\nx = 1\nLOS104()\n\n\nLOS104()\n",
        "LOS104()\n# losslint: ignore-file[LOS104]\n",
        "LOS104()  # losslint: ignore[LOS104]\r\nx = 1\r\n",
    ],
)
def test_a_comment_silences(found: Found, text: str) -> None:
    assert found(text) == []


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("LOS104()  # noqa: E501\n", ["LOS104@1"]),
        ("LOS104()  # noqa-file\n", ["LOS104@1"]),
        ("x = '''\n# losslint: ignore-file[LOS104]\n'''\nLOS104()\n", ["LOS104@4"]),
        ("LOS104('# noqa')\n", ["LOS104@1"]),
        ("# noqa: LOS104\nLOS104()\n", ["LOS002@1", "LOS104@2"]),
        ("# losslint: ignore[LOS104]\nf()\nLOS104()\n", ["LOS002@1", "LOS104@3"]),
        ("def f():  # losslint: ignore[LOS104]\n    LOS104()\n", ["LOS002@1", "LOS104@2"]),
        ("LOS104()  # losslint: ignore[LOS201]\n", ["LOS002@1", "LOS104@1"]),
    ],
)
def test_a_comment_that_is_not_about_it_does_not_silence(
    found: Found, text: str, expected: list[str]
) -> None:
    assert sorted(found(text)) == expected


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("f()  # losslint: ignore[LOS104]\n", ["LOS002@1"]),
        ("f()  # noqa: LOS104, E501\n", ["LOS002@1"]),
        ("x = 1  # losslint: ignore-file[ALL]\n", ["LOS002@1"]),
        ("LOS104()  # losslint: ignore[LOS104, LOS201]\n", ["LOS002@1"]),
        ("f()  # losslint: ignore[LOS104, LOS002] found by older versions\n", []),
        ("f()  # noqa\n", []),
        ("f()  # noqa: E501\n", []),
        ("f()  # losslint: ignore[ABC123] of rules that are not installed here\n", []),
        ("f()  # losslint: ignore[LOS999]\n", ["LOS003@1"]),
        ("f()  # losslint: ignore[softmax-before-crossentropy]\n", ["LOS003@1"]),
        ("f()  # noqa: LOS999\n", ["LOS003@1"]),
        ("f()  # losslint: ignore\n", ["LOS003@1"]),
        ("f()  # losslint: ignore[]\n", ["LOS003@1"]),
        ("f()  # losslint: disable[LOS104]\n", ["LOS003@1"]),
        ("x = f()  # losslint: logits\n", []),
        ("x: T = f()  # losslint: logits  as the paper says\n", []),
        ("def f(x):\n    return x  # losslint:one_hot\n", []),
        ("x = f(\n    y,\n)  # type: ignore  # losslint: log_probs\n", []),
        ("x = f()  # losslint: logit\n", ["LOS003@1"]),
        ("x = f()  # losslint: logits[LOS104]\n", ["LOS003@1"]),
        ("f()  # losslint: logits\n", ["LOS003@1"]),
        ("# losslint: logits\nx = f()\n", ["LOS003@1"]),
        ("x = f(  # losslint: logits\n    y)\n", ["LOS003@1"]),
        ("def f(x):  # losslint: logits\n    return x\n", ["LOS003@1"]),
        ("# see losslint: it is a linter\n", []),
    ],
)
def test_unused_and_invalid_comments_are_findings(
    found: Found, text: str, expected: list[str]
) -> None:
    assert found(text) == expected


def test_a_comment_about_a_rule_that_did_not_run_is_not_unused(found: Found) -> None:
    text = "f()  # losslint: ignore[LOS104]\n"
    assert found(text, "--ignore", "LOS104") == []
    assert found(text, "--select", "LOS002,LOS201") == []


def test_a_comment_about_a_finding_of_low_confidence_is_used(found: Found) -> None:
    assert found('LOS104(confidence="low")  # losslint: ignore[LOS104]\n') == []


def test_an_unknown_name_comes_with_the_nearest(project: Path, losslint_: Losslint) -> None:
    (project / "train.py").write_text("f()  # losslint: ignore[LOS1O4]\n")
    assert "did you mean 'LOS104'?" in losslint_("train.py").out
    (project / "train.py").write_text("x = f()  # losslint: logit\n")
    assert "did you mean 'logits'?" in losslint_("train.py").out
    (project / "train.py").write_text("x = f()  # losslint: ingore[LOS104]\n")
    assert "did you mean 'ignore'?" in losslint_("train.py").out
