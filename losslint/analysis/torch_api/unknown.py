"""Calls of what is not known: what they may do all the same."""

from __future__ import annotations

import re
from collections.abc import Hashable, Sequence
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.arguments import Args
from losslint.analysis.domain.conditions import (
    DETACHED,
    MAXIMUM,
    NUMBER,
    REPEATED,
    is_label,
    is_maximum,
    is_repeated,
    mentions,
)
from losslint.analysis.domain.marks import NO_GRAD
from losslint.analysis.domain.values import (
    Class,
    Const,
    Extern,
    Instance,
    Params,
    Tensor,
    Tuple,
    Unknown,
    Value,
    alternatives_of,
)
from losslint.analysis.events import Operation, OperationKind
from losslint.analysis.objective.watched import looked_at
from losslint.analysis.python.relations import compare
from losslint.analysis.reading.comparing import SIGNS
from losslint.analysis.reading.spelling import dotted
from losslint.analysis.tensors.blending import (
    deps_of,
    is_of_data,
    may_have_gradient,
    union_deps,
)
from losslint.analysis.tensors.paddings import is_look_up, note_looked_up
from losslint.analysis.torch_api.pretrained import new_head
from losslint.analysis.torch_api.registry import Op, call_function_by_name, group_of
from losslint.analysis.torch_api.rows import note_rows
from losslint.analysis.training.gradient_flow import has_cut
from losslint.analysis.training.handling import HANDED, note_handling
from losslint.analysis.training.trace import HandOver, ScalerUpdate, SetWeights, ZeroGrad

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter

_LOOKS = re.compile(
    r"print|log|write|writer|add_scalar|append|update|format|isnan|isfinite|save|record|meter",
    re.IGNORECASE,
)
"""Names of what only looks at a loss."""
_NEVER_ZEROES = ("os.", "torch.nn.utils.")
"""Beginnings of the names of what zeroes no gradients, whatever it is given."""
_LOSS_NAMED = re.compile(
    r"(^|_)(criterion|criteria|loss|loss_?fn|loss_?func\w*|crit)(_|$|\d)", re.IGNORECASE
)
_SETS_WEIGHTS = re.compile(
    r"^(re)?(set|load|store|copy)_(\w+_)?(params?|parameters|weights|state|state_dict)(_|$)"
)
"""Names of what gives a model other weights, such as those that it had before."""


def call_unknown(run: Interpreter, callee: Value, args: Args) -> Value:
    """A call of something unknown: it may zero the gradients of what it is given."""
    node = args.node
    compared = _compared(callee)
    if compared is not None and len(args.positional) == 1:
        sign, left = compared
        return compare(run, sign, left, args.positional[0], node)
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        if node.func.attr.value in _NEW and args.positional:
            return call_function_by_name(run, node.func.attr.value, args.behind(Unknown()))
        if node.func.attr.value == "item" and not node.args:
            return Unknown((NUMBER, "item", id(node)), grad=False)
    if is_look_up(node):
        note_looked_up(run, node)
    deps = deps_of(callee)
    drawn = _draws_from_memory(callee, node)
    if isinstance(callee, Unknown) and callee.key is not None and callee.grad and not drawn:
        deps = union_deps(deps, frozenset({callee.key}))
    cuts = _cuts_before(callee, args)
    for value in args.all() if not cuts else ():
        deps = union_deps(deps, deps_of(value))
    head = new_head(run, callee) if isinstance(callee, Unknown) else None
    if head is not None:
        return run.call(head, Args(node, [Unknown(None, deps)]))
    if run.no_grad:
        deps = union_deps(deps, frozenset({NO_GRAD}))
    if isinstance(callee, Unknown) and dotted(_callee(node)).rpartition(".")[2] == "update":
        run.act(ScalerUpdate(run.place(node)))
    if isinstance(node, cst.Call) and _SETS_WEIGHTS.search(dotted(node.func).rpartition(".")[2]):
        run.act(SetWeights(run.place(node), None))
    given = [one.value for value in args.all() for one in alternatives_of(value)]
    for value in given:
        if isinstance(value, Params):
            note_handling(run, value.owners, HANDED)
    for value in given:
        looked_at(run, value, run.place(node))
    harmless = isinstance(callee, Extern) and callee.name.startswith(_NEVER_ZEROES)
    if any(map(_may_zero, given)) and not (harmless or _is_schedule(callee)):
        run.act(ZeroGrad(run.place(node), certain=False))
    if (any(map(_is_loss, given)) and not _LOOKS.search(dotted(node))) or _is_step(callee):
        run.act(HandOver(run.place(node)))
    _note_loss(run, node, callee)
    key = None
    if isinstance(callee, Unknown):
        key = _key_of_result(callee, node, args.positional)
        run.seen.cut_before[key] = cuts
        if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
            note_rows(Op(run, node.func.attr.value, args.behind(Unknown())), key)
        if run.frame.function is not None:
            run.seen.made_by[key] = run.frame.function
    elif isinstance(callee, Extern) and _READS_SETTINGS.search(callee.name):
        key = "made", id(node)
    if _is_schedule(callee):
        key = (_SCHEDULE, id(node))
    _note_total(run, key, node)
    why = f"{dotted(node)} is not known" if isinstance(node, cst.Call) else ""
    return Unknown(
        key, deps, run.place(node), why, grad=not drawn and not _makes_data(callee, given)
    )


