"""Expressions to values."""

from __future__ import annotations

import ast
from collections.abc import Callable
from dataclasses import replace
from itertools import takewhile
from typing import Any, TypeVar

import libcst as cst

from losslint.analysis.domain.arguments import Args
from losslint.analysis.domain.conditions import one_of_constants, outcomes
from losslint.analysis.domain.containers import (
    element,
    elements,
    is_key,
    is_list,
    keys_of,
    part_of,
)
from losslint.analysis.domain.heap import ITEMS, REST
from losslint.analysis.domain.joins import join, join_alternatives, truth
from losslint.analysis.domain.strings import MAX_TEXT, put_together, shown
from losslint.analysis.domain.values import (
    NONE,
    UNKNOWN,
    Alternative,
    Const,
    Function,
    Instance,
    Tuple,
    Union,
    Unknown,
    Value,
)
from losslint.analysis.interpreter import Interpreter
from losslint.analysis.objective.watched import looked_at, written_out
from losslint.analysis.python import operators, relations
from losslint.analysis.python.items import store
from losslint.analysis.python.last_round import of_last_round
from losslint.analysis.python.names import lookup
from losslint.analysis.python.subscripts import subscript
from losslint.analysis.reading.spelling import dotted

Node = TypeVar("Node", bound=cst.CSTNode)
EXPRESSIONS: dict[type, Callable[[Interpreter, Any], Value]] = {}
_literals: dict[str, Value] = {}


def evaluates(
    *kinds: type[cst.CSTNode],
) -> Callable[[Callable[[Interpreter, Any], Value]], Callable[[Interpreter, Any], Value]]:
    """Registers the evaluation of a kind of node."""

    def register(
        evaluate: Callable[[Interpreter, Any], Value],
    ) -> Callable[[Interpreter, Any], Value]:
        for kind in kinds:
            EXPRESSIONS[kind] = evaluate
        return evaluate

    return register


@evaluates(cst.Name)
def _name(run: Interpreter, node: cst.Name) -> Value:
    return lookup(run, node)


@evaluates(cst.Integer, cst.Float, cst.Imaginary, cst.SimpleString)
def _literal(
    run: Interpreter, node: cst.Integer | cst.Float | cst.Imaginary | cst.SimpleString
) -> Value:
    text = node.value
    value = _literals.get(text)
    if value is None:
        value = _constant(text)
        if len(_literals) < 10_000 and len(text) < 100:
            _literals[text] = value
    return value


def _constant(text: str) -> Value:
    """The value of a literal; what people mostly write is read without Python's parser."""
    if text.isdecimal() and len(text) < 100 and (text == "0" or text[0] != "0"):
        return Const(int(text))
    if text[0] in "\"'" and text[-1] == text[0] and "\\" not in text and text[1] != text[0]:
        return Const(text[1:-1])
    try:
        return Const(ast.literal_eval(text))
    except (ValueError, SyntaxError, MemoryError):
        return UNKNOWN


@evaluates(cst.ConcatenatedString)
def _concatenated(run: Interpreter, node: cst.ConcatenatedString) -> Value:
    left, right = run.eval(node.left), run.eval(node.right)
    return operators.binary(run, "+", left, right, node)


@evaluates(cst.FormattedString)
def _formatted(run: Interpreter, node: cst.FormattedString) -> Value:
    words: list[str | None] = []
    values: list[Value] = []
    for part in node.parts:
        if isinstance(part, cst.FormattedStringText):
            words.append(part.value)
        elif isinstance(part, cst.FormattedStringExpression):
            values.append(run.eval(part.expression))
            written_out(run, values[-1], run.place(part.expression))
            words.append(shown(values[-1]) if part.format_spec is None else None)
    beginning = list(takewhile(lambda word: word is not None, words))
    text = "".join(word for word in beginning if word is not None)
    if len(text) > MAX_TEXT:
        return UNKNOWN
    return Const(text) if len(beginning) == len(words) else put_together(text, values, node)


