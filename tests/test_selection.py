"""Which rules run: codes, prefixes, names and ALL, with ruff's precedence."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.conftest import Losslint, write

PROGRAM = "LOS101()\nLOS104()\nLOS201()\nLOS301()\n"
Selected = Callable[..., list[str]]


@pytest.fixture
def selected(project: Path, losslint_: Losslint) -> Selected:
    """The codes that come out under some options, and maybe settings."""

    def run(*options: str, settings: str = "") -> list[str]:
        write(project, train=PROGRAM)
        (project / "losslint.toml").write_text(settings)
        result = losslint_("-f", "concise", "-q", *options, ".")
        assert result.code in (0, 1), result.err
        return [line.split()[1] for line in result.out.splitlines()]

    return run


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], ["LOS101", "LOS104", "LOS201", "LOS301"]),
        (["--select", "LOS104"], ["LOS104"]),
        (["--select", "los104"], ["LOS104"]),
        (["--select", "LOS1"], ["LOS101", "LOS104"]),
        (["--select", "LOS1,LOS301"], ["LOS101", "LOS104", "LOS301"]),
        (["--select", "LOS1", "--select", "LOS301"], ["LOS101", "LOS104", "LOS301"]),
        (["--select", "softmax-before-cross-entropy"], ["LOS104"]),
        (["--select", "ALL"], ["LOS101", "LOS104", "LOS201", "LOS301"]),
        (["--select", "ALL", "--ignore", "LOS1"], ["LOS201", "LOS301"]),
        (["--ignore", "LOS1", "--select", "LOS104"], ["LOS104"]),
        (["--ignore", "LOS104", "--select", "LOS104"], []),
        (["--ignore", "ALL", "--extend-select", "LOS3"], ["LOS301"]),
        (["--select", "LOS2", "--extend-select", "LOS3"], ["LOS201", "LOS301"]),
    ],
)
def test_options(selected: Selected, options: list[str], expected: list[str]) -> None:
    assert selected(*options) == expected


@pytest.mark.parametrize(
    ("settings", "options", "expected"),
    [
        ('select = ["LOS1"]', [], ["LOS101", "LOS104"]),
        ('select = ["LOS1"]', ["--select", "LOS2"], ["LOS201"]),
        ('select = ["LOS1"]', ["--extend-select", "LOS2"], ["LOS101", "LOS104", "LOS201"]),
        ('select = ["LOS1"]', ["--ignore", "LOS104"], ["LOS101"]),
        ('ignore = ["LOS104"]', ["--select", "LOS1"], ["LOS101", "LOS104"]),
        ('ignore = ["LOS1", "LOS2"]', ["--extend-select", "LOS101"], ["LOS101", "LOS301"]),
        ("select = []", [], []),
        ('[per-file-ignores]\n"train.py" = ["LOS1"]', [], ["LOS201", "LOS301"]),
        ('[per-file-ignores]\n"tests/" = ["LOS1"]', [], ["LOS101", "LOS104", "LOS201", "LOS301"]),
        ('[per-file-ignores]\n"*.py" = ["ALL"]', ["--select", "ALL"], []),
    ],
)
def test_settings_and_options(
    selected: Selected, settings: str, options: list[str], expected: list[str]
) -> None:
    assert selected(*options, settings=settings) == expected


@pytest.mark.parametrize("option", ["--select", "--ignore", "--extend-select"])
def test_an_unknown_rule_is_a_mistake(project: Path, losslint_: Losslint, option: str) -> None:
    result = losslint_(option, "LOS1O4", ".")
    assert result.code == 2
    assert result.err == f"error: {option}: unknown rule 'LOS1O4'; did you mean 'LOS104'?\n"
    assert result.out == ""


def test_an_unknown_name_far_from_all_points_to_the_list(
    project: Path, losslint_: Losslint
) -> None:
    assert "`losslint rules` lists them all" in losslint_("--select", "xyzzy", ".").err


def test_severity_overrides_change_what_fails(project: Path, losslint_: Losslint) -> None:
    write(project, train="LOS104()\nLOS101()\n")
    (project / "losslint.toml").write_text('severity = { LOS1 = "advice", LOS101 = "error" }')
    lines = losslint_("-f", "concise", "-q").out.splitlines()
    assert [line.split()[1:3] for line in lines] == [["LOS104", "advice:"], ["LOS101", "error:"]]
    assert losslint_("--ignore", "LOS101").code == 0
    assert losslint_("--ignore", "LOS101", "--fail-on", "advice").code == 1


def test_a_confidence_below_the_least_is_not_shown(project: Path, losslint_: Losslint) -> None:
    text = "".join(
        f'LOS10{n}(confidence="{level}")\n' for n, level in enumerate(["low", "medium", "high"], 1)
    )
    write(project, train=text)

    def codes(*options: str) -> list[str]:
        return [line.split()[1] for line in losslint_("-fconcise", "-q", *options).out.splitlines()]

    assert codes() == ["LOS102", "LOS103"]
    assert codes("--min-confidence", "low") == ["LOS101", "LOS102", "LOS103"]
    assert codes("--min-confidence", "high") == ["LOS103"]
