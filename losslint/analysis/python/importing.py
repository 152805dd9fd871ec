"""Modules that a program imports by a name which it puts together, and where it looks for them."""

from __future__ import annotations

import libcst as cst

from losslint.analysis.domain.joins import MAX_CONFIGURATIONS, each, one_of
from losslint.analysis.domain.strings import beginning_of
from losslint.analysis.domain.values import NONE, Const, Extern, Namespace, Unknown, Value
from losslint.analysis.interpreter import Interpreter, constant
from losslint.analysis.reading.spelling import dotted
from losslint.analysis.torch_api.registry import Op, extern


@extern("importlib.import_module")
def _import_module(op: Op) -> Value:
    name, package = op.arg(0, "name"), op.given(1, "package")
    around = constant(package, str) or ""

    def load(one: Value) -> Value:
        text = constant(one, str) or ""
        return _module_of_name(op, Const(around + text) if text.startswith(".") and around else one)

    return each(name, load)


@extern("sys.path.insert", "sys.path.append")
def _search(op: Op) -> Value:
    given = op.node.args[-1].value if isinstance(op.node, cst.Call) and op.node.args else None
    folder = constant(op.args.positional[-1], str) if op.args.positional else None
    if folder is None and given is not None:
        folder = _joined(given)
    if folder:
        op.run.project.search(folder, op.run.module)
    return NONE


def _joined(node: cst.BaseExpression) -> str | None:
    """The folders that are named behind one that is not: ``os.path.join(here, "..", "models")``."""
    if not isinstance(node, cst.Call) or dotted(node.func).rpartition(".")[2] != "join":
        return None
    names = [one.value for one in node.args[1:]]
    texts = [one.evaluated_value for one in names if isinstance(one, cst.SimpleString)]
    return "/".join(map(str, texts)) if len(texts) == len(names) else None


@extern("builtins.__import__")
def _dunder_import(op: Op) -> Value:
    """With names to take from it the module itself, else the package at its top."""
    name = op.arg(0, "name")
    if op.given(3, "fromlist") is not None:
        return _module_of_name(op, name)
    first, dot, _ = beginning_of(name).partition(".")
    return _named(op.run, first) if first and (dot or constant(name, str)) else Unknown()


def _module_of_name(op: Op, name: Value) -> Value:
    text = constant(name, str)
    if text:
        return _named(op.run, text)
    package, dot, beginning = beginning_of(name).rpartition(".")
    if not dot or not package.strip("."):
        return Unknown()
    modules = op.run.project.modules_in(op.run, package, op.run.module, beginning)
    if not 0 < len(modules) <= MAX_CONFIGURATIONS:
        return Unknown()
    return one_of([Namespace(module) for module in modules], id(op.node))


def _named(run: Interpreter, name: str) -> Value:
    level = len(name) - len(name.lstrip("."))
    module = run.project.load(run, name.lstrip("."), run.module, level)
    if module is not None:
        return Namespace(module)
    return Unknown() if level else Extern(name)
