"""Objects of project classes: how they are made and called."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.arguments import Args
from losslint.analysis.domain.joins import MAX_CONFIGURATIONS, one_of
from losslint.analysis.domain.lookup import class_attribute, find_method, lineage
from losslint.analysis.domain.trail import Place, extend
from losslint.analysis.domain.values import (
    UNKNOWN,
    Bound,
    Class,
    Const,
    Extern,
    Function,
    Instance,
    Unknown,
    Value,
    alternatives_of,
)
from losslint.analysis.objective.named_losses import is_loss_class
from losslint.analysis.python.functions import call_function
from losslint.analysis.python.stubs import is_abstract
from losslint.analysis.reading.spelling import dotted
from losslint.analysis.torch_api.constructors import initialise as initialise_extern
from losslint.analysis.training.gradient_flow import through_layers
from losslint.analysis.training.untrained import note_fed

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter

DATACLASS = "<dataclass>"
_RECORDS = frozenset({"typing.NamedTuple", "transformers.utils.ModelOutput", "pydantic.BaseModel"})
_HOMES = ("torch.", "pytorch_lightning.", "lightning.", "transformers.")


def construct(run: Interpreter, cls: Class, args: Args) -> Instance:
    """A new object of a project class, with its ``__init__`` run."""
    made = run.new_instance(cls, extend(None, run.place(args.node), f"{cls.name} built here"))
    initialise(run, made, args)
    return made


def initialise(run: Interpreter, made: Instance, args: Args) -> None:
    """Runs the constructor of an object."""
    cls = made.cls
    assert isinstance(cls, Class)
    init = find_method(made, "__init__")
    if init is not None:
        call_function(run, init, args, made)
        return
    bases = {base.name for base in lineage(cls) if isinstance(base, Extern)}
    if (
        class_attribute(run, cls, DATACLASS) is not None
        or bases & _RECORDS
        or any(name.endswith(("ModelOutput", "NamedTuple")) for name in bases)
    ):
        _fill_record(run, made, args)
        return
    for base in lineage(cls):
        if isinstance(base, Extern) and base.name.startswith(_HOMES):
            initialise_extern(run, made, base.name, args)
            return


def fields(cls: Class) -> list[tuple[str, cst.BaseExpression | None]]:
    """The annotated names of a record class and its bases, with their defaults."""
    found: dict[str, cst.BaseExpression | None] = {}
    for one in reversed([base for base in lineage(cls) if isinstance(base, Class)]):
        for line in one.node.body.body:
            if not isinstance(line, cst.SimpleStatementLine):
                continue
            for statement in line.body:
                if isinstance(statement, cst.AnnAssign) and isinstance(statement.target, cst.Name):
                    found[statement.target.value] = statement.value
    return list(found.items())


def _fill_record(run: Interpreter, made: Instance, args: Args) -> None:
    assert isinstance(made.cls, Class)
    for index, (name, default) in enumerate(fields(made.cls)):
        value = args.get(index, name)
        if value is None and default is not None and not args.open:
            value = _default(run, made.cls, name, default)
        run.heap.set(made.slots, name, value if value is not None else UNKNOWN)


def _default(run: Interpreter, cls: Class, name: str, default: cst.BaseExpression) -> Value:
    """The default of a field, whose factory is called."""
    if isinstance(default, cst.Call):
        for arg in default.args:
            if arg.keyword is not None and arg.keyword.value in ("default_factory", "default"):
                value = run.eval(arg.value)
                if arg.keyword.value == "default":
                    return value

                return run.call(value, Args(default))
    found = class_attribute(run, cls, name)
    return found if found is not None else UNKNOWN


def call_object(run: Interpreter, value: Instance, args: Args) -> Value | None:
    """A call of an object of a project class, if its class says what that does."""
    own = None if find_method(value, "__call__") else run.heap.get(value.slots, "forward")
    given = () if own is None else alternatives_of(own)
    if own is not None and all(isinstance(one.value, Bound | Function) for one in given):
        note_fed(run, value, args.all())
        return _given(value, run.call(own, args))
    for name in ("forward", "__call__"):
        method = find_method(value, name)
        if method is not None:
            note_fed(run, value, args.all())
            return _given(value, call_function(run, method, args, value))
    return None


def _given(value: Instance, made: Value) -> Value:
    """What an object gives: what no loss gives went through its layers."""
    is_loss = isinstance(value.cls, Class) and is_loss_class(value.cls)
    return made if is_loss else through_layers(made)


def uncalled_arguments(run: Interpreter, function: Function, skip_first: bool) -> Args:
    """Arguments of which nothing is known but their names, for code that nobody calls."""
    args = Args(function.node)
    function = _wrapped(function) or function
    node = function.node
    params = [*node.params.posonly_params, *node.params.params]
    defaults = dict(function.defaults)
    for index, param in enumerate([*params, *node.params.kwonly_params]):
        if index == 0 and skip_first:
            continue
        name = param.name.value
        default = defaults.get(name)
        if default is None or _is_placeholder(name, default):
            default = _annotated(run, function, param, name)
        args.keywords[name] = default
    args.open = isinstance(node.params.star_arg, cst.Param) or node.params.star_kwarg is not None
    return args


_CLASSES = re.compile(r"(^|_|n|num)(class|label|categor|tag)", re.IGNORECASE)


def _is_placeholder(name: str, default: Value) -> bool:
    """Whether a default is there to be replaced: nobody trains a network to tell one class."""
    one_class = isinstance(default, Const) and default.value == 1 and default.value is not True
    return one_class and _CLASSES.search(name) is not None


def _wrapped(function: Function) -> Function | None:
    """The function that another one takes the place of, as it says: ``@functools.wraps(init)``."""
    for decorator in getattr(function.node, "decorators", ()):
        call, scope = decorator.decorator, function.scope
        if isinstance(call, cst.Call) and call.args and dotted(call.func).endswith("wraps"):
            found = scope.slots.get(dotted(call.args[0].value))
            return found if isinstance(found, Function) else None
    return None


def _annotated(run: Interpreter, function: Function, param: cst.Param, name: str) -> Value:
    """An argument that nobody passes: an object of its annotated class, or its own symbol."""
    key = ("param", id(function.node), name)
    if param.annotation is not None and isinstance(
        param.annotation.annotation, cst.Name | cst.Attribute
    ):
        kind = run.eval(param.annotation.annotation)
        if isinstance(kind, Class):
            known = run.instances.get(kind)
            if known:
                return known[-1]
            return _any_heir(run, kind) or Unknown(key)
    return Unknown(key, grad=name != "batch")


def _any_heir(run: Interpreter, cls: Class) -> Value | None:
    """A loss of one of the classes that define what an abstract one leaves to them.

    It is one of those that the program makes, or else one of each class, with unknown arguments.
    Models are not put together in ways of which the program says nothing.
    """
    if not is_loss_class(cls) or not is_abstract(cls):
        return None
    heirs = [one for one in run.project.classes() if cls in lineage(one) and not is_abstract(one)]
    if not 0 < len(heirs) <= MAX_CONFIGURATIONS:
        return None
    made = [one for heir in heirs for one in run.instances.get(heir, [])[-1:]]
    return one_of(made or [_unregistered(run, heir) for heir in heirs], id(cls.node))


def _unregistered(run: Interpreter, cls: Class) -> Instance:
    """An object that is there for as long as what it is passed to is evaluated."""
    made = Instance(cls, run.heap.new_slots(), extend(None, _definition(cls), f"class {cls.name}"))
    init = find_method(made, "__init__")
    if init is not None:
        call_function(run, init, uncalled_arguments(run, init, True), made)
    return made


def _definition(cls: Class) -> Place:
    return Place(cls.scope.module.source, cls.node)
