"""Arms of functions that the options at hand never lead to.

A function that nobody calls is evaluated with its defaults, and one that only a demonstration calls
with what that passes. Others will pass something else, so it is evaluated with any value of these
options as well.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.arguments import Args, parameters_of
from losslint.analysis.domain.values import NONE, Const, Function, Unknown
from losslint.analysis.python.classes import uncalled_arguments
from losslint.analysis.reading.nodes import walk

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter


def left_out_options(run: Interpreter, function: Function) -> set[str]:
    """Parameters that decide of arms which were never evaluated.

    Args:
        run: the interpreter.
        function: a function; where more than demonstrations called it, only what is None unless it
            is given counts, or is compared with None, as the targets of a network that computes its
            own loss.
    """
    if not isinstance(function.node, cst.FunctionDef):
        return set()
    parameters = parameters_of(function.node)
    is_method = function.owner is not None
    names = {*parameters.positional[is_method:], *parameters.keyword_only}
    used = function.node in run.seen.used
    left_out = {name for name, default in function.defaults if default == NONE}
    return {
        one.value
        for branch, behind in _branches(function.node.body)
        if _has_left_out(run, branch, behind)
        for one in walk(branch.test)
        if isinstance(one, cst.Name) and one.value in names
        if not used or one.value in left_out or _is_compared_with_none(one, branch.test)
    }


def _is_compared_with_none(name: cst.Name, test: cst.BaseExpression) -> bool:
    """Whether a test is ``name is None``, or that it is not."""
    return (
        isinstance(test, cst.Comparison)
        and test.left is name
        and isinstance(test.comparisons[0].comparator, cst.Name)
        and test.comparisons[0].comparator.value == "None"
    )


def open_arguments(
    run: Interpreter, function: Function, options: set[str], *, is_method: bool = False
) -> Args:
    """Arguments that lead to all arms of a function that some of its parameters decide of."""
    args = uncalled_arguments(run, function, is_method)
    for name in options:
        if isinstance(args.keywords[name], Const):
            args.keywords[name] = Unknown(("param", id(function.node), name))
    return args


_ABOUT_LOSS = re.compile(r"loss|criteri|entropy|softmax|sigmoid|backward", re.IGNORECASE)


def _branches(body: cst.BaseSuite) -> Iterator[tuple[cst.If, Sequence[cst.CSTNode]]]:
    """All if statements, with the statements behind each in its block."""
    for block in walk(body):
        if not isinstance(block, cst.IndentedBlock):
            continue
        for number, statement in enumerate(block.body):
            branch: cst.CSTNode | None = statement
            while isinstance(branch, cst.If):
                yield branch, block.body[number + 1 :]
                branch = branch.orelse


def _has_left_out(run: Interpreter, branch: cst.If, behind: Sequence[cst.CSTNode]) -> bool:
    """Whether one arm of an if statement was never evaluated, and has to do with losses."""
    outcomes = run.seen.arms.get(branch, set())
    if len(outcomes) > 1:
        return False
    # what was never come to lies behind another arm that ended the function
    left_out = _otherwise(branch, behind) if True in outcomes else (branch.body,)
    return any(
        isinstance(one, cst.Name) and bool(_ABOUT_LOSS.search(one.value))
        for part in left_out
        for one in walk(part)
    )


def _otherwise(branch: cst.If, behind: Sequence[cst.CSTNode]) -> Sequence[cst.CSTNode]:
    """What runs where the test of an if statement fails, and only there."""
    if branch.orelse is not None:
        return (branch.orelse,)
    last = branch.body.body[-1]
    ends = isinstance(last, cst.SimpleStatementLine) and isinstance(last.body[-1], cst.Return)
    return behind if ends else ()
