"""`losslint advise --data`: what files of labels say, and what is said about the hopeless ones."""

import json
import random
from pathlib import Path
from typing import Any

import pytest

from losslint.advisor.evidence import column
from losslint.advisor.evidence.column import Accumulator
from tests.conftest import Losslint, Result


def advised(losslint_: Losslint, *arguments: str) -> dict[str, Any]:
    result = losslint_("advise", "-f", "json", *arguments)
    assert result.code == 0, result.err
    found: dict[str, Any] = json.loads(result.out)
    return found


def answers(document: dict[str, Any]) -> dict[str, str]:
    return {step["option"]: step["answer"] for step in document["path"] if step["origin"] == "data"}


def table(path: Path, header: str, rows: list[str]) -> None:
    path.write_text("\n".join([header, *rows]) + "\n", "utf-8")


def test_classes_of_a_table(project: Path, losslint_: Losslint) -> None:
    table(
        project / "labels.csv",
        "file,animal",
        ["x,cat"] * 80 + ['"a, b",dog'] * 8 + ["z,NA", "z,newt", "z,"],
    )
    document = advised(losslint_, "--data", "labels.csv", "--target", "animal")
    assert answers(document) == {"task": "multiclass", "classes": "usual", "imbalance": "strong"}
    assert document["evidence"]["weights"] == "weight = torch.tensor([0.3708, 3.708, 29.67])"
    assert "2 missing (left out)" in document["evidence"]["facts"][0]


def test_two_classes_and_the_weight_of_the_positive_one(project: Path, losslint_: Losslint) -> None:
    table(project / "labels.tsv", "x\ty", ["1\t0"] * 90 + ["2\t1.0"] * 10)
    document = advised(losslint_, "--data", "labels.tsv", "--target", "y")
    assert answers(document) == {"task": "binary", "imbalance": "mild"}
    assert document["evidence"]["weights"] == "pos_weight = torch.tensor(9)  # 1"
    assert document["recommendation"]["name"] == "binary-weighted"


def test_what_the_user_says_wins(project: Path, losslint_: Losslint) -> None:
    table(project / "labels.csv", "y", ["0"] * 90 + ["1"] * 10)
    result = losslint_("advise", "--data", "labels.csv", "--imbalance", "1", "--task", "ordinal")
    assert result.out.startswith("# Binary cross entropy over the thresholds")
    assert "--imbalance plays no part" in result.err


def test_a_skewed_number(project: Path, losslint_: Losslint) -> None:
    draw = random.Random(0)
    rows = [f"{0 if draw.random() < 0.3 else draw.lognormvariate(5, 1.5):.3f}" for _ in range(3000)]
    table(project / "claims.csv", "cost", rows)
    document = advised(losslint_, "--data", "claims.csv")
    assert answers(document) == {"task": "regression", "kind": "positive", "zeros": "many"}
    assert "skewness" in document["evidence"]["facts"][1]
    assert document["evidence"]["weights"] is None  # they would be those of the logarithm


def test_a_large_number_with_outliers(project: Path, losslint_: Losslint) -> None:
    draw = random.Random(0)
    rows = [f"{draw.gauss(5000, 100) + (9000 if at % 40 == 0 else 0)}" for at in range(2000)]
    table(project / "y.csv", "y", rows)
    document = advised(losslint_, "--data", "y.csv")
    assert answers(document) == {"task": "regression", "kind": "mean", "outliers": "some"}


def test_counts(project: Path, losslint_: Losslint) -> None:
    draw = random.Random(0)
    rows = [str(int(draw.expovariate(0.01))) for _ in range(3000)]
    table(project / "y.csv", "visits", rows)
    assert answers(advised(losslint_, "--data", "y.csv"))["kind"] == "counts"


@pytest.mark.parametrize(
    ("lines", "weights"),
    [
        ([{"y": [1, 0]}] * 3 + [{"y": [1, 1]}] * 1, None),
        ([{"y": ["a", "b"]}, {"y": ["a"]}, {"y": []}, {"y": ["b"]}], [1, 1]),
        ([{"y": [1, 1, 0]}, {"y": [0, 1, 0]}, {"y": [1, 0, 1]}, {"y": [0, 0, 0]}], [1, 1, 3]),
    ],
)
def test_several_labels_in_json_lines(
    project: Path, losslint_: Losslint, lines: list[Any], weights: list[int] | None
) -> None:
    (project / "y.jsonl").write_text("\n".join(json.dumps(line) for line in lines))
    if weights is None:
        assert "is always there" in losslint_("advise", "--data", "y.jsonl", "--target", "y").err
        return
    document = advised(losslint_, "--data", "y.jsonl", "--target", "y")
    assert answers(document)["task"] == "multilabel"
    assert f"torch.tensor({weights})" in document["evidence"]["weights"]


def test_several_columns_and_one_hot_rows(project: Path, losslint_: Losslint) -> None:
    table(project / "y.csv", "a,b,c", ["1,0,1", "0,1,0", "1,1,0", "0,0,0"])
    assert answers(advised(losslint_, "--data", "y.csv", "--target", "a,b,c"))["task"] == (
        "multilabel"
    )
    table(project / "y.csv", "a,b,c", ["1,0,0", "0,1,0", "0,0,1", "1,0,0"])
    result = losslint_("advise", "--data", "y.csv", "--target", "a,b,c", "-f", "json")
    assert answers(json.loads(result.out))["task"] == "multiclass"
    assert "one-hot" in result.err


