"""Statistics of one column in one pass and bounded memory."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

MOST_DISTINCT = 20000
"""Up to so many different values are counted; beyond them only numbers are summed up."""
_MOST_SAMPLED = 50000
_MISSING = frozenset(["", "na", "n/a", "nan", "null", "none"])
_NORMAL_MAD = 1.4826
"""The standard deviation of a normal distribution, in median absolute deviations."""
_FAR = 5.0


@dataclass(frozen=True, slots=True)
class Numbers:
    """What is known of a column whose values are all numbers."""

    integers: bool
    low: float
    high: float
    mean: float
    std: float
    skewness: float
    zeros: float
    """The share of values that are exactly zero."""
    far: float
    """The share beyond 5 robust standard deviations, from a sample where there are many."""


@dataclass(frozen=True, slots=True)
class Column:
    """What is known of one column."""

    name: str
    rows: int
    """Rows with a value."""
    missing: int
    counts: dict[str, int] | None
    """How often each value comes, numbers in their shortest form; None if there are too many."""
    numbers: Numbers | None
    """None if a value is no number."""


class Accumulator:
    """Takes the values of a column, some at a time."""

    def __init__(self, name: str) -> None:
        self.name = name
        self._pending: Counter[object] = Counter()
        self._missing = self._rows = 0
        self._all_numbers = True
        self._overflowed = False
        self._moments = _Moments()

    def add(self, values: Sequence[object]) -> None:
        """Takes values; None, NaN and the usual words for them count as missing."""
        if any(isinstance(value, list | dict) for value in values):  # JSON has some
            values = [str(value) if isinstance(value, list | dict) else value for value in values]
        self._pending.update(values)
        if len(self._pending) > MOST_DISTINCT:
            self._overflowed = True
            self._flush()

    def column(self) -> Column:
        """What the values were."""
        counts: dict[str, int] | None = None
        if not self._overflowed:
            counts = {}
            for value, count in self._pending.items():
                if not _is_missing(value):
                    name = _shortest(value)
                    counts[name] = counts.get(name, 0) + count
        self._flush()
        numbers = self._moments.numbers() if self._all_numbers and self._rows else None
        return Column(self.name, self._rows, self._missing, counts, numbers)

    def _flush(self) -> None:
        pairs: list[tuple[float, int]] = []
        for value, count in self._pending.items():
            if _is_missing(value):
                self._missing += count
                continue
            self._rows += count
            number = _number(value)
            if number is None:
                self._all_numbers = False
            else:
                pairs.append((number, count))
        self._moments.add(pairs)
        self._pending.clear()


class _Moments:
    """Count, mean, and central sums up to the third, put together piece by piece.

    The pieces are joined by the formulas of Pébay, Formulas for Robust, One-Pass Parallel
    Computation of Covariances and Arbitrary-Order Statistical Moments, Sandia 2008.
    """

    def __init__(self) -> None:
        self.count = 0
        self._mean = self._second = self._third = 0.0
        self._low, self._high = math.inf, -math.inf
        self._zeros = 0
        self._integers = True
        self._sample: list[float] = []
        self._stride = 1
        self._skipped = 0

    def add(self, pairs: list[tuple[float, int]]) -> None:
        """Takes values with how often each comes."""
        if not pairs:
            return
        count = sum(times for _, times in pairs)
        mean = math.fsum(value * times for value, times in pairs) / count
        second = math.fsum(times * (value - mean) ** 2 for value, times in pairs)
        third = math.fsum(times * (value - mean) ** 3 for value, times in pairs)
        self._join(count, mean, second, third)
        self._low = min(self._low, *(value for value, _ in pairs))
        self._high = max(self._high, *(value for value, _ in pairs))
        self._zeros += sum(times for value, times in pairs if value == 0)
        self._integers = self._integers and all(value.is_integer() for value, _ in pairs)
        self._take(pairs)

    def _join(self, count: int, mean: float, second: float, third: float) -> None:
        before, total = self.count, self.count + count
        apart = mean - self._mean
        self._third += (
            third
            + apart**3 * before * count * (before - count) / total**2
            + 3 * apart * (before * second - count * self._second) / total
        )
        self._second += second + apart**2 * before * count / total
        self._mean += apart * count / total
        self.count = total

    def _take(self, pairs: Iterable[tuple[float, int]]) -> None:
        """Keeps every n-th value, with n doubled whenever there are too many."""
        for value, times in pairs:
            self._skipped += times
            taken, self._skipped = divmod(self._skipped, self._stride)
            self._sample.extend([value] * taken)
            while len(self._sample) > _MOST_SAMPLED:
                self._sample = self._sample[::2]
                self._stride *= 2

    def numbers(self) -> Numbers:
        """The statistics of all values."""
        variance = self._second / self.count
        std = math.sqrt(variance)
        skewness = self._third / self.count / std**3 if std > 0 and std**3 > 0 else 0.0
        return Numbers(
            self._integers,
            self._low,
            self._high,
            self._mean,
            std,
            skewness,
            self._zeros / self.count,
            _far(self._sample),
        )


def _far(sample: list[float]) -> float:
    """The share of values far from the median; 0 where more than half of them are equal."""
    median = _median(sample)
    deviation = _NORMAL_MAD * _median([abs(value - median) for value in sample])
    if deviation == 0:
        return 0.0
    return sum(abs(value - median) > _FAR * deviation for value in sample) / len(sample)


def _median(values: list[float]) -> float:
    ordered = sorted(values)
    return ordered[len(ordered) // 2] if ordered else 0.0


def _is_missing(value: object) -> bool:
    if isinstance(value, str):
        return value.strip().casefold() in _MISSING
    return value is None or (isinstance(value, float) and math.isnan(value))


def _number(value: object) -> float | None:
    """The value as a finite number; None if it is none."""
    if not isinstance(value, str | int | float):
        return None
    try:
        number = float(value)
    except (ValueError, OverflowError):
        return None
    return number if math.isfinite(number) else None


def _shortest(value: object) -> str:
    """One spelling for equal numbers, so that 1, 1.0 and "1" are one class."""
    number = _number(value)
    if number is None:
        return str(value).strip()
    return str(int(number)) if number.is_integer() and abs(number) < 2**53 else repr(number)
