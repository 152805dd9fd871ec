"""Settings files: where they are found, and what is said about wrong ones."""

from pathlib import Path

import pytest

from tests.conftest import Losslint, write


def test_the_nearest_file_above_the_linted_path_holds(project: Path, losslint_: Losslint) -> None:
    (project / "losslint.toml").write_text('ignore = ["LOS104"]')
    inner = project / "inner"
    inner.mkdir()
    write(inner, train="LOS104()\n")
    assert losslint_("inner").code == 0
    (inner / "pyproject.toml").write_text("[tool.other]\n")
    assert losslint_("inner").code == 0, "a pyproject.toml without losslint's table is passed by"
    (inner / "pyproject.toml").write_text("[tool.losslint]\n")
    assert losslint_("inner").code == 1
    (inner / "losslint.toml").write_text('ignore = ["LOS1"]')
    assert losslint_("inner").code == 0, "losslint.toml goes before pyproject.toml"


def test_a_file_can_be_named_and_none_can_be_read(project: Path, losslint_: Losslint) -> None:
    write(project, train="LOS104()\n")
    (project / "losslint.toml").write_text('ignore = ["LOS104"]')
    (project / "other.toml").write_text('fail-on = "error"')
    assert losslint_("train.py").code == 0
    assert losslint_("--config", "other.toml", "train.py").code == 1
    assert losslint_("--isolated", "train.py").code == 1
    assert losslint_("--isolated", "--config", "other.toml", "train.py").code == 2
    missing = losslint_("--config", "missing.toml", "train.py")
    assert (missing.code, missing.err) == (2, "error: --config: no such file: missing.toml\n")


def test_options_go_before_settings(project: Path, losslint_: Losslint) -> None:
    write(project, train='LOS101(confidence="low")\n')
    (project / "losslint.toml").write_text('fail-on = "error"\nmin-confidence = "low"')
    assert losslint_().code == 0
    assert losslint_("--fail-on", "warning").code == 1
    assert losslint_("--fail-on", "warning", "--min-confidence", "high").code == 0


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ('slect = ["LOS1"]', "unknown setting 'slect'; did you mean 'select'?"),
        ('fail_on = "error"', "unknown setting 'fail_on'; did you mean 'fail-on'?"),
        ("xyzzy = 1", "unknown setting 'xyzzy'"),
        ('select = "LOS1"', "select must be a list of strings, not a string"),
        ("select = [1]", "select must be a list of strings, not a list with an integer"),
        ('select = ["LOS9"]', "select: unknown rule 'LOS9'"),
        ('extend-select = ["LOS9"]', "extend-select: unknown rule 'LOS9'"),
        ('ignore = ["double-sigmod"]', "unknown rule 'double-sigmod'; did you mean 'double-sig"),
        ('fail-on = "eror"', "fail-on is one of error, warning, advice, not 'eror'; did you mean"),
        ("fail-on = true", "fail-on must be a string, not a boolean"),
        ('min-confidence = "sure"', "min-confidence is one of high, medium, low, not 'sure'"),
        ('severity = "error"', "severity must be a table"),
        ('severity = {LOS104 = "bad"}', "severity.LOS104 is one of error, warning, advice"),
        ('severity = {LOS9 = "error"}', "severity: unknown rule 'LOS9'"),
        ('per-file-ignores = ["a"]', "per-file-ignores must be a table"),
        ('per-file-ignores = {"a" = "LOS1"}', "must be a list of strings, not a string"),
        ('per-file-ignores = {"a" = ["LOS9"]}', "per-file-ignores: unknown rule 'LOS9'"),
        ('returns = "logits"', "returns must be a table such as"),
        ('returns = {"zoo.net" = 1}', "returns.zoo.net must be a string, not an integer"),
        ('[returns]\n"zoo.net" = "logit"', "returns.zoo.net is one of logits, probs, log_probs, "),
        ('returns = {zoo.net = "logit"}', "not 'logit'; did you mean 'logits'?"),
        ('src = ["nowhere"]', "src: no such path"),
        ('exclude = ["a", 2020-01-01]', "a list with a date or time"),
        ("select = [", "is not valid TOML"),
    ],
)
def test_wrong_settings_stop_the_run(
    project: Path, losslint_: Losslint, text: str, complaint: str
) -> None:
    write(project, train="x = 1\n")
    (project / "losslint.toml").write_text(text)
    result = losslint_()
    assert result.code == 2
    assert complaint in result.err
    assert "losslint.toml" in result.err
    assert result.out == ""


@pytest.mark.parametrize("text", ["tool = 1", "[tool]\nx = 1", ""])
def test_a_pyproject_of_others_is_none_of_our_business(
    project: Path, losslint_: Losslint, text: str
) -> None:
    write(project, train="x = 1\n")
    (project / "pyproject.toml").write_text(text)
    assert losslint_().code == 0


def test_a_table_that_is_none(project: Path, losslint_: Losslint) -> None:
    (project / "pyproject.toml").write_text("[tool]\nlosslint = 1")
    result = losslint_()
    assert result.code == 2
    assert "tool.losslint must be a table, not an integer" in result.err


def test_a_file_with_a_byte_order_mark(project: Path, losslint_: Losslint) -> None:
    write(project, train="LOS104()\n")
    (project / "losslint.toml").write_bytes(b'\xef\xbb\xbfignore = ["LOS104"]')
    assert losslint_().code == 0
