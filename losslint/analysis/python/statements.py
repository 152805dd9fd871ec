"""Statements: assignments, branches, and the ways out of a block."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import libcst as cst

from losslint.analysis.domain.choices import contradict
from losslint.analysis.domain.conditions import lasting, outcomes
from losslint.analysis.domain.containers import as_holder, elements, extend, is_list, of_loader
from losslint.analysis.domain.joins import truth
from losslint.analysis.domain.values import (
    ALWAYS,
    NONE,
    UNKNOWN,
    Conditions,
    Const,
    Extern,
    Instance,
    Tensor,
    Tuple,
    Unknown,
    Value,
)
from losslint.analysis.interpreter import Interpreter
from losslint.analysis.objective import named_losses, unused_losses, watched
from losslint.analysis.python import counters, operators
from losslint.analysis.python.assignment import assign, bind_name
from losslint.analysis.python.gradient_mode import SWITCHED_OFF, SWITCHED_ON
from losslint.analysis.python.items import delete_item
from losslint.analysis.reading.nodes import same
from losslint.analysis.reading.spelling import dotted
from losslint.analysis.reading.stated import stated_by_comment, with_facts
from losslint.analysis.torch_api.checkpoints import loaded_over
from losslint.analysis.training import accumulation
from losslint.analysis.training.lightning import TRAINING_STEP, returned_for_backward
from losslint.analysis.training.missing_call import missing_call

STATEMENTS: dict[type, Callable[[Interpreter, Any], bool]] = {}
_STATING = (cst.Assign, cst.AnnAssign, cst.Return)
"""Statements whose value a comment can state."""


def executes(
    *kinds: type[cst.CSTNode],
) -> Callable[[Callable[[Interpreter, Any], bool]], Callable[[Interpreter, Any], bool]]:
    """Registers the execution of a kind of statement; it says whether control goes on."""

    def register(
        execute: Callable[[Interpreter, Any], bool],
    ) -> Callable[[Interpreter, Any], bool]:
        for kind in kinds:
            STATEMENTS[kind] = execute
        return execute

    return register


@executes(cst.SimpleStatementSuite, cst.IndentedBlock)
def _block_of(run: Interpreter, node: cst.SimpleStatementSuite | cst.IndentedBlock) -> bool:
    return run.exec(node.body)


@executes(cst.SimpleStatementLine)
def _line(run: Interpreter, node: cst.SimpleStatementLine) -> bool:
    comment = node.trailing_whitespace.comment
    if comment is not None and isinstance(node.body[-1], _STATING):
        run.stated = stated_by_comment(comment, run.place(node.body[-1]))
    goes_on = run.exec_line(node.body)
    run.stated = None
    return goes_on


def _right_side(run: Interpreter, node: cst.CSTNode) -> Value:
    """The value of a line, taken to be what the comment on it states."""
    # what is stated of this line is not said of the lines that it calls
    stated, run.stated = run.stated, None
    value = run.eval(node)
    return value if stated is None else with_facts(value, stated)


@executes(cst.Expr)
def _expression(run: Interpreter, node: cst.Expr) -> bool:
    value = run.eval(node.value)
    if isinstance(node.value, cst.Attribute):
        missing_call(run, node.value, value)
        return True
    unused_losses.discarded(run, node.value, value)
    if isinstance(node.value, cst.Call) and dotted(node.value.func).endswith("set_grad_enabled"):
        _switch(run, node.value)
    return True


@executes(cst.Assign)
def _assign(run: Interpreter, node: cst.Assign) -> bool:
    value = loaded_over(run, node, _right_side(run, node.value))
    if run.looping and isinstance(node.value, cst.BinaryOperation):
        value = accumulation.assigned(run, node, node.value, value)
        if same(node.targets[0].target, node.value.left):
            counters.counted(run, node.targets[0].target, value)
    for target in node.targets:
        if run.looping:
            accumulation.emptied(run, target.target, node.value)
        unpacked = isinstance(target.target, cst.Tuple | cst.List)
        assign(run, target.target, as_holder(value, node.value) if unpacked else value)
    if len(node.targets) == 1:
        named_losses.assigned(run, node, node.targets[0].target, value)
        unused_losses.assigned(run, node, node.targets[0].target, value)
        watched.assigned(run, node, node.targets[0].target, value)
    return True


@executes(cst.AnnAssign)
def _annotated(run: Interpreter, node: cst.AnnAssign) -> bool:
    if node.value is not None:
        value = _right_side(run, node.value)
        assign(run, node.target, value)
        named_losses.assigned(run, node, node.target, value)
        unused_losses.assigned(run, node, node.target, value)
    return True


@executes(cst.AugAssign)
def _augmented(run: Interpreter, node: cst.AugAssign) -> bool:
    before = run.eval(node.target)
    value = run.eval(node.value)
    sign = operators.symbol(node.operator)
    if sign == "+" and isinstance(before, Instance) and is_list(before):
        if isinstance(node.value, cst.List):
            for item in elements(run, value) or ():
                accumulation.listed(run, before, item, node)
        extend(run, before, value)
        return True
    made = operators.updated(run, before, operators.binary(run, sign, before, value, node))
    if sign == "+":
        made = accumulation.added(run, node.target, value, made, node)
    counters.counted(run, node.target, made)
    assign(run, node.target, made)
    return True


@executes(cst.Return)
def _return(run: Interpreter, node: cst.Return) -> bool:
    value = NONE if node.value is None else _right_side(run, node.value)
    if node.value is not None and run.frame.name == TRAINING_STEP:
        returned_for_backward(run, node.value, value)
    run.leave(run.frame.returns, run.frame.mark, value)
    return False


@executes(cst.Raise)
def _raise(run: Interpreter, node: cst.Raise) -> bool:
    if node.exc is not None:
        run.eval(node.exc)
    return False


@executes(cst.Break)
def _break(run: Interpreter, node: cst.Break) -> bool:
    run.leave(run.frame.breaks, run.frame.loop_mark)
    return False


@executes(cst.Continue)
def _continue(run: Interpreter, node: cst.Continue) -> bool:
    run.leave(run.frame.continues, run.frame.loop_mark)
    return False


@executes(cst.Assert)
def _assert(run: Interpreter, node: cst.Assert) -> bool:
    test = run.eval(node.test)
    run.seen.guard(test)
    if truth(test) is False and _refuses(node.test):
        return False
    claimed = lasting(outcomes(test, node)[0])
    if claimed:
        if contradict(claimed, run.assumed()):
            return False
        run.frame.assumed |= claimed
    return True


def _refuses(test: cst.BaseExpression) -> bool:
    """Whether an assertion that fails stops a program for good, as `assert False` does.

    One about a default may be there for those who leave the argument out.
    """
    if isinstance(test, cst.Name | cst.Integer):
        return test.value in ("False", "0")
    if not isinstance(test, cst.Comparison):
        return False
    return any(isinstance(one.comparator, cst.SimpleString) for one in test.comparisons)


@executes(cst.Del)
def _delete(run: Interpreter, node: cst.Del) -> bool:
    if isinstance(node.target, cst.Name):
        run.heap.remove(run.frame.scope.slots, node.target.value)
    elif isinstance(node.target, cst.Subscript):
        delete_item(run, run.eval(node.target.value), node.target)
    return True


@executes(cst.Global)
def _global(run: Interpreter, node: cst.Global) -> bool:
    run.frame.globals |= {item.name.value for item in node.names}
    return True


@executes(cst.Nonlocal)
def _nonlocal(run: Interpreter, node: cst.Nonlocal) -> bool:
    for item in node.names:
        name = item.name.value
        scope = run.frame.scope.outer
        while scope is not None and name not in scope.slots:
            scope = scope.outer
        if scope is not None:
            run.frame.nonlocals[name] = scope.slots
    return True


@executes(cst.Try, cst.TryStar)
def _try(run: Interpreter, node: cst.Try | cst.TryStar) -> bool:
    def body() -> bool:
        if not run.exec(node.body.body):
            return False
        return run.exec(node.orelse.body.body) if node.orelse is not None else True

    def handler(one: cst.ExceptHandler | cst.ExceptStarHandler) -> Callable[[], bool]:
        def handle() -> bool:
            if one.name is not None:
                assign(run, one.name.name, UNKNOWN)
            return run.exec(one.body.body)

        return handle

    key = ("raised", id(node))
    arms: list[tuple[Conditions, Callable[[], bool]]] = [(frozenset({(key, False)}), body)]
    handlers: Sequence[cst.ExceptHandler | cst.ExceptStarHandler] = node.handlers
    for number, one in enumerate(handlers):
        raised = frozenset({(key, True), (("==", key, Const(number)), True)})
        arms.append((raised, handler(one)))
    falls = run.branch(arms) if node.handlers else body()
    if node.finalbody is not None:
        # what follows a return is cut off, but a finally block runs there too
        falls = run.exec(node.finalbody.body.body) and falls
    return falls


_SWITCH = "torch.set_grad_enabled"
_AUTOCAST = frozenset(
    {"torch.autocast", "torch.cuda.amp.autocast", "torch.amp.autocast", "torch.cpu.amp.autocast"}
)


@executes(cst.With)
def _with(run: Interpreter, node: cst.With) -> bool:
    no_grad = autocast = 0
    for item in node.items:
        name = _manager(run, item.item)
        value = run.eval(item.item)
        if name in SWITCHED_OFF or (name == _SWITCH and _is_switched(run, item.item, False)):
            no_grad += 1
        if name in SWITCHED_ON or (name == _SWITCH and _is_switched(run, item.item, True)):
            no_grad = -run.no_grad
        if name in _AUTOCAST:
            autocast += 1
        if item.asname is not None:
            assign(run, item.asname.name, of_loader(entered(value, item.item), item.item))
    run.no_grad += no_grad
    run.autocast += autocast
    try:
        return run.exec(node.body.body)
    finally:
        run.no_grad -= no_grad
        run.autocast -= autocast


def entered(value: Value, manager: cst.CSTNode) -> Value:
    """What ``with value as name`` binds: if that is not known, the same thing throughout."""
    return value if isinstance(value, Instance | Tensor | Tuple) else Unknown(("made", id(manager)))


def _manager(run: Interpreter, node: cst.BaseExpression) -> str:
    callee = run.eval(node.func) if isinstance(node, cst.Call) else run.eval(node)
    return callee.name if isinstance(callee, Extern) else ""


def _switch(run: Interpreter, node: cst.Call) -> None:
    """``torch.set_grad_enabled(...)`` as a statement, which also ends what is around it."""
    if _is_switched(run, node, True):
        run.switch_gradient(run.switched_off - run.no_grad)
    else:
        run.switch_gradient(int(_is_switched(run, node, False)))


def _is_switched(run: Interpreter, node: cst.BaseExpression, on: bool) -> bool:
    """Whether gradients are surely switched on, or off: ``set_grad_enabled(False)``."""
    return (
        isinstance(node, cst.Call) and bool(node.args) and truth(run.eval(node.args[0].value)) is on
    )


@executes(cst.Match)
def _match(run: Interpreter, node: cst.Match) -> bool:
    subject = run.eval(node.subject)
    arms: list[tuple[Conditions, Callable[[], bool]]] = []
    exhaustive = False
    for case in node.cases:
        matched = _matches(run, subject, case)
        if matched is False:
            continue
        key = subject.key if isinstance(subject, Unknown) else None
        pattern = _pattern_constant(run, case.pattern)
        when: Conditions = ALWAYS
        if key is not None and pattern is not None:
            when = frozenset({(("==", key, pattern), True)})
        else:
            when = frozenset({(("==", ("match", id(node)), id(case)), True)})
        arms.append((when, _case(run, case)))
        if matched or (isinstance(case.pattern, cst.MatchAs) and case.pattern.pattern is None):
            exhaustive = case.guard is None
            break
    if not exhaustive:
        arms.append((ALWAYS, lambda: True))
    return run.branch(arms)


def _case(run: Interpreter, case: cst.MatchCase) -> Callable[[], bool]:
    def arm() -> bool:
        if isinstance(case.pattern, cst.MatchAs) and case.pattern.name is not None:
            bind_name(run, case.pattern.name.value, UNKNOWN)
        return run.exec(case.body.body)

    return arm


def _pattern_constant(run: Interpreter, pattern: cst.MatchPattern) -> Const | None:
    if isinstance(pattern, cst.MatchValue):
        value = run.eval(pattern.value)
        return value if isinstance(value, Const) else None
    return None


def _matches(run: Interpreter, subject: Value, case: cst.MatchCase) -> bool | None:
    pattern = _pattern_constant(run, case.pattern)
    if isinstance(subject, Const) and pattern is not None and case.guard is None:
        return subject == pattern
    return None
