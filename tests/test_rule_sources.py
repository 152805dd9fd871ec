"""Where rules come from: installed packages, and the settings' local rules."""

import sys
from pathlib import Path

import pytest

from losslint.cli.main import main
from losslint.rule import Rule, RuleError, in_order, installed_rules
from tests.conftest import Losslint, write

RULE = '''
from losslint.finding import Severity
from losslint.rule import Rule

class {name}(Rule):
    """A house rule.

    ## What it does

    Finds things.
    """

    code = "{code}"
    name = "{slug}"
    severity = Severity.WARNING
    category = "objective"
'''


@pytest.fixture
def third_party(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An installed distribution with one rule: its package, its metadata, its entry point."""
    site = tmp_path / "site"
    site.mkdir()
    rule = RULE.format(name="House", code="ACME001", slug="house-rule")
    (site / "acme_rules.py").write_text(rule + "\nRULES = (House,)\n")
    info = site / "acme_rules-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme-rules\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[losslint.rules]\nacme = acme_rules\n")
    monkeypatch.syspath_prepend(site)
    monkeypatch.delitem(sys.modules, "acme_rules", raising=False)
    return site


@pytest.mark.usefixtures("third_party")
def test_an_installed_package_brings_its_rules(project: Path, losslint_: Losslint) -> None:
    write(project, train="ACME001()\nLOS104()  # losslint: ignore[house-rule, LOS104]\n")
    found, unused = losslint_("-f", "concise", "-q").out.splitlines()
    assert found == "train.py:1:1: ACME001 warning: house-rule here"
    assert unused.startswith("train.py:2:11: LOS002 warning: ")
    assert unused.endswith(" is of no use: there is no ACME001 here")
    assert losslint_("--select", "LOS1", "train.py").code == 0
    assert losslint_("--select", "ACME", "--isolated").code == 1
    assert "house-rule" in losslint_("rules").out
    assert losslint_("explain", "house-rule").out.startswith("# house-rule (ACME001)")


def test_a_package_whose_rules_cannot_be_loaded(
    project: Path, losslint_: Losslint, third_party: Path
) -> None:
    (third_party / "acme_rules.py").write_text("import missing_dependency\n")
    result = losslint_()
    assert result.code == 2
    assert "the rules of entry point 'acme' (acme_rules) cannot be loaded" in result.err
    assert "missing_dependency" in result.err


@pytest.fixture
def with_local_rules(project: Path) -> Path:
    (project / "rules").mkdir()
    file = project / "rules" / "house.py"
    file.write_text(RULE.format(name="House", code="MINE001", slug="my-rule"))
    (project / "losslint.toml").write_text('local-rules = ["rules/house.py"]')
    write(project, train="MINE001()\n")
    return file


@pytest.mark.usefixtures("with_local_rules")
def test_local_rules_run_only_where_that_is_allowed(project: Path, losslint_: Losslint) -> None:
    refused = losslint_("train.py")
    assert refused.code == 0
    assert "local rules" in refused.err
    assert "--allow-local-rules" in refused.err
    allowed = losslint_("--allow-local-rules", "-f", "concise", "-q", "train.py")
    assert allowed.out == "train.py:1:1: MINE001 warning: my-rule here\n"
    assert allowed.err == ""
    assert losslint_("explain", "MINE001", "--allow-local-rules").code == 0
    assert losslint_("--isolated", "train.py").err == ""


@pytest.mark.parametrize(
    ("text", "complaint"),
    [
        ("1 / 0", "cannot be run: ZeroDivisionError"),
        ("def f(:", "cannot be run: SyntaxError"),
        ("import sys; sys.exit(3)", "cannot be run: SystemExit"),
        ("from losslint.rule import Rule", "defines no rule"),
        (RULE.format(name="Other", code="LOS104", slug="other"), "LOS104 is claimed by two rules"),
    ],
)
def test_local_rules_that_are_wrong(
    losslint_: Losslint, with_local_rules: Path, text: str, complaint: str
) -> None:
    with_local_rules.write_text(text)
    result = losslint_("--allow-local-rules", "train.py")
    assert result.code == 2
    assert complaint in result.err


LOOP = """
import torch.nn as nn
import torch.nn.functional as F

criterion = nn.CrossEntropyLoss()
for x, y in loader:
    loss = criterion(F.softmax(nn.Linear(3, 2)(x), dim=1), y)
    loss.backward()
    optimizer.step()
"""


@pytest.mark.parametrize(
    ("method", "body", "place", "reason"),
    [
        ("check_loss_call", "return [1 / 0]", "7:12", "ZeroDivisionError: division by zero"),
        ("check_loss_call", "pass", "7:12", "TypeError: 'NoneType' object is not iterable"),
        ("check_loss_call", "yield 'this'", "7:12", "TypeError: 'this' is no Diagnosis"),
        ("check_training_loop", "yield event.no_such", "9:5", "AttributeError: "),
    ],
)
def test_a_rule_that_fails_costs_its_own_answer_only(
    project: Path,
    capsys: pytest.CaptureFixture[str],
    method: str,
    body: str,
    place: str,
    reason: str,
) -> None:
    text = RULE.format(name="House", code="MINE001", slug="my-rule")
    (project / "house.py").write_text(f"{text}\n    def {method}(self, event):\n        {body}\n")
    (project / "losslint.toml").write_text('local-rules = ["house.py"]')
    write(project, train=LOOP)
    assert main(["--allow-local-rules", "-f", "concise", "-q", "train.py"]) == 1
    lines = capsys.readouterr().out.splitlines()
    assert sorted(line.split()[1] for line in lines) == ["LOS004", "LOS104", "LOS401"]
    (broken,) = (line for line in lines if "LOS004" in line)
    assert broken.startswith(f"train.py:{place}: LOS004 warning: the rule MINE001 failed: {reason}")


def test_two_rules_with_one_name_are_refused() -> None:
    class First(Rule):
        code, name = "A1", "same"

    class Second(Rule):
        code, name = "A2", "same"

    with pytest.raises(RuleError, match="same is claimed by two rules"):
        in_order([First, Second])
    assert in_order([First, First]) == [First]


SECTIONS = ["What it does", "Why it matters", "Example", "Instead", "When it is fine", "References"]


@pytest.mark.parametrize("rule", installed_rules(), ids=lambda rule: rule.code)
def test_the_page_of_a_rule_with_fixes_says_what_they_do(rule: type[Rule]) -> None:
    file = sys.modules[rule.__module__].__file__
    assert file is not None
    offers = "from losslint.rewriting import" in Path(file).read_text("utf-8")
    assert ("## Fix" in rule.page().splitlines()) is offers


@pytest.mark.parametrize("rule", installed_rules(), ids=lambda rule: rule.code)
def test_every_page_has_its_sections(rule: type[Rule]) -> None:
    headings = [line[3:] for line in rule.page().splitlines() if line.startswith("## ")]
    assert [heading for heading in headings if heading in SECTIONS] == SECTIONS
    assert rule.summary().endswith(".")
    assert rule.category in Path(sys.modules[rule.__module__].__file__ or "").parts[-2].replace(
        "_", "-"
    )
