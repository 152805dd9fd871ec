"""The arguments of a call, and how they meet the parameters of a function."""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from typing import TYPE_CHECKING

from losslint.analysis.domain.values import UNKNOWN, Const, Tuple, Unknown, Value

if TYPE_CHECKING:
    import libcst as cst


@dataclass(slots=True)
class Args:
    """What a call passes."""

    node: cst.CSTNode
    positional: list[Value] = field(default_factory=list)
    keywords: dict[str, Value] = field(default_factory=dict)
    open: bool = False
    """An unknown ``*args`` or ``**kwargs`` may pass more."""
    stars: list[Value] = field(default_factory=list)
    spread: Value | None = None
    """The choice of tuples that a single starred argument stands for, where it is all there is."""
    """The elements of ``*xs`` of unknown length."""

    def get(self, index: int, *names: str) -> Value | None:
        """The argument at a position or under one of several keywords."""
        for name in names:
            if name in self.keywords:
                return self.keywords[name]
        if 0 <= index < len(self.positional):
            return self.positional[index]
        return None

    def all(self) -> Iterator[Value]:
        """Every value that is passed."""
        yield from self.positional
        yield from self.keywords.values()
        yield from self.stars

    def behind(self, *values: Value) -> Args:
        """The same arguments behind others."""
        return Args(
            self.node, [*values, *self.positional], dict(self.keywords), self.open, self.stars
        )


@dataclass(frozen=True, slots=True)
class Parameters:
    """The parameters of a function, by name, in order."""

    positional: tuple[str, ...]
    keyword_only: tuple[str, ...]
    star: str | None
    double_star: str | None


@lru_cache(maxsize=4_096)
def parameters_of(node: cst.FunctionDef | cst.Lambda) -> Parameters:
    """The parameters that a function declares."""
    params = node.params
    star = params.star_arg
    return Parameters(
        tuple(p.name.value for p in (*params.posonly_params, *params.params)),
        tuple(p.name.value for p in params.kwonly_params),
        getattr(getattr(star, "name", None), "value", None),
        params.star_kwarg.name.value if params.star_kwarg else None,
    )


def takes(node: cst.FunctionDef | cst.Lambda, args: Args, bound: int) -> bool:
    """Whether a function can be called like that, or else raises a TypeError.

    Args:
        node: the function.
        args: what is passed.
        bound: how many parameters in front are filled already, such as ``self``.
    """
    parameters = parameters_of(node)
    names = parameters.positional[bound:]
    if len(args.positional) > len(names) and parameters.star is None:
        return False
    known = {*names, *parameters.keyword_only}
    if parameters.double_star is None and not known.issuperset(args.keywords):
        return False
    if args.open:
        return True
    first = (*node.params.posonly_params, *node.params.params)[bound + len(args.positional) :]
    needed = [one.name.value for one in (*first, *node.params.kwonly_params) if not one.default]
    return all(name in args.keywords for name in needed)


def lacks(node: cst.FunctionDef | cst.Lambda, args: Args, bound: int) -> bool:
    """Whether a call by the names of parameters, all of them right, only lacks some others."""
    parameters = parameters_of(node)
    names = parameters.positional[bound:]
    known = {*names[len(args.positional) :], *parameters.keyword_only}
    fits = len(args.positional) <= len(names) and known.issuperset(args.keywords)
    return fits and len(args.keywords) >= SEVERAL and parameters.double_star is None


SEVERAL = 2
"""So many names of parameters are no coincidence."""


def bind(parameters: Parameters, args: Args, defaults: dict[str, Value]) -> dict[str, Value]:
    """The value of every parameter of a call.

    The variadic ones come as a :class:`Tuple` and as a tuple of name and value pairs; the caller
    turns the latter into a dict.
    """
    bound: dict[str, Value] = {}
    names = parameters.positional
    rest = list(args.positional)
    for name in names:
        if name in args.keywords:
            bound[name] = args.keywords[name]
        elif rest:
            bound[name] = rest.pop(0)
        elif args.open:
            bound[name] = args.stars[0] if args.stars else UNKNOWN
        else:
            bound[name] = defaults.get(name, UNKNOWN)
    for name in parameters.keyword_only:
        value = args.keywords.get(name)
        if value is None:
            value = UNKNOWN if args.open else defaults.get(name, UNKNOWN)
        bound[name] = value
    if parameters.star is not None:
        bound[parameters.star] = Unknown() if args.open else Tuple(tuple(rest))
    if parameters.double_star is not None:
        extra = [
            Tuple((Const(name), value))
            for name, value in args.keywords.items()
            if name not in names and name not in parameters.keyword_only
        ]
        bound[parameters.double_star] = UNKNOWN if args.open else Tuple(tuple(extra))
    return bound


def pairs_of(value: Tuple) -> dict[Hashable, Value]:
    """What a tuple of name and value pairs holds."""
    return {
        pair.items[0].value: pair.items[1]
        for pair in value.items
        if isinstance(pair, Tuple) and isinstance(pair.items[0], Const)
    }
