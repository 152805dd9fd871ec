"""The abstract interpreter: its state, and the mechanisms that all of its parts share.

Expressions, statements, calls and the torch table live in modules of their own and work on one
:class:`Interpreter`. This module knows how to branch and join, what has been assumed, how much has
been spent, and how an event is emitted.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from losslint.analysis.domain.choices import contradict
from losslint.analysis.domain.heap import ITEMS, Heap, Mark, Writes
from losslint.analysis.domain.joins import join_alternatives, under, untreated
from losslint.analysis.domain.scope import Exit, Frame, Module, Round, Scope
from losslint.analysis.domain.trail import Place
from losslint.analysis.domain.values import (
    ALWAYS,
    UNKNOWN,
    Alternative,
    Class,
    Conditions,
    Const,
    Extern,
    Instance,
    Tensor,
    Tuple,
    Union,
    Unknown,
    Value,
)
from losslint.analysis.events import (
    Event,
    ImplicitDim,
)
from losslint.analysis.python.trials import tried
from losslint.analysis.reading.failures import BudgetSpent
from losslint.analysis.seen import Seen
from losslint.analysis.training.trace import Action, Branch, Trace

if TYPE_CHECKING:
    import libcst as cst

    from losslint.analysis.domain.arguments import Args
    from losslint.analysis.domain.trail import Trail
    from losslint.analysis.memo import Memo
    from losslint.analysis.reading.project import Project

MAX_STEPS = 3_000_000
MAX_SECONDS = 30.0
"""Of processor time; steps run out long before, unless single ones are very slow."""
MAX_ROUNDS = 600
"""Of all unrolled loops around a place together."""
_STEPS_BETWEEN_LOOKS = 1_000
MAX_DEPTH = 14


@dataclass(frozen=True, slots=True)
class Mechanisms:
    """The parts of the interpreter that need each other; an interpreter ties them together."""

    expressions: Mapping[type, Callable[[Interpreter, Any], Value]]
    statements: Mapping[type, Callable[[Interpreter, Any], bool]]
    call: Callable[[Interpreter, Value, Args], Value]
    attribute: Callable[[Interpreter, Value, str, cst.CSTNode], Value]
    assign: Callable[[Interpreter, cst.CSTNode, Value], None]


class Interpreter:
    """Evaluates the code of a project to abstract values and emits events."""

    def __init__(
        self, project: Project, memo: Memo, mechanisms: Mechanisms, strict: bool = False
    ) -> None:
        self.project = project
        self.memo = memo
        self._expressions = mechanisms.expressions
        self._statements = mechanisms.statements
        self._mechanisms = mechanisms
        self.strict = strict
        self.roots: list[Trace] = []
        """What was done to gradients, for everything that was evaluated on its own."""
        self.heap = Heap()
        self.symbols = self.heap.new_slots()
        """Attributes that the program sets on objects which are not known, by their symbol."""
        self.frames: list[Frame] = []
        self.trace: list[Action] = []
        self.events: list[Event] = []
        self.seen = Seen()
        self.instances: dict[Class, list[Instance]] = {}
        self.entered: set[cst.CSTNode] = set()
        self.entered_on: set[tuple[cst.CSTNode, Class]] = set()
        """Methods, with the classes of the objects that they were called on."""
        self.stated: Tensor | None = None
        """What the comment on the line that is run says its value is."""
        self.returns: Mapping[str, str] = {}
        """What the settings say that callables return, by qualified name."""
        self.no_grad = 0
        self.switched_off = 0
        self.autocast = 0
        self.dead = 0
        self.settled = 0
        self.loops = 0
        self.looping: list[Round] = []
        """The loops around what is being evaluated, the innermost last."""
        self.drawn: frozenset[Instance] = frozenset()
        """The loaders that the batch of the present round was drawn from."""
        self.rounds = 1
        """How often the unrolled loops around run what is being evaluated."""
        self.steps = self._next_look = 0
        self._deadline = 0.0
        self.start()

    def start(self) -> None:
        """Grants the steps and the time of one file."""
        self.rounds = 1
        self.steps, self._next_look = 0, _STEPS_BETWEEN_LOOKS
        self.memo.share()
        self._deadline = time.thread_time() + MAX_SECONDS

    def step(self) -> None:
        """Counts a step.

        Raises:
            BudgetSpent: if it is one too many.
        """
        self.steps += 1
        if self.steps > self._next_look:
            self._next_look += _STEPS_BETWEEN_LOOKS
            if self.steps > MAX_STEPS or time.thread_time() > self._deadline:
                raise BudgetSpent

    def reset(self) -> None:
        """Forgets the context of a root that was left, perhaps by an error."""
        self.no_grad = self.autocast = self.dead = self.settled = self.loops = 0
        self.switched_off = 0
        self.rounds = 1
        self.drawn = frozenset()
        self.looping.clear()
        self.heap.stop_all_recordings()

    @property
    def told(self) -> tuple[int, int]:
        """How many events and how many evaluations of loss calls there were so far."""
        return len(self.events), self.seen.sites.met_so_far

    # -- evaluating ---------------------------------------------------------------------------

    @property
    def frame(self) -> Frame:
        """The frame that is being evaluated."""
        return self.frames[-1]

    @property
    def module(self) -> Module:
        """The module whose code is being evaluated."""
        return self.frames[-1].scope.module

    def place(self, node: cst.CSTNode) -> Place:
        """A node of the code that is being evaluated, as a place."""
        return Place(self.frames[-1].scope.module.source, node)

    def eval(self, node: cst.CSTNode) -> Value:
        """The value of an expression here, under what is assumed here."""
        self.step()
        evaluate = self._expressions.get(type(node))
        if evaluate is None:
            return UNKNOWN
        value = evaluate(self, node)
        if type(value) is Union:
            return under(value, self.assumed())
        return value

    def exec(self, body: Sequence[cst.CSTNode]) -> bool:
        """Runs the statements of a block; False where control never reaches their end.

        What ``torch.set_grad_enabled`` switched off or on in it is as before behind it.
        """
        off = self.switched_off
        goes_on = self.exec_line(body)
        if self.switched_off != off:
            self.switch_gradient(off)
        return goes_on

    def exec_line(self, body: Sequence[cst.CSTNode]) -> bool:
        """Runs the statements of a line."""
        statements = self._statements
        for statement in body:
            self.step()
            execute = statements.get(type(statement))
            if execute is not None and not execute(self, statement):
                return False
        return True

    def switch_gradient(self, off: int) -> None:
        """Switches gradients off for what follows in a block, or back on that many times."""
        self.no_grad += off - self.switched_off
        self.switched_off = off

    def call(self, callee: Value, args: Args) -> Value:
        """The value of a call, with all its effects."""
        return self._mechanisms.call(self, callee, args)

    def attribute(self, value: Value, name: str, node: cst.CSTNode) -> Value:
        """``value.name``."""
        return self._mechanisms.attribute(self, value, name, node)

    def assign(self, target: cst.CSTNode, value: Value) -> None:
        """Gives a value to an assignment target."""
        self._mechanisms.assign(self, target, value)

    # -- assumptions and branches -------------------------------------------------------------

    def assumed(self) -> Conditions:
        """Everything that holds on the path to here."""
        frame = self.frames[-1]
        return frame.assumed | frame.entered if frame.entered else frame.assumed

    def branch(
        self,
        arms: Sequence[tuple[Conditions, Callable[[], bool]]],
        test: cst.BaseExpression | None = None,
        failed: Conditions = ALWAYS,
    ) -> bool:
        """Runs each arm from the present state and joins those that reach their end.

        Returns False where none of them does. Where only one does, its conditions hold from here.
        The ``test`` is that of an if statement whose body is the first arm, ``failed`` what holds
        where no test before it did.
        """
        heap, frame = self.heap, self.frame
        mark, base, outer = heap.mark(), frame.assumed, self.trace
        known = self.assumed()
        through: list[tuple[Conditions, Writes]] = []
        traces: list[Trace] = []
        when: list[Conditions] = []
        for conditions, run in arms:
            if contradict(conditions, known):
                test = None
                continue
            frame.assumed = base | conditions
            self.trace = []
            falls = run()
            if falls:
                through.append((frame.assumed - base, heap.writes_since(mark)))
            heap.roll_back(mark)
            traces.append(tuple(self.trace))
            when.append(conditions)
        frame.assumed, self.trace = base, outer
        if any(traces):
            self.trace.append(Branch(tuple(traces), tuple(when), test))
        if not through:
            return False
        if len(through) == 1:
            conditions, writes = through[0]
            frame.assumed = base | conditions
            heap.apply(writes)
        else:
            self.merge(through, failed)
        return True

    def merge(
        self, arms: Sequence[tuple[Conditions, Writes]], failed: Conditions | None = None
    ) -> None:
        """Joins the states that several arms left; all of them start from the present one.

        Where they are all the ways on, ``failed`` is what holds as no test before them did.
        """
        merged: Writes = {}
        for _, writes in arms:
            merged.update(writes)
        for at in merged:
            slots, key = at
            before = slots.get(key)
            values: list[Alternative] = []
            for conditions, writes in arms:
                value = writes.get(at, before)
                if failed is not None and value is not None and at not in writes:
                    value = untreated(value, conditions | failed)
                if value is not None:
                    values.append(Alternative(value, conditions))
            if values:
                self.heap.set(slots, key, join_alternatives(values))
            else:
                self.heap.remove(slots, key)

    def leave(self, exits: list[Exit], mark: Mark, value: Value = UNKNOWN) -> None:
        """Records a way out of a function or loop whose state started at ``mark``."""
        frame, heap = self.frame, self.heap
        exits.append(Exit(heap.writes_since(mark), heap.mark(), Alternative(value, frame.assumed)))

    def rejoin(self, exits: list[Exit], mark: Mark) -> Value:
        """Puts the joined state of all exits in place and gives their joined value."""
        if len(exits) == 1 and self.heap.unchanged_since(exits[0].mark):
            return exits[0].value.value
        self.heap.roll_back(mark)
        if len(exits) == 1:
            self.heap.apply(exits[0].writes)
            return exits[0].value.value
        self.merge([(way.value.when, way.writes) for way in exits])
        return join_alternatives(way.value for way in exits)

    # -- events -------------------------------------------------------------------------------

    def act(self, action: Action) -> None:
        """Adds an action on gradients to the trace."""
        if not self.dead:
            self.trace.append(action)

    def emit(self, event: Event) -> None:
        """Emits an event, unless the code is known not to run and the event is about its flow."""
        if self.dead and not isinstance(event, ImplicitDim):
            return
        if self.in_trial:
            told = tried(event, self.frames[0].scope.module.source)
            if told is None:
                return
            event = told
        self.events.append(event)

    def repeats(self) -> bool:
        """Whether what runs here is part of training, not of preparing data once before it."""
        return self.loops > 0 or any(frame.in_loss for frame in self.frames)

    # -- helpers that many parts need ---------------------------------------------------------

    @contextmanager
    def without_gradient(self, active: bool = True) -> Iterator[None]:
        """Evaluates what is inside under ``torch.no_grad()``."""
        self.no_grad += active
        try:
            yield
        finally:
            self.no_grad -= active

    @contextmanager
    def with_gradient(self, active: bool = True) -> Iterator[None]:
        """Evaluates what is inside under ``torch.enable_grad()``."""
        level = self.no_grad if active else 0
        self.no_grad -= level
        try:
            yield
        finally:
            self.no_grad += level

    def new_instance(self, cls: Class | Extern, built: Trail | None = None) -> Instance:
        """A fresh object of a class."""
        instance = Instance(cls, self.heap.new_slots(), built)
        if isinstance(cls, Class) and not self.dead and not self.is_tried(cls.scope):
            self.instances.setdefault(cls, []).append(instance)
        return instance

    @property
    def in_trial(self) -> bool:
        """Whether it is a unit test that leads here."""
        return bool(self.frames) and self.frames[0].scope.module.tests

    def is_tried(self, scope: Scope) -> bool:
        """Whether it is a unit test that uses what is defined in a scope of another file."""
        return self.in_trial and scope.module is not self.frames[0].scope.module

    def new_list(self, items: Sequence[Value] = (), kind: str = "builtins.list") -> Instance:
        """A fresh list, set or container module with known items."""
        made = self.new_instance(Extern(kind))
        self.heap.set(made.slots, ITEMS, Tuple(tuple(items)))
        return made

    def new_dict(
        self, items: dict[Hashable, Value] | None = None, kind: str = "builtins.dict"
    ) -> Instance:
        """A fresh dict with known items."""
        made = self.new_instance(Extern(kind))
        for key, value in (items or {}).items():
            self.heap.set(made.slots, ("key", key), value)
        return made

    def unknown(self, node: cst.CSTNode, why: str, key: Hashable = None) -> Unknown:
        """An unknown value that remembers where the trail was lost."""
        return Unknown(key, lost=self.place(node), why=why)


def constant(value: Value | None, kind: type) -> Any:
    """The Python constant of that type that a value is, or None."""
    if isinstance(value, Const) and isinstance(value.value, kind):
        return value.value
    return None