def test_a_folder_of_images(project: Path, losslint_: Losslint) -> None:
    for name, count in (("cat", 4), ("dog", 20), ("empty", 0)):
        (project / "images" / name / "more").mkdir(parents=True)
        for at in range(count):
            (project / "images" / name / "more" / f"{at}.JPG").touch()
    document = advised(losslint_, "--data", "images")
    assert answers(document) == {"task": "binary", "imbalance": "mild"}


def test_tensors(project: Path, losslint_: Losslint) -> None:
    import torch

    torch.save({"x": torch.zeros(3), "y": torch.tensor([0, 1, 2, 2] * 5)}, project / "y.pt")
    document = advised(losslint_, "--data", "y.pt", "--target", "y")
    assert answers(document)["task"] == "multiclass"
    torch.save(torch.tensor([[0.0], [1.0], [1.0]]), project / "one.pt")
    assert answers(advised(losslint_, "--data", "one.pt"))["task"] == "binary"


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        ("y.csv", "", "y.csv is empty"),
        ("y.csv", "y\n", "y.csv is empty"),
        ("y.csv", "y\nNA\n\nnull\n", "y.csv is empty: all values are missing"),
        ("y.csv", "y\n1\n1\n", "'y' is always 1: there is nothing to learn"),
        ("y.csv", "y\n1.5\n1.5\n", "'y' is always 1.5: there is nothing to learn"),
        ("y.csv", "label,x\na,1\nb,2\n", "--target is needed"),
        ("y.csv", "x,y\n1,2\n1\n", "--target is needed"),
        ("y.csv", "y\nann\nbob\ncid\ndon\n", "4 different values in 4 rows: names or texts"),
        ("y.jsonl", "{]\n", "line 1 is not JSON"),
        ("y.jsonl", "[1]\n", "line 1 is no JSON object"),
        ("y.xlsx", "", "cannot read .xlsx; known are .csv"),
        ("y.pt", "no tensor", "cannot be read with weights_only=True"),
        ("y.csv", b"y\n\xff\n", "y.csv is not UTF-8"),
    ],
)
def test_a_hopeless_file_is_told(
    project: Path, losslint_: Losslint, name: str, content: str | bytes, said: str
) -> None:
    (project / name).write_bytes(content if isinstance(content, bytes) else content.encode())
    refused(losslint_("advise", "--data", name), said)


def refused(result: Result, said: str) -> None:
    assert (result.code, result.out) == (2, "")
    assert said in result.err


def test_a_wrong_column_lists_the_columns(project: Path, losslint_: Losslint) -> None:
    table(project / "y.csv", "image,label", ["a,0", "b,1"])
    result = losslint_("advise", "--data", "y.csv", "--target", "lable")
    refused(result, "no column 'lable'; did you mean 'label'? The columns are image, label")
    refused(losslint_("advise", "--data", "nowhere.csv"), "nowhere.csv cannot be read")
    refused(losslint_("advise", "--target", "y"), "--data, which is not given")


def test_rows_that_are_too_short(project: Path, losslint_: Losslint) -> None:
    table(project / "y.csv", "image,label", ["a,0", "b"])
    said = "row 3 has 1 columns where the header has 2"
    refused(losslint_("advise", "--data", "y.csv", "--target", "label"), said)


@pytest.mark.parametrize("kind", ["counts", "positive", "relative"])
def test_negative_values_where_there_can_be_none(
    project: Path, losslint_: Losslint, kind: str
) -> None:
    table(project / "y.csv", "y", ["3", "-1", "2"])
    result = losslint_("advise", "--data", "y.csv", "--task", "regression", "--kind", kind)
    refused(result, "'y' goes down to -1")


def test_labels_that_are_no_indices(project: Path, losslint_: Losslint) -> None:
    table(project / "y.csv", "y", ["1", "2", "1000000000000"] * 5)
    result = losslint_("advise", "--data", "y.csv")
    assert result.code == 0
    assert "the labels are not 0 to 2: map them" in result.err


def test_statistics_do_not_depend_on_how_they_are_pieced_together(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    draw = random.Random(0)
    values = [draw.lognormvariate(0, 1) for _ in range(2000)]
    whole = Accumulator("y")
    whole.add(values)
    monkeypatch.setattr(column, "MOST_DISTINCT", 100)
    pieces = Accumulator("y")
    for at in range(0, len(values), 7):
        pieces.add([str(value) for value in values[at : at + 7]])
    one, other = whole.column().numbers, pieces.column().numbers
    assert one is not None
    assert other is not None
    assert other.mean == pytest.approx(one.mean)
    assert other.std == pytest.approx(one.std)
    assert other.skewness == pytest.approx(one.skewness)
    assert (other.low, other.high, other.far) == (one.low, one.high, one.far)
    assert pieces.column().counts is None


def test_names_beyond_what_is_counted(
    project: Path, losslint_: Losslint, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(column, "MOST_DISTINCT", 100)
    table(project / "y.csv", "y", [f"name {at}" for at in range(300)])
    refused(losslint_("advise", "--data", "y.csv"), "names or texts rather than classes")
