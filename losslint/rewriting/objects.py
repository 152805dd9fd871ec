"""Models and criteria: where they are built, and every call of them, in all files of a project.

An object goes from its construction through variables, attributes of ``self``, parameters and
returned values. Each step is followed in both directions, so that what is known of one call is
known of all.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import libcst as cst

from losslint.analysis.domain.trail import Place
from losslint.rewriting.callables import Callee, callee, callee_of
from losslint.rewriting.imports import meaning_of, named, setters
from losslint.rewriting.names import names_of
from losslint.rewriting.references import is_private, references
from losslint.rewriting.scopes import MOVES, assigned, keeps_values, scope_of, target_of
from losslint.rewriting.tree import tree_of
from losslint.rewriting.variables import (
    attribute_variable,
    loads_of_parameter,
    named_variable,
)

if TYPE_CHECKING:
    from losslint.analysis.domain.syntax import SourceModule

_MAX_STEPS = 200
_ON_THE_OBJECT = frozenset(
    "parameters named_parameters state_dict load_state_dict zero_grad apply modules children "
    "named_modules requires_grad_".split()
)
"""Methods that give something else than the object, and read no output."""
_CASTS = ("float", "double", "half", "bfloat16")
_LOOKED_AT = ("print", "isinstance", "id", "type")


def origins(place: Place, seen: frozenset[Place] = frozenset()) -> frozenset[Place] | None:
    """The calls that built the object that an expression is; None where that cannot be told."""
    node, tree = place.node, tree_of(place.file)
    if place in seen or len(seen) > _MAX_STEPS:
        return None
    seen |= {place}
    if isinstance(node, cst.Call):
        if isinstance(node.func, cst.Attribute) and _is_move(place.file, node):
            return origins(Place(place.file, node.func.value), seen)
        made_by = callee(place)
        if made_by is not None and isinstance(made_by.definition.node, cst.FunctionDef):
            value = made_by.returned()
            return None if value is None else origins(Place(made_by.place.file, value), seen)
        return frozenset((place,))
    if isinstance(node, cst.Attribute):
        known = attribute_variable(tree, node)
        if known is not None:
            return origins(Place(place.file, known.value), seen)
    if isinstance(node, cst.Name):
        known = named_variable(tree, node)
        if known is not None:
            return origins(Place(place.file, known.value), seen)
        passed = _passed(place)
        if passed is not None:
            return _of_all(passed, seen)
    meaning = meaning_of(place)
    if isinstance(meaning, Place) and isinstance(meaning.node, cst.Name):
        value = assigned(tree_of(meaning.file), meaning.node)
        return None if value is None else origins(Place(meaning.file, value), seen)
    return None


def _of_all(places: Iterable[Place], seen: frozenset[Place]) -> frozenset[Place] | None:
    found: set[Place] = set()
    for place in places:
        own = origins(place, seen)
        if own is None:
            return None
        found |= own
    return frozenset(found)


def _passed(place: Place) -> list[Place] | None:
    """What all calls pass for a parameter that is read; None where it is something else."""
    tree, node = tree_of(place.file), place.node
    assert isinstance(node, cst.Name)
    function = scope_of(tree, node)
    called = _callee_with(place, function) if isinstance(function, cst.FunctionDef) else None
    calls = None if called is None else called.calls()
    if called is None or not calls:
        return None
    read = loads_of_parameter(tree, called.function, node.value)
    if read is None or node not in read:
        return None
    return _arguments(called, calls, node.value)


def _callee_with(place: Place, function: cst.FunctionDef) -> Callee | None:
    """The function, or the class whose ``__init__`` it is."""
    tree = tree_of(place.file)
    owner = tree.owner(function)
    definition = Place(place.file, function if owner is None else owner)
    if tree.parent(definition.node) is not tree.root:
        return None
    found = callee_of(definition)
    return found if found is not None and found.function is function else None


def _arguments(called: Callee, calls: Iterable[Place], name: str) -> list[Place] | None:
    """What calls pass for a parameter."""
    found: list[Place] = []
    for call in calls:
        assert isinstance(call.node, cst.Call)
        argument = called.argument(call.node, name)
        if argument is None:
            return None
        found.append(Place(call.file, argument))
    return found


def calls_of_objects(built: Iterable[Place]) -> tuple[Place, ...] | None:
    """Every call of objects, given the calls that build them; None where one is used unseen."""
    flow = _Flow(built)
    return tuple(flow.calls) if flow.goes_through() else None


class _Flow:
    """Where objects go."""

    def __init__(self, built: Iterable[Place]) -> None:
        self._pending = list(built)
        self._reached: dict[Place, None] = {}
        """The expressions that are one of the objects."""
        self._expected: list[Place] = []
        """The expressions that have to be, since the same is done with them."""
        self.calls: dict[Place, None] = {}

    def goes_through(self) -> bool:
        """Follows the objects to the end; False where that cannot be seen."""
        while self._pending:
            place = self._pending.pop()
            if place in self._reached:
                continue
            self._reached[place] = None
            if len(self._reached) > _MAX_STEPS or not self._step(place):
                return False
        return all(place in self._reached for place in self._expected)

    def _step(self, place: Place) -> bool:
        tree, node = tree_of(place.file), place.node
        up = tree.parent(node)
        if isinstance(up, cst.Call) and up.func is node:
            self.calls[Place(place.file, up)] = None
            return True
        if isinstance(up, cst.Attribute) and up.value is node:
            return self._attribute(place, up)
        if isinstance(up, cst.Expr):
            return True
        if isinstance(up, cst.Return):
            return self._returned(place, up)
        if isinstance(up, cst.Arg):
            return self._argument(place, up)
        return self._assigned(place)

    def _attribute(self, place: Place, attribute: cst.Attribute) -> bool:
        tree = tree_of(place.file)
        call = tree.parent(attribute)
        if not isinstance(call, cst.Call) or call.func is not attribute:
            return False
        if _is_move(place.file, call):
            self._pending.append(Place(place.file, call))
            return True
        return attribute.attr.value in _ON_THE_OBJECT

    def _returned(self, place: Place, statement: cst.Return) -> bool:
        tree = tree_of(place.file)
        function = tree.function(statement)
        called = None
        if isinstance(function, cst.FunctionDef) and tree.parent(function) is tree.root:
            called = callee_of(Place(place.file, function))
        calls = None if called is None else called.calls()
        if called is None or calls is None or called.returned() is not place.node:
            return False
        self._pending += calls
        return True

    def _argument(self, place: Place, argument: cst.Arg) -> bool:
        """Goes on with the parameter that an argument is for."""
        tree = tree_of(place.file)
        call = tree.parent(argument)
        assert isinstance(call, cst.Call)
        if isinstance(call.func, cst.Name) and call.func.value in _LOOKED_AT:
            return not setters(tree, tree.root, call.func.value)
        called = callee(Place(place.file, call))
        calls = None if called is None else called.calls()
        if called is None or calls is None:
            return False
        name = next((n for n in called.parameters() if called.argument(call, n) is place.node), "")
        inner = tree_of(called.place.file)
        read = loads_of_parameter(inner, called.function, name) if name else None
        passed = _arguments(called, calls, name) if name else None
        if read is None or passed is None:
            return False
        self._expected += passed
        self._pending += (Place(called.place.file, node) for node in read)
        return True

    def _assigned(self, place: Place) -> bool:
        """Goes on with the variable that an expression is assigned to."""
        tree, node = tree_of(place.file), place.node
        target = target_of(tree, node)
        if isinstance(target, cst.Attribute):
            known = attribute_variable(tree, target)
            if known is None or known.value is not node or _is_read_elsewhere(place, target):
                return False
        elif isinstance(target, cst.Name):
            known = named_variable(tree, target)
            if known is None or known.value is not node:
                return False
            if known.scope is tree.root and not is_private(Place(place.file, target)):
                return self._global(place, target)
        else:
            return False
        self._pending += (Place(place.file, load) for load in known.loads)
        return True

    def _global(self, place: Place, target: cst.Name) -> bool:
        """Goes on with a variable of a module that other files read."""
        definition = Place(place.file, target)
        if named(place.file, place.file.tree, target.value) != definition:
            return False
        read = references(definition)
        if read is None:
            return False
        self._pending += read
        return True


def _is_move(file: SourceModule, call: cst.Call) -> bool:
    """Whether a method is called that gives the module itself."""
    if not isinstance(call.func, cst.Attribute):
        return False
    if call.func.attr.value not in (*MOVES, *_CASTS):
        return False
    return keeps_values(call) and not names_of(file).qualified(call.func)


def _is_read_elsewhere(place: Place, target: cst.Attribute) -> bool:
    """Whether another file may read an attribute of ``self``: on another object, or in an heir."""
    file = place.file
    if file.around is None:
        return False
    others = file.around.importers(file.path)
    if others is None or file.around.is_hidden([file.path]):
        return True
    return any(
        not isinstance(node.value, cst.Name)
        or node.value.value != "self"
        or _may_be_heir(other, tree_of(other).owner(node))
        for other in others
        for node in tree_of(other).attributes(target.attr.value)
    )


def _may_be_heir(file: SourceModule, owner: cst.ClassDef | None) -> bool:
    """Whether a class derives from another one of the project."""
    if owner is None:
        return True
    return any(isinstance(meaning_of(Place(file, base.value)), Place) for base in owner.bases)
