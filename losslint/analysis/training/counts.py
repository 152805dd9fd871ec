"""What is counted in and around a loop over batches: samples, batches, the samples of a batch."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.conditions import COUNTER, NUMBER
from losslint.analysis.domain.lookup import lineage
from losslint.analysis.domain.values import (
    NONE,
    Class,
    Const,
    Extern,
    Instance,
    Union,
    Unknown,
    Value,
)
from losslint.analysis.reading.nodes import same, walk
from losslint.analysis.reading.spelling import dotted

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter

SAMPLES = "samples"
"""The first part of a symbol that stands for a number of samples."""
BATCH_SIZE = "<batch size>"
"""The slot of a loader that holds how many samples it puts into a batch, where that is known."""
BATCHES = "batches"
"""The second part of a symbol that stands for the number of batches that a loader has."""
LAST_INDEX = "last index"
"""The first part of a symbol that stands for the index of the last round of a loop."""
_DATASETS = re.compile(r"data_?sets$", re.IGNORECASE)
_DATASET = re.compile(r"(dataset|(train|test|val|valid|dev)_?(set|data))$", re.IGNORECASE)
_DATASET_CLASS = re.compile(r"^(\w+)?Dataset$|^ImageFolder$")
_LOADER_CLASS = re.compile(r"DataLoader$")
_DATA = re.compile(r"load|data|batch|(^|_)(dl|iter)($|_)", re.IGNORECASE)
_BATCHES = re.compile(r"load|batch|(^|_)(dl|iter)($|_)", re.IGNORECASE)
_LOADER = re.compile(r"load|(^|_)dl($|_)", re.IGNORECASE)
_COUNTED = re.compile(r"^(bs|batch_?size|n_?samples|num_graphs)$", re.IGNORECASE)
_BATCH_SIZE = re.compile(r"^(bs|batch_?size)$", re.IGNORECASE)


def names_in(node: cst.BaseExpression) -> Iterator[str]:
    """The names in the iterable of a loop."""
    if isinstance(node, cst.Call):
        for arg in node.args:
            yield from names_in(arg.value)
    yield dotted(node)


def names_a_loader(text: str) -> bool:
    """Whether a text names something that gives batches."""
    return bool(_BATCHES.search(text))


def names_samples(text: str) -> bool:
    """Whether a text names a data set, the one of a loader too, and not a loader of data sets."""
    return any("dataset" in name and not _LOADER.search(name) for name in re.split("[ .]", text))


def names_of_source(run: Interpreter, loop: cst.For) -> Iterator[str]:
    """The names in the iterable of a loop, and in what its variables were assigned: `bar`."""
    own = list(names_in(loop.iter))
    yield from own
    if not any(map(_DATA.search, own)):
        for assigned in run.seen.sources.get(loop, ()):
            yield from names_in(assigned)


def is_loader(run: Interpreter, loop: cst.For) -> bool:
    """Whether a loop runs over what is called a loader, and not over what one gave."""
    return any(_LOADER.search(name) for name in names_of_source(run, loop))


def _names_one_loader(text: str) -> bool:
    """Whether a text names a loader, and not what one gave, or the data set that it has."""
    return bool(_LOADER.search(text.rpartition(".")[2]))


def counts_by(size: cst.BaseExpression, loop: cst.For) -> bool:
    """Whether the rounds of a loop are counted by a size: ``if i % size == 0``."""
    return any(
        isinstance(one, cst.BinaryOperation)
        and isinstance(one.operator, cst.Modulo)
        and same(one.right, size)
        for one in walk(loop.body)
    )


def over_batches(run: Interpreter, loop: cst.CSTNode) -> bool:
    """Whether a loop runs over batches, going by how it is written."""
    if not isinstance(loop, cst.For):
        return False
    return any(_DATA.search(name) for name in names_of_source(run, loop))


def adds_samples(added: cst.BaseExpression, loop: cst.For) -> bool:
    """Whether the number of samples in a batch is added, or a variable that the loop sets to it."""
    if counts_samples(added) or not isinstance(added, cst.Name):
        return counts_samples(added)
    given = [
        one.value
        for one in walk(loop.body)
        if isinstance(one, cst.Assign)
        and any(dotted(target.target) == added.value for target in one.targets)
    ]
    return bool(given) and all(map(counts_samples, given))


def counts_samples(node: cst.BaseExpression) -> bool:
    """``x.size(0)``, ``x.shape[0]``, ``len(x)`` or ``batch_size``; a loader has batches."""
    if isinstance(node, cst.Call):
        if isinstance(node.func, cst.Attribute) and node.func.attr.value == "size":
            return len(node.args) == 1 and _is_zero(node.args[0].value)
        is_len = isinstance(node.func, cst.Name) and node.func.value == "len"
        return is_len and not any(_names_one_loader(dotted(arg.value)) for arg in node.args)
    if isinstance(node, cst.Subscript) and (key := _key_of(node)):
        return bool(_COUNTED.match(key))
    if isinstance(node, cst.Subscript) and len(node.slice) == 1:
        index = node.slice[0].slice
        shape = isinstance(node.value, cst.Attribute) and node.value.attr.value == "shape"
        return shape and isinstance(index, cst.Index) and _is_zero(index.value)
    return bool(_COUNTED.match(dotted(node).rpartition(".")[2]))


def _key_of(node: cst.Subscript) -> str:
    """The string in an item's brackets, if there is one."""
    index = node.slice[0].slice
    if len(node.slice) == 1 and isinstance(index, cst.Index):
        if isinstance(index.value, cst.SimpleString):
            return index.value.value.strip("\"'")
    return ""


