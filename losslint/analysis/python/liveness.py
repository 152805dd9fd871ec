"""Which assignments to a variable of a function nothing can read.

The classic analysis, from the end of the body to its beginning: what is known of the variable is
whether it may be read from here on, or else which assignments to it may come next. Whatever lets
others look at the variables of a function keeps them alive.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cached_property, lru_cache
from typing import TypeAlias

import libcst as cst

from losslint.analysis.reading.nodes import children

Stores: TypeAlias = frozenset[cst.CSTNode]
_After: TypeAlias = Stores | None
"""What happens next to the variable: these assignments, or None where it may be read first."""
Assignment: TypeAlias = cst.Assign | cst.AnnAssign | cst.AugAssign
_ENDS: Stores = frozenset()
_SPIES = frozenset({"locals", "vars", "globals", "eval", "exec", "dir", "get_ipython"})
_SCOPES = (cst.FunctionDef, cst.ClassDef, cst.Lambda)
_MAX_ROUNDS = 5
"""Two are nearly always enough; after the last but one the variable counts as read."""


class Variables:
    """The local variables of a function, or the globals of a module as its own code uses them."""

    def __init__(self, body: cst.BaseSuite | cst.Module) -> None:
        self._body = body
        self._names: dict[cst.CSTNode, frozenset[str]] = {}
        self._dead: dict[str, dict[cst.CSTNode, Stores]] = {}

    @cached_property
    def _captured(self) -> frozenset[str] | None:
        return _captured(self._body)

    def is_private(self, name: str) -> bool:
        """Whether only statements of the body itself can read a variable."""
        return self._captured is not None and name not in self._captured

    @cached_property
    def _lines(self) -> dict[cst.CSTNode, tuple[Sequence[cst.CSTNode], int]]:
        return _lines(self._body.body)

    def is_read_next(self, store: cst.CSTNode, name: str) -> bool:
        """Whether a line behind an assignment reads the variable before anything else can happen.

        That is quickly seen, and so it is with nearly all losses.
        """
        body, index = self._lines.get(store, ((), 0))
        for line in body[index + 1 :]:
            if not isinstance(line, cst.SimpleStatementLine) or len(line.body) != 1:
                return False
            (only,) = line.body
            value: cst.CSTNode | None = only if isinstance(only, cst.AugAssign) else None
            if isinstance(only, cst.Assign | cst.Expr | cst.Return):
                value = only.value
            if value is None:
                return False
            if name in self.names(value):
                return True
            if isinstance(only, cst.Return) or (
                isinstance(only, cst.Assign) and name in self.names(only)
            ):
                return False
        return False

    def dead_stores(self, name: str) -> dict[cst.CSTNode, Stores]:
        """The assignments to a variable that nothing reads, with those that may follow each.

        Assignments are statements with a value that have the name itself as a target. One that
        reads the variable, such as ``total += x``, counts as a read.
        """
        if not self.is_private(name):
            return {}
        known = self._dead.get(name)
        if known is None:
            found = _Liveness(self, name)
            found.block(self._body.body, _ENDS)
            known = {store: after for store, after in found.stores.items() if after is not None}
            self._dead[name] = known
        return known

    def names(self, node: cst.CSTNode) -> frozenset[str]:
        """The names in an expression or statement that are read there, or may be."""
        known = self._names.get(node)
        if known is None:
            known = self._names[node] = frozenset(_names(node))
        return known


def _lines(
    body: Sequence[cst.CSTNode],
) -> dict[cst.CSTNode, tuple[Sequence[cst.CSTNode], int]]:
    """Where each small statement of one scope stands."""
    found: dict[cst.CSTNode, tuple[Sequence[cst.CSTNode], int]] = {}
    pending: list[Sequence[cst.CSTNode]] = [body]
    while pending:
        lines = pending.pop()
        for index, line in enumerate(lines):
            if isinstance(line, cst.SimpleStatementLine):
                found.update((small, (lines, index)) for small in line.body)
            elif not isinstance(line, _SCOPES):
                pending += [suite.body for suite in _suites(line)]
    return found


def _suites(line: cst.CSTNode) -> Iterator[cst.BaseSuite]:
    """The suites of a compound statement, of all its clauses."""
    pending = [line]
    while pending:
        node = pending.pop()
        suite = getattr(node, "body", None)
        if isinstance(suite, cst.BaseSuite):
            yield suite
        for name in ("orelse", "finalbody"):
            part = getattr(node, name, None)
            if part is not None:
                pending.append(part)
        for name in ("handlers", "cases"):
            pending += getattr(node, name, ())


@lru_cache(maxsize=256)
def variables_of(body: cst.BaseSuite | cst.Module) -> Variables:
    """The variables that the statements of a body assign and read."""
    return Variables(body)


def _captured(body: cst.CSTNode) -> frozenset[str] | None:
    """The names that functions inside may read at any time; None if all may be looked at."""
    names: set[str] = set()
    pending = children(body)
    while pending:
        node = pending.pop()
        if isinstance(node, cst.Name):
            if node.value in _SPIES:
                return None
        elif isinstance(node, _SCOPES):
            inside = _names(node)
            if inside & _SPIES:
                return None
            names |= inside
        elif isinstance(node, cst.Global | cst.Nonlocal):
            names.update(item.name.value for item in node.names)
        elif isinstance(node, cst.Attribute):
            pending.append(node.value)  # `model.eval()` looks at no variable
        else:
            pending += children(node)
    return frozenset(names)


def _names(node: cst.CSTNode) -> set[str]:
    found: set[str] = set()
    pending = [node]
    while pending:
        node = pending.pop()
        if isinstance(node, cst.Name):
            found.add(node.value)
        elif isinstance(node, cst.Attribute | cst.Arg):
            pending.append(node.value)  # neither an attribute nor a keyword is a variable
        else:
            pending += children(node)
    return found


def targets_of(node: Assignment) -> list[cst.BaseExpression]:
    """What an assignment gives a value to."""
    if isinstance(node, cst.Assign):
        return [one.target for one in node.targets]
    return [node.target]


def _join(*paths: _After) -> _After:
    """What holds where control may go on in several ways."""
    made = _ENDS
    for path in paths:
        if path is None:
            return None
        made |= path
    return made


class _Liveness:
    """Runs backwards through statements with what happens to one variable after each."""

    def __init__(self, variables: Variables, name: str) -> None:
        self.stores: dict[cst.CSTNode, _After] = {}
        self._variables = variables
        self._name = name
        self._raised: tuple[_After, ...] = ()
        """Where any statement may go on instead: at handlers and finally blocks around it."""
        self._loops: list[tuple[_After, _After]] = []
        """Where break and continue go on, for each loop around."""

    def block(self, body: Sequence[cst.CSTNode], after: _After) -> _After:
        """What happens before statements, given what happens after them."""
        for statement in reversed(body):
            after = self._statement(statement, after)
            if self._raised:
                after = _join(after, *self._raised)
        return after

    def _suite(self, node: cst.CSTNode | None, after: _After) -> _After:
        if isinstance(node, cst.Else | cst.Finally):
            node = node.body
        if isinstance(node, cst.BaseSuite):
            return self.block(node.body, after)
        return after if node is None else self._statement(node, after)

    def _read(self, after: _After, *nodes: cst.CSTNode | None) -> _After:
        for node in nodes:
            if node is not None and self._name in self._variables.names(node):
                return None
        return after

    def _statement(self, node: cst.CSTNode, after: _After) -> _After:
        if isinstance(node, cst.SimpleStatementLine):
            return self.block(node.body, after)
        if isinstance(node, Assignment):
            return self._assignment(node, after)
        if isinstance(node, cst.If):
            paths = self._suite(node.body, after), self._suite(node.orelse, after)
            return self._read(_join(*paths), node.test)
        if isinstance(node, cst.For | cst.While):
            return self._loop(node, after)
        if isinstance(node, cst.Try | cst.TryStar):
            return self._try(node, after)
        if isinstance(node, cst.With):
            return self._read(self._suite(node.body, after), *node.items)
        if isinstance(node, cst.Match):
            cases = (self._read(self._suite(c.body, after), c.pattern, c.guard) for c in node.cases)
            return self._read(_join(after, *cases), node.subject)
        if isinstance(node, cst.Return | cst.Raise):
            return self._read(_ENDS, node)
        if isinstance(node, cst.Break) and self._loops:
            return self._loops[-1][0]
        if isinstance(node, cst.Continue) and self._loops:
            return self._loops[-1][1]
        return self._read(after, node)

    def _assignment(self, node: Assignment, after: _After) -> _After:
        if node.value is None:
            return after
        for target in targets_of(node):
            if not isinstance(target, cst.Name):
                after = self._read(after, target)
            elif target.value == self._name:
                known = self.stores.get(node, _ENDS)
                self.stores[node] = _join(known, after)
                after = frozenset({node})
        if isinstance(node, cst.AugAssign):
            after = self._read(after, node.target)
        return self._read(after, node.value)

    def _loop(self, node: cst.For | cst.While, after: _After) -> _After:
        again = self._suite(node.orelse, after)
        head = node.target if isinstance(node, cst.For) else node.test
        for number in range(_MAX_ROUNDS):
            self._loops.append((after, again))
            inside = self._read(self._suite(node.body, again), head)
            self._loops.pop()
            joined = _join(again, inside)
            if joined == again:
                break
            again = joined if number < _MAX_ROUNDS - 2 else None
        return self._read(again, node.iter if isinstance(node, cst.For) else head)

    def _try(self, node: cst.Try | cst.TryStar, after: _After) -> _After:
        outer = self._raised
        if node.finalbody is not None:
            after = self._suite(node.finalbody, _join(after, *outer))
            self._raised = (*outer, after)
        handlers = [self._read(self._suite(one.body, after), one.type) for one in node.handlers]
        behind = self._suite(node.orelse, after)
        self._raised = (*self._raised, *handlers)
        before = self._suite(node.body, behind)
        self._raised = outer
        return before
