"""The abstract domain: what the analysis can know about a value of the program.

Values are immutable and compare by what they know; where they came from (their trail) does not
count, so that two contexts which agree on the facts share one result. What can change during the
run of a program (instances, lists, dicts) is an :class:`Instance`, whose slots live in the heap.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, TypeAlias

from losslint.analysis.domain.facts import Facts
from losslint.analysis.domain.marks import NO_GRAD
from losslint.analysis.domain.sizes import ANY, Sizes
from losslint.finding import Confidence

if TYPE_CHECKING:
    import libcst as cst

    from losslint.analysis.domain.heap import Slots
    from losslint.analysis.domain.scope import Module, Scope
    from losslint.analysis.domain.syntax import SourceModule
    from losslint.analysis.domain.trail import Place, Trail
    from losslint.analysis.events import LossTerm, Operation

Condition: TypeAlias = tuple[Hashable, bool]
"""A test that was not decided, by its key, and the outcome under which something holds."""
Conditions: TypeAlias = frozenset[Condition]
ALWAYS: Conditions = frozenset()

Configurations: TypeAlias = frozenset[Hashable]
"""Ways in which a program can be put together: the models that a factory can return, for one."""
NO_CONFIGURATION: Configurations = frozenset()


class Act(Enum):
    """The activation that a tensor came through last."""

    UNKNOWN = "unknown"
    RAW = "raw output"
    SIGMOID = "sigmoid"
    SOFTMAX = "softmax"
    LOG_SOFTMAX = "log_softmax"
    LOG_SIGMOID = "logsigmoid"
    PROB = "probabilities"
    LOG_PROB = "log-probabilities"
    TANH = "tanh"
    RELU = "relu"
    ABS = "absolute value"

    __hash__ = object.__hash__


PROBABILITIES = frozenset({Act.SIGMOID, Act.SOFTMAX, Act.PROB})
LOG_PROBABILITIES = frozenset({Act.LOG_SOFTMAX, Act.LOG_SIGMOID, Act.LOG_PROB})
OF_RELU = "of a relu"
"""The mark of log-probabilities whose logits came out of a relu."""


class TargetKind(Enum):
    """What a tensor is when it serves as a target."""

    UNKNOWN = "unknown"
    INDICES = "class indices"
    ONE_HOT = "one-hot rows"
    PROBABILITIES = "probabilities"

    __hash__ = object.__hash__


class DType(Enum):
    """The kind of a tensor's elements."""

    UNKNOWN = "unknown"
    FLOAT = "float"
    INT = "int"
    BOOL = "bool"

    __hash__ = object.__hash__


class Sign(Enum):
    """What is known of the sign of every element."""

    UNKNOWN = "unknown"
    NON_NEGATIVE = "non-negative"
    POSITIVE = "positive"

    __hash__ = object.__hash__


class Value:
    """Anything an expression can evaluate to."""

    __slots__ = ()


MAX_SIZE = 500
"""Of a value made of values: what holds itself twice, again and again, soon has no end."""


def _size(key: tuple[object, ...], most: int) -> int:
    """How many parts a symbol has, counted until they are too many."""
    size = len(key)
    for part in key:
        if size > most:
            break
        if isinstance(part, tuple):
            size += _size(part, most - size)
    return size


@dataclass(frozen=True, slots=True)
class Unknown(Value):
    """Nothing is known, except which symbol of the program it is."""

    key: Hashable = None
    deps: frozenset[Hashable] = frozenset()
    lost: Place | None = field(default=None, compare=False)
    why: str = field(default="", compare=False)
    grad: bool = True
    """False for data: what a loader gives is no tensor that a gradient goes through."""

    def __post_init__(self) -> None:
        if isinstance(self.key, tuple) and _size(self.key, MAX_SIZE) > MAX_SIZE:
            object.__setattr__(self, "key", None)


UNKNOWN = Unknown()


