"""Files of labels, read row by row: CSV, TSV, JSON Lines, Parquet, NumPy, PyTorch, image folders.

Only the readers of Parquet, NumPy and PyTorch need their libraries, and only they import them.
"""

from __future__ import annotations

import csv
import itertools
import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from losslint.errors import UserError, did_you_mean

IMAGES = frozenset(".bmp .gif .jpeg .jpg .png .ppm .tif .tiff .webp".split())
_CHUNK = 65536


@dataclass(frozen=True, slots=True)
class Rows:
    """The target columns of a file."""

    columns: tuple[str, ...]
    """Their names; empty where a row is a set of label names."""
    rows: Iterator[Sequence[object]]
    """The cells of these columns, or the label names, row by row."""


def read_rows(path: Path, target: str | None) -> Rows:
    """The target columns of a file.

    Args:
        path: the file, or a folder with one folder of images a class.
        target: the column, or several with commas between; an array of a ``.npz`` or ``.pt`` file.

    Raises:
        UserError: if the file cannot be read, is empty, or has no such column.
    """
    if path.is_dir():
        return _image_folder(path)
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise UserError(
            f"{path}: cannot read {path.suffix or 'a file without a suffix'}; "
            f"known are {', '.join(_READERS)} and folders of images"
        )
    try:
        return reader(path, target)
    except OSError as problem:
        raise UserError(f"{path} cannot be read: {problem.strerror or problem}") from problem


def _separated(path: Path, target: str | None) -> Rows:
    delimiter = "\t" if path.suffix.lower() == ".tsv" else ","
    lines = _cells(path, delimiter)
    header = next(lines, None)
    if header is None:
        raise UserError(f"{path} is empty")
    columns = [name.strip() for name in header]
    wanted = _wanted(path, target, columns)
    places = [columns.index(name) for name in wanted]
    return Rows(wanted, _picked(path, lines, places, len(columns)))