@evaluates(cst.Ellipsis)
def _ellipsis(run: Interpreter, node: cst.Ellipsis) -> Value:
    return Const(...)


@evaluates(cst.Attribute)
def _attribute(run: Interpreter, node: cst.Attribute) -> Value:
    return part_of(run.attribute(run.eval(node.value), node.attr.value, node), node.value)


def _sequence(run: Interpreter, parts: Any) -> tuple[list[Value], Value | None]:
    """The items of a display, and what stands for those of unknown number."""
    items: list[Value] = []
    rest: list[Value] = []
    for part in parts:
        value = run.eval(part.value)
        if isinstance(part, cst.StarredElement):
            known = elements(run, value)
            if known is None:
                rest.append(element(run, value, part))
            else:
                items.extend(known)
        else:
            items.append(value)
    return items, join(rest) if rest else None


@evaluates(cst.Tuple)
def _tuple(run: Interpreter, node: cst.Tuple) -> Value:
    items, rest = _sequence(run, node.elements)
    for item in items:
        looked_at(run, item)
    if rest is None:
        return Tuple(tuple(items))
    made = run.new_list(items)
    run.heap.set(made.slots, REST, rest)
    return made


@evaluates(cst.List, cst.Set)
def _list(run: Interpreter, node: cst.List | cst.Set) -> Value:
    items, rest = _sequence(run, node.elements)
    for item in items:
        looked_at(run, item)
    made = run.new_list(items, "builtins.list" if isinstance(node, cst.List) else "builtins.set")
    if rest is not None:
        run.heap.set(made.slots, REST, rest)
    return made


@evaluates(cst.Dict)
def _dict(run: Interpreter, node: cst.Dict) -> Value:
    made = run.new_dict()
    for part in node.elements:
        value = run.eval(part.value)
        if isinstance(part, cst.DictElement):
            store(run, made, run.eval(part.key), value)
        elif isinstance(value, Instance):
            for key, item in list(value.slots.items()):
                if key == REST or is_key(key):
                    run.heap.set(made.slots, key, item)
    return made


@evaluates(cst.Subscript)
def _subscript(run: Interpreter, node: cst.Subscript) -> Value:
    return subscript(run, run.eval(node.value), node)


@evaluates(cst.UnaryOperation)
def _unary(run: Interpreter, node: cst.UnaryOperation) -> Value:
    return operators.unary(run, node.operator, run.eval(node.expression), node)


@evaluates(cst.BinaryOperation)
def _binary(run: Interpreter, node: cst.BinaryOperation) -> Value:
    left = run.eval(node.left)
    return operators.binary(run, operators.symbol(node.operator), left, run.eval(node.right), node)


@evaluates(cst.Comparison)
def _comparison(run: Interpreter, node: cst.Comparison) -> Value:
    left = run.eval(node.left)
    result: Value = UNKNOWN
    for target in node.comparisons:
        right = run.eval(target.comparator)
        result = relations.compare(run, target.operator, left, right, node)
        left = right
    if len(node.comparisons) > 1:
        return relations.without_key(result)
    if isinstance(result, Unknown):
        return (run.looping and of_last_round(run, node)) or replace(result, grad=False)
    return result


@evaluates(cst.BooleanOperation)
def _boolean(run: Interpreter, node: cst.BooleanOperation) -> Value:
    left = run.eval(node.left)
    run.seen.guard(left)
    certain = truth(left)
    conjunction = isinstance(node.operator, cst.And)
    if certain is not None:
        return run.eval(node.right) if certain is conjunction else left
    if not conjunction and _is_known_symbol(left) and _is_empty_dict(node.right):
        return left  # options: that there may be none is what each look-up has to ask anyway
    right = run.eval(node.right)
    run.seen.guard(right)
    if truth(right) is (not conjunction):
        return right if isinstance(right, Const) else Const(not conjunction)
    if isinstance(left, Unknown) and isinstance(right, Unknown):
        if left.key is not None and right.key is not None:
            among = None if conjunction else one_of_constants(left.key, right.key)
            return Unknown(among or ("and" if conjunction else "or", left.key, right.key))
        if conjunction and (left.key is None) != (right.key is None):
            return Unknown(("and", left.key, right.key))
        return UNKNOWN
    when_true, when_false = outcomes(left, node)
    first, second = (when_false, when_true) if conjunction else (when_true, when_false)
    return join_alternatives([Alternative(left, first), Alternative(right, second)])


