"""What the labels of a file say: the answers that they give, and the weights to paste."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from losslint.advisor.evidence.column import MOST_DISTINCT, Accumulator, Column, Numbers
from losslint.advisor.evidence.readers import Rows, read_rows
from losslint.advisor.walking import Answer, Origin
from losslint.errors import UserError

_MOST_CLASSES = 100
"""More different whole numbers than these are a quantity rather than classes."""
_SMALLEST_CLASS = 2.0
"""Whole numbers that come less often than so, on average, are a quantity too."""
_BALANCED = 3.0
"""Classes within this ratio need no weights."""
_SKEWED = 2.0
_LARGEST_COUNT = 1e6
"""Whole numbers beyond it are prices or identifiers rather than counts."""
_SHOWN = 30
_PIECE = 4096
"""So many rows are counted at once."""
_ONE = ("1", "1.0", "True")


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was read, and what follows."""

    answers: Mapping[str, Answer]
    facts: Sequence[str]
    """What was seen, a sentence each."""
    weights: str | None = None
    """Code that makes the weights, with the numbers in it."""
    warnings: Sequence[str] = field(default=())


def evidence_of(path: Path, target: str | None, given: Mapping[str, Answer]) -> Evidence:
    """Reads the labels of a file, and judges them.

    Args:
        path: the file or folder.
        target: the column or columns of the labels.
        given: what the user said; the task is believed.

    Raises:
        UserError: if the file cannot be read, or its labels cannot be learned from.
    """
    rows = read_rows(path, target)
    task, kind = (given[option].word if option in given else None for option in ("task", "kind"))
    if not rows.columns:
        return _label_sets(path, rows)
    accumulators = [Accumulator(name) for name in rows.columns]
    one_hot = len(accumulators) > 1
    while piece := list(itertools.islice(rows.rows, _PIECE)):
        for accumulator, values in zip(accumulators, zip(*piece, strict=True), strict=True):
            accumulator.add(values)
        one_hot = one_hot and all(sum(str(value) in _ONE for value in row) == 1 for row in piece)
    columns = [accumulator.column() for accumulator in accumulators]
    if not any(column.rows for column in columns):
        missing = sum(column.missing for column in columns)
        raise UserError(f"{path} is empty" + (": all values are missing" if missing else ""))
    if len(columns) > 1:
        return _several(path, columns, one_hot=one_hot)
    return _one(path, columns[0], task, kind)


def _one(path: Path, column: Column, task: str | None, kind: str | None) -> Evidence:
    facts = [_size(path, column)]
    counts, numbers = column.counts, column.numbers
    if task == "regression" or (task is None and _is_quantity(column)):
        if numbers is None:
            raise UserError(f"{column.name!r} has values that are no numbers: no regression")
        _check_kind(column.name, numbers, kind)
        return _quantity(column, numbers, facts)
    if counts is None:
        raise UserError(
            f"{column.name!r} has more than {MOST_DISTINCT:,} different values: names or texts "
            "rather than classes"
        )
    if len(counts) == 1:
        raise UserError(
            f"{column.name!r} is always {next(iter(counts))}: there is nothing to learn"
        )
    if numbers is None and task is None and len(counts) > column.rows / 2:
        raise UserError(
            f"{column.name!r} has {len(counts):,} different values in {column.rows:,} rows: names "
            "or texts rather than classes. --task multiclass takes them for classes all the same"
        )
    return _classes(column, counts, facts)


def _is_quantity(column: Column) -> bool:
    numbers, counts = column.numbers, column.counts
    if numbers is None:
        return False
    if counts is None or not numbers.integers:
        return True
    if len(counts) <= 2:
        return False
    return len(counts) > _MOST_CLASSES or column.rows < _SMALLEST_CLASS * len(counts)


def _size(path: Path, column: Column) -> str:
    missing = f", {column.missing:,} missing (left out)" if column.missing else ""
    return f"{path}: {column.rows:,} values of {column.name!r}{missing}."


