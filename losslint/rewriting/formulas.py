"""Formulas written out or guarded at the wrong place, and what they should be."""

from __future__ import annotations

from dataclasses import dataclass

import libcst as cst

from losslint.analysis.domain.trail import Place
from losslint.analysis.reading.nodes import same, walk
from losslint.fix import Change, Edge, Fix, Safety, offered, replaced, without
from losslint.rewriting.activations import SIGMOID, activation
from losslint.rewriting.guards import unwrapped
from losslint.rewriting.lines import between, block_of, sets
from losslint.rewriting.logarithms import operand
from losslint.rewriting.names import FUNCTIONAL, Names, names_of
from losslint.rewriting.tree import Tree, bare, code, dotted, in_parentheses, tree_of
from losslint.rewriting.variables import Variable, variable

_ROOMY = "1e-6"
"""A distance from one that float32 does not round away."""
_ABSORBED = 1.2e-7
_BOUNDED = ("acos", "asin", "arccos", "arcsin", "atanh", "arctanh", "erfinv")


def guarded_inside(place: Place) -> Fix | None:
    """A constant that is added behind a division, logarithm or root, put inside."""
    node, tree, names = place.node, tree_of(place.file), names_of(place.file)
    if not isinstance(node, cst.BinaryOperation) or "#" in code(node):
        return None
    for done, guard in ((node.left, node.right), (node.right, node.left)):
        inner = _guardable(names, done)
        if inner is None or done.lpar:
            continue
        text = f"{unwrapped(inner)} + {code(guard)}"
        if not inner.lpar and not isinstance(tree.parent(inner), cst.Arg):
            text = f"({text})"
        start, end = Edge(tree.place(done)), Edge(tree.place(done), at_end=True)
        rest = (
            Change(end, Edge(place, at_end=True), "")
            if done is node.left
            else Change(Edge(place), start, "")
        )
        inside = replaced(tree.place(inner), text)
        return offered("put the constant inside", Safety.UNSAFE, inside, rest)
    return None


def _guardable(names: Names, node: cst.BaseExpression) -> cst.BaseExpression | None:
    """The divisor of a division, or the argument of a logarithm or root."""
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Divide):
        return node.right
    functions = ("log", "log2", "log10", "sqrt")
    return next(filter(None, (operand(names, node, name) for name in functions)), None)


def roomy_guard(place: Place) -> Fix | None:
    """Constants that are too small beside one, made large enough."""
    small = [
        node
        for node in walk(place.node)
        if isinstance(node, cst.Float) and 0 < float(node.value) < _ABSORBED
    ]
    changes = [replaced(tree_of(place.file).place(node), _ROOMY) for node in small]
    return offered(f"use {_ROOMY}", Safety.UNSAFE, *changes)


def inside_the_domain(place: Place) -> Fix | None:
    """The argument of a function with a bounded domain, kept away from its ends."""
    node, names = place.node, names_of(place.file)
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Power):
        inner: cst.BaseExpression | None = node.left
        bounds = f"min={_ROOMY}"
    elif isinstance(node, cst.Call):
        inner = next(filter(None, (operand(names, node, name) for name in _BOUNDED)), None)
        bounds = f"-1 + {_ROOMY}, 1 - {_ROOMY}"
    else:
        return None
    if inner is None or "#" in code(inner):
        return None
    # The range of a node leaves out its parentheses, and those stay.
    change = replaced(Place(place.file, inner), f"{in_parentheses(inner)}.clamp({bounds})")
    return offered("clamp the argument", Safety.UNSAFE, change)


def guarded_where(place: Place) -> Fix | None:
    """A divisor that is replaced by one where the quotient is not selected."""
    node, tree, names = place.node, tree_of(place.file), names_of(place.file)
    if not isinstance(node, cst.BinaryOperation) or not isinstance(node.operator, cst.Divide):
        return None
    divisor, argument = node.right, tree.parent(node)
    call = None if argument is None else tree.parent(argument)
    if not isinstance(call, cst.Call) or names.qualified(call.func) != "torch.where":
        return None
    if len(call.args) != 3 or any(one.keyword or one.star for one in call.args):
        return None
    ones = names.spelled("torch.ones_like", like=call.func)
    condition, name = code(call.args[0].value), dotted(divisor)
    if not name or divisor.lpar or ones is None or "#" in condition or "\n" in condition:
        return None
    safe = f"{ones.text}({name})"
    arms = (name, safe) if argument is call.args[1] else (safe, name)
    text = f"{code(call.func)}({condition}, {arms[0]}, {arms[1]})"
    change = replaced(tree.place(divisor), text)
    return offered("divide by one there", Safety.UNSAFE, *ones.imports, change)


