"""Definitions: functions, classes, decorators, imports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.arguments import Args
from losslint.analysis.domain.scope import Frame, Module, Scope
from losslint.analysis.domain.values import (
    TRUE,
    Bound,
    Class,
    Extern,
    Function,
    Instance,
    Namespace,
    Partial,
    Unknown,
    Value,
)
from losslint.analysis.python.assignment import bind_name
from losslint.analysis.python.demonstrations import note_measures
from losslint.analysis.python.gradient_mode import SWITCHED_OFF, SWITCHED_ON
from losslint.analysis.python.names import ALIASES, STAR, outside
from losslint.analysis.python.statements import executes

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter

_KINDS = {
    "builtins.property": "property",
    "functools.cached_property": "property",
    "torch.jit.unused": "",
    "builtins.staticmethod": "staticmethod",
    "builtins.classmethod": "classmethod",
}
DATACLASS = "<dataclass>"
"""The class slot that marks a class whose constructor is made from its annotations."""


@executes(cst.FunctionDef)
def _function(run: Interpreter, node: cst.FunctionDef) -> bool:
    params = node.params
    defaults = tuple(
        (p.name.value, run.eval(p.default))
        for p in (*params.posonly_params, *params.params, *params.kwonly_params)
        if p.default is not None
    )
    note_measures(run, dict(defaults))
    name = node.name.value
    made: Value = Function(node, run.frame.scope, name, defaults)
    slot = name
    for decorator in reversed(node.decorators):
        expression = decorator.decorator
        if isinstance(expression, cst.Attribute) and expression.attr.value in ("setter", "getter"):
            slot = f"{name}.{expression.attr.value}"
            continue
        made = _decorated(run, made, expression)
    if len(run.frames) == 1:
        run.module.functions.append(made)
    bind_name(run, slot, made)
    return True


def _decorated(run: Interpreter, made: Value, expression: cst.BaseExpression) -> Value:
    called = isinstance(expression, cst.Call)
    inner = expression.func if isinstance(expression, cst.Call) else expression
    decorator = run.eval(inner)
    if isinstance(decorator, Extern):
        if isinstance(made, Function):
            if decorator.name in _KINDS:
                return replace(made, kind=_KINDS[decorator.name])
            if decorator.name in SWITCHED_OFF:
                return replace(made, no_grad=True)
            if decorator.name in SWITCHED_ON:
                return replace(made, grad=True)
        return made
    if isinstance(decorator, Function | Bound | Class | Partial):
        wrapped = run.eval(expression) if called else decorator
        if isinstance(wrapped, Function | Bound | Class | Partial):
            result = run.call(wrapped, Args(expression, [made]))
            if isinstance(result, Function | Bound | Instance | Partial):
                return result
    return made


@executes(cst.ClassDef)
def _class(run: Interpreter, node: cst.ClassDef) -> bool:
    frame = run.frame
    bases = tuple(run.eval(base.value) for base in node.bases if base.star == "")
    slots = run.heap.new_slots()
    scope = Scope(frame.scope.module, slots, frame.scope, is_class=True)
    made = Class(node, frame.scope, node.name.value, bases, slots)
    run.frames.append(Frame(scope, node.name.value, entered=run.assumed(), mark=run.heap.mark()))
    try:
        run.exec(node.body.body)
    finally:
        run.frames.pop()
    for name, value in list(slots.items()):
        if isinstance(value, Function) and value.scope is scope:
            run.heap.set(slots, name, replace(value, owner=made))
    for decorator in node.decorators:
        expression = decorator.decorator
        inner = expression.func if isinstance(expression, cst.Call) else expression
        value = run.eval(inner)
        if isinstance(value, Extern) and value.name in ("dataclasses.dataclass", "attr.s"):
            run.heap.set(slots, DATACLASS, TRUE)
        elif isinstance(expression, cst.Call):
            # a registry: `@MODELS.register("name")`
            wrapped = run.eval(expression)
            if isinstance(wrapped, Function | Bound):
                run.call(wrapped, Args(expression, [made]))
        elif isinstance(value, Function | Bound):
            run.call(value, Args(expression, [made]))
    if len(run.frames) == 1:
        run.module.functions.append(made)
    bind_name(run, node.name.value, made)
    return True


def dotted(node: cst.CSTNode | None) -> str:
    """A dotted name as text."""
    if isinstance(node, cst.Attribute):
        return f"{dotted(node.value)}.{node.attr.value}"
    return node.value if isinstance(node, cst.Name) else ""


@executes(cst.Import)
def _import(run: Interpreter, node: cst.Import) -> bool:
    for alias in node.names:
        name = dotted(alias.name)
        module = run.project.load(run, name, run.module)
        if alias.asname is not None:
            value: Value = Namespace(module) if module is not None else outside(name)
            bound = alias.asname.name
            if isinstance(bound, cst.Name):
                bind_name(run, bound.value, value)
            continue
        first = name.partition(".")[0]
        top = run.project.load(run, first, run.module)
        bind_name(run, first, Namespace(top) if top is not None else outside(first))
    return True


@executes(cst.ImportFrom)
def _import_from(run: Interpreter, node: cst.ImportFrom) -> bool:
    level = len(node.relative)
    name = dotted(node.module)
    module = run.project.load(run, name, run.module, level)
    if isinstance(node.names, cst.ImportStar):
        _import_all(run, module, name)
        return True
    if module is not None and not level and not _has_all(run, module, name, node.names):
        module = None
    for alias in node.names:
        wanted = dotted(alias.name)
        target = alias.asname.name if alias.asname is not None else alias.name
        bound = target.value if isinstance(target, cst.Name) else wanted
        bind_name(run, bound, _imported(run, module, name, wanted, level))
    return True


def _has_all(run: Interpreter, module: Module, name: str, names: Sequence[cst.ImportAlias]) -> bool:
    """Whether a module is what an import means, of whose name only the end led to it."""
    if not run.project.behind_absent_root(name, run.module):
        return True
    return all(run.project.member(run, module, dotted(one.name)) is not None for one in names)


def _imported(run: Interpreter, module: Module | None, name: str, wanted: str, level: int) -> Value:
    if module is not None:
        found = run.project.member(run, module, wanted)
        if found is not None:
            return found
        return Unknown(("import", f"{module.name}.{wanted}"))
    inner = run.project.load(run, f"{name}.{wanted}" if name else wanted, run.module, level)
    if inner is not None:
        return Namespace(inner)
    if level:
        return Unknown(("import", f"{'.' * level}{name}.{wanted}"))
    return outside(f"{name}.{wanted}")


_HAND_ON = frozenset({"fastai", "fastai2"})
"""Libraries whose modules export torch and its parts under their usual names, with all else."""


def _import_all(run: Interpreter, module: Module | None, name: str) -> None:
    if module is None:
        if name.partition(".")[0] == "torch":
            run.heap.set(run.module.slots, STAR, Extern(name))
        elif name.partition(".")[0] in _HAND_ON:
            for alias, meant in ALIASES.items():
                bind_name(run, alias, Extern(meant))
        return
    for key, value in list(module.slots.items()):
        if isinstance(key, str) and not key.startswith(("_", "<")):
            bind_name(run, key, value)
