"""Logits or predictions whose dimensions are not those that the loss takes."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from benchmarks.mutants.fault import fault, trees
from benchmarks.mutants.operators.scale import is_regression
from benchmarks.mutants.operators.target import cross_entropies
from benchmarks.mutants.program import Loss, Mutant, Program
from benchmarks.mutants.tree import Tree, last_name, parsed

_LAYERS = {"Linear", "LazyLinear", "Conv1d", "Conv2d", "Conv3d"}
_OUTPUTS = {"out_features", "out_channels"}
_LOG_SOFTMAXES = {"log_softmax", "LogSoftmax"}
_CLASSES = {"1", "-1"}
_MOVES = {"transpose": {"1, 2", "2, 1", "-1, -2", "-2, -1"}, "permute": {"0, 2, 1"}}
_FLATTENS = {"view", "reshape", "flatten"}
_FIRST_COLUMN = re.compile(r"\[(:|\.\.\.), 0\]$")


def one_class(program: Program) -> Iterator[Mutant]:
    """Gives a classifier a single output."""
    for logits in program.logits:
        if logits.layer is None or logits.loss is not Loss.CROSS_ENTROPY:
            continue
        tree = parsed(program.files[logits.file])
        for assign in tree.nodes(cst.Assign):
            if tree.code(assign.targets[0].target) != logits.layer:
                continue
            *_, size = (None, *_outputs(tree, assign.value))
            if size is not None:
                changes = {size: cst.Integer("1")}
                yield fault(program, "one class", logits.file, assign, changes, "LOS109")


def over_the_batch(program: Program) -> Iterator[Mutant]:
    """Lets the samples compete instead of the classes."""
    for file, tree in trees(program):
        for call in tree.nodes(cst.Call):
            if last_name(call.func) not in _LOG_SOFTMAXES:
                continue
            for given in call.args:
                is_dim = given.keyword is None or given.keyword.value == "dim"
                if is_dim and tree.code(given.value) in _CLASSES:
                    changes = {given.value: cst.Integer("0")}
                    yield fault(program, "softmax over the batch", file, call, changes, "LOS114")


def classes_last(program: Program) -> Iterator[Mutant]:
    """Gives a cross entropy a sequence of logits as a layer makes it."""
    for file, tree, call in cross_entropies(program):
        given, target = call.args[0].value, call.args[1].value
        moved = _moved(tree, given)
        flat, flat_target = _flattened(given), _flattened(target)
        if moved is not None:
            yield fault(program, "classes last", file, call, {given: moved}, "LOS209")
        elif flat is not None and flat_target is not None:
            changes = {given: flat, target: flat_target}
            yield fault(program, "classes last", file, call, changes, "LOS209")


def not_squeezed(program: Program) -> Iterator[Mutant]:
    """Leaves predictions a column that meets a vector of targets."""
    if not is_regression(program):
        return
    for file, tree in trees(program):
        for call in tree.nodes(cst.Call):
            arguments = [tree.code(given.value) for given in call.args]
            if last_name(call.func) == "squeeze" and isinstance(call.func, cst.Attribute):
                if arguments in ([], ["1"], ["-1"]):
                    column = {call: call.func.value}
                    yield fault(program, "column of predictions", file, call, column, "LOS204")
        for part in tree.nodes(cst.Subscript):
            if isinstance(part.value, cst.Call) and _FIRST_COLUMN.search(tree.code(part)):
                changes = {part: part.value}
                yield fault(program, "column of predictions", file, part, changes, "LOS204")


def _outputs(tree: Tree, layers: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """How many outputs each layer in an expression has."""
    for call in tree.nodes(cst.Call, layers):
        if last_name(call.func) in _LAYERS:
            named = [g for g in call.args if g.keyword and g.keyword.value in _OUTPUTS]
            placed = [given for given in call.args if given.keyword is None][1:2]
            yield from (given.value for given in named or placed)


def _moved(tree: Tree, given: cst.BaseExpression) -> cst.BaseExpression | None:
    """What the classes were moved to the second dimension of."""
    if isinstance(given, cst.Call) and isinstance(given.func, cst.Attribute):
        dims = ", ".join(tree.code(one.value) for one in given.args)
        if dims in _MOVES.get(given.func.attr.value, ()):
            return given.func.value
    return None


def _flattened(given: cst.BaseExpression) -> cst.BaseExpression | None:
    if isinstance(given, cst.Call) and isinstance(given.func, cst.Attribute):
        return given.func.value if given.func.attr.value in _FLATTENS else None
    return None
