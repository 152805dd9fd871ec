"""Logarithms whose argument is a function that has a stable form together with them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import libcst as cst

from losslint.fix import Change, Fix, Safety, offered, replaced
from losslint.rewriting.activations import LOG_SOFTMAX, SIGMOID, SOFTMAX, Activation, activation
from losslint.rewriting.names import FUNCTIONAL, Names, Spelling, names_of
from losslint.rewriting.tree import Tree, bare, code, in_parentheses, tree_of

if TYPE_CHECKING:
    from losslint.analysis.domain.trail import Place


def in_one_step(place: Place) -> Fix | None:
    """The stable form of a logarithm and its argument, where the two are one expression."""
    tree, names, node = tree_of(place.file), names_of(place.file), place.node
    if not isinstance(node, cst.Call) or "#" in code(node):
        return None
    for function in ("log", "log1p"):
        inner = operand(names, node, function)
        if inner is not None:
            writer = _Writer(tree, names)
            text = writer.log(inner, node) if function == "log" else writer.log1p(inner)
            if text is None:
                return None
            change = replaced(place, text)
            return offered(f"use {writer.used}", Safety.SAFE, *writer.imports, change)
    return None


def operand(names: Names, node: cst.BaseExpression, function: str) -> cst.BaseExpression | None:
    """The one argument of a call of ``torch.function(x)`` or ``x.function()``."""
    if not isinstance(node, cst.Call):
        return None
    if names.qualified(node.func) == f"torch.{function}":
        plain = len(node.args) == 1 and not node.args[0].star
        if plain and (node.args[0].keyword is None or node.args[0].keyword.value == "input"):
            return node.args[0].value
        return None
    func = node.func
    if isinstance(func, cst.Attribute) and func.attr.value == function and not node.args:
        return None if names.qualified(func.value) else func.value
    return None


class _Writer:
    """Writes one expression, and remembers what it needs."""

    def __init__(self, tree: Tree, names: Names) -> None:
        self._tree = tree
        self._names = names
        self.used = ""
        self.imports: tuple[Change, ...] = ()

    def log(self, inner: cst.BaseExpression, whole: cst.Call) -> str | None:
        """``log(inner)`` in one step."""
        found = activation(self._tree, self._names, inner)
        if found is not None:
            if found.name == SOFTMAX:
                return self._log_softmax(found)
            return self._log_sigmoid(found) if found.name == SIGMOID else None
        if isinstance(inner, cst.BinaryOperation):
            if isinstance(inner.operator, cst.Subtract) and _is_one(inner.left):
                return self._log_of_complement(inner.right)
            if isinstance(inner.operator, cst.Add):
                for one, other in ((inner.left, inner.right), (inner.right, inner.left)):
                    if _is_one(one):
                        return self.log1p(other)
            return None
        even = operand(self._names, inner, "cosh")
        if even is not None:
            return self._log_cosh(even, whole)
        return self._log_sum(inner)

    def log1p(self, inner: cst.BaseExpression) -> str | None:
        """``log(1 + inner)`` in one step."""
        if isinstance(inner, cst.UnaryOperation) and isinstance(inner.operator, cst.Minus):
            return self._log_of_complement(inner.expression)
        given = operand(self._names, inner, "exp")
        return None if given is None else self._call(f"{FUNCTIONAL}.softplus", bare(given))

    def _log_softmax(self, found: Activation) -> str | None:
        self.used = LOG_SOFTMAX
        func = found.call.func
        if found.is_method and isinstance(func, cst.Attribute):
            renamed = func.with_changes(attr=cst.Name(LOG_SOFTMAX))
            return code(found.call.with_changes(func=renamed))
        if found.is_module:
            dim = found.option("dim")
            if dim is None or not isinstance(dim, cst.Integer | cst.UnaryOperation):
                return None
            return self._call(
                f"{FUNCTIONAL}.log_softmax", f"{bare(found.operand)}, dim={code(dim)}"
            )
        module, _, _ = self._names.qualified(func).rpartition(".")
        home = module if module in ("torch", FUNCTIONAL) else "torch"
        spelling = self._spelled(f"{home}.{LOG_SOFTMAX}", func)
        if spelling is None:
            return None
        return code(found.call.with_changes(func=cst.parse_expression(spelling.text)))

    def _log_sigmoid(self, found: Activation, sign: str = "") -> str | None:
        given = found.operand
        text = bare(given)
        if sign:
            if isinstance(given, cst.UnaryOperation) and isinstance(given.operator, cst.Minus):
                text = bare(given.expression)
            else:
                text = f"-{in_parentheses(given)}"
        return self._call(f"{FUNCTIONAL}.logsigmoid", text, found.call.func)

    def _log_of_complement(self, other: cst.BaseExpression) -> str | None:
        found = activation(self._tree, self._names, other)
        if found is None or found.name != SIGMOID:
            return None
        return self._log_sigmoid(found, sign="-")

    def _log_sum(self, inner: cst.BaseExpression) -> str | None:
        if not isinstance(inner, cst.Call):
            return None
        func, options = inner.func, list(inner.args)
        if self._names.qualified(func) == "torch.sum":
            if not options or options[0].keyword is not None:
                return None
            summed: cst.BaseExpression = options.pop(0).value
        elif isinstance(func, cst.Attribute) and func.attr.value == "sum":
            summed = func.value
        else:
            return None
        given = operand(self._names, summed, "exp")
        if given is None or not _names_dim(options):
            return None
        rest = ", ".join(_argument(option) for option in options)
        assert isinstance(summed, cst.Call)
        if not self._names.qualified(summed.func):
            self.used = "logsumexp"
            return f"{in_parentheses(given)}.logsumexp({rest})"
        return self._call("torch.logsumexp", f"{bare(given)}, {rest}", summed.func)

    def _log_cosh(self, given: cst.BaseExpression, whole: cst.Call) -> str | None:
        size = f"{code(given)}.abs()"
        log1p = self._spelled("torch.log1p", whole.func)
        tanh = self._spelled("torch.tanh", whole.func)
        if not _is_dotted(given) or log1p is None or tanh is None:
            return None
        self.used = "a form of log(cosh(x)) that neither overflows nor rounds to zero"
        text = f"{size} - {log1p.text}({tanh.text}({size}))"
        up = self._tree.parent(whole)
        alone = whole.lpar or isinstance(up, cst.Arg | cst.Assign | cst.Return)
        return text if alone else f"({text})"

    def _call(self, name: str, arguments: str, like: cst.CSTNode | None = None) -> str | None:
        spelling = self._spelled(name, like)
        self.used = name.rpartition(".")[2]
        return None if spelling is None else f"{spelling.text}({arguments})"

    def _spelled(self, name: str, like: cst.CSTNode | None) -> Spelling | None:
        spelling = self._names.spelled(name, like)
        if spelling is not None:
            self.imports += spelling.imports
        return spelling


def _is_one(node: cst.BaseExpression) -> bool:
    return isinstance(node, cst.Integer | cst.Float) and node.value in ("1", "1.0", "1.")


def _is_dotted(node: cst.BaseExpression) -> bool:
    """Whether an expression can be written twice: it only looks something up."""
    while isinstance(node, cst.Attribute):
        node = node.value
    return isinstance(node, cst.Name)


def _names_dim(options: Sequence[cst.Arg]) -> bool:
    """Whether the options of a sum say over which dim, and nothing that logsumexp lacks."""
    keywords = [option.keyword.value if option.keyword else "" for option in options]
    if any(option.star for option in options) or not set(keywords) <= {"", "dim", "keepdim"}:
        return False
    dims = [
        option.value
        for index, (option, keyword) in enumerate(zip(options, keywords, strict=True))
        if keyword == "dim" or (not keyword and index == 0)
    ]
    return len(dims) == 1 and len(options) <= 2 and code(dims[0]) != "None"


def _argument(option: cst.Arg) -> str:
    value = code(option.value)
    return value if option.keyword is None else f"{option.keyword.value}={value}"