def softmax_in_one_step(place: Place) -> Fix | None:
    """A softmax in place of exponentials over their sum.

    Safe where the sum is over one dimension that it keeps: the same function, which does not
    overflow.
    """
    node, tree, names = place.node, tree_of(place.file), names_of(place.file)
    if not isinstance(node, cst.BinaryOperation) or "#" in code(node):
        return None
    summed = _kept_sum(names, node.right)
    if summed is None:
        return None
    terms, dim = summed
    above, removed = _exponent(tree, names, node.left, node)
    below, _ = _exponent(tree, names, terms, node)
    if above is None or below is None or not same(above, below):
        return None
    if isinstance(node.left, cst.Name) is not isinstance(terms, cst.Name):
        return None
    softmax = names.spelled("torch.softmax", like=node.right)
    if softmax is None or any(isinstance(one, cst.Call) for one in walk(above)):
        return None
    change = replaced(place, f"{softmax.text}({bare(above)}, dim={dim})")
    return offered("use softmax", Safety.SAFE, *softmax.imports, *removed, change)


def _kept_sum(names: Names, node: cst.BaseExpression) -> tuple[cst.BaseExpression, str] | None:
    """What is summed over one dimension that is kept, and over which."""
    if not isinstance(node, cst.Call) or any(one.star for one in node.args):
        return None
    args, func = list(node.args), node.func
    if names.qualified(func) == "torch.sum":
        terms = args.pop(0).value if args and args[0].keyword is None else None
    elif isinstance(func, cst.Attribute) and func.attr.value == "sum":
        terms = None if names.qualified(func.value) else func.value
    else:
        return None
    order = ("dim", "keepdim")
    if terms is None or len(args) != len(order):
        return None
    options = {
        one.keyword.value if one.keyword else order[index]: code(one.value)
        for index, one in enumerate(args)
    }
    dim = options.get("dim", "")
    if options.get("keepdim") != "True" or not dim.removeprefix("-").isdecimal():
        return None
    return terms, dim


def _exponent(
    tree: Tree, names: Names, node: cst.BaseExpression, use: cst.BinaryOperation
) -> tuple[cst.BaseExpression | None, tuple[Change, ...]]:
    """What an exponential is of; for a variable also the change that takes it out."""
    if not isinstance(node, cst.Name):
        return operand(names, node, "exp"), ()
    known = variable(tree, node)
    inner = None if known is None else operand(names, known.value, "exp")
    if known is None or inner is None or not _holds_still(tree, known, inner, use):
        return None, ()
    removed = _removal(tree, known, use)
    return (inner, (removed,)) if removed is not None else (None, ())


def _holds_still(
    tree: Tree, known: Variable, inner: cst.BaseExpression, use: cst.BaseExpression
) -> bool:
    """Whether an expression is the same at another place as where a variable was made of it."""
    made, used = tree.line(known.value), tree.line(use)
    if made is None or used is None or any(isinstance(one, cst.Call) for one in walk(inner)):
        return False
    body = block_of(tree, made)
    inside = {one.value for one in walk(inner) if isinstance(one, cst.Name)}
    return used in body and not any(sets(between(body, made, used), one) for one in inside)


def _removal(tree: Tree, known: Variable, use: cst.BaseExpression) -> Change | None:
    """The change that takes a variable out that is read in one expression and nowhere else."""
    inside = {id(one) for one in walk(use)}
    line = tree.line(known.value)
    if line is None or not isinstance(line.body[0], cst.Assign):
        return None
    if len(line.body[0].targets) > 1 or not all(id(one) in inside for one in known.loads):
        return None
    return without(tree.place(line))


