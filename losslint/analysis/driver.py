"""The order in which a project is evaluated, so that code is seen with the values it really gets.

First all modules, then what stands under their main guards, then notebooks, then functions that
nothing called, then methods that nothing called, on objects that exist or on one with unknown
arguments. Of those the last in a file come first: what is defined late calls what is defined early.
A function that methods call by its name waits until they have, or have not.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence, Set
from pathlib import Path

import libcst as cst

from losslint.analysis.domain.arguments import Args
from losslint.analysis.domain.lookup import find_method, lineage
from losslint.analysis.domain.scope import Frame, Module
from losslint.analysis.domain.trail import Place, extend
from losslint.analysis.domain.values import Bound, Class, Extern, Function, Instance, Value
from losslint.analysis.events import OperationInLoss, WrongAverage
from losslint.analysis.interpreter import Interpreter
from losslint.analysis.python.classes import initialise, uncalled_arguments
from losslint.analysis.python.demonstrations import is_only_tried, is_only_watched
from losslint.analysis.python.functions import call_function
from losslint.analysis.python.options import left_out_options, open_arguments
from losslint.analysis.python.templates import inherited_templates, is_abstract_on
from losslint.analysis.reading.nodes import walk
from losslint.analysis.torch_api.constructors import model_of_trainer
from losslint.analysis.training import lightning
from losslint.analysis.training.trace import OptimizerStep, actions
from losslint.source import NOTEBOOK

MAX_OBJECTS = 2
MAX_HEIRS = 12
"""Classes that one inherited method is evaluated on."""
_OWN_GRADIENTS = frozenset({"torch.autograd.Function", "torch.autograd.function.Function"})


def evaluate(
    run: Interpreter, paths: Sequence[Path], progress: Callable[[int, int], None] | None
) -> None:
    """Evaluates the files at ``paths`` and all that they import."""
    total = 2 * len(paths)

    def tell(done: int) -> None:
        if progress is not None:
            progress(done, total)

    # notebooks call what scripts define, often and in passing, and there is only so much time
    scripts = [path for path in paths if path.suffix != NOTEBOOK]
    notebooks = [path for path in paths if path.suffix == NOTEBOOK]
    modules = _programs(run, scripts, tell)
    modules += _programs(run, notebooks, lambda done: tell(len(scripts) + done))
    by_methods = _called_in_classes(modules)
    for number, module in enumerate(modules):
        run.start()
        for value in reversed(list(module.functions)):
            if _name(value) not in by_methods:
                _uncalled(run, module, value)
        tell(len(paths) + number)
    lent = _templates(run, modules)
    for module in modules:
        run.start()
        for value in reversed(list(module.functions)):
            if isinstance(value, Class):
                _methods(run, module, value, lent)
    for module in modules:
        run.start()
        for value in reversed(list(module.functions)):
            if _name(value) in by_methods:
                _uncalled(run, module, value)
    for module in modules:
        run.start()
        for value in reversed(list(module.functions)):
            if isinstance(value, Class):
                _options_of_methods(run, module, value)
            else:
                _options(run, module, value)


def _called_in_classes(modules: Sequence[Module]) -> Set[str]:
    """The names that methods call: a loss that a training step calls is seen best from there."""
    return {
        one.func.value
        for module in modules
        for cls in module.functions
        if isinstance(cls, Class)
        for one in walk(cls.node)
        if isinstance(one, cst.Call) and isinstance(one.func, cst.Name)
    }


def _name(value: Value) -> str:
    function = value.function if isinstance(value, Bound) else value
    return function.name if isinstance(function, Function) else ""


def _programs(run: Interpreter, paths: Sequence[Path], tell: Callable[[int], None]) -> list[Module]:
    """Evaluates files from top to bottom, then what stands under their main guards."""
    modules: list[Module] = []
    for number, path in enumerate(paths):
        run.start()
        module = run.project.module(run, path)
        if module is not None:
            modules.append(module)
            _load(run, module)
        tell(number)
    for module in modules:
        run.start()
        for body in module.guards:
            _guard(run, module, body.body)
    return modules


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


def _guard(run: Interpreter, module: Module, body: Sequence[cst.CSTNode]) -> None:
    run.seen.shown.clear()
    _root(run, module, "the main guard of this file", lambda: run.exec(body))
    if any(isinstance(one, OptimizerStep) for one in actions(run.roots[-1])):
        # a guard that trains is no demonstration but the program
        run.seen.used |= run.seen.shown


def _uncalled(run: Interpreter, module: Module, value: Value) -> None:
    if isinstance(value, Bound):
        value = value.function
    if not isinstance(value, Function) or not _waits(run, value):
        return
    function = value
    _root(
        run,
        module,
        f"the function {function.name}",
        lambda: call_function(run, function, uncalled_arguments(run, function, False)),
    )


def _waits(run: Interpreter, function: Function) -> bool:
    """Whether nothing has called a function so far, or only to try it, or to look at the result."""
    if function.node not in run.entered:
        return True
    return is_only_tried(run, function) or is_only_watched(run, function)


def _options_of_methods(run: Interpreter, module: Module, cls: Class) -> None:
    for name, method in list(cls.slots.items()):
        if isinstance(method, Function) and method.owner is cls and name != "__init__":
            if method.kind not in ("staticmethod", "classmethod"):
                _options(run, module, method, cls)


def _options(run: Interpreter, module: Module, value: Value, owner: Class | None = None) -> None:
    """Evaluates what the options that a function was seen with never led to."""
    if isinstance(value, Bound):
        value = value.function
    options = left_out_options(run, value) if isinstance(value, Function) else None
    if not isinstance(value, Function) or not options:
        return
    function, known = value, len(run.events)
    judged = {one.operation.place for one in run.events if isinstance(one, OperationInLoss)}
    target = None if owner is None else _objects(run, module, owner)[-1]

    def evaluate() -> None:
        args = open_arguments(run, function, options, is_method=target is not None)
        call_function(run, function, args, target)

    _root(run, module, f"the function {function.name}", evaluate)
    # what a loader draws is known where the program calls the function, and not from here
    counted = function.node in run.seen.used
    run.events[known:] = [
        one
        for one in run.events[known:]
        if not (isinstance(one, OperationInLoss) and one.operation.place in judged)
        and not (isinstance(one, WrongAverage) and counted)
    ]


def _templates(run: Interpreter, modules: Sequence[Module]) -> set[cst.CSTNode]:
    """Evaluates inherited methods on the classes that complete them.

    Returns what was entered by that, and by nothing else before.
    """
    before = set(run.entered)
    heirs: Counter[Function] = Counter()
    for module in modules:
        run.start()
        for cls in module.functions:
            if not isinstance(cls, Class):
                continue
            for method in inherited_templates(cls):
                if (method.node, cls) in run.entered_on or heirs[method] == MAX_HEIRS:
                    continue
                heirs[method] += 1
                _method(run, module, method, _objects(run, module, cls)[-1])
    return run.entered - before


def _methods(run: Interpreter, module: Module, cls: Class, lent: Set[cst.CSTNode]) -> None:
    """Evaluates the methods of a class that nothing has called on its objects."""

    def waits(method: Function) -> bool:
        if _waits(run, method):
            return True
        return (
            method.node in lent
            and (method.node, cls) not in run.entered_on
            and not is_abstract_on(cls, method)
        )

    if any(isinstance(one, Extern) and one.name in _OWN_GRADIENTS for one in lineage(cls)):
        return  # none of torch's gradients go through what is computed there
    methods = [
        value
        for name, value in list(cls.slots.items())
        if isinstance(value, Function) and value.owner is cls and name != "__init__"
    ]
    called = _called_among(methods)
    # what other methods call is called by them with what they know, if they do; what takes the
    # outputs of steps comes behind these
    waiting = sorted(
        filter(waits, methods),
        key=lambda method: (lightning.takes_outputs(method.name), method.name in called),
    )
    if not waiting:
        return
    objects = _objects(run, module, cls)
    for target in objects:
        for method in waiting:
            if target is objects[0] and not waits(method):
                continue
            _method(run, module, method, target)


def _called_among(methods: Sequence[Function]) -> set[str]:
    """The names of the attributes of themselves that methods read, other methods among them."""
    return {
        one.attr.value
        for method in methods
        for one in walk(method.node.body)
        if isinstance(one, cst.Attribute)
        and isinstance(one.value, cst.Name)
        and one.value.value == "self"
        and one.attr.value != method.name
    }


def _objects(run: Interpreter, module: Module, cls: Class) -> Sequence[Instance]:
    """Objects of a class that the program made, or else one with unknown arguments."""
    return run.instances.get(cls, [])[-MAX_OBJECTS:] or [_unknown_object(run, module, cls)]


def _unknown_object(run: Interpreter, module: Module, cls: Class) -> Instance:
    made = run.new_instance(cls, extend(None, Place(module.source, cls.node), f"class {cls.name}"))
    init = find_method(made, "__init__")

    def build() -> None:
        if init is not None:
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

    def call() -> None:
        made = call_function(run, method, _arguments(run, method, target), receiver)
        lightning.note_returned(run, target, method.name, made)

    in_loop = lightning.is_round(target.cls, method.name)
    _root(run, module, title, (lambda: lightning.as_round(run, method, call)) if in_loop else call)
    writes = heap.writes_since(mark)
    heap.roll_back(mark)
    for (slots, key), value in writes.items():
        if slots is target.slots and value is not None and key not in slots:
            heap.set(slots, key, value)


def _arguments(run: Interpreter, method: Function, target: Instance) -> Args:
    """Arguments of a method that nobody calls; a trainer of a library passes its own model."""
    args = uncalled_arguments(run, method, True)
    model = model_of_trainer(run, target)
    if model is not None and "model" in args.keywords:
        args.keywords["model"] = model
    outputs = lightning.outputs(run, target, method.name)
    if outputs is not None and args.keywords:
        args.keywords[next(iter(args.keywords))] = outputs
    return args
