"""Arms of functions that the options at hand never lead to.

A function that nobody calls is evaluated with its defaults, and one that only a demonstration calls
with what that passes. Others will pass something else, so it is evaluated with any value of these
options as well.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.arguments import Args, parameters_of
from losslint.analysis.domain.values import Const, Function, Unknown
from losslint.analysis.python.classes import uncalled_arguments
from losslint.analysis.reading.nodes import walk

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter


def left_out_options(run: Interpreter, function: Function) -> set[str]:
    """Parameters that decide of arms which were never evaluated.

    Args:
        run: the interpreter.
        function: a function; where more than demonstrations called it, it has no such parameters.
    """
    if not isinstance(function.node, cst.FunctionDef) or function.node in run.seen.used:
        return set()
    parameters = parameters_of(function.node)
    is_method = function.owner is not None
    names = {*parameters.positional[is_method:], *parameters.keyword_only}
    return {
        one.value
        for branch in walk(function.node.body)
        if isinstance(branch, cst.If) and _has_left_out(run, branch)
        for one in walk(branch.test)
        if isinstance(one, cst.Name) and one.value in names
    }


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


def _has_left_out(run: Interpreter, branch: cst.If) -> bool:
    """Whether one arm of an if statement was never evaluated, and has to do with losses."""
    outcomes = run.seen.arms.get(branch, set())
    if len(outcomes) > 1:
        return False
    # what was never come to lies behind another arm that ended the function
    left_out = branch.orelse if True in outcomes else branch.body
    return left_out is not None and any(
        isinstance(one, cst.Name) and bool(_ABOUT_LOSS.search(one.value)) for one in walk(left_out)
    )
