"""Several values become one: the joins of the abstract domain, with their caps."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Sequence

from losslint.analysis.domain.choices import contradict, either
from losslint.analysis.domain.marks import BATCH_MEAN, WRITTEN_MEAN
from losslint.analysis.domain.sizes import common
from losslint.analysis.domain.values import (
    NONE,
    OF_RELU,
    UNKNOWN,
    Alternative,
    Bound,
    Class,
    Conditions,
    Configurations,
    Const,
    DType,
    Extern,
    Function,
    Instance,
    Partial,
    Sign,
    Tensor,
    Tuple,
    Union,
    Unknown,
    Value,
    alternatives_of,
)

_OF_BOTH = frozenset({OF_RELU, BATCH_MEAN, WRITTEN_MEAN})
"""Marks that what stands for two values has only if both have them."""
MAX_PATHS = 5
MAX_CONFIGURATIONS = 32
_CONFIGURATIONS = frozenset({Instance, Function, Class, Extern, Partial, Bound})


def one_of(values: Sequence[Value], token: Hashable) -> Value:
    """One of several configurations, the same one wherever the choice ``token`` shows."""
    return named_by(UNKNOWN, [(number, value) for number, value in enumerate(values)], token)


_CHOICE = "choice"
"""The first part of a configuration that is one of several which one place decides on."""


def named_by(name: Value, choices: Sequence[tuple[Hashable, Value]], token: Hashable) -> Value:
    """The configuration that a ``name`` which is not known stands for, of several with their names.

    A test of the same name tells which one it is.
    """
    key = name.key if isinstance(name, Unknown) else None
    return join_alternatives(
        Alternative(
            value,
            frozenset(
                {
                    (("==", key, Const(one)), True)
                    if key is not None
                    else (("==", (_CHOICE, token), one), True)
                }
            ),
            frozenset({(_CHOICE, token, one)}),
        )
        for one, value in choices
    )


def join(values: Iterable[Value]) -> Value:
    """One value for several that were met on different paths, no matter on which."""
    return join_alternatives(Alternative(value) for value in values)


def join_alternatives(alternatives: Iterable[Alternative]) -> Value:
    """One value for several, each with the conditions under which it holds."""
    flat: list[Alternative] = []
    for outer in alternatives:
        value, when, configs = outer.value, outer.when, outer.configs
        if type(value) is not Union:
            is_one = not configs and type(value) in _CONFIGURATIONS
            _add(flat, Alternative(value, when, _configuration(value)) if is_one else outer)
            continue
        for inner in value.alternatives:
            if when and inner.when:
                if contradict(when, inner.when):
                    continue
                both = when | inner.when
            else:
                both = when or inner.when
            every = configs | inner.configs
            if not every and type(inner.value) in _CONFIGURATIONS:
                every = _configuration(inner.value)
            _add(flat, Alternative(inner.value, both, every))
    if not flat:
        return UNKNOWN
    if len(flat) == 1:
        return flat[0].value
    configurations = sum(1 for one in flat if one.configs)
    if len(flat) - configurations > MAX_PATHS or configurations > MAX_CONFIGURATIONS:
        return widest([one.value for one in flat])
    return Union(tuple(flat))


def _configuration(value: Value) -> Configurations:
    return frozenset({_identity(value)})


def _identity(value: Value) -> Hashable:
    """What stays the same of an object or callable, however often it is looked up."""
    if isinstance(value, Instance):
        return value.oid
    if isinstance(value, Function | Class):
        return id(value.node)
    if isinstance(value, Bound):
        return _identity(value.function), _identity(value.self)
    if isinstance(value, Partial):
        given = (*value.positional, *(one for _, one in value.keywords))
        return _identity(value.callee), *(one.value for one in given if isinstance(one, Const))
    return (type(value), value.name) if isinstance(value, Extern) else (type(value),)


def _add(flat: list[Alternative], new: Alternative) -> None:
    if len(flat) > MAX_PATHS + MAX_CONFIGURATIONS:
        flat.append(new)  # too many to tell apart already, whatever merges
        return
    value, kind, configs = new.value, type(new.value), new.configs
    for index, old in enumerate(flat):
        if bool(old.configs) != bool(configs) or type(old.value) is not kind:
            continue
        merged = _merge(old.value, value)
        if merged is not None:
            # what holds under c and under not c holds always; of other conditions keep the shared
            flat[index] = Alternative(merged, either(old.when, new.when), old.configs | configs)
            return
    flat.append(new)


def _merge(one: Value, other: Value) -> Value | None:
    """One value that stands for both without losing a fact that rules judge, if there is one."""
    if one is other or one == other:
        return one
    if isinstance(one, Tensor) and isinstance(other, Tensor):
        return _merge_tensors(one, other)
    if isinstance(one, Unknown) and isinstance(other, Unknown):
        grad = one.grad or other.grad
        key = one.key if one.key == other.key else None
        return Unknown(key, one.deps | other.deps, one.lost, one.why, grad)
    if isinstance(one, Tuple) and isinstance(other, Tuple) and len(one.items) == len(other.items):
        pairs = [_merge(a, b) for a, b in zip(one.items, other.items, strict=True)]
        if all(item is not None for item in pairs):
            return Tuple(tuple(item for item in pairs if item is not None))
    return None


def _merge_tensors(one: Tensor, other: Tensor) -> Tensor | None:
    if (
        one.act is not other.act
        or one.picked != other.picked
        or one.target is not other.target
        or one.terms != other.terms
        or one.grad != other.grad
    ):
        return None
    marks = one.marks - (_OF_BOTH - other.marks)
    return one.but(
        marks=marks,
        dim=one.dim if one.dim == other.dim else None,
        sign=_sign_of_both(one.sign, other.sign),
        zero=one.zero if one.zero == other.zero else None,
        mask=one.mask if one.mask == other.mask else None,
        above=one.above if one.above == other.above else None,
        dtype=one.dtype if one.dtype is other.dtype else DType.UNKNOWN,
        sizes=common(one.sizes, other.sizes),
        scale=one.scale if one.scale == other.scale else None,
        rare=one.rare if one.rare == other.rare else None,
        shape=one.shape if one.shape == other.shape else "",
        operations=one.operations | other.operations,
        deps=one.deps | other.deps,
        owner=one.owner | other.owner if one.owner and other.owner else None,
        confidence=min(one.confidence, other.confidence),
    )


def widest(values: list[Value]) -> Value:
    """What is left when there are too many values to tell apart."""
    if all(isinstance(value, Tensor) for value in values):
        kept = Tensor()
        for value in values:
            assert isinstance(value, Tensor)
            kept = kept.but(
                operations=kept.operations | value.operations, deps=kept.deps | value.deps
            )
        return kept
    return UNKNOWN


def _sign_of_both(one: Sign, other: Sign) -> Sign:
    if one is other:
        return one
    return Sign.UNKNOWN if Sign.UNKNOWN in (one, other) else Sign.NON_NEGATIVE


def untreated(value: Value, conditions: Conditions) -> Value:
    """What a variable still holds where none of the branches that assign it was taken.

    Who tests a name for one constant after the other gives all that it may be, so that a tensor
    which no such branch has treated is hardly ever met: it is as good as unknown.
    """
    if isinstance(value, Tensor):
        return UNKNOWN if _is_leftover(conditions) else value
    if not isinstance(value, Union):
        return value
    return Union(
        tuple(
            Alternative(UNKNOWN, one.when, one.configs)
            if isinstance(one.value, Tensor) and _is_leftover(one.when | conditions)
            else one
            for one in value.alternatives
        )
    )


def _is_leftover(conditions: Conditions) -> bool:
    """Whether two tests or more of a name failed, and none succeeded."""
    tests = [
        (key, outcome)
        for key, outcome in conditions
        if isinstance(key, tuple) and len(key) == 3 and key[0] in ("==", "in")
    ]
    among = {
        (key[1], one)
        for key, outcome in tests
        if key[0] == "in" and not outcome and isinstance(key[2], tuple)
        for one in key[2]
    }
    failed = [key[1] for key, outcome in tests if not outcome and key[1:] not in among]
    held = {key[1] for key, outcome in tests if outcome}
    return any(failed.count(name) > 1 and name not in held for name in failed)


def each(value: Value, change: Callable[[Value], Value]) -> Value:
    """Applies ``change`` to every alternative of a value."""
    if not isinstance(value, Union):
        return change(value)
    return join_alternatives(
        Alternative(change(one.value), one.when, one.configs) for one in value.alternatives
    )


def in_pairs(one: Value, other: Value, apply: Callable[[Value, Value], Value]) -> Value:
    """Applies a function to all alternatives of two values that can be the ones together."""
    if not isinstance(one, Union) and not isinstance(other, Union):
        return apply(one, other)
    pairs = [
        (first, second, configs)
        for first in alternatives_of(one)
        for second in alternatives_of(other)
        if not contradict(first.when, second.when)
        if (configs := _in_both(first.configs, second.configs)) is not None
    ]
    if len(pairs) > MAX_CONFIGURATIONS:
        return UNKNOWN
    return join_alternatives(
        Alternative(apply(first.value, second.value), first.when | second.when, configs)
        for first, second, configs in pairs
    )


def _in_both(ours: Configurations, theirs: Configurations) -> Configurations | None:
    """The configurations that two values go together in; None where there is none."""
    here, there = _by_choice(ours), _by_choice(theirs)
    found = ours | theirs
    for choice in here.keys() & there.keys():
        if here[choice].isdisjoint(there[choice]):
            return None
        found -= here[choice] ^ there[choice]
    return found


def _by_choice(configs: Configurations) -> dict[Hashable, set[Hashable]]:
    """The configurations by the choice that each is one of."""
    found: dict[Hashable, set[Hashable]] = {}
    for one in configs:
        if isinstance(one, tuple) and one[0] == _CHOICE:
            found.setdefault(one[1], set()).add(one)
    return found


def under(value: Value, assumed: Conditions) -> Value:
    """The value where ``assumed`` holds: alternatives that contradict it are gone.

    So are those for a limit of one number where the code is for a limit of another one, such as
    ``if t1 == 1.0`` in a loss with two temperatures: a program is at one of them, if at any.
    """
    if not isinstance(value, Union) or not assumed:
        return value
    limits = _limits(assumed)
    kept = [
        one
        for one in value.alternatives
        if not contradict(one.when, assumed)
        and (not limits or not one.when or not (_limits(one.when) - limits))
    ]
    if len(kept) == len(value.alternatives):
        return value
    if len(kept) == 1:
        return kept[0].value
    return Union(tuple(kept)) if kept else UNKNOWN


def _limits(conditions: Conditions) -> frozenset[Hashable]:
    """The symbols that are equal to a number with a fraction, as far as conditions say so."""
    return frozenset(
        key[1]
        for key, outcome in conditions
        if outcome
        and isinstance(key, tuple)
        and len(key) == 3
        and key[0] == "=="
        and isinstance(key[2], Const)
        and type(key[2].value) is float
    )


def without_none(value: Value) -> Value:
    """The value where it is not None, for what is about to be called or read."""
    if not isinstance(value, Union):
        return value
    kept = tuple(one for one in value.alternatives if one.value != NONE)
    if len(kept) == len(value.alternatives) or not kept:
        return value
    return kept[0].value if len(kept) == 1 else Union(kept)


def truth(value: Value) -> bool | None:
    """Whether a value counts as true, where that is certain."""
    if isinstance(value, Const):
        return bool(value.value)
    if isinstance(value, Tuple):
        return bool(value.items)
    if isinstance(value, Function | Class | Partial | Bound):
        return True
    if isinstance(value, Instance):
        return None if isinstance(value.cls, Extern) and value.cls.name in SIZED else True
    if isinstance(value, Union):
        outcomes = {truth(one.value) for one in value.alternatives}
        return outcomes.pop() if len(outcomes) == 1 else None
    return None


SIZED = frozenset({"builtins.list", "builtins.dict", "builtins.set"})
