"""The activation that an expression came through last, where its two ends can be seen."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import libcst as cst

from losslint.fix import Change, replaced, without
from losslint.rewriting.names import FUNCTIONAL, Names
from losslint.rewriting.scopes import keeps_values
from losslint.rewriting.tree import Tree, code, in_parentheses, is_atom
from losslint.rewriting.variables import variable

SIGMOID, SOFTMAX, LOG_SOFTMAX, TANH = "sigmoid", "softmax", "log_softmax", "tanh"
RELU = "relu"
_MODULES = {
    "Sigmoid": SIGMOID,
    "Softmax": SOFTMAX,
    "LogSoftmax": LOG_SOFTMAX,
    "Tanh": TANH,
    "ReLU": RELU,
}
_FUNCTIONS = {
    f"{module}.{name}": name
    for module in ("torch", FUNCTIONAL)
    for name in (SIGMOID, SOFTMAX, LOG_SOFTMAX, TANH, RELU)
} | {
    "torch.special.expit": SIGMOID,
    "torch.special.softmax": SOFTMAX,
    "torch.special.log_softmax": LOG_SOFTMAX,
}
_SAME_ELEMENTS = frozenset(
    "squeeze unsqueeze view reshape flatten contiguous float double cuda cpu permute "
    "transpose view_as reshape_as".split()
)
"""Methods that leave every element what it is."""


@dataclass(frozen=True, slots=True)
class Activation:
    """A call of an activation."""

    name: str
    call: cst.Call
    operand: cst.BaseExpression
    options: Sequence[cst.Arg]
    """Its arguments without the operand; of a module, those that it was built with."""
    is_method: bool = False
    is_module: bool = False

    def option(self, name: str, position: int = 0) -> cst.BaseExpression | None:
        """An option by keyword or position."""
        for index, argument in enumerate(self.options):
            if argument.keyword is not None:
                if argument.keyword.value == name:
                    return argument.value
            elif index == position:
                return argument.value
        return None


def activation(tree: Tree, names: Names, node: cst.BaseExpression) -> Activation | None:
    """The activation that an expression is a call of."""
    if not isinstance(node, cst.Call) or any(argument.star for argument in node.args):
        return None
    full = names.qualified(node.func)
    if full in _FUNCTIONS:
        return _with_operand(_FUNCTIONS[full], node)
    built = _built(tree, names, node.func)
    if built is not None:
        module = names.qualified(built.func).rpartition(".")[2]
        if len(node.args) == 1 and not any(argument.star for argument in built.args):
            value = node.args[0].value
            return Activation(_MODULES[module], node, value, built.args, is_module=True)
        return None
    if full or not isinstance(node.func, cst.Attribute):
        return None
    name = node.func.attr.value
    if name in _MODULES.values() and _is_method(names, node, node.func):
        return Activation(name, node, node.func.value, node.args, is_method=True)
    return None


def module_activation(names: Names, node: cst.BaseExpression) -> Activation | None:
    """The activation that a construction such as ``nn.Softmax(dim=1)`` stands for, as a layer."""
    if not isinstance(node, cst.Call) or any(argument.star for argument in node.args):
        return None
    module, _, name = names.qualified(node.func).rpartition(".")
    if module != "torch.nn" or name not in _MODULES:
        return None
    return Activation(_MODULES[name], node, node, node.args, is_module=True)


def _built(tree: Tree, names: Names, func: cst.BaseExpression) -> cst.Call | None:
    """The construction of the activation module that is called, in place or through a variable."""
    if isinstance(func, cst.Name | cst.Attribute):
        known = variable(tree, func)
        if known is None:
            return None
        func = known.value
    if isinstance(func, cst.Call):
        module, _, name = names.qualified(func.func).rpartition(".")
        if module == "torch.nn" and name in _MODULES:
            return func
    return None


def _is_method(names: Names, node: cst.Call, func: cst.Attribute) -> bool:
    """Whether a call is a tensor's method: its arguments are options, and its object no module."""
    if names.qualified(func.value) or (
        isinstance(func.value, cst.Name) and func.value.value in ("self", "cls")
    ):
        return False
    if func.attr.value in (SIGMOID, TANH, RELU):
        return not node.args
    return all(
        argument.keyword is not None or isinstance(argument.value, cst.Integer | cst.UnaryOperation)
        for argument in node.args
    )


def _with_operand(name: str, node: cst.Call) -> Activation | None:
    keywords = [argument.keyword.value if argument.keyword else "" for argument in node.args]
    if "out" in keywords:
        return None
    for index, (argument, named) in enumerate(zip(node.args, keywords, strict=True)):
        if named == "input" or (not named and index == 0):
            options = [one for one in node.args if one is not argument]
            return Activation(name, node, argument.value, options)
    return None


def behind(tree: Tree, names: Names, node: cst.BaseExpression) -> Activation | None:
    """The activation that gave an expression its elements, seen through reshapes.

    A variable is followed where it is set once and this is the only place that reads it.
    """
    found = activation(tree, names, node)
    if found is not None:
        return found
    if isinstance(node, cst.Subscript):
        return behind(tree, names, node.value)
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        if keeps_elements(node, node.func) and not names.qualified(node.func):
            return behind(tree, names, node.func.value)
    if isinstance(node, cst.Name):
        known = variable(tree, node)
        if known is not None and known.loads == (node,):
            if tree.function(known.value) is tree.function(node):
                return behind(tree, names, known.value)
    return None


def keeps_elements(node: cst.Call, func: cst.Attribute) -> bool:
    """Whether a method gives the same elements in another form or at another place."""
    if func.attr.value == "to":  # a device; another dtype would round
        return keeps_values(node)
    return func.attr.value in _SAME_ELEMENTS


def dropped(tree: Tree, found: Activation) -> Change | None:
    """The operand in place of the activation; None where a comment would be lost."""
    text = code(found.operand)
    if "#" in code(found.call).replace(text, "", 1) or isinstance(found.operand, cst.NamedExpr):
        return None
    up = tree.parent(found.call)
    if isinstance(up, cst.Assign) and [code(one.target) for one in up.targets] == [text]:
        line = tree.line(found.call)
        block = None if line is None else tree.parent(line)
        if line is not None and isinstance(block, cst.IndentedBlock | cst.Module):
            if len(block.body) > 1:
                return without(tree.place(line))
    if not is_atom(found.operand):
        stands_alone = isinstance(up, cst.Arg | cst.Assign | cst.Return) and "\n" not in text
        if not stands_alone:
            text = in_parentheses(found.operand)
    return replaced(tree.place(found.call), text)
