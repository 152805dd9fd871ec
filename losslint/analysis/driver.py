"""The order in which a project is evaluated, so that code is seen with the values it really gets.

First all modules, then what stands under their main guards, then functions that nothing called,
then methods that nothing called, on objects that exist or on one with unknown arguments.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path

from losslint.analysis.arguments import Args
from losslint.analysis.classes import initialise, uncalled_arguments
from losslint.analysis.functions import call_function
from losslint.analysis.interpreter import Interpreter
from losslint.analysis.scope import Frame, Module
from losslint.analysis.trail import Place, extend
from losslint.analysis.values import Bound, Class, Function, Instance, Value

MAX_OBJECTS = 2


def evaluate(
    run: Interpreter, paths: Sequence[Path], progress: Callable[[int, int], None] | None
) -> None:
    """Evaluates the files at ``paths`` and all that they import."""
    modules: list[Module] = []
    total = 2 * len(paths)
    for number, path in enumerate(paths):
        run.start()
        module = run.project.module(run, path)
        if module is not None:
            modules.append(module)
            _load(run, module)
        if progress is not None:
            progress(number, total)
    for module in modules:
        run.start()
        for body in module.guards:
            _guard(run, module, body.body)
    for number, module in enumerate(modules):
        run.start()
        for value in list(module.functions):
            _uncalled(run, module, value)
        if progress is not None:
            progress(len(paths) + number, total)
    for module in modules:
        run.start()
        for value in list(module.functions):
            if isinstance(value, Class):
                _methods(run, module, value)


def _load(run: Interpreter, module: Module) -> None:
    run.project.guarded(
        run,
        lambda: run.project.open(run, module.source.path),
        module,
        "the top level of this file",
    )


def _root(run: Interpreter, module: Module, title: str, what: Callable[[], object]) -> None:
    """Evaluates something from the top level of a module, as its own root."""
    run.frames = [Frame(module.scope, "<module>", mark=run.heap.mark())]
    run.trace = []
    try:
        run.project.guarded(run, what, module, title)
    finally:
        run.roots.append(tuple(run.trace))
        run.frames, run.trace = [], []
        run.reset()


def _guard(run: Interpreter, module: Module, body: Sequence[object]) -> None:
    _root(run, module, "the main guard of this file", lambda: run.exec(body))  # type: ignore[arg-type]


def _uncalled(run: Interpreter, module: Module, value: Value) -> None:
    if isinstance(value, Bound):
        value = value.function
    if not isinstance(value, Function) or value.node in run.entered:
        return
    function = value
    _root(
        run,
        module,
        f"the function {function.name}",
        lambda: call_function(run, function, uncalled_arguments(run, function, False)),
    )


def _methods(run: Interpreter, module: Module, cls: Class) -> None:
    """Evaluates the methods of a class that nothing has called."""
    methods = [
        value
        for name, value in list(cls.slots.items())
        if isinstance(value, Function) and value.owner is cls and name != "__init__"
    ]
    waiting = [method for method in methods if method.node not in run.entered]
    if not waiting:
        return
    objects = run.instances.get(cls, [])[-MAX_OBJECTS:] or [_unknown_object(run, module, cls)]
    for target in objects:
        for method in waiting:
            if method.node in run.entered and target is objects[0]:
                continue
            _method(run, module, method, target)


def _unknown_object(run: Interpreter, module: Module, cls: Class) -> Instance:
    made = run.new_instance(cls, extend(None, Place(module.source, cls.node), f"class {cls.name}"))
    init = cls.slots.get("__init__")

    def build() -> None:
        if isinstance(init, Function):
            call_function(run, init, uncalled_arguments(run, init, True), made)
        else:
            args = Args(cls.node)
            args.open = True
            initialise(run, made, args)

    _root(run, module, f"{cls.name}.__init__", build)
    return made


def _method(run: Interpreter, module: Module, method: Function, target: Instance) -> None:
    """Evaluates one method and keeps only the attributes that it was the first to set."""
    if method.kind == "staticmethod":
        _uncalled(run, module, method)
        return
    heap = run.heap
    mark = heap.mark()
    title = f"{method.owner.name if method.owner else ''}.{method.name}"
    receiver: Value = target.cls if method.kind == "classmethod" else target
    _root(
        run,
        module,
        title,
        lambda: call_function(run, method, uncalled_arguments(run, method, True), receiver),
    )
    writes = heap.writes_since(mark)
    heap.roll_back(mark)
    for (slots, key), value in writes.items():
        if slots is target.slots and value is not None and key not in slots:
            heap.set(slots, key, value)
