"""Where names live while the program is interpreted: modules, scopes, frames."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from losslint.analysis.domain.heap import START, Mark
from losslint.analysis.domain.values import ALWAYS, Alternative, Class, Conditions, Function, Value

if TYPE_CHECKING:
    import libcst as cst

    from losslint.analysis.domain.heap import Slots, Writes
    from losslint.analysis.domain.syntax import SourceModule
    from losslint.analysis.domain.trail import Place


@dataclass(slots=True, eq=False)
class Module:
    """A source file of the project as a Python module: its tree and its globals."""

    name: str
    package: str
    source: SourceModule
    slots: Slots
    tests: bool = False
    """It has unit tests in it."""
    scope: Scope = field(init=False)
    state: str = "new"
    """new, running or done"""
    guards: list[cst.BaseSuite] = field(default_factory=list)
    """The bodies under ``if __name__ == "__main__"``, which run after all modules were loaded."""
    functions: list[Value] = field(default_factory=list)
    """Functions and classes in the order of their definition, methods excluded."""

    def __post_init__(self) -> None:
        self.scope = Scope(self, self.slots, None)


@dataclass(frozen=True, slots=True, eq=False)
class Scope:
    """Local variables, and the scope around them."""

    module: Module
    slots: Slots
    outer: Scope | None
    is_class: bool = False


@dataclass(slots=True, eq=False)
class Exit:
    """One way out of a function or a loop body: the state it leaves and what it returns."""

    writes: Writes
    mark: Mark
    """When it was taken: where nothing was written since, the state is still in place."""
    value: Alternative


@dataclass(frozen=True, slots=True, eq=False)
class Round:
    """One round of a loop that is being evaluated."""

    node: cst.CSTNode
    """The loop, or the function that a library calls in one."""
    mark: Mark
    """When it began."""
    repeats: bool
    """False for a loop over a few known items."""
    last: bool = True
    """Whether it stands for the last round; else it stands for any before."""


@dataclass(slots=True, eq=False)
class Frame:
    """One call of a function, or the body of a module or class."""

    scope: Scope
    name: str
    self: Value | None = None
    owner: Class | None = None
    entered: Conditions = ALWAYS
    """What was assumed when it was called."""
    assumed: Conditions = ALWAYS
    """What holds where it is now, besides."""
    mark: Mark = START
    loop_mark: Mark = START
    returns: list[Exit] = field(default_factory=list)
    breaks: list[Exit] = field(default_factory=list)
    continues: list[Exit] = field(default_factory=list)
    yields: list[Value] = field(default_factory=list)
    globals: frozenset[str] = frozenset()
    nonlocals: dict[str, Slots] = field(default_factory=dict)
    in_loss: bool = False
    """What it returns is a loss, by its name or use."""
    widened: bool = False
    """Its arguments were made less certain, so what they were picked by may be forgotten."""
    body: cst.BaseSuite | None = None
    """The statements of the function; None for what is no function with statements."""
    function: Function | None = None
    """The function that it is in; None at the top level of a file."""
    call: Place | None = None
    """Where it was called; None where the code does not say so."""