def _is_known_symbol(value: Value) -> bool:
    return isinstance(value, Unknown) and value.key is not None


def _is_empty_dict(node: cst.BaseExpression) -> bool:
    if isinstance(node, cst.Call):
        return dotted(node.func) == "dict" and not node.args
    return isinstance(node, cst.Dict) and not node.elements


@evaluates(cst.IfExp)
def _conditional(run: Interpreter, node: cst.IfExp) -> Value:
    test = run.eval(node.test)
    run.seen.guard(test)
    certain = truth(test)
    if certain is not None:
        return run.eval(node.body if certain else node.orelse)
    found: list[Alternative] = []

    def arm(expression: cst.BaseExpression) -> Callable[[], bool]:
        def evaluate() -> bool:
            found.append(Alternative(run.eval(expression), run.frame.assumed))
            return True

        return evaluate

    when_true, when_false = outcomes(test, node)
    base = run.frame.assumed
    run.branch([(when_true, arm(node.body)), (when_false, arm(node.orelse))])
    run.frame.assumed = base
    return join_alternatives(Alternative(one.value, one.when - base) for one in found)


@evaluates(cst.NamedExpr)
def _walrus(run: Interpreter, node: cst.NamedExpr) -> Value:
    value = run.eval(node.value)
    run.assign(node.target, value)
    return value


@evaluates(cst.Lambda)
def _lambda(run: Interpreter, node: cst.Lambda) -> Value:
    frame = run.frame
    defaults = tuple(
        (p.name.value, run.eval(p.default))
        for p in (*node.params.params, *node.params.kwonly_params)
        if p.default is not None
    )
    return Function(node, frame.scope, "lambda", defaults)


@evaluates(cst.Await)
def _await(run: Interpreter, node: cst.Await) -> Value:
    return run.eval(node.expression)


@evaluates(cst.Yield)
def _yield(run: Interpreter, node: cst.Yield) -> Value:
    if isinstance(node.value, cst.From):
        value = run.eval(node.value.item)
        run.frame.yields.append(element(run, value, node))
    else:
        run.frame.yields.append(NONE if node.value is None else run.eval(node.value))
    return UNKNOWN


@evaluates(cst.Call)
def _call(run: Interpreter, node: cst.Call) -> Value:
    callee = run.eval(node.func)
    return run.call(callee, arguments(run, node))


def arguments(run: Interpreter, node: cst.Call) -> Args:
    """What a call passes, evaluated from left to right."""
    args = Args(node)
    for arg in node.args:
        value = run.eval(arg.value)
        if arg.star == "*":
            known = elements(run, value)
            if known is None:
                args.open = True
                args.stars.append(element(run, value, arg.value))
                if len(node.args) == 1:
                    args.spread = _choice_of_items(run, value)
            else:
                args.positional.extend(known)
        elif arg.star == "**":
            if isinstance(value, Instance) and REST not in value.slots:
                for key in keys_of(value):
                    if isinstance(key[1], str):
                        args.keywords[key[1]] = value.slots[key]
            else:
                args.open = True
        elif arg.keyword is not None:
            args.keywords[arg.keyword.value] = value
        else:
            args.positional.append(value)
    return args


def _choice_of_items(run: Interpreter, value: Value) -> Value | None:
    """The items of a list that is one of several, depending on the path."""
    if isinstance(value, Instance) and is_list(value) and REST not in value.slots:
        items = run.heap.get(value.slots, ITEMS)
        if isinstance(items, Union) and all(
            isinstance(one.value, Tuple) for one in items.alternatives
        ):
            return items
    return None
