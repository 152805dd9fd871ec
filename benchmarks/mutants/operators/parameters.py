"""Optimizers that were given the parameters of something else than what is trained."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

import libcst as cst

from benchmarks.mutants.fault import fault, trees
from benchmarks.mutants.program import Mutant, Program
from benchmarks.mutants.tree import Change, Tree, last_name

_OF_A_LOSS = re.compile(r"criterion|loss|weight|margin|cent(er|re)|prox|metric|balanc|uncert|arc")
_OPTIMIZER = re.compile(r"^(SGD|Adam\w*|NAdam|RAdam|RMSprop|Adagrad|Adadelta|LBFGS|Lion)$")
_OF_A_MODEL = {"parameters", "eval", "train", "requires_grad_"}


def of_the_loss_left_out(program: Program) -> Iterator[Mutant]:
    """Gives the optimizer the parameters of the model only, and none of the loss."""
    for file, tree in trees(program):
        for call in _optimizers(tree):
            given = call.args[0].value
            model = _without_loss(tree, given)
            if model is not None:
                changes = {given: model}
                yield fault(program, "loss not optimized", file, call, changes, "LOS409")


def of_another_model(program: Program) -> Iterator[Mutant]:
    """Gives the optimizer the parameters of a model that stands beside it."""
    for file, tree in trees(program):
        for call in _optimizers(tree):
            scope = tree.around(call, cst.FunctionDef)
            owners = _owners(tree, call.args[0].value)
            if not owners:
                continue
            others = dict.fromkeys(
                tree.code(method.func.value)
                for method in tree.nodes(cst.Call, scope)
                if isinstance(method.func, cst.Attribute)
                and method.func.attr.value in _OF_A_MODEL
                and isinstance(method.func.value, cst.Name | cst.Attribute)
            )
            later = _bound_later(tree, scope, call)
            for other in others:
                if other not in owners | later and not _OF_A_LOSS.search(other):
                    parameters = cst.parse_expression(f"{other}.parameters()")
                    changes: dict[cst.CSTNode, Change] = {call.args[0].value: parameters}
                    yield fault(program, "optimizer of another", file, call, changes, "LOS413")
                    break


def _optimizers(tree: Tree) -> Iterator[cst.Call]:
    for call in tree.nodes(cst.Call):
        if _OPTIMIZER.match(last_name(call.func)) and call.args and call.args[0].keyword is None:
            yield call


def _owners(tree: Tree, given: cst.BaseExpression) -> set[str]:
    """Whose parameters an optimizer is given."""
    return {
        tree.code(call.func.value)
        for call in tree.nodes(cst.Call, given)
        if isinstance(call.func, cst.Attribute) and call.func.attr.value == "parameters"
    }


def _bound_later(tree: Tree, scope: cst.CSTNode, call: cst.Call) -> set[str]:
    """Names that a function gives a value only behind a call."""
    line = tree.line(call)
    bound: dict[str, int] = {}
    for target in tree.nodes(cst.AssignTarget, scope):
        bound.setdefault(tree.code(target.target), tree.line(target))
    return {name for name, first in bound.items() if first > line}


def _without_loss(tree: Tree, given: cst.BaseExpression) -> cst.BaseExpression | None:
    """The parameters without those of a loss, if there are such and others."""
    kept: cst.BaseExpression | None = None
    if isinstance(given, cst.List):
        elements = _without(tree, given.elements)
        kept = given.with_changes(elements=elements) if elements else None
    elif isinstance(given, cst.Call) and last_name(given.func) == "chain":
        arguments = _without(tree, given.args)
        kept = given.with_changes(args=arguments) if arguments else None
    elif isinstance(given, cst.BinaryOperation) and isinstance(given.operator, cst.Add):
        if _OF_A_LOSS.search(tree.code(given.right)):
            kept = given.left
    return kept


def _without(tree: Tree, parts: Sequence[cst.CSTNode]) -> list[cst.CSTNode] | None:
    others = [part for part in parts if not _OF_A_LOSS.search(tree.code(part))]
    return others if 0 < len(others) < len(parts) else None