def _cells(path: Path, delimiter: str) -> Iterator[list[str]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        try:
            yield from csv.reader(file, delimiter=delimiter)
        except UnicodeDecodeError as problem:
            raise UserError(f"{path} is not UTF-8: {problem.reason}") from problem
        except csv.Error as problem:
            raise UserError(f"{path} is not a table: {problem}") from problem


def _picked(
    path: Path, lines: Iterator[list[str]], places: list[int], width: int
) -> Iterator[Sequence[object]]:
    last = max(places)
    for number, cells in enumerate(lines, 2):
        if not cells:
            continue
        if len(cells) <= last:
            raise UserError(
                f"{path}: row {number} has {len(cells)} columns where the header has {width}"
            )
        yield [cells[place] for place in places] if len(places) > 1 else (cells[last],)


def _wanted(path: Path, target: str | None, columns: Sequence[str]) -> tuple[str, ...]:
    shown = ", ".join(columns[:50]) + (", ..." if len(columns) > 50 else "")
    if target is None:
        if len(columns) == 1:
            return (columns[0],)
        raise UserError(f"--target is needed: which column of {path} holds the labels? {shown}")
    if target in columns:
        return (target,)
    names = tuple(name.strip() for name in target.split(","))
    for name in names:
        if name not in columns:
            raise UserError(
                f"{path} has no column {name!r}{did_you_mean(name, columns) or '.'} "
                f"The columns are {shown}"
            )
    return names


def _json_lines(path: Path, target: str | None) -> Rows:
    records = _records(path)
    first = next(records, None)
    if first is None:
        raise UserError(f"{path} is empty")
    keys = _wanted(path, target, list(first))
    everything = itertools.chain([first], records)
    if len(keys) == 1 and isinstance(first.get(keys[0]), list):
        return _lists(path, keys[0], first[keys[0]], everything)
    return Rows(keys, ([record.get(key) for key in keys] for record in everything))


def _lists(path: Path, key: str, first: list[object], records: Iterator[dict[str, Any]]) -> Rows:
    """Lists as targets: rows of 0 and 1 if they begin with numbers, label names otherwise."""
    if not first or isinstance(first[0], str):
        return Rows((), (record.get(key) or [] for record in records))
    columns = tuple(f"{key}[{at}]" for at in range(len(first)))

    def rows() -> Iterator[Sequence[object]]:
        for number, record in enumerate(records, 1):
            row = record.get(key)
            if not isinstance(row, list) or len(row) != len(columns):
                raise UserError(
                    f"{path}: {key!r} of record {number} is no list of {len(columns)} numbers"
                )
            yield row

    return Rows(columns, rows())


def _records(path: Path) -> Iterator[dict[str, Any]]:
    with path.open("rb") as file:
        for number, line in enumerate(file, 1):
            if not line.strip():
                continue
            try:
                record = json.loads(line)
            except (ValueError, RecursionError) as problem:
                raise UserError(f"{path}: line {number} is not JSON: {problem}") from problem
            if not isinstance(record, dict):
                raise UserError(f"{path}: line {number} is no JSON object")
            yield record


def _parquet(path: Path, target: str | None) -> Rows:
    try:
        from pyarrow import ArrowInvalid, parquet
    except ImportError as problem:
        raise UserError(f"{path}: reading Parquet needs pyarrow (pip install pyarrow)") from problem
    try:
        file = parquet.ParquetFile(path)
    except ArrowInvalid as problem:
        raise UserError(f"{path} is not a Parquet file: {problem}") from problem
    wanted = _wanted(path, target, file.schema_arrow.names)
    batches = file.iter_batches(columns=list(wanted), batch_size=_CHUNK)
    columns = ([batch.column(name).to_pylist() for name in wanted] for batch in batches)
    return Rows(wanted, (row for batch in columns for row in zip(*batch, strict=True)))


def _numpy(path: Path, target: str | None) -> Rows:
    try:
        import numpy as np
    except ImportError as problem:
        raise UserError(f"{path}: reading it needs numpy (pip install numpy)") from problem
    try:
        # without pickle: a file of labels must not be able to run code
        loaded = np.load(path, allow_pickle=False)
        if path.suffix.lower() == ".npz":
            (name,) = _wanted(path, target, loaded.files)[:1]
            loaded = loaded[name]
    except (ValueError, EOFError) as problem:
        raise UserError(f"{path} is not an array without Python objects: {problem}") from problem
    return _array(path, loaded)


def _torch(path: Path, target: str | None) -> Rows:
    try:
        import torch
    except ImportError as problem:
        raise UserError(f"{path}: reading it needs torch (pip install torch)") from problem
    try:
        # only tensors and plain containers: a file of labels must not be able to run code
        loaded = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as problem:
        raise UserError(
            f"{path} cannot be read with weights_only=True: {str(problem).splitlines()[0]}"
        ) from problem
    if isinstance(loaded, dict):
        loaded = loaded[_wanted(path, target, [str(key) for key in loaded])[0]]
    if not isinstance(loaded, torch.Tensor):
        raise UserError(f"{path} holds no tensor, but {type(loaded).__name__}")
    return _array(path, loaded.detach())


def _array(path: Path, array: Any) -> Rows:
    """The rows of an array or tensor with one or two dimensions."""
    shape = tuple(array.shape)
    if 0 in shape:
        raise UserError(f"{path} is empty: its shape is {shape}")
    if len(shape) not in (1, 2):
        raise UserError(f"{path}: labels of shape {shape}; (N,) or (N, L) is wanted")
    if len(shape) == 2 and shape[1] == 1:
        array, shape = array[:, 0], shape[:1]
    pieces = (array[at : at + _CHUNK].tolist() for at in range(0, shape[0], _CHUNK))
    if len(shape) == 1:
        return Rows((path.name,), ([value] for piece in pieces for value in piece))
    columns = tuple(f"{path.name}[{at}]" for at in range(shape[1]))
    return Rows(columns, (row for piece in pieces for row in piece))


def _image_folder(path: Path) -> Rows:
    folders = sorted(entry for entry in path.iterdir() if entry.is_dir())
    found = {
        folder.name: sum(1 for file in folder.rglob("*") if file.suffix.lower() in IMAGES)
        for folder in folders
    }
    if not any(found.values()):
        raise UserError(f"{path}: no folders with images in it; one folder a class is wanted")
    return Rows(
        ("folder",),
        ([name] for name, count in found.items() for _ in range(count)),
    )


_READERS: dict[str, Callable[[Path, str | None], Rows]] = {
    ".csv": _separated,
    ".tsv": _separated,
    ".jsonl": _json_lines,
    ".ndjson": _json_lines,
    ".parquet": _parquet,
    ".npy": _numpy,
    ".npz": _numpy,
    ".pt": _torch,
    ".pth": _torch,
}
