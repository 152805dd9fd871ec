"""A small number or a clamp that kept a division, a logarithm or an angle finite, left out."""

from __future__ import annotations

import re
from collections.abc import Iterator

import libcst as cst

from benchmarks.mutants.fault import fault, trees
from benchmarks.mutants.program import Mutant, Program
from benchmarks.mutants.tree import Tree, last_name, parsed

_CODES = {
    "division": frozenset({"LOS301", "LOS311"}),
    "log": frozenset({"LOS302", "LOS306", "LOS309"}),
    "sqrt": frozenset({"LOS303"}),
    "power or angle": frozenset({"LOS310"}),
}
_KINDS = {
    "log": "log",
    "log2": "log",
    "log10": "log",
    "sqrt": "sqrt",
    "acos": "power or angle",
    "arccos": "power or angle",
    "asin": "power or angle",
    "arcsin": "power or angle",
    "atanh": "power or angle",
    "logit": "power or angle",
}
_SMALL = 1e-3
_ROOT = 0.5
_GUARD_NAME = re.compile(r"eps|smooth|tiny", re.IGNORECASE)
_CLAMPS = {"clamp", "clamp_min", "clip", "max", "maximum"}
_MODULES = {"torch", "np", "math"}


def drop(program: Program) -> Iterator[Mutant]:
    """Takes the guard out of a divisor, a logarithm, a root, a power or an angle."""
    for file, text in program.files.items():
        tree = parsed(text)
        for kind, guarded in _guarded(tree):
            bare = without_guard(tree, guarded)
            if bare is None:
                continue
            yield Mutant(
                program=program,
                operator=f"drop the guard of a {kind}",
                file=file,
                line=tree.line(guarded),
                files={**program.files, file: tree.changed({guarded: bare})},
                codes=_CODES[kind],
            )


def drop_before(program: Program) -> Iterator[Mutant]:
    """Takes out a statement that clamps what a logarithm or an angle is taken of later."""
    for file, tree in trees(program):
        for assign in tree.nodes(cst.Assign):
            name, value = assign.targets[0].target, assign.value
            if not isinstance(name, cst.Name) or not isinstance(value, cst.Call):
                continue
            bare = without_guard(tree, value)
            if bare is None or tree.code(bare) != name.value:
                continue
            around = tree.around(assign, cst.FunctionDef)
            kinds = {
                kind
                for kind, guarded in _guarded(tree, around)
                if any(other.value == name.value for other in tree.nodes(cst.Name, guarded))
            }
            for kind in sorted(kinds):
                operator = f"drop the clamp before a {kind}"
                yield fault(program, operator, file, assign, {value: bare}, *_CODES[kind])


def move_outside(program: Program) -> Iterator[Mutant]:
    """Adds what guards a logarithm or a root to its result."""
    for file, text in program.files.items():
        tree = parsed(text)
        for call in tree.nodes(cst.Call):
            kind = _KINDS.get(last_name(call.func))
            if kind is None or kind == "power or angle" or not isinstance(call.func, cst.Attribute):
                continue
            if not _is_module(tree, call.func.value) or len(call.args) != 1:
                continue
            inner = call.args[0].value
            bare = without_guard(tree, inner)
            if bare is None or not isinstance(inner, cst.BinaryOperation):
                continue
            guard = inner.right if _is_small(tree, inner.right) else inner.left
            outside = cst.parse_expression(
                f"({tree.code(call.func)}{tree.code(bare)} + {tree.code(guard)})"
            )
            yield Mutant(
                program=program,
                operator=f"guard outside a {kind}",
                file=file,
                line=tree.line(call),
                files={**program.files, file: tree.changed({call: outside})},
                codes=_CODES[kind] | {"LOS308"},
            )


def _guarded(
    tree: Tree, inside: cst.CSTNode | None = None
) -> Iterator[tuple[str, cst.BaseExpression]]:
    """The divisors, and what logarithms, roots, powers and angles are taken of."""
    for node in tree.nodes(cst.BinaryOperation, inside):
        if isinstance(node.operator, cst.Divide):
            yield "division", node.right
        elif isinstance(node.operator, cst.Power) and isinstance(node.right, cst.Float):
            yield _power(node.right), node.left
    for call in tree.nodes(cst.Call, inside):
        kind = _KINDS.get(last_name(call.func))
        exponent = call.args[-1].value if call.args else None
        if last_name(call.func) == "pow" and isinstance(exponent, cst.Float):
            kind = _power(exponent)
        if kind is None or not isinstance(call.func, cst.Attribute):
            continue
        owner = call.func.value
        if tree.code(owner) not in _MODULES:
            yield kind, owner
        elif call.args:
            yield kind, call.args[0].value


def _power(exponent: cst.Float) -> str:
    return "sqrt" if float(exponent.value) == _ROOT else "power or angle"


def without_guard(tree: Tree, guarded: cst.BaseExpression) -> cst.BaseExpression | None:
    """The expression without its guard, if it has one."""
    if isinstance(guarded, cst.BinaryOperation) and isinstance(guarded.operator, cst.Add):
        for guard, rest in ((guarded.right, guarded.left), (guarded.left, guarded.right)):
            if _is_small(tree, guard):
                return cst.parse_expression(f"({tree.code(rest)})")
    if isinstance(guarded, cst.Call) and last_name(guarded.func) in _CLAMPS:
        if isinstance(guarded.func, cst.Attribute) and not _is_module(tree, guarded.func.value):
            return guarded.func.value
        return guarded.args[0].value
    return None


def _is_small(tree: Tree, node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.Float):
        return float(node.value) <= _SMALL
    return isinstance(node, cst.Name | cst.Attribute) and bool(_GUARD_NAME.search(tree.code(node)))


def _is_module(tree: Tree, node: cst.BaseExpression) -> bool:
    return tree.code(node) in _MODULES