def _callee(node: cst.CSTNode) -> cst.CSTNode:
    """What is called, as the code has it."""
    return node.func if isinstance(node, cst.Call) else node


def _draws_from_memory(callee: Value, node: cst.CSTNode) -> bool:
    """Whether samples are drawn of what was kept of games: numbers, or tensors without a graph."""
    if not isinstance(callee, Unknown) or not isinstance(node, cst.Call):
        return False
    memory, _, method = dotted(node.func).rpartition(".")
    return method in _DRAWS and _MEMORY.search(memory.rpartition(".")[2]) is not None


_DRAWS = frozenset("sample sample_batch random_batch sample_transitions sample_minibatch".split())
_MEMORY = re.compile(r"replay|(^|_)(memory|buffer)(_|$|\d)", re.IGNORECASE)


_NEW = frozenset({"new_tensor", "new_zeros", "new_ones", "new_full", "new_empty"})
"""Methods of tensors that make another one, of which only its type is that of the tensor."""


def _cuts_before(callee: Value, args: Args) -> frozenset[Operation]:
    """Where all that something unknown is given was cut off: no gradient goes behind it."""
    if not isinstance(callee, Unknown) or args.open:
        return frozenset()
    given = [one.value for value in args.all() for one in alternatives_of(value)]
    cuts = [one.operations for one in given if isinstance(one, Tensor) and has_cut(one)]
    if not cuts or any(map(may_have_gradient, given)):
        return frozenset()
    if not all(isinstance(one, Tensor | Unknown | Const) for one in given):
        return frozenset()
    return frozenset(one for each in cuts for one in each if one.kind is OperationKind.CUT)


def _compared(callee: Value) -> tuple[cst.BaseCompOp, Unknown] | None:
    """The sign that a method of something unknown stands for, and what it is a method of."""
    key = callee.key if isinstance(callee, Unknown) else None
    if not isinstance(callee, Unknown) or not isinstance(key, tuple) or key[1:2] != (".",):
        return None
    sign = SIGNS.get(key[2])
    return (sign(), Unknown(key[0], callee.deps, grad=callee.grad)) if sign else None


def _is_step(callee: Value) -> bool:
    """Whether the step of an object is called whose class has none: it is not that object."""
    key = callee.key if isinstance(callee, Unknown) else None
    return isinstance(key, tuple) and (key[0], key[-1]) == ("attr", "step")


def _note_total(run: Interpreter, key: Hashable, node: cst.CSTNode) -> None:
    """Notes of which variable a sum is: a test of it tells whether there is anything in that."""
    method = node.func if isinstance(node, cst.Call) else None
    if isinstance(method, cst.Attribute) and isinstance(method.value, cst.Name):
        if method.attr.value in _TOTALS:
            run.seen.totals[key] = (run.frame.function, method.value.value)


_TOTALS = frozenset({"sum", "any", "count_nonzero"})


def _makes_data(callee: Value, given: Sequence[Value]) -> bool:
    """Whether a call only turns data into other data: a method of it, or a library's function.

    What is called itself is a network that a library made, of data or not, and so is a class.
    """
    if isinstance(callee, Extern):
        return callee.name.rpartition(".")[2][:1].islower() and is_of_data(given)
    if not isinstance(callee, Unknown) or callee.grad:
        return False
    is_method = isinstance(callee.key, tuple) and callee.key[1:2] == (".",)
    return is_method and not any(isinstance(one, Tensor) and one.grad for one in given)