def _is_zero(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Integer) and node.value == "0"


def length(run: Interpreter, value: Unknown | Instance | Union, node: cst.CSTNode) -> Unknown:
    """``len()`` of something unknown or an object: a number of samples where it is a data set."""
    if isinstance(value, Union):
        either = [one.value for one in value.alternatives]
        if all(isinstance(one, Instance) and _is_dataset(one, node) for one in either):
            return Unknown((NUMBER, SAMPLES, ("name", id(node))), grad=False)
        return Unknown((NUMBER, "len", id(node)), grad=False)
    if isinstance(value, Instance):
        if _is_dataset(value, node):
            return Unknown((NUMBER, SAMPLES, ("name", value.oid)), grad=False)
        if _is_of_class(value, _LOADER_CLASS):
            return Unknown((NUMBER, BATCHES, id(node)), grad=False)
        return Unknown((NUMBER, "len", id(node)), grad=False)
    if _holds_batches(run, node) or _is_of_a_loader(node):
        return Unknown((NUMBER, "len", id(node)), grad=False)
    last = value.key[-1] if isinstance(value.key, tuple) else None
    if isinstance(last, str) and _DATASET.search(last):
        return Unknown((SAMPLES, value.key), grad=False)
    if isinstance(node, cst.Call) and len(node.args) == 1:
        counted = node.args[0].value
        if isinstance(counted, cst.Subscript) and _DATASETS.search(dotted(counted.value)):
            return Unknown((SAMPLES, value.key), grad=False)
        if isinstance(counted, cst.Attribute) and counted.attr.value == "dataset":
            return Unknown((SAMPLES, ("attr", id(node))), grad=False)
        if isinstance(counted, cst.Name) and _DATASET.search(counted.value):
            return Unknown((SAMPLES, ("name", counted.value)), grad=False)
    return Unknown((NUMBER, "len", id(node)), grad=False)


def _is_of_a_loader(node: cst.CSTNode) -> bool:
    """Whether ``len`` is called on what is called a loader there, whatever a caller calls it."""
    return (
        isinstance(node, cst.Call)
        and len(node.args) == 1
        and isinstance(node.args[0].value, cst.Name | cst.Attribute)
        and _names_one_loader(dotted(node.args[0].value))
    )


def _holds_batches(run: Interpreter, node: cst.CSTNode) -> bool:
    """Whether ``len`` is called on the data set of a loader that batches nothing itself."""
    counted = node.args[0].value if isinstance(node, cst.Call) and node.args else None
    if not isinstance(counted, cst.Attribute) or counted.attr.value != "dataset":
        return False
    loader = run.eval(counted.value)
    return isinstance(loader, Instance) and run.heap.get(loader.slots, BATCH_SIZE) == NONE


def _is_of_class(value: Instance, title: re.Pattern[str]) -> bool:
    """Whether an object is of an outside class, or one derived from it, that is called so."""
    names = [one.name for one in lineage(value.cls) if isinstance(one, Extern)]
    return any(title.search(name.rpartition(".")[2]) for name in names)


