"""Loss modules of the project that take any shapes, and give one number and nothing else."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.lookup import lineage
from losslint.analysis.domain.trail import Place
from losslint.analysis.domain.values import Class, Extern, Function
from losslint.analysis.events import CustomLoss
from losslint.analysis.reading.nodes import walk
from losslint.analysis.reading.spelling import dotted

if TYPE_CHECKING:
    from losslint.analysis.interpreter import Interpreter

_MODULES = frozenset(
    f"torch.nn.modules.{name}" for name in ("Module", "module.Module", "loss._Loss")
) | {"torch.nn.Module"}
_ELEMENTWISE = frozenset(
    "abs absolute add clamp clamp_max clamp_min clip cosh cpu cuda detach div double elu exp expm1 "
    "float half huber log log1p log2 logsigmoid log_sigmoid log_softmax mul multiply neg "
    "nan_to_num pow relu rsqrt sigmoid sign sin softmax softplus sqrt square sub subtract tanh to "
    "true_divide type type_as where".split()
)
"""Functions and methods whose result has an element for each one of what they are given."""
_PER_ROW = frozenset({"pairwise_distance", "cosine_similarity", "norm", "vector_norm"})
_REDUCTIONS = frozenset({"mean", "sum", "nanmean", "nansum"})
_SHAPING = frozenset(
    "argmax assert_close atleast_1d atleast_2d broadcast_tensors broadcast_to cdist chunk dim "
    "expand expand_as flatten gather index_select masked_select movedim moveaxis ndim ndimension "
    "one_hot permute ravel rearrange repeat repeat_interleave reshape reshape_as shape size "
    "scatter scatter_ split squeeze stack swapaxes t T tile transpose unbind unsqueeze view "
    "view_as".split()
)
"""What looks at shapes, or makes them what they have to be."""
_REDUCTION_OPTION = re.compile(r"reduc|aver|aggreg|per_(sample|elem|example|pixel)", re.IGNORECASE)
_TARGET = re.compile(
    r"target|label|truth|true|actual|real|expected|(^|_)(y|gt|gts|tgt|t)(_|\d|$)", re.IGNORECASE
)


_NAMES = (cst.Name, cst.Attribute)
"""Annotations that say nothing of shapes."""


@dataclass(slots=True)
class _Shapes:
    """What the local variables of a forward have their shapes from."""

    sources: dict[str, frozenset[str]]
    """For each variable the parameters that it has an element for each element of."""
    reduced: dict[str, cst.Call] = field(default_factory=dict)
    """Variables that are one number, and where they became that."""
    met: tuple[cst.BaseExpression, str, str] | None = None
    """Where two parameters met element by element first, and which."""


def custom_losses(run: Interpreter) -> Iterator[CustomLoss]:
    """Loss modules in which any two shapes meet, and whose reduction is nobody's choice."""
    for forward, cls in run.seen.loss_modules.items():
        found = _judged(forward, cls)
        if found is not None:
            yield found


def _judged(forward: Function, cls: Class) -> CustomLoss | None:
    node = forward.node
    if not isinstance(node, cst.FunctionDef) or node.decorators or not _is_plain_module(cls):
        return None
    taken = _required(node)
    if taken is None or _takes_care(cls.node, node):
        return None
    shapes = _Shapes({name: frozenset({name}) for name in taken})
    returned = list(_run(node.body, shapes))
    reductions = [_reduction(one.value, shapes) for one in returned]
    if shapes.met is None or not reductions or any(one is None for one in reductions):
        return None
    meeting, first, second = shapes.met
    if len(taken) > 2 and not (_TARGET.search(first) or _TARGET.search(second)):
        return None
    reduction = next(one for one in reductions if one is not None)
    file = forward.file
    return CustomLoss(Place(file, meeting), cls.name, (first, second), Place(file, reduction))


def _is_plain_module(cls: Class) -> bool:
    """Whether a class has no base that could do for it what it does not do itself."""
    (_, *bases) = lineage(cls)
    return bool(bases) and all(isinstance(one, Extern) and one.name in _MODULES for one in bases)


def _required(node: cst.FunctionDef) -> list[str] | None:
    """The parameters that every call gives, without ``self``; None where annotations say more."""
    plain = node.params.params[1:]
    for one in plain:
        if one.annotation is not None and not isinstance(one.annotation.annotation, _NAMES):
            return None
    names = [one.name.value for one in plain if one.default is None]
    return names if len(names) > 1 else None


def _takes_care(cls: cst.ClassDef, forward: cst.FunctionDef) -> bool:
    """Whether the class leaves its reduction open, or its forward has to do with shapes."""
    for node in walk(cls):
        if isinstance(node, cst.Name) and _REDUCTION_OPTION.search(node.value):
            return True
    counted = {id(below) for node in walk(forward) for below in _counting(node)}
    for node in walk(forward.body):
        if isinstance(node, cst.Raise | cst.Assert | cst.Subscript) and id(node) not in counted:
            return True
        if isinstance(node, cst.Attribute) and node.attr.value in _SHAPING:
            if id(node) not in counted:
                return True
        if isinstance(node, cst.Arg) and node.keyword and node.keyword.value == "keepdim":
            return True
    return False


