"""Calls of functions and classes of a project, and what goes through them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.trail import Place
from losslint.analysis.reading.nodes import children
from losslint.rewriting.imports import meaning_of
from losslint.rewriting.names import names_of
from losslint.rewriting.references import references
from losslint.rewriting.tree import tree_of

if TYPE_CHECKING:
    from losslint.analysis.domain.syntax import SourceModule

_WITHOUT_GRADIENT = ("torch.no_grad", "torch.inference_mode")


@dataclass(frozen=True, slots=True)
class Callee:
    """What a call runs: a function of a module, or the ``__init__`` of a class."""

    definition: Place
    function: cst.FunctionDef

    @property
    def place(self) -> Place:
        """The function itself."""
        return Place(self.definition.file, self.function)

    def parameters(self) -> Iterator[str]:
        """The names of the parameters, but for ``self``; none where a star takes some."""
        params = self.function.params
        if not isinstance(params.star_arg, cst.Param) and params.star_kwarg is None:
            for param in (*self._by_position(), *params.kwonly_params):
                yield param.name.value

    def _by_position(self) -> list[cst.Param]:
        params = [*self.function.params.posonly_params, *self.function.params.params]
        return params[1:] if isinstance(self.definition.node, cst.ClassDef) else params

    def argument(self, call: cst.Call, name: str) -> cst.BaseExpression | None:
        """What a call passes for a parameter; None where that is its default, or hidden."""
        if name not in self.parameters() or any(one.star for one in call.args):
            return None
        names = [param.name.value for param in self._by_position()]
        for index, argument in enumerate(call.args):
            if argument.keyword is not None:
                if argument.keyword.value == name:
                    return argument.value
            elif index < len(names) and names[index] == name:
                return argument.value
        return None

    def calls(self) -> list[Place] | None:
        """All calls, in all files; None where it is used in other ways too."""
        return calls_of(self.definition)

    def returned(self) -> cst.BaseExpression | None:
        """What it returns, where it does in one place, and yields nothing."""
        found = list(_in_body(self.function))
        returns = [node for node in found if isinstance(node, cst.Return)]
        if len(returns) != 1 or any(isinstance(node, cst.Yield) for node in found):
            return None
        return returns[0].value


def callee(call: Place) -> Callee | None:
    """What a call runs, where that is a plain function or class of the project."""
    if not isinstance(call.node, cst.Call):
        return None
    definition = meaning_of(Place(call.file, call.node.func))
    return callee_of(definition) if isinstance(definition, Place) else None


def callee_of(definition: Place) -> Callee | None:
    """A function of a module, or a class with an ``__init__``, that no decorator changes."""
    node = definition.node
    if isinstance(node, cst.FunctionDef):
        is_plain = not node.asynchronous and _only_without_gradient(definition.file, node)
        return Callee(definition, node) if is_plain else None
    if not isinstance(node, cst.ClassDef) or node.decorators:
        return None
    makers = [one for one in node.body.body if isinstance(one, cst.FunctionDef)]
    makers = [one for one in makers if one.name.value in ("__init__", "__new__")]
    if len(makers) != 1 or makers[0].name.value != "__init__" or makers[0].decorators:
        return None
    return Callee(definition, makers[0])


def _only_without_gradient(file: SourceModule, function: cst.FunctionDef) -> bool:
    """Whether what decorates a function only keeps gradients from being recorded, if anything."""
    names = names_of(file)
    used = (one.decorator for one in function.decorators)
    called = (one.func if isinstance(one, cst.Call) else one for one in used)
    return all(names.qualified(one) in _WITHOUT_GRADIENT for one in called)


def calls_of(definition: Place) -> list[Place] | None:
    """All calls of a function or class, in all files; None where it is used in other ways too.

    An annotation is no use, nor is the old ``super(Net, self)``.
    """
    read = references(definition)
    if read is None:
        return None
    found: list[Place] = []
    for place in read:
        tree = tree_of(place.file)
        up = tree.parent(place.node)
        if isinstance(up, cst.Call) and up.func is place.node:
            found.append(Place(place.file, up))
        elif not _is_annotation(place) and not _is_named_only(place):
            return None
    return found


def _is_annotation(place: Place) -> bool:
    return any(isinstance(up, cst.Annotation) for up in tree_of(place.file).ancestors(place.node))


def _is_named_only(place: Place) -> bool:
    """Whether a class is asked about, and not used."""
    tree = tree_of(place.file)
    argument = tree.parent(place.node)
    call = tree.parent(argument) if isinstance(argument, cst.Arg) else None
    if not isinstance(call, cst.Call) or not isinstance(call.func, cst.Name):
        return False
    return call.func.value in ("super", "isinstance")


def _in_body(function: cst.FunctionDef) -> Iterator[cst.CSTNode]:
    """The statements and expressions of a function, without those of functions inside it."""
    pending: list[cst.CSTNode] = [function.body]
    while pending:
        node = pending.pop()
        yield node
        if not isinstance(node, cst.FunctionDef | cst.Lambda | cst.ClassDef):
            pending += children(node)