def is_number_of_batches(value: Value) -> bool:
    """Whether a number is the length of a loader."""
    key = value.key if isinstance(value, Unknown) else None
    return isinstance(key, tuple) and key[:2] == (NUMBER, BATCHES)


def _is_dataset(value: Instance, node: cst.CSTNode) -> bool:
    """Whether an object, of which a call asks the length, is a data set by its class.

    Torch takes anything with a length and items for one; then the variable has to say so.
    """
    if _is_of_class(value, _DATASET_CLASS):
        return True
    counted = node.args[0].value if isinstance(node, cst.Call) and node.args else None
    return (
        isinstance(counted, cst.Name)
        and bool(_DATASET.search(counted.value))
        and any(
            isinstance(one, Class) and {"__len__", "__getitem__"} <= one.slots.keys()
            for one in lineage(value.cls)
        )
    )


def index_left_by(loop: cst.For) -> tuple[str, Unknown] | None:
    """The variable that a loop over ``enumerate(...)`` counts its rounds with from zero, and what
    it holds behind the loop."""
    target = loop.target
    if not isinstance(target, cst.Tuple) or not isinstance(target.elements[0].value, cst.Name):
        return None
    if not any(_counts_from_zero(call) for call in _calls(loop.iter)):
        return None
    return target.elements[0].value.value, Unknown((LAST_INDEX, id(loop)), grad=False)


def _calls(node: cst.BaseExpression) -> Iterator[cst.Call]:
    if isinstance(node, cst.Call):
        yield node
        for arg in node.args[:1]:
            yield from _calls(arg.value)


def _counts_from_zero(call: cst.Call) -> bool:
    if not isinstance(call.func, cst.Name) or call.func.value != "enumerate":
        return False
    starts = [one.value for one in call.args[1:]]
    return all(isinstance(one, cst.Integer) and one.evaluated_value == 0 for one in starts)


def is_batch_size(run: Interpreter, node: cst.BaseExpression) -> bool:
    """Whether an expression is the size of a batch, and that is not known to be one."""
    if isinstance(node, cst.Name | cst.Attribute):
        named = bool(_BATCH_SIZE.search(dotted(node).rpartition(".")[2]))
        return named and run.eval(node) != Const(1)
    if isinstance(node, cst.Subscript) and (key := _key_of(node)):
        return bool(_BATCH_SIZE.search(key))
    is_len = isinstance(node, cst.Call) and isinstance(node.func, cst.Name)
    return not is_len and counts_samples(node)


def counts_rounds(run: Interpreter, node: cst.BaseExpression, loop: cst.For) -> bool:
    """``len(loader)``, what was counted up in each round, or the index of the round."""
    if isinstance(node, cst.Call):
        counted = dotted(node.args[0].value) if len(node.args) == 1 else ""
        return dotted(node.func) == "len" and counted in set(names_of_source(run, loop))
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Add):
        return isinstance(node.right, cst.Integer) and _is_index(node.left, loop)
    if _is_index(node, loop):
        return True
    value = run.eval(node) if isinstance(node, cst.Name | cst.Attribute) else None
    key = value.key if isinstance(value, Unknown) else None
    while isinstance(key, tuple) and key[:1] == ("+",):
        key = key[1]
    counts = isinstance(key, tuple) and key[:2] == (COUNTER, id(loop))
    return counts and _counts_up_by_one(node, loop)


def _counts_up_by_one(counter: cst.BaseExpression, loop: cst.For) -> bool:
    """Whether a loop adds one to a counter."""
    for one in walk(loop.body):
        if isinstance(one, cst.AugAssign) and same(one.target, counter):
            return isinstance(one.value, cst.Integer) and one.value.evaluated_value == 1
    return False


def _is_index(node: cst.BaseExpression, loop: cst.For) -> bool:
    """Whether an expression is the variable that a loop over ``enumerate(...)`` counts with."""
    target = loop.target
    return (
        isinstance(node, cst.Name)
        and isinstance(target, cst.Tuple)
        and dotted(target.elements[0].value) == node.value
        and any(dotted(call.func) == "enumerate" for call in _calls(loop.iter))
    )
