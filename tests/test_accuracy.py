"""How the accuracy benchmark compares findings with labels."""

from pathlib import Path

import pytest

from benchmarks.accuracy import labels as labels_module
from benchmarks.accuracy.labels import CODES, Label, Verdict, read_labels
from benchmarks.accuracy.page import Part, page
from benchmarks.accuracy.scoring import Score, score
from benchmarks.linting import At, Reported
from losslint.rule import installed_rules

DATA = Path(labels_module.__file__).parent
FILES = [DATA / "labels_of_packages.json", DATA / "labels_of_repositories.json"]
OUTSIDE = {"other", "wrong-target-index", "focal-mean-reduction", "focal-logp-as-p"}
"""Kinds that were labelled and are nobody's business yet."""

RULES = frozenset({"LOS104", "LOS106", "LOS301", "LOS401"})


def label(
    line: int,
    verdict: Verdict = Verdict.BUG,
    kind: str = "double-softmax",
    also_at: tuple[At, ...] = (),
    complete: bool = False,
) -> Label:
    return Label("package==1.0", ("train.py", line), (kind,), verdict, also_at, complete)


def finding(
    line: int, code: str = "LOS104", severity: str = "error", way: tuple[At, ...] = ()
) -> Reported:
    return Reported(code, severity, ("train.py", line), "softmax twice", frozenset(way))


def scored(labels: list[Label], *findings: Reported) -> Score:
    return score("package==1.0", labels, findings, RULES)


@pytest.mark.parametrize(("line", "is_found"), [(10, True), (13, True), (7, True), (14, False)])
def test_a_fault_is_found_within_three_lines(line: int, is_found: bool) -> None:
    result = scored([label(10)], finding(line))
    assert len(result.found) == is_found
    assert len(result.missed) == (not is_found)


def test_a_fault_is_found_by_any_rule_that_answers_its_kind_and_no_other() -> None:
    assert scored([label(10)], finding(10, "LOS106")).found
    assert scored([label(10)], finding(10, "LOS401")).missed


def test_a_fault_is_found_where_the_way_of_a_finding_passes() -> None:
    far = finding(90, way=(("model.py", 5), ("train.py", 11)))
    assert scored([label(10)], far).found
    assert scored([label(50, also_at=(("model.py", 7),))], far).found
    assert scored([label(50, also_at=(("other.py", 5),))], far).missed


@pytest.mark.parametrize(("line", "is_flagged"), [(10, True), (11, True), (12, False)])
def test_a_trap_is_flagged_next_to_it_only(line: int, is_flagged: bool) -> None:
    result = scored([label(10, Verdict.TRAP)], finding(line))
    assert len(result.flagged) == is_flagged
    assert len(result.quiet) == (not is_flagged)


def test_a_trap_is_not_flagged_by_the_way_of_a_finding_or_by_another_rule() -> None:
    trap = label(10, Verdict.TRAP)
    assert scored([trap], finding(90, way=(("train.py", 10),))).quiet
    assert scored([trap], finding(10, "LOS301")).quiet


def test_what_meets_a_fault_is_no_false_alarm() -> None:
    result = scored([label(10), label(11, Verdict.TRAP)], finding(10))
    assert (len(result.found), len(result.quiet), len(result.flagged)) == (1, 1, 0)


def test_labels_that_no_rule_answers_are_left_out() -> None:
    result = scored([label(10, kind="sum-reduction"), label(20, kind="other")])
    assert result == Score()


def test_a_trap_of_a_rule_that_is_missing_is_no_proof_of_silence() -> None:
    assert scored([label(10, Verdict.TRAP, kind="unguarded-log")]) == Score()


def test_errors_on_debatable_sites_are_told_apart_from_warnings() -> None:
    debatable = label(10, Verdict.DEBATABLE)
    assert scored([debatable], finding(10)).loud
    assert not scored([debatable], finding(10, severity="warning")).loud


def test_in_complete_files_every_finding_is_judged() -> None:
    labels = [label(10, complete=True), label(50, Verdict.DEBATABLE), label(90, Verdict.TRAP)]
    result = scored(labels, finding(10), finding(50), finding(70), finding(1, "LOS002"))
    assert result.right == 2
    assert [wrong.at for _, wrong in result.wrong] == [("train.py", 70)]


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_the_labels_speak_of_listed_sources_and_known_kinds(file: Path) -> None:
    listed = {
        line.split()[0]
        for name in ("packages.txt", "repositories.txt")
        for line in (DATA / name).read_text("utf-8").splitlines()
    }
    rows = list(read_labels(file))
    assert {row.source for row in rows} <= listed
    assert {kind for row in rows for kind in row.kinds} <= set(CODES) | OUTSIDE
    assert all(row.at[1] > 0 and not row.at[0].startswith("/") for row in rows)


def test_the_page_says_what_was_found_missed_and_flagged() -> None:
    part = Part("Packages", "Some.", sources=1, files=3, loss_calls=9, understood=7)
    part.score = scored([label(10), label(30), label(60, Verdict.TRAP)], finding(10), finding(60))
    names = {rule.code: rule.name for rule in installed_rules()}
    text = page("1.2.3", names, [part])
    assert "losslint 1.2.3" in text
    assert "- 1 of 2 faults found.\n- 1 of 1 trap flagged.\n" in text
    assert "| LOS104 softmax-before-cross-entropy | 1 | 1 | 0 | 1 |" in text
    assert "Missed:\n\n- package==1.0 train.py:30: double-softmax" in text
    assert "7 of 9 loss calls understood" in text