@dataclass(frozen=True, slots=True)
class Const(Value):
    """A Python constant."""

    value: Any

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Const)
            and type(self.value) is type(other.value)
            and (self.value == other.value or self.value is other.value)
        )

    def __hash__(self) -> int:
        return hash((type(self.value), self.value))


NONE = Const(None)
TRUE = Const(True)
FALSE = Const(False)


@dataclass(frozen=True, slots=True, eq=False)
class ZeroReason:
    """Why a value can be zero. It stands for the value in tests that guard it."""

    place: Place
    kind: str
    text: str
    key: Hashable = None
    """The symbol of a value that is not known, which is the same wherever it is used."""
    behind: ZeroReason | None = None
    """For a comparison: why what is compared can be zero, or be nothing at all."""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ZeroReason) or self.kind != other.kind or self.key != other.key:
            return False
        return self.key is not None or self.place == other.place

    def __hash__(self) -> int:
        return hash((self.place if self.key is None else self.key, self.kind))

    def chain(self) -> Iterator[ZeroReason]:
        """The reason itself and those behind it."""
        reason: ZeroReason | None = self
        while reason is not None:
            yield reason
            reason = reason.behind


@dataclass(frozen=True, slots=True)
class Scale:
    """How far the program itself takes the values of data from the unit range, and where."""

    size: float
    place: Place


@dataclass(frozen=True, slots=True)
class Share:
    """The part of the data that the rarest class has, where the program itself says so."""

    size: float
    place: Place


class Tensor(Facts, Value):
    """A tensor, or a number taken out of one."""

    _UNCOMPARED = frozenset({"trail"})

    act: Act = Act.UNKNOWN
    picked: bool = False
    """Elements of the activation were selected (gather, an index): no longer a whole row."""
    dim: int | None = None
    """The dimension that a softmax ran over, where it is a constant."""
    sign: Sign = Sign.UNKNOWN
    zero: ZeroReason | None = None
    """Why the value can be zero, where there is a reason."""
    mask: ZeroReason | None = None
    """Set for a boolean mask: the reason why a sum or a count of it can be zero."""
    above: Place | None = None
    """For the mask of what is above zero: the comparison that it comes from."""
    target: TargetKind = TargetKind.UNKNOWN
    dtype: DType = DType.UNKNOWN
    sizes: Sizes = ANY
    """The sizes of its dimensions, as far as they are known."""
    scale: Scale | None = None
    """For data: the large numbers that the program makes it of, where nothing undid that."""
    rare: Share | None = None
    """For labels: how rare the program makes one of their classes."""
    grad: bool = True
    """False where no gradient flows through: detached, argmax, under no_grad."""
    shape: str = ""
    """A special form that a later operation recognises: exp, sumexp, 1+exp, square, one-minus;
    ``single`` for a softmax over one element."""
    marks: frozenset[str] = frozenset()
    """Functions that a formula is made of, to recognise the term that it is."""
    terms: tuple[LossTerm, ...] = ()
    sums: frozenset[Place] = frozenset()
    """Where terms of different families were added first."""
    operations: frozenset[Operation] = frozenset()
    """Operations on the way whose result has not been seen to reach a loss yet."""
    deps: frozenset[Hashable] = frozenset()
    """Layers and unknown callables that the value depends on."""
    owner: frozenset[Hashable] | None = None
    """For a parameter or its gradient: the modules that may hold it."""
    confidence: Confidence = Confidence.HIGH
    trail: Trail | None = None

    @property
    def is_cut_off(self) -> bool:
        """Whether no gradient goes through it, or only to what ran under no_grad."""
        through_layers = any(isinstance(one, int) for one in self.deps)
        return not self.grad or (NO_GRAD in self.deps and not through_layers)

    def __hash__(self) -> int:
        return hash((self.act, self.target, self.shape, self.deps, self.terms))