def _counting(node: cst.CSTNode) -> Iterator[cst.CSTNode]:
    """The parts of ``x.size(0)`` or ``x.shape[0]``, which counts samples and checks nothing."""
    if isinstance(node, cst.Call) and len(node.args) == 1 and _is_zero(node.args[0].value):
        if isinstance(node.func, cst.Attribute) and node.func.attr.value == "size":
            yield node.func
    elif isinstance(node, cst.Subscript) and len(node.slice) == 1:
        index = node.slice[0].slice
        if isinstance(index, cst.Index) and _is_zero(index.value):
            if isinstance(node.value, cst.Attribute) and node.value.attr.value == "shape":
                yield node
                yield node.value


def _is_zero(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Integer) and node.value == "0"


def _run(body: cst.BaseSuite, shapes: _Shapes) -> Iterator[cst.Return]:
    """Follows the shapes through statements in the order of the text; gives what is returned."""
    for node in walk(body):
        if isinstance(node, cst.Return):
            if node.value is not None:
                _sources(node.value, shapes)
            yield node
        elif isinstance(node, cst.Assign | cst.AnnAssign | cst.AugAssign):
            value = node.value
            if value is None:
                continue
            if isinstance(node, cst.AugAssign) and isinstance(node.target, cst.Name):
                sides = [_sources(one, shapes) for one in (node.target, value)]
                shapes.sources[node.target.value] = _meet(value, sides, shapes)
                continue
            sources, reduction = _sources(value, shapes), _reduction(value, shapes)
            for target in _targets(node):
                if isinstance(target, cst.Name):
                    _assign(shapes, target.value, sources, reduction)


def _targets(node: cst.Assign | cst.AnnAssign | cst.AugAssign) -> Sequence[cst.BaseExpression]:
    if isinstance(node, cst.Assign):
        return [one.target for one in node.targets]
    return [node.target]


def _assign(
    shapes: _Shapes, name: str, sources: frozenset[str], reduction: cst.Call | None
) -> None:
    shapes.sources[name] = sources
    shapes.reduced.pop(name, None)
    if reduction is not None:
        shapes.reduced[name] = reduction


def _sources(node: cst.BaseExpression, shapes: _Shapes) -> frozenset[str]:
    """The parameters that an expression has its shape from; notes where two of them meet."""
    if isinstance(node, cst.Name):
        return shapes.sources.get(node.value, frozenset())
    if isinstance(node, cst.UnaryOperation):
        return _sources(node.expression, shapes)
    if isinstance(node, cst.BinaryOperation):
        sides = [_sources(one, shapes) for one in (node.left, node.right)]
        if isinstance(node.operator, cst.MatrixMultiply):
            return frozenset()
        return _meet(node, sides, shapes)
    if isinstance(node, cst.Comparison):
        compared = [node.left, *(one.comparator for one in node.comparisons)]
        return _meet(node, [_sources(one, shapes) for one in compared], shapes)
    if isinstance(node, cst.Call):
        return _of_call(node, shapes)
    return frozenset()


def _of_call(node: cst.Call, shapes: _Shapes) -> frozenset[str]:
    given = [_sources(one.value, shapes) for one in node.args if not one.star]
    name = dotted(node.func).rpartition(".")[2]
    if isinstance(node.func, cst.Attribute):
        name = node.func.attr.value
        given.insert(0, _sources(node.func.value, shapes))
    if name in _ELEMENTWISE:
        return _meet(node, given, shapes)
    if name in _PER_ROW or (name in _REDUCTIONS and len(node.args) > 0):
        return frozenset().union(*given)
    return frozenset()


def _meet(
    node: cst.BaseExpression, operands: Sequence[frozenset[str]], shapes: _Shapes
) -> frozenset[str]:
    """The sources of operands that are broadcast against each other."""
    together: frozenset[str] = frozenset()
    for sources in operands:
        if together and sources and together.isdisjoint(sources) and shapes.met is None:
            order = list(shapes.sources)
            of_each = (min(one, key=order.index) for one in (together, sources))
            first, second = sorted(of_each, key=order.index)
            shapes.met = (node, first, second)
        together |= sources
    return together


def _reduction(node: cst.BaseExpression | None, shapes: _Shapes) -> cst.Call | None:
    """The call by which an expression is one number, if it is for sure."""
    if isinstance(node, cst.Name):
        return shapes.reduced.get(node.value)
    if isinstance(node, cst.UnaryOperation):
        return _reduction(node.expression, shapes)
    if isinstance(node, cst.BinaryOperation):
        left, right = _reduction(node.left, shapes), _reduction(node.right, shapes)
        if (left is None and _sources(node.left, shapes)) or (
            right is None and _sources(node.right, shapes)
        ):
            return None
        return left or right
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        name, receiver = node.func.attr.value, node.func.value
        is_function = isinstance(receiver, cst.Name) and receiver.value not in shapes.sources
        if name in _REDUCTIONS and len(node.args) == int(is_function):
            return node
        if name in _ELEMENTWISE:
            inner = node.args[0].value if is_function and node.args else receiver
            return _reduction(inner, shapes)
    return None