def _classes(column: Column, counts: Mapping[str, int], facts: list[str]) -> Evidence:
    names = _in_order(counts, column.numbers)
    ratio = max(counts.values()) / min(counts.values())
    shown = ", ".join(f"{name}: {counts[name]:,}" for name in names[:_SHOWN])
    facts.append(f"{len(names)} classes: {shown}{', ...' if len(names) > _SHOWN else ''}.")
    facts.append(f"The most common is {ratio:.3g} times as frequent as the rarest.")
    warnings = []
    if column.numbers is not None and names != [str(at) for at in range(len(names))]:
        warnings.append(
            f"the labels are not 0 to {len(names) - 1}: map them to these indices before the loss"
        )
    if column.numbers is not None and len(names) > 2:
        warnings.append(
            "whole numbers are taken for classes: if they have an order say --task ordinal, if "
            "they count something --task regression --kind counts"
        )
    answers = {"imbalance": Answer(f"{ratio:.4g}", Origin.DATA)}
    if len(names) == 2:
        answers["task"] = Answer("binary", Origin.DATA)
        negatives, positives = counts[names[0]], counts[names[1]]
        facts.append(f"{names[1]} is taken for the positive class.")
        answers["imbalance"] = Answer(f"{max(ratio, 1):.4g}", Origin.DATA)
        weights = f"pos_weight = torch.tensor({negatives / positives:.4g})  # {names[1]}"
        return Evidence(answers, facts, weights if ratio > _BALANCED else None, warnings)
    answers["task"] = Answer("multiclass", Origin.DATA)
    answers["classes"] = Answer(str(len(names)), Origin.DATA)
    total = sum(counts.values())
    values = ", ".join(f"{total / (len(names) * counts[name]):.4g}" for name in names)
    weights = f"weight = torch.tensor([{values}])"
    return Evidence(answers, facts, weights if ratio > _BALANCED else None, warnings)


def _in_order(counts: Mapping[str, int], numbers: Numbers | None) -> list[str]:
    return sorted(counts) if numbers is None else sorted(counts, key=float)


def _several(path: Path, columns: Sequence[Column], *, one_hot: bool) -> Evidence:
    for column in columns:
        if column.counts is None or not set(column.counts) <= {"0", "1"}:
            raise UserError(
                f"{column.name!r} has values other than 0 and 1: several columns are taken for "
                "labels that each hold or not. Name one column for anything else"
            )
        if column.missing:
            raise UserError(
                f"{column.name!r} has {column.missing:,} missing values: say 0 or 1 for each"
            )
    positives = {column.name: (column.counts or {}).get("1", 0) for column in columns}
    if one_hot:
        facts = [f"{path}: one-hot rows, exactly one of {len(columns)} columns is 1."]
        whole = Column("class", columns[0].rows, 0, positives, None)
        if 0 in positives.values():
            raise UserError(f"{path}: the class {_never(positives)} never comes")
        found = _classes(whole, positives, facts)
        told = "the rows are one-hot: give the loss indices, targets.argmax(dim=1)"
        return Evidence(found.answers, found.facts, found.weights, [told])
    return _labels(path, positives, columns[0].rows)


def _label_sets(path: Path, rows: Rows) -> Evidence:
    positives: dict[str, int] = {}
    count = 0
    for names in rows.rows:
        count += 1
        for name in {str(name) for name in names}:
            positives[name] = positives.get(name, 0) + 1
            if len(positives) > MOST_DISTINCT:
                raise UserError(f"{path} has more than {MOST_DISTINCT:,} different labels")
    if not positives:
        raise UserError(f"{path}: no row has any label")
    return _labels(path, dict(sorted(positives.items())), count)