@dataclass(frozen=True, slots=True)
class Tuple(Value):
    """A tuple whose elements are known."""

    items: tuple[Value, ...]
    size: int = field(init=False, compare=False, repr=False)
    """How many values are in it, at any depth; one that is shared counts as often as it shows."""

    def __post_init__(self) -> None:
        inner = [item.size for item in self.items if type(item) is Tuple]
        size = len(self.items) + sum(inner)
        if inner and size > MAX_SIZE:
            object.__setattr__(self, "items", (UNKNOWN,) * len(self.items))
            size = len(self.items)
        object.__setattr__(self, "size", size)


@dataclass(frozen=True, slots=True, eq=False)
class Function(Value):
    """A function or lambda of the project, with the scope that it closes over."""

    node: cst.FunctionDef | cst.Lambda
    scope: Scope
    name: str
    defaults: tuple[tuple[str, Value], ...] = ()
    owner: Class | None = None
    kind: str = ""
    """property, staticmethod, classmethod, no_grad or empty."""
    no_grad: bool = False
    grad: bool = False
    """It switches gradients on, wherever it is called."""

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, Function)
            and self.node is other.node
            and self.scope is other.scope
            and self.defaults == other.defaults
            and (self.no_grad, self.grad) == (other.no_grad, other.grad)
        )

    def __hash__(self) -> int:
        return hash((id(self.node), id(self.scope)))

    @property
    def file(self) -> SourceModule:
        """The file that defines it."""
        return self.scope.module.source


@dataclass(frozen=True, slots=True, eq=False)
class Class(Value):
    """A class of the project."""

    node: cst.ClassDef
    scope: Scope
    name: str
    bases: tuple[Value, ...]
    slots: Slots


@dataclass(frozen=True, slots=True)
class Extern(Value):
    """Something outside the project, by its qualified name."""

    name: str
    guessed: bool = False
    """The name was never imported and only looks like the usual alias."""


@dataclass(frozen=True, slots=True, eq=False)
class Instance(Value):
    """An object with slots: of a project class, of a torch class, a list, a dict."""

    cls: Class | Extern
    slots: Slots
    built: Trail | None = None

    @property
    def oid(self) -> int:
        """Its identity in the heap."""
        return self.slots.oid


@dataclass(frozen=True, slots=True)
class Bound(Value):
    """A method with the object that it is called on."""

    function: Function
    self: Value
    cls: Class | None = None


@dataclass(frozen=True, slots=True)
class Method(Value):
    """A method that the analysis knows by name, of a tensor, a container or a torch object."""

    self: Value
    name: str


@dataclass(frozen=True, slots=True)
class Partial(Value):
    """A callable with arguments bound beforehand."""

    callee: Value
    positional: tuple[Value, ...]
    keywords: tuple[tuple[str, Value], ...]


@dataclass(frozen=True, slots=True, eq=False)
class Namespace(Value):
    """A module of the project."""

    module: Module


@dataclass(frozen=True, slots=True)
class Super(Value):
    """``super()`` inside a method of ``cls``."""

    cls: Class
    self: Value


@dataclass(frozen=True, slots=True)
class Params(Value):
    """The parameters of some modules; ``None`` for parameters that cannot be told."""

    owners: frozenset[Hashable] | None
    among: frozenset[Hashable] = frozenset()
    """Modules whose parameters are among those that cannot be told."""


@dataclass(frozen=True, slots=True)
class Alternative:
    """One of several values, and the conditions under which it is the one."""

    value: Value
    when: Conditions = ALWAYS
    configs: Configurations = NO_CONFIGURATION
    """Those it belongs to; each is to be judged alone."""


@dataclass(frozen=True, slots=True)
class Union(Value):
    """Several values, depending on the path."""

    alternatives: tuple[Alternative, ...]


def alternatives_of(value: Value) -> tuple[Alternative, ...]:
    """The value as alternatives, one if there is no choice."""
    if isinstance(value, Union):
        return value.alternatives
    return (Alternative(value),)