_READS_SETTINGS = re.compile(
    r"(^|\.)(yaml|json5?|toml|tomllib|tomli|hjson|rtoml|omegaconf|pyhocon|configparser|munch|box)\."
    r"|(^|[._])(config|cfg|conf|settings|options|opts?|hparams|hyper_?params|yaml|json)s?$",
    re.IGNORECASE,
)
"""Names of what reads a file of settings: a test of one of them tells how all of them are."""


def _key_of_result(callee: Unknown, node: cst.CSTNode, given: Sequence[Value]) -> Hashable:
    """The symbol of a result: labels or a maximum, also in another form, or anything."""
    method = None
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        method = node.func.attr.value
    of = callee.key[0] if isinstance(callee.key, tuple) else None
    if method == "get" and of is not None and given and isinstance(given[0], Const):
        return of, "[]", given[0]  # what is looked up under a key, whatever stands in for it
    if method in _PARSES:
        return "made", id(node), "args"
    if method in _MEASURES and isinstance(node, cst.Call) and (node.args or method != "size"):
        return NUMBER, method, id(node)
    if method in _TEXTS and isinstance(node, cst.Call) and not node.args and of is not None:
        return of, ".", f"{method}()"  # the same text whenever it is asked for
    if method in _REPEATS:
        return (DETACHED, REPEATED, id(node)) if is_label(of) else (REPEATED, id(node))
    if is_repeated(of) and method in _FORMS:
        return of
    if is_label(of):
        return of if method in _FORMS else (DETACHED, id(node))
    largest = method in _MAXIMA or (method in _FORMS and is_maximum(Unknown(of)))
    return MAXIMUM if largest else "made", id(node)


_MEASURES = frozenset({"size", "numel", "nelement", "dim"})
"""Methods of tensors that give a number of Python's; all sizes together are none."""
_PARSES = frozenset({"parse_args", "parse_known_args", "parse_args_into_dataclasses"})
_TEXTS = frozenset("lower upper casefold title capitalize strip lstrip rstrip".split())
_MAXIMA = frozenset({"max", "amax"})
_REPEATS = frozenset({"repeat", "repeat_interleave", "tile"})
_FORMS = frozenset(
    "view reshape float long double int to cuda cpu type type_as squeeze unsqueeze flatten "
    "contiguous clone detach expand view_as expand_as reshape_as permute transpose t".split()
)
"""Methods that change the shape or the type of a tensor, or where it lies."""


def _is_schedule(callee: Value) -> bool:
    """Whether a callable builds a scheduler of torch, which is given an optimizer."""
    return isinstance(callee, Extern) and callee.name.startswith("torch.optim.lr_scheduler.")


_SCHEDULE = "schedule"


def is_schedule(value: Value) -> bool:
    """Whether a value is a scheduler of torch, whatever its variable is called."""
    return isinstance(value, Unknown) and isinstance(value.key, tuple) and value.key[0] == _SCHEDULE


_OF_OTHERS = "optimizer of another framework"


def optimizer_of_others(run: Interpreter, args: Args) -> Unknown:
    """An optimizer of another framework, whose methods do to gradients what nobody knows."""
    deps = frozenset().union(*map(deps_of, args.all()))
    return Unknown((_OF_OTHERS, id(args.node)), deps, run.place(args.node))


def is_optimizer_of_others(value: Value) -> bool:
    """Whether a value is no optimizer of torch, whatever its variable is called."""
    key = value.key if isinstance(value, Unknown) else None
    return isinstance(key, tuple) and key[0] == _OF_OTHERS


def _is_loss(value: Value) -> bool:
    """Whether a value is a loss that something unknown could backpropagate."""
    return isinstance(value, Tensor) and value.grad and bool(value.terms)


def _may_zero(value: Value) -> bool:
    """Whether a value is an optimizer or a model, or may hold one."""
    if isinstance(value, Instance):
        return group_of(value) in ("optimizer", "module", "wrapper") or isinstance(value.cls, Class)
    if isinstance(value, Unknown):
        return mentions(value.key, "optim", "model", "net")
    if isinstance(value, Tuple):
        return any(_may_zero(item) for item in value.items)
    return False


def _note_loss(run: Interpreter, node: cst.CSTNode, callee: Value) -> None:
    """Counts a call as a loss call that was not understood, if it is named like one."""
    if isinstance(node, cst.Call) and len(node.args) >= 2:
        name = dotted(node.func).rpartition(".")[2]
        if _LOSS_NAMED.search(name):
            run.seen.sites.met(run.place(node), understood=False, given=callee)