def _labels(path: Path, positives: Mapping[str, int], rows: int) -> Evidence:
    never = [name for name, count in positives.items() if count == 0]
    always = [name for name, count in positives.items() if count == rows]
    if never or always:
        name = (never or always)[0]
        raise UserError(
            f"{path}: the label {name!r} is {'never' if never else 'always'} there: leave it out"
        )
    shown = ", ".join(f"{name}: {count:,}" for name, count in list(positives.items())[:_SHOWN])
    ratios = sorted((rows - count) / count for count in positives.values())
    median = ratios[len(ratios) // 2]
    each = sum(positives.values()) / rows
    facts = [
        f"{path}: {rows:,} rows with {len(positives)} labels, {each:.2f} in each on average.",
        f"How often each holds: {shown}{', ...' if len(positives) > _SHOWN else ''}.",
        f"Negatives to one positive: {ratios[0]:.3g} to {ratios[-1]:.3g}, half below {median:.3g}.",
    ]
    weights = ", ".join(f"{min((rows - count) / count, 20):.4g}" for count in positives.values())
    return Evidence(
        {
            "task": Answer("multilabel", Origin.DATA),
            "imbalance": Answer(f"{median:.4g}", Origin.DATA),
        },
        facts,
        f"pos_weight = torch.tensor([{weights}])  # bounded at 20",
    )


def _never(positives: Mapping[str, int]) -> str:
    return next(name for name, count in positives.items() if count == 0)


def _quantity(column: Column, numbers: Numbers, facts: list[str]) -> Evidence:
    if numbers.std == 0:
        raise UserError(f"{column.name!r} is always {numbers.low:g}: there is nothing to learn")
    facts.append(
        f"From {numbers.low:.4g} to {numbers.high:.4g}, mean {numbers.mean:.4g}, standard "
        f"deviation {numbers.std:.4g}, skewness {numbers.skewness:.2f}."
    )
    facts.append(
        f"{numbers.zeros:.1%} are zero; {numbers.far:.1%} lie beyond 5 robust standard deviations."
    )
    is_large = not (0.1 <= numbers.std <= 10 and abs(numbers.mean) <= 10)
    found = {
        "task": "regression",
        "kind": _kind(numbers),
        "outliers": "heavy" if numbers.far > 0.05 else "some" if numbers.far > 0.01 else "none",
        "scale": "large" if is_large else "unit",
        "zeros": "many" if numbers.zeros > 0.05 else "none",
    }
    answers = {option: Answer(word, Origin.DATA) for option, word in found.items()}
    warnings = []
    if numbers.integers and column.rows > 2 and numbers.high - numbers.low == column.rows - 1:
        warnings.append(f"{column.name!r} looks like row numbers rather than a target")
    # targets that are standardised as they are; not their logarithms, or the rates of counts
    is_shifted = is_large and found["kind"] == "mean"
    weights = f"mean, std = {numbers.mean:.6g}, {numbers.std:.6g}" if is_shifted else None
    return Evidence(answers, facts, weights, warnings)


def _check_kind(name: str, numbers: Numbers, kind: str | None) -> None:
    """Checks the kind of regression that the user named against the values."""
    if kind in ("counts", "positive") and numbers.low < 0:
        raise UserError(
            f"{name!r} goes down to {numbers.low:g}: --kind {kind} is for values from 0 upwards"
        )
    if kind == "relative" and numbers.low <= 0:
        raise UserError(
            f"{name!r} goes down to {numbers.low:g}: --kind relative is for values above 0"
        )
    if kind == "counts" and not numbers.integers:
        raise UserError(f"{name!r} has values that are not whole: --kind counts is for counts")


def _kind(numbers: Numbers) -> str:
    if numbers.low >= 0 and numbers.integers and numbers.high < _LARGEST_COUNT:
        return "counts"
    # a few outliers skew as well, but leave the spread small beside the mean
    if numbers.low >= 0 and numbers.skewness > _SKEWED and numbers.std > numbers.mean / 2:
        return "positive"
    return "mean"
