"""Arms of functions that the options at hand never lead to.

A function that nobody calls is evaluated with its defaults, and one that only a demonstration calls
with what that passes. Others will pass something else, so it is evaluated with any value of these
options as well.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.arguments import Args, parameters_of
from losslint.analysis.classes import uncalled_arguments
from losslint.analysis.nodes import walk
from losslint.analysis.values import Const, Function, Unknown

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter


def open_arguments(run: Interpreter, function: Function) -> Args | None:
    """Arguments that lead to all arms of a function, if some of it was never evaluated.

    Args:
        run: the interpreter.
        function: a function that nothing but demonstrations called.
    """
    if not isinstance(function.node, cst.FunctionDef) or function.node in run.seen.used:
        return None
    parameters = parameters_of(function.node)
    names = {*parameters.positional, *parameters.keyword_only}
    options = {
        one.value
        for branch in walk(function.node.body)
        if isinstance(branch, cst.If) and len(run.seen.arms.get(branch, ())) == 1
        for one in walk(branch.test)
        if isinstance(one, cst.Name) and one.value in names
    }
    if not options:
        return None
    args = uncalled_arguments(run, function, False)
    for name in options:
        if isinstance(args.keywords[name], Const):
            args.keywords[name] = Unknown(("param", id(function.node), name))
    return args