def with_logits_in_one_step(place: Place) -> Fix | None:
    """A binary cross entropy of logits in place of one written out, element by element."""
    node, tree, names = place.node, tree_of(place.file), names_of(place.file)
    if not isinstance(node, cst.BinaryOperation) or "#" in code(node):
        return None
    left, right = (_weighed_logarithm(names, one) for one in (node.left, node.right))
    if left is None or right is None:
        return None
    is_difference = isinstance(node.operator, cst.Subtract)
    is_negative = left.is_negative
    if (right.is_negative is not is_difference) is not is_negative:
        return None
    weighed = {_complement(one.factor) is None: one for one in (left, right)}
    if len(weighed) < 2:
        return None
    label, complement = weighed[True].factor, _complement(weighed[False].factor)
    logits, removed = _logits(tree, names, weighed[True].argument, node)
    loss = names.spelled(f"{FUNCTIONAL}.binary_cross_entropy_with_logits")
    if logits is None or complement is None or not same(complement, label) or loss is None:
        return None
    text = f'{loss.text}({bare(logits)}, {bare(label)}, reduction="none")'
    up = tree.parent(node)
    if is_negative:
        change = replaced(place, text)
    elif isinstance(up, cst.UnaryOperation) and isinstance(up.operator, cst.Minus):
        change = replaced(tree.place(up), text)
    else:
        change = replaced(place, f"-{text}")
    message = "use binary_cross_entropy_with_logits"
    return offered(message, Safety.UNSAFE, *loss.imports, *removed, change)


@dataclass(frozen=True, slots=True)
class _Weighed:
    """``y * log(p)``, or that with a minus in front."""

    factor: cst.BaseExpression
    argument: cst.BaseExpression
    is_negative: bool


def _weighed_logarithm(names: Names, node: cst.BaseExpression) -> _Weighed | None:
    if not isinstance(node, cst.BinaryOperation) or not isinstance(node.operator, cst.Multiply):
        return None
    for factor, logarithm in ((node.left, node.right), (node.right, node.left)):
        inner = operand(names, logarithm, "log")
        if inner is None:
            continue
        if isinstance(factor, cst.UnaryOperation) and isinstance(factor.operator, cst.Minus):
            return _Weighed(factor.expression, inner, is_negative=True)
        return _Weighed(factor, inner, is_negative=False)
    return None


def _complement(node: cst.BaseExpression) -> cst.BaseExpression | None:
    """The ``y`` in ``1 - y``."""
    if not isinstance(node, cst.BinaryOperation) or not isinstance(node.operator, cst.Subtract):
        return None
    return node.right if code(node.left) in ("1", "1.0", "1.") else None


def _logits(
    tree: Tree, names: Names, probability: cst.BaseExpression, use: cst.BaseExpression
) -> tuple[cst.BaseExpression | None, tuple[Change, ...]]:
    """What a sigmoid was of; for a variable also the change that takes it out, if nobody reads it.

    None where that may be something else by now.
    """
    value = _unguarded(names, probability)
    known = variable(tree, value) if isinstance(value, cst.Name) else None
    if known is not None:
        value = _unguarded(names, known.value)
    found = activation(tree, names, value)
    if found is None or found.name != SIGMOID:
        return None, ()
    if known is None:
        pure = not any(isinstance(one, cst.Call) for one in walk(found.operand))
        return (found.operand if pure else None), ()
    if tree.function(known.value) is not tree.function(use):
        return None, ()
    if not _holds_still(tree, known, found.operand, use):
        return None, ()
    removed = _removal(tree, known, use)
    return found.operand, () if removed is None else (removed,)


def _unguarded(names: Names, node: cst.BaseExpression) -> cst.BaseExpression:
    """A probability without the constant or the clamp that keeps it from zero and one."""
    if isinstance(node, cst.BinaryOperation) and isinstance(node.operator, cst.Add):
        return node.left
    if isinstance(node, cst.Call) and isinstance(node.func, cst.Attribute):
        if node.func.attr.value in ("clamp", "clip"):
            of_torch = bool(names.qualified(node.func.value))
            return node.args[0].value if of_torch and node.args else node.func.value
    return node
